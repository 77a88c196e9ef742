"""The outside world behind ports: the only place for requests and boto3."""
