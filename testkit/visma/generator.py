"""Documents in bulk for the sandbox Visma: plain, consistent in their amounts, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

Document = dict[str, Any]
_CENT: Final = Decimal("0.01")
_FIRST_DAY: Final = date(2026, 9, 1)
_ITEMS: Final = (
    ("1298", "Gulrøtter, vasket", "KRT", "184.50"),
    ("1305", "Poteter Mandel 10 kg", "STK", "96.00"),
    ("1311", "Brokkoli", "KG", "27.45"),
    ("2044", "Eplejuice 12 x 1 l", "KRT", "212.40"),
    ("2051", "Kefir naturell", "STK", "19.90"),
    ("3102", "Røkelaks i skiver", "STK", "64.75"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What generated documents have in common.

    Attributes:
        count: How many.
        first_number: Number of the first; the others follow.
        lines: Lines of each.
        parties: Supplier or customer numbers, taken in turn.
        currency: Of the document.
        rate: Company currency per unit of `currency`.
        status: Of each document.
        branch: Branch number.
        seed: Same seed, same documents.
        first_day: The earliest day that a document bears as its date.
        days: The dates are spread over so many days from then on.
        written_at: When the first document was created and last modified; None is now. Aware.
        written_every: How much later each following one was.
    """

    count: int
    first_number: int = 500001
    lines: int = 3
    parties: Sequence[str] = ("50012",)
    currency: str = "NOK"
    rate: float = 1.0
    status: str = "Open"
    branch: str = "1"
    seed: int = 0
    first_day: date = _FIRST_DAY
    days: int = 28
    written_at: datetime | None = None
    written_every: timedelta = timedelta(0)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Recipe:
        """Read a recipe from JSON: `first_day` and `written_at` in ISO 8601, `written_every_seconds` as a number.

        Raises:
            ValueError: a name is unknown, `count` is missing, a time is not readable or has no zone.
        """
        values = dict(body)
        if "first_day" in values:
            values["first_day"] = date.fromisoformat(values["first_day"])
        if "written_at" in values:
            values["written_at"] = datetime.fromisoformat(values["written_at"])
            if values["written_at"].tzinfo is None:
                raise ValueError("'written_at' needs a zone.")
        if "written_every_seconds" in values:
            values["written_every"] = timedelta(seconds=values.pop("written_every_seconds"))
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"This is no recipe for documents: {error}.") from None

    def moment(self, index: int) -> datetime | None:
        """When the document at this position was written; None is now."""
        return None if self.written_at is None else self.written_at + index * self.written_every


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is ordered or billed, in the document's currency; its amount follows from quantity and price."""

    item: str
    description: str
    unit: str
    price: Decimal
    quantity: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity by price, to the cent."""
        return (self.price * self.quantity).quantize(_CENT, ROUND_HALF_UP)


def generate(kind: str, recipe: Recipe) -> Iterator[Document]:
    """The documents of a recipe, one by one.

    Args:
        kind: `purchaseorder`, `supplierInvoice`, `customerinvoice`, `customerCreditNote` or `customerDebitNote`.
        recipe: What they look like.

    Raises:
        ValueError: no documents of this kind can be generated.
    """
    build = _builder(kind)
    for index in range(recipe.count):
        chance = random.Random(f"{recipe.seed}/{index}")
        lines = []
        for _ in range(recipe.lines):
            item, description, unit, price = chance.choice(_ITEMS)
            lines.append(Line(item, description, unit, Decimal(price), Decimal(chance.randint(1, 40))))
        day = recipe.first_day + timedelta(days=chance.randint(0, recipe.days - 1))
        party = recipe.parties[index % len(recipe.parties)]
        yield build(str(recipe.first_number + index), party, day, lines, recipe)


def built(kind: str, number: str, lines: Sequence[Line], recipe: Recipe) -> Document:
    """One document with just these lines, for the first party of the recipe and on its first day.

    Raises:
        ValueError: no documents of this kind can be generated.
    """
    return _builder(kind)(number, recipe.parties[0], recipe.first_day, lines, recipe)


def _builder(kind: str) -> Callable[[str, str, date, Sequence[Line], Recipe], Document]:
    try:
        return _BUILDERS[kind.lower()]
    except KeyError:
        raise ValueError(f"The sandbox cannot generate '{kind}'; it can {', '.join(_BUILDERS)}.") from None


def _day(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def _sum(lines: Sequence[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def _base(amount: Decimal, recipe: Recipe) -> float:
    return float((amount * Decimal(str(recipe.rate))).quantize(_CENT, ROUND_HALF_UP))


def _purchase_order(number: str, party: str, day: date, lines: Sequence[Line], recipe: Recipe) -> Document:
    total = _sum(lines)
    delivery = _day(day + timedelta(days=7))
    return {
        "orderType": "RegularOrder",
        "orderNbr": number,
        "hold": recipe.status == "Hold",
        "status": recipe.status,
        "date": _day(day),
        "promisedOn": delivery,
        "description": None,
        "supplier": {"internalId": 101, "number": party, "name": f"Supplier {party}"},
        "location": {"id": 7, "name": "Main"},
        "branch": {"number": recipe.branch, "name": "Main"},
        "warehouse": {"id": "1", "description": "Oslo"},
        "terms": {"id": "30", "description": "30 days"},
        "shippingDestinationType": "CompanyLocation",
        "shippingAddress": {
            "overrideAddress": False,
            "addressId": 12,
            "addressLine1": "Storgata 1",
            "addressLine2": None,
            "postalCode": "0155",
            "city": "Oslo",
            "country": {"id": "NO", "name": "Norway"},
        },
        "currency": recipe.currency,
        "exchangeRate": recipe.rate,
        "lineTotal": float(total),
        "lineTotalInBaseCurrency": _base(total, recipe),
        "taxTotal": 0.0,
        "orderTotal": float(total),
        "orderTotalInBaseCurrency": _base(total, recipe),
        "openQuantity": float(sum((line.quantity for line in lines), Decimal(0))),
        "openBalance": float(total),
        "note": "",
        "lines": [
            {
                "lineNbr": position,
                "lineType": "GoodsForInventory",
                "branch": {"number": recipe.branch, "name": "Main"},
                "inventory": {"number": line.item, "description": line.description},
                "lineDescription": line.description,
                "warehouse": {"id": "1", "description": "Oslo"},
                "uom": line.unit,
                "orderQty": float(line.quantity),
                "baseOrderQty": float(line.quantity),
                "qtyOnReceipts": 0.0,
                "unitCost": float(line.price),
                "unitCostInBaseCurrency": _base(line.price, recipe),
                "extCost": float(line.amount),
                "discountPercent": 0.0,
                "discountAmount": 0.0,
                "amount": float(line.amount),
                "receivedAmt": 0.0,
                "alternateId": None,
                "requested": _day(day),
                "promised": delivery,
                "completed": False,
                "canceled": False,
                "note": "",
            }
            for position, line in enumerate(lines, 1)
        ],
        "taxDetails": [],
        "purchaseReceipts": [],
        "errorInfo": "",
    }


def _supplier_invoice(number: str, party: str, day: date, lines: Sequence[Line], recipe: Recipe) -> Document:
    total = _sum(lines)
    return {
        "documentType": "Invoice",
        "referenceNumber": number,
        "supplierReference": f"INV-{number}",
        "supplier": {"internalId": 101, "number": party, "name": f"Supplier {party}"},
        "hold": recipe.status == "Hold",
        "status": recipe.status,
        "date": _day(day),
        "dueDate": _day(day + timedelta(days=30)),
        "creditTerms": {"id": "30", "description": "30 days"},
        "location": {"countryId": "NO", "id": "MAIN", "name": "Main"},
        "branchNumber": {"number": recipe.branch, "name": "Main"},
        "currencyId": recipe.currency,
        "exchangeRate": recipe.rate,
        "detailTotal": _base(total, recipe),
        "detailTotalInCurrency": float(total),
        "vatTotal": 0.0,
        "vatTotalInCurrency": 0.0,
        "amount": _base(total, recipe),
        "balance": _base(total, recipe),
        "balanceInCurrency": float(total),
        "roundingDiff": 0.0,
        "note": "",
        "taxDetailLines": [],
        "invoiceLines": [
            {
                "lineNumber": position,
                "inventoryNumber": line.item,
                "stockItem": True,
                "transactionDescription": line.description,
                "quantity": float(line.quantity),
                "uom": line.unit,
                "unitCost": _base(line.price, recipe),
                "unitCostInCurrency": float(line.price),
                "cost": _base(line.amount, recipe),
                "costInCurrency": float(line.amount),
                "discountPercent": 0.0,
                "discountAmount": 0.0,
                "poNumber": "",
                "note": "",
            }
            for position, line in enumerate(lines, 1)
        ],
        "errorInfo": "",
    }


def _customer_document(
    document_type: str, lines_field: str
) -> Callable[[str, str, date, Sequence[Line], Recipe], Document]:
    def build(number: str, party: str, day: date, lines: Sequence[Line], recipe: Recipe) -> Document:
        net = _sum(lines)
        vat = (net * Decimal("0.15")).quantize(_CENT, ROUND_HALF_UP)
        reference = f"PO-{number}"
        return {
            "documentType": document_type,
            "referenceNumber": number,
            "hold": recipe.status == "Hold",
            "status": recipe.status,
            "customer": {"number": party, "name": f"Customer {party}"},
            "documentDate": _day(day),
            "documentDueDate": _day(day + timedelta(days=30)),
            "creditTerms": {"id": "30", "description": "30 days"},
            "location": {"countryId": "NO", "id": "MAIN", "name": "Main"},
            "branchNumber": {"number": recipe.branch, "name": "Main"},
            "currencyId": recipe.currency,
            "exchangeRate": recipe.rate,
            "customerRefNumber": reference,
            "externalReference": reference,
            "detailTotal": _base(net, recipe),
            "detailTotalInCurrency": float(net),
            "amount": _base(net + vat, recipe),
            "amountInCurrency": float(net + vat),
            "vatTotal": _base(vat, recipe),
            "vatTotalInCurrency": float(vat),
            "discountTotal": 0.0,
            "discountTotalInCurrency": 0.0,
            "roundingDiff": 0.0,
            "note": "",
            "taxDetails": [
                {
                    "taxId": "31",
                    "recordId": 1,
                    "vatId": {"number": "31", "description": "15 %"},
                    "vatRate": 15.0,
                    "taxableAmount": float(net),
                    "vatAmount": float(vat),
                }
            ],
            lines_field: [
                {
                    "lineNumber": position,
                    "inventoryNumber": line.item,
                    "description": line.description,
                    "quantity": float(line.quantity),
                    "uom": line.unit,
                    "unitPrice": _base(line.price, recipe),
                    "unitPriceInCurrency": float(line.price),
                    "amount": _base(line.amount, recipe),
                    "amountInCurrency": float(line.amount),
                    "discountPercent": 0.0,
                    "discountAmount": 0.0,
                    "vatCode": {"id": "31", "description": "15 %"},
                    "note": "",
                }
                for position, line in enumerate(lines, 1)
            ],
            "errorInfo": "",
        }

    return build


_BUILDERS: Final[Mapping[str, Callable[[str, str, date, Sequence[Line], Recipe], Document]]] = {
    "purchaseorder": _purchase_order,
    "supplierinvoice": _supplier_invoice,
    "customerinvoice": _customer_document("Invoice", "invoiceLines"),
    "customercreditnote": _customer_document("CreditNote", "lines"),
    "customerdebitnote": _customer_document("DebitNote", "lines"),
}
