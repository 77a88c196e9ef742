"""Which of two states of a document is older, by the time at which Visma showed it and by its row version."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.revision.last_shown import CLOCK_SET_BACK, LastShown
from connector.domain.revision.record import ChangeResult, Revision, State

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def version(number):
    return None if number is None else b64encode(number.to_bytes(8, "big")).decode()


def a_revision(sequence, minute, number, **changes):
    """One that Visma showed in this minute with this row version."""
    values = {"revision_id": "a", "state": State.SENT, "created_at": NOW, "updated_at": NOW} | changes
    seen_at = None if minute is None else NOW + minute * MINUTE
    return Revision(
        key=DocumentKey.of_order("nordic", "1"),
        sequence=sequence,
        seen_at=seen_at,
        visma_version=version(number),
        **values,
    )


def not_written(sequence):
    return a_revision(sequence, None, None, state=State.SUPERSEDED, change_result=ChangeResult.NOT_WRITTEN)


SHOWN = [a_revision(1, 5, 50)]
WRITTEN = [a_revision(2, None, 60, state=State.AGREED), *SHOWN]
SET_BACK = CLOCK_SET_BACK // MINUTE


@pytest.mark.parametrize(
    ("own", "minute", "number", "is_past"),
    [
        ([], 1, 1, False),
        ([not_written(1)], 1, 1, False),
        (SHOWN, 4, 40, True),
        (SHOWN, 4, None, True),
        (SHOWN, 6, 60, False),
        # Versions of a restored backup begin again further below.
        (SHOWN, 6, 40, False),
        # A clock that was set back, and a state from before a backup was restored.
        (SHOWN, 5 - SET_BACK, 60, False),
        (SHOWN, 4 - SET_BACK, 60, True),
        # The time says nothing.
        (SHOWN, 5, 40, True),
        (SHOWN, 5, 50, False),
        (SHOWN, None, 40, True),
        (SHOWN, None, 60, False),
        (SHOWN, None, None, False),
        # It was written for the partner since, at an unknown time of Visma's clock.
        (WRITTEN, 4, None, True),
        (WRITTEN, 7, 59, True),
        (WRITTEN, 7, 60, False),
        (WRITTEN, 1 + SET_BACK, 1, False),
        ([a_revision(3, None, 60, updated_at=NOW + CLOCK_SET_BACK), *WRITTEN], 1 + SET_BACK, 1, False),
        # A number that was reserved for a change that was not written.
        ([not_written(2), *SHOWN], 4, 40, True),
        ([not_written(2), *SHOWN], 6, 40, False),
        # An earlier revision was shown later, by a clock that was set back since.
        ([a_revision(2, 3, 60), *SHOWN], 4, 55, True),
        ([a_revision(2, 3, 60), *SHOWN], 4, 70, False),
    ],
)
def test_a_state_is_past_or_not(own, minute, number, is_past):
    seen_at = None if minute is None else NOW + minute * MINUTE
    assert LastShown.of(own).is_after(seen_at, version(number)) is is_past


def test_what_is_recorded_of_a_sighting_goes_never_back_in_time():
    last = LastShown.of(SHOWN)
    assert last.shown(NOW + 6 * MINUTE, version(60)) == (NOW + 6 * MINUTE, version(60))
    assert last.shown(NOW + 4 * MINUTE, version(60)) == (NOW + 5 * MINUTE, version(60))
    assert last.shown(NOW + 6 * MINUTE, None) == (NOW + 6 * MINUTE, None)
    assert last.shown(None, version(60)) == (None, version(60))
