"""What travels on the queues, and how it is written.

`documents.fifo` carries the Visma document as read (its exact bytes, so that decimals stay as Visma wrote them) up to
`INLINE_LIMIT`, a reference into the payload bucket above. `deliveries.fifo` carries only the identity of a revision:
the request itself is read from the ledger together with the claim. `changes.fifo` says
that a recorded change has to be decided, and `hints.fifo` that a callback named a transaction; neither holds content.
The two have tags, because one function reads both queues.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from connector.domain.documents import DocumentKey, Kind
from connector.domain.inbound import ApiVersion
from connector.domain.revision.record import Revision

INLINE_LIMIT = 200_000
"""Bytes of a document that a message carries itself."""


class DocumentMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Visma document that was seen changed, or one that is asked to be looked at again.

    Attributes:
        document: The Visma document as read; absent when `document_at` names where it lies.
        document_at: Key in the payload bucket.
        modified_at: Visma's `lastModifiedDateTime` in UTC.
        seen_at: Visma's own time when it showed the document in this state. Of two states the one that was seen later
            is the newer one, whatever zone the time stamps are in.
        listed_since: When the list was first read, by Visma's clock; None when that is not known.
        first_scan: The first reading of the list showed it: it existed before.
        cause: `poll`, or who asked and when (`release 2026-11-22T07:00:00+00:00`), which keeps the queue from taking a
            repeated wish for a duplicate.
        reading: Which reading of the list it is of. An operator who sets the cursor back begins another, so that the
            queue does not take what is read again for a duplicate.
    """

    company: str
    kind: Kind
    number: str
    modified_at: datetime
    seen_at: datetime | None = None
    document: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    document_at: str | None = None
    listed_since: datetime | None = None
    first_scan: bool = False
    cause: str = "poll"
    reading: int = 0

    @property
    def key(self) -> DocumentKey:
        """Identity of the document."""
        return DocumentKey(self.company, self.kind, self.number)


class DeliveryMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A translated revision that is due to be sent."""

    company: str
    kind: Kind
    number: str
    sequence: int

    @classmethod
    def of(cls, revision: Revision) -> DeliveryMessage:
        """The message that asks for a revision to be sent."""
        key = revision.key
        return cls(company=key.company, kind=key.kind, number=key.number, sequence=revision.sequence)

    @property
    def key(self) -> DocumentKey:
        """Identity of the document."""
        return DocumentKey(self.company, self.kind, self.number)


class HintMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="hint"):
    """A callback named a transaction. Nobody signed it, so it holds what has to be looked up and nothing to believe.

    Attributes:
        transaction_id: Orderful's name of the transaction, as the callback gave it.
        delivery_id: The delivery that waits at Orderful to be accepted or failed, if one was named.
        version: The API that confirms the delivery.
    """

    transaction_id: str
    delivery_id: str | None = None
    version: ApiVersion | None = None


class ChangeMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """A recorded change that is due to be decided, applied or confirmed.

    Attributes:
        company: Whose purchase order it is about.
        number: The purchase order as the change names it.
        transaction_id: The transaction that brought the change.
        cause: Why it is queued: `received`, or who asked for it to be looked at again.
    """

    company: str
    number: str
    transaction_id: str
    cause: str = "received"

    @property
    def key(self) -> DocumentKey:
        """Identity of the purchase order."""
        return DocumentKey(self.company, Kind.PURCHASE_ORDER, self.number)
