"""A document of a partner in the sandbox Orderful: the transaction and its delivery."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from testkit.orderful import mosaic, x12
from testkit.orderful.network import Network, Relationship
from testkit.orderful.push import PushResult
from testkit.orderful.store import Transaction

DeliveryConfirmation = Literal["DELIVERED", "FAILED"]


@dataclass(slots=True)
class Incoming:
    """A document of a partner and its delivery, which has the status of the transaction.

    Attributes:
        transaction: The transaction; its id is a number.
        uuid: Its other id, that of newer documentation.
        payload_id: The id of the payload.
        delivery_id: The id of the delivery.
        places: Its channels: `("inbox", "4711")`.
        created_at: When this delivery was created.
        confirmation: `DELIVERED` or `FAILED` once it is confirmed.
        confirmed: The number of effective confirmations.
        asked: The number of requests for a confirmation.
        notes: The notes of accepted confirmations, oldest first.
        callers: The callers of confirmations (header `User-Agent`), oldest first.
        sent_at: When it was available to us, or when we answered its push with a 2xx.
        send_failed_at: When the last push failed.
        confirmed_at: When it was confirmed.
    """

    transaction: Transaction
    uuid: str
    payload_id: str
    delivery_id: str
    places: frozenset[tuple[str, str]]
    created_at: datetime
    confirmation: DeliveryConfirmation | None = None
    confirmed: int = 0
    asked: int = 0
    notes: list[str] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    sent_at: datetime | None = None
    send_failed_at: datetime | None = None
    confirmed_at: datetime | None = None

    @property
    def number(self) -> int:
        """The transaction's number."""
        return int(self.transaction.id)

    @property
    def status(self) -> str:
        """The status of the delivery: that of the transaction, with CREATED for PENDING."""
        status = self.transaction.delivery_status
        return "CREATED" if status == "PENDING" else status

    @property
    def waits(self) -> bool:
        """Whether it is still in its places, without a confirmation."""
        return self.confirmation is None

    def confirm(self, confirmation: DeliveryConfirmation, at: datetime) -> bool:
        """Confirm the delivery; False when the opposite was confirmed before. A repetition has no effect."""
        if self.confirmation is None:
            self.confirmation, self.confirmed_at = confirmation, at
            self.confirmed += 1
            self.transaction.set_status("delivery", confirmation, at)
        return self.confirmation == confirmation

    def record_push(self, result: PushResult, at: datetime) -> None:
        """Record the result of a push; an earlier confirmation stays.

        A failed push is no confirmation: the document stays in its other places.
        """
        if result == "failed":
            self.send_failed_at = at
            if self.confirmation is None:
                self.transaction.set_status("delivery", "FAILED", at)
            return
        self.sent_at = at
        if result == "delivered":
            self.confirm("DELIVERED", at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A document that a partner sends; see `Inbound.receive`."""

    sender: str
    receiver: str
    message: dict[str, Any]
    transaction_type: str
    stream: str
    created_at: datetime

    def filed(self, sequence: int, number: int, network: Network, places: frozenset[tuple[str, str]]) -> Incoming:
        """The transaction of the document: VALID and SENT, without a relationship."""
        sender, receiver = network.known(self.sender, self.stream), network.known(self.receiver, self.stream)
        sets = self.message.get("transactionSets")
        at = self.created_at.replace(microsecond=self.created_at.microsecond // 1000 * 1000)
        transaction = Transaction(
            sequence=sequence,
            id=str(number),
            v4_id=identity(number, "transaction"),
            request=self._request(),
            version="v4" if sets is None else "v3",
            transaction_type=self.transaction_type,
            stream=self.stream,
            sender=self.sender,
            receiver=self.receiver,
            business_number=self._business_number(),
            relationship=Relationship(0, sender, receiver, self.transaction_type, at),
            created_at=at,
            invalid=[],
            transaction_sets=sets or [],
            validation_status="VALID",
            delivery_status="SENT",
            direction="in",
        )
        return Incoming(
            transaction=transaction,
            uuid=transaction.v4_id,
            payload_id=identity(number, "payload"),
            delivery_id=identity(number, "delivery"),
            places=places,
            created_at=at,
            sent_at=at if places else None,
        )

    def _request(self) -> dict[str, Any]:
        """The create request of the partner."""
        if "transactionSets" in self.message:
            parties: dict[str, Any] = {"sender": {"isaId": self.sender}, "receiver": {"isaId": self.receiver}}
            return {"type": {"name": self.transaction_type}, "stream": self.stream, **parties, "message": self.message}
        parties = {"senderId": self.sender, "receiverId": self.receiver}
        return {"type": self.transaction_type, "stream": self.stream.lower(), **parties, "message": self.message}

    def _business_number(self) -> str:
        sets = self.message.get("transactionSets")
        if sets is None:
            return mosaic.business_number(self.transaction_type, self.message)
        return x12.business_number(self.transaction_type, sets) or _order_number(sets)


def identity(number: int, kind: str) -> str:
    """A UUID that is the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"orderful/{number}/{kind}"))


def _order_number(sets: Any) -> str:
    """The order number in the beginning segment of another document (855, 865)."""
    try:
        segment = next(value for name, value in sets[0].items() if name.startswith("beginningSegment"))
        return str(segment[0].get("purchaseOrderNumber", ""))
    except (StopIteration, IndexError, KeyError, TypeError, AttributeError):
        return ""
