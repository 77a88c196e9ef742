"""Use case: read what changed in Visma and queue it for translation.

One list of one company at a time, each under its own lease. Rows are queued first, the cursor is written last, so a
crash anywhere in between only reads the same window again (docs/guarantees.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from connector.domain.documents import MAX_TYPE_LENGTH, number_in_key
from connector.domain.errors import Conflict, ConnectorError, ListRefused, Misconfigured, StateMismatch, Throttled
from connector.domain.polling import cursor as cursors_
from connector.domain.polling.budget import delay_before_next_poll
from connector.domain.polling.cursor import Reading, RowClass, Rules, Scan
from connector.domain.polling.shares import ALL, Share
from connector.domain.revision.go_live import UNKNOWN_ZONE
from connector.domain.routing.route import Company
from connector.domain.visma_clock import filter_text, to_utc, zone_named
from connector.services.claim_check import loaded
from connector.services.list_health import HealthBook, PollReport, Turn
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

TIME_FOR_ONE_PAGE = timedelta(seconds=75)
"""What reading a page and queueing its rows may take at worst; with less time left the scan is put aside."""

LEASE = timedelta(minutes=6)
"""How long a poll owns a cursor; longer than the function may run, so that a dead poll is replaced, never doubled."""

MAX_PAGES = 20_000
"""No list is this long: a server that never ends its pages must not keep us for ever."""


MAX_RESTARTS = 2
"""How often a poll begins a pass again because its pages do not fit together.

After that the pass goes on to its end, queues what it finds, and moves nothing.
"""

MAX_HOLD = timedelta(hours=1)
"""A hold that ends later is ignored. Visma: the windows of its rate limit are one hour."""

LONG_AGO = "1900-01-01T00:00:00.000"
"""A lower bound that shows every document."""


class ImplausibleList(Misconfigured):
    """A list that cannot be an answer to our question. It says nothing about the other lists of the company."""


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll of one list did.

    Attributes:
        problem: Why it was not read, or not to its end.
        has_failed: Whether that is trouble, and not only somebody else's turn or a pause.
        is_refused: Whether the trouble lasts until an operator acts.
        ends_company: Whether the other lists of the company would only repeat it.
        is_unneeded: Whether the list is refused, and routing switches its kind off for the company.
        caught_up_at: Up to when the list was read completely by now.
    """

    company: str
    resource: Resource
    _: KW_ONLY
    queued: int = 0
    rows: int = 0
    pages: int = 0
    finished: bool = False
    problem: str | None = None
    has_failed: bool = False
    is_refused: bool = False
    ends_company: bool = False
    is_unneeded: bool = False
    caught_up_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poller:
    """Polls every list of every company."""

    erp: ErpFactory
    cursors: Cursors
    outbox: Outbox
    payloads: Payloads
    clock: Clock
    telemetry: Telemetry
    health: HealthBook

    def poll_shares(
        self, companies: Collection[Company], deadline: Deadline, shares: Iterable[Share]
    ) -> list[PollResult]:
        """Poll several shares of the companies, one after the other, each as a run of its own.

        A share for which no time is left is left out: its record does not say that it was read.

        Raises:
            ConnectorError: as from `poll_all`; the shares behind that one are not polled.
        """
        results: list[PollResult] = []
        for share in shares:
            if results and deadline.remaining() < TIME_FOR_ONE_PAGE:
                break
            results += self.poll_all(companies, deadline, share)
        return results

    def poll_all(self, companies: Iterable[Company], deadline: Deadline, share: Share = ALL) -> list[PollResult]:
        """Poll all lists of all companies of a share; one that fails never stops another.

        A run begins behind the last company that the run before came to, so that each has its turn, however many there
        are, and one with a large backlog cannot starve those behind it. Runs that overlap share the companies.

        A company whose credentials are refused, or that Visma throttles, is left out for the rest of the run: its
        other lists would only repeat that. They count as failed like the first. A 403 is the trouble of its list alone.

        The list of a kind that routing switches off is read as well: what is read while it is off is on record as not
        sent, so that it does not leave by itself when the kind is switched on. Where Visma refuses that list, nobody
        misses it, and it is asked for again with every run.

        Raises:
            ConnectorError: at the end, when the record of how the lists stand could not be read or written.
        """
        results: list[PollResult] = []
        ordered = [one for one in companies if share.has(one.name)]
        names = [one.name for one in ordered]
        report = PollReport(self.health, self.telemetry, names, now=self.clock.now(), share=share)
        try:
            self._poll_in_turn(self.health.of(share), ordered, deadline, results, report)
        finally:
            report.close(now=self.clock.now())
        if report.failure is not None:
            raise report.failure
        return results

    def _poll_in_turn(
        self,
        book: HealthBook,
        ordered: list[Company],
        deadline: Deadline,
        results: list[PollResult],
        report: PollReport,
    ) -> None:
        turn = self._take_turn(book)
        begin = turn.begin % max(len(ordered), 1)
        read = 0
        for company in [*ordered[begin:], *ordered[:begin]]:
            read += deadline.remaining() >= TIME_FOR_ONE_PAGE
            stopped: PollResult | None = None
            for resource in Resource:
                result = stopped or self._poll_guarded(company, resource, deadline)
                if stopped is None:
                    results.append(result)
                if result.has_failed:
                    problem = result.problem or ""
                    report.failed(
                        company.name,
                        resource,
                        problem,
                        now=self.clock.now(),
                        is_refused=result.is_refused,
                        is_unneeded=result.is_unneeded,
                    )
                elif result.problem is None:
                    report.read(company.name, resource, result.caught_up_at)
                stopped = result if result.ends_company else None
        self._end_turn(book, turn, read, len(ordered))

    def _take_turn(self, book: HealthBook) -> Turn:
        try:
            return book.take_turn()
        except ConnectorError as error:
            self.telemetry.warning("it is not known whose turn it is", {"reason": str(error)})
            minute = int(self.clock.now().timestamp() // 60)
            return Turn(crc32(b"%d" % minute), 0)  # scrambled: every five minutes would pick the same of five companies

    def _end_turn(self, book: HealthBook, turn: Turn, read: int, companies: int) -> None:
        """Note how many had their turn: at least one, and one more than all of them, so that another one begins.

        A company that ends each run before its time is passed over as well.
        """
        try:
            book.end_turn(turn, read=max(read, 1) if read < companies else companies + 1)
        except ConnectorError as error:
            self.telemetry.warning("it could not be noted whose turn is next", {"reason": str(error)})

    def _poll_guarded(self, company: Company, resource: Resource, deadline: Deadline) -> PollResult:
        """Poll one list; its trouble must not keep the others from their turn."""
        failed = PollResult(company.name, resource, has_failed=True)
        names: Fields = {"company": company.name, "resource": resource.value}
        try:
            return self.poll(company, resource, deadline)
        except Conflict as error:
            self.telemetry.info("poll already running", {**names, "reason": str(error)})
            return PollResult(company.name, resource, problem=str(error))
        except Misconfigured as error:
            is_of_one_list = isinstance(error, ImplausibleList | ListRefused | StateMismatch)
            if not isinstance(error, ImplausibleList | ListRefused):
                self.telemetry.count(Metric.CREDENTIALS_REFUSED)
            is_unneeded = isinstance(error, ListRefused) and resource.kind in company.kinds_unsent
            log = self.telemetry.info if is_unneeded else self.telemetry.error
            log("poll refused", {**names, "reason": str(error), "request_id": error.request_id})
            return replace(
                failed,
                problem=str(error),
                is_refused=True,
                ends_company=not is_of_one_list,
                is_unneeded=is_unneeded,
            )
        except Throttled as error:
            self.telemetry.count(Metric.THROTTLED)
            self.telemetry.warning("poll throttled", {**names, "reason": str(error), "request_id": error.request_id})
            return replace(failed, problem=str(error), ends_company=True)
        except ConnectorError as error:
            self.telemetry.warning("poll failed", {**names, "reason": str(error), "request_id": error.request_id})
            return replace(failed, problem=str(error))
        except Exception as error:  # noqa: BLE001 - a defect that one list brings out must not stop the others
            self.telemetry.error("poll failed unexpectedly", {**names, "reason": type(error).__name__})
            return replace(failed, problem=f"An unexpected failure: {type(error).__name__}.", is_refused=True)

    def poll(self, company: Company, resource: Resource, deadline: Deadline) -> PollResult:
        """Poll one list until its end, or as far as the time allows.

        Raises:
            Conflict: another poll of this list is running.
            StateMismatch: the cursor was moved with another ledger.
            Transient, Throttled, Misconfigured: from Visma or the queue; the cursor has not moved.
        """
        now = self.clock.now()
        if deadline.remaining() < TIME_FOR_ONE_PAGE:
            return PollResult(company.name, resource, problem="no time left in this run")
        zone = zone_named(company.visma.time_zone)
        lease = self.cursors.acquire(company.name, resource, now=now, lease=LEASE)
        run = _Run(self, company, resource, lease=lease, zone=zone)
        if lease.not_before is not None and now < lease.not_before <= now + MAX_HOLD:
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
    return number_in_key(resource.kind, row.document_type or resource.declared.document_type, row.number)


def _identity_of(resource: Resource, row: Row) -> str:
    """By what a row is remembered: orders of two types may have one number, and are two rows."""
    number = number_of(resource, row)
    facts = resource.kind.facts
    if facts.plain_type is not None or row.document_type in {None, "", facts.types[0]}:
        return number
    return f"{row.document_type[:MAX_TYPE_LENGTH]}:{number}"


class _Run:
    """One poll of one list: what it has read so far."""

    def __init__(
        self, poller: Poller, company: Company, resource: Resource, *, lease: CursorLease, zone: ZoneInfo
    ) -> None:
        visma = company.visma
        self._poller = poller
        self._company = company
        self._resource = resource
        self._lease = lease
        self._zone = zone
        begins_at = company.go_live.at if company.go_live else None
        self._rules = Rules(visma.overlap, visma.settle, visma.settle_cap, begins_at)
        self._reading = Reading(visma.page_size, visma.branch, visma.time_zone)
        self._started = poller.clock.now()
        self._budget = Budget(None, None, None)
        self._rows = self._queued = self._pages = self._restarts = 0
        self._page_before: list[int] = []
        self.cursor = lease.cursor

    def read(self, erp: Erp, deadline: Deadline) -> None:
        """Read pages and queue their rows until the list or the time ends."""
        self.cursor = cursors_.open_scan(
            self.cursor, self._rules, self._reading, now=self._started, since_of=self._since_of
        )
        for _ in range(MAX_PAGES):
            self._read_page(erp, self._scan)
            if self._scan.ended or deadline.remaining() < TIME_FOR_ONE_PAGE:
                break
        if self._scan.ended and self._scan.count == 0:
            self._explain_empty(erp, self._scan)

    def _read_page(self, erp: Erp, scan: Scan) -> None:
        """Read one page and queue its rows; when this returns, nothing holds the page any more."""
        page = erp.list_page(
            self._resource,
            since=scan.since,
            page=scan.next_page,
            page_size=scan.page_size,
            branch=self._reading.branch,
        )
        self._budget = page.budget
        self._pages += 1
        self._answered(page)
        ids = [cursors_.row_id(_identity_of(self._resource, row)) for row in page.rows]
        stamps = [cursors_.stamp_of(row.modified_at, row.raw) for row in page.rows]
        self._refuse_implausible(scan, ids, stamps)
        repeated = self.cursor.rows.repeated(ids)
        classes = self._queue(page, ids, stamps)
        after = self._scan.after_page(
            len(page.rows) + len(page.damaged),
            total=page.total,
            maximum=page.maximum,
            full_page=self.cursor.full_page,
            repeated=repeated,
            outside=RowClass.OUTSIDE in classes,
        )
        self.cursor = replace(self.cursor, scan=after)
        self._page_before = ids
        if after.broken and self._restarts < MAX_RESTARTS:
            self._restarts += 1
            self._page_before = []
            full_page = scan.last if scan.short else None
            self.cursor = cursors_.restart(self.cursor, after, full_page=full_page)

    def _answered(self, page: Page) -> None:
        """Take note of the first answer.

        When the list was never read before, that is stored before anything is queued: what exists by then stays what
        existed before, whatever becomes of this poll.
        """
        begins = self.cursor.begun_at is None
        self.cursor = cursors_.answered(self.cursor, self._rules, server_time=page.server_time, now=self._started)
        if begins:
            self._poller.cursors.save(self._lease, self.cursor, release=False)

    @property
    def _scan(self) -> Scan:
        assert self.cursor.scan is not None, "a poll reads a scan"  # noqa: S101
        return self.cursor.scan

    def finish(self) -> PollResult:
        """Write the cursor: last of all, and only if the lease is still ours."""
        poller, done = self._poller, self._scan.ended
        if done:
            self.cursor = cursors_.finish(self.cursor, self._rules, since_of=self._since_of)
        delay = delay_before_next_poll(self._budget.limit, self._budget.remaining, self._budget.reset)
        now = poller.clock.now()
        poller.cursors.save(self._lease, self.cursor, release=True, not_before=now + delay if delay else None)
        self._report(delay, done=done)
        return PollResult(
            self._company.name,
            self._resource,
            queued=self._queued,
            rows=self._rows,
            pages=self._pages,
            finished=done,
            caught_up_at=self.cursor.caught_up_at,
        )

    def _since_of(self, start: datetime) -> str:
        return filter_text(start, self._zone)

    def _explain_empty(self, erp: Erp, scan: Scan) -> None:
        """Believe that the known rows of the window were deleted, if the list shows anything at all.

        Visma: a wrong company header gives 200 and an empty list.

        Raises:
            ImplausibleList: the list has not a single document.
        """
        if not self.cursor.rows:
            return
        self.cursor = replace(self.cursor, scan=scan.again())  # unless this goes well, the list is read again
        page = erp.list_page(self._resource, since=LONG_AGO, page=1, page_size=1, branch=self._reading.branch)
        self._pages += 1
        if not page.rows and not page.damaged:
            raise ImplausibleList(
                f"Visma lists no {self._resource.value} at all although some were changed before.",
                next_step="Check ipp-company-id and tenant of this company, and the rights of the application"
                " (connector doctor).",
            )
        self.cursor = replace(cursors_.emptied(self.cursor), scan=scan)

    def _refuse_implausible(self, scan: Scan, ids: list[int], stamps: list[int]) -> None:
        """Notice a list that cannot be an answer to our question; the pass begins again with the next poll."""
        problem = None
        if stamps and all(0 <= stamp < scan.floor for stamp in stamps):
            problem = ImplausibleList(
                f"Visma ignored the filter on lastModifiedDateTime for {self._resource.value}.",
                next_step="Run connector doctor; nothing was queued from this page.",
            )
        elif ids and ids == self._page_before:
            problem = ImplausibleList(
                f"Visma shows the same page of {self._resource.value} again and again.",
                next_step="Tell Visma's support; nothing of the list is lost, the next poll reads it again.",
            )
        if problem is not None:
            self.cursor = cursors_.restart(self.cursor, scan, full_page=self.cursor.full_page)
            raise problem

    def _queue(self, page: Page, ids: list[int], stamps: list[int]) -> list[RowClass]:
        """Queue what is to be queued of a page, and remember what was made of each row."""
        poller, scan = self._poller, self._scan
        floor = scan.floor
        classes: list[RowClass] = []
        messages: list[DocumentMessage] = []
        for row, row_id, stamp in zip(page.rows, ids, stamps, strict=True):
            modified_at = to_utc(row.modified_at, self._zone) if row.modified_at else None
            existed = scan.first and self._is_from_before(modified_at)
            found = cursors_.classify(
                self.cursor,
                self._rules,
                row=row_id,
                stamp=stamp,
                modified_at=modified_at,
                floor=floor,
                existed=existed,
                server_time=page.server_time,
            )
            if self._reading.branch and row.branch not in {None, self._reading.branch}:
                found = found if found is RowClass.OUTSIDE else RowClass.FOREIGN
            classes.append(found)
            if found is RowClass.QUEUE:
                messages.append(
                    self._message(row, modified_at or page.server_time, seen_at=page.server_time, existed=existed)
                )
        if messages:
            poller.outbox.documents(messages)
        self.cursor = cursors_.remember(
            self.cursor, zip(ids, stamps, classes, strict=True), server_time=page.server_time
        )
        self._rows += len(page.rows)
        self._queued += len(messages)
        for sentence in page.damaged:
            poller.telemetry.count(Metric.DAMAGED_ROWS)
            poller.telemetry.error(
                "row without a usable number",
                {"company": self._company.name, "resource": self._resource.value, "reason": sentence},
            )
        return classes

    def _is_from_before(self, modified_at: datetime | None) -> bool:
        """Whether a row that the first pass shows existed before it began, as far as the zone of its stamp is known."""
        begun_at = self.cursor.begun_at
        slack = timedelta(0) if self._company.visma.time_zone else UNKNOWN_ZONE
        return modified_at is None or begun_at is None or modified_at - slack <= begun_at

    def _message(self, row: Row, modified_at: datetime, *, seen_at: datetime, existed: bool) -> DocumentMessage:
        message = DocumentMessage(
            company=self._company.name,
            kind=self._resource.kind,
            number=number_of(self._resource, row),
            modified_at=modified_at,
            seen_at=seen_at,
            listed_since=self.cursor.begun_at,
            first_scan=existed,
            reading=self._lease.reading,
        )
        return loaded(message, row.raw, self._poller.payloads, at=modified_at)

    def _report(self, delay: timedelta, *, done: bool) -> None:
        telemetry = self._poller.telemetry
        names: Fields = {"company": self._company.name, "resource": self._resource.value}
        telemetry.info(
            "poll done" if done else "poll put aside, resumes at its next page",
            {
                **names,
                "rows": self._rows,
                "queued": self._queued,
                "pages": self._pages,
                "watermark": self.cursor.watermark.isoformat() if self.cursor.watermark else None,
            },
        )
        telemetry.count(Metric.DOCUMENTS_QUEUED, self._queued)
        if delay:
            telemetry.warning("slowed down for Visma's hourly budget", {**names, "seconds": delay.total_seconds()})
