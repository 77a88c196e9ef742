from decimal import Decimal

import pytest

from connector.edi.numbers import decimal_text, implied_cents, money_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("10.00", "10"),
        ("1E+2", "100"),
        ("0.10", "0.1"),
        ("-0.0", "0"),
        ("0E-8", "0"),
        ("1E-7", "0.0000001"),
        ("-2.50", "-2.5"),
    ],
)
def test_decimals_are_plain_and_say_nothing_twice(number, text):
    assert decimal_text(Decimal(number)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *[("100", "100.00"), ("1.5", "1.50"), ("0.125", "0.125"), ("-3", "-3.00")],
        *[("2.50", "2.50"), ("-0.00", "0.00"), ("1E+3", "1000.00"), ("1E-2", "0.01"), ("1.2E-6", "0.0000012")],
    ],
)
def test_money_has_two_decimals_at_least(number, text):
    assert money_text(Decimal(number)) == text


@pytest.mark.parametrize(("amount", "text"), [("481.24", "48124"), ("-100.25", "-10025"), ("0", "0"), ("5", "500")])
def test_n2_implies_two_decimals(amount, text):
    assert implied_cents(Decimal(amount)) == text


def test_n2_never_drops_a_third_decimal():
    with pytest.raises(ValueError, match="two decimals"):
        implied_cents(Decimal("1.005"))
