"""What reconciliation asks of the outside world. Its lists are its own: the poller and the tracker read by others."""

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
    """By what a list of Visma's is asked for the documents of a window."""

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
"""What each list can be asked (Visma: the list of purchase orders knows no time of creation)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """One element of a list of Visma's.

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
    """A page of a list of Visma's.

    Attributes:
        unreadable: Elements without a number.
        server_time: Visma's clock when it answered.
        share_left: What is left of the calls of Visma's hour, from 0 to 1; None where Visma does not say.
    """

    documents: Sequence[ListedDocument]
    unreadable: int
    server_time: datetime
    share_left: float | None


class DocumentList(Protocol):
    """The lists of one company at Visma."""

    def page(self, resource: Resource, question: Question, *, since: date, page: int) -> DocumentPage:
        """Read one page of the documents that are dated, created or modified on a day or later.

        Whether the list obeyed is the caller's to check.

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
        senders: The ids of the sender: on the test stream the live and the test one may stand side by side.
        receivers: The ids of the receiver, likewise.
        created_at: None where the list does not tell; so is `updated_at`.
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
        following: What asks for the next page; None on the last.
    """

    transactions: Sequence[ListedTransaction]
    following: str | None


class TransactionList(Protocol):
    """What Orderful has."""

    def page(
        self, since: datetime, until: datetime, *, senders: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        """Read one page of what was created from `since` to `until` by these senders (five at most).

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """

    def exists(self, transaction_id: str) -> bool:
        """Whether Orderful has a transaction of this id.

        Raises:
            Transient, Throttled, Misconfigured: it could not be asked.
        """

    def content(self, transaction_id: str) -> Any | None:
        """The message of a transaction as Orderful stores it; None when Orderful shows none.

        Raises:
            Transient, Throttled, Misconfigured: it could not be asked.
        """


class TransactionStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="transactions"):
    """Read what some senders had created at Orderful in a part of the window."""

    since: datetime
    until: datetime
    senders: tuple[str, ...]

    @property
    def name(self) -> str:
        """By which the ids that it found are kept."""
        return f"{self.since:%Y-%m-%dT%H:%M} {' '.join(self.senders)}"


class DocumentStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="documents"):
    """Ask one list of a company one question."""

    company: str
    resource: Resource
    question: Question

    @property
    def name(self) -> str:
        """For a sentence about it."""
        return f"{self.company} {self.resource.value} ({self.question.value})"


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a run came.

    Attributes:
        started_at: When it began.
        since: The beginning of the window; `until`: its end. What is younger may still be on its way.
        contents_since: The contents of transactions that Orderful has not touched since then are not compared.
        steps: What is to be done, in order; `at`: the one that is at hand.
        page: Its page, for a list of Visma's; `following`: for Orderful's.
        handled: How much of the page is done.
        tries: How often the step failed.
        documents: How many documents were judged; `transactions` likewise.
        problems: What could not be read.
        is_listed: Whether the whole of Orderful's list was read, so that what is not in it is looked for.
        ended_at: When it had ended and was reported; None before.
        complete_at: When the last run began that ended without a problem; `complete_until`: the end of its window.
        over: The ids of findings of documents that were judged, and are as they should be.
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
    """Which documents.

    Attributes:
        since: The first day; `until`: the last one.
        question: Whether they are dated, were created or were modified then.
        company: None for every one; so are `kind`, `partner` and `status`.
        numbers: Numbers as keys have them, or as Visma has them; empty for every one.
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
    """How far a backfill came.

    Attributes:
        at: The list that is at hand, `page` its page; all before are done.
        found: How many documents were selected; `queued`: how many of them were queued.
        is_done: Whether no list is left.
    """

    selection: Selection
    at: int = 0
    page: int = 1
    found: int = 0
    queued: int = 0
    is_done: bool = False


class FindingBook(Protocol):
    """Where findings, and how far a run or a backfill came, are kept."""

    def take(self, *, now: datetime, lease: timedelta) -> None:
        """Begin or go on with a run; `Conflict` while another one runs."""

    def give_back(self) -> None:
        """Let the next one go on at once."""

    def findings(self) -> Sequence[Finding]:
        """All of them, those that a person closed included."""

    def put(self, finding: Finding) -> None:
        """Write a finding. One that a person has closed meanwhile stays closed, unless it has changed."""

    def remove(self, finding: Finding) -> None:
        """Forget a finding."""

    def seen(self, step: TransactionStep) -> frozenset[str]:
        """The ids that the list showed for a part of the window; empty before it was read."""

    def keep_seen(self, step: TransactionStep, ids: frozenset[str]) -> None:
        """Write them down, in place of what was there."""

    def forget_seen(self, step: TransactionStep) -> None:
        """Forget them."""

    def progress(self) -> Progress | None:
        """How far the last run came; None before the first."""

    def keep(self, progress: Progress) -> None:
        """Write down how far a run came."""

    def backfill(self) -> BackfillProgress | None:
        """How far the last backfill came; None before the first."""

    def keep_backfill(self, progress: BackfillProgress) -> None:
        """Write down how far a backfill came."""

    def beginnings(self) -> dict[str, datetime]:
        """When each company was reconciled first."""

    def keep_beginnings(self, beginnings: dict[str, datetime]) -> None:
        """Write them down."""
