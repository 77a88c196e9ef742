"""When a schedule starts: the expressions of EventBridge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.cli.doctor.schedule import look_back

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("expression", "back"),
    [
        ("rate(5 minutes)", timedelta(minutes=15)),
        ("rate(1 hour)", timedelta(hours=3)),
        ("rate(1 day)", timedelta(days=3)),
        ("cron(0/5 1-4 * * ? *)", timedelta(hours=7, minutes=15)),
        ("cron(*/20 * * * ? *)", timedelta(minutes=40)),
        ("cron(0,30 12 * * ? *)", timedelta(days=1)),
        ("cron(0 2 ? * MON-FRI *)", timedelta(days=4, hours=10)),
        ("cron(0 2 ? * 2 *)", timedelta(days=15, hours=10)),
        ("cron(0 2 1 * ? *)", timedelta(days=62, hours=10)),
        ("cron(0 2 1 JAN,Jun ? *)", timedelta(days=243, hours=10)),
    ],
)
def test_the_time_of_three_starts_is_found(expression, back):
    assert look_back(expression, NOON, starts=3) == back


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 2 L * ? *)",
        "cron(0 2 ? * 2#1 *)",
        "cron(0 2 15W * ? *)",
        "cron(61 2 * * ? *)",
        "cron(0 2 * * ?)",
        "at(2026-09-01T02:00:00)",
        "cron(0 2 1 1 ? 2020)",
        "cron(0/0 2 * * ? *)",
    ],
)
def test_what_is_not_understood_or_long_past_is_none(expression):
    assert look_back(expression, NOON, starts=3) is None
