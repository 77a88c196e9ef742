"""The run of the night: what is told, once, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.domain.errors import Misconfigured, Throttled, Transient
from connector.services.ports import Metric, Resource, Waiting
from connector.services.reconcile.night import Nightly
from connector.services.reconcile.open_findings import open_findings
from testkit.memory.reconcile_world import in_short, lines


@pytest.fixture
def night(world):
    def run(**changes):
        before = reported(world)
        progress = Nightly(
            reconciler=world.reconciler(**changes),
            book=world.book,
            clock=world.clock,
            telemetry=world.telemetry,
            days=timedelta(days=14),
        ).run()
        return progress, reported(world) - before

    return run


def reported(world):
    return len([event for event in world.telemetry.events("error") if event.startswith("reconciliation: ")])


def waiting(world):
    return open_findings(world.book, now=world.clock.now())


def test_a_finding_is_told_once_until_it_changes_and_is_forgotten_when_it_is_over(world, night):
    key = world.save(1, lines=lines())
    world.clock.forward(hours=3)
    assert night()[1] == 1
    (line,) = [fields for _, event, fields in world.telemetry.lines if event == "reconciliation: missing"]
    assert (line["company"], line["kind"], line["number"]) == ("nordic", "purchase_order", "1")
    world.clock.forward(days=1)
    assert night()[1] == 0
    world.save(1, lines=lines(7))
    world.clock.forward(days=1)
    assert night()[1] == 1
    assert in_short(world.book.findings()) == {("missing", str(key))}
    world.flow()
    world.clock.forward(days=1)
    assert night()[1] == 0
    assert world.book.findings() == []
    assert waiting(world) == Waiting(0, None)


def test_what_a_person_closed_is_not_told_again_unless_it_changes(world, night):
    world.save(1, lines=lines())
    world.clock.forward(hours=3)
    night()
    (found,) = world.book.findings()
    world.book.put(replace(found, closed_at=world.clock.now(), closed_by="kari", closed_because="by mail"))
    world.clock.forward(days=1)
    assert night()[1] == 0
    (kept,) = world.book.findings()
    assert (kept.closed_by, kept.first_seen) == ("kari", found.first_seen)
    world.save(1, lines=lines(8))
    world.clock.forward(days=1)
    assert night()[1] == 1
    assert world.book.findings()[0].is_open


def test_there_is_one_run_a_night_in_as_many_invocations_as_it_takes(world, night):
    for number in range(1, 21):
        world.save(number, lines=lines())
    world.flow()
    world.clock.forward(hours=3)
    invocations = 0
    while True:
        progress, told_now = night(most_calls=4)
        invocations += 1
        if progress.ended_at:
            break
        assert told_now == 0
        world.clock.forward(minutes=5)
    assert invocations > 3
    assert world.telemetry.events("info").count("reconciliation ended") == 1
    calls = world.lists.calls
    world.clock.forward(hours=2)
    assert night() == (None, 0)
    assert world.lists.calls == calls


def test_two_at_once_are_one(world, night):
    world.book.take(now=world.clock.now(), lease=timedelta(minutes=6))
    assert night() == (None, 0)
    world.clock.forward(minutes=7)
    assert night()[0].ended_at


def test_contents_are_compared_once_and_again_when_orderful_touched_them(world, night, monkeypatch):
    world.save(1, lines=lines())
    world.flow()
    world.clock.forward(hours=3)
    night()
    assert world.listed.calls["content"] == 1
    page = world.listed.page
    touched = world.clock.now() - timedelta(hours=3)

    def dated(*args, **named):
        found = page(*args, **named)
        listed = [type(one)(**{**as_dict(one), "updated_at": touched}) for one in found.transactions]
        return type(found)(listed, found.following)

    monkeypatch.setattr(type(world.listed), "page", lambda _, *args, **named: dated(*args, **named))
    world.clock.forward(days=1)
    night()
    assert world.listed.calls["content"] == 1
    touched = world.clock.now()
    world.clock.forward(days=1)
    night()
    assert world.listed.calls["content"] == 2


def as_dict(one):
    return {name: getattr(one, name) for name in one.__slots__}


def test_a_run_that_could_not_read_everything_forgets_nothing_and_is_not_complete(world, night):
    world.save(1, lines=lines())
    world.clock.forward(hours=3)
    night()
    world.flow()
    world.lists.broken[Resource.CUSTOMER_INVOICES] = Misconfigured("Visma answered 400.")
    world.clock.forward(days=1)
    progress, _ = night()
    assert len(progress.problems) == 3
    assert len(world.book.findings()) == 1
    assert progress.complete_at < progress.started_at
    assert "reconciliation could not read everything" in world.telemetry.events("warning")


def test_trouble_that_may_pass_gives_the_run_back(world, night):
    world.lists.broken[Resource.CUSTOMER_INVOICES] = Transient("Visma answered 502.")
    for _ in range(2):
        with pytest.raises(Transient):
            night()
    world.lists.broken.clear()
    progress, _ = night()
    assert progress.problems == ()


def test_that_nothing_was_read_whole_for_days_is_told_until_it_is(world, night):
    begun = world.clock.now()
    world.lists.broken[Resource.CUSTOMER_INVOICES] = Misconfigured("Visma answered 400.")
    for _ in range(3):
        night()
        assert waiting(world).count == 0
        world.clock.forward(days=1)
    assert waiting(world) == Waiting(1, begun)
    world.lists.broken.clear()
    night()
    assert waiting(world).count == 0


def test_what_is_found_is_attention_until_a_person_closes_it(world, night):
    world.save(1, lines=lines())
    world.clock.forward(hours=3)
    found_at = world.clock.now()
    night()
    assert waiting(world) == Waiting(1, found_at)
    world.clock.forward(hours=1)
    world.tracker().run()
    assert world.telemetry.counts[Metric.ATTENTION_OPEN] == 1
    assert (Metric.ATTENTION_AGE, 3600.0) in world.telemetry.durations
    (found,) = world.book.findings()
    world.book.put(replace(found, closed_at=world.clock.now()))
    assert waiting(world) == Waiting(0, None)


def test_what_was_dated_back_is_forgotten_when_it_is_over(world, night):
    world.clock.forward(days=30)
    world.save(1, lines=lines(), date="2026-10-25T00:00:00")
    world.clock.forward(hours=3)
    assert night()[1] == 1
    world.flow()
    world.clock.forward(days=1)
    night()
    assert world.book.findings() == []


def test_what_has_left_the_window_is_kept_until_a_person_closes_it(world, night):
    world.save(1, lines=lines())
    world.clock.forward(hours=3)
    night()
    world.clock.forward(days=30)
    night()
    assert in_short(world.book.findings()) == {("missing", "nordic/purchase_order/1")}


def test_what_orderful_got_in_the_hour_before_a_run_is_compared_by_the_next_and_kept_while_it_lasts(world, night):
    world.clock.forward(hours=3)
    night()
    world.clock.forward(hours=23)
    key = world.save(1, lines=lines())
    world.flow()
    world.change_message(world.transaction_of(key), lambda tree: tree["PO1_loop"].pop())
    world.clock.forward(minutes=30)
    assert night()[1] == 0
    for new in (1, 0, 0):
        world.clock.forward(days=1)
        assert night()[1] == new
        assert in_short(world.book.findings()) == {("different", str(key))}


def test_a_pause_that_orderful_names_is_no_try(world, night):
    key = world.save(1, lines=lines())
    world.flow()
    world.clock.forward(hours=3)
    world.orderful.delete(world.transaction_of(key))
    world.listed.broken = Throttled("Orderful asked for a pause.", retry_after=timedelta(minutes=20))
    for _ in range(5):
        with pytest.raises(Throttled):
            night()
        world.clock.forward(minutes=5)
    world.listed.broken = None
    progress, _ = night()
    assert progress.problems == ()
    assert in_short(world.book.findings()) == {("missing", str(key))}
