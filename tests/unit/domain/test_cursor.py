"""The arithmetic of the cursor: what is queued, what is remembered, and how far the watermark may go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connector.domain import cursor as cursors
from connector.domain.cursor import REMEMBERED_ROWS, Cursor, Rules, Scan, Verdict, Waiting

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(overlap=15 * MINUTE, settle=2 * MINUTE, settle_cap=30 * MINUTE)


def text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat()


def instant(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    except ValueError:
        return None


def judge(cursor=Cursor(), *, age=timedelta(minutes=10), now=NOW, since=NOW - timedelta(hours=1), rules=RULES):  # noqa: B008 - immutable
    modified = now - age
    return cursors.judge(
        cursor, rules, key="1", modified=text(modified), modified_at=modified, since=since, server_time=now
    )


def scan(**changes) -> Scan:
    usual = Scan(since=text(NOW - 15 * MINUTE), since_utc=NOW - 15 * MINUTE, started_at=NOW, next_page=2)
    return replace(usual, **changes)


class TestJudging:
    def test_a_row_at_rest_is_queued(self):
        assert judge(age=2 * MINUTE) is Verdict.QUEUE

    def test_a_row_changed_a_moment_ago_waits(self):
        assert judge(age=2 * MINUTE - timedelta(seconds=1)) is Verdict.WAIT

    def test_a_row_queued_with_this_time_stamp_is_known(self):
        seen = Cursor(known={"1": text(NOW - 10 * MINUTE)})
        assert judge(seen) is Verdict.KNOWN
        assert judge(seen, age=9 * MINUTE) is Verdict.QUEUE

    def test_a_row_older_than_the_window_is_not_ours_and_one_on_its_edge_is(self):
        assert judge(age=61 * MINUTE) is Verdict.OUTSIDE
        assert judge(age=60 * MINUTE) is Verdict.QUEUE

    def test_a_row_without_a_time_stamp_is_queued(self):
        for modified in (None, "soon"):
            verdict = cursors.judge(
                Cursor(), RULES, key="1", modified=modified, modified_at=None, since=NOW, server_time=NOW
            )
            assert verdict is Verdict.QUEUE

    def test_without_a_settle_time_nothing_waits(self):
        assert judge(age=timedelta(0), rules=replace(RULES, settle=timedelta(0))) is Verdict.QUEUE

    def test_a_row_that_seems_to_lie_in_the_future_rests_by_the_servers_own_clock(self):
        """The zone is misread: by its stamp alone the row would wait for two hours."""
        stamp = NOW + timedelta(hours=2)
        seen = cursors.remember(Cursor(), {"1": (Verdict.WAIT, text(stamp))}, server_time=NOW)
        for later, expected in ((MINUTE, Verdict.WAIT), (2 * MINUTE, Verdict.QUEUE)):
            verdict = cursors.judge(
                seen,
                RULES,
                key="1",
                modified=text(stamp),
                modified_at=stamp,
                since=NOW - timedelta(hours=1),
                server_time=NOW + later,
            )
            assert verdict is expected

    def test_a_row_that_never_rests_is_queued_when_its_time_is_up(self):
        cursor, verdicts = Cursor(), []
        for minute in range(32):
            now = NOW + minute * MINUTE
            modified = now - timedelta(seconds=30)
            verdict = judge(cursor, age=timedelta(seconds=30), now=now)
            cursor = cursors.remember(cursor, {"1": (verdict, text(modified))}, server_time=now)
            verdicts.append(verdict)
        assert verdicts.index(Verdict.QUEUE) == 30
        assert verdicts[31] is Verdict.WAIT, "the wait begins anew after it was queued"


class TestRemembering:
    def test_a_queued_row_is_known_and_waits_no_longer(self):
        before = Cursor(waiting={"1": Waiting("a", NOW, NOW)})
        after = cursors.remember(before, {"1": (Verdict.QUEUE, "b")}, server_time=NOW)
        assert (after.known, after.waiting) == ({"1": "b"}, {})

    def test_a_waiting_row_keeps_since_when_it_waits_and_since_when_it_is_unchanged(self):
        first = cursors.remember(Cursor(), {"1": (Verdict.WAIT, "a")}, server_time=NOW)
        same = cursors.remember(first, {"1": (Verdict.WAIT, "a")}, server_time=NOW + MINUTE)
        changed = cursors.remember(same, {"1": (Verdict.WAIT, "b")}, server_time=NOW + 2 * MINUTE)
        assert same.waiting["1"] == Waiting("a", NOW, NOW)
        assert changed.waiting["1"] == Waiting("b", NOW + 2 * MINUTE, NOW)

    def test_rows_known_outside_or_without_a_stamp_leave_no_trace(self):
        before = Cursor(known={"1": "a"})
        verdicts = {"1": (Verdict.KNOWN, "a"), "2": (Verdict.OUTSIDE, "b"), "3": (Verdict.QUEUE, None)}
        assert cursors.remember(before, verdicts, server_time=NOW) == before

    def test_memory_is_bounded_and_the_newest_stay(self):
        stamps = {str(number): text(NOW + timedelta(seconds=number)) for number in range(REMEMBERED_ROWS + 50)}
        for verdict in (Verdict.QUEUE, Verdict.WAIT):
            after = cursors.remember(
                Cursor(), {key: (verdict, stamp) for key, stamp in stamps.items()}, server_time=NOW
            )
            kept = after.known or after.waiting
            assert len(kept) == REMEMBERED_ROWS
            assert set(kept) == set(list(stamps)[50:])

    def test_what_the_next_window_cannot_show_is_forgotten(self):
        old, edge, new = NOW - 16 * MINUTE, NOW - 15 * MINUTE, NOW
        cursor = Cursor(
            known={"old": text(old), "edge": text(edge), "new": text(new), "odd": "soon"},
            waiting={"gone": Waiting(text(old), old, old), "here": Waiting(text(new), new, new)},
        )
        after = cursors.forget_old(cursor, since=edge, instant_of=instant)
        assert set(after.known) == {"edge", "new"}
        assert set(after.waiting) == {"here"}


class TestTheWatermark:
    def test_it_moves_to_the_newest_row(self):
        after = cursors.finish(Cursor(watermark=NOW - 10 * MINUTE), scan(newest=NOW - 5 * MINUTE), RULES, distinct=1)
        assert after.watermark == NOW - 5 * MINUTE
        assert after.caught_up_at == NOW
        assert after.scan is None

    def test_it_never_passes_the_rows_that_have_not_come_to_rest(self):
        after = cursors.finish(Cursor(watermark=NOW - 10 * MINUTE), scan(newest=NOW), RULES, distinct=1)
        assert after.watermark == NOW - RULES.settle

    def test_it_never_falls(self):
        before = Cursor(watermark=NOW - MINUTE)
        for newest in (None, NOW - 14 * MINUTE):
            assert cursors.finish(before, scan(newest=newest), RULES, distinct=1).watermark == before.watermark

    def test_a_first_scan_without_rows_puts_it_where_the_scan_began(self):
        """So that an outage after it cannot open a gap, however long it lasts."""
        after = cursors.finish(Cursor(), scan(since_utc=NOW - 15 * MINUTE), RULES, distinct=0)
        assert after.watermark == NOW - RULES.settle
        assert cursors.window_start(after, RULES, now=NOW + timedelta(days=2)) < NOW - 15 * MINUTE

    def test_a_list_that_was_never_read_begins_one_overlap_ago(self):
        assert cursors.window_start(Cursor(), RULES, now=NOW) == NOW - 15 * MINUTE

    def test_the_window_reaches_back_behind_the_true_watermark(self):
        assert cursors.window_start(Cursor(watermark=NOW), RULES, now=NOW + MINUTE) == NOW - 15 * MINUTE

    def test_a_scan_that_may_have_missed_a_row_leaves_it(self):
        before = Cursor(watermark=NOW - 10 * MINUTE, caught_up_at=NOW - 10 * MINUTE)
        doubtful = scan(next_page=3, by_number=False, by_time=False, total=4, newest=NOW - 5 * MINUTE)
        after = cursors.finish(before, doubtful, RULES, distinct=3)
        assert (after.watermark, after.caught_up_at) == (before.watermark, before.caught_up_at)

    def test_a_doubtful_scan_in_order_of_time_moves_it_to_what_page_one_showed(self):
        before = Cursor(watermark=NOW - 10 * MINUTE)
        doubtful = scan(
            next_page=3,
            by_number=False,
            total=4,
            newest=NOW - 5 * MINUTE,
            first_page_newest=NOW - 8 * MINUTE,
        )
        assert cursors.finish(before, doubtful, RULES, distinct=3).watermark == NOW - 8 * MINUTE


class TestTrustInAScan:
    def page(self, reading: Scan, keys: list[str], *, total: int, minutes: list[int] | None = None) -> Scan:
        times = [NOW + minute * MINUTE for minute in (minutes or range(len(keys)))]
        return reading.after_page(keys, times, total=total, server_time=NOW)

    def fresh(self) -> Scan:
        return Scan(since="", since_utc=NOW)

    def test_one_page_shows_everything(self):
        one = self.page(self.fresh(), ["9", "1"], total=2)
        assert one.showed_everything(distinct=0)

    def test_rows_in_order_of_their_numbers_cannot_hide_each_other(self):
        two = self.page(self.page(self.fresh(), ["8", "9"], total=4), ["10", "11"], total=4)
        assert two.by_number
        assert two.showed_everything(distinct=0)

    def test_numbers_out_of_order_need_every_row_to_have_been_seen(self):
        two = self.page(self.page(self.fresh(), ["2", "3"], total=4), ["1", "4"], total=4)
        assert not two.by_number
        assert two.showed_everything(distinct=4)
        assert not two.showed_everything(distinct=3)

    def test_a_row_that_ends_one_page_and_opens_the_next_has_moved(self):
        """In a list by modification: 1 2 7 | 3, then 7 is edited, then 1 2 3 | 7, and nobody saw 3."""
        two = self.page(self.page(self.fresh(), ["1", "2", "7"], total=4), ["7"], total=4)
        assert not two.by_number
        assert not two.showed_everything(distinct=3)

    def test_a_total_that_fell_is_a_row_that_left_and_moved_the_others(self):
        two = self.page(self.page(self.fresh(), ["1", "2"], total=4), ["3"], total=3)
        assert not two.showed_everything(distinct=4)

    def test_a_resumed_scan_has_forgotten_which_rows_it_saw(self):
        two = self.page(self.page(self.fresh(), ["2", "1"], total=4), ["3", "4"], total=4)
        assert not replace(two, resumed=True).showed_everything(distinct=4)
        assert replace(two, by_number=True, resumed=True).showed_everything(distinct=0)

    def test_the_order_in_time_is_followed_across_pages(self):
        two = self.page(
            self.page(self.fresh(), ["5", "3"], total=4, minutes=[0, 1]), ["4", "1"], total=4, minutes=[1, 2]
        )
        assert two.by_time
        assert not self.page(two, ["2"], total=5, minutes=[0]).by_time

    def test_the_first_page_is_remembered(self):
        two = self.page(self.page(self.fresh(), ["1"], total=2, minutes=[3]), ["2"], total=2, minutes=[9])
        assert (two.first_page_newest, two.newest) == (NOW + 3 * MINUTE, NOW + 9 * MINUTE)
        assert two.next_page == 3

    def test_a_row_without_a_time_ends_the_trust_in_the_order_of_time(self):
        one = self.fresh().after_page(["1"], [None], total=1, server_time=NOW)
        assert not one.by_time
        assert one.newest is None
