"""Lists, life cycle and limits of the sandbox Orderful, and its network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox, Pace

KEY = {"orderful-api-key": API_KEY}
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def a_sandbox(**options: Any) -> OrderfulSandbox:
    sandbox = OrderfulSandbox(**{"pace": AT_ONCE, **options})
    sandbox.clock.freeze(START)
    return sandbox


def post(sandbox: OrderfulSandbox, number: str = "PO-1", **changes: Any) -> str:
    beginning = {"transactionSetPurposeCode": "00", "purchaseOrderNumber": number, "date": "20260901"}
    document = {
        "beginningSegmentForPurchaseOrder": [beginning],
        "PO1_loop": [{"baselineItemData": [{"quantity": "1"}]}],
    }
    body = {
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": "TEST",
        "sender": {"isaId": "NORDICFOODT"},
        "receiver": {"isaId": "ACMEPRODUCET"},
        "message": {"transactionSets": [document]},
    }
    answer = sandbox.app.test_client().post("/v3/transactions", json={**body, **changes}, headers=KEY)
    assert answer.status_code == 201, answer.text
    return answer.get_json()["id"]


def get(sandbox: OrderfulSandbox, path: str, **query: Any) -> TestResponse:
    return sandbox.app.test_client().get(path, query_string=query, headers=KEY)


def listed(sandbox: OrderfulSandbox, **query: Any) -> list[str]:
    answer = get(sandbox, "/v3/transactions", **query)
    assert answer.status_code == 200, answer.text
    return [one["businessNumber"] for one in answer.get_json()["data"]]


def statuses(sandbox: OrderfulSandbox, number: str) -> tuple[str, str, str]:
    transaction = get(sandbox, f"/v3/transactions/{number}").get_json()
    return transaction["validationStatus"], transaction["deliveryStatus"], transaction["acknowledgmentStatus"]


def test_the_list_is_newest_first_and_its_links_lead_through_all_pages_and_back() -> None:
    sandbox = a_sandbox(page_size=2)
    for number in range(5):
        post(sandbox, f"PO-{number}")
    seen, url, last = [], "/v3/transactions?stream=TEST&senderIsaId=NORDICFOODT", {}
    while url:
        last = sandbox.app.test_client().get(url, headers=KEY).get_json()
        seen.append([one["businessNumber"] for one in last["data"]])
        url = last["metadata"]["pagination"]["links"]["next"]
        if url:
            assert url.startswith("http://")
            assert parse_qs(urlsplit(url).query)["senderIsaId"] == ["NORDICFOODT"]
    assert seen == [["PO-4", "PO-3"], ["PO-2", "PO-1"], ["PO-0"]]
    back = sandbox.app.test_client().get(last["metadata"]["pagination"]["links"]["prev"], headers=KEY).get_json()
    assert [one["businessNumber"] for one in back["data"]] == ["PO-2", "PO-1"]


def test_transactions_that_come_in_while_paging_do_not_shift_the_pages() -> None:
    sandbox = a_sandbox(page_size=2)
    for number in range(4):
        post(sandbox, f"PO-{number}")
    following = get(sandbox, "/v3/transactions").get_json()["metadata"]["pagination"]["links"]["next"]
    post(sandbox, "PO-4")
    page = sandbox.app.test_client().get(following, headers=KEY).get_json()
    assert [one["businessNumber"] for one in page["data"]] == ["PO-1", "PO-0"]


def test_a_page_has_at_most_a_hundred_rows() -> None:
    sandbox = a_sandbox()
    for number in range(101):
        post(sandbox, f"PO-{number}")
    assert len(listed(sandbox)) == 100


def test_filters_work_together_and_take_several_values() -> None:
    sandbox = a_sandbox()
    for number in ("PO-1", "PO-2", "PO-3"):
        post(sandbox, number)
    wanted = {"businessNumber": ["PO-1", "PO-3", "PO-9"], "transactionType": "850_PURCHASE_ORDER", "stream": "TEST"}
    assert listed(sandbox, **wanted, receiverIsaId="ACMEPRODUCET", validationStatus="VALID") == ["PO-3", "PO-1"]
    assert listed(sandbox, stream="LIVE") == []
    assert listed(sandbox, senderIsaId="ACMEPRODUCET") == []
    assert listed(sandbox, deliveryStatus="FAILED") == []
    assert listed(sandbox, senderInterchangeReferenceIdentifier="000000002") == ["PO-2"]
    assert listed(sandbox, receiverInterchangeReferenceIdentifier="000000002") == []


@pytest.mark.parametrize(("opening", "closing", "expected"), [("[", ")", ["1", "0"]), ("(", "]", ["2", "1"])])
def test_an_interval_of_creation_is_open_or_closed_as_its_brackets_say(
    opening: str, closing: str, expected: list[str]
) -> None:
    sandbox = a_sandbox()
    for number in ("0", "1", "2"):
        post(sandbox, number)
        sandbox.clock.advance(timedelta(minutes=1))
    interval = f"{opening}2026-09-01T08:00:00.000Z,2026-09-01T08:02:00.000Z{closing}"
    assert listed(sandbox, createdAt=interval) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "5"},
        {"offset": "1"},
        {"createdAt": "2026-09-01"},
        {"createdAt": "[yesterday,today)"},
        {"stream": "test"},
        {"validationStatus": "DONE"},
        {"businessNumber": ["1", "2", "3", "4", "5", "6"]},
        {"nextCursor": "nonsense"},
    ],
)
def test_a_query_that_is_not_documented_is_a_400(query: dict[str, Any]) -> None:
    answer = get(a_sandbox(), "/v3/transactions", **query)
    assert (answer.status_code, answer.get_json()["errors"][0]["ref"]) == (400, next(iter(query)))


def test_a_new_transaction_is_missing_from_the_list_until_the_lag_is_over_but_can_be_read() -> None:
    sandbox = a_sandbox()
    sandbox.set_pace(list_lag=timedelta(seconds=30))
    number = post(sandbox)
    assert listed(sandbox, businessNumber="PO-1") == []
    assert get(sandbox, f"/v3/transactions/{number}").status_code == 200
    sandbox.clock.advance(timedelta(seconds=30))
    assert listed(sandbox, businessNumber="PO-1") == ["PO-1"]


def test_a_transaction_moves_on_with_time() -> None:
    sandbox = a_sandbox(pace=Pace(timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)))
    number = post(sandbox)
    seen = []
    for _ in range(5):
        seen.append(statuses(sandbox, number))
        sandbox.clock.advance(timedelta(seconds=1))
    assert seen == [
        ("PROCESSING", "PENDING", "NOT_ACKNOWLEDGED"),
        ("VALID", "PENDING", "NOT_ACKNOWLEDGED"),
        ("VALID", "DELIVERED", "NOT_ACKNOWLEDGED"),
        ("VALID", "DELIVERED", "NOT_ACKNOWLEDGED"),
        ("VALID", "DELIVERED", "ACCEPTED"),
    ]
    assert get(sandbox, f"/v3/transactions/{number}").get_json()["lastUpdatedAt"] == "2026-09-01T08:00:04.000Z"


def test_an_invalid_transaction_is_held_and_never_delivered() -> None:
    sandbox = a_sandbox()
    number = post(sandbox, message={"transactionSets": [{}]})
    assert statuses(sandbox, number) == ("INVALID", "PENDING", "NOT_ACKNOWLEDGED")
    reasons = get(sandbox, f"/v2/transactions/{number}/validations").get_json()
    own = get(sandbox, "/v3/organizations/me").get_json()["id"]
    assert get(sandbox, f"/v2/organizations/{own}/transactions/{number}/validations").get_json() == reasons
    assert reasons[0]["message"] == "must have required property 'beginningSegmentForPurchaseOrder'"


def test_a_partner_that_rejects_says_why() -> None:
    sandbox = a_sandbox()
    errors = [{"path": "/PO1", "code": "06", "message": "unknown item"}]
    sandbox.set_relationship(
        "NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", acknowledgment="REJECTED", errors=errors
    )
    number = post(sandbox)
    assert statuses(sandbox, number) == ("VALID", "DELIVERED", "REJECTED")
    assert get(sandbox, f"/v3/transactions/{number}/acknowledgment").get_json()["errors"] == errors


def test_a_partner_that_never_answers_is_overdue_after_two_hours_and_has_no_acknowledgment() -> None:
    sandbox = a_sandbox()
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", acknowledgment="NONE")
    number = post(sandbox)
    assert statuses(sandbox, number)[2] == "NOT_ACKNOWLEDGED"
    sandbox.clock.advance(timedelta(hours=2))
    assert statuses(sandbox, number)[2] == "OVERDUE"
    assert get(sandbox, f"/v3/transactions/{number}/acknowledgment").status_code == 404


def test_each_endpoint_has_its_own_limit_a_minute_and_the_429_is_html() -> None:
    sandbox = a_sandbox(limit_per_minute=1)
    assert get(sandbox, "/v3/transactions").headers["x-ratelimit-remaining"] == "0"
    sandbox.clock.advance(timedelta(seconds=20))
    refused = get(sandbox, "/v3/transactions")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.headers["Content-Type"].startswith("text/html")
    assert get(sandbox, "/v3/relationships").status_code == 200
    sandbox.clock.advance(timedelta(seconds=40))
    assert get(sandbox, "/v3/transactions").status_code == 200


def test_relationships_are_paged_and_filtered() -> None:
    sandbox = a_sandbox()
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "810_INVOICE", auto_send="DISABLED")
    seen, url = [], "/v3/relationships?limit=3"
    while url:
        page = sandbox.app.test_client().get(url, headers=KEY).get_json()
        seen.append([one["id"] for one in page["data"]])
        url = page["metadata"]["pagination"]["links"]["next"]
    assert seen == [[9001, 9002, 9003], [9004]]
    back = page["metadata"]["pagination"]["links"]["prev"]
    assert len(sandbox.app.test_client().get(back, headers=KEY).get_json()["data"]) == 3
    found = get(sandbox, "/v3/relationships", autoSend="DISABLED").get_json()["data"]
    assert [one["transactionType"]["name"] for one in found] == ["810_INVOICE"]
    assert get(sandbox, "/v3/relationships", limit=101).status_code == 400
    assert get(sandbox, "/v3/relationships", page=1).status_code == 400
