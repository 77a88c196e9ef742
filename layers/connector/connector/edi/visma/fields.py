"""Tolerant access to the fields of a Visma object.

Visma declares no field as required: each may be missing, null or "", and some answers wrap scalars as `{"value": x}`.
All of these read as None. A text may be written as a number. What is there in another shape than Visma documents (a
quantity that is no number, an object in the place of a text) parks the document: dropped, it would be missing from what
the partner gets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

from connector.domain.advice import ABOUT_THE_API
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.visma_clock import FIRST_DAY

Data = Mapping[str, Any]

_Read = TypeVar("_Read")
_Shared = TypeVar("_Shared")

_NOTHING: Data = {}
# Below a trillion, so that a price times a quantity keeps its cents within the 28 digits of decimal arithmetic.
MAX_EXPONENT = 11
MIN_EXPONENT = -20
_TIMESTAMP = re.compile(r"[Tt ](?P<time>[\d:.,]+) ?(?:[Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII)
# A typing error in the year would reach the partner as a wanted day.
_PLAUSIBLE = (1990, 2099)


def unwrap(value: Any) -> Any:
    """The scalar or object inside `{"value": x}`; anything else as it is."""
    while type(value) is dict and "value" in value:
        value = value["value"]
    return value


def text(data: Data, name: str) -> str | None:
    """A text without the white space around it; numbers become text, blank is None.

    Raises:
        Parked: it is neither text nor number.
    """
    value = data.get(name)
    if type(value) is str:
        return value.strip() or None
    if value is None:
        return None
    found = _plain(value)
    if found is None and _says_something(value):
        raise _wrong_shape(data, name, "", "a text")
    return found


def text_if_any(data: Data, name: str) -> str | None:
    """The same of a document or row that nothing is sent of: what is no text is None."""
    return _plain(data.get(name))


def _plain(value: Any) -> str | None:
    value = unwrap(value)
    if type(value) is str:
        return value.strip() or None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return None


def _says_something(value: Any) -> bool:
    """Whether anything is lost with a value: an object of nothing but empty fields says nothing."""
    if isinstance(value, Mapping):
        return any(map(_says_something, value.values()))
    if isinstance(value, list):
        return any(map(_says_something, value))
    return not _is_blank(value) and value is not False


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


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
    if is_plausible(value):
        return value
    raise _not_understood(data, name, where, "a number of a plausible size")


def is_plausible(value: Decimal) -> bool:
    """Whether a number has a size that money and quantities have."""
    return MIN_EXPONENT <= value.adjusted() <= MAX_EXPONENT and value.is_finite()


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
        raise _wrong_shape(data, name, where, "a whole number")
    return int(exact)


def flag(data: Data, name: str) -> bool:
    """A check box; an empty one is no.

    Raises:
        Parked: it is neither yes nor no.
    """
    value = data.get(name)
    if type(value) is bool:
        return value
    value = unwrap(value)
    word = value.strip().lower() if isinstance(value, str) else value
    if word in (True, "true") and type(word) in (bool, str):
        return True
    if word in (None, "", "false") or word is False or not _says_something(word):
        return False
    raise _wrong_shape(data, name, "", "true or false")


def day(data: Data, name: str, where: str = "") -> date | None:
    """A calendar date.

    Visma writes dates with a zero time and without a zone: the first ten characters count, and nothing is converted.
    Midnight in any zone is how systems write a date. Another time with a zone is a moment, which is a different day
    elsewhere: 2026-11-28T23:00:00Z is the 29th in Oslo, and which of them is meant, Visma does not document.
    Empty dates come as those of .NET (0001-01-01, 9999-12-31) and of SQL (1900-01-01); nothing before 1901 is a date.

    Raises:
        Parked: it is no date, or none that a document of today can have (before 1990 or after 2099), or a moment.
    """
    value = data.get(name)
    if type(value) is not str:
        value = text(data, name)
        if value is None:
            return None
    try:
        found = _date_of(value)
    except ValueError:
        raise _wrong_shape(data, name, where, "a plausible date") from None
    if found is not None and not _PLAUSIBLE[0] <= found.year <= _PLAUSIBLE[1]:
        raise _not_understood(data, name, where, "a plausible date")
    return found


def part(data: Data, name: str) -> Data:
    """A nested object; an empty one when there is none.

    Raises:
        Parked: something else is in its place.
    """
    value = data.get(name)
    if type(value) is dict:
        if "value" not in value:
            return value
        value = unwrap(value)
    if isinstance(value, Mapping):
        return value
    if _says_something(value):
        raise _wrong_shape(data, name, "", "an object")
    return _NOTHING


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
    if _is_blank(value):
        return []
    if not isinstance(value, list):
        raise _wrong_shape(data, name, "", "a list")
    found = []
    for index, row in enumerate(value):
        content = unwrap(row)
        if not isinstance(content, Mapping):
            raise _wrong_shape({f"{name}[{index}]": row}, f"{name}[{index}]", "", "an object")
        found.append(content)
    return found


_PLACES: dict[str, list[str]] = {}
"""The paths of the rows of a list, by its name; as many as the longest one had so far."""


def _places(name: str, count: int) -> list[str]:
    known = _PLACES.setdefault(name, [])
    if len(known) < count:
        known += [f"{name}[{index}]" for index in range(len(known), count)]
    return known


def each(read: Callable[[Any, str, _Shared], _Read], found: Sequence[Any], name: str, shared: _Shared) -> list[_Read]:
    """Read the rows of a list, each with its path and what all share; an error about a field of a row names the row."""
    done: list[_Read] = []
    where = name
    try:
        for row, where in zip(found, _places(name, len(found)), strict=False):
            done.append(read(row, where, shared))
    except Parked as parked:
        if parked.code is Reason.UNEXPECTED_SHAPE and not (parked.field or "").startswith(where):
            parked.field, parked.sentence = f"{where}.{parked.field}", f"{where}.{parked.sentence}"
        raise
    return done


def missing(path: str, what: str, *, by_api: bool = False) -> Parked:
    """The document lacks something indispensable; `by_api`: no user of Visma can leave it empty."""
    step = ABOUT_THE_API if by_api else None
    return Parked(f"Visma gives no {what} ({path}).", next_step=step, field=path, code=Reason.FIELD_MISSING)


def path_of(name: str, where: str) -> str:
    """`lines[2].uom`, or `uom` at the top."""
    return f"{where}.{name}" if where else name


def said(written: str | int | None) -> str | None:
    """A text without the white space around it; a number becomes text, blank is None."""
    if type(written) is str:
        return written.strip() or None
    return None if written is None else str(written)


# The lines of a document tend to share a few dates.
@lru_cache(maxsize=1024)
def day_of(written: str | None) -> date | None:
    """A calendar date, as `day` reads it.

    Raises:
        ValueError: it is no date, or none that a document of today can have.
    """
    found = _date_of(written) if written is not None else None
    if found is not None and not _PLAUSIBLE[0] <= found.year <= _PLAUSIBLE[1]:
        raise ValueError(written)
    return found


@lru_cache(maxsize=256)
def _date_of(value: str) -> date | None:
    value = value.strip()
    if not value:
        return None
    found = date.fromisoformat(value[:10])
    if found < FIRST_DAY or found == date.max:
        return None
    timestamp = _TIMESTAMP.fullmatch(value[10:])
    if timestamp and timestamp["time"].strip("0:.,"):
        raise ValueError(value)
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
    raise _wrong_shape({name: value}, name, where, "a number")


def _not_understood(data: Data, name: str, where: str, what: str) -> Parked:
    path = path_of(name, where)
    return Parked(f"{path} is {_shown(data.get(name))}, not {what}.", field=path, code=Reason.FIELD_INVALID)


def _wrong_shape(data: Data, name: str, where: str, what: str) -> Parked:
    path = path_of(name, where)
    return Parked(
        f"{path} is {_shown(data.get(name))}, not {what}.",
        next_step=ABOUT_THE_API,
        field=path,
        code=Reason.UNEXPECTED_SHAPE,
    )


def _shown(value: Any) -> str:
    shown = str(unwrap(value))
    return f"'{shown if len(shown) <= 40 else f'{shown[:40]}...'}'"
