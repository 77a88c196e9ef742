"""An 860 that confirms an order: silent where it agrees, a question where it does not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.domain.order_change.edits import Edits
from connector.domain.order_change.request import ChangePurpose
from testkit.samples.business_documents import a_line, an_order
from testkit.samples.change_requests import asks, with_line
from testkit.samples.decisions import ORDER, applied, decided, hard, parked, soft

OCT_1, OCT_8, OCT_9 = date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 9)


CONFIRMS = {"purpose": ChangePurpose.CONFIRMATION}


@pytest.mark.parametrize("code", ["QI", "PC", "RZ", "NC", "CA"])
def test_a_confirmation_of_what_stands_is_silent(code):
    ours = with_line(ORDER, 1, quantity=Decimal(12))
    line = asks(code, 1, quantity=12, price="12.50", unit="each", unit_code="EA", requested=OCT_1, item="ITEM-1")
    decision = applied(line, ours=ours, requested_on=OCT_1, **CONFIRMS)
    assert (decision.edits, decision.requested, decision.differences) == (Edits(), Edits(), ())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (asks("QI", 1, quantity=99), "Line 1: the message confirms the quantity 99, and the order has 10."),
        (asks("NC", 1, quantity=0), "Line 1: the message confirms the quantity 0, and the order has 10."),
        (asks("NC", 1, quantity=10, second_quantity=12), "confirms the quantity 12, and the order has 10."),
        (asks("RZ", 1, price="39"), "Line 1: the message confirms the price 39, and the order has 12.5."),
        (asks("NC", 1, requested=OCT_9), "confirms the wanted day 2026-10-09, and the order has 2026-10-01."),
        (asks("NC", 1, promised=OCT_9), "confirms the promised day 2026-10-09, and the order has 2026-10-01."),
        (asks("NC", 1, unit="case", unit_code="CA"), "confirms the unit CA, and the order has STK."),
        (asks("NC", 1, item="ITEM-2"), "Line 1 is item ITEM-1 in the order, and another one in the message."),
        (asks("DI", 1), "Line 1: the message confirms that it is taken out, and the order has it."),
        (asks("AI", 3, quantity=1), "Line 3 is not in the order."),
        (asks("NC", 1, questions=("it has sublines.",)), "Line 1: it has sublines."),
        (asks("NC", 7, questions=("it has sublines.",)), "Line 7: it has sublines."),
    ],
)
def test_a_confirmation_of_anything_else_is_a_question_and_writes_nothing(line, reason):
    decision = parked(line, **CONFIRMS)
    assert reason in decision.reason
    assert set(decision.reasons) == set(decision.unwritten)
    assert decided(line, approved=True, **CONFIRMS).closes
    assert not decision.edits


def test_a_confirmation_is_compared_in_its_header_too():
    assert "It confirms the delivery date 2026-10-09, and the order has 2026-10-01." in soft(
        requested_on=OCT_9, **CONFIRMS
    )
    applied(requested_on=OCT_9, ours=an_order(a_line(1, promised=OCT_9), a_line(2, promised=OCT_9)), **CONFIRMS)
    assert "It is in SEK" in hard(currency="SEK", **CONFIRMS)
    gone = an_order(a_line(2))
    applied(asks("DI", 1), ours=gone, **CONFIRMS)
    applied(asks("DI", 1), ours=with_line(ORDER, 1, cancelled=True), **CONFIRMS)
    applied(asks("DI", 1), base=with_line(ORDER, 1, cancelled=True), **CONFIRMS)
    assert "the message confirms it, and the order has it no longer" in soft(asks("NC", 1), ours=gone, **CONFIRMS)
