"""The business documents as read from Visma, normalised.

They hold only what a partner could see. Internal states, approvals, receipts and time stamps are left out, because the
id of a revision is the hash of these records (`revision/content_hash.py`). Money and quantities are `Decimal`; money is
in the currency of the document. Dates are calendar dates without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Self

import msgspec
from msgspec.structs import replace

from connector.domain.invoice_types import InvoiceType
from connector.kinds.customer_invoice.facts import FACTS as CUSTOMER_INVOICES
from connector.kinds.facts import KindFacts
from connector.kinds.purchase_order.facts import FACTS as PURCHASE_ORDERS
from connector.kinds.sales_order_confirmation.facts import FACTS as SALES_ORDER_CONFIRMATIONS
from connector.kinds.supplier_invoice.facts import FACTS as SUPPLIER_INVOICES


class Kind(StrEnum):
    """The kind of a document.

    Its value is used in keys, routing and commands, and names the folder in `connector.kinds`.

    Attributes:
        facts: What the kind declares about itself.
    """

    facts: KindFacts

    def __new__(cls, word: str, facts: KindFacts | None = None) -> Self:
        """Make a member whose value is `word`; a lookup of an existing member passes the word alone."""
        assert facts is not None, f"{word} has no facts"  # noqa: S101
        member = str.__new__(cls, word)
        member._value_ = word
        member.facts = facts
        return member

    # That of an enumeration is a function in Python, and a kind is looked up at each step of a document.
    __hash__ = str.__hash__

    @property
    def label(self) -> str:
        """Its name in a sentence."""
        return self.value.replace("_", " ")

    PURCHASE_ORDER = "purchase_order", PURCHASE_ORDERS
    SUPPLIER_INVOICE = "supplier_invoice", SUPPLIER_INVOICES
    CUSTOMER_INVOICE = "customer_invoice", CUSTOMER_INVOICES
    SALES_ORDER_CONFIRMATION = "sales_order_confirmation", SALES_ORDER_CONFIRMATIONS


LISTED_KINDS = tuple(kind for kind in Kind if kind.facts.is_listed)
"""The kinds that Visma has in a list that is polled. No document of another kind is ever on record."""


def number_in_key(kind: Kind, document_type: str | None, number: str) -> str:
    """The number of a document in its key: see `DocumentKey.number`."""
    plain = kind.facts.plain_type
    return number if plain is None or document_type in {None, "", plain} else f"{document_type}:{number}"


CHANGED_KIND = next(kind for kind in Kind if kind.facts.takes_changes)
"""The kind of document that an 860 changes. There is one: the key of a change has the company and the number alone."""

ORDER_TYPES = CHANGED_KIND.facts.types
"""Visma's types of purchase orders."""

MAX_NUMBER_LENGTH = 100
"""Most characters of a number in a key, a message and a cursor; X12 takes 22 (BEG03, BIG02)."""

TOO_LONG = (
    f"at most {MAX_NUMBER_LENGTH} are read, and X12 takes 22. Enter the document in Visma under a shorter number."
)
"""What becomes of a document with a longer number, and what to do; completes a sentence."""

MAX_TYPE_LENGTH = 40
"""Most characters of an order type in a key and in a record; Visma's types are shorter."""


@dataclass(frozen=True, slots=True, order=True)
class DocumentKey:
    """Identity of a document: company + kind + number.

    `number` is Visma's reference number. Visma keys documents by type *and* number, so an invoice of another type than
    `Invoice` has its type as a prefix (`CreditNote:900145`). If purchase orders of two types have the same number, the
    one that is recorded first has the plain number, and the other has its type as a prefix (`DropShip:500123`). Two
    documents never share a key.
    """

    company: str
    kind: Kind
    number: str

    @classmethod
    def parse(cls, text: str) -> DocumentKey:
        """Read `company/kind/number` (as people write it) or `company#kind#number` (as it is stored).

        A number may contain both separators. The name of a company contains neither, so the first separator decides.

        Raises:
            ValueError: the text has not three parts or the kind is unknown.
        """
        sign = next((sign for sign in text if sign in "/#"), "/")
        parts = text.split(sign, 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"'{text}' is not company/kind/number")
        return cls(parts[0], Kind(parts[1]), parts[2])

    @classmethod
    def of_order(cls, company: str, number: str) -> DocumentKey:
        """The key of a purchase order."""
        return cls(company, CHANGED_KIND, number)

    def of_type(self, order_type: str) -> DocumentKey:
        """The key of an order of another type with this order's number."""
        return DocumentKey(self.company, self.kind, f"{order_type[:MAX_TYPE_LENGTH]}:{self.number.rpartition(':')[2]}")

    @property
    def stored(self) -> str:
        """The key as tables and message groups hold it."""
        return f"{self.company}#{self.kind}#{self.number}"

    def __str__(self) -> str:
        """The key as people read it."""
        return f"{self.company}/{self.kind}/{self.number}"


class _Record(msgspec.Struct, frozen=True, gc=False):
    """A part of a document. Creating a struct takes a tenth of the time of a frozen dataclass."""


class Address(_Record, frozen=True):
    """A postal address.

    Attributes:
        lines: Street and number, post box and the like; the first one first, those that Visma leaves empty left out
            (`addressLine1` to `addressLine3`).
        postal_code: Postal code (`postalCode`).
        city: City (`city`).
        region: Code of the state, province or county in its country; its name or id if it has no code (`county`).
        country: ISO 3166 alpha-2 (`country.id`).
    """

    lines: tuple[str, ...] = ()
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None


class Contact(_Record, frozen=True):
    """A contact person or department.

    Attributes:
        name: Its name (`name`; `businessName` on invoices).
        attention: To whose attention (`attention`).
        email: Mail address (`email`).
        phone: Telephone number, as Visma has it (`phone1`, else `phone2`).
        fax: Fax number (`fax`).
    """

    name: str | None = None
    attention: str | None = None
    email: str | None = None
    phone: str | None = None
    fax: str | None = None


class Party(_Record, frozen=True):
    """A party of a document. Routing supplies GLN and VAT number, which Visma does not give.

    Attributes:
        number: The supplier's or customer's number in Visma; None for a ship-to that is no account.
        name: Its name, as the document has it.
        location: Id of the party's location that the document is for.
        gln: GLN, 13 digits. Visma gives none; an 860 does.
        vat_number: VAT number. Visma gives none; routing does.
        address: Its postal address: `shippingAddress` of an order's ship-to, `invoiceAddress` of an invoice.
        contact: Its contact: `shippingContact` or `invoiceContact`.
        location_name: Name of `location` in Visma; None on an order whose destination has no location, so that
            `location` is its warehouse.
        account_name: Name of the account that goods are shipped to, when `name` may be another one.
        internal_id: Visma's id of the party, which stays when its number is changed; None for customers on invoices.
        is_warehouse: `location` is the id of a warehouse, not of a location.
        is_elsewhere: The address was entered on the document (`overrideAddress`), so it is not that of the account, the
            location or the warehouse.
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
    is_warehouse: bool = False
    is_elsewhere: bool = False


class Terms(_Record, frozen=True):
    """Payment terms as Visma names them: its id and its description, which routing turns into days.

    Attributes:
        id: Visma's id of the terms (`terms.id`, on invoices `creditTerms.id`); the key of `terms` in routing.
        description: Visma's description of them, for people.
    """

    id: str | None = None
    description: str | None = None


class Tax(_Record, frozen=True):
    """One VAT rate of a document.

    Attributes:
        code: Visma's id of the rate (`vatId.number` or `taxId`).
        rate: In percent, without its sign: 25 means 25 % (`vatRate`). None where Visma gives none.
        taxable: The amount that the rate is applied to, in document currency; None where Visma gives none
            (`taxableAmount`).
        amount: The VAT, in document currency (`vatAmount`). Negative if it lowers what is payable.
    """

    code: str | None
    rate: Decimal | None
    taxable: Decimal | None
    amount: Decimal


class DocumentDiscount(_Record, frozen=True):
    """A discount of the whole document (Visma group and document discounts), a positive amount that lowers it.

    Attributes:
        amount: In document currency, above zero; it lowers what is payable (`discountDetails` of an order,
            `discountTotal` of an invoice).
        description: Visma's `discountCode`; None on invoices.
        percent: In percent of the lines, where Visma states one (`discountDetails.discount`).
    """

    amount: Decimal
    description: str | None = None
    percent: Decimal | None = None


class ImpliedTotal(_Record, frozen=True):
    """A total that is stated in company currency, converted into the currency of the document.

    Attributes:
        amount: The absolute amount.
        within: Largest error from rounding in company currency, as an amount in document currency.
    """

    amount: Decimal
    within: Decimal


class OrderLine(_Record, frozen=True):
    """A line of a purchase order.

    Attributes:
        number: Visma's `lineNbr`; an 860 names the line by it.
        item: Our item number (`inventory.number`); None on a line without an item.
        item_description: The item's own description (`inventory.description`).
        description: The line's description (`lineDescription`).
        supplier_item: The supplier's item number (`alternateId`).
        quantity: In `unit` (`orderQty`). Negative for a return.
        unit: Visma's unit word (`uom`: STK, KG ...), untranslated.
        unit_price: In document currency, per `unit`, before `discount` (`unitCost`); a return has a negative quantity,
            not a negative price.
        discount: An amount in document currency that brings `quantity * unit_price` closer to zero; a negative one is a
            surcharge.
        amount: The amount of the line after the discount, in document currency, as Visma states it; None when Visma
            gives none. If given, it counts, not `quantity * unit_price`.
        requested: The day on which we ask for the goods (`requested`).
        promised: The day that the supplier promised (`promised`).
        warehouse: Id of the warehouse (`warehouse.id`).
        tax_code: Visma's VAT category (`taxCategory.number`).
        note: The note of the line (`note`).
        cancelled: The line is cancelled (`canceled`).
        is_text: A description line without item and quantity (`lineType` Description).
        is_charge: A freight line (`lineType` Freight).
        source: Where the line stands in the Visma document (`lines[3]`), for messages.
        blanket: Number of the blanket order that the line is called off from (`orderNumber`).
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

    A customer's order that we confirm has this form too: `supplier` is the customer then, and `supplier_reference` its
    number of the order.

    Attributes:
        number: Visma's `orderNbr`; the business number of the 850.
        order_type: Visma's `orderType` (`RegularOrder` when it gives none).
        cancelled: Its `status` is Cancelled.
        refused: Its `status` says that it was not approved (Voided; Rejected on Visma's screen).
        ordered_on: The order date (`date`).
        promised_on: The promised day of the whole order (`promisedOn`).
        description: Its description (`description`).
        supplier: Who sells (`supplier`).
        supplier_reference: The supplier's reference (`supplierRef`).
        ship_to: Where the goods go (`shipTo`, `shippingLocation`, `warehouse`, `shippingAddress`).
        branch: Number of our branch that buys (`branch.number`).
        currency: ISO 4217, of all amounts (`currency`); None where Visma names none.
        terms: Terms of payment (`terms`).
        ship_via: Carrier (`shipVia`).
        ship_terms: Terms of delivery (`shipTerms`).
        fob_point: FOB point (`fobPoint`).
        lines: Every line in Visma's order, cancelled and descriptive ones included.
        discounts: Group and document discounts (`discountDetails`); those of type `Line` are in the lines.
        taxes: The VAT rates (`taxDetails`).
        line_total: In document currency (`lineTotal`).
        tax_total: VAT in document currency (`taxTotal`).
        order_total: What is payable, in document currency (`orderTotal`).
        note: The note of the order (`note`).
        kind: A purchase order, or a sales order confirmation (then `supplier` is the customer).
        sent_by_visma: How Visma itself sends it to the supplier, "" where it does not (`emailed`, `dontEmail`).
        ships_to_us: The goods go to a branch or a warehouse of the company, not to a customer or supplier
            (`shippingDestinationType`).
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

    kind: Kind = CHANGED_KIND
    refused: bool = False
    sent_by_visma: str = ""
    ships_to_us: bool = False

    @property
    def party(self) -> Party:
        """The other side."""
        return self.supplier

    @property
    def dated(self) -> date:
        """The order date."""
        return self.ordered_on

    @property
    def is_withdrawn(self) -> bool:
        """Whether Visma cancelled it."""
        return self.cancelled

    @property
    def stated_total(self) -> Decimal | None:
        """What is payable, as Visma states it."""
        return self.order_total

    def without_stated_sums(self) -> PurchaseOrder:
        """The order without the sums that Visma states."""
        return replace(self, line_total=None, tax_total=None, order_total=None)


class InvoiceLine(_Record, frozen=True):
    """A line of an invoice; amounts in document currency.

    Attributes:
        number: Visma's `lineNumber`; its place in the list where Visma gives none.
        item: Our item number (`inventoryNumber`); None on a line without an item.
        description: `transactionDescription` of a supplier invoice, `description` of a customer invoice.
        counterparty_item: The item number of the supplier or customer (`externalInventoryId`).
        quantity: In `unit` (`quantity`). Negative if the line runs against the document.
        unit: Visma's unit word (`uom`), untranslated.
        unit_price: In document currency, per `unit`, before `discount` (`unitCost`, `unitPrice`). Above zero also on a
            credit memo; negative only where Visma has it so beside a positive quantity and the line runs against the
            document.
        discount: As `OrderLine.discount` (`discountAmount`, `discountPercent`).
        amount: After the discount, in document currency, as Visma states it (`cost`, `amount`); None when Visma gives
            none. If given, it counts, not `quantity * unit_price`. Above zero also on a credit memo; negative if the
            line runs against the document.
        tax_code: Visma's VAT code (`vatCode.id`).
        order_number: The buyer's purchase order, on supplier invoices (`poNumber`).
        order_line: The line of that order (`poLineNr`).
        note: The note of the line (`note`).
        is_text: A line without an item and without figures.
        is_charge: Freight and the like (`lineType` `FR`).
        source: Where the line stands in the Visma document (`invoiceLines[3]`), for messages.
        sales_order: Our sales order, on customer invoices (`soOrderNbr`).
        shipment: Our shipment, on customer invoices (`soShipmentNbr`).
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
        kind: Customer or supplier invoice.
        number: Visma's `referenceNumber`; the business number of the 810.
        invoice_type: Its meaning for the payer (`documentType`); a negative total makes it a credit memo.
        voided: The document was withdrawn in Visma (`status` Voided).
        invoiced_on: The invoice date (`date`, `documentDate`).
        due_on: When it is payable (`dueDate`, `documentDueDate`).
        discount_due_on: The last day of the cash discount (`cashDiscountDate`).
        cash_discount: The absolute amount that may be deducted until `discount_due_on`, in document currency; 0: none
            is granted, None: not stated (`cashDiscount`).
        counterparty: The customer (customer invoice) or the supplier (supplier invoice).
        counterparty_reference: Their reference (`supplierReference`; of a customer `customerRefNumber` or
            `externalReference`).
        original_invoices: Numbers of the invoices that a credit note credits (`applications`).
        order_number: The buyer's purchase order number, where Visma knows one. On a customer invoice the first
            reference that is filled in; with another `order_source` than `customerRefNumber` it is written as an order
            number only where routing says so (`external_reference`).
        contract_number: Number of the contract (`contractDocRef`).
        payment_reference: KID or OCR number (`paymentRefNo`, `paymentReference`).
        description: `description` of a supplier invoice, `invoiceText` of a customer invoice.
        branch: Number of our branch (`branchNumber.number`).
        currency: ISO 4217, of all amounts (`currencyId`); None where Visma names none.
        terms: Terms of payment (`creditTerms`).
        lines: Every line in Visma's order but those that only state the document's discount (`lineType` DS).
        discounts: The discount of the document (`discountTotal`).
        taxes: The VAT rates (`taxDetailLines`, `taxDetails`).
        detail_total: The sum of the lines as Visma states it (`detailTotal`); None where it states none.
        tax_total: VAT as Visma states it (`vatTotal`); None where it states none.
        rounding: Visma's rounding difference (`roundingDiff`). Visma does not document its sign: if a total is stated,
            the total decides the sign; without a total it is added.
        total: The payable amount as Visma states it, or as its figures in company currency imply; None without either.
        note: The note of the invoice (`note`).
        order_source: The Visma field of `order_number`, for messages.
        buyer_reference: The customer's accounting reference (Visma `accountingCostRef`).
        implied_total: The stated total in company currency, converted, when `total` is None.
        sent_by_visma: How Visma itself sends it to the customer, "" where it does not (`sendToAutoInvoice`).
        other_references: Further references of the customer, and its contact, each as `name: text`; `order_number` may
            be among them.
        is_instalment: It looks like an instalment of another invoice, which has the whole amount.
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
    sent_by_visma: str = ""
    other_references: tuple[str, ...] = ()
    is_instalment: bool = False

    @property
    def party(self) -> Party:
        """The other side."""
        return self.counterparty

    @property
    def dated(self) -> date:
        """The invoice date."""
        return self.invoiced_on

    @property
    def is_withdrawn(self) -> bool:
        """Whether Visma voided it."""
        return self.voided

    @property
    def refused(self) -> bool:
        """Whether it was not approved in Visma, where only orders are."""
        return False

    @property
    def ships_to_us(self) -> bool:
        """Whether the goods go to a place of the company, which an invoice does not say."""
        return False

    @property
    def stated_total(self) -> Decimal | None:
        """What is payable, as Visma states it."""
        return self.total

    def without_stated_sums(self) -> Invoice:
        """The invoice without the sums that Visma states."""
        return replace(self, detail_total=None, tax_total=None, total=None, implied_total=None)


BusinessDocument = PurchaseOrder | Invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class VismaDocument:
    """One Visma document after reading: its content, and what only routing and the poller need.

    Attributes:
        key: Its key.
        status: Visma's status word, known or not.
        document_type: Visma's orderType or documentType.
        on_hold: The `hold` flag: the document is a draft.
        content: What a partner could see.
        version: Visma's row version of this state (`row_version.py`).
        created: Visma's `createdDateTime` as written; None for purchase orders.
    """

    key: DocumentKey
    status: str | None
    document_type: str | None
    on_hold: bool
    content: BusinessDocument
    version: str | None = None
    created: str | None = None

    @property
    def counterparty(self) -> str:
        """Number of the supplier or customer, by which routing finds the partner; empty when Visma names none."""
        return self.content.party.number or ""

    @property
    def counterparty_id(self) -> str | None:
        """Visma's internal id of the supplier or customer, where the document names one."""
        return self.content.party.internal_id

    @property
    def dated(self) -> date:
        """The order date or invoice date."""
        return self.content.dated

    @property
    def order(self) -> PurchaseOrder | None:
        """The content, where it is an order; None for an invoice."""
        return self.content if isinstance(self.content, PurchaseOrder) else None
