"""What a kind of document declares of how it is read and written, beside its facts. `kinds.py` has all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from connector.domain.documents import BusinessDocument
from connector.edi.canonical import CanonicalDocument
from connector.edi.dialect import Gap
from connector.edi.visma.shape import Row
from connector.edi.x12.charset import Wording
from connector.edi.x12.model import Writing

Content = TypeVar("Content", bound=BusinessDocument)

_OWN_NUMBER: Callable[[BusinessDocument], str] = attrgetter("number")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind(Generic[Content]):
    """How documents of a kind are read and written.

    Attributes:
        shape: The Visma document as Visma documents it.
        read: From such a document and its number to the content; raises `Parked` for one that lacks something.
        functional_group: X12's code of the group that the transaction stands in (GS01).
        mosaic: Writes the `message` of a Mosaic transaction.
        mosaic_gaps: What it may have and Mosaic has no place for, in the order in which it is told.
        x12: Writes the segments of an X12 transaction.
        total_segments: X12 segments without one of which no total of it could be wrong. Empty: its total is always
            written.
        business_number: The number by which Orderful files it; raises `Parked` where the document has none.
    """

    shape: type[Row]
    read: Callable[[Any, str], Content]
    functional_group: str
    mosaic: Callable[[CanonicalDocument, Content], dict[str, Any]]
    mosaic_gaps: tuple[Gap, ...]
    x12: Callable[[Writing, CanonicalDocument, Content, Wording], None]
    total_segments: frozenset[str] = frozenset()
    business_number: Callable[[Content], str] = _OWN_NUMBER

    @property
    def is_filed_by_its_number(self) -> bool:
        """Whether Orderful files it by the number that Visma knows it by."""
        return self.business_number is _OWN_NUMBER
