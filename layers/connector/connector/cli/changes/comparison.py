"""How a change is laid beside the order: what the partner had, what it asks for, and what Visma has."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from connector.cli.output import table
from connector.cli.sums import money
from connector.domain.documents import PurchaseOrder
from connector.domain.order_change.changed_lines import ChangedLine, changed_lines
from connector.domain.order_change.decide import Difference

_HEAD = ("where", "what", "partner had", "asks", "Visma has")
_OF_LINE = ("item", "unit", "price", "amount now", "amount asked", "text")
_NOTHING = ("",) * len(_OF_LINE)


def comparison(differences: Sequence[Difference], order: PurchaseOrder | None = None) -> str:
    """The differences as a table, below it what the lines come to; empty without any.

    Args:
        differences: Of a change.
        order: As it stands, for what its lines are and amount to; without it the differences stand alone.
    """
    if not differences:
        return ""
    rows = [(one.where, one.field, one.base, one.theirs, one.ours) for one in differences]
    lines = {one.where: one for one in changed_lines(differences, order)}
    if order is None:
        return table(_HEAD, rows)
    # What a line is stands once, in its first row.
    first = {where: next(at for at, row in enumerate(rows) if row[0] == where) for where in lines}
    beside = [_cells(lines[row[0]]) if first.get(row[0]) == at else _NOTHING for at, row in enumerate(rows)]
    text = table((*_HEAD, *_OF_LINE), [(*row, *more) for row, more in zip(rows, beside, strict=True)])
    found = amounts(differences, order)
    if found is None:
        return text
    now, asked = found
    currency = f" {order.currency}" if order.currency else ""
    return f"{text}\nThese lines come to {money(now)} now and to {money(asked)}{currency} as asked, before discounts."


def comparison_data(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """The differences as JSON data."""
    return [msgspec.structs.asdict(one) for one in differences]


def lines_data(differences: Sequence[Difference], order: PurchaseOrder | None) -> list[dict[str, Any]]:
    """What the lines are and come to, as JSON data."""
    return [
        {
            "where": one.where,
            "item": one.item,
            "text": one.text,
            "unit": one.unit,
            "price": one.price,
            "amount_now": one.now,
            "amount_asked": one.asked,
        }
        for one in changed_lines(differences, order)
    ]


def amounts(differences: Sequence[Difference], order: PurchaseOrder | None) -> tuple[Decimal, Decimal] | None:
    """What the lines of a change come to now and as asked; None where one of them cannot be told."""
    lines = changed_lines(differences, order)
    now = [one.now for one in lines if one.now is not None]
    asked = [one.asked for one in lines if one.asked is not None]
    if order is None or not lines or len(now) < len(lines) or len(asked) < len(lines):
        return None
    return sum(now, Decimal(0)), sum(asked, Decimal(0))


def _cells(line: ChangedLine) -> tuple[Any, ...]:
    return line.item, line.unit, money(line.price), money(line.now), money(line.asked), line.text


def all_reasons(reasons: Sequence[str], reason: str | None) -> str:
    """Everything that speaks against a change; empty where `reason`, which stands beside it, is all of them."""
    if not reasons or " ".join(reasons) == reason:
        return ""
    return "\n".join(["All reasons:", *(f"  {one}" for one in reasons)])


def unwritten(sentences: Sequence[str]) -> str:
    """What no approval writes, below its heading; empty when there is nothing."""
    return "\n".join(["Not written by an approval:", *(f"  {sentence}" for sentence in sentences)]) if sentences else ""
