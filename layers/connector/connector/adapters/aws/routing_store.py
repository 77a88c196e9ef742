"""The applied routing in DynamoDB: content-addressed versions in compressed parts, and one pointer to the current one.

    pk=version#<sha>  sk=part#0..n        body (zlib of the JSON, at most 350 KB), parts, created_at  never changed
    pk=version#<sha>  sk=applied          the entry of the history that applied it last              replaced
    pk=text#<sha>     sk=part#0..n        body (zlib of the file), parts, created_at                 never changed
    pk=current        sk=current          version, previous, applied_at, text                        moved conditionally
    pk=history        sk=<time>#<sha>     version, previous, applied_at, text, added, removed, ...   one an apply

All but the parts of a text also keep `applied_by` and `caller`: the name given and the ARN that AWS tells.

A reader sees the old version whole or the new one whole: the pointer moves only after every part is written. It moves
together with the entry of the history, or neither is written.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import from_item, time_text, to_item
from connector.domain.errors import Conflict, Misconfigured, NoRouting
from connector.domain.routing.resolve import Routing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from connector.services.ports import Clock

PART_BYTES = 350_000
"""DynamoDB: an item holds at most 400 KB, names included."""

POINTER_AGE = timedelta(seconds=60)
"""How long a worker trusts that no other routing was applied."""

WHATEVER = "*"
"""In the place of the version that an apply was compared with: it was compared with none."""

MAX_TEXT_LENGTH = 20_000_000
"""A longer file is applied, and its text is not kept."""

_TABLE = "routing table"
_POINTER: dict[str, Any] = {"pk": {"S": "current"}, "sk": {"S": "current"}}
_HISTORY = "history"
_PATHS = 20
_MAX_PATH_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """What an apply changed, in numbers, with some of the places.

    Attributes:
        added: Settings that were not there before.
        removed: Settings that are not there any more.
        changed: Settings with another value.
        paths: The first places, as the file has them.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    paths: Sequence[str] = ()

    @property
    def total(self) -> int:
        """Of all kinds."""
        return self.added + self.removed + self.changed


@dataclass(frozen=True, slots=True)
class Applied:
    """A routing that was put in force, once.

    Attributes:
        by: The name that the person who applied it typed; None where none is stored.
        caller: Who AWS says it was (ARN); None likewise.
        previous: The version that it replaced; None for the first.
        text: Names the text of the file; None where none is stored.
        difference: To `previous`; None where it was not stored.
        documents: How many documents were released; None while it is not known, or when the apply was interrupted.
        changes: The same for changes (860).
    """

    version: str
    at: datetime
    by: str | None
    caller: str | None
    _: KW_ONLY
    previous: str | None = None
    text: str | None = None
    difference: Difference | None = None
    documents: int | None = None
    changes: int | None = None


class RoutingStore(clients.OnDynamoDB):
    """Reads and replaces the applied routing."""

    def __init__(self, table_name: str, clock: Clock, *, client: DynamoDBClient | None = None) -> None:
        """Name the table; the client is made at first use unless one is given."""
        self._table = table_name
        self._clock = clock
        super().__init__(client)
        self._routing: Routing | None = None
        self._looked_at: datetime | None = None

    def load(self, *, fresh: bool = False) -> Routing:
        """The applied routing, at most `POINTER_AGE` behind the newest.

        Args:
            fresh: Look for a newer one although this one is young.

        Raises:
            NoRouting: no routing was applied yet.
            Misconfigured: the table is not there, or it may not be read.
            Transient: DynamoDB is busy.
        """
        now = self._clock.now()
        young = self._looked_at is not None and now - self._looked_at < POINTER_AGE
        if self._routing is not None and young and not fresh:
            return self._routing
        version = self.current_version()
        if version is None:
            raise NoRouting("No routing was applied yet.", next_step="Run `connector config apply connector.yaml`.")
        if self._routing is None or self._routing.version != version:
            self._routing = Routing.from_data(self._read(version), version=version)
        self._looked_at = now
        return self._routing

    def current_version(self) -> str | None:
        """The version that is in force, straight from the table; None before the first one."""
        found = self._item(_POINTER)
        return found["version"]["S"] if found else None

    def apply(
        self,
        data: dict[str, Any],
        now: datetime,
        *,
        replacing: str | None = WHATEVER,
        by: str | None = None,
        caller: str | None = None,
        text: bytes | None = None,
        difference: Difference | None = None,
    ) -> Applied:
        """Write `data` as a new version and put it in force; older versions stay.

        Args:
            data: A checked routing file as plain JSON.
            now: When it is applied.
            replacing: The version that it was compared with, None if there was none; `WHATEVER`: the one in force now.
            by: The name of the person, kept with the version and with what is in force.
            caller: Who AWS says it was (ARN), kept likewise.
            text: The file as a person wrote it; one above `MAX_TEXT_LENGTH` is not kept.
            difference: Of `data` to `replacing`, for the history.

        Returns:
            What was put in force, as the history has it.

        Raises:
            Conflict: another version was put in force meanwhile.
        """
        routing = Routing.from_data(data)
        found = self._item(_POINTER)
        former = _applied(found) if found else None
        seen = (former.version if former else None) if replacing == WHATEVER else replacing
        kept = None if text is None or len(text) > MAX_TEXT_LENGTH else hashlib.sha256(text).hexdigest()[:16]
        entry = Applied(routing.version, now, by, caller, previous=seen, text=kept, difference=difference)
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        self._write_parts(_version_key(routing.version), body, now, _applied_by(by, caller))
        if kept is not None and text is not None:
            self._write_parts(_text_key(kept), text, now)
        if former is not None:
            # One that a release applied which keeps no history.
            self._keep(former, only_new=True)
        self._point_at(entry, seen)
        self._routing, self._looked_at = routing, now
        return entry

    def released(self, entry: Applied, *, documents: int, changes: int) -> None:
        """Keep with an entry of the history how much its apply released."""
        self._keep(replace(entry, documents=documents, changes=changes))

    def applied(self) -> Applied | None:
        """What is in force: when it was applied, and by whom; None before the first time."""
        return self._entry(_POINTER)

    def in_force_since(self) -> datetime | None:
        applied = self.applied()
        return applied.at if applied else None

    def applied_as(self, version: str) -> Applied | None:
        """When a version was applied last; None where that was not kept."""
        return self._entry({"pk": {"S": _version_key(version)}, "sk": {"S": "applied"}})

    def history(self, *, limit: int | None = None) -> Sequence[Applied]:
        """What was applied, newest first.

        What is in force is among it, also when a release applied it that keeps no history; what was applied before such
        a one is not known.
        """
        in_force = self.applied()
        if in_force is None:
            return ()
        kept = list(self._kept(limit))
        if not any(one.version == in_force.version and one.at == in_force.at for one in kept):
            kept.insert(0, in_force)
        return kept[:limit]

    def version(self, version: str) -> dict[str, Any] | None:
        """The data of a version that was applied, whole; None if there is none of that name."""
        if self._item(_part_key(_version_key(version), 0)) is None:
            return None
        return self._read(version)

    def text(self, name: str) -> bytes:
        """The text of a file, by the name that an entry has for it.

        Raises:
            Misconfigured: a part of it is gone.
        """
        return self._joined(_text_key(name), f"The text {name} of a routing file")

    def _entry(self, key: dict[str, Any]) -> Applied | None:
        """What a key says was applied, as the history has it: how much was released is only there."""
        found = self._item(key)
        if found is None:
            return None
        entry = _applied(found)
        kept = self._item(_history_key(entry))
        return _applied(kept) if kept else entry

    def _kept(self, limit: int | None) -> Iterator[Applied]:
        asked: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _HISTORY}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            **({} if limit is None else {"Limit": limit}),
        }
        found = 0
        while True:
            with translated(_TABLE):
                page = self._client.query(**asked)
            items = page.get("Items", [])
            yield from map(_applied, items)
            found += len(items)
            if "LastEvaluatedKey" not in page or (limit is not None and found >= limit):
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _keep(self, entry: Applied, *, only_new: bool = False) -> None:
        """Write an entry of the history; with `only_new` an entry that is there stays."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"} if only_new else {}
        with suppress(ConditionFailed), translated(_TABLE):
            self._client.put_item(TableName=self._table, Item=_history_item(entry), **condition)

    def _write_parts(self, key: str, content: bytes, now: datetime, more: dict[str, Any] | None = None) -> None:
        body = zlib.compress(content, level=9)
        parts = [body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES)]
        for number, part in enumerate(parts):
            item: dict[str, Any] = {
                **_part_key(key, number),
                "body": {"B": part},
                "parts": {"N": str(len(parts))},
                "created_at": {"S": now.isoformat()},
                **(more or {}),
            }
            with translated(_TABLE):
                self._client.put_item(TableName=self._table, Item=item)

    def _point_at(self, entry: Applied, seen: str | None) -> None:
        """Move the pointer and keep the entry of the history, both or neither."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if seen is not None:
            condition = {
                "ConditionExpression": "version = :seen",
                "ExpressionAttributeValues": {":seen": {"S": seen}},
            }
        last = {"pk": _version_key(entry.version), "sk": "applied"}
        writes: tuple[dict[str, Any], ...] = (
            {"Item": {**_POINTER, **_entry_item(entry)}, **condition},
            {"Item": _history_item(entry)},
            {"Item": {**to_item(last), **_entry_item(entry)}},
        )
        puts = [{"Put": {"TableName": self._table, **write}} for write in writes]
        try:
            with translated(_TABLE):
                self._client.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]
        except ConditionFailed:
            raise _overtaken(self.applied(), seen) from None

    def _item(self, key: dict[str, Any]) -> dict[str, Any] | None:
        with translated(_TABLE):
            return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")

    def _read(self, version: str) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self._joined(_version_key(version), f"Routing version {version}"))
        return data

    def _joined(self, key: str, what: str) -> bytes:
        parts: list[bytes] = []
        expected = 1
        while len(parts) < expected:
            item = self._item(_part_key(key, len(parts)))
            if item is None:
                raise Misconfigured(
                    f"{what} is incomplete: part {len(parts)} is missing.",
                    next_step="Apply the routing file again with `connector config apply`.",
                )
            expected = int(item["parts"]["N"])
            parts.append(item["body"]["B"])
        return zlib.decompress(b"".join(parts))


def _applied_by(by: str | None, caller: str | None) -> dict[str, Any]:
    return {name: {"S": value} for name, value in (("applied_by", by), ("caller", caller)) if value}


def _applied(item: dict[str, Any]) -> Applied:
    """An entry back from the pointer, the history or a version."""
    values = from_item(item)
    difference = None
    if "added" in values:
        added, removed, changed = (int(values[name]) for name in ("added", "removed", "changed"))
        difference = Difference(added, removed, changed, tuple(values["paths"]))
    documents, changes = (int(values[name]) if name in values else None for name in ("documents", "changes"))
    return Applied(
        values["version"],
        datetime.fromisoformat(values["applied_at"]),
        values.get("applied_by"),
        values.get("caller"),
        previous=values.get("previous"),
        text=values.get("text"),
        difference=difference,
        documents=documents,
        changes=changes,
    )


def _entry_item(entry: Applied) -> dict[str, Any]:
    difference = entry.difference
    return {
        **to_item(
            {
                "version": entry.version,
                "previous": entry.previous,
                "applied_at": entry.at.isoformat(),
                "text": entry.text,
                "documents": entry.documents,
                "changes": entry.changes,
            }
        ),
        **_applied_by(entry.by, entry.caller),
        **(
            to_item(
                {
                    "added": difference.added,
                    "removed": difference.removed,
                    "changed": difference.changed,
                    "paths": [path[:_MAX_PATH_LENGTH] for path in difference.paths[:_PATHS]],
                }
            )
            if difference
            else {}
        ),
    }


def _history_item(entry: Applied) -> dict[str, Any]:
    return {**_history_key(entry), **_entry_item(entry)}


def _history_key(entry: Applied) -> dict[str, Any]:
    return to_item({"pk": _HISTORY, "sk": f"{time_text(entry.at)}#{entry.version}"})


def _overtaken(now: Applied | None, seen: str | None) -> Conflict:
    whose = f" by {now.by} at {now.at:%Y-%m-%d %H:%M:%SZ}" if now and now.by else ""
    found = f"version {now.version}, applied{whose}" if now else "no version"
    before = f"version {seen}" if seen else "no version"
    return Conflict(
        f"This was compared with {before}, and by now {found} is in force: somebody else applied another routing "
        "meanwhile. Nothing was put in force.",
        next_step="See what it changed with `connector config history` and `connector config diff FILE`, take it into "
        "your file, then apply again.",
    )


def _version_key(version: str) -> str:
    return f"version#{version}"


def _text_key(name: str) -> str:
    return f"text#{name}"


def _part_key(key: str, number: int) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"S": f"part#{number}"}}
