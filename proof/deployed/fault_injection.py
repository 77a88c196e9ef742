"""Fault injection at both sandboxes: random faults, bursts of faults, and concurrent edits of users."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from demo.scenario import COMPANY_IDS
from proof.deployed.vendor_faults_workload import WorkItem
from testkit.laptop.observed import Laptop

BROKEN: Final = {"http_500": 0.05, "http_502_html": 0.05, "http_503": 0.04, "http_504_html": 0.04, "empty_502": 0.02}
"""20 % of all requests: a 5xx, and no work is done."""

LOST: Final = {"lost_response": 0.04, "stored_502": 0.02, "stored_html_200": 0.02, "cut_body": 0.02}
"""10 %: the work is done, and the answer is lost."""

BESIDES: Final = {
    "http_429": 0.02,
    "truncated": 0.015,
    "html_200": 0.01,
    "empty_200": 0.005,
    "connection_cut": 0.01,
    "delay": 0.03,
}
RATES: Final = BROKEN | LOST | BESIDES
SLOW_SECONDS: Final = 1.5
STORM_EVERY: Final = 8.0
"""Seconds between two revocations of all tokens; every second one comes with a burst of 429, until `STORMS` came."""

REVOKED_AGAIN: Final = 1.0
"""Seconds until they are revoked again: now the tokens that the functions share."""

CALM_BEFORE: Final = 1.0
"""Seconds before the first revocation."""

STORM_REQUESTS: Final = 6
"""Consecutive requests that each vendor answers with 429."""

STORMS: Final = 4
"""Bursts of 429 in a run. A message waits twice as long after each: without an end, all its attempts could meet one."""


@dataclass(slots=True)
class FaultInjection:
    """The faults of one run, with counters.

    Attributes:
        page: Rows of a Visma page, small so that lists have many pages.
        revoked: The number of revocations of all tokens.
        touched: The number of saved documents without a change of content.
        edited: The number of edited documents.
    """

    laptop: Laptop
    seed: int
    page: int
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    revoked: int = 0
    touched: int = 0
    edited: int = 0

    @contextmanager
    def active(self, items: Sequence[WorkItem]) -> Iterator[None]:
        """Inject faults for the length of a `with` block, while users edit.

        Every edit of `items` is made before the end of the block.
        """
        over = threading.Event()
        visma, orderful = self.laptop.visma, self.laptop.orderful
        workers = [Worker(lambda: self._storms(over)), Worker(lambda: self._users(over, items))]
        try:
            # Rows are in the order of their changes: an edited row moves to the end while the list is read.
            visma.control("PUT", "options", {"max_page_size": self.page, "order_by": "modified"})
            for place, sandbox in enumerate((visma, orderful)):
                body = {"rates": RATES, "seed": self.seed + place, "seconds": SLOW_SECONDS}
                sandbox.control("PUT", "fault-rates", body)
            for worker in workers:
                worker.start()
            yield
        finally:
            over.set()
            for worker in workers:
                if worker.is_alive():
                    worker.join()
            visma.control("PUT", "options", {"max_page_size": 1000, "order_by": "number"})
            for sandbox in (visma, orderful):
                sandbox.control("DELETE", "faults")
        for worker in workers:
            worker.check()

    def met(self) -> dict[str, list[dict[str, Any]]]:
        """The requests since the start, in the log of each vendor."""
        since = self.began.isoformat()
        return {
            sandbox.name: [row for row in sandbox.control("GET", "requests")["requests"] if row["at"] >= since]
            for sandbox in (self.laptop.visma, self.laptop.orderful)
        }

    def _storms(self, over: threading.Event) -> None:
        storm = {"fault": "http_429", "times": STORM_REQUESTS, "retry_after": 1}
        while not over.wait(STORM_EVERY if self.revoked else CALM_BEFORE):
            self._revoke()
            if self.revoked % 4 == 1 and self.revoked < 4 * STORMS:
                for sandbox in (self.laptop.visma, self.laptop.orderful):
                    sandbox.control("POST", "faults", storm)
            over.wait(REVOKED_AGAIN)
            self._revoke()

    def _revoke(self) -> None:
        self.laptop.visma.control("POST", "tokens/revoke")
        self.revoked += 1

    def _users(self, over: threading.Event, items: Sequence[WorkItem]) -> None:
        """Make the edits of each document in their order, and save other documents without changes in between."""
        draw = random.Random(f"users {self.seed}")  # noqa: S311 - it draws cases, not secrets
        waiting = [(item, list(item.edits)) for item in items if item.edits]
        while waiting or not over.is_set():
            hurry = over.is_set()
            if waiting and (hurry or draw.random() < 0.5):
                place = draw.randrange(len(waiting))
                item, edits = waiting[place]
                edit(self.laptop, item, edits.pop(0))
                self.edited += 1
                if not edits:
                    waiting.pop(place)
            elif not hurry:
                edit(self.laptop, draw.choice(items), None)
                self.touched += 1
            if not hurry:
                over.wait(draw.uniform(0.05, 0.4))


class Worker(threading.Thread):
    """A thread that keeps its exception for `check`."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Run the work, and store its exception."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by `check`
            self._failure = error

    def check(self) -> None:
        """Raise the exception of the thread."""
        if self._failure is not None:
            raise self._failure


def edit(laptop: Laptop, item: WorkItem, change: dict[str, Any] | None) -> None:
    """A user changes a document, or saves it without a change (None)."""
    company = COMPANY_IDS[item.company]
    if change is not None and item.is_order:
        laptop.visma.control("PATCH", f"orders/{item.number}", {"company": company, "update": change})
        return
    body = {"kind": item.list, "company": company, "number": item.number, "changes": change}
    if not item.is_order:
        body["document_type"] = item.document["documentType"]
    laptop.visma.control("PATCH", "documents", body)


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """The number of faults by kind, of conflicts, and of pages after the first."""
    hit = Counter(row["fault"] for row in rows if row["fault"])
    conflicts = sum(row["work"] == 412 for row in rows)
    pages = sum(name == "pageNumber" and int(value) > 1 for row in rows for name, value in row["query"])
    faults = [f"{count} x {fault}" for fault, count in hit.most_common()]
    return ", ".join([*faults, f"{conflicts} x 412, {pages} pages of lists beyond the first"])


def seconds_since(started: float) -> float:
    """Seconds since a time of the monotonic clock."""
    return time.monotonic() - started
