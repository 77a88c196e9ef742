"""What each receiver has of each document, worked out from what reached it and from nothing of ours.

A receiver is an ISA id in the body of a transaction. A transaction brings the whole document, or withdraws it. A change
that a partner asked for is known to that receiver as soon as it stands in Visma. Whatever the ledger believes, in
quiescence the receiver of a document has what Visma has, and nobody else has it, or the ledger says why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from proof.model.asking import HEADER, NOTHING, Request, Said, View, kept
from testkit.memory.orderful import business_number_of

Held = tuple[str, str]
"""A receiver's ISA id, and the name of a document."""

_BEG, _BIG = "beginningSegmentForPurchaseOrder", "beginningSegmentForInvoice"

CANCELLED: View = {"(cancelled)": NOTHING}


@dataclass(slots=True)
class Receivers:
    """All receivers, and the documents that they have, by the names that `name_of` gives them.

    Attributes:
        has: What each one has.
        had: What it had before the last transaction of a document.
        edited: Documents that somebody edited in Visma, in a way that a partner sees, since the receiver last heard of
            them.
        restless: Documents that somebody edited so since the last quiescence: a state in between may come too.
        shared: Numbers that two of our companies use, so that the same may come from each.
        refused: Documents whose last transaction the receiver refused, so that it may get the same again.
        requests: What each 860 asks for, by transaction id, as Orderful shows it now.
        names: What else a transaction is called: UUID -> number.
        days: The day of a whole order that a receiver asked for last, once it stands in Visma.
        complaints: What a receiver should not have been sent.
    """

    has: dict[Held, View] = field(default_factory=dict)
    had: dict[Held, View | None] = field(default_factory=dict)
    edited: set[Held] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    refused: set[Held] = field(default_factory=set)
    requests: dict[str, Request] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    days: dict[str, date] = field(default_factory=dict)
    _granted: dict[str, Request] = field(default_factory=dict)

    def number_of(self, transaction_id: str) -> str:
        """A transaction's number, by either of its names."""
        return self.names.get(transaction_id, transaction_id)

    def request(self, transaction_id: str) -> Request:
        """What an 860 asks for, by either of its names."""
        return self.requests[self.number_of(transaction_id)]

    def has_got(self, transaction_id: str) -> bool:
        """Whether what an 860 asks for stood in Visma, by either of its names."""
        return self.number_of(transaction_id) in self._granted

    def receives(self, body: Mapping[str, Any]) -> None:
        """A transaction reaches the receiver that it names."""
        held, view = held_in(body), view_in(body)
        receiver, name = held
        if self.has.get(held) == view and held not in self.edited | self.refused and name not in self.shared:
            self.complaints.append(f"{receiver} was sent {name} as it has it already: {_as_text(view)}.")
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

    def is_granted(self, transaction_id: str, approved: Mapping[str, Said] | None = None) -> None:
        """What a receiver asked for stands in Visma; a difference counts once, however often that is said.

        `approved` is what a person had written of items. What a difference comes to, and which lines move along with
        the order, is then as it was shown.
        """
        number = self.number_of(transaction_id)
        request = self._granted.get(number, self.requests[number])
        if request.day is not None:
            self.days[request.order] = request.day
        held = (request.sender, request.order)
        had = self.has.get(held, {})
        if approved is not None and number not in self._granted:
            request = request.as_approved(approved)
        request = self._granted[number] = request.in_view_of(had)
        self.has[held] = request.on(had)

    def hear_of_edit(self, name: str, *, by: str | None = None) -> None:
        """A document changed in a way that a partner sees: whoever has it may be sent something, but for who asked."""
        self.edited.update(held for held in self.has if held[1] == name and held[0] != by)
        self.unsettled.add(name)

    def holders(self, name: str) -> dict[str, View]:
        """Who has a document that was not withdrawn, and how it reads there."""
        return {receiver: view for (receiver, held), view in self.has.items() if held == name and view is not CANCELLED}


def view_of(order: Mapping[str, Any]) -> View:
    """An order of Visma as the partner would have it."""
    if order["status"] == "Cancelled":
        return CANCELLED
    lines = {
        line["inventory"]["number"]: Said(
            Decimal(str(line["orderQty"])), Decimal(str(line["unitCost"])), _day(line["promised"])
        )
        for line in order["lines"]
    }
    return kept({**lines, HEADER: NOTHING._replace(day=_day(order["promisedOn"]))})


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
    header, found = _wanted(message), dict[str, Said]()
    for loop in message[loops]:
        said = loop[line][0]
        found[said["productServiceID"]] = Said(
            Decimal(said[quantity]), Decimal(said["unitPrice"]), _wanted(loop) or header
        )
    return found if header is None else {**found, HEADER: NOTHING._replace(day=header)}


def _wanted(part: Mapping[str, Any]) -> date | None:
    """The day on which the goods are wanted (DTM 002)."""
    days = (one["date"] for one in part.get("dateTimeReference", ()) if one["dateTimeQualifier"] == "002")
    return next(map(date.fromisoformat, days), None)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value[:10]) if value else None


def _as_text(view: View) -> str:
    return ", ".join(
        f"{said.quantity:g} of {item} at {said.price:g} on {said.day}" for item, said in sorted(view.items())
    )
