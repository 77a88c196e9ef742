"""Visma's hourly quota: polling slows down before it is refused."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from connector.domain.polling.budget import RESERVED_SHARE, delay_before_next_poll

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("limit", "remaining", "reset"),
    [
        (None, 3, HALF_AN_HOUR),
        (500, None, HALF_AN_HOUR),
        (500, 3, None),
        (0, 0, HALF_AN_HOUR),
        (500, 0, timedelta(0)),
        (500, 100, HALF_AN_HOUR),
        (500, 500, HALF_AN_HOUR),
    ],
)
def test_there_is_no_pause_while_nothing_is_known_or_enough_is_left(limit, remaining, reset):
    assert delay_before_next_poll(limit, remaining, reset) == timedelta(0)


def test_the_pause_grows_as_the_reserve_shrinks_up_to_the_reset():
    reserve = int(500 * RESERVED_SHARE)
    pauses = [delay_before_next_poll(500, left, HALF_AN_HOUR) for left in range(reserve, -1, -1)]
    assert pauses[0] == timedelta(0)
    assert all(earlier < later for earlier, later in pairwise(pauses))
    assert pauses[-1] == HALF_AN_HOUR


def test_a_remaining_below_zero_waits_no_longer_than_the_reset():
    assert delay_before_next_poll(500, -7, HALF_AN_HOUR) == HALF_AN_HOUR
