"""How far a Visma list has been read, and what of it has been queued: pure arithmetic over immutable values.

The rule (proof in docs/guarantees.md):

    window     >= watermark - overlap, closed, in Visma's own clock
    queued     every row that is settled (unchanged for `settle`), or has waited `settle_cap`
    watermark  the server's time at the first answer of a pass, less `settle`; moved only after every row is queued, and
               only when the pass is known to have read every row

A pass is known to have read every row when it was one answer, or when the next pass over the same window still shows
each row that it read (docs/decisions/0017). Neither the order of the rows nor Visma's totals are trusted.

Rows are remembered exactly: by a hash of their identity and the time stamp with which they were queued, for as long as
the window can show them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import blake2b

from connector.domain.visma_clock import wall_ticks

NOT_QUEUED = 0
"""In the place of a stamp: the row was read and has never been queued."""

_READ, _IN_CANDIDATE = 1, 2


class RowClass(Enum):
    """What a scan makes of a row."""

    QUEUE = "queue"
    QUEUED = "queued"
    WAIT = "wait"
    FOREIGN = "foreign"
    """Of another branch: it takes a place in the list, and nothing is made of it."""
    OUTSIDE = "outside"


def row_id(identity: str) -> int:
    """The 64 bits by which a row is remembered."""
    return int.from_bytes(blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def stamp_of(modified: str | None, raw: bytes = b"") -> int:
    """A row's time stamp as a number: ticks of Visma's wall clock, exact to its 100 nanoseconds.

    A row without a readable time stamp is distinguished by its text, or by its bytes: a negative number.
    """
    ticks = wall_ticks(modified) if modified else None
    if ticks is not None:
        return ticks
    content = modified.encode("utf-8", "surrogatepass") if modified else raw
    return -1 - (int.from_bytes(blake2b(content, digest_size=8).digest(), "big") >> 2)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that are remembered.

    Attributes:
        marks: Row id -> the stamp with which the row was queued (or `NOT_QUEUED`) times four, plus two flags: read by
            the pass that is under way, read by the candidate. One number, because there may be 50,000 of them.
    """

    marks: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many rows are remembered."""
        return len(self.marks)

    @classmethod
    def queued(cls, stamps: Mapping[int, int]) -> Rows:
        """Rows that were queued with these stamps, by row id."""
        return cls({row: stamp << 2 for row, stamp in stamps.items()})

    def stamp(self, row: int) -> int | None:
        """The stamp with which a row was queued; None when it never was."""
        return (self.marks.get(row, 0) >> 2) or None

    def repeated(self, rows: Iterable[int]) -> bool:
        """Whether the pass has already read one of these rows, or they name one twice."""
        seen: set[int] = set()
        for row in rows:
            if row in seen or self.marks.get(row, 0) & _READ:
                return True
            seen.add(row)
        return False

    def read(self, stamps: Mapping[int, int | None]) -> Rows:
        """The same after the pass has read these rows; a stamp says that the row was queued with it."""
        marks = dict(self.marks)
        for row, stamp in stamps.items():
            before = marks.get(row, 0)
            marks[row] = (before if stamp is None else (stamp << 2) | (before & _IN_CANDIDATE)) | _READ
        return Rows(marks)

    def unread(self) -> Rows:
        """The same at the beginning of a pass."""
        return Rows({row: mark & ~_READ for row, mark in self.marks.items()})

    def as_candidate(self) -> Rows:
        """The same after the pass that is under way has become the candidate."""
        return Rows(
            {row: mark | _IN_CANDIDATE if mark & _READ else mark & ~_IN_CANDIDATE for row, mark in self.marks.items()}
        )

    def only_read(self) -> Rows:
        """Without the rows that the pass did not show."""
        return Rows({row: mark for row, mark in self.marks.items() if mark & _READ})

    def confirm_candidate(self, *, floor: int) -> bool:
        """Whether the pass shows that the candidate read every row.

        Args:
            floor: Where the next window would begin. A row older than that which the candidate has not read was missed
                by it.
        """
        for mark in self.marks.values():
            if mark & _IN_CANDIDATE and not mark & _READ:
                return False
            if mark & _READ and not mark & _IN_CANDIDATE and 0 < mark >> 2 < floor:
                return False
        return True

    def since(self, floor: int) -> Rows:
        """Without the rows that a window from `floor` cannot show."""
        return Rows(
            {row: mark for row, mark in self.marks.items() if mark >> 2 >= floor or (mark < 0 and mark & _READ)}
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that is not settled: its stamp, since when it is unchanged, and since when it waits."""

    stamp: int
    unchanged_since: datetime
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """With what a list is read. Pages of two readings do not fit together."""

    page_size: int
    branch: str | None
    zone: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over a list from page 1 to its end, possibly over several invocations.

    Visma pages by offset and promises no order. Every page after the first is asked for with as many rows as the first
    one showed, so that a limit which Visma applies in silence cannot move the offsets.

    Attributes:
        since: The frozen lower bound, as Visma reads it.
        reading: With what the pages are asked for.
        first: The list was never read to its end before.
        next_page: 1-based.
        started_at: Server time of the first answer; None before it.
        size: Elements on page 1.
        last: Elements on the page before the next.
        count: Elements so far.
        short: The page before the next was not full, so the next has to be empty.
        whole: Page 1 was the whole list, and says so itself.
        ended: Nothing follows.
        repeated: A row was read twice: rows moved while they were read.
        outside: A row older than the window was listed: the filter is not obeyed.
        broken: A page does not fit to those before it: Visma's own limit has changed.
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
        """What to ask the next page for."""
        return self.reading.page_size if self.next_page == 1 else self.size

    @property
    def floor(self) -> int:
        """The stamp with which the window begins."""
        return floor_of(self.since)

    @property
    def trusted(self) -> bool:
        """Whether the pass has read every row if none of those that it read has left the list meanwhile.

        The list is as long as the elements that were read, and no row was read twice: a row that was missed has to be
        in the place of one that was read and has left.
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
        """The scan with one more page behind it.

        Args:
            shown: Elements on the page.
            total: `metadata.totalCount` of the page. It never ends a scan by itself.
            maximum: `metadata.maxPageSize` of the page.
            full_page: What a page of this list held when it turned out to be full.
            repeated: A row of the page had been read by this pass.
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
    """Where the reading of one list of one company stands.

    Attributes:
        watermark: The true watermark, never the lowered one.
        caught_up_at: Server time of the last pass that is known to have read everything; its age is the cursor's lag.
        begun_at: Server time of the first answer that this list ever gave.
        rows: Every row that the window can show and that was read.
        waiting: Row id -> a row that is not settled.
        scan: An unfinished pass to resume.
        candidate: The last pass, when it waits for the next one to show that it read everything.
        full_page: What a page of this list holds when Visma limits it in silence.
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
"""How far back the first reading of a list goes at most, where go-live is past."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What routing says about a list; see the routing file.

    Attributes:
        begins_at: Go-live. A list that is first read after it is read from there, at most from `FIRST_REACH` back.
    """

    overlap: timedelta
    settle: timedelta
    settle_cap: timedelta
    begins_at: datetime | None = None


def floor_of(since: str) -> int:
    """The smallest stamp that the filter `>= since` shows; the text is one that we have written."""
    return wall_ticks(since) or 0


def window_start(cursor: Cursor, rules: Rules, *, now: datetime) -> datetime:
    """Where the next window begins. A list that was never read begins as `_beginning` says."""
    return (cursor.watermark or _beginning(rules, now)) - rules.overlap


def open_scan(
    cursor: Cursor, rules: Rules, reading: Reading, *, now: datetime, since_of: Callable[[datetime], str]
) -> Cursor:
    """The cursor with a pass under way: the one that was put aside, or a new one.

    A pass that was put aside with another page size, branch or zone begins again. The pass after a candidate has the
    candidate's window, since a row can only be seen to be still there where it is looked for.

    Args:
        cursor: As it was stored.
        rules: Of the company.
        reading: With what the list is read now.
        now: Our clock; counts only for a list that was never read.
        since_of: Writes the lower bound of a window as Visma reads it.
    """
    aside = cursor.scan
    if aside is not None and aside.reading == reading:
        return cursor
    candidate = cursor.candidate if cursor.candidate and cursor.candidate.reading == reading else None
    since = candidate.since if candidate else since_of(window_start(cursor, rules, now=now))
    first = aside.first if aside else cursor.begun_at is None
    return replace(cursor, scan=Scan(since, reading, first=first), candidate=candidate, rows=cursor.rows.unread())


def answered(cursor: Cursor, rules: Rules, *, server_time: datetime, now: datetime) -> Cursor:
    """The cursor when the first page of a pass has come, before anything is made of it."""
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
    """Decide about one row.

    A row older than the window is not ours: Visma ignores a filter it does not understand and then lists everything.

    Args:
        cursor: What is remembered.
        rules: Of the company.
        row: Its id.
        stamp: Its stamp, of Visma's wall clock in whichever zone that is.
        modified_at: The instant that the stamp means in the configured zone; None when it cannot be read.
        floor: The stamp with which the window begins.
        existed: The first pass over the list shows it: it does not have to be settled.
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
    # The zone may be misread, so that a row seems to lie in the future: what counts then is how long we have seen it
    # unchanged, by the server's own clock.
    settled = waiting.stamp == stamp and server_time - waiting.unchanged_since >= rules.settle
    cap_reached = server_time - waiting.first_seen >= rules.settle_cap
    return RowClass.QUEUE if settled or cap_reached else RowClass.WAIT


def remember(cursor: Cursor, page: Iterable[tuple[int, int, RowClass]], *, server_time: datetime) -> Cursor:
    """The cursor after the rows of a page were dealt with.

    Args:
        cursor: Before them.
        page: Row id, stamp and class of each row.
        server_time: Visma's clock when it showed them.
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
    """The cursor with the pass begun again, because its pages do not fit together. What was queued is remembered.

    Args:
        cursor: With what was read so far.
        scan: The pass.
        full_page: What a page seems to hold when it is full.
    """
    return replace(cursor, scan=scan.again(), rows=cursor.rows.unread(), full_page=full_page)


def emptied(cursor: Cursor) -> Cursor:
    """The cursor when all rows of the window are known to have been deleted."""
    return replace(cursor, rows=Rows(), waiting={}, candidate=None)


def rewound(cursor: Cursor, to: datetime) -> Cursor:
    """The cursor set back: the next pass begins at `to` and queues every row that it shows.

    A cursor that has not come so far yet keeps its place. What it remembers is forgotten all the same, since rows that
    were queued may have been lost behind it.
    """
    unfinished_first = cursor.scan if cursor.scan is not None and cursor.scan.first else None
    return replace(
        cursor,
        watermark=None if cursor.watermark is None else min(cursor.watermark, to),
        caught_up_at=None if cursor.caught_up_at is None else min(cursor.caught_up_at, to),
        rows=Rows(),
        waiting={},
        # The first reading begins again as the first: what it shows existed before.
        scan=unfinished_first.again() if unfinished_first else None,
        candidate=None,
    )


def finish(cursor: Cursor, rules: Rules, *, since_of: Callable[[datetime], str]) -> Cursor:
    """The cursor after the last page.

    The watermark moves to where the last pass that is known to be complete began: this one when it was one answer, the
    candidate when this one confirms it. A pass without any row moves nothing, for Visma shows an empty list as well to
    whoever asks for a wrong company or has no rights.
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
    """The cursor when everything that was listed at `complete_at` is queued or waits; the oldest rows are forgotten."""
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
    """Where a list that was never read begins: with this UTC day, or with a go-live that is past."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today if rules.begins_at is None else min(today, max(rules.begins_at, today - FIRST_REACH))
