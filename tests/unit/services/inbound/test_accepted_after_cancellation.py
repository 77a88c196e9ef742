"""An answer that accepts an order that is no longer wanted reaches a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from testkit.memory.change_harness import Harness

ACCEPTS = {"purchaseOrderNumber": "500123", "status": "accepted"}


def answered(harness, **sent):
    harness.clock.forward(minutes=1)
    harness.inbound.send(
        ACCEPTS,
        number="802300001",
        inbox=False,
        document="855",
        transaction_type="855_PURCHASE_ORDER_ACKNOWLEDGMENT",
        order_number="500123",
        business_number="500123",
        **sent,
    )
    harness.clock.forward(minutes=11)
    harness.collect()
    harness.quiesce()
    return harness.change("802300001")


@pytest.mark.parametrize("status", ["Cancelled", "Voided"])
def test_an_order_that_was_taken_back_is_not_accepted_unseen(status):
    harness = Harness()
    harness.orders.edit(status=status)
    harness.poll()
    harness.quiesce()
    change = answered(harness)
    assert (change.state, change.reason_codes) == (ChangeState.ATTENTION, (Reason.ACCEPTED_AFTER_CANCELLATION,))
    assert "goods may be on their way" in change.reason
    assert "connector changes close 802300001" in change.next_step


def test_an_answer_that_crossed_the_cancellation_is_recorded():
    harness = Harness()
    before = harness.clock.now() + timedelta(seconds=1)
    harness.orders.edit(status="Cancelled")
    harness.poll()
    harness.quiesce()
    assert answered(harness, created_at=before).state is ChangeState.RECORDED


def test_an_order_that_stands_is_accepted():
    assert answered(Harness()).state is ChangeState.RECORDED
