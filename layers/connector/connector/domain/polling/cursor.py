"""The cursor of a Visma list: how far it was read and what was queued. Pure functions over immutable values.

The rule (proof in docs/guarantees.md):

    window     >= watermark - overlap, closed, in Visma's own clock
    queued     every row that is settled (unchanged for `settle`), or has waited `settle_cap`
    watermark  the server's time at the first answer of a pass, less `settle`; moved only after every row is queued, and
               only when the pass is known to have read every row

A pass is known to have read every row when it was one answer, or when the next pass over the same window still shows
each row that it read (docs/decisions/0017). It relies neither on the order of the rows nor on Visma's totals.

The cursor stores each row that a window can show: a hash of its identity, and the time stamp with which it was queued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import blake2b

from connector.domain.visma_clock import wall_ticks

NOT_QUEUED = 0
"""In place of a stamp: the row was read and never queued."""

_READ, _IN_CANDIDATE = 1, 2


class RowClass(Enum):
    """What a pass does with a row."""

    QUEUE = "queue"
    QUEUED = "queued"
    WAIT = "wait"
    FOREIGN = "foreign"
    """Of another branch: it counts as a row of the list and is not queued."""
    OUTSIDE = "outside"


def row_id(identity: str) -> int:
    """A 64-bit hash of a row's identity, by which the cursor stores it."""
    return int.from_bytes(blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def stamp_of(modified: str | None, raw: bytes = b"") -> int:
    """A row's time stamp as a number: ticks of 100 nanoseconds of Visma's wall clock.

    Without a readable time stamp it is a negative hash of the stamp's text, or of the row's bytes.
    """
    ticks = wall_ticks(modified) if modified else None
    if ticks is not None:
        return ticks
    content = modified.encode("utf-8", "surrogatepass") if modified else raw
    return -1 - (int.from_bytes(blake2b(content, digest_size=8).digest(), "big") >> 2)


@dataclass(frozen=True, slots=True)
class Rows:
    """The stored rows of a cursor.

    Attributes:
        marks: Row id -> the stamp with which the row was queued (or `NOT_QUEUED`) times four, plus two flags: read by
            the current pass, read by the candidate. One number, because there may be 50,000 rows.
    """

    marks: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of stored rows."""
        return len(self.marks)

    @classmethod
    def queued(cls, stamps: Mapping[int, int]) -> Rows:
        """Rows that were queued with these stamps, by row id."""
        return cls({row: stamp << 2 for row, stamp in stamps.items()})

    def stamp(self, row: int) -> int | None:
        """The stamp with which a row was queued; None when it never was."""
        return (self.marks.get(row, 0) >> 2) or None

    def repeated(self, rows: Iterable[int]) -> bool:
        """Whether the current pass has read one of these rows already, or a row occurs twice among them."""
        seen: set[int] = set()
        for row in rows:
            if row in seen or self.marks.get(row, 0) & _READ:
                return True
            seen.add(row)
        return False

    def read(self, stamps: Mapping[int, int | None]) -> Rows:
        """The rows after the current pass has read these; a stamp means that the row was queued with it."""
        marks = dict(self.marks)
        for row, stamp in stamps.items():
            before = marks.get(row, 0)
            marks[row] = (before if stamp is None else (stamp << 2) | (before & _IN_CANDIDATE)) | _READ
        return Rows(marks)

    def unread(self) -> Rows:
        """The rows at the beginning of a pass."""
        return Rows({row: mark & ~_READ for row, mark in self.marks.items()})

    def as_candidate(self) -> Rows:
        """The rows after the current pass has become the candidate."""
        return Rows(
            {row: mark | _IN_CANDIDATE if mark & _READ else mark & ~_IN_CANDIDATE for row, mark in self.marks.items()}
        )

    def only_read(self) -> Rows:
        """The rows that the current pass has read."""
        return Rows({row: mark for row, mark in self.marks.items() if mark & _READ})

    def confirm_candidate(self, *, floor: int) -> bool:
        """Whether the current pass proves that the candidate read every row.

        Args:
            floor: The stamp with which the next window would begin. The candidate missed a row that is older and that
                it has not read.
        """
        for mark in self.marks.values():
            if mark & _IN_CANDIDATE and not mark & _READ:
                return False
            if mark & _READ and not mark & _IN_CANDIDATE and 0 < mark >> 2 < floor:
                return False
        return True

    def since(self, floor: int) -> Rows:
        """The rows that a window from `floor` can show."""
        return Rows(
            {row: mark for row, mark in self.marks.items() if mark >> 2 >= floor or (mark < 0 and mark & _READ)}
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that is not settled: its stamp, when that stamp was first seen, and when the row was first seen."""

    stamp: int
    unchanged_since: datetime
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """The parameters of a list request. Pages that were read with different parameters cannot be combined."""

    page_size: int
    branch: str | None
    zone: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over a list from page 1 to its end, possibly over several invocations.

    Visma pages by offset and guarantees no order. Every page after the first is requested with the number of rows that
    the first one had, so that an undeclared limit of Visma's cannot shift the offsets.

    Attributes:
        since: The lower bound of the window in Visma's format; fixed for the whole pass.
        reading: The parameters of its requests.
        first: The list was never read to its end before.
        next_page: The page to request next, from 1.
        started_at: Server time of the first answer, UTC; None before it.
        size: Rows on page 1.
        last: Rows on the last page that was read.
        count: Rows so far.
        short: The last page was not full, so the next one has to be empty.
        whole: Page 1 says that it is the whole list.
        ended: There is no further page.
        repeated: A row was read twice: rows moved while they were read.
        outside: A row older than the window was listed: Visma ignored the filter.
        broken: A page does not fit those before it: Visma's own limit has changed.
    """

    since: str
    reading: Reading
    _: KW_ONLY
    first: bool = False
    next_page: int = 1
    started_at: datetime | None = None
    size: int = 0
    last: int = 0
    count: int = 0
    short: bool = False
    whole: bool = False
    ended: bool = False
    repeated: bool = False
    outside: bool = False
    broken: bool = False

    @property
    def page_size(self) -> int:
        """The `pageSize` of the next request."""
        return self.reading.page_size if self.next_page == 1 else self.size

    @property
    def floor(self) -> int:
        """The stamp with which the window begins."""
        return floor_of(self.since)

    @property
    def trusted(self) -> bool:
        """Whether the pass has read every row, unless one of the rows that it read has left the list meanwhile.

        The list is as long as the number of rows read, and none was read twice. So a row can only have been missed if
        another one left the list.
        """
        return not (self.repeated or self.outside or self.broken)

    def after_page(
        self,
        shown: int,
        *,
        total: int | None,
        maximum: int | None,
        full_page: int | None,
        repeated: bool,
        outside: bool,
    ) -> Scan:
        """The scan after one more page.

        Args:
            shown: Rows on the page.
            total: `metadata.totalCount` of the page. It never ends a scan by itself.
            maximum: `metadata.maxPageSize` of the page.
            full_page: Rows on a full page of this list, as observed; None when not known.
            repeated: A row of the page was read by this pass before.
            outside: A row of the page is older than the window.
        """
        limit = min(self.page_size, maximum) if maximum else None
        count = self.count + shown
        if self.next_page == 1:
            size, full = shown, shown >= self.page_size or shown in {limit, full_page}
        else:
            size, full = self.size, shown >= self.size
        says_so = limit is not None and shown < limit and total == count
        return replace(
            self,
            next_page=self.next_page + 1,
            size=size,
            last=shown,
            count=count,
            short=not full,
            whole=self.next_page == 1 and says_so,
            ended=shown == 0 or says_so,
            repeated=self.repeated or repeated,
            outside=self.outside or outside,
            broken=self.broken or (shown > 0 and self.short) or shown > size,
        )

    def again(self) -> Scan:
        """The same pass from its beginning."""
        return Scan(self.since, self.reading, first=self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The progress of reading one list of one company. Times are UTC.

    Attributes:
        watermark: Every row modified before this time was read; without the overlap.
        caught_up_at: Server time of the last pass that is known to have read every row; its age is the cursor's lag.
        begun_at: Server time of the first answer of this list.
        rows: Every row that was read and that a window can still show.
        waiting: Row id -> a row that is not settled.
        scan: An unfinished pass to resume.
        candidate: The last pass, if the next one has to prove that it read every row.
        full_page: Rows on a full page of this list, if Visma limits it without saying so.
    """

    watermark: datetime | None = None
    caught_up_at: datetime | None = None
    begun_at: datetime | None = None
    rows: Rows = field(default_factory=Rows)
    waiting: dict[int, Waiting] = field(default_factory=dict)
    scan: Scan | None = None
    candidate: Scan | None = None
    full_page: int | None = None


FIRST_REACH = timedelta(days=14)
"""How far back the first pass over a list reaches at most, if go-live is past."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of a list from the routing file.

    Attributes:
        begins_at: Go-live. A list that is first read later is read from here, but at most `FIRST_REACH` back.
    """

    overlap: timedelta
    settle: timedelta
    settle_cap: timedelta
    begins_at: datetime | None = None


def floor_of(since: str) -> int:
    """The smallest stamp that the filter `>= since` includes; `since` is text that `filter_text` wrote."""
    return wall_ticks(since) or 0


def window_start(cursor: Cursor, rules: Rules, *, now: datetime) -> datetime:
    """Where the next window begins, UTC. For a list that was never read, `_beginning` decides."""
    return (cursor.watermark or _beginning(rules, now)) - rules.overlap


def open_scan(
    cursor: Cursor, rules: Rules, reading: Reading, *, now: datetime, since_of: Callable[[datetime], str]
) -> Cursor:
    """The cursor with a pass to continue: the unfinished one, or a new one.

    An unfinished pass with another page size, branch or zone begins again. The pass after a candidate has the
    candidate's window, because it has to look for the candidate's rows.

    Args:
        cursor: As it was stored.
        rules: Of the company.
        reading: The parameters of the requests now.
        now: Our clock, UTC; used only for a list that was never read.
        since_of: Formats the lower bound of a window for Visma's filter.
    """
    aside = cursor.scan
    if aside is not None and aside.reading == reading:
        return cursor
    candidate = cursor.candidate if cursor.candidate and cursor.candidate.reading == reading else None
    since = candidate.since if candidate else since_of(window_start(cursor, rules, now=now))
    first = aside.first if aside else cursor.begun_at is None
    return replace(cursor, scan=Scan(since, reading, first=first), candidate=candidate, rows=cursor.rows.unread())


def answered(cursor: Cursor, rules: Rules, *, server_time: datetime, now: datetime) -> Cursor:
    """The cursor after the first answer of a pass, before its rows are processed."""
    assert cursor.scan is not None, "a page answers a scan"  # noqa: S101
    if cursor.scan.started_at is not None:
        return cursor
    return replace(
        cursor,
        begun_at=cursor.begun_at or server_time,
        watermark=cursor.watermark or _beginning(rules, now),
        scan=replace(cursor.scan, started_at=server_time),
    )


def classify(
    cursor: Cursor,
    rules: Rules,
    *,
    row: int,
    stamp: int,
    modified_at: datetime | None,
    floor: int,
    existed: bool,
    server_time: datetime,
) -> RowClass:
    """Decide what to do with one row.

    A row older than the window is left out: Visma ignores a filter that it does not understand and lists everything.

    Args:
        cursor: The cursor.
        rules: The settings of the list.
        row: The row id.
        stamp: Its stamp, in Visma's wall clock of an unknown zone.
        modified_at: The stamp as an instant, UTC, by the configured zone; None when it cannot be read.
        floor: The stamp with which the window begins.
        existed: The row is shown by the first pass over the list, so it need not be settled.
        server_time: Visma's clock.
    """
    if 0 <= stamp < floor:
        return RowClass.OUTSIDE
    if cursor.rows.stamp(row) == stamp:
        return RowClass.QUEUED
    if existed or modified_at is None or server_time - modified_at >= rules.settle:
        return RowClass.QUEUE
    waiting = cursor.waiting.get(row)
    if waiting is None:
        return RowClass.QUEUE if rules.settle <= timedelta(0) else RowClass.WAIT
    # With a wrong zone, a row may seem to be of the future. Then it counts how long we have seen it unchanged, by the
    # server's clock.
    settled = waiting.stamp == stamp and server_time - waiting.unchanged_since >= rules.settle
    cap_reached = server_time - waiting.first_seen >= rules.settle_cap
    return RowClass.QUEUE if settled or cap_reached else RowClass.WAIT


def remember(cursor: Cursor, page: Iterable[tuple[int, int, RowClass]], *, server_time: datetime) -> Cursor:
    """The cursor after the rows of a page were processed.

    Args:
        cursor: The cursor before the page.
        page: Row id, stamp and class of each row.
        server_time: Visma's clock when it returned the page, UTC.
    """
    read: dict[int, int | None] = {}
    waiting = dict(cursor.waiting)
    for row, stamp, found in page:
        if found is RowClass.OUTSIDE:
            continue
        if found is RowClass.FOREIGN:
            read.setdefault(row, None)
        elif found is RowClass.WAIT:
            read.setdefault(row, None)
            before = waiting.get(row)
            waiting[row] = Waiting(
                stamp,
                before.unchanged_since if before and before.stamp == stamp else server_time,
                before.first_seen if before else server_time,
            )
        else:
            read[row] = stamp
            waiting.pop(row, None)
    return replace(cursor, rows=cursor.rows.read(read), waiting=waiting)


def restart(cursor: Cursor, scan: Scan, *, full_page: int | None) -> Cursor:
    """The cursor with the pass begun again, because its pages do not fit together. Queued rows stay stored.

    Args:
        cursor: The cursor so far.
        scan: The pass.
        full_page: Rows that a full page seems to have.
    """
    return replace(cursor, scan=scan.again(), rows=cursor.rows.unread(), full_page=full_page)


def emptied(cursor: Cursor) -> Cursor:
    """The cursor after all rows of the window are known to be deleted."""
    return replace(cursor, rows=Rows(), waiting={}, candidate=None)


def rewound(cursor: Cursor, to: datetime) -> Cursor:
    """The cursor moved back: the next pass begins at `to` and queues every row that it reads.

    A watermark before `to` stays. The stored rows are cleared in any case, because queued rows may have been lost.
    """
    unfinished_first = cursor.scan if cursor.scan is not None and cursor.scan.first else None
    return replace(
        cursor,
        watermark=None if cursor.watermark is None else min(cursor.watermark, to),
        caught_up_at=None if cursor.caught_up_at is None else min(cursor.caught_up_at, to),
        rows=Rows(),
        waiting={},
        # An unfinished first pass begins again as a first pass: its rows existed before.
        scan=unfinished_first.again() if unfinished_first else None,
        candidate=None,
    )


def finish(cursor: Cursor, rules: Rules, *, since_of: Callable[[datetime], str]) -> Cursor:
    """The cursor after the last page.

    The watermark moves to the beginning of the last pass that is known to be complete: this one if it was one answer,
    or the candidate if this one confirms it. A pass without rows does not move it, because Visma returns an empty list
    also for a wrong company or missing rights.
    """
    scan = cursor.scan
    assert scan is not None, "a pass ends that was begun"  # noqa: S101
    assert scan.started_at is not None, "a pass that ends has an answer"  # noqa: S101
    if scan.count == 0:
        return replace(cursor, scan=None, candidate=None, caught_up_at=scan.started_at)
    if scan.whole and not scan.outside:
        return _moved(replace(cursor, rows=cursor.rows.only_read()), scan.started_at, rules, since_of)
    candidate = cursor.candidate
    if candidate is not None and candidate.started_at is not None:
        floor = floor_of(since_of(candidate.started_at - rules.settle - rules.overlap))
        if cursor.rows.confirm_candidate(floor=floor):
            return _moved(cursor, candidate.started_at, rules, since_of)
    return replace(cursor, scan=None, candidate=scan if scan.trusted else None, rows=cursor.rows.as_candidate())


def _moved(cursor: Cursor, complete_at: datetime, rules: Rules, since_of: Callable[[datetime], str]) -> Cursor:
    """The cursor after each row listed at `complete_at` is queued or waits; rows before the window are dropped."""
    watermark = complete_at - rules.settle
    if cursor.watermark is not None:
        watermark = max(watermark, cursor.watermark)
    floor = floor_of(since_of(watermark - rules.overlap))
    return replace(
        cursor,
        watermark=watermark,
        caught_up_at=complete_at,
        scan=None,
        candidate=None,
        rows=cursor.rows.since(floor),
        waiting={row: one for row, one in cursor.waiting.items() if one.stamp >= floor},
    )


def _beginning(rules: Rules, now: datetime) -> datetime:
    """Where the first pass over a list begins, UTC: at the start of this day, or at a go-live that is past."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today if rules.begins_at is None else min(today, max(rules.begins_at, today - FIRST_REACH))
