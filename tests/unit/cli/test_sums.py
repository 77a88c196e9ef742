from decimal import Decimal

import pytest

from connector.cli.sums import as_data, in_words, money, sums_of


def test_amounts_are_added_up_by_currency_and_unknown_ones_left_out():
    sums = sums_of(
        [("NOK", Decimal("10.10")), ("SEK", Decimal(5)), ("NOK", Decimal("-0.10")), ("NOK", None), (None, Decimal(1))]
    )
    assert in_words(sums) == "10.00 NOK, 5.00 SEK, 1.00"
    assert as_data(sums) == {"NOK": "10.00", "SEK": "5", "": "1"}


def test_of_nothing_nothing_is_said():
    assert (in_words(sums_of([])), as_data(sums_of([("NOK", None)]))) == ("", {})


@pytest.mark.parametrize(
    ("value", "shown"),
    [("2475", "2475.00"), ("33.5", "33.50"), ("4.2150", "4.215"), ("-0.1", "-0.10"), ("1E+3", "1000.00")],
)
def test_an_amount_has_two_decimals_and_keeps_its_value(value, shown):
    assert money(Decimal(value)) == shown
    assert Decimal(shown) == Decimal(value)
