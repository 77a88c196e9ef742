"""Writes the body of `PUT /v1/purchaseorder/{number}` (Visma: PurchaseOrderUpdateDto).

Visma: every scalar is wrapped as `{"value": x}`, only `operation` is bare; what is left out stays as it is. The line
key is `lineNumber`, which reading calls `lineNbr`. Amounts follow from `orderQty` and `unitCost`, so none is sent.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from connector.domain.order_change.edits import Edits, LineEdit, Operation

# In the order of Visma's example; our name of a value -> Visma's.
_FIELDS = {
    "item": "inventory",
    "line_type": "lineType",
    "unit": "uom",
    "warehouse": "warehouse",
    "quantity": "orderQty",
    "price": "unitCost",
    "requested": "requested",
    "promised": "promised",
}


def order_update(edits: Edits) -> dict[str, Any]:
    """The body that writes these edits; decimals stay `Decimal` until `encode`.

    Raises:
        ValueError: it is asked to cancel the order, which Visma's API cannot.
    """
    if edits.cancelled:
        raise ValueError("Visma has no call that cancels a purchase order")
    body: dict[str, Any] = {}
    if edits.promised_on is not None:
        body["promisedOn"] = _wrapped(edits.promised_on)
    if edits.lines:
        body["lines"] = [_line(edit) for edit in edits.lines]
    return body


def hold_update(*, hold: bool) -> dict[str, Any]:
    """The body that puts an order on hold or releases it; Visma chooses the status that follows."""
    return {"hold": _wrapped(hold)}


def encode(body: dict[str, Any]) -> bytes:
    """The body as JSON: decimals as exact numbers in plain notation, whatever their exponent."""
    return msgspec.json.encode(_plain(body))


def _line(edit: LineEdit) -> dict[str, Any]:
    line: dict[str, Any] = {"operation": edit.operation.value}
    if edit.operation is not Operation.INSERT:
        line["lineNumber"] = _wrapped(edit.number)
    if edit.operation is not Operation.DELETE:
        values = {theirs: getattr(edit, ours) for ours, theirs in _FIELDS.items()}
        line |= {theirs: _wrapped(value) for theirs, value in values.items() if value is not None}
    return line


def _wrapped(value: Any) -> dict[str, Any]:
    # Visma: a calendar date has a zero time and no zone.
    return {"value": f"{value.isoformat()}T00:00:00" if isinstance(value, date) else value}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    # msgspec would write 100 as 1E+2, which is JSON but not what every reader takes.
    return msgspec.Raw(f"{value:f}".encode()) if isinstance(value, Decimal) else value
