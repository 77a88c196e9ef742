"""Facts that a decision may look up. Each may cost a read, so it is looked up only if it matters."""

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
"""Stands in for a Visma document that is no longer kept."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """The Visma document as it was stored with a revision.

    Attributes:
        raw: Its bytes; `NO_DOCUMENT` when they are no longer kept.
        document: The document, or the error when it is no longer kept or cannot be read.
        is_object: The bytes are there and are a JSON object, whether it can be read or not.
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
    """Facts that neither the history nor the document has. Each method may raise `Transient`."""

    def stored(self, revision: Revision) -> StoredDocument:
        """The Visma document of a revision."""

    def sent_message(self, revision: Revision) -> object | None:
        """The message of the request of a revision; None when there is none, or it is no longer kept."""

    def had_as_other_company(self, key: DocumentKey, *, after: Revision | None = None) -> Revision | None:
        """The revision of the document that a partner gets from another company that is part of the same Visma company.

        The partner has it, or it waits to be sent by itself. None without one; a revision whose cancellation was sent
        is none.

        Args:
            key: The document.
            after: Only a revision that was sent later than this one counts.
        """

    def route(self, key: DocumentKey, counterparty: str) -> Route:
        """The route of such a document of this supplier or customer. Raises `Parked` when there is none."""

    def translate(self, content: BusinessDocument, route: Route, purpose: Purpose) -> Translation:
        """The request for a document. Raises `Parked` when it cannot be translated."""
