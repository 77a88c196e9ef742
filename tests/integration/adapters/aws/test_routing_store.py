from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from connector.adapters.aws.routing_store import PART_BYTES, RoutingStore
from connector.domain.documents import Kind
from connector.domain.errors import Conflict, Misconfigured
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


class SetClock:
    def __init__(self):
        self.time = NOW

    def now(self):
        return self.time


class CountingClient:
    """Counts reads of the table."""

    def __init__(self, client):
        self._client = client
        self.reads = 0

    def get_item(self, **arguments):
        self.reads += 1
        return self._client.get_item(**arguments)

    def put_item(self, **arguments):
        return self._client.put_item(**arguments)


@pytest.fixture
def client():
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-north-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        client.create_table(
            TableName="routing",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def clock():
    return SetClock()


def store(client, clock):
    return RoutingStore("routing", clock, client=client)


def test_what_was_applied_is_loaded_by_another_worker(client, clock):
    version = store(client, clock).apply(routing_data(), NOW)
    found = store(client, clock).load()
    assert found.version == version
    assert found.data == routing_data()
    assert found.route("nordic", Kind.PURCHASE_ORDER, "50012").partner == "acme"


def test_before_the_first_routing_the_command_to_run_is_told(client, clock):
    with pytest.raises(Misconfigured, match=r"connector config apply connector\.yaml"):
        store(client, clock).load()


def test_a_missing_table_is_a_misconfiguration(client, clock):
    with pytest.raises(Misconfigured, match="routing table does not exist"):
        RoutingStore("elsewhere", clock, client=client).load()


def test_a_large_routing_is_split_into_parts_that_fit_into_items(client, clock):
    noise = random.Random(7)
    items = {f"{number}": {"partner_item": f"{noise.getrandbits(400):x}"} for number in range(12_000)}
    data = routing_data({"partners.acme.items": items})
    version = store(client, clock).apply(data, NOW)
    parts = client.query(
        TableName="routing",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"version#{version}"}},
        Select="ALL_ATTRIBUTES",
    )["Items"]
    assert len(parts) > 1
    assert all(len(part["body"]["B"]) <= PART_BYTES for part in parts)
    assert store(client, clock).load().data == data


def test_the_pointer_is_looked_at_once_a_minute_and_the_parts_only_when_it_moved(client, clock):
    store(client, clock).apply(routing_data(), NOW)
    counting = CountingClient(client)
    reader = store(counting, clock)
    first = reader.load()
    assert counting.reads == 2
    clock.time += timedelta(seconds=59)
    assert reader.load() is first
    assert counting.reads == 2
    clock.time += timedelta(seconds=1)
    assert reader.load() is first
    assert counting.reads == 3

    version = store(client, clock).apply(routing_data({"defaults.currency": "NOK"}), clock.time)
    assert reader.load() is first
    assert reader.load(fresh=True).version == version
    clock.time += timedelta(minutes=2)
    assert reader.load().version == version


def test_older_versions_stay_and_can_be_put_in_force_again(client, clock):
    writer = store(client, clock)
    first = writer.apply(routing_data(), NOW)
    second = writer.apply(routing_data({"defaults.currency": "NOK"}), NOW)
    assert first != second
    assert writer.apply(routing_data(), NOW) == first
    assert store(client, clock).load().version == first
    kept = {item["pk"]["S"] for item in client.scan(TableName="routing")["Items"]}
    assert kept == {"current", f"version#{first}", f"version#{second}"}


def test_of_two_people_who_decided_on_the_same_version_only_the_first_gets_through(client, clock):
    seen = store(client, clock).apply(routing_data(), NOW)
    winner = store(client, clock).apply(routing_data({"defaults.currency": "NOK"}), NOW, replacing=seen)
    with pytest.raises(Conflict, match="config diff"):
        store(client, clock).apply(routing_data({"defaults.currency": "SEK"}), NOW, replacing=seen)
    assert store(client, clock).load().version == winner


def test_a_version_whose_part_is_gone_is_never_used_half(client, clock):
    version = store(client, clock).apply(routing_data(), NOW)
    client.delete_item(TableName="routing", Key={"pk": {"S": f"version#{version}"}, "sk": {"S": "part#0"}})
    with pytest.raises(Misconfigured, match="part 0 is missing"):
        store(client, clock).load()
