"""What the sandbox Orderful hands to a receiver, against Orderful's published structure and the known samples.

The structure of mid-2026 is older than the documentation in a few places, which are named where they are checked: inbox
items have two type fields and a UUID more now, and of a bucket item only the delivery was ever published.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts import facts
from testkit.openapi import Contract
from testkit.orderful.inbound_shapes import pushed_body
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox

KEY = {"orderful-api-key": API_KEY}
V4 = {**KEY, "orderful-api-version": "v4"}
INBOX = "/inboxes/{inboxId}/transactions"
BUCKET = "/v3/polling-buckets/{bucketId}"
DELIVERY = "/transactions/{transactionId}/deliveries/{deliveryId}"
NEWER = {"id", "ediTransactionType", "simplifiedTransactionType"}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load("orderful.json")


@pytest.fixture
def sandbox() -> OrderfulSandbox:
    one = OrderfulSandbox(pace=AT_ONCE)
    one.inbound.set_channels({"inboxes": [4711], "buckets": [815]})
    return one


def sample(name: str) -> Any:
    return json.loads(facts.sample(name))


def receive(sandbox: OrderfulSandbox, message: dict[str, Any] | None = None) -> dict[str, str]:
    body = {"sender": "ACMEPRODUCET", "receiver": "NORDICFOODT", "message": message or change()}
    return sandbox.app.test_client().post("/_sandbox/inbound", json=body).get_json()


def change() -> dict[str, Any]:
    line = {"changeReason": "quantityChange", "quantity": {"value": "8", "unitOfMeasure": "each"}}
    dates = {"purchaseOrderDate": "2026-08-15", "purchaseOrderChangeDate": "2026-09-01"}
    return {"purpose": "change", "purchaseOrderNumber": "PO-4711", **dates, "lineItems": [line]}


def get(sandbox: OrderfulSandbox, path: str) -> Any:
    answer = sandbox.app.test_client().get(path, headers=V4)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def shape(value: Any) -> Any:
    """The keys of everything but the document itself."""
    if isinstance(value, dict):
        return {name: None if name == "message" else shape(one) for name, one in value.items()}
    return None


def test_an_inbox_of_the_published_shape_fits_the_published_structure(
    contract: Contract, sandbox: OrderfulSandbox
) -> None:
    sandbox.inbound.set_channels({"inboxes": [4711], "types_in_inbox": False})
    receive(sandbox)
    items = get(sandbox, "/inboxes/4711/transactions")
    assert len(items) == 1
    assert contract.problems("GET", INBOX, 200, items) == []


def test_an_inbox_of_late_2026_has_nothing_but_three_fields_on_top(
    contract: Contract, sandbox: OrderfulSandbox
) -> None:
    receive(sandbox)
    [item] = get(sandbox, "/inboxes/4711/transactions")
    assert item.keys() >= NEWER
    older = {name: value for name, value in item.items() if name not in NEWER}
    assert contract.problems("GET", INBOX, 200, [older]) == []


def test_an_inbox_item_has_the_keys_of_the_known_samples(sandbox: OrderfulSandbox) -> None:
    receive(sandbox)
    [item] = get(sandbox, "/inboxes/4711/transactions")
    [newer] = sample("v4-inbox-860")
    assert shape(item) == shape(newer)
    [older] = sample("v4-inbox-850")
    assert shape({name: value for name, value in item.items() if name not in NEWER}) == shape(older)


def test_a_bucket_item_has_the_keys_of_the_documentation_and_the_published_delivery(
    contract: Contract, sandbox: OrderfulSandbox
) -> None:
    receive(sandbox, {"transactionSets": [{}]})
    [item] = get(sandbox, "/v3/polling-buckets/815")
    assert shape(item) == shape(sample("v3-bucket")["items"][0])
    # The structure names no other field of an item, and of this one no more than that it is an object.
    assert contract.problems("GET", BUCKET, 200, [{"delivery": item["delivery"]}]) == []


@pytest.mark.parametrize("path", [INBOX, BUCKET])
def test_the_lists_take_exactly_the_published_parameters(contract: Contract, path: str) -> None:
    assert contract.query_parameters("GET", path).keys() == {"limit"}


@pytest.mark.parametrize("verb", [None, "accept", "fail"])
def test_a_delivery_has_the_published_shape(sandbox: OrderfulSandbox, verb: str | None) -> None:
    # The structure asks for every time, also of what has not happened yet; the sandbox says null there.
    contract = Contract.load("orderful.json", all_nullable=True)
    ids = receive(sandbox)
    path = f"/transactions/{ids['id']}/deliveries/{ids['deliveryId']}"
    if verb:
        sandbox.app.test_client().post(f"{path}/{verb}", json={"note": "taken over"}, headers=V4)
    assert contract.problems("GET", DELIVERY, 200, get(sandbox, path)) == []


@pytest.mark.parametrize("path", [f"{DELIVERY}/accept", f"{DELIVERY}/fail"])
def test_a_v4_confirmation_asks_for_the_published_body_and_answers_without_one(
    contract: Contract, sandbox: OrderfulSandbox, path: str
) -> None:
    operation = contract.operation("POST", path)
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    assert contract.schemas[name]["required"] == list(contract.schemas[name]["properties"]) == ["note"]
    ids = receive(sandbox)
    asked = path.format(transactionId=ids["id"], deliveryId=ids["deliveryId"])
    answer = sandbox.app.test_client().post(asked, json={"note": "taken over"}, headers=V4)
    assert (str(answer.status_code) in operation["responses"], answer.data) == (True, b"")
    assert "content" not in operation["responses"]["200"]


@pytest.mark.parametrize("verb", ["approve", "fail"])
def test_a_v3_confirmation_takes_the_published_body_and_does_without(
    contract: Contract, sandbox: OrderfulSandbox, verb: str
) -> None:
    operation = contract.operation("POST", f"/v3/deliveries/{{deliveryId}}/{verb}")
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    assert (list(contract.schemas[name]["properties"]), contract.schemas[name].get("required")) == (["note"], None)
    path = f"/v3/deliveries/{receive(sandbox)['deliveryId']}/{verb}"
    answers = [sandbox.app.test_client().post(path, json=body, headers=KEY) for body in ({}, {"note": "again"})]
    assert {str(answer.status_code) for answer in answers} == operation["responses"].keys()


def test_a_document_is_listed_and_read_in_the_published_shape(contract: Contract, sandbox: OrderfulSandbox) -> None:
    ids = receive(sandbox, {"transactionSets": [{"POC_loop": []}]})
    for path in ("/v3/transactions", "/v3/transactions/{transactionId}", "/v3/transactions/{transactionId}/message"):
        body = get(sandbox, path.replace("{transactionId}", ids["id"]))
        assert contract.problems("GET", path, 200, body) == [], path


@pytest.mark.parametrize(("form", "name"), [("2020", "push-2020"), ("v3", "v3-transaction")], ids=["2020", "v3"])
def test_a_push_has_the_keys_of_the_known_samples(sandbox: OrderfulSandbox, form: str, name: str) -> None:
    one = sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message={"transactionSets": [{}]})
    body = pushed_body(form, one, "http://localhost", as_href=False, types=True)
    known = {key: value for key, value in sample(name).items() if key != "_provenance"}
    if form == "v3":
        assert body.pop("delivery").keys() == sample("v3-bucket")["items"][0]["delivery"].keys()
        assert body["message"].keys() == {"href", "transactionSets"}
    else:
        assert body["message"].keys() == known["message"].keys()
    assert shape(body) == shape(known)
