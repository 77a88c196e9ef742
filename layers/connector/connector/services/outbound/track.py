"""Use case: follow what became of the sent transactions until they arrived, and queue again what got stuck.

Who is looked at by a run is decided by age (`domain/revision/tracking_schedule.py`), what the answer means by
`domain/revision/arrival.py`. The sweep comes first and needs nothing of Orderful: a revision that was translated or
left unconfirmed and that nobody moved for a while is queued again, so a lost message or a stopped consumer only costs
time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from connector.domain.advice import after_rejection
from connector.domain.errors import Conflict, ConnectorError, Misconfigured
from connector.domain.pause import pause_of
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Arrival, Concern, Expected, OrderfulStatuses, sent_afterwards, watch
from connector.domain.revision.record import (
    KNOWN_TO_PARTNER,
    PAUSED_LIST,
    ChangeResult,
    Revision,
    State,
    current_revision,
    may_move,
    place_at,
    place_of,
    time_sent,
    timestamp_at,
)
from connector.domain.revision.tracking_schedule import LISTS, LOOKS, Window, begin_with, done, stopped, windows
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.log_fields import named
from connector.services.messages import DeliveryMessage
from connector.services.outbound.statuses import Calls, Status, StatusReader, neighbours
from connector.services.ports import (
    Breaker,
    Clock,
    Deadline,
    EdiNetwork,
    Fields,
    Ledger,
    Metric,
    Outbox,
    RemoteTransaction,
    RoutingSource,
    Telemetry,
    Waiting,
)
from connector.services.reconcile.open_findings import open_findings
from connector.services.reconcile.ports import FindingBook

MAX_CALLS = 80
"""Calls of Orderful in one run. Orderful: an example of 100 a minute and endpoint; a run may start every minute."""

MAX_REQUEUED = 1_000
"""Revisions that one run queues again."""

MAX_SWEPT = 20_000
"""Revisions that the sweep reads, the oldest first. Those behind them are read when these have left.

A hundred thousand that wait for Orderful must not take the time in which what was sent is followed.
"""

MAX_COUNTED = 200
"""The gauge of open attention stops counting here."""

RESERVE = timedelta(seconds=20)
"""Time that is reserved for storing how far a run came."""

LEFT_AFTER = timedelta(minutes=30)
"""How long after a resume a document that no pause keeps any more may still be in a queue."""

MAX_LEFT_BEHIND = 500
"""Most paused documents that are checked, those that have waited longest first."""

UNCONFIRMED_FOR = timedelta(minutes=15)
"""How long an outcome may be unknown before it is reported."""

_REFUSED = frozenset({State.REJECTED, State.SUPERSEDED})
"""States of followed revisions whose transaction did not reach the partner."""

_ENDED_BY_PERSON = frozenset({Concern.DOUBLED, Concern.SENT_AFTERWARDS})
"""Concerns that no status ends."""

_HISTORY = 20

_STUCK = (State.TRANSLATED, State.SENDING, State.UNCONFIRMED)
_FOR_PROBLEMS = 2
"""Calls that it takes to ask why a transaction was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """Moves the ledger on with Orderful's status updates."""

    ledger: Ledger
    orderful: EdiNetwork
    outbox: Outbox
    breaker: Breaker
    routing: RoutingSource
    clock: Clock
    telemetry: Telemetry
    deadline: Deadline
    stream: Stream
    resend_after: timedelta
    findings: FindingBook

    def run(self) -> int:
        """Report what waits for a person, queue the stuck revisions again, and follow the sent ones.

        Returns:
            How many revisions changed.

        Raises:
            Transient, Throttled: Orderful could not be asked; the next run asks again.
        """
        self._report_waiting()
        self._report_attention()
        if not self.breaker.is_open(now=self.clock.now()):
            self._sweep()
        try:
            changed = self._follow()
        except Misconfigured as error:
            self.telemetry.count(Metric.CREDENTIALS_REFUSED)
            self.telemetry.error("tracking refused", {"reason": str(error), "request_id": error.request_id})
            return 0
        self.telemetry.count(Metric.TRACK_COMPLETED)
        return changed

    def _report_waiting(self) -> None:
        """Tell how many documents wait for a person, before anything that can fail."""
        now = self.clock.now()
        parked, rejected = self.ledger.waiting(State.PARKED), self.ledger.waiting(State.REJECTED)
        left = self._left_behind(now)
        self.telemetry.count(Metric.OPEN_PARKED, parked.count + left.count)
        self.telemetry.count(Metric.OPEN_REJECTED, rejected.count)
        oldest = min((one.oldest for one in (parked, rejected, left) if one.oldest is not None), default=None)
        if oldest is not None:
            self.telemetry.seconds(Metric.OLDEST_OPEN, (now - oldest).total_seconds())

    def _left_behind(self, now: datetime) -> Waiting:
        """What pauses have parked and none keeps any more: an interrupted resume leaves that, and nothing moves it."""
        acts = self.breaker.acts(now=now)
        if acts and now - acts[-1].at < LEFT_AFTER:
            return Waiting(0, None)
        pauses = self.breaker.pauses(now=now)
        kept = self.ledger.listed(PAUSED_LIST, after="", before="~", limit=MAX_LEFT_BEHIND)
        left = [one for one in kept if pause_of(pauses, one.key.company, one.key.kind, one.partner) is None]
        return Waiting(len(left), timestamp_at(place_of(left[0])) if left else None)

    def _follow(self) -> int:
        now = self.clock.now()
        oldest = self._oldest(now)
        if not oldest:
            return 0
        before = self.ledger.progress()
        progress = dict(before.places)
        run = _Run(self, now, Calls(MAX_CALLS), self.routing.load())
        try:
            for window in windows(progress, now=now):
                if run.calls.left <= 0 or self.deadline.remaining() < RESERVE:
                    begin_with(progress, window)
                    break
                run.look(window, [name for name in window.lists if oldest.get(name, "~") <= window.before], progress)
            else:
                begin_with(progress, None)
        finally:
            reached = replace(before, places=progress).counting(run.acknowledged, now.astimezone(UTC).date())
            if reached != before:
                self.ledger.keep_progress(reached)
        return run.changed

    def _oldest(self, now: datetime) -> dict[str, str]:
        """The place of the oldest revision of each list that is not empty."""
        end = place_at(now + timedelta(microseconds=1))
        found = {name: self.ledger.listed(name, after="", before=end, limit=1) for name in LISTS}
        return {name: place_of(revisions[0]) for name, revisions in found.items() if revisions}

    def _report_attention(self) -> None:
        now = self.clock.now()
        sent = self.ledger.in_attention(limit=MAX_COUNTED)
        since = [one.attention_at or one.updated_at for one in sent]
        findings = open_findings(self.findings, self.routing, now=now)
        self.telemetry.count(Metric.ATTENTION_OPEN, len(sent) + findings.count)
        if findings.oldest is not None:
            since.append(findings.oldest)
        if since:
            self.telemetry.seconds(Metric.ATTENTION_AGE, (now - min(since)).total_seconds())

    def apply(
        self, revision: Revision, remote: RemoteTransaction | None, arrival: Arrival, now: datetime
    ) -> bool | None:
        """Write down what Orderful's words mean for a revision.

        Returns:
            Whether it changed; None when somebody else was at the document, and it has to be looked at again.
        """
        target = arrival.state if arrival.state and may_move(revision.state, arrival.state) else revision.state
        seen = {**_statuses(revision, remote), **_attention(revision, target, arrival, now)}
        if target is revision.state and all(getattr(revision, name) == value for name, value in seen.items()):
            return False
        note = _note(remote, seen)
        is_refused = target is State.REJECTED and revision.state is not State.REJECTED
        if is_refused:
            if not self._take_back_agreed(revision, now):
                return None
            problems = self.orderful.problems_of(remote.transaction_id) if remote else ()
            note = ": ".join([f"Orderful or the partner refused it, {arrival.sentence}", *problems[:5]])
            seen |= {
                "reason": note,
                "reason_code": arrival.code.value if arrival.code else None,
                "next_step": after_rejection(revision.key),
            }
        elif revision.state in _REFUSED and target is not revision.state:
            seen |= {"reason": None, "reason_code": None}
        try:
            if not self._record(revision, target, now=now, note=note, **seen):
                return False
        except Conflict:
            return None
        if is_refused:
            self._take_back_agreed(revision, now)  # once more: a change may have been agreed on in the same moment
        self._announce(revision, target, seen, note, code=arrival.code)
        return True

    def _record(self, revision: Revision, to: State, *, now: datetime, note: str, **seen: Any) -> bool:
        """Write the new statuses down; False when what is listed under another id belongs to another document."""
        if seen.get("listed_as") == revision.listed_as or revision.transaction_id is None:
            self.ledger.move(revision, to, now=now, note=note, **seen)
            return True
        return bool(self.ledger.own(revision, to, transaction_id=revision.transaction_id, now=now, note=note, **seen))

    def _take_back_agreed(self, refused: Revision, now: datetime) -> bool:
        """Reject what the partner asked for on top of a revision that it refuses: it knows neither.

        A person has to see to it, as with the refused revision itself, and can have the whole sent again. A revision
        that reads like the refused one says nothing any more: the refused one is what counts.

        Returns:
            False while a change is just being written: its statuses wait for the next run.
        """
        history = self.ledger.revisions(refused.key, limit=_HISTORY)
        newer = [one for one in history if one.sequence > refused.sequence and not one.is_withdrawal]
        if any(one.state is State.CHANGING for one in newer):
            return False
        if any(one.state in KNOWN_TO_PARTNER - {State.AGREED} for one in newer):
            return True  # the whole was sent since
        for one in newer:
            if one.state is State.SKIPPED and one.reads_as_sent and not refused.is_withdrawal:
                with suppress(Conflict):
                    self.ledger.move(one, State.SUPERSEDED, now=now, note="it reads like a revision that was refused")
            if one.state is State.AGREED:
                reason = f"The partner asked for it on top of revision {refused.sequence}, which was refused."
                with suppress(Conflict):
                    self.ledger.move(
                        one,
                        State.REJECTED,
                        now=now,
                        note=reason,
                        reason=reason,
                        reason_code=Reason.BASE_REFUSED.value,
                        next_step=after_rejection(one.key),
                        change_result=ChangeResult.FULL_RESEND,
                    )
        return True

    def _announce(
        self, revision: Revision, target: State, seen: Mapping[str, Any], note: str, *, code: Reason | None
    ) -> None:
        fields: Fields = {**_names(revision), "state": target.value}
        if code is not None:
            fields["reason_code"] = code.value
        if target is State.REJECTED:
            # What was objected to may quote the document: it stands in the ledger, not in the log.
            if revision.state is not State.REJECTED:
                self.telemetry.count(Metric.DOCUMENTS_REJECTED)
                self.telemetry.error("rejected", fields)
            return
        fields["reason"] = note
        if target is State.ACKNOWLEDGED and revision.state is not State.ACKNOWLEDGED:
            self.telemetry.count(Metric.DOCUMENTS_ACKNOWLEDGED)
        if seen.get("attention") and seen["attention"] != revision.attention:
            self.telemetry.warning("needs attention", {**fields, "next_step": seen["next_step"]})
            return
        self.telemetry.info("moved on", fields)

    def _sweep(self) -> None:
        now = self.clock.now()
        stuck: list[Revision] = []
        unconfirmed = 0
        for one in islice(self.ledger.in_state(*_STUCK), MAX_SWEPT):
            if len(stuck) < MAX_REQUEUED and self._is_stuck(one, now):
                stuck.append(one)
            # Whoever moved it since: it is queued again now and then, which does not end the alarm.
            asked_since = one.asked_since or one.first_attempt_at or one.created_at
            unconfirmed += one.state is State.UNCONFIRMED and now - asked_since >= UNCONFIRMED_FOR
        self._queue_again(stuck, now)
        self.telemetry.count(Metric.DOCUMENTS_UNCONFIRMED, unconfirmed)

    def _is_stuck(self, revision: Revision, now: datetime) -> bool:
        is_claimed = revision.claim_until is not None and revision.claim_until > now
        return not is_claimed and now - revision.updated_at >= self.resend_after

    def _queue_again(self, stuck: Sequence[Revision], now: datetime) -> None:
        messages = [DeliveryMessage.of(revision) for revision in stuck]
        if not messages:
            return
        try:
            self.outbox.deliveries(messages)
        except ConnectorError as error:
            self.telemetry.warning("could not queue again", {"reason": str(error)})
            return
        for revision in stuck:
            self._note_queued(revision, now)
        self.telemetry.warning("queued again", {"queued": len(messages)})

    def _note_queued(self, revision: Revision, now: datetime) -> None:
        """Start the wait anew, so that a long backlog is not queued again by every run.

        A sending whose worker died is unconfirmed from now on.
        """
        to = State.UNCONFIRMED if revision.state is State.SENDING else revision.state
        with suppress(Conflict):  # somebody moved it meanwhile: it is not stuck
            self.ledger.move(revision, to, now=now, note="nothing happened for a while; queued again")


@dataclass(slots=True)
class _Run:
    """One run: the calls that are left, what changed, and what was acknowledged."""

    tracker: Tracker
    now: datetime
    calls: Calls
    routing: Routing
    _: KW_ONLY
    changed: int = 0
    acknowledged: list[Revision] = field(default_factory=list)

    def look(self, window: Window, lists: Sequence[str], progress: dict[str, str]) -> None:
        """Read the revisions of a window, ask Orderful about them, and note how far it went."""
        ledger = self.tracker.ledger
        found = [
            one
            for name in lists
            for one in ledger.listed(name, after=window.after, before=window.before, limit=window.most)
        ]
        found.sort(key=place_of)
        reached, is_complete = self._ask(found[: window.most], waits=not window.is_pass)
        if is_complete and len(found) < window.most:
            done(progress, window, now=self.now, found=bool(found))
        else:
            stopped(progress, window, at=reached)

    def _ask(self, rows: Sequence[Revision], *, waits: bool) -> tuple[str | None, bool]:
        """Handle revisions in order.

        Args:
            rows: In the order of their places.
            waits: One that could not be written down is asked about again by the next run; others are not held up.

        Returns:
            The place up to which every one was handled, and whether that is all of them.
        """
        tracker = self.tracker
        reader = StatusReader(tracker.ledger, tracker.orderful, tracker.stream, self.calls)
        reached: str | None = None
        is_complete = True
        for group in neighbours(rows):
            if self.calls.left <= 0 or tracker.deadline.remaining() < RESERVE:
                return reached, False
            asked = [one for one in group if one.transaction_id]
            answered = 0
            for status in reader.read(asked, now=self.now):
                if self._lacks_calls(status):
                    break
                answered += 1
                is_complete = (self._carry_out(status) or not waits) and is_complete
                reached = place_of(status.revision) if is_complete else reached
            if answered < len(asked):
                return reached, False
        return (place_of(rows[-1]) if rows and is_complete else reached), is_complete

    def _lacks_calls(self, status: Status) -> bool:
        """Whether the reasons of a refusal would have to be asked for with calls that are not left."""
        if status.remote is None or status.revision.state in _REFUSED:
            return False
        return self._arrival(status).state is State.REJECTED and self.calls.left < _FOR_PROBLEMS

    def _carry_out(self, status: Status) -> bool:
        """Write down what a status means; False when somebody else was at the document."""
        revision = status.revision
        if status.remote is None and (not status.is_missing or revision.state is State.REJECTED):
            return True
        arrival = self._arrival(status)
        if revision.state is State.SUPERSEDED and arrival.state in KNOWN_TO_PARTNER:
            current = current_revision(self.tracker.ledger.revisions(revision.key, limit=_HISTORY))
            arrival = sent_afterwards(revision, arrival, current)
        elif arrival.state is State.REJECTED and revision.state not in _REFUSED:
            self.calls.use(_FOR_PROBLEMS)
        changed = self.tracker.apply(revision, status.remote, arrival, self.now)
        self.changed += bool(changed)
        if changed and arrival.state is State.ACKNOWLEDGED and revision.state is not State.ACKNOWLEDGED:
            self.acknowledged.append(revision)
        return changed is not None

    def _arrival(self, status: Status) -> Arrival:
        remote = status.remote
        statuses = None
        if remote is not None:
            statuses = OrderfulStatuses(remote.validation_status, remote.delivery_status, remote.acknowledgment_status)
        return watch(status.revision, statuses, now=self.now, expected=self._expected(status.revision))

    def _expected(self, revision: Revision) -> Expected:
        key = revision.key
        names = self.routing.partners_now(key.company, key.kind, revision.counterparty, revision.partner)
        return self.routing.expected(key.company, key.kind, next(iter(names), None))


def _statuses(revision: Revision, remote: RemoteTransaction | None) -> dict[str, Any]:
    if remote is None:
        return {}
    seen: dict[str, Any] = {
        "validation_status": remote.validation_status,
        "delivery_status": remote.delivery_status,
        "acknowledgment_status": remote.acknowledgment_status,
    }
    if remote.transaction_id != revision.transaction_id:
        seen["listed_as"] = remote.transaction_id
    return seen


def _attention(revision: Revision, target: State, arrival: Arrival, now: datetime) -> dict[str, Any]:
    """What becomes of the attention; a concern that a person has closed is not raised again.

    What was closed is followed until the last look by age, so that another concern or a refusal is still seen.
    """
    if target is State.REJECTED:  # a refusal has a reason and a next step of its own, and waits for its person
        return {"attention": None, "attention_at": None, "concern": None}
    if target is State.SUPERSEDED:  # it is followed for as long after it was superseded as others after they were sent
        return {"attention": None, "concern": None, "over": now - revision.updated_at >= LOOKS[-1]}
    if revision.needs_attention and revision.concern in _ENDED_BY_PERSON:
        return {
            **{name: getattr(revision, name) for name in ("attention", "attention_at", "concern", "next_step")},
            "over": arrival.over,
        }
    concern = arrival.concern
    is_closed = concern is not None and concern == revision.closed_concern
    is_raised = concern is not None and not is_closed
    age = now - time_sent(revision)
    return {
        "attention": arrival.sentence if is_raised else None,
        "attention_at": (revision.attention_at or now) if is_raised else None,
        "concern": concern.value if concern is not None and is_raised else None,
        "next_step": arrival.next_step if is_raised else None,
        "over": arrival.over or (is_closed and age >= LOOKS[-1]),
    }


def _note(remote: RemoteTransaction | None, seen: Mapping[str, Any]) -> str:
    if seen["attention"]:
        return str(seen["attention"])
    if remote is None:
        return "Orderful shows no such transaction"
    return f"Orderful: {remote.validation_status}, {remote.delivery_status}, {remote.acknowledgment_status}"


def _names(revision: Revision) -> Fields:
    return {
        **named(revision),
        "partner": revision.partner or "",
        "transaction_id": revision.transaction_id or "",
    }
