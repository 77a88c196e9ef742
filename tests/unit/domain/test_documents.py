"""The identity of a document, as people write it and as it is stored."""

from __future__ import annotations

import pytest

from connector.domain.documents import MAX_TYPE_LENGTH, DocumentKey, Kind, number_in_key

ORDER = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("nordic/purchase_order/500123", ORDER),
        ("nordic#purchase_order#500123", ORDER),
        (
            "nordic#customer_invoice#CreditNote:900145",
            DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "CreditNote:900145"),
        ),
        ("nordic/purchase_order/A/1", DocumentKey("nordic", Kind.PURCHASE_ORDER, "A/1")),
        ("nordic/purchase_order/A#1", DocumentKey("nordic", Kind.PURCHASE_ORDER, "A#1")),
        ("nordic#purchase_order#A/1", DocumentKey("nordic", Kind.PURCHASE_ORDER, "A/1")),
    ],
)
def test_a_key_is_read_as_it_is_written(text, key):
    assert DocumentKey.parse(text) == key
    assert text in {str(key), key.stored}


@pytest.mark.parametrize("text", ["", "nordic", "nordic/purchase_order", "nordic//1", "nordic/order/1", "a#b"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        DocumentKey.parse(text)


@pytest.mark.parametrize(
    ("kind", "document_type", "number"),
    [
        (Kind.PURCHASE_ORDER, "DropShip", "1"),
        (Kind.CUSTOMER_INVOICE, "Invoice", "1"),
        (Kind.CUSTOMER_INVOICE, None, "1"),
        (Kind.CUSTOMER_INVOICE, "CreditNote", "CreditNote:1"),
        (Kind.SUPPLIER_INVOICE, "DebitAdj", "DebitAdj:1"),
    ],
)
def test_an_invoice_that_is_no_plain_one_carries_its_type_in_its_key(kind, document_type, number):
    assert number_in_key(kind, document_type, "1") == number


def test_orders_of_two_types_with_one_number_have_two_keys():
    other = ORDER.of_type("DropShip")
    assert other.number == "DropShip:500123"
    assert other.of_type("Blanket").number == "Blanket:500123"
    assert len(ORDER.of_type("x" * 100).number) == MAX_TYPE_LENGTH + len(":500123")
