"""Credentials from Secrets Manager."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.domain.errors import Misconfigured, Transient
from testkit.scripted_server import API_KEY, CLIENT_SECRET


class Counting:
    """Secrets Manager, counting what it is asked; it can be told to fail."""

    def __init__(self, client) -> None:
        self.client = client
        self.asked = 0
        self.failing: Exception | None = None

    def get_secret_value(self, **request):
        self.asked += 1
        if self.failing:
            raise self.failing
        return self.client.get_secret_value(**request)


@pytest.fixture
def manager(aws):
    return Counting(boto3.client("secretsmanager"))


@pytest.fixture
def secrets(manager, clock):
    return SecretsManagerSecrets(clock, visma="stack/visma", orderful="stack/orderful", client=manager)


def put(manager, name: str, content) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    manager.client.create_secret(Name=name, SecretString=text)


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetSecretValue")


def test_one_pair_at_the_top_serves_every_company(manager, secrets):
    put(manager, "stack/visma", {"client_id": "isv_one", "client_secret": f"{CLIENT_SECRET}\n"})
    assert secrets.visma_credentials("nordic") == ("isv_one", CLIENT_SECRET)


def test_a_company_with_its_own_pair_gets_that_and_others_the_one_at_the_top(manager, secrets):
    own = {"client_id": "isv_own", "client_secret": "own"}
    put(manager, "stack/visma", {"client_id": "isv_top", "client_secret": "top", "companies": {"nordic": own}})
    assert secrets.visma_credentials("nordic") == ("isv_own", "own")
    assert secrets.visma_credentials("baltic") == ("isv_top", "top")


def test_the_orderful_key_is_read_from_its_own_secret(manager, secrets):
    put(manager, "stack/orderful", {"api_key": API_KEY})
    assert secrets.orderful_api_key() == API_KEY


def test_a_secret_is_read_once_in_five_minutes(manager, secrets, clock):
    put(manager, "stack/orderful", {"api_key": API_KEY})
    secrets.orderful_api_key()
    clock.forward(seconds=299)
    secrets.orderful_api_key()
    assert manager.asked == 1
    clock.forward(seconds=1)
    secrets.orderful_api_key()
    assert manager.asked == 2


def test_a_forgotten_secret_is_read_anew(manager, secrets):
    put(manager, "stack/orderful", {"api_key": "old"})
    secrets.orderful_api_key()
    manager.client.put_secret_value(SecretId="stack/orderful", SecretString=json.dumps({"api_key": API_KEY}))
    secrets.forget()
    assert secrets.orderful_api_key() == API_KEY


@pytest.mark.parametrize(
    "content", ["", "no json", "[]", {"client_id": "isv"}, {"client_id": "isv", "client_secret": " "}]
)
def test_a_secret_without_the_keys_names_itself_and_the_command_to_set_it(manager, secrets, content):
    if content:
        put(manager, "stack/visma", content)
    with pytest.raises(Misconfigured) as caught:
        secrets.visma_credentials("nordic")
    assert "stack/visma" in caught.value.sentence
    assert "connector secrets set visma (secret stack/visma," in caught.value.next_step


def test_a_broken_secret_is_not_repeated_in_the_error(manager, secrets):
    put(manager, "stack/orderful", f'{{"api_key": "{API_KEY}"')
    with pytest.raises(Misconfigured) as caught:
        secrets.orderful_api_key()
    assert API_KEY not in str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)


def test_the_object_shows_no_value_when_printed(manager, secrets):
    put(manager, "stack/orderful", {"api_key": API_KEY})
    secrets.orderful_api_key()
    assert API_KEY not in repr(secrets) + repr(vars(secrets))


def test_refused_access_is_a_misconfiguration(manager, secrets):
    manager.failing = refused("AccessDeniedException")
    with pytest.raises(Misconfigured, match="AccessDeniedException") as caught:
        secrets.orderful_api_key()
    assert "secretsmanager:GetSecretValue" in caught.value.next_step
    assert "secrets set" not in caught.value.next_step


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("Anything", 503),
        EndpointConnectionError(endpoint_url="https://x.invalid"),
    ],
)
def test_a_busy_secrets_manager_is_transient_and_an_earlier_value_is_used_on(manager, secrets, clock, error):
    put(manager, "stack/orderful", {"api_key": API_KEY})
    manager.failing = error
    with pytest.raises(Transient):
        secrets.orderful_api_key()
    manager.failing = None
    secrets.orderful_api_key()
    clock.forward(seconds=301)
    manager.failing = error
    assert secrets.orderful_api_key() == API_KEY


def test_a_function_that_was_not_told_its_secret_says_so(clock):
    with pytest.raises(Misconfigured, match="not told"):
        SecretsManagerSecrets(clock).orderful_api_key()
