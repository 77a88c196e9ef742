"""What we ask Orderful as a receiver, against its published structure: addresses, parameters, headers, bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from connector.adapters.http import Http
from connector.adapters.orderful.inbound import OrderfulInbound
from connector.domain.inbound import LISTED, ApiVersion, Confirmation, Delivery
from connector.domain.transactions import Stream
from testkit.openapi import Contract
from testkit.scripted_server import API_KEY, NOW, Clock, Deadline, SeenRequest, Server, answer

UUID = "b646771e-a068-4e32-832f-e96f895c5ec9"
V4, V3 = Delivery(UUID, ApiVersion.V4), Delivery(UUID, ApiVersion.V3)
RECEIVERS = [f"NORDIC{number}T" for number in range(7)]

Ask = Callable[[OrderfulInbound], object]


def _confirm(delivery: Delivery, confirmation: Confirmation) -> Ask:
    return lambda orderful: orderful.confirm(delivery, "802210971", confirmation, "Purchase order 500123: APPLIED.")


CALLS: dict[str, tuple[str, Ask]] = {
    "inbox": ("GET /inboxes/{inboxId}/transactions", lambda orderful: orderful.inbox("4711")),
    "bucket": ("GET /v3/polling-buckets/{bucketId}", lambda orderful: orderful.bucket("815")),
    "list": (
        "GET /v3/transactions",
        lambda orderful: list(
            orderful.list_received(
                NOW - timedelta(hours=1), documents=LISTED, receiver_ids=RECEIVERS, stream=Stream.LIVE
            )
        ),
    ),
    "transaction": ("GET /v3/transactions/{transactionId}", lambda orderful: orderful.fetch("802210971")),
    "delivery": (
        "GET /transactions/{transactionId}/deliveries/{deliveryId}",
        lambda orderful: orderful.delivery_status(V4, "802210971"),
    ),
    "accept": (
        "POST /transactions/{transactionId}/deliveries/{deliveryId}/accept",
        _confirm(V4, Confirmation.ACCEPTED),
    ),
    "fail": ("POST /transactions/{transactionId}/deliveries/{deliveryId}/fail", _confirm(V4, Confirmation.FAILED)),
    "approve v3": ("POST /v3/deliveries/{deliveryId}/approve", _confirm(V3, Confirmation.ACCEPTED)),
    "fail v3": ("POST /v3/deliveries/{deliveryId}/fail", _confirm(V3, Confirmation.FAILED)),
}
# What each of them gives when there is nothing.
ANSWERS = {"inbox": [], "bucket": [], "list": {"data": []}, "transaction": {"id": "802210971", "message": {"a": 1}}}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load("orderful.json")


@pytest.fixture
def ask() -> Iterator[Callable[[str], list[SeenRequest]]]:
    """Makes one of the calls and gives the requests that it made."""
    server, http = Server(), Http(Clock())
    secrets: Any = SimpleNamespace(orderful_api_key=lambda: API_KEY)

    def make(name: str) -> list[SeenRequest]:
        server.play(answer(json_body=ANSWERS.get(name, {})))
        CALLS[name][1](OrderfulInbound(server.url, secrets, http=http, clock=Clock(), deadline=Deadline()))
        return server.seen

    yield make
    http.close()
    server.stop()


def parameters(operation: Any, place: str) -> dict[str, Any]:
    found = operation.get("parameters", [])
    return {one["name"]: one["schema"] for one in found if one["in"] == place}


def value_of(text: list[str], schema: Any) -> Any:
    """A query parameter as the structure sees it: repeated names are an array."""
    if schema["type"] == "array":
        return text
    (one,) = text
    return float(one) if schema["type"] == "number" else one


@pytest.mark.parametrize("name", CALLS)
def test_every_request_goes_to_a_published_address(ask, contract, name):
    method, path = CALLS[name][0].split(" ")
    contract.operation(method, path)
    seen = ask(name)
    assert len(seen) == (2 if name == "list" else 1)
    pattern = re.sub(r"\{\w+\}", "[^/]+", path)
    assert all(one.method == method and re.fullmatch(pattern, one.path) for one in seen)


@pytest.mark.parametrize("name", CALLS)
def test_every_parameter_is_published_and_has_a_value_it_may_have(ask, contract, name):
    method, path = CALLS[name][0].split(" ")
    known = parameters(contract.operation(method, path), "query")
    for seen in ask(name):
        for given in {key for key, _ in seen.query}:
            values = [value for key, value in seen.query if key == given]
            jsonschema.validate(value_of(values, known[given]), known[given])


@pytest.mark.parametrize("name", CALLS)
def test_every_request_carries_the_key_and_the_version_where_the_operation_has_one(ask, contract, name):
    method, path = CALLS[name][0].split(" ")
    versions = parameters(contract.operation(method, path), "header")
    key = contract.access["header"]
    for seen in ask(name):
        assert seen.headers[key] == API_KEY
        version = versions.get("orderful-api-version")
        assert seen.headers.get("orderful-api-version") == (version["default"] if version else None)


@pytest.mark.parametrize("name", [name for name, (operation, _) in CALLS.items() if operation.startswith("POST")])
def test_every_body_is_of_the_published_shape(ask, contract, name):
    method, path = CALLS[name][0].split(" ")
    (media,) = contract.operation(method, path)["requestBody"]["content"].items()
    (seen,) = ask(name)
    body = json.loads(seen.body)
    schema = contract.schemas[media[1]["schema"]["$ref"].rsplit("/", 1)[-1]]
    jsonschema.validate(body, {**schema, "additionalProperties": False})
    assert seen.headers["Content-Type"] == media[0]
    assert body["note"]


def test_a_uuid_is_asked_for_where_only_newer_documentation_has_an_address(contract):
    """Orderful: `GET /transactions/{id}` and `/message` are later than the published structure."""
    assert "get" not in contract.paths.get("/transactions/{transactionId}", {})
    assert "/transactions/{transactionId}/message" not in contract.paths
