"""Writes one change into one order, in rounds of reading, deciding and writing.

    read the order (ETag) -> decide -> reserve -> PUT If-Match -> read again -> partner baseline

Every round starts from the order in Visma and writes absolute values. So a round after a 412, a lost answer or a crash
finds what was written already and writes only the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec

from connector.domain.documents import DocumentKey, OrderLine, PurchaseOrder
from connector.domain.errors import Parked, ParkedByVisma, PayloadLost, Rejected, Throttled, Transient, Unavailable
from connector.domain.order_change.added_line_numbers import EarlierAddition, added_lines, by_our_numbers
from connector.domain.order_change.crossing import ReadStates, states_newer
from connector.domain.order_change.decide import HEADER, LOOK, ChangeAction, ChangeDecision, Difference, decide
from connector.domain.order_change.edits import NO_EDITS, Edits, Operation
from connector.domain.order_change.findings import TAKEN_OUT, text_of
from connector.domain.order_change.limits import LimitBase
from connector.domain.order_change.line_match import Lines, orderable_lines
from connector.domain.order_change.order_numbers import without_suffix
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.quantity import differences_of
from connector.domain.order_change.record import (
    CHANGE,
    Change,
    ChangeState,
    apply_order,
    confirmed_places,
    duplicate_of,
    earlier_waits_reason,
    later_changes,
    out_of_sequence_reason,
    repetition_reason,
)
from connector.domain.order_change.request import ChangeRequest
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision.content_hash import revision_id
from connector.domain.revision.record import Revision, State, time_sent
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company, Route
from connector.domain.text import truncated
from connector.domain.timestamps import to_the_minute
from connector.domain.transactions import Stream
from connector.edi.order_change.read import NotAChange, read_change
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.edi.visma.order_update import encode, hold_update, order_update
from connector.edi.visma.read import NotADocument
from connector.services.inbound.claimed import save_claimed
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.ports import Changes, ConflictRetry, PurchaseOrders
from connector.services.inbound.sender_check import route_of
from connector.services.ports import Clock, Deadline, Metric, OrderAnswer, Telemetry

MAX_DIFFERENCES = 120
"""Most differences in the record of a change."""

MAX_UNWRITTEN = 20
"""Most sentences in `Change.unwritten`."""

MAX_UNWRITTEN_LENGTH = 300
"""Most characters of such a sentence."""

APPLIED_AS_IS = ChangeDecision(ChangeAction.APPLY)
"""Nothing to write and nothing to show."""

SAME_DIFFERENCE_WITHIN = timedelta(days=7)
"""For this long after a message that gives differences of quantity, another with the same ones is asked about."""

ATTEMPTS_UNSEEN = 5
"""After this many attempts (five minutes with the delays of the queue), a person is asked about an order that Visma
does not return.

Visma does not document how soon a new order can be read by its number.
"""

INFORM_PARTNER = "Tell the partner, then: connector changes close {} --reason TEXT"
"""What to do about a change that the rules refuse; takes its transaction id."""

_ON_HOLD = "Hold"
_MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of a change.

    Attributes:
        codes: The reason codes, the deciding one first.
        awaits_visma: Whether the change is parked until Visma gives a usable answer.
        waits_for: As `Change.waits_for`.
        repeats: The change that this one repeats; None when it is no repetition.
    """

    state: ChangeState
    codes: tuple[Reason, ...]
    reason: str | None = None
    next_step: str | None = None
    _: KW_ONLY
    awaits_visma: bool = False
    waits_for: str | None = None
    decision: ChangeDecision = APPLIED_AS_IS
    decided_on: str | None = None
    repeats: str | None = None


@dataclass(slots=True, kw_only=True)
class OrderChange:
    """The work on one change; `change` is its record as last written.

    Attributes:
        message: The 860 as received.
        others: The other records of its sender for the order.
        objection: Why it needs a person, whatever it asks for; None without an objection.
        conflict_retry: Repeats the work after a 412 or a lost answer.
    """

    change: Change
    message: Any
    others: Sequence[Change]
    objection: StatedReason | None
    company: Company
    routing: Routing
    orders: PurchaseOrders
    known: PartnerBaseline
    changes: Changes
    clock: Clock
    telemetry: Telemetry
    stream: Stream
    deadline: Deadline
    conflict_retry: ConflictRetry
    _requested: Edits = NO_EDITS

    def run(self) -> WriteResult:
        """Decide and write.

        Raises:
            Parked, Rejected: as named.
            Conflict, UnknownOutcome: still after the last round.
            Transient, Throttled, Misconfigured: retry later.
            Unavailable: Visma gives no usable answer about this order; this may never end.
            NotAChange: the message is no 860.
        """
        return self.conflict_retry(
            self._round,
            deadline=self.deadline,
            before_again=lambda: self.telemetry.count(Metric.CHANGE_CONFLICTS),
        )

    def release(self) -> None:
        """Take the order off hold for a change that a person has ended meanwhile.

        Raises:
            Conflict, UnknownOutcome, Unavailable, Throttled, Misconfigured: it is still on hold, as far as we know.
            Parked, Rejected: Visma refuses to.
        """
        answer = self._get(self.change.number)
        if answer is None:
            self._save(on_hold=False)
            return
        self._take_off_hold(self._parsed(answer))

    def give_up(self) -> str | None:
        """Release the order from hold and give the reservation up. Returns a step for a person, or None."""
        self.known.drop(self._order, self.change)
        with suppress(Exception):  # if it stays on hold, the person gets a next step
            if self.change.on_hold:
                ours, _ = self._read()
                self._take_off_hold(ours)
        if self.change.on_hold:
            return f"Release order {self.change.number} from hold in Visma, then approve this or reject it."
        return None

    @property
    def _order(self) -> DocumentKey:
        return DocumentKey.of_order(self.company.name, self.change.number)

    def _round(self) -> WriteResult:
        ours, raw = self._read()
        sender_id = self.change.sender_id or ""
        try:
            route = route_of(self.routing, self.company.name, ours, sender_id=sender_id, stream=self.stream)
        except (Parked, Rejected) as problem:
            # Between two rounds the order may have got another partner; it may still be on hold from the first round.
            is_ours = self._take_off_hold(ours)
            if isinstance(problem, Rejected) and not is_ours:
                self._wait_for_user(ours, problem)
            raise
        types = self.known.order_types(self._order)
        self._refuse_another_type(ours.content.order_type, types)
        read = self.known.read_at(self._order, self.change, ours.content.supplier)
        base = self._base(route, read)
        request = read_change(self.message, codes=route.changes.codes, price_bases=route.changes.price_bases)
        if self.change.was_assigned and request.order_number == self.change.named:
            # A person assigned the order.
            request = msgspec.structs.replace(request, order_number=self.change.number)
        decided_on = revision_id(ours.content)
        repeated = duplicate_of(self.change, self.others)
        # A person who approved it for the present order wants it written, even if it is a repetition.
        is_wanted = self.change.approved_for == decided_on
        if repeated is not None and not is_wanted and self._still_stands(repeated, request, ours, route):
            self._take_off_hold(ours)
            reason = f"It repeats {repeated.transaction_id} to the letter."
            return WriteResult(
                ChangeState.RECORDED, (Reason.DUPLICATE_CHANGE,), reason, repeats=repeated.transaction_id
            )
        lines = Lines(base, ours, route)
        differences = self._differences_of(self._by_our_numbers(request, base, ours, route, self.others), route, lines)
        base, sequence, decision = self._decided(request, base, ours, route, read)
        decision = self._checked_against_cancellation(decision, read)
        decision = self._checked_against_others(decision, decided_on, types, repeated)
        decision = self._checked_for_repetition(decision, differences, route, lines)
        if decision.action is not ChangeAction.APPLY:
            self._take_off_hold(ours)
            if decision.action is ChangeAction.REJECT:
                tell = INFORM_PARTNER.format(self.change.transaction_id)
                return WriteResult(
                    ChangeState.REFUSED,
                    decision.codes,
                    decision.reason,
                    tell,
                    decision=decision,
                    decided_on=decided_on,
                )
            return WriteResult(
                ChangeState.PARKED,
                decision.codes,
                decision.reason,
                decision.next_step,
                awaits_visma=decision.awaits_visma,
                waits_for=decision.waits_for,
                decision=decision,
                decided_on=decided_on,
            )
        if decision.closes and not self._is_begun():
            self._take_off_hold(ours)
            reason = f"Nothing of it is written: {' '.join(decision.unwritten)}"
            return WriteResult(
                ChangeState.CLOSED, (Reason.NOTHING_WRITTEN,), reason, decision=decision, decided_on=decided_on
            )
        # If the base is unknown, a person has approved the order as it is now.
        before = base or ours.content
        # After a lost answer, an added line looks like a line that the message did not ask for.
        self._requested = decision.requested or self._requested
        if decision.edits:
            self.known.reserve(self._order, self.change)
            self._write(ours, decision.edits, route)
            ours, raw = self._read()
        elif self._take_off_hold(ours):
            ours, raw = self._read()
        # Kept only with what is written: with another message, or another order in Visma, the question may arise.
        change = msgspec.structs.replace(self.change, known_sequence=sequence)
        self.known.settle(
            self._order,
            change,
            base=before,
            requested=self._requested,
            after=ours,
            raw=raw,
            notes=route.notes,
            is_all=not decision.unwritten,
        )
        added = added_lines(self._requested, before=before, after=ours.content)
        self.change = msgspec.structs.replace(change, added=added)
        return WriteResult(ChangeState.APPLIED, (), decision=decision, decided_on=decided_on)

    def _wait_for_user(self, ours: OrderSnapshot, problem: Rejected) -> None:
        """Park a change of the partner that has the order, while a user edits it and has given it to another one.

        It is not withdrawn from the partner before it is released or cancelled, and the supplier may be corrected.
        """
        sender_id, supplier = self.change.sender_id or "", ours.content.supplier
        if not ours.is_unfinished or not self.known.is_with(self._order, sender_id, supplier):
            return
        raise Parked(
            f"{problem.sentence} The order is still edited in Visma ({ours.status}), and {sender_id} has it.",
            document=problem.document,
            next_step=(
                "Once the order is released or cancelled in Visma, for this partner again or for the other one: "
                f"connector changes retry {self.change.transaction_id}"
            ),
            code=problem.code,
        )

    def _decided(
        self, request: ChangeRequest, base: PurchaseOrder | None, ours: OrderSnapshot, route: Route, read: ReadStates
    ) -> tuple[PurchaseOrder | None, int, ChangeDecision]:
        """The order as the partner had it, with its revision (0 without one), and the decision.

        Where it may have had a newer state, the change has to come to the same with that one; else a person is asked.
        A state whose values the change states as the former ones was had.
        """
        sequence = self.change.known_sequence or 0
        decision = self._decide(request, base, sequence, ours, route)
        doubtful = [one for one in read.doubtful if one.sequence > sequence]
        if base is None or not doubtful or self.change.is_approved or decision.action is ChangeAction.REJECT:
            return base, sequence, self._told_of_crossing(decision, sequence, read)
        contents = []
        for one in doubtful:
            with as_unavailable():
                contents.append(self.known.content(self._order, one.sequence))
        for at in reversed(range(len(doubtful))):
            content = contents[at]
            if content is not None and self._states_newer(request, base, content, ours, route):
                base, sequence = content, doubtful[at].sequence
                decision = self._decide(request, base, sequence, ours, route)
                self._save(known_sequence=sequence)
                doubtful, contents = doubtful[:at], contents[:at]
        if not doubtful:
            return base, sequence, self._told_of_crossing(decision, sequence, read)
        decisions = [
            None if content is None else self._decide(request, content, one.sequence, ours, route)
            for one, content in zip(doubtful, contents, strict=True)
        ]
        newest = decisions[0]
        for one, other in zip(doubtful, decisions, strict=True):
            if other is None or newest is None or not (decision.comes_to(other) and other.comes_to(newest)):
                return base, sequence, self._asked_about_crossing(decision, one, other)
        for one, content, with_it in zip(doubtful, contents, decisions, strict=True):
            # What a person told may not be in the partner's system, which then states what it was sent as the former.
            if with_it is not None and one.state is not State.CLOSED:
                return content, one.sequence, with_it
        return base, sequence, self._told_of_crossing(decision, sequence, read)

    def _decide(
        self, request: ChangeRequest, base: PurchaseOrder | None, sequence: int, ours: OrderSnapshot, route: Route
    ) -> ChangeDecision:
        """The decision with the order of revision `sequence` as what the partner had."""
        return decide(
            self._by_our_numbers(request, base, ours, route, self.others),
            base=base,
            ours=ours,
            route=route,
            limit_base=None if base is None else self._limit_base(sequence, base),
            approved=self.change.is_approved,
            confirmed=confirmed_places(self.change, self.others),
            reading=self.change.reading,
            taken_on=self.change.ordered_at.date(),
        )

    def _states_newer(
        self, request: ChangeRequest, base: PurchaseOrder, newer: PurchaseOrder, ours: OrderSnapshot, route: Route
    ) -> bool:
        numbered = self._by_our_numbers(request, newer, ours, route, self.others)
        return states_newer(numbered, base=base, newer=newer, ours=ours, route=route)

    def _told_of_crossing(self, decision: ChangeDecision, sequence: int, read: ReadStates) -> ChangeDecision:
        """The decision, with a remark where a newer state was sent after Orderful had received the change."""
        newest = read.newest
        if newest is None or not sequence or newest.sequence <= sequence or newest.state is State.AGREED:
            return decision
        remark = (
            f"{_named(newest)}, after this was received; it is compared with revision {sequence}, and the whole "
            "order is sent again when it is written."
        )
        return replace(decision, remarks=(*decision.remarks, remark))

    def _asked_about_crossing(
        self, decision: ChangeDecision, crossing: Revision, other: ChangeDecision | None
    ) -> ChangeDecision:
        """Ask a person which state the partner had: with this revision the change comes to something else."""
        sequence, transaction = crossing.sequence, self.change.transaction_id
        received = f"Orderful received this {to_the_minute(self.change.ordered_at)}"
        if self.change.filed_at is None:
            received = "Orderful does not say when it received this"
        if other is not None and other.requested == decision.requested and other.reason:
            comes_to = f"if it knew of that one: {other.reason}"
        else:
            with_it = "its content is no longer kept"
            if other is not None:
                with_it = f"with it, this asks for {_shown(other.requested)}"
            comes_to = f"{with_it}; without it, for {_shown(decision.requested)}."
        sentence = (
            f"{_named(crossing)}, {received}, and the partner may have written it before it knew of that revision: "
            f"{comes_to}"
        )
        asked = _with(decision, StatedReason(Reason.CROSSES_REVISION, sentence))
        return replace(
            asked,
            action=ChangeAction.PARK,
            next_step=f"Ask the partner whether it knew of revision {sequence}. If not, approve this: what is shown "
            f"is written. If so, enter it in Visma by hand, then: connector changes close {transaction} --reason TEXT",
            waits_for=None,
        )

    def _checked_against_cancellation(self, decision: ChangeDecision, read: ReadStates) -> ChangeDecision:
        """Ask about a change of an order that the partner has as cancelled, and that is open in Visma."""
        if read.cancelled_by is None or not decision.edits:
            return decision
        if self.change.is_approved or decision.action is ChangeAction.REJECT:
            return decision
        takes_none = Reason.ORDER_STATUS in decision.codes
        sentence = f"{_named(read.cancelled_by)} and cancelled the order for the partner"
        sentence = f"{sentence}." if takes_none else f"{sentence}; in Visma the order is open again."
        asked = _with(decision, StatedReason(Reason.CANCELLED_FOR_PARTNER, sentence))
        if takes_none:
            return asked
        return replace(asked, action=ChangeAction.PARK, next_step=Reason.CANCELLED_FOR_PARTNER.action, waits_for=None)

    def _refuse_another_type(self, shown: str, types: Sequence[str]) -> None:
        """Park if Visma returns an order of another type than the partner has: Visma finds orders by number alone."""
        if types and shown != types[0]:
            raise Parked(
                f"Visma shows order {self.change.number} of the type {shown}; the ledger has one of the type "
                f"{types[0]} with this number.",
                document=str(self._order),
                next_step=(
                    "Enter the change in the right order in Visma by hand, then: connector changes close "
                    f"{self.change.transaction_id} --reason TEXT"
                ),
                code=Reason.ORDER_TYPE_DIFFERS,
            )

    def _is_begun(self) -> bool:
        """Whether an earlier attempt may have written into the order; without a base the order does not show it."""
        return bool(self._requested) or self.known.begun(self._order) == self.change.transaction_id

    def _read(self) -> tuple[OrderSnapshot, bytes]:
        answer = self._get(self.change.number)
        if answer is None:
            raise self._unseen()
        return self._parsed(answer), answer.raw

    def _get(self, number: str) -> OrderAnswer | None:
        """The order from Visma; None when there is none. Raises as `PurchaseOrders.get_order`, and `Unavailable`.

        An order that Visma refuses to return is retried by itself later.
        """
        try:
            with as_unavailable():
                return self.orders.get_order(number)
        except Parked as problem:
            raise _by_visma(problem) from None

    def _parsed(self, answer: OrderAnswer) -> OrderSnapshot:
        try:
            return read_order_snapshot(answer.raw, company=self.company.name, etag=answer.etag)
        except NotADocument as error:
            raise Unavailable(f"Visma answered something that is no purchase order: {error}") from None
        except Parked as problem:
            # After the order is corrected in Visma, the change goes on by itself.
            raise _by_visma(problem) from None

    def _unseen(self) -> ParkedByVisma | Unavailable:
        """The error for an order that Visma does not return: it may be new, or have another number or company."""
        number, company = self.change.number, self.company.name
        sentence = f"Visma has no purchase order {number} in company {company}."
        document = str(self._order)
        if self.change.failures + 1 < ATTEMPTS_UNSEEN:
            return Unavailable(sentence, document=document)
        transaction = self.change.transaction_id
        close = f"or end it: connector changes close {transaction} --reason TEXT"
        if self.known.newest_known(self._order) is not None:
            sentence = f"Visma no longer has purchase order {number} in company {company}, which the partner was sent."
            check = f"Check visma.company_id and visma.tenant_id of {company} with `connector doctor`"
            return ParkedByVisma(
                sentence, document=document, next_step=f"{check}, {close}", code=Reason.ORDER_NOT_FOUND
            )
        found = self._named_without_suffix()
        if found is not None:
            sentence += f" Order {found} is this partner's."
            confirm = f"If that is meant: connector changes approve {transaction} --order {found}"
            return ParkedByVisma(
                sentence, document=document, next_step=f"{confirm}, {close}", code=Reason.ORDER_NOT_FOUND
            )
        ask = f"Ask the partner which order is meant: connector changes approve {transaction} --order NUMBER"
        return ParkedByVisma(sentence, document=document, next_step=f"{ask}, {close}", code=Reason.ORDER_NOT_FOUND)

    def _named_without_suffix(self) -> str | None:
        """This partner's order whose number is the message's without a suffix (Orderful: some add suffixes)."""
        for number in without_suffix(self.change.number):
            with suppress(Parked, Rejected, Unavailable):
                answer = self._get(number)
                if answer is None:
                    continue
                sender_id = self.change.sender_id or ""
                route_of(self.routing, self.company.name, self._parsed(answer), sender_id=sender_id, stream=self.stream)
                return number
        return None

    def _is_behind_one_that_awaits_visma(self) -> bool:
        """Whether every earlier change that it waits for is parked because of Visma, and so is retried by itself."""
        parked = [one for one in self.others if one.state is ChangeState.PARKED]
        earlier = [one for one in parked if apply_order([one, self.change])[0] is one]
        return bool(earlier) and all(one.awaits_visma for one in earlier)

    def _base(self, route: Route, read: ReadStates) -> PurchaseOrder | None:
        """The order as the partner had it when it wrote the change, found at the first decision; this stays the base.

        Earlier changes of the same partner that were written since are part of it.
        """
        known = read.base
        if self.change.known_sequence is None or self.change.partner != route.partner:
            self._save(known_sequence=known.sequence if known else 0, partner=route.partner)
        elif earlier := {
            one.transaction_id
            for one in self.others
            if one.state is ChangeState.APPLIED and apply_order([one, self.change])[0] is one
        }:
            is_newer = known is not None and known.sequence > self.change.known_sequence
            if known is not None and is_newer and known.state is State.AGREED and known.change_id in earlier:
                self._save(known_sequence=known.sequence)
        with as_unavailable():
            return self.known.content(self._order, self.change.known_sequence or 0)

    def _limit_base(self, sequence: int, base: PurchaseOrder) -> LimitBase | None:
        """The state from which the limits count; None when it is the one that the partner last saw (`sequence`)."""
        decided = self.known.last_decided(self._order, sequence, by_person=self._was_approved)
        if decided is None:
            return LimitBase(None)
        if decided.sequence == sequence:
            return None
        name = f"revision {decided.sequence} of {decided.created_at:%Y-%m-%d}"
        with as_unavailable():
            content = self.known.content(self._order, decided.sequence)
        if content is None or not orderable_lines(base).keys() - orderable_lines(content).keys():
            return LimitBase(content, name)
        added: dict[int, OrderLine] = {}
        for one in self.known.agreed_since(self._order, decided.sequence, until=sequence):
            with as_unavailable():
                after = self.known.content(self._order, one.sequence)
            if after is None:
                return LimitBase(None, f"revision {one.sequence} of {one.created_at:%Y-%m-%d}")
            for number, line in orderable_lines(after).items():
                known = added.get(number)
                if known is None or known.item != line.item:
                    added[number] = line
        return LimitBase(content, name, added)

    def _was_approved(self, transaction_id: str) -> bool:
        change = self.changes.get(self._order, transaction_id)
        return change is not None and change.was_approved

    def _checked_against_others(
        self, decision: ChangeDecision, decided_on: str, types: Sequence[str], repeated: Change | None
    ) -> ChangeDecision:
        """The decision after the checks against other orders with this number and other changes of this order."""
        if self.objection is not None:
            return replace(decision, action=ChangeAction.PARK)
        if len(types) > 1 and not self.change.is_approved and decision.action is not ChangeAction.REJECT:
            shared = f"Several orders have the number {self.change.number}, of the types {' and '.join(types)}."
            return replace(
                decision,
                action=ChangeAction.PARK,
                reason=f"{shared} {decision.reason}" if decision.action is ChangeAction.PARK else shared,
                reasons=(shared, *decision.reasons),
                codes=(Reason.NUMBER_SHARED, *(decision.codes if decision.action is ChangeAction.PARK else ())),
                next_step=f"If it is about the one of the type {types[0]}: {decision.next_step or LOOK}",
                waits_for=None,
            )
        if decision.action is ChangeAction.APPLY and (doubt := self._doubt(decided_on, decision, repeated)) is not None:
            decision = replace(
                decision,
                action=ChangeAction.PARK,
                reason=doubt.sentence,
                codes=(doubt.code,),
                next_step=LOOK,
                waits_for=None,
                awaits_visma=self._is_behind_one_that_awaits_visma(),
            )
        elif (
            decision.action is ChangeAction.PARK
            and (turn := earlier_waits_reason(self.change, self.others)) is not None
        ):
            # The person who approves it sees which change it overtakes.
            first = "Decide about that one first: this one is looked at again when it has ended."
            decision = replace(
                _with(decision, turn), next_step=f"{first} {decision.next_step}" if decision.next_step else first
            )
        if decision.action is ChangeAction.PARK and Reason.MAYBE_REPEATED not in decision.codes:
            repetition = repetition_reason(self.change, self.others)
            return decision if repetition is None else _with(decision, repetition)
        return decision

    def _checked_for_repetition(
        self, decision: ChangeDecision, differences: frozenset[tuple[object, ...]], route: Route, lines: Lines
    ) -> ChangeDecision:
        """Ask about differences of quantity that an earlier message gave as well: written again, they count twice.

        A message that a person closed counts: what it asks for may have been entered by hand.
        """
        is_written = any(edit.number and edit.quantity is not None for edit in decision.edits.lines)
        if not (differences and is_written) or self.change.is_approved or decision.action is ChangeAction.REJECT:
            return decision
        since = self.change.created_at - SAME_DIFFERENCE_WITHIN
        states = {ChangeState.APPLIED: "applied", ChangeState.CLOSED: "closed"}
        ended = (one for one in self.others if one.document == CHANGE and one.state in states)
        for one in apply_order(one for one in ended if one.created_at >= since):
            if (
                Reason.REPEATED_DELTA in decision.codes
                or not self._earlier_differences(one, route, lines) & differences
            ):
                continue
            sentence = (
                f"It changes a line by the same quantity as {one.transaction_id}, which was {states[one.state]} "
                f"{to_the_minute(one.applied_at)}: it may be the same message under another number or date."
            )
            asked = _with(decision, StatedReason(Reason.REPEATED_DELTA, sentence))
            return replace(asked, action=ChangeAction.PARK, next_step=asked.next_step or LOOK)
        return decision

    def _earlier_differences(self, change: Change, route: Route, lines: Lines) -> frozenset[tuple[object, ...]]:
        """The differences of quantity that an earlier message gave; none if it cannot be read any more."""
        with suppress(PayloadLost, NotAChange):
            message = self.changes.message_of(change)
            request = read_change(message, codes=route.changes.codes, price_bases=route.changes.price_bases)
            return self._differences_of(request, route, lines)
        return frozenset()

    def _differences_of(self, request: ChangeRequest, route: Route, lines: Lines) -> frozenset[tuple[object, ...]]:
        quantities = self.change.reading or route.changes.quantities
        return differences_of(request, replace(route.changes, quantities=quantities), lines)

    def _doubt(self, content: str, decision: ChangeDecision, repeated: Change | None) -> StatedReason | None:
        """Why this needs a person although the decision allows it; None when it does not."""
        who = self.change.approved_by
        if who is None:
            doubt = (out_of_sequence_reason if decision.edits else earlier_waits_reason)(self.change, self.others)
            if doubt is not None or repeated is None or not (decision.edits or decision.keeps):
                return doubt
            return StatedReason(
                Reason.MAYBE_REPEATED,
                f"It repeats {repeated.transaction_id} to the letter, and the order was changed in Visma, or sent to "
                "the partner, after that: nobody can tell whether it was sent twice or is meant again.",
            )
        if not decision.edits or self.change.approved_for is None:
            return None
        doubts = [one for one in later_changes(self.change, self.others) if one not in self.change.later]
        if doubts:
            doubts.append(f"{who} approved this without having been shown that.")
        if self.change.approved_for != content:
            by = f", by {', '.join(writers)}" if (writers := self._written_since_compared()) else ""
            doubts.append(f"The order was changed in Visma after the comparison that {who} approved{by}.")
        elif not self._is_as_shown(decision):
            doubts.append(f"It means something else now than what {who} approved: the routing has changed.")
        return StatedReason(Reason.APPROVAL_OUTDATED, " ".join(doubts)) if doubts else None

    def _written_since_compared(self) -> list[str]:
        """Changes of the same sender that were written after the comparison that a person approved."""
        parked = (one.at for one in reversed(self.change.history) if one.state is ChangeState.PARKED)
        shown_at = next(parked, self.change.created_at)
        applied = (one for one in self.others if one.state is ChangeState.APPLIED and one.writes)
        return [one.transaction_id for one in apply_order(applied) if one.applied_at >= shown_at]

    def _still_stands(self, repeated: Change, request: ChangeRequest, ours: OrderSnapshot, route: Route) -> bool:
        """Whether a repetition is harmless: the order has all that the repeated one asked for, and was not sent since.

        After another state of the order was sent to the partner, the same message may be meant again. If an earlier
        attempt wrote this same change, it is no repetition.
        """
        is_own = self.known.is_written(self._order, self.change)
        if is_own or self.known.was_sent_since(self._order, repeated.applied_at):
            return False
        with as_unavailable():
            base = self.known.content(self._order, repeated.known_sequence or 0)
        before = [one for one in self.others if one.applied_at < repeated.applied_at]
        decision = decide(
            self._by_our_numbers(request, base, ours, route, before),
            base=base,
            ours=ours,
            route=route,
            approved=True,
            confirmed=confirmed_places(self.change, self.others),
            reading=repeated.reading,
            taken_on=repeated.ordered_at.date(),
        )
        return decision.action is ChangeAction.APPLY and not (decision.edits or decision.keeps)

    def _by_our_numbers(
        self,
        request: ChangeRequest,
        base: PurchaseOrder | None,
        ours: OrderSnapshot,
        route: Route,
        others: Sequence[Change],
    ) -> ChangeRequest:
        """The message with Visma's numbers of the lines that earlier changes of its sender added."""
        adders = sorted(
            (one for one in others if one.state is ChangeState.APPLIED and one.added), key=lambda one: one.applied_at
        )
        if not adders:
            return request
        earlier = [
            EarlierAddition(line, one.transaction_id, was_sent=self.known.was_sent_since(self._order, one.applied_at))
            for one in adders
            for line in one.added
        ]
        return by_our_numbers(request, Lines(base, ours, route), earlier)

    def _is_as_shown(self, decision: ChangeDecision) -> bool:
        """Whether an approval writes what was shown; without quantities if a person has chosen their reading."""
        named = self.change.reading is not None

        def comparable(differences: Sequence[Difference]) -> list[Difference]:
            return [one for one in differences if not (named and one.field == "quantity")]

        now = comparable(differences_kept(decision.differences))
        return (now, unwritten_kept(decision.unwritten)) == (comparable(self.change.differences), self.change.unwritten)

    def _write(self, ours: OrderSnapshot, edits: Edits, route: Route) -> None:
        body, etag = order_update(edits), ours.etag
        on_hold = self.change.on_hold and ours.status == _ON_HOLD
        if not on_hold and ours.status in route.changes.hold_first and ours.status != _ON_HOLD:
            # Recorded before the write, so that the order is released again after a crash.
            self._save(on_hold=True)
            etag, on_hold = self._put(etag, hold_update(hold=True)), True
        try:
            etag = self._put(etag, body)
        except Rejected as refused:
            if on_hold:
                self._put(etag, hold_update(hold=False))
                self._save(on_hold=False)
            raise Parked(
                refused.sentence,
                document=str(self._order),
                next_step=f"Change the order in Visma by hand and approve this, or reject it; if Visma refuses every "
                f"change of an order that is {ours.status}, set changes.hold_first in the routing file.",
                code=Reason.VISMA_REFUSED,
            ) from None
        if on_hold:
            self._put(etag, hold_update(hold=False))
            self._save(on_hold=False)

    def _take_off_hold(self, ours: OrderSnapshot) -> bool:
        """Release an order that an earlier attempt left on hold."""
        if not self.change.on_hold:
            return False
        if ours.status == _ON_HOLD:
            self._put(ours.etag, hold_update(hold=False))
        self._save(on_hold=False)
        return True

    def _put(self, etag: str, body: dict[str, Any]) -> str:
        with as_unavailable():
            return self.orders.put_order(self.change.number, etag=etag, body=encode(body))

    def _save(self, **changes: Any) -> None:
        changed = msgspec.structs.replace(self.change, **changes)
        self.change = save_claimed(self.changes, changed, until=self.change.claim_until)


@contextmanager
def as_unavailable() -> Iterator[None]:
    """Convert `Transient` into `Unavailable`, which is counted for this change; `Throttled` is passed on.

    Visma answers 500 permanently for an order that it cannot handle, and temporarily for all orders. A single answer
    does not show which case it is.
    """
    try:
        yield
    except (Throttled, Unavailable):
        raise
    except Transient as error:
        raise Unavailable(
            error.sentence, error.document, error.request_id, error.next_step, retry_after=error.retry_after
        ) from None


def _shown(edits: Edits) -> str:
    """What edits come to, for a person."""
    parts = [] if edits.promised_on is None else [f"delivery on {edits.promised_on}"]
    for edit in edits.lines[:_MAX_SHOWN]:
        name = f"line {edit.number}" if edit.number else f"a new line {text_of(edit.item)}"
        values = {"quantity": edit.quantity, "price": edit.price, "day": edit.requested or edit.promised}
        shown = [f"{what} {text_of(value)}" for what, value in values.items() if value is not None]
        parts.append(f"{name} {TAKEN_OUT if edit.operation is Operation.DELETE else ', '.join(shown)}")
    if len(edits.lines) > _MAX_SHOWN:
        parts.append(f"{len(edits.lines) - _MAX_SHOWN} more lines")
    return "; ".join(parts) or "nothing"


def _named(revision: Revision) -> str:
    if revision.state is State.CLOSED:
        return f"A person closed revision {revision.sequence} {to_the_minute(revision.updated_at)}"
    return f"Revision {revision.sequence} was sent {to_the_minute(time_sent(revision))}"


def _by_visma(problem: Parked) -> ParkedByVisma:
    return ParkedByVisma(
        problem.sentence,
        document=problem.document,
        request_id=problem.request_id,
        next_step=problem.next_step,
        field=problem.field,
        code=problem.code,
    )


def _with(decision: ChangeDecision, besides: StatedReason) -> ChangeDecision:
    """The decision to park, with one more reason."""
    return replace(
        decision,
        reason=" ".join(filter(None, (decision.reason, besides.sentence))),
        reasons=(*decision.reasons, besides.sentence),
        codes=(*decision.codes, besides.code),
    )


def differences_kept(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """The differences of a change, at most as many as a record holds; the last one has the number of the others."""
    more = len(differences) - MAX_DIFFERENCES
    if more <= 0:
        return tuple(differences)
    rest = Difference(where=HEADER, field="more", theirs=f"{more + 1} more, see `connector change`")
    return (*differences[: MAX_DIFFERENCES - 1], rest)


def unwritten_kept(unwritten: Sequence[str]) -> tuple[str, ...]:
    """The sentences about what an approval does not write, at most as many as a record holds."""
    sentences = tuple(truncated(one, MAX_UNWRITTEN_LENGTH) for one in unwritten[:MAX_UNWRITTEN])
    more = len(unwritten) - len(sentences)
    return (*sentences, f"And {more} more.") if more else sentences
