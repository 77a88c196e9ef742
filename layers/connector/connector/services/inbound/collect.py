"""Use case: collect inbound transactions from Orderful, on a schedule.

It reads inboxes and polling buckets, whose items stay until they are confirmed, and Orderful's list of transactions,
which has every change (860) and every answer that may refuse something (855, 865, 824). Orderful delivers each
relationship by one channel, so a transaction whose callback was lost is in no inbox. A callback is only a hint that
arrives earlier. The collector also sweeps: records that were not finished are queued
again, and missing confirmations are sent.

An inbox may have other readers too. Items for them stay there untouched, and are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from connector.domain.documents import DocumentKey
from connector.domain.errors import (
    AnswerDamaged,
    AnswerTooLarge,
    AnswerTooSlow,
    Conflict,
    ConnectorError,
    Misconfigured,
    NoRouting,
    StateMismatch,
    Throttled,
    Transient,
)
from connector.domain.inbound import LISTED, InboundTransaction
from connector.domain.order_change.record import (
    CHANGE,
    WAIT_FOR_EARLIER,
    Change,
    ChangeState,
    WaitsOn,
    apply_order,
)
from connector.domain.pause import pause_of
from connector.domain.reasons import Reason
from connector.domain.transactions import Stream
from connector.services.consume import MAX_DELAY, TIME_FOR_ONE
from connector.services.inbound.acknowledge import confirm, confirm_deliveries
from connector.services.inbound.ports import Changes, InboundNetwork
from connector.services.inbound.record import InboundRecorder, is_processed, message_for
from connector.services.inbound.review import ChangeReview
from connector.services.list_health import LOST_ROUTING
from connector.services.ports import Clock, Deadline, Metric, Outbox, Pauses, RoutingSource, Telemetry

PAGE = 100
"""Most items of an inbox or bucket that Orderful returns at once."""

MAX_PAGES = 20
"""Most pages of one inbox or bucket that one run reads."""

MAX_FAILURES = 2
"""Most pages of one inbox that may be unreadable in one run, after a smaller page could be read."""

UNCLAIMED_AFTER = timedelta(hours=24)
"""An item for others that has waited in an inbox this long is reported: perhaps nobody reads it."""

INEFFECTIVE_AFTER = 2
"""How often an item may be confirmed and still be there before this is reported; Orderful may remove it late."""

LIST_OVERLAP = timedelta(hours=1)
"""The overlap of the list: how late a transaction may appear in it is not documented."""

STUCK_AFTER = timedelta(minutes=30)
"""A change that is not finished after this time is reported."""


Read = Callable[[str, int], Sequence[InboundTransaction | None]]
"""Reads an inbox or a bucket: its id, and how many items at most."""


@dataclass(slots=True)
class _PageSize:
    """How many items of an inbox are requested at once: fewer if a page cannot be read, more if no item leaves.

    Attributes:
        good: The largest size that could be read; 0 when not known.
        too_many: The smallest size that could not be read.
        failures: Number of pages that could not be read.
    """

    limit: int
    good: int = 0
    too_many: int = PAGE + 1
    failures: int = 0

    def shrink(self, divisor: int) -> int:
        """Note that a page could not be read. Returns the next size."""
        self.failures += 1
        self.too_many = self.limit
        self.limit = max(1, (self.good + self.limit) // 2 if self.good else self.limit // divisor)
        return self.limit

    def moved_up(self, number: int) -> int:
        """Note that `number` items left, so that as many new ones are on the page. Returns the next size."""
        self.good = 0
        if self.too_many > PAGE:
            self.limit = min(self.limit * 2, PAGE)
        else:
            self.too_many = max(self.too_many - number, 1)
            self.limit = max(1, min(self.limit, self.too_many - 1))
        return self.limit

    def grow(self) -> bool:
        """Note that no item left. False when there is no larger page, or it was tried often enough."""
        self.good = self.limit
        larger = min(self.limit * 2, PAGE) if self.too_many > PAGE else (self.limit + self.too_many) // 2
        if larger <= self.limit or self.failures > MAX_FAILURES:
            return False
        self.limit = larger
        return True


class Watermark(Protocol):
    """The watermark of Orderful's list of transactions, with a lease for one collector at a time."""

    def take(self, *, now: datetime, lease: timedelta) -> datetime | None:
        """Take the lease; returns the watermark, None the first time. Raises `Conflict` while it is held."""

    def put(self, timestamp: datetime | None) -> None:
        """Return the lease, with `timestamp` as the new watermark; None leaves it unchanged."""


@dataclass(slots=True, kw_only=True)
class Collected:
    """The result of one run.

    Attributes:
        waiting: Listed transactions that were left for a later run: Orderful still processes them, or an earlier one.
        nameless: Items and rows without a transaction id, which cannot be fetched.
        unqueued: Recorded changes that are not queued yet, by order and id.
    """

    taken: int = 0
    waiting: int = 0
    confirmed: int = 0
    requeued: int = 0
    unclaimed: int = 0
    nameless: int = 0
    problems: list[str] = field(default_factory=list)
    unqueued: dict[tuple[DocumentKey, str], Change] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Empties inboxes and buckets, reads the list, sweeps.

    Attributes:
        resend_after: A change that has been in one state for this long is queued again: its message may be lost.
        page_sizes: Page sizes of inboxes whose pages are too large; kept between runs.
        settled_answers: Ids of listed answers that need no further look; kept between runs.
    """

    changes: Changes
    recorder: InboundRecorder
    orderful: InboundNetwork
    outbox: Outbox
    pauses: Pauses
    routing: RoutingSource
    watermark: Watermark
    clock: Clock
    telemetry: Telemetry
    deadline: Deadline
    stream: Stream
    inbox_ids: Sequence[str]
    bucket_ids: Sequence[str]
    resend_after: timedelta
    page_sizes: MutableMapping[str, int] = field(default_factory=dict)
    settled_answers: set[str] = field(default_factory=set)

    def run(self) -> Collected:
        """Collect as much as time allows; the next run finds the rest."""
        result = Collected()
        try:
            since = self.watermark.take(now=self.clock.now(), lease=self.deadline.remaining())
        except Conflict:
            result.problems.append("Another collector is running.")
            return result
        except StateMismatch as error:
            self.telemetry.count(Metric.CREDENTIALS_REFUSED)
            self.telemetry.error("not collected", {"resource": "the list of transactions", "reason": str(error)})
            result.problems.append(str(error))
            return result
        if self._waits_for_routing():
            self.watermark.put(None)
            return self._without_routing(result, is_new=since is None)
        read_up_to: datetime | None = None
        try:
            # The list has every change and answer, even if an inbox is full: half of the time is for it and the sweep.
            places = list(self._places())
            start = self.deadline.remaining()
            for place, (what, read, name) in enumerate(places, 1):
                until = start - start / 2 * place / len(places)
                self._guarded(result, what, self._empty, read, name, what, until)
            started = self.clock.now()
            if self._guarded(result, "the list of transactions", self._read_list, since or started):
                # The watermark stays while something waits, so that it is listed again.
                read_up_to = (since or started) if result.waiting else started
            self._guarded(result, "the queue of changes", self._queue)
            self._guarded(result, "the sweep", self._sweep)
            self._guarded(result, "what is not confirmed to Orderful", self._confirm_again)
        finally:
            self.watermark.put(read_up_to)
        if not result.problems:
            self.telemetry.count(Metric.COLLECT_COMPLETED)
        return result

    def _without_routing(self, result: Collected, *, is_new: bool) -> Collected:
        """End a run without routing: transactions stay at Orderful. On a new stack this is no fault."""
        if is_new:
            self.telemetry.info("no routing was applied yet: nothing is collected", {})
            self.telemetry.count(Metric.COLLECT_COMPLETED)
            return result
        self.telemetry.count(Metric.CREDENTIALS_REFUSED)
        self.telemetry.error("not collected", {"resource": "the list of transactions", "reason": LOST_ROUTING})
        result.problems.append(LOST_ROUTING)
        return result

    def _waits_for_routing(self) -> bool:
        """Whether no routing was applied. Other errors of the routing are reported where it is used."""
        try:
            self.routing.load()
        except NoRouting:
            return True
        except ConnectorError:
            return False
        return False

    def _guarded(self, result: Collected, what: str, work: Callable[..., None], *arguments: object) -> bool:
        """Run one part; its failure is noted and does not stop the other parts."""
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

    def _places(self) -> Iterator[tuple[str, Read, str]]:
        yield from ((f"inbox {name}", self.orderful.inbox, name) for name in self.inbox_ids)
        yield from ((f"bucket {name}", self.orderful.bucket, name) for name in self.bucket_ids)

    def _empty(self, result: Collected, read: Read, name: str, what: str, until: timedelta) -> None:
        """Read page after page as long as items leave, at most `MAX_PAGES`.

        Items stay until they are confirmed, and Orderful has no second page: newer items appear only when others leave.
        A page that cannot be read is requested again with fewer items; after a readable one, a larger page is
        requested.
        """
        size = _PageSize(self.page_sizes.get(what, PAGE))
        confirmed: set[str] = set()
        others: list[InboundTransaction] = []
        nameless = 0
        for _ in range(MAX_PAGES):
            if not self._has_time() or self.deadline.remaining() < until:
                break
            try:
                items = read(name, size.limit)
            except (AnswerTooLarge, AnswerTooSlow, AnswerDamaged) as error:
                if size.limit == 1:
                    self._unreadable(result, what, error)
                    return
                self.page_sizes[what] = size.shrink(4 if isinstance(error, AnswerTooSlow) else 2)
                continue
            self.page_sizes[what] = size.limit
            nameless = items.count(None)
            others = [item for item in items if item is not None and self._is_others(item)]
            mine = [item for item in items if item is None or not self._is_others(item)]
            left = [self._item(item, result, confirmed) for item in items]
            if len(items) < size.limit:
                break
            if any(left):
                self.page_sizes[what] = size.moved_up(sum(left))
            elif not size.grow() and not self._make_room(mine, result, confirmed):
                self._full(result, what, mine, others, size=size.limit)
                result.nameless += nameless
                return
        result.unclaimed += self._waiting_long(others)
        result.nameless += nameless

    def _unreadable(self, result: Collected, what: str, error: ConnectorError) -> None:
        """Report that not even the first item can be read: changes and answers behind it are found by the list only."""
        self.telemetry.error(
            "the first item cannot be read",
            {"resource": what, "reason": error.sentence, "request_id": error.request_id},
        )
        result.problems.append(
            f"{what}: its first item cannot be read alone: {error.sentence} Look at it in Orderful, and accept or fail "
            "it there. Changes and answers behind it are read from the list."
        )

    def _full(
        self,
        result: Collected,
        what: str,
        mine: Sequence[InboundTransaction | None],
        others: Sequence[InboundTransaction],
        *,
        size: int,
    ) -> None:
        """Report a full page from which nothing leaves. Items for other readers are counted as unclaimed."""
        self.telemetry.error("a full page that cannot be emptied", {"resource": what, "rows": size})
        result.unclaimed += len(others)
        if mine or size < PAGE:
            result.problems.append(
                f"{what} shows no more than {size} items, and they do not leave: {len(others)} are for other readers."
            )

    def _is_others(self, item: InboundTransaction) -> bool:
        return self.recorder.is_for_others(item) or item.stream is not self.stream

    def _waiting_long(self, others: Sequence[InboundTransaction]) -> int:
        """The number of items for other readers if the oldest has waited for too long; else 0."""
        oldest = next(iter(others), None)
        if oldest is None:
            return 0
        since = oldest.created_at
        if since is None and oldest.delivery is not None:
            with suppress(ConnectorError):
                shown = self.orderful.delivery_status(oldest.delivery, oldest.transaction_id)
                since = shown.created_at if shown else None
        return len(others) if since is not None and self.clock.now() - since > UNCLAIMED_AFTER else 0

    def _item(self, item: InboundTransaction | None, result: Collected, confirmed: set[str]) -> bool:
        """Record one item. True when it was confirmed and will leave. An item confirmed in this run is skipped."""
        if item is None:
            return False
        return item.transaction_id not in confirmed and self._safely(item, result, confirmed, self._taken)

    def _safely(
        self,
        item: InboundTransaction,
        result: Collected,
        confirmed: set[str],
        work: Callable[[InboundTransaction, Collected, set[str]], bool],
    ) -> bool:
        """Run `work` for one item. A conflict or a failure of this item does not stop the others."""
        try:
            return work(item, result, confirmed)
        except Conflict:
            return False
        except Misconfigured:
            raise
        except ConnectorError as error:
            result.problems.append(f"transaction {item.transaction_id}: {error}")
            self._leave(item, error)
            return False

    def _taken(self, item: InboundTransaction, result: Collected, confirmed: set[str]) -> bool:
        change = self.recorder.record(item)
        if change is None:
            return False
        result.taken += 1
        if change.is_due:
            result.unqueued[change.key, change.transaction_id] = change
            return False
        if not (change.is_unconfirmed or item.delivery):
            return False
        return self._confirmed(change, item, result, confirmed)

    def _confirmed(self, change: Change, item: InboundTransaction, result: Collected, confirmed: set[str]) -> bool:
        """Confirm an item, once a run. True unless Orderful refuses the confirmation."""
        confirmed.add(item.transaction_id)
        if change.is_unconfirmed:
            after = confirm(change, self.changes, self.orderful, self.telemetry)
            refused = after.unacknowledged > change.unacknowledged
        else:
            # It was confirmed and is still there (Orderful: an item stays until it is confirmed). The answer to a
            # confirmation is empty, so a 200 of a proxy that did not pass it on looks the same.
            again = item.delivery is not None and item.delivery.delivery_id in change.settled_deliveries
            deliveries = (item.delivery,) if item.delivery else ()
            change = msgspec.structs.replace(change, deliveries=deliveries)
            after = confirm_deliveries(change, self.changes, self.orderful, self.telemetry, again=again)
            refused = after.unacknowledged > change.unacknowledged + again
        if after.unacknowledged >= INEFFECTIVE_AFTER:
            result.problems.append(
                f"transaction {item.transaction_id} is still there, although earlier runs confirmed it."
            )
        result.confirmed += not refused
        return not refused

    def _leave(self, item: InboundTransaction, error: ConnectorError) -> None:
        """Log an item that cannot be fetched or confirmed now; the next run finds it, and the later ones go on."""
        self.telemetry.warning(
            "item left for the next run",
            {"transaction_id": item.transaction_id, "reason": str(error), "request_id": error.request_id},
        )

    def _make_room(self, items: Sequence[InboundTransaction | None], result: Collected, confirmed: set[str]) -> bool:
        """Make room on a full page: accept items that are recorded and not decided yet."""
        waiting = [item for item in items if item is not None and item.delivery is not None]
        freed = [self._safely(item, result, confirmed, self._accepted) for item in waiting]
        return any(freed)

    def _accepted(self, item: InboundTransaction, result: Collected, confirmed: set[str]) -> bool:
        change = None if item.transaction_id in confirmed else self.recorder.recorded(item.transaction_id)
        return change is not None and self._confirmed(change, item, result, confirmed)

    # -- the list -----------------------------------------------------------------------------------------------------

    def _read_list(self, result: Collected, since: datetime) -> None:
        """Record what is in the list and was not recorded yet: changes first, then answers, each oldest first.

        A change that Orderful still processes waits, and later ones of the same sender wait for it, for a limited time.
        """
        routing, now = self.routing.load(), self.clock.now()
        listed = list(
            self.orderful.list_received(
                since - LIST_OVERLAP,
                documents=[one for one in LISTED if one in routing.takes],
                receiver_ids=sorted({company.isa_id.on(self.stream) for company in routing.companies.values()}),
                stream=self.stream,
            )
        )
        rows = [row for row in listed if row is not None]
        result.nameless += len(listed) - len(rows)
        rows.sort(key=lambda row: row.created_at or now)
        changes = [row for row in rows if row.document == CHANGE]
        answers = [row for row in rows if row.document != CHANGE]
        left = self._changes_of_list(changes, result, now) + self._answers_of_list(answers, result, now)
        if result.waiting:
            self.telemetry.info("listed and left for a later run", {"rows": result.waiting})
        if left:
            raise Transient(f"{left} transactions could not be taken in; the next run begins where this one did.")

    def _changes_of_list(self, rows: Sequence[InboundTransaction], result: Collected, now: datetime) -> int:
        """Record the changes. Returns how many could not be taken in."""
        left, missing = 0, list[InboundTransaction]()
        for row in rows:
            self._must_have_time()
            before = next((one for one in missing if _comes_before(one, row, now)), None)
            try:
                change = self.recorder.recorded(*row.names)
                if change is not None:
                    self._hold_back(change, before)
                elif before is not None or is_processed(row, now):
                    missing.append(row)
                    result.waiting += 1
                elif (change := self.recorder.record(row)) is not None:
                    result.unqueued[change.key, change.transaction_id] = change
                    result.taken += 1
            except (Misconfigured, Throttled):
                raise
            except ConnectorError as error:
                left += 1
                missing.append(row)
                self._leave(row, error)
        return left

    def _answers_of_list(self, rows: Sequence[InboundTransaction], result: Collected, now: datetime) -> int:
        """Record the answers; none waits for another. Returns how many could not be taken in."""
        left = 0
        self.settled_answers.intersection_update([row.transaction_id for row in rows])
        for row in rows:
            if row.transaction_id in self.settled_answers or self.recorder.is_for_others(row):
                continue
            self._must_have_time()
            try:
                if self.recorder.recorded(*row.names) is None:
                    if is_processed(row, now):
                        result.waiting += 1
                        continue
                    result.taken += self.recorder.record(row) is not None
                self.settled_answers.add(row.transaction_id)
            except (Misconfigured, Throttled):
                raise
            except ConnectorError as error:
                left += 1
                self._leave(row, error)
        return left

    def _must_have_time(self) -> None:
        if not self._has_time():
            raise Transient("The list was not read to its end in time; the next run begins where this one did.")

    def _hold_back(self, change: Change, before: InboundTransaction | None) -> None:
        """Defer a new change because an earlier one is listed and cannot be recorded yet."""
        if before is None or change.attempts or change.predecessor_id or change.state is not ChangeState.RECEIVED:
            return
        deferred = change.moved(
            ChangeState.RECEIVED,
            now=self.clock.now(),
            note=f"waits for the earlier {before.transaction_id}, which Orderful lists and does not give out yet",
            predecessor_id=before.transaction_id,
            not_before=(before.created_at or self.clock.now()) + WAIT_FOR_EARLIER,
        )
        with suppress(Conflict):  # another worker has it
            self.changes.save(deferred)

    def _queue(self, result: Collected) -> None:
        """Queue what was recorded. By now all changes of an order are recorded, so none overtakes an earlier one."""
        for change in apply_order(result.unqueued.values()):
            self.recorder.queue(self.changes.get(change.key, change.transaction_id) or change)

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
        for_a_person = [self.changes.waiting(state).count for state in (ChangeState.PARKED, ChangeState.REFUSED)]
        parked = list(self.changes.in_state(ChangeState.PARKED))
        pauses = self.pauses.pauses(now=now)
        kept = sum(
            Reason.PAUSED in one.reason_codes and pause_of(pauses, one.company, one.kind, one.partner) is not None
            for one in parked
        )
        self.telemetry.count(Metric.OPEN_CHANGES_PARKED, max(sum(for_a_person) - kept, 0))
        answers = self.changes.waiting(ChangeState.ATTENTION).count
        self.telemetry.count(Metric.INBOUND_ATTENTION, answers + result.unclaimed + result.nameless)
        if result.unclaimed:
            self.telemetry.error("items that nobody takes", {"rows": result.unclaimed})
        if result.nameless:
            self.telemetry.error("what Orderful shows names no transaction", {"rows": result.nameless})
        self._look_at_parked(parked, result, now)

    def _look_at_parked(self, parked: Sequence[Change], result: Collected, now: datetime) -> None:
        """Queue parked changes that wait for Visma, and those parked behind a change that has ended.

        A change that waits for Visma is queued with all others of its order, so that none overtakes another.
        """
        review = ChangeReview(self.changes, self.outbox, self.clock)
        for change in apply_order(one for one in parked if one.waits_on is WaitsOn.EARLIER):
            before = self.changes.get(change.key, change.behind or "")
            if before is None or before.has_ended:
                with suppress(Conflict):  # a person decides about it
                    review.look_behind_one(change)
                    result.requeued += 1
        waiting = [change for change in parked if change.awaits_visma]
        due = {change.key for change in waiting if change.not_before is None or now >= change.not_before}
        for change in apply_order(change for change in waiting if change.key in due):
            with suppress(Conflict):  # a person decides about it
                review.look_at_visma_again(change)
                result.requeued += 1

    def _confirm_again(self, result: Collected) -> None:
        """Send confirmations that nothing else will send: the message was given up, and no inbox has the item."""
        for change in self.changes.unacknowledged():
            if not self._has_time():
                return
            if self.clock.now() - change.updated_at > self.resend_after + MAX_DELAY:
                result.confirmed += self._confirmed_again(change, result)

    def _confirmed_again(self, change: Change, result: Collected) -> bool:
        """Confirm one; that it fails keeps no other from Orderful."""
        try:
            confirm(change, self.changes, self.orderful, self.telemetry)
        except Conflict:  # another worker has it
            return False
        except (Misconfigured, Throttled):
            raise
        except ConnectorError as error:
            result.problems.append(f"what is not confirmed to Orderful: transaction {change.transaction_id}: {error}")
            return False
        return True

    def _is_forgotten(self, change: Change, now: datetime) -> bool:
        if change.not_before is not None:
            return now >= change.not_before
        if change.attempts == 0:
            return now - change.updated_at > self.resend_after
        # Its message may still be delayed by the longest time.
        return now - change.updated_at > self.resend_after + MAX_DELAY

    def _has_time(self) -> bool:
        return self.deadline.remaining() > TIME_FOR_ONE


def _comes_before(earlier: InboundTransaction, later: InboundTransaction, now: datetime) -> bool:
    """Whether the later row waits for the earlier one: same sender, and perhaps the same order.

    Orderful derives the number from the content, so it may be missing while Orderful processes a transaction.
    """
    numbers = {earlier.business_number, later.business_number}
    is_recent = now < (earlier.created_at or now) + WAIT_FOR_EARLIER
    return is_recent and earlier.sender_id == later.sender_id and (None in numbers or len(numbers) == 1)
