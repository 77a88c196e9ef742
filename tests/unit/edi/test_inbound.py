import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.domain.inbound import ApiVersion, Delivery
from connector.domain.transactions import Stream
from connector.edi.inbound import MAX_NAME_LENGTH, read_identity, read_inbound, with_message

UUID = "019be412-5a85-714c-8ba6-436c1c06efd8"
DELIVERY = "b646771e-a068-4e32-832f-e96f895c5ec9"
HOST = "https://api.orderful.com"
CHANGE = {"purpose": "change", "purchaseOrderNumber": "500123", "purchaseOrderChangeDate": "2026-09-12"}


def x12(beginning, document=None, **segments):
    header = {"transactionSetHeader": [{"transactionSetIdentifierCode": document}]} if document else {}
    return {"transactionSets": [{**header, **beginning, **segments}]}


def an_inbox_item(**changes):
    path = f"{HOST}/transactions/802210971/deliveries/{DELIVERY}"
    item = {
        "id": UUID,
        "integrationPayloadId": UUID,
        "transactionId": 802210971,
        "ediTransactionType": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
        "simplifiedTransactionType": "PURCHASE_ORDER_CHANGE",
        "senderId": "ACMEPRODUCET",
        "receiverId": "NORDICFOODT",
        "stream": "test",
        "message": CHANGE,
        "delivery": {
            "deliveryId": DELIVERY,
            "transactionId": 802210971,
            "href": path,
            "approve": {"href": f"{path}/accept"},
            "fail": {"href": f"{path}/fail"},
        },
    }
    return {name: value for name, value in (item | changes).items() if value is not None}


def a_v3_transaction(**changes):
    path = f"{HOST}/v3/deliveries/{DELIVERY}"
    item = {
        "id": "1234567890",
        "version": "v3",
        "sender": {"isaId": "ACMEPRODUCET"},
        "receiver": {"isaId": "NORDICFOODT"},
        "type": {"name": "860_PURCHASE_ORDER_CHANGE"},
        "stream": "TEST",
        "businessNumber": "500123",
        "message": x12({"beginningSegmentForPurchaseOrderChange": [{"purchaseOrderNumber": "500123"}]}),
        "createdAt": "2026-09-12T17:52:25.688Z",
        "delivery": {"id": DELIVERY, "approve": {"href": f"{path}/approve"}, "fail": {"href": f"{path}/fail"}},
    }
    return {name: value for name, value in (item | changes).items() if value is not None}


def trusted(data):
    found = read_inbound(data, trusted=True)
    assert found is not None
    return found


def document(message):
    """What an item says it is that names no type."""
    found = trusted({"transactionId": 1, "message": message})
    return found.document, found.order_number


def test_an_inbox_item_in_full():
    found = trusted(an_inbox_item())
    assert found.transaction_id == "802210971"
    assert (found.document, found.transaction_type) == ("860", "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED")
    assert found.stream is Stream.TEST
    assert (found.sender_id, found.receiver_id) == ("ACMEPRODUCET", "NORDICFOODT")
    assert (found.business_number, found.order_number) == ("500123", "500123")
    assert found.message == CHANGE
    path = f"{HOST}/transactions/802210971/deliveries/{DELIVERY}"
    assert found.delivery == Delivery(DELIVERY, ApiVersion.V4, f"{path}/accept", f"{path}/fail")
    assert (found.created_at, found.validation) == (None, None)
    assert found.aliases == ("019be412-5a85-714c-8ba6-436c1c06efd8",)


@pytest.mark.parametrize(
    ("word", "read"),
    [("PROCESSING", "PROCESSING"), ("valid", "VALID"), ("INVALID", "INVALID"), ("NEW", None), (17, None), (None, None)],
)
def test_what_orderfuls_check_came_to_is_read_as_far_as_it_is_known(word, read):
    assert trusted(a_v3_transaction(validationStatus=word)).validation == read


def test_an_inbox_item_of_the_published_structure_has_no_type_and_is_known_by_its_message():
    item = an_inbox_item(id=None, ediTransactionType=None, simplifiedTransactionType=None)
    found = trusted(item)
    assert (found.transaction_id, found.document, found.transaction_type) == ("802210971", "860", None)


def test_a_v3_transaction_in_full():
    found = trusted(a_v3_transaction())
    assert found.transaction_id == "1234567890"
    assert (found.document, found.transaction_type) == ("860", "860_PURCHASE_ORDER_CHANGE")
    assert found.stream is Stream.TEST
    assert (found.sender_id, found.receiver_id) == ("ACMEPRODUCET", "NORDICFOODT")
    assert (found.business_number, found.order_number) == ("500123", "500123")
    assert found.message == a_v3_transaction()["message"]
    path = f"{HOST}/v3/deliveries/{DELIVERY}"
    assert found.delivery == Delivery(DELIVERY, ApiVersion.V3, f"{path}/approve", f"{path}/fail")
    assert found.created_at == datetime(2026, 9, 12, 17, 52, 25, 688000, tzinfo=UTC)


def test_a_name_as_long_as_a_book_is_cut_and_such_a_link_is_not_followed():
    """All of it goes into the record, and DynamoDB takes 400 KB."""
    book = "x" * 500_000
    found = trusted(an_inbox_item(ediTransactionType=f"860_{book}", senderId=book, receiverId=book))
    assert found.document == "860"
    assert {len(word) for word in (found.transaction_type, found.sender_id, found.receiver_id)} == {MAX_NAME_LENGTH}
    links = {"approve": {"href": f"{HOST}/{book}"}, "fail": {"href": f"{HOST}/fail"}}
    found = trusted(an_inbox_item(delivery={"deliveryId": DELIVERY, **links}))
    assert found.delivery == Delivery(DELIVERY, ApiVersion.V4, None, f"{HOST}/fail")


def test_a_v3_party_of_the_test_stream_may_be_listed_under_its_live_id():
    sender = {"isaId": "ACMEPRODUCE", "testIsaId": "ACMEPRODUCET"}
    assert trusted(a_v3_transaction(sender=sender)).sender_id == "ACMEPRODUCET"
    assert trusted(a_v3_transaction(sender=sender, stream="LIVE")).sender_id == "ACMEPRODUCE"


def test_the_format_of_2020_has_its_document_in_content():
    message = a_v3_transaction()["message"]
    found = trusted(a_v3_transaction(message={"content": message}, businessNumber=None, version="2020-10-28"))
    assert found.message == message
    assert (found.business_number, found.order_number) == ("500123", "500123")


def test_a_v4_transaction_with_a_link_to_its_message():
    found = trusted(
        {
            "id": UUID,
            "type": "860_PURCHASE_ORDER_CHANGE",
            "senderId": "ACMEPRODUCET",
            "receiverId": "NORDICFOODT",
            "stream": "live",
            "businessNumber": "500123",
            "message": {"href": f"{HOST}/transactions/{UUID}/message"},
        }
    )
    assert (found.transaction_id, found.document, found.stream) == (UUID, "860", Stream.LIVE)
    assert (found.business_number, found.order_number, found.message) == ("500123", None, None)


@pytest.mark.parametrize(
    "message", [None, {}, {"href": "https://x"}, {"content": {}}, {"content": "ISA*"}, [CHANGE], "ST*"]
)
def test_a_message_that_is_a_link_or_no_object_is_none(message):
    expected = {"content": "ISA*"} if message == {"content": "ISA*"} else None
    assert trusted({"id": 1, "message": message}).message == expected


def test_a_link_beside_the_document_is_no_part_of_it():
    assert trusted({"id": 1, "message": {"href": "https://x", **CHANGE}}).message == CHANGE


def test_a_message_that_is_fetched_later_tells_what_the_envelope_left_open():
    listed = trusted({"id": 7, "message": {"href": "https://x"}})
    assert (listed.document, listed.order_number) == (None, None)
    found = with_message(listed, CHANGE)
    assert (found.document, found.business_number, found.order_number) == ("860", "500123", "500123")
    assert found.message == CHANGE
    assert with_message(listed, {"href": "https://x"}) == listed


def test_what_the_envelope_says_goes_before_the_message():
    found = trusted(an_inbox_item(ediTransactionType="850_PURCHASE_ORDER", businessNumber="B-1"))
    assert (found.document, found.business_number, found.order_number) == ("850", "B-1", "500123")


@pytest.mark.parametrize(
    ("ids", "transaction_id"),
    [
        ({"id": "1234567890"}, "1234567890"),
        ({"id": 1234567890}, "1234567890"),
        ({"id": " 0012 "}, "12"),
        ({"id": "9" * 20}, "9" * 20),
        ({"id": 10**20 - 1}, "9" * 20),
        ({"id": UUID, "transactionId": 5}, "5"),
        ({"id": 6, "transactionId": UUID}, "6"),
        ({"id": 6, "transactionId": "5"}, "5"),
        ({"id": UUID.upper()}, UUID),
        ({"id": {"x": 1}, "transactionId": UUID}, UUID),
        ({"id": 5.0}, "5"),
        ({"id": "tx_802210971", "transactionId": 5}, "5"),
        ({"id": "tx_802210971", "transactionId": UUID}, UUID),
        ({"id": "tx_802210971"}, "tx_802210971"),
        ({"id": "01J9ZK3W6Q9V4H8M2T5R7Y1C3D"}, "01J9ZK3W6Q9V4H8M2T5R7Y1C3D"),
        ({"transactionId": "urn:uuid:5f0c", "id": "x"}, "urn:uuid:5f0c"),
        ({"id": "1" * 21}, "1" * 21),
        ({"id": 10**20}, "1" + "0" * 20),
        ({"id": "a" * 64}, "a" * 64),
    ],
)
def test_a_number_names_a_transaction_and_else_a_uuid_and_else_another_text(ids, transaction_id):
    assert trusted(ids).transaction_id == transaction_id


@pytest.mark.parametrize(
    "value",
    [
        *["", "-5", -5, 0, "000", "a" * 65, True, 5.5, Decimal("0.1"), float("nan"), float("inf"), None, [], {}],
        *["\u0661", "1/../2", "..", ".", "a b", "a#b", "a%2fb", "a?b", "\u00e5", f"{{{UUID}}}", f"{UUID}\n1"],
    ],
)
def test_anything_else_names_none(value):
    assert read_inbound({"id": value, "transactionId": value}, trusted=True) is None


@pytest.mark.parametrize("data", [None, [], [an_inbox_item()], "x", 5, {}])
def test_what_is_no_object_with_an_id_is_no_transaction(data):
    assert read_inbound(data, trusted=True) is None
    assert read_inbound(data, trusted=False) is None


@pytest.mark.parametrize("item", [an_inbox_item(), a_v3_transaction()])
def test_of_a_callback_only_the_identity_counts_and_no_link(item):
    found = read_inbound(item, trusted=False)
    seen = trusted(item)
    assert found.transaction_id == seen.transaction_id
    assert found.delivery == Delivery(DELIVERY, seen.delivery.version)
    rest = set(found.__slots__) - {"transaction_id", "delivery"}
    assert {name: getattr(found, name) or None for name in rest} == dict.fromkeys(rest)


@pytest.mark.parametrize(
    ("block", "delivery"),
    [
        ({"deliveryId": DELIVERY.upper()}, Delivery(DELIVERY, ApiVersion.V4)),
        ({"deliveryId": 77, "id": DELIVERY}, Delivery("77", ApiVersion.V4)),
        ({"deliveryId": "../../x", "id": "77"}, Delivery("77", ApiVersion.V3)),
        ({"id": "x"}, Delivery("x", ApiVersion.V3)),
        ({"id": "x/y"}, None),
        ({}, None),
        ([], None),
        ("x", None),
        ({"id": 77, "approve": {"href": 5}, "fail": "https://x"}, Delivery("77", ApiVersion.V3, "5", None)),
    ],
)
def test_a_delivery_is_named_by_any_id_and_its_block_tells_the_api(block, delivery):
    assert trusted({"id": 1, "delivery": block}).delivery == delivery


@pytest.mark.parametrize(
    ("word", "stream"),
    [("test", Stream.TEST), ("TEST", Stream.TEST), (" Live ", Stream.LIVE), ("prod", None), ("", None), (1, None)],
)
def test_streams_are_read_in_any_case(word, stream):
    assert trusted({"id": 1, "stream": word}).stream is stream


@pytest.mark.parametrize(
    ("message", "number"),
    [
        (x12({"beginningSegmentForInvoice": [{"invoiceNumber": "I-1", "purchaseOrderNumber": "1"}]}), "I-1"),
        ({"invoiceNumber": "I-1", "purchaseOrderNumber": "1"}, "I-1"),
        ({"shipmentId": "S-1", "orders": []}, "S-1"),
        ({"purchaseOrderNumber": 500123}, "500123"),
    ],
)
def test_the_business_number_is_the_document_s_own(message, number):
    assert trusted({"id": 1, "message": message}).business_number == number


@pytest.mark.parametrize(
    ("written", "timestamp"),
    [
        ("2026-09-12T17:52:25.688Z", datetime(2026, 9, 12, 17, 52, 25, 688000, tzinfo=UTC)),
        ("2026-09-12T17:52:25+02:00", datetime(2026, 9, 12, 15, 52, 25, tzinfo=UTC)),
        ("2026-09-12T17:52:25", datetime(2026, 9, 12, 17, 52, 25, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
        ("yesterday", None),
        (1789234345, None),
    ],
)
def test_the_time_of_receipt_is_in_utc_or_none(written, timestamp):
    assert trusted({"id": 1, "createdAt": written}).created_at == timestamp


# ---- read_identity


@pytest.mark.parametrize(
    "item", [an_inbox_item(), a_v3_transaction(), {"id": UUID}, {"transactionId": 5, "delivery": 1}]
)
def test_the_identity_in_bytes_is_the_identity_in_data(item):
    assert read_identity(json.dumps(item).encode()) == read_inbound(item, trusted=False)


def identified(raw):
    found = read_identity(raw)
    return found and found.transaction_id


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b'[{"id": 5}, {"id": 6}]',
        b'[[[{"id": 5}]]]',
        b'{"data": {"data": {"id": 5}}}',
        b'{"data": [{"id": 5}, {"id": 6}]}',
        b"{}",
        b"<html>",
        b'{"id": 5',
        b'{"id": 5} and more',
        b'{"id": 5e3}',
        b'{"id": 5.0}',
        b'{"id": null}',
        b'{"id": {"id": 5}}',
        b"[" * 100_000,
        b'{"id": 5, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id": ' + b"1" * 100_000 + b"}",
        b'{"id": "' + b"\\" * 100_000,
        '{"id": 5}'.encode("utf-16"),
        b"\x00\xff\xfe",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_a_body_that_names_no_transaction_is_none_and_no_error(raw):
    assert read_identity(raw) is None


@pytest.mark.parametrize(
    ("raw", "transaction_id"),
    [
        (b'\xef\xbb\xbf{"id": 5}', "5"),
        (b' \n{"id": 5}\n', "5"),
        (b'{"id": 4, "id": 5}', "5"),
        (b'{"id": "\xff", "transactionId": "5"}', "5"),
        (b'{"id": 5, "note": "\xff"}', "5"),
        (b'{"id": 5, "note": "\\ud83d"}', "5"),
        (b'{"id": 5, "note": 1e999999999}', "5"),
        (b'{"id": [[[[]]]], "transactionId": 5}', "5"),
        (b'{"id": 5, "delivery": {"id": {}, "deliveryId": []}}', "5"),
        (b'{"id": 99999999999999999999}', "9" * 20),
        (b'{"id": 100000000000000000000, "transactionId": "5"}', "5"),
        (b'{"id": "' + UUID.upper().encode() + b'"}', UUID),
    ],
)
def test_damage_elsewhere_does_not_hide_the_identity(raw, transaction_id):
    assert identified(raw) == transaction_id
