"""How a function works through a batch of a FIFO queue: each message by itself, each group in order.

A message that fails goes back with a growing delay, and the later messages of its group with it, so that no revision
overtakes another. Everything else of the batch is done. A permanent problem never comes here: the use cases park it.
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
LONGEST_DELAY = timedelta(minutes=15)
HELD_UP_AFTER = 7
"""Receives, more than twenty minutes by the delays, from which on each failure of a message is counted for an alarm.

The age of the oldest message, as SQS reports it, need not show it (AWS: a message that is received again and again
distorts that metric).
"""

HOLD_BACK = timedelta(minutes=5)
"""How long work rests after our credentials were refused: each message would end the same way."""

TIME_FOR_ONE = timedelta(seconds=8)
"""What a message needs at least: a call that fails at once, and the writing down of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as the queue delivered it."""

    message_id: str
    receipt: str
    group: str
    body: str
    receives: int


class Postponer(Protocol):
    """Sets when a message that went back is delivered again."""

    def postpone(self, receipt: str, delay: timedelta) -> None:
        """Deliver the message again after `delay` at the earliest."""


def delay_before_retry(error: ConnectorError, receives: int) -> timedelta:
    """How long a failed message stays away: what the other side asked for, else doubling with each receive.

    No jitter: messages fail at different moments, and each has its own count.
    """
    asked = error.retry_after if isinstance(error, Transient) else None
    doubled = FIRST_DELAY * (1 << min(max(receives - 1, 0), 10))
    return min(max(asked or timedelta(0), doubled), LONGEST_DELAY)


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
        handle: Takes a body; raises `ConnectorError` when the message has to come again.
        queue: For the delay of those that failed.
        telemetry: For a line about each failure.
        deadline: A message that would be begun with less than `TIME_FOR_ONE` left goes back untouched.
        finish: Writes what the messages of the batch left to be written together; if it raises, none of them is done.

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
    """Where a defect showed itself, without its message: that may quote a payload."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}"
