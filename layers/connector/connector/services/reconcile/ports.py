"""The ports of reconciliation. It has its own ports for lists, apart from those of the poller and the tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from connector.domain.documents import Kind
from connector.domain.reconcile.finding import Finding
from connector.domain.routing.route import Company
from connector.domain.transactions import Stream
from connector.services.ports import Deadline, Resource


class Question(StrEnum):
    """The date by which a Visma list is filtered for a window."""

    DATED = "dated"
    CREATED = "created"
    MODIFIED = "modified"


QUESTIONS = {
    resource: tuple(one for one in Question if one is not Question.CREATED or resource.declared.has_creation_time)
    for resource in Resource
}
"""The filters of each list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """One element of a Visma list.

    Attributes:
        number: Its number in the list.
        document_type: orderType or documentType.
        branch: Branch number, if any.
        dated: Order or invoice date, as Visma wrote it; so are `created` and `modified`.
        raw: Its bytes.
    """

    number: str
    document_type: str | None
    branch: str | None
    dated: str | None
    created: str | None
    modified: str | None
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """A page of a Visma list.

    Attributes:
        unreadable: Number of elements without a number.
        server_time: Visma's clock when it answered, UTC.
        share_left: The rest of Visma's hourly quota as a share, from 0 to 1; None when Visma does not give it.
    """

    documents: Sequence[ListedDocument]
    unreadable: int
    server_time: datetime
    share_left: float | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What Visma answers when it is asked for one document.

    Attributes:
        is_there: Whether Visma has it.
        branch: Number of its branch; None when Visma names none, or does not have it.
        modified: When it was last modified, as Visma wrote it; None likewise.
        share_left: As in `DocumentPage`.
    """

    is_there: bool
    branch: str | None
    modified: str | None
    share_left: float | None


class DocumentList(Protocol):
    """The lists of one company at Visma."""

    def page(self, resource: Resource, question: Question, *, since: date, page: int) -> DocumentPage:
        """Read one page of the documents that are dated, created or modified on a day or later.

        The caller has to check whether the list applied the filter.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: as named.
        """

    def look(self, resource: Resource, number: str, document_type: str) -> Looked:
        """Ask for one document.

        Args:
            resource: The list that it would be in.
            number: Its number there.
            document_type: Visma's type of it; empty for a plain document.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: the answer does not tell whether Visma has it.
        """


class DocumentLists(Protocol):
    """Opens the lists of a company."""

    def __call__(self, company: Company, deadline: Deadline) -> DocumentList:
        """The lists of `company`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTransaction:
    """A transaction as Orderful lists it.

    Attributes:
        senders: The ids of the sender; on the test stream it may have the live and the test id.
        receivers: The ids of the receiver, likewise.
        created_at: When it was created, UTC; None when the list does not give it.
        updated_at: When it was last updated, UTC; None when the list does not give it.
        validation: Orderful's `validationStatus`; None when the list does not give it.
    """

    transaction_id: str
    transaction_type: str
    business_number: str | None
    stream: str | None
    senders: frozenset[str]
    receivers: frozenset[str]
    created_at: datetime | None
    updated_at: datetime | None
    validation: str | None = None


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """A page of Orderful's list.

    Attributes:
        following: The cursor of the next page; None on the last.
    """

    transactions: Sequence[ListedTransaction]
    following: str | None


class TransactionList(Protocol):
    """Orderful's list of transactions."""

    def page(
        self, since: datetime, until: datetime, *, senders: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        """Read one page of the transactions that these senders (at most five) created from `since` to `until`.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """

    def received(
        self, since: datetime, until: datetime, *, receivers: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        """Read one page of the transactions of every type that these receivers (at most five) got in that time.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """

    def exists(self, transaction_id: str) -> bool:
        """Whether Orderful has a transaction with this id.

        Raises:
            Transient, Throttled, Misconfigured: the read failed.
        """

    def content(self, transaction_id: str) -> Any | None:
        """The message of a transaction as Orderful stores it; None when Orderful returns none.

        Raises:
            Transient, Throttled, Misconfigured: the read failed.
        """


class InboundRecords(Protocol):
    """The inbound records of the ledger."""

    def recorded(self, transaction_ids: Sequence[str]) -> frozenset[str]:
        """Those of the transactions that are on record, by any of their ids.

        Raises:
            Transient, Throttled, Misconfigured: the records cannot be read.
        """


class TransactionStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="transactions"):
    """A step of a run: read the transactions of some senders in a part of the window."""

    since: datetime
    until: datetime
    senders: tuple[str, ...]

    @property
    def name(self) -> str:
        """The key under which its ids are stored."""
        return f"{self.since:%Y-%m-%dT%H:%M} {' '.join(self.senders)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedStep:
    """A step of a run: read the transactions that some of our ISA ids received in a part of the window."""

    since: datetime
    until: datetime
    receivers: tuple[str, ...]


class DocumentStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="documents"):
    """A step of a run: read one list of a company by one question."""

    company: str
    resource: Resource
    question: Question

    @property
    def name(self) -> str:
        """Its name in a sentence."""
        return f"{self.company} {self.resource.value} ({self.question.value})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceStep:
    """A step of a run: ask for what was sent and none of a company's lists has shown."""

    company: str

    @property
    def name(self) -> str:
        """Its name in a sentence."""
        return f"{self.company}, what no list shows"


Step = TransactionStep | ReceivedStep | DocumentStep | AbsenceStep


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The progress of a run. Times are UTC.

    Attributes:
        started_at: When it began.
        since: The beginning of the window.
        until: The end of the window; younger documents may still be in progress.
        contents_since: The contents of transactions that were not updated since then are not compared.
        steps: The steps that are stored, in order; `plan` has all of them.
        is_whole: Whether what was received, and what no list shows, are compared too. Not in runs of earlier releases.
        at: The index of the present step in the plan.
        page: The page of the present step, for a Visma list.
        following: The cursor of the present step, for Orderful's list.
        handled: How many elements of the page are done.
        tries: How often the present step failed.
        documents: How many documents were compared.
        transactions: How many transactions were compared.
        received: How many transactions that we received were compared.
        asked: For each company, the last document that Visma was asked for; the next run goes on behind it.
        problems: What could not be read.
        is_listed: Whether Orderful's whole list was read; only then is a missing transaction looked up.
        ended_at: When it had ended and was reported; None before.
        complete_at: When the last run began that ended without a problem.
        complete_until: The end of that run's window.
        over: Ids of findings of documents that were compared and are correct now.
    """

    started_at: datetime
    since: datetime
    until: datetime
    contents_since: datetime | None = None
    steps: tuple[TransactionStep | DocumentStep, ...] = ()
    is_whole: bool = False
    at: int = 0
    page: int = 1
    following: str | None = None
    handled: int = 0
    tries: int = 0
    documents: int = 0
    transactions: int = 0
    received: int = 0
    asked: dict[str, str] = {}
    problems: tuple[str, ...] = ()
    is_listed: bool = True
    ended_at: datetime | None = None
    complete_at: datetime | None = None
    complete_until: datetime | None = None
    over: tuple[str, ...] = ()

    @property
    def plan(self) -> tuple[Step, ...]:
        """All steps, in order. Those that follow from others are not stored: a run of many companies has thousands."""
        if not self.is_whole:
            return self.steps
        listed = [one for one in self.steps if isinstance(one, TransactionStep)]
        companies = dict.fromkeys(one.company for one in self.steps if isinstance(one, DocumentStep))
        return (
            *(ReceivedStep(since=one.since, until=one.until, receivers=one.senders) for one in listed),
            *self.steps,
            *(AbsenceStep(company=one) for one in companies),
        )

    @property
    def is_done(self) -> bool:
        """Whether no step is left."""
        return self.at >= len(self.plan)


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """A selection of documents.

    Attributes:
        since: The first day.
        until: The last day.
        question: Whether the days are those of the date, the creation or the modification.
        company: None for all; likewise `kind`, `partner` and `status`.
        numbers: Numbers as in keys, or as in Visma; empty for all.
    """

    since: date
    until: date
    question: Question = Question.DATED
    company: str | None = None
    kind: Kind | None = None
    partner: str | None = None
    status: str | None = None
    numbers: frozenset[str] = frozenset()


class BackfillProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The progress of a backfill.

    Attributes:
        at: The index of the present list; all before it are done.
        page: The page of the present list.
        found: How many documents were selected.
        queued: How many of them were queued.
        is_done: Whether no list is left.
    """

    selection: Selection
    at: int = 0
    page: int = 1
    found: int = 0
    queued: int = 0
    is_done: bool = False


class FindingBook(Protocol):
    """Stores findings, and the progress of a run or a backfill."""

    def take(self, *, now: datetime, lease: timedelta) -> None:
        """Take the lease for a run; raises `Conflict` while another one runs."""

    def give_back(self) -> None:
        """Return the lease."""

    def findings(self) -> Sequence[Finding]:
        """All findings, closed ones included."""

    def put(self, finding: Finding) -> None:
        """Store a finding. One that a person has closed meanwhile stays closed, unless it has changed."""

    def remove(self, finding: Finding) -> None:
        """Delete a finding."""

    def seen(self, name: str) -> frozenset[str]:
        """What a part of a run has seen: ids of transactions, or keys of documents; empty before that."""

    def keep_seen(self, name: str, seen: frozenset[str]) -> None:
        """Store it, in place of what was stored."""

    def forget_seen(self, name: str) -> None:
        """Forget it."""

    def progress(self) -> Progress | None:
        """The progress of the last run; None before the first."""

    def keep(self, progress: Progress) -> None:
        """Store the progress of a run."""

    def backfill(self) -> BackfillProgress | None:
        """The progress of the last backfill; None before the first."""

    def keep_backfill(self, progress: BackfillProgress) -> None:
        """Store the progress of a backfill."""

    def beginnings(self) -> dict[str, datetime]:
        """When each company was reconciled first, and since when what it receives is collected (`received.py`)."""

    def keep_beginnings(self, beginnings: dict[str, datetime]) -> None:
        """Write them down."""
