"""The use cases of the connector with in-memory ports, wired as in `bootstrap`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connector.adapters.conflict_retry import BackOff
from connector.domain.transactions import Stream
from connector.services.inbound.apply import Applier
from connector.services.inbound.collect import Collector
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.record import InboundRecorder
from connector.services.outbound.deliver import Deliverer
from connector.services.outbound.poll import Poller
from connector.services.outbound.snapshot import Snapshot
from connector.services.outbound.track import Tracker
from connector.services.outbound.translate import Translator
from connector.services.reconcile.local_book import LocalBook
from testkit.memory.effects import ManualClock, StepDeadline
from testkit.memory.orderful import FakeInbound, FakeOrderful
from testkit.memory.stores import (
    FixedHintBudget,
    FixedRouting,
    InMemoryChanges,
    MemoryCursors,
    MemoryHealth,
    MemoryLedger,
    MemoryOutbox,
    MemoryPayloads,
    MemoryWatermark,
    RecordingTelemetry,
)
from testkit.memory.visma import FakeErp, FakeErps, FakeOrders
from testkit.samples.routing_data import routing_data

CONFIRM_AFTER, LEASE, RESEND_AFTER = timedelta(seconds=120), timedelta(seconds=90), timedelta(minutes=15)
"""As in template.yaml."""


class Connector:
    """The ports of a stack, each an attribute, and a builder for each use case.

    A builder takes replacements of ports by name: `connector.applier(orders=watched)`.
    """

    def __init__(self, **ports: Any) -> None:
        """Use the given ports; all others start empty."""
        self.clock: ManualClock = ports.get("clock") or ManualClock()
        self.telemetry = RecordingTelemetry()
        self.ledger = MemoryLedger()
        self.changes = InMemoryChanges()
        self.cursors = MemoryCursors()
        self.payloads = MemoryPayloads()
        self.outbox: Any = MemoryOutbox()
        self.watermark: Any = MemoryWatermark()
        self.health = MemoryHealth()
        self.book = LocalBook()
        self.hint_budget: Any = FixedHintBudget()
        self.erp = FakeErp(self.clock)
        self.erps: Any = FakeErps(nordic=self.erp)
        self.orders = FakeOrders()
        self.orderful = FakeOrderful(self.clock)
        self.inbound = FakeInbound(self.clock)
        self.deadline: Any = StepDeadline()
        self.snapshot: Any = Snapshot()
        self.young_for = timedelta(0)
        self.inbox_ids: tuple[str, ...] = ("7",)
        self.page_sizes: dict[str, int] = {}
        self.pauses: list[float] = []
        self.routing: FixedRouting = ports.get("routing") or FixedRouting(routing_data())
        for name, port in ports.items():
            setattr(self, name, port)

    def poller(self, **ports: Any) -> Poller:
        """The poller."""
        use = vars(self) | ports
        return Poller(
            erp=use["erps"],
            cursors=use["cursors"],
            outbox=use["outbox"],
            payloads=use["payloads"],
            clock=self.clock,
            telemetry=self.telemetry,
            health=use["health"],
        )

    def translator(self, **ports: Any) -> Translator:
        """The translator."""
        use = vars(self) | ports
        return Translator(
            ledger=use["ledger"],
            routing=use["routing"],
            outbox=use["outbox"],
            payloads=use["payloads"],
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
        )

    def deliverer(self, **ports: Any) -> Deliverer:
        """The deliverer; the ledger also has the breaker."""
        use = vars(self) | ports
        return Deliverer(
            ledger=use["ledger"],
            orderful=use["orderful"],
            breaker=use.get("breaker", self.ledger),
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            confirm_after=CONFIRM_AFTER,
            lease=LEASE,
            young_for=self.young_for,
            snapshot=self.snapshot,
        )

    def tracker(self, **ports: Any) -> Tracker:
        """The tracker."""
        use = vars(self) | ports
        return Tracker(
            ledger=use["ledger"],
            orderful=use["orderful"],
            outbox=use["outbox"],
            breaker=use.get("breaker", self.ledger),
            routing=use["routing"],
            deadline=use["deadline"],
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            resend_after=RESEND_AFTER,
            findings=use["book"],
        )

    def recorder(self, **ports: Any) -> InboundRecorder:
        """The recorder of inbound transactions."""
        use = vars(self) | ports
        return InboundRecorder(
            changes=use["changes"],
            documents=use["ledger"],
            orderful=use["inbound"],
            routing=use["routing"],
            outbox=use["outbox"],
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
        )

    def applier(self, **ports: Any) -> Applier:
        """The applier; its pauses are recorded, without waiting."""
        use = vars(self) | ports
        return Applier(
            changes=use["changes"],
            recorder=self.recorder(**ports),
            hint_budget=use["hint_budget"],
            orders=use["orders"],
            known=PartnerBaseline(use["ledger"], self.clock),
            orderful=use["inbound"],
            routing=use["routing"],
            clock=self.clock,
            telemetry=self.telemetry,
            stream=Stream.TEST,
            lease=LEASE,
            deadline=use["deadline"],
            conflict_retry=BackOff(use.get("pause", self.pauses.append)),
            pauses=use.get("breaker", self.ledger),
        )

    def collector(self, **ports: Any) -> Collector:
        """The collector of the inboxes, or of the list if there are none."""
        use = vars(self) | ports
        return Collector(
            changes=use["changes"],
            recorder=self.recorder(**ports),
            orderful=use["inbound"],
            outbox=use["outbox"],
            routing=use["routing"],
            watermark=use["watermark"],
            pauses=use.get("breaker", self.ledger),
            clock=self.clock,
            telemetry=self.telemetry,
            deadline=use["deadline"],
            stream=Stream.TEST,
            inbox_ids=use["inbox_ids"],
            bucket_ids=(),
            resend_after=RESEND_AFTER,
            page_sizes=self.page_sizes,
        )

    def partner_baseline(self) -> PartnerBaseline:
        """The partner baseline."""
        return PartnerBaseline(self.ledger, self.clock)
