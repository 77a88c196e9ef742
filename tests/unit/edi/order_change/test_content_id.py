"""What makes two messages the same: what they ask for, and not how they were carried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.edi.order_change.content_id import content_id


def x12(**changes: Any) -> dict[str, Any]:
    """An X12-shaped 860."""
    line = {
        "assignedIdentification": "001",
        "changeOrResponseTypeCode": "QI",
        "quantity": "10",
        "unitPrice": "7.50",
        "productServiceID": "1.10",
    }
    tree = {
        "transactionSetHeader": [{"transactionSetIdentifierCode": "860", "transactionSetControlNumber": "0001"}],
        "beginningSegmentForPurchaseOrderChange": [{"purchaseOrderNumber": "500123", "changeOrderSequenceNumber": "1"}],
        "POC_loop": [{"lineItemChange": [{**line, **changes.pop("line", {})}]}, {"lineItemChange": [line]}],
        "CTT_loop": [{"transactionTotals": [{"numberOfLineItems": "2"}]}],
        "transactionSetTrailer": [{"numberOfIncludedSegments": "6", "transactionSetControlNumber": "0001"}],
    }
    return {"transactionSets": [{**tree, **changes}]}


def mosaic(**changes: Any) -> dict[str, Any]:
    return {
        "purpose": "change",
        "purchaseOrderNumber": "500123",
        "lineItems": [{"purchaseOrderLineId": "1", "quantity": {"value": "10", "unitOfMeasure": "each"}}],
        **changes,
    }


def backwards(value: Any) -> Any:
    """The same with every key order turned round."""
    if isinstance(value, dict):
        return {name: backwards(value[name]) for name in reversed(value)}
    return [backwards(one) for one in value] if isinstance(value, list) else value


def a_quantity(value: Any) -> dict[str, Any]:
    return mosaic(lineItems=[{"purchaseOrderLineId": "1", "quantity": {"value": value, "unitOfMeasure": "each"}}])


ENVELOPE = {
    "transactionSetHeader": [{"transactionSetIdentifierCode": "860", "transactionSetControlNumber": "0002"}],
    "transactionSetTrailer": [{"numberOfIncludedSegments": "7", "transactionSetControlNumber": "0002"}],
}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (x12(), x12(**ENVELOPE)),
        (x12(), {**x12(), "interchangeControlHeader": {"interchangeControlNumber": "000000905"}}),
        (x12(), {**x12(), "functionalGroupHeader": [{"groupControlNumber": 905, "date": "20261101"}], "href": "x"}),
        (x12(), backwards(x12())),
        (x12(), x12(line={"quantity": 10})),
        (x12(), x12(line={"quantity": Decimal("10.0"), "unitPrice": Decimal("7.5")})),
        (
            x12(),
            x12(
                beginningSegmentForPurchaseOrderChange=x12()["transactionSets"][0][
                    "beginningSegmentForPurchaseOrderChange"
                ][0]
            ),
        ),
        (x12(), x12(line={"message": "", "unit": None, "codes": [], "more": {}})),
        (mosaic(), backwards(mosaic())),
        (mosaic(), a_quantity(10)),
        (mosaic(), a_quantity(" 10.0 ")),
        (mosaic(), mosaic(purchaseOrderNumber=500123)),
    ],
    ids=[
        *("ST", "ISA", "GS", "key order", "number", "zeros", "object for list", "empty"),
        *("Mosaic key order", "Mosaic number", "Mosaic zeros", "Mosaic id"),
    ],
)
def test_the_same_content_has_one_id(one: Any, other: Any) -> None:
    assert content_id(one) == content_id(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (x12(), x12(line={"quantity": "100"})),
        (x12(), x12(line={"quantity": "-10"})),
        (x12(), x12(line={"productServiceID": "1.1"})),
        (x12(), x12(line={"assignedIdentification": "1"})),
        (x12(), x12(line={"unitPrice": ""})),
        (x12(), x12(CTT_loop=[{"transactionTotals": [{"numberOfLineItems": "3"}]}])),
        (x12(), x12(POC_loop=x12()["transactionSets"][0]["POC_loop"][:1])),
        (x12(), mosaic()),
        (mosaic(), mosaic(changeSequenceNumber="2")),
        (mosaic(), mosaic(lineItems=[])),
        (mosaic(a="b", c="d"), mosaic(a="d", c="b")),
        (mosaic(note=["ab", "c"]), mosaic(note=["a", "bc"])),
        (mosaic(note=True), mosaic(note=False)),
        ({}, mosaic()),
    ],
)
def test_other_content_has_another_id(one: Any, other: Any) -> None:
    assert content_id(one) != content_id(other)


@pytest.mark.parametrize("message", [None, "ISA*00*", [], 17, {"\ud800": "\ud800"}, {"quantity": Decimal("1e999999")}])
def test_whatever_a_message_is_it_has_an_id(message: Any) -> None:
    assert len(content_id(message)) == 64


def test_depth_costs_no_stack() -> None:
    message: Any = "end"
    for _ in range(100_000):
        message = {"a": [message]}
    assert content_id(message) != content_id({"a": "end"})
