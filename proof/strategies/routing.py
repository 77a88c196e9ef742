"""Routing files: one with every setting, damaged."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st

from connector.domain.routing.route import SETTINGS
from connector.domain.routing.values import Form
from proof.strategies.damage import BYTES, DATES, LONG, NUMBER_TEXTS, REMOVED, TEXTS, Change, changed, paths
from testkit.samples.routing_data import a_partner, routing_data

_SETTINGS: dict[str, Any] = {
    "dialect": "auto",
    "send_when": {"purchase_order": ["Open", "Hold"], "invoice": ["Open", "Closed"], "supplier_invoice": ["Open"]},
    "on_revision": "park",
    "on_reopen": "original",
    "sent_by_visma": "tell",
    "units": {"STK": "each", "KG": "kilogram", "KRT": "case"},
    "changes": {
        "quantity": "20%",
        "price": "2%",
        "dates": "14d",
        "order_date": "31d",
        "lines": "park",
        "quantities": "new_total",
        "header_note": "tell",
        "codes": {"CA": "change", "QI": "quantity"},
        "price_bases": {"RE": 1, "CA": 100},
        "statuses": ["Open", "Hold"],
        "hold_first": ["Open"],
        "places": {"0099": "1"},
    },
    "currency": "NOK",
    "go_live": "2026-01-01",
    "before_go_live": "ignore",
    "line_date": "requested",
    "notes": "all",
    "description": "send",
    "lines_without_item": "charge",
    "entered_amount": "adjust",
    "external_reference": "order_number",
    "rounding_limit": "2.50",
    "whole_units": ["each"],
    "main_locations": ["MAIN"],
    "answers_to_unknown_orders": "record",
    "charges_in_answers": {"freight": 45, "D980": "10.50"},
    "acknowledgment": "required",
    "expected": {"valid": "1h", "sent": "15m", "delivered": "never", "acknowledged": "24h"},
    "items": {"1298": {"gtin": "07038010000065", "partner_item": "AP-77120"}},
    "require_item_id": "gtin",
    "terms": {"30": {"net_days": 30, "discount_percent": "2", "discount_days": 10}},
    "order_types": {"RegularOrder": "release"},
    "x12": {
        "version": "005010",
        "charset": "utf8",
        "overflow": "park",
        "remit_to_code": "RE",
        "credit_sign": "negative",
        "vat_rate": "fraction",
        "credit_code": "CN",
        "references": {"IA": "4875905"},
        "leave_out": ["PER"],
    },
}
_POLLING = {"settle": "2m", "settle_cap": "30m", "unmapped_partner": "skip", "overlap": "15m"}
_IDENTITY = {
    "name": "Acme Produce AS",
    "gln": "7080001234560",
    "vat_number": "NO987654325MVA",
    "address": {"lines": ["Storgata 1"], "postal_code": "0155", "city": "Oslo", "region": "03", "country": "NO"},
    "contact": {"name": "Goods in", "attention": "Kari", "email": "k@acme.example", "phone": "+47 1", "fax": "2"},
}
BASE: Mapping[str, Any] = routing_data(
    {
        "defaults": {**_SETTINGS, **_POLLING, "require_item_id": None},
        "companies.nordic.visma.branch": "1",
        "companies.nordic.visma.page_size": 50,
        "companies.nordic.branches": {"1": {"gln": "7080000000005"}},
        "companies.nordic.places": {"3": "7080000000012"},
        "inbound.take": ["860", "855"],
        **{f"companies.nordic.{name}": value for name, value in {**_IDENTITY, **_POLLING}.items()},
        **{f"partners.acme.{name}": value for name, value in {**_IDENTITY, "x12": {"charset": "extended"}}.items()},
        "partners.acme.kinds": {"purchase_order": {**_SETTINGS, "send": True, "require_item_id": None}},
        "partners.matsenteret.locations": {"0007": "S-417"},
        "partners.matsenteret.kinds": {"customer_invoice": {"on_revision": "replace", "send": True}},
        "partners.both": a_partner(isa_id="BOTH", supplier="50013", customer="10046") | {"require_item_id": "gtin"},
    }
)
"""A valid file with every setting."""

DURATIONS = (
    *("0s", "0d", "1s", "2h5m", "99d", "9999d", "999999d", "999999999d", "9999999999d", "99999999999999999999d"),
    *("999999999d23h59m60s", "1d1d", "-1m", "1.5h", "٣d", "1w", "9" * 400 + "d", "9" * 5_000 + "s", "90s "),
)
PERCENTS = ("0%", "100%", "999%", "0.0001%", "999.9999%", "1000%", "-1%", "٣%", "5", "%", "1e5%", "5 %")
ZONES = (
    *("UTC", "Europe/Oslo", "Europe", "../../etc/passwd", "/etc/localtime", "Europe/Oslo\x00", "localtime"),
    *("Factory", "America/Argentina/ComodRivadavia", "posixrules", "x" * 5_000, ".", "..", "Pacific/Apia", "CET"),
)
WORDS = (
    *("each", "parsec", "kilogram", "auto", "mosaic", "x12", "park", "replace", "change", "skip", "ignore", "apply"),
    *("PER", "N1", "BEG", "PO1", "SE", "ISA", "utf8", "basic", "negative", "Open", "07038010000065", "00000000000000"),
    *("NOK", "ZZZ", "NORDICFOODT", "nordic", "acme", "*", "~", "A" * 15, "A" * 16, "50012", "10045", "gtin"),
)
_VALUES: Mapping[str, Change] = {
    "missing": lambda _draw, _value: REMOVED,
    "null": lambda _draw, _value: None,
    "of another type": lambda draw, value: draw(
        st.sampled_from(
            [7, 1.5, "x", True, False, [], {}, [value], {"value": value}, float("nan"), float("inf"), 10**400]
        )
    ),
    "duration": lambda draw, _: draw(st.sampled_from(DURATIONS)),
    "percent": lambda draw, _: draw(st.sampled_from(PERCENTS)),
    "zone": lambda draw, _: draw(st.sampled_from(ZONES)),
    "word": lambda draw, _: draw(st.sampled_from(WORDS)),
    "number": lambda draw, _: draw(st.sampled_from([0, 1, -1, 200, 999, 1000, 1001, 2**31, 10**19, *NUMBER_TEXTS])),
    "text": lambda draw, _: draw(st.sampled_from([*TEXTS, "\ud800", *DATES])),
    "drawn text": lambda draw, _: draw(st.text(max_size=20)),
    "long": lambda _draw, _value: LONG,
}
# Valid, unusual values.
_ALLOWED: Mapping[str, tuple[Any, ...]] = {
    **{
        key.rpartition(".")[2]: tuple(map(str, setting.type.choices))
        for key, setting in SETTINGS.items()
        if setting.type.form is Form.WORD
    },
    "lines": ("park", "apply", ["a" * 200], []),
    "leave_out": ([], ["BEG"], ["PO1"], ["N1", "CTT", "SE", "PER", "TXI", "SAC"], ["ZZZ"], ["IT1", "TDS", "BIG"]),
    "send": (True, False),
    "send_when": ({}, {"purchase_order": []}, {"invoice": ["Nowhere"]}),
    "currency": ("NOK", "EUR", "ZZZ", None),
    "units": ({"STK": "each"}, {"STK": "no such unit"}, {"STK": ""}, {"KG": "each", "STK": "*~", "KRT": "\u202e"}),
    "items": ({"1298": {}}, {"1298": {"partner_item": "x" * 5_000}}, {"1298": {"partner_item": "*~>"}}, {}),
    "terms": ({"30": {}}, {"30": {"net_days": 0, "discount_percent": "99.999", "discount_days": 999}}, {}),
    "order_types": ({}, {"RegularOrder": "rushOrder"}, {"RegularOrder": "blanketEstimated"}),
    "codes": ({}, {"QI": "nothing"}, {"quantityChange": "delete"}, {"QI": "add", "QD": "replace"}),
    "price_bases": ({}, {"RE": 1}, {"perEach": 100_000, "PE": 10}),
    "statuses": ([], ["Open"], ["Closed", "x" * 300]),
    "hold_first": ([], ["Open", "Hold"], ["Nowhere"]),
    "settle": ("0s", "30m", "29m59s"),
    "settle_cap": ("2m", "3650d", "1d"),
    "overlap": ("0s", "1s", "3650d", "2h5m"),
    "dates": ("0d", "3650d", "1s"),
    "go_live": ("0001-01-01", "9999-12-31", "2026-12-01T06:00+01:00"),
    "delivered": ("never", "0s", "30d"),
    "main_locations": ([], ["\u202e"], ["main", "Main"]),
    "quantity": ("0%", "999.9999%", "0.0001%"),
    "price": ("0%", "999.9999%", "0.0001%"),
    "page_size": (1, 2, 1000),
    "branch": ("1", "2", "\u202e", "x" * 500),
    "time_zone": ("UTC", "Pacific/Apia", "America/St_Johns", "Etc/GMT+12", "Asia/Kathmandu"),
    "live": ("A", "A" * 15, "a b", "!", "NORDICFOODT", "ACMEPRODUCET"),
    "test": ("B", "B" * 15, "b c", "?", "NORDICFOOD", "ACMEPRODUCE"),
    "supplier": ("0", "\u202e", "x" * 5_000, "50013 "),
    "name": ("*~>^", "x" * 5_000, "\u202eabc", "漢字", "\x00", "a\nb"),
    "country": ("NO", "ZZ"),
}
_BY_NAME = {
    "settle": "duration",
    "settle_cap": "duration",
    "overlap": "duration",
    "dates": "duration",
    "order_date": "duration",
}
_BY_NAME |= {"quantity": "percent", "price": "percent", "discount_percent": "number", "time_zone": "zone"}
_KEYS = (
    7,
    0,
    None,
    True,
    1.5,
    "",
    " ",
    "a b",
    "A" * 64,
    "ø",
    "\ud800",
    ("a", 1),
    "__class__",
    "$schema",
    "company",
    "-x",
)


@dataclass(frozen=True, slots=True)
class RoutingCase:
    """One routing file.

    Attributes:
        data: Its data; None when it has bytes.
        text: Its bytes.
        damage: Names of the damage.
    """

    data: Any
    text: bytes | None
    damage: tuple[str, ...]

    def __repr__(self) -> str:
        """The damage, and the start of the bytes."""
        return f"{self.damage} {(self.text or b'')[:300]!r}"


@st.composite
def routing_cases(draw: st.DrawFn) -> RoutingCase:
    """A damaged file, or a valid one with unusual values."""
    data, names = _damaged(draw, times=draw(st.sampled_from([1, 1, 1, 1, 2, 5])))
    if draw(st.integers(0, 3)):
        return RoutingCase(data, None, tuple(names))
    text = _yaml(data)
    name = draw(st.sampled_from(["as it is", "as it is", *_FILES]))
    if name != "as it is":
        text, names = _FILES[name](draw, text), [*names, name]
    return RoutingCase(None, text, tuple(names))


def _damaged(draw: st.DrawFn, *, times: int) -> tuple[Any, list[str]]:
    data, names = copy.deepcopy(dict(BASE)), []
    for _ in range(times):
        every = paths(data)
        path = draw(st.sampled_from(every))
        where = ".".join(map(str, path))
        how = draw(st.sampled_from(["value"] * 4 + ["right kind"] * 4 + ["allowed"] * 8 + ["key", "key", "copy"]))
        allowed = [one for one in every if one[-1] in _ALLOWED] if how == "allowed" else []
        if allowed:
            path = draw(st.sampled_from(allowed))
            where, name = ".".join(map(str, path)), "another value"
            changed(draw, data, path, _another(str(path[-1])))
        elif how == "key" and isinstance(path[-1], str):
            name, key = "another key", draw(st.sampled_from(_KEYS))
            _renamed(data, path, key)
        elif how == "copy" and path[0] in {"partners", "companies"} and len(path) == 2:
            name = "twice under another name"
            data[path[0]]["another"] = copy.deepcopy(data[path[0]][path[1]])
        else:
            any_of_them = draw(st.sampled_from(list(_VALUES)))
            name = _BY_NAME.get(str(path[-1]), "word") if how == "right kind" else any_of_them
            changed(draw, data, path, _VALUES[name])
        names.append(f"{where} {name}")
        if not data:
            break
    return data, names


def _another(name: str) -> Change:
    return lambda draw, _: draw(st.sampled_from(_ALLOWED[name]))


def _renamed(data: Any, path: tuple[str | int, ...], key: Any) -> None:
    *way, last = path
    for step in way:
        data = data[step]
    data[key] = data.pop(last)


def _yaml(data: Any) -> bytes:
    try:
        return yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, ValueError):
        return repr(data).encode("utf-8", "surrogatepass")


def _billion_laughs(_draw: st.DrawFn, _text: bytes) -> bytes:
    """A small file that expands beyond memory ("billion laughs")."""
    first = b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    rows = [b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 10)]
    return first + b"".join(rows) + b"companies: *a9\n"


_FILES: Mapping[str, Callable[[st.DrawFn, bytes], bytes]] = {
    **BYTES,
    "tabs": lambda _, text: text.replace(b"  ", b"\t"),
    "a key twice": lambda _, text: text + b"partners: {}\n",
    "refers to itself": lambda _, text: text.replace(b"companies:", b"companies: &all\n  loop: *all", 1),
    "a loop": lambda _draw, _text: b"companies: &c {nordic: *c}\n",
    "merged keys": lambda _, text: text + b"x: &x {a: 1}\ny: {<<: *x, <<: *x}\n",
    "a Python object": lambda _draw, _text: b"companies: !!python/object/apply:os.getcwd []\n",
    "nested deep": lambda _draw, _text: b"companies: " + b"[" * 2_000 + b"]" * 2_000,
    "billions": _billion_laughs,
    "several documents": lambda _, text: text + b"---\n" + text,
    "key is a list": lambda _, text: text + b"? [a, b]\n: 1\n",
}
