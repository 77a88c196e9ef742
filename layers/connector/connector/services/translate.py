"""Use case: turn a Visma document into a revision in the ledger and, if it is to leave, into a request.

The outcome of every message is a ledger record or the knowledge that the record exists already. A document that
cannot go on is parked and its message is done; only trouble of the infrastructure goes back to the queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any

from connector.domain.documents import DocumentKey, VismaDocument
from connector.domain.errors import Parked, Transient, UnmappedPartner
from connector.domain.ledger import KNOWN_TO_PARTNER, UNRESOLVED, Event, Revision, State, is_owed_the_whole, standing
from connector.domain.revisions import revision_id
from connector.domain.routes import OnRevision, OnUnmapped, Route
from connector.domain.routing import Routing
from connector.domain.row_version import is_older, row_version
from connector.domain.transactions import Purpose, Stream, Translation
from connector.domain.words import clipped
from connector.edi.translate import translate
from connector.edi.visma.fields import text
from connector.edi.visma.read import NotADocument, decode, read_document
from connector.services.claim_check import unloaded
from connector.services.messages import DeliveryMessage, DocumentMessage
from connector.services.policy import hold_reason, is_withdrawn, refuse_unknown_type
from connector.services.ports import Clock, Fields, Ledger, Metric, Outbox, Payloads, RoutingSource, Telemetry

_POLLED = "poll"
REPLAY = "replay"
"""Begins the cause of a message by which a person asks to send a rejected revision again."""
# How many revisions are read at first; a document has seldom more.
_FIRST_LOOK = 10
# Revisions that never left and that a newer one replaces.
_UNSENT = frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.CAPTURED, State.REJECTED})
# Revisions that are decided anew when the same content comes again.
_UNDECIDED = frozenset({State.PARKED, State.SKIPPED})

LONGEST_WORDS = 1_000
"""Characters of a reason, and of the other words of a revision that may quote the document: a record is bounded."""

LONGEST_NOTE = 4_000
"""Characters of the note that names every text that was cut; a long order may have one in each of its lines."""


class Outcome(Enum):
    """How a message ended."""

    QUEUED = "queued for sending"
    KNOWN = "known already"
    PARKED = "parked"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class _Reading:
    """A message's document as far as it could be understood."""

    revision_id: str
    document: VismaDocument | None
    problem: Parked | None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What becomes of a revision: a translation, or a state with its reason."""

    state: State
    translation: Translation | None = None
    parked: Parked | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Translator:
    """Captures and translates documents."""

    ledger: Ledger
    routing: RoutingSource
    outbox: Outbox
    payloads: Payloads
    clock: Clock
    telemetry: Telemetry
    stream: Stream

    def handle(self, message: DocumentMessage) -> Outcome:
        """Handle one message of the documents queue.

        Raises:
            Transient, Conflict: try the message again.
        """
        raw = unloaded(message, self.payloads)
        reading = _read(message, raw)
        history = self._history(message.key)
        sent = next((revision for revision in history if _reached_partner(revision)), None)
        newest = history[0] if history else None

        if _is_past(message, reading, history):
            return Outcome.KNOWN
        if newest is not None and newest.state is State.CHANGING:
            raise Transient(
                f"A change that the partner asked for ({newest.transaction_id}) is being written into it.",
                document=str(message.key),
                retry_after=timedelta(seconds=30),
            )
        if sent is not None and sent.revision_id == reading.revision_id and not is_owed_the_whole(history, sent):
            # The partner has this content. Whatever was captured since and never left has been taken back.
            undone = [revision for revision in history if revision.sequence > sent.sequence]
            self._supersede(undone, visma_version=_version(reading), seen_at=message.seen_at)
            return Outcome.KNOWN
        if newest is not None and newest.revision_id == reading.revision_id:
            if newest.state is State.TRANSLATED:
                # A crash may have come between ledger and queue, so it is queued again; the claim is taken once.
                self._deliver(newest)
                return Outcome.KNOWN
            if newest.state is State.REJECTED and not message.cause.startswith(REPLAY):
                # Sent as it is, it would be refused again, unless a person says that the cause is gone.
                return Outcome.KNOWN
        if sent is not None and sent.state in UNRESOLVED:
            raise Transient(
                f"Revision {sent.sequence} is still being sent; this one has to wait for its outcome.",
                document=str(message.key),
                retry_after=timedelta(seconds=30),
            )

        # Who asks for a second look has just changed the routing.
        routing = self.routing.load(fresh=message.cause != _POLLED)
        partner_has = [revision for revision in history if _reached_partner(revision)]
        decision = self._decide(reading, message.key, routing, partner_has)
        if newest is not None and newest.revision_id == reading.revision_id and newest.state in _UNDECIDED:
            return self._replace(newest, message, reading, decision, raw)
        self._supersede(revision for revision in history if sent is None or revision.sequence > sent.sequence)
        return self._add(message, reading, decision, raw, sequence=newest.sequence + 1 if newest else 1)

    def _history(self, key: DocumentKey) -> Sequence[Revision]:
        """The newest revisions, back to the one that the partner has: whether there is one decides the purpose.

        Nearly always the first look shows it; many changes that were all parked or skipped may lie in between.
        """
        limit = _FIRST_LOOK
        history = self.ledger.revisions(key, limit=limit)
        while len(history) == limit and not any(map(_reached_partner, history)):
            limit *= 10
            history = self.ledger.revisions(key, limit=limit)
        return history

    def _decide(
        self, reading: _Reading, key: DocumentKey, routing: Routing, partner_has: Sequence[Revision]
    ) -> _Decision:
        if reading.document is None:
            return _Decision(State.PARKED, parked=reading.problem)
        try:
            refuse_unknown_type(reading.document)
            route = routing.route(key.company, key.kind, reading.document.counterparty)
        except Parked as problem:
            if isinstance(problem, UnmappedPartner) and _skips_unmapped(routing, key.company):
                return _Decision(State.SKIPPED, reason=f"{problem.sentence} (unmapped_partner: skip)")
            if reading.document.held and not partner_has:
                return _Decision(State.SKIPPED, reason="It is on hold in Visma; it is sent once it is released.")
            return _Decision(State.PARKED, parked=problem)
        return self._decide_routed(reading.document, route, partner_has)

    def _decide_routed(self, document: VismaDocument, route: Route, partner_has: Sequence[Revision]) -> _Decision:
        reason = hold_reason(document, route, partner_has_it=bool(partner_has))
        if reason is not None:
            return _Decision(State.SKIPPED, reason=reason)
        purpose = Purpose.ORIGINAL
        if partner_has:
            purpose = Purpose.CANCELLATION if is_withdrawn(document) else Purpose.REPLACE
            if route.on_revision is OnRevision.IGNORE:
                return _Decision(State.SKIPPED, reason="It changed after it was sent; routing says to ignore that.")
            if route.on_revision is OnRevision.PARK:
                return _Decision(State.PARKED, parked=_changed_after_sending(partner_has[0], purpose))
        try:
            return _Decision(
                State.TRANSLATED,
                translation=translate(document.content, route, stream=self.stream, purpose=purpose),
            )
        except Parked as problem:
            return _Decision(State.PARKED, parked=problem)

    def _replace(
        self, newest: Revision, message: DocumentMessage, reading: _Reading, decision: _Decision, raw: bytes
    ) -> Outcome:
        """The same content again, but it never left: decide anew, and write only what changed.

        The document goes along with the decision: whoever looks again later must not find the status of former times.
        """
        seen = replace(
            newest,
            updated_at=self.clock.now(),
            modified_at=message.modified_at,
            seen_at=message.seen_at,
            visma_status=_status(reading),
            visma_version=_version(reading),
        )
        revision = self._recorded(seen, decision)
        if (revision.state, revision.reason, revision.visma_status) == (
            newest.state,
            newest.reason,
            newest.visma_status,
        ):
            return _OUTCOMES[revision.state]
        request = decision.translation.request.body if decision.translation else None
        self.ledger.retranslated(revision, was=newest.state, source=raw, request=request)
        return self._announce(revision)

    def _add(
        self, message: DocumentMessage, reading: _Reading, decision: _Decision, raw: bytes, *, sequence: int
    ) -> Outcome:
        now = self.clock.now()
        revision = Revision(
            key=message.key,
            sequence=sequence,
            revision_id=reading.revision_id,
            state=State.CAPTURED,
            created_at=now,
            updated_at=now,
            modified_at=message.modified_at,
            seen_at=message.seen_at,
            visma_status=_status(reading),
            visma_version=_version(reading),
            history=(Event(now, State.CAPTURED, f"seen changed in Visma ({message.cause})"),),
        )
        revision = self._recorded(revision, decision)
        request = decision.translation.request.body if decision.translation else None
        self.ledger.add(revision, source=raw, request=request)
        return self._announce(revision)

    def _recorded(self, revision: Revision, decision: _Decision) -> Revision:
        now = revision.updated_at
        translation, parked = decision.translation, decision.parked
        reason = _clipped_if_any(parked.sentence if parked else decision.reason)
        note = reason or "translated"
        if translation is not None:
            notes = (f"{translation.dialect}, {translation.purpose}", *translation.notes)
            note = clipped("translated: " + "; ".join(notes), LONGEST_NOTE)
        revision = replace(
            revision,
            state=decision.state,
            reason=reason,
            field=_clipped_if_any(parked.field) if parked else None,
            next_step=_clipped_if_any(parked.next_step) if parked else None,
            waits_for=_clipped_if_any(parked.waits_for) if parked else None,
            history=(*revision.history, Event(now, decision.state, note)),
        )
        if translation is None:
            return revision
        return replace(
            revision,
            partner=translation.partner,
            transaction_type=translation.transaction_type,
            dialect=translation.dialect,
            purpose=translation.purpose,
            stream=translation.stream,
            sender_id=translation.sender_id,
            receiver_id=translation.receiver_id,
            business_number=translation.business_number,
        )

    def _supersede(self, older: Iterable[Revision], **changes: Any) -> None:
        """Close what never reached the partner, so that nobody works on it any more."""
        for revision in older:
            if revision.state in _UNSENT:
                note = "a newer revision took its place"
                self.ledger.move(revision, State.SUPERSEDED, now=self.clock.now(), note=note, **changes)

    def _deliver(self, revision: Revision) -> None:
        self.outbox.deliveries([DeliveryMessage.of(revision)])

    def _announce(self, revision: Revision) -> Outcome:
        names: Fields = {
            "company": revision.key.company,
            "kind": revision.key.kind.value,
            "number": revision.key.number,
            "sequence": revision.sequence,
            "revision": revision.revision_id,
            "state": revision.state.value,
        }
        if revision.state is State.TRANSLATED:
            self._deliver(revision)
            self.telemetry.count(Metric.DOCUMENTS_TRANSLATED)
            self.telemetry.info(
                "translated", {**names, "partner": revision.partner or "", "dialect": str(revision.dialect or "")}
            )
        elif revision.state is State.PARKED:
            self.telemetry.count(Metric.DOCUMENTS_PARKED)
            # The reason may quote sums and texts of the document: it stands in the ledger, not in the log.
            self.telemetry.warning("parked", {**names, "field": revision.field})
        else:
            self.telemetry.count(Metric.DOCUMENTS_SKIPPED)
            self.telemetry.info("skipped", {**names, "reason": revision.reason or ""})
        return _OUTCOMES[revision.state]


_OUTCOMES = {
    State.TRANSLATED: Outcome.QUEUED,
    State.PARKED: Outcome.PARKED,
    State.SKIPPED: Outcome.SKIPPED,
}


def _read(message: DocumentMessage, raw: bytes) -> _Reading:
    """Understand the document; what cannot be understood is parked under the hash of its bytes."""
    key = message.key
    try:
        document = read_document(_with_type(decode(raw), key), company=key.company, kind=key.kind)
    except NotADocument as problem:
        parked = Parked(
            str(problem),
            document=str(key),
            next_step="Open the document in Visma; it is read again when it changes.",
        )
    except Parked as problem:
        parked = problem
    else:
        # The poller's key stands: it knows from which list the row came.
        return _Reading(revision_id(document.content), replace(document, key=key), None)
    return _Reading(hashlib.sha256(raw).hexdigest(), None, parked)


def _with_type(data: dict[str, Any], key: DocumentKey) -> dict[str, Any]:
    """The document with the type that its list gave it: a credit note must not be read as an invoice."""
    document_type, colon, _ = key.number.partition(":")
    if colon and key.kind.is_invoice and text(data, "documentType") is None:
        return {**data, "documentType": document_type}
    return data


def _is_past(message: DocumentMessage, reading: _Reading, history: Sequence[Revision]) -> bool:
    """Whether the document is an older state than the newest that was handled.

    It may have been read before a change of the partner's was written, or come a second time after its successor (SQS:
    a deletion can fail), or have been parked and released when a newer one had taken its place. What was seen earlier
    is older, unless its row version surely is newer; where nobody knows what was seen earlier, the row version decides.
    Time stamps of Visma's tell nothing: in the autumn hour a later one reads as earlier.

    What a person has sent again while it stands is never past: newer revisions that were taken back do not count.
    """
    if not history:
        return False
    newest, stands = history[0], standing(history)
    if message.cause.startswith(REPLAY) and stands is not None and stands.revision_id == reading.revision_id:
        return False
    version, known = _version(reading), newest.visma_version
    if message.seen_at is not None and newest.seen_at is not None and message.seen_at != newest.seen_at:
        return message.seen_at < newest.seen_at and not is_older(known, version)
    return is_older(version, known)


def _version(reading: _Reading) -> str | None:
    return row_version(reading.document.version) if reading.document else None


def _status(reading: _Reading) -> str | None:
    return _clipped_if_any(reading.document.status) if reading.document else None


def _clipped_if_any(words: str | None) -> str | None:
    return None if words is None else clipped(words, LONGEST_WORDS)


def _skips_unmapped(routing: Routing, company: str) -> bool:
    return routing.companies[company].unmapped_partner is OnUnmapped.SKIP


def _reached_partner(revision: Revision) -> bool:
    return revision.state in KNOWN_TO_PARTNER


def _changed_after_sending(sent: Revision, purpose: Purpose) -> Parked:
    what = "was withdrawn" if purpose is Purpose.CANCELLATION else "changed"
    return Parked(
        f"It {what} in Visma after it was sent (Orderful {sent.transaction_id}); routing says a person decides.",
        field="on_revision",
        next_step=(
            "Tell the partner. To send it instead, set on_revision: replace for this partner and kind, apply the "
            f"routing, and run: connector documents replay {sent.key}"
        ),
    )
