"""Payment terms: the document states, routing fills in, and nothing that is written contradicts itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import Tax, Terms
from connector.domain.invoice_types import InvoiceType
from connector.domain.revision.content_hash import revision_id
from connector.domain.routing.route import DialectChoice, TermsRule
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.x12.text import interchange
from testkit.samples.business_documents import a_route, an_invoice, an_invoice_line, an_order
from testkit.x12_reader import every, read

NET_30 = TermsRule(30)
RULE = TermsRule(30, "2", 10)
# 2026-09-03, due 2026-10-03, 250.00.
INVOICE = an_invoice()
UNTIL = date(2026, 9, 11)


def itd(content, rule):
    """ITD01 to ITD08."""
    route = a_route(content, dialect=DialectChoice.X12, terms={"30": rule})
    text = interchange(
        content,
        route,
        stream=Stream.TEST,
        purpose=Purpose.ORIGINAL,
        control_number=1,
        when=datetime(2026, 9, 3, tzinfo=UTC),
    ).text
    (found,) = every(read(text), "ITD")
    return [*found[1:], *[""] * 12][:8]


def mosaic(content, rule):
    """Type and discount of `termsOfSale`, its net part, and the date of the discount that stands in `dates`."""
    route = a_route(content, dialect=DialectChoice.MOSAIC, terms={"30": rule})
    message = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body["message"]
    terms = message["termsOfSale"]
    return (
        terms["type"],
        terms.get("discountPercent"),
        terms.get("discountDueDate"),
        terms.get("discountDaysDue"),
        terms.get("discountAmount"),
        message.get("dates", {}).get("termsDiscountDueDate"),
    )


NO_DISCOUNT = (["01", "3", "", "", "", "20261003", "30", ""], ("basic", None, None, None, None, None))


@pytest.mark.parametrize(
    ("stated", "rule", "x12", "expected"),
    [
        # Visma grants none: routing has nothing to fill in, and a date alone is no discount.
        ({"cash_discount": Decimal(0)}, RULE, *NO_DISCOUNT),
        ({"cash_discount": Decimal(0), "discount_due_on": UNTIL}, RULE, *NO_DISCOUNT),
        ({"discount_due_on": UNTIL}, NET_30, *NO_DISCOUNT),
        ({}, TermsRule(30, "0", 10), *NO_DISCOUNT),
        # A discount that ends on no day cannot be taken.
        ({"cash_discount": Decimal(5)}, NET_30, *NO_DISCOUNT),
        ({}, TermsRule(30, "2", None), *NO_DISCOUNT),
        # Visma states nothing: routing speaks.
        (
            {},
            RULE,
            ["08", "3", "2", "", "10", "20261003", "30", ""],
            ("basicDiscountOffered", "2", None, 10, None, None),
        ),
        (
            {"discount_due_on": UNTIL},
            RULE,
            ["08", "3", "2", "20260911", "8", "20261003", "30", ""],
            ("basicDiscountOffered", "2", "2026-09-11", 8, None, "2026-09-11"),
        ),
        # Visma states the amount: the percentage of routing gives it, or stays away; days follow from the date.
        (
            {"cash_discount": Decimal(5), "discount_due_on": UNTIL},
            RULE,
            ["08", "3", "2", "20260911", "8", "20261003", "30", "500"],
            ("basicDiscountOffered", "2", "2026-09-11", 8, "5.00", "2026-09-11"),
        ),
        (
            {"cash_discount": Decimal("7.50"), "discount_due_on": UNTIL},
            RULE,
            ["08", "3", "", "20260911", "8", "20261003", "30", "750"],
            ("basicDiscountOffered", None, "2026-09-11", 8, "7.50", "2026-09-11"),
        ),
        (
            {"cash_discount": Decimal(5)},
            RULE,
            ["08", "3", "2", "", "10", "20261003", "30", "500"],
            ("basicDiscountOffered", "2", None, 10, "5.00", None),
        ),
        (
            {"cash_discount": Decimal(5), "discount_due_on": date(2026, 9, 1)},
            RULE,
            ["08", "3", "2", "20260901", "", "20261003", "30", "500"],
            ("basicDiscountOffered", "2", "2026-09-01", None, "5.00", "2026-09-01"),
        ),
    ],
)
def test_what_is_said_of_a_cash_discount(stated, rule, x12, expected):
    content = replace(INVOICE, **stated)
    assert itd(content, rule) == x12
    assert mosaic(content, rule) == expected


def test_a_percentage_may_be_of_the_amount_without_vat():
    taxes = {"taxes": (Tax("3", Decimal(25), Decimal(250), Decimal("62.50")),), "tax_total": Decimal("62.50")}
    for amount, percent in (("5.00", "2"), ("6.25", "2"), ("5.50", "")):
        content = replace(INVOICE, cash_discount=Decimal(amount), discount_due_on=UNTIL, **taxes)
        assert itd(content, RULE)[2] == percent


def test_a_credit_note_without_discount_offers_none():
    memo = an_invoice(invoice_type=InvoiceType.CREDIT_MEMO, cash_discount=Decimal(0))
    assert (itd(memo, RULE), mosaic(memo, RULE)) == NO_DISCOUNT
    granted = replace(memo, cash_discount=Decimal(-5), discount_due_on=UNTIL)
    assert itd(granted, RULE)[7] == "500"


def test_days_that_x12_has_no_room_for_are_left_out():
    far = replace(INVOICE, cash_discount=Decimal(5), discount_due_on=date(2029, 9, 3), due_on=date(2029, 9, 4))
    assert itd(far, RULE) == ["08", "3", "2", "20290903", "", "20290904", "", "500"]


@pytest.mark.parametrize(
    ("stated", "note_text"),
    [
        ({"cash_discount": Decimal("7.50"), "discount_due_on": UNTIL}, "7.50 is not 2 %"),
        ({"cash_discount": Decimal(5), "terms": Terms("none")}, "5 has no last day and was left out"),
    ],
)
def test_what_is_left_out_is_noted(stated, note_text):
    content = replace(INVOICE, **stated)
    route = a_route(content, terms={"30": RULE})
    notes = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).notes
    assert any(note_text in note for note in notes)


def test_an_order_has_the_terms_of_routing():
    order = an_order(terms=Terms("30", "2/10"))
    assert itd(order, RULE) == ["08", "3", "2", "", "10", "", "30", ""]


def test_a_discount_of_zero_leaves_the_id_of_a_revision_as_it_was():
    none_stated = an_invoice(an_invoice_line(1))
    assert revision_id(replace(none_stated, cash_discount=Decimal(0))) == revision_id(none_stated)
    assert revision_id(replace(none_stated, cash_discount=Decimal(1))) != revision_id(none_stated)
