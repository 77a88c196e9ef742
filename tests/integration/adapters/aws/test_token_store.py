"""The shared access tokens over DynamoDB: one lock, one token, and nothing of an older one that overwrites a newer."""

from __future__ import annotations

import pytest

from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.ports import AccessToken
from connector.domain.errors import Misconfigured, Transient

NOW = 1_790_000_000
OLD = AccessToken("token-1", "tenant-a", fresh_until=NOW + 3540, expires_at=NOW + 3600)
NEW = AccessToken("token-2", "tenant-a", fresh_until=NOW + 7140, expires_at=NOW + 7200)


@pytest.fixture
def store(tokens_table):
    return DynamoTokenStore("tokens", tokens_table)


def test_a_stored_token_comes_back_and_gives_the_lock_back(store):
    assert store.read("nordic") is None
    assert store.claim("nordic", seen=None, now=NOW, until=NOW + 30)
    store.store("nordic", OLD)
    assert store.read("nordic") == OLD
    assert store.read("other") is None
    assert store.claim("nordic", seen="token-1", now=NOW, until=NOW + 30)


def test_a_held_lock_is_free_once_it_is_released_or_runs_out(store):
    assert store.claim("nordic", seen=None, now=NOW, until=NOW + 30)
    assert not store.claim("nordic", seen=None, now=NOW + 29, until=NOW + 59)
    store.release("nordic")
    assert store.claim("nordic", seen=None, now=NOW + 29, until=NOW + 59)
    assert store.claim("nordic", seen=None, now=NOW + 60, until=NOW + 90)


def test_nobody_locks_on_a_token_that_was_replaced_meanwhile(store):
    store.store("nordic", NEW)
    assert not store.claim("nordic", seen="token-1", now=NOW, until=NOW + 30)
    assert not store.claim("nordic", seen=None, now=NOW, until=NOW + 30)


def test_only_the_named_token_is_dropped(store):
    store.store("nordic", NEW)
    store.drop("nordic", "token-1")
    assert store.read("nordic") == NEW
    store.drop("nordic", "token-2")
    assert store.read("nordic") is None


def test_a_damaged_item_and_a_missing_table_are_errors_of_the_connector(store, tokens_table):
    tokens_table.put_item(TableName="tokens", Item={"pk": {"S": "nordic"}, "token": {"S": "token-1"}})
    with pytest.raises(Transient, match="'nordic' cannot be read"):
        store.read("nordic")
    with pytest.raises(Misconfigured, match="does not exist"):
        DynamoTokenStore("elsewhere", tokens_table).read("nordic")


def test_the_value_of_a_token_is_in_no_representation():
    assert "token-1" not in repr(OLD)
