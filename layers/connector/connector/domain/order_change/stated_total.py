"""The total that an 860, or an answer to an order, states beside what the order comes to.

X12 does not say which total AMT has in an 860: partners write that of the whole order or of the lines that change, with
or without VAT and discounts, or the difference. So a total that is one of these is taken for it. Any other is a
question, as a hash total that does not close is: a line may be missing, or another price is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.errors import Parked
from connector.domain.order_change.edits import Edits, LineEdit, Operation
from connector.domain.order_change.findings import HEADER, Findings, text_of
from connector.domain.order_change.request import ChangeRequest
from connector.domain.reasons import Reason
from connector.domain.totals import ZERO, payable_amount, rounded, smallest_unit

_WITHIN = Decimal("1.00")
"""How far rounding may move a total: VAT is worked out line by line or at once."""


def check_totals(findings: Findings, request: ChangeRequest, order: PurchaseOrder, requested: Edits) -> None:
    """Show each stated total that the order does not have, and ask about one that nothing leads to.

    Args:
        findings: Are told.
        request: The message.
        order: As it stands in Visma.
        requested: What the message asks for.
    """
    # Systems that have no total write 0.
    for total in filter(None, request.totals):
        if total != order.order_total:
            findings.add_difference(HEADER, "total", base=None, theirs=total, ours=order.order_total)
        try:
            found = {*_of_order(order, requested), *_of_change(order, request, requested)}
        except Parked:
            return
        if _is_one_of(total, found):
            continue
        net, *_ = _sums(order, requested)
        findings.add_objection(
            f"It states a total of {text_of(total)}; with the change, the lines of the order come to {text_of(net)} "
            "before VAT: a line may be missing, or another price or quantity is meant.",
            where=HEADER,
            code=Reason.TOTAL_STATED_DIFFERS,
        )


def is_total_of(order: PurchaseOrder, total: Decimal, limit: Decimal, *, beside: Decimal = ZERO) -> bool:
    """Whether what is payable for the order is a stated total: with or without VAT, within the rounding.

    Args:
        order: The order.
        total: The total.
        limit: How far a rounded price may move the amount of a line (`Route.rounding_limit`).
        beside: What charges that the order does not have add to it; a sender may leave them out of the total.

    Raises:
        Parked: the amount of a line cannot be calculated.
    """
    net, _ = _sums(order, Edits())
    payable = net - sum((one.amount for one in order.discounts), ZERO)
    amounts = {*_with_vat(order, (payable,)), *filter(None, (order.order_total,))}
    amounts |= {*_with_vat(order, (payable + beside,)), *(one + beside for one in amounts)}
    # The net amount and the VAT of each line are rounded, and the total is.
    unit = smallest_unit(order.currency)
    within = unit + sum((unit + _rounding(line, limit) for line in order.lines if not line.cancelled), ZERO)
    most = max(vat_shares(order))
    return any(abs(total - one) <= within * (1 + most) for one in amounts)


def is_amount_of(line: OrderLine, order: PurchaseOrder, total: Decimal, limit: Decimal) -> bool:
    """Whether a line comes to a stated total: before or after its discount, within the rounding.

    An order has the price of a line before its discount, so its partner may state either.

    Args:
        line: The line.
        order: Its order.
        total: The total.
        limit: As for `is_total_of`.

    Raises:
        Parked: its amount cannot be calculated.
    """
    within = smallest_unit(order.currency) + _rounding(line, limit)
    return any(abs(total - one) < within for one in _amounts(line, None, order.currency))


def _rounding(line: OrderLine, limit: Decimal) -> Decimal:
    """How far the amount of a line moves if its price is rounded to two decimals; 0 beyond the limit."""
    moved = abs((rounded(line.unit_price, None) - line.unit_price) * line.quantity)
    return moved if moved <= limit else ZERO


def _is_one_of(total: Decimal, amounts: set[Decimal]) -> bool:
    return any(abs(total - one) <= _WITHIN for one in amounts - {ZERO})


def _of_order(order: PurchaseOrder, requested: Edits) -> Iterator[Decimal]:
    """Every amount that a stated total may be, if it is that of the order with the requested edits."""
    net, gross = _sums(order, requested)
    discounts = sum((one.amount for one in order.discounts), ZERO)
    yield from _with_vat(order, (net, gross, net - discounts, gross - discounts))


def _of_change(order: PurchaseOrder, request: ChangeRequest, requested: Edits) -> Iterator[Decimal]:
    """Every amount that a stated total may be, if it is that of the change."""
    net, _ = _sums(order, requested)
    before, _ = _sums(order, Edits())
    restated = sum(
        (line.quantity * line.price for line in request.lines if line.quantity is not None and line.price is not None),
        ZERO,
    )
    moved = sum((_product(one, order) for one in requested.lines), ZERO)
    yield from _with_vat(order, (net - before, before - net, restated, moved))


def _with_vat(order: PurchaseOrder, amounts: Sequence[Decimal]) -> Iterator[Decimal]:
    shares = vat_shares(order)
    for amount in amounts:
        for share in shares:
            yield rounded(amount * (1 + share), order.currency)


def vat_shares(order: PurchaseOrder) -> set[Decimal]:
    """By what share of an amount VAT may raise it; 0 is one of them.

    Raises:
        Parked: the amount of a line cannot be calculated.
    """
    before, _ = _sums(order, Edits())
    untaxed = before - sum((one.amount for one in order.discounts), ZERO)
    rates = {tax.rate for tax in order.taxes if tax.rate}
    shares = {ZERO, *(rate / 100 for rate in rates)}
    if order.tax_total and untaxed:
        shares.add(order.tax_total / untaxed)
    return shares


def _sums(order: PurchaseOrder, requested: Edits) -> tuple[Decimal, Decimal]:
    """What the lines come to with the requested edits: after and before the discounts of lines."""
    edits = {edit.number: edit for edit in requested.lines if edit.number is not None}
    net = gross = ZERO
    for line in order.lines:
        edit = edits.get(line.number)
        if line.cancelled or (edit is not None and edit.operation is Operation.DELETE):
            continue
        after, before = _amounts(line, edit, order.currency)
        net, gross = net + after, gross + before
    added = sum((_product(edit, order) for edit in requested.lines if edit.operation is Operation.INSERT), ZERO)
    return net + added, gross + added


def _amounts(line: OrderLine, edit: LineEdit | None, currency: str | None) -> tuple[Decimal, Decimal]:
    payable = payable_amount(line, currency)
    had = rounded(line.quantity * line.unit_price, currency)
    if edit is None or (edit.quantity is None and edit.price is None):
        return payable, had
    quantity = line.quantity if edit.quantity is None else edit.quantity
    price = line.unit_price if edit.price is None else edit.price
    gross = rounded(quantity * price, currency)
    return (rounded(gross * payable / had, currency) if had else gross), gross


def _product(edit: LineEdit, order: PurchaseOrder) -> Decimal:
    """Quantity x price of a line as it would be; 0 where the message does not say it and the order does not either."""
    line = next((one for one in order.lines if one.number == edit.number), None)
    quantity = edit.quantity if edit.quantity is not None else (line.quantity if line else ZERO)
    price = edit.price if edit.price is not None else (line.unit_price if line else ZERO)
    return ZERO if edit.operation is Operation.DELETE else rounded(quantity * price, order.currency)
