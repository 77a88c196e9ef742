"""Whether a document says anything new to who has an earlier state of it.

A request is compared with a request: descriptions of the catalogue, tax categories and ids of terms change without any
partner seeing it.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from connector.domain.documents import VismaDocument
from connector.domain.errors import Parked
from connector.domain.reasons import StatedReason
from connector.domain.revision.facts import Facts
from connector.domain.revision.questions import NOTHING_NEW, NOTHING_NEW_IN_VISMA
from connector.domain.revision.receivers import is_same_party
from connector.domain.revision.record import Revision
from connector.domain.revision.renumbering import renumbered
from connector.domain.routing.policy import is_withdrawn
from connector.domain.routing.route import Route
from connector.domain.transactions import Purpose, Translation


def newer_purpose(document: VismaDocument) -> Purpose:
    """As what the document is sent to a receiver that has an earlier state."""
    return Purpose.CANCELLATION if is_withdrawn(document) else Purpose.REPLACE


def is_of_party(revision: Revision, document: VismaDocument) -> bool:
    """Whether a revision is of the supplier or customer of the document."""
    return is_same_party(revision, document.counterparty or None, document.counterparty_id)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares a document with earlier states of it, as `route` writes them."""

    document: VismaDocument
    route: Route
    facts: Facts

    def nothing_new(self, sent: Revision) -> StatedReason | None:
        """Why the receiver that has `sent` would learn nothing new of the document; None when it would.

        Either the request would be the one that it has, in everything but purpose and envelope. Or the document says in
        Visma what it said: read alike and translated alike, both states come to the same request, and only routing, the
        translation or a number of master data makes it another one than was sent.
        """
        purpose, before = newer_purpose(self.document), sent.purpose or Purpose.ORIGINAL
        if (purpose is Purpose.CANCELLATION) != (before is Purpose.CANCELLATION):
            return None
        try:
            new = self.facts.translate(self.document.content, self.route, before)
        except Parked:
            return None
        # An agreed change was never sent: its content is known.
        if sent.is_translated and self._was_told(sent, new):
            return NOTHING_NEW
        if not self._says_the_same(sent, new, before):
            return None
        return NOTHING_NEW_IN_VISMA if sent.is_translated else NOTHING_NEW

    def reads_like(self, baseline: Revision) -> bool:
        """Whether the partner would see what it would have seen of `baseline`."""
        if not is_of_party(baseline, self.document):
            return False
        before = self.facts.stored(baseline).document
        if isinstance(before, Parked):
            return False
        contents = renumbered(before.content, self.document.content), self.document.content
        try:
            old, new = (self.facts.translate(content, self.route, Purpose.ORIGINAL) for content in contents)
        except Parked:
            return False
        is_alike: bool = old.request.body["message"] == new.request.body["message"]
        return is_withdrawn(before) == is_withdrawn(self.document) and is_alike

    def _says_the_same(self, sent: Revision, new: Translation, purpose: Purpose) -> bool:
        """Whether the state that was sent comes to the same request as the new one, written by today's rules."""
        recorded = self.facts.stored(sent).document
        if isinstance(recorded, Parked):
            return False
        try:
            old = self.facts.translate(renumbered(recorded.content, self.document.content), self.route, purpose)
        except Parked:
            return False
        return (old.dialect, _message(old)) == (new.dialect, _message(new))

    def _was_told(self, sent: Revision, new: Translation) -> bool:
        if sent.dialect not in {None, new.dialect}:
            return False
        known = self.facts.sent_message(sent)
        return known is not None and known == _message(new)


def _message(translation: Translation) -> object:
    """The message as the ledger gives it back."""
    message: object = msgspec.json.decode(msgspec.json.encode(translation.request.body["message"]))
    return message
