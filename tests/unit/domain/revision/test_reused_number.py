"""A number that is used in Visma for another document, after the one that was sent was deleted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, a_supplier_invoice, an_order_line
from tests.unit.services.outbound.test_translate import ORDER, Harness

BILL = DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "900145")
LATER = "2026-11-20T00:00:00"
OTHER_GOODS = an_order_line(1, inventory={"number": "1299"}, orderQty=Decimal(40))
MORE = an_order_line(1, orderQty=Decimal(900))


@pytest.fixture
def harness_with():
    units = {"defaults.units": {"STK": "each", "KRT": "case", "KG": "kilogram"}}
    return lambda **changes: Harness(routing=FixedRouting(routing_data(units | changes)))


def an_order(*lines, **changes):
    return a_purchase_order(lines=list(lines or [an_order_line(1)]), **changes)


def after_sending(harness, before, now, *, key=ORDER):
    """What becomes of `now` after `before` was sent under the same number."""
    harness.see(before, key=key)
    harness.becomes(State.ACKNOWLEDGED, key=key, transaction_id="T-1")
    harness.see(now, key=key)
    return harness.newest(key)


@pytest.mark.parametrize("policy", ["replace", "ignore", "park"])
@pytest.mark.parametrize("lines", [[OTHER_GOODS], [OTHER_GOODS, an_order_line(2, **OTHER_GOODS)]])
def test_another_date_and_no_item_of_the_former_one_is_asked_about(harness_with, lines, policy):
    harness = harness_with(**{"partners.acme.on_revision": policy})
    asked = after_sending(harness, an_order(), an_order(*lines, date=LATER))
    assert (asked.state, asked.reason_code, asked.field) == (State.PARKED, Reason.NUMBER_USED_AGAIN, "orderNbr")
    assert "It may be another document than the one that was sent (Orderful T-1)" in asked.reason
    assert "it is dated 2026-11-20, that one 2026-09-15" in asked.reason
    assert "--as original --force" in asked.next_step


@pytest.mark.parametrize(
    "edited",
    [
        an_order(date=LATER),
        an_order(OTHER_GOODS),
        an_order(MORE, date=LATER),
        an_order(an_order_line(1, unitCost=Decimal("10.5")), date=LATER),
        an_order(an_order_line(7), OTHER_GOODS, date=LATER),
    ],
)
def test_an_edited_order_is_replaced(harness_with, edited):
    sent = after_sending(harness_with(), an_order(), edited)
    assert (sent.state, sent.purpose) == (State.TRANSLATED, Purpose.REPLACE)


def test_what_is_cancelled_by_now_is_cancelled_at_the_partner(harness_with):
    sent = after_sending(harness_with(), an_order(), an_order(OTHER_GOODS, date=LATER, status="Cancelled"))
    assert (sent.state, sent.purpose) == (State.TRANSLATED, Purpose.CANCELLATION)


@pytest.mark.parametrize(("cause", "purpose"), [("AS_ORIGINAL", "ORIGINAL"), ("AS_REPLACEMENT", "REPLACE")])
def test_as_the_person_says(harness_with, cause, purpose):
    harness, now = harness_with(), an_order(OTHER_GOODS, date=LATER)
    after_sending(harness, an_order(), now)
    harness.see(now, cause=Cause[cause].named_at(harness.clock.now()))
    assert (harness.newest().state, harness.newest().purpose) == (State.TRANSLATED, Purpose[purpose])


class TestByTheTimeOfCreation:
    """Visma: an invoice has `createdDateTime`, an order has none."""

    @pytest.fixture
    def harness(self, harness_with):
        return harness_with(**{"partners.acme.kinds": {"supplier_invoice": {"on_revision": "replace", "send": True}}})

    def test_another_time_proves_another_document(self, harness):
        before = a_supplier_invoice(createdDateTime="2026-09-02T08:00:00.47")
        now = a_supplier_invoice(createdDateTime="2026-11-20T10:15:00", dueDate="2026-12-24T00:00:00")
        asked = after_sending(harness, before, now, key=BILL)
        assert (asked.reason_code, asked.field) == (Reason.NUMBER_USED_AGAIN, "referenceNumber")
        assert "It is another document than the one that was sent" in asked.reason
        assert "created in Visma at 2026-11-20T10:15:00" in asked.reason

    @pytest.mark.parametrize(
        "written",
        [
            "2026-09-02T08:00:00",
            "2026-09-02T08:00:01",
            "2026-09-02T08:00:00.47Z",
            "2026-09-02T06:00:00.470",
            "2026-09-02T13:45:00",
            "2026-09-02T10:00:00.47+02:00",
        ],
    )
    def test_the_same_time_written_otherwise_proves_nothing(self, harness, written):
        before = a_supplier_invoice(createdDateTime="2026-09-02T08:00:00.47")
        now = a_supplier_invoice(createdDateTime=written, dueDate="2026-12-24T00:00:00")
        assert after_sending(harness, before, now, key=BILL).purpose is Purpose.REPLACE

    def test_an_hour_and_two_minutes_later_is_another_document(self, harness):
        before = a_supplier_invoice(createdDateTime="2026-09-02T08:00:00.47")
        now = a_supplier_invoice(createdDateTime="2026-09-02T09:02:13", dueDate="2026-12-24T00:00:00")
        assert after_sending(harness, before, now, key=BILL).reason_code == Reason.NUMBER_USED_AGAIN
