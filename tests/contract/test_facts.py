"""The contracts are complete, say where each fact comes from, and are written and read without loss."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from contracts.extract import Ours, elements, structure
from contracts.facts import INDEX, ROOT, _object, _schema

FILES: dict[str, dict[str, Any]] = json.loads(INDEX.read_text(encoding="utf-8"))
REPOSITORY = ROOT.parent
PROGRAMS = ("bench", "cfn_rules", "contracts", "functions", "layers", "demo", "testkit", "proof", "tests")


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_the_one_that_the_index_describes(name: str) -> None:
    entry = FILES[name]
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == entry["sha256"]
    assert re.fullmatch(r"[0-9a-f]{64}", entry["source_sha256"])
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", entry["date"])
    assert entry["sources"]
    assert entry["holds"]


def test_the_index_names_every_file() -> None:
    there = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.suffix in {".json", ".tsv"}}
    assert there - {INDEX.name} == FILES.keys()


def test_nothing_reads_beside_the_repository() -> None:
    """A clone is complete: what lies next to it must not matter."""
    beside = "shar" + "ed"
    pattern = re.compile(rf"\.\./{beside}|\"{beside}\"|parents?\[2\]\.parent")
    files = [path for top in (".ci", ".github", *PROGRAMS) for path in (REPOSITORY / top).rglob("*") if path.is_file()]
    texts = [path for path in (*files, REPOSITORY / "Makefile") if path.suffix not in {".pyc", ".so"}]
    assert len(texts) > 300
    assert [path for path in texts if pattern.search(path.read_text(encoding="utf-8"))] == []


def test_a_structure_is_written_short_and_read_back_whole() -> None:
    reference = {"$ref": "#/components/schemas/Line"}
    fields = {
        "number": {"type": "string", "minLength": 1, "title": "dropped"},
        "status": {"type": "string", "enum": ["Open", "On hold"], "default": "Open"},
        "kind": {"type": "string", "enum": ["A", "B"]},
        "on": {"type": "string", "format": "date-time", "nullable": True},
        "lines": {"type": "array", "items": reference},
        "codes": {"type": "array", "maxItems": 5, "items": {"type": "string", "enum": ["A", "B"]}},
        "first": reference,
        "other": {"oneOf": [reference, {"type": "object"}]},
        "inner": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]},
    }
    schemas = {
        "Order": {"type": "object", "properties": fields, "required": ["number"]},
        "Line": {"type": "object", "properties": {"a": {"allOf": [reference]}}},
        "Unused": {"type": "object"},
    }
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
    parameter = {"name": "limit", "in": "query", "required": True, "schema": {"type": "number"}}
    operation = {"parameters": [parameter], "responses": {"200": answer, "404": {"description": "dropped"}}}
    document = {"paths": {"/orders": {"get": operation}}, "components": {"schemas": schemas}}

    written = structure(document, ("GET /orders",), {"header": "key"})

    assert written["operations"] == {
        "GET /orders": {"query": {"limit!": "number"}, "answers": {"200": "@Order", "404": None}}
    }
    assert written["schemas"].keys() == {"Order", "Line"}
    del fields["number"]["title"]  # type: ignore[attr-defined]
    assert _object(written["schemas"]["Order"]) == schemas["Order"]
    assert written["schemas"]["Line"] == {"a": "@Line"}
    assert _schema(written["schemas"]["Line"]["a"]) == reference


def test_elements_are_those_of_our_segments() -> None:
    row = {"segment": "BEG", "pos": "BEG01", "req_4010": "M", "type_4010": "AN", "len_4010": "2/2", "code_list": "x"}
    row |= {"req_5010": "M", "type_5010": "AN", "len_5010": ""}
    assert elements([row, {**row, "segment": "ZZZ"}]) == "position\t4010\t5010\tcodes\nBEG01\tM AN 2/2\tM AN -\tcodes\n"


def test_a_sample_keeps_its_fields_and_has_our_values() -> None:
    theirs = {
        "_provenance": "a note",
        "senderId": "THEIRS",
        "receiverId": "THEIRS",
        "name": "810_INVOICE",
        "parties": [{"name": "Their Name Ltd", "quantity": {"value": "10", "unitOfMeasure": "each"}}],
        "finish": "their words here",
        "count": 3,
    }
    assert Ours().value(theirs) == {
        "senderId": "ISA1001",
        "receiverId": "ISA1001",
        "name": "810_INVOICE",
        "parties": [{"name": "Nordic Food", "quantity": {"value": "10", "unitOfMeasure": "each"}}],
        "finish": "steel",
        "count": 3,
    }
