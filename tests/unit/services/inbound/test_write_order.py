"""Writing a change into the order: edits of the same moment, lost answers, holds and trouble of Visma."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from connector.domain.errors import Conflict, Transient
from connector.domain.inbound import Confirmation, Validation
from connector.domain.order_change.decide import Difference
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.domain.routing.route import QuantityReading
from connector.services.inbound.apply import ATTEMPTS_IN_CONFLICT, ApplyResult
from connector.services.inbound.record import message_for
from connector.services.inbound.write_order import MAX_DIFFERENCES, differences_kept
from connector.services.ports import Metric
from testkit.memory.change_harness import KARI, ORDER, RULES, Harness, a_quantity, an_860, more_of, opening
from testkit.memory.effects import Killed, killer
from testkit.memory.visma import FakeOrders
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order


def with_another_partner(harness: Harness, **rules) -> None:
    """Supplier 60000 is partner berg."""
    another = a_partner(isa_id="B", supplier="60000")
    harness.routing.apply(routing_data({"defaults.changes": {**RULES, **rules}, "partners.berg": another}))


# -- somebody else writes at the same time --------------------------------------------------------------------------


def test_a_users_edit_at_the_same_time_is_kept() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    harness.orders.on_put.append(lambda: harness.orders.edit(dontPrint=True))

    assert harness.apply(message) is ApplyResult.APPLIED

    assert (harness.orders.line(1)["orderQty"], harness.orders.orders["500123"]["dontPrint"]) == (900, True)
    assert (harness.orders.theirs, len(harness.orders.puts), len(harness.pauses)) == (2, 1, 1)
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 1, "the partner sees nothing of an edit that it cannot see"


def test_an_edit_of_the_same_thing_is_a_persons_to_decide() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    harness.orders.on_put.append(lambda: harness.orders.edit(line_1={"orderQty": 700.0}))

    assert harness.apply(message) is ApplyResult.PARKED

    assert harness.orders.puts == []
    change = harness.change()
    assert "changed in Visma meanwhile" in (change.reason or "")
    assert change.reason_codes == (Reason.CHANGED_IN_VISMA,)
    assert [(one.base, one.theirs, one.ours) for one in change.differences] == [("800", "900", "700")]
    assert State.CHANGING not in harness.states()
    assert harness.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)], "we hold it; a person decides"


def test_a_storm_of_edits_ends_at_a_person() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    harness.orders.on_put = [lambda: harness.orders.edit(dontPrint=True)] * 100

    for _ in range(ATTEMPTS_IN_CONFLICT - 1):
        with pytest.raises(Conflict):
            harness.apply(message)
        assert harness.change().state is ChangeState.RECEIVED
    assert harness.apply(message) is ApplyResult.PARKED

    assert harness.orders.puts == []
    assert harness.telemetry.counts[Metric.CHANGE_CONFLICTS] > 0


def test_only_edits_count_towards_the_limit_of_conflicts() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    for _ in range(ATTEMPTS_IN_CONFLICT):
        with pytest.raises(Transient):
            harness.apply(message, orders=_out_of_order)
    harness.orders.on_put = [lambda: harness.orders.edit(dontPrint=True)] * 4
    with pytest.raises(Conflict):
        harness.apply(message)

    assert harness.apply(message) is ApplyResult.APPLIED


def _out_of_order(*_: object) -> FakeOrders:
    raise Transient("Visma answered 503.")


def test_a_lost_answer_is_looked_up_before_anything_is_written_again() -> None:
    harness = Harness()
    message = harness.arrived(
        more_of(1, 900, was=800),
        {
            "changeReason": "addItem",
            "quantity": {"value": "5", "unitOfMeasure": "each"},
            "unitCostPrice": "7.5",
            "productIds": {"buyerItemNumber": "1300"},
        },
    )
    harness.orders.lose = 1

    assert harness.apply(message) is ApplyResult.APPLIED

    assert (harness.orders.theirs, len(harness.orders.orders["500123"]["lines"])) == (1, 3)
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 1


def test_a_place_that_was_approved_once_is_the_order_s_own_from_then_on() -> None:
    harness = Harness()
    place = {"parties": {"shipTo": {"identificationCode": "0099"}}}
    assert harness.apply(harness.arrived(**place)) is ApplyResult.PARKED
    parked = harness.change()
    assert (parked.reasons, len(parked.places)) == ((parked.reason,), 1)
    assert harness.apply(harness.arrived(more_of(1, 900), number="802210972", **place)) is ApplyResult.PARKED

    harness.approve()

    assert (harness.change().state, harness.change().places) == (ChangeState.APPLIED, parked.places)
    assert (harness.change("802210972").state, harness.change("802210972").places) == (ChangeState.APPLIED, ())
    assert harness.apply(harness.arrived(more_of(1, 905), number="802210973", **place)) is ApplyResult.APPLIED
    elsewhere = {"parties": {"shipTo": {"identificationCode": "0098"}}}
    assert harness.apply(harness.arrived(more_of(1, 910), number="802210974", **elsewhere)) is ApplyResult.PARKED


CHARGED = {"charges": [{"amount": "5"}]}
NOT_WRITTEN = "Line 1: it states allowances and charges: a charge of 5; the order has none."


def test_an_approval_with_nothing_to_write_closes_the_change() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 800, was=800, **CHARGED)))
    assert (harness.change().state, harness.change().unwritten) == (ChangeState.PARKED, (NOT_WRITTEN,))
    assert harness.change().writes is False

    harness.review.approve(harness.change(), KARI)
    harness.quiesce()

    change = harness.change()
    assert (change.state, change.decided_by, change.unwritten) == (ChangeState.CLOSED, "kari", (NOT_WRITTEN,))
    assert change.reason == f"Nothing of it is written: {NOT_WRITTEN}"
    assert change.reason_codes == (Reason.NOTHING_WRITTEN,)
    assert (harness.orders.theirs, harness.states()) == (0, [State.SENT])
    assert harness.telemetry.counts[Metric.CHANGES_CLOSED] == 1


@pytest.mark.parametrize("known", [True, False], ids=["base known", "base unknown"])
def test_a_change_that_was_written_before_the_worker_died_is_not_closed_as_unwritten(known: bool) -> None:
    harness = Harness()
    if not known:
        harness.ledger.rows.clear()
    harness.apply(harness.arrived(more_of(1, 900, was=800, **CHARGED)))
    harness.review.approve(harness.change(), KARI)
    orders = opening(killer(at=1, after=True).watch(harness.orders, "put_order"))
    with pytest.raises(Killed):
        harness.apply(message_for(harness.change()), orders=orders)
    harness.clock.forward(minutes=3)

    harness.apply(message_for(harness.change()))

    assert harness.orders.line(1)["orderQty"] == 900
    assert (harness.orders.theirs, harness.change().state) == (1, ChangeState.APPLIED)


def test_a_reading_that_a_person_names_counts_for_that_change_alone() -> None:
    harness = Harness(quantity="5%")
    message = harness.arrived_in_x12("1", quantity="900", quantity1="850")
    assert harness.apply(message) is ApplyResult.PARKED
    assert "POC03 says 900, POC04 says 850, and the partner had 800;" in (harness.change().reason or "")
    assert harness.orders.theirs == 0

    harness.review.approve(harness.change(), KARI, reading=QuantityReading.OLD_AND_NEW)
    harness.quiesce()

    assert (harness.orders.line(1)["orderQty"], harness.change().state) == (850, ChangeState.APPLIED)
    assert harness.change().reading is QuantityReading.OLD_AND_NEW
    message = harness.arrived_in_x12("2", number="802210972", quantity="880", quantity1="860")
    assert harness.apply(message) is ApplyResult.PARKED
    assert "which is the new quantity" in (harness.change("802210972").reason or "")


def test_an_approval_holds_only_for_the_order_that_was_shown() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 2000, was=800)))
    harness.orders.edit(line_2={"orderQty": 90.0})

    harness.review.approve(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().state, harness.orders.theirs) == (ChangeState.PARKED, 0)
    assert "after the comparison that kari approved" in (harness.change().reason or "")
    assert harness.change().reason_codes == (Reason.APPROVAL_OUTDATED,)


def test_an_approval_holds_only_for_what_was_shown() -> None:
    harness = Harness(quantity="5%")
    message = harness.arrived_in_x12("1", quantity="900", quantity1="800")
    assert harness.apply(message) is ApplyResult.PARKED
    assert [one.theirs for one in harness.change().differences] == ["900"]
    harness.review.approve(harness.change(), KARI)
    harness.routing.apply(routing_data({"defaults.changes": {**RULES, "quantities": "delta"}}))

    harness.quiesce()

    assert (harness.change().state, harness.orders.theirs) == (ChangeState.PARKED, 0)
    assert "something else now than what kari approved" in (harness.change().reason or "")
    assert [one.theirs for one in harness.change().differences] == ["1700"]


# -- whose order, whose change --------------------------------------------------------------------------------------


def test_another_partners_order_is_not_for_the_sender_to_change() -> None:
    harness = Harness()
    harness.routing.apply(
        routing_data({"partners.other": a_partner(isa_id="OTHER", supplier="60000"), "defaults.changes": {}})
    )
    harness.inbound.send(an_860(more_of(1, 900)), sender_id="OTHERT")
    harness.collect()
    harness.quiesce()

    assert (harness.change().state, harness.orders.theirs) == (ChangeState.REFUSED, 0)
    assert harness.inbound.confirmed == [("802210971", Confirmation.FAILED)]


def test_an_order_that_visma_does_not_have_is_asked_about() -> None:
    harness = Harness()
    harness.inbound.send(
        an_860(more_of(1, 900), purchaseOrderNumber="999999"), order_number="999999", business_number="999999"
    )
    harness.collect()
    harness.quiesce()

    assert harness.change().state is ChangeState.PARKED
    assert "no purchase order 999999" in (harness.change().reason or "")
    assert harness.change().reason_codes == (Reason.ORDER_NOT_FOUND,)


def test_a_change_that_visma_refuses_is_parked_with_its_message() -> None:
    harness = Harness()
    harness.orders.refuse = "The purchase order 500123 cannot be changed: its status is Open."

    assert harness.apply(harness.arrived(more_of(1, 900))) is ApplyResult.PARKED

    change = harness.change()
    assert "its status is Open" in (change.reason or "")
    assert "hold_first" in (change.next_step or "")
    assert State.CHANGING not in harness.states()


def test_an_order_that_takes_changes_only_on_hold_is_put_on_hold_and_released() -> None:
    harness = Harness(hold_first=["Open"])
    harness.orders.refusing = frozenset({"Open"})

    assert harness.apply(harness.arrived(more_of(1, 900))) is ApplyResult.APPLIED

    assert [list(put) for put in harness.orders.puts] == [["hold"], ["lines"], ["hold"]]
    assert (harness.orders.orders["500123"]["status"], harness.change().on_hold) == ("Open", False)


def test_an_order_left_on_hold_is_released_by_the_next_try() -> None:
    harness = Harness(hold_first=["Open"])
    harness.orders.refusing = frozenset({"Open"})
    message = harness.arrived(more_of(1, 900))
    reaper = killer(at=2, after=False)

    with pytest.raises(Killed):
        harness.apply(message, orders=opening(reaper.watch(harness.orders, "put_order")))
    assert harness.orders.orders["500123"]["status"] == "Hold"
    harness.clock.forward(minutes=3)

    assert harness.apply(message) is ApplyResult.APPLIED
    assert (harness.orders.orders["500123"]["status"], harness.orders.line(1)["orderQty"]) == ("Open", 900)


@pytest.mark.parametrize(
    ("status", "hold", "state"),
    [
        ("Hold", True, ChangeState.PARKED),
        ("PendingApproval", False, ChangeState.PARKED),
        ("Open", True, ChangeState.PARKED),
        ("Open", False, ChangeState.REFUSED),
    ],
)
def test_a_change_of_the_partner_that_has_the_order_waits_while_a_user_gives_it_to_another(status, hold, state) -> None:
    """Until the order is released, it is not withdrawn from its partner: the supplier may be corrected."""
    harness = Harness()
    with_another_partner(harness)
    acme = harness.orders.orders["500123"]["supplier"]
    harness.orders.edit(status=status, hold=hold, supplier={"internalId": 2, "number": "60000", "name": "Berg"})
    harness.poll()
    harness.quiesce()

    harness.apply(harness.arrived(more_of(1, 900, was=800)))

    assert harness.change().state is state
    if state is ChangeState.PARKED:
        assert harness.change().reason_codes == (Reason.ORDER_OF_ANOTHER_PARTNER,)
        assert f"is still edited in Visma ({status})" in (harness.change().reason or "")
        harness.orders.edit(status="Open", hold=False, supplier=acme)
        harness.review.retry(harness.change(), KARI)
        harness.quiesce()
        assert (harness.change().state, harness.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)


def test_an_order_that_becomes_another_partners_while_it_is_on_hold_is_released_and_not_written() -> None:
    harness = Harness(hold_first=["Open"])
    harness.orders.refusing = frozenset({"Open"})
    message = harness.arrived(more_of(1, 900, was=800))
    # Between the hold and the write.
    harness.orders.on_put = [lambda: None, lambda: harness.orders.edit(supplier={"internalId": 600, "number": "60000"})]
    with_another_partner(harness, hold_first=["Open"])

    assert harness.apply(message) is ApplyResult.REJECTED

    assert (harness.orders.orders["500123"]["status"], harness.change().on_hold) == ("Open", False)
    assert harness.orders.line(1)["orderQty"] == 800


def test_a_refusal_on_hold_takes_the_order_off_hold_again() -> None:
    harness = Harness(hold_first=["Open"])
    harness.orders.refusing = frozenset({"Open"})
    harness.orders.edit(line_1={"completed": False})
    message = harness.arrived(more_of(1, 900))
    harness.orders.on_put = [lambda: None, lambda: setattr(harness.orders, "refuse", "Not today.")]
    harness.orders.on_put.append(lambda: setattr(harness.orders, "refuse", None))

    assert harness.apply(message) is ApplyResult.PARKED

    assert (harness.orders.orders["500123"]["status"], harness.change().on_hold) == ("Open", False)


def _sender_leaves(harness: Harness) -> None:
    """The partner's ISA id changes in the routing: the change is nobody's any more."""
    acme = {"isa_id": {"live": "ACMENEW", "test": "ACMENEWT"}}
    harness.routing.apply(routing_data({"defaults.changes": RULES, "partners.acme.orderful": acme}))


def test_an_order_that_cannot_be_taken_off_hold_is_named_beside_what_else_is_to_be_done() -> None:
    harness = Harness(hold_first=["Open"])
    harness.orders.refusing = frozenset({"Open"})
    message = harness.arrived(more_of(1, 900))
    with pytest.raises(Killed):
        harness.apply(message, orders=opening(killer(at=2, after=False).watch(harness.orders, "put_order")))
    harness.clock.forward(minutes=3)
    _sender_leaves(harness)
    harness.orders.refuse = "Nobody may write here."

    assert harness.apply(message) is ApplyResult.PARKED

    assert harness.change().next_step == (
        "Release order 500123 from hold in Visma, then approve this or reject it."
        " Add the partner to the routing file and apply it."
    )


def test_more_differences_than_a_record_holds_are_counted() -> None:
    one = Difference(where="line 1", field="quantity", base="1", theirs="2", ours="1")
    assert differences_kept((one,) * MAX_DIFFERENCES) == (one,) * MAX_DIFFERENCES
    *some, rest = differences_kept((one,) * (MAX_DIFFERENCES + 5))
    assert (some, rest.theirs) == ([one] * (MAX_DIFFERENCES - 1), "6 more, see `connector change`")


def _of_another_type(harness: Harness) -> None:
    """An order of another type has the number 500123 too."""
    drop_ship = a_purchase_order(orderType="DropShip", supplier={"internalId": 600, "number": "60000"})
    drop_ship["orderNbr"] = "500123"
    regular = harness.orders.orders["500123"]
    harness.orders.put_in(drop_ship)
    harness.poll()
    harness.quiesce()
    harness.orders.put_in(regular)


def test_a_change_for_a_number_that_two_orders_have_is_a_person_s() -> None:
    harness = Harness()
    _of_another_type(harness)
    message = harness.arrived(more_of(1, 900, was=800))

    assert harness.apply(message) is ApplyResult.PARKED

    parked = harness.change()
    assert parked.reason == "Several orders have the number 500123, of the types RegularOrder and DropShip."
    assert parked.reason_codes[0] == Reason.NUMBER_SHARED
    assert "If it is about the one of the type RegularOrder" in parked.next_step
    assert harness.orders.puts == []
    harness.review.approve(parked, KARI)
    assert harness.apply(message) is ApplyResult.APPLIED
    assert harness.orders.line(1)["orderQty"] == 900


def test_a_change_is_never_written_into_an_order_of_another_type_than_the_partner_has() -> None:
    harness = Harness()
    harness.orders.edit(orderType="DropShip")
    message = harness.arrived(more_of(1, 900, was=800))

    assert harness.apply(message) is ApplyResult.PARKED

    assert "of the type DropShip; the ledger has one of the type RegularOrder" in harness.change().reason
    assert harness.change().reason_codes == (Reason.ORDER_TYPE_DIFFERS,)
    assert "connector changes close 802210971" in harness.change().next_step
    assert harness.orders.puts == []


# -- from where the limits count --------------------------------------------------------------------------------------


def applied_changes(harness: Harness, *lines) -> list[ChangeState]:
    """The states of changes that arrive one after the other."""
    for number, line in enumerate(lines, start=802210971):
        harness.apply(harness.arrived(line, number=str(number), changeSequenceNumber=str(number - 802210970)))
    return [harness.change(str(802210971 + place)).state for place in range(len(lines))]


def test_changes_inside_the_limit_do_not_leave_it_together() -> None:
    harness = Harness()

    states = applied_changes(harness, more_of(1, 1160, was=800), more_of(1, 1682, was=1160))

    assert states == [ChangeState.APPLIED, ChangeState.PARKED]
    assert harness.orders.line(1)["orderQty"] == 1160
    change = harness.change("802210972")
    assert change.reason_codes == (Reason.QUANTITY_BEYOND_LIMIT,)
    assert change.reason == (
        "Line 1: the quantity goes from 1160 to 1682, more than 50 % from 800, which was last sent or approved."
    )
    assert [(one.base, one.theirs, one.ours) for one in change.differences] == [("1160", "1682", "1160")]


def test_a_change_back_to_what_was_sent_is_inside_the_limit() -> None:
    harness = Harness()
    assert applied_changes(harness, more_of(1, 400, was=800), more_of(1, 1200, was=400)) == [ChangeState.APPLIED] * 2


def test_the_limits_count_from_what_a_person_approved() -> None:
    harness = Harness()
    applied_changes(harness, more_of(1, 1160, was=800), more_of(1, 1682, was=1160))
    harness.approve("802210972")
    assert harness.states() == [State.SENT, State.AGREED, State.AGREED]

    harness.apply(harness.arrived(more_of(1, 2400, was=1682), number="802210973", changeSequenceNumber="3"))

    assert harness.change("802210973").state is ChangeState.APPLIED


def test_the_limits_count_from_a_replacement_that_was_sent() -> None:
    harness = Harness()
    applied_changes(harness, more_of(1, 1160, was=800))
    harness.orders.edit(line_2={"orderQty": 120.0})
    harness.poll()
    harness.quiesce()
    assert harness.states() == [State.SENT, State.AGREED, State.SENT]

    harness.apply(harness.arrived(more_of(1, 1700, was=1160), number="802210972", changeSequenceNumber="2"))

    assert harness.change("802210972").state is ChangeState.APPLIED


def test_a_record_that_names_no_decider_counts_as_decided_by_the_rules() -> None:
    harness = Harness()
    applied_changes(harness, more_of(1, 1160, was=800))
    harness.changes.save(msgspec.structs.replace(harness.change(), decided_by=None))

    harness.apply(harness.arrived(more_of(1, 1682, was=1160), number="802210972", changeSequenceNumber="2"))

    assert harness.change("802210972").state is ChangeState.PARKED


def test_a_person_is_asked_when_the_state_from_which_the_limits_count_has_expired() -> None:
    harness = Harness()
    applied_changes(harness, more_of(1, 810, was=800))
    sent = harness.ledger.get(ORDER, 1)
    assert sent is not None
    del harness.ledger.bodies[(ORDER, 1, sent.revision_id)]

    harness.apply(harness.arrived(more_of(1, 820, was=810), number="802210972", changeSequenceNumber="2"))

    change = harness.change("802210972")
    assert (change.state, change.reason_codes) == (ChangeState.PARKED, (Reason.LIMIT_BASE_UNKNOWN,))
    assert f"revision 1 of {sent.created_at:%Y-%m-%d}, is no longer kept" in (change.reason or "")
    harness.approve("802210972")
    assert harness.change("802210972").state is ChangeState.APPLIED


def test_added_lines_are_summed_up_since_the_order_was_sent() -> None:
    """The order is of 8,500; half of it may be added."""

    def added(line: int, item: str) -> dict:
        return {
            "purchaseOrderLineId": str(line),
            "changeReason": "addItem",
            "quantity": a_quantity(400),
            "unitCostPrice": "5.00",
            "productIds": {"buyerItemNumber": item},
        }

    harness = Harness()
    states = applied_changes(harness, added(3, "1301"), added(4, "1302"), added(5, "1303"), more_of(3, 500, was=400))

    assert states == [ChangeState.APPLIED, ChangeState.APPLIED, ChangeState.PARKED, ChangeState.PARKED]
    change = harness.change("802210973")
    assert change.reason_codes == (Reason.ADDED_LINES_BEYOND_LIMIT,)
    assert "come to 6000 since the order was last sent or approved, more than 50 % of the order's 8500" in (
        change.reason or ""
    )
    assert Reason.ADDED_LINES_BEYOND_LIMIT in harness.change("802210974").reason_codes


# -- the same message under another number ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "again", [{"sequence": "2"}, {"sequence": "1", "day": "20261103"}], ids=["another number", "another date"]
)
def test_the_same_difference_in_another_message_is_asked_about(again) -> None:
    harness = Harness(quantities="delta")
    harness.apply(harness.arrived_in_x12("1", quantity="100"))
    harness.clock.forward(days=6)
    sent = {"quantity": "100", "number": "802210972"}
    message = harness.arrived_in_x12(again["sequence"], day=again.get("day"), **sent)

    harness.apply(message)

    change = harness.change("802210972")
    assert (change.state, harness.orders.line(1)["orderQty"]) == (ChangeState.PARKED, 900)
    assert Reason.REPEATED_DELTA in change.reason_codes
    assert "It changes a line by the same quantity as 802210971" in (change.reason or "")
    harness.approve("802210972")
    assert (harness.change("802210972").state, harness.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 1000)


def test_another_difference_or_the_same_one_much_later_is_applied() -> None:
    harness = Harness(quantities="delta")
    harness.apply(harness.arrived_in_x12("1", quantity="100"))
    harness.apply(harness.arrived_in_x12("2", quantity="101", number="802210972"))
    harness.clock.forward(days=8)
    harness.apply(harness.arrived_in_x12("3", quantity="100", number="802210973"))

    assert [harness.change(f"80221097{n}").state for n in (1, 2, 3)] == [ChangeState.APPLIED] * 3


# -- changes that cross our revisions ---------------------------------------------------------------------------------


def crossed(*, ago: int, sent: dict, asks: dict, filed: bool = True, **rules) -> Harness:
    """Orderful received the change, and `ago` minutes later a user's edit was sent; then the change is read."""
    harness = Harness(**rules)
    harness.clock.forward(days=3)
    if ago > 0:
        harness.inbound.send(an_860(asks))
        harness.clock.forward(minutes=ago)
    harness.orders.edit(**sent)
    harness.poll()
    harness.quiesce()
    if ago <= 0:
        harness.clock.forward(minutes=-ago)
        harness.inbound.send(an_860(asks))
    if not filed:
        harness.inbound.transactions["802210971"] = replace(harness.inbound.transactions["802210971"], created_at=None)
    assert len(harness.sent) == 2
    harness.collect()
    harness.quiesce()
    return harness


PRICED = {"purchaseOrderLineId": "1", "changeReason": "priceChange", "unitCostPrice": "10.50"}
GONE = {"purchaseOrderLineId": "2", "changeReason": "deleteItem"}


@pytest.mark.parametrize(
    ("sent", "asks"),
    [
        ({"line_1": {"orderQty": 900.0}}, more_of(1, 1000)),
        ({"line_1": {"unitCost": 9.6}}, PRICED),
        ({"line_2": {"orderQty": 140.0}}, GONE),
    ],
    ids=["quantity", "price", "deletion"],
)
@pytest.mark.parametrize("ago", [30, -30], ids=["sent after it", "sent shortly before it"])
def test_a_change_of_what_was_sent_about_then_is_asked_about(sent, asks, ago) -> None:
    harness = crossed(ago=ago, sent=sent, asks=asks)

    change = harness.change()
    assert (change.state, change.known_sequence, harness.orders.puts) == (ChangeState.PARKED, 1, [])
    assert change.reason_codes[0] == Reason.CHANGED_IN_VISMA
    assert (Reason.CROSSES_REVISION in change.reason_codes) is (ago < 0)


def test_a_difference_counts_from_what_the_partner_had() -> None:
    """+200 on 800; our 900 left after Orderful had received it."""
    harness = Harness(quantities="delta")
    harness.clock.forward(days=3)
    message = harness.arrived_in_x12("1", quantity="200")
    harness.clock.forward(minutes=30)
    harness.orders.edit(line_1={"orderQty": 900.0})
    harness.poll()
    harness.quiesce()

    assert harness.apply(message) is ApplyResult.PARKED

    assert [(one.base, one.theirs, one.ours) for one in harness.change().differences] == [("800", "1000", "900")]
    harness.approve()
    assert harness.orders.line(1)["orderQty"] == 1000
    for _ in range(2):
        harness.poll()
        harness.quiesce()
    assert len(harness.sent) == 3, "the partner is told, since what it was sent last has 900"


def test_a_change_of_something_else_than_what_was_sent_after_it_is_applied_and_the_whole_is_sent() -> None:
    harness = crossed(ago=30, sent={"line_2": {"orderQty": 120.0}}, asks=more_of(1, 900, was=800))

    change = harness.change()
    assert (change.state, change.known_sequence) == (ChangeState.APPLIED, 1)
    assert "after this was received" in " ".join(change.remarks)
    for _ in range(2):
        harness.poll()
        harness.quiesce()
    assert len(harness.sent) == 3


def test_a_change_of_something_else_than_what_was_sent_shortly_before_is_applied() -> None:
    harness = crossed(ago=-30, sent={"line_2": {"orderQty": 120.0}}, asks=more_of(1, 900, was=800))

    assert (harness.change().state, harness.change().known_sequence) == (ChangeState.APPLIED, 2)
    assert harness.states() == [State.SENT, State.SENT, State.AGREED]


def test_the_question_about_a_revision_that_the_partner_may_not_have_read_says_both_readings() -> None:
    """800 is repeated after our 900: a request to go back, if the partner had read it."""
    harness = crossed(ago=-30, sent={"line_1": {"orderQty": 900.0}}, asks=more_of(1, 800))

    change = harness.change()
    assert (change.state, change.reason_codes) == (ChangeState.PARKED, (Reason.CROSSES_REVISION,))
    assert "with it, this asks for line 1 quantity 800; without it, for nothing" in (change.reason or "")
    assert "connector changes close 802210971" in (change.next_step or "")


@pytest.mark.parametrize(
    ("asks", "becomes"),
    [
        (more_of(1, 1000, was=900), 1000),
        (more_of(1, 1000, changeInQuantity=a_quantity(100)), 1000),
    ],
    ids=["former quantity", "difference"],
)
@pytest.mark.parametrize("ago", [-10, -20 * 60])
def test_a_change_that_states_the_values_of_our_newest_revision_has_read_it(asks, becomes, ago) -> None:
    harness = crossed(ago=ago, sent={"line_1": {"orderQty": 900.0}}, asks=asks)

    assert (harness.change().state, harness.change().known_sequence) == (ChangeState.APPLIED, 2)
    assert harness.orders.line(1)["orderQty"] == becomes
    assert harness.states() == [State.SENT, State.SENT, State.AGREED]


@pytest.mark.parametrize("rules", [{}, {"quantities": "new_total"}])
def test_a_fall_to_more_than_the_former_quantity_has_read_our_newest_revision(rules) -> None:
    harness = Harness(**rules)
    harness.clock.forward(days=3)
    harness.orders.edit(line_1={"orderQty": 900.0})
    harness.poll()
    harness.quiesce()
    harness.apply(harness.arrived_in_x12("1", changeOrResponseTypeCode="QD", quantity="850"))

    assert (harness.change().state, harness.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 850)


@pytest.mark.parametrize(
    "asks",
    [
        [more_of(1, 1000, was=800)],
        [more_of(1, 1000, was=700)],
        [more_of(1, 1000, was=900), more_of(2, 150, was=100)],
    ],
    ids=["of the former", "of neither", "of the newest and of the former"],
)
def test_a_change_that_does_not_state_the_values_of_our_newest_revision_is_asked_about(asks) -> None:
    harness = Harness()
    harness.clock.forward(days=3)
    harness.orders.edit(line_1={"orderQty": 900.0}, line_2={"orderQty": 120.0})
    harness.poll()
    harness.quiesce()
    harness.apply(harness.arrived(*asks))

    assert harness.change().state is ChangeState.PARKED
    assert Reason.CROSSES_REVISION in harness.change().reason_codes


def test_a_change_that_states_the_values_of_the_newest_but_one_revision_may_not_have_read_the_newest() -> None:
    harness = Harness()
    harness.clock.forward(days=3)
    for quantity in (900.0, 950.0):
        harness.orders.edit(line_1={"orderQty": quantity})
        harness.poll()
        harness.quiesce()
    harness.apply(harness.arrived(more_of(1, 1000, was=900)))

    change = harness.change()
    assert (change.state, change.known_sequence) == (ChangeState.PARKED, 2)
    assert Reason.CROSSES_REVISION in change.reason_codes
    assert "Revision 3 was sent" in (change.reason or "")


def test_a_question_of_one_of_several_readings_is_asked() -> None:
    """With the state between, the partner changes a quantity that a user took back since."""
    harness = Harness()
    harness.clock.forward(hours=1)
    for quantity in (900.0, 800.0):
        harness.orders.edit(line_1={"orderQty": quantity})
        harness.poll()
        harness.quiesce()
    harness.apply(harness.arrived(more_of(1, 850)))

    change = harness.change()
    assert (change.state, change.reason_codes) == (ChangeState.PARKED, (Reason.CROSSES_REVISION,))
    assert "Revision 2 was sent" in (change.reason or "")
    assert "was changed in Visma meanwhile, from 900 to 800" in (change.reason or "")


@pytest.mark.parametrize(
    ("quantity", "edited"), [(850, None), (900, 950.0)], ids=["the message is corrected", "a user edits the order"]
)
def test_a_question_that_did_not_arise_at_first_is_asked_when_it_does(quantity, edited) -> None:
    """900 is asked for shortly after 900 was sent, whichever state the partner had; later that is another thing."""
    harness = Harness()
    harness.clock.forward(days=3)
    harness.orders.edit(line_1={"orderQty": 900.0})
    harness.poll()
    harness.quiesce()
    harness.clock.forward(minutes=20)
    harness.inbound.send(an_860(more_of(1, 900)), number="802210971", validation=Validation.INVALID)
    harness.collect()
    harness.quiesce()
    assert harness.change().state is ChangeState.PARKED

    if edited:
        harness.orders.edit(line_1={"orderQty": edited})
    held = harness.inbound.transactions["802210971"]
    harness.inbound.transactions["802210971"] = replace(
        held, message=an_860(more_of(1, quantity)), validation=Validation.VALID
    )
    harness.clock.forward(minutes=30)
    harness.review.retry(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().state, harness.orders.puts) == (ChangeState.PARKED, [])
    assert Reason.CROSSES_REVISION in harness.change().reason_codes


def test_a_change_that_asks_for_what_has_just_been_sent_is_no_question() -> None:
    harness = crossed(ago=-20, sent={"line_1": {"orderQty": 900.0}}, asks=more_of(1, 900))

    assert (harness.change().state, harness.change().known_sequence) == (ChangeState.APPLIED, 2)
    assert harness.orders.puts == []
    for _ in range(2):
        harness.poll()
        harness.quiesce()
    assert len(harness.sent) == 2


def test_a_change_that_asks_for_what_a_user_took_back_after_it_was_sent_is_asked_about() -> None:
    """It restates 800; if the partner reads our 900 only afterwards, it has 900."""
    harness = Harness()
    harness.clock.forward(days=3)
    harness.orders.edit(line_1={"orderQty": 900.0})
    harness.poll()
    harness.quiesce()
    harness.orders.edit(line_1={"orderQty": 800.0})
    harness.apply(harness.arrived(more_of(1, 800)))

    assert Reason.CROSSES_REVISION in harness.change().reason_codes


def test_a_change_that_orderful_gives_no_time_for_is_asked_about_where_it_matters() -> None:
    harness = crossed(ago=-3000, filed=False, sent={"line_1": {"orderQty": 900.0}}, asks=more_of(1, 1000))
    assert Reason.CROSSES_REVISION in harness.change().reason_codes
    assert "Orderful does not say when it received this" in (harness.change().reason or "")

    other = crossed(ago=-3000, filed=False, sent={"line_2": {"orderQty": 120.0}}, asks=more_of(1, 1000))
    assert other.change().state is ChangeState.APPLIED


def test_a_question_whose_other_reading_has_expired_says_so() -> None:
    harness = Harness()
    harness.clock.forward(days=3)
    harness.orders.edit(line_2={"orderQty": 120.0})
    harness.poll()
    harness.quiesce()
    sent = harness.ledger.get(ORDER, 2)
    assert sent is not None
    del harness.ledger.bodies[(ORDER, 2, sent.revision_id)]

    harness.apply(harness.arrived(more_of(1, 900)))

    assert harness.change().reason_codes == (Reason.CROSSES_REVISION,)
    assert "its content is no longer kept" in (harness.change().reason or "")


@pytest.mark.parametrize("ago", [30, -3000], ids=["cancelled after it", "cancelled before it"])
def test_a_change_of_an_order_that_is_cancelled_for_the_partner_and_open_again_is_asked_about(ago) -> None:
    harness = Harness()
    harness.routing.apply(routing_data({"defaults.changes": RULES, "defaults.on_reopen": "park"}))
    if ago > 0:
        harness.inbound.send(an_860(GONE))
        harness.clock.forward(minutes=ago)
    for status in ("Cancelled", "Open"):
        harness.orders.edit(status=status)
        harness.poll()
        harness.quiesce()
    if ago <= 0:
        harness.clock.forward(minutes=-ago)
        harness.inbound.send(an_860(GONE))

    harness.collect()
    harness.quiesce()

    change = harness.change()
    assert (change.state, harness.orders.puts) == (ChangeState.PARKED, [])
    assert Reason.CANCELLED_FOR_PARTNER in change.reason_codes
    assert "cancelled the order for the partner; in Visma the order is open again" in (change.reason or "")


def closed_since(**edit) -> Harness:
    """The order was sent, a user edited it three days later, and a person told the partner and closed that state."""
    harness = Harness()
    harness.routing.apply(
        routing_data({"defaults.changes": RULES, "defaults.on_reopen": "park", "defaults.on_revision": "park"})
    )
    harness.clock.forward(days=3)
    harness.orders.edit(**edit)
    harness.poll()
    harness.quiesce()
    question = harness.ledger.revisions(ORDER, limit=1)[0]
    harness.ledger.move(question, State.CLOSED, now=harness.clock.now(), note="closed by a person")
    harness.clock.forward(days=3)
    return harness


def test_a_change_back_to_what_was_sent_before_a_person_told_the_partner_of_more_is_asked_about() -> None:
    """Sent 800, told 900 by telephone: the partner asks for 800, which it can deliver."""
    harness = closed_since(line_1={"orderQty": 900.0})

    assert harness.apply(harness.arrived(more_of(1, 800))) is ApplyResult.PARKED

    change = harness.change()
    assert change.reason_codes == (Reason.CROSSES_REVISION,)
    assert (change.reason or "").startswith("A person closed revision 2 ")
    assert "with it, this asks for line 1 quantity 800; without it, for nothing" in (change.reason or "")


@pytest.mark.parametrize(
    ("asks", "written"),
    [
        (more_of(1, 1000, was=900), {1: 1000, 2: 100}),  # it states what it was told
        (more_of(1, 900), {1: 900, 2: 100}),  # it confirms what it was told
        (more_of(1, 900, was=800), {1: 900, 2: 100}),  # and its system has what it was sent
        (more_of(2, 110), {1: 900, 2: 110}),
    ],
)
def test_a_change_that_says_the_same_with_what_a_person_told_is_applied(asks, written) -> None:
    harness = closed_since(line_1={"orderQty": 900.0})

    assert harness.apply(harness.arrived(asks)) is ApplyResult.APPLIED

    assert {number: harness.orders.line(number)["orderQty"] for number in written} == written


def test_what_a_person_closed_after_orderful_received_the_change_is_no_part_of_it() -> None:
    harness = Harness()
    harness.routing.apply(routing_data({"defaults.changes": RULES, "defaults.on_revision": "park"}))
    harness.inbound.send(an_860(more_of(1, 800)))
    harness.clock.forward(minutes=30)
    harness.orders.edit(line_1={"orderQty": 900.0})
    harness.poll()
    harness.quiesce()
    question = harness.ledger.revisions(ORDER, limit=1)[0]
    harness.ledger.move(question, State.CLOSED, now=harness.clock.now(), note="closed by a person")

    harness.collect()
    harness.quiesce()

    assert (harness.change().state, harness.orders.puts) == (ChangeState.APPLIED, [])


@pytest.mark.parametrize("reopened", [False, True], ids=["cancelled", "open again"])
def test_a_change_of_an_order_whose_cancellation_a_person_told_the_partner_is_asked_about(reopened) -> None:
    harness = closed_since(status="Cancelled")
    if reopened:
        harness.orders.edit(status="Open")
        harness.poll()
        harness.quiesce()

    assert harness.apply(harness.arrived(more_of(1, 900, was=800))) is ApplyResult.PARKED

    change = harness.change()
    assert harness.orders.puts == []
    assert Reason.CANCELLED_FOR_PARTNER in change.reason_codes
    assert "A person closed revision 2 " in (change.reason or "")


def test_an_approved_change_after_a_cancellation_that_a_person_told_makes_the_whole_due() -> None:
    harness = closed_since(status="Cancelled")
    harness.orders.edit(status="Open")
    harness.poll()
    harness.quiesce()
    harness.apply(harness.arrived(more_of(1, 900, was=800)))

    harness.approve()

    assert harness.change().state is ChangeState.APPLIED
    assert State.AGREED not in harness.states()


@pytest.mark.parametrize("by_hand", [False, True], ids=["sent", "closed by a person"])
def test_a_change_of_an_order_that_was_withdrawn_from_its_partner_and_came_back_is_asked_about(by_hand) -> None:
    harness = Harness()
    another = {"partners.berg": a_partner(isa_id="B", supplier="60000")}
    by_acme = {"partners.acme.on_revision": "park"} if by_hand else {}
    harness.routing.apply(routing_data({"defaults.changes": RULES, "defaults.on_reopen": "park", **another, **by_acme}))
    acme = harness.orders.orders["500123"]["supplier"]
    for supplier in ({"internalId": 2, "number": "60000", "name": "Berg"}, acme):
        harness.orders.edit(supplier=supplier)
        harness.poll()
        harness.quiesce()
        for one in harness.ledger.in_state(State.PARKED):
            if one.is_withdrawal:
                harness.ledger.move(one, State.CLOSED, now=harness.clock.now(), note="closed by a person")

    assert harness.apply(harness.arrived(more_of(1, 900, was=800))) is ApplyResult.PARKED

    assert harness.orders.puts == []
    assert Reason.CANCELLED_FOR_PARTNER in harness.change().reason_codes


# -- limits of lines that come and go ---------------------------------------------------------------------------------


def an_added(line: int, item: str, quantity: int, price: str) -> dict:
    return {
        "purchaseOrderLineId": str(line),
        "changeReason": "addItem",
        "quantity": a_quantity(quantity),
        "unitCostPrice": price,
        "productIds": {"buyerItemNumber": item},
    }


def test_an_item_that_is_taken_out_and_added_again_is_inside_the_limits_of_the_former_line() -> None:
    """Line 2 has 100 at 5.00."""
    inside = Harness()
    assert applied_changes(inside, GONE, an_added(3, "1299", 150, "5.50")) == [ChangeState.APPLIED] * 2
    beyond = Harness()
    assert applied_changes(beyond, GONE, an_added(3, "1299", 600, "7.00"))[1] is ChangeState.PARKED
    change = beyond.change("802210972")
    assert Reason.LINE_RENEWED_BEYOND_LIMIT in change.reason_codes
    assert "the quantity 100 and the price 5 of that line changes by more than the limit" in (change.reason or "")


def test_the_limits_of_an_added_line_count_from_when_it_was_added() -> None:
    harness = Harness()
    states = applied_changes(
        harness, an_added(3, "1400", 10, "5.00"), more_of(3, 14), more_of(3, 20), {**PRICED, "purchaseOrderLineId": "3"}
    )
    assert states[:3] == [ChangeState.APPLIED, ChangeState.APPLIED, ChangeState.PARKED]
    change = harness.change("802210973")
    assert change.reason_codes == (Reason.QUANTITY_BEYOND_LIMIT,)
    assert "from 14 to 20, more than 50 % from 10" in (change.reason or "")


def test_a_person_is_asked_when_the_state_in_which_a_line_was_added_has_expired() -> None:
    harness = Harness()
    applied_changes(harness, an_added(3, "1400", 10, "5.00"), more_of(3, 14))
    added = harness.ledger.get(ORDER, 2)
    assert added is not None
    del harness.ledger.bodies[(ORDER, 2, added.revision_id)]
    harness.apply(harness.arrived(more_of(3, 15), number="802210979", changeSequenceNumber="3"))
    assert Reason.LIMIT_BASE_UNKNOWN in harness.change("802210979").reason_codes


# -- the same difference in another dress -----------------------------------------------------------------------------

_EA = [{"unitOrBasisForMeasurementCode": "EA"}]


@pytest.mark.parametrize(
    "again",
    [
        {"assignedIdentification": "0001"},
        {"productServiceIDQualifier": "BP", "productServiceID": "1298"},
        {"compositeUnitOfMeasure": _EA},
        {"quantity1": "1000"},
    ],
    ids=["0001", "item", "unit", "POC04"],
)
def test_a_difference_is_the_same_however_its_line_is_named(again) -> None:
    harness = Harness(quantities="delta")
    harness.apply(harness.arrived_in_x12("1", quantity="100"))
    harness.apply(harness.arrived_in_x12("2", quantity="100", number="802210972", **again))

    change = harness.change("802210972")
    assert (change.state, harness.orders.line(1)["orderQty"]) == (ChangeState.PARKED, 900)
    assert Reason.REPEATED_DELTA in change.reason_codes


def test_a_difference_that_a_person_entered_by_hand_and_closed_is_asked_about_when_it_comes_again() -> None:
    harness = Harness(quantities="delta")
    harness.apply(harness.arrived_in_x12("1", quantity="500"))
    harness.orders.edit(line_1={"orderQty": 1300.0})
    harness.end(ChangeState.CLOSED, replace(KARI, reason="entered by hand"))
    harness.poll()
    harness.quiesce()
    harness.clock.forward(days=2)
    harness.apply(harness.arrived_in_x12("2", quantity="500", number="802210972"))

    change = harness.change("802210972")
    assert (change.state, harness.orders.line(1)["orderQty"]) == (ChangeState.PARKED, 1300)
    assert "802210971, which was closed" in (change.reason or "")


def test_a_change_of_an_order_that_is_cancelled_in_visma_too_says_so() -> None:
    harness = Harness()
    harness.orders.edit(status="Cancelled")
    harness.poll()
    harness.quiesce()
    harness.apply(harness.arrived(more_of(1, 900, was=800)))

    change = harness.change()
    assert change.reason_codes == (Reason.ORDER_STATUS, Reason.CANCELLED_FOR_PARTNER)
    assert (change.reason or "").startswith("The order is Cancelled in Visma and takes no change. Revision 2 was sent ")
    assert (change.reason or "").endswith(" and cancelled the order for the partner.")
    assert (change.next_step or "").startswith("Settle it with the partner")
