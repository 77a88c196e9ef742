"""Mosaic 855."""

from __future__ import annotations

from datetime import date
from typing import Any

from connector.domain.documents import PurchaseOrder
from connector.domain.parties import Role
from connector.domain.transactions import Purpose
from connector.edi.canonical import CanonicalDocument, LineView
from connector.edi.dialect import Gap
from connector.edi.mosaic.write.common import (
    CURRENCY,
    ITEM,
    UNIT,
    filled,
    item,
    note,
    parties_called,
    quantity,
    terms,
)
from connector.kinds.sales_order_confirmation.writing import customers_order, ship_days

GAPS = (
    CURRENCY,
    UNIT,
    ITEM,
    Gap(
        "shipping.address",
        "Mosaic's purchase order acknowledgment has no place for the delivery address",
        lambda document: any(party.role is Role.SHIP_TO and party.address for party in document.parties),
    ),
    Gap(
        "lines",
        "Mosaic's purchase order acknowledgment has no place for allowances and charges",
        lambda document: bool(document.charges) or any(line.charges for line in document.lines),
    ),
    Gap(
        "purpose",
        "Mosaic's purchase order acknowledgment cannot say that it replaces or cancels an earlier one",
        lambda document: document.purpose is not Purpose.ORIGINAL,
    ),
)
"""What a confirmation may have and Mosaic cannot carry.

Its prices are without VAT, which it does not speak of. Our order number has no field and stands in the note.
"""

_parties = parties_called({Role.SELLER: "supplier"})


def acknowledgment(document: CanonicalDocument, order: PurchaseOrder) -> dict[str, Any]:
    """The `message` of a `855_PURCHASE_ORDER_ACKNOWLEDGMENT`: everything is accepted as our order has it.

    Raises:
        Parked: Visma has no order number of the customer.
    """
    days = ship_days(order)
    return filled(
        {
            "purchaseOrderNumber": customers_order(order),
            "status": "accepted",
            "statusNote": note([f"Our order: {order.number}", *document.texts]).get("general"),
            "parties": _parties(document),
            "termsOfSale": terms(document.terms),
            "lineItems": [_line(line, days.get(line.number)) for line in document.lines],
        }
    )


def _line(line: LineView, ships_on: date | None) -> dict[str, Any]:
    accepted = {
        "status": "accepted",
        "statusNote": note([line.note]).get("general"),
        "quantity": quantity(line),
        "unitCostPrice": line.price_text,
        "scheduledShipDate": ships_on.isoformat() if ships_on else None,
    }
    return filled(
        {
            **item(line.buyer_item, line.vendor_item, line.gtin, line.description),
            "actions": [filled(accepted)],
        }
    )
