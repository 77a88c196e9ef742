from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import DocumentDiscount, Kind, Tax
from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.reasons import Reason
from connector.domain.routing.route import Charset, DialectChoice, ItemIds, Overflow, WithoutItem
from connector.domain.transactions import Dialect, IsaId, Purpose, Stream
from connector.edi.kinds import KINDS
from connector.edi.translate import translate
from testkit.samples.business_documents import a_line, a_route, a_text, an_invoice, an_invoice_line, an_order

SERVICE = {"lines_without_item": WithoutItem.SERVICE}
CHARGE = {"lines_without_item": WithoutItem.CHARGE}
VAT = {"taxes": (Tax("3", Decimal(25), Decimal(250), Decimal("62.50")),), "tax_total": Decimal("62.50")}


def sent(content, route=None, purpose=Purpose.ORIGINAL, stream=Stream.TEST, **routing):
    return translate(content, route or a_route(content, **routing), stream=stream, purpose=purpose)


def parked(content, purpose=Purpose.ORIGINAL, **routing):
    with pytest.raises(Parked) as caught:
        sent(content, purpose=purpose, **routing)
    return caught.value


class TestRequests:
    def test_mosaic_goes_to_the_unversioned_path_with_the_version_header(self):
        translation = sent(an_order())
        request = translation.request
        assert (request.method, request.path) == ("POST", "/transactions")
        assert request.headers == {"Content-Type": "application/json", "orderful-api-version": "v4"}
        assert {key: request.body[key] for key in ("type", "stream", "senderId", "receiverId")} == {
            "type": "850_PURCHASE_ORDER",
            "stream": "test",
            "senderId": "NORDICFOODT",
            "receiverId": "ACMEPRODUCET",
        }
        assert translation.dialect is Dialect.MOSAIC
        assert translation.business_number == "500123"

    def test_x12_goes_to_v3_without_a_version_header(self):
        order = an_order()
        request = sent(order, a_route(order, dialect=DialectChoice.X12), stream=Stream.LIVE).request
        assert (request.method, request.path) == ("POST", "/v3/transactions")
        assert request.headers == {"Content-Type": "application/json"}
        assert request.body["type"] == {"name": "850_PURCHASE_ORDER"}
        assert request.body["stream"] == "LIVE"
        assert request.body["sender"] == {"isaId": "NORDICFOOD"}
        assert request.body["receiver"] == {"isaId": "ACMEPRODUCE"}
        assert list(request.body["message"]) == ["transactionSets"]

    def test_orderful_makes_the_trailer_and_the_totals_of_x12_json_itself(self):
        (printed,) = sent(an_order(), dialect=DialectChoice.X12).request.body["message"]["transactionSets"]
        assert "transactionSetTrailer" not in printed
        assert "CTT_loop" not in printed

    def test_an_isa_id_of_sixteen_characters_fits_mosaic_but_not_an_x12_envelope(self):
        long_id = IsaId(live="X" * 16, test="X" * 16)
        assert sent(an_order(), partner_isa_id=long_id).receiver_id == "X" * 16
        assert "15" in parked(an_order(), partner_isa_id=long_id, dialect=DialectChoice.X12).sentence


# What routing has to say for a document to come as far as a gap.
GAP_ROUTING = {
    "x12.references": {"x12": {"references": {"IA": "4875905"}}},
    "lines[].inventory": SERVICE,
    "lines": CHARGE,
}
# A document for every gap of Mosaic, and the field that is named when a partner is pinned to it.
GAP_DOCUMENTS = {
    "currency": (an_order(currency="USD"), "currency"),
    "taxDetails": (an_order(**VAT), "taxDetails"),
    "lines[].uom": (an_order(a_line(1), a_line(2, unit="KG")), "lines[1].uom"),
    "lines[].inventory": (an_invoice(an_invoice_line(item=None)), "invoiceLines[0].inventory"),
    "lines": (an_order(a_line(1), a_line(2, item=None, supplier_item=None)), "lines"),
    "purpose": (an_invoice(), "purpose"),
    "x12.references": (an_order(), "x12.references"),
    "shipping.address": (
        an_order(kind=Kind.SALES_ORDER_CONFIRMATION, supplier_reference="4500012345"),
        "shipping.address",
    ),
    "paymentReference": (an_invoice(payment_reference="1234567"), "paymentReference"),
    "contractDocRef": (an_invoice(contract_number="C-1"), "contractDocRef"),
    "applications": (
        an_invoice(invoice_type=InvoiceType.CREDIT_MEMO, original_invoices=("100200", "100201")),
        "applications",
    ),
    "invoiceLines": (an_invoice(an_invoice_line(is_charge=True)), "invoiceLines"),
}


class TestWhatMosaicCannotCarry:
    def test_every_gap_of_the_table_has_a_document_here(self):
        assert {gap.field for kind in KINDS.values() for gap in kind.mosaic_gaps} == set(GAP_DOCUMENTS)

    @pytest.mark.parametrize("gap", GAP_DOCUMENTS)
    def test_auto_takes_x12_instead_of_losing_it(self, gap):
        document, _ = GAP_DOCUMENTS[gap]
        purpose = Purpose.REPLACE if gap == "purpose" else Purpose.ORIGINAL
        assert sent(document, purpose=purpose, **GAP_ROUTING.get(gap, {})).dialect is Dialect.X12

    @pytest.mark.parametrize("gap", GAP_DOCUMENTS)
    def test_a_partner_pinned_to_mosaic_gets_it_parked_with_the_field_and_the_way_out(self, gap):
        document, field = GAP_DOCUMENTS[gap]
        purpose = Purpose.REPLACE if gap == "purpose" else Purpose.ORIGINAL
        error = parked(document, purpose=purpose, dialect=DialectChoice.MOSAIC, **GAP_ROUTING.get(gap, {}))
        assert error.field == field
        assert "Mosaic" in error.sentence
        assert "partners.acme.dialect" in error.next_step

    def test_a_currency_agreed_with_the_partner_is_no_gap(self):
        assert sent(an_order(currency="USD"), currency="USD").dialect is Dialect.MOSAIC
        assert sent(an_order(currency="NOK"), currency=None).dialect is Dialect.X12

    @pytest.mark.parametrize("dialect", list(DialectChoice))
    @pytest.mark.parametrize(
        ("content", "field"), [(an_order(currency=None), "currency"), (an_invoice(currency=None), "currencyId")]
    )
    def test_amounts_without_any_currency_do_not_leave(self, content, field, dialect):
        error = parked(content, currency=None, dialect=dialect)
        assert (error.field, error.waits_for) == (field, "partners.acme.currency")
        assert "Add partners.acme.currency" in error.next_step
        assert sent(content, currency="NOK", dialect=dialect)

    def test_a_cancellation_needs_no_currency(self):
        order = an_order(currency=None, cancelled=True)
        assert sent(order, purpose=Purpose.CANCELLATION, currency=None).purpose is Purpose.CANCELLATION

    def test_vat_of_zero_is_no_gap(self):
        order = an_order(taxes=(Tax("0", Decimal(0), Decimal(250), Decimal(0)),))
        assert sent(order).dialect is Dialect.MOSAIC


class TestWhatX12CannotCarry:
    def test_a_number_longer_than_its_element_is_parked_and_never_cut(self):
        error = parked(an_order(number="5" * 23), dialect=DialectChoice.X12)
        assert "BEG03" in error.sentence
        assert error.field == "orderNbr"
        assert "Mosaic can carry" in error.next_step

    def test_an_item_id_longer_than_its_element_names_the_line(self):
        error = parked(an_order(a_line(1, item="I" * 49)), dialect=DialectChoice.X12)
        assert error.field == "lines[0].inventory.number"
        assert "PO107" in error.sentence

    @pytest.mark.parametrize("item", ["A*B", "A~B", "A>B", "A^B", "Ø-1"])
    def test_an_item_id_that_would_have_to_be_altered_is_parked(self, item):
        error = parked(an_order(a_line(1, item=item)), dialect=DialectChoice.X12)
        assert error.field == "lines[0].inventory.number"

    LONG = "X" * 51

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            (an_invoice(payment_reference=LONG), "paymentReference"),
            (an_invoice(kind=Kind.SUPPLIER_INVOICE, payment_reference=LONG), "paymentRefNo"),
            (an_invoice(number=LONG), "referenceNumber"),
            (an_invoice(an_invoice_line(item=LONG)), "invoiceLines[0].inventoryNumber"),
            (an_invoice(an_invoice_line(counterparty_item=LONG)), "invoiceLines[0].externalInventoryId"),
            (
                an_invoice(an_invoice_line(counterparty_item=LONG), kind=Kind.SUPPLIER_INVOICE),
                "invoiceLines[0].externalInventoryId",
            ),
            (an_invoice(an_invoice_line(order_number=LONG)), "invoiceLines[0].soOrderNbr"),
            (
                an_invoice(an_invoice_line(order_number=LONG), kind=Kind.SUPPLIER_INVOICE),
                "invoiceLines[0].poNumber",
            ),
            (an_invoice(an_invoice_line(quantity=Decimal(10) ** 11)), "invoiceLines[0].quantity"),
            (an_order(a_line(supplier_item=LONG)), "lines[0].alternateId"),
            (an_order(a_line(blanket=LONG)), "lines[0].orderNumber"),
        ],
    )
    def test_what_does_not_fit_is_named_by_its_own_field_of_visma(self, content, field):
        error = parked(content, dialect=DialectChoice.X12)
        assert error.field == field
        assert f"(from {field})" in error.sentence

    def test_what_comes_from_the_routing_file_is_named_by_its_key(self):
        items = {"ITEM-1": ItemIds(partner_item=self.LONG)}
        error = parked(an_order(a_line(supplier_item=None)), dialect=DialectChoice.X12, items=items)
        assert error.field == "defaults.items.ITEM-1.partner_item"
        assert error.next_step.startswith("Correct defaults.items.ITEM-1.partner_item in the routing file")

    @pytest.mark.parametrize(
        ("number", "x12", "key", "word"),
        [
            ("BØ-47", {}, "x12.charset", "utf8"),
            ("bo-47", {"charset": Charset.BASIC}, "x12.charset", "extended"),
            ("BØ-47", {"charset": Charset.BASIC}, "x12.charset", "utf8"),
            ("X" * 41, {}, "x12.version", "005010"),
            ("BØ*47", {}, None, None),
            ("X" * 51, {}, None, None),
            ("X" * 51, {"version": "005010"}, None, None),
        ],
    )
    def test_the_setting_that_lets_an_element_hold_its_value_is_named_and_releases_the_document(
        self, number, x12, key, word
    ):
        error = parked(an_invoice(payment_reference=number, **VAT), dialect=DialectChoice.X12, x12=x12)
        assert error.field == "paymentReference"
        assert "connector documents close KEY" in error.next_step
        assert error.waits_for == (f"partners.acme.{key}" if key else None)
        if key:
            assert f"partners.acme.{key}: {word}" in error.next_step
            setting = key.removeprefix("x12.")
            sent(an_invoice(payment_reference=number, **VAT), dialect=DialectChoice.X12, x12={**x12, setting: word})

    def test_where_mosaic_can_carry_it_the_dialect_releases_the_document(self):
        error = parked(an_order(number="5" * 23), dialect=DialectChoice.X12)
        assert error.waits_for == "partners.acme.dialect"
        error = parked(an_order(ship_via="x" * 36), dialect=DialectChoice.X12, x12={"overflow": Overflow.PARK})
        assert error.waits_for == "partners.acme.x12.overflow"
        assert "x12.overflow: cut" in error.next_step
        assert "partners.acme.dialect to auto" in error.next_step

    def test_when_both_dialects_fail_the_sentence_says_so(self):
        error = parked(an_order(number="5" * 23, currency="USD"))
        assert "BEG03" in error.sentence
        assert "Mosaic is no way out" in error.sentence

    def test_a_fraction_of_a_currency_without_decimals_has_no_place_on_a_line(self):
        kilos = an_invoice_line(2, quantity=Decimal("2.5"), unit_price=Decimal(1499), amount=Decimal(3748))
        invoice = an_invoice(an_invoice_line(1, unit_price=Decimal(1499)), kilos, currency="ISK")
        error = parked(invoice, dialect=DialectChoice.X12)
        assert error.field == "invoiceLines[1]"
        assert "3747.5" in error.sentence
        whole = replace(invoice, lines=invoice.lines[:1])
        (printed,) = sent(whole, dialect=DialectChoice.X12).request.body["message"]["transactionSets"]
        assert printed["totalMonetaryValueSummary"] == [{"amount": "1499000"}]
        message = sent(invoice, currency="ISK").request.body["message"]
        assert [line["extendedPrice"] for line in message["lineItems"]] == ["14990.00", "3748.00"]
        assert message["invoiceTotal"] == "18738.00"

    def test_a_currency_with_three_decimals_has_no_place_in_n2(self):
        error = parked(an_invoice(currency="KWD"), dialect=DialectChoice.X12)
        assert error.field == "currency"
        assert sent(an_invoice(currency="KWD"), currency="KWD").dialect is Dialect.MOSAIC


class TestCharges:
    @staticmethod
    def summary(invoice, **routing):
        body = sent(invoice, dialect=DialectChoice.X12, **routing).request.body
        (printed,) = body["message"]["transactionSets"]
        found = [loop["servicePromotionAllowanceOrChargeInformation"][0] for loop in printed["SAC_loop"]]
        return [(sac["allowanceOrChargeIndicatorCode"], sac["amount"], sac["description"]) for sac in found]

    def freight(self, count, description="Frakt"):
        charges = [an_invoice_line(n + 2, is_charge=True, description=description) for n in range(count)]
        return an_invoice(an_invoice_line(1), *charges)

    def test_charges_that_say_the_same_are_added_up_where_x12_has_no_room_for_each(self):
        assert self.summary(self.freight(25)) == [("C", "12500", "Frakt")] * 25
        assert self.summary(self.freight(26)) == [("C", str(26 * 12500), "Frakt")]

    def test_what_is_charged_and_what_is_allowed_stay_apart(self):
        invoice = self.freight(26)
        back = an_invoice_line(99, is_charge=True, description="Frakt", quantity=Decimal(-1))
        summary = self.summary(replace(invoice, lines=(*invoice.lines, back)))
        assert summary == [("C", str(26 * 12500), "Frakt"), ("A", "1250", "Frakt")]

    def test_more_different_charges_than_x12_holds_are_parked(self):
        charges = [an_invoice_line(n + 2, is_charge=True, description=f"Frakt {n}") for n in range(26)]
        error = parked(an_invoice(an_invoice_line(1), *charges), dialect=DialectChoice.X12)
        assert "X12 holds 25 SAC" in error.sentence
        assert "Mosaic can carry" in error.next_step

    def test_the_cents_that_a_discount_loses_in_print_are_a_rounding_of_the_order(self):
        order = an_order(*(a_line(n, quantity=Decimal(1), discount=Decimal("1.005")) for n in (1, 2)))
        (printed,) = sent(order).request.body["message"]["transactionSets"]
        amounts = [loop["servicePromotionAllowanceOrChargeInformation"][0] for loop in printed["SAC_loop"]]
        # Each 12.50 less 1.005 is written as 12.50 less 1.01, and both together come to 22.99.
        assert [(sac["allowanceOrChargeIndicatorCode"], sac["amount"]) for sac in amounts] == [("C", "1")]


class TestVat:
    """What an 810 of 250.00 net says about VAT, in the summary and on its lines."""

    @pytest.mark.parametrize(
        ("rows", "payable", "written", "noted"),
        [
            ([("3", 25, "62.50")], "62.50", [("62.5", "25")], False),
            ([("3", 25, "31.25"), ("3B", 25, "31.25")], "62.50", [("62.5", "25")], False),
            (
                [("3", 25, "50"), ("31", 15, "7.5"), ("0", 0, "0")],
                "57.50",
                [("50", "25"), ("7.5", "15"), ("0", "0")],
                False,
            ),
            ([("1", 25, "62.50"), ("1R", 25, "62.50")], "0", [], True),
            ([("1", 25, "62.50"), ("1R", 25, "-62.50")], "0", [], True),
            ([("1", 25, "57.50"), ("1R", 25, "57.50"), ("31", 15, "3")], "3", [("3", "15")], True),
            ([("1", 25, "57.50"), ("1R", 25, "-57.50"), ("31", 15, "3")], "3", [("3", "15")], True),
            ([("1", 25, "31.25")], "62.50", [("62.5", "25")], False),
            ([("1", 25, "31.25")], "40", [("40", None)], True),
            ([("3", 25, "585"), ("31", 15, "87.75")], "57.50", [("57.5", None)], True),
            ([("3", 25, "30"), ("31", 15, "30"), ("33", 12, "5")], "35", [("35", None)], True),
            ([], "62.50", [("62.5", None)], False),
        ],
        ids=[
            "one rate",
            "two codes of one rate",
            "three rates",
            "reverse charge",
            "reverse charge, signed",
            "reverse charge beside food",
            "the same, signed",
            "partly deductible: the rate gives the stated amount",
            "partly deductible: no rate gives it",
            "rows in company currency",
            "two choices add up",
            "no rows",
        ],
    )
    def test_rates_are_written_only_when_they_add_up_to_what_is_payable(self, rows, payable, written, noted):
        taxes = tuple(Tax(code, Decimal(rate), None, Decimal(amount)) for code, rate, amount in rows)
        invoice = an_invoice(
            an_invoice_line(1, tax_code="1"), an_invoice_line(2, tax_code="31"), taxes=taxes, tax_total=Decimal(payable)
        )
        translation = sent(invoice, dialect=DialectChoice.X12)
        (printed,) = translation.request.body["message"]["transactionSets"]
        summary = [(tax["monetaryAmount"], tax.get("percentageAsDecimal")) for tax in printed.get("taxInformation", [])]
        assert summary == written
        assert any("VAT" in note for note in translation.notes) is noted
        on_lines = [
            tax["percentageAsDecimal"] for line in printed["IT1_loop"] for tax in line.get("taxInformation", [])
        ]
        assert set(on_lines) <= {rate for _, rate in written}

    @pytest.mark.parametrize(
        ("reverse", "on_lines"),
        [
            ([("81", "31.25"), ("82", "31.25")], [None, None, "15"]),
            ([("81", "31.25"), ("82", "-31.25")], [None, None, "15"]),
            ([("81", "20"), ("82", "20")], ["25", None, "15"]),
            ([("81", "20"), ("82", "-20")], ["25", None, "15"]),
            ([("81", "31.25")], ["25", "25", "15"]),
        ],
        ids=["not to be told", "not to be told, signed", "told by its amount", "the same, signed", "payable"],
    )
    def test_a_line_whose_vat_is_not_payable_or_may_not_be_names_no_rate(self, reverse, on_lines):
        stated = [
            ("1", 25, "31.25"),
            *((code, 25, amount) for code, amount in reverse),
            ("31", 15, "7.50"),
            ("0", 0, "0"),
        ]
        taxes = tuple(Tax(code, Decimal(rate), None, Decimal(amount)) for code, rate, amount in stated)
        payable = "70" if len(reverse) == 1 else "38.75"
        lines = (an_invoice_line(number, tax_code=code) for number, code in enumerate(("1", "81", "31"), 1))
        translation = sent(an_invoice(*lines, taxes=taxes, tax_total=Decimal(payable)), dialect=DialectChoice.X12)
        (printed,) = translation.request.body["message"]["transactionSets"]
        found = [loop.get("taxInformation", [{}])[0].get("percentageAsDecimal") for loop in printed["IT1_loop"]]
        assert found == on_lines
        left_out = "The VAT rows of Visma that are not part of what is payable were left out."
        assert (left_out in translation.notes) is (len(reverse) == 2)


class TestUnits:
    def test_an_unmapped_unit_waits_for_the_very_key(self):
        error = parked(an_order(a_line(unit="PAL")))
        assert error.waits_for == "defaults.units.PAL"
        assert error.field == "lines[0].uom"
        assert "defaults.units.PAL" in error.next_step

    def test_a_mapping_to_an_unknown_unit_waits_for_its_correction(self):
        error = parked(an_order(), units={"STK": "stykk"})
        assert error.waits_for == "defaults.units.STK"
        assert "stykk" in error.sentence

    def test_an_order_line_without_a_unit_is_parked(self):
        assert parked(an_order(a_line(unit=None))).field == "lines[0].uom"

    def test_an_invoice_line_without_a_unit_is_sent_in_units_and_says_so(self):
        translation = sent(an_invoice(an_invoice_line(unit=None)))
        (line,) = translation.request.body["message"]["lineItems"]
        assert line["quantityInvoiced"]["unitOfMeasure"] == "unit"
        assert any("unit" in note for note in translation.notes)


class TestBelowZero:
    @pytest.mark.parametrize("dialect", [DialectChoice.X12, DialectChoice.MOSAIC])
    def test_an_order_line_with_a_price_below_zero_is_parked_whatever_the_total(self, dialect):
        order = an_order(a_line(1), a_line(2, quantity=Decimal(1), unit_price=Decimal(-10)))
        error = parked(order, dialect=dialect)
        assert (error.code, error.field) == (Reason.PRICE_BELOW_ZERO, "lines[1].unitCost")
        assert "Line 2 orders ITEM-2 at -10" in error.sentence
        assert "discount" in error.next_step

    @pytest.mark.parametrize(
        "order",
        [
            an_order(a_line(1), discounts=(DocumentDiscount(Decimal(3000)),)),
            an_order(a_line(1), a_line(2, is_charge=True, quantity=Decimal(1), unit_price=Decimal(-200))),
        ],
        ids=["discount", "freight"],
    )
    def test_an_order_with_a_total_below_zero_is_parked(self, order):
        error = parked(order)
        assert (error.code, error.field) == (Reason.TOTAL_BELOW_ZERO, "orderTotal")
        assert "Correct prices, discounts and charges" in error.next_step

    def test_a_cancellation_and_a_credited_freight_leave(self):
        negative = an_order(a_line(1, unit_price=Decimal(-1)), cancelled=True)
        assert translate(negative, a_route(negative), stream=Stream.TEST, purpose=Purpose.CANCELLATION)
        freight = a_line(2, is_charge=True, quantity=Decimal(1), unit_price=Decimal(-5))
        assert sent(an_order(a_line(1), freight)).business_number == "500123"


class TestItemIds:
    def test_an_order_names_ours_as_the_buyers_and_theirs_as_the_vendors_item(self):
        (line, _) = sent(an_order()).request.body["message"]["lineItems"]
        assert line["productIds"] == {
            "buyerItemNumber": "ITEM-1",
            "vendorItemNumber": "ACME-1",
            "gtin13": "7012345678900",
        }

    def test_the_routing_file_gives_the_vendors_item_where_visma_has_none(self):
        (line,) = sent(an_order(a_line(1, supplier_item=None))).request.body["message"]["lineItems"]
        assert line["productIds"]["vendorItemNumber"] == "THEIRS-1"

    def test_a_customer_invoice_names_ours_as_the_vendors_item(self):
        (line, _) = sent(an_invoice()).request.body["message"]["lineItems"]
        assert line["productIds"]["vendorItemNumber"] == "ITEM-1"
        assert line["productIds"]["buyerItemNumber"] == "THEIRS-1"

    def test_a_supplier_invoice_names_ours_as_the_buyers_item(self):
        invoice = an_invoice(an_invoice_line(counterparty_item="S-1"), kind=Kind.SUPPLIER_INVOICE)
        (line,) = sent(invoice).request.body["message"]["lineItems"]
        assert line["productIds"]["buyerItemNumber"] == "ITEM-1"
        assert line["productIds"]["vendorItemNumber"] == "S-1"

    @pytest.mark.parametrize(
        ("gtin", "key", "written"),
        [
            ("123456789012", "gtin12", "123456789012"),
            ("1234567890128", "gtin13", "1234567890128"),
            ("12345678901231", "gtin14", "12345678901231"),
            ("12345670", "gtin14", "00000012345670"),
        ],
    )
    def test_a_gtin_stands_under_the_key_of_its_length(self, gtin, key, written):
        (line,) = sent(an_order(a_line(1)), items={"ITEM-1": ItemIds(gtin=gtin)}).request.body["message"]["lineItems"]
        assert line["productIds"][key] == written

    def test_a_gtin_of_another_length_is_parked(self):
        error = parked(an_order(a_line(1)), items={"ITEM-1": ItemIds(gtin="12345")})
        assert error.waits_for == "defaults.items.ITEM-1"

    @pytest.mark.parametrize("required", ["gtin", "partner_item"])
    def test_a_required_id_that_is_missing_waits_for_the_key_of_the_item(self, required):
        invoice = an_invoice(an_invoice_line(2))
        error = parked(invoice, require_item_id=required, item_key="partners.acme.items")
        assert error.waits_for == "partners.acme.items.ITEM-2"
        assert error.field == "invoiceLines[1].inventory"

    def test_a_required_partner_item_is_met_by_what_visma_knows(self):
        assert sent(an_order(a_line(2)), require_item_id="partner_item").business_number == "500123"

    def test_a_line_without_any_id_is_parked(self):
        assert parked(an_invoice(an_invoice_line(item=None))).field == "invoiceLines[0].inventory"


class TestLines:
    @pytest.mark.parametrize("quantity", ["0", "1"])
    def test_a_line_without_item_and_price_is_a_text_whatever_its_quantity(self, quantity):
        text = an_invoice_line(2, item=None, quantity=Decimal(quantity), unit_price=Decimal(0), description="Hello")
        message = sent(an_invoice(an_invoice_line(1), text)).request.body["message"]
        (line,) = message["lineItems"]
        assert line["notes"]["general"]["text"] == ["Line 2: Hello"]

    def test_a_service_on_an_order_needs_no_unit_and_a_charge_no_line(self):
        service = a_line(2, item=None, supplier_item=None, unit=None, description="Montering")
        order = an_order(a_line(1), service)
        translation = sent(order, **SERVICE)
        (printed,) = translation.request.body["message"]["transactionSets"]
        assert printed["PO1_loop"][1]["baselineItemData"][0]["unitOrBasisForMeasurementCode"] == "UN"
        assert any("no unit" in note for note in translation.notes)
        (printed,) = sent(order, **CHARGE).request.body["message"]["transactionSets"]
        assert len(printed["PO1_loop"]) == 1
        (charge,) = printed["SAC_loop"][0]["servicePromotionAllowanceOrChargeInformation"]
        assert (charge["amount"], charge["description"]) == ("12500", "Montering")

    def test_an_item_of_the_other_side_is_an_item(self):
        (line,) = sent(an_invoice(an_invoice_line(item=None, counterparty_item="T-1"))).request.body["message"][
            "lineItems"
        ]
        assert line["productIds"] == {"buyerItemNumber": "T-1"}

    def test_cancelled_lines_are_left_out_of_an_order(self):
        order = an_order(a_line(1), a_line(2, cancelled=True), a_line(3))
        lines = sent(order).request.body["message"]["lineItems"]
        assert [line["purchaseOrderLineId"] for line in lines] == ["1", "3"]

    def test_an_order_whose_lines_are_all_cancelled_is_parked(self):
        error = parked(an_order(a_line(1, cancelled=True)))
        assert "no lines to order" in error.sentence
        assert "lines_without_item" not in error.next_step

    def test_an_order_of_charges_alone_is_parked_with_the_setting_that_makes_lines_of_them(self):
        service = a_line(1, item=None, supplier_item=None, description="Rent of a lorry")
        error = parked(an_order(service), lines_without_item=WithoutItem.CHARGE)
        assert "no lines to order" in error.sentence
        assert "partners.acme.kinds.purchase_order.lines_without_item: service" in error.next_step

    def test_a_cancellation_names_the_lines_that_it_cancels(self):
        order = an_order(a_line(1, cancelled=True, quantity=Decimal(0)), a_line(2, cancelled=True), cancelled=True)
        message = sent(order, purpose=Purpose.CANCELLATION).request.body["message"]
        assert message["purpose"] == "cancellation"
        assert len(message["lineItems"]) == 2

    def test_a_document_of_text_alone_is_parked(self):
        assert parked(an_order(a_text(1, "Hello"))).field == "lines"
        text = an_invoice_line(item=None, quantity=Decimal(0), is_text=True, description="Hello")
        assert parked(an_invoice(text)).field == "invoiceLines"

    def test_a_text_that_costs_something_is_not_dropped(self):
        text = an_invoice_line(item=None, is_text=True, description="Setting up")
        assert parked(an_invoice(text)).field == "invoiceLines[0].inventory"

    @pytest.mark.parametrize("quantity", ["0", "-1"])
    def test_an_order_needs_quantities_above_zero(self, quantity):
        assert parked(an_order(a_line(quantity=Decimal(quantity)))).field == "lines[0].orderQty"

    def test_an_order_type_without_a_mapping_waits_for_its_key(self):
        assert parked(an_order(order_type="Project")).waits_for == "defaults.order_types.Project"

    def test_sums_that_do_not_add_up_are_parked_before_anything_is_written(self):
        assert parked(an_order(order_total=Decimal(1))).field == "orderTotal"


class TestScale:
    def test_ten_thousand_lines_are_translated_in_both_dialects(self):
        lines = [a_line(number) for number in range(1, 10_001)]
        order = an_order(*lines)
        assert len(sent(order).request.body["message"]["lineItems"]) == 10_000
        (printed,) = sent(order, dialect=DialectChoice.X12).request.body["message"]["transactionSets"]
        assert len(printed["PO1_loop"]) == 10_000


def test_a_discount_of_the_document_lowers_both_dialects_alike():
    order = an_order(discounts=(DocumentDiscount(Decimal(10), "Autumn"),))
    assert sent(order).request.body["message"]["monetaryAmounts"] == {"net": "240.00", "discount": "10.00"}
    (printed,) = sent(order, dialect=DialectChoice.X12).request.body["message"]["transactionSets"]
    (charge,) = printed["SAC_loop"][0]["servicePromotionAllowanceOrChargeInformation"]
    assert (charge["allowanceOrChargeIndicatorCode"], charge["amount"]) == ("A", "1000")


def test_a_supplier_invoice_has_the_supplier_as_seller_and_us_as_buyer():
    invoice = an_invoice(kind=Kind.SUPPLIER_INVOICE, counterparty_reference="INV-7781")
    message = sent(invoice).request.body["message"]
    assert message["parties"]["accountsReceivable"]["name"] == "Fjord Retail"
    assert message["parties"]["buyer"]["name"] == "Nordic Food AS"
    assert message["references"] == {"invoiceNumber": {"value": "INV-7781"}}


def test_a_credit_memo_is_written_with_positive_amounts_whatever_sign_visma_gave():
    memo = an_invoice(
        an_invoice_line(quantity=Decimal(-10)), invoice_type=InvoiceType.CREDIT_MEMO, original_invoices=("100200",)
    )
    for content in (memo, replace(memo, lines=(an_invoice_line(quantity=Decimal(10)),))):
        message = sent(content).request.body["message"]
        assert message["invoiceType"] == "creditMemo"
        assert message["originalInvoiceNumber"] == "100200"
        assert message["lineItems"][0]["quantityInvoiced"]["value"] == "10"
        assert message["invoiceTotal"] == "125.00"


def test_every_amount_of_a_negative_credit_memo_is_negative_its_cash_discount_too():
    memo = an_invoice(
        invoice_type=InvoiceType.CREDIT_MEMO, cash_discount=Decimal(5), discount_due_on=date(2026, 9, 13), **VAT
    )
    body = sent(memo, dialect=DialectChoice.X12, x12={"credit_sign": "negative"}).request.body
    (printed,) = body["message"]["transactionSets"]
    assert printed["termsOfSaleDeferredTermsOfSale"][0]["termsDiscountAmount"] == "-500"
    assert printed["taxInformation"][0]["monetaryAmount"] == "-62.5"
    assert printed["totalMonetaryValueSummary"][0]["amount"] == "-31250"


def test_terms_of_an_invoice_come_from_its_dates():
    message = sent(an_invoice(due_on=date(2026, 9, 17))).request.body["message"]
    assert message["termsOfSale"]["netDaysDue"] == 14
    assert message["dates"] == {"termsNetDueDate": "2026-09-17"}
