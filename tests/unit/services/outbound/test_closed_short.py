"""An order whose line is closed short in Visma is not ordered again with its next change."""

from __future__ import annotations

import pytest

from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from connector.services.release import message_for
from testkit.memory.change_harness import ORDER, Harness

SHORT = {"qtyOnReceipts": 500, "completed": True}


@pytest.fixture
def harness():
    """An order of 800 and 100, both lines open."""
    return Harness()


def newest(harness):
    return harness.ledger.revisions(ORDER)[0]


def seen(harness, *, of_line_1=None, **edit):
    """What Visma keeps of a line itself (receipts, its end) goes past the API."""
    harness.orders.line(1).update(of_line_1 or {})
    harness.orders.edit(**edit)
    harness.poll()
    harness.quiesce()
    return newest(harness)


def test_a_line_that_is_closed_short_changes_nothing_by_itself(harness):
    assert seen(harness, of_line_1=SHORT).sequence == 1


def test_the_next_change_of_the_order_is_a_question(harness):
    seen(harness, of_line_1=SHORT)
    asked = seen(harness, line_2={"orderQty": 120})
    assert (asked.state, asked.reason_code, asked.field) == (State.PARKED, Reason.LINE_CLOSED_SHORT, "lines")
    assert "line 1 is completed" in asked.reason
    assert len(harness.sent) == 1


def test_with_the_quantity_that_was_received_it_leaves_by_itself(harness):
    seen(harness, of_line_1=SHORT)
    seen(harness, line_2={"orderQty": 120})
    sent = seen(harness, of_line_1={"orderQty": 500, "amount": 5000}, line_2={"orderQty": 130})
    assert (sent.state, sent.purpose, len(harness.sent)) == (State.SENT, Purpose.REPLACE, 2)


def test_a_person_may_order_the_rest_again(harness):
    asked = seen(harness, of_line_1=SHORT, line_2={"orderQty": 120})
    assert asked.state is State.PARKED
    source = harness.ledger.source_of(asked)
    now = harness.clock.now()
    harness.outbox.documents([message_for(asked, source, harness.payloads, now=now, cause=Cause.AS_REPLACEMENT)])
    harness.quiesce()
    assert (newest(harness).state, newest(harness).purpose) == (State.SENT, Purpose.REPLACE)


@pytest.mark.parametrize(
    "line",
    [
        {"qtyOnReceipts": 800, "completed": True},
        {"qtyOnReceipts": 500, "completed": False},
        {"completed": True, "canceled": True},
    ],
)
def test_a_line_that_is_received_or_open_or_cancelled_asks_nothing(harness, line):
    sent = seen(harness, of_line_1=line, line_2={"orderQty": 120})
    assert (sent.state, sent.purpose) == (State.SENT, Purpose.REPLACE)


def test_a_cancellation_leaves_whatever_was_received(harness):
    seen(harness, of_line_1=SHORT)
    sent = seen(harness, status="Cancelled")
    assert (sent.state, sent.purpose) == (State.SENT, Purpose.CANCELLATION)
