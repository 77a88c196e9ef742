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
from connector.services.messages import HintMessage
from testkit.memory.change_harness import KARI, ORDER, RULES, Harness, an_860, more_of
from testkit.memory.effects import Killed, killer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

FIRST, SECOND, THIRD = "802210971", "802210972", "802210973"
UUID = "019be412-5a85-714c-8ba6-436c1c06efd8"
STRANGER = "STRANGERT"
BERG = "BT"


def send(
    harness: Harness, quantity: int, number: str, *, line: int = 1, header: dict[str, Any] | None = None, **changes
):
    """A partner sends an 860, a minute after the last one."""
    harness.clock.forward(minutes=1)
    changes = {"inbox": False, **changes}
    return harness.inbound.send(an_860(more_of(line, quantity), **(header or {})), number=number, **changes)


def settle(harness: Harness, minutes: float = 0) -> None:
    """The next run of the collector, and all that comes of it."""
    harness.clock.forward(minutes=minutes)
    harness.collect()
    harness.quiesce()


def written(harness: Harness) -> list[Any]:
    """The quantities that were written into Visma, in order."""
    return [line["orderQty"]["value"] for put in harness.orders.puts for line in put["lines"]]


def states(harness: Harness, *numbers: str) -> list[ChangeState]:
    return [harness.change(number).state for number in numbers]


def with_order(harness: Harness, number: str) -> None:
    """Another order of the same partner, which was sent it."""
    harness.orders.put_in(a_purchase_order(orderNbr=number, lines=[an_order_line(1)]))
    harness.poll(number)
    harness.quiesce()


def with_berg(harness: Harness) -> None:
    """Supplier 60000 is partner berg."""
    berg = a_partner(isa_id="B", supplier="60000")
    harness.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": berg}))


def with_order_of_berg(harness: Harness, number: str) -> None:
    """An order of another partner, whose changes by this one are refused outright."""
    with_berg(harness)
    harness.orders.put_in(a_purchase_order(orderNbr=number, supplier={"number": "60000"}, lines=[an_order_line(1)]))


# -- the order of truth ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("list_page", [1, 2, 100])
@pytest.mark.parametrize("newest", ["list", "inbox"])
def test_changes_without_a_number_apply_as_orderful_took_them(list_page: int, newest: str) -> None:
    """Whatever the order of the list, and though the newest is heard of first, by another way."""
    harness = Harness()
    harness.inbound.list_page = list_page
    for quantity, number in ((810, FIRST), (820, SECOND)):
        send(harness, quantity, number)
    send(harness, 830, THIRD, inbox=newest == "inbox")

    settle(harness)

    assert (written(harness), states(harness, FIRST, SECOND, THIRD)) == ([810, 820, 830], [ChangeState.APPLIED] * 3)
    assert harness.change(FIRST).filed_at == harness.inbound.transactions[FIRST].created_at


def test_the_time_of_recording_decides_nothing() -> None:
    """Both are due: the newer was recorded first, from an inbox that does not say when it came."""
    harness = Harness()
    send(harness, 810, FIRST)
    send(harness, 820, SECOND, inbox=True)
    (item,) = harness.inbound.inbox("7")
    harness.recorder().take(item)
    harness.recorder().take(harness.inbound.transactions[FIRST])

    harness.quiesce()

    assert written(harness) == [810, 820]


def test_a_transaction_whose_time_orderful_does_not_say_is_ordered_by_when_it_was_recorded() -> None:
    harness = Harness()
    for quantity, number in ((810, FIRST), (820, SECOND)):
        send(harness, quantity, number, created_at=None)
        harness.recorder().take(harness.inbound.transactions[number])
        harness.clock.forward(minutes=1)

    harness.quiesce()

    assert (written(harness), harness.change(FIRST).filed_at) == ([810, 820], None)


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
    harness = Harness()
    send(harness, 900, SECOND, header=newer)
    settle(harness)
    settle(harness, minutes=11)
    assert states(harness, SECOND) == [ChangeState.APPLIED]

    late = harness.inbound.transactions[SECOND].created_at - timedelta(minutes=5) if "BCH11" not in older else None
    send(harness, 700, FIRST, header=older, created_at=late)
    settle(harness)

    assert (states(harness, FIRST), written(harness)) == ([ChangeState.PARKED], [900])
    reason = harness.change(FIRST).reason or ""
    assert "The later change" in reason
    assert SECOND in reason


def test_a_number_goes_before_the_time() -> None:
    """The partner counts down: what it numbers applies, and where that was too late a person is asked."""
    harness = Harness()
    send(harness, 820, FIRST, header={"changeSequenceNumber": "2"})
    send(harness, 810, SECOND, header={"changeSequenceNumber": "1"})
    settle(harness)
    assert written(harness) == [810, 820]

    send(harness, 830, THIRD, header={"changeSequenceNumber": "1"})
    settle(harness)
    assert (states(harness, THIRD), written(harness)) == ([ChangeState.PARKED], [810, 820])


def test_a_later_one_does_not_overtake_an_earlier_one_that_waits() -> None:
    """Number 1 has not come: 2 waits for it, and 3 for 2."""
    harness = Harness()
    send(harness, 820, FIRST, header={"changeSequenceNumber": "2"})
    send(harness, 830, SECOND, header={"changeSequenceNumber": "3"})

    settle(harness)
    assert (states(harness, FIRST, SECOND), written(harness)) == ([ChangeState.RECEIVED] * 2, [])
    settle(harness, minutes=11)

    assert (written(harness), states(harness, FIRST, SECOND)) == ([820, 830], [ChangeState.APPLIED] * 2)


def test_a_listed_one_that_cannot_be_read_holds_back_the_later_ones_of_its_sender_for_a_while() -> None:
    harness = Harness()
    with_order(harness, "500124")
    send(harness, 810, FIRST)
    send(harness, 820, SECOND)
    send(harness, 820, THIRD, header={"purchaseOrderNumber": "500124"})
    fails = True

    class Forgetful:
        def __getattr__(self, name):
            return getattr(harness.inbound, name)

        def with_message(self, transaction):
            if fails and transaction.transaction_id == FIRST:
                raise Transient("Orderful answered 503 to the message of the transaction.")
            return harness.inbound.with_message(transaction)

    harness.collect(inbound=Forgetful())
    harness.quiesce()
    assert (harness.changes.known(FIRST), harness.changes.known(SECOND)) == (None, None)
    assert harness.changes.known(THIRD) is not None, "another order waits for nothing"

    harness.clock.forward(minutes=10)
    harness.collect(inbound=Forgetful())
    harness.quiesce()
    assert written(harness)[-1] == 820
    fails = False
    settle(harness)
    assert states(harness, FIRST, SECOND) == [ChangeState.PARKED, ChangeState.APPLIED]


def test_nobody_elses_listed_one_holds_anything_back() -> None:
    harness = Harness()
    send(harness, 810, FIRST, validation=Validation.PROCESSING, sender_id=STRANGER)
    send(harness, 820, SECOND)

    settle(harness)

    assert written(harness) == [820]


def test_one_that_was_held_back_goes_as_soon_as_the_earlier_one_is_recorded() -> None:
    harness = Harness()
    send(harness, 810, FIRST, validation=Validation.PROCESSING)
    send(harness, 820, SECOND, inbox=True)
    settle(harness)
    assert harness.apply(message_for(harness.change(SECOND))) is ApplyResult.DEFERRED

    harness.inbound.transactions[FIRST] = replace(harness.inbound.transactions[FIRST], validation=Validation.VALID)
    harness.recorder().take(harness.inbound.transactions[FIRST])

    assert harness.apply(message_for(harness.change(SECOND))) is ApplyResult.APPLIED
    assert written(harness) == [810, 820]


@pytest.mark.parametrize("by_inbox", [False, True])
@pytest.mark.parametrize("business_number", ["500123", None])
def test_one_that_orderful_still_processes_holds_back_the_later_ones(by_inbox: bool, business_number: str) -> None:
    """The number is Orderful's, from the content: it may be missing meanwhile."""
    harness = Harness()
    send(harness, 810, FIRST, validation=Validation.PROCESSING, business_number=business_number)
    send(harness, 820, SECOND, inbox=by_inbox)

    settle(harness)
    assert (written(harness), harness.changes.known(FIRST), harness.inbound.confirmed) == ([], None, [])
    held = harness.inbound.transactions[FIRST]
    harness.inbound.transactions[FIRST] = replace(held, validation=Validation.VALID, business_number="500123")
    settle(harness, minutes=3)
    settle(harness, minutes=10)

    assert (written(harness), states(harness, FIRST, SECOND)) == ([810, 820], [ChangeState.APPLIED] * 2)


def test_one_that_orderful_processes_for_long_holds_nothing_back_and_goes_to_a_person() -> None:
    harness = Harness()
    send(harness, 810, FIRST, validation=Validation.PROCESSING)
    send(harness, 820, SECOND)
    settle(harness)
    settle(harness, minutes=10)
    assert written(harness) == [820]

    harness.inbound.transactions[FIRST] = replace(harness.inbound.transactions[FIRST], validation=Validation.VALID)
    settle(harness, minutes=120)

    assert (written(harness), states(harness, FIRST)) == ([820], [ChangeState.PARKED])


def test_each_of_many_is_looked_up_once() -> None:
    harness = Harness()
    numbers = [str(number) for number in range(802210900, 802210910)]
    for place, number in enumerate(numbers):
        send(harness, 801 + place, number, inbox=True)
    items = harness.inbound.inbox("7")
    for item in items:
        harness.recorder().take(item)

    harness.quiesce()

    assert (written(harness), sorted(harness.inbound.fetches)) == ([*range(801, 811)], numbers)
    assert states(harness, *numbers) == [ChangeState.APPLIED] * 10


# -- once -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [{}, {"changeSequenceNumber": "1"}], ids=["without BCH05", "with BCH05"])
@pytest.mark.parametrize("way", ["push", "inbox", "list"])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_same_content_is_applied_once(header: dict[str, Any], way: str, at_once: bool) -> None:
    """A line that is added: written twice, it would be delivered twice."""
    harness = Harness()
    added = {
        "purchaseOrderLineId": "9",
        "changeReason": "addItem",
        "quantity": {"value": "10", "unitOfMeasure": "each"},
        "unitCostPrice": "5.00",
        "productIds": {"buyerItemNumber": "1300"},
    }
    for number in (FIRST, SECOND):
        harness.clock.forward(minutes=1)
        harness.inbound.send(an_860(added, **header), number=number, inbox=way == "inbox")
        if way == "push":
            harness.apply(harness.inbound.hint(number))
            if not at_once:
                harness.quiesce()
        elif not at_once:
            settle(harness)
    settle(harness)

    assert states(harness, FIRST, SECOND) == [ChangeState.APPLIED, ChangeState.RECORDED]
    assert FIRST in (harness.change(SECOND).reason or "")
    assert len(harness.orders.puts) == 1


@pytest.mark.parametrize("header", [{}, {"changeSequenceNumber": "1"}])
def test_what_was_rejected_and_comes_again_is_a_new_request(header: dict[str, Any]) -> None:
    harness = Harness()
    about = {"purchaseOrderNumber": "500124", **header}
    with_order_of_berg(harness, "500124")
    send(harness, 810, FIRST, header=about)
    settle(harness)
    assert states(harness, FIRST) == [ChangeState.REFUSED]

    with_order(harness, "500124")
    send(harness, 810, SECOND, header=about)
    settle(harness)

    assert (states(harness, SECOND), written(harness)) == ([ChangeState.APPLIED], [810])


def test_what_was_parked_and_comes_again_is_decided_by_itself() -> None:
    harness = Harness()
    send(harness, 2000, FIRST)
    settle(harness)
    send(harness, 2000, SECOND)
    settle(harness)
    assert states(harness, FIRST, SECOND) == [ChangeState.PARKED, ChangeState.PARKED]

    harness.reject(FIRST, reason="too many")
    harness.quiesce()
    harness.approve(SECOND)

    assert (states(harness, SECOND), written(harness)) == ([ChangeState.APPLIED], [2000])


def test_of_two_parked_ones_that_say_the_same_one_is_written() -> None:
    harness = Harness()
    for number in (FIRST, SECOND):
        send(harness, 2000, number)
        settle(harness)
    harness.approve(FIRST)

    assert (states(harness, FIRST, SECOND), written(harness)) == ([ChangeState.APPLIED, ChangeState.RECORDED], [2000])


def test_the_first_delivery_of_one_that_was_refused_is_no_new_request() -> None:
    """The list was faster than the inbox."""
    harness = Harness()
    with_order_of_berg(harness, "500124")
    send(harness, 810, FIRST, header={"purchaseOrderNumber": "500124"})
    settle(harness)
    harness.inbound.waiting.append(FIRST)
    settle(harness)

    assert [one.state for one in harness.change(FIRST).history].count(ChangeState.APPLYING) == 1
    assert harness.inbound.confirmed == [(FIRST, Confirmation.FAILED)]


def test_the_same_transaction_that_was_refused_and_is_handed_over_again_is_a_new_request() -> None:
    """Orderful: a transaction can be sent again, under the same id with a new delivery."""
    harness = Harness()
    with_order_of_berg(harness, "500124")
    number = send(harness, 810, FIRST, header={"purchaseOrderNumber": "500124"}, inbox=True)
    settle(harness)
    assert harness.inbound.confirmed == [(number, Confirmation.FAILED)]
    settle(harness)
    assert states(harness, FIRST) == [ChangeState.REFUSED]

    with_order(harness, "500124")
    again = Delivery("b646771e-a068-4e32-832f-000000000002", ApiVersion.V4, "accept", "fail")
    forged = HintMessage(transaction_id=number, delivery_id=again.delivery_id, version=again.version)
    harness.apply(forged)
    assert states(harness, FIRST) == [ChangeState.REFUSED], "anybody can write a callback"
    again = replace(again, delivery_id="b646771e-a068-4e32-832f-000000000003")
    harness.inbound.transactions[number] = replace(harness.inbound.transactions[number], delivery=again)
    harness.inbound.waiting.append(number)
    settle(harness)
    settle(harness)

    assert (states(harness, FIRST), written(harness)) == ([ChangeState.APPLIED], [810])
    assert harness.inbound.confirmed[-1] == (number, Confirmation.ACCEPTED)


def test_the_same_words_after_another_change_are_a_persons_to_decide() -> None:
    """900, 800, 900 without a number: sent twice, or meant again."""
    harness = Harness()
    for quantity, number in ((900, FIRST), (850, SECOND), (900, THIRD)):
        send(harness, quantity, number)
        settle(harness)

    assert states(harness, FIRST, SECOND, THIRD) == [ChangeState.APPLIED, ChangeState.APPLIED, ChangeState.PARKED]
    assert "sent twice or is meant again" in (harness.change(THIRD).reason or "")
    harness.review.approve(harness.change(THIRD), KARI)
    harness.quiesce()
    assert written(harness) == [900, 850, 900]

    send(harness, 900, "802210974")
    settle(harness)
    assert states(harness, "802210974") == [ChangeState.RECORDED], "nothing was applied since it was last written"


@pytest.mark.parametrize(
    ("between", "why"),
    [("1", f"{SECOND} was applied after that"), ("2", f"The later change 2, {SECOND}")],
    ids=["constant BCH05", "BCH05 counts"],
)
def test_a_number_makes_no_repetition_of_what_does_not_stand_any_more(between: str, why: str) -> None:
    harness = Harness()
    for quantity, number in ((900, FIRST), (850, SECOND), (900, THIRD)):
        send(harness, quantity, number, header={"changeSequenceNumber": "1" if number != SECOND else between})
        settle(harness)
        if number == SECOND and harness.change(number).state is ChangeState.PARKED:
            assert f"Another change with the number 1, {FIRST}" in (harness.change(number).reason or "")
            harness.approve(number)

    assert (states(harness, THIRD), written(harness)) == ([ChangeState.PARKED], [900, 850])
    assert why in (harness.change(THIRD).reason or "")


@pytest.mark.parametrize("named", [(), (FIRST,)], ids=["by one id", "by both"])
def test_a_uuid_and_a_number_of_one_transaction_are_one_record(named: tuple[str, ...]) -> None:
    harness = Harness()
    number = send(harness, 900, FIRST, inbox=True, aliases=(UUID,))
    harness.inbound.transactions[UUID] = replace(
        harness.inbound.transactions[number], transaction_id=UUID, aliases=named
    )
    harness.apply(HintMessage(transaction_id=UUID))

    harness.collect(inbox_ids=("7",))
    harness.quiesce()
    harness.apply(HintMessage(transaction_id=UUID))
    harness.apply(harness.inbound.hint(number))

    (change,) = harness.changes.all()
    assert (set(change.names), change.state, written(harness)) == ({UUID, number}, ChangeState.APPLIED, [900])


def test_an_id_that_is_learned_later_leads_to_the_record() -> None:
    harness = Harness()
    number = send(harness, 900, FIRST)
    settle(harness)
    named = replace(harness.inbound.transactions[number], aliases=(UUID,))
    harness.recorder().take(named)

    assert harness.recorder().recorded(UUID) == harness.change(number)
    assert harness.change(number).aliases == (UUID,)


def test_a_listed_one_without_a_message_is_taken_when_orderful_gives_it() -> None:
    harness = Harness()
    harness.collect()
    send(harness, 900, FIRST)
    held = harness.inbound.transactions[FIRST]
    harness.inbound.transactions[FIRST] = replace(held, message=None)
    assert harness.collect().problems != []
    assert harness.changes.known(FIRST) is None

    harness.inbound.transactions[FIRST] = held
    settle(harness)
    assert written(harness) == [900]


def test_an_id_that_is_learned_while_the_change_is_written_is_kept() -> None:
    harness = Harness()
    number = send(harness, 900, FIRST)
    named = replace(harness.inbound.transactions[number], aliases=(UUID,))
    harness.orders.on_put.append(lambda: harness.recorder().take(named) and None)
    settle(harness)

    assert (written(harness), harness.recorder().recorded(UUID)) == ([900], harness.change(number))


# -- whose changes count --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [{}, {"changeSequenceNumber": "1"}])
@pytest.mark.parametrize("quantity", [900, 810])
def test_nobody_elses_change_holds_up_repeats_or_stands_before_one_of_the_partners(
    quantity: int, header: dict[str, Any]
) -> None:
    """Of a stranger that routing does not know: it is parked, was there first, and has the same words or others."""
    harness = Harness()
    send(harness, 810, FIRST, header=header, sender_id=STRANGER)
    settle(harness)
    assert states(harness, FIRST) == [ChangeState.PARKED]

    send(harness, quantity, SECOND, header=header)
    settle(harness)

    assert (states(harness, SECOND), written(harness)) == ([ChangeState.APPLIED], [quantity])


def test_nobody_else_takes_the_place_of_a_number_that_is_still_to_come() -> None:
    harness = Harness()
    send(harness, 810, FIRST, header={"changeSequenceNumber": "1"}, sender_id=STRANGER)
    settle(harness)

    send(harness, 820, SECOND, header={"changeSequenceNumber": "2"})
    settle(harness)

    assert (states(harness, SECOND), written(harness)) == ([ChangeState.RECEIVED], [])


def test_a_former_partners_changes_are_none_of_the_new_partners() -> None:
    """The order goes to berg after acme's change 7, which says the same as berg's change 1."""
    harness = Harness()
    with_berg(harness)
    send(harness, 900, FIRST, header={"changeSequenceNumber": "7"})
    settle(harness)
    settle(harness, minutes=11)
    harness.orders.edit(supplier={"number": "60000"})
    harness.orders.edit(line_1={"orderQty": 800.0})
    harness.poll()
    harness.quiesce()

    send(harness, 900, SECOND, header={"changeSequenceNumber": "1"}, sender_id=BERG)
    settle(harness)

    assert (states(harness, SECOND), written(harness)) == ([ChangeState.APPLIED], [900, 900])


def test_a_failing_change_of_another_sender_does_not_affect_the_partner() -> None:
    harness = Harness()
    send(harness, 810, FIRST, sender_id=STRANGER)
    harness.recorder().take(harness.inbound.transactions[FIRST])
    send(harness, 900, SECOND)
    harness.recorder().take(harness.inbound.transactions[SECOND])
    harness.outbox.clear()
    strange = harness.change(FIRST)
    until = harness.clock.now() + timedelta(minutes=1)
    harness.changes.save(strange.moved(ChangeState.APPLYING, now=until, note="being decided", claim_until=until))

    assert harness.apply(message_for(harness.change(SECOND))) is ApplyResult.APPLIED


def test_an_unconfirmed_change_of_another_sender_does_not_affect_the_partner() -> None:
    harness = Harness()
    send(harness, 810, FIRST, sender_id=STRANGER, inbox=True)
    settle(harness)
    send(harness, 900, SECOND, inbox=True)
    assert harness.change(FIRST).is_unconfirmed is False
    stranger = harness.change(FIRST).with_delivery(Delivery("d9", ApiVersion.V4, "accept", "fail"))
    harness.changes.save(stranger)
    harness.recorder().take(harness.inbound.transactions[SECOND])

    class Deaf:
        def __getattr__(self, name):
            return getattr(harness.inbound, name)

        def confirm(self, delivery, transaction_id, confirmation, note):
            if transaction_id == FIRST:
                raise Transient("Orderful answered 503.")
            return harness.inbound.confirm(delivery, transaction_id, confirmation, note)

    assert harness.apply(message_for(harness.change(SECOND)), inbound=Deaf()) is ApplyResult.APPLIED


def test_what_a_former_partner_left_half_written_ends_before_the_new_partners_change() -> None:
    harness = Harness()
    with_berg(harness)
    send(harness, 900, FIRST)
    harness.recorder().take(harness.inbound.transactions[FIRST])
    message = harness.outbox.queued_changes.pop()
    orders = killer(at=1, after=True).watch(harness.orders, "put_order")
    with pytest.raises(Killed):
        harness.apply(message, orders=lambda company, deadline: orders)
    assert harness.states()[-1] is State.CHANGING
    harness.orders.edit(supplier={"number": "60000"})
    harness.clock.forward(minutes=3)

    send(harness, 110, SECOND, line=2, sender_id=BERG)
    settle(harness)

    # The new partner was never sent the order.
    assert states(harness, FIRST, SECOND) == [ChangeState.REFUSED, ChangeState.PARKED]
    assert (written(harness), list(harness.ledger.in_state(State.CHANGING))) == ([900], [])


# -- what Orderful let through --------------------------------------------------------------------------------------


def corrected(harness: Harness, quantity: int, number: str = FIRST, **changes: Any) -> None:
    """A rule or a person changes the message at Orderful."""
    message = an_860(more_of(1, quantity), **changes)
    harness.inbound.transactions[number] = replace(
        harness.inbound.transactions[number], message=message, validation=Validation.VALID
    )


def test_one_that_orderful_still_processes_is_found_however_late_it_is_done() -> None:
    """The watermark waits with it: the list is read back for an hour only."""
    harness = Harness()
    harness.collect()
    send(harness, 900, FIRST, validation=Validation.PROCESSING)
    settle(harness)
    before = harness.watermark.timestamp
    for _ in range(4):
        settle(harness, minutes=60)
    assert (harness.changes.known(FIRST), harness.inbound.confirmed, harness.watermark.timestamp) == (None, [], before)

    corrected(harness, 850)
    settle(harness, minutes=60)

    assert (states(harness, FIRST), written(harness)) == ([ChangeState.APPLIED], [850])
    assert harness.watermark.timestamp > before


def test_one_that_orderful_processes_for_a_day_goes_to_a_person() -> None:
    harness = Harness()
    harness.collect()
    send(harness, 900, FIRST, validation=Validation.PROCESSING)
    harness.inbound.transactions[FIRST] = replace(harness.inbound.transactions[FIRST], message=None)
    settle(harness)
    settle(harness, minutes=25 * 60)

    assert (states(harness, FIRST), written(harness)) == ([ChangeState.PARKED], [])
    assert "has been processing it since" in (harness.change(FIRST).reason or "")
    before = harness.watermark.timestamp
    settle(harness, minutes=5)
    assert harness.watermark.timestamp > before


def test_a_callback_about_one_that_orderful_still_processes_comes_again() -> None:
    harness = Harness()
    number = send(harness, 900, FIRST, validation=Validation.PROCESSING)

    with pytest.raises(Transient, match="still processes"):
        harness.apply(harness.inbound.hint(number))

    assert harness.changes.all() == []


def test_one_in_an_inbox_that_orderful_processes_again_is_looked_at_again() -> None:
    harness = Harness()
    send(harness, 900, FIRST, inbox=True)
    (item,) = harness.inbound.inbox("7")
    harness.recorder().take(item)
    harness.inbound.transactions[FIRST] = replace(harness.inbound.transactions[FIRST], validation=Validation.PROCESSING)
    harness.quiesce()
    assert (states(harness, FIRST), harness.inbound.confirmed) == ([ChangeState.RECEIVED], [])

    corrected(harness, 850)
    settle(harness, minutes=6)

    assert (states(harness, FIRST), written(harness)) == ([ChangeState.APPLIED], [850])


def test_an_invalid_one_is_parked_with_orderfuls_reason_and_taken_as_it_was_corrected() -> None:
    harness = Harness()
    harness.inbound.problems = ("BCH06: is required",)
    send(harness, 900, FIRST, validation=Validation.INVALID)
    settle(harness)

    change = harness.change(FIRST)
    assert (change.state, written(harness)) == (ChangeState.PARKED, [])
    assert "Orderful holds it as invalid: BCH06: is required" in (change.reason or "")
    assert "Correct it in Orderful" in (change.next_step or "")
    assert change.differences != (), "a person sees what it would do"

    corrected(harness, 850)
    harness.review.approve(harness.change(FIRST), KARI)
    harness.quiesce()

    assert (states(harness, FIRST), written(harness), harness.change(FIRST).decided_by) == (
        [ChangeState.APPLIED],
        [850],
        "rules",
    )


def test_a_corrected_message_whose_record_was_not_written_yet_is_another_one_all_the_same() -> None:
    harness = Harness()
    send(harness, 900, FIRST, validation=Validation.INVALID)
    settle(harness)
    corrected(harness, 850)
    message = harness.inbound.transactions[FIRST].message
    # A worker stored the message and died.
    harness.changes.messages[ORDER, FIRST] = msgspec.json.encode(message)
    harness.review.approve(harness.change(FIRST), KARI)

    harness.quiesce()

    assert (written(harness), harness.change(FIRST).content_id) == ([850], content_id(message))


def test_an_approval_of_an_invalid_one_is_for_what_was_shown() -> None:
    harness = Harness()
    send(harness, 900, FIRST, validation=Validation.INVALID)
    settle(harness)
    harness.review.approve(harness.change(FIRST), KARI)
    harness.quiesce()
    assert (states(harness, FIRST), written(harness), harness.change(FIRST).decided_by) == (
        [ChangeState.APPLIED],
        [900],
        "kari",
    )

    other = Harness()
    send(other, 900, FIRST, validation=Validation.INVALID)
    settle(other)
    corrected(other, 5000)
    other.review.approve(other.change(FIRST), KARI)
    other.quiesce()
    assert (states(other, FIRST), written(other)) == ([ChangeState.PARKED], [])


@pytest.mark.parametrize(
    "message", [None, an_860(more_of(1, 900), purchaseOrderNumber="599999")], ids=["no message", "no such order"]
)
def test_an_invalid_one_is_a_persons_whatever_else_is_wrong(message: dict[str, Any] | None) -> None:
    harness = Harness()
    send(harness, 900, FIRST)
    number = message["purchaseOrderNumber"] if message else None
    held = harness.inbound.transactions[FIRST]
    invalid = replace(held, message=message, order_number=number, business_number=number)
    harness.inbound.transactions[FIRST] = replace(invalid, validation=Validation.INVALID)

    settle(harness)

    assert states(harness, FIRST) == [ChangeState.PARKED]
    assert (harness.change(FIRST).reason or "").startswith("Orderful holds it as invalid.")


@pytest.mark.parametrize("late", [True, False])
def test_what_a_rule_changes_before_the_decision_is_what_counts(late: bool) -> None:
    harness = Harness()
    send(harness, 900, FIRST, header={"changeSequenceNumber": "2"})
    settle(harness)
    assert states(harness, FIRST) == [ChangeState.RECEIVED]

    corrected(harness, 850, changeSequenceNumber="2" if late else "1")
    settle(harness, minutes=11)

    assert written(harness) == [850]
    assert harness.change(FIRST).change_sequence == (2 if late else 1)
    assert harness.changes.message_of(harness.change(FIRST)) == harness.inbound.transactions[FIRST].message


@pytest.mark.parametrize("dies_at", [None, 1])
def test_one_that_names_another_order_after_it_was_corrected_is_recorded_and_applied_there(dies_at: int | None) -> None:
    """Orderful gave no message while it was invalid, and the number was wrong."""
    harness = Harness()
    send(harness, 900, FIRST)
    held = harness.inbound.transactions[FIRST]
    wrong = {"order_number": "PO-500123", "business_number": "PO-500123"}
    harness.inbound.transactions[FIRST] = replace(
        held, message=None, validation=Validation.INVALID, aliases=(UUID,), **wrong
    )
    settle(harness)
    assert (harness.change(FIRST).number, harness.change(FIRST).state) == ("PO-500123", ChangeState.PARKED)

    right = {"order_number": "500123", "business_number": "500123"}
    harness.inbound.transactions[FIRST] = replace(held, aliases=(UUID,), **right)
    harness.review.approve(harness.change(FIRST), KARI)
    message = harness.outbox.queued_changes.pop()
    reaper = killer(at=dies_at, after=True)
    steps = reaper.watch(harness.changes, "move")
    if dies_at is not None:
        with pytest.raises(Killed):
            harness.apply(message, changes=steps)
    harness.apply(message)
    harness.quiesce()
    harness.inbound.waiting.append(FIRST)
    settle(harness)

    assert (harness.change(FIRST).number, harness.change(FIRST).state) == ("500123", ChangeState.APPLIED)
    assert harness.recorder().recorded(UUID) == harness.change(FIRST)
    assert written(harness) == [900]
    assert {one.state for one in harness.changes.all()} == {ChangeState.APPLIED, ChangeState.RECORDED}
    assert harness.inbound.confirmed == [(FIRST, Confirmation.ACCEPTED)]


def test_the_same_transaction_in_the_other_dialect_is_no_other_message() -> None:
    """The X12 shape leaves open what Mosaic says: which of two quantities is the new one."""
    harness = Harness()
    send(harness, 900, FIRST, inbox=True)
    (item,) = harness.inbound.inbox("7")
    harness.recorder().take(item)
    held = harness.inbound.transactions[FIRST]
    harness.inbound.transactions[FIRST] = replace(held, message={"transactionSets": [{"transactionSetHeader": []}]})

    harness.quiesce()

    assert written(harness) == [900]


@pytest.mark.parametrize("at_orderful", [True, False])
def test_a_recorded_message_that_is_lost_is_taken_from_orderful_or_the_change_is_a_persons(
    monkeypatch: pytest.MonkeyPatch, at_orderful: bool
) -> None:
    harness = Harness()
    send(harness, 900, FIRST, inbox=True)
    (item,) = harness.inbound.inbox("7")
    harness.recorder().take(item)

    def message_of(change: Any) -> Any:
        step = "Restore it, and run: connector changes retry TRANSACTION"
        raise PayloadLost("The stored body inbound/x cannot be read (AccessDenied).", next_step=step)

    monkeypatch.setattr(harness.changes, "message_of", message_of)
    if not at_orderful:
        harness.inbound.transactions[FIRST] = replace(harness.inbound.transactions[FIRST], message=None)

    harness.quiesce()

    assert written(harness) == ([900] if at_orderful else [])
    assert harness.change(FIRST).state is (ChangeState.APPLIED if at_orderful else ChangeState.PARKED)
    assert at_orderful or "inbound/x" in (harness.change(FIRST).reason or "")
    step = f"Restore it, and run: connector changes retry {harness.change(FIRST).transaction_id}"
    assert at_orderful or harness.change(FIRST).next_step == step


def test_what_is_half_written_is_finished_as_it_was_begun() -> None:
    harness = Harness()
    send(harness, 900, FIRST)
    harness.recorder().take(harness.inbound.transactions[FIRST])
    message = harness.outbox.queued_changes.pop()
    orders = killer(at=1, after=True).watch(harness.orders, "put_order")
    with pytest.raises(Killed):
        harness.apply(message, orders=lambda company, deadline: orders)
    corrected(harness, 700)
    harness.clock.forward(minutes=3)

    assert harness.apply(message) is ApplyResult.APPLIED
    assert written(harness) == [900]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(Transient("Orderful answered 503."), None), (Misconfigured("Orderful answered 401."), ApplyResult.HELD_BACK)],
)
def test_without_orderful_nothing_is_decided_and_the_sweep_comes_back(failure: Exception, expected: Any) -> None:
    harness = Harness()
    send(harness, 900, FIRST, inbox=True)
    (item,) = harness.inbound.inbox("7")
    harness.recorder().take(item)
    (message,) = harness.outbox.queued_changes
    harness.outbox.clear()

    class Away:
        def __getattr__(self, name):
            return getattr(harness.inbound, name)

        def fetch(self, transaction_id):
            raise failure

    if expected is None:
        with pytest.raises(Transient):
            harness.apply(message, inbound=Away())
    else:
        assert harness.apply(message, inbound=Away()) is expected
    assert (states(harness, FIRST), written(harness)) == ([ChangeState.RECEIVED], [])

    settle(harness, minutes=31)
    assert written(harness) == [900]


def test_one_that_orderful_no_longer_knows_is_decided_as_it_was_recorded() -> None:
    harness = Harness()
    send(harness, 900, FIRST, inbox=True)
    (item,) = harness.inbound.inbox("7")
    harness.recorder().take(item)
    harness.clock.forward(minutes=2)
    del harness.inbound.transactions[FIRST]

    harness.quiesce()

    assert written(harness) == [900]


def test_a_worker_at_an_earlier_change_of_the_sender_keeps_the_later_one_away() -> None:
    harness = Harness()
    for quantity, number in ((810, FIRST), (820, SECOND)):
        send(harness, quantity, number)
        harness.recorder().take(harness.inbound.transactions[number])
    until = harness.clock.now() + timedelta(minutes=1)
    later = harness.change(SECOND)
    harness.changes.save(later.moved(ChangeState.APPLYING, now=until, note="being decided", claim_until=until))

    with pytest.raises(Conflict):
        harness.apply(message_for(harness.change(FIRST)))
    assert harness.changes.of_order(ORDER)[0].attempts == 0
