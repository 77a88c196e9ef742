"""The sandbox Orderful against Orderful's published structure: paths, parameters, answers, messages and their words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from contracts import facts
from testkit.openapi import Contract
from testkit.orderful import x12
from testkit.orderful.create import V4_TYPES
from testkit.orderful.published import FILTERS, VALUES
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox, Pace

KEY = {"orderful-api-key": API_KEY}
V4 = {**KEY, "orderful-api-version": "v4"}
ONE = "/v3/transactions/{transactionId}"
LATER = Pace(validation=timedelta(hours=1), delivery=None, acknowledgment=None)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load("orderful.json")


@pytest.fixture
def sandbox() -> OrderfulSandbox:
    return OrderfulSandbox(pace=AT_ONCE)


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(facts.sample(name))
    return found


def order(number: str = "PO-1") -> dict[str, Any]:
    line = {"quantity": {"value": "10", "unitOfMeasure": "each"}, "productIds": {"buyerItemNumber": "1298"}}
    message = {
        "purpose": "original",
        "purchaseOrderType": "standalone",
        "purchaseOrderNumber": number,
        "purchaseOrderDate": "2026-09-15",
        "lineItems": [line],
    }
    parties = {"senderId": "NORDICFOODT", "receiverId": "ACMEPRODUCET"}
    return {"type": "850_PURCHASE_ORDER", "stream": "test", **parties, "message": message}


def order_v3(number: str = "PO-1") -> dict[str, Any]:
    beginning = {"transactionSetPurposeCode": "00", "purchaseOrderTypeCode": "SA", "purchaseOrderNumber": number}
    line = {"assignedIdentification": "1", "quantity": "10", "unitOrBasisForMeasurementCode": "EA"}
    document = {
        "beginningSegmentForPurchaseOrder": [{**beginning, "date": "20260915"}],
        "PO1_loop": [{"baselineItemData": [line]}],
    }
    return {
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": "TEST",
        "sender": {"isaId": "NORDICFOODT"},
        "receiver": {"isaId": "ACMEPRODUCET"},
        "message": {"transactionSets": [document]},
    }


def test_a_v4_create_is_answered_as_published_when_it_is_accepted(contract: Contract, sandbox: OrderfulSandbox) -> None:
    answer = sandbox.app.test_client().post("/transactions", json=order(), headers=V4)
    assert answer.get_json()["status"] == "ACCEPTED"
    assert contract.problems("POST", "/transactions", answer.status_code, answer.get_json()) == []


def test_a_v4_create_is_answered_as_published_when_it_failed(contract: Contract, sandbox: OrderfulSandbox) -> None:
    wrong = order()
    del wrong["message"]["purchaseOrderDate"]
    answer = sandbox.app.test_client().post("/transactions", json=wrong, headers=V4)
    assert answer.get_json()["status"] == "FAILED"
    assert contract.problems("POST", "/transactions", answer.status_code, answer.get_json()) == []


def test_a_v3_create_is_answered_as_published(contract: Contract, sandbox: OrderfulSandbox) -> None:
    answer = sandbox.app.test_client().post("/v3/transactions", json=order_v3(), headers=KEY)
    assert contract.problems("POST", "/v3/transactions", answer.status_code, answer.get_json()) == []


def test_every_refusal_of_a_v3_create_has_a_published_status(contract: Contract, sandbox: OrderfulSandbox) -> None:
    published = contract.operation("POST", "/v3/transactions")["responses"]
    strange = {**order_v3(), "businessNumber": "PO-1"}
    foreign = {**order_v3(), "sender": {"isaId": "ACMEPRODUCE"}, "receiver": {"isaId": "NORDICFOOD"}}
    foreign |= {"stream": "LIVE", "type": {"name": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"}}
    statuses = [
        sandbox.app.test_client().post("/v3/transactions", json=body, headers=KEY).status_code
        for body in (strange, foreign)
    ]
    assert statuses == [400, 403]
    assert {str(status) for status in statuses} <= published.keys()


@pytest.mark.parametrize("acknowledgment", ["ACCEPTED", "REJECTED"])
def test_everything_that_is_read_of_a_transaction_has_the_published_shape(
    contract: Contract, sandbox: OrderfulSandbox, acknowledgment: str
) -> None:
    errors = [{"path": "/message", "code": "00", "message": "unknown item"}]
    sandbox.set_relationship(
        "NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", acknowledgment=acknowledgment, errors=errors
    )
    client = sandbox.app.test_client()
    number = client.post("/transactions", json=order(), headers=V4).get_json()["id"]
    client.post("/v3/transactions", json=order_v3(), headers=KEY)
    for path in ("/v3/transactions", ONE, f"{ONE}/message", f"{ONE}/acknowledgment"):
        answer = client.get(path.replace("{transactionId}", number), headers=KEY)
        assert contract.problems("GET", path, answer.status_code, answer.get_json()) == [], path
    expanded = client.get(f"/v3/transactions/{number}?expand=message", headers=KEY)
    assert contract.problems("GET", ONE, 200, expanded.get_json()) == []


def test_a_transaction_still_in_validation_has_the_published_shape(contract: Contract) -> None:
    sandbox = OrderfulSandbox(pace=LATER)
    client = sandbox.app.test_client()
    number = client.post("/v3/transactions", json=order_v3(), headers=KEY).get_json()["id"]
    answer = client.get(f"/v3/transactions/{number}", headers=KEY)
    assert answer.get_json()["validationStatus"] == "PROCESSING"
    assert contract.problems("GET", ONE, 200, answer.get_json()) == []


@pytest.mark.parametrize("part", ["", "/message", "/acknowledgment"])
def test_an_unknown_transaction_is_a_published_404(contract: Contract, sandbox: OrderfulSandbox, part: str) -> None:
    answer = sandbox.app.test_client().get(f"/v3/transactions/1{part}", headers=KEY)
    assert answer.status_code == 404
    assert "404" in contract.operation("GET", f"{ONE}{part}")["responses"]


@pytest.mark.parametrize("path", ["/v3/organizations/me", "/v3/relationships"])
def test_organization_and_relationships_have_the_published_shape(
    contract: Contract, sandbox: OrderfulSandbox, path: str
) -> None:
    answer = sandbox.app.test_client().get(path, headers=KEY)
    assert contract.problems("GET", path, answer.status_code, answer.get_json()) == []


def test_the_list_takes_exactly_the_published_filters(contract: Contract) -> None:
    assert contract.query_parameters("GET", "/v3/transactions").keys() == FILTERS


def test_the_words_of_the_filters_are_the_published_ones(contract: Contract) -> None:
    published = contract.query_parameters("GET", "/v3/transactions")
    assert {name: set(published[name]["items"]["enum"]) for name in VALUES} == VALUES


def test_the_types_of_a_v4_create_are_the_published_ones(contract: Contract) -> None:
    published = contract.schemas["CreateTransactionBodyV4Dto"]["properties"]["type"]["enum"]
    assert V4_TYPES.keys() == set(published)


@pytest.mark.parametrize("name", ["850", "810", "860"])
def test_the_published_v4_examples_are_accepted(sandbox: OrderfulSandbox, name: str) -> None:
    body = {**sample(f"v4-{name}"), "senderId": "NORDICFOODT", "receiverId": "ACMEPRODUCET"}
    answer = sandbox.app.test_client().post("/transactions", json=body, headers=V4)
    assert (answer.status_code, answer.get_json().get("validationErrors", [])) == (202, [])


@pytest.mark.parametrize("name", ["850", "810"])
def test_the_published_v4_examples_are_read_in_v3_as_valid_orderfuljson_in_the_published_shape(
    contract: Contract, sandbox: OrderfulSandbox, name: str
) -> None:
    body = {**sample(f"v4-{name}"), "senderId": "NORDICFOODT", "receiverId": "ACMEPRODUCET"}
    client = sandbox.app.test_client()
    number = client.post("/transactions", json=body, headers=V4).get_json()["id"]
    for path in (ONE, f"{ONE}/message"):
        answer = client.get(f"{path.replace('{transactionId}', number)}?expand=message", headers=KEY)
        assert contract.problems("GET", path, answer.status_code, answer.get_json()) == [], path
    [found] = answer.get_json()["transactionSets"]
    assert x12.problems(body["type"], [found]) == []
    lines = found["PO1_loop" if name == "850" else "IT1_loop"]
    assert (
        len(lines)
        == len(body["message"]["lineItems"])
        == int(found["CTT_loop"][0]["transactionTotals"][0]["numberOfLineItems"])
    )


@pytest.mark.parametrize(
    "name",
    [
        "v3-810",
        "v3-810-minimal",
        "v3-860",
    ],
)
def test_the_known_good_v3_documents_become_valid(sandbox: OrderfulSandbox, name: str) -> None:
    body = {**order_v3(), **{key: sample(name)[key] for key in ("type", "message")}}
    client = sandbox.app.test_client()
    number = client.post("/v3/transactions", json=body, headers=KEY).get_json()["id"]
    assert client.get(f"/v2/transactions/{number}/validations", headers=KEY).get_json() == []
    assert client.get(f"/v3/transactions/{number}", headers=KEY).get_json()["validationStatus"] == "VALID"


def test_the_reasons_of_an_invalid_document_have_the_shape_of_the_known_sample(sandbox: OrderfulSandbox) -> None:
    body = order_v3()
    body["message"]["transactionSets"][0]["surprise"] = [{"a": "b"}]
    client = sandbox.app.test_client()
    number = client.post("/v3/transactions", json=body, headers=KEY).get_json()["id"]
    found = client.get(f"/v2/transactions/{number}/validations", headers=KEY).get_json()
    assert [one["message"] for one in found] == ["must NOT have additional properties - surprise"]
    assert found[0].keys() == sample("errors")["v2_validations_item"].keys()


def test_a_refusal_has_the_shape_of_the_known_sample(sandbox: OrderfulSandbox) -> None:
    answer = sandbox.app.test_client().get("/v3/transactions?limit=5", headers=KEY)
    assert answer.status_code == 400
    assert answer.get_json() == sample("errors")["v3_argument_error"]
