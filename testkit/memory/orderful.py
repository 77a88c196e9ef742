"""Orderful in memory, in both directions, under the conditions of the real adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connector.domain.errors import (
    AnswerTooLarge,
    ConnectorError,
    Rejected,
    UnknownOutcome,
)
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, InboundTransaction, ShownDelivery, Validation
from connector.domain.reasons import Reason
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.messages import HintMessage
from connector.services.ports import (
    Created,
    Listed,
    RemoteTransaction,
)
from testkit.memory.effects import ManualClock


class LostAnswer(UnknownOutcome):
    """Script: the transaction is created and the answer lost."""


@dataclass(slots=True)
class _Filed:
    """A transaction at Orderful.

    Attributes:
        visible: From when on lists show it; `found`: from when on it is found by its number.
        known_as: What the create answered for an id.
    """

    transaction: RemoteTransaction
    message: Any
    visible: datetime
    found: datetime
    known_as: str
    problems: tuple[str, ...] = ()


class FakeOrderful:
    """The `EdiNetwork` port. `script` says how the next creations end; without one they succeed.

    An entry of the script is a `Created` that refuses, an error (nothing is created), or a `LostAnswer` (created, but
    nobody is told).

    Attributes:
        list_lag: How long a new transaction is missing from every list.
        number_lag: How long it is not found by its number, and listed without one.
        numbers_while_processing: Whether a transaction has its number while it is PROCESSING.
        finds_one: Whether a question by number shows one transaction at most, the newest.
        shows_content: Whether the message of a transaction can be read.
        gives_uuids: Whether a create answers with another id than the list shows.
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
        self.filed: list[_Filed] = []
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
        ending = self.script.pop(0) if self.script else None
        if isinstance(ending, LostAnswer):
            self.file(request)
            raise ending
        if isinstance(ending, ConnectorError):
            raise ending
        filed = self.file(request)
        if ending is not None:
            filed.transaction = replace(filed.transaction, validation_status="INVALID")
            return replace(ending, transaction_id=filed.known_as)
        return Created(filed.known_as, accepted=True)

    def file(self, request: OrderfulRequest) -> _Filed:
        """Create a transaction, by a request or by a test."""
        body = request.body
        kind = body["type"]
        self._next_id += 1
        now = self.clock.now()
        filed = _Filed(
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
            found=now + max(self.list_lag, self.number_lag),
            known_as=f"{self._next_id:08x}-5a85-714c-8ba6-436c1c06efd8" if self.gives_uuids else str(self._next_id),
        )
        self.filed.append(filed)
        return filed

    def copy(self, transaction_id: str) -> str:
        """A person copies a transaction in Orderful; gives the id of the copy."""
        filed = self._named(transaction_id)
        self._next_id += 1
        now = self.clock.now()
        copied = replace(filed.transaction, transaction_id=str(self._next_id), created_at=now + self.skew)
        self.filed.append(replace(filed, transaction=copied, visible=now, found=now, known_as=copied.transaction_id))
        return copied.transaction_id

    def delete(self, transaction_id: str) -> None:
        """A person deletes a transaction in Orderful."""
        self.filed.remove(self._named(transaction_id))

    def send_by_hand(self, transaction_id: str, delivery_status: str = "DELIVERED") -> None:
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
        wanted = (transaction_type.value, business_number, sender_id, receiver_id, stream)
        now = self.clock.now()
        found = [
            each.transaction
            for each in reversed(self._listed())
            if each.found <= now
            and (
                each.transaction.transaction_type,
                self._number(each),
                each.transaction.sender_id,
                each.transaction.receiver_id,
                each.transaction.stream,
            )
            == wanted
        ]
        return found[:1] if self.finds_one else found, self.skew

    def list_since(
        self, since: datetime, *, sender_ids: Sequence[str], stream: Stream, receiver_id: str | None = None
    ) -> Iterator[RemoteTransaction]:
        self._count("list_since")
        for position, filed in enumerate(reversed(self._listed())):
            each = replace(filed.transaction, business_number=self._number(filed))
            if each.created_at < since or each.sender_id not in sender_ids or each.stream is not stream:
                continue
            if receiver_id not in {None, each.receiver_id}:
                continue
            self.pages += position % 100 == 0
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
        found = [
            replace(each.transaction, business_number=self._number(each))
            for each in reversed(self._between(since, until))
            if each.transaction.sender_id in sender_ids
            and each.transaction.stream is stream
            and each.transaction.transaction_type in named
        ]
        pages = min(most_pages, max(1, -(-len(found) // self.page_size)))
        self.pages += pages
        return Listed(found[: pages * self.page_size], pages)

    def read(self, transaction_id: str) -> RemoteTransaction | None:
        self._count("read")
        return next(
            (
                replace(each.transaction, transaction_id=transaction_id)
                for each in self._listed()
                if transaction_id in {each.transaction.transaction_id, each.known_as}
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

    def _named(self, transaction_id: str) -> _Filed:
        return next(each for each in self.filed if each.transaction.transaction_id == transaction_id)

    def _number(self, filed: _Filed) -> str | None:
        is_new = filed.transaction.validation_status == "PROCESSING" and not self.numbers_while_processing
        return None if is_new or filed.found > self.clock.now() else filed.transaction.business_number

    def _listed(self) -> list[_Filed]:
        """What lists show now, oldest first."""
        now = self.clock.now()
        return sorted(
            (each for each in self.filed if each.visible <= now),
            key=lambda each: (each.transaction.created_at, each.transaction.transaction_id),
        )

    def _between(self, since: datetime, until: datetime) -> list[_Filed]:
        return [each for each in self._listed() if since <= each.transaction.created_at < until]

    def _count(self, call: str) -> None:
        self.calls[call] += 1
        failure = self.failing or self.broken.get(call)
        if failure is not None:
            raise failure


def business_number_of(body: Mapping[str, Any]) -> str | None:
    """The number under which Orderful files a request, in either dialect."""
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
        held: Every transaction by its id.
        waiting: Ids in the inbox, in order.
        confirmed: The confirmations of each delivery, in order.
        fail: Raised by the next confirmations, one each.
        fetches: Ids that were asked for.
        documents_asked: The documents that each call of the list asked for.
        list_page: Rows of a page of the list, the newest page first, each the oldest first.
        problems: What Orderful says about an INVALID transaction.
        dated_items: An item of an inbox says when it came. As published, one of a v4 inbox says neither that nor what
            the check came to.
        pages: How many items each page was asked with.
        looks: How often a delivery was looked at.
        too_large: Ids whose message makes every page with it too large.
        endless: Ids whose message is too large to be read by itself.
        unreadable: Ids of items and rows that name no transaction.
        sticky: Ids that stay although they are confirmed.
        refused: Ids whose confirmation is refused.
        since: When the delivery of an id was made, where Orderful says it.
    """

    clock: ManualClock
    held: dict[str, InboundTransaction] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    confirmed: list[tuple[str, Confirmation]] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)
    documents_asked: list[tuple[str, ...]] = field(default_factory=list)
    list_page: int = 1
    problems: tuple[str, ...] = ()
    dated_items: bool = False
    pages: list[int] = field(default_factory=list)
    looks: int = 0
    too_large: set[str] = field(default_factory=set)
    endless: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    sticky: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    since: dict[str, datetime] = field(default_factory=dict)

    def send(self, message: dict[str, Any], *, number: str = "802210971", inbox: bool = True, **changes: Any) -> str:
        """A partner sends something; gives its id."""
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
        self.held[number] = replace(transaction, **changes)
        if inbox:
            self.waiting.append(number)
        return number

    def hint(self, number: str = "802210971") -> HintMessage:
        """What a callback about it leaves on the queue."""
        delivery = self.held[number].delivery
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
                self.held[number],
                created_at=self.held[number].created_at if self.dated_items else None,
                validation=None,
            )
            for number in items
        ]

    def bucket(self, bucket_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        return []

    def list_received(
        self, since: datetime, *, documents: Sequence[str], receiver_ids: Sequence[str], stream: Stream
    ) -> Any:
        self.documents_asked.append(tuple(documents))
        rows = [
            one
            for one in sorted(self.held.values(), key=lambda one: one.created_at or since, reverse=True)
            if one.document in documents
            and (one.created_at or since) >= since
            and one.receiver_id in receiver_ids
            and one.stream is stream
        ]
        for start in range(0, len(rows), self.list_page):
            for one in reversed(rows[start : start + self.list_page]):
                nameless = one.transaction_id in self.unreadable
                yield None if nameless else replace(one, message=None, order_number=None, delivery=None)

    def fetch(self, transaction_id: str) -> InboundTransaction | None:
        self.fetches.append(transaction_id)
        self._must_fit({transaction_id} & self.endless)
        return replace(self.held[transaction_id], delivery=None) if transaction_id in self.held else None

    def with_message(self, transaction: InboundTransaction) -> InboundTransaction:
        if transaction.message is not None:
            return transaction
        self._must_fit({transaction.transaction_id} & self.endless)
        held = self.held[transaction.transaction_id]
        return replace(transaction, message=held.message, order_number=held.order_number)

    def _must_fit(self, beyond: set[str]) -> None:
        if beyond:
            raise AnswerTooLarge("Orderful answered with more than 65536 KiB.")

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        return self.problems

    def shown(self, delivery: Delivery, transaction_id: str) -> ShownDelivery | None:
        self.looks += 1
        known = self.held.get(transaction_id)
        if known is None or known.delivery is None or known.delivery.delivery_id != delivery.delivery_id:
            return None
        return ShownDelivery(known.delivery, transaction_id not in self.waiting, self.since.get(transaction_id))

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        if self.fail:
            raise self.fail.pop(0)
        if transaction_id in self.refused:
            raise Rejected("Orderful answered 409 to the confirmation of a delivery.", code=Reason.REQUEST_REFUSED)
        known = self.held.get(transaction_id)
        if known is None or known.delivery is None or known.delivery.delivery_id != delivery.delivery_id:
            return False
        self.confirmed.append((transaction_id, confirmation))
        if transaction_id in self.waiting and transaction_id not in self.sticky:
            self.waiting.remove(transaction_id)
        return True
