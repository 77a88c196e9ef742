"""Orderful in memory, outbound and inbound, with the conditions of the adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connector.domain.errors import (
    AnswerTooLarge,
    ConnectorError,
    Rejected,
    UnknownOutcome,
)
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, DeliveryStatus, InboundTransaction, Validation
from connector.domain.reasons import Reason
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.messages import HintMessage
from connector.services.ports import (
    Created,
    Listed,
    RemoteTransaction,
)
from testkit.memory.effects import ManualClock
from testkit.orderful.list_rules import ListQuery, lag, newest_first


class LostAnswer(UnknownOutcome):
    """For `script`: the transaction is created and the answer is lost."""


@dataclass(slots=True)
class _Stored:
    """A transaction at Orderful.

    Attributes:
        visible: When lists begin to show it; `found`: when it is found by its business number.
        create_id: The id in the answer to the create.
    """

    transaction: RemoteTransaction
    message: Any
    visible: datetime
    found: datetime
    create_id: str
    problems: tuple[str, ...] = ()


class FakeOrderful:
    """The `EdiNetwork` port, by the rules of Orderful's list (`testkit/orderful/list_rules.py`).

    `script` has the results of the next creates; without one they succeed.

    An entry of the script is a `Created` that is not accepted, an error (nothing is created), or a `LostAnswer` (it is
    created).

    Attributes:
        list_lag: Time until lists show a new transaction.
        number_lag: Time until it is found by its business number, and listed with it.
        numbers_while_processing: Whether a transaction has its number while it is PROCESSING.
        finds_one: Whether a look-up by business number finds one transaction at most, the newest.
        shows_content: Whether the message of a transaction can be read.
        gives_uuids: Whether a create answers with another id than the list.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.skew = timedelta(0)
        self.list_lag = timedelta(0)
        self.number_lag = timedelta(0)
        self.numbers_while_processing = True
        self.finds_one = False
        self.shows_content = True
        self.gives_uuids = False
        self.script: list[Created | ConnectorError] = []
        self.failing: ConnectorError | None = None
        self.broken: dict[str, ConnectorError] = {}
        self.filed: list[_Stored] = []
        self.requests: list[OrderfulRequest] = []
        self.calls: Counter[str] = Counter()
        self.types: set[TransactionType] = set()
        self.page_size = 100
        self.pages = 0
        self._next_id = 1000

    @property
    def transactions(self) -> list[RemoteTransaction]:
        """Everything that was created, oldest first."""
        return [each.transaction for each in self.filed]

    def create(self, request: OrderfulRequest) -> Created:
        self._count("create")
        self.requests.append(request)
        result = self.script.pop(0) if self.script else None
        if isinstance(result, LostAnswer):
            self.file(request)
            raise result
        if isinstance(result, ConnectorError):
            raise result
        filed = self.file(request)
        if result is not None:
            filed.transaction = replace(filed.transaction, validation_status="INVALID")
            return replace(result, transaction_id=filed.create_id)
        return Created(filed.create_id, accepted=True)

    def file(self, request: OrderfulRequest) -> _Stored:
        """Create a transaction."""
        body = request.body
        kind = body["type"]
        self._next_id += 1
        now = self.clock.now()
        filed = _Stored(
            RemoteTransaction(
                transaction_id=str(self._next_id),
                transaction_type=kind["name"] if isinstance(kind, Mapping) else kind,
                business_number=business_number_of(body),
                stream=Stream(body["stream"].lower()),
                sender_id=body.get("senderId") or body["sender"]["isaId"],
                receiver_id=body.get("receiverId") or body["receiver"]["isaId"],
                created_at=now + self.skew,
                validation_status="PROCESSING",
                delivery_status="PENDING",
                acknowledgment_status=None,
            ),
            message=body["message"],
            visible=now + self.list_lag,
            found=now + lag(list_lag=self.list_lag, number_lag=self.number_lag, by_number=True),
            create_id=f"{self._next_id:08x}-5a85-714c-8ba6-436c1c06efd8" if self.gives_uuids else str(self._next_id),
        )
        self.filed.append(filed)
        return filed

    def copy(self, transaction_id: str) -> str:
        """A person copies a transaction in Orderful; returns the id of the copy."""
        filed = self._named(transaction_id)
        self._next_id += 1
        now = self.clock.now()
        copied = replace(filed.transaction, transaction_id=str(self._next_id), created_at=now + self.skew)
        self.filed.append(replace(filed, transaction=copied, visible=now, found=now, create_id=copied.transaction_id))
        return copied.transaction_id

    def delete(self, transaction_id: str) -> None:
        """A person deletes a transaction in Orderful."""
        self.filed.remove(self._named(transaction_id))

    def send_manually(self, transaction_id: str, delivery_status: str = "DELIVERED") -> None:
        """A person sends a transaction in Orderful, valid or not."""
        self.update_status(transaction_id, delivery_status=delivery_status)

    def update_status(self, transaction_id: str, *, problems: tuple[str, ...] = (), **statuses: str | None) -> None:
        """Change the statuses of a transaction: `update_status("1001", validation_status="VALID")`."""
        filed = self._named(transaction_id)
        filed.transaction = replace(filed.transaction, **statuses)  # type: ignore[arg-type]
        filed.problems = problems or filed.problems

    def look_up(
        self,
        *,
        transaction_type: TransactionType,
        business_number: str,
        sender_id: str,
        receiver_id: str,
        stream: Stream,
    ) -> tuple[Sequence[RemoteTransaction], timedelta]:
        self._count("look_up")
        query = ListQuery(
            {
                "transaction_type": {transaction_type.value},
                "business_number": {business_number},
                "sender_id": {sender_id},
                "receiver_id": {receiver_id},
                "stream": {stream},
            }
        )
        found = self.listed(query)
        return found[:1] if self.finds_one else found, self.skew

    def list_since(
        self, since: datetime, *, sender_ids: Sequence[str], stream: Stream, receiver_id: str | None = None
    ) -> Iterator[RemoteTransaction]:
        self._count("list_since")
        receivers = {} if receiver_id is None else {"receiver_id": {receiver_id}}
        query = ListQuery({"sender_id": sender_ids, "stream": {stream}, **receivers}, since)
        for position, each in enumerate(self.listed(query)):
            self.pages += position % self.page_size == 0
            yield each

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
        self._count("list_between")
        self.types |= set(types)
        named = {one.value for one in types}
        found = self.listed(
            ListQuery({"sender_id": sender_ids, "stream": {stream}, "transaction_type": named}, since, until)
        )
        pages = min(most_pages, max(1, -(-len(found) // self.page_size)))
        self.pages += pages
        return Listed(found[: pages * self.page_size], pages)

    def read(self, transaction_id: str) -> RemoteTransaction | None:
        self._count("read")
        now = self.clock.now()
        return next(
            (
                replace(each.transaction, transaction_id=transaction_id)
                for each in self.filed
                if transaction_id in {each.transaction.transaction_id, each.create_id} and each.visible <= now
            ),
            None,
        )

    def list_newest(
        self, since: datetime, *, sender_id: str, stream: Stream, most_pages: int, receiver_id: str | None = None
    ) -> tuple[Sequence[RemoteTransaction], datetime]:
        found = list(self.list_since(since, sender_ids=[sender_id], stream=stream, receiver_id=receiver_id))
        most = most_pages * self.page_size
        read = found[:most]
        return read, since if len(found) < most else read[-self.page_size].created_at

    def content_of(self, transaction_id: str) -> Any | None:
        self._count("content_of")
        held = [each for each in self.filed if each.transaction.transaction_id == transaction_id]
        return held[0].message if held and self.shows_content else None

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        self._count("problems_of")
        return self._named(transaction_id).problems

    def _named(self, transaction_id: str) -> _Stored:
        return next(each for each in self.filed if each.transaction.transaction_id == transaction_id)

    def _number(self, filed: _Stored) -> str | None:
        is_new = filed.transaction.validation_status == "PROCESSING" and not self.numbers_while_processing
        return None if is_new or filed.found > self.clock.now() else filed.transaction.business_number

    def listed(self, query: ListQuery) -> list[RemoteTransaction]:
        """What the list shows now, newest first."""
        now = self.clock.now()
        shown = [
            replace(each.transaction, business_number=self._number(each)) for each in self.filed if each.visible <= now
        ]
        found = [one for one in shown if query.matches(partial(getattr, one), one.created_at)]
        return newest_first(found, lambda one: (one.created_at, one.transaction_id))

    def _count(self, call: str) -> None:
        self.calls[call] += 1
        failure = self.failing or self.broken.get(call)
        if failure is not None:
            raise failure


def business_number_of(body: Mapping[str, Any]) -> str | None:
    """The business number of a request, in either dialect."""
    names = ("purchaseOrderNumber", "invoiceNumber")
    message = body["message"]
    if "transactionSets" not in message:
        return next((message[name] for name in reversed(names) if name in message), None)
    heads = message["transactionSets"][0]
    for segment, name in (("beginningSegmentForPurchaseOrder", names[0]), ("beginningSegmentForInvoice", names[1])):
        if segment in heads:
            number: str = heads[segment][0][name]
            return number
    return None


SENDER, RECEIVER = "ACMEPRODUCET", "NORDICFOODT"


@dataclass(slots=True)
class FakeInbound:
    """The `InboundNetwork` port.

    Attributes:
        transactions: Every transaction by its id.
        waiting: Ids of the items in the inbox, in order.
        confirmed: The confirmations of each delivery, in order.
        fail: Errors of the next confirmations, one each.
        fetches: Ids of the fetched transactions.
        requested_documents: The documents of each request for the list.
        list_lag: Time until the list shows a new transaction (Orderful: of unknown length); it can be fetched at once.
        list_page: Rows of a page of the list; the newest page is first, the rows of a page are oldest first.
        problems: The problems of an INVALID transaction.
        items_have_dates: Whether items of an inbox have `created_at`. A v4 item has neither time nor validation
            (Orderful: published structure).
        pages: The limit of each request for a page.
        looks: The number of reads of a delivery status.
        too_large: Ids whose message makes its page too large.
        too_large_alone: Ids whose message alone is too large.
        unreadable: Ids of items and rows without a transaction id.
        unconfirmable: Ids that stay in the inbox after their confirmation.
        refused: Ids whose confirmation is refused.
        since: The creation time of the delivery, by id.
    """

    clock: ManualClock
    transactions: dict[str, InboundTransaction] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    confirmed: list[tuple[str, Confirmation]] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)
    requested_documents: list[tuple[str, ...]] = field(default_factory=list)
    list_lag: timedelta = timedelta(0)
    list_page: int = 1
    problems: tuple[str, ...] = ()
    items_have_dates: bool = False
    pages: list[int] = field(default_factory=list)
    looks: int = 0
    too_large: set[str] = field(default_factory=set)
    too_large_alone: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    unconfirmable: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    since: dict[str, datetime] = field(default_factory=dict)

    def send(self, message: dict[str, Any], *, number: str = "802210971", inbox: bool = True, **changes: Any) -> str:
        """A partner sends a message; returns its id."""
        delivery = Delivery(f"b646771e-a068-4e32-832f-{int(number):012d}", ApiVersion.V4, "accept", "fail")
        transaction = InboundTransaction(
            transaction_id=number,
            document="860",
            transaction_type="860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
            stream=Stream.TEST,
            sender_id=SENDER,
            receiver_id=RECEIVER,
            business_number=message.get("purchaseOrderNumber"),
            order_number=message.get("purchaseOrderNumber"),
            message=message,
            delivery=delivery,
            created_at=self.clock.now(),
            validation=Validation.VALID,
        )
        self.transactions[number] = replace(transaction, **changes)
        if inbox:
            self.waiting.append(number)
        return number

    def hint(self, number: str = "802210971") -> HintMessage:
        """The queue message of a callback for it."""
        delivery = self.transactions[number].delivery
        assert delivery is not None
        return HintMessage(transaction_id=number, delivery_id=delivery.delivery_id, version=delivery.version)

    def inbox(self, inbox_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        self.pages.append(limit)
        items = self.waiting[:limit]
        self._must_fit(self.too_large & set(items))
        return [
            None
            if number in self.unreadable
            else replace(
                self.transactions[number],
                created_at=self.transactions[number].created_at if self.items_have_dates else None,
                validation=None,
            )
            for number in items
        ]

    def bucket(self, bucket_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        return []

    def list_received(
        self, since: datetime, *, documents: Sequence[str], receiver_ids: Sequence[str], stream: Stream
    ) -> Any:
        self.requested_documents.append(tuple(documents))
        query = ListQuery({"document": documents, "receiver_id": receiver_ids, "stream": {stream}}, since)
        rows = self.listed(query)
        for start in range(0, len(rows), self.list_page):
            for one in reversed(rows[start : start + self.list_page]):
                nameless = one.transaction_id in self.unreadable
                yield None if nameless else replace(one, message=None, order_number=None, delivery=None)

    def listed(self, query: ListQuery) -> list[InboundTransaction]:
        """What the list shows now, newest first."""
        now = self.clock.now()
        times = {name: one.created_at or query.since or now for name, one in self.transactions.items()}
        found = [
            one
            for name, one in self.transactions.items()
            if times[name] + self.list_lag <= now and query.matches(partial(getattr, one), times[name])
        ]
        return newest_first(found, lambda one: times[one.transaction_id])

    def fetch(self, transaction_id: str) -> InboundTransaction | None:
        self.fetches.append(transaction_id)
        self._must_fit({transaction_id} & self.too_large_alone)
        return (
            replace(self.transactions[transaction_id], delivery=None) if transaction_id in self.transactions else None
        )

    def with_message(self, transaction: InboundTransaction) -> InboundTransaction:
        if transaction.message is not None:
            return transaction
        self._must_fit({transaction.transaction_id} & self.too_large_alone)
        held = self.transactions[transaction.transaction_id]
        return replace(transaction, message=held.message, order_number=held.order_number)

    def _must_fit(self, beyond: set[str]) -> None:
        if beyond:
            raise AnswerTooLarge("Orderful answered with more than 65536 KiB.")

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        return self.problems

    def delivery_status(self, delivery: Delivery, transaction_id: str) -> DeliveryStatus | None:
        self.looks += 1
        known = self.transactions.get(transaction_id)
        if known is None or known.delivery is None or known.delivery.delivery_id != delivery.delivery_id:
            return None
        return DeliveryStatus(known.delivery, transaction_id not in self.waiting, self.since.get(transaction_id))

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        if self.fail:
            raise self.fail.pop(0)
        if transaction_id in self.refused:
            raise Rejected("Orderful answered 409 to the confirmation of a delivery.", code=Reason.REQUEST_REFUSED)
        known = self.transactions.get(transaction_id)
        if known is None or known.delivery is None or known.delivery.delivery_id != delivery.delivery_id:
            return False
        self.confirmed.append((transaction_id, confirmation))
        if transaction_id in self.waiting and transaction_id not in self.unconfirmable:
            self.waiting.remove(transaction_id)
        return True
