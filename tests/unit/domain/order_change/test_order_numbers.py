from __future__ import annotations

import pytest

from connector.domain.order_change.order_numbers import without_suffix


@pytest.mark.parametrize(
    ("number", "left"),
    [
        ("500123-1", ["500123"]),
        ("500123 A", ["500123"]),
        ("500123A", ["500123"]),
        ("500123/02", ["500123"]),
        ("500123.001", ["500123"]),
        ("500123#", ["500123"]),
        ("PO500123-R2", ["PO500123"]),
        ("500123-1B", ["500123-1", "500123"]),
        ("1-2-3-4-5", ["1-2-3-4", "1-2-3", "1-2"]),
        ("500123", []),
        ("0000500123", ["500123"]),
        ("000500123-1", ["500123-1", "000500123"]),
        ("0", []),
        ("-1", []),
        ("ABC", []),
        ("", []),
    ],
)
def test_what_a_partner_may_have_put_around_a_number_is_taken_off(number: str, left: list[str]) -> None:
    assert without_suffix(number) == left
