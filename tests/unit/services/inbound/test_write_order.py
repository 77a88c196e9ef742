"""Writing a change into the order: edits of the same moment, lost answers, holds and trouble of Visma."""

from __future__ import annotations

import pytest

from connector.domain.errors import Conflict, Transient
from connector.domain.inbound import Confirmation
from connector.domain.order_change.decide import Difference
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.domain.routing.route import QuantityReading
from connector.services.inbound.apply import ATTEMPTS_IN_CONFLICT, ApplyResult
from connector.services.inbound.record import message_for
from connector.services.inbound.review import approve
from connector.services.inbound.write_order import MOST_DIFFERENCES, differences_kept
from connector.services.ports import Metric
from testkit.memory.change_world import RULES, World, an_860, more_of, opening
from testkit.memory.effects import Killed, killer
from testkit.memory.visma import FakeOrders
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order


def with_another_partner(world: World, **rules) -> None:
    """Supplier 60000 is partner berg."""
    another = a_partner(isa_id="B", supplier="60000")
    world.routing.apply(routing_data({"defaults.changes": {**RULES, **rules}, "partners.berg": another}))


# -- somebody else writes at the same time --------------------------------------------------------------------------


def test_a_users_edit_at_the_same_moment_is_kept() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    world.orders.on_put.append(lambda: world.orders.edit(dontPrint=True))

    assert world.apply(message) is ApplyResult.APPLIED

    assert (world.orders.line(1)["orderQty"], world.orders.orders["500123"]["dontPrint"]) == (900, True)
    assert (world.orders.theirs, len(world.orders.puts), len(world.pauses)) == (2, 1, 1)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1, "the partner sees nothing of an edit that it cannot see"


def test_an_edit_of_the_same_thing_is_a_persons_to_decide() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
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
    message = world.arrived(more_of(1, 900, was=800))
    world.orders.on_put = [lambda: world.orders.edit(dontPrint=True)] * 100

    for _ in range(ATTEMPTS_IN_CONFLICT - 1):
        with pytest.raises(Conflict):
            world.apply(message)
        assert world.change().state is ChangeState.RECEIVED
    assert world.apply(message) is ApplyResult.PARKED

    assert world.orders.puts == []
    assert world.telemetry.counts[Metric.CHANGE_CONFLICTS] > 0


def test_other_trouble_than_edits_does_not_count_towards_a_storm_of_them() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
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
    message = world.arrived(
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


def test_a_place_that_was_approved_once_is_the_order_s_own_from_then_on() -> None:
    world = World()
    place = {"parties": {"shipTo": {"identificationCode": "0099"}}}
    assert world.apply(world.arrived(**place)) is ApplyResult.PARKED
    parked = world.change()
    assert (parked.reasons, len(parked.places)) == ((parked.reason,), 1)
    assert world.apply(world.arrived(more_of(1, 900), number="802210972", **place)) is ApplyResult.PARKED

    world.approve()

    assert (world.change().state, world.change().places) == (ChangeState.APPLIED, parked.places)
    assert (world.change("802210972").state, world.change("802210972").places) == (ChangeState.APPLIED, ())
    assert world.apply(world.arrived(more_of(1, 905), number="802210973", **place)) is ApplyResult.APPLIED
    elsewhere = {"parties": {"shipTo": {"identificationCode": "0098"}}}
    assert world.apply(world.arrived(more_of(1, 910), number="802210974", **elsewhere)) is ApplyResult.PARKED


CHARGED = {"charges": [{"amount": "5"}]}
NOT_WRITTEN = "Line 1: it states allowances and charges: a charge of 5; the order has none."


def test_an_approval_with_nothing_to_write_closes_the_change() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 800, was=800, **CHARGED)))
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


@pytest.mark.parametrize("known", [True, False], ids=["base known", "base unknown"])
def test_a_change_that_was_written_before_the_worker_died_is_not_closed_as_unwritten(known: bool) -> None:
    world = World()
    if not known:
        world.ledger.rows.clear()
    world.apply(world.arrived(more_of(1, 900, was=800, **CHARGED)))
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    orders = opening(killer(at=1, after=True).watch(world.orders, "put_order"))
    with pytest.raises(Killed):
        world.apply(message_for(world.change()), orders=orders)
    world.clock.forward(minutes=3)

    world.apply(message_for(world.change()))

    assert world.orders.line(1)["orderQty"] == 900
    assert (world.orders.theirs, world.change().state) == (1, ChangeState.APPLIED)


def test_a_reading_that_a_person_names_counts_for_that_change_alone() -> None:
    world = World(quantity="5%")
    message = world.arrived_in_x12("1", quantity="900", quantity1="850")
    assert world.apply(message) is ApplyResult.PARKED
    assert "POC03 says 900, POC04 says 850, and the partner had 800;" in (world.change().reason or "")
    assert world.orders.theirs == 0

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari", reading=QuantityReading.OLD_AND_NEW)
    world.quiesce()

    assert (world.orders.line(1)["orderQty"], world.change().state) == (850, ChangeState.APPLIED)
    assert world.change().reading is QuantityReading.OLD_AND_NEW
    message = world.arrived_in_x12("2", number="802210972", quantity="880", quantity1="860")
    assert world.apply(message) is ApplyResult.PARKED
    assert "which is the new quantity" in (world.change("802210972").reason or "")


def test_an_approval_holds_only_for_the_order_that_was_shown() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 2000, was=800)))
    world.orders.edit(line_2={"orderQty": 90.0})

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)
    assert "after the comparison that kari approved" in (world.change().reason or "")
    assert world.change().reason_codes == (Reason.APPROVAL_OUTDATED,)


def test_an_approval_holds_only_for_what_was_shown() -> None:
    world = World(quantity="5%")
    message = world.arrived_in_x12("1", quantity="900", quantity1="800")
    assert world.apply(message) is ApplyResult.PARKED
    assert [one.theirs for one in world.change().differences] == ["900"]
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.routing.apply(routing_data({"defaults.changes": {**RULES, "quantities": "delta"}}))

    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)
    assert "something else now than what kari approved" in (world.change().reason or "")
    assert [one.theirs for one in world.change().differences] == ["1700"]


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


def test_a_change_that_visma_refuses_is_parked_with_its_words() -> None:
    world = World()
    world.orders.refuse = "The purchase order 500123 cannot be changed: its status is Open."

    assert world.apply(world.arrived(more_of(1, 900))) is ApplyResult.PARKED

    change = world.change()
    assert "its status is Open" in (change.reason or "")
    assert "hold_first" in (change.next_step or "")
    assert State.CHANGING not in world.states()


def test_an_order_that_takes_changes_only_on_hold_is_put_on_hold_and_released() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})

    assert world.apply(world.arrived(more_of(1, 900))) is ApplyResult.APPLIED

    assert [list(put) for put in world.orders.puts] == [["hold"], ["lines"], ["hold"]]
    assert (world.orders.orders["500123"]["status"], world.change().on_hold) == ("Open", False)


def test_an_order_left_on_hold_is_released_by_the_next_try() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    message = world.arrived(more_of(1, 900))
    reaper = killer(at=2, after=False)

    with pytest.raises(Killed):
        world.apply(message, orders=opening(reaper.watch(world.orders, "put_order")))
    assert world.orders.orders["500123"]["status"] == "Hold"
    world.clock.forward(minutes=3)

    assert world.apply(message) is ApplyResult.APPLIED
    assert (world.orders.orders["500123"]["status"], world.orders.line(1)["orderQty"]) == ("Open", 900)


def test_an_order_that_becomes_another_partners_while_it_is_on_hold_is_released_and_not_written() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    message = world.arrived(more_of(1, 900, was=800))
    # Between the hold and the write.
    world.orders.on_put = [lambda: None, lambda: world.orders.edit(supplier={"internalId": 600, "number": "60000"})]
    with_another_partner(world, hold_first=["Open"])

    assert world.apply(message) is ApplyResult.REJECTED

    assert (world.orders.orders["500123"]["status"], world.change().on_hold) == ("Open", False)
    assert world.orders.line(1)["orderQty"] == 800


def test_a_refusal_on_hold_takes_the_order_off_hold_again() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    world.orders.edit(line_1={"completed": False})
    message = world.arrived(more_of(1, 900))
    world.orders.on_put = [lambda: None, lambda: setattr(world.orders, "refuse", "Not today.")]
    world.orders.on_put.append(lambda: setattr(world.orders, "refuse", None))

    assert world.apply(message) is ApplyResult.PARKED

    assert (world.orders.orders["500123"]["status"], world.change().on_hold) == ("Open", False)


def _sender_leaves(world: World) -> None:
    """The partner's ISA id changes in the routing: the change is nobody's any more."""
    acme = {"isa_id": {"live": "ACMENEW", "test": "ACMENEWT"}}
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.acme.orderful": acme}))


def test_an_order_that_cannot_be_taken_off_hold_is_named_beside_what_else_is_to_be_done() -> None:
    world = World(hold_first=["Open"])
    world.orders.refusing = frozenset({"Open"})
    message = world.arrived(more_of(1, 900))
    with pytest.raises(Killed):
        world.apply(message, orders=opening(killer(at=2, after=False).watch(world.orders, "put_order")))
    world.clock.forward(minutes=3)
    _sender_leaves(world)
    world.orders.refuse = "Nobody may write here."

    assert world.apply(message) is ApplyResult.PARKED

    assert world.change().next_step == (
        "Release order 500123 from hold in Visma, then approve this or reject it."
        " Add the partner to the routing file and apply it."
    )


def test_more_differences_than_a_record_holds_are_counted() -> None:
    one = Difference(where="line 1", field="quantity", base="1", theirs="2", ours="1")
    assert differences_kept((one,) * MOST_DIFFERENCES) == (one,) * MOST_DIFFERENCES
    *some, rest = differences_kept((one,) * (MOST_DIFFERENCES + 5))
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
    message = world.arrived(more_of(1, 900, was=800))

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
    message = world.arrived(more_of(1, 900, was=800))

    assert world.apply(message) is ApplyResult.PARKED

    assert "of the type DropShip; the ledger has one of the type RegularOrder" in world.change().reason
    assert world.change().reason_codes == (Reason.ORDER_TYPE_DIFFERS,)
    assert "connector changes close 802210971" in world.change().next_step
    assert world.orders.puts == []
