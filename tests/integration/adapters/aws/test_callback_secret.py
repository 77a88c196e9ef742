"""The secret of the callbacks, as the operator puts it into Secrets Manager."""

from __future__ import annotations

import json

import boto3
import pytest

from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.domain.errors import Misconfigured, Transient

NAME = "stack/callback"


@pytest.fixture
def manager(aws):
    return boto3.client("secretsmanager")


@pytest.fixture
def secrets(manager, clock):
    return SecretsManagerSecrets(clock, callback=NAME, client=manager)


def test_a_stack_begins_without_a_secret_and_admits_nobody(manager, secrets):
    manager.create_secret(Name=NAME, SecretString="{}")
    assert not secrets.callback_credentials().is_set
    assert not secrets.callback_credentials().admit({})


def test_a_new_secret_is_demanded_within_five_minutes(manager, secrets, clock):
    manager.create_secret(Name=NAME, SecretString="{}")
    assert not secrets.callback_credentials().is_set
    content = {"header": "x-secret", "secrets": ["one", "two"], "basic": ["orderful:three"]}
    manager.put_secret_value(SecretId=NAME, SecretString=json.dumps(content))
    clock.forward(minutes=5)
    assert not secrets.callback_credentials().admit({})
    assert secrets.callback_credentials().admit({"x-secret": ["two"]})


@pytest.mark.parametrize(
    "content", ["", "null", "[]", "hunter2", '{"header": "x", "secrets": "hunter2"}', '{"password": "hunter2"}']
)
def test_a_secret_of_another_shape_is_named_with_the_way_to_set_it_and_not_repeated(manager, secrets, content):
    manager.create_secret(Name=NAME, SecretString=content or " ")
    with pytest.raises(Misconfigured, match=NAME) as caught:
        secrets.callback_credentials()
    assert f"connector secrets set callback (secret {NAME}," in caught.value.next_step
    assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)


def test_without_the_secret_no_callback_is_admitted(manager, secrets):
    with pytest.raises(Misconfigured, match="cannot be read"):
        secrets.callback_credentials()


def test_while_secrets_manager_is_out_of_reach_no_callback_is_admitted(clock, manager):
    from botocore.exceptions import EndpointConnectionError

    class Silent:
        def get_secret_value(self, **_request):
            raise EndpointConnectionError(endpoint_url="https://x.invalid")

    with pytest.raises(Transient):
        SecretsManagerSecrets(clock, callback=NAME, client=Silent()).callback_credentials()
