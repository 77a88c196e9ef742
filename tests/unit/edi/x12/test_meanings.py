"""What people call an element of X12, and which meaning it has there."""

from __future__ import annotations

import pytest

from connector.edi.meaning import Meaning
from connector.edi.x12.dictionary import SEGMENTS
from connector.edi.x12.meanings import MEANINGS, explained

VALUES = {
    ("N1_loop", 1, "N1", 0, "01"): "ST",
    ("REF", 0, "01"): "VN",
    ("IT1_loop", 0, "REF", 0, "01"): "VN",
    ("PO1_loop", 2, "DTM", 0, "01"): "069",
    ("PO1_loop", 2, "PO1", 0, "06"): "VP",
    ("PO1_loop", 2, "PO1", 0, "08"): "EN",
}


@pytest.mark.parametrize(
    ("transaction", "place", "name", "section", "key"),
    [
        ("850", ("BEG", 0, "03"), "BEG-03", "", "BEG-03"),
        ("850", ("sender", "isaId"), "sender.isaId", "", "sender.isaId"),
        ("850", ("N1_loop", 1, "N3", 0, "02"), "N3-02", "party ST", "N3-02"),
        ("850", ("REF", 0, "02"), "REF-02", "", "REF-02 VN"),
        ("810", ("IT1_loop", 0, "REF", 0, "02"), "REF-02", "line 1", "line REF-02 VN"),
        ("850", ("PO1_loop", 2, "DTM", 0, "02"), "DTM-02", "line 3", "line DTM-02 069"),
        ("850", ("PO1_loop", 2, "PO1", 0, "06"), "PO1-06", "line 3", "ID"),
        ("850", ("PO1_loop", 2, "PO1", 0, "07"), "PO1-07", "line 3", "ID VP"),
        ("850", ("PO1_loop", 2, "PO1", 0, "09"), "PO1-09", "line 3", "ID GTIN"),
        ("850", ("PO1_loop", 2, "PID_loop", 0, "PID", 0, "05"), "PID-05", "line 3", "PID-05"),
    ],
)
def test_an_element_has_its_name_its_part_and_its_meaning(transaction, place, name, section, key):
    found = explained(transaction, place, VALUES)
    assert (found.name, found.section, found.key) == (name, section, key)
    assert found.meaning == MEANINGS[transaction][key]
    assert isinstance(found.meaning, Meaning)


def test_the_same_reference_means_another_thing_in_another_set():
    meanings = {explained(number, ("REF", 0, "02"), VALUES).meaning for number in ("850", "810")}
    assert len(meanings) == len({one.what for one in meanings}) == 2


def test_an_element_that_no_table_has_is_named_all_the_same():
    found = explained("850", ("BEG", 0, "09"), {})
    assert (found.name, found.meaning) == ("BEG-09", None)


def test_no_meaning_is_that_of_an_element_that_the_dictionary_does_not_have():
    named = {key.removeprefix("line ").split()[0] for meanings in MEANINGS.values() for key in meanings}
    elements = {f"{name}-{at:02}" for name, rule in SEGMENTS.items() for at, _ in enumerate(rule.elements, 1)}
    assert {one for one in named if "-" in one} <= elements
