"""A document as it was read for a message, before anybody looks at its history."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from connector.domain.documents import DocumentKey, VismaDocument
from connector.domain.errors import Parked
from connector.domain.revision.cause import Cause
from connector.domain.revision.go_live import Sighting
from connector.domain.revision.row_version import row_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document as far as it could be understood.

    Attributes:
        key: The key under which it is recorded.
        revision_id: Hash of its content; of whatever is there where it cannot be understood.
        document: None when it cannot be understood.
        problem: Why it cannot be understood; None when it can.
        sighting: What is known of its age, also of one that cannot be understood.
        cause: Why it is looked at.
        resends_after: A person wants what the receiver has sent again, if this is still the newest revision.
    """

    key: DocumentKey
    revision_id: str
    document: VismaDocument | None
    problem: Parked | None
    sighting: Sighting
    cause: Cause
    resends_after: int | None = None

    @property
    def version(self) -> str | None:
        """Visma's row version, if the document has one."""
        return row_version(self.document.version) if self.document else None


@dataclass(frozen=True, slots=True)
class Incoming:
    """What of a document bears on its history.

    Attributes:
        revision_id: Hash of its content.
        seen_at: Visma's own time when it showed this state.
        version: Visma's row version, if it is one.
        receiver: ISA id of whom routing sends it to; None when it cannot be routed.
        counterparty: Visma's number of the supplier or customer; None when it cannot be read.
        cause: Why it is looked at.
        counterparty_id: Visma's internal id of it, where the document names one.
        resends: A person wants it sent although the receiver has it.
    """

    revision_id: str
    _: KW_ONLY
    seen_at: datetime | None
    version: str | None
    receiver: str | None
    counterparty: str | None
    cause: Cause
    counterparty_id: str | None = None
    resends: bool = False

    @classmethod
    def of(cls, reading: Reading, receiver: str | None) -> Incoming:
        """The document for this receiver."""
        document = reading.document
        return cls(
            revision_id=reading.revision_id,
            seen_at=reading.sighting.seen_at,
            version=reading.version,
            receiver=receiver,
            counterparty=(document.counterparty or None) if document else None,
            cause=reading.cause,
            counterparty_id=document.counterparty_id if document else None,
            resends=reading.resends_after is not None,
        )
