"""A pause: nothing covered leaves, nothing is lost, and afterwards the partner has what Visma has, each once."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import UnknownOutcome
from connector.domain.order_change.record import ChangeState
from connector.domain.pause import Act, Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import Revision, State
from connector.domain.transactions import Purpose, Stream
from connector.services.ports import Metric
from connector.services.release import ReleaseEffect, message_for
from connector.services.resume import Resumable, let_go, resumable
from testkit.memory.change_harness import ORDER, Harness, an_860, more_of
from testkit.memory.effects import Killed, killer
from testkit.memory.orderful import LostAnswer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

ACME = Scope(partner="acme")
BY_RULES = {"defaults.changes": {"quantity": "50%", "price": "10%", "dates": "14d", "lines": "apply"}}
"""Changes of this size are written without asking."""


class Paused(Harness):
    """Everything of ours, with what persons do to it."""

    def pause(self, scope: Scope = ACME) -> None:
        self.ledger.pause(Pause(scope=scope, since=self.clock.now(), by="kari", caller="arn:kari", reason="they move"))

    def waiting(self, scope: Scope = ACME) -> Resumable:
        return resumable(
            scope,
            staying=self.ledger.pauses(now=self.clock.now()),
            ledger=self.ledger,
            changes=self.changes,
            routing=self.routing.load(),
            stream=Stream.TEST,
            now=self.clock.now(),
        )

    def resume(self, scope: Scope = ACME) -> Resumable:
        self.ledger.resume(scope)
        found = self.waiting(scope)
        self.let_go(found)
        self.quiesce()
        return found

    def let_go(self, found: Resumable) -> None:
        let_go(
            found,
            ledger=self.ledger,
            outbox=self.outbox,
            payloads=self.payloads,
            changes=self.changes,
            clock=self.clock,
        )

    def show(self, number: str, **changes: Any) -> None:
        """Visma has an order like this from now on, and the poller sees it."""
        self.orders.put_in(a_purchase_order(**({"orderNbr": number, "lines": priced("10")} | changes)))
        self.poll(number)
        self.quiesce()

    def got(self, number: str) -> list[Purpose | None]:
        """As what the partner got an order, each time."""
        revisions = reversed(self.ledger.revisions(key_of(number), limit=100))
        return [one.purpose for one in revisions if one.transaction_id is not None]

    def newest(self, number: str) -> Revision:
        return self.ledger.revisions(key_of(number))[0]


def key_of(number: str) -> DocumentKey:
    return DocumentKey.of_order("nordic", number)


def priced(price: str) -> list[dict[str, Any]]:
    return [an_order_line(unitCost=Decimal(price))]


@pytest.fixture
def harness() -> Paused:
    return Paused()


def test_what_is_paused_is_parked_with_who_when_and_why_and_leaves_once(harness):
    harness.pause()
    harness.show("1")
    parked = harness.newest("1")
    assert (parked.state, parked.reason_code) == (State.PARKED, Reason.PAUSED)
    assert parked.reason == "Partner acme is paused since 2026-11-02 08:05 UTC by kari: they move"
    assert parked.next_step == "When it may leave: connector resume --partner acme"
    assert (parked.attempts, harness.got("1")) == (0, [])
    assert harness.ledger.waiting(State.PARKED).count == 0, "whoever paused it knows: no alarm"
    harness.resume()
    assert harness.got("1") == [Purpose.ORIGINAL]
    assert not harness.waiting()


def test_only_the_newest_state_leaves(harness):
    harness.pause()
    for price in ("10", "11", "12"):
        harness.show("1", lines=priced(price))
        harness.show("500123", lines=priced(price))
    found = harness.resume()
    assert {one.key.number: one.purpose for one in found.documents} == {
        "1": Purpose.ORIGINAL,
        "500123": Purpose.REPLACE,
    }
    assert harness.got("1") == [Purpose.ORIGINAL]
    assert harness.got("500123") == [Purpose.ORIGINAL, Purpose.REPLACE]
    posted = harness.orderful.requests[-2:]
    assert all("12" in str(one.body) for one in posted)


def test_what_the_partner_never_had_and_is_cancelled_is_not_sent(harness):
    harness.pause()
    harness.show("1")
    harness.show("1", status="Cancelled")
    harness.show("500123", status="Cancelled")
    harness.resume()
    assert harness.got("1") == []
    assert harness.newest("1").reason_code == Reason.WITHDRAWN_UNSENT
    assert harness.got("500123") == [Purpose.ORIGINAL, Purpose.CANCELLATION]


def test_a_change_that_is_taken_back_sends_nothing(harness):
    before = harness.orders.raw("500123")
    harness.pause()
    harness.show("500123", lines=priced("12"))
    harness.orders.put_in(msgspec.json.decode(before))
    harness.poll()
    harness.quiesce()
    assert not harness.resume()
    assert harness.got("500123") == [Purpose.ORIGINAL]


def test_what_goes_on_hold_in_visma_meanwhile_does_not_leave(harness):
    harness.pause()
    harness.show("1")
    harness.show("1", status="Hold", hold=True)
    assert not harness.resume()
    assert (harness.got("1"), harness.newest("1").state) == ([], State.SKIPPED)


def test_what_was_translated_before_the_pause_is_kept_as_well(harness):
    harness.orders.put_in(a_purchase_order(orderNbr="1", lines=priced("10")))
    harness.poll("1")
    message, *_ = harness.outbox.queued_documents
    harness.outbox.clear()
    harness.translator().handle(message)
    harness.pause()
    harness.quiesce()
    assert harness.newest("1").reason_code == Reason.PAUSED
    harness.resume()
    assert harness.got("1") == [Purpose.ORIGINAL]


@pytest.mark.parametrize("created", [True, False])
def test_what_may_have_been_posted_is_looked_up_and_not_posted_in_a_pause(harness, created):
    lost = "The connection was lost."
    harness.orderful.script = [LostAnswer(lost) if created else UnknownOutcome(lost)]
    harness.orders.put_in(a_purchase_order(orderNbr="1", lines=priced("10")))
    harness.poll("1")
    harness.translator().handle(harness.outbox.queued_documents[0])
    message = harness.outbox.queued_deliveries[0]
    harness.outbox.clear()
    with suppress(UnknownOutcome):
        harness.deliverer().handle(message)
    harness.pause()
    harness.outbox.deliveries([message])
    harness.quiesce()
    creations = harness.orderful.calls["create"]
    if created:
        assert harness.newest("1").state is State.SENT
    else:
        assert (harness.newest("1").reason_code, harness.newest("1").attempts > 1) == (Reason.PAUSED, True)
        harness.resume()
    assert harness.got("1") == [Purpose.ORIGINAL]
    assert harness.orderful.calls["create"] == creations + (not created)
    assert len(harness.sent) == 2, "one of each order"


@pytest.mark.parametrize(
    ("scope", "is_kept"),
    [
        (Scope(), True),
        (Scope(company="nordic"), True),
        (Scope(kind=Kind.PURCHASE_ORDER), True),
        (Scope(company="nordic", partner="acme", kind=Kind.PURCHASE_ORDER), True),
        (Scope(company="other"), False),
        (Scope(partner="berg"), False),
        (Scope(partner="acme", kind=Kind.SUPPLIER_INVOICE), False),
    ],
)
def test_a_pause_keeps_what_it_covers_and_nothing_else(harness, scope, is_kept):
    harness.pause(scope)
    harness.show("1")
    assert harness.got("1") == ([] if is_kept else [Purpose.ORIGINAL])


def test_another_pause_that_covers_it_stays_in_force(harness):
    harness.pause()
    harness.pause(Scope(company="nordic"))
    harness.show("1")
    assert not harness.resume(ACME)
    assert harness.newest("1").reason_code == Reason.PAUSED
    harness.resume(Scope(company="nordic"))
    assert harness.got("1") == [Purpose.ORIGINAL]


def test_an_interrupted_end_of_a_pause_is_taken_up_again(harness):
    harness.pause()
    harness.show("1")
    harness.ledger.resume(ACME)
    assert [one.key.number for one in harness.waiting().documents] == ["1"]
    harness.let_go(harness.waiting())
    harness.let_go(harness.waiting())
    harness.quiesce()
    assert harness.got("1") == [Purpose.ORIGINAL]
    assert len(harness.sent) == 2


def test_what_an_interrupted_end_of_a_pause_leaves_behind_is_reported_as_parked(harness):
    harness.pause()
    harness.pause(Scope(kind=Kind.SUPPLIER_INVOICE))
    harness.show("1")

    def reported() -> int:
        harness.telemetry.counts.clear()
        harness.telemetry.durations.clear()
        harness.tracker().run()
        return harness.telemetry.counts[Metric.OPEN_PARKED]

    assert reported() == 0, "whoever paused it knows"
    harness.ledger.resume(ACME)
    harness.ledger.note(Act(harness.clock.now(), "kari", "arn:kari", "resumed partner acme"))
    harness.clock.forward(minutes=29)
    assert reported() == 0, "it may be in a queue yet"
    harness.clock.forward(minutes=1)
    assert reported() == 1
    assert dict(harness.telemetry.durations)[Metric.OLDEST_OPEN] == pytest.approx(30 * 60, abs=1)


def test_what_a_person_chose_before_the_pause_still_holds(harness):
    harness.pause()
    harness.show("1")
    parked = harness.newest("1")
    source = harness.ledger.source_of(parked)
    harness.outbox.documents(
        [message_for(parked, source, harness.payloads, now=harness.clock.now(), cause=Cause.AS_REPLACEMENT)]
    )
    harness.quiesce()
    assert harness.newest("1").reason_code == Reason.PAUSED
    harness.resume()
    assert harness.got("1") == [Purpose.REPLACE]


def test_what_a_person_had_sent_again_is_looked_up_after_the_pause(harness):
    harness.pause()
    harness.show("1")
    parked = harness.newest("1")
    source = harness.ledger.source_of(parked)
    harness.outbox.documents(
        [message_for(parked, source, harness.payloads, now=harness.clock.now(), cause=Cause.REPLAY)]
    )
    harness.quiesce()
    assert harness.newest("1").look_up_first
    harness.resume()
    assert harness.newest("1").look_up_first
    assert harness.got("1") == [Purpose.ORIGINAL]


def test_what_is_not_to_leave_any_more_is_said_before(harness):
    harness.pause()
    harness.show("1")
    harness.routing.apply(routing_data({"partners.acme.kinds.purchase_order.send": False}))
    harness.ledger.resume(ACME)
    (one,) = harness.waiting().documents
    assert one.effect is ReleaseEffect.NOT_NOW
    harness.resume()
    assert (harness.got("1"), harness.newest("1").reason_code) == ([], Reason.SEND_OFF)


def test_a_document_that_cannot_be_read_is_named_and_stays(harness):
    harness.pause()
    harness.show("1")
    harness.show("2")
    harness.ledger.bodies = {key: value for key, value in harness.ledger.bodies.items() if key[0] != key_of("1")}
    found = harness.resume()
    assert [one.key for one in found.unreadable] == [key_of("1")]
    assert (harness.got("1"), harness.got("2")) == ([], [Purpose.ORIGINAL])


def test_a_withdrawal_from_a_paused_partner_waits_for_it_alone(harness):
    harness.routing.apply(routing_data({"partners.berg": a_partner(isa_id="B", supplier="60000")}))
    harness.pause()
    harness.show("500123", supplier={"number": "60000", "name": "Berg", "internalId": 7})
    withdrawal = next(one for one in harness.ledger.revisions(ORDER) if one.is_withdrawal)
    assert withdrawal.reason_code == Reason.PAUSED
    assert [one.receiver_id for one in harness.sent] == ["ACMEPRODUCET", "BT"]
    assert [one.sequence for one in harness.resume().withdrawals] == [withdrawal.sequence]
    assert [one.receiver_id for one in harness.sent] == ["ACMEPRODUCET", "BT", "ACMEPRODUCET"]


class TestAChange:
    def arrives(self, harness):
        harness.inbound.send(an_860(more_of(1, 900, was=800)))
        harness.collect()
        harness.quiesce()
        return harness.change()

    def test_of_a_paused_partner_is_parked_and_decided_by_the_rules_afterwards(self, harness):
        harness.pause()
        change = self.arrives(harness)
        assert (change.state, change.reason_codes[0], harness.orders.puts) == (ChangeState.PARKED, Reason.PAUSED, [])
        assert change.reason.startswith("Partner acme is paused since")
        assert "connector resume --partner acme" in change.next_step
        assert [one.transaction_id for one in harness.resume().changes] == [change.transaction_id]
        assert (harness.change().state, len(harness.orders.puts)) == (ChangeState.APPLIED, 1)

    def test_of_two_partners_with_one_isa_id_goes_by_the_partner_of_its_order(self, harness):
        freight = {**routing_data()["partners"]["acme"], "visma": {"supplier": "50099"}}
        harness.routing.apply(routing_data({"partners.a-freight": freight, **BY_RULES}))
        harness.pause(Scope(partner="a-freight"))
        assert self.arrives(harness).state is ChangeState.APPLIED

    def test_of_such_partners_is_found_by_the_end_of_its_pause(self, harness):
        freight = {**routing_data()["partners"]["acme"], "visma": {"supplier": "50099"}}
        harness.routing.apply(
            routing_data({"partners": {"a-freight": freight, **routing_data()["partners"]}, **BY_RULES})
        )
        harness.pause()
        assert self.arrives(harness).reason_codes[0] == Reason.PAUSED
        harness.resume()
        assert harness.change().state is ChangeState.APPLIED

    def test_whose_partner_got_another_name_is_found_by_the_end_of_its_pause(self, harness):
        harness.inbound.send(an_860(more_of(1, 900, was=800)))
        harness.collect()
        data = routing_data(BY_RULES)
        data["partners"]["acme-ab"] = data["partners"].pop("acme")
        harness.routing.apply(data)
        harness.pause(Scope(partner="acme-ab"))
        harness.quiesce()
        assert harness.change().reason_codes[0] == Reason.PAUSED
        harness.resume(Scope(partner="acme-ab"))
        assert harness.change().state is ChangeState.APPLIED

    def test_that_a_pause_keeps_is_not_reported_as_waiting_for_a_person(self, harness):
        harness.pause()
        self.arrives(harness)
        harness.telemetry.counts.clear()
        harness.collect()
        assert harness.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 0
        harness.ledger.resume(ACME)
        harness.collect()
        assert harness.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 1

    def test_that_the_rules_would_refuse_is_parked_as_well(self, harness):
        harness.show("500123", status="Closed")
        harness.pause()
        assert self.arrives(harness).state is ChangeState.PARKED

    def test_of_another_kind_or_partner_is_not_concerned(self, harness):
        harness.pause(Scope(kind=Kind.SUPPLIER_INVOICE))
        harness.pause(Scope(partner="matsenteret"))
        assert self.arrives(harness).state is ChangeState.APPLIED

    def test_is_written_in_a_pause_when_a_person_approves_it(self, harness):
        harness.pause()
        self.arrives(harness)
        harness.approve()
        assert (harness.change().state, len(harness.orders.puts)) == (ChangeState.APPLIED, 1)

    def test_that_is_written_and_not_recorded_yet_is_ended_in_the_pause(self, harness):
        """Else the partner got its own change back as a new order."""
        harness.inbound.send(an_860(more_of(1, 900, was=800)))
        harness.collect()
        (message,) = harness.outbox.queued_changes
        orders = killer(at=1, after=True).watch(harness.orders, "put_order")
        with pytest.raises(Killed):
            harness.apply(message, orders=lambda company, deadline: orders)
        harness.clock.forward(minutes=10)
        harness.pause()
        harness.apply(message)
        assert harness.change().state is ChangeState.APPLIED


@pytest.mark.parametrize("on_revision", ["park", "replace"])
@pytest.mark.parametrize(
    ("cause", "purpose"), [(Cause.AS_ORIGINAL, Purpose.ORIGINAL), (Cause.AS_REPLACEMENT, Purpose.REPLACE)]
)
def test_what_a_person_chose_holds_although_the_document_is_read_again_in_the_pause(on_revision, cause, purpose):
    harness = Paused()
    harness.routing.apply(routing_data({"partners.acme.on_revision": "park"}))
    harness.show("500123", lines=priced("12"))
    found = harness.newest("500123")
    source = harness.ledger.source_of(found)
    harness.pause()
    harness.outbox.documents([message_for(found, source, harness.payloads, now=harness.clock.now(), cause=cause)])
    harness.quiesce()
    harness.routing.apply(routing_data({"partners.acme.on_revision": on_revision}))
    harness.show("500123", lines=priced("12"), status="Closed")
    paused = harness.newest("500123")
    assert (paused.reason_code, paused.visma_status) == (Reason.PAUSED, "Closed")
    harness.resume()
    assert harness.got("500123") == [Purpose.ORIGINAL, purpose]
