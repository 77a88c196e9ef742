from datetime import date
from decimal import Decimal

import pytest

from connector.domain.documents import DocumentDiscount, InvoiceLine, Tax
from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.reasons import Reason
from connector.domain.revision.content_hash import revision_id
from connector.domain.totals import reconcile
from connector.edi.visma.read import decode, read_document
from testkit.samples.visma_samples import (
    MISSING,
    a_credit_note,
    a_customer_invoice,
    a_customer_invoice_line,
    a_supplier_invoice,
    a_supplier_invoice_line,
    as_json,
)


def read(data):
    return read_document(decode(as_json(data)), company="nordic").content


def without_document_currency(data):
    """The document as an API flavour without `...InCurrency` fields would give it."""
    kept = {name: value for name, value in data.items() if not name.endswith("InCurrency")}
    kept["invoiceLines"] = [
        {name: value for name, value in line.items() if not name.endswith("InCurrency")}
        for line in data["invoiceLines"]
    ]
    return kept


def test_a_customer_invoice_is_read():
    invoice = read(a_customer_invoice(contractDocRef="K-9", cashDiscountInCurrency=Decimal("15.0")))
    assert invoice.invoice_type is InvoiceType.INVOICE
    assert (invoice.invoiced_on, invoice.due_on) == (date(2026, 9, 3), date(2026, 10, 3))
    assert invoice.cash_discount == 15
    assert (invoice.counterparty.number, invoice.counterparty.name) == ("10045", "Corner Market AS")
    assert invoice.counterparty.location == "MAIN"
    assert invoice.counterparty.address.lines == ("Havnegata 12",)
    assert invoice.counterparty.address.country == "NO"
    assert invoice.counterparty.contact.name == "Corner Market AS"
    assert invoice.counterparty.contact.attention == "Accounts payable"
    assert invoice.order_number == "PO-4711"
    assert invoice.contract_number == "K-9"
    assert invoice.payment_reference == "0010023100019"
    assert invoice.description == "Thank you for your order"
    assert invoice.currency == "NOK"
    assert invoice.taxes == (Tax("3", Decimal(25), Decimal("1224.75"), Decimal("306.19")),)
    assert (invoice.detail_total, invoice.tax_total, invoice.total) == (
        Decimal("1224.75"),
        Decimal("306.19"),
        Decimal("1530.94"),
    )
    line = invoice.lines[1]
    assert (line.number, line.item, line.quantity, line.unit) == (2, "2210", Decimal("2.5"), "KG")
    assert (line.unit_price, line.discount, line.amount) == (Decimal("89.9"), 0, Decimal("224.75"))
    assert (line.tax_code, line.source) == ("3", "invoiceLines[1]")
    assert (line.order_number, line.sales_order, line.shipment) == (None, "200981", "400412")


def test_a_supplier_invoice_is_read_in_its_own_currency():
    invoice = read(a_supplier_invoice())
    assert invoice.currency == "USD"
    assert [line.unit_price for line in invoice.lines] == [Decimal("10.0"), Decimal("33.5")]
    assert [line.amount for line in invoice.lines] == [Decimal("250.00"), Decimal("134.00")]
    assert invoice.detail_total == Decimal("384.00")
    assert invoice.total is None, "Visma states it in company currency only"
    assert invoice.counterparty.number == "50012"
    assert invoice.counterparty_reference == "INV-7781"
    assert invoice.order_number == "500123"
    assert (invoice.lines[1].order_number, invoice.lines[1].order_line) == ("500123", 2)
    assert invoice.lines[0].counterparty_item == "AC-500-DR"
    assert invoice.payment_reference == "0090014500017"


def test_a_supplier_invoice_in_company_currency_has_a_total():
    assert read(a_supplier_invoice(currencyId="NOK", exchangeRate=1, amount=Decimal("384.0"))).total == 384


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ({"customerRefNumber": "A", "externalReference": "B", "originatorDocRef": "C"}, "A"),
        ({"customerRefNumber": "", "externalReference": "B", "originatorDocRef": "C"}, "B"),
        ({"customerRefNumber": None, "externalReference": MISSING, "originatorDocRef": "C"}, "C"),
        ({"customerRefNumber": None, "externalReference": None, "originatorDocRef": None}, None),
    ],
)
def test_the_order_of_the_buyer_is_taken_from_the_first_reference_that_is_filled_in(references, expected):
    assert read(a_customer_invoice(**references)).order_number == expected


def test_a_supplier_invoice_for_several_orders_names_them_by_line_only():
    lines = [a_supplier_invoice_line(1), a_supplier_invoice_line(2, poNumber="500124")]
    invoice = read(a_supplier_invoice(invoiceLines=lines))
    assert invoice.order_number is None
    assert [line.order_number for line in invoice.lines] == ["500123", "500124"]


@pytest.mark.parametrize(
    ("data", "meaning"),
    [
        (a_customer_invoice(documentType="FinCharge"), InvoiceType.INVOICE),
        (a_credit_note(), InvoiceType.CREDIT_MEMO),
        (a_customer_invoice(documentType="DebitNote"), InvoiceType.DEBIT_MEMO),
        (a_supplier_invoice(documentType="DebitAdj"), InvoiceType.CREDIT_MEMO),
        (a_supplier_invoice(documentType="CreditAdj"), InvoiceType.DEBIT_MEMO),
        (a_customer_invoice(documentType="Payment"), InvoiceType.INVOICE),
        (a_customer_invoice(documentType="SelfBilling"), InvoiceType.INVOICE),
    ],
)
def test_the_type_says_what_the_document_means_to_the_one_who_pays(data, meaning):
    assert read(data).invoice_type is meaning


def test_the_location_of_the_customer_is_read_and_its_name_makes_no_revision():
    shop = {"countryId": "NO", "id": "S-07", "name": "Butikk 7"}
    customer = read(a_customer_invoice(location=shop)).counterparty
    assert (customer.location, customer.location_name) == ("S-07", "Butikk 7")
    renamed, moved = ({**shop, "name": "Butikk 8"}, {**shop, "id": "S-08"})
    ids = [revision_id(read(a_customer_invoice(location=place))) for place in (shop, renamed, moved)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("stated", "read_as"),
    [
        ({"cashDiscountInCurrency": 0}, 0),
        ({"cashDiscountInCurrency": Decimal("7.5"), "cashDiscount": 80}, Decimal("7.5")),
        # Nothing is nothing in either currency; any other amount of the company says nothing of the document's.
        ({"cashDiscountInCurrency": None, "cashDiscount": 0}, 0),
        ({"cashDiscountInCurrency": None, "cashDiscount": 80}, None),
        ({"cashDiscountInCurrency": None, "cashDiscount": 80, "exchangeRate": 1}, 80),
        ({"cashDiscountInCurrency": None, "cashDiscount": None}, None),
    ],
)
def test_a_cash_discount_of_zero_is_stated_and_a_missing_one_is_not(stated, read_as):
    assert read(a_supplier_invoice(**stated)).cash_discount == read_as


def test_plain_amounts_serve_when_the_whole_document_has_no_others():
    invoice = read(without_document_currency(a_customer_invoice()))
    assert [line.unit_price for line in invoice.lines] == [Decimal("100.0"), Decimal("89.9")]
    assert reconcile(invoice).total == Decimal("1530.94")


def test_plain_amounts_do_not_serve_when_the_document_is_in_another_currency():
    with pytest.raises(Parked) as parked:
        read(without_document_currency(a_supplier_invoice()))
    assert parked.value.field == "exchangeRate"


def test_plain_amounts_do_not_fill_single_gaps():
    with pytest.raises(Parked) as parked:
        read(a_supplier_invoice(invoiceLines=[a_supplier_invoice_line(1, unitCostInCurrency=None)]))
    assert parked.value.field == "invoiceLines[0].unitCostInCurrency"


def test_a_single_vat_rate_in_company_currency_is_restated_in_that_of_the_document():
    invoice = read(
        a_supplier_invoice(
            vatTotal=Decimal("979.2"),
            vatTotalInCurrency=Decimal("96.0"),
            vatTaxableTotalInCurrency=Decimal("384.0"),
            amount=Decimal("4896.0"),
            taxDetailLines=[
                {"taxId": "1", "vatRate": 25, "taxableAmount": Decimal("3916.8"), "vatAmount": Decimal("979.2")}
            ],
        )
    )
    assert invoice.taxes == (Tax("1", Decimal(25), Decimal(384), Decimal(96)),)
    assert reconcile(invoice).tax == 96


def rows(*rates_and_amounts):
    return [
        {"vatId": {"number": rate}, "vatRate": int(rate), "vatAmount": Decimal(vat)} for rate, vat in rates_and_amounts
    ]


@pytest.mark.parametrize(
    ("exchange", "company_rows", "company", "own", "read_as"),
    [
        # EUR in a NOK company: each row leads to one amount only.
        ("11.7", [("25", "877.50"), ("15", "175.50")], "1053.00", "90.00", ["75.00", "15.00"]),
        # Rows that are in the currency of the document already.
        ("11.7", [("25", "75.00"), ("15", "15.00")], "1053.00", "90.00", ["75.00", "15.00"]),
        # SEK in a EUR company: many amounts would lead there.
        ("0.0855", [("25", "64.13"), ("12", "5.13")], "69.26", "810.00", ["64.13", "5.13"]),
        # The results do not add up to the stated VAT.
        ("11.7", [("25", "877.50"), ("15", "175.50")], "1053.00", "90.01", ["877.50", "175.50"]),
        # Reverse charge: no VAT is payable.
        ("11.7", [("25", "877.50"), ("25", "877.50")], "0", "0", ["877.50", "877.50"]),
    ],
)
def test_several_vat_rates_are_restated_where_it_can_be_told(exchange, company_rows, company, own, read_as):
    invoice = read(
        a_supplier_invoice(
            exchangeRate=Decimal(exchange),
            vatTotal=Decimal(company),
            vatTotalInCurrency=Decimal(own),
            detailTotal=384 * Decimal(exchange),
            amount=384 * Decimal(exchange) + Decimal(company),
            taxDetailLines=rows(*company_rows),
        )
    )
    assert [tax.amount for tax in invoice.taxes] == list(map(Decimal, read_as))
    assert reconcile(invoice).tax == Decimal(own)


def test_vat_rows_whose_currency_nothing_tells_are_not_taken_for_the_vat_of_the_document():
    unstated = {"vatTotalInCurrency": None, "taxDetailLines": rows(("25", "979.20"))}
    with pytest.raises(Parked) as parked:
        read(a_supplier_invoice(**unstated))
    assert parked.value.field == "vatTotalInCurrency"


LINE = {"quantity": Decimal(25), "unitCostInCurrency": Decimal("10.012"), "costInCurrency": Decimal("250.3")}
EUR_ROUNDED = {
    "currencyId": "EUR",
    "exchangeRate": Decimal("11.7"),
    "invoiceLines": [a_supplier_invoice_line(1, **LINE)],
    "detailTotal": Decimal("2928.51"),
    "detailTotalInCurrency": Decimal("250.3"),
    "amount": Decimal("2925.0"),
    "roundingDiff": Decimal("3.51"),
    "roundingDiffInCurrency": Decimal("0.3"),
}


@pytest.mark.parametrize(
    ("changes", "payable"),
    [
        ({}, "250"),
        ({"roundingDiff": Decimal("-3.51"), "roundingDiffInCurrency": Decimal("-0.3")}, "250"),
        ({"amount": Decimal("2932.02")}, "250.6"),
        ({"roundingDiff": None}, "250"),
        ({"roundingDiffInCurrency": None}, "250"),
        ({"exchangeRate": None}, "250"),
        ({"exchangeRate": None, "roundingDiffInCurrency": None}, "250"),
        ({"exchangeRate": Decimal("0.08547009"), "roundingDiff": None}, "250"),
        ({"exchangeRate": Decimal("0.08547009"), "roundingDiffInCurrency": None}, "250"),
        ({"balance": Decimal("100.0"), "balanceInCurrency": Decimal("8.55"), "status": "Closed"}, "250"),
        ({"amount": Decimal("2925.01"), "roundingDiff": Decimal("3.5")}, "250"),
        ({"documentType": "DebitAdj"}, "250"),
    ],
)
def test_the_figures_in_company_currency_tell_the_sign_of_a_rounding_difference(changes, payable):
    invoice = read(a_supplier_invoice(**(EUR_ROUNDED | changes)))
    assert invoice.total == Decimal(payable)
    totals = reconcile(invoice)
    assert (totals.total, totals.rounding) == (Decimal(payable), Decimal(payable) - Decimal("250.3"))


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": None},
        {"amount": Decimal("2928.51")},
        {"amount": Decimal("2000.0")},
        {"detailTotal": None},
        # SEK in a EUR company: 0.03 EUR are 0.30 to 0.41 SEK.
        {
            "exchangeRate": Decimal("0.085"),
            "detailTotal": Decimal("21.28"),
            "amount": Decimal("21.25"),
            "roundingDiff": Decimal("0.03"),
            "roundingDiffInCurrency": None,
        },
        {"amount": Decimal("2928.5"), "roundingDiff": Decimal("0.01"), "roundingDiffInCurrency": Decimal("0.01")},
    ],
)
def test_a_rounding_difference_whose_sign_nothing_tells_is_parked_with_both_figures(changes):
    balance = {"balance": Decimal("2925.0"), "balanceInCurrency": Decimal("250.0")}
    with pytest.raises(Parked) as parked:
        read(a_supplier_invoice(**(EUR_ROUNDED | balance | changes)))
    assert parked.value.field == "roundingDiffInCurrency"
    stated = changes.get("roundingDiffInCurrency", Decimal("0.3")) or changes["roundingDiff"]
    assert f"difference of {stated}" in parked.value.sentence
    assert "250.30" in parked.value.sentence
    assert parked.value.next_step


def test_without_an_exchange_rate_equal_amounts_say_that_the_plain_total_is_that_of_the_document():
    same = {"exchangeRate": None, "detailTotal": Decimal("250.3"), "amount": Decimal("250.0"), "roundingDiff": None}
    invoice = read(a_supplier_invoice(**(EUR_ROUNDED | same)))
    assert invoice.total == 250
    assert reconcile(invoice).rounding == Decimal("-0.3")


CUSTOMER_ROUNDED = {
    "currencyId": "EUR",
    "exchangeRate": Decimal("11.7"),
    "invoiceLines": [
        a_customer_invoice_line(1, quantity=Decimal(25), unitPriceInCurrency=Decimal("10.012")),
        a_customer_invoice_line(2, lineType="FR", quantity=Decimal(1), unitPriceInCurrency=Decimal(10)),
    ],
    "detailTotal": None,
    "vatTotal": Decimal(0),
    "vatTotalInCurrency": Decimal(0),
    "taxDetails": [],
    "detailTotalInCurrency": Decimal("250.3"),
    "amountInCurrency": Decimal("260.0"),
    "roundingDiff": Decimal("3.51"),
}


def test_a_rounding_difference_in_company_currency_is_taken_from_the_stated_total():
    totals = reconcile(read(a_customer_invoice(**CUSTOMER_ROUNDED)))
    assert (totals.charges, totals.rounding, totals.total) == (10, Decimal("-0.3"), 260)


@pytest.mark.parametrize(
    ("total", "exchange", "sent"),
    [("260.35", "0.0855", True), ("260.80", "0.0855", False), ("260.70", "0.005", True), ("260.90", "0.005", False)],
)
def test_a_rounding_difference_may_come_to_nothing_in_company_currency(total, exchange, sent):
    weak = {"exchangeRate": Decimal(exchange), "roundingDiff": Decimal(0), "amountInCurrency": Decimal(total)}
    invoice = read(a_customer_invoice(**(CUSTOMER_ROUNDED | weak)))
    if sent:
        assert reconcile(invoice).total == Decimal(total)
    else:
        with pytest.raises(Parked):
            reconcile(invoice)


def test_a_stated_total_that_is_not_as_far_away_as_the_rounding_difference_says_is_refused():
    with pytest.raises(Parked) as parked:
        reconcile(read(a_customer_invoice(**(CUSTOMER_ROUNDED | {"amountInCurrency": Decimal("259.0")}))))
    assert parked.value.field == "amountInCurrency"


JPY = {
    "currencyId": "JPY",
    "exchangeRate": Decimal("0.07"),
    "invoiceLines": [a_customer_invoice_line(1, quantity=Decimal(23), unitPriceInCurrency=Decimal(11))],
    "detailTotalInCurrency": Decimal(253),
    "amountInCurrency": Decimal(253),
}


@pytest.mark.parametrize(
    "changes",
    [
        {"amountInCurrency": Decimal("260.3")},
        {"amountInCurrency": Decimal("260.3"), "exchangeRate": Decimal("0.085")},
        JPY,
    ],
)
def test_a_difference_of_the_conversion_alone_is_no_rounding_of_the_document(changes):
    """0.01 in company currency is nothing in EUR or JPY: what is payable is what the lines come to."""
    totals = reconcile(read(a_customer_invoice(**(CUSTOMER_ROUNDED | {"roundingDiff": Decimal("0.01")} | changes))))
    assert (totals.rounding, totals.total) == (0, changes["amountInCurrency"])


@pytest.mark.parametrize("own", [Decimal(0), None])
def test_nor_is_it_one_where_the_total_is_stated_in_company_currency_only(own):
    converted = {"amount": Decimal("2928.5"), "roundingDiff": Decimal("0.01"), "roundingDiffInCurrency": own}
    totals = reconcile(read(a_supplier_invoice(**(EUR_ROUNDED | converted))))
    assert (totals.rounding, totals.total) == (0, Decimal("250.3"))


@pytest.mark.parametrize(("total", "summed_up"), [("260.3", "260.60"), ("259.0", "260.60")])
def test_a_difference_in_company_currency_is_not_added_to_amounts_of_another_one(total, summed_up):
    """3.51 NOK are 0.30 EUR."""
    with pytest.raises(Parked) as parked:
        reconcile(read(a_customer_invoice(**(CUSTOMER_ROUNDED | {"amountInCurrency": Decimal(total)}))))
    assert f"add up to {summed_up} EUR" in parked.value.sentence


def test_a_plain_difference_that_is_the_documents_own_is_taken_as_it_stands():
    totals = reconcile(read(a_customer_invoice(**(CUSTOMER_ROUNDED | {"roundingDiff": Decimal("0.3")}))))
    assert (totals.rounding, totals.total) == (Decimal("-0.3"), 260)


@pytest.mark.parametrize("empty", [None, [], ""])
def test_the_list_of_lines_that_is_filled_is_read(empty):
    data = a_customer_invoice()
    assert read(data | {"lines": empty}) == read(data)
    note = a_credit_note()
    assert read(note | {"invoiceLines": empty}) == read(note)


def test_two_lists_of_lines_must_be_the_same():
    data = a_customer_invoice()
    assert len(read(data | {"lines": data["invoiceLines"]}).lines) == 2
    with pytest.raises(Parked) as parked:
        read(data | {"lines": data["invoiceLines"][:1]})
    assert parked.value.field == "lines"
    assert "1 in lines, 2 in invoiceLines" in parked.value.sentence


def test_prices_that_include_vat_park_the_document():
    vat = {"vatTotalInCurrency": Decimal("76.8"), "taxCalculationMode": "Gross"}
    with pytest.raises(Parked) as parked:
        read(a_supplier_invoice(**vat))
    assert parked.value.field == "taxCalculationMode"
    assert "include VAT" in parked.value.sentence


def test_without_vat_it_does_not_matter_how_vat_would_be_calculated():
    assert read(a_supplier_invoice(taxCalculationMode="Gross")).lines


def test_a_line_of_a_bookkeeper_with_an_amount_only_counts_as_one():
    bare = a_supplier_invoice_line(
        1,
        inventoryNumber=None,
        externalInventoryId=None,
        quantity=Decimal("0.0"),
        unitCostInCurrency=Decimal("0.0"),
        costInCurrency=Decimal(1000),
    )
    invoice = read(a_supplier_invoice(invoiceLines=[bare]))
    assert (invoice.lines[0].quantity, invoice.lines[0].unit_price) == (1, 1000)
    assert invoice.lines[0].is_text is False
    assert reconcile(invoice).lines == 1000


def test_freight_text_and_discount_lines_are_told_apart():
    lines = [
        a_customer_invoice_line(1),
        a_customer_invoice_line(
            2, lineType="FR", inventoryNumber="", quantity=Decimal(1), unitPriceInCurrency=Decimal("80.0")
        ),
        {"lineNumber": 3, "lineType": "MI", "description": "Thank you"},
        a_customer_invoice_line(
            4, lineType="DS", inventoryNumber=None, quantity=Decimal(0), amountInCurrency=Decimal("-50.0")
        ),
    ]
    invoice = read(
        a_customer_invoice(
            invoiceLines=lines,
            detailTotalInCurrency=Decimal("1080.0"),
            vatTotalInCurrency=None,
            taxDetails=None,
            amountInCurrency=Decimal("1030.0"),
        )
    )
    assert [(line.number, line.is_charge, line.is_text) for line in invoice.lines] == [
        (1, False, False),
        (2, True, False),
        (3, False, True),
    ]
    assert invoice.discounts == (DocumentDiscount(Decimal("50.0")),)
    totals = reconcile(invoice)
    assert (totals.lines, totals.charges, totals.discounts, totals.total) == (1000, 80, 50, 1030)


def test_a_discount_stated_in_the_header_is_not_taken_from_its_lines_again():
    lines = [
        a_customer_invoice_line(1),
        {"lineNumber": 2, "lineType": "DS", "amountInCurrency": Decimal("-100.0"), "quantity": 0},
    ]
    invoice = read(a_customer_invoice(invoiceLines=lines, discountTotalInCurrency=Decimal("100.0")))
    assert invoice.discounts == (DocumentDiscount(Decimal("100.0")),)


def test_lines_without_a_number_are_counted():
    lines = [a_customer_invoice_line(1, lineNumber=None), a_customer_invoice_line(2, lineNumber=None)]
    assert [line.number for line in read(a_customer_invoice(invoiceLines=lines)).lines] == [1, 2]


def test_a_withdrawn_invoice_is_marked_and_one_withdrawn_from_dunning_is_not():
    assert read(a_customer_invoice(status="Voided")).voided is True
    assert read(a_customer_invoice(revoked=True)).voided is False


def negated(data):
    """The credit note with every amount and quantity the other way round."""
    keep = {"exchangeRate", "vatRate", "unitPrice", "unitPriceInCurrency"}

    def turn(value, name=""):
        if isinstance(value, dict):
            return {inner: turn(content, inner) for inner, content in value.items()}
        if isinstance(value, list):
            return [turn(content) for content in value]
        return -value if isinstance(value, Decimal) and name not in keep else value

    return turn(data)


def test_a_credit_note_reads_alike_whichever_sign_visma_gives_its_amounts():
    positive = a_credit_note(
        lines=[a_customer_invoice_line(1), a_customer_invoice_line(2, quantity=Decimal(1))],
        discountTotalInCurrency=Decimal("100.0"),
        taxDetails=[],
        vatTotalInCurrency=None,
        amountInCurrency=Decimal("1000.0"),
    )
    assert read(negated(positive)) == read(positive)
    assert reconcile(read(positive)).total == 1000


def test_a_credit_note_without_amounts_of_its_own_takes_the_sign_from_its_lines():
    bare = {"amountInCurrency": None, "detailTotalInCurrency": None, "vatTotalInCurrency": None, "taxDetails": []}
    note = a_credit_note(**bare, lines=[a_customer_invoice_line(1, quantity=Decimal("-2.0"))])
    assert read(note).lines[0].quantity == 2
    assert reconcile(read(note)).total == 200


def applied(*rows):
    return [dict(zip(("docType", "refNbr", "amountPaid"), row, strict=False)) for row in rows]


@pytest.mark.parametrize(
    ("applications", "credited"),
    [
        (applied(("Invoice", "100231", 100)), ("100231",)),
        ([{"documentType": "Invoice", "refNbr": "100231"}], ("100231",)),
        (applied(("INV", "100231"), ("DRM", "100232"), ("FinCharge", "100233")), ("100231", "100232", "100233")),
        (applied(("Invoice", "100231", 60), ("Invoice", "100231", 40)), ("100231",)),
        # Payments and refunds stand in the same list.
        (applied(("Payment", "7001", 50), ("Refund", "7002", 50), ("REF", "7003"), ("Invoice", "100231")), ("100231",)),
        # What Visma only proposes has no amount.
        (applied(("Invoice", "100231", 0)), ()),
        ([{"docType": "Invoice", "refNbr": "100231", "voided": True}], ()),
        (applied((None, "100231", 10)), ("100231",)),
        (applied(("Invoice", None, 10)), ()),
        ([], ()),
        (None, ()),
    ],
)
def test_a_credit_note_credits_the_invoices_that_it_is_applied_to(applications, credited):
    assert read(a_credit_note(applications=applications)).original_invoices == credited


@pytest.mark.parametrize("kind", ["Invoice", "DebitNote"])
def test_what_an_invoice_is_settled_with_is_no_invoice(kind):
    invoice = a_customer_invoice(
        documentType=kind, applications=applied(("Payment", "7001", 50), ("CreditNote", "9", 5))
    )
    assert read(invoice).original_invoices == ()


def test_the_orders_and_shipments_of_an_invoice_are_ours_and_no_order_of_the_buyer():
    line = read(a_customer_invoice()).lines[0]
    assert (line.sales_order, line.shipment, line.order_number) == ("200981", "400412", None)
    bought = read(a_supplier_invoice()).lines[0]
    assert (bought.sales_order, bought.shipment, bought.order_number) == (None, None, "500123")


def test_a_debit_note_is_read_from_the_lines_of_its_own_list():
    note = a_customer_invoice(documentType="DebitNote")
    note["lines"] = note.pop("invoiceLines")
    read_note = read(note)
    assert read_note.invoice_type is InvoiceType.DEBIT_MEMO
    assert [line.item for line in read_note.lines] == ["1298", "2210"]


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (a_customer_invoice(customerRefNumber="A", externalReference="B", originatorDocRef="C"), "customerRefNumber"),
        (a_customer_invoice(customerRefNumber="", externalReference="B", originatorDocRef="C"), "externalReference"),
        (a_customer_invoice(customerRefNumber="", externalReference="", originatorDocRef="C"), "originatorDocRef"),
        (a_customer_invoice(customerRefNumber="", externalReference="", originatorDocRef=""), ""),
        (a_supplier_invoice(), "invoiceLines[0].poNumber"),
        (a_supplier_invoice(invoiceLines=[a_supplier_invoice_line(n, poNumber=f"50012{n}") for n in (1, 2)]), ""),
    ],
)
def test_where_the_order_of_the_buyer_stands_is_kept_for_messages(data, source):
    invoice = read(data)
    assert invoice.order_source == source
    assert bool(invoice.order_number) is bool(source)


def test_the_reference_that_a_customer_books_by_is_read():
    assert read(a_customer_invoice(accountingCostRef="DEPT-200")).buyer_reference == "DEPT-200"
    assert read(a_customer_invoice()).buyer_reference is None


@pytest.mark.parametrize("read_it", ["customer", "supplier"])
def test_an_amount_of_an_item_of_which_none_was_delivered_is_an_entered_one(read_it):
    figures = {"quantity": Decimal("0.0"), "unitPriceInCurrency": Decimal("0.0"), "amountInCurrency": Decimal("50.0")}
    document = a_customer_invoice(invoiceLines=[a_customer_invoice_line(1, **figures)])
    if read_it == "supplier":
        figures = {"quantity": Decimal("0.0"), "unitCostInCurrency": Decimal("0.0"), "costInCurrency": Decimal("50.0")}
        document = a_supplier_invoice(invoiceLines=[a_supplier_invoice_line(1, **figures)])
    invoice = read(document)
    (line,) = invoice.lines
    assert (line.quantity, line.unit_price, line.amount) == (0, 0, 50)
    with pytest.raises(Parked) as caught:
        reconcile(invoice)
    assert caught.value.code is Reason.LINE_AMOUNT_DIFFERS
    assert "0 x 0 = 0.00, Visma states 50.00" in caught.value.sentence


def test_every_field_of_a_line_is_read_into_its_place():
    line = a_customer_invoice_line(
        1,
        lineNumber=4,
        inventoryNumber="ITEM-1",
        externalInventoryId="C-1",
        description="Apples",
        quantity=Decimal(2),
        uom="KG",
        unitPriceInCurrency=Decimal("1.50"),
        amountInCurrency=Decimal("2.70"),
        discountAmountInCurrency=Decimal("0.30"),
        vatCode={"id": "25"},
        poNumber="P-1",
        poLineNr=9,
        note="Ripe",
        lineType="FR",
        soOrderNbr="S-1",
        soShipmentNbr="H-1",
    )
    (found,) = read(a_customer_invoice(invoiceLines=[line])).lines
    assert found == InvoiceLine(
        number=4,
        item="ITEM-1",
        description="Apples",
        counterparty_item="C-1",
        quantity=Decimal(2),
        unit="KG",
        unit_price=Decimal("1.50"),
        discount=Decimal("0.30"),
        amount=Decimal("2.70"),
        tax_code="25",
        order_number="P-1",
        order_line=9,
        note="Ripe",
        is_text=False,
        is_charge=True,
        source="invoiceLines[0]",
        sales_order="S-1",
        shipment="H-1",
    )


def test_the_amount_of_a_line_with_the_discount_of_the_document_is_named_by_its_place():
    line = a_customer_invoice_line(2, lineType="DS", amountInCurrency="some")
    document = a_customer_invoice(discountTotalInCurrency=None)
    with pytest.raises(Parked) as parked:
        read({**document, "invoiceLines": [*document["invoiceLines"], line]})
    assert parked.value.field == f"invoiceLines[{len(document['invoiceLines'])}].amountInCurrency"


def test_of_two_faults_of_a_party_its_name_is_told_first():
    document = a_supplier_invoice(location="somewhere")
    document["supplier"]["name"] = True
    with pytest.raises(Parked) as parked:
        read(document)
    assert parked.value.field == "name"
