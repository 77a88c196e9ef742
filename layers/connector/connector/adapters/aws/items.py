"""Converts plain values to and from DynamoDB's attribute format, and times to sortable text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Item = dict[str, Any]


def to_item(values: Mapping[str, Any]) -> Item:
    """Attributes of an item; None values are left out."""
    return {name: _attribute(value) for name, value in values.items() if value is not None}


def _attribute(value: Any) -> dict[str, Any]:
    """A value in DynamoDB's format.

    Raises:
        TypeError: it is a value that would not come back as it is, like a binary float.
    """
    form = _FORMS.get(type(value)) or next((form for of, form in _FORMS.items() if isinstance(value, of)), None)
    if form is None:
        raise TypeError(f"A {type(value).__name__} has no form in DynamoDB.")
    kind, write = form
    return {kind: write(value)}


def _texts(values: set[Any] | frozenset[Any]) -> list[str]:
    if not values or not all(isinstance(one, str) for one in values):
        raise TypeError("A set has a form in DynamoDB only if it has texts, and nothing else.")
    return sorted(values)


def _as_it_is(value: Any) -> Any:
    return value


_FORMS: Mapping[type, tuple[str, Callable[[Any], Any]]] = {
    # The words of an enumeration are plain text.
    str: ("S", str.__str__),
    bool: ("BOOL", _as_it_is),
    int: ("N", str),
    Decimal: ("N", str),
    bytes: ("B", _as_it_is),
    list: ("L", lambda values: [_attribute(one) for one in values]),
    tuple: ("L", lambda values: [_attribute(one) for one in values]),
    dict: ("M", lambda values: {name: _attribute(one) for name, one in values.items()}),
    set: ("SS", _texts),
    frozenset: ("SS", _texts),
    type(None): ("NULL", lambda _: True),
}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an item; numbers are `Decimal`, binary attributes plain bytes."""
    return {name: _value(attribute) for name, attribute in item.items()}


def _value(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    return _READERS[kind](value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "S": _as_it_is,
    "BOOL": _as_it_is,
    "N": Decimal,
    "B": _as_it_is,
    "L": lambda values: [_value(one) for one in values],
    "M": from_item,
    "SS": set,
    "BS": set,
    "NS": lambda values: set(map(Decimal, values)),
    "NULL": lambda _: None,
}


def expiry(written: datetime, keep: timedelta | None) -> int | None:
    """The expiry of an item for DynamoDB's time to live (seconds since 1970); None: never."""
    return None if keep is None else int((written + keep).timestamp())


def time_text(timestamp: datetime) -> str:
    """An instant as text that sorts by time."""
    return timestamp.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_time(text: str | None) -> datetime | None:
    """The instant in such a text; None for no text."""
    return datetime.fromisoformat(text) if text else None
