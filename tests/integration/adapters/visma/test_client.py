"""Reading Visma.net ERP over a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connector.adapters.http import USER_AGENT
from connector.adapters.visma.client import MAX_TOKENS, VismaClient
from connector.domain.errors import ListRefused, Misconfigured, Rejected, Throttled, Transient
from connector.services.ports import Budget, Resource
from testkit.scripted_server import (
    NOW,
    Deadline,
    answer,
    html,
    reset,
    reset_after_headers,
    silence,
    truncated,
)
from tests.integration.adapters.conftest import NumberedTokens

SINCE = "2026-03-01T09:45:00.000"


@pytest.fixture
def visma(company, tokens, server, http):
    return VismaClient(company, tokens, server.url, http=http, deadline=Deadline())


def orders(visma, page_size: int = 200, branch: str | None = None):
    return visma.list_page(Resource.PURCHASE_ORDERS, since=SINCE, page=1, page_size=page_size, branch=branch)


def rows(*elements: str):
    return answer(body="[" + ",".join(elements) + "]", content_type="application/json")


def test_every_request_carries_exactly_the_headers_that_visma_needs(visma, server):
    server.play(rows())
    orders(visma)
    visma.get_json("v1/branch")
    for seen in server.seen:
        host = server.url.removeprefix("http://")
        assert seen.headers == {
            "Host": host,
            "User-Agent": USER_AGENT,
            "Accept-Encoding": seen.headers["Accept-Encoding"],
            "Accept": "application/json",
            "Connection": "keep-alive",
            "Authorization": "Bearer token-1",
            "ipp-company-id": "1234567",
        }


def test_the_filter_goes_out_with_its_condition_encoded_and_the_page_asked_for(visma, server):
    server.play(rows())
    visma.list_page(Resource.PURCHASE_ORDERS, since=SINCE, page=3, page_size=150, branch="1")
    (seen,) = server.seen
    assert seen.path == "/v1/purchaseorder"
    assert "lastModifiedDateTimeCondition=%3E%3D" in seen.target
    assert seen.query == [
        ("lastModifiedDateTime", SINCE),
        ("lastModifiedDateTimeCondition", ">="),
        ("pageNumber", "3"),
        ("pageSize", "150"),
        ("branch", "1"),
    ]


@pytest.mark.parametrize(
    ("resource", "flags"),
    [
        (Resource.PURCHASE_ORDERS, set()),
        (Resource.SUPPLIER_INVOICES, {"expandNote"}),
        (Resource.CUSTOMER_INVOICES, {"expandTaxDetails", "expandInvoiceAddress"}),
        (Resource.CUSTOMER_CREDIT_NOTES, {"expandTaxDetails", "expandInvoiceAddress", "expandApplications"}),
        (Resource.CUSTOMER_DEBIT_NOTES, {"expandTaxDetails", "expandInvoiceAddress", "expandApplications"}),
    ],
)
def test_lists_are_asked_for_what_they_leave_out_otherwise(visma, server, resource, flags):
    server.play(rows())
    visma.list_page(resource, since=SINCE, page=1, page_size=10, branch=None)
    assert server.seen[0].path == f"/{resource.value}"
    assert {name for name, value in server.seen[0].query if value == "true"} == flags


def test_each_row_keeps_its_exact_bytes_and_gives_its_key(visma, server):
    first = (
        '{"orderNbr":"500000", "orderType":"RegularOrder","lastModifiedDateTime":"2026-07-29T09:15:42.123",'
        '"branch":{"number":"1"},"orderTotal":800.10,"x":0.1000000000000000055511151231257827,'
        '"note":"\\u00e5 æ","metadata":{"totalCount":227,"maxPageSize":1000}}'
    )
    second = '{"documentType":"Invoice","referenceNumber":"900145","branchNumber":{"number":"2","name":"Bergen"}}'
    server.play(rows(first, f" {second} "))
    page = orders(visma)
    assert [row.raw for row in page.rows] == [first.encode(), second.encode()]
    assert [(row.number, row.document_type, row.modified_at, row.branch) for row in page.rows] == [
        ("500000", "RegularOrder", "2026-07-29T09:15:42.123", "1"),
        ("900145", "Invoice", None, "2"),
    ]
    assert (page.total, page.maximum, page.damaged) == (227, 1000, [])


def test_wrapped_scalars_and_numbers_for_texts_are_read_like_bare_texts(visma, server):
    server.play(
        rows(
            '{"orderNbr":{"value":"500000"},"orderType":{"value":"DropShip"},"branch":{"number":{"value":"1"}},'
            '"lastModifiedDateTime":{"value":"2026-07-29T09:15:42"},"metadata":{"value":{"totalCount":{"value":2}}}}',
            '{"orderNbr":500001.0,"branch":2}',
            '{"orderNbr":90071992547409931}',
        )
    )
    page = orders(visma)
    assert [(row.number, row.document_type, row.modified_at, row.branch) for row in page.rows] == [
        ("500000", "DropShip", "2026-07-29T09:15:42", "1"),
        ("500001", None, None, "2"),
        ("90071992547409931", None, None, None),
    ]
    assert page.total == 2


def test_elements_without_a_key_are_described_and_the_others_are_read(visma, server):
    server.play(
        rows(
            '{"orderNbr":""}',
            '{"orderNbr":null}',
            "17",
            "null",
            '"text"',
            "[]",
            '{"orderNbr":true}',
            '{"orderNbr":1e9999}',
        )
    )
    assert len(orders(visma).damaged) == 8
    server.play(rows("{}", '{"orderNbr":"1"}'))
    page = orders(visma)
    assert page.damaged == ["Element 1 on page 1 of v1/purchaseorder has no number."]
    assert [row.number for row in page.rows] == ["1"]


def test_a_number_that_is_too_long_for_a_key_is_told_with_what_to_do(visma, server):
    longest, too_long, value = "9" * 100, "9" * 101, "7" * 300
    server.play(rows(f'{{"orderNbr":"{longest}"}}', f'{{"orderNbr":"{too_long}"}}', f'{{"orderNbr":{value}}}'))
    page = orders(visma)
    assert [row.number for row in page.rows] == [longest]
    assert page.damaged == [
        f"Element {at} on page 1 of v1/purchaseorder has a number of {length} characters ({digit * 12}...): at most "
        "100 are read, and X12 takes 22. Enter the document in Visma under a shorter number."
        for at, length, digit in ((2, 101, "9"), (3, 300, "7"))
    ]


@pytest.mark.parametrize(("largest", "maximum"), [(100, 100), (None, None), ("50", 50), ("many", None)])
def test_the_largest_page_is_what_the_server_names(visma, server, largest, maximum):
    server.play(rows(json.dumps({"orderNbr": "1", "metadata": {"maxPageSize": largest}})))
    assert orders(visma).maximum == maximum


def test_an_empty_page_is_a_page(visma, server):
    server.play(rows())
    page = orders(visma)
    assert (list(page.rows), page.total, page.maximum) == ([], None, None)


@pytest.mark.parametrize("half", [rb"\ud83d", b"\xf0\x9f"])
def test_an_incomplete_character_in_one_row_does_not_affect_others(visma, server, half):
    """A note cut in the middle of an emoji must not make its page unreadable for ever."""
    server.play(answer(body=b'[{"orderNbr":"1","note":"' + half + b'"},{"orderNbr":"2","lineTotal":10.50}]'))
    first, second = orders(visma).rows
    assert first.number == "1"
    assert second.raw == b'{"orderNbr":"2","lineTotal":10.50}'


def test_a_byte_order_mark_does_not_matter(visma, server):
    server.play(answer(body=b'\xef\xbb\xbf[{"orderNbr":"1"}]'))
    assert [row.number for row in orders(visma).rows] == ["1"]


def test_the_servers_clock_is_taken_from_its_answer_or_else_from_ours(visma, server):
    server.play(rows(), answer(body="[]", headers={"Date": None}), answer(body="[]", headers={"Date": "soon"}))
    assert [orders(visma).server_time for _ in range(3)] == [datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC), NOW, NOW]


def test_the_budget_is_read_from_the_rate_limit_headers(visma, server):
    limits = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "90"}
    server.play(answer(body="[]", headers=limits), answer(body="[]", headers={"X-RateLimit-Limit": "many"}))
    assert orders(visma).budget == Budget(500, 12, timedelta(seconds=90))
    assert orders(visma).budget == Budget(None, None, None)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (html(200), "an HTML page"),
        (answer(200), "an empty body"),
        (answer(body='[{"orderNbr":"1"},{"ord'), "broken JSON"),
        (answer(body=b'[{"orderNbr":"\xff\xfe"}'), "broken JSON"),
        (answer(body="busy"), "plain text"),
        (answer(json_body={"pageNumber": 1, "totalCount": 1, "records": []}), "an object with 'records'"),
        (answer(json_body={"message": "try later"}), "no list (try later)"),
        (answer(body="null"), "no list"),
        (answer(body="[" * 100_000), "JSON"),
    ],
    ids=["html", "empty", "cut", "not utf-8", "text", "records", "object", "null", "deep"],
)
def test_an_answer_that_is_no_list_is_transient_and_described(visma, server, step, sentence):
    server.play(step)
    with pytest.raises(Transient) as caught:
        orders(visma)
    assert sentence in caught.value.sentence
    assert "page 1 of v1/purchaseorder" in caught.value.sentence


@pytest.mark.parametrize(
    "step",
    [html(502), answer(503), reset(), reset_after_headers(), truncated()],
    ids=["502", "503", "reset", "cut", "short"],
)
def test_a_failed_call_is_transient_after_three_attempts(visma, server, step):
    server.play(step)
    with pytest.raises(Transient):
        orders(visma)
    assert len(server.seen) == 3


def test_a_refused_connection_is_transient(company, tokens, http, refused_url):
    with pytest.raises(Transient, match="could not be reached"):
        orders(VismaClient(company, tokens, refused_url, http=http, deadline=Deadline()))


def test_a_slow_list_ends_with_the_deadline(company, tokens, server, http):
    server.play(silence())
    with pytest.raises(Transient):
        orders(VismaClient(company, tokens, server.url, http=http, deadline=Deadline(2.2)))


def test_an_exhausted_rate_limit_is_throttled_with_visma_s_message(visma, server):
    server.play(answer(429, json_body={"statusCode": 429, "message": "quota"}, headers={"Retry-After": "1800"}))
    with pytest.raises(Throttled) as caught:
        orders(visma)
    assert caught.value.retry_after == timedelta(minutes=30)
    assert len(server.seen) == 1


def test_without_retry_after_the_end_of_the_hour_counts(visma, server):
    server.play(answer(429, headers={"X-RateLimit-Reset": "600"}))
    with pytest.raises(Throttled) as caught:
        orders(visma)
    assert caught.value.retry_after == timedelta(minutes=10)


class Gate:
    """Keeps the waits that it was told."""

    def __init__(self):
        self.waits = []
        self.entered = 0

    def enter(self):
        self.entered += 1
        if self.waits:
            raise Throttled("held", retry_after=self.waits[-1])

    def hold(self, wait):
        self.waits.append(wait)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "1800"}, timedelta(minutes=30)),
        ({"X-RateLimit-Reset": "600"}, timedelta(minutes=10)),
        ({"X-RateLimit-Reset": "1772359830"}, timedelta(minutes=10)),  # the time of its end
        ({"Retry-After": "Mon, 01 Jan 2099 00:00:00 GMT"}, timedelta(hours=1)),
        ({"X-RateLimit-Reset": "2592000"}, timedelta(hours=1)),
    ],
)
def test_a_429_holds_every_call_for_the_company_and_never_longer_than_an_hour(company, server, http, headers, wait):
    gate = Gate()
    visma = VismaClient(company, NumberedTokens(), server.url, http=http, deadline=Deadline(), gate=gate)
    server.play(answer(429, headers=headers))
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            orders(visma)
        assert caught.value.retry_after == wait
    assert (gate.waits, gate.entered, len(server.seen)) == ([wait], 2, 1)


@pytest.mark.parametrize("refused", [1, 2])
def test_a_refused_token_is_replaced_and_so_is_the_one_that_others_shared(visma, server, tokens, refused):
    server.play(*[answer(401)] * refused, rows('{"orderNbr":"1"}'))
    assert [row.number for row in orders(visma).rows] == ["1"]
    used = [f"token-{number}" for number in range(1, refused + 2)]
    assert tokens.dropped == used[:-1]
    assert [seen.headers["Authorization"] for seen in server.seen] == [f"Bearer {token}" for token in used]
    assert all(seen.headers["ipp-company-id"] == "1234567" for seen in server.seen)


def test_refusals_of_every_token_are_a_misconfiguration_that_names_the_tenant(visma, server, tokens):
    server.play(answer(401, headers={"Ipp-Request-Id": "r-1"}))
    with pytest.raises(Misconfigured) as caught:
        orders(visma)
    assert "company tenant id, not the customer tenant id" in caught.value.next_step
    assert (caught.value.request_id, len(server.seen)) == ("r-1", MAX_TOKENS)
    assert tokens.dropped == ["token-1", "token-2", "token-3"]
    assert "token-" not in str(caught.value) + repr(caught.value)


def test_a_missing_scope_refuses_its_list_and_the_token_is_not_used_again(visma, server, tokens):
    server.play(answer(403, json_body={"message": "scope"}))
    with pytest.raises(ListRefused, match="App Store"):
        orders(visma)
    assert (tokens.dropped, len(server.seen)) == (["token-1"], 1)


@pytest.mark.parametrize("status", [400, 500])
def test_a_missing_licence_is_a_misconfiguration_whatever_its_status(visma, server, status):
    body = {
        "ExceptionType": "IPPException",
        "ExceptionMessage": "No license for this company.",
        "ExceptionFaultCode": "12027",
    }
    server.play(answer(status, json_body=body))
    with pytest.raises(Misconfigured, match=r"No license for this company\."):
        orders(visma)


@pytest.mark.parametrize("status", [301, 400, 404, 410])
def test_a_refused_list_is_a_misconfiguration(visma, server, status):
    server.play(answer(status, json_body={"Message": "no such thing"}))
    with pytest.raises(Misconfigured, match="no such thing"):
        orders(visma)


def test_anything_else_can_be_read_with_its_headers(visma, server):
    server.play(answer(body='{"rate": 0.10}', headers={"ETag": '"AAAA="'}))
    data, headers = visma.get_json("/v1/purchaseorder/500000", [("a", "1"), ("a", "2")])
    assert str(data["rate"]) == "0.10"
    assert isinstance(data["rate"], Decimal)
    assert headers["etag"] == '"AAAA="'
    assert (server.seen[0].path, server.seen[0].query) == ("/v1/purchaseorder/500000", [("a", "1"), ("a", "2")])


def test_a_missing_resource_is_rejected(visma, server):
    server.play(answer(404, json_body={"message": "not found"}))
    with pytest.raises(Rejected, match="not found"):
        visma.get_json("v1/purchaseorder/1")


def test_a_base_url_with_a_path_and_a_slash_is_kept(company, tokens, server, http):
    server.play(rows())
    orders(VismaClient(company, tokens, f"{server.url}/API/controller/api/", http=http, deadline=Deadline()))
    assert server.seen[0].path == "/API/controller/api/v1/purchaseorder"
