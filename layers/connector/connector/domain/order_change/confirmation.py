"""Compares an 860 that only confirms an order with that order. Nothing is written; a difference is a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.dates import Dates
from connector.domain.order_change.findings import HEADER, TAKEN_OUT, Findings, text_of, titled
from connector.domain.order_change.line_match import Found, Lines
from connector.domain.order_change.notes import Asides
from connector.domain.order_change.parties_and_terms import Content
from connector.domain.order_change.request import Ask, LineRequest
from connector.domain.reasons import Reason
from connector.domain.routing.route import Route

Value = tuple[str, object, object]
"""Name of the field, the message's value, Visma's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Compares the order with what the message confirms.

    Attributes:
        ours: The order as it is in Visma.
        dates: Which day of a line is the wanted one, and what the header names.
        asides: Collects notes, references and names of items.
    """

    findings: Findings
    lines: Lines
    route: Route
    content: Content
    ours: PurchaseOrder
    dates: Dates
    asides: Asides

    def header(self) -> None:
        """Compare the day of the header. It also agrees if every line has this day."""
        theirs, our_date = self.dates.theirs, self.ours.promised_on
        days = {self.dates.our_day(one.ours) for one in self.lines.all() if one.ours is not None}
        if theirs is None or theirs == our_date or days == {theirs}:
            return
        self.findings.add_difference(
            HEADER, "delivery date", base=self.dates.base.promised_on, theirs=theirs, ours=our_date
        )
        self.findings.add_unwritten(
            f"It confirms the delivery date {theirs}, and the order has {text_of(our_date)}.",
            code=Reason.CONFIRMATION_DIFFERS,
        )

    def line(self, theirs: LineRequest) -> None:
        """Compare one line of the message."""
        found = self.lines.find(theirs)
        if isinstance(found, str):
            where = f"line {(theirs.line_id or self.lines.name_of(theirs))[:40]}"
            self.findings.take_questions(theirs, where=where)
            # The message says that the line is taken out, and it is cancelled or gone: that agrees.
            if theirs.ask is not Ask.DELETE or not self._is_cancelled(theirs):
                self.findings.add_unwritten(found, where=where, code=Reason.LINE_NOT_FOUND)
            return
        where = f"line {found.number}"
        self.findings.take_questions(theirs, where=where)
        if theirs.ask is Ask.DELETE:
            if found.ours is not None:
                self.findings.add_difference(
                    where, "line", base=_quantity(found.base), theirs=TAKEN_OUT, ours=found.ours.quantity
                )
                self.findings.add_unwritten(
                    f"{titled(where)}: the message confirms that it is taken out, and the order has it.",
                    where=where,
                    code=Reason.CONFIRMATION_DIFFERS,
                )
            return
        if found.ours is None:
            self.findings.add_difference(where, "line", base=_quantity(found.base), theirs=theirs.quantity, ours=None)
            self.findings.add_unwritten(
                f"{titled(where)}: the message confirms it, and the order has it no longer.",
                where=where,
                code=Reason.CONFIRMATION_DIFFERS,
            )
            return
        self.content.compare(theirs.parties, theirs.stated, where=where, lines=(found.base, found.ours))
        self.asides.item(theirs, found, self.lines)
        self.asides.line(theirs, where, moves=False)
        for value in self._values(theirs, found.ours):
            self._differs(where, found, value)

    def _is_cancelled(self, theirs: LineRequest) -> bool:
        number = self.lines.number_of(theirs)
        return any(line.number == number and line.cancelled for line in self.ours.lines)

    def _values(self, theirs: LineRequest, ours: OrderLine) -> Iterator[Value]:
        """The values of the line that differ from Visma's."""
        figures: list[Decimal | None] = [theirs.quantity]
        if theirs.second_quantity:
            figures.append(theirs.second_quantity)
        unit = None if self.route.is_unit(ours.unit, theirs.unit) else theirs.unit_code
        stated: list[Value] = [
            *(("quantity", figure, ours.quantity) for figure in dict.fromkeys(figures)),
            ("unit", unit, ours.unit),
            ("price", theirs.price, ours.unit_price),
            ("wanted day", theirs.requested, self.dates.our_day(ours)),
            ("promised day", theirs.promised, ours.promised),
        ]
        return (value for value in stated if value[1] is not None and value[1] != value[2])

    def _differs(self, where: str, found: Found, value: Value) -> None:
        what, theirs, ours = value
        base = _BASE_VALUES[what](found.base) if found.base is not None and what in _BASE_VALUES else None
        self.findings.add_difference(where, what, base=base, theirs=theirs, ours=ours)
        self.findings.add_unwritten(
            f"{titled(where)}: the message confirms the {what} {text_of(theirs)}, and the order has {text_of(ours)}.",
            where=where,
            code=Reason.CONFIRMATION_DIFFERS,
        )


def _quantity(line: OrderLine | None) -> Decimal | None:
    return None if line is None else line.quantity


_BASE_VALUES: Mapping[str, Callable[[OrderLine], object]] = {
    "quantity": lambda line: line.quantity,
    "unit": lambda line: line.unit,
    "price": lambda line: line.unit_price,
}
