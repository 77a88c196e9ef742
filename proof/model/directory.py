"""Who is the receiver of whose documents, as the routing files in force said one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

Counterparty = tuple[str, str]
"""`supplier` or `customer`, and Visma's number of it."""


class Directory:
    """ISA ids of suppliers and customers, now and before."""

    def __init__(self) -> None:
        """Begin without a routing file."""
        self._now: dict[Counterparty, str] = {}
        self._ever: dict[Counterparty, set[str]] = defaultdict(set)

    def note(self, routing: Mapping[str, Any]) -> None:
        """Another routing file is in force."""
        self._now = {
            (role, number): partner["orderful"]["isa_id"]["test"]
            for partner in routing["partners"].values()
            for role, number in partner["visma"].items()
        }
        for counterparty, receiver in self._now.items():
            self._ever[counterparty].add(receiver)

    def renumbered(self, before: Counterparty, now: Counterparty) -> None:
        """A supplier or customer has another number, and is the same one."""
        self._ever[now] |= self._ever[before]

    def receiver(self, counterparty: Counterparty) -> str | None:
        """Who gets the documents of a supplier or customer; None when nobody does."""
        return self._now.get(counterparty)

    def ever(self, counterparty: Counterparty) -> frozenset[str]:
        """Who gets them or once got them."""
        return frozenset(self._ever[counterparty])
