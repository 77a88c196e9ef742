"""Releasing: what waited for a routing entry is looked at again, and only that."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Parked, Transient
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.services.messages import INLINE_LIMIT, DocumentMessage
from connector.services.outbound.reading import read_message
from connector.services.release import (
    NOT_RELEASED,
    ReleasedChange,
    ReleaseEffect,
    forecast_waiting,
    keep_waiting,
    message_for,
    release,
    release_waiting_changes,
)
from testkit.memory.stores import InMemoryChanges, a_change
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
ROUTING = Routing.from_data(routing_data({"defaults.units.KRT": "case"}))


@pytest.fixture
def parked(ledger, clock):
    """Puts a revision into the ledger."""

    def put(number, *, state=State.PARKED, waits_for="defaults.units.KRT", source=b'{"orderNbr": "1"}') -> Revision:
        key = DocumentKey("nordic", Kind.PURCHASE_ORDER, number)
        message = DocumentMessage(company="nordic", kind=key.kind, number=number, modified_at=clock.now())
        content = read_message(message, source).revision_id
        revision = Revision(
            key=key,
            sequence=1,
            revision_id=content,
            state=state,
            created_at=clock.now(),
            updated_at=clock.now(),
            waits_for=waits_for,
        )
        ledger.add(revision, source=source, request=None)
        clock.forward(seconds=1)
        return revision

    return put


def an_order(**changes):
    return as_json(a_purchase_order(**({"date": "2026-10-30T00:00:00"} | changes)))


def forecast(ledger, routing=ROUTING):
    return {one.key.number: one for one in forecast_waiting(ledger, routing, Stream.TEST, now=NOW)}


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({}, ReleaseEffect.LEAVES),
        ({"date": "2026-10-18T00:00:00"}, ReleaseEffect.OLD),
        ({"date": "2026-10-19T00:00:00"}, ReleaseEffect.LEAVES),
        ({"status": "Closed"}, ReleaseEffect.NOT_NOW),
        ({"orderType": "StandardBlanket"}, ReleaseEffect.NOT_NOW),
        ({"supplier": {"number": "99"}}, ReleaseEffect.WAITS),
    ],
)
def test_what_a_routing_would_release_is_known_before_it_is_applied(ledger, parked, changes, effect):
    parked("1", source=an_order(**changes))
    assert forecast(ledger)["1"].effect is effect


def test_a_forecast_tells_partner_date_status_and_sum(ledger, parked):
    parked("1", source=an_order())
    one = forecast(ledger)["1"]
    assert (one.partner, one.dated, one.status, one.currency) == ("acme", date(2026, 10, 30), "Open", "NOK")
    assert one.total == Decimal("11070.63")


ADJUST = {"defaults.units.KRT": "case", "partners.acme.kinds.purchase_order.entered_amount": "adjust"}


def test_a_forecast_works_the_sum_out_as_the_translation_does(ledger, parked):
    """An entered amount, which routing lets pass: without the route the sum parks it, and the apply ends there."""
    line = an_order_line(orderQty=10, unitCost=100, extCost=900, amount=900)
    parked("1", source=an_order(lines=[line], lineTotal=900, taxTotal=0, taxDetails=[], orderTotal=900))
    one = forecast(ledger, Routing.from_data(routing_data(ADJUST)))["1"]
    assert (one.effect, one.total, one.purpose) == (ReleaseEffect.LEAVES, Decimal(900), Purpose.ORIGINAL)


def test_a_sum_that_cannot_be_worked_out_is_left_open(ledger, parked, monkeypatch):
    def park(*_):
        raise Parked("It does not add up.", code=Reason.TOTALS_DO_NOT_CLOSE)

    parked("1", source=an_order())
    monkeypatch.setattr("connector.domain.totals.reconcile", park)
    one = forecast(ledger)["1"]
    assert (one.effect, one.total) == (ReleaseEffect.LEAVES, None)


def test_what_is_kept_goes_on_waiting_and_is_left_to_whoever_is_faster(ledger, parked, clock):
    for number in "12":
        parked(number, source=an_order(orderNbr=number))
    first, second = forecast(ledger).values()
    ledger.move(first.revision, State.CLOSED, now=clock.now(), note="meanwhile")
    keep_waiting([first, second], ledger, now=clock.now())
    assert ledger.get(first.key, 1).state is State.CLOSED
    kept = ledger.get(second.key, 1)
    assert (kept.state, kept.reason, kept.waits_for) == (State.PARKED, NOT_RELEASED, "defaults.units.KRT")
    assert kept.next_step.startswith(f"Send it: connector documents release {kept.key} --as original")


def test_what_is_from_before_go_live_is_told_apart(ledger, parked):
    parked("1", source=an_order())
    routing = Routing.from_data(routing_data({"companies.nordic.go_live": "2026-11-01"}))
    assert forecast(ledger, routing)["1"].effect is ReleaseEffect.BASELINE


def test_only_what_waits_for_routing_is_looked_at(ledger, parked):
    parked("1", source=an_order())
    parked("2", waits_for=None, source=an_order())
    parked("3", state=State.SKIPPED, source=an_order())
    assert set(forecast(ledger)) == {"1"}


def test_what_is_chosen_is_queued_again_with_the_stored_document(ledger, outbox, payloads, clock, parked):
    source = an_order()
    parked("1", source=source)
    parked("2", source=source)
    chosen = [forecast(ledger)["1"]]
    assert release(chosen, ledger, outbox, payloads, now=clock.now()) == 1
    message = outbox.queued_documents[0]
    assert (outbox.numbers(), message.kind) == (["1"], Kind.PURCHASE_ORDER)
    assert bytes(message.document) == source
    assert ledger.get(chosen[0].key, 1).state is State.PARKED, "the translator decides"


def test_two_releases_are_two_requests_so_that_the_queue_takes_both(ledger, outbox, payloads, clock, parked):
    parked("1", source=an_order())
    for _ in range(2):
        release(list(forecast(ledger).values()), ledger, outbox, payloads, now=clock.now())
        clock.forward(seconds=1)
    first, second = outbox.queued_documents
    assert first.cause.startswith("release 2026-")
    assert first != second


def test_thousands_are_read_and_queued_together(ledger, outbox, payloads, clock, parked):
    """A read and a queue call for each would take an hour."""
    for number in range(1, 1201):
        parked(str(number), source=an_order(orderNbr=str(number)))
    calls = Counter()
    read, queue = ledger.sources_of, outbox.documents
    ledger.sources_of = lambda some: calls.update(["read"]) or read(some)
    outbox.documents = lambda some: calls.update(["queue"]) or queue(some)
    assert release(list(forecast(ledger).values()), ledger, outbox, payloads, now=clock.now()) == 1200
    assert calls == {"read": 6, "queue": 3}


@pytest.mark.parametrize(("size", "inline"), [(INLINE_LIMIT, True), (INLINE_LIMIT + 1, False)])
def test_a_stored_document_too_large_for_a_message_goes_to_the_payload_bucket(payloads, clock, parked, size, inline):
    source = msgspec.json.encode({"note": "x" * (size - 11)})
    message = message_for(parked("1"), source, payloads, now=clock.now(), cause=Cause.RELEASE)
    if inline:
        assert bytes(message.document) == source
        assert payloads.bodies == {}
    else:
        assert message.document is msgspec.UNSET
        assert payloads.get(message.document_at) == source


def test_the_message_carries_the_time_at_which_visma_changed_the_document(payloads, clock, parked):
    revision = parked("1")
    message = message_for(revision, b"{}", payloads, now=clock.now(), cause=Cause.RELEASE)
    assert message.modified_at == revision.created_at
    assert message.key == revision.key


# -- changes --------------------------------------------------------------------------------------------------------

WAITED_FOR = "partners.acme.changes.quantities"


@pytest.fixture
def changes() -> InMemoryChanges:
    return InMemoryChanges()


def a_waiting_change(transaction_id, **fields):
    values = {"state": ChangeState.PARKED, "waits_for": WAITED_FOR, "attempts": 3, **fields}
    return a_change(transaction_id=transaction_id, **values)


def test_a_change_that_waits_for_routing_is_due_again_and_queued(changes, outbox, clock):
    waiting = changes.put(a_waiting_change("1"))
    clock.forward(hours=1)
    released = release_waiting_changes(changes, outbox, clock)
    assert released == [ReleasedChange(waiting.key, "1", WAITED_FOR)]
    due = changes.get(waiting.key, "1")
    assert (due.state, due.waits_for, due.attempts, due.updated_at) == (ChangeState.RECEIVED, None, 0, clock.now())
    assert WAITED_FOR in due.history[-1].note
    (message,) = outbox.queued_changes
    assert (message.key, message.transaction_id, message.cause.split()[0]) == (waiting.key, "1", "release")


def test_a_change_that_waits_for_a_person_or_is_decided_stays_where_it_is(changes, outbox, clock):
    changes.put(a_waiting_change("1", waits_for=None))
    changes.put(a_waiting_change("2", state=ChangeState.REJECTED))
    before = changes.all()
    assert release_waiting_changes(changes, outbox, clock) == []
    assert (changes.all(), outbox.queued_changes) == (before, [])


def test_a_change_about_which_somebody_decides_at_the_same_time_is_left_to_that_person(changes, outbox, clock):
    listed = changes.put(a_waiting_change("1"))
    other = changes.put(a_waiting_change("2"))
    changes.save(listed.moved(ChangeState.REJECTED, now=clock.now(), note="rejected by Kari"))
    changes.in_state = lambda state: iter([listed, other])
    assert [one.transaction_id for one in release_waiting_changes(changes, outbox, clock)] == ["2"]
    assert changes.get(listed.key, "1").state is ChangeState.REJECTED


def test_a_change_that_the_queue_did_not_take_is_due_so_that_the_sweep_finds_it(changes, outbox, clock):
    waiting = changes.put(a_waiting_change("1"))
    outbox.failures = [Transient("The queue did not take 1 of 1 messages.")]
    with pytest.raises(Transient):
        release_waiting_changes(changes, outbox, clock)
    due = changes.get(waiting.key, "1")
    assert (due.state, due.attempts, due.not_before) == (ChangeState.RECEIVED, 0, None)


def test_releasing_twice_is_releasing_once(changes, outbox, clock):
    changes.put(a_waiting_change("1"))
    assert len(release_waiting_changes(changes, outbox, clock)) == 1
    assert release_waiting_changes(changes, outbox, clock) == []
    assert len(outbox.queued_changes) == 1
