"""Following what was sent: by lists, never by one call for each document, and sweeping up what got stuck."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Misconfigured, Throttled, Transient
from connector.domain.ledger import NOTHING_NEW, Owner, Revision, State
from connector.domain.transactions import Dialect, OrderfulRequest, Stream, TransactionType
from connector.services.ports import Metric, RemoteTransaction
from connector.services.track import MANUAL_SEND_AFTER, SAME_MOMENT, WATCHED_FOR, Tracker, read_news
from tests.support.fakes import START, FakeOrderful

RESEND = timedelta(minutes=15)
OVERDUE = timedelta(hours=24)


class Bench:
    """A tracker between fakes, and revisions that were sent."""

    def __init__(self, ledger, clock, telemetry, outbox):
        self.ledger, self.clock, self.telemetry, self.outbox = ledger, clock, telemetry, outbox
        self.orderful = FakeOrderful(clock)
        self.tracker = Tracker(
            ledger=ledger,
            orderful=self.orderful,
            outbox=outbox,
            breaker=ledger,
            clock=clock,
            telemetry=telemetry,
            stream=Stream.TEST,
            overdue_after=OVERDUE,
            resend_after=RESEND,
        )

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

    def news(self, key, **statuses):
        self.orderful.news(self.of(key).transaction_id, **statuses)

    def run(self, **later):
        self.clock.forward(**(later or {"minutes": 5}))
        return self.tracker.run()

    def queued(self):
        numbers = [message.number for message in self.outbox.queued_deliveries]
        self.outbox.clear()
        return numbers


@pytest.fixture
def bench(ledger, clock, telemetry, outbox):
    return Bench(ledger, clock, telemetry, outbox)


# -- what the words mean ----------------------------------------------------------------------------------------------

VALIDATION = [None, "PROCESSING", "VALID", "INVALID", "SHINY"]
DELIVERY = [None, "PENDING", "SENT", "DELIVERED", "FAILED", "SHINY"]
ACKNOWLEDGMENT = [None, "NOT_ACKNOWLEDGED", "ACCEPTED", "ACCEPTED_WITH_ERRORS", "REJECTED", "OVERDUE", "SHINY"]


def remote(validation=None, delivery=None, acknowledgment=None) -> RemoteTransaction:
    return RemoteTransaction(
        transaction_id="1",
        transaction_type="850_PURCHASE_ORDER",
        business_number="500123",
        stream=Stream.TEST,
        sender_id="A",
        receiver_id="B",
        created_at=START,
        validation_status=validation,
        delivery_status=delivery,
        acknowledgment_status=acknowledgment,
    )


def news_of(validation=None, delivery=None, acknowledgment=None, *, age=timedelta(minutes=1)):
    return read_news(
        remote(validation, delivery, acknowledgment), sent_at=START, now=START + age, overdue_after=OVERDUE
    )


@pytest.mark.parametrize(
    ("validation", "delivery", "acknowledgment"), list(product(VALIDATION, DELIVERY, ACKNOWLEDGMENT))
)
def test_the_furthest_news_counts_and_unknown_words_are_none(validation, delivery, acknowledgment):
    """Every combination: the partner's word before Orderful's delivery, the delivery before the validation."""
    state = news_of(validation, delivery, acknowledgment).state
    if acknowledgment == "REJECTED":
        expected = State.REJECTED
    elif acknowledgment in {"ACCEPTED", "ACCEPTED_WITH_ERRORS"}:
        expected = State.ACKNOWLEDGED
    elif delivery == "FAILED":
        expected = State.REJECTED
    elif delivery == "DELIVERED":
        expected = State.DELIVERED
    elif validation == "INVALID":
        expected = State.VALID if delivery == "SENT" else State.REJECTED
    else:
        expected = State.VALID if validation == "VALID" else None
    assert state is expected


def test_an_acknowledgment_that_is_late_needs_a_look():
    assert news_of("VALID", "DELIVERED").attention is None
    assert "997" in news_of("VALID", "DELIVERED", "OVERDUE").attention
    assert news_of("VALID", "DELIVERED", "NOT_ACKNOWLEDGED", age=OVERDUE).attention is None
    assert "997" in news_of("VALID", "DELIVERED", age=OVERDUE + timedelta(seconds=1)).attention


def test_a_transaction_that_waits_for_a_hand_needs_a_look():
    assert news_of("VALID", "PENDING", age=MANUAL_SEND_AFTER).attention is None
    assert "by hand" in news_of("VALID", "PENDING", age=MANUAL_SEND_AFTER + timedelta(seconds=1)).attention
    assert news_of("VALID", "SENT", age=timedelta(hours=2)).attention is None


def test_an_acceptance_with_errors_needs_a_look():
    assert news_of("VALID", "DELIVERED", "ACCEPTED_WITH_ERRORS").attention == "accepted with errors"


# -- the ledger moves on ----------------------------------------------------------------------------------------------


class TestFollowing:
    def test_a_transaction_is_followed_to_its_acknowledgment(self, bench):
        key = bench.sent()
        for statuses, state in (
            ({"validation_status": "VALID"}, State.VALID),
            ({"delivery_status": "DELIVERED"}, State.DELIVERED),
            ({"acknowledgment_status": "ACCEPTED"}, State.ACKNOWLEDGED),
        ):
            bench.news(key, **statuses)
            assert bench.run() == 1
            assert bench.of(key).state is state
        assert bench.telemetry.counts[Metric.DOCUMENTS_ACKNOWLEDGED] == 1
        assert [event.state for event in bench.of(key).history] == [State.VALID, State.DELIVERED, State.ACKNOWLEDGED]
        bench.orderful.calls.clear()
        assert bench.run() == 0
        assert bench.orderful.calls == {}, "with nothing to follow, nothing is asked"

    def test_no_news_writes_nothing(self, bench):
        key = bench.sent()
        bench.run()
        writes = bench.ledger.writes
        assert bench.run() == 0
        assert bench.ledger.writes == writes
        assert bench.of(key).state is State.SENT
        assert bench.of(key).validation_status == "PROCESSING"

    def test_words_nobody_knows_are_recorded_and_move_nothing(self, bench):
        key = bench.sent(state=State.VALID)
        bench.news(key, validation_status="SHINY", delivery_status="ODD", acknowledgment_status="NEW")
        assert bench.run() == 1
        revision = bench.of(key)
        assert (revision.state, revision.validation_status) == (State.VALID, "SHINY")

    def test_older_news_never_takes_a_state_back(self, bench):
        key = bench.sent(state=State.DELIVERED)
        bench.news(key, validation_status="VALID")
        bench.run()
        assert bench.of(key).state is State.DELIVERED

    def test_an_invalid_transaction_is_rejected_with_its_problems_and_told_once(self, bench):
        key = bench.sent()
        bench.news(key, validation_status="INVALID", problems=("PO1[0]/02: too long", "N1: missing"))
        bench.run()
        revision = bench.of(key)
        assert revision.state is State.REJECTED
        assert "PO1[0]/02: too long" in revision.reason
        assert "N1: missing" in revision.reason
        assert revision.next_step.endswith(f"run `connector documents replay {revision.key}`.")
        for _ in range(3):
            assert bench.run() == 0
        assert bench.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 1
        assert bench.orderful.calls["problems_of"] == 1

    def test_an_invalid_transaction_that_was_corrected_later_is_well_again(self, bench):
        key = bench.sent()
        bench.news(key, validation_status="INVALID")
        bench.run()
        bench.news(key, validation_status="VALID")
        bench.run()
        revision = bench.of(key)
        assert (revision.state, revision.reason, revision.next_step) == (State.VALID, None, None)

    def test_an_invalid_transaction_that_a_person_sends_by_hand_ends_delivered(self, bench):
        """Orderful: INVALID is held until somebody sends it; the validation stays as it is."""
        key = bench.sent()
        bench.news(key, validation_status="INVALID")
        bench.run()
        assert bench.of(key).state is State.REJECTED
        bench.orderful.send_by_hand(bench.of(key).transaction_id, "SENT")
        bench.run(hours=20)
        assert bench.of(key).state is State.VALID
        assert "by hand" in bench.of(key).attention
        bench.orderful.send_by_hand(bench.of(key).transaction_id)
        bench.run(minutes=5)
        revision = bench.of(key)
        assert (revision.state, revision.reason, revision.next_step) == (State.DELIVERED, None, None)

    def test_what_was_rejected_when_it_was_created_is_not_counted_again(self, bench):
        key = bench.sent(state=State.REJECTED, reason="Orderful accepted the request but not the document.")
        bench.news(key, validation_status="INVALID")
        bench.run()
        assert bench.of(key).validation_status == "INVALID"
        assert bench.of(key).reason == "Orderful accepted the request but not the document."
        assert bench.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 0

    def test_a_rejection_by_the_partner_is_told(self, bench):
        key = bench.sent(state=State.DELIVERED)
        bench.news(key, acknowledgment_status="REJECTED", problems=("AK5: bad",))
        bench.run()
        assert bench.of(key).state is State.REJECTED
        assert "the partner rejected it: AK5: bad" in bench.of(key).reason
        assert bench.telemetry.events("error") == ["rejected"]

    def _agreed_on(self, bench, *states):
        """Revision 1 is sent; on top of it stand others in these states."""
        key = bench.sent()
        for sequence, state in enumerate(states, start=2):
            bench.revision(sequence=sequence, state=state, transaction_id=f"80221{sequence}")
        return key

    def test_a_refused_revision_counts_although_another_one_reads_like_it(self, bench):
        key = bench.sent()
        quiet = replace(bench.of(key), sequence=2, state=State.SKIPPED, reason=NOTHING_NEW, transaction_id=None)
        bench.ledger.add(quiet, source=b"{}", request=None)
        bench.news(key, acknowledgment_status="REJECTED")
        bench.run()
        assert [one.state for one in bench.ledger.revisions(key)] == [State.SUPERSEDED, State.REJECTED]

    def test_what_was_agreed_on_top_of_a_refused_revision_needs_its_person_as_well(self, bench):
        """The partner does not have revision 1, so it does not know what its own change made of it."""
        key = self._agreed_on(bench, State.AGREED, State.AGREED)
        bench.news(key, acknowledgment_status="REJECTED")
        bench.run()
        assert [one.state for one in bench.ledger.revisions(key)] == [State.REJECTED] * 3
        assert "on top of revision 1" in bench.ledger.get(key, 3).reason

    def test_what_was_sent_whole_since_is_known_whatever_became_of_the_one_before(self, bench):
        key = self._agreed_on(bench, State.AGREED, State.SENT, State.AGREED)
        bench.news(key, acknowledgment_status="REJECTED")
        bench.run()
        assert [one.state for one in reversed(bench.ledger.revisions(key))] == [
            *(State.REJECTED, State.AGREED),
            *(State.SENT, State.AGREED),
        ]

    def test_a_rejection_waits_while_a_change_is_being_written(self, bench):
        key = self._agreed_on(bench, State.CHANGING)
        bench.news(key, acknowledgment_status="REJECTED")
        bench.run()
        assert bench.of(key).state is State.SENT
        bench.ledger.move(bench.ledger.get(key, 2), State.SUPERSEDED, now=bench.clock.now(), note="given up")
        bench.run()
        assert bench.of(key).state is State.REJECTED

    def test_an_overdue_acknowledgment_is_counted_once_and_can_still_come(self, bench):
        key = bench.sent()
        bench.news(key, validation_status="VALID", delivery_status="DELIVERED")
        bench.run()
        for _ in range(3):
            bench.run(hours=25)
        assert "997" in bench.of(key).attention
        assert bench.telemetry.counts[Metric.ACKNOWLEDGMENTS_OVERDUE] == 1
        bench.news(key, acknowledgment_status="ACCEPTED")
        bench.run()
        assert (bench.of(key).state, bench.of(key).attention) == (State.ACKNOWLEDGED, None)

    def test_the_transactions_of_others_are_passed_over(self, bench):
        key = bench.sent()
        bench.sent("500124")
        bench.ledger.rows = {name: row for name, row in bench.ledger.rows.items() if name[0] == key}
        bench.news(key, validation_status="VALID")
        assert bench.run() == 1

    def test_a_revision_that_somebody_moved_meanwhile_is_left_to_the_next_run(self, bench):
        key = bench.sent()
        bench.news(key, validation_status="VALID")
        listing = bench.orderful.list_since

        def meanwhile(*args, **named):
            bench.ledger.move(bench.of(key), State.DELIVERED, now=bench.clock.now(), note="another run")
            return listing(*args, **named)

        bench.orderful.list_since = meanwhile
        assert bench.run() == 0
        assert bench.of(key).state is State.DELIVERED

    def test_after_a_week_without_news_it_is_watched_no_longer(self, bench):
        old = bench.sent("1", state=State.VALID)
        bench.clock.time += WATCHED_FOR
        new = bench.sent("2")
        assert bench.run() == 1
        assert bench.of(new).validation_status == "PROCESSING"
        revision = bench.of(old)
        assert revision.state is State.VALID
        assert "watched no longer" in revision.attention
        assert list(bench.ledger.in_state(State.VALID)) == []

    def test_one_that_was_refused_waits_for_its_person_however_long(self, bench):
        bench.sent("1", state=State.REJECTED)
        bench.clock.time += WATCHED_FOR * 10
        bench.run()
        assert [one.attention for one in bench.ledger.in_state(State.REJECTED)] == [None]


class TestWhatItCosts:
    def test_a_thousand_documents_take_one_list(self, bench):
        keys = [bench.sent(str(number)) for number in range(1000)]
        for key in keys[::2]:
            bench.news(key, validation_status="VALID")
        bench.run()
        assert bench.orderful.calls == {"list_since": 1}
        assert bench.orderful.pages <= 10
        assert sum(bench.of(key).state is State.VALID for key in keys) == 500

    def test_the_list_is_read_no_further_than_the_oldest_that_is_watched(self, bench):
        for number in range(300):
            bench.sent(str(number), state=State.ACKNOWLEDGED)
            bench.clock.forward(minutes=1)
        bench.sent("999")
        bench.run()
        assert bench.orderful.pages == 1


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

    def test_what_waits_for_a_person_is_counted_by_each_run_and_the_oldest_told(self, bench):
        for number, state in (("1", State.PARKED), ("2", State.PARKED), ("3", State.REJECTED)):
            bench.revision(number, state=state)
        bench.orderful.failing = Misconfigured("Orderful refuses the key.")
        for _ in range(2):
            bench.telemetry.counts.clear()
            bench.run(minutes=20)
            assert (bench.telemetry.counts[Metric.OPEN_PARKED], bench.telemetry.counts[Metric.OPEN_REJECTED]) == (2, 1)
        assert bench.telemetry.durations == [(Metric.OLDEST_OPEN, 20 * 60.0), (Metric.OLDEST_OPEN, 40 * 60.0)]

    def test_what_needs_a_look_is_counted_for_as_long_as_it_does(self, bench):
        bench.sent("1")
        bench.revision("2", state=State.DELIVERED, attention="its functional acknowledgment (997) is overdue")
        bench.run()
        assert bench.telemetry.counts[Metric.OPEN_ATTENTION] == 1

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
    def test_a_refused_key_is_told_and_nothing_is_swept(self, bench):
        bench.sent("1")
        bench.revision("2", state=State.TRANSLATED)
        bench.orderful.failing = Misconfigured("Orderful refuses the key.")
        assert bench.run(minutes=20) == 0
        assert bench.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1
        assert bench.queued() == []

    def test_while_the_consumer_is_stopped_nothing_is_queued_again(self, bench):
        bench.revision(state=State.TRANSLATED)
        bench.clock.forward(minutes=20)
        bench.ledger.open("the key", until=bench.clock.now() + timedelta(minutes=6))
        bench.run(minutes=5)
        assert bench.queued() == []
        bench.run(minutes=2)
        assert bench.queued() == ["500123"]

    @pytest.mark.parametrize("trouble", [Transient("Orderful answered 502."), Throttled("Orderful limits us.")])
    def test_a_list_that_cannot_be_read_ends_the_run(self, bench, trouble):
        bench.sent()
        bench.orderful.failing = trouble
        with pytest.raises(Transient):
            bench.run()


class TestIdsOfTwoVersions:
    def test_a_transaction_listed_under_another_id_is_known_by_number_type_parties_and_moment(self, bench):
        key = bench.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        bench.orderful.news(bench.orderful.transactions[0].transaction_id, delivery_status="DELIVERED")
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
        bench.orderful.news(listed, delivery_status="DELIVERED")
        bench.run(hours=3)
        assert bench.of(key).state is State.DELIVERED

    def test_a_listed_id_that_another_document_owns_is_not_taken(self, bench):
        key = bench.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8")
        listed = bench.orderful.transactions[0].transaction_id
        bench.ledger.owned[listed] = Owner(DocumentKey("other", Kind.PURCHASE_ORDER, "500123"), 1)
        assert bench.run() == 0
        assert bench.of(key).listed_as is None

    @pytest.mark.parametrize("ids", [("1001", "1002"), ("019be412-5a85-714c-8ba6-436c1c06efd8", "019be413-...")])
    def test_what_became_of_a_replacement_is_no_news_of_what_it_replaced(self, bench, ids):
        """The two left within a minute, and only the first one is still watched."""
        key = bench.sent(transaction_id=ids[0])
        bench.clock.forward(seconds=1)
        bench.sent(sequence=2, transaction_id=ids[1], state=State.SUPERSEDED)
        bench.orderful.news(bench.orderful.transactions[1].transaction_id, acknowledgment_status="REJECTED")
        bench.run()
        assert (bench.of(key).state, bench.of(key).attention) == (State.SENT, None)

    def test_one_of_another_moment_is_somebody_elses(self, bench):
        key = bench.sent(transaction_id="019be412-5a85-714c-8ba6-436c1c06efd8", sent_at=bench.clock.now() - SAME_MOMENT)
        bench.orderful.news(bench.orderful.transactions[0].transaction_id, delivery_status="DELIVERED")
        bench.run()
        assert bench.of(key).state is State.SENT
