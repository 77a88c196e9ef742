"""Applying changes: once, wholly or not at all, and nothing of it comes back to the partner."""

from __future__ import annotations

import pytest

from connector.domain.errors import Conflict, Misconfigured
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.services.inbound.apply import ApplyResult
from connector.services.inbound.review import approve, look_again
from testkit.memory.change_world import ORDER, RULES, World, an_860, more_of, opening
from testkit.memory.effects import Killed, killer
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line


def test_a_change_inside_the_limits_is_written_and_orderful_is_told_once() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))

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


def test_doing_it_again_does_nothing_again() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
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


def test_what_was_begun_is_finished_before_an_earlier_change_has_its_turn() -> None:
    """An earlier one is approved while a later one has the next number and met a 412 in each round: each waited for the
    other, and the order for both.
    """
    world = World()
    first = world.arrived(more_of(1, 2000, was=800))
    second = world.arrived(more_of(2, 300, was=100), number="802210972")
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


# -- what a person decides ------------------------------------------------------------------------------------------


def test_a_change_beyond_the_limits_waits_and_is_written_when_approved() -> None:
    world = World()
    message = world.arrived(more_of(1, 2000, was=800))

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


def test_a_rejected_change_is_never_written() -> None:
    world = World()
    message = world.arrived(more_of(1, 2000, was=800))
    world.apply(message)

    world.reject("802210971", reason="The truck is full.")

    assert world.apply(message) is ApplyResult.REJECTED
    assert (world.orders.theirs, world.change().decided_by) == (0, "kari")


def test_a_cancellation_waits_until_the_order_is_cancelled_in_visma() -> None:
    world = World()
    message = world.arrived(purpose="cancellation")
    assert world.apply(message) is ApplyResult.PARKED
    assert "Cancel the order in Visma" in (world.change().next_step or "")

    world.orders.edit(status="Cancelled")
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.APPLIED, 0)


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
    second = world.arrived(more_of(1, 900), number="802210972", changeSequenceNumber="2")
    assert world.apply(second) is ApplyResult.DEFERRED

    first = world.arrived(more_of(1, 1000), number="802210971", changeSequenceNumber="1")
    assert world.apply(first) is ApplyResult.APPLIED
    world.clock.forward(minutes=11)
    world.collect()
    world.quiesce()

    assert world.change("802210972").state is ChangeState.APPLIED
    assert [put["lines"][0]["orderQty"]["value"] for put in world.orders.puts] == [1000, 900]


def test_one_that_waited_long_enough_goes_without_the_missing_one() -> None:
    world = World()
    second = world.arrived(more_of(1, 900), changeSequenceNumber="2")
    assert world.apply(second) is ApplyResult.DEFERRED
    world.collect()
    assert world.orders.theirs == 0

    world.clock.forward(minutes=11)
    world.collect()
    world.quiesce()

    assert world.change().state is ChangeState.APPLIED


def test_a_late_number_is_not_written_over_a_newer_one() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 900), number="802210972", changeSequenceNumber="2"))
    world.clock.forward(minutes=11)
    world.collect()
    world.quiesce()

    late = world.arrived(more_of(2, 120), number="802210971", changeSequenceNumber="1")

    assert world.apply(late) is ApplyResult.PARKED
    assert "later change 2" in (world.change().reason or "")


def test_the_same_number_with_the_same_words_is_a_repetition() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 900), changeSequenceNumber="1"))

    again = world.arrived(more_of(1, 900), number="802210972", changeSequenceNumber="1")

    assert world.apply(again) is ApplyResult.RECORDED
    assert (world.orders.theirs, world.inbound.confirmed[-1]) == (1, ("802210972", Confirmation.ACCEPTED))


def test_the_same_number_with_other_words_is_a_persons_to_decide() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 900), changeSequenceNumber="1"))

    other = world.arrived(more_of(1, 1000), number="802210972", changeSequenceNumber="1")

    assert world.apply(other) is ApplyResult.PARKED
    assert world.orders.theirs == 1


def test_a_later_change_waits_behind_one_that_waits_for_a_person() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 5000), changeSequenceNumber="1"))

    later = world.arrived(more_of(2, 110), number="802210972", changeSequenceNumber="2")

    assert world.apply(later) is ApplyResult.PARKED
    assert "802210971" in (world.change("802210972").reason or "")


# -- trouble --------------------------------------------------------------------------------------------------------


def test_refused_credentials_burn_no_receives_and_the_sweep_comes_back_after_five_minutes() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))

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


def test_a_defect_of_ours_ends_at_a_person_and_not_in_a_circle() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))

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
    message = world.arrived(more_of(1, 900))
    with pytest.raises(Killed):
        world.apply(message, orders=opening(killer(at=2, after=False).watch(world.orders, "put_order")))
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
    assert world.apply(world.arrived(more_of(1, 900))) is ApplyResult.APPLIED
    message = world.arrived(more_of(1, 900), number="802210972")
    world.partner_baseline().reserve(ORDER, world.change("802210972"))

    assert world.apply(message) is ApplyResult.APPLIED

    assert list(world.ledger.in_state(State.CHANGING)) == []


def test_what_is_no_860_is_parked() -> None:
    world = World()
    world.inbound.send({"hello": "world"}, order_number="500123")
    world.collect()
    world.quiesce()

    assert world.change().state is ChangeState.PARKED
    assert world.inbound.waiting == []


# -- a worker dies anywhere -----------------------------------------------------------------------------------------


def _killed_at(step: int, *, after: bool) -> bool:
    """One change with a worker that dies at a step, and is tried again until it rests; True if it died."""
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    reaper = killer(at=step, after=after)
    ports = {
        "changes": reaper.watch(world.changes, "save", "add", "know"),
        "ledger": reaper.watch(world.ledger, "reserve", "agreed", "move"),
        "inbound": reaper.watch(world.inbound, "confirm"),
        "orders": opening(reaper.watch(world.orders, "put_order")),
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
