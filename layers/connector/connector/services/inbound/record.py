"""Use case: take in a transaction that Orderful holds for us, whichever channel names it.

The one place that knows each transaction once. Callback, inbox, polling bucket and list all end here; what was seen
before is recognised by its id, and everything written here may be written again after a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from connector.domain.documents import DocumentKey, Kind, number_in_key
from connector.domain.errors import AnswerTooLarge, Conflict, PutOff, Transient
from connector.domain.inbound import ANSWERS, Delivery, InboundTransaction, Validation
from connector.domain.invoice_types import INVOICE_TYPES
from connector.domain.order_change.record import (
    CHANGE,
    FOR_A_PERSON,
    LONGEST_REASON,
    NOBODY,
    Change,
    ChangeEvent,
    ChangeState,
)
from connector.domain.order_change.summary import summary_of
from connector.domain.reasons import Reason
from connector.domain.routing.resolve import Routing
from connector.domain.text import truncated
from connector.domain.transactions import Stream, TransactionType
from connector.edi.answers import Answer, read_answer
from connector.edi.order_change.content_id import content_id
from connector.edi.order_change.read import NotAChange, read_change
from connector.kinds.facts import Counterparty
from connector.services.inbound.ports import Changes, HintBudget, InboundNetwork, SentDocuments
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Clock, Fields, Metric, Outbox, RoutingSource, Telemetry

TRIES = 4
"""How often a delivery is noted again when somebody else writes the record at the same moment."""

HINT_CALLS_A_MINUTE = 20
"""Transactions that are looked up at Orderful in a minute because a callback named them, whoever sent it; as many
deliveries besides, for transactions that are recorded.

Orderful: the example of a limit is 100 requests a minute and endpoint.
"""

LONGEST_NUMBER = 100
"""Characters of an order number that go into a key; no real one has so many."""

_INVOICES = sorted(
    (kind for kind in Kind if kind.facts.transaction_type is TransactionType.INVOICE),
    key=lambda kind: not kind.facts.we_sell,
)
"""Ours first: most invoices that are answered are those that we made."""
"""X12 number of the invoice, as an answer names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRecorder:
    """Records what arrives and queues what has to be decided."""

    changes: Changes
    documents: SentDocuments
    orderful: InboundNetwork
    routing: RoutingSource
    outbox: Outbox
    clock: Clock
    telemetry: Telemetry
    stream: Stream

    def follow(self, hint: HintMessage, budget: HintBudget) -> Change | None:
        """Take in what a callback named. Nothing but the id is believed; the rest is fetched with our key.

        A delivery that only the callback names is noted when Orderful shows it for this transaction, and never else.
        Anybody may name any id: what is not recorded yet, or names another delivery, is looked up as long as `budget`
        grants it. Beyond that it waits; polling records what is real, and a hint about that costs no call.

        Returns:
            The record; None when Orderful knows no such transaction, or when it is not for us to take.

        Raises:
            NoRouting: a new stack; nothing is for us yet.
            PutOff: the budget is spent; the hint's turn comes later.
            Transient, Throttled, Misconfigured, Conflict: try the hint again.
        """
        self.routing.load()
        named = Delivery(hint.delivery_id, hint.version) if hint.delivery_id and hint.version else None
        change = self.recorded(hint.transaction_id)
        if change is None or not (named is None or change.knows(named)):
            wait = budget.take(self.clock.now(), recorded=change is not None)
            if wait is not None:
                raise PutOff(f"Too many callbacks ask for a look-up; {hint.transaction_id} waits.", retry_after=wait)
        if change is not None:
            change = self._noted(change, None if change.knows(named) else self._shown(named, hint.transaction_id))
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
        if self.is_for_others(transaction):
            self._not_ours(hint.transaction_id, f"It is a {transaction.document or 'document'} for another reader.")
            return None
        if transaction.validation is Validation.PROCESSING:
            raise Transient(f"Orderful still processes transaction {hint.transaction_id}.")
        delivery = transaction.delivery or self._shown(named, hint.transaction_id)
        return self.take(replace(transaction, delivery=delivery))

    def _shown(self, named: Delivery | None, transaction_id: str) -> Delivery | None:
        if named is None:
            return None
        shown = self.orderful.shown(named, transaction_id)
        if shown is None:
            self._not_ours(transaction_id, "Orderful shows no such delivery of it.")
            return None
        return shown.delivery

    def is_for_others(self, transaction: InboundTransaction) -> bool:
        """Whether a transaction is left untouched for its readers: neither recorded nor confirmed."""
        return is_for_others(transaction, self.routing.load(), self.stream)

    def take(self, transaction: InboundTransaction) -> Change | None:
        """Record a transaction that was read from Orderful, and queue it. Returns and raises as `record` does."""
        change = self.record(transaction)
        if change is not None:
            self.queue(change)
        return change

    def record(self, transaction: InboundTransaction) -> Change | None:
        """Record a transaction that was read from Orderful. Nothing is queued: an earlier one may be known as well.

        Returns:
            The record; None when it belongs to other readers, or to the other stream.

        Raises:
            Transient, Throttled, Misconfigured, Conflict: take it again later.
        """
        if self.is_for_others(transaction):
            return None
        if transaction.stream is not self.stream:
            self._refuse_stream(transaction)
            return None
        change = self.recorded(*transaction.names)
        if change is not None:
            return self._noted(change, transaction.delivery, transaction.names)
        unread: AnswerTooLarge | None = None
        try:
            transaction = self._readable(self.orderful.with_message(transaction))
        except AnswerTooLarge as error:
            # It will be as large the next time, and must not hold up what comes after it.
            unread, transaction = error, replace(transaction, message={})
        if self.is_for_others(transaction):
            return None
        is_answer = transaction.document in ANSWERS and unread is None
        answer = read_answer(transaction.document or "", transaction.message or {}) if is_answer else None
        key = self.changes.known(transaction.transaction_id) or self.changes.know(
            transaction.transaction_id, self._key(transaction, answer, self.routing.load())
        )
        for alias in transaction.aliases:
            self.changes.know(alias, key)
        change = self._new(transaction, key, answer)
        if unread is not None:
            change = self._unread(change, unread)
        try:
            change = self.changes.add(change, message=transaction.message)
        except Conflict:
            # Heard of twice at the same moment; the other one has written it.
            return self._noted(self._known(key, transaction.transaction_id), transaction.delivery, transaction.names)
        self.telemetry.count(Metric.CHANGES_RECEIVED if change.document == CHANGE else Metric.INBOUND_RECORDED)
        report = self.telemetry.warning if change.state in FOR_A_PERSON else self.telemetry.info
        report("received", {**names_of(change), "state": change.state.value})
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
            Conflict, Transient: it is done again; nothing was written, or all of it.
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
            later=(),
        )
        reason = f"Orderful has order {number} for it by now; it is recorded there."
        here = change.moved(
            ChangeState.RECORDED,
            now=now,
            note=reason,
            reason=reason,
            reason_codes=(Reason.RECORDED_ELSEWHERE,),
            next_step=None,
            deliveries=(),
        )
        there = self.changes.move(here, with_content(elsewhere, message), message=message)
        self.outbox.changes([message_for(there)])
        return msgspec.structs.replace(here, version=here.version + 1)

    def queue(self, change: Change) -> None:
        """Queue what nobody has begun: after a crash it may be recorded without having been queued."""
        if change.is_new:
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
                    reason_codes=(),
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

    def _key(self, transaction: InboundTransaction, answer: Answer | None, routing: Routing) -> DocumentKey:
        companies = routing.receivers(transaction.receiver_id or "", transaction.sender_id or "", self.stream)
        company = companies[0] if len(companies) == 1 else NOBODY
        if answer is not None:
            # An 824 or 997 may be filed under a control number, which is no number of a document.
            number = (answer.number or "").strip()[:LONGEST_NUMBER] or transaction.transaction_id
            if answer.number and answer.answers == TransactionType.INVOICE.number:
                return self._invoice(company, number, transaction.sender_id or "", routing)
        else:
            number = transaction.order_number or transaction.business_number or transaction.transaction_id
        return DocumentKey.of_order(company, number.strip()[:LONGEST_NUMBER])

    def _invoice(self, company: str, number: str, sender_id: str, routing: Routing) -> DocumentKey:
        """The invoice of this number that was sent; what is none of ours is filed as one of the sender's kind."""
        partners = [name for of, name in routing.senders(sender_id, self.stream) if of == company]
        plays = {Counterparty.CUSTOMER: routing.buys, Counterparty.SUPPLIER: routing.supplies}
        kinds = [kind for kind in _INVOICES if any(map(plays[kind.facts.counterparty], partners))] or _INVOICES[:1]
        keys = [
            DocumentKey(company, kind, number_in_key(kind, of_type, number))
            for kind in kinds
            for of_type in INVOICE_TYPES
        ]
        return next((key for key in keys if self.documents.get(key, 1) is not None), keys[0])

    def _new(self, transaction: InboundTransaction, key: DocumentKey, answer: Answer | None) -> Change:
        now = self.clock.now()
        state = ChangeState.RECEIVED if transaction.document == CHANGE else ChangeState.RECORDED
        if answer is not None and not answer.accepts:
            state = ChangeState.ATTENTION
        change = Change(
            company=key.company,
            kind=key.kind,
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
        change = with_content(change, transaction.message)
        return change if answer is None else self._answering(change, answer)

    def _unread(self, change: Change, error: AnswerTooLarge) -> Change:
        """The record of a transaction whose message is too large to be read: a person reads it."""
        if change.document == CHANGE:
            self.telemetry.count(Metric.CHANGES_PARKED)
        return change.moved(
            ChangeState.PARKED if change.document == CHANGE else ChangeState.ATTENTION,
            now=self.clock.now(),
            note="its message was not read",
            reason_codes=(Reason.MESSAGE_TOO_LARGE,),
            reason=f"Its message is too large to be read here: {error.sentence}",
            next_step="Open the transaction in Orderful, do in Visma what it asks for, then run"
            f" `connector changes close {change.transaction_id}`.",
        )

    def _answering(self, change: Change, answer: Answer) -> Change:
        """The record of an answer, with what a person has to settle."""
        named = self.routing.load().senders(change.sender_id or "", self.stream)
        partner = next((name for company, name in named if company == change.company), None)
        change = msgspec.structs.replace(change, partner=partner)
        if answer.accepts:
            return change
        if answer.number:
            what = f"{change.kind.value.replace('_', ' ')} {answer.number}"
        else:
            what = f"{f'a {answer.answers}' if answer.answers else 'a document'} that it does not name"
        whose = partner or change.sender_id or "the partner"
        sentence = f"The {change.document} of {whose} does not accept {what} as sent: {'; '.join(answer.findings)}."
        return msgspec.structs.replace(
            change,
            reason=truncated(sentence, LONGEST_REASON),
            reason_codes=(Reason.ANSWER_NOT_ACCEPTING,),
            next_step="Settle it with the partner, correct the document in Visma where need be, then run"
            f" `connector changes close {change.transaction_id}`.",
        )

    def _refuse_stream(self, transaction: InboundTransaction) -> None:
        self.telemetry.count(Metric.DOUBLED_OR_WRONG_STREAM)
        self.telemetry.error(
            "of the other stream",
            {"transaction_id": transaction.transaction_id, "reason": f"It is {transaction.stream or 'of no stream'}."},
        )

    def _not_ours(self, transaction_id: str, reason: str) -> None:
        self.telemetry.count(Metric.CALLBACKS_UNUSABLE)
        self.telemetry.warning("hint ignored", {"transaction_id": transaction_id, "reason": reason})


def is_for_others(transaction: InboundTransaction, routing: Routing, stream: Stream) -> bool:
    """Whether a transaction is for other readers of the inbox that holds it.

    Taken are the documents that routing names (`inbound.take`), and of all but changes only those that are addressed to
    a company of the routing. What has neither a type nor a message is not known yet.
    """
    document = transaction.document
    if document is None:
        return transaction.message is not None
    if document not in routing.takes:
        return True
    receiver, sender = transaction.receiver_id or "", transaction.sender_id or ""
    return document != CHANGE and not routing.receivers(receiver, sender, transaction.stream or stream)


def with_content(change: Change, message: Any) -> Change:
    """The record with what is known of its message: the hash, and of an 860 its number, its date and what it says."""
    change = msgspec.structs.replace(
        change, content_id=content_id(message), change_sequence=None, changed_on=None, says=None
    )
    if change.document != CHANGE:
        return change
    try:
        request = read_change(message)
    except NotAChange:
        return change  # whoever decides about it says so
    return msgspec.structs.replace(
        change, change_sequence=request.sequence, changed_on=request.changed_on, says=summary_of(request)
    )


def _is_handed_over_again(change: Change, delivery: Delivery | None) -> bool:
    """Whether what was refused outright comes again (Orderful: the same id with a new delivery).

    Only as read from Orderful with our key: anybody can name a delivery in a callback.
    """
    known = {*change.settled_deliveries, *(one.delivery_id for one in change.deliveries)}
    is_new = delivery is not None and delivery.accept_link is not None and delivery.delivery_id not in known
    return is_new and bool(change.settled_deliveries) and change.is_refused_outright


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
