"""The filters of the sandbox Visma's lists: applied, ignored or refused."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from testkit.visma.list_rules import parsed_time
from testkit.visma.resources import Resource

_OPERATORS: Final[Mapping[str, Callable[[datetime, datetime], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class BadRequest(Exception):
    """Visma refuses the request; the text is the `message` of the 400."""


class Filtered(Protocol):
    """A row for a filter: a document, its number, and the local time of its modification."""

    document: dict[str, Any]
    number: str
    local: datetime


def filters_of(resource: Resource, parameters: Mapping[str, str]) -> Iterable[Callable[[Filtered], bool]]:
    """The filters of a request. An unknown parameter and a time without its operator are ignored."""
    for name, value in parameters.items():
        if name in resource.equals:
            if value not in resource.values.get(name, {value}):
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
