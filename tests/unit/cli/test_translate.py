from __future__ import annotations

import json
from pathlib import Path

import pytest

from testkit.samples.routing_data import a_partner
from testkit.samples.visma_samples import a_credit_note, a_customer_invoice, a_purchase_order, an_order_line, as_json

EXAMPLE = str(Path(__file__).parents[3] / "connector.example.yaml")


def only_notes(err):
    return all(line.startswith("note: nordic/") for line in err.splitlines())


def test_an_order_becomes_the_request_and_stdout_holds_nothing_else(translate):
    result = translate(a_purchase_order())
    assert (result.code, only_notes(result.err)) == (0, True)
    assert list(result.data) == ["method", "path", "headers", "body"]
    assert result.data["method"] == "POST"
    assert "500123" in json.dumps(result.data["body"])
    assert not {"orderful-api-key", "authorization"} & {name.lower() for name in result.data["headers"]}


def test_the_stream_is_test_unless_live_is_asked_for(translate):
    assert "ACMEPRODUCET" in translate(a_purchase_order()).out
    live = translate(a_purchase_order(), "--stream", "live").out
    assert "ACMEPRODUCE" in live
    assert "ACMEPRODUCET" not in live


def test_an_order_becomes_x12_text(translate):
    result = translate(a_purchase_order(), "--as", "x12")
    assert (result.code, only_notes(result.err)) == (0, True)
    assert result.out.startswith("ISA*00*")
    assert result.out.rstrip().endswith("IEA*1*000000001~")
    assert "BEG*00*SA*500123*" in result.out


NOTED = {"lines": [an_order_line(number, unitCost=0, amount=0, extCost=0) for number in (1, 2)]}
NOTED |= {"taxDetails": [], "taxTotal": 0, "lineTotal": None, "orderTotal": None}
NOTES = [
    "Lines 1, 2 left with the price 0.",
    "The requested day of lines 1 (2026-10-01), 2 (2026-10-01) was left out: the promised day is sent (line_date).",
]


@pytest.mark.parametrize("form", ["request", "x12"])
def test_notes_of_a_translation_stand_on_stderr_one_a_line(translate, form):
    result = translate(a_purchase_order(**NOTED), "--dialect", "x12", "--as", form)
    assert (result.code, "note" in result.out) == (0, False)
    output = [line for line in result.err.splitlines() if "price 0" in line or "requested day" in line]
    assert output == [f"note: nordic/purchase_order/500123: {note}" for note in NOTES]


@pytest.mark.parametrize("form", ["request", "x12"])
def test_json_is_one_value_with_the_notes_in_it(translate, form):
    order = a_purchase_order(**NOTED)
    result = translate(order, "--dialect", "x12", "--as", form, "--json")
    assert list(result.data) == ["document", form, "notes"]
    assert result.data["document"] == "nordic/purchase_order/500123"
    assert (result.data["notes"][:2], result.err) == (NOTES, "")
    several = translate([order, {**order, "orderNbr": "500124"}], "--dialect", "x12", "--as", form, "--json")
    assert [one["document"][-6:] for one in several.data] == ["500123", "500124"]
    assert [list(one) for one in several.data] == [["document", form, "notes"]] * 2
    assert [one["document"][-6:] for one in translate([order], "--as", form, "--json").data] == ["500123"]


def test_json_of_a_list_has_what_leaves_and_tells_of_the_rest_on_stderr(translate):
    held, leaves = a_purchase_order(orderNbr="500001", status="Hold"), a_purchase_order(orderNbr="500002")
    result = translate([held, leaves], "--json")
    assert ([one["document"][-6:] for one in result.data], result.code) == (["500002"], 3)
    assert json.loads(result.err)["exit_code"] == 3
    nothing = translate([held], "--json")
    assert (nothing.data, nothing.code) == ([], 3)


def test_the_dialect_can_be_chosen_against_routing(translate):
    order = a_purchase_order(lines=[an_order_line()], taxDetails=[], taxTotal=0, orderTotal=8000)
    routing = {"partners.acme.currency": "NOK"}
    assert translate(order, "--dialect", "x12", routing=routing).data["path"] == "/v3/transactions"
    assert translate(order, "--dialect", "mosaic", routing=routing).data["path"] != "/v3/transactions"


def test_a_dialect_that_cannot_carry_the_document_is_not_replaced_in_silence(translate):
    result = translate(a_purchase_order(), "--dialect", "mosaic")
    assert (result.code, result.out) == (3, "")


def test_several_documents_become_one_line_each(translate):
    result = translate([a_purchase_order(), a_customer_invoice()])
    assert result.code == 0
    assert [json.loads(line)["method"] for line in result.out.splitlines()] == ["POST", "POST"]


def test_several_documents_become_interchanges_one_after_the_other(translate):
    result = translate([a_purchase_order(), a_customer_invoice()], "--as", "x12")
    assert result.out.count("ISA*") == result.out.count("IEA*1*") == 2
    assert "IEA*1*000000002~" in result.out


def test_a_list_of_one_is_written_like_the_document_itself(translate):
    assert translate([a_purchase_order()]).out == translate(a_purchase_order()).out


def test_a_held_document_leaves_the_others_of_its_list_alone(translate):
    result = translate([a_purchase_order(orderNbr="500001", status="Hold"), a_purchase_order(orderNbr="500002")])
    assert result.code == 3
    assert "500002" in result.out
    assert "500001" not in result.out
    assert result.err.startswith("nordic/purchase_order/500001: ")


@pytest.mark.parametrize(
    ("document", "output"),
    [
        (a_purchase_order(status="Hold", hold=True), "nordic/purchase_order/500123: "),
        (
            a_purchase_order(supplier={"number": "777"}),
            'partners.<name>.visma.supplier: "777" with company: nordic and the partner\'s orderful.isa_id',
        ),
        (a_customer_invoice(customer={"number": "777"}), 'partners.<name>.visma.customer: "777"'),
        (a_purchase_order(lines=[an_order_line(uom="HINK")]), "defaults.units.HINK"),
        (a_purchase_order(status="Cancelled"), "Cancelled"),
        (a_customer_invoice(documentType="Sonderbeleg"), "Sonderbeleg"),
        (a_customer_invoice(documentType="Payment"), "Payment"),
        (a_customer_invoice(documentType="Payment", customer={"number": "777"}), "no invoices; they are never sent."),
        (a_purchase_order(orderType="StandardBlanket", supplier={"number": "777"}), "it is never sent."),
    ],
)
def test_a_held_document_prints_one_line_on_stderr_only_and_exits_with_3(translate, document, output):
    result = translate(document)
    assert (result.code, result.out) == (3, "")
    assert output in result.err
    assert result.err.count("\n") == 1


def test_a_kind_that_the_partner_does_not_want_is_held(translate):
    result = translate(a_purchase_order(), routing={"partners.acme.kinds": {"purchase_order": {"send": False}}})
    assert (result.code, result.out) == (3, "")
    assert "send: false" in result.err


def test_a_partner_mapped_twice_is_held_and_the_others_still_work(translate):
    twice = {"partners.beta": a_partner(supplier="50012")}
    result = translate(a_purchase_order(), routing=twice)
    assert result.code == 3
    assert "acme and beta" in result.err
    assert translate(a_customer_invoice(), routing=twice).code == 0


def test_a_document_that_contradicts_the_kind_is_wrong_input(translate):
    result = translate(a_purchase_order(), "--kind", "customer_invoice")
    assert (result.code, result.out) == (2, "")


def test_a_document_that_is_none_makes_the_exit_2_even_if_another_is_held(translate):
    result = translate(b'[{"x":1},' + as_json(a_purchase_order(status="Hold")) + b"]")
    assert result.code == 2
    assert "document 1: " in result.err
    assert result.err.count("\n") == 2


def test_failures_are_json_on_request(translate):
    result = translate(a_purchase_order(status="Hold"), "--json")
    assert json.loads(result.err)["exit_code"] == 3
    assert result.out == ""


@pytest.mark.parametrize("document", [a_purchase_order(), a_customer_invoice(), a_credit_note()])
@pytest.mark.parametrize("form", ["request", "x12"])
def test_the_example_translates_believable_documents(connector, tmp_path, document, form):
    (tmp_path / "document.json").write_bytes(as_json(document))
    result = connector("translate", str(tmp_path / "document.json"), "--config", EXAMPLE, "--as", form)
    assert (result.code, only_notes(result.err)) == (0, True)


@pytest.mark.parametrize(
    "arguments", [("translate",), ("translate", "x", "--config", "y", "--as", "edifact"), ("nope",)]
)
def test_wrong_usage_is_exit_2(connector, arguments):
    result = connector(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err
