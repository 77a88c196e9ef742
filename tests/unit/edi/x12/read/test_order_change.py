from datetime import date
from decimal import Decimal

import pytest

from connector.domain.documents import Address, Party
from connector.domain.order_change.request import Ask, ChangePurpose, Direction, Field, PartyRequest, ProductRefs, Topic
from connector.domain.parties import Role
from connector.edi.order_change.read import NotAChange, read_change
from testkit.samples.x12_changes import a_loop, a_set, dtm, line, read


def own_line(code, price_bases, **segments):
    (one,) = read_change({"transactionSets": [a_set(a_loop(code, **segments))]}, price_bases=price_bases).lines
    return one


def test_a_line_in_full():
    one = line(
        change={
            "quantity1": "100",
            "basisOfUnitPriceCode": "PE",
            "productServiceIDQualifier": "BP",
            "productServiceID": "1298",
            "productServiceIDQualifier1": "VP",
            "productServiceID1": "ACME-1",
            "productServiceIDQualifier9": "EN",
            "productServiceID9": "7012345678900",
        },
        PID_loop=[{"productItemDescription": [{"itemDescriptionTypeCode": "F", "description": "Apple juice"}]}],
        dateTimeReference=[dtm("002"), dtm("069", "20261006")],
    )
    assert (one.source, one.line_id, one.code) == ("POC_loop[0]", "1", "QI")
    assert (one.ask, one.touches, one.direction) == (Ask.CHANGE, {Field.QUANTITY}, Direction.UP)
    assert (one.quantity, one.second_quantity) == (Decimal(150), Decimal(100))
    assert one.explicit_total is False
    assert (one.original_quantity, one.delta) == (None, None)
    assert (one.unit, one.unit_code, one.price) == ("each", "EA", Decimal("12.50"))
    assert (one.requested, one.promised) == (date(2026, 10, 5), date(2026, 10, 6))
    assert one.products == ProductRefs(buyer=("1298",), vendor=("ACME-1",), gtins=("7012345678900",))
    assert one.descriptions == ("Apple juice",)
    assert one.questions == ()


def test_the_header_in_full():
    request = read(
        a_loop(),
        currency=[{"entityIdentifierCode": "BY", "currencyCode": "NOK"}],
        dateTimeReference=[dtm("002", "20261001"), dtm("004", "20260910")],
        N1_loop=[
            {"partyIdentification": [{"entityIdentifierCode": "BY", "name": "Nordic Food"}]},
            {
                "partyIdentification": [
                    {
                        "entityIdentifierCode": "ST",
                        "name": "Warehouse Oslo",
                        "identificationCodeQualifier": "UL",
                        "identificationCode": "7080000000018",
                    }
                ],
                "partyLocation": [{"addressInformation": "Storgata 1", "addressInformation1": "Gate 2"}],
                "geographicLocation": [{"cityName": "Oslo", "postalCode": "0155", "countryCode": "NO"}],
            },
        ],
        CTT_loop=[{"transactionTotals": [{"numberOfLineItems": "1"}]}],
    )
    assert request.purpose is ChangePurpose.CHANGE
    assert (request.order_number, request.sequence) == ("500123", 2)
    assert (request.ordered_on, request.changed_on) == (date(2026, 9, 10), date(2026, 9, 12))
    assert request.currency == "NOK"
    assert request.requested_on == date(2026, 10, 1)
    buyer, ship_to = request.parties
    assert buyer == PartyRequest(Role.BUYER, "buyer", Party(name="Nordic Food"))
    assert (ship_to.role, ship_to.title, ship_to.scheme) == (Role.SHIP_TO, "ship-to", None)
    assert ship_to.party == Party(
        name="Warehouse Oslo",
        gln="7080000000018",
        address=Address(lines=("Storgata 1", "Gate 2"), postal_code="0155", city="Oslo", country="NO"),
    )
    assert (request.questions, request.remarks) == ((), ())


def test_segments_may_be_objects_instead_of_lists_of_one():
    loop = {"lineItemChange": {"assignedIdentification": 1, "changeOrResponseTypeCode": "PC", "unitPrice": 3}}
    header = {"purchaseOrderNumber": 500123, "transactionSetPurposeCode": "04"}
    message = {"transactionSets": {"beginningSegmentForPurchaseOrderChange": header, "POC_loop": loop}}
    request = read_change(message)
    assert request.order_number == "500123"
    assert [(one.line_id, one.price) for one in request.lines] == [("1", Decimal(3))]


@pytest.mark.parametrize(
    ("code", "purpose"),
    [
        ("01", ChangePurpose.CANCELLATION),
        ("03", ChangePurpose.CANCELLATION),
        ("04", ChangePurpose.CHANGE),
        ("05", ChangePurpose.REPLACE),
        ("06", ChangePurpose.CONFIRMATION),
        ("00", ChangePurpose.CHANGE),
    ],
)
def test_purposes_are_read_without_a_question(code, purpose):
    request = read(a_loop(), header={"transactionSetPurposeCode": code})
    assert (request.purpose, request.questions) == (purpose, ())


def test_an_original_without_lines_is_asked_about():
    request = read(header={"transactionSetPurposeCode": "00"})
    assert request.questions == ("Its purpose is 00 (original), and it has no lines: nobody can tell what it changes.",)


@pytest.mark.parametrize(
    ("code", "words"),
    [("07", "07 (duplicate)"), ("22", "22 (information copy)"), ("53", "'53'"), ("4", "'4'")],
)
def test_any_other_purpose_is_asked_about(code, words):
    request = read(a_loop(), header={"transactionSetPurposeCode": code})
    assert request.purpose is ChangePurpose.CHANGE
    assert f"Its purpose is {words}, which" in request.doubts[0]


def test_lines_that_all_cancel_the_order_cancel_the_order():
    request = read(a_loop("CF"), a_loop("CF", change={"assignedIdentification": "2"}))
    assert request.purpose is ChangePurpose.CANCELLATION
    assert [(one.ask, one.questions) for one in request.lines] == [(Ask.DELETE, ())] * 2


def test_a_line_that_cancels_the_order_beside_one_that_does_not_is_asked_about():
    request = read(a_loop("CF"), a_loop("PC", change={"assignedIdentification": "2"}))
    assert request.purpose is ChangePurpose.CHANGE
    assert (request.lines[0].ask, request.lines[0].touches) == (Ask.CHANGE, set())
    assert "cancels the whole order" in request.lines[0].questions[0]
    assert request.lines[1].questions == ()


def test_what_the_partner_means_by_cancelling_goes_first():
    request = read(a_loop("CF"), codes={"CF": "delete"})
    assert request.purpose is ChangePurpose.CHANGE
    assert request.lines[0].ask is Ask.DELETE


def test_a_code_in_doubt_puts_its_question_first():
    one = line("CA", dateTimeReference=[dtm("010")])
    assert "set changes.codes.CA to change or delete" in one.doubts[0]
    assert len(one.questions) == len(one.doubts) == 1
    assert line("CA", codes={"CA": "change"}).doubts == ()


def test_an_unknown_code_names_the_setting_and_its_values():
    one = line("SI")
    (question,) = one.questions
    assert (one.meaning, one.is_clear) == ("", False)
    assert "set changes.codes.SI to one of add, change, dates, delete, " in question


@pytest.mark.parametrize("code", ["00", "04", "05"])
def test_lines_in_po1_segments_are_never_passed_over(code):
    request = read(
        a_loop(), PO1_loop=[{"baselineItemData": [{"x": "1"}]}] * 2, header={"transactionSetPurposeCode": code}
    )
    assert request.unreadable[0].startswith("It has lines in PO1 segments, which an 860 does not have: ")
    assert read(a_loop(), PO1_loop=["PO1*1"]).unreadable == request.unreadable
    cancelled = read(PO1_loop=[{"baselineItemData": [{}]}], header={"transactionSetPurposeCode": "03"})
    assert (cancelled.purpose, cancelled.unreadable) == (ChangePurpose.CANCELLATION, ())


@pytest.mark.parametrize("code", ["RS", "RB", "CT"])
def test_a_rescheduled_line_of_nothing_may_be_a_deletion(code):
    one = line(code, change={"quantity": "0"}, dateTimeReference=[dtm("002")])
    assert one.doubts == ("its quantity is 0: is the line to be deleted, or does only its date change?",)
    assert line(code, dateTimeReference=[dtm("002")]).doubts == ()


@pytest.mark.parametrize(
    ("code", "otherwise"),
    [("PC", "only its price change"), ("PR", "only its date and price change"), ("NC", "it stay as it is")],
)
def test_a_quantity_of_nothing_is_asked_about_wherever_the_code_leaves_it_alone(code, otherwise):
    one = line(code, change={"quantity": "0"}, dateTimeReference=[dtm("002")])
    assert one.doubts == (f"its quantity is 0: is the line to be deleted, or does {otherwise}?",)
    settled = line(code, codes={code: "nothing"}, change={"quantity": "0"}, dateTimeReference=[dtm("002")])
    assert settled.doubts == ()
    assert line("QD", change={"quantity": "0"}).doubts == (), "the decision reads it as a line taken out"


def test_a_deleted_line_asks_nothing_whatever_else_it_says():
    for quantity in (None, "0", "150"):
        one = line("DI", change={"quantity": quantity}, dateTimeReference=[dtm("010")], SAC_loop=[{"a": "1"}])
        assert (one.ask, one.questions) == (Ask.DELETE, ())


@pytest.mark.parametrize(
    ("code", "change", "missing"),
    [
        ("PC", {"unitPrice": None}, "its code PC (price change) asks for a new price, and it names none."),
        (
            "PQ",
            {"quantity": None},
            "its code PQ (price and quantity change) asks for a new quantity, and it names none.",
        ),
        ("CT", {}, "its code CT (change of dates) asks for a new date, and it names none."),
    ],
)
def test_a_change_without_its_value_is_asked_about(code, change, missing):
    assert line(code, change=change).questions == (missing,)


@pytest.mark.parametrize("code", ["MU", "NC", "RZ"])
def test_a_code_for_everything_or_nothing_needs_no_value(code):
    assert line(code, change={"quantity": None, "unitPrice": None}).questions == ()


@pytest.mark.parametrize(
    ("qualifier", "requested", "promised"),
    [
        ("002", True, False),
        ("106", True, False),
        ("069", False, True),
        ("017", False, True),
    ],
)
def test_dates_of_a_line_that_visma_has_a_place_for(qualifier, requested, promised):
    one = line("CT", dateTimeReference=[dtm(qualifier)])
    assert (one.requested is not None, one.promised is not None) == (requested, promised)
    assert one.questions == ()


@pytest.mark.parametrize(
    ("qualifier", "named"),
    [
        ("010", "'ship on 2026-10-05'"),
        ("035", "'delivered on 2026-10-05'"),
        ("061", "'cancel if not delivered by 2026-10-05'"),
        ("118", "'pick up on 2026-10-05'"),
        ("999", "'date 999 2026-10-05'"),
    ],
)
def test_other_dates_of_a_line_are_parked_with_a_message(qualifier, named):
    (question,) = line(dateTimeReference=[dtm(qualifier)]).questions
    assert question == f"it says {named}, which a Visma order line cannot hold."


def test_a_period_is_no_day():
    period = {"dateTimeQualifier": "002", "dateTimePeriodFormatQualifier": "RD8", "dateTimePeriod": "20261005-20261009"}
    one = line("CT", dateTimeReference=[period])
    assert one.requested is None
    assert one.questions[0] == "it says 'deliver on 20261005-20261009', which a Visma order line cannot hold."
    assert read(a_loop(), dateTimeReference=[period]).questions[0].startswith("It says 'deliver on 20261005-20261009'")


def test_a_date_that_only_tells_what_was_asks_for_nothing():
    request = read(a_loop(dateTimeReference=[dtm("171")]), dateTimeReference=[dtm("097"), dtm("004")])
    assert (request.questions, request.lines[0].questions) == ((), ())
    assert request.remarks == ("Revised on, of a line: 20261005.", "Message made on: 20261005.")


def test_a_date_without_a_qualifier_is_asked_about_and_one_without_anything_is_not():
    assert "without a qualifier" in line(dateTimeReference=[{"date": "20261005"}]).questions[0]
    assert line(dateTimeReference=[{}, {"time": "1200"}]).questions == ()


def test_two_days_that_differ_are_asked_about():
    one = line("CT", dateTimeReference=[dtm("002"), dtm("106"), dtm("002", "20261007")])
    assert one.requested == date(2026, 10, 5)
    assert one.unreadable == ("it names two requested days, 2026-10-05 and 2026-10-07.",)


def test_a_date_that_is_none_is_asked_about():
    one = line("CT", dateTimeReference=[dtm("002", "261005")])
    assert one.requested is None
    assert one.unreadable == ("its requested delivery date cannot be read: '261005' is no date.",)


@pytest.mark.parametrize("place", ["SCH_loop", "lineItemSchedule"])
def test_a_single_schedule_is_a_date_like_any_other(place):
    schedule = {"quantity": "150", "unitOrBasisForMeasurementCode": "EA", **dtm("002")}
    segments = {place: [{"lineItemSchedule": [schedule]}] if place == "SCH_loop" else [schedule]}
    one = line("RS", **segments)
    assert (one.requested, one.questions) == (date(2026, 10, 5), ())


def test_a_schedule_of_another_quantity_and_several_schedules_are_asked_about():
    short = line("RS", SCH_loop=[{"lineItemSchedule": [{"quantity": "50", **dtm("002")}]}])
    assert short.questions == ("it schedules 50 (SCH01), another quantity than the line has.",)
    divided = line("RS", SCH_loop=[{"lineItemSchedule": [{"quantity": "50", **dtm("002")}]}] * 3)
    assert divided.requested is None
    assert divided.questions[0].startswith("it is divided into 3 deliveries")


def test_a_schedule_restates_the_quantity_of_a_line_that_only_moves():
    schedule = {"quantity": "150", "unitOrBasisForMeasurementCode": "EA", **dtm("002")}
    one = line("RS", change={"quantity": None}, lineItemSchedule=[schedule])
    assert (one.quantity, one.unit, one.requested) == (Decimal(150), "each", date(2026, 10, 5))
    assert one.questions == ()


@pytest.mark.parametrize("code", ["QI", "RQ", "RZ"])
def test_a_scheduled_quantity_is_no_new_quantity_of_the_line(code):
    one = line(code, change={"quantity": None}, lineItemSchedule=[{"quantity": "150", **dtm("002")}])
    assert one.quantity is None
    assert one.questions == ("it schedules 150 (SCH01), and states no quantity of the line (POC03).",)


def test_a_quantity_of_zero_is_no_missing_one():
    one = line("RS", change={"quantity": "0"}, lineItemSchedule=[{"quantity": "150", **dtm("002")}])
    assert one.quantity == 0
    assert one.questions == ("it schedules 150 (SCH01), another quantity than the line has.",)


def test_dates_below_a_schedule_count():
    assert line("CT", SCH_loop=[{"dateTimeReference": [dtm("106")]}]).requested == date(2026, 10, 5)


@pytest.mark.parametrize(
    ("qualifier", "words"),
    [
        ("001", "cancel after"),
        ("015", "promotion starts on"),
        ("017", "delivery expected on"),
        ("037", "do not ship before"),
        ("038", "do not ship after"),
        ("061", "cancel if not delivered by"),
        ("063", "do not deliver after"),
        ("064", "do not deliver before"),
        ("069", "delivery promised for"),
        ("999", "date 999"),
    ],
)
def test_header_dates_that_are_wanted_days_are_asked_about(qualifier, words):
    request = read(a_loop(), dateTimeReference=[dtm(qualifier)])
    assert request.requested_on is None
    assert request.questions == (f"It says '{words} 2026-10-05', which a Visma order cannot hold.",)


def test_a_day_by_which_everything_is_required_is_a_wanted_day():
    assert read(dateTimeReference=[dtm("106")]).requested_on == date(2026, 10, 5)


@pytest.mark.parametrize(
    ("basis", "price"),
    [
        *((basis, "12.5") for basis in ["PE", "UM", "TE", "WE", "QE", "CT", "ST", "FX", "QT"]),
        ("PN", "1.25"),
        *((basis, "0.125") for basis in ["HP", "TC", "WC", "QH"]),
        *((basis, "0.0125") for basis in ["TP", "TM", "WM", "QS"]),
        ("TT", "0.00125"),
        ("HT", "0.000125"),
    ],
)
def test_a_price_per_hundred_is_no_hundredfold_price(basis, price):
    one = line("PC", change={"basisOfUnitPriceCode": basis})
    assert (one.price, one.price_doubt) == (Decimal(price), None)
    assert (one.questions, one.doubts, one.unreadable) == ((), (), ())


@pytest.mark.parametrize(
    ("basis", "price", "what"),
    [
        ("CA", "12.5", "catalogue price"),
        ("LE", "12.5", "catalogue price"),
        ("LC", "0.125", "catalogue price"),
        ("LM", "0.0125", "catalogue price"),
        ("CP", "12.5", "subject to change"),
        ("NT", "12.5", "marked as net"),
    ],
)
def test_a_price_that_may_be_another_than_the_order_s_is_shown_before_it_is_written(basis, price, what):
    one = line("PC", change={"basisOfUnitPriceCode": basis})
    assert one.price == Decimal(price)
    assert what in one.price_doubt
    assert (one.questions, one.doubts, one.unreadable) == ((), (), ())
    settled = own_line("PC", {basis: 100}, change={"basisOfUnitPriceCode": basis})
    assert (settled.price, settled.price_doubt) == (Decimal("0.125"), None)


@pytest.mark.parametrize("basis", ["RC", "RD", "RE", "RM", "RT", "SR"])
def test_a_retail_price_is_no_price_of_an_order_unless_the_partner_means_it(basis):
    one = line("PC", change={"basisOfUnitPriceCode": basis})
    assert one.price is None
    (sentence,) = one.unreadable
    assert f"is a retail price ({basis})" in sentence
    assert f"set changes.price_bases.{basis} in the routing file to the number of units" in sentence
    settled = own_line("PC", {basis: 1}, change={"basisOfUnitPriceCode": basis})
    assert (settled.price, settled.unreadable) == (Decimal("12.5"), ())


@pytest.mark.parametrize("basis", ["PD", "WH", "LB"])
def test_a_price_on_an_unknown_basis_is_left_out_and_asked_about(basis):
    one = line("PC", change={"basisOfUnitPriceCode": basis})
    assert one.price is None
    (sentence,) = one.unreadable
    assert sentence == (
        f"its price of 12.50 has the basis '{basis}', and for how many units that is is not known here; if "
        f"this partner means the price of the order, set changes.price_bases.{basis} in the routing file to the number "
        "of units it is for (1, 10, 100)."
    )
    restated = line("QI", change={"basisOfUnitPriceCode": basis})
    assert (restated.doubts, restated.unreadable) == (one.unreadable, ()), "it was to be compared only"


def test_the_unit_stands_in_the_composite_or_beside_it():
    flat = {"compositeUnitOfMeasure": None, "unitOrBasisForMeasurementCode": "CA"}
    assert [line(change=flat).unit, line(change={"compositeUnitOfMeasure": []}).unit] == ["case", None]
    one = line(change={"compositeUnitOfMeasure": {"unitOrBasisForMeasurementCode": "CS"}})
    assert (one.unit, one.unit_code) == (None, "CS")


def test_item_numbers_are_sorted_by_whose_they_are():
    kinds = ["BP", "IN", "CB", "VP", "VN", "VA", "SK", "UP", "EN", "UK"]
    change = {
        f"{name}{place or ''}": value
        for place, kind in enumerate(kinds)
        for name, value in (("productServiceIDQualifier", kind), ("productServiceID", f"n{place}"))
    }
    assert line(change=change).products == ProductRefs(
        buyer=("n0", "n1", "n2"), vendor=("n3", "n4", "n5", "n6"), gtins=("n7", "n8", "n9")
    )


@pytest.mark.parametrize(("kind", "value", "gtin"), [("UP", 12345678901, "012345678901"), ("UI", "123", "123")])
def test_a_gtin_that_came_as_a_number_gets_its_zeros_back(kind, value, gtin):
    change = {"productServiceIDQualifier": kind, "productServiceID": value}
    assert line(change=change).products.gtins == (gtin,)


def test_an_item_number_of_a_manufacturer_or_without_its_qualifier_names_no_item():
    change = {"productServiceIDQualifier": "MG", "productServiceID": "1", "productServiceID1": "2"}
    assert line(change=change).products == ProductRefs(others=("1", "2"))


@pytest.mark.parametrize(
    ("element", "name"),
    [("quantity", "quantity (POC03)"), ("quantity1", "second quantity (POC04)"), ("unitPrice", "price")],
)
def test_a_number_that_is_none_is_left_out_and_asked_about(element, name):
    one = line("MU", change={element: "n/a"})
    assert [one.quantity, one.second_quantity, one.price].count(None) == (1 if element == "quantity1" else 2)
    assert one.unreadable == (f"its {name} cannot be read: 'n/a' is no number.",)


def test_a_price_below_zero_is_left_to_the_decision_and_a_quantity_is_not():
    one = line("PQ", change={"quantity": "-1", "unitPrice": "-1"})
    assert (one.quantity, one.price) == (None, Decimal(-1))
    assert one.unreadable == ("its quantity (POC03) -1 is below zero.",)


@pytest.mark.parametrize(
    ("segment", "asks"),
    [
        ("destinationQuantity", "places"),
        ("SLN_loop", "sublines"),
    ],
)
def test_what_a_line_cannot_hold_is_asked_about(segment, asks):
    (question,) = line(**{segment: [{"x": "1"}]}).questions
    assert asks in question


def test_several_places_of_delivery_are_asked_about():
    here, there = (
        {"partyIdentification": [{"entityIdentifierCode": "ST", "identificationCode": code}]} for code in "12"
    )
    assert read(a_loop(), N1_loop=[here, here]).questions == ()
    request = read(a_loop(), N1_loop=[here, there])
    assert [one.party for one in request.parties] == [Party(number="1"), Party(number="2")]
    assert request.questions == ("It names 2 places of delivery, and a Visma order has one.",)


def test_a_second_transaction_set_is_missed():
    request = read_change({"transactionSets": [a_set(a_loop()), a_set(a_loop("DI"))]})
    assert [one.code for one in request.lines] == ["QI"]
    assert request.unreadable == ("The message holds 2 transaction sets, of which one was read.",)


def test_a_line_that_appears_three_times_is_asked_about_each_time():
    request = read(*(a_loop(change={"assignedIdentification": name}) for name in ("1", "01", "1")))
    assert [one.doubts[-1] for one in request.lines] == [
        "it appears 3 times in the message, as line 1.",
        "it appears 3 times in the message, as line 01.",
        "it appears 3 times in the message, as line 1.",
    ]


def test_a_line_that_is_no_object_is_missed():
    assert read(a_loop(), "POC*1*QI").unreadable == ("One of its lines is no object and cannot be read.",)
    beside = read(POC_loop="POC*1*QI", dateTimeReference=[dtm("002")])
    assert beside.unreadable == ("Its lines cannot be read: 'POC*1*QI' stands in their place.",)
    assert read_change({"transactionSets": [a_set(a_loop()), "ST*860"]}).unreadable != ()


def sac(**elements):
    return {"servicePromotionAllowanceOrChargeInformation": [elements]}


def test_what_is_to_be_compared_with_the_order_is_told_by_name():
    request = read(
        a_loop(SAC_loop=[sac(allowanceOrChargeIndicatorCode="A", amount="250")]),
        header={"releaseNumber": "R-1", "contractNumber": "C-1"},
        termsOfSaleDeferredTermsOfSale=[{"termsTypeCode": "02", "termsNetDays": "10", "termsNetDueDate": "20261201"}],
        fOBRelatedInstructions=[{"shipmentMethodOfPaymentCode": "PP"}],
        carrierDetailsRoutingSequenceTransitTime=[{"routing": "DHL"}],
        salesRequirements=[{"salesRequirementCode": "SC"}],
        SAC_loop=[
            sac(
                allowanceOrChargeIndicatorCode="C",
                servicePromotionAllowanceOrChargeCode="D240",
                amount="5000",
                allowanceOrChargeMethodOfHandlingCode="02",
                description="Freight",
            ),
            sac(allowanceOrChargeIndicatorCode="N"),
            sac(allowanceOrChargeIndicatorCode="C", servicePromotionAllowanceOrChargeCode="X999", percent="2"),
        ],
        taxInformation=[{"taxTypeCode": "VA", "monetaryAmount": "10", "percentageAsDecimal": "25"}],
    )
    assert request.questions + request.remarks == ()
    assert [(one.topic, one.text) for one in request.stated] == [
        (Topic.RELEASE, "R-1"),
        (Topic.CONTRACT, "C-1"),
        (Topic.TERMS, "net 10 days, 'end of month', terms net due date 20261201"),
        (Topic.DELIVERY, "shipment method of payment code PP"),
        (Topic.CARRIER, "routing DHL"),
        (Topic.CONDITIONS, "sales requirement code SC"),
        (
            Topic.CHARGES,
            "a charge of 50.00 (freight, 'Freight', allowance or charge method of handling code off invoice)",
        ),
        (Topic.CHARGES, "a charge (X999, percent 2)"),
        (Topic.VAT, "25 %"),
    ]
    assert [one.text for one in request.lines[0].stated] == ["an allowance of 2.50"]


@pytest.mark.parametrize(
    ("code", "assigned_by"), [("1", "DUNS"), ("9", "DUNS+4"), ("91", "the seller's"), ("92", None), ("ZZ", None)]
)
def test_a_code_that_somebody_else_assigned_is_none_of_ours(code, assigned_by):
    named = {"entityIdentifierCode": "SF", "identificationCodeQualifier": code, "identificationCode": "77"}
    (one,) = read(a_loop(), N1_loop=[{"partyIdentification": [named]}]).parties
    assert one == PartyRequest(None, "ship-from", Party(number="77"), assigned_by)


def test_a_place_of_delivery_alone_is_a_change_and_a_buyer_alone_is_none():
    def named(code):
        return [{"partyIdentification": [{"entityIdentifierCode": code, "name": "Oslo"}]}]

    assert read(N1_loop=named("ST")).questions == ()
    assert read(N1_loop=named("BY")).questions == ("It changes no line, no date, no place and no terms.",)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"transactionSets": []}, r"This is no 860: its X12-shaped message has no .*\(BCH\)"),
        ({"transactionSets": "ST*860"}, r"\(BCH\)"),
        ({"transactionSets": [{"transactionSetHeader": [{"transactionSetIdentifierCode": "860"}]}]}, r"\(BCH\)"),
        ({"transactionSets": [{"beginningSegmentForInvoice": [{}]}]}, "This is no 860 but document 810."),
        ({"transactionSets": [a_set(header={"purchaseOrderNumber": None})]}, r"names no order \(BCH03\)"),
    ],
)
def test_what_is_no_change_of_an_order_is_refused_with_a_sentence(message, sentence):
    with pytest.raises(NotAChange, match=sentence):
        read_change(message)


def test_a_number_in_a_list_is_quoted_as_what_it_is():
    one = line("PC", change={"unitPrice": ["42"]})
    assert one.unreadable == ("its price cannot be read: a list (42) is no number.",)
    assert line("PC", change={"unitPrice": {"x": "4"}}).unreadable[0].endswith("an object (x 4) is no number.")


def test_a_date_without_a_day_and_one_with_a_period_are_asked_about():
    assert read(a_loop(), dateTimeReference=[{"dateTimeQualifier": "002"}]).questions == (
        "It has a date 002 without a day.",
    )
    both = {**dtm("002"), "dateTimePeriod": "20261005-20261009"}
    assert read(a_loop(), dateTimeReference=[both]).questions == (
        "It says 'deliver on 2026-10-05, 20261005-20261009', which a Visma order cannot hold.",
    )


def test_a_day_of_greenwich_with_a_time_is_a_time():
    timestamp = {**dtm("002"), "time": "2330", "timeCode": "UT"}
    one = line("CT", dateTimeReference=[timestamp])
    assert one.requested == date(2026, 10, 5)
    assert one.doubts == (
        "its requested delivery date is a moment of UT, which is another day elsewhere; 2026-10-05 is read.",
    )
    assert line("CT", dateTimeReference=[{**timestamp, "timeCode": "LT"}]).doubts == ()
    assert line("CT", dateTimeReference=[{**timestamp, "time": "0000"}]).doubts == ()


def test_two_units_of_one_line_that_differ_are_asked_about():
    one = line(change={"unitOrBasisForMeasurementCode": "CA"})
    assert one.unreadable == ("its quantities are in different units: CA, EA.",)


def test_item_numbers_beyond_those_of_the_standard_and_unknown_ones_are_not_lost():
    change = {"productServiceIDQualifier12": "BP", "productServiceID12": "1298"}
    other = {"productServiceIDQualifier": "MG", "productServiceID": "M-1"}
    request = read(a_loop(change=change | other))
    assert request.lines[0].products == ProductRefs(buyer=("1298",), others=("M-1",))
    assert request.remarks == ("Item number that names no item here: MG / M-1.",)


def test_every_line_of_an_address_is_read():
    named = {
        "partyIdentification": [{"entityIdentifierCode": "ST", "name": "Oslo"}],
        "partyLocation": [{"addressInformation": "A", "addressInformation1": "B", "addressInformation2": "C"}],
    }
    (one,) = read(a_loop(), N1_loop=[named]).parties
    assert one.party.address.lines == ("A", "B", "C")


@pytest.mark.parametrize("key", ["allowanceOrChargeIndicator", "allowanceOrChargeIndicatorCode"])
def test_no_allowance_or_charge_is_none_and_its_indicator_is_no_further_fact(key):
    freight = {"servicePromotionAllowanceOrChargeCode": "D240"}
    assert read(a_loop(), SAC_loop=[sac(**{key: "N"}, **freight)]).stated == ()
    (one,) = read(a_loop(), SAC_loop=[sac(**{key: "N"}, amount="500", **freight)]).stated
    assert one.text == "an allowance or charge 'N' of 5.00 (freight)"
    (one,) = read(a_loop(), SAC_loop=[sac(**{key: "C"}, amount="500", **freight)]).stated
    assert one.text == "a charge of 5.00 (freight)"
    (one,) = read(a_loop(), SAC_loop=[sac(amount="500", **freight)]).stated
    assert one.text == "an allowance or charge of 5.00 (freight)"


def test_a_charge_of_nothing_is_of_no_kind_and_one_with_a_percentage_is():
    freight = {"allowanceOrChargeIndicatorCode": "C", "servicePromotionAllowanceOrChargeCode": "D240", "amount": "0"}
    (one,) = read(a_loop(), SAC_loop=[sac(**freight)]).stated
    assert [value for _, value in one.facts] == ["0.00"]
    (one,) = read(a_loop(), SAC_loop=[sac(**freight, percentDecimalFormat="5")]).stated
    assert len(one.facts) == 3


def test_the_purchase_orders_that_it_refers_to():
    others = {
        "referenceInformation": [
            {"referenceIdentificationQualifier": "PO", "referenceIdentification": "500999"},
            {"referenceIdentificationQualifier": "CO", "referenceIdentification": "999"},
        ]
    }
    request = read_change({"transactionSets": [{**a_set(a_loop("QI", **others)), **others}]})
    assert request.order_references == ("500999",)
    assert request.lines[0].order_references == ("500999",)
