"""An order together with what only Visma knows of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.errors import Parked
from connector.domain.order_change.order_snapshot import LineFacts
from connector.edi.visma.order_snapshot import Receipts, read_order_snapshot, receipts
from connector.edi.visma.read import NotADocument, read_document
from testkit.samples.visma_samples import MISSING, a_purchase_order, a_supplier_invoice, an_order_line, as_json


def snapshot(*lines, etag="", **changes):
    if lines:
        changes["lines"] = list(lines)
    return read_order_snapshot(as_json(a_purchase_order(**changes)), company="nordic", etag=etag)


def facts(**changes):
    return snapshot(an_order_line(1, **changes)).facts[1]


def test_the_content_is_that_of_the_order_and_the_rest_stands_beside_it():
    order = snapshot(etag='"AAAAAE0YIiI="', status="PendingPrint")
    assert order.content == read_document(a_purchase_order(), company="nordic").content
    assert (order.etag, order.status) == ('"AAAAAE0YIiI="', "PendingPrint")
    assert order.facts == {number: LineFacts(Decimal(0), False, "GoodsForInventory") for number in (1, 2, 3)}


def test_what_was_received_is_exact():
    received = facts(qtyOnReceipts=Decimal("12.345678")).received
    assert received == Decimal("12.345678")
    assert type(received) is Decimal
    assert facts(qtyOnReceipts={"value": "7"}).received == 7


@pytest.mark.parametrize("nothing", [None, MISSING, "", Decimal(0), 0])
def test_a_line_without_receipts_has_received_nothing(nothing):
    assert facts(qtyOnReceipts=nothing).received == 0


@pytest.mark.parametrize(
    ("changes", "closed"),
    [
        ({}, False),
        ({"completed": True}, True),
        ({"canceled": True}, True),
        ({"completed": True, "canceled": True}, True),
        ({"completed": {"value": True}}, True),
        ({"completed": None, "canceled": MISSING}, False),
    ],
)
def test_a_line_that_is_completed_or_cancelled_is_closed(changes, closed):
    assert facts(**changes).closed is closed


def test_a_line_type_is_visma_s_value_or_none():
    assert facts(lineType="NonStockForDropShip").line_type == "NonStockForDropShip"
    assert facts(lineType=MISSING).line_type is None


def test_facts_go_by_the_number_of_the_line_and_not_by_its_place():
    order = snapshot(an_order_line(7, qtyOnReceipts=Decimal(1)), an_order_line(2, completed=True))
    assert (order.facts[7].received, order.facts[2].closed) == (1, True)


def test_a_status_that_is_missing_is_none():
    assert snapshot(status=MISSING).status is None


def test_a_number_that_is_none_names_order_and_line():
    with pytest.raises(Parked) as parked:
        snapshot(an_order_line(1), an_order_line(2, qtyOnReceipts="many"))
    assert (parked.value.document, parked.value.field) == ("nordic/purchase_order/500123", "lines[1].qtyOnReceipts")


def test_an_invoice_is_no_order():
    with pytest.raises(NotADocument):
        read_order_snapshot(as_json(a_supplier_invoice()), company="nordic")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({}, Receipts()),
        ({"qtyOnReceipts": 0.5}, Receipts(received=(1,))),
        ({"qtyOnReceipts": 800, "completed": True}, Receipts(received=(1,))),
        ({"qtyOnReceipts": 500, "completed": True}, Receipts(received=(1,), closed_short=(1,))),
        ({"qtyOnReceipts": 0, "completed": True}, Receipts(closed_short=(1,))),
        ({"completed": True, "canceled": True}, Receipts()),
        ({"qtyOnReceipts": "many", "completed": True}, Receipts()),
    ],
)
def test_what_was_received_of_an_order(line, found):
    raw = as_json(a_purchase_order(lines=[an_order_line(1, orderQty=800, **line)]))
    assert receipts(raw, company="nordic") == found
