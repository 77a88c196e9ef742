"""AWS in memory (moto): the tables, queues and the bucket of `template.yaml` that the adapters use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from connector.adapters.aws import clients
from connector.adapters.aws.ledger import INDEX

REGION = "eu-north-1"
DOCUMENTS, CURSORS, ROUTING, TOKENS, BUCKET = "documents", "cursors", "routing", "tokens", "payloads"

_READS = {"GetItem", "Query", "Scan", "BatchGetItem"}


@contextmanager
def aws_in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run with moto instead of AWS, and with new boto3 clients.

    The session stays: a new one would parse botocore's descriptions of the services again, which takes longer than most
    tests.
    """
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    clients._client.cache_clear()
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield
    clients._client.cache_clear()


def make_table(name: str, *, range_key: bool = True, by_state: bool = False) -> None:
    """Create a table as in the template: `pk`, usually `sk`, and for the ledger the sparse index."""
    keys = ["pk", "sk"] if range_key else ["pk"]
    index_keys = ["open_state", "updated"] if by_state else []
    index = {
        "IndexName": INDEX,
        "KeySchema": _schema(index_keys),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    client: Any = boto3.client("dynamodb")
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys + index_keys],
        KeySchema=_schema(keys),
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": [index]} if by_state else {}),
    )


def make_ledger_resources() -> None:
    """Create the ledger's table and the payload bucket."""
    make_table(DOCUMENTS, by_state=True)
    make_bucket()


def make_bucket() -> None:
    """Create the payload bucket."""
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def make_queue(name: str) -> str:
    """Create a FIFO queue and return its URL."""
    attributes = {
        "FifoQueue": "true",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
    }
    client: Any = boto3.client("sqs")
    url: str = client.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"]
    return url


def drain(url: str) -> list[dict[str, Any]]:
    """Receive and delete every message of a queue, in order."""
    client: Any = boto3.client("sqs")
    taken: list[dict[str, Any]] = []
    while messages := client.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        taken += messages
    return taken


def lambda_event(messages: list[dict[str, Any]], queue_url: str = "") -> dict[str, Any]:
    """The SQS event of received messages."""
    name = queue_url.rpartition("/")[2]
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:eu-north-1:000000000000:{name}",
            }
            for message in messages
        ]
    }


class Calls:
    """Counts the calls of boto3 clients, by operation."""

    def __init__(self, *clients: Any) -> None:
        self.made: Counter[str] = Counter()
        for client in clients:
            client.meta.events.register("before-call", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.made[model.name] += 1

    @property
    def reads(self) -> int:
        """Read calls to DynamoDB."""
        return sum(self.made[name] for name in _READS)

    @property
    def writes(self) -> int:
        """Write calls to DynamoDB."""
        return sum(self.made[name] for name in ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"))


def _schema(keys: list[str]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
