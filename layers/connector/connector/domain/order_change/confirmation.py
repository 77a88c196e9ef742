"""What an 860 that only confirms says of an order: nothing is written, and what is not so in Visma is a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.dates import Dates
from connector.domain.order_change.findings import HEADER, Findings, said, titled
from connector.domain.order_change.line_match import Found, Lines
from connector.domain.order_change.notes import Beside
from connector.domain.order_change.parties_and_terms import Content
from connector.domain.order_change.request import Ask, LineRequest
from connector.domain.routing.route import Route

Value = tuple[str, object, object]
"""What is compared, what the message has, and what Visma has."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The order beside what the message confirms of it.

    Attributes:
        has: The order as it stands.
        dates: Which day of a line is the wanted one, and what the header names.
        beside: What is told beside.
    """

    findings: Findings
    lines: Lines
    route: Route
    content: Content
    has: PurchaseOrder
    dates: Dates
    beside: Beside

    def header(self) -> None:
        """Compare the day of the header: every line may have it as its own."""
        asked, ours = self.dates.asked, self.has.promised_on
        days = {self.dates.our_day(one.has) for one in self.lines.all() if one.has is not None}
        if asked is None or asked == ours or days == {asked}:
            return
        self.findings.differs(HEADER, "delivery date", self.dates.base.promised_on, asked, ours)
        self.findings.leaves_out(f"It confirms the delivery date {asked}, and the order has {said(ours)}.")

    def line(self, asked: LineRequest) -> None:
        """Compare one line of the message."""
        found = self.lines.find(asked)
        if isinstance(found, str):
            where = f"line {(asked.line_id or self.lines.name_of(asked))[:40]}"
            self.findings.hears(asked, where=where)
            # A line that is to be gone, and is cancelled or taken out, is as the message says.
            if asked.ask is not Ask.DELETE or not self._is_cancelled(asked):
                self.findings.leaves_out(found, where=where)
            return
        where = f"line {found.number}"
        self.findings.hears(asked, where=where)
        if asked.ask is Ask.DELETE:
            if found.has is not None:
                self.findings.differs(where, "line", _quantity(found.had), "taken out", found.has.quantity)
                self.findings.leaves_out(
                    f"{titled(where)}: the message confirms that it is taken out, and the order has it.", where=where
                )
            return
        if found.has is None:
            self.findings.differs(where, "line", _quantity(found.had), asked.quantity, None)
            self.findings.leaves_out(
                f"{titled(where)}: the message confirms it, and the order has it no longer.", where=where
            )
            return
        self.content.compare(asked.parties, asked.stated, where=where, lines=(found.had, found.has))
        self.beside.item(asked, found, self.lines)
        self.beside.line(asked, where, moves=False)
        for value in self._values(asked, found.has):
            self._differs(where, found, value)

    def _is_cancelled(self, asked: LineRequest) -> bool:
        number = self.lines.number_of(asked)
        return any(line.number == number and line.cancelled for line in self.has.lines)

    def _values(self, asked: LineRequest, has: OrderLine) -> Iterator[Value]:
        """What the line states, beside what Visma has; only what is another value."""
        figures: list[Decimal | None] = [asked.quantity]
        if asked.second_quantity:
            figures.append(asked.second_quantity)
        unit = (
            None if asked.unit is not None and asked.unit == self.route.units.get(has.unit or "") else asked.unit_code
        )
        stated: list[Value] = [
            *(("quantity", figure, has.quantity) for figure in dict.fromkeys(figures)),
            ("unit", unit, has.unit),
            ("price", asked.price, has.unit_price),
            ("wanted day", asked.requested, self.dates.our_day(has)),
            ("promised day", asked.promised, has.promised),
        ]
        return (value for value in stated if value[1] is not None and value[1] != value[2])

    def _differs(self, where: str, found: Found, value: Value) -> None:
        what, asked, has = value
        had = _HAD[what](found.had) if found.had is not None and what in _HAD else None
        self.findings.differs(where, what, had, asked, has)
        self.findings.leaves_out(
            f"{titled(where)}: the message confirms the {what} {said(asked)}, and the order has {said(has)}.",
            where=where,
        )


def _quantity(line: OrderLine | None) -> Decimal | None:
    return None if line is None else line.quantity


_HAD: Mapping[str, Callable[[OrderLine], object]] = {
    "quantity": lambda line: line.quantity,
    "unit": lambda line: line.unit,
    "price": lambda line: line.unit_price,
}
