"""What an 860 says, in one short sentence for people, laid beside another change of the same order."""

from __future__ import annotations

from connector.domain.order_change.findings import said
from connector.domain.order_change.request import Ask, ChangePurpose, ChangeRequest, LineRequest
from connector.domain.text import truncated

LONGEST_SAYING = 300
"""Characters of what a change says that are kept with it."""

_MOST_LINES = 8
_PURPOSES = {
    ChangePurpose.REPLACE: "it restates the order",
    ChangePurpose.CANCELLATION: "it cancels the order",
    ChangePurpose.CONFIRMATION: "it confirms the order",
}
_ASKS = {Ask.ADD: "added", Ask.DELETE: "taken out", Ask.NOTHING: "stays"}


def saying(request: ChangeRequest) -> str:
    """What a message says of the order and its lines, in its own numbers."""
    parts = [_PURPOSES[request.purpose]] if request.purpose in _PURPOSES else []
    if request.requested_on is not None:
        parts.append(f"wanted on {request.requested_on}")
    parts += [_line(line) for line in request.lines[:_MOST_LINES]]
    more = len(request.lines) - _MOST_LINES
    if more > 0:
        parts.append(f"and {more} more lines")
    return truncated("; ".join(parts) or "nothing of a line or a day", LONGEST_SAYING)


def _line(line: LineRequest) -> str:
    products = line.products
    item = next(iter((*products.buyer, *products.vendor, *products.gtins)), None)
    name = f"line {said(line.line_id)}" if line.line_id else f"item {said(item)}" if item else "a line"
    values = {
        "quantity": line.quantity,
        "second quantity": line.second_quantity,
        "price": line.price,
        "wanted on": line.requested,
        "promised for": line.promised,
    }
    parts = [_ASKS[line.ask]] if line.ask in _ASKS else []
    parts += [f"{what} {said(value)}" for what, value in values.items() if value is not None]
    return f"{name} {', '.join(parts) or said(line.meaning or line.code)}"
