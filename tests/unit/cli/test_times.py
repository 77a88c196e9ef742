from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from connector.cli.output import WrongInput, minute, timestamp
from connector.cli.times import since, until, window

NOW = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Europe/Oslo"])
def zone(request, monkeypatch):
    monkeypatch.delenv("CONNECTOR_UTC", raising=False)
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def utc(text):
    return datetime.fromisoformat(f"{text}Z")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2h", "2026-11-29T21:30"),
        ("30m ago", "2026-11-29T23:00"),
        ("3d", "2026-11-26T23:30"),
        ("1w", "2026-11-22T23:30"),
        ("now", "2026-11-29T23:30"),
        ("2026-11-28T06:00Z", "2026-11-28T06:00"),
        ("2026-11-28T06:00+02:00", "2026-11-28T04:00"),
    ],
)
def test_what_names_an_instant_is_the_same_everywhere(zone, text, at):
    assert since(text, NOW) == until(text, NOW) == utc(at)


@pytest.mark.parametrize(
    ("text", "in_utc", "in_oslo"),
    [
        ("today", "2026-11-29T00:00", "2026-11-29T23:00"),
        ("Yesterday", "2026-11-28T00:00", "2026-11-28T23:00"),
        ("2026-11-28", "2026-11-28T00:00", "2026-11-27T23:00"),
        ("2026-07-01", "2026-07-01T00:00", "2026-06-30T22:00"),
        ("2026-11-28T06:00", "2026-11-28T06:00", "2026-11-28T05:00"),
        ("08:00", "2026-11-29T08:00", "2026-11-30T07:00"),
        ("today 8:00", "2026-11-29T08:00", "2026-11-30T07:00"),
        ("yesterday 17:30", "2026-11-28T17:30", "2026-11-29T16:30"),
    ],
)
def test_days_are_those_of_the_person(zone, text, in_utc, in_oslo):
    assert since(text, NOW) == utc(in_utc if zone == "UTC" else in_oslo)


def test_until_takes_the_day_along(zone, monkeypatch):
    monkeypatch.setenv("CONNECTOR_UTC", "1")
    assert until("yesterday", NOW) == since("today", NOW) == utc("2026-11-29T00:00")
    assert until("2026-11-28", NOW) == utc("2026-11-29T00:00")
    assert until("2026-11-28T06:00", NOW) == utc("2026-11-28T06:00")


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-09-01", "2026-09-01", "2026-09-02"),
        ("20260901", "2026-09-01", "2026-09-02"),
        ("2026-W36-2", "2026-09-01", "2026-09-02"),
        ("2026w362", "2026-09-01", "2026-09-02"),
        ("2026-W36", "2026-08-31", "2026-09-07"),
        ("2026W36", "2026-08-31", "2026-09-07"),
    ],
)
def test_every_form_of_a_day_is_a_whole_one(zone, monkeypatch, text, first, after):
    monkeypatch.setenv("CONNECTOR_UTC", "1")
    assert (since(text, NOW), until(text, NOW)) == (utc(f"{first}T00:00"), utc(f"{after}T00:00"))


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2027-01-01", None, "--since 2027-01-01 is still to come (2027-01-01 00:00Z): nothing can be found."),
        ("23:45", "today", "--since 23:45 is still to come (2026-11-29 23:45Z): nothing can be found."),
        ("today", "yesterday", "The window ends (2026-11-29 00:00Z) before it begins (2026-11-29 00:00Z)."),
        ("2h", "3h", "The window ends (2026-11-29 20:30Z) before it begins (2026-11-29 21:30Z)."),
    ],
)
def test_a_window_in_which_nothing_can_be_is_refused(monkeypatch, first, last, why):
    monkeypatch.setenv("CONNECTOR_UTC", "1")
    with pytest.raises(WrongInput) as refused:
        window(first, last, NOW)
    assert refused.value.format_message() == why


def test_a_window_may_be_open_at_either_end(monkeypatch):
    monkeypatch.setenv("CONNECTOR_UTC", "1")
    assert window(None, None, NOW) == (None, None)
    assert window("today", "today", NOW) == (utc("2026-11-29T00:00"), utc("2026-11-30T00:00"))
    assert window("now", None, NOW) == (NOW, None)


@pytest.mark.parametrize(
    "text", ["", "soon", "2x", "2026-13-01", "9999-12-31", "999999w", "2026-W60", "0001-W00", "24:00", "tomorrow"]
)
def test_what_is_no_time_is_refused(zone, text):
    with pytest.raises(WrongInput, match="write 2h, 3d, today, yesterday"):
        until(text, NOW)


def test_times_are_shown_in_the_zone_of_the_machine_unless_utc_is_asked_for(zone, monkeypatch):
    local = {"UTC": "2026-11-29 23:30:00Z", "Europe/Oslo": "2026-11-30 00:30:00+01:00"}
    narrow = {"UTC": "2026-11-29 23:30Z", "Europe/Oslo": "2026-11-30 00:30+01:00"}
    assert (timestamp(NOW), minute(NOW)) == (local[zone], narrow[zone])
    monkeypatch.setenv("CONNECTOR_UTC", "1")
    assert (timestamp(NOW), minute(NOW), timestamp(None), minute(None)) == (local["UTC"], narrow["UTC"], "-", None)
