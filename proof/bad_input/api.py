"""The callback endpoint over a real socket, with valid and invalid requests that Schemathesis derives from OpenAPI.

A bridge replaces API Gateway: it converts each HTTP request into the Lambda event of `template.yaml`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import requests
import schemathesis
import yaml
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from proof.bad_input.callbacks import wrong_with
from proof.bad_input.endpoint import Endpoint
from proof.bad_input.trial import CaseResult, Target
from proof.strategies.callbacks import HEADER, SECRET

DOCUMENT = Path(__file__).parents[2] / "docs" / "callback.openapi.yaml"
MAX_BYTES = 10 * 1024 * 1024
"""API Gateway: a larger request never reaches the function."""

_CONFORMS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True, slots=True)
class ApiCase:
    """One HTTP request.

    Attributes:
        knows: Whether it has the secret.
        failure: Whether the queue fails.
    """

    request: schemathesis.Case[Any]
    knows: bool
    failure: bool

    def __repr__(self) -> str:
        """The request."""
        drawn = self.request
        words = f"{'known' if self.knows else 'unknown'}{', queue down' if self.failure else ''}"
        return f"{words}: {drawn.method} {drawn.media_type} {str(drawn.headers)[:100]} {str(drawn.body)[:200]}"


class Bridge:
    """API Gateway with a stage `v1` and one route."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Forward requests to this function."""
        self._endpoint = endpoint

    def __call__(self, environ: Any, start: Any) -> Any:
        """Answer one request (WSGI)."""
        return self._answer(Request(environ))(environ, start)

    def _answer(self, request: Request) -> Response:
        body = request.get_data()
        if (request.method, request.path) != ("POST", "/v1/orderful"):
            return _gateway(404, "Missing Authentication Token")
        if len(body) > MAX_BYTES:
            return _gateway(503, "Request Too Long")
        answer = self._endpoint.ask(proxy_event(request, body))
        return Response(answer["body"], answer["statusCode"], answer["headers"])


def proxy_event(request: Request, body: bytes) -> dict[str, Any]:
    """The event of a REST API without binary media types: the body is text, headers are in two fields."""
    many: dict[str, list[str]] = {}
    for name, value in request.headers:
        many.setdefault(name, []).append(value)
    return {
        "resource": "/orderful",
        "path": "/orderful",
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in many.items()},
        "multiValueHeaders": many,
        "queryStringParameters": request.args.to_dict() or None,
        "multiValueQueryStringParameters": dict(request.args.lists()) or None,
        "requestContext": {"stage": "v1", "resourcePath": "/orderful", "identity": {"sourceIp": request.remote_addr}},
        "body": body.decode("utf-8", "replace") if body else None,
        "isBase64Encoded": False,
    }


@contextmanager
def served(endpoint: Endpoint) -> Iterator[str]:
    """The base URL of the API, on a free port."""
    server = make_server("127.0.0.1", 0, Bridge(endpoint), request_handler=_QuietKeepAliveHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def target(endpoint: Endpoint, url: str, session: requests.Session) -> Target[ApiCase]:
    """The target."""
    return Target(
        "Any HTTP request to the callback is answered as its OpenAPI document says, with 503 for our own failures only",
        api_cases(),
        lambda case: fed(endpoint, url, session, case),
    )


def fed(endpoint: Endpoint, url: str, session: requests.Session, case: ApiCase) -> CaseResult:
    """Send one request."""
    result = CaseResult()
    given = {HEADER: SECRET} if case.knows else {HEADER: "not-" + SECRET}
    endpoint.sqs.refuses = case.failure
    try:
        response = case.request.call(base_url=url, session=session, headers=given, timeout=30)
    finally:
        endpoint.sqs.refuses = False
    hints = endpoint.hints()
    result.end = str(response.status_code)
    allowed = ({202, 503} if case.failure else {202}) if case.knows else {401}
    result.expect(response.status_code in allowed, f"it was answered {response.status_code}, not one of {allowed}")
    checks = _CONFORMS if case.failure else [*_CONFORMS, not_a_server_error]
    try:
        case.request.validate_response(response, checks=checks)
    except FailureGroup as failures:
        result.problems.extend(f"{type(one).__name__}: {one}"[:200] for one in failures.exceptions)
    result.expect(len(hints) <= (1 if response.status_code == 202 else 0), f"it queued {len(hints)} messages")
    for hint in hints:
        result.problems.extend(wrong_with(hint))
    return result


@st.composite
def api_cases(draw: st.DrawFn) -> ApiCase:
    """A request that the OpenAPI document allows, or one that it does not allow."""
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    return ApiCase(
        request=draw(_requests(mode)),
        knows=draw(st.sampled_from([True, True, True, False])),
        failure=draw(st.sampled_from([False] * 9 + [True])),
    )


@cache
def _requests(mode: GenerationMode) -> st.SearchStrategy[schemathesis.Case[Any]]:
    document = schemathesis.openapi.from_dict(yaml.safe_load(DOCUMENT.read_text()))
    return document["/orderful"]["POST"].as_strategy(generation_mode=mode)


class _QuietKeepAliveHandler(WSGIRequestHandler):
    """Keeps the connection alive, and logs no request."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - as in the parent
        """Log nothing."""


def _gateway(status: int, message: str) -> Response:
    return Response(f'{{"message": "{message}"}}', status, {"Content-Type": "application/json"})
