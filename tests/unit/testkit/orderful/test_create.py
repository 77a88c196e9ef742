"""Create requests of the sandbox Orderful: what is refused at once, what is found wrong later, what is taken."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from testkit.orderful.x12 import problems as x12_problems
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox, Pace

KEY = {"orderful-api-key": API_KEY}
V4 = {**KEY, "orderful-api-version": "v4"}
INVOICE: dict[str, Any] = {
    "type": "810_INVOICE",
    "stream": "test",
    "senderId": "NORDICFOODT",
    "receiverId": "ACMEPRODUCET",
    "message": {
        "invoiceNumber": "100234",
        "invoiceDate": "2026-03-01",
        "lineItems": [
            {
                "quantityInvoiced": {"value": "10", "unitOfMeasure": "each"},
                "unitPrice": "10.00",
                "productIds": {"vendorItemNumber": "MY-SKU-1"},
            }
        ],
        "invoiceTotal": "125.00",
    },
}
INVOICE_V3: dict[str, Any] = {
    "type": {"name": "810_INVOICE"},
    "stream": "TEST",
    "sender": {"isaId": "NORDICFOODT"},
    "receiver": {"isaId": "ACMEPRODUCET"},
    "message": {
        "transactionSets": [
            {
                "beginningSegmentForInvoice": [{"date": "20260301", "invoiceNumber": "100234"}],
                "IT1_loop": [{"baselineItemDataInvoice": [{"quantityInvoiced": "10", "unitPrice": "10.00"}]}],
                "totalMonetaryValueSummary": [{"amount": "12500"}],
            }
        ]
    },
}


@pytest.fixture
def sandbox() -> OrderfulSandbox:
    return OrderfulSandbox(pace=AT_ONCE)


def post(sandbox: OrderfulSandbox, body: Any = None, headers: dict[str, str] = V4) -> TestResponse:
    return sandbox.app.test_client().post("/transactions", json=INVOICE if body is None else body, headers=headers)


def post_v3(sandbox: OrderfulSandbox, body: Any = None) -> TestResponse:
    return sandbox.app.test_client().post("/v3/transactions", json=body or INVOICE_V3, headers=KEY)


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one value set; a path part that is a number is an index."""
    result = copy.deepcopy(body)
    target: Any = result
    *parts, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in parts:
        target = target[part]
    target[last] = value
    return result


def complaints(answer: TestResponse) -> list[str]:
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["type"] == "argumentError"
    return [error["message"] for error in answer.get_json()["errors"]]


def test_posting_twice_makes_two_transactions(sandbox: OrderfulSandbox) -> None:
    assert post(sandbox).get_json()["id"] != post(sandbox).get_json()["id"]
    assert len(sandbox.transactions("100234")) == 2


@pytest.mark.parametrize(
    ("path", "value", "where", "message"),
    [
        ("message/invoiceNo", "1", "message.invoiceNo", "must NOT have additional properties - invoiceNo"),
        ("message/invoiceType", "creditNote", "message.invoiceType", "one of the allowed values"),
        ("message/invoiceDate", "2026-02-30", "message.invoiceDate", "must be a date"),
        ("message/invoiceNumber", "", "message.invoiceNumber", "not empty"),
        ("message/invoiceTotal", 125.0, "message.invoiceTotal", "must be string"),
        ("message/invoiceTotal", "1.25E+2", "message.invoiceTotal", "must be a decimal"),
        ("message/lineItems", [], "message.lineItems", "at least one element"),
        ("message/lineItems/0/productIds", {}, "message.lineItems[0].productIds", "At least one product identifier"),
        ("message/lineItems/0", {}, "message.lineItems[0].unitPrice", "required property 'unitPrice'"),
        (
            "message/lineItems/0/quantityInvoiced/unitOfMeasure",
            "kilogram",
            "message.lineItems[0].quantityInvoiced.unitOfMeasure",
            "one of the allowed values",
        ),
        ("message/termsOfSale", {"netDaysDue": "30"}, "message.termsOfSale.netDaysDue", "must be integer"),
        ("message/parties", [], "message.parties", "must be object"),
    ],
)
def test_a_wrong_v4_document_is_a_202_that_failed_and_says_where(
    sandbox: OrderfulSandbox, path: str, value: Any, where: str, message: str
) -> None:
    answer = post(sandbox, changed(INVOICE, path, value))
    body = answer.get_json()
    assert (answer.status_code, body["status"], body["detail"]) == (202, "FAILED", "Validation failed")
    found = {error["payloadPaths"][0]: error["errorMessage"] for error in body["validationErrors"]}
    assert message in found[where]
    assert sandbox.transactions()[0]["validationStatus"] == "INVALID"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("type", "850", "type must be one of"),
        ("stream", "TEST", "stream must be one of test, live"),
        ("senderId", "", "senderId must be longer"),
        ("receiverId", "X" * 36, "receiverId must be longer"),
        ("idempotencyId", "1", "property idempotencyId should not exist"),
        ("receiverId", "NOBODY", "receiver doesn't exist"),
        ("senderId", "NORDICFOOD", "sender doesn't exist"),
        ("type", "856_SHIP_NOTICE_MANIFEST", "relationship doesn't exist"),
    ],
)
def test_a_v4_request_that_is_none_is_a_400(sandbox: OrderfulSandbox, path: str, value: str, message: str) -> None:
    assert message in complaints(post(sandbox, changed(INVOICE, path, value)))[0]
    assert sandbox.transactions() == []


def test_a_body_that_is_no_object_or_lacks_fields_is_a_400(sandbox: OrderfulSandbox) -> None:
    assert complaints(post(sandbox, [])) == ["must be a JSON object"]
    assert "message should not be empty" in complaints(post(sandbox, {"type": "810_INVOICE"}))


def test_the_v4_create_wants_its_version_header(sandbox: OrderfulSandbox) -> None:
    assert complaints(post(sandbox, headers=KEY)) == ["orderful-api-version must be v4"]


@pytest.mark.parametrize(("key", "message"), [(None, "key undefined"), ("wrong", "this key")])
def test_a_missing_or_wrong_key_is_a_401_that_does_not_repeat_it(
    sandbox: OrderfulSandbox, key: str | None, message: str
) -> None:
    answer = post(sandbox, headers={"orderful-api-key": key} if key else {})
    assert (answer.status_code, message in answer.get_json()["message"]) == (401, True)
    assert "wrong" not in answer.text


def test_a_v3_document_is_accepted_first_and_validated_later() -> None:
    sandbox = OrderfulSandbox(pace=Pace(validation=timedelta(minutes=1)))
    wrong = changed(INVOICE_V3, "message/transactionSets/0/surprise", [{"a": "b"}])
    answer = post_v3(sandbox, wrong)
    assert (answer.status_code, answer.get_json().keys()) == (201, {"id"})
    assert sandbox.transactions()[0]["validationStatus"] == "PROCESSING"
    sandbox.clock.advance(timedelta(minutes=1))
    assert sandbox.transactions()[0]["validationStatus"] == "INVALID"


@pytest.mark.parametrize(
    ("path", "value", "where", "message"),
    [
        ("IT1_loop/0/surprise", [{}], "/IT1_loop/0", "additional properties - surprise"),
        ("beginningSegmentForInvoice/0/invoiceNo", "1", "/beginningSegmentForInvoice/0", "properties - invoiceNo"),
        (
            "beginningSegmentForInvoice/0/invoiceNumber",
            "",
            "/beginningSegmentForInvoice/0/invoiceNumber",
            "fewer than 1",
        ),
        ("beginningSegmentForInvoice/0/date", "2026-03-01", "/beginningSegmentForInvoice/0/date", "CCYYMMDD"),
        ("beginningSegmentForInvoice/0/date1", "20260231", "/beginningSegmentForInvoice/0/date1", "CCYYMMDD"),
        ("beginningSegmentForInvoice", [], "/beginningSegmentForInvoice", "fewer than 1 items"),
        ("beginningSegmentForInvoice", {}, "/beginningSegmentForInvoice", "fewer than 1 items"),
        ("totalMonetaryValueSummary/0/amount", "125.00", "/totalMonetaryValueSummary/0/amount", "implied decimals"),
        (
            "IT1_loop/0/baselineItemDataInvoice/0/unitPrice",
            10,
            "/IT1_loop/0/baselineItemDataInvoice/0/unitPrice",
            "string",
        ),
        (
            "transactionSetHeader",
            [{"transactionSetIdentifierCode": "850"}],
            "/transactionSetHeader/0/transactionSetIdentifierCode",
            "must be 810",
        ),
    ],
)
def test_a_wrong_v3_document_says_where_it_is_wrong(path: str, value: Any, where: str, message: str) -> None:
    document = changed(INVOICE_V3["message"]["transactionSets"][0], path, value)
    found = {problem.path: problem.text for problem in x12_problems("810_INVOICE", [document])}
    assert message in found[f"/transactionSets/0{where}"]


def test_segments_a_transaction_cannot_do_without_are_asked_for() -> None:
    found = [problem.text for problem in x12_problems("810_INVOICE", [{}])]
    assert found == [
        "must have required property 'beginningSegmentForInvoice'",
        "must have required property 'totalMonetaryValueSummary'",
    ]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("businessNumber", "1", "property businessNumber should not exist"),
        ("sender/isaIdQualifier", "ZZ", "property isaIdQualifier should not exist"),
        ("stream", "test", "stream must be one of TEST, LIVE"),
        ("type", {"name": 810}, "type.name must be a string"),
        ("message", {"transactionSets": []}, "at least one element"),
        ("type", {"name": "999_UNKNOWN"}, "relationship doesn't exist"),
    ],
)
def test_a_v3_request_that_is_none_is_a_400(sandbox: OrderfulSandbox, path: str, value: Any, message: str) -> None:
    assert message in complaints(post_v3(sandbox, changed(INVOICE_V3, path, value)))[0]


@pytest.mark.parametrize(
    ("status", "test", "live"),
    [("LIVE", 202, 202), ("READY", 202, 202), ("TEST", 202, 400), ("SETUP", 400, 400), ("BLOCKED", 400, 400)],
)
def test_the_status_of_a_relationship_decides_which_stream_may_use_it(
    sandbox: OrderfulSandbox, status: str, test: int, live: int
) -> None:
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "810_INVOICE", status=status)
    on_live = {**INVOICE, "stream": "live", "senderId": "NORDICFOOD", "receiverId": "ACMEPRODUCE"}
    assert (post(sandbox).status_code, post(sandbox, on_live).status_code) == (test, live)
    if status == "TEST":
        message = "Cannot post a LIVE transaction because the relationship is in testing"
        assert complaints(post(sandbox, on_live)) == [message]


def test_on_the_test_stream_a_change_can_be_sent_in_the_name_of_the_partner(sandbox: OrderfulSandbox) -> None:
    change = {
        **INVOICE_V3,
        "type": {"name": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"},
        "sender": {"isaId": "ACMEPRODUCET"},
        "receiver": {"isaId": "NORDICFOODT"},
        "message": {"transactionSets": [{"beginningSegmentForPurchaseOrderChange": [{"purchaseOrderNumber": "PO-1"}]}]},
    }
    assert post_v3(sandbox, change).status_code == 201
    live = {**change, "stream": "LIVE", "sender": {"isaId": "ACMEPRODUCE"}, "receiver": {"isaId": "NORDICFOOD"}}
    assert post_v3(sandbox, live).status_code == 403
