"""The ports of the inbound use cases, besides those in `services/ports.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from connector.domain.documents import DocumentKey
from connector.domain.inbound import Confirmation, Delivery, DeliveryStatus, InboundTransaction
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.revision.record import Revision, State
from connector.domain.routing.route import Company
from connector.domain.transactions import Stream
from connector.services.ports import Deadline, OrderAnswer, Waiting

Result = TypeVar("Result")


class Changes(Protocol):
    """The inbound records of the ledger. Writes are conditional on the version that was read, or raise `Conflict`."""

    def known(self, transaction_id: str) -> DocumentKey | None:
        """The order under which a transaction is recorded; None when it is not recorded."""

    def recorded(self, transaction_ids: Sequence[str]) -> frozenset[str]:
        """Those of the transactions that are on record, by any of their ids."""

    def know(self, transaction_id: str, key: DocumentKey) -> DocumentKey:
        """Store the order under which a transaction is recorded. The first writer wins; returns the stored order."""

    def get(self, key: DocumentKey, transaction_id: str) -> Change | None:
        """One record."""

    def of_order(self, key: DocumentKey) -> Sequence[Change]:
        """Everything recorded under an order, oldest first."""

    def add(self, change: Change, *, message: Any) -> Change:
        """Write a new record with its message; raises `Conflict` when it is there already."""

    def save(self, change: Change) -> Change:
        """Write a record that was read and changed. Returns it with its new version. Raises `Conflict`."""

    def rewrite(self, change: Change, *, message: Any) -> Change:
        """Write a record and replace its message. Raises `Conflict`."""

    def move(self, here: Change, there: Change, *, message: Any = None) -> Change:
        """Record a change under another order; all its ids lead there from then on.

        Args:
            here: The record that stays under the old order: it was read and changed, and has ended.
            there: The record under the new order.
            message: Its message; the present one if left out.

        Returns:
            The record under the new order.

        Raises:
            Conflict: somebody else wrote meanwhile. Nothing was written.
        """

    def message_of(self, change: Change) -> Any:
        """The message as it arrived: parsed JSON, numbers as `Decimal`."""

    def in_state(self, state: ChangeState) -> Iterator[Change]:
        """All records in one of `OPEN_CHANGES`, the one unchanged for longest first."""

    def everything(self, states: Collection[ChangeState]) -> Iterator[Sequence[Change]]:
        """All records in one of the states, by reading the whole table, a part at a time and in no order."""

    def waiting(self, state: ChangeState) -> Waiting:
        """How many records are in one of `OPEN_CHANGES`."""

    def unacknowledged(self) -> Iterator[Change]:
        """All decided records with a delivery that is not confirmed to Orderful."""


class HintBudget(Protocol):
    """The rate limit of calls to Orderful that callbacks cause."""

    def take(self, now: datetime, *, recorded: bool) -> timedelta | None:
        """Take one call. Returns None when it is granted, else how long to wait for the next one.

        Args:
            now: Our clock, UTC.
            recorded: The callback is about a recorded transaction. Such calls are counted separately, so that invented
                transactions do not use them up.

        Raises:
            Transient, Throttled, Misconfigured: the budget cannot be read or written.
        """


class InboundNetwork(Protocol):
    """Orderful's inbound side. Everything is read with our API key."""

    def inbox(self, inbox_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        """The items of a v4 inbox, oldest first, at most `limit`; None stands for an item that cannot be read.

        Raises:
            AnswerTooLarge, AnswerTooSlow, AnswerDamaged: request fewer items.
            Transient, Throttled, Misconfigured: as named.
        """

    def bucket(self, bucket_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        """The same for a v3 polling bucket."""

    def list_received(
        self, since: datetime, *, documents: Sequence[str], receiver_ids: Sequence[str], stream: Stream
    ) -> Iterator[InboundTransaction | None]:
        """What arrived since `since` (UTC), without messages, in no guaranteed order.

        Args:
            since: The earliest time of arrival.
            documents: X12 numbers out of `LISTED`.
            receiver_ids: Our ISA ids.
            stream: Ours.

        Returns:
            The transactions; None stands for a row without a transaction id.
        """

    def fetch(self, transaction_id: str) -> InboundTransaction | None:
        """One transaction with its message, if Orderful gives one; None when Orderful has no such transaction."""

    def with_message(self, transaction: InboundTransaction) -> InboundTransaction:
        """The transaction with its message, which is fetched if it is missing, and if Orderful gives one."""

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID, each as `path: message`; empty when Orderful does not say."""

    def delivery_status(self, delivery: Delivery, transaction_id: str) -> DeliveryStatus | None:
        """A delivery in Orderful's list of this transaction's deliveries; None when it is not there.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        """Confirm a delivery: accepted or failed.

        Returns:
            False when Orderful has no such delivery. One that was confirmed before counts as confirmed.

        Raises:
            Rejected: Orderful refuses the confirmation, and the delivery stays open.
            Transient, Throttled, Misconfigured: the delivery was not confirmed.
        """


class SentDocuments(Protocol):
    """The part of the ledger in which an answer finds the revision that it answers."""

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        """One revision; the first one of a document has the sequence 1."""

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first."""

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as stored with the revision. Raises `Parked` when it is not kept any more."""


class PurchaseOrders(Protocol):
    """The purchase orders of one company."""

    def get_order(self, number: str) -> OrderAnswer | None:
        """Read an order; None when there is none of this number.

        Raises:
            Transient, Throttled, Misconfigured: as named; also when the answer has no ETag.
            Parked: Visma refuses to return it.
        """

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        """Write into an order, if it still has this version.

        Returns:
            The new ETag; empty when Visma gave none.

        Raises:
            ValueError: there is no ETag.
            Conflict: it has another version (412); nothing was written.
            Rejected: Visma refused the change; nothing was written.
            UnknownOutcome: no answer, or an unclear one: read the order again before anything else.
            Transient, Throttled, Misconfigured: nothing was written.
        """


class PurchaseOrdersFactory(Protocol):
    """Opens the purchase orders of a company."""

    def __call__(self, company: Company, deadline: Deadline) -> PurchaseOrders:
        """The `PurchaseOrders` of `company`."""


class ConflictRetry(Protocol):
    """Repeats the same work, with growing pauses, as long as somebody else is faster or no answer arrives."""

    def __call__(self, work: Callable[[], Result], *, deadline: Deadline, before_again: Callable[[], None]) -> Result:
        """The result of `work`. Raises the last `Conflict` or `UnknownOutcome` when rounds or time run out."""


class AgreedRevisions(Protocol):
    """The part of the ledger of revisions that the inbound use cases need."""

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first."""

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        """One revision."""

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as stored with the revision."""

    def reserve(self, revision: Revision) -> None:
        """Reserve the next sequence for content that is not known yet; raises `Conflict` when it is taken."""

    def agreed(self, revision: Revision, *, was: State | None, source: bytes) -> None:
        """Write a revision that the partner knows, in place of a reservation (`was`) or as a new one."""

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        """Move a revision to a state; raises `Conflict` when it is not in the state that was read."""
