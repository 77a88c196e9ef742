"""Which change a person means, and what stands beside it: what was said later, and the order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from connector.cli.documents.find import check_is_no_half_key, key_of
from connector.cli.output import Failed, WrongInput
from connector.cli.stack.stack import Stack
from connector.domain.documents import DocumentKey, Kind, PurchaseOrder, VismaDocument
from connector.domain.order_change.record import NOBODY, Change, ChangeState, apply_order, later_changes, peers
from connector.services.outbound.facts import stored_document

_REVISIONS = 10
"""Of an order, among which the newest that has content is looked for."""


def one_change(stack: Stack, name: str, suits: Callable[[Change], bool], what: str) -> Change:
    """The one change that `name` leads to and that suits.

    Raises:
        Failed: none does.
        WrongInput: several do.
    """
    found = changes_of(stack, name)
    suiting = [change for change in found if suits(change)]
    if not suiting:
        stand = ", ".join(f"{change.transaction_id} is {change.state}" for change in found)
        step = " One that is on its way is retried, rejected or closed." if any(one.is_open for one in found) else ""
        raise Failed(f"No change of {name} {what} ({stand}).{step}")
    if len(suiting) > 1:
        listed = ", ".join(change.transaction_id for change in suiting)
        raise WrongInput(f"Of {name}, more than one change {what}: {listed}; name one of them.")
    return suiting[0]


def changes_of(stack: Stack, name: str) -> Sequence[Change]:
    """Every change that `name` leads to, as transaction or as order, in the order in which they apply.

    Raises:
        WrongInput: it is written like a key and is no order's.
        Failed: there is none.
    """
    found: dict[str, Change] = {}
    for key in _keys(stack, name):
        found.update({change.transaction_id: change for change in stack.changes.of_order(key)})
    place = stack.changes.known(name)
    if place is not None:
        found.update({one.transaction_id: one for one in stack.changes.of_order(place) if name in one.names})
    if not found:
        check_is_no_half_key(name)
        raise Failed(f"No change is recorded under {name}, be it a transaction or an order.")
    return apply_order(found.values())


def _keys(stack: Stack, name: str) -> Iterator[DocumentKey]:
    if key := key_of(name):
        yield key
        return
    for company in [*stack.routing.load().companies, NOBODY]:
        yield from (DocumentKey(company, kind, name) for kind in Kind)


def beside_later(stack: Stack, change: Change) -> Change:
    """A change that waits for a person, with what its sender has said of the order later, as of now."""
    if change.state is not ChangeState.PARKED:
        return change
    later = later_changes(change, peers(change, stack.changes.of_order(change.key)))
    return msgspec.structs.replace(change, later=later)


def order_of(stack: Stack, change: Change, number: str | None = None) -> DocumentKey:
    """The order that a change is about, by the routing in force."""
    from connector.services.inbound.sender_check import owner_of

    company = owner_of(stack.routing.load(), change, stack.stream)
    return DocumentKey.of_order(company.name if company else change.company, number or change.number)


def orders_beside(stack: Stack, changes: Sequence[Change]) -> dict[DocumentKey, PurchaseOrder]:
    """The orders of changes as the ledger has them last, by the key of the change; read in bulk.

    An order that the ledger does not know, or keeps no content of, is left out.
    """
    keys = sorted({change.key for change in changes if change.differences})
    newest = [
        next((one for one in stack.ledger.revisions(key, limit=_REVISIONS) if one.has_content), None) for key in keys
    ]
    found = {}
    for revision, source in stack.ledger.sources_of([one for one in newest if one is not None]):
        document = stored_document(revision.key, source).document
        if isinstance(document, VismaDocument) and document.order is not None:
            found[revision.key] = document.order
    return found
