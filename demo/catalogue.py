"""What the distributor of the demo buys and sells, and how its documents look in Visma.

Everything is made up. Amounts are worked out in `Decimal` and handed over as the doubles that Visma sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Article:
    """An article of the range: Visma item number, name, unit, purchase and sales price in NOK."""

    number: str
    name: str
    unit: str
    cost: Decimal
    price: Decimal


def _article(number: str, name: str, unit: str, cost: str, price: str) -> Article:
    return Article(number, name, unit, Decimal(cost), Decimal(price))


RANGE = {
    article.number: article
    for article in (
        _article("1298", "Røkelaks skivet 200 g", "KRT", "412.50", "540.00"),
        _article("1301", "Torskefilet fersk", "KG", "98.40", "139.90"),
        _article("1310", "Reker i lake 1,5 kg", "STK", "129.00", "179.00"),
        _article("1402", "Brunost 500 g", "KRT", "486.00", "612.00"),
        _article("1407", "Västerbottensost 12 mån", "KG", "158.25", "214.00"),
        _article("1415", "Kærgården smør 250 g", "KRT", "355.20", "448.80"),
        _article("1520", "Karjalanpiirakka 6-pack", "KRT", "214.00", "289.00"),
        _article("1604", "Tyttebærsyltetøy 3 kg", "STK", "142.75", "189.50"),
        _article("1611", "Blåbär frysta", "KG", "46.80", "69.90"),
        _article("1708", "Knäckebröd råg", "KRT", "188.60", "246.00"),
        _article("1803", "Olivenolje ekstra jomfru", "L", "74.35", "108.00"),
        _article("1811", "Parmigiano Reggiano 24 mesi", "KG", "176.90", "249.00"),
        _article("1902", "Kaffe mørk brent 1 kg", "STK", "118.40", "164.00"),
        _article("1950", "Mandelmel glutenfri", "KG", "89.55", "124.00"),
    )
}

IN_NOK = {
    "NOK": Decimal(1),
    "SEK": Decimal("0.98"),
    "EUR": Decimal("11.60"),
    "USD": Decimal("10.40"),
    "DKK": Decimal("1.55"),
}


@dataclass(frozen=True, slots=True)
class Party:
    """A supplier or customer as Visma knows it."""

    number: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    currency: str
    vat: Decimal = Decimal(0)


def _parties(*rows: tuple[str, str, str, str, str, str, str, int]) -> dict[str, Party]:
    """Parties by number, from rows in the order of `Party`; the VAT rate is in percent."""
    return {row[0]: Party(*row[:7], vat=Decimal(row[7])) for row in rows}


SUPPLIERS = _parties(
    ("50012", "Lofoten Sjømat AS", "Kaiveien 8", "8300", "Svolvær", "NO", "NOK", 15),
    ("50020", "Norrländska Mejeriet AB", "Ostgatan 3", "931 32", "Skellefteå", "SE", "SEK", 0),
    ("50031", "Caseificio Valle Verde", "Via Emilia 210", "42121", "Reggio Emilia", "IT", "EUR", 0),
    ("50044", "Nordic Coffee Traders Inc", "18 Harbor St", "07302", "Jersey City", "US", "USD", 0),
    ("50050", "Pohjolan Leipomo Oy", "Satamakatu 14", "90100", "Oulu", "FI", "EUR", 0),
    ("50099", "Ny Leverandør ApS", "Havnegade 2", "8000", "Aarhus", "DK", "DKK", 0),
)

CUSTOMERS = _parties(
    ("10045", "Kystmat Butikkjede AS", "Strandgaten 40", "5013", "Bergen", "NO", "NOK", 15),
    ("10052", "Fjellhotellene AS", "Høgfjellsvegen 7", "3580", "Geilo", "NO", "NOK", 15),
    ("20007", "Skånska Matmarknaden AB", "Hamngatan 12", "211 22", "Malmö", "SE", "SEK", 12),
    ("20011", "Storköket i Väst AB", "Magasinsgatan 9", "411 18", "Göteborg", "SE", "SEK", 12),
    ("30009", "Vesterbro Kantine ApS", "Istedgade 60", "1650", "København", "DK", "DKK", 25),
    ("30003", "Öresund Catering ApS", "Refshalevej 153", "1432", "København", "DK", "DKK", 25),
)


def purchase_order(
    number: str, supplier: str, lines: Sequence[tuple[str, str]], *, day: str = "2026-11-20", **changes: Any
) -> dict[str, Any]:
    """A Visma purchase order: each line is an item number and a quantity."""
    party = SUPPLIERS[supplier]
    rows = [_order_line(position, item, Decimal(quantity), party) for position, (item, quantity) in enumerate(lines, 1)]
    net = sum((Decimal(str(row["amount"])) for row in rows), Decimal(0))
    tax = _cents(net * party.vat / 100)
    return {
        "orderType": "RegularOrder",
        "orderNbr": number,
        "hold": False,
        "status": "Open",
        "date": f"{day}T00:00:00",
        "promisedOn": "2026-11-27T00:00:00",
        "description": f"Påfyll {party.name}",
        "supplier": {"internalId": int(number[-4:]), "number": party.number, "name": party.name},
        "location": {"id": 7, "name": "Main"},
        "currency": party.currency,
        "exchangeRate": float(IN_NOK[party.currency]),
        "lineTotal": float(net),
        "taxTotal": float(tax),
        "orderTotal": float(net + tax),
        "branch": {"number": "1", "name": "Hovedkontor"},
        "shippingDestinationType": "CompanyLocation",
        "shippingAddress": {
            "overrideAddress": False,
            "addressId": 12,
            "addressLine1": "Terminalgata 21",
            "addressLine2": "Port 4",
            "postalCode": "0668",
            "city": "Oslo",
            "country": {"id": "NO", "name": "Norway"},
        },
        "shippingContact": {
            "contactId": 31,
            "name": "Varemottak",
            "phone1": "+47 22 00 00 00",
            "email": "varemottak@fjordmat.example",
        },
        "terms": {"id": "30", "description": "30 dager netto"},
        "lines": rows,
        "taxDetails": _taxes(party, net, tax),
        "note": "",
    } | changes


def customer_invoice(
    number: str, customer: str, lines: Sequence[tuple[str, str]], *, order: str | None = None, **changes: Any
) -> dict[str, Any]:
    """A Visma customer invoice with VAT and, in SEK and DKK, the rounding to whole crowns that Visma makes."""
    party = CUSTOMERS[customer]
    rows = [
        _invoice_line(position, item, Decimal(quantity), party) for position, (item, quantity) in enumerate(lines, 1)
    ]
    net = sum((Decimal(str(row["amountInCurrency"])) for row in rows), Decimal(0))
    tax = _cents(net * party.vat / 100)
    total = net + tax
    rounding = total.quantize(Decimal(1), ROUND_HALF_UP) - total if party.currency in {"SEK", "DKK"} else Decimal(0)
    rate = IN_NOK[party.currency]
    return {
        "documentType": "Invoice",
        "referenceNumber": number,
        "status": "Open",
        "hold": False,
        "customer": {"number": party.number, "name": party.name},
        "documentDate": "2026-11-20T00:00:00",
        "documentDueDate": "2026-12-20T00:00:00",
        "currencyId": party.currency,
        "exchangeRate": float(rate),
        "customerRefNumber": order or f"PO-{number}",
        "paymentReference": f"00{number}7",
        "amount": float(_cents((total + rounding) * rate)),
        "amountInCurrency": float(total + rounding),
        "detailTotal": float(_cents(net * rate)),
        "detailTotalInCurrency": float(net),
        "vatTotal": float(_cents(tax * rate)),
        "vatTotalInCurrency": float(tax),
        "discountTotal": 0.0,
        "discountTotalInCurrency": 0.0,
        "roundingDiff": float(rounding),
        "creditTerms": {"id": "30", "description": "30 dager netto"},
        "location": {"countryId": party.country, "id": "MAIN", "name": "Main"},
        "branchNumber": {"number": "1", "name": "Hovedkontor"},
        "invoiceAddress": {
            "addressLine1": party.street,
            "postalCode": party.postal_code,
            "city": party.city,
            "country": {"id": party.country, "name": party.country},
        },
        "invoiceLines": rows,
        "taxDetails": _taxes(party, net, tax),
        "note": "",
    } | changes


def credit_note(number: str, customer: str, lines: Sequence[tuple[str, str]], **changes: Any) -> dict[str, Any]:
    """A Visma customer credit note."""
    note = customer_invoice(number, customer, lines) | {"documentType": "CreditNote"}
    note["lines"] = note.pop("invoiceLines")
    return note | changes


def supplier_invoice(
    number: str, supplier: str, lines: Sequence[tuple[str, str]], *, order: str, **changes: Any
) -> dict[str, Any]:
    """A Visma supplier invoice, matched to one of our orders."""
    party = SUPPLIERS[supplier]
    rate = IN_NOK[party.currency]
    rows = []
    for position, (item, quantity) in enumerate(lines, 1):
        article, price = RANGE[item], _cents(RANGE[item].cost / rate)
        cost = _cents(price * Decimal(quantity))
        rows.append(
            {
                "lineNumber": position,
                "inventoryNumber": item,
                "stockItem": True,
                "transactionDescription": article.name,
                "quantity": float(quantity),
                "uom": article.unit,
                "unitCost": float(_cents(price * rate)),
                "unitCostInCurrency": float(price),
                "cost": float(_cents(cost * rate)),
                "costInCurrency": float(cost),
                "poNumber": order,
                "poLineNr": position,
            }
        )
    net = sum((Decimal(str(row["costInCurrency"])) for row in rows), Decimal(0))
    tax = _cents(net * party.vat / 100)
    return {
        "documentType": "Invoice",
        "referenceNumber": number,
        "supplierReference": f"F-{number}",
        "supplier": {"internalId": int(number[-4:]), "number": party.number, "name": party.name},
        "date": "2026-11-20T00:00:00",
        "dueDate": "2026-12-20T00:00:00",
        "status": "Open",
        "hold": False,
        "currencyId": party.currency,
        "exchangeRate": float(rate),
        "detailTotal": float(_cents(net * rate)),
        "detailTotalInCurrency": float(net),
        "vatTotal": float(_cents(tax * rate)),
        "vatTotalInCurrency": float(tax),
        "balance": float(_cents((net + tax) * rate)),
        "balanceInCurrency": float(net + tax),
        "creditTerms": {"id": "30", "description": "30 dager netto"},
        "branchNumber": {"number": "1", "name": "Hovedkontor"},
        "invoiceLines": rows,
        "taxDetailLines": _taxes(party, net, tax),
    } | changes


def _order_line(position: int, item: str, quantity: Decimal, party: Party) -> dict[str, Any]:
    article = RANGE[item]
    price = _cents(article.cost / IN_NOK[party.currency])
    amount = _cents(price * quantity)
    return {
        "lineNbr": position,
        "branch": {"number": "1", "name": "Hovedkontor"},
        "inventory": {"number": item, "description": article.name},
        "lineType": "GoodsForInventory",
        "warehouse": {"id": "1", "description": "Hovedlager"},
        "lineDescription": article.name,
        "uom": article.unit,
        "orderQty": float(quantity),
        "baseOrderQty": float(quantity),
        "qtyOnReceipts": 0.0,
        "unitCost": float(price),
        "unitCostInBaseCurrency": float(_cents(price * IN_NOK[party.currency])),
        "extCost": float(amount),
        "discountPercent": 0.0,
        "discountAmount": 0.0,
        "amount": float(amount),
        "receivedAmt": 0.0,
        "alternateId": f"V-{item}",
        "requested": "2026-11-27T00:00:00",
        "promised": "2026-11-27T00:00:00",
        "completed": False,
        "canceled": False,
        "note": "",
    }


def _invoice_line(position: int, item: str, quantity: Decimal, party: Party) -> dict[str, Any]:
    article = RANGE[item]
    rate = IN_NOK[party.currency]
    price = _cents(article.price / rate)
    amount = _cents(price * quantity)
    return {
        "lineNumber": position,
        "lineType": "GI",
        "inventoryNumber": item,
        "description": article.name,
        "quantity": float(quantity),
        "uom": article.unit,
        "unitPrice": float(_cents(price * rate)),
        "unitPriceInCurrency": float(price),
        "amount": float(_cents(amount * rate)),
        "amountInCurrency": float(amount),
        "discountPercent": 0.0,
        "discountAmount": 0.0,
        "vatCode": {"id": "3", "description": f"{party.vat} %"},
    }


def _taxes(party: Party, net: Decimal, tax: Decimal) -> list[dict[str, Any]]:
    if not party.vat:
        return []
    return [
        {
            "taxId": "3",
            "recordId": 1,
            "vatId": {"number": "3", "description": f"{party.vat} %"},
            "vatRate": float(party.vat),
            "taxableAmount": float(net),
            "vatAmount": float(tax),
        }
    ]


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
