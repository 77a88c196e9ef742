"""An object that is not quite as Visma documents it has the fields of its shape all the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.errors import Parked
from connector.edi.visma import shape
from connector.edi.visma.tolerant import tolerant


def test_fields_are_read_when_they_are_asked_for_and_name_themselves():
    line = tolerant({"lineNbr": "7", "orderQty": "many", "uom": {"value": " KG "}}, shape.OrderLine, "lines[2]")
    assert (line.number, line.unit, line.note) == (7, "KG", None)
    assert line.path("quantity") == "lines[2].orderQty"
    with pytest.raises(Parked) as parked:
        _ = line.quantity
    assert parked.value.field == "lines[2].orderQty"


def test_parts_and_rows_have_their_shapes():
    order = tolerant(
        {"supplier": {"value": {"number": 5}}, "branch": {}, "taxDetails": {"value": [{"vatAmount": "1.5"}]}},
        shape.PurchaseOrder,
    )
    assert order.supplier is not None
    assert order.supplier.number == "5"
    assert order.branch is None
    assert [row.vat_amount for row in order.tax_details or ()] == [Decimal("1.5")]
    assert order.lines == []


def test_what_a_shape_derives_is_derived_here_too():
    line = tolerant({"inventory": {"value": {"number": "A"}}, "warehouse": {"id": 3}}, shape.OrderLine)
    assert (line.item, line.place, line.tax_code) == ("A", "3", None)


def test_a_field_of_any_shape_is_stated_unless_it_is_empty():
    invoice = tolerant({"amountInCurrency": "many", "balance": {"value": None}}, shape.SupplierInvoice)
    assert [invoice.states(name) for name in ("amount_in_currency", "balance", "amount")] == [True, False, False]


def test_two_objects_are_the_same_when_visma_gives_the_same():
    one, same, other = (tolerant({"note": note}, shape.OrderLine) for note in ("a", "a", "b"))
    assert one == same
    assert one != other


@pytest.mark.parametrize("day", ["2026-12-01", "2026-12-01T00:00:00Z", {"value": "2026-12-01T00:00:00"}])
def test_a_day_is_written_in_one_way(day):
    assert tolerant({"requested": day}, shape.OrderLine).requested == "2026-12-01"
