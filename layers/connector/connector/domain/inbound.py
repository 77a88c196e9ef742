"""What arrives through Orderful: a transaction somebody sent us, and the delivery by which Orderful hands it over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.domain.transactions import Stream

ALWAYS_TAKEN = "860"
"""X12 number of the documents that are taken whatever routing says: changes of orders."""

ANSWERS = ("855", "865", "824", "997")
"""X12 numbers of the documents by which a partner answers what we sent."""

TAKEN_BY_DEFAULT = (ALWAYS_TAKEN, *ANSWERS)
"""X12 numbers of the documents that are taken from an inbox unless routing (`inbound.take`) says otherwise."""


class ApiVersion(StrEnum):
    """Which of Orderful's two APIs speaks: it decides where a delivery is confirmed."""

    V3 = "v3"
    V4 = "v4"


class Validation(StrEnum):
    """What Orderful's check of a transaction has come to (`validationStatus`).

    While it is PROCESSING, Orderful's rules may still change the message. INVALID is held and not delivered until it is
    corrected or somebody sends it by hand.
    """

    PROCESSING = "PROCESSING"
    VALID = "VALID"
    INVALID = "INVALID"


class Confirmation(StrEnum):
    """What Orderful was told of a delivery: taken over, or refused."""

    ACCEPTED = "accepted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How Orderful hands one transaction over; it waits there until it is accepted or failed.

    Attributes:
        delivery_id: Opaque.
        version: The API whose address confirms it when no link is given.
        accept_link: The address as Orderful gave it; None when it came from somebody we do not trust.
        fail_link: The same for refusing.
    """

    delivery_id: str
    version: ApiVersion
    accept_link: str | None = None
    fail_link: str | None = None


@dataclass(frozen=True, slots=True)
class ShownDelivery:
    """A delivery as Orderful shows it for a transaction.

    Attributes:
        acknowledged: It was accepted or failed before (Orderful: its status is DELIVERED or FAILED).
        created_at: Since when the transaction waits.
    """

    delivery: Delivery
    acknowledged: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundTransaction:
    """A transaction addressed to us, as far as its envelope could be read.

    Attributes:
        transaction_id: Orderful's number where one is given, else its UUID; the one name of the transaction here.
        aliases: Its other ids, where the envelope names more than one.
        document: X12 number of the document (`860`, `855` ...); None when nothing tells.
        transaction_type: Orderful's word as it came.
        business_number: The number Orderful files it under, or the one in the message.
        order_number: The purchase order that the message names.
        message: The document as parsed JSON (numbers as `Decimal`); None when only a link was given.
        created_at: When Orderful received it; None where the envelope does not say (a v4 inbox item).
        validation: None where the envelope does not say (items of inboxes and buckets).
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
