"""The content of an 860 in either dialect: the input of the decision (`decide.py`).

The records hold what the message says, not what it means for the order. Totals and differences, codes and dates are
kept apart, because only the decision has the order.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from connector.domain.documents import Party
from connector.domain.parties import Role


class ChangePurpose(StrEnum):
    """The purpose of the whole message (X12 element 353 in BCH01)."""

    CHANGE = "change"
    REPLACE = "replace"
    CANCELLATION = "cancellation"
    CONFIRMATION = "confirmation"


class Ask(StrEnum):
    """What the message asks for on a line.

    CHANGE changes the given values, REPLACE restates the whole line, NOTHING leaves the line as it is.
    """

    ADD = "add"
    DELETE = "delete"
    CHANGE = "change"
    REPLACE = "replace"
    NOTHING = "nothing"


class Field(StrEnum):
    """The fields of a line that a change can set."""

    QUANTITY = "quantity"
    PRICE = "price"
    DATES = "dates"


class Direction(StrEnum):
    """Whether the quantity must rise or fall, if the code says it (QI, QD)."""

    UP = "up"
    DOWN = "down"


class Topic(StrEnum):
    """What a message may state besides lines, dates and parties, in a purchaser's words."""

    TERMS = "terms of payment"
    DELIVERY = "terms of delivery"
    CARRIER = "carrier"
    CHARGES = "allowances and charges"
    VAT = "VAT"
    RELEASE = "release number"
    CONTRACT = "contract number"
    CONDITIONS = "conditions of delivery"


class Stated(msgspec.Struct, frozen=True):
    """One thing that the message states and that no approval writes; it is only compared with the order.

    Attributes:
        text: The statement, for people.
        facts: Name and value of everything in it that could differ. Values are as written, or a decimal number.
    """

    topic: Topic
    text: str
    facts: tuple[tuple[str, str], ...]


class Aside(msgspec.Struct, frozen=True):
    """A note or a reference of the message.

    Attributes:
        text: Its content, for people.
        parts: Its texts one by one, in their order.
        is_note: True for a note, False for a reference. A reference only names something; it does not limit the change.
    """

    text: str
    parts: tuple[str, ...]
    is_note: bool = True


class PartyRequest(msgspec.Struct, frozen=True):
    """A party as the message names it.

    Attributes:
        role: Its role in the order; None for a role that our orders do not send.
        title: A purchaser's word for the role (`ship-to`, `ship-from`).
        party: Its `number` is a code of any scheme, its `gln` a GLN.
        scheme: The scheme of a code that cannot be ours (`DUNS`, `the seller's`); None when it can.
    """

    role: Role | None
    title: str
    party: Party
    scheme: str | None = None


class ProductRefs(msgspec.Struct, frozen=True):
    """The item numbers of a line: the buyer's (ours), the vendor's, and GTINs; several of each are possible.

    Attributes:
        others: Numbers of other kinds (the manufacturer's, a mutually agreed one), which lead to no item here.
    """

    buyer: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class LineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the message.

    Attributes:
        source: Its path in the message (`lineItems[0]`, `POC_loop[2]`).
        line_id: POC01 or `purchaseOrderLineId`, as written.
        code: POC02 or `changeReason`, as written.
        ask: What the code asks for.
        touches: The fields that the code allows to change; a value of another field is only restated and must agree.
        direction: Whether the quantity must rise or fall; None when the code does not say it.
        quantity: POC03, or Mosaic's `quantity`, in `unit`.
        second_quantity: POC04, in `unit`; never with Mosaic.
        explicit_total: `quantity` is certainly the new total (Mosaic).
        original_quantity: Mosaic's `originalQuantity`, in `unit`: the quantity before the change, as the sender has it.
        delta: Mosaic's `changeInQuantity`, in `unit`; its sign is undocumented, so its size counts, and a
            negative one contradicts a rise.
        unit: The connector's word for the unit (`edi/units.py`); None when none is given or it is unknown.
        unit_code: The unit as written.
        price: Per unit, in the currency of the message; a price per hundred or thousand is divided already.
        requested: Day the goods are wanted (DTM 002 and 106, `requestedDeliveryDate`); compared with the wanted day
            that was sent.
        promised: Day the goods are promised (DTM 069 and 017).
        products: The numbers of the item (POC08 to POC27, `productIds`).
        descriptions: The names of the item.
        meaning: A purchaser's word for `code`; empty for an unknown code.
        is_clear: The code is known. An unknown code may change any value.
        price_doubt: Why a person has to confirm this price, as one sentence; None when nobody has to. It does not count
            if the price is the order's.
        parties: Parties of its own.
        stated: Terms, charges and the like, to be compared with the order.
        asides: Its notes and references.
        order_references: Numbers of purchase orders that it refers to (REF*PO, `associatedPurchaseOrderNumber`).
        partial: For a deletion: why it may mean only a part of the line. One phrase each (`it divides the quantity`).
        questions: What it asks for and an approval does not write: a Visma order line cannot hold it, or it is not
            given. One sentence each.
        doubts: Interpretations that a person has to confirm; an approval writes the values that are shown. One sentence
            each.
        unreadable: What cannot be read, and what it would change. One sentence each. No approval lifts these.
    """

    source: str
    line_id: str | None
    code: str
    ask: Ask
    touches: frozenset[Field] = frozenset()
    direction: Direction | None = None
    quantity: Decimal | None = None
    second_quantity: Decimal | None = None
    explicit_total: bool = False
    original_quantity: Decimal | None = None
    delta: Decimal | None = None
    unit: str | None = None
    unit_code: str | None = None
    price: Decimal | None = None
    requested: date | None = None
    promised: date | None = None
    products: ProductRefs = ProductRefs()
    descriptions: tuple[str, ...] = ()
    meaning: str = ""
    is_clear: bool = True
    price_doubt: str | None = None
    parties: tuple[PartyRequest, ...] = ()
    stated: tuple[Stated, ...] = ()
    asides: tuple[Aside, ...] = ()
    order_references: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def given(self) -> frozenset[Field]:
        """The fields that the code touches and the line has a value for."""
        values = {
            Field.QUANTITY: (self.quantity, self.second_quantity, self.delta),
            Field.PRICE: (self.price,),
            Field.DATES: (self.requested, self.promised),
        }
        return frozenset(field for field in self.touches if any(value is not None for value in values[field]))


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A whole 860.

    Attributes:
        purpose: BCH01, or Mosaic's `purpose`.
        order_number: BCH03: the purchase order that it changes.
        sequence: BCH05 as a number; None when it has none or one that is no number.
        ordered_on: BCH06: the date of the order as the sender has it.
        changed_on: BCH11.
        currency: CUR02, ISO 4217, of all prices; None when it names none.
        requested_on: Header date on which the goods are wanted.
        parties: The parties of the header with their roles.
        stated: Charges, terms and the like, to be compared with the order.
        totals: The totals that it states (AMT TT, Mosaic's `net`), in the order's currency. It does not say of what:
            the order, the lines that change, or the difference; with or without VAT.
        asides: Notes and references of the header.
        order_references: Numbers of purchase orders that the header refers to besides BCH03.
        lines: Its lines, in the order of the message.
        questions: What the header asks for and an approval does not write: a Visma order cannot hold it.
        doubts: Interpretations that a person has to confirm; an approval writes the values that are shown.
        unreadable: What cannot be read, and what it would change. No approval lifts these.
        remarks: Texts of the message for a person; they change nothing by themselves.
    """

    purpose: ChangePurpose
    order_number: str
    sequence: int | None = None
    ordered_on: date | None = None
    changed_on: date | None = None
    currency: str | None = None
    requested_on: date | None = None
    parties: tuple[PartyRequest, ...] = ()
    stated: tuple[Stated, ...] = ()
    totals: tuple[Decimal, ...] = ()
    asides: tuple[Aside, ...] = ()
    order_references: tuple[str, ...] = ()
    lines: tuple[LineRequest, ...] = ()
    questions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
