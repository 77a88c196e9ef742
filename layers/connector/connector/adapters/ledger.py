"""The ledger over DynamoDB.

Items of one document, all under `pk = company#kind#number`:

    sk = rev#00000001    one revision: its state, its answers, its history
    sk = body#...        its two bodies, compressed: the Visma document as read and the request as sent

The bodies have an item of their own so that a change of state does not pay for rewriting them; a body above 100 KB
lies in the payload bucket instead. Their key holds the revision id, so that a worker that lost the race for a sequence
number cannot have put its bodies under the winner's revision. The index `by_state` holds only open revisions.

A transaction at Orderful has one owner, under `pk = transaction#id`, `sk = owner`. It is written in one call with the
revision that records the transaction, and only if the transaction has no owner yet, or the same document. While only a
UUID of it is known and not the number under which lists show it, `pk = number#type#sender#receiver#number` leads there.

Every write of a revision is conditional. A claim:

    TRANSLATED --------------------------+
    UNCONFIRMED -------------------------+--> SENDING (claim_until = now + lease, attempts + 1)
    SENDING, claim_until < now ----------+
    SENDING, claim_until >= now  -> Conflict: another worker is at it
    anything else                -> None: nothing to send
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters import aws
from connector.adapters.aws_errors import failed_conditions, is_failed_condition, translated
from connector.adapters.items import Item, from_item, read_time, time_text, to_item
from connector.adapters.payloads import S3Payloads
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, PayloadLost, Transient
from connector.domain.ledger import OPEN, Event, Owner, Posted, Revision, State, may_move
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LARGE = 100_000
_PARALLEL_READS = 8
_HISTORY = 60
_TIMES = {
    *("created_at", "updated_at", "modified_at", "seen_at", "listed_since"),
    *("claim_until", "first_attempt_at", "asked_since", "sent_at"),
}
_WORDS = {"state": State, "transaction_type": TransactionType, "dialect": Dialect, "purpose": Purpose, "stream": Stream}
_NAMES = {field.name for field in fields(Revision)}
_FLAGS = {"released", "look_up_first", "by_routing", "kept_ready"}
_MOST_KEYS = 100
_TABLE_AGE_HOLDS = timedelta(minutes=1)
"""How long the age of the table is believed: it may be deleted and made again under its name."""


class DynamoLedger:
    """The `Ledger` port over one table and one bucket."""

    def __init__(self, table: str, payloads: S3Payloads, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        self._payloads = payloads
        self._given = client
        self._created: tuple[datetime, datetime] | None = None

    # -- reading ------------------------------------------------------------------------------------------------------

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first (strongly consistent).

        DynamoDB: an answer ends at 1 MB, so a long list takes several.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :rev)",
            ExpressionAttributeValues={":pk": {"S": key.stored}, ":rev": {"S": "rev#"}},
            ScanIndexForward=False,
            ConsistentRead=True,
            PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )
        with translated("ledger"):
            return [_revision(item) for page in pages for item in page["Items"]]

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        """One revision."""
        item = self._item(_revision_key(key, sequence))
        return _revision(item) if item else None

    def request_of(self, revision: Revision) -> dict[str, Any]:
        """The body of the request; `Transient` when it cannot be read yet."""
        body = self._body(revision, "request", revision.request_at)
        request: dict[str, Any] = msgspec.json.decode(body)
        return request

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as it was read."""
        return self._body(revision, "source", revision.source_at)

    def sources_of(self, revisions: Sequence[Revision]) -> Iterator[tuple[Revision, bytes]]:
        """The Visma documents of many revisions, a hundred to a call and several calls at a time.

        What cannot be read is left out. The order is not that of `revisions`.
        """
        chunks = [revisions[start : start + _MOST_KEYS] for start in range(0, len(revisions), _MOST_KEYS)]
        _ = self._client  # created before the threads need it: creating clients is not thread-safe
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            for found in pool.map(self._sources_of_some, chunks):
                yield from found

    def _sources_of_some(self, revisions: Sequence[Revision]) -> list[tuple[Revision, bytes]]:
        of = {(one.key.stored, _body_name(one)): one for one in revisions if one.source_at is None}
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
        """Those of the items that are there. DynamoDB: 100 keys a call; an answer names what was left over."""
        waiting = list(keys)
        while waiting:
            asked, waiting = waiting[:_MOST_KEYS], waiting[_MOST_KEYS:]
            with translated("ledger"):
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": asked, "ConsistentRead": True}}
                )
            yield from map(from_item, answer["Responses"].get(self._table, []))
            left = answer.get("UnprocessedKeys", {}).get(self._table)
            if left and len(left["Keys"]) == len(asked):
                raise Transient("The ledger is too busy to be read.")
            waiting += left["Keys"] if left else []

    def posted(self, revision: Revision) -> Sequence[Posted]:
        """Transactions with this revision's type, number and parties, of which only a UUID is known."""
        pages = self._client.get_paginator("query").paginate(
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

    def in_state(self, state: State) -> Iterator[Revision]:
        """All revisions in a state; those of closed states by reading the whole table."""
        values = {":state": {"S": state.value}}
        if state in OPEN:
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="by_state",
                KeyConditionExpression="open_state = :state",
                ExpressionAttributeValues=values,
            )
        else:
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._table,
                FilterExpression="#state = :state",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=values,
            )
        with translated("ledger"):
            for page in pages:
                yield from map(_revision, page["Items"])

    # -- writing ------------------------------------------------------------------------------------------------------

    def add(self, revision: Revision, *, source: bytes, request: dict[str, Any] | None) -> None:
        """Write the bodies, then the revision: a crash between the two leaves bodies that the next try overwrites."""
        self.reserve(self._stored(revision, source, request))

    def reserve(self, revision: Revision) -> None:
        """Take the next number for content that is still to come; `Conflict` when it is taken."""
        self._put(revision, "attribute_not_exists(pk)", {}, {})

    def agreed(self, revision: Revision, *, was: State | None, source: bytes) -> None:
        """Write down content that the partner knows, in place of a reservation or as a revision of its own."""
        revision = self._stored(revision, source, None)
        if was is None:
            self.reserve(revision)
        else:
            self._put(revision, "#state = :was", {"#state": "state"}, {":was": {"S": was.value}})

    def retranslated(self, revision: Revision, *, was: State, source: bytes, request: dict[str, Any] | None) -> None:
        """Replace a revision and its bodies; `Conflict` when it left the state `was` meanwhile."""
        revision = self._stored(revision, source, request)
        self._put(revision, "#state = :was", {"#state": "state"}, {":was": {"S": was.value}})

    def claim(self, key: DocumentKey, sequence: int, *, now: datetime, lease: timedelta) -> Revision | None:
        """Take the sending of a revision; see the module's drawing."""
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
                        "SET #state = :sending, open_state = :sending, claim_until = :until, updated_at = :now, "
                        "updated = :now, first_attempt_at = if_not_exists(first_attempt_at, :now), "
                        "history = list_append(history, :event) ADD attempts :one"
                    ),
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues=to_item(
                        {
                            ":translated": State.TRANSLATED.value,
                            ":unconfirmed": State.UNCONFIRMED.value,
                            ":sending": State.SENDING.value,
                            ":now": time_text(now),
                            ":until": time_text(now + lease),
                            ":event": [event],
                            ":one": 1,
                        }
                    ),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except Exception as error:
            if not is_failed_condition(error):
                raise
            before = getattr(error, "response", {}).get("Item")
            if before and from_item(before).get("state") == State.SENDING.value:
                raise Conflict("Another worker is sending this revision.", document=str(key)) from None
            return None
        return _revision(answer["Attributes"])

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        """Move a revision; `Conflict` when somebody moved it since it was read."""
        moved = _moved(revision, to, now, note, changes)
        self._replace(revision, moved, watched=True)
        return moved

    def own(
        self, revision: Revision, to: State, *, transaction_id: str, now: datetime, note: str, **changes: Any
    ) -> Revision | None:
        """Move a revision and make it the owner of a transaction, in one call; None when that is another document's.

        The listed id, where there is one, has the same owner.
        """
        moved = _moved(revision, to, now, note, {"transaction_id": transaction_id, **changes})
        names = dict.fromkeys(filter(None, (transaction_id, moved.listed_as)))
        writes = [
            {
                "TableName": self._table,
                "Item": _item(moved, watched=True),
                "ConditionExpression": _UNCHANGED,
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": _as_seen(revision),
            },
            *(self._owner_write(name, revision) for name in names),
        ]
        if not transaction_id.isdigit():
            writes.append({"TableName": self._table, "Item": _posted_item(revision, moved, transaction_id)})
        try:
            with translated("ledger"):
                self._client.transact_write_items(TransactItems=[{"Put": write} for write in writes])  # type: ignore[typeddict-item]
        except Exception as error:
            failed = failed_conditions(error)
            if not any(failed):
                raise
            if failed[0]:
                raise _changed(revision) from None
            return None
        return moved

    def stop_watching(self, revision: Revision, *, now: datetime, note: str) -> None:
        """Take a revision off the open lists."""
        history = (*revision.history, Event(now, revision.state, note))[-_HISTORY:]
        self._replace(revision, replace(revision, updated_at=now, attention=note, history=history), watched=False)

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _stored(self, revision: Revision, source: bytes, request: dict[str, Any] | None) -> Revision:
        """Write the bodies and give the revision that knows where they lie."""
        packed: dict[str, Any] = {"pk": revision.key.stored, "sk": _body_name(revision)}
        packed["source"], source_at = self._packed(revision, "sources", source)
        request_at = None
        if request is not None:
            packed["request"], request_at = self._packed(revision, "requests", msgspec.json.encode(request))
        with translated("ledger"):
            self._client.put_item(TableName=self._table, Item=to_item(packed))
        return replace(revision, source_at=source_at, request_at=request_at)

    def _packed(self, revision: Revision, folder: str, content: bytes) -> tuple[bytes | None, str | None]:
        """The compressed body, or where it was put because it is large."""
        small = zlib.compress(content)
        if len(small) <= _LARGE:
            return small, None
        return None, self._payloads.put(f"{folder}/{revision.key.stored}/{_body_name(revision)}", content)

    def _body(self, revision: Revision, part: str, place: str | None) -> bytes:
        if place is not None:
            return self._payloads.get(place)
        item = self._item({"pk": {"S": revision.key.stored}, "sk": {"S": _body_name(revision)}})
        packed = from_item(item).get(part) if item else None
        if packed is None:
            raise Transient(
                f"The stored {part} of revision {revision.sequence} is missing.", document=str(revision.key)
            )
        return zlib.decompress(packed)

    def _item(self, key: Item) -> Item | None:
        with translated("ledger"):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _replace(self, seen: Revision, revision: Revision, *, watched: bool) -> None:
        self._put(revision, _UNCHANGED, {"#state": "state"}, _as_seen(seen), watched=watched)

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
        self, revision: Revision, condition: str, names: dict[str, str], values: Item, *, watched: bool = True
    ) -> None:
        given: dict[str, Any] = {"ConditionExpression": condition}
        if names:
            given["ExpressionAttributeNames"] = names
        if values:
            given["ExpressionAttributeValues"] = values
        try:
            with translated("ledger"):
                self._client.put_item(TableName=self._table, Item=_item(revision, watched=watched), **given)
        except Exception as error:
            if not is_failed_condition(error):
                raise
            raise _changed(revision) from None

    @property
    def _client(self) -> DynamoDBClient:
        return self._given or aws.dynamodb()


_UNCHANGED = "#state = :was AND updated_at = :seen"
_TRANSACTION = "transaction#"


def _as_seen(revision: Revision) -> Item:
    return {":was": {"S": revision.state.value}, ":seen": {"S": time_text(revision.updated_at)}}


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
    return Conflict(f"Revision {revision.sequence} was changed by another worker.", document=str(revision.key))


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
    return {"pk": {"S": key.stored}, "sk": {"S": f"rev#{sequence:08d}"}}


def _body_name(revision: Revision) -> str:
    return f"body#{revision.sequence:08d}#{revision.revision_id[:16]}"


def _event(event: Event) -> dict[str, str]:
    return {"at": time_text(event.at), "state": event.state.value, "note": event.note}


def _item(revision: Revision, *, watched: bool) -> Item:
    values: dict[str, Any] = {}
    for name in _NAMES - {"key", "history"}:
        value = getattr(revision, name)
        # A mark that is not set is not written: a record is paid by its size.
        values[name] = time_text(value) if isinstance(value, datetime) else None if value is False else value
    values |= {
        "pk": revision.key.stored,
        "sk": f"rev#{revision.sequence:08d}",
        "history": [_event(event) for event in revision.history],
        "updated": time_text(revision.updated_at),
        "open_state": revision.state.value if watched and revision.state in OPEN else None,
    }
    return to_item(values)


def _revision(item: Item) -> Revision:
    stored = from_item(item)
    values: dict[str, Any] = {name: stored[name] for name in _NAMES if name in stored}
    for name in _TIMES & values.keys():
        values[name] = read_time(values[name])
    for name, word in _WORDS.items():
        if name in values:
            values[name] = word(values[name])
    for name in ("sequence", "attempts"):
        values[name] = int(values.get(name, 0))
    if "withdraws" in values:
        values["withdraws"] = int(values["withdraws"])
    values["key"] = DocumentKey.parse(stored["pk"])
    values["history"] = tuple(
        Event(datetime.fromisoformat(each["at"]), State(each["state"]), each["note"]) for each in stored["history"]
    )
    return Revision(**values)
