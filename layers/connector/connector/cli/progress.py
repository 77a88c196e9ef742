"""How far a long command has come."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from connector.cli.output import say

SECONDS = 3.0
"""So long a command may be silent."""


class Progress:
    """Says what is done at the moment, if nothing was said for `SECONDS`: a quick command says nothing."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Begin to count.

        Args:
            clock: A time in seconds that only moves forwards.
        """
        self._clock = clock
        self._said = clock()

    def __call__(self, doing: str) -> None:
        """Say it, unless something was said just now."""
        now = self._clock()
        if now - self._said >= SECONDS:
            self._said = now
            say(f"{doing} ...")
