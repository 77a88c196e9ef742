"""Who decides about a document, a change or a message, and why."""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.text import truncated

MAX_NOTE_LENGTH = 500
"""Most characters of the note of a decision."""


@dataclass(frozen=True, slots=True)
class Decider:
    """A person who decides.

    Attributes:
        name: As the person typed it.
        caller: Who AWS says it is (ARN).
        reason: As the person typed it; None without one.
    """

    name: str
    caller: str
    reason: str | None = None

    @property
    def signature(self) -> str:
        """The name, with the ARN."""
        return f"{self.name} ({self.caller})"

    def because(self, note: str) -> str:
        """A note for the history, with the reason."""
        return f"{note}: {self.reason}" if self.reason else note

    def note(self, action: str) -> str:
        """What the history says of an action: `released by kari (arn:...): reason`, at most `MAX_NOTE_LENGTH` long."""
        return truncated(self.because(f"{action} {self.signature}"), MAX_NOTE_LENGTH)
