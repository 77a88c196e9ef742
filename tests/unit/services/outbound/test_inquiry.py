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


def a_revision_of(document: Document, world: World, sequence=1) -> Revision:
    now = world.clock.now()
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


class World(Connector):
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
def world(ports):
    return World(**ports, young_for=YOUNG)


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
    def test_each_document_is_sent_once_whichever_answer_is_lost(self, world, pair, script, hidden, uuids):
        world.orderful.number_lag, world.orderful.gives_uuids = hidden, uuids
        world.orderful.script = list(script)
        world.until_done(*(world.translated(one) for one in pair))
        assert sorted(map(str, world.contents())) == sorted(str(one.body["message"]) for one in pair)
        assert all(world.revision(one).state is State.SENT for one in pair)
        assert len({world.revision(one).transaction_id for one in pair}) == 2

    def test_an_invoice_and_an_order_with_one_number_have_nothing_to_do_with_each_other(self, world):
        world.orderful.script = [LOST, NEVER_ARRIVED]
        world.until_done(world.translated(A), world.translated(INVOICE))
        world.check_each_once(A, INVOICE)

    def test_what_another_document_adopted_while_the_answer_was_on_its_way_is_not_recorded_twice(self, world):
        """Both post the same content, B's never arrives, and B finds A's before A hears of it."""
        first, second = world.translated(A), world.translated(TWIN)
        world.orderful.script = [NEVER_ARRIVED]
        with pytest.raises(UnknownOutcome):
            world.deliver(second)
        create = world.orderful.create

        def slow(request):
            created = create(request)
            world.orderful.create = create
            assert world.deliver(second) is DeliverResult.ADOPTED
            return created

        world.orderful.create = slow
        with pytest.raises(UnknownOutcome, match="belongs to another document"):
            world.deliver(first)
        assert world.revision(A).state is State.UNCONFIRMED
        assert world.until_done(first) == [DeliverResult.SENT]
        world.check_each_once(A, TWIN)


class TestContent:
    def test_an_unowned_transaction_with_other_content_is_not_ours(self, world):
        world.orderful.script = [NEVER_ARRIVED]
        message = world.translated(A, released=True)
        with pytest.raises(UnknownOutcome):
            world.deliver(message)
        by_hand = world.filed(B.body)
        assert world.until_done(message) == [DeliverResult.SENT]
        assert world.revision(A).transaction_id != by_hand

    def test_where_no_content_is_shown_the_number_decides(self, world):
        world.orderful.shows_content = False
        world.orderful.script = [LOST]
        assert world.until_done(world.translated(A)) == [DeliverResult.ADOPTED]
        assert world.ids() == [world.revision(A).transaction_id]

    def test_where_neither_content_nor_number_is_shown_nothing_is_posted(self, world):
        world.orderful.shows_content, world.orderful.numbers_while_processing = False, False
        world.orderful.script = [LOST]
        message = world.translated(A)
        for _ in range(10):
            with pytest.raises(UnknownOutcome):
                world.deliver(message)
            world.clock.time += CONFIRM
        world.orderful.update_status(world.ids()[0], validation_status="VALID")
        assert world.until_done(message) == [DeliverResult.ADOPTED]
        assert len(world.ids()) == 1

    def test_fetches_are_bounded_and_what_was_not_seen_keeps_the_doubt(self, world):
        world.orderful.number_lag = timedelta(minutes=20)
        message = world.translated(A)
        world.orderful.script = [NEVER_ARRIVED]
        with pytest.raises(UnknownOutcome):
            world.deliver(message)
        for quantity in range(30):
            world.filed(order("500999", quantity=quantity + 1))
        world.clock.time += 2 * CONFIRM
        with pytest.raises(UnknownOutcome, match="does not show"):
            world.deliver(message)
        assert world.orderful.calls["content_of"] == 20
        world.clock.time += timedelta(minutes=20)
        assert world.deliver(message) is DeliverResult.SENT


class TestOneIndexIsNotTrusted:
    @pytest.mark.parametrize("empty", [False, True], ids=["not found", "no number while processing"])
    def test_a_number_that_is_hidden_for_minutes(self, world, empty):
        world.orderful.number_lag = timedelta(0) if empty else HIDDEN
        world.orderful.numbers_while_processing = not empty
        world.orderful.script = [LOST]
        assert world.until_done(world.translated(A)) == [DeliverResult.ADOPTED]
        world.check_each_once(A)

    def test_a_number_that_finds_one_of_two(self, world):
        world.orderful.finds_one = True
        world.orderful.script = [LOST, LOST]
        world.until_done(world.translated(A), world.translated(B))
        world.check_each_once(A, B)

    def test_two_transactions_for_one_revision_are_told_and_the_first_is_kept(self, world):
        world.orderful.script = [LOST]
        message = world.translated(A)
        with pytest.raises(UnknownOutcome):
            world.deliver(message)
        world.clock.forward(seconds=5)
        world.orderful.copy(world.ids()[0])
        assert world.deliver(message) is DeliverResult.ADOPTED
        assert world.revision(A).transaction_id == world.ids()[0]
        assert world.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1


class TestAlreadyExists:
    EXISTS = AlreadyExists("Orderful answered 409: it exists.")

    def test_what_exists_is_adopted_whatever_its_age(self, world):
        old = world.filed(A.body)
        world.clock.forward(days=3)
        world.orderful.script = [self.EXISTS]
        assert world.until_done(world.translated(A)) == [DeliverResult.ADOPTED]
        assert [world.revision(A).transaction_id] == [old] == world.ids()

    def test_what_exists_nowhere_is_a_rejection_and_not_asked_for_ever(self, world):
        world.orderful.script = [self.EXISTS, self.EXISTS]
        assert world.until_done(world.translated(A)) == [DeliverResult.REJECTED]
        assert "shows none with this content" in world.revision(A).reason
        assert world.ids() == []

    def test_it_is_no_reason_to_take_the_transaction_of_another_document(self, world):
        world.deliver(world.translated(A))
        world.orderful.script = [self.EXISTS, self.EXISTS]
        assert world.until_done(world.translated(TWIN)) == [DeliverResult.REJECTED]
        assert world.ids() == [world.revision(A).transaction_id]


class TestYoungLedger:
    """A ledger that was rebuilt or restored knows less than Orderful has."""

    @pytest.fixture(autouse=True)
    def _young(self, world):
        world.ledger.created = world.clock.now()

    @pytest.mark.parametrize("hidden", [timedelta(0), HIDDEN], ids=["found at once", "number hidden"])
    @pytest.mark.parametrize("process", ["same", "new", "one that read before anything was sent"])
    @pytest.mark.parametrize("after", [timedelta(seconds=1), timedelta(minutes=5)])
    @pytest.mark.parametrize("is_new", [True, False], ids=["table made anew", "rows deleted"])
    def test_a_ledger_emptied_between_two_polls(self, world, hidden, process, after, is_new):
        world.orderful.number_lag = hidden
        documents = (A, B, INVOICE, CREDIT)
        idle = world.snapshot
        idle.hits(world.orderful, a_revision_of(A, world), after=world.clock.now(), now=world.clock.now())
        world.snapshot = Snapshot() if process.startswith("one") else idle
        assert world.until_done(*map(world.translated, documents)) == [DeliverResult.SENT] * 4
        world.clock.time += after
        world.ledger.lose_everything(now=world.clock.now() if is_new else world.ledger.created)
        world.snapshot = Snapshot() if process == "new" else idle
        assert set(world.until_done(*map(world.translated, reversed(documents)))) == {DeliverResult.ADOPTED}
        world.check_each_once(*documents)

    def test_what_was_adopted_is_followed_from_its_creation(self, world):
        world.filed(A.body)
        created = world.clock.now()
        world.clock.forward(days=20)
        world.ledger.created = world.clock.now()
        world.deliver(world.translated(A))
        assert world.revision(A).first_attempt_at == created

    def test_other_content_is_a_question_for_a_person(self, world):
        unknown = world.filed(B.body)
        assert world.deliver(world.translated(A)) is DeliverResult.PARKED
        revision = world.revision(A)
        assert unknown in revision.reason
        for choice in ("release nordic/purchase_order/500123 --as replacement", "--as original", "close"):
            assert choice in revision.next_step
        assert (revision.attempts, revision.first_attempt_at) == (0, None)
        assert world.orderful.calls["create"] == 0
        released = world.ledger.move(
            revision, State.TRANSLATED, now=world.clock.now(), note="a person decided", released=True
        )
        assert world.deliver(DeliveryMessage.of(released)) is DeliverResult.SENT

    @pytest.mark.parametrize("change", [{"item": "1300"}, {"day": "2026-11-05"}, {"purpose": "cancellation"}])
    def test_figures_alone_do_not_make_the_same_document(self, world, change):
        world.filed(order(**change))
        assert world.deliver(world.translated(A)) is DeliverResult.PARKED

    def test_content_that_is_not_shown_is_a_question_as_well(self, world):
        world.filed(A.body)
        world.orderful.shows_content = False
        assert world.deliver(world.translated(A)) is DeliverResult.PARKED

    def test_a_new_transaction_that_shows_nothing_is_waited_for(self, world):
        world.filed(A.body)
        world.orderful.shows_content, world.orderful.numbers_while_processing = False, False
        message = world.translated(A)
        with pytest.raises(Transient, match="asked again"):
            world.deliver(message)
        assert (world.revision(A).state, world.revision(A).attempts) == (State.TRANSLATED, 0)
        world.orderful.shows_content = True
        assert world.deliver(message) is DeliverResult.ADOPTED

    def test_what_never_reached_the_partner_with_other_content_is_no_obstacle(self, world):
        refused = world.filed(B.body)
        world.orderful.update_status(refused, validation_status="INVALID")
        assert world.deliver(world.translated(A)) is DeliverResult.SENT

    def test_a_state_that_was_replaced_since_is_not_taken_for_the_present_one(self, world):
        world.filed(A.body)
        world.clock.forward(minutes=1)
        world.filed(order(quantity=99, purpose="replace"))
        assert world.deliver(world.translated(A)) is DeliverResult.PARKED

    def test_the_newest_state_is_adopted_and_the_next_change_is_sent(self, world):
        world.filed(order(quantity=99))
        world.clock.forward(minutes=1)
        newest = world.filed(order(purpose="replace"))
        assert world.deliver(world.translated(A)) is DeliverResult.ADOPTED
        assert world.revision(A).transaction_id == newest
        changed = Document("nordic", order(quantity=11, purpose="replace"))
        assert world.deliver(world.translated(changed, 2)) is DeliverResult.SENT

    @pytest.mark.parametrize("uuids", [False, True])
    def test_the_earlier_revisions_of_a_document_are_no_obstacle(self, world, uuids):
        world.orderful.gives_uuids = uuids
        for sequence in (1, 2, 3):
            changed = Document("nordic", order(quantity=sequence))
            assert world.deliver(world.translated(changed, sequence)) is DeliverResult.SENT
            world.clock.forward(minutes=2)

    @pytest.mark.parametrize("uuids", [False, True])
    @pytest.mark.parametrize("hidden", [timedelta(0), HIDDEN])
    def test_the_documents_of_another_company_with_the_same_numbers_are_no_obstacle(self, world, uuids, hidden):
        world.orderful.gives_uuids, world.orderful.number_lag = uuids, hidden
        for document in (A, B, TWIN_OF_B, INVOICE, CREDIT):
            assert world.deliver(world.translated(document)) is DeliverResult.SENT
            world.clock.forward(seconds=50)

    def test_a_crash_before_the_check_does_not_avoid_it(self, world):
        old = world.filed(A.body)
        world.clock.forward(days=1)
        message = world.translated(A)
        world.ledger.claim(A.key, 1, now=world.clock.now(), lease=timedelta(seconds=90))
        world.clock.forward(minutes=2)
        assert world.until_done(message) == [DeliverResult.ADOPTED]
        assert world.ids() == [old]

    def test_an_old_document_is_looked_up_by_its_number(self, world):
        body = order(day="2025-08-01")
        world.filed(body)
        world.clock.forward(days=400)
        world.ledger.created = world.clock.now()
        assert world.deliver(world.translated(Document("nordic", body))) is DeliverResult.ADOPTED

    def test_a_list_that_cannot_be_read_brings_the_message_back(self, world):
        world.orderful.failing = Transient("Orderful answered 503.")
        message = world.translated(A)
        with pytest.raises(Transient, match="503"):
            world.deliver(message)
        assert (world.revision(A).state, world.revision(A).attempts) == (State.TRANSLATED, 0)
        world.orderful.failing = None
        assert world.deliver(message) is DeliverResult.SENT

    def test_an_earlier_revision_whose_request_is_gone_is_known_by_its_time(self, world):
        world.orderful.gives_uuids = True
        world.deliver(world.translated(A))
        world.ledger.bodies.clear()
        world.clock.forward(minutes=2)
        changed = Document("nordic", order(quantity=11))
        assert world.deliver(world.translated(changed, 2)) is DeliverResult.SENT

    def test_an_old_ledger_asks_nothing_before_a_first_post(self, world):
        world.ledger.created = world.clock.now() - YOUNG
        world.filed(B.body)
        assert world.deliver(world.translated(A)) is DeliverResult.SENT
        assert world.orderful.calls == {"create": 1}

    def test_a_hundred_documents_cost_one_list_and_no_call_each(self, world):
        documents = [Document("nordic", order(str(number)), str(number)) for number in range(100)]
        messages = [world.translated(one, business_number=one.number) for one in documents]
        world.clock.forward(seconds=1)
        for message in messages:
            world.deliver(message)
        assert world.orderful.calls == {"create": 100, "list_since": 1}

    def test_of_a_list_that_is_too_long_the_newest_are_read_and_older_documents_are_looked_up(self, world):
        world.orderful.page_size = 1
        old = world.filed(A.body)
        for number in range(15):
            world.clock.forward(days=1)
            world.filed(order(str(number)))
        new = Document("nordic", order("700", day="2026-11-18"), "700")
        assert world.deliver(world.translated(new, business_number="700")) is DeliverResult.SENT
        assert world.orderful.calls == {"create": 1, "list_since": 1}
        assert world.deliver(world.translated(A)) is DeliverResult.ADOPTED
        assert world.revision(A).transaction_id == old


class TestSentAgain:
    """A person sends a document again: what Orderful has alive is not sent a second time."""

    def again(self, world, document=A, **changes):
        return world.translated(document, 2, look_up_first=True, **({"revision_id": f"{1:064}"} | changes))

    def test_what_is_alive_passes_to_the_new_revision(self, world):
        world.deliver(world.translated(A))
        assert world.deliver(self.again(world)) is DeliverResult.ADOPTED
        (name,) = world.ids()
        assert world.ledger.owned[name] == Owner(A.key, 2)
        assert world.revision(A, 2).transaction_id == name

    @pytest.mark.parametrize(
        "statuses",
        [
            {"validation_status": "INVALID"},
            {"validation_status": "VALID", "delivery_status": "FAILED"},
            {"validation_status": "VALID", "delivery_status": "DELIVERED", "acknowledgment_status": "REJECTED"},
        ],
        ids=["invalid", "failed", "refused by the partner"],
    )
    def test_what_does_not_arrive_is_sent_again(self, world, statuses):
        world.deliver(world.translated(A))
        world.orderful.update_status(world.ids()[0], **statuses)
        assert world.deliver(self.again(world)) is DeliverResult.SENT
        assert len(world.ids()) == 2

    def test_an_invalid_one_that_somebody_sent_by_hand_is_alive(self, world):
        world.deliver(world.translated(A))
        world.orderful.update_status(world.ids()[0], validation_status="INVALID")
        world.orderful.send_by_hand(world.ids()[0])
        assert world.deliver(self.again(world)) is DeliverResult.ADOPTED

    def test_a_copy_that_somebody_made_of_it_is_adopted(self, world):
        world.deliver(world.translated(A))
        world.orderful.update_status(world.ids()[0], validation_status="INVALID")
        copy = world.orderful.copy(world.ids()[0])
        world.orderful.update_status(copy, validation_status="VALID")
        assert world.deliver(self.again(world)) is DeliverResult.ADOPTED
        assert world.revision(A, 2).transaction_id == copy

    def test_what_somebody_deleted_is_sent_again(self, world):
        world.deliver(world.translated(A))
        world.orderful.delete(world.ids()[0])
        assert world.deliver(self.again(world)) is DeliverResult.SENT

    def test_an_older_state_is_not_taken_for_the_new_one(self, world):
        world.deliver(world.translated(A))
        changed = Document("nordic", order(quantity=11, purpose="replace"))
        assert world.deliver(self.again(world, changed, revision_id=f"{2:064}")) is DeliverResult.SENT

    def test_a_living_one_that_shows_no_content_and_has_no_owner_is_a_question(self, world):
        world.filed(A.body)
        world.orderful.shows_content = False
        assert world.deliver(world.translated(A, look_up_first=True)) is DeliverResult.PARKED
        released = world.ledger.move(
            world.revision(A), State.TRANSLATED, now=world.clock.now(), note="a person decided", released=True
        )
        assert world.deliver(DeliveryMessage.of(released)) is DeliverResult.SENT

    def test_the_living_transaction_of_another_document_is_not_taken(self, world):
        world.deliver(world.translated(TWIN))
        assert world.deliver(world.translated(A, look_up_first=True)) is DeliverResult.SENT
        world.check_each_once(A, TWIN)


def test_what_orderful_created_and_refused_belongs_to_its_document_too(world):
    world.orderful.script = [Created(None, accepted=False, problems=("no",))]
    assert world.deliver(world.translated(A)) is DeliverResult.REJECTED
    assert world.ledger.owned == {world.ids()[0]: Owner(A.key, 1)}


def test_a_definite_refusal_owns_nothing(world):
    world.orderful.script = [Rejected("Orderful refused it.", code=Reason.REQUEST_REFUSED)]
    assert world.deliver(world.translated(A)) is DeliverResult.REJECTED
    assert world.ledger.owned == {}
