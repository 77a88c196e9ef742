"""Every function of the stack with fakes, wired as in `bootstrap`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.watermark import DynamoWatermark
from connector.domain.transactions import Stream
from connector.services.inbound.apply import Applier
from connector.services.inbound.collect import Collector
from connector.services.inbound.receive import Admission, Receiver
from connector.services.outbound.poll import Poller
from connector.services.outbound.track import Tracker
from connector.services.ports import Resource
from connector.services.reconcile.night import Nightly
from connector.services.reconcile.run import Reconciler
from proof.model.invoices import Invoices
from proof.model.orderful import Inbound, Orderful
from proof.model.partner import Receivers
from proof.model.queues import Queue, Sqs
from proof.model.stores import (
    RecordedBook,
    RecordedChanges,
    RecordedCursors,
    RecordedLedger,
    RecordedPayloads,
    RememberedRouting,
)
from proof.model.tokens import TokenTable, VismaConnect, tokens_of_a_process
from proof.model.visma import OpenVisma, Visma
from testkit.memory.connector import Connector
from testkit.memory.effects import EffectRecorder, ManualClock, StepDeadline
from testkit.memory.reconcile import MemoryDocumentLists, MemoryTransactionList
from testkit.memory.stores import FixedHintBudget
from testkit.memory.visma import FakeErps
from testkit.samples.routing_data import routing_data

COMPANY = "nordic"
DOCUMENTS, DELIVERIES, CHANGES, HINTS = "documents.fifo", "deliveries.fifo", "changes.fifo", "hints.fifo"
MAX_RECEIVES = {DOCUMENTS: 250, DELIVERIES: 10, CHANGES: 10, HINTS: 100}
"""`maxReceiveCount` in template.yaml."""

_YOUNG = timedelta(days=30)
_START = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration of a system.

    Attributes:
        zone: Visma's time zone; `believed` is that of the routing file.
        order: The order of Visma's lists (`FakeErp`).
        latest: The longest delay between a stamp and its visibility in a list.
        changes: The limits of changes.
        inboxes: The inboxes of 860s; without one they are collected from the list of transactions.
        uuids: Whether inboxes have UUIDs instead of numbers.
        tells_both: Whether a fetched transaction has its number and its UUID.
        go_live: The setting `go_live`; None for the first poll.
        before_go_live: The setting `before_go_live`.
        lists: The lists of Visma that are polled. One that stays empty takes time, and what is tried there is tried at
            the others.
    """

    start: datetime = _START
    zone: str = "Europe/Oslo"
    believed: str | None = "Europe/Oslo"
    order: str = "number"
    overlap: str | None = None
    settle: str = "2m"
    latest: timedelta = timedelta(minutes=14)
    page_size: int = 100
    changes: dict[str, Any] = field(
        # The partner of the proofs names one date of the order in all its changes.
        default_factory=lambda: {
            "quantity": "50%",
            "price": "10%",
            "dates": "14d",
            "lines": "apply",
            "order_date": "365d",
        }
    )
    inboxes: tuple[str, ...] = ("7",)
    uuids: bool = False
    tells_both: bool = False
    go_live: date | None = date(2026, 1, 1)
    before_go_live: str = "park"
    lists: tuple[Resource, ...] = tuple(Resource)

    def routing(self, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """The routing file."""
        company = f"companies.{COMPANY}"
        data: dict[str, Any] = {
            "defaults.changes": self.changes,
            "defaults.on_reopen": "replace",
            f"{company}.visma.time_zone": self.believed,
            f"{company}.visma.page_size": self.page_size,
            f"{company}.settle": self.settle,
            f"{company}.before_go_live": self.before_go_live,
        }
        if self.go_live is not None:
            data[f"{company}.go_live"] = str(self.go_live)
        if self.overlap is not None:
            data[f"{company}.overlap"] = self.overlap
        return routing_data({**data, **(changes or {})})


class Functions(Connector):
    """The vendors, the stores, the queues and the functions."""

    ledger: RecordedLedger
    changes: RecordedChanges
    cursors: RecordedCursors
    payloads: RecordedPayloads
    orderful: Orderful
    inbound: Inbound
    outbox: SqsOutbox

    def __init__(self, setting: Configuration | None = None) -> None:
        """Start empty."""
        self.setting = setting or Configuration()
        clock = ManualClock(self.setting.start)
        self.effects = effects = EffectRecorder(clock)
        self.receivers = Receivers()
        self.queues = [Queue(name, clock, most) for name, most in MAX_RECEIVES.items()]
        self.sqs = Sqs(effects, self.queues)
        payloads, cursors, changes = RecordedPayloads(effects), RecordedCursors(effects), RecordedChanges(effects)
        ledger = RecordedLedger(effects, payloads)
        inbound = Inbound(effects, clock, changes, self.receivers)
        inbound.as_uuids, inbound.tells_both = self.setting.uuids, self.setting.tells_both
        super().__init__(
            clock=clock,
            routing=RememberedRouting(self.setting.routing(), clock),
            payloads=payloads,
            ledger=ledger,
            changes=changes,
            cursors=cursors,
            orderful=Orderful(effects, clock, self.receivers, ledger),
            inbound=inbound,
            watermark=DynamoWatermark(cast(Any, cursors)),
            outbox=SqsOutbox(
                documents_url=DOCUMENTS,
                deliveries_url=DELIVERIES,
                changes_url=CHANGES,
                hints_url=HINTS,
                client=cast(Any, self.sqs),
            ),
            book=RecordedBook(effects),
            young_for=_YOUNG,
            inbox_ids=self.setting.inboxes,
        )
        self.visma = Visma(
            effects,
            clock,
            zone=self.setting.zone,
            order=self.setting.order,
            exact=self.setting.latest == timedelta(0),
        )
        self.invoices = Invoices(self.visma)
        self.tokens = TokenTable(effects)
        self.connect = VismaConnect(effects, clock)

    def open_visma(self) -> OpenVisma:
        """Visma for a new process."""
        return OpenVisma(self.visma, tokens_of_a_process(self.tokens, self.connect, self.clock))

    def poller(self, **ports: Any) -> Poller:
        """The poller in a new process."""
        return super().poller(erps=self.open_visma(), **ports)

    def tracker(self, **ports: Any) -> Tracker:
        """The tracker."""
        return super().tracker(deadline=StepDeadline(), **ports)

    def applier(self, **ports: Any) -> Applier:
        """The applier in a new process; its pauses advance the clock."""
        pause = lambda seconds: self.clock.forward(seconds=seconds)  # noqa: E731 - a port
        return super().applier(orders=self.open_visma(), pause=pause, hint_budget=FixedHintBudget(), **ports)

    def collector(self, **ports: Any) -> Collector:
        """The collector; without inboxes it has a deadline."""
        deadline = StepDeadline() if self.setting.inboxes else self.deadline
        self.page_sizes = {}
        return super().collector(deadline=deadline, **ports)

    def night(self) -> Nightly:
        """The comparison of the last two days."""
        return Nightly(
            reconciler=Reconciler(
                lists=MemoryDocumentLists(FakeErps(nordic=self.visma.erp)),
                orderful=MemoryTransactionList(self.orderful, self.inbound),
                ledger=self.ledger,
                records=self.changes,
                outbox=self.outbox,
                routing=self.routing.load(),
                stream=Stream.TEST,
                book=self.book,
                clock=self.clock,
                deadline=StepDeadline(),
            ),
            book=self.book,
            clock=self.clock,
            telemetry=self.telemetry,
            days=timedelta(days=2),
        )

    def receiver(self) -> Receiver:
        """The receiver of callbacks, which accepts every secret."""
        return Receiver(admits=_knows_the_secret, outbox=self.outbox, telemetry=self.telemetry, max_bytes=1_000_000)


def _knows_the_secret(_: object) -> Admission:
    return Admission.ADMITTED
