"""Use case: read what changed in Visma and queue it for translation.

One list of one company at a time, each under its own lease. Rows are queued first, the cursor is written last, so a
crash anywhere in between only reads the same window again (docs/guarantees.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from connector.domain import cursor as cursors_
from connector.domain.budget import pause_before_next_poll
from connector.domain.cursor import Cursor, Rules, Scan, Verdict
from connector.domain.documents import Kind, number_in_key
from connector.domain.errors import Conflict, ConnectorError, Misconfigured, Throttled
from connector.domain.routes import Company
from connector.domain.visma_clock import filter_text, to_utc, zone_named
from connector.services.claim_check import loaded
from connector.services.messages import DocumentMessage
from connector.services.ports import (
    Budget,
    Clock,
    CursorLease,
    Cursors,
    Deadline,
    Erp,
    ErpFactory,
    Fields,
    Metric,
    Outbox,
    Page,
    Payloads,
    Resource,
    Row,
    Telemetry,
)

KIND_OF = {
    Resource.PURCHASE_ORDERS: Kind.PURCHASE_ORDER,
    Resource.SUPPLIER_INVOICES: Kind.SUPPLIER_INVOICE,
    Resource.CUSTOMER_INVOICES: Kind.CUSTOMER_INVOICE,
    Resource.CUSTOMER_CREDIT_NOTES: Kind.CUSTOMER_INVOICE,
}
# The credit note list is the only one whose rows may lack a type that their key needs.
_TYPE_WHEN_MISSING = {Resource.CUSTOMER_CREDIT_NOTES: "CreditNote"}

TIME_FOR_ONE_PAGE = timedelta(seconds=75)
"""What reading a page and queueing its rows may take at worst; with less time left the scan is put aside."""

LEASE = timedelta(minutes=6)
"""How long a poll owns a cursor; longer than the function may run, so that a dead poll is replaced, never doubled."""

MAX_PAGES = 20_000
"""No list is this long: a server that never ends its pages must not keep us for ever."""


class _Strange(Misconfigured):
    """A list that cannot be an answer to our question. It says nothing about the other lists of the company."""


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll of one list did."""

    company: str
    resource: Resource
    queued: int = 0
    rows: int = 0
    pages: int = 0
    finished: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Poller:
    """Polls every list of every company."""

    erp: ErpFactory
    cursors: Cursors
    outbox: Outbox
    payloads: Payloads
    clock: Clock
    telemetry: Telemetry

    def poll_all(self, companies: Iterable[Company], deadline: Deadline) -> list[PollResult]:
        """Poll all lists of all companies; one that fails never stops another.

        The minute picks the company to begin with, so that one with a large backlog cannot starve those behind it.

        A company whose credentials are refused is left out for the rest of the run: its other lists would only
        repeat the refusal.
        """
        results = []
        ordered = list(companies)
        # Scrambled, because a schedule of every five minutes would pick the same one of five companies each time.
        minute = int(self.clock.now().timestamp() // 60)
        turn = crc32(b"%d" % minute) % max(len(ordered), 1)
        for company in [*ordered[turn:], *ordered[:turn]]:
            for resource in Resource:
                result = self._poll_guarded(company, resource, deadline)
                if result is None:
                    break
                results.append(result)
        return results

    def _poll_guarded(self, company: Company, resource: Resource, deadline: Deadline) -> PollResult | None:
        """Poll one list; None when the rest of the company has to wait."""
        names: Fields = {"company": company.name, "resource": resource.value}
        try:
            return self.poll(company, resource, deadline)
        except Conflict as error:
            self.telemetry.info("poll already running", {**names, "reason": str(error)})
            return PollResult(company.name, resource, problem=str(error))
        except Misconfigured as error:
            self.telemetry.count(Metric.CREDENTIALS_REFUSED)
            self.telemetry.error("poll refused", {**names, "reason": str(error), "request_id": error.request_id})
            return PollResult(company.name, resource, problem=str(error)) if isinstance(error, _Strange) else None
        except Throttled as error:
            self.telemetry.count(Metric.THROTTLED)
            self.telemetry.warning("poll throttled", {**names, "reason": str(error), "request_id": error.request_id})
            return None
        except ConnectorError as error:
            self.telemetry.warning("poll failed", {**names, "reason": str(error), "request_id": error.request_id})
            return PollResult(company.name, resource, problem=str(error))

    def poll(self, company: Company, resource: Resource, deadline: Deadline) -> PollResult:
        """Poll one list until its end, or as far as the time allows.

        Raises:
            Conflict: another poll of this list is running.
            Transient, Throttled, Misconfigured: from Visma or the queue; the cursor has not moved.
        """
        now = self.clock.now()
        if deadline.remaining() < TIME_FOR_ONE_PAGE:
            return PollResult(company.name, resource, problem="no time left in this run")
        zone = zone_named(company.visma.time_zone)
        lease = self.cursors.acquire(company.name, resource, now=now, lease=LEASE)
        run = _Run(self, company, resource, lease, zone)
        if lease.not_before is not None and now < lease.not_before:
            self.cursors.save(lease, lease.cursor, release=True, not_before=lease.not_before)
            return PollResult(company.name, resource, problem="waiting for Visma's hourly budget")
        try:
            run.read(self.erp(company, deadline), deadline)
        except ConnectorError as error:
            # What was queued is remembered and an unfinished scan is kept; the watermark stays.
            wait = error.retry_after if isinstance(error, Throttled) else None
            not_before = self.clock.now() + wait if wait else None
            self.cursors.save(lease, run.cursor, release=True, not_before=not_before)
            raise
        return run.finish()


def number_of(resource: Resource, row: Row) -> str:
    """The number by which a row's document is known."""
    document_type = row.document_type or _TYPE_WHEN_MISSING.get(resource)
    return number_in_key(KIND_OF[resource], document_type, row.number)


class _Run:
    """One poll of one list: what it has read so far."""

    def __init__(
        self, poller: Poller, company: Company, resource: Resource, lease: CursorLease, zone: ZoneInfo
    ) -> None:
        self._poller = poller
        self._company = company
        self._resource = resource
        self._lease = lease
        self._zone = zone
        self._rules = Rules(company.visma.overlap, company.visma.settle, company.visma.settle_cap)
        self._started = poller.clock.now()
        self._seen: set[int] = set()
        self._budget = Budget(None, None, None)
        self._server_time: datetime | None = None
        self._rows = self._queued = self._pages = 0
        self._largest = 0
        self._keys: list[str] = []
        self._done = False
        self.cursor = lease.cursor

    def read(self, erp: Erp, deadline: Deadline) -> None:
        """Read pages and queue their rows until the list or the time ends."""
        scan = self._opened_scan()
        for _ in range(MAX_PAGES):
            scan = self._read_page(erp, scan)
            if self._done or deadline.remaining() < TIME_FOR_ONE_PAGE:
                return

    def _read_page(self, erp: Erp, scan: Scan) -> Scan:
        """Read one page and queue its rows; when this returns, nothing holds the page any more."""
        page = erp.list_page(
            self._resource,
            since=scan.since,
            page=scan.next_page,
            page_size=self._company.visma.page_size,
            branch=self._company.visma.branch,
        )
        self._budget, self._server_time = page.budget, page.server_time
        self._pages += 1
        self._refuse_strange(page, scan)
        self._queue(page, scan)
        times = [self._instant(row) for row in page.rows]
        keys = [self._key(row) for row in page.rows]
        scan = scan.after_page(keys, times, total=page.total, server_time=page.server_time)
        if not scan.by_number:
            self._seen.update(map(hash, keys))
        self.cursor = replace(self.cursor, scan=scan)
        self._done = self._is_last(page, keys, scan)
        return scan

    def _is_last(self, page: Page, keys: list[str], scan: Scan) -> bool:
        """Whether nothing follows: as many rows as Visma counted, or an empty page where it counts none.

        A short page alone is no end: Visma cuts pages to a maximum of its own in silence, and the element that would
        name it may be missing.
        """
        shown = len(page.rows) + len(page.damaged)
        self._largest = max(self._largest, shown)
        if shown == 0:
            return True
        if page.total is not None:
            return (scan.next_page - 1) * self._largest >= page.total
        if keys and keys == self._keys:
            raise _Strange(
                f"Visma shows the same page of {self._resource.value} again and again.",
                next_step="Tell Visma's support; nothing of the list is lost, the next poll reads it again.",
            )
        self._keys = keys
        return False

    def finish(self) -> PollResult:
        """Write the cursor: last of all, and only if the lease is still ours."""
        poller, scan = self._poller, self.cursor.scan
        if self._done and scan is not None:
            cursor = cursors_.finish(self.cursor, scan, self._rules, distinct=len(self._seen))
            _, since = self._window(cursor)
            self.cursor = cursors_.forget_old(cursor, since=since, instant_of=self._instant_of)
        pause = pause_before_next_poll(self._budget.limit, self._budget.remaining, self._budget.reset)
        now = poller.clock.now()
        poller.cursors.save(self._lease, self.cursor, release=True, not_before=now + pause if pause else None)
        self._report(pause)
        return PollResult(
            self._company.name,
            self._resource,
            queued=self._queued,
            rows=self._rows,
            pages=self._pages,
            finished=self._done,
        )

    def _opened_scan(self) -> Scan:
        if self.cursor.scan is not None:
            return replace(self.cursor.scan, resumed=True)
        since, since_utc = self._window(self.cursor)
        return Scan(since=since, since_utc=since_utc)

    def _window(self, cursor: Cursor) -> tuple[str, datetime]:
        """Where the next scan begins, as Visma's filter reads it and as we read that."""
        start = cursors_.window_start(cursor, self._rules, now=self._started)
        since = filter_text(start, self._zone)
        return since, to_utc(since, self._zone) or start

    def _refuse_strange(self, page: Page, scan: Scan) -> None:
        """Notice a list that cannot be an answer to our question."""
        if scan.next_page == 1 and not page.rows and not page.damaged and self.cursor.known:
            # The newest row we know is always in its own window, so an empty list is no news but a wrong question.
            raise _Strange(
                f"Visma lists no {self._resource.value} although some were changed before.",
                next_step="Check ipp-company-id and tenant of this company (connector doctor).",
            )
        instants = [self._instant(row) for row in page.rows]
        if instants and all(at is not None and at < scan.since_utc for at in instants):
            raise _Strange(
                f"Visma ignored the filter on lastModifiedDateTime for {self._resource.value}.",
                next_step="Run connector doctor; nothing was queued from this list.",
            )

    def _queue(self, page: Page, scan: Scan) -> None:
        poller, verdicts = self._poller, {}
        messages: list[DocumentMessage] = []
        for row in page.rows:
            if self._company.visma.branch and row.branch not in {None, self._company.visma.branch}:
                continue
            key, modified_at = self._key(row), self._instant(row)
            verdict = cursors_.judge(
                self.cursor,
                self._rules,
                key=key,
                modified=row.modified_at,
                modified_at=modified_at,
                since=scan.since_utc,
                server_time=page.server_time,
            )
            verdicts[key] = (verdict, row.modified_at)
            if verdict is Verdict.QUEUE:
                messages.append(self._message(row, key, modified_at or page.server_time, seen_at=page.server_time))
        if messages:
            poller.outbox.documents(messages)
        self.cursor = cursors_.remember(self.cursor, verdicts, server_time=page.server_time)
        self._rows += len(page.rows)
        self._queued += len(messages)
        for sentence in page.damaged:
            poller.telemetry.count(Metric.DAMAGED_ROWS)
            poller.telemetry.error(
                "row without a number",
                {"company": self._company.name, "resource": self._resource.value, "reason": sentence},
            )

    def _message(self, row: Row, key: str, modified_at: datetime, *, seen_at: datetime) -> DocumentMessage:
        message = DocumentMessage(
            company=self._company.name,
            kind=KIND_OF[self._resource],
            number=key,
            modified_at=modified_at,
            seen_at=seen_at,
        )
        return loaded(message, row.raw, self._poller.payloads, at=modified_at)

    def _key(self, row: Row) -> str:
        return number_of(self._resource, row)

    def _instant(self, row: Row) -> datetime | None:
        return self._instant_of(row.modified_at) if row.modified_at else None

    def _instant_of(self, text: str) -> datetime | None:
        return to_utc(text, self._zone)

    def _report(self, pause: timedelta) -> None:
        telemetry = self._poller.telemetry
        names: Fields = {"company": self._company.name, "resource": self._resource.value}
        telemetry.info(
            "poll done" if self._done else "poll put aside, resumes at its next page",
            {
                **names,
                "rows": self._rows,
                "queued": self._queued,
                "pages": self._pages,
                "watermark": self.cursor.watermark.isoformat() if self.cursor.watermark else None,
            },
        )
        telemetry.count(Metric.POLL_COMPLETED)
        telemetry.count(Metric.DOCUMENTS_QUEUED, self._queued)
        if self.cursor.caught_up_at and self._server_time:
            lag = self._server_time - self.cursor.caught_up_at
            telemetry.seconds(Metric.CURSOR_LAG, max(lag.total_seconds(), 0.0))
        if pause:
            telemetry.warning("slowed down for Visma's hourly budget", {**names, "seconds": pause.total_seconds()})
