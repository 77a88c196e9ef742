"""The record of how the lists stand, in DynamoDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.health import DynamoHealth
from connector.domain.errors import ConnectorError
from connector.domain.polling.shares import ALL, Share
from connector.services.list_health import ListHealth, PollRecord, Turn
from connector.services.ports import Resource
from testkit.aws import CURSORS, aws_in_memory, make_table
from testkit.memory.stores import MemoryHealth

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
LISTS = (
    ListHealth(company="nordic", resource="v1/purchaseorder", configured_at=NOW, caught_up_at=NOW),
    ListHealth(
        company="nordic",
        resource="v1/supplierInvoice",
        configured_at=NOW,
        failing_since=NOW,
        problem="Visma answered 502.",
        is_refused=True,
    ),
)


@pytest.fixture(autouse=True)
def _aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_table(CURSORS)
        yield


@pytest.mark.parametrize("book", [MemoryHealth(), DynamoHealth(CURSORS)], ids=["memory", "dynamodb"])
def test_a_run_finds_what_the_last_one_left_and_whether_it_ended(book):
    assert book.read() == book.begin(now=NOW) == PollRecord()
    assert book.begin(now=NOW).was_cut_short
    book.end(LISTS, now=NOW + timedelta(minutes=1))
    assert book.read() == PollRecord(begun_at=NOW, ended_at=NOW + timedelta(minutes=1), lists=LISTS)
    assert not book.begin(now=NOW + timedelta(minutes=5)).was_cut_short


@pytest.mark.parametrize("book", [MemoryHealth(), DynamoHealth(CURSORS)], ids=["memory", "dynamodb"])
def test_runs_share_the_companies_whether_they_overlap_or_follow_one_another(book):
    first = book.take_turn()
    assert first == Turn(0, 1)
    book.end_turn(first, read=112)
    second = book.take_turn()
    assert second == Turn(112, 224), "behind the first"
    third = book.take_turn()
    assert third == Turn(224, 336), "behind what the second, which is under way, is expected to read"
    book.end_turn(second, read=50)
    assert book.take_turn() == Turn(336, 386), "the third has begun: its end is not moved"
    book.end_turn(third, read=100)
    last = book.take_turn()
    assert last.expected - last.begin == 100
    book.end_turn(last, read=10)
    assert book.take_turn().begin == last.begin + 10


@pytest.mark.parametrize("book", [MemoryHealth(), DynamoHealth(CURSORS)], ids=["memory", "dynamodb"])
def test_each_share_has_its_record_and_its_turn_and_readers_see_all_lists(book):
    later = NOW + timedelta(minutes=1)
    book.of(ALL).begin(now=NOW)
    book.end(LISTS, now=NOW)
    first, second = book.of(Share(0, 2)), book.of(Share(1, 2))
    assert first.begin(now=later).shares == 1, "the companies were not divided before"
    assert first.begin(now=later).divided_at == later
    assert second.begin(now=later) == PollRecord()
    second.end([msgspec.structs.replace(LISTS[0], caught_up_at=later)], now=later)
    assert second.look(now=later).lists == (msgspec.structs.replace(LISTS[0], caught_up_at=later),)
    assert first.look(now=later).lists == LISTS
    assert {one.resource: one.caught_up_at for one in book.read().lists} == {
        LISTS[0].resource: later,
        LISTS[1].resource: None,
    }
    first.end_turn(first.take_turn(), read=5)
    assert second.take_turn().begin == 0
    assert first.take_turn().begin == 5
    book.of(ALL).begin(now=later)
    assert book.read().lists == LISTS, "of one share only its own record is read"


def test_the_record_is_no_cursor():
    DynamoHealth(CURSORS).end(LISTS, now=NOW)
    DynamoHealth(CURSORS).take_turn()
    assert DynamoCursors(CURSORS).all_cursors() == []


def test_two_thousand_companies_that_all_fail_fit_into_one_item():
    lists = tuple(
        ListHealth(
            company=f"company-{number}",
            resource=resource.value,
            configured_at=NOW,
            caught_up_at=NOW + timedelta(microseconds=number * 7919),
            failing_since=NOW + timedelta(microseconds=number * 104729),
            problem=f"Visma answered 503 ({number * 2654435761:032x}). " * 5,
        )
        for number in range(2_000)
        for resource in Resource
    )
    book = DynamoHealth(CURSORS)
    book.end(lists, now=NOW)
    assert [(one.company, one.resource, one.failing_since) for one in book.read().lists] == [
        (one.company, one.resource, one.failing_since) for one in lists
    ]


def test_a_table_that_is_not_there_is_told_as_such():
    with pytest.raises(ConnectorError):
        DynamoHealth("nowhere").begin(now=NOW)
