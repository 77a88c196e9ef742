"""A person has what the partner has sent a second time: once for each wish, whatever comes twice or in between."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from connector.domain.errors import AlreadyExists, UnknownOutcome
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from connector.services.outbound.deliver import DeliverResult
from connector.services.outbound.translate import TranslateResult
from testkit.memory.orderful import LostAnswer
from tests.unit.services.outbound.test_translate import ORDER, Bench, an_order

LOST = LostAnswer("The connection to Orderful was lost.", request_id="r-1")


@pytest.fixture
def bench(ports):
    """An order that was sent and acknowledged."""
    made = Bench(**ports)
    made.see(an_order())
    made.deliver_all()
    made.becomes(State.ACKNOWLEDGED)
    return made


@pytest.fixture(autouse=True)
def deliver_all(monkeypatch):
    """Bring what is queued for sending until it is done, as the queue does."""

    def deliver(bench):
        results = []
        for message in list(bench.outbox.queued_deliveries):
            for _ in range(20):
                with suppress(UnknownOutcome, AlreadyExists):
                    results.append(bench.deliverer().handle(message))
                    break
                bench.clock.forward(seconds=40)
        bench.outbox.clear()
        return results

    monkeypatch.setattr(Bench, "deliver_all", deliver, raising=False)


def wish(bench, cause=Cause.AS_REPLACEMENT, *, after=1):
    return cause.named_at(bench.clock.now(), resends_after=after)


@pytest.mark.parametrize(
    ("cause", "purpose"), [(Cause.AS_REPLACEMENT, Purpose.REPLACE), (Cause.AS_ORIGINAL, Purpose.ORIGINAL)]
)
def test_what_is_acknowledged_is_sent_a_second_time_as_the_person_says(bench, cause, purpose):
    assert bench.see(an_order(), cause=wish(bench, cause)) is TranslateResult.QUEUED
    assert bench.deliver_all() == [DeliverResult.SENT]
    assert len(bench.orderful.transactions) == 2
    assert bench.states() == [State.ACKNOWLEDGED, State.SENT]
    newest = bench.newest()
    assert (newest.purpose, newest.released) == (purpose, True)
    assert newest.transaction_id == bench.orderful.transactions[1].transaction_id


def test_the_wish_that_comes_again_sends_nothing_more(bench):
    """SQS delivers at least once; and two persons may wish the same."""
    first, second = wish(bench), wish(bench)
    for _ in range(3):
        bench.see(an_order(), cause=first)
    assert bench.states() == [State.ACKNOWLEDGED, State.TRANSLATED]
    bench.deliver_all()
    for cause in (first, second):
        bench.see(an_order(), cause=cause)
        bench.deliver_all()
    assert len(bench.orderful.transactions) == 2
    assert bench.states() == [State.ACKNOWLEDGED, State.SENT]


def test_a_poll_behind_the_wish_sends_nothing(bench):
    bench.see(an_order(), cause=wish(bench))
    bench.see(an_order())
    assert bench.states() == [State.ACKNOWLEDGED, State.TRANSLATED], "it has not left yet"
    bench.deliver_all()
    bench.see(an_order())
    assert (bench.due(), len(bench.orderful.transactions)) == ([], 2)


def test_what_changes_before_it_left_takes_its_place(bench):
    bench.see(an_order(), cause=wish(bench))
    bench.outbox.clear()
    bench.see(an_order("11.0"))
    bench.deliver_all()
    assert bench.states() == [State.ACKNOWLEDGED, State.SUPERSEDED, State.SENT]
    assert len(bench.orderful.transactions) == 2


def test_a_document_that_changed_meanwhile_is_sent_as_it_stands_and_once(bench):
    late = wish(bench)
    bench.see(an_order("11.0"))
    bench.deliver_all()
    bench.see(an_order("11.0"), cause=late)
    assert (bench.due(), len(bench.orderful.transactions)) == ([], 2)


def test_it_can_be_wished_again_and_again(bench):
    for after in (1, 2, 3):
        bench.see(an_order(), cause=wish(bench, after=after))
        bench.deliver_all()
    assert len(bench.orderful.transactions) == 4


@pytest.mark.parametrize("is_created", [True, False])
def test_a_lost_answer_is_looked_up_and_the_older_transaction_is_not_taken_for_it(bench, is_created):
    bench.see(an_order(), cause=wish(bench, Cause.AS_ORIGINAL))
    bench.orderful.script = [LOST if is_created else UnknownOutcome("Orderful did not answer in time.")]
    bench.deliver_all()
    assert len(bench.orderful.transactions) == 2
    old, new = bench.orderful.transactions
    assert [bench.ledger.get(ORDER, sequence).transaction_id for sequence in (1, 2)] == [
        old.transaction_id,
        new.transaction_id,
    ]


def test_after_it_was_refused_the_partner_still_has_what_it_had(bench):
    bench.see(an_order(), cause=wish(bench))
    bench.deliver_all()
    bench.becomes(State.REJECTED)
    bench.see(an_order())
    assert bench.due() == []
    bench.see(an_order("11.0"))
    assert bench.newest().purpose is Purpose.REPLACE


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
def test_the_wish_names_the_revision_that_it_was_made_of(text, after):
    assert Cause.of(text).resends_after(text) == after


def test_a_wish_reads_as_it_was_written(bench):
    named = Cause.AS_ORIGINAL.named_at(bench.clock.now() + timedelta(seconds=1), resends_after=7)
    assert (Cause.of(named), Cause.of(named).resends_after(named)) == (Cause.AS_ORIGINAL, 7)
