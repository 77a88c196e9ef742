"""Backfill beside live polling: nothing twice, no cursor moves, Visma's hour is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from connector.domain.documents import Kind
from connector.domain.errors import Transient
from connector.domain.polling.budget import RESERVED_SHARE
from connector.domain.revision.record import State
from connector.services.outbound.backfill import Backfill
from connector.services.ports import Budget, Resource
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


class Hour:
    """Visma's hour: so many calls, of which other integrations take their part at once.

    Attributes:
        left: Calls that are left of this hour; `least` of any.
        begun: How many hours it has been.
    """

    LIMIT, OTHERS, LENGTH = 200, 90, timedelta(hours=1)

    def __init__(self, world):
        self.world = world
        self.begun, self.since, self.left, self.least = 0, None, 0, self.LIMIT
        world.erp.before_page = lambda _resource, _page: self.spend()

    def spend(self):
        now = self.world.clock.now()
        if self.since is None or now - self.since >= self.LENGTH:
            self.begun, self.since, self.left = self.begun + 1, now, self.LIMIT - self.OTHERS
        self.left -= 1
        self.least = min(self.least, self.left)
        self.world.erp.budget = Budget(self.LIMIT, self.left, self.since + self.LENGTH - now)

    def lists(self, company, deadline):
        """Visma's lists as the backfill reads them."""
        inner = self.world.lists(company, deadline)

        def page(*asked, **named):
            self.spend()
            return replace(inner.page(*asked, **named), share_left=self.left / self.LIMIT)

        return SimpleNamespace(page=page)


def test_of_five_thousand_with_live_polling_none_leaves_twice_no_cursor_moves_and_the_hour_is_kept(world):
    """Ten are missing in the ledger; half of those are at Orderful all the same."""
    world.tracks = False
    world.lists.page_size = 100
    keys = [world.save(f"{number:05}", lines=lines()[:1]) for number in range(5_000)]
    world.flow()
    transactions = {one.business_number: one.transaction_id for one in world.orderful.transactions}
    for at, key in enumerate(keys[::500]):
        world.forget(key)
        if at % 2:
            world.orderful.delete(transactions[key.number])
    for _ in range(3):
        world.flow(hours=3)  # from then on no poll reaches back to them
    hour, progress, edited, added, rounds = Hour(world), BackfillProgress(selection=WINDOW), [], [], 0
    while not progress.is_done:
        cursors = world.cursors.all_cursors()
        progress = backfill(world, progress=progress, lists=hour.lists)
        assert world.cursors.all_cursors() == cursors
        rounds += 1
        edited.append(keys[5 + rounds * 10].number)
        world.save(edited[-1], lines=lines(7 + rounds)[:1])
        added.append(world.save(f"9{rounds:04}", lines=lines()[:1]).number)
        world.flow(minutes=15)

    assert progress.queued == progress.found
    assert 5_000 <= progress.found <= 5_000 + len(added)
    assert hour.begun > 1, "one hour was not enough"
    assert hour.least >= hour.LIMIT * RESERVED_SHARE, "what belongs to polling and to others was left to them"
    assert {number: times for number, times in sent(world).items() if times != 1} == dict.fromkeys(edited, 2)
    assert set(sent(world)) == {key.number for key in keys} | set(added)
    assert {world.current(key).state for key in keys[::500]} == {State.SENT}


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
