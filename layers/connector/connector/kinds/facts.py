"""What a kind of document declares about itself. Each kind does so once, in `facts.py` of its folder.

The domain asks these facts instead of comparing kinds. They are plain values: nothing here reads or writes a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connector.domain.transactions import TransactionType


class Counterparty(StrEnum):
    """The Visma register of the other side; the word is a key of the routing file and stands in sentences."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What Visma calls the fields of a document that every kind has.

    Attributes:
        number: The reference number.
        document_type: Its type.
        status: Its status word. A point leads into an object, here and in `on_hold` and `total`.
        on_hold: The mark of a draft.
        date: The order date or invoice date.
        party: The supplier or customer.
        lines: The list of lines.
        branch: Our branch.
        currency: The currency of the document.
        address: The address that the document carries.
        ship_to: Where the goods go, where that is another party.
        unit_price: The price of a line, without `in_currency`.
        line_amount: The amount of a line, without `in_currency`.
        total: What is payable.
        their_item: The number of an item at the other side, in a line.
        in_currency: What follows the name of an amount in the currency of the document, where Visma has it twice.
    """

    number: str
    document_type: str
    status: str = "status"
    on_hold: str = "hold"
    date: str
    party: str
    lines: str
    branch: str
    currency: str
    address: str
    ship_to: str | None = None
    unit_price: str
    line_amount: str
    their_item: str
    total: str
    in_currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceNames(Names):
    """What Visma calls the fields that only invoices have.

    Attributes:
        due_on: When it is payable.
        description: The text of the document.
        payment_reference: KID or OCR number.
        taxes: The list of VAT rates.
        line_description: The text of a line.
    """

    due_on: str
    description: str
    payment_reference: str
    taxes: str
    line_description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VismaList:
    """A list of Visma that has documents of a kind.

    Attributes:
        path: Its path below the base URL.
        expand: The `expand` parameters with which rows have VAT, the invoice address, notes and the documents that a
            note is applied to (Visma: left out otherwise).
        document_type: The type for a row without one, if its key needs one.
        type_in_path: The address of one document has its type before its number.
        has_creation_time: Its rows say when they were made, and it is filtered by that.
        status_filter: The parameter that filters it by status.
    """

    path: str
    expand: tuple[str, ...] = ()
    document_type: str | None = None
    type_in_path: bool = False
    has_creation_time: bool = True
    status_filter: str = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """What is known of a kind of document without reading one.

    Attributes:
        noun: What a sentence calls one of them.
        counterparty: Whom it goes to or comes from.
        transaction_type: What it becomes at Orderful.
        group: The word by which `send_when` speaks of several kinds at once; None: of none.
        types: Visma's types of it that may have been recorded.
        plain_type: The type whose documents have the bare number as their key, while others carry their type in front
            of it. None: every type has the bare number, and of two with one number the later one carries its type.
        sends_its_types_only: Documents of other types never leave.
        statuses: Visma's status words of it. Another word is a warning, not an error: Visma may know more than it
            publishes.
        sent_in: Those in which it is sent, unless the routing file says otherwise.
        names: What Visma calls its fields.
        lists: The lists of Visma that are polled for it; each is a member of `Resource`.
        is_final: Visma lets nobody change it once it is released: it is credited and made anew.
        counterparty_is_fixed: Nor can its counterparty get another number in it.
        takes_changes: Partners ask for changes of it (860).
        defaults: What is built in for this kind alone: key of the setting -> value as the file would say it.
        total_above: What a stated total above the sum of its parts looks like.
        total_below: The same of one below it.
        we_sell: Whether we are the seller in it.
    """

    noun: str
    counterparty: Counterparty
    transaction_type: TransactionType
    group: str | None = None
    types: tuple[str, ...]
    plain_type: str | None = None
    sends_its_types_only: bool = False
    statuses: frozenset[str]
    sent_in: tuple[str, ...]
    names: Names
    lists: tuple[VismaList, ...] = ()
    is_final: bool = False
    counterparty_is_fixed: bool = False
    takes_changes: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    total_above: str | None = None
    total_below: str | None = None
    we_sell: bool = field(init=False)

    def __post_init__(self) -> None:
        """Tell who sells, once: it is asked for each line."""
        object.__setattr__(self, "we_sell", self.counterparty is Counterparty.CUSTOMER)

    @property
    def is_listed(self) -> bool:
        """Whether Visma has it in a list that is polled."""
        return bool(self.lists)


COMMON_STATUSES = frozenset({"Hold", "Balanced", "Voided", "Open", "Closed"})
"""Status words that Visma has for orders and invoices alike."""
