"""A document as it was read for a message, before it is compared with its history."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from connector.domain.documents import DocumentKey, VismaDocument
from connector.domain.errors import Parked
from connector.domain.revision.cause import Cause
from connector.domain.revision.go_live import Sighting
from connector.domain.revision.record import State
from connector.domain.revision.row_version import row_version
from connector.domain.routing.policy import is_unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document, as far as it could be read.

    Attributes:
        key: The key under which it is recorded.
        revision_id: Hash of its content; of its bytes when it cannot be read.
        document: The document; None when it cannot be read.
        problem: Why it cannot be read; None when it can.
        sighting: The times of the document, also of one that cannot be read.
        cause: Why it is processed.
        resends_after: For a request to resend: the sequence that must still be the newest; None without one.
        asked_of: For a request of a person: the sequence and the state of the revision that was shown when it was made;
            None for a sighting and for a request of an earlier release.
        recorded_version: For a request of a person: Visma's row version in the ledger, which may be newer than that of
            the document as it was stored.
        received: Numbers of the order lines of which goods were received in Visma.
        closed_short: Numbers of the order lines that were closed in Visma before the whole quantity was received.
    """

    key: DocumentKey
    revision_id: str
    document: VismaDocument | None
    problem: Parked | None
    sighting: Sighting
    cause: Cause
    resends_after: int | None = None
    asked_of: tuple[int, State] | None = None
    recorded_version: str | None = None
    received: tuple[int, ...] = ()
    closed_short: tuple[int, ...] = ()

    @property
    def version(self) -> str | None:
        """Visma's row version when it showed the document, if it is known."""
        return self.recorded_version or (row_version(self.document.version) if self.document else None)


@dataclass(frozen=True, slots=True)
class Incoming:
    """The facts of a document that are compared with its history.

    Attributes:
        revision_id: Hash of its content.
        seen_at: Visma's clock when it returned this state, UTC.
        version: Visma's row version; None without a valid one.
        receiver: ISA id of the receiver in routing; None when it cannot be routed.
        counterparty: Visma's number of the supplier or customer; None when it cannot be read.
        cause: Why it is processed.
        counterparty_id: Visma's internal id of the supplier or customer; None when the document has none.
        resends: A person asked to send it although the receiver has it.
        asked_about: For a request of a person: the sequence of the revision that was shown when it was made.
        is_unfinished: It is a draft or waits for an approval.
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
    asked_about: int | None = None
    is_unfinished: bool = False

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
            asked_about=reading.asked_of[0] if reading.asked_of is not None else None,
            is_unfinished=document is not None and is_unfinished(document),
        )
