"""Purchase orders of the sandbox: defaults of new orders, and updates by PUT, which are atomic.

Source: Visma, PurchaseOrderUpdateDto; the days of a line, see `entered`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from testkit.visma.filters import BadRequest
from testkit.visma.resources import Document

FINAL_STATUSES: Final = frozenset({"Closed", "Cancelled", "Voided", "Balanced"})
_CENT: Final = Decimal("0.01")

Write = Callable[[Any], Any]


def _plain(*types: type) -> Write:
    def write(value: Any) -> Any:
        if value is not None and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            raise BadRequest(f"The value '{value}' has the wrong type.")
        return value

    return write


def _reference(name: str, *, number: bool = False) -> Write:
    """A text in the update is an object in the order: `{"value": "1"}` -> `{"number": "1"}`."""

    def write(value: Any) -> Any:
        if value in {None, ""}:
            return None
        if number and not str(value).isdigit():
            raise BadRequest(f"The value '{value}' is not a number.")
        return {name: int(value) if number else _plain(str)(value)}

    return write


def _group(fields: Mapping[str, tuple[str, Write]]) -> Write:
    def write(value: Any) -> Any:
        if not isinstance(value, dict):
            raise BadRequest("An address or contact must be an object of wrapped values.")
        return _written(value, fields)

    return write


_TEXT: Final = _plain(str)
_NUMBER: Final = _plain(int, float)
_FLAG: Final = _plain(bool)


def _same(*names: str, write: Write = _TEXT) -> dict[str, tuple[str, Write]]:
    return {name: (name, write) for name in names}


_CUSTOM: Final = {
    **_same(*(f"customStr{n}" for n in range(1, 6)), "customDateTimeUTC1"),
    **_same("customDec1", "customDec2", "customInt1", "customInt2", write=_NUMBER),
}
_CONTACT: Final = {
    **_same("name", "attention", "email", "web", "phone1", "phone2", "fax"),
    **_same("overrideContact", write=_FLAG),
}
_ADDRESS: Final = {
    **_same("addressLine1", "addressLine2", "addressLine3", "postalCode", "city"),
    **_same("overrideAddress", write=_FLAG),
    "countryId": ("country", _reference("id")),
    "county": ("county", _reference("id")),
}
HEADER: Final = {
    **_same("shippingDestinationType", "fobPoint", "shipVia", "shipTerms", "date", "promisedOn", "description"),
    **_same("currency", "supplierRef", "note"),
    **_same("dontPrint", "dontEmail", "hold", write=_FLAG),
    **_same("exchangeRate", "controlTotal", write=_NUMBER),
    **_same("shippingContact", "remitContact", write=_group(_CONTACT)),
    **_same("shippingAddress", "remitAddress", write=_group(_ADDRESS)),
    **_same("shipTo", "supplier", "branch", write=_reference("number")),
    **_same("terms", "supplierVatZone", "owner", write=_reference("id")),
    **_same("shippingLocation", "location", write=_reference("id", number=True)),
    **_CUSTOM,
}
LINE: Final = {
    **_same("lineType", "lineDescription", "uom", "alternateId", "receiptAction", "requested", "promised", "note"),
    **_same("orderQty", "unitCost", "discountPercent", "discountAmount", write=_NUMBER),
    **_same("minReceipt", "maxReceipt", "completeOn", write=_NUMBER),
    **_same("manualDiscount", "completed", write=_FLAG),
    **_same("branch", "inventory", "discountCode", "taxCategory", "account", write=_reference("number")),
    **_same("warehouse", "project", "projectTask", write=_reference("id")),
    **_CUSTOM,
}
_GROUPS: Final = frozenset({"shippingContact", "remitContact", "shippingAddress", "remitAddress"})
_BARE: Final = {"lines", "changeDatesOnLines", "timeStamp"}


def entered(order: Document) -> Document:
    """A new order with default dates in its lines.

    A line's `requested` is the order date and its `promised` the header's `promisedOn` (Visma: source of the base
    product, to be confirmed on a tenant). A date that is null stays null.
    """
    days = {"requested": order.get("date"), "promised": order.get("promisedOn")}
    usual = {name: day for name, day in days.items() if day is not None}
    lines = order.get("lines")
    if not usual or not isinstance(lines, list):
        return order
    return order | {"lines": [usual | line if isinstance(line, dict) else line for line in lines]}


def updated(
    order: Document, body: Any, *, last_line: int, refusing: frozenset[str] = frozenset()
) -> tuple[Document, int]:
    """The order after the update, and its highest line number.

    Args:
        order: The order, which is not modified.
        body: The JSON of the PUT.
        refusing: Statuses in which only `hold` can be changed.
        last_line: The highest line number so far; numbers are not reused.

    Raises:
        BadRequest: the body is malformed or the order does not allow the change.
    """
    if not isinstance(body, dict):
        raise BadRequest("The body must be an object.")
    _check_status(order, body, refusing)
    order = copy.deepcopy(order)
    order.update(_written({name: value for name, value in body.items() if name not in _BARE}, HEADER, onto=order))
    if "hold" in body:
        order["status"] = "Hold" if order["hold"] else "Open" if order.get("status") == "Hold" else order.get("status")
    for change in body.get("lines") or []:
        last_line = _change_line(order, change, last_line)
    if body.get("changeDatesOnLines") is True:
        for line in order.get("lines") or []:
            line["promised"] = order.get("promisedOn")
    return recalculated(order), last_line


def _check_status(order: Document, body: Document, refusing: frozenset[str]) -> None:
    status = order.get("status")
    only_hold = set(body) <= {"hold", "timeStamp"}
    if status in FINAL_STATUSES or (status in refusing and not only_hold):
        raise BadRequest(f"The purchase order {order.get('orderNbr')} cannot be changed: its status is {status}.")


def _written(values: Document, fields: Mapping[str, tuple[str, Write]], *, onto: Document | None = None) -> Document:
    """The unwrapped values, by the field names of the order."""
    result: Document = {}
    for name, wrapped in values.items():
        if name not in fields:
            raise BadRequest(f"The field '{name}' cannot be changed.")
        if not isinstance(wrapped, dict) or set(wrapped) != {"value"}:
            raise BadRequest(f"The field '{name}' must be wrapped: {{\"value\": ...}}.")
        target, write = fields[name]
        value = write(wrapped["value"])
        result[target] = {**((onto or {}).get(target) or {}), **value} if target in _GROUPS else value
    return result


def _change_line(order: Document, change: Any, last_line: int) -> int:
    if not isinstance(change, dict) or change.get("operation") not in {"Insert", "Update", "Delete"}:
        raise BadRequest("Each line needs an operation: Insert, Update or Delete.")
    values = {name: value for name, value in change.items() if name not in {"operation", "lineNumber"}}
    lines = order["lines"] = order.get("lines") or []
    if change["operation"] == "Insert":
        lines.append(_new_line(order, values, last_line + 1))
        return last_line + 1
    number = (change.get("lineNumber") or {}).get("value")
    line = next((line for line in lines if line.get("lineNbr") == number), None)
    if line is None:
        raise BadRequest(f"The purchase order {order.get('orderNbr')} has no line {number}.")
    received = decimal_of(line.get("qtyOnReceipts"))
    if line.get("completed") or line.get("canceled"):
        raise BadRequest(f"Line {number} is completed and cannot be changed.")
    if change["operation"] == "Delete":
        if received:
            raise BadRequest(f"Line {number} cannot be deleted: {received} were received.")
        lines.remove(line)
        return last_line
    before = decimal_of(line.get("orderQty"))
    line.update(_written(values, LINE, onto=line))
    if decimal_of(line.get("orderQty")) < received:
        raise BadRequest(f"Line {number} cannot go below the {received} that were received.")
    if "orderQty" in values and before:
        ratio = decimal_of(line.get("baseOrderQty")) / before
        line["baseOrderQty"] = float(decimal_of(line["orderQty"]) * ratio)
    _price(order, line)
    return last_line


def _new_line(order: Document, values: Document, number: int) -> Document:
    line: Document = {"lineNbr": number, "lineType": "GoodsForInventory", "branch": order.get("branch")}
    line |= {"orderQty": 0.0, "unitCost": 0.0, "qtyOnReceipts": 0.0, "receivedAmt": 0.0}
    line |= {"completed": False, "canceled": False, "note": ""}
    line |= {"requested": order.get("date"), "promised": order.get("promisedOn")}
    line |= _written(values, LINE)
    if line["lineType"] != "Description" and not line.get("inventory"):
        raise BadRequest("A new line needs an inventory.")
    line["baseOrderQty"] = line["orderQty"]
    _price(order, line)
    return line


def _price(order: Document, line: Document) -> None:
    rate = decimal_of(order.get("exchangeRate")) or Decimal(1)
    extended = cents(decimal_of(line.get("orderQty")) * decimal_of(line.get("unitCost")))
    if line.get("discountPercent"):
        line["discountAmount"] = float(cents(extended * decimal_of(line["discountPercent"]) / 100))
    line["extCost"] = float(extended)
    line["amount"] = float(extended - decimal_of(line.get("discountAmount")))
    line["unitCostInBaseCurrency"] = float(decimal_of(line.get("unitCost")) * rate)


def recalculated(order: Document) -> Document:
    """The order with totals and open quantities calculated from its lines."""
    rate = decimal_of(order.get("exchangeRate")) or Decimal(1)
    lines = [line for line in order.get("lines") or [] if not line.get("canceled")]
    total = sum((decimal_of(line.get("amount")) for line in lines), Decimal(0))
    totals = {"lineTotal": float(total), "orderTotal": float(total + decimal_of(order.get("taxTotal")))}
    converted = {f"{name}InBaseCurrency": float(cents(Decimal(str(sum_)) * rate)) for name, sum_ in totals.items()}
    return with_open_quantities({**order, **totals, **converted})


def with_open_quantities(order: Document) -> Document:
    """The order with open quantities calculated from its lines; totals are not changed."""
    lines = [line for line in order.get("lines") or [] if not (line.get("canceled") or line.get("completed"))]
    awaited = [(decimal_of(line.get("orderQty")) - decimal_of(line.get("qtyOnReceipts")), line) for line in lines]
    balance = sum((quantity * decimal_of(line.get("unitCost")) for quantity, line in awaited), Decimal(0))
    quantity = sum((quantity for quantity, _ in awaited), Decimal(0))
    return {**order, "openQuantity": float(quantity), "openBalance": float(cents(balance))}


def decimal_of(value: Any) -> Decimal:
    """A number of a document; anything else is zero."""
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Rounded to two places, halves away from zero."""
    return value.quantize(_CENT, ROUND_HALF_UP)
