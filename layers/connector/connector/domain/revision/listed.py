"""What lists of revisions are filtered and counted by; reading the whole of each revision takes most of their time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connector.domain.documents import DocumentKey
from connector.domain.revision.record import MAY_NEED_ATTENTION, Revision, State, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRevision:
    """A few fields of a revision (see there), and the revision itself on demand.

    Attributes:
        place: Its sort key in its list (`place_of`).
        whole: Reads the revision out of the row that was read already.
    """

    key: DocumentKey
    sequence: int
    state: State
    place: str
    created_at: datetime
    updated_at: datetime
    partner: str | None
    counterparty: str | None
    waits_for: str | None
    reason_code: str | None
    attention: str | None
    concern: str | None
    whole: Callable[[], Revision]

    @classmethod
    def of(cls, revision: Revision) -> ListedRevision:
        """The fields of a revision that is read already."""
        return cls(
            key=revision.key,
            sequence=revision.sequence,
            state=revision.state,
            place=place_of(revision),
            created_at=revision.created_at,
            updated_at=revision.updated_at,
            partner=revision.partner,
            counterparty=revision.counterparty,
            waits_for=revision.waits_for,
            reason_code=revision.reason_code,
            attention=revision.attention,
            concern=revision.concern,
            whole=lambda: revision,
        )

    @property
    def needs_attention(self) -> bool:
        """Whether it was sent, was not refused, and still needs a person."""
        return self.attention is not None and self.state in MAY_NEED_ATTENTION
