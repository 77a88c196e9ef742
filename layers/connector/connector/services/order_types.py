"""Purchase orders of different types with the same number: which one a record is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.domain.documents import MAX_TYPE_LENGTH, ORDER_TYPES, DocumentKey
from connector.domain.errors import Parked, Transient
from connector.domain.revision.assess import Sharing
from connector.domain.revision.record import KNOWN_TO_PARTNER, Revision, State, current_revision, own_revisions
from connector.domain.routing.route import Route
from connector.edi.visma.fields import text_if_any
from connector.edi.visma.read import NotADocument, decode


class Recorded(Protocol):
    """The part of the ledger that has the type of an order."""

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        """The newest revisions of a document, newest first."""

    def source_of(self, revision: Revision) -> bytes:
        """The Visma document as stored with the revision."""


@dataclass(frozen=True, slots=True)
class SharedNumber:
    """The key of a document, and the order of another type with the same number, if there is one."""

    key: DocumentKey
    other: Sharing | None = None

    def shared_with(self, route: object) -> Sharing | None:
        """The other order that a person has to see before the document is sent on this route; None without one."""
        if self.other is None or self.other.is_own or not isinstance(route, Route):
            return self.other
        revision = self.other.revision
        never_leaves = revision.state is State.SKIPPED and revision.by_routing
        return self.other if revision.partner == route.partner and not never_leaves else None


def shared_number(
    ledger: Recorded, key: DocumentKey, *, plain: DocumentKey, recorded: Sequence[Revision], order_type: str
) -> SharedNumber:
    """The key of an order of this type.

    Args:
        ledger: Has the document from which a type is read that an earlier release did not store.
        key: The key with which the order was requested.
        plain: The key with the number alone.
        recorded: All revisions under `plain`, newest first.
        order_type: Visma's type of the order.
    """
    own = own_revisions(recorded)
    current = current_revision(own)
    recorded_type = type_of(ledger, current) if current is not None else None
    if current is None or recorded_type is None or recorded_type == order_type:
        return SharedNumber(key)
    known = [one for one in own if one.state in KNOWN_TO_PARTNER]
    mine = next((one for one in known if type_of(ledger, one) == order_type), None)
    other = Sharing(recorded_type, mine or next(iter(known), current), is_own=mine is not None)
    return SharedNumber(plain.of_type(order_type), other)


def type_of(ledger: Recorded, revision: Revision) -> str | None:
    """Visma's type of the order of this revision; None when it is no longer known."""
    if revision.document_type is not None:
        return revision.document_type
    try:
        order_type = text_if_any(decode(ledger.source_of(revision)), revision.key.kind.facts.names.document_type)
    except (Parked, NotADocument, Transient):
        return None
    return order_type[:MAX_TYPE_LENGTH] if order_type else None


def types_of_number(ledger: Recorded, order: DocumentKey) -> list[str]:
    """The types of the orders with this number; first the one with the plain key. Empty when that is unknown."""
    current = current_revision(own_revisions(ledger.revisions(order)))
    recorded_type = type_of(ledger, current) if current is not None else None
    if recorded_type is None:
        return []
    return [
        recorded_type,
        *(one for one in ORDER_TYPES if one != recorded_type and ledger.revisions(order.of_type(one), limit=1)),
    ]
