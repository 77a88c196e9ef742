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


class Harness(Connector):
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
def harness(ports):
    return Harness(**ports)


class TestTheNormalWay:
    @pytest.mark.parametrize("dialect", list(Dialect))
    def test_a_revision_is_posted_once_and_recorded(self, harness, dialect):
        message = harness.translated(dialect=dialect)
        assert harness.deliver(message) is DeliverResult.SENT
        revision = harness.revision()
        assert (revision.state, revision.attempts) == (State.SENT, 1)
        assert [revision.transaction_id] == harness.ids()
        assert revision.sent_at == harness.clock.now()
        assert revision.claim_until is None
        assert harness.orderful.calls == {"create": 1}, "a first attempt needs no look-up"
        assert harness.telemetry.counts[Metric.DOCUMENTS_SENT] == 1

    def test_the_request_is_the_one_that_was_stored(self, harness):
        message = harness.translated(dialect=Dialect.X12)
        harness.deliver(message)
        sent = harness.orderful.requests[0]
        assert (sent.method, sent.path) == ("POST", "/v3/transactions")
        assert sent.body == a_request(Dialect.X12)
        harness.deliver(harness.translated(2))
        assert harness.orderful.requests[1].path == "/transactions"
        assert harness.orderful.requests[1].headers["orderful-api-version"] == "v4"

    def test_a_validity_told_at_once_is_recorded(self, harness):
        message = harness.translated()
        harness.orderful.create = lambda request: Created("77", accepted=True, valid=True)
        harness.deliver(message)
        assert harness.revision().validation_status == "VALID"

    def test_a_second_message_for_the_same_revision_does_nothing(self, harness):
        message = harness.translated()
        harness.deliver(message)
        assert harness.deliver(message) is DeliverResult.NOTHING_TO_DO
        assert harness.orderful.calls == {"create": 1}

    @pytest.mark.parametrize(
        "state",
        sorted(set(State) - {State.TRANSLATED, State.UNCONFIRMED, State.SENDING}),
    )
    def test_only_what_is_due_is_sent(self, harness, state):
        message = harness.translated(state=state)
        assert harness.deliver(message) is DeliverResult.NOTHING_TO_DO
        assert not harness.orderful.calls

    def test_a_revision_that_does_not_exist_is_nothing_to_do(self, harness):
        harness.translated()
        missing = DeliveryMessage(company="nordic", kind=Kind.PURCHASE_ORDER, number="1", sequence=1)
        assert harness.deliver(missing) is DeliverResult.NOTHING_TO_DO


class TestSuddenDeath:
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize(("step", "effect"), [(1, "claim"), (2, "create"), (3, "own")])
    @pytest.mark.parametrize("lag", [timedelta(0), timedelta(seconds=100)], ids=["list at once", "list lags"])
    def test_wherever_the_worker_dies_there_is_one_transaction_in_the_end(self, harness, step, effect, after, lag):
        """D1 to D3: claimed, posted, recorded."""
        harness.orderful.list_lag = lag
        message = harness.translated()
        reaper = killer(step, after=after)
        doomed = harness.deliverer(
            ledger=reaper.watch(harness.ledger, "claim", "move", "own"),
            orderful=reaper.watch(harness.orderful, "create"),
        )
        with pytest.raises(Killed):
            doomed.handle(message)
        assert reaper.steps[-1] == effect
        harness.until_done(message)
        assert harness.revision().state is State.SENT
        assert harness.ids() == [harness.revision().transaction_id]

    @pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    def test_a_second_death_during_the_recovery_changes_nothing(self, harness, first, after):
        message = harness.translated()
        harness.orderful.script = [LOST]
        for step in (first, first):
            reaper = killer(step, after=after)
            doomed = harness.deliverer(
                ledger=reaper.watch(harness.ledger, "claim", "move", "own"),
                orderful=reaper.watch(harness.orderful, "create", "look_up"),
            )
            try:
                doomed.handle(message)
            except (Killed, ConnectorError):
                harness.clock.time += LEASE + timedelta(seconds=1)
        harness.until_done(message)
        assert harness.ids() == [harness.revision().transaction_id]

    def test_a_claim_that_ran_out_is_looked_up_before_anything_is_posted(self, harness):
        message = harness.translated()
        harness.ledger.claim(ORDER, 1, now=harness.clock.now(), lease=LEASE)
        with pytest.raises(Conflict, match="Another worker"):
            harness.deliver(message)
        assert not harness.orderful.calls
        harness.clock.time += LEASE + timedelta(seconds=1)
        with pytest.raises(UnknownOutcome, match="does not show"):
            harness.deliver(message)
        assert harness.orderful.calls == {"look_up": 1, "list_since": 1}
        assert harness.revision().state is State.UNCONFIRMED
        harness.clock.time += CONFIRM
        assert harness.deliver(message) is DeliverResult.SENT
        assert harness.orderful.calls == {"look_up": 2, "list_since": 2, "create": 1}


class TestTheUnknown:
    def test_a_lost_answer_is_adopted_and_not_repeated(self, harness):
        harness.orderful.script = [LOST]
        message = harness.translated()
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        assert harness.revision().state is State.UNCONFIRMED
        assert harness.revision().asked_since == harness.clock.now()
        assert Metric.DOCUMENTS_UNCONFIRMED not in harness.telemetry.counts, "the tracker counts what stays unknown"
        harness.clock.forward(seconds=20)
        assert harness.deliver(message) is DeliverResult.ADOPTED
        assert harness.ids() == [harness.revision().transaction_id]
        assert harness.revision().asked_since is None

    def test_a_list_that_lags_is_waited_for(self, harness):
        harness.orderful.list_lag = timedelta(seconds=110)
        harness.orderful.script = [LOST]
        outcome, _ = harness.until_done(harness.translated())
        assert outcome is DeliverResult.ADOPTED
        assert harness.orderful.calls["create"] == 1

    def test_what_never_arrived_is_posted_again_after_the_wait_and_not_before(self, harness):
        harness.orderful.script = [NEVER_ARRIVED]
        message = harness.translated()
        started = harness.clock.now()
        outcome, times = harness.until_done(message, every=timedelta(seconds=30))
        assert outcome is DeliverResult.SENT
        assert harness.clock.now() - started == CONFIRM
        assert times == 5
        assert len(harness.ids()) == 1

    def test_every_doubtful_attempt_is_waited_for_anew(self, harness):
        harness.orderful.script = [NEVER_ARRIVED, LOST]
        harness.orderful.list_lag = timedelta(seconds=100)
        outcome, _ = harness.until_done(harness.translated())
        assert outcome is DeliverResult.ADOPTED
        assert len(harness.ids()) == 1

    def test_a_look_up_that_fails_keeps_the_doubt(self, harness):
        harness.orderful.script = [LOST]
        message = harness.translated()
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        harness.orderful.failing = Transient("Orderful answered 503.")
        with pytest.raises(Transient):
            harness.deliver(message)
        harness.orderful.failing = None
        outcome, _ = harness.until_done(message)
        assert outcome is DeliverResult.ADOPTED
        assert len(harness.ids()) == 1

    def test_a_look_up_that_fails_does_not_keep_the_next_attempt_away(self, harness):
        harness.orderful.script = [NEVER_ARRIVED]
        message = harness.translated()
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        doubted = harness.revision().asked_since
        harness.clock.time += CONFIRM
        harness.orderful.failing = Throttled("Orderful answered 429.")
        with pytest.raises(Throttled):
            harness.deliver(message)
        assert (harness.revision().state, harness.revision().asked_since) == (State.UNCONFIRMED, doubted)
        harness.orderful.failing = None
        assert harness.deliver(message) is DeliverResult.SENT, "the claim was given back: nobody waits for its end"
        assert len(harness.ids()) == 1

    @pytest.mark.parametrize("skew", [timedelta(minutes=-7), timedelta(minutes=7)])
    def test_the_clocks_need_not_agree(self, harness, skew):
        harness.orderful.skew = skew
        harness.orderful.script = [LOST]
        outcome, _ = harness.until_done(harness.translated())
        assert outcome is DeliverResult.ADOPTED

    def test_two_transactions_for_one_revision_are_told_and_the_first_is_kept(self, harness):
        """The residual risk of an API without idempotency keys: its list lagged longer than we waited."""
        message = harness.translated()
        harness.ledger.claim(ORDER, 1, now=harness.clock.now(), lease=LEASE)
        for _ in range(2):
            harness.clock.forward(seconds=50)
            harness.orderful.file(OrderfulRequest.create(Dialect.MOSAIC, a_request()))
        assert harness.deliver(message) is DeliverResult.ADOPTED
        assert harness.revision().transaction_id == harness.ids()[0]
        assert harness.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1
        assert harness.revision().needs_attention
        assert len(harness.ids()) == 2
        for name in harness.ids():
            assert name in harness.revision().attention
            assert name in harness.revision().history[-1].note


class TestAdoption:
    def test_the_transaction_of_an_earlier_revision_is_never_taken(self, harness):
        harness.deliver(harness.translated(1))
        message = harness.translated(2)
        harness.orderful.script = [NEVER_ARRIVED]
        outcome, _ = harness.until_done(message)
        assert outcome is DeliverResult.SENT
        assert [harness.revision(1).transaction_id, harness.revision(2).transaction_id] == harness.ids()

    def test_a_transaction_older_than_the_first_attempt_is_never_taken(self, harness):
        """Somebody sent the order by hand before, or another system did: it is not in our ledger."""
        message = harness.translated()
        harness.deliver(message)
        by_hand = harness.ids()
        harness.ledger.rows.clear()
        harness.clock.forward(seconds=10)
        message = harness.translated()
        harness.orderful.script = [NEVER_ARRIVED]
        assert harness.until_done(message)[0] is DeliverResult.SENT
        assert harness.revision().transaction_id not in by_hand

    @pytest.mark.parametrize("other", [{"number": "500124"}, {"receiver": "OTHERT"}, {"sender": "ELSET"}])
    def test_the_transaction_of_another_document_or_partner_is_never_taken(self, harness, other):
        message = harness.translated()
        harness.orderful.script = [NEVER_ARRIVED]
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        harness.orderful.file(replace(harness.orderful.requests[0], body=a_request(**other)))
        assert harness.until_done(message)[0] is DeliverResult.SENT

    def test_an_adopted_transaction_is_tracked_although_it_is_older_than_its_discovery(self, harness):
        harness.orderful.script = [LOST]
        message = harness.translated()
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        harness.clock.forward(hours=6)
        assert harness.deliver(message) is DeliverResult.ADOPTED
        harness.orderful.update_status(harness.ids()[0], validation_status="VALID")
        assert harness.tracker().run() == 1
        assert harness.revision().state is State.VALID


class TestRefusals:
    def test_throttling_gives_the_claim_back_as_if_nothing_had_been(self, harness):
        harness.orderful.script = [Throttled("Orderful limits us.", retry_after=timedelta(seconds=30))]
        message = harness.translated()
        with pytest.raises(Throttled):
            harness.deliver(message)
        revision = harness.revision()
        assert (revision.state, revision.attempts, revision.first_attempt_at) == (State.TRANSLATED, 0, None)
        assert harness.deliver(message) is DeliverResult.SENT
        assert harness.orderful.calls == {"create": 2}, "nothing was created, so nothing is looked up"

    def test_a_connection_that_was_never_made_is_no_doubt(self, harness):
        harness.orderful.script = [Transient("Orderful could not be reached. Nothing was created.")]
        message = harness.translated()
        with pytest.raises(Transient):
            harness.deliver(message)
        assert harness.revision().state is State.TRANSLATED

    def test_a_refusal_after_a_doubtful_attempt_leaves_the_doubt(self, harness):
        harness.orderful.script = [LOST]
        harness.orderful.list_lag = CONFIRM + timedelta(seconds=30)
        message = harness.translated()
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        harness.clock.time += CONFIRM
        harness.orderful.script = [Throttled("Orderful limits us.")]
        with pytest.raises(Throttled):
            harness.deliver(message)
        assert harness.revision().state is State.UNCONFIRMED
        harness.clock.forward(seconds=40)
        assert harness.deliver(message) is DeliverResult.ADOPTED
        assert len(harness.ids()) == 1

    def test_a_definite_no_is_recorded_with_its_reasons_and_never_repeated(self, harness):
        harness.orderful.script = [
            Rejected(
                "Orderful refused it (400).", problems=("lineItems[0].sku: too long",), code=Reason.REQUEST_REFUSED
            )
        ]
        message = harness.translated()
        assert harness.deliver(message) is DeliverResult.REJECTED
        revision = harness.revision()
        assert revision.state is State.REJECTED
        assert revision.reason == "Orderful refused it (400). lineItems[0].sku: too long"
        assert revision.reason_code == Reason.REQUEST_REFUSED
        assert revision.next_step.endswith(f"run `connector documents replay {revision.key}`.")
        assert harness.deliver(message) is DeliverResult.NOTHING_TO_DO
        assert harness.telemetry.counts[Metric.DOCUMENTS_REJECTED] == 1

    def test_a_relationship_that_orderful_does_not_know_is_the_next_step(self, harness):
        said = "relationship: relationship doesn't exist (sender/receiver/type triple)"
        refused = "Orderful refused it (400)."
        harness.orderful.script = [Rejected(refused, problems=(said,), examined=True, code=Reason.REQUEST_REFUSED)]
        assert harness.deliver(harness.translated()) is DeliverResult.REJECTED
        assert harness.revision().next_step.startswith(
            "Set up what is missing at Orderful (`connector doctor` names it)"
        )

    def test_while_creates_are_held_nothing_is_claimed_and_nothing_is_posted(self, harness):
        message = harness.translated()
        harness.ledger.hold(Calls.CREATE, until=harness.clock.now() + timedelta(seconds=30))
        with pytest.raises(Throttled) as caught:
            harness.deliver(message)
        assert caught.value.retry_after == timedelta(seconds=30)
        assert (harness.revision().state, harness.revision().attempts) == (State.TRANSLATED, 0)
        assert harness.orderful.calls == {}
        harness.clock.forward(seconds=30)
        assert harness.deliver(message) is DeliverResult.SENT

    def test_the_same_refusal_for_several_partners_in_a_row_stops_the_consumer(self, harness):
        """A wrong address or a retired version: two documents are rejected, not a thousand."""
        refusal = "Orderful answered 404 to the new transaction: Cannot POST /transactions, {}."
        harness.orderful.script = [
            Rejected(refusal.format(name), code=Reason.REQUEST_REFUSED) for name in ("AT", "AT", "BT", "CT", "CT")
        ]
        names = ("a", "a", "b", "c")
        messages = [
            harness.translated(
                one, partner=name, receiver_id=f"{name.upper()}T", request=a_request(receiver=f"{name.upper()}T")
            )
            for one, name in enumerate(names, 1)
        ]
        rejected, held = DeliverResult.REJECTED, DeliverResult.HELD_BACK
        assert [harness.deliver(message) for message in messages] == [rejected, rejected, rejected, held]
        last = harness.revision(4)
        assert (last.state, last.attempts) == (State.TRANSLATED, 0)
        assert harness.ledger.is_open(now=harness.clock.now())
        assert harness.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1
        # It is tried again by itself, one document at a time, until one is taken.
        harness.clock.time += HOLD_BACK
        assert harness.deliver(messages[3]) is held
        harness.clock.time += HOLD_BACK
        assert harness.deliver(messages[3]) is DeliverResult.SENT

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
    def test_only_refusals_in_a_row_count(self, harness, between):
        no = Rejected("Orderful answered 403 to the new transaction.", code=Reason.REQUEST_REFUSED)
        harness.orderful.script = [no, no, between, no, no]
        outcomes = [harness.deliver(harness.translated(one, partner=f"p{one}")) for one in range(1, 6)]
        assert DeliverResult.HELD_BACK not in outcomes
        assert not harness.ledger.is_open(now=harness.clock.now())

    def test_a_relationship_that_is_refused_again_and_again_stops_nobody(self, harness):
        harness.orderful.script = [
            Rejected("Orderful answered 403 to the new transaction.", code=Reason.REQUEST_REFUSED) for _ in range(20)
        ]
        outcomes = {harness.deliver(harness.translated(one)) for one in range(1, 21)}
        assert outcomes == {DeliverResult.REJECTED}
        assert harness.deliver(harness.translated(21)) is DeliverResult.SENT

    def test_a_record_without_a_dialect_is_parked_and_nothing_is_posted_by_a_guess(self, harness):
        message = harness.translated(request=a_request(Dialect.MOSAIC), dialect=None)
        assert harness.deliver(message) is DeliverResult.PARKED
        assert "does not say in which dialect" in harness.revision().reason
        assert "connector documents replay" in harness.revision().next_step
        assert not harness.orderful.transactions

    def test_a_request_that_cannot_be_read_parks_its_document_and_no_other(self, harness, monkeypatch):
        lost, fine = harness.translated(1), harness.translated(2)
        read = harness.ledger.request_of

        def request_of(revision):
            if revision.sequence == 1:
                step = "Run: connector documents replay KEY. It is made anew."
                raise PayloadLost("The stored body requests/x cannot be read (AccessDenied).", next_step=step)
            return read(revision)

        monkeypatch.setattr(harness.ledger, "request_of", request_of)
        assert harness.deliver(lost) is DeliverResult.PARKED
        assert harness.revision(1).state is State.PARKED
        assert harness.revision(1).next_step == f"Run: connector documents replay {lost.key}. It is made anew."
        assert "requests/x" in harness.revision(1).reason
        assert harness.revision(1).reason_code == Reason.PAYLOAD_LOST
        assert harness.deliver(fine) is DeliverResult.SENT
        assert not harness.ledger.is_open(now=harness.clock.now())

    def test_a_request_that_is_lost_after_a_doubtful_attempt_leaves_the_doubt(self, harness, monkeypatch):
        message = harness.translated()
        harness.orderful.script = [LOST]
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)

        def request_of(revision):
            raise PayloadLost("The stored body cannot be read.")

        monkeypatch.setattr(harness.ledger, "request_of", request_of)
        with pytest.raises(PayloadLost):
            harness.deliver(message)
        assert harness.revision().state is State.UNCONFIRMED

    def test_a_202_that_says_failed_is_a_rejection(self, harness):
        harness.orderful.script = [Created(None, accepted=False, problems=("message: no", "x: y"))]
        assert harness.deliver(harness.translated()) is DeliverResult.REJECTED
        assert [harness.revision().transaction_id] == harness.ids()
        assert "message: no x: y" in harness.revision().reason
        assert harness.revision().reason_code == Reason.NOT_ACCEPTED

    def test_a_refused_key_stops_the_consumer_and_the_tracker_queues_everything_again(self, harness, outbox):
        first, second = harness.translated(1), harness.translated(2)
        harness.orderful.script = [
            Misconfigured("Orderful refuses the key.", request_id="r-9", next_step="Set it: connector secrets set.")
        ]
        assert harness.deliver(first) is DeliverResult.HELD_BACK
        stop = harness.ledger.stop(now=harness.clock.now())
        assert stop.reason == "Orderful refuses the key. Set it: connector secrets set."
        assert harness.deliver(second) is DeliverResult.HELD_BACK
        assert harness.orderful.calls == {"create": 1}, "the second document was not tried with the same key"
        assert harness.revision(1).state is harness.revision(2).state is State.TRANSLATED
        assert harness.telemetry.counts[Metric.CREDENTIALS_REFUSED] == 1

        harness.clock.forward(minutes=1)
        harness.tracker().run()
        assert outbox.queued_deliveries == []
        harness.clock.time += HOLD_BACK + timedelta(minutes=10)
        harness.tracker().run()
        assert {message.sequence for message in outbox.queued_deliveries} == {1, 2}
        assert [harness.deliver(message) for message in (first, second)] == [DeliverResult.SENT, DeliverResult.SENT]

    def test_a_key_refused_during_a_look_up_keeps_the_doubt(self, harness):
        harness.orderful.script = [LOST]
        message = harness.translated()
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        harness.orderful.failing = Misconfigured("Orderful refuses the key.")
        assert harness.deliver(message) is DeliverResult.HELD_BACK
        assert harness.revision().state is State.UNCONFIRMED
        harness.orderful.failing = None
        harness.clock.time += HOLD_BACK
        assert harness.deliver(message) is DeliverResult.ADOPTED
        assert len(harness.ids()) == 1


class TestTheLastGuard:
    def test_a_revision_of_the_other_stream_is_parked_and_told(self, harness):
        message = harness.translated(stream=Stream.LIVE)
        assert harness.deliver(message) is DeliverResult.PARKED
        assert not harness.orderful.calls
        revision = harness.revision()
        assert (revision.state, revision.field) == (State.PARKED, "stream")
        assert harness.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1

    @pytest.mark.parametrize("dialect", list(Dialect))
    @pytest.mark.parametrize("wrong", [{"stream": "live"}, {"sender": "NORDICFOOD"}, {"receiver": "ACMEPRODUCE"}])
    def test_a_body_addressed_otherwise_than_the_ledger_says_never_leaves(self, harness, dialect, wrong):
        message = harness.translated(dialect=dialect, request=a_request(dialect, **wrong))
        assert harness.deliver(message) is DeliverResult.PARKED
        assert not harness.orderful.calls
        assert harness.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1


def test_no_line_of_the_log_holds_the_document(harness):
    harness.orderful.script = [LOST]
    harness.until_done(harness.translated())
    assert harness.telemetry.lines
    assert "purchaseOrderNumber" not in str(harness.telemetry.lines)


def test_a_request_that_is_no_longer_kept_is_a_person_s(harness):
    message = harness.translated()
    harness.ledger.bodies.clear()
    assert harness.deliver(message) is DeliverResult.PARKED
    assert harness.revision().state is State.PARKED
    assert harness.revision().reason == "The request of revision 1 is no longer kept."
    assert harness.revision().next_step
    assert harness.ids() == []
