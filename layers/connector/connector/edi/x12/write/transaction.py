"""From a document to its checked X12 tree."""

from __future__ import annotations

from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.transactions import Purpose
from connector.edi.canonical import CanonicalDocument
from connector.edi.kinds import KINDS
from connector.edi.x12.charset import Wording
from connector.edi.x12.check import check
from connector.edi.x12.dictionary import INDISPENSABLE
from connector.edi.x12.model import Loop, Segment, Writing


def transaction(document: CanonicalDocument) -> Loop:
    """The tree of a document in the way agreed with the partner, checked.

    Raises:
        Parked: X12 cannot carry the document.
    """
    tree = written(document)
    check(tree, document.route)
    return tree


def written(document: CanonicalDocument) -> Loop:
    """The same tree, not checked against the dictionary.

    Raises:
        Parked: X12 cannot carry the document.
    """
    tree = Loop("")
    write(document, tree)
    return _without(tree, document) if document.route.x12.leave_out else tree


def write(document: CanonicalDocument, into: Writing) -> None:
    """Write a document into a tree, or into what is printed of it at once.

    Raises:
        Parked: X12 cannot carry the document.
    """
    wording = Wording(document.route, document.notes)
    KINDS[document.content.kind].x12(into, document, document.content, wording)


def _without(tree: Loop, document: CanonicalDocument) -> Loop:
    """The tree without the segments that routing leaves out.

    Raises:
        Parked: X12 or what is payable needs one of them.
    """
    left_out = document.route.x12.leave_out
    if indispensable := sorted(left_out & INDISPENSABLE):
        raise _needed(document, f"x12.leave_out names {', '.join(indispensable)}, which X12 cannot do without.")
    if document.purpose is not Purpose.CANCELLATION:
        _refuse_missing_money(tree, document)
        _refuse_nameless(tree, document)
    present = {segment.id for segment in tree.segments()}
    document.notes.extend(
        f"{segment_id} was left out, as agreed with the partner." for segment_id in sorted(left_out & present)
    )
    return tree.without(left_out)


def _refuse_missing_money(tree: Loop, document: CanonicalDocument) -> None:
    """Refuse to leave out what the partner needs to work out what is payable: SAC, VAT in the total, the currency.

    A line's TXI has a rate only, and a document may go without the total that its VAT is part of.

    Raises:
        Parked: such a segment is left out.
    """
    route, currency = document.route, document.content.currency
    left_out = route.x12.leave_out
    if "SAC" in left_out and (charges := [part for part in tree.segments() if part.id == "SAC"]):
        raise _needed(
            document,
            f"x12.leave_out names SAC, and this document has {len(charges)}: without "
            f"{'it' if len(charges) == 1 else 'them'} it does not add up to {document.total:f}.",
        )
    total_segments = KINDS[document.content.kind].total_segments
    has_total = not left_out & total_segments
    tax = sum(amount for _, amount in document.taxes)
    if "TXI" in left_out and tax and has_total:
        raise _needed(
            document,
            f"x12.leave_out names TXI, and VAT of {tax:f} is part of the total of {document.total:f}.",
            " An order may also go without its total: add AMT to the list." if total_segments else "",
        )
    if "CUR" in left_out and currency and currency != route.currency:
        raise _needed(
            document,
            f"x12.leave_out names CUR, and this document is in {currency}; "
            + (f"{route.currency} is agreed." if route.currency else "no currency is agreed."),
            f" Or set partners.{route.partner}.currency, if that is the currency that both sides agreed on.",
        )


def _refuse_nameless(tree: Loop, document: CanonicalDocument) -> None:
    """Refuse to leave out the only text that says what a line is, or the only number of the order.

    Raises:
        Parked: such a segment is left out.
    """
    left_out = document.route.x12.leave_out
    nameless = [
        line.number
        for line in document.lines
        if not (line.buyer_item or line.vendor_item or line.gtin) and line.description
    ]
    if "PID" in left_out and nameless:
        raise _needed(
            document,
            f"x12.leave_out names PID, and line {nameless[0]} has no item number: nothing else says what it is.",
        )
    header = (part for part in tree.parts if isinstance(part, Segment))
    only = next((part.values[1] for part in header if part.id == "REF" and part.values[:1] == ("PO",)), None)
    if "REF" in left_out and only is not None and document.content.kind.facts.is_final:
        raise _needed(
            document,
            f"x12.leave_out names REF, and the order number '{only}' does not fit into BIG04: no other segment has it.",
        )


def _needed(document: CanonicalDocument, sentence: str, way_out: str = "") -> Parked:
    key = f"partners.{document.route.partner}.x12.leave_out"
    return Parked(
        sentence,
        next_step=f"Take it off the list, or give the partner a list without it ({key}), and apply the file.{way_out}",
        field="x12.leave_out",
        waits_for=key,
        code=Reason.SEGMENT_NEEDED,
    )
