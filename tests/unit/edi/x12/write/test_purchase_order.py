"""The X12 text of an 850."""

from datetime import timedelta
from decimal import Decimal

import pytest

from connector.domain.documents import DocumentDiscount, Party, Tax
from connector.domain.errors import Parked
from connector.domain.routing.route import Identity, ItemIds, LineDate, Notes
from connector.domain.transactions import Purpose
from testkit.samples.business_documents import a_line, a_text, an_order
from testkit.x12_reader import every, only
from tests.unit.edi.x12.conftest import notes, written


def test_a_supplier_gets_the_references_that_it_wants_in_every_order():
    segments = written(an_order(supplier_reference="Q-1"), x12={"references": {"VR": "50012-A"}})
    assert every(segments, "REF")[:2] == [["REF", "VR", "50012-A"], ["REF", "VN", "Q-1"]]


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

    def test_a_gtin_of_eight_digits_leaves_as_one_of_fourteen(self):
        line = only(written(an_order(a_line(1)), items={"ITEM-1": ItemIds(gtin="96385074")}), "PO1")
        assert line[-2:] == ["UK", "00000096385074"]

    @pytest.mark.parametrize(
        ("gtin", "qualifier"), [("123456789012", "UP"), ("1234567890128", "EN"), ("12345678901231", "UK")]
    )
    def test_the_gtin_is_qualified_by_its_length(self, gtin, qualifier):
        line = only(written(an_order(a_line(1)), items={"ITEM-1": ItemIds(gtin=gtin)}), "PO1")
        assert line[-2:] == [qualifier, gtin]

    def test_each_unit_of_an_item_has_its_own_gtin(self):
        order = an_order(a_line(1, unit="STK"), a_line(2, item="ITEM-1", unit="KRT"))
        ids = ItemIds(gtin="7038010000065", gtins={"KRT": "17038010000062"})
        rows = every(written(order, items={"ITEM-1": ids}), "PO1")
        assert [row[-2:] for row in rows] == [["EN", "7038010000065"], ["UK", "17038010000062"]]
        assert not any("one GTIN" in note for note in notes(order, items={"ITEM-1": ids}))

    def test_a_package_never_leaves_with_the_gtin_of_the_piece(self):
        """GS1: each level of packaging has a GTIN of its own."""
        order = an_order(a_line(1, unit="STK"), a_line(2, item="ITEM-1", unit="KRT"))
        items = {"ITEM-1": ItemIds(gtin="7038010000065", gtins={"case": "17038010000062"})}
        piece, package = every(written(order, items=items), "PO1")
        assert piece[-2:] == ["EN", "7038010000065"]
        assert "7038010000065" not in package
        (note,) = [one for one in notes(order, items=items) if "GTIN" in one]
        assert note == "Line 2 left without a GTIN: defaults.items.ITEM-1.gtins has none for the unit KRT."

    def test_a_package_whose_gtin_is_needed_and_not_known_is_parked(self):
        items = {"ITEM-1": ItemIds(gtin="7038010000065", gtins={"case": "17038010000062"})}
        with pytest.raises(Parked, match="no GTIN is known for item ITEM-1"):
            written(an_order(a_line(1, unit="KRT")), items=items, require_item_id="gtin")

    def test_one_gtin_for_two_units_is_noted(self):
        order = an_order(
            a_line(1, unit="STK"), a_line(2, item="ITEM-1", unit="KRT"), a_line(3, item="ITEM-1", unit="STK")
        )
        (note,) = [one for one in notes(order, items={"ITEM-1": ItemIds(gtin="7038010000065")}) if "one GTIN" in one]
        assert note.startswith("Item ITEM-1 left in STK and KRT with one GTIN")
        assert note.endswith("set defaults.items.ITEM-1.gtins.")
        alike = an_order(a_line(1, unit="STK"), a_line(2, item="ITEM-1", unit="STK"))
        assert not any("one GTIN" in one for one in notes(alike))

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
