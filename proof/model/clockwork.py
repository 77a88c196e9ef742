"""Virtual time: queues invoke the functions as SQS and Lambda do, schedules fire every five minutes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast
from unittest.mock import patch

import msgspec

from connector.adapters.aws.queues import BatchedDeliveries, SqsPostponer, failures, received
from connector.domain.documents import number_in_key
from connector.domain.errors import ConnectorError, Transient
from connector.domain.inbound import Validation
from connector.domain.polling.cursor import Cursor, Rules, row_id, stamp_of, window_start
from connector.domain.revision.record import AWAITING_STATUS
from connector.domain.visma_clock import filter_text, zone_named
from connector.services.consume import consume
from connector.services.inbound.receive import ReceiveResult
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from connector.services.outbound import poll
from connector.services.ports import Deadline, Resource
from proof.model.functions import CHANGES, COMPANY, DELIVERIES, DOCUMENTS, HINTS, Configuration, Functions
from proof.model.queues import Queue, event_of
from proof.model.stores import unfinished
from testkit.memory.effects import Killed, StepDeadline
from testkit.memory.visma import StoredDocument

WORKERS = {
    DOCUMENTS: "translate_document",
    DELIVERIES: "deliver_transaction",
    CHANGES: "apply_change",
    HINTS: "apply_change",
}
EVERY = timedelta(minutes=5)
"""The schedules of template.yaml."""

PUSHES = 4
"""Orderful: a failed push is retried three times."""

MAX_RUNS = 100
"""Scheduled runs until the system must be quiescent: over eight hours."""


class NotQuiescent(AssertionError):
    """The system is not quiescent within its time limit."""


class Clockwork(Functions):
    """Invokes the functions in virtual time."""

    def __init__(self, setting: Configuration | None = None) -> None:
        """Start with empty tables; the schedules fire with the next step."""
        super().__init__(setting)
        self._next_schedule = self.clock.now()

    # -- invocations --------------------------------------------------------------------------------------------------

    def run(self, worker: str, work: Callable[[], object]) -> bool:
        """Run an invocation of a function; False when it was killed."""
        try:
            with self.effects.invocation(worker):
                work()
        except Killed:
            return False
        return True

    def poll(self, deadline: Deadline | None = None) -> bool:
        """Invoke the poller, which polls the lists of the configuration."""
        companies = self.routing.load().companies.values()
        try:
            with patch.object(poll, "Resource", self.setting.lists):
                return self.run("poll_visma", lambda: self.poller().poll_all(companies, deadline or self.deadline))
        except ConnectorError:
            return False  # the run failed; the next schedule is the retry

    def track(self) -> bool:
        """Invoke the tracker."""

        def track() -> None:
            with suppress(ConnectorError):
                self.tracker().run()

        return self.run("track_transactions", track)

    def collect(self) -> bool:
        """Invoke the collector."""

        def collect() -> None:
            with suppress(ConnectorError):
                self.collector().run()

        return self.run("poll_orderful", collect)

    def reconcile(self) -> bool:
        """Invoke the nightly comparison."""

        def reconcile() -> None:
            with suppress(ConnectorError):
                self.night().run()

        return self.run("reconcile", reconcile)

    def push(self, number: str, *, as_uuid: bool = False) -> ReceiveResult | None:
        """Push a transaction with Orderful's retries; None when all fail."""
        receiver = self.receiver()
        answers: list[ReceiveResult] = []

        def receive() -> None:
            answer = receiver.receive({}, self.inbound.callback(number, as_uuid=as_uuid))
            with suppress(ConnectorError):  # after a lost answer Orderful retries
                self.effects(f"answer {answer.value}", lambda: answers.append(answer))

        for _ in range(PUSHES):
            self.run("receive_callback", receive)
            if ReceiveResult.TAKEN in answers:
                return ReceiveResult.TAKEN
            self.clock.forward(seconds=30)
        return None

    def person(self, work: Callable[[], object]) -> None:
        """An operator runs a command, again after a kill or a transient error; other errors are ignored."""

        def command() -> None:
            with suppress(Transient):
                work()
                done.append(True)

        done: list[bool] = []
        with suppress(ConnectorError):
            while not self.run("operator", command) or not done:
                self.clock.forward(seconds=30)

    def work(self, queue: Queue) -> bool:
        """Process one batch of a queue; a killed worker gets its messages twice more. False without one."""
        batch = queue.receive()
        if not batch:
            return False
        kept: set[str] = set()

        def consume_batch() -> None:
            kept.update(self._consume(queue, event_of(batch)))
            for message in batch:
                if message.message_id not in kept:
                    self.effects(f"delete a message of {queue.name}", lambda: queue.delete(message.message_id))  # noqa: B023

        try:
            survived = self.run(WORKERS[queue.name], consume_batch)
        except ConnectorError:
            return True  # the deletion failed: the message is delivered again
        if not survived:
            queue.redelivered |= {message.message_id for message in batch}
        return True

    def _consume(self, queue: Queue, event: dict[str, Any]) -> list[str]:
        handle, finish = self._handler(queue)
        answer = failures(
            consume(
                received(event),
                handle,
                queue=SqsPostponer(queue.name, cast(Any, self.sqs)),
                telemetry=self.telemetry,
                deadline=StepDeadline(),
                finish=finish,
            )
        )
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def _handler(self, queue: Queue) -> tuple[Callable[[str], object], Callable[[], None]]:
        if queue.name == DOCUMENTS:
            outbox = BatchedDeliveries(self.outbox)
            translator = self.translator(outbox=outbox)
            return lambda body: translator.handle(_document(body.encode())), outbox.flush
        if queue.name == DELIVERIES:
            deliverer = self.deliverer()
            return lambda body: deliverer.handle(_delivery(body.encode())), _nothing
        applier = self.applier()
        return lambda body: applier.handle(_change(body.encode())), _nothing

    # -- time ---------------------------------------------------------------------------------------------------------

    def work_off(self) -> None:
        """Process every queue until no message is visible."""
        while any(self.work(queue) for queue in self.queues):
            pass

    def fire(self) -> None:
        """Fire each schedule, and process the queues after it."""
        for schedule in (self.poll, self.collect, self.track):
            schedule()
            self.work_off()

    def step(self) -> None:
        """Advance to the next event: a visible message, or the schedules."""
        self.work_off()
        times = [at for queue in self.queues if (at := queue.next_visible()) is not None]
        self.clock.time = max(self.clock.time, min([*times, self._next_schedule]))
        if self.clock.time >= self._next_schedule:
            self._next_schedule = self.clock.time + EVERY
            self.fire()

    def busy(self) -> list[str]:
        """The work in progress, or due at the next schedule."""
        found = unfinished(self.ledger, self.changes)
        for queue in self.queues:
            found += [f"{len(queue.messages)} messages are on {queue.name}"] if queue.messages else []
            found += [f"{len(queue.dead)} dead letters are on {queue.name}"] if queue.dead else []
        found += [f"{name} is locked" for name in self.cursors.locked(self.clock.now())]
        return found + self._unread() + self._unrecorded() + self._refused()

    def _refused(self) -> list[str]:
        """Refusals of partners that the tracker has not recorded: it looks at an old transaction once an hour."""
        followed = {one.transaction_id for state in AWAITING_STATUS for one in self.ledger.in_state(state)}
        return [
            f"the refusal of {one.transaction_id} is not recorded"
            for one in self.orderful.transactions
            if one.acknowledgment_status == "REJECTED" and one.transaction_id in followed
        ]

    def _unrecorded(self) -> list[str]:
        """Validated 860s without a record: one may wait for another that is in validation."""
        known = {self.receivers.number_of(change.transaction_id) for change in self.changes.all()}
        return [
            f"{number} is not recorded"
            for number, validation in self.inbound.validation.items()
            if validation is not Validation.PROCESSING and number not in known
        ]

    def _unread(self) -> list[str]:
        """Documents whose newest state was not polled, by the stored cursor."""
        return [problem for resource in self.setting.lists for problem in self._unread_in(resource)]

    def _unread_in(self, resource: Resource) -> list[str]:
        if (COMPANY, resource) not in self.cursors.rows:
            return [f"{resource.value} was never read"]
        documents = self.visma.erp.documents[resource]
        if not documents:
            return []
        cursor, tenant = self.cursors.of(COMPANY, resource), self.routing.load().companies[COMPANY].visma
        rules = Rules(tenant.overlap, tenant.settle, tenant.settle_cap)
        shown = filter_text(window_start(cursor, rules, now=self.clock.now()), zone_named(tenant.time_zone))
        return [
            f"{row.number} of {resource.value} waits to be polled"
            for row in documents.values()
            if row.visible > self.clock.now()
            or (self.visma.erp.text_of(row.modified) >= shown and not self._is_known(cursor, resource, row))
        ]

    def _is_known(self, cursor: Cursor, resource: Resource, row: StoredDocument) -> bool:
        key = number_in_key(resource.kind, row.document_type, row.number)
        return cursor.rows.stamp(row_id(key)) == stamp_of(self.visma.erp.text_of(row.modified))

    def quiesce(self) -> None:
        """Advance the time until the system is quiescent for two schedules.

        Raises:
            NotQuiescent: the time limit is exceeded.
        """
        quiet = 0
        end = self.clock.now() + MAX_RUNS * EVERY
        while quiet < 2:
            if self.clock.now() > end:
                raise NotQuiescent("; ".join(self.busy()))
            fires = self._next_schedule
            self.step()
            if self.busy():
                quiet = 0
            elif self._next_schedule != fires:
                quiet += 1


_document = msgspec.json.Decoder(DocumentMessage).decode
_delivery = msgspec.json.Decoder(DeliveryMessage).decode
_change: Callable[[bytes], HintMessage | ChangeMessage] = msgspec.json.Decoder(HintMessage | ChangeMessage).decode


def _nothing() -> None:
    """Do nothing at the end of a batch."""
