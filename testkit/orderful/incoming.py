"""A document of a partner in the sandbox Orderful: what was sent, the transaction it became, and its delivery to us."""

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
    """A document of a partner and its delivery, which shares the status of the transaction.

    Attributes:
        transaction: As it is filed; its id is the number of the transaction.
        uuid: Its other id, the one newer documentation speaks of.
        payload_id: Of the document as handed over.
        delivery_id: Of the delivery.
        places: Where it waits: `("inbox", "4711")`.
        created_at: When this delivery began.
        confirmation: `DELIVERED` or `FAILED` once it is confirmed.
        confirmed: How often a confirmation had an effect.
        asked: How often one was asked for by a caller.
        notes: What callers said with a confirmation that was not refused, earliest first.
        callers: Who asked for a confirmation, earliest first; of the API that is the header `User-Agent`.
        sent_at: When it lay ready for us, or our answer to a push said that we have it.
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
        """Of the delivery: the transaction's, only that PENDING is called CREATED here."""
        status = self.transaction.delivery_status
        return "CREATED" if status == "PENDING" else status

    @property
    def waits(self) -> bool:
        """Whether it lies in its places: it is not confirmed."""
        return self.confirmation is None

    def confirm(self, confirmation: DeliveryConfirmation, at: datetime) -> bool:
        """Take it over or refuse it; False when the opposite was said before. Saying the same again changes nothing."""
        if self.confirmation is None:
            self.confirmation, self.confirmed_at = confirmation, at
            self.confirmed += 1
            self.transaction.set_status("delivery", confirmation, at)
        return self.confirmation == confirmation

    def settle(self, result: PushResult, at: datetime) -> None:
        """What the end of a push makes of it; a confirmation that came first stands.

        A push that failed is no confirmation of ours: the document still waits where else it lies and can be accepted.
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
    """A document as a partner hands it to Orderful; see `Inbound.receive`."""

    sender: str
    receiver: str
    message: dict[str, Any]
    transaction_type: str
    stream: str
    created_at: datetime

    def filed(self, sequence: int, number: int, network: Network, places: frozenset[tuple[str, str]]) -> Incoming:
        """The transaction it becomes: valid and sent; through no relationship that moves it on."""
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
        """The create request the partner would have made."""
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
    """A UUID that the same transaction gets in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"orderful/{number}/{kind}"))


def _order_number(sets: Any) -> str:
    """The order number in the beginning of a document whose segments the sandbox does not know (855, 865)."""
    try:
        segment = next(value for name, value in sets[0].items() if name.startswith("beginningSegment"))
        return str(segment[0].get("purchaseOrderNumber", ""))
    except (StopIteration, IndexError, KeyError, TypeError, AttributeError):
        return ""
