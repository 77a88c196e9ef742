"""The ports of the use cases. Adapters implement them; tests implement them in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, Self, TypedDict

from connector.domain.documents import DocumentKey, Kind
from connector.domain.pause import Act, Pause
from connector.domain.polling.cursor import Cursor
from connector.domain.revision.listed import ListedRevision
from connector.domain.revision.record import Owner, Posted, Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.kinds.facts import VismaList
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The present time, aware, in UTC."""


class Deadline(Protocol):
    """The remaining time of this invocation."""

    def remaining(self) -> timedelta:
        """Time left before the platform stops the invocation."""


class Metric(StrEnum):
    """The metrics of alarms and the dashboard. They have one dimension only, because each combination is billed.

    The first ones are gauges: the present number, reported by each run. The others count events. A zero is not
        reported,
    because a metric is billed for each hour in which it is reported; alarms treat missing data as zero.
    """

    LISTS_FAILING = "ListsFailing"
    CURSOR_LAG = "CursorLagSeconds"
    OPEN_PARKED = "OpenParked"
    OPEN_REJECTED = "OpenRejected"
    ATTENTION_OPEN = "AttentionOpen"
    ATTENTION_AGE = "AttentionAgeSeconds"
    OPEN_CHANGES_PARKED = "OpenChangesParked"
    OLDEST_OPEN = "OldestOpenSeconds"
    DOCUMENTS_UNCONFIRMED = "DocumentsUnconfirmed"
    CHANGES_STUCK = "ChangesStuck"
    INBOUND_ATTENTION = "InboundAttention"
    TRACK_COMPLETED = "TrackCompleted"
    COLLECT_COMPLETED = "CollectCompleted"
    DOCUMENTS_QUEUED = "DocumentsQueued"
    DOCUMENTS_TRANSLATED = "DocumentsTranslated"
    DOCUMENTS_PARKED = "DocumentsParked"
    DOCUMENTS_SKIPPED = "DocumentsSkipped"
    DOCUMENTS_SENT = "DocumentsSent"
    DOCUMENTS_REJECTED = "DocumentsRejected"
    DOCUMENTS_ACKNOWLEDGED = "DocumentsAcknowledged"
    CREDENTIALS_REFUSED = "CredentialsRefused"
    THROTTLED = "Throttled"
    MESSAGES_HELD_UP = "MessagesHeldUp"
    DOUBLED_OR_WRONG_STREAM = "DoubledOrWrongStream"
    DAMAGED_ROWS = "DamagedRows"
    CALLBACKS_RECEIVED = "CallbacksReceived"
    CALLBACKS_REFUSED = "CallbacksRefused"
    CALLBACKS_UNUSABLE = "CallbacksUnusable"
    INBOUND_RECORDED = "InboundRecorded"
    CHANGES_RECEIVED = "ChangesReceived"
    CHANGES_APPLIED = "ChangesApplied"
    CHANGES_PARKED = "ChangesParked"
    CHANGES_REJECTED = "ChangesRejected"
    CHANGES_CLOSED = "ChangesClosed"
    CHANGE_CONFLICTS = "ChangeConflicts"
    CONFIRMATIONS_REFUSED = "ConfirmationsRefused"


_LISTS = {one.path: (kind, one) for kind in Kind for one in kind.facts.lists}


class Resource(StrEnum):
    """The Visma lists that are polled; the value is the path below the base URL. The kinds declare them.

    Attributes:
        kind: The kind of its documents.
        declared: What the kind says of it.
    """

    kind: Kind
    declared: VismaList

    def __new__(cls, path: str) -> Self:
        """Make a member whose value is the path; the path of a list that no kind declares raises `KeyError`."""
        member = str.__new__(cls, path)
        member._value_ = path
        member.kind, member.declared = _LISTS[path]
        return member

    PURCHASE_ORDERS = "v1/purchaseorder"
    SUPPLIER_INVOICES = "v1/supplierInvoice"
    CUSTOMER_INVOICES = "v1/customerinvoice"
    CUSTOMER_CREDIT_NOTES = "v1/customerCreditNote"
    CUSTOMER_DEBIT_NOTES = "v1/customerDebitNote"


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """The rest of Visma's hourly quota by its rate-limit headers; None where a header is missing."""

    limit: int | None
    remaining: int | None
    reset: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a Visma list.

    Attributes:
        rows: The well-formed rows. `damaged` holds a sentence for each element that has no usable key.
        total: `metadata.totalCount`; None when no element has it.
        maximum: `metadata.maxPageSize`; None when no element has it.
        server_time: Visma's clock when it answered (`Date` header), aware, UTC.
    """

    rows: Sequence[Row]
    damaged: Sequence[str]
    total: int | None
    maximum: int | None
    server_time: datetime
    budget: Budget


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """Visma's answer to a read of a purchase order.

    Attributes:
        etag: The version for `If-Match`, exactly as received.
        raw: The order's exact bytes.
    """

    etag: str
    raw: bytes


class Erp(Protocol):
    """Visma.net ERP, bound to one company."""

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        """Read one page of documents with `lastModifiedDateTime >= since` (text of Visma's clock).

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """


class ErpFactory(Protocol):
    """Makes an `Erp` for a company, including its access tokens."""

    def __call__(self, company: Company, deadline: Deadline) -> Erp:
        """An `Erp` for `company`."""


@dataclass(frozen=True, slots=True)
class Created:
    """Orderful's answer to a create request.

    Attributes:
        transaction_id: Orderful's opaque id.
        accepted: False when the body says FAILED or INVALID, whatever the status code.
        problems: The problems in the body, each as `path: message`.
        valid: True when the body says that validation passed (v4); None when validation follows later.
    """

    transaction_id: str | None
    accepted: bool
    problems: tuple[str, ...] = ()
    valid: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTransaction:
    """A transaction in Orderful's list. Statuses are kept as received, unknown ones too."""

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


@dataclass(frozen=True, slots=True)
class Listed:
    """The result of a bounded list, and the number of calls."""

    transactions: Sequence[RemoteTransaction]
    calls: int


class EdiNetwork(Protocol):
    """Orderful."""

    def create(self, request: OrderfulRequest) -> Created:
        """Post a transaction once, without any retry.

        Raises:
            Throttled: 429; nothing was created.
            Transient: the connection was never made; nothing was created.
            AlreadyExists: 409; a transaction like it exists.
            UnknownOutcome: time-out, connection lost, 1xx, 3xx, 5xx or an unreadable answer: it may exist.
            Rejected: any other 4xx; nothing was created.
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
        """Transactions with this business number, newest first, and how far Orderful's clock is ahead of ours.

        The list may be incomplete (Orderful: at most one hit, and a new transaction is found late).
        """

    def list_since(
        self, since: datetime, *, sender_ids: Sequence[str], stream: Stream, receiver_id: str | None = None
    ) -> Iterator[RemoteTransaction]:
        """Transactions created at or after `since`, newest first, page by page (100 a call).

        Args:
            since: In Orderful's clock, UTC.
            sender_ids: Ours.
            stream: Test or live.
            receiver_id: Only those to this partner.

        Raises:
            Transient, Throttled, Misconfigured: while iterating, as named.
        """

    def list_between(
        self,
        since: datetime,
        until: datetime,
        *,
        sender_ids: Sequence[str],
        types: Sequence[TransactionType],
        stream: Stream,
        most_pages: int,
    ) -> Listed:
        """Transactions created from `since` to `until`, of the newest pages only (100 a call).

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """

    def read(self, transaction_id: str) -> RemoteTransaction | None:
        """One transaction by its id; None when Orderful has none.

        Raises:
            Transient, Throttled, Misconfigured, Rejected: the read failed.
        """

    def list_newest(
        self, since: datetime, *, sender_id: str, stream: Stream, most_pages: int, receiver_id: str | None = None
    ) -> tuple[Sequence[RemoteTransaction], datetime]:
        """The newest pages of `list_since` for one sender, and since when (UTC) the list is complete."""

    def content_of(self, transaction_id: str) -> Any | None:
        """The message of a transaction as Orderful stores it, as JSON data; None when Orderful returns none.

        Raises:
            Transient, Throttled, Misconfigured: the read failed.
        """

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID or was REJECTED, each as `path: message`; empty when that is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorLease:
    """The right to move one cursor until somebody else takes it. `fence` is the fencing number.

    Attributes:
        reading: Id of the reading; it changes when an operator sets the cursor back.
    """

    company: str
    resource: StrEnum
    fence: int
    cursor: Cursor
    not_before: datetime | None
    reading: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorView:
    """A cursor for an operator."""

    company: str
    resource: str
    watermark: datetime | None
    caught_up_at: datetime | None
    locked_until: datetime | None
    unfinished: bool
    remembered: int
    waiting: int
    begun_at: datetime | None = None
    not_before: datetime | None = None

    def lag(self, now: datetime) -> timedelta | None:
        """How long ago the list was last read completely; None when it never was."""
        return None if self.caught_up_at is None else max(now - self.caught_up_at, timedelta(0))


class Cursors(Protocol):
    """The cursors of all lists."""

    def acquire(self, company: str, resource: StrEnum, *, now: datetime, lease: timedelta) -> CursorLease:
        """Take the cursor for `lease`.

        Raises:
            Conflict: another poll holds it.
            StateMismatch: it was moved with another ledger than this one.
        """

    def save(self, lease: CursorLease, cursor: Cursor, *, release: bool, not_before: datetime | None = None) -> None:
        """Write the cursor if the lease is still ours; raises `Conflict` otherwise.

        Args:
            lease: The result of `acquire`.
            cursor: The new state.
            release: Whether the next poll may take it at once.
            not_before: When Visma's hourly quota allows the next poll, UTC.
        """

    def all_cursors(self) -> Sequence[CursorView]:
        """Every cursor, for an operator."""

    def lift(self, company: str, resource: str) -> None:
        """Let the next poll of a list begin at once, in spite of a pause that Visma asked for."""


class Calls(StrEnum):
    """Kinds of calls with a common rate limit.

    Orderful: every endpoint has its own limit; all reads are limited together here. Visma: one limit for all calls of a
    company.
    """

    CREATE = "create"
    READ = "read"
    CONFIRM = "confirm"
    VISMA = "visma"


class Pauses(Protocol):
    """The pauses that persons made."""

    def pauses(self, *, now: datetime) -> Sequence[Pause]:
        """The pauses in force; the answer may be cached for a second."""


class Breaker(Pauses, Protocol):
    """A circuit breaker: it stops calls that would all fail, so that messages do not use up their receives."""

    def is_open(self, *, now: datetime) -> bool:
        """Whether calls are stopped now."""

    def open(self, reason: str, *, now: datetime, until: datetime) -> None:
        """Stop calls until `until`. The stop lasts since its first time, as long as no call succeeds in between."""

    def wait(self, calls: Calls, *, now: datetime) -> timedelta:
        """The rest of the pause that the remote side asked for, for calls of this kind; zero without one."""

    def refused(self, refusal: str, *, partner: str) -> int:
        """Record that a document of `partner` got this refusal. Returns how many partners got it in a row."""

    def accepted(self) -> None:
        """Record that the remote side processed a document: the count of refusals starts again."""

    def acts(self, *, now: datetime) -> Sequence[Act]:
        """The newest acts by which persons continued sending, the newest last."""


class RoutingSource(Protocol):
    """The routing in force."""

    def load(self, *, fresh: bool = False) -> Routing:
        """The applied routing; with `fresh` the newest, otherwise a slightly older one may be returned.

        Raises:
            Misconfigured: no routing was applied yet.
        """

    def in_force_since(self) -> datetime | None:
        """When the routing in force was applied, UTC; None before the first.

        Raises:
            Transient, Misconfigured: the table cannot be read.
        """


class Fields(TypedDict, total=False):
    """The fields of a log line: ids, states and sentences, never a payload or a secret."""

    company: str
    resource: str
    kind: str
    number: str
    sequence: int
    revision: str
    state: str
    partner: str
    dialect: str
    transaction_id: str
    request_id: str | None
    attempt: int
    reason: str
    reason_code: str | None
    field: str | None
    next_step: str | None
    rows: int
    queued: int
    pages: int
    watermark: str | None
    message_id: str
    seconds: float


class Telemetry(Protocol):
    """Log lines and metrics."""

    def info(self, event: str, fields: Fields) -> None:
        """A normal step."""

    def warning(self, event: str, fields: Fields) -> None:
        """Something a person may want to know."""

    def error(self, event: str, fields: Fields) -> None:
        """Something a person must know."""

    def count(self, metric: Metric, value: int = 1) -> None:
        """Add to a counter, or report a gauge; zero is not reported."""

    def seconds(self, metric: Metric, value: float) -> None:
        """Report a duration."""


class Outbox(Protocol):
    """The queues the connector writes to."""

    def documents(self, messages: Iterable[DocumentMessage]) -> None:
        """Queue all of them for translation, in order per document.

        Raises:
            Transient: at least one was not queued.
        """

    def deliveries(self, messages: Iterable[DeliveryMessage]) -> None:
        """Queue all of them for sending; raises `Transient` likewise."""

    def hints(self, messages: Iterable[HintMessage]) -> None:
        """Queue all of them to be looked up at Orderful; raises `Transient` likewise."""

    def changes(self, messages: Iterable[ChangeMessage]) -> None:
        """Queue all of them to be decided and applied, in order per document; raises `Transient` likewise."""


class Payloads(Protocol):
    """Bodies too large for a message or a ledger row."""

    def put(self, name: str, body: bytes) -> str:
        """Store `body`, compressed. Returns its key."""

    def get(self, key: str) -> bytes:
        """Read what was stored."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait for a person, and when the longest waiting one was recorded, UTC."""

    count: int
    oldest: datetime | None


class Acknowledger(NamedTuple):
    """Who acknowledged documents of a kind: number and name of the partner as they were recorded."""

    company: str
    kind: Kind
    counterparty: str | None
    partner: str | None


@dataclass(frozen=True, slots=True)
class TrackerProgress:
    """How far the tracker came, and how many documents it saw acknowledged on one day.

    The counts are for people, and may be too low: a run that is killed, or overtaken by another one, counts nothing.

    Attributes:
        places: As `domain/revision/tracking_schedule.py` keeps them.
        day: The last day (UTC) on which a document was acknowledged.
        acknowledged: How many were, on that day.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    day: date | None = None
    acknowledged: Mapping[Acknowledger, int] = field(default_factory=dict)

    def acknowledged_on(self, day: date) -> Mapping[Acknowledger, int]:
        """The counts of a day; none of an earlier one."""
        return self.acknowledged if self.day == day else {}

    def counting(self, revisions: Sequence[Revision], day: date) -> TrackerProgress:
        """The progress with documents that were acknowledged on a day."""
        if not revisions:
            return self
        counts = Counter(self.acknowledged_on(day))
        counts.update(Acknowledger(one.key.company, one.key.kind, one.counterparty, one.partner) for one in revisions)
        return TrackerProgress(self.places, day, counts)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in a list of open revisions: its list (`list_of`), document and sequence."""

    name: str
    key: DocumentKey
    sequence: int


class Ledger(Protocol):
    """The ledger of revisions. All writes are conditional; a lost race raises `Conflict`."""

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first."""

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        """One revision."""

    def add(
        self,
        revision: Revision,
        *,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        """Write a new revision with its bodies, and supersede others of the document, all or nothing.

        Raises:
            Conflict: the sequence is taken, or one of `supersedes` has changed; no revision was written.
        """

    def retranslated(
        self,
        revision: Revision,
        *,
        was: State,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        """Replace a revision that was parked or skipped, and its bodies; supersede others, all or nothing.

        Raises:
            Conflict: it left the state `was`, or one of `supersedes` has changed; no revision was written.
        """

    def claim(self, key: DocumentKey, sequence: int, *, now: datetime, lease: timedelta) -> Revision | None:
        """Take the sending of a revision: TRANSLATED, UNCONFIRMED or an expired SENDING become SENDING.

        Returns:
            The claimed revision; None when its state does not allow sending (already sent, superseded).

        Raises:
            Conflict: another worker's claim is still running.
        """

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        """Move a revision to a state and change the named attributes; raises `Conflict` when it has changed.

        What `seen_again` has noted since the revision was read is kept, and is no change; so it is in `own`.
        """

    def seen_again(self, revision: Revision, *, seen_at: datetime, version: str | None) -> None:
        """Record when Visma showed a revision unchanged, and its row version then.

        Raises:
            Conflict: the revision has changed.
        """

    def own(
        self, revision: Revision, to: State, *, transaction_id: str, now: datetime, note: str, **changes: Any
    ) -> Revision | None:
        """Move a revision and make it the owner of a transaction, both or neither.

        A transaction of an older revision of the same document passes to this one.

        Returns:
            The moved revision; None when the transaction belongs to another document, and nothing was written.

        Raises:
            Conflict: the revision has changed.
        """

    def owners(self, transaction_ids: Sequence[str]) -> Mapping[str, Owner]:
        """The owners of those transactions that have one."""

    def posted(self, revision: Revision) -> Sequence[Posted]:
        """Transactions of any document with the revision's type, number and parties whose only known id is a UUID.

        Transactions whose listed id is known are left out.
        """

    def created_at(self, *, now: datetime) -> datetime:
        """When the ledger's table was created, UTC; a restored table is a new table."""

    def request_of(self, revision: Revision) -> dict[str, Any]:
        """The body of the request as stored with the revision."""

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as stored with the revision."""

    def sources_of(self, revisions: Sequence[Revision]) -> Iterator[tuple[Revision, bytes]]:
        """The Visma documents of many revisions, read in bulk; unreadable ones are left out."""

    def in_state(self, *states: State) -> Iterator[Revision]:
        """All revisions in one of the states; within a list, the oldest first.

        For states that are not open, the whole table is read.
        """

    def everything(self, states: Collection[State]) -> Iterator[Sequence[Revision]]:
        """All revisions in one of the states, open or not, in no order, page by page; this reads the whole table."""

    def entries(self, name: str) -> Iterator[Entry]:
        """The entries of a list of open revisions (`list_of`), in its order; no revision is read."""

    def read(self, entries: Sequence[Entry]) -> Iterator[ListedRevision]:
        """The revisions of entries that are still in their list, each once, in their order."""

    def first_of(self, name: str, *, after: str = "", limit: int) -> Sequence[ListedRevision]:
        """The first revisions of a list of open revisions (`list_of`) whose sort key is after `after`."""

    def listed(self, name: str, *, after: str, before: str, limit: int) -> Sequence[Revision]:
        """Revisions of one list of open revisions (`list_of`), in the order of their sort keys.

        Args:
            name: The list.
            after: Only after this sort key (`place_of`, `place_at`); empty for the beginning.
            before: Only before this sort key.
            limit: Most revisions to return.
        """

    def in_attention(self, *, limit: int | None = None) -> Sequence[Revision]:
        """Sent revisions that need attention, the oldest first; at most `limit`, or all."""

    def progress(self) -> TrackerProgress:
        """The tracker's progress; empty before its first run."""

    def keep_progress(self, progress: TrackerProgress) -> None:
        """Store the tracker's progress."""

    def waiting(self, state: State) -> Waiting:
        """How many revisions wait for a person in a state that has its own list."""
