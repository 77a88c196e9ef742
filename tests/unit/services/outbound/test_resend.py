"""A person has what the partner has sent a second time: once for each request, whatever comes twice or in between."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from connector.domain.errors import AlreadyExists, UnknownOutcome
from connector.domain.pause import Pause, Scope
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose, Stream
from connector.services.outbound.deliver import DeliverResult
from connector.services.outbound.translate import TranslateResult
from connector.services.release import message_for
from connector.services.resume import let_go, resumable
from testkit.memory.orderful import LostAnswer
from tests.unit.services.outbound.test_translate import ORDER, Harness, an_order

ACME = Scope(partner="acme")
LOST = LostAnswer("The connection to Orderful was lost.", request_id="r-1")


@pytest.fixture
def harness(ports):
    """An order that was sent and acknowledged."""
    made = Harness(**ports)
    made.see(an_order())
    made.deliver_all()
    made.becomes(State.ACKNOWLEDGED)
    return made


@pytest.fixture(autouse=True)
def deliver_all(monkeypatch):
    """Bring what is queued for sending until it is done, as the queue does."""

    def deliver(harness):
        results = []
        for message in list(harness.outbox.queued_deliveries):
            for _ in range(20):
                with suppress(UnknownOutcome, AlreadyExists):
                    results.append(harness.deliverer().handle(message))
                    break
                harness.clock.forward(seconds=40)
        harness.outbox.clear()
        return results

    monkeypatch.setattr(Harness, "deliver_all", deliver, raising=False)


def resend_cause(harness, cause=Cause.AS_REPLACEMENT, *, after=1):
    return cause.named_at(harness.clock.now(), resends_after=after)


@pytest.mark.parametrize(
    ("cause", "purpose"), [(Cause.AS_REPLACEMENT, Purpose.REPLACE), (Cause.AS_ORIGINAL, Purpose.ORIGINAL)]
)
def test_what_is_acknowledged_is_sent_a_second_time_as_the_person_says(harness, cause, purpose):
    assert harness.see(an_order(), cause=resend_cause(harness, cause)) is TranslateResult.QUEUED
    assert harness.deliver_all() == [DeliverResult.SENT]
    assert len(harness.orderful.transactions) == 2
    assert harness.states() == [State.ACKNOWLEDGED, State.SENT]
    newest = harness.newest()
    assert (newest.purpose, newest.released) == (purpose, True)
    assert newest.transaction_id == harness.orderful.transactions[1].transaction_id


def test_the_request_that_comes_again_sends_nothing_more(harness):
    """SQS delivers at least once; and two persons may ask for the same."""
    first, second = resend_cause(harness), resend_cause(harness)
    for _ in range(3):
        harness.see(an_order(), cause=first)
    assert harness.states() == [State.ACKNOWLEDGED, State.TRANSLATED]
    harness.deliver_all()
    for cause in (first, second):
        harness.see(an_order(), cause=cause)
        harness.deliver_all()
    assert len(harness.orderful.transactions) == 2
    assert harness.states() == [State.ACKNOWLEDGED, State.SENT]


def test_a_poll_behind_the_request_sends_nothing(harness):
    harness.see(an_order(), cause=resend_cause(harness))
    harness.see(an_order())
    assert harness.states() == [State.ACKNOWLEDGED, State.TRANSLATED], "it has not left yet"
    harness.deliver_all()
    harness.see(an_order())
    assert (harness.due(), len(harness.orderful.transactions)) == ([], 2)


def test_what_changes_before_it_left_takes_its_place(harness):
    harness.see(an_order(), cause=resend_cause(harness))
    harness.outbox.clear()
    harness.see(an_order("11.0"))
    harness.deliver_all()
    assert harness.states() == [State.ACKNOWLEDGED, State.SUPERSEDED, State.SENT]
    assert len(harness.orderful.transactions) == 2


def test_a_document_that_changed_meanwhile_is_sent_as_it_stands_and_once(harness):
    late = resend_cause(harness)
    harness.see(an_order("11.0"))
    harness.deliver_all()
    harness.see(an_order("11.0"), cause=late)
    assert (harness.due(), len(harness.orderful.transactions)) == ([], 2)


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("cause", [Cause.AS_REPLACEMENT, Cause.AS_ORIGINAL])
def test_a_pause_that_begins_before_it_left_keeps_it_until_its_end(harness, cause, touched):
    harness.see(an_order(), cause=resend_cause(harness, cause))
    harness.ledger.pause(Pause(scope=ACME, since=harness.clock.now(), by="ola", caller="arn:ola", reason="they move"))
    harness.deliver_all()
    if touched:
        harness.see(an_order())
    assert harness.newest().is_paused

    harness.ledger.resume(ACME)
    found = resumable(
        ACME,
        staying=(),
        ledger=harness.ledger,
        changes=harness.changes,
        routing=harness.routing.load(),
        stream=Stream.TEST,
        now=harness.clock.now(),
    )
    for _ in range(2):
        let_go(
            found,
            ledger=harness.ledger,
            outbox=harness.outbox,
            payloads=harness.payloads,
            changes=harness.changes,
            clock=harness.clock,
        )
    for message in list(harness.outbox.queued_documents):
        harness.translator().handle(message)
        harness.deliver_all()
    assert harness.states() == [State.ACKNOWLEDGED, State.SENT]
    assert len(harness.orderful.transactions) == 2
    assert harness.newest().purpose is (Purpose.ORIGINAL if cause is Cause.AS_ORIGINAL else Purpose.REPLACE)


@pytest.mark.parametrize("again", [Cause.RELEASE, Cause.REPLAY, Cause.AS_REPLACEMENT])
def test_one_that_the_routing_of_by_then_keeps_back_leaves_with_the_next_routing(harness, again):
    good = harness.routing.load().data
    harness.routing.apply({**good, "partners": {}})
    harness.see(an_order(), cause=resend_cause(harness))
    harness.see(an_order())
    assert harness.states() == [State.ACKNOWLEDGED, State.PARKED]

    harness.routing.apply(good)
    found = harness.newest()
    message = message_for(
        found, harness.ledger.source_of(found), harness.payloads, now=harness.clock.now(), cause=again
    )
    for _ in range(2):
        harness.translator().handle(message)
        harness.deliver_all()
    assert harness.states() == [State.ACKNOWLEDGED, State.SENT]
    assert len(harness.orderful.transactions) == 2
    assert harness.newest().purpose is Purpose.REPLACE


def test_it_can_be_requested_again_and_again(harness):
    for after in (1, 2, 3):
        harness.see(an_order(), cause=resend_cause(harness, after=after))
        harness.deliver_all()
    assert len(harness.orderful.transactions) == 4


@pytest.mark.parametrize("is_created", [True, False])
def test_a_lost_answer_is_looked_up_and_the_older_transaction_is_not_taken_for_it(harness, is_created):
    harness.see(an_order(), cause=resend_cause(harness, Cause.AS_ORIGINAL))
    harness.orderful.script = [LOST if is_created else UnknownOutcome("Orderful did not answer in time.")]
    harness.deliver_all()
    assert len(harness.orderful.transactions) == 2
    old, new = harness.orderful.transactions
    assert [harness.ledger.get(ORDER, sequence).transaction_id for sequence in (1, 2)] == [
        old.transaction_id,
        new.transaction_id,
    ]


def test_after_it_was_refused_the_partner_still_has_what_it_had(harness):
    harness.see(an_order(), cause=resend_cause(harness))
    harness.deliver_all()
    harness.becomes(State.REJECTED)
    harness.see(an_order())
    assert harness.due() == []
    harness.see(an_order("11.0"))
    assert harness.newest().purpose is Purpose.REPLACE


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("send as replacement again after 12 2026-11-29T06:00:00+00:00", 12),
        ("send as original again after 3 2026-11-29T06:00:00+00:00", 3),
        ("send as original 2026-11-29T06:00:00+00:00", None),
        ("send as original again after x 2026", None),
        ("replay again after 3 2026", None),
        ("poll", None),
    ],
)
def test_the_request_names_the_revision_that_it_was_made_of(text, after):
    assert Cause.of(text).resends_after(text) == after


def test_a_request_reads_as_it_was_written(harness):
    named = Cause.AS_ORIGINAL.named_at(harness.clock.now() + timedelta(seconds=1), resends_after=7)
    assert (Cause.of(named), Cause.of(named).resends_after(named)) == (Cause.AS_ORIGINAL, 7)
