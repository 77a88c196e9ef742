"""The fields of a document of Visma that is not quite as Visma documents it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast, get_args

import msgspec
from msgspec import UnsetType

from connector.edi.visma import fields
from connector.edi.visma.fields import Data
from connector.edi.visma.shape import Day, Flag, Id, Number, Plain, Row, Text, Whole

Shape = TypeVar("Shape", bound=Row)

_Rule = Callable[[Data, str], Any]
"""Reads a field of an object that stands at a place of the document."""


class Tolerant:
    """An object of Visma with the fields of its shape, each read when it is asked for, by the rules of `fields`.

    A field that cannot be read raises `Parked` with its path.
    """

    __slots__ = ("_data", "_shape", "_where")

    def __init__(self, data: Data, shape: type[Row], where: str = "") -> None:
        """Take an object, its shape, and where it stands in the document if it is a row of a list."""
        self._data, self._shape, self._where = data, shape, where

    def __getattr__(self, name: str) -> Any:
        """The field of this name."""
        rule = _rules(self._shape).get(name)
        if rule is not None:
            return rule(self._data, self._where)
        derived: property = getattr(self._shape, name)
        return derived.__get__(self)

    def __eq__(self, other: object) -> bool:
        """Whether Visma gives the same."""
        return isinstance(other, Tolerant) and self._data == other._data

    __hash__ = None  # type: ignore[assignment]

    def states(self, name: str) -> bool:
        """Whether a field has a value, of whatever shape."""
        return fields.unwrap(self._data.get(_names(self._shape)[name])) is not None

    def refuse_plain(self) -> None:
        """Every amount is exact here."""

    def path(self, name: str) -> str:
        """Where a field stands in the document, for messages."""
        return fields.path_of(_names(self._shape)[name], self._where)


def tolerant(data: Data, shape: type[Shape], where: str = "") -> Shape:
    """An object of Visma, whatever it looks like, as a reader of `shape` takes it."""
    return cast("Shape", Tolerant(data, shape, where))


@cache
def _names(shape: type[Row]) -> dict[str, str]:
    """Field -> what Visma calls it."""
    return {one.name: one.encode_name for one in msgspec.structs.fields(shape)}


@cache
def _rules(shape: type[Row]) -> dict[str, _Rule]:
    return {
        one.name: _rule(one.encode_name, one.type) for one in msgspec.structs.fields(shape) if one.type is not UnsetType
    }


def _rule(name: str, of_type: Any) -> _Rule:
    simple = _SIMPLE.get(of_type)
    if simple is not None:
        return lambda data, where: simple(data, name, where)
    inner = next(one for one in get_args(of_type) if one is not type(None)) if get_args(of_type) else of_type
    if inner is Any or of_type is Any:
        return lambda data, _: data.get(name)
    if isinstance(inner, type) and issubclass(inner, Row):
        return lambda data, _: _part(data, name, inner)
    (row,) = get_args(inner)
    return lambda data, _: [tolerant(one, row, f"{name}[{index}]") for index, one in enumerate(fields.rows(data, name))]


def _part(data: Data, name: str, shape: type[Row]) -> Row | None:
    found = fields.part(data, name)
    return tolerant(found, shape, name) if found else None


def _day(data: Data, name: str, where: str) -> str | None:
    found = fields.day(data, name, where)
    return None if found is None else found.isoformat()


_SIMPLE: dict[Any, Callable[[Data, str, str], Any]] = {
    Text: lambda data, name, _: fields.text(data, name),
    Id: lambda data, name, _: fields.text(data, name),
    Number: fields.number,
    Plain: fields.number,
    Whole: fields.whole,
    Flag: lambda data, name, _: fields.flag(data, name),
    Day | None: _day,
}
