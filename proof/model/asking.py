"""What a partner asks for with an 860, and the message in which it says so.

Facts, not the connector's reading of them: BCH05 may be missing or misused, BCH11 may be missing; each sending of a
message has control numbers of its own and is otherwise the same; Orderful notes when it got the message. The changes of
one order apply by BCH05 (missing is 1), then BCH11, then Orderful's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

HEADER = "(order)"
"""Where a `View` has the day of the whole order."""


class Said(NamedTuple):
    """What a document says of an item; the day is that on which the goods are wanted."""

    quantity: Decimal
    price: Decimal
    day: date | None = None


View = Mapping[str, Said]
"""A document as far as it is followed here: what it says of each item, and of the whole order."""

NOTHING = Said(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Wish:
    """What one line of an 860 asks for; a quantity of zero takes the item off the order.

    Attributes:
        line: Visma's number of the line; None for an added one.
        was: What the quantity was for the partner, where the line says that too.
        more: The quantity as a difference (QI and QD where routing says so), instead of a new total.
        day: On which the goods are wanted.
    """

    line: int | None
    item: str
    quantity: int | None = None
    price: str | None = None
    was: int | None = None
    more: int | None = None
    day: date | None = None

    @property
    def mosaic(self) -> dict[str, Any]:
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
        if self.day is not None:
            said["dates"] = {"requestedDeliveryDate": self.day.isoformat()}
        if self.line is None:
            return {**said, "changeReason": "addItem"}
        if self.day is not None:
            return {**said, "changeReason": "changeToItem"}
        if self.quantity is None:
            return {**said, "changeReason": "priceChange"}
        if self.was is not None:
            said |= {"originalQuantity": _pieces(self.was), "changeInQuantity": _pieces(abs(self.quantity - self.was))}
        return {**said, "changeReason": "quantityChange"}

    @property
    def x12(self) -> dict[str, Any]:
        """The line in X12's words: a difference, or a day."""
        said: dict[str, Any] = {"assignedIdentification": str(self.line)}
        if self.more is not None:
            said |= {"changeOrResponseTypeCode": "QI" if self.more > 0 else "QD", "quantity": str(abs(self.more))}
            said["compositeUnitOfMeasure"] = [{"unitOrBasisForMeasurementCode": "EA"}]
        else:
            said["changeOrResponseTypeCode"] = "CT"
        loop: dict[str, Any] = {"lineItemChange": [said]}
        if self.day is not None:
            loop["dateTimeReference"] = [_wanted(self.day)]
        return loop

    def total(self, view: View) -> Decimal | None:
        """The quantity that is asked for, where the partner has the order so; None when it stays."""
        if self.more is not None:
            return view.get(self.item, NOTHING).quantity + self.more
        return None if self.quantity is None else Decimal(self.quantity)

    def on(self, view: View) -> View:
        """The order in the partner's hands with this wish fulfilled."""
        if self.quantity == 0:
            return kept({item: said for item, said in view.items() if item != self.item})
        had, total = view.get(self.item, NOTHING), self.total(view)
        # An added line is wanted when the whole order is, unless it says otherwise.
        day = self.day or had.day or view.get(HEADER, NOTHING).day
        price = had.price if self.price is None else Decimal(self.price)
        return kept({**view, self.item: Said(had.quantity if total is None else total, price, day)})


@dataclass(frozen=True, slots=True)
class Request:
    """What an 860 asks for.

    Attributes:
        sender: The ISA id of who asks.
        order: Whose number it names.
        day: On which the whole order is wanted; the lines that had the day of the order move along.
        sequence: BCH05, if it has one.
        changed_on: BCH11, if it has one.
        filed_at: Orderful's `createdAt`.
        in_x12: The dialect.
    """

    sender: str
    order: str
    wishes: tuple[Wish, ...]
    day: date | None = None
    sequence: int | None = None
    changed_on: date | None = date(2026, 9, 20)
    filed_at: datetime | None = None
    in_x12: bool = False

    @property
    def content(self) -> Request:
        """What makes two messages the same: everything but when Orderful got them."""
        return replace(self, filed_at=None)

    @property
    def is_difference(self) -> bool:
        """Whether it asks for more or less, and not for a total."""
        return any(wish.more is not None for wish in self.wishes)

    def is_newer(self, other: Request) -> bool:
        """Whether it applies after another one of the same order."""
        return self._turn > other._turn

    @property
    def _turn(self) -> tuple[int, date, datetime]:
        if self.filed_at is None:
            raise ValueError("It was never filed at Orderful.")
        return self.sequence or 1, self.changed_on or self.filed_at.date(), self.filed_at

    def on(self, view: View) -> View:
        """The order in the partner's hands with everything fulfilled."""
        had = view.get(HEADER, NOTHING).day
        if self.day is not None and had is not None:
            moved = {item: said._replace(day=self.day) for item, said in view.items() if said.day == had}
            view = {**view, **moved}
        for wish in self.wishes:
            view = wish.on(view)
        return kept(view)

    def in_view_of(self, view: View) -> Request:
        """The same with totals for differences, as the partner had the order so."""
        wishes = (
            wish if wish.more is None else replace(wish, more=None, quantity=int(wish.total(view) or 0))
            for wish in self.wishes
        )
        return replace(self, wishes=tuple(wishes))

    def as_approved(self, written: Mapping[str, Said]) -> Request:
        """The same as a person had it written: with that total for a difference, and with those lines moving along."""
        wishes = [
            replace(wish, more=None, quantity=int(written[wish.item].quantity))
            if wish.more is not None and wish.item in written
            else wish
            for wish in self.wishes
        ]
        if self.day is not None:
            wishes += [Wish(0, item, day=self.day) for item, said in written.items() if said.day == self.day]
        return replace(self, wishes=tuple(wishes), day=None)

    @property
    def parts(self) -> tuple[Request | Wish, ...]:
        """Everything in it that can stand or not stand by itself."""
        header = () if self.day is None else (replace(self, wishes=()),)
        return (*header, *self.wishes)

    def message(self, control: int) -> dict[str, Any]:
        """The 860; `control` makes the control numbers, which Mosaic has none of."""
        return self._x12(f"{control:04d}") if self.in_x12 else self._mosaic()

    def _mosaic(self) -> dict[str, Any]:
        said = {
            "changeSequenceNumber": None if self.sequence is None else str(self.sequence),
            "purchaseOrderChangeDate": self.changed_on and self.changed_on.isoformat(),
            "dates": self.day and {"requestedDeliveryDate": self.day.isoformat()},
        }
        return {
            "purpose": "change",
            "purchaseOrderNumber": self.order,
            "purchaseOrderDate": "2026-09-01",
            **{name: value for name, value in said.items() if value is not None},
            "lineItems": [wish.mosaic for wish in self.wishes],
        }

    def _x12(self, control: str) -> dict[str, Any]:
        beginning = {
            "transactionSetPurposeCode": "04",
            "purchaseOrderTypeCode": "SA",
            "purchaseOrderNumber": self.order,
            "date": "20260901",
        }
        if self.sequence is not None:
            beginning["changeOrderSequenceNumber"] = str(self.sequence)
        if self.changed_on is not None:
            beginning["date2"] = f"{self.changed_on:%Y%m%d}"
        days = [] if self.day is None else [_wanted(self.day)]
        return {
            "transactionSets": [
                {
                    "transactionSetHeader": [
                        {"transactionSetIdentifierCode": "860", "transactionSetControlNumber": control}
                    ],
                    "beginningSegmentForPurchaseOrderChange": [beginning],
                    **({"dateTimeReference": days} if days else {}),
                    "POC_loop": [wish.x12 for wish in self.wishes],
                    "transactionSetTrailer": [
                        {"numberOfIncludedSegments": "9", "transactionSetControlNumber": control}
                    ],
                }
            ]
        }


def kept(view: View) -> View:
    """The document without a day of the order that no line keeps to: an 850 does not say it."""
    header = view.get(HEADER)
    if header is None or any(said.day == header.day for item, said in view.items() if item != HEADER):
        return view
    return {item: said for item, said in view.items() if item != HEADER}


def _wanted(day: date) -> dict[str, str]:
    return {"dateTimeQualifier": "002", "date": f"{day:%Y%m%d}"}


def _pieces(value: int) -> dict[str, str]:
    return {"value": str(value), "unitOfMeasure": "each"}
