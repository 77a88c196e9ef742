"""Which receiver has which revision of a document, and where it has to be withdrawn.

A revision is a replacement only for a receiver that has an earlier one. When a document goes to a new receiver, it has
to be withdrawn from the former one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connector.domain.revision.cause import Cause
from connector.domain.revision.reading import Incoming
from connector.domain.revision.record import KNOWN_TO_PARTNER, Revision, State
from connector.domain.routing.route import NOT_WANTED
from connector.domain.transactions import Purpose

_OPEN_QUESTIONS = frozenset({State.PARKED, State.REJECTED})
GIVEN_UP = _OPEN_QUESTIONS | {State.SUPERSEDED}
# States of a withdrawal that the former receiver knows of, from us or from a person.
WITHDRAWN = KNOWN_TO_PARTNER | {State.CLOSED}


def under_other_id(history: Sequence[Revision], sent: Revision | None, incoming: Incoming) -> Revision | None:
    """The revision that the same supplier or customer has under another ISA id, and keeps until the content changes.

    None where the receiver in routing still has an earlier one, because its withdrawal did not leave.
    """
    if sent is None or incoming.cause.sends_again or None in {sent.receiver_id, incoming.receiver}:
        return None
    is_same = is_of_same_party(sent, incoming) and not withdrawals_of(history, sent)
    if not is_same or sent.receiver_id == incoming.receiver:
        return None
    here = next((one for one, receiver in newest_reached(history) if receiver == incoming.receiver), None)
    return sent if here is None or here.purpose is Purpose.CANCELLATION else None


def has_left(sent: Revision, incoming: Incoming) -> bool:
    """Whether the document may belong to another receiver now than the one that has the revision `sent`.

    A document without a route proves nothing: the supplier may only have a new number. Visma's internal ids show
    whether it is another supplier. Without them, nothing is withdrawn until the document is routed to a new receiver.
    """
    if incoming.receiver is not None:
        return True
    if incoming.cause is Cause.WITHDRAW:  # a person asks for it
        return None not in {incoming.counterparty, sent.counterparty} and not is_of_same_party(sent, incoming)
    return is_certainly_another(sent, incoming.counterparty_id)


def is_same_party(revision: Revision, number: str | None, internal_id: str | None) -> bool:
    """Whether a revision is of this supplier or customer, by Visma's internal ids; without them, by the numbers."""
    if None not in {revision.counterparty_id, internal_id}:
        return revision.counterparty_id == internal_id
    return revision.counterparty == number


def is_certainly_another(revision: Revision, internal_id: str | None) -> bool:
    """Whether Visma's internal ids show that a revision is of another supplier or customer."""
    return None not in {revision.counterparty_id, internal_id} and revision.counterparty_id != internal_id


def is_of_same_party(revision: Revision, incoming: Incoming) -> bool:
    return is_same_party(revision, incoming.counterparty, incoming.counterparty_id)


def tells_cancellation(revision: Revision) -> bool:
    """Whether a person closed it, and so told its receiver that the document is cancelled, or withdrawn there."""
    if revision.state is not State.CLOSED:
        return False
    is_cancelled = revision.purpose is Purpose.CANCELLATION or revision.visma_status in NOT_WANTED
    return is_cancelled or revision.is_withdrawal


def to_withdraw(history: Sequence[Revision], sent: Revision | None, incoming: Incoming) -> Iterator[Revision]:
    """Revisions of former receivers that were not withdrawn, or are withdrawn again because a person asks for it."""
    if sent is None:
        return
    for one, receiver in newest_reached(history):
        is_former = has_left(one, incoming) and not _is_there(receiver, sent, incoming)
        if not is_former or one.purpose is Purpose.CANCELLATION:
            continue
        pending = withdrawals_of(history, one)
        if incoming.cause is Cause.WITHDRAW:
            # Only one that waits is made again. One that was superseded is not: its receiver has the document again.
            is_due = bool(pending) and all(each.state in _OPEN_QUESTIONS for each in pending)
        else:
            is_due = not pending
        if is_due:
            yield replace(one, receiver_id=receiver)


def _is_there(receiver: str, sent: Revision, incoming: Incoming) -> bool:
    """Whether the document belongs to `receiver`, so that it is not withdrawn there.

    Routing decides this. If a person asks for a withdrawal, no document is sent, so the receiver also has to be the one
    that was sent the document last.
    """
    return receiver == incoming.receiver and (incoming.cause is not Cause.WITHDRAW or receiver == sent.receiver_id)


def withdrawn_anew(history: Sequence[Revision], sent: Revision | None, incoming: Incoming) -> Iterator[Revision]:
    """Withdrawals that did not leave and that a person wants to send: they are made again, or are no longer needed.

    They are no longer needed if the receiver has the document again, knows of a withdrawal, or refused the document.
    """
    current = {receiver for one, receiver in newest_reached(history) if one.purpose is not Purpose.CANCELLATION}
    anew = {one.receiver_id for one in to_withdraw(history, sent, incoming)}
    for one in history:
        is_needed = one.receiver_id in current - anew and one.receiver_id != incoming.receiver
        if one.is_withdrawal and one.state in _OPEN_QUESTIONS and not is_needed:
            yield one


def newest_reached(history: Sequence[Revision]) -> Iterator[tuple[Revision, str]]:
    """The newest revision that each receiver has, or may have."""
    seen = set()
    for one, receiver in reached(history):
        if receiver is not None and receiver not in seen:
            seen.add(receiver)
            yield one, receiver


def withdrawals_of(history: Sequence[Revision], sent: Revision) -> list[Revision]:
    """Withdrawals of the revision that a receiver has, newest first."""
    return [one for one in history if one.withdraws == sent.sequence and one.state is not State.SUPERSEDED]


def reached(history: Sequence[Revision]) -> list[tuple[Revision, str | None]]:
    """Revisions that reached a receiver, or may have, newest first, each with its receiver.

    An agreed change was not sent: it belongs to the receiver of the revision that it changes. A closed withdrawal
    counts as known to the receiver.
    """
    found: list[tuple[Revision, str | None]] = []
    receiver: str | None = None
    for one in reversed(history):
        if one.state in KNOWN_TO_PARTNER:
            receiver = one.receiver_id or receiver
            found.append((one, receiver))
        elif one.is_withdrawal and one.state is State.CLOSED:
            found.append((replace(one, purpose=Purpose.CANCELLATION), one.receiver_id))
    return found[::-1]
