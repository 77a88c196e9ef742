"""What both dialects say of a sales order confirmation."""

from __future__ import annotations

from datetime import date

from connector.domain.documents import PurchaseOrder
from connector.edi.visma.fields import missing


def customers_order(order: PurchaseOrder) -> str:
    """The number of the customer's order, by which it is confirmed and Orderful files the confirmation.

    Raises:
        Parked: Visma has none.
    """
    if order.supplier_reference is None:
        raise missing("customer.order", "order number of the customer")
    return order.supplier_reference


def ship_days(order: PurchaseOrder) -> dict[str, date]:
    """By line: the day on which it is to be shipped."""
    return {str(line.number): line.promised for line in order.lines if line.promised}
