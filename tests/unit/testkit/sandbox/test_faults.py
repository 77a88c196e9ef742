"""Faults, the request log and the clock: what both sandboxes share. Lost answers need a real socket."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from testkit.sandbox.clock import SandboxClock
from testkit.sandbox.faults import FaultPlan, FaultRule
from testkit.sandboxes import API_KEY, Recipe, VismaSandbox, bearer, running_orderful, running_visma

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


def test_a_rule_without_an_end_hits_for_ever() -> None:
    plan = FaultPlan()
    plan.add(FaultRule("http_500", times=None))
    assert all(plan.pick("GET", "/") for _ in range(5))


def test_chance_is_repeatable_with_its_seed_and_near_its_rate() -> None:
    def draw(seed: int) -> list[str | None]:
        plan = FaultPlan()
        plan.set_rates({"http_500": 0.2, "http_502_html": 0.1}, seed=seed)
        picked = [plan.pick("GET", "/") for _ in range(1000)]
        return [rule.fault if rule else None for rule in picked]

    assert draw(1) == draw(1) != draw(2)
    assert 150 < draw(1).count("http_500") < 250
    assert 60 < draw(1).count("http_502_html") < 140


def test_chance_hits_in_the_manner_that_was_asked_for() -> None:
    plan = FaultPlan()
    plan.set_rates({"delay": 1.0}, seconds=1.5, retry_after=7)

    rule = plan.pick("GET", "/")

    assert rule is not None
    assert (rule.fault, rule.seconds, rule.retry_after) == ("delay", 1.5, 7)
    with pytest.raises(ValueError, match="no fault rule"):
        plan.set_rates({"delay": 1.0}, minutes=1)


def test_an_unknown_fault_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="knows no fault 'http_418'"):
        FaultRule("http_418")
    with pytest.raises(ValueError, match="no fault rule"):
        FaultRule.parse({"fault": "http_500", "often": 3})
    with pytest.raises(ValueError, match="is empty, html, json, not 'xml'"):
        FaultRule("error", form="xml")


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


def test_an_error_on_request_has_the_status_that_was_asked_for() -> None:
    sandbox = VismaSandbox()
    sandbox.fail("error", status=409)
    assert sandbox.app.test_client().get("/v1/branch").status_code == 409


@pytest.mark.parametrize("fault", ["error", "stored_error"])
@pytest.mark.parametrize(
    ("status", "options", "body"),
    [
        (100, {"form": "empty"}, b""),
        (102, {"form": "json"}, b""),
        (200, {"form": "empty"}, b""),
        (200, {"form": "html", "message": "Down"}, b"<h1>Down</h1>"),
        (202, {"form": "empty"}, b""),
        *((status, {"form": "empty", "location": "/elsewhere"}, b"") for status in (301, 302, 307, 308)),
        (304, {"form": "html"}, b""),
        (409, {"message": "Transaction already exists"}, b'{"message": "Transaction already exists"}'),
        (422, {"message": "no"}, b'{"message": "no"}'),
    ],
)
def test_any_answer_can_be_the_last_one_before_the_work_or_after_it(
    fault: str, status: int, options: dict[str, Any], body: bytes
) -> None:
    with running_orderful() as orderful:
        orderful.fail(fault, method="POST", status=status, **options)
        # A client library waits for another answer behind a 1xx; the bytes on the line show that there is none.
        content = json.dumps(ORDER_V3).encode()
        head = f"POST /v3/transactions HTTP/1.1\r\nHost: sandbox\r\norderful-api-key: {API_KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", int(orderful.url.rsplit(":", 1)[1])), timeout=5) as line:
            line.sendall(head.encode() + content)
            answer = b"".join(iter(lambda: line.recv(4096), b""))
        first, _, rest = answer.partition(b"\r\n\r\n")
        assert first.startswith(f"HTTP/1.1 {status} ".encode())
        assert (b"Location: /elsewhere" in first) == ("location" in options)
        assert (body in rest, bool(rest)) == (True, bool(body))
        assert len(orderful.transactions()) == (fault == "stored_error")


def test_throttling_on_request_is_written_as_each_vendor_writes_it() -> None:
    with running_visma() as visma, running_orderful() as orderful:
        for sandbox in (visma, orderful):
            sandbox.fail("http_429", retry_after=7)
            sandbox.fail("http_429", retry_after=None)
        answers = [requests.get(f"{one.url}/v3/transactions", headers=KEY, timeout=5) for one in (visma, orderful)]
        assert [answer.headers["Retry-After"] for answer in answers] == ["7", "7"]
        assert [answer.headers["Content-Type"].split(";")[0] for answer in answers] == ["application/json", "text/html"]
        assert "x-ratelimit-limit" in answers[1].headers
        silent = requests.get(f"{orderful.url}/v3/transactions", headers=KEY, timeout=5)
        assert (silent.status_code, "Retry-After" in silent.headers) == (429, False)


def test_spoiled_json_keeps_the_keys_and_loses_the_rest() -> None:
    sandbox = VismaSandbox()
    sandbox.generate("purchaseorder", Recipe(count=1))
    client, headers = sandbox.app.test_client(), bearer(sandbox)

    def spoiled(fault: str, **options: Any) -> Any:
        sandbox.fail(fault, **options)
        return client.get("/v1/purchaseorder", headers=headers).get_json()

    assert spoiled("wrong_shape")["records"][0]["orderNbr"] == "500001"
    wrapped = spoiled("wrapped_scalars")[0]
    assert (wrapped["orderNbr"], wrapped["lines"][0]["lineNbr"]) == ({"value": "500001"}, {"value": 1})
    assert wrapped["metadata"] == {"totalCount": 1, "maxPageSize": 1000}
    nulled = spoiled("null_fields")[0]
    assert (nulled["orderNbr"], nulled["lines"], nulled["status"]) == ("500001", None, None)
    assert spoiled("null_fields", fields=("supplier",))[0]["lines"]
    assert "supplier" not in spoiled("missing_fields", fields=("supplier",))[0]


def test_a_truncated_body_is_no_json_any_more() -> None:
    with running_visma() as visma:
        headers = bearer(visma)
        visma.fail("truncated")
        with pytest.raises(requests.exceptions.JSONDecodeError):
            requests.get(f"{visma.url}/v1/branch", headers=headers, timeout=5).json()


def test_a_cut_body_ends_before_the_length_that_was_promised() -> None:
    with running_visma() as visma:
        headers = bearer(visma)
        visma.fail("cut_body")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{visma.url}/v1/branch", headers=headers, timeout=5)


def test_a_slow_answer_comes_after_the_caller_gave_up() -> None:
    with running_visma() as visma:
        visma.fail("delay", seconds=0.3)
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(f"{visma.url}/v1/branch", timeout=0.1)


@pytest.mark.parametrize(("fault", "stored"), [("connection_cut", 0), ("lost_response", 1)])
def test_a_connection_cut_before_the_work_stores_nothing_and_after_it_everything(fault: str, stored: int) -> None:
    with running_orderful() as orderful:
        orderful.fail(fault, method="POST")
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.post(f"{orderful.url}/v3/transactions", json=ORDER_V3, headers=KEY, timeout=5)
        assert len(orderful.transactions()) == stored
        assert [(one.status, one.fault) for one in orderful.requests()] == [(None, fault)]


@pytest.mark.parametrize(
    ("fault", "status", "stored"), [("http_502_html", 502, 0), ("stored_502", 502, 1), ("stored_html_200", 200, 1)]
)
def test_a_gateway_error_may_hide_a_stored_transaction(fault: str, status: int, stored: int) -> None:
    with running_orderful() as orderful:
        orderful.fail(fault, method="POST")
        answer = requests.post(f"{orderful.url}/v3/transactions", json=ORDER_V3, headers=KEY, timeout=5)
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


def test_the_clock_runs_ahead_stands_still_and_comes_back() -> None:
    clock, at = SandboxClock(), datetime(2026, 9, 1, tzinfo=UTC)
    clock.freeze(at)
    clock.advance(timedelta(hours=1))
    assert clock.now() == clock.now() == at + timedelta(hours=1)
    clock.set_offset(timedelta(days=-300))
    assert timedelta(days=299) < datetime.now(UTC) - clock.now() < timedelta(days=301)
    clock.reset()
    assert abs(datetime.now(UTC) - clock.now()) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="zone"):
        clock.freeze(datetime(2026, 9, 1))  # noqa: DTZ001 - that is what is refused


def test_a_sandbox_that_was_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match="was not started"):
        _ = VismaSandbox().url


def test_a_reset_forgets_documents_faults_log_and_clock() -> None:
    sandbox = VismaSandbox()
    headers = bearer(sandbox)
    sandbox.generate("purchaseorder", Recipe(count=1))
    sandbox.fail("http_500", times=None)
    sandbox.clock.set_offset(timedelta(days=300))
    sandbox.reset()
    assert sandbox.documents("purchaseorder") == []
    assert len(sandbox.documents("branch")) == 1
    assert sandbox.requests() == []
    assert sandbox.app.test_client().get("/v1/branch", headers=headers).status_code == 401
    assert sandbox.app.test_client().get("/v1/branch", headers=bearer(sandbox)).status_code == 200


@pytest.mark.parametrize(
    ("fault", "options", "metadata"),
    [
        ("wrong_total", {"total": 1}, {"totalCount": 1, "maxPageSize": 1000}),
        ("wrong_total", {}, {"totalCount": 0, "maxPageSize": 1000}),
        ("missing_total", {}, {"maxPageSize": 1000}),
    ],
)
def test_the_total_of_a_list_is_wrong_or_missing_and_its_rows_are_right(
    fault: str, options: dict[str, int], metadata: dict[str, int]
) -> None:
    sandbox = VismaSandbox()
    sandbox.generate("purchaseorder", Recipe(count=3))
    client, headers = sandbox.app.test_client(), bearer(sandbox)
    sandbox.fail(fault, path_prefix="/v1/purchaseorder", times=2, **options)
    rows = client.get("/v1/purchaseorder", headers=headers).get_json()
    assert [(row["orderNbr"], row["metadata"]) for row in rows] == [
        (number, metadata) for number in ("500001", "500002", "500003")
    ]
    single = client.get("/v1/purchaseorder/500001", headers=headers)
    assert single.get_json()["orderNbr"] == "500001"


def test_a_refusal_says_what_it_is_told_to_and_a_lock_collision_what_the_base_product_says() -> None:
    sandbox = VismaSandbox()
    sandbox.fail("error", status=400, message="The tax zone is missing.")
    sandbox.fail("lock_collision")
    client = sandbox.app.test_client()
    answers = [client.get("/v1/branch") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 500]
    assert answers[0].get_json() == {"message": "The tax zone is missing."}
    assert "Another process has updated" in answers[1].get_json()["message"]
