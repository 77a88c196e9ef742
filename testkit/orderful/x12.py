"""The validation of OrderfulJSON: segments, their places and their elements.

Names follow Orderful's rule: camelCase of the X12 names, every segment an array, every element a string, a repeated
element with a number at its end. Segments without a source are refused, as at Orderful after the 201.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from testkit.orderful.mosaic import Problem


def _elements(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINE: Final = (
    "assignedIdentification unitOrBasisForMeasurementCode unitPrice basisOfUnitPriceCode productServiceIDQualifier "
    "productServiceID"
)
SEGMENTS: Final[Mapping[str, frozenset[str]]] = {
    "transactionSetHeader": _elements(
        "transactionSetIdentifierCode transactionSetControlNumber implementationConventionReference"
    ),
    "transactionSetTrailer": _elements("numberOfIncludedSegments transactionSetControlNumber"),
    "beginningSegmentForPurchaseOrder": _elements(
        "transactionSetPurposeCode purchaseOrderTypeCode purchaseOrderNumber releaseNumber date contractNumber "
        "acknowledgmentTypeCode"
    ),
    "beginningSegmentForInvoice": _elements(
        "date invoiceNumber purchaseOrderNumber releaseNumber changeOrderSequenceNumber transactionTypeCode "
        "transactionSetPurposeCode actionCode"
    ),
    "beginningSegmentForPurchaseOrderChange": _elements(
        "transactionSetPurposeCode purchaseOrderTypeCode purchaseOrderNumber releaseNumber changeOrderSequenceNumber "
        "date requestReferenceNumber contractNumber referenceIdentification"
    ),
    "currency": _elements(
        "entityIdentifierCode currencyCode exchangeRate currencyMarketExchangeCode dateTimeQualifier date time"
    ),
    "referenceInformation": _elements("referenceIdentificationQualifier referenceIdentification description"),
    "extendedReferenceInformation": _elements(
        "referenceIdentificationQualifier referenceIdentification freeFormDescription date time timeCode"
    ),
    "messageText": _elements("textualData noteReferenceCode printerCarriageControlCode"),
    "administrativeCommunicationsContact": _elements(
        "contactFunctionCode name communicationNumberQualifier communicationNumber contactInquiryReference"
    ),
    "fOBRelatedInstructions": _elements(
        "shipmentMethodOfPaymentCode locationQualifier description transportationTermsQualifierCode "
        "transportationTermsCode riskOfLossCode"
    ),
    "termsOfSaleDeferredTermsOfSale": _elements(
        "termsTypeCode termsBasisDateCode termsDiscountPercent termsDiscountDueDate termsDiscountDaysDue "
        "termsNetDueDate termsNetDays termsDiscountAmount termsDeferredDueDate deferredAmountDue "
        "percentOfInvoicePayable description dayOfMonth paymentMethodTypeCode"
    ),
    "dateTimeReference": _elements("dateTimeQualifier date time timeCode dateTimePeriodFormatQualifier dateTimePeriod"),
    "carrierDetailsRoutingSequenceTransitTime": _elements(
        "routingSequenceCode identificationCodeQualifier identificationCode transportationMethodTypeCode routing "
        "shipmentOrderStatusCode locationQualifier locationIdentifier transitDirectionCode "
        "transitTimeDirectionQualifier transitTime serviceLevelCode countryCode"
    ),
    "partyIdentification": _elements("entityIdentifierCode name identificationCodeQualifier identificationCode"),
    "additionalNameInformation": _elements("name"),
    "partyLocation": _elements("addressInformation"),
    "geographicLocation": _elements(
        "cityName stateOrProvinceCode postalCode countryCode locationQualifier locationIdentifier "
        "countrySubdivisionCode"
    ),
    "baselineItemData": _elements(f"{_LINE} quantity"),
    "baselineItemDataInvoice": _elements(f"{_LINE} quantityInvoiced"),
    "lineItemChange": _elements(f"{_LINE} quantity changeOrResponseTypeCode compositeUnitOfMeasure"),
    "compositeUnitOfMeasure": _elements("unitOrBasisForMeasurementCode exponent multiplier"),
    "itemPhysicalDetails": _elements(
        "pack size unitOrBasisForMeasurementCode packagingCode weightQualifier grossWeightPerPack grossVolumePerPack "
        "length width height innerPack"
    ),
    "destinationQuantity": _elements(
        "unitOrBasisForMeasurementCode identificationCodeQualifier identificationCode quantity"
    ),
    "productItemDescription": _elements(
        "itemDescriptionTypeCode productProcessCharacteristicCode agencyQualifierCode productDescriptionCode "
        "description languageCode"
    ),
    "taxInformation": _elements(
        "taxTypeCode monetaryAmount percentageAsDecimal taxJurisdictionCodeQualifier taxJurisdictionCode taxExemptCode "
        "relationshipCode dollarBasisForPercent taxIdentificationNumber assignedIdentification"
    ),
    "totalMonetaryValueSummary": _elements("amount"),
    "servicePromotionAllowanceOrChargeInformation": _elements(
        "allowanceOrChargeIndicatorCode servicePromotionAllowanceOrChargeCode agencyQualifierCode "
        "agencyServicePromotionAllowanceOrChargeCode amount allowanceChargePercentQualifier percentDecimalFormat rate "
        "unitOrBasisForMeasurementCode quantity allowanceOrChargeMethodOfHandlingCode referenceIdentification "
        "optionNumber description languageCode"
    ),
    "carrierDetails": _elements(
        "transportationMethodTypeCode equipmentInitial equipmentNumber standardCarrierAlphaCode routing "
        "shipmentOrderStatusCode referenceIdentificationQualifier referenceIdentification serviceLevelCode"
    ),
    "invoiceShipmentSummary": _elements("numberOfUnitsShipped unitOrBasisForMeasurementCode weight volume quantity"),
    "transactionTotals": _elements(
        "numberOfLineItems hashTotal weight unitOrBasisForMeasurementCode volume description"
    ),
    "monetaryAmountInformation": _elements("amountQualifierCode monetaryAmount creditDebitFlagCode"),
}

_HEADER: Final = (
    "transactionSetHeader transactionSetTrailer currency referenceInformation administrativeCommunicationsContact "
    "fOBRelatedInstructions termsOfSaleDeferredTermsOfSale dateTimeReference N1_loop N9_loop SAC_loop CTT_loop "
)
_LINE_LOOPS: Final = (
    "PID_loop SAC_loop N1_loop N9_loop dateTimeReference referenceInformation itemPhysicalDetails destinationQuantity "
    "taxInformation"
)
LOOPS: Final[Mapping[str, frozenset[str]]] = {
    "850": _elements(
        f"{_HEADER} beginningSegmentForPurchaseOrder carrierDetailsRoutingSequenceTransitTime PO1_loop taxInformation"
    ),
    "810": _elements(
        f"{_HEADER} beginningSegmentForInvoice IT1_loop taxInformation totalMonetaryValueSummary carrierDetails "
        "ISS_loop"
    ),
    "860": _elements(
        f"{_HEADER} beginningSegmentForPurchaseOrderChange carrierDetailsRoutingSequenceTransitTime POC_loop"
    ),
    "N1_loop": _elements(
        "partyIdentification additionalNameInformation partyLocation geographicLocation referenceInformation "
        "administrativeCommunicationsContact"
    ),
    "N9_loop": _elements("extendedReferenceInformation dateTimeReference messageText"),
    "PO1_loop": _elements(f"{_LINE_LOOPS} baselineItemData"),
    "IT1_loop": _elements(f"{_LINE_LOOPS} baselineItemDataInvoice"),
    "POC_loop": _elements(f"{_LINE_LOOPS} lineItemChange"),
    "PID_loop": _elements("productItemDescription"),
    "SAC_loop": _elements("servicePromotionAllowanceOrChargeInformation taxInformation"),
    "ISS_loop": _elements("invoiceShipmentSummary"),
    "CTT_loop": _elements("transactionTotals monetaryAmountInformation"),
}
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "850": ("beginningSegmentForPurchaseOrder", "PO1_loop"),
    "810": ("beginningSegmentForInvoice", "totalMonetaryValueSummary"),
    "860": ("beginningSegmentForPurchaseOrderChange",),
}
_NUMBERED: Final[Mapping[str, tuple[str, str]]] = {
    "850": ("beginningSegmentForPurchaseOrder", "purchaseOrderNumber"),
    "810": ("beginningSegmentForInvoice", "invoiceNumber"),
    "860": ("beginningSegmentForPurchaseOrderChange", "purchaseOrderNumber"),
}
_IMPLIED_DECIMALS: Final = {"totalMonetaryValueSummary", "servicePromotionAllowanceOrChargeInformation"}
_DATES: Final = re.compile(r"date\d*|terms(Net|Discount|Deferred)DueDate")


def problems(transaction_type: str, transaction_sets: Any) -> list[Problem]:
    """The validation errors of OrderfulJSON; the path is Orderful's `dataPath`."""
    code = transaction_type[:3]
    if code not in _REQUIRED:
        return []
    return [
        Problem(path, text, path.rsplit("/", 1)[-1])
        for index, one in enumerate(transaction_sets)
        for path, text in _check_set(one, code, f"/transactionSets/{index}")
    ]


def business_number(transaction_type: str, transaction_sets: Any) -> str:
    """The business number of the document; empty when it has none."""
    segment, element = _NUMBERED.get(transaction_type[:3], ("", ""))
    try:
        value = transaction_sets[0][segment][0][element]
    except (KeyError, IndexError, TypeError):
        return ""
    return value if isinstance(value, str) else ""


def _check_set(one: Any, code: str, path: str) -> Iterator[tuple[str, str]]:
    yield from _check_loop(one, LOOPS[code], path)
    if not isinstance(one, dict):
        return
    for name in _REQUIRED[code]:
        if not one.get(name):
            yield path, f"must have required property '{name}'"
    header = one.get("transactionSetHeader")
    stated = header[0].get("transactionSetIdentifierCode") if isinstance(header, list) and header else code
    if stated != code:
        yield f"{path}/transactionSetHeader/0/transactionSetIdentifierCode", f"must be {code}"


def _check_loop(loop: Any, allowed: frozenset[str], path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(loop, dict):
        yield path, "must be object"
        return
    for name, repeats in loop.items():
        here = f"{path}/{name}"
        if name not in allowed:
            yield path, f"must NOT have additional properties - {name}"
        elif not isinstance(repeats, list) or not repeats:
            yield here, "must NOT have fewer than 1 items"
        else:
            for index, repeat in enumerate(repeats):
                if name in LOOPS:
                    yield from _check_loop(repeat, LOOPS[name], f"{here}/{index}")
                else:
                    yield from _check_segment(repeat, name, f"{here}/{index}")


def _check_segment(segment: Any, name: str, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(segment, dict):
        yield path, "must be object"
        return
    for element, value in segment.items():
        here = f"{path}/{element}"
        if element.rstrip("0123456789") not in SEGMENTS[name]:
            yield path, f"must NOT have additional properties - {element}"
        elif element in SEGMENTS:
            for index, part in enumerate(value if isinstance(value, list) else [value]):
                yield from _check_segment(part, element, f"{here}/{index}")
        elif not isinstance(value, str):
            yield here, "must be string"
        elif not value:
            yield here, "must NOT have fewer than 1 characters"
        elif _DATES.fullmatch(element) and not _is_day(value):
            yield here, "must be a date, CCYYMMDD"
        elif name in _IMPLIED_DECIMALS and element.startswith("amount") and not re.fullmatch(r"-?\d+", value):
            yield here, "must be a number with two implied decimals"


def _is_day(text: str) -> bool:
    try:
        return len(text) == 8 and bool(datetime.strptime(text, "%Y%m%d"))  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
