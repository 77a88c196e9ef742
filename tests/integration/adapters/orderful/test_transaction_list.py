"""Orderful's list as reconciliation reads it, over a real socket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.adapters.orderful.transaction_list import OrderfulTransactionList
from connector.domain.errors import Misconfigured, Throttled, Transient
from connector.domain.transactions import Stream
from testkit.scripted_server import Deadline, answer, html

SINCE, UNTIL = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC)


@pytest.fixture
def orderful(server, orderful_secrets, http):
    return OrderfulTransactionList(server.url, orderful_secrets, http=http, deadline=Deadline())


def listed(**changes):
    return {
        "id": "12345",
        "sender": {"isaId": "NORDIC", "testIsaId": "NORDICT"},
        "receiver": {"isaId": "ACMET"},
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": "TEST",
        "businessNumber": "500123",
        "createdAt": "2026-09-01T09:59:00.000Z",
        "lastUpdatedAt": "2026-09-01T10:59:00.000Z",
        **changes,
    }


def a_page(*items, following=None):
    return answer(json_body={"metadata": {"pagination": {"links": {"next": following}}}, "data": list(items)})


def read(orderful, following=None):
    return orderful.page(SINCE, UNTIL, senders=["NORDICT", "SOUTHT"], stream=Stream.TEST, following=following)


def test_a_transaction_keeps_every_id_of_its_parties(orderful, server):
    server.play(a_page(listed()))
    found = read(orderful)
    (one,) = found.transactions
    assert (one.transaction_id, one.transaction_type, one.business_number) == ("12345", "850_PURCHASE_ORDER", "500123")
    assert (one.senders, one.receivers) == ({"NORDIC", "NORDICT"}, {"ACMET"})
    assert (one.created_at, one.updated_at) == (
        datetime(2026, 9, 1, 9, 59, tzinfo=UTC),
        datetime(2026, 9, 1, 10, 59, tzinfo=UTC),
    )
    assert found.following is None
    asked = server.seen[0].query
    assert ("createdAt", "[2026-09-01T00:00:00.000Z,2026-09-02T00:00:00.000Z)") in asked
    assert [value for name, value in asked if name == "senderIsaId"] == ["NORDICT", "SOUTHT"]


def test_what_was_not_asked_for_is_left_out(orderful, server):
    server.play(
        a_page(
            listed(id="1", sender={"isaId": "OTHER"}),
            listed(id="2", stream="LIVE"),
            listed(id="3", createdAt="2026-09-02T00:00:00.000Z"),
            listed(id="4", type={"name": "856_SHIP_NOTICE_MANIFEST"}),
            listed(id="5", type="810_INVOICE"),
        )
    )
    assert [one.transaction_id for one in read(orderful).transactions] == ["5"]


def received(orderful, following=None):
    return orderful.received(SINCE, UNTIL, receivers=["NORDICT", "SOUTHT"], stream=Stream.TEST, following=following)


def test_what_we_received_is_asked_for_by_receiver_and_of_every_type(orderful, server):
    ours = {"isaId": "NORDIC", "testIsaId": "NORDICT"}
    server.play(
        a_page(
            listed(sender={"isaId": "ACMET"}, receiver=ours, type={"name": "860_ANYTHING"}, validationStatus="VALID"),
            listed(id="2", receiver={"isaId": "OTHERT"}),
            listed(id="3", receiver=ours, stream="LIVE"),
            listed(id="4", receiver=ours, createdAt="2026-08-31T23:59:59.000Z"),
            following="https://api.example/v3/transactions?nextCursor=abc",
        )
    )
    found = received(orderful)
    (one,) = found.transactions
    assert (one.transaction_id, one.transaction_type, one.validation) == ("12345", "860_ANYTHING", "VALID")
    assert (one.senders, one.receivers) == ({"ACMET"}, {"NORDIC", "NORDICT"})
    assert found.following == "abc"
    assert server.seen[0].query == [
        ("createdAt", "[2026-09-01T00:00:00.000Z,2026-09-02T00:00:00.000Z)"),
        ("receiverIsaId", "NORDICT"),
        ("receiverIsaId", "SOUTHT"),
        ("stream", "TEST"),
    ]


def test_a_list_that_refuses_to_be_asked_by_receiver_is_sorted_out_here(orderful, server):
    refusal = answer(status=400, json_body={"errors": [{"message": "property receiverIsaId should not exist"}]})
    server.play(refusal, a_page(listed(id="1"), listed(id="2", receiver={"isaId": "SOUTHT"})))
    assert [one.transaction_id for one in received(orderful).transactions] == ["2"]


def test_the_list_goes_on_with_the_cursor_of_its_link_at_our_host(orderful, server):
    server.play(a_page(listed(), following="https://elsewhere.example/v3/transactions?nextCursor=abc&x=1"), a_page())
    first = read(orderful)
    assert first.following == "abc"
    assert read(orderful, "abc").following is None
    assert ("nextCursor", "abc") in server.seen[1].query


def test_a_full_page_that_does_not_say_how_the_list_goes_on_is_not_its_end(orderful, server):
    server.play(answer(json_body={"data": [listed(id=str(n)) for n in range(100)]}))
    with pytest.raises(Misconfigured, match="has more pages"):
        read(orderful)


def test_a_filter_that_the_list_refuses_is_left_out_from_then_on(orderful, server):
    refusal = answer(status=400, json_body={"errors": [{"message": "property transactionType should not exist"}]})
    server.play(refusal, a_page(listed(), listed(id="9", type={"name": "855"})), a_page())
    assert [one.transaction_id for one in read(orderful).transactions] == ["12345"]
    read(orderful)
    assert "transactionType" not in dict(server.seen[2].query)


def test_whether_it_exists_and_what_it_says(orderful, server):
    uuid = "b646771e-a068-4e32-832f-000000000001"
    server.play(answer(json_body=listed()), answer(status=404), answer(json_body={"lines": 1}), answer(status=404))
    assert orderful.exists("12345")
    assert not orderful.exists(uuid)
    assert orderful.content(uuid) == {"lines": 1}
    assert orderful.content("12345") is None
    paths = [one.path for one in server.seen]
    assert paths == [
        "/v3/transactions/12345",
        f"/transactions/{uuid}",
        f"/transactions/{uuid}/message",
        "/v3/transactions/12345/message",
    ]
    assert server.seen[1].headers["orderful-api-version"] == "v4"


@pytest.mark.parametrize(
    ("played", "error"),
    [
        (answer(status=401), Misconfigured),
        (answer(status=429, headers={"Retry-After": "3000"}), Throttled),
        (answer(json_body=[]), Transient),
        (html(200), Transient),
    ],
)
def test_what_is_no_page_says_so(orderful, server, played, error):
    server.play(played, played, played)
    with pytest.raises(error):
        read(orderful)
