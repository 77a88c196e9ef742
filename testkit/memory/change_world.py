"""The way back between fakes: an order in Visma, an inbox at Orderful, and everything of ours in between.

`World` has one order, 500123 of partner acme, which the partner was sent. Its parts keep state and misbehave on
request; the order takes a PUT as the sandbox Visma does.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connector.adapters.conflict_retry import BackOff
from connector.domain.documents import DocumentKey
from connector.domain.errors import AnswerTooLarge, Conflict, ConnectorError, Rejected, UnknownOutcome
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, InboundTransaction, ShownDelivery, Validation
from connector.domain.order_change.record import Change, later_changes, peers
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.domain.routing.route import Company
from connector.domain.transactions import Stream
from connector.services.inbound.apply import Applier, Outcome
from connector.services.inbound.collect import Collected, Collector
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.record import InboundRecorder
from connector.services.inbound.review import approve, reject
from connector.services.messages import ChangeMessage, DocumentMessage, HintMessage
from connector.services.outbound.deliver import Deliverer
from connector.services.outbound.translate import Translator
from connector.services.ports import Deadline, OrderAnswer
from testkit.memory.inbound import HintCalls, InMemoryChanges
from testkit.memory.outbound import (
    FakeOrderful,
    FixedRouting,
    ManualClock,
    MemoryLedger,
    MemoryOutbox,
    MemoryPayloads,
    MovingClock,
    RecordingTelemetry,
    StepDeadline,
)
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json
from testkit.visma.filters import BadRequest
from testkit.visma.orders import updated

ORDER = DocumentKey.of_order("nordic", "500123")
SENDER, RECEIVER = "ACMEPRODUCET", "NORDICFOODT"
RULES = {"quantity": "50%", "price": "10%", "dates": "14d", "lines": "apply"}


def row_version(count: int) -> str:
    """A `timeStamp` as Visma writes it: SQL Server's rowversion, a counter of eight bytes."""
    return base64.b64encode(count.to_bytes(8, "big")).decode()


class FakeOrders:
    """The `OrderDesk` port of one company.

    Attributes:
        on_put: Called before each PUT is looked at, once each; a user's edit, for example.
        lose: How many answers to PUTs are lost after the work was done.
        refuse: What Visma says to every PUT, when it refuses them.
        refusing: Statuses in which it refuses.
        puts: The bodies that were written, in order. `asked` counts every PUT.
    """

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.last_lines: dict[str, int] = {}
        self.on_put: list[Callable[[], None]] = []
        self.lose = 0
        self.refuse: str | None = None
        self.refusing: frozenset[str] = frozenset()
        self.puts: list[dict[str, Any]] = []
        self.theirs = 0
        self.reads = 0
        self._last = 0x4D182200

    def __call__(self, company: Company, deadline: Deadline) -> FakeOrders:
        return self

    def put_in(self, document: dict[str, Any]) -> None:
        """Have an order in Visma."""
        stored = json.loads(as_json(document))
        self.orders[stored["orderNbr"]] = stored
        self._bump(stored["orderNbr"])

    def edit(self, number: str = "500123", **changes: Any) -> None:
        """A user changes the order; `line_2={...}` changes line 2, and Visma adds up anew."""
        order = self.orders[number]
        for name, value in changes.items():
            if name.startswith("line_"):
                wrapped = {field: {"value": said} for field, said in value.items()}
                edit = {"operation": "Update", "lineNumber": {"value": int(name.removeprefix("line_"))}, **wrapped}
                order, _ = updated(order, {"lines": [edit]}, last_line=0)
            else:
                order[name] = value
        self.orders[number] = order
        self._bump(number)

    def raw(self, number: str = "500123") -> bytes:
        order = {**self.orders[number], "timeStamp": self._stamp(number)}
        return json.dumps(order).encode()

    def line(self, line_number: int, number: str = "500123") -> dict[str, Any] | None:
        return next((one for one in self.orders[number]["lines"] if one["lineNbr"] == line_number), None)

    def get_order(self, number: str) -> OrderAnswer | None:
        self.reads += 1
        if number not in self.orders:
            return None
        return OrderAnswer(f'"{self._stamp(number)}"', self.raw(number))

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        self.theirs += 1
        if self.on_put:
            self.on_put.pop(0)()
        if etag != f'"{self._stamp(number)}"':
            raise Conflict("412")
        if self.refuse is not None:
            raise Rejected(self.refuse, code=Reason.REQUEST_REFUSED)
        order = self.orders[number]
        # Numbers of lines are never given out twice.
        last = max((line["lineNbr"] for line in order["lines"]), default=0)
        last = max(last, self.last_lines.get(number, 0))
        try:
            changed, last = updated(order, json.loads(body), refusing=self.refusing, last_line=last)
        except BadRequest as error:
            raise Rejected(str(error), code=Reason.REQUEST_REFUSED) from None
        self.orders[number], self.last_lines[number] = changed, last
        self.puts.append(json.loads(body))
        self._bump(number)
        if self.lose:
            self.lose -= 1
            raise UnknownOutcome("No answer came; it may have been written.")
        return f'"{self._stamp(number)}"'

    def _bump(self, number: str) -> None:
        self._last += 1
        self.versions[number] = self._last

    def _stamp(self, number: str) -> str:
        return row_version(self.versions[number])


@dataclass(slots=True)
class FakeInbound:
    """The `InboundNetwork` port.

    Attributes:
        held: Every transaction by its id.
        waiting: Ids in the inbox, in order.
        confirmed: What each delivery was told, in order.
        fail: Raised by the next confirmations, one each.
        fetches: Ids that were asked for.
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

    def list_changes(self, since: datetime, *, receiver_ids: Sequence[str], stream: Stream) -> Any:
        rows = [
            one
            for one in sorted(self.held.values(), key=lambda one: one.created_at or since, reverse=True)
            if one.document == "860"
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


class MemoryWatermark:
    """The `Watermark` port."""

    def __init__(self) -> None:
        self.moment: datetime | None = None
        self.taken = False

    def take(self, *, now: datetime, lease: timedelta) -> datetime | None:
        if self.taken:
            raise Conflict("Another collector is running.")
        self.taken = True
        return self.moment

    def put(self, moment: datetime | None) -> None:
        self.taken = False
        self.moment = moment or self.moment


def an_860(*lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """A Mosaic change of order 500123."""
    return {
        "purpose": "change",
        "purchaseOrderNumber": "500123",
        "purchaseOrderDate": "2026-09-01",
        "purchaseOrderChangeDate": "2026-11-02",
        "lineItems": list(lines),
        **header,
    }


def a_quantity(value: str | int, unit: str = "each") -> dict[str, str]:
    """A Mosaic quantity."""
    return {"value": str(value), "unitOfMeasure": unit}


def more_of(line: int, to: int, *, was: int | None = None, **rest: Any) -> dict[str, Any]:
    """A Mosaic line that changes a quantity."""
    theirs: dict[str, Any] = {
        "purchaseOrderLineId": str(line),
        "changeReason": "quantityChange",
        "quantity": a_quantity(to),
        **rest,
    }
    if was is not None:
        theirs |= {"originalQuantity": a_quantity(was), "changeInQuantity": a_quantity(abs(to - was))}
    return theirs


class World:
    """Everything, with order 500123 sent to acme: line 1 with 800 pieces at 10.00, line 2 with 100 at 5.00."""

    def __init__(self, **rules: Any) -> None:
        self.clock = MovingClock()
        self.changes, self.ledger, self.outbox = InMemoryChanges(), MemoryLedger(), MemoryOutbox()
        self.payloads, self.telemetry = MemoryPayloads(), RecordingTelemetry()
        self.routing = FixedRouting(routing_data({"defaults.changes": {**RULES, **rules}}))
        self.orders, self.inbound = FakeOrders(), FakeInbound(self.clock)
        self.orderful, self.watermark = FakeOrderful(self.clock), MemoryWatermark()
        self.pauses: list[float] = []
        self.page_sizes: dict[str, int] = {}
        lines = [
            an_order_line(1),
            an_order_line(
                2, orderQty=Decimal("100.0"), unitCost=Decimal("5.0"), inventory={"number": "1299"}, alternateId="AC-2"
            ),
        ]
        self.orders.put_in(a_purchase_order(lines=lines))
        self.poll()
        self.rest()
        assert len(self.sent) == 1, "the world begins with an order that the partner has"

    # -- the way out

    def poll(self, number: str = "500123") -> None:
        """The poller sees the order changed."""
        self.clock.forward(minutes=5)
        self.outbox.documents(
            [
                DocumentMessage(
                    company="nordic",
                    kind=ORDER.kind,
                    number=number,
                    modified_at=self.clock.now(),
                    seen_at=self.clock.now(),
                    document=self.raw_document(number),
                )
            ]
        )

    def raw_document(self, number: str = "500123") -> Any:
        return msgspec.Raw(self.orders.raw(number))

    @property
    def sent(self) -> list[Any]:
        """What Orderful was sent."""
        return self.orderful.transactions

    # -- the way back

    def take(self, **ports: Any) -> InboundRecorder:
        """The intake; ports can be put under watch."""
        return InboundRecorder(
            changes=ports.get("changes", self.changes),
            documents=ports.get("ledger", self.ledger),
            orderful=ports.get("inbound", self.inbound),
            routing=self.routing,
            outbox=ports.get("outbox", self.outbox),
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
        )

    def applier(self, **ports: Any) -> Applier:
        """The applier."""
        return Applier(
            changes=ports.get("changes", self.changes),
            recorder=self.take(**ports),
            hint_budget=ports.get("hint_budget", HintCalls()),
            orders=ports.get("orders", self.orders),
            known=PartnerBaseline(ports.get("ledger", self.ledger), self.clock),
            orderful=ports.get("inbound", self.inbound),
            routing=self.routing,
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            lease=timedelta(seconds=90),
            deadline=StepDeadline(),
            conflict_retry=BackOff(self.pauses.append),
        )

    def partner_baseline(self) -> PartnerBaseline:
        """What the partners know."""
        return PartnerBaseline(self.ledger, self.clock)

    def collector(self, **ports: Any) -> Collector:
        """The collector of inbox 7, or of the list without inboxes."""
        return Collector(
            changes=ports.get("changes", self.changes),
            recorder=self.take(**ports),
            orderful=ports.get("inbound", self.inbound),
            outbox=ports.get("outbox", self.outbox),
            routing=self.routing,
            watermark=self.watermark,
            clock=self.clock,
            telemetry=self.telemetry,
            deadline=StepDeadline(),
            stream=Stream.TEST,
            inbox_ids=ports.get("inbox_ids", ("7",)),
            bucket_ids=(),
            resend_after=timedelta(minutes=15),
            page_sizes=self.page_sizes,
        )

    def collect(self, **ports: Any) -> Collected:
        """One scheduled run."""
        return self.collector(**ports).run()

    def apply(self, message: ChangeMessage | HintMessage, **ports: Any) -> Outcome:
        """One message of the changes queue."""
        return self.applier(**ports).handle(message)

    def approve(self, transaction_id: str = "802210971") -> None:
        """A person approves a parked change, and was shown what its sender said later; all that comes of it."""
        change = self.change(transaction_id)
        later = later_changes(change, peers(change, self.changes.of_order(change.key)))
        approve(change, self.changes, self.outbox, self.clock, by="kari", later=later)
        self.rest()

    def reject(self, transaction_id: str, *, reason: str) -> None:
        """A person rejects an open change."""
        change = self.change(transaction_id)
        reject(
            change,
            changes=self.changes,
            known=self.partner_baseline(),
            outbox=self.outbox,
            clock=self.clock,
            order=change.key,
            by="kari",
            reason=reason,
        )

    def rest(self) -> None:
        """Work every queue off until nothing is left; trouble that wants a repetition gets it later."""
        for _ in range(50):
            taken = self.outbox
            waiting = [*taken.queued_documents, *taken.queued_hints, *taken.queued_changes, *taken.queued_deliveries]
            if not waiting:
                return
            taken.clear()
            for message in waiting:
                self._handle(message)
        raise AssertionError("the queues never get empty")

    def _handle(self, message: Any) -> None:
        try:
            if isinstance(message, DocumentMessage):
                self.translator().handle(message)
            elif isinstance(message, ChangeMessage | HintMessage):
                self.applier().handle(message)
            else:
                self.deliverer().handle(message)
        except ConnectorError:
            self.clock.forward(minutes=2)
            if isinstance(message, DocumentMessage):
                self.outbox.documents([message])
            elif isinstance(message, HintMessage):
                self.outbox.hints([message])
            elif isinstance(message, ChangeMessage):
                self.outbox.changes([message])
            else:
                self.outbox.deliveries([message])

    def translator(self) -> Translator:
        """The translator."""
        return Translator(
            ledger=self.ledger,
            routing=self.routing,
            outbox=self.outbox,
            payloads=self.payloads,
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
        )

    def deliverer(self) -> Deliverer:
        """The deliverer."""
        return Deliverer(
            ledger=self.ledger,
            orderful=self.orderful,
            breaker=self.ledger,
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            confirm_after=timedelta(seconds=120),
            lease=timedelta(seconds=90),
        )

    # -- what came of it

    def change(self, number: str = "802210971") -> Change:
        """The record of a transaction."""
        key = self.changes.known(number)
        assert key is not None, f"{number} was never recorded"
        change = self.changes.get(key, number)
        assert change is not None
        return change

    def states(self) -> list[State]:
        """The revisions of the order, oldest first."""
        return [revision.state for revision in reversed(self.ledger.revisions(ORDER, limit=50))]
