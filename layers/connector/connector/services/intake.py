"""Use case: take in a transaction that Orderful holds for us, whichever way we heard of it.

The one place that knows each transaction once. Callback, inbox, polling bucket and list all end here; what was seen
before is recognised by its id, and everything written here may be written again after a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from connector.domain.changes import CHANGE, NOBODY, Change, ChangeEvent, ChangeState
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, Transient
from connector.domain.inbound import Delivery, InboundTransaction, Validation
from connector.domain.routing import Routing
from connector.domain.transactions import Stream
from connector.edi.change.content import content_id
from connector.edi.change.read import NotAChange, read_change
from connector.services.change_ports import Changes, InboundNetwork
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Clock, Fields, Metric, Outbox, RoutingSource, Telemetry

TRIES = 4
"""How often a delivery is noted again when somebody else writes the record at the same moment."""

LONGEST_NUMBER = 100
"""Characters of an order number that go into a key; no real one has so many."""


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
            change = self._noted(change, delivery)
            self.queue(change)
            return change
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
        if transaction.validation is Validation.PROCESSING:
            raise Transient(f"Orderful still processes transaction {hint.transaction_id}.")
        return self.take(replace(transaction, delivery=transaction.delivery or delivery))

    def take(self, transaction: InboundTransaction) -> Change | None:
        """Record a transaction that was read from Orderful, and queue it. Returns and raises as `record` does."""
        change = self.record(transaction)
        if change is not None:
            self.queue(change)
        return change

    def record(self, transaction: InboundTransaction) -> Change | None:
        """Record a transaction that was read from Orderful. Nothing is queued: an earlier one may be known as well.

        Returns:
            The record; None when it belongs to the other stream.

        Raises:
            Transient, Throttled, Misconfigured, Conflict: take it again later.
        """
        if transaction.stream is not self.stream:
            self._refuse_stream(transaction)
            return None
        change = self.recorded(*transaction.names)
        if change is not None:
            return self._noted(change, transaction.delivery, transaction.names)
        transaction = self._readable(self.orderful.with_message(transaction))
        key = self.changes.known(transaction.transaction_id) or self.changes.know(
            transaction.transaction_id, self._key(transaction, self.routing.load())
        )
        for alias in transaction.aliases:
            self.changes.know(alias, key)
        change = self._new(transaction, key)
        try:
            change = self.changes.add(change, message=transaction.message)
        except Conflict:
            # Heard of twice at the same moment; the other one has written it.
            return self._noted(self._known(key, transaction.transaction_id), transaction.delivery, transaction.names)
        self.telemetry.count(Metric.CHANGES_RECEIVED if change.document == CHANGE else Metric.INBOUND_RECORDED)
        self.telemetry.info("received", {**names_of(change), "state": change.state.value})
        return change

    def recorded(self, *names: str) -> Change | None:
        """The record of a transaction that was seen before, under any of its ids."""
        for name in names:
            key = self.changes.known(name)
            if key is None:
                continue
            change = self.changes.get(key, name)
            if change is None:
                change = next((one for one in self.changes.of_order(key) if name in one.aliases), None)
            if change is not None:
                return change
        return None

    def move(self, change: Change, number: str, message: dict[str, Any]) -> Change:
        """Record a change under the order that its message names by now, and queue it there.

        Returns:
            The record under the order that it named before, which ends.

        Raises:
            Conflict, Transient: it is done again; what was written is found.
        """
        now, number = self.clock.now(), number.strip()[:LONGEST_NUMBER]
        elsewhere = msgspec.structs.replace(
            change.moved(ChangeState.RECEIVED, now=now, note=f"it named order {change.number} before"),
            number=number,
            version=1,
            attempts=0,
            conflicts=0,
            claim_until=None,
            known_sequence=None,
            decided_on=None,
            differences=(),
            remarks=(),
        )
        with suppress(Conflict):  # by a worker that ended here
            self.changes.add(with_content(elsewhere, message), message=message)
        for name in change.names:
            self.changes.relocate(name, elsewhere.key)
        self.outbox.changes([message_for(elsewhere)])
        reason = f"Orderful has order {number} for it by now; it is recorded there."
        return self.changes.save(
            change.moved(ChangeState.RECORDED, now=now, note=reason, reason=reason, next_step=None, deliveries=())
        )

    def queue(self, change: Change) -> None:
        """Queue what nobody has begun: after a crash it may be recorded without having been queued."""
        if change.state is ChangeState.RECEIVED and change.attempts == 0 and change.not_before is None:
            self.outbox.changes([message_for(change)])

    def _readable(self, transaction: InboundTransaction) -> InboundTransaction:
        """The transaction with a message. One that Orderful has refused is recorded without, for a person to see."""
        if transaction.message is not None:
            return transaction
        if transaction.validation is None or transaction.validation is Validation.VALID:
            raise Transient(f"Orderful gives no message for transaction {transaction.transaction_id}.")
        return replace(transaction, message={})

    def _known(self, key: DocumentKey, transaction_id: str) -> Change:
        change = self.changes.get(key, transaction_id)
        if change is None:
            raise Conflict("It was being recorded by another worker.", document=str(key))
        return change

    def _noted(self, change: Change, delivery: Delivery | None, names: Sequence[str] = ()) -> Change:
        """The record with one more delivery or id; whoever works on it may write at the same moment."""
        for _ in range(TRIES):
            more = change.with_delivery(delivery).with_names(names)
            if more is change:
                return change
            if _is_handed_over_again(change, delivery):
                more = more.moved(
                    ChangeState.RECEIVED,
                    now=self.clock.now(),
                    note="Orderful hands it over again: a new request",
                    attempts=0,
                    conflicts=0,
                    reason=None,
                    next_step=None,
                    waits_for=None,
                )
            for alias in more.aliases[len(change.aliases) :]:
                self.changes.know(alias, change.key)
            try:
                return self.changes.save(more)
            except Conflict:
                change = self._known(change.key, change.transaction_id)
        raise Conflict("Its record is being written all the time.", document=str(change.key))

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
            filed_at=transaction.created_at,
            validation=transaction.validation,
            aliases=transaction.aliases,
            history=(ChangeEvent(now, state, f"received: {transaction.transaction_type or 'a document'}"),),
        ).with_delivery(transaction.delivery)
        return with_content(change, transaction.message)

    def _refuse_stream(self, transaction: InboundTransaction) -> None:
        self.telemetry.count(Metric.STREAM_MISMATCH)
        self.telemetry.error(
            "of the other stream",
            {"transaction_id": transaction.transaction_id, "reason": f"It is {transaction.stream or 'of no stream'}."},
        )

    def _not_ours(self, transaction_id: str, reason: str) -> None:
        self.telemetry.count(Metric.CALLBACKS_UNUSABLE)
        self.telemetry.warning("hint ignored", {"transaction_id": transaction_id, "reason": reason})


def with_content(change: Change, message: Any) -> Change:
    """The record with what is known of its message: the hash, and the number and date of an 860."""
    change = msgspec.structs.replace(change, content_id=content_id(message), change_sequence=None, changed_on=None)
    if change.document != CHANGE:
        return change
    try:
        request = read_change(message)
    except NotAChange:
        return change  # whoever decides about it says so
    return msgspec.structs.replace(change, change_sequence=request.sequence, changed_on=request.changed_on)


def _is_handed_over_again(change: Change, delivery: Delivery | None) -> bool:
    """Whether what was refused outright comes again (Orderful: the same id with a new delivery).

    Only as read from Orderful with our key: anybody can name a delivery in a callback.
    """
    told = {*change.told, *(one.delivery_id for one in change.deliveries)}
    is_new = delivery is not None and delivery.accept_link is not None and delivery.delivery_id not in told
    return is_new and bool(change.told) and change.is_refused_outright


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
