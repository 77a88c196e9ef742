"""The figures of a line: quantity, price, discount and amount that belong together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter

from connector.domain.totals import ZERO, explained_by_price, rounded
from connector.edi.visma.fields import missing
from connector.edi.visma.shape import InvoiceLine, OrderLine, refuse_implausible

_ONE = Decimal(1)


_Three = tuple[Decimal | None, Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The fields that have the figures of a line; invoices have amounts in two currencies.

    Attributes:
        three: Quantity, unit price and amount of a line.
    """

    quantity: str = "quantity"
    unit_price: str
    amount: str
    discount: str
    three: Callable[[OrderLine | InvoiceLine], _Three] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what is asked of every line."""
        object.__setattr__(self, "three", attrgetter(self.quantity, self.unit_price, self.amount))


PLAIN = Names(unit_price="unit_price", amount="amount", discount="discount")

Figures = tuple[Decimal, Decimal, Decimal, Decimal | None, bool]
"""Quantity, unit price, discount and amount as in `OrderLine`, and whether Visma gives none of them."""


def figures_of(
    line: OrderLine | InvoiceLine, names: Names, currency: str | None, *, needed: bool, names_item: bool
) -> Figures:
    """Read the figures of a line.

    A line with an amount but neither quantity nor price (Visma allows it on invoices) counts as one at that amount. Of
    an item, none was delivered: then the amount is one that was entered.

    Args:
        line: The line as Visma gives it.
        names: Which fields have the figures.
        currency: Currency of the document, for its cents.
        needed: Whether quantity and price must be there: not on cancelled and descriptive lines.
        names_item: Whether the line names an item, by our number or by that of the other side.

    Raises:
        Parked: a figure is missing or is no number.
        ValueError: a figure that was not read tolerantly has an implausible size.
    """
    quantity, unit_price, amount = names.three(line)
    refuse_implausible(quantity, unit_price, amount)
    if not quantity and not unit_price:
        if amount and names_item:
            return ZERO, ZERO, ZERO, amount, False
        if amount:
            return _ONE.copy_sign(amount), abs(amount), ZERO, amount, False
        if not needed:
            return ZERO, ZERO, ZERO, amount, True
    if quantity is None:
        if needed:
            raise missing(line.path(names.quantity), "quantity")
        quantity = ZERO
    if unit_price is None:
        if needed:
            raise missing(line.path(names.unit_price), "price")
        unit_price = ZERO
    product = quantity * unit_price
    if product == amount:
        return quantity, unit_price, ZERO, amount, False
    return quantity, unit_price, _discount(line, names, quantity, unit_price, amount, currency=currency), amount, False


def _discount(
    line: OrderLine | InvoiceLine,
    names: Names,
    quantity: Decimal,
    unit_price: Decimal,
    amount: Decimal | None,
    *,
    currency: str | None,
) -> Decimal:
    """The discount that leads from quantity x price to the amount, if Visma states one that does; else what it states.

    It brings quantity x price towards zero; a negative one is a surcharge (Visma: percentages from -100 to 100). Which
    sign Visma gives `discountAmount` on lines of negative quantity is not documented: the amount tells.

    Visma's amount is after discount, and the discount may be in the price already (then product and amount agree and
    nothing is taken off again); where it is stated only in percent, the percentage tells.
    """
    product = rounded(quantity * unit_price, currency)
    size = abs(product)
    taken_off = None
    if amount is not None:
        amount = rounded(amount, currency)
        taken_off = size + amount if product < 0 else size - amount
        if not taken_off:
            return ZERO
    percent = line.discount_percent or ZERO
    stated = getattr(line, names.discount) or ZERO
    refuse_implausible(percent, stated)
    if percent:
        stated = abs(stated).copy_sign(percent)
    elif product < 0:
        stated = abs(stated)
    if stated and stated == taken_off:
        return stated
    by_percent = rounded(size * percent / 100, currency)
    likely = stated or by_percent
    if taken_off is None:
        return likely
    candidates = (likely, -likely, by_percent)
    for found in candidates:
        if found == taken_off:
            return found
    # A rounded price may hide a cent or two of it.
    away = Decimal(-1).copy_sign(-product)
    for found in (likely, by_percent, ZERO):
        if explained_by_price(away * (taken_off - found), quantity, unit_price, currency):
            return found
    return likely
