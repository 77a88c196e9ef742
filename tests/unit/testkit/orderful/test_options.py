"""What the options of the sandbox Orderful change: search by number, lists, ids, reading in v4, duplicates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulOptions, OrderfulSandbox, Pace

KEY = {"orderful-api-key": API_KEY}
V4 = {**KEY, "orderful-api-version": "v4"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LATER = Pace(timedelta(minutes=1), timedelta(minutes=2), None)


def a_sandbox(*, pace: Pace = AT_ONCE, page_size: int = 100, **options: Any) -> OrderfulSandbox:
    sandbox = OrderfulSandbox(pace=pace, page_size=page_size, options=OrderfulOptions(**options))
    sandbox.clock.freeze(datetime(2026, 9, 1, 8, 0, tzinfo=UTC))
    return sandbox


def order(number: str = "PO-1", quantity: str = "10") -> dict[str, Any]:
    line = {"quantity": {"value": quantity, "unitOfMeasure": "each"}, "productIds": {"buyerItemNumber": "1298"}}
    message = {
        "purpose": "original",
        "purchaseOrderType": "standalone",
        "purchaseOrderNumber": number,
        "purchaseOrderDate": "2026-09-01",
        "lineItems": [line],
    }
    parties = {"senderId": "NORDICFOODT", "receiverId": "ACMEPRODUCET"}
    return {"type": "850_PURCHASE_ORDER", "stream": "test", **parties, "message": message}


def create(sandbox: OrderfulSandbox, number: str = "PO-1", quantity: str = "10") -> str:
    answer = sandbox.app.test_client().post("/transactions", json=order(number, quantity), headers=V4)
    assert answer.status_code == 202, answer.text
    return answer.get_json()["id"]


def get(sandbox: OrderfulSandbox, path: str, headers: dict[str, str] = KEY, **query: Any) -> TestResponse:
    return sandbox.app.test_client().get(path, query_string=query or None, headers=headers)


def listed(sandbox: OrderfulSandbox, **query: Any) -> list[str]:
    answer = get(sandbox, "/v3/transactions", **query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.get_json()["data"]]


@pytest.mark.parametrize(("search", "expected"), [("all", [1, 0]), ("newest", [1]), ("oldest", [0]), ("none", [])])
def test_a_list_by_number_gives_what_the_option_says_and_the_list_by_time_gives_all(
    search: str, expected: list[int]
) -> None:
    sandbox = a_sandbox(number_search=search)
    made = [create(sandbox), create(sandbox)]
    assert listed(sandbox, businessNumber="PO-1") == [made[at] for at in expected]
    assert listed(sandbox) == made[::-1]


def test_the_index_of_numbers_lags_behind_the_list_by_time() -> None:
    sandbox = a_sandbox()
    sandbox.set_pace(list_lag=timedelta(seconds=30), number_lag=timedelta(minutes=5))
    made = create(sandbox)
    seen = []
    for passed in (0, 30, 269, 1):
        sandbox.clock.advance(timedelta(seconds=passed))
        seen.append((listed(sandbox), listed(sandbox, businessNumber="PO-1")))
    assert seen == [([], []), ([made], []), ([made], []), ([made], [made])]


def test_the_number_is_unknown_while_a_transaction_is_in_validation() -> None:
    sandbox = a_sandbox(pace=LATER, number_while_processing=False, v4_validation="later")
    made = create(sandbox)
    shown = get(sandbox, f"/v3/transactions/{made}").get_json()
    assert (shown["validationStatus"], shown["businessNumber"]) == ("PROCESSING", None)
    assert get(sandbox, f"/transactions/{made}", V4).get_json()["businessNumber"] is None
    assert (listed(sandbox), listed(sandbox, businessNumber="PO-1")) == ([made], [])
    assert get(sandbox, "/transactions", V4, businessNumber="PO-1").get_json()["data"] == []
    sandbox.clock.advance(timedelta(minutes=1))
    assert get(sandbox, f"/v3/transactions/{made}").get_json()["businessNumber"] == "PO-1"
    assert listed(sandbox, businessNumber="PO-1") == [made]


def test_a_v4_document_that_is_validated_later_is_accepted_first() -> None:
    sandbox = a_sandbox(pace=LATER, v4_validation="later")
    wrong = {**order(), "message": {}}
    answer = sandbox.app.test_client().post("/transactions", json=wrong, headers=V4).get_json()
    assert answer == {"id": answer["id"], "status": "ACCEPTED", "detail": ""}
    sandbox.clock.advance(timedelta(minutes=1))
    assert get(sandbox, f"/v3/transactions/{answer['id']}").get_json()["validationStatus"] == "INVALID"


@pytest.mark.parametrize("path", ["/v3/transactions/{}/message", "/transactions/{}/message"])
def test_the_message_can_be_hidden_while_a_transaction_is_in_validation(path: str) -> None:
    sandbox = a_sandbox(pace=LATER, message_while_processing=False, v4_validation="later")
    made = create(sandbox)
    assert get(sandbox, path.format(made), V4).status_code == 404
    assert get(sandbox, f"/v3/transactions/{made}", expand="message").get_json()["message"].keys() == {"href"}
    sandbox.clock.advance(timedelta(minutes=1))
    assert get(sandbox, path.format(made), V4).status_code == 200


def test_pages_begin_at_the_newest_and_can_run_from_oldest_to_newest_inside() -> None:
    sandbox = a_sandbox(page_size=2, page_order="oldest_first")
    made = [create(sandbox, f"PO-{number}") for number in range(5)]
    pages, url = [], "/v3/transactions"
    while url:
        page = get(sandbox, url).get_json()
        pages.append([made.index(one["id"]) for one in page["data"]])
        url = page["metadata"]["pagination"]["links"]["next"]
    assert pages == [[3, 4], [1, 2], [0]]


def test_filters_that_are_not_allowed_are_a_400() -> None:
    sandbox = a_sandbox(filters=frozenset({"businessNumber", "nextCursor"}))
    create(sandbox)
    assert len(listed(sandbox, businessNumber="PO-1")) == 1
    refused = get(sandbox, "/v3/transactions", businessNumber="PO-1", stream="TEST")
    assert refused.status_code == 400
    assert refused.get_json()["errors"][0]["message"] == "property stream should not exist"


def test_a_list_of_items_is_paged_by_offset() -> None:
    sandbox = a_sandbox(list_shape="items")
    made = [create(sandbox, f"PO-{number}") for number in range(3)]
    page = get(sandbox, "/v3/transactions", limit=2, offset=1).get_json()
    assert [one["id"] for one in page["items"]] == [made[1], made[0]]
    assert page == {"items": page["items"], "meta": {"limit": 2, "offset": 1, "total": 3}}
    for query in ({"limit": 101}, {"limit": "many"}, {"offset": "-1"}):
        assert get(sandbox, "/v3/transactions", **query).status_code == 400


def test_split_ids_are_uuids_in_v4_and_numbers_in_v3_and_neither_finds_the_other() -> None:
    sandbox = a_sandbox(ids="split")
    made = create(sandbox)
    [number] = listed(sandbox, businessNumber="PO-1")
    assert UUID.fullmatch(made)
    assert number.isdecimal()
    paths = (
        f"/v3/transactions/{number}",
        f"/transactions/{made}",
        f"/v3/transactions/{made}",
        f"/transactions/{number}",
    )
    assert [get(sandbox, path, V4).status_code for path in paths] == [200, 200, 404, 404]
    sandbox.advance(made, delivery="FAILED")
    assert sandbox.transactions()[0]["deliveryStatus"] == "FAILED"


def test_the_v3_message_of_a_mosaic_document_is_orderfuljson_and_the_v4_message_is_what_was_posted() -> None:
    sandbox = a_sandbox(rule_currency="NOK", trim_numbers=True)
    made = create(sandbox, quantity="10.00")
    [one] = get(sandbox, f"/v3/transactions/{made}/message").get_json()["transactionSets"]
    assert one["currency"][0]["currencyCode"] == "NOK"
    assert one["PO1_loop"][0]["baselineItemData"][0]["quantity"] == "10"
    expanded = get(sandbox, f"/v3/transactions/{made}", expand="message").get_json()["message"]
    assert expanded["transactionSets"] == [one]
    sandbox.set_options(v3_message="posted")
    posted = get(sandbox, f"/v3/transactions/{made}/message").get_json()
    assert posted == {"href": posted["href"], **order(quantity="10.00")["message"]}
    assert get(sandbox, f"/transactions/{made}/message", V4).get_json() == order(quantity="10.00")["message"]


def test_v4_is_read_as_documented_only_by_uuid_and_the_message_by_a_link_that_expires() -> None:
    sandbox = a_sandbox(ids="split", v4_reading="documented")
    made = create(sandbox)
    [number] = listed(sandbox)
    assert get(sandbox, f"/transactions/{number}", V4).status_code == 400
    assert get(sandbox, f"/transactions/{made}", KEY).status_code == 404
    shown = get(sandbox, f"/transactions/{made}", V4).get_json()
    assert (shown["direction"], "message" in shown) == ("out", False)
    assert get(sandbox, shown["links"]["acknowledgment"], V4).get_json()["status"] == "ACCEPTED"
    redirected = get(sandbox, shown["links"]["message"], V4)
    assert redirected.status_code == 302
    download = redirected.headers["Location"]
    assert sandbox.app.test_client().get(download).get_json() == order()["message"]
    sandbox.clock.advance(timedelta(minutes=5))
    assert sandbox.app.test_client().get(download).status_code == 403


def test_the_v4_list_filters_in_its_own_names_and_shows_every_direction() -> None:
    sandbox = a_sandbox(ids="split", filters=frozenset({"businessNumber"}), page_order="oldest_first")
    first = create(sandbox)
    sandbox.clock.advance(timedelta(minutes=1))
    second = create(sandbox, "PO-2")
    change = {"purpose": "change", "purchaseOrderNumber": "PO-3"}
    theirs = sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message=change).uuid

    def found(**query: Any) -> list[str]:
        return [one["id"] for one in get(sandbox, "/transactions", V4, **query).get_json()["data"]]

    assert found() == [theirs, second, first]
    assert found(direction="out", stream="test", senderId="NORDICFOODT") == [second, first]
    assert found(simplifiedTransactionType="PURCHASE_ORDER_CHANGE") == [theirs]
    assert found(businessNumber="PO-2", ediTransactionType="850_PURCHASE_ORDER") == [second]
    assert found(createdAtEnd="2026-09-01T08:00:30Z") == [first]
    assert found(createdAtStart="2026-09-01T08:00:30Z", limit=1) == [theirs]
    for query in ({"createdAt": "x"}, {"limit": 0}, {"stream": "TEST"}, {"createdAtEnd": "today"}):
        assert get(sandbox, "/transactions", V4, **query).status_code == 400


def test_a_duplicate_is_refused_where_the_option_says_so_and_files_nothing() -> None:
    sandbox = a_sandbox(duplicates="refused")
    create(sandbox)
    refused = sandbox.app.test_client().post("/transactions", json=order(quantity="11"), headers=V4)
    assert (refused.status_code, refused.get_json()["message"]) == (409, "Transaction already exists")
    sandbox.add_partner("FJORDFISH")
    to_another = {**order(), "receiverId": "FJORDFISHT"}
    assert sandbox.app.test_client().post("/transactions", json=to_another, headers=V4).status_code == 202
    assert create(sandbox, "PO-2")
    assert len(sandbox.transactions()) == 3


def test_two_companies_behind_one_isa_id_can_file_the_same_number_to_the_same_partner() -> None:
    sandbox = a_sandbox()
    made = [create(sandbox, quantity=quantity) for quantity in ("10", "25")]
    shown = [get(sandbox, f"/v3/transactions/{one}").get_json() for one in made]
    same = ("sender", "receiver", "type", "stream", "businessNumber")
    assert [shown[0][name] for name in same] == [shown[1][name] for name in same]
    assert listed(sandbox, businessNumber="PO-1") == made[::-1]


def test_options_are_changed_by_control_call_and_forgotten_by_a_reset() -> None:
    sandbox = a_sandbox()
    client = sandbox.app.test_client()
    change = {"filters": ["businessNumber"], "page_order": "oldest_first"}
    assert client.put("/_sandbox/options", json=change).status_code == 204
    assert sandbox.options == OrderfulOptions(filters=frozenset({"businessNumber"}), page_order="oldest_first")
    for wrong in ({"colour": "red"}, {"ids": "roman"}, {"filters": ["colour"]}):
        assert client.put("/_sandbox/options", json=wrong).status_code == 400
    sandbox.reset()
    assert sandbox.options == OrderfulOptions()
