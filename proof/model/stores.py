"""The tables and the bucket in memory, with every write of the adapters as a side effect.

A call of a port may have several writes: bodies before their row, a large body in the bucket before both.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from connector.adapters.aws.payloads import lost
from connector.adapters.aws.routing_store import POINTER_AGE
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.polling.cursor import Cursor
from connector.domain.reconcile.finding import Finding
from connector.domain.revision.record import Owner, Posted, Revision, State
from connector.domain.routing.resolve import Routing
from connector.services.ports import CursorLease, TrackerProgress
from connector.services.reconcile.local_book import LocalBook
from testkit.memory.effects import EffectRecorder, ManualClock
from testkit.memory.stores import FixedRouting, InMemoryChanges, MemoryCursors, MemoryLedger, MemoryPayloads

_encode = msgspec.json.Encoder(decimal_format="number").encode

_LARGE = 100_000
"""Bytes, compressed, above which the adapters put a body into the bucket."""


class RecordedBook(LocalBook):
    """The findings of reconciliation."""

    def __init__(self, effects: EffectRecorder) -> None:
        """Record every finding in `effects`."""
        super().__init__()
        self._effects = effects

    def put(self, finding: Finding) -> None:
        put = super().put
        self._effects("write a finding", lambda: put(finding))


class RememberedRouting(FixedRouting):
    """The routing as workers know it: for a minute after an apply they may have the former one."""

    def __init__(self, data: Mapping[str, Any], clock: ManualClock) -> None:
        """Apply a first routing file."""
        super().__init__(data)
        self._clock = clock
        self._remembered, self._looked_at = self.routing, clock.now()

    def load(self, *, fresh: bool = False) -> Routing:
        newest = super().load(fresh=fresh)
        if fresh or self._clock.now() - self._looked_at >= POINTER_AGE:
            self._remembered, self._looked_at = newest, self._clock.now()
        return self._remembered


class RecordedPayloads(MemoryPayloads):
    """The bucket.

    Attributes:
        refused: Folders whose objects cannot be read: they are missing, or access is denied.
    """

    def __init__(self, effects: EffectRecorder) -> None:
        """Record every write in `effects`."""
        super().__init__()
        self.refused: set[str] = set()
        self._effects = effects

    def get(self, key: str) -> bytes:
        if key.split("/", 1)[0] in self.refused:
            raise lost(key, "AccessDenied")
        return super().get(key)

    def put(self, name: str, body: bytes) -> str:
        put = super().put
        return self._effects(f"put {name.split('/', 1)[0]} into the bucket", lambda: put(name, body))


class RecordedLedger(MemoryLedger):
    """The ledger's table.

    Attributes:
        on_revision: Called with every written revision.
        large: Bytes above which a body is stored in the bucket.
    """

    def __init__(self, effects: EffectRecorder, payloads: RecordedPayloads) -> None:
        """Record every write in `effects`; large bodies go to `payloads`."""
        super().__init__()
        self.on_revision: list[Callable[[Revision], None]] = []
        self._effects = effects
        self._payloads = payloads
        self.large = _LARGE
        self._places: dict[tuple[str, DocumentKey, int], str] = {}

    def open(self, reason: str, *, now: datetime, until: datetime) -> None:
        set_until = super().open
        self._effects("hold deliveries back", lambda: set_until(reason, now=now, until=until))

    def keep_progress(self, progress: TrackerProgress) -> None:
        keep = super().keep_progress
        self._effects("keep the progress of the tracker", lambda: keep(progress))

    def request_of(self, revision: Revision) -> dict[str, Any]:
        self._read("requests", revision)
        return super().request_of(revision)

    def source_of(self, revision: Revision) -> bytes:
        self._read("sources", revision)
        return super().source_of(revision)

    def _read(self, folder: str, revision: Revision) -> None:
        place = self._places.get((folder, revision.key, revision.sequence))
        if place is not None:
            self._payloads.get(place)

    def _keep(self, revision: Revision, source: bytes, request: dict[str, Any] | None) -> None:
        keep = super()._keep
        packed = b"" if request is None else msgspec.json.encode(request)
        for folder, body in (("sources", source), ("requests", packed)):
            self._places.pop((folder, revision.key, revision.sequence), None)
            if len(body) > self.large and len(zlib.compress(body)) > self.large:
                place = self._payloads.put(f"{folder}/{revision.key.stored}/{revision.sequence}", body)
                self._places[folder, revision.key, revision.sequence] = place
        self._effects("write the bodies of a revision", lambda: keep(revision, source, request))

    def _put(
        self,
        revision: Revision,
        owned: Mapping[str, Owner] | None = None,
        posted: Posted | None = None,
        along: Sequence[Revision] = (),
    ) -> None:
        put = super()._put
        names = [(one.key, one.sequence) for one in (revision, *along)]
        seen = [self.rows.get(name) for name in names]

        def write() -> None:
            # The condition is checked at the write: another worker may have written first.
            if any(self.rows.get(name) is not row for name, row in zip(names, seen, strict=True)):
                raise Conflict(f"A revision of {revision.key} was changed by another worker.")
            put(revision, owned, posted, along)
            for notify in self.on_revision:
                notify(revision)

        self._effects.repeated(f"write {revision.state} in the ledger", write)


class RecordedChanges(InMemoryChanges):
    """The ledger of changes.

    Attributes:
        on_record: Called with every written record.
    """

    def __init__(self, effects: EffectRecorder) -> None:
        """Record every write in `effects`."""
        super().__init__()
        self.on_record: list[Callable[[Change], None]] = []
        self._effects = effects

    def know(self, transaction_id: str, key: DocumentKey) -> DocumentKey:
        know = super().know
        return self._effects("note where a transaction is recorded", lambda: know(transaction_id, key))

    def add(self, change: Change, *, message: Any) -> Change:
        name, packed = (change.key, change.transaction_id), _encode(message)
        self._effects("write the message of a change", lambda: self.messages.update({name: packed}))
        return super().add(change, message=message)

    def rewrite(self, change: Change, *, message: Any) -> Change:
        name, packed = (change.key, change.transaction_id), _encode(message)
        self._effects("write another message of a change", lambda: self.messages.update({name: packed}))
        return super().rewrite(change, message=message)

    def _put(self, change: Change) -> None:
        put = super()._put
        name = (change.key, change.transaction_id)
        seen = self.records.get(name)

        def write() -> None:
            if self.records.get(name) is not seen:
                raise Conflict(f"Change {change.transaction_id} was changed by another worker.")
            put(change)
            for notify in self.on_record:
                notify(change)

        note = f" ({change.confirmed})" if change.confirmed and not change.deliveries else ""
        self._effects.repeated(f"write {change.state}{note} for a change", write)


class RecordedCursors(MemoryCursors):
    """The table of cursors, which also holds the watermark of Orderful's list."""

    def __init__(self, effects: EffectRecorder) -> None:
        """Record every write in `effects`."""
        super().__init__()
        self._effects = effects
        self.fell: list[str] = []

    def acquire(self, company: str, resource: StrEnum, *, now: datetime, lease: timedelta) -> CursorLease:
        acquire = super().acquire
        name = f"take the cursor of {resource.value}"
        return self._effects.repeated(name, lambda: acquire(company, resource, now=now, lease=lease))

    def save(self, lease: CursorLease, cursor: Cursor, *, release: bool, not_before: datetime | None = None) -> None:
        save = super().save

        def write() -> None:
            before = self.of(lease.company, lease.resource).watermark
            save(lease, cursor, release=release, not_before=not_before)
            if before is not None and (cursor.watermark is None or cursor.watermark < before):
                self.fell.append(f"The watermark of {lease.resource.value} fell from {before} to {cursor.watermark}.")

        self._effects(f"write the cursor of {lease.resource.value}", write)

    def locked(self, now: datetime) -> list[str]:
        """The locked lists."""
        return [
            resource.value
            for (_, resource), row in self.rows.items()
            if row.lease_until is not None and row.lease_until >= now
        ]


def unfinished(ledger: MemoryLedger, changes: InMemoryChanges) -> list[str]:
    """Revisions and changes in progress."""
    moving = (State.TRANSLATED, State.SENDING, State.UNCONFIRMED, State.CHANGING)
    found = [
        f"revision {one.sequence} of {one.key} is {one.state}" for state in moving for one in ledger.in_state(state)
    ]
    for change in changes.all():
        if change.state in {ChangeState.RECEIVED, ChangeState.APPLYING} or change.is_unconfirmed:
            why = "not told to Orderful" if change.is_unconfirmed else "open"
            found.append(f"change {change.transaction_id} is {change.state} and {why}")
    return found
