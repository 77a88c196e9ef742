"""The wanted days of an order and its lines, so that header and lines do not contradict each other.

Visma fills the requested day of a line with the order date and the promised one with the header's "Promised on", which
its screen calls the delivery date. Which of the two counts is the setting `line_date`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.routing.route import LineDate

# A member of an enumeration is looked up by a function in Python, and each line asks.
_REQUESTED = LineDate.REQUESTED


def wanted_day(line: OrderLine, order: PurchaseOrder, line_date: LineDate) -> date | None:
    """The day on which the goods of a line are wanted; None when Visma states none.

    A requested day equal to the order date is ignored, unless `line_date` is `requested`.
    """
    if line_date is _REQUESTED:
        return line.requested or order.promised_on
    return line.promised or order.promised_on or (None if line.requested == order.ordered_on else line.requested)


def header_day(order: PurchaseOrder, days: Sequence[date | None], line_date: LineDate) -> date | None:
    """The wanted day in the header of the order; None when the header has none.

    Visma fills promised days from the header, so the header keeps its day as long as one line has the same day.
    Requested days are independent of the header, so the header keeps its day only if all lines have it.

    Args:
        order: The order.
        days: The wanted days of the lines that are sent.
        line_date: Which of Visma's two dates of a line is the wanted day.
    """
    day = order.promised_on
    stands = day in days if line_date is LineDate.PROMISED else days.count(day) == len(days)
    return day if stands else None
