"""The order in which changes apply, what is a repetition, and whose changes count."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from connector.domain.errors import Conflict, Misconfigured, PayloadLost, Transient
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, Validation
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import State
from connector.edi.order_change.content_id import content_id
from connector.services.inbound.apply import ApplyResult
from connector.services.inbound.record import message_for
from connector.services.inbound.review import approve
from connector.services.messages import HintMessage
from testkit.memory.change_world import ORDER, RULES, World, an_860, more_of
from testkit.memory.effects import Killed, killer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

FIRST, SECOND, THIRD = "802210971", "802210972", "802210973"
UUID = "019be412-5a85-714c-8ba6-436c1c06efd8"
STRANGER = "STRANGERT"
BERG = "BT"


def send(world: World, quantity: int, number: str, *, line: int = 1, header: dict[str, Any] | None = None, **changes):
    """A partner sends an 860, a minute after the last one."""
    world.clock.forward(minutes=1)
    changes = {"inbox": False, **changes}
    return world.inbound.send(an_860(more_of(line, quantity), **(header or {})), number=number, **changes)


def settle(world: World, minutes: float = 0) -> None:
    """The next run of the collector, and all that comes of it."""
    world.clock.forward(minutes=minutes)
    world.collect()
    world.quiesce()


def written(world: World) -> list[Any]:
    """The quantities that were written into Visma, in order."""
    return [line["orderQty"]["value"] for put in world.orders.puts for line in put["lines"]]


def states(world: World, *numbers: str) -> list[ChangeState]:
    return [world.change(number).state for number in numbers]


def with_order(world: World, number: str) -> None:
    """Another order of the same partner, which was sent it."""
    world.orders.put_in(a_purchase_order(orderNbr=number, lines=[an_order_line(1)]))
    world.poll(number)
    world.quiesce()


def with_berg(world: World) -> None:
    """Supplier 60000 is partner berg."""
    berg = a_partner(isa_id="B", supplier="60000")
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": berg}))


def with_order_of_berg(world: World, number: str) -> None:
    """An order of another partner, whose changes by this one are refused outright."""
    with_berg(world)
    world.orders.put_in(a_purchase_order(orderNbr=number, supplier={"number": "60000"}, lines=[an_order_line(1)]))


# -- the order of truth ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("list_page", [1, 2, 100])
@pytest.mark.parametrize("newest", ["list", "inbox"])
def test_changes_without_a_number_apply_as_orderful_took_them(list_page: int, newest: str) -> None:
    """Whatever the order of the list, and though the newest is heard of first, by another way."""
    world = World()
    world.inbound.list_page = list_page
    for quantity, number in ((810, FIRST), (820, SECOND)):
        send(world, quantity, number)
    send(world, 830, THIRD, inbox=newest == "inbox")

    settle(world)

    assert (written(world), states(world, FIRST, SECOND, THIRD)) == ([810, 820, 830], [ChangeState.APPLIED] * 3)
    assert world.change(FIRST).filed_at == world.inbound.held[FIRST].created_at


def test_the_moment_of_recording_decides_nothing() -> None:
    """Both are due: the newer was recorded first, from an inbox that does not say when it came."""
    world = World()
    send(world, 810, FIRST)
    send(world, 820, SECOND, inbox=True)
    (item,) = world.inbound.inbox("7")
    world.recorder().take(item)
    world.recorder().take(world.inbound.held[FIRST])

    world.quiesce()

    assert written(world) == [810, 820]


def test_a_transaction_whose_moment_orderful_does_not_say_is_ordered_by_when_it_was_recorded() -> None:
    world = World()
    for quantity, number in ((810, FIRST), (820, SECOND)):
        send(world, quantity, number, created_at=None)
        world.recorder().take(world.inbound.held[number])
        world.clock.forward(minutes=1)

    world.quiesce()

    assert (written(world), world.change(FIRST).filed_at) == ([810, 820], None)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({}, {}),
        ({"changeSequenceNumber": "1"}, {"changeSequenceNumber": "2"}),
        ({}, {"changeSequenceNumber": "2"}),
        ({"purchaseOrderChangeDate": "2026-11-01"}, {"purchaseOrderChangeDate": "2026-11-02"}),
    ],
    ids=["createdAt", "BCH05", "missing is 1", "BCH11"],
)
def test_an_older_change_after_a_newer_one_goes_to_a_person(older: dict[str, Any], newer: dict[str, Any]) -> None:
    world = World()
    send(world, 900, SECOND, header=newer)
    settle(world)
    settle(world, minutes=11)
    assert states(world, SECOND) == [ChangeState.APPLIED]

    late = world.inbound.held[SECOND].created_at - timedelta(minutes=5) if "BCH11" not in older else None
    send(world, 700, FIRST, header=older, created_at=late)
    settle(world)

    assert (states(world, FIRST), written(world)) == ([ChangeState.PARKED], [900])
    reason = world.change(FIRST).reason or ""
    assert "The later change" in reason
    assert SECOND in reason


def test_a_number_goes_before_the_moment() -> None:
    """The partner counts down: what it numbers applies, and where that was too late a person is asked."""
    world = World()
    send(world, 820, FIRST, header={"changeSequenceNumber": "2"})
    send(world, 810, SECOND, header={"changeSequenceNumber": "1"})
    settle(world)
    assert written(world) == [810, 820]

    send(world, 830, THIRD, header={"changeSequenceNumber": "1"})
    settle(world)
    assert (states(world, THIRD), written(world)) == ([ChangeState.PARKED], [810, 820])


def test_a_later_one_does_not_overtake_an_earlier_one_that_waits() -> None:
    """Number 1 has not come: 2 waits for it, and 3 for 2."""
    world = World()
    send(world, 820, FIRST, header={"changeSequenceNumber": "2"})
    send(world, 830, SECOND, header={"changeSequenceNumber": "3"})

    settle(world)
    assert (states(world, FIRST, SECOND), written(world)) == ([ChangeState.RECEIVED] * 2, [])
    settle(world, minutes=11)

    assert (written(world), states(world, FIRST, SECOND)) == ([820, 830], [ChangeState.APPLIED] * 2)


def test_a_listed_one_that_cannot_be_read_holds_back_the_later_ones_of_its_sender_for_a_while() -> None:
    world = World()
    with_order(world, "500124")
    send(world, 810, FIRST)
    send(world, 820, SECOND)
    send(world, 820, THIRD, header={"purchaseOrderNumber": "500124"})
    fails = True

    class Forgetful:
        def __getattr__(self, name):
            return getattr(world.inbound, name)

        def with_message(self, transaction):
            if fails and transaction.transaction_id == FIRST:
                raise Transient("Orderful answered 503 to the message of the transaction.")
            return world.inbound.with_message(transaction)

    world.collect(inbound=Forgetful())
    world.quiesce()
    assert (world.changes.known(FIRST), world.changes.known(SECOND)) == (None, None)
    assert world.changes.known(THIRD) is not None, "another order waits for nothing"

    world.clock.forward(minutes=10)
    world.collect(inbound=Forgetful())
    world.quiesce()
    assert written(world)[-1] == 820
    fails = False
    settle(world)
    assert states(world, FIRST, SECOND) == [ChangeState.PARKED, ChangeState.APPLIED]


def test_nobody_elses_listed_one_holds_anything_back() -> None:
    world = World()
    send(world, 810, FIRST, validation=Validation.PROCESSING, sender_id=STRANGER)
    send(world, 820, SECOND)

    settle(world)

    assert written(world) == [820]


def test_one_that_was_held_back_goes_as_soon_as_the_earlier_one_is_recorded() -> None:
    world = World()
    send(world, 810, FIRST, validation=Validation.PROCESSING)
    send(world, 820, SECOND, inbox=True)
    settle(world)
    assert world.apply(message_for(world.change(SECOND))) is ApplyResult.DEFERRED

    world.inbound.held[FIRST] = replace(world.inbound.held[FIRST], validation=Validation.VALID)
    world.recorder().take(world.inbound.held[FIRST])

    assert world.apply(message_for(world.change(SECOND))) is ApplyResult.APPLIED
    assert written(world) == [810, 820]


@pytest.mark.parametrize("by_inbox", [False, True])
@pytest.mark.parametrize("business_number", ["500123", None])
def test_one_that_orderful_still_processes_holds_back_the_later_ones(by_inbox: bool, business_number: str) -> None:
    """The number is Orderful's, from the content: it may be missing meanwhile."""
    world = World()
    send(world, 810, FIRST, validation=Validation.PROCESSING, business_number=business_number)
    send(world, 820, SECOND, inbox=by_inbox)

    settle(world)
    assert (written(world), world.changes.known(FIRST), world.inbound.confirmed) == ([], None, [])
    held = world.inbound.held[FIRST]
    world.inbound.held[FIRST] = replace(held, validation=Validation.VALID, business_number="500123")
    settle(world, minutes=3)
    settle(world, minutes=10)

    assert (written(world), states(world, FIRST, SECOND)) == ([810, 820], [ChangeState.APPLIED] * 2)


def test_one_that_orderful_processes_for_long_holds_nothing_back_and_goes_to_a_person() -> None:
    world = World()
    send(world, 810, FIRST, validation=Validation.PROCESSING)
    send(world, 820, SECOND)
    settle(world)
    settle(world, minutes=10)
    assert written(world) == [820]

    world.inbound.held[FIRST] = replace(world.inbound.held[FIRST], validation=Validation.VALID)
    settle(world, minutes=120)

    assert (written(world), states(world, FIRST)) == ([820], [ChangeState.PARKED])


def test_each_of_many_is_looked_up_once() -> None:
    world = World()
    numbers = [str(number) for number in range(802210900, 802210910)]
    for place, number in enumerate(numbers):
        send(world, 801 + place, number, inbox=True)
    items = world.inbound.inbox("7")
    for item in items:
        world.recorder().take(item)

    world.quiesce()

    assert (written(world), sorted(world.inbound.fetches)) == ([*range(801, 811)], numbers)
    assert states(world, *numbers) == [ChangeState.APPLIED] * 10


# -- once -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [{}, {"changeSequenceNumber": "1"}], ids=["without BCH05", "with BCH05"])
@pytest.mark.parametrize("way", ["push", "inbox", "list"])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_same_content_is_applied_once(header: dict[str, Any], way: str, at_once: bool) -> None:
    """A line that is added: written twice, it would be delivered twice."""
    world = World()
    added = {
        "purchaseOrderLineId": "9",
        "changeReason": "addItem",
        "quantity": {"value": "10", "unitOfMeasure": "each"},
        "unitCostPrice": "5.00",
        "productIds": {"buyerItemNumber": "1300"},
    }
    for number in (FIRST, SECOND):
        world.clock.forward(minutes=1)
        world.inbound.send(an_860(added, **header), number=number, inbox=way == "inbox")
        if way == "push":
            world.apply(world.inbound.hint(number))
            if not at_once:
                world.quiesce()
        elif not at_once:
            settle(world)
    settle(world)

    assert states(world, FIRST, SECOND) == [ChangeState.APPLIED, ChangeState.RECORDED]
    assert FIRST in (world.change(SECOND).reason or "")
    assert len(world.orders.puts) == 1


@pytest.mark.parametrize("header", [{}, {"changeSequenceNumber": "1"}])
def test_what_was_rejected_and_comes_again_is_a_new_request(header: dict[str, Any]) -> None:
    world = World()
    about = {"purchaseOrderNumber": "500124", **header}
    with_order_of_berg(world, "500124")
    send(world, 810, FIRST, header=about)
    settle(world)
    assert states(world, FIRST) == [ChangeState.REFUSED]

    with_order(world, "500124")
    send(world, 810, SECOND, header=about)
    settle(world)

    assert (states(world, SECOND), written(world)) == ([ChangeState.APPLIED], [810])


def test_what_was_parked_and_comes_again_is_decided_by_itself() -> None:
    world = World()
    send(world, 2000, FIRST)
    settle(world)
    send(world, 2000, SECOND)
    settle(world)
    assert states(world, FIRST, SECOND) == [ChangeState.PARKED, ChangeState.PARKED]

    world.reject(FIRST, reason="too many")
    world.quiesce()
    world.approve(SECOND)

    assert (states(world, SECOND), written(world)) == ([ChangeState.APPLIED], [2000])


def test_of_two_parked_ones_that_say_the_same_one_is_written() -> None:
    world = World()
    for number in (FIRST, SECOND):
        send(world, 2000, number)
        settle(world)
    world.approve(FIRST)

    assert (states(world, FIRST, SECOND), written(world)) == ([ChangeState.APPLIED, ChangeState.RECORDED], [2000])


def test_the_first_delivery_of_one_that_was_refused_is_no_new_request() -> None:
    """The list was faster than the inbox."""
    world = World()
    with_order_of_berg(world, "500124")
    send(world, 810, FIRST, header={"purchaseOrderNumber": "500124"})
    settle(world)
    world.inbound.waiting.append(FIRST)
    settle(world)

    assert [one.state for one in world.change(FIRST).history].count(ChangeState.APPLYING) == 1
    assert world.inbound.confirmed == [(FIRST, Confirmation.FAILED)]


def test_the_same_transaction_that_was_refused_and_is_handed_over_again_is_a_new_request() -> None:
    """Orderful: a transaction can be sent again, under the same id with a new delivery."""
    world = World()
    with_order_of_berg(world, "500124")
    number = send(world, 810, FIRST, header={"purchaseOrderNumber": "500124"}, inbox=True)
    settle(world)
    assert world.inbound.confirmed == [(number, Confirmation.FAILED)]
    settle(world)
    assert states(world, FIRST) == [ChangeState.REFUSED]

    with_order(world, "500124")
    again = Delivery("b646771e-a068-4e32-832f-000000000002", ApiVersion.V4, "accept", "fail")
    forged = HintMessage(transaction_id=number, delivery_id=again.delivery_id, version=again.version)
    world.apply(forged)
    assert states(world, FIRST) == [ChangeState.REFUSED], "anybody can write a callback"
    again = replace(again, delivery_id="b646771e-a068-4e32-832f-000000000003")
    world.inbound.held[number] = replace(world.inbound.held[number], delivery=again)
    world.inbound.waiting.append(number)
    settle(world)
    settle(world)

    assert (states(world, FIRST), written(world)) == ([ChangeState.APPLIED], [810])
    assert world.inbound.confirmed[-1] == (number, Confirmation.ACCEPTED)


def test_the_same_words_after_another_change_are_a_persons_to_decide() -> None:
    """900, 800, 900 without a number: sent twice, or meant again."""
    world = World()
    for quantity, number in ((900, FIRST), (850, SECOND), (900, THIRD)):
        send(world, quantity, number)
        settle(world)

    assert states(world, FIRST, SECOND, THIRD) == [ChangeState.APPLIED, ChangeState.APPLIED, ChangeState.PARKED]
    assert "sent twice or is meant again" in (world.change(THIRD).reason or "")
    approve(world.change(THIRD), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()
    assert written(world) == [900, 850, 900]

    send(world, 900, "802210974")
    settle(world)
    assert states(world, "802210974") == [ChangeState.RECORDED], "nothing was applied since it was last written"


@pytest.mark.parametrize(
    ("between", "why"),
    [("1", f"{SECOND} was applied after that"), ("2", f"The later change 2, {SECOND}")],
    ids=["constant BCH05", "BCH05 counts"],
)
def test_a_number_makes_no_repetition_of_what_does_not_stand_any_more(between: str, why: str) -> None:
    world = World()
    for quantity, number in ((900, FIRST), (850, SECOND), (900, THIRD)):
        send(world, quantity, number, header={"changeSequenceNumber": "1" if number != SECOND else between})
        settle(world)
        if number == SECOND and world.change(number).state is ChangeState.PARKED:
            assert f"Another change with the number 1, {FIRST}" in (world.change(number).reason or "")
            world.approve(number)

    assert (states(world, THIRD), written(world)) == ([ChangeState.PARKED], [900, 850])
    assert why in (world.change(THIRD).reason or "")


@pytest.mark.parametrize("named", [(), (FIRST,)], ids=["by one id", "by both"])
def test_a_uuid_and_a_number_of_one_transaction_are_one_record(named: tuple[str, ...]) -> None:
    world = World()
    number = send(world, 900, FIRST, inbox=True, aliases=(UUID,))
    world.inbound.held[UUID] = replace(world.inbound.held[number], transaction_id=UUID, aliases=named)
    world.apply(HintMessage(transaction_id=UUID))

    world.collect(inbox_ids=("7",))
    world.quiesce()
    world.apply(HintMessage(transaction_id=UUID))
    world.apply(world.inbound.hint(number))

    (change,) = world.changes.all()
    assert (set(change.names), change.state, written(world)) == ({UUID, number}, ChangeState.APPLIED, [900])


def test_an_id_that_is_learned_later_leads_to_the_record() -> None:
    world = World()
    number = send(world, 900, FIRST)
    settle(world)
    named = replace(world.inbound.held[number], aliases=(UUID,))
    world.recorder().take(named)

    assert world.recorder().recorded(UUID) == world.change(number)
    assert world.change(number).aliases == (UUID,)


def test_a_listed_one_without_a_message_is_taken_when_orderful_gives_it() -> None:
    world = World()
    world.collect()
    send(world, 900, FIRST)
    held = world.inbound.held[FIRST]
    world.inbound.held[FIRST] = replace(held, message=None)
    assert world.collect().problems != []
    assert world.changes.known(FIRST) is None

    world.inbound.held[FIRST] = held
    settle(world)
    assert written(world) == [900]


def test_an_id_that_is_learned_while_the_change_is_written_is_kept() -> None:
    world = World()
    number = send(world, 900, FIRST)
    named = replace(world.inbound.held[number], aliases=(UUID,))
    world.orders.on_put.append(lambda: world.recorder().take(named) and None)
    settle(world)

    assert (written(world), world.recorder().recorded(UUID)) == ([900], world.change(number))


# -- whose changes count --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [{}, {"changeSequenceNumber": "1"}])
@pytest.mark.parametrize("quantity", [900, 810])
def test_nobody_elses_change_holds_up_repeats_or_stands_before_one_of_the_partners(
    quantity: int, header: dict[str, Any]
) -> None:
    """Of a stranger that routing does not know: it is parked, was there first, and has the same words or others."""
    world = World()
    send(world, 810, FIRST, header=header, sender_id=STRANGER)
    settle(world)
    assert states(world, FIRST) == [ChangeState.PARKED]

    send(world, quantity, SECOND, header=header)
    settle(world)

    assert (states(world, SECOND), written(world)) == ([ChangeState.APPLIED], [quantity])


def test_nobody_else_takes_the_place_of_a_number_that_is_still_to_come() -> None:
    world = World()
    send(world, 810, FIRST, header={"changeSequenceNumber": "1"}, sender_id=STRANGER)
    settle(world)

    send(world, 820, SECOND, header={"changeSequenceNumber": "2"})
    settle(world)

    assert (states(world, SECOND), written(world)) == ([ChangeState.RECEIVED], [])


def test_a_former_partners_changes_are_none_of_the_new_partners() -> None:
    """The order goes to berg after acme's change 7, which says the same as berg's change 1."""
    world = World()
    with_berg(world)
    send(world, 900, FIRST, header={"changeSequenceNumber": "7"})
    settle(world)
    settle(world, minutes=11)
    world.orders.edit(supplier={"number": "60000"})
    world.orders.edit(line_1={"orderQty": 800.0})
    world.poll()
    world.quiesce()

    send(world, 900, SECOND, header={"changeSequenceNumber": "1"}, sender_id=BERG)
    settle(world)

    assert (states(world, SECOND), written(world)) == ([ChangeState.APPLIED], [900, 900])


def test_trouble_with_somebody_elses_change_is_none_of_the_partners() -> None:
    world = World()
    send(world, 810, FIRST, sender_id=STRANGER)
    world.recorder().take(world.inbound.held[FIRST])
    send(world, 900, SECOND)
    world.recorder().take(world.inbound.held[SECOND])
    world.outbox.clear()
    strange = world.change(FIRST)
    until = world.clock.now() + timedelta(minutes=1)
    world.changes.save(strange.moved(ChangeState.APPLYING, now=until, note="being decided", claim_until=until))

    assert world.apply(message_for(world.change(SECOND))) is ApplyResult.APPLIED


def test_a_word_about_somebody_elses_change_that_cannot_be_told_is_none_of_the_partners() -> None:
    world = World()
    send(world, 810, FIRST, sender_id=STRANGER, inbox=True)
    settle(world)
    send(world, 900, SECOND, inbox=True)
    assert world.change(FIRST).is_unconfirmed is False
    stranger = world.change(FIRST).with_delivery(Delivery("d9", ApiVersion.V4, "accept", "fail"))
    world.changes.save(stranger)
    world.recorder().take(world.inbound.held[SECOND])

    class Deaf:
        def __getattr__(self, name):
            return getattr(world.inbound, name)

        def confirm(self, delivery, transaction_id, confirmation, note):
            if transaction_id == FIRST:
                raise Transient("Orderful answered 503.")
            return world.inbound.confirm(delivery, transaction_id, confirmation, note)

    assert world.apply(message_for(world.change(SECOND)), inbound=Deaf()) is ApplyResult.APPLIED


def test_what_a_former_partner_left_half_written_ends_before_the_new_partners_change() -> None:
    world = World()
    with_berg(world)
    send(world, 900, FIRST)
    world.recorder().take(world.inbound.held[FIRST])
    message = world.outbox.queued_changes.pop()
    desk = killer(at=1, after=True).watch(world.orders, "put_order")
    with pytest.raises(Killed):
        world.apply(message, orders=lambda company, deadline: desk)
    assert world.states()[-1] is State.CHANGING
    world.orders.edit(supplier={"number": "60000"})
    world.clock.forward(minutes=3)

    send(world, 110, SECOND, line=2, sender_id=BERG)
    settle(world)

    assert states(world, FIRST, SECOND) == [ChangeState.REFUSED, ChangeState.APPLIED]
    assert (written(world), list(world.ledger.in_state(State.CHANGING))) == ([900, 110], [])


# -- what Orderful let through --------------------------------------------------------------------------------------


def corrected(world: World, quantity: int, number: str = FIRST, **changes: Any) -> None:
    """A rule or a person changes the message at Orderful."""
    message = an_860(more_of(1, quantity), **changes)
    world.inbound.held[number] = replace(world.inbound.held[number], message=message, validation=Validation.VALID)


def test_one_that_orderful_still_processes_is_found_however_late_it_is_done() -> None:
    """The watermark waits with it: the list is read back for an hour only."""
    world = World()
    world.collect()
    send(world, 900, FIRST, validation=Validation.PROCESSING)
    settle(world)
    before = world.watermark.moment
    for _ in range(4):
        settle(world, minutes=60)
    assert (world.changes.known(FIRST), world.inbound.confirmed, world.watermark.moment) == (None, [], before)

    corrected(world, 850)
    settle(world, minutes=60)

    assert (states(world, FIRST), written(world)) == ([ChangeState.APPLIED], [850])
    assert world.watermark.moment > before


def test_one_that_orderful_processes_for_a_day_goes_to_a_person() -> None:
    world = World()
    world.collect()
    send(world, 900, FIRST, validation=Validation.PROCESSING)
    world.inbound.held[FIRST] = replace(world.inbound.held[FIRST], message=None)
    settle(world)
    settle(world, minutes=25 * 60)

    assert (states(world, FIRST), written(world)) == ([ChangeState.PARKED], [])
    assert "has been processing it since" in (world.change(FIRST).reason or "")
    before = world.watermark.moment
    settle(world, minutes=5)
    assert world.watermark.moment > before


def test_a_callback_about_one_that_orderful_still_processes_comes_again() -> None:
    world = World()
    number = send(world, 900, FIRST, validation=Validation.PROCESSING)

    with pytest.raises(Transient, match="still processes"):
        world.apply(world.inbound.hint(number))

    assert world.changes.all() == []


def test_one_in_an_inbox_that_orderful_processes_again_is_looked_at_again() -> None:
    world = World()
    send(world, 900, FIRST, inbox=True)
    (item,) = world.inbound.inbox("7")
    world.recorder().take(item)
    world.inbound.held[FIRST] = replace(world.inbound.held[FIRST], validation=Validation.PROCESSING)
    world.quiesce()
    assert (states(world, FIRST), world.inbound.confirmed) == ([ChangeState.RECEIVED], [])

    corrected(world, 850)
    settle(world, minutes=6)

    assert (states(world, FIRST), written(world)) == ([ChangeState.APPLIED], [850])


def test_an_invalid_one_is_parked_with_orderfuls_reason_and_taken_as_it_was_corrected() -> None:
    world = World()
    world.inbound.problems = ("BCH06: is required",)
    send(world, 900, FIRST, validation=Validation.INVALID)
    settle(world)

    change = world.change(FIRST)
    assert (change.state, written(world)) == (ChangeState.PARKED, [])
    assert "Orderful holds it as invalid: BCH06: is required" in (change.reason or "")
    assert "Correct it in Orderful" in (change.next_step or "")
    assert change.differences != (), "a person sees what it would do"

    corrected(world, 850)
    approve(world.change(FIRST), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (states(world, FIRST), written(world), world.change(FIRST).decided_by) == (
        [ChangeState.APPLIED],
        [850],
        "rules",
    )


def test_a_corrected_message_whose_record_was_not_written_yet_is_another_one_all_the_same() -> None:
    world = World()
    send(world, 900, FIRST, validation=Validation.INVALID)
    settle(world)
    corrected(world, 850)
    message = world.inbound.held[FIRST].message
    # A worker stored the message and died.
    world.changes.messages[ORDER, FIRST] = msgspec.json.encode(message)
    approve(world.change(FIRST), world.changes, world.outbox, world.clock, by="eva")

    world.quiesce()

    assert (written(world), world.change(FIRST).content_id) == ([850], content_id(message))


def test_an_approval_of_an_invalid_one_is_for_what_was_shown() -> None:
    world = World()
    send(world, 900, FIRST, validation=Validation.INVALID)
    settle(world)
    approve(world.change(FIRST), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()
    assert (states(world, FIRST), written(world), world.change(FIRST).decided_by) == (
        [ChangeState.APPLIED],
        [900],
        "kari",
    )

    other = World()
    send(other, 900, FIRST, validation=Validation.INVALID)
    settle(other)
    corrected(other, 5000)
    approve(other.change(FIRST), other.changes, other.outbox, other.clock, by="kari")
    other.quiesce()
    assert (states(other, FIRST), written(other)) == ([ChangeState.PARKED], [])


@pytest.mark.parametrize(
    "message", [None, an_860(more_of(1, 900), purchaseOrderNumber="599999")], ids=["no message", "no such order"]
)
def test_an_invalid_one_is_a_persons_whatever_else_is_wrong(message: dict[str, Any] | None) -> None:
    world = World()
    send(world, 900, FIRST)
    number = message["purchaseOrderNumber"] if message else None
    held = world.inbound.held[FIRST]
    invalid = replace(held, message=message, order_number=number, business_number=number)
    world.inbound.held[FIRST] = replace(invalid, validation=Validation.INVALID)

    settle(world)

    assert states(world, FIRST) == [ChangeState.PARKED]
    assert (world.change(FIRST).reason or "").startswith("Orderful holds it as invalid.")


@pytest.mark.parametrize("late", [True, False])
def test_what_a_rule_changes_before_the_decision_is_what_counts(late: bool) -> None:
    world = World()
    send(world, 900, FIRST, header={"changeSequenceNumber": "2"})
    settle(world)
    assert states(world, FIRST) == [ChangeState.RECEIVED]

    corrected(world, 850, changeSequenceNumber="2" if late else "1")
    settle(world, minutes=11)

    assert written(world) == [850]
    assert world.change(FIRST).change_sequence == (2 if late else 1)
    assert world.changes.message_of(world.change(FIRST)) == world.inbound.held[FIRST].message


@pytest.mark.parametrize("dies_at", [None, 1])
def test_one_that_names_another_order_after_it_was_corrected_is_recorded_and_applied_there(dies_at: int | None) -> None:
    """Orderful gave no message while it was invalid, and the number was wrong."""
    world = World()
    send(world, 900, FIRST)
    held = world.inbound.held[FIRST]
    wrong = {"order_number": "PO-500123", "business_number": "PO-500123"}
    world.inbound.held[FIRST] = replace(held, message=None, validation=Validation.INVALID, aliases=(UUID,), **wrong)
    settle(world)
    assert (world.change(FIRST).number, world.change(FIRST).state) == ("PO-500123", ChangeState.PARKED)

    right = {"order_number": "500123", "business_number": "500123"}
    world.inbound.held[FIRST] = replace(held, aliases=(UUID,), **right)
    approve(world.change(FIRST), world.changes, world.outbox, world.clock, by="kari")
    message = world.outbox.queued_changes.pop()
    reaper = killer(at=dies_at, after=True)
    steps = reaper.watch(world.changes, "move")
    if dies_at is not None:
        with pytest.raises(Killed):
            world.apply(message, changes=steps)
    world.apply(message)
    world.quiesce()
    world.inbound.waiting.append(FIRST)
    settle(world)

    assert (world.change(FIRST).number, world.change(FIRST).state) == ("500123", ChangeState.APPLIED)
    assert world.recorder().recorded(UUID) == world.change(FIRST)
    assert written(world) == [900]
    assert {one.state for one in world.changes.all()} == {ChangeState.APPLIED, ChangeState.RECORDED}
    assert world.inbound.confirmed == [(FIRST, Confirmation.ACCEPTED)]


def test_the_same_transaction_in_the_other_dialect_is_no_other_message() -> None:
    """The X12 shape leaves open what Mosaic says: which of two quantities is the new one."""
    world = World()
    send(world, 900, FIRST, inbox=True)
    (item,) = world.inbound.inbox("7")
    world.recorder().take(item)
    held = world.inbound.held[FIRST]
    world.inbound.held[FIRST] = replace(held, message={"transactionSets": [{"transactionSetHeader": []}]})

    world.quiesce()

    assert written(world) == [900]


@pytest.mark.parametrize("at_orderful", [True, False])
def test_a_recorded_message_that_is_lost_is_taken_from_orderful_or_the_change_is_a_persons(
    monkeypatch: pytest.MonkeyPatch, at_orderful: bool
) -> None:
    world = World()
    send(world, 900, FIRST, inbox=True)
    (item,) = world.inbound.inbox("7")
    world.recorder().take(item)

    def message_of(change: Any) -> Any:
        raise PayloadLost("The stored body inbound/x cannot be read (AccessDenied).", next_step="Restore it.")

    monkeypatch.setattr(world.changes, "message_of", message_of)
    if not at_orderful:
        world.inbound.held[FIRST] = replace(world.inbound.held[FIRST], message=None)

    world.quiesce()

    assert written(world) == ([900] if at_orderful else [])
    assert world.change(FIRST).state is (ChangeState.APPLIED if at_orderful else ChangeState.PARKED)
    assert at_orderful or "inbound/x" in (world.change(FIRST).reason or "")


def test_what_is_half_written_is_finished_as_it_was_begun() -> None:
    world = World()
    send(world, 900, FIRST)
    world.recorder().take(world.inbound.held[FIRST])
    message = world.outbox.queued_changes.pop()
    desk = killer(at=1, after=True).watch(world.orders, "put_order")
    with pytest.raises(Killed):
        world.apply(message, orders=lambda company, deadline: desk)
    corrected(world, 700)
    world.clock.forward(minutes=3)

    assert world.apply(message) is ApplyResult.APPLIED
    assert written(world) == [900]


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [(Transient("Orderful answered 503."), None), (Misconfigured("Orderful answered 401."), ApplyResult.HELD_BACK)],
)
def test_without_orderful_nothing_is_decided_and_the_sweep_comes_back(trouble: Exception, expected: Any) -> None:
    world = World()
    send(world, 900, FIRST, inbox=True)
    (item,) = world.inbound.inbox("7")
    world.recorder().take(item)
    (message,) = world.outbox.queued_changes
    world.outbox.clear()

    class Away:
        def __getattr__(self, name):
            return getattr(world.inbound, name)

        def fetch(self, transaction_id):
            raise trouble

    if expected is None:
        with pytest.raises(Transient):
            world.apply(message, inbound=Away())
    else:
        assert world.apply(message, inbound=Away()) is expected
    assert (states(world, FIRST), written(world)) == ([ChangeState.RECEIVED], [])

    settle(world, minutes=31)
    assert written(world) == [900]


def test_one_that_orderful_no_longer_knows_is_decided_as_it_was_recorded() -> None:
    world = World()
    send(world, 900, FIRST, inbox=True)
    (item,) = world.inbound.inbox("7")
    world.recorder().take(item)
    world.clock.forward(minutes=2)
    del world.inbound.held[FIRST]

    world.quiesce()

    assert written(world) == [900]


def test_a_worker_at_an_earlier_change_of_the_sender_keeps_the_later_one_away() -> None:
    world = World()
    for quantity, number in ((810, FIRST), (820, SECOND)):
        send(world, quantity, number)
        world.recorder().take(world.inbound.held[number])
    until = world.clock.now() + timedelta(minutes=1)
    later = world.change(SECOND)
    world.changes.save(later.moved(ChangeState.APPLYING, now=until, note="being decided", claim_until=until))

    with pytest.raises(Conflict):
        world.apply(message_for(world.change(FIRST)))
    assert world.changes.of_order(ORDER)[0].attempts == 0
