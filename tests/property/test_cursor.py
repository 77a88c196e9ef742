"""No change is missed (guarantee 1): the poller against a Visma that does everything it is known to do, and more.

Hypothesis writes the history: documents edited in ties and while we page, deleted, changed all at once, lists that show
a change late, polls that are killed before or after any side effect, run out of time, fail, overlap each other, or
outlive their lease, lists in any order, with totals that are wrong or missing and limits that nobody names and that
change, a company whose page size, branch or zone is changed while a scan is put aside, both changes of the clock.
Whenever nothing happens for a while, every document's last state must have been queued, a further poll must queue
nothing and cost one call a page and one more, and the watermark must never have fallen.

The bounds on calls and messages are tried below, over lists of 2 to 20,000 rows in all orders.

What turns these tests red is planted below: a bounded memory, and a row that left the list while a pass read it, or
was read twice, that is no reason to doubt that pass. `proof/mutations/reading.py` plants the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connector.domain.errors import Conflict, Transient
from connector.domain.polling import cursor as cursor_module
from connector.domain.polling.cursor import Cursor, Rows, Scan
from connector.domain.routing.route import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from connector.services.outbound.poll import LEASE, ImplausibleList
from connector.services.ports import Resource
from testkit.backlog import ORDERS, TOTALS, Backlog
from testkit.memory.connector import Connector
from testkit.memory.effects import EffectRecorder, Killed, ManualClock, StepDeadline, killer
from testkit.memory.stores import MemoryCursors, MemoryOutbox
from testkit.memory.visma import FakeErp, FakeErps

LIST = Resource.PURCHASE_ORDERS
SUMMER = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
SPRING = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Setting:
    """One harness.

    Attributes:
        latest: The worst delay between a time stamp and its visibility; the overlap must cover it.
        believed: The zone in the routing file.
        actual: The zone in which Visma writes.
        totals: What Visma says of the length of a list.
        names_maximum: Whether Visma names its own limit.
    """

    start: datetime = SUMMER
    overlap: timedelta = timedelta(minutes=15)
    latest: timedelta = timedelta(minutes=14)
    settle: timedelta = timedelta(minutes=2)
    believed: str | None = "Europe/Oslo"
    actual: str = "Europe/Oslo"
    order: str = "number"
    totals: str = "right"
    names_maximum: bool = True


class Harness:
    """Visma, the poller and everything between them."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.clock = ManualClock(setting.start)
        self.erp = FakeErp(self.clock, zone=setting.actual, order=setting.order)
        self.erp.total, self.erp.names_maximum = TOTALS[setting.totals], setting.names_maximum
        self.cursors = MemoryCursors()
        self.outbox = MemoryOutbox()
        self.edits = 0
        self.promised: set[str] = set()
        self.gone: set[str] = set()
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

    def edit(self, document: int, late: timedelta) -> None:
        # No two stamps of one document are alike, not even an hour apart on the night when the clock goes back.
        self.edits += 1
        number = f"{document:02}"
        if number in self.gone:
            return  # Visma gives no number twice.
        at = self.clock.now().replace(microsecond=0) + timedelta(microseconds=self.edits)
        if self.setting.latest == timedelta(0):
            at = self.clock.now()  # ties to the microsecond
            known = self.erp.documents[LIST].get((None, number))
            if known is not None and known.modified == at:
                return
        # Every third document is of a branch that is not always ours, and those are not promised.
        branch = "2" if document % 3 == 0 else "1"
        self.erp.save(number, at=at, late=min(late, self.setting.latest), branch=branch)
        if branch == "1":
            self.promised.add(number)

    def delete(self, document: int) -> None:
        number = f"{document:02}"
        if (None, number) in self.erp.documents[LIST]:
            self.erp.delete(number)
            self.gone.add(number)
            self.promised.discard(number)

    def poll(self, *, pages: int | None = None, recorder: EffectRecorder | None = None) -> None:
        recorder = recorder or killer()
        poller = Connector(clock=self.clock, erps=FakeErps(nordic=self.erp)).poller(
            cursors=recorder.watch(self.cursors, "acquire", "save"), outbox=recorder.watch(self.outbox, "documents")
        )
        with suppress(Killed, Conflict, Transient, ImplausibleList):
            poller.poll(self.company, LIST, StepDeadline(pages))
        self.check_cursor()

    def check_cursor(self) -> None:
        if ("nordic", LIST) not in self.cursors.rows:
            return
        cursor = self.cursors.of("nordic")
        if self.watermark is not None:
            assert cursor.watermark is not None
            assert cursor.watermark >= self.watermark, "the watermark fell"
        self.watermark = cursor.watermark

    def calm(self) -> None:
        """Nobody edits for a while; a few polls later everything must have been queued, and then nothing more."""
        self.erp.failures.clear()
        self.erp.before_page = self.erp.after_page = None
        self.erp.hides = False
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
        queued, calls = len(self.outbox.queued_documents), len(self.erp.calls)
        self.poll()
        assert len(self.outbox.queued_documents) == queued, "a quiet poll queued something"
        page = min(self.company.visma.page_size, self.erp.max_page_size)
        assert len(self.erp.calls) - calls <= ceil(len(self.erp.last) / page) + 1, "a quiet poll is too dear"

    def act(self, action: tuple[Any, ...]) -> None:  # noqa: C901, PLR0912 - one case for each kind of event
        match action:
            case ("edit", document, late):
                self.edit(document, timedelta(seconds=late))
            case ("wait", seconds):
                self.clock.forward(seconds=seconds)
            case ("poll", pages, kill, after):
                self.poll(pages=pages, recorder=killer(kill, after=after))
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
            case ("meanwhile", page, steps):
                # Edited or deleted between two pages.
                def change() -> None:
                    for step in steps:
                        self.act(step)
                    self.clock.forward(seconds=1)

                self.erp.after_page = self._once(page, change)
                self.poll()
                self.erp.after_page = None
            case ("delete", document):
                self.delete(document)
            case ("all", late):
                for document in range(1, 17):
                    self.edit(document, timedelta(seconds=late))
            case ("hides", hides):
                self.erp.hides = hides
            case ("limit", rows):
                self.erp.max_page_size = rows
            case ("routing", name, value):
                self.company = replace(self.company, visma=replace(self.company.visma, **{name: value}))
            case ("fail", call):
                self.erp.failures[len(self.erp.calls) + call] = Transient("Visma answered 502.")
            case ("calm",):
                self.calm()

    def _edit_all(self, documents: Iterable[int]) -> None:
        for document in documents:
            self.edit(document, timedelta(0))
        self.clock.forward(seconds=1)

    def _once(self, page: int, action: Callable[[], None]) -> Callable[[Resource, int], None]:
        def hook(_: Resource, shown: int) -> None:
            if shown == page:
                self.erp.after_page = None
                action()

        return hook


DOCUMENTS = st.integers(1, 16)
SIMPLE_EDITS = st.tuples(st.just("edit"), DOCUMENTS, st.just(0))
LATE_EDITS = st.tuples(st.just("edit"), DOCUMENTS, st.sampled_from([0, 0, 30, 300, 840]))
DELETIONS = st.tuples(st.just("delete"), DOCUMENTS)
PAUSES = st.tuples(st.just("wait"), st.sampled_from([0, 1, 59, 121, 300, 1800, 3600]))
KILLED_POLLS = st.tuples(st.just("poll"), st.none() | st.integers(1, 3), st.none() | st.integers(1, 6), st.booleans())
WHOLE_POLLS = st.tuples(st.just("poll"), st.none(), st.none(), st.just(False))
LIMITS = st.tuples(st.just("limit"), st.sampled_from([1, 2, 3, 4, 1000]))
MEANWHILE = st.tuples(
    st.just("meanwhile"),
    st.integers(1, 4),
    st.lists(st.one_of(SIMPLE_EDITS, DELETIONS, LIMITS), min_size=1, max_size=4),
)
ROUTING = st.one_of(
    st.tuples(st.just("routing"), st.just("page_size"), st.sampled_from([1, 2, 3, 5, 20])),
    st.tuples(st.just("routing"), st.just("branch"), st.sampled_from([None, "1"])),
    st.tuples(st.just("routing"), st.just("time_zone"), st.sampled_from([None, "Europe/Oslo", "Europe/Helsinki"])),
)
HIDING = st.tuples(st.just("hides"), st.booleans())
CALM = st.tuples(st.just("calm"))
ACTIONS = st.one_of(
    LATE_EDITS,
    SIMPLE_EDITS,
    DELETIONS,
    PAUSES,
    KILLED_POLLS,
    WHOLE_POLLS,
    MEANWHILE,
    MEANWHILE,
    LIMITS,
    ROUTING,
    HIDING,
    st.tuples(st.just("all"), st.just(0)),
    st.tuples(st.just("twice"), st.integers(1, 2), st.sampled_from([0, 7])),
    st.tuples(st.just("fail"), st.integers(1, 3)),
    CALM,
)
ALL = st.tuples(st.just("all"), st.just(0))
MOVES = st.one_of(ALL, PAUSES, WHOLE_POLLS, MEANWHILE)

# Visma writes UTC, so the window reaches back by nothing more than it must.
TIES = Setting(actual="UTC", overlap=timedelta(0), latest=timedelta(0), settle=timedelta(0), order="modified")
SETTINGS = {
    **{f"by {order}": Setting(order=order) for order in ORDERS},
    **{
        f"by {order}, totals {totals}": Setting(order=order, totals=totals)
        for order, totals in zip(ORDERS, list(TOTALS)[1:], strict=True)
    },
    **{
        f"by {order}, no limit named": Setting(order=order, totals=totals, names_maximum=False)
        for order, totals in zip(ORDERS, ["missing", "right", "too large", "of the page", "missing"], strict=True)
    },
    **{f"ties by {order}, no overlap needed": replace(TIES, order=order) for order in ORDERS},
    "local time taken for UTC": Setting(believed=None),
    "UTC taken for local time": Setting(actual="UTC", order="modified"),
    "Oslo taken for Helsinki": Setting(believed="Europe/Helsinki", order="scrambled"),
    "spring": Setting(start=SPRING, order="modified"),
    "autumn": Setting(start=AUTUMN),
    "autumn by time": Setting(start=AUTUMN, order="modified"),
    "autumn, local time taken for UTC": Setting(start=AUTUMN, believed=None, order="modified"),
    "spring, UTC taken for local time": Setting(start=SPRING, actual="UTC"),
}


Actions = st.SearchStrategy[tuple[Any, ...]]


def prove(
    setting: Setting,
    *,
    examples: int,
    actions: Actions = ACTIONS,
    least: int = 0,
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
    @given(st.lists(actions, min_size=least, max_size=30))
    def holds(history: list[tuple[Any, ...]]) -> None:
        here = Harness(setting)
        for action in history:
            here.act(action)
        here.calm()

    holds()


def test_a_row_that_moves_from_the_end_of_a_page_to_the_next_hides_none():
    """Found by `prove`: page 1 shows 1 2 7 and hides 3 behind them, page 2 fails, 7 is edited and opens page 2."""
    here = Harness(TIES)
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
    prove(SETTINGS[name], examples=60)


def _missed_after_deletions(here: Harness) -> None:
    """5 moves to the end of page 1 while page 2 is asked for, in two passes: 2 and 3 of page 1 are deleted."""
    for document in range(2, 13):
        here.act(("edit", document, 0))
    here.act(("wait", 1))
    here.act(("meanwhile", 1, [("delete", 2)]))
    here.act(("edit", 1, 0))
    here.act(("meanwhile", 1, [("delete", 3)]))


def _missed_after_insertions(here: Harness) -> None:
    """10 is hidden in two passes by a new row before it, deleted before anybody saw it: 7 is read twice."""
    for document in range(5, 16):
        here.act(("edit", document, 0))
    here.act(("wait", 1))
    for new in (2, 1):
        actions = {1: lambda new=new: here.edit(new, timedelta(0)), 2: lambda new=new: here.delete(new)}
        here.erp.after_page = lambda _, shown, actions=actions: actions.get(shown, lambda: None)()
        here.poll()
        here.erp.after_page = None


MISSED: dict[str, tuple[Callable[[Harness], None], Any, str, Any]] = {
    "deletions": (_missed_after_deletions, Rows, "confirm_candidate", lambda _rows, **_named: True),
    "insertions": (_missed_after_insertions, Scan, "trusted", property(lambda _scan: True)),
}


def _played(scenario: Callable[[Harness], None]) -> None:
    here = Harness(replace(TIES, order="number"))
    here.act(("wait", 60))
    here.poll()
    scenario(here)
    here.calm()


@pytest.mark.parametrize("way", MISSED)
def test_a_row_that_two_passes_miss_is_read_by_the_third(way, monkeypatch):
    scenario, owner, name, careless = MISSED[way]
    _played(scenario)
    monkeypatch.setattr(owner, name, careless)
    with pytest.raises(AssertionError, match="was never queued"):
        _played(scenario)


# -- bounds ------------------------------------------------------------------------------------------------------------


def check(backlog: Backlog, *, quiet_polls: int = 36) -> None:
    """Catch up, then poll every five minutes without a change: 36 polls are longer than the window."""
    backlog.update_all()
    calls, messages = backlog.catch_up()
    assert calls <= backlog.catch_up_bound()
    assert messages == backlog.rows
    for _ in range(quiet_polls):
        calls, messages = backlog.poll()
        assert messages == 0
        assert calls <= backlog.quiet_bound()
        if backlog.erp.last:
            lag = backlog.clock.now() - backlog.cursor.watermark
            assert lag <= timedelta(minutes=12), "the window follows the server's clock"
        backlog.clock.forward(minutes=5)
    assert quiet_polls < 36 or backlog.erp.last == [], "the window has moved on"


@pytest.mark.parametrize("order", ORDERS)
@settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.integers(2, 300),
    totals=st.sampled_from(sorted(TOTALS)),
    names_maximum=st.booleans(),
    limit=st.sampled_from([7, 20, 1000]),
    pages=st.none() | st.integers(1, 3),
)
def test_calls_and_messages_are_bounded_for_any_list(order, rows, **vendor):
    check(Backlog(rows, order, page_size=20, **vendor))


@pytest.mark.parametrize(
    ("rows", "order", "page_size"),
    [
        *[(rows, order, 200) for rows in (199, 200, 201) for order in ORDERS],
        (20_000, "scrambled", 1_000),
    ],
)
def test_a_mass_update_of_a_quiet_list_is_queued_once(rows, order, page_size):
    check(Backlog(rows, order, page_size=page_size), quiet_polls=36 if rows < 1_000 else 2)


# -- planted bugs (proof/mutations/reading.py has the others) ----------------------------------------------------------


def test_a_memory_of_five_rows_is_found_by_the_rows_that_are_queued_again(monkeypatch):
    right = cursor_module.remember

    def remember(*page: Any, **named: Any) -> Cursor:
        after = right(*page, **named)
        return replace(after, rows=Rows(dict(sorted(after.rows.marks.items())[:5])))

    monkeypatch.setattr(cursor_module, "remember", remember)
    with pytest.raises(AssertionError, match="a quiet poll queued something"):
        prove(SETTINGS["by scrambled"], examples=600, actions=MOVES, least=12, shrink=False)
