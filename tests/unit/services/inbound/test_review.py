"""No state without a way out: what Visma cannot answer is parked and looked at again, what a person ends is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.errors import ConnectorError, Misconfigured, Parked, Throttled, Transient, UnknownOutcome
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import FIRST_PAUSE, LONGEST_PAUSE, MOST_LOOKS, VISMA, ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.services.inbound.apply import ATTEMPTS_IN_CONFLICT, ATTEMPTS_UNAVAILABLE, ApplyResult
from connector.services.inbound.record import message_for
from connector.services.inbound.review import approve, assign, close, reject, retry
from connector.services.inbound.write_order import ATTEMPTS_UNSEEN
from connector.services.messages import ChangeMessage
from connector.services.ports import Metric
from connector.services.release import release_waiting_changes
from testkit.memory.change_world import ORDER, RULES, World, an_860, more_of
from testkit.memory.effects import Killed, killer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

CHANGE = "802210971"
LATER = "802210972"
BROKEN = "Visma answered 500 to purchase order 500123: Object reference not set to an instance of an object."
ORDERS_ERROR = Transient(BROKEN, request_id="r-1")


def breaks(world: World, error: Exception = ORDERS_ERROR, what: str = "get_order") -> None:
    """Visma fails at every order from now on."""

    def failing(*_: object, **__: object) -> None:
        raise error

    setattr(world.orders, what, failing)


def mend(world: World, what: str = "get_order") -> None:
    delattr(world.orders, what)


def parked_by_visma(world: World, message: ChangeMessage, attempts: int = ATTEMPTS_UNAVAILABLE) -> None:
    """Every attempt but the last goes back to the queue."""
    for _ in range(attempts - 1):
        with pytest.raises(ConnectorError):
            world.apply(message)
        assert world.change(message.transaction_id).state is ChangeState.RECEIVED
    assert world.apply(message) is ApplyResult.PARKED


def swept(world: World, **later: float) -> int:
    """The next run of the collector, after a while; how many changes it queued again."""
    world.clock.forward(**later)
    found = world.collect()
    assert found.problems == []
    return found.requeued


def _means(world: World, number: str) -> None:
    """A person says which order is meant."""
    order = DocumentKey.of_order("nordic", number)
    assign(world.change(), order, changes=world.changes, outbox=world.outbox, clock=world.clock, by="kari")


def _ends(world: World, end: Callable[..., object]) -> None:
    """A person closes or rejects the change."""
    end(
        world.change(),
        changes=world.changes,
        known=world.partner_baseline(),
        outbox=world.outbox,
        clock=world.clock,
        order=ORDER,
        by="kari",
        reason="Entered by hand.",
    )


# -- Visma fails at this order ----------------------------------------------------------------------------------------


def test_an_order_that_visma_fails_at_for_ever_parks_the_change_with_visma_s_words() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    breaks(world)

    parked_by_visma(world, message)

    change = world.change()
    assert (change.reason, change.waits_for) == (BROKEN, VISMA)
    assert f"connector changes retry {CHANGE}" in (change.next_step or "")
    assert change.not_before == change.updated_at + FIRST_PAUSE
    assert world.inbound.confirmed == [(CHANGE, Confirmation.ACCEPTED)]
    assert (world.orders.theirs, world.states()) == (0, [State.SENT])


def test_it_is_written_by_itself_when_visma_answers_again() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    breaks(world)
    parked_by_visma(world, message)
    mend(world)

    assert swept(world, minutes=29) == 0
    assert swept(world, minutes=1) == 1
    world.quiesce()

    change = world.change()
    assert (change.state, change.looks, change.waits_for, change.not_before) == (ChangeState.APPLIED, 0, None, None)
    assert world.orders.line(1)["orderQty"] == 900
    assert [confirmation for _, confirmation in world.inbound.confirmed] == [Confirmation.ACCEPTED]


def test_the_pause_between_two_looks_grows_and_ends_at_a_person() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    breaks(world)
    parked_by_visma(world, message)
    pauses = []
    while world.change().waits_for == VISMA:
        pauses.append(world.change().not_before - world.change().updated_at)
        assert swept(world, seconds=pauses[-1].total_seconds()) == 1
        (queued,) = world.outbox.queued_changes
        world.outbox.clear()
        assert world.apply(queued) is ApplyResult.PARKED, "one look is one attempt"

    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert (max(pauses), len(pauses)) == (LONGEST_PAUSE, MOST_LOOKS)
    change = world.change()
    assert (change.reason, change.not_before) == (BROKEN, None)
    assert swept(world, days=30) == 0
    assert world.telemetry.counts[Metric.CHANGES_PARKED] == 1, "one alarm for one change"


def test_a_person_who_asks_for_a_look_begins_the_pauses_anew() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    breaks(world)
    parked_by_visma(world, message)
    swept(world, minutes=30)
    world.quiesce()
    assert world.change().looks == 2

    retry(world.change(), world.changes, world.outbox, world.clock, by="kari")
    (queued,) = world.outbox.queued_changes
    world.outbox.clear()
    assert world.apply(queued) is ApplyResult.PARKED

    assert (world.change().looks, world.change().not_before) == (1, world.change().updated_at + FIRST_PAUSE)


@pytest.mark.parametrize(
    "error",
    [Throttled("Visma answered 429."), Misconfigured("Visma answered 403.")],
    ids=["throttled", "refused"],
)
def test_what_is_no_fault_of_this_order_parks_nothing(error: ConnectorError) -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    breaks(world, error)
    for _ in range(ATTEMPTS_UNAVAILABLE + 2):
        if isinstance(error, Throttled):
            with pytest.raises(Throttled):
                world.apply(message)
        else:
            assert world.apply(message) is ApplyResult.HELD_BACK
    assert (world.change().state, world.change().failures) == (ChangeState.RECEIVED, 0)


def test_what_visma_refuses_to_show_is_looked_at_again() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    breaks(
        world,
        Parked(
            "Visma answered 400: The order is locked.",
            next_step="Look at the order in Visma.",
            code=Reason.REQUEST_REFUSED,
        ),
    )
    assert world.apply(message) is ApplyResult.PARKED
    assert world.change().next_step == (
        f"Look at the order in Visma. Have it looked at now: connector changes retry {CHANGE}."
    )
    mend(world)

    assert swept(world, minutes=30) == 1
    world.quiesce()

    assert world.change().state is ChangeState.APPLIED


def test_a_write_that_visma_answers_with_500_for_ever_is_parked_and_tried_again() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    problem = (
        "Visma answered 500 to the change of purchase order 500123: An error has occurred. It may have been written."
    )
    breaks(world, UnknownOutcome(problem), "put_order")

    parked_by_visma(world, message, ATTEMPTS_IN_CONFLICT)

    assert problem in (world.change().reason or "")
    assert "changed in Visma" not in (world.change().reason or ""), "nobody changed anything"
    assert State.CHANGING not in world.states()
    mend(world, "put_order")
    assert swept(world, minutes=30) == 1
    world.quiesce()
    assert (world.change().state, world.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1, "no echo"


def test_an_approval_outlasts_what_visma_could_not_answer() -> None:
    world = World()
    message = world.arrived(more_of(1, 2000, was=800))
    assert world.apply(message) is ApplyResult.PARKED
    differences = world.change().differences
    breaks(world)
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.outbox.clear()
    parked_by_visma(world, message)
    assert (world.change().approved_by, world.change().differences) == ("kari", differences)
    mend(world)

    assert swept(world, minutes=30) == 1
    world.quiesce()

    assert (world.change().state, world.change().decided_by) == (ChangeState.APPLIED, "kari")


@pytest.mark.parametrize("edit", [{"orderQty": 90.0}])
def test_an_approval_that_outlasted_it_is_still_good_for_one_content_only(edit) -> None:
    world = World()
    message = world.arrived(more_of(1, 2000, was=800))
    world.apply(message)
    breaks(world)
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.outbox.clear()
    parked_by_visma(world, message)
    mend(world)
    world.orders.edit(line_2=edit)

    swept(world, minutes=30)
    world.quiesce()

    assert (world.change().state, world.change().waits_for, world.orders.theirs) == (ChangeState.PARKED, None, 0)
    assert "after the comparison that kari approved" in (world.change().reason or "")


def test_a_later_change_goes_after_the_one_that_waited_for_visma_and_needs_no_person() -> None:
    world = World()
    first = world.arrived(more_of(1, 900), changeSequenceNumber="1")
    breaks(world)
    parked_by_visma(world, first)
    mend(world)
    later = world.arrived(more_of(2, 110), number=LATER, changeSequenceNumber="2")

    assert world.apply(later) is ApplyResult.PARKED
    assert world.change(LATER).waits_for == VISMA
    assert swept(world, minutes=30) == 2
    world.quiesce()

    assert [world.change(one).state for one in (CHANGE, LATER)] == [ChangeState.APPLIED, ChangeState.APPLIED]
    assert [put["lines"][0]["orderQty"]["value"] for put in world.orders.puts] == [900, 110]


def test_a_later_change_behind_one_that_waits_for_a_person_waits_for_that_person() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 5000), changeSequenceNumber="1"))

    assert world.apply(world.arrived(more_of(2, 110), number=LATER, changeSequenceNumber="2")) is ApplyResult.PARKED

    assert (world.change(LATER).waits_for, swept(world, hours=24)) == (None, 0)


def test_a_message_of_ours_that_cannot_be_read_ends_at_a_person() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))
    world.changes.messages.clear()

    assert world.apply(message) is ApplyResult.PARKED  # at once: it was written before its record, so it will not come

    assert (world.change().reason, world.change().waits_for) == (f"The message of {CHANGE} is no longer kept.", None)
    assert world.change().reason_codes == (Reason.PAYLOAD_LOST,)


def test_a_revision_of_ours_that_cannot_be_read_ends_at_a_person_too() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))

    def missing(revision: object) -> bytes:
        raise Transient("The source of revision 1 is missing.")

    world.ledger.source_of = missing  # type: ignore[method-assign]

    parked_by_visma(world, message)

    assert world.change().reason == "The source of revision 1 is missing."


def test_applying_the_routing_has_it_looked_at_as_well_for_the_company_may_have_been_wrong() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))
    breaks(world)
    parked_by_visma(world, message)
    mend(world)

    (released,) = release_waiting_changes(world.changes, world.outbox, world.clock)
    world.quiesce()

    assert (released.waited_for, world.change().state) == (VISMA, ChangeState.APPLIED)


# -- Visma does not show the order ------------------------------------------------------------------------------------


def test_an_order_that_is_not_there_refuses_nothing_and_is_found_when_it_comes() -> None:
    world = World()
    message = world.arrived(more_of(1, 900), order="500777")

    parked_by_visma(world, message, ATTEMPTS_UNSEEN)

    change = world.change()
    assert change.reason == "Visma has no purchase order 500777 in company nordic."
    assert f"connector changes approve {CHANGE} --order NUMBER" in (change.next_step or "")
    assert world.inbound.confirmed == [(CHANGE, Confirmation.ACCEPTED)]
    world.orders.put_in(a_purchase_order(orderNbr="500777", lines=[an_order_line(1)]))
    world.poll("500777")
    world.quiesce()
    assert swept(world, minutes=30) == 1
    world.quiesce()
    assert (world.change().state, world.orders.line(1, "500777")["orderQty"]) == (ChangeState.APPLIED, 900)


def test_an_order_that_was_sent_and_is_gone_points_at_the_company() -> None:
    """With the id of another company every order is a 404: nobody is told that the order does not exist."""
    world = World()
    message = world.arrived(more_of(1, 900))
    gone = world.orders.orders.pop("500123")

    parked_by_visma(world, message, ATTEMPTS_UNSEEN)

    assert "no longer has purchase order 500123" in (world.change().reason or "")
    assert "visma.company_id" in (world.change().next_step or "")
    assert Confirmation.FAILED not in [confirmation for _, confirmation in world.inbound.confirmed]
    world.orders.orders["500123"] = gone
    assert swept(world, minutes=30) == 1
    world.quiesce()
    assert world.change().state is ChangeState.APPLIED


@pytest.mark.parametrize("number", ["500123-1", "500123 A", "500123A", "500123/02"])
def test_a_number_with_a_suffix_is_proposed_and_never_written_by_a_guess(number: str) -> None:
    world = World()

    parked_by_visma(world, world.arrived(more_of(1, 900), order=number), ATTEMPTS_UNSEEN)

    assert f"connector changes approve {CHANGE} --order 500123," in (world.change().next_step or "")
    swept(world, minutes=30)
    world.quiesce()
    assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)


def test_another_partners_order_is_not_proposed() -> None:
    world = World()
    world.orders.edit(supplier={"number": "60000"})
    another = a_partner(isa_id="B", supplier="60000")
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": another}))

    parked_by_visma(world, world.arrived(more_of(1, 900), order="500123-1"), ATTEMPTS_UNSEEN)

    assert "500123 is" not in (world.change().reason or "")
    assert "--order NUMBER" in (world.change().next_step or "")


def test_the_order_that_a_person_names_is_changed_by_the_rules_and_in_its_turn() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 850), number="802210970", changeSequenceNumber="1"))
    message = world.arrived(more_of(1, 900), order="500123-1", changeSequenceNumber="2")
    world.clock.forward(minutes=11)  # nobody comes before it under this number
    parked_by_visma(world, message, ATTEMPTS_UNSEEN)

    _means(world, "500123")
    world.quiesce()

    change = world.change()
    assert (change.key, change.named, change.state, change.decided_by) == (ORDER, "500123-1", "APPLIED", "rules")
    assert world.orders.line(1)["orderQty"] == 900
    assert [one.transaction_id for one in world.changes.of_order(ORDER)] == ["802210970", CHANGE]
    assert [name for name, _ in world.inbound.confirmed] == ["802210970", CHANGE], "told once, where it is recorded"
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1, "no echo"


def test_beyond_the_limits_the_order_that_a_person_named_is_asked_about_like_any_other() -> None:
    world = World()
    parked_by_visma(world, world.arrived(more_of(1, 5000), order="500123-1"), ATTEMPTS_UNSEEN)

    _means(world, "500123")
    world.quiesce()

    assert (world.change().state, world.orders.theirs, world.change().approved_by) == (ChangeState.PARKED, 0, None)
    assert world.change().differences != ()


def test_a_slip_in_the_number_is_asked_about_again_and_the_right_one_can_be_named() -> None:
    world = World()
    world.orders.put_in(a_purchase_order(orderNbr="500124", supplier={"number": "60000"}, lines=[an_order_line(1)]))
    another = a_partner(isa_id="B", supplier="60000")
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": another}))
    parked_by_visma(world, world.arrived(more_of(1, 900), order="500123-1"), ATTEMPTS_UNSEEN)

    for number in ("500124", "500123-1", "500123"):
        _means(world, number)
        world.quiesce()
        if number == "500124":
            assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)
            assert "is for partner berg" in (world.change().reason or "")
            assert world.change().reason_codes == (Reason.ORDER_OF_ANOTHER_PARTNER,)

    assert (world.change().state, world.change().number) == (ChangeState.APPLIED, "500123")


def test_a_repetition_under_the_number_with_the_suffix_is_known_once_a_person_says_what_it_means() -> None:
    world = World()
    first = world.arrived(more_of(1, 900), order="500123-1", changeSequenceNumber="1")
    parked_by_visma(world, first, ATTEMPTS_UNSEEN)
    _means(world, "500123")
    world.quiesce()

    again = world.arrived(more_of(1, 900), order="500123-1", changeSequenceNumber="1", number=LATER)
    parked_by_visma(world, again, ATTEMPTS_UNSEEN)
    order = DocumentKey.of_order("nordic", "500123")
    assign(world.change(LATER), order, changes=world.changes, outbox=world.outbox, clock=world.clock, by="kari")
    world.quiesce()

    assert (world.change(LATER).state, len(world.orders.puts)) == (ChangeState.RECORDED, 1)


# -- a person ends it -------------------------------------------------------------------------------------------------


def _half_written(world: World, at: int) -> None:
    """The worker died before its `at`th PUT: the number is taken, and the order on hold after the first."""
    message = world.arrived(more_of(1, 900))
    reaper = killer(at=at)
    with pytest.raises(Killed):
        world.apply(message, orders=lambda company, deadline: reaper.watch(world.orders, "put_order"))
    world.clock.forward(minutes=3)


@pytest.mark.parametrize(("end", "state"), [(close, "CLOSED"), (reject, "REJECTED")])
def test_nothing_of_a_change_that_a_person_ends_is_left_behind(end, state: str) -> None:
    world = World(hold_first=["Open"])
    _half_written(world, at=2)
    assert (world.states()[-1], world.orders.orders["500123"]["status"]) == (State.CHANGING, "Hold")

    _ends(world, end)
    world.quiesce()

    change = world.change()
    assert (change.state, change.decided_by, change.reason, change.on_hold) == (
        state,
        "kari",
        "Entered by hand.",
        False,
    )
    assert State.CHANGING not in world.states()
    assert world.orders.orders["500123"]["status"] == "Open"
    assert world.orders.line(1)["orderQty"] == 800
    confirmation = Confirmation.ACCEPTED if state == "CLOSED" else Confirmation.FAILED
    assert world.inbound.confirmed == [(CHANGE, confirmation)]


def test_an_order_that_is_gone_by_then_is_no_trouble() -> None:
    world = World(hold_first=["Open"])
    _half_written(world, at=2)
    del world.orders.orders["500123"]
    _ends(world, close)

    world.quiesce()

    assert world.change().on_hold is False


def test_an_order_that_visma_does_not_release_stays_marked_and_retry_releases_it() -> None:
    world = World(hold_first=["Open"])
    _half_written(world, at=2)
    breaks(world)
    _ends(world, close)
    (message,) = world.outbox.queued_changes
    world.outbox.clear()
    with pytest.raises(Transient):
        world.apply(message)
    assert world.change().on_hold
    mend(world)

    retry(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().on_hold, world.orders.orders["500123"]["status"]) == (False, "Open")


def test_a_change_whose_worker_died_is_taken_up_by_who_asks_for_it() -> None:
    world = World()
    _half_written(world, at=1)
    assert world.change().state is ChangeState.APPLYING

    retry(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)


def test_a_look_approves_nothing() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 5000)))

    retry(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.theirs) == (ChangeState.PARKED, 0)


def test_what_the_rules_refuse_after_it_was_accepted_is_said_to_stay_so() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 5000)))
    world.orders.edit(supplier={"number": "60000"})
    another = a_partner(isa_id="B", supplier="60000")
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": another}))

    retry(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert world.change().state is ChangeState.REFUSED
    assert "it stays accepted at Orderful" in world.change().history[-1].note
    assert world.inbound.confirmed == [(CHANGE, Confirmation.ACCEPTED)]


def test_what_was_accepted_to_make_room_is_not_failed_later() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))
    accepted = world.change().after_confirming(Confirmation.ACCEPTED)
    world.changes.save(accepted)
    _ends(world, reject)

    assert world.apply(message) is ApplyResult.REJECTED

    assert not world.change().is_refused_outright
    assert "stays accepted" in world.change().history[-1].note


def test_records_of_two_orders_are_kept_apart_when_one_is_moved() -> None:
    world = World()
    parked_by_visma(world, world.arrived(more_of(1, 900), order="500123-1"), ATTEMPTS_UNSEEN)
    _means(world, "500123")

    (left,) = world.changes.of_order(DocumentKey.of_order("nordic", "500123-1"))

    assert (left.state, left.reason, left.is_unconfirmed) == (
        ChangeState.RECORDED,
        "It is recorded under order 500123.",
        False,
    )
    assert world.change().updated_at - left.updated_at == timedelta(0)


def test_what_was_recorded_for_nobody_leaves_nothing_behind_either() -> None:
    """Its receiver got a company only later: the number is taken under the company's order, not under the record's."""
    world = World(hold_first=["Open"])
    world.inbound.send(an_860(more_of(1, 900)), receiver_id="NEWT")
    world.recorder().take(world.inbound.held[CHANGE])
    world.outbox.clear()
    orderful = {"isa_id": {"live": "NEW", "test": "NEWT"}}
    world.routing.apply(
        routing_data({"companies.nordic.orderful": orderful, "defaults.changes": {**RULES, "hold_first": ["Open"]}})
    )
    reaper = killer(at=2)
    with pytest.raises(Killed):
        world.apply(
            message_for(world.change()), orders=lambda company, deadline: reaper.watch(world.orders, "put_order")
        )
    world.clock.forward(minutes=3)
    assert (world.change().company, world.states()[-1]) == ("-", State.CHANGING)

    _ends(world, close)
    world.quiesce()

    assert State.CHANGING not in world.states()
    assert (world.change().on_hold, world.orders.orders["500123"]["status"]) == (False, "Open")
