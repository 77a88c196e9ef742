"""What a partner asks for with an 860, freed of its dialect: the input of the decision (`change_decision.py`).

Everything here is what the message says, not what it means for the order: totals and differences, codes and dates are
kept apart, because only the decision knows the order they speak of.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from connector.domain.documents import Party
from connector.domain.parties import Role


class ChangePurpose(StrEnum):
    """What the whole message is (X12 element 353 in BCH01)."""

    CHANGE = "change"
    REPLACE = "replace"
    CANCELLATION = "cancellation"
    CONFIRMATION = "confirmation"


class Ask(StrEnum):
    """What becomes of a line.

    CHANGE touches what is given, REPLACE restates the whole line, NOTHING says that the line stays as it is.
    """

    ADD = "add"
    DELETE = "delete"
    CHANGE = "change"
    REPLACE = "replace"
    NOTHING = "nothing"


class Field(StrEnum):
    """What a change can touch on a line."""

    QUANTITY = "quantity"
    PRICE = "price"
    DATES = "dates"


class Direction(StrEnum):
    """Which way a quantity must go, where the code says it (QI, QD)."""

    UP = "up"
    DOWN = "down"


class Topic(StrEnum):
    """What a message may state beside lines, dates and parties, in the words of a purchaser."""

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
        text: What it says, for people.
        facts: Name and value of everything in it that could differ. Values are as written, or a decimal number.
    """

    topic: Topic
    text: str
    facts: tuple[tuple[str, str], ...]


class Aside(msgspec.Struct, frozen=True):
    """A note, or a reference, that stands beside what is read.

    Attributes:
        text: What it says, for people.
        parts: Its texts one by one, in their order.
        is_note: It is a text; a reference is a name of something, which limits nothing.
    """

    text: str
    parts: tuple[str, ...]
    is_note: bool = True


class PartyRequest(msgspec.Struct, frozen=True):
    """A party as the message names it.

    Attributes:
        role: Its part in the order; None where we send nobody in that part.
        title: What a purchaser calls the part (`ship-to`, `ship-from`).
        party: Its `number` is a code of any scheme, its `gln` a GLN.
        scheme: Who assigned the code, where it cannot be one of ours (`DUNS`, `the seller's`).
    """

    role: Role | None
    title: str
    party: Party
    scheme: str | None = None


class ProductRefs(msgspec.Struct, frozen=True):
    """How the message names an item: our number for it, the partner's, and GTINs; several of each are possible."""

    buyer: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()


class LineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the message.

    Attributes:
        source: Where it stands in the message (`lineItems[0]`, `POC_loop[2]`).
        line_id: POC01 or `purchaseOrderLineId`, as written.
        code: POC02 or `changeReason`, as written.
        ask: What the code asks for.
        touches: What the code allows to change; a value of another field is only restated and must agree.
        direction: Which way the quantity must go.
        quantity: POC03, or Mosaic's `quantity`.
        second_quantity: POC04; never with Mosaic.
        explicit_total: `quantity` is the new total beyond doubt (Mosaic).
        original_quantity: Mosaic's `originalQuantity`: what the sender believes it was.
        delta: Mosaic's `changeInQuantity`; its sign is undocumented, so only its size counts.
        unit: The connector's word for the unit (`edi/units.py`); None when none is given or nobody knows it.
        unit_code: The unit as written.
        price: Per unit; a price per hundred or thousand is divided already.
        requested: Day the goods are wanted (DTM 002 and 106, `requestedDeliveryDate`); measured against the day that
            was sent as the wanted one.
        promised: Day the goods are promised (DTM 069 and 017).
        products: How it names the item (POC08 to POC27, `productIds`).
        descriptions: What the message calls the item.
        meaning: What a purchaser calls that; empty for a code that is not known.
        is_clear: The code is read without a question. Where it is not, nothing says that it leaves a value alone.
        price_doubt: Why a person has to look before this price is written; one sentence. A repetition needs no look.
        parties: Parties of its own.
        stated: What it states besides, to be compared with the order.
        asides: Its notes and references.
        partial: Of a line that goes: what may name only a part of it. One phrase each (`it divides the quantity`).
        questions: What it asks for and an approval does not write: a Visma order line cannot hold it, or it is not
            given. One sentence each.
        doubts: What an approval writes only as far as it is shown: a reading that a person has to take over.
        unreadable: What nobody can read, and what it would change. No approval lifts these.
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
        order_number: BCH03: the purchase order it changes.
        sequence: BCH05 as a number; None when it has none or one that is no number.
        ordered_on: BCH06: the date of the order as the sender has it.
        changed_on: BCH11.
        currency: CUR02, ISO 4217; None where it names none. All prices are in it.
        requested_on: Header date on which the goods are wanted.
        parties: Who is named, and as what; `ship-to` is where the goods should go.
        stated: Charges, terms and the like, to be compared with the order.
        asides: Notes and references of the header.
        lines: Its lines, in the order of the message.
        questions: What the header asks for and an approval does not write: a Visma order cannot hold it.
        doubts: What an approval writes only as far as it is shown: a reading that a person has to take over.
        unreadable: What nobody can read, and what it would change. No approval lifts these.
        remarks: What is told besides (texts, terms) and changes nothing by itself.
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
    asides: tuple[Aside, ...] = ()
    lines: tuple[LineRequest, ...] = ()
    questions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
