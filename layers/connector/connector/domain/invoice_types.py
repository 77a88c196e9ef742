"""The meaning of Visma's invoice types: which ones are sent as invoices, and which ones never."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from connector.domain.reasons import Reason, StatedReason


class InvoiceType(StrEnum):
    """The meaning of an invoice document for the payer."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    DEBIT_MEMO = "debit_memo"


# On the purchase side, the words are those of bookkeeping: a debit adjustment debits accounts payable, so it is the
# supplier's credit note; a credit adjustment is an additional charge of the supplier.
INVOICE_TYPES: Mapping[str, InvoiceType] = {
    "Invoice": InvoiceType.INVOICE,
    "FinCharge": InvoiceType.INVOICE,
    "CreditNote": InvoiceType.CREDIT_MEMO,
    "DebitAdj": InvoiceType.CREDIT_MEMO,
    "DebitNote": InvoiceType.DEBIT_MEMO,
    "CreditAdj": InvoiceType.DEBIT_MEMO,
}
"""The types that are sent, with their meaning."""

PAID_TYPES = frozenset({"CashSale", "CashReturn", "QuickCheck"})
"""Types that are paid when they are made (Visma's help, "Enter a cash sale"): an 810 would ask for the money again."""

OTHER_TYPES = frozenset(
    {
        "Payment",
        "VoidPayment",
        "Prepayment",
        "Refund",
        "Check",
        "VoidCheck",
        "VoidQuickCheck",
        "SmallBalanceWo",
        "SmallCreditWo",
        "Undefined",
        "NoUpdate",
    }
)
"""Types in Visma's invoice lists that are no invoices: payments and write-offs."""


def is_invoice_type(document_type: str | None) -> bool | None:
    """Whether a Visma document type is sent as an invoice; None when the type is unknown or missing."""
    if document_type in INVOICE_TYPES:
        return True
    return False if why_never_sent(document_type) else None


def why_never_sent(document_type: str | None) -> StatedReason | None:
    """Why documents of this type are never sent; None when they may be, or when the type is unknown."""
    if document_type in PAID_TYPES:
        sentence = f"Documents of the type {document_type} are paid when they are made; they are never sent."
        return StatedReason(Reason.TYPE_NEVER_SENT, sentence)
    if document_type in OTHER_TYPES:
        sentence = f"Documents of the type {document_type} are no invoices; they are never sent."
        return StatedReason(Reason.TYPE_NEVER_SENT, sentence)
    return None
