"""The tables at the end of the demo are read in a terminal of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from demo.report import ChangeCheck, DocumentCheck, print_tables

WHY = "It changed in Visma after it was sent (Orderful 802211012); routing says a person decides."
DOCUMENTS = [
    DocumentCheck("no/customer_invoice/CreditNote:CN0017", "matsenteret", "x12", "ACKNOWLEDGED", ["1", "2"], "", None),
    DocumentCheck("fjordmat-no/customer_invoice/100301", "fjellhotellene", "x12", "PARKED", ["802211012"], WHY, None),
    DocumentCheck("NORDICT: 500999", "", "", "", ["802211099"], "nobody asked for it", "unexpected"),
]
CHANGES = [
    ChangeCheck("three times the quantity", "500106", "PARKED", "Line 1: the quantity goes from 11 to 33.", None)
]


def printed(width):
    console = Console(file=io.StringIO(), width=width)
    print_tables(console, DOCUMENTS, CHANGES)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_every_row_says_its_number_and_state_on_one_line(width):
    lines = printed(width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("CreditNote:CN0017" in line and "ACKNOWLEDGED" in line for line in lines)
    assert any("100301" in line and "PARKED" in line and "802211012" in line for line in lines)
    assert any("three times the quantity" in line and "500106" in line and "PARKED" in line for line in lines)


def test_partner_and_dialect_are_shown_where_there_is_room_for_them():
    assert "fjellhotellene" in printed(120)
    assert "fjellhotellene" not in printed(80)


def test_what_is_wrong_stands_with_a_transaction_that_nobody_asked_for():
    (line,) = (line for line in printed(120).splitlines() if "NORDICT: 500999" in line)
    assert "unexpected" in line


def test_the_states_are_explained_below():
    output = printed(80)
    assert "PARKED: waits for a person" in output
    assert "ACKNOWLEDGED: the partner's system has read it" in output
    assert "SKIPPED" not in output
