from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
import yaml

from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import MISSING, a_customer_invoice, a_purchase_order, an_order_line, as_json

TYPE = "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"
SECOND = {
    "visma": {"company_id": "2", "tenant_id": "b"},
    "orderful": {"isa_id": {"live": "SVENSK", "test": "SVENSKT"}},
}


def in_mosaic(quantity="900.50", *, order="500123", **line):
    """Line 1 of the order, with another quantity."""
    return {
        "purpose": "change",
        "purchaseOrderNumber": order,
        "purchaseOrderChangeDate": "2026-09-16",
        "changeSequenceNumber": "001",
        "notes": {"general": {"text": ["Please confirm"]}},
        "lineItems": [
            {
                "purchaseOrderLineId": "1",
                "changeReason": "quantityChange",
                "originalQuantity": {"value": "800", "unitOfMeasure": "each"},
                "quantity": {"value": quantity, "unitOfMeasure": "each"},
                "productIds": {"buyerItemNumber": "1298"},
                **line,
            }
        ],
    }


def in_x12(quantity="900.50", *, order="500123", **line):
    """The same in the other dialect."""
    return {
        "transactionSets": [
            {
                "transactionSetHeader": [{"transactionSetIdentifierCode": "860"}],
                "beginningSegmentForPurchaseOrderChange": [
                    {
                        "transactionSetPurposeCode": "04",
                        "purchaseOrderNumber": order,
                        "changeOrderSequenceNumber": "1",
                        "date2": "20260916",
                    }
                ],
                "POC_loop": [
                    {
                        "lineItemChange": [
                            {
                                "assignedIdentification": "1",
                                "changeOrResponseTypeCode": "QI",
                                "quantity": quantity,
                                "quantity1": quantity,
                                "unitOrBasisForMeasurementCode": "EA",
                                "productServiceIDQualifier": "BP",
                                "productServiceID": "1298",
                                **line,
                            }
                        ]
                    }
                ],
            }
        ]
    }


def as_item(message, **changes):
    """An item of a v4 inbox."""
    return {
        "transactionId": 802210971,
        "ediTransactionType": TYPE,
        "senderId": "ACMEPRODUCET",
        "receiverId": "NORDICFOODT",
        "stream": "test",
        "message": message,
        **changes,
    }


def as_transaction(message, **changes):
    """A v3 transaction, as a polling bucket has it."""
    return {
        "id": "802210971",
        "type": {"name": TYPE},
        "sender": {"isaId": "ACMEPRODUCET"},
        "receiver": {"isaId": "NORDICFOODT"},
        "stream": "TEST",
        "message": message,
        **changes,
    }


@pytest.fixture
def change(connector, tmp_path):
    """Run the command on an 860 and an order; up to 20 % more or less goes through unless `routing` says otherwise."""

    def put(name, document):
        body = document if isinstance(document, bytes) else as_json(document)
        (tmp_path / name).write_bytes(body)
        return str(tmp_path / name)

    def run(document, *options, order=None, base=None, routing=None):
        settings = {
            "units.KRT": "carton",
            "whole_units": ["carton"],
            "changes": {"quantity": "20%", "header_note": "tell"},
        }
        data = routing_data({**{f"defaults.{key}": value for key, value in settings.items()}, **(routing or {})})
        (tmp_path / "connector.yaml").write_text(yaml.safe_dump(data))
        files = [put("860.json", document), "--order", put("order.json", order or a_purchase_order())]
        files += ["--config", str(tmp_path / "connector.yaml")]
        files += ["--had", put("base.json", base)] if base else []
        return connector("change", *files, *options)

    return run


# -- what is printed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [in_mosaic(), in_x12()], ids=["mosaic", "x12"])
@pytest.mark.parametrize("wrap", [lambda m: m, as_item, as_transaction, lambda m: [as_item(m)]])
def test_every_shape_of_the_same_change_gives_the_same_request(change, message, wrap):
    result = change(wrap(message), "--json")
    assert (result.code, result.err) == (0, "")
    assert result.data["decision"] == "apply"
    assert result.data["put"] == {
        "path": "/v1/purchaseorder/500123",
        "headers": {"If-Match": '"AAAAAE0YIiI="', "Content-Type": "application/json"},
        "body": {"lines": [{"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": 900.5}}]},
    }
    assert '"value": 900.50' in result.out, "digit for digit"


def test_json_is_one_object_with_everything_that_is_known(change):
    result = change(in_mosaic(), "--json")
    assert list(result.data) == [
        *(
            "decision",
            "reason",
            "reasons",
            "reason_codes",
            "next_step",
            "waits_for",
            "differences",
            "lines",
            "remarks",
            "unwritten",
        ),
        *("hold_first", "put"),
    ]
    assert result.data["differences"] == [
        {"where": "line 1", "field": "quantity", "base": "800", "theirs": "900.5", "ours": "800"}
    ]
    assert result.data["lines"] == [
        {
            "where": "line 1",
            "item": "1298",
            "text": "Coffee, dark roast, 500 g",
            "unit": "STK",
            "price": "10.0",
            "amount_now": "8000.00",
            "amount_asked": "9005.00",
        }
    ]
    assert "Please confirm" in result.data["remarks"][0]
    assert (result.data["reason"], result.data["next_step"], result.data["hold_first"]) == (None, None, False)


def test_a_person_gets_decision_differences_remarks_and_the_request(change):
    result = change(in_mosaic())
    lines = result.out.splitlines()
    assert lines[0] == "Order 500123: would be written"
    assert ["line", "1", "quantity", "800", "900.5", "800"] in [line.split()[:6] for line in lines]
    assert "These lines come to 8000.00 now and to 9005.00 NOK as asked, before discounts." in lines
    assert any("Please confirm" in line for line in lines)
    at = lines.index("PUT /v1/purchaseorder/500123")
    assert lines[at + 1] == 'If-Match: "AAAAAE0YIiI="'
    assert json.loads("\n".join(lines[at + 3 :]))["lines"][0]["orderQty"] == {"value": 900.5}


@pytest.mark.parametrize("message", [in_mosaic("1000"), in_x12("1000")], ids=["mosaic", "x12"])
def test_a_parked_change_exits_with_3_and_shows_what_an_approval_would_write(change, message):
    result = change(message)
    assert result.code == 3
    assert result.err == "PARKED: quantity-beyond-limit\n"
    assert result.out.count("the quantity goes from 800 to 1000, more than 20 %.") == 1
    assert "Order 500123: PARKED" in result.out
    assert "An approval would write this:" in result.out
    data = change(message, "--json").data
    assert (data["decision"], data["put"]["body"]["lines"][0]["orderQty"]) == ("park", {"value": 1000})


def test_an_approved_change_is_applied(change):
    result = change(in_mosaic("1000"), "--approved", "--json")
    assert (result.code, result.data["decision"]) == (0, "apply")


def test_what_no_approval_lifts_has_no_request(change):
    message = {**in_mosaic(), "buyersCurrency": {"currencyCode": "SEK"}}
    for options in ((), ("--approved",)):
        result = change(message, *options)
        assert result.code == 3
        assert "It is in SEK, the order in NOK." in result.out
        assert "As things stand, an approval would write nothing." in result.out
        assert "PUT" not in result.out
    assert change(message, "--json").data["put"] is None


def test_a_cancellation_says_what_to_do_first_and_each_reason_once(change):
    result = change({**in_mosaic("0"), "purpose": "cancellation"})
    assert "Cancel the order in Visma, then approve the change" in result.out
    assert "As things stand, an approval would write nothing." in result.out
    assert result.out.count("The partner cancels the whole order") == 1


def test_a_change_that_visma_has_already_is_applied_and_writes_nothing(change):
    now = a_purchase_order(lines=[an_order_line(1, orderQty=900)])
    before = a_purchase_order(lines=[an_order_line(1)])
    result = change(in_mosaic("900"), order=now, base=before)
    assert (result.code, result.err) == (0, "")
    assert "It writes nothing: the order is so already." in result.out
    assert change(in_mosaic("900"), "--json", order=now, base=before).data["put"] is None


def test_an_order_with_another_number_is_rejected_with_4(change):
    result = change(in_mosaic(order="500999"), "--json")
    assert (result.code, result.data["decision"], result.data["put"]) == (4, "reject", None)
    assert json.loads(result.err) == {
        "error": "It changes order 500999, and this is order 500123.",
        "exit_code": 4,
    }


def test_without_a_time_stamp_there_is_no_if_match(change):
    result = change(in_mosaic(), "--json", order=a_purchase_order(timeStamp=MISSING))
    assert result.data["put"]["headers"] == {"Content-Type": "application/json"}


def test_it_tells_that_the_order_is_put_on_hold_for_it(change):
    routing = {"defaults.changes": {"quantity": "20%", "hold_first": ["Open"]}}
    assert "put on hold before and released afterwards" in change(in_mosaic(), routing=routing).out
    assert change(in_mosaic(), "--json", routing=routing).data["hold_first"] is True


def test_a_difference_between_had_and_order_is_somebody_elses_work(change):
    now = a_purchase_order(lines=[an_order_line(1, orderQty=850)])
    before = a_purchase_order(lines=[an_order_line(1)])
    result = change(in_mosaic("900"), "--json", order=now, base=before)
    assert (result.code, result.data["differences"][0]["base"], result.data["differences"][0]["ours"]) == (
        3,
        "800",
        "850",
    )
    assert "was changed in Visma meanwhile" in result.data["reason"]
    assert change(in_x12("900"), order=now).code == 0, "by itself the order is what the partner saw"


# -- who sent it to whom --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [as_item, as_transaction], ids=["v4", "v3"])
@pytest.mark.parametrize(
    ("envelope", "code", "output"),
    [
        ({"senderId": "STRANGER", "sender": {"isaId": "STRANGER"}}, 3, "The sender STRANGER is no partner of company"),
        ({"receiverId": "OTHER", "receiver": {"isaId": "OTHER"}}, 3, "The receiver OTHER is no company's"),
        ({"senderId": "MATSENTERETT", "sender": {"isaId": "MATSENTERETT"}}, 3, "matsenteret is a customer"),
        ({"senderId": "BETAT", "sender": {"isaId": "BETAT"}}, 4, "Order 500123 is for partner acme (supplier 50012)"),
    ],
)
def test_the_envelope_is_checked_as_the_functions_check_it(change, wrap, envelope, code, output):
    beta = {
        "company": "nordic",
        "visma": {"supplier": "60000"},
        "orderful": {"isa_id": {"live": "BETA", "test": "BETAT"}},
    }
    result = change(wrap(in_mosaic(), **envelope), "--json", routing={"partners.beta": beta})
    assert (result.code, result.data["put"], result.data["differences"]) == (code, None, [])
    assert output in json.loads(result.err)["error"]


def test_what_an_unknown_sender_waits_for_is_named(change):
    result = change(as_item(in_mosaic(), senderId="STRANGER"))
    assert "waits for       partners.<name>.orderful.isa_id.test: STRANGER" in result.out
    assert result.err.count("\n") == 1


def test_a_bare_message_has_no_envelope_to_check(change):
    assert change(in_mosaic()).code == 0


def test_the_stream_is_that_of_the_transaction_unless_another_is_asked_for(change):
    live = as_item(in_mosaic(), senderId="ACMEPRODUCE", receiverId="NORDICFOOD", stream="live")
    assert change(live).code == 0
    assert change(live, "--stream", "live").code == 0
    result = change(live, "--stream", "test", "--json")
    assert (result.code, result.data["reason"]) == (4, "This system takes the test stream only.")


def test_the_test_ids_do_not_count_on_the_live_stream(change):
    assert change(as_item(in_mosaic(), stream="live")).code == 3


@pytest.mark.parametrize("options", [(), ("--company", "svensk")])
def test_the_company_of_a_bare_message_is_the_one_that_maps_the_supplier_or_the_named_one(change, options):
    routing = {"companies.svensk": SECOND, "partners.acme.company": "svensk"}
    assert change(in_mosaic(), *options, routing=routing).code == 0
    assert change(in_mosaic(), "--company", "nordic", routing=routing).code == 3, "it does not map the supplier"


def test_a_supplier_that_two_companies_map_needs_the_company_to_be_named(change):
    routing = {"companies.svensk": SECOND, "partners.beta": a_partner("svensk", supplier="50012")}
    result = change(in_mosaic(), routing=routing)
    assert (result.code, result.out) == (2, "")
    assert "--company" in result.err
    assert change(in_mosaic(), "--company", "nordic", routing=routing).code == 0


def test_a_company_that_the_change_is_not_addressed_to_is_wrong_input(change):
    result = change(as_item(in_mosaic()), "--company", "svensk", routing={"companies.svensk": SECOND})
    assert (result.code, result.out) == (2, "")
    assert "addressed to company nordic, not to svensk" in result.err


def test_a_supplier_that_nobody_maps_is_parked_with_the_key_to_add(change):
    result = change(in_mosaic(), "--json", order=a_purchase_order(supplier={"number": "777"}))
    assert (result.code, result.data["decision"]) == (3, "park")
    assert result.data["waits_for"] == 'partners.<name>.visma.supplier: "777"'


def test_a_sample_that_has_lost_its_id_is_checked_all_the_same(change):
    item = as_item(in_mosaic(), senderId="STRANGER")
    del item["transactionId"]
    assert change(item).code == 3


# -- what is no input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "output"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"<html></html>", "not JSON"),
        (b"ISA*00*", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b'{"a":1e999999999999999999999}', "beyond every size"),
        (b"[]", "empty list"),
        (b"[1]", "no 860"),
        (b'"text"', "no 860"),
        (b"{}", "no 860"),
        ([in_mosaic(), in_mosaic()], "a list of 2 documents"),
        (a_purchase_order(), "no 860"),
        ({"purchaseOrderNumber": "500123", "lineItems": [{"quantity": {"value": "1"}}]}, "no 860 but document 850"),
        ({**in_mosaic(), "purchaseOrderNumber": ""}, "names no order"),
        (as_item(in_mosaic(), ediTransactionType="855_PURCHASE_ORDER_ACKNOWLEDGMENT"), "no 860 but 855_PURCHASE"),
        (as_item({"href": "https://api.example/v3/transactions/1/message"}), "without its message"),
        (as_item(None), "without its message"),
    ],
)
def test_what_is_no_860_is_one_sentence_on_stderr_and_exit_2(change, document, output):
    result = change(document)
    assert (result.code, result.out) == (2, "")
    assert output in result.err
    assert result.err.count("\n") == 1
    assert len(result.err) < 400


@pytest.mark.parametrize("which", ["order", "base"])
@pytest.mark.parametrize(
    "document",
    [b"{", b"[]", b"<html></html>", a_customer_invoice(), {"x": 1}, [a_purchase_order(), a_purchase_order()]],
)
def test_what_is_no_purchase_order_is_one_sentence_on_stderr_and_exit_2(change, which, document):
    result = change(in_mosaic(), **{which: document})
    assert (result.code, result.out) == (2, "")
    assert f"{which}.json" in result.err
    assert result.err.count("\n") == 1


def test_the_order_may_be_a_list_of_one_as_visma_lists_it(change):
    assert change(in_mosaic(), order=[a_purchase_order()], base=[a_purchase_order()]).code == 0


def test_had_has_to_be_the_same_order(change):
    result = change(in_mosaic(), base=a_purchase_order(orderNbr="500999"))
    assert (result.code, result.out) == (2, "")
    assert "is order 500123, and" in result.err


def test_an_order_that_lacks_something_indispensable_is_parked(change):
    result = change(in_mosaic(), "--json", order=a_purchase_order(lines=[an_order_line(1, orderQty="many")]))
    assert (result.code, result.data["decision"], result.data["put"]) == (3, "park", None)


@pytest.mark.parametrize(
    ("routing", "output"),
    [
        ({"defaults.changes": {"quantity": "much"}}, "defaults.changes.quantity"),
        ({"defaults.changes": {"codes": {"QI": "dance"}}}, "defaults.changes.codes"),
    ],
)
def test_a_malformed_routing_file_is_one_sentence_and_exit_2(change, routing, output):
    result = change(in_mosaic(), routing=routing)
    assert (result.code, result.out) == (2, "")
    assert output in result.err


def test_a_company_that_is_not_in_the_file_is_wrong_input(change):
    result = change(in_mosaic(), "--company", "suomi")
    assert (result.code, "no company 'suomi'" in result.err) == (2, True)


def test_the_change_can_come_from_standard_input_and_only_one_file_can(connector, tmp_path, monkeypatch):
    (tmp_path / "order.json").write_bytes(as_json(a_purchase_order()))
    (tmp_path / "connector.yaml").write_text(yaml.safe_dump(routing_data({"defaults.units.KRT": "carton"})))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(as_json(in_mosaic()))))
    files = ("--order", str(tmp_path / "order.json"), "--config", str(tmp_path / "connector.yaml"))
    assert connector("change", "-", *files).code == 3, "nothing goes through by itself unless somebody has allowed it"
    result = connector("change", "-", "--order", "-", *files[2:])
    assert (result.code, "standard input" in result.err) == (2, True)


@pytest.mark.parametrize("arguments", [("change",), ("change", "x"), ("change", "x", "--order", "y")])
def test_wrong_usage_is_exit_2(connector, arguments):
    result = connector(*arguments)
    assert (result.code, result.out) == (2, "")
