"""Tolerant access to the fields of a Visma object.

Visma declares no field as required: each may be missing, null or "", and some answers wrap scalars as `{"value": x}`.
All of these read as None. What is there but cannot be understood (a quantity that is no number) parks the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.visma_clock import FIRST_DAY

Data = Mapping[str, Any]

_NOTHING: Data = {}
# Below a trillion, so that a price times a quantity keeps its cents within the 28 digits of decimal arithmetic.
_LARGEST_DIGIT = 11
_SMALLEST_DIGIT = -20
# A typing error in the year would reach the partner as a wish.
_PLAUSIBLE = (1990, 2099)


def unwrap(value: Any) -> Any:
    """The scalar or object inside `{"value": x}`; anything else as it is."""
    while type(value) is dict and "value" in value:
        value = value["value"]
    return value


def text(data: Data, name: str) -> str | None:
    """A text without the white space around it; numbers become text, blank is None."""
    value = data.get(name)
    if type(value) is str:
        return value.strip() or None
    if value is None:
        return None
    value = unwrap(value)
    if type(value) is str:
        return value.strip() or None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return None


def number(data: Data, name: str, where: str = "") -> Decimal | None:
    """A number.

    Raises:
        Parked: it is none, or not one that money and quantities have.
        TypeError: it is a binary float, which `read.decode` never gives.
    """
    value = data.get(name)
    if type(value) is not Decimal:
        if value is None:
            return None
        value = _to_decimal(unwrap(value), name, where)
        if value is None:
            return None
    if _SMALLEST_DIGIT <= value.adjusted() <= _LARGEST_DIGIT:
        return value
    raise _not_understood(data, name, where, "a number of a plausible size")


def whole(data: Data, name: str, where: str = "") -> int | None:
    """A whole number.

    Raises:
        Parked: it is none.
    """
    value = data.get(name)
    if type(value) is int:
        return value
    exact = number(data, name, where)
    if exact is None:
        return None
    if exact != exact.to_integral_value():
        raise _not_understood(data, name, where, "a whole number")
    return int(exact)


def flag(data: Data, name: str) -> bool:
    """A check box; everything that is not clearly yes is no."""
    value = data.get(name)
    if type(value) is bool:
        return value
    value = unwrap(value)
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def day(data: Data, name: str, where: str = "") -> date | None:
    """A calendar date.

    Visma writes dates with a zero time and without a zone: the first ten characters count, and nothing is converted.
    Empty dates come as those of .NET (0001-01-01, 9999-12-31) and of SQL (1900-01-01); nothing before 1901 is a date.

    Raises:
        Parked: it is no date, or none that a document of today can have (before 1990 or after 2099).
    """
    value = data.get(name)
    if type(value) is not str:
        value = text(data, name)
        if value is None:
            return None
    try:
        return _date_of(value)
    except ValueError:
        raise _not_understood(data, name, where, "a plausible date") from None


def part(data: Data, name: str) -> Data:
    """A nested object; an empty one when there is none."""
    value = data.get(name)
    if type(value) is dict:
        if "value" not in value:
            return value
        value = unwrap(value)
    return value if isinstance(value, Mapping) else _NOTHING


def inside(data: Data, path: str) -> tuple[Data, str]:
    """The object that has the last name of a path, and that name: `status.hold` is `hold` of the part `status`."""
    *way, last = path.split(".")
    for step in way:
        data = part(data, step)
    return data, last


def rows(data: Data, name: str) -> list[Data]:
    """The objects of a list; none when the list is missing.

    Raises:
        Parked: it is no list of objects.
    """
    value = unwrap(data.get(name))
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise _not_understood(data, name, "", "a list")
    found = []
    for index, row in enumerate(value):
        content = unwrap(row)
        if not isinstance(content, Mapping):
            raise Parked(f"{name}[{index}] is not an object.", field=f"{name}[{index}]", code=Reason.FIELD_INVALID)
        found.append(content)
    return found


def missing(path: str, what: str) -> Parked:
    """The document lacks something indispensable."""
    return Parked(f"Visma gives no {what} ({path}).", field=path, code=Reason.FIELD_MISSING)


def path_of(name: str, where: str) -> str:
    """`lines[2].uom`, or `uom` at the top."""
    return f"{where}.{name}" if where else name


# The lines of a document tend to share a few dates.
@lru_cache(maxsize=256)
def _date_of(value: str) -> date | None:
    value = value.strip()
    if not value:
        return None
    found = date.fromisoformat(value[:10])
    if found < FIRST_DAY or found == date.max:
        return None
    if not _PLAUSIBLE[0] <= found.year <= _PLAUSIBLE[1]:
        raise ValueError(found)
    return found


def _to_decimal(value: Any, name: str, where: str) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, float):
        raise TypeError(
            f"{path_of(name, where)} is a binary float; read documents with connector.edi.visma.read.decode"
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        stripped = value.strip()
        if not stripped:
            return None
        try:
            found = Decimal(stripped)
        except InvalidOperation:
            pass
        else:
            if found.is_finite():
                return found
    raise _not_understood({name: value}, name, where, "a number")


def _not_understood(data: Data, name: str, where: str, what: str) -> Parked:
    path = path_of(name, where)
    shown = str(unwrap(data.get(name)))
    shown = shown if len(shown) <= 40 else f"{shown[:40]}..."
    return Parked(f"{path} is '{shown}', not {what}.", field=path, code=Reason.FIELD_INVALID)
