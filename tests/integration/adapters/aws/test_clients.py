"""Answers of DynamoDB that are parsed here say the same as those that botocore parses."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from connector.adapters.aws import clients
from testkit.aws import DOCUMENTS, aws_in_memory, make_table

ITEM = {
    "pk": {"S": "nordic"},
    "sk": {"S": "Blåbær 5 €"},
    "number": {"N": "12.50"},
    "flag": {"BOOL": False},
    "nothing": {"NULL": True},
    "packed": {"B": bytes(range(256))},
    "some": {"BS": [b"a", b"\x00b"]},
    "texts": {"SS": ["x", "y"]},
    "list": {"L": [{"B": b"\xff"}, {"M": {"inside": {"B": b"in"}, "n": {"N": "1"}}}]},
    "map": {"M": {"deep": {"L": [{"S": "s"}]}}},
}
KEY = {name: ITEM[name] for name in ("pk", "sk")}
CALLS = {
    "query": {
        "TableName": DOCUMENTS,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": ITEM["pk"]},
        "Limit": 1,
    },
    "scan": {"TableName": DOCUMENTS},
    "batch_get_item": {"RequestItems": {DOCUMENTS: {"Keys": [KEY]}}},
}


@pytest.fixture
def usual(monkeypatch):
    """A client as boto3 comes, with a table."""
    with aws_in_memory(monkeypatch):
        make_table(DOCUMENTS)
        client = boto3.client("dynamodb")
        client.put_item(TableName=DOCUMENTS, Item=ITEM)
        client.put_item(TableName=DOCUMENTS, Item={**KEY, "sk": {"S": "z"}})
        yield client


@pytest.mark.parametrize("call", CALLS)
def test_an_answer_is_the_same_whoever_parses_it(usual, call):
    ours, theirs = (getattr(client, call)(**CALLS[call]) for client in (clients.dynamodb(), usual))
    assert ours.pop("ResponseMetadata")["HTTPStatusCode"] == theirs.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert ours == theirs
    items = ours.get("Items") or ours["Responses"][DOCUMENTS]
    assert ITEM | {"some": items[0]["some"], "texts": items[0]["texts"]} == items[0]


@pytest.mark.parametrize("call", CALLS)
def test_botocore_is_left_nothing_to_parse(usual, call, monkeypatch):
    client = clients.dynamodb()
    bodies = []
    monkeypatch.setattr(
        "botocore.parsers.JSONParser._parse_body_as_json", lambda _self, body: bodies.append(body) or {}
    )
    getattr(client, call)(**CALLS[call])
    assert bodies == [b"{}"]


def test_a_refusal_is_told_as_ever(usual):
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        clients.dynamodb().scan(TableName="nowhere")
