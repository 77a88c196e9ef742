"""JSON of inbound documents: inbox items (v4), bucket items (v3), pushes and deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from testkit.orderful.incoming import Incoming
from testkit.orderful.network import stamp
from testkit.orderful.store import Transaction

SIMPLIFIED: Final[Mapping[str, str]] = {
    "850_PURCHASE_ORDER": "PURCHASE_ORDER",
    "855_PURCHASE_ORDER_ACKNOWLEDGMENT": "PURCHASE_ORDER_ACKNOWLEDGMENT",
    "856_SHIP_NOTICE_MANIFEST": "SHIP_NOTICE",
    "810_INVOICE": "INVOICE",
    "846_INVENTORY_INQUIRY_ADVICE": "INVENTORY_ADVICE",
    "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED": "PURCHASE_ORDER_CHANGE",
}
"""Transaction type -> simplified type (Orderful: documentation of the Mosaic schemas); other types have none."""


def inbox_item(one: Incoming, base: str, *, types: bool) -> dict[str, Any]:
    """An item of `GET /inboxes/{id}/transactions`; `types` adds the fields of newer documentation."""
    transaction = one.transaction
    item = {
        "id": one.uuid,
        "integrationPayloadId": one.payload_id,
        "transactionId": one.number,
        **_types(transaction),
        "senderId": transaction.sender,
        "receiverId": transaction.receiver,
        "stream": transaction.stream.lower(),
        "message": transaction.content(),
        "delivery": _v4_delivery(one, base),
    }
    newer = {"id", "ediTransactionType", "simplifiedTransactionType"}
    return item if types else {name: value for name, value in item.items() if name not in newer}


def bucket_item(one: Incoming, base: str, *, as_href: bool) -> dict[str, Any]:
    """An item of `GET /v3/polling-buckets/{id}`; with `as_href` the message is a link."""
    transaction = one.transaction
    link = {"href": f"{base}/v3/transactions/{transaction.id}/message"}
    return {
        "id": transaction.id,
        "version": "v3",
        **_parties(transaction),
        "message": link if as_href else transaction.content(),
        "createdAt": stamp(transaction.created_at),
        "lastUpdatedAt": _updated(transaction),
        "delivery": _v3_delivery(one, base),
    }


def pushed_body(form: str, one: Incoming, base: str, *, as_href: bool, types: bool) -> dict[str, Any]:
    """The body of a push in the form `v3`, `v4` or `2020`."""
    transaction = one.transaction
    if form == "v4":
        return inbox_item(one, base, types=types)
    if form == "v3":
        shown = transaction.shown(base)
        content = {} if as_href else transaction.content()
        return {**shown, "message": {**shown["message"], **content}, "delivery": _v3_delivery(one, base)}
    return {
        "id": transaction.id,
        **_parties(transaction),
        "message": {"content": transaction.content()},
        "createdAt": stamp(transaction.created_at),
        "lastUpdatedAt": _updated(transaction),
        "version": "2020-10-28",
    }


def v4_transaction(transaction: Transaction, base: str) -> dict[str, Any]:
    """The answer of `GET /transactions/{id}`. Inferred: no source has the complete shape."""
    href = f"{base}/transactions/{transaction.v4_id}"
    return {
        "id": transaction.v4_id,
        **_types(transaction),
        "senderId": transaction.sender,
        "receiverId": transaction.receiver,
        "stream": transaction.stream.lower(),
        "businessNumber": transaction.business_number,
        "message": {"href": f"{href}/message"},
        "validationStatus": transaction.validation_status,
        "deliveryStatus": transaction.delivery_status,
        "acknowledgmentStatus": transaction.acknowledgment_status,
        "createdAt": stamp(transaction.created_at),
        "lastUpdatedAt": _updated(transaction),
    }


def v4_delivery_state(one: Incoming, base: str) -> dict[str, Any]:
    """The answer of `GET /transactions/{id}/deliveries/{id}`."""
    return {
        **_v4_delivery(one, base),
        **_state(one),
        "sendSucceededAt": _stamp(one.sent_at),
        "sendFailedAt": _stamp(one.send_failed_at),
        "lastConfirmedAt": _stamp(one.confirmed_at),
    }


def v3_delivery_state(one: Incoming, base: str) -> dict[str, Any]:
    """The answer of `GET /v3/deliveries/{id}`. Inferred: it has the transaction's id, as acknowledgments do."""
    transaction = {"transactionId": one.transaction.id, "transaction": {"href": f"{base}/v3/transactions/{one.number}"}}
    return {**_v3_delivery(one, base), **transaction, **_state(one)}


def _types(transaction: Transaction) -> dict[str, str]:
    kind = transaction.transaction_type
    alias = {"simplifiedTransactionType": SIMPLIFIED[kind]} if kind in SIMPLIFIED else {}
    return {"ediTransactionType": kind, **alias}


def _parties(transaction: Transaction) -> dict[str, Any]:
    return {
        "sender": {"isaId": transaction.sender},
        "receiver": {"isaId": transaction.receiver},
        "type": {"name": transaction.transaction_type},
        "stream": transaction.stream,
    }


def _v4_delivery(one: Incoming, base: str) -> dict[str, Any]:
    href = f"{base}/transactions/{one.transaction.id}/deliveries/{one.delivery_id}"
    # Orderful: published structure. The link is called `approve`, its path ends in `accept`.
    links = {"approve": {"href": f"{href}/accept"}, "fail": {"href": f"{href}/fail"}}
    return {"deliveryId": one.delivery_id, "transactionId": one.number, "href": href, **links}


def _v3_delivery(one: Incoming, base: str) -> dict[str, Any]:
    href = f"{base}/v3/deliveries/{one.delivery_id}"
    links = {"approve": {"href": f"{href}/approve"}, "fail": {"href": f"{href}/fail"}}
    return {"id": one.delivery_id, "href": href, **links}


def _state(one: Incoming) -> dict[str, Any]:
    return {
        "status": one.status,
        "createdAt": stamp(one.created_at),
        "lastUpdatedAt": _updated(one.transaction),
        "note": one.notes[-1] if one.notes else "",
    }


def _updated(transaction: Transaction) -> str:
    return stamp(transaction.last_updated_at or transaction.created_at)


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at else None
