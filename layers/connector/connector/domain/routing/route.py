"""What routing decided for one document: plain values, resolved, ready for translation.

`routing.py` resolves them from the file (default -> company -> partner -> kind); nothing else builds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from connector.domain.documents import Address, Contact, Kind
from connector.domain.revision.arrival import Expected
from connector.domain.revision.go_live import BeforeGoLive, GoLive
from connector.domain.transactions import Dialect, IsaId, TransactionType


class DialectChoice(StrEnum):
    """What routing may say about the dialect: one of the two, or the one that carries everything."""

    AUTO = "auto"
    MOSAIC = "mosaic"
    X12 = "x12"

    @property
    def pinned(self) -> Dialect | None:
        """The dialect a partner insists on, or None for `auto`."""
        return None if self is DialectChoice.AUTO else Dialect(self.value)


class OnRevision(StrEnum):
    """What a material change of a document that was already sent does."""

    REPLACE = "replace"
    PARK = "park"
    IGNORE = "ignore"


DO_NOT_SEND = "do_not_send"
"""The word of `order_types` for an order type that no partner gets."""


HOLD = "Hold"
"""Visma's status of a draft. A partner gets drafts only where `send_when` names it."""


UNFINISHED = frozenset({HOLD, "Balanced", "PendingApproval"})
"""Statuses of a document that is still being worked on: it becomes Open or is given up, and then it is seen again.

Visma's screen calls `Balanced` of an order Pending approval, and `Voided` Rejected: the API shows the older names of
the codes B and V of Acumatica, on which Visma Net is built (class `POOrderStatus`: `Balanced`, later `PendingApproval`,
is B; `Voided`, later `Rejected`, is V; `Cancelled` is L). A voided order was refused by whoever had to approve it, and
is not cancelled.
"""


_COMMON_STATUSES = frozenset({HOLD, "Balanced", "Voided", "Open", "Closed"})
VISMA_STATUSES: Mapping[Kind, frozenset[str]] = {
    Kind.PURCHASE_ORDER: _COMMON_STATUSES | {"Cancelled", "PendingEmail", "PendingPrint", "Printed"},
    Kind.SUPPLIER_INVOICE: _COMMON_STATUSES | {"Scheduled", "Printed", "Prebooked", "Reserved"},
    Kind.CUSTOMER_INVOICE: _COMMON_STATUSES
    | {"Scheduled", "PendingPrint", "PendingEmail", "CreditHold", "CcHold", "Reserved"},
}
"""Visma's enums of September 2026. Another word is a warning, not an error: Visma may know more than it publishes."""


_LATER_STATUSES = frozenset({"PendingApproval", "Rejected", "Completed"})
"""Names that Acumatica has by now for statuses of an order; Visma Net is built on it."""


def is_known_status(kind: Kind, status: str) -> bool:
    """Whether it is known what a status word of Visma's says of a document of this kind."""
    return status in VISMA_STATUSES[kind] or status in _LATER_STATUSES


class LineDate(StrEnum):
    """Which of Visma's two dates of an order line is the day on which the goods are wanted.

    Visma fills `requested` with the order date and `promised` with the header's "Promised on" (Delivery date).
    """

    PROMISED = "promised"
    REQUESTED = "requested"


class Notes(StrEnum):
    """Which of Visma's notes leave. Colleagues write to each other in them, so none does unless routing says so."""

    NONE = "none"
    HEADER = "header"
    LINES = "lines"
    ALL = "all"

    @property
    def of_header(self) -> bool:
        """Whether the note of the document leaves."""
        return self in {Notes.HEADER, Notes.ALL}

    @property
    def of_lines(self) -> bool:
        """Whether the notes of lines leave."""
        return self in {Notes.LINES, Notes.ALL}


class Description(StrEnum):
    """Whether the description of a document leaves (Visma's `description` and `invoiceText`).

    On orders and customer invoices it is a text for the partner. On supplier invoices it is the booking text of the
    company, so it stays inside unless routing says so.
    """

    SEND = "send"
    KEEP = "keep"


class WithoutItem(StrEnum):
    """What becomes of a priced line that names no item: a line of service, a charge, or a question to a person."""

    PARK = "park"
    SERVICE = "service"
    CHARGE = "charge"


class EnteredAmount(StrEnum):
    """What becomes of a line whose amount was entered and is not what quantity and price come to.

    `adjust` sends the difference as an allowance or charge of the line.
    """

    PARK = "park"
    ADJUST = "adjust"


class Acknowledgment(StrEnum):
    """Whether a partner answers a document with a functional acknowledgment (997)."""

    REQUIRED = "required"
    NEVER = "never"


NEVER = "never"
"""The word of `expected` for a stage that a partner's channel never reports."""


class OnUnmapped(StrEnum):
    """What becomes of a document whose supplier or customer is mapped to no partner.

    `park` asks a person; `skip` is for a company where only some partners take part in EDI.
    """

    PARK = "park"
    SKIP = "skip"


class OnLines(StrEnum):
    """What becomes of a change that adds a line or takes one out."""

    PARK = "park"
    APPLY = "apply"


class QuantityReading(StrEnum):
    """What POC03 and POC04 mean to a partner (X12: releases and published guides contradict each other)."""

    NEW_TOTAL = "new_total"
    DELTA = "delta"
    OLD_AND_NEW = "old_total_with_new_in_poc04"


class Overflow(StrEnum):
    """What happens to a descriptive text that is longer than its X12 element. Identifiers are never cut."""

    CUT = "cut"
    PARK = "park"


class Charset(StrEnum):
    """X12 character sets: basic has no lower case; utf8 is for partners who agreed on it."""

    BASIC = "basic"
    EXTENDED = "extended"
    UTF8 = "utf8"


@dataclass(frozen=True, slots=True)
class VismaTenant:
    """How one company is read from Visma.

    Attributes:
        company_id: Sent as `ipp-company-id` on every request.
        tenant_id: The *company* tenant id of Visma Connect; it selects the company of the token.
        time_zone: Zone of `lastModifiedDateTime`; None when nobody has calibrated it yet. A wrong one delays or hastens
            documents, and loses none.
        branch: Only documents of this branch belong to the company, or None for all.
        overlap: How far a poll reaches back behind the watermark.
        settle: A document must be unchanged this long before it is sent.
        settle_cap: A document that never settles is sent after this long all the same.
        page_size: Rows asked for per list call.
    """

    company_id: str
    tenant_id: str
    time_zone: str | None
    branch: str | None
    overlap: timedelta
    settle: timedelta
    settle_cap: timedelta
    page_size: int


@dataclass(frozen=True, slots=True)
class Identity:
    """What routing knows of a party beyond Visma: fills gaps, never overrides what the document says.

    `name`, `address` and `contact` of our own company are always taken from here.
    """

    name: str | None = None
    gln: str | None = None
    vat_number: str | None = None
    address: Address | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """One Visma company of the routing file.

    Attributes:
        go_live: What was created before it is not sent by itself; None: the moment of the first poll.
        before_go_live: What a later change of such a document does.
        kinds_off: Kinds that the company or the defaults switch off.
        kinds_unsent: Those of them that no partner switches on again.
        branches: Visma's branch number -> under what the documents of the branch leave, where it is not `identity`.
        places: Our number of a place of delivery (Visma's location, warehouse or branch) -> its GLN, or the code by
            which partners know it.
    """

    name: str
    visma: VismaTenant
    isa_id: IsaId
    identity: Identity
    unmapped_partner: OnUnmapped = OnUnmapped.PARK
    go_live: GoLive | None = None
    before_go_live: BeforeGoLive = BeforeGoLive.PARK
    kinds_off: frozenset[Kind] = frozenset()
    kinds_unsent: frozenset[Kind] = frozenset()
    branches: Mapping[str, Identity] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def identity_of(self, branch: str | None) -> Identity:
        """What is known of the company as one of its branches."""
        named = self.branches.get(branch or "", Identity())
        ours = self.identity
        return Identity(
            named.name or ours.name,
            named.gln or ours.gln,
            named.vat_number or ours.vat_number,
            named.address or ours.address,
            named.contact or ours.contact,
        )


@dataclass(frozen=True, slots=True)
class ItemIds:
    """What an item of ours is called outside: the partner's own number and the GTIN."""

    gtin: str | None = None
    partner_item: str | None = None


@dataclass(frozen=True, slots=True)
class TermsRule:
    """What a Visma terms id means in days and percent."""

    net_days: int | None = None
    discount_percent: str | None = None
    discount_days: int | None = None


@dataclass(frozen=True, slots=True)
class X12Options:
    """How the x12 dialect is written for a partner.

    Attributes:
        version: `004010` or `005010`, for lengths and for X12 text.
        charset: Character set agreed with the partner.
        overflow: What happens to texts that are too long.
        remit_to_code: N101 of the remit-to party; RI is in both versions' lists, RE only in 4010's.
        credit_sign: Whether a credit memo carries negative quantities and total (`negative`) or positive ones.
        leave_out: Segments this partner must not get (`PER`, `TXI` ...).
    """

    version: str = "004010"
    charset: Charset = Charset.EXTENDED
    overflow: Overflow = Overflow.CUT
    remit_to_code: str = "RI"
    credit_sign: str = "positive"
    leave_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """How far an incoming change of a purchase order (860) may go before a person has to look.

    Attributes:
        quantity: Largest change of a line's quantity, as a share of what it was (0.2 is 20 %); of all added lines
            together, as a share of the order's amount.
        price: The same for the price.
        dates: Largest move of a date.
        lines: Whether lines may be added and taken out without a person.
        quantities: What the partner means by POC03 and POC04; None when nobody has said.
        codes: POC02 codes that this partner uses in its own way -> a word of `edi/order_change/codes.py`.
        price_bases: Basis codes of a price (POC07) that this partner uses in its own way -> for how many units it is.
        places: What this partner calls a place of ours (a code, a GLN or a name, in lower case) -> our number of it.
        statuses: Visma statuses in which an order takes a change (Visma: undocumented).
        hold_first: Those of them in which the order must be put on hold for it and released afterwards.
        key: Where in the routing file the partner's rules stand.
    """

    quantity: Decimal
    price: Decimal
    dates: timedelta
    lines: OnLines
    quantities: QuantityReading | None
    codes: Mapping[str, str]
    statuses: frozenset[str]
    hold_first: frozenset[str]
    key: str
    places: Mapping[str, str] = field(default_factory=dict)
    price_bases: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """Everything routing says about one kind of document for one partner.

    Attributes:
        send: False when the partner does not want this kind at all.
        send_when: Visma status words in which the document is sent, unless its hold flag says that it is a draft.
        currency: The currency both sides agreed on, so that a document in it need not name it; None: a document
            that names none is parked.
        units: Visma unit word -> unit of `edi/units.py`.
        items: Our item number -> what the partner calls it.
        require_item_id: `gtin` or `partner_item` when a line without it must be parked.
        order_types: Visma order type -> purchase order type word (`RegularOrder` -> `standalone`), or `do_not_send`.
        go_live: What was created before it is not sent by itself; None: the moment of the first poll.
        before_go_live: What a later change of such a document does.
        line_date: Which date of an order line is the day on which the goods are wanted.
        notes: Which notes of Visma leave.
        description: Whether the description of the document leaves.
        lines_without_item: What becomes of a priced line that names no item.
        entered_amount: What becomes of a line whose amount was entered.
        main_locations: Ids or names, in lower case, of the location of a customer that is the customer itself.
        expected: By when a sent document reaches each stage.
        origin: Setting -> the layer it came from (`default`, `company`, `partner`, `kind`, `built-in`).
        unit_key: Where a missing unit would be added (`defaults.units`); the item key likewise.
    """

    company: Company
    partner: str
    kind: Kind
    transaction_type: TransactionType
    partner_isa_id: IsaId
    partner_identity: Identity
    send: bool
    send_when: frozenset[str]
    dialect: DialectChoice
    on_revision: OnRevision
    currency: str | None
    units: Mapping[str, str]
    items: Mapping[str, ItemIds]
    require_item_id: str | None
    terms: Mapping[str, TermsRule]
    order_types: Mapping[str, str]
    x12: X12Options
    changes: ChangeRules
    unit_key: str = "defaults.units"
    item_key: str = "defaults.items"
    origin: Mapping[str, str] = field(default_factory=dict)
    go_live: GoLive | None = None
    before_go_live: BeforeGoLive = BeforeGoLive.PARK
    line_date: LineDate = LineDate.PROMISED
    notes: Notes = Notes.NONE
    description: Description = Description.SEND
    lines_without_item: WithoutItem = WithoutItem.PARK
    entered_amount: EnteredAmount = EnteredAmount.PARK
    main_locations: frozenset[str] = frozenset({"main"})
    expected: Expected = field(default_factory=Expected)
