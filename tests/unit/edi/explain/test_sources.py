"""What a document is written from, and how each of it is changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.documents import Kind
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.edi.explain.sources import Inputs, Origin, about, changed, dotted, other_values, sources_of
from connector.edi.visma.read import decode
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, as_json

ITEMS = {str(number): {"gtin": "07038010000065"} for number in (1298, 1305, 9999)}
FILE = routing_data(
    {
        "defaults.units": {"STK": "each", "KRT": "case", "KG": "each", "PAL": "pallet"},
        "defaults.items": ITEMS,
        "partners.other": a_partner(supplier="7"),
    }
)
DATA = decode(as_json(a_purchase_order()))
ROUTING = Routing.from_data(FILE)
ROUTE = ROUTING.route("nordic", Kind.PURCHASE_ORDER, "50012")
INPUTS = Inputs(data=DATA, routing=about(ROUTING, ROUTE, DATA), stream=Stream.TEST, purpose=Purpose.ORIGINAL)
SOURCES = {source.name: source for source in sources_of(INPUTS, ROUTING, ROUTE)}


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ("2026-10-02T00:00:00", "2026-10-03T00:00:00"),
        ("2026-12-31", "2027-01-01"),
        ("AC-500-DR", "BD-611-ES"),
        ("---", "---x"),
        ("each", "case"),
        ("standalone", "rushOrder"),
        (Decimal("10.00"), Decimal("10.01")),
        (True, False),
        (["MAIN"], ["NBJO"]),
    ],
)
def test_another_value_has_the_form_of_the_one_that_is_there(value, other):
    assert other_values(value)[0] == other


def test_only_what_is_about_the_document_is_a_source():
    assert list(INPUTS.routing["partners"]) == ["acme"]
    assert sorted(INPUTS.routing["defaults"]["items"]) == ["1298", "1305"]
    assert sorted(INPUTS.routing["defaults"]["units"]) == ["KG", "KRT", "STK"]
    assert not [name for name in SOURCES if "timeStamp" in name or ".visma." in name]


def test_the_part_of_the_file_gives_the_same_route():
    of_part = Routing.from_data(INPUTS.routing).route_to("nordic", Kind.PURCHASE_ORDER, "acme")
    assert {item: of_part.items[item] for item in ("1298", "1305")} == {
        item: ROUTE.items[item] for item in ("1298", "1305")
    }
    for name in ("order_types", "line_date", "x12", "notes", "description", "partner_isa_id", "currency"):
        assert getattr(of_part, name) == getattr(ROUTE, name)


def test_a_source_says_where_it_stands_and_whose_it_is():
    unit, setting, built_in = SOURCES["lines[1].uom"], SOURCES["defaults.units.KRT"], SOURCES["line_date"]
    assert (unit.origin, unit.family, unit.value, unit.layer) == (Origin.VISMA, "lines[].uom", "KRT", None)
    assert (setting.origin, setting.field, setting.layer) == (Origin.ROUTING, "units.*", "default")
    assert (built_in.value, built_in.layer, built_in.decides) == ("promised", "built-in", True)
    assert SOURCES["companies.nordic.orderful.isa_id.test"].field == "company.orderful.isa_id.test"


def test_a_change_leaves_the_inputs_as_they_were():
    before = as_json(DATA)
    other = changed(INPUTS, [SOURCES["lines[1].uom"], SOURCES["defaults.terms.30.net_days"]], 0)
    assert other.data["lines"][1]["uom"] == "LSU"
    assert other.data["lines"][0] is DATA["lines"][0]
    assert as_json(DATA) == before
    assert INPUTS.routing["defaults"]["terms"]["30"]["net_days"] == 30


def test_a_key_of_a_table_that_is_renamed_has_another_entry_there():
    other = changed(INPUTS, [SOURCES["lines[1].uom"], SOURCES["orderType"]], 1)
    assert other.routing["defaults"]["units"]["LSU"] == "each"
    new_type = other.data["orderType"]
    assert other.routing["partners"]["acme"].get("order_types", {}).get(new_type, "rushOrder") == "rushOrder"


def test_a_path_is_written_as_people_write_it():
    assert dotted(("lines", 0, "inventory", "number")) == "lines[0].inventory.number"
    assert dotted(("lines", 0, "inventory", "number"), numbers=False) == "lines[].inventory.number"
