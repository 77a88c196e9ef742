"""The id of a revision: a hash of what the partner would see.

The same content always has the same id, whatever the order of fields and lines in Visma, and however numbers and
missing values are written. Fields without a value are left out, so that a new field in the records does not change the
id of documents that do not use it. The hashed form is JSON with strings only and does not depend on the version of
Python.

These fields are not hashed:

* References to other documents of ours, though a partner sees them. A credit note is applied to invoices like a
  payment, perhaps long after it was sent. The sales order and the shipment of a line never change.
* The buyer's reference and the other references. They cannot change: of a released invoice only the due date and the
  cash discount date can be edited (Visma's help, "About correction of a released invoice").
* The names of a location and of an account, and the internal id of a party: their numbers are hashed. Whether an
  address was entered on the document: the address is hashed.
* Whether Visma itself sends the document as well, whether it looks like an instalment, and of which kind the number of
  a place is.
* What only serves to check or to calculate other figures: the total implied by company currency, the percentage of a
  discount, and whose place the goods go to.

A cash discount of zero is hashed as none, so that ids from before the two were distinguished do not change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from msgspec.structs import fields

from connector.domain.documents import (
    Address,
    BusinessDocument,
    Contact,
    DocumentDiscount,
    Invoice,
    InvoiceLine,
    Kind,
    OrderLine,
    Party,
    PurchaseOrder,
    Tax,
    Terms,
)
from connector.domain.invoice_types import InvoiceType

_encode = msgspec.json.Encoder().encode
_NOT_SEEN = frozenset(
    {
        *("source", "order_source", "original_invoices", "sales_order", "shipment", "buyer_reference"),
        *("other_references", "location_name", "account_name", "implied_total", "percent", "ships_to_us"),
        *("internal_id", "is_elsewhere", "is_warehouse", "sent_by_visma", "is_instalment"),
    }
)
_ZERO_NOT_SEEN = frozenset({"cash_discount"})


def revision_id(content: BusinessDocument) -> str:
    """SHA-256, in hexadecimal, of the canonical form of `content`.

    Equal for `800.0`, `800` and `8E+2`, for None, "" and blank text, for lines, taxes and discounts in any order, and
    for any position of a line in the Visma document. Different if anything else that a partner could see differs.
    """
    return sha256(_encode(_PLAIN[type(content)](content))).hexdigest()


def _number(value: Decimal) -> str:
    """One notation for each number; zero has no sign."""
    return str(value.normalize()) if value else "0"


def _record(cls: type) -> Callable[[Any], dict[str, Any]]:
    """A function that converts records of `cls` into plain data, without empty fields."""
    names = sorted(field.name for field in fields(cls) if field.name not in _NOT_SEEN)
    values_of = attrgetter(*names)
    plain = _PLAIN
    zero_not_seen = _ZERO_NOT_SEEN

    def plain_record(record: Any) -> dict[str, Any]:
        return {
            name: said
            for name, value in zip(names, values_of(record), strict=True)
            if value is not None and (value or name not in zero_not_seen) and (said := plain[type(value)](value))
        }

    return plain_record


def _several(values: tuple[Any, ...]) -> list[Any]:
    """Records in a canonical order: lines by number, others by content. Plain texts keep their order."""
    if not values:
        return []
    said = [_PLAIN[type(value)](value) for value in values]
    if type(values[0]) is str:
        return said
    if hasattr(values[0], "number"):
        numbers = [value.number for value in values]
        if len(set(numbers)) == len(numbers):
            return [row for _, row in sorted(zip(numbers, said, strict=True), key=itemgetter(0))]
    return sorted(said, key=_encode)


# How each type is written. None, blank text and False are left out; zero is written.
_PLAIN: dict[type, Callable[[Any], Any]] = {
    str: str.strip,
    Decimal: _number,
    int: str,
    bool: {True: "yes"}.get,
    date: date.isoformat,
    tuple: _several,
    Kind: attrgetter("value"),
    InvoiceType: attrgetter("value"),
}
for _cls in (
    PurchaseOrder,
    OrderLine,
    Invoice,
    InvoiceLine,
    Party,
    Address,
    Contact,
    Terms,
    Tax,
    DocumentDiscount,
):
    _PLAIN[_cls] = _record(_cls)
