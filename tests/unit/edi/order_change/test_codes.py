import pytest

from connector.domain.errors import Misconfigured
from connector.domain.order_change.request import Ask, Direction, Field
from connector.edi.order_change.codes import CODE_NAMES, check_names, reading_of

QUANTITY, PRICE, DATES = Field.QUANTITY, Field.PRICE, Field.DATES
ALL = {QUANTITY, PRICE, DATES}


@pytest.mark.parametrize(
    ("code", "ask", "touches"),
    [
        ("AI", Ask.ADD, ALL),
        ("DI", Ask.DELETE, set()),
        ("QI", Ask.CHANGE, {QUANTITY}),
        ("QD", Ask.CHANGE, {QUANTITY}),
        ("PC", Ask.CHANGE, {PRICE}),
        ("PQ", Ask.CHANGE, {PRICE, QUANTITY}),
        ("PR", Ask.CHANGE, {PRICE, DATES}),
        ("MU", Ask.CHANGE, ALL),
        ("CT", Ask.CHANGE, {DATES}),
        ("RS", Ask.CHANGE, {DATES}),
        ("RB", Ask.CHANGE, {DATES}),
        ("RQ", Ask.CHANGE, {DATES, QUANTITY}),
        ("RZ", Ask.REPLACE, ALL),
        ("NC", Ask.NOTHING, set()),
        ("addItem", Ask.ADD, ALL),
        ("deleteItem", Ask.DELETE, set()),
        ("changeToItem", Ask.CHANGE, ALL),
        ("priceChange", Ask.CHANGE, {PRICE}),
        ("quantityChange", Ask.CHANGE, {QUANTITY}),
    ],
)
def test_a_code_that_everybody_reads_alike_puts_no_question(code, ask, touches):
    reading = reading_of(code, {})
    assert (reading.ask, reading.touches) == (ask, touches)
    assert reading.question is None


def test_an_increase_and_a_decrease_say_which_way():
    ways = {code: reading_of(code, {}).direction for code in ("QI", "QD", "PQ", "quantityChange")}
    assert ways == {"QI": Direction.UP, "QD": Direction.DOWN, "PQ": None, "quantityChange": None}


@pytest.mark.parametrize("code", ["CB", "CC", "CE", "CG", "RA", "RE", "RM", "RC", "TI", "OA", "OC", "CH", "CI", "AA"])
def test_a_code_for_what_an_order_line_cannot_hold_says_what_that_is(code):
    reading = reading_of(code, {})
    assert (reading.ask, reading.touches) == (Ask.CHANGE, set())
    assert f"'{reading.meaning}'" in reading.question


@pytest.mark.parametrize("code", ["SI", "IQ", "IR", "AC", "DR", "qi", "cancelItem", "x" * 900])
def test_a_code_that_nobody_knows_touches_nothing_and_is_asked_about(code):
    reading = reading_of(code, {})
    assert (reading.ask, reading.touches) == (Ask.CHANGE, set())
    assert code[:40] in reading.question
    assert len(reading.question) < 260


def test_a_line_without_a_code_is_asked_about():
    assert "no change code" in reading_of(None, {}).question


def test_a_change_to_line_items_is_asked_about_until_the_partner_is_known():
    unknown = reading_of("CA", {})
    assert "changes.codes.CA" in unknown.question
    assert (unknown.ask, unknown.touches) == (Ask.CHANGE, ALL)
    cancels = reading_of("CA", {"CA": "delete"})
    assert (cancels.ask, cancels.question) == (Ask.DELETE, None)


@pytest.mark.parametrize(
    ("word", "ask", "touches"),
    [
        ("add", Ask.ADD, ALL),
        ("delete", Ask.DELETE, set()),
        ("change", Ask.CHANGE, ALL),
        ("replace", Ask.REPLACE, ALL),
        ("quantity", Ask.CHANGE, {QUANTITY}),
        ("price", Ask.CHANGE, {PRICE}),
        ("price_and_quantity", Ask.CHANGE, {PRICE, QUANTITY}),
        ("dates", Ask.CHANGE, {DATES}),
        ("nothing", Ask.NOTHING, set()),
    ],
)
def test_a_partner_s_own_reading_goes_before_the_table(word, ask, touches):
    for code in ("QI", "RE", "SI"):
        reading = reading_of(code, {code: word})
        assert (reading.ask, reading.touches) == (ask, touches)
        assert (reading.direction, reading.question) == (None, None)


def test_exactly_the_listed_values_can_be_mapped_to():
    check_names({str(place): word for place, word in enumerate(sorted(CODE_NAMES))})
    with pytest.raises(Misconfigured, match=r"changes\.codes\.CA: 'cancel' is not one of add, change"):
        check_names({"QI": "quantity", "CA": "cancel"})


@pytest.mark.parametrize(("code", "touches", "word"), [("QC", {QUANTITY}, "quantity"), ("CD", {DATES}, "dates")])
def test_a_code_of_other_releases_is_proposed_in_one_reading(code, touches, word):
    reading = reading_of(code, {})
    assert (reading.ask, reading.touches) == (Ask.CHANGE, touches)
    assert f"set changes.codes.{code} to {word} in the routing file" in reading.question
    assert reading_of(code, {code: word}).question is None
