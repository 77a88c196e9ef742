"""The clients against the sandboxes that imitate both vendors: their shapes and ours agree."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.clock import SystemClock
from connector.adapters.http import Http
from connector.adapters.orderful.client import OrderfulClient
from connector.adapters.visma.client import VismaClient
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.errors import AnswerTooLarge, Misconfigured
from connector.domain.transactions import OrderfulRequest, Stream
from connector.services.ports import Resource
from testkit.sandboxes import API_KEY, CLIENT_ID, CLIENT_SECRET, Recipe, running_orderful, running_visma
from testkit.scripted_server import Deadline


@pytest.fixture
def secrets(aws):
    manager = boto3.client("secretsmanager")
    pair = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    manager.create_secret(Name="visma", SecretString=json.dumps(pair))
    manager.create_secret(Name="orderful", SecretString=json.dumps({"api_key": API_KEY}))
    return SecretsManagerSecrets(SystemClock(), visma="visma", orderful="orderful")


@pytest.fixture
def real_http():
    one = Http(SystemClock())
    yield one
    one.close()


def test_all_pages_of_a_list_are_read_with_a_real_token(secrets, tokens_table, company, real_http):
    with running_visma() as sandbox:
        one = next(iter(sandbox.companies.values()))
        ours = replace(company, visma=replace(company.visma, company_id=one.company_id, tenant_id=one.tenant_id))
        sandbox.generate("purchaseorder", Recipe(count=7))
        tokens = VismaTokens(
            DynamoTokenStore("tokens"), secrets, f"{sandbox.url}/connect/token", clock=SystemClock(), http=real_http
        )
        client = VismaClient(ours, tokens, sandbox.url, http=real_http, deadline=Deadline())
        pages = [
            client.list_page(Resource.PURCHASE_ORDERS, since="2000-01-01", page=page, page_size=4, branch=None)
            for page in (1, 2, 3)
        ]
    assert [len(page.rows) for page in pages] == [4, 3, 0]
    assert len({row.number for page in pages for row in page.rows}) == pages[0].total == 7
    assert all(row.modified_at and row.document_type for page in pages for row in page.rows)


def test_the_organization_is_readable_with_our_key(secrets, real_http):
    with running_orderful() as sandbox:
        client = OrderfulClient(sandbox.url, secrets, http=real_http, clock=SystemClock(), deadline=Deadline())
        data, _ = client.get_json("v3/organizations/me")
    assert data


@pytest.fixture
def listed(secrets, real_http):
    """A sandbox Orderful with five transactions on pages of two, and our client."""
    with running_orderful(api_key=API_KEY, page_size=2) as sandbox:
        client = OrderfulClient(sandbox.url, secrets, http=real_http, clock=SystemClock(), deadline=Deadline())
        body = {
            "type": {"name": "850_PURCHASE_ORDER"},
            "stream": "TEST",
            "sender": {"isaId": "NORDICFOODT"},
            "receiver": {"isaId": "ACMEPRODUCET"},
            "message": {"transactionSets": [{}]},
        }
        for _ in range(5):
            client.create(OrderfulRequest("POST", "/v3/transactions", {}, body))
        yield sandbox, client


def ids(client) -> set[str]:
    since = datetime.now(UTC) - timedelta(hours=1)
    return {one.transaction_id for one in client.list_since(since, sender_ids=["NORDICFOODT"], stream=Stream.TEST)}


@pytest.mark.parametrize("fault", [None, "link_scheme", "link_object", "link_cursor"])
def test_a_list_is_read_to_its_end_whatever_form_its_links_have(listed, fault):
    sandbox, client = listed
    if fault:
        sandbox.fail(fault, method="GET", times=None)
    assert len(ids(client)) == 5


def test_a_list_that_lost_its_link_is_not_taken_for_a_short_one(listed):
    sandbox, client = listed
    sandbox.fail("link_lost", method="GET")
    with pytest.raises(Misconfigured, match="not read to its end"):
        ids(client)


def test_a_page_of_fifty_megabytes_is_not_loaded(listed):
    sandbox, client = listed
    sandbox.fail("oversized", method="GET")
    with pytest.raises(AnswerTooLarge) as caught:
        ids(client)
    assert caught.value.size > 50_000_000
