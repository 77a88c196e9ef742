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
    Resource.PURCHASE_ORDERS: (Question.DATED, Question.MODIFIED),
    Resource.SUPPLIER_INVOICES: tuple(Question),
    Resource.CUSTOMER_INVOICES: tuple(Question),
    Resource.CUSTOMER_CREDIT_NOTES: tuple(Question),
    Resource.CUSTOMER_DEBIT_NOTES: tuple(Question),
}
"""The filters of each list (Visma: the list of purchase orders has no creation time)."""


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


class DocumentList(Protocol):
    """The lists of one company at Visma."""

    def page(self, resource: Resource, question: Question, *, since: date, page: int) -> DocumentPage:
        """Read one page of the documents that are dated, created or modified on a day or later.

        The caller has to check whether the list applied the filter.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: as named.
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
    """

    transaction_id: str
    transaction_type: str
    business_number: str | None
    stream: str | None
    senders: frozenset[str]
    receivers: frozenset[str]
    created_at: datetime | None
    updated_at: datetime | None


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


class TransactionStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="transactions"):
    """A step of a run: read the transactions of some senders in a part of the window."""

    since: datetime
    until: datetime
    senders: tuple[str, ...]

    @property
    def name(self) -> str:
        """The key under which its ids are stored."""
        return f"{self.since:%Y-%m-%dT%H:%M} {' '.join(self.senders)}"


class DocumentStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="documents"):
    """A step of a run: read one list of a company by one question."""

    company: str
    resource: Resource
    question: Question

    @property
    def name(self) -> str:
        """Its name in a sentence."""
        return f"{self.company} {self.resource.value} ({self.question.value})"


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The progress of a run. Times are UTC.

    Attributes:
        started_at: When it began.
        since: The beginning of the window.
        until: The end of the window; younger documents may still be in progress.
        contents_since: The contents of transactions that were not updated since then are not compared.
        steps: The steps, in order.
        at: The index of the present step.
        page: The page of the present step, for a Visma list.
        following: The cursor of the present step, for Orderful's list.
        handled: How many elements of the page are done.
        tries: How often the present step failed.
        documents: How many documents were compared.
        transactions: How many transactions were compared.
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
    at: int = 0
    page: int = 1
    following: str | None = None
    handled: int = 0
    tries: int = 0
    documents: int = 0
    transactions: int = 0
    problems: tuple[str, ...] = ()
    is_listed: bool = True
    ended_at: datetime | None = None
    complete_at: datetime | None = None
    complete_until: datetime | None = None
    over: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether no step is left."""
        return self.at >= len(self.steps)


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

    def seen(self, step: TransactionStep) -> frozenset[str]:
        """The ids in Orderful's list for a part of the window; empty before it was read."""

    def keep_seen(self, step: TransactionStep, ids: frozenset[str]) -> None:
        """Store these ids, in place of the earlier ones."""

    def forget_seen(self, step: TransactionStep) -> None:
        """Forget them."""

    def progress(self) -> Progress | None:
        """The progress of the last run; None before the first."""

    def keep(self, progress: Progress) -> None:
        """Store the progress of a run."""

    def backfill(self) -> BackfillProgress | None:
        """The progress of the last backfill; None before the first."""

    def keep_backfill(self, progress: BackfillProgress) -> None:
        """Store the progress of a backfill."""

    def beginnings(self) -> dict[str, datetime]:
        """When each company was reconciled first."""

    def keep_beginnings(self, beginnings: dict[str, datetime]) -> None:
        """Write them down."""
