"""Slows polling down before Visma's hourly quota is used up."""

from __future__ import annotations

from datetime import timedelta

RESERVED_SHARE = 0.2
"""The share of the hourly quota that polling leaves to others (applying changes, other integrations of the tenant)."""


def delay_before_next_poll(limit: int | None, remaining: int | None, reset: timedelta | None) -> timedelta:
    """How long to wait before polling again; zero while more than the reserved share is left.

    Once only the reserved share is left, polling waits a growing part of the time to the reset, and all of it when no
    call is left. Visma: fixed one-hour windows, `X-RateLimit-Remaining` and `-Reset` on every answer; the limit is not
    published.
    """
    if not limit or remaining is None or reset is None or reset <= timedelta(0):
        return timedelta(0)
    reserve = limit * RESERVED_SHARE
    if remaining >= reserve:
        return timedelta(0)
    return reset * (1 - max(remaining, 0) / reserve)
