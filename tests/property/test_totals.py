from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import DialectChoice, EnteredAmount
from connector.domain.totals import reconcile, rounded, smallest_unit
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import read_document
from connector.edi.x12.text import interchange
from testkit.samples.business_documents import a_route
from testkit.samples.strategies import invoices, orders
from testkit.samples.visma_samples import a_customer_invoice, a_purchase_order, a_supplier_invoice, an_order_line
from testkit.x12_reader import amount_due, every, only, read

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


class Case(NamedTuple):
    """A raw document of Visma, and what is payable by it.

    Attributes:
        entered: Whether the amount of a line was entered and is not what its quantity and price come to.
    """

    data: dict[str, Any]
    currency: str
    payable: Decimal
    entered: bool


@st.composite
def cases(draw):
    """What Visma would give: amounts from true prices, shown rounded; VAT as the base product counts it; roundings."""
    kind = draw(st.sampled_from(["order", "customer", "supplier"]))
    currency = draw(st.sampled_from(["NOK", "SEK", "EUR", "ISK", "KWD"]))
    unit = smallest_unit(currency)
    exchange = draw(st.sampled_from([Decimal(1), Decimal("11.7"), Decimal("0.0855")]))
    lines, entered = [], False
    for number in range(1, draw(st.integers(1, 3)) + 1):
        quantity = Decimal(draw(st.integers(1, 5000))) / draw(st.sampled_from([1, 1, 10, 100]))
        if kind != "order" and draw(st.sampled_from([0, 0, 0, 1])):
            quantity = -quantity
        true_price = Decimal(draw(st.integers(20_000, 9_000_000))) / 10_000
        price = true_price.quantize(draw(st.sampled_from([Decimal("0.01"), Decimal("0.0001")])), ROUND_HALF_UP)
        product = rounded(quantity * true_price, currency)
        percent = Decimal(draw(st.sampled_from([0, 0, 10, -10, 100])))
        discount = rounded(product * percent / 100, currency)
        amount = product - discount
        if draw(st.sampled_from([0, 0, 0, 0, 1])):
            amount, entered = amount + abs(product) + unit, True
        lines.append((number, quantity, price, percent, discount, amount))
    charged = draw(st.sampled_from([Decimal(0), Decimal(80)])) if kind != "supplier" else Decimal(0)
    detail = sum((line[-1] for line in lines), charged)
    taken_off = draw(st.sampled_from([Decimal(0), rounded(detail / 10, currency)]))
    net = detail - taken_off
    vat_mode = draw(st.sampled_from(["none", "payable", "several", "reverse", "use", "partly"]))
    rate = Decimal(25)
    full = rounded(net * rate / 100, currency)
    part = rounded(full / 3, currency)
    rows, vat = {
        "none": ([], Decimal(0)),
        "payable": ([full], full),
        "several": ([part, full - part], full),
        "reverse": ([full, full], Decimal(0)),
        "use": ([full], Decimal(0)),
        "partly": ([part], full),
    }[vat_mode]
    in_company_currency = kind == "supplier" and exchange != 1
    company = lambda amount: rounded(amount * exchange, None)  # noqa: E731
    taxes = [
        {
            "vatId": {"number": str(index)},
            "vatRate": rate - index * 10,
            "vatAmount": company(row) if in_company_currency else row,
        }
        for index, row in enumerate(rows)
    ]
    if kind == "order":
        raw = [
            an_order_line(
                number,
                orderQty=quantity,
                unitCost=price,
                discountPercent=percent,
                discountAmount=discount,
                amount=amount,
            )
            for number, quantity, price, percent, discount, amount in lines
        ]
        if charged:
            raw.append(an_order_line(9, lineType="Freight", orderQty=Decimal(1), unitCost=charged))
        totals = {"lineTotal": detail, "taxTotal": vat, "orderTotal": net + vat, "taxDetails": taxes}
        totals["discountDetails"] = [{"type": "Document", "discountAmt": taken_off}]
        return Case(a_purchase_order(lines=raw, currency=currency, **totals), currency, net + vat, entered)

    before = net + vat
    payable = before.quantize(Decimal(1), ROUND_HALF_UP) if draw(st.booleans()) else before
    # Visma: what is payable is the sum less the difference; which sign the field has is drawn.
    difference = (before - payable) * draw(st.sampled_from([1, -1]))
    invoice_lines = [
        {
            "lineNumber": number,
            "inventoryNumber": "1298",
            "uom": "STK",
            "quantity": quantity,
            "unitPriceInCurrency": price,
            "unitCostInCurrency": price,
            "discountPercent": percent,
            "discountAmountInCurrency": discount,
            "amountInCurrency": amount,
            "costInCurrency": amount,
        }
        for number, quantity, price, percent, discount, amount in lines
    ]
    if charged:
        invoice_lines.append({"lineNumber": 9, "lineType": "FR", "quantity": 1, "unitPriceInCurrency": charged})
    common = {
        "discountTotal": company(taken_off),
        "discountTotalInCurrency": taken_off,
        "currencyId": currency,
        "exchangeRate": exchange,
        "invoiceLines": invoice_lines,
        "detailTotal": company(detail),
        "detailTotalInCurrency": detail,
        "vatTotal": company(vat),
        "vatTotalInCurrency": vat,
        "amount": company(payable),
        "roundingDiff": company(difference),
        "paymentReference": None,
    }
    if kind == "customer":
        return Case(
            a_customer_invoice(**common, taxDetails=taxes, amountInCurrency=payable), currency, payable, entered
        )
    # Where even the company's own field is empty, nothing states the difference.
    left_out = company(difference) or not difference
    own = {"roundingDiffInCurrency": draw(st.sampled_from([difference, None])) if left_out else difference}
    own["paymentRefNo"] = None
    return Case(a_supplier_invoice(**common, **own, taxDetailLines=taxes), currency, payable, entered)


def written(case, dialect, **routing):
    """What a partner adds up, and what it is told; both negative when money goes back."""
    content = read_document(case.data, company="nordic").content
    route = a_route(content, currency=case.currency, dialect=dialect, whole_units=frozenset(), **routing)
    if dialect is DialectChoice.X12:
        text = interchange(
            content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL, control_number=1, when=datetime.now(UTC)
        ).text
        return _of_x12(read(text), case.currency)
    body = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body
    return _of_mosaic(body["message"], case.currency)


def _of_x12(segments, currency):
    if not every(segments, "TDS"):
        due = sum((rounded(Decimal(row[2]) * Decimal(row[4]), currency) for row in every(segments, "PO1")), Decimal(0))
        due += sum((Decimal(row[5]) / 100 * (1 if row[1] == "C" else -1) for row in every(segments, "SAC")), Decimal(0))
        return due + sum((Decimal(row[2]) for row in every(segments, "TXI")), Decimal(0)), only(segments, "AMT")[2]
    sign = -1 if only(segments, "BIG")[7] == "CR" else 1
    return sign * amount_due(segments), sign * Decimal(only(segments, "TDS")[1]) / 100


def _of_mosaic(message, currency):
    def charged(part):
        due = sum((Decimal(charge["amount"]) for charge in part.get("charges", ())), Decimal(0))
        return due - sum((Decimal(allowance["amount"]) for allowance in part.get("allowances", ())), Decimal(0))

    sums = message.get("monetaryAmounts", {})
    due = charged(message) - Decimal(sums.get("discount", 0)) + Decimal(sums.get("freight", 0))
    for line in message["lineItems"]:
        quantity = Decimal(line.get("quantityInvoiced", line.get("quantity"))["value"])
        due += rounded(quantity * Decimal(line.get("unitPrice", line.get("unitCostPrice"))), currency) + charged(line)
    sign = -1 if message.get("invoiceType") == "creditMemo" else 1
    return sign * due, sign * Decimal(message.get("invoiceTotal") or message["monetaryAmounts"]["net"])


dialects = st.sampled_from([DialectChoice.X12, DialectChoice.MOSAIC])


@given(cases(), dialects, st.sampled_from(EnteredAmount))
def test_a_document_is_parked_or_what_is_written_closes_to_what_is_payable(case, dialect, entered_amount):
    try:
        added_up, stated = written(case, dialect, entered_amount=entered_amount)
    except Parked:
        return
    assert added_up == Decimal(stated) == case.payable


@given(cases())
def test_nothing_but_an_entered_amount_parks_a_document_whose_figures_belong_together(case):
    if smallest_unit(case.currency) != Decimal("0.01"):
        return
    try:
        added_up, stated = written(case, DialectChoice.X12, rounding_limit=Decimal(1_000_000))
    except Parked as parked:
        line_stated = parked.field.endswith(("amount", "amountInCurrency", "costInCurrency")) and "entered" in str(
            parked
        )
        rounding_unstated = parked.field.startswith("roundingDiff")
        assert (case.entered and line_stated) or rounding_unstated
        return
    assert added_up == Decimal(stated) == case.payable


@given(cases())
def test_routing_that_adjusts_entered_amounts_sends_them(case):
    if smallest_unit(case.currency) == Decimal("0.01"):
        try:
            added_up, stated = written(case, DialectChoice.X12, entered_amount=EnteredAmount.ADJUST)
        except Parked as parked:
            assert parked.field.startswith("roundingDiff")  # noqa: PT017
            return
        assert added_up == Decimal(stated) == case.payable
