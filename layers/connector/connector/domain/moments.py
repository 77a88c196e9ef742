"""Parses times in JSON, and formats times for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment_of(value: Any) -> datetime | None:
    """An ISO 8601 time from JSON, in UTC; a time without a zone is read as UTC. None for anything else."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def to_the_minute(moment: datetime) -> str:
    """A time in UTC for a sentence: `2026-11-02 08:00 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
