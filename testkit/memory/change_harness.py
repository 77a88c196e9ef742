"""The connector in memory after a partner has received order 500123. `Harness` processes every queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from connector.domain.documents import DocumentKey
from connector.domain.errors import ConnectorError
from connector.domain.order_change.record import (
    Change,
    ChangeState,
    later_changes,
    peers,
)
from connector.domain.revision.record import (
    State,
)
from connector.domain.routing.route import Company
from connector.services.decider import Decider
from connector.services.inbound.apply import ApplyResult
from connector.services.inbound.collect import Collected
from connector.services.inbound.ports import PurchaseOrders
from connector.services.inbound.record import message_for
from connector.services.inbound.review import ChangeReview
from connector.services.messages import ChangeMessage, DocumentMessage, HintMessage
from connector.services.ports import Deadline
from testkit.memory.connector import Connector
from testkit.memory.effects import MovingClock
from testkit.memory.stores import (
    FixedRouting,
)
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

ORDER = DocumentKey.of_order("nordic", "500123")
KARI = Decider("kari", "arn:aws:sts::123456789012:assumed-role/Operator/kari")

RULES = {"quantity": "50%", "price": "10%", "dates": "14d", "lines": "apply"}


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


def opening(orders: PurchaseOrders) -> Callable[[Company, Deadline], PurchaseOrders]:
    """A factory that returns these orders for every company."""
    return lambda _company, _deadline: orders


class Harness(Connector):
    """The connector with order 500123 sent to acme: line 1 with 800 pieces at 10.00, line 2 with 100 at 5.00."""

    def __init__(self, **rules: Any) -> None:
        routing = FixedRouting(routing_data({"defaults.changes": {**RULES, **rules}, "defaults.on_reopen": "replace"}))
        super().__init__(clock=MovingClock(), routing=routing)
        lines = [
            an_order_line(1),
            an_order_line(
                2, orderQty=Decimal("100.0"), unitCost=Decimal("5.0"), inventory={"number": "1299"}, alternateId="AC-2"
            ),
        ]
        self.orders.put_in(a_purchase_order(lines=lines))
        self.poll()
        self.quiesce()
        assert len(self.sent) == 1, "the partner has received the order"

    # -- outbound

    def poll(self, number: str = "500123") -> None:
        """Queue the order, as the poller does after a change."""
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
        """The transactions that were sent to Orderful."""
        return self.orderful.transactions

    # -- inbound

    def collect(self, **ports: Any) -> Collected:
        """One run of the collector."""
        return self.collector(**ports).run()

    def apply(self, message: ChangeMessage | HintMessage, **ports: Any) -> ApplyResult:
        """Process one message of the changes queue."""
        return self.applier(**ports).handle(message)

    def arrived(
        self, *lines: dict[str, Any], number: str = "802210971", order: str = "500123", **header: Any
    ) -> ChangeMessage:
        """Receive and record an 860; returns its queue message."""
        self.inbound.send(an_860(*lines, **{"purchaseOrderNumber": order, **header}), number=number)
        return self._recorded(number)

    def arrived_in_x12(
        self, sequence: str, *, number: str = "802210971", day: str | None = None, **change: Any
    ) -> ChangeMessage:
        """Receive and record an 860 in OrderfulJSON that changes the quantity of line 1; returns its queue message."""
        header = {
            "transactionSetPurposeCode": "04",
            "purchaseOrderNumber": "500123",
            "changeOrderSequenceNumber": sequence,
            **({"date2": day} if day else {}),
        }
        line = {"assignedIdentification": "1", "changeOrResponseTypeCode": "QI", **change}
        trees = [{"beginningSegmentForPurchaseOrderChange": [header], "POC_loop": [{"lineItemChange": [line]}]}]
        self.inbound.send({"transactionSets": trees}, number=number, order_number="500123")
        return self._recorded(number)

    def _recorded(self, number: str) -> ChangeMessage:
        self.recorder().take(self.inbound.transactions[number])
        self.outbox.clear()
        return message_for(self.change(number))

    def approve(self, transaction_id: str = "802210971") -> None:
        """Approve a parked change, with its later changes shown, and process the queues."""
        change = self.change(transaction_id)
        later = later_changes(change, peers(change, self.changes.of_order(change.key)))
        self.review.approve(change, KARI, later=later)
        self.quiesce()

    def reject(self, transaction_id: str, *, reason: str) -> None:
        """Reject an open change."""
        self.end(ChangeState.REJECTED, replace(KARI, reason=reason), transaction_id)

    @property
    def review(self) -> ChangeReview:
        """The use case."""
        return ChangeReview(self.changes, self.outbox, self.clock)

    def end(
        self,
        state: ChangeState,
        by: Decider,
        transaction_id: str = "802210971",
        *,
        order: DocumentKey | None = None,
    ) -> None:
        """Reject or close an open change, of the order under which it is recorded or another one."""
        change = self.change(transaction_id)
        self.review.end(change, state, by, known=self.partner_baseline(), order=order or change.key)

    def quiesce(self) -> None:
        """Process all queues until they are empty; a message that fails is queued again."""
        for _ in range(50):
            taken = self.outbox
            waiting = [*taken.queued_documents, *taken.queued_hints, *taken.queued_changes, *taken.queued_deliveries]
            if not waiting:
                return
            taken.clear()
            for message in waiting:
                self._handle(message)
        raise AssertionError("the queues do not become empty")

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

    # -- results

    def change(self, number: str = "802210971") -> Change:
        """The inbound record of a transaction."""
        key = self.changes.known(number)
        assert key is not None, f"{number} was never recorded"
        change = self.changes.get(key, number)
        assert change is not None
        return change

    def states(self) -> list[State]:
        """The states of the order's revisions, oldest first."""
        return [revision.state for revision in reversed(self.ledger.revisions(ORDER, limit=50))]
