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
from connector.services.outbound.statuses import SAME_TIME
from connector.services.outbound.track import MAX_CALLS, MAX_COUNTED
from connector.services.ports import Listed, Metric, RemoteTransaction
from testkit.memory.connector import Connector
from testkit.memory.effects import StepDeadline
from testkit.memory.orderful import FakeOrderful
from testkit.memory.stores import MemoryLedger
from testkit.samples.routing_data import routing_data

RESEND = timedelta(minutes=15)


class Harness(Connector):
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
def harness(ports):
    return Harness(**ports)


# -- the ledger moves on ----------------------------------------------------------------------------------------------


class TestFollowing:
    def test_a_transaction_is_followed_to_its_acknowledgment(self, harness):
        key = harness.sent()
        for statuses, state in (
            ({"validation_status": "VALID"}, State.VALID),
            ({"delivery_status": "DELIVERED"}, State.DELIVERED),
            ({"acknowledgment_status": "ACCEPTED"}, State.ACKNOWLEDGED),
        ):
            harness.update_status(key, **statuses)
            assert harness.run() == 1
            assert harness.of(key).state is state
        assert harness.telemetry.counts[Metric.DOCUMENTS_ACKNOWLEDGED] == 1
        assert [event.state for event in harness.of(key).history] == [State.VALID, State.DELIVERED, State.ACKNOWLEDGED]
        harness.orderful.calls.clear()
        assert harness.run() == 0
        assert harness.orderful.calls == {}, "with nothing to follow, nothing is asked"

    def test_what_is_acknowledged_is_counted_by_partner_once_and_for_its_day(self, harness):
        def counted():
            found = harness.ledger.progress().acknowledged_on(harness.clock.now().date())
            return [(one.partner, documents) for one, documents in found.items()]

        first, second = harness.sent("1"), harness.sent("2")
        harness.update_status(first, validation_status="VALID", acknowledgment_status="ACCEPTED")
        harness.update_status(second, validation_status="VALID")
        harness.run()
        harness.run()
        assert counted() == [("acme", 1)]
        harness.update_status(second, acknowledgment_status="ACCEPTED")
        harness.run(days=1)
        assert counted() == [("acme", 1)], "of the new day"
        harness.run(days=1)
        assert counted() == []

    def test_an_unchanged_status_writes_nothing(self, harness):
        key = harness.sent()
        harness.run()
        writes = harness.ledger.writes
        assert harness.run() == 0
        assert harness.ledger.writes == writes
        assert harness.of(key).state is State.SENT
        assert harness.of(key).validation_status == "PROCESSING"

    def test_words_nobody_knows_are_recorded_and_move_nothing(self, harness):
        key = harness.sent(state=State.VALID)
        harness.update_status(key, validation_status="SHINY", delivery_status="ODD", acknowledgment_status="NEW")
        assert harness.run() == 1
        revision = harness.of(key)
        assert (revision.state, revision.validation_status) == (State.VALID, "SHINY")

    def test_an_older_status_never_takes_a_state_back(self, harness):
        key = harness.sent(state=State.DELIVERED)
        harness.update_status(key, validation_status="VALID")
        harness.run()
        assert harness.of(key).state is State.DELIVERED

    def test_an_invalid_transaction_is_rejected_with_its_problems_and_told_once(self, harness):
        key = harness.sent()
        harness.update_status(key, validation_status="INVALID", problems=("PO1[0]/02: too long", "N1: missing"))
        harness.run()
        revision = harness.of(key)
        assert revision.state is State.REJECTED
        assert "PO1[0]/02: too long" in revision.reason
        assert "N1: missing" in revision.reason
        assert revision.reason_code == Reason.INVALID_FOR_PARTNER
        assert revision.next_step.endswith(f"run `connector documents replay {revision.key}`.")
        for _ in range(3):
            assert harness.run() == 0
        assert harness.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 1
        assert harness.orderful.calls["problems_of"] == 1

    def test_an_invalid_transaction_that_was_corrected_later_is_well_again(self, harness):
        key = harness.sent()
        harness.update_status(key, validation_status="INVALID")
        harness.run()
        harness.update_status(key, validation_status="VALID")
        harness.run()
        revision = harness.of(key)
        assert (revision.state, revision.reason, revision.next_step) == (State.VALID, None, None)
        assert revision.reason_code is None

    def test_an_invalid_transaction_that_a_person_sends_by_hand_ends_delivered(self, harness):
        """Orderful: INVALID is held until somebody sends it; the validation stays as it is."""
        key = harness.sent()
        harness.update_status(key, validation_status="INVALID")
        harness.run()
        assert harness.of(key).state is State.REJECTED
        harness.orderful.send_manually(harness.of(key).transaction_id, "SENT")
        harness.run(hours=20)
        assert harness.of(key).state is State.VALID
        assert "by hand" in harness.of(key).attention
        harness.orderful.send_manually(harness.of(key).transaction_id)
        harness.run(hours=1)
        revision = harness.of(key)
        assert (revision.state, revision.reason, revision.next_step) == (State.DELIVERED, None, None)

    def test_what_was_rejected_when_it_was_created_is_not_counted_again(self, harness):
        key = harness.sent(state=State.REJECTED, reason="Orderful accepted the request but not the document.")
        harness.update_status(key, validation_status="INVALID")
        harness.run()
        assert harness.of(key).validation_status == "INVALID"
        assert harness.of(key).reason == "Orderful accepted the request but not the document."
        assert harness.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 0

    def test_a_rejection_by_the_partner_is_told(self, harness):
        key = harness.sent(state=State.DELIVERED)
        harness.update_status(key, acknowledgment_status="REJECTED", problems=("AK5: bad",))
        harness.run()
        assert harness.of(key).state is State.REJECTED
        assert "the partner rejected it: AK5: bad" in harness.of(key).reason
        assert harness.of(key).reason_code == Reason.REJECTED_BY_PARTNER
        assert harness.telemetry.events("error") == ["rejected"]

    def _agreed_on(self, harness, *states):
        """Revision 1 is sent; on top of it stand others in these states."""
        key = harness.sent()
        for sequence, state in enumerate(states, start=2):
            name = "change_id" if state in {State.CHANGING, State.AGREED} else "transaction_id"
            harness.revision(sequence=sequence, state=state, **{name: f"80221{sequence}"})
        return key

    def test_a_refused_revision_counts_although_another_one_reads_like_it(self, harness):
        key = harness.sent()
        quiet = replace(harness.of(key), sequence=2, state=State.SKIPPED, reads_as_sent=True, transaction_id=None)
        harness.ledger.add(quiet, source=b"{}", request=None)
        harness.update_status(key, acknowledgment_status="REJECTED")
        harness.run()
        assert [one.state for one in harness.ledger.revisions(key)] == [State.SUPERSEDED, State.REJECTED]

    def test_what_was_agreed_on_top_of_a_refused_revision_needs_its_person_as_well(self, harness):
        """The partner does not have revision 1, so it does not know what its own change made of it."""
        key = self._agreed_on(harness, State.AGREED, State.AGREED)
        harness.update_status(key, acknowledgment_status="REJECTED")
        harness.run()
        assert [one.state for one in harness.ledger.revisions(key)] == [State.REJECTED] * 3
        assert "on top of revision 1" in harness.ledger.get(key, 3).reason
        assert harness.ledger.get(key, 3).change_result is ChangeResult.FULL_RESEND
        assert harness.ledger.get(key, 3).reason_code == Reason.BASE_REFUSED

    def test_what_was_sent_whole_since_is_known_whatever_became_of_the_one_before(self, harness):
        key = self._agreed_on(harness, State.AGREED, State.SENT, State.AGREED)
        harness.update_status(key, acknowledgment_status="REJECTED")
        harness.run()
        assert [one.state for one in reversed(harness.ledger.revisions(key))] == [
            *(State.REJECTED, State.AGREED),
            *(State.SENT, State.AGREED),
        ]

    def test_a_rejection_waits_while_a_change_is_being_written(self, harness):
        key = self._agreed_on(harness, State.CHANGING)
        harness.update_status(key, acknowledgment_status="REJECTED")
        harness.run()
        assert harness.of(key).state is State.SENT
        harness.ledger.move(harness.ledger.get(key, 2), State.SUPERSEDED, now=harness.clock.now(), note="given up")
        harness.run()
        assert harness.of(key).state is State.REJECTED

    def test_an_overdue_acknowledgment_is_told_once_and_can_still_come(self, harness):
        key = harness.sent()
        harness.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        harness.run()
        for _ in range(3):
            harness.run(hours=25)
        assert "997" in harness.of(key).attention
        assert harness.telemetry.events("warning") == ["needs attention"]
        harness.update_status(key, acknowledgment_status="ACCEPTED")
        harness.run(hours=1)
        revision = harness.of(key)
        assert (revision.state, revision.attention, revision.next_step) == (State.ACKNOWLEDGED, None, None)
        assert harness.ledger.in_attention() == []

    def test_the_transactions_of_others_are_passed_over(self, harness):
        key = harness.sent()
        harness.sent("500124")
        harness.ledger.rows = {name: row for name, row in harness.ledger.rows.items() if name[0] == key}
        harness.update_status(key, validation_status="VALID")
        assert harness.run() == 1

    def test_a_revision_that_somebody_moved_meanwhile_is_left_to_the_next_run(self, harness):
        key = harness.sent()
        harness.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        read = harness.orderful.read

        def meanwhile(transaction_id):
            harness.ledger.move(harness.of(key), State.VALID, now=harness.clock.now(), note="another run")
            return read(transaction_id)

        harness.orderful.read = meanwhile
        assert harness.run(hours=1) == 0
        assert harness.of(key).state is State.VALID
        harness.orderful.read = read
        assert harness.run() == 1
        assert harness.of(key).state is State.DELIVERED

    def test_a_deleted_transaction_needs_attention_and_may_come_back(self, harness):
        key = harness.sent()
        harness.update_status(key, validation_status="VALID")
        harness.run()
        (filed,) = harness.orderful.filed
        harness.orderful.filed.clear()
        harness.run(minutes=5)
        assert harness.of(key).attention is None, "lists lag, so a new one may be missing"
        harness.run(minutes=10)
        revision = harness.of(key)
        assert (revision.state, revision.concern) == (State.VALID, Concern.DELETED)
        harness.orderful.filed.append(filed)
        harness.run(hours=1)
        assert (harness.of(key).concern, harness.of(key).state) == (Concern.NOT_SENT, State.VALID)

    def test_attention_for_two_transactions_stays_whatever_the_status_until_a_person_closes_it(self, harness):
        key = harness.sent()
        arrival = doubled(harness.of(key), ["1", "2"])
        attention = {
            "attention": arrival.sentence,
            "attention_at": harness.clock.now(),
            "concern": arrival.concern.value,
        }
        harness.ledger.move(harness.of(key), State.VALID, now=harness.clock.now(), note="x", **attention)
        harness.update_status(
            key, validation_status="VALID", delivery_status="DELIVERED", acknowledgment_status="ACCEPTED"
        )
        harness.run()
        found = harness.of(key)
        assert (found.state, found.attention) == (State.ACKNOWLEDGED, arrival.sentence)
        assert [one.key for one in harness.ledger.in_attention()] == [key]

    def test_a_question_that_orderful_does_not_answer_says_nothing(self, harness):
        key = harness.sent()
        harness.orderful.filed.clear()

        def refuses(transaction_id):
            raise Rejected("Orderful refuses a transaction with 403.", code=Reason.REQUEST_REFUSED)

        harness.orderful.read = refuses
        assert harness.run(hours=2) == 0
        assert harness.of(key).attention is None

    def test_a_refused_one_that_was_deleted_waits_for_its_person_as_before(self, harness):
        key = harness.sent("1", state=State.REJECTED)
        harness.orderful.filed.clear()
        harness.run(days=70)
        assert list(harness.ledger.in_state(State.REJECTED)) == [harness.of(key)]
        assert harness.of(key).attention is None


class TestAttention:
    """What was closed, what is over, and what nobody may forget."""

    def _late(self, harness, **changes):
        key = harness.sent(**changes)
        harness.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        harness.run(hours=24)
        assert harness.of(key).concern == Concern.OVERDUE
        return key

    def _close(self, harness, key):
        """As `connector documents close` does."""
        one = harness.of(key)
        changes = {"attention": None, "attention_at": None, "concern": None, "next_step": None}
        harness.ledger.move(
            one, one.state, now=harness.clock.now(), note="closed", closed_concern=one.concern, **changes
        )

    def test_it_stays_until_a_person_closes_it_however_long_that_takes(self, harness):
        key = self._late(harness)
        for _ in range(20):
            harness.run(days=30)
        assert [one.key for one in harness.ledger.in_attention()] == [key]
        harness.update_status(key, acknowledgment_status="REJECTED")
        harness.run(days=1)
        assert harness.of(key).state is State.REJECTED, "it is still asked about"

    def test_what_was_closed_is_not_raised_again_but_something_else_is(self, harness):
        key = self._late(harness)
        self._close(harness, key)
        assert harness.run(hours=12) == 0
        assert harness.ledger.in_attention() == []
        harness.orderful.filed.clear()
        harness.run(hours=12)
        assert [one.concern for one in harness.ledger.in_attention()] == [Concern.DELETED]

    def test_what_was_closed_is_over_when_the_last_look_brings_nothing(self, harness):
        key = self._late(harness)
        self._close(harness, key)
        harness.run(days=2)
        assert list(harness.ledger.in_state(State.DELIVERED)) == [harness.of(key)]
        harness.run(days=28)
        assert list(harness.ledger.in_state(State.DELIVERED)) == []
        harness.orderful.calls.clear()
        harness.run(days=1)
        assert harness.orderful.calls == {}
        assert harness.of(key).state is State.DELIVERED

    def test_a_partner_that_was_renamed_is_waited_for_as_its_entry_says(self, harness):
        acme = routing_data()["partners"]["acme"] | {"acknowledgment": "never"}
        harness.routing.apply(routing_data({"partners.acme": None, "partners.acme-no": acme}))
        key = harness.sent(counterparty="50012")
        harness.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        harness.run()
        assert (harness.of(key).state, harness.of(key).over) == (State.DELIVERED, True)

    def test_a_partner_that_never_acknowledges_is_over_with_the_delivery(self, harness):
        harness.routing.apply(routing_data({"partners.acme.acknowledgment": "never"}))
        key = harness.sent()
        harness.update_status(key, validation_status="VALID", delivery_status="DELIVERED")
        harness.run()
        assert (harness.of(key).state, harness.of(key).over) == (State.DELIVERED, True)
        assert list(harness.ledger.in_state(State.DELIVERED)) == []

    def test_a_setting_that_comes_later_settles_what_is_open(self, harness):
        key = self._late(harness)
        harness.routing.apply(routing_data({"partners.acme.acknowledgment": "never"}))
        harness.run(hours=1)
        assert (harness.of(key).attention, harness.of(key).over) == (None, True)

    def test_an_acceptance_with_errors_stays_in_attention_until_it_is_closed(self, harness):
        key = harness.sent()
        harness.update_status(key, acknowledgment_status="ACCEPTED_WITH_ERRORS")
        harness.run()
        assert harness.of(key).state is State.ACKNOWLEDGED
        harness.run(days=40)
        assert [one.key for one in harness.ledger.in_attention()] == [key]
        self._close(harness, key)
        assert harness.ledger.in_attention() == []

    def test_the_gauge_says_how_many_are_open_and_since_when(self, harness):
        self._late(harness, number="1")
        harness.telemetry.counts.clear()
        harness.run(hours=1)
        harness.run(hours=1)
        counts = harness.telemetry.counts
        assert counts[Metric.ATTENTION_OPEN] == 2, "one at each of two runs"
        assert harness.telemetry.durations == [(Metric.ATTENTION_AGE, 3600.0), (Metric.ATTENTION_AGE, 7200.0)]

    def test_nothing_in_attention_reports_no_age(self, harness):
        harness.sent()
        harness.run()
        assert (harness.telemetry.counts[Metric.ATTENTION_OPEN], harness.telemetry.durations) == (0, [])

    def test_the_gauge_is_reported_even_if_orderful_cannot_be_asked(self, harness):
        self._late(harness)
        harness.orderful.failing = Transient("Orderful answered 502.")
        with pytest.raises(Transient):
            harness.run(hours=12)
        assert harness.telemetry.counts[Metric.ATTENTION_OPEN] == 1


class TestWhatItCosts:
    def test_a_thousand_documents_take_one_list(self, harness):
        keys = [harness.sent(str(number)) for number in range(999)]
        for key in keys[::2]:
            harness.update_status(key, validation_status="VALID")
        harness.run()
        assert harness.orderful.calls == {"list_between": 1}
        assert harness.orderful.pages <= 10
        assert sum(harness.of(key).state is State.VALID for key in keys) == 500

    def test_transactions_missing_from_the_list_are_read_by_id_a_few_per_run(self, harness):
        """Whoever reads the list wrongly, or is refused its filters: nothing is taken for deleted."""
        keys = [harness.sent(str(number)) for number in range(200)]
        for key in keys:
            harness.update_status(key, validation_status="VALID")
        harness.orderful.list_between = lambda *_args, **_named: Listed([], 1)
        runs = 0
        harness.run(minutes=16)
        while any(harness.of(key).state is State.SENT for key in keys) and runs < 5:
            runs += 1
            assert harness.orderful.calls["read"] <= MAX_CALLS * runs
            harness.run(minutes=1)
        assert {harness.of(key).state for key in keys} == {State.VALID}
        assert runs == 2

    def test_a_run_after_a_failed_one_continues_where_it_stopped(self, harness):
        first = harness.sent("1")
        harness.clock.forward(minutes=50)
        second = harness.sent("2")
        for key in (first, second):
            harness.update_status(key, validation_status="VALID", delivery_status="SENT")
        read, asked = harness.orderful.read, []

        def once(transaction_id):
            asked.append(transaction_id)
            if len(asked) == 2:
                raise Throttled("Orderful limits us.")
            return read(transaction_id)

        harness.orderful.read = once
        with pytest.raises(Throttled):
            harness.run(hours=2.5)
        harness.run(minutes=5)
        assert sorted(asked) == sorted([asked[0], asked[1], asked[1]])
        assert {harness.of(key).state for key in (first, second)} == {State.VALID}

    def test_a_run_ends_in_time_to_write_down_how_far_it_came(self, harness):
        key = harness.sent()
        harness.update_status(key, validation_status="VALID")
        harness.deadline = StepDeadline(0)
        assert harness.run(minutes=5) == 0
        assert harness.orderful.calls == {}
        harness.deadline = StepDeadline()
        assert harness.run(minutes=5) == 1

    def test_reasons_of_refusals_count_among_the_calls_of_a_run(self, harness):
        keys = [harness.sent(str(number)) for number in range(100)]
        for key in keys:
            harness.update_status(key, validation_status="INVALID", problems=("N1: missing",))
        refused = []
        while sum(refused) < 100 and len(refused) < 5:
            refused.append(harness.run())
        assert refused == [39, 39, 22], "a list and two calls for each refusal, 80 in all"
        assert all("N1: missing" in harness.of(key).reason for key in keys)

    def test_the_transactions_are_listed_by_type(self, harness):
        for number in ("1", "2", "3"):
            harness.sent(number)
        harness.run()
        assert harness.orderful.types == {TransactionType.PURCHASE_ORDER}


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
        harness = Harness(ledger=ledger, clock=clock, telemetry=telemetry, outbox=outbox, orderful=orderful)
        model = None
        for index in range(count):
            created = first + index * step
            is_late = clock.now() - created >= timedelta(hours=24)
            model = model or harness.of(harness.revision(state=State.DELIVERED))
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
            harness.run(minutes=5)
            costs.append((orderful.calls.total(), ledger.reads, ledger.queries, ledger.writes))
        return costs, harness

    def test_calls_and_reads_of_a_run_are_bounded_whatever_is_open(self, clock, telemetry, outbox):
        costs, harness = self._runs(clock, telemetry, outbox, days=2)
        for calls, reads, queries, writes in costs:
            assert calls <= MAX_CALLS
            assert reads <= 10_000
            assert queries <= 250
            assert writes <= 1_000
        # Each document that became a day old in these runs needs attention, within a run of its time.
        grown = timedelta(minutes=5 * self.RUNS)
        late = [
            one for _, one in harness.ledger.lists[attention_list(State.DELIVERED)] if one.attention_at > one.sent_at
        ]
        assert len(late) == pytest.approx(self.A_DAY * grown / timedelta(days=1), rel=0.02)
        assert max(one.attention_at - one.sent_at for one in late) <= timedelta(hours=24, minutes=10)
        assert harness.telemetry.counts[Metric.ATTENTION_OPEN] == MAX_COUNTED * self.RUNS


class TestSweeping:
    @pytest.mark.parametrize("state", [State.TRANSLATED, State.UNCONFIRMED])
    def test_what_nobody_moved_for_a_while_is_queued_again(self, harness, state):
        key = harness.revision(state=state)
        harness.run(minutes=14)
        assert harness.queued() == []
        harness.run(minutes=2)
        assert harness.queued() == ["500123"]
        assert harness.of(key).state is state

    def test_a_long_backlog_is_queued_again_once_in_a_while_and_not_by_every_run(self, harness):
        """Ten thousand documents may wait for an hour; the sweep must not double the queue every few minutes."""
        harness.revision(state=State.TRANSLATED)
        queued = 0
        for _ in range(12):
            harness.run(minutes=5)
            queued += len(harness.queued())
        assert queued == 4

    def test_a_sending_whose_worker_died_is_unconfirmed_and_queued_again(self, harness):
        key = harness.revision(state=State.TRANSLATED)
        harness.ledger.claim(key, 1, now=harness.clock.now(), lease=timedelta(minutes=20))
        harness.run(minutes=19)
        assert harness.queued() == []
        harness.run(minutes=2)
        assert harness.queued() == ["500123"]
        assert harness.of(key).state is State.UNCONFIRMED
        assert harness.ledger.claim(key, 1, now=harness.clock.now(), lease=timedelta(seconds=90)).attempts == 2

    def test_what_was_sent_meanwhile_is_not_touched(self, harness):
        key = harness.revision(state=State.TRANSLATED)
        deliveries = harness.outbox.deliveries

        def taken_at_once(messages):
            deliveries(messages)
            harness.ledger.claim(key, 1, now=harness.clock.now(), lease=timedelta(seconds=90))

        harness.outbox.deliveries = taken_at_once
        harness.run(minutes=20)
        assert harness.of(key).state is State.SENDING
        assert harness.of(key).claim_until is not None

    def test_a_queue_that_takes_nothing_is_tried_by_the_next_run(self, harness):
        harness.revision(state=State.TRANSLATED)
        harness.outbox.failures.append(Transient("The queue did not take 1 of 1 messages."))
        harness.run(minutes=20)
        assert harness.queued() == []
        assert harness.telemetry.events("warning") == ["could not queue again"]
        harness.run(minutes=1)
        assert harness.queued() == ["500123"]

    def test_what_is_parked_or_rejected_waits_for_its_person(self, harness):
        harness.revision("1", state=State.PARKED)
        harness.revision("2", state=State.REJECTED)
        harness.run(hours=2)
        assert harness.queued() == []

    def test_a_backlog_is_processed_in_batches(self, harness, monkeypatch):
        monkeypatch.setattr(track, "MAX_REQUEUED", 3)
        for number in range(5):
            harness.revision(str(number), state=State.TRANSLATED)
        harness.run(minutes=20)
        assert len(harness.queued()) == 3
        harness.run(minutes=1)
        assert len(harness.queued()) == 2

    def test_of_a_backlog_that_waits_for_orderful_only_the_oldest_are_read(self, harness, monkeypatch):
        monkeypatch.setattr(track, "MAX_SWEPT", 3)
        keys = []
        for number in range(6):
            keys.append(harness.revision(str(number), state=State.TRANSLATED))
            harness.clock.forward(seconds=1)
        read = []
        in_state = harness.ledger.in_state

        def counted(*states):
            for one in in_state(*states):
                read.append(one.key.number)
                yield one

        harness.ledger.in_state = counted
        harness.run(minutes=20)
        assert read == ["0", "1", "2"]
        assert sorted(harness.queued()) == ["0", "1", "2"]
        for key in keys[:3]:
            harness.ledger.move(harness.of(key), State.SUPERSEDED, now=harness.clock.now(), note="sent")
        harness.run(minutes=1)
        assert sorted(harness.queued()) == ["3", "4", "5"]

    def test_one_that_stays_unconfirmed_is_counted_by_every_run(self, harness):
        """It is queued again now and then, which must not end the alarm."""
        harness.revision("1", state=State.UNCONFIRMED, asked_since=harness.clock.now())
        counted = []
        for _ in range(6):
            harness.telemetry.counts.clear()
            harness.run(minutes=5)
            counted.append(harness.telemetry.counts[Metric.DOCUMENTS_UNCONFIRMED])
        assert counted == [0, 0, 1, 1, 1, 1]

    def test_what_waits_for_a_person_is_counted_by_each_run_and_the_oldest_told(self, harness):
        for number, state in (("1", State.PARKED), ("2", State.PARKED), ("3", State.REJECTED)):
            harness.revision(number, state=state)
        harness.orderful.failing = Misconfigured("Orderful refuses the key.")
        for _ in range(2):
            harness.telemetry.counts.clear()
            harness.run(minutes=20)
            assert (harness.telemetry.counts[Metric.OPEN_PARKED], harness.telemetry.counts[Metric.OPEN_REJECTED]) == (
                2,
                1,
            )
        assert harness.telemetry.durations == [(Metric.OLDEST_OPEN, 20 * 60.0), (Metric.OLDEST_OPEN, 40 * 60.0)]

    def test_only_a_complete_run_reports_a_heartbeat(self, harness):
        harness.sent("1")
        harness.run()
        assert harness.telemetry.counts[Metric.TRACK_COMPLETED] == 1
        harness.orderful.failing = Transient("Orderful is away.")
        with pytest.raises(Transient):
            harness.run()
        harness.orderful.failing = Misconfigured("Orderful refuses the key.")
        harness.run()
        assert harness.telemetry.counts[Metric.TRACK_COMPLETED] == 1

    def test_the_unconfirmed_are_counted_for_the_alarm(self, harness):
        harness.revision("1", state=State.UNCONFIRMED)
        harness.revision("2", state=State.UNCONFIRMED)
        harness.run(minutes=20)
        assert harness.telemetry.counts[Metric.DOCUMENTS_UNCONFIRMED] == 2


class TestFailures:
    def test_a_refused_key_is_told_and_the_sweep_needs_no_list(self, harness):
        harness.sent("1")
        harness.revision("2", state=State.TRANSLATED)
        harness.orderful.failing = Misconfigured("Orderful refuses the key.")
        assert harness.run(minutes=20) == 0
        assert harness.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1
        assert harness.queued() == ["2"]

    def test_while_the_consumer_is_stopped_nothing_is_queued_again(self, harness):
        harness.revision(state=State.TRANSLATED)
        harness.clock.forward(minutes=20)
        harness.ledger.open("the key", now=harness.clock.now(), until=harness.clock.now() + timedelta(minutes=6))
        harness.run(minutes=5)
        assert harness.queued() == []
        harness.run(minutes=2)
        assert harness.queued() == ["500123"]

    @pytest.mark.parametrize("failure", [Transient("Orderful answered 502."), Throttled("Orderful limits us.")])
    def test_a_list_that_cannot_be_read_ends_the_run_and_not_the_sweep(self, harness, failure):
        harness.sent()
        harness.revision("2", state=State.TRANSLATED)
        harness.orderful.failing = failure
        with pytest.raises(Transient):
            harness.run(minutes=20)
        assert harness.queued() == ["2"]


class TestIdsOfTwoVersions:
    def test_a_transaction_listed_under_another_id_is_known_by_number_type_parties_and_time(self, harness):
        key = harness.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        harness.orderful.update_status(harness.orderful.transactions[0].transaction_id, delivery_status="DELIVERED")
        harness.run()
        assert harness.of(key).state is State.DELIVERED

    def test_the_listed_id_is_noted_once_and_owned_like_the_other(self, harness):
        key = harness.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        listed = harness.orderful.transactions[0].transaction_id
        assert harness.run() == 1
        assert (harness.of(key).listed_as, harness.of(key).transaction_id) == (
            listed,
            "019be412-5a85-714c-8ba6-436c1c06efd8",
        )
        assert harness.ledger.owners([listed])[listed].key == key
        assert harness.run() == 0
        harness.orderful.update_status(listed, delivery_status="DELIVERED")
        harness.run(hours=3)
        assert harness.of(key).state is State.DELIVERED

    def test_a_listed_id_that_another_document_owns_is_not_taken(self, harness):
        key = harness.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        listed = harness.orderful.transactions[0].transaction_id
        harness.ledger.owned[listed] = Owner(DocumentKey("other", Kind.PURCHASE_ORDER, "500123"), 1)
        assert harness.run() == 0
        assert harness.of(key).listed_as is None

    @pytest.mark.parametrize("ids", [("1001", "1002"), ("019be412-5a85-714c-8ba6-436c1c06efd8", "019be413-...")])
    def test_the_status_of_a_replacement_is_none_of_what_it_replaced(self, harness, ids):
        """The two left within a minute, and only the first one is still watched."""
        key = harness.sent(transaction_id=ids[0])
        harness.clock.forward(seconds=1)
        harness.sent(sequence=2, transaction_id=ids[1], state=State.SUPERSEDED)
        harness.orderful.update_status(
            harness.orderful.transactions[1].transaction_id, acknowledgment_status="REJECTED"
        )
        harness.run()
        assert (harness.of(key).state, harness.of(key).attention) == (State.SENT, None)

    def test_one_of_another_time_is_somebody_elses(self, harness):
        key = harness.sent(
            transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8", sent_at=harness.clock.now() - SAME_TIME
        )
        harness.orderful.update_status(harness.orderful.transactions[0].transaction_id, delivery_status="DELIVERED")
        harness.run()
        assert harness.of(key).state is State.SENT
