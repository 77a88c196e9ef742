"""The circuit breaker and the pauses of a stack, in one item of a table.

    until, reason, since        no call until then: our credentials, the address or the version are refused
    hold_<calls>                no call of this kind until then: the remote side answered 429 with a waiting time
    pause#<company>#<partner>#<kind>   a person's pause; an empty part stands for all
    acts                        the newest `MAX_ACTS` acts by which persons continued sending
    refusal, refused_partners   the last refusal, and the partners whose documents got it in a row

A change by another worker takes effect within `BELIEVED_FOR`. No hold lasts longer than `MAX_WAIT`, whatever the
item says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import Item, from_item, read_time, time_text, to_item
from connector.adapters.http import MAX_WAIT
from connector.domain.documents import Kind
from connector.domain.errors import Conflict
from connector.domain.pause import Act, Pause, Scope, Stop
from connector.services.ports import Calls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ORDERFUL = {"pk": "breaker#orderful", "sk": "breaker"}
"""The item for Orderful, in the table of documents."""

BELIEVED_FOR = timedelta(seconds=1)
"""How long an item that was read is cached."""

MAX_ACTS = 10
"""Most acts that are kept: the item is read before each document is sent, and AWS bills its size."""

_HOLD = "hold_"
_PAUSE = "pause#"


def visma_item(company: str) -> dict[str, str]:
    """The item for one company at Visma, in the table of documents. Visma: the quota is per company and client.

    It is not in the table of access tokens, so that reading it does not need the right to read tokens.
    """
    return {"pk": f"breaker#visma#{company}", "sk": "breaker"}


class DynamoBreaker(clients.OnDynamoDB):
    """The `Breaker` and `Holds` ports over one item."""

    def __init__(self, table: str, item: Mapping[str, str] = ORDERFUL, client: DynamoDBClient | None = None) -> None:
        """Use `item` of `table`; the client is created at first use."""
        self._table = table
        self._key: Item = {name: {"S": value} for name, value in item.items()}
        super().__init__(client)
        self._read_at: datetime | None = None
        self._values: dict[str, Any] = {}

    def is_open(self, *, now: datetime) -> bool:
        return _left(self._fresh(now).get("until"), now) > timedelta(0)

    def open(self, reason: str, *, now: datetime, until: datetime) -> None:
        values = {":until": time_text(until), ":reason": reason, ":now": time_text(now)}
        self._update("SET #until = :until, reason = :reason, since = if_not_exists(since, :now)", values)

    def wait(self, calls: Calls, *, now: datetime) -> timedelta:
        """How long calls of this kind are still held; zero for not at all."""
        return _left(self._recent(now).get(_HOLD + calls.value), now)

    def hold(self, calls: Calls, *, until: datetime) -> None:
        """Hold calls of this kind until then."""
        name = _HOLD + calls.value
        self._update(f"SET {name} = :until", {":until": time_text(until)})
        self._values[name] = time_text(until)

    def refused(self, refusal: str, *, partner: str) -> int:
        """Record that a document of `partner` got this refusal.

        Returns:
            How many partners got it in a row.
        """
        values = {":refusal": {"S": refusal}, ":partner": {"SS": [partner]}}
        request: dict[str, Any] = {"ExpressionAttributeValues": values, "ReturnValues": "ALL_NEW"}
        try:
            with translated("record of holds and pauses"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=self._key,
                    ConditionExpression="refusal = :refusal",
                    UpdateExpression="ADD refused_partners :partner",
                    **request,
                )
        except ConditionFailed:
            with translated("record of holds and pauses"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=self._key,
                    UpdateExpression="SET refusal = :refusal, refused_partners = :partner",
                    **request,
                )
        self._values = from_item(answer["Attributes"])
        return len(self._values["refused_partners"])

    def accepted(self) -> None:
        if {"refusal", "since"} & self._values.keys():
            self._update("REMOVE refusal, refused_partners, since", {})
            self._values = {name: value for name, value in self._values.items() if name not in {"refusal", "since"}}

    def holds(self, *, now: datetime) -> Mapping[str, timedelta]:
        """The remaining time of each hold, by the kind of calls, or `all`."""
        values = self._fresh(now)
        names = {"all": "until", **{calls.value: _HOLD + calls.value for calls in Calls}}
        left = {name: _left(values.get(attribute), now) for name, attribute in names.items()}
        return {name: wait for name, wait in left.items() if wait}

    def lift(self) -> None:
        """End all holds."""
        holds = ", ".join(_HOLD + calls.value for calls in Calls)
        self._update(f"REMOVE #until, reason, since, refusal, refused_partners, {holds}", {})
        self._read_at = None

    def note(self, act: Act) -> None:
        """Store an act by which a person continued sending. Of two at the same moment, one may be lost."""
        stored = {"at": time_text(act.at), "by": act.by, "caller": act.caller, "what": act.what}
        acts = [*self._fresh(act.at).get("acts", ()), stored][-MAX_ACTS:]
        self._update("SET acts = :acts", {":acts": acts})
        self._read_at = None

    def acts(self, *, now: datetime) -> Sequence[Act]:
        """The acts by which persons continued sending, the newest last."""
        return [
            Act(datetime.fromisoformat(one["at"]), one["by"], one["caller"], one["what"])
            for one in self._recent(now).get("acts", ())
        ]

    def stop(self, *, now: datetime) -> Stop | None:
        """Why every call is stopped; None when calls are not stopped."""
        values = self._fresh(now)
        left = _left(values.get("until"), now)
        return Stop(str(values.get("reason", "")), read_time(values.get("since")), now + left) if left else None

    # -- pauses -------------------------------------------------------------------------------------------------------

    def pauses(self, *, now: datetime) -> Sequence[Pause]:
        """The pauses in force, the oldest first."""
        found = [_pause(name, value) for name, value in self._recent(now).items() if name.startswith(_PAUSE)]
        return sorted(found, key=lambda one: one.since)

    def pause(self, pause: Pause) -> None:
        """Store a pause; it takes effect with the next document.

        Raises:
            Conflict: the same scope is paused already.
        """
        row = {"since": time_text(pause.since), "by": pause.by, "caller": pause.caller, "reason": pause.reason}
        try:
            with translated("record of holds and pauses"):
                self._client.update_item(
                    TableName=self._table,
                    Key=self._key,
                    ConditionExpression="attribute_not_exists(#pause)",
                    UpdateExpression="SET #pause = :pause",
                    ExpressionAttributeNames={"#pause": _pause_name(pause.scope)},
                    ExpressionAttributeValues=to_item({":pause": row}),
                )
        except ConditionFailed:
            raise Conflict(f"It is paused already: {pause.scope}.") from None
        self._read_at = None

    def resume(self, scope: Scope) -> None:
        """End the pause of exactly this scope; without one, nothing happens."""
        with translated("record of holds and pauses"):
            self._client.update_item(
                TableName=self._table,
                Key=self._key,
                UpdateExpression="REMOVE #pause",
                ExpressionAttributeNames={"#pause": _pause_name(scope)},
            )
        self._read_at = None

    def _recent(self, now: datetime) -> dict[str, Any]:
        is_recent = self._read_at is not None and timedelta(0) <= now - self._read_at < BELIEVED_FOR
        return self._values if is_recent else self._fresh(now)

    def _fresh(self, now: datetime) -> dict[str, Any]:
        with translated("record of holds and pauses"):
            answer = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        self._values, self._read_at = from_item(answer.get("Item", {})), now
        return self._values

    def _update(self, change: str, values: dict[str, Any]) -> None:
        request: dict[str, Any] = {"ExpressionAttributeNames": {"#until": "until"}} if "#until" in change else {}
        if values:
            request["ExpressionAttributeValues"] = to_item(values)
        with translated("record of holds and pauses"):
            self._client.update_item(TableName=self._table, Key=self._key, UpdateExpression=change, **request)


def _pause_name(scope: Scope) -> str:
    return _PAUSE + "#".join((scope.company or "", scope.partner or "", scope.kind or ""))


def _pause(name: str, stored: Mapping[str, str]) -> Pause:
    company, partner, kind = name.removeprefix(_PAUSE).split("#")
    return Pause(
        scope=Scope(company or None, partner or None, Kind(kind) if kind else None),
        since=datetime.fromisoformat(stored["since"]),
        by=stored["by"],
        caller=stored["caller"],
        reason=stored["reason"],
    )


def _left(until: str | None, now: datetime) -> timedelta:
    end = read_time(until)
    return timedelta(0) if end is None else min(max(end - now, timedelta(0)), MAX_WAIT)
