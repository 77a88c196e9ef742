"""Writes the record of a change that this worker has claimed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from connector.domain.errors import Conflict
from connector.domain.order_change.record import Change, ChangeState
from connector.services.inbound.ports import Changes


def save_claimed(changes: Changes, change: Change, *, until: datetime | None) -> Change:
    """Write a record that is claimed until `until`, even if a delivery or an id was added to it meanwhile.

    Nothing else is written into a claimed record, so such a write is merged.

    Raises:
        Conflict: the claim has expired, and somebody else has claimed it.
    """
    try:
        return changes.save(change)
    except Conflict:
        stored = changes.get(change.key, change.transaction_id)
        if stored is None or stored.state is not ChangeState.APPLYING or stored.claim_until != until:
            raise
        for delivery in stored.deliveries:
            change = change.with_delivery(delivery)
        change = change.with_names(stored.names)
        return changes.save(msgspec.structs.replace(change, version=stored.version))
