"""Visma in memory: its lists and its orders, with the conditions of the adapter."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connector.domain.errors import (
    Conflict,
    ConnectorError,
    Rejected,
    UnknownOutcome,
)
from connector.domain.reasons import Reason
from connector.domain.routing.route import Company
from connector.services.ports import (
    Budget,
    Deadline,
    OrderAnswer,
    Page,
    Resource,
    Row,
)
from testkit.memory.effects import ManualClock
from testkit.samples.visma_samples import as_json
from testkit.visma.filters import BadRequest
from testkit.visma.list_rules import ListKey, in_order, local_time, page_of
from testkit.visma.orders import updated


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the fake Visma.

    Attributes:
        modified: The time of the modification.
        visible: When lists begin to show this state; Visma commits late.
        raw: Its bytes in the list; None for a small document with number and time.
        stamp: The text of `lastModifiedDateTime`; None for `modified` in Visma's zone.
    """

    number: str
    modified: datetime
    visible: datetime
    document_type: str | None = None
    branch: str | None = None
    raw: bytes | None = None
    stamp: str | None = None


class FakeErp:
    """The `Erp` port over a list of documents, by the rules of Visma's lists (`testkit/visma/list_rules.py`).

    Attributes:
        order: The order of rows, one of `LIST_ORDERS`.
        max_page_size: The limit of a page; `names_maximum` says whether the elements have it.
        total: The `totalCount` for the length of the list and of the page; None omits it.
        hides: Lists are empty, as without permission.
        last: The list of the last request for a page.
        before_page: Called with list and page number before each page, `after_page` after it.
    """

    def __init__(self, clock: ManualClock, *, zone: str = "Europe/Oslo", order: str = "number") -> None:
        self.clock = clock
        self.zone = ZoneInfo(zone)
        self.order = order
        self.documents: dict[Resource, dict[tuple[str | None, str], StoredDocument]] = {one: {} for one in Resource}
        self.shown: dict[tuple[Resource, str | None, str], StoredDocument] = {}
        self.damaged: dict[Resource, list[str]] = {}
        self.max_page_size = 1000
        self.budget = Budget(None, None, None)
        self.obeys_filter = True
        self.hides = False
        self.names_maximum = True
        self.total: Callable[[int, int], int | None] = lambda length, _page: length
        self.calls: list[tuple[Resource, int]] = []
        self.asked: list[int] = []
        self.last: list[StoredDocument] = []
        self.failures: dict[int, ConnectorError] = {}
        self.broken: dict[Resource, ConnectorError] = {}
        self._listed: tuple[tuple[Any, ...], list[StoredDocument]] = ((), [])
        self.before_page: Callable[[Resource, int], None] | None = None
        self.after_page: Callable[[Resource, int], None] | None = None

    def save(
        self,
        number: str,
        *,
        resource: Resource = Resource.PURCHASE_ORDERS,
        at: datetime | None = None,
        late: timedelta = timedelta(0),
        **changes: Any,
    ) -> StoredDocument:
        """Save a document now (or `at`); lists show this state after `late`."""
        modified = at or self.clock.now()
        document = StoredDocument(number, modified, modified + late, **changes)
        key = (document.document_type, number)
        before = self.documents[resource].get(key)
        if before is not None and before.visible <= self.clock.now():
            self.shown[(resource, *key)] = before
        self.documents[resource][key] = document
        self._listed = ((), [])
        return document

    def delete(
        self, number: str, *, resource: Resource = Resource.PURCHASE_ORDERS, document_type: str | None = None
    ) -> None:
        """Delete a document."""
        del self.documents[resource][(document_type, number)]
        self.shown.pop((resource, document_type, number), None)
        self._listed = ((), [])

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        self.calls.append((resource, page))
        self.asked.append(page_size)
        failure = self.failures.pop(len(self.calls), None) or self.broken.get(resource)
        if failure is not None:
            raise failure
        if self.before_page is not None:
            self.before_page(resource, page)
        rows = self.last = self.listed(resource, since, branch)
        shown = page_of(rows, page=page, page_size=page_size, max_page_size=self.max_page_size)
        damaged = self.damaged.get(resource, []) if page == 1 else []
        answer = Page(
            rows=[self._row(each) for each in shown],
            damaged=damaged,
            total=self.total(len(rows) + len(damaged), len(shown)) if shown else None,
            maximum=self.max_page_size if shown and self.names_maximum else None,
            server_time=self.clock.now(),
            budget=self.budget,
        )
        if self.after_page is not None:
            self.after_page(resource, page)
        return answer

    def text_of(self, timestamp: datetime) -> str:
        """A time in Visma's format: local time of its zone, without the zone."""
        return local_time(timestamp, self.zone).isoformat(timespec="microseconds")

    def raw_of(self, document: StoredDocument) -> bytes:
        """The bytes of the document in a list."""
        return document.raw or msgspec.json.encode(
            {"number": document.number, "lastModifiedDateTime": self._stamp(document)}
        )

    def listed(self, resource: Resource, since: str, branch: str | None) -> list[StoredDocument]:
        """The complete list now."""
        if self.hides:
            return []
        question = (resource, since, branch, self.order, self.obeys_filter, self.clock.now())
        if self._listed[0] != question:
            self._listed = (question, self._rows(resource, since, branch))
        return self._listed[1]

    def _rows(self, resource: Resource, since: str, branch: str | None) -> list[StoredDocument]:
        now, bound = self.clock.now(), datetime.fromisoformat(since)
        rows: list[StoredDocument] = []
        for key, newest in self.documents[resource].items():
            document = newest if newest.visible <= now else self.shown.get((resource, *key))
            if document is None or (branch and document.branch not in {None, branch}):
                continue
            if not self.obeys_filter or local_time(document.modified, self.zone) >= bound:
                rows.append(document)
        return in_order(rows, self.order, self._key)

    def _key(self, row: StoredDocument) -> ListKey:
        return ListKey(row.number, local_time(row.modified, self.zone), row.document_type)

    def _row(self, document: StoredDocument) -> Row:
        stamp = self._stamp(document) or None
        return Row(
            number=document.number,
            document_type=document.document_type,
            modified_at=stamp,
            branch=document.branch,
            raw=self.raw_of(document),
        )

    def _stamp(self, document: StoredDocument) -> str:
        return document.stamp if document.stamp is not None else self.text_of(document.modified)


class FakeErps:
    """The `ErpFactory` port: one fake Visma for each company."""

    def __init__(self, **erps: FakeErp) -> None:
        self.erps = erps
        self.refused: dict[str, ConnectorError] = {}

    def __call__(self, company: Company, deadline: Deadline) -> FakeErp:
        if company.name in self.refused:
            raise self.refused[company.name]
        return self.erps[company.name]


def row_version(count: int) -> str:
    """A `timeStamp` in Visma's format: SQL Server's rowversion, a counter of eight bytes."""
    return base64.b64encode(count.to_bytes(8, "big")).decode()


class FakeOrders:
    """The `PurchaseOrders` port of one company.

    Attributes:
        on_put: Functions to call, one before each PUT: an edit of a user, for example.
        lose: The number of PUTs whose answer is lost after the write.
        refuse: The message with which every PUT is refused; None to accept.
        refusing: Order statuses in which a PUT is refused.
        puts: The bodies that were written, in order. `theirs` counts every PUT.
    """

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.last_lines: dict[str, int] = {}
        self.on_put: list[Callable[[], None]] = []
        self.lose = 0
        self.refuse: str | None = None
        self.refusing: frozenset[str] = frozenset()
        self.puts: list[dict[str, Any]] = []
        self.theirs = 0
        self.reads = 0
        self._last = 0x4D182200

    def __call__(self, company: Company, deadline: Deadline) -> FakeOrders:
        return self

    def put_in(self, document: dict[str, Any]) -> None:
        """Put an order into Visma."""
        stored = json.loads(as_json(document))
        self.orders[stored["orderNbr"]] = stored
        self._bump(stored["orderNbr"])

    def edit(self, number: str = "500123", **changes: Any) -> None:
        """A user changes the order; `line_2={...}` changes line 2, and the totals are recalculated."""
        order = self.orders[number]
        for name, value in changes.items():
            if name.startswith("line_"):
                wrapped = {field: {"value": said} for field, said in value.items()}
                edit = {"operation": "Update", "lineNumber": {"value": int(name.removeprefix("line_"))}, **wrapped}
                order, _ = updated(order, {"lines": [edit]}, last_line=0)
            else:
                order[name] = value
        self.orders[number] = order
        self._bump(number)

    def raw(self, number: str = "500123") -> bytes:
        order = {**self.orders[number], "timeStamp": self._stamp(number)}
        return json.dumps(order).encode()

    def line(self, line_number: int, number: str = "500123") -> dict[str, Any] | None:
        return next((one for one in self.orders[number]["lines"] if one["lineNbr"] == line_number), None)

    def get_order(self, number: str) -> OrderAnswer | None:
        self.reads += 1
        if number not in self.orders:
            return None
        return OrderAnswer(f'"{self._stamp(number)}"', self.raw(number))

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        self.theirs += 1
        if self.on_put:
            self.on_put.pop(0)()
        if etag != f'"{self._stamp(number)}"':
            raise Conflict("412")
        if self.refuse is not None:
            raise Rejected(self.refuse, code=Reason.REQUEST_REFUSED)
        order = self.orders[number]
        # Line numbers are not reused.
        last = max((line["lineNbr"] for line in order["lines"]), default=0)
        last = max(last, self.last_lines.get(number, 0))
        try:
            changed, last = updated(order, json.loads(body), refusing=self.refusing, last_line=last)
        except BadRequest as error:
            raise Rejected(str(error), code=Reason.REQUEST_REFUSED) from None
        self.orders[number], self.last_lines[number] = changed, last
        self.puts.append(json.loads(body))
        self._bump(number)
        if self.lose:
            self.lose -= 1
            raise UnknownOutcome("No answer came; it may have been written.")
        return f'"{self._stamp(number)}"'

    def _bump(self, number: str) -> None:
        self._last += 1
        self.versions[number] = self._last

    def _stamp(self, number: str) -> str:
        return row_version(self.versions[number])
