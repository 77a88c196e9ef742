"""What a dialect declares of how documents are written in it. `dialects.py` has all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from connector.domain.transactions import Dialect, Stream
from connector.edi.canonical import CanonicalDocument


class Gap(NamedTuple):
    """Something a document may have and a dialect cannot carry, while another one can.

    Attributes:
        field: The Visma field, or the setting, that a person looks at.
        sentence: What the dialect lacks.
        found: Whether this document has it; for lines, where.
    """

    field: str
    sentence: str
    found: Callable[[CanonicalDocument], bool | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDialect:
    """How documents are written in a dialect. What it writes of each kind stands with the kind (`DocumentKind`).

    Attributes:
        name: The dialect.
        body: Writes the body of the create request; raises `Parked` for what the dialect cannot hold.
        first_gap: The first thing of a document that it cannot carry, with the very field; None when it carries
            everything. A dialect without it tells so while it writes.
    """

    name: Dialect
    body: Callable[[CanonicalDocument, Stream], dict[str, Any]]
    first_gap: Callable[[CanonicalDocument], Gap | None] | None = None
