"""The health of the lists, as one item of the table of cursors for each share of the companies.

With one item for many companies, 2,000 of them cost one small write at the beginning of a run and one of some dozens
of KB at its end. DynamoDB: an item holds 400 KB. If the record is larger, the problems are left out; the log has them.

    pk = #health   sk = poll_visma     begun, ended, lists; shares, divided (how many there are, and since when)
                   sk = poll_visma#1   begun, ended, lists; looked (when the first share's run looked at it)
                   sk = turn, turn#1   following (where the next run begins), read (companies of the last run)
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import Item, from_item, read_time, time_text, to_item
from connector.domain.polling.shares import ALL, Share
from connector.services.list_health import ListHealth, PollRecord, Turn, all_shares

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION = "#health"
"""Partition of the record. No company has this name, because names of companies begin with a letter or digit."""

_MAX_BYTES = 380_000
_decode = msgspec.json.Decoder(tuple[ListHealth, ...]).decode


class DynamoHealth(clients.OnDynamoDB):
    """The `HealthBook` port over the table of cursors."""

    def __init__(self, table: str, client: DynamoDBClient | None = None, share: Share = ALL) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        self._share = share
        super().__init__(client)

    def of(self, share: Share) -> DynamoHealth:
        """The book of a share."""
        return DynamoHealth(self._table, self._given, share)

    def begin(self, *, now: datetime) -> PollRecord:
        """Record that a run begins. Returns the record before that."""
        if self._share.number:
            return self._update("SET begun = :now", {":now": time_text(now)}, "ALL_OLD")
        values = {":now": time_text(now), ":shares": self._share.of}
        before = self._update("SET begun = :now, shares = :shares", values, "ALL_OLD")
        if before.shares != self._share.of:
            self._update("SET divided = :now", {":now": time_text(now)}, "NONE")
        return before

    def look(self, *, now: datetime) -> PollRecord:
        """The present record of this share: the poller may write to its table, not read it."""
        return self._update("SET looked = :now", {":now": time_text(now)}, "ALL_NEW")

    def end(self, lists: Sequence[ListHealth], *, now: datetime) -> None:
        """Store the result of a run."""
        packed = _packed(lists)
        if len(packed) > _MAX_BYTES:
            packed = _packed([msgspec.structs.replace(one, problem=None) for one in lists])
        self._update("SET ended = :now, lists = :lists", {":now": time_text(now), ":lists": packed}, "NONE")

    def read(self) -> PollRecord:
        """The present record, with the lists of all shares."""
        first = self._read(self._share)
        return all_shares(first, map(self._read, Share(0, first.shares).others))

    def _read(self, share: Share) -> PollRecord:
        with translated("cursor table"):
            return _record(self._client.get_item(TableName=self._table, Key=_key("poll_visma", share)).get("Item"))

    def take_turn(self) -> Turn:
        """The places behind those of the run before. A run that never ends has taken as many as the one before it."""
        with translated("cursor table"):
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key("turn", self._share),
                UpdateExpression="SET following = if_not_exists(following, :none) + if_not_exists(#read, :one)",
                ExpressionAttributeNames={"#read": "read"},
                ExpressionAttributeValues={":none": {"N": "0"}, ":one": {"N": "1"}},
                ReturnValues="ALL_OLD",
            )
        before = from_item(answer.get("Attributes", {}))
        begin = int(before.get("following", 0))
        return Turn(begin, begin + int(before.get("read", 1)))

    def end_turn(self, turn: Turn, *, read: int) -> None:
        """Note how many were read, and where the next run begins, if none has begun since."""
        values: dict[str, Any] = {":read": {"N": str(read)}}
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": _key("turn", self._share),
            "ExpressionAttributeNames": {"#read": "read"},
        }
        try:
            with translated("cursor table"):
                self._client.update_item(
                    **request,
                    ConditionExpression="following = :expected",
                    UpdateExpression="SET #read = :read, following = :following",
                    ExpressionAttributeValues={
                        **values,
                        ":expected": {"N": str(turn.expected)},
                        ":following": {"N": str(turn.begin + read)},
                    },
                )
        except ConditionFailed:
            with translated("cursor table"):
                self._client.update_item(
                    **request, UpdateExpression="SET #read = :read", ExpressionAttributeValues=values
                )

    def _update(self, expression: str, values: dict[str, Any], returned: Any) -> PollRecord:
        with translated("cursor table"):
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key("poll_visma", self._share),
                UpdateExpression=expression,
                ExpressionAttributeValues=to_item(values),
                ReturnValues=returned,
            )
        return _record(answer.get("Attributes"))


def _key(record: str, share: Share) -> Item:
    return {"pk": {"S": PARTITION}, "sk": {"S": f"{record}#{share.number}" if share.number else record}}


def _packed(lists: Sequence[ListHealth]) -> bytes:
    return zlib.compress(msgspec.json.encode(lists))


def _record(item: Item | None) -> PollRecord:
    values = from_item(item) if item else {}
    lists = _decode(zlib.decompress(values["lists"])) if "lists" in values else ()
    return PollRecord(
        begun_at=read_time(values.get("begun")),
        ended_at=read_time(values.get("ended")),
        lists=lists,
        shares=int(values.get("shares", 1)),
        divided_at=read_time(values.get("divided")),
    )
