"""Organizations, EDI accounts and relationships of the sandbox Orderful."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

RELATIONSHIP_STATUSES: Final = ("BLOCKED", "PENDING", "SETUP", "TEST", "READY", "LIVE")
_LIVE_STATUSES: Final = frozenset({"READY", "LIVE"})
_TEST_STATUSES: Final = _LIVE_STATUSES | {"TEST"}


@dataclass(frozen=True, slots=True)
class Account:
    """An EDI account.

    Attributes:
        live: ISA id on the live stream.
        test: ISA id on the test stream.
        name: The name of the account and its organization.
        number: Id of the account; the organization has the same.
        own: True for accounts of the organization with the API key.
    """

    live: str
    test: str
    name: str
    number: int
    own: bool = False

    def isa_id(self, stream: str) -> str:
        """The ISA id on `TEST` or `LIVE`."""
        return self.test if stream == "TEST" else self.live


@dataclass(slots=True)
class Relationship:
    """One direction, one transaction type, two accounts, and the partner's behaviour.

    Attributes:
        number: Its id.
        sender: Who sends.
        receiver: Who receives.
        transaction_type: For example `850_PURCHASE_ORDER`.
        created_at: The time of its creation.
        status: One of `RELATIONSHIP_STATUSES`.
        auto_send: With `DISABLED` valid transactions stay PENDING.
        delivery: The delivery status: `DELIVERED`, `FAILED` or `SENT` (never confirmed).
        acknowledgment: The partner's acknowledgment: `ACCEPTED`, `ACCEPTED_WITH_ERRORS`, `REJECTED`, or `NONE`, which
            is OVERDUE after two hours.
        errors: The errors of a rejection: `{path, code, message}` each.
    """

    number: int
    sender: Account
    receiver: Account
    transaction_type: str
    created_at: datetime
    status: str = "LIVE"
    auto_send: Literal["ENABLED", "DISABLED"] = "ENABLED"
    delivery: str = "DELIVERED"
    acknowledgment: str = "ACCEPTED"
    errors: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse an unknown status."""
        if self.status not in RELATIONSHIP_STATUSES:
            raise ValueError(f"A relationship is {', '.join(RELATIONSHIP_STATUSES)}, not '{self.status}'.")

    def shown(self) -> dict[str, Any]:
        """An element of `GET /v3/relationships`."""
        return {
            "id": self.number,
            "createdAt": stamp(self.created_at),
            "updatedAt": stamp(self.created_at),
            "sender": _identity(self.sender),
            "receiver": _identity(self.receiver),
            "transactionType": {"name": self.transaction_type},
            "status": self.status,
            "autoSend": self.auto_send,
        }


class Network:
    """All accounts and relationships."""

    def __init__(self) -> None:
        """Start without accounts."""
        self.accounts: list[Account] = []
        self.relationships: list[Relationship] = []

    def account(self, isa_id: str, stream: str) -> Account | None:
        """The account with this id on this stream; live ids are unknown on the test stream, and vice versa."""
        return next((one for one in self.accounts if one.isa_id(stream) == isa_id), None)

    def known(self, isa_id: str, stream: str) -> Account:
        """The account with this id on this stream, else on the other stream, else a new one."""
        others = (one for one in self.accounts if isa_id in {one.live, one.test})
        return self.account(isa_id, stream) or next(others, Account(isa_id, isa_id, isa_id, 0))

    def named(self, isa_id: str) -> Account:
        """The account with this live or test id.

        Raises:
            ValueError: there is none.
        """
        for one in self.accounts:
            if isa_id in {one.live, one.test}:
                return one
        raise ValueError(f"The sandbox Orderful has no account with the ISA id '{isa_id}'.")

    def add_account(self, live: str, test: str | None, name: str, *, own: bool) -> Account:
        """Add an organization with one EDI account; the default test id is the live id and a `T`.

        Returns the existing account if there is one with both ids.

        Raises:
            ValueError: one of the ids belongs to another account.
        """
        for known in self.accounts:
            if (known.live, known.test) == (live, test or f"{live}T"):
                return known
            if {known.live, known.test} & {live, test or f"{live}T"}:
                raise ValueError(f"The ISA id '{live}' or its test id belongs to {known.name} already.")
        account = Account(live, test or f"{live}T", name, 5000 + len(self.accounts), own)
        self.accounts.append(account)
        return account

    def relationship(self, sender: Account, receiver: Account, transaction_type: str) -> Relationship | None:
        """The relationship of this triple."""
        for one in self.relationships:
            if (one.sender, one.receiver, one.transaction_type) == (sender, receiver, transaction_type):
                return one
        return None

    def resolve(self, sender: str, receiver: str, transaction_type: str, stream: str) -> Relationship | str:
        """The relationship of a transaction, or Orderful's message why there is none."""
        ours, theirs = self.account(sender, stream), self.account(receiver, stream)
        if ours is None:
            return "sender doesn't exist"
        if theirs is None:
            return "receiver doesn't exist"
        found = self.relationship(ours, theirs, transaction_type)
        if found is None:
            return "relationship doesn't exist (sender/receiver/type triple)"
        if stream == "LIVE" and found.status == "TEST":
            return "Cannot post a LIVE transaction because the relationship is in testing"
        if found.status not in (_LIVE_STATUSES if stream == "LIVE" else _TEST_STATUSES):
            return f"Cannot post a transaction because the relationship is {found.status}"
        return found


def stamp(at: datetime) -> str:
    """A time in Orderful's format: UTC, milliseconds."""
    return f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03}Z"


def _identity(account: Account) -> dict[str, Any]:
    return {
        "ediAccountId": account.number,
        "liveIsaId": account.live,
        "testIsaId": account.test,
        "organizationId": account.number,
        "organizationName": account.name,
        "ediAccountName": account.name,
    }
