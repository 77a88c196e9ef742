"""Which fields the vendors' documents have, and of what type.

Where the published structures lie beside the repository they are read from there, and grow with them. A clone without
them has the tables below: the fields that the connector reads and some of those that it does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).resolve().parents[2].parent / "shared" / "contracts"
_DEEPEST = 4
_FORMATS = {"date-time": "date", "double": "number", "int32": "whole", "int64": "whole"}
_TYPES = {"string": "text", "number": "number", "integer": "whole", "boolean": "flag"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        kind: `text`, `number`, `whole`, `flag`, `date`, `part` (an object) or `rows` (a list of objects).
        fields: Those of the object, or of each object of the list.
        words: What an enumerated text may be.
    """

    kind: str
    fields: Mapping[str, Field]
    words: tuple[str, ...] = ()


Structure = Mapping[str, Field]


def _plain(**names: str) -> dict[str, Field]:
    """Fields by kind: `_plain(text="a b", number="c")`."""
    return {name: Field(kind, {}) for kind, listed in names.items() for name in listed.split()}


def _part(fields: Structure) -> Field:
    return Field("part", fields)


def _rows(fields: Structure) -> Field:
    return Field("rows", fields)


_NUMBERED = _part(_plain(text="number name"))
_DESCRIBED = _part(_plain(text="id description"))
_PLACE = _part(_plain(text="id name"))
_CODED = _part(_plain(text="number description"))
_AREA = {name: _part(_plain(text="id name")) for name in ("country", "county")}
_ADDRESS = _part(
    {**_plain(text="addressLine1 addressLine2 addressLine3 postalCode city", flag="overrideAddress"), **_AREA}
)
_CONTACT = _part(_plain(text="name attention email phone1 phone2 fax web", whole="contactId"))
_TAX = _rows({**_plain(text="taxId", number="vatRate taxableAmount vatAmount", whole="recordId"), "vatId": _CODED})
_META = {"metadata": _part(_plain(whole="totalCount maxPageSize"))}
_LINE_TEXTS = "uom note"
_LINE_NUMBERS = "discountPercent discountAmount"

_PURCHASE_ORDER: Structure = {
    **_plain(
        text="orderNbr orderType status description currency supplierRef fobPoint shipVia shipTerms note timeStamp"
        " shippingDestinationType customStr1 errorInfo",
        number="exchangeRate lineTotal taxTotal orderTotal controlTotal openQuantity openBalance vatExemptTotal",
        flag="hold printed emailed dontPrint dontEmail",
        date="date promisedOn lastModifiedDateTime",
    ),
    **_META,
    **dict.fromkeys(("supplier", "shipTo", "branch"), _NUMBERED),
    **dict.fromkeys(("warehouse", "terms"), _DESCRIBED),
    **dict.fromkeys(("location", "shippingLocation"), _PLACE),
    "shippingContact": _CONTACT,
    "shippingAddress": _ADDRESS,
    "taxDetails": _TAX,
    "discountDetails": _rows(
        _plain(text="discountCode type", number="discountAmt discountableAmt", flag="skipDiscount")
    ),
    "lines": _rows(
        {
            **_plain(
                text=f"{_LINE_TEXTS} lineType lineDescription alternateId orderType orderNumber",
                number=f"{_LINE_NUMBERS} amount orderQty baseOrderQty qtyOnReceipts unitCost extCost receivedAmt",
                whole="lineNbr",
                flag="completed canceled manualDiscount",
                date="requested promised",
            ),
            "inventory": _CODED,
            "taxCategory": _CODED,
            "warehouse": _DESCRIBED,
        }
    ),
}
_INVOICE: Structure = {
    **_plain(
        text="documentType referenceNumber status currencyId note timeStamp postPeriod errorInfo",
        number="exchangeRate amount balance balanceInCurrency cashDiscount cashDiscountInCurrency"
        " detailTotal detailTotalInCurrency discountTotal discountTotalInCurrency vatTotal vatTotalInCurrency"
        " vatTaxableTotal vatTaxableTotalInCurrency roundingDiff",
        flag="hold",
        date="cashDiscountDate origInvoiceDate createdDateTime lastModifiedDateTime",
    ),
    **_META,
    "creditTerms": _DESCRIBED,
    "location": _PLACE,
    "branchNumber": _NUMBERED,
}
_INVOICE_LINE: Structure = {
    **_plain(
        text=f"{_LINE_TEXTS} inventoryNumber",
        number=f"{_LINE_NUMBERS} quantity discountAmountInCurrency",
        whole="lineNumber",
        flag="manualDiscount",
    ),
    "vatCode": _DESCRIBED,
    "branchNumber": _NUMBERED,
}
_SUPPLIER_INVOICE: Structure = {
    **_INVOICE,
    **_plain(text="supplierReference buyerReference paymentRefNo description taxCalculationMode", date="date dueDate"),
    "supplier": _NUMBERED,
    "taxDetailLines": _TAX,
    "invoiceLines": _rows(
        {
            **_INVOICE_LINE,
            **_plain(
                text="externalInventoryId transactionDescription poNumber",
                number="unitCost unitCostInCurrency cost costInCurrency",
                whole="poLineNr",
            ),
        }
    ),
}
_CUSTOMER_INVOICE: Structure = {
    **_INVOICE,
    **_plain(
        text="customerRefNumber externalReference originatorDocRef contractDocRef paymentReference invoiceText",
        number="amountInCurrency",
        flag="revoked",
        date="documentDate documentDueDate",
    ),
    "customer": _NUMBERED,
    "invoiceAddress": _ADDRESS,
    "invoiceContact": _part(_plain(text="businessName attention email phone1", whole="contactId")),
    "taxDetails": _TAX,
    "applications": _rows(_plain(text="docType refNbr", number="amountPaid", flag="voided")),
    "invoiceLines": _rows(
        {
            **_INVOICE_LINE,
            **_plain(
                text="lineType description soOrderNbr soShipmentNbr",
                number="unitPrice unitPriceInCurrency manualAmount amount amountInCurrency cost",
            ),
        }
    ),
}
_QUANTITY = _part(_plain(text="value unitOfMeasure"))
_NOTES = _part({"general": _part(_plain(text="description"))})
_DATES = _part(_plain(date="requestedDeliveryDate requestedShipDate cancelAfterDate latestDeliveryDate"))
_PARTY = _part(_plain(text="name identificationCode identificationCodeType addressLine1 city postalCode countryCode"))
_CHANGE: Structure = {
    **_plain(
        text="purpose purchaseOrderType purchaseOrderChangeType purchaseOrderNumber changeSequenceNumber"
        " acknowledgmentType",
        date="purchaseOrderDate purchaseOrderChangeDate",
    ),
    "parties": _part(dict.fromkeys(("buyer", "shipTo", "supplier"), _PARTY)),
    "dates": _DATES,
    "notes": _NOTES,
    "references": _part({"departmentNumber": _part(_plain(text="value"))}),
    "buyersCurrency": _part(_plain(text="currencyCode")),
    "lineItems": _rows(
        {
            **_plain(text="purchaseOrderLineId changeReason unitCostPrice unitPriceBasis"),
            **dict.fromkeys(("quantity", "originalQuantity", "changeInQuantity"), _QUANTITY),
            "productIds": _part(_plain(text="buyerItemNumber vendorItemNumber gtin12 gtin13 gtin14")),
            "productAttributes": _part(_plain(text="description")),
            "dates": _DATES,
            "notes": _NOTES,
        }
    ),
}
_INBOX_ITEM: Structure = {
    **_plain(text="senderId receiverId stream integrationPayloadId", whole="transactionId"),
    "delivery": _part(_plain(text="deliveryId href")),
}
_TRANSACTION: Structure = {
    **_plain(
        text="id href version stream businessNumber validationStatus deliveryStatus acknowledgmentStatus",
        date="createdAt lastUpdatedAt",
    ),
    **dict.fromkeys(("sender", "receiver"), _part(_plain(text="isaId"))),
    "type": _part(_plain(text="name")),
}

_VISMA, _ORDERFUL = "visma.openapi.json", "orderful.openapi.json"
TABLES: Mapping[tuple[str, str], Structure] = {
    (_VISMA, "PurchaseOrderDto"): _PURCHASE_ORDER,
    (_VISMA, "SupplierInvoiceDto"): _SUPPLIER_INVOICE,
    (_VISMA, "CustomerInvoiceDto"): _CUSTOMER_INVOICE,
    (_ORDERFUL, "860_PURCHASE_ORDER_CHANGE"): _CHANGE,
    (_ORDERFUL, "InboxTransactionsResponseDto"): _INBOX_ITEM,
    (_ORDERFUL, "TransactionV3Dto"): _TRANSACTION,
}
"""By file and name of the published structure."""


@cache
def structure(name: str, *, published: bool = True) -> Structure:
    """The structure of this published name, from the vendor's file where it is at hand and wanted, else from here."""
    file = next(file for file, known in TABLES if known == name)
    path = CONTRACTS / file
    if not published or not path.is_file():
        return TABLES[file, name]
    schemas = json.loads(path.read_text())["components"]["schemas"]
    return dict(_fields(schemas, schemas[name], _DEEPEST))


def _fields(schemas: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Field]]:
    for name, member in schema.get("properties", {}).items():
        found = _field(schemas, member, depth)
        if found is not None:
            yield name, found


def _field(schemas: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Field | None:
    schema = _resolved(schemas, schema)
    kind = schema.get("type")
    if kind == "array":
        inner = _field(schemas, schema.get("items", {}), depth)
        return Field("rows", inner.fields) if inner is not None and inner.kind == "part" else None
    if kind == "object" or "properties" in schema:
        return _part(dict(_fields(schemas, schema, depth - 1))) if depth > 0 else None
    words = tuple(word for word in schema.get("enum", ()) if isinstance(word, str))
    known = _FORMATS.get(schema.get("format", "")) or _TYPES.get(kind or "")
    return Field(known, {}, words) if known else None


def _resolved(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEEPEST):
        choices = [one for name in ("allOf", "oneOf", "anyOf") for one in schema.get(name, ())]
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
        elif choices and "properties" not in schema:
            schema = choices[0]
    return schema
