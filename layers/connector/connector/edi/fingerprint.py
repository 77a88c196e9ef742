"""The figures by which a transaction at Orderful is recognised as ours, in either dialect.

Orderful: the message of a transaction is shown as it stores it, which need not be the form in which it was sent (a
Mosaic request may come back X12-shaped; inferred, not documented). So both sides are reduced to the same few fields,
and only fields that both sides show are compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from connector.edi.order_change.fields import Data, NotUnderstood, day, number, part, rows, text
from connector.edi.order_change.recognise import business_number_of, document_of

_X12_HEADERS = {
    "850": ("beginningSegmentForPurchaseOrder", "PO1_loop", "baselineItemData", "quantity"),
    "855": ("beginningSegmentForPurchaseOrderAcknowledgment", "PO1_loop", "baselineItemData", "quantity"),
    "810": ("beginningSegmentForInvoice", "IT1_loop", "baselineItemDataInvoice", "quantityInvoiced"),
}
_PURPOSES = {"00": "original", "01": "cancellation", "05": "replace"}
# Element 640: how the invoice type of a credit memo is written.
_CREDITS = frozenset({"CR", "CN", "creditMemo"})
# Element 374: delivery requested.
_REQUESTED = "002"
_CENT = Decimal("0.01")
_ITEM_ID = re.compile(r"productServiceID\d*", re.ASCII)


class Likeness(Enum):
    """What a comparison of two fingerprints tells.

    Attributes:
        SAME: Every field that both sides show is equal.
        SIMILAR: The figures are equal; a date or an item number is not.
        OTHER_CONTENT: It is the same document with other figures.
        OTHER_DOCUMENT: The number, the type, or credit and debit differ.
        UNKNOWN: Too little is shown to tell.
    """

    SAME = "same"
    SIMILAR = "similar"
    OTHER_CONTENT = "other content"
    OTHER_DOCUMENT = "other document"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line; None for what is not shown. Amounts are without their sign: dialects write credits differently."""

    line_id: str | None
    quantity: Decimal | None
    price: Decimal | None
    items: frozenset[str]
    requested: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The figures of a transaction; None for what is not shown.

    Attributes:
        document: `850`, `855` or `810`.
        number: The number under which Orderful files it.
        purpose: `original`, `replace` or `cancellation`.
        is_credit: Whether it is a credit memo.
        dated: Date of the order or invoice.
        requested: The delivery date of the header.
        total: Without its sign, in units of the document's currency.
    """

    document: str | None
    number: str | None
    purpose: str | None
    is_credit: bool | None
    dated: date | None
    requested: date | None
    lines: tuple[Line, ...]
    total: Decimal | None

    @property
    def replaces(self) -> bool:
        """Whether it says that it takes the place of an earlier transaction."""
        return self.purpose in {"replace", "cancellation"}


def fingerprint(message: Any) -> Fingerprint | None:
    """The fingerprint of a message in either dialect; None when there is none to be read.

    Args:
        message: The document without its envelope: Mosaic, or `{"transactionSets": [...]}` with one set.
    """
    if not isinstance(message, dict):
        return None
    sets = rows(message, "transactionSets")
    document = document_of(message)
    if sets:
        return _of_x12(sets[0], message, document) if len(sets) == 1 and document in _X12_HEADERS else None
    return _of_mosaic(message, document) if business_number_of(message) else None


def compare(ours: Fingerprint | None, theirs: Fingerprint | None) -> Likeness:
    """How alike two transactions are, by the fields that both show."""
    if ours is None or theirs is None:
        return Likeness.UNKNOWN
    identities = (
        (ours.document, theirs.document),
        (ours.number, theirs.number),
        (ours.is_credit, theirs.is_credit),
    )
    if any(_differ(*pair) for pair in identities):
        return Likeness.OTHER_DOCUMENT
    if theirs.number is None and not theirs.lines:
        return Likeness.UNKNOWN
    cancels = tuple(None if one.purpose is None else one.purpose == "cancellation" for one in (ours, theirs))
    if _differ(*cancels) or _differ(ours.total, theirs.total) or not _same_figures(ours.lines, theirs.lines):
        return Likeness.OTHER_CONTENT
    if _differ(ours.dated, theirs.dated) or _differ(ours.requested, theirs.requested):
        return Likeness.SIMILAR
    return Likeness.SAME if _same_details(ours.lines, theirs.lines) else Likeness.SIMILAR


def differences(ours: Fingerprint, theirs: Fingerprint) -> tuple[str, ...]:
    """In what two forms of one transaction differ, ours first: `total 8000.00, at Orderful 9000.00`.

    Item and date of a line are compared where every line of both has a number of its own: without it nobody knows
    which line is which.
    """
    found = [
        f"{name} {our}, at Orderful {their}"
        for name, our, their in (
            ("type", ours.document, theirs.document),
            ("number", ours.number, theirs.number),
            ("credit memo", ours.is_credit, theirs.is_credit),
            ("purpose", ours.purpose, theirs.purpose),
            ("date", ours.dated, theirs.dated),
            ("delivery date", ours.requested, theirs.requested),
            ("total", ours.total, theirs.total),
            ("lines", len(ours.lines) or None, len(theirs.lines) or None),
        )
        if _differ(our, their)
    ]
    by_number = [{line.line_id: line for line in one.lines if line.line_id} for one in (ours, theirs)]
    if [len(lines) for lines in by_number] == [len(ours.lines), len(theirs.lines)]:
        pairs = [(line, by_number[1][name]) for name, line in by_number[0].items() if name in by_number[1]]
        found += [one for pair in pairs for one in (*_other_figures(*pair), *_other_details(*pair))]
    elif not _same_figures(ours.lines, theirs.lines):
        in_order = zip(sorted(ours.lines, key=_figures), sorted(theirs.lines, key=_figures), strict=False)
        found += [one for pair in in_order for one in _other_figures(*pair)]
    return tuple(found)


def _other_figures(our: Line, their: Line) -> Iterator[str]:
    for name in ("quantity", "price"):
        one, two = getattr(our, name), getattr(their, name)
        if _differ(one, two):
            yield f"line {our.line_id or '(without a number)'}: {name} {one}, at Orderful {two}"


def _other_details(our: Line, their: Line) -> Iterator[str]:
    if our.items and their.items and not our.items & their.items:
        named = ["/".join(sorted(one.items)) for one in (our, their)]
        yield f"line {our.line_id}: item {named[0]}, at Orderful {named[1]}"
    if _differ(our.requested, their.requested):
        yield f"line {our.line_id}: delivery date {our.requested}, at Orderful {their.requested}"


def _same_figures(ours: tuple[Line, ...], theirs: tuple[Line, ...]) -> bool:
    """Whether the lines are equal as a multiset, in the columns that every line of both sides shows."""
    if not ours or not theirs:
        return True
    if len(ours) != len(theirs):
        return False
    shown = [
        name
        for name in ("line_id", "quantity", "price")
        if all(getattr(line, name) is not None for line in (*ours, *theirs))
    ]
    return _columns(ours, shown) == _columns(theirs, shown)


def _columns(lines: tuple[Line, ...], names: list[str]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(getattr(line, name) for name in names) for line in lines)


def _same_details(ours: tuple[Line, ...], theirs: tuple[Line, ...]) -> bool:
    """Whether item numbers and dates are equal, line by line in the order of the figures."""
    for our, their in zip(sorted(ours, key=_figures), sorted(theirs, key=_figures), strict=False):
        if _differ(our.requested, their.requested):
            return False
        if our.items and their.items and not our.items & their.items:
            return False
    return True


def _figures(line: Line) -> tuple[str, Decimal, Decimal, str]:
    return (line.line_id or "", line.quantity or Decimal(0), line.price or Decimal(0), " ".join(sorted(line.items)))


def _differ(ours: object, theirs: object) -> bool:
    return ours is not None and theirs is not None and ours != theirs


def _of_x12(tree: Data, message: Data, document: str | None) -> Fingerprint:
    header, loop, item, quantity = _X12_HEADERS[document or ""]
    begun = part(tree, header)
    cents = _amount(part(tree, "totalMonetaryValueSummary"), "amount")
    lines = tuple(_x12_line(row, item, quantity) for row in rows(tree, loop))
    return Fingerprint(
        document=document,
        number=business_number_of(message),
        purpose=_PURPOSES.get(text(begun, "transactionSetPurposeCode") or ""),
        is_credit=_is_credit(text(begun, "transactionTypeCode"), cents),
        dated=_day(begun, "date"),
        requested=_requested(tree),
        lines=lines,
        total=None if cents is None else abs(cents) * _CENT,
    )


def _x12_line(row: Data, item: str, quantity: str) -> Line:
    data = part(row, item)
    return Line(
        line_id=_line_id(data, "assignedIdentification"),
        quantity=_magnitude(data, quantity),
        price=_magnitude(data, "unitPrice"),
        items=frozenset(value for name in data if _ITEM_ID.fullmatch(name) and (value := text(data, name)) is not None),
        requested=_requested(row),
    )


def _requested(tree: Data) -> date | None:
    found = (row for row in rows(tree, "dateTimeReference") if text(row, "dateTimeQualifier") == _REQUESTED)
    return next((timestamp for row in found if (timestamp := _day(row, "date")) is not None), None)


def _of_mosaic(message: Data, document: str | None) -> Fingerprint:
    is_invoice = document == "810"
    quantity = "quantityInvoiced" if is_invoice else "quantity"
    price = "unitPrice" if is_invoice else "unitCostPrice"
    total = _amount(message, "invoiceTotal") if is_invoice else _amount(part(message, "monetaryAmounts"), "net")
    return Fingerprint(
        # A cancelled order reads as a change of one (an 850 may be purposed so): the number tells them apart.
        document=None if document == "860" else document,
        number=business_number_of(message),
        purpose=text(message, "purpose"),
        is_credit=_is_credit(text(message, "invoiceType"), total) if is_invoice else None,
        dated=_day(message, "invoiceDate" if is_invoice else "purchaseOrderDate"),
        requested=_day(part(message, "dates"), "requestedDeliveryDate"),
        lines=tuple(_mosaic_line(row, quantity, price) for row in rows(message, "lineItems")),
        total=None if total is None else abs(total),
    )


def _mosaic_line(row: Data, quantity: str, price: str) -> Line:
    # An acknowledgment has the figures in the action that it tells; the connector writes one for each line.
    figures = next(iter(rows(row, "actions")), row)
    return Line(
        line_id=_line_id(row, "purchaseOrderLineId"),
        quantity=_magnitude(part(figures, quantity), "value"),
        price=_magnitude(figures, price),
        items=frozenset(_texts(row.get("productIds"))),
        requested=_day(part(row, "dates"), "requestedDeliveryDate"),
    )


def _texts(ids: Any) -> Iterator[str]:
    if isinstance(ids, dict):
        for name in ids:
            if (value := text(ids, name)) is not None:
                yield value
            else:
                yield from (found for row in rows(ids, name) if (found := text(row, "value")) is not None)


def _is_credit(word: str | None, amount: Decimal | None) -> bool | None:
    if word is not None:
        return word in _CREDITS
    return True if amount is not None and amount < 0 else None


def _line_id(data: Data, name: str) -> str | None:
    written = text(data, name)
    return (written.lstrip("0") or "0") if written else None


def _magnitude(data: Data, name: str) -> Decimal | None:
    found = _amount(data, name)
    return None if found is None else abs(found)


def _amount(data: Data, name: str) -> Decimal | None:
    try:
        return number(data, name)
    except NotUnderstood:
        return None


def _day(data: Data, name: str) -> date | None:
    try:
        return day(data, name)
    except NotUnderstood:
        return None
