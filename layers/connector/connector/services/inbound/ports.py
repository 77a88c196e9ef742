"""What the way back asks of the outside world besides `ports.py`: records, Orderful's inbound side, orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from connector.domain.documents import DocumentKey
from connector.domain.inbound import Confirmation, Delivery, InboundTransaction, ShownDelivery
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.revision.record import Revision, State
from connector.domain.routing.route import Company
from connector.domain.transactions import Stream
from connector.services.ports import Deadline, OrderAnswer, Waiting

Result = TypeVar("Result")


class Changes(Protocol):
    """The ledger's other half: what arrived. Writes are made on the version that was read, or raise `Conflict`."""

    def known(self, transaction_id: str) -> DocumentKey | None:
        """The order under which a transaction is recorded; None when it has never been seen."""

    def know(self, transaction_id: str, key: DocumentKey) -> DocumentKey:
        """Note where a transaction is recorded; the first to say so decides, and its word is given back."""

    def get(self, key: DocumentKey, transaction_id: str) -> Change | None:
        """One record."""

    def of_order(self, key: DocumentKey) -> Sequence[Change]:
        """Everything recorded under an order, oldest first."""

    def add(self, change: Change, *, message: Any) -> Change:
        """Write a new record with its message; raises `Conflict` when it is there already."""

    def save(self, change: Change) -> Change:
        """Write a record that was read and changed; gives it with its new version. Raises `Conflict`."""

    def rewrite(self, change: Change, *, message: Any) -> Change:
        """Save a record with another message in the place of its own. Raises `Conflict`."""

    def move(self, here: Change, there: Change, *, message: Any = None) -> Change:
        """Record a change under another order; under all its ids it is known there from then on.

        Args:
            here: What stays at its old place: a record that was read and changed, and is over.
            there: The record at its new place.
            message: Its message there; the one that it has here if left out.

        Returns:
            The record at its new place.

        Raises:
            Conflict: somebody else wrote meanwhile. Nothing was written.
        """

    def message_of(self, change: Change) -> Any:
        """The message as it arrived: parsed JSON, numbers as `Decimal`."""

    def in_state(self, state: ChangeState) -> Iterator[Change]:
        """All records in one of `OPEN_CHANGES`, the one unchanged for longest first."""

    def waiting(self, state: ChangeState) -> Waiting:
        """How many records are in one of `OPEN_CHANGES`."""

    def unacknowledged(self) -> Iterator[Change]:
        """All decided ones of which Orderful has yet to be told."""


class HintBudget(Protocol):
    """How many calls to Orderful callbacks may cause."""

    def take(self, now: datetime, *, recorded: bool) -> timedelta | None:
        """Take one call; None when it is granted, else how long until there are calls again.

        Args:
            now: By our clock.
            recorded: The callback is about a transaction that is recorded. Such calls are counted apart, so that made
                up transactions do not use them up.

        Raises:
            Transient, Throttled, Misconfigured: the budget cannot be read or written.
        """


class InboundNetwork(Protocol):
    """Orderful, as the one who receives. Everything read here was read with our key."""

    def inbox(self, inbox_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        """What waits in a v4 inbox, the oldest first, at most `limit`; None stands for an item that cannot be read.

        Raises:
            AnswerTooLarge, AnswerTooSlow, AnswerDamaged: ask for fewer items.
            Transient, Throttled, Misconfigured: as named.
        """

    def bucket(self, bucket_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        """The same for a v3 polling bucket."""

    def list_changes(
        self, since: datetime, *, receiver_ids: Sequence[str], stream: Stream
    ) -> Iterator[InboundTransaction | None]:
        """The 860s that came in since then, without their messages, in the order of the list: none to rely on.

        None stands for a row that names no transaction.
        """

    def fetch(self, transaction_id: str) -> InboundTransaction | None:
        """One transaction with its message, as far as Orderful gives it; None when Orderful does not know it."""

    def with_message(self, transaction: InboundTransaction) -> InboundTransaction:
        """The transaction with its message, which is fetched when it came without, as far as Orderful gives it."""

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why Orderful holds a transaction as INVALID, each `path: message`; empty when it does not say."""

    def shown(self, delivery: Delivery, transaction_id: str) -> ShownDelivery | None:
        """A delivery as Orderful shows it for this transaction; None when it shows none.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        """Tell Orderful what became of a delivery.

        Returns:
            False when Orderful knows no such delivery. One that was confirmed already counts as told.

        Raises:
            Rejected: Orderful refuses it, and the delivery still waits.
            Transient, Throttled, Misconfigured: Orderful was not told.
        """


class SentDocuments(Protocol):
    """The part of the ledger of documents by which an answer finds what it answers."""

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        """One revision; the first one of a document has the sequence 1."""


class OrderDesk(Protocol):
    """The purchase orders of one company."""

    def get_order(self, number: str) -> OrderAnswer | None:
        """Read an order; None when there is none of this number.

        Raises:
            Transient, Throttled, Misconfigured: as named; also when the answer has no ETag.
            Parked: Visma refuses to show it.
        """

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        """Write into an order, if it is still at this version.

        Returns:
            The new ETag; empty when Visma gave none.

        Raises:
            ValueError: there is no ETag.
            Conflict: it is not (412); nothing was written.
            Rejected: Visma looked at the change and refused it; nothing was written.
            UnknownOutcome: no answer came, or one that does not say: read the order again before anything else.
            Transient, Throttled, Misconfigured: nothing was written.
        """


class OrderDeskFactory(Protocol):
    """Opens the purchase orders of a company."""

    def __call__(self, company: Company, deadline: Deadline) -> OrderDesk:
        """The desk of `company`."""


class ConflictRetry(Protocol):
    """Does the same work again, with a growing pause, while somebody else is faster or no answer comes."""

    def __call__(self, work: Callable[[], Result], *, deadline: Deadline, before_again: Callable[[], None]) -> Result:
        """What `work` gives. Raises the last `Conflict` or `UnknownOutcome` when rounds or time run out."""


class AgreedRevisions(Protocol):
    """The part of the ledger of documents that the way back needs."""

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first."""

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        """One revision."""

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as stored with the revision."""

    def reserve(self, revision: Revision) -> None:
        """Take the next number for content that is still to come; raises `Conflict` when it is taken."""

    def agreed(self, revision: Revision, *, was: State | None, source: bytes) -> None:
        """Write down content that the partner knows, in place of a reservation (`was`) or as a revision of its own."""

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        """Move a revision; raises `Conflict` when it is not where we saw it."""
