"""The days that an 860 changes: which day of a line is meant, and which lines move with the header.

A day in the message is compared with the day that was sent to the partner (`wanted_days.py`). It is written to the
Visma
field from which that day was read: `promised` of the line, or `requested` if the setting `line_date` says so.
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
from connector.domain.order_change.findings import HEADER, Findings, text_of, titled
from connector.domain.order_change.line_match import Found, Lines, orderable_lines
from connector.domain.order_change.request import LineRequest
from connector.domain.reasons import Reason
from connector.domain.routing.route import LineDate
from connector.domain.totals import ZERO
from connector.domain.wanted_days import wanted_day


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of both versions of an order, and the day in the header of the message.

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
        """The day to which the header moves the order; None when it does not move it."""
        return None if self.theirs == self.base.promised_on else self.theirs

    def base_day(self, line: OrderLine) -> date | None:
        """The wanted day of a line that was sent to the partner."""
        return wanted_day(line, self.base, self.line_date)

    def our_day(self, line: OrderLine) -> date | None:
        """The wanted day of a line in Visma now."""
        return wanted_day(line, self.ours, self.line_date)

    def of_added(self, theirs: LineRequest) -> tuple[date | None, date | None]:
        """Requested and promised day of an added line: its own, else the new day of the header."""
        wanted = theirs.requested or self.header
        if self.line_date is LineDate.REQUESTED:
            return wanted, theirs.promised
        return None, theirs.promised or wanted

    def check_added(self, findings: Findings, theirs: LineRequest, where: str) -> None:
        """Compare the days of an added line with the delivery date of the order.

        An order without a delivery date has the days of its lines; the nearest one counts. The new day of the header
        is checked by `move_header`.
        """
        for what, day in (("wanted day", theirs.requested), ("promised day", theirs.promised)):
            if day is None or day == self.header:
                continue
            start = findings.start
            base_date = start.order.promised_on
            if base_date is None:
                lines = orderable_lines(start.order).values()
                days = [one for line in lines if (one := start.day_of(line)) is not None]
                base_date = min(days, key=lambda one: (abs(one - day), one), default=None)
            findings.check_past(where, what, day)
            if base_date is None or abs(day - base_date) > findings.rules.dates:
                findings.add_objection(
                    f"{titled(where)}: the {what} is {day}, further than {findings.rules.dates.days} days from the "
                    f"order's {text_of(base_date)}.",
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
        """Move the header's day, and with it every line that has this day in its own field.

        A line with another day keeps it. So does a line for which the message gives a day. A line without its own day
        follows the header. With `line_date: requested` the header has no effect if no line has its day.

        Args:
            findings: Receives edits, objections and remarks.
            lines: The lines of both versions.
            taken_out: Numbers of lines that the message takes out.
            quantities: New quantity of a line, by its number.
        """
        base_date, day = self.base.promised_on, self.header
        if day is None:
            if self.theirs is not None and self.theirs != self.ours.promised_on:
                findings.add_kept(HEADER, "delivery date", base_date, self.ours.promised_on)
            return
        everyone = [one for one in lines.all() if one.number not in findings.dated | taken_out]
        base = [one.base for one in lines.all() if one.base is not None]
        nobody = bool(base) and base_date is not None and all(self.base_day(line) != base_date for line in base)
        if nobody and self.line_date is LineDate.REQUESTED:
            days = ", ".join(sorted({text_of(self.base_day(line)) for line in base}))
            findings.add_unwritten(
                f"The delivery date {day} of the header moves no line: with `line_date: requested` the lines have "
                f"wanted days of their own, {days}.",
                code=Reason.HEADER_DATE_UNUSED,
            )
            return
        findings.requested_on = day
        is_written = findings.add_requested(
            HEADER, "delivery date", base=base_date, theirs=day, ours=self.ours.promised_on
        )
        if is_written:
            findings.promised_on = day
            findings.check_move(HEADER, "delivery date", base_date, day, start=findings.start.order.promised_on)
        if nobody:
            findings.add_objection(
                f"The order: no line has its delivery date {base_date}; the days of the lines stay as they are.",
                code=Reason.HEADER_DATE_UNUSED,
            )
        for one in everyone:
            if one.base is not None and one.ours is not None:
                self._move_line(findings, one, day, quantities.get(one.number), is_checked=is_written)
        others = [one for one in everyone if one.base is not None and one.ours is not None]
        _remark_kept(
            findings,
            f"the date of the header moves the lines that had {text_of(base_date)}",
            {one.number: own for one in others if (own := self._own(one.base)) not in {base_date, day}},
        )
        unseen = [one for one in everyone if one.base is None]
        _remark_kept(
            findings,
            "the partner was never sent this line",
            {one.number: own for one in unseen if (own := self._own(one.ours)) != day},
        )

    @property
    def _field(self) -> str:
        """The field of a Visma line that holds the wanted day."""
        return "requested" if self.line_date is LineDate.REQUESTED else "promised"

    def _own(self, line: OrderLine | None) -> date | None:
        """The day in the line's own field; None when the line follows the header."""
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
            findings.add_unwritten(
                f"Line {line.number} is closed in Visma and keeps its day {text_of(stored)}.",
                where=where,
                code=Reason.LINE_CLOSED,
            )
            return
        if 0 < (ours.quantity if quantity is None else quantity) <= received and stored != day:
            findings.add_unwritten(
                f"Line {line.number} was received in full ({text_of(received)}) and keeps its day {text_of(stored)}.",
                where=where,
                code=Reason.LINE_RECEIVED,
            )
            return
        edit = replace(LineEdit(operation=Operation.UPDATE, number=line.number), **{self._field: day})
        findings.requested.append(edit)
        findings.add_requested(where, "wanted day", base=base_date, theirs=day, ours=stored)
        if stored != day:
            findings.edits.append(edit)
            if not is_checked:
                findings.check_move(where, "wanted day", base_date, day, start=findings.start.wanted_day(base))
            if received > 0:
                findings.add_remark(part_received_remark(where, received, base_date, day))


def part_received_remark(where: str, received: Decimal, base: date | None, theirs: date) -> str:
    """A remark that the new day applies to the part of a line that is not received yet."""
    return (
        f"{titled(where)}: {text_of(received)} were received already; the day of the rest moves from {text_of(base)} "
        f"to {text_of(theirs)}."
    )


def _remark_kept(findings: Findings, why: str, kept: Mapping[int, date | None]) -> None:
    """Add a remark for the lines that keep their day when the header moves, one for each day."""
    for one in sorted({day for day in kept.values() if day is not None}):
        numbers = [str(number) for number, day in kept.items() if day == one]
        named = f"Line {numbers[0]} keeps" if len(numbers) == 1 else f"Lines {', '.join(numbers)} keep"
        findings.add_remark(f"{named} the day {one}: {why}.")
