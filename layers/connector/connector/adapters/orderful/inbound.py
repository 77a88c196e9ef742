"""The Orderful client that receives: inboxes, polling buckets, single transactions, confirmations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from connector.adapters import log
from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, join
from connector.adapters.orderful.api import (
    MESSAGE_BYTES,
    PAGE_BYTES,
    V4,
    OrderfulHttp,
    data_of,
    format_time,
    parse_json,
    party_ids,
    transaction_address,
)
from connector.domain.errors import AnswerDamaged, AnswerTooLarge, Misconfigured, Rejected, Transient
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, DeliveryStatus, InboundTransaction
from connector.domain.json_text import elements_of, repaired, without_mark
from connector.domain.timestamps import timestamp_of
from connector.domain.transactions import Stream
from connector.edi.inbound import identity_in, ids_named, read_inbound, with_message
from connector.services.ports import Calls, Fields

CHANGE_TYPE = "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"
"""Orderful's transaction type of an inbound 860; an outbound one has another."""

TRANSACTION_TYPES = {
    "860": CHANGE_TYPE,
    "855": "855_PURCHASE_ORDER_ACKNOWLEDGMENT",
    "865": "865_PURCHASE_ORDER_CHANGE_ACKNOWLEDGMENT_REQUEST_SELLER_INITIATED",
    "824": "824_APPLICATION_ADVICE",
}
"""X12 number -> transaction type in Orderful's list. Orderful: those of 860 and 855 are documented; the others are
inferred (the number and the X12 name). The list takes five types in one request."""

RECEIVERS_PER_CALL = 5
MAX_ITEMS = 100
"""Most items of an inbox or polling bucket in one request (Orderful)."""

PAGE_SECONDS = 25.0
"""Time limit for one page of an inbox; a page that takes longer is requested again with fewer items."""

_WEB_PAGE = "an HTML page"


class OrderfulInbound(OrderfulHttp):
    """The `InboundNetwork` port."""

    def inbox(self, inbox_id: str, limit: int = MAX_ITEMS) -> Sequence[InboundTransaction | None]:
        """The items of a v4 inbox, oldest first; None stands for an item without a transaction id.

        Raises:
            AnswerTooLarge, AnswerTooSlow: request fewer items.
            Transient, Throttled, Misconfigured: as named.
        """
        return self._list_waiting(f"inboxes/{quote(inbox_id, safe='')}/transactions", V4, f"inbox {inbox_id}", limit)

    def bucket(self, bucket_id: str, limit: int = MAX_ITEMS) -> Sequence[InboundTransaction | None]:
        """The same for a v3 polling bucket."""
        path = f"v3/polling-buckets/{quote(bucket_id, safe='')}"
        return self._list_waiting(path, {}, f"polling bucket {bucket_id}", limit)

    def list_received(
        self, since: datetime, *, documents: Sequence[str], receiver_ids: Sequence[str], stream: Stream
    ) -> Iterator[InboundTransaction | None]:
        """The `documents` that arrived at or after `since`, without their messages, in the order of the list.

        None stands for a row without a transaction id.

        Orderful: the first page has the newest; within a page the order may be reversed.

        Each page is filtered again, since the lists of some organizations support fewer filters; a list that refuses a
        type is requested without types. A stream or receiver that a row lacks stays None.

        Raises:
            Transient, Throttled, Misconfigured: by the iterator, as named.
        """
        until = self._clock.now() + timedelta(hours=1)
        for start in range(0, len(receiver_ids), RECEIVERS_PER_CALL):
            receivers = receiver_ids[start : start + RECEIVERS_PER_CALL]
            params = [
                *(("transactionType", TRANSACTION_TYPES[one]) for one in documents),
                ("createdAt", f"[{format_time(since)},{format_time(until)})"),
                *(("receiverIsaId", receiver) for receiver in receivers),
                ("stream", stream.value.upper()),
            ]
            for _, items in self._pages(params, optional_filter="transactionType"):
                found = [(_listed(item, documents, receivers), timestamp_of(item.get("createdAt"))) for item in items]
                yield from (None for item in items if _has_no_id(item))
                yield from (
                    transaction
                    for transaction, created_at in found
                    if transaction is not None
                    and transaction.stream in {stream, None}
                    and (created_at is None or created_at >= since)
                )
                if found and all(created_at is not None and created_at < since for _, created_at in found):
                    break  # the filter was ignored; the list is newest first, so the other pages are older

    def fetch(self, transaction_id: str) -> InboundTransaction | None:
        """One transaction with its message, in one request where the API supports it.

        A message that is too large is left out.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        path, headers = transaction_address(transaction_id)
        numeric = transaction_id.isdigit()
        try:
            data = self._read(path, [("expand", "message")] if numeric else [], headers, "the transaction")
        except AnswerTooLarge:
            if not numeric:
                raise
            data = self._read(path, [], headers, "the transaction")  # the message follows in a request of its own
        if data is None:
            return None
        found = read_inbound(data, trusted=True)
        if found is None:
            raise Transient("Orderful answered with a transaction without an id.")
        # The record keeps the requested id: a UUID and a number may be ids of the same transaction.
        aliases = tuple(one for one in found.names if one != transaction_id)
        found = replace(found, transaction_id=transaction_id, aliases=aliases)
        try:
            return self.with_message(found)
        except AnswerTooLarge as error:
            log.warning("a message is too large", {"transaction_id": transaction_id, "reason": error.sentence})
            return found

    def with_message(self, transaction: InboundTransaction) -> InboundTransaction:
        """The transaction with its message, which is fetched if it is missing (Orderful: it may be a link).

        Without a message where Orderful gives none, for example while it processes the transaction.

        Raises:
            AnswerTooLarge: the message is too large.
            Transient, Throttled, Misconfigured: as named.
        """
        if transaction.message is not None:
            return transaction
        path, headers = transaction_address(transaction.transaction_id, "/message")
        data = self._read(path, [], headers, "the message of the transaction")
        return with_message(transaction, data)

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID, each `path: message`; empty when Orderful does not say.

        Best effort: Orderful does not document this path, which may take a session token instead of an API key.
        """
        return self._problems_at(f"v2/transactions/{quote(transaction_id, safe='')}/validations")

    def delivery_status(self, delivery: Delivery, transaction_id: str) -> DeliveryStatus | None:
        """The status of a delivery of this transaction; None when Orderful has no such delivery.

        Orderful: the answer of `GET /transactions/{id}/deliveries/{id}` has both ids. The samples of the v3 answer have
        the id of the delivery only, so a v3 answer without the transaction's id is not used.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        versions = dict.fromkeys((ApiVersion.V4, delivery.version))
        for version in versions:
            data = self._delivery_state(delivery, transaction_id, version)
            if data is None or delivery.delivery_id not in ids_named(data, "deliveryId", "id"):
                continue
            names = ids_named(data, "transactionId", "transaction")
            if transaction_id in names or self._is_same_transaction(transaction_id, names):
                found = read_inbound({"id": transaction_id, "delivery": data}, trusted=True)
                linked = found.delivery if found is not None and version is delivery.version else None
                return DeliveryStatus(linked or delivery, _is_acknowledged(data), timestamp_of(data.get("createdAt")))
        return None

    def _is_same_transaction(self, transaction_id: str, names: frozenset[str]) -> bool:
        """Whether one of these ids is another id of the transaction (Orderful: v4 has a UUID and a number)."""
        if not names or transaction_id.isdigit():
            return False
        data = self._read(f"transactions/{quote(transaction_id, safe='')}", [], V4, "the transaction")
        return isinstance(data, dict) and not names.isdisjoint(ids_named(data, "transactionId", "id"))

    def _delivery_state(self, delivery: Delivery, transaction_id: str, version: ApiVersion) -> dict[str, Any] | None:
        name, transaction = quote(delivery.delivery_id, safe=""), quote(transaction_id, safe="")
        is_v4 = version is ApiVersion.V4
        path = f"transactions/{transaction}/deliveries/{name}" if is_v4 else f"v3/deliveries/{name}"
        data = self._read(path, [], V4 if is_v4 else {}, "a delivery")
        return data if isinstance(data, dict) else None

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        """Accept or fail a delivery; False when Orderful has no such delivery.

        Orderful does not document the answer for a delivery that was confirmed before. So after a refusal the delivery
        is read: one that is DELIVERED or FAILED counts as confirmed.

        The request is idempotent and is retried. It goes to the link that Orderful gave, on the configured host only,
        else to the documented path (Orderful: the link is called `approve`, the v4 path ends in `accept`).

        Raises:
            Rejected: Orderful refuses the confirmation, and the delivery stays open.
            Transient, Throttled, Misconfigured: the delivery was not confirmed.
        """
        accepted = confirmation is Confirmation.ACCEPTED
        link = delivery.accept_link if accepted else delivery.fail_link
        call = self._call(
            "POST",
            self._checked_link(link) or join(self._base_url, _path(delivery, transaction_id, accepted=accepted)),
            headers={"Content-Type": "application/json", **(V4 if delivery.version is ApiVersion.V4 else {})},
            body=msgspec.json.encode({"note": note}),
            read_seconds=READ_SECONDS,
            calls=Calls.CONFIRM,
        )
        answer, subject = self._http.ask(call, self._deadline), "the confirmation of a delivery"
        if answer.ok:
            if answer.shape() == _WEB_PAGE:
                raise Transient(f"Orderful answered {subject} with {_WEB_PAGE}.", request_id=answer.request_id)
            return True
        refused = self._rejection(answer, subject)
        if answer.status == 403:
            # The key is valid, but may not confirm this delivery; the other deliveries are confirmed.
            raise Transient(refused.sentence, request_id=refused.request_id)
        if answer.status == 404:
            return False
        state = self._delivery_state(delivery, transaction_id, delivery.version)
        if state is None or not _is_acknowledged(state):
            raise refused
        reason = f"Orderful answered {answer.status} to the confirmation of a delivery that was confirmed."
        log.warning("a delivery was confirmed before", {"transaction_id": transaction_id, "reason": reason})
        return True

    def _checked_link(self, link: str | None) -> str | None:
        if link is None:
            return None
        try:
            return self._on_our_host(link)
        except Misconfigured:
            reason = "It leads to another host than the configured one; the API key is not sent there."
            log.warning("a link of a delivery is not followed", {"reason": reason})
            return None

    def _list_waiting(
        self, path: str, headers: Mapping[str, str], subject: str, limit: int
    ) -> list[InboundTransaction | None]:
        answer = self._ask(path, [("limit", str(limit))], headers, read_seconds=PAGE_SECONDS, max_bytes=PAGE_BYTES)
        if answer.status == 413:
            raise AnswerTooLarge(f"Orderful answered 413 to {subject}.", request_id=answer.request_id)
        if not answer.ok:
            refused = self._rejection(answer, subject)
            raise Misconfigured(
                refused.sentence,
                request_id=refused.request_id,
                next_step="Check OrderfulInboxIds and OrderfulBucketIds of the stack against Orderful's channels.",
            )
        return [_item(element, subject) for element in _elements(answer, subject)]

    def _read(self, path: str, params: list[tuple[str, str]], headers: Mapping[str, str], subject: str) -> Any:
        """The JSON data of a resource; None when Orderful has no such resource."""
        answer = self._ask(path, params, headers, max_bytes=MESSAGE_BYTES)
        if answer.ok:
            return data_of(answer)
        self._rejection(answer, subject)
        return None

    def _ask(
        self,
        path: str,
        params: list[tuple[str, str]],
        headers: Mapping[str, str],
        *,
        read_seconds: float = LIST_SECONDS,
        max_bytes: int,
    ) -> Answer:
        call = self._call(
            "GET",
            join(self._base_url, path),
            params=params,
            headers=headers,
            read_seconds=read_seconds,
            max_bytes=max_bytes,
        )
        return self._http.ask(call, self._deadline)

    def _rejection(self, answer: Answer, subject: str) -> Rejected:
        """The error of an answer that refuses this resource.

        Raises:
            Transient, Throttled, Misconfigured: the answer is not about the resource.
        """
        refusal = self._refusal(answer, subject)
        if not isinstance(refusal, Rejected):
            raise refusal
        if answer.shape() == _WEB_PAGE:
            # The page of a gateway is about the path, not about the resource.
            raise Misconfigured(
                refusal.sentence, request_id=answer.request_id, next_step="Check Orderful's base URL and region."
            )
        return refusal


class _Page(msgspec.Struct):
    """An object with a list (Orderful: newer documentation has `items` and `meta`)."""

    items: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_LIST_BEGINS = re.compile(rb'"(?:items|data)"\s*:\s*(?=\[)')


def _elements(answer: Answer, subject: str) -> list[msgspec.Raw]:
    """The elements of a list, each as bytes, so that one unreadable element does not affect the others.

    Raises:
        AnswerDamaged: the answer has a list that cannot be split into elements.
        Transient: the answer is no list.
    """
    for body in (answer.body, repaired(answer.body)):
        with suppress(ValueError, RecursionError):
            return _split_list(without_mark(body).strip())
    body = without_mark(repaired(answer.body)).strip()
    begins = 0 if body[:1] == b"[" else found.end() if (found := _LIST_BEGINS.search(body)) else None
    sentence = f"Orderful answered {answer.status} to {subject} with something that is no list."
    if begins is None:
        raise Transient(sentence, request_id=answer.request_id)
    try:
        return elements_of(body[begins : body.rfind(b"]") + 1] if begins else body)
    except ValueError:
        raise AnswerDamaged(sentence, request_id=answer.request_id) from None


def _split_list(body: bytes) -> list[msgspec.Raw]:
    """The list: the text itself, or inside an object, one or two levels deep (`{"data": {"items": [...]}}`)."""
    for _ in range(3):
        if body[:1] == b"[":
            return _decode_list(body)
        page = _decode_page(body)
        body = bytes(page.items or page.data)
    raise ValueError("this is no list")


def _item(element: msgspec.Raw, subject: str) -> InboundTransaction | None:
    raw = bytes(element)
    try:
        found = read_inbound(parse_json(raw), trusted=True)
    except (ValueError, RecursionError):
        found = None
    if found is None:
        fields: Fields = {"resource": subject, "reason": f"{len(raw)} bytes of {subject} are no transaction."}
        if (transaction_id := identity_in(raw)) is not None:
            fields["transaction_id"] = transaction_id
        log.error("an item cannot be read", fields)
    return found


def _is_acknowledged(state: dict[str, Any]) -> bool:
    """Whether a delivery was accepted or failed (Orderful: its statuses are CREATED, SENT, DELIVERED, FAILED)."""
    return str(state.get("status") or state.get("deliveryStatus")).upper() in {"DELIVERED", "FAILED"}


def _listed(item: dict[str, Any], documents: Sequence[str], receivers: Sequence[str]) -> InboundTransaction | None:
    """A list element with the receiver's id on this stream (Orderful: the list may have the live id as well)."""
    found = read_inbound(item, trusted=True)
    if found is None or found.document not in documents:
        return None
    ids = {found.receiver_id, *party_ids(item, "receiver")} - {None}
    if not ids:
        return replace(found, message=None)
    receiver = next((one for one in receivers if one in ids), None)
    return None if receiver is None else replace(found, receiver_id=receiver, message=None)


def _has_no_id(item: dict[str, Any]) -> bool:
    """Whether a row has no transaction id, which is logged."""
    if read_inbound(item, trusted=True) is not None:
        return False
    created_at = timestamp_of(item.get("createdAt"))
    reason = f"A row of the list of transactions has none; it was created at {created_at or 'an unknown time'}."
    log.error("a transaction has no id", {"reason": reason})
    return True


def _path(delivery: Delivery, transaction_id: str, *, accepted: bool) -> str:
    name, transaction = quote(delivery.delivery_id, safe=""), quote(transaction_id, safe="")
    if delivery.version is ApiVersion.V4:
        return f"transactions/{transaction}/deliveries/{name}/{'accept' if accepted else 'fail'}"
    return f"v3/deliveries/{name}/{'approve' if accepted else 'fail'}"
