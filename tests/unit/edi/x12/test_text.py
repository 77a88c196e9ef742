from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connector.domain.documents import Address, Contact, DocumentDiscount, InvoiceType, Kind, Party, Tax, Terms
from connector.domain.errors import Misconfigured, Parked
from connector.domain.routing.route import Charset, Identity, ItemIds, LineDate, Notes, Overflow, TermsRule
from connector.domain.transactions import Purpose, Stream
from connector.edi.x12.text import interchange
from testkit.samples.business_documents import a_company, a_line, a_route, a_text, an_invoice, an_invoice_line, an_order
from testkit.x12_reader import amount_due, every, only, read

NOON = datetime(2026, 9, 10, 12, 30, tzinfo=UTC)
VAT = Tax("3", Decimal(25), Decimal(250), Decimal("62.50"))


def text(content, *, purpose=Purpose.ORIGINAL, stream=Stream.TEST, control_number=42, when=NOON, **routing):
    route = a_route(content, **routing)
    return interchange(content, route, stream=stream, purpose=purpose, control_number=control_number, when=when).text


def written(content, **options):
    return read(text(content, **options))


class TestEnvelope:
    def test_isa_has_its_fixed_width_and_declares_the_separators(self):
        isa = text(an_order()).split("\n")[0]
        assert len(isa) == 106
        assert (isa[3], isa[104], isa[105]) == ("*", ">", "~")
        assert isa.startswith(
            "ISA*00*          *00*          *ZZ*NORDICFOODT    *ZZ*ACMEPRODUCET   *260910*1230*U*00401*"
        )

    def test_5010_declares_a_repetition_separator_and_its_own_version(self):
        segments = written(an_order(), x12={"version": "005010"})
        isa, gs = only(segments, "ISA"), only(segments, "GS")
        assert isa[11:13] == ["^", "00501"]
        assert gs[8] == "005010"

    def test_control_numbers_and_counts_agree(self):
        segments = written(an_order())
        assert only(segments, "ISA")[13] == only(segments, "IEA")[2] == "000000042"
        assert only(segments, "GS")[6] == only(segments, "GE")[2] == "42"
        assert only(segments, "ST")[2] == only(segments, "SE")[2] == "0001"
        assert int(only(segments, "SE")[1]) == len(segments) - 4
        assert only(segments, "GE")[1] == only(segments, "IEA")[1] == "1"

    @pytest.mark.parametrize(("content", "group", "code"), [(an_order(), "PO", "850"), (an_invoice(), "IN", "810")])
    def test_the_group_says_what_is_in_it(self, content, group, code):
        segments = written(content)
        assert only(segments, "GS")[1] == group
        assert only(segments, "ST")[1] == code

    @pytest.mark.parametrize(("stream", "flag"), [(Stream.TEST, "T"), (Stream.LIVE, "P")])
    def test_the_stream_sets_the_usage_indicator(self, stream, flag):
        assert only(written(an_order(), stream=stream), "ISA")[15] == flag

    def test_times_are_printed_in_utc(self):
        when = datetime(2026, 9, 11, 1, 0, tzinfo=timezone(timedelta(hours=2)))
        gs = only(written(an_order(), when=when), "GS")
        assert gs[4:6] == ["20260910", "2300"]

    @pytest.mark.parametrize("number", [0, 1_000_000_000])
    def test_a_control_number_that_isa13_cannot_hold_is_refused(self, number):
        with pytest.raises(Misconfigured, match=str(number)):
            text(an_order(), control_number=number)


class TestPurchaseOrder:
    @pytest.mark.parametrize(
        ("purpose", "code"), [(Purpose.ORIGINAL, "00"), (Purpose.REPLACE, "05"), (Purpose.CANCELLATION, "01")]
    )
    def test_the_purpose_stands_in_beg01(self, purpose, code):
        assert only(written(an_order(), purpose=purpose), "BEG") == ["BEG", code, "SA", "500123", "", "20260910"]

    def test_a_line_has_its_number_quantity_unit_price_and_ids(self):
        first, _ = every(written(an_order()), "PO1")
        assert first[1:5] == ["1", "10", "EA", "12.5"]
        assert first[6:] == ["BP", "ITEM-1", "VP", "ACME-1", "EN", "7012345678900"]

    @pytest.mark.parametrize(
        ("gtin", "qualifier"), [("123456789012", "UP"), ("1234567890128", "EN"), ("12345678901231", "UK")]
    )
    def test_the_gtin_is_qualified_by_its_length(self, gtin, qualifier):
        line = only(written(an_order(a_line(1)), items={"ITEM-1": ItemIds(gtin=gtin)}), "PO1")
        assert line[-2:] == [qualifier, gtin]

    def test_the_total_is_a_plain_decimal_and_the_count_is_that_of_the_lines(self):
        segments = written(an_order())
        assert only(segments, "CTT") == ["CTT", "2"]
        assert only(segments, "AMT") == ["AMT", "TT", "250"]

    def test_a_gln_goes_before_a_number_and_a_number_is_assigned_by_the_buyer(self):
        order = an_order(supplier=Party(number="50012", name="Acme"))
        segments = written(order, partner_identity=Identity())
        parties = {segment[1]: segment for segment in every(segments, "N1")}
        assert list(parties) == ["BY", "BT", "ST", "SE"]
        assert parties["BY"][3:] == ["UL", "7080000000001"]
        assert parties["SE"][3:] == ["92", "50012"]

    def test_promised_dates_that_differ_from_the_requested_are_told(self):
        line = a_line(1, promised=a_line().requested + timedelta(days=3))
        order = an_order(line, promised_on=None)
        assert every(written(order, line_date=LineDate.REQUESTED), "DTM") == [
            ["DTM", "002", "20261001"],
            ["DTM", "069", "20261004"],
        ]
        assert every(written(order), "DTM") == [["DTM", "002", "20261004"]]

    def test_notes_run_over_several_segments_in_4010_and_stand_in_mtx_in_5010(self):
        note = "word " * 100
        old = written(an_order(description=note))
        assert only(old, "N9")[1] == "ZZ"
        assert [len(segment[1]) <= 264 for segment in every(old, "MSG")] == [True, True]
        assert " ".join(segment[1] for segment in every(old, "MSG")) == note.strip()
        new = written(an_order(description=note), x12={"version": "005010"})
        assert only(new, "MTX") == ["MTX", "", note.strip()]
        assert every(new, "MSG") == []

    def test_text_lines_and_line_notes_become_header_notes_that_name_the_line(self):
        order = an_order(a_line(1, note="Fragile"), a_text(2, "Call before delivery"))
        notes = [segment[1] for segment in every(written(order, notes=Notes.LINES), "MSG")]
        assert notes == ["Line 2: Call before delivery", "Line 1: Fragile"]
        assert only(written(order), "CTT")[1] == "1"

    def test_freight_is_a_charge_and_a_line_discount_an_allowance_in_implied_cents(self):
        order = an_order(
            a_line(1, discount=Decimal("5.50")),
            a_line(2, is_charge=True, quantity=Decimal(1), unit_price=Decimal("481.24"), description="Freight"),
        )
        header, line = every(written(order), "SAC")
        assert header[1:6] == ["C", "D240", "", "", "48124"]
        assert header[15] == "Freight"
        assert line[1:6] == ["A", "C310", "", "", "550"]

    def test_vat_is_an_explicit_decimal_not_implied_cents(self):
        order = an_order(taxes=(Tax("3", Decimal(25), Decimal(250), Decimal("62.5")),))
        assert only(written(order), "TXI") == ["TXI", "VA", "62.5", "25"]

    def test_segments_stand_in_the_order_of_the_standard(self):
        order = an_order(
            description="Autumn",
            supplier_reference="Q-1",
            ship_via="DHL",
            discounts=(DocumentDiscount(Decimal(1)),),
            taxes=(Tax("3", Decimal(25), Decimal(249), Decimal("62.25")),),
        )
        ids = [segment[0] for segment in written(order)]
        header = ["ISA", "GS", "ST", "BEG", "CUR", "REF", "SAC", "ITD", "DTM", "TD5", "TXI", "N9", "MSG", "N1"]
        assert ids[: len(header)] == header
        assert ids[-5:] == ["CTT", "AMT", "SE", "GE", "IEA"]


class TestTerms:
    def test_a_rule_gives_days_and_a_discount(self):
        order = an_order(terms=Terms("2/10", "2% 10, net 30"))
        itd = only(written(order, terms={"2/10": TermsRule(30, "2.00", 10)}), "ITD")
        assert itd[1:] == ["08", "3", "2", "", "10", "", "30", "", "", "", "", "2% 10, net 30"]

    def test_terms_without_a_rule_are_told_in_words_as_agreed(self):
        itd = only(written(an_order(terms=Terms("X", "As agreed in May"))), "ITD")
        assert (itd[1], itd[12]) == ("14", "As agreed in May")

    def test_an_invoice_gives_its_due_date_and_the_days_to_it(self):
        itd = only(written(an_invoice()), "ITD")
        assert itd[1:8] == ["01", "3", "", "", "", "20261003", "30"]

    def test_a_discount_without_a_deadline_is_not_offered(self):
        itd = only(written(an_order(), terms={"30": TermsRule(30, "2", None)}), "ITD")
        assert itd[1:8] == ["01", "3", "", "", "", "", "30"]


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


class TestWordsAndLetters:
    @pytest.mark.parametrize(
        ("charset", "expected"),
        [(Charset.BASIC, "BLABAER & ROMME"), (Charset.EXTENDED, "Blabaer & Romme"), (Charset.UTF8, "Blåbær & Rømme")],
    )
    def test_norwegian_letters_follow_the_agreed_character_set(self, charset, expected):
        line = a_line(1, description="Blåbær & Rømme")
        routing = {"x12": {"charset": charset}, "items": {}}
        order = an_order(line, supplier=Party(number="1", name="ACME"), terms=None)
        pid = only(written(order, **routing, company=a_route().company), "PID")
        assert pid[5] == expected

    def test_delimiters_and_line_ends_never_reach_the_text(self):
        order = an_order(a_line(1, description="a*b~c>d^e\r\nf"))
        assert only(written(order), "PID")[5] == "a b c d e f"

    def test_a_long_text_is_cut_and_said_so_or_parked(self):
        order = an_order(ship_via="x" * 36)
        assert only(written(order), "TD5")[5] == "x" * 35
        with pytest.raises(Parked, match="way of shipping"):
            text(order, x12={"overflow": Overflow.PARK})

    def test_a_long_line_of_an_address_runs_over_into_the_next_element(self):
        lines = ("Nordisk Logistikksenter for Kjole- og Fryselagring, inngang fra baksiden", "Ring på", "Port 3")
        ship_to = Party(name="Lager", location="7", address=Address(lines, "0155", "Oslo", None, "NO"))
        segments = written(an_order(ship_to=ship_to), x12={"charset": Charset.UTF8})
        at = segments.index(["N1", "ST", "Lager"])
        assert segments[at + 1 : at + 3] == [
            ["N3", "Nordisk Logistikksenter for Kjole- og Fryselagring,", "inngang fra baksiden"],
            ["N3", "Ring på", "Port 3"],
        ]

    def test_lines_of_an_address_share_the_elements_when_there_are_too_few(self):
        lines = tuple(" ".join([letter * 5] * 10) for letter in "abc")
        ship_to = Party(name="Lager", location="7", address=Address(lines, "0155", "Oslo", None, "NO"))
        order = an_order(ship_to=ship_to, supplier=Party(number="50012"))
        written_lines = [row for segment in every(written(order), "N3")[2:] for row in segment[1:]]
        assert " ".join(written_lines) == ", ".join(lines)
        assert max(map(len, written_lines)) <= 55

    @pytest.mark.parametrize("overflow", Overflow)
    @pytest.mark.parametrize(
        "address",
        [
            Address(("x" * 80, "y" * 80, "z" * 80), "0155", "Oslo", None, "NO"),
            Address(("Gata 1",), "0155", "O" * 31, None, "NO"),
            Address(("Gata 1",), "0" * 16, "Oslo", None, "NO"),
        ],
    )
    def test_an_address_that_does_not_fit_is_parked_and_never_cut(self, address, overflow):
        order = an_order(ship_to=Party(name="Lager", location="7", address=address))
        with pytest.raises(Parked, match="never cut") as parked:
            text(order, x12={"overflow": overflow})
        assert parked.value.field == "shippingAddress"
        invoice = an_invoice(counterparty=Party(number="10045", name="Fjord", address=address))
        with pytest.raises(Parked, match="never cut") as parked:
            text(invoice, x12={"overflow": overflow})
        assert parked.value.field == "invoiceAddress"

    @pytest.mark.parametrize("whose", ["companies.nordic.address", "partners.acme.address"])
    def test_an_address_of_the_routing_file_is_named_by_its_key(self, whose):
        address = Address(("x" * 56,) * 4, "0155", "Oslo", None, "NO")
        known = Identity(name="Acme", address=address)
        where = {"company": a_company(identity=known)} if "nordic" in whose else {"partner_identity": known}
        with pytest.raises(Parked) as parked:
            text(an_order(), **where) if "nordic" in whose else text(an_order(supplier=Party(number="1")), **where)
        assert parked.value.field == whose
        assert parked.value.next_step.startswith(f"Shorten {whose} in the routing file")

    def test_what_is_below_the_minimum_of_its_element_is_left_out(self):
        ship_to = Party(name="Lager", location="7", address=Address((), "0155", "Å", "Viken", "NO"))
        segments = written(an_order(ship_to=ship_to))
        assert ["N1", "ST", "Lager"] in every(segments, "N1")
        assert ["N4", "", "", "0155", "NO"] in every(segments, "N4")

    def test_an_address_for_mail_that_the_set_cannot_write_is_left_out_rather_than_changed(self):
        company = a_route().company
        order = an_order(ship_to=Party(name="Lager", location="77", contact=Contact("Ola", email="ola@example.no")))
        basic = written(order, x12={"charset": Charset.BASIC}, company=company)
        assert ["PER", "IC", "OLA"] in every(basic, "PER")
        extended = written(order)
        assert ["PER", "IC", "Ola", "EM", "ola@example.no"] in every(extended, "PER")


class TestLeaveOut:
    def test_segments_that_a_partner_must_not_get_are_gone_and_loops_go_with_their_opener(self):
        segments = written(an_order(note="x"), x12={"leave_out": frozenset({"PER", "PID", "N9"})})
        ids = {segment[0] for segment in segments}
        assert not ids & {"PER", "PID", "N9", "MSG"}
        assert int(only(segments, "SE")[1]) == len(segments) - 4

    def test_what_x12_cannot_do_without_cannot_be_left_out(self):
        with pytest.raises(Parked, match="BEG"):
            text(an_order(), x12={"leave_out": frozenset({"BEG"})})

    @pytest.mark.parametrize("content", [an_order, an_invoice])
    @pytest.mark.parametrize(
        ("left_out", "changes", "told"),
        [
            ("SAC", {"discounts": (DocumentDiscount(Decimal(10)),)}, "it does not add up to 240.00"),
            ("TXI", {"taxes": (VAT,)}, "VAT of 62.50 is part of the total of 312.50"),
            ("CUR", {"currency": "EUR"}, "this document is in EUR; NOK is agreed"),
        ],
    )
    def test_what_is_payable_cannot_be_left_out(self, content, left_out, changes, told):
        with pytest.raises(Parked, match=told) as parked:
            text(content(**changes), x12={"leave_out": frozenset({left_out})})
        assert (parked.value.field, parked.value.waits_for) == ("x12.leave_out", "partners.acme.x12.leave_out")
        assert "(partners.acme.x12.leave_out)" in parked.value.next_step

    @pytest.mark.parametrize("content", [an_order, an_invoice])
    def test_a_charge_of_a_line_cannot_be_left_out_either(self, content):
        line = (a_line if content is an_order else an_invoice_line)(1, discount=Decimal("2.50"))
        with pytest.raises(Parked, match="does not add up"):
            text(content(line), x12={"leave_out": frozenset({"SAC"})})

    @pytest.mark.parametrize(
        ("content", "left_out"),
        [
            (an_order(), {"SAC", "TXI", "CUR"}),
            (an_invoice(), {"SAC", "TXI", "CUR"}),
            (an_invoice(taxes=(Tax("0", Decimal(0), Decimal(250), Decimal(0)),)), {"TXI"}),
            # An order without its total leaves nothing that VAT would have to lead to.
            (an_order(taxes=(VAT,)), {"TXI", "AMT"}),
            (an_order(taxes=(VAT,)), {"TXI", "CTT"}),
        ],
    )
    def test_what_nothing_needs_is_left_out(self, content, left_out):
        ids = {segment[0] for segment in written(content, x12={"leave_out": frozenset(left_out)})}
        assert not ids & left_out

    def test_a_cancellation_has_nothing_to_pay(self):
        order = an_order(discounts=(DocumentDiscount(Decimal(10)),), cancelled=True)
        assert every(written(order, purpose=Purpose.CANCELLATION, x12={"leave_out": frozenset({"SAC"})}), "SAC") == []
