"""Cursors in DynamoDB: one item per company and list, with a lease and a fencing number.

    acquire: lease_until < now (or no item)  ->  lease_until = now + lease, fence + 1
    save:    fence is still ours             ->  new state; the lease ends at once if released

A poll whose lease has expired finds a higher fence and cannot write.

A cursor belongs to one ledger (`belongs_to`, see `table_identity.py`). With another ledger it cannot be acquired until
an operator has set it back (`connector cursors rewind`), because documents before it may be missing there.

The rows of a cursor are in the item, up to `INLINE_BYTES`. Larger ones are in the payload bucket, and the item has
their key and digest. There are two keys, which are written alternately, so the rows of the stored cursor stay unchanged
until the next cursor is stored. Rows with another digest were written by a poll that could not store its cursor; they
count as lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from connector.adapters.aws import clients
from connector.adapters.aws.cursor_format import head_of, packed, unpacked
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import Item, from_item, read_time, time_text, to_item
from connector.domain.errors import Conflict, PayloadLost, StateMismatch
from connector.domain.polling.cursor import Cursor
from connector.services.ports import CursorLease, CursorView, Payloads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INLINE_BYTES = 30_000
"""Most bytes of rows in an item: about 2,300 rows.

DynamoDB bills a write by the KB, S3 by the call, so larger rows are cheaper in the bucket. An item has at most 400 KB.
"""

_NEVER = "0000"
_PLACES = ("a", "b")


class DynamoCursors(clients.OnDynamoDB):
    """The `Cursors` port over one table (`pk` company, `sk` list)."""

    def __init__(
        self,
        table: str,
        client: DynamoDBClient | None = None,
        *,
        payloads: Payloads | None = None,
        belongs_to: Callable[[], str] | None = None,
    ) -> None:
        """Use `table`; the client is created at first use.

        Args:
            table: The table of cursors.
            client: A client to use instead of the shared one.
            payloads: The bucket; not needed to list cursors, or for cursors without rows.
            belongs_to: The identity of the ledger in force. Without it, any cursor can be acquired, and a saved cursor
                belongs to no ledger and begins another reading: the next ledger that reads the list takes it over.
        """
        self._table = table
        super().__init__(client)
        self._payloads = payloads
        self._belongs_to = belongs_to
        self._places: dict[tuple[str, str], str] = {}

    def acquire(self, company: str, resource: StrEnum, *, now: datetime, lease: timedelta) -> CursorLease:
        """Take a cursor.

        Raises:
            Conflict: another poll holds it.
            StateMismatch: it was moved with another ledger.
        """
        condition = "(attribute_not_exists(lease_until) OR lease_until < :now)"
        update = "SET lease_until = :until"
        given: dict[str, Any] = {":now": time_text(now), ":until": time_text(now + lease), ":one": 1}
        if self._belongs_to is not None:
            condition += " AND (attribute_not_exists(belongs_to) OR belongs_to = :ledger)"
            update += ", belongs_to = :ledger"
            given[":ledger"] = self._belongs_to()
        try:
            with translated("cursor table"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key(company, resource),
                    ConditionExpression=condition,
                    UpdateExpression=f"{update} ADD fence :one",
                    ExpressionAttributeValues=to_item(given),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            before = from_item(failed.item)
            if before.get("belongs_to") not in {None, given.get(":ledger")}:
                raise StateMismatch(
                    f"{company} {resource.value} was read up to its cursor with another ledger or another queue; what "
                    "was read may be missing in this one.",
                    next_step="Run connector cursors rewind --to with the time up to which the ledger is complete "
                    "(docs/restore.md).",
                ) from None
            raise Conflict(f"Another poll of {company} {resource.value} is running.") from None
        values = from_item(answer["Attributes"])
        self._places[(company, resource.value)] = values.get("rows_place", "")
        return CursorLease(
            company=company,
            resource=resource,
            fence=int(values["fence"]),
            cursor=self._cursor(values),
            not_before=read_time(values.get("not_before")),
            reading=int(values.get("reading", 0)),
        )

    def save(self, lease: CursorLease, cursor: Cursor, *, release: bool, not_before: datetime | None = None) -> None:
        """Write a cursor; raises `Conflict` when another poll has taken the lease."""
        head, rows = packed(cursor)
        values: dict[str, Any] = {
            ":fence": lease.fence,
            ":state": head,
            ":until": _NEVER,
            ":not_before": time_text(not_before) if not_before else "",
        }
        sets = ["cursor_state = :state", "not_before = :not_before"]
        removes = ["cursor_rows", "rows_at", "rows_place", "rows_digest"]
        if len(rows) > INLINE_BYTES and self._payloads is not None:
            place = _PLACES[self._places.get((lease.company, lease.resource.value)) == _PLACES[0]]
            rows_at = self._payloads.put(f"cursors/{lease.company}/{lease.resource.value}/{place}", rows)
            values |= {":rows_at": rows_at, ":place": place, ":digest": _digest(rows)}
            sets += ["rows_at = :rows_at", "rows_place = :place", "rows_digest = :digest"]
            removes = ["cursor_rows"]
        elif rows:
            values[":rows"] = rows
            sets.append("cursor_rows = :rows")
            removes.remove("cursor_rows")
        if self._belongs_to is None:
            removes.append("belongs_to")
            sets.append("reading = :fence")
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
                    UpdateExpression=f"SET {', '.join(sets)} REMOVE {', '.join(removes)}",
                    ExpressionAttributeValues=to_item(values),
                )
        except ConditionFailed:
            raise Conflict(f"Another poll took over {lease.company} {lease.resource.value}.") from None
        self._places[(lease.company, lease.resource.value)] = values.get(":place", "")

    def all_cursors(self) -> Sequence[CursorView]:
        views = []
        with translated("cursor table"):
            for page in clients.pages(self._client.scan, TableName=self._table):
                for item in page["Items"]:
                    values = from_item(item)
                    if values["pk"].startswith("#"):
                        continue  # other records of this table; no company has such a name
                    state = values.get("cursor_state")
                    head = head_of(state) if state else None
                    until = values.get("lease_until", _NEVER)
                    views.append(
                        CursorView(
                            company=values["pk"],
                            resource=values["sk"],
                            watermark=head.watermark if head else None,
                            caught_up_at=head.caught_up_at if head else None,
                            locked_until=None if until == _NEVER else read_time(until),
                            unfinished=head is not None and head.scan is not None,
                            remembered=head.remembered if head else 0,
                            waiting=head.waiting if head else 0,
                            begun_at=head.begun_at if head else None,
                            not_before=read_time(values.get("not_before")),
                        )
                    )
        return sorted(views, key=lambda view: (view.company, view.resource))

    def lift(self, company: str, resource: str) -> None:
        """Let the next poll of a list begin at once."""
        with translated("cursor table"):
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": company}, "sk": {"S": resource}},
                UpdateExpression="REMOVE not_before",
            )

    def _cursor(self, values: dict[str, Any]) -> Cursor:
        head = values.get("cursor_state")
        return unpacked(head, self._rows(values)) if head else Cursor()

    def _rows(self, values: dict[str, Any]) -> bytes | None:
        """The stored rows; None when they are lost."""
        rows_at = values.get("rows_at")
        if rows_at is None:
            rows: bytes = values.get("cursor_rows", b"")
            return rows
        if self._payloads is None:
            return None
        try:
            rows = self._payloads.get(rows_at)
        except PayloadLost:
            # Without the rows, their window is queued again: nothing is lost.
            return None
        return rows if _digest(rows) == values["rows_digest"] else None


def _key(company: str, resource: StrEnum) -> Item:
    return {"pk": {"S": company}, "sk": {"S": resource.value}}


def _digest(rows: bytes) -> str:
    return blake2b(rows, digest_size=16).hexdigest()
