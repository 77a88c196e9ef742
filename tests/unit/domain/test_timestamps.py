"""Times that others wrote."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.domain.timestamps import timestamp_of, to_the_minute, to_the_second

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "timestamp"),
    [
        ("2026-11-02T08:00:00Z", NOW),
        ("2026-11-02T09:00:00+01:00", NOW),
        ("2026-11-02T08:00:00", NOW),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (1_790_000_000, None),
        (None, None),
    ],
)
def test_a_time_is_read_in_utc_and_what_is_none_is_none(value, timestamp):
    assert timestamp_of(value) == timestamp


def test_a_sentence_has_a_time_to_the_minute():
    assert to_the_minute(NOW) == "2026-11-02 08:00 UTC"


def test_what_a_person_waits_for_has_its_date_and_its_second():
    assert to_the_second(NOW) == "2026-11-02 08:00:00 UTC"
