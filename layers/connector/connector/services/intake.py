"""Use case: take in a transaction that Orderful holds for us, whichever way we heard of it.

The one place that knows each transaction once. Callback, inbox, polling bucket and list all end here; what was seen
before is recognised by its id, and everything written here may be written again after a crash.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import msgspec

from connector.domain.changes import CHANGE, NOBODY, Change, ChangeEvent, ChangeState
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict
from connector.domain.inbound import Delivery, InboundTransaction
from connector.domain.routing import Routing
from connector.domain.transactions import Stream
from connector.edi.change.read import NotAChange, read_change
from connector.services.change_ports import Changes, InboundNetwork
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Clock, Fields, Metric, Outbox, RoutingSource, Telemetry

TRIES = 4
"""How often a delivery is noted again when somebody else writes the record at the same moment."""

LONGEST_NUMBER = 100
"""Characters of an order number that go into a key; no real one has so many."""

_canonical = msgspec.json.Encoder(decimal_format="string", order="sorted")


@dataclass(frozen=True, slots=True)
class Intake:
    """Records what arrives and queues what has to be decided."""

    changes: Changes
    orderful: InboundNetwork
    routing: RoutingSource
    outbox: Outbox
    clock: Clock
    telemetry: Telemetry
    stream: Stream

    def follow(self, hint: HintMessage) -> Change | None:
        """Take in what a callback named. Nothing but the id is believed; the rest is fetched with our key.

        Returns:
            The record; None when Orderful knows no such transaction, or when it is not for us.

        Raises:
            Transient, Throttled, Misconfigured, Conflict: try the hint again.
        """
        delivery = Delivery(hint.delivery_id, hint.version) if hint.delivery_id and hint.version else None
        change = self.recorded(hint.transaction_id)
        if change is not None:
            return self._again(change, delivery)
        transaction = self.orderful.fetch(hint.transaction_id)
        if transaction is None:
            self._not_ours(hint.transaction_id, "Orderful knows no such transaction.")
            return None
        if transaction.stream is not self.stream:
            # It is another stack's to confirm: nothing is written, and Orderful is told nothing.
            self._refuse_stream(transaction)
            return None
        if not self.routing.load().receivers(transaction.receiver_id or "", transaction.sender_id or "", self.stream):
            self._not_ours(hint.transaction_id, "It is addressed to somebody else.")
            return None
        return self.take(replace(transaction, delivery=transaction.delivery or delivery))

    def take(self, transaction: InboundTransaction) -> Change | None:
        """Take in a transaction that was read from Orderful.

        Returns:
            The record; None when it belongs to the other stream.

        Raises:
            Transient, Throttled, Misconfigured, Conflict: take it again later.
        """
        if transaction.stream is not self.stream:
            self._refuse_stream(transaction)
            return None
        change = self.recorded(transaction.transaction_id)
        if change is not None:
            return self._again(change, transaction.delivery)
        transaction = self.orderful.with_message(transaction)
        key = self.changes.known(transaction.transaction_id) or self.changes.know(
            transaction.transaction_id, self._key(transaction, self.routing.load())
        )
        change = self._new(transaction, key)
        try:
            change = self.changes.add(change, message=transaction.message)
        except Conflict:
            # Heard of twice at the same moment; the other one has written it.
            return self._again(self._known(key, transaction.transaction_id), transaction.delivery)
        self.telemetry.count(Metric.CHANGES_RECEIVED if change.document == CHANGE else Metric.INBOUND_RECORDED)
        self.telemetry.info("received", {**names_of(change), "state": change.state.value})
        self._queue(change)
        return change

    def recorded(self, transaction_id: str) -> Change | None:
        """The record of a transaction that was seen before."""
        key = self.changes.known(transaction_id)
        return None if key is None else self.changes.get(key, transaction_id)

    def _known(self, key: DocumentKey, transaction_id: str) -> Change:
        change = self.changes.get(key, transaction_id)
        if change is None:
            raise Conflict("It was being recorded by another worker.", document=str(key))
        return change

    def _again(self, change: Change, delivery: Delivery | None) -> Change:
        change = self._noted(change, delivery)
        self._queue(change)
        return change

    def _noted(self, change: Change, delivery: Delivery | None) -> Change:
        """The record with one more delivery; whoever works on it may write at the same moment."""
        for _ in range(TRIES):
            more = change.with_delivery(delivery)
            if more is change:
                return change
            try:
                return self.changes.save(more)
            except Conflict:
                change = self._known(change.key, change.transaction_id)
        raise Conflict("Its record is being written all the time.", document=str(change.key))

    def _queue(self, change: Change) -> None:
        """Queue what nobody has begun: after a crash it may be recorded without having been queued."""
        if change.state is ChangeState.RECEIVED and change.attempts == 0 and change.not_before is None:
            self.outbox.changes([message_for(change)])

    def _key(self, transaction: InboundTransaction, routing: Routing) -> DocumentKey:
        companies = routing.receivers(transaction.receiver_id or "", transaction.sender_id or "", self.stream)
        number = transaction.order_number or transaction.business_number or transaction.transaction_id
        return DocumentKey.of_order(companies[0] if len(companies) == 1 else NOBODY, number.strip()[:LONGEST_NUMBER])

    def _new(self, transaction: InboundTransaction, key: DocumentKey) -> Change:
        now = self.clock.now()
        state = ChangeState.RECEIVED if transaction.document == CHANGE else ChangeState.RECORDED
        change = Change(
            company=key.company,
            number=key.number,
            transaction_id=transaction.transaction_id,
            state=state,
            created_at=now,
            updated_at=now,
            document=transaction.document,
            transaction_type=transaction.transaction_type,
            stream=transaction.stream,
            sender_id=transaction.sender_id,
            receiver_id=transaction.receiver_id,
            content_id=hashlib.sha256(_canonical.encode(transaction.message)).hexdigest(),
            history=(ChangeEvent(now, state, f"received: {transaction.transaction_type or 'a document'}"),),
        ).with_delivery(transaction.delivery)
        if state is ChangeState.RECORDED:
            return change
        try:
            request = read_change(transaction.message)
        except NotAChange:
            return change  # whoever decides about it says so
        return msgspec.structs.replace(change, change_sequence=request.sequence, changed_on=request.changed_on)

    def _refuse_stream(self, transaction: InboundTransaction) -> None:
        self.telemetry.count(Metric.STREAM_MISMATCH)
        self.telemetry.error(
            "of the other stream",
            {"transaction_id": transaction.transaction_id, "reason": f"It is {transaction.stream or 'of no stream'}."},
        )

    def _not_ours(self, transaction_id: str, reason: str) -> None:
        self.telemetry.count(Metric.CALLBACKS_UNUSABLE)
        self.telemetry.warning("hint ignored", {"transaction_id": transaction_id, "reason": reason})


def message_for(change: Change, cause: str = "received") -> ChangeMessage:
    """The message that asks for a change to be decided, or for Orderful to be told."""
    return ChangeMessage(
        company=change.company, number=change.number, transaction_id=change.transaction_id, cause=cause
    )


def names_of(change: Change) -> Fields:
    """What a log line says of a change; no content."""
    return {
        "company": change.company,
        "kind": change.key.kind.value,
        "number": change.number,
        "transaction_id": change.transaction_id,
        "partner": change.partner or "",
    }
