"""What is known of purchase orders."""

from __future__ import annotations

from connector.domain.transactions import TransactionType
from connector.kinds.facts import COMMON_STATUSES, Counterparty, KindFacts, Names, VismaList

FACTS = KindFacts(
    noun="order",
    counterparty=Counterparty.SUPPLIER,
    transaction_type=TransactionType.PURCHASE_ORDER,
    types=("RegularOrder", "DropShip", "Blanket", "StandardBlanket"),
    # Visma's enum of September 2026.
    statuses=COMMON_STATUSES | {"Cancelled", "PendingEmail", "PendingPrint", "Printed"},
    # Statuses of an order that somebody has released.
    sent_in=("Open", "PendingPrint", "PendingEmail", "Printed"),
    names=Names(
        number="orderNbr",
        document_type="orderType",
        date="date",
        party="supplier",
        lines="lines",
        branch="branch",
        currency="currency",
        address="shippingAddress",
        ship_to="shipTo",
        unit_price="unitCost",
        line_amount="amount",
        their_item="alternateId",
        total="orderTotal",
    ),
    # Visma: the list has no creation time.
    lists=(VismaList(path="v1/purchaseorder", has_creation_time=False, status_filter="orderStatus"),),
    takes_changes=True,
    defaults={"on_revision": "replace", "sent_by_visma": "tell"},
    total_below="a discount that is not among its document discounts",
)
