"""Talking to Orderful over a real socket: above all, what is said when it is unclear what happened."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.http import USER_AGENT, Http
from connector.adapters.orderful.client import OrderfulClient
from connector.domain.errors import AlreadyExists, Misconfigured, Rejected, Throttled, Transient, UnknownOutcome
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.ports import Calls, Created, Listed
from testkit.aws import DOCUMENTS, aws_in_memory, make_ledger_resources
from testkit.scripted_server import (
    API_KEY,
    Deadline,
    answer,
    html,
    reset,
    reset_after_headers,
    silence,
    truncated,
)

REQUEST = OrderfulRequest(
    "POST",
    "/transactions",
    {"orderful-api-version": "v4"},
    {"type": "850_PURCHASE_ORDER", "stream": "test", "message": {"note": "blåbær", "amount": "10.10"}},
)


@pytest.fixture
def secrets(orderful_secrets):
    return orderful_secrets


@pytest.fixture
def orderful(server, secrets, http, clock):
    return OrderfulClient(server.url, secrets, http=http, clock=clock, deadline=Deadline())


def listed(**changes) -> dict:
    return {
        "id": "1234567890",
        "sender": {"isaId": "NORDICT", "name": "Nordic"},
        "receiver": {"isaId": "ACMET"},
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": "TEST",
        "businessNumber": "500123",
        "validationStatus": "VALID",
        "deliveryStatus": "SENT",
        "acknowledgmentStatus": "NOT_ACKNOWLEDGED",
        "createdAt": "2026-03-01T09:59:00.000Z",
        **changes,
    }


def page(*items, following: str | None = None):
    return answer(
        json_body={"metadata": {"pagination": {"links": {"next": following, "prev": None}}}, "data": list(items)}
    )


def find(orderful):
    return orderful.look_up(
        transaction_type=TransactionType.PURCHASE_ORDER,
        business_number="500123",
        sender_id="NORDICT",
        receiver_id="ACMET",
        stream=Stream.TEST,
    )


class TestCreate:
    def test_the_request_goes_out_as_it_was_translated_with_our_key(self, orderful, server):
        server.play(answer(202, json_body={"id": "1", "status": "ACCEPTED", "detail": ""}))
        orderful.create(REQUEST)
        (seen,) = server.seen
        assert (seen.method, seen.path) == ("POST", "/transactions")
        assert json.loads(seen.body) == REQUEST.body
        assert seen.headers == {
            "Host": server.url.removeprefix("http://"),
            "User-Agent": USER_AGENT,
            "Accept-Encoding": seen.headers["Accept-Encoding"],
            "Accept": "application/json",
            "Connection": "keep-alive",
            "Content-Type": "application/json",
            "Content-Length": str(len(seen.body)),
            "orderful-api-version": "v4",
            "orderful-api-key": API_KEY,
        }

    @pytest.mark.parametrize("path", ["transactions", "@evil.invalid/x", "//evil.invalid/x", "http://evil.invalid/x"])
    def test_no_path_leads_the_key_to_another_host(self, orderful, server, path):
        server.play(answer(202, json_body={"id": "1"}))
        orderful.create(OrderfulRequest("POST", path, {}, {}))
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        ("status", "body", "created"),
        [
            (
                202,
                {"id": "802210971", "status": "ACCEPTED", "detail": ""},
                Created("802210971", accepted=True, valid=True),
            ),
            (201, {"id": "1234567890"}, Created("1234567890", accepted=True)),
            (200, {"id": 9007199254740993}, Created("9007199254740993", accepted=True)),
            (202, {"id": "a-uuid", "status": "QUEUED"}, Created("a-uuid", accepted=True)),
            (202, {"id": "1", "validationStatus": "VALID"}, Created("1", accepted=True, valid=True)),
            (202, {"id": "1", "status": "ACCEPTED", "validationStatus": "PROCESSING"}, Created("1", accepted=True)),
            (202, {"id": "1", "status": "ACCEPTED", "validationErrors": []}, Created("1", accepted=True, valid=True)),
        ],
    )
    def test_a_2xx_with_an_id_is_accepted(self, orderful, server, status, body, created):
        server.play(answer(status, json_body=body))
        assert orderful.create(REQUEST) == created

    @pytest.mark.parametrize(
        ("body", "problems"),
        [
            (
                {
                    "status": "FAILED",
                    "detail": "Validation failed",
                    "validationErrors": [
                        {
                            "payloadPaths": ["message.lineItems[0].productIds"],
                            "errorMessage": "missing",
                            "outputPath": "PO1",
                        },
                        {"payloadPaths": None, "errorMessage": "bad unit", "outputPath": "PO103"},
                        {"errorMessage": "no place"},
                        "a text",
                        17,
                    ],
                },
                ("message.lineItems[0].productIds: missing", "PO103: bad unit", "no place", "a text"),
            ),
            ({"status": "failed", "detail": "relationship missing"}, ("relationship missing",)),
            ({"status": "ACCEPTED", "validationStatus": "INVALID"}, ()),
            ({"status": "ACCEPTED", "validationErrors": [{"message": "x", "dataPath": "/a"}]}, ("/a: x",)),
            ({"validationErrors": {"message": "x"}}, ("x",)),
            (
                {"validationErrors": [{"message": "x" * 500_000, "payloadPaths": ["p"] * 100_000}]},
                (f"p, p, p, p, p: {'x' * 300}",),
            ),
        ],
    )
    @pytest.mark.parametrize("transaction_id", ["802210972", None])
    def test_a_2xx_whose_body_says_no_is_no_success(self, orderful, server, body, problems, transaction_id):
        server.play(answer(202, json_body={"id": transaction_id, **body}))
        assert orderful.create(REQUEST) == Created(transaction_id, accepted=False, problems=problems, valid=False)

    @pytest.mark.parametrize(
        "step",
        [
            answer(202),
            html(200),
            answer(201, body='{"id": "12'),
            answer(201, json_body={}),
            answer(201, json_body={"id": ""}),
            answer(201, json_body={"id": "x" * 500_000}),
            answer(201, json_body={"id": True}),
            answer(201, json_body=["1"]),
            answer(201, json_body=None, body="null"),
        ],
        ids=["empty", "html", "cut", "no id", "empty id", "a book for an id", "true", "list", "null"],
    )
    def test_a_2xx_that_cannot_be_read_leaves_the_outcome_unknown(self, orderful, server, step):
        server.play(step)
        with pytest.raises(UnknownOutcome, match="may exist"):
            orderful.create(REQUEST)

    @pytest.mark.parametrize(
        "step",
        [
            reset(),
            reset_after_headers(),
            truncated(b'{"id"'),
            html(502),
            answer(500),
            answer(503),
            answer(504),
            answer(408),
            answer(102),
            answer(301, headers={"Location": "https://x.invalid"}),
            answer(307, headers={"Location": "/transactions"}),
            answer(304),
        ],
        ids=["reset", "after headers", "short", "502", "500", "503", "504", "408", "102", "301", "307", "304"],
    )
    def test_a_lost_or_failed_answer_leaves_the_outcome_unknown_and_is_never_repeated(self, orderful, server, step):
        server.play(step)
        with pytest.raises(UnknownOutcome, match="may exist"):
            orderful.create(REQUEST)
        assert len(server.seen) == 1

    def test_an_answer_that_comes_too_late_leaves_the_outcome_unknown(self, server, secrets, http, clock):
        server.play(silence())
        with pytest.raises(UnknownOutcome):
            OrderfulClient(server.url, secrets, http=http, clock=clock, deadline=Deadline(2.2)).create(REQUEST)
        assert server.the_only_one().method == "POST"

    @pytest.mark.parametrize("where", ["refused", "http://no-such-host.invalid"])
    def test_a_connection_never_made_is_transient_for_nothing_was_created(
        self, secrets, http, clock, refused_url, where
    ):
        url = refused_url if where == "refused" else where
        with pytest.raises(Transient, match="Nothing was created"):
            OrderfulClient(url, secrets, http=http, clock=clock, deadline=Deadline()).create(REQUEST)

    def test_without_time_left_nothing_is_sent(self, server, secrets, http, clock):
        server.play(answer(202, json_body={"id": "1"}))
        with pytest.raises(Transient, match="Nothing was created"):
            OrderfulClient(server.url, secrets, http=http, clock=clock, deadline=Deadline(1.9)).create(REQUEST)
        assert server.seen == []

    @pytest.mark.parametrize("word", ["42", "Sun, 01 Mar 2026 10:01:12 GMT"], ids=["seconds", "date"])
    def test_too_many_requests_are_throttled_with_orderful_s_own_word(self, orderful, server, word, pauses):
        server.play(html(429, headers={"Retry-After": word}))
        with pytest.raises(Throttled) as caught:
            orderful.create(REQUEST)
        assert caught.value.retry_after == timedelta(seconds=42)
        assert (len(server.seen), pauses) == (1, [])

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key_is_a_misconfiguration_and_is_read_anew_next_time(self, orderful, server, secrets, status):
        server.play(answer(status, json_body={"message": f"Application with key {API_KEY} not found"}))
        with pytest.raises(Misconfigured, match="secrets set orderful") as caught:
            orderful.create(REQUEST)
        assert API_KEY not in str(caught.value) + repr(caught.value)
        assert secrets.forgotten == 1

    @pytest.mark.parametrize("status", [400, 404, 422])
    def test_a_definite_refusal_is_rejected_with_its_problems(self, orderful, server, status):
        body = {
            "type": "argumentError",
            "message": "There were errors with your request",
            "errors": [{"type": "argumentError", "ref": "stream", "message": "relationship is in testing"}],
        }
        server.play(answer(status, json_body=body, headers={"x-request-id": "r-9"}))
        with pytest.raises(Rejected) as caught:
            orderful.create(REQUEST)
        assert caught.value.problems == ("stream: relationship is in testing",)
        assert "There were errors with your request" in caught.value.sentence
        assert caught.value.request_id == "r-9"

    def test_a_refusal_without_a_list_gives_its_message_as_the_problem(self, orderful, server):
        server.play(answer(400, json_body={"message": "sender doesn't exist"}))
        with pytest.raises(Rejected) as caught:
            orderful.create(REQUEST)
        assert caught.value.problems == ("sender doesn't exist",)

    def test_a_conflict_says_that_there_is_one_already(self, orderful, server):
        server.play(answer(409, json_body={"message": "Transaction already exists"}, headers={"x-request-id": "r-9"}))
        with pytest.raises(AlreadyExists, match="already exists") as caught:
            orderful.create(REQUEST)
        assert caught.value.request_id == "r-9"

    def test_a_403_for_one_relationship_is_about_its_document_if_the_key_is_taken(self, orderful, server):
        server.play(answer(403, json_body={"message": "no permission for this relationship"}), page())
        with pytest.raises(Rejected, match="no permission for this relationship") as caught:
            orderful.create(REQUEST)
        assert not caught.value.examined
        assert [(seen.method, seen.path) for seen in server.seen] == [
            ("POST", "/transactions"),
            ("GET", "/v3/transactions"),
        ]

    @pytest.mark.parametrize("step", [html(502), html(429, headers={"Retry-After": "9"}), silence(), reset()])
    def test_a_403_is_decided_later_when_nobody_says_whether_the_key_is_taken(self, server, secrets, http, clock, step):
        class ShortAfterTheFirst(Deadline):
            def remaining(self):
                return timedelta(seconds=2.5 if server.seen else 300)

        orderful = OrderfulClient(server.url, secrets, http=http, clock=clock, deadline=ShortAfterTheFirst())
        server.play(answer(403, json_body={"message": "no"}), step)
        with pytest.raises(Transient):
            orderful.create(REQUEST)

    @pytest.mark.parametrize(
        ("body", "examined"),
        [
            ({"errors": [{"ref": "stream", "message": "x"}]}, True),
            ({"validationErrors": [{"errorMessage": "x"}]}, True),
            ({"message": "This version of the API is no longer served"}, False),
        ],
    )
    def test_a_refusal_says_whether_the_document_was_validated(self, orderful, server, body, examined):
        server.play(answer(400, json_body=body))
        with pytest.raises(Rejected) as caught:
            orderful.create(REQUEST)
        assert caught.value.examined is examined

    @pytest.mark.parametrize("status", [405, 406, 410, 415, 426])
    def test_what_speaks_of_the_address_or_the_version_is_a_misconfiguration(self, orderful, server, status):
        server.play(answer(status, json_body={"message": "Gone"}))
        with pytest.raises(Misconfigured, match="Gone"):
            orderful.create(REQUEST)

    @pytest.mark.parametrize("step", [html(404), html(405)])
    def test_an_address_that_is_not_orderful_s_stops_everything_instead_of_refusing_documents(
        self, orderful, server, step
    ):
        server.play(step)
        with pytest.raises(Misconfigured, match="base URL"):
            orderful.create(REQUEST)


class TestLookUp:
    def test_it_asks_for_exactly_this_document_without_a_version_header(self, orderful, server):
        server.play(page())
        assert find(orderful) == ([], timedelta(seconds=30))
        (seen,) = server.seen
        assert (seen.method, seen.path) == ("GET", "/v3/transactions")
        assert seen.query == [
            ("businessNumber", "500123"),
            ("transactionType", "850_PURCHASE_ORDER"),
            ("senderIsaId", "NORDICT"),
            ("receiverIsaId", "ACMET"),
            ("stream", "TEST"),
        ]
        assert seen.headers["orderful-api-key"] == API_KEY
        assert "orderful-api-version" not in seen.headers

    def test_the_clock_difference_comes_from_the_date_header(self, orderful, server, clock):
        clock.forward(seconds=50)
        server.play(page())
        assert find(orderful)[1] == timedelta(seconds=-20)

    def test_what_does_not_match_is_left_out_because_filters_may_be_ignored(self, orderful, server):
        server.play(
            page(
                listed(id="ours"),
                listed(id="number", businessNumber="500124"),
                listed(id="none", businessNumber=None),
                listed(id="type", type={"name": "810_INVOICE"}),
                listed(id="sender", sender={"isaId": "OTHER"}),
                listed(id="receiver", receiver={"isaId": "OTHER"}),
                listed(id="stream", stream="LIVE"),
            )
        )
        assert [found.transaction_id for found in find(orderful)[0]] == ["ours"]

    def test_what_says_less_than_expected_is_taken_for_ours_rather_than_sent_twice(self, orderful, server):
        server.play(
            page(
                listed(id=77, sender=None, receiver={}, stream="sandbox", type="850_PURCHASE_ORDER", createdAt="??"),
                listed(id="live id beside test id", sender={"isaId": "NORDIC", "testIsaId": "NORDICT"}),
            )
        )
        found, _ = find(orderful)
        assert [(one.transaction_id, one.sender_id, one.stream) for one in found] == [
            ("77", None, None),
            ("live id beside test id", "NORDICT", Stream.TEST),
        ]
        assert found[0].created_at == datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)

    def test_all_pages_are_read_and_the_newest_comes_first(self, orderful, server):
        server.play(
            page(
                listed(id="1", createdAt="2026-03-01T08:00:00Z"), following=f"{server.url}/v3/transactions?nextCursor=a"
            ),
            page(listed(id="2", createdAt="2026-03-01T09:00:00+00:00"), following="/v3/transactions?nextCursor=b"),
            page(listed(id="3", createdAt="2026-03-01T07:00:00.5Z")),
        )
        assert [found.transaction_id for found in find(orderful)[0]] == ["2", "1", "3"]
        assert [seen.query for seen in server.seen[1:]] == [[("nextCursor", "a")], [("nextCursor", "b")]]

    def test_a_link_to_another_host_is_not_followed_and_never_gets_the_key(self, orderful, server, second_server):
        second_server.play(page())
        server.play(page(following=f"{second_server.url}/v3/transactions?nextCursor=a"))
        with pytest.raises(Misconfigured, match="another host"):
            find(orderful)
        assert second_server.seen == []

    def test_a_list_that_leads_in_a_circle_is_given_up(self, orderful, server):
        server.play(page(following="/v3/transactions?nextCursor=a"))
        with pytest.raises(Transient, match="has no end"):
            find(orderful)
        assert len(server.seen) == 2

    def test_filters_that_this_list_does_not_know_are_left_out(self, orderful, server):
        unknown = [
            {"ref": name, "message": f"property {name} should not exist"} for name in ("stream", "receiverIsaId")
        ]
        server.play(
            answer(400, json_body={"message": "There were errors", "errors": unknown}),
            page(listed(id="ours"), listed(id="live", stream="LIVE"), listed(id="r", receiver={"isaId": "OTHER"})),
        )
        assert [found.transaction_id for found in find(orderful)[0]] == ["ours"]
        assert [name for name, _ in server.seen[1].query] == ["businessNumber", "transactionType", "senderIsaId"]

    def test_another_refusal_of_the_list_is_a_misconfiguration(self, orderful, server):
        server.play(answer(400, json_body={"message": "no"}))
        with pytest.raises(Misconfigured):
            find(orderful)
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "step",
        [
            html(200),
            answer(200),
            answer(json_body=[]),
            answer(json_body={"items": []}),
            html(502),
            reset(),
            truncated(),
        ],
        ids=["html", "empty", "list", "no data", "502", "reset", "short"],
    )
    def test_a_list_that_cannot_be_read_never_means_not_there(self, orderful, server, step):
        server.play(step)
        with pytest.raises(Transient):
            find(orderful)

    @pytest.mark.parametrize(
        ("links", "asked"),
        [
            ({"metadata": {"pagination": {"links": {"next": "{ours}/v3/transactions?nextCursor=c2"}}}}, "c2"),
            ({"metadata": {"pagination": {"links": {"next": "https://{host}/v3/transactions?nextCursor=c2"}}}}, "c2"),
            ({"metadata": {"pagination": {"links": {"next": "/v3/transactions?nextCursor=c2"}}}}, "c2"),
            ({"metadata": {"pagination": {"links": {"next": "?nextCursor=c2"}}}}, "c2"),
            ({"metadata": {"pagination": {"links": {"next": {"href": "{ours}/v3/transactions?nextCursor=c2"}}}}}, "c2"),
            ({"metadata": {"pagination": {"links": {"next": "b64/c2=="}}}}, "b64/c2=="),
            ({"metadata": {"pagination": {"nextCursor": "c2"}}}, "c2"),
            ({"meta": {"nextCursor": "c2"}}, "c2"),
            ({"links": {"next": "/v3/transactions?nextCursor=c2"}}, "c2"),
            ({"nextCursor": "c2"}, "c2"),
        ],
    )
    def test_a_list_is_followed_whatever_form_its_link_has(self, orderful, server, links, asked):
        host = server.url.removeprefix("http://")
        text = json.dumps(links).replace("{ours}", server.url).replace("{host}", host)
        first = answer(json_body={**json.loads(text), "data": [listed(id="1")]})
        server.play(first, page(listed(id="2")))
        assert {found.transaction_id for found in find(orderful)[0]} == {"1", "2"}
        assert [seen.path for seen in server.seen] == ["/v3/transactions"] * 2
        assert ("nextCursor", asked) in server.seen[1].query

    @pytest.mark.parametrize(
        ("rest", "count"),
        [
            ({"metadata": {"pagination": {"links": {"next": 2}}}}, 1),
            ({"metadata": {"pagination": {"links": {"next": ["c2"]}}}}, 1),
            ({"metadata": {"pagination": {"links": {"next": {"href": 7}}}}}, 1),
            ({"metadata": {"pagination": {"hasMore": True}}}, 1),
            ({"meta": {"limit": 100, "offset": 100, "total": 102}}, 1),
            ({}, 100),
        ],
    )
    def test_a_list_that_goes_on_nobody_knows_where_is_refused(self, orderful, server, rest, count):
        server.play(answer(json_body={**rest, "data": [listed(id=str(one)) for one in range(1, count + 1)]}))
        with pytest.raises(Misconfigured, match="not read to its end"):
            find(orderful)

    @pytest.mark.parametrize(
        "rest",
        [
            {"metadata": {"pagination": {"links": {"next": None, "prev": None}}}},
            {"metadata": {"pagination": {"links": {"next": {"href": None}}, "hasMore": False}}},
            {"meta": {"limit": 100, "offset": 100, "total": 101}},
        ],
    )
    def test_a_list_that_says_that_it_ends_ends(self, orderful, server, rest):
        server.play(answer(json_body={**rest, "data": [listed()]}))
        assert len(find(orderful)[0]) == 1

    def test_a_busy_list_is_asked_again(self, orderful, server, pauses):
        server.play(html(429, headers={"Retry-After": "3"}), page(listed()))
        assert len(find(orderful)[0]) == 1
        assert pauses == [3.0]


class TestListSince:
    SINCE = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

    def ids(self, orderful, senders=("NORDICT",)):
        found = orderful.list_since(self.SINCE, sender_ids=senders, stream=Stream.TEST)
        return [one.transaction_id for one in found]

    def test_it_asks_for_an_interval_by_our_clock_our_senders_and_our_stream(self, orderful, server):
        server.play(page())
        assert self.ids(orderful, ["A", "B"]) == []
        assert server.seen[0].query == [
            ("createdAt", "[2026-03-01T08:00:00.000Z,2026-03-01T11:00:00.000Z)"),
            ("senderIsaId", "A"),
            ("senderIsaId", "B"),
            ("stream", "TEST"),
        ]

    def test_a_receiver_is_asked_for_and_looked_at_again(self, orderful, server):
        server.play(page(listed(id="ours"), listed(id="other", receiver={"isaId": "OTHER"})))
        found = orderful.list_since(self.SINCE, sender_ids=["NORDICT"], stream=Stream.TEST, receiver_id="ACMET")
        assert [one.transaction_id for one in found] == ["ours"]
        assert ("receiverIsaId", "ACMET") in server.seen[0].query

    @pytest.mark.parametrize(("stream", "named"), [("TEST", "ACMET"), ("LIVE", "ACME")])
    def test_a_party_is_known_by_its_id_of_the_stream(self, orderful, server, stream, named):
        server.play(page(listed(stream=stream, receiver={"isaId": "ACME", "testIsaId": "ACMET"})))
        found = orderful.list_since(self.SINCE, sender_ids=["NORDICT"], stream=Stream(stream.lower()))
        assert [one.receiver_id for one in found] == [named]

    def test_more_than_five_senders_are_asked_for_in_turns_and_come_newest_first(self, orderful, server):
        senders = [f"S{number}" for number in range(7)]
        server.play(
            page(
                listed(id="a", sender={"isaId": "S0"}, createdAt="2026-03-01T09:50:00Z"),
                listed(id="c", sender={"isaId": "S1"}, createdAt="2026-03-01T09:10:00Z"),
            ),
            page(listed(id="b", sender={"isaId": "S6"}, createdAt="2026-03-01T09:30:00Z")),
        )
        assert self.ids(orderful, senders) == ["a", "b", "c"]
        assert [[value for name, value in seen.query if name == "senderIsaId"] for seen in server.seen] == [
            senders[:5],
            senders[5:],
        ]

    def test_without_senders_nothing_is_asked(self, orderful, server):
        assert self.ids(orderful, []) == []
        assert server.seen == []

    def test_pages_are_fetched_only_as_they_are_needed(self, orderful, server):
        server.play(page(listed(id="1"), following="/v3/transactions?nextCursor=a"), page(listed(id="2")))
        found = orderful.list_since(self.SINCE, sender_ids=["NORDICT"], stream=Stream.TEST)
        assert next(found).transaction_id == "1"
        assert len(server.seen) == 1
        assert next(found).transaction_id == "2"

    def test_others_transactions_and_older_ones_are_left_out(self, orderful, server):
        server.play(
            page(
                listed(id="ours"),
                listed(id="sender", sender={"isaId": "OTHER"}),
                listed(id="live", stream="LIVE"),
                listed(id="old", createdAt="2026-03-01T07:59:59Z"),
            )
        )
        assert self.ids(orderful) == ["ours"]

    def test_an_ignored_interval_does_not_lead_through_the_whole_history(self, orderful, server):
        old = listed(id="old", createdAt="2025-01-01T00:00:00Z")
        server.play(
            page(listed(id="ours"), old, following="/v3/transactions?nextCursor=a"),
            page(old, following="/v3/transactions?nextCursor=b"),
        )
        assert self.ids(orderful) == ["ours"]
        assert len(server.seen) == 2

    def test_unknown_words_and_missing_fields_are_data(self, orderful, server):
        server.play(
            page(
                {"id": "bare"},
                {"id": None},
                "text",
                None,
                listed(id="odd", validationStatus="PONDERING", deliveryStatus=3),
            )
        )
        found = list(orderful.list_since(self.SINCE, sender_ids=["NORDICT"], stream=Stream.TEST))
        assert {(one.transaction_id, one.validation_status, one.delivery_status) for one in found} == {
            ("bare", None, None),
            ("odd", "PONDERING", None),
        }


class TestListBetween:
    SINCE = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    UNTIL = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def between(self, orderful, senders=("NORDICT",), most_pages=9):
        return orderful.list_between(
            self.SINCE,
            self.UNTIL,
            sender_ids=senders,
            types=[TransactionType.PURCHASE_ORDER],
            stream=Stream.TEST,
            most_pages=most_pages,
        )

    def test_it_asks_for_an_interval_our_senders_our_types_and_our_stream(self, orderful, server):
        server.play(page())
        assert self.between(orderful) == Listed([], 1)
        assert server.seen[0].query == [
            ("createdAt", "[2026-03-01T08:00:00.000Z,2026-03-01T09:00:00.000Z)"),
            ("senderIsaId", "NORDICT"),
            ("transactionType", "850_PURCHASE_ORDER"),
            ("stream", "TEST"),
        ]

    def test_a_list_that_ignores_the_filters_is_filtered_here(self, orderful, server):
        server.play(
            page(
                listed(id="late", createdAt="2026-03-01T09:00:00Z"),
                listed(id="invoice", createdAt="2026-03-01T08:30:00Z", type={"name": "810_INVOICE"}),
                listed(id="ours", createdAt="2026-03-01T08:30:00Z"),
            )
        )
        assert [one.transaction_id for one in self.between(orderful).transactions] == ["ours"]

    def test_a_filter_that_the_list_does_not_know_is_left_out(self, orderful, server):
        refusal = {"errors": [{"ref": "transactionType", "message": "property transactionType should not exist"}]}
        server.play(answer(400, json_body=refusal), page(listed(id="ours", createdAt="2026-03-01T08:30:00Z")))
        assert [one.transaction_id for one in self.between(orderful).transactions] == ["ours"]
        assert "transactionType" not in dict(server.seen[1].query)

    def test_it_reads_no_more_pages_than_it_may_whatever_the_number_of_senders(self, orderful, server):
        server.play(page(following="/v3/transactions?nextCursor=2"), page(), page())
        assert self.between(orderful, [f"S{number}" for number in range(11)], most_pages=1).calls == 1
        assert len(server.seen) == 1

    def test_few_senders_are_named_five_to_a_call(self, orderful, server):
        server.play(page(), page(), page())
        assert self.between(orderful, [f"S{number}" for number in range(11)], most_pages=9).calls == 3
        assert [len([one for one in seen.query if one[0] == "senderIsaId"]) for seen in server.seen] == [5, 5, 1]

    def test_senders_that_would_take_too_many_calls_are_not_named_and_are_looked_for_here(self, orderful, server):
        """With 1,000 companies their five to a call would be 200 lists, of which a run may read some thirty."""
        at = {"createdAt": "2026-03-01T08:30:00Z"}
        server.play(
            page(
                listed(id="first", sender={"isaId": "S1"}, **at),
                listed(id="others", sender={"isaId": "ELSE"}, **at),
                following="/v3/transactions?nextCursor=2",
            ),
            page(listed(id="last", sender={"isaId": "LIVE999", "testIsaId": "S999"}, **at)),
        )
        found = self.between(orderful, [f"S{number}" for number in range(1_000)], most_pages=32)
        assert [(one.transaction_id, one.sender_id) for one in found.transactions] == [
            ("first", "S1"),
            ("last", "S999"),
        ]
        assert found.calls == 2
        assert "senderIsaId" not in dict(server.seen[0].query)


class TestRead:
    @pytest.mark.parametrize(
        ("transaction_id", "path", "version"),
        [
            ("802210971", "/v3/transactions/802210971", None),
            ("019be412-5a85", "/transactions/019be412-5a85", "v4"),
        ],
    )
    def test_a_transaction_is_read_by_the_version_that_its_id_belongs_to(
        self, orderful, server, transaction_id, path, version
    ):
        server.play(answer(json_body=listed(id=transaction_id, deliveryStatus="SENT")))
        found = orderful.read(transaction_id)
        assert (found.transaction_id, found.delivery_status) == (transaction_id, "SENT")
        assert (server.seen[0].path, server.seen[0].headers.get("orderful-api-version")) == (path, version)

    @pytest.mark.parametrize("status", [404, 410])
    def test_none_means_that_orderful_has_no_such_transaction(self, orderful, server, status):
        server.play(answer(status, json_body={"message": "no"}))
        assert orderful.read("1") is None

    @pytest.mark.parametrize("step", [answer(403, json_body={"message": "no"}), html(404)])
    def test_a_refusal_or_another_server_says_nothing_about_it(self, orderful, server, step):
        server.play(step)
        with pytest.raises(Rejected):
            orderful.read("1")

    @pytest.mark.parametrize("step", [html(200), html(502), reset(), answer(json_body={"status": "fine"})])
    def test_what_cannot_be_read_now_is_asked_for_again(self, orderful, server, step):
        server.play(step)
        with pytest.raises(Transient):
            orderful.read("1")

    def test_a_refused_key_is_a_misconfiguration(self, orderful, server):
        server.play(answer(401, json_body={"message": "no"}))
        with pytest.raises(Misconfigured):
            orderful.read("1")


class TestListNewest:
    SINCE = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    NEXT = "/v3/transactions?nextCursor=a"

    def newest(self, orderful, most_pages):
        found, complete_since = orderful.list_newest(
            self.SINCE, sender_id="NORDICT", stream=Stream.TEST, most_pages=most_pages
        )
        return [one.transaction_id for one in found], complete_since

    def play(self, server):
        server.play(
            page(listed(id="1", createdAt="2026-03-01T09:50:00Z"), following=self.NEXT),
            page(
                listed(id="2", createdAt="2026-03-01T09:10:00Z"),
                listed(id="3", createdAt="2026-03-01T09:30:00Z", sender={"isaId": "OTHER"}),
                following="/v3/transactions?nextCursor=b",
            ),
            page(listed(id="4", createdAt="2026-03-01T08:30:00Z")),
        )

    def test_a_list_that_was_read_to_its_end_is_complete(self, orderful, server):
        self.play(server)
        assert self.newest(orderful, 10) == (["1", "2", "4"], self.SINCE)

    def test_behind_the_newest_of_the_last_page_nothing_is_certain(self, orderful, server):
        self.play(server)
        assert self.newest(orderful, 2) == (["1", "2"], datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
        assert len(server.seen) == 2

    def test_pages_that_hold_nothing_of_ours_count_as_well(self, orderful, server):
        server.play(page(listed(sender={"isaId": "OTHER"}), following=self.NEXT), page({"id": "bare"}))
        assert self.newest(orderful, 1) == ([], datetime(2026, 3, 1, 9, 59, tzinfo=UTC))


class TestContentOf:
    @pytest.mark.parametrize(
        ("transaction_id", "path", "version"),
        [
            ("802210971", "/v3/transactions/802210971/message", None),
            ("019be412-5a85", "/transactions/019be412-5a85/message", "v4"),
            ("12/3?", "/transactions/12%2F3%3F/message", "v4"),
        ],
    )
    def test_the_message_is_read_by_the_version_that_the_id_belongs_to(
        self, orderful, server, transaction_id, path, version
    ):
        server.play(answer(json_body={"transactionSets": [{}]}))
        assert orderful.content_of(transaction_id) == {"transactionSets": [{}]}
        assert (server.seen[0].path, server.seen[0].headers.get("orderful-api-version")) == (path, version)

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_what_orderful_does_not_show_is_none(self, orderful, server, status):
        server.play(answer(status, json_body={"message": "no"}))
        assert orderful.content_of("1") is None

    @pytest.mark.parametrize("step", [html(200), html(502), reset()])
    def test_what_cannot_be_read_now_is_asked_for_again(self, orderful, server, step):
        server.play(step)
        with pytest.raises(Transient):
            orderful.content_of("1")

    def test_a_refused_key_is_a_misconfiguration(self, orderful, server):
        server.play(answer(401, json_body={"message": "no"}))
        with pytest.raises(Misconfigured):
            orderful.content_of("1")


class TestProblemsOf:
    def test_both_places_that_may_know_are_asked(self, orderful, server):
        server.play(
            answer(
                json_body=[
                    {"dataPath": "/transactionSets/0/N1_loop/0", "message": "must NOT have additional properties"}
                ]
            ),
            answer(json_body={"status": "REJECTED", "errors": [{"path": "PO1/0", "code": "7", "message": "bad code"}]}),
        )
        assert orderful.problems_of("12/3") == (
            "/transactionSets/0/N1_loop/0: must NOT have additional properties",
            "PO1/0: bad code",
        )
        assert [seen.path for seen in server.seen] == [
            "/v2/transactions/12%2F3/validations",
            "/v3/transactions/12%2F3/acknowledgment",
        ]

    @pytest.mark.parametrize(
        "step",
        [
            html(502),
            answer(404),
            answer(401),
            reset(),
            truncated(),
            html(200),
            answer(json_body={"a": 1}),
            answer(body="17"),
        ],
        ids=["502", "404", "401", "reset", "short", "html", "object", "number"],
    )
    def test_no_problems_at_orderful_is_no_error(self, orderful, server, step):
        server.play(step)
        assert orderful.problems_of("1") == ()
        assert len(server.seen) == 2


def test_any_resource_can_be_read_with_its_headers(orderful, server):
    server.play(answer(json_body={"name": "Nordic"}, headers={"x-ratelimit-remaining": "99"}))
    data, headers = orderful.get_json("/v3/organizations/me")
    assert (data, headers["X-RateLimit-Remaining"]) == ({"name": "Nordic"}, "99")
    assert server.seen[0].path == "/v3/organizations/me"


class TestHolds:
    """A 429 that says how long holds every call of its kind, in every process, and no other."""

    @pytest.fixture
    def breaker(self, monkeypatch):
        with aws_in_memory(monkeypatch):
            make_ledger_resources()
            yield DynamoBreaker(DOCUMENTS)

    def test_no_create_of_anybody_goes_out_before_the_time_is_over(self, server, secrets, http, clock, breaker):
        first, second = (
            OrderfulClient(server.url, secrets, http=http, clock=clock, deadline=Deadline(), holds=one)
            for one in (breaker, DynamoBreaker(DOCUMENTS))
        )
        server.play(html(429, headers={"Retry-After": "42"}), page(), answer(201, json_body={"id": "1"}))
        with pytest.raises(Throttled):
            first.create(REQUEST)
        clock.forward(seconds=41)
        for orderful in (first, second):
            with pytest.raises(Throttled) as caught:
                orderful.create(REQUEST)
            assert caught.value.retry_after == timedelta(seconds=1)
        assert find(second)[0] == []
        assert [seen.method for seen in server.seen] == ["POST", "GET"]
        clock.forward(seconds=1)
        assert second.create(REQUEST).transaction_id == "1"

    def test_a_call_that_is_retried_in_place_holds_the_others_meanwhile(self, server, secrets, clock, breaker):
        seen_by_others = []
        other = DynamoBreaker(DOCUMENTS)

        def pause(seconds):
            seen_by_others.append(other.wait(Calls.READ, now=clock.now()))
            clock.forward(seconds=seconds)

        orderful = OrderfulClient(
            server.url, secrets, http=Http(clock, pause=pause), clock=clock, deadline=Deadline(), holds=breaker
        )
        server.play(html(429, headers={"Retry-After": "3"}), page(listed()))
        assert len(find(orderful)[0]) == 1
        assert seen_by_others == [timedelta(seconds=3)]


class TestLargeAnswers:
    def test_content_that_is_too_large_is_none_that_is_shown(self, orderful, server):
        server.play(answer(200, b'{"a": "' + b"x" * (9 << 20) + b'"}'))
        assert orderful.content_of("1234567890") is None
