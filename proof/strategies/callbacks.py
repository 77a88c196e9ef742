"""Requests to the public callback URL, as events of API Gateway."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from proof.strategies.changes import ENVELOPES, NUMBER, READ, mosaic, x12
from proof.strategies.damage import BYTES, HUGE, damaged, with_duplicate_key, written

HEADER, SECRET = "X-Connector-Secret", "the-agreed-one"


@dataclass(frozen=True, slots=True)
class CallbackCase:
    """One request.

    Attributes:
        event: The event of API Gateway.
        knows: Whether it has the secret in a valid form.
        damage: Names of the damage.
    """

    event: dict[str, Any]
    knows: bool
    damage: tuple[str, ...]

    def __repr__(self) -> str:
        """The damage, and the start of the request."""
        return f"{'known' if self.knows else 'unknown'} {self.damage} {str(self.event)[:300]}"


@st.composite
def callback_cases(draw: st.DrawFn) -> CallbackCase:
    """A damaged push of Orderful, or a request of another sender."""
    envelope = draw(st.sampled_from(list(ENVELOPES)))
    tree: Any = ENVELOPES[envelope](NUMBER, draw(st.sampled_from([mosaic, x12]))("500123", 900))
    tree, names = damaged(draw, tree, read=READ, times=draw(st.sampled_from([0, 1, 1, 2, 4])))
    if draw(st.integers(0, 5)) == 0:
        name = draw(st.sampled_from(["id", "transactionId", "delivery"]))
        tree, names = (
            with_duplicate_key(tree, name, draw(st.sampled_from([None, "1/message", 7, {}, HUGE[:100]]))),
            [*names, f"{name} twice"],
        )
    body = written(tree)
    if draw(st.integers(0, 2)) == 0:
        name = draw(st.sampled_from(list(BYTES)))
        body, names = BYTES[name](draw, body), [*names, name]
    given, knows = _headers(draw)
    event = {
        "resource": "/orderful",
        "path": "/orderful",
        "httpMethod": "POST",
        **given,
        "queryStringParameters": draw(st.sampled_from([None, {}, {"id": "1"}, {"a": "b" * 9_000}])),
        "requestContext": {"stage": "v1", "identity": {"sourceIp": "192.0.2.1"}},
        **_packed(draw, body),
    }
    if draw(st.integers(0, 7)) == 0:
        name = draw(st.sampled_from(["body", "isBase64Encoded", "queryStringParameters", "requestContext"]))
        event[name] = draw(st.sampled_from([None, 7, [], {}, True, "x"]))
        names.append(f"{name} of another type")
    return CallbackCase(event, knows, (envelope, *names))


def _packed(draw: st.DrawFn, body: bytes) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    errors = draw(st.sampled_from(["replace", "surrogateescape", "ignore"]))
    return {
        "body": body.decode("utf-8", errors),
        "isBase64Encoded": draw(st.sampled_from([False, False, None, "true"])),
    }


def _headers(draw: st.DrawFn) -> tuple[dict[str, Any], bool]:
    odd = {
        "Content-Type": draw(st.sampled_from(["application/json", "text/xml", "", "multipart/form-data; boundary=x"]))
    }
    if draw(st.integers(0, 4)) == 0:
        odd[draw(st.text(max_size=8))] = draw(st.text(max_size=20))
    knows = draw(st.integers(0, 5)) > 0
    wrong = st.sampled_from(["", SECRET[:-1], SECRET + "x", SECRET.upper(), "\u202e", "x" * 9_000, "Bearer x"])
    name = draw(st.sampled_from([HEADER, HEADER.lower(), HEADER.upper()]))
    value = SECRET if knows else draw(wrong)
    values: list[Any] = draw(st.sampled_from([[value], ["wrong", value]])) if knows else [value]
    both = {"headers": {**odd, name: values[-1]}, "multiValueHeaders": {**_listed(odd), name: values}}
    how = draw(st.sampled_from(["both", "both", "both", "one", "list", "strange"]))
    if how == "one":
        both["multiValueHeaders"] = draw(st.sampled_from([None, {}]))
    elif how == "list":
        both["headers"] = draw(st.sampled_from([None, {}]))
    elif how == "strange":
        strange: Any = draw(st.sampled_from([None, [], "x", 7, {name: None}, {name: 7}, {name: [None]}, {name: {}}]))
        return {"headers": strange, "multiValueHeaders": strange}, False
    return both, knows


def _listed(headers: dict[str, str]) -> dict[str, Any]:
    return {name: [value] for name, value in headers.items()}


def sample() -> str:
    """The body of a valid callback."""
    return json.dumps(json.loads(written(ENVELOPES["v3"](NUMBER, mosaic("500123", 900)))))
