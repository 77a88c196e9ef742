"""Who has what of a document, and where it has to be withdrawn.

A history belongs to receivers. What one receiver has is no reason to call something a replacement for another one, and
when a document goes to a new receiver, the former one has to be told that it is withdrawn there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connector.domain.revision.cause import Cause
from connector.domain.revision.reading import Incoming
from connector.domain.revision.record import KNOWN_TO_PARTNER, Revision, State
from connector.domain.transactions import Purpose

_OPEN_QUESTIONS = frozenset({State.PARKED, State.REJECTED})
GIVEN_UP = _OPEN_QUESTIONS | {State.SUPERSEDED}
# States of a withdrawal in which the former receiver knows of it, from us or from a person.
WITHDRAWN = KNOWN_TO_PARTNER | {State.CLOSED}


def under_other_id(history: Sequence[Revision], sent: Revision | None, incoming: Incoming) -> Revision | None:
    """What the same supplier or customer has under another ISA id, and keeps until something changes."""
    if sent is None or incoming.cause.sends_again or None in {sent.receiver_id, incoming.receiver}:
        return None
    is_same = is_of_same_party(sent, incoming) and not withdrawals_of(history, sent)
    return sent if is_same and sent.receiver_id != incoming.receiver else None


def has_left(sent: Revision, incoming: Incoming) -> bool:
    """Whether the document may be somebody else's than what was sent; each receiver is compared with its own.

    Routing that knows nobody for it tells nothing: the supplier may only have got another number. Visma's internal ids
    tell whether it is another one. Without them nobody knows, and nothing is withdrawn until a successor is routed.
    """
    if incoming.receiver is not None:
        return True
    if incoming.cause is Cause.WITHDRAW:  # a person says so
        return None not in {incoming.counterparty, sent.counterparty} and not is_of_same_party(sent, incoming)
    return is_certainly_another(sent, incoming.counterparty_id)


def is_same_party(revision: Revision, number: str | None, internal_id: str | None) -> bool:
    """Whether a revision is of this supplier or customer: by Visma's internal ids, or by the numbers without them."""
    if None not in {revision.counterparty_id, internal_id}:
        return revision.counterparty_id == internal_id
    return revision.counterparty == number


def is_certainly_another(revision: Revision, internal_id: str | None) -> bool:
    """Whether a revision is of another supplier or customer by Visma's internal ids."""
    return None not in {revision.counterparty_id, internal_id} and revision.counterparty_id != internal_id


def is_of_same_party(revision: Revision, incoming: Incoming) -> bool:
    return is_same_party(revision, incoming.counterparty, incoming.counterparty_id)


def to_withdraw(history: Sequence[Revision], sent: Revision | None, incoming: Incoming) -> Iterator[Revision]:
    """What former receivers have and were not told to forget; or are to be told again, if a person asks for that."""
    if sent is None or not has_left(sent, incoming):
        return
    for one, receiver in newest_reached(history):
        if _is_there(receiver, sent, incoming) or one.purpose is Purpose.CANCELLATION:
            continue
        pending = withdrawals_of(history, one)
        if incoming.cause is Cause.WITHDRAW:
            # Of the one that has it now there is none to be made again.
            was_made = any(each.withdraws == one.sequence for each in history)
            is_due = was_made and all(each.state in _OPEN_QUESTIONS for each in pending)
        else:
            is_due = not pending
        if is_due:
            yield replace(one, receiver_id=receiver)


def _is_there(receiver: str, sent: Revision, incoming: Incoming) -> bool:
    """Whether the document is that receiver's, so that it is not withdrawn there.

    Routing says so. When a person asks for a withdrawal, nothing is sent to whom routing names: what was sent last has
    to be there.
    """
    return receiver == incoming.receiver and (incoming.cause is not Cause.WITHDRAW or receiver == sent.receiver_id)


def withdrawn_anew(history: Sequence[Revision], sent: Revision | None, incoming: Incoming) -> Iterator[Revision]:
    """Withdrawals that did not leave and that a person wants to send: they are made anew, or there is nothing to do.

    There is nothing to do where the receiver has the document back, has been told since, or refused what it was sent.
    """
    current = {receiver for one, receiver in newest_reached(history) if one.purpose is not Purpose.CANCELLATION}
    anew = {one.receiver_id for one in to_withdraw(history, sent, incoming)}
    for one in history:
        is_needed = one.receiver_id in current - anew and one.receiver_id != incoming.receiver
        if one.withdraws is not None and one.state in _OPEN_QUESTIONS and not is_needed:
            yield one


def newest_reached(history: Sequence[Revision]) -> Iterator[tuple[Revision, str]]:
    """What each receiver has, or may have."""
    seen = set()
    for one, receiver in reached(history):
        if receiver is not None and receiver not in seen:
            seen.add(receiver)
            yield one, receiver


def withdrawals_of(history: Sequence[Revision], sent: Revision) -> list[Revision]:
    """Withdrawals of what a receiver has, newest first."""
    return [one for one in history if one.withdraws == sent.sequence and one.state is not State.SUPERSEDED]


def reached(history: Sequence[Revision]) -> list[tuple[Revision, str | None]]:
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
