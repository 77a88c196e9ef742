from datetime import date
from decimal import Decimal

import pytest

from connector.domain.documents import Address, Party
from connector.domain.order_change.request import Ask, ChangePurpose, Field, PartyRequest, ProductRefs, Topic
from connector.domain.parties import Role
from connector.edi.order_change.read import NotAChange, read_change


def an_item(**changes):
    item = {
        "purchaseOrderLineId": "1",
        "changeReason": "quantityChange",
        "originalQuantity": {"value": "100", "unitOfMeasure": "each"},
        "changeInQuantity": {"value": "50", "unitOfMeasure": "each"},
        "quantity": {"value": "150", "unitOfMeasure": "each"},
        "productIds": {"vendorItemNumber": "ACME-1"},
    }
    return {name: value for name, value in (item | changes).items() if value is not None}


def a_message(*items, **changes):
    message = {
        "purpose": "change",
        "purchaseOrderNumber": "500123",
        "purchaseOrderDate": "2026-09-10",
        "purchaseOrderChangeDate": "2026-09-12",
        "changeSequenceNumber": "001",
        "lineItems": list(items),
    }
    return {name: value for name, value in (message | changes).items() if value is not None}


def line(codes=None, **changes):
    (read,) = read_change(a_message(an_item(**changes)), codes=codes or {}).lines
    return read


def test_a_change_of_quantity_in_full():
    read = line(
        unitCostPrice="12.50",
        unitPriceBasis="perEach",
        productIds={
            "buyerItemNumber": "1298",
            "vendorItemNumber": "ACME-1",
            "gtin13": "7012345678900",
            "buyerItemIds": [{"type": "sku", "value": "B-2"}, {"type": "sku", "value": "1298"}],
            "vendorItemIds": [{"type": "model", "value": "V-2"}],
        },
        productAttributes={"description": " Apple juice\n1 l "},
        dates={"requestedDeliveryDate": "2026-10-05"},
    )
    assert (read.source, read.line_id, read.code) == ("lineItems[0]", "1", "quantityChange")
    assert (read.ask, read.touches) == (Ask.CHANGE, {Field.QUANTITY})
    assert (read.original_quantity, read.delta, read.quantity) == (Decimal(100), Decimal(50), Decimal(150))
    assert read.explicit_total is True
    assert read.second_quantity is None
    assert (read.unit, read.unit_code) == ("each", "each")
    assert read.price == Decimal("12.50")
    assert (read.requested, read.promised) == (date(2026, 10, 5), None)
    assert read.products == ProductRefs(buyer=("1298", "B-2"), vendor=("ACME-1", "V-2"), gtins=("7012345678900",))
    assert read.descriptions == ("Apple juice 1 l",)
    assert read.questions == ()


def test_the_header_in_full():
    request = read_change(
        a_message(
            an_item(),
            buyersCurrency={"currencyCode": "NOK"},
            dates={"requestedDeliveryDate": "2026-10-01T00:00:00Z", "purchaseOrderDate": "2026-09-10"},
            parties={
                "buyer": {"name": "Nordic Food"},
                "shipTo": {
                    "name": "Warehouse Oslo",
                    "identificationCode": "7080000000018",
                    "identificationCodeType": "globalLocationId",
                    "addressLine1": "Storgata 1",
                    "addressLine2": "",
                    "city": "Oslo",
                    "postalCode": 155,
                    "countryCode": "no",
                },
            },
        )
    )
    assert request.purpose is ChangePurpose.CHANGE
    assert request.order_number == "500123"
    assert request.sequence == 1
    assert (request.ordered_on, request.changed_on) == (date(2026, 9, 10), date(2026, 9, 12))
    assert request.currency == "NOK"
    assert request.requested_on == date(2026, 10, 1)
    buyer, ship_to = request.parties
    assert buyer == PartyRequest(Role.BUYER, "buyer", Party(name="Nordic Food"))
    assert (ship_to.role, ship_to.title, ship_to.scheme) == (Role.SHIP_TO, "ship-to", None)
    assert ship_to.party == Party(
        name="Warehouse Oslo",
        gln="7080000000018",
        address=Address(lines=("Storgata 1",), postal_code="155", city="Oslo", country="NO"),
    )
    assert request.questions == ()
    assert request.remarks == ()


def test_a_place_of_delivery_may_be_a_number_of_ours_and_nothing_else():
    ours = {"shipTo": {"identificationCode": 1, "identificationCodeType": "receiversId"}}
    place = PartyRequest(Role.SHIP_TO, "ship-to", Party(number="1"))
    assert read_change(a_message(an_item(), parties=ours)).parties == (place,)
    assert read_change(a_message(an_item(), parties={"shipTo": {}})).parties == ()


@pytest.mark.parametrize(
    ("word", "purpose"),
    [
        ("change", ChangePurpose.CHANGE),
        ("replace", ChangePurpose.REPLACE),
        ("cancellation", ChangePurpose.CANCELLATION),
        ("confirmation", ChangePurpose.CONFIRMATION),
        ("original", ChangePurpose.CHANGE),
    ],
)
def test_purposes_are_read_without_a_question(word, purpose):
    request = read_change(a_message(an_item(), purpose=word))
    assert request.purpose is purpose
    assert request.questions == ()


@pytest.mark.parametrize(("word", "quoted"), [("completion", "'completion'"), (None, "purpose"), (7, "'7'")])
def test_a_purpose_that_is_none_is_a_change_and_a_question(word, quoted):
    request = read_change(a_message(an_item(), purpose=word))
    assert request.purpose is ChangePurpose.CHANGE
    assert quoted in request.doubts[0]


def test_a_cancellation_needs_neither_lines_nor_the_fields_of_a_change():
    request = read_change({"purpose": "cancellation", "purchaseOrderNumber": "500123"})
    assert request.purpose is ChangePurpose.CANCELLATION
    assert (request.lines, request.questions) == ((), ())


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({"purpose": "original"}, "no lines: nobody can tell"),
        ({"purpose": "change"}, "It changes no line, no date, no place and no terms."),
    ],
)
def test_a_message_that_asks_for_nothing_is_asked_about(changes, asks):
    (question,) = read_change(a_message(**changes)).questions
    assert asks in question


def test_a_header_date_alone_is_a_change():
    request = read_change(a_message(dates={"requestedDeliveryDate": "2026-10-01"}))
    assert request.requested_on == date(2026, 10, 1)
    assert request.questions == ()


def test_dates_that_an_order_has_no_place_for_are_asked_about_by_name():
    request = read_change(
        a_message(
            an_item(dates={"requestedShipDate": "2026-10-01", "customerOrderDate": "2026-09-01"}),
            dates={"cancelAfterDate": "2026-10-09"},
        )
    )
    assert request.questions == ("It says 'cancel after 2026-10-09', which a Visma order cannot hold.",)
    assert request.lines[0].questions == ("it says 'ship on 2026-10-01', which a Visma order line cannot hold.",)


@pytest.mark.parametrize("reason", ["changeToItem", "quantityChange"])
def test_a_quantity_of_zero_may_be_a_deletion(reason):
    read = line(changeReason=reason, quantity={"value": "0"}, changeInQuantity=None)
    assert read.quantity == 0
    assert read.explicit_total, "the decision asks what it means for the line"


def test_a_deleted_line_has_a_quantity_of_zero_and_asks_nothing():
    read = line(
        changeReason="deleteItem",
        quantity={"value": "0", "unitOfMeasure": "each"},
        dates={"requestedShipDate": "2026-10-01"},
        charges=[{"amount": "5"}],
    )
    assert (read.ask, read.quantity, read.questions) == (Ask.DELETE, Decimal(0), ())


def test_a_difference_without_a_total_is_not_added_up():
    read = line(quantity=None)
    assert (read.quantity, read.explicit_total, read.delta) == (None, False, Decimal(50))
    assert "no new total" in read.unreadable[0]


@pytest.mark.parametrize(
    ("reason", "missing"),
    [
        ("quantityChange", "quantityChange (quantity change) asks for a new quantity"),
        ("priceChange", "priceChange (price change) asks for a new price"),
    ],
)
def test_a_change_without_its_value_is_asked_about(reason, missing):
    read = line(changeReason=reason, quantity=None, changeInQuantity=None)
    assert len(read.questions) == 1
    assert missing in read.questions[0]


def test_a_difference_may_be_written_with_a_sign():
    read = line(changeInQuantity={"value": "-50"}, quantity={"value": "50"})
    assert (read.delta, read.questions) == (Decimal(-50), ())


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ("150", Decimal(150)),
        (150, Decimal(150)),
        (Decimal("150.250"), Decimal("150.250")),
        (" 1.5E+2 ", Decimal("1.5E+2")),
        ("15e1", Decimal("1.5E+2")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("007", Decimal(7)),
        ("150,25", Decimal("150.25")),
        ("0,250", Decimal("0.250")),
        ("1500,250", Decimal("1500.250")),
        ("0." + "1" * 20, Decimal("0." + "1" * 20)),
    ],
)
def test_numbers_are_read_exactly_as_they_are_written(value, read_as):
    read = line(quantity={"value": value}, changeInQuantity=None)
    assert str(read.quantity) == str(read_as)
    assert read.questions == ()


@pytest.mark.parametrize(
    "value",
    [
        *[
            "many",
            "+5",
            "1,000",
            "1,000,5",
            "1,5.0",
            ",5",
            "1 000",
            "1_000",
            "NaN",
            "Infinity",
            "\u0661",
            "--1",
            "1e",
            True,
            [],
            {"value": 1},
        ],
        *["1e12", "1e999999", "1e9999999", "1e-21", "9" * 29, "9" * 5000, Decimal("NaN"), "-5", Decimal("-0.1")],
        pytest.param(10**5000, id="more digits than Python writes"),
    ],
)
def test_a_quantity_that_is_none_is_left_out_and_asked_about(value):
    read = line(quantity={"value": value}, changeInQuantity=None)
    assert read.quantity is None
    assert len(read.unreadable) == 1
    assert read.unreadable[0].startswith("its quantity ")
    assert len(read.unreadable[0]) < 120
    restated = line(changeReason="priceChange", quantity={"value": value}, changeInQuantity=None)
    assert (restated.doubts, restated.unreadable) == (read.unreadable, ()), "it was to be compared only"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_blank_quantity_is_none_at_all(value):
    read = line(changeReason="changeToItem", quantity={"value": value}, changeInQuantity=None)
    assert (read.quantity, read.explicit_total, read.questions) == (None, False, ())


def test_a_binary_float_is_refused_because_it_has_lost_its_cents_already():
    with pytest.raises(TypeError, match="binary float"):
        line(quantity={"value": 0.1})


def test_a_quantity_may_be_a_bare_value():
    read = line(quantity="150", originalQuantity=None, changeInQuantity=None)
    assert (read.quantity, read.unit_code) == (Decimal(150), None)


def test_the_unit_is_ours_where_it_is_known():
    assert (
        line(
            quantity={"value": "1", "unitOfMeasure": "palletUnitLoad"}, originalQuantity=None, changeInQuantity=None
        ).unit
        == "pallet"
    )
    strange = line(quantity={"value": "1", "unitOfMeasure": "ball"}, originalQuantity=None, changeInQuantity=None)
    assert (strange.unit, strange.unit_code) == (None, "ball")


def test_quantities_in_different_units_are_asked_about():
    read = line(quantity={"value": "150", "unitOfMeasure": "case"})
    assert read.unit_code == "case"
    assert read.unreadable == ("its quantities are in different units: case, each.",)


@pytest.mark.parametrize(
    ("basis", "price"),
    [
        (None, "1250.5"),
        ("perEach", "1250.5"),
        ("PE", "1250.5"),
        ("UM", "1250.5"),
        ("EA", "1250.5"),
        ("HP", "12.505"),
        ("perHundred", "12.505"),
        ("TP", "1.2505"),
        ("perThousand", "1.2505"),
    ],
)
def test_a_price_is_one_per_unit_whatever_its_basis(basis, price):
    read = line(changeReason="priceChange", unitCostPrice="1250.5", unitPriceBasis=basis)
    assert read.price == Decimal(price)
    assert read.questions == ()


def test_a_price_on_an_unknown_basis_is_left_out_and_asked_about():
    read = line(changeReason="priceChange", unitCostPrice="1250.5", unitPriceBasis="perDozen")
    assert read.price is None
    (sentence,) = read.unreadable
    assert sentence == (
        "its price of 1250.5 has the basis 'perDozen', and for how many units that is is not known here; if "
        "this partner means the price of the order, set changes.price_bases.perDozen in the routing file to the number "
        "of units it is for (1, 10, 100)."
    )


def test_a_net_price_is_kept_and_asked_about():
    read = line(changeReason="priceChange", unitCostPrice="1250.5", unitPriceBasis="NT")
    assert read.price == Decimal("1250.5")
    assert read.price_doubt == (
        "its price of 1250.5 is marked as net (NT); whether discounts come off it nobody can tell; if this partner "
        "means the price of the order, set changes.price_bases.NT in the routing file to 1."
    )


def test_a_basis_without_a_price_says_nothing():
    read = line(unitPriceBasis="perDozen")
    assert (read.questions, read.doubts, read.unreadable) == ((), (), ())


@pytest.mark.parametrize(
    ("key", "value", "gtin"),
    [
        ("gtin12", 12345678901, "012345678901"),
        ("gtin13", "7012345678900", "7012345678900"),
        ("gtin14", 7012345678900, "07012345678900"),
        ("gtin12", "none yet", "none yet"),
    ],
)
def test_a_gtin_that_came_as_a_number_gets_its_zeros_back(key, value, gtin):
    assert line(productIds={key: value}).products.gtins == (gtin,)


def test_what_a_line_cannot_hold_is_asked_about():
    read = line(
        destinationQuantities=[{"identificationCode": "1", "quantity": "5"}],
        sublineItems=[{"sublineId": "1"}],
    )
    assert [question.split(",")[0] for question in read.questions] == [
        "it divides the quantity among places",
        "it has sublines",
    ]


def test_a_line_that_appears_twice_is_asked_about_both_times():
    request = read_change(a_message(an_item(), an_item(purchaseOrderLineId="001"), an_item(purchaseOrderLineId="2")))
    assert [line.doubts for line in request.lines] == [
        ("it appears twice in the message, as line 1.",),
        ("it appears twice in the message, as line 001.",),
        (),
    ]


def test_lines_without_a_number_are_no_repetition():
    request = read_change(a_message(*[an_item(purchaseOrderLineId=None)] * 3))
    assert [(line.line_id, line.questions) for line in request.lines] == [(None, ())] * 3


def test_a_line_that_is_no_object_is_missed():
    request = read_change(a_message(an_item(), "2 x juice"))
    assert len(request.lines) == 1
    assert request.unreadable == ("One of its lines is no object and cannot be read.",)
    message = a_message()
    message["lineItems"] = "2 x juice"
    assert read_change(message).unreadable == ("Its lines cannot be read: '2 x juice' stands in their place.",)


def test_a_partner_s_own_reading_of_a_reason_counts():
    read = line(codes={"quantityChange": "change"}, unitCostPrice="1")
    assert read.touches == {Field.QUANTITY, Field.PRICE, Field.DATES}


def test_texts_and_references_are_remarks():
    request = read_change(
        a_message(
            an_item(
                notes={"general": {"text": ["New", "price list"]}},
                references={"warehouseStorageLocation": {"value": "1"}},
            ),
            notes={"general": {"description": "Hi", "text": ["Call first."]}, "giftMessage": {"text": ["x" * 500]}},
            references={"departmentNumber": {"value": "200", "description": "Dry food"}},
            monetaryAmounts={"net": "100.00"},
        )
    )
    assert request.questions == ()
    assert request.remarks == (
        "Reference on line 1: warehouse storage location 1.",
        "Note on line 1: New / price list.",
        "References: department number 200, description Dry food.",
        "Totals: net 100.00.",
        f"Note: Hi / Call first. / {'x' * 178}...",
    )


def test_what_is_to_be_compared_with_the_order_is_told_by_name():
    request = read_change(
        a_message(
            an_item(charges=[{"type": "palletCharge", "amount": "5"}]),
            termsOfSale={"type": "basic", "basisDate": "invoiceDate", "netDaysDue": 30},
            carrierDetails={"routing": [{"description": "DHL"}], "freeOnBoard": [{"description": "DAP"}]},
            allowances=[{"amount": "7.50", "description": "Campaign"}],
            conditionsAndRestrictions=[{"requirement": "noBackorder"}],
            releaseNumber="R-1",
            contractNumber="C-1",
        )
    )
    assert request.questions == ()
    assert [(one.topic, one.text) for one in request.stated] == [
        (Topic.RELEASE, "R-1"),
        (Topic.CONTRACT, "C-1"),
        (Topic.TERMS, "net 30 days, counted from the invoice date"),
        (Topic.DELIVERY, "description DAP"),
        (Topic.CARRIER, "description DHL"),
        (Topic.CHARGES, "an allowance of 7.50 ('Campaign')"),
        (Topic.CONDITIONS, "requirement noBackorder"),
    ]
    assert [one.text for one in request.lines[0].stated] == ["a charge of 5 (pallet charge)"]


@pytest.mark.parametrize(
    ("header", "line", "named"),
    [
        ({"futureField": {"a": 1}}, {}, (("It says more than is read here: future field (a 1).",), ())),
        (
            {},
            {"outerPack": {"numberOfUnits": "5"}},
            ((), ("it says more than is read here: outer pack (number of units 5).",)),
        ),
        (
            {},
            {"quantity": {"value": "150", "unitOfMeasure": "each", "perPallet": "5"}},
            ((), ("it says more than is read here: per pallet (5).",)),
        ),
        ({"parties": {"buyer": {"dunsName": "N"}}}, {}, (("It says more than is read here: duns name (N).",), ())),
        ({"buyersCurrency": "NOK"}, {}, (("It says more than is read here: buyers currency (NOK).",), ())),
        ({"termsOfSale": {}}, {"allowances": []}, ((), ())),
    ],
)
def test_what_nothing_reads_is_named(header, line, named):
    request = read_change(a_message(an_item(**line), **header))
    assert (request.questions, request.lines[0].questions) == named


def test_what_nothing_reads_decides_nothing_where_the_order_is_cancelled():
    request = read_change(a_message(purpose="cancellation", futureField="1"))
    assert (request.questions, request.remarks) == ((), ("Also there, and not read: future field (1).",))
    confirmed = read_change(a_message(purpose="confirmation", futureField="1"))
    assert confirmed.questions == ("It says more than is read here: future field (1).",)


def test_a_flood_of_remarks_is_cut():
    request = read_change(a_message(*(an_item(purchaseOrderLineId=str(n), notes={"a": n}) for n in range(1, 80))))
    assert len(request.remarks) == 51
    assert request.remarks[-1] == "And 29 more remarks."


def test_a_sequence_and_a_day_of_the_change_that_are_none_are_remarks():
    request = read_change(a_message(an_item(), changeSequenceNumber="A1", purchaseOrderChangeDate="2026-02-30"))
    assert (request.sequence, request.changed_on) == (None, None)
    assert request.questions == ()
    assert request.remarks == (
        "Its sequence number 'A1' is no number.",
        "Its change date cannot be read: '2026-02-30' is no date.",
    )


def test_an_order_date_that_is_none_is_asked_about():
    """It does not show that the message means this order."""
    request = read_change(a_message(an_item(), purchaseOrderDate="soon"))
    assert request.ordered_on is None
    assert request.doubts == (
        "Its order date cannot be read: 'soon' is no date. It is read as a change of the order with its number.",
    )


@pytest.mark.parametrize("value", ["soon", "2026-13-01", "26-10-01", "261001", "0000-01-01", ["2026-10-01"], True])
def test_a_wanted_date_that_is_none_is_asked_about(value):
    request = read_change(
        a_message(an_item(dates={"requestedDeliveryDate": value}), dates={"requestedDeliveryDate": value})
    )
    assert request.requested_on is None
    assert request.unreadable[0].startswith("Its requested delivery date cannot be read: ")
    read = request.lines[0]
    assert (read.doubts or read.unreadable)[0].startswith("its requested delivery date cannot be read: ")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (None, "This is no 860: it is no JSON object."),
        ([], "This is no 860: it is no JSON object."),
        ({}, "This is no 860: it has neither transactionSets"),
        (a_message(purchaseOrderNumber=" "), r"This 860 names no order \(purchaseOrderNumber\)."),
        ({"purpose": "original", "purchaseOrderNumber": "1"}, "This is no 860 but document 850."),
        ({"purpose": "change", "invoiceNumber": "1"}, "This is no 860 but document 810."),
        ({"purchaseOrderNumber": "1", "status": "accepted"}, "This is no 860 but document 855."),
        ({"shipmentId": "1"}, "This is no 860 but document 856."),
    ],
)
def test_what_is_no_change_of_an_order_is_refused_with_a_sentence(message, sentence):
    with pytest.raises(NotAChange, match=sentence):
        read_change(message)


@pytest.mark.parametrize(
    ("written", "is_doubted"),
    [
        ("2026-12-01", False),
        ("2026-12-01T23:00:00", False),
        ("2026-12-01T00:00:00Z", False),
        ("2026-12-01T00:00:00.000+01:00", False),
        ("2026-12-01 23:00", False),
        ("2026-12-01T23:00:00Z", True),
        ("2026-12-01T23:00:00.000z", True),
        ("2026-12-01T2300+0100", True),
        ("2026-12-01T08:30-05", True),
    ],
)
def test_a_day_is_read_as_written_and_a_time_of_a_zone_is_asked_about(written, is_doubted):
    request = read_change(
        a_message(
            an_item(changeReason="changeToItem", dates={"requestedDeliveryDate": written}),
            dates={"requestedDeliveryDate": written},
        )
    )
    assert (request.requested_on, request.lines[0].requested) == (date(2026, 12, 1), date(2026, 12, 1))
    doubts = (
        f"its requested delivery date is the moment {written}, which is another day elsewhere; 2026-12-01 is read.",
    )
    assert request.lines[0].doubts == (doubts if is_doubted else ())
    assert [one.lower() for one in request.doubts] == [one.lower() for one in doubts if is_doubted]
    restated = line(dates={"requestedDeliveryDate": written})
    assert restated.doubts == (), "the code changes no date, and the day is compared"


@pytest.mark.parametrize("written", ["2026-12-01 or later", "2026-12-01T", "2026-12-01 - 2026-12-09", "20261201 CET"])
def test_a_day_with_other_words_behind_it_is_no_day(written):
    request = read_change(a_message(an_item(), dates={"requestedDeliveryDate": written}))
    assert request.requested_on is None
    assert request.unreadable == (f"Its requested delivery date cannot be read: '{written}' is no date.",)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"quantity": [{"value": "150"}, {"value": "15"}]}, "another quantity (15)"),
        ({"productIds": [{"buyerItemNumber": "1298"}, {"buyerItemNumber": "7"}]}, "another product ids"),
        ({"dates": "soon"}, "dates (soon)"),
        ({"unitPriceBasis": ["perHundred"]}, "unit price basis (per"),
        ({"allowances": "10 %"}, "allowances (10 %)"),
    ],
)
def test_what_stands_twice_or_in_another_shape_is_named(fields, named):
    assert any(question.startswith(f"it says more than is read here: {named}") for question in line(**fields).questions)


def test_item_numbers_that_name_nothing_here_are_told():
    request = read_change(a_message(an_item(productIds={"buyerItemNumber": "1298", "caseCode": "9"})))
    assert request.remarks == ("Item number that names no item here: case code 9.",)


def test_item_numbers_of_a_list_are_read_in_any_shape_or_told():
    request = read_change(
        a_message(an_item(productIds={"buyerItemIds": [{"value": "1298"}, "1299"], "vendorItemIds": [{"id": "V"}]}))
    )
    assert request.lines[0].products == ProductRefs(buyer=("1298", "1299"))
    assert request.remarks == ("Item number that names no item here: id V.",)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(["1298"], "a list (1298)"), ({"value": "1298"}, "an object (1298)"), (True, "'true'")],
)
def test_a_number_of_an_item_in_another_shape_is_asked_about(value, shown):
    for name, called in {"buyerItemNumber": "buyer item number", "gtin13": "gtin"}.items():
        (question,) = line(productIds={name: value}).questions
        assert question == f"its {called} is {shown}, which is no number of an item."


def test_the_purchase_order_that_it_refers_to():
    other = {"associatedPurchaseOrderNumber": {"value": "500999"}, "customerOrderNumber": {"value": "999"}}
    request = read_change(a_message(an_item(references=other), references=other))
    assert request.order_references == ("500999",)
    assert request.lines[0].order_references == ("500999",)


def test_an_item_number_of_another_kind_is_kept_apart():
    assert line(productIds={"buyerItemNumber": "1", "manufacturerItemNumber": "M-1"}).products.others == ("M-1",)
