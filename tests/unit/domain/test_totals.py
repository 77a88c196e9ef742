from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import DocumentDiscount, Kind, Tax
from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import EnteredAmount, WithoutItem
from connector.domain.totals import (
    Totals,
    explained_by_price,
    is_in_units,
    line_amount,
    magnitudes,
    reconcile,
    rounded,
    smallest_unit,
)
from connector.edi.visma.read import read_document
from testkit.samples.business_documents import a_line, a_route, an_invoice, an_order
from testkit.samples.visma_samples import (
    a_credit_note,
    a_customer_invoice,
    a_customer_invoice_line,
    a_purchase_order,
    a_supplier_invoice,
    an_order_line,
)


def content(data):
    return read_document(data, company="nordic").content


def refusal(document):
    with pytest.raises(Parked) as parked:
        reconcile(document)
    assert parked.value.next_step
    return parked.value


NO_VAT = {"taxTotal": None, "taxDetails": []}


def order(*lines, **changes):
    return content(a_purchase_order(lines=list(lines), **changes))


def test_of_two_wrong_lines_the_first_one_is_told():
    too_fine = an_order_line(1, orderQty=Decimal(1), unitCost=Decimal("10.5"), amount=Decimal("10.5"))
    wrong = an_order_line(2, orderQty=Decimal(1), unitCost=Decimal(10), amount=Decimal(17))
    in_yen = {"currency": "JPY", "taxDetails": [], "taxTotal": Decimal(0), "lineTotal": None, "orderTotal": None}
    assert refusal(order(too_fine, wrong, **in_yen)).field == "lines[0].amount"
    assert refusal(order(wrong, too_fine, **in_yen)).field == "lines[0].amount"
    assert refusal(order(an_order_line(1), too_fine, **in_yen)).field == "lines[1].amount"


@pytest.mark.parametrize(
    ("parts", "currency", "are"),
    [
        (["1", "2.5", "0.25"], "NOK", True),
        (["1.25", "2.755"], "NOK", False),
        (["0.005", "0.005"], "NOK", False),
        (["1", "2"], "JPY", True),
        (["1", "2.0"], "JPY", False),
        (["0.125"], "KWD", True),
        (["1" * 22], "NOK", False),
        (["1" * 18, "0." + "0" * 14 + "1", "1e-20"], "NOK", False),
    ],
)
def test_one_look_at_a_sum_tells_whether_its_parts_are_in_whole_units(parts, currency, are):
    assert is_in_units(sum(map(Decimal, parts), Decimal(0)), currency) is are


def test_an_order_that_adds_up_gives_its_totals():
    assert reconcile(content(a_purchase_order())) == Totals(
        lines=Decimal("8856.50"),
        discounts=Decimal(0),
        charges=Decimal(0),
        tax=Decimal("2214.13"),
        rounding=Decimal(0),
        total=Decimal("11070.63"),
    )


def test_freight_counts_as_a_charge_and_discounts_and_vat_find_their_place():
    totals = reconcile(
        order(
            an_order_line(1),
            an_order_line(2, lineType="Freight", orderQty=Decimal(1), unitCost=Decimal("150.0")),
            discountDetails=[{"type": "Document", "discountAmt": Decimal("50.0")}],
            taxTotal=Decimal("2025.0"),
            taxDetails=[],
            orderTotal=Decimal("10125.0"),
        )
    )
    assert (totals.lines, totals.charges, totals.discounts) == (8000, 150, 50)
    assert (totals.tax, totals.total) == (2025, 10125)


def test_a_wrong_sum_of_lines_is_refused_with_both_sums():
    parked = refusal(order(an_order_line(1, unitCost=Decimal("1.25")), lineTotal=Decimal("999.0")))
    assert parked.sentence == "The lines add up to 1000.00 NOK, Visma states 999.00 NOK (lineTotal)."
    assert parked.field == "lineTotal"


def test_an_entered_amount_is_refused_with_its_working_and_the_two_ways_out():
    line = an_order_line(3, orderQty=Decimal("3.0"), unitCost=Decimal("33.33"), amount=Decimal("90.0"))
    document = order(an_order_line(1), an_order_line(2), line)
    with pytest.raises(Parked) as caught:
        reconcile(document, a_route(document))
    parked = caught.value
    assert parked.sentence == "Line 3: 3 x 33.33 = 99.99, Visma states 90.00."
    assert parked.field == "lines[2].amount"
    assert parked.waits_for == "partners.acme.kinds.purchase_order.entered_amount"
    assert f"{parked.waits_for}: adjust" in parked.next_step
    assert "in Visma" in parked.next_step


def test_routing_lets_an_entered_amount_stand():
    line = an_order_line(1, orderQty=Decimal(10), unitCost=Decimal(50), amount=Decimal(50))
    document = order(line, **NO_VAT, lineTotal=Decimal(50), orderTotal=Decimal(50))
    assert reconcile(document, a_route(document, entered_amount=EnteredAmount.ADJUST)).total == 50


@pytest.mark.parametrize(
    ("quantity", "price", "difference", "explained"),
    [
        ("3", "33.33", "0.01", True),
        ("3", "33.33", "-0.01", True),
        ("3", "33.33", "0.02", False),
        ("1", "33.33", "0.01", False),
        ("100", "33.3", "0.50", True),  # 33.3 is 33.30: half a cent a piece
        ("100", "33.3", "0.51", False),
        ("100", "33.3333", "0.01", False),
        ("100", "33.333", "0.05", True),
        ("-100", "33.33", "0.50", True),
        ("10", "50", "0.05", True),
        ("10", "50", "-450", False),
        ("10000", "0.12", "50.00", True),
        ("10000", "0.03", "50.00", False),  # a sixth of the whole is no rounding
        ("10000", "0.03", "15.00", True),
        ("3", "0.03", "0.01", True),
        ("0.1", "195.35", "-0.01", True),  # 19.535 was rounded up, 0.1 x 195.345 is rounded down
        ("0.1", "195.36", "-0.01", False),
        ("-0.1", "195.35", "0.01", True),
        ("1000", "0", "5", False),
    ],
)
def test_a_rounded_price_explains_quantity_times_half_a_unit_of_its_last_digit(quantity, price, difference, explained):
    assert explained_by_price(Decimal(difference), Decimal(quantity), Decimal(price), "NOK") is explained


@pytest.mark.parametrize(("price", "amount"), [("0.12", "12500"), ("10.00", "1000500")])
def test_a_rounding_beyond_the_limit_of_routing_is_an_entered_amount(price, amount):
    line = an_order_line(1, orderQty=Decimal(100000), unitCost=Decimal(price), amount=Decimal(amount))
    document = order(line, **NO_VAT, lineTotal=Decimal(amount), orderTotal=Decimal(amount))
    assert refusal(document).field == "lines[0].amount"
    with pytest.raises(Parked) as parked:
        reconcile(document, a_route(document))
    assert "rounding_limit" in parked.value.next_step
    assert reconcile(document, a_route(document, rounding_limit=Decimal(500))).total == Decimal(amount)


@pytest.mark.parametrize(("quantity", "off"), [(2000, "10"), (2000, "-10"), (100000, "10")])
def test_a_rounding_up_to_the_limit_is_one(quantity, off):
    amount = quantity * Decimal("1.50") + Decimal(off)
    line = an_order_line(1, orderQty=Decimal(quantity), unitCost=Decimal("1.50"), amount=amount)
    document = order(line, **NO_VAT, lineTotal=amount, orderTotal=amount)
    assert reconcile(document).total == amount


def test_the_stated_amount_of_a_line_is_payable_where_a_rounded_price_explains_it():
    line = an_order_line(1, orderQty=Decimal("3.0"), unitCost=Decimal("33.33"), amount=Decimal("100.0"))
    document = order(line, **NO_VAT, lineTotal=Decimal(100), orderTotal=Decimal(100))
    assert reconcile(document).total == 100
    assert refusal(replace(document, order_total=Decimal("99.99"))).field == "orderTotal"


def test_of_freight_and_of_a_charge_by_routing_only_the_amount_leaves():
    freight = an_order_line(1, lineType="Freight", orderQty=Decimal(1), unitCost=Decimal(0), amount=Decimal(80))
    fee = an_order_line(2, inventory=None, orderQty=Decimal(2), unitCost=Decimal(10), amount=Decimal(49))
    document = order(freight, fee, **NO_VAT, lineTotal=Decimal(129), orderTotal=Decimal(129))
    assert refusal(document).field == "lines[1].amount"
    totals = reconcile(document, a_route(document, lines_without_item=WithoutItem.CHARGE))
    assert (totals.charges, totals.total) == (80, 129)


def test_the_working_shows_the_discount_and_no_exponents():
    line = an_order_line(1, orderQty=Decimal("8E+2"), amount=Decimal("7000.0"), discountAmount=Decimal("400.0"))
    assert refusal(order(line)).sentence == "Line 1: 800 x 10 - 400.00 = 7600.00, Visma states 7000.00."
    returned = an_order_line(1, orderQty=Decimal(-8), amount=Decimal(-70), discountAmount=Decimal(4))
    assert refusal(order(returned)).sentence == "Line 1: -8 x 10 + 4.00 = -76.00, Visma states -70.00."


@pytest.mark.parametrize(("quantity", "message"), [(8, "8 x 10 + 4.00 = 84.00"), (-8, "-8 x 10 - 4.00 = -84.00")])
def test_the_working_shows_a_surcharge_as_what_it_is(quantity, message):
    changes = {"amount": Decimal(quantity), "discountPercent": Decimal(-5)}
    line = an_order_line(1, orderQty=Decimal(quantity), **changes)
    assert message in refusal(order(line)).sentence


def test_the_field_of_an_invoice_line_is_named_as_visma_names_it():
    wrong = {"invoiceLines": [a_customer_invoice_line(1, amountInCurrency=Decimal("1.0"))]}
    assert refusal(content(a_customer_invoice(**wrong))).field == "invoiceLines[0].amountInCurrency"
    line = a_supplier_invoice()["invoiceLines"][0] | {"costInCurrency": Decimal("1.0")}
    assert refusal(content(a_supplier_invoice(invoiceLines=[line]))).field == "invoiceLines[0].costInCurrency"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"orderTotal": Decimal("11070.64")}, "orderTotal"),
        ({"taxTotal": Decimal("2214.12")}, "orderTotal"),
        ({"discountDetails": [{"type": "Document", "discountAmt": Decimal("0.01")}]}, "orderTotal"),
    ],
)
def test_an_order_whose_header_is_a_cent_off_is_refused(changes, field):
    assert refusal(content(a_purchase_order(**changes))).field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amountInCurrency": Decimal("1530.95")}, "amountInCurrency"),
        ({"detailTotalInCurrency": Decimal("1224.74")}, "detailTotalInCurrency"),
        ({"vatTotalInCurrency": Decimal("306.18")}, "amountInCurrency"),
        ({"roundingDiff": Decimal("0.01")}, "amountInCurrency"),
        ({"discountTotalInCurrency": Decimal("0.01")}, "amountInCurrency"),
    ],
)
def test_an_invoice_whose_header_is_a_cent_off_is_refused(changes, field):
    assert refusal(content(a_customer_invoice(**changes))).field == field


def test_what_visma_does_not_state_is_not_compared():
    bare = order(an_order_line(1, amount=None), lineTotal=None, taxTotal=None, orderTotal=None, taxDetails=[])
    assert reconcile(bare).total == 8000


def test_vat_is_taken_from_its_rates_when_no_total_is_stated():
    assert reconcile(content(a_purchase_order(taxTotal=None))).tax == Decimal("2214.13")


@pytest.mark.parametrize(
    ("rows", "vat"),
    [
        ([("25", "306.19"), ("25", "306.19")], "0"),  # reverse charge: one of the two is subtracted
        ([("25", "306.19"), ("25", "-306.19")], "0"),
        ([("25", "306.19")], "0"),  # use tax: listed, not payable
        ([("25", "306.19"), ("25", "100.00")], "306.19"),  # partly deductible: the expense part is in the total only
        ([("25", "3123.14"), ("15", "120.00")], "306.19"),  # rows in company currency
    ],
)
def test_the_stated_vat_is_payable_whatever_its_rows_are(rows, vat):
    taxes = [{"vatId": {"number": "3"}, "vatRate": Decimal(r), "vatAmount": Decimal(a)} for r, a in rows]
    stated = {"vatTotalInCurrency": Decimal(vat), "amountInCurrency": Decimal("1224.75") + Decimal(vat)}
    totals = reconcile(content(a_customer_invoice(taxDetails=taxes, **stated)))
    assert (totals.tax, totals.total) == (Decimal(vat), stated["amountInCurrency"])


def test_vat_rows_are_not_payable_where_the_total_is_closed_without_them():
    closed = {"vatTotalInCurrency": None, "amountInCurrency": Decimal("1224.75")}
    assert reconcile(content(a_customer_invoice(**closed))).tax == 0


def test_an_order_without_lines_amounts_to_nothing():
    assert reconcile(content(a_purchase_order(lines=[]))).total == 0


def cancelled_line(**changes):
    return an_order_line(2, canceled=True, completed=True, orderQty=Decimal(10), **changes)


def test_cancelled_lines_are_left_out_when_visma_left_them_out():
    document = order(
        an_order_line(1), cancelled_line(), **NO_VAT, lineTotal=Decimal("8000.0"), orderTotal=Decimal("8000.0")
    )
    assert reconcile(document).total == 8000


def test_cancelled_lines_are_left_out_when_visma_still_counts_them():
    document = order(an_order_line(1), cancelled_line(), **NO_VAT)
    assert document.order_total != 8000
    document = replace(document, line_total=Decimal(8100), order_total=Decimal(8100))
    totals = reconcile(document)
    assert (totals.lines, totals.total) == (8000, 8000)


def test_vat_of_cancelled_lines_is_taken_off_at_the_one_rate_of_the_order():
    totals = reconcile(order(an_order_line(1), cancelled_line()))
    assert (totals.lines, totals.tax, totals.total) == (8000, 2000, 10000)


def test_vat_of_cancelled_lines_that_cannot_be_told_apart_parks_the_order():
    taxes = [{"vatRate": Decimal(25), "vatAmount": Decimal(2000)}, {"vatRate": Decimal(15), "vatAmount": Decimal(25)}]
    assert refusal(order(an_order_line(1), cancelled_line(), taxDetails=taxes)).field == "taxTotal"


def test_discounts_of_cancelled_lines_that_cannot_be_told_apart_park_the_order():
    document = order(
        an_order_line(1),
        cancelled_line(),
        **NO_VAT,
        discountDetails=[{"type": "Document", "discountAmt": Decimal(81)}],
        orderTotal=Decimal(8019),
    )
    assert refusal(document).field == "discountDetails"


def test_totals_that_count_cancelled_lines_in_one_place_only_are_refused():
    document = order(an_order_line(1), cancelled_line(), **NO_VAT, lineTotal=Decimal(8000), orderTotal=Decimal(8100))
    assert refusal(document).field == "orderTotal"


def test_an_order_of_which_every_line_is_cancelled_amounts_to_nothing():
    totals = reconcile(order(cancelled_line()))
    assert (totals.lines, totals.tax, totals.total) == (0, 0, 0)


def test_a_cancelled_order_is_counted_as_it_stood():
    totals = reconcile(order(cancelled_line(), status="Cancelled"))
    assert (totals.lines, totals.tax, totals.total) == (100, 25, 125)


def test_the_amount_of_a_cancelled_line_need_not_add_up():
    document = order(an_order_line(1), cancelled_line(amount=Decimal("0.0")), **NO_VAT)
    assert reconcile(replace(document, line_total=Decimal(8000), order_total=Decimal(8000))).lines == 8000


@pytest.mark.parametrize("stated", [Decimal("0.06"), Decimal("-0.06")])
def test_the_rounding_difference_is_signed_by_the_total_because_visma_does_not_say_how(stated):
    invoice = content(a_customer_invoice(roundingDiff=stated, amountInCurrency=Decimal("1531.0")))
    totals = reconcile(invoice)
    assert (totals.rounding, totals.total) == (Decimal("0.06"), Decimal("1531.00"))


def test_the_sum_of_details_may_hold_freight_or_not():
    lines = [a_customer_invoice_line(1), a_customer_invoice_line(2, lineType="FR", quantity=Decimal(1))]
    for detail_total in (Decimal(1000), Decimal(1100)):
        totals = reconcile(content(a_customer_invoice(invoiceLines=lines, detailTotalInCurrency=detail_total)))
        assert (totals.lines, totals.charges, totals.total) == (1000, 100, 1375)


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        ("NOK", "0.005", "0.01"),
        ("NOK", "-0.005", "-0.01"),
        (None, "1.004", "1.00"),
        ("JPY", "100.5", "101"),
        ("ISK", "100.4", "100"),
        ("KWD", "1.0005", "1.001"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_cents_of_the_currency(currency, amount, expected):
    assert str(rounded(Decimal(amount), currency)) == expected
    assert rounded(Decimal(amount), currency) % smallest_unit(currency) == 0


def test_yen_have_no_cents():
    line = an_order_line(1, orderQty=Decimal(3), unitCost=Decimal("33.5"), amount=Decimal(101))
    document = order(line, **NO_VAT, currency="JPY", lineTotal=Decimal(101), orderTotal=Decimal(101))
    assert reconcile(document).total == 101
    sentence = refusal(replace(document, line_total=Decimal(100))).sentence
    assert sentence == "The lines add up to 101 JPY, Visma states 100 JPY (lineTotal)."


@pytest.mark.parametrize(
    "field",
    [
        "amountInCurrency",
        "vatTotalInCurrency",
        "roundingDiff",
        "discountTotalInCurrency",
        "cashDiscountInCurrency",
    ],
)
def test_a_stated_fraction_of_a_currency_without_decimals_is_never_rounded(field):
    bare = {"amountInCurrency": Decimal(1225), "vatTotalInCurrency": None, "taxDetails": []}
    parked = refusal(content(a_customer_invoice(currencyId="ISK", **(bare | {field: Decimal("1225.5")}))))
    assert parked.field == field
    assert "Visma states 1225.5 " in parked.sentence
    assert "ISK has no decimals" in parked.sentence


def test_nor_is_the_stated_amount_of_a_line():
    line = an_order_line(1, orderQty=Decimal("2.5"), unitCost=Decimal(1499), amount=Decimal("3747.5"))
    parked = refusal(order(line, **NO_VAT, currency="ISK", lineTotal=None, orderTotal=None))
    assert parked.field == "lines[0].amount"


def test_a_third_decimal_of_a_total_is_not_rounded_away_but_the_noise_of_a_double_is():
    assert refusal(content(a_customer_invoice(amountInCurrency=Decimal("1530.944")))).field == "amountInCurrency"
    noisy = content(a_customer_invoice(amountInCurrency=Decimal("1530.9400000000001")))
    assert reconcile(noisy).total == Decimal("1530.94")


def test_without_a_currency_the_sentence_names_none():
    document = order(an_order_line(1), currency=None, lineTotal=Decimal(1))
    assert refusal(document).sentence == "The lines add up to 8000.00, Visma states 1.00 (lineTotal)."


def test_an_amount_beyond_exact_arithmetic_parks_the_document():
    document = order(an_order_line(1), **NO_VAT)
    huge = replace(document.lines[0], quantity=Decimal("1E+20"), unit_price=Decimal("1E+20"))
    assert "too large" in refusal(replace(document, lines=(huge,))).sentence


def test_the_discount_of_a_returned_quantity_lowers_what_is_returned():
    line = order(an_order_line(1, orderQty=Decimal(-8), amount=Decimal(-76), discountAmount=Decimal(4))).lines[0]
    assert line_amount(line, "NOK") == -76


def test_a_negative_credit_memo_is_turned_round_and_a_line_against_it_stays_against_it():
    memo = content(a_credit_note())
    line = memo.lines[0]
    negative = replace(
        memo,
        lines=(
            replace(line, quantity=Decimal(-3), amount=Decimal(-300)),
            replace(line, number=2, quantity=Decimal(3), unit_price=Decimal(-10), amount=Decimal(-30)),
            replace(line, number=3, quantity=Decimal(1), amount=Decimal(100)),
        ),
        taxes=(Tax("3", Decimal(25), Decimal(-230), Decimal("-57.5")),),
        discounts=(DocumentDiscount(Decimal(10)),),
        detail_total=Decimal(-230),
        tax_total=Decimal("-57.5"),
        rounding=Decimal("-0.5"),
        total=Decimal(-278),
    )
    turned = magnitudes(negative)
    assert [(row.quantity, row.unit_price, row.amount) for row in turned.lines] == [
        (3, 100, 300),
        (3, 10, 30),
        (-1, 100, -100),
    ]
    totals = reconcile(negative)
    assert (totals.lines, totals.discounts, totals.tax) == (230, 10, Decimal("57.5"))
    assert (totals.rounding, totals.total) == (Decimal("0.5"), 278)
    assert magnitudes(turned) is turned


def test_a_credit_memo_that_mixes_signs_is_refused():
    memo = content(a_credit_note())
    assert refusal(replace(memo, total=-memo.total)).field


@pytest.mark.parametrize("document_type", ["Invoice", "DebitNote"])
def test_an_invoice_with_a_negative_total_is_a_credit_memo(document_type):
    data = a_customer_invoice(
        documentType=document_type,
        invoiceLines=[
            a_customer_invoice_line(1, quantity=Decimal(-3)),
            a_customer_invoice_line(2, quantity=Decimal(1)),
        ],
    )
    invoice = content(data)
    assert invoice.invoice_type is InvoiceType.CREDIT_MEMO
    assert invoice.number == "100231"
    assert [line.quantity for line in invoice.lines] == [3, -1]
    assert reconcile(invoice).total == 250


def test_an_invoice_that_is_rounded_to_nothing_stays_an_invoice():
    line = a_customer_invoice_line(1, quantity=Decimal(-1), unitPriceInCurrency=Decimal("0.3"))
    rounded_off = {"amountInCurrency": Decimal(0), "vatTotalInCurrency": Decimal(0), "taxDetails": []}
    invoice = content(a_customer_invoice(invoiceLines=[line], roundingDiff=Decimal("0.3"), **rounded_off))
    assert (invoice.invoice_type, reconcile(invoice).total) == (InvoiceType.INVOICE, 0)


def test_a_discount_on_nothing_is_turned_round_as_well():
    invoice = content(a_customer_invoice(amountInCurrency=None, detailTotalInCurrency=None, taxDetails=[]))
    bare = replace(invoice.lines[0], unit_price=Decimal(0), discount=Decimal("2.50"), amount=None)
    turned = magnitudes(replace(invoice, lines=(bare,), tax_total=None))
    assert (turned.invoice_type, reconcile(turned).total) == (InvoiceType.CREDIT_MEMO, Decimal("2.50"))


def test_an_invoice_of_nothing_stays_an_invoice():
    lines = [a_customer_invoice_line(1), a_customer_invoice_line(2, quantity=Decimal(-10))]
    invoice = content(a_customer_invoice(invoiceLines=lines))
    assert (invoice.invoice_type, reconcile(invoice).total) == (InvoiceType.INVOICE, 0)


def supplier_invoice(**changes):
    return an_invoice(kind=Kind.SUPPLIER_INVOICE, **changes)


class TestWhatADifferenceLooksLike:
    """Both documents have two lines of 125.00."""

    @pytest.mark.parametrize(
        ("document", "field"),
        [
            (an_order(order_total=Decimal(250), tax_total=Decimal(50)), "orderTotal"),
            (an_order(order_total=Decimal(250), line_total=Decimal(250), tax_total=Decimal(50)), "orderTotal"),
            (
                an_order(order_total=Decimal(240), tax_total=Decimal(50), discounts=(DocumentDiscount(Decimal(10)),)),
                None,
            ),
            (an_invoice(total=Decimal(250), tax_total=Decimal(50)), "amountInCurrency"),
            (an_invoice(total=Decimal("250.40"), tax_total=Decimal(50), rounding=Decimal("0.4")), "amountInCurrency"),
            (an_invoice(total=Decimal(250), detail_total=Decimal(200), tax_total=Decimal(50)), "amountInCurrency"),
            (supplier_invoice(total=Decimal(250), tax_total=Decimal(50)), "amount"),
        ],
    )
    def test_lines_that_come_to_the_total_before_vat_have_prices_that_include_it(self, document, field):
        parked = refusal(document)
        assert "include VAT" in parked.sentence
        assert parked.field == (field or "orderTotal")

    @pytest.mark.parametrize(
        ("document", "cause"),
        [
            (
                an_order(order_total=Decimal(150)),
                "100.00 NOK less, as with a discount that is not among its document discounts.",
            ),
            (an_order(order_total=Decimal(350)), "100.00 NOK more."),
            (supplier_invoice(total=Decimal(225)), "25.00 NOK less, as with a retained or withheld amount."),
            (supplier_invoice(total=Decimal(300)), "50.00 NOK more, as with landed costs."),
            (an_invoice(total=Decimal(300)), "50.00 NOK more."),
        ],
    )
    def test_a_total_that_is_not_the_sum_of_its_parts_is_told_with_the_difference(self, document, cause):
        assert refusal(document).sentence.endswith(f", {cause}")

    @pytest.mark.parametrize(
        ("document", "field"),
        [
            (replace(an_order(order_total=Decimal(250)), lines=()), "lines"),
            (replace(an_order(line_total=Decimal(250)), lines=()), "lines"),
            (replace(an_invoice(total=Decimal(250)), lines=()), "invoiceLines"),
        ],
    )
    def test_a_total_without_a_single_line_is_told_as_such(self, document, field):
        parked = refusal(document)
        assert (parked.field, "Visma gives no lines" in parked.sentence) == (field, True)

    def test_only_an_order_can_be_corrected_in_visma(self):
        assert refusal(an_order(a_line(), order_total=Decimal(1))).next_step == "Correct it in Visma."
        for document in (an_invoice(total=Decimal(1)), supplier_invoice(total=Decimal(1))):
            step = refusal(document).next_step
            assert "A released invoice cannot be changed in Visma" in step
            assert "connector documents close KEY" in step
