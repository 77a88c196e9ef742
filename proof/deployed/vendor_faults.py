"""Unkind vendors: everything ends right, exactly once, and nothing is stuck, however badly both sandboxes behave.

They fail at random from a seed, in storms and in the middle of things, while users edit what is being read and written.
Then the weather is fair: what stands on a queue comes back by its own delay, and nobody redrives anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from demo.scenario import COMPANY_IDS
from proof.deployed.fault_injection import Weather, in_words, seconds_since
from proof.deployed.outcome import Asked, Edited, Outbound, World
from proof.deployed.vendor_faults_run import DELIVER, Day
from proof.deployed.vendor_faults_workload import Paper, Wish, papers, wishes
from proof.tally import Size, Tally
from testkit.laptop.observed import Laptop
from testkit.log_search import leaves_of, secrets_in, texts_in, texts_of

SEED = 20
_MOST = 0.9
"""Share of the documents that are to meet the bad weather."""

_LONGEST = 2.0
"""How many times its least length the weather may last: each pause that a vendor asks for doubles the next wait of a
message, so that weather without an end would keep the last documents for hours. What has not met it is no violation."""

_HANGS = 3600.0
"""Seconds after which something is taken to hang, far above what a slow or busy machine needs. What fails for the fifth
time in the last of the bad weather comes back after 320 s, and what waits for it may have begun as long a delay just
before."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """How much is tried.

    Attributes:
        edited: Documents that users edit. One that is edited while it is in doubt whether it was sent waits half a
            minute, which the fast form has no time for.
        page: Rows of a Visma page.
        mixed: Whether documents are read in bad weather as well, and go on being read while changes come. A poll that
            meets an order in the middle of a change makes it wait half a minute as well.
        bad: Seconds of bad weather at least; it lasts until most documents have met it, and
            no more than `_LONGEST` times as long.
    """

    papers: int
    edited: int
    wishes: int
    page: int
    mixed: bool
    bad: float


EXTENTS = {
    Size.FAST: _Extent(40, 0, 6, 20, mixed=False, bad=5.0),
    Size.LONG: _Extent(1_000, 200, 100, 40, mixed=True, bad=130.0),
}


def prove(size: Size, laptop: Laptop) -> list[Tally]:
    """Let everything happen in bad weather, and look at what came of it.

    The stack has to have the routing of the demo in force, or none at all; its schedules are stopped.
    """
    extent = EXTENTS[size]
    laptop.stop_schedules()
    if not laptop.items("RoutingTable"):
        laptop.demo.prepare()
    documents = papers(extent.papers, SEED, edited=extent.edited)
    changes = wishes(extent.wishes, SEED)
    orders = list({wish.paper.number: wish.paper for wish in changes}.values())
    day, weather = Day(laptop, [*documents, *orders]), Weather(laptop, SEED, extent.page)

    started = time.monotonic()
    day.put(orders)
    day.until_sent(orders)
    fair = seconds_since(started)
    _in_bad_weather(day, weather, documents, changes, extent)
    left = day.until_at_rest(seconds=_HANGS)
    seconds = seconds_since(started)

    tallies = _judged(laptop, day, documents, changes)
    watched = len(documents) + len(orders) + len(changes)
    rest = Tally("Unkind vendors: nothing is stuck", watched, _found(left), _weather(weather, day, fair, seconds))
    return [*tallies, rest, _logs(laptop, changes)]


def _in_bad_weather(
    day: Day, weather: Weather, documents: Sequence[Paper], changes: Sequence[Wish], extent: _Extent
) -> None:
    """Let documents leave and changes come in until most documents have met the weather."""
    if extent.mixed:
        day.put(documents)
        with day.scheduled(), weather.unkind(documents):
            _until_met(day, documents, changes, extent)
        return
    try:
        day.hold_back(documents)
        with day.scheduled(), weather.unkind(documents):
            day.laptop.switch(DELIVER, on=True)
            day.polling = False
            _until_met(day, documents, changes, extent)
    finally:
        day.laptop.switch(DELIVER, on=True)


def _until_met(day: Day, documents: Sequence[Paper], changes: Sequence[Wish], extent: _Extent) -> None:
    since, begun = datetime.now(UTC).isoformat(), time.monotonic()
    for wish in changes:
        day.send(wish)
        time.sleep(extent.bad / 4 / len(changes))
    while (lasted := seconds_since(begun)) < _LONGEST * extent.bad:
        if lasted >= extent.bad and day.tried(since) >= _MOST * len(documents):
            return
        time.sleep(0.5)


def _judged(laptop: Laptop, day: Day, documents: Sequence[Paper], changes: Sequence[Wish]) -> list[Tally]:
    world = World(laptop)
    last = list({wish.paper.number: wish for wish in changes}.values())
    asked = [Asked(name, wish.paper.key, wish.quantities) for name, wish in day.sent.items()]
    left = world.documents(Outbound(paper.key, most=1 + len(paper.edits)) for paper in documents)
    # One that no user edited is known to the partner and sends nothing. An edit that the partner has to see sends the
    # whole, once.
    back = world.documents(Outbound(wish.paper.key, most=1 + wish.material, least=1 + wish.material) for wish in last)
    seen = [Edited(each.key, each.seen) for each in documents] + [Edited(each.paper.key, each.seen) for each in last]
    edits = sum(len(paper.edits) for paper in documents) + sum(len(wish.meanwhile) for wish in changes)
    sent = sum(len(world.transactions(paper.key)) for paper in documents)
    return [
        Tally(
            "Unkind vendors: each document ends right, each of its revisions sent once",
            len(documents),
            _found(left),
            f"{sent} transactions",
        ),
        Tally(
            "Unkind vendors: each change is written once and confirmed once", len(asked), _found(world.changes(asked))
        ),
        Tally(
            "Unkind vendors: no edit of a user is lost",
            edits,
            _found([*(_overwritten(world, wish) for wish in last), *world.lost(seen)]),
        ),
        Tally("Unkind vendors: no change comes back to its partner", len(last), _found(back)),
    ]


def _overwritten(world: World, wish: Wish) -> str | None:
    """Whether an order was written in a state that was older than a user's edit of that moment."""
    met, came = world.written(wish.paper.key, status=412), len(wish.meanwhile)
    return None if met == came else f"{wish.paper.key}: {met} of {came} edits kept a stale write away."


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
    return Tally("Unkind vendors: no secret and no payload in a log line", lines, tuple(wrong), figures)


def _weather(weather: Weather, day: Day, fair: float, seconds: float) -> str:
    rows = [row for each in weather.met().values() for row in each]
    hit = sum(bool(row["fault"]) for row in rows)
    runs = ", ".join(f"{function} {count}" for function, count in sorted(day.runs.items()))
    return (
        f"{len(rows)} calls, {hit} hit by a fault; {in_words(rows)}; tokens revoked {weather.revoked} times; "
        f"{weather.edited} edits and {weather.touched} saves while lists were read; runs: {runs}, "
        f"{sum(day.failures.values())} of them failed; {seconds:.0f} s, {fair:.0f} s of them before the weather"
    )


def _found(verdicts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(f"seed {SEED}: {verdict}" for verdict in verdicts if verdict)
