"""Declares the settings of the routing file. Each setting is declared once, as a field of a record.

    line_date: LineDate = setting(choice(LineDate), "promised", "Which date of an order line is the wanted day")

From the declarations come the schema and the check of the file (`routing_file.py`), the value of each setting for a
document (`resolve.py`), what `connector config show` prints, and what `connector.example.yaml` has to mention. The type
of the field is checked against the type of the value. `route.py` has all the records, and `SETTINGS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, Field, dataclass, field, fields
from enum import Enum
from typing import Any, TypeVar

from connector.domain.documents import Kind
from connector.domain.routing.values import ValueType

T = TypeVar("T")


class Place(Enum):
    """A part of the file in which a setting may be given; the value is its name for people."""

    FILE = "the file"
    DEFAULTS = "defaults"
    COMPANY = "a company"
    PARTNER = "a partner"
    KIND = "kinds of them"


EVERYWHERE = (Place.DEFAULTS, Place.COMPANY, Place.PARTNER, Place.KIND)
POLLING = (Place.DEFAULTS, Place.COMPANY)
"""The places of settings for polling, which are the same for all partners of a company."""

PARTIES = (Place.COMPANY, Place.PARTNER)
"""The places of a setting that belongs to one entry only, without layers."""


class Merge(Enum):
    """How a later layer changes the value of an earlier one. Each field of a group has its own rule."""

    REPLACE = "the later value counts"
    KEYS = "key by key: the later entry counts"
    FIELDS = "key by key, and inside an entry field by field"
    KIND = "the latest layer that names the kind counts; in it the exact kind goes before `invoice`"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the routing file.

    Attributes:
        key: Its key inside its place (`changes.quantity`).
        type: The type of its value.
        help: Its description for people who write the file, without the default and the choices.
        default: The built-in value, in the notation of the file; None without one. A kind may declare another one
            (`KindFacts.defaults`).
        default_help: A description of the built-in value, if that is not a plain value.
        places: Where it may be given.
        merge: How a later layer changes the value of an earlier one.
        needed: It is required.
        ask_above: The largest plausible value, in the notation of the file; `config check` warns above it.
    """

    key: str
    type: ValueType[Any]
    help: str
    _: KW_ONLY
    default: Any = None
    default_help: str | None = None
    places: tuple[Place, ...] = EVERYWHERE
    merge: Merge = Merge.REPLACE
    needed: bool = False
    ask_above: str | None = None

    def built_in(self, kind: Kind | None = None) -> Any:
        """The built-in value for a kind of document, in the notation of the file."""
        return self.default if kind is None else kind.facts.defaults.get(self.key, self.default)


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that are grouped under one key, and are read as one record."""

    key: str
    record: type[Any]


def setting(type_: ValueType[T], default: Any, help_: str, *, key: str | None = None, **declared: Any) -> T:
    """Declare a setting that always has a value. The key is the name of the field unless it is given."""
    return _declared(type_, help_, key, {**declared, "default": default})  # type: ignore[no-any-return]


def optional(type_: ValueType[T], help_: str, *, key: str | None = None, **declared: Any) -> T | None:
    """Declare a setting that may have no value; it is None then."""
    return _declared(type_, help_, key, declared)  # type: ignore[no-any-return]


def group(record: type[T]) -> T:
    """Declare settings that are grouped under the name of the field; the fields of `record` declare them."""
    return field(default_factory=record, metadata={"group": record})


def _declared(type_: ValueType[Any], help_: str, key: str | None, declared: Mapping[str, Any]) -> Any:
    made = {"key": key, "type": type_, "help": help_, **declared}
    default = made.get("default")
    if default is None:
        return field(default=None, metadata={"setting": made})
    built_in = type_.read(default)
    return field(default_factory=lambda: built_in, metadata={"setting": made})


def declared_in(record: type[Any], prefix: str = "") -> Mapping[str, Setting | Group]:
    """The settings and groups of a record, by the name of the field; in a group, keys have its key as prefix."""
    if (record, prefix) not in _records:
        _records[record, prefix] = {one.name: made for one in fields(record) for made in _made(one, prefix)}
    return _records[record, prefix]


_records: dict[tuple[type[Any], str], Mapping[str, Setting | Group]] = {}


def _made(of: Field[Any], prefix: str) -> Iterator[Setting | Group]:
    if "setting" in of.metadata:
        declared = of.metadata["setting"]
        yield Setting(**{**declared, "key": f"{prefix}{declared['key'] or of.name}"})
    elif "group" in of.metadata:
        yield Group(f"{prefix}{of.name}", of.metadata["group"])


def settings_of(record: type[Any], prefix: str = "") -> Iterator[Setting]:
    """Every setting of a record and of its groups."""
    for one in declared_in(record, prefix).values():
        if isinstance(one, Group):
            yield from settings_of(one.record, f"{one.key}.")
        else:
            yield one
