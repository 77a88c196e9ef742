"""Holds the segment table against the published element list, when that list is at hand."""

import csv
from pathlib import Path

import pytest

from connector.edi.x12.dictionary import SEGMENTS, VERSIONS

ELEMENTS = Path(__file__).parents[2].parent / "shared" / "contracts" / "edi-elements.tsv"
# Facts that the list does not hold: it lists the segments between ST and SE.
NOT_LISTED = {"ST"}

if not ELEMENTS.is_file():
    pytest.skip(
        f"{ELEMENTS.name} is not here; it belongs to the contracts, not to the project", allow_module_level=True
    )

with ELEMENTS.open(encoding="utf-8") as file:
    PUBLISHED = {row["pos"]: row for row in csv.DictReader(file, delimiter="\t")}

OURS = [
    (segment_id, position, element)
    for segment_id, rule in SEGMENTS.items()
    if segment_id not in NOT_LISTED
    for position, element in enumerate(rule.elements, 1)
]


@pytest.mark.parametrize(("segment_id", "position", "element"), OURS, ids=lambda value: str(value)[:30])
def test_every_element_has_its_published_requirement_type_and_length(segment_id, position, element):
    published = PUBLISHED[f"{segment_id}{position:02d}"]
    for version in VERSIONS:
        short = version[2:]
        assert published[f"req_{short}"] == ("M" if element.mandatory else "C")
        # The list writes code elements as AN with the name of their code list.
        assert published[f"type_{short}"] == ("AN" if element.kind == "ID" else element.kind)
        assert published[f"len_{short}"] == f"{element.shortest}/{element.longest[version]}"


@pytest.mark.parametrize(("segment_id", "position", "element"), OURS, ids=lambda value: str(value)[:30])
def test_elements_with_a_code_list_of_ours_have_one_in_the_standard(segment_id, position, element):
    if element.codes is not None:
        assert element.kind == "ID"
        assert PUBLISHED[f"{segment_id}{position:02d}"]["code_list"] or element.longest["004010"] <= 3
