"""When a schedule of EventBridge starts its function: from its expression, a rate or times of the calendar (cron)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# AWS: minutes, hours, day of the month, month, day of the week (1 is Sunday), year.
_FIELDS: Sequence[tuple[int, int, Sequence[str]]] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (1, 7, _DAYS),
    (1970, 2199, ()),
)
_DAY = timedelta(days=1)
_FARTHEST = 400
"""Days that are looked back at: one that starts once a year has a start among them."""


def look_back(expression: str, now: datetime, *, starts: int) -> timedelta | None:
    """The time up to now in which a schedule has had so many starts, or as many as a year has.

    Args:
        expression: As EventBridge shows it; its times are in UTC.
        now: The time it is, in UTC.
        starts: How many are asked for.

    Returns:
        None where the expression is not understood (`L`, `W` and `#` are not), or names no time of the past year.
    """
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        return starts * int(rate[1]) * _UNITS[rate[2]]
    cron = _CRON.fullmatch(expression)
    if cron is None:
        return None
    try:
        allowed = [
            _values(field, least, most, names)
            for field, (least, most, names) in zip(cron.groups(), _FIELDS, strict=True)
        ]
    except ValueError:
        return None
    oldest: datetime | None = None
    for start in _starts_before(now, allowed):
        oldest = start
        starts -= 1
        if not starts:
            break
    return now - oldest if oldest is not None else None


def _starts_before(now: datetime, allowed: Sequence[frozenset[int]]) -> Iterator[datetime]:
    """The starts up to now, the latest first."""
    minutes, hours, days, months, weekdays, years = allowed
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(_FARTHEST):
        day = midnight - back * _DAY
        if day.day in days and day.month in months and day.isoweekday() % 7 + 1 in weekdays and day.year in years:
            for hour in sorted(hours, reverse=True):
                for minute in sorted(minutes, reverse=True):
                    start = day + timedelta(hours=hour, minutes=minute)
                    if start <= now:
                        yield start


def _values(field: str, least: int, most: int, names: Sequence[str]) -> frozenset[int]:
    """What a field allows.

    Raises:
        ValueError: it is none that is understood.
    """
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in {"*", "?"}:
            begin, end = least, most
        else:
            begin = _number(first, names)
            end = _number(last, names) if last else (most if step else begin)
        if not least <= begin <= end <= most:
            raise ValueError(f"'{part}' is out of bounds")
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: Sequence[str]) -> int:
    word = text.upper()
    return names.index(word) + 1 if word in names else int(text)
