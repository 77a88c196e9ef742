"""Inbound records of Orderful: a transaction that somebody sent us, and its delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.domain.transactions import Stream

ALWAYS_TAKEN = "860"
"""X12 number of the document that is always taken, whatever routing says: an order change."""

ANSWERS = ("855", "865", "824", "997")
"""X12 numbers of the documents by which a partner answers what we sent."""

LISTED = (ALWAYS_TAKEN, "855", "865", "824")
"""X12 numbers of the documents that are looked for in Orderful's list: changes, and answers that may refuse something.

A 997 is no part of it: Orderful shows what it says as the acknowledgment status of the document that was sent.
"""

TAKEN_BY_DEFAULT = (ALWAYS_TAKEN, *ANSWERS)
"""X12 numbers of the documents that are taken from an inbox unless routing (`inbound.take`) says otherwise."""


class ApiVersion(StrEnum):
    """Orderful's two APIs; the version decides at which address a delivery is confirmed."""

    V3 = "v3"
    V4 = "v4"


class Validation(StrEnum):
    """The result of Orderful's validation (`validationStatus`).

    While it is PROCESSING, Orderful's rules may still change the message. INVALID is held and not delivered until it is
    corrected or somebody sends it by hand.
    """

    PROCESSING = "PROCESSING"
    VALID = "VALID"
    INVALID = "INVALID"


class Confirmation(StrEnum):
    """How we confirm a delivery to Orderful: accepted or failed."""

    ACCEPTED = "accepted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Orderful's delivery of one transaction; it stays open until it is accepted or failed.

    Attributes:
        delivery_id: Orderful's opaque id.
        version: The API whose address confirms it when there is no link.
        accept_link: Orderful's address for accepting; None when it came from an untrusted source (a callback).
        fail_link: Orderful's address for failing; None likewise.
    """

    delivery_id: str
    version: ApiVersion
    accept_link: str | None = None
    fail_link: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """A delivery in Orderful's list of a transaction's deliveries.

    Attributes:
        acknowledged: It was accepted or failed before (Orderful: its status is DELIVERED or FAILED).
        created_at: Since when the transaction waits for a confirmation, UTC.
    """

    delivery: Delivery
    acknowledged: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundTransaction:
    """A transaction addressed to us, as far as its envelope could be read.

    Attributes:
        transaction_id: Orderful's number if it gives one, else its UUID. The connector uses this id only.
        aliases: Its other ids, if the envelope has more than one.
        document: X12 number of the document (`860`, `855` ...); None when the envelope and the message lack it.
        transaction_type: Orderful's type word, as received.
        business_number: Orderful's business number, or the number in the message.
        order_number: The purchase order that the message names.
        message: The document as parsed JSON (numbers as `Decimal`); None when only a link was given.
        created_at: When Orderful received it, UTC; None when the envelope lacks it (a v4 inbox item).
        validation: Orderful's validation status; None when the envelope lacks it (items of inboxes and buckets).
    """

    transaction_id: str
    document: str | None
    transaction_type: str | None
    stream: Stream | None
    sender_id: str | None
    receiver_id: str | None
    business_number: str | None
    order_number: str | None
    message: dict[str, Any] | None
    delivery: Delivery | None
    created_at: datetime | None
    validation: Validation | None = None
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every id of the transaction, its own first."""
        return self.transaction_id, *self.aliases
