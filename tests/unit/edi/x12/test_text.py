from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connector.domain.documents import DocumentDiscount, Tax, Terms
from connector.domain.errors import Misconfigured, Parked
from connector.domain.routing.route import TermsRule, WithoutItem
from connector.domain.transactions import Purpose, Stream
from testkit.samples.business_documents import a_line, an_invoice, an_invoice_line, an_order
from testkit.x12_reader import every, only
from tests.unit.edi.x12.conftest import text, written

VAT = Tax("3", Decimal(25), Decimal(250), Decimal("62.50"))


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


class TestTerms:
    def test_a_rule_gives_days_and_a_discount(self):
        order = an_order(terms=Terms("2/10", "2% 10, net 30"))
        itd = only(written(order, terms={"2/10": TermsRule(30, "2.00", 10)}), "ITD")
        assert itd[1:] == ["08", "3", "2", "", "10", "", "30", "", "", "", "", "2% 10, net 30"]

    def test_terms_without_a_rule_are_sent_as_text(self):
        itd = only(written(an_order(terms=Terms("X", "As agreed in May"))), "ITD")
        assert (itd[1], itd[12]) == ("14", "As agreed in May")

    def test_an_invoice_gives_its_due_date_and_the_days_to_it(self):
        itd = only(written(an_invoice()), "ITD")
        assert itd[1:8] == ["01", "3", "", "", "", "20261003", "30"]

    def test_a_discount_without_a_deadline_is_not_offered(self):
        itd = only(written(an_order(), terms={"30": TermsRule(30, "2", None)}), "ITD")
        assert itd[1:8] == ["01", "3", "", "", "", "", "30"]


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
        ("left_out", "changes", "message"),
        [
            ("SAC", {"discounts": (DocumentDiscount(Decimal(10)),)}, "it does not add up to 240.00"),
            ("TXI", {"taxes": (VAT,)}, "VAT of 62.50 is part of the total of 312.50"),
            ("CUR", {"currency": "EUR"}, "this document is in EUR; NOK is agreed"),
        ],
    )
    def test_what_is_payable_cannot_be_left_out(self, content, left_out, changes, message):
        with pytest.raises(Parked, match=message) as parked:
            text(content(**changes), x12={"leave_out": frozenset({left_out})})
        assert (parked.value.field, parked.value.waits_for) == ("x12.leave_out", "partners.acme.x12.leave_out")
        assert "(partners.acme.x12.leave_out)" in parked.value.next_step

    def test_the_only_text_that_says_what_a_line_is_cannot_be_left_out(self):
        service = a_line(1, item=None, supplier_item=None, description="Rent of a lorry")
        leave_out = {"leave_out": frozenset({"PID"})}
        with pytest.raises(Parked, match="line 1 has no item number: nothing else says what it is"):
            text(an_order(service), x12=leave_out, lines_without_item=WithoutItem.SERVICE)
        assert written(an_order(), x12=leave_out)

    def test_the_only_number_of_an_order_cannot_be_left_out(self):
        leave_out = {"leave_out": frozenset({"REF"})}
        with pytest.raises(Parked, match="the order number 'AAAAAAAAAAAAAAAAAAAAAAAAA' does not fit into BIG04"):
            text(an_invoice(order_number="A" * 25), x12=leave_out)
        assert written(an_invoice(order_number="A" * 20), x12=leave_out)

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
