"""Callbacks as hints: what is taken from a request, what it is answered, and what of it is told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from connector.domain.errors import Misconfigured, Throttled, Transient
from connector.domain.inbound import ApiVersion
from connector.services.inbound.receive import Admission, Receiver, ReceiveResult
from connector.services.messages import HintMessage
from connector.services.ports import Metric

LIMIT = 10_000
UUID = "019be412-5a85-714c-8ba6-436c1c06efd8"
DELIVERY = "b646771e-a068-4e32-832f-e96f895c5ec9"


def mosaic(**changes) -> dict:
    """An item as a v4 channel pushes it."""
    usual = {
        "id": UUID,
        "integrationPayloadId": UUID,
        "transactionId": 802210971,
        "ediTransactionType": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
        "senderId": "LOFOTENSJOT",
        "receiverId": "FJORDMATNOT",
        "stream": "test",
        "message": {"purpose": "change", "purchaseOrderNumber": "500300"},
        "delivery": {"deliveryId": DELIVERY, "transactionId": 802210971, "href": "https://evil.example/x"},
    }
    return usual | changes


def traditional(**changes) -> dict:
    """A transaction as a v3 channel pushes it."""
    usual = {
        "id": "802210971",
        "version": "v3",
        "sender": {"isaId": "LOFOTENSJOT"},
        "receiver": {"isaId": "FJORDMATNOT"},
        "type": {"name": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"},
        "stream": "TEST",
        "message": {"transactionSets": []},
        "delivery": {"id": DELIVERY, "href": f"https://api.orderful.com/v3/deliveries/{DELIVERY}"},
    }
    return usual | changes


def old() -> dict:
    """The format of 2020-10-28, which knows no delivery."""
    return {
        "id": "802210971",
        "sender": {"isaId": "LOFOTENSJOT"},
        "receiver": {"isaId": "FJORDMATNOT"},
        "type": {"name": "860_PURCHASE_ORDER_CHANGE"},
        "stream": "TEST",
        "message": {"content": {"transactionSets": []}},
        "version": "2020-10-28",
    }


@dataclass
class Hints:
    """The one queue of the `Outbox` port that is used here."""

    queued: list[HintMessage] = field(default_factory=list)
    failure: Exception | None = None

    def hints(self, messages) -> None:
        if self.failure is not None:
            raise self.failure
        self.queued.extend(messages)


@pytest.fixture
def hints() -> Hints:
    return Hints()


@pytest.fixture
def receiver(hints, telemetry) -> Receiver:
    def admits(headers) -> Admission:
        return Admission.ADMITTED if headers.get("x-secret") == ["right"] else Admission.NOT_BROUGHT

    return Receiver(admits=admits, outbox=hints, telemetry=telemetry, max_bytes=LIMIT)


def receive(receiver, body, given="right") -> ReceiveResult:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return receiver.receive({"x-secret": [given]}, raw)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (mosaic(), HintMessage(transaction_id="802210971", delivery_id=DELIVERY, version=ApiVersion.V4)),
        (traditional(), HintMessage(transaction_id="802210971", delivery_id=DELIVERY, version=ApiVersion.V3)),
        (old(), HintMessage(transaction_id="802210971")),
    ],
    ids=["v4", "v3", "2020-10-28"],
)
def test_of_every_shape_only_the_names_are_taken(receiver, hints, telemetry, body, hint):
    assert receive(receiver, body) is ReceiveResult.TAKEN
    assert hints.queued == [hint]
    assert telemetry.counts == {Metric.CALLBACKS_RECEIVED: 1}
    assert telemetry.lines == [("info", "callback taken", {"transaction_id": "802210971"})]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda body: {"data": body},
        lambda body: {"transaction": body, "id": "019be412-5a85-714c-8ba6-436c1c06efd8"},
        lambda body: {"body": body, "event": "transaction.created"},
        lambda body: {"body": json.dumps(body)},
        lambda body: {"data": [body]},
        lambda body: [body],
        lambda body: [{"data": body}],
        lambda body: {**body, "data": {"id": 17}},
    ],
    ids=["data", "beside an id", "body", "text", "list in data", "list", "data in a list", "not wrapped at all"],
)
def test_a_body_wrapped_one_level_deep_is_read(receiver, hints, wrap):
    assert receive(receiver, wrap(mosaic())) is ReceiveResult.TAKEN
    assert hints.queued == [HintMessage(transaction_id="802210971", delivery_id=DELIVERY, version=ApiVersion.V4)]


def test_a_delivery_beside_the_wrapper_is_taken_too(receiver, hints):
    body = mosaic()
    outer = {"transaction": {"id": "802210971"}, "delivery": body["delivery"]}
    receive(receiver, outer)
    assert hints.queued == [HintMessage(transaction_id="802210971", delivery_id=DELIVERY, version=ApiVersion.V4)]


def test_a_request_without_the_secret_is_refused_before_anything_of_it_is_read(receiver, hints, telemetry):
    assert receive(receiver, mosaic(), given="wrong") is ReceiveResult.REFUSED
    assert receiver.receive({}, b"{}") is ReceiveResult.REFUSED
    assert receiver.receive({}, b"x" * (LIMIT + 1)) is ReceiveResult.REFUSED
    assert hints.queued == []
    assert telemetry.counts == {Metric.CALLBACKS_REFUSED: 3}
    assert telemetry.events("warning") == ["callback refused"] * 3


@pytest.mark.parametrize("admission", [Admission.NOT_BROUGHT, Admission.NOTHING_AGREED])
def test_the_log_says_why_a_callback_was_refused(hints, telemetry, admission):
    receiver = Receiver(admits=lambda _: admission, outbox=hints, telemetry=telemetry, max_bytes=LIMIT)
    assert receive(receiver, mosaic()) is ReceiveResult.REFUSED
    assert hints.queued == []
    assert telemetry.lines == [("warning", "callback refused", {"reason": admission.value})]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b"7",
        b"\xff\xfe{",
        b"ISA*00*",
        b"<xml/>",
        b'{"id": null}',
        b'{"id": {}}',
        b"[" * 9_000,
    ],
    ids=lambda body: repr(body[:10]),
)
def test_a_body_that_names_no_transaction_is_taken_and_left_to_polling(receiver, hints, telemetry, body):
    """A 4xx would make Orderful give the document up."""
    assert receive(receiver, body) is ReceiveResult.TAKEN
    assert hints.queued == []
    assert telemetry.counts == {Metric.CALLBACKS_RECEIVED: 1, Metric.CALLBACKS_UNUSABLE: 1}
    assert telemetry.lines == [("warning", "callback unusable", {"reason": "It names no transaction."})]


def test_a_body_may_be_as_long_as_the_limit_and_no_byte_longer(receiver, hints, telemetry):
    fitting = json.dumps(mosaic()).encode().ljust(LIMIT)
    assert receive(receiver, fitting) is ReceiveResult.TAKEN
    assert len(hints.queued) == 1
    assert receive(receiver, fitting + b" ") is ReceiveResult.TAKEN
    assert len(hints.queued) == 1
    assert telemetry.counts[Metric.CALLBACKS_UNUSABLE] == 1
    assert telemetry.lines[-1] == ("warning", "callback unusable", {"reason": "It is longer than 10000 bytes."})


@pytest.mark.parametrize(
    "forged",
    ["../organizations/me", "802210971/message", "a b", "1?x=1", "1\n2", "æ", "x" * 65, "%2e%2e", ".."],
)
def test_an_id_that_orderful_would_never_give_is_none(receiver, hints, telemetry, forged):
    assert receive(receiver, old() | {"id": forged}) is ReceiveResult.TAKEN
    assert hints.queued == []
    assert telemetry.counts[Metric.CALLBACKS_UNUSABLE] == 1
    assert forged not in str(telemetry.lines)


@pytest.mark.parametrize("forged", ["../../x", "a b", "x" * 65])
def test_a_forged_delivery_is_dropped_and_the_transaction_is_still_looked_up(receiver, hints, forged):
    assert receive(receiver, traditional(delivery={"id": forged})) is ReceiveResult.TAKEN
    assert hints.queued == [HintMessage(transaction_id="802210971")]


@pytest.mark.parametrize(
    "failure", [Transient("The queue could not be reached."), Throttled("Slower."), Misconfigured("No such queue.")]
)
def test_a_hint_that_cannot_be_queued_is_to_be_sent_again(receiver, hints, telemetry, failure):
    hints.failure = failure
    assert receive(receiver, mosaic()) is ReceiveResult.UNAVAILABLE
    assert telemetry.lines == [("error", "callback not taken", {"reason": failure.sentence, "request_id": None})]
    assert telemetry.counts[Metric.CREDENTIALS_REFUSED] == isinstance(failure, Misconfigured)


@pytest.mark.parametrize("failure", [Transient("Secrets Manager does not answer."), Misconfigured("No such secret.")])
def test_a_secret_that_cannot_be_read_neither_admits_nor_refuses(hints, telemetry, failure):
    def admits(_headers) -> Admission:
        raise failure

    receiver = Receiver(admits=admits, outbox=hints, telemetry=telemetry, max_bytes=LIMIT)
    assert receive(receiver, mosaic()) is ReceiveResult.UNAVAILABLE
    assert hints.queued == []
    assert Metric.CALLBACKS_REFUSED not in telemetry.counts


@pytest.mark.parametrize("defect", [KeyError("500300"), ValueError("secret"), RecursionError(), MemoryError()])
def test_a_defect_is_retried_and_its_message_is_not_repeated(receiver, hints, telemetry, defect):
    hints.failure = defect
    assert receive(receiver, mosaic()) is ReceiveResult.UNAVAILABLE
    ((level, event, fields),) = telemetry.lines
    assert (level, event) == ("error", "unexpected failure")
    assert fields["reason"].startswith(f"{type(defect).__name__} in hints, line ")
    assert "500300" not in str(fields)


def test_nothing_of_what_a_request_brings_is_told_but_the_id(receiver, hints, telemetry):
    receive(receiver, mosaic())
    receive(receiver, traditional(), given="hunter2")
    receive(receiver, b"hunter2")
    output = str(telemetry.lines)
    for hidden in ("hunter2", "right", "LOFOTENSJOT", "500300", "evil", DELIVERY):
        assert hidden not in output
