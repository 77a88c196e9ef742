"""Orderful's list of transactions as reconciliation reads it.

It shares nothing with the clients that send and follow but the HTTP session: a fault in the one is found by the other
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
from connector.domain.moments import moment_of
from connector.domain.transactions import Stream, TransactionType
from connector.services.ports import Deadline
from connector.services.reconcile.ports import ListedTransaction, TransactionPage

_PATH = "v3/transactions"
_FULL = 100
"""Transactions on a page (Orderful: there is no parameter for it)."""

_MESSAGE_BYTES = 8 * 1024 * 1024
_LONGEST_REFUSAL = 10_000
_REFUSED = re.compile(r"property (\w+) should not exist")


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
        """Speak to `base_url`; `gate` holds the calls of the stack, None a person's."""
        self._base_url = base_url
        self._credentials = credentials
        self._http = http
        self._deadline = deadline
        self._gate = gate
        self._unknown_filters: set[str] = set()

    def page(
        self, since: datetime, until: datetime, *, senders: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        """Read one page.

        Orderful: `createdAt` is an interval, the newest come first, `nextCursor` goes on. The lists of some
        organizations refuse filters by name: what a list refuses is filtered here.
        """
        wanted = [
            ("createdAt", f"[{_instant(since)},{_instant(until)})"),
            *(("senderIsaId", one) for one in senders),
            *(("transactionType", one.value) for one in TransactionType),
            ("stream", stream.value.upper()),
        ]
        while True:
            params = [pair for pair in wanted if pair[0] not in self._unknown_filters]
            params += [("nextCursor", following)] if following else []
            answer = self._get(_PATH, params, read_seconds=LIST_SECONDS)
            refused = set(_REFUSED.findall(answer.body[:_LONGEST_REFUSAL].decode("utf-8", "replace"))) & {
                name for name, _ in params
            }
            if answer.status != 400 or not refused:
                break
            self._unknown_filters |= refused
        data = _json_of(self._usable(answer, "the list of transactions"))
        items = data.get("data") if isinstance(data, dict) else None
        if not isinstance(items, list):
            raise Transient("Orderful answered the list of transactions with another shape.", None, answer.request_id)
        found = [_listed(item) for item in items if isinstance(item, dict)]
        types = {one.value for one in TransactionType}
        return TransactionPage(
            [
                one
                for one in found
                if one.transaction_id
                and one.transaction_type in types
                and one.senders & set(senders)
                and one.stream in {stream.value.upper(), None}
                and (one.created_at is None or since <= one.created_at < until)
            ],
            None if _is_behind(found, since) else _following(data, len(items), answer),
        )

    def exists(self, transaction_id: str) -> bool:
        """Whether Orderful has it (Orderful: numbers are read by v3, UUIDs by v4)."""
        path, headers = _address(transaction_id)
        answer = self._get(path, (), headers=headers)
        if answer.status in {404, 410} and answer.shape() != "an HTML page":
            return False
        if answer.status == 403:
            return True  # the key may not read this one: then it is there
        self._usable(answer, "a transaction")
        return True

    def content(self, transaction_id: str) -> Any | None:
        """The message of a transaction; None where it is not shown, or is too large to be compared."""
        path, headers = _address(transaction_id)
        try:
            answer = self._get(f"{path}/message", (), headers=headers, max_bytes=_MESSAGE_BYTES)
        except AnswerTooLarge:
            return None
        if answer.status in {403, 404, 410}:
            return None
        return _json_of(self._usable(answer, "the message of a transaction"))

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

    def _usable(self, answer: Answer, asked: str) -> Answer:
        if answer.ok:
            return answer
        failure = answer.failure(asked)
        if answer.status in {401, 403}:
            self._credentials.forget()
        if isinstance(failure, Rejected):
            raise Misconfigured(failure.sentence, request_id=failure.request_id, next_step="Run connector doctor.")
        raise failure


def _address(transaction_id: str) -> tuple[str, Mapping[str, str]]:
    name = quote(transaction_id, safe="")
    if transaction_id.isdigit():
        return f"{_PATH}/{name}", {}
    return f"transactions/{name}", {"orderful-api-version": "v4"}


def _json_of(answer: Answer) -> Any:
    try:
        return _decode(answer.body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        raise Transient(
            f"Orderful answered {answer.status} with {answer.shape()} instead of JSON.", request_id=answer.request_id
        ) from None


def _listed(item: Mapping[str, Any]) -> ListedTransaction:
    kind = item.get("type")
    stream = _word(item.get("stream"))
    return ListedTransaction(
        transaction_id=_word(item.get("id")) or _word(item.get("transactionId")) or "",
        transaction_type=_word(kind.get("name") if isinstance(kind, dict) else kind) or "",
        business_number=_word(item.get("businessNumber")),
        stream=stream.upper() if stream else None,
        senders=_ids(item.get("sender")),
        receivers=_ids(item.get("receiver")),
        created_at=moment_of(item.get("createdAt")),
        updated_at=moment_of(item.get("lastUpdatedAt")),
    )


def _ids(party: Any) -> frozenset[str]:
    found = (_word(party.get(name)) for name in ("isaId", "testIsaId")) if isinstance(party, dict) else ()
    return frozenset(filter(None, found))


def _word(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def _is_behind(found: Sequence[ListedTransaction], since: datetime) -> bool:
    """Whether a page lies before the window: the filter was ignored, and the newest come first."""
    return bool(found) and all(one.created_at is not None and one.created_at < since for one in found)


def _following(data: Mapping[str, Any], count: int, answer: Answer) -> str | None:
    """What asks for the next page (Orderful: `metadata.pagination.links.next` is an address with it, or null).

    Only the cursor is taken out of the address: the key goes to no other host.

    Raises:
        Misconfigured: a full page does not say how the list goes on.
    """
    place: Any = data
    for name in ("metadata", "pagination", "links"):
        place = place.get(name) if isinstance(place, dict) else None
    link = place.get("next") if isinstance(place, dict) else None
    if isinstance(link, str) and link.strip():
        cursor = parse_qs(urlsplit(link).query).get("nextCursor", [link.strip() if "://" not in link else ""])[0]
        if cursor:
            return cursor
    elif (isinstance(place, dict) and "next" in place and not link) or count < _FULL:
        return None
    raise Misconfigured(
        "Orderful's list of transactions goes on in a form that reconciliation does not know.",
        request_id=answer.request_id,
        next_step="Report the form of the list.",
    )


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
