"""Allowances and charges of an answer beside those of the order, as the domain has them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import DocumentDiscount, Tax
from connector.domain.order_change.request import Stated, Topic
from connector.domain.order_change.stated_charges import stated_charges
from testkit.samples.business_documents import a_line, a_route, an_order

LINE = a_line(1, discount=Decimal(25), amount=Decimal(100))
ORDER = an_order(LINE, discounts=(DocumentDiscount(Decimal(5)),))
TAXED = replace(ORDER, taxes=(Tax("3", Decimal(25), Decimal(95), Decimal("23.75")),), tax_total=Decimal("23.75"))
ROUTE = a_route(ORDER, charges_in_answers={"freight": Decimal(40)})


def charge(side, amount="without an amount", *facts, topic=Topic.CHARGES):
    return Stated(topic, f"{side} {amount}", ((side, amount), *facts))


def found(*stated, order=ORDER, line=None):
    return stated_charges(stated, order, ROUTE, line)


@pytest.mark.parametrize(
    ("stated", "line"),
    [
        (charge("allowance", "5.00"), None),
        (charge("allowance", "without an amount", ("percent", "5")), None),
        (charge("allowance", "without an amount", ("percent", "4")), None),
        (charge("allowance", "without an amount", ("percent", "20")), LINE),
        (charge("allowance", "without an amount", ("percent", "25")), LINE),
        (charge("allowance", "without an amount", ("rate", "2.5")), LINE),
        (charge("allowance", "0", ("besides", "sequence 3")), None),
        (charge("charge", "without an amount", ("besides", "amount 0,00 kr")), None),
        (charge("charge", "70", topic=Topic.TERMS), None),
    ],
)
def test_what_the_order_has(stated, line):
    assert found(stated, line=line) == ((), Decimal(0))


@pytest.mark.parametrize(
    ("stated", "line"),
    [
        (charge("charge", "5.00"), None),
        (charge("allowance", "5.01"), None),
        (charge("allowance", "without an amount", ("percent", "6")), None),
        (charge("allowance", "without an amount", ("rate", "0.5")), None),
        (charge("allowance or charge 'S'", "5"), None),
        (charge("charge", "without an amount", ("besides", "amount 5 kr")), None),
        (charge("charge", "40.01", ("kind", "freight")), None),
        (charge("charge", "-40", ("kind", "freight")), LINE),
    ],
)
def test_what_the_order_does_not_have(stated, line):
    unknown, beside = found(stated, line=line)
    assert (unknown, beside) == ((stated.text,), Decimal(0))


def test_usual_charges_and_vat_of_an_order_without_any_are_beside_its_total():
    freight, tax = charge("charge", "40", ("kind", "Freight")), charge("charge", "10", ("kind", "VAT"))
    assert found(freight, tax) == ((), Decimal(50))
    assert found(freight, tax, order=TAXED) == ((tax.text,), Decimal(40))


@pytest.mark.parametrize(
    ("facts", "line", "agrees"),
    [
        (("23.75",), None, True),
        (("23.77",), None, True),
        (("23.80",), None, False),
        (("25.00",), LINE, True),
        (("25.02",), LINE, False),
        (("without an amount", ("percent", "25.0")), None, True),
        (("without an amount", ("percent", "12")), None, False),
    ],
)
def test_vat_within_its_rounding(facts, line, agrees):
    stated = charge("charge", *facts, ("kind", "tax"))
    assert found(stated, order=TAXED, line=line).unknown == (() if agrees else (stated.text,))
