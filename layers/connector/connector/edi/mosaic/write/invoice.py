"""Mosaic 810."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from connector.domain.documents import Invoice
from connector.domain.invoice_types import InvoiceType
from connector.domain.parties import Role
from connector.domain.totals import rounded
from connector.domain.transactions import Purpose
from connector.edi.canonical import CanonicalDocument, LineView, TermsView, buyer_reference_text
from connector.edi.dialect import Gap
from connector.edi.mosaic.write.common import (
    CURRENCY,
    ITEM,
    REFERENCES,
    UNIT,
    VAT,
    allowances_and_charges,
    filled,
    item,
    note,
    parties_called,
    quantity,
    terms,
)
from connector.edi.numbers import money_text


def _of_invoice(found: Callable[[Invoice], bool]) -> Callable[[CanonicalDocument], bool]:
    # What invoices may have is looked for in invoices alone (`DocumentKind.mosaic_gaps`).
    return lambda document: found(cast("Invoice", document.content))


GAPS = (
    CURRENCY,
    VAT,
    UNIT,
    ITEM,
    REFERENCES,
    Gap(
        "purpose",
        "Mosaic's invoice cannot say that it replaces or cancels an earlier one",
        lambda document: document.purpose is not Purpose.ORIGINAL,
    ),
    Gap(
        "paymentReference",
        "Mosaic has no place for a payment reference (KID, OCR)",
        _of_invoice(lambda invoice: bool(invoice.payment_reference)),
    ),
    Gap(
        "contractDocRef",
        "Mosaic's invoice has no contract number",
        _of_invoice(lambda invoice: bool(invoice.contract_number)),
    ),
    Gap(
        "applications",
        "Mosaic's invoice can name one original invoice, and this credit note credits several",
        _of_invoice(lambda invoice: len(invoice.original_invoices) > 1),
    ),
    Gap(
        "invoiceLines",
        "Mosaic's invoice needs at least one line of goods, and this one has charges only",
        lambda document: not document.lines,
    ),
)
"""What an invoice may have and Mosaic cannot carry."""

_TYPES = {
    InvoiceType.INVOICE: "invoice",
    InvoiceType.CREDIT_MEMO: "creditMemo",
    InvoiceType.DEBIT_MEMO: "debitMemo",
}
# Mosaic's invoice has no seller; who is to be paid is `accountsReceivable`.
_parties = parties_called(
    {
        Role.BUYER: "buyer",
        Role.BILL_TO: "billTo",
        Role.SHIP_TO: "shipTo",
        Role.SELLER: "accountsReceivable",
    }
)


def invoice(document: CanonicalDocument, content: Invoice) -> dict[str, Any]:
    """The `message` of a `810_INVOICE`. Amounts of a credit memo are positive; its type says what they mean."""
    if any(view.vat_number for view in document.parties):
        document.notes.append("Mosaic has no place for VAT numbers; they were left out of this document without VAT.")
    return filled(
        {
            "invoiceNumber": content.number,
            "invoiceDate": content.invoiced_on.isoformat(),
            "invoiceType": _TYPES[content.invoice_type],
            "purchaseOrderNumber": content.order_number,
            "shipmentIdentification": document.shipment,
            "originalInvoiceNumber": next(iter(content.original_invoices), None),
            "parties": _parties(document),
            "termsOfSale": terms(document.terms),
            "dates": _dates(document.terms),
            "references": _references(content),
            # The 810 of Mosaic has notes on its lines only: what is said about the whole stands with the first.
            "lineItems": [
                _line(line, content, _texts(document, content) if index == 0 else [])
                for index, line in enumerate(document.lines)
            ],
            **allowances_and_charges(document.charges),
            "invoiceTotal": money_text(document.total),
        }
    )


def _texts(document: CanonicalDocument, content: Invoice) -> list[str]:
    """What is said about the whole.

    Mosaic's 810 has no reference for the order of the one who sells, nor one for what the buyer books it by.
    """
    references = [buyer_reference_text(content.buyer_reference)] if content.buyer_reference else []
    references += content.other_references
    if document.sales_order:
        references.append(f"Our order: {document.sales_order}")
    return [*document.texts, *references]


def _line(line: LineView, content: Invoice, texts: list[str]) -> dict[str, Any]:
    # Orderful: the original purchase order line id. Nothing is known of the lines of a customer's order.
    ordered = line.number if line.is_ordered else None if line.order_line is None else str(line.order_line)
    written: dict[str, Any] = {
        **({"purchaseOrderLineId": ordered} if ordered else {}),
        "quantityInvoiced": quantity(line),
        "unitPrice": line.price_text,
        "extendedPrice": money_text(rounded(line.product, content.currency)),
        **item(line.buyer_item, line.vendor_item, line.gtin, line.description),
    }
    if line.charges:
        written |= filled(allowances_and_charges(line.charges))
    if line.note or line.order or line.shipment or texts:
        whose = "Our order" if content.kind.facts.we_sell else "Purchase order"
        place = f", line {line.order_line}" if line.order_line is not None else ""
        order = f"{whose}: {line.order}{place}" if line.order else None
        if notes := note([*texts, line.note, order, f"Our shipment: {line.shipment}" if line.shipment else None]):
            written["notes"] = notes
    return written


def _dates(view: TermsView | None) -> dict[str, Any]:
    if view is None:
        return {}
    return filled(
        {
            "termsNetDueDate": view.due.isoformat() if view.due else None,
            "termsDiscountDueDate": view.discount_due.isoformat() if view.discount_due else None,
        }
    )


def _references(content: Invoice) -> dict[str, Any]:
    """The other side's own reference: the supplier's invoice number, or the customer's order number."""
    reference = content.counterparty_reference
    if not reference or reference == content.order_number:
        return {}
    key = "customerOrderNumber" if content.kind.facts.we_sell else "invoiceNumber"
    return {key: {"value": reference}}
