from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.domain.documents import InvoiceType
from connector.domain.errors import Parked
from connector.domain.totals import reconcile, smallest_unit
from tests.support.documents import invoices, orders

CENTS = st.sampled_from([1, -1])


def balances(totals):
    return totals.lines + totals.charges - totals.discounts + totals.tax + totals.rounding == totals.total


def off_by_a_cent(draw, document, choices):
    """The document with one of its amounts changed by the smallest unit of its currency."""
    cent = draw(CENTS) * smallest_unit(document.currency)
    choice = draw(st.sampled_from(choices))
    if choice == "discounts":
        discount = document.discounts[0]
        return replace(document, discounts=(replace(discount, amount=discount.amount + cent),))
    if isinstance(choice, int):
        line = document.lines[choice]
        lines = (*document.lines[:choice], replace(line, amount=line.amount + cent), *document.lines[choice + 1 :])
        return replace(document, lines=lines)
    return replace(document, **{choice: getattr(document, choice) + cent})


@given(orders())
def test_orders_that_add_up_reconcile(order):
    totals = reconcile(order)
    assert balances(totals)
    assert totals.total == order.order_total


@given(orders())
def test_orders_reconcile_when_visma_counts_cancelled_lines_as_well(order):
    withdrawn = sum((line.amount for line in order.lines if line.cancelled), Decimal(0))
    plain = replace(
        order,
        discounts=(),
        taxes=(),
        tax_total=None,
        line_total=order.line_total + withdrawn,
        order_total=order.line_total + withdrawn,
    )
    totals = reconcile(plain)
    assert balances(totals)
    assert totals.total == order.line_total


@given(orders(), st.data())
def test_orders_are_refused_when_one_amount_is_a_cent_off(order, data):
    choices = ["line_total", "tax_total", "order_total"]
    choices += ["discounts"] if order.discounts else []
    choices += [index for index, line in enumerate(order.lines) if not line.cancelled]
    with pytest.raises(Parked):
        reconcile(off_by_a_cent(data.draw, order, choices))


@given(invoices())
def test_invoices_that_add_up_reconcile(invoice):
    totals = reconcile(invoice)
    assert balances(totals)
    assert totals.total == invoice.total


@given(invoices(), st.data())
def test_invoices_are_refused_when_one_amount_is_a_cent_off(invoice, data):
    choices = ["detail_total", "tax_total", "total", "rounding", *range(len(invoice.lines))]
    choices += ["discounts"] if invoice.discounts else []
    with pytest.raises(Parked):
        reconcile(off_by_a_cent(data.draw, invoice, choices))


@given(invoices())
def test_a_credit_memo_amounts_to_the_same_whichever_sign_it_has(invoice):
    memo = replace(invoice, invoice_type=InvoiceType.CREDIT_MEMO)
    negative = replace(
        memo,
        lines=tuple(replace(line, quantity=-line.quantity, amount=-line.amount) for line in memo.lines),
        taxes=tuple(replace(tax, amount=-tax.amount, taxable=-tax.taxable) for tax in memo.taxes),
        detail_total=-memo.detail_total,
        tax_total=-memo.tax_total,
        rounding=-memo.rounding,
        total=-memo.total,
    )
    assert reconcile(negative) == reconcile(memo)
