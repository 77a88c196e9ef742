"""The routing file: its shape, the checks across its parts, and its JSON Schema.

The shape is built from the declarations of the settings (`domain/routing/route.py`). Whoever reads YAML hands over
plain data; `check` finds every problem at once, each with its path, and gives back the data as it is stored and
resolved (`domain/routing/resolve.py`): defaults not filled in, numbers that are names as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    create_model,
)

from connector.domain.documents import CHANGED_KIND, ORDER_TYPES, Kind
from connector.domain.errors import Misconfigured
from connector.domain.parties import PLACE_WORDS
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import (
    CALIBRATED_OVERLAP,
    DO_NOT_SEND,
    GROUPS,
    HOLD,
    LATER_STATUSES,
    RECORDS,
    SETTINGS,
    UNCALIBRATED_OVERLAP,
    Route,
)
from connector.domain.routing.settings import EVERYWHERE, PARTIES, POLLING, Place, Setting
from connector.domain.routing.values import CURRENCIES, NAME, Form, ValueType, duration
from connector.domain.transactions import Dialect, Stream

_MAX_TERMS_DAYS = 365
_MAX_DISCOUNT = 20
_CALLED_IN_THE_NORTH = {"NKR": "NOK", "SKR": "SEK", "DKR": "DKK", "IKR": "ISK"}
_MISTAKEN_COUNTRIES = {"UK": "GB", "EN": "GB", "SW": "SE", "DA": "DK", "SU": "FI", "EL": "GR"}
"""What people write for a country by its name, its language or its VAT numbers. ISO 3166 has none of them."""

_QUOTES = frozenset("\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb")
_LACKING = {
    "DTM": "on which day goods are wanted",
    "N1": "who buys, and where goods are delivered",
    "N3": "the street of a place of delivery",
    "N4": "the town of a place of delivery",
    "CUR": "the currency",
    "PID": "what an item is; a document with a line that has no item number is parked",
    "REF": "the references; an invoice whose order number stands there alone is parked",
}
"""Segments without which a partner has to guess, and what it is not told then."""

_RISKY_STATUSES = {
    HOLD: "Hold sends drafts: documents that somebody still works on.",
    "Balanced": "Balanced sends documents that wait for an approval or are not released.",
    "Voided": "Voided sends documents that were not approved or are void; one that nobody has leaves as original.",
    "Closed": "Closed sends orders that are received already; one that nobody has leaves as original.",
}
"""Statuses in which a document is not, or no longer, to be carried out, and what `send_when` does with them."""

_PLAIN_CODES: Mapping[str, tuple[str, ...]] = {
    "AI": ("add",),
    "DI": ("delete",),
    "NC": ("nothing",),
    "QI": ("quantity", "change"),
    "QD": ("quantity", "change"),
    "PC": ("price", "change"),
    "PQ": ("price_and_quantity", "change"),
    "CT": ("dates", "change"),
    "RS": ("dates", "change"),
}
"""Codes of X12 element 670 on which partners agree, and the words of `changes.codes` that mean the same."""

_SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


class Part(BaseModel):
    """A part of the file: a key that nobody knows is a mistake, and a number that is a name is read as text."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


_records: dict[int, type[Part]] = {}


def _annotation(kind: ValueType[Any], name: str) -> Any:
    """The pydantic type of a value; `name` is what a record of it is called."""
    base = _base(kind, name)
    if kind.check is not None:
        base = Annotated[base, AfterValidator(_passing(kind.check))]
    if kind.refused:
        base = Annotated[base, BeforeValidator(_refusing(kind.refused))]
    if not kind.schema:
        return base
    # Editors show it in the place of the pattern.
    error_message = {"patternErrorMessage": f"Write {kind.words}."} if "pattern" in kind.schema else {}
    return Annotated[base, Field(json_schema_extra={**kind.schema, **error_message})]


def _base(kind: ValueType[Any], name: str) -> Any:  # noqa: PLR0911 - one line per form
    if kind.form is Form.LIST and kind.entry is not None:
        return Annotated[list[_annotation(kind.entry, name)], Field(max_length=kind.at_most)]  # type: ignore[misc]
    if kind.form is Form.TABLE and kind.entry is not None and kind.key is not None:
        return dict[_annotation(kind.key, name), _annotation(kind.entry, name)]  # type: ignore[misc]
    if kind.form is Form.RECORD:
        return _record(kind, name)
    if kind.form is Form.WORD:
        return Literal[kind.choices] if isinstance(kind.choices, tuple) else kind.choices
    if kind.form is Form.TEXT:
        return Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    if kind.form is Form.TEXT_OR_WHOLE:
        as_text = BeforeValidator(lambda one: str(one) if isinstance(one, int) and not isinstance(one, bool) else one)
        return Annotated[str, as_text]
    if kind.form is Form.WHOLE:
        return Annotated[int, BeforeValidator(_no_switch)]
    return {Form.EXACT: str, Form.SWITCH: bool}[kind.form]


def _no_switch(value: Any) -> Any:
    """Refuse true and false, which Python takes for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is no whole number; write one like 30")  # noqa: TRY004 - pydantic's way
    return value


def _record(kind: ValueType[Any], name: str) -> type[Part]:
    """One model for each record, wherever it stands."""
    if id(kind) not in _records:
        fields: dict[str, Any] = {}
        for key, entry in kind.fields.items():
            of = _annotation(entry, key)
            fields[str(key)] = (of, ...) if kind.needed else (of | None, None)
        _records[id(kind)] = create_model(f"{_called(name)}Part", __base__=Part, __doc__=kind.name, **fields)
    return _records[id(kind)]


def _called(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _passing(check: Callable[[Any], None]) -> Callable[[Any], Any]:
    def passing(value: Any) -> Any:
        check(value)
        return value

    return passing


def _refusing(refused: Mapping[str, str]) -> Callable[[Any], Any]:
    def passing(value: Any) -> Any:
        if isinstance(value, str) and value in refused:
            raise ValueError(f"'{value}' cannot be chosen: {refused[value]}")
        return value

    return passing


def _described(setting: Setting) -> str:
    built_in = setting.default_help or _written(setting.default)
    if of_kinds := {kind: kind.facts.defaults[setting.key] for kind in Kind if setting.key in kind.facts.defaults}:
        built_in = f"{built_in} ({_written(of_kinds)})"
    return f"{setting.help}. Built in: {built_in}" if built_in else setting.help


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_written(entry)}" for key, entry in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value if value is not None else "")


_GROUPS: Mapping[str, Mapping[tuple[Place, ...], str]] = {
    "visma": {
        (Place.COMPANY,): "How Visma knows a company of ours.",
        (Place.PARTNER,): "The number under which Visma knows a partner.",
    },
    "orderful": {PARTIES: "Where Orderful finds a party."},
    "inbound": {(Place.FILE,): "What is taken from the inboxes and buckets of the stack, which may serve others too."},
}
"""What stands together and is no record of ours: its description, by where it may stand."""


def _fields(places: tuple[Place, ...]) -> dict[str, Any]:
    """The pydantic fields of the settings that may stand in exactly these places."""
    fields: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    for setting in SETTINGS.values():
        if setting.places == places:
            head, _, last = setting.key.rpartition(".")
            of = _annotation(setting.type, last)
            described = Field(description=_described(setting))
            made = (of, described) if setting.needed else (of | None, Field(None, description=_described(setting)))
            (groups.setdefault(head, {}) if head else fields)[last] = made
    for head, inside in groups.items():
        about = RECORDS[head].__doc__ if head in RECORDS else _GROUPS[head][places]
        who = "" if places in {PARTIES, EVERYWHERE, (Place.FILE,)} else places[0].name.capitalize()
        of = create_model(
            f"{who}{_called(head)}Part", __base__=Part, __doc__=(about or "").partition("\n")[0], **inside
        )
        # A partner has a number in Visma, whichever of the two it is.
        needed = any(SETTINGS[f"{head}.{last}"].needed for last in inside) or (head, places) == (
            "visma",
            (Place.PARTNER,),
        )
        fields[head] = (of, ...) if needed else (of | None, None)
    return fields


Settings = create_model("Settings", __base__=Part, __doc__="What every layer may say.", **_fields(EVERYWHERE))
KindPart = create_model(
    "KindPart", __base__=Settings, __doc__="Settings of one kind of document.", **_fields((Place.KIND,))
)
_kinds: dict[str, Any] = {kind.value: (KindPart | None, None) for kind in Kind}
KindsPart = create_model("KindsPart", __base__=Part, __doc__="The kinds that differ.", **_kinds)
LayerPart = create_model(
    "LayerPart",
    __base__=Settings,
    __doc__="What defaults, a company and a partner may say: settings, and those of one kind of document.",
    kinds=(KindsPart | None, None),
)
PollingSettings = create_model(
    "PollingSettings",
    __base__=LayerPart,
    __doc__="What the layers above the partners may say besides: how a company is polled.",
    **_fields(POLLING),
)
CompanyPart = create_model(
    "CompanyPart",
    __base__=PollingSettings,
    __doc__="One Visma company.",
    **_fields(PARTIES),
    **_fields((Place.COMPANY,)),
)
PartnerPart = create_model(
    "PartnerPart",
    __base__=LayerPart,
    __doc__="One supplier or customer that gets documents.",
    **_fields(PARTIES),
    **_fields((Place.PARTNER,)),
)


def _named(part: type[Part]) -> Any:
    return dict[_annotation(NAME, "name"), part]  # type: ignore[misc]


RoutingFile = create_model(
    "RoutingFile",
    __base__=Part,
    __doc__="Companies, defaults and partners of the connector.",
    schema_=(str | None, Field(default=None, alias="$schema", exclude=True)),
    companies=(_named(CompanyPart), Field(min_length=1)),
    defaults=(PollingSettings | None, None),
    partners=(_named(PartnerPart) | None, None),
    **_fields((Place.FILE,)),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of the check.

    Attributes:
        path: Where in the file (`partners.acme.visma.supplier`).
        sentence: What is wrong and what to do.
        fatal: False for a warning: the file can be applied all the same.
        line: The line of the file, counted from 1, where it is known.
    """

    path: str
    sentence: str
    fatal: bool = True
    line: int | None = None

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
    """Check a routing file: its shape, and what its parts say about one another as far as their shape is sound.

    Args:
        data: The file as plain data.
        stream: The stream of the stack that it is for. On a live one a missing `go_live` is an error, on a test one it
            does not matter; None when that is not known.
    """
    sound, shape, lost = _sound_part(data)
    if sound is None:
        return Checked(tuple(shape), None)
    stored = sound.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    stored.setdefault("partners", {})
    routing = Routing.from_data(stored)
    found = [
        *_companies(stored, lost),
        *_partners(stored, lost),
        *_numbers(routing),
        *_in_x12(routing),
        *_shared_ids(stored),
        *_change_places(stored),
        *_layers(stored),
    ]
    if stream is not Stream.TEST and not any("go_live" in problem.path for problem in shape):
        found += _go_lives(routing, fatal=stream is Stream.LIVE)
    found = [*shape, *(problem for problem in found if not _follows(problem, shape))]
    return Checked(tuple(sorted(found, key=lambda problem: not problem.fatal)), None if shape else stored)


def _sound_part(data: Any) -> tuple[Part | None, list[Problem], set[str]]:
    """What is left of a file without the values of a wrong shape, their problems, and the entries that are given up."""
    problems: list[Problem] | None = None
    lost: set[str] = set()
    while True:
        try:
            return RoutingFile.model_validate(data), problems or [], lost
        except ValidationError as error:
            found = error.errors()
        # What is missing only because it was taken out is no problem of its own.
        problems = list(_shape_problems(found)) if problems is None else problems
        useless = {_useless(one) for one in found}
        lost |= {".".join(path) for path in useless if len(path) == 2}
        rest = data
        for path in useless:
            rest = _without(rest, path)
        if rest == data or not isinstance(rest, Mapping) or not rest.get("companies"):
            return None, problems, lost
        data = rest


def _useless(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The path of what a problem makes useless: the value, the list around it, or the entry that lacks something."""
    path: list[str] = []
    for step in found["loc"]:
        if isinstance(step, int) or step == "[key]":
            break
        path.append(step)
    return tuple(path[:2] if found["type"] == "missing" else path)


def _without(data: Any, path: Sequence[str]) -> Any:
    """The data without what stands at `path`."""
    if not path or not isinstance(data, Mapping):
        return None
    first, *rest = path
    return {
        key: _without(value, rest) if str(key) == first else value
        for key, value in data.items()
        if rest or str(key) != first
    }


def _follows(problem: Problem, others: Iterable[Problem]) -> bool:
    """Whether another problem stands at the same place, around it or inside it, and is to be solved first."""
    path = f"{problem.path}."
    return any(path.startswith(f"{other.path}.") or f"{other.path}.".startswith(path) for other in others)


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
    {step for key in SETTINGS for step in key.split(".")}
    | {field for setting in SETTINGS.values() for field in (setting.type.entry or setting.type).fields}
    | {"companies", "defaults", "partners", "kinds", *Kind}
)

_WHOLE = "must be a whole number. Write one like 30."
_TABLE = "must hold keys and values. Write each on a line of its own below it, as key: value."
_SENTENCES = {
    "string_type": "must be text. Write one value after the colon.",
    "string_too_short": "is empty. Write a value, or take the key out.",
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "bool_parsing": "must be true or false.",
    "bool_type": "must be true or false.",
    "list_type": "must be a list. Write it as [A, B], or each entry on a line of its own after a dash.",
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "too_short": "needs at least one entry. Add one.",
}


def _shape_problems(found: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    for one in found:
        path = ".".join(str(step) for step in one["loc"] if step != "[key]") or "file"
        yield Problem(path, _sentence(one["type"], one))


def _sentence(kind: str, found: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one line per kind of mistake
    context = found.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key([str(step) for step in found["loc"]])
    if kind in {"enum", "literal_error"}:
        return f"'{found['input']}' is not allowed; write {context['expected'].replace(chr(39), '')}."
    if kind == "value_error":
        return f"{context['error']}."
    if kind == "too_long":
        return f"has more than {context['max_length']} entries. Take some out."
    if kind == "missing":
        return f"is missing. Add it{_meaning([str(step) for step in found['loc']])}."
    if found["input"] is None and not found["loc"]:
        return "is empty. `connector.example.yaml` is one to begin with."
    if found["input"] is None:
        return "has no value. Write one, or take the key out."
    return _SENTENCES.get(kind, f"{found['msg'][0].lower()}{found['msg'][1:]}.")


def _meaning(path: Sequence[str]) -> str:
    """What belongs at a path, for the end of a sentence; empty where the key says it."""
    place, inside = _place(path)
    setting = SETTINGS.get(".".join(inside))
    if setting is None or place not in setting.places:
        return ""
    return f": {setting.help[0].lower()}{setting.help[1:]}"


def _unknown_key(path: Sequence[str]) -> str:
    place, inside = _place(path)
    name = path[-1]
    # A setting, or the key that several stand under.
    known = [one for key, one in SETTINGS.items() if f"{key}.".startswith(f"{'.'.join(inside)}.")]
    if place is not None and known and not any(place in one.places for one in known):
        if known[0].places == (Place.KIND,):
            return f"is set for a kind of document: write kinds.<kind>.{name}, with {', '.join(Kind)} as <kind>."
        where = " and ".join(one.value for one in known[0].places)
        return f"is no key of {place.value}; it may stand in {where}."
    where = "at this place" if name in _KNOWN_KEYS else "of the routing file"
    candidates = RoutingFile.model_fields if len(path) == 1 else [one for one in _KNOWN_KEYS if one != name]
    near = get_close_matches(name, candidates, n=1, cutoff=0.7)
    hint = f"; {_meant(near[0])}" if near else ". Take it out, or look for its name in connector.example.yaml."
    return f"is no key {where}{hint}"


def _meant(name: str) -> str:
    """What somebody may have meant, as the end of a sentence."""
    return f"did you mean {name}?"


def _place(path: Sequence[str]) -> tuple[Place | None, Sequence[str]]:
    """The place of the file that a path leads to, and the rest of the path."""
    place = {"defaults": Place.DEFAULTS, "companies": Place.COMPANY, "partners": Place.PARTNER}.get(path[0])
    inside = path[1:] if place is Place.DEFAULTS else path[2:]
    if inside[:1] == ["kinds"] and len(inside) > 2:
        return Place.KIND, inside[2:]
    return place, inside


def _said(entry: Mapping[str, Any], key: str) -> Any:
    """What an entry says at a dotted key; None when it says nothing."""
    found: Any = entry
    for step in key.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _companies(data: Mapping[str, Any], lost: set[str]) -> Iterator[Problem]:
    polled: dict[tuple[str, str | None], str] = {}
    complete = not any(path.startswith("partners.") for path in lost)
    for name, company in data["companies"].items():
        path = f"companies.{name}"
        yield from _stream_ids(path, company)
        ours: tuple[str, str | None] = company["visma"]["company_id"], company["visma"].get("branch")
        for theirs, other in polled.items():
            if ours[0] == theirs[0] and (ours[1] == theirs[1] or None in {ours[1], theirs[1]}):
                yield Problem(
                    f"{path}.visma.company_id",
                    f"is also that of {other}, so both would send the same documents; give each a branch of its own.",
                )
        polled[ours] = name
        if complete and not any(partner["company"] == name for partner in data["partners"].values()):
            yield Problem(path, "has no partner yet: all of its documents will be parked.", fatal=False)
        if company.get("name") is None:
            yield Problem(
                f"{path}.name",
                "is missing: documents leave without the legal name of the buyer or seller, which many partners "
                "refuse. Add it.",
                fatal=False,
            )
        yield from _polling(data.get("defaults", {}), path, company)
        yield from _places(f"{path}.places", company.get("places") or {})
    yield from _shared_senders(data["companies"])


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


def _polling(defaults: Mapping[str, Any], path: str, company: Mapping[str, Any]) -> Iterator[Problem]:
    settle, cap = (company.get(key) or defaults.get(key) or SETTINGS[key].default for key in ("settle", "settle_cap"))
    if duration(settle) > duration(cap):
        yield Problem(f"{path}.settle", f"{settle} is longer than settle_cap {cap}, so it would never be waited for.")
    overlap = company.get("overlap") or defaults.get("overlap")
    zone = company["visma"].get("time_zone")
    if overlap and zone is None and duration(overlap) < duration(UNCALIBRATED_OVERLAP):
        yield Problem(
            f"{path}.overlap",
            f"{overlap} is short while visma.time_zone is not known: changes could be missed below "
            f"{UNCALIBRATED_OVERLAP} if Visma's clock is west of UTC; `connector doctor` helps to find the zone.",
            fatal=False,
        )
    elif overlap and duration(overlap) < duration(CALIBRATED_OVERLAP):
        yield Problem(
            f"{path}.overlap",
            f"{overlap} is short: Visma's lists may show a change minutes after its time stamp, and what shows up "
            f"later than this is missed until the nightly comparison. Write {CALIBRATED_OVERLAP}, or take it out.",
            fatal=False,
        )


def _places(path: str, places: Mapping[str, str]) -> Iterator[Problem]:
    yield from _one_code(path, places, "a supplier")
    for key in places:
        word, slash, number = key.partition("/")
        if not slash:
            yield Problem(
                f"{path}.{key}",
                f"may be the number of a location, a warehouse and a branch, which Visma numbers each by itself. Write "
                f"which: {', '.join(f'{one}/{key}' for one in PLACE_WORDS)}.",
                fatal=False,
            )
        if slash and (word not in PLACE_WORDS or not number):
            yield Problem(
                f"{path}.{key}",
                f"'{word}' is none of {', '.join(PLACE_WORDS)}, so this never applies unless a number of Visma has a "
                "slash. Write one like warehouse/3.",
                fatal=False,
            )


def _one_code(path: str, places: Mapping[str, str], who: str) -> Iterator[Problem]:
    holders: dict[str, str] = {}
    for key, code in places.items():
        other = holders.setdefault(code, key)
        if other != key:
            yield Problem(
                f"{path}.{key}",
                f"'{code}' is also that of {other}: two places with one code are one place to {who}.",
                fatal=False,
            )


def _shared_senders(companies: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Two companies under one ISA id: what comes back to it does not tell for which of them it is."""
    holders: dict[tuple[str, str], str] = {}
    for name, company in companies.items():
        for stream, isa_id in company["orderful"]["isa_id"].items():
            other = holders.setdefault((stream, isa_id), name)
            if other != name:
                yield Problem(
                    f"companies.{name}.orderful.isa_id.{stream}",
                    f"'{isa_id}' is also that of company {other}: what a partner of both sends to it is parked, for it "
                    "does not tell whose order it is about. Give each company its own.",
                    fatal=False,
                )


def _partners(data: Mapping[str, Any], lost: set[str]) -> Iterator[Problem]:
    for name, partner in data["partners"].items():
        path = f"partners.{name}"
        yield from _stream_ids(path, partner)
        company = data["companies"].get(partner["company"])
        if company is not None:
            ours, theirs = company["orderful"]["isa_id"], partner["orderful"]["isa_id"]
            for stream in Stream:
                if ours[stream.value] == theirs[stream.value]:
                    yield Problem(
                        f"{path}.orderful.isa_id.{stream}",
                        f"'{theirs[stream.value]}' is the id of our own company {partner['company']}.",
                    )
        elif f"companies.{partner['company']}" not in lost:
            near = get_close_matches(partner["company"], data["companies"], n=1)
            hint = f"; {_meant(near[0])}" if near else "."
            yield Problem(f"{path}.company", f"'{partner['company']}' is no company of this file{hint}")
        numbers = partner.get("visma", {})
        if not numbers:
            yield Problem(f"{path}.visma", "needs a supplier or a customer number.")
        for role, number in numbers.items():
            if set(str(number)) & _QUOTES:
                yield Problem(
                    f"{path}.visma.{role}",
                    f"{number} has curly quotes, which no number of Visma has. Write straight ones around it, or none.",
                )
        locations = partner.get("locations", {})
        if locations and "customer" not in numbers:
            yield Problem(f"{path}.locations", "never applies: the partner has no customer number.", fatal=False)
        yield from _one_code(f"{path}.locations", locations, "a customer")
        for kind in Kind:
            role = kind.facts.counterparty
            if kind.value in partner.get("kinds", {}) and role not in numbers:
                yield Problem(f"{path}.kinds.{kind}", f"never applies: the partner has no {role} number.", fatal=False)


def _stream_ids(path: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    ids = entry["orderful"]["isa_id"]
    if ids[Stream.LIVE.value] == ids[Stream.TEST.value]:
        yield Problem(
            f"{path}.orderful.isa_id",
            f"live and test are both '{ids[Stream.LIVE.value]}': only the stream keeps test and live documents apart.",
            fatal=False,
        )


def _shared_ids(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What belongs to one party and stands at two: most likely one entry was made by copying another."""
    tenants: dict[str, tuple[str, str]] = {}
    ours: dict[tuple[str, str], str] = {}
    for name, company in data["companies"].items():
        visma = company["visma"]
        company_id, tenant = visma["company_id"], visma["tenant_id"]
        if company_id == tenant:
            yield Problem(
                f"companies.{name}.visma.tenant_id",
                f"'{tenant}' is the company_id as well: Visma gives each company a number, and a tenant id of its own.",
                fatal=False,
            )
        other, other_id = tenants.setdefault(tenant, (name, company_id))
        if other_id != company_id:
            yield Problem(
                f"companies.{name}.visma.tenant_id",
                f"'{tenant}' is also that of {other}, which is another company of Visma's: the tenant decides whose "
                "documents are read. Write the company's own.",
                fatal=False,
            )
        ours |= {(key, company[key]): name for key in ("gln", "vat_number") if company.get(key)}
    holders: dict[tuple[str, str, str], str] = {}
    tests = {partner["orderful"]["isa_id"]["test"]: name for name, partner in data["partners"].items()}
    for name, partner in data["partners"].items():
        path = f"partners.{name}"
        for key in ("gln", "vat_number"):
            if (owner := ours.get((key, partner.get(key, "")))) is not None:
                sentence = f"'{partner[key]}' is that of our own company {owner}. Write the partner's."
                yield Problem(f"{path}.{key}", sentence, fatal=False)
        ids = partner["orderful"]["isa_id"]
        for stream in Stream:
            other = holders.setdefault((partner["company"], stream.value, ids[stream.value]), name)
            if other != name:
                yield Problem(
                    f"{path}.orderful.isa_id.{stream}",
                    f"'{ids[stream.value]}' is also that of {other}. If the two are not one business at Orderful, one "
                    "of them gets the documents of the other: write its own.",
                    fatal=False,
                )
        if (other := tests.get(ids["live"], name)) != name:
            yield Problem(
                f"{path}.orderful.isa_id.live",
                f"'{ids['live']}' is the test id of {other}: live documents would go there. Write its own.",
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


def _in_x12(routing: Routing) -> Iterator[Problem]:
    """References and codes of places that cannot be written in the form that is agreed with a partner.

    Each is told once, however many partners it concerns.
    """
    found: dict[str, Problem] = {}
    for company in routing.data["companies"]:
        try:
            routes = [route for route in routing.routes_of(company) if route.send]
        except Misconfigured:
            continue  # told with the company or the partner
        for route in routes:
            for problem in (*_references(routing.data, company, route), *_codes_of_places(company, route)):
                found.setdefault(problem.path, problem)
    yield from found.values()


def _references(data: Mapping[str, Any], company: str, route: Route) -> Iterator[Problem]:
    from connector.edi.x12.charset import Wording
    from connector.edi.x12.write.common import longest_reference

    wording, key = Wording(route, []), "x12.references"
    if route.x12.references and route.dialect.pinned is Dialect.MOSAIC:
        yield Problem(
            f"partners.{route.partner}.{key}",
            f"is written in X12 only, and the dialect is {route.dialect}: every order and invoice is parked. Set "
            "dialect to auto or x12, or take it out.",
            fatal=False,
        )
        return
    longest = longest_reference(wording)
    layers = (f"partners.{route.partner}", f"companies.{company}", "defaults")
    for qualifier, number in route.x12.references.items():
        if wording.fits(number, longest):
            continue
        paths = [f"{layer}{part}.{key}.{qualifier}" for layer in layers for part in (f".kinds.{route.kind}", "")]
        yield Problem(
            next(path for path in paths if _said(data, path) is not None),
            f"'{number}' cannot be written in X12 {route.x12.version} ({longest} characters at most, charset "
            f"{route.x12.charset}), so every order and invoice is parked. Correct it, or agree on "
            "another x12.version or x12.charset.",
        )


def _codes_of_places(company: str, route: Route) -> Iterator[Problem]:
    from connector.edi.x12.charset import Wording
    from connector.edi.x12.dictionary import SEGMENTS

    if route.dialect.pinned is Dialect.MOSAIC:
        return
    wording, element = Wording(route, []), SEGMENTS["N1"].elements[3]
    shortest, longest = element.shortest, element.longest[route.x12.version]
    if route.kind.facts.we_sell:
        path, codes = f"partners.{route.partner}.locations", route.locations
    else:
        path, codes = f"companies.{company}.places", route.company.places
    for key, code in codes.items():
        if len(code) < shortest or not wording.fits(code, longest):
            yield Problem(
                f"{path}.{key}",
                f"'{code}' cannot be written in X12 ({shortest} to {longest} characters, charset {route.x12.charset}), "
                "so the place leaves without it. Correct it.",
                fatal=False,
            )


def _layers(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What can be wrong inside a layer of settings, for all layers of the file."""
    layers = [("defaults", data.get("defaults", {}))]
    layers += [(f"{part}.{name}", entry) for part in ("companies", "partners") for name, entry in data[part].items()]
    words = {word for _, layer in layers for part in _parts(layer) for word in part.get("units", {})}
    for path, layer in layers:
        yield from _settings(path, layer)
        yield from _gtin_units(f"{path}.items", layer.get("items", {}), words)
        yield from _unlisted(f"{path}.kinds", layer.get("kinds", {}))
        for kind, of_kind in layer.get("kinds", {}).items():
            yield from _settings(f"{path}.kinds.{kind}", of_kind)


def _parts(layer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A layer, and what it says of single kinds of documents."""
    yield layer
    yield from layer.get("kinds", {}).values()


def _gtin_units(path: str, items: Mapping[str, Mapping[str, Any]], words: set[str]) -> Iterator[Problem]:
    """Keys of `gtins` that no `units` of the file has: no line of Visma comes in such a unit."""
    for item, ids in items.items():
        for unit in ids.get("gtins") or {}:
            if unit not in words:
                near = get_close_matches(unit, words, n=1)
                hint = f" {_meant(near[0])}" if near else ""
                yield Problem(
                    f"{path}.{item}.gtins.{unit}",
                    f"'{unit}' is no key of units, so this GTIN is never sent: write Visma's word of the unit, as "
                    f"units has it.{hint}",
                    fatal=False,
                )


def _settings(path: str, layer: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unusual(path, layer)
    yield from _currency(f"{path}.currency", layer.get("currency"))
    yield from _country(f"{path}.address.country", _said(layer, "address.country"))
    yield from _left_out(f"{path}.x12.leave_out", _said(layer, "x12.leave_out") or [])
    yield from _units((f"{path}.units.{word}", unit) for word, unit in layer.get("units", {}).items())
    yield from _units_by_case(f"{path}.units", layer.get("units", {}))
    yield from _units((f"{path}.whole_units", unit) for unit in layer.get("whole_units") or [])
    yield from _terms(f"{path}.terms", layer.get("terms", {}))
    yield from _order_types(f"{path}.order_types", layer.get("order_types", {}))
    yield from _item_ids(f"{path}.items", layer.get("items", {}))
    yield from _statuses(f"{path}.send_when", layer.get("send_when", {}))
    yield from _change_statuses(f"{path}.changes", layer.get("changes", {}))
    yield from _codes(f"{path}.changes.codes", layer.get("changes", {}).get("codes") or {})


def _unusual(path: str, layer: Mapping[str, Any]) -> Iterator[Problem]:
    """Values that are far beyond what anybody needs, as a percentage that is a slip of the pen."""
    for key, setting in SETTINGS.items():
        value = _said(layer, key)
        if setting.ask_above is not None and value is not None:
            read = setting.type.read
            if read(value) > read(setting.ask_above):
                yield Problem(
                    f"{path}.{key}",
                    f"{value} is unusual: more than {setting.ask_above} is hardly ever meant. Check the number.",
                    fatal=False,
                )


def _units(units: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """Words that are no units; `units` has each with the path of where it stands."""
    from connector.edi.units import known_units

    known = known_units()
    for path, unit in units:
        if unit not in known:
            near = get_close_matches(unit, known, n=1)
            hint = _meant(near[0]) if near else f"choose one of {', '.join(sorted(known))}."
            yield Problem(path, f"'{unit}' is no unit the connector knows; {hint}")


def _units_by_case(path: str, units: Mapping[str, str]) -> Iterator[Problem]:
    """Words of Visma that differ in case only and mean different units: one of them is a slip."""
    holders: dict[str, str] = {}
    for word, unit in units.items():
        other = holders.setdefault(word.casefold(), word)
        if units[other] != unit:
            yield Problem(
                f"{path}.{word}",
                f"{unit} is not the {units[other]} of {other}, and the two words differ in case only. Check both.",
                fatal=False,
            )


def _terms(path: str, terms: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    for terms_id, rule in terms.items():
        net, days = rule.get("net_days"), rule.get("discount_days")
        if (rule.get("discount_percent") is None) != (days is None):
            yield Problem(f"{path}.{terms_id}", "discount_percent and discount_days only make sense together.")
        elif net is not None and days is not None and days > net:
            yield Problem(
                f"{path}.{terms_id}.discount_days",
                f"{days} days are more than net_days {net}: the discount would end after the whole is due.",
            )
        if net is not None and net > _MAX_TERMS_DAYS:
            yield Problem(
                f"{path}.{terms_id}.net_days",
                f"{net} is unusual: terms above {_MAX_TERMS_DAYS} days are hardly ever meant. Check the number.",
                fatal=False,
            )
        if rule.get("discount_percent") is not None and Decimal(rule["discount_percent"]) > _MAX_DISCOUNT:
            yield Problem(
                f"{path}.{terms_id}.discount_percent",
                f"{rule['discount_percent']} is unusual: a cash discount above {_MAX_DISCOUNT} percent is hardly "
                "ever meant. Check the number.",
                fatal=False,
            )


def _order_types(path: str, meanings: Mapping[str, str]) -> Iterator[Problem]:
    for word, meaning in meanings.items():
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
        elif word not in ORDER_TYPES:
            yield Problem(f"{path}.{word}", "is no order type that Visma documents.", fatal=False)


def _item_ids(path: str, items: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """A GTIN, as a partner's number, is of one item. A GTIN is the same with and without leading zeros."""
    holders: dict[tuple[str, str], str] = {}
    for item, ids in items.items():
        named = [(key, key, value) for key, value in ids.items() if isinstance(value, str)]
        named += [(f"gtins.{unit}", "gtin", value) for unit, value in (ids.get("gtins") or {}).items()]
        for key, scheme, value in named:
            other = holders.setdefault((scheme, value.zfill(14) if scheme == "gtin" else value), item)
            if other != item:
                yield Problem(
                    f"{path}.{item}.{key}",
                    f"'{value}' is also that of item {other}: a partner cannot tell the two apart.",
                    fatal=False,
                )


def _currency(path: str, currency: str | None) -> Iterator[Problem]:
    if currency is not None and currency not in CURRENCIES:
        meant = _CALLED_IN_THE_NORTH.get(currency)
        near = [meant] if meant else get_close_matches(currency, sorted(CURRENCIES), n=1)
        hint = f"; {_meant(near[0])}" if near else "."
        yield Problem(path, f"'{currency}' is no currency in use by ISO 4217{hint}", fatal=False)


def _country(path: str, country: str | None) -> Iterator[Problem]:
    if country in _MISTAKEN_COUNTRIES:
        meant = _MISTAKEN_COUNTRIES[country]
        yield Problem(path, f"'{country}' is no country of ISO 3166; {_meant(meant)}", fatal=False)


def _left_out(path: str, segments: list[str]) -> Iterator[Problem]:
    from connector.edi.x12.dictionary import INDISPENSABLE, WRITTEN

    for segment in segments:
        if segment in INDISPENSABLE:
            yield Problem(path, f"{segment} cannot be left out: X12 cannot do without it. Take it off the list.")
        elif segment not in WRITTEN:
            yield Problem(path, f"{segment} never applies: the connector does not write this segment.", fatal=False)
        elif (lacking := _LACKING.get(segment)) is not None:
            yield Problem(path, f"{segment} is left out: the partner is not told {lacking}.", fatal=False)


def _change_statuses(path: str, changes: Mapping[str, Any]) -> Iterator[Problem]:
    known = CHANGED_KIND.facts.statuses
    statuses, hold_first = changes.get("statuses") or [], changes.get("hold_first") or []
    for setting, named in (("statuses", statuses), ("hold_first", hold_first)):
        for word in named:
            if word not in known:
                yield Problem(f"{path}.{setting}", f"'{word}' is no status that Visma documents for it.", fatal=False)
    for word in sorted(set(hold_first) - set(statuses or hold_first)):
        yield Problem(f"{path}.hold_first", f"'{word}' is not one of statuses, so it never applies.", fatal=False)


def _codes(path: str, codes: Mapping[str, str]) -> Iterator[Problem]:
    """Codes that routing gives another meaning than X12 has (element 670): one of the two is a slip."""
    for code, meaning in codes.items():
        usual = _PLAIN_CODES.get(code)
        if usual is not None and meaning not in usual:
            yield Problem(
                f"{path}.{code}",
                f"{meaning} is not what X12 says of {code}: {next(iter(usual))}. Check with the partner that it means "
                "that.",
                fatal=False,
            )


_NUMBERED = (*PLACE_WORDS, "account")
"""What may stand before our number in `changes.places`."""

_GLN_DIGITS = re.compile(r"\d{13}", re.ASCII)


def _change_places(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What `changes.places` leads to: a number of no kind, or another place than `places` of the company has."""
    for name, partner in data["partners"].items():
        ours = data["companies"].get(partner["company"], {}).get("places") or {}
        numbers: dict[str, set[str]] = {}
        for key, code in ours.items():
            numbers.setdefault(code, set()).add(key.rpartition("/")[2])
        for theirs, number in (_said(partner, "changes.places") or {}).items():
            path = f"partners.{name}.changes.places.{theirs}"
            word, slash, plain = number.rpartition("/")
            if not slash and not _GLN_DIGITS.fullmatch(number):
                yield Problem(
                    path,
                    "may lead to a location, a warehouse, a branch and an account, which Visma numbers each by itself. "
                    f"Write which: {', '.join(f'{one}/{number}' for one in _NUMBERED)}.",
                    fatal=False,
                )
            if slash and word not in _NUMBERED:
                yield Problem(
                    path, f"'{word}' is none of {', '.join(_NUMBERED)}, so this leads to no place.", fatal=False
                )
            of_code = theirs.rpartition("/")[2]
            if of_code in numbers and plain not in numbers[of_code]:
                yield Problem(
                    path,
                    f"leads to {number}, and companies.{partner['company']}.places has that code for "
                    f"{', '.join(sorted(numbers[of_code]))}: a change that names it would be taken for another place.",
                    fatal=False,
                )


def _unlisted(path: str, kinds: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    for kind in Kind:
        if kinds.get(kind.value, {}).get("send") and not kind.facts.is_listed:
            yield Problem(
                f"{path}.{kind}.send",
                "counts for `connector translate` alone: the connector reads no list of Visma that has "
                f"{kind.facts.noun}s.",
                fatal=False,
            )


def _has_invoices(key: str) -> bool:
    """Whether a key of `send_when` is for invoices, which are paid once they are closed."""
    return key in GROUPS or any(kind.value == key and kind.facts.is_final for kind in Kind)


def _statuses(path: str, send_when: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    known: Mapping[str, Iterable[str]] = {
        **{kind.value: kind.facts.statuses for kind in Kind},
        **{group: frozenset().union(*(kind.facts.statuses for kind in kinds)) for group, kinds in GROUPS.items()},
    }
    for key, names in known.items():
        words = send_when.get(key) or ()
        is_any_known = not words or any(word in names or word in LATER_STATUSES for word in words)
        for word in words:
            if word not in names:
                yield Problem(
                    f"{path}.{key}",
                    f"'{word}' is no status that Visma documents for it"
                    + ("." if is_any_known else ", nor is another word of it: nothing would ever be sent."),
                    fatal=not is_any_known,
                )
            elif (meaning := _RISKY_STATUSES.get(word)) is not None and not (word == "Closed" and _has_invoices(key)):
                yield Problem(f"{path}.{key}", meaning, fatal=False)
