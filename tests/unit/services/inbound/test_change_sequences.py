"""Changes of one order that bear on each other: taken back, asked for again, and of lines that were added before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from connector.domain.inbound import Validation
from connector.domain.order_change.added_line_numbers import AddedLine
from connector.domain.order_change.record import ChangeState
from connector.services.messages import ChangeMessage
from testkit.memory.change_harness import KARI, Harness, a_quantity, an_860, more_of

FIRST, SECOND, THIRD = "802210971", "802210972", "802210973"
PARKED, APPLIED, RECORDED, CLOSED = (
    ChangeState.PARKED,
    ChangeState.APPLIED,
    ChangeState.RECORDED,
    ChangeState.CLOSED,
)
UNDATED = {"purchaseOrderChangeDate": None}


def send(harness: Harness, number: str, *lines: Any, header: dict[str, Any] | None = None, **changes: Any) -> None:
    """A partner sends an 860, and it is worked off until nothing is left to do."""
    harness.clock.forward(minutes=1)
    harness.inbound.send(an_860(*lines, **(header or {})), number=number, inbox=False, **changes)
    settle(harness)


def settle(harness: Harness, minutes: int = 11) -> None:
    harness.clock.forward(minutes=minutes)
    harness.collect()
    harness.quiesce()


def count(number: int) -> dict[str, str]:
    return {"changeSequenceNumber": str(number)}


def priced(line: int, price: str) -> dict[str, Any]:
    return {"purchaseOrderLineId": str(line), "changeReason": "priceChange", "unitCostPrice": price}


def deleted(line: int) -> dict[str, Any]:
    return {"purchaseOrderLineId": str(line), "changeReason": "deleteItem"}


def added(item: str, quantity: int, line: int | None) -> dict[str, Any]:
    return {
        "purchaseOrderLineId": None if line is None else str(line),
        "changeReason": "addItem",
        "quantity": a_quantity(quantity),
        "unitCostPrice": "5.00",
        "productIds": {"buyerItemNumber": item},
    }


def restated(line: int, quantity: int, price: str) -> dict[str, Any]:
    return {
        "purchaseOrderLineId": str(line),
        "changeReason": "changeToItem",
        "quantity": a_quantity(quantity),
        "unitCostPrice": price,
    }


def unseen_approval(harness: Harness, number: str = FIRST) -> None:
    """A person approves a parked change by what was recorded with it."""
    harness.review.approve(harness.change(number), KARI)
    harness.quiesce()


def states(harness: Harness, *numbers: str) -> list[ChangeState]:
    return [harness.change(number).state for number in numbers]


def lines_of(harness: Harness) -> dict[str, tuple[int, float, float]]:
    """The order in Visma, by item: line, quantity, price."""
    return {
        line["inventory"]["number"]: (line["lineNbr"], float(line["orderQty"]), float(line["unitCost"]))
        for line in harness.orders.orders["500123"]["lines"]
    }


# -- taken back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "taken_back", "says"),
    [
        ([more_of(1, 2000)], [more_of(1, 800)], "line 1 quantity 800"),
        ([priced(1, "20")], [priced(1, "10")], "line 1 price 10"),
        ([deleted(2)], [more_of(2, 100)], "line 2 quantity 100"),
        ([added("1300", 10, 3)], [restated(1, 800, "10"), restated(2, 100, "5")], "it restates the order"),
        ([more_of(1, 2000)], [], "it confirms the order"),
    ],
    ids=["quantity", "price", "deletion", "an added line, by a replacement", "confirmation"],
)
@pytest.mark.parametrize("numbered", [True, False])
def test_a_parked_change_that_the_partner_takes_back_is_not_written_unseen(
    theirs: list[Any], taken_back: list[Any], says: str, numbered: bool
) -> None:
    harness = Harness(lines="park")
    send(harness, FIRST, *theirs, header=count(1) if numbered else None)
    before = lines_of(harness)
    header = count(2) if numbered else {}
    if "restates" in says:
        header["purpose"] = "replace"
    elif "confirms" in says:
        header["purpose"] = "confirmation"
    send(harness, SECOND, *taken_back, header=header)

    assert states(harness, FIRST, SECOND) == [PARKED, PARKED]
    assert f"An earlier change of this order, {FIRST}, still waits for a person." in (
        harness.change(SECOND).reason or ""
    )

    unseen_approval(harness)
    assert (states(harness, FIRST, SECOND), lines_of(harness), harness.orders.puts) == ([PARKED, PARKED], before, [])
    reason = harness.change(FIRST).reason or ""
    assert SECOND in reason
    assert says in reason
    assert any(says in sentence for sentence in harness.change(FIRST).later)

    unseen_approval(harness)  # it is shown by now
    assert states(harness, FIRST) == [APPLIED]
    assert len(harness.orders.puts) == 1


def test_what_orderful_holds_as_invalid_may_be_taken_back_as_well() -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 900), validation=Validation.INVALID)
    send(harness, SECOND, more_of(1, 800))
    unseen_approval(harness)

    assert (states(harness, FIRST, SECOND), harness.orders.puts) == ([PARKED, PARKED], [])
    harness.reject(FIRST, reason="taken back")
    harness.quiesce()
    assert (states(harness, SECOND), harness.orders.puts) == ([APPLIED], [])


def test_words_that_stood_before_may_take_back_the_parked_one_in_between() -> None:
    """850 is applied, 2000 waits, and 850 comes again: it is no repetition."""
    harness = Harness()
    for quantity, number in ((850, FIRST), (2000, SECOND), (850, THIRD)):
        send(harness, number, more_of(1, quantity), header=count(1) if quantity == 850 else UNDATED)

    assert states(harness, FIRST, SECOND, THIRD) == [APPLIED, PARKED, PARKED]
    harness.reject(SECOND, reason="taken back")
    harness.quiesce()
    assert (states(harness, THIRD), harness.change(THIRD).repeats) == ([RECORDED], FIRST)


def test_a_repetition_is_a_later_change_too() -> None:
    """850, 900 that comes late, and 850 once more, which was taken for a repetition before 900 came."""
    harness = Harness()
    send(harness, FIRST, more_of(1, 850))
    before = harness.clock.now()
    send(harness, THIRD, more_of(1, 850))
    send(harness, SECOND, more_of(1, 900), created_at=before)

    assert states(harness, FIRST, SECOND, THIRD) == [APPLIED, PARKED, RECORDED]
    assert f"The later change {THIRD}" in (harness.change(SECOND).reason or "")


@pytest.mark.parametrize("seen", [True, False])
def test_an_older_change_names_a_later_one_that_was_written_first(seen: bool) -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 2000), header=count(1))
    send(harness, SECOND, more_of(1, 850), header=count(2))
    harness.approve(SECOND)

    if seen:
        harness.approve(FIRST)
    else:
        unseen_approval(harness)
    assert states(harness, FIRST, SECOND) == [PARKED, APPLIED], "the order is another than the one compared"
    reason = harness.change(FIRST).reason or ""
    assert ("having been shown" in reason) is not seen
    assert f"by {SECOND}" in reason
    assert "line 1 quantity 850" in " ".join(harness.change(FIRST).later)

    harness.approve(FIRST)
    assert (states(harness, FIRST), lines_of(harness)["1298"][1]) == ([APPLIED], 2000)


def test_what_was_rejected_is_no_later_word() -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 2000), header=count(1))
    send(harness, SECOND, more_of(1, 3000), header=count(2))
    harness.reject(SECOND, reason="no")
    harness.quiesce()
    unseen_approval(harness)

    assert (states(harness, FIRST), harness.change(FIRST).later) == ([APPLIED], ())


def test_a_change_with_its_own_question_names_the_one_that_it_would_overtake() -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 2000), header=count(1))
    send(harness, SECOND, more_of(1, 2010, was=2000), header=count(2))

    assert "believes the quantity was 2000" in (harness.change(SECOND).reason or "")
    assert any(FIRST in sentence for sentence in harness.change(SECOND).reasons)
    assert (harness.change(SECOND).next_step or "").startswith("Decide about that one first")


def test_a_change_of_a_line_that_a_parked_one_adds_goes_through_once_that_one_is_approved() -> None:
    harness = Harness(lines="park")
    send(harness, FIRST, added("1300", 10, 3), header=count(1))
    send(harness, SECOND, more_of(3, 12), header=count(2))
    assert states(harness, SECOND) == [PARKED]

    harness.approve(FIRST)
    assert (states(harness, FIRST, SECOND), lines_of(harness)["1300"]) == ([APPLIED, APPLIED], (3, 12, 5))


# -- asked for again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [UNDATED, {**UNDATED, **count(1)}], ids=["no number", "constant number"])
@pytest.mark.parametrize("is_sent", [True, False])
def test_the_same_request_after_a_revision_of_ours_is_no_repetition(header: dict[str, Any], is_sent: bool) -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 900), header=header)
    harness.poll()
    harness.quiesce()
    harness.orders.edit(line_1={"orderQty": 850})
    if is_sent:
        harness.poll()
        harness.quiesce()
        harness.clock.forward(days=2)
    send(harness, SECOND, more_of(1, 900), header=header)

    assert (states(harness, SECOND), len(harness.sent)) == ([PARKED], 1 + is_sent)
    assert f"It repeats {FIRST} to the letter" in (harness.change(SECOND).reason or "")
    # What the partner had all the time is no request: what Visma has instead is shown, and is kept.
    assert harness.change(SECOND).writes is is_sent
    harness.approve(SECOND)
    assert (states(harness, SECOND), lines_of(harness)["1298"][1]) == ([APPLIED], 900 if is_sent else 850)


def test_a_line_that_is_added_again_after_the_partner_was_sent_it_is_no_repetition_and_not_doubled() -> None:
    harness = Harness()
    send(harness, FIRST, added("1300", 10, 3), header=UNDATED)
    harness.orders.edit(line_2={"orderQty": 90})
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 2
    send(harness, SECOND, added("1300", 10, 3), header=UNDATED)

    assert harness.change(SECOND).state is not RECORDED
    assert [line["inventory"]["number"] for line in harness.orders.orders["500123"]["lines"]].count("1300") == 1


def test_what_still_stands_is_a_repetition_whatever_else_was_edited() -> None:
    harness = Harness()
    send(harness, FIRST, added("1300", 10, 3), deleted(2), more_of(1, 900), header=UNDATED)
    harness.orders.edit(line_1={"unitCost": 11})
    send(harness, SECOND, added("1300", 10, 3), deleted(2), more_of(1, 900), header=UNDATED)

    assert (states(harness, SECOND), harness.change(SECOND).repeats) == ([RECORDED], FIRST)


# -- what waited for another one ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["approve", "reject", "close"])
def test_what_waited_for_an_earlier_one_is_looked_at_when_that_one_has_ended(ending: str) -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 2000), header=count(1))
    for place, number in enumerate((SECOND, THIRD)):
        send(harness, number, more_of(2, 110 + 5 * place), header=count(2 + place))
    assert [harness.change(number).behind for number in (SECOND, THIRD)] == [FIRST, FIRST]

    if ending == "approve":
        harness.approve(FIRST)
    elif ending == "reject":
        harness.reject(FIRST, reason="no")
    else:
        closed(harness, FIRST)
    harness.quiesce()

    assert states(harness, SECOND, THIRD) == [APPLIED, APPLIED]
    assert lines_of(harness)["1299"][1] == 115


def closed(harness: Harness, number: str) -> None:
    """A person closes it."""
    harness.end(ChangeState.CLOSED, replace(KARI, reason="done by hand"), number)
    harness.quiesce()


def test_a_valid_message_that_is_sent_for_an_invalid_one_is_decided_when_that_one_is_rejected() -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 900), validation=Validation.INVALID)
    send(harness, SECOND, more_of(1, 890))
    harness.reject(FIRST, reason="sent again")
    harness.quiesce()

    assert (states(harness, SECOND), lines_of(harness)["1298"][1]) == ([APPLIED], 890)


@pytest.mark.parametrize("by_sweep", [True, False])
def test_it_is_looked_at_as_well_when_the_word_of_the_end_got_lost(by_sweep: bool) -> None:
    harness = Harness()
    send(harness, FIRST, more_of(1, 2000), header=count(1))
    send(harness, SECOND, more_of(2, 110), header=count(2))
    first = harness.change(FIRST)
    harness.changes.save(first.moved(ChangeState.REJECTED, now=harness.clock.now(), note="no", reason="no"))

    if by_sweep:
        settle(harness)
    else:
        harness.apply(ChangeMessage(company="nordic", number="500123", transaction_id=FIRST))
        harness.quiesce()

    assert states(harness, SECOND) == [APPLIED]


# -- who confirmed what ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by_hand", "ends"), [(False, APPLIED), (True, PARKED)])
def test_a_place_is_the_orders_own_once_a_change_is_approved_that_writes_nothing(
    by_hand: bool, ends: ChangeState
) -> None:
    harness = Harness()
    place = {"parties": {"shipTo": {"identificationCode": "0099"}}}
    send(harness, FIRST, more_of(1, 800, charges=[{"amount": "5"}]), header=place)
    assert "takes this one as the order's own" in (harness.change().reason or "")
    if by_hand:
        closed(harness, FIRST)
    else:
        harness.approve(FIRST)
    assert states(harness, FIRST) == [CLOSED]

    send(harness, SECOND, more_of(1, 850), header=place)
    assert states(harness, SECOND) == [ends]


# -- lines that the partner added -----------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [2, 3], ids=["numbers of their own order", "a number used before"])
@pytest.mark.parametrize("named", [True, False], ids=["with the item", "by its number alone"])
def test_an_added_line_goes_by_the_number_that_the_partner_gave_it(last: int, named: bool) -> None:
    harness = Harness()
    harness.orders.last_lines["500123"] = last
    send(harness, FIRST, added("1400", 30, 3), added("1300", 20, 4), header=count(1))
    item = {"productIds": {"buyerItemNumber": "1400"}} if named else {}
    send(harness, SECOND, more_of(3, 33, **item), header=count(2))
    send(harness, THIRD, deleted(4), header=count(3))

    assert states(harness, FIRST, SECOND, THIRD) == [APPLIED] * 3
    assert (lines_of(harness)["1400"][1], "1300" in lines_of(harness)) == (33, False)
    assert {line.item: line.theirs for line in harness.change(FIRST).added} == {"1400": 3, "1300": 4}


def test_a_number_that_visma_does_not_have_is_the_partners() -> None:
    harness = Harness()
    send(harness, FIRST, added("1400", 10, 9), header=count(1))
    send(harness, SECOND, more_of(9, 12), header=count(2))

    assert (states(harness, SECOND), lines_of(harness)["1400"]) == ([APPLIED], (3, 12, 5))
    assert f"Line 9 of the message is line 3 here: {FIRST} added it." in harness.change(SECOND).remarks


@pytest.mark.parametrize(
    ("theirs", "says", "named", "ends"),
    [
        (None, 3, {}, PARKED),
        (9, 3, {}, PARKED),
        (9, 3, {"productIds": {"buyerItemNumber": "1400"}}, APPLIED),
        (2, 2, {}, PARKED),
        (2, 2, {"productIds": {"buyerItemNumber": "1299"}}, APPLIED),
        (2, 2, {"productIds": {"buyerItemNumber": "1400"}}, APPLIED),
    ],
)
def test_a_number_that_may_be_of_another_line_is_a_question(
    theirs: int | None, says: int, named: dict[str, Any], ends: ChangeState
) -> None:
    harness = Harness(quantity="50%")
    send(harness, FIRST, added("1400", 100, theirs), header=count(1))
    if theirs == 2:
        harness.approve(FIRST)
    send(harness, SECOND, more_of(says, 110, **named), header=count(2))

    assert states(harness, FIRST, SECOND) == [APPLIED, ends]
    assert ends is PARKED or lines_of(harness)[named["productIds"]["buyerItemNumber"]][1] == 110


def test_a_number_is_ours_as_well_once_the_partner_was_sent_the_order() -> None:
    """The added line is line 4 in Visma; line 3 is a buyer's, and the partner was sent both."""
    harness = Harness(quantity="50%")
    harness.orders.last_lines["500123"] = 3
    send(harness, FIRST, added("1400", 100, 9), header=count(1))
    harness.orders.edit(line_1={"orderQty": 790})
    harness.poll()
    harness.quiesce()
    harness.clock.forward(days=2)
    send(harness, SECOND, more_of(4, 110), header=count(2))
    assert (states(harness, SECOND), lines_of(harness)["1400"]) == ([APPLIED], (4, 110, 5))
    send(harness, THIRD, more_of(9, 120), header=count(3))
    assert (states(harness, THIRD), lines_of(harness)["1400"]) == ([APPLIED], (4, 120, 5))


def test_a_number_that_may_be_the_partners_or_ours_is_a_question() -> None:
    harness = Harness(quantity="50%")
    send(harness, FIRST, added("1400", 100, 4), added("1300", 100, 3), header=count(1))
    # Visma gives the numbers the other way round.
    swapped = tuple(AddedLine(line.item, line.theirs, 7 - (line.theirs or 0)) for line in harness.change(FIRST).added)
    harness.changes.save(msgspec.structs.replace(harness.change(FIRST), added=swapped))
    harness.orders.edit(line_1={"orderQty": 790})
    harness.poll()
    harness.quiesce()
    send(harness, SECOND, more_of(3, 110), header=count(2))

    assert states(harness, SECOND) == [PARKED]
    assert "the number may mean either" in (harness.change(SECOND).reason or "")
