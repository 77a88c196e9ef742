"""Decides about a document that is new or changed: a translation to send, or a state with its reason.

A pure function of the case: the document, its route, its history, and the facts that it looks up.
"""

from __future__ import annotations

from typing import TypeGuard

from connector.domain.documents import VismaDocument
from connector.domain.errors import Parked, UnmappedPartner
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision import questions
from connector.domain.revision.assess import Unchanged
from connector.domain.revision.before_go_live import (
    before_go_live,
    changed_since,
    is_state_from_before,
    origin_of,
    unreadable,
)
from connector.domain.revision.cause import Cause
from connector.domain.revision.comparison import Comparison, is_of_party, newer_purpose
from connector.domain.revision.decision import Case, RevisionDecision, send_as
from connector.domain.revision.go_live import Origin
from connector.domain.revision.receivers import is_certainly_another, tells_cancellation
from connector.domain.revision.record import Revision
from connector.domain.revision.reused_number import another_document
from connector.domain.routing.policy import (
    hold_reason,
    is_refused,
    is_unfinished,
    is_withdrawn,
    refuse_unknown_type,
    unrouted_reason,
    unsent_reason,
)
from connector.domain.routing.route import UNFINISHED, OnReopen, OnRevision, OnUnmapped, Route, SentByVisma
from connector.domain.transactions import Purpose


def decide(case: Case) -> RevisionDecision | Unchanged:
    """Decide about the document; `Unchanged` when there is nothing to record."""
    document, route = case.reading.document, case.routed.route
    if document is not None:
        try:
            refuse_unknown_type(document)
        except Parked as problem:
            route = problem
    if document is None or not isinstance(route, Route):
        if _is_at_baseline(case, document):
            return Unchanged()
        if document is None:
            return unreadable(case)
        return _unrouted(case, document, route if isinstance(route, Parked) else None)
    if (reason := unsent_reason(document, route)) is not None:
        return _not_sent(case, document, route, reason)
    if not case.reading.cause.chooses:
        kept = _kept_back(case, document, route) or _asked_first(case, document, route)
        if kept is not None:
            return kept
    return _send(case, document, route)


# -- documents that go nowhere ----------------------------------------------------------------------------------------


def _is_at_baseline(case: Case, document: VismaDocument | None) -> bool:
    """Whether the content is that of go-live, or of a close, and it was no draft that is finished by now."""
    baseline = case.assessed.baseline
    if baseline is None or baseline.revision_id != case.reading.revision_id:
        return False
    return baseline.visma_status not in UNFINISHED or document is None or not _is_final(document)


def _unrouted(case: Case, document: VismaDocument, problem: Parked | None) -> RevisionDecision | Unchanged:
    """The decision about a document without a route, or of an unknown type."""
    company, assessed, key = case.routed.company, case.assessed, case.reading.key
    if company is not None and key.kind in company.kinds_off:
        reason = StatedReason(Reason.SEND_OFF, f"Routing says not to send {key.kind} (send: false).")
        return _not_sent(case, document, None, reason)
    if assessed.partner_baseline is None:
        is_new = assessed.baseline is None
        if (is_new and origin_of(case, None) is Origin.BEFORE) or is_state_from_before(case, None):
            return RevisionDecision.keep_on_record(f"{questions.FROM_BEFORE} {problem and problem.sentence}")
        if is_new and case.reading.cause is Cause.BASELINE:
            return Unchanged()
    if isinstance(problem, UnmappedPartner) and (kept := _unmapped(case, document, problem)) is not None:
        return kept
    had = assessed.partner_baseline
    if had is None or is_certainly_another(had, document.counterparty_id):
        # With a route it would be skipped, so nobody is asked for one.
        unsent = unrouted_reason(document, partner_has_it=assessed.person_says_sent)
        if unsent is not None:
            return RevisionDecision.skip(unsent)
    return RevisionDecision.ask(problem)


def _unmapped(case: Case, document: VismaDocument, problem: UnmappedPartner) -> RevisionDecision | None:
    sent, company = case.assessed.partner_baseline, case.routed.company
    if _may_be_renumbered(sent, document):
        return _renumbered(case, document, sent, problem)
    if company is not None and company.unmapped_partner is OnUnmapped.SKIP:
        reason = StatedReason(Reason.UNMAPPED_PARTNER, f"{problem.sentence} (unmapped_partner: skip)")
        return _not_sent(case, document, None, reason)
    return None


def _may_be_renumbered(sent: Revision | None, document: VismaDocument) -> TypeGuard[Revision]:
    """Whether a receiver has the document under another number of what may be the same supplier or customer."""
    if sent is None or sent.purpose is Purpose.CANCELLATION or sent.counterparty in {None, document.counterparty}:
        return False
    return bool(document.counterparty) and not is_certainly_another(sent, document.counterparty_id)


def _renumbered(case: Case, document: VismaDocument, sent: Revision, problem: UnmappedPartner) -> RevisionDecision:
    """The decision about a sent document whose supplier or customer has a number that routing does not know.

    The receiver keeps what it has. For an invoice whose content did not change, nobody is asked.
    """
    former = _former_route(case, sent) if document.key.kind.facts.is_final else None
    if (
        former is not None
        and (reason := _nothing_new(case, Comparison(document, former, case.facts), sent)) is not None
    ):
        return RevisionDecision.skip(reason)
    return RevisionDecision.ask(questions.renumbered_party(document, sent, problem))


def _former_route(case: Case, sent: Revision) -> Route | None:
    """The route by the supplier or customer number under which the document was sent; None without one."""
    try:
        route = case.facts.route(sent.key, sent.counterparty or "")
    except Parked:
        return None
    return route if route.partner_isa_id.on(case.routed.stream) == sent.receiver_id else None


# -- documents that routing keeps back --------------------------------------------------------------------------------


def _not_sent(case: Case, document: VismaDocument, route: Route | None, reason: StatedReason) -> RevisionDecision:
    """The decision about a document that routing keeps back; a person informs a receiver that has an earlier one."""
    assessed = case.assessed
    sent = assessed.partner_baseline or assessed.under_other_id
    if sent is None or (route is None and is_certainly_another(sent, document.counterparty_id)):
        return RevisionDecision.skip(reason, by_routing=True)
    withdraws_nothing = assessed.partner_baseline is None  # under an ISA id that is no longer in routing
    nothing_new = None if route is None else _nothing_new(case, Comparison(document, route, case.facts), sent)
    if nothing_new is not None:
        return RevisionDecision.skip(nothing_new, withdraws_nothing=withdraws_nothing)
    question = questions.partner_not_told(sent, newer_purpose(document), reason)
    return RevisionDecision.ask(question, withdraws_nothing=withdraws_nothing)


def _kept_back(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | Unchanged | None:
    """The decision that keeps a document from a receiver that never had it; None when it may be sent."""
    assessed, cause = case.assessed, case.reading.cause
    if assessed.under_other_id is not None:
        reason = _nothing_new(case, Comparison(document, route, case.facts), assessed.under_other_id)
        if reason is not None:
            return RevisionDecision.skip(reason, withdraws_nothing=True)
    if case.was_answered:  # by a person; it was parked for another reason
        return None
    if assessed.was_sent:
        return _changed_since_closed(case, document, route)
    decision = _before_go_live(case, document, route)
    waiting = assessed.kept_back_by_routing
    if decision is None and waiting is not None and waiting.kept_ready:
        # A document that waited for a routing entry and was named when the file was applied is sent.
        if cause is Cause.RELEASE or (cause is Cause.REPLAY and waiting.waits_for is not None):
            return None
        return RevisionDecision.ask(questions.switched_on(case.reading.key), by_routing=True)
    return decision


def _before_go_live(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | Unchanged | None:
    """The decision about a document that may be from before go-live; one that leaves is asked about like others."""
    decision = before_go_live(case, document, route)
    if not isinstance(decision, RevisionDecision) or decision.translation is None:
        return decision
    return _asked_first(case, document, route, decision.translation.purpose) or decision


def _changed_since_closed(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | Unchanged | None:
    """The decision about a document that only others had from us, and of which a person informed this receiver."""
    assessed, closed = case.assessed, case.assessed.closed
    has_it = assessed.partner_baseline is not None or assessed.under_other_id is not None
    if has_it or closed is None or not is_of_party(closed, document):
        return None
    return changed_since(case, document, route, closed)


def _asked_first(
    case: Case, document: VismaDocument, route: Route, purpose: Purpose = Purpose.ORIGINAL
) -> RevisionDecision | None:
    """The question before a document leaves that this receiver may have from elsewhere; None when there is none.

    Args:
        case: The document to decide about.
        document: The document.
        route: Its route.
        purpose: As what it would leave for the first time from here.
    """
    return (
        _shared(case, document, route)
        or _twice(case, document, route)
        or _moved(case, document, route)
        or (_received(case, document, route) if purpose is Purpose.ORIGINAL else None)
        or (_closed_short(case, case.assessed.baseline) if purpose is Purpose.REPLACE else None)
    )


def _shared(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | None:
    """The question about an order whose number is used by an order of another type; None when it may be sent."""
    sharing = case.sharing
    if sharing is None or case.assessed.was_sent or case.was_answered:
        return None
    if not sharing.is_own and hold_reason(document, route) is not None:
        return None  # it is not sent in any case
    return RevisionDecision.ask(questions.two_order_types(document, sharing))


def _twice(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | None:
    """The question about a document that nobody has and that Visma sends as well; None when it may be sent."""
    if route.sent_by_visma is SentByVisma.TELL or not document.content.sent_by_visma:
        return None
    return RevisionDecision.ask(questions.sent_by_visma(document, route)) if _is_first(case, document, route) else None


def _moved(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | None:
    """The question about a document that nobody has from here, but a partner from another branch; None without one."""
    reason = hold_reason(document, route)
    if not _is_new_here(case) or (reason is not None and reason.code is not Reason.WITHDRAWN_UNSENT):
        return None
    return _had_elsewhere(case, document, route)


def _received(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | None:
    """The question about an order that this partner never had from here, and of which goods were received."""
    assessed, lines = case.assessed, case.reading.received
    has_it = assessed.partner_baseline is not None or assessed.under_other_id is not None
    is_known = has_it or assessed.person_says_sent or case.was_answered
    if not lines or is_known or hold_reason(document, route) is not None:
        return None
    return RevisionDecision.ask(questions.original_of_received(document, lines))


def _closed_short(case: Case, had: Revision | None) -> RevisionDecision | None:
    """The question about a replacement of an order with a line that is closed short; None without such a line."""
    lines = case.reading.closed_short
    return RevisionDecision.ask(questions.lines_closed_short(had, lines)) if lines and had is not None else None


def _had_elsewhere(
    case: Case, document: VismaDocument, route: Route, own: Revision | None = None
) -> RevisionDecision | None:
    """The question about a document of this branch that a partner has from another one of Visma's company.

    Args:
        case: The document to decide about.
        document: The document.
        route: Its route.
        own: What the receiver has from this company; then only what was sent later from the other one counts.
    """
    branch = document.content.branch
    if route.company.visma.branch not in {None, branch} and branch is not None:
        return None  # it is of none of the company's branches, and is refused for that
    sent = case.facts.had_as_other_company(document.key, after=own)
    if sent is None:
        return None
    question = questions.sent_by_other_company(document, route, sent, case.routed.stream, is_known=own is not None)
    return RevisionDecision.ask(question)


def _is_first(case: Case, document: VismaDocument, route: Route) -> bool:
    """Whether it would leave for the first time, and no person has said so."""
    return _is_new_here(case) and hold_reason(document, route) is None


def _is_new_here(case: Case) -> bool:
    """Whether no receiver has it from this company, and no person has said what one has."""
    assessed = case.assessed
    is_known = assessed.was_sent or assessed.partner_baseline is not None or assessed.person_says_sent
    return not is_known and not case.was_answered


# -- documents that may leave -----------------------------------------------------------------------------------------


def _send(case: Case, document: VismaDocument, route: Route) -> RevisionDecision:
    assessed, cause = case.assessed, case.reading.cause
    if cause is Cause.AS_ORIGINAL and (is_withdrawn(document) or is_refused(document, route)):
        return _original_of_withdrawn(case, document, route)
    known = assessed.partner_baseline is not None or assessed.person_says_sent or cause is Cause.AS_REPLACEMENT
    reason = hold_reason(document, route, partner_has_it=known)
    # A person may send a document with an unknown status, and may send again what was sent before.
    is_chosen = cause.chooses and _is_final(document)
    if reason is not None and not (is_chosen and (assessed.was_sent or reason.code is Reason.UNKNOWN_STATUS)):
        return _out_of_status(case, document, route, reason)
    if not cause.chooses and (other := _renumbered_elsewhere(case, document, route)) is not None:
        return RevisionDecision.ask(questions.number_of_another_partner(document, route, other), withdraws_nothing=True)
    if not known or cause is Cause.AS_ORIGINAL:
        return send_as(Purpose.ORIGINAL, document, route, case.facts)
    if assessed.partner_baseline is not None and not cause.chooses:
        decision = _kept_back_revision(case, document, route, assessed.partner_baseline)
        if decision is not None:
            return decision
    return send_as(_purpose_after(case, document, route), document, route, case.facts)


def _purpose_after(case: Case, document: VismaDocument, route: Route) -> Purpose:
    """The purpose for a receiver that has an earlier state."""
    if is_refused(document, route):
        return Purpose.CANCELLATION
    sent = case.assessed.partner_baseline
    is_reopened = sent is not None and _is_reopened(document, sent, _cancelled_by_hand(case, document))
    if is_reopened and not case.reading.cause.chooses and route.on_reopen is OnReopen.ORIGINAL:
        return Purpose.ORIGINAL
    return newer_purpose(document)


def _original_of_withdrawn(case: Case, document: VismaDocument, route: Route) -> RevisionDecision:
    """The question about a document to be sent as original that is cancelled in Visma: it would be ordered again."""
    sent = case.assessed.partner_baseline
    reason = hold_reason(document, route)
    if reason is not None and (sent is None or sent.purpose is Purpose.CANCELLATION):
        return RevisionDecision.skip(reason)
    return RevisionDecision.ask(questions.no_original_of_withdrawn(document.key))


def _renumbered_elsewhere(case: Case, document: VismaDocument, route: Route) -> Revision | None:
    """The revision of another partner that has the document, if the supplier or customer only got a new number."""
    other = case.assessed.under_other_id
    if other is None or other.counterparty in {None, document.counterparty} or other.partner == route.partner:
        return None
    return other


def _out_of_status(case: Case, document: VismaDocument, route: Route, reason: StatedReason) -> RevisionDecision:
    """The decision about a document whose status keeps it back; a receiver with an earlier state makes it a question.

    A document that is still being edited is polled again when its status changes. One in a final status may not be.
    """
    assessed = case.assessed
    withdraws_nothing = assessed.under_other_id is not None and not is_withdrawn(document)
    sent = assessed.partner_baseline or assessed.under_other_id
    quiet = RevisionDecision.skip(reason, withdraws_nothing=withdraws_nothing)
    if (sent is None or sent.purpose is Purpose.CANCELLATION) and reason.code is Reason.UNKNOWN_STATUS:
        return RevisionDecision.ask(questions.unknown_status(document, reason, send_when=route.send_when))
    if sent is None or sent.purpose is Purpose.CANCELLATION or not _is_final(document):
        return quiet
    has_nothing_new = _nothing_new(case, Comparison(document, route, case.facts), sent) is not None
    if is_refused(document, route) and not has_nothing_new:
        question = questions.refused_after_sending(document, sent)
        return RevisionDecision.ask(question, withdraws_nothing=withdraws_nothing)
    if has_nothing_new or route.on_revision is OnRevision.IGNORE:
        return quiet
    return RevisionDecision.ask(questions.changed_out_of_status(document, sent), withdraws_nothing=withdraws_nothing)


def _is_final(document: VismaDocument) -> bool:
    """Whether it may stay in its status: it is no draft, waits for no approval, and is not withdrawn."""
    return not is_unfinished(document) and not is_withdrawn(document)


def _is_reopened(document: VismaDocument, sent: Revision, informed: Revision | None) -> bool:
    """Whether the receiver was sent a cancellation of a document that stands in Visma, or was told of one."""
    return not is_withdrawn(document) and (sent.purpose is Purpose.CANCELLATION or informed is not None)


def _cancelled_by_hand(case: Case, document: VismaDocument) -> Revision | None:
    """The revision by which a person told the receiver last that the document is cancelled; None without one."""
    closed = case.assessed.closed
    return closed if closed is not None and is_of_party(closed, document) and tells_cancellation(closed) else None


def _kept_back_revision(case: Case, document: VismaDocument, route: Route, sent: Revision) -> RevisionDecision | None:
    """The decision that keeps a revision from a receiver that has an earlier one; None when it is sent."""
    purpose = newer_purpose(document)
    if purpose is sent.purpose is Purpose.CANCELLATION:
        return RevisionDecision.skip(questions.NOTHING_NEW)  # whatever changed in it before
    comparison = Comparison(document, route, case.facts)
    if (reason := _nothing_new(case, comparison, sent)) is not None:
        return RevisionDecision.skip(reason)
    if not case.was_answered and (moved := _had_elsewhere(case, document, route, sent)) is not None:
        return moved
    return _questioned_revision(case, document, route, comparison, sent)


def _nothing_new(case: Case, comparison: Comparison, sent: Revision) -> StatedReason | None:
    """Why the document has nothing new for a receiver with an earlier state; None when it has.

    What a person closed since takes the place of what was sent: the receiver was informed of it.
    """
    closed = case.assessed.closed
    if closed is not None and comparison.reads_like(closed):
        return questions.nothing_new_since_closed(closed)
    if case.assessed.full_resend_due or is_refused(comparison.document, comparison.route):
        return None
    return comparison.nothing_new(sent)


def _questioned_revision(
    case: Case, document: VismaDocument, route: Route, comparison: Comparison, sent: Revision
) -> RevisionDecision | None:
    """The decision that keeps a revision with something new from its receiver; None when it is sent."""
    purpose = newer_purpose(document)
    if _is_reopened(document, sent, informed := _cancelled_by_hand(case, document)):
        is_asked = route.on_reopen is OnReopen.PARK
        return RevisionDecision.ask(questions.reopened(document, sent, informed)) if is_asked else None
    if purpose is Purpose.REPLACE:
        before = comparison.recorded(sent)
        if not isinstance(before, Parked) and (other := another_document(before, document)) is not None:
            return RevisionDecision.ask(questions.number_used_again(sent, other))
    if route.on_revision is OnRevision.IGNORE and purpose is not Purpose.CANCELLATION:
        return RevisionDecision.skip(questions.IGNORED_CHANGE)
    if route.on_revision is OnRevision.PARK:
        return RevisionDecision.ask(questions.changed_after_sending(sent, purpose, closed=case.assessed.closed))
    return None if purpose is Purpose.CANCELLATION else _closed_short(case, sent)
