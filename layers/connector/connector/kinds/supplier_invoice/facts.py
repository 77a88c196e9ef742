"""What is known of supplier invoices."""

from __future__ import annotations

from connector.domain.invoice_types import INVOICE_TYPES, PAID_TYPES
from connector.domain.transactions import TransactionType
from connector.kinds.facts import COMMON_STATUSES, Counterparty, InvoiceNames, KindFacts, VismaList

NAMES = InvoiceNames(
    number="referenceNumber",
    document_type="documentType",
    date="date",
    due_on="dueDate",
    party="supplier",
    description="description",
    payment_reference="paymentRefNo",
    lines="invoiceLines",
    branch="branchNumber",
    currency="currencyId",
    address="invoiceAddress",
    taxes="taxDetailLines",
    their_item="externalInventoryId",
    line_description="transactionDescription",
    unit_price="unitCost",
    line_amount="cost",
    # Stated in company currency only.
    total="amount",
    in_currency="InCurrency",
)
FACTS = KindFacts(
    noun="invoice",
    counterparty=Counterparty.SUPPLIER,
    transaction_type=TransactionType.INVOICE,
    group="invoice",
    types=(*INVOICE_TYPES, *sorted(PAID_TYPES)),
    plain_type="Invoice",
    # Visma's enum of September 2026.
    statuses=COMMON_STATUSES | {"Scheduled", "Printed", "Prebooked", "Reserved"},
    sent_in=("Open", "Closed"),
    names=NAMES,
    # Visma: the type stands in the address of supplier invoices alone.
    lists=(VismaList(path="v1/supplierInvoice", expand=("expandNote",), type_in_path=True),),
    is_final=True,
    # It is the booking text of the company.
    defaults={"description": "keep"},
    total_above="landed costs",
    total_below="a retained or withheld amount",
)
