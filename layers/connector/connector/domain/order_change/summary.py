"""Summarises an 860 in one short sentence, shown beside other changes of the same order."""

from __future__ import annotations

from connector.domain.order_change.findings import text_of
from connector.domain.order_change.request import Ask, ChangePurpose, ChangeRequest, LineRequest
from connector.domain.text import truncated

MAX_SUMMARY_LENGTH = 300
"""Most characters of a summary."""

_MAX_LINES = 8
_PURPOSES = {
    ChangePurpose.REPLACE: "it restates the order",
    ChangePurpose.CANCELLATION: "it cancels the order",
    ChangePurpose.CONFIRMATION: "it confirms the order",
}
_ASKS = {Ask.ADD: "added", Ask.DELETE: "taken out", Ask.NOTHING: "stays"}


def summary_of(request: ChangeRequest) -> str:
    """The summary of a message, with the message's own line and item numbers."""
    parts = [_PURPOSES[request.purpose]] if request.purpose in _PURPOSES else []
    if request.requested_on is not None:
        parts.append(f"wanted on {request.requested_on}")
    parts += [_line(line) for line in request.lines[:_MAX_LINES]]
    more = len(request.lines) - _MAX_LINES
    if more > 0:
        parts.append(f"and {more} more lines")
    return truncated("; ".join(parts) or "nothing of a line or a day", MAX_SUMMARY_LENGTH)


def _line(line: LineRequest) -> str:
    products = line.products
    item = next(iter((*products.buyer, *products.vendor, *products.gtins)), None)
    name = f"line {text_of(line.line_id)}" if line.line_id else f"item {text_of(item)}" if item else "a line"
    values = {
        "quantity": line.quantity,
        "second quantity": line.second_quantity,
        "price": line.price,
        "wanted on": line.requested,
        "promised for": line.promised,
    }
    parts = [_ASKS[line.ask]] if line.ask in _ASKS else []
    parts += [f"{what} {text_of(value)}" for what, value in values.items() if value is not None]
    return f"{name} {', '.join(parts) or text_of(line.meaning or line.code)}"
