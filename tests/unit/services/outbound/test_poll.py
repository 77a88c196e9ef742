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
from connector.domain.polling.shares import ALL, Share, shares_of
from connector.domain.routing.route import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from connector.services.messages import INLINE_LIMIT
from connector.services.outbound.poll import LEASE, Poller
from connector.services.ports import Budget, Metric, Resource
from testkit.memory.connector import Connector
from testkit.memory.effects import Killed, StepDeadline, killer
from testkit.memory.stores import MemoryHealth
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


class Harness(Connector):
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
def harness(ports):
    return Harness(ports)


def settle(harness, minutes=5):
    harness.clock.forward(minutes=minutes)


class TestWhatIsQueued:
    def test_a_changed_document_is_queued_once_with_its_exact_bytes(self, harness):
        harness.poll()
        raw = b'{"orderNbr":"1",  "unitCost":10.10,"lastModifiedDateTime":"x"}'
        harness.edit(1, raw=raw)
        settle(harness)
        assert harness.poll().queued == 1
        message = harness.outbox.queued_documents[0]
        assert (message.company, message.kind, message.number) == ("nordic", Kind.PURCHASE_ORDER, "1")
        assert bytes(message.document) == raw
        assert message.modified_at == harness.clock.now() - 5 * MINUTE
        assert message.seen_at == harness.clock.now(), "by the server's clock"
        assert message.cause == "poll"
        for _ in range(5):
            settle(harness)
            assert harness.poll().queued == 0

    def test_a_document_that_was_changed_a_time_ago_waits_until_it_rests(self, harness):
        harness.poll()
        harness.edit(1)
        harness.clock.forward(seconds=30)
        assert harness.poll().queued == 0
        assert list(harness.cursor.waiting) == [row_id("1")]
        settle(harness)
        assert harness.poll().queued == 1
        assert harness.cursor.waiting == {}

    def test_a_document_that_never_rests_is_queued_after_the_cap(self, harness):
        harness.poll()
        queued_at = None
        for minute in range(40):
            harness.clock.forward(minutes=1)
            harness.edit(1)
            harness.clock.forward(seconds=10)
            if harness.poll().queued and queued_at is None:
                queued_at = minute
        assert queued_at in range(24, 31), "ten seconds more each time: the cap of 30 minutes is reached in round 26"

    def test_the_first_reading_shows_the_whole_day_and_says_what_existed_before(self, harness):
        """The day in UTC; the rows need not be settled. What is changed while it goes on is no longer from before."""
        harness.edit(0, at=harness.clock.now() - timedelta(days=1))
        harness.edit(1, at=harness.clock.now().replace(hour=0))
        harness.edit(*range(10, 20))
        harness.erp.after_page = lambda *_: harness.clock.forward(minutes=1) or harness.edit(20)
        begun_at = harness.clock.now()
        harness.poll(pages=1)
        harness.erp.after_page = None
        settle(harness)
        harness.poll()
        first = {message.number: message for message in harness.outbox.queued_documents}
        assert sorted(first) == ["1", *map(str, range(10, 21))]
        assert {number for number, message in first.items() if not message.first_scan} == {"20"}
        assert {message.listed_since for message in first.values()} == {begun_at}
        harness.edit(2)
        settle(harness)
        harness.outbox.clear()
        harness.poll()
        (later,) = harness.outbox.queued_documents
        assert (later.listed_since, later.first_scan) == (begun_at, False)

    def test_while_the_zone_is_not_known_the_first_reading_counts_everything_as_from_before(self, ports):
        """Local time that is taken for UTC lies in the future: an order of an hour ago would pass for a new one."""
        harness = Harness(ports, time_zone=None)
        harness.edit(1, at=harness.clock.now() - timedelta(minutes=30))
        harness.poll()
        (message,) = harness.outbox.queued_documents
        assert (message.first_scan, message.modified_at > harness.clock.now()) == (True, True)

    def test_a_killed_first_poll_keeps_its_start_time(self, harness):
        harness.edit(1)
        begun_at = harness.clock.now()
        reaper = killer(3, after=True)
        with pytest.raises(Killed):
            doomed(harness, reaper).poll(harness.company, ORDERS, StepDeadline())
        assert reaper.steps == ["acquire", "save", "documents"]
        harness.clock.forward(minutes=7)
        harness.edit(2)
        settle(harness)
        harness.outbox.clear()
        harness.poll()
        known = {
            message.number: (message.listed_since, message.first_scan) for message in harness.outbox.queued_documents
        }
        assert known == {"1": (begun_at, True), "2": (begun_at, False)}

    def test_a_row_of_another_branch_is_none_of_ours(self, ports):
        harness = Harness(ports, branch="1")
        harness.poll()
        for number, branch in (("1", "1"), ("2", "2"), ("3", None)):
            harness.edit(number, branch=branch)
        original = harness.erp.list_page
        harness.erp.list_page = lambda resource, **asked: original(resource, **(asked | {"branch": None}))
        settle(harness)
        harness.poll()
        assert harness.numbers() == ["1", "3"]

    def test_orders_of_two_types_with_one_number_are_two_rows(self, harness):
        harness.poll()
        harness.edit("1")
        settle(harness, minutes=1)
        harness.edit("2")
        original = harness.erp.list_page

        def shared(resource, **asked):
            page = original(resource, **asked)
            rows = [
                replace(row, number="1", document_type="DropShip" if row.number == "2" else None) for row in page.rows
            ]
            return replace(page, rows=rows)

        harness.erp.list_page = shared
        settle(harness)
        assert harness.poll().queued == 2
        assert harness.numbers() == ["1", "1"]
        assert harness.poll().queued == 0
        before = harness.cursor.watermark
        settle(harness, minutes=30)
        assert harness.poll().queued == 0
        assert harness.cursor.watermark > before

    def test_a_row_of_another_branch_is_queued_when_that_branch_becomes_ours(self, harness):
        harness.company = a_company(branch="1")
        harness.poll()
        harness.edit("3", branch="2")
        obeying = harness.erp.list_page
        harness.erp.list_page = lambda resource, **asked: obeying(resource, **(asked | {"branch": None}))
        settle(harness)
        assert harness.poll().queued == 0
        harness.company = a_company(branch="2")
        assert harness.poll().queued == 1

    def test_a_row_without_a_time_stamp_is_queued_rather_than_lost(self, harness):
        harness.poll()
        harness.edit(1, stamp="")
        harness.edit(2)
        settle(harness)
        harness.poll()
        assert harness.numbers() == ["1", "2"]
        harness.poll()
        assert harness.numbers() == [], "it is known by its content"

    def test_credit_notes_are_kept_apart_from_invoices_of_the_same_number(self, harness):
        harness.edit(7, resource=Resource.CUSTOMER_INVOICES, document_type="Invoice")
        harness.edit(7, resource=Resource.CUSTOMER_INVOICES, document_type="CreditNote")
        harness.edit(8, resource=Resource.CUSTOMER_CREDIT_NOTES)
        harness.edit(9, resource=Resource.CUSTOMER_DEBIT_NOTES)
        settle(harness)
        harness.poll(Resource.CUSTOMER_INVOICES)
        harness.poll(Resource.CUSTOMER_CREDIT_NOTES)
        harness.poll(Resource.CUSTOMER_DEBIT_NOTES)
        assert harness.numbers() == ["CreditNote:7", "7", "CreditNote:8", "DebitNote:9"]

    @pytest.mark.parametrize(("size", "inline"), [(INLINE_LIMIT, True), (INLINE_LIMIT + 1, False)])
    def test_a_document_too_large_for_a_message_goes_to_the_payload_bucket(self, harness, payloads, size, inline):
        raw = msgspec.json.encode({"note": "x" * (size - 11)})
        assert len(raw) == size
        harness.edit(1, raw=raw)
        settle(harness)
        harness.poll()
        message = harness.outbox.queued_documents[0]
        if inline:
            assert message.document_at is None
            assert bytes(message.document) == raw
        else:
            assert message.document is msgspec.UNSET
            assert payloads.get(message.document_at) == raw

    def test_damaged_rows_are_told_and_the_others_go_on(self, harness, telemetry):
        harness.erp.damaged[ORDERS] = ["Element 2 on page 1 has no number."]
        harness.edit(1)
        settle(harness)
        harness.poll()
        assert harness.numbers() == ["1"]
        assert telemetry.counts[Metric.DAMAGED_ROWS] == 1
        assert telemetry.events("error") == ["row without a usable number"]


class TestWhatItCosts:
    @pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 25, 100])
    @pytest.mark.parametrize("total", [lambda length, _: length, lambda *_: None, lambda *_: 4])
    def test_reading_takes_one_call_a_page_and_at_most_one_more(self, harness, rows, total):
        harness.erp.total = total
        harness.edit(*range(1000, 1000 + rows))
        settle(harness)
        result = harness.poll()
        assert (result.rows, result.queued, result.finished) == (rows, rows, True)
        assert len(harness.erp.calls) <= ceil(rows / 10) + 1

    def test_a_page_capped_by_the_server_is_not_taken_for_the_last(self, harness):
        harness.erp.max_page_size = 4
        harness.edit(*range(1000, 1010))
        settle(harness)
        assert harness.poll().queued == 10
        assert [page for _, page in harness.erp.calls] == [1, 2, 3]

    def test_a_page_is_freed_before_the_next_request(self, harness, monkeypatch):
        class Rows(list):
            """A list whose end can be watched."""

        pages, held = [], []
        list_page = harness.erp.list_page

        def watched(*question, **details):
            held.append([page() for page in pages if page() is not None])
            page = list_page(*question, **details)
            rows = Rows(page.rows)
            pages.append(weakref.ref(rows))
            return replace(page, rows=rows)

        harness.poll()
        harness.edit(*range(35))
        settle(harness)
        monkeypatch.setattr(harness.erp, "list_page", watched)
        assert harness.poll().pages == 4
        assert held == [[], [], [], []]

    def test_a_quiet_poll_is_one_call(self, harness):
        harness.edit(1)
        settle(harness)
        harness.poll()
        harness.erp.calls.clear()
        settle(harness)
        harness.poll()
        assert harness.erp.calls == [(ORDERS, 1)]

    def test_a_scan_without_time_is_put_aside_and_resumed_at_its_next_page(self, harness):
        harness.poll()
        harness.edit(*range(1000, 1035))
        settle(harness)
        harness.erp.calls.clear()
        before = harness.cursor.watermark
        first = harness.poll(pages=2)
        assert (first.finished, first.queued) == (False, 20)
        assert harness.cursor.candidate is None
        assert harness.cursor.watermark == before
        assert harness.cursor.scan.next_page == 3
        second = harness.poll()
        assert (second.finished, second.queued) == (True, 15)
        assert harness.erp.calls == [(ORDERS, page) for page in (1, 2, 3, 4)]
        assert harness.cursor.watermark == before, "rows may have moved between the pages"
        settle(harness)
        began = harness.clock.now() - 5 * MINUTE
        harness.poll()
        assert harness.cursor.watermark == began - 2 * MINUTE
        assert sorted(harness.numbers()) == [str(number) for number in range(1000, 1035)]

    def test_with_no_time_left_nothing_is_asked_and_no_cursor_taken(self, harness):
        result = harness.poll(pages=0)
        assert result.problem == "no time left in this run"
        assert harness.erp.calls == []
        assert harness.cursors.rows == {}

    @pytest.mark.parametrize(
        "changes",
        [{"page_size": 7}, {"branch": "1"}, {"time_zone": "Europe/Helsinki"}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_a_scan_that_was_put_aside_with_other_questions_begins_again(self, harness, changes):
        harness.poll()
        harness.edit(*range(1000, 1035))
        settle(harness)
        harness.poll(pages=2)
        harness.erp.calls.clear()
        harness.company = a_company(**changes)
        assert harness.poll().queued == 15
        assert harness.erp.calls[0] == (ORDERS, 1)
        assert harness.cursor.candidate.reading == Reading(
            **(
                {"page_size": 10, "branch": None, "zone": "Europe/Oslo"}
                | {k.replace("time_", ""): v for k, v in changes.items()}
            )
        )

    def test_an_empty_list_leaves_the_watermark_where_it_is(self, harness):
        harness.edit(1)
        settle(harness)
        harness.poll()
        before = harness.cursor.watermark
        settle(harness, 24 * 60)
        for _ in range(3):
            harness.poll()
            settle(harness)
        assert harness.cursor.watermark > before, "the last row was still shown once"
        before = harness.cursor.watermark
        settle(harness, 24 * 60)
        harness.poll()
        assert harness.cursor.watermark == before
        assert harness.cursor.caught_up_at == harness.clock.now()

    def test_the_list_may_page_shorter_or_longer_while_it_is_read(self, harness):
        """Visma's own limit changes between two pages: the pass begins again, and no row is left out."""
        for limits in ([4, 10], [10, 4], [10, 4, 10], [4, 3, 5]):
            harness.edit(*range(1000, 1035))
            settle(harness)
            planned = iter(limits)

            def change(*_, planned=planned):
                harness.erp.max_page_size = next(planned, harness.erp.max_page_size)

            harness.erp.names_maximum, harness.erp.before_page = False, change
            for _ in range(3):
                harness.poll()
                harness.clock.forward(seconds=1)
            assert sorted(harness.numbers()) == [str(number) for number in range(1000, 1035)]
            assert harness.clock.now() - harness.cursor.caught_up_at <= timedelta(seconds=3)

    def test_a_row_a_fraction_of_a_millisecond_before_the_window_is_not_queued_again_and_again(self, harness):
        """Visma's filter knows milliseconds only, so the window shows such a row for as long as the watermark rests."""
        harness.poll()
        settle(harness)
        base = harness.clock.now()
        harness.edit(1, at=base + timedelta(microseconds=400))
        harness.edit(2, at=base + 15 * MINUTE + timedelta(microseconds=900))
        settle(harness, 20)
        assert harness.poll().queued == 2
        for _ in range(3):
            settle(harness)
            assert harness.poll().queued == 0

    def test_in_the_autumn_hour_a_quiet_poll_queues_nothing(self, harness):
        harness.clock.time = harness.clock.time.replace(month=10, day=24, hour=23, minute=50)
        harness.poll()
        for number in range(1, 9):
            harness.edit(number)
            settle(harness, 10)
        harness.poll()
        assert len(harness.numbers()) == 8
        for _ in range(24):
            settle(harness)
            harness.poll()
            assert harness.numbers() == []


class TestFailures:
    def test_one_broken_list_does_not_stop_the_others(self, harness, telemetry):
        harness.erp.broken[ORDERS] = Transient("Visma answered 502.", request_id="r-1")
        harness.edit(1, resource=Resource.SUPPLIER_INVOICES)
        settle(harness)
        results = harness.poll_all()
        assert [(result.resource, result.problem) for result in results] == [
            (ORDERS, "Visma answered 502."),
            (Resource.SUPPLIER_INVOICES, None),
            (Resource.CUSTOMER_INVOICES, None),
            (Resource.CUSTOMER_CREDIT_NOTES, None),
            (Resource.CUSTOMER_DEBIT_NOTES, None),
        ]
        assert harness.numbers() == ["1"]
        assert telemetry.events("warning") == ["poll failed"]

    def test_a_cursor_of_another_ledger_stops_its_list_and_says_what_to_do(self, harness, telemetry):
        """Nothing is read, so nothing that the ledger lacks is passed over."""
        acquire = harness.cursors.acquire

        def refused(company, resource, **given):
            if resource is ORDERS:
                raise StateMismatch("Read with another ledger.", next_step="Run connector cursors rewind.")
            return acquire(company, resource, **given)

        harness.cursors.acquire = refused
        harness.edit(1)
        settle(harness)
        results = {result.resource: result.problem for result in harness.poll_all()}
        assert results[ORDERS] == "Read with another ledger. Run connector cursors rewind."
        assert [problem for resource, problem in results.items() if resource is not ORDERS] == [None] * 4
        assert harness.numbers() == []
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1

    def test_a_refused_company_is_asked_once_and_does_not_stop_the_next(self, harness, clock, telemetry):
        harness.erps.erps["other"] = FakeErp(clock)
        harness.erps.refused["nordic"] = Misconfigured("Visma refuses the token.")
        results = harness.poll_all(harness.company, a_company("other"))
        assert [one.problem for one in results if one.company == "nordic"] == ["Visma refuses the token."]
        assert len([one for one in results if one.company == "other"]) == len(Resource)
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1

    def test_a_company_with_a_zone_that_does_not_exist_leaves_no_lock_behind(self, harness):
        wrong = a_company(time_zone="Europe/Olso")
        with pytest.raises(Misconfigured, match="no time zone"):
            harness.poller().poll(wrong, ORDERS, StepDeadline())
        assert harness.poll().finished

    def test_a_failing_page_keeps_what_was_read_and_the_next_poll_goes_on_there(self, harness):
        harness.poll()
        before = harness.cursor.watermark
        harness.edit(*range(1000, 1025))
        settle(harness)
        harness.erp.calls.clear()
        harness.erp.failures[2] = Transient("Visma answered 502.")
        with pytest.raises(Transient):
            harness.poll()
        assert harness.cursor.watermark == before
        assert harness.poll().queued == 15
        assert harness.erp.calls == [(ORDERS, page) for page in (1, 2, 2, 3)]

    def test_a_queue_that_takes_nothing_leaves_the_rows_to_the_next_poll(self, harness):
        harness.edit(1)
        settle(harness)
        harness.outbox.failures.append(Transient("The queue did not take 1 of 1 messages."))
        with pytest.raises(Transient):
            harness.poll()
        assert len(harness.cursor.rows) == 0
        assert harness.cursor.caught_up_at is None
        assert harness.poll().queued == 1

    def test_throttling_puts_the_next_poll_off_as_long_as_visma_says(self, harness, telemetry):
        harness.erp.failures[1] = Throttled("Visma limits us.", retry_after=timedelta(minutes=20))
        assert len(harness.poll_all()) == 1, "the company's other lists would be refused alike"
        assert telemetry.counts[Metric.THROTTLED] == 1
        settle(harness, 19)
        assert harness.poll().problem == "waiting for Visma's hourly budget"
        assert len(harness.erp.calls) == 1
        settle(harness, 2)
        assert harness.poll().finished

    def test_a_wait_of_thirty_days_is_capped(self, harness):
        """As a version before wrote it down, or a clock that was wrong."""
        harness.erp.failures[1] = Throttled("Visma limits us.", retry_after=timedelta(days=30))
        assert [result.problem for result in harness.poll_all()] == ["Visma limits us."]
        settle(harness)
        assert harness.poll().finished

    def test_a_person_lets_the_next_poll_begin_at_once(self, harness):
        harness.erp.failures[1] = Throttled("Visma limits us.", retry_after=timedelta(minutes=20))
        assert [result.problem for result in harness.poll_all()] == ["Visma limits us."]
        harness.cursors.lift("nordic", Resource.PURCHASE_ORDERS.value)
        assert harness.poll().finished

    def test_a_small_rest_of_the_hourly_budget_slows_polling_down(self, harness, telemetry):
        harness.erp.budget = Budget(limit=500, remaining=50, reset=40 * MINUTE)
        harness.poll()
        assert telemetry.events("warning") == ["slowed down for Visma's hourly budget"]
        harness.erp.budget = Budget(limit=500, remaining=500, reset=60 * MINUTE)
        settle(harness, 19)
        assert harness.poll().problem == "waiting for Visma's hourly budget"
        settle(harness, 2)
        assert harness.poll().finished
        settle(harness)
        assert harness.poll().finished, "with the new hour the pause is over"

    def test_a_list_that_ignores_the_filter_queues_nothing_and_is_told(self, harness, telemetry):
        harness.edit(*range(1000, 1030))
        harness.clock.forward(days=2)
        harness.erp.obeys_filter = False
        harness.edit(1, resource=Resource.CUSTOMER_INVOICES)
        settle(harness)
        results = harness.poll_all()
        assert "ignored the filter" in results[0].problem
        assert harness.numbers() == ["1"], "the company's other lists are polled"
        assert [page for resource, page in harness.erp.calls if resource is ORDERS] == [1]
        assert telemetry.counts == {Metric.LISTS_FAILING: 1, Metric.DOCUMENTS_QUEUED: 1}

    def test_old_rows_among_new_ones_are_ignored(self, harness):
        harness.edit(1)
        harness.clock.forward(days=2)
        harness.poll(Resource.SUPPLIER_INVOICES)
        harness.erp.obeys_filter = False
        harness.edit(2)
        settle(harness)
        harness.poll()
        assert harness.numbers() == ["2"]

    def test_an_empty_list_is_reported_when_documents_are_known(self, harness, telemetry):
        """Visma: a wrong company header gives 200 and an empty list."""
        harness.edit(1)
        settle(harness)
        harness.poll()
        before = harness.cursor
        harness.erp.delete("1")
        harness.edit(5, resource=Resource.SUPPLIER_INVOICES)
        settle(harness)
        results = harness.poll_all()
        assert "lists no v1/purchaseorder at all" in results[0].problem
        assert (harness.cursor.watermark, len(harness.cursor.rows)) == (before.watermark, 1)
        assert telemetry.counts[Metric.LISTS_FAILING] == 1
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
        assert [result.problem for result in results[1:]] == [None] * 4, "a deleted order stops no invoice"

    def test_a_list_whose_newest_row_was_deleted_is_no_refused_credential(self, harness, telemetry):
        harness.edit(1)
        harness.clock.forward(days=2)
        harness.poll()
        harness.edit(2)
        settle(harness)
        harness.poll()
        harness.erp.delete("2")
        settle(harness)
        assert harness.poll_all()[0].problem is None
        assert harness.erp.asked[-len(Resource) :].count(1) == 1, "one row of the whole list is asked for"
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
        assert len(harness.cursor.rows) == 0
        harness.erp.calls.clear()
        harness.poll()
        assert len(harness.erp.calls) == 1

    def test_an_empty_list_that_nobody_could_explain_is_read_again(self, harness):
        harness.edit(1)
        settle(harness)
        harness.poll()
        harness.erp.delete("1")
        harness.erp.failures[len(harness.erp.calls) + 2] = Transient("Visma answered 502.")
        with pytest.raises(Transient):
            harness.poll()
        with pytest.raises(Misconfigured, match="at all"):
            harness.poll()

    def test_an_empty_list_of_which_nothing_is_known_changes_nothing(self, harness):
        for _ in range(3):
            assert harness.poll().finished
            settle(harness)


def doomed(harness, reaper) -> Poller:
    """The poller, which dies where the reaper waits."""
    return harness.poller(
        cursors=reaper.watch(harness.cursors, "acquire", "save"), outbox=reaper.watch(harness.outbox, "documents")
    )


class TestLocks:
    def test_a_second_poll_of_the_same_list_is_turned_away(self, harness, telemetry):
        harness.edit(1)
        settle(harness)
        harness.erp.after_page = lambda *_: None
        lease = harness.cursors.acquire("nordic", ORDERS, now=harness.clock.now(), lease=LEASE)
        results = harness.poll_all()
        assert "is running" in results[0].problem
        assert telemetry.events("warning") == []
        harness.cursors.save(lease, lease.cursor, release=True)
        assert harness.poll().queued == 1

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("step", [1, 2, 3, 4])
    def test_a_killed_poll_is_repeated_and_loses_nothing(self, harness, step, after):
        """P1 to P4: lock taken, some pages queued, all queued, cursor written."""
        harness.poll()
        harness.edit(*range(1000, 1015))
        settle(harness)
        reaper = killer(step, after=after)
        with pytest.raises(Killed):
            doomed(harness, reaper).poll(harness.company, ORDERS, StepDeadline())
        assert reaper.steps == ["acquire", "documents", "documents", "save"][:step]
        locked = not (step == 1 and not after) and not (step == 4 and after)
        if locked:
            with pytest.raises(Conflict):
                harness.poll()
        harness.clock.time += LEASE + timedelta(seconds=1)
        harness.poll()
        assert set(harness.numbers()) == {str(number) for number in range(1000, 1015)}

    def test_a_poll_that_outlived_its_lock_cannot_write_the_cursor(self, harness):
        harness.edit(1)
        settle(harness)

        def overtaken(*_):
            harness.erp.after_page = None
            harness.clock.time += LEASE + timedelta(seconds=1)
            harness.edit(2)
            harness.clock.forward(minutes=3)
            harness.poll()

        harness.erp.after_page = overtaken
        with pytest.raises(Conflict, match="took over"):
            harness.poll()
        assert {row for row in map(row_id, "12") if harness.cursor.rows.stamp(row)} == {row_id("1"), row_id("2")}


class TestHealth:
    """Every run reports every list of every configured company, whatever happened."""

    def health(self, harness, company="nordic", resource=ORDERS):
        return {(one.company, one.resource): one for one in harness.health.record.lists}[company, resource.value]

    def test_lists_that_are_read_are_on_record_and_cost_no_metric(self, harness, telemetry):
        harness.poll_all()
        settle(harness, 5)
        harness.poll_all()
        assert {one.resource for one in harness.health.record.lists} == {one.value for one in Resource}
        assert all(one.lag(harness.clock.now()) < 10 * MINUTE for one in harness.health.record.lists)
        assert telemetry.durations == []
        assert telemetry.counts == {}

    def test_a_list_that_fails_counts_after_ten_minutes_and_until_it_is_read(self, harness, telemetry):
        harness.erp.broken[ORDERS] = Transient("Visma answered 502.", request_id="r-1")
        failing = []
        for _ in range(3):
            harness.poll_all()
            failing.append(telemetry.counts.pop(Metric.LISTS_FAILING, 0))
            settle(harness, 5)
        assert failing == [0, 0, 1]
        ((_, _, fields),) = [line for line in telemetry.lines if line[1] == "lists are failing"]
        assert "nordic v1/purchaseorder" in fields["reason"]
        assert "Visma answered 502." in fields["reason"]
        harness.erp.broken.clear()
        harness.poll_all()
        assert self.health(harness).failing_since is None
        assert telemetry.counts[Metric.LISTS_FAILING] == 0

    @pytest.mark.parametrize(
        ("error", "counted"),
        [(Misconfigured("Visma refuses the token."), [5, 5, 5]), (Throttled("Visma limits us."), [0, 0, 5])],
    )
    def test_a_company_that_is_refused_or_throttled_counts_with_all_its_lists(self, harness, telemetry, error, counted):
        harness.erps.refused["nordic"] = error
        failing = []
        for _ in range(3):
            harness.poll_all()
            failing.append(telemetry.counts.pop(Metric.LISTS_FAILING, 0))
            settle(harness, 5)
        assert failing == counted

    @pytest.mark.parametrize(("unsent", "failing"), [((), 1), ((Kind.SUPPLIER_INVOICE,), 0)])
    def test_one_list_that_is_refused_stops_no_other_and_counts_unless_routing_switches_it_off(
        self, harness, telemetry, unsent, failing
    ):
        harness.erp.broken[Resource.SUPPLIER_INVOICES] = ListRefused("Visma answered 403.")
        harness.edit(1, resource=Resource.CUSTOMER_INVOICES)
        settle(harness)
        results = harness.poll_all(replace(harness.company, kinds_unsent=frozenset(unsent)))
        assert [one.resource for one in results if one.has_failed] == [Resource.SUPPLIER_INVOICES]
        assert len(results) == len(Resource)
        assert harness.numbers() == ["1"]
        assert telemetry.counts[Metric.LISTS_FAILING] == failing
        assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == 0
        refused = next(one for one in harness.health.read().lists if one.resource == Resource.SUPPLIER_INVOICES.value)
        assert (refused.problem, refused.is_unneeded) == ("Visma answered 403.", not failing)

    def test_a_defect_in_one_list_does_not_affect_the_others(self, harness, telemetry):
        harness.erp.broken[ORDERS] = KeyError("defect")
        harness.edit(1, resource=Resource.SUPPLIER_INVOICES)
        settle(harness)
        harness.poll_all()
        assert harness.numbers() == ["1"]
        assert telemetry.counts[Metric.LISTS_FAILING] == 1
        assert self.health(harness).problem == "An unexpected failure: KeyError."

    def test_a_list_that_no_run_comes_to_falls_behind(self, harness, telemetry):
        harness.poll_all()
        settle(harness, 40)
        harness.poller().poll_all([harness.company], StepDeadline(0))
        ((metric, lag),) = telemetry.durations
        assert metric is Metric.CURSOR_LAG
        assert lag >= 40 * 60
        assert "lists are behind" in telemetry.events("warning")
        assert "lists are failing" not in telemetry.events("error")
        assert telemetry.counts[Metric.LISTS_FAILING] == len(Resource), "it counts for the alarm, beyond 30 minutes"

    def test_a_list_that_was_never_read_is_behind_since_it_was_configured(self, harness, telemetry):
        for _ in range(2):
            harness.poller().poll_all([harness.company], StepDeadline(0))
            settle(harness, 30)
        assert [lag for _, lag in telemetry.durations] == [30 * 60]

    def test_a_run_that_never_ended_is_reported_by_the_next_one(self, harness, telemetry):
        harness.poll_all()
        settle(harness, 15)
        harness.health.begin(now=harness.clock.now())
        settle(harness, 15)
        harness.poll_all()
        assert telemetry.events("error") == ["the last run did not end"]
        assert [lag for _, lag in telemetry.durations] == [30 * 60], "what was known stands before the run reads"

    def test_a_report_that_cannot_be_kept_is_told_all_the_same(self, harness, telemetry, monkeypatch):
        def refuse(*_, **__):
            raise Transient("The table is busy.")

        monkeypatch.setattr(harness.health, "begin", refuse)
        monkeypatch.setattr(harness.health, "end", refuse)
        harness.erp.broken[ORDERS] = Misconfigured("Visma refuses the token.")
        with pytest.raises(Transient, match="The table is busy"):
            harness.poll_all()
        assert telemetry.counts[Metric.LISTS_FAILING] == 5

    @pytest.mark.parametrize("part", ["begin", "end"])
    def test_a_run_that_cannot_keep_its_record_fails_after_all_lists_were_read(self, harness, monkeypatch, part):
        def refuse(*_, **__):
            raise Transient("The table is busy.")

        harness.edit(1)
        monkeypatch.setattr(harness.health, part, refuse)
        with pytest.raises(Transient, match="The table is busy"):
            harness.poll_all()
        assert len(harness.cursors.rows) == len(Resource)

    def test_without_a_company_nothing_is_reported(self, harness, telemetry):
        harness.poller().poll_all([], StepDeadline())
        assert (telemetry.counts, telemetry.durations, telemetry.lines) == ({}, [], [])


class TestShares:
    """Runs that read a share of the companies each, side by side."""

    names = ("a", "b", "c", "d", "e", "f")

    def polled(self, harness, *shares):
        companies = [a_company(name) for name in self.names]
        for company in companies:
            harness.erps.erps.setdefault(company.name, FakeErp(harness.clock))
        return [
            {one.company for one in harness.poller().poll_all(companies, StepDeadline(), share)} for share in shares
        ]

    def test_all_shares_together_read_every_company_once(self, harness, telemetry):
        first, second = self.polled(harness, Share(0, 2), Share(1, 2))
        assert (first | second, first & second) == (set(self.names), set())
        assert first
        assert second
        assert telemetry.counts == {}

    def test_the_record_has_the_lists_of_all_shares(self, harness):
        self.polled(harness, Share(0, 2), Share(1, 2))
        lists = [(one.company, one.resource) for one in harness.health.read().lists]
        assert sorted(lists) == [(name, one.value) for name in self.names for one in sorted(Resource)]

    def test_a_list_that_fails_is_counted_by_the_run_of_its_share(self, harness, telemetry):
        company = next(name for name in self.names if Share(1, 2).has(name))
        harness.erps.erps[company] = FakeErp(harness.clock)
        harness.erps.erps[company].broken[ORDERS] = Misconfigured("Visma refuses the token.")
        self.polled(harness, Share(0, 2))
        assert telemetry.counts == {}
        self.polled(harness, Share(1, 2))
        assert telemetry.counts[Metric.LISTS_FAILING] == len(Resource)

    def test_the_first_share_reports_another_that_is_not_polled_any_more(self, harness, telemetry):
        self.polled(harness, Share(0, 2), Share(1, 2))
        for _ in range(7):
            settle(harness, 5)
            self.polled(harness, Share(0, 2))
        assert telemetry.counts == {}
        settle(harness, 5)
        (lists,) = self.polled(harness, Share(0, 2))
        theirs = len(self.names) - len(lists)
        assert telemetry.counts == {Metric.LISTS_FAILING: theirs * len(Resource)}
        ((_, _, fields),) = [line for line in telemetry.lines if line[0] == "error"]
        assert fields["reason"].startswith("Share 2 of 2 was not read to its end since 2026-")

    def test_a_share_that_was_never_polled_has_its_time_from_when_the_companies_were_divided(self, harness, telemetry):
        self.polled(harness, ALL)
        counted = []
        for _ in range(9):
            settle(harness, 5)
            self.polled(harness, Share(0, 2))
            counted.append(telemetry.counts.pop(Metric.LISTS_FAILING, 0))
        assert counted == [0, 0, 0, 0, 0, 0, 0, 0, 1]

    def test_shares_that_are_polled_once_an_hour_are_not_late(self, harness, telemetry):
        for _ in range(3):
            self.polled(harness, Share(0, 2), Share(1, 2))
            settle(harness, 60)
        assert telemetry.counts == {}

    def test_a_poll_by_hand_reads_every_share_and_keeps_the_watch_over_them(self, harness, telemetry):
        """Share 2 of 2 has no schedule any more, and somebody polls by hand once."""
        self.polled(harness, Share(0, 2), Share(1, 2))
        divided_at = harness.health.record.divided_at
        settle(harness, 20)
        companies = [a_company(name) for name in self.names]
        by_hand = harness.poller().poll_shares(companies, StepDeadline(), shares_of({}, 2))
        assert {one.company for one in by_hand} == set(self.names)
        assert (harness.health.record.shares, harness.health.record.divided_at) == (2, divided_at)
        for _ in range(8):
            settle(harness, 5)
            self.polled(harness, Share(0, 2))
        assert telemetry.counts[Metric.LISTS_FAILING] > 0, "40 minutes after the poll by hand"

    def test_a_poll_by_hand_that_has_no_time_for_a_share_does_not_say_that_it_was_read(self, harness):
        self.polled(harness, Share(0, 2), Share(1, 2))
        before = harness.health.of(Share(1, 2)).record
        settle(harness, 5)
        companies = [a_company(name) for name in self.names]
        harness.poller().poll_shares(companies, StepDeadline(0), shares_of({}, 2))
        assert harness.health.of(Share(1, 2)).record == before

    def test_one_share_again_after_several_misses_nothing(self, harness, telemetry):
        self.polled(harness, Share(0, 2), Share(1, 2))
        settle(harness, 60)
        assert self.polled(harness, ALL) == [set(self.names)]
        assert {one.company for one in harness.health.read().lists} == set(self.names)
        assert telemetry.counts == {}

    def test_a_share_of_which_nothing_can_be_known_makes_the_run_fail_after_it_has_read(self, harness, monkeypatch):
        def refuse(*_, **__):
            raise Transient("The table is busy.")

        monkeypatch.setattr(MemoryHealth, "look", refuse)
        with pytest.raises(Transient, match="The table is busy"):
            self.polled(harness, Share(0, 2))
        assert len(harness.cursors.rows) == len(Resource) * sum(map(Share(0, 2).has, self.names))


def test_a_schedule_of_every_five_minutes_begins_with_each_of_five_companies_in_turn(harness):
    companies = [a_company(name) for name in ("a", "b", "c", "d", "e")]
    for company in companies:
        harness.erps.erps[company.name] = FakeErp(harness.clock)
    first = set()
    for _ in range(40):
        settle(harness)
        first.add(harness.poll_all(*companies)[0].company)
    assert first == {"a", "b", "c", "d", "e"}


def test_more_companies_than_a_run_has_time_for_are_read_in_turn(harness):
    companies = [a_company(name) for name in "abcdefg"]
    for company in companies:
        harness.erps.erps[company.name] = FakeErp(harness.clock)
    read = []
    for _ in range(8):
        settle(harness)
        results = harness.poller().poll_all(companies, StepDeadline(14))
        read += dict.fromkeys(one.company for one in results if one.problem is None)
    assert len(read) > 2 * len(companies)
    assert read == [companies[at % len(companies)].name for at in range(len(read))]


def test_a_run_that_is_killed_does_not_keep_the_companies_behind_its_own_from_their_turn(harness):
    companies = [a_company(name) for name in "abc"]
    for company in companies:
        harness.erps.erps[company.name] = FakeErp(harness.clock)
    first = []
    for _ in range(3):
        settle(harness)
        harness.health.take_turn()  # a run of which nothing is heard any more
        first.append(harness.poll_all(*companies)[0].company)
    assert len(set(first)) > 1


@pytest.mark.parametrize("part", ["take_turn", "end_turn"])
def test_a_run_that_does_not_know_whose_turn_it_is_reads_all_the_same(harness, telemetry, monkeypatch, part):
    def refuse(*_, **__):
        raise Transient("The table is busy.")

    monkeypatch.setattr(harness.health, part, refuse)
    assert [one.problem for one in harness.poll_all()] == [None] * len(Resource)
    assert len(telemetry.events("warning")) == 1


@pytest.mark.parametrize("total", [lambda length, _: length, lambda *_: None, lambda _length, page: page])
def test_pages_that_visma_cuts_without_saying_so_are_all_read(harness, total):
    """The element that names the maximum may be missing like any other: a short page alone is no end."""
    harness.erp.max_page_size, harness.erp.names_maximum, harness.erp.total = 4, False, total
    harness.poll()
    harness.edit(*range(10, 21))
    settle(harness)
    result = harness.poll()
    assert (result.queued, result.finished) == (11, True)
    assert result.pages == 6, "two until it is seen that a page of four is full, three, and the end"
    assert harness.poll().pages == 4


def test_a_list_that_shows_one_page_for_ever_ends_the_poll_and_keeps_the_watermark(harness):
    harness.poll()
    before = harness.cursor.watermark
    harness.edit(*range(10, 24))
    settle(harness)
    harness.erp.total = lambda *_: None
    honest = harness.erp.list_page
    harness.erp.list_page = lambda resource, **asked: honest(resource, **(asked | {"page": 1}))
    with pytest.raises(Misconfigured, match="the same page"):
        harness.poll()
    assert harness.cursor.watermark == before
    assert len(harness.numbers()) == 10
    harness.erp.list_page = honest
    harness.poll()
    assert len(harness.numbers()) == 4
