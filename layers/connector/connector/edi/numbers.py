"""How numbers are written: X12's R and N2, and the decimal strings of Mosaic. Exact, and never with an exponent."""

from __future__ import annotations

from decimal import Decimal


def decimal_text(number: Decimal) -> str:
    """All digits that say something: `10.00` is `10`, `1E+2` is `100`, a negative zero is `0`.

    X12 type R asks for just this: a point only where there is a fraction, trailing zeros suppressed.
    """
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def money_text(number: Decimal) -> str:
    """An amount with at least two decimals: `100` is `100.00`, `0.12345` stays as it is."""
    text = decimal_text(number)
    whole, point, fraction = text.partition(".")
    if not point:
        return f"{whole}.00"
    return f"{whole}.{fraction}0" if len(fraction) == 1 else text


def implied_cents(amount: Decimal) -> str:
    """X12 type N2: two implied decimals, so 481.24 is `48124` and -100.25 is `-10025`.

    Raises:
        ValueError: the amount has a third decimal, which N2 cannot hold.
    """
    cents = amount.scaleb(2)
    whole = cents.to_integral_value()
    if whole != cents:
        raise ValueError(f"{amount} has more than two decimals")
    return decimal_text(whole)
