"""X12 810."""

from __future__ import annotations

from connector.domain.documents import Invoice, InvoiceType, Kind
from connector.edi.numbers import decimal_text
from connector.edi.outline import LineView, Outline, buyer_reference_text
from connector.edi.x12.charset import Wording
from connector.edi.x12.common import (
    PURPOSES,
    LineNames,
    add_charges,
    add_description,
    add_parties,
    add_terms,
    add_texts,
    cents,
    day,
    item_ids,
    line_notes,
    line_sources,
    reference,
    refuse_fractions,
)
from connector.edi.x12.dictionary import SEGMENTS
from connector.edi.x12.model import Loop, Segment

# Element 640. Published samples mark plain invoices with DI (debit invoice), so a debit memo is DR (debit memo).
_TYPES = {
    InvoiceType.INVOICE: "DI",
    InvoiceType.CREDIT_MEMO: "CR",
    InvoiceType.DEBIT_MEMO: "DR",
}
# What Visma calls them, for messages.
_DATES = {Kind.SUPPLIER_INVOICE: "date", Kind.CUSTOMER_INVOICE: "documentDate"}
_PAYMENT_REFERENCES = {Kind.SUPPLIER_INVOICE: "paymentRefNo", Kind.CUSTOMER_INVOICE: "paymentReference"}
_NAMES = {
    Kind.SUPPLIER_INVOICE: LineNames(
        (".lineNumber", ".quantity", ".uom", ".unitCostInCurrency", ""), ".inventoryNumber"
    ),
    Kind.CUSTOMER_INVOICE: LineNames(
        (".lineNumber", ".quantity", ".uom", ".unitPriceInCurrency", ""), ".inventoryNumber"
    ),
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
        sources=(_DATES[content.kind], "referenceNumber", "", content.order_source),
    )
    if content.currency:
        tree.add("CUR", "SE", content.currency, source="currencyId")
    unnamed = _add_references(tree, document, content, wording)
    add_parties(tree, document, wording, with_vat=True)
    add_terms(tree, document.terms, wording, content, sign=sign)
    texts = [f"Credits invoices {', '.join(unnamed)}"] if unnamed else []
    if content.buyer_reference and not _fits_ref(content.buyer_reference, wording):
        texts.append(buyer_reference_text(content.buyer_reference))
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


def _fits_ref(number: str, wording: Wording) -> bool:
    """Whether REF02 holds a number as it is."""
    return wording.fits(number, SEGMENTS["REF"].elements[1].longest[wording.version])


def _add_references(tree: Loop, document: Outline, content: Invoice, wording: Wording) -> list[str]:
    """REF of the header; gives back the credited invoices for which there is no room."""
    theirs = content.counterparty_reference
    if content.kind is Kind.SUPPLIER_INVOICE:
        reference(tree, "IV", theirs, "supplierReference")
    elif theirs != content.order_number:
        reference(tree, "CO", theirs, "customerRefNumber")
    reference(tree, "VN", document.sales_order, "soOrderNbr")
    reference(tree, "SI", document.shipment, "soShipmentNbr")
    reference(tree, "CT", content.contract_number, "contractDocRef")
    # Element 128: CR is the customer's reference number. It decides nothing, so one that does not fit is told as text.
    if content.buyer_reference and _fits_ref(content.buyer_reference, wording):
        reference(tree, "CR", content.buyer_reference, "accountingCostRef")
    reference(tree, "ZZ", content.payment_reference, _PAYMENT_REFERENCES[content.kind], "PAYMENT REFERENCE")
    room = _MOST_REFERENCES - sum(isinstance(part, Segment) and part.id == "REF" for part in tree.parts)
    for number in content.original_invoices[:room]:
        reference(tree, "OI", number, "applications")
    return list(content.original_invoices[room:])


def _line(line: LineView, sign: int, content: Invoice, wording: Wording) -> Loop:
    is_supplier = content.kind is Kind.SUPPLIER_INVOICE
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
        sources=line_sources(line, _NAMES[content.kind], ours_first=is_supplier),
    )
    if line.tax_rate is not None:
        # The percentage only: the amounts stand once, in the summary.
        loop.add("TXI", "VA", "", decimal_text(line.tax_rate))
    add_description(loop, line, wording)
    qualifier, field = ("PO", "poNumber") if is_supplier else ("VN", "soOrderNbr")
    if line.order != content.order_number or line.order_line is not None:
        what = "" if line.order_line is None else f"LINE {line.order_line}"
        reference(loop, qualifier, line.order, f"{line.source}.{field}", what)
    reference(loop, "SI", line.shipment, f"{line.source}.soShipmentNbr")
    add_charges(loop, line.charges, sign, content, wording)
    return loop
