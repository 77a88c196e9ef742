"""A run in which workers of all functions are killed while documents and changes are processed.

One thread per scheduled function invokes it, others send callbacks, kill, create documents, send changes, and monitor.
When enough invocations were killed the kills end, and the run waits for quiescence.
"""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from demo.catalogue import purchase_order
from proof.deployed.environment import SUPPLIER, Environment
from proof.deployed.killer import Killer, Receives
from proof.deployed.outcome import Asked
from proof.deployed.quiescence import LOCKED, Quiescence
from testkit.laptop.observed import PIPELINE, SENT
from testkit.laptop.stack import CALLBACK_SECRET

CONSUMERS = {
    "TranslateDocumentFunction": "DocumentsQueueUrl",
    "DeliverTransactionFunction": "DeliveriesQueueUrl",
    "ApplyChangeFunction": "ChangesQueueUrl",
}
SCHEDULED = ("PollVismaFunction", "TrackTransactionsFunction", "PollOrderfulFunction")
_CALLBACK = "ReceiveCallbackFunction"
_NEVER = "0000"
_BURST = 5
_SLOWER = 4
"""Factor of the pauses while only few kills are still wanted."""

_FIRST = 720001
_FORGED = 10**9
TIMEOUT_SECONDS = 7200.0
"""Time limit of the kills, and of the quiescence after them; far above the time that a slow machine needs."""

STUCK = 900.0
"""Seconds without progress after which the run is stuck."""

_MAX_FORGED = 15
"""Callbacks with unknown ids: the stack looks up 20 of them per minute."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run.

    Attributes:
        documents: Orders at least; later ones only if the killing lasts longer.
        changes: 860s at least.
        share: Invocations of each function that are to be hit before the killing ends early.
        most: Invocations that are hit at most, of each function.
        max_consumer_hits: The same for functions that queues start: what their workers held has to wait.
        hits: Invocations that are to be hit in all. How many are, depends on the machine, and is counted and said.
        floor: Invocations of each function that have to be hit.
        killing: Seconds after which only what is short of `floor` is killed, and the killing ends once nothing is.
        pause: Seconds between two bursts of orders, and between two changes.
    """

    documents: int
    changes: int
    share: int
    most: int
    max_consumer_hits: int
    hits: int
    floor: int
    killing: float
    pause: float


@dataclass(slots=True)
class Run:
    """One run.

    Attributes:
        environment: The company it happens in.
        plan: How large it is.
        seed: Of what flows and of the moments of the kills.
        killer: Kills and counts.
        receives: How often messages came.
        orders: How many states Visma has shown of each order.
        asked: What partners asked for.
        edits: What users wrote into orders besides, by key.
        said: The last answer of each scheduled function, for a person who asks why the run is stuck.
        troubles: What the run itself could not do.
        killed_for: Seconds of killing.
        quiescent_after: Seconds from the last kill until nothing was on its way.
    """

    environment: Environment
    plan: Plan
    seed: int
    killer: Killer = field(init=False)
    receives: Receives = field(init=False)
    orders: dict[str, int] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    edits: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    killed_for: float = 0.0
    quiescent_after: float = 0.0
    _quiescence: Quiescence = field(init=False)
    _killing_ends: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _late: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Create the killer and the counter of receives."""
        # The oldest messages come first: if nearly every new worker were killed, the same messages would fail again and
        # again, and the delay of a retry doubles with each receive.
        self.killer = Killer(self.environment.laptop, self.seed, self.wants, dict.fromkeys(CONSUMERS, 0.6))
        self.receives = Receives(self.environment.laptop)
        self._quiescence = Quiescence.of(self.environment.laptop, [self.environment.company])

    def play(self) -> None:
        """Kill until enough invocations were killed, then wait for quiescence."""
        work: list[Callable[[], None]] = [
            lambda: self.killer.follow(self._over),
            *(partial(self._scheduled, function) for function in SCHEDULED),
            self._callbacks,
            self._documents,
            self._changes,
            self._watch,
        ]
        threads = [threading.Thread(target=self._guarded, args=(each,), daemon=True) for each in work]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            self._killing_ends.wait(self.plan.killing)
            self._late.set()
            while self.short() and time.monotonic() - began < TIMEOUT_SECONDS and not self._killing_ends.wait(1.0):
                pass
            self._killing_ends.set()
            self.killed_for = time.monotonic() - began
            self._wait_for_quiescence()
            self.quiescent_after = time.monotonic() - began - self.killed_for
        finally:
            self._over.set()
            for thread in threads:
                thread.join(60)

    def wants(self, function: str) -> bool:
        """Whether one more kill of a function is wanted."""
        most = self.plan.max_consumer_hits if function in CONSUMERS else self.plan.most
        if self._late.is_set():
            most = self.plan.floor
        return not self._killing_ends.is_set() and self.killer.hits[function] < most

    def short(self) -> dict[str, int]:
        """Functions with too few killed invocations, and their number."""
        return {each: self.killer.hits[each] for each in PIPELINE if self.killer.hits[each] < self.plan.floor}

    # -- invocations by the test

    def _scheduled(self, function: str) -> None:
        laptop = self.environment.laptop
        while not self._over.is_set():
            answer = laptop.lambda_.invoke(FunctionName=laptop.outputs[function], Payload=b"{}")
            payload = json.loads(answer["Payload"].read())
            self.said[function] = str(payload)[:500]
            if "FunctionError" in answer:
                self.killer.record_failure(function, str(payload.get("errorMessage")))
                self._end_leases(function)
            self._over.wait(self.killer.timestamp(0.4) if self.wants(function) else 1.0)

    def _callbacks(self) -> None:
        """Repeated callbacks, and callbacks for unknown transactions."""
        draw = random.Random(self.seed)  # noqa: S311 - it draws cases, not secrets
        forged = 0
        while not self._killing_ends.is_set():
            known = [asked_for.transaction_id for asked_for in self.asked[-20:] if asked_for.transaction_id]
            if forged < _MAX_FORGED and (not known or draw.random() < 0.5):
                known, forged = [str(draw.randrange(_FORGED, 10 * _FORGED))], forged + 1
            if known:
                self.killer.record_failure(_CALLBACK, self._call_back({"transactionId": int(draw.choice(known))}))
            self._killing_ends.wait(self.killer.timestamp(0.4) if self.wants(_CALLBACK) else 1.0)

    def _call_back(self, body: dict[str, Any]) -> str:
        """The body of an error answer to a callback; empty for a 2xx."""
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            self.environment.laptop.stack.callback_url,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", CALLBACK_SECRET["header"]: CALLBACK_SECRET["secrets"][0]},
            method="POST",
        )
        try:
            urllib.request.urlopen(request, timeout=300).close()  # noqa: S310 - our own http URL
        except urllib.error.HTTPError as error:
            return error.read().decode()
        return ""

    def _end_leases(self, function: str) -> None:
        """End the leases of a killed run, which would expire minutes later."""
        laptop = self.environment.laptop
        ours = {"PollVismaFunction": self.environment.company, "PollOrderfulFunction": "(orderful)"}.get(function)
        for item in laptop.items("CursorsTable"):
            until = item.get("lease_until", {"S": _NEVER})
            if item["pk"]["S"] != ours or until["S"] == _NEVER:
                continue
            laptop.dynamodb.update_item(
                TableName=laptop.outputs["CursorsTable"],
                Key={name: item[name] for name in ("pk", "sk")},
                UpdateExpression="SET lease_until = :ended",
                ConditionExpression="lease_until = :seen",
                ExpressionAttributeValues={":ended": {"S": _NEVER}, ":seen": until},
            )

    # -- workload

    @property
    def _pause(self) -> float:
        return self.plan.pause * (_SLOWER if self._late.is_set() else 1)

    def _documents(self) -> None:
        """Create orders until the kills end, and edit those that were sent."""
        draw = random.Random(self.seed + 1)  # noqa: S311 - it draws cases, not secrets
        laptop = self.environment.laptop
        query = f"documents?kind=purchaseorder&company={self.environment.company_id}"
        number = _FIRST + len(laptop.visma.control("GET", query))
        while len(self.orders) < self.plan.documents or not self._killing_ends.is_set():
            for _ in range(_BURST):
                with self._lock:
                    self.orders[str(number)] = 1
                self.environment.order(str(number))
                number += 1
            for old in draw.sample(sorted(self._fed()), 2):
                self._edit(old)
            self._killing_ends.wait(self._pause)

    def _fed(self) -> dict[str, int]:
        """A copy of the orders, for iteration in another thread."""
        with self._lock:
            return dict(self.orders)

    def _edit(self, number: str) -> None:
        """A user changes an order that was sent and has no 860."""
        key = self.environment.key(number)
        newest = self.environment.laptop.newest(key)
        with self._lock:
            if newest is None or newest.state not in SENT or any(asked_for.key == key for asked_for in self.asked):
                return
            self.orders[number] += 1
            lines = [("1310", str(20 + self.orders[number])), ("1402", "5")]
        self.environment.laptop.put(self.environment.company_id, purchase_order(number, SUPPLIER, lines))

    def _changes(self) -> None:
        """Send one 860 for each of many orders, by inbox, or by inbox and callback; users edit every third order."""
        draw = random.Random(self.seed + 2)  # noqa: S311 - it draws cases, not secrets
        laptop = self.environment.laptop
        while len(self.asked) < self.plan.changes or not self._killing_ends.is_set():
            free = self._unasked()
            number = draw.choice(free) if free else None
            newest = laptop.newest(self.environment.key(number)) if number else None
            if number is None or newest is None or newest.state not in SENT:
                self._over.wait(0.1)
                continue
            quantity = draw.randint(21, 30)
            asked_for = Asked("", self.environment.key(number), {1: Decimal(quantity)})
            with self._lock:
                if self.orders[number] != 1:
                    continue  # a user has edited it meanwhile
                # It is recorded first, so that no user edits its lines.
                self.asked.append(asked_for)
            channels = ["inbox", "webhook"] if draw.random() < 0.5 else ["inbox"]
            sent = self.environment.asks(number, quantity, channels=channels)
            self.asked[-1] = replace(asked_for, transaction_id=sent["id"])
            if len(self.asked) % 3 == 1:
                self.edits[asked_for.key] = edits = {"emailed": True}
                self._over.wait(self.killer.timestamp(1.0))
                row = {
                    "kind": "purchaseorder",
                    "company": self.environment.company_id,
                    "number": number,
                    "changes": edits,
                }
                laptop.visma.control("PATCH", "documents", row)
            self._killing_ends.wait(self._pause)

    def _unasked(self) -> list[str]:
        """Orders without edits and without an 860."""
        taken = {asked_for.key for asked_for in self.asked}
        return [one for one, states in self._fed().items() if states == 1 and self.environment.key(one) not in taken]

    # -- monitoring

    def _watch(self) -> None:
        while not self._over.is_set():
            self.receives.look()
            hits = self.killer.hits
            if sum(hits.values()) >= self.plan.hits and all(hits[each] >= self.plan.share for each in PIPELINE):
                self._killing_ends.set()
            self._over.wait(1.0)

    def _wait_for_quiescence(self) -> None:
        """Wait until everything is processed; then poll once more, so that an echo would show."""
        end = time.monotonic() + TIMEOUT_SECONDS
        for _ in range(2):
            since, before = datetime.now(UTC), None
            moved = time.monotonic()
            while left := self._left(since):
                now = time.monotonic()
                seen = (len(self.orders), len(self.asked), [one for one in left if LOCKED not in one])
                if seen != before:
                    before, moved = seen, now
                if now >= min(moved + STUCK, end):
                    self.troubles += [*left, *(f"last answer of {one}: {said}" for one, said in self.said.items())]
                    return
                self._over.wait(1.0)

    def _left(self, since: datetime) -> list[str]:
        """What is not done yet."""
        laptop = self.environment.laptop
        cursor = laptop.cursors().get((self.environment.company, "v1/purchaseorder"))
        if len(self.orders) < self.plan.documents or len(self.asked) < self.plan.changes:
            return ["The workload is not complete."]
        if cursor is None or cursor.caught_up_at is None or cursor.caught_up_at < since:
            return ["No poll has finished since the last kill."]
        unconfirmed = [
            f"The change {asked_for.transaction_id} of {asked_for.key} is not decided, or not confirmed."
            for asked_for in self.asked
            if (change := laptop.change(asked_for.transaction_id)) is None or change.is_due or change.is_unconfirmed
        ]
        return unconfirmed + self._quiescence.stuck()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - reported as a violation; the other threads continue
            self.troubles.append(f"A thread of the run failed: {type(error).__name__}: {error}.")
            self._killing_ends.set()
