"""A document's way through the real use cases and the real ledger, from its change to its acknowledgment."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from bench.write_units import WriteUnits
from connector.adapters.aws import clients
from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import Kind
from connector.services.messages import DocumentMessage
from testkit.aws import BUCKET, DOCUMENTS
from testkit.memory.connector import Connector
from testkit.memory.effects import ManualClock
from testkit.memory.stores import RecordingTelemetry
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

_NUMBER = "500123"


class Line(Connector):
    """Translator, deliverer and tracker over the table of `make_ledger_resources`."""

    def __init__(self, clock: ManualClock, telemetry: RecordingTelemetry | None = None) -> None:
        """Wire them; nothing is sent yet."""
        super().__init__(
            clock=clock,
            telemetry=telemetry or RecordingTelemetry(),
            ledger=DynamoLedger(DOCUMENTS, S3Payloads(BUCKET)),
            breaker=DynamoBreaker(DOCUMENTS),
            young_for=timedelta(days=30),
        )

    def translate(self, number: str) -> None:
        """Translate an order of twenty lines with all fields that Visma sends and that a poll adds."""
        order = a_purchase_order(orderNbr=number, lines=[an_order_line(line) for line in range(1, 21)])
        self.translator().handle(
            DocumentMessage(
                company="nordic",
                kind=Kind.PURCHASE_ORDER,
                number=number,
                modified_at=self.clock.now(),
                seen_at=self.clock.now(),
                listed_since=self.clock.now() - timedelta(days=365),
                document=msgspec.Raw(as_json(order)),
            )
        )

    def deliver(self) -> None:
        """Send all that is queued."""
        self.clock.forward(seconds=1)
        deliverer = self.deliverer()
        for delivery in self.outbox.queued_deliveries:
            deliverer.handle(delivery)


def write_units_of_a_document(clock: ManualClock) -> WriteUnits:
    """What one document costs until its partner acknowledged it, each step of Orderful's seen by a run of its own."""
    counted = WriteUnits(clients.dynamodb(), DOCUMENTS)
    _acknowledged(clock)
    return counted


def write_units_of_a_sighting(clock: ManualClock) -> WriteUnits:
    """What it costs that Visma shows an acknowledged document again, unchanged but for its row version."""
    line = _acknowledged(clock)
    counted = WriteUnits(clients.dynamodb(), DOCUMENTS)
    clock.forward(minutes=5)
    line.translate(_NUMBER)
    return counted


def _acknowledged(clock: ManualClock) -> Line:
    line = Line(clock)
    line.translate(_NUMBER)
    line.deliver()
    (sent,) = line.orderful.transactions
    for status, value in (
        ("validation_status", "VALID"),
        ("delivery_status", "DELIVERED"),
        ("acknowledgment_status", "ACCEPTED"),
    ):
        clock.forward(minutes=5)
        line.orderful.update_status(sent.transaction_id, problems=(), **{status: value})
        line.tracker().run()
    return line
