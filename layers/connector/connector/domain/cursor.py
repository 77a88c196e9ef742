"""How far a Visma list has been read, and what of it has been queued: pure arithmetic over immutable values.

The rule (proof in docs/guarantees.md):

    window     >= watermark - overlap, closed, in Visma's own clock
    queued     every row that has come to rest (`settle`), or waited `settle_cap`
    watermark  max(old, min(newest row seen, server time - settle)), moved only after every row is queued,
               and only when the scan is trusted to have shown every row

Rows already queued are known by the time stamp they had, so the overlap costs reading and not sending. What is
remembered is bounded: rows older than the window leave it, and a forgotten row is merely queued again, which the ledger
recognises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

REMEMBERED_ROWS = 5_000
"""How many rows are remembered at most, each with about 30 bytes."""


class Verdict(Enum):
    """What to do with a row that a scan shows."""

    QUEUE = "queue"
    KNOWN = "known"
    WAIT = "wait"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that has not come to rest: its time stamp, since when it is unchanged, and since when it waits."""

    modified: str
    unchanged_since: datetime
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of a list from page 1 to its end, possibly over several invocations.

    Visma pages by offset and promises no order, so a row that moves while we page can hide another one. Rows do not
    move when the list is ordered by number. In any other order a row seen twice, or a total that fell, means that the
    scan may have missed one: the watermark then stays (or moves only to what page 1 showed) and the next poll reads
    again.

    Attributes:
        since: The frozen lower bound, as Visma reads it.
        since_utc: The same as an instant.
        next_page: 1-based.
        started_at: Server time of the first answer; None before it.
        newest: Newest modification seen.
        first_page_newest: Newest modification on page 1.
        by_number: The rows so far came in ascending order of their key.
        by_time: The rows so far came in ascending order of modification.
        last_key: Key of the last row, to compare with the next page's first.
        total: `totalCount` of the page before.
        shrank: A page reported a smaller total than the one before.
        resumed: The scan spans more than one invocation.
    """

    since: str
    since_utc: datetime
    next_page: int = 1
    started_at: datetime | None = None
    newest: datetime | None = None
    first_page_newest: datetime | None = None
    by_number: bool = True
    by_time: bool = True
    last_key: str = ""
    last_modified: datetime | None = None
    total: int | None = None
    shrank: bool = False
    resumed: bool = False

    def after_page(
        self, keys: list[str], times: list[datetime | None], *, total: int | None, server_time: datetime
    ) -> Scan:
        """The scan with one more page behind it."""
        by_number, last_key = self.by_number, self.last_key
        by_time, last_modified = self.by_time, self.last_modified
        newest = self.newest
        for key, modified in zip(keys, times, strict=True):
            # Strictly: the last row of a page that opens the next one has moved, and hidden another.
            by_number = by_number and (len(last_key), last_key) < (len(key), key)
            last_key = key
            if modified is None:
                by_time = False
                continue
            by_time = by_time and (last_modified is None or last_modified <= modified)
            last_modified = modified
            newest = modified if newest is None else max(newest, modified)
        first = self.next_page == 1
        return replace(
            self,
            next_page=self.next_page + 1,
            started_at=server_time if first else self.started_at,
            newest=newest,
            first_page_newest=newest if first else self.first_page_newest,
            by_number=by_number,
            by_time=by_time,
            last_key=last_key,
            last_modified=last_modified,
            total=self.total if total is None else total,  # an empty page has no total
            shrank=self.shrank or (total is not None and self.total is not None and total < self.total),
        )

    def showed_everything(self, *, distinct: int) -> bool:
        """Whether no row can have slipped between two pages.

        Args:
            distinct: How many different rows this invocation saw.
        """
        pages = self.next_page - 1
        if pages <= 1:
            return True
        if self.shrank:
            return False
        if self.by_number:
            return True
        return not self.resumed and self.total is not None and distinct >= self.total


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the reading of one list of one company stands.

    Attributes:
        watermark: The true watermark, never the lowered one.
        caught_up_at: Server time of the last scan that showed everything; its age is the cursor's lag.
        known: Row key -> time stamp with which it was queued.
        waiting: Row key -> a row that has not come to rest.
        scan: An unfinished scan to resume.
    """

    watermark: datetime | None = None
    caught_up_at: datetime | None = None
    known: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The three durations of the cursor; see the routing file."""

    overlap: timedelta
    settle: timedelta
    settle_cap: timedelta


def window_start(cursor: Cursor, rules: Rules, *, now: datetime) -> datetime:
    """Where the next scan begins. A list that was never read begins one overlap ago: history is not sent."""
    return (cursor.watermark or now) - rules.overlap


def judge(
    cursor: Cursor,
    rules: Rules,
    *,
    key: str,
    modified: str | None,
    modified_at: datetime | None,
    since: datetime,
    server_time: datetime,
) -> Verdict:
    """Decide about one row.

    A row older than the window is not ours: Visma ignores a filter it does not understand and then lists everything.
    A row without a time stamp cannot be compared and is queued; the ledger recognises it if it is known.
    """
    if modified is None or modified_at is None:
        return Verdict.QUEUE
    if modified_at < since:
        return Verdict.OUTSIDE
    if cursor.known.get(key) == modified:
        return Verdict.KNOWN
    if server_time - modified_at >= rules.settle:
        return Verdict.QUEUE
    waiting = cursor.waiting.get(key)
    if waiting is None:
        return Verdict.QUEUE if rules.settle <= timedelta(0) else Verdict.WAIT
    # The zone may be misread, so that a row seems to lie in the future: what counts then is how long we have seen it
    # unchanged, by the server's own clock.
    rested = waiting.modified == modified and server_time - waiting.unchanged_since >= rules.settle
    tired = server_time - waiting.first_seen >= rules.settle_cap
    return Verdict.QUEUE if rested or tired else Verdict.WAIT


def remember(cursor: Cursor, verdicts: dict[str, tuple[Verdict, str | None]], *, server_time: datetime) -> Cursor:
    """The cursor after the rows of a page were dealt with: queued ones known, restless ones waiting.

    Both are bounded at once, for a long scan is put aside and stored with what it remembers. The newest are kept: they
    stay longest inside the window.
    """
    known, waiting = dict(cursor.known), dict(cursor.waiting)
    for key, (verdict, modified) in verdicts.items():
        if verdict is Verdict.QUEUE:
            waiting.pop(key, None)
            if modified is not None:
                known[key] = modified
        elif verdict is Verdict.WAIT and modified is not None:
            before = waiting.get(key)
            waiting[key] = Waiting(
                modified,
                before.unchanged_since if before and before.modified == modified else server_time,
                before.first_seen if before else server_time,
            )
    return replace(
        cursor,
        known=_bounded(known, age=str),
        waiting=_bounded(waiting, age=lambda row: row.modified),
    )


def finish(cursor: Cursor, scan: Scan, rules: Rules, *, distinct: int) -> Cursor:
    """The cursor after the last page: the watermark moves as far as the scan can be trusted."""
    assert scan.started_at is not None, "a scan that ends has an answer"  # noqa: S101
    complete = scan.showed_everything(distinct=distinct)
    ceiling = scan.started_at - rules.settle
    reached = scan.newest if complete else (scan.first_page_newest if scan.by_time else None)
    watermark = cursor.watermark
    if watermark is None:
        # Until a row has been seen, the first scan's own time stands in, so that a long outage cannot open a gap.
        watermark = min(scan.since_utc + rules.overlap, ceiling)
    if reached is not None:
        watermark = max(watermark, min(reached, ceiling))
    return replace(
        cursor,
        watermark=watermark,
        caught_up_at=scan.started_at if complete else cursor.caught_up_at,
        scan=None,
    )


def forget_old(cursor: Cursor, *, since: datetime, instant_of: Callable[[str], datetime | None]) -> Cursor:
    """Drop the rows that the next window cannot show.

    Args:
        cursor: The cursor after a finished scan.
        since: Where the next window begins as Visma will read it, which may be earlier than asked (the autumn hour).
            A row that is forgotten although the window still shows it would be queued by every poll.
        instant_of: Reads a Visma time stamp.
    """

    def is_shown(modified: str) -> bool:
        at = instant_of(modified)
        return at is not None and at >= since

    return replace(
        cursor,
        known={key: modified for key, modified in cursor.known.items() if is_shown(modified)},
        waiting={key: row for key, row in cursor.waiting.items() if is_shown(row.modified)},
    )


_Row = TypeVar("_Row")


def _bounded(rows: dict[str, _Row], *, age: Callable[[_Row], str]) -> dict[str, _Row]:
    if len(rows) <= REMEMBERED_ROWS:
        return rows
    return dict(sorted(rows.items(), key=lambda item: age(item[1]))[-REMEMBERED_ROWS:])
