"""The health of each Visma list of each configured company: its lag, and whether it fails.

A run reports all lists of its share when it ends, also those that it did not read. It records its start, so that the
next run notices a run that was killed before its report, and reports the last known state in its place. The run of the
first share also notices when another share is not read any more.

The report is one record for each share (`connector cursors` shows them as one) and two metrics for alarms. Names are in
the record and in the log line, never in a dimension of a metric: CloudWatch bills each combination
(docs/decisions/0032).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from connector.domain.errors import ConnectorError
from connector.domain.polling.shares import ALL, Share
from connector.domain.text import truncated
from connector.services.ports import Metric, Resource, Telemetry

FAILING_AFTER = timedelta(minutes=10)
"""How long a list may fail before it counts as failing: a single lost answer does not count."""

LAG_REPORTED = timedelta(minutes=10)
"""A smaller lag is not reported: a metric is billed for each hour in which it is reported."""

LATE = timedelta(minutes=30)
"""A list with a larger lag counts for the alarm like one that fails, although it does not fail."""

MAX_NAMED = 20
"""Most lists in one log line."""

MAX_PROBLEM_LENGTH = 300
"""Most characters of `ListHealth.problem`."""


class ListHealth(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The health of one list. Times are UTC.

    Attributes:
        configured_at: When a run first saw it in routing.
        caught_up_at: Up to when it was read completely, by Visma's clock; None when it never was.
        failing_since: Since when every attempt has failed; None when the last one succeeded.
        problem: Why the last attempt failed.
        is_refused: An operator has to act; a retry does not help.
        is_unneeded: It is refused, and routing sends none of its documents: no fault.
    """

    company: str
    resource: str
    configured_at: datetime
    caught_up_at: datetime | None = None
    failing_since: datetime | None = None
    problem: str | None = None
    is_refused: bool = False
    is_unneeded: bool = False

    def lag(self, now: datetime) -> timedelta:
        """The time since it was read completely; since it was configured, if it never was."""
        return max(now - (self.caught_up_at or self.configured_at), timedelta(0))

    def is_failing(self, now: datetime) -> bool:
        """Whether it counts as failing for the alarm."""
        if self.failing_since is None or self.is_unneeded:
            return False
        return self.is_refused or now - self.failing_since >= FAILING_AFTER


class PollRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The record of the last run of a share. Times are UTC.

    Attributes:
        begun_at: When the last run began.
        ended_at: When the last run that ended did so.
        lists: The lists of the share.
        shares: How many shares there are. In the record of the first one.
        divided_at: Since when there are so many. In the record of the first one.
    """

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    lists: tuple[ListHealth, ...] = ()
    shares: int = 1
    divided_at: datetime | None = None

    @property
    def was_cut_short(self) -> bool:
        """Whether the last run did not report: it was killed, or ran out of time."""
        return self.begun_at is not None and (self.ended_at is None or self.ended_at < self.begun_at)


def all_shares(first: PollRecord, others: Iterable[PollRecord]) -> PollRecord:
    """The record of the first share, with the lists of all.

    Where a company has just moved to another share, both have it; the one that was read last is right.
    """
    in_order = sorted((first, *others), key=lambda one: one.ended_at.timestamp() if one.ended_at else 0.0)
    lists = {(each.company, each.resource): each for one in in_order for each in one.lists}
    return msgspec.structs.replace(first, lists=tuple(lists.values()))


class Turn(msgspec.Struct, frozen=True):
    """The companies that a run is to read.

    Attributes:
        begin: The place of the first one, counted on from run to run.
        expected: The place with which the next run begins, if this one reads as many as the one before it.
    """

    begin: int
    expected: int


class HealthBook(Protocol):
    """Stores the record of a share, and which of its companies the next run begins with."""

    def of(self, share: Share) -> HealthBook:
        """The book of a share; the one without a share is that of all companies, and of the first of several."""

    def take_turn(self) -> Turn:
        """Begin with the companies behind those of the run before, whether it has ended or not."""

    def end_turn(self, turn: Turn, *, read: int) -> None:
        """Note how many companies were read. The next run begins behind them, unless it has begun already."""

    def begin(self, *, now: datetime) -> PollRecord:
        """Record that a run begins. Returns the record before that."""

    def end(self, lists: Sequence[ListHealth], *, now: datetime) -> None:
        """Write what a run found."""

    def look(self, *, now: datetime) -> PollRecord:
        """The present record of this share alone, for a run that may not read; it writes down that it looked."""

    def read(self) -> PollRecord:
        """The present record, with the lists of all shares."""


LOST_ROUTING = (
    "No routing was applied, although this stack has had one: its table of routing is another one or is empty. Deploy "
    "with ExistingRoutingTable, or apply the routing file: connector config apply connector.yaml."
)
"""The problem of a stack that has read lists before and has no routing now."""


def report_lost_routing(book: HealthBook, telemetry: Telemetry, *, now: datetime) -> str | None:
    """Report lost routing: there is none, and lists were read before. Returns the problem; None on a new stack.

    Raises:
        ConnectorError: the record cannot be read or written.
    """
    before = book.begin(now=now)
    book.end(before.lists, now=now)
    if not before.lists:
        return None
    telemetry.count(Metric.LISTS_FAILING, len(before.lists))
    telemetry.error("lists are failing", {"rows": len(before.lists), "reason": LOST_ROUTING})
    return LOST_ROUTING


class PollReport:
    """Collects the result of each list in one run, and reports it at the end.

    Attributes:
        failure: Why the record could not be read or written. Then it is unknown since when a list fails, so no list
            counts as failing, and the run itself has to fail.
    """

    def __init__(
        self, book: HealthBook, telemetry: Telemetry, companies: Iterable[str], *, now: datetime, share: Share = ALL
    ) -> None:
        """Begin with the state of every list of the share from its last run."""
        self._book, self._telemetry, self._share = book.of(share), telemetry, share
        self.failure: ConnectorError | None = None
        try:
            before = self._book.begin(now=now)
        except ConnectorError as error:
            telemetry.error("the state of the lists cannot be read", {"reason": str(error)})
            self.failure, before = error, PollRecord()
        known = {(one.company, one.resource): one for one in before.lists}
        self._lists = {
            (company, resource.value): known.get((company, resource.value))
            or ListHealth(company=company, resource=resource.value, configured_at=now)
            for company in companies
            for resource in Resource
        }
        if before.was_cut_short:
            telemetry.error("the last run did not end", {"reason": "It was killed or ran out of time; see its log."})
            self._report(now)
        if share.number == 0:
            self._look_after_others(before, now)

    def read(self, company: str, resource: Resource, caught_up_at: datetime | None) -> None:
        """Record that a list was read, as far as time allowed."""
        self._change(
            company,
            resource,
            caught_up_at=caught_up_at,
            failing_since=None,
            problem=None,
            is_refused=False,
            is_unneeded=False,
        )

    def failed(
        self,
        company: str,
        resource: Resource,
        problem: str,
        *,
        now: datetime,
        is_refused: bool,
        is_unneeded: bool = False,
    ) -> None:
        """Record that a list failed."""
        since = self._lists[company, resource.value].failing_since or now
        self._change(
            company,
            resource,
            failing_since=since,
            problem=truncated(problem, MAX_PROBLEM_LENGTH),
            is_refused=is_refused,
            is_unneeded=is_unneeded,
        )

    def close(self, *, now: datetime) -> None:
        """Report the health of every list, and store it."""
        self._report(now)
        try:
            self._book.end(tuple(self._lists.values()), now=now)
        except ConnectorError as error:
            self._telemetry.error("the state of the lists cannot be written", {"reason": str(error)})
            self.failure = error

    def _report(self, now: datetime) -> None:
        lists = self._lists.values()
        failing = [one for one in lists if one.is_failing(now)]
        # A list that fails also falls behind: this is one fault and one alarm.
        behind = [one for one in lists if one.lag(now) >= LAG_REPORTED and one.failing_since is None]
        late = [one for one in behind if one.lag(now) > LATE]
        self._telemetry.count(Metric.LISTS_FAILING, len(failing) + len(late))
        if failing:
            self._telemetry.error("lists are failing", {"rows": len(failing), "reason": _named(failing, now)})
        if behind:
            self._telemetry.seconds(Metric.CURSOR_LAG, max(one.lag(now) for one in behind).total_seconds())
            self._telemetry.warning("lists are behind", {"rows": len(behind), "reason": _named(behind, now)})

    def _look_after_others(self, before: PollRecord, now: datetime) -> None:
        """Report the shares that no run has read to its end for long: their own runs cannot.

        A share has its time from when the companies were divided as they are. It is late if it was so when the run
        before this one began: that holds for any interval of the schedules, which all start at one time.
        """
        divided_at = (before.divided_at if before.shares == self._share.of else None) or now
        for share in self._share.others:
            try:
                record = self._book.of(share).look(now=now)
            except ConnectorError as error:
                self._telemetry.error("the state of the lists cannot be read", {"reason": str(error)})
                self.failure = error
                continue
            since = max(record.ended_at or divided_at, divided_at)
            if before.begun_at is not None and before.begun_at - since > LATE:
                self._telemetry.count(Metric.LISTS_FAILING, max(len(record.lists), 1))
                self._telemetry.error("a share of the companies is not polled", {"reason": _unread(share, since)})

    def _change(self, company: str, resource: Resource, **changes: object) -> None:
        name = company, resource.value
        self._lists[name] = msgspec.structs.replace(self._lists[name], **changes)


def _unread(share: Share, since: datetime) -> str:
    return (
        f"Share {share.number + 1} of {share.of} was not read to its end since {since:%Y-%m-%d %H:%M} UTC; the log of "
        "poll_visma says why, or its schedule does not run."
    )


def _named(lists: Sequence[ListHealth], now: datetime) -> str:
    worst = sorted(lists, key=lambda one: one.lag(now), reverse=True)
    sentences = [
        f"{one.company} {one.resource}: {one.lag(now).total_seconds() / 60:.0f} minutes behind"
        + (f", failing since {one.failing_since:%Y-%m-%d %H:%M} UTC: {one.problem}" if one.failing_since else "")
        for one in worst[:MAX_NAMED]
    ]
    more = len(lists) - len(sentences)
    return "; ".join([*sentences, *([f"and {more} more (connector cursors)"] if more else [])])
