"""Parties and terms of an 860 beside those of the order: what only repeats it says nothing, the rest is a question."""

from __future__ import annotations

from dataclasses import replace as changed
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.documents import Address, DocumentDiscount, Party, Tax
from connector.domain.order_change.decide import ChangeAction, ChangeDecision, decide
from connector.domain.order_change.parties_and_terms import folded
from connector.domain.order_change.request import ChangePurpose, PartyRequest, Stated, Topic
from connector.domain.parties import Role
from connector.domain.routing.route import TermsRule
from testkit.samples.business_documents import OUR_ADDRESS, OUR_GLN, a_line, a_route, an_order
from testkit.samples.change_requests import a_request, asks, snapshot

ORDER = an_order(ship_to=Party(location="0042", name="Warehouse Oslo", address=OUR_ADDRESS))


def decided(
    *lines, base=ORDER, ours=None, places=None, terms=None, company=None, confirmed=frozenset(), **theirs
) -> ChangeDecision:
    route = a_route(changes={"places": places or {}, "quantity": Decimal(1)})
    if terms is not None:
        route = changed(route, terms=terms)
    if company is not None:
        route = changed(route, company=company)
    return decide(a_request(*lines, **theirs), base=base, ours=snapshot(ours or base), route=route, confirmed=confirmed)


def named(role=Role.SHIP_TO, title="ship-to", scheme=None, **party):
    return (PartyRequest(role, title, Party(**party), scheme),)


def differs(**how) -> str:
    """The one reason why it is parked, which an approval lifts."""
    decision = decided(**how)
    assert decision.action is ChangeAction.PARK
    (reason,) = decision.reasons
    return reason


def same(**how) -> None:
    decision = decided(**how)
    assert (decision.action, decision.differences, decision.places) == (ChangeAction.APPLY, (), ())


# -- the place of delivery --------------------------------------------------------------------------------------------


def test_another_place_is_a_question_with_both_places_side_by_side():
    decision = decided(parties=named(name="Other DC", number="0099"))
    warehouse = "'Warehouse Oslo', number 0042, Storgata 1, 0155 Oslo, NO"
    assert decision.reason == (
        f"The ship-to is 'Other DC', number 0099; the order has {warehouse}. "
        "An approval changes nothing of it in Visma and takes this one as the order's own."
    )
    (difference,) = decision.differences
    assert (difference.where, difference.field) == ("order", "ship-to")
    assert (difference.base, difference.theirs, difference.ours) == (warehouse, "'Other DC', number 0099", warehouse)


@pytest.mark.parametrize(
    "party",
    [
        {"number": "0042"},
        {"name": "WAREHOUSE  OSLO"},
        {"number": "0042", "name": "Warehouse Oslo", "address": OUR_ADDRESS},
        {"address": Address(postal_code="01 55")},
        {"address": Address(postal_code="155", city="OSLO")},
        {"address": Address(lines=("STORGATA 1",))},
        # A number that we do not know, and the address that we do.
        {"gln": "7080000000999", "address": OUR_ADDRESS},
    ],
)
def test_a_place_that_was_sent_is_no_difference(party):
    same(parties=named(**party))


@pytest.mark.parametrize(
    "party",
    [
        {"number": "0099"},
        {"gln": "7080000000999"},
        {"name": "Warehouse Bergen"},
        {"name": "Warehouse Bergen", "address": OUR_ADDRESS},
        {"number": "0099", "name": "Warehouse Oslo", "address": OUR_ADDRESS},
        {"gln": "7080000000999", "name": "Warehouse Oslo"},
        {"number": "0042", "address": Address(postal_code="5003")},
        {"name": "Warehouse Oslo", "address": Address(lines=("Storgata 2",), postal_code="0155")},
        {"address": Address(city="Bergen", postal_code="0155")},
        {"address": Address(city="Oslo")},
        {"address": Address(country="SE", postal_code="0155")},
    ],
)
def test_a_place_that_differs_by_code_gln_name_or_address_is_a_question(party):
    assert differs(parties=named(**party)).startswith("The ship-to is ")


def test_a_number_of_the_partner_s_own_proves_nothing():
    assert "number 0042 (the seller's)" in differs(parties=named(number="0042", scheme="the seller's"))
    same(parties=named(number="77", scheme="DUNS", address=OUR_ADDRESS))


def test_a_place_is_compared_with_what_was_sent_and_with_what_stands():
    moved = replace(ORDER, ship_to=Party(location="0050", name="Bergen"))
    same(parties=named(number="0050"), ours=moved)
    decision = decided(parties=named(number="0042"), ours=moved)
    assert (decision.action, decision.keeps, decision.places) == (ChangeAction.APPLY, True, ())
    assert decision.remarks == ("Order: the ship-to is as the partner had it; Visma keeps 'Bergen', number 0050.",)
    (kept,) = decision.differences
    assert (kept.base, kept.ours) == (
        "'Warehouse Oslo', number 0042, Storgata 1, 0155 Oslo, NO",
        "'Bergen', number 0050",
    )
    confirms = {"purpose": ChangePurpose.CONFIRMATION}
    assert "the order has 'Bergen'" in differs(parties=named(number="0042"), ours=moved, **confirms)
    same(parties=named(number="0050"), ours=moved, **confirms)
    assert "number 0051; the order has 'Bergen', number 0050" in differs(parties=named(number="0051"), ours=moved)


@pytest.mark.parametrize(
    ("places", "party", "is_same"),
    [
        ({"0099": "0042"}, {"number": "0099", "name": "Other DC"}, True),
        ({"7080000000999": "0042"}, {"gln": "7080000000999"}, True),
        ({"oslo dc": "0042"}, {"name": "Oslo DC"}, True),
        ({"0099": "0050"}, {"number": "0099"}, False),
        # What routing names goes before a number that only looks like ours.
        ({"0042": "0050"}, {"number": "0042"}, False),
        ({"0099": "0042"}, {"number": "0099", "address": Address(postal_code="5003")}, False),
        ({"0099": "0042"}, {"number": "0099", "address": Address(("Storgt. 1",), "0155")}, True),
        # A number of another kind is another place, or names none.
        ({"0099": "location/0042"}, {"number": "0099"}, True),
        ({"0099": "warehouse/0042"}, {"number": "0099"}, False),
        ({"code/0099": "location/0042"}, {"number": "0099"}, True),
        ({"gln/0099": "location/0042"}, {"number": "0099"}, False),
        ({"0099": "location/0042"}, {"number": "77", "name": "0099"}, False),
        ({"name/0099": "location/0042"}, {"number": "77", "name": "0099"}, True),
    ],
)
def test_a_place_that_routing_names_is_ours_or_is_not(places, party, is_same):
    (same if is_same else differs)(places=places, parties=named(**party))


def test_the_usual_place_of_an_order_with_an_entered_address_is_not_its_place():
    elsewhere = replace(ORDER, ship_to=replace(ORDER.ship_to, is_elsewhere=True))
    at_both = {"base": elsewhere, "ours": elsewhere}
    for party in ({"number": "0042"}, {"number": "0099"}):
        assert differs(parties=named(**party), places={"0099": "0042"}, **at_both)
    same(parties=named(address=OUR_ADDRESS), **at_both)


def test_a_place_that_a_person_confirmed_is_no_difference_while_the_order_keeps_its_own():
    theirs = decided(parties=named(number="0099"))
    confirmed = frozenset(theirs.places)
    assert len(confirmed) == 1
    assert decided(parties=named(number="0099"), confirmed=confirmed).action is ChangeAction.APPLY
    assert differs(parties=named(number="0098"), confirmed=confirmed)
    moved = replace(ORDER, ship_to=Party(location="0050", name="Bergen"))
    assert differs(parties=named(number="0099"), base=moved, confirmed=confirmed)


def test_a_line_has_its_place_from_the_header_or_its_warehouse():
    line = asks("QI", 1, quantity=12, parties=named(number="0042"))
    assert decided(line).action is ChangeAction.APPLY
    other = asks("QI", 1, quantity=12, parties=named(number="0099"))
    reason = decided(other).reason
    assert reason.startswith("Line 1: the ship-to is number 0099; the order has 'Warehouse Oslo'")
    assert decided(other, places={"0099": "1"}).action is ChangeAction.APPLY
    # In the header the warehouse of a line is no place of the order.
    assert differs(parties=named(number="0099"), places={"0099": "1"})


def test_another_name_beside_an_identifier_that_is_the_same_is_a_remark():
    for number in ({"number": "0042"}, {"number": "0042", "address": OUR_ADDRESS}):
        decision = decided(parties=named(**number, name="Lager Oslo"))
        assert (decision.action, decision.differences, decision.places) == (ChangeAction.APPLY, (), ())
        assert decision.remarks == (
            "The ship-to is called 'Lager Oslo', in the order 'Warehouse Oslo'; its identifier is the same.",
        )
    assert not decided(parties=named(number="0042", name="WAREHOUSE OSLO")).remarks


def test_what_routing_took_a_place_for_is_told_with_its_kind():
    decision = decided(parties=named(number="0099", name="Lager Oslo"), places={"0099": "location/0042"})
    assert decision.remarks == ("The ship-to with the code '0099' is taken for our location/0042 (`changes.places`).",)


def test_the_code_by_which_suppliers_know_a_place_is_none_of_our_numbers():
    known = a_route().company
    coded = changed(known, places={"location/0042": "B7"})
    order = replace(ORDER, ships_to_us=True)
    content = {"base": order, "ours": order, "parties": named(number="0099")}
    assert differs(places={"0099": "B7"}, company=coded, **content)
    same(places={"0099": "location/0042"}, company=coded, **content)
    assert "number 0042" in differs(parties=named(None, "ship-from", number="0042", name="Depot"))


def test_a_cancellation_compares_no_place_and_a_confirmation_does():
    assert "The ship-to is number 0099" in differs(parties=named(number="0099"), purpose=ChangePurpose.CONFIRMATION)
    assert "ship-to" not in decided(parties=named(number="0099"), purpose=ChangePurpose.CANCELLATION).reason


# -- other parties ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "party", "is_same"),
    [
        (Role.BUYER, {"gln": OUR_GLN}, True),
        (Role.BUYER, {"number": OUR_GLN, "name": "HQ"}, True),
        (Role.BILL_TO, {"number": OUR_GLN}, True),
        (Role.BUYER, {"gln": "7080000000999"}, False),
        (Role.BILL_TO, {"gln": OUR_GLN}, True),
        (Role.BILL_TO, {"gln": "7080000000999"}, False),
        (Role.SELLER, {"name": "ACME PRODUCE"}, True),
        (Role.SELLER, {"name": "Acme Produce", "number": "77", "scheme": "the seller's"}, True),
        (Role.SELLER, {"number": "50012"}, True),
        (Role.SELLER, {"number": "50013"}, False),
        (Role.SELLER, {"name": "Somebody Else"}, False),
        # A part that was not sent: only a party that was sent in another part is known.
        (None, {"name": "Acme Produce"}, True),
        (None, {"name": "Forwarder"}, False),
    ],
)
def test_other_parties_that_equal_those_of_the_order_are_no_difference(role, party, is_same):
    scheme = party.get("scheme")
    known = {name: value for name, value in party.items() if name != "scheme"}
    (same if is_same else differs)(parties=named(role, "party", scheme, **known))


def test_a_part_that_nobody_was_sent_in_is_named():
    assert "The ship-from is 'Forwarder'; the order names nobody as that." in differs(
        parties=named(None, "ship-from", name="Forwarder")
    )


@pytest.mark.parametrize(
    ("one", "other"), [("Sørlandets Grønt AS", "Sorlandets Gront AS"), ("Café-Æble", "cafe aeble"), ("Å 1", "a1")]
)
def test_names_are_compared_without_what_a_character_set_loses(one, other):
    assert folded(one) == folded(other)


# -- terms, charges and the like --------------------------------------------------------------------------------------

NET_30 = {"30": TermsRule(net_days=30, discount_percent="2", discount_days=10)}
FULL = replace(
    ORDER,
    ship_terms="DAP",
    fob_point="Oslo",
    ship_via="DHL Freight",
    discounts=(DocumentDiscount(Decimal("10.00")),),
    taxes=(Tax("3", Decimal(25), None, Decimal(60)),),
    lines=(
        a_line(1, blanket="400001", discount=Decimal(5)),
        a_line(2),
        a_line(3, item=None, is_charge=True, quantity=Decimal(1), unit_price=Decimal(50)),
    ),
)


def stated(topic, *facts, words="as they say"):
    return (Stated(topic, words, facts),)


@pytest.mark.parametrize(
    ("topic", "facts", "is_same"),
    [
        (Topic.TERMS, [("net days", "30"), ("kind", "basic"), ("counted from", "invoice date")], True),
        (Topic.TERMS, [("net days", "30.0"), ("discount percent", "2.00"), ("discount days", "10")], True),
        (Topic.TERMS, [("text", "30 DAYS NET")], True),
        (Topic.TERMS, [("net days", "10")], False),
        (Topic.TERMS, [("net days", "30"), ("counted from", "delivery date")], False),
        (Topic.TERMS, [("net days", "30"), ("percent of invoice payable", "50")], False),
        (Topic.DELIVERY, [("description", "dap"), ("location description", "Oslo")], True),
        (Topic.DELIVERY, [("description", "EXW")], False),
        (Topic.CARRIER, [("routing", "DHL freight")], True),
        (Topic.CARRIER, [("standard carrier alpha code", "UPSN")], False),
        (Topic.CHARGES, [("kind", "freight"), ("charge", "50.00")], True),
        (Topic.CHARGES, [("allowance", "10")], True),
        (Topic.CHARGES, [("allowance", "50")], False),
        (Topic.CHARGES, [("charge", "50"), ("besides", "percent 2")], False),
        (Topic.VAT, [("rate", "25.0")], True),
        # X12: TXI03 is a percentage as a decimal, and most senders write 25 all the same.
        (Topic.VAT, [("rate", "0.25")], True),
        (Topic.VAT, [("rate", ".250")], True),
        (Topic.VAT, [("rate", "15")], False),
        (Topic.VAT, [("rate", ".15")], False),
        (Topic.RELEASE, [("number", "400001")], True),
        (Topic.RELEASE, [("number", "400002")], False),
        (Topic.CONTRACT, [("number", "C-1")], False),
        (Topic.CONDITIONS, [("requirement", "no backorder")], False),
    ],
)
def test_content_of_the_header_that_differs_is_a_question(topic, facts, is_same):
    how = {"base": FULL, "terms": NET_30, "stated": stated(topic, *facts)}
    if is_same:
        same(**how)
        return
    assert differs(**how).startswith(f"It states {topic}: as they say; the order has ")


def test_the_question_names_what_the_order_has():
    def remark_on(topic):
        return differs(base=FULL, terms=NET_30, stated=stated(topic, ("?", "?"))).split("; the order has ")[1]

    assert remark_on(Topic.TERMS) == "'30 days net', net 30 days."
    assert remark_on(Topic.DELIVERY).startswith("DAP, Oslo.")
    assert remark_on(Topic.CARRIER).startswith("DHL Freight.")
    assert remark_on(Topic.CHARGES).startswith("an allowance of 10.00, a charge of 50.00.")
    assert remark_on(Topic.VAT).startswith("25 %.")
    assert remark_on(Topic.RELEASE).startswith("400001.")
    assert remark_on(Topic.CONTRACT).startswith("none.")


def test_a_charge_of_a_line_is_compared_with_the_line():
    def line(amount, code="QI"):
        facts = (("allowance", amount),)
        return asks(code, 1, quantity=12, stated=(Stated(Topic.CHARGES, f"an allowance of {amount}", facts),))

    assert decided(line("5.00"), base=FULL).action is ChangeAction.APPLY
    reason = decided(line("10"), base=FULL).reason
    assert reason == ("Line 1: it states allowances and charges: an allowance of 10; the order has an allowance of 5.")


def test_differences_of_content_are_laid_side_by_side():
    (difference,) = decided(stated=stated(Topic.TERMS, ("net days", "10"), words="net 10 days")).differences
    assert (difference.field, difference.base, difference.theirs) == (
        "terms of payment",
        "'30 days net', net 30 days",
        "net 10 days",
    )


def test_terms_that_only_the_partner_had_are_told_and_in_a_confirmation_asked_about():
    base = replace(ORDER, ship_via="DHL")
    carrier = (Stated(Topic.CARRIER, "DHL", (("routing", "DHL"),)),)
    same(stated=carrier, base=base)
    decision = decided(stated=carrier, base=base, ours=ORDER)
    assert (decision.action, decision.keeps) == (ChangeAction.APPLY, True)
    assert decision.remarks == ("Order: the carrier is as the partner had it; Visma keeps none.",)
    assert "It states carrier: DHL; the order has none." in differs(
        stated=carrier, base=base, ours=ORDER, purpose=ChangePurpose.CONFIRMATION
    )
