"""Telling Orderful what became of a delivery, over a real socket: told for certain, or not told and said so."""

from __future__ import annotations

import json

import msgspec
import pytest

from connector.adapters.http import USER_AGENT
from connector.adapters.orderful.inbound import OrderfulInbound
from connector.domain.errors import Misconfigured, Rejected, Transient
from connector.domain.inbound import ApiVersion, Confirmation, Delivery
from connector.domain.order_change.record import ChangeState
from connector.services.inbound.acknowledge import confirm
from testkit.memory.stores import InMemoryChanges, RecordingTelemetry, a_change
from testkit.scripted_server import (
    API_KEY,
    Deadline,
    answer,
    html,
    reset,
    reset_after_headers,
    truncated,
)

UUID = "b646771e-a068-4e32-832f-e96f895c5ec9"
MOSAIC = {"purpose": "change", "purchaseOrderNumber": "500123", "purchaseOrderChangeDate": "2026-03-01"}
NOTE = "Purchase order 500123: APPLIED."
ACCEPTED, FAILED = Confirmation.ACCEPTED, Confirmation.FAILED


@pytest.fixture
def sent(sandbox):
    return sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message=MOSAIC)


def tell(orderful, delivery=None, confirmation=ACCEPTED, transaction_id="802210971", note=NOTE):
    return orderful.confirm(delivery or Delivery(UUID, ApiVersion.V4), transaction_id, confirmation, note)


def state(sandbox):
    (delivery,) = sandbox.inbound.deliveries()
    return {name: delivery[name] for name in ("status", "confirmed", "asked", "notes")}


class TestAgainstTheSandbox:
    @pytest.mark.parametrize("confirmation", [ACCEPTED, FAILED])
    @pytest.mark.parametrize("channel", ["inbox", "bucket"])
    def test_the_links_that_came_along_are_followed(self, sandbox, real, sent, channel, confirmation):
        (item,) = real.inbox("7") if channel == "inbox" else real.bucket("8")
        assert tell(real, item.delivery, confirmation, item.transaction_id)
        status = "DELIVERED" if confirmation is ACCEPTED else "FAILED"
        assert state(sandbox) == {"status": status, "confirmed": 1, "asked": 1, "notes": [NOTE]}
        assert real.inbox("7") == real.bucket("8") == []

    @pytest.mark.parametrize("confirmation", [ACCEPTED, FAILED])
    @pytest.mark.parametrize("version", ApiVersion)
    def test_without_links_the_documented_address_is_used(self, sandbox, real, sent, version, confirmation):
        assert tell(real, Delivery(sent.delivery_id, version), confirmation, sent.transaction.id)
        status = "DELIVERED" if confirmation is ACCEPTED else "FAILED"
        assert state(sandbox) == {"status": status, "confirmed": 1, "asked": 1, "notes": [NOTE]}

    def test_a_transaction_that_is_known_by_its_uuid_is_confirmed_by_it(self, sandbox, real, sent):
        assert tell(real, Delivery(sent.delivery_id, ApiVersion.V4), transaction_id=sent.uuid)
        assert state(sandbox)["status"] == "DELIVERED"

    @pytest.mark.parametrize("version", ApiVersion)
    def test_a_lost_answer_is_asked_for_again_and_counts_once(self, sandbox, real, sent, version):
        sandbox.fail("lost_response", method="POST")
        assert tell(real, Delivery(sent.delivery_id, version), transaction_id=sent.transaction.id)
        assert state(sandbox) == {"status": "DELIVERED", "confirmed": 1, "asked": 2, "notes": [NOTE, NOTE]}

    def test_what_was_told_may_be_told_again(self, sandbox, real, sent):
        delivery = Delivery(sent.delivery_id, ApiVersion.V4)
        assert [tell(real, delivery, transaction_id=sent.transaction.id) for _ in range(3)] == [True] * 3
        assert state(sandbox)["confirmed"] == 1

    def test_what_somebody_decided_otherwise_stays_so_and_counts_as_told(self, sandbox, real, sent):
        sandbox.inbound.confirm(sent, "FAILED", None)
        assert tell(real, Delivery(sent.delivery_id, ApiVersion.V4), transaction_id=sent.transaction.id)
        assert (state(sandbox)["status"], sandbox.requests("POST")[-1].status) == ("FAILED", 409)

    @pytest.mark.parametrize("version", ApiVersion)
    def test_a_delivery_that_a_forged_callback_named_is_unknown(self, sandbox, real, sent, version):
        assert not tell(real, Delivery(UUID, version), transaction_id=sent.transaction.id)
        assert (state(sandbox)["confirmed"], [one.status for one in sandbox.requests("POST")]) == (0, [404])

    def test_one_of_another_transaction_is_unknown_too(self, sandbox, real, sent):
        assert not tell(real, Delivery(sent.delivery_id, ApiVersion.V4), transaction_id="1")
        assert state(sandbox)["confirmed"] == 0

    @pytest.mark.parametrize("reason", [None, "x" * 5000, "Fordi “æøå” 🍓 " * 60])
    @pytest.mark.parametrize("version", ApiVersion)
    def test_every_reason_makes_a_note_that_orderful_takes(self, sandbox, real, sent, version, reason):
        changes = InMemoryChanges()
        change = a_change(
            transaction_id=sent.transaction.id,
            state=ChangeState.REJECTED,
            reason=reason,
            deliveries=(Delivery(sent.delivery_id, version),),
        )
        after = confirm(changes.put(change), changes, real, RecordingTelemetry())
        (note,) = state(sandbox)["notes"]
        assert (after.confirmed, after.settled_deliveries, after.deliveries) == (FAILED, (sent.delivery_id,), ())
        assert note == (reason or "Purchase order 500123: REJECTED.")[:240]

    def test_a_busy_orderful_is_waited_for(self, sandbox, real, sent, pauses):
        sandbox.fail("http_429", method="POST", retry_after=4)
        sandbox.fail("http_503", method="POST")
        assert tell(real, Delivery(sent.delivery_id, ApiVersion.V4), transaction_id=sent.transaction.id)
        assert state(sandbox)["asked"] == 1
        assert (pauses[0], len(pauses)) == (4.0, 2)


class TestTheRequest:
    @pytest.mark.parametrize(
        ("version", "confirmation", "path"),
        [
            (ApiVersion.V4, ACCEPTED, f"/transactions/802210971/deliveries/{UUID}/accept"),
            (ApiVersion.V4, FAILED, f"/transactions/802210971/deliveries/{UUID}/fail"),
            (ApiVersion.V3, ACCEPTED, f"/v3/deliveries/{UUID}/approve"),
            (ApiVersion.V3, FAILED, f"/v3/deliveries/{UUID}/fail"),
        ],
    )
    def test_each_api_has_its_address_and_headers(self, orderful, server, version, confirmation, path):
        server.play(answer(200))
        assert tell(orderful, Delivery(UUID, version), confirmation)
        (seen,) = server.seen
        assert (seen.method, seen.target, json.loads(seen.body)) == ("POST", path, {"note": NOTE})
        v4 = {"orderful-api-version": "v4"} if version is ApiVersion.V4 else {}
        assert seen.headers == {
            "Host": server.url.removeprefix("http://"),
            "User-Agent": USER_AGENT,
            "Accept-Encoding": seen.headers["Accept-Encoding"],
            "Accept": "application/json",
            "Connection": "keep-alive",
            "Content-Type": "application/json",
            "Content-Length": str(len(seen.body)),
            "orderful-api-key": API_KEY,
            **v4,
        }

    def test_no_name_leads_to_another_address(self, orderful, server):
        server.play(answer(200))
        tell(orderful, Delivery("../x?y#z", ApiVersion.V4), transaction_id="1/2")
        assert server.seen[0].target == "/transactions/1%2F2/deliveries/..%2Fx%3Fy%23z/accept"

    @pytest.mark.parametrize("confirmation", [ACCEPTED, FAILED])
    def test_a_link_on_our_host_is_followed_whatever_it_says(self, orderful, server, confirmation):
        links = [f"{server.url}/deliveries/1/approve?x=1", "/deliveries/1/refuse"]
        server.play(answer(200))
        assert tell(orderful, Delivery(UUID, ApiVersion.V4, *links), confirmation)
        assert server.seen[0].target == ("/deliveries/1/approve?x=1" if confirmation is ACCEPTED else links[1])

    @pytest.mark.parametrize("confirmation", [ACCEPTED, FAILED])
    @pytest.mark.parametrize(
        "link",
        [
            "{other}/accept",
            "//{other_host}/accept",
            "http://{our_host}@{other_host}/accept",
            "http://{our_host}\\@{other_host}/accept",
            "http://{our_host}.evil.invalid/accept",
            "http://[::1/accept",
            "javascript:alert(1)",
        ],
    )
    def test_a_link_elsewhere_never_gets_our_key(self, orderful, server, second_server, link, confirmation):
        hosts = {
            "our_host": server.url.removeprefix("http://"),
            "other_host": second_server.url.removeprefix("http://"),
        }
        link = link.format(other=second_server.url, **hosts)
        server.play(answer(200))
        second_server.play(answer(200))
        assert tell(orderful, Delivery(UUID, ApiVersion.V4, link, link), confirmation)
        verb = "accept" if confirmation is ACCEPTED else "fail"
        assert [seen.target for seen in server.seen] == [f"/transactions/802210971/deliveries/{UUID}/{verb}"]
        assert second_server.connections == 0

    def test_without_time_left_nothing_is_sent(self, server, orderful_secrets, http, clock):
        server.play(answer(200))
        with pytest.raises(Transient):
            tell(OrderfulInbound(server.url, orderful_secrets, http=http, clock=clock, deadline=Deadline(1.9)))
        assert server.seen == []


class TestHowItEnds:
    @pytest.mark.parametrize("step", [answer(200), answer(204), answer(200, json_body={"status": "DELIVERED"})])
    def test_a_2xx_says_that_orderful_knows(self, orderful, server, step):
        server.play(step)
        assert tell(orderful) is True

    def test_404_says_that_there_is_no_such_delivery(self, orderful, server):
        server.play(answer(404, json_body={"message": "not found"}))
        assert tell(orderful) is False
        assert len(server.seen) == 1

    @pytest.mark.parametrize("status", [400, 409, 410, 422])
    @pytest.mark.parametrize("word", ["DELIVERED", "FAILED"])
    def test_another_definite_no_counts_as_told_when_the_delivery_shows_it(self, orderful, server, status, word):
        server.play(answer(status, json_body={"message": "no"}), answer(json_body={"status": word}))
        assert tell(orderful) is True
        assert [(seen.method, seen.path) for seen in server.seen][1:] == [
            ("GET", f"/transactions/802210971/deliveries/{UUID}")
        ]

    @pytest.mark.parametrize("status", [400, 409, 410, 422])
    @pytest.mark.parametrize("state", [answer(json_body={"status": "SENT"}), answer(404), answer(json_body=[])])
    def test_and_is_a_refusal_when_it_still_waits(self, orderful, server, status, state):
        server.play(answer(status, json_body={"message": "is locked"}), state)
        with pytest.raises(Rejected, match="is locked"):
            tell(orderful)

    @pytest.mark.parametrize("status", [400, 404])
    def test_a_page_of_a_web_server_is_no_answer_of_orderful_s(self, orderful, server, status):
        """A delivery must not be forgotten because a gateway lost its way for a moment."""
        server.play(html(status))
        with pytest.raises(Misconfigured, match="base URL and region"):
            tell(orderful)

    def test_not_even_with_status_200(self, orderful, server):
        server.play(html(200))
        with pytest.raises(Transient, match="HTML page"):
            tell(orderful)

    @pytest.mark.parametrize(
        ("step", "requests"),
        [
            (html(502), 3),
            (answer(503), 3),
            (answer(504), 3),
            (reset(), 3),
            (reset_after_headers(), 3),
            (truncated(), 3),
            (answer(500), 1),
            (answer(408), 1),
        ],
        ids=["502", "503", "504", "reset", "cut", "short", "500", "408"],
    )
    def test_a_failed_call_is_transient_and_retried_at_most_twice(self, orderful, server, step, requests):
        server.play(step)
        with pytest.raises(Transient):
            tell(orderful)
        assert len(server.seen) == requests


def test_a_delivery_keeps_its_links_through_the_record(sandbox, real, sent):
    (item,) = real.inbox("7")
    stored = msgspec.json.decode(msgspec.json.encode(item.delivery), type=Delivery)
    assert stored == item.delivery
    assert tell(real, stored, transaction_id=item.transaction_id)
    assert state(sandbox)["confirmed"] == 1
