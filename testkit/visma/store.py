"""The documents of the sandbox Visma: row versions, Visma's clock, filters and pages.

Like the real lists, pages are cut from the live state at each request: a row that enters or leaves the filter between
two pages shifts the others.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from testkit.sandbox.clock import SandboxClock
from testkit.visma.filters import filters_of
from testkit.visma.options import VismaOptions
from testkit.visma.resources import Document, Resource

FIRST_ROW_VERSION: Final = 0x4D182222


@dataclass(slots=True)
class Row:
    """One version of a document.

    Attributes:
        document: Without metadata.
        number: Key in the URL.
        modified: When it was written, on the true time line.
        local: The same in the zone-less wall time of the server, which is what the filter compares.
        version: Row version; grows with every write of the whole sandbox.
        last_line: The highest line number ever given out.
    """

    document: Document
    number: str
    modified: datetime
    local: datetime
    version: int
    last_line: int
    _texts: dict[frozenset[str], bytes] = field(default_factory=dict)

    def text(self, hidden: frozenset[str] = frozenset()) -> bytes:
        """The document as JSON without the hidden fields; made once."""
        if hidden not in self._texts:
            shown = _without(self.document, hidden)
            self._texts[hidden] = json.dumps(shown, separators=(",", ":"), default=_double).encode()
        return self._texts[hidden]


class Store:
    """All documents of all companies. Not thread-safe by itself: the sandbox holds its lock."""

    def __init__(self, clock: SandboxClock, options: VismaOptions) -> None:
        """Keep nothing yet.

        Attributes:
            options: How lists behave from now on; what was written keeps the wall time it was stamped with.
        """
        self._clock = clock
        self.options = options
        self._rows: dict[tuple[str, str], dict[str, Row]] = {}
        self._version = FIRST_ROW_VERSION

    def wall_time(self, at: datetime) -> datetime:
        """The server's zone-less wall time, to the millisecond."""
        local = at.astimezone(ZoneInfo(self.options.zone)).replace(tzinfo=None)
        return local.replace(microsecond=local.microsecond // 1000 * 1000)

    def put(
        self,
        company: str,
        resource: Resource,
        document: Document,
        *,
        last_line: int = 0,
        at: datetime | None = None,
    ) -> Row:
        """Write a document; stamps `lastModifiedDateTime`, `timeStamp` and, where the list has it, `createdDateTime`.

        `createdDateTime` is stamped once: a document that states its own keeps it.

        Args:
            company: Company number.
            resource: Where it belongs.
            document: As Visma would show it; metadata is left out.
            last_line: Highest line number given out so far.
            at: The moment that the stamps show; None takes the clock's. Rows of one mass update share one moment and
                have row versions of their own.

        Raises:
            ValueError: the document has no number.
        """
        document = {name: value for name, value in document.items() if name != "metadata"}
        number = document.get(resource.number)
        if not isinstance(number, str) or not number:
            raise ValueError(f"A {resource.name} needs its number in '{resource.number}', as text.")
        rows = self._rows.setdefault((company, resource.name), {})
        key = _key(resource, document.get("documentType"), number)
        before = rows.get(key)
        written = at or self._clock.now()
        self._version += 1
        local = self.wall_time(written)
        document["lastModifiedDateTime"] = visma_time(local)
        if resource.row_version:
            document["timeStamp"] = base64.b64encode(self._version.to_bytes(8, "big")).decode()
        if resource.shows_creation:
            created = before.document.get("createdDateTime") if before else None
            document.setdefault("createdDateTime", created or visma_time(local))
        lines = [line.get("lineNbr") for line in document.get("lines") or [] if isinstance(line, dict)]
        rows[key] = Row(
            document,
            number,
            written,
            local,
            self._version,
            max([last_line, *(n for n in lines if isinstance(n, int)), before.last_line if before else 0]),
        )
        return rows[key]

    def find(self, company: str, resource: Resource, number: str, document_type: str | None = None) -> Row | None:
        """The document as readers see it now."""
        rows = self._rows.get((company, resource.name), {})
        return rows.get(_key(resource, document_type, number))

    def remove(self, company: str, resource: Resource, number: str, document_type: str | None = None) -> bool:
        """Delete a document; False when there was none. Visma's lists do not show deletions."""
        rows = self._rows.get((company, resource.name), {})
        return rows.pop(_key(resource, document_type, number), None) is not None

    def rows(self, company: str, resource: Resource) -> list[Row]:
        """All documents as readers see them now, in the order of lists."""
        rows = self._rows.get((company, resource.name), {}).values()
        if self.options.order_by == "number":
            return sorted(rows, key=lambda row: row.number)
        return sorted(rows, key=lambda row: (row.modified, row.version))

    def page(self, company: str, resource: Resource, parameters: Mapping[str, str]) -> bytes:
        """One page as Visma answers it: a bare array, with the metadata in every element.

        Raises:
            BadRequest: a filter has a value that Visma does not take.
        """
        keep = list(filters_of(resource, parameters))
        rows = [row for row in self.rows(company, resource) if all(matches(row) for matches in keep)]
        hidden = resource.hidden(parameters)
        if not resource.paged:
            return b"[" + b",".join(row.text(hidden) for row in rows) + b"]"
        most = self.options.max_page_size
        size = min(_positive(parameters.get("pageSize")) or most, most)
        start = ((_positive(parameters.get("pageNumber")) or 1) - 1) * size
        metadata = f',"metadata":{{"totalCount":{len(rows)},"maxPageSize":{most}}}}}'.encode()
        return b"[" + b",".join(row.text(hidden)[:-1] + metadata for row in rows[start : start + size]) + b"]"


def visma_time(local: datetime) -> str:
    """A wall time as Visma writes it: no zone, no trailing zeros in the fraction."""
    text = local.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{local.microsecond // 1000:03}".rstrip("0")
    return f"{text}.{fraction}" if fraction else text


def _without(document: Document, hidden: frozenset[str]) -> Document:
    """The document without the hidden fields; `lines.name` hides `name` in each element of `lines`."""
    shown = {name: value for name, value in document.items() if name not in hidden}
    of_lines: dict[str, set[str]] = {}
    for dotted in hidden:
        group, _, name = dotted.partition(".")
        if name:
            of_lines.setdefault(group, set()).add(name)
    for group, names in of_lines.items():
        if isinstance(shown.get(group), list):
            shown[group] = [{key: value for key, value in line.items() if key not in names} for line in shown[group]]
    return shown


def _double(value: object) -> float:
    """Visma writes every number as a double; documents put in process may hold decimals."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a document of Visma")


def _key(resource: Resource, document_type: str | None, number: str) -> str:
    return f"{document_type or 'Invoice'}/{number}" if resource.typed else number


def _positive(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) > 0 else None
