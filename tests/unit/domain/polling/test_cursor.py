"""The arithmetic of the cursor: what is queued, what is remembered, and how far the watermark may go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.polling import cursor as cursors
from connector.domain.polling.cursor import (
    Cursor,
    Reading,
    RowClass,
    Rows,
    Rules,
    Scan,
    Waiting,
    floor_of,
    row_id,
    stamp_of,
)

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(overlap=15 * MINUTE, settle=2 * MINUTE, settle_cap=30 * MINUTE)
READING = Reading(page_size=10, branch=None, zone=None)
FRESH = Scan(since="2026-11-02T07:00:00.000", reading=READING)


def text(timestamp: datetime) -> str:
    return timestamp.replace(tzinfo=None).isoformat(timespec="milliseconds")


def stamp(timestamp: datetime) -> int:
    return stamp_of(text(timestamp))


def classify(cursor=Cursor(), *, age=timedelta(minutes=10), now=NOW, rules=RULES, existed=False, ahead=timedelta(0)):  # noqa: B008 - immutable
    """One row, last changed so long ago; `ahead` is how much later its stamp seems to be."""
    modified = now - age + ahead
    return cursors.classify(
        cursor,
        rules,
        row=1,
        stamp=stamp(modified),
        modified_at=modified,
        floor=stamp(NOW - timedelta(hours=1)),
        existed=existed,
        server_time=now,
    )


class TestClassifying:
    def test_a_settled_row_is_queued_and_one_that_is_not_waits(self):
        assert classify(age=2 * MINUTE) is RowClass.QUEUE
        assert classify(age=2 * MINUTE - timedelta(seconds=1)) is RowClass.WAIT
        assert classify(age=timedelta(0), rules=replace(RULES, settle=timedelta(0))) is RowClass.QUEUE
        assert classify(age=timedelta(0), existed=True) is RowClass.QUEUE

    def test_a_row_is_known_by_its_stamp_to_the_last_digit(self):
        seen = Cursor(rows=Rows.queued({1: stamp(NOW - 10 * MINUTE)}))
        assert classify(seen) is RowClass.QUEUED
        assert classify(seen, age=9 * MINUTE) is RowClass.QUEUE
        assert stamp_of("2026-11-02T07:50:00.1234567") != stamp_of("2026-11-02T07:50:00.1234566")

    def test_a_row_before_the_window_is_outside(self):
        assert classify(age=61 * MINUTE) is RowClass.OUTSIDE
        assert classify(age=60 * MINUTE) is RowClass.QUEUE

    @pytest.mark.parametrize("modified", [None, "soon"])
    def test_a_row_without_a_readable_stamp_is_queued_once(self, modified):
        unreadable = stamp_of(modified, b"content")
        assert unreadable < 0
        row = {"row": 1, "stamp": unreadable, "modified_at": None, "floor": 5, "existed": False, "server_time": NOW}
        assert cursors.classify(Cursor(), RULES, **row) is RowClass.QUEUE
        seen = cursors.remember(Cursor(), [(1, unreadable, RowClass.QUEUE)], server_time=NOW)
        assert cursors.classify(seen, RULES, **row) is RowClass.QUEUED
        assert cursors.classify(seen, RULES, **(row | {"stamp": stamp_of("later")})) is RowClass.QUEUE

    def test_a_row_that_seems_to_lie_in_the_future_is_settled_by_the_server_s_clock(self):
        """The zone is misread: by its stamp alone the row would wait for two hours."""
        future = stamp(NOW + timedelta(hours=2))
        seen = cursors.remember(Cursor(), [(1, future, RowClass.WAIT)], server_time=NOW)
        for later, expected in ((MINUTE, RowClass.WAIT), (2 * MINUTE, RowClass.QUEUE)):
            assert classify(seen, now=NOW + later, age=later, ahead=timedelta(hours=2)) is expected

    def test_a_row_that_never_settles_is_queued_when_its_cap_is_reached(self):
        cursor, classes = Cursor(), []
        for minute in range(32):
            now = NOW + minute * MINUTE
            found = classify(cursor, age=timedelta(seconds=30), now=now)
            cursor = cursors.remember(cursor, [(1, stamp(now - timedelta(seconds=30)), found)], server_time=now)
            classes.append(found)
        assert classes.index(RowClass.QUEUE) == 30
        assert classes[31] is RowClass.WAIT, "the wait begins anew after it was queued"


class TestRemembering:
    def test_a_queued_row_is_known_and_waits_no_longer(self):
        before = Cursor(waiting={1: Waiting(5, NOW, NOW)})
        after = cursors.remember(before, [(1, 6, RowClass.QUEUE)], server_time=NOW)
        assert (after.rows.stamp(1), after.waiting) == (6, {})

    def test_a_waiting_row_keeps_since_when_it_waits_and_since_when_it_is_unchanged(self):
        first = cursors.remember(Cursor(rows=Rows.queued({1: 4})), [(1, 5, RowClass.WAIT)], server_time=NOW)
        same = cursors.remember(first, [(1, 5, RowClass.WAIT)], server_time=NOW + MINUTE)
        changed = cursors.remember(same, [(1, 6, RowClass.WAIT)], server_time=NOW + 2 * MINUTE)
        assert same.waiting[1] == Waiting(5, NOW, NOW)
        assert changed.waiting[1] == Waiting(6, NOW + 2 * MINUTE, NOW)
        assert changed.rows.stamp(1) == 4, "with which it was queued before"

    def test_a_row_of_another_branch_is_read_and_not_queued_and_one_outside_leaves_no_trace(self):
        after = cursors.remember(Cursor(), [(1, 5, RowClass.FOREIGN), (2, 5, RowClass.OUTSIDE)], server_time=NOW)
        assert (len(after.rows), after.rows.stamp(1), after.rows.repeated([1])) == (1, None, True)

    def test_a_row_that_is_read_twice_is_noticed_on_one_page_and_on_two(self):
        rows = Rows.queued({1: 5, 2: 5})
        assert not rows.repeated([1, 2])
        assert rows.repeated([1, 1])
        read = rows.read({1: None})
        assert read.repeated([1])
        assert not read.unread().repeated([1])

    def test_50_000_rows_are_all_remembered(self):
        page = [(row, row + 1, RowClass.QUEUE) for row in range(50_000)]
        assert len(cursors.remember(Cursor(), page, server_time=NOW).rows) == 50_000

    def test_two_rows_have_two_ids_and_any_text_has_one(self):
        assert row_id("1") != row_id("2")
        assert 0 <= row_id("\ud83d") < 2**64


class TestAPass:
    @pytest.mark.parametrize(
        ("shown", "facts", "ended", "whole"),
        [
            (3, {"total": 3, "maximum": 1000}, True, True),
            (3, {"total": 3, "maximum": None}, False, False),  # the limit may be 3
            (3, {"total": 4, "maximum": 1000}, False, False),
            (3, {"total": None, "maximum": 1000}, False, False),
            (3, {"total": 3, "maximum": 3}, False, False),
            (10, {"total": 10, "maximum": 1000}, False, False),
            (0, {"total": None, "maximum": None}, True, False),
        ],
    )
    def test_it_ends_with_an_empty_page_or_one_that_is_short_and_says_so(self, shown, facts, ended, whole):
        after = FRESH.after_page(shown, full_page=None, repeated=False, outside=False, **facts)
        assert (after.ended, after.whole) == (ended, whole)

    def read(self, *pages: int, maximum: int | None = None, full_page: int | None = None, total=None) -> Scan:
        scan = FRESH
        for shown in pages:
            scan = scan.after_page(
                shown, total=total, maximum=maximum, full_page=full_page, repeated=False, outside=False
            )
        return scan

    def test_the_pages_after_the_first_are_as_long_as_the_first(self):
        assert (FRESH.page_size, self.read(4).page_size, self.read(4, 4).page_size) == (10, 4, 4)

    @pytest.mark.parametrize(
        ("pages", "facts", "broken"),
        [
            ((10, 10, 3, 0), {}, False),
            ((4, 0), {}, False),
            ((4, 4), {}, True),  # was four the limit, or has the list grown?
            ((4, 4), {"full_page": 4}, False),
            ((4, 4), {"maximum": 4}, False),
            ((10, 3, 1), {}, True),
            ((4, 10), {"full_page": 4}, True),
        ],
    )
    def test_pages_that_do_not_fit_together_are_noticed(self, pages, facts, broken):
        scan = self.read(*pages, **facts)
        assert (scan.broken, scan.trusted) == (broken, not broken)

    def test_rows_read_twice_or_outside_the_window_end_the_trust_for_good(self):
        for doubt in ({"repeated": True, "outside": False}, {"repeated": False, "outside": True}):
            scan = FRESH.after_page(10, total=None, maximum=None, full_page=None, **doubt)
            again = scan.after_page(10, total=None, maximum=None, full_page=None, repeated=False, outside=False)
            assert not again.trusted

    def opened(self, cursor: Cursor, reading: Reading = READING) -> Cursor:
        return cursors.open_scan(cursor, RULES, reading, now=NOW, since_of=text)

    def test_one_that_was_put_aside_goes_on_only_with_the_same_questions(self):
        aside = Cursor(watermark=NOW, begun_at=NOW, scan=self.read(10, 10), candidate=FRESH)
        assert self.opened(aside) == aside
        for other in ({"page_size": 11}, {"branch": "1"}, {"zone": "Europe/Oslo"}):
            anew = self.opened(aside, replace(READING, **other))
            assert (anew.scan.next_page, anew.candidate) == (1, None)
            assert anew.scan.since == text(NOW - 15 * MINUTE)

    def test_the_pass_after_a_candidate_has_its_window(self):
        assert self.opened(Cursor(watermark=NOW, candidate=FRESH)).scan.since == FRESH.since

    def test_a_list_that_was_never_read_begins_with_the_day(self):
        opened = self.opened(Cursor())
        assert (opened.scan.since, opened.scan.first) == ("2026-11-01T23:45:00.000", True)
        begun = cursors.answered(opened, RULES, server_time=NOW + MINUTE, now=NOW)
        assert (begun.begun_at, begun.watermark) == (NOW + MINUTE, NOW.replace(hour=0))
        later = cursors.answered(self.opened(replace(begun, scan=None)), RULES, server_time=NOW + 2 * MINUTE, now=NOW)
        assert (later.begun_at, later.scan.first, later.scan.started_at) == (NOW + MINUTE, False, NOW + 2 * MINUTE)


class TestTheWatermark:
    BEFORE = Cursor(watermark=NOW - 10 * MINUTE, caught_up_at=NOW - 10 * MINUTE)

    def finish(self, cursor: Cursor, **scan: object) -> Cursor:
        done = replace(FRESH, **({"started_at": NOW, "ended": True, "count": 2, "next_page": 2} | scan))
        return cursors.finish(replace(cursor, scan=done), RULES, since_of=text)

    def test_one_answer_moves_it_to_the_server_s_clock_less_the_settling(self):
        after = self.finish(self.BEFORE, whole=True)
        assert (after.watermark, after.caught_up_at, after.scan) == (NOW - 2 * MINUTE, NOW, None)

    def test_it_never_falls(self):
        assert self.finish(Cursor(watermark=NOW), whole=True).watermark == NOW

    def test_an_empty_pass_leaves_it(self):
        after = self.finish(self.BEFORE, count=0)
        assert (after.watermark, after.caught_up_at, after.scan) == (NOW - 10 * MINUTE, NOW, None)

    def test_a_list_that_ignores_the_filter_leaves_it(self):
        assert self.finish(self.BEFORE, whole=True, outside=True).watermark == self.BEFORE.watermark

    def test_a_pass_of_several_answers_waits_for_the_next_to_confirm_it(self):
        rows = Rows().read({1: stamp(NOW), 2: None})
        first = self.finish(replace(self.BEFORE, rows=rows))
        assert (first.watermark, first.caught_up_at) == (self.BEFORE.watermark, self.BEFORE.caught_up_at)
        assert first.candidate is not None
        # The rows again, one of them changed, and a new one.
        again = first.rows.unread().read({1: stamp(NOW), 2: stamp(NOW + MINUTE), 3: stamp(NOW + MINUTE)})
        scan = replace(FRESH, started_at=NOW + 5 * MINUTE, count=3)
        second = cursors.finish(replace(first, rows=again, scan=scan), RULES, since_of=text)
        assert (second.watermark, second.caught_up_at, second.candidate) == (NOW - 2 * MINUTE, NOW, None)

    @pytest.mark.parametrize(
        "again",
        [
            {1: stamp(NOW)},  # 2 has left the list
            {1: stamp(NOW), 2: None, 3: stamp(NOW - 18 * MINUTE)},  # 3 was there, and older than what comes next
        ],
    )
    def test_a_pass_that_is_not_confirmed_leaves_it_and_the_next_becomes_the_candidate(self, again):
        first = self.finish(replace(self.BEFORE, rows=Rows().read({1: stamp(NOW), 2: None})))
        scan = replace(FRESH, started_at=NOW + 5 * MINUTE, count=3)
        second = cursors.finish(replace(first, rows=first.rows.unread().read(again), scan=scan), RULES, since_of=text)
        assert second.watermark == self.BEFORE.watermark
        assert second.candidate == scan
        third = cursors.finish(
            replace(second, rows=second.rows.unread().read(again), scan=replace(scan, started_at=NOW + 10 * MINUTE)),
            RULES,
            since_of=text,
        )
        assert third.watermark == NOW + 3 * MINUTE

    @pytest.mark.parametrize("doubt", ["repeated", "outside", "broken"])
    def test_a_doubtful_pass_is_no_candidate(self, doubt):
        assert self.finish(self.BEFORE, **{doubt: True}).candidate is None

    def test_what_the_next_window_cannot_show_is_forgotten(self):
        old, edge = stamp(NOW - 18 * MINUTE), stamp(NOW - 17 * MINUTE)
        unreadable = stamp_of("soon")
        rows = Rows.queued({1: old, 5: unreadable}).read({2: edge, 3: stamp(NOW), 4: unreadable})
        waiting = {6: Waiting(old, NOW, NOW), 7: Waiting(edge, NOW, NOW)}
        after = self.finish(replace(self.BEFORE, rows=rows, waiting=waiting), whole=True)
        assert set(after.rows.marks) == {2, 3, 4}
        assert set(after.waiting) == {7}

    def test_the_window_reaches_back_behind_the_true_watermark(self):
        assert cursors.window_start(Cursor(watermark=NOW), RULES, now=NOW + MINUTE) == NOW - 15 * MINUTE
        assert floor_of(text(NOW)) == stamp(NOW)


class TestRewinding:
    """An operator sets a cursor back, because what was read may be missing in the ledger."""

    FAR = Cursor(
        watermark=NOW,
        caught_up_at=NOW + MINUTE,
        begun_at=NOW - timedelta(days=90),
        rows=Rows.queued({1: stamp(NOW - 10 * MINUTE)}),
        waiting={2: Waiting(stamp(NOW), NOW, NOW)},
        scan=FRESH,
        candidate=FRESH,
        full_page=10,
    )

    def test_everything_since_is_read_and_queued_again(self):
        back = cursors.rewound(self.FAR, NOW - timedelta(days=1))
        assert (back.watermark, back.caught_up_at) == (NOW - timedelta(days=1),) * 2
        assert classify(back) is RowClass.QUEUE
        assert classify(self.FAR) is RowClass.QUEUED
        assert (back.waiting, back.scan, back.candidate) == ({}, None, None)
        opened = cursors.open_scan(back, RULES, READING, now=NOW, since_of=text)
        assert opened.scan.since == text(NOW - timedelta(days=1) - RULES.overlap)
        assert not opened.scan.first
        assert (back.begun_at, back.full_page) == (self.FAR.begun_at, self.FAR.full_page)

    def test_a_cursor_that_is_not_as_far_keeps_its_place_but_forgets_what_it_queued(self):
        back = cursors.rewound(self.FAR, NOW + timedelta(hours=1))
        assert (back.watermark, len(back.rows)) == (NOW, 0)

    def test_a_first_reading_begins_again_as_the_first(self):
        begun = Cursor(begun_at=NOW, watermark=NOW, scan=replace(FRESH, first=True, next_page=7, started_at=NOW))
        back = cursors.rewound(begun, NOW)
        assert (back.scan.first, back.scan.next_page, back.scan.since) == (True, 1, FRESH.since)

    def test_a_list_that_was_never_read_stays_so(self):
        assert cursors.rewound(Cursor(), NOW) == Cursor()
