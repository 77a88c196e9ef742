"""The days of an 860: whose they are, what the header moves, and how far."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.order_change.edits import equals_with_edits
from connector.domain.routing.route import LineDate
from testkit.samples.business_documents import a_line, an_order
from testkit.samples.change_requests import asks, edited, lines_of, snapshot, some_facts, with_line
from testkit.samples.decisions import GENEROUS, ORDER, REMOVING, applied, hard, parked, soft

OCT_1, OCT_8, OCT_9 = date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 9)


# -- dates ------------------------------------------------------------------------------------------------------------


BY_REQUESTED = {"line_date": LineDate.REQUESTED}
DEFAULT = an_order(*(a_line(number, requested=date(2026, 9, 10)) for number in (1, 2)))
"""As Visma fills it: requested is the order date, promised the day of the header."""


def test_a_wanted_day_is_measured_against_the_day_that_was_sent_and_written_where_it_came_from():
    decision = applied(asks("RS", 1, requested=OCT_8), base=DEFAULT)
    assert lines_of(decision.edits) == [{"number": 1, "promised": OCT_8, "operation": "Update"}]
    (difference,) = decision.differences
    assert (difference.field, difference.base, difference.theirs) == ("wanted day", "2026-10-01", "2026-10-08")
    assert not applied(asks("RS", 1, requested=OCT_1), base=DEFAULT).requested
    assert "from 2026-09-10 to 2026-10-08" in soft(asks("RS", 1, requested=OCT_8), base=DEFAULT, route=BY_REQUESTED)


@pytest.mark.parametrize("promised", [OCT_1, date(2026, 10, 3)])
def test_with_requested_days_the_promised_one_stays(promised):
    order = an_order(a_line(1, promised=promised))
    (line,) = lines_of(applied(asks("RS", 1, requested=OCT_8), base=order, route=BY_REQUESTED).edits)
    assert line == {"number": 1, "requested": OCT_8, "operation": "Update"}


def test_a_line_has_one_day_unless_requested_days_are_sent():
    both = asks("RS", 1, requested=OCT_8, promised=OCT_9)
    assert "wanted on 2026-10-08 and promised for 2026-10-09" in hard(both)
    assert applied(asks("RS", 1, promised=OCT_8)).edits == applied(asks("RS", 1, requested=OCT_8)).edits
    (line,) = lines_of(applied(both, route=BY_REQUESTED, rules={**GENEROUS, "dates": timedelta(8)}).edits)
    assert (line["requested"], line["promised"]) == (OCT_8, OCT_9)


def test_a_day_that_the_line_leaves_to_the_header_is_written_to_the_line():
    order = an_order(a_line(1, requested=None, promised=None))
    assert not applied(asks("RS", 1, requested=OCT_1), base=order).requested
    decision = applied(asks("RS", 1, requested=OCT_8), base=order)
    assert lines_of(decision.edits) == [{"number": 1, "promised": OCT_8, "operation": "Update"}]
    moved = replace(order, promised_on=OCT_8)
    again = applied(asks("RS", 1, requested=OCT_8), base=order, ours=moved)
    assert lines_of(again.edits) == lines_of(decision.edits), "the header's day may move again"


def test_a_date_may_move_as_far_as_allowed_and_no_further():
    applied(asks("RS", 1, requested=OCT_8))
    assert "moves from 2026-10-01 to 2026-10-09, further than 7 days" in soft(asks("RS", 1, requested=OCT_9))
    undated = an_order(a_line(1, requested=None, promised=None), promised_on=None)
    assert "is to be 2026-10-08, and there was none" in soft(asks("RS", 1, requested=OCT_8), base=undated)


def test_a_day_that_somebody_changed_is_not_overwritten_unseen():
    ours = with_line(ORDER, 1, promised=date(2026, 10, 3))
    assert "the wanted day was changed in Visma meanwhile" in soft(asks("RS", 1, requested=OCT_8), ours=ours)


OTHER_DAY = an_order(a_line(1), a_line(2, promised=date(2026, 10, 5)), a_line(3, promised=None))
"""Line 1 has the header's day, line 2 one of its own, and line 3 none."""


def test_the_date_of_the_header_moves_the_lines_that_had_it():
    decision = applied(requested_on=OCT_8, base=OTHER_DAY)
    assert decision.edits.promised_on == OCT_8
    assert lines_of(decision.edits) == [{"number": 1, "promised": OCT_8, "operation": "Update"}]
    after = edited(snapshot(OTHER_DAY), decision.edits)
    assert equals_with_edits(after.content, OTHER_DAY, decision.requested), "the partner is not sent its own change"
    again = applied(requested_on=OCT_8, base=OTHER_DAY, ours=after.content)
    assert (bool(again.edits), again.requested) == (False, decision.requested)
    assert not applied(requested_on=OCT_1, base=OTHER_DAY).requested
    assert "The order: the delivery date" not in soft(requested_on=OCT_9)
    assert "the delivery date moves from 2026-10-01 to 2026-10-09" in soft(requested_on=OCT_9)


def test_with_requested_days_the_date_of_the_header_moves_these_alone():
    (line, _) = lines_of(applied(requested_on=OCT_8, route=BY_REQUESTED).edits)
    assert line == {"number": 1, "requested": OCT_8, "operation": "Update"}
    decision = parked(requested_on=OCT_8, base=DEFAULT, route=BY_REQUESTED)
    assert (bool(decision.edits), bool(decision.requested), decision.unwritten) == (False, False, (decision.reason,))
    assert (
        "of the header moves no line: with `line_date: requested` the lines have wanted days of their own, 2026-09-10"
        in (decision.reason)
    )


def test_what_the_message_says_of_a_line_goes_before_the_date_of_the_header():
    lines = asks("RS", 1, requested=OCT_1), asks("QI", 2, quantity=12)
    (moved,) = lines_of(applied(*lines, requested_on=OCT_8).edits)
    assert (moved["number"], moved["quantity"], moved["promised"]) == (2, 12, OCT_8)
    decision = applied(asks("DI", 1), requested_on=OCT_8, rules=REMOVING)
    assert [line["operation"] for line in lines_of(decision.edits)] == ["Delete", "Update"]
    applied(asks("QI", 1, quantity=12, requested=OCT_8), requested_on=OCT_8)
    (added,) = (line for line in lines_of(applied(ADDED, requested_on=OCT_8).edits) if line["operation"] == "Insert")
    assert added["promised"] == OCT_8


def test_a_line_whose_header_was_moved_by_hand_goes_no_further_than_allowed():
    ours = replace(ORDER, promised_on=OCT_9)
    reason = soft(requested_on=OCT_9, ours=ours)
    assert "Line 1: the wanted day moves from 2026-10-01 to 2026-10-09, further than 7 days." in reason
    assert "Order: the delivery date moves" not in reason


def test_a_delivery_date_that_is_repeated_and_is_another_in_visma_is_told():
    decision = applied(requested_on=OCT_1, ours=replace(ORDER, promised_on=OCT_9))
    assert (decision.keeps, decision.remarks) == (
        True,
        ("Order: the delivery date 2026-10-01 is what the partner had; Visma keeps 2026-10-09.",),
    )


def test_lines_that_the_date_of_the_header_leaves_alone_are_told():
    ours = an_order(*OTHER_DAY.lines, a_line(4), a_line(5, promised=OCT_8))
    decision = applied(requested_on=OCT_8, base=OTHER_DAY, ours=ours)
    assert decision.remarks == (
        "Line 2 keeps the day 2026-10-05: the date of the header moves the lines that had 2026-10-01.",
        "Line 4 keeps the day 2026-10-01: the partner was never sent this line.",
    )
    many = an_order(a_line(9), *(a_line(number, promised=date(2026, 10, 5)) for number in (1, 2)))
    assert applied(requested_on=OCT_8, base=many).remarks[0].startswith("Lines 1, 2 keep the day 2026-10-05")
    flood = an_order(*(a_line(number, promised=OCT_1 + timedelta(number)) for number in range(30)))
    assert applied(requested_on=OCT_8, base=flood).remarks[10:] == ("And 18 more of the kind.",)


@pytest.mark.parametrize("received", [10, 12])
def test_a_line_that_was_received_in_full_stays_where_it_is(received):
    facts = {1: some_facts(received)}
    decision = parked(requested_on=OCT_8, facts=facts)
    assert decision.unwritten == (f"Line 1 was received in full ({received}) and keeps its day 2026-10-01.",)
    assert [line["number"] for line in lines_of(decision.edits)] == [2]
    raised = asks("QI", 1, quantity=14)
    raises = applied(raised, requested_on=OCT_8, facts=facts, rules={**GENEROUS, "quantity": Decimal(1)})
    assert raises.remarks == (
        f"Line 1: {received} were received already; the day of the rest moves from 2026-10-01 to 2026-10-08.",
    )
    assert f"{received} of 10 were received already, and no delivery is left for the new day" in soft(
        asks("RS", 1, requested=OCT_8), facts=facts
    )


SEP_14, SEP_15 = date(2026, 9, 14), date(2026, 9, 15)
FAR = {"rules": {**GENEROUS, "dates": timedelta(100)}}


def test_the_later_of_the_day_of_the_message_and_of_its_receipt_counts():
    early = asks("RS", 1, requested=SEP_14)
    reason = soft(early, changed_on=SEP_14, taken_on=SEP_15, **FAR)
    assert reason == "Line 1: the wanted day 2026-09-14 is in the past: the receipt is of 2026-09-15."
    assert "the message is of 2026-09-15" in soft(early, changed_on=SEP_15, taken_on=SEP_14, **FAR)


@pytest.mark.parametrize("written", [{"changed_on": SEP_15}, {"taken_on": SEP_15}])
@pytest.mark.parametrize(
    ("what", "theirs"),
    [
        ("Line 1: the wanted day", lambda day: {"lines": [asks("RS", 1, requested=day)]}),
        ("Line 1: the wanted day", lambda day: {"lines": [asks("RS", 1, promised=day)]}),
        ("New line ITEM-9: the wanted day", lambda day: {"lines": [replace(ADDED, requested=day)]}),
        ("Order: the delivery date", lambda day: {"requested_on": day}),
    ],
)
def test_a_day_before_the_message_is_a_question(what, theirs, written):
    how = theirs(SEP_15)
    applied(*how.pop("lines", ()), **how, **written, **FAR)
    how = theirs(SEP_14)
    reason = soft(*how.pop("lines", ()), **how, **written, **FAR)
    assert reason == f"{what} 2026-09-14 is in the past: the message is of 2026-09-15."


@pytest.mark.parametrize("written", [{}, {"changed_on": date(2026, 8, 1)}])
def test_a_day_before_the_order_is_a_question(written):
    early = asks("RS", 1, requested=date(2026, 9, 9))
    assert "2026-09-09 is in the past: the order is of 2026-09-10." in soft(early, **written, **FAR)
    applied(asks("RS", 1, requested=ORDER.ordered_on), **written, **FAR)


def test_a_line_that_cannot_go_along_with_the_header_is_asked_about():
    moved = with_line(ORDER, 1, promised=date(2026, 10, 3))
    assert "Line 1: the wanted day was changed in Visma meanwhile" in soft(requested_on=OCT_8, ours=moved)
    closed = parked(requested_on=OCT_8, facts={1: some_facts(closed=True)})
    assert closed.unwritten == ("Line 1 is closed in Visma and keeps its day 2026-10-01.",)
    assert [line["number"] for line in lines_of(closed.edits)] == [2]
    assert not applied(requested_on=OCT_8, ours=an_order(a_line(2)), approved=True).unwritten


ADDED = asks("AI", None, item="ITEM-9", quantity=5, price="7.25", unit="each")


def test_another_date_of_the_order_is_told():
    decision = applied(asks("PC", 1, price=13), ordered_on=SEP_14)
    assert decision.remarks == ("It changes an order of 2026-09-14; order 500123 is of 2026-09-10.",)
    assert not applied(asks("PC", 1, price=13), ordered_on=ORDER.ordered_on).remarks
