"""Findings and progress of reconciliation: items of the table of cursors, in a partition of their own.

    sk = run                the progress of the last run, and its lease
    sk = begun              when each company was first reconciled, and since when what comes in is looked for
    sk = finding#<id>       one finding; `closed` has the finding as a person closed it
    sk = seen#<part>        what a part of the run has seen: ids of transactions, or keys of documents
    sk = backfill           the progress of the last backfill

No company has the name of the partition, because names of companies begin with a letter or digit. DynamoDB: an item
holds 400 KB; 100,000 ids take about 300 KB compressed, because they are consecutive numbers.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import Item, from_item, time_text, to_item
from connector.domain.errors import Conflict
from connector.domain.reconcile.finding import Finding
from connector.services.reconcile.ports import BackfillProgress, Progress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION = "#reconcile"
_RUN, _BEGUN, _FINDING, _SEEN, _BACKFILL = "run", "begun", "finding#", "seen#", "backfill"
_NEVER = "0000"

_finding = msgspec.json.Decoder(Finding).decode
_progress = msgspec.json.Decoder(Progress).decode
_backfill = msgspec.json.Decoder(BackfillProgress).decode
_times = msgspec.json.Decoder(dict[str, datetime]).decode
_names = msgspec.json.Decoder(frozenset[str]).decode


class DynamoFindingBook(clients.OnDynamoDB):
    """The `FindingBook` port over the table of cursors."""

    def __init__(self, table: str, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        super().__init__(client)

    def take(self, *, now: datetime, lease: timedelta) -> None:
        """Take the lease for a run; raises `Conflict` while another one runs."""
        try:
            self._set(
                "lease_until = :until",
                {":until": time_text(now + lease), ":now": time_text(now)},
                condition="attribute_not_exists(lease_until) OR lease_until < :now",
            )
        except ConditionFailed:
            raise Conflict("Another reconciliation is running.") from None

    def give_back(self) -> None:
        self._set("lease_until = :until", {":until": _NEVER})

    def progress(self) -> Progress | None:
        packed = self._body(_RUN)
        return None if packed is None else _progress(packed)

    def keep(self, progress: Progress) -> None:
        self._set("body = :body", {":body": _packed(progress)})

    def findings(self) -> Sequence[Finding]:
        pages = clients.pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :finding)",
            ExpressionAttributeValues={":pk": {"S": PARTITION}, ":finding": {"S": _FINDING}},
            ConsistentRead=True,
        )
        with translated("cursor table"):
            items = [from_item(item) for page in pages for item in page["Items"]]
        return [_read(item) for item in items]

    def put(self, finding: Finding) -> None:
        body = _packed(finding)
        what = "body = :body" if finding.is_open else "body = :body, closed = :body"
        self._set(what, {":body": body}, name=f"{_FINDING}{finding.finding_id}")

    def remove(self, finding: Finding) -> None:
        with translated("cursor table"):
            self._client.delete_item(TableName=self._table, Key=_key(f"{_FINDING}{finding.finding_id}"))

    def seen(self, name: str) -> frozenset[str]:
        packed = self._body(f"{_SEEN}{name}")
        return frozenset() if packed is None else _names(packed)

    def keep_seen(self, name: str, seen: frozenset[str]) -> None:
        self._put(f"{_SEEN}{name}", _packed(sorted(seen)))

    def forget_seen(self, name: str) -> None:
        with translated("cursor table"):
            self._client.delete_item(TableName=self._table, Key=_key(f"{_SEEN}{name}"))

    def beginnings(self) -> dict[str, datetime]:
        packed = self._body(_BEGUN)
        return {} if packed is None else _times(packed)

    def keep_beginnings(self, beginnings: dict[str, datetime]) -> None:
        self._put(_BEGUN, _packed(beginnings))

    def backfill(self) -> BackfillProgress | None:
        packed = self._body(_BACKFILL)
        return None if packed is None else _backfill(packed)

    def keep_backfill(self, progress: BackfillProgress) -> None:
        self._put(_BACKFILL, _packed(progress))

    def _body(self, name: str) -> bytes | None:
        with translated("cursor table"):
            item = self._client.get_item(TableName=self._table, Key=_key(name), ConsistentRead=True).get("Item")
        packed = from_item(item).get("body") if item else None
        return None if packed is None else zlib.decompress(packed)

    def _put(self, name: str, body: bytes) -> None:
        with translated("cursor table"):
            self._client.put_item(TableName=self._table, Item={**_key(name), **to_item({"body": body})})

    def _set(self, what: str, values: Mapping[str, Any], *, name: str = _RUN, condition: str | None = None) -> None:
        given: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        with translated("cursor table"):
            self._client.update_item(
                TableName=self._table,
                Key=_key(name),
                UpdateExpression=f"SET {what}",
                ExpressionAttributeValues=to_item(dict(values)),
                **given,
            )


def _key(name: str) -> Item:
    return {"pk": {"S": PARTITION}, "sk": {"S": name}}


def _read(item: Mapping[str, Any]) -> Finding:
    """A finding of the table. A run writes `body` only, so that a person's close is kept."""
    finding = _finding(zlib.decompress(item["body"]))
    return finding.closed_like(_finding(zlib.decompress(item["closed"]))) if "closed" in item else finding


def _packed(value: Any) -> bytes:
    return zlib.compress(msgspec.json.encode(value))
