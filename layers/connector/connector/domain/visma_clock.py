"""Converts Visma's time stamps, which have no zone.

Visma documents neither the zone of `lastModifiedDateTime` nor that of the filter (contract: "nowhere documented"), so
the zone is configuration. With these three rules, an error means that a row is read twice, never that it is missed:

* A wall-clock time that occurs twice (the autumn hour) is taken as the earlier instant.
* The lower bound of a filter is the earliest wall-clock reading at or after the instant, so that the second pass of
  the autumn hour is inside it.
* It is the earlier of that reading in the configured zone and in UTC. So a wrong zone in the routing file loses
  nothing, unless Visma's own clock is west of both.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.domain.errors import Misconfigured

FIRST_DAY = date(1901, 1, 1)
"""An earlier date means no date: .NET's empty date is 0001-01-01, SQL's is 1900-01-01."""

# No zone has ever set its clock back by more than this.
_MAX_SHIFT = timedelta(hours=3)
# Offsets change at quarter hours of UTC.
_SHIFT_GRID = timedelta(minutes=15)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=32)
def zone_named(name: str | None) -> ZoneInfo:
    """The zone of a company; UTC when nobody has calibrated it.

    Raises:
        Misconfigured: the name is in no time zone database.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise Misconfigured(
            f"'{name}' is no time zone.", next_step="Write an IANA name such as Europe/Oslo in the routing file."
        ) from None


def to_utc(text: str, zone: ZoneInfo) -> datetime | None:
    """Parse a Visma time stamp; an offset or `Z` in it counts (Visma: formats differ between endpoints).

    Returns:
        The instant in UTC, the earlier one where two are possible; None when the text is no time stamp, or one at an
        end of the calendar (.NET's empty date is the first second of the year 1, which is before it in UTC).
    """
    try:
        timestamp = datetime.fromisoformat(_six_digits(text.strip()))
        if timestamp.tzinfo is None:
            timestamp = timestamp.replace(tzinfo=zone, fold=0)
        return timestamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def filter_text(since: datetime, zone: ZoneInfo) -> str:
    """The lower bound of Visma's filter that includes every row modified at or after `since`.

    Visma: at most milliseconds, no letters but the `T`, no offset.
    """
    earliest = min(since.astimezone(each).replace(tzinfo=None) for each in (zone, UTC))
    step = since + (_SHIFT_GRID - _past_grid(since))
    while step <= since + _MAX_SHIFT:
        earliest = min(earliest, step.astimezone(zone).replace(tzinfo=None))
        step += _SHIFT_GRID
    return earliest.isoformat(timespec="milliseconds")


def wall_ticks(text: str) -> int | None:
    """The wall clock of a Visma time stamp in ticks of 100 nanoseconds, in the unknown zone in which it was written.

    A stamp with an offset or `Z` is converted to the wall clock of UTC.

    Returns:
        Ticks since the beginning of the year 1; None when the text is no time stamp.
    """
    text = text.strip()
    try:
        timestamp = datetime.fromisoformat(_six_digits(text))
        timestamp = timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    digits = text.partition(".")[2][:7]
    seventh = int(digits[6]) if len(digits) == 7 and digits.isascii() and digits.isdigit() else 0
    return (timestamp - _FIRST) // _MICROSECOND * 10 + seventh


def _past_grid(instant: datetime) -> timedelta:
    return timedelta(seconds=instant.timestamp() % _SHIFT_GRID.total_seconds())


def _six_digits(text: str) -> str:
    """Cut fractions of a second to the six digits that Python reads (.NET writes seven)."""
    head, point, tail = text.partition(".")
    if not point:
        return text
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[:digits][:6]}{tail[digits:]}" if digits else text
