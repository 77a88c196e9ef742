"""Orderful's list of transactions, for reconciliation.

It shares only the HTTP session with the clients that send and receive, so that reconciliation finds their faults
(docs/decisions/0042).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import msgspec

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, Gate, Http, join
from connector.adapters.ports import OrderfulCredentials
from connector.domain.errors import AnswerTooLarge, Misconfigured, Rejected, Transient
from connector.domain.json_text import without_mark
from connector.domain.timestamps import timestamp_of
from connector.domain.transactions import Stream, TransactionType
from connector.services.ports import Deadline
from connector.services.reconcile.ports import ListedTransaction, TransactionPage

_TRANSACTIONS_PATH = "v3/transactions"
_PAGE_SIZE = 100
"""Transactions per page (Orderful: there is no parameter for it)."""

_MESSAGE_BYTES = 8 * 1024 * 1024
_MAX_REFUSAL_LENGTH = 10_000
_UNKNOWN_FILTER = re.compile(r"property (\w+) should not exist")


def _number(written: str) -> Decimal | str:
    try:
        return Decimal(written)
    except InvalidOperation:
        return written


_decode = msgspec.json.Decoder(float_hook=_number).decode


class OrderfulTransactionList:
    """The `TransactionList` port."""

    def __init__(
        self,
        base_url: str,
        credentials: OrderfulCredentials,
        *,
        http: Http,
        deadline: Deadline,
        gate: Gate | None = None,
    ) -> None:
        """Send requests to `base_url`; `gate` is None for a person's calls, which are never held."""
        self._base_url = base_url
        self._credentials = credentials
        self._http = http
        self._deadline = deadline
        self._gate = gate
        self._unknown_filters: set[str] = set()

    def page(
        self, since: datetime, until: datetime, *, senders: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        """Read one page of what these senders created."""
        types = {one.value for one in TransactionType}
        filters = [*(("senderIsaId", one) for one in senders), *(("transactionType", one) for one in sorted(types))]
        page = self._page(since, until, filters, stream, following)
        found = [one for one in page.transactions if one.transaction_type in types and one.senders & set(senders)]
        return TransactionPage(found, page.following)

    def received(
        self, since: datetime, until: datetime, *, receivers: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        """Read one page of what these receivers got: of every type, because not all types have documented words."""
        page = self._page(since, until, [("receiverIsaId", one) for one in receivers], stream, following)
        return TransactionPage([one for one in page.transactions if one.receivers & set(receivers)], page.following)

    def _page(
        self,
        since: datetime,
        until: datetime,
        filters: Sequence[tuple[str, str]],
        stream: Stream,
        following: str | None,
    ) -> TransactionPage:
        """Read one page.

        Orderful: `createdAt` is an interval, the list is newest first, `nextCursor` selects the next page. The lists of
        some organizations refuse filters by name; what they select is left out by whoever calls.
        """
        wanted = [
            ("createdAt", f"[{_format_time(since)},{_format_time(until)})"),
            *filters,
            ("stream", stream.value.upper()),
        ]
        while True:
            params = [pair for pair in wanted if pair[0] not in self._unknown_filters]
            params += [("nextCursor", following)] if following else []
            answer = self._get(_TRANSACTIONS_PATH, params, read_seconds=LIST_SECONDS)
            refused = set(_UNKNOWN_FILTER.findall(answer.body[:_MAX_REFUSAL_LENGTH].decode("utf-8", "replace"))) & {
                name for name, _ in params
            }
            if answer.status != 400 or not refused:
                break
            self._unknown_filters |= refused
        data = _json_of(self._checked(answer, "the list of transactions"))
        items = data.get("data") if isinstance(data, dict) else None
        if not isinstance(items, list):
            raise Transient(
                "Orderful answered the list of transactions with JSON of an unknown shape.", None, answer.request_id
            )
        found = [_listed(item) for item in items if isinstance(item, dict)]
        return TransactionPage(
            [
                one
                for one in found
                if one.transaction_id
                and one.stream in {stream.value.upper(), None}
                and (one.created_at is None or since <= one.created_at < until)
            ],
            None if _is_before_window(found, since) else _next_cursor(data, len(items), answer),
        )

    def exists(self, transaction_id: str) -> bool:
        """Whether Orderful has the transaction (Orderful: numbers are read by v3, UUIDs by v4)."""
        path, headers = _address(transaction_id)
        answer = self._get(path, (), headers=headers)
        if answer.status in {404, 410} and answer.shape() != "an HTML page":
            return False
        if answer.status == 403:
            return True  # the key may not read it, so it exists
        self._checked(answer, "a transaction")
        return True

    def content(self, transaction_id: str) -> Any | None:
        """The message of a transaction; None where Orderful gives none, or it is too large to compare."""
        path, headers = _address(transaction_id)
        try:
            answer = self._get(f"{path}/message", (), headers=headers, max_bytes=_MESSAGE_BYTES)
        except AnswerTooLarge:
            return None
        if answer.status in {403, 404, 410}:
            return None
        return _json_of(self._checked(answer, "the message of a transaction"))

    def _get(
        self,
        path: str,
        params: Sequence[tuple[str, str]],
        *,
        headers: Mapping[str, str] | None = None,
        read_seconds: float = READ_SECONDS,
        max_bytes: int | None = None,
    ) -> Answer:
        key = self._credentials.orderful_api_key()
        call = Call(
            "Orderful",
            "GET",
            join(self._base_url, path),
            {**(headers or {}), "orderful-api-key": key, "Accept": "application/json"},
            params=params,
            read_seconds=read_seconds,
            max_bytes=max_bytes,
            gate=self._gate,
            secrets=(key,),
        )
        return self._http.ask(call, self._deadline)

    def _checked(self, answer: Answer, subject: str) -> Answer:
        if answer.ok:
            return answer
        failure = answer.failure(subject)
        if answer.status in {401, 403}:
            self._credentials.forget()
        if isinstance(failure, Rejected):
            raise Misconfigured(failure.sentence, request_id=failure.request_id, next_step="Run connector doctor.")
        raise failure


def _address(transaction_id: str) -> tuple[str, Mapping[str, str]]:
    name = quote(transaction_id, safe="")
    if transaction_id.isdigit():
        return f"{_TRANSACTIONS_PATH}/{name}", {}
    return f"transactions/{name}", {"orderful-api-version": "v4"}


def _json_of(answer: Answer) -> Any:
    try:
        return _decode(without_mark(answer.body))
    except (ValueError, RecursionError):
        raise Transient(
            f"Orderful answered {answer.status} with {answer.shape()} instead of JSON.", request_id=answer.request_id
        ) from None


def _listed(item: Mapping[str, Any]) -> ListedTransaction:
    kind = item.get("type")
    stream = _text(item.get("stream"))
    return ListedTransaction(
        transaction_id=_text(item.get("id")) or _text(item.get("transactionId")) or "",
        transaction_type=_text(kind.get("name") if isinstance(kind, dict) else kind) or "",
        business_number=_text(item.get("businessNumber")),
        stream=stream.upper() if stream else None,
        senders=_ids(item.get("sender")),
        receivers=_ids(item.get("receiver")),
        created_at=timestamp_of(item.get("createdAt")),
        updated_at=timestamp_of(item.get("lastUpdatedAt")),
        validation=_text(item.get("validationStatus")),
    )


def _ids(party: Any) -> frozenset[str]:
    found = (_text(party.get(name)) for name in ("isaId", "testIsaId")) if isinstance(party, dict) else ()
    return frozenset(filter(None, found))


def _text(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def _is_before_window(found: Sequence[ListedTransaction], since: datetime) -> bool:
    """Whether a page is before the window: the filter was ignored, and the list is newest first."""
    return bool(found) and all(one.created_at is not None and one.created_at < since for one in found)


def _next_cursor(data: Mapping[str, Any], count: int, answer: Answer) -> str | None:
    """The cursor of the next page (Orderful: `metadata.pagination.links.next` is a URL with it, or null).

    Only the cursor is taken from the URL: the API key is sent to no other host.

    Raises:
        Misconfigured: a full page has no known link to the next page.
    """
    place: Any = data
    for name in ("metadata", "pagination", "links"):
        place = place.get(name) if isinstance(place, dict) else None
    link = place.get("next") if isinstance(place, dict) else None
    if isinstance(link, str) and link.strip():
        cursor = parse_qs(urlsplit(link).query).get("nextCursor", [link.strip() if "://" not in link else ""])[0]
        if cursor:
            return cursor
    elif (isinstance(place, dict) and "next" in place and not link) or count < _PAGE_SIZE:
        return None
    raise Misconfigured(
        "Orderful's list of transactions has more pages, which reconciliation cannot read.",
        request_id=answer.request_id,
        next_step="Report the form of the list.",
    )


def _format_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
