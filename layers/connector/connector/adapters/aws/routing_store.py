"""The applied routing in DynamoDB: content-addressed versions in compressed parts, and one pointer to the current one.

    pk=version#<sha>  sk=part#0..n    body (zlib of the JSON, at most 350 KB), parts, created_at   body never changed
    pk=current        sk=current      version, previous, applied_at                                moved conditionally

Both also keep `applied_by` and `caller`, who applied that version last: the name given and the ARN that AWS tells.

A reader sees the old version whole or the new one whole: the pointer moves only after every part is written.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.domain.errors import Conflict, Misconfigured, NoRouting
from connector.domain.routing.resolve import Routing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from connector.services.ports import Clock

PART_BYTES = 350_000
"""DynamoDB: an item holds at most 400 KB, names included."""

POINTER_AGE = timedelta(seconds=60)
"""How long a worker trusts that no other routing was applied."""

_TABLE = "routing table"
_POINTER: dict[str, Any] = {"pk": {"S": "current"}, "sk": {"S": "current"}}


@dataclass(frozen=True, slots=True)
class Applied:
    """A routing in force.

    Attributes:
        by: The name that the person who applied it typed; None where none is stored.
        caller: Who AWS says it was (ARN); None likewise.
    """

    version: str
    at: datetime
    by: str | None
    caller: str | None


class RoutingStore:
    """Reads and replaces the applied routing."""

    def __init__(self, table_name: str, clock: Clock, *, client: DynamoDBClient | None = None) -> None:
        """Name the table; the client is made at first use unless one is given."""
        self._table = table_name
        self._clock = clock
        self._given = client
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
        replacing: str | None = None,
        by: str | None = None,
        caller: str | None = None,
    ) -> str:
        """Write `data` as a new version and put it in force; older versions stay.

        Args:
            data: A checked routing file as plain JSON.
            now: When it is applied.
            replacing: The version that the person saw when deciding; without it, the one in force now.
            by: The name of the person, kept with the version and with what is in force.
            caller: Who AWS says it was (ARN), kept likewise.

        Returns:
            The version.

        Raises:
            Conflict: another version was put in force meanwhile.
        """
        routing = Routing.from_data(data)
        seen = replacing or self.current_version()
        body = zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), level=9)
        parts = [body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES)]
        for number, part in enumerate(parts):
            item: dict[str, Any] = {
                **_part_key(routing.version, number),
                "body": {"B": part},
                "parts": {"N": str(len(parts))},
                "created_at": {"S": now.isoformat()},
                **_applied_by(by, caller),
            }
            with translated(_TABLE):
                self._client.put_item(TableName=self._table, Item=item)
        self._point_at(routing.version, seen, now, _applied_by(by, caller))
        self._routing, self._looked_at = routing, now
        return routing.version

    def applied(self) -> Applied | None:
        """When what is in force was applied, and by whom; None before the first time."""
        found = self._item(_POINTER)
        if found is None:
            return None
        at = datetime.fromisoformat(found["applied_at"]["S"])
        by, caller = (found[name]["S"] if name in found else None for name in ("applied_by", "caller"))
        return Applied(found["version"]["S"], at, by, caller)

    def _point_at(self, version: str, seen: str | None, now: datetime, applied_by: dict[str, Any]) -> None:
        pointer = {**_POINTER, "version": {"S": version}, "applied_at": {"S": now.isoformat()}, **applied_by}
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if seen is not None:
            pointer["previous"] = {"S": seen}
            condition = {
                "ConditionExpression": "version = :seen",
                "ExpressionAttributeValues": {":seen": {"S": seen}},
            }
        try:
            with translated(_TABLE):
                self._client.put_item(TableName=self._table, Item=pointer, **condition)
        except ConditionFailed:
            raise Conflict(
                "Somebody else applied another routing meanwhile.",
                next_step="Look at it with `connector config diff`, then apply again.",
            ) from None

    def _item(self, key: dict[str, Any]) -> dict[str, Any] | None:
        with translated(_TABLE):
            return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")

    def _read(self, version: str) -> dict[str, Any]:
        parts: list[bytes] = []
        expected = 1
        while len(parts) < expected:
            item = self._item(_part_key(version, len(parts)))
            if item is None:
                raise Misconfigured(
                    f"Routing version {version} is incomplete: part {len(parts)} is missing.",
                    next_step="Apply the routing file again with `connector config apply`.",
                )
            expected = int(item["parts"]["N"])
            parts.append(item["body"]["B"])
        data: dict[str, Any] = json.loads(zlib.decompress(b"".join(parts)))
        return data

    @property
    def _client(self) -> DynamoDBClient:
        return self._given or clients.dynamodb()


def _applied_by(by: str | None, caller: str | None) -> dict[str, Any]:
    return {name: {"S": value} for name, value in (("applied_by", by), ("caller", caller)) if value}


def _part_key(version: str, number: int) -> dict[str, Any]:
    return {"pk": {"S": f"version#{version}"}, "sk": {"S": f"part#{number}"}}
