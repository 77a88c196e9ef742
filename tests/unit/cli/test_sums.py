from decimal import Decimal

from connector.cli.sums import as_data, in_words, sums_of


def test_amounts_are_added_up_by_currency_and_unknown_ones_left_out():
    sums = sums_of(
        [("NOK", Decimal("10.10")), ("SEK", Decimal(5)), ("NOK", Decimal("-0.10")), ("NOK", None), (None, Decimal(1))]
    )
    assert in_words(sums) == "10.00 NOK, 5 SEK, 1"
    assert as_data(sums) == {"NOK": "10.00", "SEK": "5", "": "1"}


def test_of_nothing_nothing_is_said():
    assert (in_words(sums_of([])), as_data(sums_of([("NOK", None)]))) == ("", {})
