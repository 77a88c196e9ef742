"""The validation of a Mosaic message: VALID or INVALID.

Fields, values and REQUIRED marks are those of Orderful's published structure (`contracts/orderful.json`). The sandbox
is stricter, to find mistakes early: unlisted fields are refused, and texts for dates and decimals must be well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from jsonschema import ValidationError

from testkit.openapi import Contract

_DECIMAL: Final = re.compile(r"-?\d+(\.\d+)?")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_NO_DATE: Final = "basisDate"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DECIMALS: Final = _names(
    "unitPrice unitCostPrice extendedPrice lineTotal price amount percent discountPercent discountAmount net gross "
    "invoiceTotal invoiceSalesTotal invoiceTermsDiscount"
)
_UNLISTED_FIELDS: Final = _names(
    "allowances charges releaseNumber carrierDetails innerPack outerPack billOfLadingNumber proNumber shipmentId "
    "quantityAndWeight equipment conditionType action maxOrderValue services"
)
"""Fields in Orderful's examples or documentation that its structure does not list."""

_UNLISTED_NUMBERS: Final = frozenset({"gtin12", "gtin13", "gtin14", "caseCode"})
"""Fields that are texts in the structure and numbers in its examples."""

_REQUIRED: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "850_PURCHASE_ORDER": (
        _names("purpose purchaseOrderType purchaseOrderNumber purchaseOrderDate lineItems"),
        _names("productIds"),
    ),
    "810_INVOICE": (
        _names("invoiceNumber invoiceDate lineItems"),
        _names("quantityInvoiced unitPrice productIds"),
    ),
    "860_PURCHASE_ORDER_CHANGE": (
        _names("purpose purchaseOrderNumber purchaseOrderDate purchaseOrderChangeDate lineItems"),
        _names("changeReason"),
    ),
}
"""Fields that are REQUIRED by their description only: of the document, and of a line."""

_SEGMENTS: Final = {
    "850_PURCHASE_ORDER": ("BEG", "PO1"),
    "810_INVOICE": ("BIG", "IT1"),
    "860_PURCHASE_ORDER_CHANGE": ("BCH", "POC"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A validation error.

    Attributes:
        path: The path of the field: `message.lineItems[0].productIds`.
        text: The message.
        segment: The X12 segment of the field.
    """

    path: str
    text: str
    segment: str


def problems(transaction_type: str, message: Any) -> list[Problem]:
    """The validation errors of a Mosaic message; empty for types that the sandbox does not validate."""
    if transaction_type not in _SEGMENTS:
        return []
    header, line = _SEGMENTS[transaction_type]
    found = [
        *(
            problem
            for error in Contract.load("orderful.json").errors(transaction_type, message)
            for problem in _schema_problems(error)
        ),
        *_missing(transaction_type, message),
        *_malformed(message, "message"),
    ]
    return [Problem(path, text, line if path.startswith("message.lineItems") else header) for path, text in found]


def business_number(transaction_type: str, message: Any) -> str:
    """The business number of the document; empty when it has none."""
    name = "invoiceNumber" if transaction_type.startswith("810") else "purchaseOrderNumber"
    value = message.get(name) if isinstance(message, dict) else None
    return value if isinstance(value, str) else ""


def _schema_problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Violations of the published structure, with Orderful's messages where they are known."""
    path, name = error.json_path.replace("$", "message", 1), str(error.path[-1]) if error.path else ""
    instance: Any = error.instance
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        for extra in sorted(instance.keys() - schema["properties"].keys() - _UNLISTED_FIELDS):
            yield f"{path}.{extra}", f"must NOT have additional properties - {extra}"
    elif error.validator == "required":
        yield from _missing_fields(instance, schema["required"], path)
    elif error.validator == "enum":
        yield path, f"must be equal to one of the allowed values: {', '.join(schema['enum'])}"
    elif error.validator == "minItems":
        yield path, "must be an array with at least one element"
    elif error.validator != "type":
        yield path, error.message
    elif not (name in _UNLISTED_NUMBERS and isinstance(instance, int)):
        yield path, f"must be {schema['type']}"


def _missing(transaction_type: str, message: Any) -> Iterator[tuple[str, str]]:
    of_document, of_line = _REQUIRED[transaction_type]
    yield from _missing_fields(message, of_document, "message")
    lines = message.get("lineItems") if isinstance(message, dict) else None
    for index, line in enumerate(lines if isinstance(lines, list) else ()):
        yield from _missing_fields(line, of_line, f"message.lineItems[{index}]")


def _missing_fields(value: Any, names: Iterable[str], path: str) -> Iterator[tuple[str, str]]:
    for name in sorted(set(names) - value.keys() if isinstance(value, dict) else ()):
        yield f"{path}.{name}", f"must have required property '{name}'"


def _malformed(value: Any, path: str, name: str = "", parent: str = "") -> Iterator[tuple[str, str]]:
    """Errors that the structure allows: empty texts, malformed dates and decimals, a product without an identifier."""
    if isinstance(value, str):
        if not value.strip():
            yield path, "must be a string that is not empty"
        elif name.endswith("Date") and name != _NO_DATE and not _is_date(value):
            yield path, "must be a date, CCYY-MM-DD"
        elif _is_decimal(name, parent) and not _DECIMAL.fullmatch(value):
            yield path, "must be a decimal number"
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _malformed(one, f"{path}[{index}]")
    elif isinstance(value, dict):
        if name == "productIds" and not value:
            yield path, "At least one product identifier is required"
        for each, inner in value.items():
            yield from _malformed(inner, f"{path}.{each}", each, name)


def _is_decimal(name: str, parent: str) -> bool:
    return name in _DECIMALS or (name == "value" and "uantity" in parent)


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False
