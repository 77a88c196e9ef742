"""Mosaic's invoice, field by field."""

from decimal import Decimal

from connector.domain.documents import DocumentDiscount, Kind
from connector.domain.routing.route import Notes
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from testkit.samples.business_documents import a_route, an_invoice, an_invoice_line


def message(content, **routing):
    translation = translate(content, a_route(content, **routing), stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    assert translation.dialect is Dialect.MOSAIC
    return translation.request.body["message"]


def test_header_texts_of_an_invoice_stand_with_its_first_line():
    invoice = an_invoice(an_invoice_line(1, note="Late"), an_invoice_line(2, sales_order="SO-1"), note="Thank you")
    first, second = message(invoice, notes=Notes.ALL)["lineItems"]
    assert first["notes"] == {"general": {"text": ["Thank you", "Late"]}}
    assert second["notes"] == {"general": {"text": ["Our order: SO-1"]}}


def test_discounts_freight_and_rounding_of_an_invoice_make_its_total():
    invoice = an_invoice(
        an_invoice_line(1),
        an_invoice_line(2, is_charge=True, quantity=Decimal(1), unit_price=Decimal(80), description="Freight"),
        discounts=(DocumentDiscount(Decimal(5), "Bonus"),),
        rounding=Decimal("0.40"),
        total=Decimal("200.40"),
    )
    document = message(invoice)
    assert document["allowances"] == [{"type": "discount", "amount": "5.00", "description": "Bonus"}]
    assert document["charges"] == [
        {"type": "freight", "amount": "80.00", "description": "Freight"},
        {"type": "rounding", "amount": "0.40", "description": "Rounding"},
    ]
    assert document["invoiceTotal"] == "200.40"


def test_an_order_reference_that_only_repeats_the_order_number_is_not_sent_twice():
    assert "references" not in message(an_invoice())
    other = message(an_invoice(counterparty_reference="REF-9"))
    assert other["references"] == {"customerOrderNumber": {"value": "REF-9"}}


def test_vat_numbers_left_out_of_an_invoice_without_vat_are_told():
    invoice = an_invoice()
    translation = translate(invoice, a_route(invoice), stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    assert any("VAT number" in note for note in translation.notes)


def test_a_supplier_invoice_names_the_order_of_its_lines():
    invoice = an_invoice(
        an_invoice_line(4, order_number="500123", order_line=7), kind=Kind.SUPPLIER_INVOICE, order_number="500123"
    )
    (line,) = message(invoice)["lineItems"]
    assert line["purchaseOrderLineId"] == "7"
    assert line["notes"]["general"]["text"] == ["Purchase order: 500123"]
