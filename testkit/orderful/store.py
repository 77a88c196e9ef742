"""The transactions of the sandbox Orderful: how they come in, move on, and are found again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from testkit.orderful.network import Relationship, stamp
from testkit.orderful.options import OrderfulOptions
from testkit.orderful.words import LEVELS, WORDS

ACKNOWLEDGMENT_TIMEOUT: Final = timedelta(hours=2)
DEFAULTS: Final = OrderfulOptions()


class ArgumentError(Exception):
    """Orderful's 400: `(ref, message)` for each thing that is wrong."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        """Keep what is wrong."""
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast transactions move on, counted from their creation; None waits for a command.

    Attributes:
        validation: Until a transaction leaves PROCESSING; which ones begin there says `OrderfulOptions.v4_validation`.
        delivery: Until it is delivered.
        acknowledgment: Until the partner answers.
        list_lag: How long a new transaction is missing from lists (Orderful: unknown, but it exists).
        number_lag: How long it is missing from lists asked by `businessNumber` (not documented).
    """

    validation: timedelta | None = timedelta(seconds=1)
    delivery: timedelta | None = timedelta(seconds=2)
    acknowledgment: timedelta | None = timedelta(seconds=4)
    list_lag: timedelta = timedelta(0)
    number_lag: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class SentByHand:
    """That a person at Orderful sent a transaction: when, and what becomes of the delivery."""

    at: datetime
    delivery: str


@dataclass(slots=True)
class Transaction:
    """One transaction.

    Attributes:
        sequence: Order of creation.
        id: What Orderful calls it in v3.
        v4_id: What it calls it in v4.
        request: The body of the create request, as it came.
        version: `v3` or `v4`.
        transaction_type: Its type.
        stream: `TEST` or `LIVE`.
        sender: ISA id as sent.
        receiver: ISA id as sent.
        business_number: Derived from the document.
        relationship: What it goes through.
        created_at: When it came in.
        invalid: What validation finds, as `/v2/.../validations` shows it.
        transaction_sets: The document as OrderfulJSON, as far as there is one.
        direction: `out` for ours; `in` for those of partners, which wait for us instead of moving on with time.
        by_hand: Set once a person sent it.
        copy_of: The v3 id of the transaction that a person copied.
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
    by_hand: SentByHand | None = None
    copy_of: str | None = None

    def move_on(self, now: datetime, pace: Pace) -> None:
        """Let time pass: validation, then delivery, then the partner's answer."""
        if self.direction == "in":
            return
        if self.validation_status == "PROCESSING" and self._due(pace.validation, now):
            self.set_status("validation", "INVALID" if self.invalid else "VALID", self._at(pace.validation))
        if self.by_hand is not None:
            self._deliver_by_hand(self.by_hand, now, pace)
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

    def _deliver_by_hand(self, sent: SentByHand, now: datetime, pace: Pace) -> None:
        """What was sent by hand is delivered, whatever validation and auto-send say."""
        if self.delivery_status == "SENT" != sent.delivery and pace.delivery is not None:
            due = sent.at + pace.delivery
            if due <= now:
                self.set_status("delivery", sent.delivery, due)

    def send_by_hand(self, at: datetime, delivery: str | None) -> None:
        """Send it as a person does: also what is invalid, waits because of auto-send, or failed.

        Args:
            at: When.
            delivery: What becomes of it; None leaves that to the relationship.

        Raises:
            ValueError: it is a partner's, still in validation, or under way already; or there is no such status.
        """
        if self.direction == "in" or self.validation_status == "PROCESSING":
            raise ValueError(f"Transaction {self.id} cannot be sent by hand: it is a partner's or in validation.")
        if self.delivery_status in {"SENT", "DELIVERED"}:
            raise ValueError(f"Transaction {self.id} cannot be sent by hand: it is {self.delivery_status} already.")
        outcome = delivery or self.relationship.delivery
        if outcome not in {"SENT", "DELIVERED", "FAILED"}:
            raise ValueError(f"What is sent by hand becomes SENT, DELIVERED or FAILED, not '{outcome}'.")
        self.by_hand = SentByHand(at, outcome)
        self.set_status("delivery", "SENT", at)

    def copied(self, sequence: int, names: tuple[str, str], at: datetime) -> Transaction:
        """A new transaction with the same document: a person's copy. It is validated and sent anew."""
        number, v4_id = names
        anew: dict[str, Any] = {
            "validation_status": "PROCESSING",
            "delivery_status": "PENDING",
            "acknowledgment_status": "NOT_ACKNOWLEDGED",
            "acknowledged_at": None,
            "errors": [],
            "last_updated_at": None,
            "by_hand": None,
        }
        return replace(self, sequence=sequence, id=number, v4_id=v4_id, created_at=at, copy_of=self.id, **anew)

    def set_status(self, which: str, status: str, at: datetime) -> None:
        """Set the validation, delivery or acknowledgment status.

        Raises:
            ValueError: the status is unknown.
        """
        if which not in {"validation", "delivery", "acknowledgment"} or status not in WORDS[f"{which}Status"]:
            raise ValueError(f"A transaction's {which} status cannot be '{status}'.")
        setattr(self, f"{which}_status", status)
        self.last_updated_at = at
        if which == "acknowledgment":
            self.acknowledged_at = at

    def content(self, options: OrderfulOptions = DEFAULTS) -> dict[str, Any]:
        """The document as `/v3/.../message` shows it: a partner's as it came, ours as OrderfulJSON or as posted."""
        message = self.request["message"]
        as_posted = self.direction == "in" or (options.v3_message == "posted" and isinstance(message, dict))
        return dict(message) if as_posted else {"transactionSets": self.transaction_sets}

    def shown_number(self, options: OrderfulOptions) -> str | None:
        """The business number as far as Orderful knows it by now."""
        known = options.number_while_processing or self.validation_status != "PROCESSING"
        return self.business_number if known else None

    def shown(self, base: str, options: OrderfulOptions = DEFAULTS) -> dict[str, Any]:
        """As `GET /v3/transactions/{id}` shows it; `base` is the host of the links."""
        href = f"{base}/v3/transactions/{self.id}"
        return {
            "id": self.id,
            "href": href,
            "version": "v3",
            "sender": _identity(self.relationship.sender, self.sender),
            "receiver": _identity(self.relationship.receiver, self.receiver),
            "type": {"name": self.transaction_type},
            "stream": self.stream,
            "businessNumber": self.shown_number(options),
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
        """The control numbers Orderful assigned."""
        for level in LEVELS:
            value = "0001" if level == "Transaction" else f"{self.sequence:09}"
            yield {"value": value, "type": level.upper(), "owner": "SENDER"}

    def _due(self, after: timedelta | None, now: datetime) -> bool:
        return after is not None and self.created_at + after <= now

    def _at(self, after: timedelta | None) -> datetime:
        return self.created_at + (after or timedelta(0))


class Transactions:
    """All transactions, newest last. Not thread-safe by itself: the sandbox holds its lock."""

    def __init__(self, *, first_id: int) -> None:
        """Hold nothing; numbers count up from `first_id`."""
        self._all: list[Transaction] = []
        self._by_id: dict[str, Transaction] = {}
        self._by_v4_id: dict[str, Transaction] = {}
        self._first_id = first_id
        self._last = 0

    def next_number(self) -> tuple[int, int]:
        """Order and number of the next transaction."""
        self._last += 1
        return self._last, self._first_id + self._last

    def next_names(self, ids: str) -> tuple[int, tuple[str, str]]:
        """Order of the next transaction we send, and its ids in v3 and v4; `ids` is the option of that name."""
        sequence, number = self.next_number()
        name = str(uuid.UUID(int=number, version=4))
        names = {"number": (str(number), str(number)), "uuid": (name, name), "split": (str(number), name)}
        return sequence, names[ids]

    def add(self, transaction: Transaction) -> None:
        """Keep it. Nothing is refused as a duplicate: Orderful does not do that either."""
        self._all.append(transaction)
        self._by_id[transaction.id] = self._by_v4_id[transaction.v4_id] = transaction

    def remove(self, transaction: Transaction) -> None:
        """Forget it."""
        self._all.remove(transaction)
        del self._by_id[transaction.id], self._by_v4_id[transaction.v4_id]

    def find(self, transaction_id: str) -> Transaction | None:
        """By its v3 id."""
        return self._by_id.get(transaction_id)

    def find_v4(self, transaction_id: str) -> Transaction | None:
        """By its v4 id."""
        return self._by_v4_id.get(transaction_id)

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
