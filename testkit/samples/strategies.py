"""Hypothesis strategies for documents with consistent totals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypeVar

from hypothesis import strategies as st

from connector.domain.documents import (
    DocumentDiscount,
    Invoice,
    InvoiceLine,
    Kind,
    OrderLine,
    Party,
    PurchaseOrder,
    Tax,
)
from connector.domain.invoice_types import InvoiceType
from connector.domain.totals import line_amount, rounded

CURRENCIES = st.sampled_from(["NOK", "SEK", "EUR", "USD", "JPY", "KWD", None])
# Each line is worth at least two of the smallest units of its currency, so that rounding does not dominate.
QUANTITIES = st.decimals(min_value=1, max_value=99999, places=3)
PRICES = st.decimals(min_value=4, max_value=99999, places=4)
PERCENT = st.integers(0, 40)
RATES = st.sampled_from([Decimal(0), Decimal(12), Decimal(15), Decimal(25)])
Line = TypeVar("Line", OrderLine, InvoiceLine)
TEXTS = st.none() | st.text(min_size=1, max_size=12)


def _amounts(line: Line, currency: str | None, percent: int) -> Line:
    """The line with a discount of `percent` and the amount that follows."""
    discount = rounded(line_amount(line, currency) * percent / 100, currency)
    kind = type(line)
    values = {name: getattr(line, name) for name in line.__struct_fields__}
    before = kind(**(values | {"discount": discount}))
    return kind(**(values | {"discount": discount, "amount": line_amount(before, currency)}))


@st.composite
def order_lines(draw: st.DrawFn, number: int, currency: str | None) -> OrderLine:
    line = OrderLine(
        number=number,
        item=draw(TEXTS),
        item_description=draw(TEXTS),
        description=draw(TEXTS),
        supplier_item=draw(TEXTS),
        quantity=draw(QUANTITIES),
        unit=draw(TEXTS),
        unit_price=draw(PRICES),
        discount=Decimal(0),
        amount=None,
        requested=draw(st.none() | st.dates()),
        promised=draw(st.none() | st.dates()),
        warehouse=draw(TEXTS),
        tax_code=draw(TEXTS),
        note=draw(TEXTS),
        cancelled=draw(st.booleans()),
        is_text=False,
        is_charge=draw(st.booleans()),
        source=f"lines[{number - 1}]",
    )
    return _amounts(line, currency, draw(PERCENT))


@st.composite
def invoice_lines(draw: st.DrawFn, number: int, currency: str | None) -> InvoiceLine:
    line = InvoiceLine(
        number=number,
        item=draw(TEXTS),
        description=draw(TEXTS),
        counterparty_item=draw(TEXTS),
        quantity=draw(QUANTITIES),
        unit=draw(TEXTS),
        unit_price=draw(PRICES),
        discount=Decimal(0),
        amount=None,
        tax_code=draw(TEXTS),
        order_number=draw(TEXTS),
        order_line=draw(st.none() | st.integers(1, 999)),
        note=draw(TEXTS),
        is_text=False,
        is_charge=draw(st.booleans()),
        source=f"invoiceLines[{number - 1}]",
    )
    return _amounts(line, currency, draw(PERCENT))


def _tax(net: Decimal, rate: Decimal, currency: str | None) -> Tax:
    return Tax(code="3", rate=rate, taxable=net, amount=rounded(net * rate / 100, currency))


@st.composite
def orders(draw: st.DrawFn) -> PurchaseOrder:
    """Orders with totals that exclude cancelled lines."""
    currency = draw(CURRENCIES)
    lines = tuple(draw(order_lines(number, currency)) for number in range(1, draw(st.integers(1, 5)) + 1))
    net = sum((line.amount or Decimal(0) for line in lines if not line.cancelled), Decimal(0))
    discounts = draw(st.sampled_from([(), (DocumentDiscount(rounded(net / 10, currency)),)]))
    taxable = net - sum((discount.amount or Decimal(0) for discount in discounts), Decimal(0))
    tax = _tax(taxable, draw(RATES), currency)
    return PurchaseOrder(
        number=draw(st.text(min_size=1, max_size=8)),
        order_type="RegularOrder",
        cancelled=False,
        ordered_on=draw(st.dates(min_value=date(2000, 1, 1))),
        promised_on=draw(st.none() | st.dates()),
        description=draw(TEXTS),
        supplier=Party(number="50012", name=draw(TEXTS)),
        supplier_reference=draw(TEXTS),
        ship_to=Party(name=draw(TEXTS)),
        branch=draw(TEXTS),
        currency=currency,
        terms=None,
        ship_via=draw(TEXTS),
        ship_terms=draw(TEXTS),
        fob_point=draw(TEXTS),
        lines=lines,
        discounts=discounts,
        taxes=(tax,),
        line_total=net,
        tax_total=tax.amount,
        order_total=taxable + tax.amount,
        note=draw(TEXTS),
    )


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    """Invoices and credit memos in positive amounts, with document discount, VAT and rounding."""
    currency = draw(CURRENCIES)
    lines = tuple(draw(invoice_lines(number, currency)) for number in range(1, draw(st.integers(1, 5)) + 1))
    net = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
    discounts = draw(st.sampled_from([(), (DocumentDiscount(rounded(net / 10, currency)),)]))
    taxable = net - sum((discount.amount or Decimal(0) for discount in discounts), Decimal(0))
    tax = _tax(taxable, draw(RATES), currency)
    rounding = rounded(draw(st.sampled_from([Decimal(0), Decimal("0.25"), Decimal("-0.25")])), currency)
    return Invoice(
        kind=draw(st.sampled_from([Kind.SUPPLIER_INVOICE, Kind.CUSTOMER_INVOICE])),
        number=draw(st.text(min_size=1, max_size=8)),
        invoice_type=draw(st.sampled_from(InvoiceType)),
        voided=False,
        invoiced_on=draw(st.dates(min_value=date(2000, 1, 1))),
        due_on=draw(st.none() | st.dates()),
        discount_due_on=None,
        cash_discount=None,
        counterparty=Party(number="10045", name=draw(TEXTS)),
        counterparty_reference=draw(TEXTS),
        original_invoices=(),
        order_number=draw(TEXTS),
        contract_number=draw(TEXTS),
        payment_reference=draw(TEXTS),
        description=draw(TEXTS),
        branch=draw(TEXTS),
        currency=currency,
        terms=None,
        lines=lines,
        discounts=discounts,
        taxes=(tax,),
        detail_total=net,
        tax_total=tax.amount,
        rounding=rounding,
        total=taxable + tax.amount + rounding,
        note=draw(TEXTS),
    )
