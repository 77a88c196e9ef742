from datetime import date
from decimal import Decimal

import pytest

from connector.domain.documents import Address, Contact, DocumentDiscount, Party, Tax, Terms
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


def test_the_destination_is_put_together_from_account_location_address_and_contact():
    assert order_of().ship_to == Party(
        number="1",
        name="Nordic Food AS, goods in",
        location="3",
        address=Address(lines=("Storgata 1",), postal_code="0155", city="Oslo", country="NO"),
        contact=Contact(
            name="Nordic Food AS, goods in",
            attention="Goods reception",
            email="goods@nordicfood.example",
            phone="+47 22 00 00 00",
        ),
        location_name="Oslo warehouse",
        account_name="Nordic Food AS",
    )


def test_a_destination_without_contact_and_account_is_the_warehouse():
    order = order_of(shippingDestinationType="Site", shipTo=None, shippingContact=None, shippingLocation=None)
    assert order.ship_to.name == "Oslo Lagerhotell"
    assert order.ship_to.location == "1"
    assert order.ship_to.contact is None


def test_an_order_with_nothing_about_its_destination_still_reads():
    empty = {"shipTo": None, "shippingContact": {}, "shippingLocation": None, "warehouse": None}
    assert order_of(**empty, shippingAddress={"addressLine1": "", "country": None}).ship_to == Party()


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


@pytest.mark.parametrize(
    ("changes", "discount"),
    [
        ({"amount": Decimal("8000.0"), "discountAmount": Decimal("400.0")}, Decimal(0)),
        ({"amount": Decimal("7600.0"), "discountAmount": Decimal("400.0")}, Decimal(400)),
        ({"amount": Decimal("7600.0"), "discountAmount": Decimal("-400.0")}, Decimal(400)),
        ({"amount": Decimal("7600.0"), "discountPercent": Decimal("5.0")}, Decimal(400)),
        ({"amount": Decimal("7600.0"), "discountAmount": Decimal("1.0"), "discountPercent": Decimal(5)}, Decimal(400)),
        ({"amount": Decimal("7000.0"), "discountAmount": Decimal("400.0")}, Decimal(400)),
        ({"amount": Decimal("7000.0"), "discountAmount": Decimal(400), "discountPercent": Decimal(5)}, Decimal(400)),
        ({"amount": None, "discountPercent": Decimal("5.0")}, Decimal(400)),
        ({"amount": None, "discountAmount": Decimal("250.0")}, Decimal(250)),
        ({"orderQty": Decimal("-800.0"), "amount": Decimal(-7600), "discountAmount": Decimal(400)}, Decimal(400)),
    ],
    ids=[
        "it is in the price already",
        "stated as an amount",
        "stated as a negative amount",
        "stated in percent",
        "the percentage fits and the amount does not",
        "nothing fits: as stated, for the totals to find",
        "neither fits: as stated",
        "no amount to compare with, percent",
        "no amount to compare with",
        "a returned quantity",
    ],
)
def test_the_discount_is_what_leads_from_the_product_to_the_amount(changes, discount):
    assert line_of(**changes).discount == discount


@pytest.mark.parametrize(
    ("changes", "discount"),
    [
        ({"amount": Decimal(8800), "discountAmount": Decimal(-800), "discountPercent": Decimal(-10)}, Decimal(-800)),
        ({"amount": Decimal(8800), "discountAmount": Decimal(800), "discountPercent": Decimal(-10)}, Decimal(-800)),
        ({"amount": Decimal(8800), "discountAmount": Decimal(800)}, Decimal(-800)),
        ({"amount": Decimal(8800), "discountPercent": Decimal(-10)}, Decimal(-800)),
        ({"amount": None, "discountAmount": Decimal(-800)}, Decimal(-800)),
        ({"amount": None, "discountAmount": Decimal(800), "discountPercent": Decimal(-10)}, Decimal(-800)),
        ({"amount": Decimal(0), "discountPercent": Decimal(100)}, Decimal(8000)),
        ({"orderQty": Decimal(-800), "amount": Decimal(-8800), "discountAmount": Decimal(800)}, Decimal(-800)),
        ({"orderQty": Decimal(-800), "amount": Decimal(-7600), "discountAmount": Decimal(-400)}, Decimal(400)),
        ({"orderQty": Decimal(-800), "amount": None, "discountAmount": Decimal(-400)}, Decimal(400)),
        # A price that is shown rounded hides a cent of it: 3 x 33.3333 less 10 %.
        ({"orderQty": 3, "unitCost": Decimal("33.33"), "amount": 90, "discountAmount": 10}, Decimal(10)),
        # The same where the discount is in the price already: 3 x 30.0033.
        ({"orderQty": 3, "unitCost": Decimal("30.00"), "amount": Decimal("90.01"), "discountAmount": 10}, Decimal(0)),
    ],
)
def test_a_negative_discount_is_a_surcharge_and_the_amount_tells_the_sign(changes, discount):
    assert line_of(**changes).discount == discount


def test_a_line_with_an_amount_only_counts_as_one_at_that_amount():
    line = line_of(orderQty=Decimal("0.0"), unitCost=Decimal("0.0"), amount=Decimal("150.0"))
    assert (line.quantity, line.unit_price, line.amount) == (1, 150, 150)


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


@pytest.mark.parametrize(
    ("country", "county", "region"),
    [
        ("US", {"id": "NY", "name": "New York"}, "NY"),
        ("us", {"id": "33", "name": "New York"}, "NY"),
        ("NO", {"id": "03", "name": "Oslo"}, "Oslo"),
        ("SE", {"id": "AB", "name": None}, "AB"),
        ("NO", None, None),
    ],
)
def test_a_state_is_read_as_its_code_and_a_county_as_its_name(country, county, region):
    address = {"city": "X", "country": {"id": country}, "county": county}
    assert order_of(shippingAddress=address).ship_to.address.region == region
