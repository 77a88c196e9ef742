"""Mosaic's purchase order, field by field."""

from datetime import date
from decimal import Decimal

from connector.domain.documents import Address, Contact, DocumentDiscount, Party
from connector.domain.routing.route import LineDate, Notes
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from testkit.samples.business_documents import a_line, a_route, a_text, an_order


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


def test_the_texts_of_charges_have_the_signs_of_the_sums():
    order = an_order(
        a_line(1),
        a_line(2, is_charge=True, quantity=Decimal(1), unit_price=Decimal(-50), description="Freight credit"),
        discounts=(DocumentDiscount(Decimal(10), "Autumn"),),
    )
    written = message(order)
    assert written["monetaryAmounts"] == {"net": "65.00", "discount": "10.00", "freight": "-50.00"}
    assert written["notes"]["general"]["text"] == ["Freight -50.00: Freight credit", "Discount 10.00: Autumn"]
