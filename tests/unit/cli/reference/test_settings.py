"""The page of the routing file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connector.cli.reference.settings import document
from connector.domain.routing.route import SETTINGS
from connector.domain.routing.settings import Place
from connector.routing_file import json_schema

PAGE = Path(__file__).parents[4] / "docs/connector-yaml.md"
STORED = PAGE.read_text(encoding="utf-8")
SCHEMA = json_schema()


def part_of(heading: str) -> str:
    return STORED.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def leaves(of: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The keys of a part of the schema, with points; what a person may call as he likes is KEY."""
    name = of.get("$ref", "").rpartition("/")[2]
    schema = SCHEMA["$defs"][name] if name else of
    free = [one for one in (schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()) if one]
    for key, inside in (*schema.get("properties", {}).items(), *(("KEY", one) for one in free)):
        yield from leaves(inside, f"{path}.{key}" if path else key)
    if "properties" not in schema and not free:
        yield path.removesuffix(".KEY")


def test_the_page_is_what_the_code_says():
    assert document() == STORED, "write it again: python -m connector.cli.reference.settings > docs/connector-yaml.md"


def test_every_key_of_the_schema_is_on_the_page():
    listed = set(re.findall(r"^\| `([^`]+)` \|", STORED, re.MULTILINE))
    place = re.compile(r"^(companies\.KEY|partners\.KEY|defaults)\.(kinds\.\w+\.)?")
    # A branch has the address and the contact that a company has: the page says so in one row.
    keys = {
        re.sub(r"^branches\.KEY\.(address|contact)\..*", r"branches.KEY.\1", place.sub("", key))
        for key in leaves(SCHEMA)
    }
    assert len(keys) > 80
    assert keys <= listed


def test_a_setting_stands_where_it_may_stand():
    headings = {
        "send": "For one kind of document",
        "settle": "In `defaults` or a company",
        "visma.tenant_id": "In a company",
        "visma.supplier": "In a partner",
        "gln": "In a company or a partner, each for itself",
        "inbound.take": "In the file itself",
        "changes.quantity": "In every layer",
    }
    assert all(f"| `{key}` |" in part_of(heading) for key, heading in headings.items())
    assert {one.places for one in SETTINGS.values()} == {SETTINGS[key].places for key in headings}
    assert all(isinstance(place, Place) for one in SETTINGS.values() for place in one.places)


@pytest.mark.parametrize(
    "row",
    [
        "| `order_types` | keys of your own; each value: `standalone` or `dropship` or ",
        "| `on_revision` | `replace` or `park` or `ignore` | `park`; purchase_order: `replace` | replace |",
        "| `terms.KEY.net_days` | a whole number from 0 to 999 |",
        "| `branches.KEY.address` | as `address` |",
        "| `orderful.isa_id` | `live`, `test`, all of them needed | none; it is needed |",
        "| `expected.delivered` | a duration like 24h, 30 days at most, or never | `24h` | replace |",
    ],
)
def test_a_row_says_value_default_and_rule(row):
    assert f"\n{row}" in STORED


def test_every_value_has_a_label():
    rows = re.findall(r"^\| `[^|]+` \| ([^|]*) \|", STORED, re.MULTILINE)
    assert rows
    assert "" not in {row.strip().removesuffix(":") for row in rows}
