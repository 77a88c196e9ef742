from __future__ import annotations

import pytest

from connector.edi.regions import region_code


@pytest.mark.parametrize(
    ("country", "texts", "code"),
    [
        ("US", ("NY", "New York"), "NY"),
        ("US", ("33", "New York"), "NY"),
        ("US", ("US-NY",), "NY"),
        ("US", (" tx ",), "TX"),
        ("US", ("QQ",), None),
        ("CA", ("10", "Quebec"), "QC"),
        ("AU", ("NSW",), "NSW"),
        ("BR", ("SP", "Sao Paulo"), "SP"),
        ("NO", ("03", "Oslo"), None),
        ("SE", ("AB", "Stockholms län"), None),
        ("FI", ("FI", "Uusimaa"), None),
        ("DE", ("Bayern",), None),
        (None, ("NY",), "NY"),
        (None, (None, ""), None),
    ],
)
def test_only_codes_of_postal_addresses_are_codes(country, texts, code):
    assert region_code(country, *texts) == code
