"""No change is missed (guarantee 1): the poller against a Visma that does everything it is known to do.

Hypothesis writes the history: documents edited in ties and while we page, lists that show a change late, polls that
are killed before or after any side effect, run out of time, fail, overlap each other, or outlive their lease, a list
ordered by number or by modification, a zone that was read wrongly, both changes of the clock. Whenever the world calms
down, every document's last state must have been queued, a further poll must queue nothing, and the watermark must
never have fallen.

What turns these tests red, tried by `test_a_planted_bug_is_found`:

* no overlap: a list that shows a change late loses it;
* `>` instead of `>=`: a row that ties with the watermark is lost;
* the watermark written before the rows are queued: a crash in between loses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connector.domain import cursor as cursor_module
from connector.domain.cursor import Cursor
from connector.domain.errors import Conflict, Transient
from connector.domain.routes import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from connector.services.messages import DocumentMessage
from connector.services.poll import LEASE, Poller
from connector.services.ports import CursorLease, Page, Resource
from tests.support.fakes import (
    FakeErp,
    FakeErps,
    Killed,
    ManualClock,
    MemoryCursors,
    MemoryOutbox,
    MemoryPayloads,
    Reaper,
    RecordingTelemetry,
    StepDeadline,
)

LIST = Resource.PURCHASE_ORDERS
SUMMER = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
SPRING = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Setting:
    """One world.

    Attributes:
        latest: The worst delay between a time stamp and its visibility; the overlap must cover it.
        believed: The zone in the routing file.
        actual: The zone in which Visma writes.
    """

    start: datetime = SUMMER
    overlap: timedelta = timedelta(minutes=15)
    latest: timedelta = timedelta(minutes=14)
    settle: timedelta = timedelta(minutes=2)
    believed: str | None = "Europe/Oslo"
    actual: str = "Europe/Oslo"
    order: str = "number"


class World:
    """Visma, the poller and everything between them."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.clock = ManualClock(setting.start)
        self.erp = self.make_erp()
        self.cursors = MemoryCursors()
        self.outbox = MemoryOutbox()
        self.edits = 0
        self.promised: set[str] = set()
        self.watermark: datetime | None = None
        tenant = VismaTenant(
            company_id="1234567",
            tenant_id="tenant",
            time_zone=setting.believed,
            branch=None,
            overlap=setting.overlap,
            settle=setting.settle,
            settle_cap=timedelta(minutes=30),
            page_size=3,
        )
        self.company = Company("nordic", tenant, IsaId("N", "NT"), Identity())
        # History before the first poll is not promised: it only gives the lists some length.
        for document in (7, 3, 8, 5):
            self.edit(document, timedelta(0))
            self.clock.forward(seconds=1)
        self.poll()
        self.promised.clear()

    def make_erp(self) -> FakeErp:
        return FakeErp(self.clock, zone=self.setting.actual, order=self.setting.order)

    def edit(self, document: int, late: timedelta) -> None:
        # No two stamps of one document are alike, not even an hour apart on the night when the clock goes back.
        self.edits += 1
        at = self.clock.now().replace(microsecond=0) + timedelta(microseconds=self.edits)
        if self.setting.latest == timedelta(0):
            at = self.clock.now()  # ties to the microsecond
            known = self.erp.documents[LIST].get((None, f"{document:02}"))
            if known is not None and known.modified == at:
                return
        self.erp.save(f"{document:02}", at=at, late=min(late, self.setting.latest))
        self.promised.add(f"{document:02}")

    def poll(self, *, pages: int | None = None, reaper: Reaper | None = None) -> None:
        reaper = reaper or Reaper()
        poller = self.make_poller(reaper)
        with suppress(Killed, Conflict, Transient):
            poller.poll(self.company, LIST, StepDeadline(pages))
        self.check_cursor()

    def make_poller(self, reaper: Reaper) -> Poller:
        return Poller(
            erp=FakeErps(nordic=self.erp),
            cursors=reaper.watch(self.cursors, "acquire", "save"),
            outbox=reaper.watch(self.outbox, "documents"),
            payloads=MemoryPayloads(),
            clock=self.clock,
            telemetry=RecordingTelemetry(),
        )

    def check_cursor(self) -> None:
        cursor = self.cursors.of("nordic")
        if self.watermark is not None:
            assert cursor.watermark is not None
            assert cursor.watermark >= self.watermark, "the watermark fell"
        self.watermark = cursor.watermark
        assert len(cursor.known) <= cursor_module.REMEMBERED_ROWS
        assert len(cursor.waiting) <= cursor_module.REMEMBERED_ROWS

    def calm(self) -> None:
        """Nobody edits for a while; a few polls later everything must have been queued, and then nothing more."""
        self.erp.failures.clear()
        self.erp.after_page = None
        self.clock.time += max(self.setting.latest, LEASE) + timedelta(minutes=1)
        for _ in range(4):
            self.poll()
            self.clock.time += timedelta(minutes=5)
        queued = {(message.number, bytes(message.document)) for message in self.outbox.queued_documents}
        for number in self.promised:
            document = self.erp.documents[LIST][(None, number)]
            assert (number, self.erp.raw_of(document)) in queued, f"{document} was never queued"
        self.check_quiet()

    def check_quiet(self) -> None:
        before = len(self.outbox.queued_documents)
        self.poll()
        assert len(self.outbox.queued_documents) == before, "a quiet poll queued something"

    def act(self, action: tuple[Any, ...]) -> None:
        match action:
            case ("edit", document, late):
                self.edit(document, timedelta(seconds=late))
            case ("wait", seconds):
                self.clock.forward(seconds=seconds)
            case ("poll", pages, kill, after):
                self.poll(pages=pages, reaper=Reaper(kill, after=after))
            case ("drift", page, documents):
                self.erp.after_page = self._once(page, lambda: self._edit_all(documents))
                self.poll()
                self.erp.after_page = None
            case ("twice", page, minutes):
                # A second schedule fires while the first still pages; perhaps after the first's lease ran out.
                def second() -> None:
                    self.clock.forward(minutes=minutes)
                    self.poll()

                self.erp.after_page = self._once(page, second)
                self.poll()
                self.erp.after_page = None
            case ("fail", call):
                self.erp.failures[len(self.erp.calls) + call] = Transient("Visma answered 502.")
            case ("calm",):
                self.calm()

    def _edit_all(self, documents: Iterable[int]) -> None:
        for document in documents:
            self.edit(document, timedelta(0))
        self.clock.forward(seconds=1)

    def _once(self, page: int, deed: Callable[[], None]) -> Callable[[Resource, int], None]:
        def hook(_: Resource, shown: int) -> None:
            if shown == page:
                self.erp.after_page = None
                deed()

        return hook


DOCUMENTS = st.integers(1, 12)
SIMPLE_EDITS = st.tuples(st.just("edit"), DOCUMENTS, st.just(0))
LATE_EDITS = st.tuples(st.just("edit"), DOCUMENTS, st.sampled_from([0, 0, 30, 300, 840]))
PAUSES = st.tuples(st.just("wait"), st.sampled_from([0, 1, 59, 121, 300, 1800, 3600]))
KILLED_POLLS = st.tuples(st.just("poll"), st.none() | st.integers(1, 3), st.none() | st.integers(1, 6), st.booleans())
WHOLE_POLLS = st.tuples(st.just("poll"), st.none(), st.none(), st.just(False))
CALM = st.tuples(st.just("calm"))
ACTIONS = st.one_of(
    LATE_EDITS,
    SIMPLE_EDITS,
    PAUSES,
    KILLED_POLLS,
    WHOLE_POLLS,
    st.tuples(st.just("drift"), st.integers(1, 3), st.lists(DOCUMENTS, min_size=1, max_size=4)),
    st.tuples(st.just("twice"), st.integers(1, 2), st.sampled_from([0, 7])),
    st.tuples(st.just("fail"), st.integers(1, 3)),
    CALM,
)
CRASHES = st.one_of(SIMPLE_EDITS, PAUSES, KILLED_POLLS, CALM)
DELAYS = st.one_of(LATE_EDITS, SIMPLE_EDITS, PAUSES, WHOLE_POLLS)
DELAYS = st.one_of(LATE_EDITS, PAUSES, st.tuples(st.just("poll"), st.none(), st.none(), st.just(False)))

SETTINGS = {
    "ordered by number": Setting(),
    "ordered by modification": Setting(order="modified"),
    "ties, no overlap needed": Setting(
        overlap=timedelta(0), latest=timedelta(0), settle=timedelta(0), order="modified"
    ),
    "ties, by number": Setting(overlap=timedelta(0), latest=timedelta(0), settle=timedelta(0)),
    "local time taken for UTC": Setting(believed=None, overlap=timedelta(hours=2, minutes=5)),
    "UTC taken for local time": Setting(actual="UTC", overlap=timedelta(hours=2, minutes=5), order="modified"),
    "spring": Setting(start=SPRING, order="modified"),
    "autumn": Setting(start=AUTUMN),
    "autumn by modification": Setting(start=AUTUMN, order="modified"),
    "autumn, local time taken for UTC": Setting(
        start=AUTUMN, believed=None, overlap=timedelta(hours=2, minutes=5), order="modified"
    ),
    "spring, UTC taken for local time": Setting(start=SPRING, actual="UTC", overlap=timedelta(hours=2, minutes=5)),
}


Actions = st.SearchStrategy[tuple[Any, ...]]


def prove(
    world: Callable[[Setting], World],
    setting: Setting,
    *,
    examples: int,
    actions: Actions = ACTIONS,
    shrink: bool = True,
) -> None:
    """Run histories; raises `AssertionError` at the first that breaks the promise."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(actions, max_size=30))
    def holds(history: list[tuple[Any, ...]]) -> None:
        here = world(setting)
        for action in history:
            here.act(action)
        here.calm()

    holds()


def test_a_row_that_moves_from_the_end_of_a_page_to_the_next_hides_none():
    """Found by `prove`: page 1 shows 1 2 7 and hides 3 behind them, page 2 fails, 7 is edited and opens page 2."""
    here = World(SETTINGS["ties, no overlap needed"])
    for document in (7, 1, 2):
        here.act(("edit", document, 0))
    here.act(("wait", 1))
    here.act(("edit", 3, 0))
    here.act(("wait", 1))
    here.act(("fail", 2))
    here.act(("poll", None, None, False))
    here.act(("edit", 7, 0))
    here.calm()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_settled_revision_is_queued_and_a_quiet_poll_queues_nothing(name):
    prove(World, SETTINGS[name], examples=60)


def test_a_memory_that_is_too_small_costs_repeats_and_loses_nothing(monkeypatch):
    """More rows in the window than are remembered: `check_cursor` holds the bound, `calm` that nothing is missing."""
    monkeypatch.setattr(cursor_module, "REMEMBERED_ROWS", 3)

    class Forgetful(World):
        def check_quiet(self) -> None:
            """Forgotten rows are queued again; the ledger recognises them."""

    prove(Forgetful, SETTINGS["ordered by modification"], examples=60)


# -- planted bugs -----------------------------------------------------------------------------------------------------


class Exclusive(World):
    """Planted: the filter is `>` instead of `>=`."""

    def make_erp(self) -> FakeErp:
        class ExclusiveErp(FakeErp):
            def list_page(self, resource: Resource, *, since: str, **asked: Any) -> Page:
                later = datetime.fromisoformat(since) + timedelta(microseconds=1)
                return super().list_page(resource, since=later.isoformat(), **asked)

        return ExclusiveErp(self.clock, zone=self.setting.actual, order=self.setting.order)


class WatermarkFirst(World):
    """Planted: the rows are queued after the cursor was written."""

    def make_poller(self, reaper: Reaper) -> Poller:
        outbox, cursors = self.outbox, self.cursors
        held: list[DocumentMessage] = []

        class LateOutbox(MemoryOutbox):
            def documents(self, messages: Iterable[DocumentMessage]) -> None:
                held.extend(messages)

        class EarlyCursors(MemoryCursors):
            def acquire(self, *args: Any, **named: Any) -> CursorLease:
                return cursors.acquire(*args, **named)

            def save(self, lease: CursorLease, cursor: Cursor, **named: Any) -> None:
                reaper.run("save", lambda: cursors.save(lease, cursor, **named))
                reaper.run("documents", lambda: outbox.documents(held))

        return replace(super().make_poller(reaper), outbox=LateOutbox(), cursors=EarlyCursors())


PLANTED = {
    "no overlap": (World, Setting(overlap=timedelta(0), settle=timedelta(0)), DELAYS),
    "> instead of >=": (Exclusive, SETTINGS["ties, no overlap needed"], ACTIONS),
    "the watermark first": (WatermarkFirst, SETTINGS["ordered by number"], CRASHES),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug):
    world, setting, actions = PLANTED[bug]
    with pytest.raises(AssertionError, match="was never queued"):
        prove(world, setting, examples=600, actions=actions, shrink=False)
