"""The findings of a reconciliation: differences between Visma, the ledger and Orderful that a person should see."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

import msgspec


class Category(StrEnum):
    """The kind of difference.

    Attributes:
        MISSING: Visma has a document or a state of one that the ledger does not know, or that Orderful does not have.
        DOUBLED: Orderful has two transactions for one revision.
        DIFFERENT: What Orderful has is not what was sent.
        UNKNOWN: Orderful has a transaction between us and a partner that belongs to no document in the ledger.
        UNRECORDED: A partner sent us a change or an answer that is not on record.
        DELETED: A partner has a document that Visma no longer has, or has in another branch or in an earlier state.
    """

    MISSING = "missing"
    DOUBLED = "doubled"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    UNRECORDED = "unrecorded"
    DELETED = "deleted"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference.

    Attributes:
        company: Routing name of the company.
        subject: The document (`company/kind/number`), or Orderful's id of the transaction when no document is known.
        document: The document; None when none is known.
        transactions: Orderful's ids of the transactions that it is about.
        filed_under: Orderful's type and business number of an unknown transaction; None for other findings.
        sentence: What is wrong, for a person. It may quote the document.
        next_step: What to do, with a command if there is one.
        state: Hash of the difference; a finding with a new hash is reported again.
        at: Date of the document, or when the transaction was sent or created, UTC.
        first_seen: When it was first found, UTC.
        last_seen: When it was last found, UTC.
        reported: The `state` that was reported; None before the first report.
        closed_at: When a person closed it, UTC; it is not reported again unless it changes.
        closed_by: The person, with the ARN that AWS gives.
        closed_because: The person's reason.
    """

    category: Category
    company: str
    subject: str
    sentence: str
    next_step: str
    state: str
    at: datetime
    first_seen: datetime
    last_seen: datetime
    document: str | None = None
    transactions: tuple[str, ...] = ()
    filed_under: tuple[str, str] | None = None
    reported: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_because: str | None = None

    @property
    def finding_id(self) -> str:
        """Its id in commands; the same as long as category and subject are the same."""
        return id_of(self.category, self.subject)

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.closed_at is None

    def seen_again(self, before: Finding) -> Finding:
        """This finding merged with its record `before`; a finding whose state changed is open again."""
        kept = msgspec.structs.replace(self, first_seen=before.first_seen, reported=before.reported)
        return kept.closed_like(before)

    def closed_like(self, other: Finding) -> Finding:
        """This finding, closed if another record of it is closed and has the same state."""
        if not self.is_open or other.state != self.state:
            return self
        return msgspec.structs.replace(
            self, closed_at=other.closed_at, closed_by=other.closed_by, closed_because=other.closed_because
        )


def id_of(category: Category, subject: str) -> str:
    """The id of a finding."""
    return blake2b(f"{category.value} {subject}".encode(), digest_size=8).hexdigest()


def how_to_close(category: Category, subject: str) -> str:
    """The command that closes a finding: its step says so where the next run would find it again."""
    return f"connector reconcile close {id_of(category, subject)} --reason TEXT"


def state_of(*parts: object) -> str:
    """A short hash of the parts of a difference."""
    return blake2b("\n".join(map(str, parts)).encode(), digest_size=8).hexdigest()
