"""Reading a purchase order together with what only Visma knows of it."""

from __future__ import annotations

from connector.domain.documents import Kind, PurchaseOrder
from connector.domain.errors import Parked
from connector.domain.order_change.order_snapshot import LineFacts, OrderSnapshot
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
    document = read_document(data, company=company, kind=Kind.PURCHASE_ORDER)
    content = document.content
    if not isinstance(content, PurchaseOrder):
        raise NotADocument("This is no purchase order.")
    try:
        facts = dict(_facts(line, f"lines[{index}]") for index, line in enumerate(rows(data, "lines")))
    except Parked as parked:
        parked.document = str(document.key)
        raise
    return OrderSnapshot(etag, document.status, content, facts)


def _facts(line: Data, where: str) -> tuple[int, LineFacts]:
    facts = LineFacts(
        received=number(line, "qtyOnReceipts", where) or ZERO,
        # Visma: a cancelled line is completed as well.
        closed=flag(line, "completed") or flag(line, "canceled"),
        line_type=text(line, "lineType"),
    )
    return whole(line, "lineNbr", where) or 0, facts
