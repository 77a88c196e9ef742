"""Each value with its meaning, its sources and the settings that decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.documents import Kind
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import DialectChoice
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.explain.explanation import explain, why_dialect
from connector.edi.visma.read import decode, read_document
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

ORDER = a_purchase_order(lines=[an_order_line(1)])
UNIT = {"units": {"STK": "each"}}
WHERE = {
    "default": ("defaults.units", {"STK": "each"}),
    "default kind": ("defaults.kinds", {"purchase_order": UNIT}),
    "company": ("companies.nordic.units", {"STK": "each"}),
    "company kind": ("companies.nordic.kinds", {"purchase_order": UNIT}),
    "partner": ("partners.acme.units", {"STK": "each"}),
    "kind": ("partners.acme.kinds", {"purchase_order": UNIT}),
}


def rows_of(order, **settings):
    data = decode(as_json(order))
    routing = Routing.from_data(routing_data(settings))
    route = routing.route("nordic", Kind.PURCHASE_ORDER, "50012")
    rows = explain(data, routing, route, dialect=Dialect.X12, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    return {(row.explained.section, row.explained.name): row for row in rows}


@pytest.mark.parametrize("layer", WHERE)
def test_a_value_from_routing_names_its_layer(layer):
    key, value = WHERE[layer]
    row = rows_of(ORDER, **{"defaults.units": None, key: value})["line 1", "PO1-03"]
    unit, setting = row.sources
    assert (row.value, unit.name, unit.value) == ("EA", "lines[0].uom", "STK")
    assert (setting.value, setting.layer, setting.field) == ("each", layer, "units.*")
    assert setting.name == f"{key}.{'purchase_order.units.' if 'kinds' in key else ''}STK"


def test_a_setting_that_a_later_layer_replaces_is_no_source():
    row = rows_of(ORDER, **{"defaults.units": {"STK": "case"}, "partners.acme.units": {"STK": "each"}})
    assert [one.name for one in row["line 1", "PO1-03"].sources] == ["lines[0].uom", "partners.acme.units.STK"]


def test_a_built_in_setting_is_said_to_be_so():
    row = rows_of(ORDER)["", "BEG-02"]
    assert [(one.name, one.layer) for one in row.sources] == [
        ("orderType", None),
        ("order_types.RegularOrder", "built-in"),
    ]


def test_settings_that_decide_stand_beside_what_gives_the_value():
    row = rows_of(ORDER)["line 1", "DTM-02"]
    assert [one.name for one in row.sources] == ["lines[0].promised"]
    assert [(one.name, one.value, one.layer) for one in row.decided_by] == [("line_date", "promised", "built-in")]


def test_what_the_standard_gives_has_no_source():
    row = rows_of(ORDER)["line 1", "PID-01"]
    assert (row.value, row.sources, row.decided_by) == ("F", (), ())
    assert row.explained.meaning.is_fixed


def test_a_name_comes_from_visma_and_from_routing_where_visma_has_none():
    named = rows_of(ORDER, **{"partners.acme.name": "Acme"})["party SE", "N1-02"]
    assert [one.name for one in named.sources] == ["supplier.name"]
    unnamed = a_purchase_order(lines=[an_order_line(1)], supplier={"number": "50012"})
    row = rows_of(unnamed, **{"partners.acme.name": "Acme"})["party SE", "N1-02"]
    assert [(one.name, one.layer) for one in row.sources] == [("partners.acme.name", "partner")]


@pytest.mark.parametrize(
    ("choice", "currency", "dialect", "why"),
    [
        ("auto", None, Dialect.X12, "none is agreed with this partner."),
        ("auto", "NOK", Dialect.MOSAIC, "dialect auto (built-in): Mosaic carries all of it."),
        ("x12", "NOK", Dialect.X12, "dialect x12 (partner): X12 alone."),
    ],
)
def test_why_a_dialect_was_taken_is_said(choice, currency, dialect, why):
    order = a_purchase_order(lines=[an_order_line(1)], taxDetails=[], taxTotal=0, orderTotal=8000)
    settings = {"partners.acme.currency": currency} if currency else {}
    settings |= {"partners.acme.dialect": choice} if choice != "auto" else {}
    route = Routing.from_data(routing_data(settings)).route("nordic", Kind.PURCHASE_ORDER, "50012")
    assert route.dialect is DialectChoice(choice)
    content = read_document(decode(as_json(order)), company="nordic").content
    assert why_dialect(content, replace(route), dialect, Purpose.ORIGINAL).endswith(why)
