"""The sources of a written document: each value of the Visma document and of routing, with what it may be changed to.

A change keeps the form of a value, so that what is written keeps its form: a day is the next day, a text has other
letters, an amount is a cent more. Where a key of a routing table is changed in the document, the table gets the new key
as well, with another entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from connector.domain.documents import Kind
from connector.domain.routing.resolve import BUILT_IN, Routing
from connector.domain.routing.route import ORDER_TYPE_VALUES, Route
from connector.domain.routing.settings import Place, Setting
from connector.domain.routing.values import Form
from connector.domain.transactions import Purpose, Stream
from connector.edi.units import UNITS

Path = tuple[str | int, ...]
_Change = tuple[Path, Any]


class Origin(StrEnum):
    """Whose a value is."""

    VISMA = "visma"
    ROUTING = "routing"
    CALL = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that a document is written from.

    Attributes:
        data: The Visma document as `decode` gives it.
        routing: The routing file, as far as it is about the document.
        stream: The stream of Orderful.
        purpose: As what it is sent: an original, a replacement, a cancellation.
    """

    data: Mapping[str, Any]
    routing: Mapping[str, Any]
    stream: Stream
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A value that what is written may come from.

    Attributes:
        origin: Whose it is.
        path: Where it stands in the document, in the routing file, or in `Inputs`.
        name: The same for people: `lines[0].uom`, `partners.acme.units.STK`.
        family: The same without the number of a line or the key of a table: `lines[].uom`, `partners.acme.units.*`.
        field: The family without company and partner: `units.*`; what belongs to one of them alone is `company.gln`.
        value: What it is.
        layer: Of a setting, the word of its layer; None otherwise.
        others: What it may be changed to; the first that changes anything tells.
        decides: It is a word, a switch or a list to choose by: it decides what is written, and seldom is it.
    """

    origin: Origin
    path: Path
    name: str
    family: str
    field: str
    value: Any
    layer: str | None = None
    others: tuple[Any, ...]
    decides: bool = False


_NOT_WRITTEN = frozenset({"timeStamp", "createdDateTime", "metadata", "qtyOnReceipts", "completed"})
"""Fields of a document that no partner sees."""

_NOT_ABOUT_CONTENT = frozenset(
    {
        *("visma", "overlap", "settle", "settle_cap", "unmapped_partner", "go_live", "before_go_live"),
        *("send", "send_when", "dialect", "on_revision", "changes", "acknowledgment", "expected", "company"),
    }
)
"""Settings that say how a document is read, when it is sent, and what becomes of it then."""

_WORDS: Mapping[str, Sequence[Any]] = {
    "lineType": ("Freight", "Description", "FR", "DS"),
    "shippingDestinationType": ("Site", "CompanyLocation", "Customer"),
    "x12.charset": ("utf8",),
}
"""Words whose other forms have a meaning. `utf8` leaves every text as it is."""

_DECIDING = frozenset({Form.WORD, Form.SWITCH, Form.LIST})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "bcdefghijklmnopqrstuvwxyzaBCDEFGHIJKLMNOPQRSTUVWXYZA1234567890",
)
_STEPS = (Decimal("0.01"), Decimal(1), Decimal(1000))


def about(routing: Routing, route: Route, data: Mapping[str, Any]) -> dict[str, Any]:
    """The routing file as far as it is about one document: one company, one partner, entries of what it names."""
    texts = frozenset(str(value).strip() for _, value in _values(data))
    return {
        "defaults": _part(routing.data.get("defaults") or {}, route.kind, texts),
        "companies": {route.company.name: _part(routing.data["companies"][route.company.name], route.kind, texts)},
        "partners": {route.partner: _part(routing.data["partners"][route.partner], route.kind, texts)},
    }


def sources_of(inputs: Inputs, routing: Routing, route: Route) -> Iterator[Source]:
    """Every source, those of the document first."""
    yield from _of_document(inputs.data, route.kind)
    yield from _of_routing(inputs.routing)
    yield from _built_in(routing, route)
    for name, value, others in (
        ("stream", inputs.stream, [one for one in Stream if one is not inputs.stream]),
        ("purpose", inputs.purpose, [one for one in Purpose if one is not inputs.purpose]),
    ):
        yield Source(
            origin=Origin.CALL,
            path=(name,),
            name=name,
            family=name,
            field=name,
            value=value,
            others=tuple(others),
        )


def changed(inputs: Inputs, sources: Sequence[Source], attempt: int) -> Inputs:
    """The inputs with these sources changed, each to its other value number `attempt`, or its last one."""
    changes: dict[Origin, list[_Change]] = {origin: [] for origin in Origin}
    renamed: dict[str, str] = {}
    for source in sources:
        other = source.others[min(attempt, len(source.others) - 1)]
        changes[source.origin].append((source.path, other))
        if source.origin is Origin.VISMA and isinstance(source.value, str):
            renamed[source.value.strip()] = str(other)
    return replace(
        inputs,
        data=_with(inputs.data, changes[Origin.VISMA]),
        routing=_with(inputs.routing, [*changes[Origin.ROUTING], *_renamed_entries(inputs.routing, renamed)]),
        **{str(path[0]): other for path, other in changes[Origin.CALL]},
    )


def other_values(value: Any, name: str = "", words: Sequence[Any] = ()) -> tuple[Any, ...]:
    """What a value may be changed to, in the order in which it is tried."""
    if words := tuple(word for word in (*words, *_WORDS.get(name, ())) if word != value):
        return (*words, *(() if name in _WORDS else other_values(value)))
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | Decimal):
        return tuple(value + step for step in _STEPS)
    if isinstance(value, list | tuple):
        return ([other_values(one)[0] for one in value], [])
    return (_other_text(value),) if isinstance(value, str) else ()


def _other_text(value: str) -> str:
    """A text of the same form; a word of routing is another one of its words."""
    for words, likely in ((UNITS, ("each", "case")), (ORDER_TYPE_VALUES, ("rushOrder", "standalone"))):
        if value in words:
            return next(word for word in likely if word != value)
    if _DAY.match(value):
        return f"{date.fromisoformat(value[:10]) + timedelta(days=1)}{value[10:]}"
    other = value.translate(_LETTERS)
    return other if other != value else f"{value}x"


def _of_document(data: Mapping[str, Any], kind: Kind) -> Iterator[Source]:
    names = kind.facts.names
    for path, value in _values(data):
        if path[0] in _NOT_WRITTEN or (isinstance(value, str) and not value.strip()):
            continue
        family, last = dotted(path, numbers=False), path[-1]
        words = kind.facts.types if family.removesuffix(".value") == names.document_type else ()
        called = str(path[-2] if last == "value" else last)
        others = other_values(value, called, words)
        if others:
            yield Source(
                origin=Origin.VISMA,
                path=path,
                name=dotted(path),
                family=family,
                field=family,
                value=value,
                others=others,
                decides=isinstance(value, bool) or called in _WORDS,
            )


def _of_routing(routing: Mapping[str, Any]) -> Iterator[Source]:
    """What the layers say. A list is one value."""
    for path, value in _values(routing, lists=False):
        layer = {"defaults": "default", "companies": "company", "partners": "partner"}[str(path[0])]
        inside = path[1:] if path[0] == "defaults" else path[2:]
        if inside[0] == "kinds":
            layer = "kind" if layer == "partner" else f"{layer} kind"
            inside = inside[2:]
        if inside[0] in _NOT_ABOUT_CONTENT:
            continue
        setting = _setting_at(inside)
        key = dotted(inside)
        depth = len(setting.key.split(".")) if setting else 0
        if setting and setting.type.form is Form.TABLE and len(inside) > depth:
            of_table = (*inside[:depth], "*", *inside[depth + 1 :])
        else:
            of_table = inside
        family = dotted((*path[: len(path) - len(inside)], *of_table))
        if others := other_values(value, key, _choices(setting)):
            yield Source(
                origin=Origin.ROUTING,
                path=path,
                name=dotted(path),
                family=family,
                field=f"{layer}.{dotted(of_table)}" if _belongs_to_one(setting) else dotted(of_table),
                value=value,
                layer=layer,
                others=others,
                decides=setting is not None and setting.type.form in _DECIDING,
            )


def _built_in(routing: Routing, route: Route) -> Iterator[Source]:
    """Settings of which no file says anything. They are changed by the entry of the partner."""
    for key, setting, said in routing.explain(route):
        if key.split(".")[0] in _NOT_ABOUT_CONTENT or Place.PARTNER not in setting.places:
            continue
        way = tuple(key.split("."))
        if setting.type.form is Form.TABLE:
            entries = {(*way, name): said.value[name] for name, layer in said.of_key.items() if layer == BUILT_IN}
        else:
            entries = {way: said.value} if said.layer == BUILT_IN else {}
        for inside, value in entries.items():
            if others := other_values(value, key, _choices(setting)):
                yield Source(
                    origin=Origin.ROUTING,
                    path=("partners", route.partner, *inside),
                    name=dotted(inside),
                    family=dotted(inside),
                    field=f"{key}.*" if len(inside) > len(way) else key,
                    value=value,
                    layer=BUILT_IN,
                    others=others,
                    decides=setting.type.form in _DECIDING,
                )


def dotted(path: Path, *, numbers: bool = True) -> str:
    """A path as people write it: `lines[0].uom`, or `lines[].uom` without the numbers."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]" if numbers else "[]"
        else:
            text += f".{step}" if text else step
    return text


def _belongs_to_one(setting: Setting | None) -> bool:
    """Whether a setting stands in the entry of a company or a partner alone."""
    return setting is not None and set(setting.places) <= {Place.COMPANY, Place.PARTNER}


def _choices(setting: Setting | None) -> tuple[Any, ...]:
    if setting is None or setting.type.form is not Form.WORD or setting.key in _WORDS:
        return ()
    return tuple(str(word) for word in setting.type.choices)


def _setting_at(inside: Path) -> Setting | None:
    """The setting that a path inside an entry of the file leads into."""
    from connector.domain.routing.route import SETTINGS

    steps = [str(step) for step in inside]
    keys = (".".join(steps[:length]) for length in range(len(steps), 0, -1))
    return next((SETTINGS[key] for key in keys if key in SETTINGS), None)


def _values(tree: Any, at: Path = (), *, lists: bool = True) -> Iterator[tuple[Path, Any]]:
    """Every value that is there, with its path."""
    if isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from _values(part, (*at, key), lists=lists)
    elif isinstance(tree, list) and lists:
        for number, part in enumerate(tree):
            yield from _values(part, (*at, number), lists=lists)
    elif tree is not None:
        yield at, tree


def _part(entry: Mapping[str, Any], kind: Kind, texts: frozenset[str]) -> dict[str, Any]:
    """An entry without what is not about content, without other kinds, and of tables only what the document names."""
    found: dict[str, Any] = {}
    for key, value in entry.items():
        if key == "kinds":
            of_kind = (value or {}).get(kind.value)
            found[key] = {kind.value: _part(of_kind, kind, texts)} if of_kind else {}
        else:
            setting = _setting_at((key,))
            # What a built-in table has may be meant without a word of it in the document.
            is_table = setting is not None and setting.type.form is Form.TABLE and not setting.default
            found[key] = {name: one for name, one in (value or {}).items() if name in texts} if is_table else value
    return found


def _renamed_entries(routing: Mapping[str, Any], renamed: Mapping[str, str]) -> Iterator[_Change]:
    """New keys for the tables of the routing, with other entries, and for built-in tables likewise."""
    if not renamed:
        return
    places: list[Path] = [
        ("defaults",),
        *((part, name) for part in ("companies", "partners") for name in routing[part]),
    ]
    places += [(*place, "kinds", kind) for place in places for kind in _at(routing, place).get("kinds") or ()]
    for setting in _tables():
        for place in places:
            rows = _at(routing, place).get(setting.key) or {}
            for key in rows.keys() & renamed.keys():
                yield (*place, setting.key, renamed[key]), _other(rows[key])
        for key in (setting.default or {}).keys() & renamed.keys():
            partner = next(place for place in places if place[0] == "partners")
            yield (*partner, setting.key, renamed[key]), _other(setting.default[key])


def _at(tree: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    for step in path:
        tree = tree[str(step)]
    return tree


def _tables() -> list[Setting]:
    from connector.domain.routing.route import SETTINGS

    return [one for one in SETTINGS.values() if one.type.form is Form.TABLE and "." not in one.key]


def _other(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _other(part) for key, part in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return value + 1
    others = other_values(value)
    return others[0] if others else value


def _with(tree: Any, changes: Sequence[_Change]) -> Any:
    """A copy with other values at some paths, of which none leads into another; everything else is shared."""
    if not changes:
        return tree
    below: dict[str | int, list[_Change]] = {}
    for (step, *rest), value in changes:
        below.setdefault(step, []).append((tuple(rest), value))
    copy: Any = [*tree] if (is_list := isinstance(tree, list)) else {**tree}
    for step, inside in below.items():
        path, value = inside[-1]
        copy[step] = _with(copy[step] if is_list else copy.get(step, {}), inside) if path else value
    return copy
