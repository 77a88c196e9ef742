import pytest

from connector.domain.errors import Parked
from connector.domain.routes import X12Options
from connector.edi.x12.check import check, syntax_faults
from connector.edi.x12.dictionary import SEGMENTS
from connector.edi.x12.model import Loop

OPTIONS = X12Options()


def tree(*segment):
    loop = Loop("")
    loop.add(*segment)
    return loop


@pytest.mark.parametrize(
    ("segment", "element"),
    [
        (("BEG", "99", "SA", "1", "", "20260101"), "BEG01"),
        (("BEG", "00", "SA", "", "", "20260101"), "BEG03"),
        (("BEG", "00", "SA", "1"), "BEG05"),
        (("TDS", "1" * 16), "TDS01"),
        (("PO1", "1", "1" * 16, "EA", "1"), "PO102"),
        (("PO1", "1", "1", "CS", "1"), "PO103"),
        (("N4", "x" * 31), "N401"),
        (("N1", "BY", "", "92", "1"), "N104"),
        (("REF", "VN", "é"), "REF02"),
    ],
)
def test_what_x12_cannot_hold_is_named_by_element(segment, element):
    with pytest.raises(Parked, match=element):
        check(tree(*segment), OPTIONS)


def test_signs_and_points_do_not_count_towards_the_length_of_numbers():
    check(tree("PO1", "1", "-1234567.12345678", "EA", "1"), OPTIONS)


def test_references_may_be_longer_in_5010():
    long = tree("REF", "VN", "9" * 50)
    check(long, X12Options(version="005010"))
    with pytest.raises(Parked, match="REF02"):
        check(long, OPTIONS)


@pytest.mark.parametrize(
    ("segment_id", "values", "note"),
    [
        ("REF", "VN", "R0203"),
        ("N1", "BY,name,UL", "P0304"),
        ("PER", "IC,name,TE", "P0304"),
        ("PO1", "1,5", None),
        ("PO1", "1,,EA", "C0302"),
        ("PO1", "1,5,EA,1,,BP", "P0607"),
        ("IT1", "1,5,EA", "P020304"),
        ("ITD", "08,3,2", "L030405"),
        ("ITD", "08,3,2,,10", None),
        ("TXI", "VA", "R020306"),
        ("SAC", "A,C310", "R050708"),
    ],
)
def test_syntax_notes(segment_id, values, note):
    faults = syntax_faults(segment_id, tuple(map(bool, values.split(","))))
    assert [note] == [fault.problem.split()[-1] for fault in faults] if note else faults == []


def test_a_broken_syntax_note_stops_the_document():
    with pytest.raises(Parked, match="P0304"):
        check(tree("N1", "BY", "name", "UL"), OPTIONS)


def test_every_code_list_is_upper_case_and_fits_its_element():
    for segment_id, rule in SEGMENTS.items():
        for element in rule.elements:
            for code in element.codes or ():
                assert code == code.upper(), segment_id
                assert element.shortest <= len(code) <= element.longest["004010"], (segment_id, code)
