"""What each receiver has of each document, worked out from what reached it and from nothing of ours.

A receiver is an ISA id in the body of a transaction. A transaction brings the whole document, or withdraws it. A change
that a partner asked for is known to that receiver as soon as it stands in Visma. Whatever the ledger believes, at rest
the receiver of a document has what Visma has, and nobody else has it, or the ledger says why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.support.fakes import business_number_of

View = Mapping[str, tuple[Decimal, Decimal]]
"""A document as far as it is followed here: item -> quantity and price."""

Held = tuple[str, str]
"""A receiver's ISA id, and the name of a document."""

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


@dataclass(frozen=True, slots=True)
class Request:
    """What an 860 asks for: who asks, the order, and the lines."""

    sender: str
    order: str
    wishes: tuple[Wish, ...]


@dataclass(slots=True)
class Receivers:
    """All receivers, and the documents that they have, by the names that `name_of` gives them.

    Attributes:
        has: What each one has.
        had: What it had before the last transaction of a document.
        edited: Documents that somebody edited in Visma, in a way that a partner sees, since the receiver last heard of
            them.
        restless: Documents that somebody edited so since everything last came to rest: a state in between may come too.
        shared: Numbers that two of our companies use, so that the same may come from each.
        refused: Documents whose last transaction the receiver refused, so that it may get the same again.
        requests: What each 860 asked for, by transaction id.
        complaints: What a receiver should not have been sent.
    """

    has: dict[Held, View] = field(default_factory=dict)
    had: dict[Held, View | None] = field(default_factory=dict)
    edited: set[Held] = field(default_factory=set)
    restless: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    refused: set[Held] = field(default_factory=set)
    requests: dict[str, Request] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def receives(self, body: Mapping[str, Any]) -> None:
        """A transaction reaches the receiver that it names."""
        held, view = held_in(body), view_in(body)
        receiver, name = held
        if self.has.get(held) == view and held not in self.edited | self.refused and name not in self.shared:
            self.complaints.append(f"{receiver} was sent {name} as it has it already: {_told(view)}.")
        self.had[held], self.has[held] = self.has.get(held), view
        self.edited.discard(held)
        self.refused.discard(held)

    def refuses(self, held: Held) -> None:
        """A receiver takes the last transaction of a document back (997, CONTRL): it has what it had before."""
        before = self.had[held]
        if before is None:
            self.has.pop(held, None)
        else:
            self.has[held] = before
        self.refused.add(held)

    def is_granted(self, transaction_id: str) -> None:
        """What a receiver asked for stands in Visma."""
        request = self.requests[transaction_id]
        held = (request.sender, request.order)
        for wish in request.wishes:
            self.has[held] = wish.on(self.has.get(held, {}))

    def hear_of_edit(self, name: str, *, by: str | None = None) -> None:
        """A document changed in a way that a partner sees: whoever has it may be sent something, but for who asked."""
        self.edited.update(held for held in self.has if held[1] == name and held[0] != by)
        self.restless.add(name)

    def holders(self, name: str) -> dict[str, View]:
        """Who has a document that was not withdrawn, and how it reads there."""
        return {receiver: view for (receiver, held), view in self.has.items() if held == name and view is not CANCELLED}


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


def held_in(body: Mapping[str, Any]) -> Held:
    """Whom a transaction reaches, and what the document is called there."""
    receiver: str = body.get("receiverId") or body["receiver"]["isaId"]
    return receiver, name_of(body)


def name_of(body: Mapping[str, Any]) -> str:
    """What the partner calls the document of a transaction."""
    number = business_number_of(body) or ""
    return invoice(number) if _BIG in body["message"]["transactionSets"][0] else number


def view_in(body: Mapping[str, Any]) -> View:
    """The document in a transaction."""
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
