"""The clock of a sandbox: it can run ahead, lag behind or stand still."""

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

    def set_offset(self, offset: timedelta) -> None:
        """Run `offset` ahead of the machine's clock (behind it when negative)."""
        self._frozen, self._offset = None, offset

    def freeze(self, at: datetime) -> None:
        """Stand still at `at` (aware) until advanced, offset or reset.

        Raises:
            ValueError: `at` has no zone.
        """
        if at.tzinfo is None:
            raise ValueError("The sandbox's clock needs a time with a zone, such as 2026-09-01T06:00:00+00:00.")
        self._frozen, self._offset = at.astimezone(UTC), timedelta(0)

    def advance(self, by: timedelta) -> None:
        """Jump ahead, whether the clock runs or stands still."""
        self._offset += by

    def reset(self) -> None:
        """Follow the machine's clock again."""
        self._frozen, self._offset = None, timedelta(0)
