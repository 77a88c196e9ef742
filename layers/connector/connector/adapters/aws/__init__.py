"""The adapters of AWS: DynamoDB, SQS, S3, Secrets Manager."""
