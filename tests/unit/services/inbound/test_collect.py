"""Collecting what Orderful holds: everything is taken once, a full page is emptied, what got stuck is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import AnswerTooSlow, Conflict, Misconfigured, NoRouting, Transient
from connector.domain.inbound import Confirmation, Validation
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.transactions import Stream
from connector.services.inbound.collect import Collected
from connector.services.inbound.review import close, retry
from connector.services.ports import Metric
from testkit.memory.change_world import ORDER, World, an_860, more_of
from testkit.memory.effects import Killed, StepDeadline, killer
from testkit.memory.stores import a_change


def many(world: World, count: int, **changes) -> None:
    for place in range(count):
        message = changes.get("message", an_860(more_of(1, 801 + place)))
        rest = {name: value for name, value in changes.items() if name != "message"}
        world.inbound.send(message, number=str(900000 + place), **rest)


def test_an_item_is_queued_once_however_often_it_is_seen_before_it_is_decided() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))

    world.collect()
    assert len(world.outbox.queued_changes) == 1
    world.quiesce()
    world.inbound.waiting.append("802210971")  # Orderful is slow to let it go
    world.collect()

    assert (world.outbox.queued_changes, world.orders.theirs) == ([], 1)


def test_an_item_stays_at_orderful_until_it_is_decided() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))

    world.collect()

    assert (world.inbound.waiting, world.inbound.confirmed) == (["802210971"], [])


def test_a_worker_that_dies_while_taking_an_item_in_loses_nothing() -> None:
    step = 0
    while True:
        step += 1
        world = World()
        world.inbound.send(an_860(more_of(1, 900)))
        reaper = killer(at=step, after=True)
        died = False
        try:
            world.collect(
                changes=reaper.watch(world.changes, "know", "add", "save"), outbox=reaper.watch(world.outbox, "changes")
            )
        except Killed:
            died = True
        world.watermark.taken = False
        world.collect()
        world.quiesce()
        assert (world.change().state, world.orders.theirs) == (ChangeState.APPLIED, 1), f"after step {step}"
        if not died:
            break
    assert step > 3


def test_a_full_page_of_undecided_changes_is_accepted_to_make_room() -> None:
    world = World()
    many(world, 150)

    world.collect()

    assert len(world.changes.all()) == 150
    assert {confirmation for _, confirmation in world.inbound.confirmed} == {Confirmation.ACCEPTED}
    assert len(world.inbound.waiting) < 100


def test_a_full_page_of_the_other_stream_is_left_to_it_and_said() -> None:
    """They may belong to another stack; the change behind them is found by the list."""
    world = World()
    world.collect()
    many(world, 100, stream=Stream.LIVE)
    world.inbound.send(an_860(more_of(1, 900)), number="999000")

    result = world.collect()

    assert (world.inbound.confirmed, len(world.changes.all())) == ([], 1)
    assert world.change("999000").state is ChangeState.RECEIVED
    assert world.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 100
    assert (result.unclaimed, result.problems) == (100, [])


def test_items_that_name_nothing_are_counted_and_reported_when_they_fill_the_page() -> None:
    world = World()
    many(world, 100)
    world.inbound.held = {
        number: replace(held, delivery=None, order_number="500123") for number, held in world.inbound.held.items()
    }

    result = world.collect()

    assert result.problems != []
    assert Metric.COLLECT_COMPLETED not in world.telemetry.counts


def test_without_an_inbox_the_list_is_read_from_where_it_was_left() -> None:
    world = World()
    world.collect(inbox_ids=())
    world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.clock.forward(minutes=5)

    world.collect(inbox_ids=())
    world.quiesce()
    world.clock.forward(minutes=5)
    world.collect(inbox_ids=())

    assert (world.change().state, world.orders.theirs) == (ChangeState.APPLIED, 1)


def test_what_the_list_shows_late_is_still_taken() -> None:
    world = World()
    world.collect(inbox_ids=())
    world.clock.forward(minutes=30)
    world.collect(inbox_ids=())
    world.inbound.send(an_860(more_of(1, 900)), inbox=False, created_at=world.clock.now() - timedelta(minutes=50))

    world.collect(inbox_ids=())

    assert world.change().state is ChangeState.RECEIVED


def test_a_list_that_could_not_be_read_to_its_end_is_read_again_from_the_same_place() -> None:
    world = World()
    world.collect(inbox_ids=())
    before = world.watermark.moment
    world.clock.forward(minutes=5)
    for place in range(5):
        world.inbound.send(an_860(more_of(1, 900)), number=str(900000 + place), inbox=False)

    result = replace(world.collector(inbox_ids=()), deadline=StepDeadline(3)).run()

    assert result.problems != []
    assert world.watermark.moment == before


def test_a_stack_without_routing_has_nothing_to_collect_and_nothing_is_wrong(monkeypatch) -> None:
    world = World()

    def load(**_: object) -> None:
        raise NoRouting("No routing was applied yet.")

    monkeypatch.setattr(world.routing, "load", load)
    world.telemetry.counts.clear()
    assert world.collector().run().problems == []
    assert world.telemetry.counts == {Metric.COLLECT_COMPLETED: 1}
    assert world.telemetry.events()[-1] == "no routing was applied yet: nothing is collected"


def test_two_collectors_do_not_run_at_once() -> None:
    world = World()
    world.watermark.taken = True

    assert world.collect().problems == ["Another collector is running."]


def test_trouble_with_one_inbox_does_not_keep_the_other_from_its_turn() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))
    honest = world.inbound.inbox

    class Half:
        def __getattr__(self, name):
            return getattr(world.inbound, name)

        def inbox(self, inbox_id, limit=100):
            if inbox_id == "6":
                raise Misconfigured("Orderful answered 404 to inbox 6.")
            return honest(inbox_id)

    result = world.collect(inbound=Half(), inbox_ids=("6", "7"))

    assert world.change().state is ChangeState.RECEIVED
    assert [problem.split(":")[0] for problem in result.problems] == ["inbox 6"]
    assert world.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1


def test_a_lost_message_is_queued_again_by_the_sweep() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.recorder().take(world.inbound.held["802210971"])
    world.outbox.clear()

    world.collect()
    assert world.outbox.queued_changes == []
    world.clock.forward(minutes=16)
    world.collect()
    world.quiesce()

    assert world.change().state is ChangeState.APPLIED


def test_a_change_that_nobody_can_finish_is_reported() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.recorder().take(world.inbound.held["802210971"])
    world.outbox.clear()
    world.clock.forward(minutes=31)

    world.collect()

    assert world.telemetry.counts[Metric.CHANGES_STUCK] == 1


def test_a_decided_item_whose_confirmation_was_lost_is_confirmed_by_the_next_run() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))
    world.collect()
    world.inbound.fail = [Transient("Orderful answered 503.")]
    message = world.outbox.queued_changes[0]
    world.outbox.clear()
    with pytest.raises(Transient):
        world.apply(message)

    world.collect()

    assert (world.inbound.waiting, len(world.inbound.confirmed)) == ([], 1)


@pytest.mark.parametrize("quantity", [900, 2000])
def test_orderful_is_told_though_the_message_was_given_up_and_no_inbox_shows_what_waits(quantity: int) -> None:
    """Applied or parked, heard of by callback alone; its message lies among the dead letters."""
    world = World()
    world.inbound.send(an_860(more_of(1, quantity)), inbox=False)
    world.apply(world.inbound.hint())
    (message,) = world.outbox.queued_changes
    world.outbox.clear()
    world.inbound.fail = [Transient("Orderful answered 503.")]
    with pytest.raises(Transient):
        world.apply(message)

    world.clock.forward(minutes=29)
    world.collect()
    assert world.inbound.confirmed == []  # the message may still be on its way back
    world.clock.forward(minutes=2)
    world.collect()
    world.collect()

    assert world.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]
    assert not world.change().is_unconfirmed


def test_an_item_that_was_told_and_is_still_there_is_told_again() -> None:
    """The confirmation was answered 200 by something before Orderful, which never heard of it."""
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))
    world.collect()
    world.quiesce()
    assert not world.change().is_unconfirmed
    world.inbound.waiting.append("802210971")
    world.inbound.confirmed.clear()

    assert world.collect().confirmed == 1

    assert (world.inbound.waiting, world.inbound.confirmed) == ([], [("802210971", Confirmation.ACCEPTED)])
    assert world.orders.theirs == 1


def test_a_conflict_over_one_item_leaves_the_others_alone() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))
    world.inbound.send(an_860(more_of(1, 901)), number="802210972")

    class Contested:
        def __getattr__(self, name):
            return getattr(world.changes, name)

        def add(self, change, *, message):
            if change.transaction_id == "802210971":
                raise Conflict("in#802210971 was written by another worker.")
            return world.changes.add(change, message=message)

    world.collect(changes=Contested())

    assert world.change("802210972").state is ChangeState.RECEIVED


@pytest.mark.parametrize("inbox_ids", [("7",), ()])
def test_an_item_that_cannot_be_fetched_does_not_hide_those_behind_it(inbox_ids) -> None:
    world = World()
    world.collect(inbox_ids=inbox_ids)
    before = world.watermark.moment
    world.clock.forward(minutes=5)
    world.inbound.send(an_860(more_of(1, 900)), number="2", inbox=bool(inbox_ids))
    world.clock.forward(minutes=1)
    world.inbound.send(an_860(more_of(1, 901)), number="1", inbox=bool(inbox_ids))
    world.inbound.waiting.reverse()  # an inbox shows the oldest first, the list the newest
    world.telemetry.counts.clear()

    class Forgetful:
        def __getattr__(self, name):
            return getattr(world.inbound, name)

        def with_message(self, transaction):
            if transaction.transaction_id == "1":
                raise Transient("Orderful answered 503 to the message of the transaction.")
            return world.inbound.with_message(transaction)

    result = world.collect(inbound=Forgetful(), inbox_ids=inbox_ids)

    assert (world.changes.known("1"), world.change("2").state) == (None, ChangeState.RECEIVED)
    assert result.problems
    assert Metric.COLLECT_COMPLETED not in world.telemetry.counts
    assert world.watermark.moment == before, "the list is read again from the same place"


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
    world = World()
    world.inbound.send({"purchaseOrderNumber": "500123", "status": "accepted"}, **envelope)

    result = world.collect()

    assert (world.changes.all(), world.changes.places, world.inbound.confirmed) == ([], {}, [])
    assert (world.inbound.waiting, result.taken, result.problems) == (["802210971"], 0, [])


def test_without_a_routing_nothing_is_collected_and_nothing_rings() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))
    world.routing.trouble = NoRouting("No routing was applied yet.")
    world.telemetry.counts.clear()
    world.telemetry.lines.clear()

    collected = world.collect()

    assert (collected.problems, collected.taken, world.inbound.waiting) == ([], 0, ["802210971"])
    assert world.telemetry.counts == {Metric.COLLECT_COMPLETED: 1}
    assert [level for level, *_ in world.telemetry.lines] == ["info"]
    world.routing.trouble = None
    assert world.collect().taken == 1


def test_a_routing_that_cannot_be_read_is_reported_and_no_completed_run() -> None:
    world = World()
    world.routing.trouble = Misconfigured("The routing table may not be read.")

    assert world.collect().problems
    assert Metric.COLLECT_COMPLETED not in world.telemetry.counts


def test_what_routing_names_besides_is_recorded_and_confirmed() -> None:
    world = World()
    world.routing.routing.data["inbound"] = {"take": ["860", "810"]}
    world.inbound.send({"invoiceNumber": "77"}, **INVOICE_TO_US)
    world.inbound.send(SAYS_YES, number="802210972", **ANSWER)

    world.collect()

    assert (world.change().state, world.inbound.waiting) == (ChangeState.RECORDED, ["802210972"])
    assert [one.transaction_id for one in world.changes.all()] == ["802210971"]


def test_a_page_full_of_others_hides_no_change_and_costs_one_page() -> None:
    world = World()
    world.collect()
    many(world, 100, **ORDER_OF_ANOTHER)
    world.inbound.send(an_860(more_of(1, 900)), number="999000")
    world.inbound.pages.clear()

    result = world.collect()

    assert (world.change("999000").state, world.inbound.confirmed) == (ChangeState.RECEIVED, [])
    assert (world.inbound.pages, result.unclaimed, result.problems) == ([100], 100, [])
    assert world.telemetry.counts[Metric.INBOUND_ATTENTION] == 100


@pytest.mark.parametrize(("hours", "unclaimed"), [(23.9, 0), (24.1, 2)])
@pytest.mark.parametrize("by_item", [True, False], ids=["the item says since when", "the delivery says it"])
def test_what_waits_for_a_day_and_is_for_nobody_is_said_at_the_cost_of_one_look(hours, unclaimed, *, by_item) -> None:
    world = World()
    since = world.clock.now() - timedelta(hours=hours)
    many(world, 2, created_at=since, **ORDER_OF_ANOTHER)
    world.inbound.dated_items = by_item
    world.inbound.since = {"900000": since}

    assert world.collect().unclaimed == unclaimed
    assert world.inbound.looks == (0 if by_item else 1)


# -- bounds ---------------------------------------------------------------------------------------------------------


def test_an_accept_without_effect_does_not_spin_and_is_said_the_second_time() -> None:
    world = World()
    many(world, 120, message=SAYS_YES, **ANSWER)
    world.inbound.sticky = set(world.inbound.waiting)

    first = world.collect()
    calls = len(world.inbound.confirmed)
    assert (calls, len(world.inbound.pages), first.unclaimed) == (100, 2, 0)
    world.collect()
    third = world.collect()

    assert len(world.inbound.confirmed) == 3 * calls
    assert len([one for one in third.problems if "is still there" in one]) == 100
    assert world.change("900000").unacknowledged == 2
    assert world.telemetry.counts[Metric.CONFIRMATIONS_REFUSED] == 100


def test_a_refused_accept_is_told_and_does_not_keep_the_others() -> None:
    world = World()
    many(world, 2, message=SAYS_YES, **ANSWER)
    world.inbound.refused = {"900000"}

    world.collect()
    change = world.change("900000")

    assert world.inbound.waiting == ["900000"]
    assert (change.unacknowledged, change.confirmed) == (1, None)
    assert change.history[-1].note.startswith("Orderful refuses the confirmation: Orderful answered 409")
    assert world.telemetry.counts[Metric.CONFIRMATIONS_REFUSED] == 1
    assert ("error", "confirmation without effect") in [line[:2] for line in world.telemetry.lines]
    world.clock.forward(hours=1)
    world.inbound.waiting.clear()
    world.collect()
    assert world.telemetry.counts[Metric.CONFIRMATIONS_REFUSED] == 1, "the sweep does not try it again"


def test_no_run_reads_more_than_its_pages() -> None:
    world = World()
    many(world, 21 * 100, message=SAYS_YES, **ANSWER)

    world.collect()

    assert (len(world.inbound.pages), len(world.inbound.waiting)) == (20, 100)


def test_a_page_that_is_too_large_is_asked_for_with_fewer_items_until_the_large_one_stands_first() -> None:
    world = World()
    many(world, 60, message=SAYS_YES, **ANSWER)
    world.inbound.too_large = {"900030"}

    first = world.collect()

    assert world.inbound.waiting == [str(number) for number in range(900030, 900060)]
    assert len(world.inbound.pages) <= 20
    assert [problem for problem in first.problems if "its first item cannot be read" in problem]
    assert Metric.COLLECT_COMPLETED not in world.telemetry.counts
    world.inbound.pages.clear()
    world.collect()
    assert world.inbound.pages == [1], "the size is remembered"
    world.inbound.too_large = set()
    world.collect()
    assert world.inbound.waiting == []


def test_a_large_document_of_another_reader_costs_a_few_pages_a_run_and_is_said() -> None:
    world = World()
    many(world, 60, **ORDER_OF_ANOTHER)
    world.inbound.too_large = {"900030"}
    world.collect()
    world.inbound.pages.clear()

    result = world.collect()

    assert len(world.inbound.pages) <= 8
    assert [problem for problem in result.problems if "are for other readers" in problem]
    assert world.inbound.confirmed == []


def test_trouble_with_one_item_of_a_full_page_keeps_no_other_from_making_room() -> None:
    world = World()
    many(world, 101)
    world.inbound.fail = [Transient("Orderful answered 503.")]

    world.collect()

    assert world.inbound.waiting == ["900000", "900100"]


def test_a_slow_inbox_leaves_time_for_the_list_and_for_the_other_inbox() -> None:
    world = World()
    world.collect()
    world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.clock.forward(seconds=1)

    class Clocked:
        left = timedelta(seconds=120)

        def remaining(self):
            return self.left

    deadline, honest, theirs = Clocked(), world.inbound.inbox, []

    class Slow:
        def __getattr__(self, name):
            return getattr(world.inbound, name)

        def inbox(self, inbox_id, limit=100):
            theirs.append((inbox_id, limit))
            if inbox_id == "6":
                deadline.left -= timedelta(seconds=25)
                raise AnswerTooSlow("Orderful did not answer within 25 s.")
            return honest(inbox_id, limit)

    result = replace(world.collector(inbound=Slow(), inbox_ids=("6", "7")), deadline=deadline).run()

    assert theirs == [("6", 100), ("6", 25), ("7", 100)]
    assert (world.change().state, result.problems) == (ChangeState.RECEIVED, [])


def test_an_item_that_cannot_be_read_hides_none_behind_it() -> None:
    world = World()
    many(world, 3, message=SAYS_YES, **ANSWER)
    world.inbound.unreadable = {"900000"}

    world.collect()

    assert world.inbound.waiting == ["900000"]
    assert world.telemetry.counts[Metric.INBOUND_ATTENTION] == 2, "in the inbox, and in the list"
    assert "what Orderful shows names no transaction" in [event for _, event, _ in world.telemetry.lines]


def test_a_row_of_the_list_that_names_no_transaction_hides_none_and_is_told() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)), number="999000")
    world.inbound.send(an_860(more_of(1, 901)), number="999001")
    world.inbound.waiting.clear()
    world.inbound.unreadable = {"999000"}

    world.collect()

    assert [one.transaction_id for one in world.changes.all()] == ["999001"]
    assert world.telemetry.counts[Metric.INBOUND_ATTENTION] == 1


def test_a_change_that_the_rules_refuse_stays_on_the_list_until_a_person_closes_it() -> None:
    world = World()
    world.collect()
    refused = world.changes.put(a_change(state=ChangeState.REFUSED, reason="It is another partner's."), message={})

    world.collect()
    assert world.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 1

    close(
        refused,
        changes=world.changes,
        known=world.partner_baseline(),
        outbox=world.outbox,
        clock=world.clock,
        order=refused.key,
        by="Kari",
        reason="told",
    )
    world.telemetry.counts.clear()
    world.collect()
    closed = world.change(refused.transaction_id)
    assert (closed.state, closed.reason) == (ChangeState.REJECTED, "It is another partner's.")
    assert world.telemetry.counts[Metric.OPEN_CHANGES_PARKED] == 0


@pytest.mark.parametrize(
    ("envelope", "state"), [({}, ChangeState.PARKED), (ANSWER, ChangeState.ATTENTION)], ids=["860", "855"]
)
def test_a_message_that_is_too_large_is_a_persons_to_read_and_holds_up_nothing(envelope, state) -> None:
    world = World()
    world.collect()
    number = world.inbound.send(an_860(more_of(1, 900)), **envelope)
    world.inbound.held[number] = replace(world.inbound.held[number], message=None)
    world.inbound.endless = {number}

    result = world.collect()

    change = world.change()
    assert (change.state, change.number, world.inbound.waiting, result.problems) == (state, "500123", [], [])
    assert "more than 65536 KiB" in (change.reason or "")
    assert change.reason_codes == (Reason.MESSAGE_TOO_LARGE,)


# -- answers --------------------------------------------------------------------------------------------------------


def test_an_answer_that_refuses_is_recorded_on_its_order_and_stays_open_until_it_is_closed() -> None:
    world = World()
    world.inbound.send(
        {
            "purchaseOrderNumber": "500123",
            "status": "accepted",
            "lineItems": [{"purchaseOrderLineId": "2", "actions": [{"status": "backordered"}]}],
        },
        **ANSWER,
    )

    world.collect()
    change = world.change()

    assert (change.state, change.key, change.partner) == (ChangeState.ATTENTION, ORDER, "acme")
    assert change.reason == ("The 855 of acme does not accept purchase order 500123 as sent: line 2 is backordered.")
    assert change.reason_codes == (Reason.ANSWER_NOT_ACCEPTING,)
    assert "connector changes close 802210971" in (change.next_step or "")
    assert world.inbound.confirmed == [("802210971", Confirmation.ACCEPTED)]
    assert [one.transaction_id for one in world.changes.in_state(ChangeState.ATTENTION)] == ["802210971"]
    assert world.telemetry.counts[Metric.INBOUND_ATTENTION] == 1
    world.collect()
    assert world.telemetry.counts[Metric.INBOUND_ATTENTION] == 2, "it is reported by every run"


def test_an_answer_that_accepts_needs_nobody() -> None:
    world = World()
    world.inbound.send(SAYS_YES, **ANSWER)

    world.collect()

    assert (world.change().state, world.change().reason) == (ChangeState.RECORDED, None)
    assert world.telemetry.counts[Metric.INBOUND_ATTENTION] == 0


SAYS_NO = {"purchaseOrderNumber": "500123", "status": "rejected"}
UUID = "019be412-5a85-714c-8ba6-436c1c06efd8"
AN_865 = {
    "transactionSets": [
        {"beginningSegment": [{"acknowledgmentType": "RJ", "purchaseOrderNumber": "500123", "date": "20261129"}]}
    ]
}


def test_an_answer_in_no_inbox_is_found_in_the_list_and_is_what_it_is_by_inbox() -> None:
    by_inbox, by_list = World(), World()
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
    world = World()
    world.inbound.send(message, inbox=False, document=document)

    world.collect()

    assert world.inbound.documents_asked == [("860", "855", "865", "824")]
    assert world.change().state is ChangeState.ATTENTION


def test_only_what_routing_takes_is_looked_for() -> None:
    world = World()
    world.routing.routing.data["inbound"] = {"take": ["860", "824"]}
    world.inbound.send(SAYS_NO, inbox=False, **ANSWER)

    assert world.collect().taken == 0
    assert (world.inbound.documents_asked, world.changes.all()) == ([("860", "824")], [])


def test_a_listed_answer_that_came_before_is_recorded_once_and_looked_up_once() -> None:
    world = World()
    world.inbound.send(SAYS_NO, **ANSWER)
    looked_up: list[str] = []
    known = world.changes.known
    world.changes.known = lambda name: looked_up.append(name) or known(name)
    settled: set[str] = set()

    def collect() -> Collected:
        return replace(world.collector(), settled_answers=settled).run()

    collect()
    assert (len(world.changes.all()), settled) == (1, {"802210971"})
    looked_up.clear()
    world.clock.forward(minutes=5)
    assert collect().taken == 0
    assert (len(world.changes.all()), looked_up) == (1, [])

    world.clock.forward(hours=2)
    collect()
    collect()
    assert settled == set(), "it has left the list, so nothing is kept about it"


def test_an_answer_that_a_person_closed_stays_closed() -> None:
    world = World()
    world.inbound.send(SAYS_NO, inbox=False, **ANSWER)
    world.collect()
    close(
        world.change(),
        changes=world.changes,
        known=world.partner_baseline(),
        outbox=world.outbox,
        clock=world.clock,
        order=ORDER,
        by="kari",
        reason="settled by telephone",
    )

    world.clock.forward(minutes=5)
    world.collect()

    assert (len(world.changes.all()), world.change().has_ended) == (1, True)
    assert world.telemetry.counts[Metric.INBOUND_ATTENTION] == 1, "of the first run"


def test_answers_older_than_the_watermark_are_not_looked_for() -> None:
    """The first run after an upgrade finds the watermark of the changes, and not the answers of last year."""
    world = World()
    world.inbound.send(SAYS_NO, inbox=False, created_at=world.clock.now() - timedelta(minutes=61), **ANSWER)
    world.inbound.send(SAYS_NO, inbox=False, number="2", created_at=world.clock.now() - timedelta(minutes=59), **ANSWER)
    world.watermark.moment = world.clock.now()

    world.collect()

    assert [one.transaction_id for one in world.changes.all()] == ["2"]


@pytest.mark.parametrize("listed_first", [True, False])
def test_an_answer_that_one_channel_names_by_uuid_and_the_list_by_number_is_one_record(*, listed_first: bool) -> None:
    world = World()
    number = world.inbound.send(SAYS_NO, inbox=False, **ANSWER)
    by_uuid = replace(world.inbound.held[number], transaction_id=UUID, created_at=None)
    recorder = world.recorder()
    if listed_first:
        world.collect()
        assert recorder.take(by_uuid) is not None
    else:
        assert recorder.take(replace(by_uuid, delivery=None)) is not None
        assert world.collect().taken == 1

    (record,) = world.changes.all()
    assert set(record.names) == {number, UUID}
    assert (recorder.recorded(number), recorder.recorded(UUID)) == (record, record)
    # Another one with the same content is another answer.
    world.inbound.send(SAYS_NO, number="802210972", inbox=False, **ANSWER)
    world.collect()
    assert len(world.changes.all()) == 2


@pytest.mark.parametrize(
    ("answer", "what"),
    [(SAYS_YES, "held as invalid at Orderful"), (SAYS_NO, "does not accept"), (None, "held as invalid at Orderful")],
    ids=["that accepts", "that refuses", "without a message"],
)
def test_an_answer_that_orderful_holds_as_invalid_is_somebodys_attention(answer, what) -> None:
    world = World()
    number = world.inbound.send(answer or {}, inbox=False, validation=Validation.INVALID, **ANSWER)
    if answer is None:
        world.inbound.held[number] = replace(world.inbound.held[number], message=None)

    world.collect()

    assert world.change().state is ChangeState.ATTENTION
    assert what in (world.change().reason or "")
    assert "connector changes close" in (world.change().next_step or "")


def test_an_answer_that_orderful_still_processes_waits_and_holds_up_no_change() -> None:
    world = World()
    world.watermark.moment = before = world.clock.now()
    world.inbound.send(SAYS_NO, inbox=False, validation=Validation.PROCESSING, **ANSWER)
    world.inbound.send(an_860(more_of(1, 900)), number="802210972", inbox=False)

    result = world.collect()

    assert ([one.transaction_id for one in world.changes.all()], result.waiting) == (["802210972"], 1)
    assert (world.change("802210972").predecessor_id, world.watermark.moment) == (None, before)
    world.quiesce()
    assert world.change("802210972").state is ChangeState.APPLIED

    world.clock.forward(hours=25)
    world.collect()
    assert world.change().state is ChangeState.ATTENTION, "nobody waits for Orderful for ever"


def test_an_answer_that_cannot_be_fetched_is_looked_for_again_and_holds_up_no_change() -> None:
    world = World()
    world.watermark.moment = before = world.clock.now()
    number = world.inbound.send(SAYS_NO, inbox=False, **ANSWER)
    world.inbound.held[number] = replace(world.inbound.held[number], message=None)
    world.inbound.send(an_860(more_of(1, 900)), number="802210972", inbox=False)

    result = world.collect()

    assert [one.transaction_id for one in world.changes.all()] == ["802210972"]
    assert (len(result.problems), world.watermark.moment) == (1, before)
    world.inbound.held[number] = replace(world.inbound.held[number], message=SAYS_NO)
    assert world.collect().taken == 1


def test_time_goes_to_changes_before_answers() -> None:
    world = World()
    for place in range(5):
        world.inbound.send(SAYS_NO, number=str(900000 + place), inbox=False, **ANSWER)
    world.inbound.send(an_860(more_of(1, 900)), number="802210972", inbox=False)

    result = replace(world.collector(inbox_ids=()), deadline=StepDeadline(5)).run()

    assert world.changes.all()[0].transaction_id == "802210972"
    assert len(world.changes.all()) < 6
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
    world = World()
    world.inbound.send(message, document="824", business_number="0001", order_number=None)

    class Documents:
        def get(self, of, sequence):
            return object() if of in known and sequence == 1 else None

    world.collect(ledger=Documents())

    assert (world.change().state, world.change().key) == (ChangeState.ATTENTION, key)
    assert world.changes.of_order(key) == [world.change()]


def test_one_that_is_too_large_to_read_stays_a_persons_when_it_is_looked_at_again() -> None:
    world = World()
    number = world.inbound.send(an_860(), inbox=True)

    world.inbound.held[number] = replace(world.inbound.held[number], message=None)
    world.inbound.endless = {number}
    world.collect()
    retry(world.change(number), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert world.change(number).state is ChangeState.PARKED
    assert "close it here" in (world.change(number).next_step or "")
    assert world.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
