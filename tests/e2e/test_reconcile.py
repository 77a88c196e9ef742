"""The nightly comparison on the deployed stack: it finds each gap that was planted, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from connector.adapters.aws.findings import DynamoFindingBook
from connector.cli.output import PARKED
from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import DECIDED, Change, ChangeState
from connector.domain.reconcile.finding import Category
from connector.domain.revision.record import State
from connector.services.ports import Metric
from connector.services.reconcile.night import BETWEEN
from demo.catalogue import purchase_order
from proof.deployed.environment import SUPPLIER, Environment, prepared
from proof.deployed.permissions_driver import FunctionDriver
from testkit.laptop.observed import SENT, Laptop
from testkit.laptop.people import Person, person, printed

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]

AS_SENT = [str(number) for number in range(340_001, 340_036)]
"""Orders that the partner has as they stand in Visma. Of the first of them something is then taken or changed."""

EDITED, CANCELLED, LOST, LOST_BUT_OWNED, FORGOTTEN, DELETED, COPIED, CHANGED, GONE_IN_VISMA, ASKED = (
    AS_SENT[:3],
    AS_SENT[3:5],
    AS_SENT[5:9],
    AS_SENT[9:11],
    AS_SENT[11:13],
    AS_SENT[13:17],
    AS_SENT[17:20],
    AS_SENT[20:24],
    AS_SENT[24:28],
    AS_SENT[28:33],
)
MISSED = [str(number) for number in range(341_001, 341_007)]
"""Orders that no poll has read."""

LATE = timedelta(hours=3)
"""How late Orderful's list shows a change of the partner: no collector reaches back so far."""

ON_HOLD = "342001"
CLOSED, REPAIRED = CHANGED[0], MISSED[0]
"""The finding that a person closes, and the one of which a person does what it says."""


@dataclass(frozen=True)
class Night:
    """A company whose gaps a run of the night has found.

    Attributes:
        expected: Category and document, or Orderful's id of the transaction where no document is known.
        gauges: How many findings the alarm counted before and after the run.
        asked: Orderful's id of the change of each order in `ASKED`, by the order.
    """

    environment: Environment
    book: DynamoFindingBook
    expected: frozenset[tuple[str, str]]
    gauges: tuple[float, float]
    asked: Mapping[str, str]

    @property
    def laptop(self) -> Laptop:
        """The stack."""
        return self.environment.laptop


@contextmanager
def _quick(laptop: Laptop) -> Iterator[None]:
    """The function judges what is seconds old, and partners acknowledge nothing."""
    laptop.reconfigure("ReconcileFunction", RECONCILE_AFTER_SECONDS="0")
    laptop.orderful.control("PUT", "pace", {"acknowledgment": None})
    try:
        yield
    finally:
        laptop.reconfigure("ReconcileFunction", RECONCILE_AFTER_SECONDS="3600")
        laptop.orderful.control("PUT", "pace", {"acknowledgment": 0})


@pytest.fixture(scope="module")
def night(empty: Laptop) -> Iterator[Night]:
    """Orders in each state that is as it should be, gaps of each kind, and one run."""
    with prepared(empty, "compared") as environment, _quick(empty):
        driver = FunctionDriver(environment, seed=0)
        driver.forget_comparison()
        try:
            _as_it_should_be(environment)
            before = _gauge(empty)
            book = DynamoFindingBook(empty.outputs["CursorsTable"], empty.dynamodb)
            book.keep_beginnings({environment.company: datetime.now(UTC) - timedelta(days=2)})
            asked = _listed_late(environment)
            expected = frozenset([*_planted(driver), *_unrecorded(environment)])
            _run(empty)
            yield Night(environment, book, expected, (before, _gauge(empty)), asked)
        finally:
            driver.forget_comparison()


@pytest.fixture(scope="module")
def operator(night: Night) -> Iterator[Person]:
    with person(night.laptop, "night-operator", "OperatorPolicyArn") as somebody:
        yield somebody


@pytest.fixture(scope="module")
def reader(night: Night) -> Iterator[Person]:
    with person(night.laptop, "night-reader", "ReaderPolicyArn") as somebody:
        yield somebody


def _put(environment: Environment, number: str, **changes: Any) -> None:
    """Save an order of today in Visma."""
    order = purchase_order(number, SUPPLIER, [("1310", "20"), ("1402", "5")], day=f"{datetime.now(UTC):%Y-%m-%d}")
    environment.laptop.put(environment.company_id, order | changes)


def _as_it_should_be(environment: Environment) -> None:
    """Orders that the partner has, a draft, and one that waits for a person."""
    laptop = environment.laptop
    for number in AS_SENT:
        _put(environment, number)
    _put(environment, ON_HOLD, status="Hold", hold=True)
    _put(environment, "342002", supplier={"internalId": 1, "number": "59999", "name": "Nobody AS"})
    laptop.poll()
    ended = laptop.ended([environment.key(number) for number in (*AS_SENT, ON_HOLD, "342002")])
    assert {ended[environment.key(number)].state for number in AS_SENT} <= SENT
    assert ended[environment.key(ON_HOLD)].state is State.SKIPPED
    assert ended[environment.key("342002")].state is State.PARKED


def _planted(driver: FunctionDriver) -> Iterator[tuple[str, str]]:
    """Plant the gaps; nothing polls from now on."""
    environment, laptop = driver.environment, driver.laptop
    orderful = laptop.orderful

    def transaction_of(number: str) -> str:
        (one,) = laptop.ledger.revisions(DocumentKey.parse(environment.key(number)))
        return str(one.transaction_id)

    for number in MISSED:
        _put(environment, number)
    for number in EDITED:
        order = laptop.order(number, company_id=environment.company_id)
        order["lines"][0]["orderQty"] = 30
        laptop.put(environment.company_id, order)
    for number in CANCELLED:
        _put(environment, number, status="Cancelled")
    _put(environment, ON_HOLD)  # it is open by now
    for number in LOST:
        _forget(laptop, environment.key(number), transaction_of(number))
    for number in LOST_BUT_OWNED:
        _forget(laptop, environment.key(number))
    missing = (*MISSED, *EDITED, *CANCELLED, ON_HOLD, *LOST, *LOST_BUT_OWNED, *DELETED)
    yield from ((Category.MISSING.value, environment.key(number)) for number in missing)
    for number in FORGOTTEN:
        transaction = transaction_of(number)
        _forget(laptop, environment.key(number), transaction)
        row = {"kind": "purchaseorder", "number": number, "company": environment.company_id}
        laptop.visma.control("DELETE", "documents", row)
        yield Category.UNKNOWN.value, transaction
    for number in DELETED:
        orderful.control("DELETE", f"transactions/{transaction_of(number)}")
    for number in GONE_IN_VISMA:
        row = {"kind": "purchaseorder", "number": number, "company": environment.company_id}
        laptop.visma.control("DELETE", "documents", row)
        yield Category.DELETED.value, environment.key(number)
    for number in COPIED:
        orderful.control("POST", f"transactions/{transaction_of(number)}/copy")
        yield Category.DOUBLED.value, environment.key(number)
    for number in CHANGED:
        driver.edit_at_orderful(number)
        yield Category.DIFFERENT.value, environment.key(number)


def _listed_late(environment: Environment) -> dict[str, str]:
    """The partner changes orders; the list alone has its messages, and shows them late."""
    at = (datetime.now(UTC) - LATE).isoformat()
    sent = {number: environment.asks(number, 25, channels=[], created_at=at)["id"] for number in ASKED}
    environment.laptop.collect()
    assert environment.laptop.changes.recorded(list(sent.values())) == frozenset()
    return sent


def _unrecorded(environment: Environment) -> Iterator[tuple[str, str]]:
    return ((Category.UNRECORDED.value, environment.key(number)) for number in ASKED)


def _forget(laptop: Laptop, *names: str) -> None:
    """Take out of the ledger what it has of documents and transactions."""
    stored = [str(DocumentKey.parse(name).stored) if "/" in name else name for name in names]
    for item in laptop.items("DocumentsTable"):
        if any(name in item["pk"]["S"] for name in stored):
            place = {name: item[name] for name in ("pk", "sk")}
            laptop.dynamodb.delete_item(TableName=laptop.outputs["DocumentsTable"], Key=place)


def _run(laptop: Laptop) -> None:
    """The run of a night, in as many invocations as it takes."""

    def ended() -> bool:
        answer = laptop.invoke("ReconcileFunction")
        assert answer["problem"] is None, answer
        return bool(answer["ended"])

    laptop.until(ended, "the run to end")


def _gauge(laptop: Laptop) -> float:
    """How many findings the tracker reports for the alarm, beside the documents that need attention."""

    def runs() -> list[dict[str, Any]]:
        return [line for line in laptop.log_lines() if Metric.TRACK_COMPLETED.value in line]

    before = len(runs())
    laptop.track()
    last = laptop.until(lambda: runs()[before:], "the tracker's metrics")[-1]
    documents = laptop.ledger.in_attention(limit=1000)
    return sum(last.get(Metric.ATTENTION_OPEN.value, [])) - len(documents)  # none is not reported


def _listed(somebody: Person, *options: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What `connector reconcile list` shows, by category and document or transaction."""
    ended = somebody.run(" ".join(["reconcile list --json", *options]))
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(ended.stdout)["findings"]
    found = {(row["category"], row.get("document") or row["subject"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_the_run_finds_each_planted_gap_and_nothing_else(night: Night, reader: Person) -> None:
    progress = night.book.progress()
    assert progress is not None
    assert (progress.problems, progress.complete_at) == ((), progress.started_at)
    found = _listed(reader)

    assert {category for category, _ in found} == set(Category)
    assert len(night.expected) == 40
    assert set(found) == night.expected
    assert all(row["next_step"] for row in found.values())


def test_status_and_the_alarm_gauge_count_the_findings(night: Night, reader: Person) -> None:
    assert night.gauges == (0, len(night.expected))

    shown = reader.run("status")
    assert shown.returncode == PARKED
    assert f"Reconciling: {len(night.expected)} findings -> connector reconcile list" in shown.stdout


def test_each_finding_is_told_once_in_the_log(night: Night) -> None:
    def logged() -> list[tuple[str, str]]:
        lines = [line for line in night.laptop.log_lines() if line.get("company") == night.environment.company]
        events = [(line.get("message", ""), line) for line in lines]
        return [(event, line["next_step"]) for event, line in events if event.startswith("reconciliation: ")]

    night.laptop.until(lambda: len(logged()) >= len(night.expected), "the lines of the log")
    assert len(logged()) == len(set(logged())) == len(night.expected)


def test_who_reads_may_not_close_and_what_the_operator_closes_stays_closed(
    night: Night, reader: Person, operator: Person
) -> None:
    what = (Category.DIFFERENT.value, night.environment.key(CLOSED))
    close = f"reconcile close {_listed(reader)[what]['id']} --by kari --reason 'agreed by telephone'"

    refused = reader.run(close)
    assert refused.returncode == 1
    assert "AccessDenied" in refused.stderr or "not authorized" in refused.stderr, refused.stderr
    assert what in _listed(reader)

    closed = operator.run(close)
    assert closed.returncode == 0, closed.stderr
    assert set(_listed(operator)) == night.expected - {what}
    assert _listed(operator, "--all")[what]["closed_because"] == "agreed by telephone"
    assert _gauge(night.laptop) == night.gauges[1] - 1


def test_what_the_list_showed_late_is_recorded_and_decided_by_itself(night: Night) -> None:
    laptop = night.laptop
    for number, transaction in night.asked.items():
        laptop.until(lambda: laptop.changes.recorded([transaction]), f"{transaction} to be recorded")  # noqa: B023
        change = laptop.until(lambda: _decided(laptop, transaction), f"{transaction} to be decided")  # noqa: B023
        assert change.number == number
        assert len(laptop.puts(number)) == (change.state is ChangeState.APPLIED)


def _decided(laptop: Laptop, transaction: str) -> Change | None:
    change = laptop.change(transaction)
    return change if change and change.state in DECIDED else None


def test_the_next_night_reports_neither_closed_nor_repaired_documents(night: Night, operator: Person) -> None:
    laptop, repaired = night.laptop, night.environment.key(REPAIRED)
    listed = operator.run("reconcile list").stdout
    backfill = printed(listed, f"connector backfill --company compared --kind purchase_order --number {REPAIRED}")
    queued = operator.run(f"{backfill.removeprefix('connector ')} --yes")
    assert "1 document selected, 1 queued." in queued.stdout, queued.stderr
    assert laptop.ended([repaired])[repaired].state in SENT
    assert len(laptop.transactions(REPAIRED, sender=night.environment.ours)) == 1
    progress = night.book.progress()
    assert progress is not None
    night.book.keep(replace(progress, started_at=progress.started_at - BETWEEN))
    _run(laptop)

    closed = (Category.DIFFERENT.value, night.environment.key(CLOSED))
    over = {closed, (Category.MISSING.value, repaired), *_unrecorded(night.environment)}
    assert set(_listed(operator)) == night.expected - over
    assert closed in _listed(operator, "--all")
