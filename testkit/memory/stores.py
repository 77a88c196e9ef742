"""Tables, bucket, queues, routing and telemetry in memory, with the conditions of the adapters.

Each class specifies its port: the contract tests in `tests/integration` run the same cases against it and the adapter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from connector.adapters.aws.cursor_format import packed, unpacked
from connector.adapters.aws.ledger import no_body
from connector.adapters.aws.payloads import lost
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, ConnectorError, Parked, PayloadLost, Transient
from connector.domain.order_change.record import CHANGE, OPEN_CHANGES, Change, ChangeEvent, ChangeState
from connector.domain.pause import Act, Pause, Scope, Stop
from connector.domain.polling.cursor import Cursor
from connector.domain.polling.shares import ALL, Share
from connector.domain.reasons import Reason
from connector.domain.revision.listed import ListedRevision
from connector.domain.revision.record import (
    ATTENTION_LISTS,
    OPEN,
    OUTDATED,
    Event,
    Owner,
    Posted,
    Revision,
    State,
    list_of,
    may_move,
    place_of,
    state_list,
    timestamp_at,
)
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.list_health import ListHealth, PollRecord, Turn, all_shares
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from connector.services.ports import (
    Calls,
    CursorLease,
    CursorView,
    Entry,
    Fields,
    Metric,
    Resource,
    TrackerProgress,
    Waiting,
)
from testkit.memory.effects import START


class MemoryBreaker:
    """The `Breaker` port."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.held: dict[Calls, datetime] = {}
        self.refusal: str | None = None
        self.partners: set[str] = set()
        self.paused: dict[Scope, Pause] = {}
        self.done: list[Act] = []
        self.why = ""
        self.since: datetime | None = None

    def is_open(self, *, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def open(self, reason: str, *, now: datetime, until: datetime) -> None:
        self.until, self.why, self.since = until, reason, self.since or now

    def wait(self, calls: Calls, *, now: datetime) -> timedelta:
        return min(max(self.held.get(calls, now) - now, timedelta(0)), timedelta(hours=1))

    def hold(self, calls: Calls, *, until: datetime) -> None:
        self.held[calls] = until

    def refused(self, refusal: str, *, partner: str) -> int:
        self.partners = {*(self.partners if refusal == self.refusal else ()), partner}
        self.refusal = refusal
        return len(self.partners)

    def accepted(self) -> None:
        self.refusal, self.since = None, None

    def holds(self, *, now: datetime) -> dict[str, timedelta]:
        """The holds, and how long each lasts."""
        every = {calls.value: self.wait(calls, now=now) for calls in Calls}
        if self.until is not None and now < self.until:
            every["all"] = self.until - now
        return {name: wait for name, wait in every.items() if wait}

    def pauses(self, *, now: datetime) -> Sequence[Pause]:
        return sorted(self.paused.values(), key=lambda one: one.since)

    def pause(self, pause: Pause) -> None:
        """Start a pause."""
        if pause.scope in self.paused:
            raise Conflict(f"It is paused already: {pause.scope}.")
        self.paused[pause.scope] = pause

    def resume(self, scope: Scope) -> None:
        """End the pause of this scope."""
        self.paused.pop(scope, None)

    def note(self, act: Act) -> None:
        """Record that a person ended a stop or pause."""
        self.done.append(act)

    def acts(self, *, now: datetime) -> Sequence[Act]:
        """Who ended a stop or pause."""
        return self.done

    def stop(self, *, now: datetime) -> Stop | None:
        """The stop of all calls, with its reason; None without one."""
        if self.until is None or now >= self.until:
            return None
        return Stop(self.why, self.since, self.until)

    def lift(self) -> None:
        """End the stop and all holds."""
        self.until, self.refusal, self.since = None, None, None
        self.held.clear()


class MemoryLedger(MemoryBreaker):
    """The `Ledger` and `Breaker` ports."""

    def __init__(self) -> None:
        self.rows: dict[tuple[DocumentKey, int], Revision] = {}
        self.bodies: dict[tuple[DocumentKey, int, str], tuple[bytes, bytes | None]] = {}
        self.owned: dict[str, Owner] = {}
        self.uuids: dict[str, tuple[Revision, Posted]] = {}
        self.created = datetime(2020, 1, 1, tzinfo=UTC)
        self.reached = TrackerProgress()
        super().__init__()
        self.writes = 0
        self.queries = 0
        self.reads = 0
        self.unpacked = 0
        self.scans = 0

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        found = [row for (of, _), row in self.rows.items() if of == key]
        return sorted(found, key=lambda row: row.sequence, reverse=True)[:limit]

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        return self.rows.get((key, sequence))

    def add(
        self,
        revision: Revision,
        *,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        self._keep(revision, source, request)
        self._check_free(revision)
        self._put(revision, along=self._superseded(supersedes, now=revision.updated_at))

    def reserve(self, revision: Revision) -> None:
        self._check_free(revision)
        self._put(revision)

    def agreed(self, revision: Revision, *, was: State | None, source: bytes) -> None:
        self._keep(revision, source, None)
        row = self.rows.get((revision.key, revision.sequence))
        if (row.state if row else None) is not was:
            raise _changed(revision)
        self._put(revision)

    def retranslated(
        self,
        revision: Revision,
        *,
        was: State,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        self._keep(revision, source, request)
        row = self.rows.get((revision.key, revision.sequence))
        if row is None or row.state is not was:
            raise _changed(revision)
        self._put(revision, along=self._superseded(supersedes, now=revision.updated_at))

    def claim(self, key: DocumentKey, sequence: int, *, now: datetime, lease: timedelta) -> Revision | None:
        row = self.rows.get((key, sequence))
        if row is None or row.state not in {State.TRANSLATED, State.UNCONFIRMED, State.SENDING}:
            return None
        if row.state is State.SENDING and not (row.claim_until is not None and row.claim_until < now):
            raise Conflict("Another worker is sending this revision.", document=str(key))
        claimed = replace(
            row,
            state=State.SENDING,
            claim_until=now + lease,
            updated_at=now,
            attempts=row.attempts + 1,
            first_attempt_at=row.first_attempt_at or now,
            history=(*row.history, Event(now, State.SENDING, "claimed for sending")),
        )
        self._put(claimed)
        return claimed

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        moved = _moved(self._with_note(revision), to, now, note, changes)
        self._put_if_unchanged(revision, moved)
        return moved

    def seen_again(self, revision: Revision, *, seen_at: datetime, version: str | None) -> None:
        if self._with_note(revision) != revision:
            raise _changed(revision)
        self._put_if_unchanged(revision, replace(revision, seen_at=seen_at, visma_version=version))

    def own(
        self, revision: Revision, to: State, *, transaction_id: str, now: datetime, note: str, **changes: Any
    ) -> Revision | None:
        moved = _moved(self._with_note(revision), to, now, note, {"transaction_id": transaction_id, **changes})
        owner = Owner(revision.key, revision.sequence)
        names = {name for name in (transaction_id, moved.listed_as) if name}
        self._check_unchanged(revision)
        if any(self.owned.get(name, owner).key != owner.key for name in names):
            return None
        posted = Posted(transaction_id, owner, revision.updated_at, now)
        self._put(moved, dict.fromkeys(names, owner), None if transaction_id.isdigit() else posted)
        return moved

    def posted(self, revision: Revision) -> Sequence[Posted]:
        return [
            posted
            for row, posted in self.uuids.values()
            if row.listed_as is None and _filed_under(row) == _filed_under(revision)
        ]

    def owners(self, transaction_ids: Sequence[str]) -> Mapping[str, Owner]:
        return {name: self.owned[name] for name in transaction_ids if name in self.owned}

    def created_at(self, *, now: datetime) -> datetime:
        return self.created

    def recreate_table(self, *, now: datetime) -> None:
        """Replace the table by an empty one."""
        self.rows.clear()
        self.reached = TrackerProgress()
        self.bodies.clear()
        self.owned.clear()
        self.uuids.clear()
        self.created = now

    def request_of(self, revision: Revision) -> dict[str, Any]:
        _, request = self.bodies.get((revision.key, revision.sequence, revision.revision_id), (b"", None))
        if request is None:
            raise no_body(revision, "request")
        body: dict[str, Any] = msgspec.json.decode(request)
        return body

    def source_of(self, revision: Revision) -> bytes:
        found = self.bodies.get((revision.key, revision.sequence, revision.revision_id))
        if found is None:
            raise no_body(revision, "source")
        return found[0]

    def sources_of(self, revisions: Sequence[Revision]) -> Iterator[tuple[Revision, bytes]]:
        for one in revisions:
            with suppress(Transient, PayloadLost):
                yield one, self.source_of(one)

    def in_state(self, *states: State) -> Iterator[Revision]:
        found = [row for row in self.rows.values() if row.state in states and (row.state not in OPEN or list_of(row))]
        return iter(sorted(found, key=place_of))

    def everything(self, states: Collection[State]) -> Iterator[Sequence[Revision]]:
        self.scans += 1
        rows = list(self.rows.values())
        for start in range(0, len(rows), 100):
            yield [row for row in rows[start : start + 100] if row.state in states]

    def entries(self, name: str) -> Iterator[Entry]:
        self.queries += 1
        return iter([Entry(name, row.key, row.sequence) for row in self._list(name)])

    def read(self, entries: Sequence[Entry]) -> Iterator[ListedRevision]:
        self.reads += len(entries)
        for one in dict.fromkeys(entries):
            row = self.rows.get((one.key, one.sequence))
            if row is not None and list_of(row) == one.name:
                yield self._as_listed(row)

    def first_of(self, name: str, *, after: str = "", limit: int) -> Sequence[ListedRevision]:
        return list(map(self._as_listed, self.listed(name, after=after, before="~", limit=limit)))

    def _as_listed(self, row: Revision) -> ListedRevision:
        def whole() -> Revision:
            self.unpacked += 1
            return row

        return replace(ListedRevision.of(row), whole=whole)

    def waiting(self, state: State) -> Waiting:
        found = self._list(state_list(state))
        return Waiting(len(found), timestamp_at(place_of(found[0])) if found else None)

    def listed(self, name: str, *, after: str, before: str, limit: int) -> Sequence[Revision]:
        found = [row for row in self._list(name) if f"{after} " <= place_of(row) <= before][:limit]
        self.queries += 1
        self.reads += len(found)
        return found

    def in_attention(self, *, limit: int | None = None) -> Sequence[Revision]:
        found = [row for name in ATTENTION_LISTS for row in self._list(name)[:limit]]
        self.reads += len(found)
        return sorted(found, key=place_of)[:limit]

    def progress(self) -> TrackerProgress:
        return self.reached

    def keep_progress(self, progress: TrackerProgress) -> None:
        self.reached = progress

    def _list(self, name: str) -> list[Revision]:
        return sorted((row for row in self.rows.values() if list_of(row) == name), key=place_of)

    def _keep(self, revision: Revision, source: bytes, request: dict[str, Any] | None) -> None:
        packed = None if request is None else msgspec.json.encode(request)
        self.bodies[(revision.key, revision.sequence, revision.revision_id)] = (source, packed)

    def _put_if_unchanged(self, seen: Revision, revision: Revision) -> None:
        self._check_unchanged(seen)
        self._put(revision)

    def _with_note(self, read: Revision) -> Revision:
        """The revision as it was read, with the sighting that was noted since."""
        row = self.rows.get((read.key, read.sequence), read)
        return replace(read, seen_at=row.seen_at, visma_version=row.visma_version)

    def _superseded(self, revisions: Sequence[Revision], *, now: datetime) -> list[Revision]:
        for one in revisions:
            self._check_unchanged(one)
        return [_moved(one, State.SUPERSEDED, now, OUTDATED, {}) for one in revisions]

    def _check_free(self, revision: Revision) -> None:
        if (revision.key, revision.sequence) in self.rows:
            raise _changed(revision)

    def _check_unchanged(self, seen: Revision) -> None:
        row = self.rows.get((seen.key, seen.sequence))
        if row is None or (row.state, row.updated_at) != (seen.state, seen.updated_at):
            raise _changed(seen)

    def _put(
        self,
        revision: Revision,
        owned: Mapping[str, Owner] | None = None,
        posted: Posted | None = None,
        along: Sequence[Revision] = (),
    ) -> None:
        self.writes += 1
        self.owned.update(owned or {})
        if posted is not None:
            self.uuids[posted.transaction_id] = (revision, posted)
        for one in (revision, *along):
            self.rows[(one.key, one.sequence)] = one


def _filed_under(revision: Revision) -> tuple[str | None, ...]:
    return (revision.transaction_type, revision.sender_id, revision.receiver_id, revision.business_number)


def _moved(revision: Revision, to: State, now: datetime, note: str, changes: Mapping[str, Any]) -> Revision:
    if to is not revision.state and not may_move(revision.state, to):
        raise Conflict(f"A revision in state {revision.state} cannot become {to}.", document=str(revision.key))
    history = (*revision.history, Event(now, to, note))
    return replace(revision, state=to, updated_at=now, claim_until=None, history=history, **changes)


def _changed(revision: Revision) -> Conflict:
    return Conflict(
        f"Revision {revision.sequence} was changed meanwhile, by somebody else or by the stack; nothing of yours was "
        "written.",
        document=str(revision.key),
        next_step=f"Look at it again: connector documents show {revision.key}",
    )


class MemoryHealth:
    """The `HealthBook` port; `failing` is the error of the table."""

    def __init__(self) -> None:
        self.record = PollRecord()
        self.failing: ConnectorError | None = None
        self.following, self.last_read = 0, 1
        self._share = ALL
        self._books = {0: self}

    def of(self, share: Share) -> MemoryHealth:
        book = self._books.setdefault(share.number, MemoryHealth())
        book._share, book._books = share, self._books
        return book

    def look(self, *, now: datetime) -> PollRecord:
        if self.failing is not None:
            raise self.failing
        return self.record

    def take_turn(self) -> Turn:
        if self.failing is not None:
            raise self.failing
        turn = Turn(self.following, self.following + self.last_read)
        self.following = turn.expected
        return turn

    def end_turn(self, turn: Turn, *, read: int) -> None:
        if self.failing is not None:
            raise self.failing
        self.last_read = read
        if self.following == turn.expected:
            self.following = turn.begin + read

    def begin(self, *, now: datetime) -> PollRecord:
        if self.failing is not None:
            raise self.failing
        before, self.record = self.record, msgspec.structs.replace(self.record, begun_at=now)
        if self._share.number == 0 and before.shares != self._share.of:
            self.record = msgspec.structs.replace(self.record, shares=self._share.of, divided_at=now)
        return before

    def end(self, lists: Sequence[ListHealth], *, now: datetime) -> None:
        if self.failing is not None:
            raise self.failing
        self.record = msgspec.structs.replace(self.record, ended_at=now, lists=tuple(lists))

    def read(self) -> PollRecord:
        others = [self._books[number].record for number in range(1, self.record.shares) if number in self._books]
        return all_shares(self.record, others)


@dataclass(slots=True)
class _CursorRow:
    fence: int = 0
    lease_until: datetime | None = None
    state: tuple[bytes, bytes] | None = None
    not_before: datetime | None = None

    @property
    def cursor(self) -> Cursor:
        return unpacked(*self.state) if self.state else Cursor()


class MemoryCursors:
    """The `Cursors` port; cursors are stored in the format of the table. `failing` is the error of the table."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, StrEnum], _CursorRow] = {}
        self.failing: ConnectorError | None = None

    def acquire(self, company: str, resource: StrEnum, *, now: datetime, lease: timedelta) -> CursorLease:
        if self.failing is not None:
            raise self.failing
        row = self.rows.setdefault((company, resource), _CursorRow())
        if row.lease_until is not None and row.lease_until >= now:
            raise Conflict(f"Another poll of {company} {resource.value} is running.")
        row.lease_until = now + lease
        row.fence += 1
        return CursorLease(
            company=company, resource=resource, fence=row.fence, cursor=row.cursor, not_before=row.not_before
        )

    def save(self, lease: CursorLease, cursor: Cursor, *, release: bool, not_before: datetime | None = None) -> None:
        row = self.rows.get((lease.company, lease.resource))
        if row is None or row.fence != lease.fence:
            raise Conflict(f"Another poll took over {lease.company} {lease.resource.value}.")
        row.state = packed(cursor)
        row.not_before = not_before
        if release:
            row.lease_until = None

    def all_cursors(self) -> Sequence[CursorView]:
        views = [
            CursorView(
                company=company,
                resource=resource.value,
                watermark=cursor.watermark,
                caught_up_at=cursor.caught_up_at,
                locked_until=row.lease_until,
                unfinished=cursor.scan is not None,
                remembered=len(cursor.rows),
                waiting=len(cursor.waiting),
                begun_at=cursor.begun_at,
                not_before=row.not_before,
            )
            for (company, resource), row in self.rows.items()
            for cursor in (row.cursor,)
        ]
        return sorted(views, key=lambda view: (view.company, view.resource))

    def lift(self, company: str, resource: str) -> None:
        self.rows[(company, Resource(resource))].not_before = None

    def of(self, company: str, resource: StrEnum = Resource.PURCHASE_ORDERS) -> Cursor:
        """The stored cursor."""
        return self.rows[(company, resource)].cursor


class MemoryPayloads:
    """The `Payloads` port."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put(self, name: str, body: bytes) -> str:
        key = f"{name}.json.z"
        self.bodies[key] = body
        return key

    def get(self, key: str) -> bytes:
        if key not in self.bodies:
            raise lost(key, "NoSuchKey")
        return self.bodies[key]


class MemoryWatermark:
    """The `Watermark` port."""

    def __init__(self) -> None:
        self.timestamp: datetime | None = None
        self.taken = False

    def take(self, *, now: datetime, lease: timedelta) -> datetime | None:
        if self.taken:
            raise Conflict("Another collector is running.")
        self.taken = True
        return self.timestamp

    def put(self, timestamp: datetime | None) -> None:
        self.taken = False
        self.timestamp = timestamp or self.timestamp


_encode = msgspec.json.Encoder(decimal_format="number").encode


_decode_change = msgspec.json.Decoder(Change).decode


_decode_message = msgspec.json.Decoder(float_hook=Decimal).decode


class InMemoryChanges:
    """The `Changes` port; records and messages are stored as JSON, as in the table."""

    def __init__(self) -> None:
        self.places: dict[str, DocumentKey] = {}
        self.records: dict[tuple[DocumentKey, str], bytes] = {}
        self.messages: dict[tuple[DocumentKey, str], bytes] = {}
        self.writes = 0

    def known(self, transaction_id: str) -> DocumentKey | None:
        return self.places.get(transaction_id)

    def recorded(self, transaction_ids: Sequence[str]) -> frozenset[str]:
        """Those of the transactions that are on record."""
        places = {name: self.places[name] for name in transaction_ids if name in self.places}
        return frozenset(
            name for name, key in places.items() if any(name in change.names for change in self.of_order(key))
        )

    def know(self, transaction_id: str, key: DocumentKey) -> DocumentKey:
        return self.places.setdefault(transaction_id, key)

    def get(self, key: DocumentKey, transaction_id: str) -> Change | None:
        record = self.records.get((key, transaction_id))
        return None if record is None else _decode_change(record)

    def of_order(self, key: DocumentKey) -> Sequence[Change]:
        found = [_decode_change(record) for (of, _), record in self.records.items() if of == key]
        return sorted(found, key=lambda change: (change.created_at, change.transaction_id))

    def add(self, change: Change, *, message: Any) -> Change:
        name = (change.key, change.transaction_id)
        self.messages[name] = _encode(message)
        if name in self.records:
            raise _overtaken(change)
        self._put(change)
        return change

    def save(self, change: Change) -> Change:
        stored = self.get(change.key, change.transaction_id)
        if stored is None or stored.version != change.version:
            raise _overtaken(change)
        saved = msgspec.structs.replace(change, version=change.version + 1)
        self._put(saved)
        return saved

    def rewrite(self, change: Change, *, message: Any) -> Change:
        self.messages[(change.key, change.transaction_id)] = _encode(message)
        return self.save(change)

    def move(self, here: Change, there: Change, *, message: Any = None) -> Change:
        stored, taken = self.get(here.key, here.transaction_id), self.get(there.key, there.transaction_id)
        is_free = taken is None or taken.state is ChangeState.RECORDED
        if stored is None or stored.version != here.version or not is_free:
            raise _overtaken(here)
        body = self.messages[here.key, here.transaction_id] if message is None else _encode(message)
        self.messages[there.key, there.transaction_id] = body
        self._put(msgspec.structs.replace(here, version=here.version + 1))
        self._put(there)
        self.places.update(dict.fromkeys(there.names, there.key))
        return there

    def message_of(self, change: Change) -> Any:
        message = self.messages.get((change.key, change.transaction_id))
        if message is None:
            raise Parked(
                f"The message of {change.transaction_id} is no longer kept.",
                document=str(change.key),
                code=Reason.PAYLOAD_LOST,
            )
        return _decode_message(message)

    def in_state(self, state: ChangeState) -> Iterator[Change]:
        found = [change for change in self.all() if change.state is state and state in OPEN_CHANGES]
        return iter(sorted(found, key=lambda change: change.updated_at))

    def everything(self, states: Collection[ChangeState]) -> Iterator[Sequence[Change]]:
        yield [change for change in self.all() if change.state in states]

    def waiting(self, state: ChangeState) -> Waiting:
        found = list(self.in_state(state))
        return Waiting(len(found), found[0].updated_at if found else None)

    def unacknowledged(self) -> Iterator[Change]:
        return (change for change in self.all() if change.is_unconfirmed)

    def all(self) -> list[Change]:
        """Every record, in the order of creation."""
        return [_decode_change(record) for record in self.records.values()]

    def put(self, change: Change, *, message: Any = None) -> Change:
        """Store a record in any state, with the place of its transaction."""
        self.know(change.transaction_id, change.key)
        return self.add(change, message=message)

    def _put(self, change: Change) -> None:
        self.writes += 1
        self.records[(change.key, change.transaction_id)] = _encode(change)


def _overtaken(change: Change) -> Conflict:
    return Conflict(
        f"{change.transaction_id} was changed meanwhile, by somebody else or by the stack; "
        "nothing of yours was written.",
        document=str(change.key),
        next_step=f"Look at it again: connector changes show {change.transaction_id}",
    )


class MemoryOutbox:
    """The `Outbox` port: stores the messages; `failures` has the errors of the next calls."""

    def __init__(self) -> None:
        self.queued_documents: list[DocumentMessage] = []
        self.queued_deliveries: list[DeliveryMessage] = []
        self.queued_hints: list[HintMessage] = []
        self.queued_changes: list[ChangeMessage] = []
        self.failures: list[ConnectorError] = []

    def documents(self, messages: Iterable[DocumentMessage]) -> None:
        self._fail()
        self.queued_documents.extend(messages)

    def deliveries(self, messages: Iterable[DeliveryMessage]) -> None:
        self._fail()
        self.queued_deliveries.extend(messages)

    def hints(self, messages: Iterable[HintMessage]) -> None:
        self._fail()
        self.queued_hints.extend(messages)

    def changes(self, messages: Iterable[ChangeMessage]) -> None:
        self._fail()
        self.queued_changes.extend(messages)

    def numbers(self) -> list[str]:
        """The numbers of the queued documents, in order."""
        return [message.number for message in self.queued_documents]

    def clear(self) -> None:
        """Empty the queues."""
        self.queued_documents.clear()
        self.queued_deliveries.clear()
        self.queued_hints.clear()
        self.queued_changes.clear()

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class MemoryPostponer:
    """The `Postponer` port."""

    def __init__(self) -> None:
        self.delays: dict[str, timedelta] = {}

    def postpone(self, receipt: str, delay: timedelta) -> None:
        self.delays[receipt] = delay


class FixedRouting:
    """The `RoutingSource` port over the data of a routing file."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.routing = Routing.from_data(data)
        self.applied_at: datetime | None = None
        self.fresh_loads = 0
        self.failure: Exception | None = None

    def apply(self, data: Mapping[str, Any]) -> None:
        """Apply another routing file."""
        self.routing = Routing.from_data(data)

    def load(self, *, fresh: bool = False) -> Routing:
        self.fresh_loads += fresh
        if self.failure is not None:
            raise self.failure
        return self.routing

    def in_force_since(self) -> datetime | None:
        return self.applied_at


class LaggingRouting(FixedRouting):
    """The routing of a process that has just read the former version."""

    former: Routing | None = None

    def apply(self, data: Mapping[str, Any]) -> None:
        self.former = self.routing
        super().apply(data)

    def load(self, *, fresh: bool = False) -> Routing:
        newest = super().load(fresh=fresh)
        if fresh:
            self.former = None
        return self.former or newest


@dataclass(slots=True)
class RecordingTelemetry:
    """The `Telemetry` port: stores every line, count and duration."""

    lines: list[tuple[str, str, Fields]] = field(default_factory=list)
    counts: Counter[Metric] = field(default_factory=Counter)
    durations: list[tuple[Metric, float]] = field(default_factory=list)

    def info(self, event: str, fields: Fields) -> None:
        self.lines.append(("info", event, fields))

    def warning(self, event: str, fields: Fields) -> None:
        self.lines.append(("warning", event, fields))

    def error(self, event: str, fields: Fields) -> None:
        self.lines.append(("error", event, fields))

    def count(self, metric: Metric, value: int = 1) -> None:
        if value:
            self.counts[metric] += value

    def seconds(self, metric: Metric, value: float) -> None:
        self.durations.append((metric, value))

    def events(self, level: str | None = None) -> list[str]:
        """The logged events, optionally of one level."""
        return [event for at, event, _ in self.lines if level in {None, at}]


CALLER = "arn:aws:sts::123456789012:assumed-role/Operator/kari"
"""The ARN of the operator."""


class FixedHintBudget:
    """The `HintBudget` port with a fixed number of calls of each kind."""

    def __init__(self, unknown: int = 1_000, recorded: int = 1_000) -> None:
        self.left = {False: unknown, True: recorded}

    def take(self, now: datetime, *, recorded: bool) -> timedelta | None:
        self.left[recorded] -= 1
        return None if self.left[recorded] >= 0 else timedelta(minutes=1)


def a_change(**changes: Any) -> Change:
    """A new change of acme for order 500123 of nordic."""
    change = Change(
        company="nordic",
        number="500123",
        transaction_id="802210971",
        state=ChangeState.RECEIVED,
        created_at=START,
        updated_at=START,
        document=CHANGE,
        transaction_type="860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
        stream=Stream.TEST,
        sender_id="ACMEPRODUCET",
        receiver_id="NORDICFOODT",
        partner="acme",
        change_sequence=1,
        content_id="c1",
        history=(ChangeEvent(START, ChangeState.RECEIVED, "received"),),
    )
    return msgspec.structs.replace(change, **changes)
