"""A line of an order, whichever of Visma's services it comes from."""

from __future__ import annotations

from connector.domain.documents import OrderLine
from connector.edi.visma import shape
from connector.edi.visma.amounts import PLAIN, figures_of
from connector.edi.visma.fields import day_of, missing, said

_PATTERNS = frozenset({"standardblanket", "standard"})
"""Types of orders from which others are made; the second is the word of Visma's screen."""


def order_line(
    line: shape.OrderLine,
    where: str,
    currency: str | None,
    *,
    own: str | None = None,
    is_cancelled: bool = False,
    is_described: bool = False,
    is_charge: bool = False,
) -> OrderLine:
    """Read what every order's line has.

    Args:
        line: The line as Visma gives it.
        where: Its path in the document.
        currency: Currency of the order, for its cents.
        own: Number of the order; None: its lines are not called off from a blanket order.
        is_cancelled: It is cancelled, so it needs no figures.
        is_described: It is a text, so it needs none either.
        is_charge: It is freight or the like.

    Raises:
        Parked: it has no number, or a figure is missing or cannot be understood.
    """
    number = line.number
    if number is None:
        # An 860 refers to it: nothing may be made up.
        raise missing(line.path("number"), "line number", by_api=True)
    inventory, is_ordered = line.inventory, not (is_cancelled or is_described)
    item, theirs = said(line.item), said(line.their_item)
    quantity, unit_price, discount, amount, is_empty = figures_of(
        line,
        PLAIN,
        currency,
        needed=item is not None and is_ordered,
        names_item=bool(item or theirs) and is_ordered,
    )
    # In the order of the record: with their names it takes five times as long.
    return OrderLine(
        number,
        item,
        None if inventory is None else said(inventory.description),
        said(line.description),
        theirs,
        quantity,
        said(line.unit),
        unit_price,
        discount,
        amount,
        day_of(line.requested),
        day_of(line.promised),
        said(line.place),
        said(line.tax_code),
        said(line.note) if line.note else None,
        is_cancelled,
        is_described or (item is None and is_empty),
        is_charge,
        where,
        None if own is None else _blanket(line, own),
    )


def _blanket(line: shape.OrderLine, own: str) -> str | None:
    """The blanket order that a line is called off from.

    Visma's description of the API: `orderNumber` is the blanket or Standard order that a normal order is based on, and
    `orderType` the type of that order. A Standard order is a pattern, which was never sent to anybody. A line that
    names its own order (`own`) is called off from none.
    """
    number, order_type = line.order_number, line.order_type
    if not number:
        return None
    number, order_type = said(number), said(order_type)
    is_pattern = order_type is not None and order_type.casefold() in _PATTERNS
    return None if is_pattern or number == own else number
