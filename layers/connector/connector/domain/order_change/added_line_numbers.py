"""By which numbers a partner calls the lines that it added.

Visma numbers a new line itself, and the partner goes on calling it by the number of its own message (POC01) until it is
sent the order. What was added is remembered with the change, and later numbers are read by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from connector.domain.documents import PurchaseOrder
from connector.domain.order_change.edits import Edits, Operation
from connector.domain.order_change.findings import said
from connector.domain.order_change.line_match import Lines, line_number, orderable_lines
from connector.domain.order_change.request import Ask, ChangeRequest, LineRequest


class AddedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that a change added.

    Attributes:
        item: Our number of its item.
        theirs: The partner's number of it; None where the message gave none.
        ours: Visma's number of it; None where no line could be told to be it.
    """

    item: str | None = None
    theirs: int | None = None
    ours: int | None = None


class Remembered(NamedTuple):
    """A line that an earlier change added.

    Attributes:
        by: The transaction that added it.
        is_told: The partner was sent the order since, so that it may call the line by Visma's number as well.
    """

    line: AddedLine
    by: str
    is_told: bool


def added_lines(wishes: Edits, *, before: PurchaseOrder, after: PurchaseOrder) -> tuple[AddedLine, ...]:
    """Which lines of the order are the added ones.

    Args:
        wishes: What the change asks for.
        before: The order without the added lines.
        after: The order with them.
    """
    base = orderable_lines(before)
    free = [line for number, line in sorted(orderable_lines(after).items()) if number not in base]
    found = []
    for edit in wishes.lines:
        if edit.operation is not Operation.INSERT:
            continue
        line = next((one for one in free if edit.matches(one)), None)
        if line is not None:
            free.remove(line)
        found.append(AddedLine(edit.item, edit.named, line.number if line else None))
    return tuple(found)


def by_our_numbers(request: ChangeRequest, lines: Lines, remembered: Sequence[Remembered]) -> ChangeRequest:
    """The same message with Visma's numbers for the lines that the partner added.

    Where a number may be the partner's or ours, an item that only one of the two lines is of decides; else a person
    is asked.

    Args:
        request: What the partner asks.
        lines: The order as the partner had it and as Visma has it.
        remembered: What earlier changes of the order added, in the order in which they were applied.
    """
    if not remembered:
        return request
    remarks: list[str] = []
    read = [_read(line, lines, remembered, remarks) for line in request.lines]
    return msgspec.structs.replace(request, lines=tuple(read), remarks=(*request.remarks, *dict.fromkeys(remarks)))


def _read(line: LineRequest, lines: Lines, remembered: Sequence[Remembered], remarks: list[str]) -> LineRequest:
    number = line_number(line.line_id)
    if number is None or line.ask is Ask.ADD:
        return line
    theirs = next((one for one in reversed(remembered) if one.line.theirs == number), None)
    ours = next((one for one in reversed(remembered) if one.line.ours == number), None)
    meant = theirs.line.ours if theirs is not None else number
    doubts = tuple(_doubts(line, number, lines, theirs, ours))
    if theirs is not None and meant is not None and meant != number:
        if lines.is_of(number, line.products) and not lines.is_of(meant, line.products):
            return line
        remarks.append(f"Line {number} of the message is line {meant} here: {theirs.by} added it.")
        line = msgspec.structs.replace(line, line_id=str(meant))
    return msgspec.structs.replace(line, doubts=(*line.doubts, *doubts)) if doubts else line


def _doubts(
    line: LineRequest, number: int, lines: Lines, theirs: Remembered | None, ours: Remembered | None
) -> Iterator[str]:
    """Why a number alone does not tell which line is meant."""
    is_named = lines.is_of(number, line.products)
    if theirs is None:
        if ours is not None and not ours.is_told and not is_named:
            called = "gave no number" if ours.line.theirs is None else f"calls line {ours.line.theirs}"
            yield (
                f"its item {said(ours.line.item)} was added by {ours.by}, and the partner {called}: the number "
                f"{number} may mean another line."
            )
        return
    meant = theirs.line.ours
    if meant == number or number not in lines:
        return
    if meant is None:
        if not (theirs.is_told or is_named):
            yield (
                f"{theirs.by} added the item {said(theirs.line.item)} as line {number}, and nobody knows which line "
                "of the order that is."
            )
        return
    is_theirs = lines.is_of(meant, line.products)
    if bool(is_named) == bool(is_theirs) and (ours is None or theirs.is_told):
        yield (
            f"the partner called it line {number} when {theirs.by} added it, and the order has another line {number}: "
            "the number may mean either."
        )
