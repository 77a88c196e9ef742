"""Holds the segment table against the published elements of X12."""

import pytest

from connector.edi.x12.dictionary import SEGMENTS, VERSIONS
from contracts import facts

# Facts that the list does not hold: it lists the segments between ST and SE, without those of the 855.
NOT_LISTED = {"ST", "BAK", "ACK", "N2"}

PUBLISHED = {position: (by_version, has_codes) for position, has_codes, by_version in facts.elements()}

OURS = [
    (segment_id, position, element)
    for segment_id, rule in SEGMENTS.items()
    if segment_id not in NOT_LISTED
    for position, element in enumerate(rule.elements, 1)
]


@pytest.mark.parametrize(("segment_id", "position", "element"), OURS, ids=lambda value: str(value)[:30])
def test_every_element_has_its_published_requirement_type_and_length(segment_id, position, element):
    published, _ = PUBLISHED[f"{segment_id}{position:02d}"]
    for version in VERSIONS:
        requirement = "M" if element.mandatory else "C"
        # The list writes code elements as AN with a code list.
        kind = "AN" if element.kind == "ID" else element.kind
        assert published[version[2:]] == (requirement, kind, f"{element.shortest}/{element.longest[version]}")


@pytest.mark.parametrize(("segment_id", "position", "element"), OURS, ids=lambda value: str(value)[:30])
def test_elements_with_a_code_list_of_ours_have_one_in_the_standard(segment_id, position, element):
    if element.codes is not None:
        assert element.kind == "ID"
        assert PUBLISHED[f"{segment_id}{position:02d}"][1] or element.longest["004010"] <= 3
