"""The cost of polling a long list, in calls and messages, for each order and each total count of Visma's list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil

from connector.domain.polling.cursor import Cursor
from connector.domain.routing.route import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from connector.services.ports import Resource
from testkit.memory.connector import Connector
from testkit.memory.effects import ManualClock, StepDeadline
from testkit.memory.stores import MemoryCursors, MemoryOutbox
from testkit.memory.visma import FakeErp, FakeErps

LIST = Resource.PURCHASE_ORDERS
SUMMER = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
ORDERS = ("number", "number descending", "modified", "modified descending", "scrambled")
TOTALS: dict[str, Callable[[int, int], int | None]] = {
    "right": lambda length, _: length,
    "missing": lambda _length, _page: None,
    "of the page": lambda _length, page: page,
    "always the same": lambda _length, _page: 4,
    "too small": lambda length, _page: max(length - 2, 0),
    "too large": lambda length, _page: length + 5,
}


@dataclass
class Backlog:
    """A list whose rows all change at once, and a poller with counters.

    Attributes:
        pages: Pages after which a poll runs out of time; None for no limit.
    """

    rows: int
    order: str = "number"
    totals: str = "right"
    names_maximum: bool = True
    limit: int = 1000
    page_size: int = 200
    pages: int | None = None
    clock: ManualClock = field(default_factory=lambda: ManualClock(SUMMER))
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    cursors: MemoryCursors = field(default_factory=MemoryCursors)

    def __post_init__(self) -> None:
        self.erp = FakeErp(self.clock, order=self.order)
        self.erp.total, self.erp.names_maximum = TOTALS[self.totals], self.names_maximum
        self.erp.max_page_size = self.limit
        tenant = VismaTenant(
            company_id="1234567",
            tenant_id="tenant",
            time_zone="Europe/Oslo",
            branch=None,
            overlap=timedelta(minutes=15),
            settle=timedelta(minutes=2),
            settle_cap=timedelta(minutes=30),
            page_size=self.page_size,
        )
        self.company = Company("nordic", tenant, IsaId("N", "NT"), Identity())
        self.poller = Connector(
            clock=self.clock, erps=FakeErps(nordic=self.erp), cursors=self.cursors, outbox=self.outbox
        ).poller()
        self.poll()
        self.clock.forward(minutes=30)

    @property
    def page(self) -> int:
        """Rows of a full page."""
        return min(self.page_size, self.limit)

    def update_all(self) -> None:
        """Change all rows within one minute. Their keys have mixed lengths and letters."""
        start = self.clock.now()
        for row in range(self.rows):
            number = f"{'PO-' if row % 3 else ''}{row * 7919 % 100_003}{'b' if row % 5 == 0 else ''}"
            self.erp.save(number, at=start + timedelta(microseconds=row * 60_000_000 // self.rows))
        self.clock.forward(minutes=5)

    def poll(self) -> tuple[int, int]:
        """Calls and messages of one poll, over as many invocations as it needs."""
        self.erp.calls.clear()
        self.outbox.clear()
        while not self.poller.poll(self.company, LIST, StepDeadline(self.pages)).finished:
            pass
        return len(self.erp.calls), len(self.outbox.queued_documents)

    def catch_up(self) -> tuple[int, int]:
        """Calls and messages until every change up to now is queued.

        Raises:
            AssertionError: two passes are not enough.
        """
        changed, calls, messages = self.clock.now(), 0, 0
        for _ in range(2):
            more = self.poll()
            calls, messages = calls + more[0], messages + more[1]
            if self.caught_up_at is not None and self.caught_up_at >= changed:
                return calls, messages
            self.clock.forward(minutes=1)
        raise AssertionError(f"After two passes every change up to {self.caught_up_at} is queued.")

    def catch_up_bound(self) -> int:
        """Most calls of `catch_up`.

        Two passes, each with the page that ends it, and two more pages where the rows do not name the limit.
        """
        return 2 * (ceil(self.rows / self.page) + 1) + (0 if self.names_maximum else 2)

    def quiet_bound(self) -> int:
        """Most calls of the last poll if nothing had changed."""
        return ceil(len(self.erp.last) / self.page) + 1

    @property
    def caught_up_at(self) -> datetime | None:
        """The time up to which every change is queued."""
        return self.cursor.caught_up_at

    @property
    def cursor(self) -> Cursor:
        """The stored cursor."""
        return self.cursors.of("nordic")
