"""The life of a revision: its states, the moves between them, and the record that the ledger keeps.

captured -> TRANSLATED -> SENDING -> SENT -> VALID -> DELIVERED -> ACKNOWLEDGED
    |            |           +-> UNCONFIRMED (look up, then SENT or SENDING)
    +-> PARKED (until released)      +-> REJECTED (Orderful or the partner said no)
    +-> SUPERSEDED (a newer revision came first)   SKIPPED (nothing material, or policy says not to send)
    +-> BASELINE (from before go-live: known, not sent)   CLOSED (a person has dealt with it)

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
    """What a change that the partner asked for (860) came to, where the partner does not just know the content now."""

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
# States that are listed: something is still to happen, or a person is to look.
OPEN = frozenset(State) - {
    *(State.ACKNOWLEDGED, State.SUPERSEDED, State.SKIPPED, State.AGREED, State.BASELINE, State.CLOSED)
}
# States of revisions that never left, and that a newer one replaces.
UNSENT = frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.REJECTED, State.BASELINE, State.CLOSED})
# States in which the same content is decided anew when it comes again.
UNDECIDED = frozenset({State.PARKED, State.SKIPPED})
# States in which a sent revision may need a person although nothing was refused.
MAY_NEED_ATTENTION = (State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED)
# States of revisions that Orderful is asked about, by the age of their transaction.
FOLLOWED = (State.SENT, State.VALID, State.DELIVERED, State.REJECTED)
# States that wait for a person.
NEEDS_PERSON = frozenset({State.PARKED, State.REJECTED})

NOTHING_NEW = "Nothing that the partner sees has changed."
"""Why a revision is skipped that reads like the one before it."""

NOTHING_NEW_IN_VISMA = (
    "Nothing that the partner sees has changed in Visma: only routing, the translation or a number of master data did."
)
"""Why a revision is skipped that would read otherwise by now, though the document says what it said."""

OUTDATED = "a newer revision took its place"
"""What the history of a superseded revision says."""

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
    State.SUPERSEDED: frozenset(),
    State.SKIPPED: frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE, State.SUPERSEDED}),
    State.BASELINE: frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE, State.SUPERSEDED}),
    State.CLOSED: frozenset({State.SUPERSEDED}),
    State.CHANGING: frozenset({State.AGREED, State.SUPERSEDED}),
    State.AGREED: frozenset({State.REJECTED}),
}


CAPTURED: Final = "CAPTURED"
"""In place of a state, on the first line of a history: the document was seen, and nothing was decided yet."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a revision's history.

    Attributes:
        at: When it happened.
        state: The state of the revision from then on; `CAPTURED` before it had one.
        note: What happened.
    """

    at: datetime
    state: State | Literal["CAPTURED"]
    note: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The revision to which a transaction at Orderful belongs. A transaction has one owner, written conditionally."""

    key: DocumentKey
    sequence: int


@dataclass(frozen=True, slots=True)
class Posted:
    """A transaction that the ledger knows by an id which Orderful's lists may not show.

    Attributes:
        begun: When the claim began under which it was posted, by our clock; `ended`: when it was recorded.
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
        revision_id: Hash of the normalised content.
        state: Where it stands; `MOVES` says which states follow.
        created_at: When it was recorded, by our clock.
        updated_at: When the record was last written, by our clock.
        modified_at: Visma's `lastModifiedDateTime`, UTC as far as the zone is known.
        seen_at: Visma's own time when it showed this content, or the content that replaced it: states that were seen
            before are past.
        visma_status: Visma's status word.
        partner: Name of the partner in routing; None before it was routed.
        transaction_type: Orderful's type (850 or 810); None before it was translated. So are the next four and
            `business_number`.
        dialect: Mosaic or X12.
        purpose: Original, replacement or cancellation.
        stream: Test or live.
        sender_id: Our ISA id.
        receiver_id: The partner's ISA id.
        business_number: The number by which Orderful finds it: that of the order or invoice.
        reason: Why it is parked, rejected, skipped or superseded, as one sentence.
        reason_code: Which reason it is (`domain/reasons.py`); None in records of earlier releases, and without a
            reason. A later release may know codes that this one does not.
        field: The Visma field or routing key at fault.
        next_step: What a person should do.
        waits_for: Routing key whose addition releases it.
        counterparty: Visma's number of the supplier or customer.
        counterparty_id: Visma's internal id of it, which stays when the number is changed; None in records of earlier
            releases and where Visma names none.
        document_type: Visma's type of the document; None in records of earlier releases.
        withdraws: This revision withdraws the document from a former receiver; the sequence of what that one has.
        listed_since: When the list that showed it was first read.
        by_routing: Routing said not to send such a document; it leaves when a person says as what.
        kept_ready: While routing kept it from leaving it was more than a draft, or a person was asked: the partner may
            have it from elsewhere.
        reads_as_sent: It was skipped because its request is the one that its receiver has (or, from before go-live,
            would have); when that one is refused, this one says nothing any more.
        released: A person chose as what it is sent, whatever Orderful has that the ledger does not know.
        look_up_first: Orderful is asked what it has of this document, of any age, before anything is posted.
        claim_until: Until when a worker owns the sending.
        attempts: Claims so far.
        first_attempt_at: When the first claim was made: only younger transactions can be ours.
        asked_since: Since when the outcome has been unknown.
        transaction_id: Orderful's id of what was sent.
        change_id: Orderful's id of the 860 by which the partner asked for this content; None for every other revision.
        change_result: For a revision with `change_id` that is neither being written nor agreed: nothing was written,
            the partner knew the content already, or only the whole document tells it what it was granted.
        listed_as: The id under which Orderful lists the same transaction, where that is another one (Orderful: v4
            answers a create with a UUID, and the v3 list may show a number).
        sent_at: When Orderful took it, by our clock.
        validation_status: Orderful's `validationStatus`, as last seen.
        delivery_status: Orderful's `deliveryStatus`, likewise.
        acknowledgment_status: Orderful's `acknowledgmentStatus`, likewise.
        attention: What a person should see to although the state is fine (overdue 997, waits for manual send), until it
            happens or a person closes it; `next_step` says what to do.
        attention_at: Since when.
        concern: The kind of it (`domain/revision/arrival.py`).
        closed_concern: The kind that a person has closed: it is not raised again.
        over: Nothing more is expected of the partner or of Orderful: it is followed no longer.
        visma_version: Row version of the document in the same state; decides where the times of seeing cannot.
        source_at: Where the Visma document as read lies in the payload bucket; None when it stands beside the row.
        request_at: The same for the request as sent.
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
        """Whether it was written for its partner: whatever is sent was."""
        return self.transaction_type is not None

    @property
    def orderful_id(self) -> str | None:
        """Orderful's id of what tells the partner this content: what it was sent, or its own 860."""
        return self.transaction_id or self.change_id

    @property
    def is_paused(self) -> bool:
        """Whether it waits for nothing but the end of a pause."""
        return self.state is State.PARKED and self.reason_code == Reason.PAUSED

    @property
    def needs_attention(self) -> bool:
        """Whether it was sent, was not refused, and a person should see to it all the same."""
        return self.attention is not None and self.state in MAY_NEED_ATTENTION


def current_revision(revisions: Sequence[Revision]) -> Revision | None:
    """The revision that counts: the newest that was not superseded; None when there is none.

    Behind it may lie newer ones that were taken back before they left.

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
    """The list of the open revisions in `state`, with those in the states that share it."""
    return _LISTED_AS.get(state, state).value


def attention_list(state: State) -> str:
    """The list of those in `state`, or in one that shares its list, that need a person's attention."""
    return f"{state_list(state)} ATTENTION"


PAUSED_LIST = "PAUSED"
"""The list of what a pause has parked: it waits for nobody who does not know of it."""

ATTENTION_LISTS = tuple(dict.fromkeys(attention_list(state) for state in MAY_NEED_ATTENTION))
"""The lists of revisions that need a person's attention."""


def lists_of(states: Iterable[State]) -> tuple[str, ...]:
    """The lists in which open revisions in these states stand, those that need attention included.

    An earlier release had a list for each state: what it wrote is found there until it is written again.
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
    """The list in which a revision stands; None when it is over.

    It is that of its state, unless it needs attention or is paused.
    """
    if revision.needs_attention:
        return attention_list(revision.state)
    if revision.is_paused:
        return PAUSED_LIST
    if revision.state not in OPEN or (revision.over and revision.state in AWAITING_STATUS):
        return None
    return state_list(revision.state)


def place_of(revision: Revision) -> str:
    """Where a revision stands in its list; it never changes while the revision stays in the list.

    What is followed at Orderful stands by the moment in which it was sent: a document is found by its age, and a look
    that finds no new status writes nothing. The place is unique, so that reading can go on behind it. Everything else
    stands by its creation.
    """
    if revision.state in MAY_NEED_ATTENTION or revision.state is State.REJECTED:
        return f"{place_at(sent_moment(revision))} {revision.key.stored}#{revision.sequence}"
    return place_at(revision.created_at)


def place_at(moment: datetime) -> str:
    """The place before all revisions of this moment."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def moment_at(place: str) -> datetime:
    """The moment of a place."""
    return datetime.fromisoformat(place.partition(" ")[0])


def sent_moment(revision: Revision) -> datetime:
    """Since when Orderful has its transaction, as far as is known; its age counts from here."""
    return revision.sent_at or revision.created_at


def earliest_creation(revision: Revision) -> datetime:
    """Before this its transaction cannot have been created; an adopted one is older than the moment it was found."""
    return revision.first_attempt_at or revision.sent_at or revision.created_at
