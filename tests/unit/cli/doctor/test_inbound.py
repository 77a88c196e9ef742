"""What the doctor says of what comes in: inboxes, buckets and the address of callbacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.adapters.callback_auth import CallbackCredentials
from connector.domain.errors import Misconfigured, Transient
from connector.domain.inbound import ApiVersion, Delivery, DeliveryStatus, InboundTransaction
from connector.domain.transactions import Stream
from tests.unit.cli.doctor.conftest import (
    NOW,
)

# -- what comes in --------------------------------------------------------------------------------------------------


def an_item(**changes):
    item = InboundTransaction(
        transaction_id="802210971",
        document="860",
        transaction_type="860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
        stream=Stream.TEST,
        sender_id="ACMEPRODUCET",
        receiver_id="NORDICFOODT",
        business_number="500123",
        order_number="500123",
        message={},
        delivery=None,
        created_at=NOW,
    )
    return replace(item, **changes)


@pytest.mark.parametrize(
    ("items", "mark", "output"),
    [
        ([], "ok", "0 items wait."),
        ([an_item()], "ok", "1 item waits."),
        ([an_item(), an_item(stream=Stream.LIVE)], "warn", "2 items wait: 1 not of the test stream."),
        ([an_item(stream=None)], "warn", "1 not of the test stream"),
        ([an_item(receiver_id="SOMEBODY")], "warn", "1 for no company of the routing but for SOMEBODY"),
        ([an_item(receiver_id=None)], "warn", "1 for no company of the routing but for nobody"),
        ([None, an_item(), None], "warn", "3 items wait: 2 naming no transaction."),
        (
            [an_item(document="810"), an_item()],
            "ok",
            "2 items wait: 1 that are not taken here (1 of 810; the oldest since",
        ),
        (
            [an_item(document="810", created_at=NOW - timedelta(hours=25)), an_item(document="856"), an_item()],
            "warn",
            "3 items wait: 2 that are not taken here (1 of 810, 1 of 856; the oldest since",
        ),
        (
            [an_item(document="855", receiver_id="SOMEBODY", created_at=None)],
            "warn",
            "(1 of 855; since when is not known)",
        ),
        ([an_item(document="850")] * 100, "warn", "100 that are not taken here (100 of 850; the oldest since"),
        ([an_item()] * 100, "warn", "100 or more items wait: newer ones are only seen when these leave."),
    ],
)
def test_what_waits_in_an_inbox_is_told_and_what_does_not_belong_there_is_a_warning(
    doctor, stack, *, items, mark, output
):
    stack.inbound.waiting["4711"] = items
    found = doctor()["inbox 4711"]
    assert found["mark"] == mark
    assert output in found["sentence"]
    assert (found["next_step"] is None) == (mark == "ok")


def test_since_when_a_document_waits_is_told_by_its_delivery_where_the_item_does_not(doctor, stack):
    delivery = Delivery("b646771e-a068-4e32-832f-e96f895c5ec9", ApiVersion.V4)
    stack.inbound.waiting["4711"] = [an_item(document="810", created_at=None, delivery=delivery)]
    stack.inbound.deliveries["802210971"] = DeliveryStatus(delivery, False, NOW - timedelta(hours=25))
    found = doctor()["inbox 4711"]
    assert found["mark"] == "warn"
    assert "not known" not in found["sentence"]


def test_every_inbox_and_bucket_is_read_although_one_fails(doctor, stack):
    stack.bucket_ids = ("12", "13")
    refused = Misconfigured("Orderful answered 404.", next_step="Check OrderfulBucketIds.")
    stack.inbound.waiting.update({"12": refused, "13": [an_item()]})
    found = doctor()
    assert (found["bucket 12"]["mark"], found["bucket 12"]["next_step"]) == ("fail", "Check OrderfulBucketIds.")
    assert (found["bucket 13"]["sentence"], found["inbox 4711"]["mark"]) == ("1 item waits.", "ok")


def test_without_inbox_and_bucket_it_warns_that_the_list_is_read(doctor, stack):
    stack.inbox_ids = ()
    found = doctor()["inbox"]
    assert found["mark"] == "warn"
    assert "every CollectInterval" in found["sentence"]


def test_a_bucket_alone_is_enough(doctor, stack):
    stack.inbox_ids, stack.bucket_ids = (), ("12",)
    stack.inbound.waiting["12"] = []
    assert "inbox" not in doctor()


def test_the_address_to_register_at_orderful_is_told(doctor, stack):
    found = doctor()["callback"]
    assert found["mark"] == "ok"
    assert found["sentence"].endswith("https://api.example/v1/orderful")
    stack.callback_url = None
    found = doctor()
    assert (found["callback"]["mark"], "callback secret" in found) == ("warn", False)


@pytest.mark.parametrize(
    ("credentials", "mark", "output"),
    [
        (CallbackCredentials("x-connector-secret", ("hush", "hush2")), "ok", "the header x-connector-secret (2 valid"),
        (CallbackCredentials(basic=("orderful:hush",)), "ok", "HTTP Basic (1 valid value)"),
        (CallbackCredentials("x-a", ("hush",), ("orderful:hush",)), "ok", "the header x-a or HTTP Basic"),
        (CallbackCredentials(), "ok", "callbacks are refused"),
        (Misconfigured("The secret 'x' cannot be read (AccessDeniedException)."), "ok", "you may not read it"),
        (Misconfigured("The secret 'x' cannot be read (ResourceNotFoundException)."), "fail", "cannot be read"),
        (Misconfigured("The secret 'x' does not say what a callback has to bring."), "fail", "does not say"),
        (Transient("Secrets Manager could not be asked for 'x'."), "fail", "could not be asked"),
    ],
)
def test_whether_callbacks_need_a_secret_is_told_without_telling_the_secret(
    doctor, stack, *, credentials, mark, output
):
    def read():
        if isinstance(credentials, Exception):
            raise credentials
        return credentials

    stack.callback_credentials = read
    found = doctor()["callback secret"]
    assert found["mark"] == mark
    assert output in found["sentence"]
    assert "hush" not in str(found)


def test_an_address_that_is_open_on_purpose_is_a_warning(doctor, stack):
    stack.takes_callbacks_without_secret = True
    assert doctor()["callback secret"]["mark"] == "ok", "a secret is set"
    stack.callback_credentials = CallbackCredentials
    found = doctor()["callback secret"]
    assert (found["mark"], "connector secrets set callback" in found["next_step"]) == ("warn", True)
