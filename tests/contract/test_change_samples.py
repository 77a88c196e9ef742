"""Reads the samples of inbound transactions that the contracts hold."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from connector.domain.documents import Party
from connector.domain.inbound import ApiVersion
from connector.domain.order_change.request import Ask, ChangePurpose, Direction, Field, PartyRequest, ProductRefs, Topic
from connector.domain.parties import Role
from connector.domain.transactions import Stream
from connector.edi.inbound import read_identity, read_inbound
from connector.edi.order_change.read import read_change
from contracts import facts

decode = msgspec.json.Decoder(float_hook=Decimal).decode


def sample(name):
    return decode(facts.sample(name))


def the_delivery(item):
    found = read_inbound(item, trusted=True)
    assert found is not None
    hint = read_identity(msgspec.json.encode(item))
    assert hint is not None
    assert hint.transaction_id == found.transaction_id
    assert (hint.delivery and hint.delivery.delivery_id) == (found.delivery and found.delivery.delivery_id)
    return found


def test_the_860_of_the_inbox():
    (item,) = sample("v4-inbox-860")
    found = the_delivery(item)
    assert (found.transaction_id, found.document, found.order_number) == ("802210971", "860", "PO-1003")
    assert (found.sender_id, found.receiver_id, found.stream) == ("ISA1007", "ISA1008", Stream.TEST)
    assert found.delivery.version is ApiVersion.V4
    assert found.delivery.accept_link.endswith("/accept")
    assert read_change(found.message) == read_change(sample("v4-860")["message"])


def test_the_official_860_in_mosaic():
    request = read_change(sample("v4-860")["message"])
    assert (request.purpose, request.order_number, request.sequence) == (ChangePurpose.CHANGE, "PO-1003", 1)
    assert (request.ordered_on, request.changed_on) == (date(2024, 1, 10), date(2024, 1, 15))
    assert (request.currency, request.requested_on) == ("USD", date(2024, 2, 1))
    (ship_to,) = (one.party for one in request.parties if one.role is Role.SHIP_TO)
    assert (ship_to.number, ship_to.address.postal_code) == ("LOC-1006", "0150")
    assert [one.topic for one in request.stated] == [Topic.TERMS, Topic.DELIVERY, Topic.CARRIER]
    assert [line.ask for line in request.lines] == [Ask.CHANGE, Ask.ADD, Ask.DELETE]
    first = request.lines[0]
    assert (first.original_quantity, first.delta, first.quantity) == (Decimal(100), Decimal(50), Decimal(150))
    assert first.products == ProductRefs(buyer=("B-1007",), vendor=("V-1003",), gtins=("012345678901",))
    # The two dates that a Visma order has no place for, and nothing else.
    assert ["cancel after 2024-02-15" in question for question in request.questions] == [True]
    assert [["ship on 2024-01-25" in question for question in line.questions] for line in request.lines] == [
        [True],
        [],
        [],
    ]


def test_the_860_in_x12_shape():
    data = sample("v3-860")
    found = the_delivery(data)
    assert (found.transaction_id, found.document, found.delivery) == ("1234567890", "860", None)
    request = read_change(found.message)
    assert (request.order_number, request.sequence, request.changed_on) == ("PO-4711", 1, date(2026, 2, 20))
    assert request.requested_on == date(2026, 3, 10)
    assert request.parties == (PartyRequest(Role.SHIP_TO, "ship-to", Party(number="0042", name="Customer DC")),)
    assert [(line.code, line.ask, line.quantity, line.second_quantity) for line in request.lines] == [
        ("QD", Ask.CHANGE, Decimal(10), Decimal(8)),
        ("DI", Ask.DELETE, Decimal(5), Decimal(0)),
        ("AI", Ask.ADD, Decimal(4), None),
    ]
    assert [line.unit for line in request.lines] == ["each"] * 3
    assert (request.lines[0].direction, request.lines[0].touches) == (Direction.DOWN, {Field.QUANTITY})
    assert request.lines[2].descriptions == ("New widget",)
    assert not request.questions + request.remarks + sum((line.questions for line in request.lines), ())


def test_the_850_of_the_published_inbox_has_no_type_and_is_known_by_its_message():
    (item,) = sample("v4-inbox-850")
    found = the_delivery(item)
    assert (found.document, found.transaction_type, found.order_number) == ("850", None, "PO-1003")


def test_the_item_of_a_polling_bucket():
    (item,) = sample("v3-bucket")["items"]
    found = the_delivery(item)
    assert (found.transaction_id, found.document, found.order_number) == ("1234567890", "855", None)
    assert found.delivery.version is ApiVersion.V3
    assert found.delivery.accept_link.endswith("/approve")
    assert found.created_at == datetime(2021, 10, 4, 17, 52, 25, 688000, tzinfo=UTC)


def test_a_transaction_that_was_asked_for_has_a_link_to_its_message():
    found = the_delivery(sample("v3-transaction"))
    assert (found.document, found.business_number, found.message) == ("850", "PO-1", None)


def test_the_push_format_of_2020():
    found = the_delivery(sample("push-2020"))
    assert (found.transaction_id, found.document, found.stream) == ("1234567890", "850", Stream.TEST)
    assert (found.message, found.created_at) == (None, None)


@pytest.mark.parametrize(
    ("name", "document", "order_number"),
    [
        ("v4-850", "850", "PO-1001"),
        ("v4-855", "855", "PO-1001"),
        ("v4-856", "856", "PO-1001"),
        ("v4-810", "810", "PO-1001"),
        ("v4-860", "860", "PO-1003"),
    ],
)
def test_a_message_without_its_envelope_tells_what_it_is(name, document, order_number):
    found = read_inbound({"transactionId": 1, "message": sample(name)["message"]}, trusted=True)
    assert found.document == document
    assert found.order_number == order_number
