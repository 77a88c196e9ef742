"""The traffic of a run: schedules that fire and partners that send, until nothing is on its way."""

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
from proof.deployed.vendor_faults_workload import RECEIVER, Wish, WorkItem
from testkit.laptop.observed import SENT, Laptop

POLL, COLLECT, TRACK = "PollVismaFunction", "PollOrderfulFunction", "TrackTransactionsFunction"
DELIVER: Final = "DeliverTransactionFunction"
PAUSES: Final = {POLL: 0.5, COLLECT: 5.0, TRACK: 5.0}
"""Seconds between two runs of a scheduled function."""


@dataclass(slots=True)
class Traffic:
    """The traffic on the stack, and what is on its way.

    Attributes:
        items: All that documents and changes are about; what else is on the stack does not count.
        polling: Whether polls of Visma run by themselves; without them there is one at the end.
        sent: The changes that partners sent, by Orderful's number.
        runs: How often each scheduled function was run.
        failures: How often one of them ended in an error (the schedule's next run is the retry).
    """

    laptop: Laptop
    items: Sequence[WorkItem]
    polling: bool = True
    sent: dict[str, Wish] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    _quiescence: Quiescence = field(init=False)

    def __post_init__(self) -> None:
        """Look at these items alone."""
        known = {item.key for item in self.items}
        self._quiescence = Quiescence.of(self.laptop, COMPANY_IDS, lambda key: str(key) in known)

    # -- what comes in

    def put(self, items: Sequence[WorkItem]) -> None:
        """Write documents in Visma."""
        for (company, kind), found in _grouped(items).items():
            documents = [item.document for item in found]
            body = {"kind": kind, "company": COMPANY_IDS[company], "documents": documents}
            self.laptop.visma.control("POST", "documents", body)

    def send(self, wish: Wish) -> None:
        """A partner asks for a change, and a user is at the same order."""
        for update in wish.meanwhile:
            body = {"company": COMPANY_IDS[wish.item.company], "update": update, "before_put": True}
            self.laptop.visma.control("PATCH", f"orders/{wish.item.number}", body)
        body = {"receiver": RECEIVER, "stream": "TEST", "channels": list(wish.channels)}
        created = self.laptop.orderful.control(
            "POST", "inbound", {"sender": wish.sender, "message": wish.message, **body}
        )
        self.sent[created["id"]] = wish

    # -- what runs

    def run(self, function: str) -> dict[str, Any]:
        """Run a scheduled function once; an empty answer when it failed."""
        self.runs[function] += 1
        answer = self.laptop.lambda_.invoke(FunctionName=self.laptop.outputs[function], Payload=b"{}")
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            self.failures[function] += 1
            return {}
        return dict(payload)

    @contextmanager
    def scheduled(self) -> Iterator[None]:
        """Run the scheduled functions over and over, side by side, for the length of a `with` block."""
        over = threading.Event()

        def again(function: str) -> Callable[[], None]:
            def work() -> None:
                while not over.is_set():
                    if self.polling or function != POLL:
                        self.run(function)
                    over.wait(PAUSES[function])

            return work

        workers = [Worker(again(function)) for function in PAUSES]
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

    # -- what is on its way

    def until_quiescent(self, *, seconds: float) -> list[str]:
        """Run everything until nothing is on its way; what still is when the time is over."""
        deadline = time.monotonic() + seconds
        due = dict.fromkeys(PAUSES, 0.0) if self.polling else {**dict.fromkeys(PAUSES, 0.0), POLL: deadline}
        found: dict[str, dict[str, Any]] = {name: {} for name in PAUSES}
        while True:
            moving = self._moving()
            for function, pause in PAUSES.items():
                # Nothing but a poll ends a scan that trouble put aside.
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
        """What has not ended."""
        deliveries = {one["transactionId"]: one for one in self.laptop.orderful.control("GET", "deliveries")}
        unheard = [f"The change {name} was not confirmed." for name in self.sent if not deliveries[name]["confirmed"]]
        return self._quiescence.stuck() + unheard

    def tried(self, since: str) -> int:
        """How often we asked Orderful to create a transaction since a moment."""
        rows = self.laptop.orderful.control("GET", "requests?method=POST")["requests"]
        return sum(row["at"] >= since and row["path"].endswith("/transactions") for row in rows)

    def hold_back(self, items: Sequence[WorkItem]) -> None:
        """Have these documents read and translated, and nothing delivered until the function is switched on again."""
        self.laptop.switch(DELIVER, on=False)
        self.put(items)
        self._until(items, frozenset({State.TRANSLATED}))

    def until_sent(self, items: Sequence[WorkItem]) -> None:
        """Poll until partners have these documents."""
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
