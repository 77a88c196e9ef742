"""Where Orderful's list of transactions was read up to: a cursor like those of Visma's lists, in the same table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from connector.adapters.aws.cursors import DynamoCursors
from connector.services.ports import CursorLease


class InboundList(StrEnum):
    """The one list that is read at Orderful, in the place where a Visma list has its path."""

    CHANGES = "v3/transactions"


class DynamoWatermark:
    """The `Watermark` port. Two collectors never run at once: the second one finds the lease taken."""

    def __init__(self, cursors: DynamoCursors) -> None:
        """Keep it among `cursors`, under a company that routing cannot name."""
        self._cursors = cursors
        self._lease: CursorLease | None = None

    def take(self, *, now: datetime, lease: timedelta) -> datetime | None:
        """Begin; `Conflict` while another collector runs."""
        self._lease = self._cursors.acquire("(orderful)", InboundList.CHANGES, now=now, lease=lease)
        return self._lease.cursor.watermark

    def put(self, timestamp: datetime | None) -> None:
        """End, and let the next one begin at once."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        cursor = lease.cursor
        if timestamp is not None:
            cursor = replace(cursor, watermark=timestamp, caught_up_at=timestamp)
        self._cursors.save(lease, cursor, release=True)
