"""Cursors under a lease: the same cases against the fake and against the adapter over DynamoDB."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from connector.adapters import aws as clients
from connector.adapters.cursors import DynamoCursors
from connector.domain.cursor import REMEMBERED_ROWS, Cursor, Scan, Waiting
from connector.domain.errors import Conflict, Misconfigured
from connector.services.ports import CursorView, Resource
from tests.support.aws import CURSORS, Calls, aws_in_memory, make_table
from tests.support.fakes import MemoryCursors

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(minutes=6)
TICK = timedelta(microseconds=1)
ORDERS, INVOICES = Resource.PURCHASE_ORDERS, Resource.CUSTOMER_INVOICES
FULL = Cursor(
    watermark=NOW,
    caught_up_at=NOW - LEASE,
    known={"500123": "2026-11-02T09:00:00.1234567", "CreditNote:7 æ": "2026-11-02T09:00:00"},
    waiting={"500124": Waiting("2026-11-02T09:00:00", NOW, NOW - LEASE)},
    scan=Scan(
        since="2026-11-02T08:45:00.123",
        since_utc=NOW - LEASE,
        next_page=7,
        started_at=NOW,
        newest=NOW,
        first_page_newest=NOW,
        by_number=False,
        last_key="9",
        last_modified=NOW,
        total=1234,
        shrank=True,
        resumed=True,
    ),
)


@pytest.fixture
def in_aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_table(CURSORS)
        yield


@pytest.fixture
def dynamo(in_aws) -> DynamoCursors:
    return DynamoCursors(CURSORS)


@pytest.fixture(params=["memory", "dynamodb"])
def cursors(request):
    return MemoryCursors() if request.param == "memory" else request.getfixturevalue("dynamo")


def take(cursors, *, at=NOW, resource=ORDERS, company="nordic"):
    return cursors.acquire(company, resource, now=at, lease=LEASE)


def test_a_list_that_was_never_read_begins_empty(cursors):
    lease = take(cursors)
    assert (lease.company, lease.resource, lease.fence) == ("nordic", ORDERS, 1)
    assert lease.cursor == Cursor()
    assert lease.not_before is None


def test_a_cursor_comes_back_as_it_was_saved(cursors):
    cursors.save(take(cursors), FULL, release=True)
    assert take(cursors).cursor == FULL


def test_while_a_poll_holds_the_lock_no_other_gets_it(cursors):
    take(cursors)
    for later in (timedelta(0), LEASE):
        with pytest.raises(Conflict, match="Another poll of nordic"):
            take(cursors, at=NOW + later)


def test_a_lock_that_ran_out_is_taken_over(cursors):
    assert take(cursors).fence == 1
    assert take(cursors, at=NOW + LEASE + TICK).fence == 2


def test_a_released_lock_is_free_at_once(cursors):
    cursors.save(take(cursors), FULL, release=True)
    assert take(cursors).fence == 2


def test_a_cursor_may_be_saved_on_the_way_without_giving_the_lock_away(cursors):
    lease = take(cursors)
    cursors.save(lease, FULL, release=False)
    with pytest.raises(Conflict):
        take(cursors)
    cursors.save(lease, Cursor(watermark=NOW), release=True)
    assert take(cursors).cursor.watermark == NOW


def test_a_poll_that_outlived_its_lock_cannot_write(cursors):
    old = take(cursors)
    new = take(cursors, at=NOW + LEASE + TICK)
    cursors.save(new, FULL, release=True)
    with pytest.raises(Conflict, match="took over"):
        cursors.save(old, Cursor(), release=True)
    assert take(cursors, at=NOW + LEASE + 2 * TICK).cursor == FULL


def test_a_lock_that_ran_out_unnoticed_may_still_write(cursors):
    lease = take(cursors)
    cursors.save(lease, FULL, release=True)
    assert take(cursors, at=NOW + 2 * LEASE).cursor == FULL


def test_the_lists_and_companies_do_not_share_locks(cursors):
    take(cursors)
    take(cursors, resource=INVOICES)
    take(cursors, company="other")
    with pytest.raises(Conflict):
        take(cursors)


def test_when_the_next_poll_may_be_is_kept_and_taken_back(cursors):
    later = NOW + timedelta(minutes=20)
    cursors.save(take(cursors), FULL, release=True, not_before=later)
    lease = take(cursors)
    assert lease.not_before == later
    cursors.save(lease, lease.cursor, release=True)
    assert take(cursors).not_before is None


def test_of_many_polls_at_the_same_instant_one_gets_the_lock(cursors):
    leases = []
    for _ in range(8):
        with suppress(Conflict):
            leases.append(take(cursors))
    assert [lease.fence for lease in leases] == [1]


def test_an_operator_sees_every_cursor(cursors):
    assert cursors.all_cursors() == []
    cursors.save(take(cursors, company="other"), FULL, release=True)
    take(cursors, resource=INVOICES)
    assert cursors.all_cursors() == [
        CursorView("nordic", INVOICES.value, None, None, NOW + LEASE, unfinished=False, remembered=0, waiting=0),
        CursorView("other", ORDERS.value, NOW, NOW - LEASE, None, unfinished=True, remembered=2, waiting=1),
    ]


def test_the_largest_cursor_fits_into_an_item(dynamo):
    """DynamoDB: 400 KB an item."""
    known = {
        f"CreditNote:{900_000 + 7 * row}": f"2026-11-02T09:{row % 60:02}:{row % 59:02}.{row:07}"
        for row in range(REMEMBERED_ROWS)
    }
    waiting = {
        key: Waiting(stamp, NOW + timedelta(microseconds=row), NOW) for row, (key, stamp) in enumerate(known.items())
    }
    largest = Cursor(watermark=NOW, known=known, waiting=waiting)
    dynamo.save(take(dynamo), largest, release=True)
    assert take(dynamo).cursor == largest
    item = boto3.client("dynamodb").scan(TableName=CURSORS)["Items"][0]
    assert len(item["cursor_state"]["B"]) < 350_000


def test_a_poll_is_two_writes(dynamo):
    calls = Calls(clients.dynamodb())
    dynamo.save(take(dynamo), FULL, release=True)
    assert calls.made == {"UpdateItem": 2}


def test_a_table_that_is_not_there_is_a_matter_of_configuration(in_aws):
    with pytest.raises(Misconfigured, match="cursor table does not exist"):
        take(DynamoCursors("nowhere"))
