"""Revisions and changes of an order, in a ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import ChangeEvent, ChangeState
from connector.domain.revision.record import CAPTURED, Event, Revision, State
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType
from testkit.memory.stores import a_change
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
ORDER = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
INVOICE = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
PARKED = Revision(
    key=ORDER,
    sequence=2,
    revision_id="bbb",
    state=State.PARKED,
    created_at=NOW,
    updated_at=NOW + timedelta(minutes=5),
    reason="Unit KRT is not mapped.",
    reason_code="unit-unmapped",
    field="lines[2].uom",
    next_step="Add defaults.units.KRT.",
    waits_for="defaults.units.KRT",
    history=(
        Event(NOW + timedelta(minutes=4), CAPTURED, "seen changed in Visma"),
        Event(NOW + timedelta(minutes=5), State.PARKED, "Unit KRT is not mapped."),
    ),
)
SENT = Revision(
    key=ORDER,
    sequence=1,
    revision_id="aaa",
    state=State.DELIVERED,
    created_at=NOW,
    updated_at=NOW + timedelta(minutes=6),
    partner="acme",
    transaction_type=TransactionType.PURCHASE_ORDER,
    dialect=Dialect.X12,
    purpose=Purpose.ORIGINAL,
    stream=Stream.TEST,
    business_number="500123",
    attempts=1,
    transaction_id="802210971",
    validation_status="VALID",
    delivery_status="DELIVERED",
    history=(
        Event(NOW, CAPTURED, "seen changed in Visma"),
        Event(NOW + timedelta(minutes=6), State.DELIVERED, "delivered"),
    ),
)


@pytest.fixture
def ledger(stack):
    stack.routing.data = routing_data()
    stack.ledger.kept = [SENT, PARKED]
    return stack.ledger


CHANGE = a_change(
    state=ChangeState.PARKED,
    created_at=NOW + timedelta(minutes=7),
    updated_at=NOW + timedelta(minutes=8),
    change_sequence=2,
    reason="Line 1: the quantity goes from 800 to 1000, more than 20 %.",
    history=(
        ChangeEvent(NOW + timedelta(minutes=7), ChangeState.RECEIVED, "received"),
        ChangeEvent(NOW + timedelta(minutes=8), ChangeState.PARKED, "more than 20 %"),
    ),
)
RESERVED = replace(
    SENT,
    sequence=3,
    revision_id="",
    state=State.CHANGING,
    transaction_type=None,
    dialect=None,
    purpose=None,
    attempts=0,
    transaction_id=None,
    change_id="802219999",
    validation_status=None,
    delivery_status=None,
    history=(Event(NOW + timedelta(minutes=9), State.CHANGING, "the partner's change is written (802219999)"),),
)
LATE = replace(
    SENT,
    attention="its functional acknowledgment (997) is overdue at Orderful",
    attention_at=NOW,
    concern="OVERDUE",
    next_step="Ask the partner whether it has the document.",
)
