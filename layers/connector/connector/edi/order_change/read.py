"""From the message of an 860, in either dialect, to what the partner asks for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.domain.order_change.request import ChangeRequest
from connector.edi.mosaic.read.order_change import PURPOSES, read_mosaic
from connector.edi.order_change.codes import check_names
from connector.edi.order_change.common import OwnReadings
from connector.edi.order_change.fields import part, rows, text
from connector.edi.order_change.recognise import document_of
from connector.edi.x12.read.order_change import BCH, read_x12

_CHANGE = "860"
_ORDER = "850"
_NO_CODES: Mapping[str, str] = MappingProxyType({})
_NO_BASES: Mapping[str, int] = MappingProxyType({})


class NotAChange(ValueError):
    """What was given is no 860 that names an order; the message is a sentence for a person."""


def read_change(
    message: Any, *, codes: Mapping[str, str] = _NO_CODES, price_bases: Mapping[str, int] = _NO_BASES
) -> ChangeRequest:
    """Read the message of an 860. What it says and cannot be read, or held, becomes a question and never an error.

    Args:
        message: Parsed JSON with numbers as `Decimal`: Mosaic, or an object with `transactionSets`.
        codes: The partner's own readings: POC02 or `changeReason` as written -> one of `CODE_NAMES`.
        price_bases: The same of POC07 or `unitPriceBasis` -> for how many units the price is, a power of ten.

    Raises:
        NotAChange: it is no 860 in either dialect, or names no order.
        Misconfigured: `codes` has a word that does not exist.
        TypeError: a number in it is a binary float.
    """
    check_names(codes)
    own = OwnReadings(codes, price_bases)
    if not isinstance(message, dict):
        raise NotAChange("This is no 860: it is no JSON object.")
    if "transactionSets" in message:
        sets = rows(message, "transactionSets")
        tree = next((one for one in sets if part(one, BCH)), None)
        if tree is None:
            raise _other(document_of(message), f"its X12-shaped message has no {BCH} (BCH)")
        return read_x12(message, tree, _named(text(part(tree, BCH), "purchaseOrderNumber"), "BCH03"), own)
    document = document_of(message)
    # Nothing but its purpose tells the shortest 860, a cancellation, from an order in Mosaic.
    if document != _CHANGE and not (document == _ORDER and text(message, "purpose") in PURPOSES):
        raise _other(document, "it has neither transactionSets nor the fields of a Mosaic purchase order change")
    return read_mosaic(message, _named(text(message, "purchaseOrderNumber"), "purchaseOrderNumber"), own)


def _named(order_number: str | None, field: str) -> str:
    if order_number is None:
        raise NotAChange(f"This 860 names no order ({field}).")
    return order_number


def _other(document: str | None, why: str) -> NotAChange:
    known = document not in (None, _CHANGE)
    return NotAChange(f"This is no 860 but document {document}." if known else f"This is no 860: {why}.")
