"""The figures of a line: quantity, price, discount and amount that belong together."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from connector.domain.totals import ZERO, rounded
from connector.edi.visma.fields import Data, missing, number, path_of

_ONE = Decimal(1)


class Names(NamedTuple):
    """What Visma calls the figures of a line; this differs between documents and between currencies."""

    quantity: str
    unit_price: str
    amount: str
    discount: str


Figures = tuple[Decimal, Decimal, Decimal, Decimal | None, bool]
"""Quantity, unit price, discount and amount as in `OrderLine`, and whether Visma gives none of them."""


def figures_of(line: Data, names: Names, where: str, currency: str | None, *, needed: bool) -> Figures:
    """Read the figures of a line.

    A line with an amount but neither quantity nor price (Visma allows it on invoices) counts as one at that amount.

    Args:
        line: The line as Visma gives it.
        names: What the figures are called.
        where: Path of the line.
        currency: Currency of the document, for its cents.
        needed: Whether quantity and price must be there: not on cancelled and descriptive lines.

    Raises:
        Parked: a figure is missing or is no number.
    """
    quantity = number(line, names.quantity, where)
    unit_price = number(line, names.unit_price, where)
    amount = number(line, names.amount, where)
    if not quantity and not unit_price:
        if amount:
            return _ONE.copy_sign(amount), abs(amount), ZERO, amount, False
        if not needed:
            return ZERO, ZERO, ZERO, amount, True
    if quantity is None:
        if needed:
            raise missing(path_of(names.quantity, where), "quantity")
        quantity = ZERO
    if unit_price is None:
        if needed:
            raise missing(path_of(names.unit_price, where), "price")
        unit_price = ZERO
    product = quantity * unit_price
    if product == amount:
        return quantity, unit_price, ZERO, amount, False
    discount = _discount(line, names, where, rounded(abs(product), currency), (amount, currency))
    return quantity, unit_price, discount, amount, False


def _discount(
    line: Data, names: Names, where: str, product: Decimal, stated_amount: tuple[Decimal | None, str | None]
) -> Decimal:
    """The discount that leads from the product to the amount, if Visma states one that does; else what it states.

    Visma's amount is after discount, and the discount may be in the price already (then product and amount agree and
    nothing is taken off again); where it is stated only in percent, the percentage tells.
    """
    amount, currency = stated_amount
    left = None if amount is None else abs(rounded(amount, currency))
    if product == left:
        return ZERO
    stated = abs(number(line, names.discount, where) or ZERO)
    percent = number(line, "discountPercent", where)
    if not percent or product - stated == left:
        return stated
    by_percent = abs(rounded(product * percent / 100, currency))
    if left is None:
        return stated or by_percent
    return by_percent if product - by_percent == left else stated
