"""An answer that restates an order as it was sent, in either dialect, agrees with it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given

from connector.domain.documents import Kind, PurchaseOrder
from connector.domain.errors import Parked
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import DialectChoice, Route
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.answered_order.compare import order_differences
from connector.edi.translate import translate
from connector.edi.units import UNITS
from connector.edi.visma.order_snapshot import read_order_snapshot
from testkit.samples.business_documents import a_route
from testkit.samples.full_documents import EXAMPLES, Example, the_routing
from tests.property.test_translation import orders

ORDERS = [
    pytest.param(example, dialect, id=f"{example.name} {dialect}")
    for example in EXAMPLES
    if example.kind is Kind.PURCHASE_ORDER
    for dialect in example.dialects
]


def restated(order: PurchaseOrder, route: Route) -> dict[str, Any]:
    """The order as it is sent, with a status that accepts each line."""
    sent = translate(order, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body["message"]
    message: dict[str, Any] = json.loads(json.dumps(sent), parse_float=Decimal)
    for line in message.get("lineItems", ()):
        price = line.get("unitCostPrice")
        line["actions"] = [{"status": "accepted", "quantity": line["quantity"], "unitCostPrice": price}]
    for tree in message.get("transactionSets", ()):
        for loop in tree["PO1_loop"]:
            quantity = loop["baselineItemData"][0]["quantity"]
            loop["ACK_loop"] = [{"lineItemAcknowledgment": [{"lineItemStatusCode": "IA", "quantity": quantity}]}]
    return message


@pytest.mark.parametrize("dialect", [DialectChoice.X12, DialectChoice.MOSAIC])
@given(order=orders())
def test_any_order_that_is_restated_agrees(dialect: DialectChoice, order: PurchaseOrder) -> None:
    route = a_route(order, dialect=dialect, units={word: word for word in UNITS}, whole_units=frozenset())
    try:
        message = restated(order, route)
    except Parked:
        return  # not every order can be written in each dialect
    assert order_differences("855", message, order, route) == ()


@pytest.mark.parametrize(("example", "dialect"), ORDERS)
def test_an_order_with_everything_that_is_restated_agrees(example: Example, dialect: Dialect) -> None:
    order = read_order_snapshot(msgspec.json.encode(example.document), company="nordic").content
    routing = Routing.from_data(the_routing(example, dialect))
    route = routing.route("nordic", order.kind, order.supplier.number or "")
    assert order_differences("855", restated(order, route), order, route) == ()
