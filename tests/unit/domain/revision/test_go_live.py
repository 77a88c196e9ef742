from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.domain.revision.go_live import GoLive, Origin, Sighting, origin

OSLO = "Europe/Oslo"
MORNING = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
BEFORE, AFTER, UNCLEAR, LATE = Origin.BEFORE, Origin.AFTER, Origin.UNCLEAR, Origin.ENTERED_LATE


def sighting(**known):
    seen = {
        "created": None,
        "dated": None,
        "modified_at": MORNING + timedelta(days=3),
        "seen_at": MORNING + timedelta(days=3),
        "listed_since": MORNING - timedelta(days=5),
        "first_scan": False,
    }
    return Sighting(**seen | known)


def go_live(text):
    return GoLive.parse(text, ZoneInfo(OSLO))


@pytest.mark.parametrize(
    ("dated", "expected"),
    [(date(2023, 5, 1), BEFORE), (date(2026, 11, 26), BEFORE), (date(2026, 12, 1), AFTER), (date(2026, 12, 2), AFTER)],
)
def test_an_order_counts_by_its_date_however_late_it_is_touched(dated, expected):
    assert origin(sighting(dated=dated), go_live("2026-12-01"), OSLO) is expected


@pytest.mark.parametrize("at", ["2026-12-01", "2026-12-01T08:00"])
@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, UNCLEAR),
        ({"dated": date(2026, 11, 27)}, UNCLEAR),
        # The list was not read on the day of its date, or not all of that day.
        ({"dated": date(2026, 11, 26)}, BEFORE),
        ({"listed_since": None}, BEFORE),
        ({"first_scan": True}, BEFORE),
        # It was shown late, and written before.
        ({"modified_at": MORNING - timedelta(days=1)}, BEFORE),
        ({"modified_at": None}, BEFORE),
        ({"seen_at": MORNING - timedelta(days=1)}, BEFORE),
    ],
)
def test_an_order_that_the_list_did_not_show_on_its_day_was_entered_later(at, known, expected):
    """Given by telephone on Friday, and entered on Monday with Friday's date, on which the list was read already."""
    assert origin(sighting(**{"dated": date(2026, 11, 30)} | known), go_live(at), OSLO) is expected


@pytest.mark.parametrize(
    ("created", "expected"),
    [("2026-11-30T23:59:59", BEFORE), ("2026-12-01T00:00:00", AFTER), ("2025-01-01T08:00:00.123", BEFORE)],
)
def test_an_invoice_counts_by_its_creation_and_not_by_its_date(created, expected):
    old_date = date(2026, 11, 2)
    assert origin(sighting(created=created, dated=old_date), go_live("2026-12-01"), OSLO) is expected
    # Within a day of Visma's own clock the zone does not matter.
    assert origin(sighting(created=created, dated=old_date), go_live("2026-12-01"), None) is expected


@pytest.mark.parametrize("at", ["2026-12-01", "2026-12-01T08:00"])
@pytest.mark.parametrize(
    ("created", "dated", "expected"),
    [
        # Month's end: written in December, dated in November.
        ("2026-12-02T09:00:00", "2026-11-30", AFTER),
        # The limit is 31 days by the calendar of Visma's clock, whatever the time of day.
        ("2026-12-02T23:59:59", "2026-11-01", AFTER),
        ("2026-12-02T09:00:00", "2026-10-31", LATE),
        ("2026-12-31T09:00:00", "2026-11-30", AFTER),
        ("2027-01-01T00:00:00", "2026-11-30", LATE),
        ("2027-12-02T09:00:00", "2020-01-01", LATE),
        # Dated on the day of go-live or later: not old, however late it was entered.
        ("2027-06-01T09:00:00", "2026-12-01", AFTER),
        ("2027-06-01T09:00:00", "2027-01-05", AFTER),
        # What was created before is from before, whatever lies between the two.
        ("2026-11-30T23:00:00", "2026-01-01", BEFORE),
        # Without a date, or without a creation time, nothing shows that it was entered late.
        ("2026-12-02T09:00:00", None, AFTER),
        (None, "2026-12-02", AFTER),
        (None, "2026-01-01", BEFORE),
    ],
)
def test_an_invoice_entered_after_go_live_and_dated_long_before_is_a_question(at, created, dated, expected):
    entered = sighting(created=created, dated=date.fromisoformat(dated) if dated else None)
    assert origin(entered, go_live(at), OSLO) is expected


@pytest.mark.parametrize(
    ("created", "zone", "expected"),
    [
        ("2026-12-01T07:59:00", OSLO, BEFORE),
        ("2026-12-01T08:01:00", OSLO, AFTER),
        # 09:30 may be 08:30 UTC or 06:25 UTC while nobody knows the zone.
        ("2026-12-01T09:30:00", None, UNCLEAR),
        ("2026-12-01T10:06:00", None, AFTER),
        ("2026-12-01T06:59:00", None, BEFORE),
    ],
)
def test_a_time_of_day_is_compared_as_far_as_the_zone_is_known(created, zone, expected):
    assert origin(sighting(created=created), go_live("2026-12-01T07:00+00:00"), zone) is expected


@pytest.mark.parametrize(
    ("at", "dated", "expected"),
    [
        ("2026-12-01", "2026-11-30", BEFORE),
        ("2026-12-01", "2026-12-01", UNCLEAR),
        ("2026-12-01T08:00", "2026-12-01", BEFORE),
        ("2026-12-01T08:00", "2026-12-02", UNCLEAR),
    ],
)
def test_a_draft_from_before_that_became_an_invoice_since_is_a_question(at, dated, expected):
    draft = sighting(created="2026-11-20T10:00:00", dated=date.fromisoformat(dated))
    assert origin(draft, go_live(at), OSLO) is expected


def test_what_was_shown_before_go_live_is_from_before_it_whatever_its_date():
    seen = sighting(dated=date(2026, 12, 24), seen_at=MORNING - timedelta(days=2))
    assert origin(seen, go_live("2026-12-01"), OSLO) is BEFORE


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"modified_at": MORNING - timedelta(minutes=1)}, BEFORE),
        ({"modified_at": MORNING + timedelta(minutes=1)}, AFTER),
        ({"listed_since": MORNING + timedelta(hours=2)}, UNCLEAR),
        ({"first_scan": True}, UNCLEAR),
        ({"listed_since": None}, UNCLEAR),
    ],
)
def test_an_order_of_the_very_day_is_new_only_if_the_list_was_read_before(known, expected):
    assert origin(sighting(dated=date(2026, 12, 1), **known), go_live("2026-12-01T08:00"), OSLO) is expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"dated": date(2026, 12, 3), "first_scan": True}, BEFORE),
        ({"dated": date(2026, 11, 25)}, BEFORE),
        ({"dated": date(2026, 11, 26)}, AFTER),
        ({"created": "2026-11-25T23:00:00", "dated": date(2026, 12, 1)}, BEFORE),
        ({"created": "2026-11-26T00:00:00", "dated": date(2026, 10, 26)}, AFTER),
        ({"created": "2026-11-26T00:00:00", "dated": date(2026, 10, 25)}, LATE),
        ({"created": "2027-02-26T00:00:00", "dated": date(2026, 11, 26)}, AFTER),
        ({"dated": date(2020, 1, 1), "listed_since": None}, AFTER),
        ({}, UNCLEAR),
    ],
)
def test_without_a_go_live_the_first_reading_of_the_list_is_it(known, expected):
    assert origin(sighting(**known), None, OSLO) is expected


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00", "1900-01-01T00:00:00", "soon"])
def test_an_empty_creation_time_is_none(created):
    new = sighting(created=created, dated=date(2026, 12, 2))
    assert origin(new, go_live("2026-12-01"), OSLO) is AFTER
    assert origin(new, None, OSLO) is AFTER


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "01.12.2026", "2026-12-01T25:00", "9999-12-31T23:59-23:59"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match="is no date"):
        go_live(text)
