"""The content of each document at each receiver, by its transactions only.

A receiver is an ISA id in the body of a transaction. A transaction has the complete document, or withdraws it. A change
that a partner requested is known to it once it is written in Visma. When the system is quiescent, the receiver of a
document has the content of Visma, and nobody else has it, or the ledger has the reason.

What a partner had when it wrote an 860 (docs/decisions/0066): nothing that Orderful received after it; for certain what
it had acknowledged (997) by then, or had got a day before; perhaps what is newer than that. Orderful always says when
it received an 860.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.domain.revision.record import Revision, State
from connector.services.ports import RemoteTransaction
from proof.model.asking import HEADER, NOTHING, Request, Said, View, kept
from testkit.memory.orderful import business_number_of

Held = tuple[str, str]
"""A receiver's ISA id and the name of a document."""

_BEG, _BIG = "beginningSegmentForPurchaseOrder", "beginningSegmentForInvoice"

CANCELLED: View = {"(cancelled)": NOTHING}

READ_WITHIN = timedelta(days=1)
CLOCKS_WITHIN = timedelta(minutes=5)
"""How far the clocks of Orderful and the connector may be apart."""


@dataclass(slots=True)
class Sending:
    """A transaction that a receiver got.

    Attributes:
        transaction_id: Its id at Orderful.
        at: When Orderful received it.
        view: The content after it, with the receiver's own changes since.
        begun_at: When the connector began to send it; as `at` until the connector has recorded that it was sent.
        sent_at: When the connector recorded that it was sent; None before that, and while it needs attention.
        acknowledged_at: When the connector recorded its acknowledgment (997); None without one.
    """

    transaction_id: str
    at: datetime
    view: View
    begun_at: datetime
    sent_at: datetime | None = None
    acknowledged_at: datetime | None = None

    def was_read(self, at: datetime) -> bool:
        """Whether the receiver had read it for certain."""
        if self.acknowledged_at is not None and self.acknowledged_at <= at:
            return True
        return self.sent_at is not None and self.sent_at + READ_WITHIN <= at


@dataclass(slots=True)
class Receivers:
    """All receivers and their documents, by the names of `name_of`.

    Attributes:
        has: The content at each receiver.
        had: The content before the last transaction of a document.
        edited: Documents with a material edit in Visma since their last transaction.
        unsettled: Documents with a material edit since the last quiescence: a state in between may be sent too.
        shared: Numbers that two of our companies use, so that equal documents are no duplicates.
        refused: Documents whose last transaction the receiver rejected, so that it may be repeated.
        sendings: The transactions of a document at each receiver, oldest first; without those that it rejected.
        requests: The request of each 860, by transaction id, as in Orderful now.
        names: UUID -> number of a transaction.
        is_paused: Whether nothing may be sent.
        resent: Documents that a person has had sent a second time.
        closed: The content of documents that a person has closed, and their receivers, until they are sent again.
        ever_closed: Documents that a person has closed.
        days: The last requested date of an order, once it is written in Visma.
        violations: Transactions that must not be sent.
    """

    has: dict[Held, View] = field(default_factory=dict)
    had: dict[Held, View | None] = field(default_factory=dict)
    edited: set[Held] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    refused: set[Held] = field(default_factory=set)
    is_paused: Callable[[], bool] = lambda: False
    resent: set[str] = field(default_factory=set)
    closed: dict[str, tuple[View, Callable[[], AbstractSet[str]]]] = field(default_factory=dict)
    ever_closed: set[str] = field(default_factory=set)
    sendings: defaultdict[Held, list[Sending]] = field(default_factory=lambda: defaultdict(list))
    requests: dict[str, Request] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    days: dict[str, date] = field(default_factory=dict)
    granted: dict[str, Request] = field(default_factory=dict)

    def number_of(self, transaction_id: str) -> str:
        """A transaction's number, by number or UUID."""
        return self.names.get(transaction_id, transaction_id)

    def request(self, transaction_id: str) -> Request:
        """The request of an 860, by number or UUID."""
        return self.requests[self.number_of(transaction_id)]

    def was_granted(self, transaction_id: str) -> bool:
        """Whether an 860 was written in Visma, by number or UUID."""
        return self.number_of(transaction_id) in self.granted

    def receives(self, body: Mapping[str, Any], transaction: RemoteTransaction) -> None:
        """Record a transaction at its receiver."""
        held, view = document_of(body), view_in(body)
        receiver, name = held
        if (
            self.has.get(held) == view
            and held not in self.edited | self.refused
            and name not in self.shared | self.resent
        ):
            self.violations.append(f"{receiver} was sent {name} as it has it already: {_as_text(view)}.")
        if self.is_paused():
            self.violations.append(f"{receiver} was sent {name} during a pause.")
        if self.is_closed(name, view) and receiver in self.closed[name][1]():
            self.violations.append(f"{receiver} was sent {name}, which a person had closed.")
        if view != CANCELLED:  # a withdrawal from a former receiver does not settle it
            self.closed.pop(name, None)
        self.had[held], self.has[held] = self.has.get(held), view
        self.edited.discard(held)
        self.refused.discard(held)
        at = transaction.created_at
        self.sendings[held].append(Sending(transaction.transaction_id, at, view, begun_at=at))

    def is_closed(self, name: str, view: View) -> bool:
        """Whether a person has closed a document with this content, and it was not sent since."""
        return name in self.closed and self.closed[name][0] == view

    def notes(self, revision: Revision) -> None:
        """Record what the connector has recorded of a transaction."""
        held = (revision.receiver_id or "", revision.business_number or "")
        for sending in self.sendings.get(held, ()):
            if sending.transaction_id != revision.transaction_id:
                continue
            sending.begun_at = revision.first_attempt_at or sending.at
            sending.sent_at = None if revision.needs_attention else revision.sent_at
            if revision.state is State.ACKNOWLEDGED and sending.acknowledged_at is None:
                sending.acknowledged_at = revision.history[-1].at

    def asks(self, number: str, request: Request) -> None:
        """Record an 860, or another message in its place."""
        self.requests[number] = request

    def may_have_had(self, transaction_id: str) -> list[View]:
        """The states of the order that the sender of an 860 may have had when it wrote it, newest first.

        One that left shortly after it counts as well, because the clocks may differ. It had one whose quantities it
        states as the original ones, and so none that is older.
        """
        sendings, at = self._before(transaction_id)
        found: list[View] = []
        for sending in reversed(sendings):
            if sending.begun_at <= at + CLOCKS_WITHIN:
                found.append(sending.view)
                if sending.was_read(at):
                    break
        request = self.request(transaction_id)
        if any(request.states(view) for view in found):
            while not request.states(found[-1]):
                found.pop()
        return found

    def left_after(self, transaction_id: str) -> dict[str, datetime]:
        """The transactions of the order that its sender got after an 860 for certain, with their times.

        The connector knows when it began to send one, and not when Orderful received it. The first one does not count:
        a change is compared with that in any case.
        """
        sendings, at = self._before(transaction_id)
        return {one.transaction_id: one.at for one in sendings[1:] if one.begun_at > at + CLOCKS_WITHIN}

    def is_in_doubt(self, transaction_id: str) -> bool:
        """Whether nobody can tell if the sender of an 860 had read a later transaction of the order than the first."""
        sendings, at = self._before(transaction_id)
        return any(one.begun_at <= at + CLOCKS_WITHIN and not one.was_read(at) for one in sendings[1:])

    def was_crossed(self, transaction_id: str, *, by_person: bool) -> bool:
        """Whether the sender of an 860 may be sent the whole order again once the change is written.

        It got a transaction after the 860; or one that it may not have read, and a person approved the change as one
        of the state before.
        """
        sendings, at = self._before(transaction_id)
        is_unread = by_person and any(not one.was_read(at) for one in sendings[1:])
        return is_unread or any(one.at > at for one in sendings)

    def _before(self, transaction_id: str) -> tuple[list[Sending], datetime]:
        """The transactions of the order at the sender of an 860, and when Orderful received the 860."""
        request = self.request(transaction_id)
        if request.filed_at is None:
            raise ValueError("The message was not sent to Orderful.")
        return self.sendings.get((request.sender, request.order), []), request.filed_at

    def refuses(self, held: Held, transaction_id: str | None) -> None:
        """A receiver rejects the last transaction of a document (997, CONTRL): the content before it counts."""
        self.sendings[held] = [one for one in self.sendings[held] if one.transaction_id != transaction_id]
        before = self.had[held]
        if before is None:
            self.has.pop(held, None)
        else:
            self.has[held] = before
        self.refused.add(held)

    def note_granted(self, transaction_id: str, approved: Mapping[str, Said] | None = None) -> None:
        """Record that a request was written in Visma; a difference counts once, also when recorded again.

        `approved` has the items as a person approved them, which determine differences and dates.
        """
        number = self.number_of(transaction_id)
        request = self.granted.get(number, self.requests[number])
        if request.day is not None:
            self.days[request.order] = request.day
        held = (request.sender, request.order)
        had = self.has.get(held, {})
        if approved is not None and number not in self.granted:
            request = request.as_approved(approved)
        request = self.granted[number] = request.in_view_of(had)
        if had is CANCELLED:
            self.edited.add(held)  # it asked before it got the cancellation; the whole may be sent again
            return
        self.has[held] = request.on(had)
        for sending in self.sendings[held][-1:]:
            sending.view = self.has[held]
        if self.was_crossed(number, by_person=approved is not None):
            # What it was sent last does not have the change, so the whole may be sent again.
            self.edited.add(held)

    def note_edit(self, name: str, *, by: str | None = None) -> None:
        """Record a material edit: each receiver except `by` may get a transaction."""
        self.edited.update(held for held in self.has if held[1] == name and held[0] != by)
        self.unsettled.add(name)

    def holders(self, name: str) -> dict[str, View]:
        """The receivers that have a document, with its content."""
        return {receiver: view for (receiver, held), view in self.has.items() if held == name and view is not CANCELLED}


def view_of(order: Mapping[str, Any]) -> View:
    """The content of an order for the partner."""
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
    """The name of an invoice; the name of an order is its number, and both may be equal."""
    return f"invoice {number}"


def document_of(body: Mapping[str, Any]) -> Held:
    """The receiver and the document name of a transaction."""
    receiver: str = body.get("receiverId") or body["receiver"]["isaId"]
    return receiver, name_of(body)


def name_of(body: Mapping[str, Any]) -> str:
    """The document name of a transaction."""
    number = business_number_of(body) or ""
    return invoice(number) if _BIG in body["message"]["transactionSets"][0] else number


def view_in(body: Mapping[str, Any]) -> View:
    """The content of a transaction."""
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
    """The requested delivery date (DTM 002)."""
    days = (one["date"] for one in part.get("dateTimeReference", ()) if one["dateTimeQualifier"] == "002")
    return next(map(date.fromisoformat, days), None)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value[:10]) if value else None


def _as_text(view: View) -> str:
    return ", ".join(
        f"{said.quantity:g} of {item} at {said.price:g} on {said.day}" for item, said in sorted(view.items())
    )
