"""Use case: collect what Orderful holds for us, on a schedule.

Inboxes and polling buckets, whose items have to be confirmed to leave, and the list of 860s, which has them all:
Orderful delivers each relationship by one channel, so what a callback missed is in no inbox. A callback is only a hint
that comes sooner. It also sweeps: what was recorded and never finished is queued again, and Orderful is told what it
was never told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from connector.domain.changes import (
    PROCESSING_AT_MOST,
    WAIT_FOR_EARLIER,
    Change,
    ChangeState,
    apply_order,
)
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, ConnectorError, Misconfigured, NotRouted, Throttled, Transient
from connector.domain.inbound import Confirmation, InboundTransaction, Validation
from connector.domain.transactions import Stream
from connector.services.change_ports import Changes, InboundNetwork
from connector.services.change_route import other_stream
from connector.services.confirm import confirm, tell
from connector.services.consume import LONGEST_DELAY, TIME_FOR_ONE
from connector.services.intake import Intake, message_for
from connector.services.ports import Clock, Deadline, Metric, Outbox, RoutingSource, Telemetry

PAGE = 100
"""Items of an inbox or bucket that Orderful gives at once."""

LIST_OVERLAP = timedelta(hours=1)
"""How far the list is read back behind the last time: how late a transaction may appear in it is not published."""

STUCK_AFTER = timedelta(minutes=30)
"""A change that nobody could finish for so long is reported."""


class Watermark(Protocol):
    """Up to when the list of 860s was read, held by one collector at a time."""

    def take(self, *, now: datetime, lease: timedelta) -> datetime | None:
        """Begin; None the first time. Raises `Conflict` while another collector is at it."""

    def put(self, moment: datetime | None) -> None:
        """End, with everything up to `moment` taken in; None leaves it where it was."""


@dataclass(slots=True)
class Collected:
    """What one run did.

    Attributes:
        waiting: Listed 860s that were left for a later run: Orderful still processes them, or one before them.
        unqueued: What was recorded, or found recorded, and has yet to be queued, by order and id.
    """

    taken: int = 0
    waiting: int = 0
    confirmed: int = 0
    requeued: int = 0
    problems: list[str] = field(default_factory=list)
    unqueued: dict[tuple[DocumentKey, str], Change] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collector:
    """Empties inboxes and buckets, reads the list, sweeps.

    Attributes:
        resend_after: A change whose message may have got lost is queued again after this long without news.
    """

    changes: Changes
    intake: Intake
    orderful: InboundNetwork
    outbox: Outbox
    routing: RoutingSource
    watermark: Watermark
    clock: Clock
    telemetry: Telemetry
    deadline: Deadline
    stream: Stream
    inbox_ids: Sequence[str]
    bucket_ids: Sequence[str]
    resend_after: timedelta

    def run(self) -> Collected:
        """Collect everything for which there is time; what is left over is found by the next run."""
        result = Collected()
        try:
            self.routing.load()
        except NotRouted as error:
            self.telemetry.info("nothing to collect", {"reason": str(error)})
            self.telemetry.count(Metric.COLLECT_COMPLETED)
            return result
        except ConnectorError:
            pass  # the inboxes are emptied all the same; the list of changes says what is wrong
        try:
            since = self.watermark.take(now=self.clock.now(), lease=self.deadline.remaining())
        except Conflict:
            result.problems.append("Another collector is running.")
            return result
        read_up_to: datetime | None = None
        try:
            for inbox_id in self.inbox_ids:
                self._guarded(result, f"inbox {inbox_id}", self._empty, self.orderful.inbox, inbox_id)
            for bucket_id in self.bucket_ids:
                self._guarded(result, f"bucket {bucket_id}", self._empty, self.orderful.bucket, bucket_id)
            started = self.clock.now()
            if self._guarded(result, "the list of changes", self._read_list, since or started):
                # What waits is listed again from the same place, however long it waits.
                read_up_to = (since or started) if result.waiting else started
            self._guarded(result, "the queue of changes", self._queue)
            self._guarded(result, "the sweep", self._sweep)
            self._guarded(result, "what Orderful was not told", self._tell_again)
        finally:
            self.watermark.put(read_up_to)
        if not result.problems:
            self.telemetry.count(Metric.COLLECT_COMPLETED)
        return result

    def _guarded(self, result: Collected, what: str, work: Callable[..., None], *arguments: object) -> bool:
        """Do one part; its trouble must not keep the others from their turn."""
        try:
            work(result, *arguments)
        except ConnectorError as error:
            if isinstance(error, Misconfigured):
                self.telemetry.count(Metric.CREDENTIALS_REFUSED)
            elif isinstance(error, Throttled):
                self.telemetry.count(Metric.THROTTLED)
            self.telemetry.error(
                "not collected", {"resource": what, "reason": str(error), "request_id": error.request_id}
            )
            result.problems.append(f"{what}: {error}")
            return False
        return True

    # -- inboxes and buckets ------------------------------------------------------------------------------------------

    def _empty(self, result: Collected, read: Callable[[str], Sequence[InboundTransaction | None]], name: str) -> None:
        """Read page after page for as long as items leave.

        Items stay until they are confirmed, and there is no second page: without room nothing newer is ever seen.
        """
        while self._has_time():
            items = read(name)
            left = [self._item(item, result) for item in items]
            if len(items) < PAGE:
                return
            if not any(left) and not self._make_room(items, result):
                self.telemetry.error("a full page that cannot be emptied", {"resource": name, "rows": len(items)})
                result.problems.append(f"{name} is full of items that name no transaction or delivery.")
                return

    def _item(self, item: InboundTransaction | None, result: Collected) -> bool:
        """Take one item in; True when it left."""
        if item is None:
            self.telemetry.count(Metric.CALLBACKS_UNUSABLE)
            return False
        try:
            change = self.intake.record(item)
            result.taken += 1
            if change is None or change.is_due:
                if change is not None:
                    result.unqueued[change.key, change.transaction_id] = change
                return False
            if change.is_unconfirmed:
                confirm(change, self.changes, self.orderful)
            elif item.delivery is not None:
                # It was told and is still there (Orderful: an item stays until it is confirmed). The answer to the
                # confirmation is empty, and so is a 200 of something in between that never passed it on.
                tell(msgspec.structs.replace(change, deliveries=(item.delivery,)), self.changes, self.orderful)
            else:
                return False
        except Conflict:
            return False  # somebody works on it
        except Misconfigured:
            raise
        except ConnectorError as error:
            result.problems.append(f"transaction {item.transaction_id}: {error}")
            self._leave(item, error)
            return False
        result.confirmed += 1
        return True

    def _leave(self, item: InboundTransaction, error: ConnectorError) -> None:
        """One that cannot be fetched or confirmed now must not hide those behind it; it is there the next time."""
        self.telemetry.warning(
            "item left for the next run",
            {"transaction_id": item.transaction_id, "reason": str(error), "request_id": error.request_id},
        )

    def _make_room(self, items: Sequence[InboundTransaction | None], result: Collected) -> bool:
        """Free a full page: accept what we hold already, and fail what belongs to the other stream."""
        freed = 0
        for item in items:
            if item is None or item.delivery is None:
                continue
            change = self.intake.recorded(item.transaction_id)
            if change is not None:
                # Also what was told before and is still there.
                tell(msgspec.structs.replace(change, deliveries=(item.delivery,)), self.changes, self.orderful)
                freed += 1
            elif item.stream is not self.stream:
                note = other_stream(self.stream)
                self.orderful.confirm(item.delivery, item.transaction_id, Confirmation.FAILED, note)
                freed += 1
        result.confirmed += freed
        return freed > 0

    # -- the list -----------------------------------------------------------------------------------------------------

    def _read_list(self, result: Collected, since: datetime) -> None:
        """Take in what is in the list and was heard of in no other way, the oldest first.

        What Orderful still processes waits, and what comes after it from the same sender waits for it, for a while.
        """
        receivers = sorted({company.isa_id.on(self.stream) for company in self.routing.load().companies.values()})
        now = self.clock.now()
        rows = list(self.orderful.list_changes(since - LIST_OVERLAP, receiver_ids=receivers, stream=self.stream))
        rows.sort(key=lambda row: row.created_at or now)
        left, missing = 0, list[InboundTransaction]()
        for row in rows:
            if not self._has_time():
                raise Transient("The list was not read to its end in time; the next run begins where this one did.")
            before = next((one for one in missing if _comes_before(one, row, now)), None)
            try:
                change = self.intake.recorded(*row.names)
                if change is not None:
                    self._hold_back(change, before)
                elif before is not None or _is_processed(row, now):
                    missing.append(row)
                    result.waiting += 1
                elif (change := self.intake.record(row)) is not None:
                    result.unqueued[change.key, change.transaction_id] = change
                    result.taken += 1
            except (Misconfigured, Throttled):
                raise
            except ConnectorError as error:
                left += 1
                missing.append(row)
                self._leave(row, error)
        if result.waiting:
            self.telemetry.info("listed and left for a later run", {"rows": result.waiting})
        if left:
            raise Transient(f"{left} transactions could not be taken in; the next run begins where this one did.")

    def _hold_back(self, change: Change, before: InboundTransaction | None) -> None:
        """Have one that nobody has begun wait for the earlier one that is listed and cannot be recorded yet."""
        if before is None or change.attempts or change.predecessor_id or change.state is not ChangeState.RECEIVED:
            return
        held = change.moved(
            ChangeState.RECEIVED,
            now=self.clock.now(),
            note=f"waits for the earlier {before.transaction_id}, which Orderful lists and does not give out yet",
            predecessor_id=before.transaction_id,
            not_before=(before.created_at or self.clock.now()) + WAIT_FOR_EARLIER,
        )
        with suppress(Conflict):  # somebody works on it
            self.changes.save(held)

    def _queue(self, result: Collected) -> None:
        """Queue what was recorded: all of an order are recorded by now, so that none overtakes an earlier one."""
        for change in apply_order(result.unqueued.values()):
            self.intake.queue(self.changes.get(change.key, change.transaction_id) or change)

    # -- what got stuck -----------------------------------------------------------------------------------------------

    def _sweep(self, result: Collected) -> None:
        now = self.clock.now()
        stuck = 0
        for state in (ChangeState.RECEIVED, ChangeState.APPLYING):
            for change in self.changes.in_state(state):
                stuck += now - change.created_at > STUCK_AFTER
                if self._is_forgotten(change, now):
                    self.outbox.changes([message_for(change, cause=f"sweep {now.isoformat()}")])
                    result.requeued += 1
        self.telemetry.count(Metric.CHANGES_STUCK, stuck)
        self.telemetry.count(Metric.OPEN_CHANGES_PARKED, self.changes.waiting(ChangeState.PARKED).count)

    def _tell_again(self, result: Collected) -> None:
        """Tell Orderful what nobody is about to tell it: the message was given up, and no inbox shows what waits."""
        for change in self.changes.untold():
            if not self._has_time():
                return
            if self.clock.now() - change.updated_at > self.resend_after + LONGEST_DELAY:
                with suppress(Conflict):  # somebody is at it
                    confirm(change, self.changes, self.orderful)
                    result.confirmed += 1

    def _is_forgotten(self, change: Change, now: datetime) -> bool:
        if change.not_before is not None:
            return now >= change.not_before
        if change.attempts == 0:
            return now - change.updated_at > self.resend_after
        # Its message may still be on its way back with the longest delay.
        return now - change.updated_at > self.resend_after + LONGEST_DELAY

    def _has_time(self) -> bool:
        return self.deadline.remaining() > TIME_FOR_ONE


def _is_processed(row: InboundTransaction, now: datetime) -> bool:
    """Whether Orderful still processes it. After `PROCESSING_AT_MOST` it is recorded, for a person to see."""
    since = row.created_at or now
    return row.validation is Validation.PROCESSING and now - since < PROCESSING_AT_MOST


def _comes_before(earlier: InboundTransaction, later: InboundTransaction, now: datetime) -> bool:
    """Whether the earlier row may be about the order of the later one, from the same sender, and is worth a wait.

    Orderful derives the number from the content: while it processes a transaction the number may be missing.
    """
    numbers = {earlier.business_number, later.business_number}
    is_recent = now < (earlier.created_at or now) + WAIT_FOR_EARLIER
    return is_recent and earlier.sender_id == later.sender_id and (None in numbers or len(numbers) == 1)
