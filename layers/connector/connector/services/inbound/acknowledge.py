"""Confirms deliveries to Orderful, always after our own state is written."""

from __future__ import annotations

import msgspec

from connector.domain.errors import Conflict, Rejected
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import Change
from connector.services.inbound.ports import Changes, InboundNetwork
from connector.services.ports import Metric, Telemetry

MAX_NOTE_LENGTH = 240
"""Most characters of a note (Orderful: the limit of its older confirm call)."""


MAX_NOTED = 2
"""After this many confirmations without effect, the record is no longer written; log and metric still report them."""


def confirm(change: Change, changes: Changes, orderful: InboundNetwork, telemetry: Telemetry) -> Change:
    """Confirm the open deliveries of a decided transaction to Orderful.

    Raises:
        Transient, Throttled, Misconfigured: the confirmation failed; retry later.
        Conflict: somebody else changed the record meanwhile.
    """
    if not change.is_unconfirmed:
        return change
    try:
        return confirm_deliveries(change, changes, orderful, telemetry)
    except Conflict:
        # Two workers may confirm at the same moment; what the other one confirmed is not repeated.
        stored = changes.get(change.key, change.transaction_id)
        if stored is None or stored.is_unconfirmed:
            raise
        return stored


def confirm_deliveries(
    change: Change, changes: Changes, orderful: InboundNetwork, telemetry: Telemetry, *, again: bool = False
) -> Change:
    """Confirm the deliveries of a transaction, decided or not. Raises as `confirm` does.

    Accepted means that we have stored it, even if it is not decided yet. Only a transaction that was refused outright
    is failed. A change that a person rejects was accepted when it was parked, whether or not the confirmation arrived.

    A confirmation that Orderful refuses is not repeated by itself: it is reported and noted in the record. An item that
    still waits in an inbox is confirmed once a run. `again`: it was confirmed before, and an inbox still has it.
    """
    confirmation = Confirmation.FAILED if change.is_refused_outright else Confirmation.ACCEPTED
    note = (change.reason or f"Purchase order {change.number}: {change.state}.")[:MAX_NOTE_LENGTH]
    # All of them: a forged callback may have named a delivery that does not exist, before the real one arrived.
    has_effect, refused = False, list[Rejected]()
    for one in change.deliveries:
        try:
            has_effect |= orderful.confirm(one, change.transaction_id, confirmation, note)
        except Rejected as refusal:
            refused.append(refusal)
    after = change.after_confirming(confirmation if has_effect else None)
    failure = f"Orderful refuses the confirmation: {refused[0].sentence}" if refused else None
    if failure is None and again and change.unacknowledged > 0:
        failure = "It was confirmed twice and is still there."
    if failure is not None:
        after = after.noted(failure) if change.unacknowledged < MAX_NOTED else after
        telemetry.count(Metric.CONFIRMATIONS_REFUSED)
        request_id = refused[0].request_id if refused else None
        telemetry.error(
            "confirmation without effect",
            {"transaction_id": change.transaction_id, "reason": failure, "request_id": request_id},
        )
    unacknowledged = change.unacknowledged + bool(refused) + again
    return changes.save(msgspec.structs.replace(after, unacknowledged=unacknowledged))
