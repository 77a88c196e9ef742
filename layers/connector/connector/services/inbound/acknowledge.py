"""Tells Orderful what became of a delivery, after our own state is written and never before."""

from __future__ import annotations

import msgspec

from connector.domain.errors import Conflict, Rejected
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import Change
from connector.services.inbound.ports import Changes, InboundNetwork
from connector.services.ports import Metric, Telemetry

LONGEST_NOTE = 240
"""Characters of a note (Orderful: its older confirm call allows no more)."""


MOST_NOTED = 2
"""After so many times a confirmation without effect is told in log and metric only, and no longer in the record."""


def confirm(change: Change, changes: Changes, orderful: InboundNetwork, telemetry: Telemetry) -> Change:
    """Tell Orderful of a decided transaction, by every delivery that it has yet to be told by.

    Raises:
        Transient, Throttled, Misconfigured: Orderful could not be told; do it again later.
        Conflict: somebody else changed the record meanwhile.
    """
    if not change.is_unconfirmed:
        return change
    try:
        return tell(change, changes, orderful, telemetry)
    except Conflict:
        # Two ways may lead here at the same moment; what the other one told needs no repetition.
        stored = changes.get(change.key, change.transaction_id)
        if stored is None or stored.is_unconfirmed:
            raise
        return stored


def tell(
    change: Change, changes: Changes, orderful: InboundNetwork, telemetry: Telemetry, *, again: bool = False
) -> Change:
    """Confirm the deliveries of a transaction, decided or not. Raises as `confirm` does.

    Accepted means that we hold it, whoever has yet to decide about it; only what was rejected outright is failed. What
    a person rejects was accepted when it was parked, whether or not the confirmation arrived.

    A delivery whose confirmation Orderful refuses is not told again by itself: that is reported and kept in the record,
    and an item that still waits in an inbox is tried once a run. `again`: it was told before, and an inbox still shows
    it.
    """
    confirmation = Confirmation.FAILED if change.is_refused_outright else Confirmation.ACCEPTED
    note = (change.reason or f"Purchase order {change.number}: {change.state}.")[:LONGEST_NOTE]
    # All of them: a forged callback may have named one that does not exist, before the true one came.
    has_effect, refused = False, list[Rejected]()
    for one in change.deliveries:
        try:
            has_effect |= orderful.confirm(one, change.transaction_id, confirmation, note)
        except Rejected as refusal:
            refused.append(refusal)
    after = change.after_confirming(confirmation if has_effect else None)
    trouble = f"Orderful refuses the confirmation: {refused[0].sentence}" if refused else None
    if trouble is None and again and change.unacknowledged > 0:
        trouble = "It was confirmed twice and is still there."
    if trouble is not None:
        after = after.noted(trouble) if change.unacknowledged < MOST_NOTED else after
        telemetry.count(Metric.CONFIRMATIONS_REFUSED)
        request_id = refused[0].request_id if refused else None
        telemetry.error(
            "confirmation without effect",
            {"transaction_id": change.transaction_id, "reason": trouble, "request_id": request_id},
        )
    unacknowledged = change.unacknowledged + bool(refused) + again
    return changes.save(msgspec.structs.replace(after, unacknowledged=unacknowledged))
