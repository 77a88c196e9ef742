"""Polling Visma: what is queued, what it costs, and that no list or company stands in another's way."""

from __future__ import annotations

import weakref
from dataclasses import replace
from datetime import timedelta
from math import ceil

import msgspec
import pytest

from connector.domain.documents import Kind
from connector.domain.errors import Conflict, ListRefused, Misconfigured, StateMismatch, Throttled, Transient
from connector.domain.polling.cursor import Reading, row_id
from connector.domain.routing.route import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from connector.services.messages import INLINE_LIMIT
from connector.services.outbound.poll import LEASE, Poller
from connector.services.ports import Budget, Metric, Resource
from testkit.memory.connector import Connector
from testkit.memory.effects import Killed, StepDeadline, killer
from testkit.memory.visma import FakeErp

ORDERS = Resource.PURCHASE_ORDERS
MINUTE = timedelta(minutes=1)


def a_company(name="nordic", **changes) -> Company:
    usual = {
        "company_id": "1234567",
        "tenant_id": "tenant",
        "time_zone": "Europe/Oslo",
        "branch": None,
        "overlap": 15 * MINUTE,
        "settle": 2 * MINUTE,
        "settle_cap": 30 * MINUTE,
        "page_size": 10,
    }
    return Company(name, VismaTenant(**(usual | changes)), IsaId("N", "NT"), Identity())


class Bench(Connector):
    """One company, its Visma, and the poller between fakes."""

    def __init__(self, ports, **changes):
        super().__init__(**ports)
        self.company = a_company(**changes)

    def edit(self, *numbers, **changes):
        for number in numbers:
            self.erp.save(str(number), **changes)

    def poll(self, resource=ORDERS, *, pages=None):
        return self.poller().poll(self.company, resource, StepDeadline(pages))

    def poll_all(self, *companies):
        return self.poller().poll_all(companies or [self.company], StepDeadline())

    @property
    def cursor(self):
        return self.cursors.of("nordic")

    def numbers(self):
        """What was queued since the last look."""
        numbers = self.outbox.numbers()
        self.outbox.clear()
        return numbers


@pytest.fixture
def bench(ports):
    return Bench(ports)


def settle(bench, minutes=5):
    bench.clock.forward(minutes=minutes)


class TestWhatIsQueued:
    def test_a_changed_document_is_queued_once_with_its_exact_bytes(self, bench):
        bench.poll()
        raw = b'{"orderNbr":"1",  "unitCost":10.10,"lastModifiedDateTime":"x"}'
        bench.edit(1, raw=raw)
        settle(bench)
        assert bench.poll().queued == 1
        message = bench.outbox.queued_documents[0]
        assert (message.company, message.kind, message.number) == ("nordic", Kind.PURCHASE_ORDER, "1")
        assert bytes(message.document) == raw
        assert message.modified_at == bench.clock.now() - 5 * MINUTE
        assert message.seen_at == bench.clock.now(), "by the server's clock"
        assert message.cause == "poll"
        for _ in range(5):
            settle(bench)
            assert bench.poll().queued == 0

    def test_a_document_that_was_changed_a_moment_ago_waits_until_it_rests(self, bench):
        bench.poll()
        bench.edit(1)
        bench.clock.forward(seconds=30)
        assert bench.poll().queued == 0
        assert list(bench.cursor.waiting) == [row_id("1")]
        settle(bench)
        assert bench.poll().queued == 1
        assert bench.cursor.waiting == {}

    def test_a_document_that_never_rests_is_queued_after_the_cap(self, bench):
        bench.poll()
        queued_at = None
        for minute in range(40):
            bench.clock.forward(minutes=1)
            bench.edit(1)
            bench.clock.forward(seconds=10)
            if bench.poll().queued and queued_at is None:
                queued_at = minute
        assert queued_at in range(24, 31), "ten seconds more each time: the cap of 30 minutes is reached in round 26"

    def test_the_first_reading_shows_the_whole_day_and_says_what_existed_before(self, bench):
        """The day in UTC; the rows need not be settled. What is changed while it goes on is no longer from before."""
        bench.edit(0, at=bench.clock.now() - timedelta(days=1))
        bench.edit(1, at=bench.clock.now().replace(hour=0))
        bench.edit(*range(10, 20))
        bench.erp.after_page = lambda *_: bench.clock.forward(minutes=1) or bench.edit(20)
        begun_at = bench.clock.now()
        bench.poll(pages=1)
        bench.erp.after_page = None
        settle(bench)
        bench.poll()
        first = {message.number: message for message in bench.outbox.queued_documents}
        assert sorted(first) == ["1", *map(str, range(10, 21))]
        assert {number for number, message in first.items() if not message.first_scan} == {"20"}
        assert {message.listed_since for message in first.values()} == {begun_at}
        bench.edit(2)
        settle(bench)
        bench.outbox.clear()
        bench.poll()
        (later,) = bench.outbox.queued_documents
        assert (later.listed_since, later.first_scan) == (begun_at, False)

    def test_while_the_zone_is_not_known_the_first_reading_counts_everything_as_from_before(self, ports):
        """Local time that is taken for UTC lies in the future: an order of an hour ago would pass for a new one."""
        bench = Bench(ports, time_zone=None)
        bench.edit(1, at=bench.clock.now() - timedelta(minutes=30))
        bench.poll()
        (message,) = bench.outbox.queued_documents
        assert (message.first_scan, message.modified_at > bench.clock.now()) == (True, True)

    def test_a_first_reading_that_dies_is_still_the_first_and_began_when_it_began(self, bench):
        bench.edit(1)
        begun_at = bench.clock.now()
        reaper = killer(3, after=True)
        with pytest.raises(Killed):
            doomed(bench, reaper).poll(bench.company, ORDERS, StepDeadline())
        assert reaper.steps == ["acquire", "save", "documents"]
        bench.clock.forward(minutes=7)
        bench.edit(2)
        settle(bench)
        bench.outbox.clear()
        bench.poll()
        known = {
            message.number: (message.listed_since, message.first_scan) for message in bench.outbox.queued_documents
        }
        assert known == {"1": (begun_at, True), "2": (begun_at, False)}

    def test_a_row_of_another_branch_is_none_of_ours(self, ports):
        bench = Bench(ports, branch="1")
        bench.poll()
        for number, branch in (("1", "1"), ("2", "2"), ("3", None)):
            bench.edit(number, branch=branch)
        original = bench.erp.list_page
        bench.erp.list_page = lambda resource, **asked: original(resource, **(asked | {"branch": None}))
        settle(bench)
        bench.poll()
        assert bench.numbers() == ["1", "3"]

    def test_orders_of_two_types_with_one_number_are_two_rows(self, bench):
        bench.poll()
        bench.edit("1")
        settle(bench, minutes=1)
        bench.edit("2")
        original = bench.erp.list_page

        def shared(resource, **asked):
            page = original(resource, **asked)
            rows = [
                replace(row, number="1", document_type="DropShip" if row.number == "2" else None) for row in page.rows
            ]
            return replace(page, rows=rows)

        bench.erp.list_page = shared
        settle(bench)
        assert bench.poll().queued == 2
        assert bench.numbers() == ["1", "1"]
        assert bench.poll().queued == 0
        before = bench.cursor.watermark
        settle(bench, minutes=30)
        assert bench.poll().queued == 0
        assert bench.cursor.watermark > before

    def test_a_row_of_another_branch_is_queued_when_that_branch_becomes_ours(self, bench):
        bench.company = a_company(branch="1")
        bench.poll()
        bench.edit("3", branch="2")
        obeying = bench.erp.list_page
        bench.erp.list_page = lambda resource, **asked: obeying(resource, **(asked | {"branch": None}))
        settle(bench)
        assert bench.poll().queued == 0
        bench.company = a_company(branch="2")
        assert bench.poll().queued == 1

    def test_a_row_without_a_time_stamp_is_queued_rather_than_lost(self, bench):
        bench.poll()
        bench.edit(1, stamp="")
        bench.edit(2)
        settle(bench)
        bench.poll()
        assert bench.numbers() == ["1", "2"]
        bench.poll()
        assert bench.numbers() == [], "it is known by its content"

    def test_credit_notes_are_kept_apart_from_invoices_of_the_same_number(self, bench):
        bench.edit(7, resource=Resource.CUSTOMER_INVOICES, document_type="Invoice")
        bench.edit(7, resource=Resource.CUSTOMER_INVOICES, document_type="CreditNote")
        bench.edit(8, resource=Resource.CUSTOMER_CREDIT_NOTES)
        bench.edit(9, resource=Resource.CUSTOMER_DEBIT_NOTES)
        settle(bench)
        bench.poll(Resource.CUSTOMER_INVOICES)
        bench.poll(Resource.CUSTOMER_CREDIT_NOTES)
        bench.poll(Resource.CUSTOMER_DEBIT_NOTES)
        assert bench.numbers() == ["CreditNote:7", "7", "CreditNote:8", "DebitNote:9"]

    @pytest.mark.parametrize(("size", "inline"), [(INLINE_LIMIT, True), (INLINE_LIMIT + 1, False)])
    def test_a_document_too_large_for_a_message_goes_to_the_payload_bucket(self, bench, payloads, size, inline):
        raw = msgspec.json.encode({"note": "x" * (size - 11)})
        assert len(raw) == size
        bench.edit(1, raw=raw)
        settle(bench)
        bench.poll()
        message = bench.outbox.queued_documents[0]
        if inline:
            assert message.document_at is None
            assert bytes(message.document) == raw
        else:
            assert message.document is msgspec.UNSET
            assert payloads.get(message.document_at) == raw

    def test_damaged_rows_are_told_and_the_others_go_on(self, bench, telemetry):
        bench.erp.damaged[ORDERS] = ["Element 2 on page 1 has no number."]
        bench.edit(1)
        settle(bench)
        bench.poll()
        assert bench.numbers() == ["1"]
        assert telemetry.counts[Metric.DAMAGED_ROWS] == 1
        assert telemetry.events("error") == ["row without a number"]


class TestWhatItCosts:
    @pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 25, 100])
    @pytest.mark.parametrize("total", [lambda length, _: length, lambda *_: None, lambda *_: 4])
    def test_reading_takes_one_call_a_page_and_at_most_one_more(self, bench, rows, total):
        bench.erp.total = total
        bench.edit(*range(1000, 1000 + rows))
        settle(bench)
        result = bench.poll()
        assert (result.rows, result.queued, result.finished) == (rows, rows, True)
        assert len(bench.erp.calls) <= ceil(rows / 10) + 1

    def test_a_page_capped_by_the_server_is_not_taken_for_the_last(self, bench):
        bench.erp.max_page_size = 4
        bench.edit(*range(1000, 1010))
        settle(bench)
        assert bench.poll().queued == 10
        assert [page for _, page in bench.erp.calls] == [1, 2, 3]

    def test_a_page_is_let_go_before_the_next_one_is_asked_for(self, bench, monkeypatch):
        class Rows(list):
            """A list whose end can be watched."""

        pages, held = [], []
        list_page = bench.erp.list_page

        def watched(*question, **details):
            held.append([page() for page in pages if page() is not None])
            page = list_page(*question, **details)
            rows = Rows(page.rows)
            pages.append(weakref.ref(rows))
            return replace(page, rows=rows)

        bench.poll()
        bench.edit(*range(35))
        settle(bench)
        monkeypatch.setattr(bench.erp, "list_page", watched)
        assert bench.poll().pages == 4
        assert held == [[], [], [], []]

    def test_a_quiet_poll_is_one_call(self, bench):
        bench.edit(1)
        settle(bench)
        bench.poll()
        bench.erp.calls.clear()
        settle(bench)
        bench.poll()
        assert bench.erp.calls == [(ORDERS, 1)]

    def test_a_scan_without_time_is_put_aside_and_resumed_at_its_next_page(self, bench):
        bench.poll()
        bench.edit(*range(1000, 1035))
        settle(bench)
        bench.erp.calls.clear()
        before = bench.cursor.watermark
        first = bench.poll(pages=2)
        assert (first.finished, first.queued) == (False, 20)
        assert bench.cursor.candidate is None
        assert bench.cursor.watermark == before
        assert bench.cursor.scan.next_page == 3
        second = bench.poll()
        assert (second.finished, second.queued) == (True, 15)
        assert bench.erp.calls == [(ORDERS, page) for page in (1, 2, 3, 4)]
        assert bench.cursor.watermark == before, "rows may have moved between the pages"
        settle(bench)
        began = bench.clock.now() - 5 * MINUTE
        bench.poll()
        assert bench.cursor.watermark == began - 2 * MINUTE
        assert sorted(bench.numbers()) == [str(number) for number in range(1000, 1035)]

    def test_with_no_time_left_nothing_is_asked_and_no_cursor_taken(self, bench):
        result = bench.poll(pages=0)
        assert result.problem == "no time left in this run"
        assert bench.erp.calls == []
        assert bench.cursors.rows == {}

    @pytest.mark.parametrize(
        "changes",
        [{"page_size": 7}, {"branch": "1"}, {"time_zone": "Europe/Helsinki"}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_a_scan_that_was_put_aside_with_other_questions_begins_again(self, bench, changes):
        bench.poll()
        bench.edit(*range(1000, 1035))
        settle(bench)
        bench.poll(pages=2)
        bench.erp.calls.clear()
        bench.company = a_company(**changes)
        assert bench.poll().queued == 15
        assert bench.erp.calls[0] == (ORDERS, 1)
        assert bench.cursor.candidate.reading == Reading(
            **(
                {"page_size": 10, "branch": None, "zone": "Europe/Oslo"}
                | {k.replace("time_", ""): v for k, v in changes.items()}
            )
        )

    def test_an_empty_list_leaves_the_watermark_where_it_is(self, bench):
        bench.edit(1)
        settle(bench)
        bench.poll()
        before = bench.cursor.watermark
        settle(bench, 24 * 60)
        for _ in range(3):
            bench.poll()
            settle(bench)
        assert bench.cursor.watermark > before, "the last row was still shown once"
        before = bench.cursor.watermark
        settle(bench, 24 * 60)
        bench.poll()
        assert bench.cursor.watermark == before
        assert bench.cursor.caught_up_at == bench.clock.now()

    def test_the_list_may_page_shorter_or_longer_while_it_is_read(self, bench):
        """Visma's own limit changes between two pages: the pass begins again, and no row is left out."""
        for limits in ([4, 10], [10, 4], [10, 4, 10], [4, 3, 5]):
            bench.edit(*range(1000, 1035))
            settle(bench)
            planned = iter(limits)

            def change(*_, planned=planned):
                bench.erp.max_page_size = next(planned, bench.erp.max_page_size)

            bench.erp.names_maximum, bench.erp.before_page = False, change
            for _ in range(3):
                bench.poll()
                bench.clock.forward(seconds=1)
            assert sorted(bench.numbers()) == [str(number) for number in range(1000, 1035)]
            assert bench.clock.now() - bench.cursor.caught_up_at <= timedelta(seconds=3)

    def test_a_row_a_fraction_of_a_millisecond_before_the_window_is_not_queued_again_and_again(self, bench):
        """Visma's filter knows milliseconds only, so the window shows such a row for as long as the watermark rests."""
        bench.poll()
        settle(bench)
        base = bench.clock.now()
        bench.edit(1, at=base + timedelta(microseconds=400))
        bench.edit(2, at=base + 15 * MINUTE + timedelta(microseconds=900))
        settle(bench, 20)
        assert bench.poll().queued == 2
        for _ in range(3):
            settle(bench)
            assert bench.poll().queued == 0

    def test_in_the_autumn_hour_a_quiet_poll_queues_nothing(self, bench):
        bench.clock.time = bench.clock.time.replace(month=10, day=24, hour=23, minute=50)
        bench.poll()
        for number in range(1, 9):
            bench.edit(number)
            settle(bench, 10)
        bench.poll()
        assert len(bench.numbers()) == 8
        for _ in range(24):
            settle(bench)
            bench.poll()
            assert bench.numbers() == []


class TestTrouble:
    def test_one_broken_list_does_not_stop_the_others(self, bench, telemetry):
        bench.erp.broken[ORDERS] = Transient("Visma answered 502.", request_id="r-1")
        bench.edit(1, resource=Resource.SUPPLIER_INVOICES)
        settle(bench)
        results = bench.poll_all()
        assert [(result.resource, result.problem) for result in results] == [
            (ORDERS, "Visma answered 502."),
            (Resource.SUPPLIER_INVOICES, None),
            (Resource.CUSTOMER_INVOICES, None),
            (Resource.CUSTOMER_CREDIT_NOTES, None),
            (Resource.CUSTOMER_DEBIT_NOTES, None),
        ]
        assert bench.numbers() == ["1"]
        assert telemetry.events("warning") == ["poll failed"]

    def test_a_cursor_of_another_ledger_stops_its_list_and_says_what_to_do(self, bench, telemetry):
        """Nothing is read, so nothing that the ledger lacks is passed over."""
        acquire = bench.cursors.acquire

        def refused(company, resource, **given):
            if resource is ORDERS:
                raise StateMismatch("Read with another ledger.", next_step="Run connector cursors rewind.")
            return acquire(company, resource, **given)

        bench.cursors.acquire = refused
        bench.edit(1)
        settle(bench)
        results = {result.resource: result.problem for result in bench.poll_all()}
        assert results[ORDERS] == "Read with another ledger. Run connector cursors rewind."
        assert [problem for resource, problem in results.items() if resource is not ORDERS] == [None] * 4
        assert bench.numbers() == []
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1

    def test_a_refused_company_is_asked_once_and_does_not_stop_the_next(self, bench, clock, telemetry):
        bench.erps.erps["other"] = FakeErp(clock)
        bench.erps.refused["nordic"] = Misconfigured("Visma refuses the token.")
        results = bench.poll_all(bench.company, a_company("other"))
        assert [one.problem for one in results if one.company == "nordic"] == ["Visma refuses the token."]
        assert len([one for one in results if one.company == "other"]) == len(Resource)
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1

    def test_a_company_with_a_zone_that_does_not_exist_leaves_no_lock_behind(self, bench):
        wrong = a_company(time_zone="Europe/Olso")
        with pytest.raises(Misconfigured, match="no time zone"):
            bench.poller().poll(wrong, ORDERS, StepDeadline())
        assert bench.poll().finished

    def test_a_failing_page_keeps_what_was_read_and_the_next_poll_goes_on_there(self, bench):
        bench.poll()
        before = bench.cursor.watermark
        bench.edit(*range(1000, 1025))
        settle(bench)
        bench.erp.calls.clear()
        bench.erp.failures[2] = Transient("Visma answered 502.")
        with pytest.raises(Transient):
            bench.poll()
        assert bench.cursor.watermark == before
        assert bench.poll().queued == 15
        assert bench.erp.calls == [(ORDERS, page) for page in (1, 2, 2, 3)]

    def test_a_queue_that_takes_nothing_leaves_the_rows_to_the_next_poll(self, bench):
        bench.edit(1)
        settle(bench)
        bench.outbox.failures.append(Transient("The queue did not take 1 of 1 messages."))
        with pytest.raises(Transient):
            bench.poll()
        assert len(bench.cursor.rows) == 0
        assert bench.cursor.caught_up_at is None
        assert bench.poll().queued == 1

    def test_throttling_puts_the_next_poll_off_as_long_as_visma_says(self, bench, telemetry):
        bench.erp.failures[1] = Throttled("Visma limits us.", retry_after=timedelta(minutes=20))
        assert len(bench.poll_all()) == 1, "the company's other lists would be refused alike"
        assert telemetry.counts[Metric.THROTTLED] == 1
        settle(bench, 19)
        assert bench.poll().problem == "waiting for Visma's hourly budget"
        assert len(bench.erp.calls) == 1
        settle(bench, 2)
        assert bench.poll().finished

    def test_a_pause_of_thirty_days_is_not_believed(self, bench):
        """As a version before wrote it down, or a clock that was wrong."""
        bench.erp.failures[1] = Throttled("Visma limits us.", retry_after=timedelta(days=30))
        assert [result.problem for result in bench.poll_all()] == ["Visma limits us."]
        settle(bench)
        assert bench.poll().finished

    def test_a_person_lets_the_next_poll_begin_at_once(self, bench):
        bench.erp.failures[1] = Throttled("Visma limits us.", retry_after=timedelta(minutes=20))
        assert [result.problem for result in bench.poll_all()] == ["Visma limits us."]
        bench.cursors.lift("nordic", Resource.PURCHASE_ORDERS.value)
        assert bench.poll().finished

    def test_a_small_rest_of_the_hourly_budget_slows_polling_down(self, bench, telemetry):
        bench.erp.budget = Budget(limit=500, remaining=50, reset=40 * MINUTE)
        bench.poll()
        assert telemetry.events("warning") == ["slowed down for Visma's hourly budget"]
        bench.erp.budget = Budget(limit=500, remaining=500, reset=60 * MINUTE)
        settle(bench, 19)
        assert bench.poll().problem == "waiting for Visma's hourly budget"
        settle(bench, 2)
        assert bench.poll().finished
        settle(bench)
        assert bench.poll().finished, "with the new hour the pause is over"

    def test_a_list_that_ignores_the_filter_queues_nothing_and_is_told(self, bench, telemetry):
        bench.edit(*range(1000, 1030))
        bench.clock.forward(days=2)
        bench.erp.obeys_filter = False
        bench.edit(1, resource=Resource.CUSTOMER_INVOICES)
        settle(bench)
        results = bench.poll_all()
        assert "ignored the filter" in results[0].problem
        assert bench.numbers() == ["1"], "the company's other lists are polled"
        assert [page for resource, page in bench.erp.calls if resource is ORDERS] == [1]
        assert telemetry.counts == {Metric.LISTS_FAILING: 1, Metric.DOCUMENTS_QUEUED: 1}

    def test_old_rows_among_new_ones_are_left_alone(self, bench):
        bench.edit(1)
        bench.clock.forward(days=2)
        bench.poll(Resource.SUPPLIER_INVOICES)
        bench.erp.obeys_filter = False
        bench.edit(2)
        settle(bench)
        bench.poll()
        assert bench.numbers() == ["2"]

    def test_a_list_without_any_document_where_some_are_known_is_suspicious(self, bench, telemetry):
        """Visma: a wrong company header gives 200 and an empty list."""
        bench.edit(1)
        settle(bench)
        bench.poll()
        before = bench.cursor
        bench.erp.delete("1")
        bench.edit(5, resource=Resource.SUPPLIER_INVOICES)
        settle(bench)
        results = bench.poll_all()
        assert "lists no v1/purchaseorder at all" in results[0].problem
        assert (bench.cursor.watermark, len(bench.cursor.rows)) == (before.watermark, 1)
        assert telemetry.counts[Metric.LISTS_FAILING] == 1
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
        assert [result.problem for result in results[1:]] == [None] * 4, "a deleted order stops no invoice"

    def test_a_list_whose_newest_row_was_deleted_is_no_refused_credential(self, bench, telemetry):
        bench.edit(1)
        bench.clock.forward(days=2)
        bench.poll()
        bench.edit(2)
        settle(bench)
        bench.poll()
        bench.erp.delete("2")
        settle(bench)
        assert bench.poll_all()[0].problem is None
        assert bench.erp.asked[-len(Resource) :].count(1) == 1, "one row of the whole list is asked for"
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
        assert len(bench.cursor.rows) == 0
        bench.erp.calls.clear()
        bench.poll()
        assert len(bench.erp.calls) == 1

    def test_an_empty_list_that_nobody_could_explain_is_read_again(self, bench):
        bench.edit(1)
        settle(bench)
        bench.poll()
        bench.erp.delete("1")
        bench.erp.failures[len(bench.erp.calls) + 2] = Transient("Visma answered 502.")
        with pytest.raises(Transient):
            bench.poll()
        with pytest.raises(Misconfigured, match="at all"):
            bench.poll()

    def test_an_empty_list_of_which_nothing_is_known_changes_nothing(self, bench):
        for _ in range(3):
            assert bench.poll().finished
            settle(bench)


def doomed(bench, reaper) -> Poller:
    """The poller, which dies where the reaper waits."""
    return bench.poller(
        cursors=reaper.watch(bench.cursors, "acquire", "save"), outbox=reaper.watch(bench.outbox, "documents")
    )


class TestLocks:
    def test_a_second_poll_of_the_same_list_is_turned_away(self, bench, telemetry):
        bench.edit(1)
        settle(bench)
        bench.erp.after_page = lambda *_: None
        lease = bench.cursors.acquire("nordic", ORDERS, now=bench.clock.now(), lease=LEASE)
        results = bench.poll_all()
        assert "is running" in results[0].problem
        assert telemetry.events("warning") == []
        bench.cursors.save(lease, lease.cursor, release=True)
        assert bench.poll().queued == 1

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("step", [1, 2, 3, 4])
    def test_a_poll_that_dies_anywhere_is_replaced_and_loses_nothing(self, bench, step, after):
        """P1 to P4: lock taken, some pages queued, all queued, cursor written."""
        bench.poll()
        bench.edit(*range(1000, 1015))
        settle(bench)
        reaper = killer(step, after=after)
        with pytest.raises(Killed):
            doomed(bench, reaper).poll(bench.company, ORDERS, StepDeadline())
        assert reaper.steps == ["acquire", "documents", "documents", "save"][:step]
        locked = not (step == 1 and not after) and not (step == 4 and after)
        if locked:
            with pytest.raises(Conflict):
                bench.poll()
        bench.clock.time += LEASE + timedelta(seconds=1)
        bench.poll()
        assert set(bench.numbers()) == {str(number) for number in range(1000, 1015)}

    def test_a_poll_that_outlived_its_lock_cannot_write_the_cursor(self, bench):
        bench.edit(1)
        settle(bench)

        def overtaken(*_):
            bench.erp.after_page = None
            bench.clock.time += LEASE + timedelta(seconds=1)
            bench.edit(2)
            bench.clock.forward(minutes=3)
            bench.poll()

        bench.erp.after_page = overtaken
        with pytest.raises(Conflict, match="took over"):
            bench.poll()
        assert {row for row in map(row_id, "12") if bench.cursor.rows.stamp(row)} == {row_id("1"), row_id("2")}


class TestHealth:
    """Every run reports every list of every configured company, whatever happened."""

    def health(self, bench, company="nordic", resource=ORDERS):
        return {(one.company, one.resource): one for one in bench.health.record.lists}[company, resource.value]

    def test_lists_that_are_read_are_on_record_and_cost_no_metric(self, bench, telemetry):
        bench.poll_all()
        settle(bench, 5)
        bench.poll_all()
        assert {one.resource for one in bench.health.record.lists} == {one.value for one in Resource}
        assert all(one.lag(bench.clock.now()) < 10 * MINUTE for one in bench.health.record.lists)
        assert telemetry.durations == []
        assert telemetry.counts == {}

    def test_a_list_that_fails_counts_after_ten_minutes_and_until_it_is_read(self, bench, telemetry):
        bench.erp.broken[ORDERS] = Transient("Visma answered 502.", request_id="r-1")
        failing = []
        for _ in range(3):
            bench.poll_all()
            failing.append(telemetry.counts.pop(Metric.LISTS_FAILING, 0))
            settle(bench, 5)
        assert failing == [0, 0, 1]
        ((_, _, fields),) = [line for line in telemetry.lines if line[1] == "lists are failing"]
        assert "nordic v1/purchaseorder" in fields["reason"]
        assert "Visma answered 502." in fields["reason"]
        bench.erp.broken.clear()
        bench.poll_all()
        assert self.health(bench).failing_since is None
        assert telemetry.counts[Metric.LISTS_FAILING] == 0

    @pytest.mark.parametrize(
        ("error", "counted"),
        [(Misconfigured("Visma refuses the token."), [5, 5, 5]), (Throttled("Visma limits us."), [0, 0, 5])],
    )
    def test_a_company_that_is_refused_or_throttled_counts_with_all_its_lists(self, bench, telemetry, error, counted):
        bench.erps.refused["nordic"] = error
        failing = []
        for _ in range(3):
            bench.poll_all()
            failing.append(telemetry.counts.pop(Metric.LISTS_FAILING, 0))
            settle(bench, 5)
        assert failing == counted

    @pytest.mark.parametrize(("unsent", "failing"), [((), 1), ((Kind.SUPPLIER_INVOICE,), 0)])
    def test_one_list_that_is_refused_stops_no_other_and_counts_unless_routing_switches_it_off(
        self, bench, telemetry, unsent, failing
    ):
        bench.erp.broken[Resource.SUPPLIER_INVOICES] = ListRefused("Visma answered 403.")
        bench.edit(1, resource=Resource.CUSTOMER_INVOICES)
        settle(bench)
        results = bench.poll_all(replace(bench.company, kinds_unsent=frozenset(unsent)))
        assert [one.resource for one in results if one.has_failed] == [Resource.SUPPLIER_INVOICES]
        assert len(results) == len(Resource)
        assert bench.numbers() == ["1"]
        assert telemetry.counts[Metric.LISTS_FAILING] == failing
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
        refused = next(one for one in bench.health.read().lists if one.resource == Resource.SUPPLIER_INVOICES.value)
        assert (refused.problem, refused.is_unneeded) == ("Visma answered 403.", not failing)

    def test_a_defect_in_one_list_is_its_own_trouble(self, bench, telemetry):
        bench.erp.broken[ORDERS] = KeyError("defect")
        bench.edit(1, resource=Resource.SUPPLIER_INVOICES)
        settle(bench)
        bench.poll_all()
        assert bench.numbers() == ["1"]
        assert telemetry.counts[Metric.LISTS_FAILING] == 1
        assert self.health(bench).problem == "An unexpected failure: KeyError."

    def test_a_list_that_no_run_comes_to_falls_behind(self, bench, telemetry):
        bench.poll_all()
        settle(bench, 40)
        bench.poller().poll_all([bench.company], StepDeadline(0))
        ((metric, lag),) = telemetry.durations
        assert metric is Metric.CURSOR_LAG
        assert lag >= 40 * 60
        assert "lists are behind" in telemetry.events("warning")
        assert telemetry.counts[Metric.LISTS_FAILING] == 0

    def test_a_list_that_was_never_read_is_behind_since_it_was_configured(self, bench, telemetry):
        for _ in range(2):
            bench.poller().poll_all([bench.company], StepDeadline(0))
            settle(bench, 30)
        assert [lag for _, lag in telemetry.durations] == [30 * 60]

    def test_a_run_that_never_ended_is_reported_by_the_next_one(self, bench, telemetry):
        bench.poll_all()
        settle(bench, 15)
        bench.health.begin(now=bench.clock.now())
        settle(bench, 15)
        bench.poll_all()
        assert telemetry.events("error") == ["the last run did not end"]
        assert [lag for _, lag in telemetry.durations] == [30 * 60], "what was known stands before the run reads"

    def test_a_report_that_cannot_be_kept_is_told_all_the_same(self, bench, telemetry, monkeypatch):
        def refuse(*_, **__):
            raise Transient("The table is busy.")

        monkeypatch.setattr(bench.health, "begin", refuse)
        monkeypatch.setattr(bench.health, "end", refuse)
        bench.erp.broken[ORDERS] = Misconfigured("Visma refuses the token.")
        with pytest.raises(Transient, match="The table is busy"):
            bench.poll_all()
        assert telemetry.counts[Metric.LISTS_FAILING] == 5

    @pytest.mark.parametrize("part", ["begin", "end"])
    def test_a_run_that_cannot_keep_its_record_fails_after_all_lists_were_read(self, bench, monkeypatch, part):
        def refuse(*_, **__):
            raise Transient("The table is busy.")

        bench.edit(1)
        monkeypatch.setattr(bench.health, part, refuse)
        with pytest.raises(Transient, match="The table is busy"):
            bench.poll_all()
        assert len(bench.cursors.rows) == len(Resource)

    def test_without_a_company_nothing_is_reported(self, bench, telemetry):
        bench.poller().poll_all([], StepDeadline())
        assert (telemetry.counts, telemetry.durations, telemetry.lines) == ({}, [], [])


def test_a_schedule_of_every_five_minutes_begins_with_each_of_five_companies_in_turn(bench):
    companies = [a_company(name) for name in ("a", "b", "c", "d", "e")]
    for company in companies:
        bench.erps.erps[company.name] = FakeErp(bench.clock)
    first = set()
    for _ in range(40):
        settle(bench)
        first.add(bench.poll_all(*companies)[0].company)
    assert first == {"a", "b", "c", "d", "e"}


def test_more_companies_than_a_run_has_time_for_are_read_in_turn(bench):
    companies = [a_company(name) for name in "abcdefg"]
    for company in companies:
        bench.erps.erps[company.name] = FakeErp(bench.clock)
    read = []
    for _ in range(8):
        settle(bench)
        results = bench.poller().poll_all(companies, StepDeadline(14))
        read += dict.fromkeys(one.company for one in results if one.problem is None)
    assert len(read) > 2 * len(companies)
    assert read == [companies[at % len(companies)].name for at in range(len(read))]


def test_a_run_that_is_killed_does_not_keep_the_companies_behind_its_own_from_their_turn(bench):
    companies = [a_company(name) for name in "abc"]
    for company in companies:
        bench.erps.erps[company.name] = FakeErp(bench.clock)
    first = []
    for _ in range(3):
        settle(bench)
        bench.health.take_turn()  # a run of which nothing is heard any more
        first.append(bench.poll_all(*companies)[0].company)
    assert len(set(first)) > 1


@pytest.mark.parametrize("part", ["take_turn", "end_turn"])
def test_a_run_that_does_not_know_whose_turn_it_is_reads_all_the_same(bench, telemetry, monkeypatch, part):
    def refuse(*_, **__):
        raise Transient("The table is busy.")

    monkeypatch.setattr(bench.health, part, refuse)
    assert [one.problem for one in bench.poll_all()] == [None] * len(Resource)
    assert len(telemetry.events("warning")) == 1


@pytest.mark.parametrize("total", [lambda length, _: length, lambda *_: None, lambda _length, page: page])
def test_pages_that_visma_cuts_without_saying_so_are_all_read(bench, total):
    """The element that names the maximum may be missing like any other: a short page alone is no end."""
    bench.erp.max_page_size, bench.erp.names_maximum, bench.erp.total = 4, False, total
    bench.poll()
    bench.edit(*range(10, 21))
    settle(bench)
    result = bench.poll()
    assert (result.queued, result.finished) == (11, True)
    assert result.pages == 6, "two until it is seen that a page of four is full, three, and the end"
    assert bench.poll().pages == 4


def test_a_list_that_shows_one_page_for_ever_ends_the_poll_and_keeps_the_watermark(bench):
    bench.poll()
    before = bench.cursor.watermark
    bench.edit(*range(10, 24))
    settle(bench)
    bench.erp.total = lambda *_: None
    honest = bench.erp.list_page
    bench.erp.list_page = lambda resource, **asked: honest(resource, **(asked | {"page": 1}))
    with pytest.raises(Misconfigured, match="the same page"):
        bench.poll()
    assert bench.cursor.watermark == before
    assert len(bench.numbers()) == 10
    bench.erp.list_page = honest
    bench.poll()
    assert len(bench.numbers()) == 4
