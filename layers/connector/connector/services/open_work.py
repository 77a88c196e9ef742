"""Counts open work: what waits for a person, what is on its way, and what pauses keep.

Lists of open records are read by an index, the longest waiting first, and at most `MOST` of each, so that the cost is
bounded.
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
"""Most records of one list that are read."""

DOCUMENT: Literal["document"] = "document"
CHANGE: Literal["change"] = "change"
T = TypeVar("T")

_LAST = "~"
"""Behind every place of a list."""
_LISTS = (state_list(State.PARKED), state_list(State.REJECTED), *ATTENTION_LISTS)


class Subject(NamedTuple):
    """A group of documents or changes with the same reason; None in records of earlier releases."""

    what: Literal["document", "change"]
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """A count, and since when the longest waiting one waits."""

    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """The open work of a stack.

    Attributes:
        for_person: What waits for a person, the longest waiting first.
        is_partial: A list is longer than `MOST`; only that many of it are in `for_person`.
        paused: Paused documents by their pause; None for those left by a pause that has ended.
        paused_changes: Paused changes by their pause.
        is_paused_partial: More than `MOST` documents are paused; only that many are in `paused`.
        being_sent: Documents that are decided and not posted yet.
        sent: Documents that Orderful has and the partner has not acknowledged.
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
    """Count the open work."""
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
    """Counts by group, the longest waiting first."""
    tallies: dict[T, Tally] = {}
    for each, since in found:
        before = tallies.get(each)
        tallies[each] = Tally(before.count + 1, min(before.oldest, since)) if before else Tally(1, since)
    return dict(sorted(tallies.items(), key=lambda item: item[1].oldest))
