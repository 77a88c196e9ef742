"""The time, and how much of it an invocation has left."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class SystemClock:
    """The clock of the machine (`Clock` port)."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class LambdaContext(Protocol):
    """What we ask of the context object that Lambda hands to a function.

    Attributes:
        aws_request_id: The id of the invocation, as in Lambda's own log lines.
    """

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the invocation."""


class LambdaDeadline:
    """The end of a Lambda invocation (`Deadline` port)."""

    def __init__(self, context: LambdaContext) -> None:
        self._context = context

    def remaining(self) -> timedelta:
        """Time left before Lambda stops us; zero when it is over."""
        return timedelta(milliseconds=max(0, self._context.get_remaining_time_in_millis()))


class FixedDeadline:
    """An end that lies a fixed time after its creation (`Deadline` port), for commands run by people."""

    def __init__(self, allowance: timedelta) -> None:
        self._end = time.monotonic() + allowance.total_seconds()

    def remaining(self) -> timedelta:
        """Time left; zero when it is over."""
        return timedelta(seconds=max(0.0, self._end - time.monotonic()))
