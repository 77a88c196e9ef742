"""The rate limit of calls to Orderful that callbacks cause: two counters for the stack, in the ledger's table.

    pk = hints   sk = unknown    `minute` (minutes since 1970, UTC) and `used`, the calls granted in it
                 sk = recorded   the same for callbacks about transactions that are recorded

A worker that was refused does not try again within the same minute, so a flood costs few writes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# At most two workers process hints (template.yaml), so a lost race is rare; after a second one the hint waits.
_TRIES = 2


class DynamoHintBudget(clients.OnDynamoDB):
    """The `HintBudget` port: of each kind at most `a_minute` calls in each minute of the clock."""

    def __init__(self, table: str, a_minute: int, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        self._a_minute = a_minute
        super().__init__(client)
        self._spent_until = {True: _EPOCH, False: _EPOCH}

    def take(self, now: datetime, *, recorded: bool) -> timedelta | None:
        """Take one call; None when it is granted, else how long until the next minute begins."""
        if now < self._spent_until[recorded]:
            return self._spent_until[recorded] - now
        key: Item = {"pk": {"S": "hints"}, "sk": {"S": "recorded" if recorded else "unknown"}}
        minute = (now - _EPOCH) // _MINUTE
        for _ in range(_TRIES):
            stored = self._stored(key)
            used = stored[1] if stored is not None and stored[0] == minute else 0
            if used >= self._a_minute:
                break
            if self._written(key, minute, used + 1, stored):
                return None
        else:
            return self._next(minute) - now
        self._spent_until[recorded] = self._next(minute)
        return self._next(minute) - now

    def _next(self, minute: int) -> datetime:
        return _EPOCH + (minute + 1) * _MINUTE

    def _stored(self, key: Item) -> tuple[int, int] | None:
        with translated("ledger"):
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return (int(item["minute"]["N"]), int(item["used"]["N"])) if item else None

    def _written(self, key: Item, minute: int, used: int, seen: tuple[int, int] | None) -> bool:
        given: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if seen is not None:
            given = {
                "ConditionExpression": "#minute = :minute AND used = :used",
                "ExpressionAttributeNames": {"#minute": "minute"},
                "ExpressionAttributeValues": {":minute": {"N": str(seen[0])}, ":used": {"N": str(seen[1])}},
            }
        item: Item = {**key, "minute": {"N": str(minute)}, "used": {"N": str(used)}}
        try:
            with translated("ledger"):
                self._client.put_item(TableName=self._table, Item=item, **given)
        except ConditionFailed:
            return False
        return True
