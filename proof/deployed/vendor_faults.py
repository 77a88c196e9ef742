"""Vendor faults: everything ends right, exactly once, and nothing is stuck, however often both sandboxes fail.

They fail at random from a seed, in bursts and in the middle of a call, while users edit the documents that are read and
written. Then the faults end: a message comes back after its own delay, and nobody redrives a queue.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from demo.scenario import COMPANY_IDS
from proof.deployed.fault_injection import FaultInjection, seconds_since, summary
from proof.deployed.outcome import Asked, Edited, Outbound, World
from proof.deployed.vendor_faults_run import DELIVER, Traffic
from proof.deployed.vendor_faults_workload import Wish, WorkItem, wishes, work_items
from proof.tally import Size, Tally
from testkit.laptop.observed import Laptop
from testkit.log_search import leaves_of, secrets_in, texts_in, texts_of

SEED = 20
_MOST = 0.9
"""Share of the documents that are to meet the faults."""

_LONGEST = 2.0
"""How many times its least length the fault injection may last: each pause that a vendor asks for doubles the next wait
of a message, so that faults without an end would keep the last documents for hours. A document that has met none is no
violation."""

_HANGS = 3600.0
"""Seconds after which something is taken to hang, far above what a slow or busy machine needs. What fails for the fifth
time at the end of the fault injection comes back after 320 s, and what waits for it may have begun as long a delay just
before."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """How much is tried.

    Attributes:
        edited: Documents that users edit. One that is edited while it is in doubt whether it was sent waits half a
            minute, which the fast form has no time for.
        page: Rows of a Visma page.
        mixed: Whether documents are read while faults are injected as well, and go on being read while changes come. A
            poll that meets an order in the middle of a change makes it wait half a minute as well.
        seconds: Of fault injection at least; it lasts until most documents have met it, and
            no more than `_LONGEST` times as long.
    """

    documents: int
    edited: int
    wishes: int
    page: int
    mixed: bool
    seconds: float


EXTENTS = {
    Size.FAST: _Extent(40, 0, 6, 20, mixed=False, seconds=5.0),
    Size.LONG: _Extent(1_000, 200, 100, 40, mixed=True, seconds=130.0),
}


def prove(size: Size, laptop: Laptop) -> list[Tally]:
    """Run the workload while faults are injected, and check the results.

    The stack has to have the routing of the demo in force, or none at all; its schedules are stopped.
    """
    extent = EXTENTS[size]
    laptop.stop_schedules()
    if not laptop.items("RoutingTable"):
        laptop.demo.prepare()
    documents = work_items(extent.documents, SEED, edited=extent.edited)
    changes = wishes(extent.wishes, SEED)
    orders = list({wish.item.number: wish.item for wish in changes}.values())
    traffic, injection = Traffic(laptop, [*documents, *orders]), FaultInjection(laptop, SEED, extent.page)

    started = time.monotonic()
    traffic.put(orders)
    traffic.until_sent(orders)
    before = seconds_since(started)
    _with_faults(traffic, injection, documents, changes, extent)
    left = traffic.until_quiescent(seconds=_HANGS)
    seconds = seconds_since(started)

    tallies = _judged(laptop, traffic, documents, changes)
    watched = len(documents) + len(orders) + len(changes)
    stuck = Tally(
        "Vendor faults: nothing is stuck", watched, _found(left), _figures(injection, traffic, before, seconds)
    )
    return [*tallies, stuck, _logs(laptop, changes)]


def _with_faults(
    traffic: Traffic, injection: FaultInjection, documents: Sequence[WorkItem], changes: Sequence[Wish], extent: _Extent
) -> None:
    """Let documents leave and changes come in until most documents have met a fault."""
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


def _until_met(traffic: Traffic, documents: Sequence[WorkItem], changes: Sequence[Wish], extent: _Extent) -> None:
    since, begun = datetime.now(UTC).isoformat(), time.monotonic()
    for wish in changes:
        traffic.send(wish)
        time.sleep(extent.seconds / 4 / len(changes))
    while (lasted := seconds_since(begun)) < _LONGEST * extent.seconds:
        if lasted >= extent.seconds and traffic.tried(since) >= _MOST * len(documents):
            return
        time.sleep(0.5)


def _judged(laptop: Laptop, traffic: Traffic, documents: Sequence[WorkItem], changes: Sequence[Wish]) -> list[Tally]:
    world = World(laptop)
    last = list({wish.item.number: wish for wish in changes}.values())
    asked = [Asked(name, wish.item.key, wish.quantities) for name, wish in traffic.sent.items()]
    left = world.documents(Outbound(item.key, most=1 + len(item.edits)) for item in documents)
    # One that no user edited is known to the partner and sends nothing. An edit that the partner has to see sends the
    # whole, once.
    back = world.documents(Outbound(wish.item.key, most=1 + wish.material, least=1 + wish.material) for wish in last)
    seen = [Edited(each.key, each.seen) for each in documents] + [Edited(each.item.key, each.seen) for each in last]
    edits = sum(len(item.edits) for item in documents) + sum(len(wish.meanwhile) for wish in changes)
    sent = sum(len(world.transactions(item.key)) for item in documents)
    return [
        Tally(
            "Vendor faults: each document ends right, each of its revisions sent once",
            len(documents),
            _found(left),
            f"{sent} transactions",
        ),
        Tally(
            "Vendor faults: each change is written once and confirmed once", len(asked), _found(world.changes(asked))
        ),
        Tally(
            "Vendor faults: no edit of a user is lost",
            edits,
            _found([*(_overwritten(world, wish) for wish in last), *world.lost(seen)]),
        ),
        Tally("Vendor faults: no change comes back to its partner", len(last), _found(back)),
    ]


def _overwritten(world: World, wish: Wish) -> str | None:
    """Whether an order was written in a state that was older than a user's edit of that moment."""
    met, came = world.written(wish.item.key, status=412), len(wish.meanwhile)
    return None if met == came else f"{wish.item.key}: {met} of {came} edits kept a stale write away."


def _logs(laptop: Laptop, changes: Sequence[Wish]) -> Tally:
    """Search every line that a function has logged since the stack was started."""
    texts = texts_of(leaves_of(laptop, COMPANY_IDS.values()))
    texts |= {wish.note for wish in changes}
    wrong, lines = [], 0
    for group, messages in laptop.logs().items():
        written = "\n".join(messages)
        lines += len(written.splitlines())
        wrong += [f"{group} holds the secret {one}" for one in secrets_in(written)]
        wrong += [f"{group} quotes a document: {one}" for one in sorted(texts_in(written, texts))]
    figures = f"searched for {len(texts)} texts of documents"
    return Tally("Vendor faults: no secret and no payload in a log line", lines, tuple(wrong), figures)


def _figures(injection: FaultInjection, traffic: Traffic, before: float, seconds: float) -> str:
    rows = [row for each in injection.met().values() for row in each]
    hit = sum(bool(row["fault"]) for row in rows)
    runs = ", ".join(f"{function} {count}" for function, count in sorted(traffic.runs.items()))
    return (
        f"{len(rows)} calls, {hit} hit by a fault; {summary(rows)}; tokens revoked {injection.revoked} times; "
        f"{injection.edited} edits and {injection.touched} saves while lists were read; runs: {runs}, "
        f"{sum(traffic.failures.values())} of them failed; {seconds:.0f} s, {before:.0f} s of them before the faults"
    )


def _found(problems: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(f"seed {SEED}: {problem}" for problem in problems if problem)
