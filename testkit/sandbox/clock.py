"""The clock of a sandbox, which can be advanced and frozen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SandboxClock:
    """The time of a sandbox."""

    def __init__(self) -> None:
        """Start with the machine's time."""
        self._offset = timedelta(0)
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Now, aware, in UTC, to the microsecond."""
        return (self._frozen or datetime.now(UTC)) + self._offset

    def freeze(self, at: datetime) -> None:
        """Freeze the clock at `at` (aware)."""
        self._frozen, self._offset = at.astimezone(UTC), timedelta(0)

    def advance(self, by: timedelta) -> None:
        """Advance the clock, frozen or not."""
        self._offset += by
