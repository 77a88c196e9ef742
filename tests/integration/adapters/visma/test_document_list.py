"""Visma's lists as reconciliation reads them, over a real socket."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from connector.adapters.visma.document_list import VismaDocumentList
from connector.domain.errors import ListRefused, Misconfigured, Throttled, Transient
from connector.services.ports import Resource
from connector.services.reconcile.ports import QUESTIONS, Question
from testkit.scripted_server import NOW, Deadline, answer, html
from testkit.visma.resources import resource_named

ORDER = {
    "orderNbr": "500123",
    "orderType": "RegularOrder",
    "date": "2026-09-15T00:00:00",
    "branch": {"number": "1"},
    "lastModifiedDateTime": {"value": "2026-09-15T10:00:00.123"},
}


@pytest.fixture
def lists(company, tokens, server, http):
    return VismaDocumentList(company, tokens, server.url, http=http, deadline=Deadline())


def page(lists, resource=Resource.PURCHASE_ORDERS, question=Question.DATED):
    return lists.page(resource, question, since=date(2026, 9, 1), page=2)


def rows(*elements, **headers):
    return answer(body=json.dumps(elements), content_type="application/json", headers=headers)


def test_a_row_brings_what_tells_its_age_and_its_bytes(lists, server):
    server.play(rows(ORDER, {"referenceNumber": 7, "documentDate": "2026-09-02"}, {"date": "2026-09-02"}, 5))
    found = page(lists)
    first, second = found.documents
    assert (first.number, first.document_type, first.branch) == ("500123", "RegularOrder", "1")
    assert (first.dated, first.created, first.modified) == (ORDER["date"], None, "2026-09-15T10:00:00.123")
    assert json.loads(first.raw) == ORDER
    assert (second.number, second.dated) == ("7", "2026-09-02")
    assert (found.unreadable, found.share_left, found.server_time) == (2, None, NOW + timedelta(seconds=30))


@pytest.mark.parametrize("resource", list(Resource))
def test_each_question_is_one_that_the_list_knows_with_its_condition(lists, server, resource):
    known = resource_named(resource.value.rpartition("/")[2]).dates
    for question in QUESTIONS[resource]:
        server.play(rows())
        page(lists, resource, question)
        asked = dict(server.seen[-1].query)
        name = next(one for one in asked if f"{one}Condition" in asked)
        assert name in known
        assert (asked[name], asked[f"{name}Condition"], asked["pageNumber"]) == ("2026-09-01", ">=", "2")


def test_what_is_left_of_the_hour_is_a_share(lists, server):
    server.play(rows(**{"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "125"}))
    assert page(lists).share_left == 0.25


def test_a_token_that_was_taken_back_is_replaced_once(lists, server, tokens):
    server.play(answer(status=401), rows(ORDER))
    assert len(page(lists).documents) == 1
    server.play(answer(status=401), answer(status=401))
    with pytest.raises(Misconfigured):
        page(lists)
    assert tokens.dropped == ["token-1", "token-2", "token-3"]


@pytest.mark.parametrize(
    ("played", "error"),
    [
        (answer(status=403), ListRefused),
        (answer(status=400), Misconfigured),
        (answer(status=429, headers={"Retry-After": "3000"}), Throttled),
        (answer(body='{"records": []}', content_type="application/json"), Transient),
        (html(200), Transient),
    ],
)
def test_what_is_no_page_says_so(lists, server, played, error):
    server.play(played, played, played)
    with pytest.raises(error):
        page(lists)


SHARE = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "125"}


def test_a_document_is_asked_for_at_its_address(lists, server):
    server.play(*[answer(json_body=ORDER, headers=SHARE)] * 4)
    looked = lists.look(Resource.PURCHASE_ORDERS, "500123", "DropShip")
    lists.look(Resource.SUPPLIER_INVOICES, "7", "DebitAdj")
    lists.look(Resource.CUSTOMER_CREDIT_NOTES, "8", "CreditNote")
    lists.look(Resource.PURCHASE_ORDERS, "A/7", "")
    assert (looked.is_there, looked.share_left) == (True, 0.25)
    assert (looked.branch, looked.modified) == ("1", "2026-09-15T10:00:00.123")
    assert [one.path for one in server.seen] == [
        "/v1/purchaseorder/500123",
        "/v1/supplierInvoice/DebitAdj/7",
        "/v1/customerCreditNote/8",
        "/v1/purchaseorder/b64(QS83)",
    ]
    assert server.seen[0].headers["ipp-company-id"] == "1234567"


@pytest.mark.parametrize(
    "played",
    [
        answer(status=404),
        answer(status=404, json_body={"message": "The purchase order 500123 was not found."}),
        answer(status=404, json_body={"Message": "Not found"}),
    ],
)
def test_a_plain_404_says_that_visma_has_it_not(lists, server, played):
    server.play(played)
    assert not lists.look(Resource.PURCHASE_ORDERS, "500123", "").is_there


@pytest.mark.parametrize(
    ("played", "error"),
    [
        (answer(status=404, json_body={"statusCode": 404, "message": "Resource not found"}), Misconfigured),
        (html(404), Misconfigured),
        (answer(status=404, json_body={"ExceptionFaultCode": "12027"}), Misconfigured),
        (answer(status=404, json_body={"ExceptionFaultCode": 12002}), Misconfigured),
        (answer(status=400, json_body={"message": "no"}), Misconfigured),
        (answer(status=410), Misconfigured),
        (answer(status=401), Misconfigured),
        (answer(status=403), ListRefused),
        (answer(status=429, headers={"Retry-After": "3000"}), Throttled),
        (answer(status=500), Transient),
    ],
)
def test_any_other_answer_tells_nothing(lists, server, played, error):
    server.play(*[played] * 3)
    with pytest.raises(error):
        lists.look(Resource.PURCHASE_ORDERS, "500123", "")
