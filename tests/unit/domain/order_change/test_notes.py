"""What an 860 names beside its values: parts of a line that goes, notes, references, names; and ended orders."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import Party
from connector.domain.order_change.decide import ChangeAction, decide
from connector.domain.order_change.request import Aside, ChangePurpose, PartyRequest, ProductRefs, Stated, Topic
from connector.domain.parties import Role
from connector.domain.routing.route import LineDate, OnHeaderNote, OnLines
from testkit.samples.business_documents import a_line, a_route, an_order
from testkit.samples.change_requests import a_request, asks, lines_of, snapshot, some_facts, with_line

ORDER = an_order()
OCT_1, OCT_8 = date(2026, 10, 1), date(2026, 10, 8)
RULES = {"quantity": Decimal(1), "price": Decimal("0.1"), "dates": timedelta(days=7), "lines": OnLines.APPLY}
NOTE = Aside("STORE 7 ONLY", ("STORE 7 ONLY",))
REFERENCE = Aside("customer order 9987", ("9987",), is_note=False)
ADDED = asks("AI", 3, item="ITEM-9", quantity=5, price="7.25", unit="each", unit_code="EA")


def decided(*lines, base=ORDER, ours=None, status="Open", facts=None, approved=False, line_date=None, **request):
    route = a_route(ORDER, changes=RULES, **({"line_date": line_date} if line_date else {}))
    order = snapshot(ours or base or ORDER, facts, status)
    return decide(a_request(*lines, **request), base=base, ours=order, route=route, approved=approved)


def theirs(*lines, **how) -> tuple[str, ...]:
    """Its reasons, all of which an approval lifts."""
    decision = decided(*lines, **how)
    assert (decision.action is ChangeAction.PARK) is bool(decision.reasons)
    assert decided(*lines, **how, approved=True).action is ChangeAction.APPLY
    return decision.reasons


# -- a note of the header beside changes -----------------------------------------------------------------------------


NO_MORE = Aside("do not change quantities", ("do not change quantities",))


def test_a_note_of_the_header_beside_a_change_is_asked_about():
    said = "Its note says 'do not change quantities', which may limit or contradict what it asks for."
    assert theirs(asks("QI", 1, quantity=12), asides=(NO_MORE,)) == (said,)
    assert lines_of(decided(asks("QI", 1, quantity=12), asides=(NO_MORE,)).edits)[0]["quantity"] == 12


@pytest.mark.parametrize(
    ("asides", "rules"),
    [((REFERENCE,), {}), ((NO_MORE,), {"header_note": OnHeaderNote.TELL}), ((Aside("A", ("Weekly refill",)),), {})],
)
def test_a_reference_a_text_that_was_sent_and_one_that_routing_knows_are_told(asides, rules):
    order = replace(ORDER, description="Weekly refill")
    route = a_route(ORDER, changes={**RULES, **rules})
    request = a_request(asks("QI", 1, quantity=12), asides=asides)
    assert decide(request, base=order, ours=snapshot(order), route=route).action is ChangeAction.APPLY


# -- a deletion that names a part -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ({"quantity": 4}, "a quantity of 4 where the partner had 10: is only a part meant?"),
        ({"quantity": 10, "second_quantity": 6}, "a quantity of 6 where the partner had 10"),
        ({"quantity": 0, "second_quantity": 6}, "a quantity of 6 where the partner had 10"),
        ({"original_quantity": 10, "delta": 4}, "a quantity of 4 where the partner had 10"),
        ({"original_quantity": 12}, "a quantity of 12 where the partner had 10"),
        ({"requested": OCT_8}, "the day 2026-10-08 where the partner had 2026-10-01: is only a part meant?"),
        ({"promised": OCT_8}, "the day 2026-10-08 where the partner had 2026-10-01"),
        ({"price": 99}, "a price of 99 where the partner had 12.5: is this line meant?"),
        ({"partial": ("it has sublines.",)}, "yet it has sublines. Is only a part meant?"),
        ({"asides": (NOTE,)}, "and its note says 'STORE 7 ONLY': is only a part meant?"),
        (
            {"parties": (PartyRequest(Role.SHIP_TO, "ship-to", Party(number="0099")),)},
            "and its ship-to is number 0099; the order has",
        ),
        ({"stated": (Stated(Topic.CARRIER, "carrier Bring", (("routing", "Bring"),)),)}, "it states carrier"),
    ],
)
def test_a_deletion_that_may_name_a_part_is_a_question(names, sentence):
    line = asks("DI", 1, **names)
    (reason,) = theirs(line)
    assert sentence in reason
    approved = decided(line, approved=True)
    assert lines_of(approved.edits) == [{"number": 1, "operation": "Delete"}]
    assert approved.places == ()


@pytest.mark.parametrize(
    "restated",
    [
        {},
        {"quantity": 10, "second_quantity": 0, "price": "12.50", "requested": OCT_1, "promised": OCT_1},
        {"quantity": 0, "second_quantity": 10, "original_quantity": 10, "delta": -10, "price": 0},
        {"asides": (REFERENCE,), "descriptions": ("Item one",)},
    ],
)
def test_a_deletion_that_restates_the_whole_line_is_none(restated):
    assert theirs(asks("DI", 1, **restated)) == ()


def test_both_days_of_a_line_that_goes_may_be_restated():
    order = with_line(ORDER, 1, requested=OCT_8, promised=OCT_1)
    line = asks("DI", 1, requested=OCT_8, promised=OCT_1)
    assert theirs(line, base=order, line_date=LineDate.REQUESTED) == ()


def test_a_cancellation_with_a_part_of_a_line_is_asked_about():
    lines = [asks("DI", 1, quantity=4), asks("DI", 2)]
    reasons = decided(*lines, purpose=ChangePurpose.CANCELLATION).reasons
    assert any("with line 1, and the message gives a quantity of 4" in one for one in reasons)
    assert not any("line 2" in one for one in reasons)


# -- deletions and additions that are done ----------------------------------------------------------------------------


def test_a_deletion_of_a_line_that_is_gone_leaves_the_rest_to_be_decided():
    base = replace(ORDER, lines=ORDER.lines[:1])
    decision = decided(asks("DI", 2), asks("QI", 1, quantity=12), base=base)
    assert (decision.action, decision.remarks) == (
        ChangeAction.APPLY,
        ("Line 2 is not in the order: nothing is left to take out.",),
    )
    assert lines_of(decision.edits) == [{"number": 1, "quantity": Decimal(12), "operation": "Update"}]


def test_a_deletion_of_a_cancelled_line_is_done():
    ours = with_line(ORDER, 2, cancelled=True)
    assert theirs(asks("DI", 2), base=ours) == ()


def test_a_deletion_alone_of_a_line_that_may_never_have_been_is_asked_about():
    assert theirs(asks("DI", 7)) == (
        "Line 7 is not in the order: it was taken out before, or another one is meant. Nothing is taken out.",
    )
    assert theirs(asks("DI", None, item="ITEM-9"))[0].startswith("Item ITEM-9 is not in the order: it was taken out")
    assert theirs(asks("DI", None, item="ITEM-9"), asks("QI", 1, quantity=12)) == ()
    (elsewhere,) = decided(asks("DI", 7, item=ORDER.lines[1].item)).reasons
    assert elsewhere == "Line 7 is not in the order."


@pytest.mark.parametrize("header", [None, OCT_8])
def test_an_added_line_that_the_partner_was_told_of_is_not_added_again(header):
    line = a_line(3, item="ITEM-9", quantity=Decimal(5), unit_price=Decimal("7.25"), promised=OCT_1)
    order = an_order(*ORDER.lines, line)
    decision = decided(ADDED, asks("QI", 1, quantity=12), base=order, requested_on=header)
    assert decision.action is ChangeAction.APPLY
    assert "Line 3 is the added line of item ITEM-9 already." in decision.remarks
    assert not [one for one in lines_of(decision.edits) if one["operation"] == "Insert"]
    other = replace(ADDED, quantity=Decimal(6))
    assert len(theirs(other, base=order)) == 2


def test_added_lines_are_written_in_the_order_of_the_message():
    lines = [
        replace(ADDED, line_id=str(number), products=ProductRefs((item,))) for number, item in ((3, "11"), (4, "100"))
    ]
    for given in (lines, lines[::-1]):
        decision = decided(*given)
        assert [edit.item for edit in decision.edits.lines] == [line.products.buyer[0] for line in given]
        assert decision.requested == decision.edits


# -- notes and references ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aside", [NOTE, REFERENCE])
def test_a_note_or_reference_is_the_message_where_nothing_else_is_wanted(aside):
    (header,) = theirs(requested_on=OCT_1, asides=(aside,))
    assert header.startswith("Nothing of the order changes, and")
    assert aside.text in header
    restated = asks("NC", 1, quantity=10, asides=(aside,))
    (line,) = theirs(restated)
    assert line.startswith("Line 1: nothing of it changes, and")
    assert len(theirs(restated, purpose=ChangePurpose.CONFIRMATION)) == aside.is_note
    assert decided(requested_on=OCT_1, asides=(aside,), approved=True).closes


def test_a_note_on_a_line_that_changes_or_is_added_is_asked_about_and_one_beside_is_not():
    for line in (asks("QI", 1, quantity=12, asides=(NOTE,)), replace(ADDED, asides=(NOTE,))):
        (reason,) = theirs(line)
        assert reason.endswith("its note says 'STORE 7 ONLY', of which an approval writes nothing.")
    change = asks("QI", 1, quantity=12, asides=(REFERENCE,))
    assert theirs(change, asks("NC", 2, asides=(NOTE,)), asides=(REFERENCE,)) == ()


@pytest.mark.parametrize(
    ("note", "comes_back"),
    [
        (("Ring 30 min før levering",), True),
        (("RING 30 MIN FOR", "LEVERING"), True),
        (("NOTES", "RING 30 MIN FOR LEVERING", "Supplier reference: S-1"), True),
        (("Ring 30 min før levering", "CANCEL"), False),
        (("Ring 30 min før levering CANCEL LINE 1",), False),
        (("CANCEL",), False),
        (("RING",), False),
    ],
)
def test_our_own_note_that_comes_back_is_no_question(note, comes_back):
    order = replace(ORDER, note="Ring 30 min før levering", supplier_reference="S-1")
    assert (theirs(requested_on=OCT_1, asides=(Aside(" / ".join(note), note),), base=order) == ()) is comes_back


def test_our_own_reference_that_comes_back_is_no_question():
    order = replace(ORDER, supplier_reference="S-1")
    assert theirs(requested_on=OCT_1, asides=(Aside("vendor's order S-1", ("s-1",), is_note=False),), base=order) == ()


# -- what an item is called -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", [{"descriptions": ("Red, 20 kg",)}, {"products": ProductRefs(gtins=("07038010000065",))}]
)
def test_another_name_of_an_item_is_asked_about_where_nothing_else_changes_and_told_elsewhere(names):
    line = asks("RZ", 2, quantity=10, price="12.50", **names)
    unchanged = asks("NC", 2, quantity=10, **names)
    for alone in (line, unchanged):
        (reason,) = theirs(alone)
        assert reason.startswith("Line 2: nothing changes but what the item is called: ")
    decision = decided(replace(line, quantity=Decimal(12)))
    assert decision.action is ChangeAction.APPLY
    assert any(one.startswith("Items have names that the order does not have: line 2: ") for one in decision.remarks)
    assert decided(unchanged, asks("QI", 1, quantity=12)).action is ChangeAction.APPLY
    assert decided(unchanged, purpose=ChangePurpose.CONFIRMATION).action is ChangeAction.APPLY


def test_a_deletion_by_its_number_alone_is_asked_about_where_its_item_is_not_known():
    (reason,) = theirs(asks("DI", 2, products=ProductRefs(gtins=("07038010000065",))))
    assert "by its number alone: its item is called 07038010000065" in reason
    assert theirs(asks("DI", 2, products=ProductRefs((ORDER.lines[1].item,), gtins=("07038010000065",)))) == ()


# -- orders that are ended, and sentences -----------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [ChangePurpose.CONFIRMATION, ChangePurpose.REPLACE, ChangePurpose.CHANGE])
def test_what_restates_a_cancelled_order_is_asked_about(purpose):
    lines = [asks("RZ", line.number, quantity=line.quantity, price=line.unit_price) for line in ORDER.lines]
    reasons = theirs(*lines, purpose=purpose, ours=replace(ORDER, cancelled=True), status="Cancelled")
    does = "confirms" if purpose is ChangePurpose.CONFIRMATION else "restates"
    assert reasons == (f"It {does} an order that is cancelled in Visma.",)


def test_a_cancellation_of_a_cancelled_order_is_so_already():
    cancelled = replace(ORDER, cancelled=True)
    decision = decided(base=cancelled, purpose=ChangePurpose.CANCELLATION, status="Cancelled", asides=(NOTE,))
    assert (decision.action, decision.unwritten) == (ChangeAction.APPLY, ())


@pytest.mark.parametrize("line_date", [None, LineDate.REQUESTED])
def test_the_day_of_the_rest_moves_alike_by_the_header_and_by_the_line(line_date):
    order = replace(ORDER, lines=tuple(replace(line, requested=OCT_1, promised=OCT_1) for line in ORDER.lines))
    facts, rest = {1: some_facts(4)}, "Line 1: 4 were received already; the day of the rest moves from 2026-10-01 to"
    for how in ({"requested_on": OCT_8}, {"lines": (asks("RS", 1, requested=OCT_8),)}):
        decision = decided(*how.pop("lines", ()), base=order, facts=facts, line_date=line_date, **how)
        assert (decision.action, decision.remarks) == (ChangeAction.APPLY, (f"{rest} 2026-10-08.",))


def test_a_unit_of_ours_that_is_not_mapped_is_called_so():
    order = with_line(ORDER, 1, unit="PALL")
    (reason,) = decided(asks("QI", 1, quantity=12, unit_code="PALL"), base=order).reasons
    assert reason == "Line 1 is in unit PALL, and Visma's unit PALL is not mapped here."


def test_equal_net_days_decide_over_a_text_of_no_other_figure():
    for other, differs in (
        (("text", "NET 30"), False),
        (("text", "2 % 10, NET 30"), True),
        (("kind", "deferred or instalments"), True),
    ):
        stated = Stated(Topic.TERMS, other[1], (("net days", "30"), other))
        assert bool(theirs(asks("QI", 1, quantity=12), stated=(stated,))) is differs


def test_a_line_is_not_taken_out_by_its_number_beside_an_item_number_of_another_kind():
    """The manufacturer's number (MG) says nothing that can be compared here; our own number beside it does."""
    other = ProductRefs(others=("ZZZ-9",))
    decision = decided(asks("DI", 1, products=other))
    assert [str(one) for one in decision.codes] == ["item-unproven"]
    assert "its item is called ZZZ-9, with which nothing here can be compared" in (decision.reason or "")
    proven = decided(asks("DI", 1, products=ProductRefs(buyer=("ITEM-1",), others=("ZZZ-9",))))
    assert proven.action is ChangeAction.APPLY
    assert decided(asks("QI", 1, quantity=11, products=other)).action is ChangeAction.APPLY
