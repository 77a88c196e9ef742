"""Use case: the numbers of a day by partner, from the histories in the ledger.

What is over is in no list, so the whole table is read (docs/decisions/0044). It is read only when a person asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from connector.domain.layout import NOTHING
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.services.listing import MAX_SCANNED, partners_of
from connector.services.ports import Ledger

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """What happened on a day with the documents of one partner. A revision counts at most once in each number.

    Attributes:
        sent: Revisions that Orderful accepted on that day.
        acknowledged: Revisions that the partner acknowledged.
        failed: Revisions that Orderful or the partner refused, or that came to need attention.
        parked: Revisions that were parked.
    """

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True)
class DayByPartner:
    """The numbers of a day.

    Attributes:
        day: The day, UTC.
        partners: By the name of the partner in force, the most failed first; "-" without a known partner.
        complete: Whether the whole table was read; if not, the numbers are too low.
    """

    day: date
    partners: Mapping[str, PartnerDay]
    complete: bool


def day_by_partner(ledger: Ledger, routing: Routing, day: date) -> DayByPartner:
    """Count the documents of a day (UTC). Reads `MAX_SCANNED` parts of the table at most."""
    begins = datetime.combine(day, time(), UTC)
    found: dict[str, Counter[str]] = {}
    complete = True
    for number, page in enumerate(ledger.everything(frozenset(State))):
        if number >= MAX_SCANNED:
            complete = False
            break
        for one in page:
            if one.updated_at >= begins and (happened := _happened(one, begins, begins + _DAY)):
                name = " or ".join(partners_of(one, routing)) or NOTHING
                found.setdefault(name, Counter()).update(happened)
    partners = {name: PartnerDay(**counts) for name, counts in found.items()}
    order = sorted(partners.items(), key=lambda item: (-item[1].failed, -item[1].sent, item[0]))
    return DayByPartner(day, dict(order), complete)


def _happened(one: Revision, begins: datetime, ends: datetime) -> set[str]:
    """The numbers in which a revision counts."""
    states = {event.state for event in one.history if begins <= event.at < ends}
    happened = {name for state, name in _COUNTED.items() if state in states}
    if one.sent_at is not None and begins <= one.sent_at < ends:
        happened.add("sent")
    if one.needs_attention and one.attention_at is not None and begins <= one.attention_at < ends:
        happened.add("failed")
    return happened


_COUNTED = {State.ACKNOWLEDGED: "acknowledged", State.REJECTED: "failed", State.PARKED: "parked"}
