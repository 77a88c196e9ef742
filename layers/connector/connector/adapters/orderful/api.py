"""What both sides of Orderful's API share: the key, refusals, lists that continue, and the loose ways of its JSON.

The key travels in a header to the configured host only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from connector.adapters.held_calls import HeldCalls, Holds
from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, CallFailed, Http, join
from connector.adapters.ports import OrderfulCredentials
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient
from connector.domain.json_text import mended
from connector.services.ports import Calls, Clock, Deadline

LIST = "v3/transactions"
PAGE = 100
"""Transactions on a page (Orderful: there is no parameter for it)."""

CURSOR = "nextCursor"
"""Orderful: the parameter by which a list is continued; a page links to the next one with it."""

V4 = {"orderful-api-version": "v4"}
"""Orderful: v4 has no version in its paths, and takes it as a header."""

MESSAGE_BYTES = 8 * 1024 * 1024
"""Bytes of one transaction that are loaded. Read as JSON they take up to twenty times as much of the function's memory.

Orderful: a JSON transaction may have 100 MB. An 860 with 5,000 lines has about 4 MB.
"""

PAGE_BYTES = 16 * 1024 * 1024
"""Bytes of a page of a list, an inbox or a bucket that are loaded.

A larger page of an inbox is asked for again with fewer items. Orderful: an answer of an inbox may have 200 MB.
"""

MAX_PAGES = 200
"""Pages of one question before we suspect that the list never ends (100 transactions each)."""

MAX_PROBLEMS = 50
_MOST_PATHS = 5
_LONGEST_ID = 200
_SURPLUS = re.compile(r"property (\w+) should not exist")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Params = Sequence[tuple[str, str]]


class OrderfulHttp:
    """Orderful, as every client of ours speaks to it."""

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
        """Speak to `base_url`.

        Args:
            base_url: Without a slash at the end.
            credentials: The key.
            http: The session.
            clock: Ours.
            deadline: Of this invocation.
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
            Rejected: Orderful has no such resource, or refuses the question.
        """
        answer = self._get(join(self._base_url, path), params, path, read_seconds=READ_SECONDS)
        return answer.json(), answer.headers

    def _pages(self, params: Params, *, spare: str = "") -> Iterator[tuple[Answer, list[dict[str, Any]]]]:
        """The pages of the list of transactions; one that refuses the question is asked without the filter `spare`."""
        url, seen = join(self._base_url, LIST), set[str]()
        while True:
            try:
                answer = self._get(url, params, "the list of transactions", read_seconds=LIST_SECONDS)
            except Rejected as refused:
                # Some organizations' lists know fewer filters; the rest is filtered by the reader of the page.
                surplus = set(_SURPLUS.findall(" ".join(refused.problems))) or {spare}
                fewer = [(name, value) for name, value in params if name not in surplus]
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
            following = _continuation(data, len(items), answer)
            if following is None:
                return
            if following in seen or len(seen) >= MAX_PAGES:
                raise Transient("Orderful's list of transactions does not end.", request_id=answer.request_id)
            seen.add(following)
            if _is_link(following):
                url, params = self._on_our_host(following, LIST), ()
            else:
                url = join(self._base_url, LIST)
                params = [*((name, value) for name, value in params if name != CURSOR), (CURSOR, following)]

    def _problems_at(self, *paths: str) -> tuple[str, ...]:
        """What is wrong with a transaction by each of these addresses; silent where one does not answer."""
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
        """The address of a link: whatever scheme and port it names, the key goes to the configured address only.

        Raises:
            Misconfigured: it names another host.
        """
        ours = urlsplit(self._base_url)
        try:
            theirs = urlsplit(urljoin(join(self._base_url, path), link))
            is_ours = theirs.scheme in {"http", "https"} and _host(theirs) == _host(ours)
        except ValueError:
            is_ours = False
        if not is_ours:
            raise Misconfigured(
                "Orderful's list continues on another host than the configured one, which does not get our key.",
                next_step="Check Orderful's base URL: organizations in the EU have a host of their own.",
            )
        return theirs._replace(scheme=ours.scheme, netloc=ours.netloc, fragment="").geturl()

    def _get(self, url: str, params: Params, asked: str, *, read_seconds: float) -> Answer:
        answer = self._http.ask(
            self._call("GET", url, params=params, read_seconds=read_seconds, max_bytes=PAGE_BYTES), self._deadline
        )
        if answer.ok:
            return answer
        raise self._refusal(answer, asked)

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

    def _refusal(self, answer: Answer, asked: str) -> ConnectorError:
        failure = answer.failure(asked)
        if answer.status in {401, 403}:
            # The key may have been changed since we read it.
            self._credentials.forget()
            if answer.status == 403:
                try:
                    if self._takes_our_key():
                        return failure
                except ConnectorError as unclear:
                    return unclear
            return Misconfigured(
                failure.sentence,
                request_id=failure.request_id,
                next_step=f"Check the key, its permissions and the region. {self._credentials.orderful_next_step()}",
            )
        if isinstance(failure, Rejected):
            listed = _refused_for(answer)
            failure.problems, failure.examined = listed or failure.problems, bool(listed)
        return failure

    def _takes_our_key(self) -> bool:
        """Whether Orderful takes the key for a harmless question.

        Orderful: a 403 says "insufficient permission", for a missing key as well as for one relationship; the list of
        transactions is open to every key.

        Raises:
            Transient, Throttled: it does not say.
        """
        call = self._call("GET", join(self._base_url, LIST), params=(("businessNumber", "0"),))
        try:
            answer = self._http.once(call, self._deadline)
        except CallFailed as error:
            raise Transient(f"{error} It is not known whether the key is taken.") from None
        if answer.status in {401, 403}:
            return False
        if answer.ok or answer.status < 500:
            failure = None if answer.ok else answer.failure("a question that tries the key")
            if isinstance(failure, Throttled):
                raise failure
            return True
        raise Transient(
            f"Orderful answered {answer.status} to a question that tries the key.", request_id=answer.request_id
        )


def data_of(answer: Answer) -> Any:
    """The JSON data of an answer, as `parsed` reads it.

    Raises:
        Transient: it is no JSON.
    """
    try:
        return parsed(answer.body)
    except (ValueError, RecursionError):
        raise Transient(
            f"Orderful answered {answer.status} with {answer.shape()} instead of JSON.", request_id=answer.request_id
        ) from None


def parsed(body: bytes) -> Any:
    """JSON data, numbers with a point as `Decimal`.

    Partners write parts of it, so half a character is mended, and a number beyond every size stays text.

    Raises:
        ValueError, RecursionError: it is no JSON.
    """
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        return _decode(body)
    except ValueError:
        whole = mended(body)
        if whole == body:
            raise
        return _decode(whole)


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


def _refused_for(answer: Answer) -> tuple[str, ...]:
    try:
        data = answer.json()
    except Transient:
        return ()
    return problems_in(data.get("errors") or data.get("validationErrors")) if isinstance(data, dict) else ()


def problems_in(items: Any) -> tuple[str, ...]:
    """Each as `path: message`, from any of the shapes Orderful reports problems in."""
    if isinstance(items, str | dict):
        items = [items]
    if not isinstance(items, list):
        return ()
    return tuple(filter(None, (_problem(item) for item in items[:MAX_PROBLEMS])))


def _problem(item: Any) -> str | None:
    if not isinstance(item, dict):
        return plain_text(item)
    paths = item.get("payloadPaths")
    listed = ", ".join(filter(None, map(plain_text, paths[:_MOST_PATHS]))) if isinstance(paths, list) else None
    path = listed or next(
        filter(None, (plain_text(item.get(name)) for name in ("dataPath", "path", "outputPath", "ref"))), ""
    )
    texts = (plain_text(item.get(name)) for name in ("errorMessage", "message", "detail"))
    message = next(filter(None, texts), "no reason given")
    return f"{path}: {message}" if path else message


def plain_text(value: Any) -> str | None:
    return " ".join(value.split())[:300] or None if isinstance(value, str) else None


def id_of(value: Any) -> str | None:
    """An id, opaque (Orderful: numbers beyond 32 bits, or UUIDs); what is too long for one is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    written = value.strip() if isinstance(value, str) else ""
    return written if 0 < len(written) <= _LONGEST_ID else None


def listed_id(item: dict[str, Any]) -> str | None:
    """The id of a transaction in a list (Orderful: `id`; newer pages may give `transactionId` alone)."""
    return id_of(item.get("id")) or id_of(item.get("transactionId"))


def word_of(value: Any) -> str | None:
    word = id_of(value) if isinstance(value, str) else None
    return word.upper() if word else None


def items_of(data: Any) -> list[Any] | None:
    """The list that an answer is, or that it holds as `data` or `items`, one or two levels deep."""
    for _ in range(3):
        if isinstance(data, list):
            return data
        if not isinstance(data, dict):
            return None
        data = data["items"] if data.get("items") is not None else data.get("data")
    return None


def _is_documented(data: Any) -> bool:
    """Whether an answer has the shape of a list page, so that an empty one means that there is nothing."""
    return isinstance(data, dict) and any(name in data for name in ("data", "meta", "metadata"))


_PLACES = (
    *(("metadata", "pagination", "links"), ("metadata", "pagination"), ("metadata", "links"), ("metadata",)),
    *(("meta", "pagination", "links"), ("meta", "pagination"), ("meta", "links"), ("meta",)),
    *(("pagination", "links"), ("pagination",), ("links",), ("_links",), ()),
)
_NEXT = (*("next", "nextCursor", "next_cursor", "nextPage", "nextLink", "nextUrl"), "nextPageUrl")
_MORE = ("hasMore", "has_more", "hasNext", "hasNextPage")


def _continuation(data: dict[str, Any], count: int, answer: Answer) -> str | None:
    """The link or cursor of the next page; None at the end of the list.

    Orderful: `metadata.pagination.links.next` is a whole address or null. Other places and shapes are read as well,
    for newer pages show lists in another form.

    Raises:
        Misconfigured: the page says, or its length suggests, that the list goes on, but not where.
    """
    places = [place for path in _PLACES if isinstance(place := _at(data, path), dict)]
    said = [place[name] for place in places for name in _NEXT if name in place]
    for value in said:
        found = value if isinstance(value, str) else None
        if isinstance(value, dict):
            found = next((value[name] for name in ("href", "url", "cursor") if value.get(name)), None)
        if isinstance(found, str) and found.strip():
            return found.strip()
        if (found is not None and found != "") or (value and not isinstance(value, dict)):
            raise _goes_on_somewhere(answer)
    linked = re.search(r'<([^<>]{1,2000})>\s{0,9};\s{0,9}rel="?next"?', answer.headers.get("Link") or "")
    if linked:
        return linked[1]
    total = next((place["total"] for place in places if isinstance(place.get("total"), int)), None)
    offset = next((place["offset"] for place in places if isinstance(place.get("offset"), int)), 0)
    if (
        any(place.get(name) is True for place in places for name in _MORE)
        or (total is not None and total > offset + count)
        or (not said and count >= PAGE)
    ):
        raise _goes_on_somewhere(answer)
    return None


def _host(url: SplitResult) -> str:
    """Host and port, without a port that its scheme has anyway."""
    usual = {"http": ":80", "https": ":443"}.get(url.scheme, "")
    return url.netloc.lower().removesuffix(usual)


def _at(data: Any, path: Sequence[str]) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _goes_on_somewhere(answer: Answer) -> Misconfigured:
    return Misconfigured(
        "Orderful's list of transactions goes on, but in a form that the connector does not know. It was not taken for "
        "the end of the list.",
        request_id=answer.request_id,
        next_step="Check Orderful's base URL, and report the form of the list; nothing that it holds is lost.",
    )


def _is_link(text: str) -> bool:
    return "://" in text or "?" in text or text.startswith("/")


def ids_of(item: dict[str, Any], role: str) -> list[str]:
    party = item.get(role)
    if not isinstance(party, dict):
        return []
    return [found for name in ("isaId", "testIsaId") if (found := id_of(party.get(name)))]


def names(item: dict[str, Any], role: str, wanted: str) -> bool:
    """Whether the transaction names `wanted` in this role; one that names nobody is not held against it."""
    ids = ids_of(item, role)
    return not ids or wanted in ids


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
