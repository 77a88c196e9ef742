"""Searching the logs of the functions in CloudWatch, within a bound.

CloudWatch compares a field of a JSON line with a text (`{ $.number = "500123" }`), in which `*` stands for anything,
and an emulator may compare nothing: each line is compared here once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connector.adapters.aws.errors import translated
from connector.cli.stack.stack import Stack
from connector.domain.errors import Misconfigured

MAX_PATTERN_LENGTH = 1_024
"""Characters of a filter pattern (CloudWatch Logs: FilterLogEvents)."""

MAX_PAGES = 50
"""Answers of CloudWatch that are read of one log group for one pattern; each is what it found in about 1 MB."""

FUNCTIONS = (
    *("poll_visma", "translate_document", "deliver_transaction", "track_transactions"),
    *("receive_callback", "poll_orderful", "apply_change", "reconcile", "send_digest"),
)
"""The functions of a stack; each writes to a log group of its own."""

_AT_ONCE = 4

FieldFilter = Mapping[str, str]
"""The fields that a line has to have, with their values."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log.

    Attributes:
        at: When it was written.
        function: That wrote it.
        text: As it stands there.
        fields: Its fields; none for a line that is no JSON object, as Lambda itself writes some.
    """

    at: datetime
    function: str
    text: str
    fields: Mapping[str, Any]

    def matches(self, field_filter: FieldFilter) -> bool:
        """Whether it has these fields."""
        return all(str(self.fields.get(name)) == value for name, value in field_filter.items())


@dataclass(frozen=True, slots=True)
class Searched:
    """What was looked through.

    Attributes:
        group: The log group.
        pages: How many answers of CloudWatch that took.
        complete: Whether it was looked through to the end.
        exists: Whether there is such a group: a stack from before the function has none.
    """

    group: str
    pages: int
    complete: bool
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, in order of time, and where it was looked for."""

    lines: Sequence[Line]
    searched: Sequence[Searched]


def group_of(stack: Stack, function: str) -> str:
    """The log group of a function."""
    return f"/aws/lambda/{stack.name}/{function}"


def quoted(text: str) -> str:
    """A text inside a filter pattern: in quotes, so that no sign of it counts as part of the pattern."""
    return json.dumps(text, ensure_ascii=False)


def patterns_of(filters: Sequence[FieldFilter]) -> Iterator[str]:
    """Filter patterns for the lines that match one of the filters, as few as their length allows."""
    parts: list[str] = []
    for field_filter in filters:
        part = f"({' && '.join(f'$.{name} = {quoted(value)}' for name, value in field_filter.items())})"
        if parts and len(_any_of([*parts, part])) > MAX_PATTERN_LENGTH:
            yield _any_of(parts)
            parts = []
        parts.append(part)
    if parts:
        yield _any_of(parts)


def _any_of(parts: Sequence[str]) -> str:
    return f"{{ {' || '.join(parts)} }}"


def with_a_term(terms: Sequence[str]) -> Iterator[str]:
    """Filter patterns for the lines in which one of the terms stands, be they JSON or not."""
    parts: list[str] = []
    for term in terms:
        if parts and len(" ".join([*parts, f"?{quoted(term)}"])) > MAX_PATTERN_LENGTH:
            yield " ".join(parts)
            parts = []
        parts.append(f"?{quoted(term)}")
    if parts:
        yield " ".join(parts)


def search(
    stack: Stack, functions: Sequence[str], patterns: Sequence[str], *, since: datetime, until: datetime
) -> Found:
    """Every line of the functions that CloudWatch finds by one of the patterns, each once, in order of time."""
    client = stack.client("logs")

    def look(function: str) -> tuple[dict[str, Line], Searched]:
        lines: dict[str, Line] = {}
        pages, complete = 0, True
        request = {
            "logGroupName": group_of(stack, function),
            "startTime": int(since.timestamp() * 1000),
            "endTime": int(until.timestamp() * 1000),
        }
        for pattern in patterns:
            try:
                some, read, to_the_end = _read(client, function, request | {"filterPattern": pattern})
            except Misconfigured as error:
                if "does not exist" not in error.sentence:
                    raise
                return {}, Searched(group_of(stack, function), 0, complete=True, exists=False)
            lines |= some
            pages += read
            complete = complete and to_the_end
        return lines, Searched(group_of(stack, function), pages, complete)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(look, functions))
    everything = [line for lines, _ in answers for line in lines.values()]
    return Found(sorted(everything, key=lambda one: one.at), [searched for _, searched in answers])


def _read(client: Any, function: str, request: Mapping[str, Any]) -> tuple[dict[str, Line], int, bool]:
    """The lines of one group by their ids, the number of pages, and whether that was all."""
    lines: dict[str, Line] = {}
    page: dict[str, Any] = {}
    for pages in range(1, MAX_PAGES + 1):
        with translated("log"):
            answer = client.filter_log_events(**request, **page)
        lines |= {_identity(one): _line(one, function) for one in answer["events"]}
        if not answer.get("nextToken"):
            return lines, pages, True
        page = {"nextToken": answer["nextToken"]}
    return lines, MAX_PAGES, False


def _identity(event: Mapping[str, Any]) -> str:
    """By what an event that two patterns find is known as one (CloudWatch: the id may be missing)."""
    return str(event.get("eventId") or (event["timestamp"], event.get("logStreamName"), event["message"]))


def _line(event: Mapping[str, Any], function: str) -> Line:
    text = event["message"].strip()
    try:
        fields = json.loads(text)
    except ValueError:
        fields = {}
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return Line(at, function, text, fields if isinstance(fields, dict) else {})
