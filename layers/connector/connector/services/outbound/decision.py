"""What routing says about a document with something new in it: a translation to send, or a state with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeGuard

import msgspec

from connector.domain.documents import DocumentKey, Kind, VismaDocument
from connector.domain.errors import Parked, PayloadLost, Transient, UnmappedPartner
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision.content_hash import revision_id
from connector.domain.revision.go_live import BeforeGoLive, GoLive, Origin, Sighting, origin, was_shown_before
from connector.domain.revision.plan import (
    AGE_UNCLEAR,
    Arrival,
    Cause,
    Decide,
    Sharing,
    is_certainly_another,
    is_same_party,
)
from connector.domain.revision.record import NOTHING_NEW, NOTHING_NEW_IN_VISMA, Revision, State
from connector.domain.revision.renumbering import renumbered
from connector.domain.revision.row_version import row_version
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import UNFINISHED, Company, OnRevision, OnUnmapped, Route
from connector.domain.transactions import IsaId, Purpose, Stream, Translation
from connector.edi.translate import translate
from connector.edi.visma.fields import text
from connector.edi.visma.read import NotADocument, content_hash, dated_on, decode, read_document
from connector.services.messages import DocumentMessage
from connector.services.outbound.policy import (
    ON_HOLD_IN_VISMA,
    hold_reason,
    is_withdrawn,
    refuse_unknown_type,
    unsent_reason,
)
from connector.services.ports import Ledger

_FROM_BEFORE = "It is from before go-live."


@dataclass(frozen=True, slots=True)
class Reading:
    """A message's document as far as it could be understood.

    Attributes:
        sighting: What is known of its age, also of one that cannot be understood.
    """

    revision_id: str
    document: VismaDocument | None
    problem: Parked | None
    sighting: Sighting

    @property
    def version(self) -> str | None:
        """Visma's row version, if the document has one."""
        return row_version(self.document.version) if self.document else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a revision: a translation, or a state with its reason.

    A `state` of None leaves the ledger as it is.

    Attributes:
        stays: Who has it keeps it, under an ISA id that routing names no more.
        by_routing: Routing keeps it from leaving, or did so until a person answers.
    """

    state: State | None
    translation: Translation | None = None
    parked: Parked | None = None
    reason: StatedReason | None = None
    stays: bool = False
    by_routing: bool = False


_STAYS = Decision(None)


_NOTHING_NEW = StatedReason(Reason.NOTHING_NEW, NOTHING_NEW)


def baseline_of(sentence: str) -> Decision:
    """Known, not sent, findable."""
    return Decision(State.BASELINE, reason=StatedReason(Reason.BEFORE_GO_LIVE, sentence))


@dataclass(frozen=True, slots=True)
class Decider:
    """Applies routing to documents.

    Attributes:
        ledger: For what a partner was sent before.
        routing: The routing in force.
    """

    ledger: Ledger
    routing: Routing
    stream: Stream

    def route(self, key: DocumentKey, reading: Reading) -> Route | Parked | None:
        """Where the document goes, or why it goes nowhere; None when it cannot be read."""
        if reading.document is None:
            return None
        try:
            return self.routing.route(key.company, key.kind, reading.document.counterparty)
        except Parked as problem:
            return problem

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
            return replace(revision, counterparty_id=self._read(revision).counterparty_id)
        except (Parked, NotADocument, Transient):
            return revision

    def receiver(self, route: Route | Parked | None) -> str | None:
        """ISA id of whom routing sends it to."""
        return route.partner_isa_id.on(self.stream) if isinstance(route, Route) else None

    def decide(
        self, message: DocumentMessage, reading: Reading, route: Route | Parked | None, plan: Decide
    ) -> Decision:
        """Say what becomes of the document."""
        cause, document = Cause.of(message.cause), reading.document
        if document is not None:
            try:
                refuse_unknown_type(document)
            except Parked as problem:
                route = problem
        if document is None or not isinstance(route, Route):
            if plan.baseline is not None and plan.baseline.revision_id == reading.revision_id:
                return _STAYS
            if document is None:
                return self._unread(message, reading, plan)
            return self._unrouted(message, document, reading, route if isinstance(route, Parked) else None, plan)
        if (reason := unsent_reason(document, route)) is not None:
            return self._not_sent(document, route, plan, reason)
        if not cause.chooses:
            kept = self._kept_back(message, reading, document, route, plan) or self._shared(document, route, plan)
            if kept is not None:
                return kept
        return self._send(document, route, plan, cause)

    def _kept_back(
        self, message: DocumentMessage, reading: Reading, document: VismaDocument, route: Route, plan: Decide
    ) -> Decision | None:
        """What keeps a document back from a receiver that never had it; None when it may go there."""
        if plan.elsewhere is not None:
            reason = self._nothing_new(document, route, plan.elsewhere, _newer(document))
            if reason is not None:
                return Decision(State.SKIPPED, reason=reason, stays=True)
        if plan.was_sent:
            return None
        if plan.replaces is not None and plan.replaces.released:
            return None  # a person has answered for this very content; something else kept it
        held = self._before_go_live(message, reading, route, plan)
        if held is None and plan.kept_off is not None and plan.kept_off.kept_ready:
            # What waited for a routing entry and is named now, by its key or along with the others, leaves.
            cause = Cause.of(message.cause)
            if cause is Cause.RELEASE or (cause is Cause.REPLAY and plan.kept_off.waits_for is not None):
                return None
            return Decision(State.PARKED, parked=_switched_on(message.key), by_routing=True)
        return held

    def _shared(self, document: VismaDocument, route: Route, plan: Decide) -> Decision | None:
        """The question about an order whose number an order of another type has; None when it may leave."""
        shares = plan.shares
        if shares is None or plan.was_sent or (plan.replaces is not None and plan.replaces.released):
            return None
        if not shares.is_own and hold_reason(document, route) is not None:
            return None  # it does not leave anyway
        return Decision(State.PARKED, parked=_two_types(document, shares))

    def _not_sent(self, document: VismaDocument, route: Route | None, plan: Decide, reason: StatedReason) -> Decision:
        """A document that routing keeps from leaving; a person tells the receiver what it does not hear."""
        has = plan.has or plan.elsewhere
        stays = plan.has is None and has is not None  # under an ISA id that routing names no more
        if has is None or (route is None and is_certainly_another(has, document.counterparty_id)):
            return Decision(State.SKIPPED, reason=reason, by_routing=True)
        nothing_new = self._nothing_new(document, route, has, _newer(document)) if route is not None else None
        if nothing_new is not None:
            return Decision(State.SKIPPED, reason=nothing_new, stays=stays)
        return Decision(State.PARKED, parked=_not_told(has, _newer(document), reason), stays=stays)

    def withdrawal(self, key: DocumentKey, sent: Revision, receiver: str, *, sequence: int) -> tuple[Decision, bytes]:
        """The cancellation for a receiver that is no longer the document's, and the document that it withdraws."""
        source = b"{}"
        told = (
            f"Its supplier or customer changed: {sent.partner} ({receiver}) has it still (Orderful "
            f"{sent.transaction_id}) and has to be told that it is withdrawn."
        )
        by_hand = f"Tell {sent.partner}, then: connector documents close {key} --revision {sequence}"
        try:
            source = self.ledger.source_of(sent)
            document = read_document(decode(source), company=key.company, kind=key.kind)
            route = self.routing.route(key.company, key.kind, sent.counterparty or document.counterparty)
            if not route.send or route.on_revision is OnRevision.PARK:
                return Decision(
                    State.PARKED,
                    parked=Parked(told, next_step=by_hand, field="on_revision", code=Reason.WITHDRAWAL_BY_HAND),
                ), source
            former = replace(route, partner_isa_id=IsaId(live=receiver, test=receiver))
            return self._translated(
                translate(document.content, former, stream=self.stream, purpose=Purpose.CANCELLATION)
            ), source
        except NotADocument as problem:
            return Decision(
                State.PARKED, parked=Parked(f"{told} {problem}", next_step=by_hand, code=Reason.WITHDRAWAL_BY_HAND)
            ), source
        except Parked as problem:
            parked = Parked(
                f"{told} {problem.sentence}", next_step=by_hand, field=problem.field, code=Reason.WITHDRAWAL_BY_HAND
            )
            return Decision(State.PARKED, parked=parked), source

    def _origin(self, message: DocumentMessage, reading: Reading, route: Route | None, plan: Decide) -> Origin:
        company = self.routing.companies.get(message.company)
        go_live = route.go_live if route is not None else company.go_live if company is not None else None
        waiting = [one for one in (*plan.supersede, plan.replaces) if one is not None]
        if any(one.state is State.PARKED and one.field == AGE_UNCLEAR for one in waiting):
            return Origin.UNCLEAR  # only a person says otherwise
        if not plan.is_new and (go_live is None or plan.was_sent or plan.was_routed):
            return Origin.AFTER  # the ledger knows it
        found = origin(reading.sighting, go_live, company.visma.time_zone if company is not None else None)
        # What waits for a person and has been changed since may only have got another date, also when it comes again.
        is_another = plan.replaces is None or plan.was_asked
        return Origin.UNCLEAR if found is Origin.BEFORE and _is_asked(plan) and is_another else found

    def _unread(self, message: DocumentMessage, reading: Reading, plan: Decide) -> Decision:
        """A document that cannot be understood."""
        baseline = plan.baseline
        was_readable = baseline is not None and baseline.counterparty is not None
        if not was_readable and plan.has is None and self._origin(message, reading, None, plan) is Origin.BEFORE:
            return baseline_of(f"{_FROM_BEFORE} It cannot be read: {reading.problem and reading.problem.sentence}")
        return Decision(State.PARKED, parked=reading.problem)

    def _before_go_live(
        self, message: DocumentMessage, reading: Reading, route: Route, plan: Decide
    ) -> Decision | None:
        """What becomes of a document that the receiver never had, if go-live keeps it back."""
        if plan.baseline is not None and reading.document is not None:
            on_record = self._on_record(message, reading, reading.document, route, plan.baseline)
            return on_record or self._changed_since_go_live(reading.document, route, plan.baseline, reading, plan)
        match self._origin(message, reading, route, plan):
            case Origin.BEFORE:
                return baseline_of(_FROM_BEFORE)
            case Origin.UNCLEAR:
                return Decision(State.PARKED, parked=_unclear(message.key))
            case Origin.AFTER:
                return _STAYS if Cause.of(message.cause) is Cause.BASELINE else None

    def _on_record(
        self, message: DocumentMessage, reading: Reading, document: VismaDocument, route: Route, baseline: Revision
    ) -> Decision | None:
        """What becomes of a document on record as from before go-live, whatever changed in it since."""
        if baseline.state is State.BASELINE and self._is_state_from_before(reading, document, route):
            return baseline_of(_FROM_BEFORE)
        if baseline.state is State.BASELINE and self._is_new_by_now(reading, document, route, baseline):
            return Decision(State.PARKED, parked=_new_by_now(message.key))
        return _STAYS if Cause.of(message.cause) is Cause.BASELINE else None

    def _unrouted(
        self,
        message: DocumentMessage,
        document: VismaDocument,
        reading: Reading,
        problem: Parked | None,
        plan: Decide,
    ) -> Decision:
        """A document for nobody, or of a type that nobody knows."""
        company = self.routing.companies.get(message.company)
        if company is not None and message.kind in company.kinds_off:
            reason = StatedReason(Reason.SEND_OFF, f"Routing says not to send {message.kind} (send: false).")
            return self._not_sent(document, None, plan, reason)
        if plan.has is None and plan.baseline is None:
            if self._origin(message, reading, None, plan) is Origin.BEFORE:
                return baseline_of(f"{_FROM_BEFORE} {problem and problem.sentence}")
            if Cause.of(message.cause) is Cause.BASELINE:
                return _STAYS
        if isinstance(problem, UnmappedPartner) and (kept := self._unmapped(document, problem, company, plan)):
            return kept
        if document.held and plan.has is None:
            return Decision(State.SKIPPED, reason=ON_HOLD_IN_VISMA)
        return Decision(State.PARKED, parked=problem)

    def _unmapped(
        self, document: VismaDocument, problem: UnmappedPartner, company: Company | None, plan: Decide
    ) -> Decision | None:
        if _may_be_renumbered(plan.has, document):
            return self._renumbered(document, plan.has, problem)
        if _skips_unmapped(company):
            reason = StatedReason(Reason.UNMAPPED_PARTNER, f"{problem.sentence} (unmapped_partner: skip)")
            return self._not_sent(document, None, plan, reason)
        return None

    def _renumbered(self, document: VismaDocument, has: Revision, problem: UnmappedPartner) -> Decision:
        """A sent document whose supplier or customer has a number that routing does not know: who has it keeps it.

        An invoice that says what it said is asked about nobody: there is nothing to tell.
        """
        former = self._former_route(has) if document.key.kind.is_invoice else None
        if former is not None and (reason := self._nothing_new(document, former, has, _newer(document))) is not None:
            return Decision(State.SKIPPED, reason=reason)
        return Decision(State.PARKED, parked=_another_number(document, has, problem))

    def _former_route(self, has: Revision) -> Route | None:
        """The route by the number of the supplier or customer that the receiver was sent."""
        try:
            route = self.routing.route(has.key.company, has.key.kind, has.counterparty or "")
        except Parked:
            return None
        return route if self.receiver(route) == has.receiver_id else None

    def _changed_since_go_live(
        self, document: VismaDocument, route: Route, baseline: Revision, reading: Reading, plan: Decide
    ) -> Decision:
        """A document from before go-live that the ledger has as such.

        What a person was asked before and need not answer any more is taken back.
        """
        was_ready = baseline.visma_status in route.send_when
        changed = baseline.revision_id != reading.revision_id and not self._reads_like(baseline, document, route)
        if not changed and (was_ready or document.status not in route.send_when):
            return Decision(State.SKIPPED, reason=_NOTHING_NEW) if _is_asked(plan) else _STAYS
        if (reason := hold_reason(document, route, partner_has_it=was_ready)) is not None:
            return Decision(State.SKIPPED, reason=reason) if _is_asked(plan) else _STAYS  # it is asked about later
        if baseline.state is State.CLOSED:
            return Decision(State.PARKED, parked=_closed_before(document, baseline))
        if route.before_go_live is BeforeGoLive.IGNORE:
            return baseline_of(f"{_FROM_BEFORE} It changed in Visma since; routing says to ignore that.")
        if route.before_go_live is BeforeGoLive.PARK or not _is_same(baseline, document):
            return Decision(State.PARKED, parked=_question(document, route, was_ready=was_ready, changed=changed))
        purpose = Purpose.ORIGINAL if not was_ready else _newer(document)
        return self._translate(document, route, purpose)

    def _is_state_from_before(self, reading: Reading, document: VismaDocument, route: Route) -> bool:
        zone = self.routing.companies[document.key.company].visma.time_zone
        return route.go_live is not None and was_shown_before(reading.sighting, route.go_live, zone)

    def _is_new_by_now(self, reading: Reading, document: VismaDocument, route: Route, baseline: Revision) -> bool:
        """Whether a document on record as from before go-live is from after it by the go-live in force.

        Its record counts, not what it says by now: an old order may have got a later date since.
        """
        zone = self.routing.companies[baseline.key.company].visma.time_zone
        go_live, arrives = route.go_live, reading.sighting
        if go_live is None or origin(arrives, go_live, zone) is not Origin.AFTER:
            return False
        if hold_reason(document, route, partner_has_it=False) is not None:
            return False  # it is asked about once it is ready
        try:
            data = _with_type(decode(self.ledger.source_of(baseline)), baseline.key)
        except (NotADocument, PayloadLost):
            return False
        recorded = replace(
            arrives,
            created=text(data, "createdDateTime"),
            dated=dated_on(data, baseline.key.kind),
            modified_at=baseline.modified_at,
            seen_at=baseline.seen_at,
        )
        return origin(recorded, go_live, zone) is Origin.AFTER

    def _send(self, document: VismaDocument, route: Route, plan: Decide, cause: Cause) -> Decision:
        known = plan.has is not None or plan.said_to_have or cause is Cause.AS_REPLACEMENT
        reason = hold_reason(document, route, partner_has_it=known)
        # A person may choose what nobody knows to be unfinished, and to send again what went out before.
        is_chosen = cause.chooses and _is_over(document)
        if reason is not None and not (is_chosen and (plan.was_sent or reason.code is Reason.UNKNOWN_STATUS)):
            return self._out_of_status(document, route, plan, reason)
        if not cause.chooses and (other := _renumbered_elsewhere(plan, document, route)) is not None:
            return Decision(State.PARKED, parked=_number_of_another(document, route, other), stays=True)
        if not known or cause is Cause.AS_ORIGINAL:
            return self._translate(document, route, Purpose.ORIGINAL)
        purpose = _newer(document)
        if plan.has is not None and not cause.chooses:
            held = self._hold_revision(document, route, plan, purpose)
            if held is not None:
                return held
        return self._translate(document, route, purpose)

    def _out_of_status(self, document: VismaDocument, route: Route, plan: Decide, reason: StatedReason) -> Decision:
        """A document that its status keeps from leaving. A change that it hides from who has it is asked about.

        What is still being worked on is seen again when that ends. What is over may not be.
        """
        stays = plan.elsewhere is not None and not is_withdrawn(document)
        has = plan.has or plan.elsewhere
        quiet = Decision(State.SKIPPED, reason=reason, stays=stays)
        if has is None and reason.code is Reason.UNKNOWN_STATUS:
            return Decision(State.PARKED, parked=_unknown_status(document, reason))
        if has is None or has.purpose is Purpose.CANCELLATION or not _is_over(document):
            return quiet
        if route.on_revision is OnRevision.IGNORE:
            return quiet
        if not plan.full_resend_due and self._nothing_new(document, route, has, _newer(document)) is not None:
            return quiet
        return Decision(State.PARKED, parked=_changed_and_over(document, has), stays=stays)

    def _hold_revision(self, document: VismaDocument, route: Route, plan: Decide, purpose: Purpose) -> Decision | None:
        """What keeps a revision back from a receiver that has an earlier one; None when it is to leave."""
        has = plan.has
        assert has is not None, "a revision follows another one"  # noqa: S101
        if purpose is has.purpose is Purpose.CANCELLATION:
            return Decision(State.SKIPPED, reason=_NOTHING_NEW)  # whatever was changed in it before
        if not plan.full_resend_due and (reason := self._nothing_new(document, route, has, purpose)) is not None:
            return Decision(State.SKIPPED, reason=reason)
        withdraws_or_renews = Purpose.CANCELLATION in {purpose, has.purpose}
        if route.on_revision is OnRevision.IGNORE and not withdraws_or_renews:
            sentence = "It changed after it was sent; routing says to ignore that."
            return Decision(State.SKIPPED, reason=StatedReason(Reason.REVISION_IGNORED, sentence))
        if route.on_revision is OnRevision.PARK:
            return Decision(State.PARKED, parked=_changed_after_sending(has, purpose))
        return None

    def _nothing_new(
        self, document: VismaDocument, route: Route, has: Revision, purpose: Purpose
    ) -> StatedReason | None:
        """Why the receiver that has `has` would learn nothing new of the document; None when it would.

        Either the request would be the one that it has, in everything but purpose and envelope: descriptions of the
        catalogue, tax categories and ids of terms change without any partner seeing it. Or the document says in Visma
        what it said: read alike and translated alike, both states come to the same request, and only routing, the
        translation or a number of master data makes it another one than was sent.
        """
        before = has.purpose or Purpose.ORIGINAL
        if (purpose is Purpose.CANCELLATION) != (before is Purpose.CANCELLATION):
            return None
        try:
            new = translate(document.content, route, stream=self.stream, purpose=before)
        except Parked:
            return None
        is_agreed = has.transaction_type is None  # a change that was never sent: its content is known to the partner
        if not is_agreed and self._was_told(has, new):
            return _NOTHING_NEW
        try:
            recorded = renumbered(self._read(has).content, document.content)
            old = translate(recorded, route, stream=self.stream, purpose=before)
        except (Parked, NotADocument):
            return None
        if (old.dialect, _message(old)) != (new.dialect, _message(new)):
            return None
        return _NOTHING_NEW if is_agreed else StatedReason(Reason.NOTHING_NEW, NOTHING_NEW_IN_VISMA)

    def _was_told(self, has: Revision, new: Translation) -> bool:
        if has.dialect not in {None, new.dialect}:
            return False
        try:
            return bool(self.ledger.request_of(has)["message"] == _message(new))
        except Parked:
            return False

    def _reads_like(self, baseline: Revision, document: VismaDocument, route: Route) -> bool:
        """Whether the partner would see what it would have seen at go-live."""
        if not _is_same(baseline, document):
            return False
        try:
            before = self._read(baseline)
            requests = [
                translate(content, route, stream=self.stream, purpose=Purpose.ORIGINAL).request.body["message"]
                for content in (renumbered(before.content, document.content), document.content)
            ]
        except (Parked, NotADocument):
            return False
        return is_withdrawn(before) == is_withdrawn(document) and bool(requests[0] == requests[1])

    def _read(self, revision: Revision) -> VismaDocument:
        key = revision.key
        data = _with_type(decode(self.ledger.source_of(revision)), key)
        return read_document(data, company=key.company, kind=key.kind)

    def _translate(self, document: VismaDocument, route: Route, purpose: Purpose) -> Decision:
        try:
            return self._translated(translate(document.content, route, stream=self.stream, purpose=purpose))
        except Parked as problem:
            return Decision(State.PARKED, parked=problem)

    def _translated(self, translation: Translation) -> Decision:
        return Decision(State.TRANSLATED, translation=translation)


def read_message(message: DocumentMessage, raw: bytes) -> Reading:
    """Understand the document; what cannot be understood is parked under a hash of what is there."""
    key = message.key
    data: dict[str, Any] | None = None
    try:
        data = _with_type(decode(raw), key)
        document = read_document(data, company=key.company, kind=key.kind)
    except NotADocument as problem:
        parked = Parked(
            str(problem),
            document=str(key),
            next_step="Open the document in Visma; it is read again when it changes.",
            code=Reason.UNREADABLE_DOCUMENT,
        )
    except Parked as problem:
        parked = problem
    else:
        # The poller's key stands: it knows from which list the row came.
        document = replace(document, key=key)
        sighting = _sighting(message, document.created, dated_on(data, key.kind))
        return Reading(revision_id(document.content), document, None, sighting)
    if data is None:
        return Reading(hashlib.sha256(raw).hexdigest(), None, parked, _sighting(message, None, None))
    sighting = _sighting(message, text(data, "createdDateTime"), dated_on(data, key.kind))
    return Reading(content_hash(data), None, parked, sighting)


def unreadable(message: DocumentMessage, lost: PayloadLost) -> Reading:
    """A document whose stored body is gone: parked under the place where it lay."""
    name = f"lost {message.document_at}"
    return Reading(hashlib.sha256(name.encode()).hexdigest(), None, lost, _sighting(message, None, None))


def arrival_of(message: DocumentMessage, reading: Reading, receiver: str | None, cause: Cause) -> Arrival:
    """The document as the plan of its revisions sees it."""
    document = reading.document
    return Arrival(
        revision_id=reading.revision_id,
        seen_at=message.seen_at,
        version=reading.version,
        receiver=receiver,
        counterparty=(document.counterparty or None) if document else None,
        cause=cause,
        counterparty_id=document.counterparty_id if document else None,
    )


def _with_type(data: dict[str, Any], key: DocumentKey) -> dict[str, Any]:
    """The document with the type that its list gave it: a credit note must not be read as an invoice."""
    document_type, colon, _ = key.number.partition(":")
    if colon and key.kind.is_invoice and text(data, "documentType") is None:
        return {**data, "documentType": document_type}
    return data


def choices(key: DocumentKey) -> str:
    """The commands between which a person chooses when nobody else knows whether the partner has a document."""
    return (
        f"Send it: connector documents release {key} --as replacement (the partner has it), or --as original (it has "
        f"not). Or leave it: connector documents close {key}"
    )


def _sighting(message: DocumentMessage, created: str | None, dated: date | None) -> Sighting:
    """What is known of the age of a document."""
    return Sighting(
        created=created,
        dated=dated,
        modified_at=message.modified_at,
        seen_at=message.seen_at,
        listed_since=message.listed_since,
        first_scan=message.first_scan,
    )


def _is_asked(plan: Decide) -> bool:
    """Whether an earlier state of the document, or the same under another status, waits for a person."""
    return any(one.state is State.PARKED for one in (*plan.supersede, plan.replaces) if one is not None)


def _is_same(revision: Revision, document: VismaDocument) -> bool:
    return is_same_party(revision, document.counterparty or None, document.counterparty_id)


def _may_be_renumbered(has: Revision | None, document: VismaDocument) -> TypeGuard[Revision]:
    """Whether a receiver has the document under another number of the supplier or customer, who may be the same one."""
    if has is None or has.purpose is Purpose.CANCELLATION or has.counterparty in {None, document.counterparty}:
        return False
    return bool(document.counterparty) and not is_certainly_another(has, document.counterparty_id)


def _renumbered_elsewhere(plan: Decide, document: VismaDocument, route: Route) -> Revision | None:
    """What another partner has of a document whose supplier or customer is the same one under another number."""
    other = plan.elsewhere
    if other is None or other.counterparty in {None, document.counterparty} or other.partner == route.partner:
        return None
    return other


def _is_over(document: VismaDocument) -> bool:
    """Whether it stands with a status that it may keep: no draft, nothing that waits for an approval, not withdrawn."""
    return not document.held and document.status not in UNFINISHED and not is_withdrawn(document)


def _newer(document: VismaDocument) -> Purpose:
    return Purpose.CANCELLATION if is_withdrawn(document) else Purpose.REPLACE


def _message(translation: Translation) -> Any:
    return _plain(translation.request.body)["message"]


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """The body as the ledger gives it back."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(body))
    return plain


def _skips_unmapped(company: Company | None) -> bool:
    return company is not None and company.unmapped_partner is OnUnmapped.SKIP


def _unclear(key: DocumentKey) -> Parked:
    return Parked(
        "It was created about the time of go-live, or created before it and dated after it: Visma does not say whether "
        "it has left already.",
        document=str(key),
        field=AGE_UNCLEAR,
        next_step=choices(key),
        code=Reason.AGE_UNCLEAR,
    )


def _new_by_now(key: DocumentKey) -> Parked:
    return Parked(
        "It is on record as from before go-live, and by the go_live in force it is from after it: it has not left from "
        "here.",
        document=str(key),
        field="go_live",
        next_step=choices(key),
        code=Reason.GO_LIVE_MOVED,
    )


def _question(document: VismaDocument, route: Route, *, was_ready: bool, changed: bool) -> Parked:
    go_live: GoLive | None = route.go_live
    since = f" ({go_live.at:%Y-%m-%d %H:%M} UTC)" if go_live is not None else ""
    if is_withdrawn(document):
        what = "was withdrawn in Visma since"
    elif changed and was_ready:
        what = "changed in Visma since"
    else:
        what = "may be sent now, which it might not be then"
    return Parked(
        f"It is from before go-live{since} and {what}.",
        document=str(document.key),
        field="before_go_live",
        next_step=choices(document.key),
        code=Reason.CHANGED_SINCE_GO_LIVE,
    )


def _switched_on(key: DocumentKey) -> Parked:
    return Parked(
        "Routing kept it back when it was ready, so the partner may have it from elsewhere.",
        document=str(key),
        field="send",
        next_step=choices(key),
        code=Reason.KEPT_BACK_BEFORE,
    )


def _closed_before(document: VismaDocument, closed: Revision) -> Parked:
    what = "was withdrawn" if is_withdrawn(document) else "changed"
    return Parked(
        f"It {what} in Visma after a person closed revision {closed.sequence}: only that person knows what the partner "
        "has.",
        document=str(document.key),
        field="closed",
        next_step=choices(document.key),
        code=Reason.CHANGED_AFTER_CLOSE,
    )


def _not_told(has: Revision, purpose: Purpose, reason: StatedReason) -> Parked:
    what = "was withdrawn" if purpose is Purpose.CANCELLATION else "changed"
    return Parked(
        f"It {what} in Visma after it was sent{_at_orderful(has)}, and the partner is not told: {reason.sentence}",
        field="send",
        next_step=f"Tell the partner, then: connector documents close {has.key}",
        code=Reason.PARTNER_NOT_TOLD,
    )


def _at_orderful(sent: Revision) -> str:
    return f" (Orderful {sent.transaction_id})" if sent.transaction_id else ""


def _unknown_status(document: VismaDocument, reason: StatedReason) -> Parked:
    """A document that nobody was sent, with a status of which nobody knows whether it is finished."""
    key = document.key
    setting = f"defaults.send_when.{key.kind}"
    return Parked(
        f"{reason.sentence} Visma does not document this status.",
        document=str(key),
        field="status",
        next_step=f"Add {document.status} to {setting} in the routing file and apply it. Or: {choices(key)}",
        waits_for=setting,
        code=reason.code,
    )


def _changed_and_over(document: VismaDocument, has: Revision) -> Parked:
    key = document.key
    return Parked(
        f"It changed in Visma after it was sent{_at_orderful(has)}, and its status is {document.status or '(none)'}, "
        "which is not one of send_when: the partner does not know of the change.",
        document=str(key),
        field="status",
        next_step=(
            f"Send it: connector documents release {key} --as replacement. Or tell the partner, if it has to know, "
            f"then: connector documents close {key}"
        ),
        code=Reason.CHANGED_OUT_OF_STATUS,
    )


def _two_types(document: VismaDocument, shares: Sharing) -> Parked:
    """An order whose number is the key of an order of another type."""
    key, now, revision = document.key, document.document_type, shares.revision
    at = f"{revision.partner}{_at_orderful(revision)}"
    if shares.is_own:
        what = f"what was sent of this one, of the type {now}, to {at} is recorded as the other one's"
    else:
        what = f"that one is for {at} too; this one has the type {now}"
    return Parked(
        f"An order of the type {shares.order_type} has the same number ({revision.key}): {what}.",
        str(key),
        next_step=f"{choices(key)}. Give each type a number series of its own in Visma (PO101000).",
        field="orderType",
        code=Reason.NUMBER_SHARED,
    )


def _role(key: DocumentKey) -> str:
    return "customer" if key.kind is Kind.CUSTOMER_INVOICE else "supplier"


def _another_number(document: VismaDocument, has: Revision, problem: UnmappedPartner) -> Parked:
    """The supplier or customer of a sent document has a number that routing does not know."""
    key, role, now = document.key, _role(document.key), document.counterparty
    keeps = f"{has.partner} ({has.receiver_id}) keeps what it has{_at_orderful(has)}."
    if None not in {has.counterparty_id, document.counterparty_id}:
        return Parked(
            f"{role.capitalize()} {has.counterparty} is numbered {now} in Visma now, which routing does not know. "
            f"{keeps}",
            str(key),
            next_step=f'Set partners.{has.partner}.visma.{role} to "{now}" in the routing file and apply it.',
            field=problem.field,
            waits_for=problem.waits_for,
            code=Reason.COUNTERPARTY_RENUMBERED,
        )
    add = f'add partners.<name>.visma.{role}: "{now}" with company: {key.company} to the routing file and apply it'
    return Parked(
        f"It was sent for {role} {has.counterparty}, and names {role} {now} now, who is mapped to no partner: Visma "
        f"does not say whether that is the same one under another number. {keeps}",
        str(key),
        next_step=(
            f"If it is the same one, or one with EDI, {add}: what {has.partner} has is withdrawn if it is another one. "
            f"If it is one without EDI, tell {has.partner}, then: connector documents close {key}"
        ),
        field=problem.field,
        waits_for=problem.waits_for,
        code=Reason.COUNTERPARTY_RENUMBERED,
    )


def _number_of_another(document: VismaDocument, route: Route, has: Revision) -> Parked:
    """Routing gives the new number of a supplier or customer to another partner than the one that has the document."""
    key, role = document.key, _role(document.key)
    return Parked(
        f"{role.capitalize()} {has.counterparty} is numbered {document.counterparty} in Visma now, which routing maps "
        f"to {route.partner}; {has.partner} ({has.receiver_id}) has the document{_at_orderful(has)}.",
        str(key),
        next_step=(
            f"Correct partners.{route.partner}.visma.{role} in the routing file and apply it. Or send it to "
            f"{route.partner} and withdraw it at {has.partner}: connector documents release {key} --as original"
        ),
        field=f"{role}.number",
        waits_for=f"partners.{route.partner}.visma.{role}",
        code=Reason.RENUMBERED_TO_OTHER_PARTNER,
    )


def _changed_after_sending(sent: Revision, purpose: Purpose) -> Parked:
    what = "was withdrawn" if purpose is Purpose.CANCELLATION else "changed"
    return Parked(
        f"It {what} in Visma after it was sent{_at_orderful(sent)}; routing says a person decides.",
        field="on_revision",
        next_step=(
            f"Tell the partner, then: connector documents close {sent.key}. Or send it: connector documents release "
            f"{sent.key} --as replacement"
        ),
        code=Reason.CHANGED_AFTER_SENDING,
    )
