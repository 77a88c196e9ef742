"""Compares a document with its history: nothing new, something to wait for, or something to decide.

A pure function of the history and of a few facts of the document. What it leaves to decide, `decide.py` decides with
routing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.domain.revision.cause import Cause
from connector.domain.revision.last_shown import LastShown
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
    own_revisions,
)
from connector.domain.transactions import Purpose

AGE_UNCLEAR = "go_live"
"""The `field` of a revision that waits for a person to say whether its document is from before go-live."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The content is not new. Newer revisions that never left have been reverted in Visma.

    Attributes:
        supersede: Revisions that never left.
        withdraw: As in `ToDecide`; not empty only if a person asked for a withdrawal, or closed the document while it
            was edited.
        withdrawn_before: Withdrawals that did not leave; those of `withdraw` replace them.
        waits: A revision that is kept back until a person decides; it is updated with what Visma has now.
    """

    supersede: tuple[Revision, ...] = ()
    withdraw: tuple[Revision, ...] = ()
    withdrawn_before: tuple[Revision, ...] = ()
    waits: Revision | None = None


@dataclass(frozen=True, slots=True)
class Requeue:
    """It is translated already; a crash may have happened between ledger and queue, so it is queued again."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class Wait:
    """Something has to end first; the message is retried."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Sharing:
    """An order whose number is the key of an order of another type.

    Attributes:
        order_type: The type of the other order.
        revision: The current revision of the other order for the same partner; or, with `is_own`, a revision of this
            order that an earlier release recorded under the key of the other one.
        is_own: `revision` is of this order.
    """

    order_type: str
    revision: Revision
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDecide:
    """Routing has to decide about the document.

    Attributes:
        partner_baseline: The revision that the receiver has, or may have; None: it never had any.
        replaces: The revision with this content that is decided again; None: a new revision is added.
        supersede: Revisions that never left and that this one replaces.
        baseline: The revision from before go-live, or closed by a person since, with which it is compared.
        is_new: The ledger has no revision of the document.
        was_sent: A receiver has it, or had it, so go-live does not keep it back.
        under_other_id: The revision that the same supplier or customer has under another ISA id; None when a person
            sends it again.
        closed: The newest revision that a person closed after the newest one that left: the receiver was informed of it
            in another way. None without one.
        full_resend_due: The receiver needs the whole document: a change of its own was written together with somebody
            else's edit, or a person informed it of a state since.
        withdraw: Revisions that former receivers have and that are withdrawn there.
        was_routed: It is recorded as new for a partner, so a changed date does not make it old.
        person_says_sent: A person said that the receiver has it from elsewhere (release as replacement), and that
            revision has not left.
        kept_back_by_routing: The newest revision, if routing kept it back and no person has decided since.
        asked_before: An older revision waited for a person and was superseded.
        resends: A person asked to send again what the receiver has.
    """

    partner_baseline: Revision | None
    replaces: Revision | None
    supersede: tuple[Revision, ...]
    baseline: Revision | None
    is_new: bool
    full_resend_due: bool
    withdraw: tuple[Revision, ...]
    closed: Revision | None = None
    was_sent: bool = False
    under_other_id: Revision | None = None
    was_routed: bool = False
    kept_back_by_routing: Revision | None = None
    person_says_sent: bool = False
    asked_before: bool = False
    resends: bool = False


Assessment = Unchanged | Requeue | Wait | ToDecide


def assess(history: Sequence[Revision], incoming: Incoming) -> Assessment:
    """Compare a document with its history.

    Args:
        history: All its revisions, newest first.
        incoming: The document as it was read.
    """
    own = own_revisions(history)
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
    doubtful = next((one for one in history if one.state in UNRESOLVED), None)
    again = _same_content(history, own, sent, incoming)
    if isinstance(again, Unchanged) and (withdraw := _not_withdrawn_while_edited(history, own, sent, incoming)):
        again = replace(again, withdraw=withdraw) if doubtful is None else None
    if again is not None:
        return again
    if doubtful is not None:
        return Wait(f"Revision {doubtful.sequence} is still being sent; this one has to wait for its outcome.")
    return _to_decide(history, own, sent, incoming)


def is_past(own: Sequence[Revision], incoming: Incoming) -> bool:
    """Whether the document is an older state than the newest one in the history.

    It may have been read before a partner's change was written, or delivered again after its successor (SQS: a deletion
    can fail), or released after a newer one replaced it, or put back from the dead letters. Visma's time stamps cannot
    decide: in the autumn hour a later one reads as earlier.

    The current revision is never past when a person asks for something: newer, reverted revisions do not count,
    and it may have been seen again since it was stored. Another one is past once a newer one was recorded.
    """
    current = current_revision(own)
    is_current = current is not None and current.revision_id == incoming.revision_id
    if is_current and not incoming.cause.is_sighting:
        return False
    if current is not None and not is_current and (incoming.asked_about or current.sequence) < current.sequence:
        return True
    return LastShown.of(own).is_after(incoming.seen_at, incoming.version)


def needs_full_resend(revisions: Sequence[Revision], known: Revision) -> bool:
    """Whether the partner has to be sent the whole document, because its change was written on top of `known`.

    The change is in Visma together with somebody else's edit (`ChangeResult.FULL_RESEND`). So the partner cannot derive
    the content from `known` and its own change.

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
    """Send the withdrawals that did not leave again, because a person asks for it; the content does not matter.

    Exception: the document is routed to one of these receivers again (an ISA id was changed back) and the receiver
    still has it. Then it is sent the current document, even if that is cancelled by now.
    """
    if (doubtful := next((one for one in history if one.state in UNRESOLVED), None)) is not None:
        return Wait(f"Revision {doubtful.sequence} is still being sent; this one has to wait for its outcome.")
    sent = next((one for one in own if one.state in KNOWN_TO_PARTNER), None)
    withdraw, before = tuple(to_withdraw(history, sent, incoming)), tuple(withdrawn_anew(history, sent, incoming))
    # A superseded withdrawal may have been superseded by this same request, if a worker died.
    were_made = {one.receiver_id for one in history if one.is_withdrawal and one.state in GIVEN_UP}
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
    """The result for content that the ledger has already; None when there is something to decide."""
    closed = _closed_since(own, sent)
    # When a person sends it again, it goes to the receiver in routing now, even if only the ISA id is another one.
    moves = sent is not None and incoming.cause.sends_again and incoming.receiver not in {None, sent.receiver_id}
    # A request about what was sent comes from before the change: what Visma shows now is sent.
    is_seen = incoming.cause.is_sighting or current_revision(own) != sent
    resend_due = sent is not None and is_seen and needs_full_resend(own, sent)
    is_new_to_receiver = moves or incoming.resends or resend_due
    if sent is not None and sent.revision_id == incoming.revision_id and not is_new_to_receiver:
        withdrawals = withdrawals_of(history, sent)
        if (again := waiting_resend(own)) is not None:
            kept = None if incoming.cause.chooses else Unchanged(waits=again)
            return Requeue(again) if again.state is State.TRANSLATED else kept
        if closed is None and not any(one.state in WITHDRAWN for one in withdrawals):
            undone = [one for one in own if one.sequence > sent.sequence]
            return Unchanged(supersede=tuple(one for one in (*undone, *withdrawals) if one.state in UNSENT))
    known = closed or baseline_of(own, sent)
    newest = own[0] if own else None
    if newest is None or newest.revision_id != incoming.revision_id:
        if known is None or known.revision_id != incoming.revision_id or incoming.cause.chooses:
            return None
        # It was changed and changed back: it is as it was at go-live, or when a person closed it.
        undone = [one for one in own if one.sequence > known.sequence]
        return Unchanged(supersede=tuple(one for one in undone if one.state in UNSENT - {State.CLOSED}))
    if newest.state is State.TRANSLATED and not incoming.cause.chooses:
        return Requeue(newest)
    # Only a person changes these: a rejected revision would be refused again; a closed one is settled; a parked one
    # waits for a person, because the deliverer asked (it is translated) or because routing kept it back. One that only
    # a pause keeps is decided again, unless a person has chosen how it is sent.
    is_over = newest.state in {State.REJECTED, State.CLOSED} and not incoming.cause.sends_again
    waits_for_person = newest.state is State.PARKED and (newest.by_routing or newest.is_translated)
    is_left = newest.released or not newest.is_paused
    waits_for_person = waits_for_person and is_left and incoming.cause.is_sighting
    return Unchanged(waits=newest if waits_for_person else None) if is_over or waits_for_person else None


def _not_withdrawn_while_edited(
    history: Sequence[Revision], own: Sequence[Revision], sent: Revision | None, incoming: Incoming
) -> tuple[Revision, ...]:
    """What former suppliers or customers still have of a document that a person closed, once it is no longer edited.

    Another one is withdrawn there when it is decided about; nothing is decided about what was closed.
    """
    if incoming.is_unfinished or _closed_since(own, sent) is None:
        return ()
    return tuple(one for one in to_withdraw(history, sent, incoming) if not is_of_same_party(one, incoming))


def waiting_resend(history: Sequence[Revision]) -> Revision | None:
    """The revision by which a person has the receiver's revision sent again, as long as that has not left.

    It is queued, or it was parked: by a pause, or because something was missing by then. None without one.

    Args:
        history: Revisions of the document, newest first.
    """
    own = own_revisions(history)
    sent = next((one for one in own if one.state in KNOWN_TO_PARTNER), None)
    if sent is None or own[0].state not in {State.TRANSLATED, State.PARKED} or not own[0].released:
        return None
    is_same = own[0].revision_id == sent.revision_id and own[0].receiver_id in {None, sent.receiver_id}
    return own[0] if is_same else None


def _closed_since(own: Sequence[Revision], sent: Revision | None) -> Revision | None:
    """The newest CLOSED revision after `sent`: a person informed the partner of it. None without one."""
    if sent is None:
        return None
    return next((one for one in own if one.state is State.CLOSED and one.sequence > sent.sequence), None)


def _to_decide(
    history: Sequence[Revision], own: Sequence[Revision], sent: Revision | None, incoming: Incoming
) -> ToDecide | Unchanged:
    newest = own[0] if own else None
    if incoming.cause is Cause.BASELINE and own and (sent is not None or own[0].state is not State.BASELINE):
        return Unchanged()
    baseline, closed = baseline_of(own, sent), _closed_since(own, sent)
    receiver = incoming.receiver
    if receiver is None and sent is not None and not has_left(sent, incoming):
        receiver = sent.receiver_id
    partner_baseline = next((one for one, of in reached(history) if of == receiver), None) if receiver else sent
    after = sent.sequence if sent is not None else 0
    replaces = None
    if newest is not None and newest.revision_id == incoming.revision_id:
        decided_anew = UNDECIDED | {State.BASELINE}
        replaces = newest if newest.state in decided_anew and newest.sequence > after else None
    # Withdrawals from a receiver to which the document is routed again are no longer needed.
    back_here = [one for one in history if one.is_withdrawal and one.receiver_id == incoming.receiver]
    kept = {State.BASELINE, State.CLOSED}
    unsent = [one for one in own if one.sequence > after and one.state in UNSENT - kept]
    supersede = tuple(one for one in (*unsent, *back_here) if one is not replaces and one.state in UNSENT - kept)
    elsewhere = under_other_id(history, sent, incoming)
    is_first = partner_baseline is None and elsewhere is None
    return ToDecide(
        partner_baseline=partner_baseline,
        replaces=replaces,
        supersede=supersede,
        baseline=baseline,
        is_new=not own,
        closed=closed,
        full_resend_due=sent is not None and (needs_full_resend(own, sent) or closed is not None),
        withdraw=tuple(to_withdraw(history, sent, incoming)),
        was_sent=sent is not None,
        under_other_id=elsewhere,
        was_routed=baseline is None and any(one.partner is not None and one.field != AGE_UNCLEAR for one in own),
        person_says_sent=is_first and _chosen_purpose(own, incoming) not in {None, Purpose.ORIGINAL},
        kept_back_by_routing=newest if sent is None and newest is not None and newest.by_routing else None,
        asked_before=any(one.state is State.SUPERSEDED and _waited(one) for one in own),
        resends=incoming.resends or waiting_resend(own) is not None,
    )


def _waited(revision: Revision) -> bool:
    return any(event.state is State.PARKED for event in revision.history)


def _chosen_purpose(own: Sequence[Revision], incoming: Incoming) -> Purpose | None:
    """The purpose with which a person last released it for the same supplier or customer; None where that has left."""
    chosen = next((one for one in own if one.released and is_of_same_party(one, incoming)), None)
    return None if chosen is None or chosen.state in KNOWN_TO_PARTNER else chosen.purpose


def baseline_of(own: Sequence[Revision], sent: Revision | None) -> Revision | None:
    """The revision from before go-live, or the newest one that a person closed; None once something was sent.

    A person who closes a revision has settled it, so the next content is compared with it, even if it is a change back.
    """
    if sent is not None:
        own = [one for one in own if one.sequence > sent.sequence]
        if not any(one.state is State.BASELINE for one in own):
            return None
    return next((one for one in own if one.state in {State.BASELINE, State.CLOSED}), None)
