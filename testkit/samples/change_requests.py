"""Change requests, order snapshots, and a function that applies edits as Visma does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import asdict, replace

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.edits import Edits, LineEdit, Operation
from connector.domain.order_change.order_snapshot import LineFacts, OrderSnapshot
from connector.domain.order_change.request import (
    Ask,
    ChangePurpose,
    ChangeRequest,
    Direction,
    Field,
    LineRequest,
    ProductRefs,
)
from testkit.samples.business_documents import a_line

_QUANTITY, _PRICE, _DATES = Field.QUANTITY, Field.PRICE, Field.DATES
CODES: Mapping[str, dict[str, Any]] = {
    "AI": {"ask": Ask.ADD, "touches": frozenset(Field)},
    "DI": {"ask": Ask.DELETE},
    "QI": {"ask": Ask.CHANGE, "touches": frozenset({_QUANTITY}), "direction": Direction.UP},
    "QD": {"ask": Ask.CHANGE, "touches": frozenset({_QUANTITY}), "direction": Direction.DOWN},
    "PC": {"ask": Ask.CHANGE, "touches": frozenset({_PRICE})},
    "PQ": {"ask": Ask.CHANGE, "touches": frozenset({_PRICE, _QUANTITY})},
    "RS": {"ask": Ask.CHANGE, "touches": frozenset({_DATES})},
    "CA": {"ask": Ask.CHANGE, "touches": frozenset(Field)},
    "RZ": {"ask": Ask.REPLACE, "touches": frozenset(Field)},
    "NC": {"ask": Ask.NOTHING},
}


def asks(code: str, line: int | str | None = 1, *, item: str | None = None, **values: Any) -> LineRequest:
    """A line request with an X12 code; `item` is our item number. Numbers may be text."""
    numbers = ("quantity", "second_quantity", "original_quantity", "delta", "price")
    values |= {name: Decimal(values[name]) for name in numbers if isinstance(values.get(name), str | int)}
    if item is not None:
        values["products"] = ProductRefs(buyer=(item,))
    line_id = None if line is None else str(line)
    return LineRequest(**{"source": "", "line_id": line_id, "code": code, **CODES[code], **values})


def a_request(*lines: LineRequest, **values: Any) -> ChangeRequest:
    return ChangeRequest(**{"purpose": ChangePurpose.CHANGE, "order_number": "500123", "lines": lines, **values})


def some_facts(received: str | int = 0, *, closed: bool = False, line_type: str = "GoodsForInventory") -> LineFacts:
    return LineFacts(Decimal(received), closed, line_type)


def snapshot(
    content: PurchaseOrder, facts: Mapping[int, LineFacts] | None = None, status: str = "Open"
) -> OrderSnapshot:
    """An order snapshot; the default facts of a line are open and nothing received."""
    known = {line.number: some_facts(closed=line.cancelled) for line in content.lines}
    return OrderSnapshot('"AAAAAE0YIiI="', status, content, {**known, **(facts or {})})


def edited(order: OrderSnapshot, edits: Edits, *, next_number: int | None = None) -> OrderSnapshot:
    """The order after Visma has applied the edits; it refuses what Visma refuses.

    Args:
        order: The order.
        edits: The edits.
        next_number: Number of the first added line; None for the next free one.

    Raises:
        AssertionError: an edit is for a missing, closed or received line.
    """
    lines = {line.number: line for line in order.content.lines}
    facts = dict(order.facts)
    number = next_number or max([0, *lines]) + 1
    for edit in edits.lines:
        if edit.operation is Operation.INSERT:
            lines[number] = _inserted(number, edit, order.content)
            facts[number] = some_facts(line_type=edit.line_type or "GoodsForInventory")
            number += 1
            continue
        assert edit.number in lines
        assert not facts[edit.number].closed
        if edit.operation is Operation.DELETE:
            assert not facts[edit.number].received
            del lines[edit.number]
        else:
            lines[edit.number] = replace(lines[edit.number], **_values(edit))
            assert lines[edit.number].quantity >= facts[edit.number].received
    content = replace(
        order.content, lines=tuple(lines.values()), promised_on=edits.promised_on or order.content.promised_on
    )
    return OrderSnapshot(f"{order.etag}+", order.status, content, facts)


def lines_of(edits: Edits) -> list[dict[str, Any]]:
    """The lines of edits as data, without unchanged fields."""
    return [
        {name: value for name, value in asdict(edit).items() if value is not None and name != "operation"}
        | {"operation": edit.operation.value}
        for edit in edits.lines
    ]


def with_line(order: PurchaseOrder, number: int, **changes: Any) -> PurchaseOrder:
    """The order with one changed line."""
    return replace(
        order, lines=tuple(replace(line, **changes) if line.number == number else line for line in order.lines)
    )


def with_lines(order: PurchaseOrder, lines: Iterable[OrderLine]) -> PurchaseOrder:
    return replace(order, lines=tuple(lines))


def _values(edit: LineEdit) -> dict[str, Any]:
    names = {"quantity": "quantity", "price": "unit_price", "requested": "requested", "promised": "promised"}
    return {theirs: value for ours, theirs in names.items() if (value := getattr(edit, ours)) is not None}


def _inserted(number: int, edit: LineEdit, order: PurchaseOrder) -> OrderLine:
    usual = {"requested": order.ordered_on, "promised": order.promised_on}
    changes = {"item": edit.item, "unit": edit.unit, "warehouse": edit.warehouse, "supplier_item": None}
    return a_line(number, **{**usual, **changes, **_values(edit)})
