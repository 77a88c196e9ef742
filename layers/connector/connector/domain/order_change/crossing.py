"""Which state of the order the partner had when it wrote a change: its change and our revision may cross.

A revision that left after Orderful had received the change is not what the change is about. Of one that left shortly
before, nobody can tell whether the partner had read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from connector.domain.documents import Party, PurchaseOrder
from connector.domain.order_change.line_match import Lines, orderable_lines
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.quantity import agrees_with_old
from connector.domain.order_change.request import ChangeRequest
from connector.domain.revision.receivers import is_same_party
from connector.domain.revision.record import (
    KNOWN_TO_PARTNER,
    UNRESOLVED,
    Revision,
    State,
    earliest_creation,
    time_sent,
)
from connector.domain.routing.route import Route

READ_WITHIN = timedelta(days=1)
"""After this time a partner has read what it was sent: its system may take in messages once a day. No source says."""

READ_WITHIN_UNTIMED = timedelta(days=7)
"""The same where Orderful does not say when it received the change; it is counted from when it was recorded."""

CLOCKS_WITHIN = timedelta(minutes=5)
"""How far Orderful's clock and ours may be apart."""


class ReadStates(NamedTuple):
    """What the partner had of an order when it wrote a change.

    Attributes:
        base: The newest state that it had; None when it has none.
        doubtful: Newer states that it may have had, newest first.
        newest: The newest state that it has by now, or may have.
    """

    base: Revision | None
    doubtful: tuple[Revision, ...] = ()
    newest: Revision | None = None


class _Read(Enum):
    YES = auto()
    MAYBE = auto()
    NO = auto()


def states_read(
    revisions: Iterable[Revision],
    *,
    sender_id: str | None,
    supplier: Party,
    filed_at: datetime | None,
    recorded_at: datetime,
) -> ReadStates:
    """Find what the partner had when Orderful received its change.

    A state that it agreed to by a change of its own is one that it had with the revision below it.

    Args:
        revisions: Of the order, newest first.
        sender_id: The partner's ISA id. Revisions for another one count where there are none for it: it may be its
            former one.
        supplier: The supplier of the order now. What another supplier had, the sender never had.
        filed_at: When Orderful received the change; None when it did not say.
        recorded_at: When the change was recorded, by our clock.
    """
    known = [one for one in revisions if one.state in KNOWN_TO_PARTNER and not one.is_withdrawal]
    own = [one for one in known if one.receiver_id in {None, sender_id}] or [
        one for one in known if one.counterparty is None or is_same_party(one, supplier.number, supplier.internal_id)
    ]
    groups = _groups(own)
    if not groups:
        return ReadStates(None)
    found: list[Revision] = []
    for newest, sent in groups:
        read = _was_read(sent, filed_at, recorded_at)
        if read is _Read.NO:
            # The newer ones contain what it did not have.
            found.clear()
            continue
        found.append(newest)
        if read is _Read.YES:
            break
    found = found or [groups[-1].newest]
    return ReadStates(found[-1], tuple(found[:-1]), own[0])


def states_newer(
    request: ChangeRequest, *, base: PurchaseOrder, newer: PurchaseOrder, ours: OrderSnapshot, route: Route
) -> bool:
    """Whether the former quantities that a change states are those of `newer`: then the partner had read that.

    At least one of them is that of `newer` and not that of `base`, and none is another one than that of `newer`.
    """
    lines, found = Lines(newer, ours, route), False
    had, has = orderable_lines(base), orderable_lines(newer)
    for theirs in request.lines:
        number = lines.number_of(theirs)
        if isinstance(number, str) or number not in has:
            continue
        fits = agrees_with_old(theirs, has[number].quantity, route.changes)
        if fits is False:
            return False
        if fits and number in had and not agrees_with_old(theirs, had[number].quantity, route.changes):
            found = True
    return found


class _Group(NamedTuple):
    """A revision that was sent, and the newest state that was agreed on it."""

    newest: Revision
    sent: Revision


def _groups(revisions: Sequence[Revision]) -> list[_Group]:
    """The groups of these revisions, newest first. States that were agreed on none are a group of their own."""
    groups: list[_Group] = []
    newest: Revision | None = None
    for one in revisions:
        newest = newest or one
        if one.state is not State.AGREED or one is revisions[-1]:
            groups.append(_Group(newest, one))
            newest = None
    return groups


def _was_read(sent: Revision, filed_at: datetime | None, recorded_at: datetime) -> _Read:
    if sent.state is State.AGREED:
        return _Read.YES
    at = filed_at or recorded_at
    if earliest_creation(sent) > at + CLOCKS_WITHIN:
        return _Read.NO
    if filed_at is not None and any(one.state is State.ACKNOWLEDGED and one.at <= filed_at for one in sent.history):
        return _Read.YES
    within = READ_WITHIN_UNTIMED if filed_at is None else READ_WITHIN
    is_settled = sent.state not in UNRESOLVED and not sent.needs_attention
    return _Read.YES if is_settled and time_sent(sent) + within <= at else _Read.MAYBE
