"""Fixtures of the adapters' tests: scripted servers on real sockets, a clock that moves when told, AWS in memory."""

from __future__ import annotations

import logging
import socket
from datetime import timedelta

import boto3
import pytest

from connector.adapters.http import Http
from connector.domain.routing.route import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from testkit.aws import aws_in_memory
from testkit.scripted_server import API_KEY, SECRETS, Clock, Server


class OrderfulSecrets:
    """The key, and how often it was forgotten."""

    forgotten = 0

    def orderful_api_key(self) -> str:
        return API_KEY

    def orderful_next_step(self) -> str:
        return "Set it: connector secrets set orderful"

    def forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
def orderful_secrets() -> OrderfulSecrets:
    return OrderfulSecrets()


class NumberedTokens:
    """Gives token-1, then token-2 ..., a new one after each drop."""

    def __init__(self) -> None:
        self.number = 1
        self.dropped: list[str] = []

    def token(self, company, deadline) -> str:
        return f"token-{self.number}"

    def drop(self, company, token) -> None:
        self.dropped.append(token)
        self.number += 1


@pytest.fixture
def tokens() -> NumberedTokens:
    return NumberedTokens()


@pytest.fixture
def server():
    one = Server()
    yield one
    one.stop()


@pytest.fixture
def second_server():
    one = Server()
    yield one
    one.stop()


@pytest.fixture
def refused_url() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pauses() -> list[float]:
    """The waits that were asked for; none is really waited."""
    return []


@pytest.fixture
def http(clock, pauses):
    one = Http(clock, pause=pauses.append)
    yield one
    one.close()


@pytest.fixture
def company() -> Company:
    tenant = VismaTenant(
        company_id="1234567",
        tenant_id="tenant-a",
        time_zone="Europe/Oslo",
        branch=None,
        overlap=timedelta(minutes=15),
        settle=timedelta(minutes=2),
        settle_cap=timedelta(minutes=30),
        page_size=200,
    )
    return Company("nordic", tenant, IsaId("NORDIC", "NORDICT"), Identity())


@pytest.fixture
def aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        yield


@pytest.fixture
def tokens_table(aws):
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="tokens",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


@pytest.fixture(autouse=True)
def no_secret_in_logs(caplog):
    """Whatever a test does, down to urllib3's and botocore's debug level: no credential stands in any log line."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("setup") + caplog.get_records("call"):
        if record.name.startswith(("botocore", "moto")):
            continue
        line = record.getMessage() + repr(record.args) + str(record.exc_text or "")
        assert not any(secret in line for secret in (*SECRETS, "Bearer ", "token-"))
