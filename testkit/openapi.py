"""Validates answers against the vendors' published OpenAPI documents.

The schemas are OpenAPI 3.0: `nullable` and `$ref` are converted to JSON Schema, and every object with properties
refuses additional ones, so that an unpublished key is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema

from contracts import facts

_KEPT = ("type", "enum", "minLength", "maxLength", "maxItems", "minItems", "maximum", "minimum")


class Contract:
    """One OpenAPI document.

    Attributes:
        paths: Path template -> method -> operation.
        access: The authentication of a request.
    """

    def __init__(self, document: Mapping[str, Any], *, all_nullable: bool) -> None:
        """Convert the schemas; `all_nullable` allows null for every property and array element."""
        self.paths: Mapping[str, Any] = document["paths"]
        self.schemas: Mapping[str, Any] = document["components"]["schemas"]
        self.access: Mapping[str, Any] = document["access"]
        self._all_nullable = all_nullable
        self._definitions = {name: self._converted(schema) for name, schema in self.schemas.items()}

    @classmethod
    def load(cls, name: str, *, all_nullable: bool = False) -> Contract:
        """Load a contract from `contracts/`."""
        return _loaded(name, all_nullable)

    def operation(self, method: str, path: str) -> Mapping[str, Any]:
        """The operation with exactly this path template."""
        operation: Mapping[str, Any] = self.paths[path][method.lower()]
        return operation

    def query_parameters(self, method: str, path: str) -> Mapping[str, Any]:
        """Name -> schema of the query parameters."""
        parameters = self.operation(method, path).get("parameters", [])
        return {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}

    def problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """The violations of the contract in an answer."""
        answers = self.operation(method, path)["responses"]
        if str(status) not in answers:
            return [f"{method} {path} has no answer {status}"]
        schema = answers[str(status)]["content"]["application/json"]["schema"]
        rooted = {"$defs": self._definitions, **self._converted(schema)}
        found = jsonschema.Draft202012Validator(rooted).iter_errors(body)
        return [f"{error.json_path}: {error.message[:200]}" for error in found]

    def errors(self, name: str, value: Any) -> Iterator[jsonschema.ValidationError]:
        """The violations of the schema of this name in a value."""
        rooted = {"$defs": self._definitions, "$ref": f"#/$defs/{name}"}
        return jsonschema.Draft202012Validator(rooted).iter_errors(value)

    def _converted(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            return {"$ref": f"#/$defs/{schema['$ref'].rsplit('/', 1)[-1]}"}
        result: dict[str, Any] = {name: schema[name] for name in _KEPT if name in schema}
        for name in ("allOf", "oneOf", "anyOf"):
            if name in schema:
                result[name] = [self._converted(one) for one in schema[name]]
        if "items" in schema:
            result["items"] = self._member(schema["items"])
        if "properties" in schema:
            result["properties"] = {name: self._member(one) for name, one in schema["properties"].items()}
            result["required"] = schema.get("required", [])
            result["additionalProperties"] = schema.get("additionalProperties", False)
        return result

    def _member(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        converted = self._converted(schema)
        if self._all_nullable or schema.get("nullable"):
            return {"anyOf": [converted, {"type": "null"}]}
        return converted


@cache
def _loaded(name: str, all_nullable: bool) -> Contract:
    return Contract(facts.load(name), all_nullable=all_nullable)
