"""X12 810."""

from __future__ import annotations

from connector.domain.documents import Invoice, InvoiceType, Kind
from connector.edi.numbers import decimal_text
from connector.edi.outline import LineView, Outline
from connector.edi.x12.charset import Wording
from connector.edi.x12.common import (
    PURPOSES,
    add_charges,
    add_description,
    add_parties,
    add_terms,
    add_texts,
    cents,
    day,
    item_ids,
    line_notes,
    reference,
    refuse_fractions,
)
from connector.edi.x12.model import Loop, Segment

# Element 640. Published samples mark plain invoices with DI (debit invoice), so a debit memo is DR (debit memo).
_TYPES = {
    InvoiceType.INVOICE: "DI",
    InvoiceType.CREDIT_MEMO: "CR",
    InvoiceType.DEBIT_MEMO: "DR",
}
# The 810 has room for twelve REF in its header, in both releases.
_MOST_REFERENCES = 12


def invoice(document: Outline, content: Invoice, wording: Wording) -> Loop:
    """The tree of an 810, in the order of segments that 004010 and 005010 share.

    Raises:
        Parked: X12 has no place for amounts of this currency.
    """
    refuse_fractions(document, charged=True)
    negative = content.invoice_type is InvoiceType.CREDIT_MEMO and document.route.x12.credit_sign == "negative"
    sign = -1 if negative else 1
    tree = Loop("")
    tree.add("ST", "810", "0001")
    tree.add(
        "BIG",
        day(content.invoiced_on),
        content.number,
        "",
        content.order_number or "",
        "",
        "",
        _TYPES[content.invoice_type],
        PURPOSES[document.purpose],
        source="referenceNumber",
    )
    if content.currency:
        tree.add("CUR", "SE", content.currency, source="currencyId")
    unnamed = _add_references(tree, document, content)
    add_parties(tree, document, wording, with_vat=True)
    add_terms(tree, document.terms, wording, content, sign=sign)
    texts = [f"Credits invoices {', '.join(unnamed)}"] if unnamed else []
    texts += [*document.texts, *line_notes(document)]
    # Both releases allow one N9 with ten MSG here; MTX never came into the 810.
    add_texts(tree, texts, wording, segment="MSG", longest=264, most=10)
    for line in document.lines:
        tree.parts.append(_line(line, sign, content, wording))
    tree.add("TDS", cents(sign * document.total, content), source="amount")
    for rate, amount in document.taxes:
        tree.add("TXI", "VA", decimal_text(sign * amount), decimal_text(rate) if rate is not None else "")
    add_charges(tree, document.charges, sign, content, wording)
    summary = Loop("CTT_loop")
    summary.add("CTT", str(len(document.lines)))
    tree.parts.append(summary)
    return tree


def _add_references(tree: Loop, document: Outline, content: Invoice) -> list[str]:
    """REF of the header; gives back the credited invoices for which there is no room."""
    theirs = content.counterparty_reference
    if content.kind is Kind.SUPPLIER_INVOICE:
        reference(tree, "IV", theirs, "supplierReference")
    elif theirs != content.order_number:
        reference(tree, "CO", theirs, "customerRefNumber")
    reference(tree, "VN", document.sales_order, "soOrderNbr")
    reference(tree, "SI", document.shipment, "soShipmentNbr")
    reference(tree, "CT", content.contract_number, "contractDocRef")
    reference(tree, "ZZ", content.payment_reference, "paymentReference", "PAYMENT REFERENCE")
    room = _MOST_REFERENCES - sum(isinstance(part, Segment) and part.id == "REF" for part in tree.parts)
    for number in content.original_invoices[:room]:
        reference(tree, "OI", number, "applications")
    return list(content.original_invoices[room:])


def _line(line: LineView, sign: int, content: Invoice, wording: Wording) -> Loop:
    loop = Loop("IT1_loop")
    loop.add(
        "IT1",
        line.number,
        decimal_text(sign * line.quantity),
        line.unit.x12,
        decimal_text(line.price),
        "",
        *item_ids(line),
        source=line.source,
    )
    if line.tax_rate is not None:
        # The percentage only: the amounts stand once, in the summary.
        loop.add("TXI", "VA", "", decimal_text(line.tax_rate))
    add_description(loop, line, wording)
    order = "PO" if content.kind is Kind.SUPPLIER_INVOICE else "VN"
    if line.order != content.order_number or line.order_line is not None:
        what = "" if line.order_line is None else f"LINE {line.order_line}"
        reference(loop, order, line.order, line.source, what)
    reference(loop, "SI", line.shipment, line.source)
    add_charges(loop, line.charges, sign, content, wording)
    return loop
