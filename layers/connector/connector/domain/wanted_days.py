"""The days on which an order's goods are wanted, so that no line contradicts its header.

Visma fills the requested day of a line with the order date and the promised one with the header's "Promised on", which
its screen calls the delivery date. Which of the two counts is the setting `line_date`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.routing.route import LineDate


def wanted_day(line: OrderLine, order: PurchaseOrder, line_date: LineDate) -> date | None:
    """The day on which the goods of a line are wanted; None when Visma states none.

    A requested day that is only the order date says nothing, unless requested days are what counts.
    """
    if line_date is LineDate.REQUESTED:
        return line.requested or order.promised_on
    default = line.requested == order.ordered_on
    return line.promised or order.promised_on or (None if default else line.requested)


def header_day(order: PurchaseOrder, days: Sequence[date | None], line_date: LineDate) -> date | None:
    """The wanted day of the whole order; None when the lines leave it nothing to say.

    Promised days start out as the header's, so a line with another one is an exception to it, and the header stands as
    long as one line keeps to it. Requested days have nothing to do with the header, so one other day takes it away.

    Args:
        order: The order.
        days: The wanted days of the lines that are sent.
        line_date: Which date of a line counts.
    """
    kept = [day == order.promised_on for day in days]
    stands = any(kept) if line_date is LineDate.PROMISED else all(kept)
    return order.promised_on if stands else None
