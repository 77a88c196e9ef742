from decimal import Decimal

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Parked
from connector.domain.invoice_types import is_invoice_type
from connector.edi.visma.fields import rows
from connector.edi.visma.read import NotADocument, decode, read_document, read_typed
from testkit.samples.visma_samples import (
    MISSING,
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    an_order_line,
    as_json,
)


def test_decimals_are_read_as_visma_wrote_them():
    line = b'{"unitCost": 0.1, "orderQty": 800.0, "amount": 12345678901.123456789, "lineNbr": 1}'
    for raw in (b'{"lines": [%s]}' % line, b'{"lines": {"value": [%s]}}' % line):
        [read] = rows(decode(raw), "lines")
        assert read == {
            "unitCost": Decimal("0.1"),
            "orderQty": Decimal("800.0"),
            "amount": Decimal("12345678901.123456789"),
            "lineNbr": 1,
        }
        assert not any(isinstance(value, float) for value in read.values())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<html><body>502 Bad Gateway</body></html>", "gateway"),
        (as_json(a_purchase_order())[:-200], "part of it"),
        (b'{"orderNbr": }', "not JSON"),
        (b'{"orderNbr": "5"} trailing', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'[{"orderNbr": "1"}, {"orderNbr": "2"}]', "list of 2"),
        (b'"orderNbr"', "not an object"),
        (b"null", "not an object"),
        (b'{"orderTotal": 1e9999999999999999999}', "beyond every size"),
    ],
)
def test_what_is_no_document_is_refused_with_a_sentence(raw, says):
    with pytest.raises(NotADocument, match=says):
        decode(raw)


@pytest.mark.parametrize(
    ("data", "key", "document_type"),
    [
        (a_purchase_order(), "nordic/purchase_order/500123", "RegularOrder"),
        (a_supplier_invoice(), "nordic/supplier_invoice/900145", "Invoice"),
        (a_customer_invoice(), "nordic/customer_invoice/100231", "Invoice"),
        (a_credit_note(), "nordic/customer_invoice/CreditNote:100240", "CreditNote"),
        (a_customer_invoice(documentType="DebitNote"), "nordic/customer_invoice/DebitNote:100231", "DebitNote"),
        (a_supplier_invoice(documentType="DebitAdj"), "nordic/supplier_invoice/DebitAdj:900145", "DebitAdj"),
        (a_customer_invoice(documentType=None), "nordic/customer_invoice/100231", None),
    ],
)
def test_the_kind_is_recognised_by_its_fields(data, key, document_type):
    document = read_document(data, company="nordic")
    assert document.key == DocumentKey.parse(key)
    assert document.document_type == document_type
    assert document.content.kind is document.key.kind
    assert document.content.number == document.key.number.split(":")[-1]
    assert document.status == "Open"
    assert document.on_hold is False
    assert read_document(data, company="nordic", kind=document.key.kind) == document


def test_status_and_hold_are_kept_even_when_the_status_is_unknown():
    document = read_document(a_purchase_order(status="PendingApproval", hold=True), company="nordic")
    assert (document.status, document.on_hold) == ("PendingApproval", True)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"receiptNbr": "300077", "supplier": {"number": "50012"}},
        {"referenceNumber": "1"},
        a_purchase_order(orderNbr=None),
        a_customer_invoice(referenceNumber=""),
        {"message": "Not found"},
    ],
)
def test_an_object_that_is_no_order_and_no_invoice_is_refused(data):
    with pytest.raises(NotADocument):
        read_document(data, company="nordic")


def test_a_list_is_no_document():
    with pytest.raises(NotADocument, match="not an object"):
        read_document([a_purchase_order()], company="nordic")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (a_purchase_order(), Kind.CUSTOMER_INVOICE),
        (a_supplier_invoice(), Kind.CUSTOMER_INVOICE),
        (a_customer_invoice(), Kind.PURCHASE_ORDER),
        (a_purchase_order(orderNbr=MISSING), Kind.PURCHASE_ORDER),
    ],
)
def test_a_document_that_contradicts_the_kind_it_is_given_for_is_refused(data, kind):
    with pytest.raises(NotADocument):
        read_document(data, company="nordic", kind=kind)


def test_a_field_that_is_there_but_null_still_tells_the_kind():
    with pytest.raises(Parked) as parked:
        read_document(a_supplier_invoice(supplier=None), company="nordic")
    assert parked.value.field == "supplier.number"
    document = read_document(a_supplier_invoice(customer=None), company="nordic")
    assert document.key.kind is Kind.SUPPLIER_INVOICE


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (a_purchase_order(date=None), "date"),
        (a_purchase_order(supplier={"number": ""}), "supplier.number"),
        (a_supplier_invoice(date=MISSING), "date"),
        (a_customer_invoice(documentDate=""), "documentDate"),
        (a_customer_invoice(customer={}), "customer.number"),
    ],
)
def test_a_document_that_lacks_something_indispensable_is_parked_with_field_and_next_step(data, field):
    with pytest.raises(Parked) as parked:
        read_document(data, company="nordic")
    assert parked.value.field == field
    assert parked.value.next_step
    assert parked.value.document.startswith("nordic/")


@pytest.mark.parametrize("word", ["Payment", "Prepayment", "Refund", "Check", "VoidPayment", "SmallCreditWo"])
def test_payments_and_write_offs_are_no_invoices_and_can_still_be_read(word):
    assert is_invoice_type(word) is False
    document = read_document(a_customer_invoice(documentType=word), company="nordic")
    assert document.document_type == word
    assert document.key.number == f"{word}:100231"


@pytest.mark.parametrize("half", [rb"\ud83d", b"\xf0\x9f"])
def test_half_a_character_in_a_text_is_no_reason_to_refuse_the_document(half):
    raw = as_json(a_purchase_order(note="HALF")).replace(b"HALF", b"fish " + half)
    assert read_document(decode(raw), company="nordic").content.note == "fish \ufffd"


SAMPLES = [
    (Kind.PURCHASE_ORDER, a_purchase_order),
    (Kind.SUPPLIER_INVOICE, a_supplier_invoice),
    (Kind.CUSTOMER_INVOICE, a_customer_invoice),
    (Kind.CUSTOMER_INVOICE, a_credit_note),
]


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_a_document_as_visma_documents_it_is_decoded_into_its_shape(kind, sample):
    raw = as_json(sample())
    assert read_typed(raw, company="nordic", kind=kind) == read_document(decode(raw), company="nordic", kind=kind)


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
@pytest.mark.parametrize(
    "changes",
    [
        {"hold": "true"},
        {"status": {"value": "Open"}},
        {"note": {"value": None}},
        {"orderNbr": {"value": "500123"}, "referenceNumber": {"value": "500123"}},
        {"date": "soon", "documentDate": "soon"},
        {"shippingAddress": "none", "invoiceAddress": "none"},
        {"lineTotal": Decimal("1E+12"), "detailTotal": Decimal("1E+12")},
        {"taxTotal": "NaN", "vatTotal": "NaN"},
        {"supplier": {"value": {"number": "1"}}, "customer": {"value": {"number": "1"}}},
    ],
)
def test_a_document_that_is_not_quite_so_is_left_to_the_tolerant_way(kind, sample, changes):
    raw = as_json(sample(**changes))
    assert read_typed(raw, company="nordic", kind=kind) is None


def test_a_document_of_another_kind_is_not_decoded_as_this_one():
    orders, invoices = as_json(a_purchase_order()), as_json(a_supplier_invoice())
    assert read_typed(orders, company="nordic", kind=Kind.SUPPLIER_INVOICE) is None
    assert read_typed(invoices, company="nordic", kind=Kind.CUSTOMER_INVOICE) is None
    assert read_typed(invoices, company="nordic", kind=Kind.PURCHASE_ORDER) is None
    assert read_typed(orders, company="nordic", kind=Kind.SALES_ORDER_CONFIRMATION) is None


@pytest.mark.parametrize("changes", [{"unitCost": Decimal("1E+12")}, {"orderQty": "sNaN"}, {"amount": "Infinity"}])
def test_a_line_with_a_number_of_an_implausible_size_is_left_to_the_tolerant_way(changes):
    order = a_purchase_order()
    raw = as_json(order | {"lines": [an_order_line() | changes]})
    assert read_typed(raw, company="nordic", kind=Kind.PURCHASE_ORDER) is None


def test_an_invoice_in_the_currency_of_the_company_alone_is_left_to_the_tolerant_way():
    invoice = a_customer_invoice()
    plain = {name: value for name, value in invoice.items() if not name.endswith("InCurrency")}
    plain["invoiceLines"] = [
        {name: value for name, value in line.items() if not name.endswith("InCurrency")}
        for line in invoice["invoiceLines"]
    ]
    raw = as_json(plain)
    assert read_typed(raw, company="nordic", kind=Kind.CUSTOMER_INVOICE) is None
    document = read_document(decode(raw), company="nordic", kind=Kind.CUSTOMER_INVOICE)
    assert document.content.lines[1].unit_price == Decimal("89.9")


def test_a_number_beyond_every_size_that_nobody_reads_keeps_no_document_back():
    raw = as_json(a_purchase_order()).replace(b"{", b'{"vatTotal":1e9999999999999999999,', 1)
    assert read_typed(raw, company="nordic", kind=Kind.PURCHASE_ORDER) is not None
    with pytest.raises(NotADocument):
        decode(raw)
