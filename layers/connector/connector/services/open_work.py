"""Counts open work: what waits for a person, what is on its way, and what pauses keep.

Lists of open records are read by an index, the longest waiting first, and at most `MAX_RECORDS` of each, so that the
cost is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple, TypeVar

from connector.domain.layout import NOTHING
from connector.domain.order_change.record import FOR_A_PERSON
from connector.domain.pause import Pause, pause_of
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.listed import ListedRevision
from connector.domain.revision.record import (
    ATTENTION_LISTS,
    PAUSED_LIST,
    State,
    place_at,
    state_list,
    timestamp_at,
)
from connector.domain.routing.resolve import Routing
from connector.services.inbound.ports import Changes
from connector.services.listing import partners_of, partners_of_change
from connector.services.ports import Ledger, Waiting

MAX_RECORDS = 1_000
"""Most records of one list that are read."""

DOCUMENT: Literal["document"] = "document"
CHANGE: Literal["change"] = "change"
T = TypeVar("T")

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


@dataclass(frozen=True, slots=True)
class PartnerWork:
    """The open work of one partner, paused work left out.

    Attributes:
        sent: Documents that were posted since `since` (of `open_work`) and are not acknowledged.
        acknowledged: Documents that were acknowledged on the day (UTC) of `since`.
        failed: Documents that were refused, or need attention.
        waiting: Parked documents, and changes that wait for a person.
    """

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """The open work of a stack.

    Attributes:
        for_person: What waits for a person, the longest waiting first.
        is_partial: A list is longer than `MAX_RECORDS`; only that many of it are in `for_person`.
        paused: Paused documents by their pause; None for those left by a pause that has ended.
        paused_changes: Paused changes by their pause.
        is_paused_partial: More than `MAX_RECORDS` documents are paused; only that many are in `paused`.
        being_sent: Documents that are decided and not posted yet.
        sent: Documents that Orderful has and the partner has not acknowledged.
        is_sent_partial: More than `MAX_RECORDS` documents were posted since `since`; `by_partner` has only that many.
        by_partner: The open work by partner, first those with something failed or waiting; "-" for a document without a
            known partner.
    """

    for_person: Mapping[Subject, Tally]
    is_partial: bool
    paused: Mapping[Pause | None, Tally]
    paused_changes: Mapping[Pause | None, Tally]
    is_paused_partial: bool
    being_sent: Waiting
    sent: Waiting
    is_sent_partial: bool
    by_partner: Mapping[str, PartnerWork]


def open_work(
    ledger: Ledger, changes: Changes, pauses: Sequence[Pause], routing: Routing, *, since: datetime
) -> OpenWork:
    """Count the open work; `since` is the time from which sent documents are counted by partner."""
    waiting: list[tuple[Subject, datetime]] = []
    paused_changes: list[tuple[Pause | None, datetime]] = []
    partners: dict[str, Counter[str]] = {}
    is_partial = False

    def count(what: Literal["sent", "acknowledged", "failed", "waiting"], names: Sequence[str], times: int = 1) -> None:
        partners.setdefault(" or ".join(names) or NOTHING, Counter())[what] += times

    for name in _LISTS:
        found = ledger.first_of(name, limit=MAX_RECORDS + 1)
        is_partial |= len(found) > MAX_RECORDS
        waiting += [(Subject(DOCUMENT, _code(one)), timestamp_at(one.place)) for one in found[:MAX_RECORDS]]
        for one in found[:MAX_RECORDS]:
            count("waiting" if one.state is State.PARKED else "failed", partners_of(one, routing))
    for state in FOR_A_PERSON:
        incoming = list(islice(changes.in_state(state), MAX_RECORDS + 1))
        is_partial |= len(incoming) > MAX_RECORDS
        for change in incoming[:MAX_RECORDS]:
            code = next(iter(change.reason_codes), None)
            if Reason.PAUSED not in change.reason_codes:
                waiting.append((Subject(CHANGE, code), change.created_at))
                count("waiting", partners_of_change(change, routing))
            else:
                pause = pause_of(pauses, change.company, change.kind, change.partner)
                paused_changes.append((pause, change.created_at))
    kept = ledger.first_of(PAUSED_LIST, limit=MAX_RECORDS + 1)
    sent = ledger.first_of(state_list(State.SENT), after=place_at(since), limit=MAX_RECORDS + 1)
    for one in sent[:MAX_RECORDS]:
        count("sent", partners_of(one, routing))
    for who, times in ledger.progress().acknowledged_on(since.date()).items():
        count("acknowledged", routing.partners_now(*who), times)
    return OpenWork(
        for_person=_tallied(waiting),
        is_partial=is_partial,
        paused=_tallied((_pause(pauses, one), one.created_at) for one in kept[:MAX_RECORDS]),
        paused_changes=_tallied(paused_changes),
        is_paused_partial=len(kept) > MAX_RECORDS,
        being_sent=ledger.waiting(State.TRANSLATED),
        sent=ledger.waiting(State.SENT),
        is_sent_partial=len(sent) > MAX_RECORDS,
        by_partner=_worst_first({name: PartnerWork(**counts) for name, counts in partners.items()}),
    )


def _worst_first(found: Mapping[str, PartnerWork]) -> dict[str, PartnerWork]:
    def order(item: tuple[str, PartnerWork]) -> tuple[int, int, str]:
        name, work = item
        return -(work.failed + work.waiting), -(work.sent + work.acknowledged), name

    return dict(sorted(found.items(), key=order))


def _code(revision: ListedRevision) -> str | None:
    return next(iter(reason_codes(revision)), None)


def _pause(pauses: Sequence[Pause], one: ListedRevision) -> Pause | None:
    return pause_of(pauses, one.key.company, one.key.kind, one.partner)


def _tallied(found: Iterable[tuple[T, datetime]]) -> dict[T, Tally]:
    """Counts by group, the longest waiting first."""
    tallies: dict[T, Tally] = {}
    for each, since in found:
        before = tallies.get(each)
        tallies[each] = Tally(before.count + 1, min(before.oldest, since)) if before else Tally(1, since)
    return dict(sorted(tallies.items(), key=lambda item: item[1].oldest))
