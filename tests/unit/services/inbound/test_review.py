"""No state without a way out: what Visma cannot answer is parked and looked at again, what a person ends is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.errors import ConnectorError, Misconfigured, Parked, Throttled, Transient, UnknownOutcome
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import FIRST_RETRY_DELAY, MAX_LOOKS, MAX_RETRY_DELAY, ChangeState, WaitsOn
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.services.inbound.apply import ATTEMPTS_IN_CONFLICT, ATTEMPTS_UNAVAILABLE, ApplyResult
from connector.services.inbound.record import message_for
from connector.services.inbound.write_order import ATTEMPTS_UNSEEN
from connector.services.messages import ChangeMessage
from connector.services.ports import Metric
from connector.services.release import release_waiting_changes
from testkit.memory.change_harness import KARI, ORDER, RULES, Harness, an_860, more_of
from testkit.memory.effects import Killed, killer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

CHANGE = "802210971"
LATER = "802210972"
BROKEN = "Visma answered 500 to purchase order 500123: Object reference not set to an instance of an object."
ORDERS_ERROR = Transient(BROKEN, request_id="r-1")


def breaks(harness: Harness, error: Exception = ORDERS_ERROR, what: str = "get_order") -> None:
    """Visma fails at every order from now on."""

    def failing(*_: object, **__: object) -> None:
        raise error

    setattr(harness.orders, what, failing)


def mend(harness: Harness, what: str = "get_order") -> None:
    delattr(harness.orders, what)


def parked_by_visma(harness: Harness, message: ChangeMessage, attempts: int = ATTEMPTS_UNAVAILABLE) -> None:
    """Every attempt but the last goes back to the queue."""
    for _ in range(attempts - 1):
        with pytest.raises(ConnectorError):
            harness.apply(message)
        assert harness.change(message.transaction_id).state is ChangeState.RECEIVED
    assert harness.apply(message) is ApplyResult.PARKED


def swept(harness: Harness, **later: float) -> int:
    """The next run of the collector, after a while; how many changes it queued again."""
    harness.clock.forward(**later)
    found = harness.collect()
    assert found.problems == []
    return found.requeued


def _means(harness: Harness, number: str) -> None:
    """A person says which order is meant."""
    order = DocumentKey.of_order("nordic", number)
    harness.review.assign(harness.change(), order, KARI)


def _ends(harness: Harness, state: ChangeState) -> None:
    """A person closes or rejects the change."""
    harness.end(state, replace(KARI, reason="Entered by hand."), order=ORDER)


# -- Visma fails at this order ----------------------------------------------------------------------------------------


def test_an_order_with_permanent_errors_in_visma_parks_the_change_with_the_message() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    breaks(harness)

    parked_by_visma(harness, message)

    change = harness.change()
    assert (change.reason, change.waits_on, change.waits_for) == (BROKEN, WaitsOn.VISMA, None)
    assert f"connector changes retry {CHANGE}" in (change.next_step or "")
    assert change.not_before == change.updated_at + FIRST_RETRY_DELAY
    assert harness.inbound.confirmed == [(CHANGE, Confirmation.ACCEPTED)]
    assert (harness.orders.theirs, harness.states()) == (0, [State.SENT])


def test_it_is_written_by_itself_when_visma_answers_again() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    breaks(harness)
    parked_by_visma(harness, message)
    mend(harness)

    assert swept(harness, minutes=29) == 0
    assert swept(harness, minutes=1) == 1
    harness.quiesce()

    change = harness.change()
    assert (change.state, change.looks, change.waits_on, change.not_before) == (ChangeState.APPLIED, 0, None, None)
    assert harness.orders.line(1)["orderQty"] == 900
    assert [confirmation for _, confirmation in harness.inbound.confirmed] == [Confirmation.ACCEPTED]


def test_the_pause_between_two_looks_grows_and_ends_at_a_person() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    breaks(harness)
    parked_by_visma(harness, message)
    pauses = []
    while harness.change().waits_on is WaitsOn.VISMA:
        pauses.append(harness.change().not_before - harness.change().updated_at)
        assert swept(harness, seconds=pauses[-1].total_seconds()) == 1
        (queued,) = harness.outbox.queued_changes
        harness.outbox.clear()
        assert harness.apply(queued) is ApplyResult.PARKED, "one look is one attempt"

    assert pauses[:3] == [FIRST_RETRY_DELAY, 2 * FIRST_RETRY_DELAY, 4 * FIRST_RETRY_DELAY]
    assert (max(pauses), len(pauses)) == (MAX_RETRY_DELAY, MAX_LOOKS)
    change = harness.change()
    assert (change.reason, change.not_before) == (BROKEN, None)
    assert swept(harness, days=30) == 0
    assert harness.telemetry.counts[Metric.CHANGES_PARKED] == 1, "one alarm for one change"


def test_a_person_who_asks_for_a_look_begins_the_pauses_anew() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    breaks(harness)
    parked_by_visma(harness, message)
    swept(harness, minutes=30)
    harness.quiesce()
    assert harness.change().looks == 2

    harness.review.retry(harness.change(), KARI)
    (queued,) = harness.outbox.queued_changes
    harness.outbox.clear()
    assert harness.apply(queued) is ApplyResult.PARKED

    assert (harness.change().looks, harness.change().not_before) == (1, harness.change().updated_at + FIRST_RETRY_DELAY)


@pytest.mark.parametrize(
    "error",
    [Throttled("Visma answered 429."), Misconfigured("Visma answered 403.")],
    ids=["throttled", "refused"],
)
def test_what_is_no_fault_of_this_order_parks_nothing(error: ConnectorError) -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    breaks(harness, error)
    for _ in range(ATTEMPTS_UNAVAILABLE + 2):
        if isinstance(error, Throttled):
            with pytest.raises(Throttled):
                harness.apply(message)
        else:
            assert harness.apply(message) is ApplyResult.HELD_BACK
    assert (harness.change().state, harness.change().failures) == (ChangeState.RECEIVED, 0)


def test_what_visma_refuses_to_show_is_looked_at_again() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    breaks(
        harness,
        Parked(
            "Visma answered 400: The order is locked.",
            next_step="Look at the order in Visma.",
            code=Reason.REQUEST_REFUSED,
        ),
    )
    assert harness.apply(message) is ApplyResult.PARKED
    assert harness.change().next_step == (
        f"Look at the order in Visma. Have it looked at now: connector changes retry {CHANGE}."
    )
    mend(harness)

    assert swept(harness, minutes=30) == 1
    harness.quiesce()

    assert harness.change().state is ChangeState.APPLIED


def test_a_write_that_visma_answers_with_500_for_ever_is_parked_and_tried_again() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    problem = (
        "Visma answered 500 to the change of purchase order 500123: An error has occurred. It may have been written."
    )
    breaks(harness, UnknownOutcome(problem), "put_order")

    parked_by_visma(harness, message, ATTEMPTS_IN_CONFLICT)

    assert problem in (harness.change().reason or "")
    assert "changed in Visma" not in (harness.change().reason or ""), "nobody changed anything"
    assert State.CHANGING not in harness.states()
    mend(harness, "put_order")
    assert swept(harness, minutes=30) == 1
    harness.quiesce()
    assert (harness.change().state, harness.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 1, "no echo"


def test_an_approval_outlasts_what_visma_could_not_answer() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 2000, was=800))
    assert harness.apply(message) is ApplyResult.PARKED
    differences = harness.change().differences
    breaks(harness)
    harness.review.approve(harness.change(), KARI)
    harness.outbox.clear()
    parked_by_visma(harness, message)
    assert (harness.change().approved_by, harness.change().differences) == ("kari", differences)
    mend(harness)

    assert swept(harness, minutes=30) == 1
    harness.quiesce()

    assert (harness.change().state, harness.change().decided_by) == (ChangeState.APPLIED, "kari")


@pytest.mark.parametrize("edit", [{"orderQty": 90.0}])
def test_an_approval_that_outlasted_it_is_still_good_for_one_content_only(edit) -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 2000, was=800))
    harness.apply(message)
    breaks(harness)
    harness.review.approve(harness.change(), KARI)
    harness.outbox.clear()
    parked_by_visma(harness, message)
    mend(harness)
    harness.orders.edit(line_2=edit)

    swept(harness, minutes=30)
    harness.quiesce()

    assert (harness.change().waits_on, harness.orders.theirs) == (WaitsOn.PERSON, 0)
    assert "after the comparison that kari approved" in (harness.change().reason or "")


def test_a_later_change_goes_after_the_one_that_waited_for_visma_and_needs_no_person() -> None:
    harness = Harness()
    first = harness.arrived(more_of(1, 900), changeSequenceNumber="1")
    breaks(harness)
    parked_by_visma(harness, first)
    mend(harness)
    later = harness.arrived(more_of(2, 110), number=LATER, changeSequenceNumber="2")

    assert harness.apply(later) is ApplyResult.PARKED
    assert harness.change(LATER).waits_on is WaitsOn.VISMA
    assert swept(harness, minutes=30) == 2
    harness.quiesce()

    assert [harness.change(one).state for one in (CHANGE, LATER)] == [ChangeState.APPLIED, ChangeState.APPLIED]
    assert [put["lines"][0]["orderQty"]["value"] for put in harness.orders.puts] == [900, 110]


def test_a_later_change_behind_one_that_waits_for_a_person_waits_for_that_person() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 5000), changeSequenceNumber="1"))

    assert harness.apply(harness.arrived(more_of(2, 110), number=LATER, changeSequenceNumber="2")) is ApplyResult.PARKED

    assert CHANGE in (harness.change(LATER).reason or "")
    assert (harness.change(LATER).waits_on, swept(harness, hours=24)) == (WaitsOn.EARLIER, 0)


def test_a_message_of_ours_that_cannot_be_read_ends_at_a_person() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    harness.changes.messages.clear()

    assert (
        harness.apply(message) is ApplyResult.PARKED
    )  # at once: it was written before its record, so it will not come

    assert (harness.change().reason, harness.change().waits_on) == (
        f"The message of {CHANGE} is no longer kept.",
        WaitsOn.PERSON,
    )
    assert harness.change().reason_codes == (Reason.PAYLOAD_LOST,)


def test_a_revision_of_ours_that_cannot_be_read_ends_at_a_person_too() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))

    def missing(revision: object) -> bytes:
        raise Transient("The source of revision 1 is missing.")

    harness.ledger.source_of = missing  # type: ignore[method-assign]

    parked_by_visma(harness, message)

    assert harness.change().reason == "The source of revision 1 is missing."


def test_applying_the_routing_has_it_looked_at_as_well_for_the_company_may_have_been_wrong() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    breaks(harness)
    parked_by_visma(harness, message)
    mend(harness)

    (released,) = release_waiting_changes(harness.changes, harness.outbox, harness.clock)
    harness.quiesce()

    assert (released.waited_for, harness.change().state) == ("Visma", ChangeState.APPLIED)


# -- Visma does not show the order ------------------------------------------------------------------------------------


def test_an_order_that_is_not_there_refuses_nothing_and_is_found_when_it_comes() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900), order="500777")

    parked_by_visma(harness, message, ATTEMPTS_UNSEEN)

    change = harness.change()
    assert change.reason == "Visma has no purchase order 500777 in company nordic."
    assert f"connector changes approve {CHANGE} --order NUMBER" in (change.next_step or "")
    assert harness.inbound.confirmed == [(CHANGE, Confirmation.ACCEPTED)]
    harness.orders.put_in(a_purchase_order(orderNbr="500777", lines=[an_order_line(1)]))
    harness.poll("500777")
    harness.quiesce()
    assert swept(harness, minutes=30) == 1
    harness.quiesce()
    assert (harness.change().state, harness.orders.line(1, "500777")["orderQty"]) == (ChangeState.APPLIED, 900)


def test_an_order_that_was_sent_and_is_gone_points_at_the_company() -> None:
    """With the id of another company every order is a 404: nobody is told that the order does not exist."""
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    gone = harness.orders.orders.pop("500123")

    parked_by_visma(harness, message, ATTEMPTS_UNSEEN)

    assert "no longer has purchase order 500123" in (harness.change().reason or "")
    assert "visma.company_id" in (harness.change().next_step or "")
    assert Confirmation.FAILED not in [confirmation for _, confirmation in harness.inbound.confirmed]
    harness.orders.orders["500123"] = gone
    assert swept(harness, minutes=30) == 1
    harness.quiesce()
    assert harness.change().state is ChangeState.APPLIED


@pytest.mark.parametrize("number", ["500123-1", "500123 A", "500123A", "500123/02"])
def test_a_number_with_a_suffix_is_proposed_and_never_written_by_a_guess(number: str) -> None:
    harness = Harness()

    parked_by_visma(harness, harness.arrived(more_of(1, 900), order=number), ATTEMPTS_UNSEEN)

    assert f"connector changes approve {CHANGE} --order 500123," in (harness.change().next_step or "")
    swept(harness, minutes=30)
    harness.quiesce()
    assert (harness.change().state, harness.orders.theirs) == (ChangeState.PARKED, 0)


def test_another_partners_order_is_not_proposed() -> None:
    harness = Harness()
    harness.orders.edit(supplier={"number": "60000"})
    another = a_partner(isa_id="B", supplier="60000")
    harness.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": another}))

    parked_by_visma(harness, harness.arrived(more_of(1, 900), order="500123-1"), ATTEMPTS_UNSEEN)

    assert "500123 is" not in (harness.change().reason or "")
    assert "--order NUMBER" in (harness.change().next_step or "")


def test_the_order_that_a_person_names_is_changed_by_the_rules_and_in_its_turn() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 850), number="802210970", changeSequenceNumber="1"))
    message = harness.arrived(more_of(1, 900), order="500123-1", changeSequenceNumber="2")
    harness.clock.forward(minutes=11)  # nobody comes before it under this number
    parked_by_visma(harness, message, ATTEMPTS_UNSEEN)

    _means(harness, "500123")
    harness.quiesce()

    change = harness.change()
    assert (change.key, change.named, change.state, change.decided_by) == (ORDER, "500123-1", "APPLIED", "rules")
    assert harness.orders.line(1)["orderQty"] == 900
    assert [one.transaction_id for one in harness.changes.of_order(ORDER)] == ["802210970", CHANGE]
    assert [name for name, _ in harness.inbound.confirmed] == ["802210970", CHANGE], "told once, where it is recorded"
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 1, "no echo"


def test_beyond_the_limits_the_order_that_a_person_named_is_asked_about_like_any_other() -> None:
    harness = Harness()
    parked_by_visma(harness, harness.arrived(more_of(1, 5000), order="500123-1"), ATTEMPTS_UNSEEN)

    _means(harness, "500123")
    harness.quiesce()

    assert (harness.change().state, harness.orders.theirs, harness.change().approved_by) == (
        ChangeState.PARKED,
        0,
        None,
    )
    assert harness.change().differences != ()


def test_a_slip_in_the_number_is_asked_about_again_and_the_right_one_can_be_named() -> None:
    harness = Harness()
    harness.orders.put_in(a_purchase_order(orderNbr="500124", supplier={"number": "60000"}, lines=[an_order_line(1)]))
    another = a_partner(isa_id="B", supplier="60000")
    harness.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": another}))
    parked_by_visma(harness, harness.arrived(more_of(1, 900), order="500123-1"), ATTEMPTS_UNSEEN)

    for number in ("500124", "500123-1", "500123"):
        _means(harness, number)
        harness.quiesce()
        if number == "500124":
            assert (harness.change().state, harness.orders.theirs) == (ChangeState.PARKED, 0)
            assert "is for partner berg" in (harness.change().reason or "")
            assert harness.change().reason_codes == (Reason.ORDER_OF_ANOTHER_PARTNER,)

    assert (harness.change().state, harness.change().number) == (ChangeState.APPLIED, "500123")


def test_a_repetition_under_the_number_with_the_suffix_is_known_once_a_person_says_what_it_means() -> None:
    harness = Harness()
    first = harness.arrived(more_of(1, 900), order="500123-1", changeSequenceNumber="1")
    parked_by_visma(harness, first, ATTEMPTS_UNSEEN)
    _means(harness, "500123")
    harness.quiesce()

    again = harness.arrived(more_of(1, 900), order="500123-1", changeSequenceNumber="1", number=LATER)
    parked_by_visma(harness, again, ATTEMPTS_UNSEEN)
    order = DocumentKey.of_order("nordic", "500123")
    harness.review.assign(harness.change(LATER), order, KARI)
    harness.quiesce()

    assert (harness.change(LATER).state, len(harness.orders.puts)) == (ChangeState.RECORDED, 1)


# -- a person ends it -------------------------------------------------------------------------------------------------


def _half_written(harness: Harness, at: int) -> None:
    """The worker died before its `at`th PUT: the number is taken, and the order on hold after the first."""
    message = harness.arrived(more_of(1, 900))
    reaper = killer(at=at)
    with pytest.raises(Killed):
        harness.apply(message, orders=lambda company, deadline: reaper.watch(harness.orders, "put_order"))
    harness.clock.forward(minutes=3)


@pytest.mark.parametrize("state", [ChangeState.CLOSED, ChangeState.REJECTED])
def test_nothing_of_a_change_that_a_person_ends_is_left_behind(state: ChangeState) -> None:
    harness = Harness(hold_first=["Open"])
    _half_written(harness, at=2)
    assert (harness.states()[-1], harness.orders.orders["500123"]["status"]) == (State.CHANGING, "Hold")

    _ends(harness, state)
    harness.quiesce()

    change = harness.change()
    assert (change.state, change.decided_by, change.reason, change.on_hold) == (
        state,
        "kari",
        "Entered by hand.",
        False,
    )
    assert State.CHANGING not in harness.states()
    assert harness.orders.orders["500123"]["status"] == "Open"
    assert harness.orders.line(1)["orderQty"] == 800
    confirmation = Confirmation.ACCEPTED if state is ChangeState.CLOSED else Confirmation.FAILED
    assert harness.inbound.confirmed == [(CHANGE, confirmation)]


def test_an_order_that_was_deleted_meanwhile_is_no_error() -> None:
    harness = Harness(hold_first=["Open"])
    _half_written(harness, at=2)
    del harness.orders.orders["500123"]
    _ends(harness, ChangeState.CLOSED)

    harness.quiesce()

    assert harness.change().on_hold is False


def test_an_order_that_visma_does_not_release_stays_marked_and_retry_releases_it() -> None:
    harness = Harness(hold_first=["Open"])
    _half_written(harness, at=2)
    breaks(harness)
    _ends(harness, ChangeState.CLOSED)
    (message,) = harness.outbox.queued_changes
    harness.outbox.clear()
    with pytest.raises(Transient):
        harness.apply(message)
    assert harness.change().on_hold
    mend(harness)

    harness.review.retry(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().on_hold, harness.orders.orders["500123"]["status"]) == (False, "Open")


def test_a_change_whose_worker_died_is_taken_up_by_who_asks_for_it() -> None:
    harness = Harness()
    _half_written(harness, at=1)
    assert harness.change().state is ChangeState.APPLYING

    harness.review.retry(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().state, harness.orders.line(1)["orderQty"]) == (ChangeState.APPLIED, 900)


def test_a_look_approves_nothing() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 5000)))

    harness.review.retry(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().state, harness.orders.theirs) == (ChangeState.PARKED, 0)


def test_what_the_rules_refuse_after_it_was_accepted_is_said_to_stay_so() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 5000)))
    harness.orders.edit(supplier={"number": "60000"})
    another = a_partner(isa_id="B", supplier="60000")
    harness.routing.apply(routing_data({"defaults.changes": RULES, "partners.berg": another}))

    harness.review.retry(harness.change(), KARI)
    harness.quiesce()

    assert harness.change().state is ChangeState.REFUSED
    assert "it stays accepted at Orderful" in harness.change().history[-1].note
    assert harness.inbound.confirmed == [(CHANGE, Confirmation.ACCEPTED)]


def test_what_was_accepted_to_make_room_is_not_failed_later() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    accepted = harness.change().after_confirming(Confirmation.ACCEPTED)
    harness.changes.save(accepted)
    _ends(harness, ChangeState.REJECTED)

    assert harness.apply(message) is ApplyResult.REJECTED

    assert not harness.change().is_refused_outright
    assert "stays accepted" in harness.change().history[-1].note


def test_records_of_two_orders_are_kept_apart_when_one_is_moved() -> None:
    harness = Harness()
    parked_by_visma(harness, harness.arrived(more_of(1, 900), order="500123-1"), ATTEMPTS_UNSEEN)
    _means(harness, "500123")

    (left,) = harness.changes.of_order(DocumentKey.of_order("nordic", "500123-1"))

    assert (left.state, left.reason, left.is_unconfirmed) == (
        ChangeState.RECORDED,
        "It is recorded under order 500123.",
        False,
    )
    assert harness.change().updated_at - left.updated_at == timedelta(0)


def test_what_was_recorded_for_nobody_leaves_nothing_behind_either() -> None:
    """Its receiver got a company only later: the number is taken under the company's order, not under the record's."""
    harness = Harness(hold_first=["Open"])
    harness.inbound.send(an_860(more_of(1, 900)), receiver_id="NEWT")
    harness.recorder().take(harness.inbound.transactions[CHANGE])
    harness.outbox.clear()
    orderful = {"isa_id": {"live": "NEW", "test": "NEWT"}}
    harness.routing.apply(
        routing_data({"companies.nordic.orderful": orderful, "defaults.changes": {**RULES, "hold_first": ["Open"]}})
    )
    reaper = killer(at=2)
    with pytest.raises(Killed):
        harness.apply(
            message_for(harness.change()), orders=lambda company, deadline: reaper.watch(harness.orders, "put_order")
        )
    harness.clock.forward(minutes=3)
    assert (harness.change().company, harness.states()[-1]) == ("-", State.CHANGING)

    _ends(harness, ChangeState.CLOSED)
    harness.quiesce()

    assert State.CHANGING not in harness.states()
    assert (harness.change().on_hold, harness.orders.orders["500123"]["status"]) == (False, "Open")
