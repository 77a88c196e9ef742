"""Applying changes: once, wholly or not at all, and nothing of it comes back to the partner."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.domain.errors import Conflict, Misconfigured, NoRouting, PutOff, Transient, UnknownOutcome
from connector.domain.inbound import ApiVersion, Confirmation, Delivery
from connector.domain.order_change.decide import Difference
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.domain.routing.route import QuantityReading
from connector.domain.transactions import Purpose, Stream
from connector.services.inbound.apply import ATTEMPTS_IN_CONFLICT, ApplyResult
from connector.services.inbound.record import message_for
from connector.services.inbound.review import approve, look_again, reject
from connector.services.inbound.write_order import MOST_DIFFERENCES, shown
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Created, Metric
from testkit.memory.change_world import ORDER, RULES, World, an_860, more_of
from testkit.memory.effects import Killed, killer
from testkit.memory.stores import HintCalls
from testkit.memory.visma import FakeOrders
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line


def arrived(world: World, *lines, number: str = "802210971", **header) -> ChangeMessage:
    """An 860 comes in and is recorded; the message that asks for it."""
    world.inbound.send(an_860(*lines, **header), number=number)
    world.recorder().take(world.inbound.held[number])
    world.outbox.clear()
    return message_for(world.change(number))


def arrived_in_x12(world: World, sequence: str, *, number: str = "802210971", **change) -> ChangeMessage:
    """An X12-shaped 860 comes in that changes the quantity of line 1."""
    header = {"transactionSetPurposeCode": "04", "purchaseOrderNumber": "500123", "changeOrderSequenceNumber": sequence}
    line = {"assignedIdentification": "1", "changeOrResponseTypeCode": "QI", **change}
    trees = [{"beginningSegmentForPurchaseOrderChange": [header], "POC_loop": [{"lineItemChange": [line]}]}]
    world.inbound.send({"transactionSets": trees}, number=number, order_number="500123")
    world.recorder().take(world.inbound.held[number])
    world.outbox.clear()
    return message_for(world.change(number))


def with_another_partner(world: World, **rules) -> None:
    """Supplier 60000 is partner berg."""
    another = a_partner(isa_id="B", supplier="60000")
    world.routing.apply(routing_data({"defaults.changes": {**RULES, **rules}, "partners.berg": another}))


def test_a_change_inside_the_limits_is_written_and_orderful_is_told_once() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))

    assert world.apply(message) is ApplyResult.APPLIED

    assert world.orders.line(1)["orderQty"] == 900
    assert world.orders.line(2)["orderQty"] == 100
    assert world.orders.puts == [
        {"lines": [{"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": 900}}]}
    ]
    assert world.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]
    change = world.change()
    assert (change.state, change.decided_by, change.confirmed) == ("APPLIED", "rules", Confirmation.ACCEPTED)
    assert [(one.where, one.base, one.theirs, one.ours) for one in change.differences] == [
        ("line 1", "800", "900", "800")
    ]


def test_the_echo_of_a_change_is_never_sent() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 900, was=800)))

    world.poll()
    world.quiesce()

    assert len(world.sent) == 1
    assert world.states() == [State.SENT, State.AGREED]


def test_an_edit_after_an_agreed_change_is_sent_as_a_replacement() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 900, was=800)))
    world.poll()
    world.orders.edit(line_2={"orderQty": 120.0})

    world.poll()
    world.quiesce()

    assert len(world.sent) == 2
    assert world.states() == [State.SENT, State.AGREED, State.SENT]


def test_doing_it_again_does_nothing_again() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    world.apply(message)

    assert world.apply(message) is ApplyResult.APPLIED
    assert world.apply(message) is ApplyResult.APPLIED

    assert (world.orders.theirs, len(world.inbound.confirmed)) == (1, 1)


def test_callback_and_inbox_and_callback_again_make_one_put() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900, was=800)))
    hint = world.inbound.hint(number)

    world.apply(hint)
    world.collect()
    world.apply(hint)
    world.quiesce()
    world.collect()
    world.apply(hint)

    assert (world.orders.theirs, world.inbound.confirmed) == (1, [(number, Confirmation.ACCEPTED)])
    assert world.inbound.fetches == [number], "a repeated callback costs no request"


# -- somebody else writes at the same time --------------------------------------------------------------------------


def test_a_users_edit_at_the_same_moment_is_kept() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    world.orders.on_put.append(lambda: world.orders.edit(dontPrint=True))

    assert world.apply(message) is ApplyResult.APPLIED

    assert (world.orders.line(1)["orderQty"], world.orders.orders["500123"]["dontPrint"]) == (900, True)
    assert (world.orders.theirs, len(world.orders.puts), len(world.pauses)) == (2, 1, 1)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1, "the partner sees nothing of an edit that it cannot see"


def test_a_visible_edit_at_the_same_moment_is_kept_and_sent_with_the_change() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    world.orders.on_put.append(lambda: world.orders.edit(line_2={"orderQty": 130.0}))

    assert world.apply(message) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()

    assert (world.orders.line(1)["orderQty"], world.orders.line(2)["orderQty"]) == (900, 130)
    assert len(world.sent) == 2
    assert _quantities(world.orderful.requests[-1].body) == ["900", "130"]


def _quantities(body):
    loops = body["message"]["transactionSets"][0]["PO1_loop"]
    return [loop["baselineItemData"][0]["quantity"] for loop in loops]


def _written_along_with_an_edit(world: World) -> None:
    """The order is on hold, so the partner cannot be sent the whole yet; its wish for line 1 stands in Visma."""
    world.orders.edit(status="Hold", line_2={"orderQty": 80.0})
    assert world.apply(arrived(world, more_of(1, 700, was=800))) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()
    assert world.states() == [State.SENT, State.SUPERSEDED, State.SKIPPED]


def test_a_user_who_takes_everything_back_does_not_leave_the_partner_with_its_wish() -> None:
    """What Visma says is what the partner was sent once; but since then it was granted a change."""
    world = World()
    _written_along_with_an_edit(world)

    world.orders.edit(status="Open", line_1={"orderQty": 800.0}, line_2={"orderQty": 100.0})
    world.poll()
    world.quiesce()

    assert len(world.sent) == 2
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2


def test_while_the_whole_is_due_no_further_wish_is_taken_as_all_that_the_partner_has_to_know() -> None:
    world = World()
    _written_along_with_an_edit(world)
    world.orders.edit(line_1={"orderQty": 800.0}, line_2={"orderQty": 100.0})

    assert world.apply(arrived(world, more_of(2, 110, was=100), number="802210972")) is ApplyResult.APPLIED
    assert State.AGREED not in world.states()
    world.orders.edit(status="Open")
    world.poll()
    world.quiesce()

    assert len(world.sent) == 2


def test_that_the_whole_is_due_is_noted_once_however_often_the_worker_dies() -> None:
    """The partner asks for what a user had entered already, along with something else."""
    world = World()
    world.orders.edit(status="Hold", line_1={"orderQty": 900.0}, line_2={"orderQty": 80.0})
    message = arrived(world, more_of(1, 900, was=800))
    with pytest.raises(Killed):
        world.apply(message, changes=killer(at=3).watch(world.changes, "save"))
    assert (world.change().state, world.states()) == (ChangeState.APPLYING, [State.SENT, State.SUPERSEDED])
    world.clock.forward(minutes=2)

    assert world.apply(message) is ApplyResult.APPLIED
    assert world.states() == [State.SENT, State.SUPERSEDED]


def test_an_edit_of_the_same_thing_is_a_persons_to_decide() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    world.orders.on_put.append(lambda: world.orders.edit(line_1={"orderQty": 700.0}))

    assert world.apply(message) is ApplyResult.PARKED

    assert world.orders.puts == []
    change = world.change()
    assert "changed in Visma meanwhile" in (change.reason or "")
    assert change.reason_codes == (Reason.CHANGED_IN_VISMA,)
    assert [(one.base, one.theirs, one.ours) for one in change.differences] == [("800", "900", "700")]
    assert State.CHANGING not in world.states()
    assert world.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)], "we hold it; a person decides"


def test_a_storm_of_edits_ends_at_a_person() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    world.orders.on_put = [lambda: world.orders.edit(dontPrint=True)] * 100

    for _ in range(ATTEMPTS_IN_CONFLICT - 1):
        with pytest.raises(Conflict):
            world.apply(message)
        assert world.change().state is ChangeState.RECEIVED
    assert world.apply(message) is ApplyResult.PARKED

    assert world.orders.puts == []
    assert world.telemetry.counts[Metric.CHANGE_CONFLICTS] > 0


def test_what_was_begun_is_finished_before_an_earlier_change_has_its_turn() -> None:
    """An earlier one is approved while a later one has the next number and met a 412 in each round: each waited for the
    other, and the order for both.
    """
    world = World()
    first = arrived(world, more_of(1, 2000, was=800))
    second = arrived(world, more_of(2, 300, was=100), number="802210972")
    assert (world.apply(first), world.apply(second)) == (ApplyResult.PARKED, ApplyResult.PARKED)
    world.orders.on_put = [lambda: world.orders.edit(dontPrint=True)] * 4
    approve(world.change("802210972"), world.changes, world.outbox, world.clock, by="kari")
    with pytest.raises(Conflict):
        world.apply(second)
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")

    world.quiesce()

    assert world.orders.line(2)["orderQty"] == 300
    assert world.change("802210972").state is ChangeState.APPLIED
    # It was approved for the order as it was before; its person looks once more.
    assert world.change().state is ChangeState.PARKED
    assert list(world.ledger.in_state(State.CHANGING)) == []


def test_other_trouble_than_edits_does_not_count_towards_a_storm_of_them() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    for _ in range(ATTEMPTS_IN_CONFLICT):
        with pytest.raises(Transient):
            world.apply(message, orders=_out_of_order)
    world.orders.on_put = [lambda: world.orders.edit(dontPrint=True)] * 4
    with pytest.raises(Conflict):
        world.apply(message)

    assert world.apply(message) is ApplyResult.APPLIED


def _out_of_order(*_: object) -> FakeOrders:
    raise Transient("Visma answered 503.")


def test_a_lost_answer_is_looked_up_before_anything_is_written_again() -> None:
    world = World()
    message = arrived(
        world,
        more_of(1, 900, was=800),
        {
            "changeReason": "addItem",
            "quantity": {"value": "5", "unitOfMeasure": "each"},
            "unitCostPrice": "7.5",
            "productIds": {"buyerItemNumber": "1300"},
        },
    )
    world.orders.lose = 1

    assert world.apply(message) is ApplyResult.APPLIED

    assert (world.orders.theirs, len(world.orders.orders["500123"]["lines"])) == (1, 3)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1


def test_a_lost_answer_about_a_line_that_the_partner_had_not_seen_makes_no_echo() -> None:
    """A user added the line, and it was sent after this change was first looked at: held against what the partner had
    then, an order in which the change stands has nothing that it asked for.
    """
    world = World(price="0%")
    item = {"inventory": {"number": "1300"}, "alternateId": "AC-3"}
    lines = [
        an_order_line(1),
        an_order_line(2, orderQty=Decimal(100), unitCost=Decimal(5), inventory={"number": "1299"}, alternateId="AC-2"),
        an_order_line(3, orderQty=Decimal(5), unitCost=Decimal("7.5"), **item),
    ]
    world.orders.put_in(a_purchase_order(lines=lines))
    theirs = {"purchaseOrderLineId": "3", "changeReason": "priceChange", "unitCostPrice": "10.5"}
    message = arrived(world, {**theirs, "productIds": {"buyerItemNumber": "1300"}})
    assert world.apply(message) is ApplyResult.PARKED
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2
    world.orders.lose = 1
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.line(3)["unitCost"]) == (ChangeState.APPLIED, 10.5)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2


# -- what a person decides ------------------------------------------------------------------------------------------


def test_a_change_beyond_the_limits_waits_and_is_written_when_approved() -> None:
    world = World()
    message = arrived(world, more_of(1, 2000, was=800))

    assert world.apply(message) is ApplyResult.PARKED
    assert (world.orders.theirs, world.change().next_step) == (
        0,
        "Compare with `connector changes show`, then approve or reject it.",
    )
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert world.orders.line(1)["orderQty"] == 2000
    change = world.change()
    assert (change.state, change.decided_by) == (ChangeState.APPLIED, "kari")
    assert len(world.inbound.confirmed) == 1
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1


def test_a_place_that_was_approved_once_is_the_order_s_own_from_then_on() -> None:
    world = World()
    place = {"parties": {"shipTo": {"identificationCode": "0099"}}}
    assert world.apply(arrived(world, **place)) is ApplyResult.PARKED
    parked = world.change()
    assert (parked.reasons, len(parked.places)) == ((parked.reason,), 1)
    assert world.apply(arrived(world, more_of(1, 900), number="802210972", **place)) is ApplyResult.PARKED

    world.approve()

    assert (world.change().state, world.change().places) == (ChangeState.APPLIED, parked.places)
    assert (world.change("802210972").state, world.change("802210972").places) == (ChangeState.APPLIED, ())
    assert world.apply(arrived(world, more_of(1, 905), number="802210973", **place)) is ApplyResult.APPLIED
    elsewhere = {"parties": {"shipTo": {"identificationCode": "0098"}}}
    assert world.apply(arrived(world, more_of(1, 910), number="802210974", **elsewhere)) is ApplyResult.PARKED


CHARGED = {"charges": [{"amount": "5"}]}
NOT_WRITTEN = "Line 1: it states allowances and charges: a charge of 5; the order has none."


def test_an_approval_with_nothing_to_write_closes_the_change() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 800, was=800, **CHARGED)))
    assert (world.change().state, world.change().unwritten) == (ChangeState.PARKED, (NOT_WRITTEN,))
    assert world.change().writes is False

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    change = world.change()
    assert (change.state, change.decided_by, change.unwritten) == (ChangeState.CLOSED, "kari", (NOT_WRITTEN,))
    assert change.reason == f"Nothing of it is written: {NOT_WRITTEN}"
    assert change.reason_codes == (Reason.NOTHING_WRITTEN,)
    assert (world.orders.theirs, world.states()) == (0, [State.SENT])
    assert world.telemetry.counts[Metric.CHANGES_CLOSED] == 1


def test_a_change_that_is_written_in_part_keeps_what_is_not_and_the_partner_is_sent_the_whole() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 900, was=800, **CHARGED)))
    assert world.change().writes is True

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    change = world.change()
    assert (change.state, change.unwritten) == (ChangeState.APPLIED, (NOT_WRITTEN,))
    assert world.orders.line(1)["orderQty"] == 900
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2, "it asked for a charge as well, and the order as it stands has none"
    assert State.AGREED not in world.states()


@pytest.mark.parametrize("known", [True, False], ids=["base known", "base unknown"])
def test_a_change_that_was_written_before_the_worker_died_is_not_closed_as_unwritten(known: bool) -> None:
    world = World()
    if not known:
        world.ledger.rows.clear()
    world.apply(arrived(world, more_of(1, 900, was=800, **CHARGED)))
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    orders = _opening(killer(at=1, after=True).watch(world.orders, "put_order"))
    with pytest.raises(Killed):
        world.apply(message_for(world.change()), orders=orders)
    world.clock.forward(minutes=3)

    world.apply(message_for(world.change()))

    assert world.orders.line(1)["orderQty"] == 900
    assert (world.orders.theirs, world.change().state) == (1, ChangeState.APPLIED)


def test_a_reading_that_a_person_names_counts_for_that_change_alone() -> None:
    world = World(quantity="5%")
    message = arrived_in_x12(world, "1", quantity="900", quantity1="850")
    assert world.apply(message) is ApplyResult.PARKED
    assert "POC03 says 900, POC04 says 850, and the partner had 800;" in (world.change().reason or "")
    assert world.orders.theirs == 0

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari", reading=QuantityReading.OLD_AND_NEW)
    world.quiesce()

    assert (world.orders.line(1)["orderQty"], world.change().state) == (850, ChangeState.APPLIED)
    assert world.change().reading is QuantityReading.OLD_AND_NEW
    message = arrived_in_x12(world, "2", number="802210972", quantity="880", quantity1="860")
    assert world.apply(message) is ApplyResult.PARKED
    assert "which is the new quantity" in (world.change("802210972").reason or "")


def test_the_days_that_a_header_moves_make_no_echo() -> None:
    world = World()
    wish = {"requestedDeliveryDate": "2026-10-09"}
    assert world.apply(arrived(world, dates=wish)) is ApplyResult.PARKED
    assert world.change().reason == "Order: the delivery date 2026-10-09 is in the past: the message is of 2026-11-02."
    world = World()
    world.apply(arrived(world, dates=wish, purchaseOrderChangeDate="2026-10-02"))

    assert world.change().state is ChangeState.APPLIED
    (put,) = world.orders.puts
    assert put["promisedOn"] == {"value": "2026-10-09T00:00:00"}
    assert [line["promised"]["value"] for line in put["lines"]] == ["2026-10-09T00:00:00"] * 2
    world.poll()
    world.quiesce()
    assert (len(world.sent), world.states()) == (1, [State.SENT, State.AGREED])


def test_an_approval_holds_only_for_the_order_that_was_shown() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 2000, was=800)))
    world.orders.edit(line_2={"orderQty": 90.0})

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)
    assert "after the comparison that kari approved" in (world.change().reason or "")
    assert world.change().reason_codes == (Reason.APPROVAL_OUTDATED,)


def test_an_approval_holds_only_for_what_was_shown() -> None:
    world = World(quantity="5%")
    message = arrived_in_x12(world, "1", quantity="900", quantity1="800")
    assert world.apply(message) is ApplyResult.PARKED
    assert [one.theirs for one in world.change().differences] == ["900"]
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.routing.apply(routing_data({"defaults.changes": {**RULES, "quantities": "delta"}}))

    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)
    assert "something else now than what kari approved" in (world.change().reason or "")
    assert [one.theirs for one in world.change().differences] == ["1700"]


@pytest.mark.parametrize("first_by", ["approval", "rejection"])
def test_a_difference_counts_from_what_the_change_before_it_made_of_the_order(first_by: str) -> None:
    world = World(quantity="1%", quantities="delta")
    for sequence, number, quantity in (("1", "802210971", "100"), ("2", "802210972", "50")):
        assert world.apply(arrived_in_x12(world, sequence, number=number, quantity=quantity)) is ApplyResult.PARKED

    if first_by == "approval":
        world.approve("802210971")
    else:
        world.reject("802210971", reason="not agreed")
        world.quiesce()
    world.approve("802210972")  # it was compared again when the first one had ended

    assert world.change("802210972").state is ChangeState.APPLIED
    assert world.orders.line(1)["orderQty"] == (950 if first_by == "approval" else 850)


def test_a_rejected_change_is_never_written() -> None:
    world = World()
    message = arrived(world, more_of(1, 2000, was=800))
    world.apply(message)

    _reject(world)

    assert world.apply(message) is ApplyResult.REJECTED
    assert (world.orders.theirs, world.change().decided_by) == (0, "kari")


def test_what_a_person_rejects_orderful_was_told_to_hold_delivered() -> None:
    """It was parked, and the word for that got lost: the next word says the same, whatever was decided meanwhile."""
    world = World()
    message = arrived(world, more_of(1, 2000, was=800))
    world.inbound.fail = [Transient("Orderful answered 502.")]
    with pytest.raises(Transient):
        world.apply(message)
    _reject(world)

    assert world.apply(message) is ApplyResult.REJECTED

    assert world.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]


def _reject(world: World) -> None:
    change, known = world.change(), world.partner_baseline()
    why = "The truck is full."
    reject(
        change,
        changes=world.changes,
        known=known,
        outbox=world.outbox,
        clock=world.clock,
        order=change.key,
        by="kari",
        reason=why,
    )


def test_a_cancellation_waits_until_the_order_is_cancelled_in_visma() -> None:
    world = World()
    message = arrived(world, purpose="cancellation")
    assert world.apply(message) is ApplyResult.PARKED
    assert "Cancel the order in Visma" in (world.change().next_step or "")

    world.orders.edit(status="Cancelled")
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.APPLIED, 0)


# -- whose order, whose change --------------------------------------------------------------------------------------


def test_another_partners_order_is_not_for_the_sender_to_change() -> None:
    world = World()
    world.routing.apply(
        routing_data({"partners.other": a_partner(isa_id="OTHER", supplier="60000"), "defaults.changes": {}})
    )
    world.inbound.send(an_860(more_of(1, 900)), sender_id="OTHERT")
    world.collect()
    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.REFUSED, 0)
    assert world.inbound.confirmed == [("802210971", Confirmation.FAILED)]


def test_an_order_that_visma_does_not_have_is_asked_about() -> None:
    world = World()
    world.inbound.send(
        an_860(more_of(1, 900), purchaseOrderNumber="999999"), order_number="999999", business_number="999999"
    )
    world.collect()
    world.quiesce()

    assert world.change().state is ChangeState.PARKED
    assert "no purchase order 999999" in (world.change().reason or "")
    assert world.change().reason_codes == (Reason.ORDER_NOT_FOUND,)


def test_a_customers_change_is_parked_with_the_reason() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)), sender_id="MATSENTERETT")
    world.collect()
    world.quiesce()

    assert world.change().state is ChangeState.PARKED
    assert "sales order" in (world.change().reason or "")
    assert world.change().reason_codes == (Reason.SENDER_IS_CUSTOMER,)


def test_an_unknown_sender_is_parked_until_routing_knows_it() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)), sender_id="NEWCOMERT")
    world.collect()
    world.quiesce()
    assert world.change().waits_for == "partners.<name>.orderful.isa_id.test: NEWCOMERT"

    world.routing.apply(
        routing_data(
            {
                "partners.acme.orderful": {"isa_id": {"live": "NEWCOMER", "test": "NEWCOMERT"}},
                "defaults.changes": {"quantity": "50%"},
            }
        )
    )
    look_again(world.change(), world.changes, world.outbox, world.clock, because="it may be there now")
    world.quiesce()

    assert (world.change().state, world.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)


def test_a_change_that_was_parked_unseen_is_not_approved_unseen() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 5000)), sender_id="NEWCOMERT")
    world.collect()
    world.quiesce()
    world.routing.apply(routing_data({"partners.acme.orderful": {"isa_id": {"live": "NEWCOMER", "test": "NEWCOMERT"}}}))

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)
    assert world.change().differences != ()


# -- turns ----------------------------------------------------------------------------------------------------------


def test_changes_apply_in_the_order_of_their_numbers_whichever_came_first() -> None:
    world = World()
    second = arrived(world, more_of(1, 900), number="802210972", changeSequenceNumber="2")
    assert world.apply(second) is ApplyResult.DEFERRED

    first = arrived(world, more_of(1, 1000), number="802210971", changeSequenceNumber="1")
    assert world.apply(first) is ApplyResult.APPLIED
    world.clock.forward(minutes=11)
    world.collect()
    world.quiesce()

    assert world.change("802210972").state is ChangeState.APPLIED
    assert [put["lines"][0]["orderQty"]["value"] for put in world.orders.puts] == [1000, 900]


def test_one_that_waited_long_enough_goes_without_the_missing_one() -> None:
    world = World()
    second = arrived(world, more_of(1, 900), changeSequenceNumber="2")
    assert world.apply(second) is ApplyResult.DEFERRED
    world.collect()
    assert world.orders.theirs == 0

    world.clock.forward(minutes=11)
    world.collect()
    world.quiesce()

    assert world.change().state is ChangeState.APPLIED


def test_a_late_number_is_not_written_over_a_newer_one() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 900), number="802210972", changeSequenceNumber="2"))
    world.clock.forward(minutes=11)
    world.collect()
    world.quiesce()

    late = arrived(world, more_of(2, 120), number="802210971", changeSequenceNumber="1")

    assert world.apply(late) is ApplyResult.PARKED
    assert "later change 2" in (world.change().reason or "")


def test_the_same_number_with_the_same_words_is_a_repetition() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 900), changeSequenceNumber="1"))

    again = arrived(world, more_of(1, 900), number="802210972", changeSequenceNumber="1")

    assert world.apply(again) is ApplyResult.RECORDED
    assert (world.orders.theirs, world.inbound.confirmed[-1]) == (1, ("802210972", Confirmation.ACCEPTED))


def test_the_same_number_with_other_words_is_a_persons_to_decide() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 900), changeSequenceNumber="1"))

    other = arrived(world, more_of(1, 1000), number="802210972", changeSequenceNumber="1")

    assert world.apply(other) is ApplyResult.PARKED
    assert world.orders.theirs == 1


def test_a_later_change_waits_behind_one_that_waits_for_a_person() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 5000), changeSequenceNumber="1"))

    later = arrived(world, more_of(2, 110), number="802210972", changeSequenceNumber="2")

    assert world.apply(later) is ApplyResult.PARKED
    assert "802210971" in (world.change("802210972").reason or "")


# -- trouble --------------------------------------------------------------------------------------------------------


def test_refused_credentials_burn_no_receives_and_the_sweep_comes_back_after_five_minutes() -> None:
    world = World()
    message = arrived(world, more_of(1, 900))

    class Refusing:
        def __call__(self, company, deadline):
            return self

        def get_order(self, number):
            raise Misconfigured("Visma answered 401.")

    assert world.apply(message, orders=Refusing()) is ApplyResult.HELD_BACK
    assert world.change().state is ChangeState.RECEIVED

    world.clock.forward(minutes=4, seconds=50)
    assert world.collect().requeued == 0
    world.clock.forward(seconds=10)
    assert world.collect().requeued == 1
    world.quiesce()
    assert (world.change().state, world.change().not_before) == (ChangeState.APPLIED, None)


def test_orderful_is_told_later_when_it_cannot_be_told_now() -> None:
    world = World()
    message = arrived(world, more_of(1, 900))
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
        world.apply(arrived(world, more_of(1, 900)))
    later = arrived(world, more_of(2, 110), number="802210972")
    world.inbound.fail = [Transient("Orderful answered 503.")]
    with pytest.raises(Transient):
        world.apply(later)
    assert (world.orders.line(2)["orderQty"], world.change("802210972").state) == (110, ChangeState.APPLIED)

    world.apply(later)

    assert sorted(name for name, _ in world.inbound.confirmed) == ["802210971", "802210972"]


def test_a_change_that_visma_refuses_is_parked_with_its_words() -> None:
    world = World()
    world.orders.refuse = "The purchase order 500123 cannot be changed: its status is Open."

    assert world.apply(arrived(world, more_of(1, 900))) is ApplyResult.PARKED

    change = world.change()
    assert "its status is Open" in (change.reason or "")
    assert "hold_first" in (change.next_step or "")
    assert State.CHANGING not in world.states()


def test_an_order_that_takes_changes_only_on_hold_is_put_on_hold_and_released() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})

    assert world.apply(arrived(world, more_of(1, 900))) is ApplyResult.APPLIED

    assert [list(put) for put in world.orders.puts] == [["hold"], ["lines"], ["hold"]]
    assert (world.orders.orders["500123"]["status"], world.change().on_hold) == ("Open", False)


def test_an_order_left_on_hold_is_released_by_the_next_try() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    message = arrived(world, more_of(1, 900))
    reaper = killer(at=2, after=False)

    with pytest.raises(Killed):
        world.apply(message, orders=_opening(reaper.watch(world.orders, "put_order")))
    assert world.orders.orders["500123"]["status"] == "Hold"
    world.clock.forward(minutes=3)

    assert world.apply(message) is ApplyResult.APPLIED
    assert (world.orders.orders["500123"]["status"], world.orders.line(1)["orderQty"]) == ("Open", 900)


def test_an_order_that_becomes_another_partners_while_it_is_on_hold_is_released_and_not_written() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    message = arrived(world, more_of(1, 900, was=800))
    # Between the hold and the write.
    world.orders.on_put = [lambda: None, lambda: world.orders.edit(supplier={"internalId": 600, "number": "60000"})]
    with_another_partner(world, hold_first=["Open"])

    assert world.apply(message) is ApplyResult.REJECTED

    assert (world.orders.orders["500123"]["status"], world.change().on_hold) == ("Open", False)
    assert world.orders.line(1)["orderQty"] == 800


def test_an_order_that_was_agreed_on_with_a_partner_is_withdrawn_there_when_it_becomes_anothers() -> None:
    world = World()
    world.apply(arrived(world, more_of(1, 900, was=800)))
    world.poll()
    world.quiesce()

    world.orders.edit(supplier={"internalId": 600, "number": "60000"})  # mapped to nobody
    world.poll()
    world.quiesce()

    withdrawal = world.ledger.get(ORDER, 3)
    assert (withdrawal.purpose, withdrawal.receiver_id, withdrawal.state) == (
        Purpose.CANCELLATION,
        "ACMEPRODUCET",
        State.SENT,
    )


def test_a_partner_that_asks_under_another_isa_id_than_it_was_sent_is_sent_the_whole_there() -> None:
    world = World()
    acme = a_partner(isa_id="ACMENEW", supplier="50012")
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.acme": acme}))
    world.inbound.send(an_860(more_of(1, 900, was=800)), sender_id="ACMENEWT")
    world.recorder().take(world.inbound.held["802210971"])

    world.quiesce()
    world.poll()
    world.quiesce()

    assert world.orders.line(1)["orderQty"] == 900
    assert [each.receiver_id for each in world.sent] == ["ACMEPRODUCET", "ACMEPRODUCET", "ACMENEWT"]


def test_a_partner_that_refused_to_get_an_order_back_is_sent_the_whole_with_what_it_asks_for() -> None:
    """The order was withdrawn there, and came back; Orderful refused the replacement."""
    world = World()
    acme = world.orders.orders["500123"]["supplier"]
    world.orders.edit(supplier={"internalId": 600, "number": "60000"})
    world.poll()
    world.quiesce()
    world.orderful.script = [Created(None, accepted=False, problems=("message: it is wrong",))]
    world.orders.edit(supplier=acme)
    world.poll()
    world.quiesce()

    world.apply(arrived(world, more_of(1, 900, was=800)))
    world.poll()
    world.quiesce()

    newest = world.ledger.revisions(ORDER)[0]
    assert (newest.state, newest.purpose, len(world.sent)) == (State.SENT, Purpose.REPLACE, 4)


def test_a_change_that_no_partner_sees_makes_no_echo_of_what_is_agreed() -> None:
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    world.orders.edit(location={"id": 99, "name": "Elsewhere"})
    world.apply(message)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1


def test_a_refusal_on_hold_takes_the_order_off_hold_again() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    world.orders.edit(line_1={"completed": False})
    message = arrived(world, more_of(1, 900))
    world.orders.on_put = [lambda: None, lambda: setattr(world.orders, "refuse", "Not today.")]
    world.orders.on_put.append(lambda: setattr(world.orders, "refuse", None))

    assert world.apply(message) is ApplyResult.PARKED

    assert (world.orders.orders["500123"]["status"], world.change().on_hold) == ("Open", False)


def _opening(desk):
    return lambda company, deadline: desk


def test_a_defect_of_ours_ends_at_a_person_and_not_in_a_circle() -> None:
    world = World()
    message = arrived(world, more_of(1, 900))

    class Broken:
        def __call__(self, company, deadline):
            return self

        def get_order(self, number):
            raise KeyError("oops")

    for _ in range(2):
        with pytest.raises(KeyError):
            world.apply(message, orders=Broken())
        world.clock.forward(minutes=2)
    assert world.apply(message, orders=Broken()) is ApplyResult.PARKED
    assert "KeyError" in (world.change().reason or "")
    assert world.change().reason_codes == (Reason.CONNECTOR_DEFECT,)


def test_a_defect_after_the_write_leaves_no_number_taken() -> None:
    """The order would be blocked for good: no other change could be written, and no poll would be heard."""
    world = World()
    message = arrived(world, more_of(1, 900))

    class Forgetful:
        def __call__(self, company, deadline):
            return self

        def __getattr__(self, name):
            return getattr(world.orders, name)

        def get_order(self, number):
            if world.orders.puts:
                raise KeyError("oops")
            return world.orders.get_order(number)

    for _ in range(2):
        with pytest.raises(KeyError):
            world.apply(message, orders=Forgetful())
        world.clock.forward(minutes=2)
    assert world.apply(message, orders=Forgetful()) is ApplyResult.PARKED

    world.poll()
    world.quiesce()
    assert len(world.sent) == 2
    assert list(world.ledger.in_state(State.CHANGING)) == []


def _sender_leaves(world: World) -> None:
    """The partner's ISA id changes in the routing: the change is nobody's any more."""
    acme = {"isa_id": {"live": "ACMENEW", "test": "ACMENEWT"}}
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.acme.orderful": acme}))


def _receiver_leaves(world: World) -> None:
    """Our own ISA id changes in the routing."""
    ours = {"isa_id": {"live": "OTHER", "test": "OTHERT"}}
    world.routing.apply(routing_data({"defaults.changes": RULES, "companies.nordic.orderful": ours}))


def _company_leaves(world: World) -> None:
    """The routing has no company of that name, and nobody with that ISA id."""
    data = routing_data({"defaults.changes": RULES})
    data["companies"]["other"] = data["companies"].pop("nordic")
    data["companies"]["other"]["orderful"] = {"isa_id": {"live": "OTHER", "test": "OTHERT"}}
    world.routing.apply(data)


def _message_is_none(world: World) -> None:
    """What Orderful holds is no 860 any more."""
    change = world.change()
    world.changes.rewrite(change, message={"hello": "world"})


@pytest.mark.parametrize(
    ("happens", "is_released"),
    [(_sender_leaves, True), (_receiver_leaves, True), (_message_is_none, True), (_company_leaves, False)],
)
def test_a_change_that_was_begun_and_cannot_go_on_blocks_the_order_no_longer(happens, is_released: bool) -> None:
    """An attempt reserved the next number and put the order on hold; then there is nothing to work on any more."""
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    message = arrived(world, more_of(1, 900))
    with pytest.raises(Killed):
        world.apply(message, orders=_opening(killer(at=2, after=False).watch(world.orders, "put_order")))
    assert [one.change_id for one in world.ledger.in_state(State.CHANGING)] == [world.change().transaction_id]
    assert world.orders.orders["500123"]["status"] == "Hold"
    world.clock.forward(minutes=3)

    happens(world)

    assert world.apply(message) is ApplyResult.PARKED
    assert list(world.ledger.in_state(State.CHANGING)) == []
    # Without a company nobody can be asked about the order, and `connector changes show` says that it is on hold.
    assert (world.orders.orders["500123"]["status"] == "Open", world.change().on_hold) == (is_released, not is_released)


def test_a_repetition_that_was_begun_blocks_the_order_no_longer() -> None:
    """It may have been written: what stands in the order then is its own work."""
    world = World()
    assert world.apply(arrived(world, more_of(1, 900))) is ApplyResult.APPLIED
    message = arrived(world, more_of(1, 900), number="802210972")
    world.partner_baseline().reserve(ORDER, world.change("802210972"))

    assert world.apply(message) is ApplyResult.APPLIED

    assert list(world.ledger.in_state(State.CHANGING)) == []


def test_an_order_that_cannot_be_taken_off_hold_is_named_beside_what_else_is_to_be_done() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    message = arrived(world, more_of(1, 900))
    with pytest.raises(Killed):
        world.apply(message, orders=_opening(killer(at=2, after=False).watch(world.orders, "put_order")))
    world.clock.forward(minutes=3)
    _sender_leaves(world)
    world.orders.refuse = "Nobody may write here."

    assert world.apply(message) is ApplyResult.PARKED

    assert world.change().next_step == (
        "Release order 500123 from hold in Visma, then approve this or reject it."
        " Add the partner to the routing file and apply it."
    )


def test_what_is_no_860_is_parked() -> None:
    world = World()
    world.inbound.send({"hello": "world"}, order_number="500123")
    world.collect()
    world.quiesce()

    assert world.change().state is ChangeState.PARKED
    assert world.inbound.waiting == []


# -- callbacks ------------------------------------------------------------------------------------------------------


def test_a_forged_hint_costs_one_request_and_changes_nothing() -> None:
    world = World()

    outcome = world.apply(HintMessage(transaction_id="999999999"))

    assert (outcome, world.inbound.fetches, world.orders.reads) == (ApplyResult.NOTHING_TO_DO, ["999999999"], 0)
    assert world.changes.all() == []
    assert world.telemetry.counts[Metric.CALLBACKS_UNUSABLE] == 1


def test_ten_thousand_forged_hints_cost_a_bounded_number_of_calls_and_a_true_one_behind_them_is_taken() -> None:
    world, calls = World(), HintCalls(unknown=20, recorded=1)
    number = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    put_off = 0
    for forged in [
        *(HintMessage(transaction_id=str(10**9 + one)) for one in range(10_000)),
        world.inbound.hint(number),
    ]:
        try:
            world.apply(forged, hint_budget=calls)
        except PutOff:
            put_off += 1
    assert (put_off, len(world.inbound.fetches)) == (10_001 - 20, 20)

    world.clock.forward(minutes=5)
    world.collector(inbox_ids=()).run()  # the list shows it, and its delivery only the callback names
    assert world.apply(world.inbound.hint(number), hint_budget=calls) is ApplyResult.NOTHING_TO_DO
    world.quiesce()

    assert world.change().state is ChangeState.APPLIED
    assert world.inbound.confirmed == [(number, Confirmation.ACCEPTED)]


def test_made_up_deliveries_of_a_known_transaction_cost_a_bounded_number_of_calls_too() -> None:
    world, calls = World(), HintCalls(recorded=3)
    number = world.inbound.send(an_860(more_of(1, 900)))
    world.collect()
    world.quiesce()
    theirs = world.inbound.looks

    for one in range(50):
        with suppress(PutOff):
            made_up = f"00000000-0000-4000-8000-{one:012d}"
            world.apply(
                HintMessage(transaction_id=number, delivery_id=made_up, version=ApiVersion.V4), hint_budget=calls
            )

    assert world.inbound.looks == theirs + 3


def test_without_a_routing_a_hint_costs_no_call_and_rings_nothing() -> None:
    world = World()
    world.routing.trouble = NoRouting("No routing was applied yet.")
    world.telemetry.counts.clear()

    assert world.apply(HintMessage(transaction_id="802210971")) is ApplyResult.NOTHING_TO_DO
    assert (world.inbound.fetches, world.telemetry.counts) == ([], {})


def test_a_hint_of_the_other_stream_is_neither_recorded_nor_confirmed() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), stream=Stream.LIVE)

    world.apply(world.inbound.hint(number))

    assert (world.changes.all(), world.inbound.confirmed) == ([], [])
    assert world.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1


def test_a_hint_at_somebody_elses_transaction_is_ignored() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), receiver_id="SOMEBODYT", sender_id=None)

    world.apply(world.inbound.hint(number))

    assert (world.changes.all(), world.inbound.confirmed) == ([], [])


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


def test_a_callback_about_another_readers_document_does_nothing() -> None:
    world = World()
    number = world.inbound.send(
        {"purchaseOrderNumber": "500123"}, document="850", transaction_type="850_PURCHASE_ORDER"
    )

    world.apply(world.inbound.hint(number))

    assert (world.changes.all(), world.inbound.confirmed, world.inbound.waiting) == ([], [], [number])


def test_a_delivery_that_is_known_is_not_looked_at_again() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    for _ in range(3):
        world.apply(world.inbound.hint(number))
        world.quiesce()

    assert (world.inbound.looks, len(world.inbound.confirmed)) == (1, 1)


def test_other_documents_are_recorded_and_change_nothing() -> None:
    world = World()
    world.inbound.send(
        {"purchaseOrderNumber": "500123", "status": "accepted"},
        document="855",
        transaction_type="855_PURCHASE_ORDER_ACKNOWLEDGMENT",
    )
    world.collect()
    world.quiesce()

    change = world.change()
    assert (change.state, change.document, change.key) == (ChangeState.RECORDED, "855", ORDER)
    assert (world.orders.reads, world.inbound.confirmed) == (0, [("802210971", Confirmation.ACCEPTED)])


# -- a worker dies anywhere -----------------------------------------------------------------------------------------


def _killed_at(step: int, *, after: bool) -> bool:
    """One change with a worker that dies at a step, and is tried again until it rests; True if it died."""
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    reaper = killer(at=step, after=after)
    ports = {
        "changes": reaper.watch(world.changes, "save", "add", "know"),
        "ledger": reaper.watch(world.ledger, "reserve", "agreed", "move"),
        "inbound": reaper.watch(world.inbound, "confirm"),
        "orders": _opening(reaper.watch(world.orders, "put_order")),
    }
    died = False
    try:
        world.apply(message, **ports)
    except Killed:
        died = True
    world.clock.forward(minutes=3)
    world.poll()
    world.apply(message)
    world.quiesce()
    world.poll()
    world.quiesce()

    assert (world.change().state, world.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)
    assert len(world.orders.puts) == 1, f"{'after' if after else 'before'} step {step}"
    assert set(world.inbound.confirmed) == {("802210971", Confirmation.ACCEPTED)}
    assert len(world.sent) == 1, "no echo"
    assert State.CHANGING not in world.states()
    return died


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_may_die_before_or_after_any_of_its_steps(after: bool) -> None:
    step = 1
    while _killed_at(step, after=after):
        step += 1
    assert step > 6, "every step was tried, and there are several"


def test_a_state_of_the_order_from_before_the_change_is_not_sent_afterwards() -> None:
    """A message that was polled before the PUT and handled after it would take the partner's wish back."""
    world = World()
    world.orders.edit(dontPrint=True)
    world.poll()
    late = list(world.outbox.queued_documents)
    world.outbox.clear()
    world.apply(arrived(world, more_of(1, 900, was=800)))

    world.outbox.documents(late)
    world.quiesce()

    assert len(world.sent) == 1
    assert world.states() == [State.SENT, State.AGREED]


def test_two_orders_do_not_know_of_each_other() -> None:
    world = World()
    world.orders.put_in(a_purchase_order(orderNbr="500124", lines=[an_order_line(1)]))
    world.poll("500124")
    world.quiesce()
    world.inbound.send(an_860(more_of(1, 900)))
    world.inbound.send(
        an_860(more_of(1, 700), purchaseOrderNumber="500124"),
        number="802210972",
        order_number="500124",
    )
    world.collect()
    world.quiesce()

    assert [world.orders.line(1, number)["orderQty"] for number in ("500123", "500124")] == [900, 700]


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

    assert [told for told, _ in world.inbound.confirmed] == [number, number]


def test_a_claim_that_runs_keeps_a_second_worker_away() -> None:
    world = World()
    message = arrived(world, more_of(1, 900))
    change = world.change()
    world.changes.save(
        change.moved(
            ChangeState.APPLYING,
            now=world.clock.now(),
            note="looked at",
            claim_until=world.clock.now() + timedelta(seconds=90),
        )
    )

    with pytest.raises(Conflict):
        world.apply(message)
    world.clock.forward(seconds=91)
    assert world.apply(message) is ApplyResult.APPLIED


def test_a_callback_that_comes_while_the_change_is_being_written_keeps_nobody_waiting() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.recorder().take(replace(world.inbound.held[number], delivery=None))
    world.orders.on_put.append(lambda: world.apply(world.inbound.hint(number)))

    assert world.apply(message_for(world.change())) is ApplyResult.APPLIED

    assert (world.orders.theirs, world.inbound.confirmed) == (1, [(number, Confirmation.ACCEPTED)])


def test_a_poll_between_the_write_and_the_note_of_it_waits_and_sends_nothing() -> None:
    """The worker died right after the PUT: the order is changed already, and nobody has written down for whom."""
    world = World()
    message = arrived(world, more_of(1, 900))
    with pytest.raises(Killed):
        world.apply(message, orders=_opening(killer(at=1, after=True).watch(world.orders, "put_order")))
    assert world.states() == [State.SENT, State.CHANGING]

    world.poll()
    (polled,) = world.outbox.queued_documents
    with pytest.raises(Transient):
        world.translator().handle(polled)
    world.apply(message)
    world.quiesce()

    assert (len(world.sent), world.states()) == (1, [State.SENT, State.AGREED])


def test_a_change_looked_at_again_after_a_newer_revision_reached_the_partner_is_measured_by_that() -> None:
    """The worker died before its PUT, a user's edit was sent meanwhile: the partner knows edit and wish together."""
    world = World()
    message = arrived(world, more_of(1, 900, was=800))
    with pytest.raises(Killed):
        world.apply(message, orders=_opening(killer(at=1).watch(world.orders, "put_order")))
    world.clock.forward(minutes=2)
    world.orders.edit(line_2={"orderQty": 120.0})
    world.partner_baseline().drop(ORDER, world.change())
    world.poll()
    world.translator().handle(world.outbox.queued_documents.pop())
    world.deliverer().handle(world.outbox.queued_deliveries.pop())
    assert len(world.sent) == 2

    assert world.apply(message) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()

    assert len(world.sent) == 2, "nothing comes back to the partner that it asked for itself"
    assert world.states()[-1] is State.AGREED


def test_what_the_partner_knows_is_settled_only_when_nothing_older_may_still_reach_it() -> None:
    """A revision whose outcome is unknown is sent once more, and would take the partner's wish back in its eyes."""
    world = World()
    world.orders.edit(line_2={"orderQty": 80.0})
    world.poll()
    world.translator().handle(world.outbox.queued_documents.pop())
    delivery = world.outbox.queued_deliveries.pop()
    world.orderful.script = [UnknownOutcome("Orderful did not answer in time.")]
    with pytest.raises(UnknownOutcome):
        world.deliverer().handle(delivery)
    assert world.states() == [State.SENT, State.UNCONFIRMED]
    message = arrived(world, more_of(1, 900, was=800))

    with pytest.raises(Transient, match="Revision 2 is still being sent"):
        world.apply(message)
    assert (world.orders.theirs, world.states()) == (1, [State.SENT, State.UNCONFIRMED, State.CHANGING])
    assert world.inbound.confirmed == []

    world.clock.forward(seconds=600)
    world.deliverer().handle(delivery)
    assert world.apply(message) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()
    assert (len(world.sent), world.orders.theirs) == (2, 1)
    assert world.states() == [State.SENT, State.SENT, State.AGREED]


def test_a_delivery_that_orderful_refuses_to_hear_of_is_told_when_it_hears_again() -> None:
    world = World()
    message = arrived(world, more_of(1, 900))
    world.inbound.fail = [Misconfigured("Orderful answered 401.")]

    with pytest.raises(Misconfigured):
        world.apply(message)
    assert world.change().state is ChangeState.APPLIED

    assert world.apply(message) is ApplyResult.APPLIED
    assert (world.orders.theirs, len(world.inbound.confirmed)) == (1, 1)


def test_more_differences_than_a_record_holds_are_counted() -> None:
    one = Difference(where="line 1", field="quantity", base="1", theirs="2", ours="1")
    assert shown((one,) * MOST_DIFFERENCES) == (one,) * MOST_DIFFERENCES
    *some, rest = shown((one,) * (MOST_DIFFERENCES + 5))
    assert (some, rest.theirs) == ([one] * (MOST_DIFFERENCES - 1), "6 more, see `connector change`")


def _of_another_type(world: World) -> None:
    """An order of another type has the number 500123 too."""
    drop_ship = a_purchase_order(orderType="DropShip", supplier={"internalId": 600, "number": "60000"})
    drop_ship["orderNbr"] = "500123"
    regular = world.orders.orders["500123"]
    world.orders.put_in(drop_ship)
    world.poll()
    world.quiesce()
    world.orders.put_in(regular)


def test_a_change_for_a_number_that_two_orders_have_is_a_person_s() -> None:
    world = World()
    _of_another_type(world)
    message = arrived(world, more_of(1, 900, was=800))

    assert world.apply(message) is ApplyResult.PARKED

    parked = world.change()
    assert parked.reason == "Several orders have the number 500123, of the types RegularOrder and DropShip."
    assert parked.reason_codes[0] == Reason.NUMBER_SHARED
    assert "If it is about the one of the type RegularOrder" in parked.next_step
    assert world.orders.puts == []
    approve(parked, world.changes, world.outbox, world.clock, by="kari")
    assert world.apply(message) is ApplyResult.APPLIED
    assert world.orders.line(1)["orderQty"] == 900


def test_a_change_is_never_written_into_an_order_of_another_type_than_the_partner_has() -> None:
    world = World()
    world.orders.edit(orderType="DropShip")
    message = arrived(world, more_of(1, 900, was=800))

    assert world.apply(message) is ApplyResult.PARKED

    assert "of the type DropShip; the ledger has one of the type RegularOrder" in world.change().reason
    assert world.change().reason_codes == (Reason.ORDER_TYPE_DIFFERS,)
    assert "connector changes close 802210971" in world.change().next_step
    assert world.orders.puts == []
