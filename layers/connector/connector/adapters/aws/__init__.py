"""AWS behind ports: DynamoDB, SQS, S3, Secrets Manager."""
