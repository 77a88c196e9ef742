"""The handler of `receive_callback`, with its secret in moto and a strict SQS client."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3

from connector.adapters.aws import clients
from connector.bootstrap import receive_callback
from proof.bad_input.queue import StrictSqs
from proof.strategies.callbacks import HEADER, SECRET
from testkit.memory.stores import RecordingTelemetry

LIMIT = 1_048_576
QUEUE = "changes.fifo"
MAX_LINE_LENGTH = 500
"""Most characters of a log line, so that none quotes a request."""

_HANDLER = Path(__file__).parents[2] / "functions" / "receive_callback" / "receive_callback_handler.py"
_CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 20_000, aws_request_id="run-1")


class Listener(RecordingTelemetry):
    """The log of the function."""

    def flush(self) -> None:
        """Do nothing: lines are not buffered."""

    def new_lines(self) -> list[str]:
        """The lines since the last call."""
        lines, self.lines = [str(line) for line in self.lines], []
        return lines


@dataclass(slots=True)
class Endpoint:
    """The function, its queue and its log."""

    handler: Callable[[Any, Any], dict[str, Any]]
    sqs: StrictSqs
    log: Listener

    def ask(self, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke the function."""
        return self.handler(event, _CONTEXT)

    def hints(self) -> list[dict[str, Any]]:
        """The messages since the last call."""
        events = self.sqs.events(QUEUE)
        return [json.loads(record["body"]) for event in events for record in event["Records"]]


@contextmanager
def deployed_endpoint() -> Iterator[Endpoint]:
    """The function with a new wiring; needs moto."""
    content = json.dumps({"header": HEADER, "secrets": [SECRET]})
    client = boto3.client("secretsmanager")
    secret = client.create_secret(Name="callback", SecretString=content)["ARN"]
    environment = {
        "STREAM": "test",
        "HINTS_QUEUE_URL": QUEUE,
        "CALLBACK_SECRET_ARN": secret,
        "CALLBACK_MAX_BYTES": str(LIMIT),
    }
    sqs, log = StrictSqs(), Listener()
    receive_callback.receive_callback.cache_clear()
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.object(clients, "sqs", return_value=sqs),
        mock.patch.object(receive_callback, "telemetry", return_value=log),
    ):
        yield Endpoint(_loaded(), sqs, log)
    receive_callback.receive_callback.cache_clear()
    client.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def _loaded() -> Callable[[Any, Any], dict[str, Any]]:
    """The handler, imported from its file."""
    spec = importlib.util.spec_from_file_location(_HANDLER.stem, _HANDLER)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(_HANDLER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, Any], dict[str, Any]] = module.handler
    return handler
