"""What partners answer to what we sent: 855, 865, 824 and 997."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from testkit.orderful.answers import TYPES, foreign_document
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox

V4 = {"orderful-api-key": API_KEY, "orderful-api-version": "v4"}
OTHER = {"1": "accepted", "2": "changed", "3": "rejected"}


@pytest.fixture
def sandbox() -> OrderfulSandbox:
    one = OrderfulSandbox(pace=AT_ONCE)
    one.inbound.set_channels({"inboxes": [4711]})
    return one


def sent(sandbox: OrderfulSandbox, kind: str = "850") -> str:
    """The id of an order of three lines, or of an invoice, that we sent."""
    message = foreign_document(kind, "PO-1")
    line = message["lineItems"][0]
    message["lineItems"] = [{**line, "purchaseOrderLineId": str(number)} for number in (1, 2, 3)]
    body = {"type": TYPES[kind], "stream": "test", "senderId": "NORDICFOODT", "receiverId": "ACMEPRODUCET"}
    answer = sandbox.app.test_client().post("/transactions", json={**body, "message": message}, headers=V4)
    found: str = answer.get_json()["id"]
    return found


def answered(sandbox: OrderfulSandbox, number: str, **given: Any) -> TestResponse:
    return sandbox.app.test_client().post(f"/_sandbox/transactions/{number}/answers", json=given)


def item(sandbox: OrderfulSandbox) -> dict[str, Any]:
    [found] = sandbox.app.test_client().get("/inboxes/4711/transactions", headers=V4).get_json()
    assert (found["senderId"], found["receiverId"]) == ("ACMEPRODUCET", "NORDICFOODT")
    one: dict[str, Any] = found
    return one


@pytest.mark.parametrize(
    ("kind", "beginning", "loop"),
    [
        ("855", "beginningSegmentForPurchaseOrderAcknowledgment", "PO1_loop"),
        ("865", "beginningSegmentForPurchaseOrderChangeAcknowledgment", "POC_loop"),
    ],
)
def test_an_acknowledgment_in_x12_judges_every_line(
    sandbox: OrderfulSandbox, kind: str, beginning: str, loop: str
) -> None:
    answered(sandbox, sent(sandbox), kind=kind, verdict="changed", lines=OTHER)
    found = item(sandbox)
    [one] = found["message"]["transactionSets"]
    assert found["ediTransactionType"] == TYPES[kind]
    assert (one[beginning][0]["acknowledgmentTypeCode"], one[beginning][0]["purchaseOrderNumber"]) == ("AC", "PO-1")
    lines = [line["ACK_loop"][0]["lineItemAcknowledgment"][0] for line in one[loop]]
    assert [(line["lineItemStatusCode"], line["quantity"]) for line in lines] == [("IA", "3"), ("IQ", "2"), ("IR", "3")]


def test_an_acknowledgment_in_mosaic_has_actions(sandbox: OrderfulSandbox) -> None:
    answered(sandbox, sent(sandbox), kind="855", form="mosaic", lines=OTHER)
    message = item(sandbox)["message"]
    actions = [line["actions"][0] for line in message["lineItems"]]
    assert [(one["status"], one["quantity"]["value"]) for one in actions] == [
        ("accepted", "3"),
        ("accepted", "2"),
        ("rejected", "3"),
    ]
    assert (message["purchaseOrderNumber"], message["status"]) == ("PO-1", "accepted")


@pytest.mark.parametrize(("document", "qualifier"), [("850", "PO"), ("810", "IV")])
@pytest.mark.parametrize(("verdict", "code"), [("accepted", "TA"), ("rejected", "TR")])
def test_an_advice_names_the_document_by_its_number(
    sandbox: OrderfulSandbox, document: str, qualifier: str, verdict: str, code: str
) -> None:
    answered(sandbox, sent(sandbox, document), kind="824", verdict=verdict)
    [one] = item(sandbox)["message"]["transactionSets"]
    [loop] = one["OTI_loop"]
    [named] = loop["originalTransactionIdentification"]
    assert list(named.values()) == [code, qualifier, "PO-1", document]
    assert ("TED_loop" in loop) == (verdict == "rejected")


def test_a_functional_acknowledgment_names_the_document_by_its_control_numbers(sandbox: OrderfulSandbox) -> None:
    number = sent(sandbox)
    answered(sandbox, number, kind="997", verdict="rejected")
    shown = sandbox.app.test_client().get(f"/v3/transactions/{number}", headers=V4).get_json()
    [one] = item(sandbox)["message"]["transactionSets"]
    numbers = {each["type"]: each["value"] for each in shown["referenceIdentifiers"]}
    assert one["functionalGroupResponseHeader"] == [
        {"functionalIdentifierCode": "PO", "groupControlNumber": numbers["GROUP"]}
    ]
    [loop] = one["AK2_loop"]
    assert loop["transactionSetResponseTrailer"] == [{"transactionSetAcknowledgmentCode": "R"}]
    assert loop["transactionSetResponseHeader"][0]["transactionSetControlNumber"] == numbers["TRANSACTION"]


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "850"},
        {"kind": "824", "form": "mosaic"},
        {"kind": "855", "verdict": "maybe"},
        {"kind": "855", "lines": {"9": "rejected"}},
    ],
)
def test_an_answer_nobody_can_give_is_refused(sandbox: OrderfulSandbox, given: dict[str, Any]) -> None:
    number = sent(sandbox)
    assert answered(sandbox, number, **given).status_code == 400
    assert sandbox.inbound.deliveries() == []


def test_there_is_no_answer_to_what_a_partner_sent_and_no_other_foreign_document(sandbox: OrderfulSandbox) -> None:
    one = sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message={"a": 1})
    assert answered(sandbox, one.transaction.id, kind="855").status_code == 400
    with pytest.raises(ValueError, match="850, 810 or 856"):
        foreign_document("860", "PO-1")
