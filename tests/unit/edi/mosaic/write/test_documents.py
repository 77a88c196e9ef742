from datetime import date
from decimal import Decimal

from connector.domain.documents import Address, Contact, DocumentDiscount, Kind, Party
from connector.domain.routing.route import LineDate, Notes
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from testkit.samples.business_documents import a_line, a_route, a_text, an_invoice, an_invoice_line, an_order


def message(content, **routing):
    translation = translate(content, a_route(content, **routing), stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    assert translation.dialect is Dialect.MOSAIC
    return translation.request.body["message"]


def test_a_purchase_order_in_full():
    order = an_order(
        a_line(1, discount=Decimal("2.5"), note="Fragile", promised=date(2026, 10, 5)),
        a_text(2, "Call first"),
        a_line(3, is_charge=True, quantity=Decimal(1), unit_price=Decimal(80)),
        description="Autumn",
        supplier_reference="Q-1",
        ship_via="DHL",
        ship_terms="DAP",
        fob_point="Oslo",
    )
    assert message(order, notes=Notes.ALL, line_date=LineDate.REQUESTED) == {
        "purpose": "original",
        "purchaseOrderType": "standalone",
        "purchaseOrderNumber": "500123",
        "purchaseOrderDate": "2026-09-10",
        "parties": {
            "buyer": OUR_PARTY,
            "billTo": OUR_PARTY,
            "shipTo": {
                "name": "Warehouse Oslo",
                "identificationCode": "1",
                "identificationCodeType": "sendersId",
                "addressLine1": "Storgata 1",
                "city": "Oslo",
                "postalCode": "0155",
                "countryCode": "NO",
            },
            "supplier": {
                "name": "Acme Produce",
                "identificationCode": "7080000000018",
                "identificationCodeType": "globalLocationId",
                "addressLine1": "1 Farm Road",
                "city": "New York",
                "stateOrProvinceCode": "NY",
                "postalCode": "10001",
                "countryCode": "US",
            },
        },
        "dates": {"requestedDeliveryDate": "2026-10-01"},
        "termsOfSale": {
            "type": "basic",
            "basisDate": "invoiceDate",
            "netDaysDue": 30,
            "description": "30 days net",
        },
        "carrierDetails": {
            "routing": [{"description": "DHL"}],
            "freeOnBoard": [{"description": "DAP", "locationDescription": "Oslo"}],
        },
        "notes": {"general": {"text": ["Autumn", "Line 2: Call first", "Supplier reference: Q-1"]}},
        "monetaryAmounts": {"net": "202.50", "freight": "80.00"},
        "lineItems": [
            {
                "purchaseOrderLineId": "1",
                "quantity": {"value": "10", "unitOfMeasure": "each"},
                "unitCostPrice": "12.5",
                "productIds": {
                    "buyerItemNumber": "ITEM-1",
                    "vendorItemNumber": "ACME-1",
                    "gtin13": "7012345678900",
                },
                "productAttributes": {"description": "Apple juice 1 l"},
                "dates": {"requestedDeliveryDate": "2026-10-01"},
                "allowances": [{"type": "discount", "amount": "2.50"}],
                "notes": {"general": {"text": ["Fragile", "Promised: 2026-10-05"]}},
            }
        ],
    }


OUR_PARTY = {
    "name": "Nordic Food AS",
    "identificationCode": "7080000000001",
    "identificationCodeType": "globalLocationId",
    "addressLine1": "Storgata 1",
    "city": "Oslo",
    "postalCode": "0155",
    "countryCode": "NO",
    "contacts": [{"type": "primary", "name": "Purchasing", "email": "buy@nordic.example"}],
}


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


def test_warehouses_are_told_only_where_the_lines_differ():
    same = message(an_order(a_line(1), a_line(2), a_line(3, is_charge=True, warehouse=None)))
    assert all("references" not in line for line in same["lineItems"])
    apart = message(an_order(a_line(1), a_line(2, warehouse="2")))
    assert apart["lineItems"][1]["references"] == {"warehouseStorageLocation": {"value": "2"}}


def test_no_address_line_is_lost_and_control_characters_do_not_travel():
    order = an_order(
        ship_to=Party(name="Lager\n1", address=Address(("a", "b", "c", "d", "e")), contact=Contact(phone=" 22\t33 "))
    )
    ship_to = message(order)["parties"]["shipTo"]
    assert ship_to["name"] == "Lager 1"
    assert [ship_to[f"addressLine{number}"] for number in range(1, 5)] == ["a", "b", "c", "d, e"]
    assert ship_to["contacts"] == [{"type": "primary", "phoneNumber": "22 33"}]


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
