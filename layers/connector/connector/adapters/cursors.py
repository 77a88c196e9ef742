"""Cursors over DynamoDB: one item per company and list, taken under a lease with a fencing number.

    acquire: lease_until < now (or no item)  ->  lease_until = now + lease, fence + 1
    save:    fence is still ours             ->  new state; the lease ends at once if released

A poll that outlived its lease finds a higher fence and cannot write.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters import aws
from connector.adapters.aws_errors import is_failed_condition, translated
from connector.adapters.items import Item, from_item, read_time, time_text, to_item
from connector.domain.cursor import Cursor
from connector.domain.errors import Conflict
from connector.services.ports import CursorLease, CursorView

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NEVER = "0000"


class DynamoCursors:
    """The `Cursors` port over one table (`pk` company, `sk` list)."""

    def __init__(self, table: str, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        self._given = client

    def acquire(self, company: str, resource: StrEnum, *, now: datetime, lease: timedelta) -> CursorLease:
        """Take a cursor; `Conflict` while another poll holds it."""
        try:
            with translated("cursor table"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key(company, resource),
                    ConditionExpression="attribute_not_exists(lease_until) OR lease_until < :now",
                    UpdateExpression="SET lease_until = :until ADD fence :one",
                    ExpressionAttributeValues=to_item(
                        {":now": time_text(now), ":until": time_text(now + lease), ":one": 1}
                    ),
                    ReturnValues="ALL_NEW",
                )
        except Exception as error:
            if not is_failed_condition(error):
                raise
            raise Conflict(f"Another poll of {company} {resource.value} is running.") from None
        values = from_item(answer["Attributes"])
        return CursorLease(
            company, resource, int(values["fence"]), _cursor(values), read_time(values.get("not_before"))
        )

    def save(self, lease: CursorLease, cursor: Cursor, *, release: bool, not_before: datetime | None = None) -> None:
        """Write a cursor; `Conflict` when the lease was taken over."""
        values: dict[str, Any] = {
            ":fence": lease.fence,
            ":state": zlib.compress(msgspec.json.encode(cursor)),
            ":until": _NEVER,
            ":not_before": time_text(not_before) if not_before else "",
        }
        sets = ["cursor_state = :state", "not_before = :not_before"]
        if release:
            sets.append("lease_until = :until")
        else:
            del values[":until"]
        try:
            with translated("cursor table"):
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(lease.company, lease.resource),
                    ConditionExpression="fence = :fence",
                    UpdateExpression="SET " + ", ".join(sets),
                    ExpressionAttributeValues=to_item(values),
                )
        except Exception as error:
            if not is_failed_condition(error):
                raise
            raise Conflict(f"Another poll took over {lease.company} {lease.resource.value}.") from None

    def all_cursors(self) -> Sequence[CursorView]:
        """Every cursor, by company and list."""
        views = []
        with translated("cursor table"):
            for page in self._client.get_paginator("scan").paginate(TableName=self._table):
                for item in page["Items"]:
                    values = from_item(item)
                    cursor = _cursor(values)
                    until = values.get("lease_until", _NEVER)
                    views.append(
                        CursorView(
                            company=values["pk"],
                            resource=values["sk"],
                            watermark=cursor.watermark,
                            caught_up_at=cursor.caught_up_at,
                            locked_until=None if until == _NEVER else read_time(until),
                            unfinished=cursor.scan is not None,
                            remembered=len(cursor.known),
                            waiting=len(cursor.waiting),
                        )
                    )
        return sorted(views, key=lambda view: (view.company, view.resource))

    @property
    def _client(self) -> DynamoDBClient:
        return self._given or aws.dynamodb()


def _key(company: str, resource: StrEnum) -> Item:
    return {"pk": {"S": company}, "sk": {"S": resource.value}}


def _cursor(values: dict[str, Any]) -> Cursor:
    packed = values.get("cursor_state")
    return msgspec.json.decode(zlib.decompress(packed), type=Cursor) if packed else Cursor()
