"""Which document a message is, and the numbers in it, without reading the document itself."""

from __future__ import annotations

import re
from typing import NamedTuple

from connector.edi.order_change.fields import Data, part, rows, text

_NUMBERED = re.compile(r"\d{3}(?=\D|$)", re.ASCII)


class _Beginning(NamedTuple):
    """A beginning segment: the document it begins, and the element by which Orderful files that."""

    document: str
    business_number: str


_BEGINNINGS = {
    "beginningSegmentForPurchaseOrder": _Beginning("850", "purchaseOrderNumber"),
    "beginningSegmentForPurchaseOrderAcknowledgment": _Beginning("855", "purchaseOrderNumber"),
    "beginningSegmentForPurchaseOrderChange": _Beginning("860", "purchaseOrderNumber"),
    "beginningSegmentForPurchaseOrderChangeAcknowledgment": _Beginning("865", "purchaseOrderNumber"),
    "beginningSegmentForShipNotice": _Beginning("856", "shipmentIdentification"),
    "beginningSegmentForInvoice": _Beginning("810", "invoiceNumber"),
}
_CHANGE_PURPOSES = frozenset({"cancellation", "change"})
_CHANGE_MARKS = ("purchaseOrderChangeDate", "changeSequenceNumber", "purchaseOrderChangeType")


def document_of(message: Data) -> str | None:
    """The X12 number of the document that a message is; None when nothing tells.

    X12-shaped messages say it. Mosaic does not, and is known by fields that only one document has (Orderful: an inbox
    item of the published structure has no type).
    """
    return _document_of_sets(message) or _document_in_mosaic(message)


def order_number_of(message: Data) -> str | None:
    """The purchase order that a message names; the first one of a ship notice."""
    for tree in rows(message, "transactionSets"):
        for key in _BEGINNINGS:
            if number := text(part(tree, key), "purchaseOrderNumber"):
                return number
        if number := _shipped_order(tree):
            return number
    named = (text(order, "purchaseOrderNumber") for order in (message, *rows(message, "orders")))
    return next(filter(None, named), None)


def business_number_of(message: Data) -> str | None:
    """The number by which Orderful files a message."""
    for tree in rows(message, "transactionSets"):
        for key, begun in _BEGINNINGS.items():
            if number := text(part(tree, key), begun.business_number):
                return number
    named = (text(message, name) for name in ("invoiceNumber", "shipmentId", "purchaseOrderNumber"))
    return next(filter(None, named), None)


def document_numbered(word: str | None) -> str | None:
    """The number that a type begins with: that of `860_PURCHASE_ORDER_CHANGE` is `860`."""
    found = _NUMBERED.match(word or "")
    return found[0] if found else None


def _document_of_sets(message: Data) -> str | None:
    for tree in rows(message, "transactionSets"):
        if found := document_numbered(text(part(tree, "transactionSetHeader"), "transactionSetIdentifierCode")):
            return found
        if begun := next((_BEGINNINGS[key] for key in tree if key in _BEGINNINGS), None):
            return begun.document
    return None


def _document_in_mosaic(message: Data) -> str | None:
    lines = rows(message, "lineItems")
    if any(mark in message for mark in _CHANGE_MARKS) or any("changeReason" in line for line in lines):
        return "860"
    if text(message, "invoiceNumber"):
        return "810"
    if text(message, "shipmentId") or rows(message, "orders"):
        return "856"
    if text(message, "purchaseOrderNumber") is None:
        return None
    if text(message, "purpose") in _CHANGE_PURPOSES:
        # An 850 may be purposed so, too; taken for a change it is shown to a person and not passed over.
        return "860"
    return "855" if "status" in message or any("actions" in line for line in lines) else "850"


def _shipped_order(tree: Data) -> str | None:
    """PRF01 of the first order-level HL. Orderful lists the levels flat; nested ones are found as well."""
    waiting = rows(tree, "HL_loop")[::-1]
    while waiting:
        level = waiting.pop()
        waiting += rows(level, "HL_loop")[::-1]
        code = text(part(level, "hierarchicalLevel"), "hierarchicalLevelCode")
        if code in {"O", None} and (number := text(part(level, "purchaseOrderReference"), "purchaseOrderNumber")):
            return number
    return None
