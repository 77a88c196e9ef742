"""Whether a document is from before go-live. Such documents are not sent by themselves.

`lastModifiedDateTime` changes years after the document did (payments, prints, upgrades), so it does not show what is
new. Visma gives a creation time for invoices but not for purchase orders (its OpenAPI document), so the order date
decides for orders.

An order that is dated before go-live and was not in the list on its day was entered later: a person has to decide.

The creation time is when a document was entered, which is not when it was issued: documents may be migrated to Visma,
with their own dates (Visma's help: "Migrate documents to Visma Net"), and its API does not show that they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.domain.visma_clock import FIRST_DAY, to_utc

UNKNOWN_ZONE = timedelta(hours=3, minutes=5)
"""How far Visma's clock may be ahead of UTC while its zone is not known (Helsinki in summer, and a margin)."""

ENTERED_IN_TIME = timedelta(days=31)
"""How long after its own date an invoice may be entered and still count as issued from Visma: the longest month.

An invoice is issued within a month of the delivery (Norwegian Tax Administration: the main rule), and the books of a
month are closed in the next one. So a later entry is a copy of what was issued elsewhere, or an exception.
"""


class Origin(StrEnum):
    """Whether a document is from before or after go-live.

    `UNCLEAR`, and `ENTERED_LATE` (created after it and dated long before it): a person has to decide.
    """

    BEFORE = "before"
    AFTER = "after"
    UNCLEAR = "unclear"
    ENTERED_LATE = "entered late"


class BeforeGoLive(StrEnum):
    """What a later material change of a document from before go-live does."""

    PARK = "park"
    IGNORE = "ignore"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class GoLive:
    """When go-live is.

    Attributes:
        at: The time, UTC; the start of the day if routing gives a date only.
        day: The calendar day on Visma's clock.
        whole_day: Routing gives a date only: every document of that day is new.
    """

    at: datetime
    day: date
    whole_day: bool

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> GoLive:
        """Read `2026-12-01` or `2026-12-01T06:00`; without an offset it is a time of `zone`.

        Raises:
            ValueError: the text is neither.
        """
        text = text.strip()
        try:
            if len(text) == len("2026-12-01"):
                day = date.fromisoformat(text)
                return cls(datetime.combine(day, time.min, zone).astimezone(UTC), day, whole_day=True)
            timestamp = datetime.fromisoformat(text)
            if timestamp.tzinfo is None:
                timestamp = timestamp.replace(tzinfo=zone)
            return cls(timestamp.astimezone(UTC), timestamp.astimezone(zone).date(), whole_day=False)
        except (ValueError, OverflowError):
            raise ValueError(f"'{text[:40]}' is no date and no time; write 2026-12-01 or 2026-12-01T06:00") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The times of a document, as far as they are known.

    Attributes:
        created: Visma's `createdDateTime` as written; None where the API gives none.
        dated: Order date or invoice date.
        modified_at: Visma's `lastModifiedDateTime`, UTC as far as the zone is known.
        seen_at: Visma's clock when it returned the document, UTC.
        listed_since: Visma's clock when its list was first read, UTC; None when that is not known.
        first_scan: It was in the first pass over its list.
    """

    created: str | None
    dated: date | None
    modified_at: datetime | None
    seen_at: datetime | None
    listed_since: datetime | None
    first_scan: bool


def origin(sighting: Sighting, go_live: GoLive | None, zone: str | None) -> Origin:
    """Whether a document that is not in the ledger is from before go-live.

    Without a `go_live` in routing, the first pass over the list is go-live: documents in it, and documents dated before
    its day, are from before. That pass reaches back to the start of its day.

    Args:
        sighting: The times of the document.
        go_live: The go-live in routing; None without one.
        zone: Name of the zone of Visma's clock; None until it is set in routing.
    """
    if (day := _day_of(sighting.created)) is None or day < FIRST_DAY:
        sighting = replace(sighting, created=None)
    if go_live is None:
        return _by_first_reading(sighting)
    if was_shown_before(sighting, go_live, zone):
        return Origin.BEFORE
    created = sighting.created
    if created is not None and (at := to_utc(created, ZoneInfo(zone or "UTC"))) is not None:
        found = _by_creation(created, at, go_live, zone)
        if found is Origin.AFTER:
            return _by_delay(sighting, go_live.day)
        # A draft from before may have become an invoice since; only a person knows whether it was sent.
        first_day = go_live.day if go_live.whole_day else go_live.day + timedelta(days=1)
        is_later = sighting.dated is not None and sighting.dated >= first_day
        return Origin.UNCLEAR if found is Origin.BEFORE and is_later else found
    return _by_date(sighting, go_live, zone)


def was_shown_before(sighting: Sighting, go_live: GoLive, zone: str | None) -> bool:
    """Whether Visma returned this state before go-live; then it is from before, whatever changed in it."""
    return sighting.seen_at is not None and sighting.seen_at < go_live.at - _slack(zone)


def _by_first_reading(sighting: Sighting) -> Origin:
    if sighting.first_scan:
        return Origin.BEFORE
    if sighting.listed_since is None:
        # An older stack without go-live, or a message that a person asked for: nothing shows that it is old.
        return Origin.AFTER
    dated = _day_of(sighting.created) or sighting.dated
    if dated is None:
        return Origin.UNCLEAR
    first_day = sighting.listed_since.date()
    return Origin.BEFORE if dated < first_day else _by_delay(sighting, first_day)


def _by_creation(created: str, at: datetime, go_live: GoLive, zone: str | None) -> Origin:
    if go_live.whole_day:
        day = _day_of(created) or at.date()
        return Origin.BEFORE if day < go_live.day else Origin.AFTER
    if at < go_live.at:
        return Origin.BEFORE
    return Origin.UNCLEAR if at - _slack(zone) < go_live.at else Origin.AFTER


def _by_delay(sighting: Sighting, first_day: date) -> Origin:
    """The origin of a document that was created after go-live, by the time between its own date and its creation.

    Args:
        sighting: The times of the document.
        first_day: The day of go-live.
    """
    dated, created = sighting.dated, _day_of(sighting.created)
    if dated is None or created is None or dated >= first_day:
        return Origin.AFTER
    return Origin.ENTERED_LATE if created - dated > ENTERED_IN_TIME else Origin.AFTER


def _by_date(sighting: Sighting, go_live: GoLive, zone: str | None) -> Origin:
    if sighting.dated is None:
        return Origin.UNCLEAR
    if sighting.dated < go_live.day:
        return Origin.UNCLEAR if _is_entered_since(sighting, sighting.dated, go_live, zone) else Origin.BEFORE
    if sighting.dated != go_live.day or go_live.whole_day:
        return Origin.AFTER
    # Dated on the very day of a go-live with a time of day.
    if sighting.modified_at is not None and sighting.modified_at < go_live.at - _slack(zone):
        return Origin.BEFORE
    was_listed_before = sighting.listed_since is not None and sighting.listed_since < go_live.at
    return Origin.AFTER if was_listed_before and not sighting.first_scan else Origin.UNCLEAR


def _is_entered_since(sighting: Sighting, dated: date, go_live: GoLive, zone: str | None) -> bool:
    """Whether an order that is dated before go-live seems to have been entered after it.

    The list was read on the day of its date, and did not show it then: what was entered by then is on record.
    """
    if sighting.first_scan or sighting.listed_since is None or sighting.modified_at is None:
        return False
    was_changed_since = sighting.modified_at >= go_live.at - _slack(zone)
    return was_changed_since and sighting.listed_since.date() < dated


def _slack(zone: str | None) -> timedelta:
    return timedelta(0) if zone else UNKNOWN_ZONE


def _day_of(created: str | None) -> date | None:
    """The day on Visma's clock, whatever its zone."""
    try:
        return date.fromisoformat(created.strip()[:10]) if created else None
    except ValueError:
        return None
