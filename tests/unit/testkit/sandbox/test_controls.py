"""The control routes (`/_sandbox/...`) do over HTTP what the classes do in process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox, VismaSandbox, bearer

ROOT = Path(__file__).parents[4]


@pytest.fixture
def visma() -> VismaSandbox:
    return VismaSandbox()


@pytest.fixture
def orderful() -> OrderfulSandbox:
    return OrderfulSandbox(pace=AT_ONCE)


def call(sandbox: VismaSandbox | OrderfulSandbox, method: str, path: str, body: Any = None) -> Any:
    answer = sandbox.app.test_client().open(f"/_sandbox/{path}", method=method, json=body)
    assert answer.status_code < 300, answer.text
    return answer.get_json() if answer.data else None


def test_documents_are_created_edited_read_and_removed(visma: VismaSandbox) -> None:
    order = {"orderNbr": "1", "status": "Hold"}
    stored = call(visma, "POST", "documents", {"kind": "purchaseorder", "document": order})
    assert stored[0]["timeStamp"]
    edit = {"kind": "purchaseorder", "number": "1", "changes": {"status": "Open"}, "company": "1234567"}
    assert call(visma, "PATCH", "documents", edit)["timeStamp"] > stored[0]["timeStamp"]
    assert [one["status"] for one in call(visma, "GET", "documents?kind=purchaseorder")] == ["Open"]
    call(visma, "DELETE", "documents", {"kind": "purchaseorder", "number": "1"})
    assert call(visma, "GET", "documents?kind=purchaseorder") == []


def test_many_documents_are_created_in_one_call_or_generated(visma: VismaSandbox) -> None:
    several = [{"orderNbr": "1"}, {"orderNbr": "2"}]
    assert len(call(visma, "POST", "documents", {"kind": "purchaseorder", "documents": several})) == 2
    recipe = {"kind": "customerinvoice", "count": 500, "first_number": 100, "lines": 1, "parties": ["10045", "10046"]}
    assert call(visma, "POST", "generate", recipe) == {"count": 500, "first": ["100"], "last": ["599"]}
    customers = [one["customer"]["number"] for one in visma.documents("customerinvoice")[:3]]
    assert customers == ["10045", "10046", "10045"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "documents", {"kind": "salesorder", "document": {}}),
        ("PATCH", "documents", {"kind": "purchaseorder", "number": "404"}),
        ("POST", "generate", {"kind": "supplier", "count": 1}),
        ("POST", "generate", {"kind": "purchaseorder"}),
        ("POST", "faults", {"fault": "http_418"}),
        ("PUT", "fault-rates", {"rates": {"http_418": 1}}),
        ("PUT", "clock", {"freeze": "2026-09-01T00:00:00"}),
        ("PUT", "options", {"colour": "red"}),
        ("PUT", "companies", [{"colour": "red"}]),
    ],
)
def test_a_wrong_control_request_is_refused_in_words(visma: VismaSandbox, method: str, path: str, body: Any) -> None:
    answer = visma.app.test_client().open(f"/_sandbox/{path}", method=method, json=body)
    assert answer.status_code == 400
    assert answer.get_json()["message"].endswith(".")


def test_faults_are_planned_listed_and_cleared(visma: VismaSandbox) -> None:
    rule = {"fault": "http_502_html", "match": {"method": "GET", "path_prefix": "/v1", "nth": 2}, "times": 3}
    call(visma, "POST", "faults", {**rule, "fields": ["supplier"]})
    assert [(one["nth"], one["times"], one["used"]) for one in call(visma, "GET", "faults")] == [(2, 3, 0)]
    client, headers = visma.app.test_client(), bearer(visma)
    assert [client.get("/v1/branch", headers=headers).status_code for _ in range(2)] == [200, 502]
    call(visma, "DELETE", "faults")
    assert client.get("/v1/branch", headers=headers).status_code == 200
    call(visma, "PUT", "fault-rates", {"rates": {"http_503": 1.0}, "seed": 3})
    assert client.get("/v1/branch", headers=headers).status_code == 503


def test_the_log_is_read_with_its_counts_and_cleared(visma: VismaSandbox) -> None:
    client, headers = visma.app.test_client(), bearer(visma)
    for _ in range(2):
        client.get("/v1/branch", headers=headers)
    log = call(visma, "GET", "requests?method=GET&path_prefix=/v1")
    assert (log["total"], log["counts"], len(log["requests"])) == (2, {"GET /v1/branch": 2}, 2)
    call(visma, "DELETE", "requests")
    assert call(visma, "GET", "requests")["total"] == 0


def test_clock_tokens_options_companies_and_clients_are_set(visma: VismaSandbox) -> None:
    assert call(visma, "PUT", "clock", {"freeze": "2026-09-01T00:00:00+00:00"})["now"] == "2026-09-01T00:00:00+00:00"
    assert call(visma, "PUT", "clock", {"advance_seconds": 60})["now"] == "2026-09-01T00:01:00+00:00"
    call(visma, "PUT", "clock", {"offset_seconds": 3600})
    call(visma, "PUT", "clock", {})
    headers = bearer(visma)
    call(visma, "POST", "tokens/revoke")
    assert visma.app.test_client().get("/v1/branch", headers=headers).status_code == 401
    call(visma, "PUT", "tokens/lifetime", {"seconds": 7})
    call(visma, "PUT", "options", {"zone": "UTC", "max_page_size": 2, "refuses_update": ["Open"]})
    assert (visma.options.zone, visma.options.refuses_update) == ("UTC", frozenset({"Open"}))
    call(visma, "PUT", "clients", {"isv_demo": "hidden"})
    call(visma, "PUT", "companies", [{"company_id": "77", "tenant_id": "t-77", "name": "Sea", "branches": ["5"]}])
    answer = visma.app.test_client().get("/v1/branch", headers=bearer(visma))
    assert [branch["number"] for branch in answer.get_json()] == ["5"]
    call(visma, "POST", "reset")
    assert visma.requests() == []


def test_the_network_the_pace_and_the_limits_of_orderful_are_set(orderful: OrderfulSandbox) -> None:
    call(orderful, "POST", "accounts", {"live": "NORDICSEA"})
    call(orderful, "POST", "partners", {"live": "FJORDFISH", "name": "Fjord Fish", "status": "TEST"})
    terms = {"sender": "NORDICSEA", "receiver": "FJORDFISHT", "transaction_type": "850_PURCHASE_ORDER"}
    shown = call(orderful, "PUT", "relationships", {**terms, "acknowledgment": "REJECTED", "status": "TEST"})
    assert (shown["status"], shown["receiver"]["testIsaId"]) == ("TEST", "FJORDFISHT")
    call(orderful, "PUT", "pace", {"validation": None, "list_lag": 5})
    assert (orderful.pace.validation, orderful.pace.list_lag.total_seconds()) == (None, 5)
    call(orderful, "PUT", "limits", {"GET /v3/transactions": 0})
    headers = {"orderful-api-key": API_KEY}
    assert orderful.app.test_client().get("/v3/transactions", headers=headers).status_code == 429
    with pytest.raises(ValueError, match="no delay"):
        orderful.set_pace(lunch=None)


def test_the_transactions_held_are_shown_with_what_was_posted_and_moved_by_command(orderful: OrderfulSandbox) -> None:
    body = {
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": "TEST",
        "sender": {"isaId": "NORDICFOODT"},
        "receiver": {"isaId": "ACMEPRODUCET"},
        "message": {"transactionSets": [{"beginningSegmentForPurchaseOrder": [{"purchaseOrderNumber": "PO-1"}]}]},
    }
    headers = {"orderful-api-key": API_KEY}
    orderful.app.test_client().post("/v3/transactions", json=body, headers=headers)
    held = call(orderful, "GET", "transactions?business_number=PO-1")
    assert [one["request"] for one in held] == [body]
    assert call(orderful, "GET", "transactions?business_number=PO-2") == []
    errors = [{"path": "/", "code": "1", "message": "no"}]
    command = {"validation": "VALID", "delivery": "DELIVERED", "acknowledgment": "REJECTED", "errors": errors}
    call(orderful, "POST", f"transactions/{held[0]['id']}/advance", command)
    assert call(orderful, "GET", "transactions")[0]["acknowledgmentStatus"] == "REJECTED"


def test_the_control_routes_ask_for_their_token_where_one_is_set() -> None:
    sandbox = VismaSandbox(control_token="open-sesame")
    client = sandbox.app.test_client()
    assert client.get("/_sandbox/health").status_code == 401
    assert client.get("/_sandbox/health", headers={"X-Sandbox-Token": "open-sesame"}).status_code == 200
    assert client.get("/v1/branch", headers=bearer(sandbox)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.evil.example:8081"},
    ],
)
def test_a_web_page_controls_no_sandbox(headers: dict[str, str]) -> None:
    sandbox = VismaSandbox()
    client = sandbox.app.test_client()
    assert client.post("/_sandbox/reset", data="{}", headers=headers).status_code == 403
    assert client.get("/_sandbox/requests", headers=headers).status_code == 403
    assert client.post("/_sandbox/reset").status_code == 204


@pytest.mark.parametrize("which", ["visma", "orderful"])
def test_a_sandbox_is_served_from_the_command_line_and_ends_when_told(which: str) -> None:
    command = [sys.executable, "-m", "testkit.sandbox.serve", which, "--control-token", "t"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        health = requests.get(f"{url}/_sandbox/health", headers={"X-Sandbox-Token": "t"}, timeout=5).json()
        process.terminate()
        assert (health["sandbox"], process.wait(timeout=10)) == (which, 0)
