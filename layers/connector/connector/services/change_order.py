"""One change on its way into one order: rounds of reading, deciding and writing.

    read the order (ETag) -> decide -> reserve -> PUT If-Match -> read again -> what the partner knows

Every round starts from the order as it stands and asks for absolute values, so a round after a 412, a lost answer or a
crash finds what was written already and asks for no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from connector.domain.change_decision import LOOK, Decision, Difference, Verdict, decide
from connector.domain.change_edits import NO_EDITS, Edits
from connector.domain.changes import Change, ChangeState, out_of_sequence_reason
from connector.domain.documents import DocumentKey, PurchaseOrder
from connector.domain.errors import Parked, Rejected, Transient
from connector.domain.revisions import revision_id
from connector.domain.routes import Company, Route
from connector.domain.routing import Routing
from connector.domain.standing_order import StandingOrder
from connector.domain.transactions import Stream
from connector.domain.words import clipped
from connector.edi.change.read import read_change
from connector.edi.visma.order_update import encode, hold_update, order_update
from connector.edi.visma.read import NotADocument
from connector.edi.visma.standing_order import read_standing_order
from connector.services.change_ports import Changes, OrderDesk, Rounds
from connector.services.change_route import route_of
from connector.services.claimed import save_claimed
from connector.services.known_revisions import KnownRevisions
from connector.services.ports import Clock, Deadline, Metric, Telemetry

MOST_DIFFERENCES = 200
"""Differences of one change that are kept with it."""

MOST_UNWRITTEN = 20
"""Sentences about what an approval does not write that are kept with a change."""

LONGEST_UNWRITTEN = 300
"""Characters of one of them."""

APPLIED_AS_IS = Decision(Verdict.APPLY)
"""Nothing to write and nothing to show."""

_ON_HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a change ends, and why."""

    state: ChangeState
    reason: str | None = None
    next_step: str | None = None
    waits_for: str | None = None
    decision: Decision = APPLIED_AS_IS
    decided_on: str | None = None


@dataclass(slots=True)
class OrderChange:
    """The work on one change; `change` is its record as last written.

    Attributes:
        message: The 860 as it arrived.
        others: What else its sender sent about the order.
        objection: Why no rule may decide it, whatever it asks.
        rounds: Does the work again after a 412 or a lost answer.
    """

    change: Change
    message: Any
    others: Sequence[Change]
    objection: str | None
    company: Company
    routing: Routing
    orders: OrderDesk
    known: KnownRevisions
    changes: Changes
    clock: Clock
    telemetry: Telemetry
    stream: Stream
    deadline: Deadline
    rounds: Rounds
    _wished: Edits = NO_EDITS

    def run(self) -> Ending:
        """Decide and write.

        Raises:
            Parked, Rejected: as named.
            Conflict, UnknownOutcome: still after the last round.
            Transient, Throttled, Misconfigured: it has to be done again later.
            NotAChange: the message is no 860.
        """
        try:
            return self.rounds(
                self._round,
                deadline=self.deadline,
                before_again=lambda: self.telemetry.count(Metric.CHANGE_CONFLICTS),
            )
        except (Parked, Rejected):
            self.known.drop(self._order, self.change)
            raise

    def give_up(self) -> str | None:
        """Leave the order and the ledger as if nobody had tried; gives what is left for a person to do, if anything."""
        self.known.drop(self._order, self.change)
        with suppress(Exception):  # whatever keeps it on hold: the person is told
            if self.change.on_hold:
                has, _ = self._read()
                self._take_off_hold(has)
        if self.change.on_hold:
            return f"Release order {self.change.number} from hold in Visma, then approve this or reject it."
        return None

    @property
    def _order(self) -> DocumentKey:
        return DocumentKey.of_order(self.company.name, self.change.number)

    def _round(self) -> Ending:
        has, raw = self._read()
        sender_id = self.change.sender_id or ""
        try:
            route = route_of(self.routing, self.company.name, has, sender_id=sender_id, stream=self.stream)
        except (Parked, Rejected):
            # It may have become another partner's between two rounds, and be on hold from the first.
            self._take_off_hold(has)
            raise
        had = self._had(route)
        request = read_change(self.message, codes=route.changes.codes)
        approved = self.change.approved_by is not None
        decision = decide(request, had=had, has=has, route=route, approved=approved, reading=self.change.reading)
        decided_on = revision_id(has.content)
        if self.objection is not None:
            decision = replace(decision, verdict=Verdict.PARK)
        elif decision.verdict is Verdict.APPLY and decision.edits:
            doubt = self._doubt(decided_on, decision)
            if doubt is not None:
                decision = replace(decision, verdict=Verdict.PARK, reason=doubt, next_step=LOOK)
        if decision.verdict is not Verdict.APPLY:
            self._take_off_hold(has)
            self.known.drop(self._order, self.change)
            state = ChangeState.PARKED if decision.verdict is Verdict.PARK else ChangeState.REJECTED
            return Ending(state, decision.reason, decision.next_step, decision.waits_for, decision, decided_on)
        if decision.closes and not self._is_begun():
            self._take_off_hold(has)
            self.known.drop(self._order, self.change)
            reason = f"Nothing of it is written: {' '.join(decision.unwritten)}"
            return Ending(ChangeState.CLOSED, reason, decision=decision, decided_on=decided_on)
        # Where nobody knows what the partner saw, a person has looked at the order as it is now.
        before = had or has.content
        # After a lost answer a line that the partner had not seen at first looks as if nothing had been asked of it.
        self._wished = decision.wishes or self._wished
        if decision.edits:
            self.known.reserve(self._order, self.change)
            self._write(has, decision.edits, route)
            has, raw = self._read()
        elif self._take_off_hold(has):
            has, raw = self._read()
        self.known.settle(
            self._order,
            self.change,
            had=before,
            wishes=self._wished,
            after=has,
            raw=raw,
            notes=route.notes,
            is_all=not decision.unwritten,
        )
        return Ending(ChangeState.APPLIED, decision=decision, decided_on=decided_on)

    def _is_begun(self) -> bool:
        """Whether an earlier try may have written into the order, which does not show where nobody knows the base."""
        return bool(self._wished) or self.known.begun(self._order) == self.change.transaction_id

    def _read(self) -> tuple[StandingOrder, bytes]:
        answer = self.orders.get_order(self.change.number)
        if answer is None:
            raise Rejected(
                f"Visma has no purchase order {self.change.number} in company {self.company.name}.",
                document=str(self._order),
            )
        try:
            return read_standing_order(answer.raw, company=self.company.name, etag=answer.etag), answer.raw
        except NotADocument as error:
            raise Transient(f"Visma answered something that is no purchase order: {error}") from None

    def _had(self, route: Route) -> PurchaseOrder | None:
        """The order as the partner last saw it when the change was first looked at; that stays the measure."""
        if self.change.known_sequence is None or self.change.partner != route.partner:
            known = self.known.newest_known(self._order)
            self._save(known_sequence=known.sequence if known else 0, partner=route.partner)
        return self.known.content(self._order, self.change.known_sequence or 0)

    def _doubt(self, content: str, decision: Decision) -> str | None:
        """Why this must not be written now, although the decision allows it."""
        if self.change.approved_by is None:
            return out_of_sequence_reason(self.change, self.others)
        if self.change.approved_for not in {None, content}:
            return f"The order was changed in Visma after {self.change.approved_by} had approved this."
        if self.change.approved_for is not None and not self._is_as_shown(decision):
            return f"It means something else now than what {self.change.approved_by} approved: the routing has changed."
        return None

    def _is_as_shown(self, decision: Decision) -> bool:
        """Whether an approval writes what was shown; quantities are left out where a person has named their reading."""
        named = self.change.reading is not None

        def compared(differences: Sequence[Difference]) -> list[Difference]:
            return [one for one in differences if not (named and one.field == "quantity")]

        now = compared(decision.differences[:MOST_DIFFERENCES])
        return (now, kept(decision.unwritten)) == (compared(self.change.differences), self.change.unwritten)

    def _write(self, has: StandingOrder, edits: Edits, route: Route) -> None:
        body, etag = order_update(edits), has.etag
        held = self.change.on_hold and has.status == _ON_HOLD
        if not held and has.status in route.changes.hold_first and has.status != _ON_HOLD:
            # Noted before it is done: after a crash somebody has to release the order again.
            self._save(on_hold=True)
            etag, held = self._put(etag, hold_update(hold=True)), True
        try:
            etag = self._put(etag, body)
        except Rejected as refused:
            if held:
                self._put(etag, hold_update(hold=False))
                self._save(on_hold=False)
            raise Parked(
                refused.sentence,
                document=str(self._order),
                next_step=f"Change the order in Visma by hand and approve this, or reject it; if Visma refuses every "
                f"change of an order that is {has.status}, set changes.hold_first in the routing file.",
            ) from None
        if held:
            self._put(etag, hold_update(hold=False))
            self._save(on_hold=False)

    def _take_off_hold(self, has: StandingOrder) -> bool:
        """Release an order that an earlier try left on hold."""
        if not self.change.on_hold:
            return False
        if has.status == _ON_HOLD:
            self._put(has.etag, hold_update(hold=False))
        self._save(on_hold=False)
        return True

    def _put(self, etag: str, body: dict[str, Any]) -> str:
        return self.orders.put_order(self.change.number, etag=etag, body=encode(body))

    def _save(self, **changes: Any) -> None:
        changed = msgspec.structs.replace(self.change, **changes)
        self.change = save_claimed(self.changes, changed, until=self.change.claim_until)


def kept(unwritten: Sequence[str]) -> tuple[str, ...]:
    """What an approval does not write, as much of it as a record holds."""
    sentences = tuple(clipped(one, LONGEST_UNWRITTEN) for one in unwritten[:MOST_UNWRITTEN])
    more = len(unwritten) - len(sentences)
    return (*sentences, f"And {more} more.") if more else sentences
