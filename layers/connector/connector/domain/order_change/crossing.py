"""Which state of the order the partner had when it wrote a change: its change and our revision may cross.

A revision that left after Orderful had received the change is not what the change is about. Of one that left shortly
before, nobody can tell whether the partner had read it. A person who closed a later state has told the partner of it,
and nobody can tell whether the partner writes of what it was sent or of what it was told.
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
from connector.domain.revision.receivers import is_same_party, tells_cancellation
from connector.domain.revision.record import (
    KNOWN_TO_PARTNER,
    UNRESOLVED,
    Revision,
    State,
    earliest_creation,
    time_sent,
)
from connector.domain.routing.route import Route
from connector.domain.transactions import Purpose

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
        newest: The newest state that it was sent, or may have been.
        cancelled_by: The revision by which it has the order as cancelled by now; None when it has not.
    """

    base: Revision | None
    doubtful: tuple[Revision, ...] = ()
    newest: Revision | None = None
    cancelled_by: Revision | None = None


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
    revisions = list(revisions)
    known = [one for one in revisions if one.state in KNOWN_TO_PARTNER and not one.is_withdrawal]
    own = [one for one in known if one.receiver_id in {None, sender_id}] or [
        one for one in known if one.counterparty is None or is_same_party(one, supplier.number, supplier.internal_id)
    ]
    groups = _groups(own)
    if not groups:
        return ReadStates(None)
    informed_of = [
        one for one in revisions if one.sequence > own[0].sequence and _was_informed(one, sender_id, supplier)
    ]
    groups = [*(_Group(one, one) for one in informed_of if not tells_cancellation(one)), *groups]
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
    former = frozenset(one.receiver_id for one in own)
    cancelled_by = cancellation_for(revisions, sender_id=sender_id, supplier=supplier, former_ids=former)
    return ReadStates(found[-1], tuple(found[:-1]), own[0], cancelled_by)


def cancellation_for(
    revisions: Iterable[Revision],
    *,
    sender_id: str | None,
    supplier: Party,
    former_ids: frozenset[str | None] = frozenset(),
) -> Revision | None:
    """The revision by which a partner has an order as cancelled: it was sent that, or told by a person.

    None where it was sent another state since, or told of one.

    Args:
        revisions: Of the order, newest first.
        sender_id: The partner's ISA id.
        supplier: The supplier of the order now.
        former_ids: Other ISA ids of the partner.
    """
    ids = {None, sender_id, *former_ids}
    newest = next(
        (
            one
            for one in revisions
            if (one.receiver_id in ids and (one.state in KNOWN_TO_PARTNER or (one.is_withdrawal and _is_closed(one))))
            or _was_informed(one, sender_id, supplier)
        ),
        None,
    )
    if newest is None:
        return None
    return newest if newest.purpose is Purpose.CANCELLATION or tells_cancellation(newest) else None


def _was_informed(revision: Revision, sender_id: str | None, supplier: Party) -> bool:
    """Whether a person has told the partner of a state of the order, and closed it."""
    if not _is_closed(revision) or not revision.has_content or revision.receiver_id not in {None, sender_id}:
        return False
    return revision.counterparty is None or is_same_party(revision, supplier.number, supplier.internal_id)


def _is_closed(revision: Revision) -> bool:
    return revision.state is State.CLOSED


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
    if _is_closed(sent):
        return _Read.MAYBE
    if filed_at is not None and any(one.state is State.ACKNOWLEDGED and one.at <= filed_at for one in sent.history):
        return _Read.YES
    within = READ_WITHIN_UNTIMED if filed_at is None else READ_WITHIN
    is_settled = sent.state not in UNRESOLVED and not sent.needs_attention
    return _Read.YES if is_settled and time_sent(sent) + within <= at else _Read.MAYBE
