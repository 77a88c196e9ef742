"""A change laid beside the order, for a person and as data."""

from __future__ import annotations

from decimal import Decimal

from connector.cli.changes.comparison import all_reasons, amounts, comparison, comparison_data, lines_data, unwritten
from connector.domain.order_change.decide import Difference
from testkit.samples.business_documents import a_line, an_order

TEXT = "Apple juice 1 l"
ORDER = an_order(a_line(1), a_line(2, quantity=Decimal(4)))
DIFFERENCES = (
    Difference(where="line 1", field="price", base="12.5", theirs="13", ours="12.5"),
    Difference(where="line 1", field="quantity", base="10", theirs="12", ours="10"),
    Difference(where="line 2", field="line", base="4", theirs="taken out", ours="4"),
)


def test_a_person_sees_what_each_line_is_and_comes_to():
    assert comparison(DIFFERENCES, ORDER).splitlines() == [
        "where   what      partner had  asks       Visma has  item    unit  price  amount now  amount asked  text",
        f"line 1  price     12.5         13         12.5       ITEM-1  STK   13.00  125.00      156.00        {TEXT}",
        "line 1  quantity  10           12         10         -       -     -      -           -             -",
        f"line 2  line      4            taken out  4          ITEM-2  STK   12.50  50.00       0.00          {TEXT}",
        "These lines come to 175.00 now and to 156.00 NOK as asked, before discounts.",
    ]


def test_without_the_order_the_differences_stand_alone():
    assert comparison(DIFFERENCES).splitlines()[0].split() == [
        *("where", "what", "partner", "had", "asks", "Visma", "has")
    ]
    assert comparison((), ORDER) == ""


def test_no_sum_is_told_where_one_line_cannot():
    unclear = Difference(where="line 1", field="quantity", base="10", theirs="8 or 12", ours="10")
    assert amounts([unclear, DIFFERENCES[2]], ORDER) is None
    assert "come to" not in comparison([unclear, DIFFERENCES[2]], ORDER)
    assert amounts(DIFFERENCES, None) is None
    assert amounts([], ORDER) is None


def test_the_same_is_data():
    assert comparison_data(DIFFERENCES)[1] == {
        "where": "line 1",
        "field": "quantity",
        "base": "10",
        "theirs": "12",
        "ours": "10",
    }
    assert lines_data(DIFFERENCES, ORDER)[0] == {
        "where": "line 1",
        "item": "ITEM-1",
        "text": "Apple juice 1 l",
        "unit": "STK",
        "price": Decimal(13),
        "amount_now": Decimal("125.00"),
        "amount_asked": Decimal("156.00"),
    }
    assert amounts(DIFFERENCES, ORDER) == (Decimal("175.00"), Decimal(156))


def test_what_speaks_against_it_stands_below_a_heading():
    assert all_reasons(["One.", "Two."], "One.") == "All reasons:\n  One.\n  Two."
    assert all_reasons(["One.", "Two."], "One. Two.") == ""
    assert all_reasons([], "It is refused.") == ""
    assert unwritten(["A charge."]) == "Not written by an approval:\n  A charge."
    assert unwritten([]) == ""
