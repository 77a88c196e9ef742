"""Organizations, EDI accounts and relationships of the sandbox Orderful: who may send what to whom."""

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
        name: Of the account and its organization.
        number: Id of the account; the organization has the same.
        own: True for accounts of the organization that holds the API key.
    """

    live: str
    test: str
    name: str
    number: int
    own: bool = False

    def isa_id(self, stream: str) -> str:
        """The id to use on `TEST` or `LIVE`."""
        return self.test if stream == "TEST" else self.live


@dataclass(slots=True)
class Relationship:
    """One direction, one transaction type, two accounts, and how the partner takes what comes.

    Attributes:
        number: Its id.
        sender: Who sends.
        receiver: Who receives.
        transaction_type: For example `850_PURCHASE_ORDER`.
        created_at: When it was made.
        status: One of `RELATIONSHIP_STATUSES`.
        auto_send: `DISABLED` leaves valid transactions waiting in PENDING.
        delivery: What becomes of a delivery: `DELIVERED`, `FAILED` or `SENT` (never confirmed).
        acknowledgment: What the partner answers: `ACCEPTED`, `ACCEPTED_WITH_ERRORS`, `REJECTED`, or `NONE`, which
            turns into OVERDUE after two hours.
        errors: What a rejection says: `{path, code, message}` each.
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
        """As `GET /v3/relationships` lists it."""
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
        """Know nobody."""
        self.accounts: list[Account] = []
        self.relationships: list[Relationship] = []

    def account(self, isa_id: str, stream: str) -> Account | None:
        """The account with this id on this stream. A live id is unknown on the test stream, and the other way round."""
        return next((one for one in self.accounts if one.isa_id(stream) == isa_id), None)

    def known(self, isa_id: str, stream: str) -> Account:
        """Whose id this is on this stream, else on the other one, else an account of a stranger."""
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
        """Add an organization with one EDI account; without a test id the live id with a `T` behind it.

        An account that is already there, with the same two ids, is given back.

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
        """The relationship a transaction goes through, or, in Orderful's words, why there is none."""
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
    """A time as Orderful writes it: UTC, milliseconds."""
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
