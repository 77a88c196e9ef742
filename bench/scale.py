"""What a stack does at any volume: calls, limits and money by part, on paper; writes docs/scale.md.

The figures are those of `bench/quotas.py`, of the template and of the code, so the page changes with them. A day has
`Load.documents` documents and one busy hour (`bench/quotas.PEAK`). `bench/day.py` plays such a day minute by minute.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from typing import Any, NamedTuple

import msgspec

from bench import cost, day, page
from bench import quotas as q
from connector.bootstrap.reconcile import MAX_CALLS as RECONCILE_CALLS
from connector.domain.polling.budget import RESERVED_SHARE
from connector.domain.polling.shares import MAX_SHARES
from connector.domain.revision.tracking_schedule import LOOKS, MAX_PER_WINDOW
from connector.services.inbound.collect import MAX_PAGES as COLLECT_PAGES
from connector.services.inbound.collect import PAGE as COLLECT_PAGE
from connector.services.list_health import LAG_REPORTED, ListHealth
from connector.services.outbound.poll import TIME_FOR_ONE_PAGE
from connector.services.outbound.statuses import MARGIN
from connector.services.outbound.track import MAX_CALLS as TRACK_CALLS
from connector.services.outbound.track import RESERVE as TRACK_RESERVE
from connector.services.ports import Resource
from connector.services.reconcile.ports import QUESTIONS, DocumentStep, Progress, TransactionStep
from connector.services.reconcile.run import PARTIES_AT_ONCE
from connector.services.reconcile.run import RESERVE as RECONCILE_RESERVE
from proof.alarms import resources_of_the_template, template_parameters

COMMAND = "python -m bench.scale"
DAY = 86_400.0
DAYS = cost.HOURS / 24
LISTS = len(Resource)
VOLUMES = (100, 10_000, 100_000, 1_000_000, 10_000_000)
MEMORY_MB = 512
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of the template that decide how much a stack does, in their own units.

    Attributes:
        poll: Minutes between polls; `track` and `collect` likewise.
        shares: Of the companies, polled side by side.
        translate: Batches at once; `deliver` and `change` likewise.
        callbacks: A second.
        nights: Runs of reconcile in a day.
        days: That reconcile reaches back.
        orderful_minute: What Orderful takes in a minute and endpoint. It is no parameter: it is agreed with Orderful.
    """

    poll: float
    shares: int
    track: float
    collect: float
    translate: int
    deliver: int
    change: int
    callbacks: float
    nights: int
    days: int
    retention: int
    orderful_minute: float = q.ORDERFUL_MINUTE.value


def defaults() -> Settings:
    """The settings of the template as it stands."""
    parameters = template_parameters()
    return Settings(
        poll=minutes_of(parameters["PollInterval"]),
        shares=parameters["PollShares"],
        track=minutes_of(parameters["TrackInterval"]),
        collect=minutes_of(parameters["CollectInterval"]),
        translate=parameters["TranslateConcurrency"],
        deliver=parameters["DeliverConcurrency"],
        change=parameters["ChangeConcurrency"],
        callbacks=parameters["CallbackRate"],
        nights=runs_a_day(parameters["ReconcileTimes"]),
        days=parameters["ReconcileDays"],
        retention=parameters["PayloadRetentionDays"],
    )


MAX_SETTINGS = Settings(
    poll=1,
    shares=MAX_SHARES,
    track=1,
    collect=1,
    translate=100,
    deliver=500,
    change=100,
    callbacks=1_000,
    nights=1_440,
    days=2,
    retention=60,
    orderful_minute=60_000,
)
"""Every parameter as far as it helps, and what would have to be agreed with Orderful."""


def minutes_of(rate: str) -> float:
    """Minutes of `rate(5 minutes)`."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", rate)
    assert found, rate
    return int(found[1]) * {"minute": 1, "hour": 60, "day": 1_440}[found[2]]


def runs_a_day(schedule: str) -> int:
    """How often a schedule fires in a day: `rate(...)`, or a `cron` of minutes and hours."""
    if schedule.startswith("rate"):
        return int(1_440 / minutes_of(schedule))
    minute, hour, *_ = schedule.removeprefix("cron(").split()
    return _values(minute, 60) * _values(hour, 24)


def _values(field_: str, most: int) -> int:
    """How many values a field of a cron expression has."""
    first, _, step = field_.partition("/")
    begin, _, end = first.partition("-")
    if begin == "*":
        begin, end = "0", str(most - 1)
    if step and not end:
        end = str(most - 1)
    return len(range(int(begin), int(end or begin) + 1, int(step or 1)))


@cache
def seconds_of(function: str) -> float:
    """The timeout of a function of the template."""
    timeout: int = resources_of_the_template("AWS::Serverless::Function")[function]["Timeout"]
    return float(timeout)


@dataclass(frozen=True, slots=True)
class Load:
    """What a stack has to do.

    Attributes:
        documents: A day.
        companies: That are polled.
        partners: In the routing.
    """

    documents: int
    companies: int
    partners: int

    @property
    def mean(self) -> float:
        """Documents a second over the day."""
        return self.documents / DAY

    @property
    def peak(self) -> float:
        """Documents a second in the busiest hour."""
        return self.mean * q.PEAK.value


def load_of(documents: int) -> Load:
    """The load of the tables: a company for 500 documents a day, 2,000 at most, and ten partners for each."""
    companies = min(2_000, max(1, documents // 500))
    return Load(documents, companies, companies * 10)


class Row(NamedTuple):
    """One part against one limit.

    Attributes:
        part: Which part of the stack.
        what: What is counted, by the second unless it says otherwise.
        mean: Over the day; `peak` in the busiest hour.
        quota: How much is allowed or possible.
        lifted_by: What lifts it.
        absorbed: Whether what is beyond it in the busy hour only waits: the mean of the day decides whether it is kept.
    """

    part: str
    what: str
    mean: float
    peak: float
    quota: float
    lifted_by: str
    absorbed: bool = False

    @property
    def factor(self) -> float:
        """How often the need of the busiest hour fits into the quota."""
        return self.quota / self.peak if self.peak else float("inf")

    @property
    def factor_of_the_day(self) -> float:
        """How often the mean of the day fits."""
        return self.quota / self.mean if self.mean else float("inf")


# ---- what one thing takes


def translate_seconds() -> float:
    """A document through `translate_document`: its calls of DynamoDB, a tenth of one of SQS, and the translation."""
    calls = q.TRANSLATE_CALLS.value + 1 / q.FIFO_BATCH.value
    return calls * q.CALL_SECONDS.value + q.TRANSLATE_CPU.value * cpu_share()


def deliver_seconds() -> float:
    """A document through `deliver_transaction`: its calls of DynamoDB and one of Orderful."""
    return q.DELIVER_CALLS.value * q.CALL_SECONDS.value + q.ORDERFUL_SECONDS.value


def change_seconds() -> float:
    """A change through `apply_change`: read the order, write it, tell Orderful, and five calls of DynamoDB.

    One of these reads which routing is in force, for each change afresh.
    """
    return 2 * q.VISMA_SECONDS.value + q.ORDERFUL_SECONDS.value + 5 * q.CALL_SECONDS.value


def cpu_share() -> float:
    """By how much a function is slower than a core."""
    return q.FULL_CORE_MB.value / MEMORY_MB


def list_seconds(load: Load, settings: Settings) -> float:
    """A poll of one list: Visma's answer and our work on its rows."""
    rows = load.peak * 60 * settings.poll / (load.companies * LISTS)
    return q.VISMA_SECONDS.value + rows * q.ROW_CPU.value * cpu_share()


def poll_seconds() -> float:
    """Seconds of a run in which lists are begun."""
    return seconds_of("PollVismaFunction") - TIME_FOR_ONE_PAGE.total_seconds()


def looks(settings: Settings) -> float:
    """Looks of the tracker at one document until it is acknowledged: each run while it is young, then by age."""
    young = LOOKS[0].total_seconds() / 60
    later = sum(young < one.total_seconds() / 60 <= q.ACKNOWLEDGED_MINUTES.value for one in LOOKS)
    return young / settings.track + later + 1


def rows_a_call(load: Load) -> float:
    """Documents that one call of Orderful's list tells the tracker about, in the busiest hour.

    A window holds `MAX_PER_WINDOW` documents; the list for it reaches `MARGIN` further on both sides, whose
    transactions fill pages as well.
    """
    a_minute = load.peak * 60
    rows = min(MAX_PER_WINDOW, max(1.0, a_minute * LOOKS[0].total_seconds() / 60))
    read = rows + a_minute * 2 * MARGIN.total_seconds() / 60
    pages = ceil(read / q.ORDERFUL_PAGE.value)
    allowed = 2 + 3 * ceil(rows / q.ORDERFUL_PAGE.value)
    return rows * min(1, allowed / pages) / min(pages, allowed)


def looks_a_run(load: Load, settings: Settings) -> float:
    """Documents that a run of the tracker gets through: its calls or its time end it."""
    rows = rows_a_call(load)
    seconds = q.ORDERFUL_SECONDS.value / rows + q.CALL_SECONDS.value * q.STATUS_CHANGES.value / looks(settings)
    time = seconds_of("TrackTransactionsFunction") - TRACK_RESERVE.total_seconds()
    return min(TRACK_CALLS * rows, time / seconds)


def collected_a_run() -> float:
    """Incoming transactions that a run of the collector gets through: its pages, or a call for each confirmation."""
    each = q.ORDERFUL_SECONDS.value + 4 * q.CALL_SECONDS.value
    return min(COLLECT_PAGES * COLLECT_PAGE, (seconds_of("PollOrderfulFunction") - 20) / each)


def reconcile_calls(load: Load, settings: Settings) -> float:
    """Calls of Orderful for one night: pages of the window (a day of five ISA ids at least), and each content once.

    The pages are those of what was sent, and those of what was received.
    """
    chunks = ceil(load.companies / PARTIES_AT_ONCE) * settings.days
    sent = max(chunks, load.documents * settings.days / q.ORDERFUL_PAGE.value)
    received = max(chunks, load.documents * q.INBOUND_SHARE.value * settings.days / q.ORDERFUL_PAGE.value)
    return sent + received + load.documents


def reconcile_lists(load: Load) -> float:
    """Calls of Visma for one night, at least."""
    return load.companies * sum(len(asked) for asked in QUESTIONS.values())


# ---- the sizes of the three records that grow with the routing, made as the code makes them


def routing_of(companies: int, partners: int) -> Mapping[str, Any]:
    """A routing file with so many of both, each with numbers of its own."""
    chance = random.Random(1)  # noqa: S311 - no secret: the same file each time

    def isa() -> dict[str, str]:
        number = f"{chance.getrandbits(44):X}"
        return {"live": number, "test": f"{number}T"}

    return {
        "companies": {
            f"company-{n}": {
                "visma": {"company_id": str(1_000_000 + n), "tenant_id": f"{chance.getrandbits(32):x}"},
                "orderful": {"isa_id": isa()},
            }
            for n in range(companies)
        },
        "partners": {
            f"partner-{n}": {
                "company": f"company-{n % companies}",
                "visma": {"supplier": str(100_000 + n)},
                "orderful": {"isa_id": isa()},
                "units": {"STK": "each"},
            }
            for n in range(partners)
        },
    }


def health_bytes(companies: int) -> int:
    """The record of how the lists stand (`connector/adapters/aws/health.py`)."""
    chance, now = random.Random(1), datetime(2026, 1, 1, tzinfo=UTC)  # noqa: S311
    lists = [
        ListHealth(
            company=f"company-{n}",
            resource=one.value,
            configured_at=now,
            caught_up_at=now + timedelta(microseconds=chance.getrandbits(40)),
        )
        for n in range(companies)
        for one in Resource
    ]
    return len(zlib.compress(msgspec.json.encode(lists)))


def progress_bytes(companies: int, days: int) -> int:
    """How far reconcile came, which names each of its steps (`connector/adapters/aws/findings.py`)."""
    chance, begin = random.Random(1), datetime(2026, 1, 1, tzinfo=UTC)  # noqa: S311
    ours = sorted(f"{chance.getrandbits(44):X}" for _ in range(companies))
    chunks = [tuple(ours[at : at + PARTIES_AT_ONCE]) for at in range(0, companies, PARTIES_AT_ONCE)]
    steps: tuple[TransactionStep | DocumentStep, ...] = (
        *(
            TransactionStep(since=begin + timedelta(days=n), until=begin + timedelta(days=n + 1), senders=chunk)
            for n in range(days)
            for chunk in chunks
        ),
        *(
            DocumentStep(company=f"company-{n}", resource=resource, question=question)
            for n in range(companies)
            for resource in Resource
            for question in QUESTIONS[resource]
        ),
    )
    progress = Progress(started_at=begin, since=begin, until=begin + timedelta(days=days), steps=steps)
    return len(zlib.compress(msgspec.json.encode(progress)))


# ---- the limits


def rows(load: Load, settings: Settings) -> list[Row]:
    """Every part against every limit that it can meet."""
    return [*_reading(load, settings), *_moving(load, settings), *_storing(load, settings), *_beside(load, settings)]


def _reading(load: Load, settings: Settings) -> Iterator[Row]:
    lists = load.companies * LISTS
    due = lists / LAG_REPORTED.total_seconds()
    yield Row(
        "poll_visma",
        f"lists read, each within {LAG_REPORTED.total_seconds() / 60:.0f} minutes",
        due,
        due,
        settings.shares * poll_seconds() / (60 * settings.poll) / list_seconds(load, settings),
        "`PollShares`; `PollInterval: rate(1 minute)` lets the runs of a share overlap, 3.75 on average",
    )
    fastest = settings.shares * poll_seconds() / (60 * settings.poll) / q.VISMA_SECONDS.value
    asked = LISTS * 60 / max(settings.poll, lists / fastest / 60)
    yield Row(
        "poll_visma",
        "calls of Visma an hour and company, beside the share left to others",
        asked,
        asked,
        q.VISMA_HOUR.value * (1 - RESERVED_SHARE),
        "a longer `PollInterval`; what Visma grants is per company and client",
    )


def _moving(load: Load, settings: Settings) -> Iterator[Row]:
    mean, peak = load.mean, load.peak
    for queue in ("documents.fifo", "deliveries.fifo"):
        yield Row(
            queue,
            "messages sent, were each a call (a batch may lie in several partitions)",
            mean,
            peak,
            q.FIFO_CALLS.value,
            "a region with more (eu-west-1: 70,000)",
        )
    yield Row(
        "translate_document",
        "documents",
        mean,
        peak,
        settings.translate / translate_seconds(),
        "`TranslateConcurrency`",
        absorbed=True,
    )
    yield Row(
        "deliver_transaction",
        "documents",
        mean,
        peak,
        settings.deliver / deliver_seconds(),
        "`DeliverConcurrency`",
        absorbed=True,
    )
    yield Row(
        "deliver_transaction",
        "documents posted, at Orderful's example of 100 a minute",
        mean,
        peak,
        settings.orderful_minute / 60,
        "an agreement with Orderful",
        absorbed=True,
    )
    yield Row(
        "track_transactions",
        "documents, each looked at once",
        mean,
        peak,
        looks_a_run(load, settings) / (60 * settings.track),
        "`TrackInterval: rate(1 minute)`; beyond that a change of design (calls of a run, margin of the list)",
        absorbed=True,
    )
    wanted = looks(settings)
    yield Row(
        "track_transactions",
        "looks as often as its schedule has them (others come later)",
        mean * wanted,
        peak * wanted,
        looks_a_run(load, settings) / (60 * settings.track),
        "`TrackInterval: rate(1 minute)`; beyond that a change of design (calls of a run, margin of the list)",
    )
    calls = TRACK_CALLS / (60 * settings.track)
    yield Row(
        "track_transactions",
        "calls of Orderful's list at most",
        calls,
        calls,
        settings.orderful_minute / 60,
        "a longer `TrackInterval`, or an agreement with Orderful",
    )
    inbound = q.INBOUND_SHARE.value
    yield Row(
        "poll_orderful",
        "incoming transactions",
        mean * inbound,
        peak * inbound,
        collected_a_run() / (60 * settings.collect),
        "`CollectInterval: rate(1 minute)`; more inboxes share one run",
        absorbed=True,
    )
    yield Row(
        "receive_callback",
        "callbacks",
        mean * inbound,
        peak * inbound,
        settings.callbacks,
        "`CallbackRate`, then the quota of API Gateway (10,000)",
    )
    yield Row(
        "apply_change",
        "changes",
        mean * inbound,
        peak * inbound,
        settings.change / change_seconds(),
        "`ChangeConcurrency`",
        absorbed=True,
    )
    calls = reconcile_calls(load, settings)
    yield Row(
        "reconcile",
        "calls of Orderful a night",
        calls,
        calls,
        float(RECONCILE_CALLS * settings.nights),
        "`ReconcileTimes: rate(1 minute)` and fewer `ReconcileDays`; beyond that a change of design (each content)",
    )
    asked = reconcile_lists(load)
    yield Row(
        "reconcile",
        "calls of Visma a night",
        asked,
        asked,
        settings.nights
        * min(seconds_of("ReconcileFunction") - RECONCILE_RESERVE.total_seconds(), DAY / settings.nights)
        / q.VISMA_SECONDS.value,
        "`ReconcileTimes`",
    )


def _storing(load: Load, settings: Settings) -> Iterator[Row]:
    mean, peak = load.mean, load.peak
    units = q.ITEM_UNITS.value
    yield Row(
        "ledger",
        "write units",
        mean * units,
        peak * units,
        q.TABLE_WRITES.value,
        "a request to AWS; a new table begins at 4,000 and doubles every 30 minutes",
    )
    yield Row(
        "by_open_state",
        "write units of the keys TRANSLATED and SENT, were both in one partition",
        mean * q.INDEX_UNITS.value,
        peak * q.INDEX_UNITS.value,
        q.PARTITION_WRITES.value,
        "DynamoDB gives each key a partition of its own after some time: twice as much; beyond that a change of "
        "design: a key is not divided (`list_of`)",
    )
    yield Row(
        "ledger",
        "reads of the one item that holds sending back",
        mean,
        peak,
        q.PARTITION_READS.value,
        "a change of design",
    )
    # Each document that is kept back reads it as well: all of them at most.
    yield Row(
        "routing",
        "reads of the version in force: for each change (860), and for each document that is kept back, at most",
        mean * (1 + q.INBOUND_SHARE.value),
        peak * (1 + q.INBOUND_SHARE.value),
        q.PARTITION_READS.value,
        "a change of design",
    )
    yield Row(
        "routing",
        "read units when a new version is applied, within its minute",
        0,
        (settings.translate + settings.deliver + settings.change)
        * ceil(load.partners * q.ROUTING_BYTES.value / 4_096)
        / 60,
        q.PARTITION_READS.value,
        "a change of design",
    )
    yield Row(
        "poll_visma",
        "bytes of the record of the lists of a share",
        load.companies * q.HEALTH_BYTES.value / settings.shares,
        load.companies * q.HEALTH_BYTES.value / settings.shares,
        q.ITEM_BYTES.value,
        "`PollShares`",
    )
    yield Row(
        "reconcile",
        "bytes of the record of how far it came",
        load.companies * q.PROGRESS_BYTES.value,
        load.companies * q.PROGRESS_BYTES.value,
        q.ITEM_BYTES.value,
        "a smaller `ReconcileDays`",
    )
    yield Row(
        "payloads",
        "PUTs of a prefix",
        mean * q.LARGE_SHARE.value,
        peak * q.LARGE_SHARE.value,
        q.S3_WRITES.value,
        "S3 divides prefixes by itself",
    )


def _beside(load: Load, settings: Settings) -> Iterator[Row]:
    mean, peak = load.mean, load.peak
    seconds = translate_seconds() + deliver_seconds() + q.INBOUND_SHARE.value * change_seconds()
    runs = 4.0
    yield Row(
        "Lambda",
        "executions at once, were every consumer as large as it needs",
        mean * seconds + runs,
        peak * seconds + runs,
        q.LAMBDA_CONCURRENCY.value,
        "a request to AWS (L-B99A9384)",
    )
    calls = 2 / q.FIFO_BATCH.value
    yield Row(
        "logs",
        "invocations, a PutLogEvents each",
        mean * calls,
        peak * calls,
        q.LOG_CALLS.value,
        "a request to AWS",
    )
    reads = (settings.deliver + settings.change) / 300 + 1 / (60 * settings.collect)
    yield Row("secrets", "reads", reads, reads, q.SECRET_READS.value, "nothing is needed")
    yield Row(
        "keys",
        "operations of KMS",
        (settings.change + 2) / 300,
        (settings.change + 2) / 300,
        q.KMS_CALLS.value,
        "a request to AWS",
    )
    fired = (settings.shares / settings.poll + 1 / settings.track + 1 / settings.collect) / 60 + settings.nights / DAY
    yield Row("schedules", "invocations", fired, fired, q.SCHEDULER.value, "a request to AWS")


# ---- money


@dataclass(slots=True)
class Bill:
    """US dollars a month by part.

    Attributes:
        counted: Parts that docs/cost.md counts too.
        beside: What it leaves out.
    """

    counted: dict[str, float] = field(default_factory=dict)
    beside: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.counted.values()) + sum(self.beside.values())


def bill(load: Load, settings: Settings) -> Bill:
    """What a month costs."""
    documents = load.documents * DAYS
    lambdas = MEMORY_MB / 1_024 * cost.GB_SECOND
    runs = {name: cost.HOURS * 60 / every for name, every in _schedules(settings)}
    most = settings.shares * poll_seconds() / list_seconds(load, settings)
    lists = min(load.companies * LISTS, most) * runs["poll"]
    batch = min(q.FIFO_BATCH.value, max(1.0, load.mean * 60 * settings.poll / settings.translate))
    found = Bill()
    found.counted = {
        "alarms, keys, secrets": (
            cost.count_of("AWS::CloudWatch::Alarm") * cost.ALARM
            + cost.count_of("AWS::KMS::Key") * cost.KEY
            + cost.count_of("AWS::SecretsManager::Secret") * cost.SECRET
            + cost.SECRET_CALLS * cost.SECRET_CALL
        ),
        "poll_visma": lists * (list_seconds(load, settings) * lambdas + q.LIST_UNITS.value * cost.WRITE_UNIT)
        + runs["poll"] * settings.shares * (cost.INVOCATION + cost.SCHEDULE),
        "empty queues": cost.count_of("AWS::SQS::Queue", "RedrivePolicy") * cost.EMPTY_RECEIVES * cost.FIFO_REQUEST,
        "track_transactions": runs["track"]
        * (_track_seconds(load, settings) * lambdas + cost.INVOCATION + cost.SCHEDULE),
        "poll_orderful": runs["collect"] * (cost.SECONDS["poll_orderful"] * lambdas + cost.INVOCATION + cost.SCHEDULE),
        "metrics": q.IDLE_METRICS.value * cost.METRIC,
        "state of the schedules": runs["poll"]
        * (
            max(0, q.IDLE_UNITS.value - LISTS * q.LIST_UNITS.value) * cost.WRITE_UNIT
            + q.IDLE_READS.value * cost.READ_UNIT
        ),
        "logs of the schedules": runs["poll"]
        * (q.IDLE_LINES.value * cost.LOG_LINE + 3 * cost.LAMBDA_LINES)
        / 1e9
        * cost.LOG_GB,
        "ledger, writes": documents * (q.ITEM_UNITS.value + q.INDEX_UNITS.value) * cost.WRITE_UNIT,
    }
    invocations = documents * 2 / batch
    found.beside = {
        "ledger, reads": documents * (2 + 2 + looks(settings)) * cost.READ_UNIT,
        "ledger, kept for a year": documents * 12 * _kept_gb(settings) * (q.STORED_GB.value + q.RECOVERY_GB.value),
        "translate_document": documents * translate_seconds() * lambdas,
        "deliver_transaction": documents * deliver_seconds() * lambdas,
        "documents.fifo": documents * _requests(q.MESSAGE_BYTES.value, batch) * cost.FIFO_REQUEST,
        "deliveries.fifo": documents * _requests(500, batch) * cost.FIFO_REQUEST,
        "invocations": invocations * cost.INVOCATION,
        "logs": (documents * q.DOCUMENT_LINES.value * cost.LOG_LINE + invocations * (cost.LAMBDA_LINES + cost.LOG_LINE))
        / 1e9
        * cost.LOG_GB,
        "metrics of documents": q.DOCUMENT_METRICS.value * cost.METRIC * min(1, load.documents / 24),
        "callbacks and changes": documents
        * q.INBOUND_SHARE.value
        * (
            q.API_REQUEST.value
            + 2 * cost.INVOCATION
            + change_seconds() * lambdas
            + 10 * cost.WRITE_UNIT
            + cost.READ_UNIT
        ),
        "payloads in S3": documents * q.LARGE_SHARE.value * q.S3_PUT.value,
        "reconcile": DAYS * _night(load, settings, lambdas),
        "to the internet": documents * q.REQUEST_BYTES.value / 1e9 * q.OUT_GB.value,
    }
    return found


def _schedules(settings: Settings) -> Iterator[tuple[str, float]]:
    yield "poll", settings.poll
    yield "track", settings.track
    yield "collect", settings.collect


def _track_seconds(load: Load, settings: Settings) -> float:
    """Seconds of a run of the tracker, in the mean of the day."""
    due = load.mean * 60 * settings.track * looks(settings)
    share = min(1.0, due / looks_a_run(load, settings))
    most = seconds_of("TrackTransactionsFunction") - TRACK_RESERVE.total_seconds()
    return cost.SECONDS["track_transactions"] + share * min(most, TRACK_CALLS * q.ORDERFUL_SECONDS.value)


def _kept_gb(settings: Settings) -> float:
    """GB of a document after a year."""
    return (q.KEPT_BYTES.value + q.BODY_BYTES.value * min(1.0, settings.retention / 365)) / 1e9


def _requests(size: float, batch: float) -> float:
    """Requests of SQS for a message: sent and received in batches, by 64 KB, and deleted."""
    return (2 * ceil(size * batch / q.SQS_CHUNK.value) + 1) / batch


def _night(load: Load, settings: Settings, lambdas: float) -> float:
    calls = min(reconcile_calls(load, settings), RECONCILE_CALLS * settings.nights)
    asked = reconcile_lists(load)
    kept = ceil(load.companies * q.PROGRESS_BYTES.value / 1_024) * cost.WRITE_UNIT
    seconds = calls * q.ORDERFUL_SECONDS.value + asked * q.VISMA_SECONDS.value
    return seconds * lambdas + (calls / 2 + asked) * kept + settings.nights * (cost.INVOCATION + cost.SCHEDULE)


# ---- the page


def first_limit(load: Load, settings: Settings) -> tuple[str, str]:
    """The limit that a day does not keep, and the one that only the busy hour does not."""
    found = rows(load, settings)
    broken = sorted((one for one in found if _kept_by(one) < 1), key=_kept_by)
    waits = sorted((one for one in found if one.absorbed and one.factor < 1 <= one.factor_of_the_day), key=_kept_by)
    nearest = min(found, key=_kept_by)
    return (
        "; ".join(f"{one.part}: {one.what} ({number(_kept_by(one))} of it)" for one in broken[:_NAMED])
        + (f"; and {len(broken) - _NAMED} more" if len(broken) > _NAMED else "")
        or f"none; nearest is {nearest.part}: {nearest.what} ({number(_kept_by(nearest))} times)",
        "; ".join(f"{one.part}: {one.what}" for one in waits) or "none",
    )


def _kept_by(row: Row) -> float:
    return row.factor_of_the_day if row.absorbed else row.factor


def capacity(row_of: Callable[[Load], Row]) -> int:
    """The most documents a day, of the loads of the tables, that one limit keeps."""
    low, high = 1, 10**9
    while high - low > max(1, low // 1_000):
        middle = (low + high) // 2
        low, high = (middle, high) if _kept_by(row_of(load_of(middle))) >= 1 else (low, middle)
    return low


def number(value: float) -> str:
    """Three digits, with commas."""
    if value == float("inf"):
        return "-"
    if value >= 1_000:
        digits = 10 ** (len(str(int(value))) - 3)
        return f"{int(value // digits * digits):,}"
    return f"{value:.3g}"


def parts_table(load: Load, settings: Settings) -> str:
    """Every part: how much, how much is possible, how far away, what lifts it."""
    head = (
        "| part | counted, a second unless it says otherwise | mean | busy hour | possible | factor | what lifts it |"
    )
    lines = [
        f"| {one.part} | {one.what} | {number(one.mean)} | {number(one.peak)} | {number(one.quota)} | "
        f"{'**' + number(one.factor) + '**' if one.factor < 1 else number(one.factor)} | {one.lifted_by} |"
        for one in rows(load, settings)
    ]
    return "\n".join([head, "|---|---|---|---|---|---|---|", *lines])


def volumes_table(*choices: tuple[str, Settings]) -> str:
    """Which limit is met first at which volume."""
    head = (
        "| documents a day | companies | settings | not kept by the day, the smallest first | waits in the busy hour |"
    )
    lines = []
    for documents in VOLUMES:
        load = load_of(documents)
        for name, settings in choices:
            broken, waits = first_limit(load, settings)
            lines.append(f"| {documents:,} | {load.companies:,} | {name} | {broken} | {waits} |")
    return "\n".join([head, "|---|---|---|---|---|", *lines])


def capacity_table(settings: Settings, largest: Settings) -> str:
    """Up to how many documents a day each limit is kept."""
    head = "| part | limit | kept up to, as the template has it | with every setting at its end |"
    lines = []
    for at, one in enumerate(rows(load_of(100), settings)):
        most = [capacity(lambda load, chosen=chosen, at=at: rows(load, chosen)[at]) for chosen in (settings, largest)]  # type: ignore[misc]
        lines.append((most[0], f"| {one.part} | {one.what} | {_up_to(most[0])} | {_up_to(most[1])} |"))
    return "\n".join([head, "|---|---|---|---|", *(line for _, line in sorted(lines))])


def _up_to(documents: int) -> str:
    return "more than 100 million" if documents > 10**8 else number(documents)


def money_table(settings: Mapping[int, Settings]) -> str:
    """Money by part, for each volume."""
    bills = {documents: bill(load_of(documents), chosen) for documents, chosen in settings.items()}
    head = "| USD a month | " + " | ".join(f"{documents:,} a day" for documents in bills) + " |"
    first = next(iter(bills.values()))
    lines = [
        f"| {name} | " + " | ".join(_money(getattr(one, kind)[name]) for one in bills.values()) + " |"
        for kind in ("counted", "beside")
        for name in getattr(first, kind)
    ]
    total = "| **all** | " + " | ".join(f"**{_money(one.total)}**" for one in bills.values()) + " |"
    each = "| for a thousand documents | " + " | ".join(
        _money(one.total / (documents * DAYS) * 1_000) for documents, one in bills.items()
    )
    return "\n".join([head, "|---" * (len(bills) + 1) + "|", *lines, total, each + " |"])


def _money(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def sources_table() -> str:
    """Every figure, with where it comes from."""
    head = "| figure | | from | source |\n|---|---|---|---|"
    lines = [f"| {one.value:,.10g} | {one.unit} | {one.origin.value} | {one.source} |" for one in q.FIGURES.values()]
    return "\n".join([head, *lines])


def tables() -> dict[str, str]:
    """Every table of the page by its name."""
    now = defaults()
    chosen = {documents: now if documents < 1_000_000 else MAX_SETTINGS for documents in VOLUMES}
    return {
        "parts": parts_table(load_of(10_000_000), now),
        "volumes": volumes_table(("template", now), ("largest", MAX_SETTINGS)),
        "capacity": capacity_table(now, MAX_SETTINGS),
        "money": money_table(chosen),
        "day": day.table(_days(now)),
        "sources": sources_table(),
    }


def _days(now: Settings) -> Sequence[day.Day]:
    return [
        day.Day(name, documents, *_plan(load_of(documents), settings))
        for documents in VOLUMES
        for name, settings in (("template", now), ("largest", MAX_SETTINGS))
    ]


def _plan(load: Load, settings: Settings) -> tuple[int, day.Plan]:
    return load.companies, day.Plan(
        poll_every=int(settings.poll),
        companies_a_run=int(settings.shares * poll_seconds() / (LISTS * list_seconds(load, settings))),
        poll_minutes=ceil(poll_seconds() / 60),
        translated_a_minute=int(60 * settings.translate / translate_seconds()),
        sent_a_minute=int(60 * settings.deliver / deliver_seconds()),
        orderful_a_minute=int(settings.orderful_minute),
        track_every=int(settings.track),
        looks_a_run=int(looks_a_run(load, settings)),
    )


def main() -> None:
    """Reckon, print, and write the page."""
    for name, table in tables().items():
        print(f"{name}\n\n{table}\n")
        page.write_part("scale.md", command=COMMAND, part=name, table=table)


if __name__ == "__main__":
    main()
