"""Documents that fill every written element and field, for `docs/field-mapping.md`.

Each example is a Visma document, the dialects that support it, and settings of the routing file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.domain.documents import Kind
from connector.domain.transactions import Dialect
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import (
    BY_KIND,
    a_credit_note,
    a_customer_invoice,
    a_customer_invoice_line,
    a_purchase_order,
    a_sales_order,
    a_sales_order_line,
    a_supplier_invoice,
    a_supplier_invoice_line,
    an_order_line,
)

_ADDRESS = {
    "addressLine1": "Main Street 1",
    "addressLine2": "Building B",
    "addressLine3": "Gate 4",
    "postalCode": "10001",
    "city": "New York",
    "country": {"id": "US", "name": "United States"},
    "county": {"id": "NY", "name": "New York"},
}
_CONTACT = {
    "name": "Goods reception",
    "businessName": "Goods reception",
    "attention": "The foreman",
    "email": "goods@nordicfood.example",
    "phone1": "+47 22 00 00 00",
    "fax": "+47 22 00 00 01",
}
_PLACE = {
    "lines": ["Quay 1", "Hall 2", "Gate 3", "Bay 4"],
    "postal_code": "10002",
    "city": "New York",
    "region": "NY",
    "country": "US",
}
_PERSON = {
    "name": "Order desk",
    "email": "desk@example.com",
    "phone": "+47 22 00 00 02",
    "fax": "+47 22 00 00 03",
}
_NO_VAT = {"taxDetails": [], "taxTotal": Decimal(0)}


@dataclass(frozen=True, eq=False)
class Example:
    """A document and how it is routed.

    Attributes:
        kind: Its kind.
        name: Its description.
        document: The Visma document.
        dialects: The dialects that support it.
        settings: Settings of the partner.
    """

    kind: Kind
    name: str
    document: dict[str, Any]
    dialects: Sequence[Dialect] = (Dialect.X12,)
    settings: Mapping[str, Any] = field(default_factory=dict)


def the_routing(example: Example, dialect: Dialect) -> dict[str, Any]:
    """A routing file with every setting that fills an element, and the settings of an example."""
    partner = {"supplier": "acme", "customer": "matsenteret"}[example.kind.facts.counterparty.value]
    party = {"gln": "7080001234560", "vat_number": "NO111111111MVA", "address": _PLACE, "contact": _PERSON}
    ours = {"name": "Nordic Food Supply AS", "gln": "7080000000005", "vat_number": "NO987654325MVA"}
    changes: dict[str, Any] = {
        **{f"companies.nordic.{key}": value for key, value in {**ours, "address": _PLACE, "contact": _PERSON}.items()},
        "companies.nordic.branches": {"2": {"name": "Nordic Food Bergen", "gln": "7080000000012"}},
        "companies.nordic.places": {"1": "7080000000029"},
        "defaults.units": {"STK": "each", "KRT": "case", "KG": "each"},
        "defaults.whole_units": ["case"],
        "defaults.terms": {
            "30": {"net_days": 30},
            "2/10": {"net_days": 30, "discount_percent": "2", "discount_days": 10},
        },
        "defaults.items": {"1298": {"gtin": "07038010000065"}, "1305": {"gtin": "7038010012983"}},
        f"partners.{partner}.items": {"2210": {"partner_item": "P-2210", "gtin": "703801001458"}},
        f"partners.{partner}.kinds": {example.kind.value: {"send": True}},
        f"partners.{partner}.dialect": dialect.value,
        f"partners.{partner}.currency": "NOK",
        f"partners.{partner}.name": "The Partner AS",
        **{f"partners.{partner}.{key}": value for key, value in party.items()},
        **{f"partners.{partner}.{key}": value for key, value in example.settings.items()},
    }
    return routing_data(changes)


def number_of(example: Example) -> str:
    """The supplier or customer number."""
    party = example.document[example.kind.facts.names.party]
    return str(party.get("number") or party.get("id"))


def _an_order(**changes: Any) -> dict[str, Any]:
    """Goods in two warehouses, called off from a blanket order; freight, a text, discounts; every field."""
    lines = [
        an_order_line(
            1,
            discountPercent=Decimal(10),
            discountAmount=Decimal("800.0"),
            amount=Decimal("7200.0"),
            note="Keep dry",
            orderNumber="400001",
        ),
        an_order_line(
            2,
            inventory={"number": "1305", "description": "Oat drink, case of 12"},
            lineDescription=None,
            uom="KRT",
            orderQty=Decimal("3.0"),
            unitCost=Decimal("33.33"),
            amount=Decimal("100.0"),
            alternateId=None,
            warehouse={"id": "2", "description": "Bergen"},
            promised="2026-10-05T00:00:00",
            requested="2026-10-04T00:00:00",
            orderNumber="400001",
        ),
        an_order_line(
            3,
            inventory={"number": "2210"},
            alternateId=None,
            orderQty=Decimal("1.0"),
            unitCost=Decimal("10.0"),
            warehouse={"id": "2"},
            orderNumber="400001",
        ),
        an_order_line(
            4,
            lineType="Freight",
            inventory=None,
            lineDescription="Carriage",
            uom=None,
            alternateId=None,
            orderQty=Decimal("1.0"),
            unitCost=Decimal("150.0"),
        ),
        an_order_line(
            5,
            lineType="Description",
            inventory=None,
            lineDescription="Ring before delivery",
            uom=None,
            alternateId=None,
            orderQty=Decimal("0.0"),
            unitCost=Decimal("0.0"),
        ),
    ]
    usual = {
        "lines": lines,
        "discountDetails": [{"type": "Document", "discountCode": "YEAR", "discountAmt": Decimal("60.0")}],
        "orderTotal": Decimal("9250.0"),
        "taxTotal": Decimal("1850.0"),
        "taxDetails": [{"vatId": {"number": "3"}, "vatRate": Decimal(25), "vatAmount": Decimal("1850.0")}],
        "terms": {"id": "2/10", "description": "2 % in 10 days, 30 days net"},
        "note": "Call the foreman",
        "fobPoint": "Oslo",
        "shippingAddress": _ADDRESS,
        "shippingContact": _CONTACT,
        "shippingDestinationType": "Site",
        "warehouse": {"id": "1", "description": "Oslo Lagerhotell"},
    }
    return a_purchase_order(**(usual | changes))


def _an_invoice(**changes: Any) -> dict[str, Any]:
    """Lines of two sales orders at two rates of VAT, a discount on a line and one of the whole, freight; all fields."""
    lines = [
        a_customer_invoice_line(
            1,
            discountPercent=Decimal(10),
            discountAmountInCurrency=Decimal("100.0"),
            amountInCurrency=Decimal("900.0"),
            amount=Decimal("900.0"),
            discountAmount=Decimal("100.0"),
            externalInventoryId="C-1298",
            note="Fragile",
        ),
        a_customer_invoice_line(
            2,
            inventoryNumber="2210",
            description="Brown cheese",
            uom="KG",
            quantity=Decimal("1.0"),
            unitPriceInCurrency=Decimal("100.0"),
            vatCode={"id": "2"},
            soOrderNbr="200982",
            soShipmentNbr="400413",
        ),
        a_customer_invoice_line(
            3,
            lineType="FR",
            inventoryNumber=None,
            description="Carriage",
            uom=None,
            quantity=Decimal("1.0"),
            unitPriceInCurrency=Decimal("50.0"),
            soOrderNbr=None,
            soShipmentNbr=None,
        ),
    ]
    usual = {
        "invoiceLines": lines,
        "discountTotalInCurrency": Decimal("50.0"),
        "discountTotal": Decimal("50.0"),
        "detailTotalInCurrency": Decimal("1050.0"),
        "vatTotalInCurrency": Decimal("240.0"),
        "vatTotal": Decimal("240.0"),
        "amountInCurrency": Decimal("1240.0"),
        "amount": Decimal("1240.0"),
        "taxDetails": [
            {"vatId": {"number": "3"}, "vatRate": Decimal(25), "vatAmount": Decimal("225.0")},
            {"vatId": {"number": "2"}, "vatRate": Decimal(15), "vatAmount": Decimal("15.0")},
        ],
        "cashDiscountDate": "2026-09-13T00:00:00",
        "cashDiscountInCurrency": Decimal("24.8"),
        "cashDiscount": Decimal("24.8"),
        "creditTerms": {"id": "2/10", "description": "2 % in 10 days, 30 days net"},
        "contractDocRef": "C-77",
        "accountingCostRef": "4300",
        "customerProject": "P-1",
        "contact": {"id": 77, "name": "Ola Hansen"},
        "note": "Pay soon",
        "invoiceAddress": _ADDRESS,
        "invoiceContact": _CONTACT,
    }
    return a_customer_invoice(**(usual | changes))


def _without_vat(document: dict[str, Any], total: str) -> dict[str, Any]:
    amounts: dict[str, Any] = {
        "vatTotal": Decimal(0),
        "vatTotalInCurrency": Decimal(0),
        "paymentReference": None,
        "taxDetails": [],
    }
    amounts |= {"amount": Decimal(total), "amountInCurrency": Decimal(total), "contractDocRef": None}
    return document | amounts


_NOTES = {"notes": "all"}
_BOTH = (Dialect.MOSAIC, Dialect.X12)
_REFERENCES = {"references": {"IA": "4875905", "VR": "50012-A", "DP": "011", "MR": "0033"}}

EXAMPLES: Sequence[Example] = (
    *(Example(kind, "as it comes", BY_KIND[kind]()) for kind in Kind),
    Example(Kind.PURCHASE_ORDER, "with everything", _an_order(), settings=_NOTES),
    Example(
        Kind.PURCHASE_ORDER,
        "with everything, by requested days in 005010",
        _an_order(),
        settings={**_NOTES, "line_date": "requested", "x12": {"version": "005010", "charset": "utf8", **_REFERENCES}},
    ),
    Example(
        Kind.PURCHASE_ORDER,
        "without VAT",
        _an_order(**_NO_VAT, orderTotal=Decimal("7400.0")),
        _BOTH,
        {**_NOTES, "line_date": "requested"},
    ),
    Example(
        Kind.PURCHASE_ORDER, "without VAT, by promised days", _an_order(**_NO_VAT, orderTotal=Decimal("7400.0")), _BOTH
    ),
    Example(
        Kind.PURCHASE_ORDER,
        "with what routing has to say",
        a_purchase_order(
            **_NO_VAT,
            lines=[an_order_line(1, alternateId=None, inventory={"number": "2210"}, lineDescription="Cheese")],
            orderTotal=Decimal("8000.0"),
            supplier={"number": "50012"},
            supplierRef="A reference of the supplier that is longer than thirty signs",
        ),
        _BOTH,
        {"gln": None},
    ),
    Example(
        Kind.PURCHASE_ORDER,
        "for a customer's shop, from the supplier",
        a_purchase_order(
            **_NO_VAT,
            lines=[an_order_line(1)],
            orderTotal=Decimal("8000.0"),
            shippingDestinationType="Customer",
            orderType="DropShip",
            shipTo={"number": "10045", "name": "Corner Market AS"},
            shippingLocation={"id": "SHOP2", "name": "Corner Market Bergen"},
            shippingContact={"name": "Corner Market, yard"},
        ),
        _BOTH,
    ),
    Example(
        Kind.CUSTOMER_INVOICE,
        "with what routing has to say, for another place than the customer's",
        _without_vat(
            a_customer_invoice(
                customer={"number": "10045"},
                location={"id": "SOUTH", "name": "Shop South"},
                invoiceAddress=None,
                invoiceContact=None,
            ),
            "1224.75",
        ),
        _BOTH,
        {"gln": None, "locations": {"SOUTH": "S-417"}},
    ),
    Example(Kind.CUSTOMER_INVOICE, "with everything", _an_invoice(), settings=_NOTES),
    Example(
        Kind.CUSTOMER_INVOICE,
        "with a long order number, from a branch",
        _an_invoice(customerRefNumber="ORDER OF THE CUSTOMER 4711", branchNumber={"number": "2"}),
        settings={"x12": {"remit_to_code": "RE", **_REFERENCES}},
    ),
    Example(Kind.CUSTOMER_INVOICE, "without VAT", _without_vat(_an_invoice(), "1000.0"), _BOTH, _NOTES),
    Example(
        Kind.CUSTOMER_INVOICE,
        "a credit note",
        a_credit_note(applications=[{"docType": "Invoice", "refNbr": "100231", "amountPaid": Decimal("250.0")}]),
        settings={"x12": {"credit_sign": "negative"}},
    ),
    Example(
        Kind.CUSTOMER_INVOICE,
        "a credit note without VAT",
        _without_vat(
            a_credit_note(applications=[{"docType": "Invoice", "refNbr": "100231", "amountPaid": Decimal("200.0")}]),
            "200.0",
        ),
        _BOTH,
    ),
    Example(
        Kind.SUPPLIER_INVOICE,
        "for two orders",
        a_supplier_invoice(
            invoiceLines=[
                a_supplier_invoice_line(1, note="Short delivery"),
                a_supplier_invoice_line(
                    2, poNumber="500124", poLineNr=1, externalInventoryId=None, inventoryNumber="2210"
                ),
            ],
            currencyId="NOK",
            paymentRefNo=None,
        ),
        _BOTH,
        {**_NOTES, "description": "send"},
    ),
    Example(
        Kind.SUPPLIER_INVOICE,
        "for one order",
        a_supplier_invoice(currencyId="NOK", paymentRefNo=None, contractDocRef="C-77"),
        settings={"x12": _REFERENCES},
    ),
    Example(
        Kind.SALES_ORDER_CONFIRMATION,
        "with everything",
        a_sales_order(
            lines=[
                a_sales_order_line(1, discountAmount=Decimal("8.0"), note="Cold"),
                a_sales_order_line(2, inventoryAlternateId=None, inventory={"id": "2210"}, description=None),
            ],
            note="Deliver early",
            financialInformation={"terms": {"id": "2/10", "description": "2 % in 10 days"}},
            totals={"orderTotal": Decimal("862.0"), "taxTotal": Decimal("174.0")},
        ),
        settings={**_NOTES, "description": "send", "x12": {"version": "005010"}},
    ),
    Example(
        Kind.SALES_ORDER_CONFIRMATION,
        "without charges",
        a_sales_order(
            lines=[a_sales_order_line(1, note="Cold")],
            note="Deliver early",
            financialInformation={"terms": {"id": "2/10", "description": "2 % in 10 days"}},
        ),
        _BOTH,
        {**_NOTES, "description": "send"},
    ),
)
"""Together they fill every element and field."""
