"""The queue messages and their encoding.

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
from connector.domain.revision.record import Revision, State

INLINE_LIMIT = 200_000
"""Most bytes of a document inside a message."""


class DocumentMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Visma document that changed, or that a person wants processed again.

    Attributes:
        document: The Visma document as read; absent when `document_at` names where it lies.
        document_at: Key in the payload bucket.
        modified_at: Visma's `lastModifiedDateTime` in UTC.
        seen_at: Visma's clock when it returned the document in this state, UTC. Of two states, the one that was seen
            later is newer, whatever the zone of Visma's time stamps.
        listed_since: When the list was first read, by Visma's clock, UTC; None when that is not known.
        first_scan: It was in the first pass over the list, so it existed before.
        cause: `poll`, or a person's request and its time (`release 2026-11-22T07:00:00+00:00`); the time keeps SQS from
            dropping a repeated request as a duplicate.
        asked_about: For a request of a person: the sequence of the revision that was shown when it was made.
        asked_in: The state of that revision then.
        recorded_version: Visma's row version in that revision, of the time `seen_at`.
        reading: Id of the reading of the list. It changes when an operator sets the cursor back, so that SQS does not
            drop a document that is read again as a duplicate.
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
    asked_about: int | None = None
    asked_in: State | None = None
    recorded_version: str | None = None
    reading: int = 0

    @classmethod
    def again(cls, revision: Revision, cause: str) -> DocumentMessage:
        """The message for processing a stored document again, without the document."""
        key = revision.key
        return cls(
            company=key.company,
            kind=key.kind,
            number=key.number,
            modified_at=revision.modified_at or revision.created_at,
            seen_at=revision.seen_at,
            listed_since=revision.listed_since,
            cause=cause,
            asked_about=revision.sequence,
            asked_in=revision.state,
            recorded_version=revision.visma_version,
        )

    @property
    def key(self) -> DocumentKey:
        """Identity of the document."""
        return DocumentKey(self.company, self.kind, self.number)


class DeliveryMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A translated revision that has to be sent."""

    company: str
    kind: Kind
    number: str
    sequence: int

    @classmethod
    def of(cls, revision: Revision) -> DeliveryMessage:
        """The message for sending a revision."""
        key = revision.key
        return cls(company=key.company, kind=key.kind, number=key.number, sequence=revision.sequence)

    @property
    def key(self) -> DocumentKey:
        """Identity of the document."""
        return DocumentKey(self.company, self.kind, self.number)


class HintMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="hint"):
    """A transaction that a callback named. It is not signed, so it has only ids to look up.

    Attributes:
        transaction_id: Orderful's id of the transaction, from the callback.
        delivery_id: The open delivery, if the callback named one.
        version: The API that confirms the delivery.
    """

    transaction_id: str
    delivery_id: str | None = None
    version: ApiVersion | None = None


class ChangeMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """A recorded change that has to be decided, applied or confirmed.

    Attributes:
        company: The company of the purchase order.
        number: The number of the purchase order in the change.
        transaction_id: Orderful's id of the change.
        cause: Why it is queued: `received`, or the request of a person.
    """

    company: str
    number: str
    transaction_id: str
    cause: str = "received"

    @property
    def key(self) -> DocumentKey:
        """Identity of the purchase order."""
        return DocumentKey.of_order(self.company, self.number)
