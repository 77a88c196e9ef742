"""Compares one Visma document with the ledger and Orderful: is its state recorded, is what was sent there?"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from connector.domain.documents import MAX_TYPE_LENGTH, DocumentKey, number_in_key
from connector.domain.errors import Misconfigured, Parked
from connector.domain.reconcile.finding import Category, Finding, how_to_close, state_of
from connector.domain.revision.arrival import Concern
from connector.domain.revision.assess import Wait
from connector.domain.revision.go_live import UNKNOWN_ZONE
from connector.domain.revision.plan import Add, Plan, Replace, plan
from connector.domain.revision.reading import Reading
from connector.domain.revision.receivers import newest_reached
from connector.domain.revision.record import (
    MAY_NEED_ATTENTION,
    Revision,
    State,
    current_revision,
    own_revisions,
    time_sent,
)
from connector.domain.routing.route import Company
from connector.domain.visma_clock import to_utc, zone_named
from connector.edi.kinds import KINDS
from connector.services.messages import DocumentMessage
from connector.services.order_types import shared_number
from connector.services.outbound.facts import DocumentFacts
from connector.services.outbound.planning import history_of
from connector.services.outbound.reading import read_message
from connector.services.ports import Resource
from connector.services.reconcile.ports import QUESTIONS, DocumentPage, ListedDocument, Question

YOUNG = timedelta(hours=1)
"""A more recent change or sending may still be in progress, and is left to the next run."""

_STUCK = (State.TRANSLATED, State.SENDING, State.UNCONFIRMED)
_NEEDS_LEDGER = {
    State.TRANSLATED: "it would be sent",
    State.PARKED: "a person would be asked",
    State.SKIPPED: "it would be skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which documents and transactions are compared.

    Attributes:
        since: The beginning, UTC.
        until: The end, UTC; nothing younger is compared.
        young: A document that changed within this time may still be in progress; half of it is added to the settle time
            (`visma.settle`).
        partner: Only this partner; None for all.
    """

    since: datetime
    until: datetime
    young: timedelta = YOUNG
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A document with its findings."""

    key: DocumentKey
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentComparison:
    """Compares the documents of one company.

    Attributes:
        facts: The ledger, and the routing in force.
        begun: When the company was first reconciled, UTC; without a go-live in routing, older documents are left out.
        is_at_orderful: Whether Orderful has a transaction; None when that is unknown now.
        copies: Ids of additional transactions of a document that this run has found.
        unknown: Ids of unknown transactions that this run has found, by document or by type and number.
    """

    company: Company
    facts: DocumentFacts
    window: Window
    now: datetime
    begun: datetime
    is_at_orderful: Callable[[Revision], bool | None]
    copies: Callable[[DocumentKey], Sequence[str]]
    unknown: Callable[[DocumentKey, tuple[str, str] | None], Sequence[str]]

    def is_asked(self, resource: Resource, question: Question, document: ListedDocument) -> bool:
        """Whether a row matches the question, as far as its fields show it."""
        return question in self._answers(resource, document, until=None)

    def compare(
        self, resource: Resource, question: Question, document: ListedDocument, page: DocumentPage
    ) -> Compared | None:
        """The findings of a document; None when it is not compared here.

        A document is compared for the first question that it matches, and not while it may still be in progress.

        Raises:
            Transient, Throttled, Misconfigured: the ledger or Orderful cannot be read, or the document has no date.
        """
        if not any(map(_day, (document.dated, document.created, document.modified))):
            raise Misconfigured("Visma shows none of its dates, so nobody can tell whether it belongs to the window.")
        answered = self._answers(resource, document, until=self.window.until)
        if next(iter(answered), None) is not question or self.is_young(document, page.server_time):
            return None
        branch = self.company.visma.branch
        if branch and document.branch not in {None, branch}:
            return None
        reading, history, result = self._planned(resource, document, page.server_time)
        if self.window.partner is not None and not self._is_partners(reading, history):
            return None
        missing = self._missing(reading, history, result)
        found = (missing, None if missing else self._stuck(history), *self._gone(history))
        return Compared(reading.key, tuple(filter(None, found)))

    # -- which documents ----------------------------------------------------------------------------------------------

    def _answers(self, resource: Resource, document: ListedDocument, *, until: datetime | None) -> tuple[Question, ...]:
        """The questions that a row matches, in their order."""
        zone = zone_named(self.company.visma.time_zone)
        dated = _day(document.dated)
        timestamps = {
            Question.DATED: datetime.combine(dated, time(), UTC) if dated else None,
            Question.CREATED: to_utc(document.created, zone) if document.created else None,
            Question.MODIFIED: to_utc(document.modified, zone) if document.modified else None,
        }
        first = datetime.combine(self.window.since.date(), time(), UTC)
        return tuple(
            one
            for one in QUESTIONS[resource]
            if (at := timestamps[one]) is not None and first - UNKNOWN_ZONE <= at and (until is None or at <= until)
        )

    def names(self, resource: Resource, document: ListedDocument) -> frozenset[str]:
        """The keys under which a row may be on record."""
        kind, document_type = resource.kind, document.document_type or resource.declared.document_type
        names = {number_in_key(kind, document_type, document.number)}
        if kind.facts.plain_type is None:
            names.add(f"{document_type}:{document.number}")
        return frozenset(str(DocumentKey(self.company.name, kind, one)) for one in names)

    def is_young(self, document: ListedDocument, server_time: datetime) -> bool:
        """Whether it changed so recently that it may still be in progress."""
        visma = self.company.visma
        modified = to_utc(document.modified, zone_named(visma.time_zone)) if document.modified else None
        slack = timedelta(0) if visma.time_zone else UNKNOWN_ZONE
        rest = max(self.window.young, visma.settle + self.window.young / 2)
        return modified is not None and modified > server_time - rest - slack

    def _is_partners(self, reading: Reading, history: Sequence[Revision]) -> bool:
        document = reading.document
        number = document.counterparty if document else None
        wanted = (self.company.name, self.window.partner, reading.key.kind.facts.counterparty, number)
        return wanted in set(self.facts.routing.numbers()) or any(one.partner == self.window.partner for one in history)

    # -- is its state on record? --------------------------------------------------------------------------------------

    def _planned(
        self, resource: Resource, document: ListedDocument, server_time: datetime
    ) -> tuple[Reading, Sequence[Revision], Plan | Wait | None]:
        """The document, its history, and the plan of the translator; None when no plan is needed."""
        kind = resource.kind
        document_type = document.document_type or resource.declared.document_type
        modified = to_utc(document.modified, zone_named(self.company.visma.time_zone)) if document.modified else None
        message = DocumentMessage(
            company=self.company.name,
            kind=kind,
            number=number_in_key(kind, document_type, document.number),
            modified_at=modified or server_time,
            seen_at=server_time,
            listed_since=None if self.company.go_live else self.begun,
        )
        reading = read_message(message, document.raw)
        history = self._history(reading.key)
        shared = None
        content = reading.document
        if kind.facts.plain_type is None and content is not None and content.document_type:
            plain = DocumentKey(self.company.name, kind, content.content.number)
            recorded = history if reading.key == plain else self._history(plain)
            shared = shared_number(
                self.facts.ledger,
                reading.key,
                plain=plain,
                recorded=recorded,
                order_type=content.document_type[:MAX_TYPE_LENGTH],
            )
            if shared.key != reading.key:
                reading = replace(reading, key=shared.key, document=replace(content, key=shared.key))
                history = self._history(shared.key)
        if _has_seen(history, reading):
            return reading, history, None  # the ledger has this state
        routed = self.facts.routed(reading)
        history = self.facts.identified(history, reading)
        sharing = shared.shared_with(routed.route) if shared else None
        return reading, history, plan(reading, history, routed, self.facts, now=self.now, sharing=sharing)

    def _missing(self, reading: Reading, history: Sequence[Revision], result: Plan | Wait | None) -> Finding | None:
        if not isinstance(result, Plan):
            return None
        key, content = reading.key, reading.document
        if not history:
            if result.result in {None, State.BASELINE}:
                return None
            what = _NEEDS_LEDGER[result.result]
            sentence = f"Visma has it, and the ledger has no record of it; {what}."
        else:
            result_state = next(filter(None, (_new_state(step) for step in result.steps)), None)
            if result_state is None:
                return None
            status = content.status if content else None
            sentence = (
                f"Visma has a state of it that the ledger does not know (status {status or 'none'}); "
                f"{_NEEDS_LEDGER[result_state]}."
            )
        filed, at = self._filed_under(reading), self._at(reading)
        names = tuple(self.unknown(key, filed))
        if names:
            sentence += f" Orderful has {', '.join(names)}, which nobody owns."
        return self._finding(
            key,
            sentence,
            self._backfill(reading, at),
            at=at,
            transactions=names,
            state=state_of(reading.revision_id, content.status if content else "", *names),
        )

    def _backfill(self, reading: Reading, at: datetime) -> str:
        """The command that queues it: its options select Visma's number and a range of days."""
        key, content = reading.key, reading.document
        number = content.content.number if content else key.number
        command = f"connector backfill --company {key.company} --kind {key.kind} --number {shlex.quote(number)}"
        if reading.sighting.dated is None:
            return f"{command} --by-day {Question.MODIFIED} --since {at - timedelta(days=1):%Y-%m-%d}"
        until = f" --until {at:%Y-%m-%d}" if at > self.now else ""
        return f"{command} --since {at:%Y-%m-%d}{until}"

    def _filed_under(self, reading: Reading) -> tuple[str, str] | None:
        if reading.document is None:
            return None
        kind, content = reading.key.kind, reading.document.content
        try:
            return kind.facts.transaction_type.value, KINDS[kind].business_number(content)
        except Parked:
            return None

    def _at(self, reading: Reading) -> datetime:
        dated = reading.sighting.dated
        return datetime.combine(dated, time(), UTC) if dated else (reading.sighting.modified_at or self.now)

    # -- is what was sent at Orderful? --------------------------------------------------------------------------------

    def _stuck(self, history: Sequence[Revision]) -> Finding | None:
        """The finding for a revision that should have been sent long ago; None without one."""
        newest = next((one for one in history if one.state is not State.SUPERSEDED), None)
        if newest is None or newest.state not in _STUCK or newest.created_at > self.window.until:
            return None
        return self._finding(
            newest.key,
            f"Revision {newest.sequence} was to be sent at {newest.created_at:%Y-%m-%d %H:%M} UTC and is still "
            f"{newest.state}.",
            f"connector documents trace {newest.key}",
            at=newest.created_at,
            state=state_of(newest.sequence, newest.state),
        )

    def _gone(self, history: Sequence[Revision]) -> Sequence[Finding]:
        """The findings for the newest revision of each receiver that Orderful does not have."""
        found = []
        current = current_revision(own_revisions(history))
        for revision, _ in newest_reached(history):
            at = time_sent(revision)
            if (
                revision.state not in MAY_NEED_ATTENTION
                or revision.transaction_id is None
                or revision.closed_concern == Concern.DELETED
                or not self.window.since <= at <= self.window.until
                or self.is_at_orderful(revision) is not False
            ):
                continue
            copies = self.copies(revision.key)
            sentence = (
                f"Revision {revision.sequence} was sent as {revision.transaction_id} to {revision.partner}, and "
                "Orderful has no such transaction."
            )
            if copies:
                sentence += f" {', '.join(copies)}, a copy of it, is there in its place."
            condition = "then"
            step = f"connector documents trace {revision.key}"
            if revision is current and not copies:
                again = f"connector documents resend {revision.key} --as original"
                step += f"; if {revision.partner} does not have it: {again}"
                condition = "if it has it"
            step += f"; {condition}: {how_to_close(Category.MISSING, revision.transaction_id)}"
            found.append(
                self._finding(
                    revision.key,
                    sentence,
                    step,
                    at=at,
                    subject=revision.transaction_id,
                    transactions=(revision.transaction_id,),
                    state=state_of("gone", revision.transaction_id, *copies),
                )
            )
        return found

    def _finding(
        self,
        key: DocumentKey,
        sentence: str,
        next_step: str,
        *,
        at: datetime,
        state: str,
        subject: str | None = None,
        transactions: tuple[str, ...] = (),
    ) -> Finding:
        return Finding(
            category=Category.MISSING,
            company=key.company,
            subject=subject or str(key),
            document=str(key),
            transactions=transactions,
            sentence=sentence,
            next_step=next_step,
            state=state,
            at=at,
            first_seen=self.now,
            last_seen=self.now,
        )

    def _history(self, key: DocumentKey) -> Sequence[Revision]:
        return history_of(self.facts.ledger, key)


def _has_seen(history: Sequence[Revision], reading: Reading) -> bool:
    """Whether the newest state in the ledger is this one, by row version and content; else by content and status.

    An older one does not count: after a backup of Visma was restored, an old message may have recorded, and sent, a
    state that Visma has no longer (docs/decisions/0076). Row versions come again then, so the content counts as well. A
    document that only routing would decide differently now is not new.
    """
    newest = next((one for one in own_revisions(history) if one.visma_version or one.seen_at), None)
    if newest is None:
        return False
    if reading.version is not None and newest.visma_version is not None:
        is_same = reading.document is None or newest.revision_id == reading.revision_id
        return is_same and newest.visma_version == reading.version
    status = reading.document.status if reading.document else None
    return (newest.revision_id, newest.visma_status) == (reading.revision_id, status)


def _new_state(step: object) -> State | None:
    """The new state after a step, if a person or the partner has to know of it; else None.

    A document that would only be skipped, or asked about again, is not new.
    """
    if isinstance(step, Add) and step.revision.state in {State.TRANSLATED, State.PARKED}:
        return step.revision.state
    if isinstance(step, Replace) and step.is_decision:
        before, after = step.was, step.revision.state
        is_new = after is State.TRANSLATED or (after is State.PARKED and before is not State.PARKED)
        return after if is_new else None
    return None


def _day(text: str | None) -> date | None:
    """The calendar date of a Visma date, which is written with an empty time."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
