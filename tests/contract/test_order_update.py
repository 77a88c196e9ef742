"""The bodies that change a Visma order, against Visma's published structure and the sandbox."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from connector.domain.order_change.edits import NO_EDITS, Edits, LineEdit, Operation, equals_with_edits
from connector.edi.visma.order_update import encode, hold_update, order_update
from connector.edi.visma.read import decode, read_document
from testkit.openapi import Contract
from testkit.samples.visma_samples import a_purchase_order
from testkit.sandboxes import VismaSandbox, bearer

OCT_8 = date(2026, 10, 8)
URL = "/v1/purchaseorder/500123"
EVERYTHING = Edits(
    promised_on=OCT_8,
    lines=(
        LineEdit(
            operation=Operation.UPDATE,
            number=1,
            quantity=Decimal("799.999999"),
            price=Decimal("10.0001"),
            requested=OCT_8,
            promised=OCT_8,
        ),
        LineEdit(operation=Operation.DELETE, number=2),
        LineEdit(
            operation=Operation.INSERT,
            item="1305",
            line_type="GoodsForInventory",
            unit="KRT",
            warehouse="1",
            quantity=Decimal("1E+2"),
            price=Decimal("33.5"),
            requested=OCT_8,
            promised=OCT_8,
        ),
    ),
)
BODIES = {
    "everything": order_update(EVERYTHING),
    "nothing": order_update(NO_EDITS),
    "the header": order_update(Edits(promised_on=OCT_8)),
    "hold": hold_update(hold=True),
    "release": hold_update(hold=False),
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load("visma.json")


@pytest.fixture
def sandbox() -> VismaSandbox:
    sandbox = VismaSandbox()
    sandbox.put_document("purchaseorder", json.loads(json.dumps(a_purchase_order(), default=float)))
    return sandbox


def problems(contract: Contract, body: Any) -> list[str]:
    """What a body has that the contract does not allow; objects that list their properties are closed."""
    content = contract.operation("PUT", "/v1/purchaseorder/{purchaseOrderNumber}")["requestBody"]["content"]
    schema = {"$defs": contract._definitions, **contract._converted(content["application/json"]["schema"])}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(body)]


@pytest.mark.parametrize("name", BODIES)
def test_every_body_has_the_published_shape_and_nothing_more(contract: Contract, name: str) -> None:
    assert problems(contract, json.loads(encode(BODIES[name]))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"promisedOn": "2026-10-08T00:00:00"},
        {"lines": [{"operation": {"value": "Update"}}]},
        {"lines": [{"operation": "Update", "lineNbr": {"value": 1}}]},
        {"lines": [{"operation": "Update", "lineNumber": 1}]},
        {"lines": [{"operation": "Update", "orderQty": {"value": "1"}}]},
        {"canceled": {"value": True}},
    ],
)
def test_the_published_shape_would_find_a_mistake(contract: Contract, wrong: dict[str, Any]) -> None:
    assert problems(contract, wrong)


def test_the_sandbox_takes_the_bodies_and_the_order_comes_out_as_written(sandbox: VismaSandbox) -> None:
    client, headers = sandbox.app.test_client(), bearer(sandbox)
    before = read_document(decode(client.get(URL, headers=headers).data), company="nordic").content
    for body in (hold_update(hold=True), order_update(EVERYTHING), hold_update(hold=False)):
        current = {**headers, "If-Match": client.get(URL, headers=headers).headers["ETag"]}
        answer = client.put(URL, data=encode(body), content_type="application/json", headers=current)
        assert answer.status_code == 204, answer.text
    after = read_document(decode(client.get(URL, headers=headers).data), company="nordic").content
    assert equals_with_edits(after, before, EVERYTHING)  # type: ignore[arg-type] # both are orders
    assert not equals_with_edits(before, before, EVERYTHING)  # type: ignore[arg-type]
