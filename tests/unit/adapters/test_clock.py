"""The time and the deadlines."""

from __future__ import annotations

import time
from datetime import UTC, timedelta
from types import SimpleNamespace

from connector.adapters.clock import FixedDeadline, LambdaDeadline, SystemClock


def test_the_system_clock_is_aware_and_in_utc():
    assert SystemClock().now().tzinfo is UTC


def test_the_lambda_deadline_asks_the_context_each_time():
    left = iter([1500, 20, -3])
    deadline = LambdaDeadline(SimpleNamespace(get_remaining_time_in_millis=lambda: next(left)))
    assert [deadline.remaining() for _ in range(3)] == [
        timedelta(seconds=1.5),
        timedelta(milliseconds=20),
        timedelta(0),
    ]


def test_a_fixed_deadline_runs_down_to_zero(monkeypatch):
    now = iter([100.0, 103.0, 111.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    deadline = FixedDeadline(timedelta(seconds=10))
    assert (deadline.remaining(), deadline.remaining()) == (timedelta(seconds=7), timedelta(0))
