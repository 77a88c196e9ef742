"""Use case: record an inbound transaction of Orderful, whichever channel it arrives by.

Callback, inbox, polling bucket and list all end here, so each transaction is recorded once, by its id. Every write may
be repeated after a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from connector.domain.documents import MAX_NUMBER_LENGTH, DocumentKey, Kind, number_in_key
from connector.domain.errors import AnswerTooLarge, Conflict, PutOff, Transient
from connector.domain.inbound import ANSWERS, Delivery, InboundTransaction, Validation
from connector.domain.invoice_types import INVOICE_TYPES
from connector.domain.order_change.record import (
    CHANGE,
    FOR_A_PERSON,
    MAX_PROCESSING,
    MAX_REASON_LENGTH,
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
from connector.services.inbound.answer_check import AnswerCheck
from connector.services.inbound.ports import Changes, HintBudget, InboundNetwork, SentDocuments
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Clock, Fields, Metric, Outbox, RoutingSource, Telemetry

TRIES = 4
"""How often the write of a delivery is repeated when somebody else writes the record at the same moment."""

HINT_CALLS_A_MINUTE = 20
"""Look-ups at Orderful per minute for transactions that callbacks name; as many again for deliveries of recorded
transactions.

Orderful: the example of a limit is 100 requests a minute and endpoint.
"""

ACKNOWLEDGMENTS = ("855", "865")
"""X12 numbers of the answers that state the values of an order."""

_INVOICES = sorted(
    (kind for kind in Kind if kind.facts.transaction_type is TransactionType.INVOICE),
    key=lambda kind: not kind.facts.we_sell,
)
"""The kinds in which an answered invoice is looked for; ours first, as most answers are to invoices that we made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRecorder:
    """Records inbound transactions and queues those that have to be decided."""

    changes: Changes
    documents: SentDocuments
    orderful: InboundNetwork
    routing: RoutingSource
    outbox: Outbox
    clock: Clock
    telemetry: Telemetry
    stream: Stream

    def follow(self, hint: HintMessage, budget: HintBudget) -> Change | None:
        """Record the transaction that a callback named. Only its id is used; the rest is fetched with our key.

        A delivery that only the callback names is stored only if Orderful lists it for this transaction. Anybody may
        send any id, so a transaction that is not recorded yet, or that names another delivery, is looked up only as
        long as `budget` grants it. After that the hint waits. Polling records real transactions, and a hint about one
        of these costs no call.

        Returns:
            The record; None when Orderful has no such transaction, or when it is not for us.

        Raises:
            NoRouting: a new stack; nothing is for us yet.
            PutOff: the budget is used up; retry the hint later. Transient, Throttled, Misconfigured, Conflict: retry
                the hint.
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
            # Another stack confirms it: nothing is written or confirmed here.
            self._refuse_stream(transaction)
            return None
        if not self.routing.load().receivers(transaction.receiver_id or "", transaction.sender_id or "", self.stream):
            self._not_ours(hint.transaction_id, "It is addressed to somebody else.")
            return None
        if self.is_for_others(transaction):
            self._not_ours(hint.transaction_id, f"It is a {transaction.document or 'document'} for another reader.")
            return None
        if is_processed(transaction, self.clock.now()):
            raise Transient(f"Orderful still processes transaction {hint.transaction_id}.")
        delivery = transaction.delivery or self._shown(named, hint.transaction_id)
        return self.take(replace(transaction, delivery=delivery))

    def _shown(self, named: Delivery | None, transaction_id: str) -> Delivery | None:
        if named is None:
            return None
        shown = self.orderful.delivery_status(named, transaction_id)
        if shown is None:
            self._not_ours(transaction_id, "Orderful shows no such delivery of it.")
            return None
        return shown.delivery

    def is_for_others(self, transaction: InboundTransaction) -> bool:
        """Whether a transaction is for other readers and left untouched: neither recorded nor confirmed."""
        return is_for_others(transaction, self.routing.load(), self.stream)

    def take(self, transaction: InboundTransaction) -> Change | None:
        """Record a transaction that was read from Orderful, and queue it. Returns and raises as `record` does."""
        change = self.record(transaction)
        if change is not None:
            self.queue(change)
        return change

    def record(self, transaction: InboundTransaction) -> Change | None:
        """Record a transaction that was read from Orderful. It is not queued: an earlier one may follow.

        Returns:
            The record; None when it belongs to other readers, or to the other stream.

        Raises:
            Transient, Throttled, Misconfigured, Conflict: record it again later.
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
            # It stays too large, and must not stop the later ones.
            unread, transaction = error, replace(transaction, message={})
        if self.is_for_others(transaction):
            return None
        is_answer = transaction.document in ANSWERS and unread is None
        answer = read_answer(transaction.document or "", transaction.message or {}) if is_answer else None
        key = self.changes.known(transaction.transaction_id) or self._key(transaction, answer, self.routing.load())
        change = self._other_name(transaction, key) if answer is not None else None
        is_new = False
        if change is None:
            change, is_new = self._added(transaction, key, answer, unread)
        if not is_new:
            return self._noted(change, transaction.delivery, transaction.names)
        self.telemetry.count(Metric.CHANGES_RECEIVED if change.document == CHANGE else Metric.INBOUND_RECORDED)
        report = self.telemetry.warning if change.state in FOR_A_PERSON else self.telemetry.info
        report("received", {**names_of(change), "state": change.state.value})
        return change

    def _added(
        self, transaction: InboundTransaction, key: DocumentKey, answer: Answer | None, unread: AnswerTooLarge | None
    ) -> tuple[Change, bool]:
        """Write the record. Returns it, and False when another worker has recorded it at the same moment."""
        key = self.changes.know(transaction.transaction_id, key)
        for alias in transaction.aliases:
            self.changes.know(alias, key)
        change = self._new(transaction, key, answer)
        if unread is not None:
            change = self._unread(change, unread)
        elif answer is not None and transaction.document in ACKNOWLEDGMENTS and _is_let_through(transaction.validation):
            change = self._check.checked(change, answer, transaction.message or {}, self.routing.load())
        try:
            return self.changes.add(change, message=transaction.message), True
        except Conflict:
            return self._known(key, transaction.transaction_id), False

    def _other_name(self, answer: InboundTransaction, key: DocumentKey) -> Change | None:
        """The record of an answer that another channel named by another kind of id; None when there is none.

        Orderful: ids are UUIDs in v4 and numbers in v3, and not every channel tells both. A change needs no such look:
        its decision knows repetitions.
        """
        numeric = {name.isdigit() for name in answer.names}
        if len(numeric) > 1:
            return None
        said = content_id(answer.message)
        return next(
            (
                one
                for one in self.changes.of_order(key)
                if (one.document, one.sender_id, one.content_id) == (answer.document, answer.sender_id, said)
                and numeric.isdisjoint(name.isdigit() for name in one.names)
            ),
            None,
        )

    def recorded(self, *names: str) -> Change | None:
        """The record of a transaction by any of its ids; None when it is not recorded."""
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
        """Record a change under the order that its message names now, and queue it there.

        Returns:
            The record under the order that it named before, which has ended.

        Raises:
            Conflict, Transient: nothing was written, or everything; retry.
        """
        now, number = self.clock.now(), number.strip()[:MAX_NUMBER_LENGTH]
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
        """Queue a change that no worker has claimed: after a crash it may be recorded and not queued."""
        if change.is_new:
            self.outbox.changes([message_for(change)])

    def _readable(self, transaction: InboundTransaction) -> InboundTransaction:
        """The transaction with a message. One that Orderful holds as invalid needs none: a person is asked."""
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
        """Add a delivery or ids to the record; a worker may write it at the same moment."""
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
            # The business number of an 824 or 997 may be a control number, which belongs to no document.
            number = (answer.number or "").strip()[:MAX_NUMBER_LENGTH] or transaction.transaction_id
            if answer.number and answer.answers == TransactionType.INVOICE.number:
                return self._invoice(company, number, transaction.sender_id or "", routing)
            if answer.number:
                return self._check.order_key(companies, number, transaction.sender_id or "")
        else:
            number = transaction.order_number or transaction.business_number or transaction.transaction_id
        return DocumentKey.of_order(company, number.strip()[:MAX_NUMBER_LENGTH])

    @property
    def _check(self) -> AnswerCheck:
        return AnswerCheck(documents=self.documents, stream=self.stream)

    def _invoice(self, company: str, number: str, sender_id: str, routing: Routing) -> DocumentKey:
        """The key of the sent invoice with this number; without one, a key of the kind that the sender gets."""
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
        if answer is not None and not (answer.accepts and _is_let_through(transaction.validation)):
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
        return change if answer is None else self._answering(change, answer, has_message=bool(transaction.message))

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

    def _answering(self, change: Change, answer: Answer, *, has_message: bool) -> Change:
        """The record of an answer, with what a person has to settle."""
        named = self.routing.load().senders(change.sender_id or "", self.stream)
        partner = next((name for company, name in named if company == change.company), None)
        change = msgspec.structs.replace(change, partner=partner)
        if answer.number:
            what = f"{change.kind.value.replace('_', ' ')} {answer.number}"
        else:
            what = f"{f'a {answer.answers}' if answer.answers else 'a document'} that it does not name"
        whose = partner or change.sender_id or "the partner"
        if not _is_let_through(change.validation) and (answer.accepts or not has_message):
            return _held_back(change, f"{whose} about {what}")
        if answer.accepts:
            return change
        sentence = f"The {change.document} of {whose} does not accept {what} as sent: {'; '.join(answer.findings)}."
        return msgspec.structs.replace(
            change,
            reason=truncated(sentence, MAX_REASON_LENGTH),
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
    """Whether a transaction is for other readers of the inbox.

    The connector takes the documents in `inbound.take`; except for changes, only if they are addressed to a company in
    routing. A transaction with neither a type nor a message is not classified yet.
    """
    document = transaction.document
    if document is None:
        return transaction.message is not None
    if document not in routing.takes:
        return True
    receiver, sender = transaction.receiver_id or "", transaction.sender_id or ""
    return document != CHANGE and not routing.receivers(receiver, sender, transaction.stream or stream)


def is_processed(transaction: InboundTransaction, now: datetime) -> bool:
    """Whether Orderful still processes it. After `MAX_PROCESSING` it is recorded anyway, for a person."""
    since = transaction.created_at or now
    return transaction.validation is Validation.PROCESSING and now - since < MAX_PROCESSING


def _is_let_through(validation: Validation | None) -> bool:
    return validation in {None, Validation.VALID}


def _held_back(change: Change, whose: str) -> Change:
    """The record of an answer that Orderful has not let through: its content may still be corrected there."""
    if change.validation is Validation.PROCESSING:
        reason, stands = Reason.PROCESSING_AT_ORDERFUL, f"processed since {change.ordered_at:%Y-%m-%d %H:%M} UTC"
    else:
        reason, stands = Reason.INVALID_AT_ORDERFUL, "held as invalid"
    return msgspec.structs.replace(
        change,
        reason=truncated(f"The {change.document} of {whose} is {stands} at Orderful.", MAX_REASON_LENGTH),
        reason_codes=(reason,),
        next_step="Read it in Orderful and correct it there, or have the partner send it again, then run"
        f" `connector changes close {change.transaction_id}`.",
    )


def with_content(change: Change, message: Any) -> Change:
    """The record with values from its message: the hash, and for an 860 its sequence number, date and summary."""
    change = msgspec.structs.replace(
        change, content_id=content_id(message), change_sequence=None, changed_on=None, says=None
    )
    if change.document != CHANGE:
        return change
    try:
        request = read_change(message)
    except NotAChange:
        return change  # the decision reports that it cannot be read
    return msgspec.structs.replace(
        change, change_sequence=request.sequence, changed_on=request.changed_on, says=summary_of(request)
    )


def _is_handed_over_again(change: Change, delivery: Delivery | None) -> bool:
    """Whether Orderful delivers a refused transaction again (Orderful: the same id with a new delivery).

    Only a delivery that was read from Orderful with our key counts: anybody can name one in a callback.
    """
    known = {*change.settled_deliveries, *(one.delivery_id for one in change.deliveries)}
    is_new = delivery is not None and delivery.accept_link is not None and delivery.delivery_id not in known
    return is_new and bool(change.settled_deliveries) and change.is_refused_outright


def message_for(change: Change, cause: str = "received") -> ChangeMessage:
    """The queue message for deciding a change, or for confirming it to Orderful."""
    return ChangeMessage(
        company=change.company, number=change.number, transaction_id=change.transaction_id, cause=cause
    )


def names_of(change: Change) -> Fields:
    """The fields of a log line about a change, without content."""
    return {
        "company": change.company,
        "kind": change.key.kind.value,
        "number": change.number,
        "transaction_id": change.transaction_id,
        "partner": change.partner or "",
    }
