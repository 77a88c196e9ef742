"""What the lines of a change are, and what they come to now and as the partner asks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.order_change.changed_lines import ChangedLine, changed_lines
from connector.domain.order_change.decide import decide
from connector.domain.order_change.findings import HEADER, Difference
from testkit.samples.business_documents import a_line, a_route, an_order
from testkit.samples.change_requests import a_request, asks, snapshot

ORDER = an_order(a_line(1), a_line(2, quantity=Decimal(4), description="Pear juice 2 l"))
"""Ten of ITEM-1 and four of ITEM-2, each at 12.50."""


def differs(where, field, theirs, ours, base=None):
    return Difference(where=where, field=field, base=base or ours, theirs=theirs, ours=ours)


def only(*differences, order=ORDER):
    (line,) = changed_lines(differences, order)
    return line


def test_a_quantity_changes_what_a_line_comes_to():
    assert only(differs("line 1", "quantity", "12", "10")) == ChangedLine(
        where="line 1",
        item="ITEM-1",
        text="Apple juice 1 l",
        unit="STK",
        price=Decimal("12.50"),
        now=Decimal("125.00"),
        asked=Decimal("150.00"),
    )


def test_a_price_counts_with_the_quantity_that_is_asked_for():
    line = only(differs("line 2", "quantity", "5", "4"), differs("line 2", "price", "13", "12.5"))
    assert (line.text, line.price, line.now, line.asked) == ("Pear juice 2 l", Decimal(13), Decimal(50), Decimal(65))


def test_a_price_alone_counts_with_the_quantity_of_the_order():
    line = only(differs("line 2", "price", "13", "12.5"))
    assert (line.now, line.asked) == (Decimal(50), Decimal(52))


def test_what_visma_has_by_now_counts_not_what_the_partner_had():
    line = only(differs("line 1", "quantity", "12", "11", base="10"))
    assert line.now == Decimal("137.50")


def test_a_day_changes_nothing_of_it():
    line = only(differs("line 1", "wanted day", "2026-10-09", "2026-10-01"))
    assert line.now == line.asked == Decimal("125.00")


def test_a_line_that_is_taken_out_comes_to_nothing():
    line = only(differs("line 1", "line", "taken out", "10"))
    assert (line.now, line.asked) == (Decimal("125.00"), Decimal(0))


def test_a_line_that_is_added_came_to_nothing():
    added = {"line": "3", "item": "ITEM-9", "unit": "KRT", "price": "20"}
    line = only(*(differs("new line ITEM-9", field, theirs, None) for field, theirs in added.items()))
    assert line == ChangedLine(
        where="new line ITEM-9", item="ITEM-9", unit="KRT", price=Decimal(20), now=Decimal(0), asked=Decimal(60)
    )


@pytest.mark.parametrize(
    "difference",
    [
        differs("line 1", "quantity", "8 + 2", "10"),
        differs("line 1", "quantity", "NaN", "10"),
        differs("line 9", "quantity", "12", "10"),
        differs("line 1", "quantity", "9" * 30, "10"),
    ],
    ids=["in words", "no number", "not in the order", "too large"],
)
def test_what_cannot_be_told_is_not_guessed(difference):
    assert only(difference).asked is None


def test_without_an_order_only_what_the_message_says_is_known():
    line = only(differs("line 1", "quantity", "12", "10"), differs("line 1", "price", "2", "1"), order=None)
    assert (line.item, line.now, line.asked) == (None, Decimal(10), Decimal(24))
    assert only(differs("line 1", "quantity", "12", "10"), order=None).asked is None


def test_the_header_is_no_line_and_each_line_stands_once():
    differences = [
        differs(HEADER, "delivery date", "2026-10-09", "2026-10-01"),
        differs("line 2", "price", "13", "12.5"),
        differs("line 1", "quantity", "12", "10"),
        differs("line 2", "quantity", "5", "4"),
    ]
    assert [one.where for one in changed_lines(differences, ORDER)] == ["line 2", "line 1"]


def test_it_reads_the_differences_of_a_decision():
    request = a_request(asks("QI", 1, quantity=12), asks("DI", 2))
    decision = decide(request, base=ORDER, ours=snapshot(ORDER), route=a_route())
    assert [(one.where, one.now, one.asked) for one in changed_lines(decision.differences, ORDER)] == [
        ("line 1", Decimal("125.00"), Decimal("150.00")),
        ("line 2", Decimal("50.00"), Decimal(0)),
    ]
