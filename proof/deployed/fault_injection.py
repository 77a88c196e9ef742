"""Fault injection at both sandboxes: random faults, bursts of them, and edits of users meanwhile."""

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
"""A fifth of all requests: answered 5xx instead of being done."""

LOST: Final = {"lost_response": 0.04, "stored_502": 0.02, "stored_html_200": 0.02, "cut_body": 0.02}
"""A tenth: done, and the answer lost."""

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
"""Seconds after which all tokens are revoked; every second time comes with a storm of 429."""

REVOKED_AGAIN: Final = 1.0
"""Seconds until they are revoked once more: now what one function asked for and shared through the table."""

CALM_BEFORE: Final = 1.0
"""Seconds before the first of them."""

STORM_REQUESTS: Final = 6
"""Requests in a row that each vendor answers with 429."""


@dataclass(slots=True)
class FaultInjection:
    """The faults of one run, and how many of them the connector met.

    Attributes:
        page: Rows of a Visma page, whatever is asked for, so that lists have many.
        revoked: How often all tokens were revoked.
        touched: How often a user saved a document without a change that a partner would see.
        edited: How often with one.
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
        """Inject faults for the length of a `with` block, while users edit; none afterwards, even after an error.

        Every edit of `items` is made before it ends.
        """
        over = threading.Event()
        visma, orderful = self.laptop.visma, self.laptop.orderful
        workers = [Worker(lambda: self._storms(over)), Worker(lambda: self._users(over, items))]
        try:
            # Rows in the order of their changes: one that is edited moves behind all others while the list is read.
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
        """The requests since the beginning, as each vendor logged them."""
        since = self.began.isoformat()
        return {
            sandbox.name: [row for row in sandbox.control("GET", "requests")["requests"] if row["at"] >= since]
            for sandbox in (self.laptop.visma, self.laptop.orderful)
        }

    def _storms(self, over: threading.Event) -> None:
        storm = {"fault": "http_429", "times": STORM_REQUESTS, "retry_after": 1}
        while not over.wait(STORM_EVERY if self.revoked else CALM_BEFORE):
            self._revoke()
            if self.revoked % 4 == 1:
                for sandbox in (self.laptop.visma, self.laptop.orderful):
                    sandbox.control("POST", "faults", storm)
            over.wait(REVOKED_AGAIN)
            self._revoke()

    def _revoke(self) -> None:
        self.laptop.visma.control("POST", "tokens/revoke")
        self.revoked += 1

    def _users(self, over: threading.Event, items: Sequence[WorkItem]) -> None:
        """Edit what is to be edited, each document's edits in their order, and save others as they are in between."""
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
    """A thread whose failure is not lost."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Work, and keep what went wrong."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by `check`
            self._failure = error

    def check(self) -> None:
        """Raise what went wrong in the thread."""
        if self._failure is not None:
            raise self._failure


def edit(laptop: Laptop, item: WorkItem, change: dict[str, Any] | None) -> None:
    """A user changes a document, or (None) only saves it."""
    company = COMPANY_IDS[item.company]
    if change is not None and item.is_order:
        laptop.visma.control("PATCH", f"orders/{item.number}", {"company": company, "update": change})
        return
    body = {"kind": item.list, "company": company, "number": item.number, "changes": change}
    if not item.is_order:
        body["document_type"] = item.document["documentType"]
    laptop.visma.control("PATCH", "documents", body)


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """What requests met: the faults that hit them, orders that were changed in between, pages beyond the first."""
    hit = Counter(row["fault"] for row in rows if row["fault"])
    conflicts = sum(row["work"] == 412 for row in rows)
    pages = sum(name == "pageNumber" and int(value) > 1 for row in rows for name, value in row["query"])
    faults = [f"{count} x {fault}" for fault, count in hit.most_common()]
    return ", ".join([*faults, f"{conflicts} x 412, {pages} pages of lists beyond the first"])


def seconds_since(started: float) -> float:
    """Seconds since a moment of the monotonic clock."""
    return time.monotonic() - started
