"""The way back as Lambda runs it: an 860 from a partner changes the order in Visma, once, and Orderful is told once."""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connector.domain.documents import DocumentKey
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import ChangeState, WaitsOn
from connector.domain.revision.record import State
from connector.services.inbound.write_order import ATTEMPTS_UNSEEN
from testkit.aws import drain, lambda_event
from testkit.orderful.inbound_shapes import pushed_body
from testkit.sandboxes import API_KEY, CLIENT_SECRET, Recipe

NUMBER = "500001"
KEY = DocumentKey.of_order("nordic", NUMBER)
SECRET = {"X-Connector-Secret": "the-agreed-one"}
UNITS = {"STK": "each", "KRT": "case"}


@pytest.fixture
def way(stack):
    """A stack whose partner has order 500001."""
    stack.visma.generate("purchaseorder", Recipe(count=1))
    assert stack.send_orders() == 1
    stack.visma.clear_requests()
    return Way(stack)


class Way:
    """What tests of the way back do and look at."""

    def __init__(self, stack):
        self.stack = stack
        self.before = self.line["orderQty"]

    @property
    def line(self):
        """The line that the partner wants otherwise: the first one in a unit for which Mosaic has a word."""
        lines = self.stack.visma.document("purchaseorder", NUMBER)["lines"]
        return next(line for line in lines if line["uom"] in UNITS)

    def change(self, *, more=0.2, number=NUMBER):
        """A Mosaic 860 that asks for a fifth more of the line."""
        unit = UNITS[self.line["uom"]]
        line = {
            "purchaseOrderLineId": str(self.line["lineNbr"]),
            "changeReason": "quantityChange",
            "quantity": {"value": str(self.before * (1 + more)), "unitOfMeasure": unit},
        }
        ordered = self.stack.visma.document("purchaseorder", NUMBER)["date"][:10]
        dates = {"purchaseOrderDate": ordered, "purchaseOrderChangeDate": "2026-09-01"}
        return {"purpose": "change", "purchaseOrderNumber": number, "lineItems": [line], **dates}

    def send(self, message=None, **more):
        """The partner sends something."""
        sandbox = self.stack.orderful.inbound
        return sandbox.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message=message or self.change(), **more)

    def call_back(self, sent, form="v4", *, headers=None, binary=False):
        """Orderful pushes a document to our webhook."""
        body = json.dumps(pushed_body(form, sent, self.stack.orderful.url, as_href=False, types=True))
        event = {
            "httpMethod": "POST",
            "headers": SECRET if headers is None else headers,
            "body": base64.b64encode(body.encode()).decode() if binary else body,
            "isBase64Encoded": binary,
        }
        return self.stack.invoke("receive_callback", event)["statusCode"]

    def poll(self):
        return self.stack.invoke("poll_orderful")

    def apply(self):
        """Work the hints and the changes off until none is left; gives how many messages of the changes that took."""
        taken = 0
        self.stack.consume("apply_change", self.stack.hints)
        while messages := self.stack.consume("apply_change", self.stack.changes):
            taken += messages
            assert taken < 50
        return taken

    def record(self, sent):
        return self.stack.inbound.get(KEY, sent.transaction.id)

    def delivery(self, sent):
        """What Orderful heard of a delivery: its status, how often it took effect, how often it was asked."""
        found = self.stack.orderful.inbound.deliveries()
        (one,) = [one for one in found if one["transactionId"] == sent.transaction.id]
        return one["status"], one["confirmed"], one["asked"]

    def visma(self, method=None):
        return Counter(f"{one.method} {one.status}" for one in self.stack.visma.requests(method, "/v1/purchaseorder/"))


def assert_applied(way, sent):
    assert way.line["orderQty"] == way.before * 1.2
    change = way.record(sent)
    assert (change.state, change.confirmed, change.deliveries) == (ChangeState.APPLIED, Confirmation.ACCEPTED, ())
    assert (change.partner, change.decided_by, change.attempts) == ("acme", "rules", 1)
    assert [one.field for one in change.differences] == ["quantity"]
    assert way.visma() == {"GET 200": 2, "PUT 204": 1}
    assert way.delivery(sent) == ("DELIVERED", 1, 1)


def test_an_860_in_the_inbox_changes_the_order_and_is_accepted_once(way):
    sent = way.send()
    assert way.poll() == {"taken": 1, "confirmed": 0, "requeued": 0, "problems": []}
    assert way.delivery(sent) == ("SENT", 0, 0), "nothing is confirmed before it is decided"
    assert way.apply() == 1
    assert_applied(way, sent)
    assert way.poll() == {"taken": 0, "confirmed": 0, "requeued": 0, "problems": []}
    assert way.apply() == 0


@pytest.mark.parametrize("form", ["v4", "v3"])
@pytest.mark.parametrize("binary", [False, True])
def test_a_callback_is_a_hint_that_leads_to_the_same_end(way, form, binary):
    sent = way.send()
    assert way.call_back(sent, form, binary=binary) == 202
    assert way.apply() == 1, "the change that the hint led to"
    assert_applied(way, sent)
    assert way.poll() == {"taken": 0, "confirmed": 0, "requeued": 0, "problems": []}


def test_a_callback_of_2020_names_no_delivery_so_the_inbox_confirms_it(way):
    sent = way.send()
    assert way.call_back(sent, "2020") == 202
    way.apply()
    assert (way.record(sent).state, way.delivery(sent)) == (ChangeState.APPLIED, ("SENT", 0, 0))
    assert way.poll() == {"taken": 1, "confirmed": 1, "requeued": 0, "problems": []}
    assert way.delivery(sent) == ("DELIVERED", 1, 1)


def test_callback_and_poll_at_the_same_time_are_one_change(way):
    sent = way.send()
    for _ in range(2):
        way.call_back(sent)
        way.poll()
    way.apply()
    assert way.line["orderQty"] == way.before * 1.2
    assert way.visma("PUT") == {"PUT 204": 1}
    assert way.delivery(sent)[:2] == ("DELIVERED", 1)
    assert [one.transaction_id for one in way.stack.inbound.of_order(KEY)] == [sent.transaction.id]


def test_what_the_partner_asked_for_is_not_sent_back_to_it(way):
    way.send()
    way.poll()
    way.apply()
    assert way.stack.send_orders() == 0
    states = [revision.state for revision in way.stack.ledger.revisions(KEY)]
    assert states == [State.AGREED, State.SENT]
    way.stack.visma.edit_document("purchaseorder", NUMBER, {"description": "A person's edit"})
    assert way.stack.send_orders() == 1


@pytest.mark.parametrize("with_inbox", [True, False])
def test_what_is_in_no_inbox_is_found_in_the_list(way, monkeypatch, with_inbox):
    """Orderful delivers each relationship by one channel: a push that nobody took is in no inbox, if there are any."""
    if not with_inbox:
        monkeypatch.setenv("ORDERFUL_INBOX_IDS", "")
    way.send(created_at=datetime.now(UTC) - timedelta(days=30), channels=())
    assert way.poll()["taken"] == 0, "what came before the connector did is nobody's request any more"
    sent = way.send(channels=())
    assert way.poll() == {"taken": 1, "confirmed": 0, "requeued": 0, "problems": []}
    assert way.apply() == 1
    assert (way.line["orderQty"], way.record(sent).state) == (way.before * 1.2, ChangeState.APPLIED)
    assert way.poll()["taken"] == 0, "the overlap is read again, and known"
    assert (way.apply(), way.visma("PUT")) == (0, {"PUT 204": 1})


def test_a_bucket_that_gives_links_only_is_emptied(way, monkeypatch):
    way.stack.orderful.inbound.set_channels({"buckets": [8], "message_as_href": True})
    monkeypatch.setenv("ORDERFUL_INBOX_IDS", "")
    monkeypatch.setenv("ORDERFUL_BUCKET_IDS", "8")
    sent = way.send()
    assert way.poll()["taken"] == 1
    way.apply()
    assert_applied(way, sent)


@pytest.mark.parametrize("fault", ["stored_502", "lost_response"])
def test_a_lost_answer_of_visma_s_does_not_write_twice(way, fault):
    sent = way.send()
    way.poll()
    way.stack.visma.fail(fault, method="PUT")
    way.apply()
    assert (way.line["orderQty"], way.record(sent).state) == (way.before * 1.2, ChangeState.APPLIED)
    assert sum(way.visma("PUT").values()) == 1
    assert way.delivery(sent) == ("DELIVERED", 1, 1)


@pytest.mark.parametrize("fault", ["html_200", "http_502_html"])
def test_a_write_that_a_gateway_lost_is_repeated(way, fault):
    sent = way.send()
    way.poll()
    way.stack.visma.fail(fault, method="PUT")
    way.apply()
    assert (way.line["orderQty"], way.record(sent).state) == (way.before * 1.2, ChangeState.APPLIED)
    assert sum(way.visma("PUT").values()) == 2


def test_a_lost_answer_of_orderful_s_accepts_once(way):
    sent = way.send()
    way.poll()
    way.stack.orderful.fail("lost_response", method="POST")
    way.apply()
    assert way.delivery(sent) == ("DELIVERED", 1, 2)


def test_a_step_too_far_waits_for_a_person_and_is_accepted_as_held(way):
    sent = way.send(way.change(more=3))
    way.poll()
    way.apply()
    change = way.record(sent)
    assert (change.state, way.visma("PUT"), way.line["orderQty"]) == (ChangeState.PARKED, {}, way.before)
    assert "50 %" in change.reason
    assert [one.transaction_id for one in way.stack.inbound.in_state(ChangeState.PARKED)] == [sent.transaction.id]
    assert way.delivery(sent) == ("DELIVERED", 1, 1)


def test_an_order_that_visma_does_not_have_is_asked_about_and_looked_at_again(way):
    sent = way.send(way.change(number=f"{NUMBER}-1"))
    way.poll()
    changes, key = way.stack.inbound, DocumentKey.of_order("nordic", f"{NUMBER}-1")
    waiting = changes.get(key, sent.transaction.id)
    changes.save(msgspec.structs.replace(waiting, failures=ATTEMPTS_UNSEEN - 1))

    way.apply()

    change = changes.get(key, sent.transaction.id)
    assert (change.state, change.confirmed, change.waits_on) == (
        ChangeState.PARKED,
        Confirmation.ACCEPTED,
        WaitsOn.VISMA,
    )
    assert f"--order {NUMBER}," in change.next_step
    assert way.delivery(sent) == ("DELIVERED", 1, 1)
    assert way.poll()["requeued"] == 0
    changes.save(msgspec.structs.replace(change, not_before=datetime.now(UTC)))
    assert way.poll()["requeued"] == 1
    assert (way.apply(), changes.get(key, sent.transaction.id).looks) == (1, 2)


def test_what_is_of_the_other_stream_is_neither_taken_nor_confirmed(way):
    sent = way.send(stream="LIVE")
    way.poll()
    way.call_back(sent)
    way.apply()
    assert (way.stack.inbound.known(sent.transaction.id), way.visma(), way.delivery(sent)) == (None, {}, ("SENT", 0, 0))


def test_a_document_that_is_no_change_is_recorded_and_accepted(way):
    message = {"purchaseOrderNumber": NUMBER, "status": "accepted", "lineItems": []}
    sent = way.send(message, transaction_type="855_PURCHASE_ORDER_ACKNOWLEDGMENT")
    assert way.poll() == {"taken": 1, "confirmed": 1, "requeued": 0, "problems": []}
    assert (way.record(sent).state, way.apply(), way.delivery(sent)) == (ChangeState.RECORDED, 0, ("DELIVERED", 1, 1))


def test_an_answer_whose_callback_was_refused_is_found_by_polling(way):
    message = {"purchaseOrderNumber": NUMBER, "status": "rejected", "lineItems": []}
    sent = way.send(message, transaction_type="855_PURCHASE_ORDER_ACKNOWLEDGMENT", channels=[])
    assert way.call_back(sent, headers={"X-Connector-Secret": "guessed"}) == 401
    way.stack.orderful.clear_requests()
    assert way.poll() == {"taken": 1, "confirmed": 0, "requeued": 0, "problems": []}
    record, asked = way.record(sent), way.stack.orderful.requests(path_prefix="/v3/transactions")
    assert (record.state, record.partner) == (ChangeState.ATTENTION, "acme")
    assert [one.path for one in asked] == ["/v3/transactions", f"/v3/transactions/{sent.transaction.id}/message"]
    way.stack.orderful.clear_requests()
    # A callback that comes after all, in either generation, and the next run find the same record, and ask for nothing.
    assert way.call_back(sent, "v3") == 202
    assert (way.apply(), way.poll()["taken"]) == (0, 0)
    asked = way.stack.orderful.requests(path_prefix="/v3/transactions")
    assert [one.path for one in asked] == ["/v3/transactions"]
    assert [one.transaction_id for one in way.stack.inbound.of_order(KEY)] == [sent.transaction.id]


def test_a_callback_without_the_secret_queues_nothing(way):
    sent = way.send()
    assert way.call_back(sent, headers={"X-Connector-Secret": "guessed"}) == 401
    assert drain(way.stack.changes) == []


def test_a_message_that_nobody_can_read_is_kept_and_its_neighbours_are_done(way):
    sent = way.send()
    way.poll()
    good = drain(way.stack.changes)
    bad = {**good[0], "MessageId": "bad", "Body": '{"type":"other"}', "Attributes": {"MessageGroupId": "x"}}
    answer = way.stack.invoke("apply_change", lambda_event([bad, *good]))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert way.record(sent).state is ChangeState.APPLIED


def test_what_is_told_holds_neither_a_secret_nor_a_document(way, capsys, caplog):
    sent = way.send({**way.change(), "notes": [{"text": "Storgata 1, ring først"}]})
    way.call_back(sent)
    way.poll()
    way.apply()
    lines = [vars(record) for record in caplog.records if record.name == "connector"]
    assert [line["message"] for line in lines][-1] == "change applied"
    output = str(lines) + capsys.readouterr().out
    for metric in ("CallbacksReceived", "ChangesReceived", "ChangesApplied", "CollectCompleted"):
        assert f'"{metric}"' in output
    hidden = (API_KEY, CLIENT_SECRET, SECRET["X-Connector-Secret"], "Bearer", "purchaseOrderNumber", "lineItems")
    for word in (*hidden, "Storgata", "quantityChange"):
        assert word not in output


def test_what_a_dead_collector_had_only_noted_is_recorded_by_the_next_one(way):
    sent = way.send(channels=["inbox"])
    way.stack.inbound.know(sent.transaction.id, KEY)

    # It looks among all records of the order, for which its role needs a right of its own.
    assert way.poll()["problems"] == []

    assert way.record(sent) is not None
