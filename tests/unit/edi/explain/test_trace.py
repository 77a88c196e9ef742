"""Sources are found by changing them: what is found is what the code does, whatever it does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.documents import Kind
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.explain import trace
from connector.edi.explain.emitted import leaves
from connector.edi.explain.sources import Inputs, about
from connector.edi.explain.trace import Tracer
from connector.edi.visma.read import decode
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json

UNITS = {"STK": "each", "KRT": "case", "KG": "each"}
LINES = 11


def tracer_of(order, **settings):
    data = decode(as_json(order))
    routing = Routing.from_data(routing_data({"defaults.units": UNITS, "defaults.whole_units": ["case"], **settings}))
    route = routing.route("nordic", Kind.PURCHASE_ORDER, "50012")
    part = about(routing, route, data)
    return Tracer(
        Inputs(data=data, routing=part, stream=Stream.TEST, purpose=Purpose.ORIGINAL), routing, route, Dialect.X12
    )


def found(order, *, twice=False):
    """What gives each value, by its place; `twice`: also of what Visma states in two ways."""
    traced = tracer_of(order).traced(lambda _: not twice)
    return {one.place: {source.name for source in (one.gives or one.keeps) if not source.decides} for one in traced}


def many_lines():
    return [
        an_order_line(number, orderQty=Decimal(number), uom=("STK", "KRT", "KG")[number % 3])
        for number in range(1, LINES + 1)
    ]


def test_a_value_comes_from_the_field_whose_change_changes_it():
    names = found(a_purchase_order())
    assert names["BEG", 0, "03"] == {"orderNbr"}
    assert names["PO1_loop", 1, "PO1", 0, "02"] == {"lines[1].orderQty"}
    assert names["PO1_loop", 1, "PO1", 0, "03"] == {"lines[1].uom", "defaults.units.KRT"}
    assert names["PO1_loop", 0, "DTM", 0, "02"] == {"lines[0].promised"}


@pytest.mark.parametrize("changes", [{}, {"orderType": None}, {"lines": [an_order_line(uom=" STK ")]}])
def test_without_a_change_the_same_is_written(changes):
    """What is left of the routing file leads to all that the whole file does."""
    types = {"order_types": {"RegularOrder": "rushOrder"}}
    tracer = tracer_of(a_purchase_order(**changes), **{"partners.acme.kinds": {"purchase_order": types}})
    assert tracer._written(tracer._inputs) == tracer.tree
    assert dict(leaves(tracer.tree))["BEG", 0, "02"] == "RO"


def test_another_mapping_in_the_code_is_found_as_it_is(monkeypatch):
    """The planted fault: the requested day is written for the promised one."""
    monkeypatch.setattr("connector.edi.canonical.wanted_day", lambda line, order, line_date: line.requested)
    assert found(a_purchase_order())["PO1_loop", 0, "DTM", 0, "02"] == {"lines[0].requested"}


def test_a_fraction_of_a_unit_does_not_hide_where_the_unit_comes_from():
    """A unit that is tried may be one without fractions."""
    lines = [an_order_line(1, orderQty=Decimal("2.5"), uom="KG"), an_order_line(2)]
    tracer = tracer_of(a_purchase_order(lines=lines), **{"defaults.units.KG": "kilogram", "defaults.whole_units": None})
    traced = {one.place: {source.name for source in one.gives} for one in tracer.traced(lambda _: True)}
    assert traced["PO1_loop", 0, "PO1", 0, "03"] == {"lines[0].uom", "defaults.units.KG"}


def test_an_amount_that_contradicts_the_sums_is_still_traced():
    names = found(a_purchase_order())
    assert names["PO1_loop", 0, "PO1", 0, "04"] == {"lines[0].unitCost"}
    assert names["CTT_loop", 0, "AMT", 0, "02"] == {"orderTotal"}
    assert names["TXI", 0, "02"] == {"taxTotal"}


def test_without_a_stated_total_it_is_the_sum_of_the_lines():
    names = found(a_purchase_order(orderTotal=None, lineTotal=None))
    assert names["CTT_loop", 0, "AMT", 0, "02"] == {"taxTotal", *(f"lines[{at}].amount" for at in range(3))}


def test_what_visma_states_in_two_ways_is_found_by_both():
    line = an_order_line(1, discountPercent=Decimal(10), discountAmount=Decimal(800), amount=Decimal(7200))
    names = found(a_purchase_order(lines=[line]), twice=True)
    assert {"lines[0].discountAmount", "lines[0].discountPercent"} <= names[
        "PO1_loop", 0, "SAC_loop", 0, "SAC", 0, "05"
    ]


def test_what_all_lines_say_alike_is_found_in_all_of_them():
    lines = [an_order_line(number, orderNumber="400001") for number in (1, 2)]
    names = found(a_purchase_order(lines=lines))
    assert names["BEG", 0, "04"] == {"lines[0].orderNumber", "lines[1].orderNumber"}


def test_many_lines_are_told_apart_by_halves_of_them(monkeypatch):
    order = a_purchase_order(lines=many_lines(), orderTotal=None, lineTotal=None)
    by_halves = found(order)
    monkeypatch.setattr(trace, "_MAX_ALONE", LINES)
    assert by_halves == found(order)
    assert by_halves["PO1_loop", 10, "PO1", 0, "02"] == {"lines[10].orderQty"}
    assert len([name for name in by_halves["CTT_loop", 0, "AMT", 0, "02"] if name.endswith(".amount")]) == LINES


def test_five_times_the_lines_take_few_more_runs(monkeypatch):
    """What a line takes of writing the document again must not grow with the number of lines."""
    runs = []
    written = Tracer._written

    def counted(tracer, inputs):
        runs[-1] += 1
        return written(tracer, inputs)

    monkeypatch.setattr(Tracer, "_written", counted)
    for number in (9, 45):
        runs.append(0)
        found(a_purchase_order(lines=[an_order_line(at) for at in range(1, number + 1)]))
    assert runs[1] < 2 * runs[0]


@pytest.mark.parametrize("name", ["x12.charset", "description"])
def test_a_built_in_setting_is_tried_with_its_other_values(name):
    traced = tracer_of(a_purchase_order(description="Påfyll")).traced(lambda _: True)
    texts = next(one for one in traced if one.place == ("N9_loop", 0, "MSG", 0, "01"))
    assert name in {source.name for source in (*texts.gives, *texts.keeps)}
