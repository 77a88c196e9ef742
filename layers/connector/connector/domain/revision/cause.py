"""Why a document is processed: Visma showed a change, or a person asked for something."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from connector.domain.revision.record import Revision
from connector.domain.transactions import Purpose

_AGAIN_AFTER = "again after "


class Cause(Enum):
    """Why a document is processed. All but `POLL` are requests of a person."""

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
        """Parse the cause in a queue message: `replay 2026-11-22T07:00:00+00:00`. An unknown cause is `POLL`."""
        named = [cause for cause in cls if text == cause.value or text.startswith(f"{cause.value} ")]
        return named[0] if named else cls.POLL

    def named_at(self, now: datetime, *, resends_after: int | None = None) -> str:
        """The cause for a queue message; its time keeps SQS from dropping a repeated request as a duplicate.

        Args:
            now: The time, UTC.
            resends_after: The sequence of the newest revision, for a request to resend; see `resends_after`.
        """
        again = f"{_AGAIN_AFTER}{resends_after} " if resends_after is not None else ""
        return f"{self.value} {again}{now.isoformat()}"

    def resends_after(self, text: str) -> int | None:
        """The sequence that must still be the newest for a request to resend; None for every other cause.

        A message may be delivered twice, and two persons may make the same request. The first one adds a revision, so
        the second one finds another newest revision and does nothing.
        """
        number = text.removeprefix(f"{self.value} ").removeprefix(_AGAIN_AFTER).partition(" ")[0]
        is_choice = self.chooses and text.startswith(f"{self.value} {_AGAIN_AFTER}") and number.isdecimal()
        return int(number) if is_choice else None

    @classmethod
    def again(cls, revision: Revision) -> Cause:
        """The cause for sending a revision again; the purpose that a person chose for it is kept."""
        if revision.is_withdrawal:
            return cls.WITHDRAW
        if not revision.released or revision.purpose is None:
            return cls.REPLAY
        return cls.AS_ORIGINAL if revision.purpose is Purpose.ORIGINAL else cls.AS_REPLACEMENT

    @property
    def is_sighting(self) -> bool:
        """Whether nobody asks for anything: the document is only shown as Visma has it, as by a poll."""
        return self in {Cause.POLL, Cause.BASELINE, Cause.BACKFILL}

    @property
    def chooses(self) -> bool:
        """Whether a person has chosen the purpose: original or replacement."""
        return self in {Cause.AS_ORIGINAL, Cause.AS_REPLACEMENT}

    @property
    def sends_again(self) -> bool:
        """Whether a person asks to send a document that would not be sent again by itself."""
        return self.chooses or self is Cause.REPLAY
