"""The fields and types of the vendors' documents, from `contracts/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from contracts import facts

_DEEPEST = 4
_FORMATS = {"date-time": "date", "double": "number", "int32": "whole", "int64": "whole"}
_TYPES = {"string": "text", "number": "number", "integer": "whole", "boolean": "flag"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        kind: `text`, `number`, `whole`, `flag`, `date`, `part` (an object) or `rows` (a list of objects).
        fields: The fields of the object, or of each object of the list.
        words: The values of an enumerated text.
    """

    kind: str
    fields: Mapping[str, Field]
    words: tuple[str, ...] = ()


Structure = Mapping[str, Field]


@cache
def structure(file: str, name: str) -> Structure:
    """The structure of a published schema."""
    schemas = facts.load(file)["components"]["schemas"]
    return dict(_fields(schemas, schemas[name], _DEEPEST))


def _fields(schemas: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Field]]:
    for name, member in schema.get("properties", {}).items():
        found = _field(schemas, member, depth)
        if found is not None:
            yield name, found


def _field(schemas: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Field | None:
    schema = _resolved(schemas, schema)
    kind = schema.get("type")
    if kind == "array":
        inner = _field(schemas, schema.get("items", {}), depth)
        return Field("rows", inner.fields) if inner is not None and inner.kind == "part" else None
    if kind == "object" or "properties" in schema:
        return Field("part", dict(_fields(schemas, schema, depth - 1))) if depth > 0 else None
    words = tuple(word for word in schema.get("enum", ()) if isinstance(word, str))
    known = _FORMATS.get(schema.get("format", "")) or _TYPES.get(kind or "")
    return Field(known, {}, words) if known else None


def _resolved(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEEPEST):
        choices = [one for name in ("allOf", "oneOf", "anyOf") for one in schema.get(name, ())]
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
        elif choices and "properties" not in schema:
            schema = choices[0]
    return schema
