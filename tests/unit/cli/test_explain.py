"""`connector explain`: of a file without any network, and of a document of a stack."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from connector.domain.documents import Kind
from connector.domain.revision.record import Event, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from testkit.memory.stores import MemoryLedger
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json
from tests.unit.cli.documents.conftest import NOW, ORDER, SENT

ROUTING = {"defaults.units.KRT": "carton", "partners.acme.units": {"STK": "piece"}}
DEEPEST = 3


@pytest.fixture
def explain(connector, tmp_path):
    """Run the command on a document in a file, with the small routing or a changed one."""

    def run(document, *options, routing=None):
        (tmp_path / "document.json").write_bytes(document if isinstance(document, bytes) else as_json(document))
        file = tmp_path / "connector.yaml"
        file.write_text(yaml.safe_dump(routing_data({**ROUTING, **(routing or {})})), encoding="utf-8")
        return connector("explain", str(tmp_path / "document.json"), "--config", str(file), *options)

    return run


def values(result):
    return {(one["section"], one["element"]): one for one in result.data["values"]}


def test_each_element_has_its_value_its_sources_and_its_rule(explain):
    result = explain(a_purchase_order(), "--json")
    assert result.code == 0
    assert result.data["document"] == "nordic/purchase_order/500123"
    assert (result.data["partner"], result.data["dialect"], result.data["stream"]) == ("acme", "x12", "test")
    unit = values(result)["line 1", "PO1-03"]
    assert (unit["value"], unit["what"]) == ("PC", "unit")
    assert unit["from"] == [
        {"origin": "visma", "name": "lines[0].uom", "value": "STK", "layer": None},
        {"origin": "routing", "name": "partners.acme.units.STK", "value": "piece", "layer": "partner"},
    ]
    assert unit["rule"].startswith("The unit that `units` in routing gives to Visma's word")


def test_every_value_of_the_request_is_there(explain, translate):
    sent = translate(a_purchase_order(), routing=ROUTING).data["body"]["message"]["transactionSets"][0]
    shown = values(explain(a_purchase_order(), "--json"))
    assert sent["beginningSegmentForPurchaseOrder"][0]["purchaseOrderNumber"] == shown[None, "BEG-03"]["value"]
    for at, line in enumerate(sent["PO1_loop"], start=1):
        assert line["baselineItemData"][0]["quantity"] == shown[f"line {at}", "PO1-02"]["value"]


def test_people_get_a_table_for_each_part_of_the_document(explain):
    result = explain(a_purchase_order())
    assert result.code == 0
    head, why, *_ = result.out.splitlines()
    assert head == "nordic/purchase_order/500123 for acme as X12 850 (test)"
    assert why.startswith("dialect auto (built-in): Mosaic")
    for title in ("Document", "Party ST", "Party SE", "Line 1", "Line 2", "Line 3"):
        assert f"\n\n{title}\n\nelement" in result.out
    line = next(one for one in result.out.splitlines() if one.startswith("PO1-03"))
    assert "lines[0].uom STK; partners.acme.units.STK piece (partner)" in line
    assert all(one.startswith("note: nordic/purchase_order/500123: ") for one in result.err.splitlines())


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(explain, monkeypatch, columns):
    monkeypatch.setattr("connector.cli.output._screen", lambda _: os.terminal_size((columns, 1000)))
    result = explain(a_purchase_order())
    assert max(map(len, result.out.splitlines()[DEEPEST:])) <= columns
    assert "partners.acme.units.STK piece" in " ".join(result.out.split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PO1-03", {("line 1", "PO1-03"), ("line 2", "PO1-03"), ("line 3", "PO1-03")}),
        ("lines[1].uom", {("line 2", "PO1-03")}),
        ("partners.acme.units", {("line 1", "PO1-03")}),
        ("beg-0", {(None, f"BEG-0{at}") for at in (1, 2, 3, 5)}),
    ],
)
def test_only_what_is_asked_for_is_shown(explain, text, shown):
    assert set(values(explain(a_purchase_order(), "--only", text, "--json"))) == shown


def test_a_line_is_asked_for_by_its_number_and_no_other_begins_with_it(explain):
    lines = [an_order_line(number) for number in range(1, 12)]
    shown = values(explain(a_purchase_order(lines=lines), "--only", "line 1", "--only", "CTT", "--json"))
    assert {section for section, _ in shown} == {"line 1", None}


def test_what_nothing_is_called_is_wrong_input(explain):
    result = explain(a_purchase_order(), "--only", "XYZ")
    assert (result.code, result.out) == (2, "")
    assert "Nothing in nordic/purchase_order/500123 is called XYZ, nor comes from it." in result.err


def test_mosaic_is_explained_by_its_paths(explain):
    order = a_purchase_order(lines=[an_order_line()], taxDetails=[], taxTotal=0, orderTotal=8000)
    result = explain(order, "--json", routing={"partners.acme.currency": "NOK"})
    unit = values(result)["line 1", "lineItems[0].quantity.unitOfMeasure"]
    assert (unit["value"], result.data["dialect"]) == ("piece", "mosaic")
    assert [one["name"] for one in unit["from"]] == ["lines[0].uom", "partners.acme.units.STK"]
    as_x12 = explain(order, "--dialect", "x12", "--json", routing={"partners.acme.currency": "NOK"})
    assert as_x12.data["dialect"] == "x12"


def test_the_stream_decides_who_sends_and_receives(explain):
    sender = values(explain(a_purchase_order(), "--stream", "live", "--json"))[None, "sender.isaId"]
    assert sender["value"] == "NORDICFOOD"
    assert {one["name"] for one in sender["from"]} == {"companies.nordic.orderful.isa_id.live", "stream"}


def test_several_documents_are_a_list_and_one_that_is_held_is_said(explain):
    held = a_purchase_order(orderNbr="500124", status="Hold", hold=True)
    result = explain(as_json([a_purchase_order(), held]), "--only", "BEG-03", "--json")
    assert (result.code, [one["document"] for one in result.data]) == (3, ["nordic/purchase_order/500123"])
    assert "500124" in json.loads(result.err)["error"]


def test_a_parked_document_says_why(explain):
    result = explain(a_purchase_order(), routing={"defaults.units": {}})
    assert (result.code, result.out) == (3, "")
    assert "Visma's unit" in result.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("500123", "--stream", "live"), "take --config"),
        (("500123", "--company", "nordic"), "take --config"),
        (("file.json", "--config", "c.yaml", "--revision", "2"), "--revision is for a document of a stack"),
        (("-", "--config", "-"), "Only one of the two files"),
    ],
)
def test_options_of_the_other_form_are_refused(connector, arguments, sentence):
    result = connector("explain", *arguments)
    assert result.code == 2
    assert sentence in result.err


@pytest.mark.parametrize("target", ["-", __file__])
def test_a_file_without_a_routing_file_is_no_document_of_the_stack(connector, target):
    result = connector("explain", target)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"{target} is a file: name the routing file for it with --config.\n"


@pytest.fixture
def sent(stack):
    """An order that was sent by the routing in force."""
    stack.ledger = MemoryLedger()
    stack.routing.data = routing_data(ROUTING)
    source = as_json(a_purchase_order())
    content = read_document(decode(source), company="nordic", kind=Kind.PURCHASE_ORDER).content
    route = Routing.from_data(stack.routing.data).route("nordic", Kind.PURCHASE_ORDER, "50012")
    body = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body
    written = Event(NOW, State.TRANSLATED, "written")
    stack.ledger.rows = {(ORDER, 1): replace(SENT, history=(written, *SENT.history[1:]))}
    stack.ledger.bodies[ORDER, 1, SENT.revision_id] = (source, json.dumps(body).encode())
    return stack


@pytest.mark.parametrize("key", ["500123", "nordic/purchase_order/500123"])
def test_a_document_of_a_stack_is_explained_as_it_was_sent(connector, sent, key):
    result = connector("explain", key, "--only", "PO1-03", "--json")
    assert result.code == 0
    assert values(result)["line 1", "PO1-03"]["from"][1]["name"] == "partners.acme.units.STK"
    output = "Revision 1 of nordic/purchase_order/500123 (DELIVERED), by the routing in force, as it was sent:"
    assert output in result.err


def apply(stack, value, at):
    data = copy.deepcopy(stack.routing.data)
    data["partners"]["acme"]["units"]["STK"] = value
    kept = {"by": "kari", "caller": None, "text": None, "difference": None}
    return stack.routing.apply(data, at, replacing=stack.routing.current_version(), **kept).version


def test_a_document_is_explained_by_the_routing_by_which_it_was_sent(connector, sent):
    former = apply(sent, "piece", NOW - timedelta(days=1))
    apply(sent, "each", NOW + timedelta(days=1))
    result = connector("explain", "500123", "--only", "line 1")
    assert result.code == 0
    assert "partners.acme.units.STK piece (partner)" in result.out
    assert f"by version {former} of the routing (2026-08-31 06:00:00Z), by which it was sent." in result.err
    assert "connector documents diff nordic/purchase_order/500123 shows what it changes." in result.err


def test_it_is_said_when_no_version_that_is_kept_writes_it_so(connector, sent):
    sent.routing.data["partners"]["acme"]["units"]["STK"] = "each"
    result = connector("explain", "500123", "--only", "line 1")
    assert result.code == 0
    assert "partners.acme.units.STK each (partner)" in result.out
    assert "It was sent otherwise, in 1 value: routing or the release is another one." in result.err


def test_a_document_that_is_parked_by_the_routing_in_force_says_why(connector, sent):
    sent.routing.data["defaults"]["units"] = {}
    result = connector("explain", "500123")
    assert (result.code, result.out) == (3, "")
    assert "Visma's unit KRT cannot be translated" in result.err


def test_a_number_that_the_ledger_does_not_know_is_said(connector, sent):
    result = connector("explain", "999")
    assert (result.code, result.out) == (1, "")
    assert "999" in result.err
