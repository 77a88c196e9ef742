"""A stack in virtual time, minute by minute, with its alarms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from connector.domain.errors import ConnectorError
from connector.domain.revision.record import State
from proof.alarms import Watch, WatchedTelemetry, function_of
from proof.model.clockwork import EVERY, WORKERS
from proof.model.functions import CHANGES, DELIVERIES, DOCUMENTS, HINTS
from proof.model.queues import Message, Queue
from proof.system import System, a_supplier
from testkit.samples.routing_data import a_partner

ACKNOWLEDGES: dict[str, Any] = {
    "validation_status": "VALID",
    "delivery_status": "DELIVERED",
    "acknowledgment_status": "ACCEPTED",
}
WAITS_FOR_SEND = {"validation_status": "VALID", "delivery_status": "PENDING"}
"""Orderful: what is valid waits for a person where auto-send is off."""

ACME, BERG, CASPAR = "50012", "60001", "60002"
"""Visma's numbers of three suppliers, each a partner of its own."""

_PARTNERS = {
    "partners.berg": a_partner(supplier=BERG, isa_id="BERG"),
    "partners.caspar": a_partner(supplier=CASPAR, isa_id="CASPAR"),
}
POISON = 3
"""AWS: "Poison-pill messages (those repeatedly received but never deleted) are excluded from" the age of the oldest
message. It names three receives for standard queues and no number for FIFO queues; the smallest is taken."""

_MINUTE = timedelta(minutes=1)
_QUEUES = {DOCUMENTS: "Documents", DELIVERIES: "Deliveries", CHANGES: "Changes", HINTS: "Hints"}


class WatchedSystem(System):
    """The whole connector, its schedules, Lambda and the alarms.

    Attributes:
        stopped: Functions whose schedule or event source mapping is disabled.
        throttled: Functions that Lambda throttles: the account's concurrency is used up.
        crashing: Functions that end with an error before they do anything.
        partner: The statuses of each transaction a minute after its creation.
        rang: The alarms since the last clear, with the time of the first.
    """

    def __init__(self) -> None:
        """A healthy stack."""
        super().__init__()
        data = self.setting.routing(_PARTNERS)
        self.routing.apply(data)
        self.directory.note(data)
        self.watch = Watch(self.clock)
        self.telemetry = WatchedTelemetry(self.watch)
        self.stopped: set[str] = set()
        self.throttled: set[str] = set()
        self.crashing: set[str] = set()
        self.partner: dict[str, Any] = ACKNOWLEDGES
        self.rang: dict[str, datetime] = {}
        self._fires_at = self.clock.now()
        self._sent: dict[str, datetime] = {}

    def run(self, worker: str, work: Callable[[], object]) -> bool:
        """One invocation, as Lambda counts it."""
        if worker in self.stopped:
            return False
        if worker in self.throttled:
            self.watch.report("Throttles", function_of(worker), 1)
            return False
        self.watch.report("Invocations", function_of(worker), 1)
        if worker in self.crashing:
            self.watch.report("Errors", function_of(worker), 1)
            return False
        try:
            return super().run(worker, work)
        except ConnectorError:
            self.watch.report("Errors", function_of(worker), 1)
            raise

    def work(self, queue: Queue) -> bool:
        """One batch.

        AWS: an event source mapping goes on to receive while Lambda throttles its function, which uses up receives.
        """
        return WORKERS[queue.name] not in self.stopped and super().work(queue)

    def order_of(self, supplier: str, number: str, **changes: Any) -> None:
        """A user creates an order to one of the suppliers."""
        self.order(number, supplier=a_supplier(supplier), **changes)

    def replay_all(self, state: State) -> None:
        """An operator replays every document in a state (`connector documents replay`)."""
        for revision in list(self.ledger.in_state(state)):
            self.replay(revision.key)

    def minutes(self, count: int) -> set[str]:
        """Advance the clock; returns the alarms at the end."""
        ringing: set[str] = set()
        for _ in range(count):
            self.clock.time += _MINUTE
            for one in self.orderful.transactions:
                self.orderful.update_status(one.transaction_id, **self.partner)
            self.work_off()
            if self.clock.now() >= self._fires_at:
                self._fires_at = self.clock.now() + EVERY
                self.fire()
            self._report_queues()
            ringing = self.watch.ringing()
            for name in ringing:
                self.rang.setdefault(name, self.clock.now())
        return ringing

    def _report_queues(self) -> None:
        now = self.clock.now()
        for queue in self.queues:
            name = _QUEUES[queue.name]
            self.watch.report("ApproximateNumberOfMessagesVisible", f"{name}DeadLetters", len(queue.dead))
            ages = [now - self._sent_at(one, now) for one in queue.messages if one.receives < POISON]
            oldest = max(ages, default=timedelta(0)).total_seconds()
            self.watch.report("ApproximateAgeOfOldestMessage", f"{name}Queue", oldest)

    def _sent_at(self, message: Message, now: datetime) -> datetime:
        return self._sent.setdefault(message.message_id, now)
