"""The rules of Visma's lists, for each imitation of Visma: the filter by time, the order of rows, pages.

Visma takes a page from the rows as they are at the request: a row that enters or leaves the filter between two pages
shifts the others. Times have no zone; they are compared as text on a clock on the wall.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, TypeVar
from zlib import crc32

T = TypeVar("T")

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,3})?)?")
_DESCENDING: Final = " descending"


@dataclass(frozen=True, slots=True)
class ListKey:
    """What the order of a list goes by.

    Attributes:
        number: The number of the document.
        local: The time of its modification, local and without a zone.
        document_type: The type, where numbers are unique by type only.
    """

    number: str
    local: datetime
    document_type: str | None = None


_ORDERS: Final[Mapping[str, Callable[[ListKey], Any]]] = {
    "number": lambda key: (key.number, key.document_type or ""),
    "modified": lambda key: (key.local, key.number, key.document_type or ""),
    "scrambled": lambda key: crc32(f"{key.number} {key.document_type} {key.local.isoformat()}".encode()),
}

LIST_ORDERS: Final = frozenset(f"{name}{way}" for name in _ORDERS for way in ("", _DESCENDING))
"""Orders of a list; Visma documents none. `scrambled` is by a hash of the state of each row."""


def local_time(at: datetime, zone: tzinfo) -> datetime:
    """A time in Visma's form: local, without a zone. In the hour that occurs twice it is ambiguous."""
    return at.astimezone(zone).replace(tzinfo=None)


def parsed_time(text: Any) -> datetime | None:
    """A time in one of Visma's formats, which have no zone; None for others."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def in_order(rows: Iterable[T], order: str, key: Callable[[T], ListKey]) -> list[T]:
    """Rows in one of `LIST_ORDERS`."""
    by = _ORDERS[order.removesuffix(_DESCENDING)]
    return sorted(rows, key=lambda row: by(key(row)), reverse=order.endswith(_DESCENDING))


def page_of(rows: Sequence[T], *, page: int, page_size: int | None, max_page_size: int) -> Sequence[T]:
    """A page (1, 2 ...) of the filtered rows. A larger page than the limit is reduced to it, without a word."""
    size = min(page_size or max_page_size, max_page_size)
    return rows[(page - 1) * size : page * size]
