"""What both sides of Orderful's API share: the key, refusals, lists that continue, and the loose ways of its JSON.

The key travels in a header to the configured host only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, CallFailed, Http, join
from connector.adapters.secrets import SecretsManagerSecrets
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Transient
from connector.domain.json_text import mended
from connector.services.ports import Clock, Deadline

LIST = "v3/transactions"
V4 = {"orderful-api-version": "v4"}
"""Orderful: v4 has no version in its paths, and takes it as a header."""

MAX_PAGES = 200
"""Pages of one question before we suspect that the list never ends (100 transactions each)."""

MAX_PROBLEMS = 50
_MOST_PATHS = 5
_LONGEST_ID = 200
_CURSOR = "nextCursor"
_SURPLUS = re.compile(r"property (\w+) should not exist")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Params = Sequence[tuple[str, str]]


class OrderfulHttp:
    """Orderful, as every client of ours speaks to it."""

    def __init__(
        self, base_url: str, secrets: SecretsManagerSecrets, http: Http, clock: Clock, deadline: Deadline
    ) -> None:
        self._base_url = base_url
        self._secrets = secrets
        self._http = http
        self._clock = clock
        self._deadline = deadline

    def get_json(self, path: str, params: Params = ()) -> tuple[Any, Mapping[str, str]]:
        """Read any resource: its JSON data (numbers as `Decimal`) and the response headers.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Orderful has no such resource, or refuses the question.
        """
        answer = self._get(join(self._base_url, path), params, path, read_seconds=READ_SECONDS)
        return answer.json(), answer.headers

    def _pages(self, params: Params) -> Iterator[tuple[Answer, list[dict[str, Any]]]]:
        url, seen = join(self._base_url, LIST), set[str]()
        while True:
            try:
                answer = self._get(url, params, "the list of transactions", read_seconds=LIST_SECONDS)
            except Rejected as refused:
                # Some organizations' lists know fewer filters; the rest is filtered by the reader of the page.
                surplus = set(_SURPLUS.findall(" ".join(refused.problems)))
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
            following, cursor = _following(data)
            if following is not None:
                url, params = self._on_our_host(following), ()
            elif cursor is not None:
                params = [*(one for one in params if one[0] != _CURSOR), (_CURSOR, cursor)]
            else:
                return
            place = following or cursor or ""
            if place in seen or len(seen) >= MAX_PAGES:
                raise Transient("Orderful's list of transactions does not end.", request_id=answer.request_id)
            seen.add(place)

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

    def _on_our_host(self, link: str) -> str:
        ours = urlsplit(self._base_url)
        try:
            url = urljoin(join(self._base_url, ""), link)
            theirs = urlsplit(url)
        except ValueError:
            url, theirs = link, None
        if theirs is None or (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise Misconfigured(
                "Orderful's list continues on another host than the configured one, which does not get our key.",
                next_step="Check Orderful's base URL: organizations in the EU have a host of their own.",
            )
        return url

    def _get(self, url: str, params: Params, asked: str, *, read_seconds: float) -> Answer:
        answer = self._http.ask(self._call("GET", url, params=params, read_seconds=read_seconds), self._deadline)
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
    ) -> Call:
        key = self._secrets.orderful_api_key()
        return Call(
            service="Orderful",
            method=method,
            url=url,
            headers={**(headers or {}), "orderful-api-key": key, "Accept": "application/json"},
            params=params,
            body=body,
            read_seconds=read_seconds,
            secrets=(key,),
        )

    def _refusal(self, answer: Answer, asked: str) -> ConnectorError:
        failure = answer.failure(asked)
        if answer.status in {401, 403}:
            # The key may have been changed since we read it.
            self._secrets.forget()
            return Misconfigured(
                failure.sentence,
                request_id=failure.request_id,
                next_step=f"Check the key, its permissions and the region. {self._secrets.orderful_next_step()}",
            )
        if isinstance(failure, Rejected):
            failure.problems = _refused_for(answer) or failure.problems
        return failure


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
    words = (plain_text(item.get(name)) for name in ("errorMessage", "message", "detail"))
    message = next(filter(None, words), "no reason given")
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


def _following(data: Any) -> tuple[str | None, str | None]:
    """How a list continues: a link, or a cursor.

    Orderful: v3 has `metadata.pagination.links.next`, newer pages `meta`; other lists have a cursor, `nextCursor`.
    """
    about = [data.get(name) for name in ("metadata", "meta")] if isinstance(data, dict) else []
    about += [one["pagination"] for one in about if isinstance(one, dict) and "pagination" in one]
    links = [one.get("links", one) for one in about if isinstance(one, dict)]
    link = next(filter(None, (_plain(one.get("next")) for one in links if isinstance(one, dict))), None)
    cursor = next(filter(None, (_plain(one.get(_CURSOR)) for one in about if isinstance(one, dict))), None)
    return link, cursor


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def ids_of(item: dict[str, Any], role: str) -> list[str]:
    party = item.get(role)
    if not isinstance(party, dict):
        return []
    return [found for name in ("isaId", "testIsaId") if (found := id_of(party.get(name)))]


def names(item: dict[str, Any], role: str, wanted: str) -> bool:
    """Whether the transaction names `wanted` in this role; one that names nobody is not held against it."""
    ids = ids_of(item, role)
    return not ids or wanted in ids


def moment_of(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
