"""The rules of Orderful's list of transactions, for each imitation of Orderful: filters, lags, order.

The list is newest first. It shows a new transaction after a lag (Orderful: of unknown length), and finds it by its
business number perhaps later (Orderful: not documented).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A request for the list.

    Attributes:
        one_of: The values that each field of a transaction may have; a field that is not named may have any.
        since: The earliest time of creation, this one included; None for any.
        until: The end of the times of creation, this one excluded; None for any.
    """

    one_of: Mapping[str, Collection[Any]] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None

    def matches(self, read: Callable[[str], Any], created_at: datetime) -> bool:
        """Whether a transaction is found; `read` gives its value of a field."""
        if (self.since is not None and created_at < self.since) or (
            self.until is not None and created_at >= self.until
        ):
            return False
        return all(read(name) in values for name, values in self.one_of.items())


def lag(*, list_lag: timedelta, number_lag: timedelta, by_number: bool) -> timedelta:
    """The time until a new transaction is listed, or is found by its business number."""
    return max(list_lag, number_lag) if by_number else list_lag


def newest_first(rows: Iterable[T], key: Callable[[T], Any]) -> list[T]:
    """Transactions in the order of the list; `key` grows with the time of creation."""
    return sorted(rows, key=key, reverse=True)
