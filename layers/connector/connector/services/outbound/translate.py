"""Use case: turn a Visma document into a revision in the ledger and, if it is to leave, into a request.

The outcome of every message is a ledger record or the knowledge that the record exists already. A document that
cannot go on is parked and its message is done; only trouble of the infrastructure goes back to the queue.

`domain/revision/plan.py` says what a document does to its history, `document_decision.py` what routing says about it;
here both are asked and carried out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any

import msgspec

from connector.domain.documents import LONGEST_TYPE, DocumentKey, Kind
from connector.domain.errors import Parked, PayloadLost, Transient
from connector.domain.reasons import StatedReason
from connector.domain.revision.plan import Cause, Decide, Known, Requeue, Wait, plan
from connector.domain.revision.record import OUTDATED, UNSENT, Event, Revision, State
from connector.domain.routing.route import HOLD, Route
from connector.domain.text import truncated
from connector.domain.transactions import Purpose, Stream
from connector.services.claim_check import place_of, unloaded
from connector.services.messages import DeliveryMessage, DocumentMessage
from connector.services.order_types import SharedNumber, shared_number
from connector.services.outbound.decision import Decider, Decision, Reading, arrival_of, read_message, unreadable
from connector.services.ports import Clock, Fields, Ledger, Metric, Outbox, Payloads, RoutingSource, Telemetry

# How many revisions are read at first; a document has seldom more.
_FIRST_LOOK = 10
_ALL = 1_000

LONGEST_TEXT = 1_000
"""Characters of a reason, and of the other words of a revision that may quote the document: a record is bounded."""

LONGEST_NOTE = 4_000
"""Characters of the note that names every text that was cut; a long order may have one in each of its lines."""


class Outcome(Enum):
    """How a message ended."""

    QUEUED = "queued for sending"
    KNOWN = "known already"
    PARKED = "parked"
    SKIPPED = "skipped"
    BASELINE = "recorded as from before go-live"


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
        try:
            raw = unloaded(message, self.payloads)
            reading = read_message(message, raw)
        except PayloadLost as lost:
            # Once the object can be read again, a replay reads it from there.
            raw, reading = place_of(message), unreadable(message, lost)
        cause = Cause.of(message.cause)
        history = self._history(message.key)
        # Who asks for a second look has just changed the routing.
        decider = Decider(self.ledger, self.routing.load(fresh=cause is not Cause.POLL), self.stream)
        number = self._number_of(message, reading, history)
        if number.key != message.key:
            message, reading, history = _under(number.key, message, reading, self._history(number.key))
        route = decider.route(message.key, reading)
        receiver = decider.receiver(route)
        history = decider.identified(history, reading)
        planned = plan(history, arrival_of(message, reading, receiver, cause))
        match planned:
            case Wait():
                raise Transient(planned.sentence, document=str(message.key), retry_after=timedelta(seconds=30))
            case Requeue():
                self._deliver(planned.revision)
                return Outcome.KNOWN
            case Known():
                self._supersede(planned.supersede, visma_version=reading.version, seen_at=message.seen_at)
                self._withdraw(planned, message, decider, history)
                if planned.waits is not None:
                    self._note_status(planned.waits, _Capture(message, reading, route, raw))
                return Outcome.KNOWN
            case Decide():
                planned = replace(planned, shares=number.shared_with(route))
                decision = decider.decide(message, reading, route, planned)
                if decision.stays:
                    planned = replace(planned, withdraw=())
        sequence = self._withdraw(planned, message, decider, history)
        return self._carry_out(planned, decision, _Capture(message, reading, route, raw), sequence)

    def _history(self, key: DocumentKey) -> Sequence[Revision]:
        """All revisions: what any receiver has decides what is sent."""
        history = self.ledger.revisions(key, limit=_FIRST_LOOK)
        return history if len(history) < _FIRST_LOOK else self.ledger.revisions(key, limit=_ALL)

    def _number_of(self, message: DocumentMessage, reading: Reading, history: Sequence[Revision]) -> SharedNumber:
        """Which key an order has: its number, unless the ledger knows that as one of another type.

        Visma: blanket, regular and drop-ship orders have number series of their own (Purchase order preferences,
        PO101000), and an order is known by type and number.
        """
        key, document = message.key, reading.document
        if key.kind is not Kind.PURCHASE_ORDER or document is None or not document.document_type:
            return SharedNumber(key)
        plain = DocumentKey.of_order(key.company, document.content.number)
        recorded = history if key == plain else self._history(plain)
        return shared_number(self.ledger, key, plain, recorded, document.document_type[:LONGEST_TYPE])

    def _withdraw(
        self, planned: Decide | Known, message: DocumentMessage, decider: Decider, history: Sequence[Revision]
    ) -> int:
        """Withdraw the document from former receivers, before it leaves for a new one.

        Returns:
            The next free sequence number.
        """
        sequence = history[0].sequence + 1 if history else 1
        is_wished = Cause.of(message.cause) is Cause.WITHDRAW
        if isinstance(planned, Known):
            self._supersede(planned.withdrawn_before)
        for sent in planned.withdraw:
            receiver = sent.receiver_id or ""
            decision, source = decider.withdrawal(message.key, sent, receiver, sequence=sequence)
            now = self.clock.now()
            name = f"withdrawal of {sent.revision_id} from {receiver}"
            revision = Revision(
                key=message.key,
                sequence=sequence,
                revision_id=hashlib.sha256(name.encode()).hexdigest(),
                state=State.CAPTURED,
                created_at=now,
                updated_at=now,
                partner=sent.partner,
                receiver_id=receiver,
                counterparty=sent.counterparty,
                counterparty_id=sent.counterparty_id,
                document_type=sent.document_type,
                withdraws=sent.sequence,
                released=is_wished,
                look_up_first=is_wished,
                history=(Event(now, State.CAPTURED, f"revision {sent.sequence} went to another receiver"),),
            )
            revision = _recorded(revision, decision)
            request = decision.translation.request.body if decision.translation else None
            self.ledger.add(revision, source=source, request=request)
            self._announce(revision)
            sequence += 1
        return sequence

    def _carry_out(self, planned: Decide, decision: Decision, capture: _Capture, sequence: int) -> Outcome:
        replaced = planned.replaces
        if decision.state is None:
            return Outcome.KNOWN
        stays_off = decision.state is State.PARKED or decision.by_routing
        if replaced is not None and replaced.state is State.BASELINE and stays_off:
            replaced = None  # what it was at go-live stays on record while a person is asked, or routing keeps it off
        # What is superseded tells what is decided, and goes with the decision: a worker that dies in between must not
        # leave a document without it.
        if replaced is not None:
            return self._replace(replaced, decision, capture, planned.supersede)
        outdated = planned.supersede
        if decision.state is State.BASELINE and planned.baseline is not None:
            outdated = (*outdated, planned.baseline)
        return self._add(decision, capture, sequence, planned.kept_off, outdated)

    def _replace(
        self, newest: Revision, decision: Decision, capture: _Capture, outdated: Sequence[Revision]
    ) -> Outcome:
        """The same content again, but it never left: decide anew, and write only what changed.

        The document goes along with the decision: whoever looks again later must not find the status of former times.
        """
        revision = capture.onto(replace(newest, updated_at=self.clock.now()))
        cause = Cause.of(capture.message.cause)
        if cause not in {Cause.POLL, Cause.BASELINE}:
            seen = Event(revision.updated_at, newest.state, _SEEN[cause])
            revision = replace(revision, history=(*revision.history, seen))
        revision = _recorded(revision, decision)
        is_same = (revision.state, revision.reason, revision.visma_status) == (
            newest.state,
            newest.reason,
            newest.visma_status,
        )
        if is_same and cause in {Cause.POLL, Cause.BASELINE, Cause.RELEASE}:
            self._supersede(outdated)
            return _OUTCOMES[revision.state]
        request = decision.translation.request.body if decision.translation else None
        self.ledger.retranslated(revision, was=newest.state, source=capture.raw, request=request, supersedes=outdated)
        return self._announce(revision)

    def _note_status(self, waiting: Revision, capture: _Capture) -> None:
        """Keep the document of a revision that waits as it stands: its status decides when a person lets it go."""
        now = self.clock.now()
        revision = capture.onto(replace(waiting, updated_at=now))
        if revision.visma_status == waiting.visma_status:
            return
        event = Event(now, waiting.state, f"its status in Visma is {revision.visma_status}")
        revision = replace(revision, history=(*revision.history, event))
        self.ledger.retranslated(revision, was=waiting.state, source=capture.raw, request=None)

    def _add(
        self,
        decision: Decision,
        capture: _Capture,
        sequence: int,
        kept_off: Revision | None,
        outdated: Sequence[Revision],
    ) -> Outcome:
        now = self.clock.now()
        revision = Revision(
            key=capture.message.key,
            sequence=sequence,
            revision_id=capture.reading.revision_id,
            state=State.CAPTURED,
            created_at=now,
            updated_at=now,
            kept_ready=kept_off is not None and kept_off.kept_ready,
            history=(Event(now, State.CAPTURED, _SEEN[Cause.of(capture.message.cause)]),),
        )
        revision = _recorded(capture.onto(revision), decision)
        request = decision.translation.request.body if decision.translation else None
        self.ledger.add(revision, source=capture.raw, request=request, supersedes=outdated)
        return self._announce(revision)

    def _supersede(self, older: Iterable[Revision], **changes: Any) -> None:
        """Close what never reached the partner, so that nobody works on it any more."""
        for revision in older:
            if revision.state in UNSENT:
                self.ledger.move(revision, State.SUPERSEDED, now=self.clock.now(), note=OUTDATED, **changes)

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
            "reason_code": revision.reason_code,
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
        elif revision.state is State.BASELINE:
            self.telemetry.info("from before go-live", names)
        else:
            self.telemetry.count(Metric.DOCUMENTS_SKIPPED)
            self.telemetry.info("skipped", {**names, "reason": revision.reason or ""})
        return _OUTCOMES[revision.state]


def _under(
    key: DocumentKey, message: DocumentMessage, reading: Reading, history: Sequence[Revision]
) -> tuple[DocumentMessage, Reading, Sequence[Revision]]:
    """What a message brought, under the key that the document has."""
    document = reading.document
    reading = replace(reading, document=replace(document, key=key) if document else None)
    return msgspec.structs.replace(message, number=key.number), reading, history


@dataclass(frozen=True, slots=True)
class _Capture:
    """What a message brought."""

    message: DocumentMessage
    reading: Reading
    route: Route | Parked | None
    raw: bytes

    def onto(self, revision: Revision) -> Revision:
        """The revision with what Visma shows now."""
        document, route, cause = self.reading.document, self.route, Cause.of(self.message.cause)
        return replace(
            revision,
            modified_at=self.message.modified_at,
            seen_at=self.message.seen_at,
            listed_since=self.message.listed_since,
            visma_status=_truncated_if_any(document.status) if document else None,
            visma_version=self.reading.version,
            counterparty=_truncated_if_any(document.counterparty or None) if document else None,
            counterparty_id=_truncated_if_any(document.counterparty_id) if document else None,
            document_type=document.document_type[:LONGEST_TYPE] if document and document.document_type else None,
            partner=route.partner if isinstance(route, Route) else None,
            released=cause.chooses or revision.released,
            purpose=_CHOSEN.get(cause, revision.purpose),
            look_up_first=cause.sends_again,
        )


_CHOSEN = {Cause.AS_ORIGINAL: Purpose.ORIGINAL, Cause.AS_REPLACEMENT: Purpose.REPLACE}

_SEEN = {
    Cause.POLL: "seen changed in Visma",
    Cause.RELEASE: "released by a change of the routing",
    Cause.REPLAY: "a person has it sent again",
    Cause.AS_ORIGINAL: "a person has it sent as original",
    Cause.AS_REPLACEMENT: "a person has it sent as replacement",
    Cause.WITHDRAW: "a person has it withdrawn",
    Cause.BASELINE: "recorded as open in Visma",
}

_OUTCOMES = {
    State.TRANSLATED: Outcome.QUEUED,
    State.PARKED: Outcome.PARKED,
    State.SKIPPED: Outcome.SKIPPED,
    State.BASELINE: Outcome.BASELINE,
}


def _recorded(revision: Revision, decision: Decision) -> Revision:
    """The revision as the decision leaves it."""
    assert decision.state is not None, "what stays as it is, is not recorded"  # noqa: S101
    now = revision.updated_at
    translation, parked = decision.translation, decision.parked
    stated = decision.reason or (StatedReason(parked.code, parked.sentence) if parked else None)
    reason = truncated(stated.sentence, LONGEST_TEXT) if stated else None
    note = reason or "translated"
    if translation is not None:
        notes = (f"{translation.dialect}, {translation.purpose}", *translation.notes)
        note = truncated("translated: " + "; ".join(notes), LONGEST_NOTE)
    revision = replace(
        revision,
        state=decision.state,
        reason=reason,
        reason_code=stated.code.value if stated else None,
        field=_truncated_if_any(parked.field) if parked else None,
        next_step=_truncated_if_any(parked.next_step) if parked else None,
        waits_for=_truncated_if_any(parked.waits_for) if parked else None,
        by_routing=decision.by_routing,
        kept_ready=decision.by_routing
        and (revision.kept_ready or decision.state is State.PARKED or revision.visma_status != HOLD),
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


def _truncated_if_any(words: str | None) -> str | None:
    return None if words is None else truncated(words, LONGEST_TEXT)
