"""The figures of a line: quantity, price, discount and amount that belong together."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from connector.domain.totals import ZERO, explained_by_price, rounded
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


def figures_of(
    line: Data, names: Names, where: str, currency: str | None, *, needed: bool, names_item: bool
) -> Figures:
    """Read the figures of a line.

    A line with an amount but neither quantity nor price (Visma allows it on invoices) counts as one at that amount. Of
    an item, none was delivered: then the amount is one that was entered.

    Args:
        line: The line as Visma gives it.
        names: What the figures are called.
        where: Path of the line.
        currency: Currency of the document, for its cents.
        needed: Whether quantity and price must be there: not on cancelled and descriptive lines.
        names_item: Whether the line names an item, by our number or by that of the other side.

    Raises:
        Parked: a figure is missing or is no number.
    """
    quantity = number(line, names.quantity, where)
    unit_price = number(line, names.unit_price, where)
    amount = number(line, names.amount, where)
    if not quantity and not unit_price:
        if amount and names_item:
            return ZERO, ZERO, ZERO, amount, False
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
    discount = _discount(line, names, where, _Sum(quantity, unit_price, currency, amount))
    return quantity, unit_price, discount, amount, False


class _Sum(NamedTuple):
    """A line as a sum: what quantity x price come to beside the stated amount."""

    quantity: Decimal
    unit_price: Decimal
    currency: str | None
    amount: Decimal | None

    @property
    def product(self) -> Decimal:
        return rounded(self.quantity * self.unit_price, self.currency)

    def explains(self, difference: Decimal) -> bool:
        return explained_by_price(difference, self.quantity, self.unit_price, self.currency)


def _discount(line: Data, names: Names, where: str, line_sum: _Sum) -> Decimal:
    """The discount that leads from quantity x price to the amount, if Visma states one that does; else what it states.

    It brings quantity x price towards zero; a negative one is a surcharge (Visma: percentages from -100 to 100). Which
    sign Visma gives `discountAmount` on lines of negative quantity is not documented: the amount tells.

    Visma's amount is after discount, and the discount may be in the price already (then product and amount agree and
    nothing is taken off again); where it is stated only in percent, the percentage tells.
    """
    product, currency = line_sum.product, line_sum.currency
    size = abs(product)
    taken_off = None
    if line_sum.amount is not None:
        amount = rounded(line_sum.amount, currency)
        taken_off = size + amount if product < 0 else size - amount
        if not taken_off:
            return ZERO
    percent = number(line, "discountPercent", where) or ZERO
    stated = number(line, names.discount, where) or ZERO
    by_percent = rounded(size * percent / 100, currency)
    if percent:
        stated = abs(stated).copy_sign(percent)
    elif product < 0:
        stated = abs(stated)
    likely = stated or by_percent
    if taken_off is None:
        return likely
    candidates = (likely, -likely, by_percent)
    for found in candidates:
        if found == taken_off:
            return found
    # A rounded price may hide a cent or two of it.
    away = Decimal(-1).copy_sign(-product)
    nearly = (likely, by_percent, ZERO)
    return next((found for found in nearly if line_sum.explains(away * (taken_off - found))), likely)
