"""Use case: release what a pause has parked, each document once and in its present state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from connector.domain.documents import Kind
from connector.domain.errors import Conflict
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.pause import Pause, Scope, pause_of
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import PAUSED_LIST, Revision, State, own_revisions, place_of
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.inbound.ports import Changes
from connector.services.inbound.review import ChangeReview
from connector.services.messages import DeliveryMessage
from connector.services.ports import Clock, Ledger, Outbox, Payloads
from connector.services.release import Forecast, forecasts_of, release

_AT_ONCE = 500
_LAST = "~"
"""Behind every place of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumable:
    """What the end of pauses releases.

    Attributes:
        documents: Documents, each with its forecast by the routing in force.
        withdrawals: Cancellations for former receivers, which are sent as they are.
        changes: Changes of partners (860), which are decided then.
        unreadable: Documents that cannot be read; a person has to close them.
        kept: How many documents of the scope stay paused, by the pause that keeps them.
    """

    documents: Sequence[Forecast]
    withdrawals: Sequence[Revision]
    changes: Sequence[Change]
    unreadable: Sequence[Revision]
    kept: Mapping[Pause, int]

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.documents or self.withdrawals or self.changes or self.unreadable)


def paused_documents(ledger: Ledger) -> Iterator[Revision]:
    """The documents that pauses have parked, the oldest first."""
    after = ""
    while found := ledger.listed(PAUSED_LIST, after=after, before=_LAST, limit=_AT_ONCE):
        yield from found
        after = place_of(found[-1])


def resumable(
    scope: Scope,
    *,
    staying: Sequence[Pause],
    ledger: Ledger,
    changes: Changes,
    routing: Routing,
    stream: Stream,
    now: datetime,
    before: Resumable | None = None,
) -> Resumable:
    """What is parked in `scope` and covered by none of the remaining pauses. Changes nothing.

    Args:
        scope: The documents to release.
        staying: The remaining pauses.
        ledger: The ledger of documents.
        changes: The records of changes.
        routing: The routing in force.
        stream: The stack's stream.
        now: The time, UTC.
        before: An earlier result; documents that have not changed since are not forecast again.
    """
    waiting, kept = [], Counter[Pause]()
    for one in paused_documents(ledger):
        if not scope.covers(*_of(one)):
            continue
        if (pause := pause_of(staying, *_of(one))) is None:
            waiting.append(one)
        else:
            kept[pause] += 1
    documents = own_revisions(waiting)
    worked_out = {(one.key, one.revision.sequence): one for one in (before.documents if before else ())}
    known = [found for one in documents if (found := worked_out.get((one.key, one.sequence))) and found.revision == one]
    read = {(one.key, one.revision.sequence) for one in known}
    others = [one for one in documents if (one.key, one.sequence) not in read]
    forecasts = [*known, *forecasts_of(others, ledger, routing, stream, now=now, cause_of=_cause_of)]
    read |= {(one.key, one.revision.sequence) for one in forecasts}
    return Resumable(
        documents=forecasts,
        withdrawals=[one for one in waiting if one.is_withdrawal],
        changes=[one for one in changes.in_state(ChangeState.PARKED) if _is_change_let_go(scope, staying, one)],
        unreadable=[one for one in documents if (one.key, one.sequence) not in read],
        kept=kept,
    )


def let_go(
    found: Resumable,
    *,
    ledger: Ledger,
    outbox: Outbox,
    payloads: Payloads,
    changes: Changes,
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Queue what was found. It can be repeated after an interruption: released documents are in no list any more.

    Raises:
        Transient: a queue takes no more.
    """
    now = clock.now()
    release(found.documents, ledger, outbox, payloads, now=now, progress=progress, cause_of=_cause_of)
    for one in found.withdrawals:
        with suppress(Conflict):  # the document has come back to this receiver
            moved = ledger.move(
                one,
                State.TRANSLATED,
                now=now,
                note="resumed after a pause",
                reason=None,
                reason_code=None,
                next_step=None,
            )
            outbox.deliveries([DeliveryMessage.of(moved)])
    review = ChangeReview(changes, outbox, clock)
    for change in found.changes:
        with suppress(Conflict):  # a person decides about it at the same moment
            review.look_again(change, because="its pause has ended")


def _cause_of(revision: Revision) -> Cause:
    """The cause with the purpose that a person chose before the pause; else a plain release."""
    return Cause.again(revision) if revision.released else Cause.RESUME


def _of(one: Revision) -> tuple[str, Kind, str | None]:
    return one.key.company, one.key.kind, one.partner


def _is_change_let_go(scope: Scope, staying: Sequence[Pause], one: Change) -> bool:
    """Whether a change is released. A change without a known partner always is."""
    if Reason.PAUSED not in one.reason_codes:
        return False
    partner = one.partner or scope.partner
    of = (one.company, one.kind, partner)
    return scope.covers(*of) and pause_of(staying, *of) is None
