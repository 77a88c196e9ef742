"""Reading a purchase order together with what only Visma knows of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.domain.documents import CHANGED_KIND
from connector.domain.errors import Parked
from connector.domain.order_change.order_snapshot import LineFacts, OrderSnapshot
from connector.domain.routing.policy import is_unfinished
from connector.domain.totals import ZERO
from connector.edi.visma.fields import Data, flag, number, rows, text, whole
from connector.edi.visma.read import NotADocument, decode, read_document


def read_order_snapshot(raw: bytes, *, company: str, etag: str = "") -> OrderSnapshot:
    """Read an order from the bytes of `GET /v1/purchaseorder/{number}` or of a list element.

    Raises:
        NotADocument: it is no purchase order.
        Parked: it lacks something indispensable, or a number in it is none; the error names order and field.
    """
    data = decode(raw)
    document = read_document(data, company=company, kind=CHANGED_KIND)
    content = document.order
    if content is None:
        raise NotADocument("This is no purchase order.")
    try:
        facts = dict(_facts(line, f"lines[{index}]") for index, line in enumerate(rows(data, "lines")))
    except Parked as parked:
        parked.document = str(document.key)
        raise
    return OrderSnapshot(etag, document.status, content, facts, is_unfinished=is_unfinished(document))


@dataclass(frozen=True, slots=True)
class Receipts:
    """What was received of an order.

    Attributes:
        received: Numbers of the lines of which goods were received. Visma's description of the API: `qtyOnReceipts` is
            the quantity of all receipts, including the unreleased ones.
        closed_short: Numbers of the lines that are completed although less than ordered was received. Visma:
            `completed` is true on lines that were received, closed or cancelled; nothing more is expected on them.
    """

    received: tuple[int, ...] = ()
    closed_short: tuple[int, ...] = ()


def receipts(raw: bytes, *, company: str) -> Receipts:
    """What was received of an order; nothing where that cannot be told."""
    if _WITH_RECEIPTS.search(raw) is None:
        return Receipts()
    try:
        order = read_order_snapshot(raw, company=company)
    except (NotADocument, Parked):
        return Receipts()
    lines = [(line, order.facts[line.number]) for line in order.content.lines if line.number in order.facts]
    return Receipts(
        received=tuple(line.number for line, fact in lines if fact.received > 0),
        closed_short=tuple(
            line.number for line, fact in lines if not line.cancelled and fact.closed and fact.received < line.quantity
        ),
    )


_WITH_RECEIPTS = re.compile(rb'"completed"\s*:\s*true|"qtyOnReceipts"\s*:\s*"?[0.]*[1-9]')
"""Most orders have no such line, and are not read a second time."""


def _facts(line: Data, where: str) -> tuple[int, LineFacts]:
    facts = LineFacts(
        received=number(line, "qtyOnReceipts", where) or ZERO,
        # Visma: a cancelled line is completed as well.
        closed=flag(line, "completed") or flag(line, "canceled"),
        line_type=text(line, "lineType"),
    )
    return whole(line, "lineNbr", where) or 0, facts
