"""A transaction that Orderful refused is sent by hand there, although the document went on in Visma."""

from __future__ import annotations

import pytest

from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Concern
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State, list_of
from connector.domain.transactions import Purpose
from connector.services.ports import Metric
from connector.services.release import message_for
from testkit.memory.change_harness import ORDER, Harness

MORE = {"line_1": {"orderQty": 900}}


@pytest.fixture
def harness():
    """An order whose transaction is not valid for the partner."""
    made = Harness()
    made.orderful.update_status(first(made), validation_status="INVALID", problems=("N1: missing",))
    made.clock.forward(minutes=10)
    made.tracker().run()
    assert states(made) == [State.REJECTED]
    return made


def first(harness):
    return harness.sent[0].transaction_id


def states(harness):
    return [one.state for one in reversed(harness.ledger.revisions(ORDER))]


def edited(harness, **edit):
    harness.orders.edit(**edit)
    harness.poll()


def later(harness, **time):
    harness.clock.forward(**(time or {"hours": 1}))
    harness.tracker().run()
    harness.quiesce()


def released(harness, cause):
    newest = harness.ledger.revisions(ORDER)[0]
    source = harness.ledger.source_of(newest)
    message = message_for(newest, source, harness.payloads, now=harness.clock.now(), cause=cause)
    harness.outbox.documents([message])
    harness.quiesce()


def test_a_second_original_is_asked_about_where_the_first_was_sent_by_hand(harness):
    harness.orderful.send_manually(first(harness))
    edited(harness, **MORE)
    harness.quiesce()
    assert states(harness) == [State.DELIVERED, State.PARKED]
    assert len(harness.sent) == 1
    parked = harness.ledger.get(ORDER, 2)
    assert parked.reason_code == Reason.EARLIER_SENT_BY_HAND
    assert first(harness) in parked.reason
    assert f"connector documents release {ORDER} --as replacement" in parked.next_step
    assert harness.telemetry.counts[Metric.DOCUMENTS_PARKED] == 1


def test_a_person_then_has_the_new_state_sent_as_replacement(harness):
    harness.orderful.send_manually(first(harness))
    edited(harness, **MORE)
    harness.quiesce()
    released(harness, Cause.AS_REPLACEMENT)
    assert states(harness) == [State.DELIVERED, State.SENT]
    assert harness.ledger.get(ORDER, 2).purpose is Purpose.REPLACE


def test_a_person_may_have_it_sent_as_original_all_the_same(harness):
    harness.orderful.send_manually(first(harness))
    edited(harness, **MORE)
    harness.quiesce()
    released(harness, Cause.AS_ORIGINAL)
    assert states(harness) == [State.DELIVERED, State.SENT]
    assert harness.ledger.get(ORDER, 2).purpose is Purpose.ORIGINAL


def test_a_correction_leaves_as_original_where_nobody_sent_the_first(harness):
    edited(harness, **MORE)
    harness.quiesce()
    assert states(harness) == [State.SUPERSEDED, State.SENT]
    assert [harness.ledger.get(ORDER, 2).purpose, len(harness.sent)] == [Purpose.ORIGINAL, 2]


def test_the_first_that_is_sent_after_its_correction_needs_a_person(harness):
    edited(harness, **MORE)
    harness.quiesce()
    harness.orderful.send_manually(first(harness))
    later(harness)
    had = harness.ledger.get(ORDER, 1)
    assert (had.state, had.concern, had.reason, had.reason_code) == (
        State.DELIVERED,
        Concern.SENT_AFTERWARDS,
        None,
        None,
    )
    assert harness.sent[1].transaction_id in had.next_step
    assert f"connector documents close {ORDER} --revision 1" in had.next_step
    later(harness, hours=5)
    assert harness.ledger.get(ORDER, 1).needs_attention, "no status ends it"


def test_a_withdrawn_one_that_is_sent_needs_a_person_who_can_send_the_cancellation(harness):
    edited(harness, status="Cancelled")
    harness.quiesce()
    assert states(harness) == [State.SUPERSEDED, State.SKIPPED]
    harness.orderful.send_manually(first(harness))
    later(harness)
    had = harness.ledger.get(ORDER, 1)
    assert had.needs_attention
    assert f"connector documents release {ORDER} --as replacement" in had.next_step
    released(harness, Cause.AS_REPLACEMENT)
    newest = harness.ledger.revisions(ORDER)[0]
    assert (newest.state, newest.purpose) == (State.SENT, Purpose.CANCELLATION)


def test_a_withdrawn_one_that_was_sent_is_cancelled_by_itself_when_it_is_seen_again(harness):
    edited(harness, status="Cancelled")
    harness.quiesce()
    harness.orderful.send_manually(first(harness))
    later(harness)
    harness.poll()
    harness.quiesce()
    assert harness.ledger.revisions(ORDER)[0].purpose is Purpose.CANCELLATION


def test_an_original_that_waits_in_the_queue_is_held_when_the_tracker_sees_the_first_sent(harness):
    edited(harness, **MORE)
    harness.translator().handle(harness.outbox.queued_documents[-1])
    harness.orderful.send_manually(first(harness))
    harness.clock.forward(hours=1)
    harness.tracker().run()
    assert harness.ledger.get(ORDER, 1).concern == Concern.SENT_AFTERWARDS
    harness.deliverer().handle(harness.outbox.queued_deliveries[-1])
    assert states(harness) == [State.DELIVERED, State.PARKED]
    assert len(harness.sent) == 1


def test_it_is_followed_for_thirty_days(harness):
    edited(harness, **MORE)
    harness.quiesce()
    for _ in range(30):
        assert list_of(harness.ledger.get(ORDER, 1)) == State.SUPERSEDED.value
        later(harness, days=1)
    had = harness.ledger.get(ORDER, 1)
    assert (had.state, had.over, list_of(had)) == (State.SUPERSEDED, True, None)


def test_one_that_was_deleted_at_orderful_raises_nothing(harness):
    edited(harness, **MORE)
    harness.quiesce()
    harness.orderful.delete(first(harness))
    later(harness)
    assert harness.ledger.get(ORDER, 1).state is State.SUPERSEDED


def test_one_that_never_left_is_not_followed(harness):
    edited(harness, supplier={"internalId": 9, "number": "99", "name": "Nobody"})
    harness.quiesce()
    edited(harness, supplier={"internalId": 9, "number": "99", "name": "Nobody"}, **MORE)
    harness.quiesce()
    assert {one.sequence: list_of(one) for one in harness.ledger.revisions(ORDER)}[2] is None
