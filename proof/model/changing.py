"""What must hold of every 860: its turn, its repetitions, Orderful's word on it, and what of it is written.

Everything is told from what partners sent and what Orderful says of it; the records are only asked how they ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connector.domain.inbound import Validation
from connector.domain.order_change.record import CHANGE, Change, ChangeState
from proof.model.asking import HEADER, NOTHING, Request, View
from proof.model.orderful import Inbound
from proof.model.partner import Receivers
from proof.model.stores import RecordedChanges
from proof.model.visma import places
from testkit.memory.effects import ManualClock

_STANDING = frozenset(ChangeState) - {ChangeState.REJECTED, ChangeState.RECORDED}

PATIENCE = timedelta(minutes=10)
"""How long an 860 waits for the one whose BCH05 comes before its own."""


@dataclass(slots=True)
class Changing:
    """Looks at every 860 that is written and at every record that says how one ended."""

    changes: RecordedChanges
    inbound: Inbound
    receivers: Receivers
    clock: ManualClock
    _shown: dict[str, Request] = field(default_factory=dict)

    def written(self, change: Change, written: Mapping[str, Any], *, had: View, items: Mapping[int, str]) -> list[str]:
        """What is wrong with writing this into the order now.

        Args:
            change: The record of the 860.
            written: The PUT.
            had: The order as the partner had it when the 860 was first looked at.
            items: The item on each line of the order.
        """
        name, request = change.transaction_id, self._request(change)
        found = [
            f"{value} was written into {place} of {request.order}, and {name} does not ask for it."
            for place, value in places(written).items()
            if value not in _asked_for(place, request, had, items)
        ]
        if change.approved_by:
            shown = self._shown.get(name)
            if shown is not None and shown.content != request.content:
                found.append(f"{name} was written with another message than its approver was shown.")
            said = " ".join(change.later)
            later = (one for one in self._own(change, *_STANDING) if self._request(one).is_newer(request))
            found += [
                f"{name} was written, and its approver was not shown the later {one.transaction_id}."
                for one in later
                if one.transaction_id not in said
            ]
            return found
        validation = self._validation(change)
        if validation is not Validation.VALID:
            found.append(f"{name} was written although Orderful had it as {validation}.")
        for other in self._own(change, ChangeState.APPLIED):
            theirs = self._request(other)
            if theirs.is_newer(request):
                found.append(f"{name} was written over the newer {other.transaction_id}.")
            if theirs.content == request.content:
                found.append(f"{name} was written although it repeats {other.transaction_id}.")
        return [*found, *self._haste(change, request)]

    def recorded(self, change: Change, *, owner: str | None) -> list[str]:
        """What is wrong with this step of an 860.

        Args:
            change: The record as it was written just now.
            owner: The ISA id of the partner whose order it was when it was last read; None when it never was.
        """
        if change.document != CHANGE:
            return []
        name, request = change.transaction_id, self._request(change)
        found: list[str] = []
        if change.state is ChangeState.PARKED:
            self._shown[name] = request
        is_by_rules = change.state is ChangeState.APPLIED and change.decided_by == "rules"
        if is_by_rules and self._validation(change) is not Validation.VALID:
            found.append(f"{name} is APPLIED although Orderful has it as {self._validation(change)}.")
        if is_by_rules:
            found += [
                f"{name} is APPLIED, and the earlier {one.transaction_id}, which it may take back, waits for a person."
                for one in self._own(change, ChangeState.PARKED)
                if request.is_newer(self._request(one))
            ]
        if change.state is ChangeState.RECORDED:
            same = (self._request(one).content == request.content for one in self._own(change, ChangeState.APPLIED))
            if not any(same):
                found.append(f"{name} is RECORDED, and nothing that was applied says the same.")
        if change.sender_id != owner:
            return found
        if change.state is ChangeState.REFUSED and change.is_refused_outright:
            found.append(f"{name} of the order's own partner was refused without asking anybody: {change.reason}")
        if change.state in {ChangeState.PARKED, ChangeState.RECORDED}:
            strangers = (one for one in self._of_order(change) if one.sender_id != owner)
            found += [
                f"{name} is {change.state} because of {one.transaction_id} of {one.sender_id}: {change.reason}"
                for one in strangers
                if one.transaction_id in (change.reason or "")
            ]
        return found

    def _haste(self, change: Change, request: Request) -> Iterator[str]:
        """It is written before its turn: the partner's one before it may still come."""
        if (request.sequence or 1) == 1 or request.filed_at is None:
            return
        before = (self._request(one).sequence or 1 for one in self._own(change, *ChangeState))
        waited = self.clock.now() - request.filed_at
        if waited < PATIENCE and request.sequence not in {number + 1 for number in before}:
            yield f"{change.transaction_id} was written {waited} after it came; number {request.sequence} has to wait."

    def _own(self, change: Change, *states: ChangeState) -> list[Change]:
        """Other changes that the same partner asked for of this order."""
        own = (one for one in self._of_order(change) if one.sender_id == change.sender_id)
        return [one for one in own if one.state in states]

    def _of_order(self, change: Change) -> list[Change]:
        of_order = (one for one in self.changes.all() if one.number == change.number and one.document == CHANGE)
        return [one for one in of_order if one.transaction_id != change.transaction_id]

    def _request(self, change: Change) -> Request:
        return self.receivers.request(change.transaction_id)

    def _validation(self, change: Change) -> Validation:
        return self.inbound.validation[self.receivers.number_of(change.transaction_id)]


def _asked_for(place: str, request: Request, had: View, items: Mapping[int, str]) -> set[Any]:
    """What a request puts into a place of the order; nothing for a place that it says nothing of."""
    line, _, name = place.partition(" ")
    if not name:
        return {_written(request.day)} if place == "promisedOn" else set()
    wishes = [wish for wish in request.in_view_of(had).wishes if str(wish.line) == line]
    if name == "orderQty":
        return {wish.quantity for wish in wishes}
    if name == "unitCost":
        return {float(wish.price) for wish in wishes if wish.price is not None}
    if name != "promised":
        return set()
    days = {_written(wish.day) for wish in wishes}
    header, item = had.get(HEADER, NOTHING).day, items.get(int(line), "")
    if header is None or had.get(item, NOTHING).day == header:
        days.add(_written(request.day))
    return days - {None}


def _written(day: Any) -> str | None:
    return None if day is None else f"{day}T00:00:00"
