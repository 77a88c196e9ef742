"""Mosaic 850."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from connector.domain.documents import PurchaseOrder
from connector.domain.parties import Role
from connector.domain.totals import ZERO
from connector.edi.canonical import CanonicalDocument, ChargeKind, LineView, order_type
from connector.edi.dialect import Gap
from connector.edi.mosaic.write.common import (
    CURRENCY,
    ITEM,
    REFERENCES,
    UNIT,
    VAT,
    allowances_and_charges,
    clean,
    filled,
    item,
    note,
    parties_called,
    quantity,
    terms,
)
from connector.edi.numbers import money_text

_SUMS = frozenset({ChargeKind.DISCOUNT, ChargeKind.FREIGHT})
"""What Mosaic's 850 has a sum for in its header; it has no list of allowances and charges there."""

GAPS = (
    CURRENCY,
    VAT,
    UNIT,
    ITEM,
    REFERENCES,
    Gap(
        "lines",
        "Mosaic's purchase order has no place for charges other than freight",
        lambda document: any(charge.kind not in _SUMS for charge in document.charges),
    ),
)
"""What an order may have and Mosaic cannot carry."""

_parties = parties_called(
    {
        Role.BUYER: "buyer",
        Role.BILL_TO: "billTo",
        Role.SHIP_TO: "shipTo",
        Role.SELLER: "supplier",
    }
)


def purchase_order(document: CanonicalDocument, order: PurchaseOrder) -> dict[str, Any]:
    """The `message` of a `850_PURCHASE_ORDER`.

    Raises:
        Parked: the order type is not mapped.
    """
    return filled(
        {
            "purpose": document.purpose.value,
            "purchaseOrderType": order_type(order, document),
            "purchaseOrderNumber": order.number,
            "purchaseOrderDate": order.ordered_on.isoformat(),
            "releaseNumber": document.blanket,
            "parties": _parties(document),
            "dates": _dates(document.wanted_on) if document.wanted_on else None,
            "termsOfSale": terms(document.terms),
            "carrierDetails": _carrier(order),
            "notes": note([*document.texts, *_asides(document, order)]),
            "monetaryAmounts": _amounts(document),
            "lineItems": [_line(line) for line in document.lines],
        }
    )


def _line(line: LineView) -> dict[str, Any]:
    written: dict[str, Any] = {
        "purchaseOrderLineId": line.number,
        "quantity": quantity(line),
        "unitCostPrice": line.price_text,
        **item(line.buyer_item, line.vendor_item, line.gtin, line.description),
    }
    if line.wanted:
        written["dates"] = _dates(line.wanted)
    if line.warehouse:
        written["references"] = {"warehouseStorageLocation": {"value": line.warehouse}}
    if line.charges:
        written |= filled(allowances_and_charges(line.charges))
    if line.note or line.promised:
        promised = f"Promised: {line.promised.isoformat()}" if line.promised else None
        if notes := note([line.note, promised]):
            written["notes"] = notes
    return written


# The lines of a document share a few dates. Nobody changes what is written.
@lru_cache(maxsize=1024)
def _dates(wanted: date) -> dict[str, str]:
    return {"requestedDeliveryDate": wanted.isoformat()}


def _carrier(order: PurchaseOrder) -> dict[str, Any]:
    return filled(
        {
            "routing": [{"description": way}] if (way := clean(order.ship_via)) else None,
            "freeOnBoard": [delivery]
            if (
                delivery := filled(
                    {"description": clean(order.ship_terms), "locationDescription": clean(order.fob_point)}
                )
            )
            else None,
        }
    )


def _asides(document: CanonicalDocument, order: PurchaseOrder) -> list[str]:
    """What has no field of its own in Mosaic and is still told, as text."""
    notes = [f"Supplier reference: {order.supplier_reference}"] if order.supplier_reference else []
    return notes + [
        f"{charge.kind.value.capitalize()} {money_text(_as_summed(charge.kind, charge.amount))}: {charge.description}"
        for charge in document.charges
        if charge.description
    ]


def _as_summed(kind: ChargeKind, amount: Decimal) -> Decimal:
    """The amount with the sign that it has in Mosaic's sums, where a discount is positive."""
    return -amount if kind is ChargeKind.DISCOUNT else amount


def _amounts(document: CanonicalDocument) -> dict[str, Any]:
    """Mosaic's 850 has sums at the header instead of allowances and charges."""
    sums: dict[ChargeKind, Decimal] = {}
    for charge in document.charges:
        sums[charge.kind] = sums.get(charge.kind, ZERO) + charge.amount
    discount, freight = sums.get(ChargeKind.DISCOUNT), sums.get(ChargeKind.FREIGHT)
    return filled(
        {
            "net": money_text(document.total),
            "discount": money_text(_as_summed(ChargeKind.DISCOUNT, discount)) if discount else None,
            "freight": money_text(freight) if freight else None,
        }
    )
