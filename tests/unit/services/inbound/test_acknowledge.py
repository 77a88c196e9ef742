"""Orderful is told of a decision: once, after it is recorded, and again when that was lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.errors import Misconfigured, Transient
from connector.domain.inbound import ApiVersion, Confirmation, Delivery
from connector.domain.order_change.record import ChangeState
from connector.services.inbound.apply import ApplyResult
from connector.services.messages import HintMessage
from connector.services.ports import Metric
from testkit.memory.change_world import World, an_860, more_of


def test_what_a_person_rejects_orderful_was_told_to_hold_delivered() -> None:
    """It was parked, and the word for that got lost: the next word says the same, whatever was decided meanwhile."""
    world = World()
    message = world.arrived(more_of(1, 2000, was=800))
    world.inbound.fail = [Transient("Orderful answered 502.")]
    with pytest.raises(Transient):
        world.apply(message)
    world.reject("802210971", reason="The truck is full.")

    assert world.apply(message) is ApplyResult.REJECTED

    assert world.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]


def test_orderful_is_told_later_when_it_cannot_be_told_now() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))
    world.inbound.fail = [Transient("Orderful answered 503.")]

    with pytest.raises(Transient):
        world.apply(message)
    assert (world.change().state, world.change().confirmed) == (ChangeState.APPLIED, None)

    assert world.apply(message) is ApplyResult.APPLIED
    assert (world.orders.theirs, len(world.inbound.confirmed)) == (1, 1)


def test_trouble_with_telling_of_an_earlier_change_keeps_no_later_one_from_being_written() -> None:
    world = World()
    world.inbound.fail = [Transient("Orderful answered 503.")]
    with pytest.raises(Transient):
        world.apply(world.arrived(more_of(1, 900)))
    later = world.arrived(more_of(2, 110), number="802210972")
    world.inbound.fail = [Transient("Orderful answered 503.")]
    with pytest.raises(Transient):
        world.apply(later)
    assert (world.orders.line(2)["orderQty"], world.change("802210972").state) == (110, ChangeState.APPLIED)

    world.apply(later)

    assert sorted(name for name, _ in world.inbound.confirmed) == ["802210971", "802210972"]


def test_a_made_up_delivery_does_not_keep_the_true_one_from_being_accepted() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    made_up = Delivery("00000000-0000-4000-8000-000000000001", ApiVersion.V4)

    world.apply(HintMessage(transaction_id=number, delivery_id=made_up.delivery_id, version=made_up.version))
    world.quiesce()
    assert (world.change().state, world.inbound.confirmed) == (ChangeState.APPLIED, [])
    world.apply(world.inbound.hint(number))

    assert world.inbound.confirmed == [(number, Confirmation.ACCEPTED)]


@pytest.mark.parametrize("recorded", [False, True], ids=["a new transaction", "a recorded one"])
def test_a_delivery_that_orderful_does_not_show_for_the_transaction_is_never_confirmed(recorded: bool) -> None:
    """The callback names one of ours with the delivery of another reader's document."""
    world = World()
    mine = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    others = world.inbound.send({"purchaseOrderNumber": "1"}, number="802210999", document="850")
    delivery = world.inbound.held[others].delivery
    assert delivery is not None
    if recorded:
        world.apply(world.inbound.hint(mine))
        world.quiesce()
        world.inbound.confirmed.clear()
    theirs: list[str] = []

    class Lax:
        """Confirms whatever it is asked to."""

        def __getattr__(self, name: str):
            return getattr(world.inbound, name)

        def confirm(self, one: Delivery, *_: object) -> bool:
            theirs.append(one.delivery_id)
            return True

    forged = HintMessage(transaction_id=mine, delivery_id=delivery.delivery_id, version=delivery.version)
    world.apply(forged, inbound=Lax())
    for message in world.outbox.queued_changes:
        world.apply(message, inbound=Lax())

    assert theirs == []
    assert not world.change(mine).knows(delivery)
    assert world.telemetry.counts[Metric.CALLBACKS_UNUSABLE] == 1


def test_a_delivery_that_is_known_is_not_looked_at_again() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    for _ in range(3):
        world.apply(world.inbound.hint(number))
        world.quiesce()

    assert (world.inbound.looks, len(world.inbound.confirmed)) == (1, 1)


def test_deliveries_of_a_repeated_push_are_all_accepted() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.apply(world.inbound.hint(number))
    world.quiesce()
    held = world.inbound.held[number]
    again = Delivery("b646771e-a068-4e32-832f-000000000002", ApiVersion.V4)
    world.inbound.held[number] = replace(held, delivery=again)

    world.apply(world.inbound.hint(number))
    world.apply(world.inbound.hint(number))

    assert [delivery for delivery, _ in world.inbound.confirmed] == [number, number]


def test_a_delivery_that_orderful_refuses_to_hear_of_is_told_when_it_hears_again() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))
    world.inbound.fail = [Misconfigured("Orderful answered 401.")]

    with pytest.raises(Misconfigured):
        world.apply(message)
    assert world.change().state is ChangeState.APPLIED

    assert world.apply(message) is ApplyResult.APPLIED
    assert (world.orders.theirs, len(world.inbound.confirmed)) == (1, 1)
