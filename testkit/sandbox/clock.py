"""The clock of a sandbox: it can run ahead or stand still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SandboxClock:
    """The time as the sandbox's servers see it."""

    def __init__(self) -> None:
        """Start on the machine's time."""
        self._offset = timedelta(0)
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Now, aware, in UTC, to the microsecond."""
        return (self._frozen or datetime.now(UTC)) + self._offset

    def freeze(self, at: datetime) -> None:
        """Stand still at `at` (aware) until advanced."""
        self._frozen, self._offset = at.astimezone(UTC), timedelta(0)

    def advance(self, by: timedelta) -> None:
        """Jump ahead, whether the clock runs or stands still."""
        self._offset += by
