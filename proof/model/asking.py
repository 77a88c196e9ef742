"""Change requests of partners and their 860s, independent of the connector's reading.

BCH05 may be missing or misused, BCH11 may be missing; a repeated message has new control numbers and is otherwise
equal; Orderful records when it received the message. The changes of one order apply by BCH05 (missing is 1), then
BCH11, then Orderful's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

HEADER = "(order)"
"""The key of the order's delivery date in a `View`."""


class Said(NamedTuple):
    """The values of an item in a document; `day` is the requested delivery date."""

    quantity: Decimal
    price: Decimal
    day: date | None = None


View = Mapping[str, Said]
"""The modelled content of a document: the values of each item, and the delivery date of the order."""

NOTHING = Said(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """A line of an 860; a quantity of zero deletes the line.

    Attributes:
        line: Visma's line number; None for an added line.
        was: The original quantity, if the line has it.
        more: The quantity as a difference (QI and QD, by routing) instead of a total.
        day: The requested delivery date.
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
        """The line in Mosaic."""
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
        """The line in OrderfulJSON: a difference, or a date."""
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
        """The requested quantity, for an order with this content; None for no change."""
        if self.more is not None:
            return view.get(self.item, NOTHING).quantity + self.more
        return None if self.quantity is None else Decimal(self.quantity)

    def on(self, view: View) -> View:
        """The content of the order after this change."""
        if self.quantity == 0:
            return kept({item: said for item, said in view.items() if item != self.item})
        had, total = view.get(self.item, NOTHING), self.total(view)
        # The default date of an added line is that of the order.
        day = self.day or had.day or view.get(HEADER, NOTHING).day
        price = had.price if self.price is None else Decimal(self.price)
        return kept({**view, self.item: Said(had.quantity if total is None else total, price, day)})


@dataclass(frozen=True, slots=True)
class Request:
    """The request of an 860.

    Attributes:
        sender: The ISA id of the sender.
        order: The order number.
        day: The delivery date of the order; lines with the former date of the order get the new one.
        sequence: BCH05, if present.
        changed_on: BCH11, if present.
        filed_at: Orderful's `createdAt`.
        in_x12: The dialect.
    """

    sender: str
    order: str
    requested_lines: tuple[RequestedLine, ...]
    day: date | None = None
    sequence: int | None = None
    changed_on: date | None = date(2026, 9, 20)
    filed_at: datetime | None = None
    in_x12: bool = False

    @property
    def content(self) -> Request:
        """The content that two equal messages share: all but the time."""
        return replace(self, filed_at=None)

    @property
    def is_difference(self) -> bool:
        """Whether it has a quantity as a difference."""
        return any(requested.more is not None for requested in self.requested_lines)

    def states(self, view: View) -> bool:
        """Whether the original quantities of its lines, if it has any, are those of an order with this content."""
        return all(one.was is None or view.get(one.item, NOTHING).quantity == one.was for one in self.requested_lines)

    def is_newer(self, other: Request) -> bool:
        """Whether it applies after another one of the same order."""
        return self._turn > other._turn

    @property
    def _turn(self) -> tuple[int, date, datetime]:
        if self.filed_at is None:
            raise ValueError("The message was not sent to Orderful.")
        return self.sequence or 1, self.changed_on or self.filed_at.date(), self.filed_at

    def on(self, view: View) -> View:
        """The content of the order after this request."""
        had = view.get(HEADER, NOTHING).day
        if self.day is not None and had is not None:
            moved = {item: said._replace(day=self.day) for item, said in view.items() if said.day == had}
            view = {**view, **moved}
        for requested in self.requested_lines:
            view = requested.on(view)
        return kept(view)

    def in_view_of(self, view: View) -> Request:
        """The request with totals instead of differences, for an order with this content."""
        requested_lines = (
            requested
            if requested.more is None
            else replace(requested, more=None, quantity=int(requested.total(view) or 0))
            for requested in self.requested_lines
        )
        return replace(self, requested_lines=tuple(requested_lines))

    def as_approved(self, written: Mapping[str, Said]) -> Request:
        """The request as a person approved it: with the written totals and dates."""
        requested_lines = [
            replace(requested, more=None, quantity=int(written[requested.item].quantity))
            if requested.more is not None and requested.item in written
            else requested
            for requested in self.requested_lines
        ]
        if self.day is not None:
            requested_lines += [
                RequestedLine(0, item, day=self.day) for item, said in written.items() if said.day == self.day
            ]
        return replace(self, requested_lines=tuple(requested_lines), day=None)

    @property
    def parts(self) -> tuple[Request | RequestedLine, ...]:
        """The parts of the request that can be fulfilled independently."""
        header = () if self.day is None else (replace(self, requested_lines=()),)
        return (*header, *self.requested_lines)

    def message(self, control: int) -> dict[str, Any]:
        """The 860; `control` is its control number (OrderfulJSON only)."""
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
            "lineItems": [requested.mosaic for requested in self.requested_lines],
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
                    "POC_loop": [requested.x12 for requested in self.requested_lines],
                    "transactionSetTrailer": [
                        {"numberOfIncludedSegments": "9", "transactionSetControlNumber": control}
                    ],
                }
            ]
        }


def kept(view: View) -> View:
    """The content without the order's date if no line has it, since an 850 then omits it."""
    header = view.get(HEADER)
    if header is None or any(said.day == header.day for item, said in view.items() if item != HEADER):
        return view
    return {item: said for item, said in view.items() if item != HEADER}


def _wanted(day: date) -> dict[str, str]:
    return {"dateTimeQualifier": "002", "date": f"{day:%Y%m%d}"}


def _pieces(value: int) -> dict[str, str]:
    return {"value": str(value), "unitOfMeasure": "each"}
