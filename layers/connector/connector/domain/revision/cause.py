"""Why a document is looked at: Visma showed a change, or a person asks for something."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from connector.domain.revision.record import Revision
from connector.domain.transactions import Purpose


class Cause(Enum):
    """Why a document is looked at. All but the poll are the wishes of a person."""

    POLL = "poll"
    RELEASE = "release"
    RESUME = "resume"
    REPLAY = "replay"
    AS_ORIGINAL = "send as original"
    AS_REPLACEMENT = "send as replacement"
    WITHDRAW = "withdraw again"
    BASELINE = "baseline"

    @classmethod
    def of(cls, text: str) -> Cause:
        """The cause that a message names: `replay 2026-11-22T07:00:00+00:00`. What nobody knows counts as a poll."""
        named = [cause for cause in cls if text == cause.value or text.startswith(f"{cause.value} ")]
        return named[0] if named else cls.POLL

    def named_at(self, now: datetime) -> str:
        """The cause as a message names it; the time keeps the queue from taking a repeated wish for a duplicate."""
        return f"{self.value} {now.isoformat()}"

    @classmethod
    def again(cls, revision: Revision) -> Cause:
        """The wish to send what did not arrive again: what a person has chosen for it still holds."""
        if revision.withdraws is not None:
            return cls.WITHDRAW
        if not revision.released or revision.purpose is None:
            return cls.REPLAY
        return cls.AS_ORIGINAL if revision.purpose is Purpose.ORIGINAL else cls.AS_REPLACEMENT

    @property
    def chooses(self) -> bool:
        """Whether a person has chosen as what the document is sent."""
        return self in {Cause.AS_ORIGINAL, Cause.AS_REPLACEMENT}

    @property
    def sends_again(self) -> bool:
        """Whether a person asks to send what would not be sent again by itself."""
        return self.chooses or self is Cause.REPLAY
