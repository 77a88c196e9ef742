"""Every function of the stack, wired as its bootstrap wires it, between fakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from connector.adapters.aws.queues import BatchedDeliveries, SqsOutbox
from connector.adapters.aws.watermark import DynamoWatermark
from connector.adapters.conflict_retry import BackOff
from connector.domain.transactions import Stream
from connector.services.inbound.apply import Applier
from connector.services.inbound.collect import Collector
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.receive import Admission, Receiver
from connector.services.inbound.record import InboundRecorder
from connector.services.outbound.deliver import Deliverer
from connector.services.outbound.poll import Poller
from connector.services.outbound.snapshot import Snapshot
from connector.services.outbound.track import Tracker
from connector.services.outbound.translate import Translator
from connector.services.ports import Deadline
from proof.model.effects import Wire
from proof.model.invoices import Invoices
from proof.model.orderful import Inbound, Orderful
from proof.model.partner import Receivers
from proof.model.queues import Queue, Sqs
from proof.model.stores import WiredChanges, WiredCursors, WiredLedger, WiredPayloads
from proof.model.tokens import TokenTable, VismaConnect, tokens_of_a_process
from proof.model.visma import OpenVisma, Visma
from testkit.memory.inbound import HintCalls
from testkit.memory.outbound import FixedRouting, ManualClock, MemoryHealth, RecordingTelemetry, StepDeadline
from testkit.samples.routing_data import routing_data

COMPANY = "nordic"
DOCUMENTS, DELIVERIES, CHANGES, HINTS = "documents.fifo", "deliveries.fifo", "changes.fifo", "hints.fifo"
MOST_RECEIVES = {DOCUMENTS: 250, DELIVERIES: 10, CHANGES: 10, HINTS: 100}
"""`maxReceiveCount` in template.yaml."""

_YOUNG = timedelta(days=30)
_CLAIM, _RESEND, _CONFIRM = timedelta(seconds=90), timedelta(seconds=900), timedelta(seconds=120)
_SUMMER = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Setting:
    """One world.

    Attributes:
        zone: The zone in which Visma writes; `believed` is the one in the routing file.
        order: How Visma's lists come, as `FakeErp` sorts them.
        latest: The worst delay between a stamp and its visibility in a list.
        changes: The limits for changes that apply by themselves.
        inboxes: Where 860s are collected; from the list of transactions when there are none.
        uuids: Whether inboxes call transactions by their UUIDs.
        tells_both: Whether Orderful names number and UUID of a transaction that is fetched.
        go_live: What is dated before it does not leave by itself; None: the first poll is go-live.
        before_go_live: What becomes of changes of it.
    """

    start: datetime = _SUMMER
    zone: str = "Europe/Oslo"
    believed: str | None = "Europe/Oslo"
    order: str = "number"
    overlap: str | None = None
    settle: str = "2m"
    latest: timedelta = timedelta(minutes=14)
    page_size: int = 100
    changes: dict[str, Any] = field(
        default_factory=lambda: {"quantity": "50%", "price": "10%", "dates": "14d", "lines": "apply"}
    )
    inboxes: tuple[str, ...] = ("7",)
    uuids: bool = False
    tells_both: bool = False
    go_live: date | None = date(2026, 1, 1)
    before_go_live: str = "park"

    def routing(self, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """The routing file."""
        company = f"companies.{COMPANY}"
        data: dict[str, Any] = {
            "defaults.changes": self.changes,
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


class Functions:
    """Everything that is wired: the neighbours, the stores, the queues, and the functions between them."""

    def __init__(self, setting: Setting | None = None) -> None:
        """Begin with empty tables, an empty Visma, and nothing at Orderful."""
        self.setting = setting or Setting()
        self.clock = ManualClock(self.setting.start)
        self.wire = Wire(self.clock)
        self.receivers = Receivers()
        self.payloads = WiredPayloads(self.wire)
        self.ledger = WiredLedger(self.wire, self.payloads)
        self.changes = WiredChanges(self.wire)
        self.cursors = WiredCursors(self.wire)
        self.visma = Visma(
            self.wire,
            self.clock,
            zone=self.setting.zone,
            order=self.setting.order,
            exact=self.setting.latest == timedelta(0),
        )
        self.invoices = Invoices(self.visma)
        self.snapshot = Snapshot()
        self.orderful = Orderful(self.wire, self.clock, self.receivers, self.ledger)
        self.inbound = Inbound(self.wire, self.clock, self.changes, self.receivers)
        self.inbound.as_uuids, self.inbound.tells_both = self.setting.uuids, self.setting.tells_both
        self.routing = FixedRouting(self.setting.routing())
        self.telemetry = RecordingTelemetry()
        self.health = MemoryHealth()
        self.queues = [Queue(name, self.clock, most) for name, most in MOST_RECEIVES.items()]
        self.sqs = Sqs(self.wire, self.queues)
        self.tokens = TokenTable(self.wire)
        self.connect = VismaConnect(self.wire, self.clock)
        self.deadline: Deadline = StepDeadline()

    def outbox(self) -> SqsOutbox:
        """The queues as a function writes to them."""
        return SqsOutbox(
            documents_url=DOCUMENTS,
            deliveries_url=DELIVERIES,
            changes_url=CHANGES,
            hints_url=HINTS,
            client=cast(Any, self.sqs),
        )

    def open_visma(self) -> OpenVisma:
        """Visma as a fresh process sees it."""
        return OpenVisma(self.visma, tokens_of_a_process(self.tokens, self.connect, self.clock))

    def poller(self) -> Poller:
        """The poller."""
        return Poller(
            erp=self.open_visma(),
            cursors=self.cursors,
            outbox=self.outbox(),
            payloads=self.payloads,
            clock=self.clock,
            telemetry=self.telemetry,
            health=self.health,
        )

    def translator(self, outbox: BatchedDeliveries) -> Translator:
        """The translator."""
        return Translator(
            ledger=self.ledger,
            routing=self.routing,
            outbox=outbox,
            payloads=self.payloads,
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
        )

    def deliverer(self) -> Deliverer:
        """The deliverer."""
        return Deliverer(
            ledger=self.ledger,
            orderful=self.orderful,
            breaker=self.ledger,
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            confirm_after=_CONFIRM,
            lease=_CLAIM,
            young_for=_YOUNG,
            snapshot=self.snapshot,
        )

    def tracker(self) -> Tracker:
        """The tracker."""
        return Tracker(
            ledger=self.ledger,
            orderful=self.orderful,
            outbox=self.outbox(),
            breaker=self.ledger,
            routing=self.routing,
            deadline=StepDeadline(),
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            resend_after=_RESEND,
        )

    def recorder(self) -> InboundRecorder:
        """The intake."""
        return InboundRecorder(
            changes=self.changes,
            documents=self.ledger,
            orderful=self.inbound,
            routing=self.routing,
            outbox=self.outbox(),
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
        )

    def applier(self) -> Applier:
        """The applier."""
        return Applier(
            changes=self.changes,
            recorder=self.recorder(),
            hint_budget=HintCalls(),
            orders=self.open_visma(),
            known=PartnerBaseline(self.ledger, self.clock),
            orderful=self.inbound,
            routing=self.routing,
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            lease=_CLAIM,
            deadline=self.deadline,
            conflict_retry=BackOff(lambda seconds: self.clock.forward(seconds=seconds)),
        )

    def collector(self) -> Collector:
        """The collector."""
        return Collector(
            changes=self.changes,
            recorder=self.recorder(),
            orderful=self.inbound,
            outbox=self.outbox(),
            routing=self.routing,
            watermark=DynamoWatermark(cast(Any, self.cursors)),
            clock=self.clock,
            telemetry=self.telemetry,
            deadline=StepDeadline() if self.setting.inboxes else self.deadline,
            stream=Stream.TEST,
            inbox_ids=self.setting.inboxes,
            bucket_ids=(),
            resend_after=_RESEND,
        )

    def receiver(self) -> Receiver:
        """The receiver of callbacks; who knows the secret is not its concern here."""
        return Receiver(admits=_knows_the_secret, outbox=self.outbox(), telemetry=self.telemetry, max_bytes=1_000_000)


def _knows_the_secret(_: object) -> Admission:
    return Admission.ADMITTED
