"""Converts a Mosaic order (850) or invoice (810) to OrderfulJSON, for v3 reads of a transaction that v4 created.

Source: the names of segments and elements follow Orderful's rule for OrderfulJSON and its published 850 and 810. The
    X12 codes are those of the standard. Inferred: that Orderful stores a Mosaic document in this form, the qualifiers,
    and the omitted fields. The conversion has the beginning, dates, lines and totals. A value without a code in the
    standard becomes
ZZ (mutually defined). Other types have the header and the beginning only.

An invalid message is converted in part: Orderful stores invalid documents too.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

Segment = dict[str, str]
Loop = dict[str, Any]


def _codes(text: str) -> Mapping[str, str]:
    """Mosaic's values and their codes, as `each EA, box BX`."""
    return dict(pair.split() for pair in text.split(", "))


UNITS: Final[Mapping[str, str]] = _codes(
    "ball AA, assortment AS, ocularInsertSystem AU, bundle BD, bag BG, bottle BO, belt BT, box BX, cell C6, "
    "case CA, card CG, container CH, can CN, cartridge CQ, cassette CS, carton CT, coil CX, combo CZ, drum DR, "
    "display DS, dozen DZ, each EA, knots EH, foot FT, gallon GA, gram GR, person IE, kit KT, pound LB, "
    "linearFoot LF, monetaryValue M4, milliliter ML, meter MR, ounce OZ, threePack P3, sixPack P6, pail PA, "
    "pairInches PB, piece PC, pad PD, palletLift PF, packPAK PH, package PK, palletUnitLoad PL, pair PR, "
    "pint PT, quart QT, reel RE, roll RL, section SE, squareFoot SF, sheet SH, set ST, syringe SZ, tube TB, "
    "tote TE, thousand TH, unit UN, vial VI"
)
"""Mosaic's unit -> X12 element 355 of the same name; `order` and `flakeTon` have none and become ZZ."""

_OTHER: Final = "ZZ"
_PURPOSES: Final = {"original": "00", "cancellation": "01", "change": "04", "replace": "05", "confirmation": "06"}
_ORDER_TYPES: Final = _codes(
    "blanketEstimated BE, blanketFirm BK, dropship DS, release RL, rushOrder RO, standalone SA"
)
_INVOICE_TYPES: Final = {"invoice": "DI", "creditMemo": "CR", "debitMemo": "DR"}
_DATES: Final = {"requestedDeliveryDate": "002", "requestedShipDate": "010", "shipDate": "011"}
_OTHER_DATE: Final = "ZZZ"
_PRODUCT_IDS: Final = _codes(
    "buyerItemNumber BP, vendorItemNumber VP, gtin12 UP, gtin13 EN, gtin14 UK, caseCode UA, drugCode ND, "
    "standardBookNumber IB"
)


def transaction_sets(transaction_type: str, message: Any) -> list[Loop]:
    """Convert a Mosaic message; the type is that of the create request."""
    code, document = transaction_type[:3], _object(message)
    header = [{"transactionSetIdentifierCode": code, "transactionSetControlNumber": "0001"}]
    bodies = {"850": _order, "810": _invoice, "860": _change}
    return [_without_empty({"transactionSetHeader": header, **(bodies[code](document) if code in bodies else {})})]


def _order(document: Loop) -> Loop:
    beginning = _segment(
        transactionSetPurposeCode=_code(_PURPOSES, document.get("purpose")),
        purchaseOrderTypeCode=_code(_ORDER_TYPES, document.get("purchaseOrderType")),
        purchaseOrderNumber=document.get("purchaseOrderNumber"),
        date=_day(document.get("purchaseOrderDate")),
    )
    lines = [
        {**_line(line, "baselineItemData", "quantity", "unitCostPrice"), "dateTimeReference": _dates(line.get("dates"))}
        for line in _objects(document.get("lineItems"))
    ]
    gross = _segment(amountQualifierCode="TT", monetaryAmount=_object(document.get("monetaryAmounts")).get("gross"))
    return {
        "beginningSegmentForPurchaseOrder": [beginning],
        "dateTimeReference": _dates(document.get("dates")),
        "PO1_loop": lines,
        "CTT_loop": [{**_count_of(lines), "monetaryAmountInformation": [gross] if "monetaryAmount" in gross else []}],
    }


def _invoice(document: Loop) -> Loop:
    beginning = _segment(
        date=_day(document.get("invoiceDate")),
        invoiceNumber=document.get("invoiceNumber"),
        date1=_day(document.get("purchaseOrderDate")),
        purchaseOrderNumber=document.get("purchaseOrderNumber"),
        transactionTypeCode=_INVOICE_TYPES.get(str(document.get("invoiceType"))),
    )
    lines = [
        _line(line, "baselineItemDataInvoice", "quantityInvoiced", "unitPrice")
        for line in _objects(document.get("lineItems"))
    ]
    return {
        "beginningSegmentForInvoice": [beginning],
        "dateTimeReference": _dates(document.get("dates")),
        "IT1_loop": lines,
        "totalMonetaryValueSummary": [_segment(amount=_implied(document.get("invoiceTotal")))],
        "CTT_loop": [_count_of(lines)],
    }


def _change(document: Loop) -> Loop:
    number, day = document.get("purchaseOrderNumber"), _day(document.get("purchaseOrderDate"))
    return {"beginningSegmentForPurchaseOrderChange": [_segment(purchaseOrderNumber=number, date=day)]}


def _count_of(lines: list[Loop]) -> Loop:
    return {"transactionTotals": [{"numberOfLineItems": str(len(lines))}]}


def _line(line: Loop, segment: str, quantity: str, price: str) -> Loop:
    """A line's first segment; `quantity` is the quantity's name in both forms, `price` Mosaic's name of the price."""
    stated = _object(line.get(quantity))
    item = _segment(
        assignedIdentification=line.get("purchaseOrderLineId"),
        **{quantity: stated.get("value")},
        unitOrBasisForMeasurementCode=_unit(stated),
        unitPrice=line.get(price),
    )
    return {segment: [item | _product_ids(line)]}


def _product_ids(line: Loop) -> Segment:
    ids = _object(line.get("productIds"))
    pairs = [(code, ids[name]) for name, code in _PRODUCT_IDS.items() if name in ids]
    for name in ("buyerItemIds", "vendorItemIds"):
        for one in _objects(ids.get(name)):
            kind = str(one.get("type", ""))
            pairs.append((kind if len(kind) == 2 else _OTHER, one.get("value", "")))
    found: Segment = {}
    for position, (code, value) in enumerate(pairs):
        suffix = str(position or "")
        found |= {f"productServiceIDQualifier{suffix}": code, f"productServiceID{suffix}": str(value)}
    return found


def _dates(dates: Any) -> list[Segment]:
    return [
        _segment(dateTimeQualifier=_DATES.get(name, _OTHER_DATE), date=_day(value))
        for name, value in _object(dates).items()
    ]


def _unit(quantity: Loop) -> str | None:
    unit = quantity.get("unitOfMeasure")
    return None if unit is None else UNITS.get(str(unit), _OTHER)


def _code(codes: Mapping[str, str], word: Any) -> str | None:
    return None if word is None else codes.get(str(word), _OTHER)


def _day(text: Any) -> str | None:
    return None if text is None else str(text).replace("-", "")


def _implied(amount: Any) -> str | None:
    """An amount of type N2: two implied decimals."""
    try:
        cents = Decimal(str(amount)).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return str(cents) if cents.is_finite() else None


def _segment(**elements: Any) -> Segment:
    """The elements with a value, as text; OrderfulJSON refuses empty ones."""
    return {name: str(value) for name, value in elements.items() if value is not None and str(value)}


def _object(value: Any) -> Loop:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Loop]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _without_empty(loop: Loop) -> Loop:
    """The loop without empty segments and empty loops."""
    kept: Loop = {}
    for name, repeats in loop.items():
        found = [_without_empty(one) if name.endswith("_loop") else one for one in repeats]
        if any(found):
            kept[name] = [one for one in found if one]
    return kept
