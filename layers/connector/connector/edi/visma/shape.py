"""The fields that are read of a Visma document; all others are skipped while parsing, which saves a quarter of it.

Fields hold whatever Visma sends. Only the lists of lines have a shape, and a document whose lines have another one is
parsed whole (`read.decode`). A field that a reader asks for and that is missing here fails
`test_every_field_that_a_reader_asks_for_survives_decoding`.
"""

from __future__ import annotations

from typing import Any, TypedDict

# With and without the currency: Visma has most amounts of invoices twice.
_LINE_AMOUNTS = ("unitCost", "unitPrice", "cost", "amount", "discountAmount")
_AMOUNTS = ("amount", "balance", "cashDiscount", "detailTotal", "discountTotal", "vatTotal", "vatTaxableTotal")
_LINE = """
    value lineNbr lineNumber lineType inventory inventoryNumber externalInventoryId alternateId
    lineDescription transactionDescription description orderQty quantity uom discountPercent
    requested promised warehouse taxCategory vatCode canceled completed qtyOnReceipts poNumber poLineNr note
    orderType orderNumber soOrderNbr soShipmentNbr
    lineId unitOfMeasure requestDate shipDate warehouseId taxCategoryId inventoryAlternateId
"""
_HEADER = """
    orderNbr referenceNumber orderType documentType status hold timeStamp createdDateTime note description invoiceText
    date promisedOn documentDate dueDate documentDueDate cashDiscountDate
    supplier customer location branch branchNumber warehouse currency currencyId exchangeRate taxCalculationMode
    supplierRef supplierReference customerRefNumber externalReference originatorDocRef contractDocRef applications
    accountingCostRef customerProject paymentRefNo paymentReference terms creditTerms shipVia shipTerms fobPoint
    shipTo shippingLocation shippingDestinationType shippingAddress shippingContact invoiceAddress invoiceContact
    orderId type shipping financialInformation totals
    discountDetails taxDetails taxDetailLines lineTotal taxTotal orderTotal roundingDiff roundingDiffInCurrency
"""


def _fields(names: str, amounts: tuple[str, ...]) -> dict[str, Any]:
    return dict.fromkeys([*names.split(), *amounts, *(f"{name}InCurrency" for name in amounts)], Any)


_Line = TypedDict("_Line", _fields(_LINE, _LINE_AMOUNTS), total=False)  # type: ignore[misc]
_LINES = list[_Line] | None
Shape = TypedDict(  # type: ignore[misc]
    "Shape", _fields(_HEADER, _AMOUNTS) | {"lines": _LINES, "invoiceLines": _LINES}, total=False
)
"""A document of any kind as `read.decode` gives it."""
