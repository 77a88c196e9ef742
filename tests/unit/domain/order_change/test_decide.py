"""What becomes of an 860: three versions side by side, and the rules of the partner."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.order_change.decide import LOOK, ChangeAction, decide
from connector.domain.order_change.edits import equals_with_edits
from connector.domain.order_change.request import Ask, ChangePurpose, ProductRefs, Stated, Topic
from connector.domain.reasons import Reason
from testkit.samples.business_documents import a_line, a_route, a_text, an_order
from testkit.samples.change_requests import a_request, asks, edited, lines_of, snapshot, some_facts, with_line
from testkit.samples.decisions import GENEROUS, ORDER, REMOVING, applied, decided, hard, parked, soft

OCT_1, OCT_8, OCT_9 = date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 9)
# -- three versions ---------------------------------------------------------------------------------------------------


def test_a_change_inside_the_limits_is_written_and_nothing_else():
    decision = applied(asks("QI", 1, quantity=12))
    assert lines_of(decision.edits) == [{"number": 1, "quantity": Decimal(12), "operation": "Update"}]
    assert decision.edits == decision.requested
    (difference,) = decision.differences
    assert (difference.where, difference.field) == ("line 1", "quantity")
    assert (difference.base, difference.theirs, difference.ours) == ("10", "12", "10")


def test_what_is_only_restated_is_no_request_and_somebody_elses_edit_is_kept():
    ours = with_line(ORDER, 1, quantity=Decimal(8), note="call first")
    decision = applied(asks("CA", 1, quantity=10, price="13.00"), ours=ours)
    assert lines_of(decision.edits) == [{"number": 1, "price": Decimal("13.00"), "operation": "Update"}]


def test_a_request_that_visma_already_has_needs_no_write_and_is_recorded():
    ours = with_line(ORDER, 1, quantity=Decimal(12))
    decision = applied(asks("QI", 1, quantity=12), ours=ours)
    assert not decision.edits
    assert lines_of(decision.requested) == [{"number": 1, "quantity": Decimal(12), "operation": "Update"}]


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


ADDED = asks("AI", None, item="ITEM-9", quantity=5, price="7.25", unit="each")


# -- the whole message ------------------------------------------------------------------------------------------------


def test_a_line_that_occurs_twice_in_the_message():
    decision = applied(asks("PC", 1, price=13), asks("QI", 1, quantity=12))
    assert lines_of(decision.edits) == [
        {"number": 1, "quantity": Decimal(12), "price": Decimal(13), "operation": "Update"}
    ]
    assert "Line 1: the message says more than one thing of the quantity." in hard(
        asks("QI", 1, quantity=12), asks("QI", 1, quantity=11)
    )
    for other in (asks("QI", 1, quantity=12), asks("NC", 1)):
        assert "more than one thing of the line" in hard(asks("DI", 1), other)
    applied(asks("DI", 1), asks("DI", 1), rules=REMOVING)


def test_a_replacement_takes_out_what_it_does_not_name():
    """A partner may write 05 on any change, so a person is asked, with lines: apply as well."""
    order = an_order(*ORDER.lines, a_text(3, "Call first"), a_line(4, is_charge=True))
    line = asks("RZ", 1, quantity=10, price="12.50")
    decision = applied(line, base=order, purpose=ChangePurpose.REPLACE, rules=REMOVING, approved=True)
    assert lines_of(decision.edits) == [{"number": 2, "operation": "Delete"}]
    for rules in (REMOVING, {}):
        assert "Line 2 is not named in the message, which restates the order" in soft(
            line, base=order, purpose=ChangePurpose.REPLACE, rules=rules
        )


def test_a_replacement_does_not_take_its_own_added_line_out_again():
    lines = (asks("NC", 1), asks("NC", 2), ADDED)
    first = applied(*lines, base=None, ours=ORDER, purpose=ChangePurpose.REPLACE, approved=True)
    after = edited(snapshot(ORDER), first.edits)
    again = applied(*lines, base=None, ours=after.content, purpose=ChangePurpose.REPLACE, approved=True)
    assert not again.edits


def test_a_replacement_leaves_what_the_partner_never_saw():
    ours = an_order(*ORDER.lines, a_line(3))
    line = asks("RZ", 1, quantity=10, price="12.50")
    decision = parked(line, ours=ours, purpose=ChangePurpose.REPLACE, rules=REMOVING)
    assert [edit.number for edit in decision.edits.lines] == [2]
    assert decision.unwritten == (decision.reasons[-1],)
    assert (
        "Line 3 was added in Visma after the partner last saw the order; the message restates the order without"
        in (decision.reasons[-1])
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


def test_a_cancellation_that_names_a_part_of_the_lines_is_asked_about():
    def reasons(*lines):
        return parked(*lines, purpose=ChangePurpose.CANCELLATION).reasons

    assert "It cancels the order and names 1 of its lines, without 2: are only those meant?" in reasons(asks("DI", 1))
    assert len(reasons(asks("RZ", 1), asks("DI", 2))) == len(reasons()) == 1
    assert "has the code QI" in reasons(asks("QI", 1, quantity=12), asks("DI", 2))[1]


def test_a_cancellation_waits_until_somebody_has_cancelled_the_order():
    decision = parked(purpose=ChangePurpose.CANCELLATION, approved=True)
    assert decision.next_step == "Cancel the order in Visma, then approve the change; or reject it."
    assert decision.requested.cancelled
    lines = [replace(line, cancelled=True) for line in ORDER.lines]
    cancelled = an_order(*lines, cancelled=True)
    done = applied(purpose=ChangePurpose.CANCELLATION, ours=cancelled, status="Cancelled")
    assert not done.edits
    assert equals_with_edits(cancelled, ORDER, done.requested), "the partner asked for it and is not told again"
    assert not equals_with_edits(replace(cancelled, note="sorry"), ORDER, done.requested)
    assert not applied(purpose=ChangePurpose.CANCELLATION, base=cancelled, ours=cancelled).requested


def test_a_cancellation_of_an_order_that_is_received_in_part_says_so():
    decision = parked(purpose=ChangePurpose.CANCELLATION, facts={2: some_facts(received=Decimal(4))})
    assert decision.codes == (Reason.CANCELS_ORDER,)
    assert decision.reason == (
        "The partner cancels the whole order, which Visma's API cannot do. Goods were received already: 4 of line 2."
    )
    assert decision.next_step == (
        "Settle with the partner what was received, take the rest out of the order in Visma, then close the change; or "
        "reject it."
    )


@pytest.mark.parametrize("status", ["Closed", "Cancelled", None, "Balanced"])
def test_an_order_in_another_status_takes_no_change(status):
    assert "takes no change" in hard(asks("QI", 1, quantity=12), status=status)
    restated = decided(asks("NC", 1), status=status).reasons
    ended = status in {"Closed", "Cancelled"}
    assert restated == ((f"It restates an order that is {status.lower()} in Visma.",) if ended else ())
    step = decided(asks("QI", 1, quantity=12), status=status).next_step
    words = "[Hold, Open, PendingEmail, PendingPrint, Printed, Balanced]"
    written = f"; or write partners.acme.changes.statuses: {words} into the routing file and apply it"
    assert step == f"Settle it with the partner, then reject it{written if status == 'Balanced' else ''}.", (
        "a list replaces the one that is built in, and an order that has ended is not written"
    )


def test_statuses_are_those_of_the_partner():
    rules = {**GENEROUS, "statuses": frozenset({"Closed"})}
    applied(asks("QI", 1, quantity=12), status="Closed", rules=rules)
    assert "The order is Open in Visma" in hard(asks("QI", 1, quantity=12), rules=rules)


def test_a_message_truncates_a_long_value():
    reason = f"It is in {'E' * 37}..., the order in NOK."
    assert reason in hard(asks("PC", 1, price=13), currency="E" * 500_000)
    unit = hard(asks("PQ", 1, quantity=10, unit_code="Z" * 500_000))
    assert f"is in unit {'Z' * 37}..., and the order has it in STK" in unit


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


def test_questions_of_header_and_lines_are_put_to_a_person():
    assert "Where to?" in soft(asks("QI", 1, quantity=12), questions=("Where to?",))
    assert "Line 1: the tax changes." in soft(asks("QI", 1, quantity=12, questions=("the tax changes.",)))
    assert applied(asks("NC", 1), remarks=("Thank you",)).remarks == ("Thank you",)


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
        (
            (asks("RS", 1, requested=OCT_1, unit_code="ZZ"),),
            {},
            ("Line 1 is in unit ZZ, and the order has it in STK (each).",),
        ),
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
    assert reason == (
        "The ledger knows no version of this order that the partner has seen; approved, the order counts as known "
        "to the partner and is not sent."
    )


def test_an_approval_writes_what_was_shown():
    comparison = parked(asks("QI", 1, quantity=20), asks("DI", 2), rules={})
    assert comparison.edits == applied(asks("QI", 1, quantity=20), asks("DI", 2), rules={}, approved=True).edits


def test_a_repetition_after_the_write_asks_for_nothing_more():
    lines = (asks("QI", 1, quantity=12), asks("PC", 2, price=13), asks("RS", 1, requested=OCT_8))
    first = applied(*lines, requested_on=OCT_8)
    after = edited(snapshot(ORDER), first.edits)
    again = applied(*lines, ours=after.content, requested_on=OCT_8)
    assert not again.edits
    assert again.requested == first.requested


def test_the_facts_of_the_order_are_those_of_visma_and_not_of_the_partner():
    ours = changed(snapshot(ORDER), facts={1: some_facts(12), 2: some_facts()})
    decision = decide(a_request(asks("QD", 1, quantity=9)), base=ORDER, ours=ours, route=a_route(changes=GENEROUS))
    assert "12 were received" in decision.reason


def test_a_line_of_the_order_that_only_its_item_names():
    line = asks("QI", None, quantity=12, products=ProductRefs(vendor=("THEIRS-1",)))
    assert lines_of(applied(line).edits)[0]["number"] == 1
    gone = replace(line, ask=Ask.DELETE, touches=frozenset(), quantity=None)
    assert applied(gone, rules=REMOVING).edits.lines[0].number == 1


# -- another order ----------------------------------------------------------------------------------------------------


def test_the_date_of_another_order_is_asked_about():
    near = applied(asks("QI", 1, quantity=12), ordered_on=ORDER.ordered_on - timedelta(days=31))
    assert any("It changes an order of" in one for one in near.remarks)
    far = asks("QI", 1, quantity=12), ORDER.ordered_on - timedelta(days=32)
    assert "It changes an order of" in soft(far[0], ordered_on=far[1])
    assert parked(far[0], ordered_on=far[1]).codes == (Reason.ORDER_REFERENCE_DIFFERS,)
    applied(far[0], ordered_on=far[1], rules={**GENEROUS, "order_date": timedelta(days=40)})


def test_a_reference_to_another_order_is_asked_about():
    applied(asks("QI", 1, quantity=12, order_references=("0500123",)), order_references=("500123",))
    header = soft(asks("QI", 1, quantity=12), order_references=("500999",))
    assert header == "It refers to purchase order 500999; the message changes 500123."
    line = parked(asks("QI", 1, quantity=12, order_references=("500999",)))
    assert line.codes == (Reason.ORDER_REFERENCE_DIFFERS,)
    assert line.reason == "Line 1 refers to purchase order 500999; the message changes 500123."


def test_a_change_of_a_pattern_is_asked_about():
    pattern = replace(ORDER, order_type="StandardBlanket")
    assert parked(asks("QI", 1, quantity=12), base=pattern).codes == (Reason.PATTERN_ORDER,)
