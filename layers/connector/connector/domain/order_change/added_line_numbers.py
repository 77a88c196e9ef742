"""Maps the partner's numbers of the lines that it added to Visma's.

Visma numbers a new line itself. The partner uses the number of its own message (POC01) until it is sent the order. The
added lines are stored with the change, and later messages are read with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from connector.domain.documents import PurchaseOrder
from connector.domain.order_change.edits import Edits, Operation
from connector.domain.order_change.findings import text_of
from connector.domain.order_change.line_match import Lines, line_number, orderable_lines
from connector.domain.order_change.request import Ask, ChangeRequest, LineRequest


class AddedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that a change added.

    Attributes:
        item: Our item number.
        theirs: The partner's line number; None when the message gave none.
        ours: Visma's line number; None when the added line was not found in the order.
    """

    item: str | None = None
    theirs: int | None = None
    ours: int | None = None


class EarlierAddition(NamedTuple):
    """A line that an earlier change added.

    Attributes:
        by: The transaction that added it.
        was_sent: The order was sent to the partner since, so the partner may also use Visma's line number.
    """

    line: AddedLine
    by: str
    was_sent: bool


def added_lines(requested: Edits, *, before: PurchaseOrder, after: PurchaseOrder) -> tuple[AddedLine, ...]:
    """Find the lines of the order that a change added.

    Args:
        requested: What the change asks for.
        before: The order without the added lines.
        after: The order with them.
    """
    base = orderable_lines(before)
    free = [line for number, line in sorted(orderable_lines(after).items()) if number not in base]
    found = []
    for edit in requested.lines:
        if edit.operation is not Operation.INSERT:
            continue
        line = next((one for one in free if edit.matches(one)), None)
        if line is not None:
            free.remove(line)
        found.append(AddedLine(edit.item, edit.named, line.number if line else None))
    return tuple(found)


def by_our_numbers(request: ChangeRequest, lines: Lines, earlier: Sequence[EarlierAddition]) -> ChangeRequest:
    """Replace the partner's numbers of added lines with Visma's.

    A number may be the partner's or ours. Then the item decides, if only one of the two lines has it; else a person is
    asked.

    Args:
        request: What the partner asks.
        lines: The order as the partner had it and as Visma has it.
        earlier: What earlier changes of the order added, in the order in which they were applied.
    """
    if not earlier:
        return request
    remarks: list[str] = []
    read = [_read(line, lines, earlier, remarks) for line in request.lines]
    return msgspec.structs.replace(request, lines=tuple(read), remarks=(*request.remarks, *dict.fromkeys(remarks)))


def _read(line: LineRequest, lines: Lines, earlier: Sequence[EarlierAddition], remarks: list[str]) -> LineRequest:
    number = line_number(line.line_id)
    if number is None or line.ask is Ask.ADD:
        return line
    theirs = next((one for one in reversed(earlier) if one.line.theirs == number), None)
    ours = next((one for one in reversed(earlier) if one.line.ours == number), None)
    meant = theirs.line.ours if theirs is not None else number
    doubts = tuple(_doubts(line, number, lines, theirs, ours))
    if theirs is not None and meant is not None and meant != number:
        if lines.is_of(number, line.products) and not lines.is_of(meant, line.products):
            return line
        remarks.append(f"Line {number} of the message is line {meant} here: {theirs.by} added it.")
        line = msgspec.structs.replace(line, line_id=str(meant))
    return msgspec.structs.replace(line, doubts=(*line.doubts, *doubts)) if doubts else line


def _doubts(
    line: LineRequest, number: int, lines: Lines, theirs: EarlierAddition | None, ours: EarlierAddition | None
) -> Iterator[str]:
    """Why the number alone does not identify the line."""
    is_named = lines.is_of(number, line.products)
    if theirs is None:
        if ours is not None and not ours.was_sent and not is_named:
            called = "gave no number" if ours.line.theirs is None else f"calls line {ours.line.theirs}"
            yield (
                f"its item {text_of(ours.line.item)} was added by {ours.by}, and the partner {called}: the number "
                f"{number} may mean another line."
            )
        return
    meant = theirs.line.ours
    if meant == number or number not in lines:
        return
    if meant is None:
        if not (theirs.was_sent or is_named):
            yield (
                f"{theirs.by} added the item {text_of(theirs.line.item)} as line {number}, and nobody knows which line "
                "of the order that is."
            )
        return
    is_theirs = lines.is_of(meant, line.products)
    if bool(is_named) == bool(is_theirs) and (ours is None or theirs.was_sent):
        yield (
            f"the partner called it line {number} when {theirs.by} added it, and the order has another line {number}: "
            "the number may mean either."
        )
