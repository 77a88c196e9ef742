"""The filters of the sandbox Visma's lists: what is compared, what is ignored, what is refused."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from testkit.visma.resources import Resource

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,3})?)?")
_OPERATORS: Final[Mapping[str, Callable[[datetime, datetime], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class BadRequest(Exception):
    """Visma refuses the request; the text is the `message` of the 400."""


class Filtered(Protocol):
    """What a filter looks at: a document, its number, and when it was written in the server's wall time."""

    document: dict[str, Any]
    number: str
    local: datetime


def parsed_time(text: Any) -> datetime | None:
    """A time in one of the formats Visma takes; letters such as Z are not among them."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def filters_of(resource: Resource, parameters: Mapping[str, str]) -> Iterable[Callable[[Filtered], bool]]:
    """The filters in force. An unknown parameter is ignored, and so is a time without its operator."""
    for name, value in parameters.items():
        if name in resource.equals:
            if value not in resource.words.get(name, {value}):
                raise BadRequest(f"The value '{value}' is not valid for {name}.")
            yield _equal(resource.equals[name], value)
        elif name in resource.dates and f"{name}Condition" in parameters:
            yield _compared(resource.dates[name], name, value, parameters[f"{name}Condition"])
        elif name == "greaterThanValue":
            yield lambda row, least=value: row.number > least  # type: ignore[misc] # mypy cannot infer the default


def _equal(path: tuple[str, ...], value: str) -> Callable[[Filtered], bool]:
    def matches(row: Filtered) -> bool:
        found: Any = row.document
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return bool(found == value)

    return matches


def _compared(field_name: str, parameter: str, value: str, condition: str) -> Callable[[Filtered], bool]:
    if condition not in _OPERATORS:
        raise BadRequest(f"The condition '{condition}' of {parameter} is not one of >, <, >=, <=.")
    bound = parsed_time(value)
    if bound is None:
        raise BadRequest(f"The value '{value}' of {parameter} is not a date and time without a zone.")
    compare = _OPERATORS[condition]

    def matches(row: Filtered) -> bool:
        if field_name == "lastModifiedDateTime":
            return compare(row.local, bound)
        found = parsed_time(row.document.get(field_name))
        return found is not None and compare(found, bound)

    return matches
