"""Routing: from the file's plain data to a `Company` to poll and a `Route` for one document.

Settings resolve in layers, the later one wins: built-in -> defaults -> company -> partner. Each of the last three may
say more of one kind of document (`kinds`), which goes before what it says of all. Maps (`units`, `items`, `terms`,
`send_when`, `order_types`, `x12`, `changes`, `expected`) merge key by key, everything else is overridden as a whole.

The data is the checked file (`routing_file.py`) as plain JSON; nothing is validated here again beyond what a wrong
value would break, so that a cold start pays only for the routes it asks for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from connector.domain.advice import correction
from connector.domain.documents import Address, Contact, Kind
from connector.domain.errors import Misconfigured, Parked, UnmappedPartner
from connector.domain.inbound import TAKEN_BY_DEFAULT
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Expected
from connector.domain.revision.go_live import BeforeGoLive, GoLive
from connector.domain.routing.route import (
    DO_NOT_SEND,
    NEVER,
    Acknowledgment,
    ChangeRules,
    Charset,
    Company,
    Description,
    DialectChoice,
    EnteredAmount,
    Identity,
    ItemIds,
    LineDate,
    Notes,
    OnLines,
    OnRevision,
    OnUnmapped,
    Overflow,
    QuantityReading,
    Route,
    TermsRule,
    VismaTenant,
    WithoutItem,
    X12Options,
)
from connector.domain.transactions import IsaId, Stream, TransactionType
from connector.domain.visma_clock import zone_named

CALIBRATED_OVERLAP = "15m"
"""Visma: rows may become visible minutes after their time stamp; requests may run for up to 4 minutes."""

UNCALIBRATED_OVERLAP = "2h5m"
"""Visma: the zone of `lastModifiedDateTime` is undocumented; Nordic local time is at most 2 h away from UTC."""

SUPPLIER_KINDS = (Kind.PURCHASE_ORDER, Kind.SUPPLIER_INVOICE)
"""Kinds whose counterparty is a Visma supplier; the others go to a customer."""

_BUILT_IN: Mapping[str, Any] = MappingProxyType(
    {
        "dialect": DialectChoice.AUTO.value,
        "send_when": {
            "purchase_order": ["Open", "PendingPrint", "PendingEmail", "Printed"],
            "invoice": ["Open", "Closed"],
        },
        # A change waits for a person unless somebody has allowed it.
        "changes": {
            "quantity": "0%",
            "price": "0%",
            "dates": "0d",
            "lines": OnLines.PARK.value,
            "statuses": ["Hold", "Open", "PendingPrint", "PendingEmail", "Printed"],
            "hold_first": [],
        },
        # By when a sent document reaches each stage, from the moment in which it was sent.
        "expected": {"valid": "1h", "sent": "15m", "delivered": "24h", "acknowledged": "24h"},
        "acknowledgment": Acknowledgment.REQUIRED.value,
        "settle": "2m",
        "unmapped_partner": OnUnmapped.PARK.value,
        "settle_cap": "30m",
        "order_types": {
            "RegularOrder": "standalone",
            "DropShip": "dropship",
            "Blanket": "blanketFirm",
            # Visma: a Standard order is a pattern from which orders are made; it is never received or billed.
            "StandardBlanket": DO_NOT_SEND,
        },
        "send": True,
        "before_go_live": BeforeGoLive.PARK.value,
        "line_date": LineDate.PROMISED.value,
        "notes": Notes.NONE.value,
        "lines_without_item": WithoutItem.PARK.value,
        "entered_amount": EnteredAmount.PARK.value,
        # Visma: seen in examples; the base product can name a customer's main location after a branch instead.
        "main_locations": ["MAIN"],
    }
)
_PAGE_SIZE = 200

_DURATION = re.compile(r"(?=\d)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
# Ten years: a date that is moved by so much is still a date.
_LONGEST_DURATION = timedelta(days=3652)

_Word = TypeVar("_Word", bound=StrEnum)


def duration(text: str) -> timedelta:
    """Read a duration as the file writes it: `90s`, `2m`, `4h`, `14d`, or several in falling order (`2h5m`).

    Raises:
        ValueError: the text is no such duration, or one of more than ten years.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text[:40]}' is no duration; write 90s, 2m, 4h, 14d or 2h5m")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total > _LONGEST_DURATION.total_seconds():
        raise ValueError(f"'{text}' is longer than ten years")
    return timedelta(seconds=total)


class Layer(NamedTuple):
    """One layer of settings: its word in `Route.origin`, and what it says."""

    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class LayeredItems(Mapping[str, ItemIds]):
    """Item identifiers of all layers, merged per field when an item is asked for: catalogues run to thousands.

    A GTIN given in `defaults` stays in force when a partner adds only its own number.
    """

    layers: Sequence[Mapping[str, Any]]

    def __getitem__(self, item: str) -> ItemIds:
        """What `item` is called outside; raises `KeyError` when no layer names it."""
        found = [layer[item] for layer in self.layers if item in layer]
        if not found:
            raise KeyError(item)
        ids: dict[str, Any] = {}
        for entry in found:
            ids.update({field: value for field, value in entry.items() if value is not None})
        return ItemIds(gtin=_text(ids.get("gtin")), partner_item=_text(ids.get("partner_item")))

    def __iter__(self) -> Iterator[str]:
        """Every item that a layer names, once."""
        return iter(dict.fromkeys(item for layer in self.layers for item in layer))

    def __len__(self) -> int:
        """How many items are named."""
        return len({item for layer in self.layers for item in layer})


class Routing:
    """The applied routing file: companies to poll, and the route of every document.

    Resolving is lazy and remembered, per company and per (company, kind, number).
    """

    def __init__(self, data: Mapping[str, Any], *, version: str | None = None) -> None:
        """Hold `data`; `version` saves the hashing where the store already knows it."""
        self.data = data
        self._version = version
        self._routes: dict[tuple[str, Kind, str], Route] = {}
        self._expected: dict[tuple[str, Kind, str | None], Expected] = {}

    @classmethod
    def from_data(cls, data: Any, *, version: str | None = None) -> Routing:
        """Take the plain data of a routing file.

        Raises:
            Misconfigured: the data is no routing at all.
        """
        if not isinstance(data, Mapping) or not isinstance(data.get("companies"), Mapping):
            raise Misconfigured("The routing has no companies.", next_step=_CHECK)
        return cls(data, version=version)

    @property
    def version(self) -> str:
        """A short hash of the content: equal content has an equal version, whatever the order of its keys."""
        if self._version is None:
            canonical = json.dumps(self.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            self._version = hashlib.sha256(canonical.encode()).hexdigest()[:16]
        return self._version

    @cached_property
    def companies(self) -> Mapping[str, Company]:
        """Every company by its name in the file.

        Raises:
            Misconfigured: a company lacks what polling it needs.
        """
        return MappingProxyType({name: self._company(name) for name in self.data["companies"]})

    def route(self, company: str, kind: Kind, number: str) -> Route:
        """Resolve the route of a document.

        Args:
            company: Name of the company in the file.
            kind: What the document is.
            number: Visma's supplier number (purchase order, supplier invoice) or customer number (customer invoice).

        Raises:
            Parked: the company or the number is not mapped, or the number is mapped twice.
            Misconfigured: a setting on the way has a value that no check would have passed.
        """
        wanted = (company, kind, number)
        if wanted not in self._routes:
            self._routes[wanted] = self._resolve(company, kind, self._partner(company, kind, number))
        return self._routes[wanted]

    def expected(self, company: str, kind: Kind, partner: str | None) -> Expected:
        """By when a document that was sent to a partner reaches each stage.

        What routing no longer names has no layer of its own: defaults and what is built in still count.

        Raises:
            Misconfigured: a setting has a value that no check would have passed.
        """
        wanted = (company, kind, partner)
        if wanted not in self._expected:
            layers = self._layers(company, kind, partner or "", {})
            times, acknowledgment = _merged(layers, "expected", {}), _scalar(layers, "acknowledgment")[0]
            self._expected[wanted] = _expected(times, acknowledgment, f"partners.{partner}")
        return self._expected[wanted]

    def routes_of(self, company: str) -> Iterator[Route]:
        """Every route of a company: of each partner, for the kinds that it has a number for, sent or not.

        Raises:
            Misconfigured: as `route`.
        """
        partners = _table(self.data, "partners")
        for name in partners:
            entry = _table(partners, name)
            if str(entry.get("company")) == company:
                numbers = _table(entry, "visma")
                for kind in Kind:
                    if numbers.get(role_of(kind)) is not None:
                        yield self._resolve(company, kind, name)

    def companies_mapping(self, kind: Kind, number: str) -> tuple[str, ...]:
        """Names of the companies that have a partner with this supplier or customer number."""
        role = role_of(kind)
        return tuple(sorted({company for company, of, mapped in self._index if of == role and mapped == number}))

    def receivers(self, receiver_id: str, sender_id: str, stream: Stream) -> tuple[str, ...]:
        """Names of the companies that have this ISA id on `stream`.

        Companies may share one; then those count that have a partner with the ISA id of the sender, if any has.
        """
        ours = [name for name, company in self.companies.items() if company.isa_id.on(stream) == receiver_id]
        if len(ours) < 2:
            return tuple(ours)
        known = {company for company, _ in self.senders(sender_id, stream)}
        return tuple(name for name in ours if name in known) or tuple(ours)

    def senders(self, sender_id: str, stream: Stream) -> tuple[tuple[str, str], ...]:
        """Company and name of every partner that has this ISA id on `stream`."""
        partners = _table(self.data, "partners")
        return tuple(
            (str(partner.get("company")), name)
            for name, partner in partners.items()
            if _isa_id(partner, f"partners.{name}").on(stream) == sender_id
        )

    @cached_property
    def takes(self) -> frozenset[str]:
        """X12 numbers of the documents that are taken from inboxes (`inbound.take`)."""
        take = _table(self.data, "inbound").get("take")
        return frozenset(TAKEN_BY_DEFAULT if take is None else map(str, take))

    def supplies(self, partner: str) -> bool:
        """Whether the partner is a supplier, of whatever else it may be."""
        return _table(self.data["partners"][partner], "visma").get("supplier") is not None

    def buys(self, partner: str) -> bool:
        """Whether the partner is a customer, of whatever else it may be."""
        return _table(self.data["partners"][partner], "visma").get("customer") is not None

    def numbers(self) -> Iterator[tuple[str, str, str, str]]:
        """Every mapped number: (company, partner, `supplier` or `customer`, number)."""
        for (company, role, number), partners in self._index.items():
            for partner in partners:
                yield company, partner, role, number

    @cached_property
    def _index(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        found: dict[tuple[str, str, str], tuple[str, ...]] = {}
        partners = _table(self.data, "partners")
        for name in partners:
            partner = _table(partners, name)
            for role, number in _table(partner, "visma").items():
                if number is not None:
                    key = (str(partner.get("company")), role, str(number))
                    found[key] = (*found.get(key, ()), name)
        return found

    def _partner(self, company: str, kind: Kind, number: str) -> str:
        if company not in self.data["companies"]:
            raise Parked(
                f"Company '{company}' is not in the routing.",
                next_step=f"Add companies.{company} to the routing file and apply it.",
                field="company",
                waits_for=f"companies.{company}",
                code=Reason.UNKNOWN_COMPANY,
            )
        role = role_of(kind)
        if not number:
            raise Parked(
                f"The document names no {role}.",
                next_step=correction(kind, "Complete it in Visma."),
                field=f"{role}.number",
                code=Reason.FIELD_MISSING,
            )
        partners = self._index.get((company, role, number), ())
        if not partners:
            key = f'partners.<name>.visma.{role}: "{number}"'
            raise UnmappedPartner(
                f"{role.capitalize()} {number} of company {company} is mapped to no partner.",
                next_step=f"Add {key} with company: {company} and the partner's orderful.isa_id to the routing file, "
                "and apply it.",
                field=f"{role}.number",
                waits_for=key,
            )
        if len(partners) > 1:
            names = " and ".join(sorted(partners))
            raise Parked(
                f"{role.capitalize()} {number} of company {company} is mapped twice, to {names}.",
                next_step=f"Keep visma.{role} in only one of them and apply the routing file.",
                field=f"{role}.number",
                waits_for=f"partners.{min(partners)}.visma.{role}",
                code=Reason.PARTNER_MAPPED_TWICE,
            )
        return partners[0]

    def _company(self, name: str) -> Company:
        where = f"companies.{name}"
        entry = _table(self.data["companies"], name)
        visma = _table(entry, "visma")
        zone = _text(visma.get("time_zone"))
        layers = [
            Layer("built-in", {**_BUILT_IN, "overlap": CALIBRATED_OVERLAP if zone else UNCALIBRATED_OVERLAP}),
            Layer("default", _table(self.data, "defaults")),
            Layer("company", entry),
        ]
        overlap, settle, settle_cap = (
            _duration_at(where, key, _scalar(layers, key)[0]) for key in ("overlap", "settle", "settle_cap")
        )
        kinds_off = frozenset(
            kind for kind in Kind if not _scalar([*layers[:1], *_kind_layers(layers[1:], kind)], "send")[0]
        )
        tenant = VismaTenant(
            company_id=_needed(visma, "company_id", f"{where}.visma"),
            tenant_id=_needed(visma, "tenant_id", f"{where}.visma"),
            time_zone=zone,
            branch=_text(visma.get("branch")),
            overlap=overlap,
            settle=settle,
            settle_cap=settle_cap,
            page_size=int(visma.get("page_size") or _PAGE_SIZE),
        )
        return Company(
            name=name,
            visma=tenant,
            isa_id=_isa_id(entry, where),
            identity=_identity(entry),
            unmapped_partner=_word(OnUnmapped, _scalar(layers, "unmapped_partner")[0], where, "unmapped_partner"),
            go_live=_go_live(_scalar(layers, "go_live")[0], zone, where),
            before_go_live=_word(BeforeGoLive, _scalar(layers, "before_go_live")[0], where, "before_go_live"),
            kinds_off=kinds_off,
            kinds_unsent=frozenset(kind for kind in kinds_off if (name, kind) not in self._switched_on),
            branches=MappingProxyType(
                {number: _identity(_table(_table(entry, "branches"), number)) for number in _table(entry, "branches")}
            ),
            places=MappingProxyType({number: str(name) for number, name in _table(entry, "places").items()}),
        )

    @cached_property
    def _switched_on(self) -> frozenset[tuple[str, Kind]]:
        """Company and kind of each `send: true` that stands in the entry of a partner."""
        partners = [Layer("partner", entry) for entry in _table(self.data, "partners").values()]
        return frozenset(
            (str(partner.settings.get("company")), kind)
            for partner in partners
            for kind in Kind
            if _scalar(list(_kind_layers([partner], kind)), "send")[0]
        )

    def _resolve(self, company: str, kind: Kind, partner: str) -> Route:
        entry = self.data["partners"][partner]
        where = f"partners.{partner}"
        on_revision = OnRevision.PARK if kind.is_invoice else OnRevision.REPLACE
        description = Description.KEEP if kind is Kind.SUPPLIER_INVOICE else Description.SEND
        of_kind = {"on_revision": on_revision.value, "description": description.value}
        layers = self._layers(company, kind, partner, of_kind)
        origin: dict[str, str] = {}

        def scalar(setting: str) -> Any:
            value, layer = _scalar(layers, setting)
            if layer is not None:
                origin[setting] = layer
            return value

        def merged(setting: str) -> dict[str, Any]:
            return _merged(layers, setting, origin)

        def word(words: type[_Word], setting: str) -> _Word:
            return _word(words, scalar(setting), where, setting)

        x12 = merged("x12")
        item_layers = [layer for layer in layers if _table(layer.settings, "items")]
        if item_layers:
            origin["items"] = ", ".join(layer.name for layer in item_layers)
        require_item_id = _text(scalar("require_item_id"))
        return Route(
            company=self.companies[company],
            partner=partner,
            kind=kind,
            transaction_type=TransactionType.INVOICE if kind.is_invoice else TransactionType.PURCHASE_ORDER,
            partner_isa_id=_isa_id(entry, where),
            partner_identity=_identity(entry),
            send=bool(scalar("send")),
            send_when=_send_when(layers, kind, origin),
            dialect=word(DialectChoice, "dialect"),
            on_revision=word(OnRevision, "on_revision"),
            currency=_text(scalar("currency")),
            units=MappingProxyType({word: str(unit) for word, unit in merged("units").items()}),
            items=LayeredItems([_table(layer.settings, "items") for layer in item_layers]),
            require_item_id=require_item_id,
            terms=MappingProxyType({name: _terms(rule) for name, rule in merged("terms").items()}),
            order_types=MappingProxyType({word: str(meaning) for word, meaning in merged("order_types").items()}),
            x12=_x12(x12, where),
            changes=_changes(merged("changes"), where),
            # A partner's own numbers belong to the partner; GTINs are the same for everyone.
            item_key=f"{where}.items" if require_item_id == "partner_item" else "defaults.items",
            origin=MappingProxyType(origin),
            go_live=_go_live(scalar("go_live"), self.companies[company].visma.time_zone, where),
            before_go_live=word(BeforeGoLive, "before_go_live"),
            line_date=word(LineDate, "line_date"),
            notes=word(Notes, "notes"),
            description=word(Description, "description"),
            lines_without_item=word(WithoutItem, "lines_without_item"),
            entered_amount=word(EnteredAmount, "entered_amount"),
            main_locations=frozenset(str(name).casefold() for name in scalar("main_locations")),
            expected=_expected(merged("expected"), scalar("acknowledgment"), where),
        )

    def _layers(self, company: str, kind: Kind, partner: str, of_kind: Mapping[str, Any]) -> list[Layer]:
        """What each layer says of a kind of document; `of_kind` is built in."""
        layers = [
            Layer("default", _table(self.data, "defaults")),
            Layer("company", _table(self.data["companies"], company)),
            Layer("partner", _table(_table(self.data, "partners"), partner)),
        ]
        return [Layer("built-in", {**_BUILT_IN, **of_kind}), *_kind_layers(layers, kind)]


_CHECK = "Run `connector config check` on the routing file, then apply it."


def role_of(kind: Kind) -> str:
    """The Visma register that holds the counterparty of a kind: `supplier` or `customer`."""
    return "supplier" if kind in SUPPLIER_KINDS else "customer"


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _needed(data: Mapping[str, Any], key: str, where: str) -> str:
    if data.get(key) is None:
        raise Misconfigured(f"The routing lacks {where}.{key}.", next_step=_CHECK)
    return str(data[key])


def _kind_layers(layers: Sequence[Layer], kind: Kind) -> Iterator[Layer]:
    """Each layer, followed by what it says of one kind of document."""
    for layer in layers:
        yield layer
        of_kind = _table(_table(layer.settings, "kinds"), kind.value)
        if of_kind:
            yield Layer("kind" if layer.name == "partner" else f"{layer.name} kind", of_kind)


def _go_live(value: Any, zone: str | None, where: str) -> GoLive | None:
    if value is None:
        return None
    try:
        return GoLive.parse(str(value), zone_named(zone))
    except ValueError as error:
        raise Misconfigured(f"The routing is wrong at {where}.go_live: {error}.", next_step=_CHECK) from None


def _scalar(layers: Sequence[Layer], setting: str) -> tuple[Any, str | None]:
    """The strongest value of a setting and its layer; null in the file means "not set here"."""
    for layer in reversed(layers):
        if layer.settings.get(setting) is not None:
            return layer.settings[setting], layer.name
    return None, None


def _merged(layers: Sequence[Layer], setting: str, origin: dict[str, str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in _table(layer.settings, setting).items():
            if value is not None:
                merged[str(key)] = value
                origin[f"{setting}.{key}"] = layer.name
                origin[setting] = layer.name
    return merged


def _send_when(layers: Sequence[Layer], kind: Kind, origin: dict[str, str]) -> frozenset[str]:
    """The words of the strongest layer that speaks of `kind`; inside a layer the exact kind goes before `invoice`."""
    keys = (kind.value, "invoice") if kind.is_invoice else (kind.value,)
    for layer in reversed(layers):
        said = _table(layer.settings, "send_when")
        words = next((said[key] for key in keys if said.get(key) is not None), None)
        if words is not None:
            origin["send_when"] = layer.name
            return frozenset(str(word) for word in words)
    return frozenset()


def _duration_at(where: str, key: str, value: Any) -> timedelta:
    try:
        return duration(str(value))
    except ValueError as error:
        raise Misconfigured(f"The routing is wrong at {where}.{key}: {error}.", next_step=_CHECK) from None


def _word(words: type[_Word], value: Any, where: str, setting: str) -> _Word:
    try:
        return words(str(value))
    except ValueError:
        raise Misconfigured(
            f"The routing for {where} says {setting}: {value}, which is none of {', '.join(words)}.", next_step=_CHECK
        ) from None


def _expected(times: Mapping[str, Any], acknowledgment: Any, where: str) -> Expected:
    is_required = _word(Acknowledgment, acknowledgment, where, "acknowledgment") is Acknowledgment.REQUIRED
    where = f"{where}.expected"
    delivered = times["delivered"]
    return Expected(
        valid=_duration_at(where, "valid", times["valid"]),
        sent=_duration_at(where, "sent", times["sent"]),
        delivered=None if delivered == NEVER else _duration_at(where, "delivered", delivered),
        acknowledged=_duration_at(where, "acknowledged", times["acknowledged"]) if is_required else None,
    )


def _isa_id(entry: Mapping[str, Any], where: str) -> IsaId:
    ids = _table(_table(entry, "orderful"), "isa_id")
    return IsaId(
        live=_needed(ids, "live", f"{where}.orderful.isa_id"), test=_needed(ids, "test", f"{where}.orderful.isa_id")
    )


def _identity(entry: Mapping[str, Any]) -> Identity:
    address, contact = entry.get("address"), entry.get("contact")
    return Identity(
        name=_text(entry.get("name")),
        gln=_text(entry.get("gln")),
        vat_number=_text(entry.get("vat_number")),
        address=_address(address) if isinstance(address, Mapping) else None,
        contact=_contact(contact) if isinstance(contact, Mapping) else None,
    )


def _address(data: Mapping[str, Any]) -> Address:
    fields = ("postal_code", "city", "region", "country")
    return Address(
        lines=tuple(str(line) for line in data.get("lines") or ()),
        **{field: _text(data.get(field)) for field in fields},
    )


def _contact(data: Mapping[str, Any]) -> Contact:
    return Contact(**{field: _text(data.get(field)) for field in ("name", "attention", "email", "phone", "fax")})


def _terms(rule: Mapping[str, Any]) -> TermsRule:
    net, days = rule.get("net_days"), rule.get("discount_days")
    return TermsRule(
        net_days=None if net is None else int(net),
        discount_percent=_text(rule.get("discount_percent")),
        discount_days=None if days is None else int(days),
    )


def _changes(rules: Mapping[str, Any], where: str) -> ChangeRules:
    where = f"{where}.changes"
    reading = rules.get("quantities")
    return ChangeRules(
        quantity=_share(where, "quantity", rules["quantity"]),
        price=_share(where, "price", rules["price"]),
        dates=_duration_at(where, "dates", rules["dates"]),
        lines=_word(OnLines, rules["lines"], where, "lines"),
        quantities=None if reading is None else _word(QuantityReading, reading, where, "quantities"),
        codes=MappingProxyType({str(code): str(word) for code, word in _table(rules, "codes").items()}),
        price_bases=MappingProxyType({str(code): int(units) for code, units in _table(rules, "price_bases").items()}),
        statuses=frozenset(str(word) for word in rules["statuses"]),
        hold_first=frozenset(str(word) for word in rules["hold_first"]),
        key=where,
        places=MappingProxyType(
            {str(name).strip().casefold(): str(number).strip() for name, number in _table(rules, "places").items()}
        ),
    )


def _share(where: str, key: str, value: Any) -> Decimal:
    """A percentage as a share: `20%` is 0.2."""
    try:
        return Decimal(str(value).removesuffix("%")) / 100
    except InvalidOperation:
        raise Misconfigured(
            f"The routing is wrong at {where}.{key}: '{value}' is no percentage.", next_step=_CHECK
        ) from None


def _x12(options: Mapping[str, Any], where: str) -> X12Options:
    built_in = X12Options()
    return X12Options(
        version=str(options.get("version", built_in.version)),
        charset=_word(Charset, options.get("charset", built_in.charset), where, "x12.charset"),
        overflow=_word(Overflow, options.get("overflow", built_in.overflow), where, "x12.overflow"),
        remit_to_code=str(options.get("remit_to_code", built_in.remit_to_code)),
        credit_sign=str(options.get("credit_sign", built_in.credit_sign)),
        leave_out=frozenset(str(segment) for segment in options.get("leave_out", ())),
    )
