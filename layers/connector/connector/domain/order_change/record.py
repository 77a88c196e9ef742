"""The life of an inbound transaction: an 860 that changes a purchase order, or another document that is only recorded.

RECEIVED -> APPLYING -> APPLIED
    |          |    +-> PARKED (a person approves, which is RECEIVED again, rejects, or closes)
    |          +-> CLOSED (a person settled it by hand; nothing of it was written)
    |          +-> RECEIVED (it could not be finished: try again)
    +-> REFUSED, RECORDED

REFUSED is a change that the rules refuse without a person. It is open until a person has informed the partner and
closes it; then it is REJECTED, like a change that a person rejects.
ATTENTION is an answer that does not accept what we sent, states something else, or is to an order that was cancelled or
not sent from here. It is open until a person closes it.

The delivery is confirmed to Orderful (accepted or failed) only after a state other than RECEIVED and APPLYING is
written.

What a parked change waits for is written down (`Change.parked_on`). One that is parked because of Visma is decided
again by itself, with growing delays. One that is parked behind an earlier change is decided again as soon as that one
has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from connector.domain.documents import CHANGED_KIND, DocumentKey, Kind
from connector.domain.inbound import ALWAYS_TAKEN, Confirmation, Delivery, Validation
from connector.domain.order_change.added_line_numbers import AddedLine
from connector.domain.order_change.decide import Difference
from connector.domain.reasons import Reason, StatedReason
from connector.domain.routing.route import QuantityReading
from connector.domain.text import truncated
from connector.domain.timestamps import to_the_minute
from connector.domain.transactions import Stream

CHANGE = ALWAYS_TAKEN
"""X12 number of the document that changes an order."""

RULES = "rules"
"""`Change.decided_by` when no person decided."""

NOBODY = "-"
"""In place of the company, for a transaction whose receiver is none of our companies."""

FIRST_RETRY_DELAY = timedelta(minutes=30)
"""The delay before a change that waits for Visma is decided again; each later one is twice as long."""

MAX_RETRY_DELAY = timedelta(hours=8)
"""The longest such delay: after an outage, a change is decided again on the same working day."""

MAX_LOOKS = 12
"""Most automatic attempts, about three days: longer than an outage over a weekend. Then a person has to retry."""

WAIT_FOR_EARLIER = timedelta(minutes=10)
"""How long a change waits for the change with the preceding sequence number."""

MAX_PROCESSING = timedelta(hours=24)
"""How long Orderful may process a transaction before a person is asked (undocumented; usually seconds)."""

MAX_NAMES = 5
"""Most ids of a transaction that are kept besides its own."""
STAYS_ACCEPTED = "it stays accepted at Orderful; the partner has to be told by other means"
"""Note on a change that is rejected after its delivery was accepted at Orderful."""

MAX_DELIVERIES = 5
"""Most open deliveries of one transaction: a forged callback may name one that does not exist."""

MAX_SETTLED = 20
"""Most settled deliveries of one transaction."""

MAX_REASONS = 15
"""Most sentences in `Change.reasons`, and in each other list of sentences."""

HISTORY = 60
"""Most events of one change; the newest are kept."""

MAX_NOTE_LENGTH = 500
"""Most characters of the note of an event."""

MAX_REASON_LENGTH = 1_800
"""Most characters of a reason and of each other sentence."""


class ChangeState(StrEnum):
    """The state of an inbound transaction."""

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
"""States that wait for a person."""

OPEN_CHANGES = (ChangeState.RECEIVED, ChangeState.APPLYING, *FOR_A_PERSON)
"""States in which something remains to be done."""

ENDED = frozenset(ChangeState) - {
    ChangeState.RECEIVED,
    ChangeState.APPLYING,
    ChangeState.PARKED,
    ChangeState.ATTENTION,
}
"""States in which nothing more is written into the order."""

DECIDED = frozenset(ChangeState) - {ChangeState.RECEIVED, ChangeState.APPLYING}
"""States in which the delivery can be confirmed to Orderful."""


class WaitsOn(StrEnum):
    """What the next step of a change waits for."""

    WORKER = "worker"
    TIME = "time"
    VISMA = "visma"
    EARLIER = "earlier change"
    ROUTING = "routing"
    PERSON = "person"
    ORDERFUL = "orderful"


class ApprovalEffect(StrEnum):
    """The effect of approving a parked change."""

    LOOKS_AGAIN = "looks again"
    """It was not compared with its order yet, so nobody has seen what would be written: it is decided again."""

    CLOSES = "closes"
    """Nothing that it asks for can be written: it ends as CLOSED."""

    ENDS = "ends"
    """Nothing is left to write: it ends as APPLIED."""

    WRITES = "writes"
    """The edits that were shown are written."""


class ChangeEvent(msgspec.Struct, frozen=True):
    """One line of a change's history."""

    at: datetime
    state: ChangeState
    note: str


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"settled_deliveries": "told"}):
    """The ledger's record of one inbound transaction.

    `waits_on` says what a record waits for. Other code uses the properties below, not the fields:

        ============  ===========================  ============================================================
        waits_on      holds when                   next step
        ============  ===========================  ============================================================
        WORKER        RECEIVED without             apply_change decides it; the sweep queues a lost one again
                      `not_before`, or APPLYING
        TIME          RECEIVED with `not_before`   the sweep queues it at that time
        VISMA         PARKED, by `parked_on`       the sweep queues it again at `not_before`
        EARLIER       PARKED, by `parked_on`       it is decided again when the earlier change has ended
        ROUTING       PARKED, by `parked_on`       `config apply` queues it again
        PERSON        PARKED, by `parked_on`;      a person approves, rejects or closes it
                      REFUSED, ATTENTION
        ORDERFUL      ended, with `deliveries`     each delivery is confirmed to Orderful
        None          ended, without               nothing
        ============  ===========================  ============================================================

    In addition, `is_approved` (`approved_by`) says that a person approved it and that the write is still to be done: it
    is RECEIVED or APPLYING, or waits for Visma. `is_unconfirmed` (`deliveries`, once it is decided) says that a
    delivery is not confirmed to Orderful yet; a record that waits for a person can be unconfirmed as well.

    Attributes:
        company: Name of the company that received it, or `NOBODY`.
        number: Number of the document under which it is recorded: the one it names, or the order that a person assigned
            it to; the transaction id when it names none.
        transaction_id: Orderful's id.
        state: Its state.
        created_at: When it was recorded, by our clock, UTC.
        updated_at: When its state was last written, by our clock, UTC.
        version: Number of writes of this record; a write is conditional on the version that was read.
        kind: Kind of the document under which it is recorded.
        named: The number in the message, when a person assigned it to another order.
        document: X12 number of the document, `860` for a change of an order.
        transaction_type: Orderful's type as it names it (`860_PURCHASE_ORDER_CHANGE`).
        stream: Test or live; None when Orderful did not give it.
        sender_id: The partner's ISA id.
        receiver_id: Our ISA id.
        partner: Name of the partner in routing; None when it is unknown.
        change_sequence: The sequence number of the change (BCH05).
        changed_on: The date of the change (BCH11).
        filed_at: When Orderful received it (`createdAt`); None when Orderful did not give it.
        validation: Orderful's `validationStatus` when it was last looked up; None when Orderful did not give it.
        aliases: Orderful's other ids of it (Orderful: ids are UUIDs in v4 and numbers in v3).
        content_id: Hash of the message without control numbers; equal for a repetition.
        deliveries: Deliveries that are not confirmed to Orderful yet; each new attempt of Orderful's adds one.
        settled_deliveries: Ids of the deliveries that are confirmed, or that Orderful does not know. Stored as `told`.
        confirmed: The last confirmation: accepted or failed.
        unacknowledged: How often a confirmation had no effect or was refused; 0 after one that had.
        reason: Why it is in this state, in short; None without a reason.
        reason_codes: Its reason codes (`domain/reasons.py`), the deciding one first; empty without a reason and in
            records of earlier releases. Written by a later release, it may have codes that this release does not know.
        next_step: What a person should do.
        parked_on: What it waits for while it is PARKED: VISMA, EARLIER, ROUTING or PERSON. Other states ignore it.
        waits_for: The routing key that would release it; None when no routing change does.
        not_before: It is not worked on before this time (UTC): an earlier change has not arrived, our credentials were
            refused, or Visma is asked again then. None when it may be worked on at once.
        predecessor_id: The earlier transaction of its sender that Orderful lists and that could not be recorded yet;
            None when there is none.
        claim_until: Until when a worker owns it, UTC; None when none does.
        attempts: How often a worker claimed it.
        conflicts: How many attempts ended because the order was changed meanwhile, or without an answer to the write.
        failures: How many attempts ended because Visma, or one of our stores, gave no usable answer about this change.
        looks: How often in a row it was parked to wait for Visma.
        known_sequence: The revision of the order that the partner had when it wrote the change, as found at the first
            decision; 0 when it had none, None before that decision.
        decided_on: Revision id of the order that it was compared with; None when nothing was compared.
        decided_by: `rules`, or the name of the person; None before the first decision.
        approved_by: The name of the person who approved it; None without an approval that is still to be carried out.
        caller: The ARN of the person's last command, as AWS gives it; the names are what the person typed.
        approved_for: The revision id of the order for which the approval was given; None without an approval.
        on_hold: The order was put on hold for this change and is not released yet.
        reading: What POC03 and POC04 of this change mean, if a person chose it; None: the partner's setting.
        differences: The three versions of each value, for people.
        remarks: What a person should know and what needs no decision.
        reasons: Every objection, one sentence each; `reason` has the first ones.
        places: Parties that a person was asked about; an approval confirms them (`ChangeDecision.places`).
        unwritten: What the message asks for and an approval does not write, one sentence each.
        writes: Whether an approval would write anything; None where nothing was compared.
        says: A short summary of its message; None when that cannot be read.
        later: One sentence for each later change of its order, as shown with this one.
        behind: The earlier change that waited for a person when this one was parked; when that one has ended, this one
            is decided again. None when there is none.
        repeats: The applied change that it repeats; None when it is no repetition.
        added: The lines that it added to the order.
        message_at: The key of the message in the payload bucket; None when it is stored with the record.
        history: Its last `HISTORY` steps, oldest first.
    """

    company: str
    number: str
    transaction_id: str
    state: ChangeState
    created_at: datetime
    updated_at: datetime
    version: int = 1
    kind: Kind = CHANGED_KIND
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
    parked_on: WaitsOn = WaitsOn.PERSON
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
        """When Orderful received it; when it was recorded, if Orderful did not give that."""
        return self.filed_at or self.created_at

    @property
    def applied_at(self) -> datetime:
        """When it was last applied; when it was last written, if its history does not have that any more."""
        return next((one.at for one in reversed(self.history) if one.state is ChangeState.APPLIED), self.updated_at)

    @property
    def is_due(self) -> bool:
        """Whether it is not decided yet."""
        return self.state in {ChangeState.RECEIVED, ChangeState.APPLYING}

    @property
    def is_new(self) -> bool:
        """Whether no worker has claimed it yet and it may be worked on at once."""
        return self.state is ChangeState.RECEIVED and self.attempts == 0 and self.not_before is None

    @property
    def is_approved(self) -> bool:
        """Whether a person has approved it and the approval is still to be carried out."""
        return self.approved_by is not None

    @property
    def was_approved(self) -> bool:
        """Whether it ended as a person approved it. Records without `decided_by` count as decided by the rules."""
        return self.has_ended and self.decided_by not in {None, RULES}

    @property
    def was_compared(self) -> bool:
        """Whether it was compared with its order, so that a person can see what an approval writes."""
        return self.decided_on is not None

    @property
    def was_assigned(self) -> bool:
        """Whether a person assigned it to another order than it names."""
        return self.named is not None

    @property
    def approval_effect(self) -> ApprovalEffect:
        """The effect of an approval, by the last comparison."""
        if not self.was_compared:
            return ApprovalEffect.LOOKS_AGAIN
        if self.unwritten and (self.writes is False or not self.differences):
            return ApprovalEffect.CLOSES
        return ApprovalEffect.ENDS if self.writes is False else ApprovalEffect.WRITES

    @property
    def is_unconfirmed(self) -> bool:
        """Whether a delivery of a decided change is not confirmed to Orderful yet."""
        return self.state in DECIDED and bool(self.deliveries)

    @property
    def is_open(self) -> bool:
        """Whether something remains to be done."""
        return self.state in OPEN_CHANGES

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is written into the order; the partner may have to be informed still."""
        return self.state in ENDED

    @property
    def waits_on(self) -> WaitsOn | None:
        """What the next step waits for; None when nothing remains to be done."""
        if self.state is ChangeState.RECEIVED and self.not_before is not None:
            return WaitsOn.TIME
        if self.is_due:
            return WaitsOn.WORKER
        if self.state is ChangeState.PARKED:
            return self.parked_on
        if self.state in FOR_A_PERSON:
            return WaitsOn.PERSON
        return WaitsOn.ORDERFUL if self.deliveries else None

    @property
    def awaits_visma(self) -> bool:
        """Whether it is parked until Visma gives a usable answer."""
        return self.waits_on is WaitsOn.VISMA

    @property
    def was_accepted(self) -> bool:
        """Whether its delivery is accepted at Orderful, or is about to be; it cannot be failed any more."""
        waited = self.state is ChangeState.PARKED or any(one.state is ChangeState.PARKED for one in self.history)
        return waited or self.confirmed is Confirmation.ACCEPTED

    @property
    def is_refused_outright(self) -> bool:
        """Whether it was refused or rejected before its delivery was accepted, so that the delivery is failed."""
        return self.state in {ChangeState.REFUSED, ChangeState.REJECTED} and not self.was_accepted

    def is_claimed(self, now: datetime) -> bool:
        """Whether a worker owns it at this time."""
        return self.claim_until is not None and now < self.claim_until

    def is_parked_behind(self, earlier: Change) -> bool:
        """Whether it is parked behind `earlier`."""
        return self.state is ChangeState.PARKED and self.behind == earlier.transaction_id

    def moved(self, state: ChangeState, *, now: datetime, note: str, **changes: object) -> Change:
        """The record after a step; the note is truncated to `MAX_NOTE_LENGTH`.

        A parked record waits for a person unless `parked_on` is passed.
        """
        history = (*self.history, ChangeEvent(now, state, truncated(note, MAX_NOTE_LENGTH)))[-HISTORY:]
        for name in ("reason", "next_step", "waits_for"):
            if isinstance(text := changes.get(name), str):
                changes[name] = truncated(text, MAX_REASON_LENGTH)
        changes.setdefault("parked_on", WaitsOn.PERSON)
        return msgspec.structs.replace(self, state=state, updated_at=now, history=history, **changes)

    def noted(self, note: str) -> Change:
        """The record with one more event, with its state and time unchanged."""
        event = ChangeEvent(self.updated_at, self.state, truncated(note, MAX_NOTE_LENGTH))
        return msgspec.structs.replace(self, history=(*self.history, event)[-HISTORY:])

    def knows(self, delivery: Delivery | None) -> bool:
        """Whether a delivery is in the record, settled or not."""
        return delivery is not None and delivery.delivery_id in {
            *self.settled_deliveries,
            *(one.delivery_id for one in self.deliveries),
        }

    def with_delivery(self, delivery: Delivery | None) -> Change:
        """The record with one more delivery; unchanged when it has it already, or has too many."""
        if delivery is None or delivery.delivery_id in self.settled_deliveries:
            return self
        others = tuple(one for one in self.deliveries if one.delivery_id != delivery.delivery_id)
        known = len(others) < len(self.deliveries)
        if delivery in self.deliveries or (known and not delivery.accept_link):
            return self
        # A delivery with links comes from Orderful itself; it takes the place of one that a callback named.
        kept = (delivery, *others) if delivery.accept_link else (*others, delivery)
        kept = kept[:MAX_DELIVERIES]
        if kept == self.deliveries:
            return self
        return msgspec.structs.replace(self, deliveries=kept, unacknowledged=0 if not known else self.unacknowledged)

    def with_names(self, names: Iterable[str]) -> Change:
        """The record with more ids of its transaction; unchanged when it has them already."""
        new = [one for one in dict.fromkeys(names) if one not in self.names]
        kept = (*self.aliases, *new)[:MAX_NAMES]
        return self if kept == self.aliases else msgspec.structs.replace(self, aliases=kept)

    def after_confirming(self, confirmation: Confirmation | None) -> Change:
        """The record after all its deliveries were confirmed; pass None when Orderful knew none of them."""
        settled = (*self.settled_deliveries, *(one.delivery_id for one in self.deliveries))[-MAX_SETTLED:]
        return msgspec.structs.replace(
            self, deliveries=(), settled_deliveries=settled, confirmed=confirmation or self.confirmed
        )


def retry_delay(look: int) -> timedelta | None:
    """The delay before attempt `look` (1, 2 ...) of a change that waits for Visma; None after `MAX_LOOKS`."""
    if look > MAX_LOOKS:
        return None
    return min(FIRST_RETRY_DELAY * (1 << (look - 1)), MAX_RETRY_DELAY)


def apply_order(changes: Iterable[Change]) -> list[Change]:
    """Changes of one order in apply order: by BCH05 (default 1), BCH11 (default: day received), and `createdAt`."""
    return sorted(changes, key=_apply_key)


def peers(change: Change, recorded: Iterable[Change]) -> list[Change]:
    """The other records of the same sender; those of other senders do not count."""
    return [
        one for one in recorded if one.sender_id == change.sender_id and one.transaction_id != change.transaction_id
    ]


def predecessor_deadline(change: Change, others: Sequence[Change]) -> datetime | None:
    """Until when (UTC) a change waits for its predecessor, which has not arrived; None when it does not wait.

    Args:
        change: A change that is due.
        others: The other records of its sender for the order.
    """
    if change.is_approved:
        return None
    is_listed = change.predecessor_id and not any(change.predecessor_id in one.names for one in others)
    until = [change.not_before] if is_listed and change.not_before else []
    number = change.change_sequence or 1
    before = (one for one in others if one.document == CHANGE and (one.change_sequence or 1) == number - 1)
    if number != 1 and not any(before):
        until.append(change.created_at + WAIT_FOR_EARLIER)
    return max(until, default=None)


def duplicate_of(change: Change, others: Sequence[Change]) -> Change | None:
    """The applied change that this one repeats, control numbers aside; None when it is no certain repetition.

    Only an applied change can be repeated. Without BCH05, the same content may be meant again if another change was
    applied in between. After a change that is still open, it may revert that one. `out_of_sequence_reason` asks a
    person about both.

    Args:
        change: A change that is due.
        others: The other records of its sender for the order.
    """
    repeated = _last_alike(change, others)
    if repeated is None:
        return None
    if any(
        _apply_key(repeated) < _apply_key(one) < _apply_key(change)
        for one in others
        if not one.has_ended and one.document == CHANGE
    ):
        return None
    return None if change.change_sequence is None and _between(repeated, change, others) else repeated


def waits_behind(change: Change, others: Sequence[Change]) -> Change | None:
    """The first earlier change of its order, in apply order, that is still parked; None when there is none."""
    parked = (one for one in apply_order(others) if one.document == CHANGE and one.state is ChangeState.PARKED)
    return next((one for one in parked if _apply_key(one) < _apply_key(change)), None)


def earlier_waits_reason(change: Change, others: Sequence[Change]) -> StatedReason | None:
    """Why this change cannot be decided yet: an earlier one still waits. None when none does.

    This holds for a change without any edits too: it may revert the earlier one.
    """
    before = waits_behind(change, others)
    if before is None:
        return None
    sentence = (
        f"An earlier change of this order, {before.transaction_id}, still waits for a person."
        f"{_summary_sentence(before)}"
    )
    return StatedReason(Reason.EARLIER_CHANGE_WAITS, sentence)


def repetition_reason(change: Change, others: Sequence[Change]) -> StatedReason | None:
    """Why a change may be a repetition of an applied one, for the person who approves it; None when it is not."""
    repeated = _last_alike(change, others)
    if repeated is None:
        return None
    sentence = (
        f"It repeats {repeated.transaction_id} to the letter, which was applied: it may be the same message again."
    )
    return StatedReason(Reason.MAYBE_REPEATED, sentence)


def out_of_sequence_reason(change: Change, others: Sequence[Change]) -> StatedReason | None:
    """Why other changes of the order keep this one from being written now; None when none does.

    Args:
        change: A change that is due.
        others: The other records of its sender for the order.
    """
    repeated = _last_alike(change, others)
    if repeated is not None and (later := _between(repeated, change, others)) is not None:
        return StatedReason(
            Reason.MAYBE_REPEATED,
            f"It repeats {repeated.transaction_id} to the letter, and {later.transaction_id} was applied after that: "
            "nobody can tell whether it was sent twice or is meant again.",
        )
    if (waits := earlier_waits_reason(change, others)) is not None:
        return waits
    number = change.change_sequence
    for one in apply_order(others):
        if not _counts(one):
            continue
        is_applied = one.state is ChangeState.APPLIED
        if is_applied and number is not None and one.change_sequence == number and one.content_id != change.content_id:
            sentence = f"Another change with the number {number}, {one.transaction_id}, was applied already."
            return StatedReason(Reason.SEQUENCE_NUMBER_USED, sentence)
        if _apply_key(change) < _apply_key(one) and one.has_ended:
            sentence = f"The later change {_named(one)} {_ENDED[one.state]} already.{_summary_sentence(one)}"
            return StatedReason(Reason.LATER_CHANGE_ENDED, sentence)
    return None


def later_changes(change: Change, others: Iterable[Change]) -> tuple[str, ...]:
    """One sentence for each later change of the order: writing this one may revert them.

    Args:
        change: The change that a person decides about.
        others: The other records of its sender for the order.
    """
    later = [one for one in apply_order(others) if _counts(one) and _apply_key(change) < _apply_key(one)]
    sentences = [
        f"The later change {_named(one)} {_ENDED.get(one.state, 'is open')}.{_summary_sentence(one)}" for one in later
    ]
    # The newest ones are kept: the last one is what the partner wants now.
    return tuple(sentences[-MAX_REASONS:])


_ENDED = {
    ChangeState.APPLIED: "was applied",
    ChangeState.CLOSED: "was closed",
    ChangeState.RECORDED: "was taken for a repetition",
}


def _counts(one: Change) -> bool:
    """Whether it is an 860 that was not refused or rejected, and not merely recorded (unless as a repetition)."""
    if one.document != CHANGE or one.state in {ChangeState.REFUSED, ChangeState.REJECTED}:
        return False
    return one.state is not ChangeState.RECORDED or one.repeats is not None


def _named(one: Change) -> str:
    name = f"{one.change_sequence}, {one.transaction_id}" if one.change_sequence else one.transaction_id
    return f"{name} ({to_the_minute(one.ordered_at)})"


def _summary_sentence(one: Change) -> str:
    return f" It says: {one.says}." if one.says else ""


def _apply_key(change: Change) -> tuple[tuple[int, date, datetime], int, str]:
    return _place(change), len(change.transaction_id), change.transaction_id


def _place(change: Change) -> tuple[int, date, datetime]:
    return change.change_sequence or 1, change.changed_on or change.ordered_at.date(), change.ordered_at


def _last_alike(change: Change, others: Sequence[Change]) -> Change | None:
    """The last applied change with the same content; None when there is none."""
    alike = [one for one in others if _is_applied(one) and one.content_id == change.content_id]
    return max(alike, key=lambda one: one.applied_at, default=None)


def _between(repeated: Change, change: Change, others: Sequence[Change]) -> Change | None:
    """A change with other content that was applied after `repeated` and comes before `change`; None without one."""
    for one in others:
        is_other = _is_applied(one) and one.content_id != change.content_id
        if is_other and one.applied_at >= repeated.applied_at and _place(one) < _place(change):
            return one
    return None


def confirmed_places(change: Change, others: Sequence[Change]) -> frozenset[str]:
    """The parties that a person confirmed for this order by approving changes of the same sender.

    A change that was approved without anything to write is CLOSED and counts. Closing one by hand confirms nothing.
    """
    approved = (ChangeState.APPLIED, ChangeState.CLOSED)
    return frozenset(
        place for one in others if one.state in approved and one.sender_id == change.sender_id for place in one.places
    )


def _is_applied(change: Change) -> bool:
    return change.document == CHANGE and change.state is ChangeState.APPLIED
