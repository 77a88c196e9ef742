"""The check of a Mosaic message by which the sandbox Orderful finds it VALID or INVALID.

Fields, words and REQUIRED marks are those of Orderful's published structure (`contracts/orderful.json`). The sandbox is
stricter than the structure says it is: what is not listed is refused, and texts have to be days or decimals where they
stand for one, so that a mistake is found here and not at a partner.
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
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_NO_DAY: Final = "basisDate"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DECIMALS: Final = _words(
    "unitPrice unitCostPrice extendedPrice lineTotal price amount percent discountPercent discountAmount net gross "
    "invoiceTotal invoiceSalesTotal invoiceTermsDiscount"
)
_IN_EXAMPLES: Final = _words(
    "allowances charges releaseNumber carrierDetails innerPack outerPack billOfLadingNumber proNumber shipmentId "
    "quantityAndWeight equipment conditionType action maxOrderValue services"
)
"""Fields that Orderful's examples or pages show and its structure does not list."""

_NUMBERS_IN_EXAMPLES: Final = frozenset({"gtin12", "gtin13", "gtin14", "caseCode"})
"""Texts by the structure, numbers in its examples."""

_REQUIRED: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "850_PURCHASE_ORDER": (
        _words("purpose purchaseOrderType purchaseOrderNumber purchaseOrderDate lineItems"),
        _words("productIds"),
    ),
    "810_INVOICE": (
        _words("invoiceNumber invoiceDate lineItems"),
        _words("quantityInvoiced unitPrice productIds"),
    ),
    "860_PURCHASE_ORDER_CHANGE": (
        _words("purpose purchaseOrderNumber purchaseOrderDate purchaseOrderChangeDate lineItems"),
        _words("changeReason"),
    ),
}
"""What is marked REQUIRED in words only: of the document, and of a line."""

_SEGMENTS: Final = {
    "850_PURCHASE_ORDER": ("BEG", "PO1"),
    "810_INVOICE": ("BIG", "IT1"),
    "860_PURCHASE_ORDER_CHANGE": ("BCH", "POC"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message is refused.

    Attributes:
        path: Where, as `message.lineItems[0].productIds`.
        text: What is wrong.
        segment: The X12 segment it would have become.
    """

    path: str
    text: str
    segment: str


def problems(transaction_type: str, message: Any) -> list[Problem]:
    """Everything that is wrong with a Mosaic message; empty for types that the sandbox does not check."""
    if transaction_type not in _SEGMENTS:
        return []
    header, line = _SEGMENTS[transaction_type]
    found = [
        *(told for error in Contract.load("orderful.json").errors(transaction_type, message) for told in _unfit(error)),
        *_missing(transaction_type, message),
        *_careless(message, "message"),
    ]
    return [Problem(path, text, line if path.startswith("message.lineItems") else header) for path, text in found]


def business_number(transaction_type: str, message: Any) -> str:
    """The number Orderful files the document under; empty when it has none."""
    name = "invoiceNumber" if transaction_type.startswith("810") else "purchaseOrderNumber"
    value = message.get(name) if isinstance(message, dict) else None
    return value if isinstance(value, str) else ""


def _unfit(error: ValidationError) -> Iterator[tuple[str, str]]:
    """What the published structure does not allow, in Orderful's words where they are known."""
    path, name = error.json_path.replace("$", "message", 1), str(error.path[-1]) if error.path else ""
    instance: Any = error.instance
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        for extra in sorted(instance.keys() - schema["properties"].keys() - _IN_EXAMPLES):
            yield f"{path}.{extra}", f"must NOT have additional properties - {extra}"
    elif error.validator == "required":
        yield from _lacking(instance, schema["required"], path)
    elif error.validator == "enum":
        yield path, f"must be equal to one of the allowed values: {', '.join(schema['enum'])}"
    elif error.validator == "minItems":
        yield path, "must be an array with at least one element"
    elif error.validator != "type":
        yield path, error.message
    elif not (name in _NUMBERS_IN_EXAMPLES and isinstance(instance, int)):
        yield path, f"must be {schema['type']}"


def _missing(transaction_type: str, message: Any) -> Iterator[tuple[str, str]]:
    of_document, of_line = _REQUIRED[transaction_type]
    yield from _lacking(message, of_document, "message")
    lines = message.get("lineItems") if isinstance(message, dict) else None
    for index, line in enumerate(lines if isinstance(lines, list) else ()):
        yield from _lacking(line, of_line, f"message.lineItems[{index}]")


def _lacking(value: Any, names: Iterable[str], path: str) -> Iterator[tuple[str, str]]:
    for name in sorted(set(names) - value.keys() if isinstance(value, dict) else ()):
        yield f"{path}.{name}", f"must have required property '{name}'"


def _careless(value: Any, path: str, name: str = "", holder: str = "") -> Iterator[tuple[str, str]]:
    """What the structure leaves open: empty texts, days and decimals that are none, a product without an identifier."""
    if isinstance(value, str):
        if not value.strip():
            yield path, "must be a string that is not empty"
        elif name.endswith("Date") and name != _NO_DAY and not _is_day(value):
            yield path, "must be a date, CCYY-MM-DD"
        elif _is_decimal(name, holder) and not _DECIMAL.fullmatch(value):
            yield path, "must be a decimal number"
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _careless(one, f"{path}[{index}]")
    elif isinstance(value, dict):
        if name == "productIds" and not value:
            yield path, "At least one product identifier is required"
        for each, inner in value.items():
            yield from _careless(inner, f"{path}.{each}", each, name)


def _is_decimal(name: str, holder: str) -> bool:
    return name in _DECIMALS or (name == "value" and "uantity" in holder)


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False
