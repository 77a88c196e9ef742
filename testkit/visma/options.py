"""Options of the sandbox Visma, where Visma's behaviour is configurable or unknown."""

from __future__ import annotations

from dataclasses import dataclass

from testkit.visma.list_rules import LIST_ORDERS


@dataclass(frozen=True, slots=True)
class VismaOptions:
    """The options; an unknown order of rows raises `ValueError`.

    Attributes:
        zone: Zone of `lastModifiedDateTime`, `createdDateTime` and of their filters (Visma: nowhere documented).
        order_by: Order of list rows, one of `LIST_ORDERS` (Visma: undocumented; measured for customer invoices: by
            reference number).
        max_page_size: The largest page; a larger `pageSize` is silently reduced.
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
