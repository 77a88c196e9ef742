"""Applying changes: once, wholly or not at all, and nothing of it comes back to the partner."""

from __future__ import annotations

import pytest

from connector.domain.errors import Conflict, Misconfigured
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.services.inbound.apply import ApplyResult
from connector.services.release import release_waiting_changes
from testkit.memory.change_harness import KARI, ORDER, RULES, Harness, an_860, more_of, opening
from testkit.memory.effects import Killed, killer
from testkit.memory.stores import LaggingRouting
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line


def test_a_change_inside_the_limits_is_written_and_orderful_is_told_once() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))

    assert harness.apply(message) is ApplyResult.APPLIED

    assert harness.orders.line(1)["orderQty"] == 900
    assert harness.orders.line(2)["orderQty"] == 100
    assert harness.orders.puts == [
        {"lines": [{"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": 900}}]}
    ]
    assert harness.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]
    change = harness.change()
    assert (change.state, change.decided_by, change.confirmed) == ("APPLIED", "rules", Confirmation.ACCEPTED)
    assert [(one.where, one.base, one.theirs, one.ours) for one in change.differences] == [
        ("line 1", "800", "900", "800")
    ]


def test_doing_it_again_does_nothing_again() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    harness.apply(message)

    assert harness.apply(message) is ApplyResult.APPLIED
    assert harness.apply(message) is ApplyResult.APPLIED

    assert (harness.orders.theirs, len(harness.inbound.confirmed)) == (1, 1)


@pytest.mark.parametrize("is_released", [True, False], ids=["released by it", "arrived just after it"])
def test_a_routing_that_was_just_put_in_force_decides(is_released: bool) -> None:
    """A process may use a version for a minute after another one was put in force."""
    harness = Harness()
    good = harness.routing.load().data
    partners = {name: one for name, one in good["partners"].items() if name != "acme"}
    harness.routing = LaggingRouting({**good, "partners": partners})
    message = harness.arrived(more_of(1, 900, was=800))
    if is_released:
        assert harness.apply(message) is ApplyResult.PARKED
        assert harness.change().waits_for
    harness.routing.apply(good)
    if is_released:
        assert release_waiting_changes(harness.changes, harness.outbox, harness.clock)
        harness.quiesce()
    else:
        harness.apply(message)
    assert harness.change().state is ChangeState.APPLIED
    assert harness.orders.line(1)["orderQty"] == 900


def test_callback_and_inbox_and_callback_again_make_one_put() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(more_of(1, 900, was=800)))
    hint = harness.inbound.hint(number)

    harness.apply(hint)
    harness.collect()
    harness.apply(hint)
    harness.quiesce()
    harness.collect()
    harness.apply(hint)

    assert (harness.orders.theirs, harness.inbound.confirmed) == (1, [(number, Confirmation.ACCEPTED)])
    assert harness.inbound.fetches == [number], "a repeated callback costs no request"


def test_what_was_begun_is_finished_before_an_earlier_change_has_its_turn() -> None:
    """An earlier one is approved while a later one has the next number and met a 412 in each round: each waited for the
    other, and the order for both.
    """
    harness = Harness()
    first = harness.arrived(more_of(1, 2000, was=800))
    second = harness.arrived(more_of(2, 300, was=100), number="802210972")
    assert (harness.apply(first), harness.apply(second)) == (ApplyResult.PARKED, ApplyResult.PARKED)
    harness.orders.on_put = [lambda: harness.orders.edit(dontPrint=True)] * 4
    harness.review.approve(harness.change("802210972"), KARI)
    with pytest.raises(Conflict):
        harness.apply(second)
    harness.review.approve(harness.change(), KARI)

    harness.quiesce()

    assert harness.orders.line(2)["orderQty"] == 300
    assert harness.change("802210972").state is ChangeState.APPLIED
    # It was approved for the order as it was before; its person looks once more.
    assert harness.change().state is ChangeState.PARKED
    assert list(harness.ledger.in_state(State.CHANGING)) == []


# -- what a person decides ------------------------------------------------------------------------------------------


def test_a_change_beyond_the_limits_waits_and_is_written_when_approved() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 2000, was=800))

    assert harness.apply(message) is ApplyResult.PARKED
    assert (harness.orders.theirs, harness.change().next_step) == (
        0,
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    harness.review.approve(harness.change(), KARI)
    harness.quiesce()

    assert harness.orders.line(1)["orderQty"] == 2000
    change = harness.change()
    assert (change.state, change.decided_by) == (ChangeState.APPLIED, "kari")
    assert len(harness.inbound.confirmed) == 1
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 1


def test_a_rejected_change_is_never_written() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 2000, was=800))
    harness.apply(message)

    harness.reject("802210971", reason="The truck is full.")

    assert harness.apply(message) is ApplyResult.REJECTED
    assert (harness.orders.theirs, harness.change().decided_by) == (0, "kari")


def test_a_cancellation_waits_until_the_order_is_cancelled_in_visma() -> None:
    harness = Harness()
    message = harness.arrived(purpose="cancellation")
    assert harness.apply(message) is ApplyResult.PARKED
    assert "Cancel the order in Visma" in (harness.change().next_step or "")

    harness.orders.edit(status="Cancelled")
    harness.review.approve(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().state, harness.orders.theirs) == (ChangeState.APPLIED, 0)


def test_a_customers_change_is_parked_with_the_reason() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)), sender_id="MATSENTERETT")
    harness.collect()
    harness.quiesce()

    assert harness.change().state is ChangeState.PARKED
    assert "sales order" in (harness.change().reason or "")
    assert harness.change().reason_codes == (Reason.SENDER_IS_CUSTOMER,)


def test_an_unknown_sender_is_parked_until_routing_knows_it() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)), sender_id="NEWCOMERT")
    harness.collect()
    harness.quiesce()
    assert harness.change().waits_for == "partners.<name>.orderful.isa_id.test: NEWCOMERT"

    harness.routing.apply(
        routing_data(
            {
                "partners.acme.orderful": {"isa_id": {"live": "NEWCOMER", "test": "NEWCOMERT"}},
                "defaults.changes": {"quantity": "50%"},
            }
        )
    )
    harness.review.look_again(harness.change(), because="it may be there now")
    harness.quiesce()

    assert (harness.change().state, harness.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)


def test_a_change_that_was_parked_unseen_is_not_approved_unseen() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 5000)), sender_id="NEWCOMERT")
    harness.collect()
    harness.quiesce()
    harness.routing.apply(
        routing_data({"partners.acme.orderful": {"isa_id": {"live": "NEWCOMER", "test": "NEWCOMERT"}}})
    )

    harness.review.approve(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().state, harness.orders.theirs) == (ChangeState.PARKED, 0)
    assert harness.change().differences != ()


# -- turns ----------------------------------------------------------------------------------------------------------


def test_changes_apply_in_the_order_of_their_numbers_whichever_came_first() -> None:
    harness = Harness()
    second = harness.arrived(more_of(1, 900), number="802210972", changeSequenceNumber="2")
    assert harness.apply(second) is ApplyResult.DEFERRED

    first = harness.arrived(more_of(1, 1000), number="802210971", changeSequenceNumber="1")
    assert harness.apply(first) is ApplyResult.APPLIED
    harness.clock.forward(minutes=11)
    harness.collect()
    harness.quiesce()

    assert harness.change("802210972").state is ChangeState.APPLIED
    assert [put["lines"][0]["orderQty"]["value"] for put in harness.orders.puts] == [1000, 900]


def test_one_that_waited_long_enough_goes_without_the_missing_one() -> None:
    harness = Harness()
    second = harness.arrived(more_of(1, 900), changeSequenceNumber="2")
    assert harness.apply(second) is ApplyResult.DEFERRED
    harness.collect()
    assert harness.orders.theirs == 0

    harness.clock.forward(minutes=11)
    harness.collect()
    harness.quiesce()

    assert harness.change().state is ChangeState.APPLIED


def test_a_late_number_is_not_written_over_a_newer_one() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900), number="802210972", changeSequenceNumber="2"))
    harness.clock.forward(minutes=11)
    harness.collect()
    harness.quiesce()

    late = harness.arrived(more_of(2, 120), number="802210971", changeSequenceNumber="1")

    assert harness.apply(late) is ApplyResult.PARKED
    assert "later change 2" in (harness.change().reason or "")


def test_the_same_number_with_the_same_words_is_a_repetition() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900), changeSequenceNumber="1"))

    again = harness.arrived(more_of(1, 900), number="802210972", changeSequenceNumber="1")

    assert harness.apply(again) is ApplyResult.RECORDED
    assert (harness.orders.theirs, harness.inbound.confirmed[-1]) == (1, ("802210972", Confirmation.ACCEPTED))


def test_the_same_number_with_other_words_is_a_persons_to_decide() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900), changeSequenceNumber="1"))

    other = harness.arrived(more_of(1, 1000), number="802210972", changeSequenceNumber="1")

    assert harness.apply(other) is ApplyResult.PARKED
    assert harness.orders.theirs == 1


# -- trouble --------------------------------------------------------------------------------------------------------


def test_refused_credentials_use_no_receives_and_are_retried_after_five_minutes() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))

    class Refusing:
        def __call__(self, company, deadline):
            return self

        def get_order(self, number):
            raise Misconfigured("Visma answered 401.")

    assert harness.apply(message, orders=Refusing()) is ApplyResult.HELD_BACK
    assert harness.change().state is ChangeState.RECEIVED

    harness.clock.forward(minutes=4, seconds=50)
    assert harness.collect().requeued == 0
    harness.clock.forward(seconds=10)
    assert harness.collect().requeued == 1
    harness.quiesce()
    assert (harness.change().state, harness.change().not_before) == (ChangeState.APPLIED, None)


def test_a_defect_of_ours_ends_at_a_person_and_not_in_a_circle() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))

    class Broken:
        def __call__(self, company, deadline):
            return self

        def get_order(self, number):
            raise KeyError("oops")

    for _ in range(2):
        with pytest.raises(KeyError):
            harness.apply(message, orders=Broken())
        harness.clock.forward(minutes=2)
    assert harness.apply(message, orders=Broken()) is ApplyResult.PARKED
    assert "KeyError" in (harness.change().reason or "")
    assert harness.change().reason_codes == (Reason.CONNECTOR_DEFECT,)


def _sender_leaves(harness: Harness) -> None:
    """The partner's ISA id changes in the routing: the change is nobody's any more."""
    acme = {"isa_id": {"live": "ACMENEW", "test": "ACMENEWT"}}
    harness.routing.apply(routing_data({"defaults.changes": RULES, "partners.acme.orderful": acme}))


def _receiver_leaves(harness: Harness) -> None:
    """Our own ISA id changes in the routing."""
    ours = {"isa_id": {"live": "OTHER", "test": "OTHERT"}}
    harness.routing.apply(routing_data({"defaults.changes": RULES, "companies.nordic.orderful": ours}))


def _company_leaves(harness: Harness) -> None:
    """The routing has no company of that name, and nobody with that ISA id."""
    data = routing_data({"defaults.changes": RULES})
    data["companies"]["other"] = data["companies"].pop("nordic")
    data["companies"]["other"]["orderful"] = {"isa_id": {"live": "OTHER", "test": "OTHERT"}}
    harness.routing.apply(data)


def _message_is_none(harness: Harness) -> None:
    """What Orderful holds is no 860 any more."""
    change = harness.change()
    harness.changes.rewrite(change, message={"hello": "world"})


@pytest.mark.parametrize(
    ("happens", "is_released"),
    [(_sender_leaves, True), (_receiver_leaves, True), (_message_is_none, True), (_company_leaves, False)],
)
def test_a_change_that_was_begun_and_cannot_go_on_blocks_the_order_no_longer(happens, is_released: bool) -> None:
    """An attempt reserved the next number and put the order on hold; then there is nothing to work on any more."""
    harness = Harness(hold_first=["Open"])
    harness.orders.refusing = frozenset({"Open"})
    message = harness.arrived(more_of(1, 900))
    with pytest.raises(Killed):
        harness.apply(message, orders=opening(killer(at=2, after=False).watch(harness.orders, "put_order")))
    assert [one.change_id for one in harness.ledger.in_state(State.CHANGING)] == [harness.change().transaction_id]
    assert harness.orders.orders["500123"]["status"] == "Hold"
    harness.clock.forward(minutes=3)

    happens(harness)

    assert harness.apply(message) is ApplyResult.PARKED
    assert list(harness.ledger.in_state(State.CHANGING)) == []
    # Without a company nobody can be asked about the order, and `connector changes show` says that it is on hold.
    assert (harness.orders.orders["500123"]["status"] == "Open", harness.change().on_hold) == (
        is_released,
        not is_released,
    )


def test_a_repetition_that_was_begun_blocks_the_order_no_longer() -> None:
    """It may have been written: what stands in the order then is its own work."""
    harness = Harness()
    assert harness.apply(harness.arrived(more_of(1, 900))) is ApplyResult.APPLIED
    message = harness.arrived(more_of(1, 900), number="802210972")
    harness.partner_baseline().reserve(ORDER, harness.change("802210972"))

    assert harness.apply(message) is ApplyResult.APPLIED

    assert list(harness.ledger.in_state(State.CHANGING)) == []


def test_what_is_no_860_is_parked() -> None:
    harness = Harness()
    harness.inbound.send({"hello": "world"}, order_number="500123")
    harness.collect()
    harness.quiesce()

    assert harness.change().state is ChangeState.PARKED
    assert harness.inbound.waiting == []


# -- a worker dies anywhere -----------------------------------------------------------------------------------------


def _killed_at(step: int, *, after: bool) -> bool:
    """One change with a worker that dies at a step, and is tried again until it rests; True if it died."""
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    reaper = killer(at=step, after=after)
    ports = {
        "changes": reaper.watch(harness.changes, "save", "add", "know"),
        "ledger": reaper.watch(harness.ledger, "reserve", "agreed", "move"),
        "inbound": reaper.watch(harness.inbound, "confirm"),
        "orders": opening(reaper.watch(harness.orders, "put_order")),
    }
    died = False
    try:
        harness.apply(message, **ports)
    except Killed:
        died = True
    harness.clock.forward(minutes=3)
    harness.poll()
    harness.apply(message)
    harness.quiesce()
    harness.poll()
    harness.quiesce()

    assert (harness.change().state, harness.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)
    assert len(harness.orders.puts) == 1, f"{'after' if after else 'before'} step {step}"
    assert set(harness.inbound.confirmed) == {("802210971", Confirmation.ACCEPTED)}
    assert len(harness.sent) == 1, "no echo"
    assert State.CHANGING not in harness.states()
    return died


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_may_be_killed_before_or_after_any_step(after: bool) -> None:
    step = 1
    while _killed_at(step, after=after):
        step += 1
    assert step > 6, "every step was tried, and there are several"


def test_two_orders_do_not_know_of_each_other() -> None:
    harness = Harness()
    harness.orders.put_in(a_purchase_order(orderNbr="500124", lines=[an_order_line(1)]))
    harness.poll("500124")
    harness.quiesce()
    harness.inbound.send(an_860(more_of(1, 900)))
    harness.inbound.send(
        an_860(more_of(1, 700), purchaseOrderNumber="500124"),
        number="802210972",
        order_number="500124",
    )
    harness.collect()
    harness.quiesce()

    assert [harness.orders.line(1, number)["orderQty"] for number in ("500123", "500124")] == [900, 700]
