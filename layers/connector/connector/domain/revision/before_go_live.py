"""Decides about a document that is, or may be, from before go-live, and about its changes since."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.documents import VismaDocument
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision import questions
from connector.domain.revision.assess import AGE_UNCLEAR, Unchanged
from connector.domain.revision.cause import Cause
from connector.domain.revision.comparison import Comparison, is_of_party, newer_purpose
from connector.domain.revision.decision import Case, RevisionDecision, send_as
from connector.domain.revision.go_live import BeforeGoLive, GoLive, Origin, origin, was_shown_before
from connector.domain.revision.record import Revision, State
from connector.domain.routing.policy import hold_reason
from connector.domain.routing.route import Route
from connector.domain.transactions import Purpose

_CREATED_SINCE = frozenset({Origin.AFTER, Origin.ENTERED_LATE})
_WAITING = frozenset({State.TRANSLATED, State.PARKED, State.REJECTED})


def origin_of(case: Case, route: Route | None) -> Origin:
    """Whether the document is from before go-live, by its date and by the ledger."""
    assessed, go_live = case.assessed, _go_live(case, route)
    waiting = [one for one in (*assessed.supersede, assessed.replaces) if one is not None]
    found = origin(case.reading.sighting, go_live, case.routed.time_zone)
    if any(one.state is State.PARKED and one.field == AGE_UNCLEAR for one in waiting):
        return found if found is Origin.ENTERED_LATE else Origin.UNCLEAR  # only a person answers this
    if not assessed.is_new and (go_live is None or assessed.was_sent or assessed.was_routed):
        return Origin.AFTER  # the ledger has it already
    # A document that waits for a person and changed since may only have got another date: a person still has to decide.
    is_another = assessed.replaces is None or assessed.asked_before
    return Origin.UNCLEAR if found is Origin.BEFORE and case.has_open_question and is_another else found


def unreadable(case: Case) -> RevisionDecision:
    """Decide about a document that cannot be read."""
    baseline, problem = case.assessed.baseline, case.reading.problem
    was_readable = baseline is not None and baseline.counterparty is not None
    partner_has_it = case.assessed.partner_baseline is not None
    if not was_readable and not partner_has_it and origin_of(case, None) is Origin.BEFORE:
        return RevisionDecision.keep_on_record(
            f"{questions.FROM_BEFORE} It cannot be read: {problem and problem.sentence}"
        )
    return RevisionDecision.ask(problem)


def before_go_live(case: Case, document: VismaDocument, route: Route) -> RevisionDecision | Unchanged | None:
    """The decision about a document that the receiver never had, if go-live keeps it back; None when it does not."""
    baseline = case.assessed.baseline
    if baseline is not None:
        on_record = _on_record(case, document, route, baseline)
        return on_record or changed_since(case, document, route, baseline)
    match origin_of(case, route):
        case Origin.BEFORE:
            return RevisionDecision.keep_on_record(questions.FROM_BEFORE)
        case Origin.UNCLEAR:
            return RevisionDecision.ask(questions.age_unclear(case.reading.key))
        case Origin.ENTERED_LATE:
            return RevisionDecision.ask(questions.entered_late(case.reading.key, case.reading.sighting))
        case Origin.AFTER:
            return Unchanged() if case.reading.cause is Cause.BASELINE else None


def _on_record(
    case: Case, document: VismaDocument, route: Route, baseline: Revision
) -> RevisionDecision | Unchanged | None:
    """The decision about a document recorded as from before go-live, whatever changed in it; None to compare it."""
    if is_state_from_before(case, route):
        return RevisionDecision.keep_on_record(questions.FROM_BEFORE)
    if baseline.state is State.BASELINE and _is_new_by_now(case, document, route, baseline):
        return RevisionDecision.ask(questions.new_by_now(case.reading.key))
    return Unchanged() if case.reading.cause is Cause.BASELINE else None


def is_state_from_before(case: Case, route: Route | None) -> bool:
    """Whether a document recorded as from before go-live was shown in this state before go-live as well."""
    baseline, go_live = case.assessed.baseline, _go_live(case, route)
    if baseline is None or baseline.state is not State.BASELINE or go_live is None:
        return False
    return was_shown_before(case.reading.sighting, go_live, case.routed.time_zone)


def _go_live(case: Case, route: Route | None) -> GoLive | None:
    """The go-live of the partner, or of the company where there is no route; None without one."""
    company = case.routed.company
    return route.go_live if route is not None else company.go_live if company is not None else None


def _is_new_by_now(case: Case, document: VismaDocument, route: Route, baseline: Revision) -> bool:
    """Whether a document recorded as from before go-live is from after it by the go-live in force.

    The recorded document counts, not its present state: an old order may have got a later date since.
    """
    zone, go_live, sighting = case.routed.time_zone, route.go_live, case.reading.sighting
    if go_live is None or origin(sighting, go_live, zone) not in _CREATED_SINCE:
        return False
    if hold_reason(document, route, partner_has_it=False) is not None:
        return False  # the question is asked when it is ready to be sent
    stored = case.facts.stored(baseline)
    if not stored.is_object:
        return False
    recorded = replace(
        sighting,
        created=stored.created,
        dated=stored.dated,
        modified_at=baseline.modified_at,
        seen_at=baseline.shown_by,
    )
    return origin(recorded, go_live, zone) in _CREATED_SINCE


def _taken_back(case: Case, reason: StatedReason) -> RevisionDecision | Unchanged:
    """Supersede an earlier change that waits for a person, or that is about to leave, if there is one."""
    earlier = (*case.assessed.supersede, case.assessed.replaces)
    waits = any(one is not None and one.state in _WAITING for one in earlier)
    return RevisionDecision.skip(reason) if waits else Unchanged()


def _out_of_status(
    case: Case, document: VismaDocument, route: Route, reason: StatedReason
) -> RevisionDecision | Unchanged:
    """The decision about a change that waits for another status; an unknown status is a question to a person."""
    if reason.code is Reason.UNKNOWN_STATUS and route.before_go_live is not BeforeGoLive.IGNORE:
        return RevisionDecision.ask(questions.unknown_status(document, reason, send_when=route.send_when))
    return _taken_back(case, reason)


def changed_since(
    case: Case, document: VismaDocument, route: Route, baseline: Revision
) -> RevisionDecision | Unchanged:
    """The decision about a change of a document recorded as from before go-live, or closed by a person.

    An earlier change that is not to be sent any more is superseded.
    """
    was_ready = baseline.visma_status in route.send_when
    is_same_content = baseline.revision_id == case.reading.revision_id
    changed = not is_same_content and not Comparison(document, route, case.facts).reads_like(baseline)
    if not changed and (was_ready or document.status not in route.send_when):
        return _taken_back(case, questions.NOTHING_NEW)
    if (reason := hold_reason(document, route, partner_has_it=was_ready)) is not None:
        return _out_of_status(case, document, route, reason)
    if baseline.state is State.CLOSED:
        return RevisionDecision.ask(questions.changed_since_closed(document, baseline))
    if route.before_go_live is BeforeGoLive.IGNORE:
        return RevisionDecision.keep_on_record(questions.IGNORED_FROM_BEFORE)
    if route.before_go_live is BeforeGoLive.PARK or not is_of_party(baseline, document):
        return RevisionDecision.ask(
            questions.changed_since_go_live(document, route, was_ready=was_ready, changed=changed)
        )
    purpose = newer_purpose(document) if was_ready else Purpose.ORIGINAL
    return send_as(purpose, document, route, case.facts)
