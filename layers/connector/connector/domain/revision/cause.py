"""Why a document is looked at: Visma showed a change, or a person asks for something."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from connector.domain.revision.record import Revision
from connector.domain.transactions import Purpose

_AGAIN_AFTER = "again after "


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
    BACKFILL = "backfill"

    @classmethod
    def of(cls, text: str) -> Cause:
        """The cause that a message names: `replay 2026-11-22T07:00:00+00:00`. What nobody knows counts as a poll."""
        named = [cause for cause in cls if text == cause.value or text.startswith(f"{cause.value} ")]
        return named[0] if named else cls.POLL

    def named_at(self, now: datetime, *, resends_after: int | None = None) -> str:
        """The cause as a message names it; the time keeps the queue from taking a repeated wish for a duplicate.

        Args:
            now: The time.
            resends_after: What the receiver has is sent again, if this is still the newest revision.
        """
        again = f"{_AGAIN_AFTER}{resends_after} " if resends_after is not None else ""
        return f"{self.value} {again}{now.isoformat()}"

    def resends_after(self, text: str) -> int | None:
        """The revision that has to be the newest one still, for the wish to send what the receiver has again.

        A message may come twice, and two persons may wish the same: the first one adds a revision, so the second finds
        another newest one and comes to nothing. None for every other wish.
        """
        number = text.removeprefix(f"{self.value} ").removeprefix(_AGAIN_AFTER).partition(" ")[0]
        is_wish = self.chooses and text.startswith(f"{self.value} {_AGAIN_AFTER}") and number.isdecimal()
        return int(number) if is_wish else None

    @classmethod
    def again(cls, revision: Revision) -> Cause:
        """The wish to send what did not arrive again: what a person has chosen for it still holds."""
        if revision.withdraws is not None:
            return cls.WITHDRAW
        if not revision.released or revision.purpose is None:
            return cls.REPLAY
        return cls.AS_ORIGINAL if revision.purpose is Purpose.ORIGINAL else cls.AS_REPLACEMENT

    @property
    def is_sighting(self) -> bool:
        """Whether the document is only shown as it stands, as a poll shows it: nobody wishes anything for it."""
        return self in {Cause.POLL, Cause.BASELINE, Cause.BACKFILL}

    @property
    def chooses(self) -> bool:
        """Whether a person has chosen as what the document is sent."""
        return self in {Cause.AS_ORIGINAL, Cause.AS_REPLACEMENT}

    @property
    def sends_again(self) -> bool:
        """Whether a person asks to send what would not be sent again by itself."""
        return self.chooses or self is Cause.REPLAY
