"""A day of a stack, minute by minute, in counts: where documents wait, and for how long.

Every number is a count of documents or companies; nothing is sent and no clock is read. Nothing is left to
chance, so a day is the same each time.

What the consumers do with a full queue is what `connector/services/consume.py` does: a document that Orderful has no
room for goes back with a growing delay, and after as many receives as the queue grants it is a dead letter, which
the sweep of the tracker queues again.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from connector.domain.revision.tracking_schedule import LOOKS
from connector.services.consume import FIRST_DELAY, MAX_DELAY
from connector.services.outbound.track import MAX_REQUEUED
from proof.alarms import resources_of_the_template

MINUTES = 1_440
HOURS = (
    *(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 1.0, 2.5, 4.0, 3.0, 2.2, 1.8),
    *(1.2, 1.9, 1.9, 1.5, 0.9, 0.4, 0.2, 0.2, 0.2, 0.2, 0.2, 0.1),
)
"""How much of a day's mean each hour has: an office day with its orders in the morning."""

ACKNOWLEDGED = 60
"""Minutes until a partner acknowledges (bench/quotas.ACKNOWLEDGED_MINUTES)."""

_YOUNG = int(LOOKS[0].total_seconds() / 60)
_AGES = tuple(int(one.total_seconds() / 60) for one in LOOKS if one.total_seconds() / 60 <= ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much each part gets through.

    Attributes:
        poll_every: Minutes between runs of the poller.
        companies_a_run: Companies of which the runs of one schedule read all lists, those of all shares together.
        poll_minutes: How long such a run takes.
        orderful_a_minute: Documents that Orderful takes.
        track_every: Minutes between runs of the tracker.
    """

    poll_every: int
    companies_a_run: int
    poll_minutes: int
    translated_a_minute: int
    sent_a_minute: int
    orderful_a_minute: int
    track_every: int
    looks_a_run: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day to be played."""

    settings: str
    documents: int
    companies: int
    plan: Plan


@dataclass(slots=True)
class DemoResult:
    """What became of a day.

    Attributes:
        longest_unread: Minutes between two polls of one company, at most.
        most_untranslated: Documents in documents.fifo at most, and the age of the oldest in minutes.
        most_unsent: The same for deliveries.fifo.
        dead_letters: How often a delivery was given up.
        looks_due: Looks that the schedule of the tracker asks for, and how many were done.
    """

    longest_unread: int = 0
    most_untranslated: int = 0
    oldest_untranslated: int = 0
    most_unsent: int = 0
    oldest_unsent: int = 0
    dead_letters: int = 0
    read: int = 0
    translated: int = 0
    sent: int = 0
    looks_due: int = 0
    looks_done: int = 0


@dataclass(slots=True)
class _Lot:
    """Documents that share a fate: queued in one minute and received as often."""

    born: int
    count: int
    receives: int = 0
    visible: int = 0


@dataclass(slots=True)
class _Poller:
    """Reads companies in turn: a run begins behind those of the one before (`services/list_health.Turn`)."""

    companies: int
    plan: Plan
    last: list[int] = field(default_factory=list)
    following: int = 0
    running: list[tuple[int, int, int]] = field(default_factory=list)

    def minute(self, now: int, arrived: Sequence[int], played: DemoResult) -> int:
        """Read what is due in this minute; how many documents that gives."""
        if not self.last:
            self.last = [0] * self.companies
        plan = self.plan
        if now % plan.poll_every == 0:
            count = min(plan.companies_a_run, self.companies)
            self.running.append((now, self.following, count))
            self.following = (self.following + count) % self.companies
        found, left = 0, []
        for started, at, count in self.running:
            ends = now + 1 - started >= plan.poll_minutes
            some = count if ends else min(count, ceil(plan.companies_a_run / plan.poll_minutes))
            for place in range(at, at + some):
                found += self._read(place % self.companies, now, arrived, played)
            if count > some:
                left.append((started, (at + some) % self.companies, count - some))
        self.running = left
        return found

    def _read(self, company: int, now: int, arrived: Sequence[int], played: DemoResult) -> int:
        before, self.last[company] = self.last[company], now
        played.longest_unread = max(played.longest_unread, now - before)
        return self._of(company, arrived[now]) - self._of(company, arrived[before])

    def _of(self, company: int, total: int) -> int:
        """How many of the first `total` documents of the day are this company's."""
        return (total + self.companies - 1 - company) // self.companies


def play(one: Day) -> DemoResult:
    """Play a day."""
    plan, played = one.plan, DemoResult()
    arrived = _arrived(one.documents)
    poller = _Poller(one.companies, plan)
    untranslated: deque[_Lot] = deque()
    deliveries = _Deliveries(plan, played)
    sent: list[int] = []
    for now in range(MINUTES):
        found = poller.minute(now, arrived, played)
        played.read += found
        untranslated.append(_Lot(now, found))
        played.most_untranslated = max(played.most_untranslated, played.read - played.translated)
        done = _take(untranslated, plan.translated_a_minute)
        played.translated += done
        if untranslated:
            played.oldest_untranslated = max(played.oldest_untranslated, now - untranslated[0].born)
        sent.append(deliveries.minute(now, done))
        if now % plan.track_every == 0:
            _look(sent, plan, played)
            deliveries.sweep(now)
    played.longest_unread = max(played.longest_unread, MINUTES - 1 - min(poller.last))
    played.sent = sum(sent)
    return played


def _arrived(documents: int) -> list[int]:
    """How many documents there are up to the beginning of each minute."""
    found, total = [], 0.0
    for now in range(MINUTES):
        found.append(int(total))
        total += documents * HOURS[now // 60] / 24 / 60
    return found


def _take(rng: deque[_Lot], most: int) -> int:
    """Take the oldest documents out of a queue."""
    taken = 0
    while rng and taken < most:
        some = min(rng[0].count, most - taken)
        taken += some
        rng[0].count -= some
        if not rng[0].count:
            rng.popleft()
    while rng and not rng[0].count:
        rng.popleft()
    return taken


class _Deliveries:
    """deliveries.fifo and its consumers, with what Orderful takes."""

    def __init__(self, plan: Plan, played: DemoResult) -> None:
        self._plan = plan
        self._played = played
        self._waiting = 0
        self._rng: list[_Lot] = []
        """The oldest first."""
        self._dead: deque[_Lot] = deque()
        self._granted = int(
            resources_of_the_template("AWS::SQS::Queue")["DeliveriesQueue"]["RedrivePolicy"]["maxReceiveCount"]
        )

    def minute(self, now: int, queued: int) -> int:
        """Queue, send what Orderful takes, and put back the rest that was received."""
        if queued:
            self._rng.append(_Lot(now, queued, visible=now))
            self._waiting += queued
        self._played.most_unsent = max(self._played.most_unsent, self._waiting)
        room = min(self._plan.sent_a_minute, self._plan.orderful_a_minute)
        is_refused = self._plan.orderful_a_minute < self._plan.sent_a_minute
        sent = 0
        for lot in self._rng:
            if sent == room and not is_refused:
                break
            if lot.visible > now:
                continue
            some = min(lot.count, room - sent)
            sent += some
            lot.count -= some
            if lot.count and is_refused:
                self._put_back(lot, now)
        self._waiting -= sent
        self._rng = [lot for lot in self._rng if lot.count]
        oldest = min((rng[0].born for rng in (self._rng, self._dead) if rng), default=now)
        self._played.oldest_unsent = max(self._played.oldest_unsent, now - oldest)
        return sent

    def _put_back(self, lot: _Lot, now: int) -> None:
        """Orderful asked for a pause: the message comes again later, or is given up."""
        lot.receives += 1
        if lot.receives >= self._granted:
            self._played.dead_letters += lot.count
            self._dead.append(_Lot(lot.born, lot.count))
            lot.count = 0
            return
        delay = min(FIRST_DELAY * 2 ** (lot.receives - 1), MAX_DELAY)
        lot.visible = now + max(1, ceil(delay.total_seconds() / 60))

    def sweep(self, now: int) -> None:
        """The tracker queues again what nobody moved, the oldest first."""
        left = MAX_REQUEUED
        while self._dead and left:
            some = min(self._dead[0].count, left)
            left -= some
            insort(self._rng, _Lot(self._dead[0].born, some, visible=now), key=lambda lot: lot.born)
            self._dead[0].count -= some
            if not self._dead[0].count:
                self._dead.popleft()


def _look(sent: Sequence[int], plan: Plan, played: DemoResult) -> None:
    """A run of the tracker: the young ones each time, the others when they pass an age."""
    now = len(sent)
    due = sum(sent[max(0, now - _YOUNG) :])
    for age in (*_AGES, ACKNOWLEDGED + 1):
        due += sum(sent[max(0, now - age - plan.track_every) : max(0, now - age)])
    played.looks_due += due
    played.looks_done += min(due, plan.looks_a_run)


def table(days: Sequence[Day]) -> str:
    """Every day in a line."""
    head = (
        "| documents a day | settings | sent by midnight | longest between polls of a company | documents.fifo: most, "
        "oldest | deliveries.fifo: most, oldest | dead letters | looks of the tracker done |"
    )
    lines = []
    for one in days:
        played = play(one)
        looks = played.looks_done / played.looks_due if played.looks_due else 1
        lines.append(
            f"| {one.documents:,} | {one.settings} | {played.sent:,} | {played.longest_unread:,} min | "
            f"{played.most_untranslated:,}, {played.oldest_untranslated:,} min | "
            f"{played.most_unsent:,}, {played.oldest_unsent:,} min | {played.dead_letters:,} | {looks:.0%} |"
        )
    return "\n".join([head, "|---" * 8 + "|", *lines])
