"""From which state of the order the limits of a partner count."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.order_change.limits import LimitBase
from connector.domain.reasons import Reason
from connector.domain.routing.route import LineDate, OnLines
from testkit.samples.business_documents import a_line, an_order
from testkit.samples.change_requests import asks, with_line
from testkit.samples.decisions import ORDER, applied, parked

SENT = LimitBase(ORDER, "revision 1 of 2026-09-01")
DAY = timedelta(days=1)


def test_a_quantity_and_a_price_count_from_the_state_that_was_sent():
    base = with_line(ORDER, 1, quantity=Decimal("11.5"), unit_price=Decimal("13.5"))
    applied(asks("QI", 1, quantity=12), base=base, limit_base=SENT)
    applied(asks("PC", 1, price="13.75"), base=base, limit_base=SENT)
    over = parked(asks("PQ", 1, quantity=13, price=14), base=base, limit_base=SENT)
    assert over.codes == (Reason.PRICE_BEYOND_LIMIT, Reason.QUANTITY_BEYOND_LIMIT)
    assert "from 13.5 to 14, more than 10 % from 12.5, which was last sent or approved" in over.reason


def test_a_line_that_the_partner_had_added_counts_from_its_own_values_and_from_the_amount():
    base = replace(ORDER, lines=(*ORDER.lines, a_line(3, item="ITEM-3", quantity=Decimal(3))))
    applied(asks("PC", 3, price="13"), base=base, limit_base=SENT)
    assert parked(asks("QI", 3, quantity=9), base=base, limit_base=SENT).codes == (
        Reason.ADDED_LINES_BEYOND_LIMIT,
        Reason.QUANTITY_BEYOND_LIMIT,
    )


def test_a_number_that_became_another_item_is_another_line():
    base = with_line(ORDER, 1, item="ITEM-9", quantity=Decimal(2))
    assert Reason.QUANTITY_BEYOND_LIMIT in parked(asks("QI", 1, quantity=9), base=base, limit_base=SENT).codes


@pytest.mark.parametrize("line_date", LineDate)
def test_a_day_counts_from_the_state_that_was_sent(line_date):
    field = line_date.value
    first = date(2026, 10, 1)
    sent = an_order(a_line(1, **{field: first}), a_line(2, **{field: first}))
    base = with_line(sent, 1, **{field: first + 5 * DAY})
    how = {"base": base, "limit_base": LimitBase(sent), "route": {"line_date": line_date}}
    applied(asks("RS", 1, requested=first + 7 * DAY), **how)
    over = parked(asks("RS", 1, requested=first + 8 * DAY), **how)
    assert over.codes == (Reason.DATE_BEYOND_LIMIT,)
    assert "from 2026-10-06 to 2026-10-09, further than 7 days from 2026-10-01" in over.reason


def test_the_day_of_the_header_counts_from_the_state_that_was_sent():
    first = date(2026, 10, 1)
    sent = an_order(a_line(1, promised=None), promised_on=first)
    base = replace(sent, promised_on=first + 5 * DAY)
    applied(base=base, limit_base=LimitBase(sent), requested_on=first + 7 * DAY)
    assert parked(base=base, limit_base=LimitBase(sent), requested_on=first + 8 * DAY).codes == (
        Reason.DATE_BEYOND_LIMIT,
    )


def test_a_state_that_is_lost_is_asked_about_only_where_something_is_written():
    applied(asks("CA", 1, quantity=10), limit_base=LimitBase(None))
    assert parked(asks("QI", 1, quantity=11), limit_base=LimitBase(None)).codes == (Reason.LIMIT_BASE_UNKNOWN,)


def test_lines_taken_out_count_together_since_the_order_was_sent():
    sent = an_order(*(a_line(number, item=f"ITEM-{number}") for number in range(1, 11)))
    base = replace(sent, lines=sent.lines[:-1])
    how = {"base": base, "limit_base": LimitBase(sent)}
    applied(asks("DI", 1), **how)
    over = parked(asks("DI", 1), asks("DI", 2), **how)
    assert over.codes == (Reason.REMOVED_LINES_BEYOND_LIMIT,)
    assert over.reason == (
        "The lines taken out and quantities lowered come to 375 since the order was last sent or approved, more than "
        "20 % of the order's 1250."
    )


def test_lines_taken_out_and_quantities_lowered_count_together():
    """Of 1250 at first, 250 may go: a line is 125."""
    sent = an_order(*(a_line(number, item=f"ITEM-{number}") for number in range(1, 11)))
    base = replace(sent, lines=sent.lines[:-1])
    how = {"base": base, "limit_base": LimitBase(sent)}
    lowered = [asks("QD", number, quantity=8) for number in range(1, 7)]
    applied(*lowered[:5], **how)
    over = parked(*lowered, **how)
    assert over.codes == (Reason.REMOVED_LINES_BEYOND_LIMIT,)
    assert over.reason.startswith("The lines taken out and quantities lowered come to 275 since")
    assert parked(asks("DI", 1), lowered[1], **how).codes == (Reason.REMOVED_LINES_BEYOND_LIMIT,)
    applied(*lowered, base=sent, limit_base=LimitBase(sent))
    later = with_line(base, 1, quantity=Decimal(8))
    applied(*(asks("QD", number, quantity=8) for number in range(2, 6)), base=later, limit_base=LimitBase(sent))
    assert parked(*lowered[1:], base=later, limit_base=LimitBase(sent)).codes == (Reason.REMOVED_LINES_BEYOND_LIMIT,)
    applied(asks("QI", 1, quantity=9), base=later, limit_base=LimitBase(sent))


def test_lines_added_and_quantities_raised_count_together():
    sent = an_order(*(a_line(number, item=f"ITEM-{number}") for number in range(1, 11)))
    base = replace(sent, lines=(*sent.lines, a_line(11, item="ITEM-11")))
    how = {"base": base, "limit_base": LimitBase(sent)}
    raised = [asks("QI", number, quantity=12) for number in range(1, 7)]
    applied(*raised[:5], **how)
    over = parked(*raised, **how)
    assert over.codes == (Reason.ADDED_LINES_BEYOND_LIMIT,)
    assert over.reason.startswith("The lines added and quantities raised come to 275 since")
    applied(*raised, base=sent, limit_base=LimitBase(sent))


def test_a_price_near_the_one_after_the_discount_is_asked_about():
    less = an_order(a_line(1, discount=Decimal(10), amount=Decimal(115)))
    applied(asks("PC", 1, price="12.40"), base=less)
    near = parked(asks("PC", 1, price="11.60"), base=less)
    assert near.codes == (Reason.PRICE_UNCLEAR,)
    assert "the price 11.6 may be meant after the discount of 10, with which 12.5 comes to 11.5" in near.reason


def test_a_price_without_a_currency_is_asked_about_where_the_currency_changed():
    sent = replace(ORDER, currency="EUR")
    applied(asks("QI", 1, quantity=11), base=sent, ours=ORDER)
    applied(asks("PC", 1, price=13), base=sent, ours=ORDER, currency=ORDER.currency)
    asked = parked(asks("PC", 1, price=13), base=sent, ours=ORDER)
    assert asked.codes == (Reason.PRICE_UNCLEAR,)
    assert "It gives a price and no currency; the partner had the order in EUR" in asked.reason


def test_a_line_without_a_price_is_taken_out_by_a_person_only():
    order = with_line(ORDER, 2, unit_price=Decimal(0))
    rules = {"lines": OnLines.APPLY, "quantity": Decimal(0)}
    decision = parked(asks("DI", 2), base=order, rules=rules)
    assert decision.codes == (Reason.REMOVED_LINES_BEYOND_LIMIT,)
    assert decision.reason == ("Lines without a price are taken out (2), so the limit of amounts says nothing.")


def test_a_stated_difference_with_a_minus_contradicts_a_rise():
    """The order has 10."""
    line = asks("QI", 1, quantity=12, original_quantity=10, delta=-2, explicit_total=True)
    assert parked(line).codes == (Reason.QUANTITY_UNCLEAR,)
    fall = asks("QD", 1, quantity=8, original_quantity=10, explicit_total=True)
    for delta in (Decimal(2), Decimal(-2)):
        applied(replace(fall, delta=delta))
