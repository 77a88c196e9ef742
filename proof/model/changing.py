"""Invariants of 860s: apply order, duplicates, validation, and the written values.

They are checked against the messages of partners and the statuses of Orderful; of the records only the state is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

_STANDING = frozenset(ChangeState) - {ChangeState.REFUSED, ChangeState.REJECTED, ChangeState.RECORDED}

MAX_PREDECESSOR_WAIT = timedelta(minutes=10)
"""How long an 860 waits for its predecessor by BCH05."""


@dataclass(slots=True)
class Changing:
    """Checks every write of an 860 and every change of its record."""

    changes: RecordedChanges
    inbound: Inbound
    receivers: Receivers
    clock: ManualClock
    _shown: dict[str, Request] = field(default_factory=dict)

    def written(
        self, change: Change, written: Mapping[str, Any], *, had: Sequence[View], items: Mapping[int, str]
    ) -> list[str]:
        """Violations of a write into the order.

        Args:
            change: The record of the 860.
            written: The PUT.
            had: The content that the partner had, or may have had, when it wrote the 860.
            items: The item on each line of the order.
        """
        name, request = change.transaction_id, self._request(change)
        found = [
            f"{value} was written into {place} of {request.order}, and {name} does not ask for it."
            for place, value in places(written).items()
            if any(value not in _asked_for(place, request, view, items) for view in had)
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
        return [*found, *self._too_early(change, request)]

    def over_another_value(self, change: Change, *, had: Sequence[View], before: View, now: View) -> Iterator[str]:
        """Violations of a write by the rules over a value that the partner did not have, or may not have had.

        Args:
            change: The record of the 860.
            had: The content that the partner had, or may have had, when it wrote the 860.
            before: The content of the order before the write.
            now: The content after it.
        """
        for item in before.keys() | now.keys():
            stood, said = before.get(item, NOTHING), now.get(item, NOTHING)
            for part in ("quantity", "price"):
                value = getattr(stood, part)
                if value == getattr(said, part):
                    continue
                if any(getattr(view.get(item, NOTHING), part) != value for view in had):
                    yield (
                        f"{change.transaction_id} changed the {part} of {item} from {value}, which its sender did not "
                        "have, or may not have had."
                    )

    def recorded(self, change: Change, *, owner: str | None) -> list[str]:
        """Violations of a change of a record.

        Args:
            change: The new record.
            owner: The ISA id of the order's partner when the order was last read; None when it was not read.
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

    def _too_early(self, change: Change, request: Request) -> Iterator[str]:
        """A violation when it is written although its predecessor may still arrive."""
        if (request.sequence or 1) == 1 or request.filed_at is None:
            return
        before = (self._request(one).sequence or 1 for one in self._own(change, *ChangeState))
        waited = self.clock.now() - request.filed_at
        if waited < MAX_PREDECESSOR_WAIT and request.sequence not in {number + 1 for number in before}:
            yield f"{change.transaction_id} was written {waited} after it came; number {request.sequence} has to wait."

    def _own(self, change: Change, *states: ChangeState) -> list[Change]:
        """Other changes of this order by the same partner."""
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
    """The values that a request has for a field of the order; none for a field that it does not change."""
    line, _, name = place.partition(" ")
    if not name:
        return {_written(request.day)} if place == "promisedOn" else set()
    requested_lines = [
        requested for requested in request.in_view_of(had).requested_lines if str(requested.line) == line
    ]
    if name == "orderQty":
        return {requested.quantity for requested in requested_lines}
    if name == "unitCost":
        return {float(requested.price) for requested in requested_lines if requested.price is not None}
    if name != "promised":
        return set()
    days = {_written(requested.day) for requested in requested_lines}
    header, item = had.get(HEADER, NOTHING).day, items.get(int(line), "")
    if header is None or had.get(item, NOTHING).day == header:
        days.add(_written(request.day))
    return days - {None}


def _written(day: Any) -> str | None:
    return None if day is None else f"{day}T00:00:00"
