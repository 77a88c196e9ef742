"""Orderful over HTTP: create a transaction, find it again, follow it.

Creation has no idempotency key at Orderful, so every way a create can end is distinguished here, and nothing below
`create` repeats it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import quote

import msgspec

from connector.adapters.http import Answer, CallFailed, NotSent, join
from connector.adapters.orderful.api import (
    LIST,
    MESSAGE_BYTES,
    V4,
    OrderfulHttp,
    data_of,
    id_of,
    ids_of,
    instant,
    listed_id,
    names,
    plain_text,
    problems_in,
    word_of,
)
from connector.domain.errors import (
    AlreadyExists,
    AnswerTooLarge,
    ConnectorError,
    Misconfigured,
    Rejected,
    Transient,
    UnknownOutcome,
)
from connector.domain.moments import moment_of
from connector.domain.reasons import Reason
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.ports import Calls, Created, Listed, RemoteTransaction

SENDERS_PER_CALL = 5

_NOT_THE_DOCUMENT = frozenset({405, 406, 410, 415, 426})
"""Statuses that speak of the address, its method, its media type or its version, whatever was sent there."""


class OrderfulClient(OrderfulHttp):
    """Orderful (`EdiNetwork` port)."""

    def create(self, request: OrderfulRequest) -> Created:
        """Post a transaction, once: no retry happens below this line.

        Any 2xx counts (Orderful: documents say 200, 201 and 202), but only its body tells success: a 202 may say
        FAILED. A status word we do not know counts as accepted, to be followed up.

        Raises:
            Throttled: 429; nothing was created.
            Transient: the connection was never made; nothing was created.
            AlreadyExists: 409; Orderful has one like it.
            UnknownOutcome: time-out, connection lost, 1xx, 3xx, 5xx or an unreadable answer: it may exist.
            Rejected: a definite 4xx; nothing was created.
            Misconfigured: 401 or 403, or an address that is not Orderful's.
        """
        call = self._call(
            request.method,
            join(self._base_url, request.path),
            headers={**request.headers, "Content-Type": "application/json"},
            body=msgspec.json.encode(request.body),
            calls=Calls.CREATE,
        )
        try:
            answer = self._http.once(call, self._deadline)
        except NotSent as error:
            raise Transient(f"{error} Nothing was created.") from None
        except CallFailed as error:
            raise UnknownOutcome(f"{error} The transaction may exist.") from None
        if not answer.ok:
            raise self._create_failure(answer)
        return _created(answer)

    def look_up(
        self,
        *,
        transaction_type: TransactionType,
        business_number: str,
        sender_id: str,
        receiver_id: str,
        stream: Stream,
    ) -> tuple[Sequence[RemoteTransaction], timedelta]:
        """What Orderful finds by this business number, newest first, and how far its clock is ahead of ours.

        It may be incomplete (Orderful: no hit or one, and a new transaction is found late). The list is read to its
        end and filtered again here: a filter may be ignored, and an answer cut short would look like "not there".

        Raises:
            Transient, Throttled, Misconfigured: the list could not be read to its end.
        """
        params = [
            ("businessNumber", business_number),
            ("transactionType", transaction_type.value),
            ("senderIsaId", sender_id),
            ("receiverIsaId", receiver_id),
            ("stream", stream.value.upper()),
        ]
        found: list[RemoteTransaction] = []
        skew = timedelta(0)
        for answer, items in self._pages(params):
            skew = answer.server_time - answer.received_at
            for item in items:
                if names(item, "sender", sender_id) and names(item, "receiver", receiver_id):
                    transaction = _transaction(item, answer, sender=sender_id, receiver=receiver_id)
                    if (
                        transaction.business_number == business_number
                        and transaction.transaction_type == transaction_type.value
                        and transaction.stream in {stream, None}
                    ):
                        found.append(transaction)
        return sorted(found, key=lambda transaction: transaction.created_at, reverse=True), skew

    def list_since(
        self, since: datetime, *, sender_ids: Sequence[str], stream: Stream, receiver_id: str | None = None
    ) -> Iterator[RemoteTransaction]:
        """Transactions created at or after `since`, newest first; the errors of the port come while iterating."""
        chunks = [
            list(sender_ids[start : start + SENDERS_PER_CALL]) for start in range(0, len(sender_ids), SENDERS_PER_CALL)
        ]
        lists = [
            (one for page, _ in self._pages_since(since, chunk, stream, receiver_id) for one in page)
            for chunk in chunks
        ]
        return heapq.merge(*lists, key=lambda transaction: transaction.created_at, reverse=True)

    def list_newest(
        self, since: datetime, *, sender_id: str, stream: Stream, most_pages: int, receiver_id: str | None = None
    ) -> tuple[Sequence[RemoteTransaction], datetime]:
        """The same for one sender, of the newest pages only, and since when the list is complete.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        found: list[RemoteTransaction] = []
        newest_of_page: list[datetime] = []
        for page, newest in islice(self._pages_since(since, [sender_id], stream, receiver_id), most_pages):
            found += page
            newest_of_page.append(newest)
        # Within a page the order may be the other way round (Orderful): behind its newest nothing is certain.
        return found, newest_of_page[-1] if len(newest_of_page) == most_pages else since

    def list_between(
        self,
        since: datetime,
        until: datetime,
        *,
        sender_ids: Sequence[str],
        types: Sequence[TransactionType],
        stream: Stream,
        most_pages: int,
    ) -> Listed:
        """Transactions created from `since` to `until`, of the newest pages only.

        A filter that an organization's list does not know is left out, and the page is filtered here. So are senders
        where naming them would take more than a third of the pages: each five of them are a list, and so a page at
        least.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        found: list[RemoteTransaction] = []
        calls = 0
        named = [one.value for one in types]
        chunks = [sender_ids[at : at + SENDERS_PER_CALL] for at in range(0, len(sender_ids), SENDERS_PER_CALL)]
        names_them = len(chunks) <= max(1, most_pages // 3)
        for chunk in chunks if names_them else [sender_ids]:
            pages = self._pages_since(since, chunk, stream, None, until=until, types=named, asks_for_senders=names_them)
            for page, _ in islice(pages, most_pages - calls):
                calls += 1
                found += [one for one in page if one.created_at < until and one.transaction_type in named]
        return Listed(found, calls)

    def read(self, transaction_id: str) -> RemoteTransaction | None:
        """One transaction by its id; None when Orderful has none.

        Orderful: transactions with a number for an id are read by v3, those with a UUID by v4.

        Raises:
            Transient, Throttled, Misconfigured: it could not be asked.
            Rejected: Orderful does not answer this question, which says nothing about the transaction.
        """
        name = quote(transaction_id, safe="")
        path, headers = (f"{LIST}/{name}", {}) if transaction_id.isdigit() else (f"transactions/{name}", V4)
        answer = self._http.ask(self._call("GET", join(self._base_url, path), headers=headers), self._deadline)
        if answer.status in {404, 410} and answer.shape() != "an HTML page":
            return None
        if answer.status == 403:
            # One relationship may be closed to the key: the list tells a wrong key.
            raise Rejected(
                answer.failure("a transaction").sentence, request_id=answer.request_id, code=Reason.REQUEST_REFUSED
            )
        if not answer.ok:
            raise self._refusal(answer, "a transaction")
        data = data_of(answer)
        if not isinstance(data, dict) or id_of(data.get("id")) is None:
            raise Transient("Orderful answered a transaction without an id.", request_id=answer.request_id)
        return _transaction(data, answer)

    def content_of(self, transaction_id: str) -> Any | None:
        """The message of a transaction as Orderful stores it, as JSON data; None when Orderful shows none.

        Orderful: transactions with a number for an id are read by v3, those with a UUID by v4.

        Raises:
            Transient, Throttled, Misconfigured: it could not be asked.
        """
        name = quote(transaction_id, safe="")
        path, headers = (f"{LIST}/{name}", {}) if transaction_id.isdigit() else (f"transactions/{name}", V4)
        call = self._call("GET", join(self._base_url, f"{path}/message"), headers=headers, max_bytes=MESSAGE_BYTES)
        try:
            answer = self._http.ask(call, self._deadline)
        except AnswerTooLarge:
            return None
        if answer.ok:
            return data_of(answer)
        if answer.status == 403:
            # The key may post and list and yet not read messages: the list, which is read first, tells a wrong key.
            return None
        refusal = self._refusal(answer, "the message of a transaction")
        if isinstance(refusal, Rejected):
            return None
        raise refusal

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID or was REJECTED, each `path: message`; empty when nobody says.

        Best effort: the first address is undocumented at Orderful, the second knows only what the partner answered.
        """
        name = quote(transaction_id, safe="")
        return self._problems_at(f"v2/transactions/{name}/validations", f"{LIST}/{name}/acknowledgment")

    def _pages_since(
        self,
        since: datetime,
        senders: Sequence[str],
        stream: Stream,
        receiver: str | None,
        *,
        until: datetime | None = None,
        types: Sequence[str] = (),
        asks_for_senders: bool = True,
    ) -> Iterator[tuple[list[RemoteTransaction], datetime]]:
        """Page by page what is listed, and when the newest of the page was created, whosever it is."""
        # An hour beyond our clock, so that no transaction is newer than "now" at Orderful.
        until = until or self._clock.now() + timedelta(hours=1)
        params = [
            ("createdAt", f"[{instant(since)},{instant(until)})"),
            *(("senderIsaId", sender) for sender in senders if asks_for_senders),
            *([("receiverIsaId", receiver)] if receiver else []),
            *(("transactionType", name) for name in types),
            ("stream", stream.value.upper()),
        ]
        ours = frozenset(senders)
        for answer, items in self._pages(params):
            transactions = [
                _transaction(item, answer, sender=sender, receiver=receiver)
                for item in items
                if (sender := _sender_of(item, senders, ours))
                and (receiver is None or names(item, "receiver", receiver))
            ]
            moments = [moment_of(item.get("createdAt")) for item in items]
            yield (
                [one for one in transactions if one.stream in {stream, None} and one.created_at >= since],
                max(filter(None, moments), default=answer.server_time),
            )
            if moments and all(moment is not None and moment < since for moment in moments):
                # The filter on createdAt was ignored: newest first, so the rest is older still.
                return

    def _create_failure(self, answer: Answer) -> ConnectorError:
        failure = self._refusal(answer, "the new transaction")
        if answer.status == 409:
            # Not documented at Orderful. Whatever it means, what is there is looked up before anything else.
            return AlreadyExists(failure.sentence, request_id=answer.request_id)
        if answer.status == 408 or answer.status >= 500 or answer.status < 400:
            # A 1xx is no final answer, and a redirect, which is never followed, may come behind the work.
            return UnknownOutcome(f"{failure.sentence} The transaction may exist.", request_id=answer.request_id)
        if answer.status in _NOT_THE_DOCUMENT or (answer.status == 404 and answer.shape() == "an HTML page"):
            # A path that nobody knows, or a version that is no longer served: every document would be refused alike.
            return Misconfigured(
                failure.sentence, request_id=answer.request_id, next_step="Check Orderful's base URL and region."
            )
        return failure


def _sender_of(item: dict[str, Any], senders: Sequence[str], known: frozenset[str]) -> str | None:
    """Which of the senders a transaction names; the first of them where it names nobody."""
    ids = ids_of(item, "sender")
    return next((one for one in ids if one in known), None) if ids else next(iter(senders), None)


def _created(answer: Answer) -> Created:
    """Read the body of a 2xx; whatever is unclear counts as "may exist"."""
    try:
        data = answer.json()
    except Transient as error:
        raise _unclear(answer, error.sentence) from None
    if not isinstance(data, dict):
        raise _unclear(answer, f"Orderful answered {answer.status} with JSON that is no object.")
    transaction_id = id_of(data.get("id"))
    status, validation = word_of(data.get("status")), word_of(data.get("validationStatus"))
    problems = problems_in(data.get("validationErrors"))
    if status == "FAILED" or validation == "INVALID" or data.get("validationErrors"):
        detail = plain_text(data.get("detail"))
        return Created(transaction_id, accepted=False, problems=problems or ((detail,) if detail else ()), valid=False)
    if transaction_id is None:
        raise _unclear(answer, f"Orderful answered {answer.status} without a transaction id.")
    valid = validation == "VALID" if validation else status == "ACCEPTED"
    return Created(transaction_id, accepted=True, valid=valid or None)


def _unclear(answer: Answer, sentence: str) -> UnknownOutcome:
    return UnknownOutcome(f"{sentence} The transaction may exist.", request_id=answer.request_id)


def _transaction(
    item: dict[str, Any], answer: Answer, *, sender: str | None = None, receiver: str | None = None
) -> RemoteTransaction:
    """Read a list element.

    On the test stream a party may be listed under its live id with the test id beside it: the one that is asked for
    counts, and otherwise the test id, which comes last.
    """
    sender_ids, receiver_ids = ids_of(item, "sender"), ids_of(item, "receiver")
    kind = item.get("type")
    stream = word_of(item.get("stream"))
    if stream == "TEST":
        sender_ids, receiver_ids = sender_ids[::-1], receiver_ids[::-1]
    return RemoteTransaction(
        transaction_id=listed_id(item) or "",
        transaction_type=id_of(kind.get("name") if isinstance(kind, dict) else kind) or "",
        business_number=id_of(item.get("businessNumber")),
        stream=Stream(stream.lower()) if stream in {"TEST", "LIVE"} else None,
        sender_id=sender if sender in sender_ids else next(iter(sender_ids), None),
        receiver_id=receiver if receiver in receiver_ids else next(iter(receiver_ids), None),
        # Without a readable time it counts as new: taken for ours rather than sent a second time.
        created_at=moment_of(item.get("createdAt")) or answer.server_time,
        validation_status=word_of(item.get("validationStatus")),
        delivery_status=word_of(item.get("deliveryStatus")),
        acknowledgment_status=word_of(item.get("acknowledgmentStatus")),
    )
