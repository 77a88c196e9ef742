"""What can go wrong on request: which requests are hit, and what their answer becomes.

A rule hits requests by method, path and count; rates hit any request by a seeded chance. Some faults answer instead of
the sandbox (nothing happens there), others let it work and spoil the answer (what was created stays created).
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
    """An HTTP answer before it goes out."""

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
        """The page of a gateway."""
        page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center><hr></body></html>"
        return cls(status, page.encode(), Headers({"Content-Type": "text/html"}))


@dataclass(slots=True)
class FaultRule:
    """One planned fault.

    Attributes:
        fault: Its name, see `FAULTS`.
        method: HTTP method it hits; None hits all.
        path_prefix: Start of the path it hits; case does not matter.
        nth: The first matching request that is hit, counted from 1 when the rule was made.
        times: How many requests are hit; None never stops.
        seconds: Length of a delay.
        status: Status of `error` and `stored_error`; any, also 100, 307 or 202.
        form: What their body is: `json`, `html` or `empty`.
        message: What their JSON or HTML says.
        location: Their `Location` header; None leaves it out.
        retry_after: Seconds a 429 asks to wait, or any text for the header; None leaves the header out.
        fields: What the JSON faults touch; empty touches all but the keys.
        total: What `wrong_total` states as `totalCount`.
        above: Only an answer of more bytes than this is hit, after the work was done; None hits any.
        megabytes: How much longer `oversized` makes the answer.
    """

    fault: str
    method: str | None = None
    path_prefix: str = "/"
    nth: int = 1
    times: int | None = 1
    seconds: float = 0.2
    status: int = 500
    form: str = "json"
    message: str = "The sandbox was asked to refuse this."
    location: str | None = None
    retry_after: int | str | None = 1
    fields: tuple[str, ...] = ()
    total: int = 0
    above: int | None = None
    megabytes: int = 50
    seen: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        """Refuse a fault that nobody knows."""
        if self.fault not in FAULTS:
            raise ValueError(f"The sandbox knows no fault '{self.fault}'; it knows {', '.join(sorted(FAULTS))}.")
        if self.form not in _FORMS:
            raise ValueError(f"The body of a fault is {', '.join(sorted(_FORMS))}, not '{self.form}'.")

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> FaultRule:
        """Read `{"fault": ..., "match": {...}, "times": ...}`.

        Raises:
            ValueError: something is unknown.
        """
        options = {**body.get("match", {}), **{name: value for name, value in body.items() if name != "match"}}
        if "fields" in options:
            options["fields"] = tuple(options["fields"])
        try:
            return cls(**options)
        except TypeError as error:
            raise ValueError(f"This is no fault rule: {error}.") from None

    def hits(self, method: str, path: str) -> bool:
        """Count a request and say whether it is hit."""
        if self.method not in {None, method} or not path.lower().startswith(self.path_prefix.lower()):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.used >= self.times):
            return False
        self.used += 1
        return True

    def spares(self, answer: Answer) -> bool:
        """Whether an answer is too small to be hit; it is then not counted as hit either."""
        if self.above is None or len(answer.body) > self.above:
            return False
        self.used -= 1
        return True


class FaultPlan:
    """All planned faults of a sandbox, and the chance of unplanned ones."""

    def __init__(self) -> None:
        """Plan nothing."""
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget all rules and rates."""
        self.rules: list[FaultRule] = []
        self._rates: dict[str, float] = {}
        self._manner: dict[str, Any] = {}
        self._random = random.Random(0)

    def add(self, rule: FaultRule) -> None:
        """Plan one more fault; the earliest rule that hits wins."""
        with self._lock:
            self.rules.append(rule)

    def set_rates(self, rates: Mapping[str, float], *, seed: int = 0, **manner: Any) -> None:
        """Let each fault hit any request with its chance (0 to 1); the seed makes the sequence repeatable.

        Args:
            rates: Fault -> chance.
            seed: Of the chances.
            manner: Attributes of `FaultRule` that say how: `seconds` of a delay, `retry_after` of a 429.

        Raises:
            ValueError: a fault or an attribute is unknown.
        """
        for fault in rates:
            FaultRule.parse({"fault": fault, **manner})
        with self._lock:
            self._rates, self._manner, self._random = dict(rates), manner, random.Random(seed)

    def pick(self, method: str, path: str) -> FaultRule | None:
        """The fault that hits this request, if any."""
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
                    return FaultRule(fault, **self._manner)
        return None


_FORMS: Final[Mapping[str, Callable[[FaultRule], Answer]]] = {
    "json": lambda rule: Answer.of_json(rule.status, {"message": rule.message}),
    "html": lambda rule: Answer.of_html(rule.status, rule.message),
    "empty": lambda rule: Answer(rule.status),
}


def _error(rule: FaultRule) -> Answer:
    answer = _FORMS[rule.form](rule)
    if rule.location is not None:
        answer.headers["Location"] = rule.location
    return answer


def _truncated(answer: Answer, _rule: FaultRule) -> Answer:
    answer.body = answer.body[: max(1, len(answer.body) // 2)]
    return answer


def _cut_body(answer: Answer, _rule: FaultRule) -> Answer:
    answer.cut_after = len(answer.body) // 2
    return answer


def _records_object(answer: Answer, _rule: FaultRule) -> Answer:
    """The page shape of a few newer Visma endpoints, where a bare array is expected."""

    def wrap(content: Any) -> Any:
        return {"pageNumber": 1, "pageSize": len(content), "totalCount": len(content), "records": content}

    return _changed_json(answer, wrap)


def _wrapped(content: Any) -> Any:
    if isinstance(content, list):
        return [_wrapped(element) for element in content]
    if isinstance(content, dict):
        return {name: value if name == "metadata" else _wrapped(value) for name, value in content.items()}
    return {"value": content}


KEY_FIELDS: Final = frozenset(
    {"orderNbr", "orderType", "referenceNumber", "documentType", "number", "id"}
    | {"lastModifiedDateTime", "timeStamp", "metadata"}
)


def _without_values(*, drop: bool) -> Callable[[Answer, FaultRule], Answer]:
    """Make fields null, or leave them out: both mean "no value" to Visma."""

    def spoil(answer: Answer, rule: FaultRule) -> Answer:
        def touch(element: Any) -> Any:
            if not isinstance(element, dict):
                return element
            hit = {name for name in element if (name in rule.fields if rule.fields else name not in KEY_FIELDS)}
            if drop:
                return {name: value for name, value in element.items() if name not in hit}
            return {name: None if name in hit else value for name, value in element.items()}

        def spoiled(content: Any) -> Any:
            return [touch(element) for element in content] if isinstance(content, list) else touch(content)

        return _changed_json(answer, spoiled)

    return spoil


def _changed_json(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    if answer.status == 200 and answer.body:
        answer.body = json.dumps(change(json.loads(answer.body))).encode()
    return answer


def _with_total(*, stated: bool) -> Callable[[Answer, FaultRule], Answer]:
    """State a wrong `totalCount` in each row of a list, or none."""

    def spoil(answer: Answer, rule: FaultRule) -> Answer:
        def touch(row: Any) -> Any:
            if not isinstance(row, dict) or not isinstance(row.get("metadata"), dict):
                return row
            metadata = {name: value for name, value in row["metadata"].items() if name != "totalCount"}
            return row | {"metadata": {"totalCount": rule.total, **metadata} if stated else metadata}

        return _changed_json(answer, lambda rows: [touch(row) for row in rows] if isinstance(rows, list) else rows)

    return spoil


def _relinked(change: Callable[[str], Any], *, more: bool = False) -> Callable[[Answer, FaultRule], Answer]:
    """Give the link to the next page of a list of Orderful's another form.

    Args:
        change: Makes what stands in its place.
        more: Whether the page says that the list goes on.
    """

    def spoil(answer: Answer, _rule: FaultRule) -> Answer:
        def touch(page: Any) -> Any:
            links = page["metadata"]["pagination"]["links"]
            if links["next"]:
                links["next"] = change(links["next"])
                page["metadata"]["pagination"] |= {"hasMore": True} if more else {}
            return page

        return _changed_json(answer, touch)

    return spoil


def _other_scheme(link: str) -> str:
    scheme, rest = link.split(":", 1)
    return f"{'http' if scheme == 'https' else 'https'}:{rest}"


def _oversized(answer: Answer, rule: FaultRule) -> Answer:
    """The same JSON, followed by blanks."""
    answer.body += b" " * (rule.megabytes << 20)
    return answer


LOCK_COLLISION: Final = "Error: Another process has updated the 'POOrder' record. Your changes will be lost."
"""The base product's text when two writers meet; under which status Visma answers it is not documented."""

INSTEAD: Final[Mapping[str, Callable[[FaultRule], Answer]]] = {
    "http_500": lambda _: Answer.of_json(500, {"message": "An error has occurred."}),
    "http_502_html": lambda _: Answer.of_html(502, "502 Bad Gateway"),
    "http_503": lambda _: Answer(503, b"Service Unavailable", Headers({"Content-Type": "text/plain"})),
    "http_504_html": lambda _: Answer.of_html(504, "504 Gateway Time-out"),
    "html_200": lambda _: Answer.of_html(200, "Scheduled maintenance"),
    "empty_200": lambda _: Answer(200, b"", Headers({"Content-Type": "application/json"})),
    "empty_502": lambda _: Answer(502),
    "error": _error,
    "lock_collision": lambda rule: Answer.of_json(rule.status, {"message": LOCK_COLLISION}),
}
"""Answers given instead of doing the work."""

SPOILED: Final[Mapping[str, Callable[[Answer, FaultRule], Answer]]] = {
    "stored_502": lambda _answer, _rule: Answer.of_html(502, "502 Bad Gateway"),
    "stored_error": lambda _answer, rule: _error(rule),
    "stored_html_200": lambda _answer, _rule: Answer.of_html(200, "Scheduled maintenance"),
    "truncated": _truncated,
    "cut_body": _cut_body,
    "wrong_shape": _records_object,
    "wrong_total": _with_total(stated=True),
    "missing_total": _with_total(stated=False),
    "wrapped_scalars": lambda answer, _rule: _changed_json(answer, _wrapped),
    "null_fields": _without_values(drop=False),
    "missing_fields": _without_values(drop=True),
    "link_scheme": _relinked(_other_scheme),
    "link_object": _relinked(lambda link: {"href": link}),
    "link_cursor": _relinked(lambda link: dict(parse_qsl(urlsplit(link).query))["nextCursor"]),
    "link_lost": _relinked(lambda _link: None, more=True),
    "oversized": _oversized,
}
"""Answers spoiled after the work was done."""

FAULTS: Final = {*INSTEAD, *SPOILED, "http_429", "delay", "connection_cut", "lost_response", "failed_202"}
"""All fault names. `http_429` is written as each vendor writes it; `delay` waits first; `connection_cut` hangs up
before the work, `lost_response` after it; `failed_202` makes Orderful find a create request invalid."""
