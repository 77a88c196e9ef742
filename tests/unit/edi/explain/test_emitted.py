"""A written document as a tree of values, and how two of them are held side by side."""

from __future__ import annotations

import pytest

from connector.domain.routing.route import DialectChoice
from connector.domain.totals import reconcile
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.canonical import canonical
from connector.edi.explain.emitted import differing, emitted, leaves
from connector.edi.translate import translate
from testkit.samples.business_documents import a_route, an_order


@pytest.mark.parametrize("dialect", list(Dialect))
def test_what_is_explained_is_what_is_sent(dialect):
    order = an_order()
    route = a_route(order, dialect=DialectChoice(dialect))
    document = canonical(order, route, reconcile(order, route), Purpose.ORIGINAL)
    tree = emitted(document, dialect, Stream.TEST)
    sent = translate(order, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body
    shown = [value for place, value in leaves(tree) if place[0] != "CTT_loop"]
    assert shown == [value for _, value in leaves(sent)]


def places(tree, other):
    return {"/".join(map(str, place)): is_there for place, is_there in differing(tree, other)}


def test_a_value_that_is_another_one_and_one_that_is_gone_are_told_apart():
    tree = {"a": "1", "b": {"c": "2", "d": "3"}, "e": "4"}
    assert places(tree, {"a": "1", "b": {"c": "x"}}) == {"b/c": True, "b/d": False, "e": False}
    assert places(tree, tree) == {}


ROWS = [{"01": "C", "05": "100"}, {"01": "A", "05": "200", "15": "Year"}, {"01": "A", "05": "30", "15": "Rounding"}]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([ROWS[0], {**ROWS[1], "05": "201"}, ROWS[2]], {"1/05": True}),
        ([ROWS[0], ROWS[1], {"01": "A", "05": "1", "15": "New"}, ROWS[2]], {}),
        ([ROWS[0], {"01": "A", "05": "1", "15": "New"}, ROWS[1], {**ROWS[2], "05": "31"}], {"2/05": True}),
        ([ROWS[0], ROWS[2]], {"1/01": False, "1/05": False, "1/15": False}),
        ([], {f"{at}/{key}": False for at, row in enumerate(ROWS) for key in row}),
    ],
)
def test_a_row_is_held_beside_the_row_that_is_the_same_thing(other, expected):
    assert places(ROWS, other) == expected
