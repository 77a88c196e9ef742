"""What is known of customer invoices, credit notes and debit notes."""

from __future__ import annotations

from connector.domain.invoice_types import INVOICE_TYPES, PAID_TYPES
from connector.domain.transactions import TransactionType
from connector.kinds.facts import COMMON_STATUSES, Counterparty, InvoiceNames, KindFacts, VismaList

NAMES = InvoiceNames(
    number="referenceNumber",
    document_type="documentType",
    date="documentDate",
    due_on="documentDueDate",
    party="customer",
    description="invoiceText",
    payment_reference="paymentReference",
    lines="invoiceLines",
    branch="branchNumber",
    currency="currencyId",
    address="invoiceAddress",
    taxes="taxDetails",
    their_item="externalInventoryId",
    line_description="description",
    unit_price="unitPrice",
    line_amount="amount",
    total="amountInCurrency",
    in_currency="InCurrency",
)
_EXPANDED = ("expandTaxDetails", "expandInvoiceAddress")
FACTS = KindFacts(
    noun="invoice",
    counterparty=Counterparty.CUSTOMER,
    transaction_type=TransactionType.INVOICE,
    group="invoice",
    types=(*INVOICE_TYPES, *sorted(PAID_TYPES)),
    plain_type="Invoice",
    # Visma's enum of September 2026.
    statuses=COMMON_STATUSES | {"Scheduled", "PendingPrint", "PendingEmail", "CreditHold", "CcHold", "Reserved"},
    sent_in=("Open", "Closed"),
    names=NAMES,
    lists=(
        VismaList(path="v1/customerinvoice", expand=_EXPANDED),
        VismaList(path="v1/customerCreditNote", expand=(*_EXPANDED, "expandApplications"), document_type="CreditNote"),
        VismaList(path="v1/customerDebitNote", expand=(*_EXPANDED, "expandApplications"), document_type="DebitNote"),
    ),
    is_final=True,
    counterparty_is_fixed=True,
)
