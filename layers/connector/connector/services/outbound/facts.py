"""What routing, the ledger and the translation tell the decision on a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.domain.documents import BusinessDocument, DocumentKey, VismaDocument
from connector.domain.errors import Parked, Transient
from connector.domain.reasons import Reason
from connector.domain.revision.decision import Routed
from connector.domain.revision.facts import NO_DOCUMENT, StoredDocument
from connector.domain.revision.reading import Reading
from connector.domain.revision.receivers import newest_reached
from connector.domain.revision.record import Revision, State, own_revisions, time_sent
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Route
from connector.domain.transactions import Purpose, Stream, Translation
from connector.edi.translate import translate
from connector.edi.visma.fields import text_if_any
from connector.edi.visma.read import NotADocument, dated_on, decode, read_document
from connector.services.outbound.reading import with_type
from connector.services.ports import Ledger

# Revisions of the other company's document that are read, the newest.
_HISTORY = 50


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """The facts (`domain/revision/facts.py`) from the ledger and the routing in force."""

    ledger: Ledger
    routing: Routing
    stream: Stream

    def routed(self, reading: Reading) -> Routed:
        """What routing says of a document."""
        key, route = reading.key, None
        if reading.document is not None:
            try:
                route = self.route(key, reading.document.counterparty)
            except Parked as problem:
                return Routed(problem, self.routing.companies.get(key.company), self.stream)
        return Routed(route, self.routing.companies.get(key.company), self.stream)

    def route(self, key: DocumentKey, counterparty: str) -> Route:
        """Where such a document of this supplier or customer goes; `Parked` when it goes nowhere."""
        return self.routing.route(key.company, key.kind, counterparty)

    def translate(self, content: BusinessDocument, route: Route, purpose: Purpose) -> Translation:
        """The request for a document; `Parked` when it cannot be written."""
        return translate(content, route, stream=self.stream, purpose=purpose)

    def sent_message(self, revision: Revision) -> object | None:
        """The message of the request of a revision; None when there is none, or it is no longer kept."""
        try:
            message: object = self.ledger.request_of(revision)["message"]
        except Parked:
            return None
        return message

    def had_as_other_company(self, key: DocumentKey, *, after: Revision | None = None) -> Revision | None:
        """The revision of the document that a partner gets from another part of the same Visma company."""
        for name in self.routing.companies_beside(key.company):
            history = self.ledger.revisions(replace(key, company=name), limit=_HISTORY)
            leaving = [one for one in own_revisions(history) if one.is_leaving]
            for sent in (*leaving, *(one for one, _ in newest_reached(history))):
                is_later = after is None or time_sent(sent) > time_sent(after)
                if is_later and sent.purpose is not Purpose.CANCELLATION:
                    return sent
        return None

    def stored(self, revision: Revision) -> StoredDocument:
        """The Visma document of a revision."""
        try:
            raw = self.ledger.source_of(revision)
        except Parked as lost:
            return StoredDocument(NO_DOCUMENT, lost, is_object=False)
        return stored_document(revision.key, raw)

    def identified(self, history: Sequence[Revision], reading: Reading) -> Sequence[Revision]:
        """The history with the internal id of a supplier or customer that an earlier release did not write down.

        It is read from the document as it was kept, where the number is another one by now.
        """
        document = reading.document
        if document is None or document.counterparty_id is None:
            return history
        known = {None, document.counterparty}
        return [
            self._identified(one) if one.counterparty_id is None and one.counterparty not in known else one
            for one in history
        ]

    def _identified(self, revision: Revision) -> Revision:
        if revision.state is State.SUPERSEDED:
            return revision
        try:
            document = self.stored(revision).document
        except Transient:
            return revision
        return revision if isinstance(document, Parked) else replace(revision, counterparty_id=document.counterparty_id)


def stored_document(key: DocumentKey, raw: bytes) -> StoredDocument:
    """The Visma document whose bytes were kept, as far as it can be understood."""
    try:
        data = with_type(decode(raw), key)
    except NotADocument as problem:
        return StoredDocument(raw, Parked(str(problem), code=Reason.UNREADABLE_DOCUMENT), is_object=False)
    except Parked as problem:
        return StoredDocument(raw, problem, is_object=False)
    document: VismaDocument | Parked
    try:
        document = read_document(data, company=key.company, kind=key.kind)
    except Parked as problem:
        document = problem
    except NotADocument as problem:
        document = Parked(str(problem), code=Reason.UNREADABLE_DOCUMENT)
    return StoredDocument(raw, document, created=text_if_any(data, "createdDateTime"), dated=dated_on(data, key.kind))
