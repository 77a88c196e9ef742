"""Values in DynamoDB's format and back; times as text that sorts by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from connector.adapters.aws.items import expiry, from_item, read_time, time_text, to_item
from connector.domain.documents import Kind

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)


def test_values_come_back_and_none_is_left_out():
    values = {"text": "a", "number": 3, "flag": True, "list": ["a", "b"], "map": {"b": Decimal("0.1")}}
    assert from_item(to_item({**values, "nothing": None})) == values
    assert from_item({"body": {"B": b"raw"}}) == {"body": b"raw"}


class TestValuesAsBotoHasThem:
    """An earlier release used boto3's serializer: what it wrote is read, and what it refused is refused."""

    VALUES = (
        *(
            "a",
            "",
            "æøå",
            Kind.PURCHASE_ORDER,
            0,
            -3,
            10**20,
            Decimal("1.50"),
            Decimal("-0"),
            Decimal("1E+3"),
            True,
            False,
        ),
        *(b"raw", [], [1, "a", None, [True]], {}, {"a": {"b": Decimal("0.1"), "c": None}}, {"a", "b"}),
    )

    @pytest.mark.parametrize("value", VALUES)
    def test_a_value_is_written_as_boto3_writes_it_and_read_as_it_reads_it(self, value):
        written, usual = to_item({"it": value})["it"], TypeSerializer().serialize(value)
        if isinstance(value, set):
            written, usual = ({"SS": set(one["SS"])} for one in (written, usual))
        assert written == usual
        assert type(next(iter(written.values()))) is type(next(iter(usual.values()))) or isinstance(value, Kind)
        assert from_item({"it": written})["it"] == TypeDeserializer().deserialize(usual)

    @pytest.mark.parametrize("value", [1.5, object(), {1, "a"}, {1.5}, set(), [1.5], {"a": 0.1}])
    def test_what_would_not_come_back_as_it_is_is_refused(self, value):
        with pytest.raises(TypeError):
            to_item({"it": value})

    def test_sets_of_others_are_read(self):
        assert from_item({"n": {"NS": ["1", "2"]}, "b": {"BS": [b"x"]}}) == {"n": {Decimal(1), Decimal(2)}, "b": {b"x"}}

    def test_the_words_of_an_enumeration_are_written_as_plain_text(self):
        assert type(to_item({"it": Kind.PURCHASE_ORDER})["it"]["S"]) is str


@pytest.mark.parametrize("timestamp", [NOW, NOW.replace(microsecond=0), NOW.astimezone(timezone(timedelta(hours=2)))])
def test_a_time_comes_back_from_its_text(timestamp):
    assert read_time(time_text(timestamp)) == timestamp
    assert len(time_text(timestamp)) == len("2026-11-02T08:00:00.123456Z")


def test_texts_sort_as_their_times_do_whatever_their_zone():
    earlier = NOW.astimezone(timezone(timedelta(hours=9)))
    assert time_text(earlier) < time_text(NOW + timedelta(microseconds=1))
    assert read_time(None) is None


def test_an_item_goes_when_its_time_is_over_or_never():
    assert expiry(NOW, timedelta(days=1)) == int(NOW.timestamp()) + 86_400
    assert expiry(NOW, None) is None
