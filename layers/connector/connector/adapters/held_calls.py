"""Holds calls of one kind for a pause that the remote side asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from connector.adapters import log
from connector.domain.errors import ConnectorError, Throttled
from connector.services.ports import Calls, Clock


class Holds(Protocol):
    """Stores the holds of the whole stack."""

    def wait(self, calls: Calls, *, now: datetime) -> timedelta:
        """How long calls of this kind are still held; zero for not at all."""

    def hold(self, calls: Calls, *, until: datetime) -> None:
        """Hold calls of this kind until then."""


class HeldCalls:
    """The `Gate` of one kind of calls: closed for the whole stack after a 429 with a waiting time.

    If the table cannot be read, nothing is held: the remote side answers 429 again.
    """

    def __init__(self, holds: Holds, calls: Calls, clock: Clock, service: str) -> None:
        self._holds = holds
        self._calls = calls
        self._clock = clock
        self._service = service

    def enter(self) -> None:
        """Raises `Throttled` while calls of this kind are held; nothing was sent."""
        wait = timedelta(0)
        try:
            wait = self._holds.wait(self._calls, now=self._clock.now())
        except ConnectorError as error:
            log.warning("it is not known whether calls are held", {"reason": error.sentence})
        if wait:
            seconds = wait.total_seconds()
            raise Throttled(
                f"{self._service} asked for a pause; {seconds:.0f} s of it are left. Nothing was sent.",
                retry_after=wait,
            )

    def hold(self, wait: timedelta) -> None:
        """Hold all calls of this kind for `wait`."""
        try:
            self._holds.hold(self._calls, until=self._clock.now() + wait)
        except ConnectorError as error:
            log.warning("a pause that was asked for could not be written down", {"reason": error.sentence})
