"""When a sent document is looked at: each age once, whatever the pauses, and old ones without an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from connector.domain.revision.arrival import MAX_EXPECTED, Expected
from connector.domain.revision.record import place_at
from connector.domain.revision.tracking_schedule import LISTS, LOOKS, begin_with, done, stopped, windows

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SENT = "SENT"
LATE = "SENT ATTENTION"


def looks(name, sent_at, runs):
    """The runs that look at a document of a list; each reads every window to its end."""
    progress: dict[str, str] = {}
    place = f"{place_at(sent_at)} nordic#purchase_order#1#1"
    seen = []
    for now in runs:
        for window in windows(progress, now=now):
            found = name in window.lists and f"{window.after} " <= place <= window.before
            if found:
                seen.append(now - sent_at)
            done(progress, window, now=now, found=found)
    return seen


def every(interval, until, start=NOW):
    return [start + interval * count for count in range(1, int(until / interval) + 1)]


def test_a_new_document_is_tracked_by_every_run_and_an_older_one_once_at_each_age():
    seen = looks(SENT, NOW, every(timedelta(minutes=5), timedelta(days=7)))
    assert seen[:6] == every(timedelta(minutes=5), timedelta(minutes=30), timedelta(0))
    later = seen[6:]
    ages = [age for age in LOOKS if age < timedelta(days=7)]
    assert len(later) == len(ages)
    assert all(timedelta(0) <= look - age <= timedelta(minutes=5) for look, age in zip(later, ages, strict=True))


@pytest.mark.parametrize("interval", [timedelta(minutes=1), timedelta(minutes=20), timedelta(hours=7)])
def test_no_age_is_passed_over_and_none_is_repeated_whatever_the_interval(interval):
    seen = looks(SENT, NOW, every(interval, timedelta(days=6)))
    for age, following in pairwise(LOOKS):
        if timedelta(minutes=30) + interval <= age and following - age >= interval and following < timedelta(days=6):
            assert sum(age < look <= following for look in seen) == 1, age


def test_after_a_pause_of_days_a_document_is_looked_at_once():
    runs = [NOW + timedelta(minutes=5), NOW + timedelta(days=3, hours=1)]
    assert looks(SENT, NOW, runs) == [timedelta(minutes=5), timedelta(days=3, hours=1)]


def test_what_waits_for_a_person_is_looked_at_each_hour_and_after_a_week_each_day():
    seen = looks(LATE, NOW, every(timedelta(minutes=5), timedelta(days=12)))
    week = [look for look in seen if timedelta(minutes=30) < look <= timedelta(days=7)]
    assert {later - earlier for earlier, later in pairwise(week)} <= {timedelta(minutes=60), timedelta(minutes=65)}
    assert week[0] <= timedelta(minutes=35)
    old = [look for look in seen if look > timedelta(days=7)]
    assert {later - earlier for earlier, later in pairwise(old)} <= {timedelta(days=1), timedelta(days=1, minutes=5)}
    assert len(old) == 5


def test_what_is_expected_is_looked_at_when_it_is_due():
    expected = Expected()
    assert {expected.valid, expected.delivered, expected.acknowledged} <= set(LOOKS)
    assert LOOKS[-1] == MAX_EXPECTED


def test_a_run_begins_with_the_window_that_the_run_before_did_not_come_to():
    progress: dict[str, str] = {}
    found = windows(progress, now=NOW)
    begin_with(progress, found[4])
    assert [window.name for window in windows(progress, now=NOW)][:2] == [found[4].name, found[5].name]
    begin_with(progress, None)
    assert windows(progress, now=NOW) == found


def test_a_window_goes_on_behind_the_place_at_which_it_stopped():
    progress: dict[str, str] = {}
    window = next(one for one in windows(progress, now=NOW) if one.name == "old")
    stopped(progress, window, at=None)
    assert progress == {}
    stopped(progress, window, at="2026-01-01T00:00:00.000000Z a")
    following = next(one for one in windows(progress, now=NOW + timedelta(minutes=5)) if one.name == "old")
    assert (following.after, following.lists) == ("2026-01-01T00:00:00.000000Z a", LISTS)
    done(progress, following, now=NOW, found=True)
    assert "old" not in {one.name for one in windows(progress, now=NOW + timedelta(hours=23))}
