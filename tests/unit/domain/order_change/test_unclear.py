"""What a line of an 860 leaves unclear, beside an order: codes in doubt, prices in doubt, and what comes to nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.domain.documents import DocumentDiscount
from connector.domain.order_change.decide import ChangeAction, ChangeDecision, decide
from connector.domain.order_change.request import Field, Stated, Topic
from connector.domain.routing.route import OnLines
from testkit.samples.business_documents import a_route, an_order
from testkit.samples.change_requests import a_request, asks, snapshot

ORDER = an_order()
RULES = {"quantity": Decimal(9), "price": Decimal(9), "lines": OnLines.APPLY}
DOUBT = "its price is a catalogue price."


def decided(*lines, base=ORDER, **theirs) -> ChangeDecision:
    route = a_route(changes=RULES)
    return decide(a_request(*lines, **theirs), base=base, ours=snapshot(base), route=route)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"quantity": 11}, "quantity differs: 11 is given for 10"),
        ({"price": 13}, "price differs: 13 is given for 12.5"),
        ({"requested": date(2026, 10, 8)}, "wanted day differs: 2026-10-08 is given for 2026-10-01"),
    ],
)
def test_a_code_in_doubt_leaves_nothing_alone(values, what):
    line = asks("NC", 1, is_clear=False, questions=("the code 'XX' is not known.",), **values)
    decision = decided(line)
    assert decision.unwritten == (
        "Line 1: the code 'XX' is not known.",
        f"Line 1: the {what}, and the code does not say that it is to change.",
    )
    assert not decision.edits
    clear = decided(asks("NC", 1, **values))
    assert "the code NC leaves the" in clear.unwritten[0]


def test_a_price_in_doubt_is_shown_only_where_it_would_be_written():
    parked = decided(asks("PC", 1, price=13, price_doubt=DOUBT))
    assert (parked.action, parked.reason) == (ChangeAction.PARK, f"Line 1: {DOUBT}")
    assert [edit.price for edit in parked.edits.lines] == [Decimal(13)]
    for line in (asks("PC", 1, price="12.5", price_doubt=DOUBT), asks("QI", 1, quantity=11, price_doubt=DOUBT)):
        assert decided(line).action is ChangeAction.APPLY
    added = decided(asks("AI", 9, item="ITEM-9", quantity=1, price=1, unit="each", price_doubt=DOUBT))
    assert any(DOUBT in reason for reason in added.reasons)


def test_a_value_that_is_given_and_not_read_is_not_called_missing():
    line = asks("PC", 1, touches=frozenset({Field.PRICE}), unreadable=("its price cannot be read.",))
    assert decided(line).reasons == ("Line 1: its price cannot be read.",)
    assert "nothing new is given" in decided(asks("PC", 1)).reasons[0]


DISCOUNTED = an_order(discounts=(DocumentDiscount(amount=Decimal(10), description=None),))


@pytest.mark.parametrize(
    ("topic", "fact", "order", "is_known"),
    [
        (Topic.CHARGES, ("charge", "0.00"), ORDER, True),
        (Topic.CHARGES, ("allowance", "0"), ORDER, True),
        (Topic.CHARGES, ("allowance or charge", "0"), ORDER, True),
        (Topic.CHARGES, ("charge", "0"), DISCOUNTED, True),
        (Topic.CHARGES, ("allowance", "0"), DISCOUNTED, False),
        (Topic.CHARGES, ("allowance or charge", "0"), DISCOUNTED, False),
        (Topic.CHARGES, ("allowance", "10"), DISCOUNTED, True),
        (Topic.VAT, ("rate", "0"), ORDER, True),
        (Topic.TERMS, ("discount percent", "0"), ORDER, True),
        (Topic.TERMS, ("discount days", "0"), ORDER, True),
        (Topic.TERMS, ("discount percent", "2"), ORDER, False),
    ],
)
def test_what_comes_to_nothing_is_no_difference_where_there_is_nothing(topic, fact, order, is_known):
    decision = decided(asks("QI", 1, quantity=11), base=order, stated=(Stated(topic, "words", (fact,)),))
    assert (decision.action is ChangeAction.APPLY) is is_known
