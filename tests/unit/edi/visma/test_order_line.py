"""A line of an order, by the names that a service of Visma gives its fields."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec import field

from connector.domain.documents import OrderLine
from connector.domain.errors import Parked
from connector.edi.visma import shape
from connector.edi.visma.order_line import Lines, order_line
from connector.edi.visma.shape import Number, Text, Whole
from connector.edi.visma.tolerant import tolerant


class Line(shape.OrderLine, gc=False):
    """A line of another service."""

    number: Whole = field(default=None, name="no")
    description: Text = field(default=None, name="words")
    their_item: Text = field(default=None, name="theirs")
    quantity: Number = field(default=None, name="qty")
    unit_price: Number = field(default=None, name="price")
    tax: Text = None

    @property
    def tax_code(self) -> Text:
        return self.tax


LINE = {
    "no": 3,
    "inventory": {"number": "ITEM-1", "description": "Apples"},
    "words": "Red",
    "theirs": "A-1",
    "uom": "KG",
    "qty": Decimal(2),
    "price": Decimal("1.50"),
    "amount": Decimal("2.70"),
    "discountAmount": Decimal("0.30"),
    "requested": "2026-12-01T00:00:00",
    "promised": "2026-12-02T00:00:00",
    "warehouse": {"id": "WH"},
    "tax": "25",
    "note": "Ripe",
    "orderNumber": "B-1",
}


def read(data, own="500123"):
    return order_line(tolerant(data, Line, "lines[0]"), "lines[0]", Lines("NOK", own))


def test_a_line_is_read_by_the_names_of_its_service():
    assert read({**LINE, "lineType": "Freight"}) == OrderLine(
        number=3,
        item="ITEM-1",
        item_description="Apples",
        description="Red",
        supplier_item="A-1",
        quantity=Decimal(2),
        unit="KG",
        unit_price=Decimal("1.50"),
        discount=Decimal("0.30"),
        amount=Decimal("2.70"),
        requested=date(2026, 12, 1),
        promised=date(2026, 12, 2),
        warehouse="WH",
        tax_code="25",
        note="Ripe",
        cancelled=False,
        is_text=False,
        is_charge=True,
        source="lines[0]",
        blanket="B-1",
    )


@pytest.mark.parametrize("name", ["no", "qty", "price"])
def test_what_an_ordered_line_lacks_is_asked_for(name):
    with pytest.raises(Parked) as parked:
        read({key: value for key, value in LINE.items() if key not in {name, "amount"}})
    assert parked.value.field == f"lines[0].{name}"


@pytest.mark.parametrize("marks", [{"canceled": True}, {"lineType": "Description"}])
def test_a_line_that_orders_nothing_needs_no_figures(marks):
    line = read({"no": 3, "inventory": {"number": "ITEM-1"}, **marks})
    assert (line.quantity, line.amount) == (0, None)
    assert (line.cancelled, line.is_text) == ("canceled" in marks, "lineType" in marks)


def test_a_line_of_a_sales_order_has_no_marks_and_no_blanket_order():
    line = read({**LINE, "canceled": True, "lineType": "Freight"}, own=None)
    assert (line.cancelled, line.is_text, line.is_charge, line.blanket) == (False, False, False, None)
