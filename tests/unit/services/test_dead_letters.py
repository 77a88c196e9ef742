"""What a dead letter is about, how that stands, and what to do with it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.inbound import ApiVersion, Delivery
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import Event, Revision, State
from connector.services.dead_letters import DeadLetter, Queue, next_step, standing
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from testkit.memory.stores import a_change

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
KEY = DocumentKey("nordic", Kind.PURCHASE_ORDER, "DropShip:500123")
NAMES = {"company": KEY.company, "kind": KEY.kind, "number": KEY.number}
DOCUMENT = DocumentMessage(**NAMES, modified_at=NOW, document=msgspec.Raw(b'{"secret": "Brunost"}'))
DELIVERY = DeliveryMessage(**NAMES, sequence=2)
CHANGE = ChangeMessage(company="nordic", number="500123", transaction_id="802210971")
HINT = HintMessage(transaction_id="802210972")


def a_dead_letter(message, queue=Queue.DOCUMENTS):
    body = message if isinstance(message, str) else msgspec.json.encode(message).decode()
    return DeadLetter(
        queue=queue, message_id="m-1", receipt="r", group="g", body=body, tries=10, since=NOW, home="https://sqs/home"
    )


DEAD_LETTERS = {
    "document": a_dead_letter(DOCUMENT),
    "delivery": a_dead_letter(DELIVERY, Queue.DELIVERIES),
    "change": a_dead_letter(CHANGE, Queue.CHANGES),
    "hint": a_dead_letter(HINT, Queue.CHANGES),
    "unreadable": a_dead_letter('{"company": 7'),
}


@pytest.mark.parametrize(
    ("name", "what", "key", "transaction"),
    [
        ("document", f"{KEY}, changed in Visma 2026-09-01 06:00 UTC", KEY, None),
        ("delivery", f"sending of revision 2 of {KEY}", KEY, None),
        (
            "change",
            "change 802210971 of nordic/purchase_order/500123",
            DocumentKey.of_order("nordic", "500123"),
            "802210971",
        ),
        ("hint", "callback about transaction 802210972", None, "802210972"),
        ("unreadable", "no message of the connector", None, None),
    ],
)
def test_a_dead_letter_names_its_document_and_quotes_nothing_of_its_body(name, what, key, transaction):
    dead_letter = DEAD_LETTERS[name]
    assert (dead_letter.what, dead_letter.key, dead_letter.transaction_id) == (what, key, transaction)
    assert "Brunost" not in dead_letter.what


@pytest.mark.parametrize(
    ("name", "subject"), [("m-1", "m-1"), (str(KEY), str(KEY)), ("DropShip:500123", str(KEY)), ("500123", str(KEY))]
)
def test_a_letter_is_meant_by_its_id_its_key_or_its_number(name, subject):
    assert DEAD_LETTERS["document"].subject(name) == subject


def test_a_letter_is_meant_by_its_transaction_and_by_no_other_name():
    assert DEAD_LETTERS["change"].subject("802210971") == "transaction 802210971"
    assert DEAD_LETTERS["hint"].subject("802210972") == "transaction 802210972"
    for dead_letter in DEAD_LETTERS.values():
        assert dead_letter.subject("50012") is None
        assert dead_letter.subject("nordic/purchase_order/500124") is None


def a_revision(state, sequence=2):
    return Revision(
        key=KEY,
        sequence=sequence,
        revision_id="r",
        state=state,
        created_at=NOW,
        updated_at=NOW,
        history=(Event(NOW, state, "Orderful answered 503."),),
    )


@pytest.mark.parametrize(
    ("state", "is_over"),
    [
        *((state, False) for state in (State.TRANSLATED, State.SENDING, State.UNCONFIRMED)),
        *((state, True) for state in (State.SENT, State.ACKNOWLEDGED, State.PARKED, State.REJECTED, State.CLOSED)),
    ],
)
def test_a_delivery_is_over_when_its_revision_is_not_to_be_sent_any_more(state, is_over):
    stands = standing(DEAD_LETTERS["delivery"], [a_revision(State.SENT, 1), a_revision(state)], [])
    assert (stands.state, stands.why, stands.is_over) == (state, "Orderful answered 503.", is_over)


@pytest.mark.parametrize(
    ("state", "is_over"), [(ChangeState.RECEIVED, False), (ChangeState.APPLYING, False), (ChangeState.APPLIED, True)]
)
def test_a_change_is_over_when_it_is_decided(state, is_over):
    stands = standing(DEAD_LETTERS["change"], [], [a_change(state=state)])
    assert (stands.state, stands.why, stands.is_over) == (state, "received", is_over)


def test_a_change_that_orderful_was_not_told_of_is_not_over():
    delivery = Delivery("b646771e-a068-4e32-832f-000802210971", ApiVersion.V4, "accept", "fail")
    unconfirmed = a_change(state=ChangeState.APPLIED).with_delivery(delivery)
    assert unconfirmed.is_unconfirmed
    assert not standing(DEAD_LETTERS["change"], [], [unconfirmed]).is_over


@pytest.mark.parametrize("name", ["document", "hint", "unreadable", "delivery", "change"])
def test_of_what_the_ledger_does_not_know_nothing_is_said(name):
    stands = standing(DEAD_LETTERS[name], [], [])
    assert (stands.state, stands.why, stands.is_over) == (None, None, False)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("document", "It is stored nowhere else. Remove the cause, then connector deadletters redrive m-1"),
        ("delivery", "Remove the cause, then connector deadletters redrive m-1"),
        ("hint", "never drop it"),
        ("unreadable", "connector deadletters drop m-1 --reason TEXT"),
    ],
)
def test_each_letter_has_a_next_step(name, step):
    assert step in next_step(DEAD_LETTERS[name], standing(DEAD_LETTERS[name], [], []))


def test_what_is_over_may_be_put_back_or_dropped():
    step = next_step(DEAD_LETTERS["delivery"], standing(DEAD_LETTERS["delivery"], [a_revision(State.DELIVERED)], []))
    assert step.startswith("It is DELIVERED and nothing is left to do")
