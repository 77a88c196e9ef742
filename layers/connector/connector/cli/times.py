"""Times as people type them: `yesterday`, `2h`, `08:00`, a date or a week (ISO 8601), a date with a time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from connector.cli.output import WrongInput, in_utc, minute

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])(?:\s+ago)?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_DAY = timedelta(days=1)
_WEEK = re.compile(r"\d{4}-?w\d\d")
_CLOCK = re.compile(r"(?:(today|yesterday)\s+)?(\d{1,2}):(\d\d)")


def since(text: str, now: datetime) -> datetime:
    """From when on: of a day or a week its beginning.

    Args:
        text: As a person typed it; days and times are local ones, unless UTC was asked for.
        now: The time.

    Raises:
        WrongInput: it is no time.
    """
    return _span(text, now)[0]


def until(text: str, now: datetime) -> datetime:
    """Before when: of a day or a week its end, so that all of it is in; raises as `since`."""
    return _span(text, now)[1]


def window(since_text: str | None, until_text: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when on and before when; None where nothing was typed.

    Raises:
        WrongInput: one is no time, the first is still to come, or nothing is between them.
    """
    begin = since(since_text, now) if since_text else None
    end = until(until_text, now) if until_text else None
    if begin is not None and begin > now:
        raise WrongInput(f"--since {since_text} is still to come ({minute(begin)}): nothing can be found.")
    if begin is not None and end is not None and begin >= end:
        raise WrongInput(f"The window ends ({minute(end)}) before it begins ({minute(begin)}).")
    return begin, end


def utc_day(text: str, now: datetime) -> date:
    """A day of UTC: `today`, `yesterday` or a date; raises `WrongInput` when it is none."""
    words = text.strip().lower()
    try:
        return now.astimezone(UTC).date() - _DAYS[words] * _DAY if words in _DAYS else date.fromisoformat(words)
    except ValueError:
        raise WrongInput(f"'{text}' is no day; write today, yesterday or 2026-11-28.") from None


def _span(text: str, now: datetime) -> tuple[datetime, datetime]:
    """When what was typed begins and ends; an instant does both at once."""
    words = text.strip().lower()
    try:
        if ago := _AGO.fullmatch(words):
            at = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        elif words == "now":
            at = now
        elif clock := _CLOCK.fullmatch(words):
            day = _day_of(clock[1] or "today", now)
            at = _instant(datetime.combine(day, time(int(clock[2]), int(clock[3]))))
        elif (first := _first_day(words, now)) is not None:
            days = 7 if _WEEK.fullmatch(words) else 1
            return _midnight(first), _midnight(first + days * _DAY)
        else:
            at = _instant(datetime.fromisoformat(words.upper()))
    except (ValueError, OverflowError):
        raise WrongInput(
            f"'{text}' is no time; write 2h, 3d, today, yesterday, 08:00, 2026-11-28 or 2026-11-28T06:00."
        ) from None
    return at, at


def _first_day(words: str, now: datetime) -> date | None:
    """The day that is named, or the first one of the week; None where it is neither."""
    if words in _DAYS:
        return _day_of(words, now)
    try:
        return date.fromisoformat(words.upper())
    except ValueError:
        return None


def _day_of(word: str, now: datetime) -> date:
    return now.astimezone(UTC if in_utc() else None).date() - _DAYS[word] * _DAY


def _midnight(day: date) -> datetime:
    return _instant(datetime.combine(day, time()))


def _instant(found: datetime) -> datetime:
    """An instant; without a zone it is a local time."""
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    return found.replace(tzinfo=UTC) if in_utc() else found.astimezone(UTC)
