"""The documents of the sandbox Visma: row versions, Visma's clock, filters and pages.

Like the real lists, pages are cut from the live state at each request: a row that enters or leaves the filter between
two pages shifts the others.
"""

from __future__ import annotations

import base64
import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from local.sandbox.clock import SandboxClock
from local.sandbox.visma_resources import Resource

Document = dict[str, Any]

FIRST_ROW_VERSION: Final = 0x4D182222
_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,3})?)?")
_OPERATORS: Final[Mapping[str, Callable[[datetime, datetime], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class BadRequest(Exception):
    """Visma refuses the request; the text is the `message` of the 400."""


@dataclass(slots=True)
class Row:
    """One version of a document.

    Attributes:
        document: Without metadata.
        number: Key in the URL.
        modified: When it was written, on the true time line.
        local: The same in the zone-less wall time of the server, which is what the filter compares.
        version: Row version; grows with every write of the whole sandbox.
        visible_from: Until then lists and reads show `previous` (a transaction that commits late).
        last_line: The highest line number ever given out.
    """

    document: Document
    number: str
    modified: datetime
    local: datetime
    version: int
    visible_from: datetime
    previous: Row | None
    last_line: int
    _texts: dict[frozenset[str], bytes] = field(default_factory=dict)

    def text(self, hidden: frozenset[str] = frozenset()) -> bytes:
        """The document as JSON without the hidden fields; made once."""
        if hidden not in self._texts:
            shown = {name: value for name, value in self.document.items() if name not in hidden}
            self._texts[hidden] = json.dumps(shown, separators=(",", ":"), default=_double).encode()
        return self._texts[hidden]

    def seen_at(self, now: datetime) -> Row | None:
        """The version that readers see at this moment."""
        row: Row | None = self
        while row is not None and row.visible_from > now:
            row = row.previous
        return row


class Store:
    """All documents of all companies. Not thread-safe by itself: the sandbox holds its lock."""

    def __init__(self, clock: SandboxClock, *, zone: str, order_by: str, max_page_size: int) -> None:
        """Keep nothing yet; the arguments are those of `VismaSandbox`."""
        self._clock = clock
        self.zone = ZoneInfo(zone)
        self.order_by = order_by
        self.max_page_size = max_page_size
        self._rows: dict[tuple[str, str], dict[str, Row]] = {}
        self._version = FIRST_ROW_VERSION

    def wall_time(self, at: datetime) -> datetime:
        """The server's zone-less wall time, to the millisecond."""
        local = at.astimezone(self.zone).replace(tzinfo=None)
        return local.replace(microsecond=local.microsecond // 1000 * 1000)

    def put(
        self,
        company: str,
        resource: Resource,
        document: Document,
        *,
        visible_after: timedelta = timedelta(0),
        as_is: bool = False,
        last_line: int = 0,
    ) -> Row:
        """Write a document; stamps `lastModifiedDateTime` and `timeStamp`.

        Args:
            company: Company number.
            resource: Where it belongs.
            document: As Visma would show it; metadata is left out.
            visible_after: How long readers still see the state before.
            as_is: Keep the document's own stamps, or their absence.
            last_line: Highest line number given out so far.

        Raises:
            ValueError: the document has no number.
        """
        document = {name: value for name, value in document.items() if name != "metadata"}
        number = document.get(resource.number)
        if not isinstance(number, str) or not number:
            raise ValueError(f"A {resource.name} needs its number in '{resource.number}', as text.")
        now = self._clock.now()
        self._version += 1
        local = self.wall_time(now)
        if as_is:
            local = _parsed(document.get("lastModifiedDateTime")) or local
        else:
            document["lastModifiedDateTime"] = visma_time(local)
            if resource.row_version:
                document["timeStamp"] = base64.b64encode(self._version.to_bytes(8, "big")).decode()
        rows = self._rows.setdefault((company, resource.name), {})
        key = _key(resource, document.get("documentType"), number)
        before = rows.get(key)
        lines = [line.get("lineNbr") for line in document.get("lines") or [] if isinstance(line, dict)]
        rows[key] = Row(
            document,
            number,
            local.replace(tzinfo=self.zone).astimezone(UTC) if as_is else now,
            local,
            self._version,
            now + visible_after if visible_after else _AT_ONCE,
            before if visible_after else None,
            max([last_line, *(n for n in lines if isinstance(n, int)), before.last_line if before else 0]),
        )
        return rows[key]

    def find(self, company: str, resource: Resource, number: str, document_type: str | None = None) -> Row | None:
        """The document as readers see it now."""
        rows = self._rows.get((company, resource.name), {})
        row = rows.get(_key(resource, document_type, number))
        return row.seen_at(self._clock.now()) if row else None

    def remove(self, company: str, resource: Resource, number: str, document_type: str | None = None) -> bool:
        """Delete a document; False when there was none. Visma's lists do not show deletions."""
        rows = self._rows.get((company, resource.name), {})
        return rows.pop(_key(resource, document_type, number), None) is not None

    def rows(self, company: str, resource: Resource) -> list[Row]:
        """All documents as readers see them now, in the order of lists."""
        now = self._clock.now()
        seen = (row.seen_at(now) for row in self._rows.get((company, resource.name), {}).values())
        visible = [row for row in seen if row is not None]
        if self.order_by == "modified":
            return sorted(visible, key=lambda row: (row.modified, row.version))
        return sorted(visible, key=lambda row: row.number)

    def page(self, company: str, resource: Resource, parameters: Mapping[str, str]) -> bytes:
        """One page as Visma answers it: a bare array, with the metadata in every element.

        Raises:
            BadRequest: a filter has a value that Visma does not take.
        """
        keep = list(_filters(resource, parameters))
        rows = [row for row in self.rows(company, resource) if all(matches(row) for matches in keep)]
        hidden = frozenset(
            name
            for parameter, names in resource.on_request.items()
            if parameters.get(parameter, "").lower() != "true"
            for name in names
        )
        if not resource.paged:
            return b"[" + b",".join(row.text(hidden) for row in rows) + b"]"
        size = min(_positive(parameters.get("pageSize")) or self.max_page_size, self.max_page_size)
        start = ((_positive(parameters.get("pageNumber")) or 1) - 1) * size
        metadata = f',"metadata":{{"totalCount":{len(rows)},"maxPageSize":{self.max_page_size}}}}}'.encode()
        return b"[" + b",".join(row.text(hidden)[:-1] + metadata for row in rows[start : start + size]) + b"]"


def visma_time(local: datetime) -> str:
    """A wall time as Visma writes it: no zone, no trailing zeros in the fraction."""
    text = local.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{local.microsecond // 1000:03}".rstrip("0")
    return f"{text}.{fraction}" if fraction else text


def _double(value: object) -> float:
    """Visma writes every number as a double; documents put in process may hold decimals."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a document of Visma")


def _key(resource: Resource, document_type: str | None, number: str) -> str:
    return f"{document_type or 'Invoice'}/{number}" if resource.typed else number


def _positive(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) > 0 else None


def _parsed(text: Any) -> datetime | None:
    """A time in one of the formats Visma takes; letters such as Z are not among them."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _filters(resource: Resource, parameters: Mapping[str, str]) -> Iterable[Callable[[Row], bool]]:
    """The filters in force. A parameter nobody knows is ignored, and so is a time without its operator."""
    for name, value in parameters.items():
        if name in resource.equals:
            if value not in resource.words.get(name, {value}):
                raise BadRequest(f"The value '{value}' is not valid for {name}.")
            yield _equal(resource.equals[name], value)
        elif name in resource.dates and f"{name}Condition" in parameters:
            yield _compared(resource.dates[name], name, value, parameters[f"{name}Condition"])
        elif name == "greaterThanValue":
            yield lambda row, least=value: row.number > least  # type: ignore[misc] # mypy cannot infer the default


def _equal(path: tuple[str, ...], value: str) -> Callable[[Row], bool]:
    def matches(row: Row) -> bool:
        found: Any = row.document
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return bool(found == value)

    return matches


def _compared(field_name: str, parameter: str, value: str, condition: str) -> Callable[[Row], bool]:
    if condition not in _OPERATORS:
        raise BadRequest(f"The condition '{condition}' of {parameter} is not one of >, <, >=, <=.")
    bound = _parsed(value)
    if bound is None:
        raise BadRequest(f"The value '{value}' of {parameter} is not a date and time without a zone.")
    compare = _OPERATORS[condition]

    def matches(row: Row) -> bool:
        if field_name == "lastModifiedDateTime":
            return compare(row.local, bound)
        found = _parsed(row.document.get(field_name))
        return found is not None and compare(found, bound)

    return matches
