"""What the partner has in its hands, worked out from what reached it and from nothing of ours.

A transaction brings the whole order. A change that the partner asked for is in its hands as soon as it stands in Visma.
Whatever the ledger believes, at rest the partner has what Visma has, or the ledger says why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

View = Mapping[str, tuple[Decimal, Decimal]]
"""An order as far as it is followed here: item -> quantity and price."""

CANCELLED: View = {"(cancelled)": (Decimal(0), Decimal(0))}


@dataclass(frozen=True, slots=True)
class Wish:
    """What one line of an 860 asks for; a quantity of zero takes the item off the order.

    Attributes:
        line: Visma's number of the line; None for an added one.
    """

    line: int | None
    item: str
    quantity: int | None = None
    price: str | None = None
    was: int | None = None

    @property
    def message(self) -> dict[str, Any]:
        """The line in Mosaic's words."""
        if self.quantity == 0:
            return {"purchaseOrderLineId": str(self.line), "changeReason": "deleteItem"}
        said: dict[str, Any] = {"productIds": {"buyerItemNumber": self.item}}
        if self.line is not None:
            said["purchaseOrderLineId"] = str(self.line)
        if self.quantity is not None:
            said["quantity"] = _pieces(self.quantity)
        if self.price is not None:
            said["unitCostPrice"] = self.price
        if self.line is None:
            return {**said, "changeReason": "addItem"}
        if self.quantity is None:
            return {**said, "changeReason": "priceChange"}
        if self.was is not None:
            said |= {"originalQuantity": _pieces(self.was), "changeInQuantity": _pieces(abs(self.quantity - self.was))}
        return {**said, "changeReason": "quantityChange"}

    def on(self, view: View) -> View:
        """The order in the partner's hands with this wish fulfilled."""
        if self.quantity == 0:
            return {item: said for item, said in view.items() if item != self.item}
        had = view.get(self.item, (Decimal(0), Decimal(0)))
        quantity = had[0] if self.quantity is None else Decimal(self.quantity)
        return {**view, self.item: (quantity, had[1] if self.price is None else Decimal(self.price))}


@dataclass(slots=True)
class Partner:
    """One partner and the orders that it has.

    Attributes:
        has: What it has, by order number.
        had: What it had before the last transaction of an order.
        edited: Orders that somebody edited in Visma since it last heard of them.
        refused: Orders whose last transaction it refused, so that it may get the same again.
        wishes: What each of its 860s asked for, by transaction id: the order, and the lines.
        complaints: What it should not have been sent.
    """

    has: dict[str, View] = field(default_factory=dict)
    had: dict[str, View | None] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    wishes: dict[str, tuple[str, tuple[Wish, ...]]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def receives(self, body: Mapping[str, Any]) -> None:
        """A transaction reaches it."""
        number, view = _read(body)
        if self.has.get(number) == view and number not in self.edited | self.refused:
            self.complaints.append(f"The partner was sent order {number} as it has it already: {_told(view)}.")
        self.had[number], self.has[number] = self.has.get(number), view
        self.edited.discard(number)
        self.refused.discard(number)

    def refuses(self, number: str) -> None:
        """It takes the last transaction of an order back (997, CONTRL): what it had before is what it has."""
        before = self.had[number]
        if before is None:
            self.has.pop(number, None)
        else:
            self.has[number] = before
        self.refused.add(number)

    def is_granted(self, transaction_id: str) -> None:
        """What it asked for stands in Visma."""
        number, wishes = self.wishes[transaction_id]
        for wish in wishes:
            self.has[number] = wish.on(self.has.get(number, {}))


def view_of(order: Mapping[str, Any]) -> View:
    """An order of Visma as the partner would have it."""
    if order["status"] == "Cancelled":
        return CANCELLED
    return {
        line["inventory"]["number"]: (Decimal(str(line["orderQty"])), Decimal(str(line["unitCost"])))
        for line in order["lines"]
    }


def _read(body: Mapping[str, Any]) -> tuple[str, View]:
    message = body["message"]["transactionSets"][0]
    head = message["beginningSegmentForPurchaseOrder"][0]
    number: str = head["purchaseOrderNumber"]
    if head["transactionSetPurposeCode"] == "01":
        return number, CANCELLED
    lines = [loop["baselineItemData"][0] for loop in message["PO1_loop"]]
    return number, {line["productServiceID"]: (Decimal(line["quantity"]), Decimal(line["unitPrice"])) for line in lines}


def _told(view: View) -> str:
    return ", ".join(f"{quantity:g} of {item} at {price:g}" for item, (quantity, price) in sorted(view.items()))


def _pieces(value: int) -> dict[str, str]:
    return {"value": str(value), "unitOfMeasure": "each"}
