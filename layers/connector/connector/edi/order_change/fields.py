"""Tolerant access to the fields of what arrives through Orderful, in either dialect.

Orderful's schemas are incomplete, ids come as numbers or as texts, and an X12 segment is a list of objects where Mosaic
has one object. So a field of another type than expected reads as None and never as an error. Only numbers and dates
that are there and cannot be understood say so: they would change an order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from connector.domain.text import truncated

Data = dict[str, Any]

MAX_QUOTE_LENGTH = 200
"""Characters of a partner's words that a sentence repeats."""

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?", re.ASCII)
# X12.6 prohibits separators of thousands. Three digits behind the comma may be thousands all the same, unless no
# thousands begin like this.
_DECIMAL_COMMA = re.compile(r"-?(?:\d+,(?!\d{3}$)\d+|(?:0|\d{4,}),\d+)", re.ASCII)
_TIME = r"(?P<time>\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?) ?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
_NO_DAY = re.compile(r"0{4}-?00-?00(?:[T ][0:.]*Z?)?", re.ASCII | re.IGNORECASE)
_DAY = re.compile(rf"(\d{{4}})-?(\d\d)-?(\d\d)(?:[T ]{_TIME})?", re.ASCII | re.IGNORECASE)
_MAX_NUMBER_LENGTH = 64
# Below a trillion and within decimal arithmetic, as for Visma's own numbers: a price times a quantity keeps its cents.
_MAX_DIGIT = 11
_MIN_DIGIT = -20
_MAX_DIGITS = 28
# Beyond every id; Python refuses to write whole numbers of thousands of digits.
_MAX_BITS = 128
_MAX_VALUES = 100


class NotUnderstood(ValueError):
    """A number or a date is there and is none; the message completes a sentence (`'many' is no number`)."""


def text(data: Data, name: str) -> str | None:
    """A text on one line without control characters; numbers become text, blank is None."""
    return plain(data.get(name))


def plain(value: Any) -> str | None:
    """The text of one value; None for everything that is neither text nor number."""
    if isinstance(value, str):
        if not value.isprintable():
            value = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= _MAX_BITS:
        return str(value)
    return str(value) if isinstance(value, Decimal) else None


def number(data: Data, name: str) -> Decimal | None:
    """A number, exactly as written: type R of X12 without a plus sign and separators, with an exponent if need be.

    A comma is a decimal point, as in EDIFACT (ISO 9735), except before exactly three digits, which may be thousands.

    Raises:
        NotUnderstood: it is none, or not one that money and quantities have.
        TypeError: it is a binary float, which has lost its cents already; parse with `float_hook=Decimal`.
    """
    value = data.get(name)
    if isinstance(value, float):
        raise TypeError(f"{name} is a binary float; parse messages with numbers as Decimal")
    found = _decimal(value)
    if found is None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        raise NotUnderstood(f"{shown(value)} is no number")
    if not _MIN_DIGIT <= found.adjusted() <= _MAX_DIGIT or len(found.as_tuple().digits) > _MAX_DIGITS:
        raise NotUnderstood(f"{shown(value)} is not of a plausible size")
    return found


def day(data: Data, name: str) -> date | None:
    """A calendar date, `CCYYMMDD` or `YYYY-MM-DD`; a time behind it is not read, nothing is converted.

    A date of zeros is none: it is the initial value of a date in SAP (ABAP, type d), which is sent for an empty field.

    Raises:
        NotUnderstood: it is none.
    """
    written = text(data, name)
    if written is None:
        if data.get(name) in (None, "") or isinstance(data[name], str):
            return None
        raise NotUnderstood(f"{shown(data[name])} is no date")
    if _NO_DAY.fullmatch(written):
        return None
    if found := _DAY.fullmatch(written):
        try:
            return date(*map(int, found.groups()[:3]))
        except ValueError:
            pass
    raise NotUnderstood(f"{shown(written)} is no date")


def is_timestamp(data: Data, name: str) -> bool:
    """Whether a date that can be read is a moment, with a time zone, which is another day elsewhere.

    Midnight in any zone is how systems write a date that has no time.
    """
    found = _DAY.fullmatch(text(data, name) or "")
    return bool(found and found["zone"] and found["time"].strip("0:.,"))


def part(data: Data, name: str) -> Data:
    """A nested object, or the first one of a list; an empty one when there is none."""
    return next(iter(rows(data, name)), {})


def rows(data: Data, name: str) -> list[Data]:
    """The objects of a list; a single object is a list of one, and what is no object is left out."""
    value = data.get(name)
    if isinstance(value, dict):
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def suffixes(data: Data, name: str) -> list[str]:
    """What repetitions of an element have behind its name, in their order: nothing, `1`, `2`."""
    found = [key.removeprefix(name) for key in data if key.startswith(name)]
    return sorted(
        (one for one in found if not one or (one.isascii() and one.isdigit())), key=lambda one: (len(one), one)
    )


def quoted(value: Any, *, names: bool = True, named: Callable[[str], str] = str) -> str | None:
    """All texts and numbers inside a value, on one line, with the names of their fields or without; None for none.

    Args:
        value: What is quoted.
        names: Whether the names of fields are quoted.
        named: What a field is called.
    """
    if not names:
        return truncated(" / ".join(word for _, word in leaves(value)), MAX_QUOTE_LENGTH) or None
    texts = (f"{named(name)} {word}" if name else word for name, word in leaves(value))
    return truncated(", ".join(texts), MAX_QUOTE_LENGTH) or None


def filled(data: Data) -> set[str]:
    """The names of the fields that say something."""
    return {name for name, value in data.items() if value not in (None, "", [], {})}


def leaves(value: Any) -> Iterator[tuple[str, str]]:
    """Field name and text of every value inside, true and false as words, in order, as many as anybody reads.

    Depth costs no stack.
    """
    waiting, found = [("", value)], 0
    while waiting and found < _MAX_VALUES:
        name, one = waiting.pop()
        if isinstance(one, dict):
            # `{"departmentNumber": {"value": "200"}}` is a department number.
            waiting += [(name if key == "value" else plain(key) or "", inner) for key, inner in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [(name, inner) for inner in reversed(one)]
        elif isinstance(one, bool):
            found += 1
            yield name, "true" if one else "false"
        elif word := plain(one):
            found += 1
            yield name, word


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    written = plain(value)
    if written is None or len(written) > _MAX_NUMBER_LENGTH:
        return None
    if _DECIMAL_COMMA.fullmatch(written):
        written = written.replace(",", ".")
    return Decimal(written) if _NUMBER.fullmatch(written) else None


def shown(value: Any) -> str:
    """A value inside a sentence, or what is in its place: `'many'`, `a list ('42')`."""
    if isinstance(value, dict | list):
        said = quoted(value, names=isinstance(value, dict))
        what = "an object" if isinstance(value, dict) else "a list"
        return f"{what} ({truncated(said, 40)})" if said else what
    if isinstance(value, bool):
        return "'true'" if value else "'false'"
    written = plain(value)
    if written is None:
        return "a number too long to show" if isinstance(value, int) else "an empty text"
    return f"'{written[:40]}...'" if len(written) > 40 else f"'{written}'"
