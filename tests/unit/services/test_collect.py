"""Collecting what Orderful holds: everything is taken once, a full page is emptied, what got stuck is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.changes import ChangeState
from connector.domain.errors import Conflict, Misconfigured, NotRouted, Transient
from connector.domain.inbound import Confirmation
from connector.domain.transactions import Stream
from connector.services.ports import Metric
from tests.support.change_world import World, an_860, more_of
from tests.support.fakes import Killed, Reaper, StepDeadline


def many(world: World, count: int, **changes) -> None:
    for place in range(count):
        world.inbound.send(an_860(more_of(1, 801 + place)), number=str(900000 + place), **changes)


def test_an_item_is_queued_once_however_often_it_is_seen_before_it_is_decided() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)))

    world.collect()
    assert len(world.outbox.queued_changes) == 1
    world.rest()
    world.inbound.waiting.append("802210971")  # Orderful is slow to let it go
    world.collect()

    assert (world.outbox.queued_changes, world.orders.asked) == ([], 1)


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
        reaper = Reaper(at=step, after=True)
        died = False
        try:
            world.collect(
                changes=reaper.watch(world.changes, "know", "add", "save"), outbox=reaper.watch(world.outbox, "changes")
            )
        except Killed:
            died = True
        world.watermark.taken = False
        world.collect()
        world.rest()
        assert (world.change().state, world.orders.asked) == (ChangeState.APPLIED, 1), f"after step {step}"
        if not died:
            break
    assert step > 3


def test_a_full_page_of_undecided_changes_is_accepted_to_make_room() -> None:
    world = World()
    many(world, 150)

    world.collect()

    assert len(world.changes.all()) == 150
    assert {told for _, told in world.inbound.confirmed} == {Confirmation.ACCEPTED}
    assert len(world.inbound.waiting) < 100


def test_a_full_page_of_the_other_stream_is_failed_to_make_room_and_never_before() -> None:
    world = World()
    many(world, 99, stream=Stream.LIVE)
    world.inbound.send(an_860(more_of(1, 900)), number="999000", order_number=None)

    world.collect()
    world.collect()

    assert world.change("999000").state is ChangeState.RECEIVED
    assert world.telemetry.counts[Metric.STREAM_MISMATCH] >= 99
    failed = [number for number, told in world.inbound.confirmed if told is Confirmation.FAILED]
    assert len(failed) == 99

    few = World()
    many(few, 3, stream=Stream.LIVE)
    few.collect()
    assert few.inbound.confirmed == []


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
    world.rest()
    world.clock.forward(minutes=5)
    world.collect(inbox_ids=())

    assert (world.change().state, world.orders.asked) == (ChangeState.APPLIED, 1)


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
        raise NotRouted("No routing was applied yet.")

    monkeypatch.setattr(world.routing, "load", load)
    world.telemetry.counts.clear()
    assert world.collector().run().problems == []
    assert world.telemetry.counts == {Metric.COLLECT_COMPLETED: 1}
    assert world.telemetry.events()[-1] == "nothing to collect"


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

        def inbox(self, inbox_id):
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
    world.take().take(world.inbound.held["802210971"])
    world.outbox.clear()

    world.collect()
    assert world.outbox.queued_changes == []
    world.clock.forward(minutes=16)
    world.collect()
    world.rest()

    assert world.change().state is ChangeState.APPLIED


def test_a_change_that_nobody_can_finish_is_reported() -> None:
    world = World()
    world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.take().take(world.inbound.held["802210971"])
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
    world.rest()
    assert not world.change().is_unconfirmed
    world.inbound.waiting.append("802210971")
    world.inbound.confirmed.clear()

    assert world.collect().confirmed == 1

    assert (world.inbound.waiting, world.inbound.confirmed) == ([], [("802210971", Confirmation.ACCEPTED)])
    assert world.orders.asked == 1


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
