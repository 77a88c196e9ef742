from datetime import date
from decimal import Decimal

import pytest

from connector.domain.documents import DocumentDiscount, Party, Tax, Terms
from connector.domain.errors import Parked
from connector.edi.visma.read import decode, read_document
from testkit.samples.visma_samples import MISSING, a_purchase_order, an_order_line, as_json


def order_of(**changes):
    return read_document(decode(as_json(a_purchase_order(**changes))), company="nordic").content


def line_of(**changes):
    return order_of(lines=[an_order_line(1, **changes)]).lines[0]


def test_everything_a_supplier_would_see_is_read():
    order = order_of()
    assert order.number == "500123"
    assert order.order_type == "RegularOrder"
    assert order.cancelled is False
    assert order.ordered_on == date(2026, 9, 15)
    assert order.promised_on == date(2026, 10, 2)
    assert order.description == "Weekly refill"
    assert order.supplier == Party(number="50012", name="Acme Produce AS", location="7", internal_id="101")
    assert order.supplier_reference == "Q-2026-88"
    assert order.branch == "1"
    assert order.currency == "NOK"
    assert order.terms == Terms("30", "30 days")
    assert (order.ship_via, order.ship_terms, order.fob_point) == ("BRING", "DAP", None)
    assert order.taxes == (Tax("3", Decimal(25), Decimal("8856.5"), Decimal("2214.13")),)
    assert (order.line_total, order.tax_total, order.order_total) == (
        Decimal("8856.50"),
        Decimal("2214.13"),
        Decimal("11070.63"),
    )
    assert order.note is None


def test_a_line_is_read():
    line = order_of().lines[1]
    assert (line.number, line.item, line.item_description) == (2, "1305", "Oat drink, case of 12")
    assert (line.description, line.supplier_item) == ("Oat drink, case of 12", "AC-OAT-12")
    assert (line.quantity, line.unit, line.unit_price) == (Decimal(24), "KRT", Decimal("33.5"))
    assert (line.discount, line.amount) == (0, Decimal("804.00"))
    assert (line.requested, line.promised) == (date(2026, 10, 1), date(2026, 10, 2))
    assert (line.warehouse, line.tax_code, line.note) == ("1", "3", None)
    assert (line.cancelled, line.is_text, line.is_charge) == (False, False, False)
    assert line.source == "lines[1]"


def test_cancelled_text_and_freight_lines_are_marked():
    order = order_of(
        lines=[
            an_order_line(1, canceled=True, completed=True),
            {"lineNbr": 2, "lineType": "Description", "lineDescription": "Deliver before noon"},
            {"lineNbr": 3, "lineDescription": "Ring the bell", "orderQty": Decimal("0.0"), "unitCost": Decimal("0.0")},
            an_order_line(4, lineType="Freight", orderQty=Decimal(1), unitCost=Decimal("150.0")),
        ]
    )
    assert [line.cancelled for line in order.lines] == [True, False, False, False]
    assert [line.is_text for line in order.lines] == [False, True, True, False]
    assert [line.is_charge for line in order.lines] == [False, False, False, True]
    assert order.lines[1].description == "Deliver before noon"


def test_a_line_that_is_only_completed_is_not_cancelled():
    assert line_of(completed=True, canceled=False).cancelled is False


@pytest.mark.parametrize("lines", [MISSING, None, []])
def test_an_order_without_lines_reads(lines):
    data = a_purchase_order()
    data["lines"] = lines
    if lines is MISSING:
        del data["lines"]
    assert read_document(data, company="nordic").content.lines == ()


@pytest.mark.parametrize("quantity", [Decimal("-5.0"), Decimal("0.0")])
def test_negative_and_zero_quantities_read(quantity):
    assert line_of(orderQty=quantity).quantity == quantity


def test_only_the_status_cancelled_cancels_the_order():
    assert order_of(status="Cancelled").cancelled is True
    assert order_of(status="Closed").cancelled is False


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"orderQty": None}, "lines[0].orderQty"),
        ({"unitCost": MISSING}, "lines[0].unitCost"),
        ({"orderQty": "a few"}, "lines[0].orderQty"),
        ({"lineNbr": None}, "lines[0].lineNbr"),
        ({"promised": "next week"}, "lines[0].promised"),
    ],
)
def test_a_line_that_lacks_something_indispensable_parks_the_order(changes, field):
    with pytest.raises(Parked) as parked:
        order_of(lines=[an_order_line(1, **changes)])
    assert parked.value.field == field
    assert parked.value.document == "nordic/purchase_order/500123"


def test_a_cancelled_line_may_lack_its_quantity():
    line = line_of(canceled=True, orderQty=None, unitCost=None, amount=None)
    assert (line.cancelled, line.quantity) == (True, 0)


def test_document_discounts_are_read_and_line_discounts_are_not_counted_twice():
    details = [
        {"type": "Line", "discountAmt": Decimal("10.0"), "discountCode": "L"},
        {"type": "Document", "discountAmt": Decimal("100.0"), "discountCode": "AUTUMN"},
        {"type": "Group", "discountAmt": Decimal("0.0")},
        {"type": "Group", "discountAmt": Decimal("7.0"), "skipDiscount": True},
    ]
    assert order_of(discountDetails=details).discounts == (DocumentDiscount(Decimal(100), "AUTUMN"),)


def test_wrapped_scalars_and_nulls_read_like_bare_ones_and_missing_ones():
    plain = a_purchase_order()
    wrapped = {name: {"value": value} if not isinstance(value, dict | list) else value for name, value in plain.items()}
    wrapped["lines"] = [
        {name: {"value": value} if not isinstance(value, dict) else value for name, value in line.items()}
        for line in plain["lines"]
    ]
    bare = {name: value for name, value in plain.items() if value not in (None, "", [])}
    expected = read_document(plain, company="nordic")
    assert read_document(wrapped, company="nordic") == expected
    assert read_document(bare, company="nordic") == expected


def test_an_order_of_ten_thousand_lines_reads():
    order = order_of(lines=[an_order_line(number) for number in range(1, 10_001)])
    assert len(order.lines) == 10_000
    assert order.lines[-1].number == 10_000


@pytest.mark.parametrize(
    ("order_type", "number", "blanket"),
    [
        ("Blanket", "400001", "400001"),
        (None, "400001", "400001"),
        ("Blanket", None, None),
        # The order was made from a pattern, which no partner knows.
        ("StandardBlanket", "60000S", None),
        ("Standard", "60000S", None),
        ("RegularOrder", "400001", "400001"),
        ("blanket", "400001", "400001"),
        ("RegularOrder", "500123", None),
        ("RegularOrder", None, None),
    ],
)
def test_a_call_off_names_its_blanket_order_on_each_line(order_type, number, blanket):
    assert line_of(orderType=order_type, orderNumber=number).blanket == blanket


def test_a_field_of_a_line_in_another_shape_is_named_with_its_line():
    order = a_purchase_order(lines=[an_order_line(1), an_order_line(2, uom={"id": "STK"})])
    with pytest.raises(Parked) as parked:
        read_document(order, company="nordic")
    assert parked.value.field == "lines[1].uom"
    assert parked.value.sentence == "lines[1].uom is '{'id': 'STK'}', not a text."
