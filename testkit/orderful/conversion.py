"""A Mosaic order (850) or invoice (810) as OrderfulJSON: what v3 shows of a transaction that v4 created.

Confidence: the names of segments and elements follow Orderful's rule for OrderfulJSON and its published 850 and 810.
The X12 codes are those of the standard. That a Mosaic document is kept in this form, which qualifier a field becomes
and what Orderful leaves out is inferred. Not converted: carrier details, packaging, sublines, paperwork, conditions,
destination quantities, and the extended price of an invoice line, for which IT1 has no element. Where the standard has
no code for a word, the code is ZZ (mutually defined). Of other types only the header and the beginning are shown.

A message that is wrong is converted as far as it goes: Orderful files invalid documents too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from testkit.orderful.x12 import SEGMENTS

Segment = dict[str, str]
Loop = dict[str, Any]


def _codes(text: str) -> Mapping[str, str]:
    """Mosaic's words and their codes, as `each EA, box BX`."""
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
"""Mosaic's word -> X12 element 355 of the same name; `order` and `flakeTon` have none there and become ZZ."""

_OTHER: Final = "ZZ"
_PURPOSES: Final = {"original": "00", "cancellation": "01", "change": "04", "replace": "05", "confirmation": "06"}
_ORDER_TYPES: Final = _codes(
    "blanketEstimated BE, blanketFirm BK, dropship DS, release RL, rushOrder RO, standalone SA"
)
_INVOICE_TYPES: Final = {"invoice": "DI", "creditMemo": "CR", "debitMemo": "DR"}
_ACKNOWLEDGMENTS: Final = {"withDetail": "AD", "withExceptionDetail": "AE", "notRequired": "NA"}
_PRICE_BASES: Final = {"perEach": "PE"}
_PARTIES: Final = _codes(
    "buyer BY, shipTo ST, billTo BT, shipFrom SF, soldTo SO, supplier SU, accountsReceivable RI, accountsPayable 15"
)
_PARTY_ID_TYPES: Final = {"duns": "1", "dunsPlus4": "9", "telephone": "12", "globalLocationId": "UL"}
_SELLER_ASSIGNED: Final = "91"
_BUYER_ASSIGNED: Final = "92"
_CONTACTS: Final = _codes("primary IC, customerRelations CR, orderInquiry OC, shipping SH, receiving RE, hazmat HM")
_NUMBERS_OF_CONTACT: Final = {"phoneNumber": "TE", "faxNumber": "FX", "email": "EM"}
_REFERENCES: Final = _codes(
    "accountNumber 11, divisionId 19, billOfLadingNumber BM, proNumber CN, customerOrderNumber CO, "
    "departmentNumber DP, vendorNumber IA, internalCustomerNumber IT, invoiceNumber IV, "
    "merchandiseTypeCode MR, promotionNumber PD, shipmentId SI, associatedPurchaseOrderNumber PO, "
    "storeNumber ST, warehouseStorageLocation WS"
)
_DATES: Final = _codes(
    "cancelAfterDate 001, requestedDeliveryDate 002, purchaseOrderDate 004, requestedShipDate 010, "
    "shipDate 011, termsDiscountDueDate 012, termsNetDueDate 013, promotionStartDate 015, deliveryDate 035, "
    "earliestShipDate 037, latestShipDate 038, latestDeliveryDate 063, earliestDeliveryDate 064, "
    "requestedDeliveryWeekOfDate 077, pickupDate 118"
)
_OTHER_DATE: Final = "ZZZ"
_TERMS: Final = _codes(
    "basic 01, endOfMonth 02, discountNotApplicable 05, basicDiscountOffered 08, instant 10, endOfMonth10 12"
)
_TERMS_BASES: Final = _codes(
    "shipDate 1, deliveryDate 2, invoiceDate 3, specifiedDate 4, effectiveDate 7, invoiceTransmissionDate 8, "
    "receiptOfGoods 15"
)
_CHARGES: Final = {"discount": "C310", "freight": "D240", "handling": "D500", "tax": "H850"}
_OTHER_CHARGE: Final = "F050"
_TAXES: Final = _codes(
    "harmonizedSalesTax BE, goodsAndServicesTax GS, stateProvincialTax SP, stateProvincialGoodsTax PG, localTax SL"
)
_TOTALS: Final = {"gross": "TT", "net": "N", "discount": "D8", "freight": _OTHER}
_PRODUCT_IDS: Final = _codes(
    "buyerItemNumber BP, vendorItemNumber VP, gtin12 UP, gtin13 EN, gtin14 UK, caseCode UA, drugCode ND, "
    "standardBookNumber IB"
)
_NOTES: Final = ("general", "orderInstructions", "shippingInstructions", "giftMessage", "packingSlipMessage")
_TRIMMED: Final = frozenset({"quantity", "quantityInvoiced", "unitPrice"})


def transaction_sets(
    transaction_type: str, message: Any, *, currency: str | None = None, trim_numbers: bool = False
) -> list[Loop]:
    """Convert a Mosaic message.

    Args:
        transaction_type: As the create request names it.
        message: The Mosaic document.
        currency: What a rule of the relationship adds as CUR; Mosaic has no currency in an 850 or 810.
        trim_numbers: Write quantities and prices without zeros that say nothing: `10.00` becomes `10`.
    """
    code, document = transaction_type[:3], _object(message)
    header = [{"transactionSetIdentifierCode": code, "transactionSetControlNumber": "0001"}]
    bodies = {"850": _order, "810": _invoice, "860": _change}
    body = bodies[code](document, currency) if code in bodies else {}
    loop = _without_empty({"transactionSetHeader": header, **body})
    if trim_numbers:
        _trim(loop)
    closing = {"numberOfIncludedSegments": str(_count(loop) + 1), "transactionSetControlNumber": "0001"}
    return [{**loop, "transactionSetTrailer": [closing]}]


def _order(document: Loop, currency: str | None) -> Loop:
    beginning = _segment(
        transactionSetPurposeCode=_code(_PURPOSES, document.get("purpose")),
        purchaseOrderTypeCode=_code(_ORDER_TYPES, document.get("purchaseOrderType")),
        purchaseOrderNumber=document.get("purchaseOrderNumber"),
        releaseNumber=document.get("releaseNumber"),
        date=_day(document.get("purchaseOrderDate")),
        contractNumber=document.get("contractNumber"),
        acknowledgmentTypeCode=_ACKNOWLEDGMENTS.get(str(document.get("acknowledgmentType"))),
    )
    lines = [_order_line(line) for line in _objects(document.get("lineItems"))]
    amounts = _object(document.get("monetaryAmounts"))
    totals = [
        _segment(amountQualifierCode=code, monetaryAmount=amounts[name])
        for name, code in _TOTALS.items()
        if name in amounts
    ]
    return {
        "beginningSegmentForPurchaseOrder": [beginning],
        "currency": _currency("BY", currency),
        **_common(document, sender_assigns=_BUYER_ASSIGNED),
        "PO1_loop": lines,
        "CTT_loop": [
            {"transactionTotals": [{"numberOfLineItems": str(len(lines))}], "monetaryAmountInformation": totals}
        ],
    }


def _invoice(document: Loop, currency: str | None) -> Loop:
    beginning = _segment(
        date=_day(document.get("invoiceDate")),
        invoiceNumber=document.get("invoiceNumber"),
        date1=_day(document.get("purchaseOrderDate")),
        purchaseOrderNumber=document.get("purchaseOrderNumber"),
        releaseNumber=document.get("releaseNumber"),
        transactionTypeCode=_INVOICE_TYPES.get(str(document.get("invoiceType"))),
    )
    lines = [_invoice_line(line) for line in _objects(document.get("lineItems"))]
    common = _common(document, sender_assigns=_SELLER_ASSIGNED)
    for name, qualifier in (("originalInvoiceNumber", "OI"), ("shipmentIdentification", "SI")):
        if name in document:
            common["referenceInformation"].append(_reference(qualifier, document[name]))
    total = _segment(
        amount=_implied(document.get("invoiceTotal")),
        amount1=_implied(document.get("invoiceSalesTotal")),
        amount3=_implied(document.get("invoiceTermsDiscount")),
    )
    taxes = _object(document.get("taxes"))
    return {
        "beginningSegmentForInvoice": [beginning],
        "currency": _currency("SE", currency),
        **common,
        "IT1_loop": lines,
        "totalMonetaryValueSummary": [total],
        "taxInformation": [_tax(_object(taxes[name]), code) for name, code in _TAXES.items() if name in taxes],
        "CTT_loop": [{"transactionTotals": [{"numberOfLineItems": str(len(lines))}]}],
    }


def _change(document: Loop, _currency_of_rule: str | None) -> Loop:
    names = {"purchaseOrderNumber": "purchaseOrderNumber", "purchaseOrderDate": "date"}
    beginning = {to: str(document[name]).replace("-", "") for name, to in names.items() if name in document}
    return {"beginningSegmentForPurchaseOrderChange": [beginning]}


def _common(document: Loop, *, sender_assigns: str) -> Loop:
    """What the headers of both documents have."""
    parties = _object(document.get("parties"))
    return {
        "referenceInformation": _references(document.get("references")),
        "termsOfSaleDeferredTermsOfSale": _terms(_object(document.get("termsOfSale"))),
        "dateTimeReference": _dates(document.get("dates")),
        "SAC_loop": _allowances(document),
        "N9_loop": _notes(document.get("notes")),
        "N1_loop": [
            _party(_object(parties[name]), code, sender_assigns) for name, code in _PARTIES.items() if name in parties
        ],
    }


def _order_line(line: Loop) -> Loop:
    quantity = _object(line.get("quantity"))
    item = _segment(
        assignedIdentification=line.get("purchaseOrderLineId"),
        quantity=quantity.get("value"),
        unitOrBasisForMeasurementCode=_unit(quantity),
        unitPrice=line.get("unitCostPrice"),
        basisOfUnitPriceCode=_basis(line.get("unitPriceBasis")),
    )
    return {
        "baselineItemData": [item | _product_ids(line)],
        **_line_parts(line),
        "dateTimeReference": _dates(line.get("dates")),
        "referenceInformation": _references(line.get("references")),
    }


def _invoice_line(line: Loop) -> Loop:
    quantity = _object(line.get("quantityInvoiced"))
    item = _segment(
        assignedIdentification=line.get("purchaseOrderLineId"),
        quantityInvoiced=quantity.get("value"),
        unitOrBasisForMeasurementCode=_unit(quantity),
        unitPrice=line.get("unitPrice"),
    )
    return {
        "baselineItemDataInvoice": [item | _product_ids(line)],
        "taxInformation": [_tax(tax, _OTHER) for tax in _objects(line.get("taxes"))],
        **_line_parts(line),
        "dateTimeReference": _dates({"shipDate": line["shipDate"]} if "shipDate" in line else {}),
    }


def _line_parts(line: Loop) -> Loop:
    """What the lines of both documents have behind their first segment."""
    description = _object(line.get("productAttributes")).get("description")
    described = _segment(itemDescriptionTypeCode="F", description=description) if description else {}
    return {
        "PID_loop": [{"productItemDescription": [described]}],
        "SAC_loop": _allowances(line),
        "N9_loop": _notes(line.get("notes")),
    }


def _product_ids(line: Loop) -> Segment:
    ids = _object(line.get("productIds"))
    pairs = [(code, ids[name]) for name, code in _PRODUCT_IDS.items() if name in ids]
    for name in ("buyerItemIds", "vendorItemIds"):
        for one in _objects(ids.get(name)):
            kind = str(one.get("type", ""))
            pairs.append((kind if len(kind) == 2 else _OTHER, one.get("value", "")))
    return _repeated("productServiceIDQualifier", "productServiceID", pairs)


def _party(party: Loop, code: str, sender_assigns: str) -> Loop:
    assigned = {
        "sendersId": sender_assigns,
        "receiversId": _BUYER_ASSIGNED if sender_assigns == _SELLER_ASSIGNED else _SELLER_ASSIGNED,
        **_PARTY_ID_TYPES,
    }
    name = _segment(entityIdentifierCode=code, name=party.get("name"))
    if "identificationCode" in party:
        kind = str(party.get("identificationCodeType"))
        name |= _segment(
            identificationCodeQualifier=assigned.get(kind, _OTHER), identificationCode=party["identificationCode"]
        )
    streets = [party[f"addressLine{number}"] for number in range(1, 5) if f"addressLine{number}" in party]
    place = _segment(
        cityName=party.get("city"),
        stateOrProvinceCode=party.get("stateOrProvinceCode"),
        postalCode=party.get("postalCode"),
        countryCode=party.get("countryCode"),
    )
    return {
        "partyIdentification": [name],
        "additionalNameInformation": [_segment(name=party.get("additionalName1"), name1=party.get("additionalName2"))],
        "partyLocation": [
            _segment(addressInformation=streets[at], addressInformation1="".join(map(str, streets[at + 1 : at + 2])))
            for at in range(0, len(streets), 2)
        ],
        "geographicLocation": [place],
        "administrativeCommunicationsContact": [_contact(one) for one in _objects(party.get("contacts"))],
    }


def _contact(contact: Loop) -> Segment:
    numbers = [(code, contact[name]) for name, code in _NUMBERS_OF_CONTACT.items() if name in contact]
    who = _segment(contactFunctionCode=_CONTACTS.get(str(contact.get("type")), "IC"), name=contact.get("name"))
    return who | _repeated("communicationNumberQualifier", "communicationNumber", numbers)


def _references(references: Any) -> list[Segment]:
    found = _object(references)
    return [
        _reference(_REFERENCES[name], _object(found[name]).get("value"))
        if name in _REFERENCES
        else _reference(_OTHER, _object(found[name]).get("value"), name)
        for name in found
    ]


def _reference(qualifier: str, value: Any, description: str | None = None) -> Segment:
    return _segment(referenceIdentificationQualifier=qualifier, referenceIdentification=value, description=description)


def _terms(terms: Loop) -> list[Segment]:
    if not terms:
        return []
    return [
        _segment(
            termsTypeCode=_code(_TERMS, terms.get("type")),
            termsBasisDateCode=_code(_TERMS_BASES, terms.get("basisDate")),
            termsDiscountPercent=terms.get("discountPercent"),
            termsDiscountDueDate=_day(terms.get("discountDueDate")),
            termsDiscountDaysDue=terms.get("discountDaysDue"),
            termsNetDueDate=_day(terms.get("netDueDate")),
            termsNetDays=terms.get("netDaysDue"),
            termsDiscountAmount=_implied(terms.get("discountAmount")),
            description=terms.get("description"),
            dayOfMonth=terms.get("dayOfMonth"),
        )
    ]


def _dates(dates: Any) -> list[Segment]:
    found = _object(dates)
    return [
        _segment(dateTimeQualifier=_DATES.get(name, _OTHER_DATE), date=_day(value)) for name, value in found.items()
    ]


def _allowances(holder: Loop) -> list[Loop]:
    return [
        {
            "servicePromotionAllowanceOrChargeInformation": [
                _segment(
                    allowanceOrChargeIndicatorCode=indicator,
                    servicePromotionAllowanceOrChargeCode=_CHARGES.get(str(one.get("type")), _OTHER_CHARGE),
                    amount=_implied(one.get("amount")),
                    allowanceChargePercentQualifier="Z" if "percent" in one else None,
                    percentDecimalFormat=one.get("percent"),
                    description=one.get("description"),
                )
            ]
        }
        for name, indicator in (("allowances", "A"), ("charges", "C"))
        for one in _objects(holder.get(name))
    ]


def _tax(tax: Loop, code: str) -> Segment:
    return _segment(
        taxTypeCode=code,
        monetaryAmount=tax.get("amount"),
        percentageAsDecimal=tax.get("percent"),
        taxJurisdictionCodeQualifier=tax.get("jurisdictionType"),
        taxJurisdictionCode=tax.get("jurisdictionCode"),
        taxIdentificationNumber=tax.get("taxIdNumber"),
        assignedIdentification=tax.get("assignedId"),
    )


def _notes(notes: Any) -> list[Loop]:
    found = _object(notes)
    return [
        {
            "extendedReferenceInformation": [
                _segment(
                    referenceIdentificationQualifier="L1",
                    referenceIdentification=name,
                    freeFormDescription=_object(found[name]).get("description"),
                )
            ],
            "messageText": [_segment(textualData=line) for line in _texts(_object(found[name]).get("text"))],
        }
        for name in _NOTES
        if name in found
    ]


def _currency(entity: str, currency: str | None) -> list[Segment]:
    return [_segment(entityIdentifierCode=entity, currencyCode=currency)] if currency else []


def _unit(quantity: Loop) -> str | None:
    unit = quantity.get("unitOfMeasure")
    return None if unit is None else UNITS.get(str(unit), _OTHER)


def _basis(basis: Any) -> str | None:
    return _PRICE_BASES.get(str(basis), str(basis) if len(str(basis)) == 2 else None)


def _code(codes: Mapping[str, str], word: Any) -> str | None:
    return None if word is None else codes.get(str(word), _OTHER)


def _day(text: Any) -> str | None:
    return None if text is None else str(text).replace("-", "")


def _implied(amount: Any) -> str | None:
    """An amount of type N2: two decimals that are not written."""
    try:
        cents = Decimal(str(amount)).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return str(cents) if cents.is_finite() else None


def _segment(**elements: Any) -> Segment:
    """Elements that have a value, as text; OrderfulJSON refuses empty ones."""
    return {name: str(value) for name, value in elements.items() if value is not None and str(value)}


def _repeated(qualifier: str, value: str, pairs: list[tuple[str, Any]]) -> Segment:
    """Pairs of elements; from the second on, their names carry a number."""
    found: Segment = {}
    for number, (code, text) in enumerate(pairs):
        suffix = str(number) if number else ""
        found |= {f"{qualifier}{suffix}": code, f"{value}{suffix}": str(text)}
    return found


def _object(value: Any) -> Loop:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Loop]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _without_empty(loop: Loop) -> Loop:
    """Without segments that have no element and loops that have no segment."""
    kept: Loop = {}
    for name, repeats in loop.items():
        found = [_without_empty(one) if name.endswith("_loop") else one for one in repeats]
        if any(found):
            kept[name] = [one for one in found if one]
    return kept


def _segments(loop: Loop) -> Iterator[Segment]:
    for name, repeats in loop.items():
        for one in repeats:
            if name in SEGMENTS:
                yield one
            else:
                yield from _segments(one)


def _count(loop: Loop) -> int:
    return sum(1 for _ in _segments(loop))


def _trim(loop: Loop) -> None:
    for segment in _segments(loop):
        for name in _TRIMMED & segment.keys():
            segment[name] = plain(segment[name])


def plain(number: str) -> str:
    """A number without zeros that say nothing; what is no number stays as it is."""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    return format(value.normalize(), "f") if value.is_finite() else number
