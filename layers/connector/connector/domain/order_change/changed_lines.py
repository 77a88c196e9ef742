"""The lines of an order that a change is about: item, text, unit, and what they come to now and as asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from connector.domain.documents import PurchaseOrder
from connector.domain.errors import Parked
from connector.domain.order_change.findings import HEADER, TAKEN_OUT, Difference
from connector.domain.totals import rounded

_LINE = re.compile(r"line (\d+)")
_QUANTITIES = ("quantity", "line")
"""What the quantity of a line is called; of one that is added or taken out the difference is the line itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine:
    """One line that is to be another one.

    Attributes:
        where: As the differences name it: `line 3`, `new line 1298`.
        text: What the line says, or its item.
        unit: Visma's unit word.
        price: As it would be.
        now: What the order has amounts to, before discounts; zero for a line that is new.
        asked: The same as the partner asks; None where it cannot be told.
    """

    where: str
    item: str | None = None
    text: str | None = None
    unit: str | None = None
    price: Decimal | None = None
    now: Decimal | None = None
    asked: Decimal | None = None


def changed_lines(differences: Sequence[Difference], order: PurchaseOrder | None) -> list[ChangedLine]:
    """The lines of the differences, each once, in their order.

    Args:
        differences: Of a change.
        order: As it stands; None where nobody knows it.
    """
    places = dict.fromkeys(one.where for one in differences if one.where != HEADER)
    return [_line(where, {one.field: one for one in differences if one.where == where}, order) for where in places]


def _line(where: str, named: dict[str, Difference], order: PurchaseOrder | None) -> ChangedLine:
    number = _LINE.fullmatch(where)
    found = next((one for one in order.lines if number and one.number == int(number[1])), None) if order else None
    currency = order.currency if order else None
    difference = next((named[name] for name in _QUANTITIES if name in named), None)
    had = _figure(difference.ours) if difference else (found.quantity if found else None)
    wanted = _wanted(difference) if difference else had
    price = _figure(named["price"].theirs) if "price" in named else (found.unit_price if found else None)
    price_now = _figure(named["price"].ours) if "price" in named else price
    return ChangedLine(
        where=where,
        item=named["item"].theirs if "item" in named else (found.item if found else None),
        text=(found.description or found.item_description) if found else None,
        unit=named["unit"].theirs if "unit" in named else (found.unit if found else None),
        price=price,
        now=_product(had, price_now, currency) if number else Decimal(0),
        asked=_product(wanted, price, currency),
    )


def _wanted(difference: Difference) -> Decimal | None:
    """The quantity that the partner asks for; none of a line that goes."""
    return Decimal(0) if difference.theirs == TAKEN_OUT else _figure(difference.theirs)


def _figure(shown: str | None) -> Decimal | None:
    """A number as it was shown; None where the words are no number, or were cut."""
    try:
        number = Decimal(shown or "")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _product(quantity: Decimal | None, price: Decimal | None, currency: str | None) -> Decimal | None:
    """What a quantity costs, in the cents of the currency; None where that is not known, or too large to be exact."""
    if quantity == 0:
        return Decimal(0)
    if quantity is None or price is None:
        return None
    try:
        return rounded(quantity * price, currency)
    except Parked:
        return None
