"""What the partners have in their hands, worked out from what reached them and from nothing of ours.

A transaction brings the whole document. A change that the partner asked for is in its hands as soon as it stands in
Visma. Whatever the ledger believes, at rest the partner has what Visma has, or the ledger says why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.support.fakes import business_number_of

View = Mapping[str, tuple[Decimal, Decimal]]
"""A document as far as it is followed here: item -> quantity and price."""

_BEG, _BIG = "beginningSegmentForPurchaseOrder", "beginningSegmentForInvoice"

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
    """All partners as one, and the documents that they have, by the names that `name_of` gives them.

    Attributes:
        has: What it has.
        had: What it had before the last transaction of a document.
        edited: Documents that somebody edited in Visma since it last heard of them.
        shared: Numbers that two of our companies use, so that the same may come from each.
        refused: Documents whose last transaction it refused, so that it may get the same again.
        wishes: What each of its 860s asked for, by transaction id: the order, and the lines.
        complaints: What it should not have been sent.
    """

    has: dict[str, View] = field(default_factory=dict)
    had: dict[str, View | None] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    wishes: dict[str, tuple[str, tuple[Wish, ...]]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def receives(self, body: Mapping[str, Any]) -> None:
        """A transaction reaches it."""
        name, view = name_of(body), _view_in(body)
        if self.has.get(name) == view and name not in self.edited | self.refused | self.shared:
            self.complaints.append(f"The partner was sent {name} as it has it already: {_told(view)}.")
        self.had[name], self.has[name] = self.has.get(name), view
        self.edited.discard(name)
        self.refused.discard(name)

    def refuses(self, name: str) -> None:
        """It takes the last transaction of a document back (997, CONTRL): what it had before is what it has."""
        before = self.had[name]
        if before is None:
            self.has.pop(name, None)
        else:
            self.has[name] = before
        self.refused.add(name)

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


def invoice(number: str) -> str:
    """What the partner calls an invoice; an order it calls by its number alone, and the two may well be the same."""
    return f"invoice {number}"


def name_of(body: Mapping[str, Any]) -> str:
    """What the partner calls the document of a transaction."""
    number = business_number_of(body) or ""
    return invoice(number) if _BIG in body["message"]["transactionSets"][0] else number


def _view_in(body: Mapping[str, Any]) -> View:
    message = body["message"]["transactionSets"][0]
    head, loops, line, quantity = (
        (_BIG, "IT1_loop", "baselineItemDataInvoice", "quantityInvoiced")
        if _BIG in message
        else (_BEG, "PO1_loop", "baselineItemData", "quantity")
    )
    if message[head][0]["transactionSetPurposeCode"] == "01":
        return CANCELLED
    lines = [loop[line][0] for loop in message[loops]]
    return {each["productServiceID"]: (Decimal(each[quantity]), Decimal(each["unitPrice"])) for each in lines}


def _told(view: View) -> str:
    return ", ".join(f"{quantity:g} of {item} at {price:g}" for item, (quantity, price) in sorted(view.items()))


def _pieces(value: int) -> dict[str, str]:
    return {"value": str(value), "unitOfMeasure": "each"}
