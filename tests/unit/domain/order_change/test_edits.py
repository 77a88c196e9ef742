"""What is written, and whether the order came out as the partner knows it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from connector.domain.documents import DocumentDiscount, Tax
from connector.domain.order_change.edits import NO_EDITS, Edits, LineEdit, Operation, equals_with_edits, in_order
from connector.domain.routing.route import Notes
from testkit.samples.business_documents import a_line, an_order
from testkit.samples.change_requests import edited, snapshot, with_line

INSERT, UPDATE, DELETE = Operation.INSERT, Operation.UPDATE, Operation.DELETE
OCT_1, OCT_8 = date(2026, 10, 1), date(2026, 10, 8)
BEFORE = an_order(a_line(1), a_line(2), a_line(3))


def update(number, **values):
    return LineEdit(operation=UPDATE, number=number, **values)


def delete(number):
    return LineEdit(operation=DELETE, number=number)


def insert(**values):
    usual = {"item": "ITEM-9", "unit": "STK", "quantity": Decimal(5), "price": Decimal(2)}
    return LineEdit(operation=INSERT, **{**usual, **values})


EDITS = Edits(
    promised_on=OCT_8,
    lines=(update(1, quantity=Decimal(12), requested=OCT_8), delete(3), insert(requested=OCT_8, promised=OCT_8)),
)
AFTER = edited(snapshot(BEFORE), EDITS, next_number=7).content


def test_an_order_with_just_these_edits_is_known():
    assert equals_with_edits(AFTER, BEFORE, EDITS)
    assert equals_with_edits(BEFORE, BEFORE, NO_EDITS)
    assert not equals_with_edits(BEFORE, BEFORE, EDITS)
    assert not equals_with_edits(AFTER, BEFORE, NO_EDITS)


@pytest.mark.parametrize("left_out", [None, *EDITS.lines])
def test_an_edit_that_nobody_asked_for_is_seen(left_out):
    lines = tuple(edit for edit in EDITS.lines if edit is not left_out)
    theirs = replace(EDITS, lines=lines) if left_out else Edits(lines=lines)
    assert not equals_with_edits(AFTER, BEFORE, theirs)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": Decimal("12.001")},
        {"unit_price": Decimal(13)},
        {"unit": "KRT"},
        {"item": "ITEM-9"},
        {"requested": date(2026, 10, 2)},
        {"promised": OCT_8},
        {"note": "call first"},
        {"description": "Pears"},
        {"warehouse": "2"},
        {"cancelled": True},
    ],
)
def test_anything_else_that_changed_on_a_line_is_seen(changes):
    assert not equals_with_edits(with_line(AFTER, 1, **changes), BEFORE, EDITS)
    assert not equals_with_edits(with_line(AFTER, 2, **changes), BEFORE, EDITS)


@pytest.mark.parametrize(
    "changes",
    [
        {"promised_on": OCT_1},
        {"note": "call first"},
        {"ship_via": "DHL"},
        {"cancelled": True},
        {"currency": "EUR"},
        {"discounts": (DocumentDiscount(Decimal(1), "Bonus"),)},
        {"ship_to": replace(BEFORE.ship_to, name="Elsewhere")},
    ],
)
def test_anything_else_that_changed_in_the_header_is_seen(changes):
    assert not equals_with_edits(replace(AFTER, **changes), BEFORE, EDITS)


def test_an_order_that_visma_mails_meanwhile_does_not_count():
    assert equals_with_edits(replace(an_order(), sent_by_visma="mail (emailed)"), an_order(), NO_EDITS)


def test_what_stands_in_no_request_does_not_count():
    before, after = (with_line(order, 2, description="Pears") for order in (BEFORE, AFTER))
    quiet = with_line(after, 2, item_description="Renamed in the catalogue", tax_code="4")
    assert equals_with_edits(replace(quiet, supplier=replace(quiet.supplier, location="99")), before, EDITS)


def test_a_tax_code_counts_where_there_are_two_rates_and_a_text_of_the_catalogue_where_there_is_no_other():
    two = (Tax("3", Decimal(25), None, None), Tax("4", Decimal(15), None, None))
    assert not equals_with_edits(
        replace(with_line(AFTER, 2, tax_code="4"), taxes=two), replace(BEFORE, taxes=two), EDITS
    )
    before = with_line(BEFORE, 2, description=None, item_description="Coffee")
    after = with_line(AFTER, 2, description=None, item_description="Tea")
    assert not equals_with_edits(after, before, EDITS)


@pytest.mark.parametrize(("notes", "of_header", "of_lines"), [(one, one.of_header, one.of_lines) for one in Notes])
def test_a_note_counts_where_it_is_sent(notes, of_header, of_lines):
    noted = with_line(AFTER, 2, note="call first")
    assert equals_with_edits(noted, BEFORE, EDITS, notes=notes) is not of_lines
    assert equals_with_edits(replace(AFTER, note="call first"), BEFORE, EDITS, notes=notes) is not of_header


def test_what_visma_works_out_itself_does_not_count():
    sums = {"line_total": Decimal(1), "tax_total": Decimal(2), "order_total": Decimal(3)}
    taxes = (Tax("3", Decimal(25), Decimal(8), Decimal(2)),)
    before = with_line(BEFORE, 1, discount=Decimal("2.5"))
    moved = with_line(with_line(AFTER, 1, amount=Decimal(150), discount=Decimal(3)), 2, source="lines[9]")
    assert equals_with_edits(replace(moved, **sums, taxes=taxes, lines=moved.lines[::-1]), before, EDITS)
    assert not equals_with_edits(with_line(AFTER, 2, discount=Decimal(3)), BEFORE, EDITS)


@pytest.mark.parametrize(
    ("had", "has", "is_known"),
    [
        ("0", "0", True),
        ("0", "3", False),
        ("3", "0", False),
        ("2.5", "3", True),
        ("2.5", "2.5", True),
        ("2.5", "3.01", True),
        ("2.5", "3.02", False),
        ("2.5", "6", False),
        ("-2.5", "-3", True),
        ("2.5", "-3", False),
    ],
)
def test_a_discount_of_a_line_with_another_quantity_stays_its_amount_or_its_share(had, has, is_known):
    """The quantity goes from 10 to 12."""
    before, after = with_line(BEFORE, 1, discount=Decimal(had)), with_line(AFTER, 1, discount=Decimal(has))
    assert equals_with_edits(after, before, EDITS) is is_known


def test_a_discount_on_a_new_line_is_somebody_s_edit():
    new = max(line.number for line in AFTER.lines)
    assert not equals_with_edits(with_line(AFTER, new, discount=Decimal(1)), BEFORE, EDITS)


def test_a_discount_of_the_order_follows_its_lines_and_nothing_else():
    had, has = (sum(line.quantity * line.unit_price for line in order.lines) for order in (BEFORE, AFTER))
    share = (10 * has / had).quantize(Decimal("0.01"))
    before = replace(BEFORE, discounts=(DocumentDiscount(Decimal(10), "Bonus"), DocumentDiscount(Decimal(1), None)))
    after = replace(AFTER, discounts=(DocumentDiscount(Decimal(1), None), DocumentDiscount(share, "Bonus")))
    assert equals_with_edits(after, before, EDITS)
    other = replace(after, discounts=(after.discounts[0], DocumentDiscount(share * 2, "Bonus")))
    assert not equals_with_edits(other, before, EDITS)
    assert not equals_with_edits(replace(after, discounts=after.discounts[:1]), before, EDITS)
    dates = Edits(promised_on=OCT_8)
    only_moved = replace(before, promised_on=OCT_8, discounts=before.discounts[::-1])
    assert equals_with_edits(only_moved, before, dates)
    assert not equals_with_edits(replace(only_moved, discounts=after.discounts), before, dates)


def test_notation_of_numbers_does_not_count():
    assert equals_with_edits(with_line(AFTER, 1, quantity=Decimal("12.00"), unit_price=Decimal("12.5")), BEFORE, EDITS)


def test_a_line_that_was_to_go_may_be_cancelled_instead():
    gone = Edits(lines=(delete(3),))
    assert equals_with_edits(with_line(BEFORE, 3, cancelled=True), BEFORE, gone)
    assert not equals_with_edits(BEFORE, BEFORE, gone)


def test_a_line_that_went_without_being_asked_is_seen():
    assert not equals_with_edits(replace(AFTER, lines=AFTER.lines[1:]), BEFORE, EDITS)


def test_an_added_line_may_have_what_visma_adds_and_nothing_else():
    one = Edits(lines=(insert(),))
    after = edited(snapshot(BEFORE), one).content
    assert equals_with_edits(with_line(after, 4, warehouse="3", tax_code="9", requested=OCT_8), BEFORE, one)
    for changes in ({"quantity": Decimal(6)}, {"unit_price": Decimal(3)}, {"unit": "KG"}, {"cancelled": True}):
        assert not equals_with_edits(with_line(after, 4, **changes), BEFORE, one)
    assert not equals_with_edits(with_line(AFTER, 7, requested=OCT_1), BEFORE, EDITS)
    assert not equals_with_edits(replace(after, lines=(*after.lines, a_line(5, item="ITEM-9"))), BEFORE, one)


def test_several_added_lines_of_one_item_are_told_apart():
    several = Edits(lines=(insert(), insert(requested=OCT_8, promised=OCT_8), insert(requested=OCT_8)))
    after = edited(snapshot(BEFORE), several).content
    assert equals_with_edits(after, BEFORE, several)
    assert equals_with_edits(replace(after, lines=after.lines[::-1]), BEFORE, several)
    assert not equals_with_edits(after, BEFORE, replace(several, lines=several.lines[:2]))
    assert not equals_with_edits(replace(after, lines=after.lines[:-1]), BEFORE, several)


def test_a_cancelled_order_is_known_to_the_one_who_cancelled_it():
    lines = tuple(replace(line, cancelled=True) for line in BEFORE.lines)
    cancelled = replace(BEFORE, cancelled=True, lines=lines)
    assert equals_with_edits(cancelled, BEFORE, Edits(cancelled=True))
    assert not equals_with_edits(cancelled, BEFORE, NO_EDITS)
    assert not equals_with_edits(BEFORE, BEFORE, Edits(cancelled=True))
    assert not equals_with_edits(with_line(cancelled, 1, quantity=Decimal(1)), BEFORE, Edits(cancelled=True))


def test_edits_say_whether_there_is_anything():
    assert not NO_EDITS
    assert Edits(promised_on=OCT_8)
    assert Edits(lines=(delete(1),))
    assert Edits(cancelled=True)


def test_each_line_is_written_once_and_in_order():
    first, second = insert(item="B"), insert(item="A")
    edits = [first, update(2, price=Decimal(3)), second, update(1, quantity=Decimal(1)), update(2, promised=OCT_8)]
    expected = (
        update(1, quantity=Decimal(1)),
        update(2, price=Decimal(3), promised=OCT_8),
        first,
        second,
    )
    assert in_order(edits) == expected
    assert in_order(edits[::-1]) == (*expected[:2], second, first)
    assert in_order([update(1, price=Decimal(3)), delete(1)]) == (delete(1),)
    assert in_order([delete(1), update(1, price=Decimal(3))]) == (delete(1),)


def test_edits_survive_being_stored():
    stored = msgspec.json.encode(EDITS)
    assert msgspec.json.decode(stored, type=Edits) == EDITS
    assert msgspec.json.encode(NO_EDITS) == b"{}"
