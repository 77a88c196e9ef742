"""The quantity that a line asks for, whatever way it is written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.order_change.findings import is_beyond
from connector.domain.order_change.quantity import is_difference, total_added, total_asked
from connector.domain.routing.route import QuantityReading
from testkit.samples.business_documents import change_rules
from testkit.samples.change_requests import asks

TOTAL, DELTA, BOTH = QuantityReading.NEW_TOTAL, QuantityReading.DELTA, QuantityReading.OLD_AND_NEW
HAD = Decimal(100)


def total(code, reading=None, **figures):
    """The total that is asked of a line that had 100, and the problems: sentences with `!` before the hard ones."""
    found = total_asked(asks(code, **figures), HAD, change_rules(quantities=reading))
    return found.quantity, [f"{'!' if one.hard else ''}{one.sentence}" for one in found.problems]


@pytest.mark.parametrize(
    ("code", "reading", "figures", "theirs"),
    [
        ("QI", None, {"quantity": 120}, 120),
        ("QD", None, {"quantity": 60}, 60),
        ("QD", None, {"quantity": 60, "second_quantity": 60}, 60),
        ("QD", TOTAL, {"quantity": 60, "second_quantity": 100}, 60),
        ("QI", DELTA, {"quantity": "0.000001"}, Decimal("100.000001")),
        ("QD", DELTA, {"quantity": 40}, 60),
        ("QD", BOTH, {"quantity": 100, "second_quantity": 60}, 60),
        ("QD", BOTH, {"second_quantity": 60}, 60),
        ("RZ", DELTA, {"quantity": 60}, 60),
        ("RZ", DELTA, {"quantity": 10, "second_quantity": 110}, 110),
        ("PQ", DELTA, {"quantity": 50, "second_quantity": 150}, 150),
        ("CA", DELTA, {"quantity": 40, "second_quantity": 60}, 60),
        ("CA", DELTA, {"quantity": 100}, 100),
        ("CA", None, {}, None),
        ("CA", None, {"original_quantity": 100}, None),
    ],
)
def test_a_quantity_without_a_doubt(code, reading, figures, theirs):
    assert total(code, reading, **figures) == (theirs, [])


@pytest.mark.parametrize("reading", [None, *QuantityReading])
def test_an_explicit_total_needs_no_reading(reading):
    figures = {"quantity": 60, "original_quantity": 100, "delta": 40, "explicit_total": True}
    assert total("QD", reading, **figures) == (60, [])
    assert total("PQ", reading, **figures | {"delta": -40}) == (60, []), "the sign of a difference says nothing"
    assert not is_difference(asks("QD", **figures), change_rules(quantities=reading))


@pytest.mark.parametrize(
    ("code", "reading", "figures", "theirs", "problem"),
    [
        ("QD", None, {"quantity": 100}, 100, "QD is a decrease, yet the new quantity would be 100, from 100."),
        ("QD", DELTA, {"quantity": -5}, 105, "QD is a decrease, yet the new quantity would be 105, from 100."),
        ("QD", DELTA, {"quantity": 120}, -20, "!its quantity would be -20, below zero."),
        ("QI", TOTAL, {"quantity": 20}, 20, "QI is an increase, yet the new quantity would be 20, from 100."),
        ("PQ", DELTA, {"quantity": 5}, None, "!5 is read as a difference, and the code PQ does not say whether up or"),
        ("CA", DELTA, {"quantity": 5, "second_quantity": 90}, None, "!5 is read as a difference, and the code CA does"),
        ("QI", BOTH, {"quantity": 90, "second_quantity": 120}, 120, "the partner believes the quantity was 90; it was"),
        ("QI", BOTH, {"quantity": 120}, None, "!it names no new quantity."),
        ("QI", TOTAL, {"second_quantity": 120}, None, "!it names no new quantity."),
        ("QI", None, {}, None, "!it names no new quantity."),
        ("PQ", None, {"delta": 5, "explicit_total": True}, None, "!it names no new quantity."),
        ("CA", None, {"quantity": 110, "original_quantity": 90, "explicit_total": True}, 110, "the partner believes"),
        ("CA", None, {"quantity": 110, "delta": 20, "explicit_total": True}, 110, "a difference of 20 does not lead"),
    ],
)  # fmt: skip
def test_a_quantity_in_doubt(code, reading, figures, theirs, problem):
    quantity, problems = total(code, reading, **figures)
    assert quantity == theirs
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    ("code", "first", "second", "theirs"),
    [
        # The other figure is what the partner had, or the difference to it.
        ("CA", 150, 100, 150),
        ("CA", 100, 150, 150),
        ("QI", 150, 100, 150),
        ("QD", 100, 60, 60),
        ("QI", 150, 50, 150),
        ("QI", 50, 150, 150),
        ("QI", 100, 200, 200),
        ("QD", 0, 100, 0),
        ("QI", 20, None, 120),
        ("QI", 20, 20, 120),
        # No reading fits, or several that lead to different totals.
        ("CA", 150, 140, None),
        ("CA", 100, 0, None),
        ("QI", 20, 100, None),
        ("QD", 120, None, None),
        ("QI", None, 120, None),
    ],
)
def test_two_figures_are_read_where_one_reading_fits_what_the_partner_had(code, first, second, theirs):
    line = asks(code, quantity=first, second_quantity=second)
    found = total_asked(line, HAD, change_rules())
    (problem,) = found.problems
    assert (found.quantity, problem.hard) == (theirs, theirs is None)
    assert "and the partner had 100" in problem.sentence
    assert problem.waits_for == "partners.acme.changes.quantities"
    assert "changes.quantities to " in (problem.next_step or "")
    unknown = total_asked(line, HAD, change_rules(), base_is_known=False)
    assert (unknown.quantity, unknown.problems[0].hard) == (None, True)


@pytest.mark.parametrize(("reading", "theirs"), [(TOTAL, 150), (BOTH, 140), (DELTA, 250)])
def test_a_reading_that_somebody_names_leaves_no_doubt_which_figure_is_meant(reading, theirs):
    found = total_asked(asks("QI", quantity=150, second_quantity=140), HAD, change_rules(quantities=reading))
    assert found.quantity == theirs
    assert not any("POC04" in one.sentence for one in found.problems)


def test_a_difference_is_held_against_what_the_partner_believes():
    figures = {"quantity": 110, "original_quantity": 90, "delta": 20, "explicit_total": True}
    assert total("PQ", **figures)[1] == ["the partner believes the quantity was 90; it was told 100."]


@pytest.mark.parametrize(
    ("reading", "figures", "theirs"),
    [
        (None, {"quantity": 5}, 5),
        (None, {"quantity": 5, "second_quantity": 5}, 5),
        (None, {"quantity": 5, "second_quantity": 0}, 5),
        (None, {"quantity": 0, "second_quantity": 5}, 5),
        (None, {"second_quantity": 5}, 5),
        (TOTAL, {"quantity": 5, "second_quantity": 3}, 5),
        (DELTA, {"quantity": 5, "second_quantity": 3}, 5),
        (BOTH, {"quantity": 0, "second_quantity": 5}, 5),
        (BOTH, {"quantity": 5}, 5),
        (BOTH, {"quantity": 5, "explicit_total": True}, 5),
    ],
)
def test_an_added_line_had_nothing_before(reading, figures, theirs):
    assert total_added(asks("AI", **figures), change_rules(quantities=reading)) == (theirs, ())


@pytest.mark.parametrize(
    ("reading", "figures"),
    [
        (None, {}),
        (None, {"quantity": 0}),
        (None, {"quantity": 0, "second_quantity": 0}),
        (None, {"quantity": -5}),
        (None, {"quantity": 5, "second_quantity": 3}),
        (TOTAL, {"second_quantity": 3}),
        (BOTH, {"quantity": 5, "second_quantity": 0}),
    ],
)
def test_an_added_line_without_a_clear_quantity_is_refused(reading, figures):
    (problem,) = total_added(asks("AI", **figures), change_rules(quantities=reading)).problems
    assert problem.hard
    assert (problem.waits_for is not None) == ("POC04" in problem.sentence)


@pytest.mark.parametrize(
    ("base", "theirs", "share", "beyond"),
    [
        ("100", "120", "0.2", False),
        ("100", "120.000001", "0.2", True),
        ("100", "80", "0.2", False),
        ("100", "79.999999", "0.2", True),
        ("0", "0", "0", False),
        ("0", "0.000001", "9.99", True),
        ("10", "10", "0", False),
        ("-10", "-12", "0.2", False),
        ("0.3", "0.36", "0.2", False),
    ],
)
def test_a_limit_is_a_share_of_what_was_and_includes_its_end(base, theirs, share, beyond):
    assert is_beyond(Decimal(base), Decimal(theirs), Decimal(share)) is beyond


def test_what_is_left_to_receive_shows_that_poc03_is_the_new_total():
    """X12 element 671 in POC04: quantity left to receive."""
    line = asks("QI", quantity=150, second_quantity=90)
    found = total_asked(line, HAD, change_rules(), received=Decimal(60))
    assert found.quantity == 150
    assert "150 is read as the new quantity, of which 60 were received." in found.problems[0].sentence
    assert "quantities to new_total" in (found.problems[0].next_step or "")
    assert total_asked(line, HAD, change_rules()).quantity is None
