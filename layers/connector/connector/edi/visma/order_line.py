"""A line of an order, whichever of Visma's services it comes from."""

from __future__ import annotations

from typing import NamedTuple

from connector.domain.documents import OrderLine
from connector.edi.visma import shape
from connector.edi.visma.amounts import PLAIN, figures_of
from connector.edi.visma.fields import day_of, missing, said

_PATTERNS = frozenset({"standardblanket", "standard"})
"""Types of orders from which others are made; the second is the word of Visma's screen."""


class Lines(NamedTuple):
    """What the lines of an order share.

    Attributes:
        currency: Currency of the order, for its cents.
        own: Number of a purchase order; None: a sales order, whose lines have no type, are not cancelled by themselves,
            and are not called off from a blanket order.
    """

    currency: str | None
    own: str | None


def order_line(line: shape.OrderLine, where: str, lines: Lines) -> OrderLine:
    """Read a line of an order that stands at `where` in the document.

    A cancelled line and a text need no figures.

    Raises:
        Parked: it has no number, or a figure is missing or cannot be understood.
    """
    currency, own = lines
    is_cancelled = is_described = is_charge = False
    if own is not None:
        is_cancelled, line_type = bool(line.canceled), said(line.line_type)
        is_described, is_charge = line_type == "Description", line_type == "Freight"
    number = line.number
    if number is None:
        # An 860 refers to it: nothing may be made up.
        raise missing(line.path("number"), "line number", by_api=True)
    # Texts of lines are stripped in place: the calls would take as long as all else.
    inventory, is_ordered = line.inventory, not (is_cancelled or is_described)
    item = inventory.number if inventory is not None else None
    item = (item.strip() or None) if item else None
    theirs = line.their_item
    theirs = (theirs.strip() or None) if theirs else None
    quantity, unit_price, discount, amount, is_empty = figures_of(
        line,
        PLAIN,
        currency,
        needed=item is not None and is_ordered,
        names_item=bool(item or theirs) and is_ordered,
    )
    item_description = inventory.description if inventory is not None else None
    description, unit = line.description, line.unit
    # In the order of the record: with their names it takes five times as long.
    return OrderLine(
        number,
        item,
        (item_description.strip() or None) if item_description else None,
        (description.strip() or None) if description else None,
        theirs,
        quantity,
        (unit.strip() or None) if unit else None,
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
        None if own is None else _blanket(line.order_number, line.order_type, own),
    )


def _blanket(number: str | None, order_type: str | None, own: str) -> str | None:
    """The blanket order that a line is called off from.

    Visma's description of the API: `orderNumber` is the blanket or Standard order that a normal order is based on, and
    `orderType` the type of that order. A Standard order is a pattern, which was never sent to anybody. A line that
    names its own order (`own`) is called off from none.
    """
    if not number:
        return None
    number, order_type = said(number), said(order_type)
    is_pattern = order_type is not None and order_type.casefold() in _PATTERNS
    return None if is_pattern or number == own else number
