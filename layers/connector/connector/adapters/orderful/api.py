"""The base of both Orderful clients: the API key, errors, pagination and tolerant reading of JSON.

The API key is sent in a header, to the configured host only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import msgspec

from connector.adapters.held_calls import HeldCalls, Holds
from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, CallFailed, Http, join
from connector.adapters.ports import OrderfulCredentials
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient
from connector.domain.json_text import repaired, without_mark
from connector.services.ports import Calls, Clock, Deadline

TRANSACTIONS_PATH = "v3/transactions"
PAGE_SIZE = 100
"""Transactions per page (Orderful: there is no parameter for it)."""

CURSOR_PARAMETER = "nextCursor"
"""Query parameter that selects the next page (Orderful: each page links to the next one with it)."""

V4 = {"orderful-api-version": "v4"}
"""Selects v4 of the API (Orderful: its paths have no version)."""

MESSAGE_BYTES = 8 * 1024 * 1024
"""Most bytes of one transaction. Parsed JSON takes up to twenty times as much memory.

Orderful: a JSON transaction may have 100 MB. An 860 with 5,000 lines has about 4 MB.
"""

PAGE_BYTES = 16 * 1024 * 1024
"""Most bytes of a page of a list, an inbox or a polling bucket.

A larger page of an inbox is requested again with fewer items (Orderful: it may have 200 MB).
"""

MAX_PAGES = 200
"""Pages of one list (100 transactions each) after which its pagination is taken for endless."""

MAX_PROBLEMS = 50
_MAX_PATHS = 5
_MAX_ID_LENGTH = 200
_UNKNOWN_FILTER = re.compile(r"property (\w+) should not exist")

Params = Sequence[tuple[str, str]]


def transaction_address(transaction_id: str, part: str = "") -> tuple[str, Mapping[str, str]]:
    """Path and headers of a transaction, or of a part of it (`/message`).

    Orderful: transactions with a number for an id are read by v3, those with a UUID by v4.
    """
    name = quote(transaction_id, safe="") + part
    return (f"{TRANSACTIONS_PATH}/{name}", {}) if transaction_id.isdigit() else (f"transactions/{name}", V4)


class OrderfulHttp:
    """Requests to Orderful."""

    def __init__(
        self,
        base_url: str,
        credentials: OrderfulCredentials,
        *,
        http: Http,
        clock: Clock,
        deadline: Deadline,
        holds: Holds | None = None,
    ) -> None:
        """Send requests to `base_url`.

        Args:
            base_url: Without a trailing slash.
            credentials: The source of the API key.
            http: The session.
            clock: The connector's clock.
            deadline: The deadline of this invocation.
            holds: The pauses of the whole stack; None for a person's calls, which are never held.
        """
        self._base_url = base_url
        self._credentials = credentials
        self._http = http
        self._clock = clock
        self._deadline = deadline
        self._gates = {one: HeldCalls(holds, one, clock, "Orderful") for one in Calls} if holds else {}

    def get_json(self, path: str, params: Params = ()) -> tuple[Any, Mapping[str, str]]:
        """Read any resource: its JSON data (numbers as `Decimal`) and the response headers.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Orderful has no such resource, or refuses the request.
        """
        answer = self._get(join(self._base_url, path), params, path, read_seconds=READ_SECONDS)
        return answer.json(), answer.headers

    def _pages(self, params: Params, *, optional_filter: str = "") -> Iterator[tuple[Answer, list[dict[str, Any]]]]:
        """The pages of the list of transactions; a filter that the list refuses is left out.

        `optional_filter` is left out where the refusal names no filter.
        """
        url, seen = join(self._base_url, TRANSACTIONS_PATH), set[str]()
        while True:
            try:
                answer = self._get(url, params, "the list of transactions", read_seconds=LIST_SECONDS)
            except Rejected as refused:
                # Some organizations' lists support fewer filters; the caller filters each page again.
                unknown = set(_UNKNOWN_FILTER.findall(" ".join(refused.problems))) or {optional_filter}
                fewer = [(name, value) for name, value in params if name not in unknown]
                if len(fewer) == len(params):
                    raise _unreadable_list(refused) from None
                params = fewer
                continue
            data = data_of(answer)
            items = items_of(data)
            if items is None or not (items or _is_documented(data)):
                raise Transient(
                    "Orderful answered the list of transactions with JSON that has no list.",
                    request_id=answer.request_id,
                )
            yield answer, [item for item in items if isinstance(item, dict) and listed_id(item)]
            following = _next_page(data, len(items), answer)
            if following is None:
                return
            if following in seen or len(seen) >= MAX_PAGES:
                raise Transient("Orderful's list of transactions has no end.", request_id=answer.request_id)
            seen.add(following)
            if _is_link(following):
                url, params = self._on_our_host(following, TRANSACTIONS_PATH), ()
            else:
                url = join(self._base_url, TRANSACTIONS_PATH)
                params = [
                    *((name, value) for name, value in params if name != CURSOR_PARAMETER),
                    (CURSOR_PARAMETER, following),
                ]

    def _problems_at(self, *paths: str) -> tuple[str, ...]:
        """The problems of a transaction that these paths report; a path that fails reports none."""
        problems: list[str] = []
        for path in paths:
            try:
                answer = self._http.once(self._call("GET", join(self._base_url, path)), self._deadline)
                data = answer.json() if answer.ok else None
            except (CallFailed, ConnectorError):
                continue
            problems += problems_in(data.get("errors") if isinstance(data, dict) else data)
        return tuple(problems[:MAX_PROBLEMS])

    def _on_our_host(self, link: str, path: str = "") -> str:
        """The URL of a link, with scheme and port of the base URL: the API key is sent to that address only.

        Raises:
            Misconfigured: the link names another host.
        """
        ours = urlsplit(self._base_url)
        try:
            theirs = urlsplit(urljoin(join(self._base_url, path), link))
            is_ours = theirs.scheme in {"http", "https"} and _host(theirs) == _host(ours)
        except ValueError:
            is_ours = False
        if not is_ours:
            raise Misconfigured(
                "Orderful's list continues on another host than the configured one. The API key is not sent there.",
                next_step="Check Orderful's base URL: organizations in the EU have a host of their own.",
            )
        return theirs._replace(scheme=ours.scheme, netloc=ours.netloc, fragment="").geturl()

    def _get(self, url: str, params: Params, subject: str, *, read_seconds: float) -> Answer:
        answer = self._http.ask(
            self._call("GET", url, params=params, read_seconds=read_seconds, max_bytes=PAGE_BYTES), self._deadline
        )
        if answer.ok:
            return answer
        raise self._refusal(answer, subject)

    def _call(
        self,
        method: str,
        url: str,
        *,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        read_seconds: float = READ_SECONDS,
        max_bytes: int | None = None,
        calls: Calls = Calls.READ,
    ) -> Call:
        key = self._credentials.orderful_api_key()
        return Call(
            service="Orderful",
            method=method,
            url=url,
            headers={**(headers or {}), "orderful-api-key": key, "Accept": "application/json"},
            params=params,
            body=body,
            read_seconds=read_seconds,
            max_bytes=max_bytes,
            gate=self._gates.get(calls),
            secrets=(key,),
        )

    def _refusal(self, answer: Answer, subject: str) -> ConnectorError:
        failure = answer.failure(subject)
        if answer.status in {401, 403}:
            # The key may have been changed since it was read.
            self._credentials.forget()
            if answer.status == 403:
                try:
                    if self._key_is_accepted():
                        return failure
                except ConnectorError as error:
                    return error
            return Misconfigured(
                failure.sentence,
                request_id=failure.request_id,
                next_step=f"Check the key, its permissions and the region. {self._credentials.orderful_next_step()}",
            )
        if isinstance(failure, Rejected):
            listed = _problems_in_answer(answer)
            failure.problems, failure.examined = listed or failure.problems, bool(listed)
        return failure

    def _key_is_accepted(self) -> bool:
        """Whether Orderful accepts the key for a read of the list of transactions.

        Orderful: a 403 means "insufficient permission", for a wrong key as well as for one relationship; every key may
        read the list of transactions.

        Raises:
            Transient, Throttled: Orderful gave no definite answer.
        """
        call = self._call("GET", join(self._base_url, TRANSACTIONS_PATH), params=(("businessNumber", "0"),))
        try:
            answer = self._http.once(call, self._deadline)
        except CallFailed as error:
            raise Transient(f"{error} It is not known whether the key is accepted.") from None
        if answer.status in {401, 403}:
            return False
        if answer.ok or answer.status < 500:
            failure = None if answer.ok else answer.failure("the check of the API key")
            if isinstance(failure, Throttled):
                raise failure
            return True
        raise Transient(f"Orderful answered {answer.status} to the check of the API key.", request_id=answer.request_id)


def data_of(answer: Answer) -> Any:
    """The JSON data of an answer, read by `parse_json`.

    Raises:
        Transient: the body is no JSON.
    """
    try:
        return parse_json(answer.body)
    except (ValueError, RecursionError):
        raise Transient(
            f"Orderful answered {answer.status} with {answer.shape()} instead of JSON.", request_id=answer.request_id
        ) from None


def parse_json(body: bytes) -> Any:
    """JSON data, numbers with a point as `Decimal`.

    Partners write parts of it: incomplete characters are repaired, and a number that `Decimal` cannot hold stays text.

    Raises:
        ValueError, RecursionError: the body is no JSON.
    """
    body = without_mark(body)
    try:
        return _decode(body)
    except ValueError:
        valid = repaired(body)
        if valid == body:
            raise
        return _decode(valid)


def _number(written: str) -> Decimal | str:
    try:
        return Decimal(written)
    except InvalidOperation:
        return written


_decode = msgspec.json.Decoder(float_hook=_number).decode


def _unreadable_list(refused: Rejected) -> Misconfigured:
    return Misconfigured(
        refused.sentence,
        request_id=refused.request_id,
        next_step="Check Orderful's base URL; `connector doctor` tries the list.",
    )


def _problems_in_answer(answer: Answer) -> tuple[str, ...]:
    try:
        data = answer.json()
    except Transient:
        return ()
    return problems_in(data.get("errors") or data.get("validationErrors")) if isinstance(data, dict) else ()


def problems_in(items: Any) -> tuple[str, ...]:
    """Each problem as `path: message`, from every shape in which Orderful reports problems."""
    if isinstance(items, str | dict):
        items = [items]
    if not isinstance(items, list):
        return ()
    return tuple(filter(None, (_problem(item) for item in items[:MAX_PROBLEMS])))


def _problem(item: Any) -> str | None:
    if not isinstance(item, dict):
        return plain_text(item)
    paths = item.get("payloadPaths")
    listed = ", ".join(filter(None, map(plain_text, paths[:_MAX_PATHS]))) if isinstance(paths, list) else None
    path = listed or next(
        filter(None, (plain_text(item.get(name)) for name in ("dataPath", "path", "outputPath", "ref"))), ""
    )
    texts = (plain_text(item.get(name)) for name in ("errorMessage", "message", "detail"))
    message = next(filter(None, texts), "no reason given")
    return f"{path}: {message}" if path else message


def plain_text(value: Any) -> str | None:
    return " ".join(value.split())[:300] or None if isinstance(value, str) else None


def id_of(value: Any) -> str | None:
    """An opaque id (Orderful: numbers beyond 32 bits, or UUIDs); None when it is too long for one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    written = value.strip() if isinstance(value, str) else ""
    return written if 0 < len(written) <= _MAX_ID_LENGTH else None


def listed_id(item: dict[str, Any]) -> str | None:
    """The id of a transaction in a list (Orderful: `id`; newer pages may give `transactionId` alone)."""
    return id_of(item.get("id")) or id_of(item.get("transactionId"))


def upper_text(value: Any) -> str | None:
    word = id_of(value) if isinstance(value, str) else None
    return word.upper() if word else None


def items_of(data: Any) -> list[Any] | None:
    """The list: the answer itself, or its `data` or `items`, one or two levels deep."""
    for _ in range(3):
        if isinstance(data, list):
            return data
        if not isinstance(data, dict):
            return None
        data = data["items"] if data.get("items") is not None else data.get("data")
    return None


def _is_documented(data: Any) -> bool:
    """Whether an answer has the documented shape of a page, so that an empty list is the end of the list."""
    return isinstance(data, dict) and any(name in data for name in ("data", "meta", "metadata"))


_PAGINATION_PATHS = (
    *(("metadata", "pagination", "links"), ("metadata", "pagination"), ("metadata", "links"), ("metadata",)),
    *(("meta", "pagination", "links"), ("meta", "pagination"), ("meta", "links"), ("meta",)),
    *(("pagination", "links"), ("pagination",), ("links",), ("_links",), ()),
)
_NEXT_FIELDS = (*("next", "nextCursor", "next_cursor", "nextPage", "nextLink", "nextUrl"), "nextPageUrl")
_MORE_FIELDS = ("hasMore", "has_more", "hasNext", "hasNextPage")


def _next_page(data: dict[str, Any], count: int, answer: Answer) -> str | None:
    """The link or cursor of the next page; None at the end of the list.

    Orderful: `metadata.pagination.links.next` is an absolute URL or null. Newer documentation shows lists in other
    shapes, which are read as well.

    Raises:
        Misconfigured: the list has more pages, by its fields or by its length, and no known link to them.
    """
    places = [place for path in _PAGINATION_PATHS if isinstance(place := _at(data, path), dict)]
    links = [place[name] for place in places for name in _NEXT_FIELDS if name in place]
    for value in links:
        found = value if isinstance(value, str) else None
        if isinstance(value, dict):
            found = next((value[name] for name in ("href", "url", "cursor") if value.get(name)), None)
        if isinstance(found, str) and found.strip():
            return found.strip()
        if (found is not None and found != "") or (value and not isinstance(value, dict)):
            raise _unknown_pagination(answer)
    linked = re.search(r'<([^<>]{1,2000})>\s{0,9};\s{0,9}rel="?next"?', answer.headers.get("Link") or "")
    if linked:
        return linked[1]
    total = next((place["total"] for place in places if isinstance(place.get("total"), int)), None)
    offset = next((place["offset"] for place in places if isinstance(place.get("offset"), int)), 0)
    if (
        any(place.get(name) is True for place in places for name in _MORE_FIELDS)
        or (total is not None and total > offset + count)
        or (not links and count >= PAGE_SIZE)
    ):
        raise _unknown_pagination(answer)
    return None


def _host(url: SplitResult) -> str:
    """Host and port, without the default port of the scheme."""
    default_port = {"http": ":80", "https": ":443"}.get(url.scheme, "")
    return url.netloc.lower().removesuffix(default_port)


def _at(data: Any, path: Sequence[str]) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _unknown_pagination(answer: Answer) -> Misconfigured:
    return Misconfigured(
        "Orderful's list of transactions has more pages, and links to them in a form that the connector does not know. "
        "The list was not read to its end.",
        request_id=answer.request_id,
        next_step="Check Orderful's base URL, and report the form of the list. Nothing in the list is lost.",
    )


def _is_link(text: str) -> bool:
    return "://" in text or "?" in text or text.startswith("/")


def party_ids(item: dict[str, Any], role: str) -> list[str]:
    party = item.get(role)
    if not isinstance(party, dict):
        return []
    return [found for name in ("isaId", "testIsaId") if (found := id_of(party.get(name)))]


def may_be_party(item: dict[str, Any], role: str, isa_id: str) -> bool:
    """Whether the transaction names this ISA id in this role, or nobody."""
    ids = party_ids(item, role)
    return not ids or isa_id in ids


def format_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
