"""Whether a document is new to a receiver that has an earlier state of it.

Requests are compared, not documents: item descriptions, tax categories and ids of terms in Visma change without any
partner seeing it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from connector.domain.documents import VismaDocument
from connector.domain.errors import Parked
from connector.domain.reasons import StatedReason
from connector.domain.revision.facts import Facts
from connector.domain.revision.questions import NOTHING_NEW, NOTHING_NEW_IN_VISMA
from connector.domain.revision.receivers import is_same_party
from connector.domain.revision.record import Revision
from connector.domain.revision.renumbering import renumbered
from connector.domain.routing.policy import is_refused, is_withdrawn
from connector.domain.routing.route import Route
from connector.domain.transactions import Purpose, Translation


def newer_purpose(document: VismaDocument) -> Purpose:
    """The purpose for a receiver that has an earlier state: replacement or cancellation."""
    return Purpose.CANCELLATION if is_withdrawn(document) else Purpose.REPLACE


def is_of_party(revision: Revision, document: VismaDocument) -> bool:
    """Whether a revision is of the supplier or customer of the document."""
    return is_same_party(revision, document.counterparty or None, document.counterparty_id)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares the request for a document with the requests for earlier states, by today's `route`."""

    document: VismaDocument
    route: Route
    facts: Facts
    _read: dict[int, VismaDocument | Parked] = field(default_factory=dict, init=False)

    def recorded(self, sent: Revision) -> VismaDocument | Parked:
        """The Visma document of an earlier state, read once; the error when it is no longer kept or cannot be read."""
        if sent.sequence not in self._read:
            self._read[sent.sequence] = self.facts.stored(sent).document
        return self._read[sent.sequence]

    def nothing_new(self, sent: Revision) -> StatedReason | None:
        """Why the document has nothing new for the receiver that has `sent`; None when it has.

        Either the new request equals the sent one, except for purpose and envelope. Or the document did not change in
        Visma: translated by today's rules, both states give the same request. Then only routing, the translation or a
        number in master data makes the new request differ from the sent one.
        """
        purpose, before = newer_purpose(self.document), sent.purpose or Purpose.ORIGINAL
        if (purpose is Purpose.CANCELLATION) != (before is Purpose.CANCELLATION):
            return None
        try:
            new = self.facts.translate(self.document.content, self.route, before)
        except Parked:
            return None
        # The partner asked for an agreed change itself, so there is no sent request.
        if sent.is_translated and self._was_sent(sent, new):
            return NOTHING_NEW
        if not self._says_the_same(sent, new, before):
            return None
        return NOTHING_NEW_IN_VISMA if sent.is_translated else NOTHING_NEW

    def reads_like(self, baseline: Revision) -> bool:
        """Whether the request for the document equals the request for `baseline`, or nobody expects either's goods."""
        if not is_of_party(baseline, self.document):
            return False
        before = self.recorded(baseline)
        if isinstance(before, Parked):
            return False
        if (is_over := self._is_over(self.document)) or self._is_over(before):
            return is_over and self._is_over(before)
        contents = renumbered(before.content, self.document.content), self.document.content
        try:
            old, new = (self.facts.translate(content, self.route, Purpose.ORIGINAL) for content in contents)
        except Parked:
            return False
        is_alike: bool = old.request.body["message"] == new.request.body["message"]
        return is_alike

    def _is_over(self, document: VismaDocument) -> bool:
        """Whether it is cancelled, voided or not approved."""
        return is_withdrawn(document) or is_refused(document, self.route)

    def _says_the_same(self, sent: Revision, new: Translation, purpose: Purpose) -> bool:
        """Whether the sent state gives the same request as the new one, by today's rules."""
        recorded = self.recorded(sent)
        if isinstance(recorded, Parked):
            return False
        try:
            old = self.facts.translate(renumbered(recorded.content, self.document.content), self.route, purpose)
        except Parked:
            return False
        return (old.dialect, _message(old)) == (new.dialect, _message(new))

    def _was_sent(self, sent: Revision, new: Translation) -> bool:
        if sent.dialect not in {None, new.dialect}:
            return False
        known = self.facts.sent_message(sent)
        return known is not None and known == _message(new)


def _message(translation: Translation) -> object:
    """The message in the form in which the ledger returns it."""
    message: object = msgspec.json.decode(msgspec.json.encode(translation.request.body["message"]))
    return message
