"""Use case: release documents that waited for a routing entry, after a forecast of what would be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial

from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, ConnectorError
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.assess import Wait
from connector.domain.revision.cause import Cause
from connector.domain.revision.go_live import GoLive, Origin, origin
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.totals import payable
from connector.domain.transactions import Purpose, Stream
from connector.services.claim_check import loaded
from connector.services.inbound.ports import Changes
from connector.services.inbound.review import ChangeReview
from connector.services.messages import DocumentMessage
from connector.services.outbound.planning import NOTHING_NEW, Planner, history_of
from connector.services.outbound.reading import read_message
from connector.services.ports import Clock, Ledger, Outbox, Payloads

RECENT = timedelta(days=14)
"""An older document is released only if a person asks for it."""

NOT_RELEASED = "Its routing entry is in force; it was not released when that was applied."
"""The reason of a document that could be sent and was not named when the routing was applied."""

_AT_ONCE = 500
"""Documents that are read and queued together."""


class ReleaseEffect(StrEnum):
    """The effect of releasing a parked document now."""

    LEAVES = "leaves"
    OLD = "leaves, older than 14 days"
    NOT_NOW = "would not be sent today"
    BASELINE = "from before go-live"
    WAITS = "still waits"


@dataclass(frozen=True, slots=True)
class Forecast:
    """The effect of another routing on a parked document.

    Attributes:
        partner: The partner that would get it; None without a route.
        dated: Its order or invoice date.
        status: Visma's status.
        total: The payable total, in `currency`; None when it cannot be calculated.
        purpose: The purpose with which it would be sent; None when it would not be sent.
        waits_for: The routing key that it would wait for then.
        code: The reason code of why it would not be sent.
        why: Why it would not be sent.
    """

    revision: Revision
    effect: ReleaseEffect
    _: KW_ONLY
    partner: str | None = None
    dated: date | None = None
    status: str | None = None
    total: Decimal | None = None
    currency: str | None = None
    purpose: Purpose | None = None
    waits_for: str | None = None
    code: str | None = None
    why: str | None = None

    @property
    def key(self) -> DocumentKey:
        """The document."""
        return self.revision.key

    @property
    def would_leave(self) -> bool:
        """Whether releasing it sends something."""
        return self.effect in {ReleaseEffect.LEAVES, ReleaseEffect.OLD}


@dataclass(frozen=True, slots=True)
class AcrossGoLive:
    """A document recorded as from before go-live that is not from before a new go-live.

    Attributes:
        dated: Its order or invoice date.
    """

    key: DocumentKey
    dated: date | None


@dataclass(frozen=True, slots=True)
class ReleasedChange:
    """A change that was queued again, and what it had waited for."""

    key: DocumentKey
    transaction_id: str
    waited_for: str


def forecast_waiting(
    ledger: Ledger, routing: Routing, stream: Stream, *, now: datetime, besides: Sequence[Forecast] = ()
) -> Iterator[Forecast]:
    """The forecast of every revision that waits for a routing entry, with `routing`. Changes nothing.

    Args:
        ledger: The ledger.
        routing: The routing.
        stream: The stack's stream.
        now: The time, UTC.
        besides: Revisions that are left out: their forecasts are known.
    """
    known = {(one.key, one.revision.sequence) for one in besides}
    waiting = [
        one
        for one in ledger.in_state(State.PARKED)
        if one.waits_for is not None and (one.key, one.sequence) not in known
    ]
    return forecasts_of(waiting, ledger, routing, stream, now=now)


SKIPPED_BY_ROUTING = frozenset(
    {
        Reason.SEND_OFF,
        Reason.ORDER_TYPE_OFF,
        Reason.UNMAPPED_PARTNER,
        Reason.STATUS_NOT_IN_SEND_WHEN,
        Reason.REVISION_IGNORED,
    }
)
"""Reasons of skipped documents that another routing file may remove."""


def forecast_skipped(ledger: Ledger, routing: Routing, stream: Stream, *, now: datetime) -> Iterator[Forecast]:
    """The forecast of every document that routing skipped, with `routing`.

    Changes nothing; reads the whole ledger.
    """
    skipped = [one for one in ledger.in_state(State.SKIPPED) if _was_skipped_by_routing(one)]
    return (one for one in forecasts_of(skipped, ledger, routing, stream, now=now) if one.would_leave)


def _was_skipped_by_routing(one: Revision) -> bool:
    """Release 0.1.0 wrote no reason code, and marked documents that routing did not send."""
    return one.by_routing if one.reason_code is None else one.reason_code in SKIPPED_BY_ROUTING


def forecasts_of(
    revisions: Sequence[Revision],
    ledger: Ledger,
    routing: Routing,
    stream: Stream,
    *,
    now: datetime,
    cause_of: Callable[[Revision], Cause] = lambda _: Cause.RELEASE,
) -> Iterator[Forecast]:
    """The forecasts of parked revisions if they were released now; unreadable ones are left out."""
    for some in _chunks(revisions):
        for revision, source in ledger.sources_of(some):
            planner = Planner(ledger=ledger, routing=routing, stream=stream, history=_histories(ledger, revision))
            yield _forecast(revision, source, planner, now, cause_of(revision))


def across_go_live(ledger: Ledger, before: Routing, after: Routing) -> Iterator[AcrossGoLive]:
    """Documents from before the go-live of `before` that are not from before that of `after`. Changes nothing."""
    for some in _chunks(
        [one for one in ledger.in_state(State.BASELINE) if _go_live_of(before, one) != _go_live_of(after, one)]
    ):
        for revision, source in ledger.sources_of(some):
            sighting = read_message(DocumentMessage.again(revision, Cause.RELEASE.value), source).sighting
            company = after.companies.get(revision.key.company)
            zone = company.visma.time_zone if company else None
            first = replace(sighting, seen_at=revision.shown_by)
            if origin(first, _go_live_of(after, revision), zone) is not Origin.BEFORE:
                yield AcrossGoLive(revision.key, sighting.dated)


def _go_live_of(routing: Routing, revision: Revision) -> GoLive | None:
    """The go-live of a document: its partner's, or the company's if no partner is known."""
    key = revision.key
    company = routing.companies.get(key.company)
    if company is None:
        return None
    try:
        return routing.route(key.company, key.kind, revision.counterparty or "").go_live
    except ConnectorError:
        return company.go_live


def release(
    chosen: Sequence[Forecast],
    ledger: Ledger,
    outbox: Outbox,
    payloads: Payloads,
    *,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
    cause_of: Callable[[Revision], Cause] = lambda _: Cause.RELEASE,
) -> int:
    """Queue parked revisions again. Returns how many.

    The translator decides again with the routing in force, and parks a revision again if something is still missing. So
    releasing too many, or twice, is harmless. A revision whose document cannot be read stays parked and does not stop
    the others.

    Raises:
        Transient: the queue takes no more.
    """
    released = 0
    for some in _chunks([one.revision for one in chosen]):
        messages = [
            message_for(revision, source, payloads, now=now, cause=cause_of(revision))
            for revision, source in ledger.sources_of(some)
        ]
        outbox.documents(messages)
        released += len(messages)
        progress(released)
    return released


def keep_waiting(kept: Iterable[Forecast], ledger: Ledger, *, now: datetime) -> None:
    """Record why documents stay parked although their routing entry is in force, and how to send them.

    They keep the routing key, so that they are counted again when the file is next applied. A revision that changes at
    the same moment is left out. Skipped documents stay skipped.
    """
    for one in kept:
        if one.revision.state is not State.PARKED or one.revision.reason == NOT_RELEASED:
            continue
        with suppress(Conflict):
            ledger.move(
                one.revision,
                State.PARKED,
                now=now,
                note=NOT_RELEASED,
                reason=NOT_RELEASED,
                reason_code=Reason.NOT_RELEASED.value,
                field=None,
                next_step=_how_to_send(one),
                by_routing=True,
                kept_ready=True,
            )


def restate(stay: Iterable[Forecast], ledger: Ledger, *, now: datetime) -> None:
    """Record why documents stay parked whose routing entry is in force by now: it is not what they wait for any more.

    They keep the routing key, so that they are counted again when the file is next applied. A revision that changes at
    the same moment is left out.
    """
    for one in stay:
        if one.revision.state is not State.PARKED or one.why is None or one.revision.reason == one.why:
            continue
        with suppress(Conflict):
            ledger.move(
                one.revision,
                State.PARKED,
                now=now,
                note=one.why,
                reason=one.why,
                reason_code=one.code,
                field=None,
                next_step=_how_to_settle(one),
            )


def _how_to_settle(one: Forecast) -> str:
    has = f"If the partner has it, or it is not to be sent: connector documents close {one.key}"
    if one.effect is ReleaseEffect.BASELINE:
        return f"If the partner does not have it: connector documents release {one.key} --as original. {has}"
    return f"It is decided again when it changes in Visma. {has}"


def _how_to_send(one: Forecast) -> str:
    purpose = "original" if one.purpose is Purpose.ORIGINAL else "replacement"
    return f"Send it: connector documents release {one.key} --as {purpose}, or apply the file again with --release all."


def release_waiting_changes(changes: Changes, outbox: Outbox, clock: Clock) -> list[ReleasedChange]:
    """Queue every parked change that waited for a routing entry again.

    It is decided again with the routing in force, so releasing too many is harmless. A change that a person decides
    about at the same moment is left out.

    Raises:
        Transient: the queue takes no more; the collector's sweep queues those that are marked as due.
    """
    released, review = [], ChangeReview(changes, outbox, clock)
    for change in changes.in_state(ChangeState.PARKED):
        awaited = "Visma" if change.awaits_visma else change.waits_for
        if awaited is None:
            continue
        try:
            review.look_again(change, because=f"{awaited} may be there now")
        except Conflict:
            continue
        released.append(ReleasedChange(change.key, change.transaction_id, awaited))
    return released


def message_for(
    revision: Revision,
    source: bytes,
    payloads: Payloads,
    *,
    now: datetime,
    cause: Cause,
    resends_after: int | None = None,
) -> DocumentMessage:
    """The message for processing a stored document again.

    Args:
        revision: The revision of the document.
        source: The Visma document.
        payloads: Stores a large document.
        now: The time, UTC.
        cause: Why it is processed.
        resends_after: As in `Cause.named_at`.
    """
    named = cause.named_at(now, resends_after=resends_after)
    return loaded(DocumentMessage.again(revision, named), source, payloads, at=now)


def _forecast(revision: Revision, source: bytes, planner: Planner, now: datetime, cause: Cause) -> Forecast:
    reading = read_message(DocumentMessage.again(revision, cause.value), source)
    planned = planner.plan(reading, now=now)
    document, dated = reading.document, reading.sighting.dated
    status = document.status if document is not None else None
    stays = partial(Forecast, revision, partner=revision.partner, dated=dated, status=status)
    if isinstance(planned, Wait):
        return stays(ReleaseEffect.WAITS, why=planned.sentence)
    if planned.result is None:
        return stays(ReleaseEffect.WAITS, why=NOTHING_NEW)
    found = planned.written or revision  # nothing is written where it would be decided as it was
    if found.state is State.TRANSLATED and document is not None:
        route = planner.routing.route(found.key.company, found.key.kind, document.counterparty)
        is_old = dated is not None and now.date() - dated > RECENT
        return Forecast(
            revision,
            ReleaseEffect.OLD if is_old else ReleaseEffect.LEAVES,
            partner=found.partner,
            dated=dated,
            status=status,
            total=payable(document.content, route),
            currency=document.content.currency,
            purpose=found.purpose,
        )
    effects = {State.SKIPPED: ReleaseEffect.NOT_NOW, State.BASELINE: ReleaseEffect.BASELINE}
    return stays(
        effects.get(found.state, ReleaseEffect.WAITS),
        waits_for=found.waits_for,
        code=found.reason_code,
        why=found.reason,
    )


def _histories(ledger: Ledger, revision: Revision) -> Callable[[DocumentKey], Sequence[Revision]]:
    """Reads histories; that of a document which still waits in its first revision is that revision."""
    known = {revision.key: [revision]} if revision.sequence == 1 else {}
    return lambda key: known.get(key) or history_of(ledger, key)


def _chunks(revisions: Sequence[Revision]) -> Iterable[Sequence[Revision]]:
    return (revisions[start : start + _AT_ONCE] for start in range(0, len(revisions), _AT_ONCE))
