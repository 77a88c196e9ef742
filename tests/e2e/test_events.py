"""Every sample event, run through the built artifact as it is deployed, does what it is the sample of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.domain.revision.record import State
from demo.catalogue import purchase_order
from testkit.laptop.observed import SENT, Laptop
from testkit.laptop.stack import CALLBACK_SECRET
from tests.e2e.conftest import NORDIC

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

EVENTS = Path(__file__).resolve().parents[2] / "events"
SAMPLE = "fjordmat-no/purchase_order/500300"
SENDER = "FJORDMATNOT"


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


@pytest.fixture(scope="module")
def translated(nordic: Laptop) -> Iterator[Laptop]:
    """The sample document went through the translator, and nobody takes its delivery off the queue."""
    nordic.switch("DeliverTransactionFunction", on=False)
    try:
        answer = nordic.invoke("TranslateDocumentFunction", _event("translate_document"))
        assert answer == {"batchItemFailures": []}
        yield nordic
    finally:
        nordic.switch("DeliverTransactionFunction", on=True)


def test_the_document_of_the_sample_event_is_translated_and_its_delivery_queued(translated: Laptop) -> None:
    revision = translated.newest(SAMPLE)

    assert revision is not None
    assert (revision.state, revision.sequence, revision.partner) == (State.TRANSLATED, 1, "lofoten")
    assert translated.ledger.request_of(revision)["message"]
    assert translated.waiting("DeliveriesQueueUrl") == 1


def test_the_sample_delivery_is_sent_and_its_repetition_from_the_queue_sends_nothing(translated: Laptop) -> None:
    assert translated.transactions("500300", sender=SENDER) == []

    answer = translated.invoke("DeliverTransactionFunction", _event("deliver_transaction"))

    assert answer == {"batchItemFailures": []}
    revision = translated.newest(SAMPLE)
    (transaction,) = translated.transactions("500300", sender=SENDER)
    assert (revision.state, revision.transaction_id) == (State.SENT, transaction["id"])
    translated.switch("DeliverTransactionFunction", on=True)
    translated.until(lambda: translated.waiting("DeliveriesQueueUrl") == 0, "the queued delivery to be taken")
    assert len(translated.transactions("500300", sender=SENDER)) == 1


def test_the_sample_event_of_the_tracking_schedule_brings_the_acknowledgment(translated: Laptop) -> None:
    answer = translated.invoke("TrackTransactionsFunction", _event("track_transactions"))

    assert answer["changed"] >= 1
    assert translated.newest(SAMPLE).state is State.ACKNOWLEDGED


def test_the_sample_event_of_the_poll_schedule_reads_a_changed_order_which_is_then_sent(nordic: Laptop) -> None:
    key = "nordic/purchase_order/500901"
    assert nordic.poll()["problems"] == []
    nordic.put(NORDIC, purchase_order("500901", "50012", [("1298", "3")]))

    answer = nordic.invoke("PollVismaFunction", _event("poll_visma"))

    assert answer == {"queued": 1, "problems": []}
    assert nordic.ended([key])[key].state in SENT
    assert len(nordic.transactions("500901")) == 1


def test_the_runs_of_two_shares_read_what_one_run_reads(nordic: Laptop) -> None:
    assert nordic.poll()["problems"] == []
    nordic.put(NORDIC, purchase_order("500902", "50012", [("1298", "3")]))

    answers = [nordic.invoke("PollVismaFunction", {"share": share, "shares": 2}) for share in (0, 1)]

    assert sorted(answer["queued"] for answer in answers) == [0, 1]
    assert [answer["problems"] for answer in answers] == [[], []]


def test_the_sample_callback_is_taken_and_its_hint_worked_off_without_effect(nordic: Laptop) -> None:
    event = _event("receive_callback")
    event["headers"] |= {CALLBACK_SECRET["header"]: CALLBACK_SECRET["secrets"][0]}

    answer = nordic.invoke("ReceiveCallbackFunction", event)

    assert (answer["statusCode"], json.loads(answer["body"])) == (202, {"received": True})
    nordic.until(lambda: nordic.waiting("HintsQueueUrl") == 0, "the hint to be taken")
    assert nordic.change(json.loads(event["body"])["id"]) is None, "Orderful knows no such transaction here"


def test_the_sample_event_of_the_collecting_schedule_finds_an_empty_inbox(nordic: Laptop) -> None:
    nordic.collect()
    answer = nordic.invoke("PollOrderfulFunction", _event("poll_orderful"))

    assert answer == {"taken": 0, "confirmed": 0, "requeued": 0, "problems": []}


def test_the_sample_change_that_was_never_recorded_is_done_with(nordic: Laptop) -> None:
    assert nordic.invoke("ApplyChangeFunction", _event("apply_change")) == {"batchItemFailures": []}
