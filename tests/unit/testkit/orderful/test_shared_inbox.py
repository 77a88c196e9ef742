"""An inbox that serves others too, documents in validation, deliveries made again, and pages that cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from testkit.orderful.answers import TYPES, foreign_document
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox, running_orderful

V4 = {"orderful-api-key": API_KEY, "orderful-api-version": "v4", "User-Agent": "ours"}
INBOX = "/inboxes/4711/transactions"
BUCKET = "/v3/polling-buckets/815"
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
CHANGE: dict[str, Any] = {"purpose": "change", "purchaseOrderNumber": "PO-1", "lineItems": []}
RULED: dict[str, Any] = {**CHANGE, "changeSequenceNumber": "2"}


@pytest.fixture
def sandbox() -> OrderfulSandbox:
    one = OrderfulSandbox(pace=AT_ONCE)
    one.clock.freeze(START)
    one.inbound.set_channels({"inboxes": [4711], "buckets": [815]})
    return one


def control(sandbox: OrderfulSandbox, method: str, path: str, body: Any = None) -> TestResponse:
    return sandbox.app.test_client().open(f"/_sandbox/{path}", method=method, json=body)


def send(sandbox: OrderfulSandbox, message: dict[str, Any] | None = None, **more: Any) -> dict[str, str]:
    body = {"sender": "ACMEPRODUCET", "receiver": "NORDICFOODT", "message": message or CHANGE, **more}
    answer = control(sandbox, "POST", "inbound", body)
    assert answer.status_code == 201, answer.text
    ids: dict[str, str] = answer.get_json()
    return ids


def get(sandbox: OrderfulSandbox, path: str, **query: Any) -> TestResponse:
    return sandbox.app.test_client().get(path, query_string=query or None, headers=V4)


def confirm(sandbox: OrderfulSandbox, ids: dict[str, str], verb: str = "accept") -> int:
    path = f"/transactions/{ids['id']}/deliveries/{ids['deliveryId']}/{verb}"
    return sandbox.app.test_client().post(path, json={"note": "taken over"}, headers=V4).status_code


def waiting(sandbox: OrderfulSandbox, **query: Any) -> list[str]:
    return [str(item["transactionId"]) for item in get(sandbox, INBOX, **query).get_json()]


def deliveries(sandbox: OrderfulSandbox) -> dict[str, dict[str, Any]]:
    return {one["deliveryId"]: one for one in control(sandbox, "GET", "deliveries").get_json()}


def shown(sandbox: OrderfulSandbox, ids: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = get(sandbox, f"/v3/transactions/{ids['id']}").get_json()
    return found


# -- others read the same inbox


@pytest.mark.parametrize("form", ["mosaic", "x12"])
def test_documents_of_others_fill_the_page_and_every_confirmation_says_whose_it_was(
    sandbox: OrderfulSandbox, form: str
) -> None:
    kinds = ("850", "810", "856")
    foreign = [send(sandbox, foreign_document(kind, "7", form=form), type=TYPES[kind]) for kind in kinds]
    sandbox.clock.advance(timedelta(minutes=1))
    ours = send(sandbox)
    assert waiting(sandbox, limit=3) == [one["id"] for one in foreign], "there is no next page"
    assert waiting(sandbox)[-1] == ours["id"]

    another = {"verb": "accept", "caller": "warehouse"}
    assert control(sandbox, "POST", f"deliveries/{foreign[0]['deliveryId']}/confirm", another).status_code == 204
    assert confirm(sandbox, ours) == 200

    assert waiting(sandbox) == [one["id"] for one in foreign[1:]]
    seen = deliveries(sandbox)
    assert [seen[one["deliveryId"]]["callers"] for one in (*foreign, ours)] == [["warehouse"], [], [], ["ours"]]
    assert [seen[one["deliveryId"]]["type"] for one in foreign] == [TYPES[kind] for kind in kinds]


def test_the_same_transaction_has_a_number_in_v3_and_a_uuid_in_v4_and_its_own_time(sandbox: OrderfulSandbox) -> None:
    first = send(sandbox)
    sandbox.clock.advance(timedelta(minutes=3))
    second = send(sandbox)
    rows = get(sandbox, "/v3/transactions").get_json()["data"]
    newer = get(sandbox, "/transactions").get_json()["data"]
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    assert [row["id"] for row in newer] == [second["uuid"], first["uuid"]]
    assert [row["createdAt"] for row in rows] == ["2026-09-01T08:03:00.000Z", "2026-09-01T08:00:00.000Z"]


@pytest.mark.parametrize(
    ("shape", "rows"), [("array", None), ("items", "items"), ("data", "data")], ids=["array", "items", "data"]
)
@pytest.mark.parametrize("path", [INBOX, BUCKET, "/v3/transactions"])
def test_pages_come_in_three_shapes(sandbox: OrderfulSandbox, path: str, shape: str, rows: str | None) -> None:
    ids = send(sandbox)
    if path == "/v3/transactions":
        sandbox.set_options(list_shape=shape)
    else:
        sandbox.inbound.set_channels({"inboxes": [4711], "buckets": [815], "page_shape": shape})
        ids = send(sandbox)
    page = get(sandbox, path).get_json()
    found = page[rows] if rows else page
    assert ids["id"] in {str(one.get("transactionId") or one["id"]) for one in found}
    assert rows is None or set(page) - {rows} == {"meta" if shape == "items" else "pagination"}


# -- validation


def test_a_document_in_validation_is_listed_but_held_until_it_is_valid_and_a_rule_may_change_it(
    sandbox: OrderfulSandbox,
) -> None:
    sandbox.set_options(message_while_processing=False)
    ids = send(sandbox, validation={"after_seconds": 30, "message": RULED})
    assert (shown(sandbox, ids)["validationStatus"], shown(sandbox, ids)["deliveryStatus"]) == ("PROCESSING", "PENDING")
    assert get(sandbox, f"/v3/transactions/{ids['id']}/message").status_code == 404
    assert waiting(sandbox) == []
    sandbox.clock.advance(timedelta(seconds=30))
    [item] = get(sandbox, INBOX).get_json()
    assert item["message"] == RULED
    assert (shown(sandbox, ids)["validationStatus"], shown(sandbox, ids)["deliveryStatus"]) == ("VALID", "SENT")
    assert confirm(sandbox, ids) == 200


def test_an_invalid_document_is_held_until_a_command_makes_it_valid_or_sends_it(sandbox: OrderfulSandbox) -> None:
    first, second = (send(sandbox, validation={"becomes": "INVALID", "message": RULED}) for _ in range(2))
    control(sandbox, "POST", f"transactions/{first['id']}/advance", {"validation": "INVALID"})
    assert shown(sandbox, first)["validationStatus"] == "INVALID"
    assert get(sandbox, f"/transactions/{first['id']}/message").get_json() == RULED
    assert (shown(sandbox, second)["validationStatus"], waiting(sandbox)) == ("PROCESSING", [])
    control(sandbox, "POST", f"transactions/{first['id']}/advance", {"delivery": "SENT"})
    control(sandbox, "POST", f"transactions/{second['id']}/advance", {"validation": "VALID"})
    assert waiting(sandbox) == [first["id"], second["id"]]


@pytest.mark.parametrize(
    "more",
    [{"validation": {"becomes": "PROCESSING"}}, {"validation": {"colour": 1}}, {"poison": "arsenic"}],
)
def test_a_validation_or_a_poison_nobody_knows_is_refused(sandbox: OrderfulSandbox, more: dict[str, Any]) -> None:
    body = {"sender": "A", "receiver": "B", "message": CHANGE, **more}
    assert control(sandbox, "POST", "inbound", body).status_code == 400


# -- confirmations and deliveries


def test_an_acceptance_can_be_answered_without_having_an_effect(sandbox: OrderfulSandbox) -> None:
    ids = send(sandbox)
    sandbox.fail("empty_200", method="POST", path_prefix=f"/transactions/{ids['id']}/")
    assert (confirm(sandbox, ids), waiting(sandbox)) == (200, [ids["id"]])
    assert deliveries(sandbox)[ids["deliveryId"]]["status"] == "SENT"


@pytest.mark.parametrize("status", [400, 409])
def test_a_refused_acceptance_is_told_apart_by_the_delivery(sandbox: OrderfulSandbox, status: int) -> None:
    sandbox.inbound.set_channels({"inboxes": [4711], "confirmed_again": status})
    confirmed, refused = send(sandbox), send(sandbox)
    assert [confirm(sandbox, confirmed), confirm(sandbox, confirmed)] == [200, status]
    sandbox.fail("error", status=status, method="POST", path_prefix=f"/transactions/{refused['id']}/")
    assert confirm(sandbox, refused) == status

    paths = [f"/transactions/{one['id']}/deliveries/{one['deliveryId']}" for one in (confirmed, refused)]
    states = [get(sandbox, path).get_json() for path in paths]
    assert [(one["status"], str(one["transactionId"])) for one in states] == [
        ("DELIVERED", confirmed["id"]),
        ("SENT", refused["id"]),
    ]
    v3 = get(sandbox, f"/v3/deliveries/{refused['deliveryId']}").get_json()
    assert (v3["status"], v3["transactionId"]) == ("SENT", refused["id"])
    assert confirm(sandbox, {**refused, "deliveryId": confirmed["deliveryId"]}) == 404


def test_a_transaction_sent_again_keeps_its_id_and_waits_with_a_new_delivery(sandbox: OrderfulSandbox) -> None:
    first = send(sandbox)
    confirm(sandbox, first)
    sandbox.clock.advance(timedelta(hours=1))
    again = control(sandbox, "POST", f"transactions/{first['uuid']}/resend").get_json()
    assert (again["id"], again["uuid"]) == (first["id"], first["uuid"])
    assert again["deliveryId"] != first["deliveryId"]
    [item] = get(sandbox, INBOX).get_json()
    assert (item["transactionId"], item["delivery"]["deliveryId"]) == (int(first["id"]), again["deliveryId"])
    row = shown(sandbox, first)
    assert (row["createdAt"], row["deliveryStatus"]) == ("2026-09-01T08:00:00.000Z", "SENT")
    seen = deliveries(sandbox)
    assert [seen[one["deliveryId"]]["status"] for one in (first, again)] == ["DELIVERED", "SENT"]
    assert seen[again["deliveryId"]]["createdAt"] == "2026-09-01T09:00:00.000Z"


def test_only_the_latest_delivery_takes_the_item_away(sandbox: OrderfulSandbox) -> None:
    first = send(sandbox)
    again = control(sandbox, "POST", f"transactions/{first['id']}/resend").get_json()
    assert confirm(sandbox, first) == 200
    assert (waiting(sandbox), shown(sandbox, first)["deliveryStatus"]) == ([first["id"]], "SENT")
    assert confirm(sandbox, again) == 200
    assert (waiting(sandbox), shown(sandbox, first)["deliveryStatus"]) == ([], "DELIVERED")
    assert control(sandbox, "POST", "transactions/1/resend").status_code == 400


# -- pages that cannot be read


def test_a_page_above_a_size_is_refused_and_a_smaller_one_is_not() -> None:
    with running_orderful() as sandbox:
        sandbox.inbound.set_channels({"inboxes": [4711]})
        for _ in range(4):
            sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message={**CHANGE, "x": "y" * 2000})

        def asked(limit: int, timeout: float = 5) -> int:
            answer = requests.get(f"{sandbox.url}{INBOX}?limit={limit}", headers=V4, timeout=timeout)
            return len(answer.json()) if answer.status_code == 200 else answer.status_code

        rule = sandbox.fail("error", status=413, path_prefix="/inboxes", above=6000, times=None)
        assert [asked(4), asked(2), asked(4), rule.used] == [413, 2, 413, 2]
        sandbox.faults.clear()
        sandbox.fail("cut_body", path_prefix="/inboxes", above=6000, times=None)
        with pytest.raises(requests.RequestException):
            asked(4)
        assert asked(2) == 2
        sandbox.faults.clear()
        sandbox.fail("delay", seconds=0.5, path_prefix="/inboxes", above=6000, times=None)
        with pytest.raises(requests.Timeout):
            asked(4, timeout=0.2)
        assert asked(2) == 2


@pytest.mark.parametrize("path", [INBOX, BUCKET])
def test_one_poisoned_item_spoils_the_page_or_only_itself(sandbox: OrderfulSandbox, path: str) -> None:
    good = send(sandbox)
    sandbox.clock.advance(timedelta(minutes=1))
    ids = send(sandbox, poison="json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(sandbox, path).data)
    assert len(get(sandbox, path, limit=1).get_json()) == 1
    confirm(sandbox, good)
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(sandbox, path, limit=1).data)
    confirm(sandbox, ids)
    send(sandbox, poison="item")
    assert [type(one) for one in get(sandbox, path).get_json()] == [str]


def test_a_message_can_be_out_of_reach_for_ever(sandbox: OrderfulSandbox) -> None:
    sandbox.inbound.set_channels({"buckets": [815], "message_as_href": True})
    ids = send(sandbox, poison="message")
    [item] = get(sandbox, BUCKET).get_json()
    paths = [item["message"]["href"], f"/transactions/{ids['id']}/message"]
    paths.append(f"/v3/transactions/{ids['id']}?expand=message")
    assert [get(sandbox, path).status_code for path in paths] == [500, 500, 500]
    assert get(sandbox, f"/v3/transactions/{ids['id']}").status_code == 200
