"""Everything the sandbox Orderful filed, as a test counts it: which document is there, and how often."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from testkit.orderful.conversion import plain
from testkit.orderful.store import Transaction

_LINES: Final = {
    "PO1_loop": ("baselineItemData", "quantity"),
    "IT1_loop": ("baselineItemDataInvoice", "quantityInvoiced"),
    "POC_loop": ("lineItemChange", "quantity"),
}


def filed_row(one: Transaction, base: str) -> dict[str, Any]:
    """A transaction as v3 shows it, with its content.

    On top of that: `v4Id`, `version` of the create, `copyOf`, `lines`, and `fingerprint`, which two transactions share
    when they have the same type, business number, receiver and lines.
    """
    lines = lines_of(one.transaction_sets)
    same = json.dumps([one.transaction_type, one.business_number, one.receiver, lines], sort_keys=True)
    return {
        **one.shown(base),
        "message": one.content(),
        "v4Id": one.v4_id,
        "version": one.version,
        "copyOf": one.copy_of,
        "lines": lines,
        "fingerprint": hashlib.sha256(same.encode()).hexdigest(),
    }


def lines_of(transaction_sets: list[Any]) -> list[dict[str, Any]]:
    """The lines of a document in their order; numbers without zeros that say nothing, so that 10 is 10.00."""
    return [
        _line(item, quantity)
        for one in transaction_sets
        if isinstance(one, dict)
        for loop, (segment, quantity) in _LINES.items()
        for line in _dicts(one.get(loop))
        for item in _dicts(line.get(segment))[:1]
    ]


def _line(item: dict[str, Any], quantity: str) -> dict[str, Any]:
    ids = {
        str(item[name]): str(item.get(name.replace("Qualifier", ""), ""))
        for name in item
        if name.startswith("productServiceIDQualifier")
    }
    return {
        "line": item.get("assignedIdentification"),
        "quantity": _number(item.get(quantity)),
        "unit": item.get("unitOrBasisForMeasurementCode"),
        "price": _number(item.get("unitPrice")),
        "ids": ids,
    }


def _number(value: Any) -> str | None:
    return None if value is None else plain(str(value))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
