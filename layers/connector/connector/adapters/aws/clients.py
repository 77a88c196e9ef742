"""AWS clients, created at first use and shared: one session, few retries, short time-outs.

botocore's own retries are few, so that they do not multiply with those of the handlers and the queues. In a function,
parameters are not validated and no user agent is built: these take a third of a call's CPU time, and the tests make the
same calls with both (docs/decisions/0032).
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


@lru_cache(maxsize=8)
def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "max_attempts": 3},
        connect_timeout=3,
        read_timeout=10,
        tcp_keepalive=True,
        # Lambda sets this variable in every function.
        parameter_validation="AWS_LAMBDA_FUNCTION_NAME" not in os.environ,
        user_agent="connector",
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def dynamodb() -> DynamoDBClient:
    """The DynamoDB client."""
    client: DynamoDBClient = _client("dynamodb")
    return client


def sqs() -> SQSClient:
    """The SQS client."""
    client: SQSClient = _client("sqs")
    return client


def s3() -> S3Client:
    """The S3 client."""
    client: S3Client = _client("s3")
    return client


def secrets_manager() -> SecretsManagerClient:
    """The Secrets Manager client."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client
