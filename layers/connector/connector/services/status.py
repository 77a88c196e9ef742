"""Use case: read everything that says whether anything needs a person. Reads only, and only so much."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from connector.domain.errors import ConnectorError, NoRouting
from connector.domain.pause import Act, Pause, Scope, Stop
from connector.domain.routing.resolve import Routing
from connector.services.holds import Held, Hold, holds_of
from connector.services.inbound.ports import Changes
from connector.services.list_health import HealthBook
from connector.services.open_work import OpenWork, open_work
from connector.services.ports import Breaker, Clock, Cursors, CursorView, Ledger, Metric, RoutingSource
from connector.services.reconcile.ports import FindingBook

DEAD = ", dead letters"
"""How the name of a queue of dead letters ends."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue.

    Attributes:
        waiting: Messages in it, those that are being worked on included.
        oldest: The age of the oldest one; None where CloudWatch shows none.
    """

    name: str
    waiting: int
    oldest: timedelta | None = None

    @property
    def gave_up(self) -> str | None:
        """The queue that gave up what lies in it; None for a queue of messages that are on their way."""
        return self.name.removesuffix(DEAD) if self.name.endswith(DEAD) else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm.

    Attributes:
        name: Without the name of the stack; its entry of the runbook.
        since: When it came into its state.
        state: CloudWatch's word: ALARM, OK or INSUFFICIENT_DATA.
    """

    name: str
    since: datetime
    state: str = "ALARM"

    @property
    def is_on(self) -> bool:
        """Whether it has gone off and not ended."""
        return self.state == "ALARM"


@dataclass(frozen=True, slots=True)
class StackState:
    """What AWS shows of a stack; None in place of what it did not answer, which `unanswered` explains.

    Attributes:
        alarms: Those that are on.
        counters: The counters of the day that was asked for (UTC).
    """

    queues: Sequence[Queue] | None
    alarms: Sequence[Alarm] | None
    counters: Mapping[Metric, int] | None
    unanswered: Sequence[str]


class StackMonitor(Protocol):
    """What AWS shows of a stack at this moment."""

    def state(self, *, now: datetime, day: date) -> StackState:
        """Its queues, the alarms that are on, and the counters of a day (UTC); what is not answered raises nothing."""


class SendingControl(Breaker, Held, Protocol):
    """What holds sending back, for a person."""

    def stop(self, *, now: datetime) -> Stop | None:
        """Why every call is stopped; None when calls are not stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledList:
    """How far behind a list is, and why it is not read, if it is not."""

    company: str
    resource: str
    lag: timedelta | None
    failing_since: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything that says whether anything needs a person.

    Attributes:
        lists: The lists of companies in routing, the ones that fail first, then by their lag; None when that is not
            known.
        findings: Open findings of reconciliation.
        unknown: A sentence for each thing that could not be found out.
    """

    now: datetime
    work: OpenWork
    pauses: Sequence[Pause]
    stop: Stop | None
    holds: Sequence[Hold]
    acts: Sequence[Act]
    lists: Sequence[PolledList] | None
    findings: int
    aws: StackState
    unknown: Sequence[str]

    @property
    def needs_person(self) -> bool:
        """Whether a person has something to do."""
        dead_letters = any(one.waiting for one in self.aws.queues or () if one.gave_up)
        return bool(
            self.work.for_person
            or None in self.work.paused
            or None in self.work.paused_changes
            or self.stop
            or any(one.failing_since for one in self.lists or ())
            or self.findings
            or self.aws.alarms
            or dead_letters
        )

    @property
    def is_unknown(self) -> bool:
        """Whether it could not be found out that nothing else needs a person."""
        is_left_behind_unknown = self.work.is_paused_partial and not self.is_all_paused
        return self.lists is None or self.aws.queues is None or self.aws.alarms is None or is_left_behind_unknown

    @property
    def is_all_paused(self) -> bool:
        """Whether one of the pauses is of everything."""
        return any(one.scope == Scope() for one in self.pauses)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReader:
    """Reads the status of a stack.

    Attributes:
        visma_holds: The holds of a company at Visma.
    """

    ledger: Ledger
    changes: Changes
    sending: SendingControl
    visma_holds: Callable[[str], Held]
    cursors: Cursors
    health: HealthBook
    routing: RoutingSource
    findings: FindingBook
    monitor: StackMonitor
    clock: Clock

    def read(self, *, day: date | None = None) -> Status:
        """The status now.

        Args:
            day: The day (UTC) of the counters; today where it is not given.

        Raises:
            ConnectorError: the ledger, the cursors or the findings cannot be read.
        """
        now = self.clock.now()
        pauses = self.sending.pauses(now=now)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        unknown: list[str] = []
        views = self.cursors.all_cursors()
        known = self._routing(unknown)
        routing = known or Routing({"companies": {}})
        visma = [(name, self.visma_holds(name)) for name in routing.companies]
        holds = holds_of(self.sending, visma, self.cursors, views, now=now)
        lists = self._lists(routing.companies, views, unknown, now) if known is not None else None
        aws = self.monitor.state(now=now, day=day or now.date())
        return Status(
            now=now,
            work=open_work(self.ledger, self.changes, pauses, routing, since=midnight),
            pauses=pauses,
            stop=self.sending.stop(now=now),
            holds=holds.held,
            acts=self.sending.acts(now=now),
            lists=lists,
            findings=sum(one.is_open for one in self.findings.findings()),
            aws=aws,
            unknown=[*holds.unknown, *unknown, *aws.unanswered],
        )

    def _routing(self, unknown: list[str]) -> Routing | None:
        """The routing in force, one without companies on a new stack; None when it is not known."""
        try:
            return self.routing.load()
        except NoRouting:
            return Routing({"companies": {}})
        except ConnectorError as error:
            unknown.append(f"It is not known which lists fail. {error}")
            return None

    def _lists(
        self, companies: Collection[str], views: Sequence[CursorView], unknown: list[str], now: datetime
    ) -> Sequence[PolledList] | None:
        try:
            health = {(one.company, one.resource): one for one in self.health.read().lists}
        except ConnectorError as error:
            unknown.append(f"It is not known which lists fail. {error}")
            return None
        lags = {(view.company, view.resource): view.lag(now) for view in views}
        found = []
        for name in {**lags, **health}:
            if name[0] not in companies and not name[0].startswith("("):
                continue
            one = health.get(name)
            is_failing = one is not None and one.failing_since is not None and not one.is_unneeded
            found.append(
                PolledList(
                    company=name[0],
                    resource=name[1],
                    lag=lags.get(name),
                    failing_since=one.failing_since if one is not None and is_failing else None,
                    problem=one.problem if one is not None and is_failing else None,
                )
            )
        # Of those that fail, and of those that do not: first what was never read, then by the lag.
        return sorted(
            found, key=lambda one: (one.failing_since is None, one.lag is not None, -(one.lag or timedelta()))
        )
