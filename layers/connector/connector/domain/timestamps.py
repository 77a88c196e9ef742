"""Parses times in JSON, and formats times for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def timestamp_of(value: Any) -> datetime | None:
    """An ISO 8601 time from JSON, in UTC; a time without a zone is read as UTC. None for anything else."""
    try:
        timestamp = datetime.fromisoformat(value)
        return timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def to_the_minute(timestamp: datetime) -> str:
    """A time in UTC for a sentence: `2026-11-02 08:00 UTC`."""
    return f"{timestamp:%Y-%m-%d %H:%M} UTC"


def to_the_second(timestamp: datetime) -> str:
    """The same where a person waits for it: `2026-11-02 08:00:30 UTC`."""
    return f"{timestamp:%Y-%m-%d %H:%M:%S} UTC"
