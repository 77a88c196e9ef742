"""Visma's zone-less time stamps: every doubt is resolved so that a row is read twice and never missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.errors import Misconfigured
from connector.domain.visma_clock import filter_text, to_utc, wall_ticks, zone_named

OSLO = zone_named("Europe/Oslo")
GREENWICH = zone_named("UTC")
SPRING = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-15T09:15:42.123", "2026-09-15T07:15:42.123"),
        ("2026-01-15T09:15:42", "2026-01-15T08:15:42"),
        ("2026-09-15T09:15:42.1234567", "2026-09-15T07:15:42.123456"),
        ("2026-09-15T09:15:42.1", "2026-09-15T07:15:42.1"),
        ("2026-09-15T09:15", "2026-09-15T07:15:00"),
        ("2026-09-15", "2026-09-14T22:00:00"),
        (" 2026-09-15 09:15:42 ", "2026-09-15T07:15:42"),
    ],
)
def test_a_stamp_without_a_zone_is_read_in_the_zone_of_the_company(text, expected):
    assert to_utc(text, OSLO) == at(expected)


@pytest.mark.parametrize(
    "text",
    ["2026-09-15T07:15:42.123Z", "2026-09-15T09:15:42.1230000+02:00", "2026-09-15T03:15:42.123-04:00"],
)
def test_an_offset_in_the_stamp_is_honoured_whatever_the_zone(text):
    assert to_utc(text, OSLO) == at("2026-09-15T07:15:42.123")


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00", "15.09.2026 09:15", "2026-09-15T09:15:42."])
def test_what_is_no_time_stamp_is_none_and_no_failure(text):
    assert to_utc(text, OSLO) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999-01:00"])
def test_a_stamp_at_an_end_of_the_calendar_is_none_and_no_failure(text):
    assert to_utc(text, OSLO) is None


def test_the_hour_that_happens_twice_is_read_as_its_first_pass():
    assert to_utc("2026-10-25T02:30:00", OSLO) == at("2026-10-25T00:30:00")
    assert to_utc("2026-10-25T03:00:00", OSLO) == at("2026-10-25T02:00:00")


def test_the_hour_that_spring_skips_is_still_an_instant():
    assert to_utc("2026-03-29T02:30:00", OSLO) == at("2026-03-29T01:30:00")
    assert to_utc("2026-03-29T03:00:00", OSLO) == at("2026-03-29T01:00:00")


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-11-01T05:30:00", "2026-11-01T01:00:00.000"),  # first pass: the second pass begins again at 01:00
        ("2026-11-01T05:10:00", "2026-11-01T01:00:00.000"),
        ("2026-11-01T06:30:00", "2026-11-01T01:30:00.000"),  # second pass: nothing falls back any more
        ("2026-11-01T04:50:00", "2026-11-01T00:50:00.000"),  # before the hour, only its own reading counts
        ("2026-03-08T06:59:59", "2026-03-08T01:59:59.000"),
        ("2026-03-08T07:00:00", "2026-03-08T03:00:00.000"),
        ("2026-07-01T10:00:00.123999", "2026-07-01T06:00:00.123"),
    ],
)
def test_the_filter_begins_at_the_earliest_reading_of_what_follows(since, expected):
    assert filter_text(at(since), zone_named("America/New_York")) == expected


@pytest.mark.parametrize("zone", ["Europe/Oslo", "Europe/Helsinki", "UTC"])
def test_the_filter_is_never_later_than_in_utc_so_a_wrong_zone_hides_nothing(zone):
    assert filter_text(at("2026-07-01T10:00:00.123999"), zone_named(zone)) == "2026-07-01T10:00:00.123"


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("0001-01-01T00:00:00", 0),
        ("0001-01-01T00:00:00.1234567", 1_234_567),
        ("0001-01-01T00:00:01", 10_000_000),
        ("0001-01-02T02:00:00+02:00", 864_000_000_000),
        ("0001-01-02T00:00:00.5Z", 864_005_000_000),
        ("soon", None),
        ("0001-01-01T00:00:00+02:00", None),
    ],
)
def test_a_stamp_counts_in_steps_of_100_nanoseconds_in_whichever_zone(text, ticks):
    assert wall_ticks(text) == ticks


@pytest.mark.parametrize("zone", [OSLO, GREENWICH], ids=["Europe/Oslo", "UTC"])
@pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_around_both_changes_of_the_clock_no_filter_lets_a_later_row_out(zone, change):
    """Exhaustive to the minute: every lower bound against every later row, as texts and as what we read from them."""
    minute = timedelta(minutes=1)
    timestamps = [change - timedelta(hours=4) + step * minute for step in range(8 * 60)]
    texts = [
        timestamp.astimezone(zone).replace(tzinfo=None).isoformat(timespec="milliseconds") for timestamp in timestamps
    ]
    read = [to_utc(text, zone) for text in texts]
    # What the earliest text and instant among all later rows are, from the back.
    earliest_text, earliest_read = texts[-1], read[-1]
    for position in reversed(range(len(timestamps))):
        earliest_text = min(earliest_text, texts[position])
        earliest_read = min(earliest_read, read[position])
        since = filter_text(timestamps[position], zone)
        assert since <= earliest_text, f"Visma would hide a row modified after {timestamps[position]}"
        assert to_utc(since, zone) <= earliest_read, (
            f"we would take a row modified after {timestamps[position]} for older"
        )


def test_a_filter_reaches_back_at_most_the_distance_to_utc_and_the_hour_of_the_change():
    for step in range(0, 24 * 60, 7):
        timestamp = AUTUMN - timedelta(hours=12) + timedelta(minutes=step)
        assert timestamp - to_utc(filter_text(timestamp, GREENWICH), GREENWICH) <= timedelta(milliseconds=1)
        assert timestamp - to_utc(filter_text(timestamp, OSLO), OSLO) <= timedelta(hours=2)


def test_a_company_without_a_zone_is_read_in_utc():
    assert to_utc("2026-07-01T10:00:00", zone_named(None)) == at("2026-07-01T10:00:00")


@pytest.mark.parametrize("name", ["Europe/Olso", "../etc/passwd", "Mars"])
def test_a_zone_that_does_not_exist_is_named_to_the_operator(name):
    with pytest.raises(Misconfigured, match=r"is no time zone.*Europe/Oslo"):
        zone_named(name)
