"""What a history says of a document that is read: nothing new, something to wait for, or something to decide.

A pure function of the history and of the few facts of the document that bear on it; routing decides the rest
(`decide.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.domain.revision.cause import Cause
from connector.domain.revision.reading import Incoming
from connector.domain.revision.receivers import (
    GIVEN_UP,
    WITHDRAWN,
    has_left,
    is_of_same_party,
    reached,
    to_withdraw,
    under_other_id,
    withdrawals_of,
    withdrawn_anew,
)
from connector.domain.revision.record import (
    KNOWN_TO_PARTNER,
    UNDECIDED,
    UNRESOLVED,
    UNSENT,
    ChangeResult,
    Revision,
    State,
    current_revision,
)
from connector.domain.revision.row_version import is_older
from connector.domain.transactions import Purpose

AGE_UNCLEAR = "go_live"
"""Field of the question whether a document is old or new: as long as it stands, nobody knows."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The content is nothing new. What was captured since and never left has been taken back.

    Attributes:
        supersede: Revisions that never left.
        withdraw: As in `ToDecide`; only a person who asks for it makes it filled here.
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
            the key of the other one, from before the two were distinguished.
        is_own: The latter.
    """

    order_type: str
    revision: Revision
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDecide:
    """Routing decides what becomes of it.

    Attributes:
        partner_baseline: What the receiver has of the document, or may have; None: it never had any.
        replaces: The revision with this content that is decided anew; None: a new revision is added.
        supersede: Revisions that never left and whose place it takes.
        baseline: The content from before go-live, or what a person closed since, that it is a change of.
        is_new: The ledger does not know the document.
        was_sent: Some receiver has it, or had it: go-live keeps it back no more.
        under_other_id: What the same supplier or customer has under another ISA id; None when a person sends it again.
        full_resend_due: Only the whole document tells the receiver: it was granted a change along with somebody's edit,
            or a person has told it of a state since.
        withdraw: What former receivers have, each to be withdrawn there.
        was_routed: It is on record as new for a partner: what its date says by now does not make it old.
        person_says_sent: A person said that the receiver has it from elsewhere (release as replacement), and that did
            not leave since.
        held_by_routing: Its newest state, if routing kept that from leaving and nobody has answered for it since.
        asked_before: An older state waited for a person, and this one has taken its place.
    """

    partner_baseline: Revision | None
    replaces: Revision | None
    supersede: tuple[Revision, ...]
    baseline: Revision | None
    is_new: bool
    full_resend_due: bool
    withdraw: tuple[Revision, ...]
    was_sent: bool = False
    under_other_id: Revision | None = None
    was_routed: bool = False
    held_by_routing: Revision | None = None
    person_says_sent: bool = False
    asked_before: bool = False


Assessment = Unchanged | Requeue | Wait | ToDecide


def assess(history: Sequence[Revision], incoming: Incoming) -> Assessment:
    """Say what is to be done about a document.

    Args:
        history: Its revisions, newest first, all of them.
        incoming: The document as it arrives.
    """
    own = [one for one in history if one.withdraws is None]
    if is_past(own, incoming):
        return Unchanged()
    if incoming.cause is Cause.WITHDRAW:
        return _withdraw_again(history, own, incoming)
    return _assessed(history, own, incoming)


def _assessed(history: Sequence[Revision], own: Sequence[Revision], incoming: Incoming) -> Assessment:
    newest = own[0] if own else None
    if newest is not None and newest.state is State.CHANGING:
        return Wait(f"A change that the partner asked for ({newest.change_id}) is being written into it.")
    sent = next((one for one in own if one.state in KNOWN_TO_PARTNER), None)
    again = _same_content(history, own, sent, incoming)
    if again is not None:
        return again
    if (doubtful := next((one for one in history if one.state in UNRESOLVED), None)) is not None:
        return Wait(f"Revision {doubtful.sequence} is still being sent; this one has to wait for its outcome.")
    return _to_decide(history, own, sent, incoming)


def is_past(own: Sequence[Revision], incoming: Incoming) -> bool:
    """Whether the document is an older state than the newest that was handled.

    It may have been read before a change of the partner's was written, or come a second time after its successor (SQS:
    a deletion can fail), or have been parked and released when a newer one had taken its place. What was seen earlier
    is older, unless its row version surely is newer; where nobody knows what was seen earlier, the row version decides.
    Time stamps of Visma's tell nothing: in the autumn hour a later one reads as earlier.

    What a person has sent again while it stands is never past: newer revisions that were taken back do not count.
    """
    if not own:
        return False
    newest, current = own[0], current_revision(own)
    wished = incoming.cause.sends_again or incoming.cause is Cause.WITHDRAW
    if wished and current is not None and current.revision_id == incoming.revision_id:
        return False
    seen, known = incoming.seen_at, newest.visma_version
    if seen is not None and newest.seen_at is not None and seen != newest.seen_at:
        return seen < newest.seen_at and not is_older(known, incoming.version)
    return is_older(incoming.version, known)


def needs_full_resend(revisions: Sequence[Revision], known: Revision) -> bool:
    """Whether the partner was granted a change on top of `known` that only the whole document can tell.

    It stands in Visma along with somebody's edit (`ChangeResult.FULL_RESEND`). Whatever the document says by now,
    `known` and its own wishes do not tell the partner.

    Args:
        revisions: Of the document, newest first.
        known: The newest one that the partner has.
    """
    return any(
        one.sequence > known.sequence
        and one.state is State.SUPERSEDED
        and one.change_result is ChangeResult.FULL_RESEND
        and one.revision_id != known.revision_id
        for one in revisions
    )


def _withdraw_again(history: Sequence[Revision], own: Sequence[Revision], incoming: Incoming) -> Assessment:
    """A person asks for the withdrawals that did not leave; what the document says is not looked at.

    Unless it is routed to one of these receivers again (an ISA id was changed back), which still has what it was sent:
    that receiver is sent the document as it stands, also where it was cancelled meanwhile.
    """
    if (doubtful := next((one for one in history if one.state in UNRESOLVED), None)) is not None:
        return Wait(f"Revision {doubtful.sequence} is still being sent; this one has to wait for its outcome.")
    sent = next((one for one in own if one.state in KNOWN_TO_PARTNER), None)
    withdraw, before = tuple(to_withdraw(history, sent, incoming)), tuple(withdrawn_anew(history, sent, incoming))
    # One that is superseded may be so by this very wish: a worker died.
    were_made = {one.receiver_id for one in history if one.withdraws is not None and one.state in GIVEN_UP}
    if sent is not None and sent.receiver_id == incoming.receiver and incoming.receiver in were_made:
        assessed = _assessed(history, own, replace(incoming, cause=Cause.POLL))
        if isinstance(assessed, Requeue | Wait):
            return assessed
        supersede = (*assessed.supersede, *(one for one in before if one not in assessed.supersede))
        return replace(assessed, supersede=supersede, withdraw=(*assessed.withdraw, *withdraw))
    return Unchanged(withdraw=withdraw, withdrawn_before=before)


def _same_content(
    history: Sequence[Revision], own: Sequence[Revision], sent: Revision | None, incoming: Incoming
) -> Assessment | None:
    """What to do about content that the ledger has already; None when there is something to decide."""
    closed = _told_by_person(own, sent)
    # A person who sends it again sends it to whom routing names now, also where only the ISA id is another one.
    moves = sent is not None and incoming.cause.sends_again and incoming.receiver not in {None, sent.receiver_id}
    is_new_to_receiver = moves or incoming.resends or (sent is not None and needs_full_resend(own, sent))
    if sent is not None and sent.revision_id == incoming.revision_id and not is_new_to_receiver:
        withdrawals = withdrawals_of(history, sent)
        if _is_sent_again(own[0], sent):
            return Requeue(own[0])
        if closed is None and not any(one.state in WITHDRAWN for one in withdrawals):
            undone = [one for one in own if one.sequence > sent.sequence]
            return Unchanged(supersede=tuple(one for one in (*undone, *withdrawals) if one.state in UNSENT))
    known = closed or baseline_of(own, sent)
    newest = own[0] if own else None
    if newest is None or newest.revision_id != incoming.revision_id:
        if known is None or known.revision_id != incoming.revision_id or incoming.cause.chooses:
            return None
        # It was changed and changed back: it is as it was at go-live, or when a person dealt with it.
        undone = [one for one in own if one.sequence > known.sequence]
        return Unchanged(supersede=tuple(one for one in undone if one.state in UNSENT - {State.CLOSED}))
    if newest.state is State.TRANSLATED and not incoming.cause.chooses:
        return Requeue(newest)
    # Sent as it is, it would be refused, or it is dealt with, or a person is asked whether it leaves, by the deliverer
    # (it is translated) or because routing kept it off: only a person says otherwise.
    is_over = newest.state in {State.REJECTED, State.CLOSED} and not incoming.cause.sends_again
    is_held = newest.state is State.PARKED and (newest.by_routing or newest.is_translated)
    is_held = is_held and not newest.is_paused and incoming.cause.is_sighting
    return Unchanged(waits=newest if is_held and newest.by_routing else None) if is_over or is_held else None


def _is_sent_again(newest: Revision, sent: Revision) -> bool:
    """Whether a person has what the receiver has sent to it a second time, and that has not left yet."""
    return (
        newest.state is State.TRANSLATED
        and newest.released
        and newest.sequence > sent.sequence
        and (newest.revision_id, newest.receiver_id) == (sent.revision_id, sent.receiver_id)
    )


def _told_by_person(own: Sequence[Revision], sent: Revision | None) -> Revision | None:
    """The state of which a person has told the partner since it was last sent something: CLOSED says so."""
    if sent is None:
        return None
    return next((one for one in own if one.state is State.CLOSED and one.sequence > sent.sequence), None)


def _to_decide(
    history: Sequence[Revision], own: Sequence[Revision], sent: Revision | None, incoming: Incoming
) -> ToDecide | Unchanged:
    newest = own[0] if own else None
    if incoming.cause is Cause.BASELINE and own and (sent is not None or own[0].state is not State.BASELINE):
        return Unchanged()
    baseline = baseline_of(own, sent)
    receiver = incoming.receiver
    if receiver is None and sent is not None and not has_left(sent, incoming):
        receiver = sent.receiver_id
    partner_baseline = next((one for one, of in reached(history) if of == receiver), None) if receiver else sent
    after = sent.sequence if sent is not None else 0
    replaces = None
    if newest is not None and newest.revision_id == incoming.revision_id:
        decided_anew = UNDECIDED | {State.BASELINE}
        replaces = newest if newest.state in decided_anew and newest.sequence > after else None
    # Only a document that is routed to a former receiver has come back to it.
    back_here = [one for one in history if one.withdraws is not None and one.receiver_id == incoming.receiver]
    kept = {State.BASELINE, State.CLOSED}
    unsent = [one for one in own if one.sequence > after and one.state in UNSENT - kept]
    supersede = tuple(one for one in (*unsent, *back_here) if one is not replaces and one.state in UNSENT - kept)
    return ToDecide(
        partner_baseline=partner_baseline,
        replaces=replaces,
        supersede=supersede,
        baseline=baseline,
        is_new=not own,
        full_resend_due=sent is not None and (needs_full_resend(own, sent) or _told_by_person(own, sent) is not None),
        withdraw=tuple(to_withdraw(history, sent, incoming)),
        was_sent=sent is not None,
        under_other_id=under_other_id(history, sent, incoming),
        was_routed=baseline is None and any(one.partner is not None and one.field != AGE_UNCLEAR for one in own),
        person_says_sent=sent is None and _chosen_purpose(own, incoming) not in {None, Purpose.ORIGINAL},
        held_by_routing=newest if sent is None and newest is not None and newest.by_routing else None,
        asked_before=any(one.state is State.SUPERSEDED and _waited(one) for one in own),
    )


def _waited(revision: Revision) -> bool:
    return any(event.state is State.PARKED for event in revision.history)


def _chosen_purpose(own: Sequence[Revision], incoming: Incoming) -> Purpose | None:
    """As what a person had it sent to the same supplier or customer."""
    return next((one.purpose for one in own if one.released and is_of_same_party(one, incoming)), None)


def baseline_of(own: Sequence[Revision], sent: Revision | None) -> Revision | None:
    """The content from before go-live, or the newest state that a person closed; None once something was sent.

    A person who closes a question knows that state, so the next change is one of it, also a change back.
    """
    if sent is not None:
        own = [one for one in own if one.sequence > sent.sequence]
        if not any(one.state is State.BASELINE for one in own):
            return None
    return next((one for one in own if one.state in {State.BASELINE, State.CLOSED}), None)
