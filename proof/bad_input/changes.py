"""860s: each between two valid ones, by inbox or callback, through the recorder into the order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import strategies as st

from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsOutbox, SqsPostponer, received
from connector.adapters.http import Answer, Call
from connector.adapters.orderful.inbound import OrderfulInbound
from connector.domain.inbound import ApiVersion
from connector.domain.order_change.record import CHANGE, DECIDED, Change, ChangeState
from connector.services.consume import consume
from connector.services.inbound.apply import ATTEMPTS_UNAVAILABLE
from connector.services.inbound.ports import Changes
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Deadline, Metric, OrderAnswer
from proof.bad_input.queue import StrictSqs
from proof.bad_input.stores import BUCKET, MeasuredChanges, fresh_table
from proof.bad_input.trial import CaseResult, Target, inexact
from proof.bad_input.watch import is_list, watched
from proof.strategies.changes import (
    BASE_URL,
    NUMBER,
    ChangeCase,
    change_cases,
    delivery_of,
    inbox_item,
    mosaic,
    oversized_changes,
    x12,
)
from proof.strategies.damage import BYTES, damaged, with_oversized_values, written
from proof.strategies.visma import READ
from testkit.memory.change_harness import Harness as Fakes
from testkit.memory.effects import StepDeadline
from testkit.memory.stores import InMemoryChanges
from testkit.memory.visma import FakeOrders
from testkit.samples.visma_samples import a_purchase_order, an_order_line

_CHANGES = "changes.fifo"
NEIGHBOURS = {802210971: ("500124", 880), 802210973: ("500125", 720)}
"""Transactions of the valid changes: the order, and the quantity of its line 1 afterwards."""

UNREADABLE = re.compile(
    r"Orderful (answered|gives no message)|Visma (answered something that is|has) no purchase order"
)
"""Errors with which a message may go back to its queue: the vendor's answer is unreadable."""

_METRICS_OF_IGNORED = (Metric.CALLBACKS_UNUSABLE, Metric.INBOUND_ATTENTION, Metric.DOUBLED_OR_WRONG_STREAM)
_decode = msgspec.json.Decoder(HintMessage | ChangeMessage).decode
_ROUNDS = 8


@dataclass(slots=True)
class Orderful:
    """Orderful's HTTP answers: an inbox, single transactions, confirmations."""

    items: dict[int, bytes]
    messages: dict[int, bytes]
    confirmed: list[str] = field(default_factory=list)
    clock: Any = None

    def ask(self, call: Call, _deadline: Deadline) -> Answer:
        """Answer a call."""
        status, body = self._answer(call.method, call.url.removeprefix(BASE_URL))
        return Answer(service="Orderful", status=status, headers={}, body=body, received_at=self.clock.now())

    def orderful_api_key(self) -> str:
        """The key."""
        return "key"

    def forget(self) -> None:
        """Do nothing: the key is not cached."""

    def orderful_next_step(self) -> str:
        """The next step in error messages."""
        return "Set the key."

    def _answer(self, method: str, path: str) -> tuple[int, bytes]:
        if method == "POST":
            known = [number for number in self.items if delivery_of(number) in path]
            self.confirmed.append(path)
            return (200, b"{}") if known else (404, b'{"message": "unknown"}')
        if path.startswith("/inboxes/"):
            waiting = [body for number, body in self.items.items() if not self._is_confirmed(number)]
            return 200, b"[" + b",".join(waiting) + b"]"
        found = re.fullmatch(r"/(?:v3/)?transactions/([0-9a-f-]+)(/message)?", path)
        number = int(found[1]) if found is not None and found[1].isdigit() else 0
        kept = self.messages if found is not None and found[2] else self.items
        return (200, kept[number]) if number in kept else (404, b'{"message": "unknown"}')

    def _is_confirmed(self, number: int) -> bool:
        return any(delivery_of(number) in path for path in self.confirmed)


class DamagedOrders:
    """The `PurchaseOrders` port: one order has other bytes, and writes are checked."""

    def __init__(self, orders: FakeOrders, strange: bytes | None, result: CaseResult) -> None:
        """Answer with `strange` for the order of the drawn change."""
        self._orders, self._strange, self._ending = orders, strange, result

    def __call__(self, *_: object) -> DamagedOrders:
        """The factory of the port is the port."""
        return self

    def get_order(self, number: str) -> OrderAnswer | None:
        """Read an order."""
        answer = self._orders.get_order(number)
        if answer is None or self._strange is None or number in {order for order, _ in NEIGHBOURS.values()}:
            return answer
        return OrderAnswer(answer.etag, self._strange)

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        """Write into an order."""
        self._ending.expect(not inexact(body), f"an inexact number is written: {inexact(body)}")
        return self._orders.put_order(number, etag=etag, body=body)


class Harness:
    """Three orders that the partner has received, and three changes."""

    def __init__(self, case: ChangeCase, changes: Changes, result: CaseResult) -> None:
        """Set up the orders and the changes."""
        self.fakes, self.result, self.sqs = Fakes(quantities="new_total", header_note="tell"), result, StrictSqs()
        self.returned: list[str] = []
        for order, _ in NEIGHBOURS.values():
            self.fakes.orders.put_in(a_purchase_order(orderNbr=order, lines=[an_order_line(1)]))
            self.fakes.poll(order)
        self.fakes.quiesce()
        (first, (one, _)), (last, (other, _)) = NEIGHBOURS.items()
        items = {
            first: written(inbox_item(first, mosaic(one, NEIGHBOURS[first][1]))),
            NUMBER: case.item,
            last: written(inbox_item(last, x12(other, NEIGHBOURS[last][1]))),
        }
        self.orderful = Orderful(items, {NUMBER: written(mosaic("500123", 900))}, clock=self.fakes.clock)
        self.ports: dict[str, Any] = {
            "changes": changes,
            "outbox": SqsOutbox(changes_url=_CHANGES, hints_url=_CHANGES, client=self.sqs),  # type: ignore[arg-type]
            "inbound": OrderfulInbound(
                BASE_URL,
                self.orderful,
                http=self.orderful,  # type: ignore[arg-type]
                clock=self.fakes.clock,
                deadline=StepDeadline(),
            ),
            "orders": DamagedOrders(self.fakes.orders, case.order, result),
        }

    @property
    def changes(self) -> Changes:
        """The records."""
        changes: Changes = self.ports["changes"]
        return changes

    def collect(self) -> list[str]:
        """Run the collector; returns its problems."""
        return self.fakes.collect(**self.ports).problems

    def hint(self, numbers: Sequence[int]) -> None:
        """Queue callbacks for these transactions."""
        self.ports["outbox"].hints(
            [
                HintMessage(transaction_id=str(one), delivery_id=delivery_of(one), version=ApiVersion.V4)
                for one in numbers
            ]
        )

    def work_off(self) -> list[dict[str, Any]]:
        """Consume the queue until it is empty; returns the batches."""
        seen: list[dict[str, Any]] = []
        for _ in range(_ROUNDS):
            events = self.sqs.events(_CHANGES)
            if not events:
                break
            seen += events
            for event in events:
                self.consume(event)
            self.fakes.clock.forward(minutes=1)
        else:
            self.result.problems.append("the queue does not become empty")
        return seen

    def consume(self, event: dict[str, Any]) -> None:
        """Consume a batch as the function does, with retries until a message is parked."""
        applier = self.fakes.applier(**self.ports)
        for _ in range(ATTEMPTS_UNAVAILABLE):
            returned = consume(
                received(event),
                watched(lambda body: applier.handle(_decode(body)), self.result, but=UNREADABLE),
                queue=SqsPostponer(_CHANGES, client=self.sqs),  # type: ignore[arg-type]
                telemetry=self.fakes.telemetry,
                deadline=StepDeadline(),
            )
            if not returned:
                break
        bodies = {record["messageId"]: record["body"] for record in event["Records"]}
        self.returned += [bodies[name] for name in returned]

    def quantity(self, order: str) -> object:
        """The quantity of line 1 of an order."""
        line = self.fakes.orders.line(1, order)
        return line and line["orderQty"]


def target() -> Target[ChangeCase]:
    """The target."""
    return Target(
        "An 860 of any shape ends in a record; its neighbours are applied",
        change_cases(_damaged_orders()),
        fed,
        always=_oversized_cases,
    )


def fed(case: ChangeCase) -> CaseResult:
    """Process one change."""
    result = CaseResult()
    with _changes(case, result) as changes:
        harness = Harness(case, changes, result)
        unread: list[str] = []
        if case.by_hint:
            harness.hint([*NEIGHBOURS, NUMBER])
        else:
            unread = harness.collect()
        seen = harness.work_off()
        harness.fakes.clock.forward(minutes=35)
        unread += harness.collect()
        seen += harness.work_off()
        listed = is_list(b"[0," + case.item + b",0]")
        excused = [one for one in unread if UNREADABLE.search(one)]
        result.expect(unread == excused, f"not collected: {unread}")
        _check(harness, case, whole=listed or case.by_hint)
        before = _outcomes(harness)
        for event in seen:
            harness.consume(event)
        harness.collect()
        harness.work_off()
        result.expect(_outcomes(harness) == before, "the second time it ended in another way")
        logged_defects = [line for line in harness.fakes.telemetry.lines if line[1] == "unexpected failure"]
        result.expect(not logged_defects, f"a defect was logged: {logged_defects}")
    return result


def _check(harness: Harness, case: ChangeCase, *, whole: bool) -> None:
    result, counts = harness.result, harness.fakes.telemetry.counts
    for number, (order, quantity) in NEIGHBOURS.items():
        change = _record(harness, number)
        if change is None:
            result.expect(not whole, f"its neighbour {number} was not taken in")
            continue
        result.expect(change.state is ChangeState.APPLIED, f"its neighbour {number} is {change.state}: {change.reason}")
        result.expect(harness.quantity(order) == quantity, f"order {order} has {harness.quantity(order)}")
    change = _record(harness, NUMBER)
    if change is not None:
        result.end = change.state.value.lower()
        came_back = bool(harness.returned) and case.order is not None
        result.expect(change.state in DECIDED or came_back, f"it stays {change.state}")
        result.expect(
            change.reason or change.state in {ChangeState.APPLIED, ChangeState.RECORDED} or came_back,
            "it ended without a reason",
        )
        result.expect(change.document != CHANGE or change.history, "it has no history")
        return
    result.end = "not for us or unreadable"
    other = isinstance(harness.changes, InMemoryChanges) and len(harness.changes.all()) > len(NEIGHBOURS)
    noted = other or any(counts[metric] for metric in _METRICS_OF_IGNORED) or harness.returned or not whole
    result.expect(noted or case.on_aws or _may_be_for_others(case), "nobody was told of it")


def _may_be_for_others(case: ChangeCase) -> bool:
    """Whether neither its type nor its message says what it is: an inbox may have other readers."""
    places = [place.partition(" ")[0].partition(".")[0] for place in case.damage]
    return "message" in places and not {"ediTransactionType", "type"}.isdisjoint(places)


def _record(harness: Harness, number: int) -> Change | None:
    key = harness.changes.known(str(number))
    return None if key is None else harness.changes.get(key, str(number))


def _outcomes(harness: Harness) -> list[object]:
    found = [_record(harness, number) for number in (*NEIGHBOURS, NUMBER)]
    records = [(one.transaction_id, one.state.value, one.reason, one.differences) for one in found if one is not None]
    return [*records, len(harness.fakes.orders.puts), *map(harness.quantity, harness.fakes.orders.orders)]


def _oversized_cases() -> Iterator[ChangeCase]:
    """Changes, their envelopes and their orders, with each field oversized in turn."""
    yield from oversized_changes()
    sound = written(inbox_item(NUMBER, mosaic("500123", 900)))
    for path, order in with_oversized_values(a_purchase_order(lines=[an_order_line(1)])):
        damage = (f"the order's {'.'.join(map(str, path))} is a book",)
        yield ChangeCase(sound, by_hint=False, order=written(order), damage=damage, on_aws=False)


@st.composite
def _damaged_orders(draw: st.DrawFn) -> bytes:
    """The damaged order of the drawn change."""
    tree, _ = damaged(draw, a_purchase_order(lines=[an_order_line(1)]), read=READ, times=draw(st.integers(1, 3)))
    body = written(tree)
    return BYTES[draw(st.sampled_from(list(BYTES)))](draw, body) if draw(st.integers(0, 4)) == 0 else body


@contextmanager
def _changes(case: ChangeCase, result: CaseResult) -> Iterator[Changes]:
    if not case.on_aws:
        yield MeasuredChanges(result)
        return
    with fresh_table() as table:
        yield DynamoChanges(table, S3Payloads(BUCKET))
