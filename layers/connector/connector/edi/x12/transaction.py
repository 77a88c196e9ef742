"""From a document to its checked X12 tree."""

from __future__ import annotations

from connector.domain.documents import PurchaseOrder
from connector.domain.errors import Parked
from connector.edi.outline import Outline
from connector.edi.x12.charset import Wording
from connector.edi.x12.check import check
from connector.edi.x12.invoice import invoice
from connector.edi.x12.model import Loop
from connector.edi.x12.purchase_order import purchase_order

# X12 3.3: what a set cannot do without, so that no partner setting may take it out.
_INDISPENSABLE = frozenset({"ST", "BEG", "BIG", "PO1", "IT1", "TDS"})


def transaction(document: Outline) -> Loop:
    """The tree of a document in the way agreed with the partner, checked.

    Raises:
        Parked: X12 cannot carry the document.
    """
    options = document.route.x12
    wording = Wording(document.route, document.notes)
    content = document.content
    if isinstance(content, PurchaseOrder):
        tree = purchase_order(document, content, wording)
    else:
        tree = invoice(document, content, wording)
    if options.leave_out:
        tree = _without(tree, options.leave_out, document.notes)
    check(tree, document.route)
    return tree


def _without(tree: Loop, left_out: frozenset[str], notes: list[str]) -> Loop:
    if indispensable := sorted(left_out & _INDISPENSABLE):
        raise Parked(
            f"x12.leave_out names {', '.join(indispensable)}, which X12 cannot do without.",
            next_step="Take it off that list in the routing file and apply it.",
            field="x12.leave_out",
        )
    present = {segment.id for segment in tree.segments()}
    notes += [f"{segment_id} was left out, as agreed with the partner." for segment_id in sorted(left_out & present)]
    return tree.without(left_out)
