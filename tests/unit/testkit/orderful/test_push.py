"""Pushes of the sandbox Orderful to a webhook on a real socket: bodies, what our status makes of it, new attempts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from testkit.orderful.incoming import Incoming
from testkit.orderful.push import RETRY_SECONDS, push_result_of
from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox
from testkit.scripted_server import Server, answer, reset, silence

V4 = {"orderful-api-key": API_KEY, "orderful-api-version": "v4"}
MESSAGE = {"purpose": "change", "purchaseOrderNumber": "PO-4711", "lineItems": []}
SETS = {"transactionSets": [{"beginningSegmentForPurchaseOrderChange": [{"purchaseOrderNumber": "PO-4711"}]}]}


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server([answer(200)])
    yield one
    one.stop()


@pytest.fixture
def sandbox(server: Server) -> OrderfulSandbox:
    return listening_to(server)


def listening_to(server: Server, *, retry_seconds: tuple[float, ...] = (0, 0, 0), **webhook: Any) -> OrderfulSandbox:
    one = OrderfulSandbox(pace=AT_ONCE)
    one.inbound.set_channels(
        {"inboxes": [4711], "webhook": {"url": f"{server.url}/hook?x=1", **webhook}, "retry_seconds": retry_seconds}
    )
    return one


def send(sandbox: OrderfulSandbox, message: dict[str, Any] = MESSAGE, **more: Any) -> Incoming:
    """Let a partner send, and wait until the push is over."""
    one = sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message=message, **more)
    assert sandbox.inbound.pushes.finished(10)
    return one


def waiting(sandbox: OrderfulSandbox) -> list[dict[str, Any]]:
    return sandbox.app.test_client().get("/inboxes/4711/transactions", headers=V4).get_json()


def statuses(sandbox: OrderfulSandbox) -> list[int | None]:
    return sandbox.inbound.pushes.attempts()


def pushed(server: Server) -> Any:
    [request] = server.seen
    assert (request.method, request.path, request.query) == ("POST", "/hook", [("x", "1")])
    assert request.headers["Content-Type"] == "application/json"
    return json.loads(request.body)


# -- what is posted


def test_a_v3_push_is_the_transaction_with_its_message_and_its_delivery(server: Server) -> None:
    sandbox = listening_to(server, format="v3")
    one = send(sandbox, SETS)
    number = one.transaction.id
    headers = {"orderful-api-key": API_KEY}
    read = sandbox.app.test_client().get(f"/v3/transactions/{number}?expand=message", headers=headers).get_json()
    body = pushed(server)
    delivery = body.pop("delivery")
    assert {**body, "deliveryStatus": "DELIVERED", "lastUpdatedAt": read["lastUpdatedAt"]} == read
    assert delivery["approve"]["href"] == f"http://localhost/v3/deliveries/{one.delivery_id}/approve"


def test_a_v4_push_is_the_inbox_item(server: Server) -> None:
    server.play(answer(202))
    sandbox = listening_to(server, format="v4")
    send(sandbox)
    assert [pushed(server)] == waiting(sandbox)


def test_the_oldest_format_has_the_message_as_content_and_no_delivery(server: Server) -> None:
    one = send(listening_to(server, format="2020"))
    body = pushed(server)
    assert body.pop("createdAt").endswith("Z")
    assert body.pop("lastUpdatedAt").endswith("Z")
    assert body == {
        "id": one.transaction.id,
        "sender": {"isaId": "ACMEPRODUCET"},
        "receiver": {"isaId": "NORDICFOODT"},
        "type": {"name": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"},
        "stream": "TEST",
        "message": {"content": MESSAGE},
        "version": "2020-10-28",
    }


def test_headers_and_basic_authentication_go_along(server: Server) -> None:
    send(listening_to(server, headers={"X-Shared-Secret": "s3same"}, basic="orderful:pass:word"))
    [request] = server.seen
    assert request.headers["X-Shared-Secret"] == "s3same"
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"orderful:pass:word"


# -- what our answer makes of it


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_2xx_delivers_it_at_once(sandbox: OrderfulSandbox, server: Server, status: int) -> None:
    server.play(answer(status))
    one = send(sandbox)
    assert (one.status, one.confirmed, one.asked) == ("DELIVERED", 1, 0)
    assert (statuses(sandbox), waiting(sandbox)) == ([status], [])


def test_a_202_leaves_it_sent_until_it_is_accepted(sandbox: OrderfulSandbox, server: Server) -> None:
    server.play(answer(202))
    one = send(sandbox)
    assert (one.status, one.confirmed, statuses(sandbox)) == ("SENT", 0, [202])
    path = f"/transactions/{one.transaction.id}/deliveries/{one.delivery_id}"
    transaction = sandbox.app.test_client().get(path, headers=V4).get_json()
    assert transaction["sendSucceededAt"] is not None
    sandbox.app.test_client().post(f"{path}/accept", json={"note": "taken over"}, headers=V4)
    assert (one.status, one.confirmed) == ("DELIVERED", 1)


@pytest.mark.parametrize("status", [400, 401, 403, 410, 422, 500, 302])
def test_any_other_answer_fails_it_at_once_and_it_can_still_be_accepted(
    sandbox: OrderfulSandbox, server: Server, status: int
) -> None:
    server.play(answer(status, headers={"Location": "/elsewhere"}))
    one = send(sandbox)
    assert (one.status, one.confirmed, statuses(sandbox)) == ("FAILED", 0, [status])
    assert [item["transactionId"] for item in waiting(sandbox)] == [one.number]
    assert sandbox.inbound.confirm(one, "DELIVERED", "found by polling")
    assert (one.status, waiting(sandbox)) == ("DELIVERED", [])


@pytest.mark.parametrize("status", [404, 408, 409, 423, 429, 502, 503, 504])
def test_what_may_pass_is_tried_again_until_it_works(sandbox: OrderfulSandbox, server: Server, status: int) -> None:
    server.play(answer(status), answer(status), answer(200))
    one = send(sandbox)
    assert (one.status, statuses(sandbox)) == ("DELIVERED", [status, status, 200])
    assert len({request.body for request in server.seen}) == 1


def test_after_three_new_attempts_it_is_failed(sandbox: OrderfulSandbox, server: Server) -> None:
    server.play(answer(503))
    one = send(sandbox)
    assert (one.status, statuses(sandbox)) == ("FAILED", [503] * 4)
    path = f"/transactions/{one.transaction.id}/deliveries/{one.delivery_id}"
    transaction = sandbox.app.test_client().get(path, headers=V4).get_json()
    assert (transaction["status"], transaction["sendFailedAt"] is None) == ("FAILED", False)


def test_silence_and_a_broken_connection_are_tried_again(server: Server) -> None:
    server.play(silence(), reset(), answer(200))
    sandbox = listening_to(server, timeout_seconds=0.2)
    one = send(sandbox)
    assert (one.status, statuses(sandbox)) == ("DELIVERED", [None, None, 200])


def test_the_pauses_are_those_of_orderful_unless_set() -> None:
    assert OrderfulSandbox().inbound.channels.retry_seconds == RETRY_SECONDS == (300, 600, 1200)
    assert [push_result_of(status) for status in (None, 202, 299, 300)] == ["retry", "sent", "delivered", "failed"]


# -- while a push waits for its next attempt


# -- what cannot be called
