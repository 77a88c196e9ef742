"""The life of a revision: its states, the moves between them, and the record that the ledger keeps.

captured -> TRANSLATED -> SENDING -> SENT -> VALID -> DELIVERED -> ACKNOWLEDGED
    |            |           +-> UNCONFIRMED (look up, then SENT or SENDING)
    +-> PARKED (until released)      +-> REJECTED (Orderful or the partner said no)
    +-> SUPERSEDED (a newer revision came first)   SKIPPED (nothing material, or policy says not to send)
    +-> BASELINE (from before go-live: known, not sent)   CLOSED (a person has dealt with it)

SUPERSEDED -> VALID, DELIVERED ...   its transaction was refused, and a person sent it by hand at Orderful later

CHANGING -> AGREED       a change that the partner asked for is being written into Visma; then it knows the content
    +-> SUPERSEDED       it was not written, or somebody else's change came along with it
                         (AGREED -> REJECTED  the partner refused what it had been sent before: it knows neither)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal

from connector.domain.documents import DocumentKey
from connector.domain.reasons import Reason
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType


class State(StrEnum):
    """Where a revision stands."""

    TRANSLATED = "TRANSLATED"
    SENDING = "SENDING"
    UNCONFIRMED = "UNCONFIRMED"
    SENT = "SENT"
    VALID = "VALID"
    DELIVERED = "DELIVERED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    PARKED = "PARKED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"
    SKIPPED = "SKIPPED"
    BASELINE = "BASELINE"
    CLOSED = "CLOSED"
    CHANGING = "CHANGING"
    AGREED = "AGREED"


class ChangeResult(StrEnum):
    """The result of a partner's change (860) whose revision is not AGREED."""

    NOT_WRITTEN = "not_written"
    KNOWN_ALREADY = "known_already"
    FULL_RESEND = "full_resend"


# States in which Orderful has (or may have) the transaction: it must never be posted again without a look-up.
AT_ORDERFUL = frozenset(
    {State.SENDING, State.UNCONFIRMED, State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED, State.REJECTED}
)
# States whose content the partner has, or may have: a newer revision is a replacement of it.
KNOWN_TO_PARTNER = (AT_ORDERFUL - {State.REJECTED}) | {State.AGREED}
# States in which nobody knows whether Orderful has it; it may still be sent.
UNRESOLVED = frozenset({State.SENDING, State.UNCONFIRMED})
# States in which the tracker still expects a status.
AWAITING_STATUS = frozenset({State.SENT, State.VALID, State.DELIVERED})
# States that are listed: something remains to be done, or a person has to look.
OPEN = frozenset(State) - {
    *(State.ACKNOWLEDGED, State.SUPERSEDED, State.SKIPPED, State.AGREED, State.BASELINE, State.CLOSED)
}
# States of revisions that never left and that a newer one supersedes.
UNSENT = frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.REJECTED, State.BASELINE, State.CLOSED})
# States in which the same content is decided again when it is read again.
UNDECIDED = frozenset({State.PARKED, State.SKIPPED})
# States in which a sent revision may need attention although nothing was refused.
MAY_NEED_ATTENTION = (State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED)
# States of revisions that the tracker looks up at Orderful, by the age of their transaction.
FOLLOWED = (State.SENT, State.VALID, State.DELIVERED, State.REJECTED)
# States that wait for a person.
NEEDS_PERSON = frozenset({State.PARKED, State.REJECTED})

NOTHING_NEW = "Nothing that the partner sees has changed."
"""Why a revision is skipped whose request equals the one before."""

NOTHING_NEW_IN_VISMA = (
    "Nothing that the partner sees has changed in Visma: only routing, the translation or a number of master data did."
)
"""Why a revision is skipped whose request would differ, though the document did not change."""

OUTDATED = "a newer revision took its place"
"""The note in the history of a superseded revision."""

MOVES: dict[State, frozenset[State]] = {
    State.TRANSLATED: frozenset({State.SENDING, State.PARKED, State.SUPERSEDED}),
    State.SENDING: frozenset(
        {State.SENDING, State.TRANSLATED, State.UNCONFIRMED, State.SENT, State.REJECTED, State.PARKED}
    ),
    State.UNCONFIRMED: frozenset(
        {State.UNCONFIRMED, State.SENDING, State.SENT, State.REJECTED, State.PARKED, State.CLOSED}
    ),
    State.SENT: frozenset({State.VALID, State.DELIVERED, State.ACKNOWLEDGED, State.REJECTED}),
    State.VALID: frozenset({State.DELIVERED, State.ACKNOWLEDGED, State.REJECTED}),
    State.DELIVERED: frozenset({State.ACKNOWLEDGED, State.REJECTED}),
    State.ACKNOWLEDGED: frozenset({State.REJECTED}),
    State.PARKED: frozenset(
        {State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE, State.SUPERSEDED, State.CLOSED}
    ),
    State.REJECTED: frozenset({State.VALID, State.DELIVERED, State.ACKNOWLEDGED, State.SUPERSEDED, State.CLOSED}),
    # Only one with a transaction that was refused: a person may send that by hand at Orderful.
    State.SUPERSEDED: frozenset({State.VALID, State.DELIVERED, State.ACKNOWLEDGED}),
    State.SKIPPED: frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE, State.SUPERSEDED}),
    State.BASELINE: frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE, State.SUPERSEDED}),
    State.CLOSED: frozenset({State.SUPERSEDED}),
    State.CHANGING: frozenset({State.AGREED, State.SUPERSEDED}),
    State.AGREED: frozenset({State.REJECTED}),
}


CAPTURED: Final = "CAPTURED"
"""In place of a state, in the first event of a history: the document was read and not decided yet."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a revision's history.

    Attributes:
        at: When it happened, UTC.
        state: The state from then on; `CAPTURED` before it had one.
        note: What happened.
    """

    at: datetime
    state: State | Literal["CAPTURED"]
    note: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The revision to which a transaction at Orderful belongs. Conditional writes keep it to one owner."""

    key: DocumentKey
    sequence: int


@dataclass(frozen=True, slots=True)
class Posted:
    """A transaction that the ledger has under an id that Orderful's lists may not show.

    Attributes:
        begun: When the claim began under which it was posted, by our clock, UTC.
        ended: When it was recorded, by our clock, UTC.
    """

    transaction_id: str
    owner: Owner
    begun: datetime
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The ledger's record of one revision.

    Attributes:
        key: The document.
        sequence: 1, 2, 3 ... in the order in which revisions of the document were captured.
        revision_id: Hash of the normalised content; empty while a number is reserved for a partner's change.
        state: Its state; `MOVES` has the states that may follow.
        created_at: When it was recorded, by our clock, UTC.
        updated_at: When the record was last written, by our clock, UTC.
        modified_at: Visma's `lastModifiedDateTime`, UTC as far as the zone is known.
        seen_at: Visma's clock when it last returned this content, or the content that replaced it, UTC. A state that
            was seen earlier is past (`LastShown`).
        visma_status: Visma's status word.
        partner: Name of the partner in routing; None before it was routed.
        transaction_type: Orderful's type (850 or 810). This and the fields down to `business_number` are None before
            the revision was translated.
        dialect: Mosaic or X12.
        purpose: Original, replacement or cancellation.
        stream: Test or live.
        sender_id: Our ISA id.
        receiver_id: The partner's ISA id.
        business_number: The number by which Orderful finds it: that of the order or invoice.
        reason: Why it is parked, rejected, skipped or superseded, as one sentence.
        reason_code: Its reason code (`domain/reasons.py`); None without a reason and in records of earlier releases.
            Written by a later release, it may be a code that this release does not know.
        field: The Visma field or routing key at fault.
        next_step: What a person should do.
        waits_for: The routing key that would release it; None when no routing change does.
        counterparty: Visma's number of the supplier or customer.
        counterparty_id: Visma's internal id of the supplier or customer, which stays when the number is changed; None
            in records of earlier releases and when Visma gives none.
        document_type: Visma's type of the document; None in records of earlier releases.
        withdraws: For a withdrawal from a former receiver: the sequence of the revision that it has; None for others.
        listed_since: When the list in which it was found was first read, UTC.
        by_routing: Routing kept the document back; it is sent when a person chooses the purpose.
        kept_ready: While routing kept it back, it was more than a draft, or a person was asked: the partner may have it
            from elsewhere.
        reads_as_sent: It was skipped because its request equals the one that its receiver has (or, from before go-live,
            would have). If that one is refused, this one is decided again.
        released: A person chose the purpose, so transactions that only Orderful has do not park it.
        look_up_first: Before it is posted, it is looked up at Orderful among transactions of any age.
        claim_until: Until when a worker owns the sending, UTC.
        attempts: Number of claims so far.
        first_attempt_at: When the first claim was made, UTC: only a younger transaction can be ours.
        asked_since: Since when it has been UNCONFIRMED, UTC.
        transaction_id: Orderful's id of the transaction that was sent.
        change_id: Orderful's id of the 860 by which the partner asked for this content; None for other revisions.
        change_result: For a revision with `change_id` that is neither being written nor agreed: the result.
        listed_as: The id under which Orderful lists the transaction, if it is not `transaction_id` (Orderful: v4
            answers a create with a UUID, and the v3 list may show a number).
        sent_at: When Orderful accepted the request, by our clock, UTC.
        validation_status: Orderful's `validationStatus`, as last seen.
        delivery_status: Orderful's `deliveryStatus`, as last seen.
        acknowledgment_status: Orderful's `acknowledgmentStatus`, as last seen.
        attention: Why a sent revision needs a person although it was not refused (overdue 997, waits for manual send),
            until that is over or a person closes it; `next_step` says what to do. None without attention.
        attention_at: Since when it needs attention, UTC.
        concern: The kind of attention (`domain/revision/arrival.py`).
        closed_concern: The kind of attention that a person has closed: it is not raised again.
        over: Nothing more is expected of the partner or of Orderful: it is not tracked any more.
        visma_version: Visma's row version of the document; it decides which state is older if `seen_at` cannot.
        source_at: The key of the Visma document in the payload bucket; None when it is stored with the record.
        request_at: The key of the request in the payload bucket; None when it is stored with the record.
        history: Its steps, oldest first.
    """

    key: DocumentKey
    sequence: int
    revision_id: str
    state: State
    created_at: datetime
    updated_at: datetime
    modified_at: datetime | None = None
    seen_at: datetime | None = None
    visma_status: str | None = None
    partner: str | None = None
    transaction_type: TransactionType | None = None
    dialect: Dialect | None = None
    purpose: Purpose | None = None
    stream: Stream | None = None
    sender_id: str | None = None
    receiver_id: str | None = None
    business_number: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    field: str | None = None
    next_step: str | None = None
    waits_for: str | None = None
    counterparty: str | None = None
    counterparty_id: str | None = None
    document_type: str | None = None
    withdraws: int | None = None
    listed_since: datetime | None = None
    by_routing: bool = False
    kept_ready: bool = False
    reads_as_sent: bool = False
    released: bool = False
    look_up_first: bool = False
    claim_until: datetime | None = None
    attempts: int = 0
    first_attempt_at: datetime | None = None
    asked_since: datetime | None = None
    transaction_id: str | None = None
    change_id: str | None = None
    change_result: ChangeResult | None = None
    listed_as: str | None = None
    sent_at: datetime | None = None
    validation_status: str | None = None
    delivery_status: str | None = None
    acknowledgment_status: str | None = None
    attention: str | None = None
    attention_at: datetime | None = None
    concern: str | None = None
    closed_concern: str | None = None
    over: bool = False
    visma_version: str | None = None
    source_at: str | None = None
    request_at: str | None = None
    history: tuple[Event, ...] = ()

    @property
    def is_translated(self) -> bool:
        """Whether it was translated for its partner, as every sent revision was."""
        return self.transaction_type is not None

    @property
    def is_withdrawal(self) -> bool:
        """Whether it takes the document back from a former receiver, and is no state of the document in Visma."""
        return self.withdraws is not None

    @property
    def has_content(self) -> bool:
        """Whether the ledger keeps a state of the document in Visma with it.

        A withdrawal is none, nor is a number that was reserved for a partner's change that is not agreed.
        """
        is_reserved = self.state is State.CHANGING or self.change_result is not None
        return not self.is_withdrawal and not is_reserved

    @property
    def shown_by(self) -> datetime:
        """A time by which Visma had shown this content, UTC; `seen_at` moves with each sighting."""
        return min(filter(None, (self.seen_at, self.created_at)))

    @property
    def may_be_sent_by_hand(self) -> bool:
        """Whether Orderful refused its transaction before a newer revision took its place.

        Orderful: a person can send an INVALID transaction by hand at any time; then the partner has this revision.
        """
        return self.state is State.SUPERSEDED and self.transaction_id is not None

    @property
    def orderful_id(self) -> str | None:
        """Orderful's id of the transaction by which the partner knows this content: the sent one, or its own 860."""
        return self.transaction_id or self.change_id

    @property
    def is_paused(self) -> bool:
        """Whether it is parked by a pause only."""
        return self.state is State.PARKED and self.reason_code == Reason.PAUSED

    @property
    def is_leaving(self) -> bool:
        """Whether it never left and is sent by itself: it is queued, or a pause keeps it."""
        return self.state is State.TRANSLATED or self.is_paused

    @property
    def needs_attention(self) -> bool:
        """Whether it was sent, was not refused, and still needs a person."""
        return self.attention is not None and self.state in MAY_NEED_ATTENTION


def own_revisions(revisions: Iterable[Revision]) -> list[Revision]:
    """The states of the document itself, in their order: without withdrawals from former receivers."""
    return [one for one in revisions if not one.is_withdrawal]


def current_revision(revisions: Sequence[Revision]) -> Revision | None:
    """The current revision: the newest that was not superseded; None when there is none.

    Newer ones may have been superseded because the document was changed back before they left.

    Args:
        revisions: Of one document, newest first.
    """
    return next((one for one in revisions if one.state is not State.SUPERSEDED), None)


def may_move(before: State, after: State) -> bool:
    """Whether the ledger allows the move."""
    return after in MOVES[before]


# -- the lists of open revisions --------------------------------------------------------------------------------------


# States between which a revision moves while it is sent, and while it is followed, share one list.
_LISTED_AS = {
    **dict.fromkeys((State.SENDING, State.UNCONFIRMED), State.TRANSLATED),
    **dict.fromkeys((State.VALID, State.DELIVERED), State.SENT),
}


def state_list(state: State) -> str:
    """The list of the open revisions in `state`; some states share a list."""
    return _LISTED_AS.get(state, state).value


def attention_list(state: State) -> str:
    """The list of the revisions in `state`, or in a state that shares its list, that need attention."""
    return f"{state_list(state)} ATTENTION"


PAUSED_LIST = "PAUSED"
"""The list of the revisions that a pause has parked. It is separate, because the person who paused knows of them."""

ATTENTION_LISTS = tuple(dict.fromkeys(attention_list(state) for state in MAY_NEED_ATTENTION))
"""The lists of revisions that need attention."""


def lists_of(states: Iterable[State]) -> tuple[str, ...]:
    """The lists of the open revisions in these states, including those that need attention.

    An earlier release had one list for each state: its revisions stay in those lists until they are written again.
    """
    of_open = [one for one in states if one in OPEN or one in MAY_NEED_ATTENTION]
    names = [name for one in of_open if one in OPEN for name in (state_list(one), one.value)]
    attention = [attention_list(one) for one in of_open if one in MAY_NEED_ATTENTION]
    paused = [PAUSED_LIST] if State.PARKED in of_open else []
    return tuple(dict.fromkeys([*names, *attention, *paused]))


def states_of(name: str) -> frozenset[State]:
    """The states of the revisions in a list."""
    if name in ATTENTION_LISTS:
        return frozenset(one for one in MAY_NEED_ATTENTION if attention_list(one) == name)
    if name == PAUSED_LIST:
        return frozenset({State.PARKED})
    return frozenset({State(name), *(one for one in OPEN if state_list(one) == name)})


def list_of(revision: Revision) -> str | None:
    """The list of a revision; None when it is not open.

    It is the list of its state, unless it needs attention or is paused. A superseded revision is listed while the
    tracker looks whether a person sends its transaction by hand.
    """
    if revision.needs_attention:
        return attention_list(revision.state)
    if revision.is_paused:
        return PAUSED_LIST
    if revision.may_be_sent_by_hand and not revision.over:
        return State.SUPERSEDED.value
    if revision.state not in OPEN or (revision.over and revision.state in AWAITING_STATUS):
        return None
    return state_list(revision.state)


def place_of(revision: Revision) -> str:
    """The sort key of a revision in its list; it does not change while the revision stays in the list.

    A tracked revision is sorted by when it was sent, so that it is found by its age, and a check without a new status
    writes nothing. Others are sorted by creation. The key is unique, so that reading can continue after it.
    """
    is_tracked = revision.state in MAY_NEED_ATTENTION or revision.state is State.REJECTED
    if is_tracked or revision.may_be_sent_by_hand:
        return f"{place_at(time_sent(revision))} {revision.key.stored}#{revision.sequence}"
    return place_at(revision.created_at)


def place_at(timestamp: datetime) -> str:
    """The sort key before all revisions of this time."""
    return f"{timestamp.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def timestamp_at(place: str) -> datetime:
    """The time in a sort key, UTC."""
    return datetime.fromisoformat(place.partition(" ")[0])


def time_sent(revision: Revision) -> datetime:
    """When its transaction was sent, as far as is known; its age counts from here."""
    return revision.sent_at or revision.created_at


def earliest_creation(revision: Revision) -> datetime:
    """The earliest possible creation time of its transaction; an adopted one is older than `sent_at`."""
    return revision.first_attempt_at or revision.sent_at or revision.created_at
