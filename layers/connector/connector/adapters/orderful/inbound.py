"""Orderful over HTTP, as the one who receives: inboxes, polling buckets, single transactions, confirmations."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, join
from connector.adapters.orderful.api import (
    BYTE_ORDER_MARK,
    LIST,
    MESSAGE_BYTES,
    PAGE_BYTES,
    V4,
    OrderfulHttp,
    data_of,
    ids_of,
    instant,
    parsed,
)
from connector.domain.errors import AnswerDamaged, AnswerTooLarge, Misconfigured, Rejected, Transient
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, InboundTransaction, ShownDelivery
from connector.domain.json_text import elements_of, mended
from connector.domain.moments import moment_of
from connector.domain.transactions import Stream
from connector.edi.inbound import identity_in, ids_named, read_inbound, with_message
from connector.services.ports import Calls

logger = logging.getLogger(__name__)

CHANGE_TYPE = "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"
"""Orderful's word for an 860 that comes in; the one for sending it is another."""

TYPES = {
    "860": CHANGE_TYPE,
    "855": "855_PURCHASE_ORDER_ACKNOWLEDGMENT",
    "865": "865_PURCHASE_ORDER_CHANGE_ACKNOWLEDGMENT_REQUEST_SELLER_INITIATED",
    "824": "824_APPLICATION_ADVICE",
}
"""X12 number -> Orderful's word in its list. Orderful: those of 860 and 855 are documented; the others follow from them
(the number and the X12 name). The list takes five words in one call."""

RECEIVERS_PER_CALL = 5
ITEMS = 100
"""Items of an inbox or bucket asked for at once: the most that Orderful gives."""

PAGE_SECONDS = 25.0
"""Time for one page of an inbox; a page that takes longer is asked for again with fewer items."""

_WEB_PAGE = "an HTML page"


class OrderfulInbound(OrderfulHttp):
    """Orderful (`InboundNetwork` port)."""

    def inbox(self, inbox_id: str, limit: int = ITEMS) -> Sequence[InboundTransaction | None]:
        """What waits in a v4 inbox, oldest first; None stands for an item that names no transaction.

        Raises:
            AnswerTooLarge, AnswerTooSlow: ask for fewer items.
            Transient, Throttled, Misconfigured: as named.
        """
        return self._waiting(f"inboxes/{quote(inbox_id, safe='')}/transactions", V4, f"inbox {inbox_id}", limit)

    def bucket(self, bucket_id: str, limit: int = ITEMS) -> Sequence[InboundTransaction | None]:
        """The same for a v3 polling bucket."""
        path = f"v3/polling-buckets/{quote(bucket_id, safe='')}"
        return self._waiting(path, {}, f"polling bucket {bucket_id}", limit)

    def list_received(
        self, since: datetime, *, documents: Sequence[str], receiver_ids: Sequence[str], stream: Stream
    ) -> Iterator[InboundTransaction | None]:
        """The `documents` that came in at or after `since`, without their messages, page by page as listed.

        None stands for a row that names no transaction.

        Orderful: the first page has the newest; within a page the order may be the other way round.

        The filters are checked again here: some organizations' lists know fewer of them, and one that refuses a word of
        `TYPES` is asked for every type. What the list does not say (stream, receiver) is left open; nothing is made up
        for it.

        Raises:
            Transient, Throttled, Misconfigured: while iterating, as named.
        """
        until = self._clock.now() + timedelta(hours=1)
        for start in range(0, len(receiver_ids), RECEIVERS_PER_CALL):
            receivers = receiver_ids[start : start + RECEIVERS_PER_CALL]
            params = [
                *(("transactionType", TYPES[one]) for one in documents),
                ("createdAt", f"[{instant(since)},{instant(until)})"),
                *(("receiverIsaId", receiver) for receiver in receivers),
                ("stream", stream.value.upper()),
            ]
            for _, items in self._pages(params, spare="transactionType"):
                found = [(_listed(item, documents, receivers), moment_of(item.get("createdAt"))) for item in items]
                yield from (None for item in items if _names_none(item))
                yield from (
                    transaction
                    for transaction, created_at in found
                    if transaction is not None
                    and transaction.stream in {stream, None}
                    and (created_at is None or created_at >= since)
                )
                if found and all(created_at is not None and created_at < since for _, created_at in found):
                    break  # newest first: the filter was ignored, and the rest is older still

    def fetch(self, transaction_id: str) -> InboundTransaction | None:
        """One transaction with its message, by one request where the API gives both at once.

        It comes without its message where that is too large to be loaded.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        numeric = transaction_id.isdigit()
        name = quote(transaction_id, safe="")
        path, params = (f"{LIST}/{name}", [("expand", "message")]) if numeric else (f"transactions/{name}", [])
        try:
            data = self._read(path, params, {} if numeric else V4, "the transaction")
        except AnswerTooLarge:
            if not numeric:
                raise
            data = self._read(path, [], {}, "the transaction")  # its message is asked for by itself
        if data is None:
            return None
        found = read_inbound(data, trusted=True)
        if found is None:
            raise Transient("Orderful answered the transaction with JSON that names none.")
        # Asked for by this name, known by this name: a UUID and a number may stand for the same transaction.
        aliases = tuple(one for one in found.names if one != transaction_id)
        found = replace(found, transaction_id=transaction_id, aliases=aliases)
        try:
            return self.with_message(found)
        except AnswerTooLarge as error:
            logger.warning("message of transaction %s: %s", transaction_id, error.sentence)
            return found

    def with_message(self, transaction: InboundTransaction) -> InboundTransaction:
        """The transaction with its message, which is fetched when it came without (Orderful: some give a link only).

        It stays without where Orderful gives none: while it processes a transaction, for one.

        Raises:
            AnswerTooLarge: it is not loaded.
            Transient, Throttled, Misconfigured: as named.
        """
        if transaction.message is not None:
            return transaction
        numeric = transaction.transaction_id.isdigit()
        name = quote(transaction.transaction_id, safe="")
        path = f"{LIST}/{name}/message" if numeric else f"transactions/{name}/message"
        data = self._read(path, [], {} if numeric else V4, "the message of the transaction")
        return with_message(transaction, data)

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID, each `path: message`; empty when nobody says.

        Best effort (Orderful: the address takes the token of a person's session, not a key; undocumented).
        """
        return self._problems_at(f"v2/transactions/{quote(transaction_id, safe='')}/validations")

    def shown(self, delivery: Delivery, transaction_id: str) -> ShownDelivery | None:
        """A delivery as Orderful shows it for this transaction; None when it shows none.

        Orderful: `GET /transactions/{id}/deliveries/{id}` names both. The v3 address for a delivery names the delivery
        alone in the samples at hand, so its answer counts only where it names the transaction as well.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        versions = dict.fromkeys((ApiVersion.V4, delivery.version))
        for version in versions:
            data = self._state(delivery, transaction_id, version)
            if data is None or delivery.delivery_id not in ids_named(data, "deliveryId", "id"):
                continue
            names = ids_named(data, "transactionId", "transaction")
            if transaction_id in names or self._same(transaction_id, names):
                found = read_inbound({"id": transaction_id, "delivery": data}, trusted=True)
                linked = found.delivery if found is not None and version is delivery.version else None
                return ShownDelivery(linked or delivery, _is_acknowledged(data), moment_of(data.get("createdAt")))
        return None

    def _same(self, transaction_id: str, names: frozenset[str]) -> bool:
        """Whether one of these ids is another name of the transaction: v4 knows it by a UUID and by a number."""
        if not names or transaction_id.isdigit():
            return False
        data = self._read(f"transactions/{quote(transaction_id, safe='')}", [], V4, "the transaction")
        return isinstance(data, dict) and not names.isdisjoint(ids_named(data, "transactionId", "id"))

    def _state(self, delivery: Delivery, transaction_id: str, version: ApiVersion) -> dict[str, Any] | None:
        name, transaction = quote(delivery.delivery_id, safe=""), quote(transaction_id, safe="")
        is_v4 = version is ApiVersion.V4
        path = f"transactions/{transaction}/deliveries/{name}" if is_v4 else f"v3/deliveries/{name}"
        data = self._read(path, [], V4 if is_v4 else {}, "a delivery")
        return data if isinstance(data, dict) else None

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        """Accept or fail a delivery; False when Orderful does not know it.

        Which status means that it was confirmed before is not documented. So what refuses the confirmation is followed
        by a look at the delivery: one that is DELIVERED or FAILED needs no further word.

        Confirming twice is harmless, so a lost answer is asked for again. The links that Orderful gave are followed,
        on the configured host only; otherwise the documented address is used (Orderful: the link is called `approve`,
        the v4 path ends in `accept`).

        Raises:
            Rejected: Orderful refuses it, and the delivery still waits.
            Transient, Throttled, Misconfigured: Orderful was not told.
        """
        accepted = confirmation is Confirmation.ACCEPTED
        link = delivery.accept_link if accepted else delivery.fail_link
        call = self._call(
            "POST",
            self._link(link) or join(self._base_url, _path(delivery, transaction_id, accepted=accepted)),
            headers={"Content-Type": "application/json", **(V4 if delivery.version is ApiVersion.V4 else {})},
            body=msgspec.json.encode({"note": note}),
            read_seconds=READ_SECONDS,
            calls=Calls.CONFIRM,
        )
        answer, asked = self._http.ask(call, self._deadline), "the confirmation of a delivery"
        if answer.ok:
            if answer.shape() == _WEB_PAGE:
                raise Transient(f"Orderful answered {asked} with {_WEB_PAGE}.", request_id=answer.request_id)
            return True
        refused = self._definite(answer, asked)
        if answer.status == 403:
            # The key is taken, but not for this delivery: it is not told, and the others go on.
            raise Transient(refused.sentence, request_id=refused.request_id)
        if answer.status == 404:
            return False
        state = self._state(delivery, transaction_id, delivery.version)
        if state is None or not _is_acknowledged(state):
            raise refused
        logger.warning("Orderful answered %d to the confirmation of a delivery that was confirmed", answer.status)
        return True

    def _link(self, link: str | None) -> str | None:
        if link is None:
            return None
        try:
            return self._on_our_host(link)
        except Misconfigured:
            logger.warning("a delivery links to another host than the configured one, which does not get our key")
            return None

    def _waiting(self, path: str, headers: dict[str, str], what: str, limit: int) -> list[InboundTransaction | None]:
        answer = self._ask(path, [("limit", str(limit))], headers, read_seconds=PAGE_SECONDS, max_bytes=PAGE_BYTES)
        if answer.status == 413:
            raise AnswerTooLarge(f"Orderful answered 413 to {what}.", request_id=answer.request_id)
        if not answer.ok:
            refused = self._definite(answer, what)
            raise Misconfigured(
                refused.sentence,
                request_id=refused.request_id,
                next_step="Check OrderfulInboxIds and OrderfulBucketIds of the stack against Orderful's channels.",
            )
        return [_item(element, what) for element in _elements(answer, what)]

    def _read(self, path: str, params: list[tuple[str, str]], headers: dict[str, str], what: str) -> Any:
        """JSON of a resource; None when there is no such thing."""
        answer = self._ask(path, params, headers, max_bytes=MESSAGE_BYTES)
        if answer.ok:
            return data_of(answer)
        self._definite(answer, what)
        return None

    def _ask(
        self,
        path: str,
        params: list[tuple[str, str]],
        headers: dict[str, str],
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

    def _definite(self, answer: Answer, what: str) -> Rejected:
        """What Orderful says about the thing that was asked for.

        Raises:
            Transient, Throttled, Misconfigured: it says nothing about it.
        """
        refusal = self._refusal(answer, what)
        if not isinstance(refusal, Rejected):
            raise refusal
        if answer.shape() == _WEB_PAGE:
            # A web server that has never heard of the path: a delivery must not be forgotten for it.
            raise Misconfigured(
                refusal.sentence, request_id=answer.request_id, next_step="Check Orderful's base URL and region."
            )
        return refusal


class _Page(msgspec.Struct):
    """A list inside an object, under either name (Orderful: newer pages show `items` and `meta`)."""

    items: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()


_page = msgspec.json.Decoder(_Page).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_LIST_BEGINS = re.compile(rb'"(?:items|data)"\s*:\s*(?=\[)')


def _elements(answer: Answer, what: str) -> list[msgspec.Raw]:
    """The elements of a list, each still as text, so that one that cannot be read harms no other.

    Raises:
        AnswerDamaged: a list begins, and cannot be taken apart.
        Transient: the answer is no list.
    """
    for body in (answer.body, mended(answer.body)):
        with suppress(ValueError, RecursionError):
            return _taken_apart(body.removeprefix(BYTE_ORDER_MARK).strip())
    body = mended(answer.body).removeprefix(BYTE_ORDER_MARK).strip()
    begins = 0 if body[:1] == b"[" else found.end() if (found := _LIST_BEGINS.search(body)) else None
    sentence = f"Orderful answered {answer.status} to {what} with something that is no list."
    if begins is None:
        raise Transient(sentence, request_id=answer.request_id)
    try:
        return elements_of(body[begins : body.rfind(b"]") + 1] if begins else body)
    except ValueError:
        raise AnswerDamaged(sentence, request_id=answer.request_id) from None


def _taken_apart(body: bytes) -> list[msgspec.Raw]:
    """The list that a text is, or that stands in its object, one or two levels deep (`{"data": {"items": [...]}}`)."""
    for _ in range(3):
        if body[:1] == b"[":
            return _list(body)
        page = _page(body)
        body = bytes(page.items or page.data)
    raise ValueError("this is no list")


def _item(element: msgspec.Raw, what: str) -> InboundTransaction | None:
    raw = bytes(element)
    try:
        found = read_inbound(parsed(raw), trusted=True)
    except (ValueError, RecursionError):
        found = None
    if found is None:
        logger.error(
            "an item of %s cannot be read: %d bytes, transaction %s", what, len(raw), identity_in(raw) or "unknown"
        )
    return found


def _is_acknowledged(state: dict[str, Any]) -> bool:
    """Whether a delivery was accepted or failed (Orderful: CREATED, SENT, DELIVERED, FAILED)."""
    return str(state.get("status") or state.get("deliveryStatus")).upper() in {"DELIVERED", "FAILED"}


def _listed(item: dict[str, Any], documents: Sequence[str], receivers: Sequence[str]) -> InboundTransaction | None:
    """A list element, under the receiver's id on this stream (Orderful: it may be listed under the live id as well)."""
    found = read_inbound(item, trusted=True)
    if found is None or found.document not in documents:
        return None
    ids = {found.receiver_id, *ids_of(item, "receiver")} - {None}
    if not ids:
        return replace(found, message=None)
    receiver = next((one for one in receivers if one in ids), None)
    return None if receiver is None else replace(found, receiver_id=receiver, message=None)


def _names_none(item: dict[str, Any]) -> bool:
    if read_inbound(item, trusted=True) is not None:
        return False
    created_at = moment_of(item.get("createdAt"))
    logger.error(
        "a row of the list of transactions names no transaction; it was created at %s", created_at or "no time"
    )
    return True


def _path(delivery: Delivery, transaction_id: str, *, accepted: bool) -> str:
    name, transaction = quote(delivery.delivery_id, safe=""), quote(transaction_id, safe="")
    if delivery.version is ApiVersion.V4:
        return f"transactions/{transaction}/deliveries/{name}/{'accept' if accepted else 'fail'}"
    return f"v3/deliveries/{name}/{'approve' if accepted else 'fail'}"
