"""What a person has done with one document that waits: what that would be, and how it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connector.cli.documents.find import Record
from connector.cli.output import Failed, WrongInput
from connector.cli.people import LONGEST_TEXT, Decider
from connector.cli.stack import Stack
from connector.domain.advice import after_rejection
from connector.domain.documents import DocumentKey
from connector.domain.pause import Pause, pause_of
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Concern
from connector.domain.revision.cause import Cause
from connector.domain.revision.receivers import is_same_party
from connector.domain.revision.record import (
    KNOWN_TO_PARTNER,
    MAY_NEED_ATTENTION,
    NEEDS_PERSON,
    Revision,
    State,
    current_revision,
)
from connector.domain.text import truncated
from connector.domain.transactions import Purpose

_CLOSABLE = NEEDS_PERSON | {State.UNCONFIRMED}
_RESENDABLE = frozenset(MAY_NEED_ATTENTION)
_RELEASABLE = frozenset({State.PARKED, State.SKIPPED, State.BASELINE, State.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What would be done with one revision.

    Attributes:
        revision: That a person decides about.
        will: What becomes of it, as a sentence goes on after its name.
        sentence: What is done, for the person who is asked.
        carry_out: Does it; gives the state in which it is then.
    """

    revision: Revision
    will: str
    sentence: str
    carry_out: Callable[[Stack, Decider], State]

    @property
    def key(self) -> DocumentKey:
        """The document."""
        return self.revision.key


def replay(record: Record, sequence: int | None) -> Step:
    """Send a rejected or parked document again; raises as `_waiting`."""
    waiting = _waiting_again(record, sequence)
    own = [one for one in record.revisions if one.withdraws is None]
    current = current_revision(own)
    if waiting.withdraws is None and waiting is not current:
        raise Failed(
            f"Revision {waiting.sequence} of {record.key} is no longer what it says in Visma: it can only be closed "
            f"(connector documents close {record.key} --revision {waiting.sequence})."
        )
    # The withdrawal is made anew; the message brings the document as it stands.
    wish = (current or own[0]) if waiting.withdraws is not None else waiting
    is_gone = waiting.needs_attention
    will = "sent again" if is_gone or waiting.state is State.REJECTED else "sent"
    step = _queued(waiting, wish, Cause.again(waiting), will)
    if not is_gone:
        return step

    def give_up_first(stack: Stack, decider: Decider) -> State:
        given_up = _given_up(stack, waiting)
        return _queued(given_up, given_up, Cause.again(given_up), will).carry_out(stack, decider)

    gone = f"Orderful has no transaction of revision {waiting.sequence} of {waiting.key} any more."
    return Step(revision=waiting, will=will, sentence=f"{gone}\n{step.sentence}", carry_out=give_up_first)


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
    newest = next((one for one in record.revisions if one.withdraws is None and one.state in _RELEASABLE), None)
    if newest is None or current_revision([one for one in record.revisions if one.withdraws is None]) is not newest:
        raise Failed(
            f"{record.key} waits for no choice: only a parked, skipped, closed or baseline revision is released."
        )
    if purpose == "original" and not force and (has := _had_by(record, newest)) is not None:
        raise Failed(
            f"{has.partner} has it already (revision {has.sequence}, Orderful {has.orderful_id}): write --as "
            "replacement. Only if it wants the document a second time, write --as original --force."
        )
    cause = Cause.AS_ORIGINAL if purpose == "original" else Cause.AS_REPLACEMENT
    return _queued(newest, newest, cause, f"sent as {purpose}")


def resend(record: Record, purpose: str, pauses: Sequence[Pause]) -> Step:
    """Send what the partner has a second time, as the document stands at its newest revision.

    Raises:
        Failed: the partner does not have its newest state, it is still on its way to Orderful, or it is paused.
    """
    own = [one for one in record.revisions if one.withdraws is None]
    current = current_revision(own)
    if current is None or current.state not in _RESENDABLE:
        state = f"is {current.state}" if current else "was never sent"
        raise Failed(
            f"{record.key} {state}: only what Orderful has taken and nobody refused is sent a second time. What waits "
            "is sent by `connector documents replay` or `release`."
        )
    if (pause := pause_of(pauses, record.key.company, record.key.kind, current.partner)) is not None:
        raise Failed(f"{record.key} is not sent a second time while it is paused: {pause.sentence}")
    cause = Cause.AS_ORIGINAL if purpose == "original" else Cause.AS_REPLACEMENT
    return _queued(current, current, cause, f"sent a second time, as {purpose}", after=record.revisions[0].sequence)


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
    note = truncated(f"{decider.note('attention closed by')} ({revision.attention})", LONGEST_TEXT)
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

    has = next((one for one in record.revisions if one.state in KNOWN_TO_PARTNER and is_partners(one)), None)
    return None if has is None or has.purpose is Purpose.CANCELLATION else has


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
    current = current_revision([one for one in record.revisions if one.withdraws is None])
    found = [
        one
        for one in record.revisions
        if (sequence is None and one.state in NEEDS_PERSON and (one is current or one.withdraws is not None))
        or (sequence == one.sequence and one.state in _CLOSABLE)
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


def _queued(waiting: Revision, wish: Revision, cause: Cause, will: str, *, after: int | None = None) -> Step:
    """Queue `wish` again, so that `waiting`, which a person released, is sent; its history says who did.

    Args:
        waiting: That a person decides about.
        wish: Whose document is looked at again.
        cause: Why.
        will: What becomes of `waiting`.
        after: As `resends_after` of a message.
    """

    def carry_out(stack: Stack, decider: Decider) -> State:
        from connector.services.release import message_for

        source = stack.ledger.source_of(wish)
        stack.ledger.move(waiting, waiting.state, now=stack.clock.now(), note=decider.note(f"to be {will}, says"))
        now = stack.clock.now()
        message = message_for(wish, source, stack.payloads, now=now, cause=cause, resends_after=after)
        stack.outbox.documents([message])
        return waiting.state

    sentence = f"Revision {waiting.sequence} of {waiting.key} ({waiting.state}) will be {will}."
    return Step(revision=waiting, will=will, sentence=sentence, carry_out=carry_out)
