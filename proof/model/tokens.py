"""Visma's tokens: Visma Connect, the secret, and the shared token table."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

from botocore.exceptions import ClientError

from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.http import Answer, Call, Http
from connector.adapters.visma.tokens import VismaTokens
from connector.services.ports import Deadline
from testkit.memory.effects import EffectRecorder, ManualClock

# Errors of the table are injected.
logging.getLogger("connector.adapters.visma.tokens").addHandler(logging.NullHandler())


class TokenTable:
    """A DynamoDB client for the token table: one item per company, four kinds of writes."""

    def __init__(self, effects: EffectRecorder) -> None:
        """Record every write in `effects`."""
        self._effects = effects
        self.items: dict[str, dict[str, Any]] = {}

    def get_item(self, *, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        item = self.items.get(Key["pk"]["S"])
        return {"Item": dict(item)} if item else {}

    def update_item(
        self,
        *,
        Key: dict[str, Any],  # noqa: N803
        UpdateExpression: str,  # noqa: N803
        ExpressionAttributeValues: dict[str, Any] | None = None,  # noqa: N803
        **_: Any,
    ) -> None:
        """Take the refresh lock, store a token, release the lock, or drop a token."""
        item, values = self.items.setdefault(Key["pk"]["S"], {}), ExpressionAttributeValues or {}
        name, effect = {
            "SET refresh_until": ("claim the refresh of the token", lambda: _claim(item, values)),
            "SET #token": ("store the token", lambda: _store(item, values)),
            "REMOVE refresh_until": ("give the refresh of the token back", lambda: item.pop("refresh_until", None)),
            "REMOVE #token,": ("drop the token", lambda: _drop(item, values)),
        }[" ".join(UpdateExpression.split()[:2])]
        self._effects(name, effect, lost=_TableError, refused=_TableError)


class _TableError(ClientError):
    def __init__(self, _: str) -> None:
        super().__init__({"Error": {"Code": "InternalServerError"}}, "UpdateItem")


def _claim(item: dict[str, Any], values: dict[str, Any]) -> None:
    held = "refresh_until" in item and not int(item["refresh_until"]["N"]) < int(values[":now"]["N"])
    if held or item.get("token") != values.get(":seen"):
        raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
    item["refresh_until"] = values[":until"]


def _store(item: dict[str, Any], values: dict[str, Any]) -> None:
    item |= {"token": values[":token"], "tenant": values[":tenant"]}
    item |= {"fresh_until": values[":fresh"], "expires_at": values[":end"]}
    item.pop("refresh_until", None)


def _drop(item: dict[str, Any], values: dict[str, Any]) -> None:
    if item.get("token") != values[":token"]:
        raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
    for name in ("token", "tenant", "fresh_until", "expires_at"):
        del item[name]


class VismaConnect:
    """Issues tokens (an `Http` for token requests)."""

    def __init__(self, effects: EffectRecorder, clock: ManualClock) -> None:
        """Start without tokens."""
        self.minted: list[str] = []
        self._effects = effects
        self._clock = clock

    def ask(self, call: Call, deadline: Deadline) -> Answer:  # noqa: ARG002 - as the session takes it
        """Answer with a new token."""
        self._effects("mint a token", lambda: self.minted.append(f"token-{len(self.minted) + 1}"))
        body = json.dumps({"access_token": self.minted[-1], "expires_in": 3600}).encode()
        return Answer(service=call.service, status=200, headers={}, body=body, received_at=self._clock.now())


class _Secret:
    """Secrets Manager with Visma's secret."""

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        return {"SecretString": json.dumps({"client_id": "ours", "client_secret": "hidden"})}


def tokens_of_a_process(table: TokenTable, connect: VismaConnect, clock: ManualClock) -> VismaTokens:
    """The token source of a new process, without cached tokens."""
    secrets = SecretsManagerSecrets(clock, visma="visma", client=cast(Any, _Secret()))
    return VismaTokens(
        DynamoTokenStore("tokens", cast(Any, table)),
        secrets,
        "https://connect.example/token",
        clock=clock,
        http=cast(Http, connect),
        pause=lambda seconds: clock.forward(seconds=seconds),
    )
