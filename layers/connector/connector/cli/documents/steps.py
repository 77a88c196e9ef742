"""What a person has done with one document that waits: what that would be, and how it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from connector.cli.documents.find import Record
from connector.cli.output import Failed, WrongInput, timestamp
from connector.cli.stack.stack import Stack
from connector.domain.advice import after_rejection
from connector.domain.documents import DocumentKey
from connector.domain.layout import counted
from connector.domain.pause import Pause, pause_of
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Concern
from connector.domain.revision.cause import Cause
from connector.domain.revision.receivers import is_same_party, tells_cancellation
from connector.domain.revision.record import (
    KNOWN_TO_PARTNER,
    MAY_NEED_ATTENTION,
    NEEDS_PERSON,
    Revision,
    State,
    current_revision,
    own_revisions,
)
from connector.domain.text import truncated
from connector.domain.transactions import Purpose
from connector.services.decider import MAX_NOTE_LENGTH, Decider

CLOSABLE = NEEDS_PERSON | {State.UNCONFIRMED}
"""States of revisions that can be closed; of others only the attention can."""

RESENDABLE = frozenset(MAY_NEED_ATTENTION)
"""States of revisions that can be sent a second time."""

RELEASABLE = frozenset({State.PARKED, State.SKIPPED, State.BASELINE, State.CLOSED})
"""States of revisions that can be sent as original or replacement."""


class SendRequest(NamedTuple):
    """What is queued when a person has a document sent.

    Attributes:
        revision: The revision whose document is looked at again, as it is by then.
        cause: Why.
        after: As `resends_after` of a message.
    """

    revision: Revision
    cause: Cause
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What would be done with one revision.

    Attributes:
        revision: That a person decides about.
        will: What becomes of it, as a sentence goes on after its name.
        sentence: What is done, for the person who is asked.
        carry_out: Does it; gives the state in which it is then.
        request: What is queued; None where nothing is sent.
        warnings: What a person should know before, each a sentence.
    """

    revision: Revision
    will: str
    sentence: str
    carry_out: Callable[[Stack, Decider], State]
    request: SendRequest | None = None
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> DocumentKey:
        """The document."""
        return self.revision.key


def replay(record: Record, sequence: int | None) -> Step:
    """Send a rejected or parked document again; raises as `_waiting`."""
    waiting = _waiting_again(record, sequence)
    own = own_revisions(record.revisions)
    current = current_revision(own)
    if not waiting.is_withdrawal and waiting is not current:
        raise Failed(
            f"Revision {waiting.sequence} of {record.key} is no longer what it says in Visma: it can only be closed "
            f"(connector documents close {record.key} --revision {waiting.sequence})."
        )
    # The withdrawal is made anew; the message brings the document as it stands.
    resent = (current or own[0]) if waiting.is_withdrawal else waiting
    is_gone = waiting.needs_attention
    will = "sent again" if is_gone or waiting.state is State.REJECTED else "sent"
    step = _queued(waiting, SendRequest(resent, Cause.again(waiting)), will)
    if not is_gone:
        return step

    def give_up_first(stack: Stack, decider: Decider) -> State:
        given_up = _given_up(stack, waiting)
        return _queued(given_up, SendRequest(given_up, Cause.again(given_up)), will).carry_out(stack, decider)

    gone = f"Orderful has no transaction of revision {waiting.sequence} of {waiting.key} any more."
    return replace(
        step,
        sentence=f"{gone}\n{step.sentence}",
        carry_out=give_up_first,
        request=SendRequest(replace(waiting, state=State.REJECTED), Cause.again(waiting)),
    )


def _waiting_again(record: Record, sequence: int | None) -> Revision:
    """The revision that is sent again: one that waits, or one whose transaction was deleted at Orderful."""
    waiting = _waiting(record, sequence, or_attention=True)
    if waiting.needs_attention and waiting.concern != Concern.DELETED:
        raise Failed(
            f"Revision {waiting.sequence} of {waiting.key} is {waiting.state}, and Orderful has it: it is not sent a "
            f"second time. {waiting.next_step}"
        )
    return waiting


def _given_up(stack: Stack, waiting: Revision) -> Revision:
    """Write down that a deleted transaction will not arrive: from now on the revision counts as refused."""
    reason = "Its transaction was deleted at Orderful."
    return stack.ledger.move(
        waiting,
        State.REJECTED,
        now=stack.clock.now(),
        note=reason,
        reason=reason,
        reason_code=Reason.TRANSACTION_DELETED.value,
        next_step=after_rejection(waiting.key),
        attention=None,
        attention_at=None,
        concern=None,
    )


def release(record: Record, purpose: str, *, force: bool) -> Step:
    """Send a document that waits for a person's choice, was closed, or is from before go-live.

    Raises:
        Failed: it waits for no choice, or the partner has what would be sent as original.
    """
    newest = next((one for one in record.revisions if not one.is_withdrawal and one.state in RELEASABLE), None)
    if newest is None or current_revision(own_revisions(record.revisions)) is not newest:
        raise Failed(
            f"{record.key} waits for no choice: only a parked, skipped, closed or baseline revision is released."
        )
    if purpose == "original" and not force and (has := _had_by(record, newest)) is not None:
        raise Failed(
            f"{has.partner} has it already (revision {has.sequence}, Orderful {has.orderful_id}): write --as "
            "replacement. Only if it wants the document a second time, write --as original --force."
        )
    cause = Cause.AS_ORIGINAL if purpose == "original" else Cause.AS_REPLACEMENT
    return _queued(newest, SendRequest(newest, cause), f"sent as {purpose}")


def resend(record: Record, purpose: str, pauses: Sequence[Pause], *, force: bool) -> Step:
    """Send what the partner has a second time, as the document stands at its newest revision.

    Raises:
        Failed: the partner does not have its newest state, it is still on its way to Orderful, it is paused, its
            cancellation is to be sent as original, or somebody has had it sent as one more original already and that is
            not forced.
    """
    own = own_revisions(record.revisions)
    current = current_revision(own)
    if current is not None and current.state is State.AGREED:
        raise Failed(
            f"{record.key} is AGREED: the partner asked for this state by its change {current.change_id}, and nothing "
            "of it was sent. Change the order in Visma, and the whole order leaves as replacement, as on_revision says."
        )
    if current is None or current.state not in RESENDABLE:
        state = f"is {current.state}" if current else "was never sent"
        raise Failed(
            f"{record.key} {state}: only what Orderful has taken and nobody refused is sent a second time. What waits "
            "is sent by `connector documents replay` or `release`."
        )
    if (pause := pause_of(pauses, record.key.company, record.key.kind, current.partner)) is not None:
        raise Failed(f"{record.key} is not sent a second time while it is paused: {pause.sentence}")
    if purpose == "original" and current.purpose is Purpose.CANCELLATION:
        raise Failed(
            f"{record.key} was cancelled, and the partner was sent the cancellation (Orderful {current.orderful_id}): "
            "a cancellation is sent a second time with --as replacement."
        )
    cause = Cause.AS_ORIGINAL if purpose == "original" else Cause.AS_REPLACEMENT
    earlier = _sent_again_before(own)
    if purpose == "original" and not force and any(note.startswith("as original") for _, note in earlier):
        raise Failed(
            f"{record.key} was sent a second time as original already. {' '.join(_resend_warnings(own, earlier))} One "
            "more original may be delivered once more. Only if the partner asks for that: --as original --force."
        )
    step = _queued(
        current, SendRequest(current, cause, after=record.revisions[0].sequence), f"{_A_SECOND_TIME}as {purpose}"
    )
    return replace(step, warnings=_resend_warnings(own, earlier))


_TO_BE = "to be "
_A_SECOND_TIME = "sent a second time, "


def _sent_again_before(own: Sequence[Revision]) -> list[tuple[datetime, str]]:
    """When a person had the document sent a second time, the oldest first, each with how, who and why."""
    begin = f"{_TO_BE}{_A_SECOND_TIME}"
    notes = {(event.at, event.note) for one in own for event in one.history if event.note.startswith(begin)}
    return [(at, note.removeprefix(begin)) for at, note in sorted(notes)]


def _resend_warnings(own: Sequence[Revision], earlier: Sequence[tuple[datetime, str]]) -> tuple[str, ...]:
    """What a person should know before a document is sent once more: who had it sent before, and what Orderful has."""
    at_orderful = [one for one in own if one.transaction_id is not None and one.state in KNOWN_TO_PARTNER]
    named = ", ".join(
        f"{one.orderful_id} (revision {one.sequence}, {', '.join(filter(None, (one.purpose, one.state)))})"
        for one in reversed(at_orderful)
    )
    return (
        *(f"Sent a second time before: {timestamp(at)}, {note.rstrip('.')}." for at, note in earlier),
        f"Orderful has {counted(len(at_orderful), 'transaction')} of it: {named}.",
    )


def close(record: Record, sequence: int | None) -> Step:
    """Close a revision that a person has dealt with, or the attention of a sent one; raises as `_waiting`."""
    revision = _waiting(record, sequence, or_attention=True)
    if revision.needs_attention:
        named = f"revision {revision.sequence} of {revision.key}"
        return Step(
            revision=revision,
            will=f"taken off the list: {revision.attention}",
            sentence=f"This closes the attention of {named}: {revision.attention}.",
            carry_out=lambda stack, decider: _attention_closed(stack, revision, decider),
        )
    return Step(
        revision=revision,
        will="closed",
        sentence=f"This closes revision {revision.sequence} of {record.key} ({revision.state}); it is not sent.",
        carry_out=lambda stack, decider: (
            stack.ledger.move(revision, State.CLOSED, now=stack.clock.now(), note=decider.note("closed by")).state
        ),
    )


def _attention_closed(stack: Stack, revision: Revision, decider: Decider) -> State:
    """Take a sent revision off the list of those that need attention; the same concern is not raised again."""
    note = truncated(f"{decider.note('attention closed by')} ({revision.attention})", MAX_NOTE_LENGTH)
    return stack.ledger.move(
        revision,
        revision.state,
        now=stack.clock.now(),
        note=note,
        attention=None,
        attention_at=None,
        concern=None,
        closed_concern=revision.concern,
        next_step=None,
    ).state


def _had_by(record: Record, newest: Revision) -> Revision | None:
    """What the partner has of the document; None when it has none or was told that it is withdrawn.

    Visma's internal id or number of the supplier or customer tells who the partner is: its name in the routing file may
    change.
    """

    def is_partners(one: Revision) -> bool:
        if None not in {one.counterparty, newest.counterparty}:
            return is_same_party(one, newest.counterparty, newest.counterparty_id)
        return newest.partner in {None, one.partner}

    knows_of = (one for one in record.revisions if one.state in KNOWN_TO_PARTNER or tells_cancellation(one))
    has = next((one for one in knows_of if one != newest and is_partners(one)), None)
    return None if has is None or has.purpose is Purpose.CANCELLATION or tells_cancellation(has) else has


def _waiting(record: Record, sequence: int | None = None, *, or_attention: bool = False) -> Revision:
    """The revision that waits for a person, or the one that is named.

    Args:
        record: Of the document.
        sequence: The number of the revision, where a person gave it.
        or_attention: Without one, a sent revision that needs attention counts.

    Raises:
        WrongInput: several do, and none is named.
        Failed: none does.
    """
    if not record.revisions:
        raise Failed(f"The ledger has no revision of {record.key}: there is nothing to send.")
    current = current_revision(own_revisions(record.revisions))
    found = [
        one
        for one in record.revisions
        if (sequence is None and one.state in NEEDS_PERSON and (one is current or one.is_withdrawal))
        or (sequence == one.sequence and one.state in CLOSABLE)
    ]
    if not found and or_attention:
        found = [one for one in record.revisions if one.needs_attention and sequence in {None, one.sequence}]
    if not found:
        if sequence is not None:
            named = next((one for one in record.revisions if one.sequence == sequence), None)
            state = f"is {named.state}" if named is not None else "is not in the ledger"
            raise Failed(f"Revision {sequence} of {record.key} {state}: it does not wait for a person.")
        state = (current or record.revisions[0]).state
        raise Failed(f"{record.key} is {state}: only a rejected or parked revision waits for a person.")
    if len(found) > 1:
        numbers = ", ".join(str(one.sequence) for one in found)
        raise WrongInput(f"Revisions {numbers} of {record.key} wait for a person; name one with --revision.")
    return found[0]


def _queued(waiting: Revision, request: SendRequest, will: str) -> Step:
    """Queue a document again, so that `waiting`, which a person released, is sent; its history says who did.

    Args:
        waiting: That a person decides about.
        request: What is queued.
        will: What becomes of `waiting`.
    """

    def carry_out(stack: Stack, decider: Decider) -> State:
        from connector.services.release import message_for

        source = stack.ledger.source_of(request.revision)
        note = decider.note(f"{_TO_BE}{will}, says")
        stack.ledger.move(waiting, waiting.state, now=stack.clock.now(), note=note)
        now = stack.clock.now()
        message = message_for(
            request.revision, source, stack.payloads, now=now, cause=request.cause, resends_after=request.after
        )
        stack.outbox.documents([message])
        return waiting.state

    sentence = f"Revision {waiting.sequence} of {waiting.key} ({waiting.state}) will be {will}."
    return Step(revision=waiting, will=will, sentence=sentence, carry_out=carry_out, request=request)
