"""`docs/field-mapping.md`: examples that fill everything that is written, each value explained."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from connector.domain.documents import Kind
from connector.domain.errors import ConnectorError
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.explain.explanation import explain
from connector.edi.mosaic import meanings as mosaic
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from connector.edi.x12 import meanings as x12
from testkit import field_mapping
from testkit.field_mapping import examples_of, explained, page
from testkit.samples.full_documents import EXAMPLES

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/field-mapping.md"
CASES = ROOT / "tests/data/cases/out"
EXPLAINED = [
    pytest.param(example, dialect, id=f"{example.kind}-{dialect}-{example.name}")
    for example in EXAMPLES
    for dialect in example.dialects
]
TABLES = {Dialect.X12: x12.MEANINGS, Dialect.MOSAIC: mosaic.MEANINGS}
AGAIN = "write it again: python -m testkit.field_mapping > docs/field-mapping.md"

pytestmark = pytest.mark.xdist_group("field_mapping")


def unexplained(rows):
    """What no table names, and what should come from something and comes from nothing."""
    return [
        row.explained.key
        for row in rows
        if row.explained.meaning is None or not (row.sources or row.explained.meaning.is_fixed)
    ]


def test_the_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == page(), AGAIN


def test_another_mapping_in_the_code_makes_the_page_stale(monkeypatch):
    """The planted fault: the wanted day is the requested one, whatever `line_date` says."""
    monkeypatch.setattr("connector.edi.canonical.wanted_day", lambda line, order, line_date: line.requested)
    monkeypatch.setattr(field_mapping, "explained", explained.__wrapped__)
    monkeypatch.setattr(field_mapping, "Kind", [Kind.PURCHASE_ORDER])
    monkeypatch.setattr(field_mapping, "Dialect", [Dialect.MOSAIC])
    row = "| `lineItems[].dates.requestedDeliveryDate` | wanted day of the line | `lines[].requested` |"
    assert row in page()
    assert row not in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("example", "dialect"), EXPLAINED)
def test_every_value_of_every_example_is_explained(example, dialect):
    rows = explained(example, dialect)
    assert unexplained(rows) == []
    assert all(source.layer for row in rows for source in row.decided_by)


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if one.name.endswith("everything")], ids=lambda one: one.kind
)
def test_what_is_left_out_of_the_search_gives_nothing(example, monkeypatch):
    """Fields that no partner sees and settings that say when a document is sent are not tried."""
    before = [(row.explained.name, sorted(one.name for one in row.sources)) for row in explained(example, Dialect.X12)]
    monkeypatch.setattr("connector.edi.explain.sources._NOT_WRITTEN", frozenset())
    monkeypatch.setattr("connector.edi.explain.sources._NOT_ABOUT_CONTENT", frozenset())
    rows = explained.__wrapped__(example, Dialect.X12)
    assert [(row.explained.name, sorted(one.name for one in row.sources)) for row in rows] == before


def test_every_meaning_is_that_of_something_that_is_written():
    """One that several tables share counts once."""
    used = {
        id(row.explained.meaning) for example in EXAMPLES for d in example.dialects for row in explained(example, d)
    }
    declared = {
        f"{dialect} {number} {key}": meaning
        for dialect, table in TABLES.items()
        for number, meanings in table.items()
        for key, meaning in meanings.items()
    }
    assert [name for name, meaning in declared.items() if id(meaning) not in used] == []


def test_a_meaning_says_what_it_is_and_one_sentence():
    for table in TABLES.values():
        for meanings in table.values():
            for meaning in meanings.values():
                assert meaning.what
                assert meaning.what[-1] not in ".;"
                assert meaning.rule[0].isupper() or meaning.rule[0] == "`"
                assert meaning.rule.endswith(".")


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_kind_has_examples_in_every_dialect(kind, dialect):
    assert list(examples_of(kind, dialect))


@pytest.mark.parametrize("file", sorted(CASES.glob("*.json")), ids=lambda file: file.stem)
def test_every_value_of_every_case_is_explained(file):
    data = decode(file.read_bytes())
    routing = Routing.from_data(yaml.safe_load((CASES / "routing.yaml").read_text(encoding="utf-8")))
    try:
        document = read_document(data, company="nordic")
        route = routing.route("nordic", document.key.kind, document.counterparty)
        sent = translate(document.content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    except ConnectorError:
        # It is parked: there is nothing to explain.
        return
    rows = explain(data, routing, route, dialect=sent.dialect, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    assert unexplained(rows) == []
