"""An order whose line is closed short in Visma is not ordered again with its next change."""

from __future__ import annotations

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from connector.services.release import message_for
from testkit.memory.change_harness import ORDER, Harness
from testkit.samples.visma_samples import a_purchase_order, an_order_line

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


def waiting(*, paused: bool) -> Harness:
    """An order that was never sent: a pause kept it until goods were received, or the deliverer asks a person."""
    harness = Harness()
    harness.orders.put_in(a_purchase_order(orderNbr="500124", lines=[an_order_line(1)]))
    key = DocumentKey.of_order("nordic", "500124")
    harness.poll("500124")
    harness.translator().handle(harness.outbox.queued_documents[-1])
    harness.outbox.clear()
    code = Reason.PAUSED if paused else Reason.UNKNOWN_TRANSACTION
    harness.ledger.move(
        harness.ledger.revisions(key)[0],
        State.PARKED,
        now=harness.clock.now(),
        note="it waits",
        reason="it waits",
        reason_code=code.value,
    )
    if paused:
        harness.orders.line(1, "500124").update(qtyOnReceipts=400)
        harness.orders.edit("500124", dontPrint=True)
        harness.poll("500124")
        harness.quiesce()
        assert harness.ledger.revisions(key)[0].reason_code == Reason.GOODS_RECEIVED
    return harness


@pytest.mark.parametrize("paused", [True, False])
def test_an_order_that_waits_and_is_received_in_full_does_not_leave_when_it_is_released(paused):
    """Its status is no part of what the partner sees; the person has an older one in mind."""
    harness, key = waiting(paused=paused), DocumentKey.of_order("nordic", "500124")
    harness.orders.line(1, "500124").update(qtyOnReceipts=800, completed=True)
    harness.orders.edit("500124", status="Closed")
    harness.poll("500124")
    harness.quiesce()

    asked = harness.ledger.revisions(key)[0]
    assert (asked.state, asked.visma_status) == (State.SKIPPED if paused else State.PARKED, "Closed")
    source, now = harness.ledger.source_of(asked), harness.clock.now()
    harness.outbox.documents([message_for(asked, source, harness.payloads, now=now, cause=Cause.AS_ORIGINAL)])
    harness.quiesce()
    assert len(harness.sent) == 1
    assert harness.ledger.revisions(key)[0].state is State.SKIPPED
