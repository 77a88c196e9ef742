"""The life of an inbound transaction: an 860 that changes a purchase order, or another document that is only recorded.

RECEIVED -> APPLYING -> APPLIED
    |          |    +-> PARKED (a person approves, which is RECEIVED again, rejects, or closes)
    |          +-> CLOSED (a person took it as settled; nothing of it was written)
    |          +-> RECEIVED (it could not be finished: try again)
    +-> REJECTED, RECORDED

ATTENTION is an answer that does not accept what we sent; it is open until a person closes it.

Orderful is told (accepted, failed) only after a state other than RECEIVED and APPLYING is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from connector.domain.change_decision import Difference
from connector.domain.documents import DocumentKey, Kind
from connector.domain.inbound import Confirmation, Delivery
from connector.domain.transactions import Stream
from connector.domain.words import clipped

CHANGE = "860"
"""X12 number of the document that changes an order."""

NOBODY = "-"
"""Stands for the company of a transaction whose receiver is none of ours."""

WAIT_FOR_EARLIER = timedelta(minutes=10)
"""How long a change waits for the one whose sequence number comes before its own."""

MOST_DELIVERIES = 5
"""Deliveries of one transaction that are remembered: a forged callback may name one that does not exist."""

MOST_TOLD = 20
"""Deliveries that are remembered as told."""

HISTORY = 60
"""Events of one change that are kept, the newest."""

LONGEST_NOTE = 500
"""Characters of one of them."""

LONGEST_REASON = 1_000
"""Characters of a reason, and of what else is told beside it."""


class ChangeState(StrEnum):
    """Where an inbound transaction stands."""

    RECEIVED = "RECEIVED"
    APPLYING = "APPLYING"
    APPLIED = "APPLIED"
    PARKED = "PARKED"
    REJECTED = "REJECTED"
    RECORDED = "RECORDED"
    CLOSED = "CLOSED"
    ATTENTION = "ATTENTION"


FOR_A_PERSON = (ChangeState.ATTENTION, ChangeState.PARKED)
"""States in which a person is asked."""

OPEN_CHANGES = (ChangeState.RECEIVED, ChangeState.APPLYING, *FOR_A_PERSON)
"""States in which something is still to happen."""

DECIDED = frozenset(ChangeState) - {ChangeState.RECEIVED, ChangeState.APPLYING}
"""States after which Orderful is told."""


class ChangeEvent(msgspec.Struct, frozen=True):
    """One line of a change's history."""

    at: datetime
    state: ChangeState
    note: str


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ledger's record of one inbound transaction.

    Attributes:
        company: Name of the company that received it, or `NOBODY`.
        number: The document it speaks of; the transaction id where it names none.
        kind: What that document is.
        transaction_id: Orderful's name for it.
        version: Counts the writes of this record; a write is made on the version that was read.
        document: X12 number of the document, `860` for a change of an order.
        change_sequence: BCH05.
        changed_on: BCH11.
        content_id: Hash of the message, by which a repetition is known.
        deliveries: By which Orderful has yet to be told; each new attempt of Orderful's brings one of its own.
        told: Ids of the deliveries by which it was told, or which it does not know.
        confirmed: What it was told last.
        unacknowledged: How often it was told although it is still there, or refused to be told; 0 when it went well.
        not_before: Until then it rests: for an earlier one that has not come, or because our credentials were refused.
        claim_until: Until when a worker owns it.
        conflicts: How many attempts ended because the order was changed meanwhile, or without an answer to the write.
        known_sequence: The revision of the order that the partner had when the change was first looked at; 0 for none.
        decided_on: Revision id of the order that it was decided on.
        decided_by: `rules`, or the person who did.
        approved_by: The person who wants it written.
        approved_for: The revision id of the order that the approval was given on.
        on_hold: The order was put on hold for this change and has yet to be released.
        remarks: What the message told besides.
        message_at: Where the message lies in the payload bucket; None when it stands beside the record.
    """

    company: str
    number: str
    transaction_id: str
    state: ChangeState
    created_at: datetime
    updated_at: datetime
    version: int = 1
    kind: Kind = Kind.PURCHASE_ORDER
    document: str | None = None
    transaction_type: str | None = None
    stream: Stream | None = None
    sender_id: str | None = None
    receiver_id: str | None = None
    partner: str | None = None
    change_sequence: int | None = None
    changed_on: date | None = None
    content_id: str = ""
    deliveries: tuple[Delivery, ...] = ()
    told: tuple[str, ...] = ()
    confirmed: Confirmation | None = None
    unacknowledged: int = 0
    reason: str | None = None
    next_step: str | None = None
    waits_for: str | None = None
    not_before: datetime | None = None
    claim_until: datetime | None = None
    attempts: int = 0
    conflicts: int = 0
    known_sequence: int | None = None
    decided_on: str | None = None
    decided_by: str | None = None
    approved_by: str | None = None
    approved_for: str | None = None
    on_hold: bool = False
    differences: tuple[Difference, ...] = ()
    remarks: tuple[str, ...] = ()
    message_at: str | None = None
    history: tuple[ChangeEvent, ...] = ()

    @property
    def key(self) -> DocumentKey:
        """The document under which it is recorded."""
        return DocumentKey(self.company, self.kind, self.number)

    @property
    def is_due(self) -> bool:
        """Whether it is a change that nobody has decided yet."""
        return self.state in {ChangeState.RECEIVED, ChangeState.APPLYING}

    @property
    def is_unconfirmed(self) -> bool:
        """Whether Orderful has yet to be told of the decision."""
        return self.state in DECIDED and bool(self.deliveries)

    @property
    def is_refused_outright(self) -> bool:
        """Whether it was rejected without waiting for a person: Orderful is told that what waits is delivered."""
        return self.state is ChangeState.REJECTED and all(one.state is not ChangeState.PARKED for one in self.history)

    def moved(self, state: ChangeState, *, now: datetime, note: str, **changes: object) -> Change:
        """The record after a step. Words that somebody else chose are cut to what a record holds."""
        history = (*self.history, ChangeEvent(now, state, clipped(note, LONGEST_NOTE)))[-HISTORY:]
        for name in ("reason", "next_step", "waits_for"):
            if isinstance(words := changes.get(name), str):
                changes[name] = clipped(words, LONGEST_REASON)
        return msgspec.structs.replace(self, state=state, updated_at=now, history=history, **changes)

    def noted(self, note: str) -> Change:
        """The record with one more line of history, in the state and at the time it has."""
        event = ChangeEvent(self.updated_at, self.state, clipped(note, LONGEST_NOTE))
        return msgspec.structs.replace(self, history=(*self.history, event)[-HISTORY:])

    def knows(self, delivery: Delivery | None) -> bool:
        """Whether a delivery is noted, told or not."""
        return delivery is not None and delivery.delivery_id in {
            *self.told,
            *(one.delivery_id for one in self.deliveries),
        }

    def with_delivery(self, delivery: Delivery | None) -> Change:
        """The record that knows one more delivery; itself when it knows it already, or knows too many."""
        if delivery is None or delivery.delivery_id in self.told:
            return self
        others = tuple(one for one in self.deliveries if one.delivery_id != delivery.delivery_id)
        known = len(others) < len(self.deliveries)
        if delivery in self.deliveries or (known and not delivery.accept_link):
            return self
        # One with links comes from Orderful itself and goes before what a callback named.
        kept = (delivery, *others) if delivery.accept_link else (*others, delivery)
        kept = kept[:MOST_DELIVERIES]
        if kept == self.deliveries:
            return self
        return msgspec.structs.replace(self, deliveries=kept, unacknowledged=0 if not known else self.unacknowledged)

    def after_telling(self, confirmation: Confirmation | None) -> Change:
        """The record after Orderful was told by all its deliveries; None when it knew none of them."""
        told = (*self.told, *(one.delivery_id for one in self.deliveries))[-MOST_TOLD:]
        return msgspec.structs.replace(self, deliveries=(), told=told, confirmed=confirmation or self.confirmed)


def in_turn(changes: Iterable[Change]) -> list[Change]:
    """Changes of one order in the order in which they apply: by BCH05 (missing is 1), BCH11, and arrival."""
    return sorted(
        changes,
        key=lambda one: (one.change_sequence or 1, one.changed_on or one.created_at.date(), one.created_at),
    )


def waits_until(change: Change, others: Sequence[Change]) -> datetime | None:
    """Until when a change waits for the one before it, which has not arrived; None when it need not wait."""
    sequence = change.change_sequence or 1
    if sequence == 1 or change.approved_by or any(one.change_sequence == sequence - 1 for one in others):
        return None
    return change.created_at + WAIT_FOR_EARLIER


def repeats(change: Change, others: Sequence[Change]) -> Change | None:
    """The decided change that this one says again, to the letter and under the same sequence number."""
    if change.change_sequence is None or change.approved_by:
        return None
    for one in others:
        same = (one.change_sequence, one.content_id) == (change.change_sequence, change.content_id)
        if same and one.state in DECIDED and one.document == CHANGE:
            return one
    return None


def out_of_turn(change: Change, others: Sequence[Change]) -> str | None:
    """Why others speak against writing this change now, as one sentence; None when none does."""
    sequence = change.change_sequence
    for one in in_turn(others):
        if one.document != CHANGE:
            continue
        if one.state is ChangeState.PARKED and in_turn([one, change])[0] is one:
            return f"An earlier change of this order, {one.transaction_id}, still waits for a person."
        if one.state is not ChangeState.APPLIED or sequence is None or one.change_sequence is None:
            continue
        if one.change_sequence == sequence and one.content_id != change.content_id:
            return f"Another change with the number {sequence}, {one.transaction_id}, was applied already."
        if one.change_sequence > sequence:
            return f"The later change {one.change_sequence}, {one.transaction_id}, was applied already."
    return None
