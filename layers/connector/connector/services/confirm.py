"""Tells Orderful what became of a delivery, after our own state is written and never before."""

from __future__ import annotations

from connector.domain.changes import Change
from connector.domain.errors import Conflict
from connector.domain.inbound import Confirmation
from connector.services.change_ports import Changes, InboundNetwork

MOST_WORDS = 240
"""Characters of a note (Orderful: its older confirm call allows no more)."""


def confirm(change: Change, changes: Changes, orderful: InboundNetwork) -> Change:
    """Tell Orderful of a decided transaction, by every delivery that it has yet to be told by.

    Raises:
        Transient, Throttled, Misconfigured: Orderful could not be told; do it again later.
        Conflict: somebody else changed the record meanwhile.
    """
    if not change.is_unconfirmed:
        return change
    try:
        return tell(change, changes, orderful)
    except Conflict:
        # Two ways may lead here at the same moment; what the other one told needs no repetition.
        stored = changes.get(change.key, change.transaction_id)
        if stored is None or stored.is_unconfirmed:
            raise
        return stored


def tell(change: Change, changes: Changes, orderful: InboundNetwork) -> Change:
    """Confirm the deliveries of a transaction, decided or not. Raises as `confirm` does.

    Accepted means that we hold it, whoever has yet to decide about it; only what was rejected outright is failed. What
    a person rejects was accepted when it was parked, whether or not the word for that got through.
    """
    confirmation = Confirmation.FAILED if change.is_refused_outright else Confirmation.ACCEPTED
    note = (change.reason or f"Purchase order {change.number}: {change.state}.")[:MOST_WORDS]
    # All of them: a forged callback may have named one that does not exist, before the true one came.
    told = [orderful.confirm(one, change.transaction_id, confirmation, note) for one in change.deliveries]
    return changes.save(change.after_telling(confirmation if any(told) else None))
