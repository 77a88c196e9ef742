"""What of the ledger waits for a person, what is on its way, and what pauses keep: counted within bounds.

Lists of open records are read by the index, the one that has waited longest first, and no further than `MOST` of each:
so much a person can look at, and the cost does not grow with the trouble.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple, TypeVar

from connector.domain.documents import Kind
from connector.domain.order_change.record import FOR_A_PERSON
from connector.domain.pause import Pause, pause_of
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.record import (
    ATTENTION_LISTS,
    PAUSED_LIST,
    Revision,
    State,
    moment_at,
    place_at,
    place_of,
    state_list,
)
from connector.services.inbound.ports import Changes
from connector.services.ports import Ledger, Waiting

MOST = 1_000
"""Records of one list that are read."""

DOCUMENT: Literal["document"] = "document"
CHANGE: Literal["change"] = "change"
T = TypeVar("T")

_LAST = "~"
"""Behind every place of a list."""
_LISTS = (state_list(State.PARKED), state_list(State.REJECTED), *ATTENTION_LISTS)


class Subject(NamedTuple):
    """What waits alike: documents or changes, for one reason; a record of an earlier release may have none."""

    what: Literal["document", "change"]
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many, and since when the one that has waited longest waits."""

    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """What is open.

    Attributes:
        for_person: What waits for a person, the longest first.
        is_partial: Some list is longer than `MOST`; only that many of it are in `for_person`.
        paused: What each pause keeps, by the pause; None for what is left behind by one that has ended.
        paused_changes: The same of changes.
        is_paused_partial: More than `MOST` documents are paused; only these are in `paused`.
        being_sent: What is decided and not posted yet.
        sent: What Orderful has and the partner has not acknowledged.
        sent_since: Of these, how many of each partner were posted since `since`, at most `MOST` in all.
    """

    for_person: Mapping[Subject, Tally]
    is_partial: bool
    paused: Mapping[Pause | None, Tally]
    paused_changes: Mapping[Pause | None, Tally]
    is_paused_partial: bool
    being_sent: Waiting
    sent: Waiting
    sent_since: Mapping[str, int]


def open_work(ledger: Ledger, changes: Changes, pauses: Sequence[Pause], *, since: datetime) -> OpenWork:
    """Look what is open."""
    waiting: list[tuple[Subject, datetime]] = []
    paused_changes: list[tuple[Pause | None, datetime]] = []
    is_partial = False
    for name in _LISTS:
        found = ledger.listed(name, after="", before=_LAST, limit=MOST + 1)
        is_partial |= len(found) > MOST
        waiting += [(Subject(DOCUMENT, _code(one)), moment_at(place_of(one))) for one in found[:MOST]]
    for state in FOR_A_PERSON:
        incoming = list(islice(changes.in_state(state), MOST + 1))
        is_partial |= len(incoming) > MOST
        for one in incoming[:MOST]:
            code = next(iter(one.reason_codes), None)
            if Reason.PAUSED not in one.reason_codes:
                waiting.append((Subject(CHANGE, code), one.created_at))
            else:
                paused_changes.append((pause_of(pauses, one.company, Kind.PURCHASE_ORDER, one.partner), one.created_at))
    kept = ledger.listed(PAUSED_LIST, after="", before=_LAST, limit=MOST + 1)
    today = ledger.listed(state_list(State.SENT), after=place_at(since), before=_LAST, limit=MOST)
    return OpenWork(
        for_person=_tallied(waiting),
        is_partial=is_partial,
        paused=_tallied((_pause(pauses, one), one.created_at) for one in kept[:MOST]),
        paused_changes=_tallied(paused_changes),
        is_paused_partial=len(kept) > MOST,
        being_sent=ledger.waiting(State.TRANSLATED),
        sent=ledger.waiting(State.SENT),
        sent_since=dict(Counter(one.partner or "-" for one in today).most_common()),
    )


def _code(revision: Revision) -> str | None:
    return next(iter(reason_codes(revision)), None)


def _pause(pauses: Sequence[Pause], one: Revision) -> Pause | None:
    return pause_of(pauses, one.key.company, one.key.kind, one.partner)


def _tallied(found: Iterable[tuple[T, datetime]]) -> dict[T, Tally]:
    """How many there are of each, the one that has waited longest first."""
    tallies: dict[T, Tally] = {}
    for each, since in found:
        before = tallies.get(each)
        tallies[each] = Tally(before.count + 1, min(before.oldest, since)) if before else Tally(1, since)
    return dict(sorted(tallies.items(), key=lambda item: item[1].oldest))
