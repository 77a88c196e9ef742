"""Use case: a person decides about an open change, or has it decided again.

approve   a parked change is written as it was shown
assign    a parked change is about another order than the one it names
retry     an open change is decided again now
reject    an open change is refused
close     an open change is settled by hand; for one that the rules refused, the partner was informed
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, ConnectorError
from connector.domain.order_change.record import CHANGE, NOBODY, STAYS_ACCEPTED, Change, ChangeState, apply_order, peers
from connector.domain.reasons import Reason
from connector.domain.routing.route import QuantityReading
from connector.services.inbound.ports import Changes
from connector.services.inbound.record import LONGEST_NUMBER, message_for
from connector.services.ports import Clock, Outbox

if TYPE_CHECKING:
    from connector.services.inbound.partner_baseline import PartnerBaseline


def approve(
    change: Change,
    changes: Changes,
    outbox: Outbox,
    clock: Clock,
    *,
    by: str,
    caller: str | None = None,
    reason: str | None = None,
    reading: QuantityReading | None = None,
    later: Sequence[str] | None = None,
) -> Change:
    """Approve a parked change: it is written as it was shown.

    It is parked again if the order has changed since, or if there are other later changes than the person was shown:
    `later` has the sentences that were shown (`later_changes`); None: those in the record.

    `reading` sets the meaning of POC03 and POC04 of this change. A change that was parked before it was compared is
    only decided again, because nobody has seen its differences.

    Raises:
        ConnectorError: it is not parked.
        Conflict: somebody else has just decided.
    """
    _must_be_parked(change)
    seen = change.was_compared
    return _queued_again(
        change,
        changes,
        outbox,
        clock,
        note=_because(
            f"approved by {_signed(by, caller)}" if seen else f"{_signed(by, caller)} asks to look at it again", reason
        ),
        caller=caller,
        cause="approved",
        approved_by=by if seen else None,
        approved_for=change.decided_on,
        reading=reading or change.reading,
        later=change.later if later is None else tuple(later),
        attempts=0,
        conflicts=0,
        failures=0,
        looks=0,
    )


def assign(
    change: Change,
    order: DocumentKey,
    *,
    changes: Changes,
    outbox: Outbox,
    clock: Clock,
    by: str,
    caller: str | None = None,
    reason: str | None = None,
) -> Change:
    """Assign a parked change to `order`, whatever number it names.

    It is recorded under that order from then on, and has its place in the order's apply order. The rules decide about
    it as about any other change; the sender has to be the order's partner.

    Raises:
        ConnectorError: it is not parked, is for no company of ours, or is recorded under this order already.
        Conflict: somebody else has just decided.
    """
    _must_be_parked(change)
    number = order.number
    if order.company == NOBODY:
        raise _refused(change, "is addressed to no company of the routing, so it can be about no order.")
    if not number or len(number) > LONGEST_NUMBER or order == change.key:
        raise _refused(change, f"cannot be given the order number '{number}'.")
    now = clock.now()
    there = _again(
        change,
        now,
        note=_because(
            f"{_signed(by, caller)} says that it means order {number}; it names {change.named or change.number}", reason
        ),
        caller=caller,
        attempts=0,
        conflicts=0,
        failures=0,
        looks=0,
        known_sequence=None,
        decided_on=None,
        approved_by=None,
        approved_for=None,
        differences=(),
        remarks=(),
        later=(),
        behind=None,
        company=order.company,
        number=number,
        named=change.named or change.number,
        version=1,
    )
    here = change.moved(
        ChangeState.RECORDED,
        now=now,
        note=f"{_signed(by, caller)} says that it means order {number}: it is recorded there",
        caller=caller,
        reason=f"It is recorded under order {number}.",
        reason_codes=(Reason.RECORDED_ELSEWHERE,),
        next_step=None,
        waits_for=None,
        not_before=None,
        decided_by=by,
        deliveries=(),
        approved_by=None,
        approved_for=None,
    )
    moved = changes.move(here, there)
    outbox.changes([message_for(moved, cause=f"assigned {now.isoformat()}")])
    look_behind(here, changes, outbox, clock)
    return moved


def retry(
    change: Change,
    changes: Changes,
    outbox: Outbox,
    clock: Clock,
    *,
    by: str,
    caller: str | None = None,
    reason: str | None = None,
) -> Change:
    """Decide an open change again now, as if it had just arrived; this approves nothing.

    For a change that has ended, only the rest is done: its delivery is confirmed, and its order is released from hold.

    Raises:
        ConnectorError: there is nothing left to do, it is no change of an order, or a worker owns it.
        Conflict: somebody else has just decided.
    """
    if change.has_ended:
        if not _has_something_left(change):
            raise _refused(change, f"is {change.state}; nothing is left to do.")
        outbox.changes([message_for(change, cause=f"retry {clock.now().isoformat()}")])
        return change
    _must_be_idle(change, clock.now())
    if change.document != CHANGE:
        raise _refused(change, "is no 860: there is nothing to decide anew. Close it.")
    return _queued_again(
        change,
        changes,
        outbox,
        clock,
        note=_because(f"{_signed(by, caller)} asks to look at it again", reason),
        cause="retry",
        caller=caller,
        claim_until=None,
        looks=0,
    )


def reject(
    change: Change,
    *,
    changes: Changes,
    known: PartnerBaseline,
    outbox: Outbox,
    clock: Clock,
    order: DocumentKey,
    by: str,
    reason: str,
    caller: str | None = None,
) -> Change:
    """Reject an open change of `order`.

    If its delivery was accepted at Orderful, it stays accepted, and the partner has to be informed by other means. If
    not, the delivery is failed.

    Raises:
        ConnectorError: it is not open, is no change of an order, or a worker owns it.
        Conflict: somebody else has just decided.
    """
    if change.is_open and change.document != CHANGE:
        raise _refused(change, "is no 860, so there is nothing to reject. Close it.")
    note = f"rejected by {_signed(by, caller)}: {reason}"
    ended = _ended(change, ChangeState.REJECTED, clock, by=by, caller=caller, reason=reason, note=note)
    known.drop(order, change)
    return _end(ended, changes, outbox, clock)


def close(
    change: Change,
    *,
    changes: Changes,
    known: PartnerBaseline,
    outbox: Outbox,
    clock: Clock,
    order: DocumentKey,
    by: str,
    reason: str,
    caller: str | None = None,
) -> Change:
    """Close an open change of `order`: it was settled by hand, nothing of it is written, and its delivery is accepted.

    A change that the rules refused becomes REJECTED: its partner was informed.

    Raises:
        ConnectorError: it is not open, or a worker owns it.
        Conflict: somebody else has just decided.
    """
    note = f"closed by {_signed(by, caller)}: {reason}"
    if change.state is ChangeState.REFUSED:
        closed = change.moved(
            ChangeState.REJECTED, now=clock.now(), note=note, decided_by=by, caller=caller, next_step=None
        )
        return _end(closed, changes, outbox, clock)
    ended = _ended(change, ChangeState.CLOSED, clock, by=by, caller=caller, reason=reason, note=note)
    known.drop(order, change)
    return _end(ended, changes, outbox, clock)


def look_again(change: Change, changes: Changes, outbox: Outbox, clock: Clock, *, because: str) -> None:
    """Queue a parked change to be decided again."""
    note = f"looked at again: {because}"
    _queued_again(
        change,
        changes,
        outbox,
        clock,
        note=note,
        cause="release",
        attempts=0,
        conflicts=0,
        failures=0,
        looks=0,
    )


def look_at_visma_again(change: Change, changes: Changes, outbox: Outbox, clock: Clock) -> None:
    """Queue a change that waits for Visma. Its failures stay counted: one more parks it again, with a longer pause."""
    _queued_again(change, changes, outbox, clock, note="looked at again: Visma may answer now", cause="look")


def look_behind(ended: Change, changes: Changes, outbox: Outbox, clock: Clock) -> None:
    """Queue the changes that were parked behind a change that has ended.

    A change that a person decides about at the same moment is left out.
    """
    for one in apply_order(peers(ended, changes.of_order(ended.key))):
        if one.is_parked_behind(ended):
            with suppress(Conflict):
                look_behind_one(one, changes, outbox, clock)


def look_behind_one(change: Change, changes: Changes, outbox: Outbox, clock: Clock) -> None:
    """Queue one change that was parked behind another one, which has ended."""
    note = f"looked at again: {change.behind} has ended"
    _queued_again(
        change, changes, outbox, clock, note=note, cause="behind", attempts=0, conflicts=0, failures=0, looks=0
    )


def _ended(
    change: Change, state: ChangeState, clock: Clock, *, by: str, caller: str | None, reason: str, note: str
) -> Change:
    """The record of an open change that a person ends."""
    now = clock.now()
    if change.has_ended:
        step = " Close it when the partner was told." if change.is_open else ""
        raise _refused(change, f"is {change.state}; only one that is not decided can be ended.{step}")
    _must_be_idle(change, now)
    return change.moved(
        state,
        now=now,
        note=f"{note} ({STAYS_ACCEPTED})" if state is ChangeState.REJECTED and change.was_accepted else note,
        decided_by=by,
        caller=caller,
        reason=reason,
        reason_codes=(Reason.SETTLED_BY_PERSON,),
        # Closing confirms no parties; only an approval does.
        places=(),
        next_step=None,
        waits_for=None,
        not_before=None,
        claim_until=None,
        approved_by=None,
        approved_for=None,
    )


def _end(ended: Change, changes: Changes, outbox: Outbox, clock: Clock) -> Change:
    """Write the ended record and queue it: the consumer confirms the delivery and releases the order from hold.

    Its reservation is given up first. A reservation that stays would keep the order from being sent; one that was given
    up too early is made again.
    """
    ended = changes.save(ended)
    if _has_something_left(ended):
        outbox.changes([message_for(ended, cause=f"ended {ended.updated_at.isoformat()}")])
    look_behind(ended, changes, outbox, clock)
    return ended


def _has_something_left(ended: Change) -> bool:
    return ended.on_hold or ended.is_unconfirmed


def _queued_again(
    change: Change, changes: Changes, outbox: Outbox, clock: Clock, *, note: str, cause: str, **more: object
) -> Change:
    now = clock.now()
    released = changes.save(_again(change, now, note=note, **more))
    outbox.changes([message_for(released, cause=f"{cause} {now.isoformat()}")])
    return released


def _again(change: Change, now: datetime, *, note: str, **more: object) -> Change:
    """The record of a change that is due again, without the reason for which it was parked."""
    return change.moved(
        ChangeState.RECEIVED,
        now=now,
        note=note,
        reason=None,
        reason_codes=(),
        next_step=None,
        waits_for=None,
        not_before=None,
        **more,
    )


def _signed(by: str, caller: str | None) -> str:
    """The name that the person typed, with the ARN that AWS gives."""
    return f"{by} ({caller})" if caller else by


def _because(note: str, reason: str | None) -> str:
    """What the history says, with the reason that a person gave."""
    return f"{note}: {reason}" if reason else note


def _must_be_parked(change: Change) -> None:
    if change.state is not ChangeState.PARKED:
        raise _refused(change, f"is {change.state}; only a parked one waits for a decision.")


def _must_be_idle(change: Change, now: datetime) -> None:
    if change.claim_until is not None and change.is_claimed(now):
        raise _refused(change, f"is being worked on until {change.claim_until:%H:%M:%S} UTC; try again then.")


def _refused(change: Change, why: str) -> ConnectorError:
    return ConnectorError(f"Change {change.transaction_id} {why}", document=str(change.key))
