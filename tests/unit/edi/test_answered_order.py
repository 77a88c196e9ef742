"""An answer beside the order that it answers: what it states otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.edi.answered_order import order_differences
from testkit.samples.business_documents import a_line, a_route, an_order

WANTED = date(2026, 10, 5)
ORDER = an_order(a_line(1, promised=WANTED), a_line(2, promised=WANTED), promised_on=WANTED)
ROUTE = a_route(ORDER)


def x12(*lines, segment="baselineItemData", loop="PO1_loop", **header):
    return {
        "transactionSets": [{**header, loop: [{segment: [data], "ACK_loop": [{"x": acks}]} for data, acks in lines]}]
    }


def line(number, *acks, quantity="10", **values):
    return {"assignedIdentification": str(number), "quantity": quantity, **values}, list(acks)


def ack(quantity="10", **values):
    return {"lineItemStatusCode": "IA", "quantity": quantity, **values}


def said(message, document="855", order=ORDER):
    return order_differences(document, message, order, ROUTE)


def mosaic(*actions, **header):
    lines = [{"purchaseOrderLineId": str(number), "actions": list(one)} for number, one in enumerate(actions, 1)]
    return {"status": "accepted", "lineItems": lines, **header}


def action(value="10", **values):
    return {"status": "accepted", "quantity": {"value": value, "unitOfMeasure": "each"}, **values}


@pytest.mark.parametrize(
    "message",
    [
        {"transactionSets": [{}]},
        {"status": "accepted"},
        x12(line(1, ack()), line("0002", ack("4"), ack("6"))),
        x12(line(1, ack(), unitPrice="12.50", unitOrBasisForMeasurementCode="EA"), line(2)),
        x12(line(1, ack(dateTimeQualifier="067", date="20261005")), line(2)),
        x12(line(1, ack(dateTimeQualifier="068", date="20261002")), line(2)),
        x12(line(1), line(2), dateTimeReference=[{"dateTimeQualifier": "017", "date": "20261005"}]),
        mosaic([action("4"), action("6", unitCostPrice="12.5", estimatedDeliveryDate="2026-10-05")], [action()]),
        mosaic([action(scheduledShipDate="2026-10-01")], [{"status": "accepted"}]),
    ],
)
def test_an_answer_that_agrees(message):
    assert said(message) == ()


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (x12(line(1, ack("6")), line(2)), "line 1 has the quantity 6, ordered were 10"),
        (x12(line(1, ack("6"), quantity="6"), line(2)), "line 1 has the quantity 6, ordered were 10"),
        (x12(line(1, ack("12")), line(2)), "line 1 has the quantity 12, ordered were 10"),
        (x12(line(1, unitPrice="12.51"), line(2)), "line 1 has the price 12.51, ordered at 12.5"),
        (
            x12(line(1, ack(unitOrBasisForMeasurementCode="CA")), line(2)),
            "line 1 is in the unit CA, ordered in STK",
        ),
        (
            x12(line(1, ack(dateTimeQualifier="069", date="20261006")), line(2)),
            "line 1 is to come on 2026-10-06, wanted on 2026-10-05",
        ),
        (
            x12(line(1, ack(dateTimeQualifier="068", date="20261006")), line(2)),
            "line 1 is to be shipped on 2026-10-06, wanted on 2026-10-05",
        ),
        (
            x12(line(1), line(2), dateTimeReference=[{"dateTimeQualifier": "017", "date": "20261007"}]),
            "it is to come on 2026-10-07, wanted on 2026-10-05",
        ),
        (x12(line(1)), "line 2 is missing"),
        (x12(line(1), line(2), line(7)), "line 7 is not in the order"),
        (mosaic([action("3")], [action()]), "line 1 has the quantity 3, ordered were 10"),
        (mosaic([action(unitCostPrice="14")], [action()]), "line 1 has the price 14, ordered at 12.5"),
        (
            mosaic([action(estimatedDeliveryDate="2027-01-04")], [action()]),
            "line 1 is to come on 2027-01-04, wanted on 2026-10-05",
        ),
        (
            mosaic([action()], [action()], dates={"estimatedDeliveryDate": "2027-01-04"}),
            "it is to come on 2027-01-04, wanted on 2026-10-05",
        ),
        (mosaic([action()]), "line 2 is missing"),
    ],
)
def test_what_an_answer_states_otherwise(message, clause):
    assert said(message) == (clause,)


def test_a_line_is_found_by_its_item_where_it_has_another_number():
    order = an_order(a_line(1, item="ITEM-1"), a_line(2, item="ITEM-2", quantity=Decimal(20)))
    products = {"productServiceIDQualifier": "BP", "productServiceID": "item-2"}
    assert said(x12(line(20, quantity="20", **products), line(1)), order=order) == ()


def test_an_865_may_name_the_changed_lines_only():
    message = x12(line(1, quantity="3"), segment="lineItemChange", loop="POC_loop")
    assert said(message, "865") == ("line 1 has the quantity 3, ordered were 10",)


def test_the_price_after_the_discount_of_the_line_agrees():
    order = an_order(a_line(1, discount=Decimal(25), amount=Decimal(100)))
    assert said(x12(line(1, unitPrice="10.00")), order=order) == ()
    assert said(x12(line(1, unitPrice="9.00")), order=order) == ("line 1 has the price 9, ordered at 12.5",)
