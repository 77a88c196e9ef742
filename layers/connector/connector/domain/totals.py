"""Checks the totals of a document and calculates what is payable.

The payable total decides. The stated amounts of the lines, the stated VAT and the stated total are accepted if they add
up: `lines + charges - discounts + VAT + rounding = total`, rounded half up to the smallest unit of the currency. What
Visma does not state is calculated. The rows of single VAT rates are information only: with reverse charge, use tax and
partly deductible VAT they do not add up to the payable VAT (Visma: the base product works like this).

The amount of a line may differ from quantity x price for two reasons. Visma may show a price with fewer digits than it
calculates with; then the difference is rounding (see `explained_by_price`). Or a person entered the amount; then
routing decides (`entered_amount`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import msgspec
from msgspec.structs import replace

from connector.domain.advice import BY_HAND, advised, correction
from connector.domain.documents import (
    BusinessDocument,
    DocumentDiscount,
    ImpliedTotal,
    Invoice,
    InvoiceLine,
    Kind,
    OrderLine,
    PurchaseOrder,
    Tax,
)
from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.reasons import Reason
from connector.domain.routing.route import MAX_ROUNDING, EnteredAmount, Route, WithoutItem

ZERO = Decimal(0)

# Currencies of ISO 4217 whose minor unit does not have two decimals.
_WHOLE = Decimal(1)
_CENT = Decimal("0.01")
_MILLE = Decimal("0.001")
_MINOR_UNITS = dict.fromkeys(
    ("JPY", "ISK", "KRW", "VND", "CLP", "PYG", "UGX", "XAF", "XOF", "XPF"), _WHOLE
) | dict.fromkeys(("KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"), _MILLE)

# A price has at least two decimals, whatever zeros JSON leaves out (33.3 is 33.30).
_MIN_DIGITS = 2
_HALF = Decimal("0.5")
# If half a unit of the last digit is a larger share of the price than this, the price is too coarse to explain
# anything.
_MAX_PART = Decimal("0.05")
# Visma's JSON numbers are doubles; a smaller difference is noise.
_NOISE = Decimal("0.000001")
# Sums below it have no more than the 28 digits that are kept, down to a thousandth.
_MAX_EXACT = 20


class Totals(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The totals of a document, in its currency: `lines + charges - discounts + tax + rounding = total`.

    Attributes:
        lines: Sum of the amounts of the lines, without charges and, for orders, without cancelled lines.
        discounts: Sum of the discounts of the whole document, positive.
        charges: Sum of freight and the like.
        tax: Payable VAT.
        rounding: Visma's rounding of the total, signed so that the equation above holds.
        total: The payable total.
        discount_rows: Visma's discounts without the share of cancelled lines; None: Visma's discounts are unchanged.
        tax_rows: Visma's VAT rows without the share of cancelled lines; None: Visma's rows are unchanged.
    """

    lines: Decimal
    discounts: Decimal
    charges: Decimal
    tax: Decimal
    rounding: Decimal
    total: Decimal
    discount_rows: tuple[DocumentDiscount, ...] | None = None
    tax_rows: tuple[Tax, ...] | None = None


def smallest_unit(currency: str | None) -> Decimal:
    """The smallest amount of a currency: 0.01 for NOK, 1 for JPY, 0.001 for KWD; 0.01 when none is known."""
    return _MINOR_UNITS.get(currency or "", _CENT)


def rounded(amount: Decimal, currency: str | None) -> Decimal:
    """`amount` rounded to the smallest unit of `currency`, halves away from zero.

    Raises:
        Parked: it has more digits than can be kept exactly (28).
    """
    try:
        return amount.quantize(_MINOR_UNITS.get(currency or "", _CENT), ROUND_HALF_UP)
    except InvalidOperation:
        raise Parked(
            f"The amount {amount:.6E} is too large to be worked out exactly.", code=Reason.AMOUNT_TOO_LARGE
        ) from None


def line_amount(line: OrderLine | InvoiceLine, currency: str | None) -> Decimal:
    """The calculated amount of a line: `quantity * unit_price`, brought closer to zero by the discount."""
    product = rounded(line.quantity * line.unit_price, currency)
    return product + line.discount if product < 0 else product - line.discount


def is_in_units(total: Decimal, currency: str | None) -> bool:
    """Whether each part of a sum has no more digits than the currency, so that rounding them changes nothing.

    The exponent of a sum is the smallest of its parts (General Decimal Arithmetic, "add and subtract"), unless it has
    more digits than are kept: so one look at the sum saves rounding each part.
    """
    unit = smallest_unit(currency)
    return total.adjusted() < _MAX_EXACT and (total + unit).same_quantum(unit)


def payable_amount(line: OrderLine | InvoiceLine, currency: str | None) -> Decimal:
    """The payable amount of a line: the amount that Visma states, else the calculated one."""
    return line_amount(line, currency) if line.amount is None else rounded(line.amount, currency)


def explained_by_price(
    difference: Decimal, quantity: Decimal, unit_price: Decimal, currency: str | None, *, limit: Decimal | None = None
) -> bool:
    """Whether a rounded price explains that an amount differs from quantity x price by `difference`.

    It explains up to the quantity times half a unit of the last digit of the price (counted with at least two
    decimals), plus the rounding of the amount itself: 3 x 33.33 may be 100.00, because the price may be 33.3333. For
    large quantities at small prices it explains at most a twentieth of quantity x price (or the smallest unit of the
    currency), and never more than `limit` (`Route.rounding_limit`); None: without one.
    """
    if limit is not None and abs(difference) > limit:
        return False
    exponent = unit_price.as_tuple().exponent
    digits = max(_MIN_DIGITS, -exponent if isinstance(exponent, int) else 0)
    product = quantity * unit_price
    unit = smallest_unit(currency)
    largest = min(abs(quantity) * _HALF.scaleb(-digits), max(unit, abs(product) * _MAX_PART))
    return abs(rounded(product, currency) + difference - product) < largest + unit * _HALF


def magnitudes(invoice: Invoice) -> Invoice:
    """A document with a negative total as a credit memo with positive amounts; any other document unchanged.

    Visma does not document the sign of amounts on credit notes, so both signs are accepted if the whole document has
    the same: in a memo with a negative total, the sign of every line is reversed. A line that runs against the memo
    (something charged on a credit note) becomes a negative quantity. An invoice or a debit note with a negative total
    gives money back, so it is a credit memo too.
    """
    if not _is_negative(invoice):
        return invoice
    return replace(
        invoice,
        invoice_type=InvoiceType.CREDIT_MEMO,
        lines=tuple(_turned(line, invoice.currency) for line in invoice.lines),
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


def reconcile(content: BusinessDocument, route: Route | None = None) -> Totals:
    """Calculate the payable total and compare it with what Visma states.

    Cancelled lines of an order are not sent, unless the whole order is cancelled. Visma's totals may include them or
    not: both are accepted, and the totals without them are returned. Credit memos have positive amounts (see
    `magnitudes`).

    Args:
        content: The document.
        route: Has the settings for entered amounts and for lines without an item; None: the defaults.

    Raises:
        Parked: two sums differ (the sentence has both, and `field` is Visma's), or an amount has more digits than its
            currency.
    """
    with advised(content.kind):
        if isinstance(content, PurchaseOrder):
            return _order(content, route)
        return _invoice(magnitudes(content), route)


def payable(content: BusinessDocument, route: Route | None) -> Decimal | None:
    """The payable total as the translation calculates it, for people; negative for a credit memo.

    None when it cannot be calculated, so that a command that only shows it does not fail.
    """
    try:
        total = reconcile(content, route).total
    except Parked:
        return None
    return -total if isinstance(content, Invoice) and content.invoice_type is InvoiceType.CREDIT_MEMO else total


def before_rounding(invoice: Invoice) -> Decimal:
    """The sum of lines, discounts and VAT, without Visma's rounding difference; nothing is checked."""
    currency = invoice.currency
    net = _sum_of_amounts(invoice)
    # On a negative document, the discount brings the sum closer to zero.
    net -= _discounts(invoice, currency).copy_sign(net)
    return net + _tax(invoice, net, invoice.total)


def _order(order: PurchaseOrder, route: Route | None) -> Totals:
    currency = order.currency
    _refuse_fractions(
        order,
        (
            (order.kind.facts.names.total, order.order_total),
            ("taxTotal", order.tax_total),
            ("discountDetails", sum((discount.amount for discount in order.discounts), ZERO)),
        ),
    )
    _refuse_missing_lines(order, order.order_total or order.line_total)
    sent = [line for line in order.lines if order.cancelled or not line.cancelled]
    lines, charges = _sum_of_lines(sent, order, route)
    net = lines + charges
    discounts = _discounts(order, currency)
    tax = _tax(order, net - discounts, order.order_total)
    due = net - discounts + tax

    if _agrees(order.line_total, net, currency) and _agrees(order.order_total, due, currency):
        return Totals(lines=lines, discounts=discounts, charges=charges, tax=tax, rounding=ZERO, total=due)
    _refuse_prices_with_vat(order, net - discounts, tax)
    cancelled = [] if order.cancelled else [line for line in order.lines if line.cancelled]
    withdrawn = sum((payable_amount(line, currency) for line in cancelled), ZERO)
    _compare(order.line_total, (net, net + withdrawn), "The lines add up to", "lineTotal", currency)
    counted = net if order.line_total is not None and _agrees(order.line_total, net, currency) else net + withdrawn
    due_as_counted = counted - discounts + tax
    _compare_total(order, due_as_counted, "Lines, discounts and VAT add up to")
    if counted == net:
        return Totals(
            lines=lines, discounts=discounts, charges=charges, tax=tax, rounding=ZERO, total=net - discounts + tax
        )
    discount_rows, tax_rows = _of_the_rest(order, net, counted, tax)
    discounts = sum((row.amount for row in discount_rows), ZERO)
    tax = sum((row.amount for row in tax_rows), ZERO)
    return Totals(
        lines=lines,
        discounts=discounts,
        charges=charges,
        tax=tax,
        rounding=ZERO,
        total=net - discounts + tax,
        discount_rows=discount_rows,
        tax_rows=tax_rows,
    )


def _of_the_rest(
    order: PurchaseOrder, net: Decimal, net_of_all: Decimal, tax: Decimal
) -> tuple[tuple[DocumentDiscount, ...], tuple[Tax, ...]]:
    """Discounts and VAT of the lines that are sent, if Visma's figures include cancelled lines.

    Args:
        order: The order.
        net: The sum of the lines that are sent, before discounts.
        net_of_all: The same with the cancelled lines.
        tax: Visma's VAT.

    Raises:
        Parked: the share of the cancelled lines is unknown.
    """
    if all(line.cancelled for line in order.lines):
        return (), ()
    discounts = tuple(_discount_of_the_rest(discount, order, net, net_of_all) for discount in order.discounts)
    if not tax:
        return discounts, ()
    # Visma spreads a discount of the document over its lines, in proportion to their amounts.
    before = 1 - _discounts(order, order.currency) / net_of_all if net_of_all else Decimal(1)
    after = 1 - sum((discount.amount for discount in discounts), ZERO) / net if net else Decimal(1)
    rates = {line_tax.rate for line_tax in order.taxes}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is not None and _agrees(tax, net_of_all * before * rate / 100, order.currency):
        amount = rounded(net * after * rate / 100, order.currency)
        return discounts, (replace(order.taxes[0], taxable=None, amount=amount),)
    rows = _tax_rows_of_the_rest(order, before, after)
    if rows is None or rounded(sum((row.amount for row in order.taxes), ZERO), order.currency) != tax:
        raise Parked(
            f"Visma's VAT of {_money(tax, order.currency)} covers cancelled lines too, and what remains of it for the "
            "others cannot be told.",
            next_step=Reason.CANCELLED_LINES_COUNTED.action,
            field="taxTotal",
            code=Reason.CANCELLED_LINES_COUNTED,
        )
    return discounts, rows


def _discount_of_the_rest(
    discount: DocumentDiscount, order: PurchaseOrder, net: Decimal, net_of_all: Decimal
) -> DocumentDiscount:
    """A discount without the share of the cancelled lines, if a stated percentage gives Visma's amount.

    Raises:
        Parked: there is no such percentage, so it may be an amount for the whole order.
    """
    amount, percent, currency = discount.amount, discount.percent, order.currency
    if percent is None or rounded(amount, currency) != rounded(abs(net_of_all * percent) / 100, currency):
        raise Parked(
            f"Visma's discount of {_money(amount, currency)} covers cancelled lines too, and what remains of "
            "it for the others cannot be told.",
            next_step=Reason.CANCELLED_LINES_COUNTED.action,
            field="discountDetails",
            code=Reason.CANCELLED_LINES_COUNTED,
        )
    return replace(discount, amount=rounded(abs(net * percent) / 100, currency))


def _tax_rows_of_the_rest(order: PurchaseOrder, before: Decimal, after: Decimal) -> tuple[Tax, ...] | None:
    """Visma's VAT rows without the cancelled lines; None if they cannot be calculated from the lines.

    They can if the tax category of every line is one of the rows, and the lines of each row add up to its amount.

    Args:
        order: The order.
        before: The share of the amounts of all lines that is left after Visma's discounts (1 without discounts).
        after: The same share for the lines that are sent.
    """
    currency = order.currency
    codes = [tax.code for tax in order.taxes]
    if len(set(codes)) != len(codes) or any(tax.rate is None for tax in order.taxes):
        return None
    bases = dict.fromkeys(codes, ZERO)
    kept = dict.fromkeys(codes, ZERO)
    for line in order.lines:
        amount = payable_amount(line, currency)
        if not amount:
            continue
        if line.tax_code is None or line.tax_code not in bases:
            return None
        bases[line.tax_code] += amount
        kept[line.tax_code] += ZERO if line.cancelled else amount
    rows = []
    for tax in order.taxes:
        part = (tax.rate or ZERO) / 100
        if not _agrees(tax.amount, bases[tax.code] * before * part, currency):
            return None
        rows.append(replace(tax, taxable=None, amount=rounded(kept[tax.code] * after * part, currency)))
    return tuple(rows)


def _invoice(invoice: Invoice, route: Route | None) -> Totals:
    currency = invoice.currency
    total_field = invoice.kind.facts.names.total
    _refuse_fractions(
        invoice,
        (
            (total_field, invoice.total),
            ("vatTotalInCurrency", invoice.tax_total),
            ("roundingDiff", invoice.rounding),
            ("discountTotalInCurrency", sum((discount.amount for discount in invoice.discounts), ZERO)),
            ("cashDiscountInCurrency", invoice.cash_discount),
        ),
    )
    _refuse_missing_lines(invoice, invoice.total or invoice.detail_total)
    lines, charges = _sum_of_lines(invoice.lines, invoice, route)
    discounts = _discounts(invoice, currency)
    tax = _tax(invoice, lines + charges - discounts, invoice.total)
    rounding = rounded(invoice.rounding, currency)

    _refuse_prices_with_vat(invoice, lines + charges - discounts, tax, rounding)
    # Visma does not document whether the detail total includes freight.
    _compare(invoice.detail_total, (lines + charges, lines), "The lines add up to", "detailTotalInCurrency", currency)
    before = lines + charges - discounts + tax
    # Nor the sign of the rounding difference: the stated total decides.
    if invoice.total is not None and _agrees(invoice.total, before - rounding, currency):
        rounding = -rounding
    total = before + rounding
    _compare_total(invoice, total, "Lines, discounts, VAT and rounding add up to")
    _compare_implied_total(invoice, lines + charges - discounts, tax, total)
    return Totals(lines=lines, discounts=discounts, charges=charges, tax=tax, rounding=rounding, total=total)


def _sum_of_lines(
    lines: Sequence[OrderLine | InvoiceLine], content: BusinessDocument, route: Route | None
) -> tuple[Decimal, Decimal]:
    """The sums of goods and of charges, each line checked on the way.

    Most lines are exactly quantity x price, in whole units of the currency: these need no rounding.
    """
    currency = content.currency
    goods = charges = ZERO
    try:
        for line in lines:
            amount = line.amount
            if amount is None or line.discount or amount != line.quantity * line.unit_price:
                amount = _checked_amount(line, content, route)
            if line.is_charge:
                charges += amount
            else:
                goods += amount
        if is_in_units(goods, currency) and is_in_units(charges, currency):
            return goods, charges
    except Parked:
        # Of several faults the first one is told: it may be a line that was not rounded here.
        pass
    amounts = [(line.is_charge, _checked_amount(line, content, route)) for line in lines]
    return (
        sum((amount for is_charge, amount in amounts if not is_charge), ZERO),
        sum((amount for is_charge, amount in amounts if is_charge), ZERO),
    )


def _checked_amount(line: OrderLine | InvoiceLine, content: BusinessDocument, route: Route | None) -> Decimal:
    """The amount of a line, rounded: what quantity, price and discount come to, compared with what Visma states."""
    amount = line_amount(line, content.currency)
    if line.amount is None or line.amount == amount:
        return amount
    return _stated_amount(line, line.amount, rounded(amount, content.currency), content, route)


def _sum_of_amounts(invoice: Invoice) -> Decimal:
    """The sum of the payable amounts of all lines; nothing is checked."""
    amounts = [line.amount for line in invoice.lines if line.amount is not None]
    total = sum(amounts, ZERO)
    if len(amounts) == len(invoice.lines) and is_in_units(total, invoice.currency):
        return total
    return sum((payable_amount(line, invoice.currency) for line in invoice.lines), ZERO)


def _stated_amount(
    line: OrderLine | InvoiceLine, stated: Decimal, computed: Decimal, content: BusinessDocument, route: Route | None
) -> Decimal:
    """The stated amount of a line, if rounding explains its difference from quantity x price, or routing allows it.

    For a charge only the amount is sent, so there is nothing to compare.
    """
    currency = content.currency
    names = content.kind.facts.names
    field = f"{line.source}.{names.line_amount}{names.in_currency}"
    amount = rounded(stated, currency)
    if currency in _MINOR_UNITS and abs(stated - amount) > _NOISE:
        raise _too_many_digits(stated, currency, field)
    difference = amount - computed
    limit = Decimal(MAX_ROUNDING) if route is None else route.rounding_limit
    if (
        not difference
        or line.is_charge
        or explained_by_price(difference, line.quantity, line.unit_price, currency, limit=limit)
    ):
        return amount
    if route is not None and (
        route.entered_amount is EnteredAmount.ADJUST
        or (line.item is None and route.lines_without_item is WithoutItem.CHARGE)
    ):
        return amount
    partner = route.partner if route is not None else "<name>"
    settings = f"partners.{partner}.kinds.{content.kind}"
    key = f"{settings}.entered_amount"
    sent = "the difference is then sent as an allowance or charge of the line"
    step = f"The amount of this line was entered. Set {key}: {EnteredAmount.ADJUST} in the routing file and apply it: "
    if explained_by_price(difference, line.quantity, line.unit_price, currency):
        step = (
            f"The amount of this line was entered, or its price was rounded by more than rounding_limit ({limit:f}). "
            f"Set {key}: {EnteredAmount.ADJUST}, or {settings}.rounding_limit: {abs(difference):f}, in the routing "
            "file and apply it: "
        )
    raise Parked(
        f"{_working_of(line, currency)} = {_figure(computed, currency)}, Visma states {_figure(amount, currency)}.",
        next_step=f"{step}{sent}. Otherwise: "
        + correction(content.kind, "Correct its quantity, price, discount or amount in Visma."),
        field=field,
        waits_for=key if route is not None else None,
        code=Reason.LINE_AMOUNT_DIFFERS,
    )


def _working_of(line: OrderLine | InvoiceLine, currency: str | None) -> str:
    working = f"Line {line.number}: {_plain(line.quantity)} x {_plain(line.unit_price)}"
    if not line.discount:
        return working
    adds = (line.quantity * line.unit_price < 0) is (line.discount > 0)
    return f"{working} {'+' if adds else '-'} {_figure(abs(line.discount), currency)}"


def _discounts(content: BusinessDocument, currency: str | None) -> Decimal:
    return sum((rounded(discount.amount, currency) for discount in content.discounts), ZERO)


def _tax(content: BusinessDocument, net: Decimal, total: Decimal | None) -> Decimal:
    """The payable VAT: as stated, else the sum of the rates, else zero if the total adds up without VAT."""
    currency = content.currency
    if content.tax_total is not None:
        return rounded(content.tax_total, currency)
    itemised = rounded(sum((tax.amount for tax in content.taxes), ZERO), currency)
    return ZERO if total is not None and rounded(total, currency) == rounded(net, currency) else itemised


def _refuse_fractions(content: BusinessDocument, stated: Iterable[tuple[str, Decimal | None]]) -> None:
    """Park a document with a stated amount that has more decimals than its currency: it is not rounded silently."""
    for field, amount in stated:
        if amount and amount != (whole := rounded(amount, content.currency)) and abs(amount - whole) > _NOISE:
            raise _too_many_digits(amount, content.currency, field)


def _too_many_digits(amount: Decimal, currency: str | None, field: str) -> Parked:
    unit = smallest_unit(currency)
    digits = {_WHOLE: "no", _MILLE: "three"}.get(unit, "two")
    return Parked(
        f"Visma states {_plain(amount)} ({field}), and {currency or 'the currency'} has {digits} decimals.",
        field=field,
        code=Reason.TOO_MANY_DECIMALS,
    )


def _compare(
    stated: Decimal | None, expected: tuple[Decimal, ...], what: str, field: str, currency: str | None
) -> None:
    if stated is not None and not any(_agrees(stated, amount, currency) for amount in expected):
        raise Parked(
            f"{_two_sums(stated, expected[0], what, field, currency)}.", field=field, code=Reason.TOTALS_DO_NOT_CLOSE
        )


def _stated_total(content: BusinessDocument) -> tuple[Decimal | None, str]:
    """The total that Visma states, and the name of the field."""
    return content.stated_total, content.kind.facts.names.total


def _compare_total(content: BusinessDocument, due: Decimal, what: str) -> None:
    """Compare the payable total with Visma's, and describe the likely cause of a difference."""
    (stated, field), currency = _stated_total(content), content.currency
    if stated is None or _agrees(stated, due, currency):
        return
    more = stated > due
    difference = f"{_money(abs(stated - due), currency)} {'more' if more else 'less'}"
    tail = f", {difference}{_looks_like(content.kind, more=more)}."
    raise Parked(f"{_two_sums(stated, due, what, field, currency)}{tail}", field=field, code=Reason.TOTALS_DO_NOT_CLOSE)


def _compare_implied_total(invoice: Invoice, net: Decimal, tax: Decimal, total: Decimal) -> None:
    """Compare the payable total with Visma's total in company currency, if it states no other total."""
    implied, currency, field = invoice.implied_total, invoice.currency, invoice.kind.facts.names.total
    if implied is None or invoice.total is not None or _implies(implied, total):
        return
    stated = _money(implied.amount, currency)
    if tax > 0 and _implies(implied, net):
        sentence = f"they come to {stated} before the VAT of {_money(tax, currency)} is added, as the total in company"
        raise prices_with_vat(invoice.kind, f"{sentence} currency does", field)
    more = implied.amount > abs(total)
    raise Parked(
        f"Lines, discounts and VAT add up to {_money(total, currency)}, and Visma's total in company currency comes to "
        f"{stated} ({field}), {_money(abs(implied.amount - abs(total)), currency)} {'more' if more else 'less'}"
        f"{_looks_like(invoice.kind, more=more)}.",
        field=field,
        code=Reason.TOTALS_DO_NOT_CLOSE,
    )


def _looks_like(kind: Kind, *, more: bool) -> str:
    """The likely cause of a total that is more or less than the sum of its parts, as the end of a sentence."""
    what = kind.facts.total_above if more else kind.facts.total_below
    return f", as with {what}" if what else ""


def _implies(implied: ImpliedTotal, amount: Decimal) -> bool:
    return abs(implied.amount - abs(amount)) <= implied.within


def _two_sums(stated: Decimal, computed: Decimal, what: str, field: str, currency: str | None) -> str:
    return f"{what} {_money(computed, currency)}, Visma states {_money(stated, currency)} ({field})"


def prices_with_vat(kind: Kind, shown_by: str, field: str) -> Parked:
    """The error for prices that include VAT. They are not converted, because rounding would change the totals.

    Args:
        kind: The kind of the document.
        shown_by: The evidence, as the end of the sentence.
        field: The Visma field with the evidence.
    """
    facts = kind.facts
    return Parked(
        f"The prices of this {facts.noun} include VAT, an {facts.transaction_type.number} carries prices without it "
        f"({shown_by}).",
        next_step=correction(kind, "Enter its prices without VAT in Visma."),
        field=field,
        code=Reason.PRICES_INCLUDE_VAT,
    )


def _refuse_prices_with_vat(content: BusinessDocument, net: Decimal, tax: Decimal, rounding: Decimal = ZERO) -> None:
    """Park a document whose lines add up to the total before VAT is added: its prices include VAT."""
    (stated, field), currency = _stated_total(content), content.currency
    if stated is None or tax <= 0 or rounded(stated, currency) not in {net, net + rounding, net - rounding}:
        return
    if _agrees(stated, net + tax + rounding, currency) or _agrees(stated, net + tax - rounding, currency):
        return
    sentence = (
        f"they come to the total of {_money(stated, currency)} before the VAT of {_money(tax, currency)} is added"
    )
    raise prices_with_vat(content.kind, sentence, field)


def _refuse_missing_lines(content: BusinessDocument, total: Decimal | None) -> None:
    """Park a document that has a total and no lines."""
    if content.lines or not total:
        return
    field = content.kind.facts.names.lines
    look = "Look the document up in Visma; it is read again when it changes."
    raise Parked(
        f"Visma gives no lines ({field}) and a total of {_money(total, content.currency)}.",
        next_step=f"{look} {BY_HAND}" if content.kind.facts.is_final else look,
        field=field,
        code=Reason.NO_LINES,
    )


def _agrees(stated: Decimal | None, amount: Decimal, currency: str | None) -> bool:
    """Whether two amounts agree; True if Visma states none."""
    return stated is None or stated == amount or rounded(stated, currency) == rounded(amount, currency)


def _is_negative(invoice: Invoice) -> bool:
    """Whether the document is negative: by its total, else by its lines."""
    if invoice.total is not None and (invoice.total or invoice.invoice_type is not InvoiceType.CREDIT_MEMO):
        return invoice.total < 0
    if invoice.detail_total:
        return invoice.detail_total < 0
    return _sum_of_amounts(invoice) < 0


def _turned(line: InvoiceLine, currency: str | None) -> InvoiceLine:
    """The line with its amount negated: by its price if that is negative, else by its quantity."""
    amount = None if line.amount is None else -line.amount
    # A discount on nothing has no quantity x price to bring towards zero.
    discount = line.discount if rounded(line.quantity * line.unit_price, currency) else -line.discount
    if line.unit_price < 0 <= line.quantity:
        return replace(line, unit_price=-line.unit_price, discount=discount, amount=amount)
    return replace(line, quantity=-line.quantity, discount=discount, amount=amount)


def _money(amount: Decimal, currency: str | None) -> str:
    figure = _figure(amount, currency)
    return f"{figure} {currency}" if currency else figure


def _figure(amount: Decimal, currency: str | None) -> str:
    return f"{rounded(amount, currency):f}"


def _plain(number: Decimal) -> str:
    """Without an exponent and without trailing zeros."""
    return f"{number.normalize():f}"
