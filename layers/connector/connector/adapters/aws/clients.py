"""AWS clients, created at first use and shared: one session, few retries, short time-outs.

botocore's own retries are few, so that they do not multiply with those of the handlers and the queues. In a function,
parameters are not validated and no user agent is built: these take a third of a call's CPU time, and the tests make the
same calls with both (docs/decisions/0032).

Answers of DynamoDB that hold many items are parsed by msgspec: botocore looks in each attribute for each of the ten
types that it may have, which is most of the time of reading a list (docs/decisions/0044).
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


def configuration() -> Config:
    """What every client is made with."""
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "max_attempts": 3},
        connect_timeout=3,
        read_timeout=10,
        tcp_keepalive=True,
        # Lambda sets this variable in every function.
        parameter_validation="AWS_LAMBDA_FUNCTION_NAME" not in os.environ,
        user_agent="connector",
    )


@lru_cache(maxsize=8)
def _client(service: str) -> Any:
    import boto3

    client = boto3.client(service, config=configuration())  # type: ignore[call-overload]
    if service == "dynamodb":
        for operation in _OF_MANY_ITEMS:
            client.meta.events.register(f"before-parse.dynamodb.{operation}", _parse)
    return client


_OF_MANY_ITEMS = ("BatchGetItem", "Query", "Scan")
"""Operations whose answers are parsed here."""


def _parse(*, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Parse an answer in the place of botocore, which is left an empty one (its event `before-parse`).

    Refusals, and what is no JSON, are left to botocore.
    """
    if response_dict["status_code"] >= _REFUSED:
        return
    try:
        answer = msgspec.json.decode(response_dict["body"])
    except msgspec.DecodeError:
        return
    for items in (answer.get("Items", ()), *answer.get("Responses", {}).values()):
        for item in items:
            for attribute in item.values():
                _read_binary(attribute)
    customized_response_dict.update(answer)
    response_dict["body"] = b"{}"


_REFUSED = 300


def _read_binary(attribute: dict[str, Any]) -> None:
    """Put bytes in the place of their text (base64), inside lists and maps too."""
    if "B" in attribute:
        attribute["B"] = b64decode(attribute["B"])
    elif "BS" in attribute:
        attribute["BS"] = list(map(b64decode, attribute["BS"]))
    elif "M" in attribute or "L" in attribute:
        inside = attribute["M"].values() if "M" in attribute else attribute["L"]
        for one in inside:
            _read_binary(one)


def dynamodb() -> DynamoDBClient:
    """The DynamoDB client."""
    client: DynamoDBClient = _client("dynamodb")
    return client


def sqs() -> SQSClient:
    """The SQS client."""
    client: SQSClient = _client("sqs")
    return client


def cloudwatch() -> Any:
    """The CloudWatch client."""
    return _client("cloudwatch")


def sns() -> Any:
    """The SNS client."""
    return _client("sns")


def s3() -> S3Client:
    """The S3 client."""
    client: S3Client = _client("s3")
    return client


def secrets_manager() -> SecretsManagerClient:
    """The Secrets Manager client."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def pages(ask: Callable[..., Any], **request: Any) -> Iterator[Any]:
    """The answers to a query or scan, page by page.

    A paginator of botocore does the same, and takes a fifth of a call's CPU time to be made.
    """
    while True:
        page = ask(**request)
        yield page
        following = page.get("LastEvaluatedKey")
        if not following:
            return
        request["ExclusiveStartKey"] = following


class OnDynamoDB:
    """An adapter that uses DynamoDB: the shared client, created at first use, or one that is given."""

    def __init__(self, client: DynamoDBClient | None = None) -> None:
        """Use the shared client unless one is given."""
        self._given = client

    @property
    def _client(self) -> DynamoDBClient:
        return self._given or dynamodb()


class OnSqs:
    """An adapter that uses SQS: the shared client, created at first use, or one that is given."""

    def __init__(self, client: SQSClient | None = None) -> None:
        """Use the shared client unless one is given."""
        self._given = client

    @property
    def _client(self) -> SQSClient:
        return self._given or sqs()
