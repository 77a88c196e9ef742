"""Write units of DynamoDB, counted from the items that the connector's own client writes.

DynamoDB bills a write by the size of the item, rounded up to whole KB, the larger of before and after (AWS, DynamoDB
Developer Guide, "Read and write operations"; read 2026-11-28). A transaction costs twice. An index is written when the
item's entry in it appears, disappears or changes: once for each of these, twice when a key of the index changes, since
the old entry is deleted and a new one put, and not at all when no projected attribute changes ("Write capacity units"
of global secondary indexes; read 2026-11-28). A transaction's two writes of an item prepare and commit it; the index
follows the commit, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import boto3

Item = dict[str, dict[str, Any]]

_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
_KB = 1024
_NO_INDEX: Any = {"KeySchema": [{"AttributeName": ""}], "Projection": {"ProjectionType": "KEYS_ONLY"}}


def size_of(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of an item as DynamoDB counts them (AWS, "DynamoDB item sizes and formats"; read 2026-11-28)."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return len(held.lstrip("-0").replace(".", "")) // 2 + 2
        case "B":
            return len(held)
        case "M":
            return 3 + len(held) + size_of(held)
        case "L":
            return 3 + len(held) + sum(map(_size, held))
        case _:
            return 1


def units(*sizes: int) -> int:
    """Units of one write: whole KB of the larger size, at least one."""
    return max(1, *(-(-size // _KB) for size in sizes))


class WriteUnits:
    """Counts what each writing call of a client costs.

    Attributes:
        spent: Units by what they were spent on: `item` or `index`, with the operation.
        by_item: Units by the sort key's first part: which kind of item they were spent on.
    """

    def __init__(self, client: Any, table: str) -> None:
        """Count the calls of `client` from now on; `table` is read before and after each with a client of our own."""
        self.spent: Counter[str] = Counter()
        self.by_item: Counter[str] = Counter()
        self._table = table
        self._reader: Any = boto3.client("dynamodb")
        described = self._reader.describe_table(TableName=table)["Table"]
        (index,) = described.get("GlobalSecondaryIndexes") or [_NO_INDEX]
        self._index_keys = [key["AttributeName"] for key in index["KeySchema"]]
        self._projection: list[str] | None = None
        if index["Projection"]["ProjectionType"] != "ALL":
            keys = [key["AttributeName"] for key in described["KeySchema"]]
            self._projection = [*keys, *self._index_keys, *index["Projection"].get("NonKeyAttributes", ())]
        self._before: list[tuple[Item, Item | None]] = []
        for operation in _WRITES:
            client.meta.events.register(f"provide-client-params.dynamodb.{operation}", self._begin)
            client.meta.events.register(f"after-call.dynamodb.{operation}", self._end)

    @property
    def total(self) -> int:
        """All units so far."""
        return sum(self.spent.values())

    def _begin(self, params: Mapping[str, Any], **_: Any) -> None:
        is_ours = params.get("TableName", self._table) == self._table
        self._before = [(key, self._read(key)) for key in _keys(params)] if is_ours else []

    def _end(self, model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
        twice = 2 if model.name == "TransactWriteItems" else 1
        for key, before in self._before:
            after = before if "Error" in parsed else self._read(key)
            kind = key["sk"]["S"].split("#")[0]
            written = units(size_of(before or {}), size_of(after or {})) * twice
            indexed = 0 if "Error" in parsed else self._indexed(before, after)
            self.spent[f"item {model.name}"] += written
            self.spent[f"index {model.name}"] += indexed
            self.by_item[kind] += written + indexed

    def _indexed(self, before: Item | None, after: Item | None) -> int:
        old, new = self._entry(before), self._entry(after)
        if old == new:
            return 0
        if old is None or new is None:
            return units(size_of(old or new or {}))
        if any(old[key] != new[key] for key in self._index_keys):
            return units(size_of(old)) + units(size_of(new))
        return units(size_of(old), size_of(new))

    def _entry(self, item: Item | None) -> Item | None:
        """The item's entry in the index, if it has one."""
        if item is None or any(key not in item for key in self._index_keys):
            return None
        if self._projection is None:
            return item
        return {name: item[name] for name in self._projection if name in item}

    def _read(self, key: Item) -> Item | None:
        item: Item | None = self._reader.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return item


def _keys(params: Mapping[str, Any]) -> Iterable[Item]:
    """The keys of the items that a call writes."""
    if "TransactItems" in params:
        items = [write["Put"]["Item"] for write in params["TransactItems"]]
    else:
        items = [params.get("Item") or params["Key"]]
    return [{name: item[name] for name in ("pk", "sk")} for item in items]
