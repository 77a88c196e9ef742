"""The transactions of the sandbox Orderful: how they come in, move on, and are found again."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from local.sandbox.orderful_network import Relationship, stamp

PAGE_SIZE: Final = 100
ACKNOWLEDGMENT_TIMEOUT: Final = timedelta(hours=2)
WORDS: Final[Mapping[str, frozenset[str]]] = {
    "stream": frozenset({"TEST", "LIVE"}),
    "validationStatus": frozenset({"PROCESSING", "VALID", "INVALID"}),
    "deliveryStatus": frozenset({"PENDING", "SENT", "DELIVERED", "FAILED"}),
    "acknowledgmentStatus": frozenset({"NOT_ACKNOWLEDGED", "ACCEPTED", "REJECTED", "OVERDUE", "ACCEPTED_WITH_ERRORS"}),
}
_AT_MOST_FIVE: Final = frozenset({"businessNumber", "transactionType", "senderIsaId", "receiverIsaId"})
_INTERVAL: Final = re.compile(r"([\[(])([^,]+),([^,]+)([\])])")
_OWNERS: Final = ("sender", "receiver")
_LEVELS: Final = ("Interchange", "Group", "Transaction")
REFERENCE_FILTERS: Final = frozenset(
    {f"{owner}{level}ReferenceIdentifier" for owner in _OWNERS for level in _LEVELS} | {"referenceIdentifier"}
)
FILTERS: Final = frozenset(WORDS) | _AT_MOST_FIVE | REFERENCE_FILTERS | {"createdAt", "nextCursor", "prevCursor"}


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
        validation: Until a v3 transaction leaves PROCESSING; v4 transactions are validated at once.
        delivery: Until it is delivered.
        acknowledgment: Until the partner answers.
        list_lag: How long a new transaction is missing from lists (Orderful: unknown, but it exists).
    """

    validation: timedelta | None = timedelta(seconds=1)
    delivery: timedelta | None = timedelta(seconds=2)
    acknowledgment: timedelta | None = timedelta(seconds=4)
    list_lag: timedelta = timedelta(0)


@dataclass(slots=True)
class Transaction:
    """One transaction.

    Attributes:
        sequence: Order of creation.
        id: What Orderful calls it.
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
    """

    sequence: int
    id: str
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
        """Let time pass: validation, then delivery, then the partner's answer."""
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
        if which not in {"validation", "delivery", "acknowledgment"} or status not in WORDS[f"{which}Status"]:
            raise ValueError(f"A transaction's {which} status cannot be '{status}'.")
        setattr(self, f"{which}_status", status)
        self.last_updated_at = at
        if which == "acknowledgment":
            self.acknowledged_at = at

    def content(self) -> dict[str, Any]:
        """The document as `/v3/.../message` shows it: a partner's as it came, since the sandbox does not translate."""
        return dict(self.request["message"]) if self.direction == "in" else {"transactionSets": self.transaction_sets}

    def shown(self, base: str) -> dict[str, Any]:
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
        """The control numbers Orderful assigned."""
        for level in _LEVELS:
            value = "0001" if level == "Transaction" else f"{self.sequence:09}"
            yield {"value": value, "type": level.upper(), "owner": "SENDER"}

    def _due(self, after: timedelta | None, now: datetime) -> bool:
        return after is not None and self.created_at + after <= now

    def _at(self, after: timedelta | None) -> datetime:
        return self.created_at + (after or timedelta(0))


class Transactions:
    """All transactions, newest last. Not thread-safe by itself: the sandbox holds its lock."""

    def __init__(self, *, first_id: int, uuids: bool) -> None:
        """Hold nothing; ids count up from `first_id`, or are UUIDs."""
        self._all: list[Transaction] = []
        self._by_id: dict[str, Transaction] = {}
        self._first_id = first_id
        self.uuids = uuids

    def next_number(self) -> tuple[int, int]:
        """Order and number of the next transaction."""
        sequence = len(self._all) + 1
        return sequence, self._first_id + sequence

    def next_id(self) -> tuple[int, str]:
        """Order and id of the next transaction we send."""
        sequence, number = self.next_number()
        return sequence, str(uuid.UUID(int=number, version=4)) if self.uuids else str(number)

    def add(self, transaction: Transaction) -> None:
        """Keep it. Nothing is refused as a duplicate: Orderful does not do that either."""
        self._all.append(transaction)
        self._by_id[transaction.id] = transaction

    def find(self, transaction_id: str) -> Transaction | None:
        """By id."""
        return self._by_id.get(transaction_id)

    def all(self) -> list[Transaction]:
        """Oldest first."""
        return list(self._all)

    def page(
        self, parameters: Mapping[str, list[str]], *, until: datetime, page_size: int
    ) -> tuple[list[Transaction], str | None, str | None]:
        """One page, newest first, with the cursors of the next and the previous one.

        Args:
            parameters: The query, values in lists.
            until: Transactions created later are not listed yet.
            page_size: Rows of a page.

        Raises:
            ArgumentError: a parameter is unknown or has a wrong value.
        """
        keep = _filters(parameters)
        found = [one for one in self._all if one.created_at <= until and all(matches(one) for matches in keep)]
        before, after = _position(parameters, "nextCursor"), _position(parameters, "prevCursor")
        if after is not None:
            rows = [one for one in found if one.sequence > after][:page_size][::-1]
        else:
            rows = [one for one in reversed(found) if before is None or one.sequence < before][:page_size]
        if not rows:
            return [], None, None
        older = any(one.sequence < rows[-1].sequence for one in found)
        newer = any(one.sequence > rows[0].sequence for one in found)
        return rows, cursor(rows[-1].sequence) if older else None, cursor(rows[0].sequence) if newer else None


def cursor(position: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"after:{position}".encode()).decode()


def position_of(text: str, name: str) -> int:
    """What a cursor stands for.

    Raises:
        ArgumentError: nobody gave it out.
    """
    try:
        return int(base64.urlsafe_b64decode(text).decode().removeprefix("after:"))
    except ValueError:
        raise ArgumentError((name, f"{name} is not a valid cursor")) from None


def _position(parameters: Mapping[str, list[str]], name: str) -> int | None:
    return position_of(parameters[name][0], name) if name in parameters else None


def _filters(parameters: Mapping[str, list[str]]) -> list[Callable[[Transaction], bool]]:
    unknown = [name for name in parameters if name not in FILTERS]
    if unknown:
        raise ArgumentError(*((name, f"property {name} should not exist") for name in unknown))
    wanted: dict[str, Callable[[Transaction], str]] = {
        "stream": lambda one: one.stream,
        "businessNumber": lambda one: one.business_number,
        "transactionType": lambda one: one.transaction_type,
        "validationStatus": lambda one: one.validation_status,
        "deliveryStatus": lambda one: one.delivery_status,
        "acknowledgmentStatus": lambda one: one.acknowledgment_status,
        "senderIsaId": lambda one: one.sender,
        "receiverIsaId": lambda one: one.receiver,
    }
    found = [_one_of(name, values, wanted[name]) for name, values in parameters.items() if name in wanted]
    if "createdAt" in parameters:
        found.append(_created(parameters["createdAt"][0]))
    found.extend(_referenced(name, parameters[name][0]) for name in REFERENCE_FILTERS & set(parameters))
    return found


def _one_of(name: str, values: list[str], read: Callable[[Transaction], str]) -> Callable[[Transaction], bool]:
    if name in _AT_MOST_FIVE and len(values) > 5:
        raise ArgumentError((name, f"{name} must contain no more than 5 elements"))
    strange = set(values) - WORDS.get(name, frozenset(values))
    if strange:
        raise ArgumentError((name, f"each value in {name} must be one of {', '.join(sorted(WORDS[name]))}"))
    wanted = frozenset(values)
    return lambda one: read(one) in wanted


def _created(text: str) -> Callable[[Transaction], bool]:
    parts = _INTERVAL.fullmatch(text)
    try:
        if parts is None:
            raise ArgumentError(("createdAt", "createdAt must be an interval"))
        start, end = (datetime.fromisoformat(parts[n]).astimezone(UTC) for n in (2, 3))
    except ValueError:
        raise ArgumentError(("createdAt", "createdAt must be an interval of ISO 8601 times")) from None
    opened, closed = parts[1] == "[", parts[4] == "]"

    def matches(one: Transaction) -> bool:
        at = one.created_at
        return (start <= at if opened else start < at) and (at <= end if closed else at < end)

    return matches


def _referenced(name: str, value: str) -> Callable[[Transaction], bool]:
    owner = next((owner.upper() for owner in _OWNERS if name.startswith(owner)), None)
    level = next((level.upper() for level in _LEVELS if level in name), None)

    def matches(one: Transaction) -> bool:
        return any(
            reference["value"] == value and owner in {None, reference["owner"]} and level in {None, reference["type"]}
            for reference in one.reference_identifiers()
        )

    return matches


def _identity(account: Any, isa_id: str) -> dict[str, str]:
    return {
        "isaId": isa_id,
        "isaIdQualifier": "ZZ",
        "testIsaId": account.test,
        "testIsaIdQualifier": "ZZ",
        "name": account.name,
    }
