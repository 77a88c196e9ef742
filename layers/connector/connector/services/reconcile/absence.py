"""Finds documents that a partner has and Visma no longer has, or has in another branch or in an earlier state.

No list of the company shows them in the window, so Visma is asked for each.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.documents import DocumentKey, Kind
from connector.domain.reconcile.finding import Category, Finding, how_to_close, state_of
from connector.domain.revision.receivers import newest_reached
from connector.domain.revision.record import MAY_NEED_ATTENTION, Revision, State, time_sent
from connector.domain.routing.resolve import Routing
from connector.domain.timestamps import to_the_minute
from connector.domain.transactions import Purpose
from connector.domain.visma_clock import to_utc, zone_named
from connector.services.outbound.planning import history_of
from connector.services.ports import Ledger, Resource
from connector.services.reconcile.documents import Window
from connector.services.reconcile.ports import DocumentList, Looked, Question

MAX_LOOKS = 100
"""Most documents of a company for which the run of a night asks Visma; the next one goes on behind them."""

_DAY = timedelta(days=1)
_CERTAINLY_EARLIER = _DAY
"""A smaller difference may be one of zones and clocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What came of the look for a document.

    Attributes:
        finding: That the company does not have it in Visma; None: it has, or no partner has.
        share_left: The rest of Visma's quota as a share; None when Visma was not asked, or does not tell.
    """

    finding: Finding | None = None
    share_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceComparison:
    """Looks for the sent documents of one company."""

    ledger: Ledger
    lists: DocumentList
    routing: Routing
    window: Window
    now: datetime

    def look(self, key: DocumentKey) -> Absence:
        """Look for a document.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: whether Visma has it is not known.
        """
        sent = [one for one in self._newest_sent(key) if self._is_wanted(one)]
        if not sent:
            return Absence()
        looked = self.lists.look(*address_of(key))
        return Absence(finding=self._finding(key, sent, looked), share_left=looked.share_left)

    def _newest_sent(self, key: DocumentKey) -> Sequence[Revision]:
        """The newest revision of each receiver that has the document."""
        history = history_of(self.ledger, key)
        return [
            one
            for one, _ in newest_reached(history)
            if one.state in {*MAY_NEED_ATTENTION, State.AGREED} and one.purpose is not Purpose.CANCELLATION
        ]

    def _is_wanted(self, revision: Revision) -> bool:
        key, partner = revision.key, self.window.partner
        names = self.routing.partners_now(key.company, key.kind, revision.counterparty, revision.partner)
        return partner is None or partner in names

    def _finding(self, key: DocumentKey, sent: Sequence[Revision], looked: Looked) -> Finding | None:
        own = self.routing.companies[key.company].visma.branch
        newest = sent[0]
        partners = " and ".join(dict.fromkeys(one.partner or one.receiver_id or "the partner" for one in sent))
        step = (
            f"Tell {partners}, since no cancellation leaves by itself; connector documents show {key}; then: "
            f"{how_to_close(Category.DELETED, str(key))}"
        )
        state = [str(one.sequence) for one in sent]
        if not looked.is_there:
            what = "Visma has no such document any more"
        elif own is not None and looked.branch not in {None, own}:
            what = f"it is of branch {looked.branch} in Visma now, and company {key.company} is branch {own}"
        elif (earlier := self._earlier_state(key, sent, looked)) is not None:
            what = f"Visma has an earlier state of it, last changed {to_the_minute(earlier)}"
            step = self._backfill(key, earlier)
            state.append(what)
        else:
            return None
        reached = "agreed" if newest.state is State.AGREED else "sent"
        since = f"that was {reached} {to_the_minute(time_sent(newest))}"
        return Finding(
            category=Category.DELETED,
            company=key.company,
            subject=str(key),
            document=str(key),
            transactions=tuple(one.transaction_id for one in sent if one.transaction_id),
            sentence=f"{partners} has it, as revision {newest.sequence} {since}, and {what}.",
            next_step=step,
            state=state_of(*state),
            at=time_sent(newest),
            first_seen=self.now,
            last_seen=self.now,
        )

    def _earlier_state(self, key: DocumentKey, sent: Sequence[Revision], looked: Looked) -> datetime | None:
        """When Visma's state was changed last, if that is before the state that a partner has.

        A backup of Visma was restored: its documents were last changed when they were before, so no list of the window
        shows those that are older.
        """
        zone = zone_named(self.routing.companies[key.company].visma.time_zone)
        shown = to_utc(looked.modified, zone) if looked.modified else None
        had = max(filter(None, (one.modified_at for one in sent)), default=None)
        return shown if shown is not None and had is not None and had - shown > _CERTAINLY_EARLIER else None

    def _backfill(self, key: DocumentKey, at: datetime) -> str:
        _, number, _ = address_of(key)
        first, last = (f"{at + _DAY * days:%Y-%m-%d}" for days in (-1, 1))
        return (
            f"connector backfill --company {key.company} --kind {key.kind} --number {shlex.quote(number)} "
            f"--by-day {Question.MODIFIED} --since {first} --until {last}"
        )


def address_of(key: DocumentKey) -> tuple[Resource, str, str]:
    """The list in which a document would be, its number there, and its type; the type is empty for a plain one."""
    document_type, _, number = key.number.partition(":")
    if not number or document_type not in key.kind.facts.types:
        document_type, number = "", key.number
    return _list_of(key.kind, document_type), number, document_type


def _list_of(kind: Kind, document_type: str) -> Resource:
    lists: Mapping[str | None, Resource] = {one.declared.document_type: one for one in Resource if one.kind is kind}
    return lists.get(document_type, lists[None])
