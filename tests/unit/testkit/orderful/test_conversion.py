"""A Mosaic document as the sandbox Orderful keeps it: OrderfulJSON, which v3 shows."""

from __future__ import annotations

from typing import Any

import pytest

from testkit.orderful.conversion import UNITS, plain, transaction_sets
from testkit.orderful.mosaic import WORDS
from testkit.orderful.x12 import problems

ORDER: dict[str, Any] = {
    "purpose": "original",
    "purchaseOrderType": "standalone",
    "purchaseOrderNumber": "500123",
    "purchaseOrderDate": "2026-09-15",
    "parties": {
        "buyer": {"name": "Nordic Food AS", "identificationCode": "42", "identificationCodeType": "sendersId"},
        "supplier": {"name": "Acme", "identificationCode": "7", "identificationCodeType": "receiversId"},
        "shipTo": {
            "identificationCode": "7080001234560",
            "identificationCodeType": "globalLocationId",
            "additionalName1": "Lager",
            "addressLine1": "Vei 1",
            "addressLine2": "Port 2",
            "addressLine3": "Rampe 3",
            "city": "Oslo",
            "countryCode": "NO",
            "contacts": [{"type": "receiving", "name": "Mottak", "phoneNumber": "1", "email": "a@b.no"}],
        },
    },
    "references": {"departmentNumber": {"value": "D1"}, "arrivalCode": {"value": "A1"}},
    "dates": {"requestedDeliveryDate": "2026-09-20", "customerOrderDate": "2026-09-01"},
    "termsOfSale": {"type": "basic", "basisDate": "invoiceDate", "netDaysDue": 30, "discountAmount": "12.50"},
    "notes": {"general": {"text": ["first", "second"]}},
    "monetaryAmounts": {"gross": "125.00"},
    "lineItems": [
        {
            "purchaseOrderLineId": "1",
            "quantity": {"value": "10.00", "unitOfMeasure": "each"},
            "unitCostPrice": "12.50",
            "unitPriceBasis": "perEach",
            "productIds": {
                "buyerItemNumber": "1298",
                "gtin13": 7080001234567,
                "vendorItemIds": [{"type": "MG", "value": "M-1"}],
            },
            "productAttributes": {"description": "Apples"},
            "dates": {"requestedShipDate": "2026-09-18"},
        }
    ],
}
INVOICE: dict[str, Any] = {
    "invoiceNumber": "100234",
    "invoiceDate": "2026-03-01",
    "invoiceType": "creditMemo",
    "purchaseOrderNumber": "PO-4711",
    "purchaseOrderDate": "2026-02-15",
    "originalInvoiceNumber": "100200",
    "parties": {"buyer": {"name": "Shop", "identificationCode": "9", "identificationCodeType": "receiversId"}},
    "lineItems": [
        {
            "purchaseOrderLineId": "1",
            "quantityInvoiced": {"value": "2.5", "unitOfMeasure": "case"},
            "unitPrice": "40.00",
            "productIds": {"vendorItemNumber": "MY-SKU-1"},
            "taxes": [{"amount": "25.00", "percent": "25", "taxIdNumber": "NO999999999MVA"}],
            "shipDate": "2026-02-27",
        }
    ],
    "charges": [{"type": "freight", "amount": "1.005", "description": "Freight"}],
    "taxes": {"goodsAndServicesTax": {"amount": "1.00"}},
    "invoiceTotal": "125.00",
    "invoiceSalesTotal": "100",
    "invoiceTermsDiscount": "-1.5",
}


def test_an_order_keeps_its_beginning_parties_terms_and_lines() -> None:
    [found] = transaction_sets("850_PURCHASE_ORDER", ORDER)
    assert found["beginningSegmentForPurchaseOrder"] == [
        {
            "transactionSetPurposeCode": "00",
            "purchaseOrderTypeCode": "SA",
            "purchaseOrderNumber": "500123",
            "date": "20260915",
        }
    ]
    ids = [one["partyIdentification"][0] for one in found["N1_loop"]]
    assert [(one["entityIdentifierCode"], one["identificationCodeQualifier"]) for one in ids] == [
        ("BY", "92"),
        ("ST", "UL"),
        ("SU", "91"),
    ]
    assert found["N1_loop"][1]["partyLocation"] == [
        {"addressInformation": "Vei 1", "addressInformation1": "Port 2"},
        {"addressInformation": "Rampe 3"},
    ]
    assert found["N1_loop"][1]["administrativeCommunicationsContact"][0]["communicationNumberQualifier1"] == "EM"
    assert found["referenceInformation"] == [
        {"referenceIdentificationQualifier": "DP", "referenceIdentification": "D1"},
        {"referenceIdentificationQualifier": "ZZ", "referenceIdentification": "A1", "description": "arrivalCode"},
    ]
    assert [one["dateTimeQualifier"] for one in found["dateTimeReference"]] == ["002", "ZZZ"]
    assert found["termsOfSaleDeferredTermsOfSale"][0] == {
        "termsTypeCode": "01",
        "termsBasisDateCode": "3",
        "termsNetDays": "30",
        "termsDiscountAmount": "1250",
    }
    assert [one["textualData"] for one in found["N9_loop"][0]["messageText"]] == ["first", "second"]
    [line] = found["PO1_loop"]
    assert line["baselineItemData"] == [
        {
            "assignedIdentification": "1",
            "quantity": "10.00",
            "unitOrBasisForMeasurementCode": "EA",
            "unitPrice": "12.50",
            "basisOfUnitPriceCode": "PE",
            "productServiceIDQualifier": "BP",
            "productServiceID": "1298",
            "productServiceIDQualifier1": "EN",
            "productServiceID1": "7080001234567",
            "productServiceIDQualifier2": "MG",
            "productServiceID2": "M-1",
        }
    ]
    assert line["PID_loop"][0]["productItemDescription"][0]["description"] == "Apples"
    assert line["dateTimeReference"] == [{"dateTimeQualifier": "010", "date": "20260918"}]


def test_the_total_of_an_order_stands_behind_the_number_of_its_lines() -> None:
    [found] = transaction_sets("850_PURCHASE_ORDER", ORDER)
    assert found["CTT_loop"] == [
        {
            "transactionTotals": [{"numberOfLineItems": "1"}],
            "monetaryAmountInformation": [{"amountQualifierCode": "TT", "monetaryAmount": "125.00"}],
        }
    ]


def test_an_invoice_has_two_implied_decimals_in_totals_and_charges_and_none_in_taxes() -> None:
    [found] = transaction_sets("810_INVOICE", INVOICE)
    assert found["beginningSegmentForInvoice"] == [
        {
            "date": "20260301",
            "invoiceNumber": "100234",
            "date1": "20260215",
            "purchaseOrderNumber": "PO-4711",
            "transactionTypeCode": "CR",
        }
    ]
    assert found["totalMonetaryValueSummary"] == [{"amount": "12500", "amount1": "10000", "amount3": "-150"}]
    assert found["SAC_loop"][0]["servicePromotionAllowanceOrChargeInformation"][0]["amount"] == "101"
    assert found["taxInformation"] == [{"taxTypeCode": "GS", "monetaryAmount": "1.00"}]
    assert found["N1_loop"][0]["partyIdentification"][0]["identificationCodeQualifier"] == "92"
    assert found["referenceInformation"][0]["referenceIdentificationQualifier"] == "OI"
    [line] = found["IT1_loop"]
    assert line["baselineItemDataInvoice"][0] == {
        "assignedIdentification": "1",
        "quantityInvoiced": "2.5",
        "unitOrBasisForMeasurementCode": "CA",
        "unitPrice": "40.00",
        "productServiceIDQualifier": "VP",
        "productServiceID": "MY-SKU-1",
    }
    assert line["taxInformation"][0]["taxIdentificationNumber"] == "NO999999999MVA"
    assert line["dateTimeReference"] == [{"dateTimeQualifier": "011", "date": "20260227"}]


@pytest.mark.parametrize(
    ("kind", "message"), [("850_PURCHASE_ORDER", ORDER), ("810_INVOICE", INVOICE)], ids=["850", "810"]
)
def test_what_is_converted_is_orderfuljson_and_its_trailer_counts_the_segments(
    kind: str, message: dict[str, Any]
) -> None:
    found = transaction_sets(kind, message, currency="NOK")
    assert problems(kind, found) == []
    assert found[0]["currency"][0]["currencyCode"] == "NOK"
    assert found[0]["transactionSetTrailer"][0]["numberOfIncludedSegments"] == {"850": "25", "810": "13"}[kind[:3]]


def test_every_unit_of_mosaic_but_two_has_a_code_of_its_own() -> None:
    assert WORDS["unit"] - UNITS.keys() == {"order", "flakeTon"}
    assert len(set(UNITS.values())) == len(UNITS)
    strange = {**ORDER, "lineItems": [{"quantity": {"value": "1", "unitOfMeasure": "order"}}]}
    [line] = transaction_sets("850_PURCHASE_ORDER", strange)[0]["PO1_loop"]
    assert line["baselineItemData"][0]["unitOrBasisForMeasurementCode"] == "ZZ"


def test_numbers_can_lose_the_zeros_that_say_nothing() -> None:
    [line] = transaction_sets("850_PURCHASE_ORDER", ORDER, trim_numbers=True)[0]["PO1_loop"]
    assert (line["baselineItemData"][0]["quantity"], line["baselineItemData"][0]["unitPrice"]) == ("10", "12.5")
    assert [plain(text) for text in ("100", "0.0", "1E+2", "-2.50", "many", "NaN")] == [
        "100",
        "0",
        "100",
        "-2.5",
        "many",
        "NaN",
    ]


@pytest.mark.parametrize("message", [None, [], {}, {"lineItems": "none", "invoiceTotal": "much", "parties": [1]}])
@pytest.mark.parametrize("kind", ["850_PURCHASE_ORDER", "810_INVOICE", "860_PURCHASE_ORDER_CHANGE", "856_SHIP_NOTICE"])
def test_a_document_that_is_wrong_is_converted_as_far_as_it_goes(kind: str, message: Any) -> None:
    [found] = transaction_sets(kind, message)
    assert found["transactionSetHeader"][0]["transactionSetIdentifierCode"] == kind[:3]
