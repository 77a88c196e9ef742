"""How many look-ups callbacks may cause, counted in the ledger's table."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest

from connector.adapters.aws.hint_budget import DynamoHintBudget
from connector.domain.errors import Transient
from testkit.aws import Calls, make_table

A_MINUTE = 3


@pytest.fixture
def client(aws):
    make_table("documents")
    return boto3.client("dynamodb")


def a_budget(client):
    return DynamoHintBudget("documents", A_MINUTE, client)


def test_a_minute_has_so_many_calls_for_all_workers_together(client, clock):
    workers = [a_budget(client) for _ in range(2)]
    now = clock.now().replace(second=20, microsecond=0)
    granted = [workers[number % 2].take(now, recorded=False) for number in range(A_MINUTE)]
    assert granted == [None] * A_MINUTE
    assert [worker.take(now, recorded=False) for worker in workers] == [timedelta(seconds=40)] * 2
    assert [worker.take(now + timedelta(seconds=40), recorded=False) for worker in workers] == [None] * 2


def test_unknown_transactions_do_not_use_the_budget_of_recorded_ones(client, clock):
    budget, now = a_budget(client), clock.now()
    while budget.take(now, recorded=False) is None:
        pass
    assert budget.take(now, recorded=True) is None


def test_a_flood_is_refused_without_asking_the_table(client, clock):
    budget, calls = a_budget(client), Calls(client)
    now = clock.now().replace(second=0, microsecond=0)
    refused = [budget.take(now, recorded=False) for _ in range(10_000)].count(timedelta(minutes=1))
    assert refused == 10_000 - A_MINUTE
    assert sum(calls.made.values()) == 2 * A_MINUTE + 1


def test_a_call_that_two_workers_take_at_once_is_granted_once(client, clock):
    """The other one writes between reading and writing, each time."""
    now = clock.now()

    class Overtaken:
        def get_item(self, **request):
            answer = client.get_item(**request)
            other.take(now, recorded=False)
            return answer

        def put_item(self, **request):
            return client.put_item(**request)

        exceptions = client.exceptions

    other = a_budget(client)
    assert a_budget(Overtaken()).take(now, recorded=False) is not None
    assert other.take(now, recorded=False) is None
    assert other.take(now, recorded=False) is not None


def test_a_table_out_of_reach_grants_nothing(clock):
    from botocore.exceptions import EndpointConnectionError

    class Silent:
        def get_item(self, **_request):
            raise EndpointConnectionError(endpoint_url="https://x.invalid")

    with pytest.raises(Transient):
        a_budget(Silent()).take(clock.now(), recorded=False)
