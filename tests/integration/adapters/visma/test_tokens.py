"""Tokens of Visma Connect, shared through DynamoDB (moto) and asked for over a real socket."""

# ruff: noqa: PLR0917 - pytest passes fixtures by name
from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.http import Http
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.errors import Misconfigured, Throttled, Transient
from testkit.scripted_server import CLIENT_SECRET, Clock, Deadline, answer, html, silence

LONG = Deadline(300)


def minted(token="token-1", expires_in=3600):  # noqa: S107 - an invented one
    return answer(json_body={"access_token": token, "expires_in": expires_in, "token_type": "Bearer"})


class Table:
    """DynamoDB as one sees it from many Lambdas: one write to an item at a time, and broken when told."""

    def __init__(self, client) -> None:
        self.client = client
        self.lock = threading.Lock()
        self.stored = threading.Event()
        self.broken = False
        self.writes_broken = False
        self.asked = 0

    def get_item(self, **request):
        return self._do(self.client.get_item, request, broken=self.broken)

    def update_item(self, **request):
        result = self._do(self.client.update_item, request, broken=self.broken or self.writes_broken)
        if ":token" in request.get("ExpressionAttributeValues", {}) and "SET" in request["UpdateExpression"]:
            self.stored.set()
        return result

    def _do(self, call, request, *, broken):
        with self.lock:
            self.asked += 1
            if broken:
                raise EndpointConnectionError(endpoint_url="https://dynamodb.invalid")
            return call(**request)


@pytest.fixture
def table(tokens_table):
    return Table(tokens_table)


@pytest.fixture
def secrets(aws, clock):
    boto3.client("secretsmanager").create_secret(
        Name="visma", SecretString=json.dumps({"client_id": "isv_connector", "client_secret": CLIENT_SECRET})
    )
    return SecretsManagerSecrets(clock, visma="visma")


@pytest.fixture
def a_lambda(table, secrets, server, clock, http, pauses):
    """Makes what one more Lambda would have: an empty memory before the same table."""

    def make(**more) -> VismaTokens:
        given = {"store": DynamoTokenStore("tokens", table), "pause": pauses.append, **more}
        return VismaTokens(
            credentials=secrets, token_url=f"{server.url}/connect/token", clock=clock, http=http, **given
        )

    return make


def the_item(table) -> dict:
    return table.client.get_item(TableName="tokens", Key={"pk": {"S": "nordic"}}).get("Item", {})


def lock_of_another(table, clock, seconds: int = 30) -> None:
    table.client.update_item(
        TableName="tokens",
        Key={"pk": {"S": "nordic"}},
        UpdateExpression="SET refresh_until = :until",
        ExpressionAttributeValues={":until": {"N": str(int(clock.now().timestamp()) + seconds)}},
    )


def test_the_request_is_the_form_that_visma_connect_documents(a_lambda, server, company):
    server.play(minted())
    assert a_lambda().token(company, LONG) == "token-1"
    (request,) = server.seen
    assert (request.method, request.path) == ("POST", "/connect/token")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["isv_connector"],
        "client_secret": [CLIENT_SECRET],
        "tenant_id": ["tenant-a"],
        "scope": ["vismanet_erp_service_api:read vismanet_erp_service_api:update"],
    }


def test_a_token_is_kept_in_memory_and_shared_through_the_table(a_lambda, server, table, company):
    server.play(minted())
    first = a_lambda()
    first.token(company, LONG)
    asked = table.asked
    assert first.token(company, LONG) == "token-1"
    assert table.asked == asked
    assert a_lambda().token(company, LONG) == "token-1"
    assert len(server.seen) == 1


def test_the_stored_item_carries_its_end_and_no_lock(a_lambda, server, table, clock, company):
    server.play(minted())
    a_lambda().token(company, LONG)
    item = the_item(table)
    end = int(clock.now().timestamp()) + 3600
    assert (int(item["expires_at"]["N"]), int(item["ttl"]["N"])) == (end, end)
    assert "refresh_until" not in item


def test_a_token_is_renewed_a_minute_before_its_end(a_lambda, server, clock, company):
    server.play(minted(), minted("token-2"))
    tokens = a_lambda()
    tokens.token(company, LONG)
    clock.forward(seconds=3539)
    assert tokens.token(company, LONG) == "token-1"
    clock.forward(seconds=1)
    assert tokens.token(company, LONG) == "token-2"
    assert a_lambda().token(company, LONG) == "token-2"


def test_a_short_lived_token_is_used_for_half_its_life(a_lambda, server, clock, company):
    server.play(minted(expires_in=40), minted("token-2"))
    tokens = a_lambda()
    tokens.token(company, LONG)
    clock.forward(seconds=19)
    assert tokens.token(company, LONG) == "token-1"
    clock.forward(seconds=1)
    assert tokens.token(company, LONG) == "token-2"


@pytest.mark.parametrize("expires_in", [None, "soon", -5, True, "3600"])
def test_an_odd_expires_in_does_not_stop_anything(a_lambda, server, company, expires_in):
    server.play(minted(expires_in=expires_in))
    tokens = a_lambda()
    assert tokens.token(company, LONG) == tokens.token(company, LONG) == "token-1"
    assert len(server.seen) == 1


def test_an_expired_item_that_dynamodb_has_not_deleted_yet_is_not_used(a_lambda, server, clock, company):
    server.play(minted(), minted("token-2"))
    a_lambda().token(company, LONG)
    clock.forward(hours=2)
    assert a_lambda().token(company, LONG) == "token-2"


def test_a_corrected_tenant_id_gets_a_token_of_its_own(a_lambda, server, company):
    server.play(minted(), minted("token-2"))
    tokens = a_lambda()
    tokens.token(company, LONG)
    corrected = replace(company, visma=replace(company.visma, tenant_id="tenant-b"))
    assert tokens.token(corrected, LONG) == "token-2"
    assert a_lambda().token(corrected, LONG) == "token-2"
    assert [parse_qs(seen.body.decode())["tenant_id"] for seen in server.seen] == [["tenant-a"], ["tenant-b"]]


def test_companies_do_not_share_tokens(a_lambda, server, company):
    server.play(minted(), minted("token-2"))
    tokens = a_lambda()
    assert tokens.token(company, LONG) == "token-1"
    assert tokens.token(replace(company, name="baltic"), LONG) == "token-2"


def test_twenty_lambdas_without_a_token_ask_for_exactly_one(table, secrets, server, company):
    server.play(minted())
    start = threading.Barrier(20)

    def one_lambda(_) -> str:
        clock = Clock()
        http = Http(clock)
        # Waiting means here: until somebody has stored a token.
        tokens = VismaTokens(
            DynamoTokenStore("tokens", table),
            secrets,
            f"{server.url}/connect/token",
            clock=clock,
            http=http,
            pause=lambda _: table.stored.wait(120),
        )
        start.wait(120)
        try:
            return tokens.token(company, LONG)
        finally:
            http.close()

    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(one_lambda, range(20)))
    assert got == ["token-1"] * 20
    assert len(server.seen) == 1


def test_while_another_lambda_refreshes_the_old_token_is_used_as_long_as_it_lasts(
    a_lambda, server, table, clock, pauses, company
):
    server.play(minted(), minted("token-2"))
    a_lambda().token(company, LONG)
    clock.forward(seconds=3550)
    lock_of_another(table, clock)
    assert a_lambda().token(company, LONG) == "token-1"
    assert (len(server.seen), pauses) == (1, [])


def test_a_lambda_without_a_token_waits_for_the_one_that_another_is_fetching(a_lambda, server, table, clock, company):
    server.play(minted("token-of-mine"))
    lock_of_another(table, clock)
    waited = []

    def meanwhile(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            end = str(int(clock.now().timestamp()) + 3600)
            table.client.put_item(
                TableName="tokens",
                Item={
                    "pk": {"S": "nordic"},
                    "token": {"S": "token-of-another"},
                    "tenant": {"S": "tenant-a"},
                    "fresh_until": {"N": end},
                    "expires_at": {"N": end},
                },
            )

    assert a_lambda(pause=meanwhile).token(company, LONG) == "token-of-another"
    assert server.seen == []


def test_a_refresher_that_never_finishes_is_not_waited_for_long(a_lambda, server, table, clock, pauses, company):
    server.play(minted())
    lock_of_another(table, clock)
    assert a_lambda().token(company, LONG) == "token-1"
    assert 0 < sum(pauses) < 10


def test_waiting_stops_early_enough_to_ask_within_the_deadline(a_lambda, server, table, clock, pauses, company):
    server.play(minted())
    lock_of_another(table, clock)
    assert a_lambda().token(company, Deadline(10.3)) == "token-1"
    assert pauses == [0.25]


def test_a_lock_that_has_run_out_is_taken_over(a_lambda, server, table, clock, pauses, company):
    server.play(minted())
    lock_of_another(table, clock, seconds=-1)
    assert a_lambda().token(company, LONG) == "token-1"
    assert pauses == []
    assert the_item(table)["token"]["S"] == "token-1"


def test_without_the_table_tokens_are_asked_for_directly(a_lambda, server, table, company):
    server.play(minted())
    table.broken = True
    tokens = a_lambda()
    assert tokens.token(company, LONG) == tokens.token(company, LONG) == "token-1"
    assert len(server.seen) == 1


def test_a_table_that_cannot_be_written_stops_nothing(a_lambda, server, table, company):
    server.play(minted())
    table.writes_broken = True
    assert a_lambda().token(company, LONG) == "token-1"


def test_a_missing_table_stops_nothing(a_lambda, server, aws, company):
    server.play(minted())
    with pytest.raises(ClientError):
        boto3.client("dynamodb").get_item(TableName="elsewhere", Key={"pk": {"S": "nordic"}})
    tokens = a_lambda(store=DynamoTokenStore("elsewhere"))
    assert tokens.token(company, LONG) == "token-1"


def test_a_dropped_token_is_gone_from_both_tiers(a_lambda, server, table, company):
    server.play(minted(), minted("token-2"))
    tokens = a_lambda()
    tokens.drop(company, tokens.token(company, LONG))
    assert "token" not in the_item(table)
    assert a_lambda().token(company, LONG) == "token-2"
    assert tokens.token(company, LONG) == "token-2"


def test_dropping_an_old_token_leaves_a_newer_one_alone(a_lambda, server, table, clock, company):
    server.play(minted(), minted("token-2"))
    late = a_lambda()
    late.token(company, LONG)
    clock.forward(seconds=3550)
    a_lambda().token(company, LONG)
    late.drop(company, "token-1")
    assert the_item(table)["token"]["S"] == "token-2"
    assert late.token(company, LONG) == "token-2"
    assert len(server.seen) == 2


def test_a_dropped_token_is_not_taken_back_from_a_table_that_could_not_be_written(a_lambda, server, table, company):
    server.play(minted(), minted("token-2"))
    tokens = a_lambda()
    tokens.token(company, LONG)
    table.writes_broken = True
    tokens.drop(company, "token-1")
    assert tokens.token(company, LONG) == "token-2"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("invalid_client", "connector secrets set visma (secret visma,"),
        ("invalid_scope", "Developer Portal"),
        ("unauthorized_client", "App Store"),
    ],
)
@pytest.mark.parametrize("status", [400, 401])
def test_refused_credentials_are_a_misconfiguration_with_a_next_step(
    a_lambda, server, table, company, status, error, hint
):
    server.play(answer(status, json_body={"error": error, "error_description": f"no {CLIENT_SECRET}"}))
    with pytest.raises(Misconfigured) as caught:
        a_lambda().token(company, LONG)
    assert hint in caught.value.next_step
    assert "nordic" in caught.value.sentence
    assert CLIENT_SECRET not in repr(caught.value) + str(caught.value)
    assert len(server.seen) == 1
    assert "refresh_until" not in the_item(table)


def test_after_a_refusal_the_secret_is_read_anew(a_lambda, server, company):
    server.play(answer(400, json_body={"error": "invalid_client"}), minted())
    tokens = a_lambda()
    with pytest.raises(Misconfigured):
        tokens.token(company, LONG)
    boto3.client("secretsmanager").put_secret_value(
        SecretId="visma", SecretString=json.dumps({"client_id": "isv_connector", "client_secret": "corrected"})
    )
    tokens.token(company, LONG)
    assert parse_qs(server.seen[-1].body.decode())["client_secret"] == ["corrected"]


@pytest.mark.parametrize(
    "step",
    [
        html(502),
        answer(500, json_body={"error": "server_error"}),
        html(200),
        answer(200),
        answer(json_body={"scope": "x"}),
    ],
    ids=["html 502", "500", "html 200", "empty", "no token"],
)
def test_an_unusable_answer_is_transient_and_gives_the_lock_back(a_lambda, server, table, company, step):
    server.play(step)
    with pytest.raises(Transient):
        a_lambda().token(company, LONG)
    assert "refresh_until" not in the_item(table)


def test_too_many_token_requests_are_throttled_with_their_own_word(a_lambda, server, company):
    server.play(answer(429, headers={"Retry-After": "120"}))
    with pytest.raises(Throttled) as caught:
        a_lambda().token(company, LONG)
    assert caught.value.retry_after.total_seconds() == 120


def test_no_answer_is_transient(a_lambda, server, company):
    server.play(silence())
    with pytest.raises(Transient):
        a_lambda().token(company, Deadline(2.2))


def test_while_visma_connect_is_down_the_old_token_is_used_to_its_end(a_lambda, server, clock, company):
    server.play(minted(), html(503))
    a_lambda().token(company, LONG)
    clock.forward(seconds=3550)
    assert a_lambda().token(company, LONG) == "token-1"
    clock.forward(seconds=46)
    with pytest.raises(Transient):
        a_lambda().token(company, LONG)


def test_a_refusal_is_reported_at_once_although_the_old_token_would_last_a_little(a_lambda, server, clock, company):
    server.play(minted(), answer(400, json_body={"error": "unauthorized_client"}))
    a_lambda().token(company, LONG)
    clock.forward(seconds=3550)
    with pytest.raises(Misconfigured):
        a_lambda().token(company, LONG)


def test_the_object_shows_no_token_when_printed(a_lambda, server, company):
    server.play(minted())
    tokens = a_lambda()
    tokens.token(company, LONG)
    assert "token-1" not in repr(vars(tokens))
