"""The days of an order that an 860 moves: which day of a line is meant, and which lines go along with the header.

A day in the message is measured against the day that was sent in its place (`wanted_days.py`), and written to the field
of Visma that this day is taken from: `promised` of the line, or `requested` where the setting `line_date` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.edits import LineEdit, Operation
from connector.domain.order_change.findings import HEADER, Findings, said, titled
from connector.domain.order_change.line_match import Found, Lines, orderable_lines
from connector.domain.order_change.request import LineRequest
from connector.domain.reasons import Reason
from connector.domain.routing.route import LineDate
from connector.domain.totals import ZERO
from connector.domain.wanted_days import wanted_day


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of both versions of an order, and the one that the header of the message asks for.

    Attributes:
        base: The order as the partner last saw it.
        ours: The order as Visma has it.
        theirs: The day in the header of the message.
        line_date: Which of Visma's two days of a line is sent as the wanted one.
    """

    base: PurchaseOrder
    ours: PurchaseOrder
    theirs: date | None
    line_date: LineDate

    @property
    def header(self) -> date | None:
        """The day to which the header moves the order; None when it moves nothing."""
        return None if self.theirs == self.base.promised_on else self.theirs

    def base_day(self, line: OrderLine) -> date | None:
        """The day on which the partner was told that a line is wanted."""
        return wanted_day(line, self.base, self.line_date)

    def our_day(self, line: OrderLine) -> date | None:
        """The same as Visma has it."""
        return wanted_day(line, self.ours, self.line_date)

    def of_added(self, theirs: LineRequest) -> tuple[date | None, date | None]:
        """Requested and promised day of an added line: its own, else the one that the header moves to."""
        wanted = theirs.requested or self.header
        if self.line_date is LineDate.REQUESTED:
            return wanted, theirs.promised
        return None, theirs.promised or wanted

    def check_added(self, findings: Findings, theirs: LineRequest, where: str) -> None:
        """Measure the days of an added line against the delivery date of the order: it had no day before.

        An order without one has the days of its lines, of which the nearest counts. A day that is the header's new one
        is checked there.
        """
        for what, day in (("wanted day", theirs.requested), ("promised day", theirs.promised)):
            if day is None or day == self.header:
                continue
            base_date = self.base.promised_on
            if base_date is None:
                days = [one for line in orderable_lines(self.base).values() if (one := self.base_day(line)) is not None]
                base_date = min(days, key=lambda one: (abs(one - day), one), default=None)
            findings.passes(where, what, day)
            if base_date is None or abs(day - base_date) > findings.rules.dates:
                findings.doubt(
                    f"{titled(where)}: the {what} is {day}, further than {findings.rules.dates.days} days from the "
                    f"order's {said(base_date)}.",
                    where=where,
                    code=Reason.DATE_BEYOND_LIMIT,
                )

    def move_header(
        self,
        findings: Findings,
        lines: Lines,
        *,
        taken_out: AbstractSet[int],
        quantities: Mapping[int, Decimal],
    ) -> None:
        """Move the header's day, and with it every line that has the same day in a field of its own.

        A line with another day keeps it, and so does one of which the message names a day itself. A line without a
        day of its own follows the header. With requested days the header means nothing where no line goes by it.

        Args:
            findings: What is recorded.
            lines: The lines of both versions.
            taken_out: Numbers of lines that the message takes out.
            quantities: What the message makes the quantity of a line, by its number.
        """
        base_date, day = self.base.promised_on, self.header
        if day is None:
            if self.theirs is not None and self.theirs != self.ours.promised_on:
                findings.keeps(HEADER, "delivery date", base_date, self.ours.promised_on)
            return
        everyone = [one for one in lines.all() if one.number not in findings.dated | taken_out]
        base = [one.base for one in lines.all() if one.base is not None]
        nobody = bool(base) and base_date is not None and all(self.base_day(line) != base_date for line in base)
        if nobody and self.line_date is LineDate.REQUESTED:
            days = ", ".join(sorted({said(self.base_day(line)) for line in base}))
            findings.leaves_out(
                f"The delivery date {day} of the header moves no line: with `line_date: requested` the lines have "
                f"wanted days of their own, {days}.",
                code=Reason.HEADER_DATE_UNUSED,
            )
            return
        findings.wished_on = day
        is_written = findings.wish(HEADER, "delivery date", base=base_date, theirs=day, ours=self.ours.promised_on)
        if is_written:
            findings.promised_on = day
            findings.moves(HEADER, "delivery date", base_date, day)
        if nobody:
            findings.doubt(
                f"The order: no line has its delivery date {base_date}; the days of the lines stay as they are.",
                code=Reason.HEADER_DATE_UNUSED,
            )
        for one in everyone:
            if one.base is not None and one.ours is not None:
                self._move_line(findings, one, day, quantities.get(one.number), is_checked=is_written)
        others = [one for one in everyone if one.base is not None and one.ours is not None]
        _tell_kept(
            findings,
            f"the date of the header moves the lines that had {said(base_date)}",
            {one.number: own for one in others if (own := self._own(one.base)) not in {base_date, day}},
        )
        unseen = [one for one in everyone if one.base is None]
        _tell_kept(
            findings,
            "the partner was never told of it",
            {one.number: own for one in unseen if (own := self._own(one.ours)) != day},
        )

    @property
    def _field(self) -> str:
        """The field of a line that its wanted day is written to."""
        return "requested" if self.line_date is LineDate.REQUESTED else "promised"

    def _own(self, line: OrderLine | None) -> date | None:
        """The day of a line in a field of its own; None where it has that of the header."""
        own: date | None = getattr(line, self._field, None)
        return own

    def _move_line(
        self, findings: Findings, line: Found, day: date, quantity: Decimal | None, *, is_checked: bool
    ) -> None:
        base, ours, base_date, where = line.base, line.ours, self.base.promised_on, f"line {line.number}"
        if base_date is None or base is None or ours is None or getattr(base, self._field) != base_date:
            return
        stored = getattr(ours, self._field)
        received = line.facts.received if line.facts else ZERO
        if line.facts is not None and line.facts.closed and stored != day:
            findings.leaves_out(
                f"Line {line.number} is closed in Visma and keeps its day {said(stored)}.",
                where=where,
                code=Reason.LINE_CLOSED,
            )
            return
        if 0 < (ours.quantity if quantity is None else quantity) <= received and stored != day:
            findings.leaves_out(
                f"Line {line.number} was received in full ({said(received)}) and keeps its day {said(stored)}.",
                where=where,
                code=Reason.LINE_RECEIVED,
            )
            return
        edit = replace(LineEdit(operation=Operation.UPDATE, number=line.number), **{self._field: day})
        findings.wishes.append(edit)
        findings.wish(where, "wanted day", base=base_date, theirs=day, ours=stored)
        if stored != day:
            findings.edits.append(edit)
            if not is_checked:
                findings.moves(where, "wanted day", base_date, day)
            if received > 0:
                findings.remark(part_received(where, received, base_date, day))


def part_received(where: str, received: Decimal, base: date | None, theirs: date) -> str:
    """Tells that a new day is that of the rest of a line."""
    return (
        f"{titled(where)}: {said(received)} were received already; the day of the rest moves from {said(base)} to "
        f"{said(theirs)}."
    )


def _tell_kept(findings: Findings, why: str, kept: Mapping[int, date | None]) -> None:
    """Tell which lines do not go along with the header, by the day that they keep."""
    for one in sorted({day for day in kept.values() if day is not None}):
        numbers = [str(number) for number, day in kept.items() if day == one]
        named = f"Line {numbers[0]} keeps" if len(numbers) == 1 else f"Lines {', '.join(numbers)} keep"
        findings.remark(f"{named} the day {one}: {why}.")
