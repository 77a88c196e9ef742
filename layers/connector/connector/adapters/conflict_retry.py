"""Conflict retry: repeats work with exponential back-off when somebody else was faster or no answer arrived."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from connector.domain.errors import Conflict, UnknownOutcome
from connector.services.ports import Deadline

ROUNDS = 4
RESERVE_SECONDS = 8.0
"""Time that is left to the caller after the last round: a call, and the write of the result."""

Result = TypeVar("Result")


class BackOff:
    """The `ConflictRetry` port: four rounds with pauses of 0.2, 0.4 and 0.8 seconds and jitter, inside the deadline."""

    def __init__(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Sleep with `pause`."""
        self._pause = pause

    def __call__(self, work: Callable[[], Result], *, deadline: Deadline, before_again: Callable[[], None]) -> Result:
        """Repeat `work` until it raises neither `Conflict` nor `UnknownOutcome`. The last one is raised."""
        from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

        def stop(state: RetryCallState) -> bool:
            left = deadline.remaining().total_seconds() - RESERVE_SECONDS
            return state.attempt_number >= ROUNDS or state.upcoming_sleep > left

        retrying = Retrying(
            retry=retry_if_exception_type((Conflict, UnknownOutcome)),
            wait=wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.3),
            stop=stop,
            sleep=self._pause,
            before_sleep=lambda _: before_again(),
            reraise=True,
        )
        result: Result = retrying(work)
        return result
