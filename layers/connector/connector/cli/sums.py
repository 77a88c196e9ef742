"""Sums of money by currency, as a person and as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

Sums = Mapping[str | None, Decimal]
"""What it comes to in each currency; None stands for documents that name none."""


def sums_of(amounts: Iterable[tuple[str | None, Decimal | None]]) -> Sums:
    """Amounts with their currency, added up; those that are not known are left out."""
    totals: dict[str | None, Decimal] = {}
    for currency, amount in amounts:
        if amount is not None:
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    return totals


def money(value: Decimal | None) -> str | None:
    """An amount or a price, with two decimals at least, as amounts stand one below the other."""
    if value is None:
        return None
    whole, _, decimals = format(value, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def in_words(sums: Sums) -> str:
    """`1200.00 NOK, 80.00 SEK`; empty where nothing is known."""
    return ", ".join(f"{money(total)} {currency or ''}".strip() for currency, total in sums.items())


def as_data(sums: Sums) -> dict[str, str]:
    """The same as JSON data."""
    return {currency or "": format(total, "f") for currency, total in sums.items()}
