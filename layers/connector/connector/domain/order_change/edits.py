"""What is written into an order because of a change: absolute values only, so that writing twice is writing once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.routing.route import Notes
from connector.domain.totals import ZERO, smallest_unit


class Operation(StrEnum):
    """Visma's words for what happens to a line."""

    INSERT = "Insert"
    UPDATE = "Update"
    DELETE = "Delete"


class LineEdit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line to write; None leaves a field as it is.

    Attributes:
        number: Visma's `lineNbr`; None for an added line, which gets its number from Visma.
        unit: Visma's unit word.
        named: The partner's number of an added line (POC01).
    """

    operation: Operation
    number: int | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    requested: date | None = None
    promised: date | None = None
    item: str | None = None
    unit: str | None = None
    warehouse: str | None = None
    line_type: str | None = None
    named: int | None = None

    def matches(self, line: OrderLine) -> bool:
        """Whether a line has the values of this edit; a value that the edit leaves to Visma may be anything."""
        return not line.cancelled and all(
            getattr(self, ours) is None or getattr(line, theirs) == getattr(self, ours)
            for ours, theirs in {"item": "item", "unit": "unit", "warehouse": "warehouse", **_MOVES}.items()
        )


class Edits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything to write into one order.

    Attributes:
        promised_on: The header's date; None leaves it as it is.
        cancelled: The whole order is cancelled. Never written: Visma's API cannot cancel an order.
    """

    promised_on: date | None = None
    cancelled: bool = False
    lines: tuple[LineEdit, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return self.promised_on is not None or self.cancelled or bool(self.lines)


NO_EDITS = Edits()

# Field of `LineEdit` -> field of `OrderLine`.
_MOVES = {"quantity": "quantity", "price": "unit_price", "requested": "requested", "promised": "promised"}
# What Visma recalculates when something else changes.
_WORKED_OUT = {"lines", "line_total", "tax_total", "order_total", "taxes", "discounts"}
# What no partner sees and no id of a revision has (`revision/content_hash.py`).
_UNSEEN = {"sent_by_visma"}


def in_order(edits: Iterable[LineEdit]) -> tuple[LineEdit, ...]:
    """Merge the edits into one for each line, sorted by number; added lines last, in the order given.

    Two edits of one line must not set the same field.
    """
    by_number: dict[int, LineEdit] = {}
    added = []
    for edit in edits:
        if edit.number is None:
            added.append(edit)
        elif edit.number not in by_number or edit.operation is Operation.DELETE:
            by_number[edit.number] = edit
        elif by_number[edit.number].operation is not Operation.DELETE:
            values = {name: value for name in _MOVES if (value := getattr(edit, name)) is not None}
            by_number[edit.number] = replace(by_number[edit.number], **values)
    return (*(by_number[number] for number in sorted(by_number)), *added)


def equals_with_edits(after: PurchaseOrder, before: PurchaseOrder, edits: Edits, *, notes: Notes = Notes.ALL) -> bool:
    """Whether `after` is `before` with just these edits: nothing else that a partner sees has changed.

    Totals are not compared, because Visma calculates them, nor are fields of a new line that were not written. Where a
    quantity or a price changed, a discount may be the same amount or the same share (`_is_as_before`); a new line has
    none. A line to be taken out may be cancelled instead. What no request has is
    not compared either: the supplier's location, the item's description where the line has its own, the tax code where
    the order has one rate, notes that routing does not send, and whether Visma sends the order as well.

    Args:
        after: The order after the edits.
        before: The order before them.
        edits: The edits.
        notes: Which notes the partner is sent.
    """
    head = partial(_header, edits=edits, notes=notes)
    if head(after) != head(before, edited=True):
        return False
    by_number = {edit.number: edit for edit in edits.lines if edit.number is not None}
    if not _keeps_discounts(after, before, edits, by_number):
        return False
    gone = {number for number, edit in by_number.items() if edit.operation is Operation.DELETE}
    unseen = set() if notes.of_lines else {"note"}
    if max(len(before.taxes), len(after.taxes)) <= 1:
        unseen.add("tax_code")
    seen = partial(_line, edits=edits, unseen=unseen)
    expected = {line.number: seen(line, by_number.get(line.number), edited=True) for line in before.lines}
    found = {line.number: line for line in after.lines if not (line.number in gone and line.cancelled)}
    expected = {number: line for number, line in expected.items() if number not in gone}
    if not expected.keys() <= found.keys():
        return False
    if any(seen(found[number], by_number.get(number)) != line for number, line in expected.items()):
        return False
    inserts = [edit for edit in edits.lines if edit.operation is Operation.INSERT]
    return _are([line for number, line in found.items() if number not in expected], inserts)


def _are(lines: list[OrderLine], inserts: list[LineEdit]) -> bool:
    """Whether these lines match the inserts one to one; the insert with the most fields picks its line first."""
    left = list(lines)
    for edit in sorted(inserts, key=lambda edit: -sum(value is not None for value in asdict(edit).values())):
        match = next((line for line in left if edit.matches(line) and not line.discount), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _keeps_discounts(
    after: PurchaseOrder, before: PurchaseOrder, edits: Edits, by_number: Mapping[int, LineEdit]
) -> bool:
    """Whether nobody changed a discount: not that of the order, and not that of a line with another amount."""
    pairs = list(zip(_discounts(before), _discounts(after), strict=False))
    # A discount of the whole order follows the sum of its lines.
    sums = (_sum(before), _sum(after)) if any(_revalues(edit) for edit in edits.lines) else (ZERO, ZERO)
    if not all(_is_as_before(had, has, *sums, after.currency) for (_, had), (_, has) in pairs):
        return False
    found = {line.number: line for line in after.lines}
    return all(
        _is_as_before(
            line.discount,
            found[line.number].discount,
            line.quantity * line.unit_price,
            found[line.number].quantity * found[line.number].unit_price,
            after.currency,
        )
        for line in before.lines
        if line.number in by_number
        and by_number[line.number].operation is Operation.UPDATE
        and _revalues(by_number[line.number])
        and line.number in found
    )


def _is_as_before(had: Decimal, has: Decimal, before: Decimal, after: Decimal, currency: str | None) -> bool:
    """Whether a discount is the same amount, or the same share of `after` as it was of `before`, both rounded."""
    if had == has or not (had and before):
        return had == has
    share = after / before
    return abs(has - had * share) <= smallest_unit(currency) * (1 + abs(share)) / 2


def _discounts(order: PurchaseOrder) -> list[tuple[str, Decimal]]:
    return sorted((str(one.description), one.amount) for one in order.discounts)


def _sum(order: PurchaseOrder) -> Decimal:
    lines = (line for line in order.lines if not line.cancelled)
    return sum(
        (line.quantity * line.unit_price - line.discount if line.amount is None else line.amount for line in lines),
        ZERO,
    )


def _revalues(edit: LineEdit) -> bool:
    return edit.operation is not Operation.UPDATE or edit.quantity is not None or edit.price is not None


def _header(order: PurchaseOrder, *, edits: Edits, notes: Notes, edited: bool = False) -> dict[str, Any]:
    seen = {name: value for name, value in asdict(order).items() if name not in _WORKED_OUT | _UNSEEN}
    seen["supplier"] = replace(order.supplier, location=None)
    if not notes.of_header:
        del seen["note"]
    # Their amounts are compared by `_keeps_discounts`.
    seen["discounts"] = [description for description, _ in _discounts(order)]
    if edited:
        seen["promised_on"] = edits.promised_on or order.promised_on
        seen["cancelled"] = order.cancelled or edits.cancelled
    return seen


def _line(
    line: OrderLine, edit: LineEdit | None, *, edits: Edits, unseen: AbstractSet[str], edited: bool = False
) -> dict[str, Any]:
    seen = {name: value for name, value in asdict(line).items() if name not in {"source", "amount", *unseen}}
    if line.description:
        del seen["item_description"]
    if edits.cancelled:
        # When an order is cancelled, Visma cancels its lines too.
        del seen["cancelled"]
    if edit is not None:
        if edit.quantity is not None or edit.price is not None:
            del seen["discount"]  # compared by `_keeps_discounts`
        if edited:
            seen |= {theirs: new for ours, theirs in _MOVES.items() if (new := getattr(edit, ours)) is not None}
    return seen
