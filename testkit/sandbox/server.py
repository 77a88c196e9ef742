"""The base of both sandboxes: a threaded server on a real socket, faults, the request log and control routes."""

from __future__ import annotations

import json
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qsl

from flask import Flask, request
from flask import Response as FlaskResponse
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from testkit.laptop.guard import refusal
from testkit.sandbox.clock import SandboxClock
from testkit.sandbox.faults import MODIFICATIONS, REPLACEMENTS, Answer, FaultPlan, FaultRule

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL_PREFIX: Final = "/_sandbox"
LOG_LENGTH: Final = 100_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request in the log: without body and headers, except for `company_id` (header `ipp-company-id`).

    `status` is that of the answer, None without one. `work` is the status of the work, whatever the answer; None when a
    fault replaced the work.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int | None
    fault: str | None
    at: datetime
    company_id: str | None
    work: int | None = None

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log; the sandbox has its own."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        if type == "error":
            super().log(type, message, *args)

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send no `Date` and `Server`: the sandbox has its own clock."""
        self.send_response_only(code, message)

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Close the connection, so that the rest of a body is not read as a new request."""
        super().connection_dropped(error, environ)
        self.close_connection = True


class Sandbox(ABC):
    """A sandbox server. Start it with `start()` or use it as a context manager; `app` also works without.

    Attributes:
        app: The Flask application; requests of its test client are logged and have faults too.
        clock: The clock of the sandbox.
        faults: The faults to inject.
    """

    def __init__(self, name: str) -> None:
        """Build the application without opening a socket; `name` is for messages."""
        self.clock = SandboxClock()
        self.faults = FaultPlan()
        self.lock = threading.RLock()
        self.app = Flask(name)
        self._host = ""
        self._log: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH)
        self._server: BaseWSGIServer | None = None
        self._inner: WSGIApplication = self.app.wsgi_app
        self.app.wsgi_app = self._through_faults  # type: ignore[method-assign] # how Flask takes a middleware
        self.app.register_error_handler(HTTPException, self.error_page)
        self.app.register_error_handler(ValueError, _refuse_control)
        self.app.before_request(self._check_control)
        _add_log_controls(self, self.app)
        _add_fault_controls(self, self.app)

    # -- specific to each vendor

    @abstractmethod
    def throttled(self, retry_after: int | str | None) -> Answer:
        """The vendor's 429."""

    @abstractmethod
    def error_page(self, error: HTTPException) -> FlaskResponse:
        """The vendor's answer to an unknown path or method."""

    def always(self, _answer: Answer) -> Mapping[str, str]:
        """Headers of every answer of the vendor."""
        return {}

    # -- start and stop

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen in a daemon thread; port 0 selects a free port."""
        self._host = host
        self._server = make_server(host, port, self.app, threaded=True, request_handler=_QuietHandler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Start the server unless it is running."""
        return self if self._server is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self.stop()

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end.

        Raises:
            RuntimeError: the sandbox was not started.
        """
        if self._server is None:
            raise RuntimeError(f"The sandbox {self.app.name} was not started: call start() first.")
        return f"http://{self._server.host}:{self._server.port}"

    @property
    def listening(self) -> bool:
        """True between `start` and `stop`."""
        return self._server is not None

    # -- control

    def fail(self, fault: str, *, method: str | None = None, path_prefix: str = "/", **options: Any) -> FaultRule:
        """Add a fault rule; `options` are other attributes of `FaultRule` (nth, times, seconds, status ...)."""
        rule = FaultRule(fault, method=method, path_prefix=path_prefix, **options)
        self.faults.add(rule)
        return rule

    def requests(self, method: str | None = None, path_prefix: str = "/") -> list[LoggedRequest]:
        """The logged requests, oldest first, without control routes."""
        return [
            entry
            for entry in self._log
            if method in {None, entry.method} and entry.path.lower().startswith(path_prefix.lower())
        ]

    def clear_requests(self) -> None:
        """Empty the request log."""
        self._log.clear()

    # -- one request

    def _through_faults(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        if path.startswith(CONTROL_PREFIX):
            return self._inner(environ, start_response)
        rule = self.faults.pick(method, path)
        if rule and rule.fault == "delay":
            time.sleep(rule.seconds)
        answer, work = self._answer(environ, rule)
        fault = rule.fault if rule else None
        entry = LoggedRequest(
            method,
            path,
            tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
            None if answer is None else answer.status,
            fault,
            self.clock.now(),
            environ.get("HTTP_IPP_COMPANY_ID"),
            work,
        )
        self._log.append(entry)
        if answer is None:
            _hang_up(environ)
            raise ConnectionResetError(f"The sandbox was asked to hang up on {method} {path}.")
        return self._send(environ, start_response, answer)

    def _answer(self, environ: WSGIEnvironment, rule: FaultRule | None) -> tuple[Answer | None, int | None]:
        """The answer, None for no answer; and the status of the work, if it was done."""
        fault = rule.fault if rule else ""
        if fault == "connection_cut":
            return None, None
        if fault == "http_429" and rule:
            return self.throttled(rule.retry_after), None
        if fault in REPLACEMENTS and rule:
            return REPLACEMENTS[fault](rule), None
        with self.lock:
            response = Response.from_app(self._inner, environ, buffered=True)
        answer = Answer(response.status_code, response.get_data(), response.headers)
        work = answer.status
        if fault == "lost_response":
            return None, work
        return MODIFICATIONS[fault](answer, rule) if fault in MODIFICATIONS and rule else answer, work

    def _send(self, environ: WSGIEnvironment, start_response: StartResponse, answer: Answer) -> Iterable[bytes]:
        headers = answer.headers
        for name, value in self.always(answer).items():
            headers.setdefault(name, value)
        headers["Date"] = http_date(self.clock.now())
        if answer.status < HTTPStatus.OK or answer.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            answer.body = b""
            headers.remove("Content-Length")
            headers.remove("Content-Type")
        else:
            headers["Content-Length"] = str(len(answer.body))
        start_response(f"{answer.status} {_phrase(answer.status)}", headers.to_wsgi_list())
        if answer.cut_after is None:
            return [answer.body]
        return _cut(environ, answer.body[: answer.cut_after])

    def _check_control(self) -> tuple[dict[str, str], int] | None:
        if not request.path.startswith(CONTROL_PREFIX):
            return None
        headers = {name.lower(): value for name, value in request.headers.items()}
        if refusal(headers, extra=self._host) is not None:
            return {"message": "The control routes take no requests from web pages or under another name."}, 403
        return None


def _add_log_controls(sandbox: Sandbox, app: Flask) -> None:
    @app.get(f"{CONTROL_PREFIX}/requests")
    def read_log() -> dict[str, Any]:
        entries = sandbox.requests(request.args.get("method"), request.args.get("path_prefix", "/"))
        counts = Counter(f"{entry.method} {entry.path}" for entry in entries)
        rows = [{**asdict(entry), "at": entry.at.isoformat()} for entry in entries]
        return {"total": len(entries), "counts": counts, "requests": rows}

    @app.delete(f"{CONTROL_PREFIX}/requests")
    def clear_log() -> tuple[str, int]:
        sandbox.clear_requests()
        return "", 204

    @app.get(f"{CONTROL_PREFIX}/health")
    def health() -> dict[str, str]:
        return {"sandbox": app.name, "now": sandbox.clock.now().isoformat()}


def _add_fault_controls(sandbox: Sandbox, app: Flask) -> None:
    @app.post(f"{CONTROL_PREFIX}/faults")
    def plan_fault() -> tuple[dict[str, Any], int]:
        rule = FaultRule.parse(request.get_json())
        sandbox.faults.add(rule)
        return asdict(rule), 201

    @app.get(f"{CONTROL_PREFIX}/faults")
    def list_faults() -> list[dict[str, Any]]:
        return [asdict(rule) for rule in sandbox.faults.rules]

    @app.delete(f"{CONTROL_PREFIX}/faults")
    def clear_faults() -> tuple[str, int]:
        sandbox.faults.clear()
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/fault-rates")
    def set_rates() -> tuple[str, int]:
        body = request.get_json()
        sandbox.faults.set_rates(body.pop("rates"), **body)
        return "", 204


def _refuse_control(error: ValueError) -> tuple[dict[str, str], int]:
    """A 400 for an invalid control request; elsewhere a ValueError is a defect."""
    if not request.path.startswith(CONTROL_PREFIX):
        raise error
    return {"message": str(error)}, 400


def json_response(content: object, status: int = 200) -> FlaskResponse:
    """JSON in the vendors' format: compact, not sorted."""
    return json_bytes(json.dumps(content, separators=(",", ":")).encode(), status)


def json_bytes(body: bytes, status: int = 200) -> FlaskResponse:
    """Encoded JSON."""
    return FlaskResponse(body, status, content_type="application/json; charset=utf-8")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _cut(environ: WSGIEnvironment, body: bytes) -> Iterable[bytes]:
    """Send a part of the body, then close the connection."""
    yield body
    _hang_up(environ)
    raise ConnectionResetError("The sandbox was asked to hang up in the middle of an answer.")


def _hang_up(environ: WSGIEnvironment) -> None:
    """Close the connection; the test client of Flask has none."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
