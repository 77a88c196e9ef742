"""Orderful over HTTP: create a transaction, find it again, follow it.

The key travels in a header to the configured host only. Creation has no idempotency key at Orderful, so every way a
create can end is told apart here, and nothing below `create` repeats it.
"""

from __future__ import annotations

import heapq
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, CallFailed, Http, NotSent, join
from connector.adapters.secrets import SecretsManagerSecrets
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Transient, UnknownOutcome
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.ports import Clock, Created, Deadline, RemoteTransaction

logger = logging.getLogger(__name__)

LIST = "v3/transactions"
SENDERS_PER_CALL = 5
MAX_PAGES = 200
"""Pages of one question before we suspect that the list never ends (100 transactions each)."""

MAX_PROBLEMS = 50
_SURPLUS = re.compile(r"property (\w+) should not exist")

Params = Sequence[tuple[str, str]]


class OrderfulClient:
    """Orderful (`EdiNetwork` port)."""

    def __init__(
        self, base_url: str, secrets: SecretsManagerSecrets, http: Http, clock: Clock, deadline: Deadline
    ) -> None:
        self._base_url = base_url
        self._secrets = secrets
        self._http = http
        self._clock = clock
        self._deadline = deadline

    def create(self, request: OrderfulRequest) -> Created:
        """Post a transaction, once: no retry happens below this line.

        Any 2xx counts (Orderful: documents say 200, 201 and 202), but only its body tells success: a 202 may say
        FAILED. A status word we do not know counts as accepted, to be followed up.

        Raises:
            Throttled: 429; nothing was created.
            Transient: the connection was never made; nothing was created.
            UnknownOutcome: time-out, connection lost, 5xx or an unreadable answer: it may exist.
            Rejected: a definite 4xx; nothing was created.
            Misconfigured: 401 or 403, or an address that is not Orderful's.
        """
        call = self._call(
            request.method,
            join(self._base_url, request.path),
            headers={**request.headers, "Content-Type": "application/json"},
            body=msgspec.json.encode(request.body),
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
        """All transactions with this business number, newest first, and how far Orderful's clock is ahead of ours.

        The list is read to its end and filtered again here: a filter may be ignored, and an answer cut short would
        look like "not there".

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
                if _names(item, "sender", sender_id) and _names(item, "receiver", receiver_id):
                    transaction = _transaction(item, answer, sender=sender_id, receiver=receiver_id)
                    if (
                        transaction.business_number == business_number
                        and transaction.transaction_type == transaction_type.value
                        and transaction.stream in {stream, None}
                    ):
                        found.append(transaction)
        return sorted(found, key=lambda transaction: transaction.created_at, reverse=True), skew

    def list_since(self, since: datetime, *, sender_ids: Sequence[str], stream: Stream) -> Iterator[RemoteTransaction]:
        """Transactions created at or after `since`, newest first, page by page (100 a call).

        Raises:
            Transient, Throttled, Misconfigured: while iterating, as named.
        """
        chunks = [
            list(sender_ids[start : start + SENDERS_PER_CALL]) for start in range(0, len(sender_ids), SENDERS_PER_CALL)
        ]
        lists = [self._list_since(since, chunk, stream) for chunk in chunks]
        return heapq.merge(*lists, key=lambda transaction: transaction.created_at, reverse=True)

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        """Why a transaction is INVALID or was REJECTED, each `path: message`; empty when nobody says.

        Best effort: the first address is undocumented at Orderful, the second knows only what the partner answered.
        """
        name = quote(transaction_id, safe="")
        problems: list[str] = []
        for path in (f"v2/transactions/{name}/validations", f"{LIST}/{name}/acknowledgment"):
            try:
                answer = self._http.once(self._call("GET", join(self._base_url, path)), self._deadline)
                data = answer.json() if answer.ok else None
            except (CallFailed, ConnectorError):
                continue
            problems += _problems(data.get("errors") if isinstance(data, dict) else data)
        return tuple(problems[:MAX_PROBLEMS])

    def get_json(self, path: str, params: Params = ()) -> tuple[Any, Mapping[str, str]]:
        """Read any resource: its JSON data (numbers as `Decimal`) and the response headers.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Orderful has no such resource, or refuses the question.
        """
        answer = self._get(join(self._base_url, path), params, path, read_seconds=READ_SECONDS)
        return answer.json(), answer.headers

    def _list_since(self, since: datetime, senders: Sequence[str], stream: Stream) -> Iterator[RemoteTransaction]:
        # An hour beyond our clock, so that no transaction is newer than "now" at Orderful.
        until = self._clock.now() + timedelta(hours=1)
        params = [
            ("createdAt", f"[{_instant(since)},{_instant(until)})"),
            *(("senderIsaId", sender) for sender in senders),
            ("stream", stream.value.upper()),
        ]
        for answer, items in self._pages(params):
            transactions = [
                _transaction(item, answer, sender=sender)
                for item in items
                if (sender := next((one for one in senders if _names(item, "sender", one)), None))
            ]
            yield from (
                transaction
                for transaction in transactions
                if transaction.stream in {stream, None} and transaction.created_at >= since
            )
            created = [_moment(item.get("createdAt")) for item in items]
            if created and all(moment is not None and moment < since for moment in created):
                # The filter on createdAt was ignored: newest first, so the rest is older still.
                return

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
            data = answer.json()
            items = data.get("data") if isinstance(data, dict) else None
            if not isinstance(items, list):
                raise Transient(
                    "Orderful answered the list of transactions with JSON that has no 'data' list.",
                    request_id=answer.request_id,
                )
            yield answer, [item for item in items if isinstance(item, dict) and _id(item.get("id"))]
            following = _next_link(data)
            if following is None:
                return
            url, params = self._on_our_host(following), ()
            if url in seen or len(seen) >= MAX_PAGES:
                raise Transient("Orderful's list of transactions does not end.", request_id=answer.request_id)
            seen.add(url)

    def _on_our_host(self, link: str) -> str:
        url = urljoin(join(self._base_url, ""), link)
        ours, theirs = urlsplit(self._base_url), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
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

    def _create_failure(self, answer: Answer) -> ConnectorError:
        failure = self._refusal(answer, "the new transaction")
        if answer.status >= 500 or answer.status == 408:
            return UnknownOutcome(f"{failure.sentence} The transaction may exist.", request_id=answer.request_id)
        if answer.status in {404, 405} and answer.shape() == "an HTML page":
            # A web server that has never heard of the path: every document would be refused alike.
            return Misconfigured(
                failure.sentence, request_id=answer.request_id, next_step="Check Orderful's base URL and region."
            )
        return failure

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


def _unreadable_list(refused: Rejected) -> Misconfigured:
    return Misconfigured(
        refused.sentence,
        request_id=refused.request_id,
        next_step="Check Orderful's base URL; `connector doctor` tries the list.",
    )


def _created(answer: Answer) -> Created:
    """Read the body of a 2xx; whatever is unclear counts as "may exist"."""
    try:
        data = answer.json()
    except Transient as error:
        raise _unclear(answer, error.sentence) from None
    if not isinstance(data, dict):
        raise _unclear(answer, f"Orderful answered {answer.status} with JSON that is no object.")
    transaction_id = _id(data.get("id"))
    status, validation = _word(data.get("status")), _word(data.get("validationStatus"))
    problems = _problems(data.get("validationErrors"))
    if status == "FAILED" or validation == "INVALID" or data.get("validationErrors"):
        detail = _plain_text(data.get("detail"))
        return Created(transaction_id, accepted=False, problems=problems or ((detail,) if detail else ()), valid=False)
    if transaction_id is None:
        raise _unclear(answer, f"Orderful answered {answer.status} without a transaction id.")
    valid = validation == "VALID" if validation else status == "ACCEPTED"
    return Created(transaction_id, accepted=True, valid=valid or None)


def _unclear(answer: Answer, sentence: str) -> UnknownOutcome:
    return UnknownOutcome(f"{sentence} The transaction may exist.", request_id=answer.request_id)


def _refused_for(answer: Answer) -> tuple[str, ...]:
    try:
        data = answer.json()
    except Transient:
        return ()
    return _problems(data.get("errors") or data.get("validationErrors")) if isinstance(data, dict) else ()


def _problems(items: Any) -> tuple[str, ...]:
    """Each as `path: message`, from any of the shapes Orderful reports problems in."""
    if isinstance(items, str | dict):
        items = [items]
    if not isinstance(items, list):
        return ()
    return tuple(filter(None, (_problem(item) for item in items[:MAX_PROBLEMS])))


def _problem(item: Any) -> str | None:
    if not isinstance(item, dict):
        return _plain_text(item)
    paths = item.get("payloadPaths")
    listed = ", ".join(filter(None, map(_plain_text, paths))) if isinstance(paths, list) else None
    path = listed or next(
        filter(None, (_plain_text(item.get(name)) for name in ("dataPath", "path", "outputPath", "ref"))), ""
    )
    words = (_plain_text(item.get(name)) for name in ("errorMessage", "message", "detail"))
    message = next(filter(None, words), "no reason given")
    return f"{path}: {message}" if path else message


def _plain_text(value: Any) -> str | None:
    return " ".join(value.split())[:300] or None if isinstance(value, str) else None


def _id(value: Any) -> str | None:
    """An id, opaque (Orderful: numbers beyond 32 bits, or UUIDs)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def _word(value: Any) -> str | None:
    return value.strip().upper() or None if isinstance(value, str) else None


def _next_link(data: dict[str, Any]) -> str | None:
    step: Any = data
    for name in ("metadata", "pagination", "links", "next"):
        step = step.get(name) if isinstance(step, dict) else None
    return step if isinstance(step, str) and step else None


def _ids_of(item: dict[str, Any], role: str) -> list[str]:
    party = item.get(role)
    if not isinstance(party, dict):
        return []
    return [found for name in ("isaId", "testIsaId") if (found := _id(party.get(name)))]


def _names(item: dict[str, Any], role: str, wanted: str) -> bool:
    """Whether the transaction names `wanted` in this role; one that names nobody is not held against it."""
    ids = _ids_of(item, role)
    return not ids or wanted in ids


def _transaction(
    item: dict[str, Any], answer: Answer, *, sender: str | None = None, receiver: str | None = None
) -> RemoteTransaction:
    """Read a list element. On the test stream a party may be listed under its live id with the test id beside it."""
    sender_ids, receiver_ids = _ids_of(item, "sender"), _ids_of(item, "receiver")
    kind = item.get("type")
    stream = _word(item.get("stream"))
    return RemoteTransaction(
        transaction_id=_id(item.get("id")) or "",
        transaction_type=_id(kind.get("name") if isinstance(kind, dict) else kind) or "",
        business_number=_id(item.get("businessNumber")),
        stream=Stream(stream.lower()) if stream in {"TEST", "LIVE"} else None,
        sender_id=sender if sender in sender_ids else next(iter(sender_ids), None),
        receiver_id=receiver if receiver in receiver_ids else next(iter(receiver_ids), None),
        # Without a readable time it counts as new: taken for ours rather than sent a second time.
        created_at=_moment(item.get("createdAt")) or answer.server_time,
        validation_status=_word(item.get("validationStatus")),
        delivery_status=_word(item.get("deliveryStatus")),
        acknowledgment_status=_word(item.get("acknowledgmentStatus")),
    )


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
