"""Processes a batch of a FIFO queue: each message by itself, each message group in order.

A message that fails goes back to the queue with a growing delay, together with the later messages of its group, so that
no revision overtakes another. The other messages are processed. Permanent problems do not fail a message: the use cases
park them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from connector.domain.errors import ConnectorError, Misconfigured, PutOff, Throttled, Transient
from connector.services.log_fields import named_group
from connector.services.ports import Deadline, Metric, Telemetry

FIRST_DELAY = timedelta(seconds=20)
MAX_DELAY = timedelta(minutes=15)
HELD_UP_AFTER = 7
"""From this many receives on, after more than twenty minutes of delays, each failure of a message is counted for an
alarm.

The age of the oldest message, as SQS reports it, may not show this (AWS: a message that is received again and again
distorts that metric).
"""

HOLD_BACK = timedelta(minutes=5)
"""The pause after our credentials were refused: each message would fail in the same way."""

TIME_FOR_ONE = timedelta(seconds=8)
"""The least time for a message: a call that fails at once, and the write of the failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as the queue delivered it."""

    message_id: str
    receipt: str
    group: str
    body: str
    receives: int


class Postponer(Protocol):
    """Sets when a failed message is delivered again."""

    def postpone(self, receipt: str, delay: timedelta) -> None:
        """Deliver the message again after `delay` at the earliest."""


def delay_before_retry(error: ConnectorError, receives: int) -> timedelta:
    """The delay of a failed message: `retry_after` of the error, else doubled with each receive.

    There is no jitter: messages fail at different times, and each has its own count.
    """
    asked = error.retry_after if isinstance(error, Transient) else None
    doubled = FIRST_DELAY * (1 << min(max(receives - 1, 0), 10))
    return min(max(asked or timedelta(0), doubled), MAX_DELAY)


def consume(
    messages: Sequence[Received],
    handle: Callable[[str], object],
    *,
    queue: Postponer,
    telemetry: Telemetry,
    deadline: Deadline,
    finish: Callable[[], None] = lambda: None,
) -> list[str]:
    """Handle every message for which there is time.

    Args:
        messages: In the order in which the queue delivered them.
        handle: Takes a body; raises `ConnectorError` when the message has to be retried.
        queue: Delays the failed messages.
        telemetry: Gets a log line for each failure.
        deadline: With less than `TIME_FOR_ONE` left, a message goes back unprocessed.
        finish: Does the writes that the messages of the batch have in common; if it raises, all of them have failed.

    Returns:
        The ids of the messages that the queue has to keep.
    """
    failed = _handle_each(messages, handle, queue, telemetry, deadline)
    try:
        finish()
    except ConnectorError as error:
        for message in messages:
            if message.message_id not in failed:
                _give_back(error, message, queue, telemetry)
        return [message.message_id for message in messages]
    return failed


def _handle_each(
    messages: Sequence[Received],
    handle: Callable[[str], object],
    queue: Postponer,
    telemetry: Telemetry,
    deadline: Deadline,
) -> list[str]:
    failed: list[str] = []
    blocked: dict[str, timedelta] = {}
    for message in messages:
        if deadline.remaining() < TIME_FOR_ONE:
            blocked.setdefault(message.group, timedelta(0))
        if message.group in blocked:
            queue.postpone(message.receipt, blocked[message.group])
            failed.append(message.message_id)
            continue
        try:
            handle(message.body)
        except ConnectorError as error:
            blocked[message.group] = _give_back(error, message, queue, telemetry)
            failed.append(message.message_id)
        except Exception as error:  # noqa: BLE001 - a defect in one document must not take its neighbours along
            delay = delay_before_retry(Transient(type(error).__name__), message.receives)
            blocked[message.group] = delay
            failed.append(message.message_id)
            queue.postpone(message.receipt, delay)
            _count_if_held_up(message, telemetry)
            telemetry.error(
                "unexpected failure",
                {
                    **named_group(message.group),
                    "message_id": message.message_id,
                    "attempt": message.receives,
                    "reason": f"{type(error).__name__} in {_place(error)}",
                },
            )
    return failed


def _give_back(error: ConnectorError, message: Received, queue: Postponer, telemetry: Telemetry) -> timedelta:
    delay = delay_before_retry(error, message.receives)
    queue.postpone(message.receipt, delay)
    if isinstance(error, PutOff):
        return delay
    _count_if_held_up(message, telemetry)
    if isinstance(error, Misconfigured):
        telemetry.count(Metric.CREDENTIALS_REFUSED)
    elif isinstance(error, Throttled):
        telemetry.count(Metric.THROTTLED)
    telemetry.warning(
        "goes back to the queue",
        {
            **named_group(message.group),
            "message_id": message.message_id,
            "attempt": message.receives,
            "reason": str(error),
            "request_id": error.request_id,
            "seconds": delay.total_seconds(),
        },
    )
    return delay


def _count_if_held_up(message: Received, telemetry: Telemetry) -> None:
    if message.receives >= HELD_UP_AFTER:
        telemetry.count(Metric.MESSAGES_HELD_UP)


def _place(error: BaseException) -> str:
    """The place of a defect, without the exception's message, which may quote a payload."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}"
