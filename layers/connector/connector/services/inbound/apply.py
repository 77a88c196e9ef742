"""Use case: process the changes queue.

A change is claimed, decided and written (`write_order.py`), its result is recorded, and only then its delivery is
confirmed to Orderful. After a crash at any point, everything can be repeated from the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import msgspec

from connector.domain.errors import (
    AnswerTooLarge,
    Conflict,
    ConnectorError,
    Misconfigured,
    NoRouting,
    Parked,
    ParkedByVisma,
    PayloadLost,
    Rejected,
    Unavailable,
    UnknownOutcome,
    for_one,
)
from connector.domain.inbound import InboundTransaction, Validation
from connector.domain.order_change.record import (
    CHANGE,
    MAX_PROCESSING,
    MAX_REASONS,
    RULES,
    STAYS_ACCEPTED,
    Change,
    ChangeState,
    WaitsOn,
    apply_order,
    later_changes,
    peers,
    predecessor_deadline,
    retry_delay,
    waits_behind,
)
from connector.domain.pause import pause_of
from connector.domain.reasons import Reason, StatedReason
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company
from connector.domain.text import in_a_row
from connector.domain.timestamps import to_the_second
from connector.domain.transactions import Stream
from connector.edi.order_change.content_id import content_id
from connector.edi.order_change.read import NotAChange
from connector.services.consume import HOLD_BACK
from connector.services.inbound.acknowledge import confirm
from connector.services.inbound.claimed import save_claimed
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.ports import Changes, ConflictRetry, HintBudget, InboundNetwork, PurchaseOrdersFactory
from connector.services.inbound.record import InboundRecorder, names_of, with_content
from connector.services.inbound.review import ChangeReview
from connector.services.inbound.sender_check import company_of, owner_of
from connector.services.inbound.write_order import (
    INFORM_PARTNER,
    OrderChange,
    WriteResult,
    as_unavailable,
    differences_kept,
    unwritten_kept,
)
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Clock, Deadline, Metric, Pauses, RoutingSource, Telemetry

ATTEMPTS_IN_CONFLICT = 6
"""After this many attempts that all ended in a 412 or without an answer, a person is asked."""

ATTEMPTS_UNAVAILABLE = 8
"""After this many attempts without a usable answer, the change is parked, so that later ones of its order are
processed.

With the delays of the queue this takes 36 minutes. It happens before the queue gives the message up after ten receives.
"""

ATTEMPTS_WITH_DEFECT = 3
"""After this many attempts that all ended in a defect of the connector, a person is asked."""

JUST_READ = timedelta(minutes=1)
"""How long a record that was read from Orderful counts as current."""

LOOK_AGAIN = timedelta(minutes=5)
"""The delay before a change that Orderful still processes is decided again."""

MAX_PROBLEMS = 5
"""Most problems of an INVALID transaction that its reason quotes."""

CORRECT_IT = (
    "Correct it in Orderful or have the partner send it again, then approve this; what Orderful holds by then counts."
)
"""Next step for a transaction that Orderful holds as invalid or still processes."""


class ApplyResult(Enum):
    """The result of a message of the changes queue."""

    APPLIED = "applied"
    PARKED = "parked"
    REJECTED = "rejected"
    RECORDED = "recorded"
    CLOSED = "closed"
    ATTENTION = "waits for a person to close it"
    DEFERRED = "waits for an earlier change"
    HELD_BACK = "held back until the credentials are taken again"
    NOTHING_TO_DO = "nothing to do"


_RESULTS = {
    ChangeState.APPLIED: ApplyResult.APPLIED,
    ChangeState.PARKED: ApplyResult.PARKED,
    ChangeState.REFUSED: ApplyResult.REJECTED,
    ChangeState.REJECTED: ApplyResult.REJECTED,
    ChangeState.RECORDED: ApplyResult.RECORDED,
    ChangeState.CLOSED: ApplyResult.CLOSED,
    ChangeState.ATTENTION: ApplyResult.ATTENTION,
}
_BY_A_PERSON = frozenset({ChangeState.APPLIED, ChangeState.CLOSED})
_COUNTED = {
    ChangeState.APPLIED: Metric.CHANGES_APPLIED,
    ChangeState.PARKED: Metric.CHANGES_PARKED,
    ChangeState.REFUSED: Metric.CHANGES_REJECTED,
    ChangeState.RECORDED: Metric.INBOUND_RECORDED,
    ChangeState.CLOSED: Metric.CHANGES_CLOSED,
}


_UNFINISHED = frozenset({ApplyResult.DEFERRED, ApplyResult.HELD_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Applies changes.

    Attributes:
        lease: How long a worker owns a change; longer than the function may run.
        conflict_retry: Repeats the work on an order after a 412 or a lost answer.
        pauses: The pauses in force; they also stop changes of the documents that they cover.
    """

    changes: Changes
    recorder: InboundRecorder
    hint_budget: HintBudget
    orders: PurchaseOrdersFactory
    known: PartnerBaseline
    orderful: InboundNetwork
    routing: RoutingSource
    clock: Clock
    telemetry: Telemetry
    stream: Stream
    lease: timedelta
    deadline: Deadline
    conflict_retry: ConflictRetry
    pauses: Pauses

    def handle(self, message: HintMessage | ChangeMessage) -> ApplyResult:
        """Handle one message of the changes queue.

        A change message stands for all due changes of its sender for the order: earlier ones are processed first,
        because their own messages may be gone. At the end, deliveries that were not confirmed before are confirmed.

        Raises:
            Transient, Throttled, Conflict, UnknownOutcome: the message has to be retried.
        """
        if isinstance(message, HintMessage):
            return self._follow(message)
        recorded = self.changes.of_order(message.key)
        wanted = next((one for one in recorded if one.transaction_id == message.transaction_id), None)
        if wanted is None:
            return ApplyResult.NOTHING_TO_DO
        if wanted.is_due:
            result = self._work_off(wanted, recorded)
        else:
            result = _RESULTS[wanted.state]
            self._look_behind(wanted)
        for change in [wanted, *peers(wanted, recorded)]:
            confirmed = confirm(change, self.changes, self.orderful, self.telemetry)
            if confirmed.on_hold and confirmed.has_ended:
                self._take_off_hold(confirmed)
        return result

    def _work_off(self, wanted: Change, recorded: Sequence[Change]) -> ApplyResult:
        """Process every due change of the sender, up to and including `wanted`.

        A change that is partly written comes first, whoever sent it: it has reserved the next revision, and nothing
        else is written into the order before it ends.
        """
        due = [one for one in recorded if one.is_due]
        begun = self.known.begun(wanted.key) if len(due) > 1 or wanted.attempts else None
        due = [one for one in due if one.transaction_id == begun or one.sender_id == wanted.sender_id]
        for change in due:
            self._must_be_free(change)
        try:
            due = self._up_to(wanted, due, begun)
        except Misconfigured as error:
            self._report_refusal(error)
            return ApplyResult.HELD_BACK
        for change in due:
            others = peers(change, self.changes.of_order(wanted.key))
            result = self._work(change, others) if change.is_due else _RESULTS[change.state]
            if change.transaction_id == wanted.transaction_id:
                return result
            if result in _UNFINISHED and not wanted.is_approved and change.sender_id == wanted.sender_id:
                return self._defer_behind(change, wanted)
        return ApplyResult.NOTHING_TO_DO

    def _up_to(self, wanted: Change, due: Sequence[Change], begun: str | None) -> list[Change]:
        """The due changes up to and including `wanted`, each as Orderful has it now; the one in `begun` as recorded."""
        current = {one.transaction_id: one for one in due if one.transaction_id == begun}
        for change in due:
            if change.filed_at is None and change.transaction_id not in current:
                current[change.transaction_id] = self._looked_up(change)
        ordered = apply_order(current.get(one.transaction_id, one) for one in due)
        place = next(place for place, one in enumerate(ordered) if one.transaction_id == wanted.transaction_id)
        kept = [one for one in ordered[: place + 1] if one.transaction_id != begun]
        looked_up = [current.get(one.transaction_id) or self._looked_up(one) for one in kept]
        return [*(one for one in due if one.transaction_id == begun), *apply_order(looked_up)]

    def _must_be_free(self, change: Change) -> None:
        if change.is_claimed(self.clock.now()):
            raise Conflict("Another worker owns this change.", document=str(change.key))

    def _looked_up(self, change: Change) -> Change:
        """The change as Orderful has it now: its message may have been corrected, or changed by a rule.

        It is not due any more if its message names another order now.

        Raises:
            Transient, Throttled, Misconfigured: the look-up failed; the change is retried later.
            Conflict: somebody else wrote the record.
        """
        is_new = len(change.history) == 1 and change.validation is not None
        if is_new and self.clock.now() - change.created_at <= JUST_READ:
            return change
        try:
            found = self.orderful.fetch(change.transaction_id)
        except AnswerTooLarge:
            return change  # the record has all that can be read of it
        except ConnectorError as error:
            self._release(msgspec.structs.replace(change, attempts=change.attempts + 1), error)
            raise
        if found is None:
            return change
        seen = msgspec.structs.replace(
            change.with_names(found.names),
            filed_at=change.filed_at or found.created_at,
            validation=found.validation or change.validation,
        )
        message = self._other_message(change, found)
        if message is None:
            return seen if seen == change else self.changes.save(seen)
        note = "Orderful has another message for it than before"
        # An approval holds for the message that was shown only, and so does what the message stated as former values.
        other = seen.moved(
            change.state, now=self.clock.now(), note=note, approved_by=None, approved_for=None, known_sequence=None
        )
        if found.order_number and found.order_number != change.number and not change.on_hold:
            moved = self.recorder.move(other, found.order_number, message)
            self._look_behind(moved)
            return moved
        return self.changes.rewrite(with_content(other, message), message=message)

    def _other_message(self, change: Change, found: InboundTransaction) -> dict[str, Any] | None:
        """The message that Orderful has, if it differs from the recorded one; else None."""
        theirs = found.message
        if theirs is None or found.document != CHANGE or content_id(theirs) == change.content_id:
            return None
        # Orderful returns the same transaction in either dialect, depending on how it is read (undocumented). What is
        # stored may be the new message already: a worker died before it wrote the record.
        try:
            ours = self.changes.message_of(change)
        except PayloadLost:
            return theirs  # ours cannot be read any more: Orderful's message replaces it
        return theirs if not ours or ("transactionSets" in ours) == ("transactionSets" in theirs) else None

    def _message_of(self, change: Change) -> Any:
        """The recorded message; if it is lost, Orderful's, provided that it has the same content.

        Raises:
            PayloadLost: neither is available.
        """
        try:
            return self.changes.message_of(change)
        except PayloadLost:
            found = self.orderful.fetch(change.transaction_id)
            if found is None or found.message is None or content_id(found.message) != change.content_id:
                raise
            return found.message

    def _defer_behind(self, earlier: Change, wanted: Change) -> ApplyResult:
        """Defer `wanted` together with an earlier change of its sender that could not be finished."""
        stored = self.changes.get(wanted.key, wanted.transaction_id)
        waiting = self.changes.get(earlier.key, earlier.transaction_id)
        if stored is None or waiting is None or not stored.is_due:
            return ApplyResult.NOTHING_TO_DO
        note = f"waits for the earlier {earlier.transaction_id}"
        self.changes.save(
            stored.moved(ChangeState.RECEIVED, now=self.clock.now(), note=note, not_before=waiting.not_before)
        )
        return ApplyResult.DEFERRED

    def _follow(self, hint: HintMessage) -> ApplyResult:
        try:
            change = self.recorder.follow(hint, self.hint_budget)
        except NoRouting:
            self.telemetry.info("no routing was applied yet: callback ignored", {"transaction_id": hint.transaction_id})
            return ApplyResult.NOTHING_TO_DO
        except Misconfigured as error:
            # Polling finds it again once the key works; until then, the hint must not use up its receives.
            self._report_refusal(error)
            return ApplyResult.HELD_BACK
        if change is not None:
            confirm(change, self.changes, self.orderful, self.telemetry)
        return ApplyResult.NOTHING_TO_DO

    def _work(self, change: Change, others: Sequence[Change]) -> ApplyResult:
        now = self.clock.now()
        self._must_be_free(change)
        if change.validation is Validation.PROCESSING and now - change.ordered_at < MAX_PROCESSING:
            return self._defer(change, "Orderful still processes it: looked at again", now + LOOK_AGAIN)
        until = predecessor_deadline(change, others)
        if until is not None and now < until:
            return self._defer(change, "waits for the one before it", until)
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
            return ApplyResult.HELD_BACK
        change = self._end(change, ending, others)
        self._look_behind(change)
        # It is decided and recorded; if the confirmation fails, the message is retried for that only.
        confirm(change, self.changes, self.orderful, self.telemetry)
        return _RESULTS[change.state]

    def _defer(self, change: Change, note: str, until: datetime) -> ApplyResult:
        note = f"{note}, until {to_the_second(until)}" + (
            f" (number {change.change_sequence})" if change.change_sequence else ""
        )
        self.changes.save(change.moved(ChangeState.RECEIVED, now=self.clock.now(), note=note, not_before=until))
        return ApplyResult.DEFERRED

    def _not_let_through(self, change: Change) -> _Objection | None:
        """Why the transaction cannot be decided because of its state at Orderful; None when it can."""
        if change.is_approved or change.validation in {None, Validation.VALID}:
            return None
        if change.validation is Validation.PROCESSING:
            sentence = f"Orderful has been processing it since {change.ordered_at:%Y-%m-%d %H:%M} UTC."
            return _Objection(StatedReason(Reason.PROCESSING_AT_ORDERFUL, sentence), CORRECT_IT)
        problems = self.orderful.problems_of(change.transaction_id)[:MAX_PROBLEMS]
        sentence = f"Orderful holds it as invalid{': ' if problems else '.'}{'; '.join(problems)}"
        return _Objection(StatedReason(Reason.INVALID_AT_ORDERFUL, sentence), CORRECT_IT)

    def _paused(self, change: Change, company: Company, routing: Routing) -> tuple[str, _Objection] | None:
        """The partner of its order and the pause, if it is paused; None otherwise, or if it may be written already."""
        pauses = [] if change.is_approved else self.pauses.pauses(now=self.clock.now())
        for name in self._partners_of(change, company, routing) if pauses else ():
            pause = pause_of(pauses, company.name, change.kind, name)
            if pause is None:
                continue
            if change.attempts > 1 and self.known.begun(change.key) == change.transaction_id:
                return None
            step = f"To have it decided: connector resume {pause.scope.options}. An approval writes it before."
            return name, _Objection(StatedReason(Reason.PAUSED, pause.sentence), step)
        return None

    def _partners_of(self, change: Change, company: Company, routing: Routing) -> list[str]:
        """The partner that has the order, if several have the sender's ISA id; all of them if that is unknown."""
        names = [name for of, name in routing.senders(change.sender_id or "", self.stream) if of == company.name]
        known = self.known.newest_known(change.key) if len(names) > 1 else None
        return [known.partner] if known is not None and known.partner in names else names

    def _decide(self, change: Change, others: Sequence[Change]) -> tuple[Change, WriteResult]:
        """Decide and write the change. Returns the record as last written, and the result."""
        objection = self._not_let_through(change)
        # A person may just have changed the routing; what a former one parks is looked at again with the next one only.
        routing = self.routing.load(fresh=True)
        work: OrderChange | None = None
        try:
            company = company_of(
                routing,
                receiver_id=change.receiver_id or "",
                sender_id=change.sender_id or "",
                stream=self.stream,
            )
            if objection is None and (paused := self._paused(change, company, routing)) is not None:
                # When the pause ends, the change is found by this partner.
                partner, objection = paused
                change = msgspec.structs.replace(change, partner=partner)
            with as_unavailable():
                message = self._message_of(change)
            work = self._work_on(
                change, others, company, routing, message, objection=objection.reason if objection else None
            )
            ending = work.run()
        except Parked as problem:
            ending = WriteResult(
                ChangeState.PARKED,
                (problem.code,),
                problem.sentence,
                for_one(problem.next_step, change.transaction_id),
                awaits_visma=isinstance(problem, ParkedByVisma),
                waits_for=problem.waits_for,
            )
        except Rejected as problem:
            tell = INFORM_PARTNER.format(change.transaction_id)
            ending = WriteResult(ChangeState.REFUSED, (problem.code,), problem.sentence, tell)
            if change.was_assigned:
                # A person assigned this order, so the partner's change is not refused but parked.
                ask = f"Name the order that is meant: connector changes approve {change.transaction_id} --order NUMBER"
                ending = WriteResult(ChangeState.PARKED, (problem.code,), problem.sentence, ask)
        except NotAChange as problem:
            step = "Open the transaction in Orderful, then close it here."
            ending = WriteResult(ChangeState.PARKED, (Reason.UNREADABLE_MESSAGE,), str(problem), step)
        except ConnectorError as error:
            change = work.change if work else change
            change = msgspec.structs.replace(
                change,
                conflicts=change.conflicts + isinstance(error, Conflict | UnknownOutcome),
                failures=change.failures + isinstance(error, Unavailable),
            )
            if not _is_enough(change, error):
                self._release(change, error)
                raise
            if work is not None:
                work.change = change
            ending = _given_up(error, is_begun=work is not None)
        except Exception as error:
            if change.attempts < ATTEMPTS_WITH_DEFECT:
                raise
            ending = WriteResult(
                ChangeState.PARKED,
                (Reason.CONNECTOR_DEFECT,),
                f"A defect of the connector keeps it from being decided ({type(error).__name__}).",
                "Enter the change in Visma by hand, then close it here; and report the defect.",
            )
        return self._given_back(work.change if work else change, _objected(ending, objection), work, routing)

    def _given_back(
        self, change: Change, ending: WriteResult, work: OrderChange | None, routing: Routing
    ) -> tuple[Change, WriteResult]:
        """The record and the result of a change, after its reservation was given up unless it was applied.

        This or an earlier attempt may have reserved the next revision, and the order is not sent until that is given
        up. It may also have put the order on hold.
        """
        if ending.state is ChangeState.APPLIED:
            return (work.change if work else change), ending
        if work is None:
            company = owner_of(routing, change, self.stream)
            if company is None:
                self.known.drop(change.key, change)
                return change, ending
            work = self._work_on(change, (), company, routing, None)
        left = work.give_up()
        if left is not None:
            ending = replace(ending, next_step=f"{left} {ending.next_step}" if ending.next_step else left)
        return work.change, ending

    def _work_on(
        self,
        change: Change,
        others: Sequence[Change],
        company: Company,
        routing: Routing,
        message: Any,
        *,
        objection: StatedReason | None = None,
    ) -> OrderChange:
        return OrderChange(
            change=change,
            message=message,
            others=others,
            objection=objection,
            company=company,
            routing=routing,
            orders=self.orders(company, self.deadline),
            known=self.known,
            changes=self.changes,
            clock=self.clock,
            telemetry=self.telemetry,
            stream=self.stream,
            deadline=self.deadline,
            conflict_retry=self.conflict_retry,
        )

    def _take_off_hold(self, change: Change) -> None:
        """Release an order from hold whose change a person has ended, if its company is in routing."""
        routing = self.routing.load()
        company = owner_of(routing, change, self.stream)
        if company is not None:
            self._work_on(change, (), company, routing, None).release()

    def _release(self, change: Change, error: ConnectorError) -> None:
        now = self.clock.now()
        released = change.moved(
            ChangeState.RECEIVED,
            now=now,
            note=f"not finished: {error.sentence}",
            claim_until=None,
            # Its message was another change's; the sweep queues it again.
            not_before=now + HOLD_BACK if isinstance(error, Misconfigured) else None,
        )
        save_claimed(self.changes, released, until=change.claim_until)

    def _look_behind(self, ended: Change) -> None:
        """Queue the changes that were parked behind `ended`. A repetition after a crash finds none."""
        if ended.has_ended:
            ChangeReview(self.changes, self.recorder.outbox, self.clock).look_behind(ended)

    def _end(self, change: Change, ending: WriteResult, others: Sequence[Change]) -> Change:
        before = waits_behind(change, others) if ending.state is ChangeState.PARKED else None
        change = msgspec.structs.replace(change, behind=before.transaction_id if before else None)
        if ending.awaits_visma and change.is_approved:
            return self._park_for_visma(change, ending)  # `later` stays as the person saw it
        change = msgspec.structs.replace(change, later=later_changes(change, others))
        if ending.awaits_visma:
            return self._park_for_visma(change, ending)
        decision = ending.decision
        note = ending.reason or ("written" if decision.edits else "there is nothing left to write")
        if ending.state is ChangeState.REFUSED and change.was_accepted:
            note += f" ({STAYS_ACCEPTED})"
        ended = change.moved(
            ending.state,
            now=self.clock.now(),
            note=note,
            claim_until=None,
            reason=ending.reason,
            reason_codes=ending.codes,
            next_step=ending.next_step,
            parked_on=_parked_on(change, ending),
            waits_for=ending.waits_for,
            looks=0,
            decided_on=ending.decided_on,
            decided_by=change.approved_by if ending.state in _BY_A_PERSON and change.approved_by else RULES,
            # An approval holds for one attempt at what was shown: the next attempt needs a new one.
            approved_by=None,
            approved_for=None,
            differences=differences_kept(decision.differences),
            writes=bool(decision.edits) if ending.decided_on is not None else None,
            remarks=decision.remarks,
            reasons=decision.reasons[:MAX_REASONS] if ending.reason == decision.reason else (),
            places=decision.places[:MAX_REASONS],
            unwritten=unwritten_kept(decision.unwritten),
            repeats=ending.repeats,
        )
        return self._ended(change, ended)

    def _park_for_visma(self, change: Change, ending: WriteResult) -> Change:
        """Park a change until Visma gives a usable answer.

        An approval stays: it holds for one content of the order, which is compared again.
        """
        now, look = self.clock.now(), change.looks + 1
        delay = retry_delay(look)
        compared: dict[str, object] = {}
        if ending.decided_on is not None:
            decision = ending.decision
            compared = {
                "decided_on": ending.decided_on,
                "differences": differences_kept(decision.differences),
                "writes": bool(decision.edits),
                "remarks": decision.remarks,
                "reasons": decision.reasons[:MAX_REASONS],
                "unwritten": unwritten_kept(decision.unwritten),
            }
        steps = [ending.next_step, f"Have it looked at now: connector changes retry {change.transaction_id}"]
        parked = change.moved(
            ChangeState.PARKED,
            now=now,
            note=ending.reason or "",
            claim_until=None,
            reason=ending.reason,
            reason_codes=ending.codes,
            next_step=" ".join(step if step.endswith(".") else f"{step}." for step in steps if step),
            parked_on=WaitsOn.VISMA if delay is not None else _parked_on(change, ending),
            waits_for=None,
            not_before=now + delay if delay is not None else None,
            looks=look,
            decided_by=RULES,
            **compared,
        )
        return self._ended(change, parked)

    def _ended(self, change: Change, ended: Change) -> Change:
        ended = save_claimed(self.changes, ended, until=change.claim_until)
        if ended.looks <= 1:
            # Not every attempt is reported again.
            self.telemetry.count(_COUNTED[ended.state])
        # The reason may quote the document: it is written to the ledger, not to the log.
        report = self.telemetry.info if ended.state is ChangeState.APPLIED else self.telemetry.warning
        report(
            "change " + ended.state.value.lower(),
            {
                **names_of(ended),
                "attempt": ended.attempts,
                "reason_code": ended.reason_codes[0] if ended.reason_codes else None,
            },
        )
        return ended

    def _report_refusal(self, error: Misconfigured) -> None:
        self.telemetry.count(Metric.CREDENTIALS_REFUSED)
        self.telemetry.error("held back", {"reason": str(error), "request_id": error.request_id})


def _parked_on(change: Change, ending: WriteResult) -> WaitsOn:
    """What a change that is parked, and does not wait for Visma, waits for."""
    if change.behind is not None:
        return WaitsOn.EARLIER
    return WaitsOn.PERSON if ending.waits_for is None else WaitsOn.ROUTING


@dataclass(frozen=True, slots=True)
class _Objection:
    """Why a change needs a person, whatever it asks for, and the next step. An approval lifts it."""

    reason: StatedReason
    next_step: str


def _objected(ending: WriteResult, objection: _Objection | None) -> WriteResult:
    """The result with an objection added: the change is parked, unless it is a repetition, which is harmless."""
    if objection is None or ending.state is ChangeState.RECORDED:
        return ending
    sentence, step = objection.reason.sentence, objection.next_step
    reason = f"{sentence} {ending.reason}" if ending.reason else sentence
    next_step = in_a_row([ending.next_step, step]) if ending.next_step else step
    codes = (objection.reason.code, *ending.codes)
    return replace(ending, state=ChangeState.PARKED, codes=codes, reason=reason, next_step=next_step)


def _is_enough(change: Change, error: ConnectorError) -> bool:
    """Whether a change is given up after an attempt that ended with `error`, so that a person is asked."""
    if isinstance(error, Conflict | UnknownOutcome):
        return change.conflicts >= ATTEMPTS_IN_CONFLICT
    return isinstance(error, Unavailable) and change.failures >= ATTEMPTS_UNAVAILABLE


def _given_up(error: ConnectorError, *, is_begun: bool) -> WriteResult:
    """The result for a change that is given up. If Visma is the cause, it is retried by itself later."""
    if not is_begun:
        step = "Enter it in Visma by hand, then close it here; or retry."
        return WriteResult(ChangeState.PARKED, (Reason.STORE_UNAVAILABLE,), error.sentence, step)
    reason, code = error.sentence, Reason.VISMA_UNAVAILABLE
    if isinstance(error, Conflict):
        code = Reason.ORDER_KEEPS_CHANGING
        reason = f"The order changed in Visma each time this was to be written into it. {reason}"
    elif isinstance(error, UnknownOutcome):
        reason = f"Visma gave no clear answer each time this was to be written. {reason}"
    return WriteResult(ChangeState.PARKED, (code,), reason, error.next_step, awaits_visma=True)
