from datetime import UTC, datetime

from connector.domain.order_change.record import HISTORY, LONGEST_NOTE, LONGEST_REASON, ChangeState
from testkit.memory.stores import a_change

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
BOOK = "x" * 500_000


def test_words_of_others_are_cut_to_what_a_record_holds():
    """DynamoDB: 400 KB an item."""
    moved = a_change().moved(
        ChangeState.PARKED, now=NOW, note=BOOK, reason=BOOK, next_step=BOOK, waits_for=BOOK, attempts=2
    )
    assert len(moved.history[-1].note) == LONGEST_NOTE
    assert {len(words or "") for words in (moved.reason, moved.next_step, moved.waits_for)} == {LONGEST_REASON}
    assert moved.attempts == 2


def test_what_is_taken_back_is_gone():
    parked = a_change().moved(ChangeState.PARKED, now=NOW, note="look", reason="Because.")
    assert parked.moved(ChangeState.RECEIVED, now=NOW, note="again", reason=None).reason is None


def test_the_newest_events_are_kept():
    change = a_change()
    for number in range(HISTORY + 1):
        change = change.moved(ChangeState.RECEIVED, now=NOW, note=str(number))
    assert len(change.history) == HISTORY
    assert change.history[-1].note == str(HISTORY)
