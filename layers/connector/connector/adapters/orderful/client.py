"""The Orderful client that sends: create a transaction, look it up, track it.

Orderful has no idempotency key for a create. So each result of a create has an error of its own, and a create is never
retried here.
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
    MESSAGE_BYTES,
    TRANSACTIONS_PATH,
    OrderfulHttp,
    data_of,
    format_time,
    id_of,
    listed_id,
    may_be_party,
    party_ids,
    plain_text,
    problems_in,
    transaction_address,
    upper_text,
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
from connector.domain.reasons import Reason
from connector.domain.timestamps import timestamp_of
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.ports import Calls, Created, Listed, RemoteTransaction

SENDERS_PER_CALL = 5

_ENDPOINT_STATUSES = frozenset({405, 406, 410, 415, 426})
"""Statuses about the path, method, media type or version of a request, whatever its body."""


class OrderfulClient(OrderfulHttp):
    """The `EdiNetwork` port."""

    def create(self, request: OrderfulRequest) -> Created:
        """Post a transaction, without a retry.

        Any 2xx is an answer (Orderful: its documentation has 200, 201 and 202); the body has the result, since a 202
        may be FAILED. An unknown status counts as accepted, and the transaction is tracked.

        Raises:
            Throttled: 429; nothing was created.
            Transient: there was no connection; nothing was created.
            AlreadyExists: 409; Orderful has an equal transaction.
            UnknownOutcome: time-out, connection lost, 1xx, 3xx, 5xx or an unreadable answer: it may exist.
            Rejected: another 4xx; nothing was created.
            Misconfigured: 401 or 403, or a URL that is not Orderful's.
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
        """The transactions with this business number, newest first, and how far Orderful's clock is ahead of ours.

        The result may be incomplete (Orderful: it has one hit at most, and new transactions come late). The list is
        read to its end, since a partial list would mean "not found", and filtered again, since a filter may be ignored.

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
                if may_be_party(item, "sender", sender_id) and may_be_party(item, "receiver", receiver_id):
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
        """Transactions created at or after `since`, newest first; the errors of the port are raised by the iterator."""
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
        """The transactions of one sender on the newest pages, and the time since which the list is complete.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        found: list[RemoteTransaction] = []
        newest_of_page: list[datetime] = []
        for page, newest in islice(self._pages_since(since, [sender_id], stream, receiver_id), most_pages):
            found += page
            newest_of_page.append(newest)
        # Orderful: within a page the order may be reversed, so the list is complete only up to the newest of a page.
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
        """Transactions created from `since` to `until`, on the newest pages.

        A filter that the list of an organization does not support is left out, and each page is filtered here. So is
        the sender where that filter would take more than a third of the pages: five senders are one list.

        Raises:
            Transient, Throttled, Misconfigured: as named.
        """
        found: list[RemoteTransaction] = []
        calls = 0
        named = [one.value for one in types]
        chunks = [sender_ids[at : at + SENDERS_PER_CALL] for at in range(0, len(sender_ids), SENDERS_PER_CALL)]
        filters_by_sender = len(chunks) <= max(1, most_pages // 3)
        for chunk in chunks if filters_by_sender else [sender_ids]:
            pages = self._pages_since(
                since, chunk, stream, None, until=until, types=named, filter_by_sender=filters_by_sender
            )
            for page, _ in islice(pages, most_pages - calls):
                calls += 1
                found += [one for one in page if one.created_at < until and one.transaction_type in named]
        return Listed(found, calls)

    def read(self, transaction_id: str) -> RemoteTransaction | None:
        """One transaction by its id; None when Orderful has none.

        Raises:
            Transient, Throttled, Misconfigured: the transaction could not be read.
            Rejected: Orderful refuses the request; whether the transaction exists is not known.
        """
        path, headers = transaction_address(transaction_id)
        answer = self._http.ask(self._call("GET", join(self._base_url, path), headers=headers), self._deadline)
        if answer.status in {404, 410} and answer.shape() != "an HTML page":
            return None
        if answer.status == 403:
            # The key may lack permission for this relationship only; a wrong key fails at the list.
            raise Rejected(
                answer.failure("a transaction").sentence, request_id=answer.request_id, code=Reason.REQUEST_REFUSED
            )
        if not answer.ok:
            raise self._refusal(answer, "a transaction")
        data = data_of(answer)
        if not isinstance(data, dict) or id_of(data.get("id")) is None:
            raise Transient("Orderful answered with a transaction without an id.", request_id=answer.request_id)
        return _transaction(data, answer)

    def content_of(self, transaction_id: str) -> Any | None:
        """The message of a transaction as Orderful stores it, as JSON data; None when Orderful gives none.

        Raises:
            Transient, Throttled, Misconfigured: the message could not be read.
        """
        path, headers = transaction_address(transaction_id, "/message")
        call = self._call("GET", join(self._base_url, path), headers=headers, max_bytes=MESSAGE_BYTES)
        try:
            answer = self._http.ask(call, self._deadline)
        except AnswerTooLarge:
            return None
        if answer.ok:
            return data_of(answer)
        if answer.status == 403:
            # The key may lack permission for messages only; a wrong key fails at the list, which is read first.
            return None
        refusal = self._refusal(answer, "the message of a transaction")
        if isinstance(refusal, Rejected):
            return None
        raise refusal

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID or was REJECTED, each `path: message`; empty when Orderful does not say.

        Best effort: Orderful does not document the first path; the second has the partner's acknowledgment only.
        """
        name = quote(transaction_id, safe="")
        return self._problems_at(f"v2/transactions/{name}/validations", f"{TRANSACTIONS_PATH}/{name}/acknowledgment")

    def _pages_since(
        self,
        since: datetime,
        senders: Sequence[str],
        stream: Stream,
        receiver: str | None,
        *,
        until: datetime | None = None,
        types: Sequence[str] = (),
        filter_by_sender: bool = True,
    ) -> Iterator[tuple[list[RemoteTransaction], datetime]]:
        """The matching transactions of each page, and the newest creation time on the page."""
        # Orderful's clock may be ahead of ours.
        until = until or self._clock.now() + timedelta(hours=1)
        params = [
            ("createdAt", f"[{format_time(since)},{format_time(until)})"),
            *(("senderIsaId", sender) for sender in senders if filter_by_sender),
            *([("receiverIsaId", receiver)] if receiver else []),
            *(("transactionType", name) for name in types),
            ("stream", stream.value.upper()),
        ]
        wanted = frozenset(senders)
        for answer, items in self._pages(params):
            transactions = [
                _transaction(item, answer, sender=sender, receiver=receiver)
                for item in items
                if (sender := _sender_of(item, senders, wanted))
                and (receiver is None or may_be_party(item, "receiver", receiver))
            ]
            times = [timestamp_of(item.get("createdAt")) for item in items]
            yield (
                [one for one in transactions if one.stream in {stream, None} and one.created_at >= since],
                max(filter(None, times), default=answer.server_time),
            )
            if times and all(time is not None and time < since for time in times):
                # The filter on createdAt was ignored. The list is newest first, so the other pages are older.
                return

    def _create_failure(self, answer: Answer) -> ConnectorError:
        failure = self._refusal(answer, "the new transaction")
        if answer.status == 409:
            # Orderful does not document a 409. The transaction is looked up before anything else.
            return AlreadyExists(failure.sentence, request_id=answer.request_id)
        if answer.status == 408 or answer.status >= 500 or answer.status < 400:
            # A 1xx is no final answer. A redirect, which is not followed, may be sent after the work was done.
            return UnknownOutcome(f"{failure.sentence} The transaction may exist.", request_id=answer.request_id)
        if answer.status in _ENDPOINT_STATUSES or (answer.status == 404 and answer.shape() == "an HTML page"):
            # An unknown path or a version that is no longer served: every document would be refused.
            return Misconfigured(
                failure.sentence, request_id=answer.request_id, next_step="Check Orderful's base URL and region."
            )
        return failure


def _sender_of(item: dict[str, Any], senders: Sequence[str], wanted: frozenset[str]) -> str | None:
    """The sender of a transaction, if it is one of `senders`; the first of them if the transaction names no sender."""
    ids = party_ids(item, "sender")
    return next((one for one in ids if one in wanted), None) if ids else next(iter(senders), None)


def _created(answer: Answer) -> Created:
    """The result in the body of a 2xx; an unreadable body raises `UnknownOutcome`."""
    try:
        data = answer.json()
    except Transient as error:
        raise _unknown_outcome(answer, error.sentence) from None
    if not isinstance(data, dict):
        raise _unknown_outcome(answer, f"Orderful answered {answer.status} with JSON that is no object.")
    transaction_id = id_of(data.get("id"))
    status, validation = upper_text(data.get("status")), upper_text(data.get("validationStatus"))
    problems = problems_in(data.get("validationErrors"))
    if status == "FAILED" or validation == "INVALID" or data.get("validationErrors"):
        detail = plain_text(data.get("detail"))
        return Created(transaction_id, accepted=False, problems=problems or ((detail,) if detail else ()), valid=False)
    if transaction_id is None:
        raise _unknown_outcome(answer, f"Orderful answered {answer.status} without a transaction id.")
    valid = validation == "VALID" if validation else status == "ACCEPTED"
    return Created(transaction_id, accepted=True, valid=valid or None)


def _unknown_outcome(answer: Answer, sentence: str) -> UnknownOutcome:
    return UnknownOutcome(f"{sentence} The transaction may exist.", request_id=answer.request_id)


def _transaction(
    item: dict[str, Any], answer: Answer, *, sender: str | None = None, receiver: str | None = None
) -> RemoteTransaction:
    """Read a list element.

    On the test stream a party may be listed with its live and its test id: the id in the request is taken, else the
    test id, which comes last.
    """
    sender_ids, receiver_ids = party_ids(item, "sender"), party_ids(item, "receiver")
    kind = item.get("type")
    stream = upper_text(item.get("stream"))
    if stream == "TEST":
        sender_ids, receiver_ids = sender_ids[::-1], receiver_ids[::-1]
    return RemoteTransaction(
        transaction_id=listed_id(item) or "",
        transaction_type=id_of(kind.get("name") if isinstance(kind, dict) else kind) or "",
        business_number=id_of(item.get("businessNumber")),
        stream=Stream(stream.lower()) if stream in {"TEST", "LIVE"} else None,
        sender_id=sender if sender in sender_ids else next(iter(sender_ids), None),
        receiver_id=receiver if receiver in receiver_ids else next(iter(receiver_ids), None),
        # Without a readable time it counts as new, so that it is found by the look-up and not sent twice.
        created_at=timestamp_of(item.get("createdAt")) or answer.server_time,
        validation_status=upper_text(item.get("validationStatus")),
        delivery_status=upper_text(item.get("deliveryStatus")),
        acknowledgment_status=upper_text(item.get("acknowledgmentStatus")),
    )
