"""Routing: from the file's plain data to a `Company` to poll and a `Route` for one document.

Settings resolve in layers, and the later one wins: built-in -> defaults -> company -> partner. Each of the last three
may have values for one kind of document (`kinds`), which win over its values for all kinds. Built-in value, type and
merge rule are declared with the setting (`settings.py`, `route.py`).

The data is the checked file (`routing_file.py`) as plain JSON. It is not validated again; only a value that cannot be
read raises an error. So a cold start pays only for the routes that it resolves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from connector.domain.advice import correction
from connector.domain.documents import Kind
from connector.domain.errors import Misconfigured, Parked, UnmappedPartner
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Expected
from connector.domain.revision.go_live import GoLive
from connector.domain.routing.route import (
    SETTINGS,
    UNCALIBRATED_OVERLAP,
    Acknowledgment,
    ChangeRules,
    Company,
    Identity,
    ItemIds,
    Route,
    VismaTenant,
)
from connector.domain.routing.settings import Group, Merge, Place, Setting, declared_in
from connector.domain.transactions import IsaId, Stream
from connector.domain.visma_clock import zone_named

BUILT_IN = "built-in"
"""The name of the layer of built-in values."""


class Layer(NamedTuple):
    """One layer of settings: its name in `Route.origin`, and its values."""

    name: str
    settings: Mapping[str, Any]


class MergedValue(NamedTuple):
    """The merged value of a setting.

    Attributes:
        value: The value as the file has it; None when no layer has one.
        layer: The name of the latest layer that has a value; None when none has.
        of_key: Key -> the name of its layer, if later layers add keys to earlier ones.
    """

    value: Any
    layer: str | None
    of_key: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class LayeredItems(Mapping[str, ItemIds]):
    """Item identifiers of all layers, merged field by field when an item is read: catalogues have thousands of items.

    A GTIN in `defaults` stays in force when a partner adds only its own number.
    """

    layers: Sequence[Mapping[str, Any]]
    _merged: dict[str, ItemIds | None] = field(default_factory=dict, init=False, repr=False)

    def __getitem__(self, item: str) -> ItemIds:
        """The identifiers of `item`; raises `KeyError` when no layer has it."""
        merged: ItemIds | None = self.get(item)
        if merged is None:
            raise KeyError(item)
        return merged

    def get(self, item: str, default: Any = None) -> Any:
        """The identifiers of `item`; `default` when no layer has it, which is remembered as well."""
        try:
            merged = self._merged[item]
        except KeyError:
            merged = self._merged[item] = self._of_layers(item)
        return default if merged is None else merged

    def _of_layers(self, item: str) -> ItemIds | None:
        found = [layer[item] for layer in self.layers if item in layer]
        if not found:
            return None
        gtin, partner_item = (
            next((entry[name] for entry in reversed(found) if entry.get(name) is not None), None)
            for name in ("gtin", "partner_item")
        )
        gtins = {str(unit): str(one) for entry in found for unit, one in (entry.get("gtins") or {}).items() if one}
        return ItemIds(gtin=_text(gtin), partner_item=_text(partner_item), gtins=gtins)

    def __iter__(self) -> Iterator[str]:
        """Every item of a layer, once."""
        return iter(dict.fromkeys(item for layer in self.layers for item in layer))

    def __len__(self) -> int:
        """The number of items."""
        return len({item for layer in self.layers for item in layer})


class Routing:
    """The applied routing file: companies to poll, and the route of every document.

    Routes are resolved on first use and cached, per company and per (company, kind, number).
    """

    def __init__(self, data: Mapping[str, Any], *, version: str | None = None) -> None:
        """Keep `data`; `version` saves the hashing if the store has it already."""
        self.data = data
        self._version = version
        self._routes: dict[tuple[str, Kind, str], Route] = {}
        self._expected: dict[tuple[str, Kind, str | None], Expected] = {}
        self._items: dict[tuple[int, ...], LayeredItems] = {}

    @classmethod
    def from_data(cls, data: Any, *, version: str | None = None) -> Routing:
        """Take the plain data of a routing file.

        Raises:
            Misconfigured: the data is no routing file.
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
            Misconfigured: a company lacks a setting that polling needs.
        """
        return MappingProxyType({name: self._company(name) for name in self.data["companies"]})

    def route(self, company: str, kind: Kind, number: str) -> Route:
        """Resolve the route of a document.

        Args:
            company: Name of the company in the file.
            kind: The kind of the document.
            number: Visma's supplier number (purchase order, supplier invoice) or customer number (customer invoice).

        Raises:
            Parked: the company or the number is not mapped, or the number is mapped twice.
            Misconfigured: a setting of the route has an invalid value.
        """
        wanted = (company, kind, number)
        if wanted not in self._routes:
            self._routes[wanted] = self.route_to(company, kind, self._partner(company, kind, number))
        return self._routes[wanted]

    def expected(self, company: str, kind: Kind, partner: str | None) -> Expected:
        """The expected times of a document that was sent to a partner.

        For a company or partner that is no longer in routing, the defaults and built-in values apply.

        Raises:
            Misconfigured: a setting has an invalid value.
        """
        wanted = (company, kind, partner)
        if wanted not in self._expected:
            layers, where = self._layers(company, kind, partner or ""), f"partners.{partner}"
            found = Expected(**_values(Expected, layers, where, kind, prefix="expected."))
            acknowledgment = _value(SETTINGS["acknowledgment"], layers, where, kind)
            self._expected[wanted] = _as_acknowledged(found, acknowledgment)
        return self._expected[wanted]

    def explain(self, route: Route) -> Iterator[tuple[str, Setting, MergedValue]]:
        """Every setting of a route, as the file has it, with its layer.

        A setting that only a company entry has is named `company.<key>`, one of a partner entry `partner.<key>`.
        """
        company, partner = f"companies.{route.company.name}", f"partners.{route.partner}"
        entries = {
            Place.COMPANY: ("company", Layer(company, _table(self.data["companies"], route.company.name))),
            Place.PARTNER: ("partner", Layer(partner, _table(self.data["partners"], route.partner))),
        }
        layers = self._layers(route.company.name, route.kind, route.partner)
        for key, setting in SETTINGS.items():
            if setting.places == (Place.FILE,):
                yield key, setting, merged_value(setting, [Layer("the file", self.data)])
            elif set(setting.places) <= entries.keys():
                for place in setting.places:
                    word, layer = entries[place]
                    yield f"{word}.{key}", setting, merged_value(setting, [layer])
            elif Place.PARTNER in setting.places or Place.KIND in setting.places:
                yield key, setting, merged_value(setting, layers, route.kind)
            else:
                of_company = _of_zone(setting, route.company.visma.time_zone)
                yield key, setting, merged_value(of_company, self._company_layers(route.company.name))

    def routes_of(self, company: str) -> Iterator[Route]:
        """Every route of a company: for each partner, the kinds for which it has a number, sent or not.

        Raises:
            Misconfigured: as `route`.
        """
        partners = _table(self.data, "partners")
        for name in partners:
            entry = _table(partners, name)
            if str(entry.get("company")) == company:
                numbers = _table(entry, "visma")
                for kind in Kind:
                    if numbers.get(kind.facts.counterparty) is not None:
                        yield self.route_to(company, kind, name)

    def companies_beside(self, company: str) -> tuple[str, ...]:
        """Names of the other companies that are parts of the same Visma company, such as its other branches."""
        own = self.companies[company].visma
        return tuple(
            name
            for name, one in self.companies.items()
            if name != company and (one.visma.company_id, one.visma.tenant_id) == (own.company_id, own.tenant_id)
        )

    def companies_mapping(self, kind: Kind, number: str) -> tuple[str, ...]:
        """Names of the companies that have a partner with this supplier or customer number."""
        role = kind.facts.counterparty
        return tuple(sorted({company for company, of, mapped in self._index if of == role and mapped == number}))

    def partners_mapped(self, company: str, kind: Kind, number: str) -> tuple[str, ...]:
        """Names of the partners of a company that have this supplier or customer number; more than one is an error."""
        return self._index.get((company, kind.facts.counterparty, number), ())

    def partners_now(self, company: str, kind: Kind, number: str | None, recorded: str | None) -> tuple[str, ...]:
        """Names in force of the partner of a recorded document.

        Those that have its supplier or customer number, whatever the partner was called when it was recorded; the
        recorded name where no partner has that number any more.
        """
        return self.partners_mapped(company, kind, number or "") or ((recorded,) if recorded else ())

    def senders_now(
        self, company: str, sender_id: str | None, stream: Stream | None, recorded: str | None
    ) -> tuple[str, ...]:
        """Names in force of the sender of a recorded transaction.

        Partners of the company that have its ISA id: the recorded one if it is among them, else all of them; the
        recorded name where no partner has that ISA id any more.
        """
        found = self.senders(sender_id, stream) if sender_id and stream else ()
        names = tuple(name for of, name in found if of == company)
        return names if names and recorded not in names else (recorded,) if recorded else ()

    def company_of(self, partner: str | None) -> str | None:
        """The company of a partner in force; None for another name."""
        entry = _table(_table(self.data, "partners"), partner or "")
        return str(entry["company"]) if entry.get("company") is not None else None

    def receivers(self, receiver_id: str, sender_id: str, stream: Stream) -> tuple[str, ...]:
        """Names of the companies that have this ISA id on `stream`.

        If several companies share it, only those that have a partner with the sender's ISA id; all if none has.
        """
        ours = [name for name, company in self.companies.items() if company.isa_id.on(stream) == receiver_id]
        if len(ours) < 2:
            return tuple(ours)
        known = {company for company, _ in self.senders(sender_id, stream)}
        return tuple(name for name in ours if name in known) or tuple(ours)

    def senders(self, sender_id: str, stream: Stream) -> tuple[tuple[str, str], ...]:
        """Company and name of every partner that has this ISA id on `stream`."""
        return self._senders.get((stream, sender_id), ())

    @cached_property
    def _senders(self) -> Mapping[tuple[Stream, str], tuple[tuple[str, str], ...]]:
        found: dict[tuple[Stream, str], list[tuple[str, str]]] = {}
        for name, partner in _table(self.data, "partners").items():
            ids = _isa_id(partner, f"partners.{name}")
            for stream in Stream:
                found.setdefault((stream, ids.on(stream)), []).append((str(partner.get("company")), name))
        return {key: tuple(partners) for key, partners in found.items()}

    @cached_property
    def takes(self) -> frozenset[str]:
        """X12 numbers of the documents that are taken from inboxes (`inbound.take`)."""
        taken: frozenset[str] = _value(SETTINGS["inbound.take"], [Layer("the file", self.data)], "", None)
        return taken

    def supplies(self, partner: str) -> bool:
        """Whether the partner has a supplier number; it may have a customer number too."""
        return _table(self.data["partners"][partner], "visma").get("supplier") is not None

    def buys(self, partner: str) -> bool:
        """Whether the partner has a customer number; it may have a supplier number too."""
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
        role = kind.facts.counterparty
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
        zone = merged_value(SETTINGS["visma.time_zone"], [Layer("company", entry)]).value
        layers = self._company_layers(name)
        kinds_off = frozenset(
            kind for kind in Kind if not _value(SETTINGS["send"], list(_kind_layers(layers, kind)), where, kind)
        )
        branches = _table(entry, "branches")
        values = {
            **_values(Company, layers, where, None),
            "branches": MappingProxyType({number: _identity(_table(branches, number), where) for number in branches}),
        }
        return Company(
            name=name,
            visma=VismaTenant(
                company_id=_value(SETTINGS["visma.company_id"], layers, where, None),
                tenant_id=_value(SETTINGS["visma.tenant_id"], layers, where, None),
                **_values(VismaTenant, layers, where, None, of=lambda one: _of_zone(one, zone)),
            ),
            isa_id=_isa_id(entry, where),
            identity=_identity(entry, where),
            go_live=_go_live(merged_value(SETTINGS["go_live"], layers).value, zone, where),
            before_go_live=_value(SETTINGS["before_go_live"], layers, where, None),
            kinds_off=kinds_off,
            kinds_unsent=frozenset(kind for kind in kinds_off if (name, kind) not in self._switched_on),
            **values,
        )

    @cached_property
    def _switched_on(self) -> frozenset[tuple[str, Kind]]:
        """Company and kind of each `send: true` in a partner entry."""
        send = SETTINGS["send"]
        partners = [Layer("partner", entry) for entry in _table(self.data, "partners").values()]
        return frozenset(
            (str(partner.settings.get("company")), kind)
            for partner in partners
            for kind in Kind
            for found in [merged_value(send, list(_kind_layers([partner], kind)), kind)]
            if found.layer != BUILT_IN and found.value
        )

    def route_to(self, company: str, kind: Kind, partner: str) -> Route:
        """The route of a kind of document to a partner of the file, whatever number it has.

        Raises:
            Misconfigured: as `route`.
        """
        entry = self.data["partners"][partner]
        where = f"partners.{partner}"
        layers = self._layers(company, kind, partner)
        origin: dict[str, str] = {}
        values = _values(Route, layers, where, kind, origin)
        rules: ChangeRules = values["changes"]
        # A partner's own numbers belong to the partner; GTINs are the same for everyone.
        item_key = f"{where}.items" if values["require_item_id"] == "partner_item" else "defaults.items"
        of_company = self.companies[company]
        values |= {
            "changes": replace(rules, key=f"{where}.changes"),
            "go_live": _go_live(merged_value(SETTINGS["go_live"], layers).value, of_company.visma.time_zone, where),
            "expected": _as_acknowledged(values["expected"], values["acknowledgment"]),
            "items": self._shared(values["items"]),
        }
        return Route(
            company=of_company,
            partner=partner,
            kind=kind,
            transaction_type=kind.facts.transaction_type,
            partner_isa_id=_isa_id(entry, where),
            partner_identity=_identity(entry, where),
            item_key=item_key,
            origin=MappingProxyType(origin),
            **values,
        )

    def _shared(self, items: LayeredItems) -> LayeredItems:
        """The items of the route that has the same layers, so that an item is merged once for all of them."""
        return self._items.setdefault(tuple(map(id, items.layers)), items)

    def _company_layers(self, company: str) -> list[Layer]:
        return [
            Layer("default", _table(self.data, "defaults")),
            Layer("company", _table(self.data["companies"], company)),
        ]

    def _layers(self, company: str, kind: Kind, partner: str) -> list[Layer]:
        """The layers for a kind of document."""
        of_partner = Layer("partner", _table(_table(self.data, "partners"), partner))
        return list(_kind_layers([*self._company_layers(company), of_partner], kind))


_CHECK = "Run `connector config check` on the routing file, then apply it."


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _kind_layers(layers: Sequence[Layer], kind: Kind) -> Iterator[Layer]:
    """Each layer, followed by its values for one kind of document."""
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


def merged_value(setting: Setting, layers: Sequence[Layer], kind: Kind | None = None) -> MergedValue:
    """Merge the values of a setting from all layers; null in the file means "not set here"."""
    if setting.merge is Merge.REPLACE:
        for layer in reversed(layers):
            if (value := _at(layer.settings, setting.key)) is not None:
                return MergedValue(value, layer.name)
        value = setting.built_in(kind)
        return MergedValue(value, None if value is None else BUILT_IN)
    given = [(_at(layer.settings, setting.key), layer.name) for layer in layers]
    values = [(value, name) for value, name in given if value is not None]
    built_in = setting.built_in(kind)
    if built_in is not None:
        values.insert(0, (built_in, BUILT_IN))
    if setting.merge is Merge.KEYS:
        return _key_by_key(values)
    if setting.merge is Merge.FIELDS:
        tables = [(value, name) for value, name in values if value and isinstance(value, Mapping)]
        return MergedValue([value for value, _ in tables], ", ".join(name for _, name in tables) or None)
    if kind is not None:
        values = [(_of_kind(value, kind), name) for value, name in values]
    return next(
        (MergedValue(value, name) for value, name in reversed(values) if value is not None), MergedValue(None, None)
    )


def _key_by_key(values: Sequence[tuple[Any, str]]) -> MergedValue:
    merged: dict[str, Any] = {}
    of_key: dict[str, str] = {}
    for value, name in values:
        for key, entry in value.items() if isinstance(value, Mapping) else ():
            if entry is not None:
                merged[str(key)], of_key[str(key)] = entry, name
    return MergedValue(merged, next(reversed(of_key.values()), None), of_key)


def _of_kind(value: Any, kind: Kind) -> Any:
    """The values for `kind`; those of the exact kind win over those of its group."""
    keys = (kind.value, kind.facts.group)
    return next((value[key] for key in keys if isinstance(value, Mapping) and value.get(key) is not None), None)


def _at(data: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key; None when there is none."""
    way, dot, last = key.rpartition(".")
    for step in way.split(".") if dot else ():
        data = _table(data, step)
    return data.get(last)


def _values(
    record: type[Any],
    layers: Sequence[Layer],
    where: str,
    kind: Kind | None,
    origin: dict[str, str] | None = None,
    *,
    prefix: str = "",
    of: Callable[[Setting], Setting] = lambda one: one,
) -> dict[str, Any]:
    """The values of the settings that a record declares; stores the layer of each in `origin`."""
    found: dict[str, Any] = {}
    for name, one in declared_in(record, prefix).items():
        if isinstance(one, Group):
            inside = _values(one.record, layers, where, kind, origin, prefix=f"{one.key}.")
            found[name] = one.record(**inside)
        else:
            found[name] = _value(of(one), layers, where, kind, origin)
    return found


def _value(
    setting: Setting, layers: Sequence[Layer], where: str, kind: Kind | None, origin: dict[str, str] | None = None
) -> Any:
    """The value of a setting, converted for the code.

    Raises:
        Misconfigured: it is required and missing, or it is invalid.
    """
    found = merged_value(setting, layers, kind)
    if origin is not None and found.layer is not None:
        origin[setting.key] = found.layer
        origin |= {f"{setting.key}.{key}": layer for key, layer in found.of_key.items()}
    if setting.merge is Merge.FIELDS:
        return LayeredItems(found.value)
    if setting.type.needed:
        for key in setting.type.fields:
            _not_missing(_table({"": found.value}, "").get(key), f"{where}.{setting.key}.{key}")
    elif setting.needed:
        _not_missing(found.value, f"{where}.{setting.key}")
    if found.value is None:
        return None
    try:
        return setting.type.read(found.value)
    except (ValueError, TypeError, AttributeError) as error:
        raise Misconfigured(f"The routing is wrong at {where}.{setting.key}: {error}.", next_step=_CHECK) from None


def _not_missing(value: Any, where: str) -> None:
    if value is None:
        raise Misconfigured(f"The routing lacks {where}.", next_step=_CHECK)


def _of_zone(setting: Setting, zone: str | None) -> Setting:
    """The setting with another built-in value if the zone of Visma's clock is not set: a poll reaches back further."""
    return setting if zone or setting.key != "overlap" else replace(setting, default=UNCALIBRATED_OVERLAP)


def _as_acknowledged(expected: Expected, acknowledgment: Acknowledgment) -> Expected:
    """The expected times without an acknowledgment, for a partner that sends none."""
    return expected if acknowledgment is Acknowledgment.REQUIRED else replace(expected, acknowledged=None)


def _isa_id(entry: Mapping[str, Any], where: str) -> IsaId:
    ids: IsaId = _value(SETTINGS["orderful.isa_id"], [Layer(where, entry)], where, None)
    return ids


def _identity(entry: Mapping[str, Any], where: str) -> Identity:
    return Identity(**_values(Identity, [Layer(where, entry)], where, None))
