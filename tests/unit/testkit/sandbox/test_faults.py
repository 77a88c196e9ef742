"""Faults, the request log and the clock: what both sandboxes share. Lost answers need a real socket."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from testkit.sandbox.faults import FaultPlan, FaultRule
from testkit.sandboxes import API_KEY, VismaSandbox, bearer, running_orderful, running_visma

KEY = {"orderful-api-key": API_KEY}
ORDER_V3: dict[str, Any] = {
    "type": {"name": "850_PURCHASE_ORDER"},
    "stream": "TEST",
    "sender": {"isaId": "NORDICFOODT"},
    "receiver": {"isaId": "ACMEPRODUCET"},
    "message": {"transactionSets": [{}]},
}


def test_a_rule_hits_from_the_nth_match_and_as_often_as_it_says() -> None:
    plan = FaultPlan()
    plan.add(FaultRule("http_500", method="GET", path_prefix="/v1/Purchase", nth=2, times=2))
    asked = [("GET", "/v1/branch"), ("PUT", "/v1/purchaseorder/1"), *[("GET", "/v1/purchaseorder")] * 4]
    hits = [plan.pick(method, path) for method, path in asked]
    assert [hit is not None for hit in hits] == [False, False, False, True, True, False]


def test_chance_is_repeatable_with_its_seed_and_near_its_rate() -> None:
    def draw(seed: int) -> list[str | None]:
        plan = FaultPlan()
        plan.set_rates({"http_500": 0.2, "http_502_html": 0.1}, seed=seed)
        picked = [plan.pick("GET", "/") for _ in range(1000)]
        return [rule.fault if rule else None for rule in picked]

    assert draw(1) == draw(1) != draw(2)
    assert 150 < draw(1).count("http_500") < 250
    assert 60 < draw(1).count("http_502_html") < 140


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ("http_500", 500, "application/json"),
        ("http_502_html", 502, "text/html"),
        ("http_503", 503, "text/plain"),
        ("http_504_html", 504, "text/html"),
        ("html_200", 200, "text/html"),
        ("empty_200", 200, "application/json"),
        ("empty_502", 502, ""),
    ],
)
def test_odd_answers_come_instead_of_the_right_one_and_then_it_comes(
    fault: str, status: int, content_type: str
) -> None:
    sandbox = VismaSandbox()
    sandbox.fail(fault, path_prefix="/v1")
    headers, client = bearer(sandbox), sandbox.app.test_client()
    answer = client.get("/v1/branch", headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("Content-Type", "").startswith(content_type)
    assert (answer.data == b"") == fault.startswith("empty")
    assert client.get("/v1/branch", headers=headers).status_code == 200


def test_throttling_on_request_is_written_as_each_vendor_writes_it() -> None:
    with running_visma() as visma, running_orderful() as orderful:
        for sandbox in (visma, orderful):
            sandbox.fail("http_429", retry_after=7)
            sandbox.fail("http_429", retry_after=None)
        answers = [requests.get(f"{one.url}/v3/transactions", headers=KEY, timeout=120) for one in (visma, orderful)]
        assert [answer.headers["Retry-After"] for answer in answers] == ["7", "7"]
        assert [answer.headers["Content-Type"].split(";")[0] for answer in answers] == ["application/json", "text/html"]
        assert "x-ratelimit-limit" in answers[1].headers
        silent = requests.get(f"{orderful.url}/v3/transactions", headers=KEY, timeout=120)
        assert (silent.status_code, "Retry-After" in silent.headers) == (429, False)


def test_a_truncated_body_is_no_json_any_more() -> None:
    with running_visma() as visma:
        headers = bearer(visma)
        visma.fail("truncated")
        with pytest.raises(requests.exceptions.JSONDecodeError):
            requests.get(f"{visma.url}/v1/branch", headers=headers, timeout=120).json()


def test_a_cut_body_ends_before_the_length_that_was_promised() -> None:
    with running_visma() as visma:
        headers = bearer(visma)
        visma.fail("cut_body")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{visma.url}/v1/branch", headers=headers, timeout=120)


def test_a_slow_answer_comes_after_the_caller_gave_up() -> None:
    with running_visma() as visma:
        visma.fail("delay", seconds=2)
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(f"{visma.url}/v1/branch", timeout=(120, 0.1))


@pytest.mark.parametrize(("fault", "stored"), [("connection_cut", 0), ("lost_response", 1)])
def test_a_connection_cut_before_the_work_stores_nothing_and_after_it_everything(fault: str, stored: int) -> None:
    with running_orderful() as orderful:
        orderful.fail(fault, method="POST")
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.post(f"{orderful.url}/v3/transactions", json=ORDER_V3, headers=KEY, timeout=120)
        assert len(orderful.transactions()) == stored
        assert [(one.status, one.fault) for one in orderful.requests()] == [(None, fault)]


@pytest.mark.parametrize(
    ("fault", "status", "stored"), [("http_502_html", 502, 0), ("stored_502", 502, 1), ("stored_html_200", 200, 1)]
)
def test_a_gateway_error_may_hide_a_stored_transaction(fault: str, status: int, stored: int) -> None:
    with running_orderful() as orderful:
        orderful.fail(fault, method="POST")
        answer = requests.post(f"{orderful.url}/v3/transactions", json=ORDER_V3, headers=KEY, timeout=120)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
        assert len(orderful.transactions()) == stored


def test_the_log_keeps_method_path_query_and_status_and_no_control_calls() -> None:
    sandbox = VismaSandbox()
    client = sandbox.app.test_client()
    client.get("/v1/branch?pageNumber=2&supplier=", headers=bearer(sandbox))
    client.get("/_sandbox/health")
    logged = sandbox.requests("GET", "/V1")
    assert [(one.method, one.path, one.query, one.status) for one in logged] == [
        ("GET", "/v1/branch", (("pageNumber", "2"), ("supplier", "")), 200)
    ]
    assert (logged[0].parameter("pageNumber"), logged[0].parameter("pageSize")) == ("2", None)
    assert [one.path for one in sandbox.requests()] == ["/connect/token", "/v1/branch"]
    sandbox.clear_requests()
    assert sandbox.requests() == []


def test_the_log_holds_no_secret() -> None:
    sandbox = VismaSandbox()
    headers = bearer(sandbox)
    sandbox.app.test_client().get("/v1/branch", headers=headers)
    text = sandbox.app.test_client().get("/_sandbox/requests").text
    assert headers["Authorization"].split()[1] not in text
    assert "sandbox-secret" not in text
