"""Compares the allowances and charges that an answer (855, 865) states with those of the order.

X12 (SAC): the amount (SAC05) takes precedence over the percentage (SAC07) and the rate per unit (SAC08). On what a
percentage is taken says element 378 in more ways than an order knows amounts, so every amount of the order or the line
is tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.parties_and_terms import charges_of
from connector.domain.order_change.request import Stated, Topic
from connector.domain.order_change.stated_total import vat_shares
from connector.domain.routing.route import Route
from connector.domain.totals import ZERO, payable_amount, rounded, smallest_unit

_ALLOWANCE = "allowance"
_CHARGE = "charge"
# X12 element 1300: H850 is Tax. The others are what a Mosaic charge may have as its type.
_VAT = frozenset({"tax", "vat", "value added tax"})


class StatedCharges(NamedTuple):
    """What an answer states in allowances and charges.

    Attributes:
        unknown: Those that the order does not have, as texts.
        beside: What the others add to the total of the order: usual charges, and VAT where the order has none.
    """

    unknown: tuple[str, ...]
    beside: Decimal


class _Charge(NamedTuple):
    """An allowance or a charge.

    Attributes:
        side: `allowance`, `charge`, or what else is written.
        amounts: What it comes to, one for each amount that a percentage may be taken on; empty if nobody can tell.
        percent: Its percentage, where it decides.
        kind: What it is for.
        is_stated: Whether its amount is written, and not calculated here.
    """

    side: str
    amounts: tuple[Decimal, ...]
    percent: Decimal | None
    kind: str
    is_stated: bool


def stated_charges(
    stated: Sequence[Stated], order: PurchaseOrder, route: Route, line: OrderLine | None = None
) -> StatedCharges:
    """What an answer adds or takes off otherwise than the order.

    The side and the amount decide. VAT agrees with the VAT of the order; one without VAT cannot be compared with it. A
    charge of a kind in `charges_in_answers` agrees up to the amount that stands there.

    Args:
        stated: What the header of the answer states, or one of its lines.
        order: The order.
        route: The route of its supplier.
        line: The line; None for the header.

    Raises:
        Parked: the amount of a line cannot be calculated.
    """
    charges = [(one, dict(reversed(one.facts))) for one in stated if one.topic is Topic.CHARGES]
    charges = [(one, facts) for one, facts in charges if _is_worth(one, facts)]
    bases = _bases(order, line) if charges else ()
    unknown, beside = list[str](), ZERO
    for one, facts in charges:
        charge = _read(one, facts, order, line, bases)
        is_vat = charge.side == _CHARGE and charge.kind in _VAT
        if _is_ours(charge, order, line) or (is_vat and _is_our_vat(charge, order, line)):
            continue
        if (is_vat and not _has_vat(order)) or _is_usual(charge, route):
            beside += next(iter(charge.amounts), ZERO)
        else:
            unknown.append(one.text)
    return StatedCharges(tuple(unknown), beside)


def _is_worth(charge: Stated, facts: Mapping[str, str]) -> bool:
    """Whether a charge comes to something: one of nothing, and one that is only a text, do not.

    An amount that is no number comes to something.
    """
    amount = _number(charge.facts[0][1])
    if amount or any(_number(facts.get(name)) for name in ("percent", "rate")):
        return True
    unread = (value for name, value in charge.facts if name == "besides")
    return any(value.startswith(("amount", "percent", "rate")) and _has_figure(value) for value in unread)


def _read(
    stated: Stated, facts: Mapping[str, str], order: PurchaseOrder, line: OrderLine | None, bases: Sequence[Decimal]
) -> _Charge:
    side, written = stated.facts[0]
    amount, percent, rate = _number(written), _number(facts.get("percent")), _number(facts.get("rate"))
    amounts = [amount] if amount else []
    if not amount and percent:
        amounts = [rounded(base * percent / 100, order.currency) for base in bases]
    elif not amount and rate and line is not None:
        amounts = [rounded(rate * line.quantity, order.currency)]
    return _Charge(
        side, tuple(amounts), None if amount else percent, facts.get("kind", "").casefold(), is_stated=bool(amount)
    )


def _is_ours(charge: _Charge, order: PurchaseOrder, line: OrderLine | None) -> bool:
    ours = [amount for amount, _ in charges_of(order, None if line is None else (line,))]
    if line is not None:
        # What is sent as an adjustment where the amount of a line is not quantity x price.
        ours.append(payable_amount(line, order.currency) - rounded(line.quantity * line.unit_price, order.currency))
    elif charge.side == _ALLOWANCE and charge.percent in {one.percent for one in order.discounts} - {None}:
        return True
    sign = {_ALLOWANCE: -1, _CHARGE: 1}.get(charge.side, 0)
    within = ZERO if charge.is_stated else smallest_unit(order.currency)
    return any(one and abs(sign * amount - one) <= within for one in ours for amount in charge.amounts)


def _is_usual(charge: _Charge, route: Route) -> bool:
    """Whether the partner always states it, and it is no more than routing expects."""
    limit = route.charges_in_answers.get(charge.kind, ZERO) if charge.side == _CHARGE else ZERO
    return bool(charge.amounts) and all(ZERO < one <= limit for one in charge.amounts)


def _has_vat(order: PurchaseOrder) -> bool:
    return order.tax_total is not None or bool(order.taxes)


def _is_our_vat(charge: _Charge, order: PurchaseOrder, line: OrderLine | None) -> bool:
    shares = vat_shares(order)
    if charge.percent is not None:
        return charge.percent / 100 in shares
    unit = smallest_unit(order.currency)
    if line is not None:
        payable, within = payable_amount(line, order.currency), unit
        ours = [payable * share for share in shares]
    else:
        ours = [tax.amount for tax in order.taxes]
        ours = [*ours, sum(ours, ZERO), order.tax_total or ZERO]
        # VAT is worked out line by line or at once.
        within = unit * (1 + len(order.lines))
    return any(one and abs(amount - one) <= within for one in ours for amount in charge.amounts)


def _bases(order: PurchaseOrder, line: OrderLine | None) -> tuple[Decimal, ...]:
    """The amounts on which a percentage may be taken: after and before the discounts of lines, and of the order."""
    lines = [one for one in order.lines if not (one.cancelled or one.is_charge)] if line is None else [line]
    net = sum((payable_amount(one, order.currency) for one in lines), ZERO)
    gross = sum((rounded(one.quantity * one.unit_price, order.currency) for one in lines), ZERO)
    discounts = sum((one.amount for one in order.discounts), ZERO) if line is None else ZERO
    return tuple(dict.fromkeys((net, gross, net - discounts)))


def _number(written: str | None) -> Decimal | None:
    """A figure of a fact, which is a decimal number or a text."""
    plain = (written or "").removeprefix("-")
    is_number = plain.isascii() and plain.replace(".", "", 1).isdigit()
    return Decimal(written or "") if is_number else None


def _has_figure(text: str) -> bool:
    return any(one in "123456789" for one in text)
