"""X12 855."""

from __future__ import annotations

from datetime import date

from connector.domain.documents import PurchaseOrder
from connector.domain.transactions import Purpose
from connector.edi.canonical import CanonicalDocument, LineView
from connector.edi.x12.charset import Wording
from connector.edi.x12.model import Writing
from connector.edi.x12.write.common import (
    PURPOSES,
    LineNames,
    add_charges,
    add_description,
    add_parties,
    add_terms,
    add_texts,
    day,
    line_notes,
    line_sources,
    refuse_fractions,
)
from connector.kinds.sales_order_confirmation.writing import customers_order, ship_days

# Element 587: with detail and no change, with detail and change, rejected with detail. Visma does not have what the
# customer asked for, so that the first confirmation speaks for the order as it stands.
_TYPES = {Purpose.ORIGINAL: "AD", Purpose.REPLACE: "AC", Purpose.CANCELLATION: "RD"}
# Element 668: accepted, rejected. Element 374: current schedule ship.
_ACCEPTED, _REJECTED, _SHIPS = "IA", "IR", "068"
_NAMES = LineNames((".lineId", ".quantity", ".unitOfMeasure", ".unitPrice", ""), ".inventory.id")


def acknowledgment(tree: Writing, document: CanonicalDocument, order: PurchaseOrder, wording: Wording) -> None:
    """Write an 855, in the order of segments that 004010 and 005010 share.

    BAK04 is the date of the customer's order, which Visma does not have: the date of ours stands for it.

    Raises:
        Parked: Visma has no order number of the customer, or X12 has no place for amounts of this currency.
    """
    refuse_fractions(document, charged=bool(document.charges or any(line.charges for line in document.lines)))
    tree.add("ST", "855", "0001")
    tree.add(
        "BAK",
        PURPOSES[document.purpose],
        _TYPES[document.purpose],
        customers_order(order),
        day(order.ordered_on),
        "",
        "",
        "",
        order.number,
        sources=("", "", "customer.order", "date", "", "", "", "orderId"),
    )
    if order.currency:
        tree.add("CUR", "SE", order.currency, source="currencyId")
    add_charges(tree, document.charges, sign=1, content=order, wording=wording)
    add_terms(tree, document.terms, wording, order)
    add_texts(
        tree,
        [*document.texts, *line_notes(document)],
        wording,
        # As in the 850 that it answers.
        segment="MSG" if wording.version == "004010" else "MTX",
        longest=264 if wording.version == "004010" else 4096,
        most=1000,
    )
    add_parties(tree, document, wording, with_vat=False)
    days, cancels = ship_days(order), document.purpose is Purpose.CANCELLATION
    for line in document.lines:
        status = _REJECTED if cancels else _ACCEPTED
        _add_line(tree, line, order, wording, (status, days.get(line.number)))
    summary = tree.loop("CTT_loop")
    summary.add("CTT", str(len(document.lines)))


def _add_line(
    tree: Writing, line: LineView, order: PurchaseOrder, wording: Wording, answer: tuple[str, date | None]
) -> None:
    status, ships_on = answer
    loop = tree.line(
        "PO1",
        # A partner reads PO101 as the number of its own line, which Visma does not have.
        ("", line.quantity_text, line.unit.x12, line.price_text),
        (line.buyer_item, line.vendor_item, line.gtin),
        source=line.source,
        sources=lambda: line_sources(line, _NAMES, ours_first=False),
    )
    add_description(loop, line, wording)
    add_charges(loop, line.charges, sign=1, content=order, wording=wording)
    scheduled = (_SHIPS, day(ships_on)) if ships_on and status == _ACCEPTED else ()
    loop.add_alone("ACK_loop", "ACK", status, line.quantity_text, line.unit.x12, *scheduled, source=line.source)
