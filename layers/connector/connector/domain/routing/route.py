"""The route of a document: resolved values, ready for translation.

The fields of these records declare the settings of the routing file (`settings.py`); `SETTINGS` has all of them. Only
`resolve.py` creates the records, from the file (default -> company -> partner -> kind).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.documents import CHANGED_KIND, Address, Contact, Kind
from connector.domain.inbound import ALWAYS_TAKEN, TAKEN_BY_DEFAULT
from connector.domain.revision.arrival import Expected
from connector.domain.revision.go_live import BeforeGoLive, GoLive
from connector.domain.routing.settings import (
    PARTIES,
    POLLING,
    Group,
    Merge,
    Place,
    Setting,
    declared_in,
    group,
    optional,
    setting,
    settings_of,
)
from connector.domain.routing.values import (
    AMOUNT,
    COUNTRY,
    CURRENCY,
    DAYS,
    DISCOUNT,
    DURATION,
    GLN,
    GTIN,
    ISA_ID,
    NAME,
    PERCENT,
    PLACE,
    PRICE_UNIT,
    SEGMENT,
    SWITCH,
    TEXT,
    ZONE,
    Form,
    ValueType,
    choice,
    list_of,
    matching,
    one_of,
    record,
    set_of,
    table,
    whole,
)
from connector.domain.transactions import Dialect, IsaId, TransactionType


class DialectChoice(StrEnum):
    """The setting `dialect`: one of the two, or `auto` for the first one that can carry the whole document."""

    AUTO = "auto"
    MOSAIC = "mosaic"
    X12 = "x12"

    @property
    def pinned(self) -> Dialect | None:
        """The dialect that is set; None for `auto`."""
        return None if self is DialectChoice.AUTO else Dialect(self.value)


class OnRevision(StrEnum):
    """What a material change of a document that was already sent does."""

    REPLACE = "replace"
    PARK = "park"
    IGNORE = "ignore"


class OnReopen(StrEnum):
    """What becomes of a document that is open again after its partner was sent a cancellation.

    No standard says whether a partner takes a replacement of what it has cancelled, or an original with its number.
    """

    PARK = "park"
    ORIGINAL = "original"
    REPLACE = "replace"


DO_NOT_SEND = "do_not_send"
"""The value in `order_types` for an order type that is not sent."""


HOLD = "Hold"
"""Visma's status of a draft. A partner gets drafts only where `send_when` names it."""


REFUSED = frozenset({"Voided", "Rejected"})
"""Statuses of an order that was not approved; see `UNFINISHED`."""


NOT_WANTED = REFUSED | {"Cancelled"}
"""Statuses of an order whose goods nobody expects."""


UNFINISHED = frozenset({HOLD, "Balanced", "PendingApproval"})
"""Statuses of a document that is still being edited: it is polled again when it is opened or cancelled.

For orders, Visma's screen shows `Balanced` as Pending approval, and `Voided` as Rejected. The API has the older names
of the codes B and V of Acumatica, on which Visma Net is built (class `POOrderStatus`: `Balanced`, later
`PendingApproval`, is B; `Voided`, later `Rejected`, is V; `Cancelled` is L). A voided order was not approved; it is not
cancelled.
"""


LATER_STATUSES = frozenset({"PendingApproval", "Rejected", "Completed"})
"""Newer names of order statuses in Acumatica, on which Visma Net is built."""


def is_known_status(kind: Kind, status: str) -> bool:
    """Whether the meaning of a Visma status is known for this kind."""
    return status in kind.facts.statuses or status in LATER_STATUSES


class LineDate(StrEnum):
    """Which of Visma's two dates of an order line is the day on which the goods are wanted.

    Visma fills `requested` with the order date and `promised` with the header's "Promised on" (Delivery date).
    """

    PROMISED = "promised"
    REQUESTED = "requested"


class Notes(StrEnum):
    """Which of Visma's notes are sent. Colleagues write to each other in them, so none is sent by default."""

    NONE = "none"
    HEADER = "header"
    LINES = "lines"
    ALL = "all"

    @property
    def of_header(self) -> bool:
        """Whether the note of the document is sent."""
        return self is Notes.HEADER or self is Notes.ALL

    @property
    def of_lines(self) -> bool:
        """Whether the notes of lines are sent."""
        return self is Notes.LINES or self is Notes.ALL


class Description(StrEnum):
    """Whether the description of a document is sent (Visma's `description` and `invoiceText`).

    On orders and customer invoices it is a text for the partner. On supplier invoices it is the company's booking text,
    so it is not sent by default.
    """

    SEND = "send"
    KEEP = "keep"


class WithoutItem(StrEnum):
    """How a priced line without an item is sent: as a service line, as a charge, or not before a person decides."""

    PARK = "park"
    SERVICE = "service"
    CHARGE = "charge"


class ExternalReference(StrEnum):
    """What the external reference of a customer invoice is, where Visma has no customer's order number.

    No source says that Visma keeps an order number there; on credit notes it is often the invoice that is credited.
    """

    REFERENCE = "reference"
    ORDER_NUMBER = "order_number"


class SentByVisma(StrEnum):
    """What becomes of a document that Visma itself sends to the partner as well: ask a person, or only tell it.

    Visma: with `sendToAutoInvoice` of the customer, every invoice is sent by AutoInvoice too (help.visma.net, "Prepare
    to use electronic invoices for customers"), so the partner would get two that are payable.
    """

    PARK = "park"
    TELL = "tell"


class EnteredAmount(StrEnum):
    """What to do with a line whose amount was entered and differs from quantity x price.

    `adjust` sends the difference as an allowance or charge of the line.
    """

    PARK = "park"
    ADJUST = "adjust"


class Acknowledgment(StrEnum):
    """Whether a partner answers a document with a functional acknowledgment (997)."""

    REQUIRED = "required"
    NEVER = "never"


class OnUnknownOrder(StrEnum):
    """What to do with an accepting answer to an order that was not sent from here: ask a person, or only record it.

    `record` is for a partner that gets orders from another system too.
    """

    ASK = "ask"
    RECORD = "record"


class OnUnmapped(StrEnum):
    """What to do with a document whose supplier or customer is mapped to no partner.

    `park` asks a person; `skip` is for a company where only some partners take part in EDI.
    """

    PARK = "park"
    SKIP = "skip"


class OnLines(StrEnum):
    """What to do with a change that adds a line or takes one out."""

    PARK = "park"
    APPLY = "apply"


class OnHeaderNote(StrEnum):
    """What to do with a change whose header has a note that we did not send: ask a person, or only tell it."""

    ASK = "ask"
    TELL = "tell"


class QuantityReading(StrEnum):
    """The meaning of POC03 and POC04 for a partner (X12: releases and published guides contradict each other)."""

    NEW_TOTAL = "new_total"
    DELTA = "delta"
    OLD_AND_NEW = "old_total_with_new_in_poc04"


class Overflow(StrEnum):
    """What to do with a descriptive text that is longer than its X12 element. Identifiers are never truncated."""

    CUT = "cut"
    PARK = "park"


class Charset(StrEnum):
    """X12 character sets: `basic` has no lower case; `utf8` is for partners that agreed on it."""

    BASIC = "basic"
    EXTENDED = "extended"
    UTF8 = "utf8"


COUNTED = (*("each", "piece", "case", "carton", "box", "pack", "bag", "set", "pair", "kit"),)
"""Units that are counted. Visma has a mark on an item whether its unit is divisible, and no document shows it; half a
pallet, a part of a roll and hours in `unit` are common."""

MAX_ROUNDING = "10"
"""The rounding of 2,000 pieces at a price of two decimals. No source: a larger one may be a typing error."""

CALIBRATED_OVERLAP = "15m"
"""Visma: rows may become visible minutes after their time stamp; requests may run for up to 4 minutes."""

UNCALIBRATED_OVERLAP = "2h5m"
"""Visma: the zone of `lastModifiedDateTime` is undocumented; Nordic local time is at most 2 h away from UTC."""

CHANGE_CODES = (*("add", "delete", "change", "replace", "quantity", "price", "price_and_quantity", "dates", "nothing"),)
"""What a POC02 code may mean."""

ORDER_TYPE_VALUES = (
    *("standalone", "dropship", "blanketFirm", "blanketEstimated", "release", "rushOrder", DO_NOT_SEND),
)
"""The purchase order types that a Visma order type may be mapped to."""

_NO_CHANGE_YET = "changes of sent orders (860) are not sent yet; choose replace, park or ignore"

ADDRESS = record(
    Address,
    "A postal address.",
    {"lines": list_of(TEXT, at_most=4), "postal_code": TEXT, "city": TEXT, "region": TEXT, "country": COUNTRY},
)
CONTACT = record(
    Contact,
    "A person or desk to reach.",
    dict.fromkeys(("name", "attention", "email", "phone", "fax"), TEXT),
)
ISA_IDS = record(IsaId, "An EDI address, one for each stream.", {"live": ISA_ID, "test": ISA_ID}, needed=True)
STRIPPED: ValueType[str] = ValueType(Form.TEXT, lambda value: str(value).strip(), words="text")


@dataclass(frozen=True, slots=True, kw_only=True)
class VismaTenant:
    """How one company is polled in Visma.

    Attributes:
        company_id: Sent as `ipp-company-id` on every request.
        tenant_id: The *company* tenant id of Visma Connect; it selects the company of the token.
        time_zone: Zone of `lastModifiedDateTime`; None until it is set in routing. A wrong one sends documents later or
            earlier, and loses none.
        branch: Only documents of this branch belong to the company, or None for all.
        overlap: How far a poll reaches back behind the watermark.
        settle: A document must be unchanged this long before it is sent.
        settle_cap: A document that never settles is sent after this time all the same.
        page_size: Rows requested per list call.
    """

    company_id: str
    tenant_id: str
    time_zone: str | None = optional(
        ZONE,
        "Zone of lastModifiedDateTime, once `connector doctor` has shown it",
        key="visma.time_zone",
        places=(Place.COMPANY,),
    )
    branch: str | None = optional(TEXT, "Only documents of this branch", key="visma.branch", places=(Place.COMPANY,))
    overlap: timedelta = setting(
        DURATION,
        CALIBRATED_OVERLAP,
        "How far a poll reaches back",
        default_help=f"{CALIBRATED_OVERLAP}, and {UNCALIBRATED_OVERLAP} while visma.time_zone is not known",
        places=POLLING,
        ask_above="7d",
    )
    settle: timedelta = setting(DURATION, "2m", "Unchanged this long before it is sent", places=POLLING, ask_above="1d")
    settle_cap: timedelta = setting(
        DURATION, "30m", "Sent after this long all the same", places=POLLING, ask_above="7d"
    )
    page_size: int = setting(whole(1, 1000), 200, "Rows per list call", key="visma.page_size", places=(Place.COMPANY,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What routing has of a party and Visma has not. It completes the document and never overrides it.

    Exception: `name`, `address` and `contact` of our own company are always taken from here.

    Attributes:
        name: Legal name.
        gln: GLN, 13 digits, the last a check digit (GS1).
        vat_number: VAT number, as it is to stand in documents.
        address: Postal address.
        contact: The person or desk to reach.
    """

    name: str | None = optional(TEXT, "Legal name", places=PARTIES)
    gln: str | None = optional(GLN, "GLN (GS1)", places=PARTIES)
    vat_number: str | None = optional(TEXT, "VAT number", places=PARTIES)
    address: Address | None = optional(ADDRESS, "Postal address; country: ISO 3166, two letters", places=PARTIES)
    contact: Contact | None = optional(CONTACT, "Person or desk to reach", places=PARTIES)


BRANCH = record(
    Identity,
    "What we know of a branch beyond Visma.",
    {"name": TEXT, "gln": GLN, "vat_number": TEXT, "address": ADDRESS, "contact": CONTACT},
)


@dataclass(frozen=True, slots=True)
class Company:
    """One Visma company of the routing file.

    Attributes:
        name: Its key in the routing file.
        visma: How it is polled.
        isa_id: Our ISA ids (`orderful.isa_id`), one for each stream.
        identity: Its name, numbers and addresses in documents.
        unmapped_partner: What becomes of documents of suppliers and customers that no partner is mapped to.
        go_live: Documents created before it are not sent by themselves; None: the time of the first poll.
        before_go_live: What a later change of such a document does.
        kinds_off: Kinds that the company or the defaults switch off.
        kinds_unsent: Those of them that no partner switches on again.
        branches: Visma's branch number -> the identity in the documents of the branch, if it is not `identity`.
        places: Our number of a place of delivery (Visma's location, warehouse or branch) -> its GLN, or the code by
            which partners know it.
    """

    name: str
    visma: VismaTenant
    isa_id: IsaId
    identity: Identity
    _: KW_ONLY
    unmapped_partner: OnUnmapped = setting(
        choice(OnUnmapped),
        "park",
        "Documents of suppliers and customers that are no partners: ask a person, or leave them",
        places=POLLING,
    )
    go_live: GoLive | None = None
    before_go_live: BeforeGoLive = BeforeGoLive.PARK
    kinds_off: frozenset[Kind] = frozenset()
    kinds_unsent: frozenset[Kind] = frozenset()
    branches: Mapping[str, Identity] = setting(
        table(BRANCH),
        {},
        "Branch number in Visma -> the name, GLN, VAT number, address and contact under which its documents leave, "
        "where they are not the company's. A document of a branch that is not named is noted",
        places=(Place.COMPANY,),
    )
    places: Mapping[str, str] = setting(
        table(PLACE),
        {},
        "Our number of a place that orders are delivered to (Visma's location, warehouse or branch) -> its GLN, or the "
        "code by which suppliers know it; `location/3`, `warehouse/3` or `branch/3`, where two kinds have the same "
        "number. That of a branch is for its main location",
        places=(Place.COMPANY,),
    )

    def identity_of(self, branch: str | None) -> Identity:
        """The identity of the company in documents of a branch."""
        named, ours = self.branches.get(branch or ""), self.identity
        if named is None:
            return ours
        return Identity(
            name=named.name or ours.name,
            gln=named.gln or ours.gln,
            vat_number=named.vat_number or ours.vat_number,
            address=named.address or ours.address,
            contact=named.contact or ours.contact,
        )


@dataclass(frozen=True, slots=True)
class ItemIds:
    """The identifiers of an item of ours: the partner's own number and the GTIN.

    Attributes:
        gtin: GTIN of 8, 12, 13 or 14 digits, the last a check digit (GS1); None when none is known. The documents that
            Visma lists do not have it.
        partner_item: The partner's own number of the item; None when none is known. A number on the line of the
            document goes before it (`alternateId`, `externalInventoryId`).
        gtins: Visma's unit word -> the GTIN of the item in that unit, where packages have their own (GS1: each level of
            packaging has a GTIN of its own). It goes before `gtin`.
    """

    gtin: str | None = None
    partner_item: str | None = None
    gtins: Mapping[str, str] = field(default_factory=dict)

    def gtin_of(self, unit: str | None) -> str | None:
        """The GTIN of the item in a unit (Visma's word); None when none is known."""
        return self.gtins.get(unit or "") or self.gtin

    @property
    def every_gtin(self) -> tuple[str, ...]:
        """Every GTIN of the item, whatever the unit."""
        return tuple(gtin for gtin in (self.gtin, *self.gtins.values()) if gtin)


@dataclass(frozen=True, slots=True)
class TermsRule:
    """The meaning of a Visma terms id (`terms.id`, `creditTerms.id`) in days and percent.

    Attributes:
        net_days: Calendar days from the date of the document to the day on which it is payable, 0 to 999; None: not
            known. On an invoice its due date counts (`dueDate`, `documentDueDate`).
        discount_percent: Cash discount in percent of what is payable, below 100, as decimal text without a sign: `2.5`
            is 2.5 %; None: none is known. On an invoice the amount that Visma states counts (`cashDiscount`).
        discount_days: Calendar days from the date of the document to the last day of the discount, 0 to 999; None: not
            known. On an invoice the date that Visma states counts (`cashDiscountDate`).
    """

    net_days: int | None = None
    discount_percent: str | None = None
    discount_days: int | None = None


ITEM = record(
    ItemIds,
    "What an item of ours is called outside; `gtins`: Visma's unit word -> the GTIN of the item in that unit.",
    {"gtin": GTIN, "partner_item": TEXT, "gtins": table(GTIN)},
)
TERMS = record(
    TermsRule,
    "What a Visma terms id means.",
    {"net_days": DAYS, "discount_percent": DISCOUNT, "discount_days": DAYS},
)


def _statuses_of_kind(value: Any) -> frozenset[str]:
    """The statuses for one kind, without those that the file has per kind."""
    return frozenset() if isinstance(value, Mapping) else frozenset(map(str, value))


GROUPS: Mapping[str, tuple[Kind, ...]] = {
    group: tuple(kind for kind in Kind if kind.facts.group == group)
    for group in dict.fromkeys(kind.facts.group for kind in Kind if kind.facts.group)
}
"""The keys of `send_when` that stand for several kinds."""

SEND_WHEN: ValueType[frozenset[str]] = ValueType(
    Form.RECORD,
    _statuses_of_kind,
    name="Visma status words in which a document is sent; the exact kind goes before `invoice`.",
    fields=dict.fromkeys((*Kind, *GROUPS), set_of(TEXT)),
)


def _check_go_live(text: str) -> None:
    GoLive.parse(text, ZoneInfo("UTC"))


GO_LIVE: ValueType[GoLive] = ValueType(
    Form.TEXT,
    lambda value: GoLive.parse(str(value), ZoneInfo("UTC")),
    _check_go_live,
    schema={"examples": ["2026-12-01", "2026-12-01T06:00+01:00"]},
    words="a date like 2026-12-01, or a time like 2026-12-01T06:00+01:00",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class X12Options:
    """How the x12 dialect is written for a partner.

    Attributes:
        version: `004010` or `005010`; it decides the lengths of elements and the version in X12 text.
        charset: Character set agreed with the partner.
        overflow: What to do with texts that are too long.
        remit_to_code: N101 of the remit-to party; RI is in both versions' lists, RE only in 4010's.
        credit_sign: Whether a credit memo carries negative quantities and total (`negative`) or positive ones.
        credit_code: BIG07 of a credit note: `CR` (credit memo) or `CN` (credit invoice).
        references: Qualifier -> reference (REF) that the partner wants in every order and invoice.
        vat_rate: How TXI03 has a VAT rate of 25 %: 25 (`percent`) or 0.25 (`fraction`).
        leave_out: Segments that are not sent to this partner (`PER`, `TXI` ...).
    """

    version: str = setting(one_of("004010", "005010"), "004010", "Version of X12")
    charset: Charset = setting(choice(Charset), "extended", "Characters agreed with the partner")
    overflow: Overflow = setting(choice(Overflow), "cut", "A descriptive text that is too long")
    remit_to_code: str = setting(one_of("RI", "RE"), "RI", "N101 of the remit-to party")
    credit_sign: str = setting(one_of("positive", "negative"), "positive", "Sign of the amounts of a credit note")
    credit_code: str = setting(one_of("CR", "CN"), "CR", "BIG07 of a credit note: credit memo, or credit invoice")
    # Element 128: our number at the partner (internal vendor number, vendor id), its department, its type of goods.
    references: Mapping[str, str] = setting(
        table(TEXT, key=one_of("IA", "VR", "DP", "MR")),
        {},
        "References (REF) that the partner wants in every order and invoice, by qualifier: our number at the partner "
        "(IA or VR), its department (DP), its type of goods (MR). Such documents go as X12",
        merge=Merge.KEYS,
    )
    vat_rate: str = setting(one_of("percent", "fraction"), "percent", "A VAT rate of 25 % in TXI03: 25, or 0.25")
    leave_out: frozenset[str] = setting(set_of(SEGMENT), (), "Segments that the partner does not take (PER)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRules:
    """The limits within which an incoming change of a purchase order (860) is applied without a person.

    Attributes:
        quantity: Largest change of a line's quantity, as a share (0.2 is 20 %) of the quantity that was last sent or
            approved by a person; for all lines added since then, and for all taken out, as a share of the
            order's amount.
        price: Largest change of a line's price, as a share of the price that was last sent or approved.
        dates: Largest move of a date from the day that was last sent or approved, in either direction.
        order_date: How far the order's date in the message may be from the order's date in Visma.
        lines: Whether lines may be added and taken out without a person.
        header_note: What to do with a note in the header of a change that asks for something else as well.
        quantities: What the partner means by POC03 and POC04; None when it is not set.
        codes: POC02 codes that this partner uses in its own way -> a word of `edi/order_change/codes.py`.
        statuses: Visma statuses in which an order can be changed (Visma: undocumented).
        hold_first: Those of them in which the order is put on hold for the change and released afterwards.
        key: The key of the partner's rules in the routing file.
        places: What this partner calls a place of ours (a code, a GLN or a name, in lower case, perhaps behind its
            kind) -> our number of it, perhaps behind its kind.
        price_bases: Basis codes of a price (POC07) that this partner uses in its own way -> for how many units it is.
    """

    quantity: Decimal = setting(
        PERCENT,
        "0%",
        "Of what a line had when last sent or approved, or an order for the lines added or taken out, like 20%",
        ask_above="100%",
    )
    price: Decimal = setting(PERCENT, "0%", "Of what a line cost when last sent or approved, like 2%", ask_above="100%")
    dates: timedelta = setting(
        DURATION, "0d", "How far a date may move from the one last sent or approved, like 14d", ask_above="365d"
    )
    order_date: timedelta = setting(
        DURATION,
        "31d",
        "How far the date of the order that a change names (BCH06) may be from that of the order",
        ask_above="365d",
    )
    lines: OnLines = setting(choice(OnLines), "park", "Lines added or taken out")
    header_note: OnHeaderNote = setting(
        choice(OnHeaderNote),
        "ask",
        "A change whose header has a note that we did not send; tell, where it is only the partner's standing text",
    )
    quantities: QuantityReading | None = optional(
        choice(QuantityReading), "What POC03 and POC04 mean to the partner, where a message leaves it open"
    )
    codes: Mapping[str, str] = setting(table(one_of(*CHANGE_CODES)), {}, "POC02 codes as the partner means them")
    statuses: frozenset[str] = setting(
        set_of(TEXT), (HOLD, *CHANGED_KIND.facts.sent_in), "Visma statuses in which an order takes a change"
    )
    hold_first: frozenset[str] = setting(
        set_of(TEXT), (), "Those in which it is put on hold for the change and released afterwards"
    )
    key: str = "partners.<name>.changes"
    places: Mapping[str, str] = setting(
        table(STRIPPED, key_read=lambda name: name.strip().casefold()),
        {},
        "A code, GLN or name by which the partner calls a place of ours (`0099`, or `code/0099`, `gln/...`, "
        "`name/...`) -> our number of the place that the order is shipped to, like `warehouse/3`: of a location, a "
        "warehouse, a branch or an account",
    )
    price_bases: Mapping[str, int] = setting(
        table(PRICE_UNIT), {}, "Basis codes of prices (POC07) as the partner means them -> for how many units"
    )


_SINGLE_ITEMS = frozenset({"each", "piece", "unit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The settings for one kind of document and one partner.

    Attributes:
        company: Our company, whose document it is.
        partner: Name of the partner in the routing file.
        kind: The kind of document.
        transaction_type: Orderful's type of the transaction.
        partner_isa_id: The ISA id of the partner, for each stream.
        partner_identity: Names and numbers of the partner that Visma does not have.
        send: False if this kind is not sent to the partner.
        send_when: Visma statuses in which the document is sent, unless its hold flag says that it is a draft.
        dialect: The dialect; `auto` takes the first one that can carry the whole document.
        on_revision: What a change of a sent document does.
        on_reopen: What becomes of a document that is open again after its cancellation was sent.
        currency: The agreed currency, used for a document without one; None: a document without a currency is parked.
        units: Visma unit word -> unit of `edi/units.py`.
        items: Our item number -> the identifiers of the item.
        require_item_id: `gtin` or `partner_item`: a document with a line without it is parked.
        terms: Visma's id of payment terms -> days and percent.
        order_types: Visma order type -> purchase order type (`RegularOrder` -> `standalone`), or `do_not_send`.
        x12: Options of the x12 dialect.
        changes: The limits for an 860 of this partner.
        unit_key: The routing key for a missing unit (`defaults.units`).
        item_key: The routing key for a missing item (`defaults.items`).
        origin: Setting -> the layer it came from (`default`, `company`, `partner`, `kind`, `built-in`).
        go_live: Documents created before it are not sent by themselves; None: the time of the first poll.
        before_go_live: What a later change of such a document does.
        line_date: Which date of an order line is the day on which the goods are wanted.
        notes: Which of Visma's notes are sent.
        description: Whether the description of the document is sent.
        lines_without_item: How a priced line without an item is sent.
        sent_by_visma: What becomes of a document that Visma itself sends to the partner as well.
        external_reference: What `externalReference` of a customer invoice without `customerRefNumber` is.
        entered_amount: What to do with a line whose amount was entered.
        rounding_limit: Largest difference between the amount of a line and quantity x price that a rounded price may
            explain, in the currency of the document.
        whole_units: Units of which there are no fractions.
        main_locations: Ids or names, in lower case, of the location of a customer that is the customer itself.
        locations: Visma's id of a location of the customer -> its GLN, or the code by which the customer knows it.
        acknowledgment: Whether the partner answers with a functional acknowledgment (997).
        expected: How long each stage of a sent document may take.
        answers_to_unknown_orders: What to do with an answer to an order that was not sent from here.
        charges_in_answers: What a charge is for, or the number of its item, in lower case -> the largest amount, in the
            currency of the order, up to which the partner's answers state it while the order does not.
        parties: The parties of documents that were written before, by what they depend on beside the route
            (`edi/canonical.py`).
    """

    company: Company
    partner: str
    kind: Kind
    transaction_type: TransactionType
    partner_isa_id: IsaId
    partner_identity: Identity
    send: bool = setting(SWITCH, default=True, help_="false: no such document is sent", places=(Place.KIND,))
    send_when: frozenset[str] = setting(
        SEND_WHEN,
        {kind.facts.group or kind.value: kind.facts.sent_in for kind in Kind},
        "Visma status words in which a document is sent; `invoice` is both invoice kinds",
        merge=Merge.KIND,
    )
    dialect: DialectChoice = setting(choice(DialectChoice), "auto", "auto takes the dialect that carries everything")
    on_revision: OnRevision = setting(
        choice(OnRevision, refused={"change": _NO_CHANGE_YET}),
        "park",
        "What a change of a sent document does",
    )
    on_reopen: OnReopen = setting(
        choice(OnReopen),
        "park",
        "A document that is open again in Visma after its cancellation was sent: ask a person, or send it as original "
        "or as replacement",
    )
    currency: str | None = optional(CURRENCY, "Agreed currency, ISO 4217")
    units: Mapping[str, str] = setting(table(TEXT), {}, "Visma's unit word -> unit (STK: each)", merge=Merge.KEYS)
    items: Mapping[str, ItemIds] = setting(
        table(ITEM), {}, "Our item number -> what the item is called outside", merge=Merge.FIELDS
    )
    require_item_id: str | None = optional(one_of("gtin", "partner_item"), "Park a document with a line that lacks it")
    terms: Mapping[str, TermsRule] = setting(table(TERMS), {}, "Visma's terms id -> days and percent", merge=Merge.KEYS)
    order_types: Mapping[str, str] = setting(
        table(one_of(*ORDER_TYPE_VALUES)),
        {
            "RegularOrder": "standalone",
            "DropShip": "dropship",
            "Blanket": "blanketFirm",
            # Visma: a Standard order is a pattern from which orders are made; it is never received or billed.
            "StandardBlanket": DO_NOT_SEND,
        },
        f"Visma's order type -> purchase order type, or {DO_NOT_SEND}",
        merge=Merge.KEYS,
    )
    x12: X12Options = group(X12Options)
    changes: ChangeRules = group(ChangeRules)
    unit_key: str = "defaults.units"
    item_key: str = "defaults.items"
    origin: Mapping[str, str] = field(default_factory=dict)
    go_live: GoLive | None = optional(
        GO_LIVE,
        "Date or time: documents created before it are not sent by themselves",
        default_help="the moment of the first poll",
    )
    before_go_live: BeforeGoLive = setting(
        choice(BeforeGoLive), "park", "What a change of a document from before go-live does"
    )
    line_date: LineDate = setting(choice(LineDate), "promised", "Which date of an order line is the wanted day")
    notes: Notes = setting(choice(Notes), "none", "Which notes of Visma leave")
    description: Description = setting(
        choice(Description),
        "send",
        "Whether the description of a document leaves",
    )
    lines_without_item: WithoutItem = setting(choice(WithoutItem), "park", "Priced lines that name no item")
    sent_by_visma: SentByVisma = setting(
        choice(SentByVisma),
        "park",
        "A document that Visma sends to the partner as well (an invoice by AutoInvoice, an order by mail): ask a "
        "person before it leaves, or note it",
    )
    external_reference: ExternalReference = setting(
        choice(ExternalReference),
        "reference",
        "What the external reference of a customer invoice is, where Visma has no customer's order number; never the "
        "order number on a credit note",
    )
    entered_amount: EnteredAmount = setting(
        choice(EnteredAmount),
        "park",
        "Lines whose entered amount is not quantity x price; adjust sends the difference as an allowance or charge",
    )
    rounding_limit: Decimal = setting(
        AMOUNT,
        MAX_ROUNDING,
        "In the currency of the document: up to it, a rounded price explains why the amount of a line is not quantity "
        "x price; more counts as an entered amount",
        ask_above="1000",
    )
    whole_units: frozenset[str] = setting(
        set_of(TEXT),
        COUNTED,
        "Units without fractions: an order with 2.5 of them is parked, a change is asked about, an invoice is noted",
    )
    # Visma: seen in examples; the base product can name a customer's main location after a branch instead.
    main_locations: frozenset[str] = setting(
        set_of(TEXT, str.casefold),
        ("MAIN",),
        "Ids or names of the customer locations that are the customer itself; an invoice for another location has it "
        "as ship-to",
    )
    locations: Mapping[str, str] = setting(
        table(PLACE),
        {},
        "Visma's id of a location of the customer -> its GLN, or the code by which the customer knows it, for the "
        "ship-to party of an invoice",
        places=(Place.PARTNER,),
    )
    acknowledgment: Acknowledgment = setting(
        choice(Acknowledgment), "required", "Whether the partner sends functional acknowledgments (997)"
    )
    expected: Expected = group(Expected)
    answers_to_unknown_orders: OnUnknownOrder = setting(
        choice(OnUnknownOrder),
        "ask",
        "An accepting answer (855, 865) that names an order that was not sent from here, unless the ledger has it as "
        "such or it is from before go-live; record, where another system sends orders to the partner too",
    )
    charges_in_answers: Mapping[str, Decimal] = setting(
        table(AMOUNT, key_read=lambda name: name.strip().casefold()),
        {},
        "Charges that answers (855, 865) of the partner always state and its orders do not: what they are for, as the "
        "finding names it (`freight`, `D980`), or their item in a line of their own -> up to which amount, in the "
        "currency of the order, nobody is asked",
        merge=Merge.KEYS,
    )
    parties: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def is_unit(self, visma_unit: str | None, unit: str | None) -> bool:
        """Whether a unit of the partner is the one that `units` gives to Visma's word.

        Each, piece and unit (X12 element 355: EA, PC, UN) all count single items, and partners write any of them. They
        are told apart only where `units` has both.
        """
        ours = self.units.get(visma_unit or "")
        if unit is None or ours is None:
            return False
        return unit == ours or ({unit, ours} <= _SINGLE_ITEMS and unit not in self.units.values())


def _taken(value: Any) -> frozenset[str]:
    return frozenset(map(str, value))


def _check_taken(numbers: Any) -> None:
    if ALWAYS_TAKEN not in numbers:
        raise ValueError(f"{ALWAYS_TAKEN} is missing: changes of orders are always taken; name it with the others")


_ENTRIES = (
    Setting("company", NAME, "Name of a company of this file", places=(Place.PARTNER,), needed=True),
    Setting(
        "visma.company_id",
        TEXT,
        "Number of the company in Visma, sent as ipp-company-id",
        places=(Place.COMPANY,),
        needed=True,
    ),
    Setting(
        "visma.tenant_id",
        TEXT,
        "Tenant id of the company (not of the customer) in Visma Connect",
        places=(Place.COMPANY,),
        needed=True,
    ),
    Setting("visma.supplier", TEXT, "Supplier number: purchase orders, supplier invoices", places=(Place.PARTNER,)),
    Setting("visma.customer", TEXT, "Customer number: customer invoices", places=(Place.PARTNER,)),
    Setting("orderful.isa_id", ISA_IDS, "Where Orderful finds the party", places=PARTIES, needed=True),
    Setting(
        "inbound.take",
        ValueType(
            Form.LIST,
            _taken,
            _check_taken,
            entry=matching(r"\d{3}", "a number of three digits like 860", form=Form.TEXT_OR_WHOLE, read=str),
        ),
        "X12 numbers of the documents that are taken from inboxes and buckets; all others stay untouched",
        default=TAKEN_BY_DEFAULT,
        places=(Place.FILE,),
    ),
)
"""Settings of the file that are not a field of these records."""

SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        declared.key: declared
        for declared in (
            *_ENTRIES,
            *settings_of(Identity),
            *settings_of(VismaTenant),
            *settings_of(Company),
            *settings_of(Route),
        )
    }
)
"""Every setting of the routing file by its key."""

RECORDS: Mapping[str, type[Any]] = MappingProxyType(
    {one.key: one.record for one in declared_in(Route).values() if isinstance(one, Group)}
)
"""The records of grouped settings, by their key."""
