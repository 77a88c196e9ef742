"""Use case: work off the changes queue.

A change is claimed, decided and written (`change_order.py`), its end is recorded, and only then Orderful is told.
Everything can be done again from the start, after a crash at any point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from connector.domain.changes import (
    Change,
    ChangeState,
    in_turn,
    repeats,
    waits_until,
)
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, ConnectorError, Misconfigured, Parked, Rejected, UnknownOutcome
from connector.domain.transactions import Stream
from connector.edi.change.read import NotAChange
from connector.services.change_order import Ending, OrderChange
from connector.services.change_ports import Changes, InboundNetwork, OrderDeskFactory, Rounds
from connector.services.change_route import company_of
from connector.services.claimed import save_claimed
from connector.services.confirm import confirm
from connector.services.consume import HOLD_BACK
from connector.services.intake import Intake, names_of
from connector.services.known_revisions import KnownRevisions
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Clock, Deadline, Metric, RoutingSource, Telemetry

ATTEMPTS_IN_CONFLICT = 6
"""After so many invocations that all ended in a 412 or without an answer, a person is asked."""

ATTEMPTS_WITH_DEFECT = 3
"""After so many invocations that all ended in a defect of ours, a person is asked."""

MOST_DIFFERENCES = 200
"""Differences of one change that are kept with it."""

RULES = "rules"
"""Who decided, when nobody had to."""


class Outcome(Enum):
    """How a message ended."""

    APPLIED = "applied"
    PARKED = "parked"
    REJECTED = "rejected"
    RECORDED = "recorded"
    CLOSED = "closed"
    ATTENTION = "waits for a person to close it"
    DEFERRED = "waits for an earlier change"
    HELD_BACK = "held back until the credentials are taken again"
    NOTHING_TO_DO = "nothing to do"


_OUTCOMES = {
    ChangeState.APPLIED: Outcome.APPLIED,
    ChangeState.PARKED: Outcome.PARKED,
    ChangeState.REJECTED: Outcome.REJECTED,
    ChangeState.RECORDED: Outcome.RECORDED,
    ChangeState.CLOSED: Outcome.CLOSED,
    ChangeState.ATTENTION: Outcome.ATTENTION,
}
_COUNTED = {
    ChangeState.APPLIED: Metric.CHANGES_APPLIED,
    ChangeState.PARKED: Metric.CHANGES_PARKED,
    ChangeState.REJECTED: Metric.CHANGES_REJECTED,
    ChangeState.RECORDED: Metric.INBOUND_RECORDED,
    ChangeState.CLOSED: Metric.CHANGES_CLOSED,
}


@dataclass(frozen=True, slots=True)
class Applier:
    """Applies changes.

    Attributes:
        lease: How long a worker owns a change; longer than the function may run.
        rounds: Does the work on an order again after a 412 or a lost answer.
    """

    changes: Changes
    intake: Intake
    orders: OrderDeskFactory
    known: KnownRevisions
    orderful: InboundNetwork
    routing: RoutingSource
    clock: Clock
    telemetry: Telemetry
    stream: Stream
    lease: timedelta
    deadline: Deadline
    rounds: Rounds

    def handle(self, message: HintMessage | ChangeMessage) -> Outcome:
        """Handle one message of the changes queue.

        A change message stands for its whole order: earlier changes that are still due go first, and at the end
        Orderful is told of what was decided before, if that failed. Its own message may be gone.

        Raises:
            Transient, Throttled, Conflict, UnknownOutcome: the message has to come again.
        """
        if isinstance(message, HintMessage):
            return self._follow(message)
        recorded = self.changes.of_order(message.key)
        wanted = next((one for one in recorded if one.transaction_id == message.transaction_id), None)
        if wanted is None:
            return Outcome.NOTHING_TO_DO
        outcome = self._work_off(wanted, recorded) if wanted.is_due else _OUTCOMES[wanted.state]
        for change in recorded:
            confirm(change, self.changes, self.orderful, self.telemetry)
        return outcome

    def _work_off(self, wanted: Change, recorded: Sequence[Change]) -> Outcome:
        """Work on everything that is due, up to the one that is wanted."""
        for change in self._in_turn(wanted.key, [one for one in recorded if one.is_due]):
            outcome = self._work(change, [one for one in recorded if one.transaction_id != change.transaction_id])
            if change.transaction_id == wanted.transaction_id:
                return outcome
            recorded = self.changes.of_order(wanted.key)
        return Outcome.NOTHING_TO_DO

    def _in_turn(self, order: DocumentKey, due: Sequence[Change]) -> Sequence[Change]:
        """The order in which changes apply, but for one that is half written: it is in the way of all others."""
        turns = in_turn(due)
        begun = self.known.begun(order) if len(turns) > 1 else None
        return sorted(turns, key=lambda change: change.transaction_id != begun)

    def _follow(self, hint: HintMessage) -> Outcome:
        try:
            change = self.intake.follow(hint)
        except Misconfigured as error:
            # Polling finds it again once the key works; the hint must not burn its receives until then.
            self._report_refusal(error)
            return Outcome.HELD_BACK
        if change is not None:
            confirm(change, self.changes, self.orderful, self.telemetry)
        return Outcome.NOTHING_TO_DO

    def _work(self, change: Change, others: Sequence[Change]) -> Outcome:
        now = self.clock.now()
        if change.claim_until is not None and now < change.claim_until:
            raise Conflict("Another worker is at this change.", document=str(change.key))
        until = waits_until(change, others)
        if until is not None and now < until:
            note = f"number {change.change_sequence}: waits for the one before it until {until:%H:%M:%S} UTC"
            self.changes.save(change.moved(ChangeState.RECEIVED, now=now, note=note, not_before=until))
            return Outcome.DEFERRED
        change = self.changes.save(
            change.moved(
                ChangeState.APPLYING,
                now=now,
                note="being decided",
                claim_until=now + self.lease,
                attempts=change.attempts + 1,
                not_before=None,
            )
        )
        try:
            change, ending = self._decide(change, others)
        except Misconfigured as error:
            self._report_refusal(error)
            return Outcome.HELD_BACK
        change = self._end(change, ending)
        # Decided and recorded; if Orderful cannot be told, the message comes again for that alone.
        confirm(change, self.changes, self.orderful, self.telemetry)
        return _OUTCOMES[change.state]

    def _decide(self, change: Change, others: Sequence[Change]) -> tuple[Change, Ending]:
        """The record as it was last written, and how it ends."""
        repeated = repeats(change, others)
        if repeated is not None:
            reason = f"It repeats {repeated.transaction_id} to the letter."
            return change, Ending(ChangeState.RECORDED, reason)
        # Whoever asks for a second look may just have changed the routing.
        routing = self.routing.load(fresh=change.attempts > 1)
        work: OrderChange | None = None
        try:
            company = company_of(
                routing,
                receiver_id=change.receiver_id or "",
                sender_id=change.sender_id or "",
                stream=self.stream,
            )
            work = OrderChange(
                change=change,
                message=self.changes.message_of(change),
                others=others,
                company=company,
                routing=routing,
                orders=self.orders(company, self.deadline),
                known=self.known,
                changes=self.changes,
                clock=self.clock,
                telemetry=self.telemetry,
                stream=self.stream,
                deadline=self.deadline,
                rounds=self.rounds,
            )
            ending = work.run()
        except Parked as problem:
            ending = Ending(ChangeState.PARKED, problem.sentence, problem.next_step, problem.waits_for)
        except Rejected as problem:
            ending = Ending(ChangeState.REJECTED, problem.sentence)
        except NotAChange as problem:
            ending = Ending(ChangeState.PARKED, str(problem), "Open the transaction in Orderful, then reject it here.")
        except ConnectorError as error:
            change = work.change if work else change
            conflicts = change.conflicts + isinstance(error, Conflict | UnknownOutcome)
            if conflicts == change.conflicts or conflicts < ATTEMPTS_IN_CONFLICT:
                self._release(change, error, conflicts=conflicts)
                raise
            next_step = work.give_up() if work is not None else None
            reason = "The order changed in Visma each time this was to be written into it."
            ending = Ending(ChangeState.PARKED, reason, next_step)
        except Exception as error:
            if change.attempts < ATTEMPTS_WITH_DEFECT:
                raise
            next_step = work.give_up() if work is not None else None
            ending = Ending(
                ChangeState.PARKED,
                f"A defect of the connector keeps it from being decided ({type(error).__name__}).",
                next_step or "Enter the change in Visma by hand, then reject it here; and report the defect.",
            )
        return (work.change if work else change), ending

    def _release(self, change: Change, error: ConnectorError, *, conflicts: int) -> None:
        now = self.clock.now()
        released = change.moved(
            ChangeState.RECEIVED,
            now=now,
            note=f"not finished: {error.sentence}",
            claim_until=None,
            conflicts=conflicts,
            # Its message is let go; the sweep queues it again.
            not_before=now + HOLD_BACK if isinstance(error, Misconfigured) else None,
        )
        save_claimed(self.changes, released, until=change.claim_until)

    def _end(self, change: Change, ending: Ending) -> Change:
        decision = ending.decision
        ended = change.moved(
            ending.state,
            now=self.clock.now(),
            note=ending.reason or ("written" if decision.edits else "there is nothing left to write"),
            claim_until=None,
            reason=ending.reason,
            next_step=ending.next_step,
            waits_for=ending.waits_for,
            decided_on=ending.decided_on,
            decided_by=change.approved_by if ending.state is ChangeState.APPLIED and change.approved_by else RULES,
            # An approval is good for one try, on what was shown: whatever comes of it, the next needs a new one.
            approved_by=None,
            approved_for=None,
            differences=decision.differences[:MOST_DIFFERENCES],
            remarks=decision.remarks,
        )
        ended = save_claimed(self.changes, ended, until=change.claim_until)
        self.telemetry.count(_COUNTED[ended.state])
        # The reason may quote the document: it stands in the ledger, not in the log.
        report = self.telemetry.info if ended.state is ChangeState.APPLIED else self.telemetry.warning
        report("change " + ended.state.value.lower(), {**names_of(ended), "attempt": ended.attempts})
        return ended

    def _report_refusal(self, error: Misconfigured) -> None:
        self.telemetry.count(Metric.CREDENTIALS_REFUSED)
        self.telemetry.error("held back", {"reason": str(error), "request_id": error.request_id})
