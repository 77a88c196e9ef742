"""How the sandbox Orderful behaves where Orderful's behaviour is a setting, unknown, or told in two ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from testkit.orderful.words import FILTERS

_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "ids": frozenset({"number", "uuid", "split"}),
    "number_search": frozenset({"all", "newest", "oldest", "none"}),
    "page_order": frozenset({"newest_first", "oldest_first"}),
    "list_shape": frozenset({"metadata", "items", "data", "array"}),
    "v3_message": frozenset({"converted", "posted"}),
    "v4_reading": frozenset({"direct", "documented"}),
    "v4_validation": frozenset({"at_once", "later"}),
    "duplicates": frozenset({"taken", "refused"}),
}


@dataclass(frozen=True, slots=True)
class OrderfulOptions:
    """The options; the defaults are Orderful's published structure of mid-2026.

    Attributes:
        ids: What transactions that we create are called: `number` in both versions, `uuid` in both, or `split`: a UUID
            in v4, a number in v3, and neither version finds the other's (Orderful: newer documentation).
        number_search: What a list asked by `businessNumber` gives of what it found: `all`, only the `newest` or the
            `oldest`, or `none` (Orderful: its own integration material says no hit or one).
        number_while_processing: False makes `businessNumber` null until validation is over, and such a transaction is
            not found by it (not documented).
        message_while_processing: False answers 404 to who reads the message of a transaction in validation (Orderful:
            one that is PROCESSING cannot be viewed; that the API refuses it too is inferred).
        page_order: Order inside a page; the first page always holds the newest. `newest_first` (Orderful:
            documentation) or `oldest_first` (Orderful: its own integration material).
        filters: The query parameters that `GET /v3/transactions` takes; others are a 400 (Orderful: its own integration
            material says that it takes `businessNumber` and `nextCursor` alone).
        list_shape: Of `GET /v3/transactions`: `metadata` with links; `items`, which is
            `{items, meta: {limit, offset, total}}`, paged by `limit` and `offset` (Orderful: quick start; how it is
            paged is inferred); `data`, which is `{data, pagination}` with the same links, or a bare `array` that names
            no next page (both inferred).
        v3_message: How v3 shows the message of a transaction that v4 created: `converted` to OrderfulJSON (Orderful:
            the published structure always has `transactionSets`), or as it was `posted` (Orderful: so it is in v4).
        v4_reading: `documented` reads v4 transactions as the documentation of late 2026 has it: only by UUID, with a
            `links` object, 404 without the version header, and the message behind a redirect to a download that expires
            after five minutes. `direct` is lenient and answers with the message itself.
        v4_validation: `later` validates v4 transactions at the pace of v3; their create is then always ACCEPTED.
        duplicates: `refused` answers 409 to a create with the type, stream, parties and business number of an earlier
            transaction (not documented); `taken` files it again.
        trim_numbers: Quantities and prices of a converted Mosaic document lose zeros that say nothing (X12: type R).
        rule_currency: The currency that a rule of Orderful adds to a converted Mosaic document.
    """

    ids: str = "number"
    number_search: str = "all"
    number_while_processing: bool = True
    message_while_processing: bool = True
    page_order: str = "newest_first"
    filters: frozenset[str] = FILTERS
    list_shape: str = "metadata"
    v3_message: str = "converted"
    v4_reading: str = "direct"
    v4_validation: str = "at_once"
    duplicates: str = "taken"
    trim_numbers: bool = False
    rule_currency: str | None = None

    def __post_init__(self) -> None:
        """Refuse a choice that there is not."""
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"The option {name} is one of {', '.join(sorted(choices))}.")
        if set(self.filters) - FILTERS:
            raise ValueError(f"Orderful has no filter {', '.join(sorted(set(self.filters) - FILTERS))}.")

    def changed(self, changes: Mapping[str, Any]) -> OrderfulOptions:
        """With some of the options changed.

        Raises:
            ValueError: an option or its value is unknown.
        """
        unknown = set(changes) - {one.name for one in fields(self)}
        if unknown:
            raise ValueError(f"The sandbox Orderful has no option {', '.join(sorted(unknown))}.")
        wanted = dict(changes)
        if "filters" in wanted:
            wanted["filters"] = frozenset(wanted["filters"])
        return replace(self, **wanted)
