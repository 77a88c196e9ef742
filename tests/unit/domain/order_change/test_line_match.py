"""Which line of an order, and which item, a line of an 860 means."""

from __future__ import annotations

import pytest

from connector.domain.order_change.edits import LineEdit, Operation
from connector.domain.order_change.line_match import Lines, orderable_lines
from connector.domain.order_change.request import Ask, ProductRefs
from connector.domain.routing.route import ItemIds
from testkit.samples.business_documents import a_line, a_route, a_text, an_order
from testkit.samples.change_requests import asks, snapshot, some_facts, with_line

ORDER = an_order(a_line(1), a_line(2, item="ITEM-2", supplier_item=None))
ITEMS = {
    "ITEM-1": ItemIds(gtin="07038010000065", partner_item="AP-1"),
    "ITEM-7": ItemIds(gtin="07038010014581", partner_item="AP-7"),
}


def lines(base=ORDER, ours=None, facts=None, **route):
    return Lines(base, snapshot(ours or base or ORDER, facts), a_route(**{"items": ITEMS, **route}))


def named(**products):
    return ProductRefs(**{kind: tuple(names.split()) for kind, names in products.items()})


def found(line_id, products=ProductRefs(), **orders):  # noqa: B008 - frozen
    """The number of the line that is meant, or why none is."""
    line = lines(**orders).find(asks("QI", line_id, products=products))
    return line if isinstance(line, str) else line.number


@pytest.mark.parametrize("line_id", ["1", "0001", " 1 "])
def test_a_line_is_found_by_its_number_however_it_is_written(line_id):
    assert found(line_id) == 1


@pytest.mark.parametrize("line_id", ["7", "0", "9" * 10])
def test_a_number_that_no_line_has_is_not_guessed(line_id):
    assert found(line_id, named(buyer="ITEM-1")) == f"Line {int(line_id)} is not in the order."


@pytest.mark.parametrize("line_id", [None, "", "A-1", "1.0", "-1", "\u0661", "1" * 5000])
def test_what_is_no_line_number_leaves_it_to_the_item(line_id):
    assert found(line_id, named(buyer="ITEM-2")) == 2
    assert "whose item is on no line" in found(line_id, named(buyer="ITEM-3"))
    assert len(found(line_id)) < 100


@pytest.mark.parametrize(
    "products",
    [
        named(buyer="ITEM-1"),
        named(buyer="item-1"),
        named(vendor="ACME-1"),
        named(vendor="AP-1"),
        named(vendor="ITEM-1"),
        named(gtins="7038010000065"),
        named(gtins="00000000 07038010000065"),
        named(buyer="ITEM-1", vendor="AP-1", gtins="07038010000065"),
    ],
)
def test_an_item_is_known_by_any_of_its_numbers(products):
    assert found(None, products) == 1
    assert found(1, products) == 1


@pytest.mark.parametrize(
    "products",
    [
        named(buyer="ITEM-2"),
        named(vendor="AP-2"),
        named(gtins="07038010014581"),
        named(buyer="ITEM-1", vendor="AP-7"),
        named(buyer="ITEM-1", gtins="07038010014581"),
    ],
)
def test_one_number_that_disagrees_is_enough(products):
    assert found(1, products) == "Line 1 is item ITEM-1 in the order, and another one in the message."


def test_a_number_that_we_know_nothing_of_proves_nothing():
    assert found(2, named(vendor="AP-2")) == 2
    assert found(2, named(buyer="ITEM-2", gtins="07038010014581")) == 2


def test_the_item_is_held_against_the_order_as_it_stands():
    ours = with_line(ORDER, 1, item="ITEM-9", supplier_item=None)
    assert (
        found(1, named(buyer="ITEM-1"), ours=ours)
        == "Line 1 is item ITEM-9 in the order, and another one in the message."
    )


def test_an_item_on_several_lines_is_not_guessed():
    order = an_order(a_line(1), a_line(2, item="ITEM-1"))
    assert found(None, named(buyer="ITEM-1"), base=order) == (
        "The message names a line without a number, whose item is on several lines."
    )
    assert found("X", named(buyer="ITEM-1"), base=order).startswith("The message names line 'X'")


def test_the_partner_means_a_line_that_it_knows_and_not_its_new_neighbour():
    """What was added with the same message a moment ago, before a crash, must not be mistaken for the line."""
    ours = an_order(a_line(1), a_line(3, item="ITEM-1"))
    assert found(None, named(buyer="ITEM-1"), base=an_order(a_line(1)), ours=ours) == 1
    assert (
        found(None, named(buyer="ITEM-1"), base=an_order(a_line(2)), ours=an_order(a_line(2), a_line(3, item="ITEM-1")))
        == 3
    )


def test_all_three_views_of_a_line_are_given():
    ours = an_order(a_line(1, quantity=9), a_line(3))
    both = lines(ours=ours, facts={1: some_facts(2)})
    line = both.find(asks("QI", 1))
    assert (line.base.quantity, line.ours.quantity, line.facts.received) == (10, 9, 2)
    assert both.find(asks("QI", 2)).ours is None
    assert both.find(asks("QI", 3)).base is None


def test_goods_are_what_an_order_tells_by_number():
    order = an_order(
        a_line(1),
        a_text(2, "Call first"),
        a_line(3, is_charge=True),
        a_line(4, cancelled=True),
        a_line(5, is_text=True, item=None),
    )
    assert list(orderable_lines(order)) == [1, 5]


def test_lines_that_the_message_does_not_name():
    both = lines()
    both.find(asks("NC", 2))
    assert [line.number for line in both.unnamed()] == [1]
    both.find(asks("NC", 1, item="ITEM-2"))
    assert list(both.unnamed()) == [], "a line with another item is named all the same"


@pytest.mark.parametrize(
    ("requests", "twice"),
    [
        ([asks("QI", quantity=1)], []),
        ([asks("QI", quantity=1), asks("PC", price=1)], []),
        ([asks("QI", quantity=1), asks("PC", price=1, quantity=1)], []),
        ([asks("PQ", quantity=1, price=1), asks("CA", price=1)], [(1, "price")]),
        ([asks("CA", quantity=1, price=1), asks("CA", price=1, quantity=1)], [(1, "quantity and the price")]),
        ([asks("RS", requested=1), asks("RS", promised=1)], [(1, "dates")]),
        ([asks("QI", delta=1), asks("QI", second_quantity=1)], [(1, "quantity")]),
        ([asks("DI"), asks("DI")], []),
        ([asks("DI"), asks("PC", price=1)], [(1, "line")]),
        ([asks("NC"), asks("PC", price=1)], [(1, "line")]),
        ([asks("NC"), asks("NC")], []),
        ([asks("QI", 1, quantity=1), asks("QI", 2, quantity=1)], []),
    ],
)
def test_a_line_that_occurs_twice_is_identified_by_its_content(requests, twice):
    both = lines()
    for one in requests:
        both.find(one)
    assert list(both.named_twice()) == twice


def an_insert(**changes):
    return LineEdit(
        **{"operation": Operation.INSERT, "item": "ITEM-9", "unit": "STK", "quantity": 5, "price": 2, **changes}
    )


def nine(number, **changes):
    return a_line(number, **{"item": "ITEM-9", "quantity": 5, "unit_price": 2, **changes})


def test_an_added_line_is_one_that_the_partner_never_saw():
    both = lines(ours=an_order(*ORDER.lines, nine(3)))
    assert both.take_added(an_insert()).number == 3
    assert both.take_added(an_insert()) is None, "each is given once"
    assert lines(base=an_order(nine(1))).take_added(an_insert()) is None
    assert lines(ours=an_order(nine(3, cancelled=True))).take_added(an_insert()) is None
    assert lines(ours=an_order(nine(3, item=None))).take_added(an_insert(item=None)) is None


def test_a_line_that_became_the_item_was_never_seen_as_such():
    ours = with_line(ORDER, 2, item="ITEM-9", quantity=5, unit_price=2)
    assert lines(ours=ours).take_added(an_insert()).number == 2


def test_the_line_that_is_just_as_asked_goes_first():
    ours = an_order(*ORDER.lines, nine(3, quantity=6), nine(4))
    both = lines(ours=ours)
    assert both.take_added(an_insert()).number == 4
    assert both.take_added(an_insert()).number == 3


def test_where_nobody_knows_what_the_partner_had_every_line_may_be_the_added_one():
    assert lines(base=None, ours=an_order(nine(1))).take_added(an_insert()).number == 1


@pytest.mark.parametrize(
    ("products", "item"),
    [
        (named(buyer="ITEM-1"), "ITEM-1"),
        (named(buyer="item-1"), "ITEM-1"),
        (named(vendor="ACME-1"), "ITEM-1"),
        (named(vendor="AP-7"), "ITEM-7"),
        (named(gtins="7038010014581"), "ITEM-7"),
        (named(vendor="ITEM-7"), "ITEM-7"),
        (named(buyer="ITEM-7", vendor="AP-7", gtins="07038010014581"), "ITEM-7"),
        (named(buyer="NEW-1"), "NEW-1"),
        (named(buyer="NEW-1", vendor="UNKNOWN"), "NEW-1"),
        (named(buyer="NEW-1 NEW-2"), None),
        (named(vendor="UNKNOWN"), None),
        (named(), None),
    ],
)
def test_the_item_of_an_added_line(products, item):
    assert lines().item_of(products) == item


@pytest.mark.parametrize(
    "products",
    [
        named(buyer="NEW-1", vendor="AP-7"),
        named(buyer="NEW-1", gtins="07038010014581"),
        named(buyer="ITEM-1", vendor="AP-7"),
        named(buyer="ITEM-2", gtins="07038010014581"),
        named(vendor="AP-1 AP-7"),
    ],
)
def test_numbers_that_lead_to_different_items_lead_to_none(products):
    assert lines().item_of(products) is None


def test_an_item_number_that_two_items_share_leads_to_none():
    shared = {"A": ItemIds(partner_item="AP"), "B": ItemIds(partner_item="AP")}
    assert lines(items=shared).item_of(named(vendor="AP")) is None


def test_an_added_line_gets_the_unit_that_the_order_uses():
    units = {"STK": "each", "EA": "each", "KG": "kilogram"}
    assert lines(units=units).unit_word("each") == "STK"
    assert lines(units=units).unit_word("kilogram") == "KG"
    assert lines(units=units).unit_word(None) is None
    assert lines(units=units, base=an_order(a_line(1, unit="KG"))).unit_word("each") is None


def test_an_added_line_gets_warehouse_and_type_of_its_neighbours():
    order = an_order(a_line(1), a_line(2), a_line(3, is_charge=True, warehouse="9"))
    facts = {1: some_facts(line_type="NonStock"), 2: some_facts(), 3: some_facts(line_type="Freight")}
    both = lines(base=order, facts=facts)
    assert (both.common_warehouse(), both.common_line_type()) == ("1", "GoodsForInventory")
    assert lines(base=an_order(a_line(1), a_line(2, warehouse="2"))).common_warehouse() is None
    assert lines(base=an_order(a_text(1, "x"))).common_line_type() == "GoodsForInventory"


def test_an_added_line_has_a_name_for_people():
    both = lines()
    assert both.name_of(asks("AI", "9", products=named(vendor="V", gtins="G"))) == "V"
    assert both.name_of(asks("AI", "9")) == "9"
    assert both.name_of(asks("AI", None)) == "without item"
    assert both.name_of(asks("AI", "9" * 500, ask=Ask.ADD)) == "9" * 40


def test_lines_of_an_item_that_the_partner_was_told_of():
    assert lines(ours=an_order(nine(3))).base_numbers_with("ITEM-1") == [1]
    assert lines(ours=an_order(nine(3))).base_numbers_with("ITEM-9") == []
    assert lines().base_number("002") == 2
    assert lines().base_number(None) is None
    assert lines(ours=an_order(nine(3))).base_number("3") is None


def test_the_gtin_of_a_unit_names_the_line_in_that_unit_and_the_item():
    items = {"ITEM-1": ItemIds(gtin="7038010000065", gtins={"KRT": "17038010000062"})}
    both = an_order(a_line(1, unit="STK"), a_line(2, item="ITEM-1", unit="KRT"))
    for gtin, number in (("7038010000065", 1), ("17038010000062", 2)):
        line = lines(both, items=items).find(asks("QI", None, products=named(gtins=gtin)))
        assert line.number == number
        assert lines(both, items=items).item_of(named(gtins=gtin)) == "ITEM-1"
    other = lines(both, items=items).find(asks("QI", "1", products=named(gtins="17038010000062")))
    assert isinstance(other, str)
