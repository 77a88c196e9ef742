"""Which state of a document Visma showed last, as its history has it, and whether another one is older.

The newest revision has the time and the row version of the last state that Visma showed; what a person asks for takes
both over, because it shows nothing. A content that was written for a partner has a row version and no time, since it
was read alone and not from a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from connector.domain.revision.record import Revision
from connector.domain.revision.row_version import is_older

CLOCK_SET_BACK = timedelta(hours=4)
"""By how much Visma's clock may be set back: more than a zone of its countries, should it have given local time.

Beyond it, a newer row version with an earlier time is from before a backup that was restored: versions began again
further below (docs/decisions/0076).
"""


@dataclass(frozen=True, slots=True)
class LastShown:
    """The last state of a document that is known.

    Attributes:
        at: Visma's clock when it last showed the document, UTC; None: not known, as of a content that was written.
        version: Visma's row version then; None without one.
        latest: The latest time at which Visma showed any state of the document, UTC; None when no time is known.
        recorded_at: By when it was recorded, by our clock, UTC: its record may have been written again since. None
            without a revision that says anything.
    """

    at: datetime | None
    version: str | None
    latest: datetime | None
    recorded_at: datetime | None

    @classmethod
    def of(cls, own: Sequence[Revision]) -> Self:
        """Of the states of a document.

        Args:
            own: They, newest first. A number that was reserved for a change that was not written says nothing.
        """
        times = [one.seen_at for one in own if one.seen_at is not None]
        newest = next((one for one in own if one.seen_at is not None or one.visma_version is not None), None)
        if newest is None:
            return cls(None, None, None, None)
        at, version = newest.seen_at, newest.visma_version
        # A request takes both over; the revision that had them first tells when.
        recorded_at = min(one.updated_at for one in own if (one.seen_at, one.visma_version) == (at, version))
        return cls(at, version, max(times, default=None), recorded_at)

    def is_after(self, seen_at: datetime | None, version: str | None) -> bool:
        """Whether a state is older than this one.

        The state that was seen earlier is older, unless its row version is certainly newer: a server's clock may have
        been set back. Where the times are equal or not known, the row version decides.

        Args:
            seen_at: Visma's clock when it showed the state, UTC; None when that is not known.
            version: Its row version; None without one.
        """
        if seen_at is not None and self.latest is not None and seen_at < self.latest:
            return self.latest - seen_at > CLOCK_SET_BACK or not is_older(self.version, version)
        if seen_at is not None and self._is_since(seen_at):
            return False
        return is_older(version, self.version)

    def _is_since(self, seen_at: datetime) -> bool:
        """Whether Visma showed a state certainly after this one; of one without a time, whenever it was written."""
        if self.at is not None:
            return seen_at > self.at
        return self.recorded_at is not None and seen_at > self.recorded_at + CLOCK_SET_BACK

    def shown(self, seen_at: datetime | None, version: str | None) -> tuple[datetime | None, str | None]:
        """The time and the row version to record when Visma shows the document once more."""
        is_set_back = seen_at is not None and self.latest is not None and seen_at < self.latest
        return (self.latest if is_set_back else seen_at), version
