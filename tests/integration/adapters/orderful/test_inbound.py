"""Receiving from Orderful over a real socket: what waits for us, what is listed, single transactions."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connector.adapters.http import USER_AGENT, Http
from connector.adapters.orderful.api import MESSAGE_BYTES
from connector.adapters.orderful.inbound import CHANGE_TYPE, TRANSACTION_TYPES, OrderfulInbound
from connector.domain.errors import AnswerDamaged, AnswerTooLarge, AnswerTooSlow, Misconfigured, Throttled, Transient
from connector.domain.inbound import LISTED, ApiVersion, Confirmation, Delivery, InboundTransaction, Validation
from connector.domain.transactions import Stream
from testkit.scripted_server import (
    API_KEY,
    NOW,
    Deadline,
    answer,
    html,
    reset,
    reset_after_headers,
    silence,
    truncated,
)

SINCE = NOW - timedelta(hours=2)
MOSAIC = {"purpose": "change", "purchaseOrderNumber": "500123", "purchaseOrderChangeDate": "2026-03-01"}
X12 = {"transactionSets": [{"beginningSegmentForPurchaseOrderChange": [{"purchaseOrderNumber": "500123"}]}]}
FIELDS = [field.name for field in fields(InboundTransaction)]
UUID = "019be412-5a85-714c-8ba6-436c1c06efd8"
WRAPS = [
    lambda items: items,
    lambda items: {"items": items, "meta": {"total": 1}},
    lambda items: {"data": items, "meta": {}},
    lambda items: {"data": {"items": items}},
]
FAILURES = [html(502), answer(503), reset(), reset_after_headers(), truncated(), html(200), answer(200)]
FAILURE_IDS = ["502", "503", "reset", "cut", "short", "html 200", "empty 200"]


def send(sandbox, message=MOSAIC, **more):
    return sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message=message, **more)


def listed(**changes) -> dict:
    return {
        "id": "1234567890",
        "sender": {"isaId": "ACMET"},
        "receiver": {"isaId": "NORDICT"},
        "type": {"name": CHANGE_TYPE},
        "stream": "TEST",
        "businessNumber": "500123",
        "message": {"href": "https://api.orderful.com/v3/transactions/1234567890/message"},
        "createdAt": "2026-03-01T09:59:00.000Z",
        **changes,
    }


def page(*items, following: str | None = None):
    links = {"next": following, "prev": None}
    return answer(json_body={"metadata": {"pagination": {"links": links}}, "data": list(items)})


class TestWhatWaits:
    @pytest.mark.parametrize("types_in_inbox", [True, False], ids=["late 2026", "as published"])
    def test_an_inbox_item_of_either_generation_is_read_whole(self, sandbox, real, types_in_inbox):
        sandbox.inbound.set_channels({"inboxes": [7], "types_in_inbox": types_in_inbox})
        sent = send(sandbox)
        (found,) = real.inbox("7")
        assert (found.transaction_id, found.document, found.stream) == (sent.transaction.id, "860", Stream.TEST)
        assert (found.sender_id, found.receiver_id) == ("ACMEPRODUCET", "NORDICFOODT")
        assert (found.order_number, found.message) == ("500123", MOSAIC)
        href = f"{sandbox.url}/transactions/{sent.transaction.id}/deliveries/{sent.delivery_id}"
        assert found.delivery == Delivery(sent.delivery_id, ApiVersion.V4, f"{href}/accept", f"{href}/fail")
        assert [(seen.method, seen.path) for seen in sandbox.requests()] == [("GET", "/inboxes/7/transactions")]

    @pytest.mark.parametrize("as_href", [False, True], ids=["with the document", "with a link"])
    def test_a_bucket_item_gets_its_message_whether_it_came_along_or_not(self, sandbox, real, as_href):
        sandbox.inbound.set_channels({"buckets": [8], "message_as_href": as_href})
        sent = send(sandbox, X12)
        (found,) = real.bucket("8")
        assert (found.transaction_id, found.document, found.stream) == (sent.transaction.id, "860", Stream.TEST)
        assert found.message == (None if as_href else X12)
        href = f"{sandbox.url}/v3/deliveries/{sent.delivery_id}"
        assert found.delivery == Delivery(sent.delivery_id, ApiVersion.V3, f"{href}/approve", f"{href}/fail")
        whole = real.with_message(found)
        assert (whole.message, whole.order_number, whole.delivery) == (X12, "500123", found.delivery)
        asked = [f"/v3/transactions/{sent.transaction.id}/message"] if as_href else []
        assert [seen.path for seen in sandbox.requests()] == ["/v3/polling-buckets/8", *asked]

    def test_as_many_as_orderful_gives_come_at_once_the_oldest_first(self, sandbox, real):
        for number in range(101):
            send(sandbox, {**MOSAIC, "purchaseOrderNumber": str(number)}, created_at=NOW - timedelta(minutes=number))
        for found in (real.inbox("7"), real.bucket("8")):
            assert [one.message["purchaseOrderNumber"] for one in found] == [str(100 - number) for number in range(100)]

    def test_what_was_confirmed_waits_no_longer(self, sandbox, real):
        sent = send(sandbox)
        sandbox.inbound.confirm(sent, "DELIVERED", None)
        assert real.inbox("7") == real.bucket("8") == []

    def test_each_api_gets_the_headers_it_knows(self, orderful, server):
        server.play(answer(json_body=[]))
        orderful.inbox("7")
        orderful.bucket("8/9")
        usual = {
            "Host": server.url.removeprefix("http://"),
            "User-Agent": USER_AGENT,
            "Accept-Encoding": server.seen[0].headers["Accept-Encoding"],
            "Accept": "application/json",
            "Connection": "keep-alive",
            "orderful-api-key": API_KEY,
        }
        assert [seen.headers for seen in server.seen] == [{**usual, "orderful-api-version": "v4"}, usual]
        assert [(seen.target, seen.query) for seen in server.seen] == [
            ("/inboxes/7/transactions?limit=100", [("limit", "100")]),
            ("/v3/polling-buckets/8%2F9?limit=100", [("limit", "100")]),
        ]

    @pytest.mark.parametrize("wrap", WRAPS)
    def test_a_list_inside_an_object_is_a_list(self, orderful, server, wrap):
        server.play(answer(json_body=wrap([{"id": "17", "message": X12}])))
        assert [one.transaction_id for one in orderful.bucket("8")] == ["17"]

    @pytest.mark.parametrize("wrap", WRAPS)
    def test_an_item_that_is_no_json_does_not_affect_others_and_is_named(self, orderful, server, caplog, wrap):
        page = json.dumps(wrap(["BAD", {"id": "17", "message": X12}])).encode()
        server.play(answer(body=page.replace(b'"BAD"', b'{"transactionId": 16, "message": {"price": NaN, "a" 1}}')))
        assert [one and one.transaction_id for one in orderful.inbox("7")] == [None, "17"]
        (line,) = [one for one in caplog.records if one.name == "connector.adapters"]
        said = (line.levelname, line.getMessage(), line.resource, line.transaction_id)
        assert said == ("ERROR", "an item cannot be read", "inbox 7", "16")

    @pytest.mark.parametrize("body", [b'[{"id": [1}]', b'{"items": [{"id": [1}], "meta": {}}', b'{"data": ['])
    def test_a_list_that_cannot_be_taken_apart_is_asked_for_again_with_less(self, orderful, server, body):
        server.play(answer(body=body))
        with pytest.raises(AnswerDamaged):
            orderful.inbox("7", 50)
        assert server.seen[0].query == [("limit", "50")]

    def test_a_page_that_is_too_large_is_said_to_be(self, server, orderful_secrets, clock):
        small = Http(clock, max_bytes=1000)
        orderful = OrderfulInbound(server.url, orderful_secrets, http=small, clock=clock, deadline=Deadline())
        server.play(answer(413), answer(json_body=[{"id": "1", "message": {"a": "x" * 2000}}]))
        for _ in range(2):
            with pytest.raises(AnswerTooLarge):
                orderful.inbox("7")
        small.close()

    def test_a_page_that_takes_too_long_is_said_to(self, server, orderful_secrets, http, clock):
        orderful = OrderfulInbound(server.url, orderful_secrets, http=http, clock=clock, deadline=Deadline(seconds=2.5))
        server.play(silence())
        with pytest.raises(AnswerTooSlow):
            orderful.inbox("7")
        assert server.the_only_one()

    def test_an_unreadable_item_does_not_affect_others(self, orderful, server):
        bad = [
            b'{"id": null}',
            b"17",
            b'"text"',
            b"null",
            b"[]",
            b'{"id": "1", "message": {"quantity": ' + b"9" * 5000 + b"}}",
            b'{"id": "1", "message": {"HL_loop": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
        ]
        good = b'{"transactionId": 802210971, "stream": "test", "message": {"purchaseOrderNumber": "500123"}}'
        server.play(answer(body=b"[" + b",".join([*bad, good]) + b"]"))
        assert [one and one.transaction_id for one in orderful.inbox("7")] == [None] * len(bad) + ["802210971"]

    @pytest.mark.parametrize("half", [rb"\ud83d", b"\xf0\x9f"])
    def test_an_incomplete_character_in_one_message_does_not_affect_others(self, orderful, server, half):
        """A text that was cut in the middle of an emoji must not make the inbox unreadable for ever."""
        cut = b'{"transactionId": 1, "message": {"note": "' + half + b'", "purchaseOrderNumber": "1"}}'
        server.play(answer(body=b"\xef\xbb\xbf[" + cut + b', {"transactionId": 2, "message": {"a": 1}}]'))
        first, second = orderful.inbox("7")
        assert first.message == {"note": "\ufffd", "purchaseOrderNumber": "1"}
        assert (second.transaction_id, second.message) == ("2", {"a": 1})

    def test_numbers_keep_their_digits_and_one_beyond_every_size_stays_text(self, orderful, server):
        message = '{"price": 41.50, "quantity": 1E+3, "whole": 800, "absurd": 1e9999999999999999999}'
        server.play(answer(body=f'[{{"id": "1", "message": {message}}}]'))
        (found,) = orderful.bucket("8")
        assert found.message == {
            "price": Decimal("41.50"),
            "quantity": Decimal("1E+3"),
            "whole": 800,
            "absurd": "1e9999999999999999999",
        }
        assert str(found.message["price"]) == "41.50"

    @pytest.mark.parametrize("number", [2**31, 2**53 + 1, 2**63, 10**20 - 1])
    @pytest.mark.parametrize("kind", [int, str])
    def test_ids_beyond_32_bits_are_ids(self, orderful, server, number, kind):
        delivery = {"deliveryId": kind(number), "approve": {"href": f"{server.url}/yes"}}
        server.play(answer(json_body=[{"transactionId": kind(number), "delivery": delivery}]))
        (found,) = orderful.inbox("7")
        assert (found.transaction_id, found.delivery.delivery_id) == (str(number), str(number))

    @pytest.mark.parametrize(
        ("stream", "sender_id", "receiver_id"),
        [("TEST", "ACMET", "NORDICT"), ("LIVE", "ACME", "NORDIC")],
        ids=["test", "live"],
    )
    def test_a_party_that_is_listed_under_its_live_id_goes_by_the_id_of_the_stream(
        self, orderful, server, stream, sender_id, receiver_id
    ):
        sender = {"isaId": "ACME", "testIsaId": "ACMET"}
        receiver = {"isaId": "NORDIC", "testIsaId": "NORDICT"}
        server.play(answer(json_body=[listed(stream=stream, sender=sender, receiver=receiver)]))
        (found,) = orderful.bucket("8")
        assert (found.sender_id, found.receiver_id) == (sender_id, receiver_id)

    @pytest.mark.parametrize("step", FAILURES, ids=FAILURE_IDS)
    @pytest.mark.parametrize("read", ["inbox", "bucket"])
    def test_a_failed_call_is_transient(self, orderful, server, step, read):
        server.play(step)
        with pytest.raises(Transient):
            getattr(orderful, read)("7")

    @pytest.mark.parametrize("body", ["{}", "null", '{"items": 7}', '{"message": "later"}', "17", '[{"id": "1"'])
    def test_an_answer_that_is_no_list_is_transient(self, orderful, server, body):
        server.play(answer(body=body))
        with pytest.raises(Transient, match="inbox 7 with something that is no list"):
            orderful.inbox("7")

    def test_a_channel_that_does_not_exist_is_a_misconfiguration_that_names_the_parameters(self, sandbox, real):
        for read in (real.inbox, real.bucket):
            with pytest.raises(Misconfigured, match="OrderfulInboxIds") as caught:
                read("999")
            assert "999" in caught.value.sentence


class TestADeliveryAsItIsShown:
    NAMED = Delivery("b646771e-a068-4e32-832f-e96f895c5ec9", ApiVersion.V4)

    @pytest.mark.parametrize("version", ApiVersion)
    def test_one_of_this_transaction_is_shown_with_its_time_and_state(self, sandbox, real, version):
        sent = send(sandbox)
        found = real.delivery_status(Delivery(sent.delivery_id, version), sent.transaction.id)
        assert (found.delivery.delivery_id, found.delivery.version) == (sent.delivery_id, version)
        assert (found.acknowledged, found.created_at) == (False, NOW)
        sandbox.inbound.confirm(sent, "DELIVERED", None)
        assert real.delivery_status(Delivery(sent.delivery_id, version), sent.transaction.id).acknowledged is True

    def test_one_of_another_transaction_is_not(self, sandbox, real):
        mine, other = send(sandbox), send(sandbox)
        assert real.delivery_status(Delivery(other.delivery_id, ApiVersion.V4), mine.transaction.id) is None

    @pytest.mark.parametrize(
        "body",
        [
            {"deliveryId": NAMED.delivery_id, "transactionId": 999},
            {"deliveryId": NAMED.delivery_id},
            {"deliveryId": UUID, "transactionId": 17},
            {"transactionId": 17},
            [],
        ],
        ids=["another's", "nobody's", "another delivery", "none", "no object"],
    )
    def test_an_answer_that_does_not_name_both_shows_nothing(self, orderful, server, body):
        server.play(answer(json_body=body))
        assert orderful.delivery_status(self.NAMED, "17") is None

    def test_a_uuid_and_a_number_may_name_the_same_transaction(self, orderful, server):
        body = {"deliveryId": self.NAMED.delivery_id, "transactionId": 17, "status": "SENT"}
        server.play(answer(json_body=body), answer(json_body={"id": UUID, "transactionId": 17}))
        assert orderful.delivery_status(self.NAMED, UUID).delivery.delivery_id == self.NAMED.delivery_id
        server.play(answer(json_body=body), answer(json_body={"id": UUID, "transactionId": 18}))
        assert orderful.delivery_status(self.NAMED, UUID) is None


class TestTheList:
    @pytest.mark.parametrize("wrap", WRAPS)
    def test_it_is_read_in_every_shape(self, orderful, server, wrap):
        server.play(answer(json_body=wrap([listed(id=UUID, transactionId=1)])))
        assert self.ids(orderful) == ["1"]

    @pytest.mark.parametrize(
        "meta",
        [
            {"meta": {"next": "/v3/transactions?nextCursor=a"}},
            {"meta": {"pagination": {"links": {"next": "/v3/transactions?nextCursor=a"}}}},
            {"meta": {"nextCursor": "a"}},
            {"metadata": {"pagination": {"nextCursor": "a"}}},
        ],
    )
    def test_it_goes_on_however_that_is_said(self, orderful, server, meta):
        server.play(answer(json_body={"items": [listed(id="1")], **meta}), answer(json_body={"items": [], "meta": {}}))
        assert self.ids(orderful) == ["1"]
        assert ("nextCursor", "a") in server.seen[1].query

    def ids(self, orderful, receivers=("NORDICT",)):
        return [
            one.transaction_id
            for one in orderful.list_received(SINCE, documents=LISTED, receiver_ids=receivers, stream=Stream.TEST)
        ]

    def test_the_860s_and_answers_of_our_stream_that_came_in_since_then_are_listed_newest_first(self, sandbox, real):
        old = send(sandbox, created_at=SINCE - timedelta(milliseconds=1))
        edge = send(sandbox, created_at=SINCE)
        live = send(sandbox, stream="LIVE")
        answers = [send(sandbox, X12, transaction_type=TRANSACTION_TYPES[one]) for one in ("855", "865", "824")]
        other = send(sandbox, transaction_type="850_PURCHASE_ORDER")
        mine = send(sandbox, X12)
        theirs = sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="SOMEBODYT", message=MOSAIC)
        found = list(real.list_received(SINCE, documents=LISTED, receiver_ids=["NORDICFOODT"], stream=Stream.TEST))
        sent = [mine, *reversed(answers), edge]
        assert [one.transaction_id for one in found] == [one.transaction.id for one in sent]
        assert [one.document for one in found] == ["860", "824", "865", "855", "860"]
        assert len({one.transaction.id for one in (old, live, other, theirs, *sent)}) == 9
        assert {(one.stream, one.sender_id, one.receiver_id, one.message) for one in found} == {
            (Stream.TEST, "ACMEPRODUCET", "NORDICFOODT", None)
        }
        assert [(one.created_at, one.validation) for one in (found[0], found[-1])] == [
            (NOW, Validation.VALID),
            (SINCE, Validation.VALID),
        ]

    def test_no_more_types_are_asked_for_than_are_wanted(self, orderful, server):
        server.play(page(listed(id="1"), listed(id="2", type={"name": TRANSACTION_TYPES["855"]})))
        found = list(orderful.list_received(SINCE, documents=["860"], receiver_ids=["NORDICT"], stream=Stream.TEST))
        assert [one.transaction_id for one in found] == ["1"]
        assert [value for name, value in server.seen[0].query if name == "transactionType"] == [CHANGE_TYPE]

    def test_a_list_that_refuses_a_type_is_asked_for_every_type(self, orderful, server):
        """The words of two are not documented: a refusal of these must not keep the changes from being found."""
        refused = answer(400, json_body={"message": "each value in transactionType must be a valid enum value"})
        output = [
            listed(id=str(place), type={"name": name})
            for place, name in enumerate(["850_PURCHASE_ORDER", CHANGE_TYPE, "865_ANOTHER_WORD"], 1)
        ]
        server.play(refused, page(*output))
        assert self.ids(orderful) == ["2", "3"]
        assert [name for name, _ in server.seen[1].query] == ["createdAt", "receiverIsaId", "stream"]
        server.play(refused, refused)
        with pytest.raises(Misconfigured):
            self.ids(orderful)

    def test_its_pages_are_read_to_the_end(self, sandbox, real):
        sandbox.page_size = 3
        sent = [send(sandbox, created_at=NOW - timedelta(minutes=minute)).transaction.id for minute in range(7, 0, -1)]
        assert self.ids(real, ["NORDICFOODT"]) == sent[::-1]
        assert len(sandbox.requests(path_prefix="/v3/transactions")) == 3

    def test_the_message_of_a_listed_one_is_read_by_one_request(self, sandbox, real):
        send(sandbox, X12)
        (found,) = real.list_received(SINCE, documents=LISTED, receiver_ids=["NORDICFOODT"], stream=Stream.TEST)
        sandbox.clear_requests()
        assert real.with_message(found).message == X12
        assert len(sandbox.requests()) == 1

    def test_it_asks_for_exactly_these(self, orderful, server):
        server.play(page())
        assert self.ids(orderful) == []
        (seen,) = server.seen
        assert (seen.method, seen.path) == ("GET", "/v3/transactions")
        assert seen.query == [
            *(("transactionType", name) for name in TRANSACTION_TYPES.values()),
            ("createdAt", "[2026-03-01T08:00:00.000Z,2026-03-01T11:00:00.000Z)"),
            ("receiverIsaId", "NORDICT"),
            ("stream", "TEST"),
        ]
        assert seen.headers["orderful-api-key"] == API_KEY
        assert "orderful-api-version" not in seen.headers

    def test_more_than_five_receivers_are_asked_for_in_several_calls(self, orderful, server):
        receivers = [f"R{number}T" for number in range(11)]
        server.play(page(listed(id="1", receiver={"isaId": "R4T"})), page(listed(id="2", receiver={"isaId": "R5T"})))
        assert self.ids(orderful, receivers)[:2] == ["1", "2"]
        asked = [[value for name, value in seen.query if name == "receiverIsaId"] for seen in server.seen]
        assert asked == [receivers[:5], receivers[5:10], receivers[10:]]

    def test_without_receivers_nothing_is_asked(self, orderful, server):
        assert self.ids(orderful, []) == []
        assert server.seen == []

    def test_what_does_not_match_is_left_out_because_filters_may_be_ignored(self, orderful, server):
        server.play(
            page(
                listed(id="1"),
                listed(id="2", type={"name": "850_PURCHASE_ORDER"}),
                listed(id="3", stream="LIVE"),
                listed(id="4", receiver={"isaId": "OTHERT"}),
                listed(id="5", createdAt="2026-03-01T07:59:59.999Z"),
                listed(id="6", createdAt="2026-03-01T09:00:00+01:00"),
                listed(id="7", receiver={"isaId": "NORDIC", "testIsaId": "NORDICT"}),
                "text",
                None,
                {},
            )
        )
        assert self.ids(orderful) == ["1", "6", "7"]

    def test_one_that_came_long_ago_is_left_out_even_beside_new_ones(self, orderful, server):
        """Whoever began with the connector today must not get the changes of last year applied."""
        server.play(page(listed(id="1"), listed(id="2", createdAt="2025-03-01T00:00:00Z")))
        assert self.ids(orderful) == ["1"]

    def test_an_ignored_interval_does_not_lead_through_the_whole_history(self, orderful, server):
        old = listed(id="2", createdAt="2025-01-01T00:00:00Z")
        server.play(
            page(listed(id="1"), old, following="/v3/transactions?nextCursor=a"),
            page(old, following="/v3/transactions?nextCursor=b"),
        )
        assert self.ids(orderful) == ["1"]
        assert len(server.seen) == 2

    def test_a_filter_that_this_list_does_not_know_is_left_out(self, orderful, server):
        errors = [{"ref": "transactionType", "message": "property transactionType should not exist"}]
        server.play(answer(400, json_body={"message": "There were errors", "errors": errors}), page(listed(id="1")))
        assert self.ids(orderful) == ["1"]
        assert [name for name, _ in server.seen[1].query] == ["createdAt", "receiverIsaId", "stream"]

    def test_what_the_list_does_not_say_is_not_made_up(self, orderful, server):
        """Whoever takes it in refuses what is of no stream, and parks what is addressed to nobody."""
        server.play(page(listed(id="1", stream=None), listed(id="2", receiver=None), listed(id="3", createdAt=None)))
        found = list(
            orderful.list_received(SINCE, documents=LISTED, receiver_ids=["NORDICT", "OTHERT"], stream=Stream.TEST)
        )
        assert [(one.transaction_id, one.stream, one.receiver_id) for one in found] == [
            ("1", None, "NORDICT"),
            ("2", Stream.TEST, None),
            ("3", Stream.TEST, "NORDICT"),
        ]

    def test_a_list_that_goes_on_at_another_host_does_not_take_our_key_there(self, orderful, server, second_server):
        second_server.play(page(listed(id="2")))
        for link in (f"{second_server.url}/v3/transactions?nextCursor=a", "http://[::1/v3/transactions"):
            server.play(page(listed(id="1"), following=link))
            with pytest.raises(Misconfigured, match="another host"):
                self.ids(orderful)
        assert second_server.seen == []

    def test_a_list_without_an_end_is_given_up(self, orderful, server):
        server.play(page(listed(id="1"), following="/v3/transactions?nextCursor=a"))
        with pytest.raises(Transient, match="has no end"):
            self.ids(orderful)
        assert len(server.seen) == 2

    def test_a_business_number_with_half_a_character_does_not_make_the_list_unreadable(self, orderful, server):
        body = json.dumps({"data": [listed(id="1", businessNumber="HALF")]}).replace("HALF", r"\ud83d")
        server.play(answer(body=body))
        assert self.ids(orderful) == ["1"]

    @pytest.mark.parametrize("step", FAILURES, ids=FAILURE_IDS)
    def test_a_failed_call_is_transient(self, orderful, server, step):
        server.play(step)
        with pytest.raises(Transient):
            self.ids(orderful)


class TestOne:
    def test_a_number_is_read_with_its_message_by_one_request(self, sandbox, real):
        sent = send(sandbox, X12)
        found = real.fetch(sent.transaction.id)
        assert (found.transaction_id, found.document, found.stream) == (sent.transaction.id, "860", Stream.TEST)
        assert (found.sender_id, found.receiver_id) == ("ACMEPRODUCET", "NORDICFOODT")
        assert (found.message, found.order_number, found.business_number) == (X12, "500123", "500123")
        (seen,) = sandbox.requests()
        assert (seen.path, seen.query) == (f"/v3/transactions/{sent.transaction.id}", (("expand", "message"),))

    def test_a_uuid_is_read_where_uuids_are_known_and_keeps_its_name(self, sandbox, real):
        sent = send(sandbox)
        found = real.fetch(sent.uuid)
        assert (found.transaction_id, found.document, found.stream) == (sent.uuid, "860", Stream.TEST)
        assert (found.sender_id, found.receiver_id, found.message) == ("ACMEPRODUCET", "NORDICFOODT", MOSAIC)
        assert [(seen.path, seen.status) for seen in sandbox.requests()] == [
            (f"/transactions/{sent.uuid}", 200),
            (f"/transactions/{sent.uuid}/message", 200),
        ]

    @pytest.mark.parametrize("name", ["999", UUID])
    def test_one_that_nobody_knows_is_none_after_one_request(self, sandbox, real, name):
        assert real.fetch(name) is None
        assert [seen.status for seen in sandbox.requests()] == [404]

    def test_another_link_than_ours_to_the_message_is_not_followed(self, orderful, server, second_server):
        second_server.play(answer(json_body=X12))
        body = {"id": UUID, "type": CHANGE_TYPE, "message": {"href": f"{second_server.url}/message"}}
        server.play(answer(json_body=body), answer(json_body=MOSAIC))
        assert orderful.fetch(UUID).message == MOSAIC
        assert [seen.path for seen in server.seen] == [f"/transactions/{UUID}", f"/transactions/{UUID}/message"]
        assert all(seen.headers["orderful-api-version"] == "v4" for seen in server.seen)
        assert second_server.seen == []

    def test_it_is_known_by_the_name_by_which_it_was_asked_for(self, orderful, server):
        server.play(answer(json_body=listed(id=UUID, message=X12)))
        assert orderful.fetch("802210971").transaction_id == "802210971"

    @pytest.mark.parametrize("status", [400, 404, 410, 422])
    def test_a_definite_no_is_none_after_one_request(self, orderful, server, status):
        server.play(answer(status, json_body={"message": "id must be a number"}))
        assert orderful.fetch("1") is None
        assert len(server.seen) == 1

    def test_a_page_of_a_web_server_is_no_no(self, orderful, server):
        server.play(html(404))
        with pytest.raises(Misconfigured, match="base URL and region"):
            orderful.fetch("1")

    @pytest.mark.parametrize("step", FAILURES, ids=FAILURE_IDS)
    @pytest.mark.parametrize("name", ["1", UUID])
    def test_a_failed_call_is_transient(self, orderful, server, step, name):
        server.play(step)
        with pytest.raises(Transient):
            orderful.fetch(name)

    @pytest.mark.parametrize("body", ["{}", "[]", "17", '{"id": "o/e"}'])
    def test_an_answer_that_names_no_transaction_is_transient(self, orderful, server, body):
        server.play(answer(body=body))
        with pytest.raises(Transient, match="without an id"):
            orderful.fetch("1")

    @pytest.mark.parametrize(
        "step", [answer(404), answer(body='{"href": "x"}'), answer(body="[]"), answer(body='"ISA*00*"')]
    )
    def test_a_transaction_whose_message_nobody_gives_comes_without(self, orderful, server, step):
        """Orderful may give none while it processes a transaction."""
        server.play(answer(json_body=listed(id="1", validationStatus="PROCESSING")), step)
        found = orderful.fetch("1")
        assert (found.message, found.validation) == (None, Validation.PROCESSING)

    def test_both_of_its_ids_are_kept_where_it_names_both(self, orderful, server):
        server.play(answer(json_body=listed(id=UUID, transactionId=802210971, message=X12)))
        found = orderful.fetch(UUID)
        assert (found.transaction_id, found.aliases) == (UUID, ("802210971",))

    @pytest.mark.parametrize(
        ("step", "reasons"),
        [
            (answer(json_body=[{"dataPath": "/BCH06", "message": "is required"}]), ("/BCH06: is required",)),
            (answer(401), ()),
            (html(502), ()),
            (reset(), ()),
            (answer(json_body={"a": 1}), ()),
        ],
        ids=["told", "another key", "502", "reset", "object"],
    )
    def test_why_one_is_invalid_is_told_where_orderful_tells(self, orderful, server, step, reasons):
        server.play(step)
        assert orderful.problems_of("12/3") == reasons
        assert [seen.path for seen in server.seen] == ["/v2/transactions/12%2F3/validations"]


QUESTIONS = {
    "inbox": lambda orderful: orderful.inbox("7"),
    "bucket": lambda orderful: orderful.bucket("8"),
    "list": lambda orderful: list(
        orderful.list_received(SINCE, documents=LISTED, receiver_ids=["NORDICT"], stream=Stream.TEST)
    ),
    "number": lambda orderful: orderful.fetch("1"),
    "uuid": lambda orderful: orderful.fetch(UUID),
    "confirmation": lambda orderful: orderful.confirm(Delivery(UUID, ApiVersion.V4), "1", Confirmation.ACCEPTED, ""),
}


@pytest.mark.parametrize("read", QUESTIONS.values(), ids=QUESTIONS)
class TestEveryQuestion:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key_is_a_misconfiguration_and_is_read_anew_next_time(
        self, orderful, server, orderful_secrets, read, status
    ):
        server.play(answer(status, json_body={"message": f"Application with key {API_KEY} not found"}))
        with pytest.raises(Misconfigured, match="secrets set orderful") as caught:
            read(orderful)
        assert API_KEY not in str(caught.value) + repr(caught.value)
        assert (len(server.seen), orderful_secrets.forgotten) == (1 if status == 401 else 2, 1)

    @pytest.mark.parametrize("word", ["42", "Sun, 01 Mar 2026 10:01:12 GMT"], ids=["seconds", "date"])
    def test_too_many_requests_are_throttled_with_orderful_s_own_word(self, orderful, server, pauses, read, word):
        server.play(html(429, headers={"Retry-After": word}))
        with pytest.raises(Throttled) as caught:
            read(orderful)
        assert caught.value.retry_after == timedelta(seconds=42)
        assert (len(server.seen), pauses) == (1, [])

    def test_a_short_wait_is_waited_here(self, orderful, server, pauses, read):
        server.play(html(429, headers={"Retry-After": "3"}), html(429, headers={"Retry-After": "4"}), answer(401))
        with pytest.raises(Misconfigured):
            read(orderful)
        assert pauses == [3.0, 4.0]

    def test_a_refused_connection_is_transient(self, orderful_secrets, http, clock, refused_url, read):
        with pytest.raises(Transient, match="could not be reached"):
            read(OrderfulInbound(refused_url, orderful_secrets, http=http, clock=clock, deadline=Deadline()))

    def test_a_slow_answer_ends_with_the_deadline(self, server, orderful_secrets, http, clock, read):
        server.play(silence())
        with pytest.raises(Transient):
            read(OrderfulInbound(server.url, orderful_secrets, http=http, clock=clock, deadline=Deadline(2.2)))
        assert server.the_only_one()

    def test_a_redirect_takes_our_key_nowhere(self, orderful, server, second_server, read):
        server.play(answer(302, headers={"Location": second_server.url}))
        with pytest.raises(Misconfigured):
            read(orderful)
        assert second_server.seen == []


def test_times_are_read_in_utc(orderful, server):
    server.play(answer(json_body=[listed(createdAt="2026-03-01T10:59:00.5+01:00")]))
    (found,) = orderful.bucket("8")
    assert found.created_at == datetime(2026, 3, 1, 9, 59, 0, 500_000, tzinfo=UTC)


def large(megabytes: int = 50) -> bytes:
    return b'{"notes": "' + b"x" * (megabytes << 20) + b'"}'


class TestLargeMessages:
    """What is too large to be loaded is reported with its size; nothing else waits for it."""

    def test_a_transaction_is_known_without_its_message(self, orderful, server):
        envelope = listed(id="802210971", validationStatus="VALID")
        server.play(answer(200, large()), answer(json_body=envelope), answer(200, large()))
        found = orderful.fetch("802210971")
        assert (found.transaction_id, found.validation) == ("802210971", Validation.VALID)
        assert [seen.target for seen in server.seen] == [
            "/v3/transactions/802210971?expand=message",
            "/v3/transactions/802210971",
            "/v3/transactions/802210971/message",
        ]
        assert found.message is None

    def test_the_size_of_a_message_is_told(self, orderful, server):
        server.play(answer(200, large()))
        with pytest.raises(AnswerTooLarge, match="52,428,813 bytes") as caught:
            orderful.with_message(InboundTransaction(**{**dict.fromkeys(FIELDS), "transaction_id": "802210971"}))
        assert caught.value.size == 52_428_813

    def test_its_bytes_are_never_held(self, orderful, server):
        server.play(answer(200, large()))
        tracemalloc.start()
        try:
            with pytest.raises(AnswerTooLarge):
                orderful.with_message(InboundTransaction(**{**dict.fromkeys(FIELDS), "transaction_id": "802210971"}))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 2 * MESSAGE_BYTES

    def test_a_body_that_hides_its_size_is_cut_off_while_it_is_read(self, orderful, server):
        packed = gzip.compress(large(200))
        server.play(answer(200, packed, headers={"Content-Encoding": "gzip"}))
        with pytest.raises(AnswerTooLarge):
            orderful.with_message(InboundTransaction(**{**dict.fromkeys(FIELDS), "transaction_id": "802210971"}))

    def test_a_page_that_is_too_large_is_not_loaded(self, orderful, server):
        server.play(answer(200, large()))
        with pytest.raises(AnswerTooLarge, match="52,428,813 bytes"):
            orderful.inbox("7", limit=10)


def test_a_message_that_the_key_may_not_read_fails_only_that_message(orderful, server):
    server.play(answer(403, json_body={"message": "no"}), answer(json_body={"data": []}))
    assert orderful.fetch("802210971") is None
