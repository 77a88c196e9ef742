"""Use case: turn a Visma document into a revision in the ledger and, if it is to leave, into a request.

The outcome of every message is a ledger record or the knowledge that the record exists already. A document that
cannot go on is parked and its message is done; only trouble of the infrastructure goes back to the queue.

`domain/revision/plan.py` says what the document does to its history; here that is carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from functools import cache, partial

from connector.domain.documents import DocumentKey
from connector.domain.errors import Parked, PayloadLost, Transient
from connector.domain.revision.assess import Wait
from connector.domain.revision.cause import Cause
from connector.domain.revision.plan import Add, Plan, Queue, Replace, SeenAgain, Step, Supersede
from connector.domain.revision.reading import Reading
from connector.domain.revision.receivers import newest_reached
from connector.domain.revision.record import OUTDATED, Revision, State, current_revision, own_revisions
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.services.claim_check import place_of, unloaded
from connector.services.log_fields import named
from connector.services.messages import DeliveryMessage, DocumentMessage
from connector.services.outbound.facts import DocumentFacts
from connector.services.outbound.planning import Planner, history_of
from connector.services.outbound.reading import read_message, unreadable
from connector.services.ports import Clock, Fields, Ledger, Metric, Outbox, Payloads, RoutingSource, Telemetry


class TranslateResult(Enum):
    """What became of a message of the documents queue."""

    QUEUED = "queued for sending"
    KNOWN = "known already"
    PARKED = "parked"
    SKIPPED = "skipped"
    BASELINE = "recorded as from before go-live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """Captures and translates documents."""

    ledger: Ledger
    routing: RoutingSource
    outbox: Outbox
    payloads: Payloads
    clock: Clock
    telemetry: Telemetry
    stream: Stream

    def handle(self, message: DocumentMessage) -> TranslateResult:
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
        histories = cache(partial(history_of, self.ledger))
        raw, reading = self._as_last_seen(message, raw, reading, histories)
        # Who asks for a second look has just changed the routing.
        routing = self.routing.load(fresh=reading.cause is not Cause.POLL)
        planned = self._planned(reading, routing, histories)
        if not isinstance(planned, Wait) and planned.result not in {None, State.TRANSLATED}:
            # What a former routing keeps back would stay back: a document is decided again only when it changes.
            newest = self.routing.load(fresh=True)
            if newest.version != routing.version:
                routing, planned = newest, self._planned(reading, newest, histories)
        if isinstance(planned, Wait):
            raise Transient(planned.sentence, document=str(reading.key), retry_after=timedelta(seconds=30))
        facts = DocumentFacts(self.ledger, routing, self.stream)
        for step in planned.steps:
            self._carry_out(step, raw, facts)
        return TranslateResult.KNOWN if planned.result is None else _OUTCOMES[planned.result]

    def _planned(
        self, reading: Reading, routing: Routing, histories: Callable[[DocumentKey], Sequence[Revision]]
    ) -> Plan | Wait:
        planner = Planner(ledger=self.ledger, routing=routing, stream=self.stream, history=histories)
        return planner.plan(reading, now=self.clock.now())

    def _as_last_seen(
        self,
        message: DocumentMessage,
        raw: bytes,
        reading: Reading,
        histories: Callable[[DocumentKey], Sequence[Revision]],
    ) -> tuple[bytes, Reading]:
        """What a person's request is about, as Visma showed it last.

        The request brings the document as it was recorded when it was made; a poll may have seen it since in another
        status. To send another content again, a person has to see that first.
        """
        if reading.cause.is_sighting:
            return raw, reading
        current = current_revision(own_revisions(histories(reading.key)))
        if current is None or current.seen_at is None or reading.sighting.seen_at is None:
            return raw, reading
        is_another = current.revision_id != reading.revision_id
        if current.seen_at <= reading.sighting.seen_at or (is_another and reading.cause.sends_again):
            return raw, reading
        try:
            newer = self.ledger.source_of(current)
        except Parked:
            return raw, reading  # it is no longer kept
        shown = read_message(DocumentMessage.again(current, message.cause), newer)
        return newer, replace(shown, asked_of=reading.asked_of)

    def _carry_out(self, step: Step, raw: bytes, facts: DocumentFacts) -> None:
        match step:
            case Supersede(revision, changes):
                self.ledger.move(revision, State.SUPERSEDED, now=self.clock.now(), note=OUTDATED, **changes)
            case Add(revision, source, request, supersedes):
                source = raw if source is None else source
                self.ledger.add(revision, source=source, request=request, supersedes=supersedes)
                self._announce(revision, facts)
            case Replace(revision, was, request, supersedes, is_decision=is_decision):
                self.ledger.retranslated(revision, was=was, source=raw, request=request, supersedes=supersedes)
                if is_decision:
                    self._announce(revision, facts)
            case Queue(revision):
                self._deliver(revision, facts)
            case SeenAgain(revision, seen_at, version):
                self.ledger.seen_again(revision, seen_at=seen_at, version=version)

    def _deliver(self, revision: Revision, facts: DocumentFacts) -> None:
        """Queue a revision for sending.

        Two companies that are parts of one Visma company may decide about a document at the same time. Each looks at
        the other's ledger after its own revision is written, so at least one of them sees both.

        Raises:
            Transient: the other company is sending the document too; it is decided again.
        """
        is_original = revision.purpose is Purpose.ORIGINAL and not revision.released
        other = facts.had_as_other_company(revision.key) if is_original else None
        if other is not None and not any(newest_reached(history_of(self.ledger, revision.key))):
            note = f"{other.key} is being sent as well"
            self.ledger.move(revision, State.SUPERSEDED, now=self.clock.now(), note=note)
            raise Transient(
                f"{other.key} is being sent as well: it is decided again.",
                document=str(revision.key),
                retry_after=timedelta(seconds=30),
            )
        self.outbox.deliveries([DeliveryMessage.of(revision)])

    def _announce(self, revision: Revision, facts: DocumentFacts) -> None:
        names: Fields = {
            **named(revision),
            "revision": revision.revision_id,
            "state": revision.state.value,
            "reason_code": revision.reason_code,
        }
        if revision.state is State.TRANSLATED:
            self._deliver(revision, facts)
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


_OUTCOMES = {
    State.TRANSLATED: TranslateResult.QUEUED,
    State.PARKED: TranslateResult.PARKED,
    State.SKIPPED: TranslateResult.SKIPPED,
    State.BASELINE: TranslateResult.BASELINE,
}
