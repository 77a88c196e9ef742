"""Where Orderful's list was read up to: the same cases against the fake and against the adapter over DynamoDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.aws import clients
from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.watermark import DynamoWatermark
from connector.domain.errors import Conflict
from connector.domain.polling.cursor import Cursor
from connector.services.ports import CursorView, Resource
from testkit.aws import CURSORS, Calls, aws_in_memory, make_table
from testkit.memory.stores import MemoryWatermark

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(minutes=2)
TICK = timedelta(microseconds=1)


@pytest.fixture
def in_aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_table(CURSORS)
        yield


@pytest.fixture
def dynamo(in_aws) -> DynamoWatermark:
    return DynamoWatermark(DynamoCursors(CURSORS))


@pytest.fixture(params=["memory", "dynamodb"])
def watermark(request):
    return MemoryWatermark() if request.param == "memory" else request.getfixturevalue("dynamo")


def another() -> DynamoWatermark:
    """The watermark as another process of the same function sees it."""
    return DynamoWatermark(DynamoCursors(CURSORS))


def take(watermark, now=NOW):
    return watermark.take(now=now, lease=LEASE)


def test_the_first_time_there_is_none(watermark):
    assert take(watermark) is None


def test_what_was_put_is_taken_the_next_time(watermark):
    take(watermark)
    watermark.put(NOW)
    assert take(watermark, NOW + TICK) == NOW


def test_a_run_that_did_not_get_to_the_end_leaves_it_where_it_was(watermark):
    take(watermark)
    watermark.put(NOW)
    take(watermark, NOW + TICK)
    watermark.put(None)
    assert take(watermark, NOW + 2 * TICK) == NOW


def test_a_first_run_that_did_not_get_to_the_end_leaves_none(watermark):
    take(watermark)
    watermark.put(None)
    assert take(watermark, NOW + TICK) is None


def test_two_never_run_at_once(watermark):
    take(watermark)
    with pytest.raises(Conflict):
        take(watermark, NOW + TICK)


def test_the_next_one_may_begin_as_soon_as_one_has_ended(watermark):
    for run in range(3):
        take(watermark, NOW + run * TICK)
        watermark.put(NOW + run * TICK)
    assert take(watermark, NOW + 3 * TICK) == NOW + 2 * TICK


class TestOverDynamo:
    def test_another_process_finds_the_lease_taken_until_it_runs_out(self, dynamo):
        take(dynamo)
        with pytest.raises(Conflict):
            take(another(), NOW + LEASE)
        assert take(another(), NOW + LEASE + TICK) is None

    def test_whoever_outlived_its_lease_cannot_move_it(self, dynamo):
        take(dynamo)
        later = another()
        take(later, NOW + LEASE + TICK)
        with pytest.raises(Conflict):
            dynamo.put(NOW)
        later.put(NOW + LEASE)
        assert take(another(), NOW + 2 * LEASE) == NOW + LEASE

    def test_to_end_twice_is_to_end_once(self, dynamo):
        take(dynamo)
        dynamo.put(NOW)
        other = another()
        take(other, NOW + TICK)
        dynamo.put(NOW - LEASE)
        other.put(None)
        assert take(dynamo, NOW + 2 * TICK) == NOW

    def test_a_run_is_two_writes(self, dynamo):
        calls = Calls(clients.dynamodb())
        take(dynamo)
        dynamo.put(NOW)
        assert calls.made == {"UpdateItem": 2}

    def test_it_stands_among_visma_s_cursors_under_a_name_that_no_company_has(self, dynamo):
        cursors = DynamoCursors(CURSORS)
        lease = cursors.acquire("nordic", Resource.PURCHASE_ORDERS, now=NOW, lease=LEASE)
        cursors.save(lease, Cursor(watermark=NOW), release=True)
        take(dynamo)
        dynamo.put(NOW)
        orderful, visma = cursors.all_cursors()
        assert (visma.company, visma.resource) == ("nordic", "v1/purchaseorder")
        assert orderful == CursorView(
            company="(orderful)",
            resource="v3/transactions",
            watermark=NOW,
            caught_up_at=NOW,
            locked_until=None,
            unfinished=False,
            remembered=0,
            waiting=0,
        )
        assert orderful.resource not in set(Resource)

    def test_a_run_that_only_empties_inboxes_leaves_a_row_without_times(self, dynamo):
        take(dynamo)
        dynamo.put(None)
        (view,) = DynamoCursors(CURSORS).all_cursors()
        assert (view.watermark, view.caught_up_at, view.locked_until) == (None, None, None)
