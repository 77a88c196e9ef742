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
from testkit.memory.change_harness import Harness, an_860, more_of


def test_what_a_person_rejects_orderful_was_told_to_hold_delivered() -> None:
    """It was parked, and the word for that got lost: the next word says the same, whatever was decided meanwhile."""
    harness = Harness()
    message = harness.arrived(more_of(1, 2000, was=800))
    harness.inbound.fail = [Transient("Orderful answered 502.")]
    with pytest.raises(Transient):
        harness.apply(message)
    harness.reject("802210971", reason="The truck is full.")

    assert harness.apply(message) is ApplyResult.REJECTED

    assert harness.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]


def test_orderful_is_told_later_when_it_cannot_be_told_now() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    harness.inbound.fail = [Transient("Orderful answered 503.")]

    with pytest.raises(Transient):
        harness.apply(message)
    assert (harness.change().state, harness.change().confirmed) == (ChangeState.APPLIED, None)

    assert harness.apply(message) is ApplyResult.APPLIED
    assert (harness.orders.theirs, len(harness.inbound.confirmed)) == (1, 1)


def test_a_failed_confirmation_of_an_earlier_change_does_not_stop_a_later_one() -> None:
    harness = Harness()
    harness.inbound.fail = [Transient("Orderful answered 503.")]
    with pytest.raises(Transient):
        harness.apply(harness.arrived(more_of(1, 900)))
    later = harness.arrived(more_of(2, 110), number="802210972")
    harness.inbound.fail = [Transient("Orderful answered 503.")]
    with pytest.raises(Transient):
        harness.apply(later)
    assert (harness.orders.line(2)["orderQty"], harness.change("802210972").state) == (110, ChangeState.APPLIED)

    harness.apply(later)

    assert sorted(name for name, _ in harness.inbound.confirmed) == ["802210971", "802210972"]


def test_a_forged_delivery_does_not_prevent_the_confirmation_of_the_real_one() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    made_up = Delivery("00000000-0000-4000-8000-000000000001", ApiVersion.V4)

    harness.apply(HintMessage(transaction_id=number, delivery_id=made_up.delivery_id, version=made_up.version))
    harness.quiesce()
    assert (harness.change().state, harness.inbound.confirmed) == (ChangeState.APPLIED, [])
    harness.apply(harness.inbound.hint(number))

    assert harness.inbound.confirmed == [(number, Confirmation.ACCEPTED)]


@pytest.mark.parametrize("recorded", [False, True], ids=["a new transaction", "a recorded one"])
def test_a_delivery_that_orderful_does_not_show_for_the_transaction_is_never_confirmed(recorded: bool) -> None:
    """The callback names one of ours with the delivery of another reader's document."""
    harness = Harness()
    mine = harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    others = harness.inbound.send({"purchaseOrderNumber": "1"}, number="802210999", document="850")
    delivery = harness.inbound.transactions[others].delivery
    assert delivery is not None
    if recorded:
        harness.apply(harness.inbound.hint(mine))
        harness.quiesce()
        harness.inbound.confirmed.clear()
    theirs: list[str] = []

    class Lax:
        """Confirms whatever it is asked to."""

        def __getattr__(self, name: str):
            return getattr(harness.inbound, name)

        def confirm(self, one: Delivery, *_: object) -> bool:
            theirs.append(one.delivery_id)
            return True

    forged = HintMessage(transaction_id=mine, delivery_id=delivery.delivery_id, version=delivery.version)
    harness.apply(forged, inbound=Lax())
    for message in harness.outbox.queued_changes:
        harness.apply(message, inbound=Lax())

    assert theirs == []
    assert not harness.change(mine).knows(delivery)
    assert harness.telemetry.counts[Metric.CALLBACKS_UNUSABLE] == 1


def test_a_delivery_that_is_known_is_not_looked_at_again() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    for _ in range(3):
        harness.apply(harness.inbound.hint(number))
        harness.quiesce()

    assert (harness.inbound.looks, len(harness.inbound.confirmed)) == (1, 1)


def test_deliveries_of_a_repeated_push_are_all_accepted() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    harness.apply(harness.inbound.hint(number))
    harness.quiesce()
    held = harness.inbound.transactions[number]
    again = Delivery("b646771e-a068-4e32-832f-000000000002", ApiVersion.V4)
    harness.inbound.transactions[number] = replace(held, delivery=again)

    harness.apply(harness.inbound.hint(number))
    harness.apply(harness.inbound.hint(number))

    assert [delivery for delivery, _ in harness.inbound.confirmed] == [number, number]


def test_a_delivery_that_orderful_refuses_to_hear_of_is_told_when_it_hears_again() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    harness.inbound.fail = [Misconfigured("Orderful answered 401.")]

    with pytest.raises(Misconfigured):
        harness.apply(message)
    assert harness.change().state is ChangeState.APPLIED

    assert harness.apply(message) is ApplyResult.APPLIED
    assert (harness.orders.theirs, len(harness.inbound.confirmed)) == (1, 1)
