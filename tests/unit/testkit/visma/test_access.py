"""Tokens, rate limits and the headers every answer of the sandbox Visma carries."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from testkit.sandboxes import CLIENT_ID, CLIENT_SECRET, SandboxCompany, VismaOptions, VismaSandbox, bearer

COMPANY = SandboxCompany()
FORM = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "tenant_id": COMPANY.tenant_id,
    "scope": "vismanet_erp_service_api:read",
}


def ask(sandbox: VismaSandbox, **changes: str | None) -> TestResponse:
    form = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    return sandbox.app.test_client().post("/connect/token", data=form)


def read(sandbox: VismaSandbox, headers: dict[str, str]) -> TestResponse:
    return sandbox.app.test_client().get("/v1/branch", headers=headers)


def test_a_token_says_how_long_it_lasts_and_opens_the_company() -> None:
    sandbox = VismaSandbox()
    answer = ask(sandbox).get_json()
    assert (answer["expires_in"], answer["token_type"], answer["scope"]) == (3600, "Bearer", FORM["scope"])
    headers = {"Authorization": f"Bearer {answer['access_token']}", "ipp-company-id": COMPANY.company_id}
    assert len(read(sandbox, headers).get_json()) == 1


def test_the_client_may_come_in_the_authorization_header() -> None:
    sandbox = VismaSandbox()
    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    form = {"grant_type": "client_credentials", "tenant_id": COMPANY.tenant_id}
    answer = sandbox.app.test_client().post("/connect/token", data=form, headers={"Authorization": f"Basic {basic}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "isv_other"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": None}, "invalid_client"),
        ({"tenant_id": None}, "invalid_request"),
        ({"tenant_id": "unknown"}, "unauthorized_client"),
        ({"scope": "vismanet_erp_service_api:everything"}, "invalid_scope"),
    ],
)
def test_a_wrong_token_request_is_a_400_with_the_oauth_error(changes: dict[str, str | None], error: str) -> None:
    answer = ask(VismaSandbox(), **changes)
    assert (answer.status_code, answer.get_json()) == (400, {"error": error})


def test_a_token_stops_working_when_it_expires_and_a_new_one_works() -> None:
    sandbox = VismaSandbox()
    sandbox.connect.lifetime = timedelta(minutes=5)
    headers = bearer(sandbox)
    assert read(sandbox, headers).status_code == 200
    sandbox.clock.advance(timedelta(minutes=5))
    assert read(sandbox, headers).status_code == 401
    assert read(sandbox, bearer(sandbox)).status_code == 200


def test_a_revoked_token_stops_working_before_it_expires() -> None:
    sandbox = VismaSandbox()
    headers = bearer(sandbox)
    sandbox.revoke_tokens()
    assert read(sandbox, headers).status_code == 401


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "Basic abc"])
def test_without_a_valid_token_nothing_is_read(authorization: str) -> None:
    assert read(VismaSandbox(), {"Authorization": authorization}).status_code == 401


def test_every_answer_says_what_is_left_of_the_hour() -> None:
    sandbox = VismaSandbox(options=VismaOptions(hourly_budget=3))
    sandbox.clock.freeze(datetime(2026, 9, 1, tzinfo=UTC))
    headers = bearer(sandbox)
    read(sandbox, headers)
    sandbox.clock.advance(timedelta(minutes=10))
    answer = read(sandbox, headers)
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Policy")
    assert [answer.headers[name] for name in names] == ["3", "1", "3000", "4-fixed-window"]


def test_a_used_up_hour_is_a_429_that_says_how_long_to_wait_and_ends_with_the_hour() -> None:
    sandbox = VismaSandbox(options=VismaOptions(hourly_budget=1))
    sandbox.connect.lifetime = timedelta(hours=3)
    sandbox.clock.freeze(datetime(2026, 9, 1, tzinfo=UTC))
    headers = bearer(sandbox)
    read(sandbox, headers)
    sandbox.clock.advance(timedelta(minutes=15))
    refused = read(sandbox, headers)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2700")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.get_json()["statusCode"] == 429
    sandbox.clock.advance(timedelta(minutes=45))
    assert read(sandbox, headers).status_code == 200


def test_the_budget_is_counted_for_each_company_alone() -> None:
    north, south = SandboxCompany("1", "tenant-1"), SandboxCompany("2", "tenant-2")
    sandbox = VismaSandbox(north, south, options=VismaOptions(hourly_budget=1))
    assert read(sandbox, bearer(sandbox, north)).status_code == 200
    assert read(sandbox, bearer(sandbox, south)).status_code == 200
    assert read(sandbox, bearer(sandbox, north)).status_code == 429


def test_every_answer_carries_the_clock_of_the_server_and_a_request_id() -> None:
    sandbox = VismaSandbox()
    sandbox.clock.freeze(datetime(2026, 9, 1, 6, 0, 30, tzinfo=UTC))
    first, second = (read(sandbox, bearer(sandbox)) for _ in range(2))
    assert first.headers.getlist("Date") == ["Tue, 01 Sep 2026 06:00:30 GMT"]
    assert first.headers["Ipp-Request-Id"] != second.headers["Ipp-Request-Id"]


def test_an_unknown_path_is_a_404_with_the_message_of_the_gateway() -> None:
    client = VismaSandbox().app.test_client()
    for path in ("/v1/salesorder", "/v9/branch", "/v1/purchaseorder/1/2"):
        answer = client.get(path)
        assert (answer.status_code, answer.get_json()["statusCode"]) == (404, 404), path
