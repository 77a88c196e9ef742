"""Reads the facts of this folder.

`visma.json` and `orderful.json` write a published structure in a short form; `load` gives it in the form of OpenAPI,
with the parts that the file keeps: `paths`, `components.schemas`.

A type is a text or an object:

| written | means |
|---|---|
| `string`, `number:double` | a type, with its format |
| `@Name` | the schema of this name |
| `string[]`, `@Name[]` | a list of it |
| a `?` behind it | may be null |
| `{"words": "a b"}` | a text out of these words, or out of a list of texts |
| `{"is": T, "maxItems": 5}` | the type, with further keywords of JSON Schema |
| `{"list": T, ...}` | a list of what is not written as a text |
| `{"fields": {...}}` | an object; a field whose name ends with `!` is required |
| `{"one_of": [T, ...]}` | one of these |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
INDEX = ROOT / "index.json"
_JSON = "application/json"


@cache
def load(name: str) -> Mapping[str, Any]:
    """A published structure as an OpenAPI document; `access` is how a request identifies itself.

    Args:
        name: `visma.json` or `orderful.json`.

    Raises:
        FileNotFoundError: There is no such file: the clone is not complete.
    """
    facts = json.loads((ROOT / name).read_text(encoding="utf-8"))
    paths: dict[str, dict[str, Any]] = {}
    for operation, parts in facts["operations"].items():
        method, path = operation.split(" ")
        paths.setdefault(path, {})[method.lower()] = _operation(parts)
    schemas = {schema: _object(fields) for schema, fields in facts["schemas"].items()}
    return {"paths": paths, "components": {"schemas": schemas}, "access": facts["access"]}


def sample(name: str) -> bytes:
    """A sample body of Orderful's, as JSON."""
    return (ROOT / "samples" / f"{name}.json").read_bytes()


def elements() -> Iterator[tuple[str, bool, Mapping[str, tuple[str, str, str]]]]:
    """The elements of `x12.tsv`.

    Yields:
        The position, whether the standard has a code list for it, and by version (`4010`, `5010`) the requirement, the
        type and the length; `-` is none.
    """
    header, *rows = (ROOT / "x12.tsv").read_text(encoding="utf-8").splitlines()
    versions = header.split("\t")[1:3]
    for row in rows:
        position, older, newer, coded = row.split("\t")
        requirement, kind, length = older.split()
        later, later_kind, later_length = (newer or older).split()
        by_version = ((requirement, kind, length), (later, later_kind, later_length))
        yield position, coded == "codes", dict(zip(versions, by_version, strict=True))


def _operation(parts: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name.removesuffix("!"), "in": place, "required": name.endswith("!"), "schema": _schema(kind)}
        for place in ("query", "header")
        for name, kind in parts.get(place, {}).items()
    ]
    answers = {
        status: {"content": {_JSON: {"schema": _schema(kind)}}} if kind else {}
        for status, kind in parts["answers"].items()
    }
    body = {media: {"schema": _schema(kind)} for media, kind in parts.get("body", {}).items()}
    return {"parameters": parameters, "responses": answers, **({"requestBody": {"content": body}} if body else {})}


def _object(fields: Mapping[str, Any]) -> dict[str, Any]:
    required = [name.removesuffix("!") for name in fields if name.endswith("!")]
    properties = {name.removesuffix("!"): _schema(kind) for name, kind in fields.items()}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _schema(kind: Any) -> dict[str, Any]:
    if isinstance(kind, str):
        return _written(kind)
    more = {name: value for name, value in kind.items() if name not in {"is", "list", "words", "fields", "one_of"}}
    if "words" in kind:
        words = kind["words"]
        return {"type": "string", "enum": words.split() if isinstance(words, str) else words, **more}
    if "list" in kind:
        return {"type": "array", "items": _schema(kind["list"]), **more}
    if "fields" in kind:
        return {**_object(kind["fields"]), **more}
    if "one_of" in kind:
        return {"oneOf": [_schema(one) for one in kind["one_of"]], **more}
    return {**_schema(kind["is"]), **more}


def _written(kind: str) -> dict[str, Any]:
    if kind.endswith("?"):
        return {**_written(kind[:-1]), "nullable": True}
    if kind.endswith("[]"):
        return {"type": "array", "items": _written(kind[:-2])}
    if kind.startswith("@"):
        return {"$ref": f"#/components/schemas/{kind[1:]}"}
    name, _, form = kind.partition(":")
    return {"type": name, **({"format": form} if form else {})}
