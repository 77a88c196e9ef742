"""The limits of a partner (`ChangeRules`), and the state of the order from which they count.

They count from the last state that we ourselves decided: one that we sent, or one that a person approved. Changes that
the rules applied since then are inside the limits only all together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.edits import Edits, Operation
from connector.domain.order_change.line_match import orderable_lines
from connector.domain.routing.route import LineDate
from connector.domain.totals import ZERO
from connector.domain.wanted_days import wanted_day


@dataclass(frozen=True, slots=True)
class LimitBase:
    """The last state of the order that we sent, or that a person approved.

    Attributes:
        content: The order in that state; None when it is no longer kept.
        name: What people call the state (`revision 3 of 2026-11-02`); empty when it is not known which one it is.
        added: The lines that the partner had added since, by number, each as it was when it was added.
    """

    content: PurchaseOrder | None
    name: str = ""
    added: Mapping[int, OrderLine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Start:
    """The values from which the limits count.

    Attributes:
        order: The order in the state from which they count.
        base: The order as the partner last saw it; changes that the rules applied lie between the two.
        line_date: Which of Visma's two days of a line is the wanted one.
        new: The lines that were added between the two, by number, each as it was when it was added.
    """

    order: PurchaseOrder
    base: PurchaseOrder
    line_date: LineDate
    new: Mapping[int, OrderLine] = field(default_factory=dict)

    def line(self, base: OrderLine) -> OrderLine:
        """The line of `base` as it was at the start, or when it was added since."""
        return self._kept().get(base.number) or self._as_added(base) or base

    def _as_added(self, base: OrderLine) -> OrderLine | None:
        line = self.new.get(base.number)
        return line if line is not None and line.item == base.item else None

    def wanted_day(self, base: OrderLine) -> date | None:
        """The wanted day of the line of `base` at the start."""
        line = self._kept().get(base.number) or self._as_added(base)
        return wanted_day(base, self.base, self.line_date) if line is None else self.day_of(line)

    def day_of(self, line: OrderLine) -> date | None:
        """The wanted day of a line of the order at the start."""
        return wanted_day(line, self.order, self.line_date)

    def amount(self) -> Decimal:
        """Quantity x price of all lines of the order at the start."""
        return _amount(orderable_lines(self.order))

    def added(self, edits: Edits) -> Decimal:
        """What is added since the start, with what `edits` add, beside what other lines are raised by.

        It is 0 without added lines, where each line has its own limit, and where `edits` raise nothing.
        """
        kept = self._kept()
        since = {number: line for number, line in orderable_lines(self.base).items() if number not in kept}
        changed = {
            edit.number for edit in edits.lines if edit.quantity is not None or edit.price is not None
        } & since.keys()
        inserts = any(edit.operation is Operation.INSERT for edit in edits.lines)
        if not (changed or inserts) and not (since and self._moves(edits, up=True)):
            return ZERO
        values = {number: (line.quantity, line.unit_price) for number, line in since.items()}
        more = ZERO
        for edit in edits.lines:
            if edit.operation is Operation.INSERT:
                more += (edit.quantity or ZERO) * (edit.price or ZERO)
            elif edit.operation is Operation.DELETE:
                values.pop(edit.number or 0, None)
            elif edit.number in values:
                quantity, price = values[edit.number]
                values[edit.number] = (
                    quantity if edit.quantity is None else edit.quantity,
                    price if edit.price is None else edit.price,
                )
        return sum((quantity * price for quantity, price in values.values()), more) + self._moved(edits, up=True)

    def removed(self, edits: Edits) -> Decimal:
        """What is taken out since the start, with what `edits` take out, beside what other lines are lowered by.

        It is 0 without lines taken out, where each line has its own limit, and where `edits` lower nothing.
        """
        out = _deleted(edits)
        if not out and not self._moves(edits, up=False):
            return ZERO
        kept, start = self._kept(), orderable_lines(self.order)
        gone = {number: line for number, line in start.items() if number in out or number not in kept}
        return _amount(gone) + self._moved(edits, up=False) if gone else ZERO

    def _moves(self, edits: Edits, *, up: bool) -> bool:
        """Whether `edits` raise, or lower, the quantity of a line."""
        base = orderable_lines(self.base)
        return any(
            edit.quantity is not None
            and edit.number in base
            and edit.quantity != base[edit.number].quantity
            and (edit.quantity > base[edit.number].quantity) is up
            for edit in edits.lines
        )

    def _moved(self, edits: Edits, *, up: bool) -> Decimal:
        """What the quantities of the lines that stay are raised, or lowered, by since the start, at the prices then."""
        asked = {edit.number: edit.quantity for edit in edits.lines if edit.quantity is not None}
        base, out, total = orderable_lines(self.base), _deleted(edits), ZERO
        for number, line in sorted(self._kept().items()):
            if number not in out:
                moved = asked.get(number, base[number].quantity) - line.quantity
                total += max(moved if up else -moved, ZERO) * line.unit_price
        return total

    def unpriced(self, edits: Edits) -> list[int]:
        """Numbers of the lines that `edits` take out and that had no price, so that their amount says nothing."""
        out = _deleted(edits)
        start = {**orderable_lines(self.base), **orderable_lines(self.order)}
        return sorted(number for number, line in start.items() if number in out and not line.unit_price)

    def gone(self, item: str | None) -> list[OrderLine]:
        """The lines of the start with this item that were taken out since."""
        kept = self._kept()
        lines = sorted(orderable_lines(self.order).items())
        return [line for number, line in lines if number not in kept and item is not None and line.item == item]

    def _kept(self) -> Mapping[int, OrderLine]:
        """The lines of the start that `base` has with the same item."""
        base = orderable_lines(self.base)
        return {
            number: line
            for number, line in orderable_lines(self.order).items()
            if number in base and base[number].item == line.item
        }


def _deleted(edits: Edits) -> set[int | None]:
    """Numbers of the lines that `edits` take out."""
    return {edit.number for edit in edits.lines if edit.operation is Operation.DELETE}


def _amount(lines: Mapping[int, OrderLine]) -> Decimal:
    return sum((line.quantity * line.unit_price for _, line in sorted(lines.items())), ZERO)
