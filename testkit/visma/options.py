"""How the sandbox Visma behaves where Visma's behaviour is configurable or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LIST_ORDERS: Final = frozenset({"number", "modified"})


@dataclass(frozen=True, slots=True)
class VismaOptions:
    """The options; an unknown order of rows raises `ValueError`.

    Attributes:
        zone: Zone of `lastModifiedDateTime`, `createdDateTime` and of their filters (Visma: nowhere documented).
        order_by: Order of list rows: `number` or `modified` (Visma: undocumented; measured for customer invoices: by
            reference number).
        max_page_size: Where pages are cut in silence.
        hourly_budget: Requests an hour for each company and client.
    """

    zone: str = "Europe/Oslo"
    order_by: str = "number"
    max_page_size: int = 1000
    hourly_budget: int = 15_000

    def __post_init__(self) -> None:
        """Refuse an unknown order of rows."""
        if self.order_by not in LIST_ORDERS:
            known = ", ".join(sorted(LIST_ORDERS))
            raise ValueError(f"The sandbox Visma has no list order '{self.order_by}'; it has {known}.")
