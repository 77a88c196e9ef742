"""What a stack costs, idle and for each document, from counted calls and AWS's list prices; writes docs/cost.md.

Prices are AWS's public list prices of us-east-1 in US dollars, without the free tier (2026-11-28): see the links in
docs/cost.md. One exception: a dashboard of at most 50 metrics costs nothing, since three of them are free for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bench import page
from bench.line import write_units_of_a_document, write_units_of_a_sighting
from bench.write_units import WriteUnits
from connector.adapters.aws import clients
from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.health import DynamoHealth
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.watermark import DynamoWatermark
from proof.alarms import resources_of_the_template
from testkit.aws import BUCKET, CURSORS, DOCUMENTS, Calls, aws_in_memory, make_ledger_resources, make_table
from testkit.memory.connector import Connector
from testkit.memory.effects import ManualClock, StepDeadline
from testkit.memory.stores import RecordingTelemetry
from testkit.memory.visma import FakeErp, FakeErps

HOURS = 730
RUNS = HOURS * 12
"""Runs of each scheduled function a month, one in five minutes."""

ALARM, METRIC, KEY, SECRET = 0.10, 0.30, 1.00, 0.40
"""A month of an alarm on one metric, of a custom metric, of a KMS key, of a secret."""

WRITE_UNIT, READ_UNIT, FIFO_REQUEST, SCHEDULE = 0.625e-6, 0.125e-6, 0.50e-6, 1.00e-6
GB_SECOND, INVOCATION, LOG_GB, SECRET_CALL = 0.0000133334, 0.20e-6, 0.50, 0.05e-4

SECONDS = {"poll_visma": 2.0, "track_transactions": 1.0, "poll_orderful": 1.0}
"""Assumed: how long an idle run takes, nearly all of it waiting for answers of Visma and Orderful."""

MEMORY_GB = 0.5
LOG_LINE, LAMBDA_LINES = 500, 700
"""Assumed bytes of one of our lines, and of the three that Lambda writes for each invocation."""

EMPTY_RECEIVES = 5 * 3 * 60 * HOURS
"""Receives a month of an idle queue. AWS: Lambda begins with five pollers; one long poll takes 20 seconds."""

SECRET_CALLS = RUNS + HOURS
"""Assumed: each run of `poll_orderful` reads its secret anew, and `poll_visma` when it asks for a new access token,
about once an hour. A tracker that follows nothing calls nobody."""

READS_BESIDE = 10
"""Assumed reads of one run of all schedules that the count does not see: the routing, the access token, and the holds
of calls, each read at most once a second."""

MAX_IDLE_COST, MAX_UNITS, MAX_SIGHTING_UNITS = 8.0, 18, 2


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the bill: how many, at which price, in US dollars a month."""

    what: str
    count: float
    price: float

    @property
    def cost(self) -> float:
        """Dollars a month."""
        return self.count * self.price


@dataclass(frozen=True, slots=True)
class Idle:
    """What one run of all schedules does when nothing changes.

    Attributes:
        metrics: The custom metrics that it reports.
    """

    write_units: int
    reads: int
    metrics: frozenset[str]
    lines: int


def idle_run() -> Idle:
    """Run poller, tracker and collector over the tables in memory until they are idle, and count one run more."""
    clock = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    telemetry = RecordingTelemetry()
    run = _schedules(clock, telemetry)
    for _ in range(3):
        run()
        clock.forward(minutes=5)
    telemetry.counts.clear()
    telemetry.durations.clear()
    telemetry.lines.clear()
    client = clients.dynamodb()
    calls, units = Calls(client), [WriteUnits(client, table) for table in (CURSORS, DOCUMENTS)]
    run()
    metrics = frozenset(one.value for one in [*telemetry.counts, *(metric for metric, _ in telemetry.durations)])
    return Idle(sum(one.total for one in units), calls.reads, metrics, len(telemetry.lines))


def _schedules(clock: ManualClock, telemetry: RecordingTelemetry) -> Callable[[], None]:
    payloads = S3Payloads(BUCKET)
    cursors = DynamoCursors(CURSORS, payloads=payloads)
    stack = Connector(
        clock=clock,
        telemetry=telemetry,
        ledger=DynamoLedger(DOCUMENTS, payloads),
        breaker=DynamoBreaker(DOCUMENTS),
        changes=DynamoChanges(DOCUMENTS, payloads),
        cursors=cursors,
        payloads=payloads,
        health=DynamoHealth(CURSORS),
        watermark=DynamoWatermark(cursors),
        inbox_ids=(),
    )
    companies = list(stack.routing.load().companies.values())
    stack.erps = FakeErps(**{one.name: FakeErp(clock) for one in companies})
    poller, tracker, collector = stack.poller(), stack.tracker(), stack.collector()

    def run() -> None:
        poller.poll_all(companies, StepDeadline())
        tracker.run()
        collector.run()

    return run


def bill(idle: Idle) -> list[Item]:
    """What an idle stack of one company costs a month."""
    seconds = sum(SECONDS.values()) * RUNS
    queues = count_of("AWS::SQS::Queue", "RedrivePolicy")
    logged = (idle.lines * LOG_LINE + len(SECONDS) * LAMBDA_LINES) * RUNS / 1e9
    return [
        Item("CloudWatch alarms", count_of("AWS::CloudWatch::Alarm"), ALARM),
        Item("Custom metrics that an idle stack reports", len(idle.metrics), METRIC),
        Item("KMS keys", count_of("AWS::KMS::Key"), KEY),
        Item("Secrets", count_of("AWS::SecretsManager::Secret"), SECRET),
        Item("Reads of secrets", SECRET_CALLS, SECRET_CALL),
        Item("Receives of empty queues", queues * EMPTY_RECEIVES, FIFO_REQUEST),
        Item("Lambda, GB-seconds", seconds * MEMORY_GB, GB_SECOND),
        Item("Lambda, invocations", len(SECONDS) * RUNS, INVOCATION),
        Item("Schedules", len(SECONDS) * RUNS, SCHEDULE),
        Item("DynamoDB write units", idle.write_units * RUNS, WRITE_UNIT),
        Item("DynamoDB read units (4 KB each at most)", (idle.reads + READS_BESIDE) * RUNS, READ_UNIT),
        Item("Logs, GB", logged, LOG_GB),
    ]


def count_of(kind: str, having: str | None = None) -> int:
    """How many resources of a kind the template has, also those with a condition."""
    return sum(having is None or having in one for one in resources_of_the_template(kind).values())


def table(idle: Idle, units: WriteUnits, seen_again: WriteUnits) -> str:
    """Both tables of the page."""
    items = bill(idle)
    lines = [f"| {one.what} | {one.count:,.6g} | {one.price:.8g} | {one.cost:.2f} |" for one in items]
    total = sum(one.cost for one in items)
    spent = [f"| {what} | {count} |" for what, count in sorted(units.spent.items()) if count]
    return "\n".join(
        [
            "| what, a month | how many | price | USD |\n|---|---|---|---|",
            *lines,
            f"| **idle stack** (at most {MAX_IDLE_COST:g}) | | | **{total:.2f}** |",
            "",
            "| write units of one document, change to acknowledged | |\n|---|---|",
            *spent,
            f"| **a document** (at most {MAX_UNITS}) | **{units.total}** |",
            f"| a million documents | {units.total * WRITE_UNIT * 1e6:.2f} USD |",
            f"| a document that Visma shows again unchanged (at most {MAX_SIGHTING_UNITS}) | {seen_again.total} |",
            f"| a million of these | {seen_again.total * WRITE_UNIT * 1e6:.2f} USD |",
        ]
    )


def main() -> None:
    """Count, and write the page."""
    with pytest.MonkeyPatch.context() as monkeypatch, aws_in_memory(monkeypatch):
        make_ledger_resources()
        units = write_units_of_a_document(ManualClock(datetime.now(UTC) + timedelta(hours=1)))
    with pytest.MonkeyPatch.context() as monkeypatch, aws_in_memory(monkeypatch):
        make_ledger_resources()
        seen_again = write_units_of_a_sighting(ManualClock(datetime.now(UTC) + timedelta(hours=1)))
    with pytest.MonkeyPatch.context() as monkeypatch, aws_in_memory(monkeypatch):
        make_ledger_resources()
        make_table(CURSORS)
        written = table(idle_run(), units, seen_again)
    print(written)
    page.write("cost.md", command="make bench", table=written)


if __name__ == "__main__":
    main()
