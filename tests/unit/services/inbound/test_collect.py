"""Collecting what Orderful holds: everything is taken once, a full page is emptied, what got stuck is found."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import AnswerTooSlow, Conflict, Misconfigured, NoRouting, Transient
from connector.domain.inbound import Confirmation, Delivery, Validation
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.transactions import Stream
from connector.services.inbound.collect import Collected
from connector.services.ports import Metric
from testkit.memory.change_harness import KARI, ORDER, Harness, an_860, more_of
from testkit.memory.effects import Killed, StepDeadline, killer
from testkit.memory.orderful import FakeInbound
from testkit.memory.stores import a_change


def many(harness: Harness, count: int, **changes) -> None:
    for place in range(count):
        message = changes.get("message", an_860(more_of(1, 801 + place)))
        rest = {name: value for name, value in changes.items() if name != "message"}
        harness.inbound.send(message, number=str(900000 + place), **rest)


def test_an_item_is_queued_once_however_often_it_is_seen_before_it_is_decided() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)))

    harness.collect()
    assert len(harness.outbox.queued_changes) == 1
    harness.quiesce()
    harness.inbound.waiting.append("802210971")  # Orderful is slow to let it go
    harness.collect()

    assert (harness.outbox.queued_changes, harness.orders.theirs) == ([], 1)


def test_an_item_stays_at_orderful_until_it_is_decided() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)))

    harness.collect()

    assert (harness.inbound.waiting, harness.inbound.confirmed) == (["802210971"], [])


def test_a_worker_that_is_killed_while_recording_loses_nothing() -> None:
    step = 0
    while True:
        step += 1
        harness = Harness()
        harness.inbound.send(an_860(more_of(1, 900)))
        reaper = killer(at=step, after=True)
        died = False
        try:
            harness.collect(
                changes=reaper.watch(harness.changes, "know", "add", "save"),
                outbox=reaper.watch(harness.outbox, "changes"),
            )
        except Killed:
            died = True
        harness.watermark.taken = False
        harness.collect()
        harness.quiesce()
        assert (harness.change().state, harness.orders.theirs) == (ChangeState.APPLIED, 1), f"after step {step}"
        if not died:
            break
    assert step > 3


def test_a_full_page_of_undecided_changes_is_accepted_to_make_room() -> None:
    harness = Harness()
    many(harness, 150)

    harness.collect()

    assert len(harness.changes.all()) == 150
    assert {confirmation for _, confirmation in harness.inbound.confirmed} == {Confirmation.ACCEPTED}
    assert len(harness.inbound.waiting) < 100


def test_a_full_page_of_the_other_stream_is_left_to_it_and_said() -> None:
    """They may belong to another stack; the change behind them is found by the list."""
    harness = Harness()
    harness.collect()
    many(harness, 100, stream=Stream.LIVE)
    harness.inbound.send(an_860(more_of(1, 900)), number="999000")

    result = harness.collect()

    assert (harness.inbound.confirmed, len(harness.changes.all())) == ([], 1)
    assert harness.change("999000").state is ChangeState.RECEIVED
    assert harness.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 100
    assert (result.unclaimed, result.problems) == (100, [])


def test_items_that_name_nothing_are_counted_and_reported_when_they_fill_the_page() -> None:
    harness = Harness()
    many(harness, 100)
    harness.inbound.transactions = {
        number: replace(held, delivery=None, order_number="500123")
        for number, held in harness.inbound.transactions.items()
    }

    result = harness.collect()

    assert result.problems != []
    assert Metric.COLLECT_COMPLETED not in harness.telemetry.counts


def test_without_an_inbox_the_list_is_read_from_where_it_was_left() -> None:
    harness = Harness()
    harness.collect(inbox_ids=())
    harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    harness.clock.forward(minutes=5)

    harness.collect(inbox_ids=())
    harness.quiesce()
    harness.clock.forward(minutes=5)
    harness.collect(inbox_ids=())

    assert (harness.change().state, harness.orders.theirs) == (ChangeState.APPLIED, 1)


def test_what_the_list_shows_late_is_still_taken() -> None:
    harness = Harness()
    harness.collect(inbox_ids=())
    harness.clock.forward(minutes=30)
    harness.collect(inbox_ids=())
    harness.inbound.send(an_860(more_of(1, 900)), inbox=False, created_at=harness.clock.now() - timedelta(minutes=50))

    harness.collect(inbox_ids=())

    assert harness.change().state is ChangeState.RECEIVED


def test_a_list_that_could_not_be_read_to_its_end_is_read_again_from_the_same_place() -> None:
    harness = Harness()
    harness.collect(inbox_ids=())
    before = harness.watermark.timestamp
    harness.clock.forward(minutes=5)
    for place in range(5):
        harness.inbound.send(an_860(more_of(1, 900)), number=str(900000 + place), inbox=False)

    result = replace(harness.collector(inbox_ids=()), deadline=StepDeadline(3)).run()

    assert result.problems != []
    assert harness.watermark.timestamp == before


def test_a_stack_without_routing_has_nothing_to_collect_and_nothing_is_wrong(monkeypatch) -> None:
    harness = Harness()

    def load(**_: object) -> None:
        raise NoRouting("No routing was applied yet.")

    monkeypatch.setattr(harness.routing, "load", load)
    harness.telemetry.counts.clear()
    assert harness.collector().run().problems == []
    assert harness.telemetry.counts == {Metric.COLLECT_COMPLETED: 1}
    assert harness.telemetry.events()[-1] == "no routing was applied yet: nothing is collected"


def test_two_collectors_do_not_run_at_once() -> None:
    harness = Harness()
    harness.watermark.taken = True

    assert harness.collect().problems == ["Another collector is running."]


def test_a_failing_inbox_does_not_stop_the_others() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)))
    honest = harness.inbound.inbox

    class Half:
        def __getattr__(self, name):
            return getattr(harness.inbound, name)

        def inbox(self, inbox_id, limit=100):
            if inbox_id == "6":
                raise Misconfigured("Orderful answered 404 to inbox 6.")
            return honest(inbox_id)

    result = harness.collect(inbound=Half(), inbox_ids=("6", "7"))

    assert harness.change().state is ChangeState.RECEIVED
    assert [problem.split(":")[0] for problem in result.problems] == ["inbox 6"]
    assert harness.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1


def test_a_lost_message_is_queued_again_by_the_sweep() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    harness.recorder().take(harness.inbound.transactions["802210971"])
    harness.outbox.clear()

    harness.collect()
    assert harness.outbox.queued_changes == []
    harness.clock.forward(minutes=16)
    harness.collect()
    harness.quiesce()

    assert harness.change().state is ChangeState.APPLIED


def test_a_change_that_nobody_can_finish_is_reported() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    harness.recorder().take(harness.inbound.transactions["802210971"])
    harness.outbox.clear()
    harness.clock.forward(minutes=31)

    harness.collect()

    assert harness.telemetry.counts[Metric.CHANGES_STUCK] == 1


def test_a_decided_item_whose_confirmation_was_lost_is_confirmed_by_the_next_run() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)))
    harness.collect()
    harness.inbound.fail = [Transient("Orderful answered 503.")]
    message = harness.outbox.queued_changes[0]
    harness.outbox.clear()
    with pytest.raises(Transient):
        harness.apply(message)

    harness.collect()

    assert (harness.inbound.waiting, len(harness.inbound.confirmed)) == ([], 1)


@pytest.mark.parametrize("quantity", [900, 2000])
def test_orderful_is_told_though_the_message_was_given_up_and_no_inbox_shows_what_waits(quantity: int) -> None:
    """Applied or parked, heard of by callback alone; its message lies among the dead letters."""
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, quantity)), inbox=False)
    harness.apply(harness.inbound.hint())
    (message,) = harness.outbox.queued_changes
    harness.outbox.clear()
    harness.inbound.fail = [Transient("Orderful answered 503.")]
    with pytest.raises(Transient):
        harness.apply(message)

    harness.clock.forward(minutes=29)
    harness.collect()
    assert harness.inbound.confirmed == []  # the message may still be on its way back
    harness.clock.forward(minutes=2)
    harness.collect()
    harness.collect()

    assert harness.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]
    assert not harness.change().is_unconfirmed


def test_a_confirmation_that_fails_each_time_keeps_no_other_from_orderful(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = Harness()
    numbers = [f"80221097{count}" for count in (1, 2, 3)]
    for number in numbers:
        harness.inbound.send(an_860(more_of(1, 900 + int(number[-1]))), number=number, inbox=False)
        harness.apply(harness.inbound.hint(number))
    messages = list(harness.outbox.queued_changes)
    harness.outbox.clear()
    for message in messages:
        harness.inbound.fail = [Transient("Orderful answered 503.")]
        with suppress(Transient):
            harness.apply(message)
    harness.inbound.fail = []
    failing = next(iter(harness.changes.unacknowledged())).transaction_id
    real = FakeInbound.confirm

    def confirm(inbound: FakeInbound, delivery: Delivery, transaction_id: str, *said: Any) -> bool:
        if transaction_id == failing:
            raise Transient("Orderful answered 500.")
        return real(inbound, delivery, transaction_id, *said)

    monkeypatch.setattr(FakeInbound, "confirm", confirm)
    harness.clock.forward(hours=1)
    result = harness.collect(inbox_ids=())
    assert {name for name, _ in harness.inbound.confirmed} == {*numbers} - {failing}
    assert f"what is not confirmed to Orderful: transaction {failing}: Orderful answered 500." in result.problems


def test_an_item_that_was_told_and_is_still_there_is_told_again() -> None:
    """The confirmation was answered 200 by something before Orderful, which never heard of it."""
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)))
    harness.collect()
    harness.quiesce()
    assert not harness.change().is_unconfirmed
    harness.inbound.waiting.append("802210971")
    harness.inbound.confirmed.clear()

    assert harness.collect().confirmed == 1

    assert (harness.inbound.waiting, harness.inbound.confirmed) == ([], [("802210971", Confirmation.ACCEPTED)])
    assert harness.orders.theirs == 1


def test_a_conflict_over_one_item_leaves_the_others_alone() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)))
    harness.inbound.send(an_860(more_of(1, 901)), number="802210972")

    class Contested:
        def __getattr__(self, name):
            return getattr(harness.changes, name)

        def add(self, change, *, message):
            if change.transaction_id == "802210971":
                raise Conflict("in#802210971 was written by another worker.")
            return harness.changes.add(change, message=message)

    harness.collect(changes=Contested())

    assert harness.change("802210972").state is ChangeState.RECEIVED


@pytest.mark.parametrize("inbox_ids", [("7",), ()])
def test_an_item_that_cannot_be_fetched_does_not_hide_those_behind_it(inbox_ids) -> None:
    harness = Harness()
    harness.collect(inbox_ids=inbox_ids)
    before = harness.watermark.timestamp
    harness.clock.forward(minutes=5)
    harness.inbound.send(an_860(more_of(1, 900)), number="2", inbox=bool(inbox_ids))
    harness.clock.forward(minutes=1)
    harness.inbound.send(an_860(more_of(1, 901)), number="1", inbox=bool(inbox_ids))
    harness.inbound.waiting.reverse()  # an inbox shows the oldest first, the list the newest
    harness.telemetry.counts.clear()

    class Forgetful:
        def __getattr__(self, name):
            return getattr(harness.inbound, name)

        def with_message(self, transaction):
            if transaction.transaction_id == "1":
                raise Transient("Orderful answered 503 to the message of the transaction.")
            return harness.inbound.with_message(transaction)

    result = harness.collect(inbound=Forgetful(), inbox_ids=inbox_ids)

    assert (harness.changes.known("1"), harness.change("2").state) == (None, ChangeState.RECEIVED)
    assert result.problems
    assert Metric.COLLECT_COMPLETED not in harness.telemetry.counts
    assert harness.watermark.timestamp == before, "the list is read again from the same place"


# -- what is for other readers --------------------------------------------------------------------------------------

ORDER_OF_ANOTHER = {"document": "850", "transaction_type": "850_PURCHASE_ORDER"}
INVOICE_TO_US = {"document": "810", "transaction_type": "810_INVOICE"}
ANSWER = {"document": "855", "transaction_type": "855_PURCHASE_ORDER_ACKNOWLEDGMENT"}
SAYS_YES = {"purchaseOrderNumber": "500123", "status": "accepted"}


@pytest.mark.parametrize(
    "envelope",
    [
        ORDER_OF_ANOTHER,
        INVOICE_TO_US,
        {"document": "856"},
        {"document": None},
        {**ANSWER, "receiver_id": "SOMEBODYT"},
        {**ANSWER, "receiver_id": None},
    ],
    ids=["850", "810", "856", "of no known type", "an answer to somebody else", "an answer to nobody"],
)
def test_what_is_for_other_readers_is_neither_recorded_nor_confirmed(envelope) -> None:
    harness = Harness()
    harness.inbound.send({"purchaseOrderNumber": "500123", "status": "accepted"}, **envelope)

    result = harness.collect()

    assert (harness.changes.all(), harness.changes.places, harness.inbound.confirmed) == ([], {}, [])
    assert (harness.inbound.waiting, result.taken, result.problems) == (["802210971"], 0, [])


def test_without_a_routing_nothing_is_collected_and_nothing_rings() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)))
    harness.routing.failure = NoRouting("No routing was applied yet.")
    harness.telemetry.counts.clear()
    harness.telemetry.lines.clear()

    collected = harness.collect()

    assert (collected.problems, collected.taken, harness.inbound.waiting) == ([], 0, ["802210971"])
    assert harness.telemetry.counts == {Metric.COLLECT_COMPLETED: 1}
    assert [level for level, *_ in harness.telemetry.lines] == ["info"]
    harness.routing.failure = None
    assert harness.collect().taken == 1


def test_a_routing_that_cannot_be_read_is_reported_and_no_completed_run() -> None:
    harness = Harness()
    harness.routing.failure = Misconfigured("The routing table may not be read.")

    assert harness.collect().problems
    assert Metric.COLLECT_COMPLETED not in harness.telemetry.counts


def test_what_routing_names_besides_is_recorded_and_confirmed() -> None:
    harness = Harness()
    harness.routing.routing.data["inbound"] = {"take": ["860", "810"]}
    harness.inbound.send({"invoiceNumber": "77"}, **INVOICE_TO_US)
    harness.inbound.send(SAYS_YES, number="802210972", **ANSWER)

    harness.collect()

    assert (harness.change().state, harness.inbound.waiting) == (ChangeState.RECORDED, ["802210972"])
    assert [one.transaction_id for one in harness.changes.all()] == ["802210971"]


def test_a_page_full_of_others_hides_no_change_and_costs_one_page() -> None:
    harness = Harness()
    harness.collect()
    many(harness, 100, **ORDER_OF_ANOTHER)
    harness.inbound.send(an_860(more_of(1, 900)), number="999000")
    harness.inbound.pages.clear()

    result = harness.collect()

    assert (harness.change("999000").state, harness.inbound.confirmed) == (ChangeState.RECEIVED, [])
    assert (harness.inbound.pages, result.unclaimed, result.problems) == ([100], 100, [])
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 100


@pytest.mark.parametrize(("hours", "unclaimed"), [(23.9, 0), (24.1, 2)])
@pytest.mark.parametrize("by_item", [True, False], ids=["the item says since when", "the delivery says it"])
def test_what_waits_for_a_day_and_is_for_nobody_is_said_at_the_cost_of_one_look(hours, unclaimed, *, by_item) -> None:
    harness = Harness()
    since = harness.clock.now() - timedelta(hours=hours)
    many(harness, 2, created_at=since, **ORDER_OF_ANOTHER)
    harness.inbound.items_have_dates = by_item
    harness.inbound.since = {"900000": since}

    assert harness.collect().unclaimed == unclaimed
    assert harness.inbound.looks == (0 if by_item else 1)


# -- bounds ---------------------------------------------------------------------------------------------------------


def test_an_accept_without_effect_does_not_spin_and_is_said_the_second_time() -> None:
    harness = Harness()
    many(harness, 120, message=SAYS_YES, **ANSWER)
    harness.inbound.unconfirmable = set(harness.inbound.waiting)

    first = harness.collect()
    calls = len(harness.inbound.confirmed)
    assert (calls, len(harness.inbound.pages), first.unclaimed) == (100, 2, 0)
    harness.collect()
    third = harness.collect()

    assert len(harness.inbound.confirmed) == 3 * calls
    assert len([one for one in third.problems if "is still there" in one]) == 100
    assert harness.change("900000").unacknowledged == 2
    assert harness.telemetry.counts[Metric.CONFIRMATIONS_REFUSED] == 100


def test_a_refused_accept_is_told_and_does_not_keep_the_others() -> None:
    harness = Harness()
    many(harness, 2, message=SAYS_YES, **ANSWER)
    harness.inbound.refused = {"900000"}

    harness.collect()
    change = harness.change("900000")

    assert harness.inbound.waiting == ["900000"]
    assert (change.unacknowledged, change.confirmed) == (1, None)
    assert change.history[-1].note.startswith("Orderful refuses the confirmation: Orderful answered 409")
    assert harness.telemetry.counts[Metric.CONFIRMATIONS_REFUSED] == 1
    assert ("error", "confirmation without effect") in [line[:2] for line in harness.telemetry.lines]
    harness.clock.forward(hours=1)
    harness.inbound.waiting.clear()
    harness.collect()
    assert harness.telemetry.counts[Metric.CONFIRMATIONS_REFUSED] == 1, "the sweep does not try it again"


def test_no_run_reads_more_than_its_pages() -> None:
    harness = Harness()
    many(harness, 21 * 100, message=SAYS_YES, **ANSWER)

    harness.collect()

    assert (len(harness.inbound.pages), len(harness.inbound.waiting)) == (20, 100)


def test_a_page_that_is_too_large_is_asked_for_with_fewer_items_until_the_large_one_stands_first() -> None:
    harness = Harness()
    many(harness, 60, message=SAYS_YES, **ANSWER)
    harness.inbound.too_large = {"900030"}

    first = harness.collect()

    assert harness.inbound.waiting == [str(number) for number in range(900030, 900060)]
    assert len(harness.inbound.pages) <= 20
    assert [problem for problem in first.problems if "its first item cannot be read" in problem]
    assert Metric.COLLECT_COMPLETED not in harness.telemetry.counts
    harness.inbound.pages.clear()
    harness.collect()
    assert harness.inbound.pages == [1], "the size is remembered"
    harness.inbound.too_large = set()
    harness.collect()
    assert harness.inbound.waiting == []


def test_a_large_document_of_another_reader_costs_a_few_pages_a_run_and_is_said() -> None:
    harness = Harness()
    many(harness, 60, **ORDER_OF_ANOTHER)
    harness.inbound.too_large = {"900030"}
    harness.collect()
    harness.inbound.pages.clear()

    result = harness.collect()

    assert len(harness.inbound.pages) <= 8
    assert [problem for problem in result.problems if "are for other readers" in problem]
    assert harness.inbound.confirmed == []


def test_a_failing_item_of_a_full_page_does_not_keep_others_from_their_confirmation() -> None:
    harness = Harness()
    many(harness, 101)
    harness.inbound.fail = [Transient("Orderful answered 503.")]

    harness.collect()

    assert harness.inbound.waiting == ["900000", "900100"]


def test_a_slow_inbox_leaves_time_for_the_list_and_for_the_other_inbox() -> None:
    harness = Harness()
    harness.collect()
    harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    harness.clock.forward(seconds=1)

    class Clocked:
        left = timedelta(seconds=120)

        def remaining(self):
            return self.left

    deadline, honest, theirs = Clocked(), harness.inbound.inbox, []

    class Slow:
        def __getattr__(self, name):
            return getattr(harness.inbound, name)

        def inbox(self, inbox_id, limit=100):
            theirs.append((inbox_id, limit))
            if inbox_id == "6":
                deadline.left -= timedelta(seconds=25)
                raise AnswerTooSlow("Orderful did not answer within 25 s.")
            return honest(inbox_id, limit)

    result = replace(harness.collector(inbound=Slow(), inbox_ids=("6", "7")), deadline=deadline).run()

    assert theirs == [("6", 100), ("6", 25), ("7", 100)]
    assert (harness.change().state, result.problems) == (ChangeState.RECEIVED, [])


def test_an_item_that_cannot_be_read_hides_none_behind_it() -> None:
    harness = Harness()
    many(harness, 3, message=SAYS_YES, **ANSWER)
    harness.inbound.unreadable = {"900000"}

    harness.collect()

    assert harness.inbound.waiting == ["900000"]
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 2, "in the inbox, and in the list"
    assert "what Orderful shows names no transaction" in [event for _, event, _ in harness.telemetry.lines]


def test_a_row_of_the_list_that_names_no_transaction_hides_none_and_is_told() -> None:
    harness = Harness()
    harness.inbound.send(an_860(more_of(1, 900)), number="999000")
    harness.inbound.send(an_860(more_of(1, 901)), number="999001")
    harness.inbound.waiting.clear()
    harness.inbound.unreadable = {"999000"}

    harness.collect()

    assert [one.transaction_id for one in harness.changes.all()] == ["999001"]
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 1


def test_a_change_that_the_rules_refuse_stays_on_the_list_until_a_person_closes_it() -> None:
    harness = Harness()
    harness.collect()
    refused = harness.changes.put(a_change(state=ChangeState.REFUSED, reason="It is another partner's."), message={})

    harness.collect()
    assert harness.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 1

    harness.end(ChangeState.CLOSED, replace(KARI, reason="told"))
    harness.telemetry.counts.clear()
    harness.collect()
    closed = harness.change(refused.transaction_id)
    assert (closed.state, closed.reason) == (ChangeState.REJECTED, "It is another partner's.")
    assert harness.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 0


@pytest.mark.parametrize(
    ("envelope", "state"), [({}, ChangeState.PARKED), (ANSWER, ChangeState.ATTENTION)], ids=["860", "855"]
)
def test_a_message_that_is_too_large_is_a_persons_to_read_and_holds_up_nothing(envelope, state) -> None:
    harness = Harness()
    harness.collect()
    number = harness.inbound.send(an_860(more_of(1, 900)), **envelope)
    harness.inbound.transactions[number] = replace(harness.inbound.transactions[number], message=None)
    harness.inbound.too_large_alone = {number}

    result = harness.collect()

    change = harness.change()
    assert (change.state, change.number, harness.inbound.waiting, result.problems) == (state, "500123", [], [])
    assert "more than 65536 KiB" in (change.reason or "")
    assert change.reason_codes == (Reason.MESSAGE_TOO_LARGE,)


# -- answers --------------------------------------------------------------------------------------------------------


def accepting(quantity: str) -> dict:
    """A Mosaic 855 that accepts line 1 with a quantity, and line 2 as ordered."""
    lines = [
        {
            "purchaseOrderLineId": line,
            "actions": [{"status": "accepted", "quantity": {"value": value, "unitOfMeasure": "each"}}],
        }
        for line, value in (("1", quantity), ("2", "100"))
    ]
    return {"purchaseOrderNumber": "500123", "status": "accepted", "lineItems": lines}


def test_an_answer_that_accepts_something_else_stays_open_until_it_is_closed() -> None:
    harness = Harness()
    harness.clock.forward(minutes=1)
    harness.inbound.send(accepting("800"), number="1", **ANSWER)
    harness.inbound.send(accepting("300"), number="2", **ANSWER)

    harness.collect()

    agrees, differs = harness.change("1"), harness.change("2")
    assert (agrees.state, agrees.reason) == (ChangeState.RECORDED, None)
    assert (differs.state, differs.reason_codes) == (ChangeState.ATTENTION, (Reason.ANSWER_DIFFERS,))
    assert differs.reason == (
        "The 855 of acme states purchase order 500123 otherwise than it was sent: line 1 has the quantity 300, ordered "
        "were 800."
    )
    assert "connector changes close 2" in (differs.next_step or "")
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 1
    assert harness.inbound.confirmed == [("1", Confirmation.ACCEPTED), ("2", Confirmation.ACCEPTED)]


def test_an_answer_is_compared_with_the_order_as_the_partner_asked_for_it() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900, was=800)))
    harness.clock.forward(minutes=1)
    harness.inbound.send(accepting("900"), number="1", **ANSWER)

    harness.collect()

    assert harness.change("1").state is ChangeState.RECORDED


def test_an_answer_that_refuses_is_recorded_on_its_order_and_stays_open_until_it_is_closed() -> None:
    harness = Harness()
    harness.inbound.send(
        {
            "purchaseOrderNumber": "500123",
            "status": "accepted",
            "lineItems": [
                {"purchaseOrderLineId": "1", "actions": [{"status": "accepted"}]},
                {"purchaseOrderLineId": "2", "actions": [{"status": "backordered"}]},
            ],
        },
        **ANSWER,
    )

    harness.collect()
    change = harness.change()

    assert (change.state, change.key, change.partner) == (ChangeState.ATTENTION, ORDER, "acme")
    assert change.reason == ("The 855 of acme does not accept purchase order 500123 as sent: line 2 is backordered.")
    assert change.reason_codes == (Reason.ANSWER_NOT_ACCEPTING,)
    assert "connector changes close 802210971" in (change.next_step or "")
    assert harness.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]
    assert [one.transaction_id for one in harness.changes.in_state(ChangeState.ATTENTION)] == ["802210971"]
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 1
    harness.collect()
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 2, "it is reported by every run"


def test_an_answer_that_accepts_needs_nobody() -> None:
    harness = Harness()
    harness.inbound.send(SAYS_YES, **ANSWER)

    harness.collect()

    assert (harness.change().state, harness.change().reason) == (ChangeState.RECORDED, None)
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 0


SAYS_NO = {"purchaseOrderNumber": "500123", "status": "rejected"}
UUID = "019be412-5a85-714c-8ba6-436c1c06efd8"
AN_865 = {
    "transactionSets": [
        {"beginningSegment": [{"acknowledgmentType": "RJ", "purchaseOrderNumber": "500123", "date": "20261129"}]}
    ]
}


def test_an_answer_in_no_inbox_is_found_in_the_list_and_is_what_it_is_by_inbox() -> None:
    by_inbox, by_list = Harness(), Harness()
    by_inbox.inbound.send(SAYS_NO, **ANSWER)
    by_list.inbound.send(SAYS_NO, inbox=False, **ANSWER)

    by_inbox.collect()
    assert by_list.collect().taken == 1

    one, other = by_inbox.change(), by_list.change()
    assert (other.state, other.key, other.partner) == (ChangeState.ATTENTION, ORDER, "acme")
    assert (other.reason, other.reason_codes, other.next_step) == (one.reason, one.reason_codes, one.next_step)
    assert (by_list.telemetry.counts[Metric.INBOUND_ATTENTION], by_list.inbound.confirmed) == (1, [])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("855", SAYS_NO),
        ("865", AN_865),
        ("824", {"transactionSets": [{"oti": [{"applicationAcknowledgmentCode": "TR"}]}]}),
    ],
)
def test_every_answer_that_may_refuse_is_looked_for(document, message) -> None:
    harness = Harness()
    harness.inbound.send(message, inbox=False, document=document)

    harness.collect()

    assert harness.inbound.requested_documents == [("860", "855", "865", "824")]
    assert harness.change().state is ChangeState.ATTENTION


def test_only_what_routing_takes_is_looked_for() -> None:
    harness = Harness()
    harness.routing.routing.data["inbound"] = {"take": ["860", "824"]}
    harness.inbound.send(SAYS_NO, inbox=False, **ANSWER)

    assert harness.collect().taken == 0
    assert (harness.inbound.requested_documents, harness.changes.all()) == ([("860", "824")], [])


def test_a_listed_answer_that_came_before_is_recorded_once_and_looked_up_once() -> None:
    harness = Harness()
    harness.inbound.send(SAYS_NO, **ANSWER)
    looked_up: list[str] = []
    known = harness.changes.known
    harness.changes.known = lambda name: looked_up.append(name) or known(name)
    settled: set[str] = set()

    def collect() -> Collected:
        return replace(harness.collector(), settled_answers=settled).run()

    collect()
    assert (len(harness.changes.all()), settled) == (1, {"802210971"})
    looked_up.clear()
    harness.clock.forward(minutes=5)
    assert collect().taken == 0
    assert (len(harness.changes.all()), looked_up) == (1, [])

    harness.clock.forward(hours=2)
    collect()
    collect()
    assert settled == set(), "it has left the list, so nothing is kept about it"


def test_an_answer_that_a_person_closed_stays_closed() -> None:
    harness = Harness()
    harness.inbound.send(SAYS_NO, inbox=False, **ANSWER)
    harness.collect()
    harness.end(ChangeState.CLOSED, replace(KARI, reason="settled by telephone"))

    harness.clock.forward(minutes=5)
    harness.collect()

    assert (len(harness.changes.all()), harness.change().has_ended) == (1, True)
    assert harness.telemetry.counts[Metric.INBOUND_ATTENTION] == 1, "of the first run"


def test_answers_older_than_the_watermark_are_not_looked_for() -> None:
    """The first run after an upgrade finds the watermark of the changes, and not the answers of last year."""
    harness = Harness()
    harness.inbound.send(SAYS_NO, inbox=False, created_at=harness.clock.now() - timedelta(minutes=61), **ANSWER)
    harness.inbound.send(
        SAYS_NO, inbox=False, number="2", created_at=harness.clock.now() - timedelta(minutes=59), **ANSWER
    )
    harness.watermark.timestamp = harness.clock.now()

    harness.collect()

    assert [one.transaction_id for one in harness.changes.all()] == ["2"]


@pytest.mark.parametrize("listed_first", [True, False])
def test_an_answer_that_one_channel_names_by_uuid_and_the_list_by_number_is_one_record(*, listed_first: bool) -> None:
    harness = Harness()
    number = harness.inbound.send(SAYS_NO, inbox=False, **ANSWER)
    by_uuid = replace(harness.inbound.transactions[number], transaction_id=UUID, created_at=None)
    recorder = harness.recorder()
    if listed_first:
        harness.collect()
        assert recorder.take(by_uuid) is not None
    else:
        assert recorder.take(replace(by_uuid, delivery=None)) is not None
        assert harness.collect().taken == 1

    (record,) = harness.changes.all()
    assert set(record.names) == {number, UUID}
    assert (recorder.recorded(number), recorder.recorded(UUID)) == (record, record)
    # Another one with the same content is another answer.
    harness.inbound.send(SAYS_NO, number="802210972", inbox=False, **ANSWER)
    harness.collect()
    assert len(harness.changes.all()) == 2


@pytest.mark.parametrize(
    ("answer", "what"),
    [(SAYS_YES, "held as invalid at Orderful"), (SAYS_NO, "does not accept"), (None, "held as invalid at Orderful")],
    ids=["that accepts", "that refuses", "without a message"],
)
def test_an_answer_that_orderful_holds_as_invalid_is_somebodys_attention(answer, what) -> None:
    harness = Harness()
    number = harness.inbound.send(answer or {}, inbox=False, validation=Validation.INVALID, **ANSWER)
    if answer is None:
        harness.inbound.transactions[number] = replace(harness.inbound.transactions[number], message=None)

    harness.collect()

    assert harness.change().state is ChangeState.ATTENTION
    assert what in (harness.change().reason or "")
    assert "connector changes close" in (harness.change().next_step or "")


def test_an_answer_that_orderful_still_processes_waits_and_holds_up_no_change() -> None:
    harness = Harness()
    harness.watermark.timestamp = before = harness.clock.now()
    harness.inbound.send(SAYS_NO, inbox=False, validation=Validation.PROCESSING, **ANSWER)
    harness.inbound.send(an_860(more_of(1, 900)), number="802210972", inbox=False)

    result = harness.collect()

    assert ([one.transaction_id for one in harness.changes.all()], result.waiting) == (["802210972"], 1)
    assert (harness.change("802210972").predecessor_id, harness.watermark.timestamp) == (None, before)
    harness.quiesce()
    assert harness.change("802210972").state is ChangeState.APPLIED

    harness.clock.forward(hours=25)
    harness.collect()
    assert harness.change().state is ChangeState.ATTENTION, "nobody waits for Orderful for ever"


def test_an_answer_that_cannot_be_fetched_is_looked_for_again_and_holds_up_no_change() -> None:
    harness = Harness()
    harness.watermark.timestamp = before = harness.clock.now()
    number = harness.inbound.send(SAYS_NO, inbox=False, **ANSWER)
    harness.inbound.transactions[number] = replace(harness.inbound.transactions[number], message=None)
    harness.inbound.send(an_860(more_of(1, 900)), number="802210972", inbox=False)

    result = harness.collect()

    assert [one.transaction_id for one in harness.changes.all()] == ["802210972"]
    assert (len(result.problems), harness.watermark.timestamp) == (1, before)
    harness.inbound.transactions[number] = replace(harness.inbound.transactions[number], message=SAYS_NO)
    assert harness.collect().taken == 1


def test_time_goes_to_changes_before_answers() -> None:
    harness = Harness()
    for place in range(5):
        harness.inbound.send(SAYS_NO, number=str(900000 + place), inbox=False, **ANSWER)
    harness.inbound.send(an_860(more_of(1, 900)), number="802210972", inbox=False)

    result = replace(harness.collector(inbox_ids=()), deadline=StepDeadline(5)).run()

    assert harness.changes.all()[0].transaction_id == "802210972"
    assert len(harness.changes.all()) < 6
    assert any("not read to its end in time" in problem for problem in result.problems)


def an_824(qualifier: str, number: str, code: str = "TR") -> dict:
    named = {"referenceIdentificationQualifier": qualifier, "referenceIdentification": number}
    return {"transactionSets": [{"OTI_loop": [{"oti": [{"applicationAcknowledgmentCode": code, **named}]}]}]}


@pytest.mark.parametrize(
    ("message", "known", "key"),
    [
        (an_824("PO", "500123"), [], ORDER),
        (an_824("IN", "900145"), [], DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "900145")),
        (
            an_824("IN", "900145"),
            [DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "DebitAdj:900145")],
            DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "DebitAdj:900145"),
        ),
        (an_824("ZZ", "1"), [], DocumentKey.of_order("nordic", "802210971")),
    ],
    ids=["an order", "an invoice", "a credit note that was sent", "what it does not name"],
)
def test_an_824_is_recorded_under_the_document_that_it_names(message, known, key) -> None:
    harness = Harness()
    harness.inbound.send(message, document="824", business_number="0001", order_number=None)

    class Documents:
        def get(self, of, sequence):
            return object() if of in known and sequence == 1 else None

        def revisions(self, of, *, limit):
            return ()

    harness.collect(ledger=Documents())

    assert (harness.change().state, harness.change().key) == (ChangeState.ATTENTION, key)
    assert harness.changes.of_order(key) == [harness.change()]


def test_a_change_that_is_too_large_to_read_stays_parked_after_a_retry() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(), inbox=True)

    harness.inbound.transactions[number] = replace(harness.inbound.transactions[number], message=None)
    harness.inbound.too_large_alone = {number}
    harness.collect()
    harness.review.retry(harness.change(number), KARI)
    harness.quiesce()

    assert harness.change(number).state is ChangeState.PARKED
    assert "close it here" in (harness.change(number).next_step or "")
    assert harness.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
