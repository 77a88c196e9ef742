"""The documents of the sandbox Visma: row versions, stamps, filters and pages (`list_rules.py`)."""

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
from testkit.visma.list_rules import ListKey, in_order, local_time, page_of
from testkit.visma.options import VismaOptions
from testkit.visma.resources import Document, Resource

FIRST_ROW_VERSION: Final = 0x4D182222


@dataclass(slots=True)
class Row:
    """One version of a document.

    Attributes:
        document: The document, without metadata.
        number: The key in the URL.
        modified: The time of the modification (aware).
        local: The same in local time without a zone, for filters.
        version: The row version, which every write increases.
        last_line: The highest line number so far.
    """

    document: Document
    number: str
    modified: datetime
    local: datetime
    version: int
    last_line: int
    _texts: dict[frozenset[str], bytes] = field(default_factory=dict)

    def text(self, hidden: frozenset[str] = frozenset()) -> bytes:
        """The document as JSON without the hidden fields, cached."""
        if hidden not in self._texts:
            shown = _without(self.document, hidden)
            self._texts[hidden] = json.dumps(shown, separators=(",", ":"), default=_double).encode()
        return self._texts[hidden]


class Store:
    """All documents of all companies. Not thread-safe: the sandbox holds a lock."""

    def __init__(self, clock: SandboxClock, options: VismaOptions) -> None:
        """Start empty.

        Attributes:
            options: The current options; documents keep the local time of their stamps.
        """
        self._clock = clock
        self.options = options
        self._rows: dict[tuple[str, str], dict[str, Row]] = {}
        self._version = FIRST_ROW_VERSION

    def wall_time(self, at: datetime) -> datetime:
        """The local time without a zone, to the millisecond."""
        local = local_time(at, ZoneInfo(self.options.zone))
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
        """Write a document; sets `lastModifiedDateTime`, `timeStamp` and, where the list has it, `createdDateTime`.

        A document with a `createdDateTime` keeps it.

        Args:
            company: Company number.
            resource: The list.
            document: The JSON object; metadata is removed.
            last_line: The highest line number so far.
            at: The time of the stamps; None for now. Rows of one mass update have the same time and different row
                versions.

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
        """The row of a document; None without one."""
        rows = self._rows.get((company, resource.name), {})
        return rows.get(_key(resource, document_type, number))

    def remove(self, company: str, resource: Resource, number: str, document_type: str | None = None) -> bool:
        """Delete a document; False when there was none."""
        rows = self._rows.get((company, resource.name), {})
        return rows.pop(_key(resource, document_type, number), None) is not None

    def rows(self, company: str, resource: Resource) -> list[Row]:
        """All rows, in the order of lists."""
        rows = self._rows.get((company, resource.name), {}).values()
        return in_order(rows, self.options.order_by, lambda row: ListKey(row.number, row.local))

    def page(self, company: str, resource: Resource, parameters: Mapping[str, str]) -> bytes:
        """One page in Visma's format: an array, with the metadata in every element.

        Raises:
            BadRequest: a filter has an invalid value.
        """
        keep = list(filters_of(resource, parameters))
        rows = [row for row in self.rows(company, resource) if all(matches(row) for matches in keep)]
        hidden = resource.hidden(parameters)
        if not resource.paged:
            return b"[" + b",".join(row.text(hidden) for row in rows) + b"]"
        most = self.options.max_page_size
        shown = page_of(
            rows,
            page=_positive(parameters.get("pageNumber")) or 1,
            page_size=_positive(parameters.get("pageSize")),
            max_page_size=most,
        )
        metadata = f',"metadata":{{"totalCount":{len(rows)},"maxPageSize":{most}}}}}'.encode()
        return b"[" + b",".join(row.text(hidden)[:-1] + metadata for row in shown) + b"]"


def visma_time(local: datetime) -> str:
    """A local time in Visma's format: no zone, no trailing zeros in the fraction."""
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
    """Visma writes every number as a double; a document that a test puts in may have decimals."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a document of Visma")


def _key(resource: Resource, document_type: str | None, number: str) -> str:
    return f"{document_type or 'Invoice'}/{number}" if resource.typed else number


def _positive(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) > 0 else None
