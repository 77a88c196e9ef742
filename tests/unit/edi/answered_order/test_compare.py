"""An answer beside the order that it answers: what it states otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import Address, DocumentDiscount, Tax
from connector.domain.routing.route import LineDate
from connector.edi.answered_order.compare import order_differences
from testkit.samples.business_documents import a_line, a_route, an_order

WANTED = date(2026, 10, 5)
ORDER = an_order(a_line(1, promised=WANTED), a_line(2, promised=WANTED), promised_on=WANTED)
ROUTE = a_route(ORDER)


def x12(*lines, segment="baselineItemData", loop="PO1_loop", **header):
    return {
        "transactionSets": [{**header, loop: [{segment: [data], "ACK_loop": [{"x": acks}]} for data, acks in lines]}]
    }


def line(number, *acks, quantity="10", **values):
    return {"assignedIdentification": str(number), "quantity": quantity, **values}, list(acks)


def ack(quantity="10", **values):
    return {"lineItemStatusCode": "IA", "quantity": quantity, **values}


def said(message, document="855", order=ORDER, route=ROUTE):
    return order_differences(document, message, order, route)


def mosaic(*actions, **header):
    lines = [{"purchaseOrderLineId": str(number), "actions": list(one)} for number, one in enumerate(actions, 1)]
    return {"status": "accepted", "lineItems": lines, **header}


def action(value="10", **values):
    return {"status": "accepted", "quantity": {"value": value, "unitOfMeasure": "each"}, **values}


@pytest.mark.parametrize(
    "message",
    [
        {"transactionSets": [{}]},
        {"status": "accepted"},
        x12(line(1, ack()), line("0002", ack("4"), ack("6"))),
        x12(line(1, ack(), unitPrice="12.50", unitOrBasisForMeasurementCode="EA"), line(2)),
        x12(line(1, ack(dateTimeQualifier="067", date="20261005")), line(2)),
        x12(line(1, ack(dateTimeQualifier="068", date="20261002")), line(2)),
        x12(line(1), line(2), dateTimeReference=[{"dateTimeQualifier": "017", "date": "20261005"}]),
        mosaic([action("4"), action("6", unitCostPrice="12.5", estimatedDeliveryDate="2026-10-05")], [action()]),
        mosaic([action(scheduledShipDate="2026-10-01")], [{"status": "accepted"}]),
    ],
)
def test_an_answer_that_agrees(message):
    assert said(message) == ()


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (x12(line(1, ack("6")), line(2)), "line 1 has the quantity 6, ordered were 10"),
        (x12(line(1, ack("6"), quantity="6"), line(2)), "line 1 has the quantity 6, ordered were 10"),
        (x12(line(1, ack("12")), line(2)), "line 1 has the quantity 12, ordered were 10"),
        (x12(line(1, unitPrice="12.51"), line(2)), "line 1 has the price 12.51, ordered at 12.5"),
        (
            x12(line(1, ack(unitOrBasisForMeasurementCode="CA")), line(2)),
            "line 1 is in the unit CA, ordered in STK",
        ),
        (
            x12(line(1, ack(dateTimeQualifier="069", date="20261006")), line(2)),
            "line 1 is to come on 2026-10-06, wanted on 2026-10-05",
        ),
        (
            x12(line(1, ack(dateTimeQualifier="068", date="20261006")), line(2)),
            "line 1 is to be shipped on 2026-10-06, wanted on 2026-10-05",
        ),
        (
            x12(line(1), line(2), dateTimeReference=[{"dateTimeQualifier": "017", "date": "20261007"}]),
            "it is to come on 2026-10-07, wanted on 2026-10-05",
        ),
        (x12(line(1)), "line 2 is missing"),
        (x12(line(1), line(2), line(7)), "line 7 is not in the order"),
        (mosaic([action("3")], [action()]), "line 1 has the quantity 3, ordered were 10"),
        (mosaic([action(unitCostPrice="14")], [action()]), "line 1 has the price 14, ordered at 12.5"),
        (
            mosaic([action(estimatedDeliveryDate="2027-01-04")], [action()]),
            "line 1 is to come on 2027-01-04, wanted on 2026-10-05",
        ),
        (
            mosaic([action()], [action()], dates={"estimatedDeliveryDate": "2027-01-04"}),
            "it is to come on 2027-01-04, wanted on 2026-10-05",
        ),
        (mosaic([action()]), "line 2 is missing"),
    ],
)
def test_what_an_answer_states_otherwise(message, clause):
    assert said(message) == (clause,)


def test_a_line_is_found_by_its_item_where_it_has_another_number():
    order = an_order(a_line(1, item="ITEM-1"), a_line(2, item="ITEM-2", quantity=Decimal(20)))
    products = {"productServiceIDQualifier": "BP", "productServiceID": "item-2"}
    assert said(x12(line(20, quantity="20", **products), line(1)), order=order) == ()


def test_an_865_may_name_the_changed_lines_only():
    message = x12(line(1, quantity="3"), segment="lineItemChange", loop="POC_loop")
    assert said(message, "865") == ("line 1 has the quantity 3, ordered were 10",)


def test_the_price_after_the_discount_of_the_line_agrees():
    order = an_order(a_line(1, discount=Decimal(25), amount=Decimal(100)))
    assert said(x12(line(1, unitPrice="10.00")), order=order) == ()
    assert said(x12(line(1, unitPrice="9.00")), order=order) == ("line 1 has the price 9, ordered at 12.5",)


# -- schedules ------------------------------------------------------------------------------------------------------


def scheduled(*schedules):
    """Two lines, the first one with SCH: quantity, qualifier and day, and perhaps a second qualifier and day."""
    message = x12(line(1, ack()), line(2, ack()))
    names = ("quantity", "dateTimeQualifier", "date", "dateTimeQualifier1", "date1")
    segments = [dict(zip(names, one, strict=False)) for one in schedules]
    message["transactionSets"][0]["PO1_loop"][0]["SCH_loop"] = [{"lineItemSchedule": [one]} for one in segments]
    return message


@pytest.mark.parametrize(
    "schedules",
    [
        [("10.00", "002", "20261005")],
        [("4", "002", "20261005"), ("6", "002", "20261005")],
        [("10", "010", "20261001", "002", "20261005")],
        [("10", "010", "20261001"), ("10", "002", "20261005")],
    ],
)
def test_a_schedule_that_agrees(schedules):
    assert said(scheduled(*schedules)) == ()


@pytest.mark.parametrize(
    ("schedules", "clause"),
    [
        (
            [("4", "002", "20261005"), ("6", "002", "20261012")],
            "line 1 is to come on 2026-10-12, wanted on 2026-10-05",
        ),
        ([("4", "002", "20261005"), ("5", "002", "20261005")], "line 1 is scheduled with 9 of 10"),
        ([("10", "010", "20261001", "002", "20261009")], "line 1 is to come on 2026-10-09, wanted on 2026-10-05"),
        ([("many", "002", "20261005")], "line 1: its quantity (SCH01) cannot be read: 'many' is no number"),
    ],
)
def test_a_schedule_that_divides_or_moves_the_line(schedules, clause):
    assert said(scheduled(*schedules)) == (clause,)


@pytest.mark.parametrize(
    ("loop", "clause"),
    [
        ("destinationQuantity", "line 1: it divides the quantity among places (SDQ)"),
        ("SLN_loop", "line 1: it has sublines (SLN)"),
    ],
)
def test_a_line_that_is_divided_otherwise(loop, clause):
    message = x12(line(1), line(2))
    message["transactionSets"][0]["PO1_loop"][0][loop] = [{"quantity": "10"}]
    assert said(message) == (clause,)


# -- lines that are stated in parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        [line(1, quantity="4"), line(1, quantity="6")],
        [line(1, ack("4"), quantity="4"), line(1, ack("6"), quantity="6")],
        [line(1, ack("4")), line(1, ack("6"))],
    ],
)
def test_parts_of_a_line_that_come_to_what_was_ordered(lines):
    assert said(x12(*lines, line(2))) == ()


@pytest.mark.parametrize(
    ("lines", "clause"),
    [
        ([line(1), line(1)], "line 1 has the quantity 20, ordered were 10"),
        ([line(1, ack("4")), line(1, ack("5"))], "line 1 has the quantity 9, ordered were 10"),
        (
            [line(1, ack("4")), line(1, ack("6", dateTimeQualifier="067", date="20261012"))],
            "line 1 is to come on 2026-10-12, wanted on 2026-10-05",
        ),
        ([line(1, quantity="4"), line(1, quantity="6", unitPrice="13")], "line 1 has the price 13, ordered at 12.5"),
    ],
)
def test_parts_of_a_line_that_are_something_else(lines, clause):
    assert said(x12(*lines, line(2))) == (clause,)


# -- items ----------------------------------------------------------------------------------------------------------


def items(*pairs):
    """Qualifiers and numbers of items as the elements of a PO1 or an ACK."""
    found = {}
    for place, (qualifier, number) in enumerate(pairs):
        end = str(place) if place else ""
        found |= {f"productServiceIDQualifier{end}": qualifier, f"productServiceID{end}": number}
    return found


@pytest.mark.parametrize(
    "pairs",
    [
        [("BP", "item-1")],
        [("UK", "07012345678900")],
        [("UP", "7012345678900"), ("VN", "0815")],
        [("VN", "THEIRS-1")],
        [("VN", "ACME-1"), ("VO", "77001")],
        [("BP", "ITEM-1"), ("VN", "nobody told us")],
        [("MG", "their maker's"), ("PL", "1")],
    ],
)
def test_our_item_under_any_of_its_numbers(pairs):
    assert said(x12(line(1, ack(**items(*pairs)), **items(*pairs)), line(2))) == ()


@pytest.mark.parametrize(
    "pairs", [[("BP", "ITEM-9")], [("VN", "ACME-9")], [("UK", "07099999999999")], [("BP", "ITEM-1"), ("VN", "ACME-2")]]
)
def test_another_item_on_our_line(pairs):
    other = pairs[-1][1]
    message = x12(line(1, **items(*pairs)), line(2))
    assert said(message) == (f"line 1 is item {other}, ordered was ITEM-1",)
    # A number of another line, beside ours, names that line; the substitute of an acknowledgment is one like any.
    accepted = x12(line(1, ack(**items(*pairs))), line(2))
    assert said(accepted) == (f"line 1 is acknowledged as item {other}, ordered was ITEM-1",)


def test_an_acknowledgment_names_another_item_than_its_line_where_neither_is_known_here():
    order = an_order(a_line(1, supplier_item=None, item="ITEM-3"))
    message = x12(line(1, ack(**items(("VN", "B"))), **items(("VN", "A"))))
    assert said(message, order=order) == ("line 1 is acknowledged as item B, ordered was ITEM-3",)
    same = x12(line(1, ack(**items(("VN", "A"))), **items(("VN", "A"), ("BP", "ITEM-3"))))
    assert said(same, order=order) == ()


def test_lines_with_numbers_of_the_partner_are_found_by_their_items():
    swapped = x12(line(1, **items(("BP", "ITEM-2"))), line(2, **items(("BP", "ITEM-1"))))
    assert said(swapped) == ()
    doubled = x12(line(1, **items(("BP", "ITEM-2"))), line(2, **items(("BP", "ITEM-2"))))
    assert said(doubled) == ("line 2 has the quantity 20, ordered were 10", "line 1 is missing")


def test_our_line_number_among_the_item_numbers_goes_first():
    message = x12(line(10, ack(), **items(("PL", "0001"))), line(20, **items(("PL", "2"))))
    assert said(message) == ()


@pytest.mark.parametrize(
    ("product_ids", "found"),
    [
        ({"buyerItemNumber": "ITEM-1", "vendorItemNumber": "V-1"}, ()),
        ({"gtin13": "7012345678900"}, ()),
        ({"buyerItemNumber": "ITEM-9"}, ("line 1 is item ITEM-9, ordered was ITEM-1",)),
        ({"buyerItemIds": [{"value": "ITEM-9"}]}, ("line 1 is item ITEM-9, ordered was ITEM-1",)),
    ],
)
def test_the_item_of_a_mosaic_line(product_ids, found):
    message = mosaic([action()], [action()])
    message["lineItems"][0]["productIds"] = product_ids
    assert said(message) == found


# -- the header -----------------------------------------------------------------------------------------------------


def header(**values):
    return x12(line(1), line(2), **values)


@pytest.mark.parametrize(
    "message",
    [
        header(currency=[{"entityIdentifierCode": "SE", "currencyCode": "NOK"}]),
        mosaic([action()], [action()], buyersCurrency={"currencyCode": "nok"}),
        mosaic([action()], [action()], currency="NOK"),
    ],
)
def test_our_currency(message):
    assert said(message) == ()


@pytest.mark.parametrize(
    "message",
    [
        header(currency=[{"entityIdentifierCode": "SE", "currencyCode": "EUR"}]),
        mosaic([action()], [action()], buyersCurrency={"currencyCode": "EUR"}),
        mosaic([action()], [action()], currency="EUR"),
    ],
)
def test_another_currency(message):
    assert said(message) == ("it is in EUR, ordered in NOK",)


PLACED = an_order(
    a_line(1, promised=WANTED),
    promised_on=WANTED,
    ship_to=replace(ORDER.ship_to, number="4", gln="7080000000025", address=Address(("Kaia 1",), "0150", "Oslo")),
)


def place(code=None, qualifier="92", *, name="Lager Oslo", postal_code=None):
    found = {"entityIdentifierCode": "ST", "name": name}
    if code:
        found |= {"identificationCodeQualifier": qualifier, "identificationCode": code}
    town = {"geographicLocation": [{"postalCode": postal_code}]} if postal_code else {}
    return {"partyIdentification": [found], **town}


def placed(where, *, of_line=False):
    message = x12(line(1))
    of = message["transactionSets"][0]
    (of["PO1_loop"][0] if of_line else of)["N1_loop"] = [where]
    return message


CALLED = a_route(PLACED, changes={"places": {"oslo-2": "location/1", "bergen": "warehouse/4"}})


@pytest.mark.parametrize(
    "where",
    [
        place("4"),
        place("7080000000025", "UL"),
        place("7080000000025"),
        place("oslo-2"),
        place("0008111575", "91"),
        place(name="Warehouse in another spelling"),
        place(postal_code="150"),
    ],
)
@pytest.mark.parametrize("of_line", [False, True])
def test_the_place_of_the_order_under_any_name(where, of_line):
    assert said(placed(where, of_line=of_line), order=PLACED, route=CALLED) == ()


@pytest.mark.parametrize(
    ("where", "called"),
    [
        (place("5"), "'Lager Oslo', number 5"),
        (place("1"), "'Lager Oslo', number 1"),
        (place("7080000000032", "UL"), "'Lager Oslo', GLN 7080000000032"),
        (place("bergen"), "'Lager Oslo', number bergen"),
        (place(postal_code="5003"), "'Lager Oslo', 5003"),
    ],
)
def test_another_place(where, called):
    assert said(placed(where), order=PLACED, route=CALLED) == (f"it is to be delivered to {called}",)
    of_line = said(placed(where, of_line=True), order=PLACED, route=CALLED)
    assert of_line == (f"line 1 is to be delivered to {called}",)


def test_another_place_in_mosaic():
    message = mosaic([action()], parties={"shipTo": {"identificationCode": "5", "name": "Lager"}})
    assert said(message, order=PLACED) == ("it is to be delivered to 'Lager', number 5",)


def summary(*amounts, **totals):
    """The segments behind CTT: amounts with their qualifiers."""
    segments = [{"amountQualifierCode": code, "monetaryAmount": amount} for code, amount in amounts]
    return header(CTT_loop=[{"transactionTotals": [totals], "monetaryAmountInformation": segments}])


@pytest.mark.parametrize(
    "message",
    [
        summary(numberOfLineItems="2", hashTotal="20"),
        summary(numberOfLineItems="2", hashTotal="20.00"),
        summary(("TT", "250.00")),
        summary(("TT", "312.5")),
        summary(("TT", "249.98")),
        summary(("GV", "25000")),
        summary(("ZZ", "1")),
        header(totalMonetaryValueSummary=[{"amount": "25000"}]),
        {"transactionSets": [{"CTT_loop": [{"transactionTotals": [{"numberOfLineItems": "0"}]}]}]},
        mosaic([action()], [action()], monetaryAmounts={"net": "250.00", "gross": "312.50"}),
    ],
)
def test_totals_of_the_order(message):
    order = replace(ORDER, taxes=(Tax("3", Decimal(25), Decimal(250), Decimal("62.50")),))
    assert said(message, order=order) == ()


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (summary(numberOfLineItems="3"), "it says that it has 3 lines (CTT01), and 2 arrived"),
        (summary(hashTotal="35"), "its hash total (CTT02) is 35, and its quantities do not come to that"),
        (summary(hashTotal="many"), "its hash total (CTT02) cannot be read: 'many' is no number"),
        (summary(("TT", "500.00")), "it comes to 500, which the order does not"),
        (summary(("TT", "249.60")), "it comes to 249.6, which the order does not"),
        (summary(("TT", "25000")), "it comes to 25000, which the order does not"),
        (summary(("GV", "25000.00")), "it comes to 25000, which the order does not"),
        (header(totalMonetaryValueSummary=[{"amount": "50000"}]), "it comes to 50000, which the order does not"),
        (
            mosaic([action()], [action()], monetaryAmounts={"net": "500.00"}),
            "it comes to 500, which the order does not",
        ),
    ],
)
def test_totals_of_something_else(message, clause):
    assert said(message) == (clause,)


def test_quantities_may_be_summed_with_those_of_the_acknowledgments():
    message = x12(line(1, ack()), line(2, ack()), CTT_loop=[{"transactionTotals": [{"hashTotal": "40"}]}])
    assert said(message) == ()


def with_amount(amount):
    message = header()
    amounts = [{"amountQualifierCode": "1", "monetaryAmount": amount}]
    message["transactionSets"][0]["PO1_loop"][0]["AMT_loop"] = [{"monetaryAmountInformation": amounts}]
    return message


def test_the_total_of_a_line():
    assert said(with_amount("125.00")) == ()
    assert said(with_amount("150")) == ("line 1 comes to 150, which the ordered line does not",)


def charged(of_line=False, **values):
    message = header()
    of = message["transactionSets"][0]
    segment = {"servicePromotionAllowanceOrChargeInformation": [values]}
    (of["PO1_loop"][0] if of_line else of)["SAC_loop"] = [segment]
    return message


@pytest.mark.parametrize(
    "values",
    [
        {"allowanceOrChargeIndicatorCode": "C", "servicePromotionAllowanceOrChargeCode": "D240", "amount": "0"},
        {"allowanceOrChargeIndicatorCode": "A", "description": "as agreed"},
        {"allowanceOrChargeIndicatorCode": "C", "amount": "4500", "allowanceOrChargeMethodOfHandlingCode": "06"},
    ],
)
def test_charges_that_the_order_has_or_that_come_to_nothing(values):
    freight = a_line(3, item=None, is_charge=True, quantity=Decimal(1), unit_price=Decimal(45))
    order = replace(ORDER, lines=(*ORDER.lines, freight))
    assert said(charged(**values), order=order) == ()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"allowanceOrChargeIndicatorCode": "C", "amount": "4500"}, "a charge of 45.00"),
        ({"allowanceOrChargeIndicatorCode": "A", "amount": "100.00"}, "an allowance of 100.00"),
        (
            {"allowanceOrChargeIndicatorCode": "C", "percentDecimalFormat": "5"},
            "a charge (percent decimal format 5)",
        ),
    ],
)
def test_charges_that_the_order_does_not_have(values, text):
    assert said(charged(**values)) == (f"it states {text}",)
    assert said(charged(of_line=True, **values)) == (f"line 1 states {text}",)


def test_charges_of_mosaic():
    message = mosaic([action()], [action()], charges=[{"type": "freight", "amount": "45.00"}])
    assert said(message) == ("it states a charge of 45.00 (freight)",)


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({"netDaysDue": 30, "description": "30 dagar netto"}, ()),
        ({"description": "Net 10"}, ()),
        ({"netDaysDue": 10}, ("it is payable net 10 days",)),
        ({"netDaysDue": 30, "discountPercent": "0,0"}, ()),
        ({"netDaysDue": 30, "discountPercent": "2"}, ("it is payable net 30 days, 2 % cash discount",)),
    ],
)
def test_terms_of_payment_in_days(terms, found):
    assert said(mosaic([action()], [action()], termsOfSale=terms)) == found


# -- days -----------------------------------------------------------------------------------------------------------


def dated(*stamps):
    names = ("dateTimeQualifier", "date", "dateTimePeriod")
    return header(dateTimeReference=[dict(zip(names, one, strict=False)) for one in stamps])


@pytest.mark.parametrize(
    "stamp",
    [
        ("371", "20261005"),
        ("017", None, "20261005-20261005"),
        ("017", None, "20261005"),
        ("017", None, "202610050800-202610051200"),
        ("064", "20261001"),
        ("071", None, "20261001-20261005"),
        ("999", "20261005"),
        ("004", "20200101"),
        ("001", None, "20261101-20261108"),
    ],
)
def test_days_that_agree(stamp):
    assert said(dated(stamp)) == ()


@pytest.mark.parametrize(
    ("stamp", "clause"),
    [
        (("371", "20261012"), "it is to come on 2026-10-12, wanted on 2026-10-05"),
        (("017", None, "20261005-20261012"), "it is to come from 2026-10-05 to 2026-10-12, wanted on 2026-10-05"),
        (("068", None, "20261001-20261012"), "it is to be shipped from 2026-10-01 to 2026-10-12, wanted on 2026-10-05"),
        (("999", "20261012"), "it names a day on 2026-10-12 (999), which is not understood"),
        (("177", "20260930"), "it names a day on 2026-09-30 (177), which is not understood"),
        (("017", "soon"), "its day cannot be read: 'soon' is no date"),
        (("017", None, "week 41"), "its period cannot be read: 'week 41'"),
    ],
)
def test_days_that_do_not_agree(stamp, clause):
    assert said(dated(stamp)) == (clause,)


def test_the_promised_day_of_an_order_that_states_the_requested_one():
    order = an_order(a_line(1, requested=WANTED, promised=date(2026, 10, 8)))
    route = a_route(order, line_date=LineDate.REQUESTED)
    agrees = x12(line(1, ack(dateTimeQualifier="069", date="20261008")))
    assert said(agrees, order=order, route=route) == ()
    estimated = x12(line(1, ack(dateTimeQualifier="017", date="20261008")))
    assert said(estimated, order=order, route=route) == ("line 1 is to come on 2026-10-08, wanted on 2026-10-05",)


def test_a_period_that_spans_the_wanted_days_of_the_lines():
    order = an_order(a_line(1, promised=WANTED), a_line(2, promised=date(2026, 10, 8)), promised_on=WANTED)
    assert said(dated(("017", None, "20261005-20261008")), order=order) == ()


def test_days_of_mosaic_under_other_names():
    header_days = {
        "purchaseOrderDate": "2026-09-10",
        "requestedPickupDate": "2026-10-04",
        "salesOrderDate": "2026-09-11",
    }
    assert said(mosaic([action()], [action()], dates=header_days)) == ()
    later = {"latestDeliveryDate": "2026-10-12"}
    assert said(mosaic([action()], [action()], dates=later)) == ("it is to come on 2026-10-12, wanted on 2026-10-05",)
    unknown = {"fullMoonDate": "2026-10-12"}
    assert said(mosaic([action()], [action()], dates=unknown)) == (
        "it names a day on 2026-10-12 (fullMoonDate), which is not understood",
    )


# -- what cannot be read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (x12(line(1, quantity="ten"), line(2)), "line 1: its quantity (PO102) cannot be read: 'ten' is no number"),
        (x12(line(1, ack("ten")), line(2)), "line 1: its quantity (ACK02) cannot be read: 'ten' is no number"),
        (x12(line(1, unitPrice="free"), line(2)), "line 1: its price cannot be read: 'free' is no number"),
        (mosaic([action("ten")], [action()]), "line 1: its quantity cannot be read: 'ten' is no number"),
        (mosaic([action(unitCostPrice="free")], [action()]), "line 1: its price cannot be read: 'free' is no number"),
    ],
)
def test_what_cannot_be_read_does_not_agree(message, clause):
    assert said(message) == (clause,)


def test_more_than_twenty_differences_are_counted():
    message = x12(*(line(number) for number in range(101, 130)), line(1), line(2))
    assert said(message)[-1] == "and 9 more"


# -- totals and prices with discounts and roundings -------------------------------------------------------------------


def test_a_total_before_a_discount_that_was_agreed_is_not_that_of_the_order():
    order = an_order(a_line(1, discount=Decimal(25), amount=Decimal(100)))
    message = x12(line(1, ack()))
    message["transactionSets"][0]["AMT_loop"] = [
        {"monetaryAmountInformation": [{"amountQualifierCode": "TT", "monetaryAmount": "125.00"}]}
    ]
    assert said(message, order=order) == ("it comes to 125, which the order does not",)


def test_the_total_of_a_small_line():
    order = an_order(a_line(1, quantity=Decimal(1), unit_price=Decimal(1)))
    message = x12(line(1, quantity="1"))
    loop = message["transactionSets"][0]["PO1_loop"][0]
    loop["AMT_loop"] = [{"monetaryAmountInformation": [{"amountQualifierCode": "1", "monetaryAmount": "1.90"}]}]
    assert said(message, order=order) == ("line 1 comes to 1.9, which the ordered line does not",)


@pytest.mark.parametrize(
    ("price", "total", "found"),
    [
        ("12.3456", "1234.56", ()),
        ("12.35", "1235.00", ()),
        ("12.346", "1234.60", ()),
        ("12.34", "1234.56", ("line 1 has the price 12.34, ordered at 12.3456",)),
        ("12.35", "1236.00", ("it comes to 1236, which the order does not",)),
    ],
)
def test_a_price_with_fewer_decimals_is_that_of_the_order_if_it_is_rounded(price, total, found):
    order = an_order(a_line(1, quantity=Decimal(100), unit_price=Decimal("12.3456")))
    message = x12(line(1, quantity="100", unitPrice=price))
    message["transactionSets"][0]["totalMonetaryValueSummary"] = [{"amount": total}]
    assert said(message, order=order) == found


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"priceIdentifierCode": "NET", "unitPrice": "9"}, ("line 1 has the price 9, ordered at 12.5",)),
        ({"unitPrice": "9"}, ("line 1 has the price 9, ordered at 12.5",)),
        ({"priceIdentifierCode": "CON", "unitPrice": "12.50"}, ()),
        ({"priceIdentifierCode": "MSR", "unitPrice": "19.90"}, ()),
        ({"priceIdentifierCode": "lpr", "unitPrice": "19.90"}, ()),
    ],
)
def test_prices_beside_that_of_the_line(values, found, loop):
    message = header()
    segment = {"pricingInformation": [values]}
    message["transactionSets"][0]["PO1_loop"][0].update({"CTP_loop": [segment]} if loop else segment)
    assert said(message) == found


# -- days of the header, units, and lines with one item ----------------------------------------------------------------

LATER = date(2026, 10, 12)
TWO_DAYS = an_order(a_line(1, promised=WANTED), a_line(2, promised=LATER), promised_on=WANTED)


def on_header(qualifier, day, *lines):
    return x12(*lines, dateTimeReference=[{"dateTimeQualifier": qualifier, "date": f"{day:%Y%m%d}"}])


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (on_header("067", LATER, line(1), line(2)), ("it is to come on 2026-10-12, wanted on 2026-10-05",)),
        (on_header("068", LATER, line(1), line(2)), ("it is to be shipped on 2026-10-12, wanted on 2026-10-05",)),
        (on_header("067", LATER), ("it is to come on 2026-10-12, wanted on 2026-10-05",)),
        (on_header("002", WANTED, line(1), line(2)), ()),
        (
            on_header(
                "067",
                LATER,
                line(1, ack(dateTimeQualifier="067", date="20261005")),
                line(2, ack(dateTimeQualifier="067", date="20261012")),
            ),
            (),
        ),
    ],
)
def test_the_day_of_the_latest_line_is_not_that_of_the_order(message, found):
    assert said(message, order=TWO_DAYS) == found


@pytest.mark.parametrize("code", ["EA", "ea", "PC", "UN", "PCE", "H87", "c62"])
def test_codes_that_count_single_items(code):
    assert said(x12(line(1, ack(unitOrBasisForMeasurementCode=code)), line(2))) == ()


SAME_ITEM = an_order(
    a_line(1, item="ITEM-1", promised=WANTED),
    a_line(2, item="ITEM-1", promised=WANTED, quantity=Decimal(20)),
    a_line(3, item="ITEM-1", promised=LATER, quantity=Decimal(20)),
    a_line(4, item="ITEM-1", promised=LATER, quantity=Decimal(20)),
)
ITEM = {"productServiceIDQualifier": "BP", "productServiceID": "ITEM-1"}


def of_item(number, quantity, day=WANTED):
    acknowledged = ack(quantity, dateTimeQualifier="067", date=f"{day:%Y%m%d}")
    return line(number, acknowledged, quantity=quantity, **ITEM)


@pytest.mark.parametrize("numbers", [("10", "20", "30", "40"), ("", "", "", "")])
def test_lines_with_one_item_are_told_apart_by_quantity_and_day(numbers):
    one, two, three, four = numbers
    lines = (of_item(one, "20"), of_item(two, "10"), of_item(three, "20", LATER), of_item(four, "20", LATER))
    assert said(x12(*lines), order=SAME_ITEM) == ()
    merged = (of_item(one, "50"), of_item(two, "20", LATER))
    assert "line 1 is missing" in said(x12(*merged), order=SAME_ITEM)


# -- how partners write numbers and days ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        x12(line(1, ack("10,0"), quantity="10,0", unitPrice="12,50"), line(2)),
        x12(line(1, quantity="10,0000", unitPrice="0012,500"), line(2)),
        summary(("TT", "250,00")),
        summary(("GV", "250,00")),
        summary(hashTotal="20,0"),
        mosaic([action("10,0", unitCostPrice="12,5")], [action()], monetaryAmounts={"net": "250,00"}),
    ],
)
def test_a_comma_is_a_decimal_point(message):
    assert said(message) == ()


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (x12(line(1, quantity="10,5"), line(2)), "line 1 has the quantity 10.5, ordered were 10"),
        (x12(line(1, unitPrice="12,60"), line(2)), "line 1 has the price 12.6, ordered at 12.5"),
        (x12(line(1, unitPrice="1,250"), line(2)), "line 1: its price cannot be read: '1,250' is no number"),
        (summary(("TT", "350,00")), "it comes to 350, which the order does not"),
        (summary(("TT", "250.00 kr")), "its total (AMT) cannot be read: '250.00 kr' is no number"),
        (
            header(totalMonetaryValueSummary=[{"amount": "all"}]),
            "its total (TDS) cannot be read: 'all' is no number",
        ),
        (summary(numberOfLineItems="two"), "its number of lines (CTT01) cannot be read: 'two' is no number"),
        (with_amount("125 kr"), "line 1: its amount (AMT) cannot be read: '125 kr' is no number"),
        (
            mosaic([action()], [action()], monetaryAmounts={"net": "all"}),
            "its total (net) cannot be read: 'all' is no number",
        ),
        (charged(allowanceOrChargeIndicatorCode="C", amount="45,00"), "it states a charge of 45.00"),
        (charged(allowanceOrChargeIndicatorCode="C", amount="45 kr"), "it states a charge (amount 45 kr)"),
    ],
)
def test_what_a_comma_or_another_sign_makes_of_a_number(message, clause):
    assert said(message) == (clause,)


@pytest.mark.parametrize(
    "message",
    [
        dated(("067", "00000000")),
        dated(("067", None, "00000000")),
        dated(("067", None, "00000000-00000000")),
        x12(line(1, ack(dateTimeQualifier="067", date="00000000")), line(2)),
        mosaic([action(estimatedDeliveryDate="0000-00-00")], [action()]),
        mosaic([action(estimatedDeliveryDate="0000-00-00T00:00:00Z")], [action()]),
    ],
)
def test_a_date_of_zeros_is_none(message):
    assert said(message) == ()


def test_a_period_with_one_end_is_not_understood():
    assert said(dated(("067", None, "20261005-00000000"))) == ("its period cannot be read: '20261005-00000000'",)


# -- values of a Mosaic line beside its actions ------------------------------------------------------------------------


def beside(actions, **values):
    message = mosaic(actions, [action()])
    message["lineItems"][0] |= values
    return message


@pytest.mark.parametrize(
    "message",
    [
        beside([{"status": "accepted"}], quantity={"value": "10", "unitOfMeasure": "each"}),
        beside([action("4"), action("6")], quantity={"value": "10"}, unitCostPrice="12.50"),
        beside([action(scheduledDeliveryDate="2026-10-05")], deliveryDate="20261005"),
        beside([action(unitCostPrice="1250", unitPriceBasis="perHundred")]),
        beside([action(promisedShipDate="2026-10-02")], salesOrderDate="2026-09-11"),
        beside([action()], quantity="10"),
    ],
)
def test_values_beside_the_actions_that_agree(message):
    assert said(message) == ()


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (beside([{"status": "accepted"}], quantity={"value": "6"}), "line 1 has the quantity 6, ordered were 10"),
        (beside([], quantity={"value": "6"}), "line 1 has the quantity 6, ordered were 10"),
        (beside([action()], quantity={"value": "6"}), "line 1 has the quantity 6, ordered were 10"),
        (beside([action()], quantity="6"), "line 1 has the quantity 6, ordered were 10"),
        (beside([{"status": "accepted", "quantity": "3"}]), "line 1 has the quantity 3, ordered were 10"),
        (
            beside([action()], quantity={"value": "10", "unitOfMeasure": "case"}),
            "line 1 is in the unit case, ordered in STK",
        ),
        (beside([action()], unitCostPrice="14"), "line 1 has the price 14, ordered at 12.5"),
        (
            beside([action(scheduledDeliveryDate="2026-10-12")]),
            "line 1 is to come on 2026-10-12, wanted on 2026-10-05",
        ),
        (
            beside([action()], promisedDeliveryDate="2026-10-12"),
            "line 1 is to come on 2026-10-12, wanted on 2026-10-05",
        ),
        (
            beside([action(restockDate="2026-10-12")]),
            "line 1 names a day on 2026-10-12 (restockDate), which is not understood",
        ),
        (
            mosaic([action()], [action()], dates={"scheduledDeliveryDate": "2026-10-12"}),
            "it is to come on 2026-10-12, wanted on 2026-10-05",
        ),
    ],
)
def test_values_beside_the_actions_that_differ(message, clause):
    assert said(message) == (clause,)


# -- weeks ------------------------------------------------------------------------------------------------------------

WEDNESDAY = date(2026, 10, 7)
MIDWEEK = an_order(a_line(1, promised=WEDNESDAY), a_line(2, promised=WEDNESDAY), promised_on=WEDNESDAY)


@pytest.mark.parametrize(
    "stamp",
    [
        *[(code, "20261005") for code in ("039", "076", "077", "078", "086", "087", "088")],
        ("077", "20261004"),
        ("077", "20261007"),
        ("077", "20261009"),
        ("077", None, "20261005-20261011"),
        ("077", None, "20261005"),
        ("087", "20260928"),
    ],
)
def test_a_week_with_the_wanted_day(stamp):
    assert said(dated(stamp), order=MIDWEEK) == ()
    code, day, *_ = stamp
    if day:
        of_lines = x12(*(line(number, ack(dateTimeQualifier=code, date=day)) for number in (1, 2)))
        assert said(of_lines, order=MIDWEEK) == ()


@pytest.mark.parametrize(
    ("stamp", "clause"),
    [
        (("077", "20261012"), "it is to come in the week of 2026-10-12, wanted on 2026-10-07"),
        (("077", "20261011"), "it is to come in the week of 2026-10-11, wanted on 2026-10-07"),
        (("076", "20261002"), "it is to come in the week of 2026-09-28, wanted on 2026-10-07"),
        (("087", "20261012"), "it is to be shipped in the week of 2026-10-12, wanted on 2026-10-07"),
        (
            ("077", None, "20261001-20261031"),
            "it is to come from 2026-10-01 to 2026-10-31, wanted on 2026-10-07",
        ),
    ],
)
def test_another_week(stamp, clause):
    assert said(dated(stamp), order=MIDWEEK) == (clause,)


def test_one_week_for_lines_of_several_weeks():
    assert said(dated(("077", "20261005")), order=TWO_DAYS) == ()
    of_header = said(dated(("077", "20261012")), order=TWO_DAYS)
    assert of_header == ("it is to come in the week of 2026-10-12, wanted on 2026-10-05",)


# -- charges in percent, VAT as a charge, and charges that a partner always states -------------------------------------

DISCOUNTED = an_order(a_line(1, promised=WANTED, discount=Decimal("12.50"), amount=Decimal("112.50")), a_line(2))
REBATED = replace(ORDER, discounts=(DocumentDiscount(Decimal("12.50")), DocumentDiscount(Decimal(7), None, Decimal(3))))
WITH_VAT = replace(ORDER, taxes=(Tax("3", Decimal(25), Decimal(250), Decimal("62.50")),), tax_total=Decimal("62.50"))
SAC = {"A": {"allowanceOrChargeIndicatorCode": "A"}, "C": {"allowanceOrChargeIndicatorCode": "C"}}
TAX = {**SAC["C"], "servicePromotionAllowanceOrChargeCode": "H850"}
FREIGHT = {**SAC["C"], "servicePromotionAllowanceOrChargeCode": "D240"}


@pytest.mark.parametrize(
    ("order", "values", "of_line"),
    [
        (DISCOUNTED, {**SAC["A"], "percentDecimalFormat": "10", "allowanceOrChargePercentQualifier": "3"}, True),
        (DISCOUNTED, {**SAC["A"], "percent": "10,0"}, True),
        (DISCOUNTED, {**SAC["A"], "amount": "1250", "percentDecimalFormat": "99"}, True),
        (DISCOUNTED, {**SAC["A"], "amount": "0", "percentDecimalFormat": "10"}, True),
        (DISCOUNTED, {**SAC["A"], "rate": "1.25"}, True),
        (REBATED, {**SAC["A"], "percentDecimalFormat": "5"}, False),
        (REBATED, {**SAC["A"], "percentDecimalFormat": "3"}, False),
        (WITH_VAT, {**TAX, "amount": "6250"}, False),
        (WITH_VAT, {**TAX, "percentDecimalFormat": "25"}, False),
        (WITH_VAT, {**TAX, "amount": "31.25"}, True),
        (WITH_VAT, {**TAX, "percentDecimalFormat": "25.0"}, True),
        (replace(WITH_VAT, taxes=()), {**TAX, "amount": "6250"}, False),
        (replace(WITH_VAT, taxes=()), {**TAX, "amount": "3125"}, True),
        (ORDER, {**TAX, "amount": "6250"}, False),
    ],
)
def test_charges_in_percent_and_vat_that_agree(order, values, of_line):
    assert said(charged(of_line=of_line, **values), order=order) == ()


@pytest.mark.parametrize(
    ("order", "values", "of_line", "clause"),
    [
        (
            DISCOUNTED,
            {**SAC["A"], "percentDecimalFormat": "12"},
            True,
            "line 1 states an allowance (percent decimal format 12)",
        ),
        (
            DISCOUNTED,
            {**SAC["C"], "percentDecimalFormat": "10"},
            True,
            "line 1 states a charge (percent decimal format 10)",
        ),
        (
            DISCOUNTED,
            {**SAC["A"], "amount": "1300", "percentDecimalFormat": "10"},
            True,
            "line 1 states an allowance of 13.00 (percent decimal format 10)",
        ),
        (
            DISCOUNTED,
            {**SAC["A"], "percentDecimalFormat": "ten 10"},
            True,
            "line 1 states an allowance (percent decimal format ten 10)",
        ),
        (DISCOUNTED, {**SAC["A"], "rate": "1.30"}, True, "line 1 states an allowance (rate 1.30)"),
        (REBATED, {**SAC["A"], "rate": "1.25"}, False, "it states an allowance (rate 1.25)"),
        (WITH_VAT, {**TAX, "amount": "3000"}, False, "it states a charge of 30.00 (tax)"),
        (WITH_VAT, {**TAX, "percentDecimalFormat": "15"}, False, "it states a charge (tax, percent decimal format 15)"),
        (
            replace(ORDER, tax_total=Decimal(0)),
            {**TAX, "amount": "6250"},
            False,
            "it states a charge of 62.50 (tax)",
        ),
        (
            WITH_VAT,
            {**TAX, "allowanceOrChargeIndicatorCode": "A", "amount": "6250"},
            False,
            "it states an allowance of 62.50 (tax)",
        ),
    ],
)
def test_charges_in_percent_and_vat_that_differ(order, values, of_line, clause):
    assert said(charged(of_line=of_line, **values), order=order) == (clause,)


@pytest.mark.parametrize(
    "charges",
    [{"type": "VAT", "amount": "62.50"}, {"type": "valueAddedTax", "percent": "25"}, {"type": "tax", "percent": "25"}],
)
def test_vat_as_a_charge_of_mosaic(charges):
    assert said(mosaic([action()], [action()], charges=[charges]), order=WITH_VAT) == ()
    assert said(mosaic([action()], [action()], allowances=[charges]), order=WITH_VAT) != ()


def with_total(message, total):
    message["transactionSets"][0]["totalMonetaryValueSummary"] = [{"amount": total}]
    return message


def test_a_total_with_vat_that_the_order_does_not_have():
    assert said(with_total(charged(**TAX, amount="6250"), "312.50")) == ()
    assert said(with_total(charged(**TAX, amount="6250"), "250.00")) == ()
    assert said(with_total(charged(**TAX, amount="6250"), "375.00")) == ("it comes to 375, which the order does not",)
    vat_twice = with_total(charged(**TAX, amount="6250"), "375.00")
    assert said(vat_twice, order=WITH_VAT) == ("it comes to 375, which the order does not",)


@pytest.mark.parametrize("of_line", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        {**FREIGHT, "amount": "4500"},
        {**FREIGHT, "amount": "12.00", "description": "Freight to Oslo"},
        {**SAC["C"], "servicePromotionAllowanceOrChargeCode": "D980", "amount": "10"},
        {**FREIGHT, "percentDecimalFormat": "2"},
    ],
)
def test_charges_that_the_partner_always_states(values, of_line):
    route = a_route(ORDER, charges_in_answers={"freight": Decimal(45), "d980": Decimal(10)})
    assert said(charged(of_line=of_line, **values), route=route) == ()
    assert said(charged(of_line=of_line, **values)) != ()


def test_a_usual_charge_is_in_the_total_or_not():
    route = a_route(ORDER, charges_in_answers={"freight": Decimal(45)})
    for of_line in (False, True):
        message = charged(of_line=of_line, **FREIGHT, amount="4500")
        for total in ("250.00", "295.00"):
            assert said(with_total(message, total), route=route) == ()
        other = said(with_total(message, "305.00"), route=route)
        assert other == ("it comes to 305, which the order does not",)
    taxed = with_total(charged(**FREIGHT, amount="4500"), "368.75")
    assert said(taxed, order=WITH_VAT, route=route) == ()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({**FREIGHT, "amount": "4501"}, "a charge of 45.01 (freight)"),
        (
            {**FREIGHT, "allowanceOrChargeIndicatorCode": "A", "amount": "4500"},
            "an allowance of 45.00 (freight)",
        ),
        ({**SAC["C"], "amount": "4500"}, "a charge of 45.00"),
        ({**FREIGHT, "percentDecimalFormat": "20"}, "a charge (freight, percent decimal format 20)"),
        ({**FREIGHT, "rate": "1"}, "a charge (freight, rate 1)"),
    ],
)
def test_charges_beyond_the_usual_ones(values, text):
    route = a_route(ORDER, charges_in_answers={"freight": Decimal(45)})
    assert said(charged(**values), route=route) == (f"it states {text}",)


# -- goods without charge, and units of EDIFACT ------------------------------------------------------------------------

FREE = an_order(a_line(1, promised=WANTED, unit_price=Decimal(0)), a_line(2, promised=WANTED), promised_on=WANTED)


@pytest.mark.parametrize(
    "values",
    [
        {"unitPrice": "0"},
        {"unitPrice": "0.00", "basisOfUnitPriceCode": "NC"},
        {"unitPrice": "0,00", "basisOfUnitPriceCode": "PD"},
        {"basisOfUnitPriceCode": "NC"},
        {"basisOfUnitPriceCode": "PE"},
    ],
)
def test_goods_without_charge(values):
    assert said(x12(line(1, **values), line(2)), order=FREE) == ()
    is_free = values.get("unitPrice") or values["basisOfUnitPriceCode"] == "NC"
    stated = ("line 1 has the price 0, ordered at 12.5",) if is_free else ()
    assert said(x12(line(1, **values), line(2))) == stated


@pytest.mark.parametrize(("basis", "begins"), [("NC", "its price of 12.50 has the basis 'NC'"), ("SR", "its price of")])
def test_a_price_beside_no_charge_is_not_understood(basis, begins):
    (clause,) = said(x12(line(1, unitPrice="12.50", basisOfUnitPriceCode=basis), line(2)), order=FREE)
    assert clause.startswith(f"line 1: {begins}")


@pytest.mark.parametrize(
    ("ordered", "acknowledged", "units"),
    [
        ("EA", "QQ", ()),
        ("QQ", "EA", ()),
        ("EA", "CA", ("CA",)),
        ("CA", "QQ", ("CA", "QQ")),
        ("QQ", "QQ", ("QQ",)),
    ],
)
def test_a_unit_that_is_not_known_says_nothing_beside_ours(ordered, acknowledged, units):
    acks = ack(unitOrBasisForMeasurementCode=acknowledged)
    message = x12(line(1, acks, unitOrBasisForMeasurementCode=ordered), line(2))
    assert said(message) == tuple(f"line 1 is in the unit {code}, ordered in STK" for code in units)


@pytest.mark.parametrize(
    ("code", "found"), [("KGM", ()), ("kg", ()), ("GRM", ("line 1 is in the unit GRM, ordered in KG",))]
)
def test_a_unit_of_edifact(code, found):
    order = an_order(a_line(1, unit="KG", promised=WANTED), promised_on=WANTED)
    route = a_route(order, units={"KG": "kilogram"})
    assert said(x12(line(1, ack(unitOrBasisForMeasurementCode=code))), order=order, route=route) == found


# -- charges in a line of their own ------------------------------------------------------------------------------------


def with_freight_line(*, quantity="1", price="45.00", total="295.00"):
    values = {"unitPrice": price, "productServiceIDQualifier": "VP", "productServiceID": "FRT-0001"}
    message = x12(line(1), line(2), line(4, quantity=quantity, **{key: one for key, one in values.items() if one}))
    return with_total(message, total)


AS_ITEM = a_route(ORDER, charges_in_answers={"frt-0001": Decimal(45)})


def test_a_charge_in_a_line_of_its_own():
    unknown = "line 4 (FRT-0001) is not in the order"
    assert said(with_freight_line(), route=AS_ITEM) == ()
    assert said(with_freight_line(total="250.00"), route=AS_ITEM) == ()
    assert said(with_freight_line()) == ("it comes to 295, which the order does not", unknown)
    assert said(with_freight_line(quantity="2", total="250.00"), route=AS_ITEM) == (unknown,)
    assert said(with_freight_line(price="0", total="250.00"), route=AS_ITEM) == (unknown,)
    assert said(with_freight_line(price=None, total="250.00"), route=AS_ITEM) == (unknown,)
