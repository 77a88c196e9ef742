"""Plans what a message about a document changes in its history: a pure function of document and history.

The plan is an ordered list of writes. The caller decides nothing more: it writes, queues and counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connector.domain.documents import MAX_TYPE_LENGTH
from connector.domain.errors import for_one
from connector.domain.reasons import StatedReason
from connector.domain.revision.assess import (
    Requeue,
    Sharing,
    ToDecide,
    Unchanged,
    Wait,
    assess,
    is_past,
    waiting_resend,
)
from connector.domain.revision.cause import Cause
from connector.domain.revision.decide import decide
from connector.domain.revision.decision import Case, RevisionDecision, Routed
from connector.domain.revision.facts import Facts
from connector.domain.revision.last_shown import LastShown
from connector.domain.revision.questions import NOTHING_NEW
from connector.domain.revision.reading import Incoming, Reading
from connector.domain.revision.record import (
    CAPTURED,
    UNSENT,
    Event,
    Revision,
    State,
    current_revision,
    own_revisions,
)
from connector.domain.revision.withdrawal import Withdrawal
from connector.domain.routing.policy import is_unfinished
from connector.domain.routing.route import HOLD, Route
from connector.domain.text import truncated
from connector.domain.transactions import Purpose

MAX_TEXT_LENGTH = 1_000
"""Most characters of a reason, and of other texts of a revision that may quote the document."""

MAX_NOTE_LENGTH = 4_000
"""Most characters of the note that lists the truncated texts; a long order may have one in each line."""

_NO_CHANGES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Supersede:
    """Supersede a revision that never left, so that no worker sends it.

    Attributes:
        changes: Attributes that are written with its state.
    """

    revision: Revision
    changes: Mapping[str, Any] = field(default_factory=lambda: _NO_CHANGES)


@dataclass(frozen=True, slots=True)
class Add:
    """Add a revision.

    Attributes:
        source: The Visma document that is stored with it; None: the one of the message.
        request: The request that is sent; None when it is not sent.
        supersedes: Revisions that are superseded in the same write.
    """

    revision: Revision
    source: bytes | None
    request: dict[str, Any] | None
    supersedes: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True)
class Replace:
    """Overwrite a revision, with the document of the message.

    Attributes:
        was: The state that it must still have; the write is conditional on it.
        request: As in `Add`.
        supersedes: As in `Add`.
        is_decision: It was decided again; otherwise only Visma's present state is stored.
    """

    revision: Revision
    was: State
    request: dict[str, Any] | None = None
    supersedes: tuple[Revision, ...] = ()
    _: KW_ONLY
    is_decision: bool = True


@dataclass(frozen=True, slots=True)
class Queue:
    """Queue a translated revision for sending."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """Record that Visma shows a revision unchanged: what it showed before that is past, even if it is handled later.

    A message that was tried too often is put back from the dead letters after its successors were handled.

    Attributes:
        revision: The revision as it is recorded.
        seen_at: Visma's clock when it showed the document, UTC.
        version: Visma's row version then; None without one.
    """

    revision: Revision
    seen_at: datetime
    version: str | None


Step = Supersede | Add | Replace | Queue | SeenAgain


@dataclass(frozen=True, slots=True)
class Plan:
    """The writes for one message.

    Attributes:
        steps: The writes, in their order.
        result: The resulting state of the document, written now or before; None: nothing is new.
    """

    steps: tuple[Step, ...] = ()
    result: State | None = None

    @property
    def written(self) -> Revision | None:
        """The revision that is written or queued last: that of the document itself, if there is one; None without."""
        written = [step.revision for step in self.steps if isinstance(step, Add | Replace | Queue)]
        return written[-1] if written else None


def plan(
    reading: Reading,
    history: Sequence[Revision],
    routed: Routed,
    facts: Facts,
    *,
    now: datetime,
    sharing: Sharing | None = None,
) -> Plan | Wait:
    """Plan what a message changes in the history of its document.

    Args:
        reading: The document as it was read, and the cause.
        history: All its revisions, newest first.
        routed: The result of routing it.
        facts: Looks up stored documents and requests.
        now: The time, UTC.
        sharing: An order of another type with the same number.

    Returns:
        The plan; `Wait` when something has to end first.

    Raises:
        Transient: a fact could not be looked up.
    """
    if reading.resends_after is not None and (not history or history[0].sequence != reading.resends_after):
        # It was sent again already, or a newer state has replaced it.
        reading = replace(reading, cause=Cause.POLL, resends_after=None)
    if _was_settled_since(reading, history):
        reading = replace(reading, cause=Cause.POLL)
    if reading.cause in _LETS_GO and (waiting := waiting_resend(history)) is not None:
        reading = replace(reading, cause=Cause.again(waiting))
    planned = _planned(reading, history, routed, facts, now=now, sharing=sharing)
    if isinstance(planned, Wait):
        return planned
    seen_again = _seen_again(planned.steps, Incoming.of(reading, routed.receiver), own_revisions(history))
    # First, because a queued revision may be claimed, and then has changed.
    return replace(planned, steps=(*seen_again, *planned.steps))


def _planned(
    reading: Reading,
    history: Sequence[Revision],
    routed: Routed,
    facts: Facts,
    *,
    now: datetime,
    sharing: Sharing | None,
) -> Plan | Wait:
    assessed = assess(history, Incoming.of(reading, routed.receiver))
    sequence = history[0].sequence + 1 if history else 1
    match assessed:
        case Wait():
            return assessed
        case Requeue():
            return Plan((Queue(assessed.revision),))
        case Unchanged():
            record = _Recorder(reading, routed, LastShown.of(own_revisions(history)), now)
            return Plan(tuple(_unchanged(assessed, record, facts, sequence=sequence)))
        case ToDecide():
            decision = decide(Case(reading, routed, assessed, facts, sharing=sharing))
    withdraw = assessed.withdraw if _withdraws(decision, reading) else ()
    if isinstance(decision, Unchanged):
        return Plan(tuple(_withdrawals(withdraw, reading.cause, facts, sequence=sequence, now=now)))
    before, others = _replaced_by(withdraw, assessed.supersede)
    withdrawals = _withdrawals(withdraw, reading.cause, facts, sequence=sequence, now=now, before=before)
    assessed = replace(assessed, supersede=others)
    record = _Recorder(reading, routed, LastShown.of(own_revisions(history)), now)
    decided = record.carried_out(decision, assessed, sequence=sequence + len(withdrawals))
    return Plan((*withdrawals, *decided), decision.state)


def _withdraws(decision: RevisionDecision | Unchanged, reading: Reading) -> bool:
    """Whether the document is withdrawn from its former receivers now.

    What is still edited and does not leave may be somebody's slip: it is withdrawn when that ends.
    """
    if isinstance(decision, RevisionDecision) and (decision.withdraws_nothing or decision.translation is not None):
        return not decision.withdraws_nothing
    return reading.document is None or not is_unfinished(reading.document)


def _seen_again(steps: Sequence[Step], incoming: Incoming, own: Sequence[Revision]) -> Iterator[SeenAgain]:
    """The step for the newest revision, where the document is shown as it is recorded and nothing else is written.

    A state that is past is not shown again: what replaced it would take its row version.
    """
    newest = next(iter(own), None)
    if newest is None or incoming.seen_at is None or not incoming.cause.is_sighting or is_past(own, incoming):
        return
    if any(isinstance(step, Add | Replace | Supersede) and not step.revision.is_withdrawal for step in steps):
        return
    seen_at, version = LastShown.of(own).shown(incoming.seen_at, incoming.version)
    if seen_at is not None and (seen_at, version) != (newest.seen_at, newest.visma_version):
        yield SeenAgain(newest, seen_at, version)


def _was_settled_since(reading: Reading, history: Sequence[Revision]) -> bool:
    """Whether somebody has closed or refused the document since a person asked to send it.

    Its message may wait in a queue or among dead letters, come twice, or be one of two requests. Whoever closed the
    document has told the partner, and nobody has asked to send again what was refused since.
    """
    current = current_revision(own_revisions(history))
    if current is None or reading.asked_of is None or not reading.cause.sends_again:
        return False
    is_settled = current.state in {State.CLOSED, State.REJECTED}
    return is_settled and (current.sequence, current.state) != reading.asked_of


def _unchanged(assessed: Unchanged, record: _Recorder, facts: Facts, *, sequence: int) -> list[Step]:
    seen_at, version = record.shown
    shown = {"visma_version": version, "seen_at": seen_at}
    before, others = _replaced_by(assessed.withdraw, assessed.withdrawn_before)
    steps: list[Step] = [*_superseded(assessed.supersede, shown), *_superseded(others)]
    steps += _withdrawals(
        assessed.withdraw, record.reading.cause, facts, sequence=sequence, now=record.now, before=before
    )
    if assessed.waits is not None:
        steps += record.status_noted(assessed.waits)
    return steps


def _replaced_by(
    withdraw: Sequence[Revision], before: Sequence[Revision]
) -> tuple[tuple[Revision, ...], tuple[Revision, ...]]:
    """Divide revisions that never left into withdrawals that are made again, by what is withdrawn, and the others."""
    anew = {one.receiver_id for one in withdraw}
    replaced = tuple(one for one in before if one.is_withdrawal and one.receiver_id in anew)
    return replaced, tuple(one for one in before if one not in replaced)


def _superseded(revisions: Sequence[Revision], changes: Mapping[str, Any] = _NO_CHANGES) -> list[Step]:
    return [Supersede(one, changes) for one in revisions if one.state in UNSENT]


def _withdrawals(
    withdraw: Sequence[Revision],
    cause: Cause,
    facts: Facts,
    *,
    sequence: int,
    now: datetime,
    before: Sequence[Revision] = (),
) -> list[Step]:
    """Withdraw the document from former receivers, before it is sent to a new one.

    Withdrawals of `before` that did not leave are superseded in the same write as the one that takes their place.
    """
    steps: list[Step] = []
    for number, sent in enumerate(withdraw, sequence):
        withdrawal = Withdrawal(sent, number)
        decision, source = withdrawal.decide(facts)
        captured = withdrawal.captured(decision.state, is_requested=cause is Cause.WITHDRAW, now=now)
        outdated = tuple(one for one in before if one.receiver_id == sent.receiver_id)
        steps.append(Add(_decided(captured, decision), source, _request_of(decision), outdated))
    return steps


@dataclass(frozen=True, slots=True)
class _Recorder:
    """Converts a decision into steps of a plan."""

    reading: Reading
    routed: Routed
    last: LastShown
    now: datetime

    @property
    def shown(self) -> tuple[datetime | None, str | None]:
        """The time and the row version that are recorded; a request of a person shows nothing new."""
        seen_at, version = self.reading.sighting.seen_at, self.reading.version
        if self.reading.cause.is_sighting or self.last.recorded_at is None:
            return self.last.shown(seen_at, version)
        return self.last.at, self.last.version

    def carried_out(self, decision: RevisionDecision, assessed: ToDecide, *, sequence: int) -> list[Step]:
        """The steps for a decision.

        Revisions are superseded in the same write as the decision, because a worker may die between two writes and
        leave a document without a current revision.
        """
        replaced, outdated = assessed.replaces, assessed.supersede
        is_kept_off = decision.state is State.PARKED or decision.by_routing
        if replaced is not None and replaced.state is State.BASELINE and is_kept_off:
            replaced = None  # kept while a person is asked, or while routing keeps the change back
        if replaced is not None:
            return self._replaced(replaced, decision, outdated, resends=assessed.resends)
        if decision.state is State.BASELINE and assessed.baseline is not None:
            outdated = (*outdated, assessed.baseline)
        waiting = assessed.kept_back_by_routing
        captured = Revision(
            key=self.reading.key,
            sequence=sequence,
            revision_id=self.reading.revision_id,
            state=decision.state,
            created_at=self.now,
            updated_at=self.now,
            kept_ready=waiting is not None and waiting.kept_ready,
            history=(Event(self.now, CAPTURED, _SEEN[self.reading.cause]),),
        )
        return [
            Add(
                _decided(self._shown(captured, resends=assessed.resends), decision),
                None,
                _request_of(decision),
                outdated,
            )
        ]

    def _replaced(
        self, newest: Revision, decision: RevisionDecision, outdated: tuple[Revision, ...], *, resends: bool
    ) -> list[Step]:
        """The steps for the same content that never left: it is decided again, and written only if something changed.

        The document is stored with the decision, because a later decision needs its present status.
        """
        revision, cause = self._shown(replace(newest, updated_at=self.now), resends=resends), self.reading.cause
        if not cause.is_sighting:
            seen = Event(self.now, newest.state, _SEEN[cause])
            revision = replace(revision, history=(*revision.history, seen))
        revision = _decided(revision, decision)
        is_same = (revision.state, revision.reason, revision.visma_status) == (
            newest.state,
            newest.reason,
            newest.visma_status,
        )
        if is_same and (cause.is_sighting or cause is Cause.RELEASE):
            return _superseded(outdated)
        return [Replace(revision, newest.state, _request_of(decision), outdated)]

    def status_noted(self, waiting: Revision) -> list[Step]:
        """Store the present document of a waiting revision: its status decides when a person releases it."""
        revision = self._shown(replace(waiting, updated_at=self.now))
        if revision.visma_status == waiting.visma_status:
            return []
        event = Event(self.now, waiting.state, f"its status in Visma is {revision.visma_status}")
        revision = replace(revision, history=(*revision.history, event))
        return [Replace(revision, waiting.state, is_decision=False)]

    def _shown(self, revision: Revision, *, resends: bool = False) -> Revision:
        """The revision with Visma's present values; Orderful has a transaction of what is sent a second time."""
        reading, route = self.reading, self.routed.route
        document, sighting, cause = reading.document, reading.sighting, reading.cause
        seen_at, version = self.shown
        return replace(
            revision,
            modified_at=sighting.modified_at,
            seen_at=seen_at,
            listed_since=sighting.listed_since,
            visma_status=_truncated_if_any(document.status) if document else None,
            visma_version=version,
            counterparty=_truncated_if_any(document.counterparty or None) if document else None,
            counterparty_id=_truncated_if_any(document.counterparty_id) if document else None,
            document_type=document.document_type[:MAX_TYPE_LENGTH] if document and document.document_type else None,
            partner=route.partner if isinstance(route, Route) else None,
            released=cause.chooses or revision.released,
            purpose=_CHOSEN.get(cause, revision.purpose),
            look_up_first=(cause.sends_again and not resends)
            or cause is Cause.BACKFILL
            or (revision.is_paused and revision.look_up_first),
        )


_LETS_GO = frozenset({Cause.RELEASE, Cause.RESUME, Cause.REPLAY})
"""Requests that leave a revision as a person has had it sent before."""

_CHOSEN = {Cause.AS_ORIGINAL: Purpose.ORIGINAL, Cause.AS_REPLACEMENT: Purpose.REPLACE}

_SEEN = {
    Cause.POLL: "seen changed in Visma",
    Cause.RELEASE: "released by a change of the routing",
    Cause.RESUME: "resumed after a pause",
    Cause.REPLAY: "a person has it sent again",
    Cause.AS_ORIGINAL: "a person has it sent as original",
    Cause.AS_REPLACEMENT: "a person has it sent as replacement",
    Cause.WITHDRAW: "a person has it withdrawn",
    Cause.BASELINE: "recorded as open in Visma",
    Cause.BACKFILL: "read again from Visma by a backfill",
}


def _request_of(decision: RevisionDecision) -> dict[str, Any] | None:
    return decision.translation.request.body if decision.translation is not None else None


def _decided(revision: Revision, decision: RevisionDecision) -> Revision:
    """The revision with the values of the decision."""
    now = revision.updated_at
    translation, parked = decision.translation, decision.parked
    stated = decision.reason or (StatedReason(parked.code, parked.sentence) if parked else None)
    reason = truncated(stated.sentence, MAX_TEXT_LENGTH) if stated else None
    note = reason or "translated"
    if translation is not None:
        notes = (f"{translation.dialect}, {translation.purpose}", *translation.notes)
        note = truncated("translated: " + "; ".join(notes), MAX_NOTE_LENGTH)
    revision = replace(
        revision,
        state=decision.state,
        reason=reason,
        reason_code=stated.code.value if stated else None,
        field=_truncated_if_any(parked.field) if parked else None,
        next_step=_truncated_if_any(for_one(parked.next_step, str(revision.key))) if parked else None,
        waits_for=_truncated_if_any(parked.waits_for) if parked else None,
        by_routing=decision.by_routing,
        reads_as_sent=decision.reason == NOTHING_NEW,
        kept_ready=decision.by_routing
        and (revision.kept_ready or decision.state is State.PARKED or revision.visma_status != HOLD),
        history=(*revision.history, Event(now, decision.state, note)),
    )
    if translation is None:
        # What a pause kept was translated before; a question that the deliverer asks is told by its translation.
        return replace(revision, transaction_type=None)
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


def _truncated_if_any(text: str | None) -> str | None:
    return None if text is None else truncated(text, MAX_TEXT_LENGTH)
