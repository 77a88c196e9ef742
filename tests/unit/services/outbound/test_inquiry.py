"""Adopting: whose transaction is it? At the end each document is at Orderful exactly once, with one owner each."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import AlreadyExists, Conflict, Rejected, Transient, UnknownOutcome
from connector.domain.reasons import Reason
from connector.domain.revision.record import Owner, Revision, State
from connector.domain.transactions import Dialect, OrderfulRequest, Purpose, Stream, TransactionType
from connector.services.messages import DeliveryMessage
from connector.services.outbound.deliver import DeliverResult
from connector.services.outbound.snapshot import Snapshot
from connector.services.ports import Created, Metric
from testkit.memory.connector import Connector
from testkit.memory.orderful import LostAnswer

CONFIRM = timedelta(minutes=2)
YOUNG = timedelta(days=30)
LOST = LostAnswer("The connection to Orderful was lost.")
NEVER_ARRIVED = UnknownOutcome("Orderful did not answer in time.")
HIDDEN = timedelta(minutes=5)


def order(number="500123", *, quantity=10, price="12.50", item="1298", purpose="original", day="2026-11-01"):
    """A Mosaic 850 with one line."""
    message = {
        "purpose": purpose,
        "purchaseOrderNumber": number,
        "purchaseOrderDate": day,
        "lineItems": [
            {
                "purchaseOrderLineId": "1",
                "quantity": {"value": str(quantity)},
                "unitCostPrice": price,
                "productIds": {"buyerItemNumber": item},
            }
        ],
    }
    return envelope("850_PURCHASE_ORDER", message)


def invoice(number="500123", *, credit=False, quantity=10):
    """A Mosaic 810 with one line."""
    message = {
        "invoiceNumber": number,
        "invoiceDate": "2026-11-01",
        "invoiceType": "creditMemo" if credit else "invoice",
        "lineItems": [{"purchaseOrderLineId": "1", "quantityInvoiced": {"value": str(quantity)}, "unitPrice": "5"}],
        "invoiceTotal": str(5 * quantity),
    }
    return envelope("810_INVOICE", message)


def envelope(kind: str, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "stream": "test",
        "senderId": "NORDICFOODT",
        "receiverId": "ACMEPRODUCET",
        "message": message,
    }


@dataclass
class Document:
    """A document of a company, with the body by which it is sent."""

    company: str
    body: dict[str, Any]
    number: str = "500123"

    @property
    def key(self) -> DocumentKey:
        kind = Kind.CUSTOMER_INVOICE if self.body["type"].startswith("810") else Kind.PURCHASE_ORDER
        return DocumentKey(self.company, kind, self.number)


def a_revision_of(document: Document, harness: Harness, sequence=1) -> Revision:
    now = harness.clock.now()
    return Revision(
        key=document.key,
        sequence=sequence,
        revision_id=f"{sequence:064}",
        state=State.TRANSLATED,
        created_at=now,
        updated_at=now,
        partner="acme",
        transaction_type=TransactionType(document.body["type"]),
        dialect=Dialect.MOSAIC,
        purpose=Purpose.ORIGINAL,
        stream=Stream.TEST,
        sender_id="NORDICFOODT",
        receiver_id="ACMEPRODUCET",
        business_number="500123",
    )


class Harness(Connector):
    """Deliverers between one ledger and one Orderful."""

    def translated(self, document: Document, sequence=1, **changes) -> DeliveryMessage:
        key, revision = document.key, a_revision_of(document, self, sequence)
        self.ledger.add(replace(revision, **changes), source=b"{}", request=document.body)
        return DeliveryMessage(company=key.company, kind=key.kind, number=key.number, sequence=sequence)

    def deliver(self, message):
        return self.deliverer().handle(message)

    def until_done(self, *messages, every=timedelta(seconds=40)) -> list[DeliverResult]:
        """Bring each message again until it is done, as the queue does."""
        done: dict[int, DeliverResult] = {}
        for _ in range(30):
            for number, message in enumerate(messages):
                if number not in done:
                    with suppress(Transient, Conflict, UnknownOutcome):
                        done[number] = self.deliver(message)
            if len(done) == len(messages):
                return [done[number] for number in range(len(messages))]
            self.clock.time += every
        pytest.fail("a message never comes to an end")

    def revision(self, document: Document, sequence=1) -> Revision:
        return self.ledger.get(document.key, sequence)

    def filed(self, body) -> str:
        """Somebody else posts a transaction; gives its id."""
        return self.orderful.file(OrderfulRequest.create(Dialect.MOSAIC, body)).transaction.transaction_id

    def ids(self):
        return [one.transaction_id for one in self.orderful.transactions]

    def contents(self):
        return [one.message for one in self.orderful.filed]

    def check_each_once(self, *documents):
        """Each document is at Orderful once, and each transaction has one owner."""
        assert sorted(map(str, self.contents())) == sorted(str(one.body["message"]) for one in documents)
        owned = {one.key: self.revision(one).transaction_id for one in documents}
        assert Counter(owned.values()) == Counter(self.ids())
        assert {name: owner.key for name, owner in self.ledger.owned.items()} == {
            name: key for key, name in owned.items()
        }


@pytest.fixture
def harness(ports):
    return Harness(**ports, young_for=YOUNG)


A, B = Document("nordic", order()), Document("baltic", order(quantity=7))
TWIN, TWIN_OF_B = Document("baltic", order()), Document("west", order(quantity=7))
INVOICE, CREDIT = Document("nordic", invoice()), Document("nordic", invoice(credit=True), "CreditNote:500123")


class TestSharedNumbers:
    """One ISA id for two companies, or an invoice and a credit note with one number: nothing but content tells."""

    @pytest.mark.parametrize("pair", [(A, B), (A, TWIN), (INVOICE, CREDIT)], ids=["orders", "twins", "invoices"])
    @pytest.mark.parametrize(
        "script",
        [(LOST, LOST), (LOST, NEVER_ARRIVED), (NEVER_ARRIVED, LOST), (None, LOST), (None, NEVER_ARRIVED)],
        ids=["both lost", "second never came", "first never came", "one lost", "one never came"],
    )
    @pytest.mark.parametrize("hidden", [timedelta(0), HIDDEN], ids=["found at once", "number hidden"])
    @pytest.mark.parametrize("uuids", [False, True], ids=["numbers", "uuids"])
    def test_each_document_is_sent_once_whichever_answer_is_lost(self, harness, pair, script, hidden, uuids):
        harness.orderful.number_lag, harness.orderful.gives_uuids = hidden, uuids
        harness.orderful.script = list(script)
        harness.until_done(*(harness.translated(one) for one in pair))
        assert sorted(map(str, harness.contents())) == sorted(str(one.body["message"]) for one in pair)
        assert all(harness.revision(one).state is State.SENT for one in pair)
        assert len({harness.revision(one).transaction_id for one in pair}) == 2

    def test_an_invoice_and_an_order_with_one_number_have_nothing_to_do_with_each_other(self, harness):
        harness.orderful.script = [LOST, NEVER_ARRIVED]
        harness.until_done(harness.translated(A), harness.translated(INVOICE))
        harness.check_each_once(A, INVOICE)

    def test_what_another_document_adopted_while_the_answer_was_on_its_way_is_not_recorded_twice(self, harness):
        """Both post the same content, B's never arrives, and B finds A's before A hears of it."""
        first, second = harness.translated(A), harness.translated(TWIN)
        harness.orderful.script = [NEVER_ARRIVED]
        with pytest.raises(UnknownOutcome):
            harness.deliver(second)
        create = harness.orderful.create

        def slow(request):
            created = create(request)
            harness.orderful.create = create
            assert harness.deliver(second) is DeliverResult.ADOPTED
            return created

        harness.orderful.create = slow
        with pytest.raises(UnknownOutcome, match="belongs to another document"):
            harness.deliver(first)
        assert harness.revision(A).state is State.UNCONFIRMED
        assert harness.until_done(first) == [DeliverResult.SENT]
        harness.check_each_once(A, TWIN)


class TestContent:
    def test_an_unowned_transaction_with_other_content_is_not_ours(self, harness):
        harness.orderful.script = [NEVER_ARRIVED]
        message = harness.translated(A, released=True)
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        by_hand = harness.filed(B.body)
        assert harness.until_done(message) == [DeliverResult.SENT]
        assert harness.revision(A).transaction_id != by_hand

    def test_where_no_content_is_shown_the_number_decides(self, harness):
        harness.orderful.shows_content = False
        harness.orderful.script = [LOST]
        assert harness.until_done(harness.translated(A)) == [DeliverResult.ADOPTED]
        assert harness.ids() == [harness.revision(A).transaction_id]

    def test_where_neither_content_nor_number_is_shown_nothing_is_posted(self, harness):
        harness.orderful.shows_content, harness.orderful.numbers_while_processing = False, False
        harness.orderful.script = [LOST]
        message = harness.translated(A)
        for _ in range(10):
            with pytest.raises(UnknownOutcome):
                harness.deliver(message)
            harness.clock.time += CONFIRM
        harness.orderful.update_status(harness.ids()[0], validation_status="VALID")
        assert harness.until_done(message) == [DeliverResult.ADOPTED]
        assert len(harness.ids()) == 1

    def test_fetches_are_bounded_and_what_was_not_seen_keeps_the_doubt(self, harness):
        harness.orderful.number_lag = timedelta(minutes=20)
        message = harness.translated(A)
        harness.orderful.script = [NEVER_ARRIVED]
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        for quantity in range(30):
            harness.filed(order("500999", quantity=quantity + 1))
        harness.clock.time += 2 * CONFIRM
        with pytest.raises(UnknownOutcome, match="does not show"):
            harness.deliver(message)
        assert harness.orderful.calls["content_of"] == 20
        harness.clock.time += timedelta(minutes=20)
        assert harness.deliver(message) is DeliverResult.SENT


class TestOneIndexIsNotTrusted:
    @pytest.mark.parametrize("empty", [False, True], ids=["not found", "no number while processing"])
    def test_a_number_that_is_hidden_for_minutes(self, harness, empty):
        harness.orderful.number_lag = timedelta(0) if empty else HIDDEN
        harness.orderful.numbers_while_processing = not empty
        harness.orderful.script = [LOST]
        assert harness.until_done(harness.translated(A)) == [DeliverResult.ADOPTED]
        harness.check_each_once(A)

    def test_a_number_that_finds_one_of_two(self, harness):
        harness.orderful.finds_one = True
        harness.orderful.script = [LOST, LOST]
        harness.until_done(harness.translated(A), harness.translated(B))
        harness.check_each_once(A, B)

    def test_two_transactions_for_one_revision_are_told_and_the_first_is_kept(self, harness):
        harness.orderful.script = [LOST]
        message = harness.translated(A)
        with pytest.raises(UnknownOutcome):
            harness.deliver(message)
        harness.clock.forward(seconds=5)
        harness.orderful.copy(harness.ids()[0])
        assert harness.deliver(message) is DeliverResult.ADOPTED
        assert harness.revision(A).transaction_id == harness.ids()[0]
        assert harness.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1


class TestAlreadyExists:
    EXISTS = AlreadyExists("Orderful answered 409: it exists.")

    def test_what_exists_is_adopted_whatever_its_age(self, harness):
        old = harness.filed(A.body)
        harness.clock.forward(days=3)
        harness.orderful.script = [self.EXISTS]
        assert harness.until_done(harness.translated(A)) == [DeliverResult.ADOPTED]
        assert [harness.revision(A).transaction_id] == [old] == harness.ids()

    def test_what_exists_nowhere_is_a_rejection_and_not_asked_for_ever(self, harness):
        harness.orderful.script = [self.EXISTS, self.EXISTS]
        assert harness.until_done(harness.translated(A)) == [DeliverResult.REJECTED]
        assert "shows none with this content" in harness.revision(A).reason
        assert harness.ids() == []

    def test_it_is_no_reason_to_take_the_transaction_of_another_document(self, harness):
        harness.deliver(harness.translated(A))
        harness.orderful.script = [self.EXISTS, self.EXISTS]
        assert harness.until_done(harness.translated(TWIN)) == [DeliverResult.REJECTED]
        assert harness.ids() == [harness.revision(A).transaction_id]


class TestYoungLedger:
    """A ledger that was rebuilt or restored knows less than Orderful has."""

    @pytest.fixture(autouse=True)
    def _young(self, harness):
        harness.ledger.created = harness.clock.now()

    @pytest.mark.parametrize("hidden", [timedelta(0), HIDDEN], ids=["found at once", "number hidden"])
    @pytest.mark.parametrize("process", ["same", "new", "one that read before anything was sent"])
    @pytest.mark.parametrize("after", [timedelta(seconds=1), timedelta(minutes=5)])
    @pytest.mark.parametrize("is_new", [True, False], ids=["table made anew", "rows deleted"])
    def test_a_ledger_emptied_between_two_polls(self, harness, hidden, process, after, is_new):
        harness.orderful.number_lag = hidden
        documents = (A, B, INVOICE, CREDIT)
        idle = harness.snapshot
        idle.hits(harness.orderful, a_revision_of(A, harness), after=harness.clock.now(), now=harness.clock.now())
        harness.snapshot = Snapshot() if process.startswith("one") else idle
        assert harness.until_done(*map(harness.translated, documents)) == [DeliverResult.SENT] * 4
        harness.clock.time += after
        harness.ledger.recreate_table(now=harness.clock.now() if is_new else harness.ledger.created)
        harness.snapshot = Snapshot() if process == "new" else idle
        assert set(harness.until_done(*map(harness.translated, reversed(documents)))) == {DeliverResult.ADOPTED}
        harness.check_each_once(*documents)

    def test_what_was_adopted_is_followed_from_its_creation(self, harness):
        harness.filed(A.body)
        created = harness.clock.now()
        harness.clock.forward(days=20)
        harness.ledger.created = harness.clock.now()
        harness.deliver(harness.translated(A))
        assert harness.revision(A).first_attempt_at == created

    def test_other_content_is_a_question_for_a_person(self, harness):
        unknown = harness.filed(B.body)
        assert harness.deliver(harness.translated(A)) is DeliverResult.PARKED
        revision = harness.revision(A)
        assert unknown in revision.reason
        for choice in ("release nordic/purchase_order/500123 --as replacement", "--as original", "close"):
            assert choice in revision.next_step
        assert (revision.attempts, revision.first_attempt_at) == (0, None)
        assert harness.orderful.calls["create"] == 0
        released = harness.ledger.move(
            revision, State.TRANSLATED, now=harness.clock.now(), note="a person decided", released=True
        )
        assert harness.deliver(DeliveryMessage.of(released)) is DeliverResult.SENT

    @pytest.mark.parametrize("change", [{"item": "1300"}, {"day": "2026-11-05"}, {"purpose": "cancellation"}])
    def test_figures_alone_do_not_make_the_same_document(self, harness, change):
        harness.filed(order(**change))
        assert harness.deliver(harness.translated(A)) is DeliverResult.PARKED

    def test_content_that_is_not_shown_is_a_question_as_well(self, harness):
        harness.filed(A.body)
        harness.orderful.shows_content = False
        assert harness.deliver(harness.translated(A)) is DeliverResult.PARKED

    def test_a_new_transaction_that_shows_nothing_is_waited_for(self, harness):
        harness.filed(A.body)
        harness.orderful.shows_content, harness.orderful.numbers_while_processing = False, False
        message = harness.translated(A)
        with pytest.raises(Transient, match="asked again"):
            harness.deliver(message)
        assert (harness.revision(A).state, harness.revision(A).attempts) == (State.TRANSLATED, 0)
        harness.orderful.shows_content = True
        assert harness.deliver(message) is DeliverResult.ADOPTED

    def test_what_never_reached_the_partner_with_other_content_is_no_obstacle(self, harness):
        refused = harness.filed(B.body)
        harness.orderful.update_status(refused, validation_status="INVALID")
        assert harness.deliver(harness.translated(A)) is DeliverResult.SENT

    def test_a_state_that_was_replaced_since_is_not_taken_for_the_present_one(self, harness):
        harness.filed(A.body)
        harness.clock.forward(minutes=1)
        harness.filed(order(quantity=99, purpose="replace"))
        assert harness.deliver(harness.translated(A)) is DeliverResult.PARKED

    def test_the_newest_state_is_adopted_and_the_next_change_is_sent(self, harness):
        harness.filed(order(quantity=99))
        harness.clock.forward(minutes=1)
        newest = harness.filed(order(purpose="replace"))
        assert harness.deliver(harness.translated(A)) is DeliverResult.ADOPTED
        assert harness.revision(A).transaction_id == newest
        changed = Document("nordic", order(quantity=11, purpose="replace"))
        assert harness.deliver(harness.translated(changed, 2)) is DeliverResult.SENT

    @pytest.mark.parametrize("uuids", [False, True])
    def test_the_earlier_revisions_of_a_document_are_no_obstacle(self, harness, uuids):
        harness.orderful.gives_uuids = uuids
        for sequence in (1, 2, 3):
            changed = Document("nordic", order(quantity=sequence))
            assert harness.deliver(harness.translated(changed, sequence)) is DeliverResult.SENT
            harness.clock.forward(minutes=2)

    @pytest.mark.parametrize("uuids", [False, True])
    @pytest.mark.parametrize("hidden", [timedelta(0), HIDDEN])
    def test_the_documents_of_another_company_with_the_same_numbers_are_no_obstacle(self, harness, uuids, hidden):
        harness.orderful.gives_uuids, harness.orderful.number_lag = uuids, hidden
        for document in (A, B, TWIN_OF_B, INVOICE, CREDIT):
            assert harness.deliver(harness.translated(document)) is DeliverResult.SENT
            harness.clock.forward(seconds=50)

    def test_a_crash_before_the_check_does_not_avoid_it(self, harness):
        old = harness.filed(A.body)
        harness.clock.forward(days=1)
        message = harness.translated(A)
        harness.ledger.claim(A.key, 1, now=harness.clock.now(), lease=timedelta(seconds=90))
        harness.clock.forward(minutes=2)
        assert harness.until_done(message) == [DeliverResult.ADOPTED]
        assert harness.ids() == [old]

    def test_an_old_document_is_looked_up_by_its_number(self, harness):
        body = order(day="2025-08-01")
        harness.filed(body)
        harness.clock.forward(days=400)
        harness.ledger.created = harness.clock.now()
        assert harness.deliver(harness.translated(Document("nordic", body))) is DeliverResult.ADOPTED

    def test_a_list_that_cannot_be_read_brings_the_message_back(self, harness):
        harness.orderful.failing = Transient("Orderful answered 503.")
        message = harness.translated(A)
        with pytest.raises(Transient, match="503"):
            harness.deliver(message)
        assert (harness.revision(A).state, harness.revision(A).attempts) == (State.TRANSLATED, 0)
        harness.orderful.failing = None
        assert harness.deliver(message) is DeliverResult.SENT

    def test_an_earlier_revision_whose_request_is_gone_is_known_by_its_time(self, harness):
        harness.orderful.gives_uuids = True
        harness.deliver(harness.translated(A))
        harness.ledger.bodies.clear()
        harness.clock.forward(minutes=2)
        changed = Document("nordic", order(quantity=11))
        assert harness.deliver(harness.translated(changed, 2)) is DeliverResult.SENT

    def test_an_old_ledger_asks_nothing_before_a_first_post(self, harness):
        harness.ledger.created = harness.clock.now() - YOUNG
        harness.filed(B.body)
        assert harness.deliver(harness.translated(A)) is DeliverResult.SENT
        assert harness.orderful.calls == {"create": 1}

    def test_a_hundred_documents_cost_one_list_and_no_call_each(self, harness):
        documents = [Document("nordic", order(str(number)), str(number)) for number in range(100)]
        messages = [harness.translated(one, business_number=one.number) for one in documents]
        harness.clock.forward(seconds=1)
        for message in messages:
            harness.deliver(message)
        assert harness.orderful.calls == {"create": 100, "list_since": 1}

    def test_of_a_list_that_is_too_long_the_newest_are_read_and_older_documents_are_looked_up(self, harness):
        harness.orderful.page_size = 1
        old = harness.filed(A.body)
        for number in range(15):
            harness.clock.forward(days=1)
            harness.filed(order(str(number)))
        new = Document("nordic", order("700", day="2026-11-18"), "700")
        assert harness.deliver(harness.translated(new, business_number="700")) is DeliverResult.SENT
        assert harness.orderful.calls == {"create": 1, "list_since": 1}
        assert harness.deliver(harness.translated(A)) is DeliverResult.ADOPTED
        assert harness.revision(A).transaction_id == old


class TestSentAgain:
    """A person sends a document again: what Orderful has alive is not sent a second time."""

    def again(self, harness, document=A, **changes):
        return harness.translated(document, 2, look_up_first=True, **({"revision_id": f"{1:064}"} | changes))

    def test_what_is_alive_passes_to_the_new_revision(self, harness):
        harness.deliver(harness.translated(A))
        assert harness.deliver(self.again(harness)) is DeliverResult.ADOPTED
        (name,) = harness.ids()
        assert harness.ledger.owned[name] == Owner(A.key, 2)
        assert harness.revision(A, 2).transaction_id == name

    @pytest.mark.parametrize(
        "statuses",
        [
            {"validation_status": "INVALID"},
            {"validation_status": "VALID", "delivery_status": "FAILED"},
            {"validation_status": "VALID", "delivery_status": "DELIVERED", "acknowledgment_status": "REJECTED"},
        ],
        ids=["invalid", "failed", "refused by the partner"],
    )
    def test_what_does_not_arrive_is_sent_again(self, harness, statuses):
        harness.deliver(harness.translated(A))
        harness.orderful.update_status(harness.ids()[0], **statuses)
        assert harness.deliver(self.again(harness)) is DeliverResult.SENT
        assert len(harness.ids()) == 2

    def test_an_invalid_transaction_that_was_sent_manually_counts_as_sent(self, harness):
        harness.deliver(harness.translated(A))
        harness.orderful.update_status(harness.ids()[0], validation_status="INVALID")
        harness.orderful.send_manually(harness.ids()[0])
        assert harness.deliver(self.again(harness)) is DeliverResult.ADOPTED

    def test_a_copy_that_somebody_made_of_it_is_adopted(self, harness):
        harness.deliver(harness.translated(A))
        harness.orderful.update_status(harness.ids()[0], validation_status="INVALID")
        copy = harness.orderful.copy(harness.ids()[0])
        harness.orderful.update_status(copy, validation_status="VALID")
        assert harness.deliver(self.again(harness)) is DeliverResult.ADOPTED
        assert harness.revision(A, 2).transaction_id == copy

    def test_what_somebody_deleted_is_sent_again(self, harness):
        harness.deliver(harness.translated(A))
        harness.orderful.delete(harness.ids()[0])
        assert harness.deliver(self.again(harness)) is DeliverResult.SENT

    def test_an_older_state_is_not_taken_for_the_new_one(self, harness):
        harness.deliver(harness.translated(A))
        changed = Document("nordic", order(quantity=11, purpose="replace"))
        assert harness.deliver(self.again(harness, changed, revision_id=f"{2:064}")) is DeliverResult.SENT

    def test_what_is_alive_is_sent_again_where_a_person_closed_another_state_since(self, harness):
        """The receiver was informed of that state, and would keep it."""
        harness.deliver(harness.translated(A))
        harness.clock.forward(minutes=10)
        harness.translated(Document("nordic", order(quantity=11)), 2, revision_id=f"{2:064}")
        closed = harness.revision(A, 2)
        harness.ledger.rows[(A.key, 2)] = replace(closed, state=State.CLOSED)
        again = harness.translated(A, 3, look_up_first=True, revision_id=f"{1:064}")
        assert harness.deliver(again) is DeliverResult.SENT
        assert len(harness.ids()) == 2

    def test_a_valid_transaction_without_content_and_owner_is_parked(self, harness):
        harness.filed(A.body)
        harness.orderful.shows_content = False
        assert harness.deliver(harness.translated(A, look_up_first=True)) is DeliverResult.PARKED
        released = harness.ledger.move(
            harness.revision(A), State.TRANSLATED, now=harness.clock.now(), note="a person decided", released=True
        )
        assert harness.deliver(DeliveryMessage.of(released)) is DeliverResult.SENT

    def test_the_living_transaction_of_another_document_is_not_taken(self, harness):
        harness.deliver(harness.translated(TWIN))
        assert harness.deliver(harness.translated(A, look_up_first=True)) is DeliverResult.SENT
        harness.check_each_once(A, TWIN)


def test_what_orderful_created_and_refused_belongs_to_its_document_too(harness):
    harness.orderful.script = [Created(None, accepted=False, problems=("no",))]
    assert harness.deliver(harness.translated(A)) is DeliverResult.REJECTED
    assert harness.ledger.owned == {harness.ids()[0]: Owner(A.key, 1)}


def test_a_definite_refusal_owns_nothing(harness):
    harness.orderful.script = [Rejected("Orderful refused it.", code=Reason.REQUEST_REFUSED)]
    assert harness.deliver(harness.translated(A)) is DeliverResult.REJECTED
    assert harness.ledger.owned == {}
