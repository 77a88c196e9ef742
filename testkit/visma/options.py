"""How the sandbox Visma behaves where Visma's behaviour is configurable, unknown or changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from testkit.visma.orders import CLOSED_FOR_GOOD
from testkit.visma.resources import resource_named

BY_NUMBER: Final = "number"
LIST_ORDERS: Final = frozenset({BY_NUMBER, "modified", "modified_descending", "scrambled"})


@dataclass(frozen=True, slots=True)
class VismaOptions:
    """The options; an unknown list or order of rows raises `ValueError`.

    Attributes:
        zone: Zone of `lastModifiedDateTime`, `createdDateTime` and of their filters (Visma: nowhere documented).
        order_by: Order of list rows: `number`, `modified`, `modified_descending` or `scrambled` (always the same
            disorder). One word for all lists, or a mapping from list to word; lists not named are by number (Visma:
            undocumented; measured for customer invoices: by reference number).
        max_page_size: Where pages are cut in silence.
        shows_max_page_size: False leaves `maxPageSize` out of the metadata; pages are cut all the same.
        hourly_budget: Requests an hour for each company and client.
        company_header: True when a missing `ipp-company-id` gives empty lists; a wrong one always does.
        refuses_update: Statuses whose orders answer a PUT with 400 (Visma: undocumented); `Closed`, `Cancelled`,
            `Voided` and `Balanced` always do. In others a PUT of `hold` alone is still taken.
        customer_tenants: Tenants that get a token which the API then answers with 401.
        single_expands: True when a single document shows what its list shows only on request and what its own path
            has no parameter for (Visma: undocumented); False leaves it out.
        etag_header: False leaves the header `ETag` out of every answer; the version then stands in `timeStamp` alone.
        out_of_sight: Companies whose documents nobody finds, as with a wrong company: lists are empty, every single
            document is a 404.
    """

    zone: str = "Europe/Oslo"
    order_by: str | Mapping[str, str] = BY_NUMBER
    max_page_size: int = 1000
    shows_max_page_size: bool = True
    hourly_budget: int = 15_000
    company_header: bool = True
    refuses_update: frozenset[str] = CLOSED_FOR_GOOD
    customer_tenants: frozenset[str] = field(default_factory=frozenset)
    single_expands: bool = True
    etag_header: bool = True
    out_of_sight: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Refuse an order of rows, or a list, that nobody knows."""
        orders = {} if isinstance(self.order_by, str) else self.order_by
        for name in orders:
            resource_named(name)
        for word in [self.order_by] if isinstance(self.order_by, str) else orders.values():
            if word not in LIST_ORDERS:
                known = ", ".join(sorted(LIST_ORDERS))
                raise ValueError(f"The sandbox Visma has no list order '{word}'; it has {known}.")

    def order_of(self, list_name: str) -> str:
        """The order of the rows of one list."""
        if isinstance(self.order_by, str):
            return self.order_by
        return {name.lower(): word for name, word in self.order_by.items()}.get(list_name.lower(), BY_NUMBER)
