"""Visma documents that match Visma's schema, with consistent totals.

Each builder returns the JSON object as `connector.edi.visma.read.decode` does: numbers are `Decimal` or `int`.
`changes` replace top-level fields; `MISSING` removes a field. Totals and VAT are calculated from the lines unless they
are given. `as_json` encodes one document, or the array of a list.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from connector.domain.documents import Kind

MISSING: Any = object()
"""A value of `changes` that removes the field."""

VAT_RATE = Decimal(25)

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def as_json(document: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bytes:
    """The JSON of a document or list; decimals are JSON numbers."""
    return _ENCODER.encode(document)


def an_order_line(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A line of a purchase order: 800 pieces of item 1298 at 10.00; `extCost` and `amount` follow what is changed."""
    quantity = changes.get("orderQty", Decimal("800.0"))
    price = changes.get("unitCost", Decimal("10.0"))
    amount = _product(quantity, price)
    line = {
        "lineNbr": number,
        "branch": {"number": "1", "name": "Main"},
        "inventory": {"number": "1298", "description": "Coffee, dark roast, 500 g"},
        "lineType": "GoodsForInventory",
        "warehouse": {"id": "1", "description": "Oslo Lagerhotell"},
        "lineDescription": "Coffee, dark roast, 500 g",
        "uom": "STK",
        "orderQty": quantity,
        "baseOrderQty": quantity,
        "qtyOnReceipts": Decimal("0.0"),
        "unitCost": price,
        "unitCostInBaseCurrency": price,
        "extCost": amount,
        "discountPercent": Decimal("0.0"),
        "discountAmount": Decimal("0.0"),
        "manualDiscount": False,
        "discountCode": None,
        "amount": amount,
        "receivedAmt": Decimal("0.0"),
        "alternateId": "AC-500-DR",
        "minReceipt": Decimal("0.0"),
        "maxReceipt": Decimal("100.0"),
        "completeOn": Decimal("100.0"),
        "receiptAction": "AcceptButWarn",
        "taxCategory": {"number": "3", "description": "Goods, 25 %"},
        "account": {"type": "Asset", "number": "1460", "description": "Goods for resale"},
        "requested": "2026-10-01T00:00:00",
        "promised": "2026-10-02T00:00:00",
        "completed": False,
        "canceled": False,
        "orderType": None,
        "orderNumber": None,
        "note": "",
    }
    return _changed(line, changes)


def a_purchase_order(**changes: Any) -> dict[str, Any]:
    """Order 500123 of 2026-09-15, open, three lines (pieces, cases, kilograms), NOK, 25 % VAT."""
    lines = changes.get(
        "lines",
        [
            an_order_line(1),
            an_order_line(
                2,
                inventory={"number": "1305", "description": "Oat drink, case of 12"},
                lineDescription="Oat drink, case of 12",
                uom="KRT",
                orderQty=Decimal("24.0"),
                unitCost=Decimal("33.5"),
                alternateId="AC-OAT-12",
            ),
            an_order_line(
                3,
                inventory={"number": "2210", "description": "Brown cheese"},
                lineDescription="Brown cheese, cut to weight",
                uom="KG",
                orderQty=Decimal("12.5"),
                unitCost=Decimal("4.2"),
                alternateId=None,
            ),
        ],
    )
    net = _sum(lines, "amount")
    vat = _cents(net * VAT_RATE / 100)
    order = {
        "shippingDestinationType": "CompanyLocation",
        "shipTo": {"internalId": 1, "number": "1", "name": "Nordic Food AS"},
        "shippingLocation": {"id": 3, "name": "Oslo warehouse"},
        "warehouse": {"id": "1", "description": "Oslo Lagerhotell"},
        "shippingContact": {
            "overrideContact": False,
            "contactId": 31,
            "name": "Nordic Food AS, goods in",
            "attention": "Goods reception",
            "email": "goods@nordicfood.example",
            "web": None,
            "phone1": "+47 22 00 00 00",
            "phone2": None,
            "fax": None,
        },
        "shippingAddress": _address("Storgata 1", "0155", "Oslo", "NO", "Norway"),
        "fobPoint": None,
        "shipVia": "BRING",
        "shipTerms": "DAP",
        "remitContact": None,
        "remitAddress": _address("Industriveien 9", "1400", "Ski", "NO", "Norway"),
        "terms": {"id": "30", "description": "30 days"},
        "supplierVatZone": None,
        "discountDetails": [],
        "dontPrint": False,
        "printed": True,
        "dontEmail": True,
        "emailed": False,
        "openQuantity": _sum(lines, "orderQty"),
        "openBalance": net,
        "orderType": "RegularOrder",
        "orderNbr": "500123",
        "hold": False,
        "status": "Open",
        "date": "2026-09-15T00:00:00",
        "promisedOn": "2026-10-02T00:00:00",
        "description": "Weekly refill",
        "supplier": {"internalId": 101, "number": "50012", "name": "Acme Produce AS"},
        "location": {"id": 7, "name": "Main"},
        "owner": None,
        "currency": "NOK",
        "supplierRef": "Q-2026-88",
        "exchangeRate": Decimal("1.0"),
        "lineTotal": net,
        "lineTotalInBaseCurrency": net,
        "vatExemptTotal": Decimal("0.0"),
        "vatExemptTotalInBaseCurrency": Decimal("0.0"),
        "taxTotal": vat,
        "taxTotalInBaseCurrency": vat,
        "orderTotal": net + vat,
        "orderTotalInBaseCurrency": net + vat,
        "controlTotal": net + vat,
        "controlTotalInBaseCurrency": net + vat,
        "branch": {"number": "1", "name": "Main"},
        "lines": lines,
        "taxDetails": [_tax(net, vat)],
        "purchaseReceipts": [],
        "lastModifiedDateTime": "2026-09-15T09:15:42.123",
        "note": "",
        "customStr1": None,
        "timeStamp": "AAAAAE0YIiI=",
        "errorInfo": "",
        "metadata": {"totalCount": 227, "maxPageSize": 1000},
    }
    return _changed(order, changes)


def a_supplier_invoice_line(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A line of a supplier invoice: 25 pieces of item 1298 at 10.00 USD (102.00 NOK), for order 500123 line 1."""
    quantity = changes.get("quantity", Decimal("25.0"))
    price = changes.get("unitCostInCurrency", Decimal("10.0"))
    amount = _product(quantity, price)
    line = {
        "lineNumber": number,
        "inventoryNumber": "1298",
        "externalInventoryId": "AC-500-DR",
        "stockItem": True,
        "transactionDescription": "Coffee, dark roast, 500 g",
        "quantity": quantity,
        "uom": "STK",
        "unitCost": _in_company_currency(price),
        "unitCostInCurrency": price,
        "cost": _in_company_currency(amount),
        "costInCurrency": amount,
        "discountPercent": Decimal("0.0"),
        "discountAmount": Decimal("0.0"),
        "discountAmountInCurrency": Decimal("0.0"),
        "manualDiscount": False,
        "account": {"type": "Expense", "number": "4300", "description": "Purchase of goods", "active": True},
        "vatCode": {"id": "31", "description": "Import, 0 %"},
        "poNumber": "500123",
        "poLineNr": number,
        "poReceiptNbr": "300077",
        "poReceiptLineNbr": number,
        "branchNumber": {"number": "1", "name": "Main"},
        "note": None,
    }
    return _changed(line, changes)


def a_supplier_invoice(**changes: Any) -> dict[str, Any]:
    """Supplier invoice 900145 of 2026-09-02, open, two lines, in USD at 10.2 NOK, without VAT."""
    lines = changes.get(
        "invoiceLines",
        [
            a_supplier_invoice_line(1),
            a_supplier_invoice_line(
                2,
                inventoryNumber="1305",
                externalInventoryId="AC-OAT-12",
                transactionDescription="Oat drink, case of 12",
                uom="KRT",
                quantity=Decimal("4.0"),
                unitCostInCurrency=Decimal("33.5"),
            ),
        ],
    )
    net = _sum(lines, "costInCurrency")
    company_net = _in_company_currency(net)
    invoice = {
        "documentType": "Invoice",
        "referenceNumber": "900145",
        "supplierReference": "INV-7781",
        "buyerReference": None,
        "supplier": {"internalId": 101, "number": "50012", "name": "Acme Produce AS"},
        "location": {"countryId": "NO", "id": "MAIN", "name": "Main"},
        "hold": False,
        "status": "Open",
        "approvalStatus": "New",
        "date": "2026-09-02T00:00:00",
        "origInvoiceDate": None,
        "dueDate": "2026-10-02T00:00:00",
        "cashDiscountDate": None,
        "postPeriod": "202609",
        "financialPeriod": "202609",
        "currencyId": "USD",
        "exchangeRate": Decimal("10.2"),
        "creditTerms": {"id": "30", "description": "30 days"},
        "paymentRefNo": "0090014500017",
        "description": "September delivery",
        "detailTotal": company_net,
        "detailTotalInCurrency": net,
        "discountTotal": Decimal("0.0"),
        "discountTotalInCurrency": Decimal("0.0"),
        "vatTaxableTotal": Decimal("0.0"),
        "vatTaxableTotalInCurrency": Decimal("0.0"),
        "vatExemptTotal": Decimal("0.0"),
        "vatExemptTotalInCurrency": Decimal("0.0"),
        "vatTotal": Decimal("0.0"),
        "vatTotalInCurrency": Decimal("0.0"),
        "roundingDiff": Decimal("0.0"),
        "roundingDiffInCurrency": Decimal("0.0"),
        "amount": company_net,
        "vatAmount": Decimal("0.0"),
        "balance": company_net,
        "balanceInCurrency": net,
        "cashDiscount": Decimal("0.0"),
        "cashDiscountInCurrency": Decimal("0.0"),
        "taxCalculationMode": "TaxSetting",
        "branchNumber": {"number": "1", "name": "Main"},
        "invoiceLines": lines,
        "taxDetailLines": [],
        "attachments": [],
        "note": None,
        "createdDateTime": "2026-09-02T10:58:01.2",
        "lastModifiedDateTime": "2026-09-02T11:03:10.47",
        "timeStamp": "AAAAAE1a2b4=",
        "errorInfo": None,
        "metadata": {"totalCount": 1, "maxPageSize": 1000},
    }
    return _changed(invoice, changes)


def a_customer_invoice_line(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A line of a customer invoice: 10 pieces of item 1298 at 100.00."""
    quantity = changes.get("quantity", Decimal("10.0"))
    price = changes.get("unitPriceInCurrency", Decimal("100.0"))
    amount = _product(quantity, price)
    line = {
        "lineNumber": number,
        "lineType": "GI",
        "soOrderNbr": "200981",
        "soOrderType": "SO",
        "soShipmentNbr": "400412",
        "inventoryNumber": "1298",
        "description": "Coffee, dark roast, 500 g",
        "quantity": quantity,
        "uom": "STK",
        "unitPrice": price,
        "unitPriceInCurrency": price,
        "manualAmount": Decimal("0.0"),
        "manualAmountInCurrency": Decimal("0.0"),
        "amount": amount,
        "amountInCurrency": amount,
        "cost": Decimal("0.0"),
        "discountPercent": Decimal("0.0"),
        "discountAmount": Decimal("0.0"),
        "discountAmountInCurrency": Decimal("0.0"),
        "manualDiscount": False,
        "account": {"type": "Income", "number": "3000", "description": "Sales, 25 %", "active": True},
        "vatCode": {"id": "3", "description": "25 %"},
        "branchNumber": {"number": "1", "name": "Main"},
        "note": "",
    }
    return _changed(line, changes)


def a_customer_invoice(**changes: Any) -> dict[str, Any]:
    """Customer invoice 100231 of 2026-09-03, open, two lines, NOK, 25 % VAT, for the buyer's order PO-4711."""
    lines = changes.get(
        "invoiceLines",
        [
            a_customer_invoice_line(1),
            a_customer_invoice_line(
                2,
                inventoryNumber="2210",
                description="Brown cheese, cut to weight",
                uom="KG",
                quantity=Decimal("2.5"),
                unitPriceInCurrency=Decimal("89.9"),
            ),
        ],
    )
    net = _sum(lines, "amountInCurrency")
    vat = _cents(net * VAT_RATE / 100)
    invoice = {
        "documentType": "Invoice",
        "referenceNumber": "100231",
        "status": "Open",
        "hold": False,
        "revoked": False,
        "customer": {"number": "10045", "name": "Corner Market AS"},
        "location": {"countryId": "NO", "id": "MAIN", "name": "Main"},
        "documentDate": "2026-09-03T00:00:00",
        "documentDueDate": "2026-10-03T00:00:00",
        "cashDiscountDate": None,
        "origInvoiceDate": None,
        "postPeriod": "202609",
        "financialPeriod": "202609",
        "currencyId": "NOK",
        "exchangeRate": Decimal("1.0"),
        "customerRefNumber": "PO-4711",
        "externalReference": "PO-4711",
        "originatorDocRef": None,
        "contractDocRef": None,
        "accountingCostRef": None,
        "paymentReference": "0010023100019",
        "creditTerms": {"id": "30", "description": "30 days"},
        "customerVatZone": {"id": "01", "description": "Domestic"},
        "invoiceText": "Thank you for your order",
        "amount": net + vat,
        "amountInCurrency": net + vat,
        "balance": net + vat,
        "balanceInCurrency": net + vat,
        "cashDiscount": Decimal("0.0"),
        "cashDiscountInCurrency": Decimal("0.0"),
        "detailTotal": net,
        "detailTotalInCurrency": net,
        "discountTotal": Decimal("0.0"),
        "discountTotalInCurrency": Decimal("0.0"),
        "vatTaxableTotal": net,
        "vatTaxableTotalInCurrency": net,
        "vatExemptTotal": Decimal("0.0"),
        "vatExemptTotalInCurrency": Decimal("0.0"),
        "vatTotal": vat,
        "vatTotalInCurrency": vat,
        "roundingDiff": Decimal("0.0"),
        "invoiceAddress": _address("Havnegata 12", "7010", "Trondheim", "NO", "Norway"),
        "invoiceContact": {
            "contactId": 77,
            "businessName": "Corner Market AS",
            "attention": "Accounts payable",
            "email": "invoice@cornermarket.example",
            "phone1": "+47 73 00 00 00",
            "overrideContact": False,
        },
        "branchNumber": {"number": "1", "name": "Main"},
        "invoiceLines": lines,
        "taxDetails": [_tax(net, vat)],
        "attachments": [],
        "note": "",
        "createdDateTime": "2026-09-03T07:38:55",
        "lastModifiedDateTime": "2026-09-03T07:40:00.013",
        "timeStamp": "AAAAAE1a2c8=",
        "errorInfo": None,
        "metadata": {"totalCount": 412, "maxPageSize": 1000},
    }
    return _changed(invoice, changes)


def a_credit_note(**changes: Any) -> dict[str, Any]:
    """Credit note 100240 to the customer: one line, 2 pieces at 100.00, positive amounts, NOK, 25 % VAT."""
    usual = {
        "documentType": "CreditNote",
        "referenceNumber": "100240",
        "documentDate": "2026-09-10T00:00:00",
        "documentDueDate": None,
        "invoiceText": "Two packs were damaged",
    }
    lines = changes.pop("lines", [a_customer_invoice_line(1, quantity=Decimal("2.0"))])
    note = a_customer_invoice(**(usual | changes), invoiceLines=lines)
    for only_on_invoices in ("accountingCostRef", "contractDocRef", "originatorDocRef"):
        note.pop(only_on_invoices, None)
    note["lines"] = [
        {name: value for name, value in line.items() if name != "lineType"} for line in note.pop("invoiceLines")
    ]
    return note


def an_instalment(**changes: Any) -> dict[str, Any]:
    """Instalment 100232 of customer invoice 100231: the half of it, as Visma's base product makes it.

    Acumatica (`ARReleaseProcess.CreateInstallments`, `APReleaseProcess` likewise): the release of an invoice whose
    terms have several instalments makes a document of each. It has one line with an amount, a text in the language of
    the customer and the ledger account of the document. Visma's payment terms have the same setting (CS206500).
    """
    amount = changes.pop("amount", Decimal("765.47"))
    account = {"type": "Asset", "number": "1500", "description": "Accounts receivable", "active": True}
    line = {
        name: value
        for name, value in a_customer_invoice_line(
            quantity=Decimal("0.0"),
            unitPrice=Decimal("0.0"),
            unitPriceInCurrency=Decimal("0.0"),
            amount=amount,
            amountInCurrency=amount,
            description="Oppdelt i flere avdrag",
            account=account,
        ).items()
        if name not in {"lineType", "soOrderNbr", "soOrderType", "soShipmentNbr", "inventoryNumber", "uom", "vatCode"}
    }
    usual = {
        "referenceNumber": "100232",
        "account": account,
        "invoiceLines": [line],
        "creditTerms": {"id": "2R", "description": "2 rater"},
        **dict.fromkeys(("vatTotal", "vatTotalInCurrency", "vatTaxableTotal", "vatTaxableTotalInCurrency"), 0),
        **dict.fromkeys(("amount", "amountInCurrency", "balance", "balanceInCurrency"), amount),
        "taxDetails": [],
    }
    return a_customer_invoice(**(usual | changes))


def a_supplier_instalment(**changes: Any) -> dict[str, Any]:
    """Instalment 900146 of supplier invoice 900145: the half of it, likewise. Its document names no ledger account."""
    amount = changes.pop("amount", Decimal("192.0"))
    line = {
        name: value
        for name, value in a_supplier_invoice_line(
            quantity=Decimal("0.0"),
            unitCost=Decimal("0.0"),
            unitCostInCurrency=Decimal("0.0"),
            cost=amount,
            costInCurrency=amount,
            transactionDescription="Oppdelt i flere avdrag",
            account={"type": "Liability", "number": "2400", "description": "Accounts payable", "active": True},
        ).items()
        if not name.startswith("po") and name not in {"inventoryNumber", "externalInventoryId", "uom", "vatCode"}
    }
    usual = {"referenceNumber": "900146", "currencyId": "NOK", "exchangeRate": 1, "invoiceLines": [line]}
    return a_supplier_invoice(**(usual | {"amount": amount, "balance": amount} | changes))


def a_sales_order(**changes: Any) -> dict[str, Any]:
    """Sales order SO 000101 of 2026-09-15, open, two lines, NOK, 25 % VAT; the customer's order is 4500012345."""
    lines = changes.get("lines", [a_sales_order_line(1), a_sales_order_line(2, quantity=Decimal("10.0"))])
    net = _sum(lines, "extendedPrice")
    vat = _cents(net * VAT_RATE / 100)
    document = {
        "type": "SO",
        "orderId": "000101",
        "status": {"description": "Open", "cancelled": False, "hold": False},
        "branch": {"id": "1", "description": "Main"},
        "description": "",
        "date": "2026-09-15T00:00:00+00:00",
        "requestOn": "2026-10-01T00:00:00+00:00",
        "lastModified": "2026-09-15T09:12:44.1+00:00",
        "currencyId": "NOK",
        "note": "",
        "customer": {
            "internalId": 812,
            "id": "10045",
            "name": "Matsenteret AS",
            "order": "4500012345",
            "refNo": None,
            "location": {"id": "MAIN", "name": "Primary Location", "gln": "7080000000025"},
        },
        "financialInformation": {"terms": {"id": "30", "description": "30 days"}},
        "shipping": {
            "contact": {"name": "Matsenteret AS", "attention": None, "email": None, "phone1": "22 33 44 55"},
            "address": {
                "line1": "Torget 1",
                "line2": None,
                "line3": None,
                "postalCode": "0155",
                "city": "Oslo",
                "country": {"id": "NO", "name": "Norway"},
                "county": None,
            },
        },
        "totals": {
            "orderTotal": net + vat,
            "taxTotal": vat,
            "discountTotal": Decimal("0.0"),
            "freightTotal": Decimal("0.0"),
        },
        "lines": lines,
    }
    return _changed(document, changes)


def a_sales_order_line(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A line of a sales order: 24 pieces of item 1298 at 14.50."""
    quantity, price = changes.get("quantity", Decimal("24.0")), changes.get("unitPrice", Decimal("14.5"))
    line = {
        "lineId": number,
        "sortOrder": number,
        "inventory": {"id": "1298", "description": "Coffee, dark roast, 500 g", "baseUnit": "STK"},
        "description": "Coffee, dark roast, 500 g",
        "unitOfMeasure": "STK",
        "quantity": quantity,
        "unitPrice": price,
        "extendedPrice": _product(quantity, price),
        "discountAmount": Decimal("0.0"),
        "discountPercent": Decimal("0.0"),
        "inventoryAlternateId": "MS-77",
        "warehouseId": "1",
        "taxCategoryId": "3",
        "requestDate": "2026-10-01T00:00:00+00:00",
        "shipDate": "2026-09-30T00:00:00+00:00",
        "note": "",
    }
    return _changed(line, changes)


def _changed(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy with the changes."""
    return copy.deepcopy({name: value for name, value in {**document, **changes}.items() if value is not MISSING})


def _address(line: str, postal_code: str, city: str, country: str, country_name: str) -> dict[str, Any]:
    return {
        "overrideAddress": False,
        "addressId": 12,
        "addressLine1": line,
        "addressLine2": None,
        "addressLine3": None,
        "postalCode": postal_code,
        "city": city,
        "country": {"id": country, "name": country_name, "errorInfo": None, "metadata": None},
        "county": None,
    }


def _tax(taxable: Decimal, amount: Decimal) -> dict[str, Any]:
    return {
        "taxId": "3",
        "recordId": 1,
        "vatId": {"number": "3", "description": "25 %"},
        "vatRate": VAT_RATE,
        "taxableAmount": taxable,
        "vatAmount": amount,
    }


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _product(quantity: Any, price: Any) -> Decimal:
    numbers = isinstance(quantity, int | Decimal) and isinstance(price, int | Decimal)
    return _cents(Decimal(quantity) * price) if numbers else Decimal("0.0")


def _in_company_currency(amount: Any) -> Any:
    return _cents(amount * Decimal("10.2")) if isinstance(amount, int | Decimal) else amount


def _sum(lines: Any, field: str) -> Decimal:
    rows = lines if isinstance(lines, list) else []
    amounts = (row.get(field) for row in rows if isinstance(row, dict))
    return _cents(sum((Decimal(a) for a in amounts if isinstance(a, int | Decimal)), Decimal(0)))


BY_KIND: Mapping[Kind, Callable[..., dict[str, Any]]] = {
    Kind.PURCHASE_ORDER: a_purchase_order,
    Kind.SUPPLIER_INVOICE: a_supplier_invoice,
    Kind.CUSTOMER_INVOICE: a_customer_invoice,
    Kind.SALES_ORDER_CONFIRMATION: a_sales_order,
}
"""A document of every kind."""
