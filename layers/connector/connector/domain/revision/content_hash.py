"""The id of a revision: a hash of what the partner would see.

The same content always has the same id, whatever order Visma gives fields and lines in and however it writes numbers
and gaps. Fields without a value are left out, so that a field added to the records later does not change the id of
documents that do not use it. The form is plain JSON of strings and does not depend on the version of Python.

References to other documents of ours do not count, though a partner sees them. What a credit note is applied to is
settlement, like a payment, and may come long after the note was sent. The sales order and the shipment of a line come
into being with the line and never change. Nor do the buyer's reference and the other references change: of a released
invoice only the due date and the cash discount date can be edited (Visma's help, "About correction of a released
invoice"). Nor do the names of a location and of an account, whose numbers count. Nor does what is only there to check
or to work out other figures: the total that company currency implies, the percentage of a discount, and whose place the
goods go to. The internal id of a party is no content: its number counts.

A cash discount of zero counts as none stated, so that ids from before the two were distinguished stay what they are.
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
        "internal_id",
    }
)
_ZERO_NOT_SEEN = frozenset({"cash_discount"})


def revision_id(content: BusinessDocument) -> str:
    """SHA-256, in hexadecimal, of the canonical form of `content`.

    Equal for `800.0`, `800` and `8E+2`, for None, "" and blank text, for lines, taxes and discounts in any order, and
    wherever in the Visma document a line stood. Different as soon as anything else that a partner could see differs.
    """
    return sha256(_encode(_PLAIN[type(content)](content))).hexdigest()


def _number(value: Decimal) -> str:
    """One notation for each number; also for zero, whatever its sign."""
    return str(value.normalize()) if value else "0"


def _record(cls: type) -> Callable[[Any], dict[str, Any]]:
    """A function that turns records of `cls` into plain data, without the fields that say nothing."""
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
    """Records in an order of their own: lines by number, the rest by what they say. Plain texts keep theirs."""
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


# How each type is written. Only text, numbers, dates and marks that are set say something; zero does.
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
