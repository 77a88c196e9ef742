"""Mosaic 860.

Orderful: `quantity` is the new total, `originalQuantity` what it was, `changeInQuantity` the difference with an
undocumented sign.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.domain.order_change.request import (
    Aside,
    Ask,
    ChangePurpose,
    ChangeRequest,
    Field,
    LineRequest,
    ProductRefs,
)
from connector.edi.order_change.codes import reading_of
from connector.edi.order_change.common import (
    Days,
    OwnReadings,
    Questions,
    Remarks,
    asides,
    ask_for_day,
    check_line,
    finished,
    gtin,
    lines_of,
    name_going_unread,
    name_unread,
    order_day,
    passing_day,
    purpose_of,
    sequence_of,
    unit_price,
    units_differ,
)
from connector.edi.order_change.content import mosaic_content, mosaic_parties, numbered
from connector.edi.order_change.coverage import unread_mosaic
from connector.edi.order_change.fields import (
    Data,
    NotUnderstood,
    filled,
    leaves,
    number,
    part,
    plain,
    quoted,
    shown,
    text,
)
from connector.edi.order_change.names import MOSAIC_DATES, dated, label_of
from connector.edi.units import UNITS

PURPOSES = {
    "change": ChangePurpose.CHANGE,
    "replace": ChangePurpose.REPLACE,
    "cancellation": ChangePurpose.CANCELLATION,
    "confirmation": ChangePurpose.CONFIRMATION,
}
"""Orderful's words; its other two, original and completion, say of no change what to do."""

_UNITS = {unit.mosaic: unit.word for unit in UNITS.values() if unit.mosaic}
_GTINS = ("gtin12", "gtin13", "gtin14")
_PRODUCT_IDS = frozenset({*_GTINS, "buyerItemNumber", "buyerItemIds", "vendorItemNumber", "vendorItemIds"})
_QUOTED = {"references": "References", "monetaryAmounts": "Totals"}
_BEYOND_A_LINE = {
    "destinationQuantities": "it divides the quantity among places, which a Visma order line cannot hold.",
    "sublineItems": "it has sublines, which a Visma order line cannot hold.",
}
# Orderful's words; the second one is of its guide. None of them says what to change.
_CHANGE_TYPES = {"order", "productOrService", "standing"}
_PAST_DATES = {"purchaseOrderDate", "customerOrderDate"}


def read_mosaic(message: Data, order_number: str, own: OwnReadings) -> ChangeRequest:
    """Read the `message` of a Mosaic 860 that changes this order."""
    questions, remarks = Questions(), Remarks()
    items = lines_of(questions, message, "lineItems")
    purpose = purpose_of(questions, text(message, "purpose"), PURPOSES, original="original", lines=items)
    kind = text(message, "purchaseOrderChangeType")
    if kind is not None and kind not in _CHANGE_TYPES:
        questions.doubt(f"its type of change is '{kind[:40]}', which is not known here.")
    lines = tuple(_line(item, f"lineItems[{index}]", own, remarks, purpose) for index, item in enumerate(items))
    days = Days(questions)
    _dates(message, days, questions, "order")
    for name, label in _QUOTED.items():
        remarks.tell(label, message.get(name), named=label_of)
    remarks.tell("Note", message.get("notes"), names=False)
    name_unread(questions, remarks, unread_mosaic(message), changes=purpose is not ChangePurpose.CANCELLATION)
    request = ChangeRequest(
        purpose=purpose,
        order_number=order_number,
        sequence=sequence_of(remarks, message, "changeSequenceNumber"),
        ordered_on=order_day(questions, message, "purchaseOrderDate"),
        changed_on=passing_day(remarks, message, "purchaseOrderChangeDate", "change date"),
        currency=text(part(message, "buyersCurrency"), "currencyCode"),
        requested_on=days.requested,
        parties=mosaic_parties(message, questions, remarks, "order"),
        stated=(*numbered(message), *mosaic_content(message)),
        totals=_totals(message),
        asides=_asides(message),
        order_references=_order_references(message),
        lines=lines,
    )
    return finished(request, questions, remarks)


def _totals(message: Data) -> tuple[Decimal, ...]:
    """The total of the message; one that is no number is told with the other amounts."""
    try:
        net = number(part(message, "monetaryAmounts"), "net")
    except NotUnderstood:
        return ()
    return () if net is None else (net,)


def _line(item: Data, source: str, own: OwnReadings, remarks: Remarks, purpose: ChangePurpose) -> LineRequest:
    questions = Questions()
    code = text(item, "changeReason")
    reading = reading_of(code, own.codes, confirms=purpose is ChangePurpose.CONFIRMATION)
    goes = reading.ask is Ask.DELETE or purpose is ChangePurpose.CANCELLATION
    # Of a line that goes, whatever it names beside itself may be the part that is meant.
    beside = Questions() if goes else questions
    quantity = _quantity(questions, item, "quantity", "quantity")
    original = _quantity(questions, item, "originalQuantity", "original quantity")
    delta = questions.number(as_object(item, "changeInQuantity"), "value", "change in quantity", Field.QUANTITY)
    if quantity is None and delta is not None and reading.ask is not Ask.DELETE:
        questions.refuse(
            "it gives a difference and no new total; whether it goes up or down is not said.", Field.QUANTITY
        )
    unit_code = _unit(questions, item)
    days = Days(beside)
    _dates(item, days, beside, "order line")
    for name, sentence in _BEYOND_A_LINE.items():
        if item.get(name):
            beside.ask(sentence)
    unread = unread_mosaic(item, "lineItems")
    if goes:
        unread = name_going_unread(beside, remarks, unread)
    name_unread(questions, remarks, unread, changes=reading.ask is not Ask.DELETE)
    price = unit_price(questions, item, price="unitCostPrice", basis="unitPriceBasis", bases=own.price_bases)
    line = LineRequest(
        source=source,
        line_id=text(item, "purchaseOrderLineId"),
        code=code or "",
        meaning=reading.meaning,
        is_clear=reading.question is None,
        ask=reading.ask,
        touches=reading.touches,
        direction=reading.direction,
        quantity=quantity,
        explicit_total=quantity is not None,
        original_quantity=original,
        delta=delta,
        unit=_UNITS.get(unit_code) if unit_code else None,
        unit_code=unit_code,
        price=price.amount,
        price_doubt=price.doubt,
        requested=days.requested,
        promised=days.promised,
        products=products_of(part(item, "productIds"), questions, remarks),
        descriptions=tuple(dict.fromkeys(word for _, word in leaves(item.get("productAttributes")))),
        parties=mosaic_parties(item, beside, remarks, "order line"),
        stated=mosaic_content(item),
        asides=_asides(item),
        order_references=_order_references(item),
        partial=beside.all() if goes else (),
    )
    remarks.tell(f"Reference on line {line.line_id or source}", item.get("references"), named=label_of)
    remarks.tell(f"Note on line {line.line_id or source}", item.get("notes"), names=False)
    return check_line(questions, reading, line)


def _asides(data: Data) -> tuple[Aside, ...]:
    """The notes and references of the header or a line."""
    named = part(data, "references")
    references = ((quoted({name: one}, named=label_of), asides([one], is_note=False)) for name, one in named.items())
    return (
        *asides([data.get("notes")]),
        *(Aside(quote or "", one.parts, is_note=False) for quote, found in references for one in found),
    )


def _order_references(data: Data) -> tuple[str, ...]:
    """The purchase order to which the header or a line refers besides its own."""
    number = text(part(part(data, "references"), "associatedPurchaseOrderNumber"), "value")
    return () if number is None else (number,)


def as_object(item: Data, name: str) -> Data:
    """A Mosaic `Quantity`; a bare value counts as one without a unit."""
    value = item.get(name)
    return value if isinstance(value, dict) else {"value": value}


def _quantity(questions: Questions, item: Data, name: str, what: str) -> Decimal | None:
    return questions.quantity(as_object(item, name), "value", what)


def _unit(questions: Questions, item: Data) -> str | None:
    """The unit of the line's quantities, which have one each."""
    named = [
        unit
        for name in ("quantity", "originalQuantity", "changeInQuantity")
        if (unit := text(as_object(item, name), "unitOfMeasure"))
    ]
    units_differ(questions, named)
    return next(iter(named), None)


def _dates(data: Data, days: Days, questions: Questions, whose: str) -> None:
    dates = part(data, "dates")
    days.put("requested", questions.day(dates, "requestedDeliveryDate", "requested delivery date"))
    for name, value in dates.items():
        if name not in _PAST_DATES and name != "requestedDeliveryDate" and (asked := quoted(value, names=False)):
            ask_for_day(questions, dated(MOSAIC_DATES.get(name), label_of(plain(name) or ""), asked), whose)


def products_of(ids: Data, questions: Questions, remarks: Remarks) -> ProductRefs:
    """The item numbers of a Mosaic `productIds`; what names no item becomes a remark."""

    def listed(single: str, several: str) -> tuple[str, ...]:
        found, value = [text(ids, single)], ids.get(several)
        for one in value if isinstance(value, list) else [value]:
            number = text(one, "value") if isinstance(one, dict) else plain(one)
            found.append(number)
            if number is None:
                others.append(one)
        return tuple(dict.fromkeys(one for one in found if one))

    for name in ("buyerItemNumber", "vendorItemNumber", *_GTINS):
        if name in filled(ids) and text(ids, name) is None:
            questions.ask(f"its {label_of(name)} is {shown(ids[name])}, which is no number of an item.")
    others: list[Any] = [{name: value} for name, value in ids.items() if name not in _PRODUCT_IDS]
    products = ProductRefs(
        buyer=listed("buyerItemNumber", "buyerItemIds"),
        vendor=listed("vendorItemNumber", "vendorItemIds"),
        gtins=tuple(gtin(name, value) for name in _GTINS if (value := text(ids, name))),
        others=tuple(plain(ids[name]) or shown(ids[name]) for name in sorted(filled(ids) - _PRODUCT_IDS)),
    )
    remarks.tell("Item number that names no item here", others, named=label_of)
    return products
