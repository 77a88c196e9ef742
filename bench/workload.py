"""Documents as Nordic companies have them, drawn from a seed: Visma's bytes, the routing, and the route of each.

Four companies with a currency of their own (NOK, SEK, DKK, EUR) and the VAT rates of their country. A partner is a
supplier or a customer, domestic, or foreign with another currency and no VAT. Half of the documents are purchase
orders, the others customer invoices, supplier invoices and credit notes. Some partners trade goods by weight, some
orders state no VAT, and foreign invoices have no payment reference, so a third of the documents goes in Mosaic. An
order is delivered to one of the company's warehouses, an invoice goes to the address of its partner. Lengths are those
of wholesale: half have eight lines or fewer, one in fifty more than fifty, and none more than 200. The same arguments
give the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, NamedTuple

from connector.domain.documents import Kind, number_in_key
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Route
from testkit.samples import visma_samples as visma

PARTNERS = 40
MAX_LINES = 200
_ITEMS = 1_500
_WAREHOUSES = 3
_FIRST_DAY = date(2026, 9, 1)
_MEDIAN, _SPREAD = 8, 1.0
_FOREIGN = 0.3
_CENT = Decimal("0.01")

_GOODS = (
    "Kaffe, mørkbrent",
    "Rømme 20 %",
    "Filmjölk",
    "Leverpostej",
    "Näkkileipä",
    "Eplejuice",
    "Gräddost",
    "Rundstykker",
)
_PACKS = ("500 g", "1 l", "12 x 330 ml", "2,5 kg", "10-pakning", "6 x 1 l", "kartong 24 st")
_UNITS = (("STK", 5), ("KRT", 3), ("PK", 1))
_STREETS = ("Storgata 1", "Havnegata 12", "Frihamnsgatan 20", "Industrivej 9", "Mannerheimintie 4")


class Country(NamedTuple):
    """What a company of a country has: its currency, the VAT rates on its lines with their shares, one unit in NOK."""

    code: str
    currency: str
    rates: tuple[tuple[int, int], ...]
    in_nok: Decimal


_COUNTRIES = {
    "nordic": Country("NO", "NOK", ((15, 6), (25, 3), (12, 1), (0, 1)), Decimal(1)),
    "svensk": Country("SE", "SEK", ((12, 6), (25, 3), (0, 1)), Decimal("1.05")),
    "dansk": Country("DK", "DKK", ((25, 9), (0, 1)), Decimal("1.57")),
    "suomi": Country("FI", "EUR", ((15, 6), (25, 3), (0, 1)), Decimal("11.7")),
}
_SHARES = {"nordic": 5, "svensk": 2, "dansk": 2, "suomi": 1}


class Partner(NamedTuple):
    """A partner of a company.

    Attributes:
        currency: Of its documents; another than the company's if it is foreign.
        by_weight: Half of its lines are in kilograms.
        orders_without_vat: Orders to it state no VAT.
        address: Where its invoices go.
    """

    name: str
    company: str
    is_supplier: bool
    number: str
    currency: str
    by_weight: bool
    orders_without_vat: bool
    address: Mapping[str, Any]

    @property
    def is_foreign(self) -> bool:
        """Whether it is in another country, so that its documents have no VAT."""
        return self.currency != _COUNTRIES[self.company].currency


class Item(NamedTuple):
    """An item of the catalogue."""

    number: str
    text: str
    unit: str
    price: Decimal
    partner_item: str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One document: as Visma sends it, and the route that it takes.

    Attributes:
        number: As in the document's key.
        counterparty: Visma's number of the supplier or customer.
    """

    company: str
    kind: Kind
    number: str
    counterparty: str
    lines: int
    raw: bytes
    route: Route


def typical_length(draw: random.Random) -> int:
    """The lines of a document, from one to `MAX_LINES`."""
    return min(MAX_LINES, max(1, round(_MEDIAN * draw.lognormvariate(0, _SPREAD))))


class Workload:
    """A routing and as many documents as are asked for.

    Attributes:
        partners: All partners.
    """

    def __init__(
        self,
        *,
        partners: int = PARTNERS,
        seed: int = 1,
        length: Callable[[random.Random], int] = typical_length,
    ) -> None:
        """Draw the catalogue and the partners.

        Args:
            partners: How many; at least 16, so that each company has suppliers and customers.
            seed: Of everything that is drawn.
            length: The lines of the next document.
        """
        draw = random.Random(seed)  # noqa: S311 - no secret
        self._draw = draw
        self._length = length
        self._items = [_item(draw, number) for number in range(_ITEMS)]
        self.partners = [_partner(draw, number) for number in range(partners)]
        self._warehouses = {
            name: [_address(draw, country.code) for _ in range(_WAREHOUSES)] for name, country in _COUNTRIES.items()
        }
        self._number = 100_000

    @cached_property
    def routing_data(self) -> dict[str, Any]:
        """The routing file, as plain data."""
        return {
            "companies": {name: _company(name, country) for name, country in _COUNTRIES.items()},
            "defaults": {
                "units": {"STK": "each", "KRT": "case", "PK": "pack", "KG": "kilogram"},
                "terms": {"30": {"net_days": 30}},
                "items": {one.number: {"gtin": _gtin(one.number)} for one in self._items if one.partner_item},
            },
            "partners": {one.name: _entry(one) for one in self.partners},
        }

    @cached_property
    def routing(self) -> Routing:
        """The routing in force."""
        return Routing.from_data(self.routing_data)

    def documents(self, count: int) -> Sequence[Sample]:
        """The next `count` documents; each has a number of its own."""
        return [self._document() for _ in range(count)]

    def _document(self) -> Sample:
        draw = self._draw
        wants_order = draw.random() < 0.5
        while True:
            partner = draw.choice(self.partners)
            if wants_order == partner.is_supplier or (partner.is_supplier and draw.random() < 0.2):
                break
        self._number += 1
        number, lines = str(self._number), self._length(draw)
        kind = Kind.CUSTOMER_INVOICE
        if partner.is_supplier:
            kind = Kind.PURCHASE_ORDER if wants_order else Kind.SUPPLIER_INVOICE
        document = {
            Kind.PURCHASE_ORDER: self._order,
            Kind.SUPPLIER_INVOICE: self._supplier_invoice,
            Kind.CUSTOMER_INVOICE: self._customer_invoice,
        }[kind](partner, number, lines)
        return Sample(
            company=partner.company,
            kind=kind,
            number=number_in_key(kind, document.get("documentType"), number),
            counterparty=partner.number,
            lines=lines,
            raw=visma.as_json(document),
            route=self.routing.route(partner.company, kind, partner.number),
        )

    def _order(self, partner: Partner, number: str, lines: int) -> Mapping[str, Any]:
        draw, rate = self._draw, _exchange(partner)
        day = _FIRST_DAY + timedelta(days=draw.randrange(90))
        wanted = day + timedelta(days=draw.randrange(1, 15))
        rows, taxable = [], dict[int, Decimal]()
        for position in range(1, lines + 1):
            item, unit, quantity, price, discount, amount, vat = self._line(partner)
            vat = 0 if partner.orders_without_vat else vat
            taxable[vat] = taxable.get(vat, Decimal(0)) + amount
            rows.append(
                visma.an_order_line(
                    position,
                    inventory={"number": item.number, "description": item.text},
                    lineDescription=item.text,
                    uom=unit,
                    orderQty=quantity,
                    baseOrderQty=quantity,
                    unitCost=price,
                    unitCostInBaseCurrency=_cents(price * rate),
                    extCost=amount + discount,
                    discountAmount=discount,
                    amount=amount,
                    alternateId=item.partner_item,
                    taxCategory=_tax_category(vat),
                    requested=_time(wanted),
                    promised=_time(wanted + timedelta(days=draw.randrange(3))),
                )
            )
        net, taxes = sum(taxable.values(), Decimal(0)), _taxes(taxable)
        tax = sum((one["vatAmount"] for one in taxes), Decimal(0))
        return visma.a_purchase_order(
            orderNbr=number,
            date=_time(day),
            promisedOn=_time(wanted),
            description=draw.choice(("Weekly refill", "Ukesbestilling", "", "Kampanje uke 40")),
            supplier={
                "internalId": int(partner.number),
                "number": partner.number,
                "name": f"{partner.name.title()} AS",
            },
            shippingAddress=draw.choice(self._warehouses[partner.company]),
            currency=partner.currency,
            exchangeRate=rate,
            lines=rows,
            lineTotal=net,
            lineTotalInBaseCurrency=_cents(net * rate),
            taxTotal=tax,
            taxTotalInBaseCurrency=_cents(tax * rate),
            orderTotal=net + tax,
            orderTotalInBaseCurrency=_cents((net + tax) * rate),
            controlTotal=net + tax,
            taxDetails=taxes,
            lastModifiedDateTime=f"{day}T09:15:42.123",
        )

    def _supplier_invoice(self, partner: Partner, number: str, lines: int) -> Mapping[str, Any]:
        draw, rate = self._draw, _exchange(partner)
        day = _FIRST_DAY + timedelta(days=draw.randrange(90))
        rows, taxable = [], dict[int, Decimal]()
        for position in range(1, lines + 1):
            item, unit, quantity, price, discount, amount, vat = self._line(partner)
            taxable[vat] = taxable.get(vat, Decimal(0)) + amount
            rows.append(
                visma.a_supplier_invoice_line(
                    position,
                    inventoryNumber=item.number,
                    externalInventoryId=item.partner_item,
                    transactionDescription=item.text,
                    quantity=quantity,
                    uom=unit,
                    unitCost=_cents(price * rate),
                    unitCostInCurrency=price,
                    cost=_cents(amount * rate),
                    costInCurrency=amount,
                    discountAmount=_cents(discount * rate),
                    discountAmountInCurrency=discount,
                    vatCode=_vat_code(vat),
                )
            )
        net, taxes = sum(taxable.values(), Decimal(0)), _taxes(taxable)
        tax = sum((one["vatAmount"] for one in taxes), Decimal(0))
        company_net, company_tax = _cents(net * rate), _cents(tax * rate)
        return visma.a_supplier_invoice(
            referenceNumber=number,
            supplierReference=f"INV-{number}",
            supplier={
                "internalId": int(partner.number),
                "number": partner.number,
                "name": f"{partner.name.title()} AS",
            },
            date=_time(day),
            dueDate=_time(day + timedelta(days=30)),
            currencyId=partner.currency,
            exchangeRate=rate,
            detailTotal=company_net,
            detailTotalInCurrency=net,
            vatTaxableTotal=company_net if tax else Decimal(0),
            vatTaxableTotalInCurrency=net if tax else Decimal(0),
            vatTotal=company_tax,
            vatTotalInCurrency=tax,
            vatAmount=company_tax,
            amount=company_net + company_tax,
            balance=company_net + company_tax,
            balanceInCurrency=net + tax,
            invoiceLines=rows,
            taxDetailLines=taxes,
            paymentRefNo=None if partner.is_foreign else f"00{number}17",
            createdDateTime=f"{day}T10:58:01.2",
            lastModifiedDateTime=f"{day}T11:03:10.47",
        )

    def _customer_invoice(self, partner: Partner, number: str, lines: int) -> Mapping[str, Any]:
        draw, rate = self._draw, _exchange(partner)
        day = _FIRST_DAY + timedelta(days=draw.randrange(90))
        rows, taxable = [], dict[int, Decimal]()
        for position in range(1, lines + 1):
            item, unit, quantity, price, discount, amount, vat = self._line(partner)
            taxable[vat] = taxable.get(vat, Decimal(0)) + amount
            rows.append(
                visma.a_customer_invoice_line(
                    position,
                    inventoryNumber=item.number,
                    description=item.text,
                    quantity=quantity,
                    uom=unit,
                    unitPrice=_cents(price * rate),
                    unitPriceInCurrency=price,
                    amount=_cents(amount * rate),
                    amountInCurrency=amount,
                    discountAmount=_cents(discount * rate),
                    discountAmountInCurrency=discount,
                    vatCode=_vat_code(vat),
                )
            )
        net, taxes = sum(taxable.values(), Decimal(0)), _taxes(taxable)
        tax = sum((one["vatAmount"] for one in taxes), Decimal(0))
        company_net, company_tax = _cents(net * rate), _cents(tax * rate)
        is_credit = draw.random() < 0.05
        build = visma.a_credit_note if is_credit else visma.a_customer_invoice
        return build(
            **{"lines" if is_credit else "invoiceLines": rows},
            referenceNumber=number,
            customer={"number": partner.number, "name": f"{partner.name.title()} AB"},
            documentDate=_time(day),
            documentDueDate=_time(day + timedelta(days=30)),
            currencyId=partner.currency,
            exchangeRate=rate,
            customerRefNumber=f"PO-{draw.randrange(10_000, 99_999)}",
            invoiceAddress=partner.address,
            detailTotal=company_net,
            detailTotalInCurrency=net,
            vatTaxableTotal=company_net if tax else Decimal(0),
            vatTaxableTotalInCurrency=net if tax else Decimal(0),
            vatTotal=company_tax,
            vatTotalInCurrency=tax,
            amount=company_net + company_tax,
            amountInCurrency=net + tax,
            balance=company_net + company_tax,
            balanceInCurrency=net + tax,
            taxDetails=taxes,
            paymentReference=None if partner.is_foreign else f"00{number}19",
            createdDateTime=f"{day}T07:38:55",
            lastModifiedDateTime=f"{day}T07:40:00.013",
        )

    def _line(self, partner: Partner) -> tuple[Item, str, Decimal, Decimal, Decimal, Decimal, int]:
        """Item, unit, quantity, price, discount, amount and VAT rate of a line."""
        draw, item = self._draw, self._draw.choice(self._items)
        unit = "KG" if partner.by_weight and draw.random() < 0.5 else item.unit
        quantity = Decimal(draw.randrange(5, 4_000)) / 10 if unit == "KG" else Decimal(draw.randrange(1, 400))
        price = _cents(item.price * Decimal(draw.randrange(80, 125)) / 100)
        product = _cents(quantity * price)
        discount = _cents(product / 10) if draw.random() < 0.1 else Decimal("0.0")
        vat = 0 if partner.is_foreign else _weighted(draw, _COUNTRIES[partner.company].rates)
        return item, unit, quantity, price, discount, product - discount, vat


def _weighted(draw: random.Random, shares: Sequence[tuple[Any, int]]) -> Any:
    values, weights = zip(*shares, strict=True)
    return draw.choices(values, weights)[0]


def _item(draw: random.Random, place: int) -> Item:
    return Item(
        number=str(10_000 + place),
        text=f"{draw.choice(_GOODS)}, {draw.choice(_PACKS)}",
        unit=_weighted(draw, _UNITS),
        price=Decimal(draw.randrange(200, 90_000)) / 100,
        partner_item=f"AC-{place}-{draw.choice('ABCD')}" if draw.random() < 0.7 else None,
    )


def _partner(draw: random.Random, place: int) -> Partner:
    # The first ones give each company suppliers and customers, at home and abroad.
    names = list(_COUNTRIES)
    company = names[place % 4] if place < 16 else _weighted(draw, list(_SHARES.items()))
    is_supplier = place % 8 < 4 if place < 16 else draw.random() < 0.5
    currency = _COUNTRIES[company].currency
    is_foreign = place >= 8 if place < 16 else draw.random() < _FOREIGN
    if is_foreign:
        currency = draw.choice([one.currency for one in _COUNTRIES.values() if one.currency != currency])
    return Partner(
        f"partner{place}",
        company,
        is_supplier,
        str(50_000 + place),
        currency,
        by_weight=place % 4 == 3,
        orders_without_vat=place % 2 == 0,
        address=_address(draw, _COUNTRIES[company].code),
    )


def _company(name: str, country: Country) -> dict[str, Any]:
    upper = name.upper()
    return {
        "name": f"{name.title()} Food AS",
        "gln": "7080000000005",
        "vat_number": f"{country.code}987654325",
        "currency": country.currency,
        "visma": {
            "company_id": str(1_234_567 + len(name)),
            "tenant_id": f"8f0c2f6e-{name}",
            "time_zone": "Europe/Oslo",
        },
        "orderful": {"isa_id": {"live": f"{upper}FOOD", "test": f"{upper}FOODT"}},
        "kinds": {"supplier_invoice": {"send": True}},
    }


def _entry(partner: Partner) -> dict[str, Any]:
    isa_id = f"P{partner.number}"
    return {
        "company": partner.company,
        "name": f"{partner.name.title()} AS",
        "gln": _gtin(partner.number),
        "currency": partner.currency,
        "visma": {"supplier" if partner.is_supplier else "customer": partner.number},
        "orderful": {"isa_id": {"live": isa_id, "test": f"{isa_id}T"}},
        **({"dialect": "x12"} if int(partner.number) % 5 == 0 else {}),
    }


def _gtin(number: str) -> str:
    """A GTIN or GLN of 13 digits with its check digit (GS1)."""
    digits = f"70{number:0>10}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _exchange(partner: Partner) -> Decimal:
    """What one unit of the document's currency is in the company's."""
    if not partner.is_foreign:
        return Decimal("1.0")
    theirs = next(one for one in _COUNTRIES.values() if one.currency == partner.currency)
    return (theirs.in_nok / _COUNTRIES[partner.company].in_nok).quantize(Decimal("0.000001"))


def _taxes(taxable: Mapping[int, Decimal]) -> list[dict[str, Any]]:
    return [
        {
            "taxId": str(rate),
            "recordId": place,
            "vatId": {"number": str(rate), "description": f"{rate} %"},
            "vatRate": Decimal(rate),
            "taxableAmount": amount,
            "vatAmount": _cents(amount * rate / 100),
        }
        for place, (rate, amount) in enumerate(sorted(taxable.items()), 1)
        if rate
    ]


def _tax_category(rate: int) -> dict[str, str]:
    return {"number": str(rate), "description": f"Goods, {rate} %"}


def _vat_code(rate: int) -> dict[str, str]:
    return {"id": str(rate), "description": f"{rate} %"}


def _address(draw: random.Random, country: str) -> dict[str, Any]:
    return {
        "overrideAddress": False,
        "addressId": draw.randrange(1_000),
        "addressLine1": draw.choice(_STREETS),
        "addressLine2": None,
        "addressLine3": None,
        "postalCode": f"{draw.randrange(10_000):04}",
        "city": draw.choice(("Oslo", "Malmö", "Århus", "Tampere", "Tromsø")),
        "country": {"id": country, "name": country, "errorInfo": None, "metadata": None},
        "county": None,
    }


def _time(day: date) -> str:
    return f"{day}T00:00:00"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
