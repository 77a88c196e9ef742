from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from connector.adapters.aws.routing_store import PART_BYTES, Difference, RoutingStore
from connector.domain.documents import Kind
from connector.domain.errors import Conflict, Misconfigured
from testkit.aws import aws_in_memory, make_table
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

    def __getattr__(self, name):
        return getattr(self._client, name)


@pytest.fixture
def client(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_table("routing")
        yield boto3.client("dynamodb")


@pytest.fixture
def clock():
    return SetClock()


def store(client, clock):
    return RoutingStore("routing", clock, client=client)


def test_what_was_applied_is_loaded_by_another_worker(client, clock):
    version = store(client, clock).apply(routing_data(), NOW).version
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
    version = store(client, clock).apply(data, NOW).version
    parts = client.query(
        TableName="routing",
        KeyConditionExpression="pk = :pk AND begins_with(sk, :part)",
        ExpressionAttributeValues={":pk": {"S": f"version#{version}"}, ":part": {"S": "part#"}},
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

    version = store(client, clock).apply(routing_data({"defaults.currency": "NOK"}), clock.time).version
    assert reader.load() is first
    assert reader.load(fresh=True).version == version
    clock.time += timedelta(minutes=2)
    assert reader.load().version == version


def test_older_versions_stay_and_can_be_put_in_force_again(client, clock):
    writer = store(client, clock)
    first = writer.apply(routing_data(), NOW).version
    second = writer.apply(routing_data({"defaults.currency": "NOK"}), NOW).version
    assert first != second
    assert writer.apply(routing_data(), NOW).version == first
    assert store(client, clock).load().version == first
    kept = {item["pk"]["S"] for item in client.scan(TableName="routing")["Items"]}
    assert kept == {"current", "history", f"version#{first}", f"version#{second}"}


def test_of_two_people_who_decided_on_the_same_version_only_the_first_gets_through(client, clock):
    seen = store(client, clock).apply(routing_data(), NOW).version
    winner = store(client, clock).apply(routing_data({"defaults.currency": "NOK"}), NOW, replacing=seen).version
    with pytest.raises(Conflict, match="config diff"):
        store(client, clock).apply(routing_data({"defaults.currency": "SEK"}), NOW, replacing=seen)
    assert store(client, clock).load().version == winner


def test_a_version_whose_part_is_gone_is_never_used_half(client, clock):
    version = store(client, clock).apply(routing_data(), NOW).version
    client.delete_item(TableName="routing", Key={"pk": {"S": f"version#{version}"}, "sk": {"S": "part#0"}})
    with pytest.raises(Misconfigured, match="part 0 is missing"):
        store(client, clock).load()


def test_of_two_people_who_found_no_routing_only_the_first_gets_through(client, clock):
    first = store(client, clock).apply(routing_data(), NOW, replacing=None).version
    with pytest.raises(Conflict, match="no version, and by now version"):
        store(client, clock).apply(routing_data({"defaults.currency": "NOK"}), NOW, replacing=None)
    assert store(client, clock).load().version == first


class Overtaking:
    """Lets somebody else apply between the look at the pointer and the move of it."""

    def __init__(self, client, clock):
        self._client = client
        self._other = store(client, clock)

    def transact_write_items(self, **arguments):
        self._other.apply(routing_data({"defaults.currency": "SEK"}), NOW, by="ola")
        return self._client.transact_write_items(**arguments)

    def __getattr__(self, name):
        return getattr(self._client, name)


@pytest.mark.parametrize("is_first", [True, False])
def test_whoever_is_overtaken_at_the_last_time_is_told_by_whom_and_leaves_no_trace_in_the_history(
    client, clock, is_first
):
    seen = None if is_first else store(client, clock).apply(routing_data(), NOW - timedelta(days=1)).version
    late = store(Overtaking(client, clock), clock)
    with pytest.raises(Conflict, match="applied by ola at 2026-09-01"):
        late.apply(routing_data({"defaults.currency": "NOK"}), NOW, replacing=seen, by="kari")
    assert [one.by for one in late.history()] == ["ola", *([] if is_first else [None])]
    assert late.applied_as(late.history()[0].version).by == "ola"


def test_the_history_has_every_apply_newest_first_with_what_it_changed_and_released(client, clock):
    writer = store(client, clock)
    assert writer.in_force_since() is None
    first = writer.apply(
        routing_data(), NOW, by="kari", caller="arn:kari", difference=Difference(3, 0, 0, ("a", "b", "c"))
    )
    later = NOW + timedelta(minutes=1)
    second = writer.apply(routing_data({"defaults.currency": "NOK"}), later, by="ola", caller="arn:ola")
    third = writer.apply(routing_data(), NOW + timedelta(hours=1), by="kari", caller="arn:kari")
    writer.released(third, documents=4, changes=1)
    assert writer.history() == [replace(third, documents=4, changes=1), second, first]
    assert writer.history(limit=2) == [replace(third, documents=4, changes=1), second]
    assert (second.previous, third.previous, first.previous) == (first.version, second.version, None)
    assert writer.applied_as(first.version) == replace(third, documents=4, changes=1)
    assert writer.applied() == replace(third, documents=4, changes=1)
    assert writer.in_force_since() == NOW + timedelta(hours=1)
    assert writer.applied_as("beef") is None


def test_a_long_history_is_read_page_by_page_and_a_short_look_at_it_is_one_query(client, clock):
    writer = store(client, clock)
    for number in range(7):
        writer.apply(routing_data({"defaults.currency": f"N{number}"}), NOW + timedelta(minutes=number))
    paged = store(Paged(client), clock)
    assert len(paged.history()) == 7
    paged = Paged(client)
    assert [one.at.minute for one in store(paged, clock).history(limit=3)] == [6, 5, 4]
    assert paged.limits == [3, 3]


class Paged:
    """Answers two entries at once, as DynamoDB answers at most 1 MB."""

    def __init__(self, client):
        self._client = client
        self.limits = []

    def query(self, **arguments):
        self.limits.append(arguments.get("Limit"))
        return self._client.query(**{**arguments, "Limit": 2})

    def __getattr__(self, name):
        return getattr(self._client, name)


def test_what_a_release_applied_that_keeps_no_history_is_in_it_all_the_same(client, clock):
    writer = store(client, clock)
    old = writer.apply(routing_data(), NOW, by="kari").version
    for item in client.scan(TableName="routing")["Items"]:
        if item["pk"]["S"] == "history" or item["sk"]["S"] == "applied":
            client.delete_item(TableName="routing", Key={"pk": item["pk"], "sk": item["sk"]})
    assert [(one.version, one.by) for one in writer.history()] == [(old, "kari")]
    new = writer.apply(routing_data({"defaults.currency": "NOK"}), NOW + timedelta(days=1)).version
    assert [one.version for one in writer.history()] == [new, old]


def test_an_apply_again_leaves_what_the_one_before_released(client, clock):
    writer = store(client, clock)
    first = writer.apply(routing_data(), NOW)
    writer.released(first, documents=4, changes=0)
    writer.apply(routing_data(), NOW + timedelta(minutes=1))
    assert writer.history()[1].documents == 4


def test_the_text_of_a_file_is_kept_byte_by_byte_however_long(client, clock):
    noise = random.Random(7)
    text = "".join(f"# {noise.getrandbits(400):x}\n" for _ in range(12_000)).encode() + b"a: \xc3\xb8\r\n"
    entry = store(client, clock).apply(routing_data(), NOW, text=text)
    assert store(client, clock).text(entry.text) == text
    items = client.scan(TableName="routing")["Items"]
    assert sum(item["pk"]["S"] == f"text#{entry.text}" for item in items) > 1


def test_the_same_content_with_other_comments_is_the_same_version_with_the_text_of_its_last_apply(client, clock):
    writer = store(client, clock)
    first = writer.apply(routing_data(), NOW, text=b"# one")
    second = writer.apply(routing_data(), NOW + timedelta(minutes=1), text=b"# two")
    assert first.version == second.version
    assert writer.text(writer.applied_as(first.version).text) == b"# two"
    assert [writer.text(one.text) for one in writer.history()] == [b"# two", b"# one"]


def test_a_text_that_is_too_long_is_not_kept(client, clock, monkeypatch):
    monkeypatch.setattr("connector.adapters.aws.routing_store.MAX_TEXT_LENGTH", 3)
    assert store(client, clock).apply(routing_data(), NOW, text=b"long").text is None


def test_a_version_is_read_whole_and_one_that_is_not_there_is_none(client, clock):
    writer = store(client, clock)
    version = writer.apply(routing_data(), NOW).version
    assert writer.version(version) == routing_data()
    assert writer.version("beef") is None


def test_many_places_that_changed_are_kept_up_to_a_number_and_a_length(client, clock):
    many = Difference(500, 0, 0, tuple("x" * 5_000 for _ in range(500)))
    store(client, clock).apply(routing_data(), NOW, difference=many)
    kept = store(client, clock).history()[0].difference
    assert (kept.added, len(kept.paths), len(kept.paths[0])) == (500, 20, 200)
