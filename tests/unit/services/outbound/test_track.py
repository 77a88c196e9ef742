"""Following what was sent until it arrived, in bounded calls and reads, and sweeping up what got stuck."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from operator import itemgetter
from unittest.mock import ANY

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Misconfigured, Rejected, Throttled, Transient
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Concern, doubled
from connector.domain.revision.record import (
    ATTENTION_LISTS,
    ChangeResult,
    Owner,
    Revision,
    State,
    attention_list,
    list_of,
    place_of,
    state_list,
)
from connector.domain.transactions import Dialect, OrderfulRequest, Stream, TransactionType
from connector.services.outbound import track
from connector.services.outbound.statuses import SAME_MOMENT
from connector.services.outbound.track import MOST_CALLS, MOST_COUNTED
from connector.services.ports import Listed, Metric, RemoteTransaction
from testkit.memory.connector import Connector
from testkit.memory.effects import StepDeadline
from testkit.memory.orderful import FakeOrderful
from testkit.memory.stores import MemoryLedger
from testkit.samples.routing_data import routing_data

RESEND = timedelta(minutes=15)


class Bench(Connector):
    """A tracker between fakes, and revisions that were sent."""

    def sent(self, number="500123", *, state=State.SENT, **changes) -> DocumentKey:
        """A revision that Orderful has, with the transaction it has there."""
        body = {
            "type": "850_PURCHASE_ORDER",
            "stream": "test",
            "senderId": "NORDICFOODT",
            "receiverId": "ACMEPRODUCET",
            "message": {"purchaseOrderNumber": number},
        }
        filed = self.orderful.file(OrderfulRequest.create(Dialect.MOSAIC, body))
        now = self.clock.now()
        return self.revision(
            number,
            state=state,
            **({"transaction_id": filed.transaction.transaction_id, "first_attempt_at": now, "sent_at": now} | changes),
        )

    def revision(self, number="500123", *, state, **changes) -> DocumentKey:
        key = DocumentKey("nordic", Kind.PURCHASE_ORDER, number)
        now = self.clock.now()
        revision = Revision(
            key=key,
            sequence=1,
            revision_id="1" * 64,
            state=state,
            created_at=now,
            updated_at=now,
            partner="acme",
            transaction_type=TransactionType.PURCHASE_ORDER,
            dialect=Dialect.MOSAIC,
            stream=Stream.TEST,
            sender_id="NORDICFOODT",
            receiver_id="ACMEPRODUCET",
            business_number=number,
        )
        self.ledger.add(replace(revision, **changes), source=b"{}", request={})
        return key

    def of(self, key: DocumentKey) -> Revision:
        return self.ledger.get(key, 1)

    def update_status(self, key, **statuses):
        self.orderful.update_status(self.of(key).transaction_id, **statuses)

    def run(self, **later):
        self.clock.forward(**(later or {"minutes": 5}))
        return self.tracker().run()

    def queued(self):
        numbers = [message.number for message in self.outbox.queued_deliveries]
        self.outbox.clear()
        return numbers


@pytest.fixture
def bench(ports):
    return Bench(**ports)


# -- the ledger moves on ----------------------------------------------------------------------------------------------


class TestFollowing:
    def test_a_transaction_is_followed_to_its_acknowledgment(self, bench):
        key = bench.sent()
        for statuses, state in (
            ({"validation_status": "VALID"}, State.VALID),
            ({"delivery_status": "DELIVERED"}, State.DELIVERED),
            ({"acknowledgment_status": "ACCEPTED"}, State.ACKNOWLEDGED),
        ):
            bench.update_status(key, **statuses)
            assert bench.run() == 1
            assert bench.of(key).state is state
        assert bench.telemetry.counts[Metric.DOCUMENTS_ACKNOWLEDGED] == 1
        assert [event.state for event in bench.of(key).history] == [State.VALID, State.DELIVERED, State.ACKNOWLEDGED]
        bench.orderful.calls.clear()
        assert bench.run() == 0
        assert bench.orderful.calls == {}, "with nothing to follow, nothing is asked"

    def test_an_unchanged_status_writes_nothing(self, bench):
        key = bench.sent()
        bench.run()
        writes = bench.ledger.writes
        assert bench.run() == 0
        assert bench.ledger.writes == writes
        assert bench.of(key).state is State.SENT
        assert bench.of(key).validation_status == "PROCESSING"

    def test_words_nobody_knows_are_recorded_and_move_nothing(self, bench):
        key = bench.sent(state=State.VALID)
        bench.update_status(key, validation_status="SHINY", delivery_status="ODD", acknowledgment_status="NEW")
        assert bench.run() == 1
        revision = bench.of(key)
        assert (revision.state, revision.validation_status) == (State.VALID, "SHINY")

    def test_an_older_status_never_takes_a_state_back(self, bench):
        key = bench.sent(state=State.DELIVERED)
        bench.update_status(key, validation_status="VALID")
        bench.run()
        assert bench.of(key).state is State.DELIVERED

    def test_an_invalid_transaction_is_rejected_with_its_problems_and_told_once(self, bench):
        key = bench.sent()
        bench.update_status(key, validation_status="INVALID", problems=("PO1[0]/02: too long", "N1: missing"))
        bench.run()
        revision = bench.of(key)
        assert revision.state is State.REJECTED
        assert "PO1[0]/02: too long" in revision.reason
        assert "N1: missing" in revision.reason
        assert revision.reason_code == Reason.INVALID_FOR_PARTNER
        assert revision.next_step.endswith(f"run `connector documents replay {revision.key}`.")
        for _ in range(3):
            assert bench.run() == 0
        assert bench.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 1
        assert bench.orderful.calls["problems_of"] == 1

    def test_an_invalid_transaction_that_was_corrected_later_is_well_again(self, bench):
        key = bench.sent()
        bench.update_status(key, validation_status="INVALID")
        bench.run()
        bench.update_status(key, validation_status="VALID")
        bench.run()
        revision = bench.of(key)
        assert (revision.state, revision.reason, revision.next_step) == (State.VALID, None, None)
        assert revision.reason_code is None

    def test_an_invalid_transaction_that_a_person_sends_by_hand_ends_delivered(self, bench):
        """Orderful: INVALID is held until somebody sends it; the validation stays as it is."""
        key = bench.sent()
        bench.update_status(key, validation_status="INVALID")
        bench.run()
        assert bench.of(key).state is State.REJECTED
        bench.orderful.send_by_hand(bench.of(key).transaction_id, "SENT")
        bench.run(hours=20)
        assert bench.of(key).state is State.VALID
        assert "by hand" in bench.of(key).attention
        bench.orderful.send_by_hand(bench.of(key).transaction_id)
        bench.run(hours=1)
        revision = bench.of(key)
        assert (revision.state, revision.reason, revision.next_step) == (State.DELIVERED, None, None)

    def test_what_was_rejected_when_it_was_created_is_not_counted_again(self, bench):
        key = bench.sent(state=State.REJECTED, reason="Orderful accepted the request but not the document.")
        bench.update_status(key, validation_status="INVALID")
        bench.run()
        assert bench.of(key).validation_status == "INVALID"
        assert bench.of(key).reason == "Orderful accepted the request but not the document."
        assert bench.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 0

    def test_a_rejection_by_the_partner_is_told(self, bench):
        key = bench.sent(state=State.DELIVERED)
        bench.update_status(key, acknowledgment_status="REJECTED", problems=("AK5: bad",))
        bench.run()
        assert bench.of(key).state is State.REJECTED
        assert "the partner rejected it: AK5: bad" in bench.of(key).reason
        assert bench.of(key).reason_code == Reason.REJECTED_BY_PARTNER
        assert bench.telemetry.events("error") == ["rejected"]

    def _agreed_on(self, bench, *states):
        """Revision 1 is sent; on top of it stand others in these states."""
        key = bench.sent()
        for sequence, state in enumerate(states, start=2):
            name = "change_id" if state in {State.CHANGING, State.AGREED} else "transaction_id"
            bench.revision(sequence=sequence, state=state, **{name: f"80221{sequence}"})
        return key

    def test_a_refused_revision_counts_although_another_one_reads_like_it(self, bench):
        key = bench.sent()
        quiet = replace(bench.of(key), sequence=2, state=State.SKIPPED, reads_as_sent=True, transaction_id=None)
        bench.ledger.add(quiet, source=b"{}", request=None)
        bench.update_status(key, acknowledgment_status="REJECTED")
        bench.run()
        assert [one.state for one in bench.ledger.revisions(key)] == [State.SUPERSEDED, State.REJECTED]

    def test_what_was_agreed_on_top_of_a_refused_revision_needs_its_person_as_well(self, bench):
        """The partner does not have revision 1, so it does not know what its own change made of it."""
        key = self._agreed_on(bench, State.AGREED, State.AGREED)
        bench.update_status(key, acknowledgment_status="REJECTED")
        bench.run()
        assert [one.state for one in bench.ledger.revisions(key)] == [State.REJECTED] * 3
        assert "on top of revision 1" in bench.ledger.get(key, 3).reason
        assert bench.ledger.get(key, 3).change_result is ChangeResult.FULL_RESEND
        assert bench.ledger.get(key, 3).reason_code == Reason.BASE_REFUSED

    def test_what_was_sent_whole_since_is_known_whatever_became_of_the_one_before(self, bench):
        key = self._agreed_on(bench, State.AGREED, State.SENT, State.AGREED)
        bench.update_status(key, acknowledgment_status="REJECTED")
        bench.run()
        assert [one.state for one in reversed(bench.ledger.revisions(key))] == [
            *(State.REJECTED, State.AGREED),
            *(State.SENT, State.AGREED),
        ]

    def test_a_rejection_waits_while_a_change_is_being_written(self, bench):
        key = self._agreed_on(bench, State.CHANGING)
        bench.update_status(key, acknowledgment_status="REJECTED")
        bench.run()
        assert bench.of(key).state is State.SENT
        bench.ledger.move(bench.ledger.get(key, 2), State.SUPERSEDED, now=bench.clock.now(), note="given up")
        bench.run()
        assert bench.of(key).state is State.REJECTED

    def test_an_overdue_acknowledgment_is_told_once_and_can_still_come(self, bench):
        key = bench.sent()
        bench.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        bench.run()
        for _ in range(3):
            bench.run(hours=25)
        assert "997" in bench.of(key).attention
        assert bench.telemetry.events("warning") == ["needs attention"]
        bench.update_status(key, acknowledgment_status="ACCEPTED")
        bench.run(hours=1)
        revision = bench.of(key)
        assert (revision.state, revision.attention, revision.next_step) == (State.ACKNOWLEDGED, None, None)
        assert bench.ledger.in_attention() == []

    def test_the_transactions_of_others_are_passed_over(self, bench):
        key = bench.sent()
        bench.sent("500124")
        bench.ledger.rows = {name: row for name, row in bench.ledger.rows.items() if name[0] == key}
        bench.update_status(key, validation_status="VALID")
        assert bench.run() == 1

    def test_a_revision_that_somebody_moved_meanwhile_is_left_to_the_next_run(self, bench):
        key = bench.sent()
        bench.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        read = bench.orderful.read

        def meanwhile(transaction_id):
            bench.ledger.move(bench.of(key), State.VALID, now=bench.clock.now(), note="another run")
            return read(transaction_id)

        bench.orderful.read = meanwhile
        assert bench.run(hours=1) == 0
        assert bench.of(key).state is State.VALID
        bench.orderful.read = read
        assert bench.run() == 1
        assert bench.of(key).state is State.DELIVERED

    def test_a_deleted_transaction_needs_attention_and_may_come_back(self, bench):
        key = bench.sent()
        bench.update_status(key, validation_status="VALID")
        bench.run()
        (filed,) = bench.orderful.filed
        bench.orderful.filed.clear()
        bench.run(minutes=5)
        assert bench.of(key).attention is None, "lists lag, so a new one may be missing"
        bench.run(minutes=10)
        revision = bench.of(key)
        assert (revision.state, revision.concern) == (State.VALID, Concern.DELETED)
        bench.orderful.filed.append(filed)
        bench.run(hours=1)
        assert (bench.of(key).concern, bench.of(key).state) == (Concern.NOT_SENT, State.VALID)

    def test_attention_for_two_transactions_stays_whatever_the_status_until_a_person_closes_it(self, bench):
        key = bench.sent()
        arrival = doubled(bench.of(key), ["1", "2"])
        attention = {"attention": arrival.sentence, "attention_at": bench.clock.now(), "concern": arrival.concern.value}
        bench.ledger.move(bench.of(key), State.VALID, now=bench.clock.now(), note="x", **attention)
        bench.update_status(
            key, validation_status="VALID", delivery_status="DELIVERED", acknowledgment_status="ACCEPTED"
        )
        bench.run()
        found = bench.of(key)
        assert (found.state, found.attention) == (State.ACKNOWLEDGED, arrival.sentence)
        assert [one.key for one in bench.ledger.in_attention()] == [key]

    def test_a_question_that_orderful_does_not_answer_says_nothing(self, bench):
        key = bench.sent()
        bench.orderful.filed.clear()

        def refuses(transaction_id):
            raise Rejected("Orderful refuses a transaction with 403.", code=Reason.REQUEST_REFUSED)

        bench.orderful.read = refuses
        assert bench.run(hours=2) == 0
        assert bench.of(key).attention is None

    def test_a_refused_one_that_was_deleted_waits_for_its_person_as_before(self, bench):
        key = bench.sent("1", state=State.REJECTED)
        bench.orderful.filed.clear()
        bench.run(days=70)
        assert list(bench.ledger.in_state(State.REJECTED)) == [bench.of(key)]
        assert bench.of(key).attention is None


class TestAttention:
    """What was closed, what is over, and what nobody may forget."""

    def _late(self, bench, **changes):
        key = bench.sent(**changes)
        bench.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        bench.run(hours=24)
        assert bench.of(key).concern == Concern.OVERDUE
        return key

    def _close(self, bench, key):
        """As `connector documents close` does."""
        one = bench.of(key)
        changes = {"attention": None, "attention_at": None, "concern": None, "next_step": None}
        bench.ledger.move(one, one.state, now=bench.clock.now(), note="closed", closed_concern=one.concern, **changes)

    def test_it_stays_until_a_person_closes_it_however_long_that_takes(self, bench):
        key = self._late(bench)
        for _ in range(20):
            bench.run(days=30)
        assert [one.key for one in bench.ledger.in_attention()] == [key]
        bench.update_status(key, acknowledgment_status="REJECTED")
        bench.run(days=1)
        assert bench.of(key).state is State.REJECTED, "it is still asked about"

    def test_what_was_closed_is_not_raised_again_but_something_else_is(self, bench):
        key = self._late(bench)
        self._close(bench, key)
        assert bench.run(hours=12) == 0
        assert bench.ledger.in_attention() == []
        bench.orderful.filed.clear()
        bench.run(hours=12)
        assert [one.concern for one in bench.ledger.in_attention()] == [Concern.DELETED]

    def test_what_was_closed_is_over_when_the_last_look_brings_nothing(self, bench):
        key = self._late(bench)
        self._close(bench, key)
        bench.run(days=2)
        assert list(bench.ledger.in_state(State.DELIVERED)) == [bench.of(key)]
        bench.run(days=28)
        assert list(bench.ledger.in_state(State.DELIVERED)) == []
        bench.orderful.calls.clear()
        bench.run(days=1)
        assert bench.orderful.calls == {}
        assert bench.of(key).state is State.DELIVERED

    def test_a_partner_that_never_acknowledges_is_over_with_the_delivery(self, bench):
        bench.routing.apply(routing_data({"partners.acme.acknowledgment": "never"}))
        key = bench.sent()
        bench.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        bench.run()
        assert (bench.of(key).state, bench.of(key).over) == (State.DELIVERED, True)
        assert list(bench.ledger.in_state(State.DELIVERED)) == []

    def test_a_setting_that_comes_later_settles_what_is_open(self, bench):
        key = self._late(bench)
        bench.routing.apply(routing_data({"partners.acme.acknowledgment": "never"}))
        bench.run(hours=1)
        assert (bench.of(key).attention, bench.of(key).over) == (None, True)

    def test_an_acceptance_with_errors_stays_in_attention_until_it_is_closed(self, bench):
        key = bench.sent()
        bench.update_status(key, acknowledgment_status="ACCEPTED_WITH_ERRORS")
        bench.run()
        assert bench.of(key).state is State.ACKNOWLEDGED
        bench.run(days=40)
        assert [one.key for one in bench.ledger.in_attention()] == [key]
        self._close(bench, key)
        assert bench.ledger.in_attention() == []

    def test_the_gauge_says_how_many_are_open_and_since_when(self, bench):
        self._late(bench, number="1")
        bench.telemetry.counts.clear()
        bench.run(hours=1)
        bench.run(hours=1)
        counts = bench.telemetry.counts
        assert counts[Metric.ATTENTION_OPEN] == 2, "one at each of two runs"
        assert bench.telemetry.durations == [(Metric.ATTENTION_AGE, 3600.0), (Metric.ATTENTION_AGE, 7200.0)]

    def test_nothing_in_attention_reports_no_age(self, bench):
        bench.sent()
        bench.run()
        assert (bench.telemetry.counts[Metric.ATTENTION_OPEN], bench.telemetry.durations) == (0, [])

    def test_the_gauge_is_reported_even_if_orderful_cannot_be_asked(self, bench):
        self._late(bench)
        bench.orderful.failing = Transient("Orderful answered 502.")
        with pytest.raises(Transient):
            bench.run(hours=12)
        assert bench.telemetry.counts[Metric.ATTENTION_OPEN] == 1


class TestWhatItCosts:
    def test_a_thousand_documents_take_one_list(self, bench):
        keys = [bench.sent(str(number)) for number in range(999)]
        for key in keys[::2]:
            bench.update_status(key, validation_status="VALID")
        bench.run()
        assert bench.orderful.calls == {"list_between": 1}
        assert bench.orderful.pages <= 10
        assert sum(bench.of(key).state is State.VALID for key in keys) == 500

    def test_a_list_that_shows_nothing_is_made_up_for_by_ids_a_few_at_a_run(self, bench):
        """Whoever reads the list wrongly, or is refused its filters: nothing is taken for deleted."""
        keys = [bench.sent(str(number)) for number in range(200)]
        for key in keys:
            bench.update_status(key, validation_status="VALID")
        bench.orderful.list_between = lambda *_args, **_named: Listed([], 1)
        runs = 0
        bench.run(minutes=16)
        while any(bench.of(key).state is State.SENT for key in keys) and runs < 5:
            runs += 1
            assert bench.orderful.calls["read"] <= MOST_CALLS * runs
            bench.run(minutes=1)
        assert {bench.of(key).state for key in keys} == {State.VALID}
        assert runs == 2

    def test_a_run_that_ends_in_trouble_is_gone_on_with_where_it_stopped(self, bench):
        first = bench.sent("1")
        bench.clock.forward(minutes=50)
        second = bench.sent("2")
        for key in (first, second):
            bench.update_status(key, validation_status="VALID", delivery_status="SENT")
        read, asked = bench.orderful.read, []

        def once(transaction_id):
            asked.append(transaction_id)
            if len(asked) == 2:
                raise Throttled("Orderful limits us.")
            return read(transaction_id)

        bench.orderful.read = once
        with pytest.raises(Throttled):
            bench.run(hours=2.5)
        bench.run(minutes=5)
        assert sorted(asked) == sorted([asked[0], asked[1], asked[1]])
        assert {bench.of(key).state for key in (first, second)} == {State.VALID}

    def test_a_run_ends_in_time_to_write_down_how_far_it_came(self, bench):
        key = bench.sent()
        bench.update_status(key, validation_status="VALID")
        bench.deadline = StepDeadline(0)
        assert bench.run(minutes=5) == 0
        assert bench.orderful.calls == {}
        bench.deadline = StepDeadline()
        assert bench.run(minutes=5) == 1

    def test_reasons_of_refusals_count_among_the_calls_of_a_run(self, bench):
        keys = [bench.sent(str(number)) for number in range(100)]
        for key in keys:
            bench.update_status(key, validation_status="INVALID", problems=("N1: missing",))
        refused = []
        while sum(refused) < 100 and len(refused) < 5:
            refused.append(bench.run())
        assert refused == [39, 39, 22], "a list and two calls for each refusal, 80 in all"
        assert all("N1: missing" in bench.of(key).reason for key in keys)

    def test_the_transactions_are_listed_by_type(self, bench):
        for number in ("1", "2", "3"):
            bench.sent(number)
        bench.run()
        assert bench.orderful.types == {TransactionType.PURCHASE_ORDER}


class SortedLedger(MemoryLedger):
    """The same for many revisions: each list is kept in order. Counts what each run reads."""

    def __init__(self):
        super().__init__()
        self.lists: defaultdict[str, list[tuple[str, Revision]]] = defaultdict(list)

    def listed(self, name, *, after, before, limit):
        rows = self.lists[name]
        start, end = bisect_left(rows, f"{after} ", key=itemgetter(0)), bisect_right(rows, before, key=itemgetter(0))
        found = [row for _, row in rows[start : min(end, start + limit)]]
        self.queries += 1
        self.reads += len(found)
        return found

    def in_attention(self, *, limit=None):
        found = [row for name in ATTENTION_LISTS for _, row in self.lists[name][:limit]]
        self.reads += len(found)
        return found[:limit]

    def in_state(self, *states):
        names = dict.fromkeys(map(state_list, states))
        return iter([row for name in names for _, row in self.lists[name] if row.state in states])

    def _put(self, revision, owned=None, posted=None, along=()):
        for one in (revision, *along):
            before = self.rows.get((one.key, one.sequence))
            if before is not None:
                rows = self.lists[list_of(before)]
                del rows[bisect_left(rows, place_of(before), key=itemgetter(0))]
            insort(self.lists[list_of(one)], (place_of(one), one), key=itemgetter(0))
        super()._put(revision, owned, posted, along)


class SilentPartner(FakeOrderful):
    """Everything was delivered and nothing is ever acknowledged; lists are read as Orderful cuts them."""

    def __init__(self, clock, first, step, count):
        super().__init__(clock)
        self.first, self.step, self.count = first, step, count

    def transaction(self, index):
        return RemoteTransaction(
            transaction_id=str(index),
            transaction_type="850_PURCHASE_ORDER",
            business_number=str(index),
            stream=Stream.TEST,
            sender_id="NORDICFOODT",
            receiver_id="ACMEPRODUCET",
            created_at=self.first + index * self.step,
            validation_status="VALID",
            delivery_status="DELIVERED",
            acknowledgment_status="NOT_ACKNOWLEDGED",
        )

    def list_between(self, since, until, *, sender_ids, types, stream, most_pages):
        low = max(0, -(-(since - self.first) // self.step))
        high = min(self.count, -(-(until - self.first) // self.step))
        pages = max(1, min(most_pages, -(-(high - low) // 100)))
        self.calls["pages"] += pages
        return Listed([self.transaction(at) for at in range(high - 1, max(low, high - pages * 100) - 1, -1)], pages)

    def read(self, transaction_id):
        self.calls["read"] += 1
        return self.transaction(int(transaction_id))


class TestFiftyThousandADay:
    """Partners that never acknowledge: what a run asks and reads does not grow with what is open."""

    A_DAY = 50_000
    RUNS = 6

    def _runs(self, clock, telemetry, outbox, days):
        """Calls and reads of each run, after so many days, and the ledger."""
        step = timedelta(days=1) / self.A_DAY
        count = days * self.A_DAY
        first = clock.now() - count * step
        ledger = SortedLedger()
        orderful = SilentPartner(clock, first, step, count)
        bench = Bench(ledger=ledger, clock=clock, telemetry=telemetry, outbox=outbox, orderful=orderful)
        model = None
        for index in range(count):
            created = first + index * step
            is_late = clock.now() - created >= timedelta(hours=24)
            model = model or bench.of(bench.revision(state=State.DELIVERED))
            one = replace(
                model,
                key=DocumentKey("nordic", Kind.PURCHASE_ORDER, str(index)),
                transaction_id=str(index),
                business_number=str(index),
                created_at=created,
                updated_at=created,
                sent_at=created,
                first_attempt_at=created,
                validation_status="VALID",
                delivery_status="DELIVERED",
                acknowledgment_status="NOT_ACKNOWLEDGED",
                attention="its functional acknowledgment (997) is overdue: none came within 24 hours"
                if is_late
                else None,
                attention_at=created if is_late else None,
                concern=Concern.OVERDUE if is_late else None,
                next_step=ANY if is_late else None,
            )
            ledger._put(one)
        costs = []
        for _ in range(self.RUNS):
            ledger.reads = ledger.queries = ledger.writes = 0
            orderful.calls.clear()
            bench.run(minutes=5)
            costs.append((orderful.calls.total(), ledger.reads, ledger.queries, ledger.writes))
        return costs, bench

    def test_calls_and_reads_of_a_run_are_bounded_whatever_is_open(self, clock, telemetry, outbox):
        costs, bench = self._runs(clock, telemetry, outbox, days=2)
        for calls, reads, queries, writes in costs:
            assert calls <= MOST_CALLS
            assert reads <= 10_000
            assert queries <= 250
            assert writes <= 1_000
        # Each document that became a day old in these runs needs attention, within a run of its time.
        grown = timedelta(minutes=5 * self.RUNS)
        late = [one for _, one in bench.ledger.lists[attention_list(State.DELIVERED)] if one.attention_at > one.sent_at]
        assert len(late) == pytest.approx(self.A_DAY * grown / timedelta(days=1), rel=0.02)
        assert max(one.attention_at - one.sent_at for one in late) <= timedelta(hours=24, minutes=10)
        assert bench.telemetry.counts[Metric.ATTENTION_OPEN] == MOST_COUNTED * self.RUNS


class TestSweeping:
    @pytest.mark.parametrize("state", [State.TRANSLATED, State.UNCONFIRMED])
    def test_what_nobody_moved_for_a_while_is_queued_again(self, bench, state):
        key = bench.revision(state=state)
        bench.run(minutes=14)
        assert bench.queued() == []
        bench.run(minutes=2)
        assert bench.queued() == ["500123"]
        assert bench.of(key).state is state

    def test_a_long_backlog_is_queued_again_once_in_a_while_and_not_by_every_run(self, bench):
        """Ten thousand documents may wait for an hour; the sweep must not double the queue every few minutes."""
        bench.revision(state=State.TRANSLATED)
        queued = 0
        for _ in range(12):
            bench.run(minutes=5)
            queued += len(bench.queued())
        assert queued == 4

    def test_a_sending_whose_worker_died_is_unconfirmed_and_queued_again(self, bench):
        key = bench.revision(state=State.TRANSLATED)
        bench.ledger.claim(key, 1, now=bench.clock.now(), lease=timedelta(minutes=20))
        bench.run(minutes=19)
        assert bench.queued() == []
        bench.run(minutes=2)
        assert bench.queued() == ["500123"]
        assert bench.of(key).state is State.UNCONFIRMED
        assert bench.ledger.claim(key, 1, now=bench.clock.now(), lease=timedelta(seconds=90)).attempts == 2

    def test_what_was_sent_meanwhile_is_not_touched(self, bench):
        key = bench.revision(state=State.TRANSLATED)
        deliveries = bench.outbox.deliveries

        def taken_at_once(messages):
            deliveries(messages)
            bench.ledger.claim(key, 1, now=bench.clock.now(), lease=timedelta(seconds=90))

        bench.outbox.deliveries = taken_at_once
        bench.run(minutes=20)
        assert bench.of(key).state is State.SENDING
        assert bench.of(key).claim_until is not None

    def test_a_queue_that_takes_nothing_is_tried_by_the_next_run(self, bench):
        bench.revision(state=State.TRANSLATED)
        bench.outbox.failures.append(Transient("The queue did not take 1 of 1 messages."))
        bench.run(minutes=20)
        assert bench.queued() == []
        assert bench.telemetry.events("warning") == ["could not queue again"]
        bench.run(minutes=1)
        assert bench.queued() == ["500123"]

    def test_what_is_parked_or_rejected_waits_for_its_person(self, bench):
        bench.revision("1", state=State.PARKED)
        bench.revision("2", state=State.REJECTED)
        bench.run(hours=2)
        assert bench.queued() == []

    def test_a_backlog_is_swept_in_portions(self, bench, monkeypatch):
        monkeypatch.setattr(track, "MOST_SWEPT", 3)
        for number in range(5):
            bench.revision(str(number), state=State.TRANSLATED)
        bench.run(minutes=20)
        assert len(bench.queued()) == 3
        bench.run(minutes=1)
        assert len(bench.queued()) == 2

    def test_of_a_backlog_that_waits_for_orderful_only_the_oldest_are_read(self, bench, monkeypatch):
        monkeypatch.setattr(track, "MOST_WAITING", 3)
        keys = []
        for number in range(6):
            keys.append(bench.revision(str(number), state=State.TRANSLATED))
            bench.clock.forward(seconds=1)
        read = []
        in_state = bench.ledger.in_state

        def counted(*states):
            for one in in_state(*states):
                read.append(one.key.number)
                yield one

        bench.ledger.in_state = counted
        bench.run(minutes=20)
        assert read == ["0", "1", "2"]
        assert sorted(bench.queued()) == ["0", "1", "2"]
        for key in keys[:3]:
            bench.ledger.move(bench.of(key), State.SUPERSEDED, now=bench.clock.now(), note="sent")
        bench.run(minutes=1)
        assert sorted(bench.queued()) == ["3", "4", "5"]

    def test_one_that_stays_unconfirmed_is_counted_by_every_run(self, bench):
        """It is queued again now and then, which must not end the alarm."""
        bench.revision("1", state=State.UNCONFIRMED, asked_since=bench.clock.now())
        counted = []
        for _ in range(6):
            bench.telemetry.counts.clear()
            bench.run(minutes=5)
            counted.append(bench.telemetry.counts[Metric.DOCUMENTS_UNCONFIRMED])
        assert counted == [0, 0, 1, 1, 1, 1]

    def test_what_waits_for_a_person_is_counted_by_each_run_and_the_oldest_told(self, bench):
        for number, state in (("1", State.PARKED), ("2", State.PARKED), ("3", State.REJECTED)):
            bench.revision(number, state=state)
        bench.orderful.failing = Misconfigured("Orderful refuses the key.")
        for _ in range(2):
            bench.telemetry.counts.clear()
            bench.run(minutes=20)
            assert (bench.telemetry.counts[Metric.OPEN_PARKED], bench.telemetry.counts[Metric.OPEN_REJECTED]) == (2, 1)
        assert bench.telemetry.durations == [(Metric.OLDEST_OPEN, 20 * 60.0), (Metric.OLDEST_OPEN, 40 * 60.0)]

    def test_a_run_that_asked_orderful_to_the_end_beats_and_one_that_could_not_does_not(self, bench):
        bench.sent("1")
        bench.run()
        assert bench.telemetry.counts[Metric.TRACK_COMPLETED] == 1
        bench.orderful.failing = Transient("Orderful is away.")
        with pytest.raises(Transient):
            bench.run()
        bench.orderful.failing = Misconfigured("Orderful refuses the key.")
        bench.run()
        assert bench.telemetry.counts[Metric.TRACK_COMPLETED] == 1

    def test_the_unconfirmed_are_counted_for_the_alarm(self, bench):
        bench.revision("1", state=State.UNCONFIRMED)
        bench.revision("2", state=State.UNCONFIRMED)
        bench.run(minutes=20)
        assert bench.telemetry.counts[Metric.DOCUMENTS_UNCONFIRMED] == 2


class TestTrouble:
    def test_a_refused_key_is_told_and_the_sweep_needs_no_list(self, bench):
        bench.sent("1")
        bench.revision("2", state=State.TRANSLATED)
        bench.orderful.failing = Misconfigured("Orderful refuses the key.")
        assert bench.run(minutes=20) == 0
        assert bench.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1
        assert bench.queued() == ["2"]

    def test_while_the_consumer_is_stopped_nothing_is_queued_again(self, bench):
        bench.revision(state=State.TRANSLATED)
        bench.clock.forward(minutes=20)
        bench.ledger.open("the key", now=bench.clock.now(), until=bench.clock.now() + timedelta(minutes=6))
        bench.run(minutes=5)
        assert bench.queued() == []
        bench.run(minutes=2)
        assert bench.queued() == ["500123"]

    @pytest.mark.parametrize("trouble", [Transient("Orderful answered 502."), Throttled("Orderful limits us.")])
    def test_a_list_that_cannot_be_read_ends_the_run_and_not_the_sweep(self, bench, trouble):
        bench.sent()
        bench.revision("2", state=State.TRANSLATED)
        bench.orderful.failing = trouble
        with pytest.raises(Transient):
            bench.run(minutes=20)
        assert bench.queued() == ["2"]


class TestIdsOfTwoVersions:
    def test_a_transaction_listed_under_another_id_is_known_by_number_type_parties_and_moment(self, bench):
        key = bench.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        bench.orderful.update_status(bench.orderful.transactions[0].transaction_id, delivery_status="DELIVERED")
        bench.run()
        assert bench.of(key).state is State.DELIVERED

    def test_the_listed_id_is_noted_once_and_owned_like_the_other(self, bench):
        key = bench.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        listed = bench.orderful.transactions[0].transaction_id
        assert bench.run() == 1
        assert (bench.of(key).listed_as, bench.of(key).transaction_id) == (
            listed,
            "019be412-5a85-714c-8ba6-436c1c06efd8",
        )
        assert bench.ledger.owners([listed])[listed].key == key
        assert bench.run() == 0
        bench.orderful.update_status(listed, delivery_status="DELIVERED")
        bench.run(hours=3)
        assert bench.of(key).state is State.DELIVERED

    def test_a_listed_id_that_another_document_owns_is_not_taken(self, bench):
        key = bench.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        listed = bench.orderful.transactions[0].transaction_id
        bench.ledger.owned[listed] = Owner(DocumentKey("other", Kind.PURCHASE_ORDER, "500123"), 1)
        assert bench.run() == 0
        assert bench.of(key).listed_as is None

    @pytest.mark.parametrize("ids", [("1001", "1002"), ("019be412-5a85-714c-8ba6-436c1c06efd8", "019be413-...")])
    def test_the_status_of_a_replacement_is_none_of_what_it_replaced(self, bench, ids):
        """The two left within a minute, and only the first one is still watched."""
        key = bench.sent(transaction_id=ids[0])
        bench.clock.forward(seconds=1)
        bench.sent(sequence=2, transaction_id=ids[1], state=State.SUPERSEDED)
        bench.orderful.update_status(bench.orderful.transactions[1].transaction_id, acknowledgment_status="REJECTED")
        bench.run()
        assert (bench.of(key).state, bench.of(key).attention) == (State.SENT, None)

    def test_one_of_another_moment_is_somebody_elses(self, bench):
        key = bench.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8", sent_at=bench.clock.now() - SAME_MOMENT)
        bench.orderful.update_status(bench.orderful.transactions[0].transaction_id, delivery_status="DELIVERED")
        bench.run()
        assert bench.of(key).state is State.SENT
