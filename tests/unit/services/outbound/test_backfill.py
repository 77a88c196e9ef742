"""Backfill beside live polling: nothing twice, no cursor moves, Visma's hour is kept."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from connector.domain.documents import Kind
from connector.domain.errors import Transient
from connector.domain.revision.record import State
from connector.services.outbound.backfill import Backfill
from connector.services.ports import Resource
from connector.services.reconcile.ports import BackfillProgress, Question, Selection
from testkit.memory.effects import StepDeadline
from testkit.memory.reconcile_world import World, lines

SALES = Resource.CUSTOMER_INVOICES
WINDOW = Selection(since=date(2026, 11, 1), until=date(2026, 11, 30))


@pytest.fixture
def world() -> World:
    return World()


def backfill(world, selection=WINDOW, *, progress=None, **changes):
    return Backfill(
        **{
            "lists": world.lists,
            "outbox": world.outbox,
            "payloads": world.payloads,
            "routing": world.routing.load(),
            "clock": world.clock,
            "deadline": StepDeadline(),
            "begun": {},
            "keep": world.book.keep_backfill,
            **changes,
        }
    ).run(progress or BackfillProgress(selection=selection))


def sent(world):
    return Counter(one.business_number for one in world.orderful.transactions)


def test_of_five_hundred_with_live_polling_none_leaves_twice_and_no_cursor_moves_for_it(world):
    """Ten are missing in the ledger; half of those are at Orderful all the same."""
    world.tracks = False
    world.lists.page_size = 50
    keys = [world.save(f"{number:05}", lines=lines()[:1]) for number in range(500)]
    world.flow()
    transactions = {one.business_number: one.transaction_id for one in world.orderful.transactions}
    for at, key in enumerate(keys[::50]):
        world.forget(key)
        if at % 2:
            world.orderful.delete(transactions[key.number])
    world.clock.forward(hours=1)
    world.lists.share_left = 0.39
    progress, edited = BackfillProgress(selection=WINDOW), []
    while not progress.is_done:
        cursor = world.cursors.of("nordic")
        progress = backfill(world, progress=progress)
        assert world.cursors.of("nordic") == cursor
        edited.append(keys[5 + len(edited) * 10].number)
        world.save(edited[-1], lines=lines(7 + len(edited))[:1])
        world.flow()
    assert (progress.found, progress.queued) == (500, 500)
    assert len(edited) - 1 == world.lists.calls == 15, "a page each time, and the hour was left to polling"
    assert {number: times for number, times in sent(world).items() if times != 1} == dict.fromkeys(edited, 2)
    assert set(sent(world)) == {key.number for key in keys}
    assert {world.current(key).state for key in keys[::50]} == {State.SENT}


def test_what_is_selected(world):
    world.save(1, lines=lines())
    world.save(2, lines=lines(), status="Hold", hold=True)
    world.save(3, SALES)
    world.save(4, lines=lines(), date="2026-10-25T00:00:00")
    world.clock.forward(hours=1)

    def numbers(**changes):
        world.outbox.clear()
        selection = Selection(**{"since": WINDOW.since, "until": WINDOW.until, **changes})
        done = backfill(world, selection)
        assert done.found == done.queued == len(world.outbox.queued_documents)
        return sorted(world.outbox.numbers())

    assert numbers() == ["1", "2", "3"]
    assert numbers(question=Question.MODIFIED) == ["1", "2", "3", "4"]
    assert numbers(question=Question.CREATED) == ["3"]
    assert numbers(status="Hold") == ["2"]
    assert numbers(partner="acme") == ["1", "2"]
    assert numbers(partner="matsenteret") == ["3"]
    assert numbers(kind=Kind.CUSTOMER_INVOICE) == ["3"]
    assert numbers(numbers=frozenset({"1", "3"})) == ["1", "3"]
    assert numbers(company="other") == []
    assert numbers(until=date(2026, 11, 1)) == []


def test_a_dry_run_counts_and_queues_nothing(world):
    world.save(1, lines=lines())
    done = backfill(world, dry_run=True)
    assert (done.found, done.queued, world.outbox.queued_documents) == (1, 0, [])


def test_after_trouble_it_goes_on_with_the_page_that_was_not_queued(world):
    world.lists.page_size = 2
    for number in range(6):
        world.save(number, lines=lines())
    real, calls = world.outbox.documents, []

    def documents(messages):
        calls.append(1)
        if len(calls) == 2:
            raise Transient("SQS is busy.")
        real(messages)

    world.outbox.documents = documents
    with pytest.raises(Transient):
        backfill(world)
    kept = world.book.backfill()
    assert (kept.page, kept.queued) == (2, 2)
    assert backfill(world, progress=kept).queued == 6
    assert sorted(world.outbox.numbers()) == [str(number) for number in range(6)]


def test_without_a_go_live_what_a_list_showed_before_it_was_polled_stays_unsent(world):
    world.routing.apply({**world.routing.load().data, "companies": _without_go_live(world)})
    old = world.save(1, lines=lines())
    world.clock.forward(days=2)
    begun = {("nordic", resource): world.clock.now() for resource in Resource}
    backfill(world, begun=begun)
    world.work()
    assert world.current(old).state is State.BASELINE
    assert sent(world) == {}
    world.save(2, lines=lines())
    world.clock.forward(hours=1)
    backfill(world, begun=begun)
    world.work()
    assert sent(world) == {"2": 1}


def _without_go_live(world):
    companies = {name: dict(entry) for name, entry in world.routing.load().data["companies"].items()}
    del companies["nordic"]["go_live"]
    return companies
