"""A small routing file as data, with changes of single keys."""

from __future__ import annotations

import copy
from typing import Any

from connector.domain.routing.route import SETTINGS
from connector.domain.routing.settings import Place
from connector.domain.routing.values import Form

_ROUTING: dict[str, Any] = {
    "companies": {
        "nordic": {
            "visma": {"company_id": "1234567", "tenant_id": "8f0c2f6e", "time_zone": "Europe/Oslo"},
            "orderful": {"isa_id": {"live": "NORDICFOOD", "test": "NORDICFOODT"}},
        }
    },
    "defaults": {"units": {"STK": "each", "KG": "kilogram"}, "terms": {"30": {"net_days": 30}}},
    "partners": {
        "acme": {
            "company": "nordic",
            "visma": {"supplier": "50012"},
            "orderful": {"isa_id": {"live": "ACMEPRODUCE", "test": "ACMEPRODUCET"}},
        },
        "matsenteret": {
            "company": "nordic",
            "visma": {"customer": "10045"},
            "orderful": {"isa_id": {"live": "MATSENTERET", "test": "MATSENTERETT"}},
        },
    },
}


def routing_data(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The file with values set at dotted paths (`partners.acme.dialect`); None removes a key."""
    data = copy.deepcopy(_ROUTING)
    for path, value in (changes or {}).items():
        *way, last = path.split(".")
        part = data
        for step in way:
            part = part.setdefault(step, {})
        if value is None:
            part.pop(last, None)
        else:
            part[last] = value
    return data


def a_partner(company: str = "nordic", *, isa_id: str = "OTHER", **numbers: str) -> dict[str, Any]:
    """Another partner with a `supplier` or `customer` number."""
    return {"company": company, "visma": numbers, "orderful": {"isa_id": {"live": isa_id, "test": f"{isa_id}T"}}}


def settings_in(data: dict[str, Any]) -> set[str]:
    """The keys of the settings in a file, in any layer, and of the fields of their entries."""
    layers: list[tuple[Place, dict[str, Any]]] = [
        (Place.FILE, data),
        (Place.DEFAULTS, data["defaults"]),
        *((Place.COMPANY, company) for company in data["companies"].values()),
        *((Place.PARTNER, partner) for partner in data["partners"].values()),
    ]
    layers += [(Place.KIND, of_kind) for _, layer in layers for of_kind in layer.get("kinds", {}).values()]
    found: set[str] = set()
    for place, layer in layers:
        for key, setting in SETTINGS.items():
            value: Any = layer
            for step in key.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            if value is not None and place in setting.places:
                entries = value.values() if setting.type.form is Form.TABLE else [value]
                fields = (setting.type.entry or setting.type).fields
                found |= {key, *(f"{key}.{field}" for entry in entries for field in fields if field in entry)}
    return found
