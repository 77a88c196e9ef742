"""Use case: a person decides about a parked change."""

from __future__ import annotations

from connector.domain.changes import Change, ChangeState
from connector.domain.errors import ConnectorError
from connector.domain.routes import QuantityReading
from connector.services.change_ports import Changes
from connector.services.intake import message_for
from connector.services.ports import Clock, Outbox


def approve(
    change: Change,
    changes: Changes,
    outbox: Outbox,
    clock: Clock,
    *,
    by: str,
    reading: QuantityReading | None = None,
) -> Change:
    """Have a parked change written, as it was shown: if the order has changed since, it is parked again.

    With `reading`, POC03 and POC04 of this change mean that, now and whenever it is looked at again. One that was
    parked before its differences could be worked out is only looked at again: nobody has seen them yet.

    Raises:
        ConnectorError: it is not parked.
        Conflict: somebody else has just decided.
    """
    _must_be_parked(change)
    seen = change.decided_on is not None
    now = clock.now()
    approved = changes.save(
        change.moved(
            ChangeState.RECEIVED,
            now=now,
            note=f"approved by {by}" if seen else f"{by} asks to look at it again",
            approved_by=by if seen else None,
            approved_for=change.decided_on,
            reading=reading or change.reading,
            attempts=0,
            conflicts=0,
            reason=None,
            next_step=None,
            waits_for=None,
        )
    )
    outbox.changes([message_for(approved, cause=f"approved {now.isoformat()}")])
    return approved


def reject(change: Change, changes: Changes, clock: Clock, *, by: str, reason: str) -> Change:
    """Have a parked change come to nothing. The partner has to be told by other means: Orderful holds it delivered.

    Raises:
        ConnectorError: it is not parked.
        Conflict: somebody else has just decided.
    """
    _must_be_parked(change)
    return changes.save(
        change.moved(
            ChangeState.REJECTED,
            now=clock.now(),
            note=f"rejected by {by}: {reason}",
            decided_by=by,
            reason=reason,
            next_step=None,
            waits_for=None,
        )
    )


def look_again(change: Change, changes: Changes, outbox: Outbox, clock: Clock) -> None:
    """Queue a change that waited for the routing; whoever decides does so anew."""
    now = clock.now()
    note = f"looked at again: {change.waits_for} may be there now"
    released = changes.save(
        change.moved(
            ChangeState.RECEIVED,
            now=now,
            note=note,
            attempts=0,
            conflicts=0,
            reason=None,
            next_step=None,
            waits_for=None,
        )
    )
    outbox.changes([message_for(released, cause=f"release {now.isoformat()}")])


def _must_be_parked(change: Change) -> None:
    if change.state is not ChangeState.PARKED:
        raise ConnectorError(
            f"Change {change.transaction_id} is {change.state}; only a parked one waits for a decision.",
            document=str(change.key),
        )
