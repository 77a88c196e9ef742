"""The total that a change states: shown beside that of the order, and asked about where nothing leads to it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import DocumentDiscount, Tax
from connector.domain.order_change.request import ChangePurpose
from connector.domain.reasons import Reason
from testkit.samples.business_documents import a_line, an_order
from testkit.samples.change_requests import asks, lines_of
from testkit.samples.decisions import decided

QUARTER = Tax("3", Decimal(25), Decimal(240), Decimal(60))
# Two lines of 10 at 12.50, the second less 10.00; 240.00 of goods, 5.00 off the whole, VAT of 25 %.
PRICED = an_order(
    a_line(1),
    a_line(2, discount=Decimal(10), amount=Decimal(115)),
    discounts=(DocumentDiscount(Decimal(5)),),
    taxes=(replace(QUARTER, taxable=Decimal(235), amount=Decimal("58.75")),),
    tax_total=Decimal("58.75"),
    order_total=Decimal("293.75"),
)
MORE = asks("QI", 1, quantity=12)


def total(stated, *lines, order=PRICED, **request):
    return decided(*(lines or (MORE,)), base=order, ours=order, totals=(Decimal(stated),), **request)


@pytest.mark.parametrize(
    "stated",
    [
        *("265", "275", "260", "270"),  # all lines, after and before discounts of lines and of the order
        *("331.25", "325", "325.004"),  # with VAT
        *("150", "187.50"),  # the line that changes
        *("25", "31.25", "-25"),  # the difference
    ],
)
def test_a_total_that_something_leads_to_is_only_shown(stated):
    decision = total(stated)
    assert decision.reasons == ()
    shown = next(one for one in decision.differences if one.field == "total")
    assert (shown.where, Decimal(shown.theirs), shown.ours) == ("order", Decimal(stated), "293.75")


@pytest.mark.parametrize("stated", ["9000", "0.50", "293.75"])
def test_a_total_that_nothing_leads_to_is_asked_about_and_an_approval_lifts_it(stated):
    decision = total(stated)
    assert decision.codes == (Reason.TOTAL_STATED_DIFFERS,)
    assert "with the change, the lines of the order come to 265 before VAT" in decision.reason
    assert lines_of(total(stated, approved=True).edits)[0]["quantity"] == 12


def test_lines_that_come_and_go_count():
    added = asks("AI", 3, item="ITEM-9", quantity=2, price="7.25", unit="each")
    assert Reason.TOTAL_STATED_DIFFERS not in total("129.50", asks("DI", 1), added).codes
    assert Reason.TOTAL_STATED_DIFFERS in total("240", asks("DI", 1), added).codes


def test_a_cancellation_may_state_any_total():
    assert Reason.TOTAL_STATED_DIFFERS not in total("9000", purpose=ChangePurpose.CANCELLATION).codes
