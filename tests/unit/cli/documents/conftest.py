"""Revisions and changes of an order, in a ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import ChangeEvent, ChangeState
from connector.domain.revision.record import CAPTURED, Event, Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from testkit.memory.stores import a_change
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

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
    stack.ledger.usual = lambda number: as_json(a_purchase_order(orderNbr=number, lines=[an_order_line()]))
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


def request_for(routing, source):
    document = read_document(decode(source), company="nordic", kind=Kind.PURCHASE_ORDER)
    route = Routing.from_data(routing).route("nordic", Kind.PURCHASE_ORDER, "50012")
    return translate(document.content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body


@pytest.fixture
def sent(stack, ledger):
    """An order that was sent, and a later state of it that is parked."""
    stack.routing.data["defaults"]["units"]["KRT"] = "case"
    first = as_json(a_purchase_order())
    then = as_json(a_purchase_order(lines=[an_order_line(orderQty=9), *a_purchase_order()["lines"][1:]]))
    body = request_for(stack.routing.data, first)
    ledger.bodies[ORDER, 1, SENT.revision_id] = (first, json.dumps(body).encode())
    ledger.bodies[ORDER, 2, PARKED.revision_id] = (then, None)
    return ledger
