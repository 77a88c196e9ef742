"""The HTTP client: limited in time and size, exact about what may have happened, without secrets in errors.

A call has one of four results, which decide whether it may be repeated:

    Answer      the remote side answered, with any status
    NotSent     there was no connection: nothing happened
    NoAnswer    the request was sent and the answer is lost: it may have been carried out
    TooLarge    the answer exceeds the limit
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from connector import __version__
from connector.adapters import log
from connector.domain.errors import (
    AnswerTooLarge,
    AnswerTooSlow,
    ConnectorError,
    Misconfigured,
    Rejected,
    Throttled,
    Transient,
    UnknownOutcome,
)
from connector.domain.json_text import without_mark
from connector.domain.reasons import Reason
from connector.services.ports import Clock, Deadline

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState

USER_AGENT = f"visma-orderful-connector/{__version__}"
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
LIST_SECONDS = 60.0
MAX_BYTES = 64 * 1024 * 1024
"""Most bytes of an answer, unless its call allows less."""

MAX_WAIT = timedelta(hours=1)
"""The longest waiting time that is accepted from the remote side; then a call is tried again.

Visma: the windows of its rate limit are one hour. Orderful: one minute.
"""

MAX_TEXT = 300
"""Most characters of a remote error text in our sentences."""

RESERVE_SECONDS = 2.0
"""Time that a call leaves to its caller for the write of the result."""

ATTEMPTS = 3
MAX_WAIT_SECONDS = 20.0
"""Longest wait inside a handler; for a longer one the message goes back to the queue, where waiting costs nothing."""

IDLE_SECONDS = 30.0
"""After this idle time a new connection is made: the old one may have been closed while Lambda was frozen."""

_REQUEST_ID_HEADERS = ("Ipp-Request-Id", "Request-Context", "x-request-id")
_TEXT_FIELDS = ("message", "Message", "ExceptionMessage", "error_description", "error", "detail", "title")
_BUSY = frozenset({429, 502, 503, 504})
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Where requests takes certificates from, if the environment names them."""

_CHUNK = 64 * 1024
_SECONDS = re.compile(r"\d{1,40}(?:\.\d{1,40})?", re.ASCII)
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 10**9, 10**12
_MAX_LENGTH_DIGITS = 16

_json = msgspec.json.Decoder(float_hook=Decimal)
# `Decimal` itself refuses a number that is too large.
_UNREADABLE = (ValueError, RecursionError, InvalidOperation)


class CallFailed(Exception):
    """There was no usable answer; the sentence says why, without address, header or body."""


class NotSent(CallFailed):
    """The connection was never made: nothing happened on the other side."""


class NoAnswer(CallFailed):
    """The request was (or may have been) sent, and the answer is lost: it may have been carried out."""


class TimedOut(NoAnswer):
    """No complete answer within the time allowed."""


class TooLarge(NoAnswer):
    """The answer is larger than the limit; `size` is its length in bytes, None when the headers do not give it."""

    def __init__(self, sentence: str, size: int | None = None) -> None:
        super().__init__(sentence)
        self.size = size


class Gate(Protocol):
    """Whether calls of one kind may be made now, for the whole stack."""

    def enter(self) -> None:
        """Raises `Throttled` while calls of this kind are held."""

    def hold(self, wait: timedelta) -> None:
        """Hold all calls of this kind for `wait`."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to make.

    Attributes:
        service: Name of the remote side, for sentences and logs.
        params: Query parameters; a name may repeat.
        read_seconds: Seconds for the whole answer; the deadline may shorten it.
        repeatable: False when a repetition may do the work twice; then a call is repeated only if it certainly did
            nothing.
        max_bytes: Most bytes of the answer; None: the limit of the session.
        gate: Checked before each attempt, and closed after a 429 with a waiting time; None for calls that are never
            held.
        secrets: Values that are removed from error texts of the remote side.
    """

    service: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    _: KW_ONLY
    params: Sequence[tuple[str, str]] = ()
    body: bytes | None = field(default=None, repr=False)
    read_seconds: float = READ_SECONDS
    repeatable: bool = True
    max_bytes: int | None = None
    gate: Gate | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the remote side.

    Attributes:
        headers: Case-insensitive.
        received_at: Our clock when the headers arrived, UTC.
    """

    service: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Any 2xx."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """The request id for the remote side's support; None without one."""
        found = (self.headers.get(name) for name in _REQUEST_ID_HEADERS)
        return next((value[:MAX_TEXT] for value in found if value), None)

    @property
    def server_time(self) -> datetime:
        """The remote side's clock (`Date` header), UTC; ours when it gives none."""
        return _http_date(self.headers.get("Date")) or self.received_at

    @property
    def retry_after(self) -> timedelta | None:
        """The waiting time that the remote side asks for, at most `MAX_WAIT`; None without one.

        `Retry-After`; a 429 without it ends with the window of the limit (`X-RateLimit-Reset`).
        """
        asked = waiting_time(self.headers.get("Retry-After"), at=self.server_time)
        if asked is None and self.status == 429:
            return waiting_time(self.headers.get("X-RateLimit-Reset"), at=self.server_time) or None
        return asked

    def json(self) -> Any:
        """The body as JSON data, numbers with a point as `Decimal`.

        Raises:
            Transient: it is no JSON (Visma: the gateway answers HTML or nothing, now and then with status 200).
        """
        try:
            return _json.decode(without_mark(self.body))
        except _UNREADABLE:
            raise Transient(
                f"{self.service} answered {self.status} with {self.shape()} instead of JSON.",
                request_id=self.request_id,
            ) from None

    def shape(self) -> str:
        """A description of the body, for sentences about unusable answers."""
        start = without_mark(self.body[:1024]).lstrip()
        if not start:
            return "an empty body"
        if start.startswith(b"<"):
            return "an HTML page"
        return "broken JSON" if start[:1] in b'[{"' else "plain text"

    def text(self) -> str:
        """The error text of the body: one short line, without mark-up, control characters and our secrets."""
        try:
            data = _json.decode(without_mark(self.body))
        except _UNREADABLE:
            said = _plain(self.body)
        else:
            said = _said(data)
        for secret in self.secrets:
            said = said.replace(secret, "***") if secret else said
        said = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())
        return said if len(said) <= MAX_TEXT else said[: MAX_TEXT - 1] + "…"

    def failure(self, asked: str) -> ConnectorError:
        """The error for a status that is not 2xx.

        Args:
            asked: What was requested, as a noun ("the list of orders").
        """
        said = self.text()
        sentence = f"{self.service} answered {self.status} to {asked}" + (f": {said}" if said else "")
        sentence += "" if sentence.endswith((".", "!", "?", "…")) else "."
        if self.status == 429:
            return Throttled(sentence, request_id=self.request_id, retry_after=self.retry_after)
        if self.status in {408, 425} or self.status >= 500:
            return Transient(sentence, request_id=self.request_id, retry_after=self.retry_after)
        if self.status < 400:
            return Misconfigured(
                sentence, request_id=self.request_id, next_step=f"Check the base URL of {self.service}."
            )
        return Rejected(
            sentence, request_id=self.request_id, problems=(said,) if said else (), code=Reason.REQUEST_REFUSED
        )


class Http:
    """A session with keep-alive, made at first use and shared by all clients of a process.

    Redirects are not followed (credentials would be sent along), cookies are not kept (they could connect the sessions
    of two companies), and credentials are not read from a netrc file.
    """

    def __init__(
        self, clock: Clock, *, pause: Callable[[float], None] = time.sleep, max_bytes: int = MAX_BYTES
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._used_at: datetime | None = None

    def ask(self, call: Call, deadline: Deadline) -> Answer:
        """Make a call, with at most two retries inside the deadline.

        It retries lost connections, 429, 502, 503 and 504, and once a 500 to a GET (Visma: business errors have this
        status too); for a call that is not repeatable, only 429 and failed connections. The pause is `Retry-After`,
        else exponential back-off with jitter; a pause that is too long for the deadline or for a handler is left to the
        caller.

        Returns:
            The last answer, whatever its status.

        Raises:
            Transient: no answer; nothing was done, or the call is repeatable.
            AnswerTooSlow: no answer in time to such a call.
            UnknownOutcome: no answer to a call that is not repeatable; it may have been carried out.
            AnswerTooLarge: the answer is too large.
            Throttled: calls of this kind are held.
            Misconfigured: the request cannot be built.
        """
        from tenacity import Retrying, wait_exponential_jitter

        back_off = wait_exponential_jitter(multiplier=0.5, max=8, jitter=0.5)

        def again(state: RetryCallState) -> bool:
            outcome = state.outcome
            if outcome is None or outcome.failed:
                error = outcome.exception() if outcome else None
                lost = isinstance(error, NoAnswer) and not isinstance(error, TimedOut | TooLarge)
                return isinstance(error, NotSent) or (lost and call.repeatable)
            status: int = outcome.result().status
            if not call.repeatable:
                return status == 429
            return status in _BUSY or (status == 500 and call.method == "GET" and state.attempt_number == 1)

        def wait(state: RetryCallState) -> float:
            outcome = state.outcome
            asked = None if outcome is None or outcome.failed else outcome.result().retry_after
            return float(back_off(state)) if asked is None else float(asked.total_seconds())

        def stop(state: RetryCallState) -> bool:
            left = deadline.remaining().total_seconds() - RESERVE_SECONDS
            return state.attempt_number >= ATTEMPTS or state.upcoming_sleep > min(MAX_WAIT_SECONDS, left)

        def report(state: RetryCallState) -> None:
            attempt, seconds = state.attempt_number, state.upcoming_sleep
            reason = f"{call.service} did not answer as hoped, attempt {attempt}; next in {seconds:.1f} s."
            log.warning("a call is made again", {"attempt": attempt, "seconds": seconds, "reason": reason})

        retrying = Retrying(
            sleep=self._pause,
            retry=again,
            wait=wait,
            stop=stop,
            before_sleep=report,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        try:
            answer: Answer = retrying(self.once, call, deadline)
        except NotSent as error:
            raise Transient(str(error)) from None
        except CallFailed as error:
            if not call.repeatable:
                raise UnknownOutcome(str(error)) from None
            if isinstance(error, TooLarge):
                raise AnswerTooLarge(
                    str(error), next_step="Ask for smaller pages (visma.page_size).", size=error.size
                ) from None
            if isinstance(error, TimedOut):
                raise AnswerTooSlow(str(error)) from None
            raise Transient(str(error)) from None
        return answer

    def once(self, call: Call, deadline: Deadline) -> Answer:
        """Make a call, once.

        Raises:
            NotSent, NoAnswer, TimedOut, TooLarge: as named.
            Throttled: calls of this kind are held; nothing was sent.
            Misconfigured: the request cannot be built from this address or these credentials.
        """
        import requests
        import urllib3

        if call.gate is not None:
            call.gate.enter()
        left = deadline.remaining().total_seconds() - RESERVE_SECONDS
        if left <= 0:
            raise NotSent(f"No time was left to ask {call.service}.")
        allowed = min(call.read_seconds, left)
        session = self._open()
        try:
            with session.request(
                call.method,
                call.url,
                params=list(call.params) or None,
                data=call.body,
                headers=dict(call.headers),
                timeout=(min(CONNECT_SECONDS, left), allowed),
                allow_redirects=False,
                stream=True,
            ) as response:
                received_at = self._clock.now()
                body = self._body(call, response, end=time.monotonic() + allowed)
                answer = Answer(
                    service=call.service,
                    status=response.status_code,
                    headers=response.headers,
                    body=body,
                    received_at=received_at,
                    secrets=call.secrets,
                )
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            if isinstance(error, requests.ConnectTimeout):
                raise NotSent(f"{call.service} did not accept a connection in time.") from None
            raise TimedOut(f"{call.service} did not answer within {allowed:.0f} s.") from None
        except (requests.ConnectionError, urllib3.exceptions.HTTPError) as error:
            if _never_stood(error):
                raise NotSent(f"{call.service} could not be reached.") from None
            raise NoAnswer(f"The connection to {call.service} was lost before its answer was complete.") from None
        except ValueError:
            # Covers requests' InvalidURL and InvalidHeader, whose texts repeat the value at fault.
            raise Misconfigured(
                f"The request to {call.service} cannot be built from the configured address and credentials.",
                next_step="Check the base URL, and that the secrets hold no line breaks or exotic characters.",
            ) from None
        if answer.status == 429 and call.gate is not None and answer.retry_after:
            call.gate.hold(answer.retry_after)
        return answer

    def close(self) -> None:
        """Close the kept connections; the next call opens new ones."""
        with self._lock:
            if self._session is not None:
                self._session.close()

    def _open(self) -> requests.Session:
        with self._lock:
            now = self._clock.now()
            if self._session is None:
                self._session = _new_session()
            elif self._used_at is not None and (now - self._used_at).total_seconds() > IDLE_SECONDS:
                self._session.close()
            self._used_at = now
            return self._session

    def _body(self, call: Call, response: requests.Response, *, end: float) -> bytes:
        limit = self._max_bytes if call.max_bytes is None else min(call.max_bytes, self._max_bytes)
        stated = response.headers.get("Content-Length", "")
        size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < _MAX_LENGTH_DIGITS else None
        if size is not None and size > limit:
            raise TooLarge(_too_large(call, limit, size), size)
        # `read1` hands over what has arrived: a server that drips single bytes cannot outlast `end`.
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > limit:
                raise TooLarge(_too_large(call, limit, None))
            if time.monotonic() > end:
                raise TimedOut(f"{call.service} did not finish its answer in time.")
        return bytes(body)


def _too_large(call: Call, limit: int, size: int | None) -> str:
    of = f" of {size:,} bytes" if size is not None else ""
    return f"{call.service} gave an answer{of}, more than the {limit:,} bytes that are loaded; it was not read."


def waiting_time(value: str | None, *, at: datetime) -> timedelta | None:
    """Parse a waiting time in a header: seconds, an HTTP date, or its end in seconds or milliseconds since 1970.

    Args:
        value: The text of the header.
        at: The remote side's clock, UTC.

    Returns:
        A time between zero and `MAX_WAIT`; None when the text is no time.
    """
    value = (value or "").strip()
    if _SECONDS.fullmatch(value):
        seconds = Decimal(value)
        if seconds >= _EPOCH_MILLISECONDS:
            seconds /= 1000
        if seconds >= _EPOCH_SECONDS:
            seconds -= Decimal(at.timestamp())
        longest = MAX_WAIT.total_seconds()
        return timedelta(seconds=min(max(float(seconds), 0.0), longest))
    timestamp = _http_date(value)
    return None if timestamp is None else min(max(timedelta(0), timestamp - at), MAX_WAIT)


def join(base_url: str, path: str) -> str:
    """The address of `path` below `base_url`; no `path` can change the host."""
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}"


def _new_session() -> requests.Session:
    from http.cookiejar import DefaultCookiePolicy
    from urllib.request import getproxies

    import requests

    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.auth = _no_netrc
    # requests looks for proxies and certificates anew with each call, which takes a fifth of its CPU time.
    session.trust_env = bool(getproxies()) or any(name in os.environ for name in _CERTIFICATES)
    return session


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # With any auth set, requests does not look into a netrc file, whose entry would replace our Authorization header.
    return request


def _never_stood(error: Exception) -> bool:
    """Whether the connection failed before a request was sent."""
    import ssl

    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    if isinstance(error, requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return True
    cause = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    return isinstance(cause, ssl.SSLCertVerificationError)


def _http_date(value: str | None) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        timestamp = parsedate_to_datetime(value or "")
        return timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _plain(body: bytes) -> str:
    """Text of a body that is no JSON: the title of an HTML page, or the text without its mark-up."""
    text = body[:8192].decode("utf-8", "replace")
    title = re.search(r"<title[^<>]*>([^<]*)", text, re.IGNORECASE)
    return title[1] if title else re.sub(r"<[^<>]*>", " ", text)


def _said(data: Any) -> str:
    """The message in an error body, under any of the known names."""
    if isinstance(data, str):
        return data
    if not isinstance(data, dict):
        return ""
    for name in _TEXT_FIELDS:
        value = data.get(name)
        if isinstance(value, dict):
            value = _said(value)
        if isinstance(value, str) and value.strip():
            return value
    return ""
