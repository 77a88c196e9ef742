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
from testkit.memory.reconcile_harness import Harness, lines

SALES = Resource.CUSTOMER_INVOICES
WINDOW = Selection(since=date(2026, 11, 1), until=date(2026, 11, 30))


@pytest.fixture
def harness() -> Harness:
    return Harness()


def backfill(harness, selection=WINDOW, *, progress=None, **changes):
    return Backfill(
        **{
            "lists": harness.lists,
            "outbox": harness.outbox,
            "payloads": harness.payloads,
            "routing": harness.routing.load(),
            "clock": harness.clock,
            "deadline": StepDeadline(),
            "begun": {},
            "keep": harness.book.keep_backfill,
            **changes,
        }
    ).run(progress or BackfillProgress(selection=selection))


def sent(harness):
    return Counter(one.business_number for one in harness.orderful.transactions)


class Hour:
    """Visma's hour: so many calls, of which other integrations take their part at once.

    Attributes:
        left: Calls that are left of this hour; `least` of any.
        begun: How many hours it has been.
    """

    LIMIT, OTHERS, LENGTH = 200, 90, timedelta(hours=1)

    def __init__(self, harness):
        self.harness = harness
        self.begun, self.since, self.left, self.least = 0, None, 0, self.LIMIT
        harness.erp.before_page = lambda _resource, _page: self.spend()

    def spend(self):
        now = self.harness.clock.now()
        if self.since is None or now - self.since >= self.LENGTH:
            self.begun, self.since, self.left = self.begun + 1, now, self.LIMIT - self.OTHERS
        self.left -= 1
        self.least = min(self.least, self.left)
        self.harness.erp.budget = Budget(self.LIMIT, self.left, self.since + self.LENGTH - now)

    def lists(self, company, deadline):
        """Visma's lists as the backfill reads them."""
        inner = self.harness.lists(company, deadline)

        def page(*asked, **named):
            self.spend()
            return replace(inner.page(*asked, **named), share_left=self.left / self.LIMIT)

        return SimpleNamespace(page=page)


def test_of_five_thousand_with_live_polling_none_leaves_twice_no_cursor_moves_and_the_hour_is_kept(harness):
    """Ten are missing in the ledger; half of those are at Orderful all the same."""
    harness.tracks = False
    harness.lists.page_size = 100
    keys = [harness.save(f"{number:05}", lines=lines()[:1]) for number in range(5_000)]
    harness.flow()
    transactions = {one.business_number: one.transaction_id for one in harness.orderful.transactions}
    for at, key in enumerate(keys[::500]):
        harness.forget(key)
        if at % 2:
            harness.orderful.delete(transactions[key.number])
    for _ in range(3):
        harness.flow(hours=3)  # from then on no poll reaches back to them
    hour, progress, edited, added, rounds = Hour(harness), BackfillProgress(selection=WINDOW), [], [], 0
    while not progress.is_done:
        cursors = harness.cursors.all_cursors()
        progress = backfill(harness, progress=progress, lists=hour.lists)
        assert harness.cursors.all_cursors() == cursors
        rounds += 1
        edited.append(keys[5 + rounds * 10].number)
        harness.save(edited[-1], lines=lines(7 + rounds)[:1])
        added.append(harness.save(f"9{rounds:04}", lines=lines()[:1]).number)
        harness.flow(minutes=15)

    assert progress.queued == progress.found
    assert 5_000 <= progress.found <= 5_000 + len(added)
    assert hour.begun > 1, "one hour was not enough"
    assert hour.least >= hour.LIMIT * RESERVED_SHARE, "what belongs to polling and to others was left to them"
    assert {number: times for number, times in sent(harness).items() if times != 1} == dict.fromkeys(edited, 2)
    assert set(sent(harness)) == {key.number for key in keys} | set(added)
    assert {harness.current(key).state for key in keys[::500]} == {State.SENT}


def test_what_is_selected(harness):
    harness.save(1, lines=lines())
    harness.save(2, lines=lines(), status="Hold", hold=True)
    harness.save(3, SALES)
    harness.save(4, lines=lines(), date="2026-10-25T00:00:00")
    harness.clock.forward(hours=1)

    def numbers(**changes):
        harness.outbox.clear()
        selection = Selection(**{"since": WINDOW.since, "until": WINDOW.until, **changes})
        done = backfill(harness, selection)
        assert done.found == done.queued == len(harness.outbox.queued_documents)
        return sorted(harness.outbox.numbers())

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


def test_a_dry_run_counts_and_queues_nothing(harness):
    harness.save(1, lines=lines())
    done = backfill(harness, dry_run=True)
    assert (done.found, done.queued, harness.outbox.queued_documents) == (1, 0, [])


def test_after_a_failure_it_continues_with_the_page_that_was_not_queued(harness):
    harness.lists.page_size = 2
    for number in range(6):
        harness.save(number, lines=lines())
    real, calls = harness.outbox.documents, []

    def documents(messages):
        calls.append(1)
        if len(calls) == 2:
            raise Transient("SQS is busy.")
        real(messages)

    harness.outbox.documents = documents
    with pytest.raises(Transient):
        backfill(harness)
    kept = harness.book.backfill()
    assert (kept.page, kept.queued) == (2, 2)
    assert backfill(harness, progress=kept).queued == 6
    assert sorted(harness.outbox.numbers()) == [str(number) for number in range(6)]


def test_without_a_go_live_what_a_list_showed_before_it_was_polled_stays_unsent(harness):
    harness.routing.apply({**harness.routing.load().data, "companies": _without_go_live(harness)})
    old = harness.save(1, lines=lines())
    harness.clock.forward(days=2)
    begun = {("nordic", resource): harness.clock.now() for resource in Resource}
    backfill(harness, begun=begun)
    harness.work()
    assert harness.current(old).state is State.BASELINE
    assert sent(harness) == {}
    harness.save(2, lines=lines())
    harness.clock.forward(hours=1)
    backfill(harness, begun=begun)
    harness.work()
    assert sent(harness) == {"2": 1}


def _without_go_live(harness):
    companies = {name: dict(entry) for name, entry in harness.routing.load().data["companies"].items()}
    del companies["nordic"]["go_live"]
    return companies


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=30)])
def test_a_state_that_visma_has_no_longer_is_found_and_put_right(harness, age):
    """A message from before a backup of Visma was restored is put back from the dead letters and sent.

    No list of the window shows an order that was last changed before it, in the state of the backup.
    """
    key = harness.save(1, lines=lines())
    harness.flow()
    harness.clock.forward(days=age.days)
    restored = dict(harness.erp.documents[Resource.PURCHASE_ORDERS])
    harness.save(1, lines=lines(7))
    harness.clock.forward(minutes=10)
    harness.poller().poll_all(harness.routing.load().companies.values(), StepDeadline())
    harness.erp.documents[Resource.PURCHASE_ORDERS].update(restored)
    harness.work()
    harness.clock.forward(hours=6)
    (found,) = harness.reconcile()
    assert found.document == str(key)
    command = "connector backfill --company nordic --kind purchase_order --number 1"
    if age:
        assert found.sentence == (
            "acme has it, as revision 2 that was sent 2026-12-02 08:20 UTC, and Visma has an earlier state of it, last "
            "changed 2026-11-02 08:00 UTC."
        )
        assert found.next_step == f"{command} --by-day modified --since 2026-11-01 --until 2026-11-03"
        backfill(harness, Selection(since=date(2026, 11, 1), until=date(2026, 11, 3), question=Question.MODIFIED))
    else:
        assert found.next_step.startswith(f"{command} --since")
        backfill(harness)
    harness.work()
    first, wrong, again = reversed(harness.ledger.revisions(key))
    assert first.revision_id == again.revision_id != wrong.revision_id
    assert again.state is State.DELIVERED
    harness.clock.forward(hours=6)
    assert harness.reconcile() == [found], "it is found again"
