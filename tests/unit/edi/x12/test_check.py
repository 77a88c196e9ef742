import pytest

from connector.domain.errors import Parked
from connector.edi.x12.check import check, syntax_faults
from connector.edi.x12.dictionary import SEGMENTS
from connector.edi.x12.model import Loop
from testkit.samples.business_documents import a_route

ROUTE = a_route()


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
        check(tree(*segment), ROUTE)


def test_signs_and_points_do_not_count_towards_the_length_of_numbers():
    check(tree("PO1", "1", "-1234567.12345678", "EA", "1"), ROUTE)


def test_references_may_be_longer_in_5010():
    long = tree("REF", "VN", "9" * 50)
    check(long, a_route(x12={"version": "005010"}))
    with pytest.raises(Parked, match="REF02"):
        check(long, ROUTE)


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
        check(tree("N1", "BY", "name", "UL"), ROUTE)


def used(set_id, parts, *, loop=None):
    """A set with a segment or loop used so often, in the set itself or in one loop of it."""
    whole = Loop("")
    whole.add("ST", set_id, "0001")
    inner = whole
    if loop is not None:
        inner = Loop(loop)
        opener = loop.removesuffix("_loop")
        values = {"N1": ("BY", "name"), "N9": ("ZZ", "NOTES")}.get(opener, ("1", "1", "EA", "1"))
        inner.add(opener, *values, source="lines[3]")
        whole.parts.append(inner)
    segment, count = parts
    for _ in range(count):
        if segment[0] == "SAC":
            inner.parts.append(Loop("SAC_loop"))
            inner.parts[-1].add(*segment)
        else:
            inner.add(*segment)
    return whole


SAC = ("SAC", "A", "C310", "", "", "100")
TXI = ("TXI", "VA", "1", "25")


@pytest.mark.parametrize(
    ("set_id", "segment", "most", "loop"),
    [
        ("850", SAC, 25, None),
        ("850", SAC, 25, "PO1_loop"),
        ("810", SAC, 25, None),
        ("810", SAC, 25, "IT1_loop"),
        ("810", TXI, 10, None),
        ("810", ("REF", "VN", "1"), 12, None),
        ("810", ("MSG", "text"), 10, "N9_loop"),
        ("850", ("DTM", "002", "20260101"), 10, "PO1_loop"),
        ("810", ("N3", "street"), 2, "N1_loop"),
    ],
)
def test_what_is_used_more_often_than_x12_holds_stops_the_document(set_id, segment, most, loop):
    check(used(set_id, (segment, most), loop=loop), ROUTE)
    with pytest.raises(Parked) as parked:
        check(used(set_id, (segment, most + 1), loop=loop), ROUTE)
    assert f"X12 holds {most} {segment[0]}" in parked.value.sentence
    assert f"there are {most + 1}" in parked.value.sentence
    assert parked.value.field == ("lines[3]" if loop else segment[0])


@pytest.mark.parametrize(("segment", "loop"), [(SAC, None), (SAC, "IT1_loop"), (TXI, None)])
def test_an_invoice_of_5010_has_room_for_any_number_of_charges_and_taxes(segment, loop):
    check(used("810", (segment, 99), loop=loop), a_route(x12={"version": "005010"}))


def test_every_code_list_is_upper_case_and_fits_its_element():
    for segment_id, rule in SEGMENTS.items():
        for element in rule.elements:
            for code in element.codes or ():
                assert code == code.upper(), segment_id
                assert element.shortest <= len(code) <= element.longest["004010"], (segment_id, code)
