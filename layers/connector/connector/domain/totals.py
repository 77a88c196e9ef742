"""Whether what Visma states adds up, and what the document amounts to.

Nothing leaves whose sums a partner could not repeat: each line, the sum of the lines, the VAT and the total are worked
out again in the cents of the currency, halves rounded up, and compared with what Visma states. What Visma does not
state is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from msgspec.structs import replace

from connector.domain.documents import (
    BusinessDocument,
    Invoice,
    InvoiceLine,
    InvoiceType,
    Kind,
    OrderLine,
    PurchaseOrder,
)
from connector.domain.errors import Parked

ZERO = Decimal(0)

# ISO 4217 minor units that are not two.
_WHOLE = Decimal(1)
_CENT = Decimal("0.01")
_MILLE = Decimal("0.001")
_SMALLEST = dict.fromkeys(
    ("JPY", "ISK", "KRW", "VND", "CLP", "PYG", "UGX", "XAF", "XOF", "XPF"), _WHOLE
) | dict.fromkeys(("KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"), _MILLE)

# What Visma calls the amounts, for the person who looks them up.
_LINE_AMOUNT = {
    Kind.PURCHASE_ORDER: "amount",
    Kind.SUPPLIER_INVOICE: "costInCurrency",
    Kind.CUSTOMER_INVOICE: "amountInCurrency",
}
_INVOICE_TOTAL = {Kind.SUPPLIER_INVOICE: "amount", Kind.CUSTOMER_INVOICE: "amountInCurrency"}
_NEXT_STEP = "Correct the document in Visma."


@dataclass(frozen=True, slots=True)
class Totals:
    """What a document amounts to, in its currency: `lines + charges - discounts + tax + rounding = total`.

    Attributes:
        lines: The lines after their own discounts, without charges and, for orders, without cancelled lines.
        discounts: Discounts of the whole document, positive.
        charges: Freight and the like.
        tax: VAT.
        rounding: Signed so that the equation above holds.
        total: What is to be paid.
    """

    lines: Decimal
    discounts: Decimal
    charges: Decimal
    tax: Decimal
    rounding: Decimal
    total: Decimal


def smallest_unit(currency: str | None) -> Decimal:
    """The smallest amount of a currency: 0.01 for NOK, 1 for JPY, 0.001 for KWD; 0.01 when none is known."""
    return _SMALLEST.get(currency or "", _CENT)


def rounded(amount: Decimal, currency: str | None) -> Decimal:
    """`amount` in the cents of `currency`, halves away from zero.

    Raises:
        Parked: it has more digits than can be kept exactly (28).
    """
    try:
        return amount.quantize(smallest_unit(currency), ROUND_HALF_UP)
    except InvalidOperation:
        raise Parked(f"The amount {amount:.6E} is too large to be worked out exactly.", next_step=_NEXT_STEP) from None


def line_amount(line: OrderLine | InvoiceLine, currency: str | None) -> Decimal:
    """What a line comes to by its own numbers: `quantity * unit_price`, brought towards zero by the discount."""
    product = rounded(line.quantity * line.unit_price, currency)
    return product + line.discount if product < 0 else product - line.discount


def magnitudes(invoice: Invoice) -> Invoice:
    """A credit memo with positive amounts; every other invoice as it is.

    Which sign Visma gives the amounts of credit notes is not documented, so both are accepted as long as the whole
    document keeps to one: a memo whose total is negative is turned round, line by line. A line that runs against the
    memo (something charged on a credit note) keeps running against it, as a negative quantity.
    """
    if invoice.invoice_type is not InvoiceType.CREDIT_MEMO or not _is_negative(invoice):
        return invoice
    return replace(
        invoice,
        lines=tuple(_turned(line) for line in invoice.lines),
        taxes=tuple(
            replace(tax, amount=-tax.amount, taxable=None if tax.taxable is None else -tax.taxable)
            for tax in invoice.taxes
        ),
        cash_discount=None if invoice.cash_discount is None else abs(invoice.cash_discount),
        detail_total=None if invoice.detail_total is None else -invoice.detail_total,
        tax_total=None if invoice.tax_total is None else -invoice.tax_total,
        rounding=-invoice.rounding,
        total=None if invoice.total is None else -invoice.total,
    )


def reconcile(content: BusinessDocument) -> Totals:
    """Work out the totals of a document and compare them with what Visma states.

    Orders: cancelled lines are not part of what is sent, unless the whole order is cancelled. Visma's own totals may
    count them or not; either is accepted, and the totals of what is sent are given. Credit memos count as positive
    amounts (see `magnitudes`).

    Raises:
        Parked: two sums differ; the sentence has both, `field` names Visma's.
    """
    if isinstance(content, PurchaseOrder):
        return _order(content)
    return _invoice(magnitudes(content))


def _order(order: PurchaseOrder) -> Totals:
    currency = order.currency
    sent = [line for line in order.lines if order.cancelled or not line.cancelled]
    lines, charges = _sum_of_lines(sent, order.kind, currency)
    net = lines + charges
    discounts = _discounts(order, currency)
    tax = _tax(order, "taxTotal")
    due = net - discounts + tax

    if _agrees(order.line_total, net, currency) and _agrees(order.order_total, due, currency):
        return Totals(lines, discounts, charges, tax, ZERO, due)
    cancelled = [] if order.cancelled else [line for line in order.lines if line.cancelled]
    withdrawn = sum((_stated_or_computed(line, currency) for line in cancelled), ZERO)
    _compare(order.line_total, (net, net + withdrawn), "The lines add up to", "lineTotal", currency)
    counted = net if order.line_total is not None and _agrees(order.line_total, net, currency) else net + withdrawn
    due_as_counted = counted - discounts + tax
    _compare(order.order_total, (due_as_counted,), "Lines, discounts and VAT add up to", "orderTotal", currency)
    discounts, tax = _of_the_rest(order, net, counted, discounts, tax)
    return Totals(lines, discounts, charges, tax, ZERO, net - discounts + tax)


def _of_the_rest(
    order: PurchaseOrder, net: Decimal, net_of_all: Decimal, discounts: Decimal, tax: Decimal
) -> tuple[Decimal, Decimal]:
    """Discounts and VAT of the lines that are sent, when Visma's figures cover cancelled lines as well.

    Raises:
        Parked: which part belongs to the cancelled lines cannot be told.
    """
    if all(line.cancelled for line in order.lines):
        return ZERO, ZERO
    if discounts:
        raise Parked(
            f"Visma's discount of {_money(discounts, order.currency)} covers cancelled lines too, and what remains of "
            "it for the others cannot be told.",
            next_step="Remove the cancelled lines in Visma.",
            field="discountDetails",
        )
    if not tax:
        return ZERO, ZERO
    rates = {line_tax.rate for line_tax in order.taxes}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is None or not _agrees(tax, net_of_all * rate / 100, order.currency):
        raise Parked(
            f"Visma's VAT of {_money(tax, order.currency)} covers cancelled lines too, and what remains of it for the "
            "others cannot be told.",
            next_step="Remove the cancelled lines in Visma.",
            field="taxTotal",
        )
    return ZERO, rounded(net * rate / 100, order.currency)


def _invoice(invoice: Invoice) -> Totals:
    currency = invoice.currency
    lines, charges = _sum_of_lines(invoice.lines, invoice.kind, currency)
    discounts = _discounts(invoice, currency)
    tax = _tax(invoice, "vatTotalInCurrency")
    rounding = rounded(invoice.rounding, currency)

    # Visma's detail total is not documented to hold freight or to leave it out.
    _compare(invoice.detail_total, (lines + charges, lines), "The lines add up to", "detailTotalInCurrency", currency)
    before_rounding = lines + charges - discounts + tax
    # Nor is the sign of the rounding difference: the stated total tells.
    if invoice.total is not None and _agrees(invoice.total, before_rounding - rounding, currency):
        rounding = -rounding
    total = before_rounding + rounding
    _compare(
        invoice.total,
        (total,),
        "Lines, discounts, VAT and rounding add up to",
        _INVOICE_TOTAL[invoice.kind],
        currency,
    )
    return Totals(lines, discounts, charges, tax, rounding, total)


def _sum_of_lines(
    lines: Iterable[OrderLine | InvoiceLine], kind: Kind, currency: str | None
) -> tuple[Decimal, Decimal]:
    """The sums of goods and of charges, each line checked on the way."""
    goods = charges = ZERO
    for line in lines:
        amount = line_amount(line, currency)
        if line.amount != amount and not _agrees(line.amount, amount, currency):
            raise Parked(
                f"{_working_of(line, currency)} = {_figure(amount, currency)}, "
                f"Visma states {_figure(line.amount or ZERO, currency)}.",
                next_step=_NEXT_STEP,
                field=f"{line.source}.{_LINE_AMOUNT[kind]}",
            )
        if line.is_charge:
            charges += amount
        else:
            goods += amount
    return goods, charges


def _working_of(line: OrderLine | InvoiceLine, currency: str | None) -> str:
    working = f"{line.source}: {_plain(line.quantity)} x {_plain(line.unit_price)}"
    if not line.discount:
        return working
    sign = "+" if line.quantity * line.unit_price < 0 else "-"
    return f"{working} {sign} {_figure(line.discount, currency)}"


def _stated_or_computed(line: OrderLine, currency: str | None) -> Decimal:
    return line_amount(line, currency) if line.amount is None else rounded(line.amount, currency)


def _discounts(content: BusinessDocument, currency: str | None) -> Decimal:
    return sum((rounded(discount.amount, currency) for discount in content.discounts), ZERO)


def _tax(content: BusinessDocument, field: str) -> Decimal:
    """The VAT of the document: as stated, else as its rates add up."""
    itemised = sum((tax.amount for tax in content.taxes), ZERO)
    if content.tax_total is None:
        return rounded(itemised, content.currency)
    if content.taxes:
        _compare(content.tax_total, (itemised,), "The VAT of all rates adds up to", field, content.currency)
    return rounded(content.tax_total, content.currency)


def _compare(
    stated: Decimal | None, expected: tuple[Decimal, ...], what: str, field: str, currency: str | None
) -> None:
    if stated is not None and not any(_agrees(stated, amount, currency) for amount in expected):
        raise Parked(
            f"{what} {_money(expected[0], currency)}, Visma states {_money(stated, currency)} ({field}).",
            next_step=_NEXT_STEP,
            field=field,
        )


def _agrees(stated: Decimal | None, amount: Decimal, currency: str | None) -> bool:
    """True as well when Visma states nothing."""
    return stated is None or rounded(stated, currency) == rounded(amount, currency)


def _is_negative(invoice: Invoice) -> bool:
    """The sign the document keeps to: that of its total, else of its lines."""
    if invoice.total or invoice.detail_total:
        return (invoice.total or invoice.detail_total or ZERO) < 0
    return sum((line_amount(line, invoice.currency) for line in invoice.lines), ZERO) < 0


def _turned(line: InvoiceLine) -> InvoiceLine:
    """The line with its amount negated, by way of the price if that is what is negative, else of the quantity."""
    amount = None if line.amount is None else -line.amount
    if line.unit_price < 0 <= line.quantity:
        return replace(line, unit_price=-line.unit_price, amount=amount)
    return replace(line, quantity=-line.quantity, amount=amount)


def _money(amount: Decimal, currency: str | None) -> str:
    figure = _figure(amount, currency)
    return f"{figure} {currency}" if currency else figure


def _figure(amount: Decimal, currency: str | None) -> str:
    return f"{rounded(amount, currency):f}"


def _plain(number: Decimal) -> str:
    """Without an exponent and without zeros that say nothing."""
    return f"{number.normalize():f}"
