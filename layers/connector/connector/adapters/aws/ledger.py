"""The ledger over DynamoDB.

Items of one document, all under `pk = company#kind#number`:

    sk = rev#00000001    one revision: its state, its answers, its history
    sk = body#...        its two bodies, compressed: the Visma document as read and the request as sent

The bodies have their own item, so that a change of state does not rewrite them; a body above 100 KB is in the payload
bucket. Their key has the revision id, so that a worker that lost the race for a sequence cannot overwrite the winner's
bodies. Bodies have `expires`, the attribute of the table's time to live. Revisions never expire, because a deleted
revision could be sent again.

The index `by_open_state` has only the keys of open revisions, by list (`list_of`) and sort key (`place_of`). States
between which a revision moves often share a list, and the sort key does not change, so the index is written only when a
revision is opened, goes from sending to tracking, gets attention, or is closed. The rows are then read by key. A
revision is always written as a whole and billed by the KB, so every field is compressed in `packed`, except those that
conditions, updates and people at the console need. A claim, which is an update, adds its event to `recent`; the next
write packs it (docs/decisions/0032).

A transaction at Orderful has one owner, under `pk = transaction#id`, `sk = owner`. It is written in one call with the
revision that records the transaction, and only if the transaction has no owner yet, or one of the same document. As
long as only its UUID is known, not the number in lists, `pk = number#type#sender#receiver#number` leads to it.

Every write of a revision is conditional. A claim:

    TRANSLATED --------------------------+
    UNCONFIRMED -------------------------+--> SENDING (claim_until = now + lease, attempts + 1)
    SENDING, claim_until < now ----------+
    SENDING, claim_until >= now  -> Conflict: another worker owns it
    anything else                -> None: nothing to send
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import Item, expiry, from_item, read_time, time_text, to_item
from connector.adapters.aws.payloads import S3Payloads
from connector.domain import note_forms
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, PayloadLost, Transient
from connector.domain.revision.listed import ListedRevision
from connector.domain.revision.record import (
    ATTENTION_LISTS,
    CAPTURED,
    NOTHING_NEW,
    OPEN,
    OUTDATED,
    ChangeResult,
    Event,
    Owner,
    Posted,
    Revision,
    State,
    list_of,
    lists_of,
    may_move,
    place_of,
    state_list,
    timestamp_at,
)
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType
from connector.services.ports import Acknowledger, Entry, TrackerProgress, Waiting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

_LARGE = 100_000
_PARALLEL_READS = 8
_HISTORY = 60
_TIMES = {
    *("created_at", "updated_at", "modified_at", "seen_at", "listed_since"),
    *("claim_until", "first_attempt_at", "asked_since", "sent_at", "attention_at"),
}
_ENUMS = {
    "state": State,
    "transaction_type": TransactionType,
    "dialect": Dialect,
    "purpose": Purpose,
    "stream": Stream,
    "change_result": ChangeResult,
}
_NAMES = {field.name for field in fields(Revision)}
_STORED = sorted(_NAMES - {"key", "history", "sequence"})
_PLAIN = {
    *("state", "created_at", "updated_at", "claim_until", "first_attempt_at", "attempts"),
    *("partner", "transaction_id", "change_id", "reason", "field", "next_step", "waits_for", "attention"),
}
"""The fields with an attribute of their own; all others are packed."""
_REVISION = "rev#"
_MAX_KEYS = 100
_TABLE_AGE_HOLDS = timedelta(minutes=1)
"""How long the creation time of the table is cached: it may be deleted and created again."""

_PROGRESS = {"pk": {"S": "tracker"}, "sk": {"S": "progress"}}
_MAX_ACKNOWLEDGERS = 10_000
"""Most partners whose documents are counted apart, those with the most: so many fit into an item (DynamoDB: 400 KB)."""

_decode_counts = msgspec.json.Decoder(tuple[tuple[Acknowledger, int], ...]).decode
_BEHIND = "~"
"""Behind every sort key of a list."""

INDEX = "by_open_state"
"""The index of open records, changes included."""

MAX_COUNTED = 10_000
"""The largest count; more records are counted as this many."""


class DynamoLedger(clients.OnDynamoDB):
    """The `Ledger` port over one table and one bucket."""

    def __init__(
        self,
        table: str,
        payloads: S3Payloads,
        client: DynamoDBClient | None = None,
        *,
        keep_bodies: timedelta | None = None,
    ) -> None:
        """Use `table`; the client is created at first use.

        Args:
            table: The table of the ledger.
            payloads: The bucket.
            client: A client to use instead of the shared one.
            keep_bodies: How long written bodies are kept; None: for ever.
        """
        self._table = table
        self._payloads = payloads
        super().__init__(client)
        self._keep_bodies = keep_bodies
        self._created: tuple[datetime, datetime] | None = None

    # -- reading ------------------------------------------------------------------------------------------------------

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first (strongly consistent).

        DynamoDB: an answer ends at 1 MB, so a long list takes several.
        """
        pages = clients.pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :rev)",
            ExpressionAttributeValues={":pk": {"S": key.stored}, ":rev": {"S": _REVISION}},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
        with translated("ledger"):
            return list(islice((read_revision(item) for page in pages for item in page["Items"]), limit))

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        item = self._item(_revision_key(key, sequence))
        return read_revision(item) if item else None

    def request_of(self, revision: Revision) -> dict[str, Any]:
        """The body of the request; `Parked` when it is no longer kept."""
        body = self._body(revision, "request", revision.request_at)
        request: dict[str, Any] = msgspec.json.decode(body)
        return request

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as it was read; `Parked` when it is no longer kept."""
        return self._body(revision, "source", revision.source_at)

    def sources_of(self, revisions: Sequence[Revision]) -> Iterator[tuple[Revision, bytes]]:
        """The Visma documents of many revisions, a hundred to a call and several calls at a time.

        Unreadable ones are left out. The order is not that of `revisions`.
        """
        chunks = [revisions[start : start + _MAX_KEYS] for start in range(0, len(revisions), _MAX_KEYS)]
        _ = self._client  # created before the threads need it: creating clients is not thread-safe
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            for found in pool.map(self._sources_of_some, chunks):
                yield from found

    def _sources_of_some(self, revisions: Sequence[Revision]) -> list[tuple[Revision, bytes]]:
        of = {(one.key.stored, body_name(one)): one for one in revisions if one.source_at is None}
        found = [
            (of[item["pk"], item["sk"]], zlib.decompress(item["source"]))
            for item in self._items([{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in of])
            if item.get("source") is not None
        ]
        for one in revisions:
            if one.source_at is not None:
                with suppress(Transient, PayloadLost):
                    found.append((one, self._payloads.get(one.source_at)))
        return found

    def owners(self, transaction_ids: Sequence[str]) -> Mapping[str, Owner]:
        """The owners of those transactions that have one (strongly consistent; 100 in a call)."""
        return {
            item["pk"].removeprefix(_TRANSACTION): Owner(DocumentKey.parse(item["document"]), int(item["sequence"]))
            for item in self._items([_owner_key(one) for one in dict.fromkeys(transaction_ids)])
        }

    def _items(self, keys: Sequence[Item]) -> Iterator[dict[str, Any]]:
        """Those of the items that are there, in no order."""
        yield from map(from_item, items_of(self._client, self._table, keys))

    def posted(self, revision: Revision) -> Sequence[Posted]:
        """Transactions with this revision's type, number and parties, of which only a UUID is known."""
        pages = clients.pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": _number_key(revision)},
            ConsistentRead=True,
        )
        with translated("ledger"):
            items = [from_item(item) for page in pages for item in page["Items"]]
        return [
            Posted(
                item["sk"],
                Owner(DocumentKey.parse(item["document"]), int(item["sequence"])),
                datetime.fromisoformat(item["begun"]),
                datetime.fromisoformat(item["ended"]),
            )
            for item in items
            if "listed_as" not in item
        ]

    def created_at(self, *, now: datetime) -> datetime:
        """When the table was created (DynamoDB: a table restored from a backup is a new one)."""
        if self._created is None or now - self._created[0] >= _TABLE_AGE_HOLDS:
            with translated("ledger"):
                table = self._client.describe_table(TableName=self._table)["Table"]
            self._created = now, table["CreationDateTime"]
        return self._created[1]

    def in_state(self, *states: State) -> Iterator[Revision]:
        """All revisions in one of the states; those of closed states by reading the whole table."""
        open_ones = [one for one in states if one in OPEN]
        for name in lists_of(open_ones):
            yield from (one for one in self._open(name) if one.state in states)
        if ended := [one for one in states if one not in OPEN]:
            for page in self.everything(ended):
                yield from page

    def everything(self, states: Collection[State]) -> Iterator[Sequence[Revision]]:
        """All revisions in one of the states, by reading the whole table, in no order.

        DynamoDB: a page is read from 1 MB of the table, and the read is billed by that.
        """
        names = {f":state{number}": {"S": state.value} for number, state in enumerate(states)}
        pages = clients.pages(
            self._client.scan,
            TableName=self._table,
            FilterExpression=f"begins_with(sk, :rev) AND #state IN ({', '.join(names)})",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":rev": {"S": _REVISION}, **names},
        )
        with translated("ledger"):
            for page in pages:
                yield [read_revision(item) for item in page["Items"]]

    def entries(self, name: str) -> Iterator[Entry]:
        """The entries of a list of open revisions, in its order, from the index alone.

        DynamoDB: an answer holds 1 MB, which is some thousand keys.
        """
        for page in _open_pages(self._client, self._table, name):
            for item in page["Items"]:
                sequence = int(item["sk"]["S"].removeprefix(_REVISION))
                yield Entry(name, DocumentKey.parse(item["pk"]["S"]), sequence)

    def read(self, entries: Sequence[Entry]) -> Iterator[ListedRevision]:
        """The revisions of entries that are still in their list, in their order (100 in a call).

        A row that moves on while the index is read is an entry twice. BatchGetItem refuses a key that is named twice.
        """
        unique = list(dict.fromkeys(entries))
        for start in range(0, len(unique), _MAX_KEYS):
            some = unique[start : start + _MAX_KEYS]
            keys = [_revision_key(one.key, one.sequence) for one in some]
            names = {(key["pk"]["S"], key["sk"]["S"]): one.name for key, one in zip(keys, some, strict=True)}
            for item in _in_order(self._client, self._table, keys):
                if item.get("open_state") == {"S": names[item["pk"]["S"], item["sk"]["S"]]}:
                    yield listed_revision(item)

    def first_of(self, name: str, *, after: str = "", limit: int) -> Sequence[ListedRevision]:
        """The first revisions of a list of open revisions whose sort key is after `after`."""
        rows = open_items(self._client, self._table, name, after=after, before=_BEHIND, at_once=limit)
        return list(map(listed_revision, islice(rows, limit)))

    def listed(self, name: str, *, after: str, before: str, limit: int) -> Sequence[Revision]:
        """Revisions of a list of open revisions, between two sort keys, in their order."""
        return list(islice(self._open(name, after=after, before=before, at_once=limit), limit))

    def in_attention(self, *, limit: int | None = None) -> Sequence[Revision]:
        found = [one for name in ATTENTION_LISTS for one in islice(self._open(name, at_once=limit), limit)]
        return sorted(found, key=place_of)[:limit]

    def _open(
        self, name: str, *, after: str = "", before: str | None = None, at_once: int | None = None
    ) -> Iterator[Revision]:
        rows = open_items(self._client, self._table, name, after=after, before=before, at_once=at_once)
        return map(read_revision, rows)

    def waiting(self, state: State) -> Waiting:
        """How many revisions wait for a person in a state, from the index alone."""
        return count_open(self._client, self._table, state_list(state))

    # -- writing ------------------------------------------------------------------------------------------------------

    def add(
        self,
        revision: Revision,
        *,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        """Write the bodies, then the revision: a crash between the two leaves bodies that the next try overwrites."""
        revision = self._stored(revision, source, request)
        self._put(revision, _NEW, supersedes=supersedes)

    def reserve(self, revision: Revision) -> None:
        """Reserve the next sequence for content that is not known yet; raises `Conflict` when it is taken."""
        self._put(revision, _NEW)

    def agreed(self, revision: Revision, *, was: State | None, source: bytes) -> None:
        """Write a revision that the partner knows, in place of a reservation or as a new one."""
        revision = self._stored(revision, source, None)
        if was is None:
            self.reserve(revision)
        else:
            self._put(revision, _still(was))

    def retranslated(
        self,
        revision: Revision,
        *,
        was: State,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        """Replace a revision and its bodies; `Conflict` when it left the state `was` meanwhile."""
        revision = self._stored(revision, source, request)
        self._put(revision, _still(was), supersedes=supersedes)

    def claim(self, key: DocumentKey, sequence: int, *, now: datetime, lease: timedelta) -> Revision | None:
        """Claim the sending of a revision; see the module's docstring."""
        event = _event(Event(now, State.SENDING, "claimed for sending"))
        try:
            with translated("ledger"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_revision_key(key, sequence),
                    ConditionExpression=(
                        "#state IN (:translated, :unconfirmed) OR (#state = :sending AND claim_until < :now)"
                    ),
                    UpdateExpression=(
                        "SET #state = :sending, open_state = :open, claim_until = :until, updated_at = :now, "
                        "first_attempt_at = if_not_exists(first_attempt_at, :now), "
                        "recent = list_append(if_not_exists(recent, :none), :event) ADD attempts :one"
                    ),
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues=to_item(
                        {
                            ":translated": State.TRANSLATED.value,
                            ":unconfirmed": State.UNCONFIRMED.value,
                            ":sending": State.SENDING.value,
                            ":open": state_list(State.SENDING),
                            ":none": [],
                            ":now": time_text(now),
                            ":until": time_text(now + lease),
                            ":event": [event],
                            ":one": 1,
                        }
                    ),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            if from_item(failed.item).get("state") == State.SENDING.value:
                raise Conflict("Another worker is sending this revision.", document=str(key)) from None
            return None
        return read_revision(answer["Attributes"])

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        """Move a revision; `Conflict` when somebody moved it since it was read."""

        def write(read: Revision) -> Revision:
            moved = _moved(read, to, now, note, changes)
            self._put(moved, _as_read(read))
            return moved

        return self._with_note(revision, write)

    def seen_again(self, revision: Revision, *, seen_at: datetime, version: str | None) -> None:
        # `updated_at` stays: a worker that has read the revision goes on with it.
        noted = replace(revision, seen_at=seen_at, visma_version=version)
        self._put(noted, _as_read(revision), {"noted": _noted(noted)})

    def own(
        self, revision: Revision, to: State, *, transaction_id: str, now: datetime, note: str, **changes: Any
    ) -> Revision | None:
        """Move a revision and make it the owner of a transaction, in one call; None when another document owns that.

        The listed id, if there is one, gets the same owner.
        """

        def write(read: Revision) -> Revision | None:
            moved = _moved(read, to, now, note, {"transaction_id": transaction_id, **changes})
            return moved if self._put_owned(read, moved, transaction_id) else None

        return self._with_note(revision, write)

    # -- the tracker's progress ---------------------------------------------------------------------------------------

    def progress(self) -> TrackerProgress:
        item = self._item(_PROGRESS)
        if item is None:
            return TrackerProgress()
        kept = from_item(item)
        if "day" not in kept:
            return TrackerProgress(kept["places"])
        counts = _decode_counts(zlib.decompress(kept["acknowledged"]))
        return TrackerProgress(kept["places"], date.fromisoformat(kept["day"]), dict(counts))

    def keep_progress(self, progress: TrackerProgress) -> None:
        values: dict[str, Any] = {"places": dict(progress.places)}
        if progress.day is not None:
            counts = Counter(progress.acknowledged).most_common(_MAX_ACKNOWLEDGERS)
            values |= {"day": progress.day.isoformat(), "acknowledged": zlib.compress(msgspec.json.encode(counts))}
        with translated("ledger"):
            self._client.put_item(TableName=self._table, Item={**_PROGRESS, **to_item(values)})

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _stored(self, revision: Revision, source: bytes, request: dict[str, Any] | None) -> Revision:
        """Write the bodies. Returns the revision with their keys."""
        packed: dict[str, Any] = {"pk": revision.key.stored, "sk": body_name(revision)}
        packed["expires"] = expiry(revision.updated_at, self._keep_bodies)
        packed["source"], source_at = self._packed(revision, "sources", source)
        request_at = None
        if request is not None:
            packed["request"], request_at = self._packed(revision, "requests", msgspec.json.encode(request))
        with translated("ledger"):
            self._client.put_item(TableName=self._table, Item=to_item(packed))
        return replace(revision, source_at=source_at, request_at=request_at)

    def _packed(self, revision: Revision, folder: str, content: bytes) -> tuple[bytes | None, str | None]:
        """The compressed body, or its key in the bucket if it is large."""
        small = zlib.compress(content)
        if len(small) <= _LARGE:
            return small, None
        return None, self._payloads.put(f"{folder}/{revision.key.stored}/{body_name(revision)}", content)

    def _body(self, revision: Revision, part: str, place: str | None) -> bytes:
        if place is not None:
            return self._payloads.get(place)
        item = self._item({"pk": {"S": revision.key.stored}, "sk": {"S": body_name(revision)}})
        packed = from_item(item).get(part) if item else None
        if packed is None:
            raise no_body(revision, part)
        return zlib.decompress(packed)

    def _item(self, key: Item) -> Item | None:
        with translated("ledger"):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _with_note(self, read: Revision, write: Callable[[Revision], T]) -> T:
        """Write a revision as it was read; with the sighting that was noted since, if nothing else has changed."""
        try:
            return write(read)
        except Conflict:
            now = self.get(read.key, read.sequence)
            is_noted_only = now is not None and (now.state, now.updated_at) == (read.state, read.updated_at)
            if now is None or not is_noted_only or _noted(now) == _noted(read):
                raise
        return write(replace(read, seen_at=now.seen_at, visma_version=now.visma_version))

    def _put_owned(self, read: Revision, moved: Revision, transaction_id: str) -> bool:
        """Write a revision and its ownership of a transaction; False when another document owns that."""
        names = dict.fromkeys(filter(None, (transaction_id, moved.listed_as)))
        writes = [
            {"TableName": self._table, "Item": revision_item(moved), **_as_read(read)},
            *(self._owner_write(name, read) for name in names),
        ]
        if not transaction_id.isdigit():
            writes.append({"TableName": self._table, "Item": _posted_item(read, moved, transaction_id)})
        try:
            with translated("ledger"):
                self._client.transact_write_items(TransactItems=[{"Put": write} for write in writes])  # type: ignore[typeddict-item]
        except ConditionFailed as failed:
            if failed.which[0]:
                raise _changed(read) from None
            return False
        return True

    def _owner_write(self, transaction_id: str, revision: Revision) -> dict[str, Any]:
        owner = to_item({"document": revision.key.stored, "sequence": revision.sequence})
        return {
            "TableName": self._table,
            "Item": {**_owner_key(transaction_id), **owner},
            "ConditionExpression": "attribute_not_exists(pk) OR #document = :document",
            "ExpressionAttributeNames": {"#document": "document"},
            "ExpressionAttributeValues": {":document": owner["document"]},
        }

    def _put(
        self,
        revision: Revision,
        condition: dict[str, Any],
        note: Item | None = None,
        *,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        """Write a revision and supersede others, in one call (DynamoDB: 100 writes; no document has as many)."""
        write = {"TableName": self._table, "Item": revision_item(revision) | (note or {}), **condition}
        others = [
            {
                "TableName": self._table,
                "Item": revision_item(_moved(one, State.SUPERSEDED, revision.updated_at, OUTDATED, {})),
                **_unchanged(one),
            }
            for one in supersedes
        ]
        try:
            with translated("ledger"):
                if others:  # AWS bills a transaction twice
                    self._client.transact_write_items(TransactItems=[{"Put": each} for each in (write, *others)])  # type: ignore[typeddict-item]
                else:
                    self._client.put_item(**write)
        except ConditionFailed as failed:
            raise _changed((revision, *supersedes)[failed.which.index(True)]) from None


_NEW = {"ConditionExpression": "attribute_not_exists(pk)"}


_TRANSACTION = "transaction#"


def _still(state: State) -> dict[str, Any]:
    return {
        "ConditionExpression": "#state = :was",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":was": {"S": state.value}},
    }


def _unchanged(seen: Revision) -> dict[str, Any]:
    return {
        "ConditionExpression": "#state = :was AND updated_at = :seen",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":was": {"S": seen.state.value},
            ":seen": {"S": time_text(seen.updated_at)},
        },
    }


def _as_read(read: Revision) -> dict[str, Any]:
    """That a revision is unchanged, and was not noted as seen again since (`noted`, until it is written again)."""
    condition = _unchanged(read)
    condition["ConditionExpression"] += " AND (attribute_not_exists(noted) OR noted = :noted)"
    condition["ExpressionAttributeValues"][":noted"] = _noted(read)
    return condition


def _noted(seen: Revision) -> dict[str, str]:
    """The last sighting of a revision, to be compared: what it is made of is packed."""
    at = time_text(seen.seen_at) if seen.seen_at is not None else ""
    return {"S": f"{at} {seen.visma_version or ''}"}


def _moved(revision: Revision, to: State, now: datetime, note: str, changes: Mapping[str, Any]) -> Revision:
    if to is not revision.state and not may_move(revision.state, to):
        raise Conflict(f"A revision in state {revision.state} cannot become {to}.", document=str(revision.key))
    return replace(
        revision,
        state=to,
        updated_at=now,
        claim_until=None,
        history=(*revision.history, Event(now, to, note))[-_HISTORY:],
        **changes,
    )


def _changed(revision: Revision) -> Conflict:
    return Conflict(
        f"Revision {revision.sequence} was changed meanwhile, by somebody else or by the stack; nothing of yours was "
        "written.",
        document=str(revision.key),
        next_step=f"Look at it again: connector documents show {revision.key}",
    )


def no_body(revision: Revision, part: str) -> Transient | PayloadLost:
    """The error for a missing body: it is not written yet, or has expired."""
    if revision.state is State.CHANGING:
        return Transient(f"The {part} of revision {revision.sequence} is still to come.", document=str(revision.key))
    return PayloadLost(
        f"The {part} of revision {revision.sequence} is no longer kept.",
        document=str(revision.key),
        next_step="Look it up in Visma and at Orderful. If it waits for a person, then: connector documents close "
        f"{revision.key}",
    )


def _owner_key(transaction_id: str) -> Item:
    return {"pk": {"S": f"{_TRANSACTION}{transaction_id}"}, "sk": {"S": "owner"}}


def _number_key(revision: Revision) -> dict[str, str]:
    parts = (revision.transaction_type, revision.sender_id, revision.receiver_id, revision.business_number)
    return {"S": "#".join(["number", *(part or "" for part in parts)])}


def _posted_item(claimed: Revision, recorded: Revision, transaction_id: str) -> Item:
    return {
        "pk": _number_key(claimed),
        "sk": {"S": transaction_id},
        **to_item(
            {
                "document": claimed.key.stored,
                "sequence": claimed.sequence,
                "begun": time_text(claimed.updated_at),
                "ended": time_text(recorded.updated_at),
                "listed_as": recorded.listed_as,
            }
        ),
    }


def _revision_key(key: DocumentKey, sequence: int) -> Item:
    return {"pk": {"S": key.stored}, "sk": {"S": f"{_REVISION}{sequence:08d}"}}


def body_name(revision: Revision) -> str:
    """The sort key of a revision's bodies."""
    return f"body#{revision.sequence:08d}#{revision.revision_id[:16]}"


def _event(event: Event) -> dict[str, str]:
    return {"at": time_text(event.at), "state": str(event.state), "note": note_forms.shortened(event.note)}


def revision_item(revision: Revision) -> Item:
    """A revision in the storage format."""
    values: dict[str, Any] = {}
    packed: dict[str, Any] = {"history": [_event(event) for event in revision.history]}
    for name in _STORED:
        value = getattr(revision, name)
        # A False flag is not written: AWS bills a record by its size.
        if value is not None and value is not False:
            place = values if name in _PLAIN else packed
            place[name] = time_text(value) if isinstance(value, datetime) else value
    values |= {
        "pk": revision.key.stored,
        "sk": f"{_REVISION}{revision.sequence:08d}",
        "packed": zlib.compress(msgspec.json.encode(packed), zlib.Z_BEST_COMPRESSION),
        "updated": place_of(revision),
        "open_state": list_of(revision),
    }
    return to_item(values)


class _Packed(msgspec.Struct):
    """What of the packed fields a list needs."""

    counterparty: str | None = None
    reason_code: str | None = None
    concern: str | None = None


_decode_packed = msgspec.json.Decoder(_Packed).decode


def listed_revision(item: Item) -> ListedRevision:
    """Read of a revision in the storage format what a list needs."""
    if "packed" not in item:
        return ListedRevision.of(read_revision(item))
    packed = _decode_packed(zlib.decompress(item["packed"]["B"]))
    return ListedRevision(
        key=DocumentKey.parse(item["pk"]["S"]),
        sequence=int(item["sk"]["S"].removeprefix(_REVISION)),
        state=State(item["state"]["S"]),
        place=item["updated"]["S"],
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        updated_at=datetime.fromisoformat(item["updated_at"]["S"]),
        partner=_text(item, "partner"),
        counterparty=packed.counterparty,
        waits_for=_text(item, "waits_for"),
        reason_code=packed.reason_code,
        attention=_text(item, "attention"),
        concern=packed.concern,
        whole=partial(read_revision, item),
    )


def _text(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None


def read_revision(item: Item) -> Revision:
    """Read a revision from the storage format."""
    stored = from_item(item)
    # An earlier release wrote every field, and the history, as attributes of their own.
    stored |= msgspec.json.decode(zlib.decompress(stored["packed"])) if "packed" in stored else {}
    values: dict[str, Any] = {name: stored[name] for name in _NAMES if name in stored}
    for name in _TIMES & values.keys():
        values[name] = read_time(values[name])
    for name, enum in _ENUMS.items():
        if name in values:
            values[name] = enum(values[name])
    values |= _change_of_earlier_release(values)
    # An earlier release stored only the sentence.
    is_nothing_new = values["state"] is State.SKIPPED and values.get("reason") == NOTHING_NEW
    values["reads_as_sent"] = is_nothing_new or values.get("reads_as_sent", False)
    values["sequence"] = int(stored["sk"].removeprefix(_REVISION))
    values["attempts"] = int(values.get("attempts", 0))
    if "withdraws" in values:
        values["withdraws"] = int(values["withdraws"])
    values["key"] = DocumentKey.parse(stored["pk"])
    values["history"] = tuple(
        Event(
            datetime.fromisoformat(each["at"]),
            CAPTURED if each["state"] == CAPTURED else State(each["state"]),
            note_forms.expanded(each["note"]),
        )
        for each in [*stored["history"], *stored.get("recent", ())]
    )
    return Revision(**values)


def _change_of_earlier_release(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that an earlier release did not store for a revision of a partner's change.

    It stored the id of the 860 as `transaction_id`; such a revision was never translated, so it has no type. The result
    of the change follows from other fields: the content to be sent, or the row version of the write.
    """
    if "transaction_id" not in values or "transaction_type" in values:
        return {}
    found: dict[str, Any] = {"transaction_id": None, "change_id": values["transaction_id"]}
    if values["state"] not in {State.CHANGING, State.AGREED}:
        was_written = ChangeResult.KNOWN_ALREADY if values.get("visma_version") else ChangeResult.NOT_WRITTEN
        found["change_result"] = ChangeResult.FULL_RESEND if values["revision_id"] else was_written
    return found


# -- what the ledger and the changes share: the index, and reading by key ----------------------------------------------


def items_of(client: DynamoDBClient, table: str, keys: Sequence[Item]) -> Iterator[Item]:
    """Those of the items that are there, in no order (strongly consistent).

    DynamoDB: 100 keys a call; an answer names the unprocessed keys.
    """
    waiting = list(keys)
    while waiting:
        asked, waiting = waiting[:_MAX_KEYS], waiting[_MAX_KEYS:]
        with translated("ledger"):
            answer = client.batch_get_item(RequestItems={table: {"Keys": asked, "ConsistentRead": True}})
        yield from answer["Responses"].get(table, [])
        left = answer.get("UnprocessedKeys", {}).get(table)
        if left and len(left["Keys"]) == len(asked):
            raise Transient("The ledger is too busy to be read.")
        waiting += left["Keys"] if left else []


def open_items(
    client: DynamoDBClient,
    table: str,
    open_state: str,
    *,
    after: str = "",
    before: str | None = None,
    at_once: int | None = None,
) -> Iterator[Item]:
    """The rows under an `open_state`, in the order of the index, read a hundred at a time.

    Rows that left the list since the index was read are left out. Only sort keys after `after` (empty: from the
    beginning) and before `before` are read. `at_once` is the most keys in one call, if no more rows are needed.
    """
    for page in _open_pages(client, table, open_state, after=after, before=before, at_once=at_once):
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in page["Items"]]
        for start in range(0, len(keys), _MAX_KEYS):
            for item in _in_order(client, table, keys[start : start + _MAX_KEYS]):
                if item.get("open_state") == {"S": open_state}:
                    yield item


def count_open(client: DynamoDBClient, table: str, open_state: str) -> Waiting:
    """How many rows are under an `open_state`, at most about `MAX_COUNTED`, and the time of the first one."""
    count, oldest = 0, None
    for page in _open_pages(client, table, open_state):
        count += len(page["Items"])
        if oldest is None and page["Items"]:
            oldest = timestamp_at(page["Items"][0]["updated"]["S"])
        if count >= MAX_COUNTED:
            break
    return Waiting(count, oldest)


def _open_pages(
    client: DynamoDBClient,
    table: str,
    open_state: str,
    *,
    after: str = "",
    before: str | None = None,
    at_once: int | None = None,
) -> Iterator[Any]:
    values = {":state": {"S": open_state}}
    condition = "open_state = :state"
    if before is not None:
        # BETWEEN includes both ends: the first possible sort key after `after`, the last one before `before`.
        condition += " AND updated BETWEEN :first AND :last"
        values |= {":first": {"S": f"{after} " if after else " "}, ":last": {"S": before}}
    pages = clients.pages(
        client.query,
        TableName=table,
        IndexName=INDEX,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        **({} if at_once is None else {"Limit": at_once}),
    )
    with translated("ledger"):
        yield from pages


def _in_order(client: DynamoDBClient, table: str, keys: Sequence[Item]) -> Iterator[Item]:
    found = {(item["pk"]["S"], item["sk"]["S"]): item for item in items_of(client, table, keys)}
    for key in keys:
        item = found.get((key["pk"]["S"], key["sk"]["S"]))
        if item is not None:
            yield item
