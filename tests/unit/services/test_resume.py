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
from testkit.memory.change_world import ORDER, World, an_860, more_of
from testkit.memory.effects import Killed, killer
from testkit.memory.orderful import LostAnswer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

ACME = Scope(partner="acme")
BY_RULES = {"defaults.changes": {"quantity": "50%", "price": "10%", "dates": "14d", "lines": "apply"}}
"""Changes of this size are written without asking."""


class Paused(World):
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
            today=self.clock.now().date(),
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
def world() -> Paused:
    return Paused()


def test_what_is_paused_is_parked_with_who_when_and_why_and_leaves_once(world):
    world.pause()
    world.show("1")
    parked = world.newest("1")
    assert (parked.state, parked.reason_code) == (State.PARKED, Reason.PAUSED)
    assert parked.reason == "Partner acme is paused since 2026-11-02 08:05 UTC by kari: they move"
    assert parked.next_step == "When it may leave: connector resume --partner acme"
    assert (parked.attempts, world.got("1")) == (0, [])
    assert world.ledger.waiting(State.PARKED).count == 0, "whoever paused it knows: no alarm"
    world.resume()
    assert world.got("1") == [Purpose.ORIGINAL]
    assert not world.waiting()


def test_only_the_newest_state_leaves(world):
    world.pause()
    for price in ("10", "11", "12"):
        world.show("1", lines=priced(price))
        world.show("500123", lines=priced(price))
    found = world.resume()
    assert {one.key.number: one.purpose for one in found.documents} == {
        "1": Purpose.ORIGINAL,
        "500123": Purpose.REPLACE,
    }
    assert world.got("1") == [Purpose.ORIGINAL]
    assert world.got("500123") == [Purpose.ORIGINAL, Purpose.REPLACE]
    posted = world.orderful.requests[-2:]
    assert all("12" in str(one.body) for one in posted)


def test_what_the_partner_never_had_and_is_cancelled_is_not_sent(world):
    world.pause()
    world.show("1")
    world.show("1", status="Cancelled")
    world.show("500123", status="Cancelled")
    world.resume()
    assert world.got("1") == []
    assert world.newest("1").reason_code == Reason.WITHDRAWN_UNSENT
    assert world.got("500123") == [Purpose.ORIGINAL, Purpose.CANCELLATION]


def test_a_change_that_is_taken_back_sends_nothing(world):
    before = world.orders.raw("500123")
    world.pause()
    world.show("500123", lines=priced("12"))
    world.orders.put_in(msgspec.json.decode(before))
    world.poll()
    world.quiesce()
    assert not world.resume()
    assert world.got("500123") == [Purpose.ORIGINAL]


def test_what_goes_on_hold_in_visma_meanwhile_does_not_leave(world):
    world.pause()
    world.show("1")
    world.show("1", status="Hold", hold=True)
    assert not world.resume()
    assert (world.got("1"), world.newest("1").state) == ([], State.SKIPPED)


def test_what_was_translated_before_the_pause_is_kept_as_well(world):
    world.orders.put_in(a_purchase_order(orderNbr="1", lines=priced("10")))
    world.poll("1")
    message, *_ = world.outbox.queued_documents
    world.outbox.clear()
    world.translator().handle(message)
    world.pause()
    world.quiesce()
    assert world.newest("1").reason_code == Reason.PAUSED
    world.resume()
    assert world.got("1") == [Purpose.ORIGINAL]


@pytest.mark.parametrize("created", [True, False])
def test_what_may_have_been_posted_is_looked_up_and_not_posted_in_a_pause(world, created):
    lost = "The connection was lost."
    world.orderful.script = [LostAnswer(lost) if created else UnknownOutcome(lost)]
    world.orders.put_in(a_purchase_order(orderNbr="1", lines=priced("10")))
    world.poll("1")
    world.translator().handle(world.outbox.queued_documents[0])
    message = world.outbox.queued_deliveries[0]
    world.outbox.clear()
    with suppress(UnknownOutcome):
        world.deliverer().handle(message)
    world.pause()
    world.outbox.deliveries([message])
    world.quiesce()
    creations = world.orderful.calls["create"]
    if created:
        assert world.newest("1").state is State.SENT
    else:
        assert (world.newest("1").reason_code, world.newest("1").attempts > 1) == (Reason.PAUSED, True)
        world.resume()
    assert world.got("1") == [Purpose.ORIGINAL]
    assert world.orderful.calls["create"] == creations + (not created)
    assert len(world.sent) == 2, "one of each order"


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
def test_a_pause_keeps_what_it_covers_and_nothing_else(world, scope, is_kept):
    world.pause(scope)
    world.show("1")
    assert world.got("1") == ([] if is_kept else [Purpose.ORIGINAL])


def test_another_pause_that_covers_it_stays_in_force(world):
    world.pause()
    world.pause(Scope(company="nordic"))
    world.show("1")
    assert not world.resume(ACME)
    assert world.newest("1").reason_code == Reason.PAUSED
    world.resume(Scope(company="nordic"))
    assert world.got("1") == [Purpose.ORIGINAL]


def test_an_interrupted_end_of_a_pause_is_taken_up_again(world):
    world.pause()
    world.show("1")
    world.ledger.resume(ACME)
    assert [one.key.number for one in world.waiting().documents] == ["1"]
    world.let_go(world.waiting())
    world.let_go(world.waiting())
    world.quiesce()
    assert world.got("1") == [Purpose.ORIGINAL]
    assert len(world.sent) == 2


def test_what_an_interrupted_end_of_a_pause_leaves_behind_is_reported_as_parked(world):
    world.pause()
    world.pause(Scope(kind=Kind.SUPPLIER_INVOICE))
    world.show("1")

    def reported() -> int:
        world.telemetry.counts.clear()
        world.telemetry.durations.clear()
        world.tracker().run()
        return world.telemetry.counts[Metric.OPEN_PARKED]

    assert reported() == 0, "whoever paused it knows"
    world.ledger.resume(ACME)
    world.ledger.note(Act(world.clock.now(), "kari", "arn:kari", "resumed partner acme"))
    world.clock.forward(minutes=29)
    assert reported() == 0, "it may be in a queue yet"
    world.clock.forward(minutes=1)
    assert reported() == 1
    assert dict(world.telemetry.durations)[Metric.OLDEST_OPEN] == pytest.approx(30 * 60, abs=1)


def test_what_a_person_chose_before_the_pause_still_holds(world):
    world.pause()
    world.show("1")
    parked = world.newest("1")
    source = world.ledger.source_of(parked)
    world.outbox.documents(
        [message_for(parked, source, world.payloads, now=world.clock.now(), cause=Cause.AS_REPLACEMENT)]
    )
    world.quiesce()
    assert world.newest("1").reason_code == Reason.PAUSED
    world.resume()
    assert world.got("1") == [Purpose.REPLACE]


def test_what_a_person_had_sent_again_is_looked_up_after_the_pause(world):
    world.pause()
    world.show("1")
    parked = world.newest("1")
    source = world.ledger.source_of(parked)
    world.outbox.documents([message_for(parked, source, world.payloads, now=world.clock.now(), cause=Cause.REPLAY)])
    world.quiesce()
    assert world.newest("1").look_up_first
    world.resume()
    assert world.newest("1").look_up_first
    assert world.got("1") == [Purpose.ORIGINAL]


def test_what_is_not_to_leave_any_more_is_said_before(world):
    world.pause()
    world.show("1")
    world.routing.apply(routing_data({"partners.acme.kinds.purchase_order.send": False}))
    world.ledger.resume(ACME)
    (one,) = world.waiting().documents
    assert one.effect is ReleaseEffect.NOT_NOW
    world.resume()
    assert (world.got("1"), world.newest("1").reason_code) == ([], Reason.SEND_OFF)


def test_a_document_that_cannot_be_read_is_named_and_stays(world):
    world.pause()
    world.show("1")
    world.show("2")
    world.ledger.bodies = {key: value for key, value in world.ledger.bodies.items() if key[0] != key_of("1")}
    found = world.resume()
    assert [one.key for one in found.unreadable] == [key_of("1")]
    assert (world.got("1"), world.got("2")) == ([], [Purpose.ORIGINAL])


def test_a_withdrawal_from_a_paused_partner_waits_for_it_alone(world):
    world.routing.apply(routing_data({"partners.berg": a_partner(isa_id="B", supplier="60000")}))
    world.pause()
    world.show("500123", supplier={"number": "60000", "name": "Berg", "internalId": 7})
    withdrawal = next(one for one in world.ledger.revisions(ORDER) if one.withdraws is not None)
    assert withdrawal.reason_code == Reason.PAUSED
    assert [one.receiver_id for one in world.sent] == ["ACMEPRODUCET", "BT"]
    assert [one.sequence for one in world.resume().withdrawals] == [withdrawal.sequence]
    assert [one.receiver_id for one in world.sent] == ["ACMEPRODUCET", "BT", "ACMEPRODUCET"]


class TestAChange:
    def arrives(self, world):
        world.inbound.send(an_860(more_of(1, 900, was=800)))
        world.collect()
        world.quiesce()
        return world.change()

    def test_of_a_paused_partner_is_parked_and_decided_by_the_rules_afterwards(self, world):
        world.pause()
        change = self.arrives(world)
        assert (change.state, change.reason_codes[0], world.orders.puts) == (ChangeState.PARKED, Reason.PAUSED, [])
        assert change.reason.startswith("Partner acme is paused since")
        assert "connector resume --partner acme" in change.next_step
        assert [one.transaction_id for one in world.resume().changes] == [change.transaction_id]
        assert (world.change().state, len(world.orders.puts)) == (ChangeState.APPLIED, 1)

    def test_of_two_partners_with_one_isa_id_goes_by_the_partner_of_its_order(self, world):
        freight = {**routing_data()["partners"]["acme"], "visma": {"supplier": "50099"}}
        world.routing.apply(routing_data({"partners.a-freight": freight, **BY_RULES}))
        world.pause(Scope(partner="a-freight"))
        assert self.arrives(world).state is ChangeState.APPLIED

    def test_of_such_partners_is_found_by_the_end_of_its_pause(self, world):
        freight = {**routing_data()["partners"]["acme"], "visma": {"supplier": "50099"}}
        world.routing.apply(
            routing_data({"partners": {"a-freight": freight, **routing_data()["partners"]}, **BY_RULES})
        )
        world.pause()
        assert self.arrives(world).reason_codes[0] == Reason.PAUSED
        world.resume()
        assert world.change().state is ChangeState.APPLIED

    def test_whose_partner_got_another_name_is_found_by_the_end_of_its_pause(self, world):
        world.inbound.send(an_860(more_of(1, 900, was=800)))
        world.collect()
        data = routing_data(BY_RULES)
        data["partners"]["acme-ab"] = data["partners"].pop("acme")
        world.routing.apply(data)
        world.pause(Scope(partner="acme-ab"))
        world.quiesce()
        assert world.change().reason_codes[0] == Reason.PAUSED
        world.resume(Scope(partner="acme-ab"))
        assert world.change().state is ChangeState.APPLIED

    def test_that_a_pause_keeps_is_not_reported_as_waiting_for_a_person(self, world):
        world.pause()
        self.arrives(world)
        world.telemetry.counts.clear()
        world.collect()
        assert world.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 0
        world.ledger.resume(ACME)
        world.collect()
        assert world.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 1

    def test_that_the_rules_would_refuse_is_parked_as_well(self, world):
        world.show("500123", status="Closed")
        world.pause()
        assert self.arrives(world).state is ChangeState.PARKED

    def test_of_another_kind_or_partner_is_not_concerned(self, world):
        world.pause(Scope(kind=Kind.SUPPLIER_INVOICE))
        world.pause(Scope(partner="matsenteret"))
        assert self.arrives(world).state is ChangeState.APPLIED

    def test_is_written_in_a_pause_when_a_person_approves_it(self, world):
        world.pause()
        self.arrives(world)
        world.approve()
        assert (world.change().state, len(world.orders.puts)) == (ChangeState.APPLIED, 1)

    def test_that_is_written_and_not_recorded_yet_is_ended_in_the_pause(self, world):
        """Else the partner got its own wish back as a new order."""
        world.inbound.send(an_860(more_of(1, 900, was=800)))
        world.collect()
        (message,) = world.outbox.queued_changes
        orders = killer(at=1, after=True).watch(world.orders, "put_order")
        with pytest.raises(Killed):
            world.apply(message, orders=lambda company, deadline: orders)
        world.clock.forward(minutes=10)
        world.pause()
        world.apply(message)
        assert world.change().state is ChangeState.APPLIED
