"""Times as people type them: `yesterday`, `2h`, a date, a date with a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from connector.cli.output import WrongInput, in_utc

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])(?:\s+ago)?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_DAY = timedelta(days=1)


def since(text: str, now: datetime) -> datetime:
    """From when on: of a day its beginning.

    Args:
        text: As a person typed it; days and times are local ones, unless UTC was asked for.
        now: The time.

    Raises:
        WrongInput: it is no time.
    """
    return _read(text, now, whole_days=0)


def until(text: str, now: datetime) -> datetime:
    """Before when: of a day its end, so that the day is in; raises as `since`."""
    return _read(text, now, whole_days=1)


def _read(text: str, now: datetime, *, whole_days: int) -> datetime:
    words = text.strip().lower()
    if ago := _AGO.fullmatch(words):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    if words == "now":
        return now
    if words in _DAYS:
        today = now.astimezone(UTC if in_utc() else None).date()
        return _local(datetime.combine(today - (_DAYS[words] - whole_days) * _DAY, time()))
    try:
        found = datetime.fromisoformat(text.strip())
        is_day = len(text.strip()) == len("2026-11-28")
        return _local(found + whole_days * _DAY if is_day else found)
    except (ValueError, OverflowError):
        raise WrongInput(
            f"'{text}' is no time; write 2h, 3d, today, yesterday, 2026-11-28 or 2026-11-28T06:00."
        ) from None


def _local(found: datetime) -> datetime:
    """An instant; without a zone it is a local time."""
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    return found.replace(tzinfo=UTC) if in_utc() else found.astimezone(UTC)
