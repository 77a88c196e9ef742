"""Wires the function `receive_callback`."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.clock import LambdaContext
from connector.bootstrap.common import Answer, begin_run, clock, telemetry
from connector.services.inbound.receive import Admission, Headers, Receiver, ReceiveResult
from connector.settings import ReceiveCallbackSettings

_BODIES = {
    ReceiveResult.TAKEN: {"received": True},
    ReceiveResult.REFUSED: {"received": False, "message": "The agreed secret is missing or wrong."},
    ReceiveResult.UNAVAILABLE: {"received": False, "message": "Try again later."},
}


class ReceiveCallback:
    """The function `receive_callback`."""

    def __init__(self, settings: ReceiveCallbackSettings) -> None:
        """Wire the receiver."""
        secrets = SecretsManagerSecrets(clock, callback=settings.callback_secret_arn)
        is_open = settings.callbacks_without_secret == "take"  # noqa: S105 - a rule, not a secret

        def admits(headers: Headers) -> Admission:
            agreed = secrets.callback_credentials()
            if agreed.admit(headers) or (is_open and not agreed.is_set):
                return Admission.ADMITTED
            return Admission.NOT_BROUGHT if agreed.is_set else Admission.NOTHING_AGREED

        self._receiver = Receiver(
            admits=admits,
            outbox=SqsOutbox(hints_url=settings.hints_queue_url),
            telemetry=telemetry(),
            max_bytes=settings.callback_max_bytes,
        )

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Take the request that API Gateway hands over, and answer it."""
        begin_run(context)
        result = self._receiver.receive(_headers(event), _body(event))
        telemetry().flush()
        return {
            "statusCode": result.value,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(_BODIES[result]),
        }


def _headers(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """All values of each header by its name in lower case."""
    found: dict[str, list[str]] = {}
    for given in (event.get("multiValueHeaders"), event.get("headers")):
        for name, values in given.items() if isinstance(given, dict) else ():
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, str):
                    found.setdefault(name.lower(), []).append(value)
    return found


def _body(event: Mapping[str, Any]) -> bytes:
    """The body as it was sent; empty where there is none or it cannot be unpacked."""
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    # Half a character may stand in the event; it is the body's reader who finds it wrong.
    raw = body.encode("utf-8", "surrogatepass")
    if event.get("isBase64Encoded") is not True:
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except ValueError:
        return b""


@lru_cache(maxsize=1)
def receive_callback() -> ReceiveCallback:
    """The wired function, built at the first invocation."""
    return ReceiveCallback(ReceiveCallbackSettings.from_environment())
