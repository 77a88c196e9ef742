"""The figures of a line of Visma: price, amount and the discount between them."""

from decimal import Decimal

import pytest

from connector.edi.visma.read import decode, read_document
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json


def order_of(**changes):
    return read_document(decode(as_json(a_purchase_order(**changes))), company="nordic").content


def line_of(**changes):
    return order_of(lines=[an_order_line(1, **changes)]).lines[0]


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


AMOUNT_ONLY = {"orderQty": Decimal("0.0"), "unitCost": Decimal("0.0"), "amount": Decimal("150.0")}


def test_a_line_with_an_amount_only_counts_as_one_at_that_amount():
    line = line_of(**AMOUNT_ONLY, inventory=None, alternateId=None)
    assert (line.quantity, line.unit_price, line.amount) == (1, 150, 150)


@pytest.mark.parametrize("item", [{}, {"inventory": None}], ids=["ours", "of the supplier"])
@pytest.mark.parametrize("quantity", [Decimal("0.0"), None])
def test_of_an_item_with_an_amount_only_none_was_delivered(item, quantity):
    line = line_of(**(AMOUNT_ONLY | {"orderQty": quantity} | item))
    assert (line.quantity, line.unit_price, line.discount, line.amount) == (0, 0, 0, 150)
    assert not line.is_text
