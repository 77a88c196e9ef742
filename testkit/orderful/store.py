"""The transactions of the sandbox Orderful and their status changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from testkit.orderful.network import Relationship, stamp
from testkit.orderful.published import REFERENCE_LEVELS, VALUES

ACKNOWLEDGMENT_TIMEOUT: Final = timedelta(hours=2)


class ArgumentError(Exception):
    """Orderful's 400: `(ref, message)` for each error."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        """Store the errors."""
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Pace:
    """The delays of status changes after creation; None for no change without a control request.

    Attributes:
        validation: Until a v3 transaction leaves PROCESSING; v4 validates at once.
        delivery: Until it is delivered.
        acknowledgment: Until the partner acknowledges it.
        list_lag: Until lists show a new transaction (Orderful: there is a lag of unknown length).
        number_lag: Until lists by `businessNumber` show it (Orderful: not documented).
    """

    validation: timedelta | None = timedelta(seconds=1)
    delivery: timedelta | None = timedelta(seconds=2)
    acknowledgment: timedelta | None = timedelta(seconds=4)
    list_lag: timedelta = timedelta(0)
    number_lag: timedelta = timedelta(0)


@dataclass(slots=True)
class Transaction:
    """One transaction.

    Attributes:
        sequence: Order of creation.
        id: Its id in v3.
        v4_id: Its id in v4.
        request: The body of the create request.
        version: `v3` or `v4`.
        transaction_type: Its type.
        stream: `TEST` or `LIVE`.
        sender: ISA id as sent.
        receiver: ISA id as sent.
        business_number: Derived from the document.
        relationship: Its relationship.
        created_at: The time of its creation.
        invalid: Its validation errors, as in `/v2/.../validations`.
        transaction_sets: The document as OrderfulJSON.
        direction: `out` for ours; `in` for those of partners, whose delivery we confirm.
    """

    sequence: int
    id: str
    v4_id: str
    request: dict[str, Any]
    version: str
    transaction_type: str
    stream: str
    sender: str
    receiver: str
    business_number: str
    relationship: Relationship
    created_at: datetime
    invalid: list[dict[str, Any]]
    transaction_sets: list[Any]
    validation_status: str = "PROCESSING"
    delivery_status: str = "PENDING"
    acknowledgment_status: str = "NOT_ACKNOWLEDGED"
    acknowledged_at: datetime | None = None
    errors: list[dict[str, str]] = field(default_factory=list)
    last_updated_at: datetime | None = None
    direction: Literal["in", "out"] = "out"

    def move_on(self, now: datetime, pace: Pace) -> None:
        """Change the statuses that are due: validation, delivery, acknowledgment."""
        if self.direction == "in":
            return
        if self.validation_status == "PROCESSING" and self._due(pace.validation, now):
            self.set_status("validation", "INVALID" if self.invalid else "VALID", self._at(pace.validation))
        if self.validation_status != "VALID" or self.relationship.auto_send == "DISABLED":
            return
        if self.delivery_status == "PENDING" and self._due(pace.delivery, now):
            self.set_status("delivery", self.relationship.delivery, self._at(pace.delivery))
        if self.delivery_status != "DELIVERED" or self.acknowledgment_status not in {"NOT_ACKNOWLEDGED", "OVERDUE"}:
            return
        if self.relationship.acknowledgment != "NONE" and self._due(pace.acknowledgment, now):
            self.errors = list(self.relationship.errors)
            self.set_status("acknowledgment", self.relationship.acknowledgment, self._at(pace.acknowledgment))
        elif self.acknowledgment_status == "NOT_ACKNOWLEDGED" and self._due(ACKNOWLEDGMENT_TIMEOUT, now):
            self.set_status("acknowledgment", "OVERDUE", self._at(ACKNOWLEDGMENT_TIMEOUT))

    def set_status(self, which: str, status: str, at: datetime) -> None:
        """Set the validation, delivery or acknowledgment status.

        Raises:
            ValueError: the status is unknown.
        """
        if which not in {"validation", "delivery", "acknowledgment"} or status not in VALUES[f"{which}Status"]:
            raise ValueError(f"A transaction's {which} status cannot be '{status}'.")
        setattr(self, f"{which}_status", status)
        self.last_updated_at = at
        if which == "acknowledgment":
            self.acknowledged_at = at

    def content(self) -> dict[str, Any]:
        """The document in `/v3/.../message`: a partner's as sent, ours as OrderfulJSON."""
        return dict(self.request["message"]) if self.direction == "in" else {"transactionSets": self.transaction_sets}

    def shown(self, base: str) -> dict[str, Any]:
        """The answer of `GET /v3/transactions/{id}`; `base` is the base URL of links."""
        href = f"{base}/v3/transactions/{self.id}"
        return {
            "id": self.id,
            "href": href,
            "version": "v3",
            "sender": _identity(self.relationship.sender, self.sender),
            "receiver": _identity(self.relationship.receiver, self.receiver),
            "type": {"name": self.transaction_type},
            "stream": self.stream,
            "businessNumber": self.business_number,
            "referenceIdentifiers": list(self.reference_identifiers()),
            "message": {"href": f"{href}/message"},
            "validationStatus": self.validation_status,
            "deliveryStatus": self.delivery_status,
            "acknowledgmentStatus": self.acknowledgment_status,
            "createdAt": stamp(self.created_at),
            "lastUpdatedAt": stamp(self.last_updated_at or self.created_at),
            "acknowledgment": {"href": f"{href}/acknowledgment"},
        }

    def reference_identifiers(self) -> Iterator[dict[str, str]]:
        """The control numbers of the transaction."""
        for level in REFERENCE_LEVELS:
            value = "0001" if level == "Transaction" else f"{self.sequence:09}"
            yield {"value": value, "type": level.upper(), "owner": "SENDER"}

    def _due(self, after: timedelta | None, now: datetime) -> bool:
        return after is not None and self.created_at + after <= now

    def _at(self, after: timedelta | None) -> datetime:
        return self.created_at + (after or timedelta(0))


class Transactions:
    """All transactions, newest last. Not thread-safe: the sandbox holds a lock."""

    def __init__(self, *, first_id: int) -> None:
        """Start empty; ids count up from `first_id`."""
        self._all: list[Transaction] = []
        self._by_id: dict[str, Transaction] = {}
        self._first_id = first_id
        self._last = 0

    def next_number(self) -> tuple[int, int]:
        """Sequence and id of the next transaction."""
        self._last += 1
        return self._last, self._first_id + self._last

    def add(self, transaction: Transaction) -> None:
        """Add a transaction, duplicates included (Orderful refuses none)."""
        self._all.append(transaction)
        self._by_id[transaction.id] = self._by_id[transaction.v4_id] = transaction

    def remove(self, transaction: Transaction) -> None:
        """Remove a transaction."""
        self._all.remove(transaction)
        for name in {transaction.id, transaction.v4_id}:
            del self._by_id[name]

    def find(self, transaction_id: str) -> Transaction | None:
        """By its id in v3 or v4."""
        return self._by_id.get(transaction_id)

    def all(self) -> list[Transaction]:
        """Oldest first."""
        return list(self._all)


def _identity(account: Any, isa_id: str) -> dict[str, str]:
    return {
        "isaId": isa_id,
        "isaIdQualifier": "ZZ",
        "testIsaId": account.test,
        "testIsaIdQualifier": "ZZ",
        "name": account.name,
    }
