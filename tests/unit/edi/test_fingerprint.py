"""Recognising a transaction: the same document in both dialects, and everything by which another one differs."""

from __future__ import annotations

import copy
import dataclasses
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import DialectChoice
from connector.domain.transactions import Purpose, Stream
from connector.edi.fingerprint import Likeness, compare, differences, fingerprint
from connector.edi.translate import translate
from testkit.samples.business_documents import a_line, a_route, an_invoice, an_invoice_line, an_order

MOSAIC, X12 = DialectChoice.MOSAIC, DialectChoice.X12


def message(content, dialect=MOSAIC, purpose=Purpose.ORIGINAL):
    """The message as Orderful shows it: JSON, read anew."""
    route = a_route(content, dialect=dialect, whole_units=frozenset())
    body = translate(content, route, stream=Stream.TEST, purpose=purpose).request.body
    return msgspec.json.decode(msgspec.json.encode(body["message"]), type=dict)


def likeness(ours, theirs):
    return compare(fingerprint(ours), fingerprint(theirs))


ORDER = an_order(a_line(1), a_line(2, quantity=Decimal("2.50"), unit_price=Decimal("8.00")))
CREDIT = replace(an_invoice(), invoice_type=InvoiceType.CREDIT_MEMO)
DOCUMENTS = [ORDER, an_invoice(an_invoice_line(1), an_invoice_line(2)), CREDIT]
IDS = ["order", "invoice", "credit memo"]


@pytest.mark.parametrize("content", DOCUMENTS, ids=IDS)
@pytest.mark.parametrize("theirs", [MOSAIC, X12])
@pytest.mark.parametrize("ours", [MOSAIC, X12])
def test_a_document_is_the_same_in_both_dialects(content, ours, theirs):
    assert likeness(message(content, ours), message(content, theirs)) is Likeness.SAME


@pytest.mark.parametrize(
    ("content", "purpose"), [*((ORDER, one) for one in Purpose), *((one, Purpose.ORIGINAL) for one in DOCUMENTS[1:])]
)
@pytest.mark.parametrize("theirs", [MOSAIC, X12])
@pytest.mark.parametrize("ours", [MOSAIC, X12])
def test_both_dialects_show_no_difference(content, purpose, ours, theirs):
    shown = [fingerprint(message(content, dialect, purpose)) for dialect in (ours, theirs)]
    assert differences(*shown) == ()


def test_lines_that_nobody_can_tell_apart_are_compared_by_their_figures_alone():
    ours = fingerprint(message(ORDER))
    first, *others = [dataclasses.replace(line, line_id=None) for line in reversed(ours.lines)]
    assert differences(ours, dataclasses.replace(ours, lines=(first, *others))) == ()
    first = dataclasses.replace(first, quantity=Decimal(7))
    assert differences(ours, dataclasses.replace(ours, lines=(first, *others)))


@pytest.mark.parametrize("content", DOCUMENTS, ids=IDS)
@pytest.mark.parametrize("dialect", [MOSAIC, X12])
def test_the_figures_are_read_from_every_dialect(content, dialect):
    found = fingerprint(message(content, dialect))
    assert found.number == content.number
    assert all(None not in (line.quantity, line.price) and line.items for line in found.lines)
    # Mosaic has the line of the order only, and nobody knows those of a customer.
    assert all((line.line_id is None) is (dialect is MOSAIC and content is not ORDER) for line in found.lines)
    assert len(found.lines) == len(content.lines)
    assert found.is_credit is (None if content is ORDER else content is CREDIT)
    assert (found.total is None) is (content is ORDER and dialect is X12)


@pytest.mark.parametrize("dialect", [MOSAIC, X12])
@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (replace(ORDER, number="500124"), Likeness.OTHER_DOCUMENT),
        (an_invoice(number=ORDER.number), Likeness.OTHER_DOCUMENT),
        (an_order(a_line(1)), Likeness.OTHER_CONTENT),
        (an_order(a_line(1), a_line(2, quantity=Decimal(3), unit_price=Decimal(8))), Likeness.OTHER_CONTENT),
        (an_order(a_line(1), a_line(2, quantity=Decimal("2.5"), unit_price=Decimal(9))), Likeness.OTHER_CONTENT),
        (an_order(a_line(1), a_line(3, quantity=Decimal("2.5"), unit_price=Decimal(8))), Likeness.OTHER_CONTENT),
        (replace(ORDER, ordered_on=date(2020, 1, 1)), Likeness.SIMILAR),
        (
            replace(
                ORDER,
                promised_on=date(2020, 1, 1),
                lines=tuple(replace(line, promised=None) for line in ORDER.lines),
            ),
            Likeness.SIMILAR,
        ),
        (
            an_order(
                a_line(1),
                a_line(
                    2,
                    quantity=Decimal("2.5"),
                    unit_price=Decimal(8),
                    item="ANOTHER",
                    supplier_item="ANOTHER",
                ),
            ),
            Likeness.SIMILAR,
        ),
        (
            an_order(a_line(1, promised=date(2020, 1, 1)), a_line(2, quantity=Decimal("2.5"), unit_price=Decimal(8))),
            Likeness.SIMILAR,
        ),
    ],
    ids=["number", "type", "line count", "quantity", "price", "line id", "date", "delivery", "item", "line date"],
)
def test_what_differs_is_seen_across_dialects(other, expected, dialect):
    for ours in (MOSAIC, X12):
        assert likeness(message(ORDER, ours), message(other, dialect)) is expected


@pytest.mark.parametrize("ours", [MOSAIC, X12])
@pytest.mark.parametrize("theirs", [MOSAIC, X12])
def test_a_cancellation_is_other_content_and_a_replacement_is_not(ours, theirs):
    original = message(ORDER, ours)
    assert likeness(original, message(ORDER, theirs, Purpose.CANCELLATION)) is Likeness.OTHER_CONTENT
    replacement = message(ORDER, theirs, Purpose.REPLACE)
    assert likeness(original, replacement) is Likeness.SAME
    assert fingerprint(replacement).replaces
    assert not fingerprint(original).replaces


@pytest.mark.parametrize("ours", [MOSAIC, X12])
@pytest.mark.parametrize("theirs", [MOSAIC, X12])
def test_an_invoice_and_a_credit_memo_with_one_number_are_two_documents(ours, theirs):
    assert likeness(message(an_invoice(), ours), message(CREDIT, theirs)) is Likeness.OTHER_DOCUMENT


def test_an_amount_below_zero_says_credit_where_no_type_is_shown():
    theirs = message(CREDIT, X12)
    tree = theirs["transactionSets"][0]
    del tree["beginningSegmentForInvoice"][0]["transactionTypeCode"]
    tree["totalMonetaryValueSummary"][0]["amount"] = "-12500"
    assert likeness(message(an_invoice(), X12), theirs) is Likeness.OTHER_DOCUMENT


def test_a_total_that_differs_is_other_content():
    theirs = message(an_invoice(), X12)
    theirs["transactionSets"][0]["totalMonetaryValueSummary"][0]["amount"] = "1"
    assert likeness(message(an_invoice()), theirs) is Likeness.OTHER_CONTENT


def test_what_orderful_adds_leaves_out_or_writes_otherwise_is_not_held_against_it():
    theirs = copy.deepcopy(message(ORDER, X12))
    tree = theirs["transactionSets"][0]
    tree["transactionSetTrailer"] = [{"numberOfIncludedSegments": "9"}]
    tree["PO1_loop"].reverse()
    for loop in tree["PO1_loop"]:
        data = loop["baselineItemData"][0]
        data["assignedIdentification"] = data["assignedIdentification"].rjust(6, "0")
        data["quantity"] = f"{Decimal(data['quantity']):.4f}"
        loop.pop("dateTimeReference", None)
    assert likeness(message(ORDER), {"href": "https://x.invalid", **theirs}) is Likeness.SAME
    for loop in tree["PO1_loop"]:
        del loop["baselineItemData"][0]["unitPrice"]
    assert likeness(message(ORDER), theirs) is Likeness.SAME


@pytest.mark.parametrize(
    "message_shown",
    [
        None,
        "text",
        [],
        {},
        {"href": "https://x.invalid/message"},
        {"transactionSets": []},
        {"transactionSets": [{}, {}]},
        {"transactionSets": ["x"]},
        {"transactionSets": [{"beginningSegmentForShipNotice": [{}]}]},
    ],
)
def test_what_shows_no_document_tells_nothing(message_shown):
    assert likeness(message(ORDER), message_shown) is Likeness.UNKNOWN


def test_numbers_that_are_none_are_not_shown():
    theirs = message(ORDER)
    theirs["lineItems"][0]["unitCostPrice"] = "many"
    theirs["purchaseOrderDate"] = "soon"
    assert likeness(message(ORDER), theirs) is Likeness.SAME
