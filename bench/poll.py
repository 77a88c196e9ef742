"""A poll of many changed documents: the real poller and Visma client over sockets, the sandbox Visma behind them.

The sandbox lives in this process and the poller in one of its own, whose memory is measured.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

from bench.table import Row, show
from connector.adapters.clock import FixedDeadline, SystemClock
from connector.adapters.http import Http
from connector.adapters.visma.client import VismaClient
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.routing.route import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from connector.services.outbound.poll import TIME_FOR_ONE_PAGE, Poller
from connector.services.ports import Deadline, Page, Resource
from testkit.backlog import ORDERS, Backlog
from testkit.memory.stores import MemoryCursors, MemoryHealth, MemoryPayloads, RecordingTelemetry
from testkit.sandboxes import Recipe, SandboxCompany, VismaSandbox, bearer, running_visma

_FEW, _MANY = 1_000, 100_000
_PAGE = 1_000
_FIRST = 500_001
_CUT_AFTER = timedelta(seconds=5)
_UNCUT = timedelta(minutes=14)
_UPDATED = 20_000
# The largest page twice (as answered and as queued), and what the cursor remembers of each row of the window, which is
# copied once a page.
_GROWTH = 8 * 2**20 + 300 * _MANY


@dataclass(frozen=True, slots=True)
class Task:
    """What the process of the poller is told."""

    url: str
    token: str
    company_id: str
    documents: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """What it found. `peak` is the resident memory of the whole process, `largest_page` the documents of one answer."""

    wall: float
    cpu: float
    peak: int
    largest_page: int
    calls: int
    invocations: int
    messages: int
    distinct: int


def measure() -> Iterator[Row]:
    """Few documents, many, and many in pieces."""
    few = _polled(_FEW, _UNCUT)
    whole, pieces = _polled(_MANY, _UNCUT, TIME_FOR_ONE_PAGE + _CUT_AFTER)
    (small,) = few
    yield Row(
        f"poll of {_MANY:,} changed orders",
        f"{whole.wall:.0f} s ({whole.cpu:.0f} s of it our CPU, the rest is the sandbox), "
        f"{whole.distinct:,} queued, {whole.messages - whole.distinct} of them twice",
        "each at least once",
        whole.distinct == _MANY,
    )
    growth, page = whole.peak - small.peak, whole.largest_page
    yield Row(
        f"peak memory, {_MANY:,} against {_FEW:,} orders",
        f"{whole.peak / 2**20:.0f} MiB, {growth / 2**20:+.1f} MiB (a page is {page / 2**20:.1f} MiB)",
        f"growth below {_GROWTH / 2**20:.0f} MiB",
        growth < _GROWTH,
    )
    allowed = ceil(_MANY / _PAGE) + 1
    yield Row("Visma list calls of that poll", f"{whole.calls}", f"{allowed}", whole.calls <= allowed)
    yield Row(
        f"the same poll, put aside after every {_CUT_AFTER.seconds} s",
        f"{pieces.invocations} invocations, {pieces.calls} list calls, {pieces.distinct:,} queued, "
        f"{pieces.messages - pieces.distinct} of them twice",
        "each at least once",
        pieces.distinct == _MANY and pieces.invocations > 1,
    )
    yield from _bounds()


def _bounds() -> Iterator[Row]:
    """A mass update of a quiet list, in memory, in each order: what catching up costs, and a poll after it."""
    for order in ORDERS:
        backlog = Backlog(_UPDATED, order, page_size=_PAGE)
        backlog.update_all()
        calls, messages = backlog.catch_up()
        yield Row(
            f"mass update of {_UPDATED:,} orders, listed by {order}",
            f"{calls} list calls, {messages:,} messages",
            f"{backlog.catch_up_bound()} calls, {_UPDATED * 11 // 10:,} messages",
            calls <= backlog.catch_up_bound() and messages <= _UPDATED * 11 // 10,
        )
        calls, messages = backlog.poll()
        yield Row(
            "a poll without changes after it",
            f"{calls} list calls, {messages} messages",
            f"{backlog.quiet_bound()} calls, no message",
            calls <= backlog.quiet_bound() and messages == 0,
        )


def _polled(documents: int, *allowances: timedelta) -> Iterator[Result]:
    company = SandboxCompany()
    with running_visma(company, max_page_size=_PAGE) as sandbox:
        sandbox.generate("purchaseorder", Recipe(count=documents, first_number=_FIRST))
        # Visma's clock has whole seconds in its answers: let the last document be older than the first of them.
        time.sleep(1.1)
        yield from [_in_own_process(_task(sandbox, company, documents, allowance)) for allowance in allowances]


def _task(sandbox: VismaSandbox, company: SandboxCompany, documents: int, allowance: timedelta) -> Task:
    token = bearer(sandbox)["Authorization"].removeprefix("Bearer ")
    return Task(sandbox.url, token, company.company_id, documents, allowance.total_seconds())


def _in_own_process(task: Task) -> Result:
    command = [sys.executable, "-m", "bench.poll", "--task"]
    done = subprocess.run(command, input=json.dumps(asdict(task)), capture_output=True, text=True, check=True)
    return Result(**json.loads(done.stdout))


# ---- in the process of the poller


class CountingOutbox:
    """Marks what was queued, one byte a document, and keeps nothing else."""

    def __init__(self, documents: int) -> None:
        self.seen = bytearray(documents)
        self.messages = 0

    def documents(self, messages: Iterable[DocumentMessage]) -> None:
        for message in messages:
            self.seen[int(message.number) - _FIRST] = 1
            self.messages += 1

    def deliveries(self, messages: Iterable[DeliveryMessage | HintMessage | ChangeMessage]) -> None:
        raise AssertionError(f"the poller queues documents only, and yet {messages}")

    hints = changes = deliveries


class OneToken(VismaTokens):
    """A token that lasts for the whole measurement."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, _company: Company, _deadline: Deadline) -> str:
        return self._token


class CountingErp:
    """The Visma client, and how often it was asked for a page."""

    def __init__(self) -> None:
        self.calls = 0
        self.largest_page = 0
        self.client: VismaClient | None = None

    def list_page(self, *question: Any, **details: Any) -> Page:
        assert self.client is not None
        self.calls += 1
        page = self.client.list_page(*question, **details)
        self.largest_page = max(self.largest_page, sum(len(row.raw) for row in page.rows))
        return page


def poll(task: Task) -> Result:
    """Poll until the list is read to its end, in as many invocations as it takes."""
    clock = SystemClock()
    tenant = VismaTenant(
        company_id=task.company_id,
        tenant_id="",
        time_zone="Europe/Oslo",
        branch=None,
        overlap=timedelta(hours=1),
        settle=timedelta(0),
        settle_cap=timedelta(0),
        page_size=_PAGE,
    )
    company = Company("nordic", tenant, IsaId("NORDIC", "NORDICT"), Identity())
    http, erp, outbox = Http(clock), CountingErp(), CountingOutbox(task.documents)

    def open_visma(company: Company, deadline: Deadline) -> CountingErp:
        erp.client = VismaClient(company, OneToken(task.token), task.url, http=http, deadline=deadline)
        return erp

    poller = Poller(
        erp=open_visma,
        cursors=MemoryCursors(),
        outbox=outbox,
        payloads=MemoryPayloads(),
        clock=clock,
        telemetry=RecordingTelemetry(),
        health=MemoryHealth(),
    )
    started, invocations, finished = time.monotonic(), 0, False
    while not finished:
        invocations += 1
        finished = poller.poll(
            company, Resource.PURCHASE_ORDERS, FixedDeadline(timedelta(seconds=task.seconds))
        ).finished
    return Result(
        wall=time.monotonic() - started,
        cpu=time.process_time(),
        peak=_peak_memory(),
        largest_page=erp.largest_page,
        calls=erp.calls,
        invocations=invocations,
        messages=outbox.messages,
        distinct=sum(outbox.seen),
    )


def _peak_memory() -> int:
    """Largest resident size of this process, in bytes.

    Linux hands `ru_maxrss` down from the process that started us, so its own account of this one is read instead.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    if "--task" in sys.argv:
        print(json.dumps(asdict(poll(Task(**json.load(sys.stdin))))))
    else:
        show(measure())
