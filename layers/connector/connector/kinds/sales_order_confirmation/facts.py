"""What is known of sales order confirmations.

Visma: sales orders are in a service of their own (SalesOrders API V3, `salesorder.visma.net`) with an address, a scope
and pages of its own; the lists of the ERP API that had them ended on 2026-03-31. Field names are those of its published
structure of 2025 (`SalesOrderDto`, `SalesOrderLineDto`). Its status words are not published.
"""

from __future__ import annotations

from connector.domain.transactions import TransactionType
from connector.kinds.facts import Counterparty, KindFacts, Names

FACTS = KindFacts(
    noun="sales order",
    counterparty=Counterparty.CUSTOMER,
    transaction_type=TransactionType.PURCHASE_ORDER_ACKNOWLEDGMENT,
    # Visma: orders are known by type and number, as in /SalesOrders/SO/000101; quotes and returns are other types.
    types=("SO",),
    plain_type="SO",
    sends_its_types_only=True,
    # Seen in public code that reads them; the base product has them too (Acumatica, `SOOrderStatus`).
    statuses=frozenset({"Open", "Hold", "Completed", "Cancelled"}),
    sent_in=("Open",),
    names=Names(
        number="orderId",
        document_type="type",
        status="status.description",
        on_hold="status.hold",
        date="date",
        party="customer",
        lines="lines",
        branch="branch",
        currency="currencyId",
        address="shipping.address",
        ship_to="shipping",
        unit_price="unitPrice",
        line_amount="extendedPrice",
        their_item="inventoryAlternateId",
        total="totals.orderTotal",
    ),
    defaults={"send": False, "description": "keep"},
)
