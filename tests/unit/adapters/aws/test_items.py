"""Values in DynamoDB's format and back; times as text that sorts by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connector.adapters.aws.items import expiry, from_item, read_time, time_text, to_item

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)


def test_values_come_back_and_none_is_left_out():
    values = {"text": "a", "number": 3, "flag": True, "list": ["a", "b"], "map": {"b": Decimal("0.1")}}
    assert from_item(to_item({**values, "nothing": None})) == values
    assert from_item({"body": {"B": b"raw"}}) == {"body": b"raw"}


@pytest.mark.parametrize("moment", [NOW, NOW.replace(microsecond=0), NOW.astimezone(timezone(timedelta(hours=2)))])
def test_a_time_comes_back_from_its_text(moment):
    assert read_time(time_text(moment)) == moment
    assert len(time_text(moment)) == len("2026-11-02T08:00:00.123456Z")


def test_texts_sort_as_their_times_do_whatever_their_zone():
    earlier = NOW.astimezone(timezone(timedelta(hours=9)))
    assert time_text(earlier) < time_text(NOW + timedelta(microseconds=1))
    assert read_time(None) is None


def test_an_item_goes_when_its_time_is_over_or_never():
    assert expiry(NOW, timedelta(days=1)) == int(NOW.timestamp()) + 86_400
    assert expiry(NOW, None) is None
