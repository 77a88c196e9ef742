"""The X12 text of an 810."""

from decimal import Decimal

import pytest

from connector.domain.documents import DocumentDiscount, Kind, Tax
from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import Identity, Overflow
from connector.domain.transactions import Purpose
from testkit.samples.business_documents import an_invoice, an_invoice_line
from testkit.x12_reader import amount_due, every, only
from tests.unit.edi.x12.conftest import text, written


class TestInvoice:
    @pytest.mark.parametrize(
        ("kind", "code"),
        [(InvoiceType.INVOICE, "DI"), (InvoiceType.CREDIT_MEMO, "CR"), (InvoiceType.DEBIT_MEMO, "DR")],
    )
    def test_big07_tells_invoices_credit_memos_and_debit_memos_apart(self, kind, code):
        big = only(written(an_invoice(invoice_type=kind)), "BIG")
        assert big[1:] == ["20260903", "100231", "", "PO-4711", "", "", code, "00"]

    @pytest.mark.parametrize(("purpose", "code"), [(Purpose.REPLACE, "05"), (Purpose.CANCELLATION, "01")])
    def test_big08_has_the_purpose(self, purpose, code):
        assert only(written(an_invoice(), purpose=purpose), "BIG")[8] == code

    def test_the_printed_figures_add_up_to_the_total_with_vat_discounts_freight_and_rounding(self):
        invoice = an_invoice(
            an_invoice_line(1, quantity=Decimal(3), unit_price=Decimal("33.333")),
            an_invoice_line(2, discount=Decimal("5.25")),
            an_invoice_line(3, quantity=Decimal(-1)),
            an_invoice_line(4, is_charge=True, quantity=Decimal(1), unit_price=Decimal(80)),
            discounts=(DocumentDiscount(Decimal("10.00"), "Bonus"),),
            taxes=(Tax("3", Decimal(25), None, Decimal("69.31")), Tax("0", Decimal(0), None, Decimal(0))),
            rounding=Decimal("-0.06"),
            total=Decimal("346.50"),
        )
        segments = written(invoice)
        assert only(segments, "TDS")[1] == "34650"
        assert amount_due(segments) == Decimal("346.50")
        assert every(segments, "SAC")[-1][1:6] == ["A", "F050", "", "", "6"]

    def test_a_credit_memo_is_negative_only_for_partners_who_want_it_so(self):
        memo = an_invoice(
            an_invoice_line(discount=Decimal(5)),
            invoice_type=InvoiceType.CREDIT_MEMO,
            taxes=(Tax("3", Decimal(25), None, Decimal(30)),),
        )
        positive, negative = written(memo), written(memo, x12={"credit_sign": "negative"})
        assert (only(positive, "IT1")[2], only(positive, "TDS")[1]) == ("10", "15000")
        assert (only(negative, "IT1")[2], only(negative, "TDS")[1]) == ("-10", "-15000")
        assert only(positive, "SAC")[1] == "A"
        assert only(negative, "SAC")[1] == "C"
        assert amount_due(positive) == -amount_due(negative) == 150

    def test_the_code_of_a_credit_note_is_the_partners(self):
        memo = an_invoice(invoice_type=InvoiceType.CREDIT_MEMO)
        assert only(written(memo, x12={"credit_code": "CN"}), "BIG")[7] == "CN"
        assert only(written(an_invoice(), x12={"credit_code": "CN"}), "BIG")[7] == "DI"

    def test_a_partner_gets_the_references_that_it_wants_in_every_invoice(self):
        segments = written(
            an_invoice(original_invoices=tuple(f"1002{number:02}" for number in range(12))),
            x12={"references": {"IA": "4875905", "DP": "011"}},
        )
        header = [segment for segment in segments[: segments.index(every(segments, "N1")[0])] if segment[0] == "REF"]
        assert header[:2] == [["REF", "IA", "4875905"], ["REF", "DP", "011"]]
        assert len(header) == 12, "X12 has room for twelve"
        assert "100211" in "".join(segment[1] for segment in every(segments, "MSG"))

    def test_a_reference_of_routing_that_does_not_fit_names_its_key(self):
        with pytest.raises(Parked) as caught:
            text(an_invoice(), x12={"references": {"IA": "4" * 31}})
        assert "partners.acme.x12.references.IA" in caught.value.next_step

    def test_references_say_which_number_is_whose(self):
        invoice = an_invoice(
            counterparty_reference="REF-9",
            original_invoices=("100200",),
            contract_number="C-7",
            payment_reference="00123",
        )
        references = every(written(invoice), "REF")
        assert ["REF", "CO", "REF-9"] in references
        assert ["REF", "OI", "100200"] in references
        assert ["REF", "CT", "C-7"] in references
        assert ["REF", "ZZ", "00123", "PAYMENT REFERENCE"] in references
        assert ["REF", "VX", "NO912345678MVA"] in references

    def test_a_customer_invoice_names_seller_remit_to_and_three_parts_of_the_customer(self):
        segments = written(an_invoice(), partner_identity=Identity())
        parties = {segment[1]: segment[3:] for segment in every(segments, "N1")}
        assert list(parties) == ["SE", "RI", "BY", "BT", "ST"]
        assert parties["BY"] == ["91", "10045"]
        assert only(segments, "CUR")[1:] == ["SE", "NOK"]

    def test_the_remit_to_code_is_the_partners(self):
        segments = written(an_invoice(), x12={"remit_to_code": "RE"})
        assert [segment[1] for segment in every(segments, "N1")][1] == "RE"

    def test_a_supplier_invoice_names_the_supplier_and_us_and_the_lines_of_our_order(self):
        invoice = an_invoice(
            an_invoice_line(4, order_number="500123", order_line=7),
            kind=Kind.SUPPLIER_INVOICE,
            order_number=None,
            counterparty_reference="INV-7781",
        )
        segments = written(invoice)
        assert [segment[1] for segment in every(segments, "N1")] == ["SE", "BY"]
        assert only(segments, "IT1")[1] == "7"
        assert ["REF", "PO", "500123"] in every(segments, "REF")
        assert ["REF", "IV", "INV-7781"] in every(segments, "REF")

    def test_lines_of_several_rates_tell_theirs_without_counting_the_amount_twice(self):
        invoice = an_invoice(
            an_invoice_line(1, tax_code="3"),
            an_invoice_line(2, tax_code="31"),
            taxes=(Tax("3", Decimal(25), None, Decimal("31.25")), Tax("31", Decimal(15), None, Decimal("18.75"))),
        )
        rates = [segment[1:] for segment in every(written(invoice), "TXI")]
        assert rates == [["VA", "", "25"], ["VA", "", "15"], ["VA", "31.25", "25"], ["VA", "18.75", "15"]]

    @pytest.mark.parametrize("version", ["004010", "005010"])
    def test_a_partner_may_take_rates_of_vat_as_fractions_of_one(self, version):
        invoice = an_invoice(
            an_invoice_line(1, tax_code="3"),
            an_invoice_line(2, tax_code="33"),
            taxes=(
                Tax("3", Decimal("25.0"), None, Decimal("31.25")),
                Tax("33", Decimal("11.11"), None, Decimal("13.89")),
                Tax("0", Decimal(0), None, Decimal(0)),
            ),
        )
        rates = [
            segment[1:] for segment in every(written(invoice, x12={"version": version, "vat_rate": "fraction"}), "TXI")
        ]
        assert rates == [
            ["VA", "", "0.25"],
            ["VA", "", "0.1111"],
            ["VA", "31.25", "0.25"],
            ["VA", "13.89", "0.1111"],
            ["VA", "0", "0"],
        ]

    @pytest.mark.parametrize("version", ["004010", "005010"])
    def test_notes_are_one_n9_with_ten_msg_at_most_in_both_versions(self, version):
        invoice = an_invoice(description="\n".join(f"note {number} {'x' * 200}" for number in range(12)))
        segments = written(invoice, x12={"version": version})
        assert len(every(segments, "N9")) == 1
        assert len(every(segments, "MSG")) == 10
        with pytest.raises(Parked, match="notes"):
            text(invoice, x12={"version": version, "overflow": Overflow.PARK})

    @pytest.mark.parametrize("count", [10, 11, 60])
    def test_short_notes_share_a_msg_when_there_are_more_than_ten(self, count):
        notes = [f"note {number}" for number in range(count)]
        rows = [segment[1] for segment in every(written(an_invoice(description="\n".join(notes))), "MSG")]
        assert "; ".join(rows).split("; ") == notes
        assert max(map(len, rows)) <= 264
        assert len(rows) == {10: 10, 11: 1, 60: 3}[count]

    def test_quantities_of_eleven_digits_fit_5010_only(self):
        invoice = an_invoice(an_invoice_line(quantity=Decimal(12345678901)))
        assert only(written(invoice, x12={"version": "005010"}), "IT1")[2] == "12345678901"
        with pytest.raises(Parked, match="IT102"):
            text(invoice)
