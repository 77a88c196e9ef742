"""What partners send through the sandbox Orderful: how it is filed, where it waits, how it is confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from testkit.orderful.inbound import CHANGE
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox

KEY = {"orderful-api-key": API_KEY}
V4 = {**KEY, "orderful-api-version": "v4"}
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
NOTE = {"note": "taken over"}


@pytest.fixture
def sandbox() -> OrderfulSandbox:
    one = OrderfulSandbox(pace=AT_ONCE)
    one.clock.freeze(START)
    one.inbound.set_channels({"inboxes": [4711], "buckets": [815]})
    return one


def change(number: str = "PO-4711") -> dict[str, Any]:
    line = {"changeReason": "quantityChange", "quantity": {"value": "8", "unitOfMeasure": "each"}}
    dates = {"purchaseOrderDate": "2026-08-15", "purchaseOrderChangeDate": "2026-09-01"}
    return {"purpose": "change", "purchaseOrderNumber": number, **dates, "lineItems": [line]}


def change_v3(number: str = "PO-4711") -> dict[str, Any]:
    beginning = {"transactionSetPurposeCode": "04", "purchaseOrderNumber": number, "date": "20260815"}
    line = {"lineItemChange": [{"changeOrResponseTypeCode": "QD", "quantity": "8"}]}
    return {"transactionSets": [{"beginningSegmentForPurchaseOrderChange": [beginning], "POC_loop": [line]}]}


def send(sandbox: OrderfulSandbox, message: dict[str, Any] | None = None, **more: Any) -> dict[str, str]:
    """Let a partner send by the control route; the ids it gives."""
    body = {"sender": "ACMEPRODUCET", "receiver": "NORDICFOODT", "stream": "TEST", "message": message or change()}
    answer = sandbox.app.test_client().post("/_sandbox/inbound", json={**body, **more})
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def get(sandbox: OrderfulSandbox, path: str, headers: dict[str, str] = V4, **query: Any) -> TestResponse:
    return sandbox.app.test_client().get(path, query_string=query, headers=headers)


def post(sandbox: OrderfulSandbox, path: str, body: Any = NOTE, headers: dict[str, str] = V4) -> TestResponse:
    return sandbox.app.test_client().post(path, json=body, headers=headers)


def control(sandbox: OrderfulSandbox, path: str) -> Any:
    return sandbox.app.test_client().get(f"/_sandbox/{path}").get_json()


def inbox(sandbox: OrderfulSandbox, number: int = 4711, **query: Any) -> list[dict[str, Any]]:
    answer = get(sandbox, f"/inboxes/{number}/transactions", **query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def bucket(sandbox: OrderfulSandbox, number: int = 815, **query: Any) -> list[dict[str, Any]]:
    answer = get(sandbox, f"/v3/polling-buckets/{number}", KEY, **query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def delivery_of(ids: dict[str, str], verb: str = "") -> str:
    return f"/transactions/{ids['id']}/deliveries/{ids['deliveryId']}{verb}"


def status(sandbox: OrderfulSandbox, ids: dict[str, str]) -> str:
    return get(sandbox, f"/v3/transactions/{ids['id']}", KEY).get_json()["deliveryStatus"]


# -- filed like any transaction


@pytest.mark.parametrize("message", [change(), change_v3()], ids=["mosaic", "orderfuljson"])
def test_a_document_is_listed_and_read_like_any_transaction_and_filed_under_its_order_number(
    sandbox: OrderfulSandbox, message: dict[str, Any]
) -> None:
    ids = send(sandbox, message)
    sandbox.clock.advance(timedelta(days=1))
    wanted = {"receiverIsaId": "NORDICFOODT", "transactionType": CHANGE, "businessNumber": "PO-4711"}
    since = "[2026-09-01T08:00:00.000Z,2026-09-01T08:00:01.000Z)"
    [listed] = get(sandbox, "/v3/transactions", KEY, **wanted, createdAt=since).get_json()["data"]
    transaction = get(sandbox, f"/v3/transactions/{ids['id']}", KEY).get_json()
    assert transaction == listed
    assert (transaction["sender"]["isaId"], transaction["sender"]["name"]) == ("ACMEPRODUCET", "Acme Produce")
    assert (transaction["validationStatus"], transaction["deliveryStatus"], transaction["acknowledgmentStatus"]) == (
        "VALID",
        "SENT",
        "NOT_ACKNOWLEDGED",
    )
    content = get(sandbox, f"/v3/transactions/{ids['id']}/message", KEY).get_json()
    assert content == {"href": transaction["message"]["href"], **message}
    expanded = get(sandbox, f"/v3/transactions/{ids['id']}", KEY, expand="message").get_json()
    assert expanded["message"] == content


@pytest.mark.parametrize("name", ["id", "uuid"])
def test_v4_reads_a_document_by_number_and_by_uuid(sandbox: OrderfulSandbox, name: str) -> None:
    ids = send(sandbox)
    transaction = get(sandbox, f"/transactions/{ids[name]}").get_json()
    assert (transaction["id"], transaction["ediTransactionType"], transaction["stream"]) == (
        ids["uuid"],
        CHANGE,
        "test",
    )
    assert (transaction["senderId"], transaction["businessNumber"]) == ("ACMEPRODUCET", "PO-4711")
    assert get(sandbox, f"/transactions/{ids[name]}/message").get_json() == change()


# -- inbox


def test_an_inbox_item_has_the_shape_of_late_2026(sandbox: OrderfulSandbox) -> None:
    ids = send(sandbox)
    [item] = inbox(sandbox)
    payload_id = item.pop("integrationPayloadId")
    href = f"http://localhost{delivery_of(ids)}"
    assert item == {
        "id": ids["uuid"],
        "transactionId": int(ids["id"]),
        "ediTransactionType": CHANGE,
        "simplifiedTransactionType": "PURCHASE_ORDER_CHANGE",
        "senderId": "ACMEPRODUCET",
        "receiverId": "NORDICFOODT",
        "stream": "test",
        "message": change(),
        "delivery": {
            "deliveryId": ids["deliveryId"],
            "transactionId": int(ids["id"]),
            "href": href,
            "approve": {"href": f"{href}/accept"},
            "fail": {"href": f"{href}/fail"},
        },
    }
    assert len({payload_id, ids["uuid"], ids["deliveryId"]}) == 3


def test_an_inbox_shows_the_oldest_first_and_the_same_again_until_it_is_confirmed(sandbox: OrderfulSandbox) -> None:
    late = send(sandbox)
    early = send(sandbox, created_at="2026-08-31T23:30:00+02:00")
    failed = send(sandbox, created_at="2026-09-01T07:59:00Z")
    wanted = [int(one["id"]) for one in (early, failed, late)]
    assert [item["transactionId"] for item in inbox(sandbox)] == wanted
    assert [item["transactionId"] for item in inbox(sandbox, limit=2)] == wanted[:2]
    assert get(sandbox, f"/v3/transactions/{early['id']}", KEY).get_json()["createdAt"] == "2026-08-31T21:30:00.000Z"
    post(sandbox, delivery_of(early, "/accept"))
    post(sandbox, delivery_of(failed, "/fail"))
    assert [item["transactionId"] for item in inbox(sandbox)] == wanted[2:]


def test_an_inbox_gives_thirty_items_unless_asked_for_more(sandbox: OrderfulSandbox) -> None:
    for number in range(101):
        sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message=change(f"PO-{number}"))
    assert [len(inbox(sandbox)), len(inbox(sandbox, limit=100)), len(bucket(sandbox))] == [30, 100, 30]


@pytest.mark.parametrize("path", ["/inboxes/4711/transactions", "/v3/polling-buckets/815"])
@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "all"}, {"page": "2"}])
def test_a_query_that_is_not_documented_is_a_400(sandbox: OrderfulSandbox, path: str, query: dict[str, str]) -> None:
    answer = get(sandbox, path, **query)
    assert (answer.status_code, answer.get_json()["errors"][0]["ref"]) == (400, next(iter(query)))


def test_every_v4_path_wants_its_header_and_every_path_the_key(sandbox: OrderfulSandbox) -> None:
    ids = send(sandbox)
    reads = ["/inboxes/4711/transactions", f"/transactions/{ids['id']}", f"/transactions/{ids['id']}/message"]
    reads.append(delivery_of(ids))
    assert {get(sandbox, path, KEY).status_code for path in reads} == {400}
    assert post(sandbox, delivery_of(ids, "/accept"), headers=KEY).status_code == 400
    assert {get(sandbox, path, {}).status_code for path in (*reads, "/v3/polling-buckets/815")} == {401}
    assert post(sandbox, delivery_of(ids, "/accept"), headers={}).status_code == 401
    assert status(sandbox, ids) == "SENT"


def test_places_and_deliveries_nobody_knows_are_404(sandbox: OrderfulSandbox) -> None:
    ids, other = send(sandbox), send(sandbox)
    assert get(sandbox, "/inboxes/1/transactions").status_code == 404
    assert get(sandbox, "/v3/polling-buckets/1").status_code == 404
    foreign = f"/transactions/{other['id']}/deliveries/{ids['deliveryId']}"
    unknown = f"/transactions/{ids['id']}/deliveries/{other['deliveryId'][::-1]}"
    for path in (foreign, unknown):
        assert [get(sandbox, path).status_code, post(sandbox, f"{path}/accept").status_code] == [404, 404]
    assert get(sandbox, "/v3/deliveries/1", KEY).status_code == 404
    assert post(sandbox, "/v3/deliveries/1/approve", headers=KEY).status_code == 404
    assert [one["asked"] for one in control(sandbox, "deliveries")] == [0, 0]


# -- polling bucket


def test_a_bucket_item_has_the_v3_shape(sandbox: OrderfulSandbox) -> None:
    ids = send(sandbox, change_v3())
    href = f"http://localhost/v3/deliveries/{ids['deliveryId']}"
    assert bucket(sandbox) == [
        {
            "id": ids["id"],
            "version": "v3",
            "sender": {"isaId": "ACMEPRODUCET"},
            "receiver": {"isaId": "NORDICFOODT"},
            "type": {"name": CHANGE},
            "stream": "TEST",
            "message": change_v3(),
            "createdAt": "2026-09-01T08:00:00.000Z",
            "lastUpdatedAt": "2026-09-01T08:00:00.000Z",
            "delivery": {
                "id": ids["deliveryId"],
                "href": href,
                "approve": {"href": f"{href}/approve"},
                "fail": {"href": f"{href}/fail"},
            },
        }
    ]


def test_approving_by_v3_takes_it_out_of_bucket_and_inbox(sandbox: OrderfulSandbox) -> None:
    ids, refused = send(sandbox), send(sandbox)
    v3 = f"/v3/deliveries/{ids['deliveryId']}"
    assert get(sandbox, v3, KEY).get_json()["status"] == "SENT"
    client = sandbox.app.test_client()
    answer = client.post(f"{v3}/approve", headers=KEY)
    assert (answer.status_code, answer.data) == (200, b"")
    assert post(sandbox, f"/v3/deliveries/{refused['deliveryId']}/fail", {"note": "no such order"}, KEY).data == b""
    assert (bucket(sandbox), inbox(sandbox)) == ([], [])
    assert [status(sandbox, one) for one in (ids, refused)] == ["DELIVERED", "FAILED"]
    assert get(sandbox, f"/v3/deliveries/{refused['deliveryId']}", KEY).get_json()["note"] == "no such order"


# -- confirmation


@pytest.mark.parametrize("name", ["id", "uuid"])
@pytest.mark.parametrize(("verb", "becomes"), [("accept", "DELIVERED"), ("fail", "FAILED")])
def test_a_confirmation_settles_the_delivery_and_leaves_its_mark(
    sandbox: OrderfulSandbox, name: str, verb: str, becomes: str
) -> None:
    ids = send(sandbox)
    path = f"/transactions/{ids[name]}/deliveries/{ids['deliveryId']}"
    before = get(sandbox, path).get_json()
    assert (before["status"], before["lastConfirmedAt"], before["note"]) == ("SENT", None, "")
    assert before["sendSucceededAt"] == "2026-09-01T08:00:00.000Z"
    sandbox.clock.advance(timedelta(minutes=5))
    answer = post(sandbox, f"{path}/{verb}")
    assert (answer.status_code, answer.data) == (200, b"")
    after = get(sandbox, path).get_json()
    assert (after["status"], after["note"]) == (becomes, "taken over")
    assert after["lastConfirmedAt"] == after["lastUpdatedAt"] == "2026-09-01T08:05:00.000Z"
    assert status(sandbox, ids) == becomes


def test_the_same_confirmation_again_changes_nothing_and_the_opposite_is_a_conflict(sandbox: OrderfulSandbox) -> None:
    ids, refused = send(sandbox), send(sandbox)
    asked = ("accept", "accept", "fail", "accept")
    assert [post(sandbox, delivery_of(ids, f"/{verb}")).status_code for verb in asked] == [200, 200, 409, 200]
    assert [post(sandbox, delivery_of(refused, f"/{verb}")).status_code for verb in ("fail", "accept")] == [200, 409]
    deliveries = control(sandbox, "deliveries")
    assert [one["transactionId"] for one in deliveries] == [ids["id"], refused["id"]]
    assert [one["deliveryId"] for one in deliveries] == [ids["deliveryId"], refused["deliveryId"]]
    assert [(one["status"], one["confirmed"], one["asked"]) for one in deliveries] == [
        ("DELIVERED", 1, 4),
        ("FAILED", 1, 2),
    ]
    assert deliveries[0]["notes"] == ["taken over"] * 3


@pytest.mark.parametrize("body", [None, {}, [], {"note": ""}, {"note": "  "}, {"note": 5}, {"note": "x" * 241}])
def test_v4_wants_a_note_of_sensible_length(sandbox: OrderfulSandbox, body: Any) -> None:
    ids = send(sandbox)
    for verb in ("accept", "fail"):
        assert post(sandbox, delivery_of(ids, f"/{verb}"), body).status_code == 400
    assert control(sandbox, "deliveries")[0]["asked"] == 0
    assert post(sandbox, delivery_of(ids, "/accept"), {"note": "x" * 240}).status_code == 200


@pytest.mark.parametrize("body", [[], {"note": 5}, {"note": "x" * 241}, {"reason": "none"}])
def test_v3_takes_a_note_but_not_any(sandbox: OrderfulSandbox, body: Any) -> None:
    ids = send(sandbox)
    assert post(sandbox, f"/v3/deliveries/{ids['deliveryId']}/fail", body, KEY).status_code == 400
    assert post(sandbox, f"/v3/deliveries/{ids['deliveryId']}/fail", {}, KEY).status_code == 200


# -- channels


# -- faults and limits
