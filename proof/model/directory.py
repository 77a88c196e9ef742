"""The receivers of suppliers and customers, by all routing files so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

Counterparty = tuple[str, str]
"""`supplier` or `customer`, and Visma's number of it."""


class Directory:
    """The current and former ISA ids of suppliers and customers."""

    def __init__(self) -> None:
        """Start without a routing file."""
        self._now: dict[Counterparty, str] = {}
        self._ever: dict[Counterparty, set[str]] = defaultdict(set)

    def note(self, routing: Mapping[str, Any]) -> None:
        """Record a new routing file."""
        self._now = {
            (role, number): partner["orderful"]["isa_id"]["test"]
            for partner in routing["partners"].values()
            for role, number in partner["visma"].items()
        }
        for counterparty, receiver in self._now.items():
            self._ever[counterparty].add(receiver)

    def renumbered(self, before: Counterparty, now: Counterparty) -> None:
        """Record another number of the same supplier or customer."""
        self._ever[now] |= self._ever[before]

    def receiver(self, counterparty: Counterparty) -> str | None:
        """The receiver of the documents of a supplier or customer; None without one."""
        return self._now.get(counterparty)

    def ever(self, counterparty: Counterparty) -> frozenset[str]:
        """The current and former receivers."""
        return frozenset(self._ever[counterparty])
