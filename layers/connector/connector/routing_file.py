"""The routing file: its shape, the checks across its parts, and its JSON Schema.

Whoever reads YAML hands over plain data; `check` finds every problem at once, each with its path, and gives back the
data as it is stored and resolved (`domain/routing/resolve.py`): defaults not filled in, numbers that are names as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.json_schema import SkipJsonSchema

from connector.domain.documents import Kind
from connector.domain.errors import Misconfigured
from connector.domain.order_change.record import CHANGE
from connector.domain.revision.arrival import LONGEST_EXPECTED
from connector.domain.revision.go_live import BeforeGoLive, GoLive
from connector.domain.routing.resolve import UNCALIBRATED_OVERLAP, Routing, duration, role_of
from connector.domain.routing.route import (
    DO_NOT_SEND,
    HOLD,
    NEVER,
    VISMA_STATUSES,
    Acknowledgment,
    Charset,
    Description,
    DialectChoice,
    EnteredAmount,
    LineDate,
    Notes,
    OnLines,
    OnRevision,
    OnUnmapped,
    Overflow,
    QuantityReading,
    WithoutItem,
)
from connector.domain.transactions import Stream

_SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"

VISMA_ORDER_TYPES = frozenset({"RegularOrder", "DropShip", "Blanket", "StandardBlanket"})
"""Visma's enum of September 2026. Another word is a warning, not an error: Visma may know more than it publishes."""


def _valid_duration(text: str) -> str:
    duration(text)
    return text


def _valid_expectation(text: str) -> str:
    if duration(text) > LONGEST_EXPECTED:
        raise ValueError(f"'{text}' is longer than {LONGEST_EXPECTED.days} days")
    return text


def _valid_expectation_or_never(text: str) -> str:
    return text if text == NEVER else _valid_expectation(text)


def _valid_gs1(lengths: tuple[int, ...], name: str) -> Callable[[str], str]:
    def valid(text: str) -> str:
        if not (text.isascii() and text.isdigit() and len(text) in lengths):
            raise ValueError(f"'{text}' is no {name}: it has {' or '.join(map(str, lengths))} digits")
        weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text[:-1])))
        if (10 - weighted % 10) % 10 != int(text[-1]):
            raise ValueError(f"'{text}' is no {name}: its last digit does not check")
        return text

    return valid


_LIKE_GLN = re.compile(r"\d{13}", re.ASCII).fullmatch


def _valid_isa_id(text: str) -> str:
    if not re.fullmatch(r"[!-~](?:[ -~]{0,13}[!-~])?", text) or set(text) & set("*~>^|"):
        raise ValueError(f"'{text}' is no ISA id: it has 1 to 15 plain characters without * ~ > ^ |")
    return text


def _valid_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{text}' is no time zone; write one like Europe/Oslo or UTC") from None
    return text


def _valid_go_live(text: str) -> str:
    GoLive.parse(text, ZoneInfo("UTC"))
    return text


def _no_change_yet(value: Any) -> Any:
    if value == "change":
        raise ValueError(
            "'change' cannot be chosen: changes of sent orders (860) are not sent yet; choose replace, park or ignore"
        )
    return value


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
Duration = Annotated[
    Text,
    AfterValidator(_valid_duration),
    Field(json_schema_extra={"pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}, examples=["90s", "2m", "4h", "14d"]),
]
Percent = Annotated[str, StringConstraints(pattern=r"^\d{1,3}(\.\d{1,4})?%$")]
Gln = Annotated[Text, AfterValidator(_valid_gs1((13,), "GLN")), Field(json_schema_extra={"pattern": r"^\d{13}$"})]
Place = Annotated[Text, AfterValidator(lambda text: _valid_gs1((13,), "GLN")(text) if _LIKE_GLN(text) else text)]
Gtin = Annotated[
    Text,
    AfterValidator(_valid_gs1((12, 13, 14), "GTIN")),
    Field(json_schema_extra={"pattern": r"^\d{12,14}$"}),
]
IsaText = Annotated[Text, AfterValidator(_valid_isa_id), Field(json_schema_extra={"maxLength": 15})]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Days = Annotated[int, Field(ge=0, le=999)]


Expectation = Annotated[
    Text,
    AfterValidator(_valid_expectation),
    Field(json_schema_extra={"pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}, examples=["15m", "1h", "24h", "3d"]),
]


ExpectationOrNever = Annotated[
    Text,
    AfterValidator(_valid_expectation_or_never),
    Field(json_schema_extra={"pattern": r"^(never|(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?)$"}, examples=["24h", "never"]),
]


class Part(BaseModel):
    """A part of the file: a key that nobody knows is a mistake, and a number that is a name is read as text."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class AddressPart(Part):
    """A postal address."""

    lines: list[Text] = Field(default=[], max_length=4)
    postal_code: Text | None = None
    city: Text | None = None
    region: Text | None = None
    country: Country | None = Field(default=None, description="ISO 3166, two letters")


class ContactPart(Part):
    """A person or desk to reach."""

    name: Text | None = None
    attention: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    fax: Text | None = None


class IsaIdPart(Part):
    """An EDI address, one for each stream."""

    live: IsaText
    test: IsaText


class OrderfulPart(Part):
    """Where Orderful finds a party."""

    isa_id: IsaIdPart


class CompanyVismaPart(Part):
    """How Visma knows a company of ours."""

    company_id: Text = Field(description="Number of the company in Visma, sent as ipp-company-id")
    tenant_id: Text = Field(description="Tenant id of the company (not of the customer) in Visma Connect")
    time_zone: Annotated[Text, AfterValidator(_valid_zone)] | None = Field(
        default=None, description="Zone of lastModifiedDateTime, once `connector doctor` has shown it"
    )
    branch: Text | None = Field(default=None, description="Only documents of this branch")
    page_size: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=None, description="Rows per list call: 200")


class PartnerVismaPart(Part):
    """The number under which Visma knows a partner."""

    supplier: Text | None = Field(default=None, description="Supplier number: purchase orders, supplier invoices")
    customer: Text | None = Field(default=None, description="Customer number: customer invoices")


class SendWhenPart(Part):
    """Visma status words in which a document is sent; the exact kind goes before `invoice`."""

    purchase_order: list[Text] | None = None
    invoice: list[Text] | None = Field(default=None, description="Both invoice kinds")
    supplier_invoice: list[Text] | None = None
    customer_invoice: list[Text] | None = None


ChangeWord = Literal[
    "add", "delete", "change", "replace", "quantity", "price", "price_and_quantity", "dates", "nothing"
]
_PRICE_UNITS = [1, 10, 100, 1_000, 10_000, 100_000]


def _power_of_ten(units: int) -> int:
    if units not in _PRICE_UNITS:
        raise ValueError(f"{units} is not one of {', '.join(map(str, _PRICE_UNITS))}")
    return units


PriceUnits = Annotated[int, AfterValidator(_power_of_ten), Field(json_schema_extra={"enum": [*_PRICE_UNITS]})]


class ChangesPart(Part):
    """How far an incoming change may go and still be applied without a person."""

    quantity: Percent | None = Field(
        default=None, description="Of what a line had, or an order for its added lines: 20%. Built in: 0%"
    )
    price: Percent | None = Field(default=None, description="Of what a line cost: 2%. Built in: 0%")
    dates: Duration | None = Field(default=None, description="How far a date may move: 14d. Built in: 0d")
    lines: OnLines | None = Field(default=None, description="Lines added or taken out: park (built in) or apply")
    quantities: QuantityReading | None = Field(
        default=None, description="What POC03 and POC04 mean to the partner, where a message leaves it open"
    )
    codes: dict[Text, ChangeWord] | None = Field(default=None, description="POC02 codes as the partner means them")
    price_bases: dict[Text, PriceUnits] | None = Field(
        default=None, description="Basis codes of prices (POC07) as the partner means them -> for how many units"
    )
    places: dict[Text, Text] | None = Field(
        default=None,
        description="A code, GLN or name by which the partner calls a place of ours -> our number of it: that of the "
        "account, location or warehouse that the order is shipped to",
    )
    statuses: list[Text] | None = Field(default=None, description="Visma statuses in which an order takes a change")
    hold_first: list[Text] | None = Field(
        default=None, description="Those in which it is put on hold for the change and released afterwards"
    )


class ExpectedPart(Part):
    """By when a sent document reaches each stage; later than that it needs attention."""

    valid: Expectation | None = Field(default=None, description="Orderful has said whether it is valid. Built in: 1h")
    sent: Expectation | None = Field(
        default=None, description="Orderful has sent it on, which it does not without auto-send. Built in: 15m"
    )
    delivered: ExpectationOrNever | None = Field(
        default=None,
        description="The partner's channel has it. Built in: 24h; never where the channel does not report it",
    )
    acknowledged: Expectation | None = Field(
        default=None, description="The partner has acknowledged it (997). Built in: 24h"
    )


class ItemPart(Part):
    """What an item of ours is called outside."""

    gtin: Gtin | None = None
    partner_item: Text | None = None


class TermsPart(Part):
    """What a Visma terms id means."""

    net_days: Days | None = None
    discount_percent: Annotated[str, StringConstraints(pattern=r"^\d{1,2}(\.\d{1,3})?$")] | None = None
    discount_days: Days | None = None


class X12Part(Part):
    """How the x12 dialect is written."""

    version: Literal["004010", "005010"] | None = None
    charset: Charset | None = None
    overflow: Overflow | None = None
    remit_to_code: Literal["RI", "RE"] | None = None
    credit_sign: Literal["positive", "negative"] | None = None
    leave_out: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,2}$")]] | None = None


OrderTypeWord = Literal[
    "standalone", "dropship", "blanketFirm", "blanketEstimated", "release", "rushOrder", "do_not_send"
]


class Settings(Part):
    """What every layer may say."""

    dialect: DialectChoice | None = Field(default=None, description="auto takes the dialect that carries everything")
    send_when: SendWhenPart | None = None
    on_revision: Annotated[OnRevision, BeforeValidator(_no_change_yet)] | None = Field(
        default=None, description="What a change of a sent document does. Built in: replace (orders), park (invoices)"
    )
    units: dict[Text, Text] | None = Field(default=None, description="Visma's unit word -> unit (STK: each)")
    changes: ChangesPart | None = None
    expected: ExpectedPart | None = None
    acknowledgment: Acknowledgment | None = Field(
        default=None,
        description="Whether the partner sends functional acknowledgments (997): required (built in) or never",
    )
    currency: Currency | None = Field(default=None, description="Agreed currency, ISO 4217")
    items: dict[Text, ItemPart] | None = None
    require_item_id: Literal["gtin", "partner_item"] | None = Field(
        default=None, description="Park a document with a line that lacks it"
    )
    terms: dict[Text, TermsPart] | None = Field(default=None, description="Visma's terms id -> days and percent")
    order_types: dict[Text, OrderTypeWord] | None = Field(
        default=None, description="Visma's order type -> purchase order type, or do_not_send"
    )
    x12: X12Part | None = None
    go_live: Annotated[Text, AfterValidator(_valid_go_live)] | None = Field(
        default=None,
        description="Date or time: documents created before it are not sent by themselves. "
        "Built in: the moment of the first poll",
        examples=["2026-12-01", "2026-12-01T06:00+01:00"],
    )
    before_go_live: BeforeGoLive | None = Field(
        default=None, description="What a change of a document from before go-live does: park (built in), ignore, send"
    )
    line_date: LineDate | None = Field(
        default=None, description="Which date of an order line is the wanted day: promised (built in) or requested"
    )
    notes: Notes | None = Field(
        default=None, description="Which notes of Visma leave: none (built in), header, lines, all"
    )
    description: Description | None = Field(
        default=None,
        description="Whether the description of a document leaves: send (built in for orders and customer invoices) or "
        "keep (built in for supplier invoices)",
    )
    lines_without_item: WithoutItem | None = Field(
        default=None, description="Priced lines that name no item: park (built in), service or charge"
    )
    entered_amount: EnteredAmount | None = Field(
        default=None,
        description="Lines whose entered amount is not quantity x price: park (built in), or adjust, which sends the "
        "difference as an allowance or charge",
    )
    main_locations: list[Text] | None = Field(
        default=None,
        description="Ids or names of the customer locations that are the customer itself; an invoice for another "
        "location has it as ship-to. Built in: MAIN",
    )


class KindPart(Settings):
    """Settings of one kind of document."""

    send: bool | None = Field(default=None, description="false: no such document is sent")


class KindsPart(Part):
    """The kinds that differ."""

    purchase_order: KindPart | None = None
    supplier_invoice: KindPart | None = None
    customer_invoice: KindPart | None = None


class LayerPart(Settings):
    """What defaults, a company and a partner may say: settings, and those of one kind of document."""

    kinds: KindsPart | None = None


class PollingSettings(LayerPart):
    """What the layers above the partners may say besides: how a company is polled."""

    settle: Duration | None = Field(default=None, description="Unchanged this long before it is sent: 2m")
    settle_cap: Duration | None = Field(default=None, description="Sent after this long all the same: 30m")
    unmapped_partner: OnUnmapped | None = Field(
        default=None, description="Documents of suppliers and customers that are no partners: park (built in) or skip"
    )
    overlap: Duration | None = Field(
        default=None, description="How far a poll reaches back: 15m, and 2h5m while time_zone is not known"
    )


class IdentifiedPart(Part):
    """What we know of a party beyond Visma."""

    name: Text | None = None
    gln: Gln | None = None
    vat_number: Text | None = None
    address: AddressPart | None = None
    contact: ContactPart | None = None


class CompanyPart(PollingSettings, IdentifiedPart):
    """One Visma company."""

    visma: CompanyVismaPart
    orderful: OrderfulPart
    branches: dict[Text, IdentifiedPart] | None = Field(
        default=None,
        description="Branch number in Visma -> the name, GLN, VAT number, address and contact under which its "
        "documents leave, where they are not the company's. A document of a branch that is not named is noted",
    )
    places: dict[Text, Place] | None = Field(
        default=None,
        description="Our number of a place that orders are delivered to (Visma's location, warehouse or branch) -> its "
        "GLN, or the code by which suppliers know it",
    )


class PartnerPart(LayerPart, IdentifiedPart):
    """One supplier or customer that gets documents."""

    company: Name = Field(description="Name of a company of this file")
    visma: PartnerVismaPart
    orderful: OrderfulPart


def _valid_take(numbers: list[str]) -> list[str]:
    if CHANGE not in numbers:
        raise ValueError(f"{CHANGE} is missing: changes of orders are always taken; name it with the others")
    return list(dict.fromkeys(numbers))


DocumentNumber = Annotated[
    str,
    BeforeValidator(lambda given: str(given) if isinstance(given, int) and not isinstance(given, bool) else given),
    StringConstraints(pattern=r"^\d{3}$"),
    Field(json_schema_extra={"type": ["string", "integer"], "examples": ["860", "855"]}),
]


class InboundPart(Part):
    """What is taken from the inboxes and buckets of the stack, which may serve other readers too."""

    take: Annotated[list[DocumentNumber], AfterValidator(_valid_take)] | None = Field(
        default=None,
        description="X12 numbers; all others stay untouched. Built in: 860, 855, 865, 824, 997",
    )


class RoutingFile(Part):
    """Companies, defaults and partners of the connector."""

    schema_: SkipJsonSchema[str | None] = Field(default=None, alias="$schema", exclude=True)
    companies: dict[Name, CompanyPart] = Field(min_length=1)
    inbound: InboundPart | None = None
    defaults: PollingSettings | None = None
    partners: Annotated[dict[Name, PartnerPart], BeforeValidator(lambda given: {} if given is None else given)] = {}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of the check.

    Attributes:
        path: Where in the file (`partners.acme.visma.supplier`).
        sentence: What is wrong and what to do.
        fatal: False for a warning: the file can be applied all the same.
    """

    path: str
    sentence: str
    fatal: bool = True

    def __str__(self) -> str:
        """Path and sentence, as a person reads them."""
        return f"{self.path}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check.

    Attributes:
        problems: Everything found, errors before warnings.
        data: The file as it is stored; None when its shape is wrong.
    """

    problems: tuple[Problem, ...]
    data: dict[str, Any] | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The findings that forbid applying the file."""
        return tuple(problem for problem in self.problems if problem.fatal)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The findings that a person should look at."""
        return tuple(problem for problem in self.problems if not problem.fatal)

    @property
    def malformed(self) -> bool:
        """True when not even its shape is that of a routing file."""
        return self.data is None


def check(data: Any, *, stream: Stream | None = None) -> Checked:
    """Check a routing file: its shape, and when that is sound what its parts say about one another.

    Args:
        data: The file as plain data.
        stream: The stream of the stack that it is for. On a live one a missing `go_live` is an error, on a test one it
            does not matter; None when that is not known.
    """
    try:
        file = RoutingFile.model_validate(data)
    except ValidationError as error:
        return Checked(tuple(_shape_problems(error)), None)
    stored = file.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    stored.setdefault("partners", {})
    routing = Routing.from_data(stored)
    found = [*_companies(file), *_partners(file), *_numbers(routing), *_layers(file)]
    if stream is not Stream.TEST:
        found += _go_lives(routing, fatal=stream is Stream.LIVE)
    return Checked(tuple(sorted(found, key=lambda problem: not problem.fatal)), stored)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    schema = RoutingFile.model_json_schema(mode="validation")
    schema["properties"]["$schema"] = {"type": "string"}
    tidy: dict[str, Any] = _tidied(schema)
    return {"$schema": _SCHEMA_ID, **tidy, "title": "connector.yaml"}


def _tidied(schema: Any) -> Any:
    """Without what pydantic adds for itself: titles of its own making, and null as the way to leave a key out."""
    if isinstance(schema, list):
        return [_tidied(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema = {**choices[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    # A property may itself be called title or default, and is then a schema, no text and no value.
    return {
        key: _tidied(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and not isinstance(value, str))
    }


_KNOWN_KEYS = sorted(
    {
        name
        for part in (
            *(
                CompanyPart,
                PartnerPart,
                KindPart,
                KindsPart,
                CompanyVismaPart,
                PartnerVismaPart,
                OrderfulPart,
                IsaIdPart,
            ),
            *(
                SendWhenPart,
                ChangesPart,
                ExpectedPart,
                ItemPart,
                TermsPart,
                X12Part,
                AddressPart,
                ContactPart,
                RoutingFile,
            ),
        )
        for name in part.model_fields
    }
)

_SENTENCES = {
    "missing": "is missing.",
    "string_type": "must be text.",
    "string_too_short": "is empty.",
    "int_parsing": "must be a whole number.",
    "int_type": "must be a whole number.",
    "bool_parsing": "must be true or false.",
    "bool_type": "must be true or false.",
    "list_type": "must be a list.",
    "dict_type": "must hold keys and values.",
    "model_type": "must hold keys and values.",
    "too_short": "needs at least one entry.",
}


def _shape_problems(error: ValidationError) -> Iterator[Problem]:
    for found in error.errors():
        path = ".".join(str(step) for step in found["loc"] if step != "[key]") or "file"
        yield Problem(path, _sentence(found["type"], found))


def _sentence(kind: str, found: Mapping[str, Any]) -> str:
    context = found.get("ctx", {})
    if kind == "extra_forbidden":
        name = str(found["loc"][-1])
        if name in KindPart.model_fields and name not in LayerPart.model_fields:
            # It exists, one step further in.
            return f"is set for a kind of document: write kinds.<kind>.{name}, with {', '.join(Kind)} as <kind>."
        near = get_close_matches(name, _KNOWN_KEYS, n=1)
        return f"is no key of the routing file{f'; did you mean {near[0]}' if near else ''}."
    if kind in {"enum", "literal_error"}:
        return f"'{found['input']}' is not allowed; write {context['expected'].replace(chr(39), '')}."
    if kind == "value_error":
        return f"{context['error']}."
    if kind == "string_pattern_mismatch":
        return f"'{found['input']}' is not allowed here; it must look like {context['pattern']}."
    return _SENTENCES.get(kind, f"{found['msg'][0].lower()}{found['msg'][1:]}.")


def _companies(file: RoutingFile) -> Iterator[Problem]:
    polled: dict[tuple[str, str | None], str] = {}
    for name, company in file.companies.items():
        path = f"companies.{name}"
        yield from _stream_ids(path, company.orderful.isa_id)
        for (company_id, branch), other in polled.items():
            if company_id == company.visma.company_id and (
                branch == company.visma.branch or branch is None or company.visma.branch is None
            ):
                yield Problem(
                    f"{path}.visma.company_id",
                    f"is also that of {other}, so both would send the same documents; give each a branch of its own.",
                )
        polled[company.visma.company_id, company.visma.branch] = name
        if not any(partner.company == name for partner in file.partners.values()):
            yield Problem(path, "has no partner yet: all of its documents will be parked.", fatal=False)
        if company.name is None:
            yield Problem(
                f"{path}.name",
                "is missing: documents leave without the legal name of the buyer or seller, which many partners "
                "refuse. Add it.",
                fatal=False,
            )
        yield from _polling(file, path, company)


def _go_lives(routing: Routing, *, fatal: bool) -> Iterator[Problem]:
    for name in routing.data["companies"]:
        try:
            company = routing.companies[name]
            sent = [route.go_live for route in routing.routes_of(name) if route.send]
        except Misconfigured as error:
            yield Problem(f"companies.{name}", str(error))
            continue
        if None in (sent or [company.go_live]):
            yield Problem(
                f"companies.{name}.go_live",
                "is missing: a live stack needs the day from which documents are sent by themselves. "
                "Write one like 2026-12-01.",
                fatal=fatal,
            )


def _polling(file: RoutingFile, path: str, company: CompanyPart) -> Iterator[Problem]:
    defaults = file.defaults or PollingSettings()
    settle, cap = (company.settle or defaults.settle or "2m"), (company.settle_cap or defaults.settle_cap or "30m")
    if duration(settle) > duration(cap):
        yield Problem(f"{path}.settle", f"{settle} is longer than settle_cap {cap}, so it would never be waited for.")
    overlap = company.overlap or defaults.overlap
    if overlap and company.visma.time_zone is None and duration(overlap) < duration(UNCALIBRATED_OVERLAP):
        yield Problem(
            f"{path}.overlap",
            f"{overlap} is short while visma.time_zone is not known: changes could be missed below "
            f"{UNCALIBRATED_OVERLAP} if Visma's clock is west of UTC; `connector doctor` helps to find the zone.",
            fatal=False,
        )


def _partners(file: RoutingFile) -> Iterator[Problem]:
    for name, partner in file.partners.items():
        path = f"partners.{name}"
        yield from _stream_ids(path, partner.orderful.isa_id)
        company = file.companies.get(partner.company)
        if company is None:
            near = get_close_matches(partner.company, file.companies, n=1)
            hint = f"; did you mean {near[0]}" if near else ""
            yield Problem(f"{path}.company", f"'{partner.company}' is no company of this file{hint}.")
        else:
            ours, theirs = company.orderful.isa_id, partner.orderful.isa_id
            for stream in ("live", "test"):
                if getattr(ours, stream) == getattr(theirs, stream):
                    yield Problem(
                        f"{path}.orderful.isa_id.{stream}",
                        f"'{getattr(theirs, stream)}' is the id of our own company {partner.company}.",
                    )
        if partner.visma.supplier is None and partner.visma.customer is None:
            yield Problem(f"{path}.visma", "needs a supplier or a customer number.")
        for kind, _ in _kinds(partner):
            if getattr(partner.visma, role_of(kind)) is None:
                yield Problem(
                    f"{path}.kinds.{kind}", f"never applies: the partner has no {role_of(kind)} number.", fatal=False
                )


def _stream_ids(path: str, isa_id: IsaIdPart) -> Iterator[Problem]:
    if isa_id.live == isa_id.test:
        yield Problem(
            f"{path}.orderful.isa_id",
            f"live and test are both '{isa_id.live}': only the stream keeps test and live documents apart.",
            fatal=False,
        )


def _numbers(routing: Routing) -> Iterator[Problem]:
    holders: dict[tuple[str, str, str], list[str]] = {}
    for company, partner, role, number in routing.numbers():
        holders.setdefault((company, role, number), []).append(partner)
    for (company, role, number), partners in holders.items():
        if len(partners) > 1:
            yield Problem(
                f"partners.{partners[-1]}.visma.{role}",
                f"'{number}' of company {company} is mapped twice, to {' and '.join(partners)}; keep one.",
            )


def _kinds(layer: LayerPart) -> Iterator[tuple[Kind, KindPart]]:
    for kind in Kind:
        settings = getattr(layer.kinds, kind.value, None)
        if settings is not None:
            yield kind, settings


def _layers(file: RoutingFile) -> Iterator[Problem]:
    """What can be wrong inside a layer of settings, for all layers of the file."""
    layers: list[tuple[str, LayerPart]] = [("defaults", file.defaults)] if file.defaults else []
    layers += [(f"companies.{name}", company) for name, company in file.companies.items()]
    layers += [(f"partners.{name}", partner) for name, partner in file.partners.items()]
    for path, layer in layers:
        yield from _settings(path, layer)
        for kind, settings in _kinds(layer):
            yield from _settings(f"{path}.kinds.{kind}", settings)


def _settings(path: str, settings: Settings) -> Iterator[Problem]:
    from connector.edi.units import known_units

    if settings.x12:
        yield from _left_out(f"{path}.x12.leave_out", settings.x12.leave_out or [])
    known = known_units()
    for word, unit in (settings.units or {}).items():
        if unit not in known:
            near = get_close_matches(unit, known, n=1)
            hint = f"did you mean {near[0]}" if near else "choose one of " + ", ".join(sorted(known))
            yield Problem(f"{path}.units.{word}", f"'{unit}' is no unit the connector knows; {hint}.")
    for terms_id, rule in (settings.terms or {}).items():
        if (rule.discount_percent is None) != (rule.discount_days is None):
            yield Problem(f"{path}.terms.{terms_id}", "discount_percent and discount_days only make sense together.")
        elif rule.net_days is not None and rule.discount_days is not None and rule.discount_days > rule.net_days:
            yield Problem(
                f"{path}.terms.{terms_id}.discount_days",
                f"{rule.discount_days} days are more than net_days {rule.net_days}: the discount would end after the "
                "whole is due.",
            )
    yield from _order_types(f"{path}.order_types", settings.order_types or {})
    yield from _gtins(f"{path}.items", settings.items or {})
    if settings.send_when:
        yield from _statuses(f"{path}.send_when", settings.send_when)
    if settings.changes:
        yield from _change_statuses(f"{path}.changes", settings.changes)


def _order_types(path: str, words: Mapping[str, str]) -> Iterator[Problem]:
    for word, meaning in words.items():
        if word == "StandardBlanket" and meaning != DO_NOT_SEND:
            yield Problem(
                f"{path}.{word}",
                "is never sent: a Standard order of Visma is a pattern that is neither received nor billed. Take it "
                "out.",
            )
        elif word == "Blanket" and meaning == "standalone":
            yield Problem(
                f"{path}.{word}",
                "standalone orders the goods of a blanket order at once, and those of its call-offs again; write "
                "blanketFirm, blanketEstimated or do_not_send.",
                fatal=False,
            )
        elif word not in VISMA_ORDER_TYPES:
            yield Problem(f"{path}.{word}", "is no order type that Visma documents.", fatal=False)


def _gtins(path: str, items: Mapping[str, ItemPart]) -> Iterator[Problem]:
    """A GTIN is of one item. It is the same with and without leading zeros."""
    holders: dict[str, str] = {}
    for item, ids in items.items():
        if ids.gtin is None:
            continue
        other = holders.setdefault(ids.gtin.zfill(14), item)
        if other != item:
            yield Problem(
                f"{path}.{item}.gtin",
                f"'{ids.gtin}' is also that of item {other}: a partner cannot tell the two apart.",
                fatal=False,
            )


def _left_out(path: str, segments: list[str]) -> Iterator[Problem]:
    from connector.edi.x12.dictionary import INDISPENSABLE, WRITTEN

    for segment in segments:
        if segment in INDISPENSABLE:
            yield Problem(path, f"{segment} cannot be left out: X12 cannot do without it. Take it off the list.")
        elif segment not in WRITTEN:
            yield Problem(path, f"{segment} never applies: the connector does not write this segment.", fatal=False)


def _change_statuses(path: str, changes: ChangesPart) -> Iterator[Problem]:
    known = VISMA_STATUSES[Kind.PURCHASE_ORDER]
    for setting in ("statuses", "hold_first"):
        for word in getattr(changes, setting) or ():
            if word not in known:
                yield Problem(f"{path}.{setting}", f"'{word}' is no status that Visma documents for it.", fatal=False)
    for word in sorted(set(changes.hold_first or ()) - set(changes.statuses or changes.hold_first or ())):
        yield Problem(f"{path}.hold_first", f"'{word}' is not one of statuses, so it never applies.", fatal=False)


def _statuses(path: str, send_when: SendWhenPart) -> Iterator[Problem]:
    invoice = VISMA_STATUSES[Kind.SUPPLIER_INVOICE] | VISMA_STATUSES[Kind.CUSTOMER_INVOICE]
    known: Mapping[str, Iterable[str]] = {
        **{kind.value: words for kind, words in VISMA_STATUSES.items()},
        "invoice": invoice,
    }
    for key, words in known.items():
        for word in getattr(send_when, key) or ():
            if word not in words:
                yield Problem(f"{path}.{key}", f"'{word}' is no status that Visma documents for it.", fatal=False)
            elif word == HOLD:
                yield Problem(
                    f"{path}.{key}", "Hold sends drafts: documents that somebody still works on.", fatal=False
                )
