"""Fault injection: which requests fail, and with which answer.

A rule selects requests by method, path and count; rates select any request at random, from a seed. Some faults replace
the request (the sandbox does nothing), others change the answer after the sandbox has done the work.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from werkzeug.datastructures import Headers


@dataclass(slots=True)
class Answer:
    """An HTTP answer before it is sent."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=Headers)
    cut_after: int | None = None

    @classmethod
    def of_json(cls, status: int, content: object) -> Answer:
        """A JSON answer."""
        return cls(status, json.dumps(content).encode(), Headers({"Content-Type": "application/json; charset=utf-8"}))

    @classmethod
    def of_html(cls, status: int, title: str) -> Answer:
        """The HTML page of a gateway."""
        page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center><hr></body></html>"
        return cls(status, page.encode(), Headers({"Content-Type": "text/html"}))


@dataclass(slots=True)
class FaultRule:
    """A fault to inject.

    Attributes:
        fault: Its name, see `FAULTS`.
        method: HTTP method it hits; None hits all.
        path_prefix: Start of the path it hits; case does not matter.
        nth: The first matching request that fails, counted from 1 since the rule was made.
        times: How many requests fail; None for all.
        seconds: Duration of a delay.
        status: Status of `error`.
        message: The message in its JSON.
        retry_after: `Retry-After` of a 429: seconds or any text; None for no header.
    """

    fault: str
    method: str | None = None
    path_prefix: str = "/"
    nth: int = 1
    times: int | None = 1
    seconds: float = 0.2
    status: int = 500
    message: str = "The sandbox was asked to refuse this."
    retry_after: int | str | None = 1
    seen: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        """Refuse an unknown fault."""
        if self.fault not in FAULTS:
            raise ValueError(f"The sandbox knows no fault '{self.fault}'; it knows {', '.join(sorted(FAULTS))}.")

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> FaultRule:
        """Read `{"fault": ..., "match": {...}, "times": ...}`.

        Raises:
            ValueError: something is unknown.
        """
        options = {**body.get("match", {}), **{name: value for name, value in body.items() if name != "match"}}
        try:
            return cls(**options)
        except TypeError as error:
            raise ValueError(f"This is no fault rule: {error}.") from None

    def hits(self, method: str, path: str) -> bool:
        """Count a request; whether it fails."""
        if self.method not in {None, method} or not path.lower().startswith(self.path_prefix.lower()):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.used >= self.times):
            return False
        self.used += 1
        return True


class FaultPlan:
    """The fault rules and fault rates of a sandbox."""

    def __init__(self) -> None:
        """Start without faults."""
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Remove all rules and rates."""
        self.rules: list[FaultRule] = []
        self._rates: dict[str, float] = {}
        self._options: dict[str, Any] = {}
        self._random = random.Random(0)

    def add(self, rule: FaultRule) -> None:
        """Add a rule; the oldest rule that matches wins."""
        with self._lock:
            self.rules.append(rule)

    def set_rates(self, rates: Mapping[str, float], *, seed: int = 0, **options: Any) -> None:
        """Set the rate of each fault (0 to 1), for any request; the seed makes the sequence reproducible.

        Args:
            rates: Fault -> rate.
            seed: The seed of the random numbers.
            options: Other attributes of `FaultRule`: `seconds` of a delay, `retry_after` of a 429.

        Raises:
            ValueError: a fault or an attribute is unknown.
        """
        for fault in rates:
            FaultRule.parse({"fault": fault, **options})
        with self._lock:
            self._rates, self._options, self._random = dict(rates), options, random.Random(seed)

    def pick(self, method: str, path: str) -> FaultRule | None:
        """The fault to inject into this request, if any."""
        with self._lock:
            for rule in self.rules:
                if rule.hits(method, path):
                    return rule
            if not self._rates:
                return None
            chance = self._random.random()
            for fault, rate in self._rates.items():
                chance -= rate
                if chance < 0:
                    return FaultRule(fault, **self._options)
        return None


def _truncated(answer: Answer, _rule: FaultRule) -> Answer:
    answer.body = answer.body[: max(1, len(answer.body) // 2)]
    return answer


def _cut_body(answer: Answer, _rule: FaultRule) -> Answer:
    answer.cut_after = len(answer.body) // 2
    return answer


def _records_object(answer: Answer, _rule: FaultRule) -> Answer:
    """The object of some newer Visma endpoints instead of an array."""

    def wrap(content: Any) -> Any:
        return {"pageNumber": 1, "pageSize": len(content), "totalCount": len(content), "records": content}

    return _changed_json(answer, wrap)


def _changed_json(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    if answer.status == 200 and answer.body:
        answer.body = json.dumps(change(json.loads(answer.body))).encode()
    return answer


def _relinked(change: Callable[[str], Any], *, more: bool = False) -> Callable[[Answer, FaultRule], Answer]:
    """Change the link to the next page of Orderful's list.

    Args:
        change: Gives the new link.
        more: Whether the page has `hasMore`.
    """

    def modify(answer: Answer, _rule: FaultRule) -> Answer:
        def touch(page: Any) -> Any:
            links = page["metadata"]["pagination"]["links"]
            if links["next"]:
                links["next"] = change(links["next"])
                page["metadata"]["pagination"] |= {"hasMore": True} if more else {}
            return page

        return _changed_json(answer, touch)

    return modify


def _other_scheme(link: str) -> str:
    scheme, rest = link.split(":", 1)
    return f"{'http' if scheme == 'https' else 'https'}:{rest}"


def _oversized(answer: Answer, _rule: FaultRule) -> Answer:
    """The same JSON, followed by 50 MiB of blanks."""
    answer.body += b" " * (50 << 20)
    return answer


REPLACEMENTS: Final[Mapping[str, Callable[[FaultRule], Answer]]] = {
    "http_500": lambda _: Answer.of_json(500, {"message": "An error has occurred."}),
    "http_502_html": lambda _: Answer.of_html(502, "502 Bad Gateway"),
    "http_503": lambda _: Answer(503, b"Service Unavailable", Headers({"Content-Type": "text/plain"})),
    "http_504_html": lambda _: Answer.of_html(504, "504 Gateway Time-out"),
    "html_200": lambda _: Answer.of_html(200, "Scheduled maintenance"),
    "empty_200": lambda _: Answer(200, b"", Headers({"Content-Type": "application/json"})),
    "empty_502": lambda _: Answer(502),
    "error": lambda rule: Answer.of_json(rule.status, {"message": rule.message}),
}
"""Answers instead of the work."""

MODIFICATIONS: Final[Mapping[str, Callable[[Answer, FaultRule], Answer]]] = {
    "stored_502": lambda _answer, _rule: Answer.of_html(502, "502 Bad Gateway"),
    "stored_html_200": lambda _answer, _rule: Answer.of_html(200, "Scheduled maintenance"),
    "truncated": _truncated,
    "cut_body": _cut_body,
    "wrong_shape": _records_object,
    "link_scheme": _relinked(_other_scheme),
    "link_object": _relinked(lambda link: {"href": link}),
    "link_cursor": _relinked(lambda link: dict(parse_qsl(urlsplit(link).query))["nextCursor"]),
    "link_lost": _relinked(lambda _link: None, more=True),
    "oversized": _oversized,
}
"""Changes of the answer after the work was done."""

FAULTS: Final = {*REPLACEMENTS, *MODIFICATIONS, "http_429", "delay", "connection_cut", "lost_response"}
"""All fault names. `http_429` is the answer of each vendor; `delay` waits before the work; `connection_cut` closes the
connection before the work, `lost_response` after it."""
