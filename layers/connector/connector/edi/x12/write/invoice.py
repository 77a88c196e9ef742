"""X12 810."""

from __future__ import annotations

from connector.domain.documents import Invoice
from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import X12Options
from connector.edi.canonical import CanonicalDocument, LineView
from connector.edi.numbers import decimal_text
from connector.edi.x12.charset import Wording
from connector.edi.x12.dictionary import SEGMENTS
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
    cents,
    day,
    line_notes,
    line_sources,
    reference,
    refuse_fractions,
    typed_reference,
    vat_rate,
)
from connector.kinds.facts import InvoiceNames

# Element 640. Published samples mark plain invoices with DI (debit invoice), so a debit memo is DR (debit memo). What a
# credit note is, the partner says (`x12.credit_code`).
_TYPES = {
    InvoiceType.INVOICE: "DI",
    InvoiceType.DEBIT_MEMO: "DR",
}
# The 810 has room for twelve REF in its header, in both releases.
_MAX_REFERENCES = 12
_ORDER = "order number"


def invoice(
    tree: Writing, document: CanonicalDocument, content: Invoice, wording: Wording, *, fields: InvoiceNames
) -> None:
    """Write an 810, in the order of segments that 004010 and 005010 share.

    `fields` names what a person looks up in Visma.

    Raises:
        Parked: X12 has no place for amounts of this currency.
    """
    refuse_fractions(document, charged=True)
    is_credit = content.invoice_type is InvoiceType.CREDIT_MEMO
    sign = -1 if is_credit and document.route.x12.credit_sign == "negative" else 1
    # Visma has no field for it, so a name or a sentence may stand there.
    order = wording.reference(content.order_number or "", _longest_order(wording), _ORDER)
    tree.add("ST", "810", "0001")
    tree.add(
        "BIG",
        day(content.invoiced_on),
        content.number,
        "",
        order,
        "",
        "",
        document.route.x12.credit_code if is_credit else _TYPES[content.invoice_type],
        PURPOSES[document.purpose],
        sources=(fields.date, fields.number, "", content.order_source),
    )
    if content.currency:
        tree.add("CUR", "SE", content.currency, source=fields.currency)
    notes, unnamed = _add_references(tree, document, content, wording, order=order, fields=fields)
    add_parties(tree, document, wording, with_vat=True)
    add_terms(tree, document.terms, wording, content, sign=sign)
    texts = [f"Credits invoices {', '.join(unnamed)}"] if unnamed else []
    texts += [*notes, *content.other_references, *document.texts, *line_notes(document)]
    # Both releases allow one N9 with ten MSG here; MTX never came into the 810.
    add_texts(tree, texts, wording, segment="MSG", longest=264, most=10)
    price = f".{fields.unit_price}{fields.in_currency}"
    names = LineNames((".lineNumber", ".quantity", ".uom", price, ""), ".inventoryNumber")
    for line in document.lines:
        _add_line(tree, line, (sign, names, document.route.x12), content, wording)
    tree.add("TDS", cents(sign * document.total, content), source="amount")
    for rate, amount in document.taxes:
        tree.add("TXI", "VA", decimal_text(sign * amount), vat_rate(rate, document.route.x12))
    add_charges(tree, document.charges, sign=sign, content=content, wording=wording)
    summary = tree.loop("CTT_loop")
    summary.add("CTT", str(len(document.lines)))


def _longest_order(wording: Wording) -> int:
    """How much BIG04 holds."""
    return SEGMENTS["BIG"].elements[3].longest[wording.version]


def _add_references(
    tree: Writing, document: CanonicalDocument, content: Invoice, wording: Wording, *, order: str, fields: InvoiceNames
) -> tuple[list[str], list[str]]:
    """REF of the header; gives back what is told as text instead, and credited invoices for which there is no room.

    A number of the order that is too long for BIG04 stands in a REF of its own (IBM's guide of the 810: REF02 with the
    qualifier PO, when the number exceeds 22 characters). `order` is what BIG04 has.
    """
    notes: list[str] = []

    def typed(qualifier: str, number: str | None, source: str, what: str) -> None:
        if number:
            notes.extend(typed_reference(tree, qualifier, number, source, what=what, wording=wording))

    add_partners_references(tree, document)
    theirs = content.counterparty_reference
    if not content.kind.facts.we_sell:
        typed("IV", theirs, "supplierReference", "supplier's reference")
    elif theirs != content.order_number:
        typed("CO", theirs, "customerRefNumber", "customer's reference")
    if number := None if order else content.order_number:
        notes_before = len(notes)
        typed("PO", number, content.order_source, _ORDER)
        if len(notes) == notes_before:
            room = _longest_order(wording)
            wording.notes.append(f"The {_ORDER} '{number}' does not fit into BIG04 ({room} characters); REF*PO has it.")
    reference(tree, "VN", document.sales_order, source="soOrderNbr")
    reference(tree, "SI", document.shipment, source="soShipmentNbr")
    typed("CT", content.contract_number, "contractDocRef", "contract")
    # Element 128: CR is the customer's reference number.
    typed("CR", content.buyer_reference, "accountingCostRef", "accounting reference")
    reference(tree, "ZZ", content.payment_reference, source=fields.payment_reference, what="PAYMENT REFERENCE")
    if not content.original_invoices:
        return notes, []
    room = _MAX_REFERENCES - tree.number_of("REF")
    for number in content.original_invoices[:room]:
        reference(tree, "OI", number, source="applications")
    return notes, list(content.original_invoices[room:])


def _add_line(
    tree: Writing, line: LineView, form: tuple[int, LineNames, X12Options], content: Invoice, wording: Wording
) -> None:
    sign, names, options = form
    is_supplier = not content.kind.facts.we_sell
    quantity = line.quantity_text if sign == 1 else decimal_text(sign * line.quantity)
    loop = tree.line(
        "IT1",
        (line.number if line.is_numbered else "", quantity, line.unit.x12, line.price_text),
        (line.buyer_item, line.vendor_item, line.gtin),
        source=line.source,
        sources=lambda: line_sources(line, names, ours_first=is_supplier),
    )
    if line.tax_rate is not None:
        # The percentage only: the amounts stand once, in the summary.
        loop.add("TXI", "VA", "", vat_rate(line.tax_rate, options))
    add_description(loop, line, wording)
    if line.order and (line.order != content.order_number or line.order_line is not None):
        qualifier, field = ("PO", "poNumber") if is_supplier else ("VN", "soOrderNbr")
        what = "" if line.order_line is None else f"LINE {line.order_line}"
        reference(loop, qualifier, line.order, source=f"{line.source}.{field}", what=what)
    if line.shipment:
        reference(loop, "SI", line.shipment, source=f"{line.source}.soShipmentNbr")
    if line.charges:
        add_charges(loop, line.charges, sign=sign, content=content, wording=wording)
