"""What every function shares: the clock, the telemetry, the HTTP session, and how a batch is consumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from connector.adapters.aws.breaker import DynamoBreaker, visma_item
from connector.adapters.aws.queues import failures, received
from connector.adapters.clock import LambdaContext, SystemClock
from connector.adapters.held_calls import HeldCalls
from connector.adapters.http import Http
from connector.adapters.telemetry import PowertoolsTelemetry
from connector.services.consume import Postponer, consume
from connector.services.ports import Calls, Deadline

Answer = dict[str, Any]

clock = SystemClock()


@lru_cache(maxsize=1)
def telemetry() -> PowertoolsTelemetry:
    """The log and the metrics of this process."""
    return PowertoolsTelemetry()


def begin_run(context: LambdaContext) -> None:
    """Have each log line say which invocation writes it, so that `connector logs` finds what else it says."""
    telemetry().begin_run(context.aws_request_id)


@lru_cache(maxsize=1)
def http() -> Http:
    """The HTTP session of this process."""
    return Http(clock)


@lru_cache(maxsize=256)
def visma_gate(documents_table: str, company: str) -> HeldCalls:
    """What holds the calls for one company at Visma, in every function that makes them."""
    return HeldCalls(DynamoBreaker(documents_table, visma_item(company)), Calls.VISMA, clock, "Visma")


def consume_event(
    event: Mapping[str, Any],
    handle: Callable[[str], object],
    queue: Postponer,
    *,
    deadline: Deadline,
    finish: Callable[[], None] = lambda: None,
) -> Answer:
    """Work through the messages of a queue event and answer which of them the queue has to keep."""
    try:
        return failures(
            consume(received(event), handle, queue=queue, telemetry=telemetry(), deadline=deadline, finish=finish)
        )
    finally:
        telemetry().flush()
