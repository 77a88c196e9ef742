"""Times that others wrote."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.domain.moments import moment_of, to_the_minute

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
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
def test_a_time_is_read_in_utc_and_what_is_none_is_none(value, moment):
    assert moment_of(value) == moment


def test_a_sentence_has_a_time_to_the_minute():
    assert to_the_minute(NOW) == "2026-11-02 08:00 UTC"
