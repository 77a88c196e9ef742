from datetime import date
from decimal import Decimal

import pytest

from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.edi.visma import fields


@pytest.mark.parametrize(
    "data", [{}, {"x": None}, {"x": ""}, {"x": "  "}, {"x": {"value": None}}, {"x": {"value": ""}}]
)
def test_missing_null_blank_and_wrapped_nothing_all_read_as_none(data):
    assert fields.text(data, "x") is None
    assert fields.number(data, "x") is None
    assert fields.whole(data, "x") is None
    assert fields.day(data, "x") is None
    assert fields.flag(data, "x") is False


@pytest.mark.parametrize("value", ["KG", " KG ", {"value": "KG"}, {"value": {"value": " KG"}}])
def test_texts_are_unwrapped_and_trimmed(value):
    assert fields.text({"uom": value}, "uom") == "KG"


def test_a_number_where_a_text_is_expected_reads_as_text():
    assert fields.text({"id": 7}, "id") == "7"
    assert fields.text({"id": Decimal("7.0")}, "id") == "7.0"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        *((fields.text, value) for value in (True, ["KG"], {"id": 1}, {"value": {"id": 1}})),
        *((fields.part, value) for value in ("50012", 7, True, ["50012"], {"value": "50012"})),
        *((fields.flag, value) for value in (1, "yes", ["x"], {"id": 1})),
        *((fields.rows, value) for value in ("x", {"id": 1}, ["x"])),
        (fields.whole, Decimal("3.5")),
        (fields.day, "soon"),
        (fields.number, "many"),
    ],
)
def test_what_would_be_lost_because_of_its_shape_parks_the_document(read, value):
    with pytest.raises(Parked) as parked:
        read({"x": value}, "x")
    assert parked.value.code is Reason.UNEXPECTED_SHAPE
    assert parked.value.field.startswith("x")
    assert "Visma's support for the API" in parked.value.next_step
    assert "credit it" not in str(parked.value)


@pytest.mark.parametrize("value", [False, [], {}, {"id": None}, {"value": {"id": ""}}, [{}]])
def test_nothing_is_lost_with_what_says_nothing(value):
    assert fields.text({"x": value}, "x") is None
    assert not any(fields.part({"x": value}, "x").values())
    assert fields.flag({"x": value}, "x") is False


def test_a_year_that_nobody_means_is_corrected_in_visma():
    with pytest.raises(Parked) as parked:
        fields.day({"x": "2206-01-01"}, "x")
    assert (parked.value.code, parked.value.next_step) == (Reason.FIELD_INVALID, None)


@pytest.mark.parametrize("value", [800, Decimal("800.0"), "800", " 8E+2 ", {"value": Decimal(800)}])
def test_numbers_read_alike_in_every_notation(value):
    assert fields.number({"x": value}, "x") == 800


@pytest.mark.parametrize("value", ["many", True, [1], {"id": 1}, "NaN", "Infinity", "1,5"])
def test_what_is_no_number_parks_the_document_and_names_the_field(value):
    with pytest.raises(Parked) as parked:
        fields.number({"orderQty": value}, "orderQty", "lines[2]")
    assert parked.value.field == "lines[2].orderQty"


@pytest.mark.parametrize("value", [Decimal("1E+12"), Decimal("1E+999999"), Decimal("1E-999999"), Decimal("0E-999999")])
def test_a_number_of_absurd_size_parks_the_document_instead_of_filling_the_memory(value):
    with pytest.raises(Parked, match="plausible"):
        fields.number({"x": value}, "x")


def test_a_binary_float_is_refused_because_it_has_lost_its_cents_already():
    with pytest.raises(TypeError, match="binary float"):
        fields.number({"x": 0.1}, "x")


def test_whole_numbers_may_be_written_as_decimals_but_not_have_any():
    assert fields.whole({"x": Decimal("3.0")}, "x") == 3
    with pytest.raises(Parked, match="whole number"):
        fields.whole({"x": Decimal("3.5")}, "x")


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("true", True), ({"value": True}, True), ("false", False)]
)
def test_check_boxes_are_read_in_every_form(value, expected):
    assert fields.flag({"x": value}, "x") is expected


def test_a_date_is_its_first_ten_characters_whatever_zone_follows():
    for time in ("T00:00:00", "", "T23:59:59.999", "T00:00:00Z", "T00:00:00.000+02:00", "T00:00:00+0200"):
        assert fields.day({"x": f"2026-10-25{time}"}, "x") == date(2026, 10, 25)
    assert fields.day({"x": {"value": "2026-10-25T00:00:00"}}, "x") == date(2026, 10, 25)


@pytest.mark.parametrize("time", ["T23:30:00Z", "T22:00:00.000Z", "T23:30:00+02:00", "T01:00-05"])
def test_a_time_is_no_date_because_it_is_another_day_elsewhere(time):
    with pytest.raises(Parked) as parked:
        fields.day({"date": f"2026-11-28{time}"}, "date")
    assert parked.value.code is Reason.UNEXPECTED_SHAPE


@pytest.mark.parametrize("value", ["0001-01-01", "0026-12-01", "1753-01-01", "1900-01-01", "9999-12-31"])
def test_the_empty_dates_of_dot_net_and_sql_are_no_dates(value):
    assert fields.day({"x": f"{value}T00:00:00"}, "x") is None


@pytest.mark.parametrize("value", ["1990-01-01", "2099-12-31"])
def test_the_first_and_the_last_plausible_day_are_dates(value):
    assert fields.day({"x": value}, "x") == date.fromisoformat(value)


@pytest.mark.parametrize(
    "value", ["soon", "2026-13-01", "2026-02-30T00:00:00", "15.09.2026", "1926-12-01", "1989-12-31", "2206-11-20"]
)
def test_what_is_no_plausible_date_parks_the_document(value):
    with pytest.raises(Parked, match="not a plausible date"):
        fields.day({"promised": value}, "promised", "lines[0]")


def test_a_nested_object_may_be_missing_null_wrapped_or_empty():
    assert fields.part({"x": {"value": {"id": "1"}}}, "x") == {"id": "1"}
    assert fields.part({"x": {"id": "1"}}, "x") == {"id": "1"}
    for data in ({}, {"x": None}, {"x": ""}, {"x": []}):
        assert fields.part(data, "x") == {}


def test_a_list_may_be_missing_but_not_something_else():
    assert fields.rows({}, "lines") == []
    assert fields.rows({"lines": None}, "lines") == []
    assert fields.rows({"lines": {"value": [{"value": {"a": 1}}]}}, "lines") == [{"a": 1}]
    with pytest.raises(Parked, match="lines"):
        fields.rows({"lines": "none"}, "lines")
    with pytest.raises(Parked) as parked:
        fields.rows({"lines": [{}, 3]}, "lines")
    assert parked.value.field == "lines[1]"


def test_a_long_invalid_value_is_truncated_in_the_message():
    with pytest.raises(Parked) as parked:
        fields.number({"x": "9x" * 500}, "x")
    assert len(parked.value.sentence) < 100
