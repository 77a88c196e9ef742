"""Use case: a person decides about an open change, or has it decided again.

approve   a parked change is written as it was shown
assign    a parked change is about another order than the one it names
retry     an open change is decided again now
end       an open change is refused, or was settled by hand; of one that the rules refused, the partner was informed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from connector.domain.documents import MAX_NUMBER_LENGTH, DocumentKey
from connector.domain.errors import Conflict, ConnectorError
from connector.domain.order_change.record import CHANGE, NOBODY, STAYS_ACCEPTED, Change, ChangeState, apply_order, peers
from connector.domain.reasons import Reason
from connector.domain.routing.route import QuantityReading
from connector.domain.timestamps import to_the_second
from connector.services.decider import Decider
from connector.services.inbound.ports import Changes
from connector.services.inbound.record import message_for
from connector.services.ports import Clock, Outbox

if TYPE_CHECKING:
    from connector.services.inbound.partner_baseline import PartnerBaseline

_RESET_ATTEMPTS: Mapping[str, int] = {"attempts": 0, "conflicts": 0, "failures": 0, "looks": 0}
"""A change that is decided again for a person, or after the end of another change, has all its attempts again."""


@dataclass(frozen=True, slots=True)
class ChangeReview:
    """Writes decisions about open changes, and queues the changes."""

    changes: Changes
    outbox: Outbox
    clock: Clock

    def approve(
        self,
        change: Change,
        by: Decider,
        *,
        reading: QuantityReading | None = None,
        later: Sequence[str] | None = None,
    ) -> Change:
        """Approve a parked change: it is written as it was shown.

        It is parked again if the order has changed since, or if there are other later changes than the person was
        shown. A change that was parked before it was compared is only decided again, because nobody has seen its
        differences.

        Args:
            change: The change.
            by: Who approves it.
            reading: The meaning of POC03 and POC04 of this change; None keeps the one that it has.
            later: The sentences about later changes that were shown (`later_changes`); None: those in the record.

        Raises:
            ConnectorError: it is not parked.
            Conflict: somebody else has just decided.
        """
        _must_be_parked(change)
        seen = change.was_compared
        note = f"approved by {by.signature}" if seen else f"{by.signature} asks to look at it again"
        return self._queued_again(
            change,
            note=by.because(note),
            caller=by.caller,
            cause="approved",
            approved_by=by.name if seen else None,
            approved_for=change.decided_on,
            reading=reading or change.reading,
            later=change.later if later is None else tuple(later),
            **_RESET_ATTEMPTS,
        )

    def assign(self, change: Change, order: DocumentKey, by: Decider) -> Change:
        """Assign a parked change to `order`, whatever number it names.

        It is recorded under that order from then on, and has its place in the order's apply order. The rules decide
        about it as about any other change; the sender has to be the order's partner.

        Raises:
            ConnectorError: it is not parked, is for no company of ours, or is recorded under this order already.
            Conflict: somebody else has just decided.
        """
        _must_be_parked(change)
        number = order.number
        if order.company == NOBODY:
            raise _refused(change, "is addressed to no company of the routing, so it can be about no order.")
        if not number or len(number) > MAX_NUMBER_LENGTH or order == change.key:
            raise _refused(change, f"cannot be given the order number '{number}'.")
        now, named = self.clock.now(), change.named or change.number
        there = _again(
            change,
            now,
            note=by.because(f"{by.signature} says that it means order {number}; it names {named}"),
            caller=by.caller,
            **_RESET_ATTEMPTS,
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
            named=named,
            version=1,
        )
        here = change.moved(
            ChangeState.RECORDED,
            now=now,
            note=f"{by.signature} says that it means order {number}: it is recorded there",
            caller=by.caller,
            reason=f"It is recorded under order {number}.",
            reason_codes=(Reason.RECORDED_ELSEWHERE,),
            next_step=None,
            waits_for=None,
            not_before=None,
            decided_by=by.name,
            deliveries=(),
            approved_by=None,
            approved_for=None,
        )
        moved = self.changes.move(here, there)
        self._queue(moved, f"assigned {now.isoformat()}")
        self.look_behind(here)
        return moved

    def retry(self, change: Change, by: Decider) -> Change:
        """Decide an open change again now, as if it had just arrived; this approves nothing.

        For a change that has ended, only the rest is done: its delivery is confirmed, and its order is released from
        hold.

        Raises:
            ConnectorError: there is nothing left to do, it is no change of an order, or a worker owns it.
            Conflict: somebody else has just decided.
        """
        if change.has_ended:
            if not _has_something_left(change):
                raise _refused(change, f"is {change.state}; nothing is left to do.")
            self._queue(change, f"retry {self.clock.now().isoformat()}")
            return change
        _must_be_idle(change, self.clock.now())
        if change.document != CHANGE:
            raise _refused(change, "is no 860: there is nothing to decide anew. Close it.")
        return self._queued_again(
            change,
            note=by.because(f"{by.signature} asks to look at it again"),
            cause="retry",
            caller=by.caller,
            claim_until=None,
            looks=0,
        )

    def end(
        self, change: Change, state: ChangeState, by: Decider, *, known: PartnerBaseline, order: DocumentKey
    ) -> Change:
        """Reject or close an open change of `order`: nothing of it is written.

        REJECTED: it is refused. If its delivery was accepted at Orderful, it stays accepted, and the partner has to be
        informed by other means. If not, the delivery is failed. CLOSED: it was settled by hand, and its delivery is
        accepted. A change that the rules refused becomes REJECTED when it is closed: its partner was informed.

        Raises:
            ConnectorError: it is not open, or a worker owns it; or it is to be rejected and is no change of an order.
            Conflict: somebody else has just decided.
        """
        now, note = self.clock.now(), by.because(f"{state.lower()} by {by.signature}")
        if state is ChangeState.CLOSED and change.state is ChangeState.REFUSED:
            informed = change.moved(
                ChangeState.REJECTED, now=now, note=note, decided_by=by.name, caller=by.caller, next_step=None
            )
            return self._write_end(informed)
        if state is ChangeState.REJECTED and change.is_open and change.document != CHANGE:
            raise _refused(change, "is no 860, so there is nothing to reject. Close it.")
        ended = _ended(change, state, now, by, note)
        known.drop(order, change)
        return self._write_end(ended)

    def look_again(self, change: Change, *, because: str) -> None:
        """Queue a parked change to be decided again."""
        self._queued_again(change, note=f"looked at again: {because}", cause="release", **_RESET_ATTEMPTS)

    def look_at_visma_again(self, change: Change) -> None:
        """Queue a change that waits for Visma.

        Its failures stay counted: one more parks it again, with a longer delay.
        """
        self._queued_again(change, note="looked at again: Visma may answer now", cause="look")

    def look_behind(self, ended: Change) -> None:
        """Queue the changes that were parked behind a change that has ended.

        A change that a person decides about at the same time is left out.
        """
        for one in apply_order(peers(ended, self.changes.of_order(ended.key))):
            if one.is_parked_behind(ended):
                with suppress(Conflict):
                    self.look_behind_one(one)

    def look_behind_one(self, change: Change) -> None:
        """Queue one change that was parked behind another one, which has ended."""
        note = f"looked at again: {change.behind} has ended"
        self._queued_again(change, note=note, cause="behind", **_RESET_ATTEMPTS)

    def _write_end(self, ended: Change) -> Change:
        """Write the ended record and queue it: the consumer confirms the delivery and releases the order from hold.

        Its reservation is given up first. A reservation that stays would keep the order from being sent; one that was
        given up too early is made again.
        """
        ended = self.changes.save(ended)
        if _has_something_left(ended):
            self._queue(ended, f"ended {ended.updated_at.isoformat()}")
        self.look_behind(ended)
        return ended

    def _queued_again(self, change: Change, *, note: str, cause: str, **more: object) -> Change:
        now = self.clock.now()
        released = self.changes.save(_again(change, now, note=note, **more))
        self._queue(released, f"{cause} {now.isoformat()}")
        return released

    def _queue(self, change: Change, cause: str) -> None:
        self.outbox.changes([message_for(change, cause=cause)])


def _ended(change: Change, state: ChangeState, now: datetime, by: Decider, note: str) -> Change:
    """The record of an open change that a person ends."""
    if change.has_ended:
        step = " Close it when the partner was told." if change.is_open else ""
        raise _refused(change, f"is {change.state}; only one that is not decided can be ended.{step}")
    _must_be_idle(change, now)
    return change.moved(
        state,
        now=now,
        note=f"{note} ({STAYS_ACCEPTED})" if state is ChangeState.REJECTED and change.was_accepted else note,
        decided_by=by.name,
        caller=by.caller,
        reason=by.reason,
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


def _has_something_left(ended: Change) -> bool:
    return ended.on_hold or ended.is_unconfirmed


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


def _must_be_parked(change: Change) -> None:
    if change.state is not ChangeState.PARKED:
        raise _refused(change, f"is {change.state}; only a parked one waits for a decision.")


def _must_be_idle(change: Change, now: datetime) -> None:
    if change.claim_until is not None and change.is_claimed(now):
        raise _refused(change, f"is being worked on until {to_the_second(change.claim_until)}; try again then.")


def _refused(change: Change, why: str) -> ConnectorError:
    return ConnectorError(f"Change {change.transaction_id} {why}", document=str(change.key))
