"""The Mosaic documents the sandbox Orderful takes, and the check of a message against them.

Field names, words and REQUIRED marks are those of Orderful's published structure (v4 create: 850, 810, 860), with the
fields that its own examples show on top. The sandbox is stricter than the structure says it is: what is not listed is
refused, so that a misspelt field is found here and not at a partner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

Structure = Mapping[str, str]

_DECIMAL: Final = re.compile(r"-?\d+(\.\d+)?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message is refused.

    Attributes:
        path: Where, as `message.lineItems[0].productIds`.
        text: What is wrong.
        segment: The X12 segment it would have become.
    """

    path: str
    text: str
    segment: str


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Final[Mapping[str, frozenset[str]]] = {
    "orderPurpose": _words("original cancellation change replace confirmation"),
    "orderType": _words("blanketEstimated blanketFirm dropship release rushOrder standalone"),
    "changePurpose": _words("change cancellation"),
    "changeType": _words("order standing"),
    "changeAcknowledgment": _words("withDetail withoutDetail"),
    "changeReason": _words("changeToItem addItem deleteItem priceChange quantityChange"),
    "invoiceType": _words("invoice creditMemo debitMemo"),
    "partyIdType": _words(
        "sendersId receiversId duns pantCode dunsPlus4 drugEnforcementAdmin telephone federalReserveRouting "
        "standardAddressSAN healthIndustryHIN warehouse schoolId memberId stateLicenseId globalLocationId"
    ),
    "zone": _words("residential commercial"),
    "contactType": _words("primary customerRelations orderInquiry department shipping receiving hazmat"),
    "termsType": _words(
        "basic basicDiscountOffered discountNotApplicable endOfMonth endOfMonth10 instant mutuallyDefined"
    ),
    "termsBasis": _words(
        "invoiceDate receiptOfGoods deliveryDate shipDate mutuallyDefined gageApprovalDate specifiedDate "
        "acceptanceDate invoiceTransmissionDate effectiveDate"
    ),
    "paymentMethod": _words("check letterOfCredit wireTransfer corporateTradePayment specialAccount directPayOthers"),
    "exemption": _words("exempt notExempt notTaxable"),
    "unit": _words(
        "ball assortment ocularInsertSystem bundle bag bottle belt box cell case card container can cartridge cassette "
        "carton coil combo drum display dozen each knots order flakeTon foot gallon gram person kit pound linearFoot "
        "monetaryValue milliliter meter ounce threePack sixPack pail pairInches piece pad palletLift packPAK package "
        "palletUnitLoad pair pint quart reel roll section squareFoot sheet set syringe tube tote thousand unit vial"
    ),
    "priceType": _words("retail wholesale promotional contract"),
    "packageForm": _words("carton case pallet bag box bundle drum roll"),
    "weightUnit": _words("pound kilogram ounce gram"),
    "routingSequence": _words("origin 1stAfterOrigin 4thAfterOrigin haulage"),
    "transport": _words(
        "air airExpress airFreightForward backhaul bestWay commonCarrier consolidation customerPickup expeditedTruck "
        "lessThanTrailerLoad mail ocean oceanContainerized parcelPost privateCarrier rail shipperAgent supplierTruck "
        "mutuallyDefined"
    ),
    "fobPayment": _words(
        "airCollect airPrepaid paidByBuyer collect mutuallyAgreed portOfCall halfPrepaid mixed serviceFreightNoCharge "
        "advancePrepaid customerPickupBackhaul prepaidChargeCustomer prepaidBySeller paidBySeller pickup thirdPartyPay"
    ),
    "fobPlace": _words("cityAndState country destination origin stateProvince warehouse"),
    "termsSource": _words("incoTerms tradeTerms mutuallyDefined"),
    "transportTerms": _words(
        "costAndFreight costInsuranceAndFreight carriageAndInsurancePaidTo carriagePaidTo deliveredAtFrontier "
        "deliverDutyPaid deliverDutyUnpaid deliveredDutyUnpaid deliveredExQuay deliveredExShip domesticallySupplied "
        "exQuay exShip exWorks freeAlongsideShip freeCarrier freightCarriageInsurancePaidTo freightCarriagePaidTo "
        "freeOnBoard freeOnRail freePnTruck nonPrivilegedForeign privilegedForeign mutuallyDefined"
    ),
}


def _fields(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


_REFERENCES: Final = _fields(
    "Reference",
    "accountNumber arrivalCode associatedPurchaseOrderNumber reservationNumber customerOrderNumber deliveryReference "
    "divisionId departmentNumber internalCustomerNumber vendorNumber merchandiseTypeCode promotionNumber storeNumber "
    "thirdPartyReferenceNumber warehouseStorageLocation shipmentNumber invoiceNumber billOfLadingNumber proNumber "
    "shipmentId",
)

# A field's kind is a scalar (text, day, decimal, whole, flag, id), a list of words, the name of an object, or one of
# these in brackets for an array. An exclamation mark makes the field required.
OBJECTS: Final[Mapping[str, Structure]] = {
    "850_PURCHASE_ORDER": {
        "purpose": "orderPurpose!",
        "purchaseOrderType": "orderType!",
        "purchaseOrderNumber": "text!",
        "purchaseOrderDate": "day!",
        **_fields("text", "contractNumber releaseNumber acknowledgmentType"),
        "parties": "Parties",
        "dates": "Dates",
        "references": "References",
        "termsOfSale": "TermsOfSale",
        "carrierDetails": "CarrierDetails",
        "notes": "Notes",
        "monetaryAmounts": "HeaderAmounts",
        "conditionsAndRestrictions": "[Condition]",
        **_fields("[Allowance]", "allowances charges"),
        "lineItems": "[OrderLine]!",
    },
    "810_INVOICE": {
        "invoiceNumber": "text!",
        "invoiceDate": "day!",
        "invoiceType": "invoiceType",
        "purchaseOrderDate": "day",
        **_fields("text", "purchaseOrderNumber releaseNumber shipmentIdentification originalInvoiceNumber"),
        "parties": "InvoiceParties",
        "termsOfSale": "TermsOfSale",
        "dates": "InvoiceDates",
        "references": "References",
        "carrierDetails": "CarrierDetails",
        "lineItems": "[InvoiceLine]!",
        **_fields("[Allowance]", "allowances charges"),
        "taxes": "InvoiceTaxes",
        **_fields("decimal", "invoiceTotal invoiceSalesTotal invoiceTermsDiscount"),
    },
    "860_PURCHASE_ORDER_CHANGE": {
        "purpose": "changePurpose!",
        "purchaseOrderType": "orderType",
        "purchaseOrderChangeType": "changeType",
        "purchaseOrderNumber": "text!",
        "purchaseOrderDate": "day!",
        "purchaseOrderChangeDate": "day!",
        "changeSequenceNumber": "text",
        "acknowledgmentType": "changeAcknowledgment",
        "parties": "Parties",
        "references": "References",
        "dates": "Dates",
        "notes": "Notes",
        "termsOfSale": "TermsOfSale",
        "carrierDetails": "CarrierDetails",
        "buyersCurrency": "Currency",
        "lineItems": "[ChangeLine]!",
    },
    "OrderLine": {
        **_fields("text", "purchaseOrderLineId unitPriceBasis"),
        "quantity": "Quantity",
        "unitCostPrice": "decimal",
        "additionalPricing": "[Pricing]",
        "productIds": "ProductIds!",
        "productAttributes": "ProductAttributes",
        **_fields("PhysicalDetails", "outerPack innerPack"),
        "packaging": "[Packaging]",
        "dates": "Dates",
        "references": "References",
        "destinationQuantities": "[DestinationQuantity]",
        **_fields("[Allowance]", "allowances charges"),
        "monetaryAmounts": "LineAmounts",
        "sublineItems": "[SublineItem]",
        "notes": "Notes",
        "paperwork": "[Paperwork]",
        "conditionsAndRestrictions": "[Condition]",
        "carrierDetails": "CarrierDetails",
    },
    "InvoiceLine": {
        "purchaseOrderLineId": "text",
        "quantityInvoiced": "Quantity!",
        "unitPrice": "decimal!",
        "extendedPrice": "decimal",
        "productIds": "ProductIds!",
        "productAttributes": "ProductAttributes",
        "shipDate": "day",
        **_fields("PhysicalDetails", "outerPack innerPack"),
        **_fields("[Allowance]", "allowances charges"),
        "taxes": "[Tax]",
        "notes": "Notes",
    },
    "ChangeLine": {
        "purchaseOrderLineId": "text",
        "changeReason": "changeReason!",
        **_fields("Quantity", "originalQuantity changeInQuantity quantity"),
        "unitCostPrice": "decimal",
        "unitPriceBasis": "text",
        "productIds": "ProductIds",
        "productAttributes": "ProductAttributes",
        "dates": "Dates",
        "notes": "Notes",
    },
    "Parties": _fields("Party", "buyer shipTo billTo shipFrom accountsPayable soldTo supplier"),
    "InvoiceParties": _fields("Party", "buyer shipTo billTo accountsReceivable accountsPayable"),
    "Party": {
        **_fields("text", "name additionalName1 additionalName2 identificationCode"),
        "identificationCodeType": "partyIdType",
        **_fields("text", "addressLine1 addressLine2 addressLine3 addressLine4"),
        **_fields("text", "city stateOrProvinceCode postalCode countryCode"),
        "zoneType": "zone",
        "contacts": "[Contact]",
    },
    "Contact": {"type": "contactType", **_fields("text", "name phoneNumber faxNumber email")},
    "Dates": _fields(
        "day",
        "cancelAfterDate customerOrderDate earliestDeliveryDate earliestShipDate latestShipDate latestDeliveryDate "
        "pickupDate promotionStartDate purchaseOrderDate requestedDeliveryDate requestedShipDate "
        "requestedDeliveryWeekOfDate",
    ),
    "InvoiceDates": _fields("day", "shipDate deliveryDate termsNetDueDate termsDiscountDueDate"),
    "References": _REFERENCES,
    "Reference": {"value": "text!", "description": "text"},
    "TermsOfSale": {
        "type": "termsType",
        "basisDate": "termsBasis",
        **_fields("decimal", "discountPercent discountAmount"),
        **_fields("whole", "discountDaysDue dayOfMonth netDaysDue"),
        **_fields("day", "discountDueDate netDueDate"),
        "description": "text",
        "paymentMethodType": "paymentMethod",
    },
    "CarrierDetails": {
        "routing": "[Routing]",
        "freeOnBoard": "[FreeOnBoard]",
        "specialHandling": "[SpecialHandling]",
        "quantityAndWeight": "[Weight]",
        "equipment": "Equipment",
    },
    "Routing": {
        "sequenceType": "routingSequence",
        "transportationMethod": "transport",
        **_fields("text", "standardCarrierAlphaCode customCarrierCode locationType location description serviceLevel"),
        **_fields("text", "orderStatus transitDirectionType transitTimeType transitTime"),
    },
    "FreeOnBoard": {
        "methodOfPayment": "fobPayment",
        **_fields("fobPlace", "locationType titlePassageType"),
        **_fields("text", "locationDescription titlePassageDescription riskOfLoss description"),
        "transportationTermsSource": "termsSource",
        "transportationTerms": "transportTerms",
    },
    "SpecialHandling": {
        **_fields("text", "handlingType description materialId materialClass"),
        "conditionResponse": "flag",
    },
    "Weight": {
        "packageForm": "packageForm",
        "weightUOM": "weightUnit",
        **_fields("decimal", "ladingQuantity grossWeight"),
    },
    "Equipment": _fields("text", "equipmentType equipmentId"),
    "Quantity": {"value": "decimal!", "unitOfMeasure": "unit"},
    "ProductIds": {
        **_fields("id", "buyerItemNumber vendorItemNumber gtin12 gtin13 gtin14 caseCode drugCode standardBookNumber"),
        **_fields("[ProductId]", "buyerItemIds vendorItemIds"),
    },
    "ProductId": {"type": "text!", "value": "text!"},
    "ProductAttributes": _fields(
        "text",
        "description colorCode colorDescription sizeCode sizeDescription materialCode materialDescription processCode "
        "processDescription height width",
    ),
    "Allowance": {**_fields("text", "type description"), **_fields("decimal", "amount percent")},
    "HeaderAmounts": _fields("decimal", "net gross discount freight"),
    "LineAmounts": _fields("decimal", "lineTotal unitPrice extendedPrice"),
    "Notes": _fields("Note", "general orderInstructions shippingInstructions giftMessage packingSlipMessage"),
    "Note": {"description": "text", "text": "[text]"},
    "PhysicalDetails": {
        **_fields("decimal", "numberOfUnits weight volume"),
        "packageForm": "packageForm",
        "weightUnit": "weightUnit",
        "volumeUnit": "text",
    },
    "Pricing": {"priceType": "priceType", **_fields("decimal", "price quantity")},
    "Packaging": _fields("text", "packagingCode packagingDescription"),
    "DestinationQuantity": {**_fields("text", "identificationCode identificationCodeType"), "quantity": "decimal"},
    "SublineItem": {
        "sublineId": "text",
        "quantity": "Quantity",
        "productIds": "ProductIds",
        "productAttributes": "ProductAttributes",
    },
    "Paperwork": {**_fields("text", "type description"), "required": "flag"},
    "Condition": {**_fields("text", "type description conditionType action maxOrderValue"), "services": "[text]"},
    "Currency": {"currencyCode": "text"},
    "InvoiceTaxes": _fields(
        "Tax", "harmonizedSalesTax goodsAndServicesTax stateProvincialTax stateProvincialGoodsTax localTax"
    ),
    "Tax": {
        **_fields("decimal", "amount percent"),
        **_fields("text", "taxIdNumber locationId jurisdictionType jurisdictionCode assignedId"),
        "exemptionCode": "exemption",
    },
}

_SEGMENTS: Final = {
    "850_PURCHASE_ORDER": ("BEG", "PO1"),
    "810_INVOICE": ("BIG", "IT1"),
    "860_PURCHASE_ORDER_CHANGE": ("BCH", "POC"),
}


def problems(transaction_type: str, message: Any) -> list[Problem]:
    """Everything that is wrong with a Mosaic message; empty for types whose structure the sandbox does not hold."""
    if transaction_type not in _SEGMENTS:
        return []
    header, line = _SEGMENTS[transaction_type]
    return [
        Problem(path, text, line if path.startswith("message.lineItems") else header)
        for path, text in _check(message, transaction_type, "message")
    ]


def business_number(transaction_type: str, message: Any) -> str:
    """The number Orderful files the document under; empty when it has none."""
    name = "invoiceNumber" if transaction_type.startswith("810") else "purchaseOrderNumber"
    value = message.get(name) if isinstance(message, dict) else None
    return value if isinstance(value, str) else ""


def _check(value: Any, kind: str, path: str) -> Iterator[tuple[str, str]]:
    if kind.startswith("["):
        if not isinstance(value, list) or not value:
            yield path, "must be an array with at least one element"
            return
        for index, element in enumerate(value):
            yield from _check(element, kind[1:-1], f"{path}[{index}]")
    elif kind in OBJECTS:
        yield from _check_object(value, kind, path)
    elif kind in WORDS:
        if value not in WORDS[kind]:
            yield path, f"must be equal to one of the allowed values: {', '.join(sorted(WORDS[kind]))}"
    else:
        text = _scalar_problem(value, kind)
        if text:
            yield path, text


def _check_object(value: Any, kind: str, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield path, "must be object"
        return
    structure = OBJECTS[kind]
    for name in value.keys() - structure.keys():
        yield f"{path}.{name}", f"must NOT have additional properties - {name}"
    for name, named in structure.items():
        if name in value:
            yield from _check(value[name], named.removesuffix("!"), f"{path}.{name}")
        elif named.endswith("!"):
            yield f"{path}.{name}", f"must have required property '{name}'"
    if kind == "ProductIds" and not value:
        yield path, "At least one product identifier is required"


def _scalar_problem(value: Any, kind: str) -> str | None:
    if kind == "whole":
        return None if isinstance(value, int) and not isinstance(value, bool) else "must be integer"
    if kind == "flag":
        return None if isinstance(value, bool) else "must be boolean"
    if kind == "id" and isinstance(value, int) and not isinstance(value, bool):
        return None
    if not isinstance(value, str) or not value.strip():
        return "must be a string that is not empty"
    if kind == "decimal" and not _DECIMAL.fullmatch(value):
        return "must be a decimal number"
    return "must be a date, CCYY-MM-DD" if kind == "day" and not _is_day(value) else None


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False
