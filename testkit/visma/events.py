"""What payments, receipts, prints, call-offs and catalogue changes make of a document of the sandbox Visma.

Each function gives a new document and leaves the old one untouched; the stamps are the store's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from testkit.visma.orders import cents, decimal_of, recalculated, with_open_quantities
from testkit.visma.resources import Document

NEVER_RECEIVED: Final[Mapping[str, str]] = {
    "StandardBlanket": "it is a pattern that is neither received nor billed",
    "Blanket": "its call-offs are received, not the blanket order itself",
}
_CALLED_OFF: Final = frozenset({"Blanket", "StandardBlanket"})
_LINE_LISTS: Final = ("lines", "invoiceLines")
_IDS: Final = ("id", "number")
_TEXTS: Final = ("description", "name")


def untouched(document: Document) -> Document:
    """An upgrade, a recalculation, a save without a change: only the stamps move."""
    return document


def paid(document: Document) -> Document:
    """An invoice or note that is settled: nothing is left to pay, and an open one is closed."""
    if "orderNbr" in document:
        raise ValueError(f"The purchase order {document['orderNbr']} cannot be paid: only invoices and notes are.")
    status = "Closed" if document.get("status") == "Open" else document.get("status")
    return document | {"balance": 0.0, "balanceInCurrency": 0.0, "status": status}


def printed(document: Document) -> Document:
    """A document that was printed: an order says so, and one that waited for it is open."""
    return _handed_out(document, "printed", "PendingPrint")


def emailed(document: Document) -> Document:
    """A document that was sent by e-mail: an order says so, and one that waited for it is open."""
    return _handed_out(document, "emailed", "PendingEmail")


def _handed_out(document: Document, mark: str, waiting: str) -> Document:
    status = "Open" if document.get("status") == waiting else document.get("status")
    return document | ({mark: True} if "orderNbr" in document else {}) | {"status": status}


def received(order: Document, quantities: Mapping[int, Decimal] | None = None) -> Document:
    """An order after a receipt; once nothing is awaited any more it is closed.

    Args:
        order: The order.
        quantities: What came, by line number; None is all that is awaited.

    Raises:
        ValueError: orders of this type are never received, it has no such line, or it is no order.
    """
    number = order.get("orderNbr")
    if number is None:
        raise ValueError("Only purchase orders are received.")
    if reason := NEVER_RECEIVED.get(str(order.get("orderType"))):
        raise ValueError(f"The purchase order {number} is never received: {reason}.")
    lines = [dict(line) for line in order.get("lines") or []]
    if unknown := set(quantities or {}) - {line["lineNbr"] for line in lines}:
        raise ValueError(f"The purchase order {number} has no line {min(unknown)}.")
    came, worth = Decimal(0), Decimal(0)
    for line in lines:
        if line.get("completed") or line.get("canceled"):
            continue
        awaited = decimal_of(line.get("orderQty")) - decimal_of(line.get("qtyOnReceipts"))
        quantity = awaited if quantities is None else quantities.get(line["lineNbr"], Decimal(0))
        amount = cents(quantity * decimal_of(line.get("unitCost")))
        line["qtyOnReceipts"] = float(decimal_of(line.get("qtyOnReceipts")) + quantity)
        line["receivedAmt"] = float(decimal_of(line.get("receivedAmt")) + amount)
        line["completed"] = quantity >= awaited
        came, worth = came + quantity, worth + amount
    receipts = order.get("purchaseReceipts") or []
    receipt = {
        "type": "PoReceipt",
        "receiptNumber": f"R{number}-{len(receipts) + 1}",
        "status": "Released",
        "supplierName": (order.get("supplier") or {}).get("name"),
        "currency": order.get("currency"),
        "totalQty": float(came),
        "totalAmt": float(worth),
    }
    done = bool(lines) and all(line.get("completed") or line.get("canceled") for line in lines)
    status = "Closed" if done else order.get("status")
    return with_open_quantities(order | {"lines": lines, "purchaseReceipts": [*receipts, receipt], "status": status})


CAUSES: Final[Mapping[str, Callable[[Document], Document]]] = {
    "touch": untouched,
    "upgrade": untouched,
    "payment": paid,
    "receipt": received,
    "print": printed,
    "email": emailed,
}
"""Why a document is touched -> what becomes of it."""


def called_off(blanket: Document, number: str, quantities: Mapping[int, Decimal], header: Document) -> Document:
    """A normal order for a part of a blanket or standard order; each of its lines names that order.

    Args:
        blanket: The order that is called off.
        number: Of the new order.
        quantities: What is ordered, by line number of the blanket.
        header: What the header says in place of the blanket's: its `date`, its `promisedOn`.

    Raises:
        ValueError: the order is neither a blanket nor a standard order, or it has no such line.
    """
    named, order_type = blanket.get("orderNbr"), blanket.get("orderType")
    if order_type not in _CALLED_OFF:
        raise ValueError(
            f"The purchase order {named} is {order_type}: only Blanket and StandardBlanket are called off."
        )
    by_number = {line["lineNbr"]: line for line in blanket.get("lines") or []}
    if unknown := set(quantities) - set(by_number):
        raise ValueError(f"The purchase order {named} has no line {min(unknown)}.")
    lines = []
    for position, (line_number, quantity) in enumerate(quantities.items(), 1):
        amount = cents(quantity * decimal_of(by_number[line_number].get("unitCost")))
        line = by_number[line_number] | {"lineNbr": position, "orderQty": float(quantity)}
        line |= {"baseOrderQty": float(quantity), "extCost": float(amount), "amount": float(amount)}
        line |= {"discountPercent": 0.0, "discountAmount": 0.0, "qtyOnReceipts": 0.0, "receivedAmt": 0.0}
        line |= {"orderType": order_type, "orderNumber": named, "completed": False, "canceled": False}
        lines.append({name: value for name, value in line.items() if name not in {"requested", "promised"}})
    order = blanket | {"orderType": "RegularOrder", "orderNbr": number, "status": "Open", "hold": False}
    order |= {"lines": lines, "purchaseReceipts": [], "taxDetails": [], "taxTotal": 0.0}
    return recalculated(order | header)


@dataclass(frozen=True, slots=True)
class Renaming:
    """A change in a register that every document shows which names the entry.

    Attributes:
        field: Where documents name it: `inventory`, `taxCategory`, `terms`, `location`, `supplier`, `creditTerms`,
            `vatCode` ... in the header or in lines.
        id: The entry's `id` or `number`.
        text: Its new `description` or `name`; None leaves it.
        new_id: Its new `id` or `number`; None leaves it.
        line_texts: True when the line's own `lineDescription` follows as well.
    """

    field: str
    id: str
    text: str | None = None
    new_id: str | None = None
    line_texts: bool = False

    def applied(self, document: Document) -> Document | None:
        """The document with the entry's new text and id; None when it does not name the entry."""
        found = self._renamed(document)
        for name in _LINE_LISTS:
            lines = document.get(name)
            if not isinstance(lines, list):
                continue
            renamed = [self._renamed(line) if isinstance(line, dict) else None for line in lines]
            if any(line is not None for line in renamed):
                kept = [new if new is not None else old for new, old in zip(renamed, lines, strict=True)]
                found = (found or document) | {name: kept}
        return found

    def _renamed(self, holder: Document) -> Document | None:
        entry = holder.get(self.field)
        if not isinstance(entry, dict):
            return None
        key = next((name for name in _IDS if str(entry.get(name)) == self.id), None)
        if key is None:
            return None
        changed = dict(self._changes(entry, key))
        follows = self.line_texts and self.text is not None and "lineDescription" in holder
        return holder | {self.field: entry | changed} | ({"lineDescription": self.text} if follows else {})

    def _changes(self, entry: Document, key: str) -> Iterator[tuple[str, Any]]:
        if self.text is not None:
            yield next((name for name in _TEXTS if name in entry), _TEXTS[0]), self.text
        if self.new_id is not None:
            yield key, type(entry[key])(self.new_id)
