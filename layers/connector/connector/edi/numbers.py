"""How numbers are written: X12's R and N2, and the decimal strings of Mosaic. Exact, and never with an exponent."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

# IEEE 754: a double keeps 15 digits of a decimal number; what it shows beyond them is noise.
_DOUBLE = Context(prec=15, rounding=ROUND_HALF_EVEN)
_DIGITS = 15
NOISELESS = _DIGITS
"""Printed with so few characters, a number has no noise."""
# A quantity that is a fraction (1/3) has no end; so much of it is a rounding, not another quantity.
_SIXTH = Decimal("0.000001")
_MAX_PART = Decimal("0.00001")


def without_noise(number: Decimal) -> Decimal:
    """A number of Visma's JSON without the noise of a double: `0.30000000000000004` is `0.3`."""
    # What is written with so few characters has no more digits, and that is seen in a sixth of the time.
    if len(str(number)) <= _DIGITS:
        return number
    return number if len(number.as_tuple().digits) <= _DIGITS else _DOUBLE.plus(number).normalize()


def quantity_without_noise(number: Decimal) -> Decimal:
    """The same for a quantity, of which six decimals are kept where it has no end: `0.3333333333333333` is `0.333333`.

    X12's quantities have 10 or 15 digits.
    """
    found = without_noise(number)
    if found is number or found == number or len(found.as_tuple().digits) < _DIGITS - 2:
        return found
    short = found.quantize(_SIXTH)
    return short if abs(short - found) <= abs(found) * _MAX_PART else found


def decimal_text(number: Decimal) -> str:
    """All digits that say something: `10.00` is `10`, `1E+2` is `100`, a negative zero is `0`.

    X12 type R asks for just this: a point only where there is a fraction, trailing zeros suppressed.
    """
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    if text[-1] == "0" and "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def money_text(number: Decimal) -> str:
    """An amount with at least two decimals: `100` is `100.00`, `0.12345` stays as it is."""
    text = str(number)
    if text[-3:-2] == "." and text != "-0.00":
        return text
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
    whole = int(cents)
    if whole != cents:
        raise ValueError(f"{amount} has more than two decimals")
    return str(whole)
