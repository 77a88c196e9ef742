"""What a decision may have to look up: asked only where it matters, because each answer may cost a read."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import date
from typing import Protocol

from connector.domain.documents import BusinessDocument, DocumentKey, VismaDocument
from connector.domain.errors import Parked
from connector.domain.revision.record import Revision
from connector.domain.routing.route import Route
from connector.domain.transactions import Purpose, Translation

NO_DOCUMENT = b"{}"
"""What is stored in place of a Visma document that is no longer kept."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """The Visma document as it was stored with a revision.

    Attributes:
        raw: Its bytes; `NO_DOCUMENT` when they are no longer kept.
        document: Why there is none, when it is no longer kept or cannot be understood.
        is_object: The bytes are there and are a JSON object, understood or not.
        created: Visma's `createdDateTime` as written; None without one.
        dated: Order date or invoice date; None without one.
    """

    raw: bytes
    document: VismaDocument | Parked
    _: KW_ONLY
    is_object: bool = True
    created: str | None = None
    dated: date | None = None


class Facts(Protocol):
    """Answers to what the history and the document do not tell. Each may raise `Transient`."""

    def stored(self, revision: Revision) -> StoredDocument:
        """The Visma document of a revision."""

    def sent_message(self, revision: Revision) -> object | None:
        """The message of the request of a revision; None when there is none, or it is no longer kept."""

    def route(self, key: DocumentKey, counterparty: str) -> Route:
        """Where routing sends such a document of this supplier or customer. Raises `Parked` when it goes nowhere."""

    def translate(self, content: BusinessDocument, route: Route, purpose: Purpose) -> Translation:
        """The request for a document. Raises `Parked` when it cannot be written."""
