"""Cursors under a lease: the same cases against the fake and against the adapter over DynamoDB."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from connector.adapters.aws import clients
from connector.adapters.aws.cursors import INLINE_BYTES, DynamoCursors
from connector.adapters.aws.table_identity import TableIdentity
from connector.domain.errors import Conflict, Misconfigured, StateMismatch
from connector.domain.polling.cursor import Cursor, Reading, RowClass, Rows, Scan, Waiting, remember, row_id, stamp_of
from connector.services.ports import CursorView, Resource
from testkit.aws import CURSORS, Calls, aws_in_memory, make_table
from testkit.memory.effects import ManualClock
from testkit.memory.stores import MemoryCursors, MemoryPayloads

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(minutes=6)
TICK = timedelta(microseconds=1)
ORDERS, INVOICES = Resource.PURCHASE_ORDERS, Resource.CUSTOMER_INVOICES
FULL = Cursor(
    watermark=NOW,
    caught_up_at=NOW - LEASE,
    begun_at=NOW - 2 * LEASE,
    rows=Rows.queued({row_id("500123"): stamp_of("2026-11-02T09:00:00.1234567"), row_id("æ"): stamp_of("soon")})
    .read({row_id("500124"): None})
    .as_candidate(),
    waiting={row_id("500124"): Waiting(stamp_of("2026-11-02T09:00:00"), NOW, NOW - LEASE)},
    scan=Scan(
        since="2026-11-02T08:45:00.123",
        reading=Reading(200, "1", "Europe/Oslo"),
        first=True,
        next_page=7,
        started_at=NOW,
        size=200,
        last=200,
        count=1200,
        repeated=True,
    ),
    candidate=Scan(since="2026-11-02T08:45:00.123", reading=Reading(200, None, None), started_at=NOW),
    full_page=200,
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


def test_a_person_sees_until_when_a_list_waits_and_ends_it(cursors):
    lease = take(cursors)
    cursors.save(lease, lease.cursor, release=True, not_before=NOW + LEASE)
    (view,) = cursors.all_cursors()
    assert view.not_before == NOW + LEASE
    cursors.lift(view.company, view.resource)
    assert cursors.all_cursors()[0].not_before is None
    assert take(cursors, at=NOW + timedelta(seconds=1)).not_before is None


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
        CursorView(
            company="nordic",
            resource=INVOICES.value,
            watermark=None,
            caught_up_at=None,
            locked_until=NOW + LEASE,
            unfinished=False,
            remembered=0,
            waiting=0,
        ),
        CursorView(
            company="other",
            resource=ORDERS.value,
            watermark=NOW,
            caught_up_at=NOW - LEASE,
            locked_until=None,
            unfinished=True,
            remembered=3,
            waiting=1,
            begun_at=NOW - 2 * LEASE,
        ),
    ]


def many(rows: int) -> Cursor:
    """As after a mass update: every row queued, and every fourth waits again."""
    first = stamp_of("2026-11-02T09:00:00")
    page = [(row_id(str(row)), first + 300 * row, RowClass.QUEUE) for row in range(rows)]
    again = [(row, stamp + 1, RowClass.WAIT) for row, stamp, _ in page[::4]]
    cursor = remember(Cursor(watermark=NOW, begun_at=NOW), page, server_time=NOW)
    return remember(cursor, again, server_time=NOW)


class TestManyRows:
    @pytest.fixture
    def payloads(self) -> MemoryPayloads:
        return MemoryPayloads()

    @pytest.fixture
    def large(self, in_aws, payloads) -> DynamoCursors:
        return DynamoCursors(CURSORS, payloads=payloads)

    def item(self):
        return boto3.client("dynamodb").scan(TableName=CURSORS)["Items"][0]

    def test_as_many_as_an_item_may_hold_are_in_the_item(self, large, payloads):
        cursor = many(1_000)
        large.save(take(large), cursor, release=True)
        assert take(large).cursor == cursor
        assert len(self.item()["cursor_rows"]["B"]) <= INLINE_BYTES
        assert payloads.bodies == {}

    @pytest.mark.parametrize("rows", [5_000, 50_000])
    def test_more_are_in_the_payload_bucket_and_the_item_stays_small(self, large, payloads, rows):
        cursor = many(rows)
        large.save(take(large), cursor, release=True)
        assert take(large, at=NOW + TICK).cursor == cursor
        assert "cursor_rows" not in self.item()
        (name,) = payloads.bodies
        assert name.startswith("cursors/nordic/v1/purchaseorder/")
        assert len(payloads.bodies[name]) < 20 * rows
        (view,) = large.all_cursors()
        assert (view.remembered, view.waiting) == (rows, rows // 4)

    def test_the_stored_rows_stay_until_others_are_stored_in_their_place(self, large, payloads):
        for at, rows in enumerate((5_000, 5_001, 5_002)):
            lease = take(large, at=NOW + at * TICK)
            large.save(lease, many(rows), release=True)
        assert len(payloads.bodies) == 2
        assert len(take(large, at=NOW + 4 * TICK).cursor.rows) == 5_002

    def test_rows_of_a_poll_that_could_not_store_its_cursor_change_nothing(self, large, payloads):
        large.save(take(large), many(5_000), release=True)
        take(large, at=NOW + TICK)  # dies
        lease = take(large, at=NOW + LEASE + 2 * TICK)
        newer = take(DynamoCursors(CURSORS, payloads=payloads), at=NOW + 2 * LEASE + 3 * TICK)
        with pytest.raises(Conflict):
            large.save(lease, many(6_000), release=True)
        assert newer.cursor == many(5_000)
        large.save(newer, newer.cursor, release=True)
        assert take(large, at=NOW + 2 * LEASE + 4 * TICK).cursor == many(5_000)

    def test_lost_rows_cost_a_repetition_and_not_the_place(self, large, payloads):
        large.save(take(large), many(5_000), release=True)
        payloads.bodies = dict.fromkeys(payloads.bodies, b"something else")
        cursor = take(large, at=NOW + TICK).cursor
        assert (cursor.watermark, len(cursor.rows)) == (NOW, 0)

    def test_rows_that_are_gone_are_lost_and_stop_no_poll(self, large, payloads):
        large.save(take(large), many(5_000), release=True)
        payloads.bodies.clear()
        assert len(take(large, at=NOW + TICK).cursor.rows) == 0

    def test_when_there_are_few_again_the_item_holds_them(self, large):
        large.save(take(large), many(5_000), release=True)
        large.save(take(large, at=NOW + TICK), FULL, release=True)
        assert take(large, at=NOW + 2 * TICK).cursor == FULL
        assert "rows_at" not in self.item()


def test_a_cursor_that_the_version_before_stored_is_read(dynamo):
    """Its rows by their keys; its unfinished pass begins again."""
    old = {
        "watermark": "2026-11-02T08:00:00.123456Z",
        "caught_up_at": "2026-11-02T07:54:00.123456Z",
        "known": {"500123": "2026-11-02T09:00:00.1234567", "CreditNote:7": "2026-11-02T09:00:00"},
        "waiting": {
            "500124": {
                "modified": "2026-11-02T09:00:01",
                "unchanged_since": "2026-11-02T08:00:00Z",
                "first_seen": "2026-11-02T07:54:00Z",
            }
        },
        "scan": {"since": "2026-11-02T08:45:00.123", "since_utc": "2026-11-02T07:45:00Z", "next_page": 7},
    }
    item = {
        "pk": {"S": "nordic"},
        "sk": {"S": ORDERS.value},
        "fence": {"N": "4"},
        "lease_until": {"S": "0000"},
        "cursor_state": {"B": zlib.compress(json.dumps(old).encode())},
    }
    boto3.client("dynamodb").put_item(TableName=CURSORS, Item=item)
    (view,) = dynamo.all_cursors()
    assert (view.watermark, view.remembered, view.waiting, view.unfinished) == (NOW, 2, 1, False)
    cursor = take(dynamo).cursor
    assert (cursor.watermark, cursor.caught_up_at, cursor.begun_at) == (NOW, NOW - LEASE, NOW)
    assert cursor.rows.stamp(row_id("500123")) == stamp_of("2026-11-02T09:00:00.1234567")
    assert cursor.rows.stamp(row_id("CreditNote:7")) == stamp_of("2026-11-02T09:00:00")
    assert cursor.waiting[row_id("500124")].stamp == stamp_of("2026-11-02T09:00:01")
    assert (cursor.scan, cursor.candidate) == (None, None)


def test_a_poll_is_two_writes(dynamo):
    calls = Calls(clients.dynamodb())
    dynamo.save(take(dynamo), FULL, release=True)
    assert calls.made == {"UpdateItem": 2}


def test_a_table_that_is_not_there_is_a_matter_of_configuration(in_aws):
    with pytest.raises(Misconfigured, match="cursor table does not exist"):
        take(DynamoCursors("nowhere"))


class TestBelongingToALedger:
    """What a cursor has passed is in one ledger, or on the way there."""

    @staticmethod
    def of(ledger: str | None) -> DynamoCursors:
        return DynamoCursors(CURSORS, belongs_to=None if ledger is None else lambda: ledger)

    def test_with_another_ledger_it_is_refused_and_nobody_is_locked_out(self, in_aws):
        ours, other = self.of("one"), self.of("another")
        ours.save(take(ours), FULL, release=True)
        for _ in range(2):
            with pytest.raises(StateMismatch, match="connector cursors rewind"):
                take(other)
        assert take(ours).cursor == FULL

    def test_a_cursor_that_is_being_moved_with_another_ledger_is_refused_as_well(self, in_aws):
        take(self.of("one"))
        with pytest.raises(StateMismatch):
            take(self.of("another"))
        with pytest.raises(Conflict):
            take(self.of("one"))

    def test_who_saves_it_without_a_ledger_leaves_it_to_the_next(self, in_aws):
        ours, other, operator = self.of("one"), self.of("another"), self.of(None)
        ours.save(take(ours), FULL, release=True)
        operator.save(take(operator), Cursor(watermark=NOW), release=True)
        other.save(take(other), FULL, release=True)
        with pytest.raises(StateMismatch):
            take(ours)

    def test_what_is_read_again_is_another_reading(self, in_aws):
        """SQS takes no message for new that it was given within five minutes: each reading has its own."""
        ours, operator = self.of("one"), self.of(None)
        first = take(ours)
        ours.save(first, FULL, release=True)
        operator.save(take(operator), Cursor(watermark=NOW), release=True)
        second = take(ours)
        ours.save(second, FULL, release=True)
        third = take(ours)
        assert first.reading == 0
        assert second.reading == third.reading > 0

    def test_a_cursor_from_before_ledgers_were_noted_is_taken(self, in_aws):
        operator = self.of(None)
        operator.save(take(operator), FULL, release=True)
        assert take(self.of("one")).cursor == FULL

    def test_the_identity_is_the_table_and_the_queue(self, in_aws):
        clock, client = ManualClock(NOW), boto3.client("dynamodb")

        def named(queue: str | None) -> str:
            return TableIdentity(CURSORS, clock, queue_url=queue)()

        first = named("q1")
        assert named("q1") == first
        assert len({first, named("q2"), named(None)}) == 3
        known = TableIdentity(CURSORS, clock, queue_url="q1")
        assert known() == first
        client.delete_table(TableName=CURSORS)
        make_table(CURSORS)
        assert known() == first
        clock.forward(minutes=1)
        assert known() != first

    def test_a_ledger_that_is_not_there_is_a_misconfiguration(self, in_aws):
        with pytest.raises(Misconfigured, match="The ledger does not exist"):
            TableIdentity("nowhere", ManualClock(NOW))()
