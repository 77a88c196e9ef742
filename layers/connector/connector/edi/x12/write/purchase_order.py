"""X12 850."""

from __future__ import annotations

from connector.domain.documents import PurchaseOrder
from connector.edi.canonical import CanonicalDocument, LineView, order_type
from connector.edi.numbers import decimal_text
from connector.edi.x12.charset import Wording
from connector.edi.x12.model import Writing
from connector.edi.x12.write.common import (
    PURPOSES,
    LineNames,
    add_charges,
    add_description,
    add_parties,
    add_partners_references,
    add_terms,
    add_texts,
    day,
    line_notes,
    line_sources,
    longest_reference,
    reference,
    refuse_fractions,
    typed_reference,
    vat_rate,
)

# Element 92 by the words of routing, which are Mosaic's.
ORDER_TYPES = {
    "standalone": "SA",
    "dropship": "DS",
    "blanketFirm": "BK",
    "blanketEstimated": "BE",
    "release": "RL",
    "rushOrder": "RO",
}
_NAMES = LineNames((".lineNbr", ".orderQty", ".uom", ".unitCost", ""), ".inventory.number")


def purchase_order(tree: Writing, document: CanonicalDocument, order: PurchaseOrder, wording: Wording) -> None:
    """Write an 850, in the order of segments that 004010 and 005010 share.

    Raises:
        Parked: the order type is not mapped, or X12 has no place for amounts of this currency.
    """
    refuse_fractions(document, charged=bool(document.charges or any(line.charges for line in document.lines)))
    kind = order_type(order, document)
    tree.add("ST", "850", "0001")
    tree.add(
        "BEG",
        PURPOSES[document.purpose],
        ORDER_TYPES.get(kind, kind),
        order.number,
        document.blanket or "",
        day(order.ordered_on),
        sources=("", "orderType", "orderNbr", _blanket_source(document, order), "date"),
    )
    if order.currency:
        tree.add("CUR", "BY", order.currency, source="currency")
    add_partners_references(tree, document)
    notes = typed_reference(
        tree, "VN", order.supplier_reference, "supplierRef", what="supplier reference", wording=wording
    )
    add_charges(tree, document.charges, sign=1, content=order, wording=wording)
    add_terms(tree, document.terms, wording, order)
    if document.wanted_on:
        tree.add("DTM", "002", day(document.wanted_on))
    if way := wording.text(order.ship_via, 35, "way of shipping"):
        tree.add("TD5", "", "", "", "", way)
    for rate, amount in document.taxes:
        tree.add("TXI", "VA", decimal_text(amount), vat_rate(rate, document.route.x12))
    add_texts(
        tree,
        [*document.texts, *notes, *_delivery(order), *line_notes(document)],
        wording,
        # 005010 has MTX where 004010 had MSG, with sixteen times the room.
        segment="MSG" if wording.version == "004010" else "MTX",
        longest=264 if wording.version == "004010" else 4096,
        most=1000,
    )
    add_parties(tree, document, wording, with_vat=False)
    for line in document.lines:
        _add_line(tree, line, order, wording)
    summary = tree.loop("CTT_loop")
    summary.add("CTT", str(len(document.lines)))
    summary.add("AMT", "TT", decimal_text(document.total))


def _add_line(tree: Writing, line: LineView, order: PurchaseOrder, wording: Wording) -> None:
    loop = tree.line(
        "PO1",
        (line.number, line.quantity_text, line.unit.x12, line.price_text),
        (line.buyer_item, line.vendor_item, line.gtin),
        source=line.source,
        sources=lambda: line_sources(line, _NAMES, ours_first=True),
    )
    add_description(loop, line, wording)
    if line.warehouse:
        name = wording.text(line.warehouse, longest_reference(wording), f"warehouse of line {line.number}")
        reference(loop, "ZZ", name, source=f"{line.source}.warehouse", what="WAREHOUSE")
    if line.charges:
        add_charges(loop, line.charges, sign=1, content=order, wording=wording)
    if line.wanted:
        loop.add("DTM", "002", day(line.wanted))
    if line.promised:
        loop.add("DTM", "069", day(line.promised))


def _blanket_source(document: CanonicalDocument, order: PurchaseOrder) -> str:
    called_off = (line.source for line in order.lines if document.blanket and line.blanket == document.blanket)
    return next((f"{source}.orderNumber" for source in called_off), "")


def _delivery(order: PurchaseOrder) -> list[str]:
    """Terms of delivery as text: FOB wants codes that Visma's free words do not give."""
    notes = []
    if order.ship_terms:
        notes.append(f"Terms of delivery: {order.ship_terms}")
    if order.fob_point:
        notes.append(f"FOB point: {order.fob_point}")
    return notes
