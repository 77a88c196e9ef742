"""Vendor faults: everything is processed exactly once, and nothing is stuck, although both sandboxes fail often.

They fail at random from a seed, in bursts and during a request, while users edit the documents that are read and
written. After the faults, messages are retried after their delays, without a redrive.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo.scenario import COMPANY_IDS
from proof.deployed.fault_injection import FaultInjection, seconds_since, summary
from proof.deployed.outcome import Asked, Edited, Harness, Outbound
from proof.deployed.vendor_faults_run import DELIVER, Traffic
from proof.deployed.vendor_faults_workload import ChangeRequest, WorkItem, change_requests, work_items
from proof.tally import Size, Tally
from testkit.laptop.observed import Laptop
from testkit.log_search import leaves_of, secrets_in, texts_in, texts_of

SEED = 20
_MAX_SHARE, _MIN_SHARE = 0.9, 0.25
"""Create requests that meet the faults, for each document: as many as are waited for, and as many as there must be."""

_MAX_TIMES = 2.0
"""The fault injection ends after so many times its minimum duration if it has met enough. Each wait that a vendor
requests doubles the next delay of a message, so that the last requests would come after hours."""

_HANGS = 3600.0
"""Time limit in seconds, far above the time that a slow machine needs. A message that fails for the fifth time at the
end of the fault injection is retried after 320 s, and one that waits for it may have the same delay."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """The size of a run.

    Attributes:
        edited: Documents that users edit. An edit while the revision is unconfirmed adds half a minute, so the fast
            form has none.
        page: Rows of a Visma page.
        mixed: Whether polls run during the faults and the changes. A poll of an order during its change adds half a
            minute.
        seconds: The minimum duration of the fault injection, which lasts until enough requests have met it, however
            slow the machine is.
    """

    documents: int
    edited: int
    change_requests: int
    page: int
    mixed: bool
    seconds: float


EXTENTS = {
    Size.FAST: _Extent(40, 0, 6, 20, mixed=False, seconds=5.0),
    Size.LONG: _Extent(500, 100, 60, 20, mixed=True, seconds=65.0),
}


def prove(size: Size, laptop: Laptop) -> list[Tally]:
    """Run the workload while faults are injected, and check the results.

    The stack must have the routing of the demo, or none; its schedules are stopped.
    """
    extent = EXTENTS[size]
    laptop.stop_schedules()
    if not laptop.items("RoutingTable"):
        laptop.demo.prepare()
    documents = work_items(extent.documents, SEED, edited=extent.edited)
    changes = change_requests(extent.change_requests, SEED)
    orders = list({request.item.number: request.item for request in changes}.values())
    traffic, injection = Traffic(laptop, [*documents, *orders]), FaultInjection(laptop, SEED, extent.page)

    started = time.monotonic()
    traffic.put(orders)
    traffic.until_sent(orders)
    before = seconds_since(started)
    _with_faults(traffic, injection, documents, changes, extent)
    left = traffic.until_quiescent(seconds=_HANGS)
    seconds = seconds_since(started)

    tallies = _checked(laptop, traffic, documents, changes)
    rows = [row for each in injection.met().values() for row in each]
    hit = sum(bool(row["fault"]) for row in rows)
    figures = f"{hit} of {len(rows)} calls hit by a fault; {_figures(rows, injection, traffic, before, seconds)}"
    return [*tallies, Tally("Vendor faults: nothing is stuck", hit, _found(left), figures), _logs(laptop, changes)]


def _with_faults(
    traffic: Traffic,
    injection: FaultInjection,
    documents: Sequence[WorkItem],
    changes: Sequence[ChangeRequest],
    extent: _Extent,
) -> None:
    """Send documents and changes until most documents were sent during the faults."""
    if extent.mixed:
        traffic.put(documents)
        with traffic.scheduled(), injection.active(documents):
            _until_met(traffic, documents, changes, extent)
        return
    try:
        traffic.hold_back(documents)
        with traffic.scheduled(), injection.active(documents):
            traffic.laptop.switch(DELIVER, on=True)
            traffic.polling = False
            _until_met(traffic, documents, changes, extent)
    finally:
        traffic.laptop.switch(DELIVER, on=True)


def _until_met(
    traffic: Traffic, documents: Sequence[WorkItem], changes: Sequence[ChangeRequest], extent: _Extent
) -> None:
    since, begun = datetime.now(UTC).isoformat(), time.monotonic()
    for request in changes:
        traffic.send(request)
        time.sleep(extent.seconds / 4 / len(changes))
    while (lasted := seconds_since(begun)) < _HANGS:
        share = _MAX_SHARE if lasted < _MAX_TIMES * extent.seconds else _MIN_SHARE
        if lasted >= extent.seconds and traffic.tried(since) >= share * len(documents):
            return
        time.sleep(0.5)


def _checked(
    laptop: Laptop, traffic: Traffic, documents: Sequence[WorkItem], changes: Sequence[ChangeRequest]
) -> list[Tally]:
    harness = Harness(laptop)
    last = list({request.item.number: request for request in changes}.values())
    asked = [Asked(name, request.item.key, request.quantities) for name, request in traffic.sent.items()]
    left = harness.documents(Outbound(item.key, most=1 + len(item.edits)) for item in documents)
    # An order without an edit needs no transaction. A material edit sends the complete order once.
    back = harness.documents(
        Outbound(request.item.key, most=1 + request.material, least=1 + request.material) for request in last
    )
    seen = [Edited(each.key, each.seen) for each in documents] + [Edited(each.item.key, each.seen) for each in last]
    edits = sum(len(item.edits) for item in documents) + sum(len(request.meanwhile) for request in changes)
    sent = sum(len(harness.transactions(item.key)) for item in documents)
    return [
        Tally(
            "Vendor faults: each document ends right, each of its revisions sent once",
            len(documents),
            _found(left),
            f"{sent} transactions",
        ),
        Tally(
            "Vendor faults: each change is written once and confirmed once", len(asked), _found(harness.changes(asked))
        ),
        Tally(
            "Vendor faults: no edit of a user is lost",
            edits,
            _found([*(_overwritten(harness, request) for request in last), *harness.lost(seen)]),
        ),
        Tally("Vendor faults: no change comes back to its partner", len(last), _found(back)),
    ]


def _overwritten(harness: Harness, request: ChangeRequest) -> str | None:
    """Whether a change overwrote a concurrent edit of a user."""
    met, came = harness.written(request.item.key, status=412), len(request.meanwhile)
    return None if met == came else f"{request.item.key}: {met} of {came} edits kept a stale write away."


def _logs(laptop: Laptop, changes: Sequence[ChangeRequest]) -> Tally:
    """Search every log line of the functions since the start of the stack."""
    texts = texts_of(leaves_of(laptop, COMPANY_IDS.values()))
    texts |= {request.note for request in changes}
    wrong, lines = [], 0
    for group, messages in laptop.logs().items():
        written = "\n".join(messages)
        lines += len(written.splitlines())
        wrong += [f"{group} holds the secret {one}" for one in secrets_in(written)]
        wrong += [f"{group} quotes a document: {one}" for one in sorted(texts_in(written, texts))]
    guarantee = "Vendor faults: no secret and no text of a document in any log line"
    return Tally(guarantee, len(texts), tuple(wrong), f"each text was searched for in {lines} log lines")


def _figures(
    rows: Sequence[dict[str, Any]], injection: FaultInjection, traffic: Traffic, before: float, seconds: float
) -> str:
    runs = ", ".join(f"{function} {count}" for function, count in sorted(traffic.runs.items()))
    return (
        f"{summary(rows)}; tokens revoked {injection.revoked} times; "
        f"{injection.edited} edits and {injection.touched} saves while lists were read; runs: {runs}, "
        f"{sum(traffic.failures.values())} of them failed; {seconds:.0f} s, {before:.0f} s of them before the faults"
    )


def _found(problems: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(f"seed {SEED}: {problem}" for problem in problems if problem)
