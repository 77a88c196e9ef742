"""The rules of one line of an 860: limits, what was received, units, lines that come and go."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.order_change.decide import ChangeAction
from connector.domain.order_change.edits import equals_with_edits
from connector.domain.order_change.request import ProductRefs
from connector.domain.reasons import Reason
from connector.domain.routing.route import ItemIds, LineDate, QuantityReading
from testkit.samples.business_documents import a_line, a_text, an_order
from testkit.samples.change_requests import asks, edited, lines_of, snapshot, some_facts, with_line
from testkit.samples.decisions import GENEROUS, ORDER, REMOVING, applied, decided, hard, parked, soft

OCT_1, OCT_8, OCT_9 = date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 9)


# -- quantities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "quantity"), [("QI", 12), ("QD", 8), ("PQ", 12), ("QI", "12.00")])
def test_a_change_of_just_the_limit_is_allowed(code, quantity):
    applied(asks(code, 1, quantity=quantity))


@pytest.mark.parametrize(("code", "quantity"), [("QI", "12.000001"), ("QD", "7.999999")])
def test_a_change_of_a_little_more_waits_for_a_person(code, quantity):
    assert "more than 20 %" in soft(asks(code, 1, quantity=quantity))


def test_a_fraction_of_a_unit_that_is_counted_is_asked_about():
    said = "would be 10.5 each, a fraction of a unit that is counted (whole_units)"
    assert said in soft(asks("QI", 1, quantity="10.5"))
    assert said in soft(asks("AI", None, item="ITEM-9", quantity="10.5", price=1, unit="each"))
    assert lines_of(parked(asks("QI", 1, quantity="10.5")).edits)[0]["quantity"] == Decimal("10.5")


def test_a_line_with_an_entered_amount_is_asked_about_because_visma_works_it_out_anew():
    entered = with_line(ORDER, 1, amount=Decimal("99.00"))
    decision = parked(asks("QI", 1, quantity=12), base=entered, ours=entered)
    assert decision.codes == (Reason.LINE_AMOUNT_DIFFERS,)
    assert "has an entered amount of 99 (its quantity and price come to 125), and Visma works" in decision.reason
    (amount,) = [one for one in decision.differences if one.field == "amount"]
    assert (amount.where, amount.theirs, amount.ours) == ("line 1", "150", "99")
    rounded = with_line(ORDER, 1, amount=Decimal("125.05"))
    applied(asks("QI", 1, quantity=12), base=rounded, ours=rounded)
    applied(asks("RS", 1, requested=OCT_8), base=entered, ours=entered)


def test_a_fraction_of_what_is_weighed_is_a_quantity_like_any_other():
    weighed = with_line(ORDER, 1, unit="KG")
    applied(asks("QI", 1, quantity="10.5"), base=weighed, ours=weighed)


def test_the_limit_counts_from_what_the_partner_had_and_not_from_what_visma_has():
    nearer = with_line(ORDER, 1, quantity=Decimal(14))
    assert "from 10 to 15, more than 20 %" in parked(asks("QI", 1, quantity=15), ours=nearer).reason
    further = with_line(ORDER, 1, quantity=Decimal(20))
    assert "more than" not in parked(asks("QI", 1, quantity=12), ours=further).reason


def test_the_limit_of_the_price_counts_from_what_the_partner_had_too():
    nearer = with_line(ORDER, 1, unit_price=Decimal(15))
    assert "from 12.5 to 16, more than 10 %" in parked(asks("PC", 1, price=16), ours=nearer).reason
    further = with_line(ORDER, 1, unit_price=Decimal(99))
    assert "more than" not in parked(asks("PC", 1, price=13), ours=further).reason


def test_nothing_is_allowed_unless_somebody_has_said_so():
    assert "more than 0 %" in soft(asks("QI", 1, quantity="10.001"), rules={})
    assert "more than 0 %" in soft(asks("PC", 1, price="12.49"), rules={})
    assert "further than 0 days" in soft(asks("RS", 1, requested=OCT_8), rules={})
    assert "is taken out" in soft(asks("DI", 1), rules={})
    assert "is added" in soft(asks("AI", None, item="ITEM-9", quantity=1, price=1, unit="each"), rules={})
    applied(asks("NC", 1), asks("QI", 2, quantity=12), ours=with_line(ORDER, 2, quantity=Decimal(12)), rules={})


@pytest.mark.parametrize(
    ("code", "quantity", "way"), [("QI", 9, "an increase"), ("QI", 10, "an increase"), ("QD", 11, "a decrease")]
)
def test_an_increase_has_to_raise_and_a_decrease_to_lower_what_the_partner_had(code, quantity, way):
    rules = {**GENEROUS, "quantities": QuantityReading.NEW_TOTAL}
    assert f"{code} is {way}, yet the new quantity would be {quantity}, from 10." in soft(
        asks(code, 1, quantity=quantity), rules=rules
    )


def test_an_increase_to_less_is_proposed_as_a_difference_and_never_written_as_a_decrease():
    decision = parked(asks("QI", 1, quantity=2))
    assert "POC03 says 2, POC04 says nothing, and the partner had 10: 12 is read as the new quantity" in decision.reason
    assert lines_of(decision.edits)[0]["quantity"] == 12
    assert "which is the new quantity differs" in hard(asks("QD", 1, quantity=11))


def test_the_direction_counts_from_what_the_partner_had_even_if_visma_has_moved():
    ours = with_line(ORDER, 1, quantity=Decimal(13))
    assert "an increase" not in parked(asks("QI", 1, quantity=12), ours=ours).reason


@pytest.mark.parametrize("second", [5, 0])
def test_two_figures_that_fit_in_no_reading_wait_for_a_person_who_chooses_one(second):
    line = asks("QI", 1, quantity=12, second_quantity=second)
    decision = parked(line, approved=True)
    assert f"POC03 says 12, POC04 says {second}, and the partner had 10;" in decision.reason
    assert decision.waits_for == "partners.acme.changes.quantities"
    assert "quantities to one of new_total, delta, old_total_with_new_in_poc04" in decision.next_step
    assert "--reading" in decision.next_step
    assert not decision.edits
    (difference,) = decision.differences
    assert (difference.base, difference.theirs, difference.ours) == ("10", f"POC03 says 12, POC04 says {second}", "10")
    chosen = applied(line, approved=True, reading=QuantityReading.NEW_TOTAL)
    assert lines_of(chosen.edits)[0]["quantity"] == 12
    assert "more than 20 %" in parked(line, reading=QuantityReading.DELTA).reason, "a reading is no approval"


def test_two_figures_that_fit_in_one_reading_are_proposed():
    line = asks("CA", 1, quantity=12, second_quantity=10)
    assert "12 is read as the new quantity" in soft(line)
    assert lines_of(parked(line).edits)[0]["quantity"] == 12
    assert "approve or reject it" in parked(line).next_step
    assert "and the partner had" not in hard(line, base=None, ours=ORDER), "what the partner had is not known"


@pytest.mark.parametrize(
    ("reading", "first", "second"),
    [
        (None, 12, None),
        (None, 12, 12),
        (QuantityReading.NEW_TOTAL, 12, 10),
        (QuantityReading.DELTA, 2, 10),
        (QuantityReading.OLD_AND_NEW, 10, 12),
    ],
)
def test_each_reading_leads_to_the_same_total(reading, first, second):
    rules = {**GENEROUS, "quantities": reading}
    given = {"quantity": first} | ({} if second is None else {"second_quantity": second})
    assert lines_of(applied(asks("QI", 1, **given), rules=rules).edits)[0]["quantity"] == 12


def test_a_difference_needs_what_the_partner_had():
    rules = {**GENEROUS, "quantities": QuantityReading.DELTA}
    assert "nobody knows to which quantity" in hard(asks("QI", 1, quantity=2), base=None, ours=ORDER, rules=rules)
    unseen = an_order(*ORDER.lines, a_line(3))
    assert "nobody knows to which quantity" in hard(asks("QI", 3, quantity=2), ours=unseen, rules=rules)


def test_a_quantity_of_zero_takes_the_line_out_when_a_person_agrees():
    line = asks("PQ", 1, quantity=0, price="12.50")
    assert "the quantity goes from 10 to 0, which takes the line out" in soft(line)
    assert lines_of(parked(line).edits) == [{"number": 1, "operation": "Delete"}]
    assert "cannot be taken out: 3 were received" in hard(line, facts={1: some_facts(3)})
    gone = applied(line, approved=True, ours=an_order(a_line(2)))
    assert (gone.edits.lines, len(gone.requested.lines)) == ((), 1)
    beside_days = asks("CA", 1, quantity=0, requested=OCT_8)
    assert "a quantity of 0 beside new days may mean that the line is taken out" in hard(beside_days)


@pytest.mark.parametrize("approved", [False, True])
@pytest.mark.parametrize("quantity", [5, "8.99"])
def test_no_approval_goes_below_what_was_received(approved, quantity):
    decision = parked(asks("QD", 1, quantity=quantity), facts={1: some_facts(9)}, approved=approved)
    assert f"would go down to {quantity}, but 9 were received" in decision.reason
    assert decision.reason.startswith("Line 1: the quantity would go down")


def test_down_to_what_was_received_is_allowed():
    applied(asks("QD", 1, quantity=9), facts={1: some_facts(9)})


@pytest.mark.parametrize(
    "line", [asks("QI", 1, quantity=12), asks("PC", 1, price=13), asks("RS", 1, requested=OCT_8), asks("DI", 1)]
)
def test_a_closed_line_takes_no_change(line):
    assert "Line 1 is closed in Visma." in hard(line, facts={1: some_facts(closed=True)})


def test_a_closed_line_that_is_only_restated_is_accepted():
    applied(asks("RZ", 1, quantity=10, price="12.5"), facts={1: some_facts(closed=True)})


# -- units, items, what a code leaves alone ---------------------------------------------------------------------------


def test_the_same_figure_in_another_unit_is_another_quantity():
    assert "is in unit CA, and the order has it in STK (each)" in hard(
        asks("PQ", 1, quantity=10, unit="case", unit_code="CA")
    )
    assert "is in unit CA" in hard(asks("PC", 1, price="12.50", unit="case", unit_code="CA"))
    applied(asks("QI", 1, quantity=12, unit="each", unit_code="EA"))


def test_a_piece_counts_as_an_each_unless_routing_tells_them_apart():
    """X12 element 355: EA each, PC piece; partners write either for one item."""
    decision = applied(asks("QI", 1, quantity=12, unit="piece", unit_code="PC"))
    assert "Line 1 is in unit PC, which counts the same as each (STK)." in decision.remarks
    apart = {"units": {"STK": "each", "PCS": "piece"}}
    assert "is in unit PC" in hard(asks("QI", 1, quantity=12, unit="piece", unit_code="PC"), route=apart)


def test_a_unit_that_nobody_knows_is_not_taken_for_ours():
    assert "is in unit ZZ" in hard(asks("QI", 1, quantity=12, unit_code="ZZ"))
    assert "is in unit ZZ" in soft(asks("RS", 1, requested=OCT_8, unit_code="ZZ"))


def test_a_unit_of_ours_without_a_meaning_waits_for_its_key():
    order = an_order(a_line(1, unit="BUNT"))
    decision = parked(asks("QI", 1, quantity=12, unit="case", unit_code="CA"), base=order)
    assert decision.waits_for == "defaults.units.BUNT"


def test_number_and_item_have_to_agree():
    assert "Line 1 is item ITEM-1 in the order, and another one" in hard(asks("QI", 1, item="ITEM-2", quantity=12))
    applied(asks("QI", "0001", item="ITEM-1", quantity=12))


def test_a_value_that_the_code_leaves_alone_has_to_agree_with_one_of_the_two_orders():
    assert "the code PC leaves the quantity alone, yet 11 is given for 10" in soft(asks("PC", 1, price=13, quantity=11))
    applied(asks("PC", 1, price=13, quantity=10))
    applied(asks("PC", 1, price=13, quantity=9), ours=with_line(ORDER, 1, quantity=Decimal(9)))
    applied(asks("PC", 1, price=13, quantity=0))
    assert "leaves the wanted day alone" in soft(asks("QI", 1, quantity=12, requested=OCT_8))


def test_a_code_without_anything_new_waits_for_a_person():
    assert "the code PC changes something, and nothing new is given" in soft(asks("PC", 1))
    assert "it names no new quantity" in hard(asks("QI", 1))


def test_a_line_that_is_restated_needs_quantity_and_price():
    assert "restated without a price" in hard(asks("RZ", 1, quantity=12))
    assert "restated without a quantity" in hard(asks("RZ", 1, price=12))


@pytest.mark.parametrize("price", ["-1", "0"])
def test_a_price_below_zero_is_refused_and_zero_is_asked_about(price):
    reason = (hard if price == "-1" else soft)(asks("PC", 1, price=price), rules={**GENEROUS, "price": Decimal(9)})
    assert ("below zero" if price == "-1" else "a price of 0 may mean that none is given") in reason


def test_a_free_line_may_not_get_a_price_by_itself():
    order = an_order(a_line(1, unit_price=Decimal(0)))
    assert "goes from 0 to 0.01, more than 10 %" in soft(asks("PC", 1, price="0.01"), base=order)


# -- dates ------------------------------------------------------------------------------------------------------------


BY_REQUESTED = {"line_date": LineDate.REQUESTED}


def test_a_line_that_goes_out_in_another_unit_is_asked_about():
    cases = {"unit": "case", "unit_code": "CA"}
    assert (
        soft(asks("DI", 1, quantity=10, **cases), rules=REMOVING)
        == "Line 1 is in unit CA, and the order has it in STK (each)."
    )
    applied(asks("DI", 1, quantity=10, unit="each", unit_code="EA"), rules=REMOVING)
    difference = {**GENEROUS, "quantities": QuantityReading.DELTA}
    assert "Line 1 is in unit CA, and the order has it in STK (each)." in hard(
        asks("QD", 1, quantity=10, **cases), rules=difference
    )


def test_a_discount_that_visma_works_out_anew_is_told():
    order = with_line(ORDER, 1, discount=Decimal(5))
    remarks = ("Line 1 has a discount of 5, which Visma recalculates from quantity and price.",)
    assert applied(asks("QI", 1, quantity=12), base=order).remarks == remarks
    assert applied(asks("PC", 1, price="12.60"), base=order).remarks == remarks
    assert not applied(asks("RS", 1, requested=OCT_8), base=order).remarks


def test_a_price_of_goods_that_were_received_is_asked_about():
    sentence = "Line 1: 4 of 10 were received already, and a line has one price in Visma."
    assert soft(asks("PC", 1, price="12.60"), facts={1: some_facts(4)}) == sentence
    applied(asks("RS", 1, requested=OCT_8), facts={1: some_facts(4)})
    applied(asks("PC", 1, price="12.50"), facts={1: some_facts(4)})


def test_what_is_repeated_and_is_otherwise_in_visma_is_told():
    ours = with_line(ORDER, 1, quantity=Decimal(12), unit_price=Decimal(14), promised=OCT_8)
    same = {"quantity": 10, "price": "12.50", "requested": OCT_1}
    for line in (asks("CA", 1, **same), asks("NC", 1, **same)):
        decision = applied(line, ours=ours)
        assert (decision.keeps, bool(decision.edits)) == (True, False)
        assert decision.remarks == (
            "Line 1: the price 12.5 is what the partner had; Visma keeps 14.",
            "Line 1: the quantity 10 is what the partner had; Visma keeps 12.",
            "Line 1: the wanted day 2026-10-01 is what the partner had; Visma keeps 2026-10-08.",
        )
    assert not applied(asks("CA", 1, **same)).keeps


def test_a_second_figure_that_the_code_leaves_alone_has_to_agree():
    assert "leaves the quantity alone, yet 12 is given" in soft(
        asks("PC", 1, price=13, quantity=10, second_quantity=12)
    )
    assert "leaves the quantity alone, yet 2 is given" in soft(asks("PC", 1, price=13, delta=2))


# -- lines out and in -------------------------------------------------------------------------------------------------


def test_a_line_is_taken_out():
    decision = applied(asks("DI", 2, quantity=0), rules=REMOVING)
    assert lines_of(decision.edits) == [{"number": 2, "operation": "Delete"}]


@pytest.mark.parametrize("approved", [False, True])
def test_a_received_line_is_never_taken_out(approved):
    decision = parked(asks("DI", 1), facts={1: some_facts("0.001")}, approved=approved)
    assert "cannot be taken out: 0.001 were received" in decision.reason


def test_a_line_that_somebody_changed_is_not_taken_out_unseen():
    ours = with_line(ORDER, 1, requested=OCT_8)
    assert "Line 1 was changed in Visma meanwhile." in soft(asks("DI", 1), ours=ours)


@pytest.mark.parametrize("ours", [an_order(a_line(2)), with_line(ORDER, 1, cancelled=True)])
def test_a_line_that_is_gone_already_is_no_work(ours):
    decision = applied(asks("DI", 1), ours=ours, rules={})
    assert not decision.edits
    assert lines_of(decision.requested) == [{"number": 1, "operation": "Delete"}]


@pytest.mark.parametrize("ours", [an_order(a_line(2)), with_line(ORDER, 1, cancelled=True, quantity=Decimal(12))])
def test_a_line_that_is_gone_takes_no_change(ours):
    assert "Line 1 is no longer in the Visma order." in hard(asks("QI", 1, quantity=12), ours=ours)


def test_taking_out_every_line_waits_for_a_person():
    assert "Nothing would be left of the order." in soft(asks("DI", 1), asks("DI", 2))
    added = asks("AI", None, item="ITEM-9", quantity=1, price=1, unit="each")
    applied(asks("DI", 1), asks("DI", 2), added, rules=REMOVING)


def test_freight_and_texts_are_no_lines_that_the_partner_was_told_of():
    order = an_order(a_line(1), a_text(2, "Call first"), a_line(3, is_charge=True), a_line(4, cancelled=True))
    for number in (2, 3, 4):
        assert f"Line {number} is freight, text or cancelled" in hard(asks("QI", number, quantity=12), base=order)


def test_a_line_that_the_partner_never_saw_waits_for_a_person():
    ours = an_order(*ORDER.lines, a_line(3))
    assert "Line 3 was added in Visma after" in soft(asks("QI", 3, quantity=12), ours=ours)
    assert "Line 3 was added in Visma after" in soft(asks("DI", 3), ours=ours)


def test_a_line_is_added_as_its_neighbours_are():
    line = asks("AI", 3, item="ITEM-9", quantity=5, price="7.25", unit="case", unit_code="CA", requested=OCT_8)
    facts = {1: some_facts(line_type="NonStock"), 2: some_facts(line_type="NonStock")}
    decision = applied(line, facts=facts)
    assert lines_of(decision.edits) == [
        {
            "operation": "Insert",
            "item": "ITEM-9",
            "quantity": Decimal(5),
            "price": Decimal("7.25"),
            "unit": "KRT",
            "warehouse": "1",
            "line_type": "NonStock",
            "promised": OCT_8,
            "named": 3,
        }
    ]
    (added,) = lines_of(applied(line, facts=facts, route=BY_REQUESTED).edits)
    assert (added["requested"], added.get("promised")) == (OCT_8, None)


def test_everything_of_an_added_line_that_is_written_is_shown():
    line = asks("AI", 3, item="ITEM-9", quantity=5, price="7.25", unit="case", unit_code="CA", requested=OCT_8)
    asked = {one.field: one.theirs for one in applied(line).differences}
    assert asked == {
        "line": "5",
        "item": "ITEM-9",
        "unit": "KRT",
        "price": "7.25",
        "wanted day": "2026-10-08",
        "warehouse": "1",
    }
    days = replace(line, promised=OCT_1)
    asked = {one.field: one.theirs for one in applied(days, route=BY_REQUESTED).differences}
    assert (asked["wanted day"], asked["promised day"]) == ("2026-10-08", "2026-10-01")


def test_the_days_of_an_added_line_have_the_limit_of_dates():
    applied(replace(ADDED, requested=OCT_8))
    assert "the wanted day is 2026-10-09, further than 7 days from the order's 2026-10-01" in soft(
        replace(ADDED, requested=OCT_9)
    )
    assert "the promised day is 2026-10-09, further" in soft(
        replace(ADDED, requested=OCT_8, promised=OCT_9), route=BY_REQUESTED
    )
    undated = an_order(a_line(1, promised=date(2026, 10, 20)), a_line(2, promised=OCT_8), promised_on=None)
    applied(replace(ADDED, requested=OCT_9), base=undated)
    assert "from the order's none" in soft(
        replace(ADDED, requested=OCT_9), base=an_order(a_line(1, promised=None, requested=None), promised_on=None)
    )


def test_an_added_line_has_one_day_unless_requested_days_are_sent():
    assert "a line has one day here" in hard(replace(ADDED, requested=OCT_8, promised=OCT_1))


def test_added_lines_have_a_limit_of_their_own_across_messages():
    assert "The lines added and quantities raised come to 50.75, more than 20 % of the order's 250." in soft(
        replace(ADDED, quantity=Decimal(7))
    )
    applied(ADDED, replace(ADDED, quantity=Decimal(1), products=ProductRefs(buyer=("ITEM-8",))))
    halves = [replace(ADDED, products=ProductRefs(buyer=(item,))) for item in ("ITEM-8", "ITEM-9")]
    assert "The lines added and quantities raised come to 72.5, more than 20 %" in soft(*halves)


ADDED = asks("AI", None, item="ITEM-9", quantity=5, price="7.25", unit="each")


def test_an_added_line_that_was_written_before_is_not_written_again():
    first = applied(ADDED, asks("DI", 2), rules=REMOVING)
    after = edited(snapshot(ORDER), first.edits)
    again = applied(ADDED, asks("DI", 2), ours=after.content)
    assert not again.edits
    assert again.requested == first.requested
    assert equals_with_edits(after.content, ORDER, again.requested)


@pytest.mark.parametrize("approved", [False, True])
@pytest.mark.parametrize("changes", [{"quantity": Decimal(6)}, {"unit_price": Decimal(7)}, {"unit": "KRT"}])
def test_an_added_line_that_came_out_otherwise_is_never_added_twice(changes, approved):
    there = a_line(3, **{"item": "ITEM-9", "quantity": Decimal(5), "unit_price": Decimal("7.25"), **changes})
    decision = parked(ADDED, ours=an_order(*ORDER.lines, there), approved=approved)
    assert "Visma has line 3 with this item, and the partner never saw it" in decision.reason
    assert "Make line 3 what the partner asks for" in decision.next_step


def test_two_added_lines_of_one_item_find_their_own():
    lines = (replace(ADDED, quantity=Decimal(1)), replace(ADDED, quantity=Decimal(2)))
    after = edited(snapshot(ORDER), applied(*lines).edits)
    assert not applied(*lines, ours=after.content).edits
    assert applied(*lines, ours=replace(after.content, lines=after.content.lines[::-1])).requested.lines


def test_an_item_that_the_order_has_already_is_added_only_by_a_person():
    line = asks("AI", None, item="ITEM-1", quantity=5, price="12.5", unit="each")
    assert "the order has this item already, on line 1" in soft(line)


def test_a_number_that_is_taken_waits_for_a_person():
    line = asks("AI", "02", item="ITEM-9", quantity=5, price="12.5", unit="each")
    assert "the partner calls it line 2, which the order has already" in soft(line)


def test_an_item_that_nobody_knows_waits_for_routing():
    line = asks("AI", None, quantity=1, price=1, unit="each", products=ProductRefs(vendor=("THEIRS-9",)))
    decision = parked(line)
    assert decision.waits_for == "partners.acme.items.<our item number>"
    assert "Add partner_item: THEIRS-9 below partners.acme.items.<our item number>" in (decision.next_step or "")
    by_gtin = parked(asks("AI", None, quantity=1, price=1, unit="each", products=ProductRefs(gtins=("7080000000005",))))
    assert "Add gtin: 7080000000005 below defaults.items.<our item number>" in (by_gtin.next_step or "")
    known = {"items": {"ITEM-9": ItemIds(partner_item="THEIRS-9")}}
    assert lines_of(applied(line, route=known).edits)[0]["item"] == "ITEM-9"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity": 0}, "needs a quantity above zero"),
        ({"quantity": None}, "needs a quantity above zero"),
        ({"price": None}, "needs a price"),
        ({"price": "-1"}, "needs a price"),
        ({"unit": "pallet", "unit_code": "PL"}, "the unit PL is that of no unit of ours"),
        ({"unit": None}, "the unit (none)"),
    ],
)
def test_an_added_line_lacks_nothing(changes, reason):
    values = {"quantity": 5, "price": "7.25", "unit": "each", **changes}
    assert reason in hard(asks("AI", None, item="ITEM-9", **values))


# -- what an approval does not write ----------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [{"price": Decimal(9)}, {"price": Decimal(10)}], ids=["changes", "restates"])
def test_a_line_that_a_zero_takes_out_is_not_changed_as_well(other):
    lines = asks("QD", 1, quantity=0), asks("PC", 1, **other)
    assert "says more than one thing of the line" in (parked(*lines, approved=True).reason or "")


@pytest.mark.parametrize(("quantity", "asks_person"), [(None, False), (0, False), (10, False), (4, True)])
def test_a_deletion_that_states_another_quantity_may_mean_a_part(quantity, asks_person):
    decision = decided(asks("DI", 1, quantity=quantity), asks("NC", 2), rules=REMOVING)
    assert (decision.action is ChangeAction.PARK) is asks_person
    assert ("is only a part meant" in (decision.reason or "")) is asks_person


def test_an_added_line_is_not_doubled_where_nobody_knows_what_the_partner_had():
    first = applied(ADDED, base=None, ours=ORDER, approved=True)
    after = edited(snapshot(ORDER), first.edits)
    assert not applied(ADDED, base=None, ours=after.content, approved=True).edits
    assert "line 3 is just like it, and is taken for it" in parked(ADDED, base=None, ours=after.content).reason
