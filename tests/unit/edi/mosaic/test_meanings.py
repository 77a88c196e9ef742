"""What people call a field of Mosaic, and which meaning it has there."""

from __future__ import annotations

import pytest

from connector.edi.mosaic.meanings import MEANINGS, explained


@pytest.mark.parametrize(
    ("place", "name", "section", "key"),
    [
        (("senderId",), "senderId", "", "senderId"),
        (("message", "purchaseOrderNumber"), "purchaseOrderNumber", "", "purchaseOrderNumber"),
        (("message", "parties", "shipTo", "city"), "parties.shipTo.city", "party shipTo", "parties.*.city"),
        (
            ("message", "lineItems", 1, "quantity", "unitOfMeasure"),
            "lineItems[1].quantity.unitOfMeasure",
            "line 2",
            "lineItems[].quantity.unitOfMeasure",
        ),
        (
            ("message", "notes", "general", "text", 2),
            "notes.general.text[2]",
            "",
            "notes.general.text[]",
        ),
    ],
)
def test_a_field_has_its_path_its_part_and_its_meaning(place, name, section, key):
    found = explained("850", place, {})
    assert (found.name, found.section, found.key) == (name, section, key)
    assert found.meaning == MEANINGS["850"][key]


def test_a_field_that_no_table_has_is_named_all_the_same():
    found = explained("850", ("message", "colour"), {})
    assert (found.name, found.meaning) == ("colour", None)
