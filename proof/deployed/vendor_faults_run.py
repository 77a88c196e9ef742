"""The traffic of a run: scheduled functions and messages of partners, until the stack is quiescent."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from connector.domain.revision.record import State
from demo.scenario import COMPANY_IDS
from proof.deployed.fault_injection import Worker
from proof.deployed.quiescence import UNFINISHED, Quiescence
from proof.deployed.vendor_faults_workload import RECEIVER, ChangeRequest, WorkItem
from testkit.laptop.observed import SENT, Laptop

POLL, COLLECT, TRACK = "PollVismaFunction", "PollOrderfulFunction", "TrackTransactionsFunction"
DELIVER: Final = "DeliverTransactionFunction"
INTERVALS: Final = {POLL: 0.5, COLLECT: 5.0, TRACK: 5.0}
"""Seconds between two invocations of a scheduled function."""


@dataclass(slots=True)
class Traffic:
    """The traffic on the stack.

    Attributes:
        items: The documents and changed orders; others on the stack are ignored.
        polling: Whether Visma is polled repeatedly, or once at the end.
        sent: The changes that partners sent, by transaction id.
        runs: The number of invocations of each scheduled function.
        failures: The number of failed invocations (the next scheduled run is the retry).
    """

    laptop: Laptop
    items: Sequence[WorkItem]
    polling: bool = True
    sent: dict[str, ChangeRequest] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    _quiescence: Quiescence = field(init=False)

    def __post_init__(self) -> None:
        """Check these items only."""
        known = {item.key for item in self.items}
        self._quiescence = Quiescence.of(self.laptop, COMPANY_IDS, lambda key: str(key) in known)

    # -- workload

    def put(self, items: Sequence[WorkItem]) -> None:
        """Write documents in Visma."""
        for (company, kind), found in _grouped(items).items():
            documents = [item.document for item in found]
            body = {"kind": kind, "company": COMPANY_IDS[company], "documents": documents}
            self.laptop.visma.control("POST", "documents", body)

    def send(self, request: ChangeRequest) -> None:
        """A partner requests a change while a user edits the order."""
        for update in request.meanwhile:
            body = {"company": COMPANY_IDS[request.item.company], "update": update, "before_put": True}
            self.laptop.visma.control("PATCH", f"orders/{request.item.number}", body)
        body = {"receiver": RECEIVER, "stream": "TEST", "channels": list(request.channels)}
        created = self.laptop.orderful.control(
            "POST", "inbound", {"sender": request.sender, "message": request.message, **body}
        )
        self.sent[created["id"]] = request

    # -- functions

    def run(self, function: str) -> dict[str, Any]:
        """Invoke a scheduled function; returns an empty answer when it failed."""
        self.runs[function] += 1
        answer = self.laptop.lambda_.invoke(FunctionName=self.laptop.outputs[function], Payload=b"{}")
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            self.failures[function] += 1
            return {}
        return dict(payload)

    @contextmanager
    def scheduled(self) -> Iterator[None]:
        """Invoke the scheduled functions repeatedly and concurrently, for the length of a `with` block."""
        over = threading.Event()

        def again(function: str) -> Callable[[], None]:
            def work() -> None:
                while not over.is_set():
                    if self.polling or function != POLL:
                        self.run(function)
                    over.wait(INTERVALS[function])

            return work

        workers = [Worker(again(function)) for function in INTERVALS]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            over.set()
            for worker in workers:
                worker.join()
        for worker in workers:
            worker.check()

    # -- quiescence

    def until_quiescent(self, *, seconds: float) -> list[str]:
        """Invoke the functions until the stack is quiescent; returns what is in progress at the time limit."""
        deadline = time.monotonic() + seconds
        due = dict.fromkeys(INTERVALS, 0.0) if self.polling else {**dict.fromkeys(INTERVALS, 0.0), POLL: deadline}
        found: dict[str, dict[str, Any]] = {name: {} for name in INTERVALS}
        while True:
            moving = self._moving()
            for function, pause in INTERVALS.items():
                # Only a poll finishes a scan that an error interrupted.
                ends_scan = function == POLL and all(UNFINISHED in one for one in moving)
                if ends_scan or not moving or time.monotonic() >= due[function]:
                    found[function] = self.run(function)
                    due[function] = time.monotonic() + pause
            changes = [found[POLL].get("queued"), found[POLL].get("problems"), found[COLLECT].get("problems")]
            if not moving and not any(changes) and found[POLL] and found[COLLECT]:
                return []
            if time.monotonic() > deadline:
                return moving or [f"The scheduled functions still find work: {changes}."]
            time.sleep(0.2)

    def _moving(self) -> list[str]:
        """What is in progress."""
        deliveries = {one["transactionId"]: one for one in self.laptop.orderful.control("GET", "deliveries")}
        unconfirmed = [
            f"The change {name} was not confirmed." for name in self.sent if not deliveries[name]["confirmed"]
        ]
        return self._quiescence.stuck() + unconfirmed

    def tried(self, since: str) -> int:
        """The number of creates at Orderful since a time."""
        rows = self.laptop.orderful.control("GET", "requests?method=POST")["requests"]
        return sum(row["at"] >= since and row["path"].endswith("/transactions") for row in rows)

    def hold_back(self, items: Sequence[WorkItem]) -> None:
        """Poll and translate these documents with the deliverer disabled."""
        self.laptop.switch(DELIVER, on=False)
        self.put(items)
        self._until(items, frozenset({State.TRANSLATED}))

    def until_sent(self, items: Sequence[WorkItem]) -> None:
        """Poll until these documents are sent."""
        self._until(items, SENT)

    def _until(self, items: Sequence[WorkItem], states: frozenset[State]) -> None:
        def look() -> bool:
            self.run(POLL)
            newest = (self.laptop.newest(item.key) for item in items)
            return all(one is not None and one.state in states for one in newest)

        self.laptop.until(look, f"{len(items)} documents to be {' or '.join(sorted(states))}")


def _grouped(items: Sequence[WorkItem]) -> dict[tuple[str, str], list[WorkItem]]:
    found: dict[tuple[str, str], list[WorkItem]] = {}
    for item in items:
        found.setdefault((item.company, item.list), []).append(item)
    return found
