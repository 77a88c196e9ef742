"""The run of the night: what is told, once, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.domain.errors import Misconfigured, Throttled, Transient
from connector.services.ports import Metric, Resource, Waiting
from connector.services.reconcile.night import Nightly
from connector.services.reconcile.open_findings import open_findings
from testkit.memory.reconcile_harness import in_short, lines


@pytest.fixture
def night(harness):
    def run(**changes):
        before = reported(harness)
        progress = Nightly(
            reconciler=harness.reconciler(**changes),
            book=harness.book,
            clock=harness.clock,
            telemetry=harness.telemetry,
            days=timedelta(days=14),
        ).run()
        return progress, reported(harness) - before

    return run


def reported(harness):
    return len([event for event in harness.telemetry.events("error") if event.startswith("reconciliation: ")])


def waiting(harness):
    return open_findings(harness.book, harness.routing, now=harness.clock.now())


def test_a_finding_is_told_once_until_it_changes_and_is_forgotten_when_it_is_over(harness, night):
    key = harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    assert night()[1] == 1
    (line,) = [fields for _, event, fields in harness.telemetry.lines if event == "reconciliation: missing"]
    assert (line["company"], line["kind"], line["number"]) == ("nordic", "purchase_order", "1")
    harness.clock.forward(days=1)
    assert night()[1] == 0
    harness.save(1, lines=lines(7))
    harness.clock.forward(days=1)
    assert night()[1] == 1
    assert in_short(harness.book.findings()) == {("missing", str(key))}
    harness.flow()
    harness.clock.forward(days=1)
    assert night()[1] == 0
    assert harness.book.findings() == []
    assert waiting(harness) == Waiting(0, None)


def test_what_a_person_closed_is_not_told_again_unless_it_changes(harness, night):
    harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    night()
    (found,) = harness.book.findings()
    harness.book.put(replace(found, closed_at=harness.clock.now(), closed_by="kari", closed_because="by mail"))
    harness.clock.forward(days=1)
    assert night()[1] == 0
    (kept,) = harness.book.findings()
    assert (kept.closed_by, kept.first_seen) == ("kari", found.first_seen)
    harness.save(1, lines=lines(8))
    harness.clock.forward(days=1)
    assert night()[1] == 1
    assert harness.book.findings()[0].is_open


def test_there_is_one_run_a_night_in_as_many_invocations_as_it_takes(harness, night):
    for number in range(1, 21):
        harness.save(number, lines=lines())
    harness.flow()
    harness.clock.forward(hours=3)
    invocations = 0
    while True:
        progress, reported_now = night(most_calls=4)
        invocations += 1
        if progress.ended_at:
            break
        assert reported_now == 0
        harness.clock.forward(minutes=5)
    assert invocations > 3
    assert harness.telemetry.events("info").count("reconciliation ended") == 1
    calls = harness.lists.calls
    harness.clock.forward(hours=2)
    assert night() == (None, 0)
    assert harness.lists.calls == calls


def test_two_at_once_are_one(harness, night):
    harness.book.take(now=harness.clock.now(), lease=timedelta(minutes=6))
    assert night() == (None, 0)
    harness.clock.forward(minutes=7)
    assert night()[0].ended_at


def test_contents_are_compared_once_and_again_when_orderful_touched_them(harness, night, monkeypatch):
    harness.save(1, lines=lines())
    harness.flow()
    harness.clock.forward(hours=3)
    night()
    assert harness.listed.calls["content"] == 1
    page = harness.listed.page
    touched = harness.clock.now() - timedelta(hours=3)

    def dated(*args, **named):
        found = page(*args, **named)
        listed = [type(one)(**{**as_dict(one), "updated_at": touched}) for one in found.transactions]
        return type(found)(listed, found.following)

    monkeypatch.setattr(type(harness.listed), "page", lambda _, *args, **named: dated(*args, **named))
    harness.clock.forward(days=1)
    night()
    assert harness.listed.calls["content"] == 1
    touched = harness.clock.now()
    harness.clock.forward(days=1)
    night()
    assert harness.listed.calls["content"] == 2


def as_dict(one):
    return {name: getattr(one, name) for name in one.__slots__}


def test_a_run_that_could_not_read_everything_forgets_nothing_and_is_not_complete(harness, night):
    harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    night()
    harness.flow()
    harness.lists.broken[Resource.CUSTOMER_INVOICES] = Misconfigured("Visma answered 400.")
    harness.clock.forward(days=1)
    progress, _ = night()
    assert len(progress.problems) == 3
    assert len(harness.book.findings()) == 1
    assert progress.complete_at < progress.started_at
    assert "reconciliation could not read everything" in harness.telemetry.events("warning")


def test_a_transient_error_gives_the_run_back(harness, night):
    harness.lists.broken[Resource.CUSTOMER_INVOICES] = Transient("Visma answered 502.")
    for _ in range(2):
        with pytest.raises(Transient):
            night()
    harness.lists.broken.clear()
    progress, _ = night()
    assert progress.problems == ()


def test_that_nothing_was_read_whole_for_days_is_told_until_it_is(harness, night):
    begun = harness.clock.now()
    harness.lists.broken[Resource.CUSTOMER_INVOICES] = Misconfigured("Visma answered 400.")
    for _ in range(3):
        night()
        assert waiting(harness).count == 0
        harness.clock.forward(days=1)
    assert waiting(harness) == Waiting(1, begun)
    harness.lists.broken.clear()
    night()
    assert waiting(harness).count == 0


def test_that_no_run_has_ever_begun_is_told_three_days_after_the_routing_was_applied(harness, night):
    applied = harness.clock.now()
    harness.routing.applied_at = applied
    harness.clock.forward(days=2, hours=23)
    assert waiting(harness).count == 0
    harness.clock.forward(hours=1)
    assert waiting(harness) == Waiting(1, applied)
    harness.tracker().run()
    assert harness.telemetry.counts[Metric.ATTENTION_OPEN] == 1
    night()
    assert waiting(harness).count == 0


def test_what_is_found_is_attention_until_a_person_closes_it(harness, night):
    harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    found_at = harness.clock.now()
    night()
    assert waiting(harness) == Waiting(1, found_at)
    harness.clock.forward(hours=1)
    harness.tracker().run()
    assert harness.telemetry.counts[Metric.ATTENTION_OPEN] == 1
    assert (Metric.ATTENTION_AGE, 3600.0) in harness.telemetry.durations
    (found,) = harness.book.findings()
    harness.book.put(replace(found, closed_at=harness.clock.now()))
    assert waiting(harness) == Waiting(0, None)


def test_a_document_that_was_touched_in_the_hour_before_the_run_keeps_its_findings(harness, night):
    gone, lost = harness.save(2, lines=lines()), harness.save(3, lines=lines())
    harness.flow()
    harness.orderful.delete(harness.transaction_of(gone))
    harness.forget(lost)
    harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    assert night()[1] == 3
    first_seen = {one.finding_id: one.first_seen for one in harness.book.findings()}
    harness.clock.forward(hours=23, minutes=40)
    for number in (1, 2, 3):
        harness.save(number, lines=lines(7))
    harness.clock.forward(minutes=20)
    assert night()[1] == 0
    assert {one.finding_id: one.first_seen for one in harness.book.findings()} == first_seen
    harness.flow()
    harness.clock.forward(days=1)
    night()
    assert [one for one in harness.book.findings() if one.category == "missing"] == []


def test_what_was_dated_back_is_forgotten_when_it_is_over(harness, night):
    harness.clock.forward(days=30)
    harness.save(1, lines=lines(), date="2026-10-25T00:00:00")
    harness.clock.forward(hours=3)
    assert night()[1] == 1
    harness.flow()
    harness.clock.forward(days=1)
    night()
    assert harness.book.findings() == []


def test_what_has_left_the_window_is_kept_until_a_person_closes_it(harness, night):
    harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    night()
    harness.clock.forward(days=30)
    night()
    assert in_short(harness.book.findings()) == {("missing", "nordic/purchase_order/1")}


def test_what_orderful_got_in_the_hour_before_a_run_is_compared_by_the_next_and_kept_while_it_lasts(harness, night):
    harness.clock.forward(hours=3)
    night()
    harness.clock.forward(hours=23)
    key = harness.save(1, lines=lines())
    harness.flow()
    harness.change_message(harness.transaction_of(key), lambda tree: tree["PO1_loop"].pop())
    harness.clock.forward(minutes=30)
    assert night()[1] == 0
    for new in (1, 0, 0):
        harness.clock.forward(days=1)
        assert night()[1] == new
        assert in_short(harness.book.findings()) == {("different", str(key))}


def test_a_pause_that_orderful_names_is_no_try(harness, night):
    key = harness.save(1, lines=lines())
    harness.flow()
    harness.clock.forward(hours=3)
    harness.orderful.delete(harness.transaction_of(key))
    harness.listed.broken = Throttled("Orderful asked for a pause.", retry_after=timedelta(minutes=20))
    for _ in range(5):
        with pytest.raises(Throttled):
            night()
        harness.clock.forward(minutes=5)
    harness.listed.broken = None
    progress, _ = night()
    assert progress.problems == ()
    assert in_short(harness.book.findings()) == {("missing", str(key))}
