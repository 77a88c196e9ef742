"""Visma's documents as Visma documents them: every field that is read, with its type.

A document that is just so is decoded straight into these records. Of any other, `tolerant.Tolerant` gives the same
fields, one by one, from whatever Visma sent. So there is one reader, and it knows nothing of odd shapes.

Fields stand in the order in which Visma writes them, in which they are found the fastest.

Numbers of an implausible size, and whatever else needs a message that names the field, are no such document.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import Any, NewType

import msgspec
from msgspec import UNSET, UnsetType, field

from connector.edi.visma.fields import MAX_EXPONENT, MIN_EXPONENT, is_plausible

Text = str | None
Id = str | int | None
"""A text that Visma may write as a number."""
Number = Decimal | None
Plain = float | None
"""An amount of a line in the currency of the company. It is seldom asked for, so it is not decoded exactly: what needs
it calls `Row.refuse_plain`, and is read tolerantly."""
Whole = int | None
Flag = bool | None
Day = NewType("Day", str)
"""A date as Visma writes it; `fields.day_of` reads it."""


class Row(msgspec.Struct, rename="camel", gc=False):
    """An object of Visma. A field has Visma's name unless it says otherwise.

    Attributes:
        value: Visma wraps an object as `{"value": {...}}` in some answers: then it has no other field.
    """

    value: UnsetType = UNSET

    def states(self, name: str) -> bool:
        """Whether a field has a value."""
        return getattr(self, name) is not None

    def refuse_plain(self) -> None:
        """Refuse to give `Plain` amounts.

        Raises:
            ValueError: here always. Read tolerantly, they are as exact as any number.
        """
        raise ValueError("an amount that is not decoded exactly")

    def path(self, name: str) -> str:
        """Where a field stands in the document, for messages. These are made when it is read tolerantly."""
        return name


_MIN_SIZE, _TOO_LARGE = Decimal(1).scaleb(MIN_EXPONENT), Decimal(1).scaleb(MAX_EXPONENT + 1)


def refuse_implausible(*numbers: Decimal | None) -> None:
    """Refuse numbers of a size that `fields.number` refuses.

    Raises:
        ValueError: one of them is. Numbers that were read tolerantly have been looked at before.
    """
    try:
        for one in numbers:
            # Most numbers are inside these limits, which is seen in half the time.
            if one is not None and not _MIN_SIZE <= one < _TOO_LARGE and not is_plausible(one):
                raise ValueError("a number of an implausible size")
    except InvalidOperation:
        raise ValueError("no number") from None


class Reference(Row, gc=False):
    """What a document names by an id or a number: a party, an item, a place, a code."""

    id: Id = None
    number: Text = None
    name: Text = None
    description: Text = None
    internal_id: Id = None


NOTHING = Reference()
"""Stands where Visma names nothing."""


class ItemReference(Row, gc=False):
    """An item on the line of an order."""

    number: Text = None
    description: Text = None


class NumberReference(Row, gc=False):
    """What a line names by a number."""

    number: Text = None


class IdReference(Row, gc=False):
    """What a line names by an id."""

    id: Id = None


class Account(Row, gc=False):
    """A ledger account."""

    number: Text = None
    type: Text = None


class Location(Row, gc=False, kw_only=True):
    """A place of an account. Without an id it may be an empty object, which is none."""

    id: Id
    name: Text = None


class Address(Row, gc=False):
    """A postal address."""

    address_line1: Text = None
    address_line2: Text = None
    address_line3: Text = None
    postal_code: Text = None
    city: Text = None
    county: Reference | None = None
    country: Reference | None = None
    override_address: Flag = None


class Contact(Row, gc=False):
    """A person or desk; invoices call the name `businessName`."""

    name: Text = None
    business_name: Text = None
    attention: Text = None
    email: Text = None
    phone1: Text = None
    phone2: Text = None
    fax: Text = None


class VatRow(Row, gc=False):
    """One VAT rate of a document."""

    vat_id: Reference | None = None
    tax_id: Text = None
    vat_rate: Number = None
    taxable_amount: Number = None
    vat_amount: Number = None

    def __post_init__(self) -> None:
        """Refuse implausible numbers."""
        refuse_implausible(self.vat_rate, self.taxable_amount, self.vat_amount)


class DiscountRow(Row, gc=False):
    """A discount of an order."""

    discount_amt: Number = None
    type: Text = None
    skip_discount: Flag = None
    discount: Number = None
    discount_code: Text = None

    def __post_init__(self) -> None:
        """Refuse implausible numbers."""
        refuse_implausible(self.discount_amt, self.discount)


class OrderLine(Row, gc=False):
    """A line of a purchase order. Amounts are in the currency of the order; `amounts` looks at those that it reads."""

    number: Whole = field(default=None, name="lineNbr")
    inventory: ItemReference | None = None
    line_type: Text = None
    warehouse: IdReference | None = None
    description: Text = field(default=None, name="lineDescription")
    unit: Text = field(default=None, name="uom")
    quantity: Number = field(default=None, name="orderQty")
    unit_price: Number = field(default=None, name="unitCost")
    discount_percent: Number = None
    discount: Number = field(default=None, name="discountAmount")
    amount: Number = None
    their_item: Text = field(default=None, name="alternateId")
    tax_category: NumberReference | None = None
    requested: Day | None = None
    promised: Day | None = None
    canceled: Flag = None
    order_type: Text = None
    order_number: Text = None
    note: Text = None

    @property
    def item(self) -> Id:
        """Our number of the item."""
        return self.inventory.number if self.inventory is not None else None

    @property
    def place(self) -> Id:
        """The warehouse."""
        return self.warehouse.id if self.warehouse is not None else None

    @property
    def tax_code(self) -> Id:
        """The VAT category."""
        return self.tax_category.number if self.tax_category is not None else None


class PurchaseOrder(Row, gc=False):
    """A purchase order (`PurchaseOrderDto`), as far as it is read."""

    shipping_destination_type: Text = None
    ship_to: Reference | None = None
    shipping_location: Location | None = None
    warehouse: Reference | None = None
    shipping_contact: Contact | None = None
    shipping_address: Address | None = None
    fob_point: Text = None
    ship_via: Text = None
    ship_terms: Text = None
    terms: Reference | None = None
    discount_details: Sequence[DiscountRow] | None = None
    dont_email: Flag = None
    emailed: Flag = None
    document_type: Text = field(default=None, name="orderType")
    number: Text = field(default=None, name="orderNbr")
    on_hold: Flag = field(default=None, name="hold")
    status: Text = None
    date: Day | None = None
    promised_on: Day | None = None
    description: Text = None
    supplier: Reference | None = None
    location: Reference | None = None
    currency: Text = None
    supplier_ref: Text = None
    line_total: Number = None
    tax_total: Number = None
    order_total: Number = None
    branch: Reference | None = None
    lines: Sequence[OrderLine] | None = None
    tax_details: Sequence[VatRow] | None = None
    note: Text = None
    version: Text = field(default=None, name="timeStamp")
    created: Text = field(default=None, name="createdDateTime")

    def __post_init__(self) -> None:
        """Refuse implausible numbers, and what is no purchase order."""
        refuse_implausible(self.line_total, self.tax_total, self.order_total)
        if not self.number:
            raise ValueError("no purchase order")


class InvoiceLine(Row, gc=False):
    """A line of an invoice of either kind, with its amounts in both currencies; `amounts` looks at those it reads."""

    number: Whole = field(default=None, name="lineNumber")
    line_type: Text = None
    so_order_nbr: Text = None
    so_shipment_nbr: Text = None
    item: Text = field(default=None, name="inventoryNumber")
    their_item: Text = field(default=None, name="externalInventoryId")
    description: Text = None
    quantity: Number = None
    unit: Text = field(default=None, name="uom")
    unit_price: Plain = None
    unit_price_in_currency: Number = None
    amount: Plain = None
    amount_in_currency: Number = None
    discount_percent: Number = None
    discount: Plain = field(default=None, name="discountAmount")
    discount_in_currency: Number = field(default=None, name="discountAmountInCurrency")
    vat_code: IdReference | None = None
    po_number: Text = None
    po_line_nr: Whole = None
    note: Text = None
    account: Account | None = None


class SupplierInvoiceLine(InvoiceLine, gc=False):
    """A line of a supplier's invoice."""

    description: Text = field(default=None, name="transactionDescription")
    unit_price: Plain = field(default=None, name="unitCost")
    unit_price_in_currency: Number = field(default=None, name="unitCostInCurrency")
    amount: Plain = field(default=None, name="cost")
    amount_in_currency: Number = field(default=None, name="costInCurrency")


class Application(Row, gc=False):
    """A document that a credit note is applied to (`ArAdjustDto`)."""

    doc_type: Text = None
    document_type: Text = None
    amount_paid: Number = None
    voided: Flag = None
    ref_nbr: Text = None

    def __post_init__(self) -> None:
        """Refuse implausible numbers."""
        refuse_implausible(self.amount_paid)


class Invoice(Row, gc=False):
    """What the invoices of both sides have, with their amounts in both currencies."""

    document_type: Text = None
    number: Text = field(default=None, name="referenceNumber")
    status: Text = None
    on_hold: Flag = field(default=None, name="hold")
    supplier_reference: Text = None
    party: Reference | None = None
    other_party: Any = None
    location: Reference | None = None
    date: Day | None = None
    due_date: Day | None = None
    cash_discount_date: Day | None = None
    currency_id: Text = None
    exchange_rate: Number = None
    customer_ref_number: Text = None
    external_reference: Text = None
    originator_doc_ref: Text = None
    customer_project: Text = None
    contract_doc_ref: Text = None
    accounting_cost_ref: Text = None
    payment_reference: Text = None
    credit_terms: Reference | None = None
    description: Text = None
    amount: Number = None
    amount_in_currency: Number = None
    balance: Number = None
    balance_in_currency: Number = None
    cash_discount: Number = None
    cash_discount_in_currency: Number = None
    detail_total: Number = None
    detail_total_in_currency: Number = None
    discount_total: Number = None
    discount_total_in_currency: Number = None
    vat_taxable_total: Number = None
    vat_taxable_total_in_currency: Number = None
    vat_total: Number = None
    vat_total_in_currency: Number = None
    rounding_diff: Number = None
    rounding_diff_in_currency: Number = None
    tax_calculation_mode: Text = None
    invoice_address: Address | None = None
    invoice_contact: Contact | None = None
    contact: Reference | None = None
    branch_number: Reference | None = None
    lines: Sequence[InvoiceLine] | None = None
    invoice_lines: Sequence[InvoiceLine] | None = None
    taxes: Sequence[VatRow] | None = None
    applications: Sequence[Application] | None = None
    order_nbr: Any = None
    send_to_auto_invoice: Flag = None
    note: Text = None
    account: Account | None = None
    created: Text = field(default=None, name="createdDateTime")
    version: Text = field(default=None, name="timeStamp")

    def __post_init__(self) -> None:
        """Refuse implausible numbers, two lists of lines, and what may be a document of another kind."""
        refuse_implausible(*_AMOUNTS(self))
        if not self.number or self.order_nbr is not None or self.party is None or self.other_party is not None:
            raise ValueError("not certainly an invoice of this kind")
        if self.lines and self.invoice_lines:
            raise ValueError("two lists of lines")


class SupplierInvoice(Invoice, gc=False):
    """A supplier's invoice (`SupplierInvoiceDto`), as far as it is read."""

    party: Reference | None = field(default=None, name="supplier")
    other_party: Any = field(default=None, name="customer")
    payment_reference: Text = field(default=None, name="paymentRefNo")
    lines: Sequence[SupplierInvoiceLine] | None = None
    invoice_lines: Sequence[SupplierInvoiceLine] | None = None
    taxes: Sequence[VatRow] | None = field(default=None, name="taxDetailLines")


class CustomerInvoice(Invoice, gc=False):
    """A customer invoice, credit note or debit note (`CustomerInvoiceDto`), as far as it is read."""

    date: Day | None = field(default=None, name="documentDate")
    due_date: Day | None = field(default=None, name="documentDueDate")
    party: Reference | None = field(default=None, name="customer")
    other_party: Any = field(default=None, name="supplier")
    description: Text = field(default=None, name="invoiceText")
    taxes: Sequence[VatRow] | None = field(default=None, name="taxDetails")


_AMOUNTS = attrgetter(*(one.name for one in msgspec.structs.fields(Invoice) if one.type == Number))
