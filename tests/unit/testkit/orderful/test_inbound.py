"""What partners send through the sandbox Orderful: how it is filed, where it waits, how it is confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from testkit.orderful.inbound import CHANGE
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulOptions, OrderfulSandbox, running_orderful

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
    shown = get(sandbox, f"/v3/transactions/{ids['id']}", KEY).get_json()
    assert shown == listed
    assert (shown["sender"]["isaId"], shown["sender"]["name"]) == ("ACMEPRODUCET", "Acme Produce")
    assert (shown["validationStatus"], shown["deliveryStatus"], shown["acknowledgmentStatus"]) == (
        "VALID",
        "SENT",
        "NOT_ACKNOWLEDGED",
    )
    content = get(sandbox, f"/v3/transactions/{ids['id']}/message", KEY).get_json()
    assert content == {"href": shown["message"]["href"], **message}
    expanded = get(sandbox, f"/v3/transactions/{ids['id']}", KEY, expand="message").get_json()
    assert expanded["message"] == content


@pytest.mark.parametrize("name", ["id", "uuid"])
def test_v4_reads_a_document_by_number_and_by_uuid(sandbox: OrderfulSandbox, name: str) -> None:
    ids = send(sandbox)
    shown = get(sandbox, f"/transactions/{ids[name]}").get_json()
    assert (shown["id"], shown["ediTransactionType"], shown["stream"]) == (ids["uuid"], CHANGE, "test")
    assert (shown["senderId"], shown["businessNumber"]) == ("ACMEPRODUCET", "PO-4711")
    assert get(sandbox, f"/transactions/{ids[name]}/message").get_json() == change()


def test_v4_reads_what_we_sent_too(sandbox: OrderfulSandbox) -> None:
    own = {"type": "860_PURCHASE_ORDER_CHANGE", "stream": "test", "message": change()}
    number = post(sandbox, "/transactions", {**own, "senderId": "NORDICFOODT", "receiverId": "ACMEPRODUCET"})
    name = number.get_json()["id"]
    assert get(sandbox, f"/transactions/{name}").get_json()["senderId"] == "NORDICFOODT"
    assert get(sandbox, f"/transactions/{name}/message").get_json() == change()
    assert get(sandbox, "/transactions/1").status_code == 404


def test_anybody_may_send_to_anybody_on_either_stream(sandbox: OrderfulSandbox) -> None:
    ids = send(sandbox, sender="STRANGER", receiver="SOMEBODYELSE", stream="LIVE")
    shown = get(sandbox, f"/v3/transactions/{ids['id']}", KEY).get_json()
    assert (shown["stream"], shown["sender"]["name"], shown["receiver"]["isaId"]) == (
        "LIVE",
        "STRANGER",
        "SOMEBODYELSE",
    )
    wrong_stream = send(sandbox, receiver="NORDICFOOD")
    shown = get(sandbox, f"/v3/transactions/{wrong_stream['id']}", KEY).get_json()
    assert (shown["receiver"]["isaId"], shown["receiver"]["name"]) == ("NORDICFOOD", "Nordic Food AS")


@pytest.mark.parametrize(
    ("kind", "message", "number"),
    [
        ("855_PURCHASE_ORDER_ACKNOWLEDGMENT", {"purchaseOrderNumber": "PO-1", "lineItems": []}, "PO-1"),
        (
            "855_PURCHASE_ORDER_ACKNOWLEDGMENT",
            {
                "transactionSets": [
                    {"beginningSegmentForPurchaseOrderAcknowledgment": [{"purchaseOrderNumber": "PO-2"}]}
                ]
            },
            "PO-2",
        ),
        ("810_INVOICE", {"invoiceNumber": "77", "purchaseOrderNumber": "PO-3"}, "77"),
        ("865_PURCHASE_ORDER_CHANGE_ACKNOWLEDGMENT_REQUEST_SELLER_INITIATED", {"transactionSets": [{}]}, ""),
        ("856_SHIP_NOTICE_MANIFEST", {"transactionSets": []}, ""),
    ],
)
def test_other_documents_come_in_too(sandbox: OrderfulSandbox, kind: str, message: dict[str, Any], number: str) -> None:
    ids = send(sandbox, message, type=kind)
    shown = get(sandbox, f"/v3/transactions/{ids['id']}", KEY).get_json()
    assert (shown["type"], shown["businessNumber"]) == ({"name": kind}, number)
    assert inbox(sandbox)[0]["message"] == message


def test_a_document_keeps_its_number_where_our_own_transactions_have_uuids() -> None:
    sandbox = OrderfulSandbox(pace=AT_ONCE, options=OrderfulOptions(ids="uuid"))
    ids = send(sandbox)
    assert ids["id"].isdecimal()
    assert get(sandbox, f"/transactions/{ids['uuid']}").status_code == 200


def test_the_control_route_shows_what_we_sent_unless_asked_for_the_other_direction(sandbox: OrderfulSandbox) -> None:
    ids = send(sandbox)
    own = {"type": {"name": CHANGE}, "stream": "TEST", "message": change_v3()}
    own |= {"sender": {"isaId": "NORDICFOODT"}, "receiver": {"isaId": "ACMEPRODUCET"}}
    sent = post(sandbox, "/v3/transactions", own, KEY).get_json()["id"]
    shown = {
        direction: [one["id"] for one in control(sandbox, f"transactions?direction={direction}")]
        for direction in ("out", "in", "all")
    }
    assert shown == {"out": [sent], "in": [ids["id"]], "all": [ids["id"], sent]}
    assert [one["id"] for one in control(sandbox, "transactions")] == [sent]
    assert control(sandbox, "transactions?direction=in")[0]["request"]["message"] == change()
    assert sandbox.app.test_client().get("/_sandbox/transactions?direction=up").status_code == 400


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


def test_the_types_and_the_uuid_can_be_left_out_of_an_inbox(sandbox: OrderfulSandbox) -> None:
    sandbox.inbound.set_channels({"inboxes": [4711], "types_in_inbox": False})
    send(sandbox)
    assert inbox(sandbox)[0].keys() == {
        "integrationPayloadId",
        "transactionId",
        "senderId",
        "receiverId",
        "stream",
        "message",
        "delivery",
    }


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


def test_the_message_of_a_bucket_item_can_be_a_link(sandbox: OrderfulSandbox) -> None:
    sandbox.inbound.set_channels({"buckets": [815], "message_as_href": True})
    ids = send(sandbox, change_v3())
    [item] = bucket(sandbox)
    assert item["message"] == {"href": f"http://localhost/v3/transactions/{ids['id']}/message"}
    assert get(sandbox, item["message"]["href"], KEY).get_json()["transactionSets"] == change_v3()["transactionSets"]


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
    shown = control(sandbox, "deliveries")
    assert [one["transactionId"] for one in shown] == [ids["id"], refused["id"]]
    assert [one["deliveryId"] for one in shown] == [ids["deliveryId"], refused["deliveryId"]]
    assert [(one["status"], one["confirmed"], one["asked"]) for one in shown] == [
        ("DELIVERED", 1, 4),
        ("FAILED", 1, 2),
    ]
    assert shown[0]["notes"] == ["taken over"] * 3


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


def test_nothing_but_a_confirmation_moves_a_document(sandbox: OrderfulSandbox) -> None:
    ids = send(sandbox)
    sandbox.clock.advance(timedelta(days=3))
    shown = get(sandbox, f"/v3/transactions/{ids['id']}", KEY).get_json()
    assert (shown["deliveryStatus"], shown["acknowledgmentStatus"]) == ("SENT", "NOT_ACKNOWLEDGED")
    sandbox.advance(ids["id"], delivery="PENDING")
    assert get(sandbox, delivery_of(ids)).get_json()["status"] == "CREATED"


# -- channels


def test_a_document_goes_into_every_channel_unless_it_names_some(sandbox: OrderfulSandbox) -> None:
    sandbox.app.test_client().put("/_sandbox/channels", json={"inboxes": [1, "2"], "buckets": [3]})
    for number, more in {
        "everywhere": {},
        "inboxes": {"channels": ["inbox"]},
        "second": {"channels": ["inbox"], "inbox": 2},
        "bucket": {"channels": ["bucket"], "bucket": "3"},
        "nowhere": {"channels": []},
    }.items():
        send(sandbox, change(number), **more)
    seen = {place: [item["message"]["purchaseOrderNumber"] for item in inbox(sandbox, place)] for place in (1, 2)}
    assert seen == {1: ["everywhere", "inboxes"], 2: ["everywhere", "inboxes", "second"]}
    assert [item["message"]["purchaseOrderNumber"] for item in bucket(sandbox, 3)] == ["everywhere", "bucket"]
    assert len(get(sandbox, "/v3/transactions", KEY).get_json()["data"]) == 5


@pytest.mark.parametrize(
    "more",
    [
        {"channels": ["pigeon"]},
        {"channels": ["webhook"]},
        {"inbox": 1},
        {"bucket": 1},
        {"stream": "test"},
        {"created_at": "2026-09-01T08:00:00"},
        {"created_at": "yesterday"},
        {"message": []},
        {"message": {}},
        {"colour": "red"},
    ],
)
def test_a_document_that_cannot_be_sent_is_refused_in_words(sandbox: OrderfulSandbox, more: dict[str, Any]) -> None:
    body = {"sender": "A", "receiver": "B", "message": change(), **more}
    answer = sandbox.app.test_client().post("/_sandbox/inbound", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["message"]
    assert control(sandbox, "deliveries") == []


def test_a_channel_that_was_never_set_takes_nothing() -> None:
    with pytest.raises(ValueError, match="has no bucket: set its channels first"):
        OrderfulSandbox().inbound.receive(sender="A", receiver="B", message=change(), channels=["bucket"])


@pytest.mark.parametrize("body", [{"colour": "red"}, {"inboxes": 5}, {"webhook": {"format": "v4"}}, 5])
def test_channels_that_make_no_sense_are_refused_in_words_and_change_nothing(
    sandbox: OrderfulSandbox, body: Any
) -> None:
    answer = sandbox.app.test_client().put("/_sandbox/channels", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["message"].endswith(".")
    assert inbox(sandbox) == []


def test_a_reset_forgets_documents_and_channels(sandbox: OrderfulSandbox) -> None:
    send(sandbox)
    sandbox.reset()
    assert control(sandbox, "deliveries") == []
    assert get(sandbox, "/inboxes/4711/transactions").status_code == 404


# -- faults and limits


def test_an_acceptance_whose_answer_is_lost_has_happened() -> None:
    with running_orderful() as sandbox:
        sandbox.inbound.set_channels({"inboxes": [4711]})
        one = sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message=change())
        [item] = requests.get(f"{sandbox.url}/inboxes/4711/transactions", headers=V4, timeout=5).json()
        accept = item["delivery"]["approve"]["href"]
        assert accept.startswith(sandbox.url)
        sandbox.fail("lost_response", path_prefix="/transactions/")
        with pytest.raises(requests.ConnectionError):
            requests.post(accept, json=NOTE, headers=V4, timeout=5)
        assert one.status == "DELIVERED"
        assert requests.post(accept, json=NOTE, headers=V4, timeout=5).status_code == 200
        assert (one.confirmed, one.asked) == (1, 2)


def test_inbox_and_bucket_can_fail_or_be_spoiled_like_any_list(sandbox: OrderfulSandbox) -> None:
    send(sandbox)
    sandbox.fail("http_503", path_prefix="/inboxes")
    sandbox.fail("wrong_shape", path_prefix="/v3/polling-buckets")
    assert get(sandbox, "/inboxes/4711/transactions").status_code == 503
    assert get(sandbox, "/v3/polling-buckets/815", KEY).get_json()["totalCount"] == 1
    assert (len(inbox(sandbox)), len(bucket(sandbox))) == (1, 1)


def test_accepting_has_its_own_limit_a_minute(sandbox: OrderfulSandbox) -> None:
    sandbox.limits = {"POST /transactions/<transaction_id>/deliveries/<delivery_id>/accept": 1}
    first, second = send(sandbox), send(sandbox)
    answers = [post(sandbox, delivery_of(one, "/accept")).status_code for one in (first, second)]
    assert answers == [200, 429]
    assert [status(sandbox, one) for one in (first, second)] == ["DELIVERED", "SENT"]
