"""What the arrival of a document does to its history: a pure function from history and content to a plan.

A history belongs to receivers. What one receiver has is no reason to call something a replacement for another one, and
when a document goes to a new receiver, the former one has to be told that it is withdrawn there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from connector.domain.revision.record import KNOWN_TO_PARTNER, UNDECIDED, UNRESOLVED, UNSENT, Revision, State, standing
from connector.domain.revision.row_version import is_older
from connector.domain.transactions import Purpose

AGE_UNCLEAR = "go_live"
"""Field of the question whether a document is old or new: as long as it stands, nobody knows."""


class Cause(Enum):
    """Why a document is looked at. All but the poll are the wishes of a person."""

    POLL = "poll"
    RELEASE = "release"
    REPLAY = "replay"
    AS_ORIGINAL = "send as original"
    AS_REPLACEMENT = "send as replacement"
    WITHDRAW = "withdraw again"
    BASELINE = "baseline"

    @classmethod
    def of(cls, text: str) -> Cause:
        """The cause that a message names: `replay 2026-11-22T07:00:00+00:00`. What nobody knows counts as a poll."""
        named = [cause for cause in cls if text == cause.value or text.startswith(f"{cause.value} ")]
        return named[0] if named else cls.POLL

    def named_at(self, now: datetime) -> str:
        """The cause as a message names it; the time keeps the queue from taking a repeated wish for a duplicate."""
        return f"{self.value} {now.isoformat()}"

    @classmethod
    def again(cls, revision: Revision) -> Cause:
        """The wish to send what did not arrive again: what a person has chosen for it still holds."""
        if revision.withdraws is not None:
            return cls.WITHDRAW
        if not revision.released or revision.purpose is None:
            return cls.REPLAY
        return cls.AS_ORIGINAL if revision.purpose is Purpose.ORIGINAL else cls.AS_REPLACEMENT

    @property
    def chooses(self) -> bool:
        """Whether a person has chosen as what the document is sent."""
        return self in {Cause.AS_ORIGINAL, Cause.AS_REPLACEMENT}

    @property
    def sends_again(self) -> bool:
        """Whether a person asks to send what would not be sent again by itself."""
        return self.chooses or self is Cause.REPLAY


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document as it arrives.

    Attributes:
        revision_id: Hash of its content.
        seen_at: Visma's own time when it showed this state.
        version: Visma's row version, if it is one.
        receiver: ISA id of whom routing sends it to; None when it cannot be routed.
        counterparty: Visma's number of the supplier or customer; None when it cannot be read.
        cause: Why it is looked at.
        counterparty_id: Visma's internal id of it, where the document names one.
    """

    revision_id: str
    seen_at: datetime | None
    version: str | None
    receiver: str | None
    counterparty: str | None
    cause: Cause
    counterparty_id: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The content is nothing new. What was captured since and never left has been taken back.

    Attributes:
        supersede: Revisions that never left.
        withdraw: As in `Decide`; only a person who asks for it makes it filled here.
        withdrawn_before: Withdrawals that did not leave; those of `withdraw` take their place.
        waits: Routing keeps it back until a person says otherwise; what Visma shows now is noted for that.
    """

    supersede: tuple[Revision, ...] = ()
    withdraw: tuple[Revision, ...] = ()
    withdrawn_before: tuple[Revision, ...] = ()
    waits: Revision | None = None


@dataclass(frozen=True, slots=True)
class Requeue:
    """It is translated already; a crash may have come between ledger and queue."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class Wait:
    """Something has to end first; the message comes again."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Sharing:
    """An order whose number is the key of an order of another type.

    Attributes:
        order_type: The type of the other one.
        revision: What the other one has come to at the same partner, or what the partner has of this very order under
            the key of the other one, from before the two were told apart.
        is_own: The latter.
    """

    order_type: str
    revision: Revision
    is_own: bool


@dataclass(frozen=True, slots=True)
class Decide:
    """Routing decides what becomes of it.

    Attributes:
        has: What the receiver has of the document, or may have; None: it never had any.
        replaces: The revision with this content that is decided anew; None: a new revision is added.
        supersede: Revisions that never left and whose place it takes.
        baseline: The content from before go-live, or what a person closed since, that it is a change of.
        is_new: The ledger does not know the document.
        was_sent: Some receiver has it, or had it: go-live keeps it back no more.
        elsewhere: What the same supplier or customer has under another ISA id; None when a person sends it again.
        full_resend_due: Only the whole document tells the receiver: it was granted a change along with somebody's edit,
            or a person has told it of a state since.
        withdraw: What former receivers have, each to be withdrawn there.
        was_routed: It is on record as new for a partner: what its date says by now does not make it old.
        said_to_have: A person said that the receiver has it from elsewhere (release as replacement), and that did not
            leave since.
        kept_off: Its newest state, if routing kept that from leaving and nobody has answered for it since.
        was_asked: An older state waited for a person, and this one has taken its place.
        shares: Another order with the same number that a person has to see before this one leaves.
    """

    has: Revision | None
    replaces: Revision | None
    supersede: tuple[Revision, ...]
    baseline: Revision | None
    is_new: bool
    full_resend_due: bool
    withdraw: tuple[Revision, ...]
    was_sent: bool = False
    elsewhere: Revision | None = None
    was_routed: bool = False
    kept_off: Revision | None = None
    said_to_have: bool = False
    was_asked: bool = False
    shares: Sharing | None = None


Plan = Known | Requeue | Wait | Decide


def plan(history: Sequence[Revision], arrival: Arrival) -> Plan:
    """Say what is to be done about a document.

    Args:
        history: Its revisions, newest first, all of them.
        arrival: The document as it arrives.
    """
    own = [one for one in history if one.withdraws is None]
    if is_past(own, arrival):
        return Known()
    if arrival.cause is Cause.WITHDRAW:
        return _withdraw_again(history, own, arrival)
    return _looked_at(history, own, arrival)


def _looked_at(history: Sequence[Revision], own: Sequence[Revision], arrival: Arrival) -> Plan:
    newest = own[0] if own else None
    if newest is not None and newest.state is State.CHANGING:
        return Wait(f"A change that the partner asked for ({newest.transaction_id}) is being written into it.")
    sent = next((one for one in own if one.state in KNOWN_TO_PARTNER), None)
    again = _same_again(history, own, sent, arrival)
    if again is not None:
        return again
    if (doubtful := next((one for one in history if one.state in UNRESOLVED), None)) is not None:
        return Wait(f"Revision {doubtful.sequence} is still being sent; this one has to wait for its outcome.")
    return _decide(history, own, sent, arrival)


def is_past(own: Sequence[Revision], arrival: Arrival) -> bool:
    """Whether the document is an older state than the newest that was handled.

    It may have been read before a change of the partner's was written, or come a second time after its successor (SQS:
    a deletion can fail), or have been parked and released when a newer one had taken its place. What was seen earlier
    is older, unless its row version surely is newer; where nobody knows what was seen earlier, the row version decides.
    Time stamps of Visma's tell nothing: in the autumn hour a later one reads as earlier.

    What a person has sent again while it stands is never past: newer revisions that were taken back do not count.
    """
    if not own:
        return False
    newest, stands = own[0], standing(own)
    wished = arrival.cause.sends_again or arrival.cause is Cause.WITHDRAW
    if wished and stands is not None and stands.revision_id == arrival.revision_id:
        return False
    seen, known = arrival.seen_at, newest.visma_version
    if seen is not None and newest.seen_at is not None and seen != newest.seen_at:
        return seen < newest.seen_at and not is_older(known, arrival.version)
    return is_older(arrival.version, known)


def needs_full_resend(revisions: Sequence[Revision], known: Revision) -> bool:
    """Whether the partner was granted a change on top of `known` that only the whole document can tell.

    It stands in Visma along with somebody's edit, as a superseded revision with the number of the 860 and the content
    that came of it. Whatever the document says by now, `known` and its own wishes do not tell the partner.

    Args:
        revisions: Of the document, newest first.
        known: The newest one that the partner has.
    """
    return any(
        one.sequence > known.sequence
        and one.state is State.SUPERSEDED
        and one.transaction_type is None
        and one.transaction_id is not None
        and one.revision_id not in {"", known.revision_id}
        for one in revisions
    )


def _withdraw_again(history: Sequence[Revision], own: Sequence[Revision], arrival: Arrival) -> Plan:
    """A person asks for the withdrawals that did not leave; what the document says is not looked at.

    Unless it is routed to one of these receivers again (an ISA id was changed back), which still has what it was sent:
    that receiver is sent the document as it stands, also where it was cancelled meanwhile.
    """
    if (doubtful := next((one for one in history if one.state in UNRESOLVED), None)) is not None:
        return Wait(f"Revision {doubtful.sequence} is still being sent; this one has to wait for its outcome.")
    sent = next((one for one in own if one.state in KNOWN_TO_PARTNER), None)
    withdraw, before = tuple(_to_withdraw(history, sent, arrival)), tuple(_withdrawn_anew(history, sent, arrival))
    # One that is superseded may be so by this very wish: a worker died.
    were_made = {one.receiver_id for one in history if one.withdraws is not None and one.state in _GIVEN_UP}
    if sent is not None and sent.receiver_id == arrival.receiver and arrival.receiver in were_made:
        planned = _looked_at(history, own, replace(arrival, cause=Cause.POLL))
        if isinstance(planned, Requeue | Wait):
            return planned
        supersede = (*planned.supersede, *(one for one in before if one not in planned.supersede))
        return replace(planned, supersede=supersede, withdraw=(*planned.withdraw, *withdraw))
    return Known(withdraw=withdraw, withdrawn_before=before)


def _same_again(
    history: Sequence[Revision], own: Sequence[Revision], sent: Revision | None, arrival: Arrival
) -> Plan | None:
    """What to do about content that the ledger has already; None when there is something to decide."""
    closed = _told_by_hand(own, sent)
    # A person who sends it again sends it to whom routing names now, also where only the ISA id is another one.
    moves = sent is not None and arrival.cause.sends_again and arrival.receiver not in {None, sent.receiver_id}
    if sent is not None and sent.revision_id == arrival.revision_id and not needs_full_resend(own, sent) and not moves:
        withdrawals = _withdrawals(history, sent)
        if closed is None and not any(one.state in _WITHDRAWN for one in withdrawals):
            undone = [one for one in own if one.sequence > sent.sequence]
            return Known(supersede=tuple(one for one in (*undone, *withdrawals) if one.state in UNSENT))
    known = closed or _baseline(own, sent)
    newest = own[0] if own else None
    if newest is None or newest.revision_id != arrival.revision_id:
        if known is None or known.revision_id != arrival.revision_id or arrival.cause.chooses:
            return None
        # It was changed and changed back: it is as it was at go-live, or when a person dealt with it.
        undone = [one for one in own if one.sequence > known.sequence]
        return Known(supersede=tuple(one for one in undone if one.state in UNSENT - {State.CLOSED}))
    if newest.state is State.TRANSLATED and not arrival.cause.chooses:
        return Requeue(newest)
    # Sent as it is, it would be refused, or it is dealt with, or a person is asked whether it leaves, by the deliverer
    # (it is translated) or because routing kept it off: only a person says otherwise.
    is_over = newest.state in {State.REJECTED, State.CLOSED} and not arrival.cause.sends_again
    is_held = newest.state is State.PARKED and (newest.by_routing or newest.transaction_type is not None)
    is_held = is_held and arrival.cause in {Cause.POLL, Cause.BASELINE}
    return Known(waits=newest if is_held and newest.by_routing else None) if is_over or is_held else None


def _told_by_hand(own: Sequence[Revision], sent: Revision | None) -> Revision | None:
    """The state of which a person has told the partner since it was last sent something: CLOSED says so."""
    if sent is None:
        return None
    return next((one for one in own if one.state is State.CLOSED and one.sequence > sent.sequence), None)


def _decide(
    history: Sequence[Revision], own: Sequence[Revision], sent: Revision | None, arrival: Arrival
) -> Decide | Known:
    newest = own[0] if own else None
    if arrival.cause is Cause.BASELINE and own and (sent is not None or own[0].state is not State.BASELINE):
        return Known()
    baseline = _baseline(own, sent)
    receiver = arrival.receiver
    if receiver is None and sent is not None and not _has_left(sent, arrival):
        receiver = sent.receiver_id
    has = next((one for one, of in _reached(history) if of == receiver), None) if receiver else sent
    after = sent.sequence if sent is not None else 0
    replaces = None
    if newest is not None and newest.revision_id == arrival.revision_id:
        decided_anew = UNDECIDED | {State.BASELINE}
        replaces = newest if newest.state in decided_anew and newest.sequence > after else None
    # Only a document that is routed to a former receiver has come back to it.
    back_here = [one for one in history if one.withdraws is not None and one.receiver_id == arrival.receiver]
    kept = {State.BASELINE, State.CLOSED}
    unsent = [one for one in own if one.sequence > after and one.state in UNSENT - kept]
    supersede = tuple(one for one in (*unsent, *back_here) if one is not replaces and one.state in UNSENT - kept)
    return Decide(
        has=has,
        replaces=replaces,
        supersede=supersede,
        baseline=baseline,
        is_new=not own,
        full_resend_due=sent is not None and (needs_full_resend(own, sent) or _told_by_hand(own, sent) is not None),
        withdraw=tuple(_to_withdraw(history, sent, arrival)),
        was_sent=sent is not None,
        elsewhere=_elsewhere(history, sent, arrival),
        was_routed=baseline is None and any(one.partner is not None and one.field != AGE_UNCLEAR for one in own),
        said_to_have=sent is None and _last_answer(own, arrival) not in {None, Purpose.ORIGINAL},
        kept_off=newest if sent is None and newest is not None and newest.by_routing else None,
        was_asked=any(one.state is State.SUPERSEDED and _waited(one) for one in own),
    )


def _waited(revision: Revision) -> bool:
    return any(event.state is State.PARKED for event in revision.history)


def _last_answer(own: Sequence[Revision], arrival: Arrival) -> Purpose | None:
    """As what a person had it sent to the same supplier or customer."""
    return next((one.purpose for one in own if one.released and _is_of_same_party(one, arrival)), None)


def _elsewhere(history: Sequence[Revision], sent: Revision | None, arrival: Arrival) -> Revision | None:
    """What the same supplier or customer has under another ISA id, and keeps until something changes."""
    if sent is None or arrival.cause.sends_again or None in {sent.receiver_id, arrival.receiver}:
        return None
    is_same = _is_of_same_party(sent, arrival) and not _withdrawals(history, sent)
    return sent if is_same and sent.receiver_id != arrival.receiver else None


def _has_left(sent: Revision, arrival: Arrival) -> bool:
    """Whether the document may be somebody else's than what was sent; each receiver is compared with its own.

    Routing that knows nobody for it tells nothing: the supplier may only have got another number. Visma's internal ids
    tell whether it is another one. Without them nobody knows, and nothing is withdrawn until a successor is routed.
    """
    if arrival.receiver is not None:
        return True
    if arrival.cause is Cause.WITHDRAW:  # a person says so
        return None not in {arrival.counterparty, sent.counterparty} and not _is_of_same_party(sent, arrival)
    return is_certainly_another(sent, arrival.counterparty_id)


def is_same_party(revision: Revision, number: str | None, internal_id: str | None) -> bool:
    """Whether a revision is of this supplier or customer: by Visma's internal ids, or by the numbers without them."""
    if None not in {revision.counterparty_id, internal_id}:
        return revision.counterparty_id == internal_id
    return revision.counterparty == number


def is_certainly_another(revision: Revision, internal_id: str | None) -> bool:
    """Whether a revision is of another supplier or customer by Visma's internal ids."""
    return None not in {revision.counterparty_id, internal_id} and revision.counterparty_id != internal_id


def _is_of_same_party(revision: Revision, arrival: Arrival) -> bool:
    return is_same_party(revision, arrival.counterparty, arrival.counterparty_id)


def _to_withdraw(history: Sequence[Revision], sent: Revision | None, arrival: Arrival) -> Iterator[Revision]:
    """What former receivers have and were not told to forget; or are to be told again, if a person asks for that."""
    if sent is None or not _has_left(sent, arrival):
        return
    for one, receiver in _newest_reached(history):
        if _is_there(receiver, sent, arrival) or one.purpose is Purpose.CANCELLATION:
            continue
        pending = _withdrawals(history, one)
        if arrival.cause is Cause.WITHDRAW:
            # Of the one that has it now there is none to be made again.
            was_made = any(each.withdraws == one.sequence for each in history)
            is_due = was_made and all(each.state in _ASKED for each in pending)
        else:
            is_due = not pending
        if is_due:
            yield replace(one, receiver_id=receiver)


def _is_there(receiver: str, sent: Revision, arrival: Arrival) -> bool:
    """Whether the document is that receiver's, so that it is not withdrawn there.

    Routing says so. When a person asks for a withdrawal, nothing is sent to whom routing names: what was sent last has
    to be there.
    """
    return receiver == arrival.receiver and (arrival.cause is not Cause.WITHDRAW or receiver == sent.receiver_id)


_ASKED = frozenset({State.PARKED, State.REJECTED})
_GIVEN_UP = _ASKED | {State.SUPERSEDED}
# States of a withdrawal in which the former receiver knows of it, from us or from a person.
_WITHDRAWN = KNOWN_TO_PARTNER | {State.CLOSED}


def _withdrawn_anew(history: Sequence[Revision], sent: Revision | None, arrival: Arrival) -> Iterator[Revision]:
    """Withdrawals that did not leave and that a person wants to send: they are made anew, or there is nothing to do.

    There is nothing to do where the receiver has the document back, has been told since, or refused what it was sent.
    """
    has = {receiver for one, receiver in _newest_reached(history) if one.purpose is not Purpose.CANCELLATION}
    anew = {one.receiver_id for one in _to_withdraw(history, sent, arrival)}
    for one in history:
        stands = one.receiver_id in has - anew and one.receiver_id != arrival.receiver
        if one.withdraws is not None and one.state in _ASKED and not stands:
            yield one


def _newest_reached(history: Sequence[Revision]) -> Iterator[tuple[Revision, str]]:
    """What each receiver has, or may have."""
    seen = set()
    for one, receiver in _reached(history):
        if receiver is not None and receiver not in seen:
            seen.add(receiver)
            yield one, receiver


def _withdrawals(history: Sequence[Revision], sent: Revision) -> list[Revision]:
    """Withdrawals of what a receiver has, newest first."""
    return [one for one in history if one.withdraws == sent.sequence and one.state is not State.SUPERSEDED]


def _reached(history: Sequence[Revision]) -> list[tuple[Revision, str | None]]:
    """What reached a receiver, or may have, newest first, each with its receiver.

    An agreed change went to nobody: it belongs to the receiver of what it changes. A withdrawal that a person closed is
    one that the receiver was told of.
    """
    found: list[tuple[Revision, str | None]] = []
    receiver: str | None = None
    for one in reversed(history):
        if one.state in KNOWN_TO_PARTNER:
            receiver = one.receiver_id or receiver
            found.append((one, receiver))
        elif one.withdraws is not None and one.state is State.CLOSED:
            found.append((replace(one, purpose=Purpose.CANCELLATION), one.receiver_id))
    return found[::-1]


def _baseline(own: Sequence[Revision], sent: Revision | None) -> Revision | None:
    """The content from before go-live, or the newest state that a person closed; None once something was sent.

    A person who closes a question knows that state, so the next change is one of it, also a change back.
    """
    if sent is not None:
        own = [one for one in own if one.sequence > sent.sequence]
        if not any(one.state is State.BASELINE for one in own):
            return None
    return next((one for one in own if one.state in {State.BASELINE, State.CLOSED}), None)
