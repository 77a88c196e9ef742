"""Sending, once: every way an attempt can end, and every place where the worker can die.

The measure is always the same: how many transactions Orderful has, and that the ledger knows which one is ours.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import (
    Conflict,
    ConnectorError,
    Misconfigured,
    PayloadLost,
    Rejected,
    Throttled,
    Transient,
    UnknownOutcome,
)
from connector.domain.reasons import Reason
from connector.domain.revision.record import Revision, State
from connector.domain.transactions import Dialect, OrderfulRequest, Purpose, Stream, TransactionType
from connector.services.consume import HOLD_BACK
from connector.services.messages import DeliveryMessage
from connector.services.outbound.deliver import DeliverResult
from connector.services.ports import Calls, Created, Metric
from testkit.memory.connector import Connector
from testkit.memory.effects import Killed, killer
from testkit.memory.orderful import LostAnswer

ORDER = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
CONFIRM = timedelta(minutes=2)
LEASE = timedelta(seconds=90)
LOST = LostAnswer("The connection to Orderful was lost.", request_id="r-1")
NEVER_ARRIVED = UnknownOutcome("Orderful did not answer in time.")


def a_request(dialect=Dialect.MOSAIC, *, number="500123", stream="test", sender="NORDICFOODT", receiver="ACMEPRODUCET"):
    if dialect is Dialect.MOSAIC:
        return {
            "type": "850_PURCHASE_ORDER",
            "stream": stream,
            "senderId": sender,
            "receiverId": receiver,
            "message": {"purchaseOrderNumber": number},
        }
    return {
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": stream.upper(),
        "sender": {"isaId": sender},
        "receiver": {"isaId": receiver},
        "message": {"transactionSets": [{"beginningSegmentForPurchaseOrder": [{"purchaseOrderNumber": number}]}]},
    }


class Bench(Connector):
    """A deliverer between fakes, and a queue that brings the message again until it is done."""

    def translated(self, sequence=1, *, request=None, dialect=Dialect.MOSAIC, **changes) -> DeliveryMessage:
        now = self.clock.now()
        revision = Revision(
            key=ORDER,
            sequence=sequence,
            revision_id=f"{sequence:064}",
            state=State.TRANSLATED,
            created_at=now,
            updated_at=now,
            partner="acme",
            transaction_type=TransactionType.PURCHASE_ORDER,
            dialect=dialect,
            purpose=Purpose.ORIGINAL,
            stream=Stream.TEST,
            sender_id="NORDICFOODT",
            receiver_id="ACMEPRODUCET",
            business_number="500123",
        )
        self.ledger.add(replace(revision, **changes), source=b"{}", request=request or a_request(dialect))
        return DeliveryMessage(company=ORDER.company, kind=ORDER.kind, number=ORDER.number, sequence=sequence)

    def deliver(self, message):
        return self.deliverer().handle(message)

    def until_done(self, message, *, every=timedelta(seconds=40)):
        """Bring the message again as the queue does; the outcome and how often it came."""
        for times in range(1, 20):
            with suppress(Transient, Conflict, UnknownOutcome):
                return self.deliver(message), times
            self.clock.time += every
        pytest.fail("the message never comes to an end")

    def revision(self, sequence=1) -> Revision:
        return self.ledger.get(ORDER, sequence)

    def ids(self):
        return [each.transaction_id for each in self.orderful.transactions]


@pytest.fixture
def bench(ports):
    return Bench(**ports)


class TestTheNormalWay:
    @pytest.mark.parametrize("dialect", list(Dialect))
    def test_a_revision_is_posted_once_and_recorded(self, bench, dialect):
        message = bench.translated(dialect=dialect)
        assert bench.deliver(message) is DeliverResult.SENT
        revision = bench.revision()
        assert (revision.state, revision.attempts) == (State.SENT, 1)
        assert [revision.transaction_id] == bench.ids()
        assert revision.sent_at == bench.clock.now()
        assert revision.claim_until is None
        assert bench.orderful.calls == {"create": 1}, "a first attempt needs no look-up"
        assert bench.telemetry.counts[Metric.DOCUMENTS_SENT] == 1

    def test_the_request_is_the_one_that_was_stored(self, bench):
        message = bench.translated(dialect=Dialect.X12)
        bench.deliver(message)
        sent = bench.orderful.requests[0]
        assert (sent.method, sent.path) == ("POST", "/v3/transactions")
        assert sent.body == a_request(Dialect.X12)
        bench.deliver(bench.translated(2))
        assert bench.orderful.requests[1].path == "/transactions"
        assert bench.orderful.requests[1].headers["orderful-api-version"] == "v4"

    def test_a_validity_told_at_once_is_recorded(self, bench):
        message = bench.translated()
        bench.orderful.create = lambda request: Created("77", accepted=True, valid=True)
        bench.deliver(message)
        assert bench.revision().validation_status == "VALID"

    def test_a_second_message_for_the_same_revision_does_nothing(self, bench):
        message = bench.translated()
        bench.deliver(message)
        assert bench.deliver(message) is DeliverResult.NOTHING_TO_DO
        assert bench.orderful.calls == {"create": 1}

    @pytest.mark.parametrize(
        "state",
        sorted(set(State) - {State.TRANSLATED, State.UNCONFIRMED, State.SENDING}),
    )
    def test_only_what_is_due_is_sent(self, bench, state):
        message = bench.translated(state=state)
        assert bench.deliver(message) is DeliverResult.NOTHING_TO_DO
        assert not bench.orderful.calls

    def test_a_revision_that_does_not_exist_is_nothing_to_do(self, bench):
        bench.translated()
        missing = DeliveryMessage(company="nordic", kind=Kind.PURCHASE_ORDER, number="1", sequence=1)
        assert bench.deliver(missing) is DeliverResult.NOTHING_TO_DO


class TestSuddenDeath:
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize(("step", "effect"), [(1, "claim"), (2, "create"), (3, "own")])
    @pytest.mark.parametrize("lag", [timedelta(0), timedelta(seconds=100)], ids=["list at once", "list lags"])
    def test_wherever_the_worker_dies_there_is_one_transaction_in_the_end(self, bench, step, effect, after, lag):
        """D1 to D3: claimed, posted, recorded."""
        bench.orderful.list_lag = lag
        message = bench.translated()
        reaper = killer(step, after=after)
        doomed = bench.deliverer(
            ledger=reaper.watch(bench.ledger, "claim", "move", "own"), orderful=reaper.watch(bench.orderful, "create")
        )
        with pytest.raises(Killed):
            doomed.handle(message)
        assert reaper.steps[-1] == effect
        bench.until_done(message)
        assert bench.revision().state is State.SENT
        assert bench.ids() == [bench.revision().transaction_id]

    @pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    def test_a_second_death_during_the_recovery_changes_nothing(self, bench, first, after):
        message = bench.translated()
        bench.orderful.script = [LOST]
        for step in (first, first):
            reaper = killer(step, after=after)
            doomed = bench.deliverer(
                ledger=reaper.watch(bench.ledger, "claim", "move", "own"),
                orderful=reaper.watch(bench.orderful, "create", "look_up"),
            )
            try:
                doomed.handle(message)
            except (Killed, ConnectorError):
                bench.clock.time += LEASE + timedelta(seconds=1)
        bench.until_done(message)
        assert bench.ids() == [bench.revision().transaction_id]

    def test_a_claim_that_ran_out_is_looked_up_before_anything_is_posted(self, bench):
        message = bench.translated()
        bench.ledger.claim(ORDER, 1, now=bench.clock.now(), lease=LEASE)
        with pytest.raises(Conflict, match="Another worker"):
            bench.deliver(message)
        assert not bench.orderful.calls
        bench.clock.time += LEASE + timedelta(seconds=1)
        with pytest.raises(UnknownOutcome, match="does not show"):
            bench.deliver(message)
        assert bench.orderful.calls == {"look_up": 1, "list_since": 1}
        assert bench.revision().state is State.UNCONFIRMED
        bench.clock.time += CONFIRM
        assert bench.deliver(message) is DeliverResult.SENT
        assert bench.orderful.calls == {"look_up": 2, "list_since": 2, "create": 1}


class TestTheUnknown:
    def test_a_lost_answer_is_adopted_and_not_repeated(self, bench):
        bench.orderful.script = [LOST]
        message = bench.translated()
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)
        assert bench.revision().state is State.UNCONFIRMED
        assert bench.revision().asked_since == bench.clock.now()
        assert Metric.DOCUMENTS_UNCONFIRMED not in bench.telemetry.counts, "the tracker counts what stays unknown"
        bench.clock.forward(seconds=20)
        assert bench.deliver(message) is DeliverResult.ADOPTED
        assert bench.ids() == [bench.revision().transaction_id]
        assert bench.revision().asked_since is None

    def test_a_list_that_lags_is_waited_for(self, bench):
        bench.orderful.list_lag = timedelta(seconds=110)
        bench.orderful.script = [LOST]
        outcome, _ = bench.until_done(bench.translated())
        assert outcome is DeliverResult.ADOPTED
        assert bench.orderful.calls["create"] == 1

    def test_what_never_arrived_is_posted_again_after_the_wait_and_not_before(self, bench):
        bench.orderful.script = [NEVER_ARRIVED]
        message = bench.translated()
        started = bench.clock.now()
        outcome, times = bench.until_done(message, every=timedelta(seconds=30))
        assert outcome is DeliverResult.SENT
        assert bench.clock.now() - started == CONFIRM
        assert times == 5
        assert len(bench.ids()) == 1

    def test_every_doubtful_attempt_is_waited_for_anew(self, bench):
        bench.orderful.script = [NEVER_ARRIVED, LOST]
        bench.orderful.list_lag = timedelta(seconds=100)
        outcome, _ = bench.until_done(bench.translated())
        assert outcome is DeliverResult.ADOPTED
        assert len(bench.ids()) == 1

    def test_a_look_up_that_fails_keeps_the_doubt(self, bench):
        bench.orderful.script = [LOST]
        message = bench.translated()
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)
        bench.orderful.failing = Transient("Orderful answered 503.")
        with pytest.raises(Transient):
            bench.deliver(message)
        bench.orderful.failing = None
        outcome, _ = bench.until_done(message)
        assert outcome is DeliverResult.ADOPTED
        assert len(bench.ids()) == 1

    def test_a_look_up_that_fails_does_not_keep_the_next_attempt_away(self, bench):
        bench.orderful.script = [NEVER_ARRIVED]
        message = bench.translated()
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)
        doubted = bench.revision().asked_since
        bench.clock.time += CONFIRM
        bench.orderful.failing = Throttled("Orderful answered 429.")
        with pytest.raises(Throttled):
            bench.deliver(message)
        assert (bench.revision().state, bench.revision().asked_since) == (State.UNCONFIRMED, doubted)
        bench.orderful.failing = None
        assert bench.deliver(message) is DeliverResult.SENT, "the claim was given back: nobody waits for its end"
        assert len(bench.ids()) == 1

    @pytest.mark.parametrize("skew", [timedelta(minutes=-7), timedelta(minutes=7)])
    def test_the_clocks_need_not_agree(self, bench, skew):
        bench.orderful.skew = skew
        bench.orderful.script = [LOST]
        outcome, _ = bench.until_done(bench.translated())
        assert outcome is DeliverResult.ADOPTED

    def test_two_transactions_for_one_revision_are_told_and_the_first_is_kept(self, bench):
        """The residual risk of an API without idempotency keys: its list lagged longer than we waited."""
        message = bench.translated()
        bench.ledger.claim(ORDER, 1, now=bench.clock.now(), lease=LEASE)
        for _ in range(2):
            bench.clock.forward(seconds=50)
            bench.orderful.file(OrderfulRequest.create(Dialect.MOSAIC, a_request()))
        assert bench.deliver(message) is DeliverResult.ADOPTED
        assert bench.revision().transaction_id == bench.ids()[0]
        assert bench.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1
        assert bench.revision().needs_attention
        assert len(bench.ids()) == 2
        for name in bench.ids():
            assert name in bench.revision().attention
            assert name in bench.revision().history[-1].note


class TestAdoption:
    def test_the_transaction_of_an_earlier_revision_is_never_taken(self, bench):
        bench.deliver(bench.translated(1))
        message = bench.translated(2)
        bench.orderful.script = [NEVER_ARRIVED]
        outcome, _ = bench.until_done(message)
        assert outcome is DeliverResult.SENT
        assert [bench.revision(1).transaction_id, bench.revision(2).transaction_id] == bench.ids()

    def test_a_transaction_older_than_the_first_attempt_is_never_taken(self, bench):
        """Somebody sent the order by hand before, or another system did: it is not in our ledger."""
        message = bench.translated()
        bench.deliver(message)
        by_hand = bench.ids()
        bench.ledger.rows.clear()
        bench.clock.forward(seconds=10)
        message = bench.translated()
        bench.orderful.script = [NEVER_ARRIVED]
        assert bench.until_done(message)[0] is DeliverResult.SENT
        assert bench.revision().transaction_id not in by_hand

    @pytest.mark.parametrize("other", [{"number": "500124"}, {"receiver": "OTHERT"}, {"sender": "ELSET"}])
    def test_the_transaction_of_another_document_or_partner_is_never_taken(self, bench, other):
        message = bench.translated()
        bench.orderful.script = [NEVER_ARRIVED]
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)
        bench.orderful.file(replace(bench.orderful.requests[0], body=a_request(**other)))
        assert bench.until_done(message)[0] is DeliverResult.SENT

    def test_an_adopted_transaction_is_tracked_although_it_is_older_than_its_discovery(self, bench):
        bench.orderful.script = [LOST]
        message = bench.translated()
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)
        bench.clock.forward(hours=6)
        assert bench.deliver(message) is DeliverResult.ADOPTED
        bench.orderful.update_status(bench.ids()[0], validation_status="VALID")
        assert bench.tracker().run() == 1
        assert bench.revision().state is State.VALID


class TestRefusals:
    def test_throttling_gives_the_claim_back_as_if_nothing_had_been(self, bench):
        bench.orderful.script = [Throttled("Orderful limits us.", retry_after=timedelta(seconds=30))]
        message = bench.translated()
        with pytest.raises(Throttled):
            bench.deliver(message)
        revision = bench.revision()
        assert (revision.state, revision.attempts, revision.first_attempt_at) == (State.TRANSLATED, 0, None)
        assert bench.deliver(message) is DeliverResult.SENT
        assert bench.orderful.calls == {"create": 2}, "nothing was created, so nothing is looked up"

    def test_a_connection_that_was_never_made_is_no_doubt(self, bench):
        bench.orderful.script = [Transient("Orderful could not be reached. Nothing was created.")]
        message = bench.translated()
        with pytest.raises(Transient):
            bench.deliver(message)
        assert bench.revision().state is State.TRANSLATED

    def test_a_refusal_after_a_doubtful_attempt_leaves_the_doubt(self, bench):
        bench.orderful.script = [LOST]
        bench.orderful.list_lag = CONFIRM + timedelta(seconds=30)
        message = bench.translated()
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)
        bench.clock.time += CONFIRM
        bench.orderful.script = [Throttled("Orderful limits us.")]
        with pytest.raises(Throttled):
            bench.deliver(message)
        assert bench.revision().state is State.UNCONFIRMED
        bench.clock.forward(seconds=40)
        assert bench.deliver(message) is DeliverResult.ADOPTED
        assert len(bench.ids()) == 1

    def test_a_definite_no_is_recorded_with_its_reasons_and_never_repeated(self, bench):
        bench.orderful.script = [
            Rejected(
                "Orderful refused it (400).", problems=("lineItems[0].sku: too long",), code=Reason.REQUEST_REFUSED
            )
        ]
        message = bench.translated()
        assert bench.deliver(message) is DeliverResult.REJECTED
        revision = bench.revision()
        assert revision.state is State.REJECTED
        assert revision.reason == "Orderful refused it (400). lineItems[0].sku: too long"
        assert revision.reason_code == Reason.REQUEST_REFUSED
        assert revision.next_step.endswith(f"run `connector documents replay {revision.key}`.")
        assert bench.deliver(message) is DeliverResult.NOTHING_TO_DO
        assert bench.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 1

    def test_a_relationship_that_orderful_does_not_know_is_the_next_step(self, bench):
        said = "relationship: relationship doesn't exist (sender/receiver/type triple)"
        refused = "Orderful refused it (400)."
        bench.orderful.script = [Rejected(refused, problems=(said,), examined=True, code=Reason.REQUEST_REFUSED)]
        assert bench.deliver(bench.translated()) is DeliverResult.REJECTED
        assert bench.revision().next_step.startswith("Set up what is missing at Orderful (`connector doctor` names it)")

    def test_while_creates_are_held_nothing_is_claimed_and_nothing_is_posted(self, bench):
        message = bench.translated()
        bench.ledger.hold(Calls.CREATE, until=bench.clock.now() + timedelta(seconds=30))
        with pytest.raises(Throttled) as caught:
            bench.deliver(message)
        assert caught.value.retry_after == timedelta(seconds=30)
        assert (bench.revision().state, bench.revision().attempts) == (State.TRANSLATED, 0)
        assert bench.orderful.calls == {}
        bench.clock.forward(seconds=30)
        assert bench.deliver(message) is DeliverResult.SENT

    def test_the_same_refusal_for_several_partners_in_a_row_stops_the_consumer(self, bench):
        """A wrong address or a retired version: two documents are rejected, not a thousand."""
        refusal = "Orderful answered 404 to the new transaction: Cannot POST /transactions, {}."
        bench.orderful.script = [
            Rejected(refusal.format(name), code=Reason.REQUEST_REFUSED) for name in ("AT", "AT", "BT", "CT", "CT")
        ]
        names = ("a", "a", "b", "c")
        messages = [
            bench.translated(
                one, partner=name, receiver_id=f"{name.upper()}T", request=a_request(receiver=f"{name.upper()}T")
            )
            for one, name in enumerate(names, 1)
        ]
        rejected, held = DeliverResult.REJECTED, DeliverResult.HELD_BACK
        assert [bench.deliver(message) for message in messages] == [rejected, rejected, rejected, held]
        last = bench.revision(4)
        assert (last.state, last.attempts) == (State.TRANSLATED, 0)
        assert bench.ledger.is_open(now=bench.clock.now())
        assert bench.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1
        # It is tried again by itself, one document at a time, until one is taken.
        bench.clock.time += HOLD_BACK
        assert bench.deliver(messages[3]) is held
        bench.clock.time += HOLD_BACK
        assert bench.deliver(messages[3]) is DeliverResult.SENT

    @pytest.mark.parametrize(
        "between",
        [
            Rejected(
                "Orderful answered 400.", problems=("lines: too many",), examined=True, code=Reason.REQUEST_REFUSED
            ),
            Rejected("Orderful answered 403 to the new transaction: another text.", code=Reason.REQUEST_REFUSED),
            Created(None, accepted=False, problems=("x: y",)),
            None,
        ],
        ids=["examined", "another", "invalid", "sent"],
    )
    def test_only_refusals_in_a_row_count(self, bench, between):
        no = Rejected("Orderful answered 403 to the new transaction.", code=Reason.REQUEST_REFUSED)
        bench.orderful.script = [no, no, between, no, no]
        outcomes = [bench.deliver(bench.translated(one, partner=f"p{one}")) for one in range(1, 6)]
        assert DeliverResult.HELD_BACK not in outcomes
        assert not bench.ledger.is_open(now=bench.clock.now())

    def test_a_relationship_that_is_refused_again_and_again_stops_nobody(self, bench):
        bench.orderful.script = [
            Rejected("Orderful answered 403 to the new transaction.", code=Reason.REQUEST_REFUSED) for _ in range(20)
        ]
        outcomes = {bench.deliver(bench.translated(one)) for one in range(1, 21)}
        assert outcomes == {DeliverResult.REJECTED}
        assert bench.deliver(bench.translated(21)) is DeliverResult.SENT

    def test_a_request_that_cannot_be_read_parks_its_document_and_no_other(self, bench, monkeypatch):
        lost, fine = bench.translated(1), bench.translated(2)
        read = bench.ledger.request_of

        def request_of(revision):
            if revision.sequence == 1:
                raise PayloadLost("The stored body requests/x cannot be read (AccessDenied).", next_step="Restore it.")
            return read(revision)

        monkeypatch.setattr(bench.ledger, "request_of", request_of)
        assert bench.deliver(lost) is DeliverResult.PARKED
        assert (bench.revision(1).state, bench.revision(1).next_step) == (State.PARKED, "Restore it.")
        assert "requests/x" in bench.revision(1).reason
        assert bench.revision(1).reason_code == Reason.PAYLOAD_LOST
        assert bench.deliver(fine) is DeliverResult.SENT
        assert not bench.ledger.is_open(now=bench.clock.now())

    def test_a_request_that_is_lost_after_a_doubtful_attempt_leaves_the_doubt(self, bench, monkeypatch):
        message = bench.translated()
        bench.orderful.script = [LOST]
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)

        def request_of(revision):
            raise PayloadLost("The stored body cannot be read.")

        monkeypatch.setattr(bench.ledger, "request_of", request_of)
        with pytest.raises(PayloadLost):
            bench.deliver(message)
        assert bench.revision().state is State.UNCONFIRMED

    def test_a_202_that_says_failed_is_a_rejection(self, bench):
        bench.orderful.script = [Created(None, accepted=False, problems=("message: no", "x: y"))]
        assert bench.deliver(bench.translated()) is DeliverResult.REJECTED
        assert [bench.revision().transaction_id] == bench.ids()
        assert "message: no x: y" in bench.revision().reason
        assert bench.revision().reason_code == Reason.NOT_ACCEPTED

    def test_a_refused_key_stops_the_consumer_and_the_tracker_queues_everything_again(self, bench, outbox):
        first, second = bench.translated(1), bench.translated(2)
        bench.orderful.script = [
            Misconfigured("Orderful refuses the key.", request_id="r-9", next_step="Set it: connector secrets set.")
        ]
        assert bench.deliver(first) is DeliverResult.HELD_BACK
        stop = bench.ledger.stop(now=bench.clock.now())
        assert stop.reason == "Orderful refuses the key. Set it: connector secrets set."
        assert bench.deliver(second) is DeliverResult.HELD_BACK
        assert bench.orderful.calls == {"create": 1}, "the second document was not tried with the same key"
        assert bench.revision(1).state is bench.revision(2).state is State.TRANSLATED
        assert bench.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1

        bench.clock.forward(minutes=1)
        bench.tracker().run()
        assert outbox.queued_deliveries == []
        bench.clock.time += HOLD_BACK + timedelta(minutes=10)
        bench.tracker().run()
        assert {message.sequence for message in outbox.queued_deliveries} == {1, 2}
        assert [bench.deliver(message) for message in (first, second)] == [DeliverResult.SENT, DeliverResult.SENT]

    def test_a_key_refused_during_a_look_up_keeps_the_doubt(self, bench):
        bench.orderful.script = [LOST]
        message = bench.translated()
        with pytest.raises(UnknownOutcome):
            bench.deliver(message)
        bench.orderful.failing = Misconfigured("Orderful refuses the key.")
        assert bench.deliver(message) is DeliverResult.HELD_BACK
        assert bench.revision().state is State.UNCONFIRMED
        bench.orderful.failing = None
        bench.clock.time += HOLD_BACK
        assert bench.deliver(message) is DeliverResult.ADOPTED
        assert len(bench.ids()) == 1


class TestTheLastGuard:
    def test_a_revision_of_the_other_stream_is_parked_and_told(self, bench):
        message = bench.translated(stream=Stream.LIVE)
        assert bench.deliver(message) is DeliverResult.PARKED
        assert not bench.orderful.calls
        revision = bench.revision()
        assert (revision.state, revision.field) == (State.PARKED, "stream")
        assert bench.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1

    @pytest.mark.parametrize("dialect", list(Dialect))
    @pytest.mark.parametrize("wrong", [{"stream": "live"}, {"sender": "NORDICFOOD"}, {"receiver": "ACMEPRODUCE"}])
    def test_a_body_addressed_otherwise_than_the_ledger_says_never_leaves(self, bench, dialect, wrong):
        message = bench.translated(dialect=dialect, request=a_request(dialect, **wrong))
        assert bench.deliver(message) is DeliverResult.PARKED
        assert not bench.orderful.calls
        assert bench.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1


def test_no_line_of_the_log_holds_the_document(bench):
    bench.orderful.script = [LOST]
    bench.until_done(bench.translated())
    assert bench.telemetry.lines
    assert "purchaseOrderNumber" not in str(bench.telemetry.lines)


def test_a_request_that_is_no_longer_kept_is_a_person_s(bench):
    message = bench.translated()
    bench.ledger.bodies.clear()
    assert bench.deliver(message) is DeliverResult.PARKED
    assert bench.revision().state is State.PARKED
    assert bench.revision().reason == "The request of revision 1 is no longer kept."
    assert bench.revision().next_step
    assert bench.ids() == []
