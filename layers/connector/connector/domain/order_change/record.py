"""The life of an inbound transaction: an 860 that changes a purchase order, or another document that is only recorded.

RECEIVED -> APPLYING -> APPLIED
    |          |    +-> PARKED (a person approves, which is RECEIVED again, rejects, or closes)
    |          +-> CLOSED (a person took it as settled; nothing of it was written)
    |          +-> RECEIVED (it could not be finished: try again)
    +-> REFUSED, RECORDED

REFUSED is a change that the rules refuse without asking anybody; it is open until a person has told the partner and
closes it, which makes it REJECTED, as is what a person rejects.
ATTENTION is an answer that does not accept what we sent; it is open until a person closes it.

Orderful is told (accepted, failed) only after a state other than RECEIVED and APPLYING is written.

A change that is parked because of Visma (`waits_for` is `VISMA`) is looked at again by itself, with a growing pause;
one that is parked behind an earlier one, as soon as that one has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from connector.domain.documents import DocumentKey, Kind
from connector.domain.inbound import ALWAYS_TAKEN, Confirmation, Delivery, Validation
from connector.domain.moments import to_the_minute
from connector.domain.order_change.added_line_numbers import AddedLine
from connector.domain.order_change.decide import Difference
from connector.domain.reasons import Reason, StatedReason
from connector.domain.routing.route import QuantityReading
from connector.domain.text import truncated
from connector.domain.transactions import Stream

CHANGE = ALWAYS_TAKEN
"""X12 number of the document that changes an order."""

NOBODY = "-"
"""Stands for the company of a transaction whose receiver is none of ours."""

VISMA = "visma"
"""`Change.waits_for` of a change that is parked because of what Visma answers to its order."""

FIRST_PAUSE = timedelta(minutes=30)
"""Before a change that waits for Visma is looked at again for the first time; each later pause is twice as long."""

LONGEST_PAUSE = timedelta(hours=8)
"""The longest pause between two looks: what waited for an outage to end goes on in the same working day."""

MOST_LOOKS = 12
"""Looks by itself, in three days: longer than an outage over a weekend. Then a person has to ask for the next one."""

WAIT_FOR_EARLIER = timedelta(minutes=10)
"""How long a change waits for the one whose sequence number comes before its own."""

PROCESSING_AT_MOST = timedelta(hours=24)
"""How long Orderful may process a transaction before a person is asked (not documented; it usually takes seconds)."""

MOST_NAMES = 5
"""Ids besides its own by which a transaction is known."""
STAYS_ACCEPTED = "it stays accepted at Orderful; the partner has to be told by other means"
"""What is noted with a change that comes to nothing after Orderful was told that we hold it."""

MOST_DELIVERIES = 5
"""Deliveries of one transaction that are remembered: a forged callback may name one that does not exist."""

MOST_SETTLED = 20
"""Settled deliveries that are remembered."""

MOST_REASONS = 15
"""Sentences of one change that are kept beside its reason."""

HISTORY = 60
"""Events of one change that are kept, the newest."""

LONGEST_NOTE = 500
"""Characters of one of them."""

LONGEST_REASON = 1_800
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
    REFUSED = "REFUSED"


FOR_A_PERSON = (ChangeState.ATTENTION, ChangeState.PARKED, ChangeState.REFUSED)
"""States in which a person is asked."""

OPEN_CHANGES = (ChangeState.RECEIVED, ChangeState.APPLYING, *FOR_A_PERSON)
"""States in which something is still to happen."""

ENDED = frozenset(ChangeState) - {
    ChangeState.RECEIVED,
    ChangeState.APPLYING,
    ChangeState.PARKED,
    ChangeState.ATTENTION,
}
"""States in which nothing more is done with the order."""

DECIDED = frozenset(ChangeState) - {ChangeState.RECEIVED, ChangeState.APPLYING}
"""States after which Orderful is told."""


class WaitsOn(StrEnum):
    """Whom or what the next step of a change waits for."""

    WORKER = "worker"
    TIME = "time"
    VISMA = "visma"
    EARLIER = "earlier change"
    ROUTING = "routing"
    PERSON = "person"
    ORDERFUL = "orderful"


class ApprovalEffect(StrEnum):
    """What an approval of a parked change does."""

    LOOKS_AGAIN = "looks again"
    """Nothing was compared yet, so nobody has seen what would be written: it is decided anew."""

    CLOSES = "closes"
    """Nothing of what it asks for is written: it ends as CLOSED."""

    ENDS = "ends"
    """Nothing is left to write: it ends as APPLIED."""

    WRITES = "writes"
    """The order is written as it was shown."""


class ChangeEvent(msgspec.Struct, frozen=True):
    """One line of a change's history."""

    at: datetime
    state: ChangeState
    note: str


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"settled_deliveries": "told"}):
    """The ledger's record of one inbound transaction.

    What a record waits for is read from several fields, in one place, `waits_on`. Other code asks the properties below,
    not the fields:

        ============  ===========================  ==========================================================
        waits_on      holds when                   next step
        ============  ===========================  ==========================================================
        WORKER        RECEIVED without             apply_change decides it; the sweep queues a lost one again
                      `not_before`, or APPLYING
        TIME          RECEIVED with `not_before`   the sweep queues it at that time
        VISMA         PARKED, `waits_for` VISMA    the sweep has it looked at again at `not_before`
        EARLIER       PARKED, `behind`, not VISMA  it is looked at again when the earlier change has ended
        ROUTING       PARKED, `waits_for` a        `config apply` has it looked at again
                      routing key, no `behind`
        PERSON        PARKED otherwise, REFUSED,   a person approves, rejects or closes it
                      ATTENTION
        ORDERFUL      ended, with `deliveries`     Orderful is told by each delivery
        None          ended, without               nothing
        ============  ===========================  ==========================================================

    Beside that, `is_approved` (`approved_by`) says that a person wants it written and that this is still to be done: it
    is RECEIVED or APPLYING, or waits for Visma. `is_unconfirmed` (`deliveries`, once it is decided) says that Orderful
    has yet to be told; a record that waits for a person can be unconfirmed as well.

    Attributes:
        company: Name of the company that received it, or `NOBODY`.
        number: The document under which it is recorded: the one it names, or the order that a person says it means; the
            transaction id where it names none.
        transaction_id: Orderful's name for it.
        state: Where it stands.
        created_at: When it was recorded, by our clock.
        updated_at: When it last took a step, by our clock.
        version: Counts the writes of this record; a write is made on the version that was read.
        kind: What that document is.
        named: The number as the message has it, where a person says that another order is meant.
        document: X12 number of the document, `860` for a change of an order.
        transaction_type: Orderful's type as it names it (`860_PURCHASE_ORDER_CHANGE`).
        stream: Test or live; None where Orderful did not say.
        sender_id: The partner's ISA id.
        receiver_id: Our ISA id.
        partner: Name of the partner in routing; None where nothing is known of it.
        change_sequence: BCH05.
        changed_on: BCH11.
        filed_at: When Orderful took it (`createdAt`); None where Orderful did not say.
        validation: What Orderful's check of it came to when it was last looked up; None where Orderful did not say.
        aliases: Orderful's other ids of it (Orderful: ids are UUIDs in v4 and numbers in v3).
        content_id: Hash of the message without control numbers, by which a repetition is known.
        deliveries: By which Orderful has yet to be told; each new attempt of Orderful's brings one of its own.
        settled_deliveries: Ids of the deliveries by which it was told, or which it does not know. Stored as `told`.
        confirmed: What it was told last.
        unacknowledged: How often it was told although it is still there, or refused to be told; 0 when it went well.
        reason: Why it is in this state, in short; None without a reason.
        reason_codes: Which reasons it has (`domain/reasons.py`), the one that decided first; empty without one and in
            records of earlier releases. A later release may know codes that this one does not.
        next_step: What a person should do.
        waits_for: The routing key that would let it go on, or `VISMA` while Visma gives nothing usable.
        not_before: Until then nobody works on it: it waits for an earlier one that has not come, our credentials were
            refused, or Visma is asked again then. None when nothing keeps it back.
        predecessor_id: The earlier transaction of its sender that Orderful lists, and that could not be recorded yet;
            None when there is none.
        claim_until: Until when a worker owns it; None when none does.
        attempts: How often it was tried.
        conflicts: How many attempts ended because the order was changed meanwhile, or without an answer to the write.
        failures: How many attempts ended because Visma, or a store of ours, gave nothing usable for this one change.
        looks: How often it was parked in a row to wait for Visma.
        known_sequence: The revision of the order that the partner had when the change was first looked at; 0 when it
            had none, None before that look.
        decided_on: Revision id of the order that it was compared with; None when nothing was compared.
        decided_by: `rules`, or the person who did; None before the first decision.
        approved_by: The person who wants it written; None without an approval that is still to be carried out.
        caller: Who AWS says gave the last word of a person (ARN); the names are what that person typed.
        approved_for: The revision id of the order that the approval was given on; None without an approval.
        on_hold: The order was put on hold for this change and has yet to be released.
        reading: What POC03 and POC04 of this change mean, as a person says; the partner's rule when None.
        differences: What the partner wants otherwise, in three versions.
        remarks: What the message told besides.
        reasons: Everything that speaks against it, one sentence each; the first few make `reason`.
        places: Parties that a person was asked about, and once it is approved, has confirmed (`ChangeDecision.places`).
        unwritten: What the message asks for and an approval does not write, one sentence each.
        writes: Whether an approval would write anything; None where nothing was compared.
        says: What its message says, in short; None for one that cannot be read.
        later: What later changes of its order say, one sentence each, as it was shown with this one.
        behind: The earlier change that waited for a person when this one was parked; once that one has ended, this one
            is looked at again. None when there is none.
        repeats: The applied change that it was taken for a repetition of; None for any other.
        added: The lines that it added to the order.
        message_at: Where the message lies in the payload bucket; None when it stands beside the record.
        history: Its steps, oldest first; the last `HISTORY` of them.
    """

    company: str
    number: str
    transaction_id: str
    state: ChangeState
    created_at: datetime
    updated_at: datetime
    version: int = 1
    kind: Kind = Kind.PURCHASE_ORDER
    named: str | None = None
    document: str | None = None
    transaction_type: str | None = None
    stream: Stream | None = None
    sender_id: str | None = None
    receiver_id: str | None = None
    partner: str | None = None
    change_sequence: int | None = None
    changed_on: date | None = None
    filed_at: datetime | None = None
    validation: Validation | None = None
    aliases: tuple[str, ...] = ()
    content_id: str = ""
    deliveries: tuple[Delivery, ...] = ()
    settled_deliveries: tuple[str, ...] = ()
    confirmed: Confirmation | None = None
    unacknowledged: int = 0
    reason: str | None = None
    reason_codes: tuple[str, ...] = ()
    next_step: str | None = None
    waits_for: str | None = None
    not_before: datetime | None = None
    predecessor_id: str | None = None
    claim_until: datetime | None = None
    attempts: int = 0
    conflicts: int = 0
    failures: int = 0
    looks: int = 0
    known_sequence: int | None = None
    decided_on: str | None = None
    decided_by: str | None = None
    approved_by: str | None = None
    caller: str | None = None
    approved_for: str | None = None
    on_hold: bool = False
    reading: QuantityReading | None = None
    differences: tuple[Difference, ...] = ()
    remarks: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    writes: bool | None = None
    says: str | None = None
    later: tuple[str, ...] = ()
    behind: str | None = None
    repeats: str | None = None
    added: tuple[AddedLine, ...] = ()
    message_at: str | None = None
    history: tuple[ChangeEvent, ...] = ()

    @property
    def key(self) -> DocumentKey:
        """The document under which it is recorded."""
        return DocumentKey(self.company, self.kind, self.number)

    @property
    def names(self) -> tuple[str, ...]:
        """Every id of the transaction, its own first."""
        return self.transaction_id, *self.aliases

    @property
    def ordered_at(self) -> datetime:
        """When Orderful took it. Where Orderful did not say, the moment of recording stands in for it."""
        return self.filed_at or self.created_at

    @property
    def applied_at(self) -> datetime:
        """When it was last noted as applied."""
        return next((one.at for one in reversed(self.history) if one.state is ChangeState.APPLIED), self.updated_at)

    @property
    def is_due(self) -> bool:
        """Whether it is a change that nobody has decided yet."""
        return self.state in {ChangeState.RECEIVED, ChangeState.APPLYING}

    @property
    def is_new(self) -> bool:
        """Whether nobody has begun it, and nothing keeps it back."""
        return self.state is ChangeState.RECEIVED and self.attempts == 0 and self.not_before is None

    @property
    def is_approved(self) -> bool:
        """Whether a person has approved it and the approval is still to be carried out."""
        return self.approved_by is not None

    @property
    def was_compared(self) -> bool:
        """Whether it was compared with its order, so that a person can see what an approval writes."""
        return self.decided_on is not None

    @property
    def was_assigned(self) -> bool:
        """Whether a person said that it means another order than it names."""
        return self.named is not None

    @property
    def approval_effect(self) -> ApprovalEffect:
        """What an approval does, as it was compared last."""
        if not self.was_compared:
            return ApprovalEffect.LOOKS_AGAIN
        if self.unwritten and (self.writes is False or not self.differences):
            return ApprovalEffect.CLOSES
        return ApprovalEffect.ENDS if self.writes is False else ApprovalEffect.WRITES

    @property
    def is_unconfirmed(self) -> bool:
        """Whether Orderful has yet to be told of the decision."""
        return self.state in DECIDED and bool(self.deliveries)

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen."""
        return self.state in OPEN_CHANGES

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is done with the order, be there a partner to tell or not."""
        return self.state in ENDED

    @property
    def waits_on(self) -> WaitsOn | None:
        """Whom or what the next step waits for; None when nothing is left to do."""
        if self.state is ChangeState.RECEIVED and self.not_before is not None:
            return WaitsOn.TIME
        if self.is_due:
            return WaitsOn.WORKER
        if self.state is ChangeState.PARKED:
            return self._parked_on
        if self.state in FOR_A_PERSON:
            return WaitsOn.PERSON
        return WaitsOn.ORDERFUL if self.deliveries else None

    @property
    def _parked_on(self) -> WaitsOn:
        if self.waits_for == VISMA:
            return WaitsOn.VISMA
        if self.behind is not None:
            return WaitsOn.EARLIER
        return WaitsOn.PERSON if self.waits_for is None else WaitsOn.ROUTING

    @property
    def awaits_visma(self) -> bool:
        """Whether it is parked until Visma gives another answer."""
        return self.waits_on is WaitsOn.VISMA

    @property
    def was_accepted(self) -> bool:
        """Whether Orderful was told, or is about to be told, that we hold it; it cannot be told otherwise any more."""
        waited = self.state is ChangeState.PARKED or any(one.state is ChangeState.PARKED for one in self.history)
        return waited or self.confirmed is Confirmation.ACCEPTED

    @property
    def is_refused_outright(self) -> bool:
        """Whether it came to nothing before it was accepted: Orderful is told that it failed."""
        return self.state in {ChangeState.REFUSED, ChangeState.REJECTED} and not self.was_accepted

    def is_claimed(self, now: datetime) -> bool:
        """Whether a worker owns it at this time."""
        return self.claim_until is not None and now < self.claim_until

    def is_parked_behind(self, earlier: Change) -> bool:
        """Whether it is parked, and was so behind this one."""
        return self.state is ChangeState.PARKED and self.behind == earlier.transaction_id

    def moved(self, state: ChangeState, *, now: datetime, note: str, **changes: object) -> Change:
        """The record after a step. Words that somebody else chose are cut to what a record holds."""
        history = (*self.history, ChangeEvent(now, state, truncated(note, LONGEST_NOTE)))[-HISTORY:]
        for name in ("reason", "next_step", "waits_for"):
            if isinstance(text := changes.get(name), str):
                changes[name] = truncated(text, LONGEST_REASON)
        return msgspec.structs.replace(self, state=state, updated_at=now, history=history, **changes)

    def noted(self, note: str) -> Change:
        """The record with one more line of history, in the state and at the time it has."""
        event = ChangeEvent(self.updated_at, self.state, truncated(note, LONGEST_NOTE))
        return msgspec.structs.replace(self, history=(*self.history, event)[-HISTORY:])

    def knows(self, delivery: Delivery | None) -> bool:
        """Whether a delivery is noted, settled or not."""
        return delivery is not None and delivery.delivery_id in {
            *self.settled_deliveries,
            *(one.delivery_id for one in self.deliveries),
        }

    def with_delivery(self, delivery: Delivery | None) -> Change:
        """The record that knows one more delivery; itself when it knows it already, or knows too many."""
        if delivery is None or delivery.delivery_id in self.settled_deliveries:
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

    def with_names(self, names: Iterable[str]) -> Change:
        """The record that knows more ids of its transaction; itself when it knows them already."""
        new = [one for one in dict.fromkeys(names) if one not in self.names]
        kept = (*self.aliases, *new)[:MOST_NAMES]
        return self if kept == self.aliases else msgspec.structs.replace(self, aliases=kept)

    def after_telling(self, confirmation: Confirmation | None) -> Change:
        """The record after Orderful was told by all its deliveries; None when it knew none of them."""
        settled = (*self.settled_deliveries, *(one.delivery_id for one in self.deliveries))[-MOST_SETTLED:]
        return msgspec.structs.replace(
            self, deliveries=(), settled_deliveries=settled, confirmed=confirmation or self.confirmed
        )


def pause_before(look: int) -> timedelta | None:
    """How long a change waits for Visma before it is looked at for the `look`th time; None when it was too often."""
    if look > MOST_LOOKS:
        return None
    return min(FIRST_PAUSE * (1 << (look - 1)), LONGEST_PAUSE)


def apply_order(changes: Iterable[Change]) -> list[Change]:
    """Changes of one order as they apply: by BCH05 (missing is 1), BCH11 (missing is the day), and `createdAt`."""
    return sorted(changes, key=_turn)


def peers(change: Change, recorded: Iterable[Change]) -> list[Change]:
    """What else is recorded of the same sender; nobody else's transaction bears on this one."""
    return [
        one for one in recorded if one.sender_id == change.sender_id and one.transaction_id != change.transaction_id
    ]


def predecessor_deadline(change: Change, others: Sequence[Change]) -> datetime | None:
    """Until when a change waits for the one before it, which has not arrived; None when it need not wait.

    Args:
        change: One that is due.
        others: What else its sender sent about the order.
    """
    if change.is_approved:
        return None
    if change.predecessor_id and not any(change.predecessor_id in one.names for one in others):
        return change.not_before
    number = change.change_sequence or 1
    before = (one for one in others if one.document == CHANGE and (one.change_sequence or 1) == number - 1)
    if number == 1 or any(before):
        return None
    return change.created_at + WAIT_FOR_EARLIER


def duplicate_of(change: Change, others: Sequence[Change]) -> Change | None:
    """The applied change that this one says again, control numbers aside, and whose turn was the last; else None.

    Only what was applied can be repeated. Without BCH05 the same words may be meant again once another change was
    applied in between; behind one that is still open they may take that one back. `out_of_sequence_reason` says so.

    Args:
        change: One that is due.
        others: What else its sender sent about the order.
    """
    repeated = _last_alike(change, others)
    if repeated is None:
        return None
    if any(
        _turn(repeated) < _turn(one) < _turn(change) for one in others if not one.has_ended and one.document == CHANGE
    ):
        return None
    return None if change.change_sequence is None and _between(repeated, change, others) else repeated


def waits_behind(change: Change, others: Sequence[Change]) -> Change | None:
    """The first change of its order that comes before this one and still waits for a person."""
    parked = (one for one in apply_order(others) if one.document == CHANGE and one.state is ChangeState.PARKED)
    return next((one for one in parked if _turn(one) < _turn(change)), None)


def out_of_turn_reason(change: Change, others: Sequence[Change]) -> StatedReason | None:
    """Why nothing can be said of this change yet, whatever it asks; None when it is its turn.

    Also one that writes nothing may take back the earlier one that waits.
    """
    before = waits_behind(change, others)
    if before is None:
        return None
    sentence = f"An earlier change of this order, {before.transaction_id}, still waits for a person.{_said_by(before)}"
    return StatedReason(Reason.EARLIER_CHANGE_WAITS, sentence)


def repetition_reason(change: Change, others: Sequence[Change]) -> StatedReason | None:
    """What whoever approves a change has to know of an applied one that says the same; None when none does."""
    repeated = _last_alike(change, others)
    if repeated is None:
        return None
    sentence = (
        f"It repeats {repeated.transaction_id} to the letter, which was applied: it may be the same message again."
    )
    return StatedReason(Reason.MAYBE_REPEATED, sentence)


def out_of_sequence_reason(change: Change, others: Sequence[Change]) -> StatedReason | None:
    """Why others speak against writing this change now; None when none does.

    Args:
        change: One that is due.
        others: What else its sender sent about the order.
    """
    repeated = _last_alike(change, others)
    if repeated is not None and (later := _between(repeated, change, others)) is not None:
        return StatedReason(
            Reason.MAYBE_REPEATED,
            f"It repeats {repeated.transaction_id} to the letter, and {later.transaction_id} was applied after that: "
            "nobody can tell whether it was sent twice or is meant again.",
        )
    if (waits := out_of_turn_reason(change, others)) is not None:
        return waits
    number = change.change_sequence
    for one in apply_order(others):
        if not _counts(one):
            continue
        is_applied = one.state is ChangeState.APPLIED
        if is_applied and number is not None and one.change_sequence == number and one.content_id != change.content_id:
            sentence = f"Another change with the number {number}, {one.transaction_id}, was applied already."
            return StatedReason(Reason.SEQUENCE_NUMBER_USED, sentence)
        if _turn(change) < _turn(one) and one.has_ended:
            sentence = f"The later change {_named(one)} {_ENDED[one.state]} already.{_said_by(one)}"
            return StatedReason(Reason.LATER_CHANGE_ENDED, sentence)
    return None


def later_changes(change: Change, others: Iterable[Change]) -> tuple[str, ...]:
    """What later changes of the order say, one sentence each: by writing this one, they may be taken back.

    Args:
        change: One that a person decides about.
        others: What else its sender sent about the order.
    """
    later = [one for one in apply_order(others) if _counts(one) and _turn(change) < _turn(one)]
    sentences = [f"The later change {_named(one)} {_ENDED.get(one.state, 'is open')}.{_said_by(one)}" for one in later]
    # The newest is the partner's last word.
    return tuple(sentences[-MOST_REASONS:])


_ENDED = {
    ChangeState.APPLIED: "was applied",
    ChangeState.CLOSED: "was closed",
    ChangeState.RECORDED: "was taken for a repetition",
}


def _counts(one: Change) -> bool:
    """Whether it is a word of the partner's about this order that stands, or has yet to be decided."""
    if one.document != CHANGE or one.state in {ChangeState.REFUSED, ChangeState.REJECTED}:
        return False
    return one.state is not ChangeState.RECORDED or one.repeats is not None


def _named(one: Change) -> str:
    name = f"{one.change_sequence}, {one.transaction_id}" if one.change_sequence else one.transaction_id
    return f"{name} ({to_the_minute(one.ordered_at)})"


def _said_by(one: Change) -> str:
    return f" It says: {one.says}." if one.says else ""


def _turn(change: Change) -> tuple[tuple[int, date, datetime], int, str]:
    return _place(change), len(change.transaction_id), change.transaction_id


def _place(change: Change) -> tuple[int, date, datetime]:
    return change.change_sequence or 1, change.changed_on or change.ordered_at.date(), change.ordered_at


def _last_alike(change: Change, others: Sequence[Change]) -> Change | None:
    """The same content that was applied, the last time it was."""
    alike = [one for one in others if _is_applied(one) and one.content_id == change.content_id]
    return max(alike, key=lambda one: one.applied_at, default=None)


def _between(repeated: Change, change: Change, others: Sequence[Change]) -> Change | None:
    """Another change that was applied after `repeated` and comes before `change`."""
    for one in others:
        is_other = _is_applied(one) and one.content_id != change.content_id
        if is_other and one.applied_at >= repeated.applied_at and _place(one) < _place(change):
            return one
    return None


def confirmed_places(change: Change, others: Sequence[Change]) -> frozenset[str]:
    """The parties that a person confirmed for this order, by approving changes of the same sender.

    One that was approved and had nothing to write is closed; whoever closes one by hand confirms nothing by that.
    """
    approved = (ChangeState.APPLIED, ChangeState.CLOSED)
    return frozenset(
        place for one in others if one.state in approved and one.sender_id == change.sender_id for place in one.places
    )


def _is_applied(change: Change) -> bool:
    return change.document == CHANGE and change.state is ChangeState.APPLIED
