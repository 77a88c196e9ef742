"""Generates purchase orders for the sandbox Visma: consistent amounts, the same in every run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
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
    """The parameters of generated orders; all are open and of supplier 50012.

    Attributes:
        count: How many.
        first_number: Number of the first; the others follow.
        lines: Lines of each order.
        first_day: The earliest order date.
        days: The number of days of order dates.
        written_at: The time of creation and modification (aware); None for now.
    """

    count: int
    first_number: int = 500001
    lines: int = 3
    first_day: date = _FIRST_DAY
    days: int = 28
    written_at: datetime | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Recipe:
        """Read a recipe from JSON: `first_day` and `written_at` in ISO 8601.

        Raises:
            ValueError: a name is unknown, `count` is missing, or a time is not readable.
        """
        values = dict(body)
        if "first_day" in values:
            values["first_day"] = date.fromisoformat(values["first_day"])
        if "written_at" in values:
            values["written_at"] = datetime.fromisoformat(values["written_at"])
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"This is no recipe for documents: {error}.") from None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line in NOK."""

    item: str
    description: str
    unit: str
    price: Decimal
    quantity: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity times price, rounded to cents."""
        return (self.price * self.quantity).quantize(_CENT, ROUND_HALF_UP)


def generate(recipe: Recipe) -> Iterator[Document]:
    """The orders of a recipe, one by one."""
    for index in range(recipe.count):
        chance = random.Random(f"0/{index}")
        lines = []
        for _ in range(recipe.lines):
            item, description, unit, price = chance.choice(_ITEMS)
            lines.append(_Line(item, description, unit, Decimal(price), Decimal(chance.randint(1, 40))))
        day = recipe.first_day + timedelta(days=chance.randint(0, recipe.days - 1))
        yield _purchase_order(str(recipe.first_number + index), day, lines)


def _day(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def _purchase_order(number: str, day: date, lines: Sequence[_Line]) -> Document:
    total = sum((line.amount for line in lines), Decimal(0))
    delivery = _day(day + timedelta(days=7))
    return {
        "orderType": "RegularOrder",
        "orderNbr": number,
        "hold": False,
        "status": "Open",
        "date": _day(day),
        "promisedOn": delivery,
        "description": None,
        "supplier": {"internalId": 101, "number": "50012", "name": "Supplier 50012"},
        "location": {"id": 7, "name": "Main"},
        "branch": {"number": "1", "name": "Main"},
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
        "currency": "NOK",
        "exchangeRate": 1.0,
        "lineTotal": float(total),
        "lineTotalInBaseCurrency": float(total),
        "taxTotal": 0.0,
        "orderTotal": float(total),
        "orderTotalInBaseCurrency": float(total),
        "openQuantity": float(sum((line.quantity for line in lines), Decimal(0))),
        "openBalance": float(total),
        "note": "",
        "lines": [
            {
                "lineNbr": position,
                "lineType": "GoodsForInventory",
                "branch": {"number": "1", "name": "Main"},
                "inventory": {"number": line.item, "description": line.description},
                "lineDescription": line.description,
                "warehouse": {"id": "1", "description": "Oslo"},
                "uom": line.unit,
                "orderQty": float(line.quantity),
                "baseOrderQty": float(line.quantity),
                "qtyOnReceipts": 0.0,
                "unitCost": float(line.price),
                "unitCostInBaseCurrency": float(line.price),
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
