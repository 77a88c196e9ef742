"""Single documents and the PUT of purchase orders in the sandbox Visma."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from werkzeug.test import TestResponse

from testkit.sandboxes import VismaSandbox, bearer

URL = "/v1/purchaseorder/1"


@pytest.fixture
def sandbox() -> VismaSandbox:
    sandbox = VismaSandbox()
    sandbox.put_document("purchaseorder", an_order())
    return sandbox


def a_line(number: int, **fields: Any) -> dict[str, Any]:
    usual = {"lineNbr": number, "orderQty": 10.0, "baseOrderQty": 60.0, "qtyOnReceipts": 0.0, "unitCost": 5.0}
    usual |= {"inventory": {"number": "1298", "description": "Item"}, "amount": 50.0, "extCost": 50.0}
    return {**usual, "completed": False, "canceled": False, "promised": "2026-10-01T00:00:00", **fields}


def an_order(**fields: Any) -> dict[str, Any]:
    usual = {"orderNbr": "1", "orderType": "RegularOrder", "status": "Open", "hold": False, "exchangeRate": 2.0}
    return {**usual, "taxTotal": 12.5, "lines": [a_line(1), a_line(2)], **fields}


def put(sandbox: VismaSandbox, body: Any, url: str = URL, **headers: str) -> TestResponse:
    return sandbox.app.test_client().put(url, json=body, headers={**bearer(sandbox), **headers})


def get(sandbox: VismaSandbox, url: str = URL) -> TestResponse:
    return sandbox.app.test_client().get(url, headers=bearer(sandbox))


def changed_line(number: int, **values: Any) -> dict[str, Any]:
    wrapped = {name: {"value": value} for name, value in values.items()}
    return {"lines": [{"operation": "Update", "lineNumber": {"value": number}, **wrapped}]}


def refusal(answer: TestResponse) -> str:
    assert answer.status_code == 400, answer.text
    return answer.get_json()["message"]


def test_a_single_order_has_its_row_version_as_etag_in_quotes(sandbox: VismaSandbox) -> None:
    answer = get(sandbox)
    assert answer.headers["ETag"] == f'"{answer.get_json()["timeStamp"]}"'
    assert len(base64.b64decode(answer.get_json()["timeStamp"])) == 8
    assert "metadata" not in answer.get_json()


def test_an_unknown_order_is_a_404_with_a_message(sandbox: VismaSandbox) -> None:
    answer = get(sandbox, "/v1/purchaseorder/2")
    assert answer.status_code == 404
    assert "2" in answer.get_json()["message"]


def test_a_number_with_reserved_characters_can_be_sent_in_base64url(sandbox: VismaSandbox) -> None:
    sandbox.put_document("purchaseorder", an_order(orderNbr="A/1"))
    coded = base64.urlsafe_b64encode(b"A/1").decode().rstrip("=")
    assert get(sandbox, f"/v1/purchaseorder/b64({coded})").get_json()["orderNbr"] == "A/1"
    assert get(sandbox, "/v1/purchaseorder/b64(%C3%A5)").status_code == 400


def test_only_standard_invoices_answer_to_the_number_alone() -> None:
    sandbox = VismaSandbox()
    sandbox.put_document("supplierInvoice", {"referenceNumber": "9", "documentType": "CreditAdj"})
    assert get(sandbox, "/v1/supplierInvoice/9").status_code == 404
    assert get(sandbox, "/v1/supplierInvoice/CreditAdj/9").get_json()["documentType"] == "CreditAdj"


def test_a_matching_update_is_a_204_with_a_new_etag_and_no_body(sandbox: VismaSandbox) -> None:
    before = get(sandbox)
    answer = put(sandbox, {"description": {"value": "urgent"}}, **{"If-Match": before.headers["ETag"]})
    assert (answer.status_code, answer.data) == (204, b"")
    after = get(sandbox)
    assert answer.headers["ETag"] == after.headers["ETag"] != before.headers["ETag"]
    assert after.get_json()["description"] == "urgent"
    assert after.get_json()["lastModifiedDateTime"] >= before.get_json()["lastModifiedDateTime"]


def test_a_stale_etag_is_a_412_without_a_body_and_changes_nothing(sandbox: VismaSandbox) -> None:
    before = get(sandbox)
    sandbox.edit_document("purchaseorder", "1", {"note": "someone else was here"})
    answer = put(sandbox, {"description": {"value": "urgent"}}, **{"If-Match": before.headers["ETag"]})
    assert (answer.status_code, answer.data) == (412, b"")
    assert "description" not in get(sandbox).get_json()


def test_an_etag_without_quotes_never_matches(sandbox: VismaSandbox) -> None:
    answer = put(sandbox, {"description": {"value": "x"}}, **{"If-Match": get(sandbox).get_json()["timeStamp"]})
    assert answer.status_code == 412


def test_without_if_match_the_last_writer_wins(sandbox: VismaSandbox) -> None:
    assert put(sandbox, {"description": {"value": "x"}}).status_code == 204


def test_a_changed_quantity_recalculates_line_and_order(sandbox: VismaSandbox) -> None:
    put(sandbox, changed_line(2, orderQty=4, promised="2026-10-08T00:00:00"))
    order = get(sandbox).get_json()
    line = order["lines"][1]
    assert (line["extCost"], line["amount"], line["baseOrderQty"]) == (20.0, 20.0, 24.0)
    assert line["promised"] == "2026-10-08T00:00:00"
    assert (order["lineTotal"], order["orderTotal"], order["orderTotalInBaseCurrency"]) == (70.0, 82.5, 165.0)
    assert order["openQuantity"] == 14.0


def test_a_discount_in_percent_follows_the_new_quantity(sandbox: VismaSandbox) -> None:
    put(sandbox, changed_line(1, orderQty=20, discountPercent=10))
    assert get(sandbox).get_json()["lines"][0]["amount"] == 90.0


def test_lines_that_are_not_listed_stay_as_they_are(sandbox: VismaSandbox) -> None:
    before = get(sandbox).get_json()["lines"][0]
    put(sandbox, changed_line(2, orderQty=4))
    assert get(sandbox).get_json()["lines"][0] == before


def test_a_new_line_gets_the_next_number_and_numbers_are_never_used_twice(sandbox: VismaSandbox) -> None:
    insert = {"operation": "Insert", "inventory": {"value": "77"}, "orderQty": {"value": 6}, "unitCost": {"value": 1.5}}
    put(sandbox, {"lines": [insert]})
    put(sandbox, {"lines": [{"operation": "Delete", "lineNumber": {"value": 3}}, insert]})
    lines = get(sandbox).get_json()["lines"]
    assert [(line["lineNbr"], line["inventory"]["number"]) for line in lines] == [(1, "1298"), (2, "1298"), (4, "77")]
    assert lines[2]["amount"] == 9.0


def test_dates_of_the_header_can_be_pushed_to_the_lines(sandbox: VismaSandbox) -> None:
    put(sandbox, {"promisedOn": {"value": "2026-11-01T00:00:00"}, "changeDatesOnLines": True})
    assert {line["promised"] for line in get(sandbox).get_json()["lines"]} == {"2026-11-01T00:00:00"}


def test_the_lines_of_a_new_order_get_the_days_that_they_do_not_state() -> None:
    sandbox = VismaSandbox()
    days = {"date": "2026-11-20T00:00:00", "promisedOn": "2026-12-01T00:00:00"}
    bare = {name: value for name, value in a_line(1).items() if name != "promised"}
    stated = a_line(2, requested=None, promised="2026-12-09T00:00:00")
    order = an_order(**days, lines=[bare, stated])
    lines = sandbox.put_document("purchaseorder", order)["lines"]
    assert [(line["requested"], line["promised"]) for line in lines] == [
        (days["date"], days["promisedOn"]),
        (None, "2026-12-09T00:00:00"),
    ]
    assert "promised" not in bare, "the caller's document stays as it was"
    assert "promised" not in sandbox.put_document("purchaseorder", order)["lines"][0], "only what is new is filled in"


def test_an_address_is_changed_field_by_field(sandbox: VismaSandbox) -> None:
    sandbox.edit_document("purchaseorder", "1", {"shippingAddress": {"city": "Oslo", "postalCode": "0155"}})
    put(sandbox, {"shippingAddress": {"value": {"city": {"value": "Bergen"}, "countryId": {"value": "NO"}}}})
    assert get(sandbox).get_json()["shippingAddress"] == {
        "city": "Bergen",
        "postalCode": "0155",
        "country": {"id": "NO"},
    }


@pytest.mark.parametrize("status", ["Closed", "Cancelled", "Voided", "Balanced"])
def test_orders_that_are_done_refuse_every_update(sandbox: VismaSandbox, status: str) -> None:
    sandbox.edit_document("purchaseorder", "1", {"status": status})
    assert status in refusal(put(sandbox, {"hold": {"value": True}}))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "must be an object"),
        ({"description": "bare"}, "must be wrapped"),
        ({"canceled": {"value": True}}, "'canceled' cannot be changed"),
        ({"hold": {"value": "yes"}}, "wrong type"),
        ({"location": {"value": "MAIN"}}, "not a number"),
        ({"shippingAddress": {"value": "Storgata 1"}}, "object of wrapped values"),
        ({"lines": [{"lineNumber": {"value": 1}}]}, "needs an operation"),
        ({"lines": [{"operation": "Insert", "orderQty": {"value": 1}}]}, "needs an inventory"),
        (changed_line(9, orderQty=1), "has no line 9"),
        (changed_line(1, extCost=1), "'extCost' cannot be changed"),
    ],
)
def test_a_malformed_update_is_refused_with_a_message_and_changes_nothing(
    sandbox: VismaSandbox, body: Any, message: str
) -> None:
    before = get(sandbox).get_json()
    assert message in refusal(put(sandbox, body))
    assert get(sandbox).get_json() == before


def test_an_update_applies_wholly_or_not_at_all(sandbox: VismaSandbox) -> None:
    before = get(sandbox).get_json()
    body = changed_line(1, orderQty=1)
    body["lines"] += changed_line(9, orderQty=1)["lines"]
    assert "has no line 9" in refusal(put(sandbox, body))
    assert get(sandbox).get_json() == before


@pytest.mark.parametrize(
    ("line", "change", "message"),
    [
        ({"qtyOnReceipts": 6.0}, changed_line(1, orderQty=5), "below the 6.0"),
        ({"qtyOnReceipts": 6.0}, {"lines": [{"operation": "Delete", "lineNumber": {"value": 1}}]}, "cannot be deleted"),
        ({"completed": True}, changed_line(1, orderQty=5), "is completed"),
        ({"canceled": True}, changed_line(1, orderQty=5), "is completed"),
    ],
)
def test_what_was_received_or_closed_cannot_be_taken_back(
    sandbox: VismaSandbox, line: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    sandbox.edit_document("purchaseorder", "1", {"lines": [a_line(1, **line)]})
    assert message in refusal(put(sandbox, change))


def test_only_purchase_orders_can_be_updated(sandbox: VismaSandbox) -> None:
    sandbox.put_document("customerinvoice", {"referenceNumber": "500001"})
    assert put(sandbox, {}, "/v1/customerinvoice/500001").status_code == 404


def test_an_update_needs_the_scope_and_the_content_type(sandbox: VismaSandbox) -> None:
    read_only = bearer(sandbox, scopes=["vismanet_erp_service_api:read"])
    client = sandbox.app.test_client()
    assert client.put(URL, json={}, headers=read_only).status_code == 403
    assert client.put(URL, data="{}", headers=bearer(sandbox)).status_code == 415


def test_a_user_who_keeps_editing_comes_before_each_put_until_the_edits_are_used_up(sandbox: VismaSandbox) -> None:
    for quantity in (20, 21):
        sandbox.edit_order("1", changed_line(2, orderQty=quantity), before_put=True)
    assert get(sandbox).get_json()["lines"][1]["orderQty"] == 10, "not before somebody writes"

    statuses = []
    for _ in range(3):
        tag = get(sandbox).headers["ETag"]
        statuses.append(put(sandbox, changed_line(1, orderQty=12), **{"If-Match": tag}).status_code)

    assert statuses == [412, 412, 204]
    assert [line["orderQty"] for line in get(sandbox).get_json()["lines"]] == [12, 21]


@pytest.mark.parametrize(("fault", "work"), [("stored_502", 204), ("lost_response", 204), ("http_503", None)])
def test_the_log_tells_what_was_written_whatever_became_of_the_answer(
    sandbox: VismaSandbox, fault: str, work: int | None
) -> None:
    sandbox.fail(fault, method="PUT")
    with suppress(ConnectionResetError):
        put(sandbox, changed_line(1, orderQty=12))

    (entry,) = sandbox.requests("PUT")
    assert (entry.work, entry.status == work) == (work, False)
    assert get(sandbox).get_json()["lines"][0]["orderQty"] == (12 if work else 10)
