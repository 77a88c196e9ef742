"""Partners whose names a new routing no longer has, and what is open under them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.cli.stack.stack import Stack
from connector.domain.layout import counted
from connector.domain.order_change.record import OPEN_CHANGES
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection, find, partners_of, partners_of_change


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerPartner:
    """A partner of the routing in force that has no entry of this name in the new one.

    Attributes:
        name: Its name in the routing in force.
        now: The entries of the new routing that have its numbers or its ISA id; empty when it was removed.
        because: What they have of it, such as `supplier 50012`; empty when it was removed.
        documents: How many of its documents are open.
        changes: How many of its changes are open.
        is_partial: More documents are open than are read here, so `documents` is the least number.
    """

    name: str
    now: Sequence[str]
    because: str
    documents: int
    changes: int
    is_partial: bool

    @property
    def sentence(self) -> str:
        """What becomes of its documents and changes."""
        least = "at least " if self.is_partial else ""
        what = f"{least}{counted(self.documents, 'document')} and {counted(self.changes, 'change')} of it"
        if self.now:
            names = " and ".join(self.now)
            return (
                f"Partner {self.name} is called {names} in this file ({self.because}): {what} are open and follow it."
            )
        return (
            f"Partner {self.name} is not in this file: {what} are open. What was sent is followed by the expected "
            f"times of its company, and what is parked waits. Find them: connector documents list --partner {self.name}"
        )


def former_partners(stack: Stack, applied: Routing | None, wanted: Routing) -> Sequence[FormerPartner]:
    """The partners of the routing in force whose names are not in `wanted`, with what is open under them.

    The ledger is read only if there are any, and of its open documents at most 10,000.
    """
    gone = [] if applied is None else [name for name in _partners(applied) if wanted.company_of(name) is None]
    if applied is None or not gone:
        return ()
    found = find(stack.ledger, applied, Selection(), limit=None)
    documents = Counter(name for one in found.rows for name in partners_of(one, applied))
    changes = Counter(
        name
        for state in OPEN_CHANGES
        for one in stack.changes.in_state(state)
        for name in partners_of_change(one, applied)
    )
    former = []
    for name in gone:
        successors = dict(_successors(name, applied, wanted))
        former.append(
            FormerPartner(
                name=name,
                now=tuple(successors),
                because=", ".join(dict.fromkeys(successors.values())),
                documents=documents[name],
                changes=changes[name],
                is_partial=not found.complete,
            )
        )
    return former


def _partners(routing: Routing) -> Sequence[str]:
    return list(routing.data.get("partners") or {})


def _successors(name: str, applied: Routing, wanted: Routing) -> Iterator[tuple[str, str]]:
    """The entries that have a number of a partner, or else its ISA ids; each with what it has."""
    owners = {(company, role, number): partner for company, partner, role, number in wanted.numbers()}
    numbers = [(company, role, number) for company, partner, role, number in applied.numbers() if partner == name]
    found = [(owners[one], f"{one[1]} {one[2]}") for one in numbers if one in owners]
    if found:
        yield from found
        return
    entry = applied.data["partners"][name]
    for other in _partners(wanted):
        if other not in _partners(applied) and wanted.company_of(other) == applied.company_of(name):
            isa_id = wanted.data["partners"][other].get("orderful", {}).get("isa_id")
            if isa_id is not None and isa_id == entry.get("orderful", {}).get("isa_id"):
                yield other, "the same ISA id"
