"""How often DynamoDB is called for each document, from its change to its sending, and what following it adds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bench.table import Row, show
from connector.adapters import aws
from connector.adapters.ledger import DynamoLedger
from connector.adapters.payloads import S3Payloads
from connector.domain.documents import Kind
from connector.domain.transactions import Stream
from connector.services.deliver import Deliverer
from connector.services.messages import DocumentMessage
from connector.services.track import Tracker
from connector.services.translate import Translator
from tests.support.aws import BUCKET, DOCUMENTS, Calls, aws_in_memory, make_ledger_home
from tests.support.fakes import (
    FakeOrderful,
    FixedRouting,
    ManualClock,
    MemoryOutbox,
    MemoryPayloads,
    RecordingTelemetry,
    StepDeadline,
)
from tests.support.routing_data import routing_data
from tests.support.visma_samples import a_purchase_order, an_order_line, as_json

_DOCUMENTS = 20
_WRITES, _READS = 4, 3


def measure() -> Iterator[Row]:
    """The real use cases and the real ledger; the table is moto's, which counts no less than DynamoDB."""
    with pytest.MonkeyPatch.context() as monkeypatch, aws_in_memory(monkeypatch):
        make_ledger_home()
        yield from _measure()


def _measure() -> Iterator[Row]:
    # The table is as young as its clock says: each first post is checked against what Orderful has.
    clock = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    outbox, telemetry = MemoryOutbox(), RecordingTelemetry()
    ledger, orderful = DynamoLedger(DOCUMENTS, S3Payloads(BUCKET)), FakeOrderful(clock)
    translator = Translator(
        ledger, FixedRouting(routing_data()), outbox, MemoryPayloads(), clock, telemetry, Stream.TEST
    )
    deliverer = Deliverer(
        ledger=ledger,
        orderful=orderful,
        breaker=ledger,
        clock=clock,
        telemetry=telemetry,
        stream=Stream.TEST,
        confirm_after=timedelta(minutes=2),
        lease=timedelta(seconds=90),
        young_for=timedelta(days=30),
    )
    tracker = Tracker(
        ledger=ledger,
        orderful=orderful,
        outbox=outbox,
        breaker=ledger,
        clock=clock,
        telemetry=telemetry,
        stream=Stream.TEST,
        routing=FixedRouting(routing_data()),
        deadline=StepDeadline(),
        resend_after=timedelta(minutes=15),
    )

    sending = Calls(aws.dynamodb())
    for number in range(_DOCUMENTS):
        translator.handle(_message(str(500_000 + number), clock))
    clock.forward(seconds=1)
    for delivery in outbox.queued_deliveries:
        deliverer.handle(delivery)
    assert len(orderful.transactions) == _DOCUMENTS, "every document was sent"
    writes, reads = sending.writes / _DOCUMENTS, sending.reads / _DOCUMENTS
    yield Row(
        "DynamoDB calls a document, change to sent",
        f"{writes:.1f} writes, {reads:.1f} reads",
        f"{_WRITES} writes, {_READS} reads",
        writes <= _WRITES and reads <= _READS,
    )

    asked = orderful.calls["list_since"] + orderful.calls["look_up"]
    yield Row(f"Calls to Orderful's lists for {_DOCUMENTS} first posts of a young ledger", f"{asked}", "1", asked <= 1)

    following = Calls(aws.dynamodb())
    clock.forward(minutes=5)
    for transaction in orderful.transactions:
        orderful.news(transaction.transaction_id, validation_status="VALID", delivery_status="DELIVERED")
    tracker.run()
    yield Row(
        f"DynamoDB calls of one tracking run with news of {_DOCUMENTS} documents",
        f"{following.writes} writes, {following.reads} reads",
    )


def _message(number: str, clock: ManualClock) -> DocumentMessage:
    order = a_purchase_order(orderNbr=number, lines=[an_order_line(line) for line in range(1, 21)])
    return DocumentMessage(
        company="nordic",
        kind=Kind.PURCHASE_ORDER,
        number=number,
        modified_at=clock.now(),
        document=msgspec.Raw(as_json(order)),
    )


if __name__ == "__main__":
    show(measure())
