"""What becomes of an 860: three versions side by side, and the rules of the partner."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.order_change.decide import LOOK, ChangeAction, ChangeDecision, decide
from connector.domain.order_change.edits import Edits, equals_with_edits
from connector.domain.order_change.request import Ask, ChangePurpose, ProductRefs, Stated, Topic
from connector.domain.reasons import Reason
from connector.domain.routing.route import ItemIds, LineDate, OnLines, QuantityReading
from testkit.samples.business_documents import a_line, a_route, a_text, an_order
from testkit.samples.change_requests import a_request, asks, edited, lines_of, snapshot, some_facts, with_line

OCT_1, OCT_8, OCT_9 = date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 9)
ORDER = an_order()
GENEROUS = {
    "quantity": Decimal("0.2"),
    "price": Decimal("0.1"),
    "dates": timedelta(days=7),
    "lines": OnLines.APPLY,
}


def decided(
    *lines,
    base=ORDER,
    ours=None,
    rules=GENEROUS,
    approved=False,
    reading=None,
    facts=None,
    status="Open",
    route=None,
    taken_on=None,
    **theirs,
):
    """The decision about lines of a message; `has` is the order in Visma, as the partner had it when None."""
    content = ours or base or ORDER
    return decide(
        a_request(*lines, **theirs),
        base=base,
        ours=snapshot(content, facts, status),
        route=a_route(changes=rules, **(route or {})),
        approved=approved,
        reading=reading,
        taken_on=taken_on,
    )


def applied(*lines, **how) -> ChangeDecision:
    decision = decided(*lines, **how)
    assert (decision.action, decision.reason) == (ChangeAction.APPLY, None)
    return decision


def parked(*lines, **how) -> ChangeDecision:
    decision = decided(*lines, **how)
    assert decision.action is ChangeAction.PARK
    assert decision.reason
    assert decision.next_step
    return decision


def soft(*lines, **how) -> str:
    """The reason it is parked for, which an approval lifts."""
    applied(*lines, **how, approved=True)
    return parked(*lines, **how).reason


def hard(*lines, **how) -> str:
    """The reason it is parked for, which no approval lifts."""
    parked(*lines, **how, approved=True)
    return parked(*lines, **how).reason


# -- three versions ---------------------------------------------------------------------------------------------------


def test_a_change_inside_the_limits_is_written_and_nothing_else():
    decision = applied(asks("QI", 1, quantity=12))
    assert lines_of(decision.edits) == [{"number": 1, "quantity": Decimal(12), "operation": "Update"}]
    assert decision.edits == decision.wishes
    (difference,) = decision.differences
    assert (difference.where, difference.field) == ("line 1", "quantity")
    assert (difference.base, difference.theirs, difference.ours) == ("10", "12", "10")


def test_what_is_only_restated_is_no_wish_and_somebody_elses_edit_is_kept():
    ours = with_line(ORDER, 1, quantity=Decimal(8), note="call first")
    decision = applied(asks("CA", 1, quantity=10, price="13.00"), ours=ours)
    assert lines_of(decision.edits) == [{"number": 1, "price": Decimal("13.00"), "operation": "Update"}]


def test_a_wish_that_visma_already_fulfils_is_no_work_and_is_known_all_the_same():
    ours = with_line(ORDER, 1, quantity=Decimal(12))
    decision = applied(asks("QI", 1, quantity=12), ours=ours)
    assert not decision.edits
    assert lines_of(decision.wishes) == [{"number": 1, "quantity": Decimal(12), "operation": "Update"}]


def test_a_field_that_both_changed_waits_for_a_person():
    reason = soft(asks("QI", 1, quantity=12), ours=with_line(ORDER, 1, quantity=Decimal(9)))
    assert reason == ("Line 1: the quantity was changed in Visma meanwhile, from 10 to 9; the partner asks for 12.")


@pytest.mark.parametrize("changes", [{"item": "ITEM-9"}, {"unit": "KRT"}])
def test_a_line_that_became_another_item_or_unit_waits_for_a_person(changes):
    assert "and is item" in soft(asks("QI", 1, quantity=12), ours=with_line(ORDER, 1, **changes))


def test_another_number_is_rejected():
    decision = decided(asks("QI", 1, quantity=12), order_number="500124-1")
    assert decision.action is ChangeAction.REJECT
    assert decision.reason == "It changes order 500124-1, and this is order 500123."


def test_one_objection_holds_the_whole_message():
    decision = parked(asks("QI", 1, quantity=12), asks("PC", 2, price=99))
    assert "Line 2: the price goes from 12.5 to 99, more than 10 %." in decision.reason
    assert [line["number"] for line in lines_of(decision.edits)] == [1, 2]


def test_each_objection_brings_its_code_and_the_hard_one_stands_first():
    decision = parked(asks("PC", 1, price=99), asks("QI", 7, quantity=12))
    assert decision.codes == (Reason.LINE_NOT_FOUND, Reason.PRICE_BEYOND_LIMIT)
    assert decided(asks("QI", 1, quantity=12), order_number="1").codes == (Reason.OTHER_ORDER,)
    assert applied(asks("QI", 1, quantity=12)).codes == ()


def test_the_first_reason_is_a_hard_one_three_are_told_in_full_and_the_others_are_counted():
    lines = [asks("QI", number, quantity=99) for number in (1, 2)]
    decision = parked(*lines, asks("QI", 7, quantity=3), questions=("Who pays?", "And when?"), rules={})
    assert decision.reason == (
        "Line 7 is not in the order. And when? Who pays? 2 more reasons are in `connector changes show`."
    )
    assert decision.reasons == (
        "Line 7 is not in the order.",
        "And when?",
        "Who pays?",
        "Line 1: the quantity goes from 10 to 99, more than 0 %.",
        "Line 2: the quantity goes from 10 to 99, more than 0 %.",
    )
    assert decision.next_step != LOOK
    fewer = parked(
        asks("QI", 1, quantity=99), asks("QI", 7, quantity=3), questions=("Who pays?", "And when?"), rules={}
    )
    assert fewer.reason.endswith("Who pays? 1 more reason is in `connector changes show`.")
    assert parked(questions=("A?", "B?", "C?")).reason == "A? B? C?"


# -- quantities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "quantity"), [("QI", 12), ("QD", 8), ("PQ", 12), ("QI", "12.00")])
def test_a_change_of_just_the_limit_is_allowed(code, quantity):
    applied(asks(code, 1, quantity=quantity))


@pytest.mark.parametrize(("code", "quantity"), [("QI", "12.000001"), ("QD", "7.999999")])
def test_a_change_of_a_little_more_waits_for_a_person(code, quantity):
    assert "more than 20 %" in soft(asks(code, 1, quantity=quantity))


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
    assert (gone.edits.lines, len(gone.wishes.lines)) == ((), 1)
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


def test_a_closed_line_that_is_only_restated_does_no_harm():
    applied(asks("RZ", 1, quantity=10, price="12.5"), facts={1: some_facts(closed=True)})


# -- units, items, what a code leaves alone ---------------------------------------------------------------------------


def test_the_same_figure_in_another_unit_is_another_quantity():
    assert "is in unit CA, in Visma in STK" in hard(asks("PQ", 1, quantity=10, unit="case", unit_code="CA"))
    assert "is in unit CA" in hard(asks("PC", 1, price="12.50", unit="case", unit_code="CA"))
    applied(asks("QI", 1, quantity=12, unit="each", unit_code="EA"))


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
DEFAULT = an_order(*(a_line(number, requested=date(2026, 9, 10)) for number in (1, 2)))
"""As Visma fills it: requested is the order date, promised the day of the header."""


def test_a_wanted_day_is_measured_against_the_day_that_was_sent_and_written_where_it_came_from():
    decision = applied(asks("RS", 1, requested=OCT_8), base=DEFAULT)
    assert lines_of(decision.edits) == [{"number": 1, "promised": OCT_8, "operation": "Update"}]
    (difference,) = decision.differences
    assert (difference.field, difference.base, difference.theirs) == ("wanted day", "2026-10-01", "2026-10-08")
    assert not applied(asks("RS", 1, requested=OCT_1), base=DEFAULT).wishes
    assert "from 2026-09-10 to 2026-10-08" in soft(asks("RS", 1, requested=OCT_8), base=DEFAULT, route=BY_REQUESTED)


@pytest.mark.parametrize("promised", [OCT_1, date(2026, 10, 3)])
def test_with_requested_days_the_promised_one_stays(promised):
    order = an_order(a_line(1, promised=promised))
    (line,) = lines_of(applied(asks("RS", 1, requested=OCT_8), base=order, route=BY_REQUESTED).edits)
    assert line == {"number": 1, "requested": OCT_8, "operation": "Update"}


def test_a_line_has_one_day_unless_requested_days_are_sent():
    both = asks("RS", 1, requested=OCT_8, promised=OCT_9)
    assert "wanted on 2026-10-08 and promised for 2026-10-09" in hard(both)
    assert applied(asks("RS", 1, promised=OCT_8)).edits == applied(asks("RS", 1, requested=OCT_8)).edits
    (line,) = lines_of(applied(both, route=BY_REQUESTED, rules={**GENEROUS, "dates": timedelta(8)}).edits)
    assert (line["requested"], line["promised"]) == (OCT_8, OCT_9)


def test_a_day_that_the_line_leaves_to_the_header_is_written_to_the_line():
    order = an_order(a_line(1, requested=None, promised=None))
    assert not applied(asks("RS", 1, requested=OCT_1), base=order).wishes
    decision = applied(asks("RS", 1, requested=OCT_8), base=order)
    assert lines_of(decision.edits) == [{"number": 1, "promised": OCT_8, "operation": "Update"}]
    moved = replace(order, promised_on=OCT_8)
    again = applied(asks("RS", 1, requested=OCT_8), base=order, ours=moved)
    assert lines_of(again.edits) == lines_of(decision.edits), "the header's day may move again"


def test_a_date_may_move_as_far_as_allowed_and_no_further():
    applied(asks("RS", 1, requested=OCT_8))
    assert "moves from 2026-10-01 to 2026-10-09, further than 7 days" in soft(asks("RS", 1, requested=OCT_9))
    undated = an_order(a_line(1, requested=None, promised=None), promised_on=None)
    assert "is to be 2026-10-08, and there was none" in soft(asks("RS", 1, requested=OCT_8), base=undated)


def test_a_day_that_somebody_changed_is_not_overwritten_unseen():
    ours = with_line(ORDER, 1, promised=date(2026, 10, 3))
    assert "the wanted day was changed in Visma meanwhile" in soft(asks("RS", 1, requested=OCT_8), ours=ours)


OTHER_DAY = an_order(a_line(1), a_line(2, promised=date(2026, 10, 5)), a_line(3, promised=None))
"""Line 1 has the header's day, line 2 one of its own, and line 3 none."""


def test_the_date_of_the_header_moves_the_lines_that_had_it():
    decision = applied(requested_on=OCT_8, base=OTHER_DAY)
    assert decision.edits.promised_on == OCT_8
    assert lines_of(decision.edits) == [{"number": 1, "promised": OCT_8, "operation": "Update"}]
    after = edited(snapshot(OTHER_DAY), decision.edits)
    assert equals_with_edits(after.content, OTHER_DAY, decision.wishes), "the partner is not sent its own wish"
    again = applied(requested_on=OCT_8, base=OTHER_DAY, ours=after.content)
    assert (bool(again.edits), again.wishes) == (False, decision.wishes)
    assert not applied(requested_on=OCT_1, base=OTHER_DAY).wishes
    assert "The order: the delivery date" not in soft(requested_on=OCT_9)
    assert "the delivery date moves from 2026-10-01 to 2026-10-09" in soft(requested_on=OCT_9)


def test_with_requested_days_the_date_of_the_header_moves_these_alone():
    (line, _) = lines_of(applied(requested_on=OCT_8, route=BY_REQUESTED).edits)
    assert line == {"number": 1, "requested": OCT_8, "operation": "Update"}
    decision = parked(requested_on=OCT_8, base=DEFAULT, route=BY_REQUESTED)
    assert (bool(decision.edits), bool(decision.wishes), decision.unwritten) == (False, False, (decision.reason,))
    assert (
        "of the header moves no line: with `line_date: requested` the lines have wanted days of their own, 2026-09-10"
        in (decision.reason)
    )


def test_what_the_message_says_of_a_line_goes_before_the_date_of_the_header():
    lines = asks("RS", 1, requested=OCT_1), asks("QI", 2, quantity=12)
    (moved,) = lines_of(applied(*lines, requested_on=OCT_8).edits)
    assert (moved["number"], moved["quantity"], moved["promised"]) == (2, 12, OCT_8)
    decision = applied(asks("DI", 1), requested_on=OCT_8)
    assert [line["operation"] for line in lines_of(decision.edits)] == ["Delete", "Update"]
    applied(asks("QI", 1, quantity=12, requested=OCT_8), requested_on=OCT_8)
    (added,) = (line for line in lines_of(applied(ADDED, requested_on=OCT_8).edits) if line["operation"] == "Insert")
    assert added["promised"] == OCT_8


def test_a_line_whose_header_was_moved_by_hand_goes_no_further_than_allowed():
    ours = replace(ORDER, promised_on=OCT_9)
    reason = soft(requested_on=OCT_9, ours=ours)
    assert "Line 1: the wanted day moves from 2026-10-01 to 2026-10-09, further than 7 days." in reason
    assert "Order: the delivery date moves" not in reason


def test_a_delivery_date_that_is_repeated_and_is_another_in_visma_is_told():
    decision = applied(requested_on=OCT_1, ours=replace(ORDER, promised_on=OCT_9))
    assert (decision.keeps, decision.remarks) == (
        True,
        ("Order: the delivery date 2026-10-01 is what the partner had; Visma keeps 2026-10-09.",),
    )


def test_lines_that_the_date_of_the_header_leaves_alone_are_told():
    ours = an_order(*OTHER_DAY.lines, a_line(4), a_line(5, promised=OCT_8))
    decision = applied(requested_on=OCT_8, base=OTHER_DAY, ours=ours)
    assert decision.remarks == (
        "Line 2 keeps the day 2026-10-05: the date of the header moves the lines that had 2026-10-01.",
        "Line 4 keeps the day 2026-10-01: the partner was never told of it.",
    )
    many = an_order(a_line(9), *(a_line(number, promised=date(2026, 10, 5)) for number in (1, 2)))
    assert applied(requested_on=OCT_8, base=many).remarks[0].startswith("Lines 1, 2 keep the day 2026-10-05")
    flood = an_order(*(a_line(number, promised=OCT_1 + timedelta(number)) for number in range(30)))
    assert applied(requested_on=OCT_8, base=flood).remarks[10:] == ("And 18 more of the kind.",)


@pytest.mark.parametrize("received", [10, 12])
def test_a_line_that_was_received_in_full_stays_where_it_is(received):
    facts = {1: some_facts(received)}
    decision = parked(requested_on=OCT_8, facts=facts)
    assert decision.unwritten == (f"Line 1 was received in full ({received}) and keeps its day 2026-10-01.",)
    assert [line["number"] for line in lines_of(decision.edits)] == [2]
    raised = asks("QI", 1, quantity=14)
    raises = applied(raised, requested_on=OCT_8, facts=facts, rules={**GENEROUS, "quantity": Decimal(1)})
    assert raises.remarks == (
        f"Line 1: {received} were received already; the day of the rest moves from 2026-10-01 to 2026-10-08.",
    )
    assert f"{received} of 10 were received already, and no delivery is left for the new day" in soft(
        asks("RS", 1, requested=OCT_8), facts=facts
    )


def test_a_line_that_goes_out_in_another_unit_is_asked_about():
    cases = {"unit": "case", "unit_code": "CA"}
    assert soft(asks("DI", 1, quantity=10, **cases)) == "Line 1 is in unit CA, in Visma in STK."
    applied(asks("DI", 1, quantity=10, unit="each", unit_code="EA"))
    difference = {**GENEROUS, "quantities": QuantityReading.DELTA}
    assert "Line 1 is in unit CA, in Visma in STK." in hard(asks("QD", 1, quantity=10, **cases), rules=difference)


def test_a_discount_that_visma_works_out_anew_is_told():
    order = with_line(ORDER, 1, discount=Decimal(5))
    told = ("Line 1 has a discount of 5, which Visma works out anew from quantity and price.",)
    assert applied(asks("QI", 1, quantity=12), base=order).remarks == told
    assert applied(asks("PC", 1, price="12.60"), base=order).remarks == told
    assert not applied(asks("RS", 1, requested=OCT_8), base=order).remarks


def test_a_price_of_goods_that_were_received_is_asked_about():
    sentence = "Line 1: 4 of 10 were received already, and a line has one price in Visma."
    assert soft(asks("PC", 1, price="12.60"), facts={1: some_facts(4)}) == sentence
    applied(asks("RS", 1, requested=OCT_8), facts={1: some_facts(4)})
    applied(asks("PC", 1, price="12.50"), facts={1: some_facts(4)})


SEP_14, SEP_15 = date(2026, 9, 14), date(2026, 9, 15)
FAR = {"rules": {**GENEROUS, "dates": timedelta(100)}}


@pytest.mark.parametrize("written", [{"changed_on": SEP_15}, {"taken_on": SEP_15}])
@pytest.mark.parametrize(
    ("what", "theirs"),
    [
        ("Line 1: the wanted day", lambda day: {"lines": [asks("RS", 1, requested=day)]}),
        ("Line 1: the wanted day", lambda day: {"lines": [asks("RS", 1, promised=day)]}),
        ("New line ITEM-9: the wanted day", lambda day: {"lines": [replace(ADDED, requested=day)]}),
        ("Order: the delivery date", lambda day: {"requested_on": day}),
    ],
)
def test_a_day_before_the_message_is_a_question(what, theirs, written):
    how = theirs(SEP_15)
    applied(*how.pop("lines", ()), **how, **written, **FAR)
    how = theirs(SEP_14)
    reason = soft(*how.pop("lines", ()), **how, **written, **FAR)
    assert reason == f"{what} 2026-09-14 is in the past: the message is of 2026-09-15."


@pytest.mark.parametrize("written", [{}, {"changed_on": date(2026, 8, 1)}])
def test_a_day_before_the_order_is_a_question(written):
    early = asks("RS", 1, requested=date(2026, 9, 9))
    assert "2026-09-09 is in the past: the order is of 2026-09-10." in soft(early, **written, **FAR)
    applied(asks("RS", 1, requested=ORDER.ordered_on), **written, **FAR)


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


def test_a_line_that_cannot_go_along_with_the_header_is_asked_about():
    moved = with_line(ORDER, 1, promised=date(2026, 10, 3))
    assert "Line 1: the wanted day was changed in Visma meanwhile" in soft(requested_on=OCT_8, ours=moved)
    closed = parked(requested_on=OCT_8, facts={1: some_facts(closed=True)})
    assert closed.unwritten == ("Line 1 is closed in Visma and keeps its day 2026-10-01.",)
    assert [line["number"] for line in lines_of(closed.edits)] == [2]
    assert not applied(requested_on=OCT_8, ours=an_order(a_line(2)), approved=True).unwritten


# -- lines out and in -------------------------------------------------------------------------------------------------


def test_a_line_is_taken_out():
    decision = applied(asks("DI", 2, quantity=0))
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
    assert lines_of(decision.wishes) == [{"number": 1, "operation": "Delete"}]


@pytest.mark.parametrize("ours", [an_order(a_line(2)), with_line(ORDER, 1, cancelled=True, quantity=Decimal(12))])
def test_a_line_that_is_gone_takes_no_change(ours):
    assert "Line 1 is no longer in the Visma order." in hard(asks("QI", 1, quantity=12), ours=ours)


def test_taking_out_every_line_waits_for_a_person():
    assert "Nothing would be left of the order." in soft(asks("DI", 1), asks("DI", 2))
    applied(asks("DI", 1), asks("DI", 2), asks("AI", None, item="ITEM-9", quantity=1, price=1, unit="each"))


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
    shown = {one.field: one.theirs for one in applied(line).differences}
    assert shown == {
        "line": "5",
        "item": "ITEM-9",
        "unit": "KRT",
        "price": "7.25",
        "wanted day": "2026-10-08",
        "warehouse": "1",
    }
    days = replace(line, promised=OCT_1)
    shown = {one.field: one.theirs for one in applied(days, route=BY_REQUESTED).differences}
    assert (shown["wanted day"], shown["promised day"]) == ("2026-10-08", "2026-10-01")


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


def test_added_lines_have_a_limit_of_their_own_that_no_splitting_evades():
    assert "The added lines come to 50.75, more than 20 % of the order's 250." in soft(
        replace(ADDED, quantity=Decimal(7))
    )
    applied(ADDED, replace(ADDED, quantity=Decimal(1), products=ProductRefs(buyer=("ITEM-8",))))
    halves = [replace(ADDED, products=ProductRefs(buyer=(item,))) for item in ("ITEM-8", "ITEM-9")]
    assert "The added lines come to 72.5, more than 20 %" in soft(*halves)


ADDED = asks("AI", None, item="ITEM-9", quantity=5, price="7.25", unit="each")


def test_an_added_line_that_was_written_before_is_not_written_again():
    first = applied(ADDED, asks("DI", 2))
    after = edited(snapshot(ORDER), first.edits)
    again = applied(ADDED, asks("DI", 2), ours=after.content)
    assert not again.edits
    assert again.wishes == first.wishes
    assert equals_with_edits(after.content, ORDER, again.wishes)


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
    assert applied(*lines, ours=replace(after.content, lines=after.content.lines[::-1])).wishes.lines


def test_an_item_that_the_order_has_already_is_added_only_by_a_person():
    line = asks("AI", None, item="ITEM-1", quantity=5, price="12.5", unit="each")
    assert "the order has this item already, on line 1" in soft(line)


def test_a_number_that_is_taken_waits_for_a_person():
    line = asks("AI", "02", item="ITEM-9", quantity=5, price="12.5", unit="each")
    assert "the partner calls it line 2, which the order has already" in soft(line)


def test_an_item_that_nobody_knows_waits_for_routing():
    line = asks("AI", None, quantity=1, price=1, unit="each", products=ProductRefs(vendor=("THEIRS-9",)))
    decision = parked(line)
    assert decision.waits_for == "defaults.items.<our item number>"
    known = {"items": {"ITEM-9": ItemIds(partner_item="THEIRS-9")}}
    assert lines_of(applied(line, route=known).edits)[0]["item"] == "ITEM-9"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"quantity": 0}, "needs a quantity above zero"),
        ({"quantity": None}, "needs a quantity above zero"),
        ({"price": None}, "needs a price"),
        ({"price": "-1"}, "needs a price"),
        ({"unit": "pallet", "unit_code": "PL"}, "the unit PL is that of no unit of ours"),
        ({"unit": None}, "the unit (none)"),
    ],
)
def test_an_added_line_lacks_nothing(changes, told):
    values = {"quantity": 5, "price": "7.25", "unit": "each", **changes}
    assert told in hard(asks("AI", None, item="ITEM-9", **values))


# -- the whole message ------------------------------------------------------------------------------------------------


def test_a_line_that_the_message_speaks_of_twice():
    decision = applied(asks("PC", 1, price=13), asks("QI", 1, quantity=12))
    assert lines_of(decision.edits) == [
        {"number": 1, "quantity": Decimal(12), "price": Decimal(13), "operation": "Update"}
    ]
    assert "Line 1: the message says more than one thing of the quantity." in hard(
        asks("QI", 1, quantity=12), asks("QI", 1, quantity=11)
    )
    for other in (asks("QI", 1, quantity=12), asks("NC", 1)):
        assert "more than one thing of the line" in hard(asks("DI", 1), other)
    applied(asks("DI", 1), asks("DI", 1))


def test_a_replacement_takes_out_what_it_does_not_name():
    order = an_order(*ORDER.lines, a_text(3, "Call first"), a_line(4, is_charge=True))
    line = asks("RZ", 1, quantity=10, price="12.50")
    decision = applied(line, base=order, purpose=ChangePurpose.REPLACE)
    assert lines_of(decision.edits) == [{"number": 2, "operation": "Delete"}]
    assert "Line 2 is taken out." in soft(line, base=order, purpose=ChangePurpose.REPLACE, rules={})


def test_a_replacement_does_not_take_its_own_added_line_out_again():
    lines = (asks("NC", 1), asks("NC", 2), ADDED)
    first = applied(*lines, base=None, ours=ORDER, purpose=ChangePurpose.REPLACE, approved=True)
    after = edited(snapshot(ORDER), first.edits)
    again = applied(*lines, base=None, ours=after.content, purpose=ChangePurpose.REPLACE, approved=True)
    assert not again.edits


def test_the_order_of_the_lines_in_the_message_decides_nothing():
    lines = [
        asks("DI", 2),
        ADDED,
        replace(ADDED, quantity=Decimal(6)),
        asks("QI", 1, quantity=12),
        asks("PC", 1, price=13),
    ]
    ours = an_order(*ORDER.lines, a_line(3, item="ITEM-9", quantity=Decimal(6), unit_price=Decimal("7.25")))
    one, *others = (decided(*some, ours=ours) for some in (lines, lines[::-1], [*lines[2:], *lines[:2]]))
    for other in others:
        edits, wishes = (
            replace(theirs, lines=ours.lines) if set(theirs.lines) == set(ours.lines) else theirs
            for theirs, ours in ((other.edits, one.edits), (other.wishes, one.wishes))
        )
        assert changed(other, edits=edits, wishes=wishes) == one


def test_a_replacement_leaves_what_the_partner_never_saw():
    ours = an_order(*ORDER.lines, a_line(3))
    line = asks("RZ", 1, quantity=10, price="12.50")
    decision = parked(line, ours=ours, purpose=ChangePurpose.REPLACE)
    assert [edit.number for edit in decision.edits.lines] == [2]
    assert decision.unwritten == (decision.reason,)
    assert "Line 3 was added in Visma after the partner last saw the order; the message restates the order without" in (
        decision.reason
    )
    again = parked(line, asks("NC", 2), ours=ours, purpose=ChangePurpose.REPLACE)
    assert not again.edits
    assert decided(line, asks("NC", 2), ours=ours, purpose=ChangePurpose.REPLACE, approved=True).closes


def test_a_replacement_with_a_line_that_disagrees_does_not_mean_to_take_it_out():
    lines = (asks("RZ", 1, item="ITEM-2", quantity=10, price=1), asks("NC", 2))
    decision = parked(*lines, purpose=ChangePurpose.REPLACE)
    assert not decision.edits


def test_a_replacement_without_lines_empties_no_order():
    assert "without a single line" in hard(purpose=ChangePurpose.REPLACE)


CONFIRMS = {"purpose": ChangePurpose.CONFIRMATION}


@pytest.mark.parametrize("code", ["QI", "PC", "RZ", "NC", "CA"])
def test_a_confirmation_of_what_stands_is_silent(code):
    ours = with_line(ORDER, 1, quantity=Decimal(12))
    line = asks(code, 1, quantity=12, price="12.50", unit="each", unit_code="EA", requested=OCT_1, item="ITEM-1")
    decision = applied(line, ours=ours, requested_on=OCT_1, **CONFIRMS)
    assert (decision.edits, decision.wishes, decision.differences) == (Edits(), Edits(), ())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (asks("QI", 1, quantity=99), "Line 1: the message confirms the quantity 99, and the order has 10."),
        (asks("NC", 1, quantity=0), "Line 1: the message confirms the quantity 0, and the order has 10."),
        (asks("NC", 1, quantity=10, second_quantity=12), "confirms the quantity 12, and the order has 10."),
        (asks("RZ", 1, price="39"), "Line 1: the message confirms the price 39, and the order has 12.5."),
        (asks("NC", 1, requested=OCT_9), "confirms the wanted day 2026-10-09, and the order has 2026-10-01."),
        (asks("NC", 1, promised=OCT_9), "confirms the promised day 2026-10-09, and the order has 2026-10-01."),
        (asks("NC", 1, unit="case", unit_code="CA"), "confirms the unit CA, and the order has STK."),
        (asks("NC", 1, item="ITEM-2"), "Line 1 is item ITEM-1 in the order, and another one in the message."),
        (asks("DI", 1), "Line 1: the message confirms that it is taken out, and the order has it."),
        (asks("AI", 3, quantity=1), "Line 3 is not in the order."),
        (asks("NC", 1, questions=("it has sublines.",)), "Line 1: it has sublines."),
        (asks("NC", 7, questions=("it has sublines.",)), "Line 7: it has sublines."),
    ],
)
def test_a_confirmation_of_anything_else_is_a_question_and_writes_nothing(line, told):
    decision = parked(line, **CONFIRMS)
    assert told in decision.reason
    assert set(decision.reasons) == set(decision.unwritten)
    assert decided(line, approved=True, **CONFIRMS).closes
    assert not decision.edits


def test_a_confirmation_is_compared_in_its_header_too():
    assert "It confirms the delivery date 2026-10-09, and the order has 2026-10-01." in soft(
        requested_on=OCT_9, **CONFIRMS
    )
    applied(requested_on=OCT_9, ours=an_order(a_line(1, promised=OCT_9), a_line(2, promised=OCT_9)), **CONFIRMS)
    assert "It is in SEK" in hard(currency="SEK", **CONFIRMS)
    gone = an_order(a_line(2))
    applied(asks("DI", 1), ours=gone, **CONFIRMS)
    applied(asks("DI", 1), ours=with_line(ORDER, 1, cancelled=True), **CONFIRMS)
    applied(asks("DI", 1), base=with_line(ORDER, 1, cancelled=True), **CONFIRMS)
    assert "the message confirms it, and the order has it no longer" in soft(asks("NC", 1), ours=gone, **CONFIRMS)


def test_a_cancellation_that_names_a_part_of_the_lines_is_asked_about():
    def reasons(*lines):
        return parked(*lines, purpose=ChangePurpose.CANCELLATION).reasons

    assert "It cancels the order and names 1 of its lines, without 2: are only those meant?" in reasons(asks("DI", 1))
    assert len(reasons(asks("RZ", 1), asks("DI", 2))) == len(reasons()) == 1
    assert "has the code QI" in reasons(asks("QI", 1, quantity=12), asks("DI", 2))[1]


def test_a_cancellation_waits_until_somebody_has_cancelled_the_order():
    decision = parked(purpose=ChangePurpose.CANCELLATION, approved=True)
    assert decision.next_step == "Cancel the order in Visma, then approve the change; or reject it."
    assert decision.wishes.cancelled
    lines = [replace(line, cancelled=True) for line in ORDER.lines]
    cancelled = an_order(*lines, cancelled=True)
    done = applied(purpose=ChangePurpose.CANCELLATION, ours=cancelled, status="Cancelled")
    assert not done.edits
    assert equals_with_edits(cancelled, ORDER, done.wishes), "the partner asked for it and is not told again"
    assert not equals_with_edits(replace(cancelled, note="sorry"), ORDER, done.wishes)
    assert not applied(purpose=ChangePurpose.CANCELLATION, base=cancelled, ours=cancelled).wishes


@pytest.mark.parametrize("status", ["Closed", "Cancelled", None, "Balanced"])
def test_an_order_in_another_status_takes_no_change(status):
    assert "takes no change" in hard(asks("QI", 1, quantity=12), status=status)
    restated = decided(asks("NC", 1), status=status).reasons
    ended = status in {"Closed", "Cancelled"}
    assert restated == ((f"It restates an order that is {status.lower()} in Visma.",) if ended else ())


def test_statuses_are_those_of_the_partner():
    rules = {**GENEROUS, "statuses": frozenset({"Closed"})}
    applied(asks("QI", 1, quantity=12), status="Closed", rules=rules)
    assert "The order is Open in Visma" in hard(asks("QI", 1, quantity=12), rules=rules)


def test_a_sentence_repeats_so_much_of_a_long_word_that_its_end_is_still_read():
    said = f"It is in {'E' * 37}..., the order in NOK."
    assert said in hard(asks("PC", 1, price=13), currency="E" * 500_000)
    unit = hard(asks("PQ", 1, quantity=10, unit_code="Z" * 500_000))
    assert f"is in unit {'Z' * 37}..., in Visma in STK" in unit


def test_another_currency_is_no_change():
    assert "It is in EUR, the order in NOK." in hard(asks("PC", 1, price=13), currency="EUR")
    applied(asks("PC", 1, price=13), currency="NOK")
    unnamed = replace(ORDER, currency=None)
    assert "It is in EUR, the order in NOK." in hard(asks("PC", 1, price=13), base=unnamed, currency="EUR")
    applied(asks("PC", 1, price=13), base=unnamed, currency="NOK")
    route = {"currency": None}
    assert "the order in no currency that it names" in hard(
        asks("PC", 1, price=13), base=unnamed, currency="NOK", route=route
    )


def test_another_date_of_the_order_is_told():
    decision = applied(asks("PC", 1, price=13), ordered_on=SEP_14)
    assert decision.remarks == ("It changes an order of 2026-09-14; order 500123 is of 2026-09-10.",)
    assert not applied(asks("PC", 1, price=13), ordered_on=ORDER.ordered_on).remarks


def test_questions_of_header_and_lines_are_put_to_a_person():
    assert "Where to?" in soft(asks("QI", 1, quantity=12), questions=("Where to?",))
    assert "Line 1: the tax changes." in soft(asks("QI", 1, quantity=12, questions=("the tax changes.",)))
    assert applied(asks("NC", 1), remarks=("Thank you",)).remarks == ("Thank you",)


# -- what an approval does not write ----------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [{"price": Decimal(9)}, {"price": Decimal(10)}], ids=["changes", "restates"])
def test_a_line_that_a_zero_takes_out_is_not_changed_as_well(other):
    lines = asks("QD", 1, quantity=0), asks("PC", 1, **other)
    assert "says more than one thing of the line" in (parked(*lines, approved=True).reason or "")


@pytest.mark.parametrize(("quantity", "asks_person"), [(None, False), (0, False), (10, False), (4, True)])
def test_a_deletion_that_states_another_quantity_may_mean_a_part(quantity, asks_person):
    decision = decided(asks("DI", 1, quantity=quantity), asks("NC", 2))
    assert (decision.action is ChangeAction.PARK) is asks_person
    assert ("is only a part meant" in (decision.reason or "")) is asks_person


def test_a_currency_is_the_same_in_small_letters():
    assert applied(asks("QI", 1, quantity=12), currency="nok").edits


SAID = {"questions": ("It has a charge.",), "doubts": ("It is read as a change.",)}


@pytest.mark.parametrize("approved", [False, True])
def test_what_no_approval_writes_is_listed_and_what_it_writes_as_shown_is_not(approved):
    line = asks("QI", 1, quantity=12, questions=("it has a charge.",), doubts=("it appears twice.",))
    decision = decided(line, approved=approved, **SAID)
    assert decision.unwritten == ("It has a charge.", "Line 1: it has a charge.")
    assert not decision.closes
    assert applied(asks("QI", 1, quantity=12)).unwritten == ()


@pytest.mark.parametrize(
    ("lines", "theirs", "unwritten"),
    [
        ((), {"questions": ("It has a charge.",)}, ("It has a charge.",)),
        ((), {"doubts": ("Its purpose is '22'.",)}, ("Its purpose is '22'.",)),
        ((asks("NC", 1, doubts=("it appears twice.",)),), {}, ("Line 1: it appears twice.",)),
        ((asks("PC", 1),), {}, ("Line 1: the code PC changes something, and nothing new is given.",)),
        ((asks("PC", 1, quantity=11),), {}, None),
        ((asks("RS", 1, requested=OCT_1, unit_code="ZZ"),), {}, ("Line 1 is in unit ZZ, in Visma in STK.",)),
        ((), {"stated": (Stated(Topic.CARRIER, "rail", (("carrier", "rail"),)),)}, None),
    ],
)
def test_an_approval_that_writes_nothing_closes_the_change(lines, theirs, unwritten):
    decision = applied(*lines, approved=True, **theirs)
    assert (decision.closes, decision.edits.lines) == (True, ())
    assert decision.unwritten == (unwritten or decision.unwritten)
    assert not parked(*lines, **theirs).closes


def test_what_the_order_has_already_closes_nothing():
    ours = with_line(ORDER, 1, quantity=Decimal(12))
    fulfilled = applied(asks("QI", 1, quantity=12), ours=ours, approved=True, **SAID)
    assert (bool(fulfilled.edits), fulfilled.closes) == (False, False)
    assert not applied(asks("NC", 1)).closes


def test_what_nobody_can_read_is_lifted_by_no_approval():
    reason = hard(asks("PQ", 1, quantity=12, unreadable=("its price cannot be read.",)))
    assert reason.startswith("Line 1: its price cannot be read.")
    decision = parked(asks("QI", 1, quantity=12), unreadable=("It has lines in PO1 segments.",), approved=True)
    assert decision.unwritten == ("It has lines in PO1 segments.",)
    assert "by hand and close the change" in decision.next_step


def test_an_order_that_the_partner_never_got_waits_for_a_person():
    reason = soft(asks("QI", 1, quantity=12), base=None, ours=ORDER)
    assert reason == "The ledger knows no version of this order that the partner has seen."


def test_an_added_line_is_not_doubled_where_nobody_knows_what_the_partner_had():
    first = applied(ADDED, base=None, ours=ORDER, approved=True)
    after = edited(snapshot(ORDER), first.edits)
    assert not applied(ADDED, base=None, ours=after.content, approved=True).edits
    assert "line 3 is just like it, and is taken for it" in parked(ADDED, base=None, ours=after.content).reason


def test_an_approval_writes_what_was_shown():
    shown = parked(asks("QI", 1, quantity=20), asks("DI", 2), rules={})
    assert shown.edits == applied(asks("QI", 1, quantity=20), asks("DI", 2), rules={}, approved=True).edits


def test_a_repetition_after_the_write_asks_for_nothing_more():
    lines = (asks("QI", 1, quantity=12), asks("PC", 2, price=13), asks("RS", 1, requested=OCT_8))
    first = applied(*lines, requested_on=OCT_8)
    after = edited(snapshot(ORDER), first.edits)
    again = applied(*lines, ours=after.content, requested_on=OCT_8)
    assert not again.edits
    assert again.wishes == first.wishes


def test_the_facts_of_the_order_are_those_of_visma_and_not_of_the_partner():
    ours = changed(snapshot(ORDER), facts={1: some_facts(12), 2: some_facts()})
    decision = decide(a_request(asks("QD", 1, quantity=9)), base=ORDER, ours=ours, route=a_route(changes=GENEROUS))
    assert "12 were received" in decision.reason


def test_a_line_of_the_order_that_only_its_item_names():
    line = asks("QI", None, quantity=12, products=ProductRefs(vendor=("THEIRS-1",)))
    assert lines_of(applied(line).edits)[0]["number"] == 1
    assert applied(replace(line, ask=Ask.DELETE, touches=frozenset(), quantity=None)).edits.lines[0].number == 1
