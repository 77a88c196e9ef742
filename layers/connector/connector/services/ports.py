"""What the use cases ask of the outside world. Adapters implement these; tests implement them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from connector.domain.documents import DocumentKey
from connector.domain.ledger import Revision, State
from connector.domain.routes import Company
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.messages import DeliveryMessage, DocumentMessage


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Now, aware, in UTC."""


class Deadline(Protocol):
    """How long this invocation may still run."""

    def remaining(self) -> timedelta:
        """Time left before the platform stops us."""


class Resource(StrEnum):
    """The Visma lists that are polled; the value is the path below the base URL."""

    PURCHASE_ORDERS = "v1/purchaseorder"
    SUPPLIER_INVOICES = "v1/supplierInvoice"
    CUSTOMER_INVOICES = "v1/customerinvoice"
    CUSTOMER_CREDIT_NOTES = "v1/customerCreditNote"


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a Visma list.

    Attributes:
        number: The row's key in the list.
        document_type: orderType or documentType.
        modified_at: `lastModifiedDateTime` as Visma wrote it (zone-less text of Visma's clock), None if missing.
        branch: Branch number, if any.
        raw: The element's exact bytes.
    """

    number: str
    document_type: str | None
    modified_at: str | None
    branch: str | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class Budget:
    """What Visma's rate-limit headers say is left of the hour; None where they say nothing."""

    limit: int | None
    remaining: int | None
    reset: timedelta | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a Visma list.

    Attributes:
        rows: The well-formed rows. `damaged` holds a sentence for each element that has no usable key.
        total: `metadata.totalCount`; None on an empty page.
        page_size: The size that was in force: the smaller of what was asked and `metadata.maxPageSize`.
        server_time: Visma's clock when it answered (`Date` header), aware, UTC.
    """

    rows: Sequence[Row]
    damaged: Sequence[str]
    total: int | None
    page_size: int
    server_time: datetime
    budget: Budget


class Erp(Protocol):
    """Visma.net ERP, bound to one company."""

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        """Read one page of documents with `lastModifiedDateTime >= since` (text of Visma's clock).

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """


class ErpFactory(Protocol):
    """Opens Visma for a company; tokens are its business."""

    def __call__(self, company: Company, deadline: Deadline) -> Erp:
        """An `Erp` for `company`."""


@dataclass(frozen=True, slots=True)
class Created:
    """Orderful's answer to a create request.

    Attributes:
        transaction_id: Opaque.
        accepted: False when the body says FAILED or INVALID, whatever the status code.
        problems: Each `path: message`.
        valid: True when the body itself says that validation passed (v4); None when it is still to come.
    """

    transaction_id: str | None
    accepted: bool
    problems: tuple[str, ...] = ()
    valid: bool | None = None


@dataclass(frozen=True, slots=True)
class RemoteTransaction:
    """A transaction as Orderful lists it. Status words are kept as they came: unknown ones are data."""

    transaction_id: str
    transaction_type: str
    business_number: str | None
    stream: Stream | None
    sender_id: str | None
    receiver_id: str | None
    created_at: datetime
    validation_status: str | None
    delivery_status: str | None
    acknowledgment_status: str | None


class EdiNetwork(Protocol):
    """Orderful."""

    def create(self, request: OrderfulRequest) -> Created:
        """Post a transaction, once: no retry happens below this line.

        Raises:
            Throttled: 429; nothing was created.
            Transient: the connection was never made; nothing was created.
            UnknownOutcome: time-out, connection lost, 5xx or an unreadable answer: it may exist.
            Rejected: a definite 4xx; nothing was created.
            Misconfigured: 401 or 403.
        """

    def look_up(
        self,
        *,
        transaction_type: TransactionType,
        business_number: str,
        sender_id: str,
        receiver_id: str,
        stream: Stream,
    ) -> tuple[Sequence[RemoteTransaction], timedelta]:
        """All transactions with this business number, newest first, and how far Orderful's clock is ahead of ours."""

    def list_since(self, since: datetime, *, sender_ids: Sequence[str], stream: Stream) -> Iterator[RemoteTransaction]:
        """Transactions created at or after `since`, newest first, page by page (100 a call)."""

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID or was REJECTED, each `path: message`; empty when nobody says."""


class Outbox(Protocol):
    """The queues the connector writes to."""

    def documents(self, messages: Iterable[DocumentMessage]) -> None:
        """Queue all of them for translation, in order per document.

        Raises:
            Transient: at least one was not taken.
        """

    def deliveries(self, messages: Iterable[DeliveryMessage]) -> None:
        """Queue all of them for sending; raises `Transient` likewise."""


class Payloads(Protocol):
    """Bodies too large for a message or a ledger row."""

    def put(self, name: str, body: bytes) -> str:
        """Store `body`, compressed, and give the key to find it again."""

    def get(self, key: str) -> bytes:
        """Read what was stored."""


class Ledger(Protocol):
    """What happened to every revision. All writes are conditional; a lost race raises `Conflict`."""

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first, without their bodies."""

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        """One revision with its bodies."""

    def add(self, revision: Revision, *, source: bytes, request: dict[str, Any] | None) -> None:
        """Write a new revision with its bodies. Raises `Conflict` when the sequence is taken."""

    def retranslated(self, revision: Revision, *, was: State, request: dict[str, Any] | None) -> None:
        """Replace a revision that was parked or skipped by its new translation, if it is still in state `was`."""

    def claim(self, key: DocumentKey, sequence: int, *, now: datetime, lease: timedelta) -> Revision | None:
        """Take the sending of a revision: TRANSLATED, UNCONFIRMED or an expired SENDING become SENDING.

        Returns:
            The claimed revision with its bodies, or None when it is in no state to be sent (already sent, superseded).

        Raises:
            Conflict: another worker's claim is still running.
        """

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        """Move a revision and change the named attributes; raises `Conflict` when it is not where we saw it."""

    def request_of(self, revision: Revision) -> dict[str, Any]:
        """The body of the request as stored with the revision."""

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as stored with the revision."""

    def in_state(self, state: State) -> Iterator[Revision]:
        """All revisions in an open state (not ACKNOWLEDGED, SUPERSEDED or SKIPPED), oldest change first, no bodies."""
