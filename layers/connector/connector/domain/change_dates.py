"""The days of an order that an 860 moves: which day of a line is meant, and which lines go along with the header.

A day in the message is measured against the day that was sent in its place (`wanted_days.py`), and written to the field
of Visma that this day is taken from: `promised` of the line, or `requested` where the setting `line_date` says so.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from connector.domain.change_edits import LineEdit, Operation
from connector.domain.change_findings import HEADER, Findings, said
from connector.domain.change_lines import Lines
from connector.domain.change_request import LineRequest
from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.routes import LineDate
from connector.domain.wanted_days import wanted_day


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of both versions of an order, and the one that the header of the message asks for.

    Attributes:
        base: The order as the partner last saw it.
        ours: The order as Visma has it.
        asked: The day in the header of the message.
        line_date: Which of Visma's two days of a line is sent as the wanted one.
    """

    base: PurchaseOrder
    ours: PurchaseOrder
    asked: date | None
    line_date: LineDate

    @property
    def header(self) -> date | None:
        """The day to which the header moves the order; None when it moves nothing."""
        return None if self.asked == self.base.promised_on else self.asked

    def base_day(self, line: OrderLine) -> date | None:
        """The day on which the partner was told that a line is wanted."""
        return wanted_day(line, self.base, self.line_date)

    def our_day(self, line: OrderLine) -> date | None:
        """The same as Visma has it."""
        return wanted_day(line, self.ours, self.line_date)

    def of_added(self, asked: LineRequest) -> tuple[date | None, date | None]:
        """Requested and promised day of an added line: its own, else the one that the header moves to."""
        wanted = asked.requested or self.header
        return wanted if self.line_date is LineDate.REQUESTED else None, asked.promised or wanted

    def move_header(self, findings: Findings, lines: Lines, *, taken_out: AbstractSet[int]) -> None:
        """Move the header's day, and with it every line that has the same day in a field of its own.

        A line with another day keeps it, and so does one of which the message names a day itself. A line without a
        day of its own follows the header.
        """
        base, day = self.base.promised_on, self.header
        if day is None:
            return
        findings.wished_on = day
        if findings.wish(HEADER, "delivery date", base, day, self.ours.promised_on):
            findings.promised_on = day
            findings.moves(HEADER, "delivery date", base, day)
        had = [one.had for one in lines.all() if one.had is not None]
        if had and base is not None and all(self.base_day(line) != base for line in had):
            findings.doubt(f"The order: no line has its delivery date {base}; the days of the lines stay as they are.")
        for one in lines.all():
            if one.number not in findings.dated | taken_out and one.had is not None and one.has is not None:
                received = one.facts.received if one.facts else 0
                closed = one.facts is not None and one.facts.closed
                self._move_line(findings, one.had, one.has, day, closed=closed, is_received=received > 0)

    def _move_line(
        self, findings: Findings, had: OrderLine, has: OrderLine, day: date, *, closed: bool, is_received: bool
    ) -> None:
        base, where = self.base.promised_on, f"line {had.number}"
        names = ["promised"] if self.line_date is LineDate.PROMISED else ["requested", "promised"]
        moving = [name for name in names if getattr(had, name) == base]
        if base is None or names[0] not in moving:
            return
        behind = [name for name in moving if getattr(has, name) != day]
        if closed and behind:
            findings.leaves_out(f"Line {had.number} is closed in Visma and keeps its day {base}.", where=where)
            return
        edit = LineEdit(operation=Operation.UPDATE, number=had.number)
        findings.wishes.append(_with(edit, moving, day))
        for name in moving:
            findings.wish(where, "wanted day" if name == names[0] else "promised day", base, day, getattr(has, name))
        if behind:
            findings.edits.append(_with(edit, behind, day))
            if is_received:
                findings.doubt(
                    f"Line {had.number}: a part was received already; the day of the rest moves from {said(base)} to "
                    f"{said(day)}.",
                    where=where,
                )


def _with(edit: LineEdit, names: list[str], day: date) -> LineEdit:
    return replace(edit, **dict.fromkeys(names, day))
