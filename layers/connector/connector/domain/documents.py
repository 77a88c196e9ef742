"""The documents of the business, as read from Visma and freed of Visma's oddities.

Only what a partner could be shown is kept: internal states, approvals, receipts and time stamps stay out, because the
id of a revision is the hash of what stands here (see `revisions.py`). Money and quantities are `Decimal`, in the
currency of the document. Dates are calendar dates without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a document is; the word used in keys, routing and commands."""

    PURCHASE_ORDER = "purchase_order"
    SUPPLIER_INVOICE = "supplier_invoice"
    CUSTOMER_INVOICE = "customer_invoice"

    @property
    def is_invoice(self) -> bool:
        """True for both kinds that become an 810."""
        return self is not Kind.PURCHASE_ORDER


def number_in_key(kind: Kind, document_type: str | None, number: str) -> str:
    """The number by which a document is known: see `DocumentKey.number`."""
    if kind is Kind.PURCHASE_ORDER or document_type in {None, "", "Invoice"}:
        return number
    return f"{document_type}:{number}"


ORDER_TYPES = ("RegularOrder", "DropShip", "Blanket", "StandardBlanket")
"""Visma's types of purchase orders."""

LONGEST_TYPE = 40
"""Characters of an order's type that count in a key and in a record; Visma's types are shorter."""


@dataclass(frozen=True, slots=True, order=True)
class DocumentKey:
    """Identity of a document: company + kind + number.

    `number` is Visma's reference number. Visma keys documents by type *and* number, so an invoice that is no plain one
    carries its Visma type in front (`CreditNote:900145`). Of purchase orders with one number the first that is recorded
    has the number as its key, and one of another type carries its type in front (`DropShip:500123`): two documents
    never share a key.
    """

    company: str
    kind: Kind
    number: str

    @classmethod
    def parse(cls, text: str) -> DocumentKey:
        """Read `company/kind/number` (as people write it) or `company#kind#number` (as it is stored).

        Raises:
            ValueError: the text has not three parts or the kind is unknown.
        """
        parts = text.split("#" if "#" in text else "/", 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"'{text}' is not company/kind/number")
        return cls(parts[0], Kind(parts[1]), parts[2])

    @classmethod
    def of_order(cls, company: str, number: str) -> DocumentKey:
        """The key of a purchase order."""
        return cls(company, Kind.PURCHASE_ORDER, number)

    def of_type(self, order_type: str) -> DocumentKey:
        """The key of an order of another type with this order's number."""
        return DocumentKey(self.company, self.kind, f"{order_type[:LONGEST_TYPE]}:{self.number.rpartition(':')[2]}")

    @property
    def stored(self) -> str:
        """The key as tables and message groups hold it."""
        return f"{self.company}#{self.kind}#{self.number}"

    def __str__(self) -> str:
        """The key as people read it."""
        return f"{self.company}/{self.kind}/{self.number}"


class _Record(msgspec.Struct, frozen=True, gc=False):
    """A part of a document. A struct is built in a tenth of the time that a frozen dataclass takes."""


class Address(_Record, frozen=True):
    """A postal address; `country` is ISO 3166 alpha-2."""

    lines: tuple[str, ...] = ()
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None


class Contact(_Record, frozen=True):
    """A person or desk to reach."""

    name: str | None = None
    attention: str | None = None
    email: str | None = None
    phone: str | None = None
    fax: str | None = None


class Party(_Record, frozen=True):
    """A party as the document names it; GLN and VAT number come from routing where Visma has none.

    Attributes:
        location: Id of the location of the party that the document is for.
        account_name: Name of the account that goods are shipped to, where `name` may be another one.
        location_name: What Visma calls it; on orders None where `location` is only the warehouse of a destination that
            has no location.
        internal_id: Visma's id of the party, which stays when its number is changed; customers have none on invoices.
    """

    number: str | None = None
    name: str | None = None
    location: str | None = None
    gln: str | None = None
    vat_number: str | None = None
    address: Address | None = None
    contact: Contact | None = None
    location_name: str | None = None
    account_name: str | None = None
    internal_id: str | None = None


class Terms(_Record, frozen=True):
    """Payment terms as Visma names them: its id and its description, which routing turns into days."""

    id: str | None = None
    description: str | None = None


class Tax(_Record, frozen=True):
    """One VAT rate of a document. `rate` is in percent (25 means 25 %)."""

    code: str | None
    rate: Decimal | None
    taxable: Decimal | None
    amount: Decimal


class DocumentDiscount(_Record, frozen=True):
    """A discount of the whole document (Visma group and document discounts), a positive amount that lowers it.

    Attributes:
        percent: What part of the lines it is, where Visma states one.
    """

    amount: Decimal
    description: str | None = None
    percent: Decimal | None = None


class ImpliedTotal(_Record, frozen=True):
    """What a stated total in company currency comes to in the currency of the document.

    Attributes:
        amount: Without its sign.
        within: How far rounding in company currency may have moved it.
    """

    amount: Decimal
    within: Decimal


class OrderLine(_Record, frozen=True):
    """A line of a purchase order.

    Attributes:
        number: Visma's `lineNbr`.
        quantity: In `unit`.
        unit: Visma's unit word (STK, KG ...), untranslated.
        unit_price: Per `unit`, before `discount`.
        discount: Brings `quantity * unit_price` towards zero; a negative one is a surcharge.
        amount: What the line costs after the discount, as Visma states it; None when Visma gives none. It decides.
        is_text: A description line without item and quantity.
        is_charge: A freight line.
        source: Where the line stands in the Visma document (`lines[3]`), for messages.
        blanket: Number of the blanket order that the line is called off from.
    """

    number: int
    item: str | None
    item_description: str | None
    description: str | None
    supplier_item: str | None
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    discount: Decimal
    amount: Decimal | None
    requested: date | None
    promised: date | None
    warehouse: str | None
    tax_code: str | None
    note: str | None
    cancelled: bool
    is_text: bool
    is_charge: bool
    source: str
    blanket: str | None = None


class PurchaseOrder(_Record, frozen=True):
    """A purchase order as the supplier would see it. Totals are those that Visma states, None where it states none.

    Attributes:
        ships_to_us: The goods go to a branch or a warehouse of the company, not to a customer or supplier.
    """

    number: str
    order_type: str
    cancelled: bool
    ordered_on: date
    promised_on: date | None
    description: str | None
    supplier: Party
    supplier_reference: str | None
    ship_to: Party
    branch: str | None
    currency: str | None
    terms: Terms | None
    ship_via: str | None
    ship_terms: str | None
    fob_point: str | None
    lines: tuple[OrderLine, ...]
    discounts: tuple[DocumentDiscount, ...]
    taxes: tuple[Tax, ...]
    line_total: Decimal | None
    tax_total: Decimal | None
    order_total: Decimal | None
    note: str | None

    kind: Kind = Kind.PURCHASE_ORDER
    ships_to_us: bool = False


class InvoiceType(StrEnum):
    """What an invoice document means to the one who pays."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    DEBIT_MEMO = "debit_memo"


class InvoiceLine(_Record, frozen=True):
    """A line of an invoice; amounts in document currency.

    Attributes:
        order_number: The buyer's purchase order, on supplier invoices.
        is_charge: Freight and the like (Visma `FR`).
        sales_order: Our sales order, on customer invoices.
        shipment: Our shipment, likewise.
    """

    number: int
    item: str | None
    description: str | None
    counterparty_item: str | None
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    discount: Decimal
    amount: Decimal | None
    tax_code: str | None
    order_number: str | None
    order_line: int | None
    note: str | None
    is_text: bool
    is_charge: bool
    source: str
    sales_order: str | None = None
    shipment: str | None = None


class Invoice(_Record, frozen=True):
    """A customer or supplier invoice, credit note or debit note, in document currency.

    Attributes:
        cash_discount: What may be taken off until `discount_due_on`; 0: none is granted, None: not stated.
        counterparty: The customer (customer invoice) or the supplier (supplier invoice).
        original_invoices: Numbers of the invoices that a credit note credits.
        order_number: The buyer's purchase order number, where Visma knows one.
        order_source: Where that stands in the Visma document, for messages.
        payment_reference: KID or OCR number.
        buyer_reference: What the customer books the invoice by (Visma `accountingCostRef`).
        rounding: Visma's rounding difference. Its sign says nothing where a total is stated, because Visma's is not
            documented; without a total it is added.
        total: What Visma says is payable, or what its figures in company currency say; None where nothing tells.
        voided: The document was withdrawn in Visma.
        implied_total: What the stated total in company currency comes to, where `total` is None.
        other_references: References of the customer beside `order_number`, each as `name: text`.
    """

    kind: Kind
    number: str
    invoice_type: InvoiceType
    voided: bool
    invoiced_on: date
    due_on: date | None
    discount_due_on: date | None
    cash_discount: Decimal | None
    counterparty: Party
    counterparty_reference: str | None
    original_invoices: tuple[str, ...]
    order_number: str | None
    contract_number: str | None
    payment_reference: str | None
    description: str | None
    branch: str | None
    currency: str | None
    terms: Terms | None
    lines: tuple[InvoiceLine, ...]
    discounts: tuple[DocumentDiscount, ...]
    taxes: tuple[Tax, ...]
    detail_total: Decimal | None
    tax_total: Decimal | None
    rounding: Decimal
    total: Decimal | None
    note: str | None
    order_source: str = ""
    buyer_reference: str | None = None
    implied_total: ImpliedTotal | None = None
    other_references: tuple[str, ...] = ()


BusinessDocument = PurchaseOrder | Invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class VismaDocument:
    """One Visma document after reading: its content, and what only routing and the poller need.

    Attributes:
        key: Identity.
        status: Visma's status word as it stands, known or not.
        document_type: Visma's orderType or documentType.
        held: The `hold` flag.
        content: What a partner could see.
        version: Visma's row version of this state (`row_version.py`).
        created: Visma's `createdDateTime` as written; purchase orders have none.
    """

    key: DocumentKey
    status: str | None
    document_type: str | None
    held: bool
    content: BusinessDocument
    version: str | None = None
    created: str | None = None

    @property
    def counterparty(self) -> str:
        """Number of the supplier or customer, by which routing finds the partner; empty when Visma names none."""
        return party_of(self.content).number or ""

    @property
    def counterparty_id(self) -> str | None:
        """Visma's internal id of the supplier or customer, where the document names one."""
        return party_of(self.content).internal_id


def party_of(content: BusinessDocument) -> Party:
    """The supplier or customer of a document."""
    return content.counterparty if isinstance(content, Invoice) else content.supplier
