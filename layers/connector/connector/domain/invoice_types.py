"""What Visma's types of invoices mean: which are invoices to somebody, and which never leave."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from connector.domain.reasons import Reason, StatedReason


class InvoiceType(StrEnum):
    """What an invoice document means to the one who pays."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    DEBIT_MEMO = "debit_memo"


# On the purchase side the words are those of the ledger, not of the paper: a debit adjustment debits accounts payable,
# so it is the supplier's credit note; a credit adjustment is something the supplier charges in addition.
INVOICE_TYPES: Mapping[str, InvoiceType] = {
    "Invoice": InvoiceType.INVOICE,
    "FinCharge": InvoiceType.INVOICE,
    "CreditNote": InvoiceType.CREDIT_MEMO,
    "DebitAdj": InvoiceType.CREDIT_MEMO,
    "DebitNote": InvoiceType.DEBIT_MEMO,
    "CreditAdj": InvoiceType.DEBIT_MEMO,
}
"""What the types mean that are invoices to somebody."""

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
"""Types that Visma keeps beside invoices and that no partner gets as one: payments and write-offs."""


def is_invoice_type(document_type: str | None) -> bool | None:
    """Whether a Visma document type asks somebody for money; None when the word is unknown or missing."""
    if document_type in INVOICE_TYPES:
        return True
    return False if why_never_sent(document_type) else None


def why_never_sent(document_type: str | None) -> StatedReason | None:
    """Why no document of a type of invoice is sent; None when it may be or the word is unknown."""
    if document_type in PAID_TYPES:
        sentence = f"Documents of the type {document_type} are paid when they are made; they are never sent."
        return StatedReason(Reason.TYPE_NEVER_SENT, sentence)
    if document_type in OTHER_TYPES:
        sentence = f"Documents of the type {document_type} are no invoices; they are never sent."
        return StatedReason(Reason.TYPE_NEVER_SENT, sentence)
    return None
