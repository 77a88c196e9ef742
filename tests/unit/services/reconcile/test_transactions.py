"""By which number a transaction of Orderful's leads to documents."""

from __future__ import annotations

from connector.services.reconcile.ports import ListedTransaction
from connector.services.reconcile.transactions import keys_of


def keys(transaction_type):
    transaction = ListedTransaction(
        transaction_id="1",
        transaction_type=transaction_type,
        business_number="4500012345",
        stream="TEST",
        senders=frozenset(),
        receivers=frozenset(),
        created_at=None,
        updated_at=None,
    )
    return [str(key) for key in keys_of(transaction, {"nordic": "acme"})]


def test_what_is_filed_by_another_number_than_ours_leads_to_none():
    assert keys("850_PURCHASE_ORDER")[0] == "nordic/purchase_order/4500012345"
    assert keys("855_PURCHASE_ORDER_ACKNOWLEDGMENT") == []
