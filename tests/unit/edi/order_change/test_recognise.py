"""Which document a message is, by its own fields."""

import pytest

from connector.edi.inbound import read_inbound

CHANGE = {"purpose": "change", "purchaseOrderNumber": "500123", "purchaseOrderChangeDate": "2026-09-12"}


def x12(beginning, document=None, **segments):
    header = {"transactionSetHeader": [{"transactionSetIdentifierCode": document}]} if document else {}
    return {"transactionSets": [{**header, **beginning, **segments}]}


def trusted(data):
    found = read_inbound(data, trusted=True)
    assert found is not None
    return found


def document(message):
    """What an item says it is that names no type."""
    found = trusted({"transactionId": 1, "message": message})
    return found.document, found.order_number


@pytest.mark.parametrize(
    ("fields", "document"),
    [
        ({"ediTransactionType": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"}, "860"),
        ({"ediTransactionType": "ORDCHG_PURCHASE_ORDER_CHANGE"}, "860"),
        ({"ediTransactionType": "ORDRSP_PURCHASE_ORDER_RESPONSE"}, "855"),
        ({"ediTransactionType": "DESADV_DESPATCH_ADVICE"}, "856"),
        ({"ediTransactionType": "INVOIC_INVOICE"}, "810"),
        ({"ediTransactionType": "ORDERS_PURCHASE_ORDER"}, "850"),
        ({"ediTransactionType": "875_GROCERY_PRODUCTS_PURCHASE_ORDER"}, "875"),
        ({"type": {"name": "850_PRUCHASE_ORDER"}}, "850"),
        ({"type": "856_SHIP_NOTICE_MANIFEST"}, "856"),
        ({"type": "860"}, "860"),
        ({"simplifiedTransactionType": "PURCHASE_ORDER"}, "850"),
        ({"simplifiedTransactionType": "PURCHASE_ORDER_ACKNOWLEDGMENT"}, "855"),
        ({"simplifiedTransactionType": "PURCHASE_ORDER_CHANGE"}, "860"),
        ({"simplifiedTransactionType": "SHIP_NOTICE"}, "856"),
        ({"simplifiedTransactionType": "INVOICE"}, "810"),
        ({"ediTransactionType": "SOMETHING", "simplifiedTransactionType": "INVENTORY_ADVICE"}, "846"),
        ({"type": "8600_NOT_A_DOCUMENT"}, None),
        ({"type": {"name": 5}}, None),
        ({"type": []}, None),
    ],
)
def test_a_transaction_type_identifies_the_document(fields, document):
    assert trusted({"id": 1, **fields}).document == document


@pytest.mark.parametrize(
    ("message", "document_number"),
    [
        (CHANGE, ("860", "500123")),
        ({"purchaseOrderNumber": "1", "changeSequenceNumber": None}, ("860", "1")),
        ({"purchaseOrderNumber": "1", "lineItems": [{}, {"changeReason": "addItem"}]}, ("860", "1")),
        ({"purchaseOrderNumber": "1", "purpose": "change"}, ("860", "1")),
        ({"purchaseOrderNumber": "1", "purpose": "cancellation"}, ("860", "1")),
        ({"purchaseOrderNumber": "1", "purpose": "original"}, ("850", "1")),
        ({"purchaseOrderNumber": "1", "status": "accepted"}, ("855", "1")),
        ({"purchaseOrderNumber": "1", "lineItems": [{"actions": []}]}, ("855", "1")),
        ({"invoiceNumber": "I", "purchaseOrderNumber": "1"}, ("810", "1")),
        ({"invoiceNumber": "I"}, ("810", None)),
        ({"shipmentId": "S", "orders": [{}, {"purchaseOrderNumber": "1"}]}, ("856", "1")),
        ({"purpose": "change"}, (None, None)),
    ],
)
def test_a_mosaic_message_is_known_by_its_fields(message, document_number):
    assert document(message) == document_number


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("beginningSegmentForPurchaseOrder", "850"),
        ("beginningSegmentForPurchaseOrderAcknowledgment", "855"),
        ("beginningSegmentForPurchaseOrderChange", "860"),
        ("beginningSegmentForPurchaseOrderChangeAcknowledgment", "865"),
        ("beginningSegmentForInvoice", "810"),
    ],
)
def test_an_x12_shaped_message_is_known_by_its_beginning_segment(key, number):
    assert document(x12({key: [{"purchaseOrderNumber": "500123"}]})) == (number, "500123")


def test_an_x12_shaped_message_is_known_by_its_set_header_first():
    assert document(x12({"beginningSegmentForInvoice": [{}]}, "880")) == ("880", None)
    assert document(x12({}, "997")) == ("997", None)
    assert document(x12({})) == (None, None)


def test_a_ship_notice_names_its_order_on_the_level_of_orders():
    def level(code, number=None, **inner):
        reference = {"purchaseOrderReference": [{"purchaseOrderNumber": number}]} if number else {}
        return {"hierarchicalLevel": [{"hierarchicalLevelCode": code}], **reference, **inner}

    beginning = {"beginningSegmentForShipNotice": [{"shipmentIdentification": "S-1"}]}
    flat = x12(beginning, HL_loop=[level("S"), level("I", "7"), level("O", "500123"), level("O", "500124")])
    assert document(flat) == ("856", "500123")
    nested = x12(beginning, HL_loop=[level("S", HL_loop=[level("O", "500123")])])
    assert document(nested) == ("856", "500123")
    assert document(x12(beginning, HL_loop=[level("S"), "x"])) == ("856", None)
    assert trusted({"id": 1, "message": flat}).business_number == "S-1"
