"""Which state of the order the partner had when it wrote a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey, Party
from connector.domain.order_change.crossing import states_read
from connector.domain.revision.record import Event, Revision, State

ORDER = DocumentKey.of_order("nordic", "500123")
FILED = datetime(2026, 11, 2, 12, tzinfo=UTC)


def sent(sequence: int, ago: timedelta, state: State = State.SENT, **values) -> Revision:
    """A revision that was sent this long before the change was filed."""
    at = FILED - ago
    values = {"receiver_id": "ACME", "first_attempt_at": at, "sent_at": at, **values}
    return Revision(
        key=ORDER, sequence=sequence, revision_id=str(sequence), state=state, created_at=at, updated_at=at, **values
    )


def agreed(sequence: int, ago: timedelta) -> Revision:
    return sent(sequence, ago, State.AGREED, first_attempt_at=None, sent_at=None, change_id="C")


def closed(sequence: int, ago: timedelta, **values) -> Revision:
    """A state that was never sent, and of which a person told the partner."""
    unsent = {"receiver_id": None, "first_attempt_at": None, "sent_at": None}
    return sent(sequence, ago, State.CLOSED, **{**unsent, **values})


def acknowledged(revision: Revision, after: timedelta) -> Revision:
    event = Event(revision.created_at + after, State.ACKNOWLEDGED, "997")
    return replace(revision, state=State.ACKNOWLEDGED, history=(event,))


SUPPLIER = Party(number="50012")

DAYS, HOUR, MINUTES = timedelta(days=5), timedelta(hours=1), timedelta(minutes=2)
FIRST = sent(1, timedelta(days=30))


@pytest.mark.parametrize(
    ("newest_first", "base", "doubtful"),
    [
        ([FIRST], 1, []),
        ([sent(1, MINUTES)], 1, []),
        ([sent(1, -HOUR)], 1, []),
        ([sent(2, DAYS), FIRST], 2, []),
        ([sent(2, HOUR), FIRST], 1, [2]),
        ([sent(2, timedelta(hours=23)), FIRST], 1, [2]),
        ([sent(2, timedelta(hours=24)), FIRST], 2, []),
        ([sent(2, -MINUTES), FIRST], 1, [2]),
        ([sent(2, -HOUR), FIRST], 1, []),
        ([sent(3, -HOUR), sent(2, HOUR), FIRST], 1, [2]),
        ([sent(3, MINUTES), sent(2, HOUR), FIRST], 1, [3, 2]),
        ([acknowledged(sent(2, HOUR), MINUTES), FIRST], 2, []),
        ([acknowledged(sent(2, HOUR), HOUR * 2), FIRST], 1, [2]),
        ([sent(2, DAYS, State.UNCONFIRMED, sent_at=None), FIRST], 1, [2]),
        ([sent(2, DAYS, attention="waits for manual send"), FIRST], 1, [2]),
        ([sent(2, DAYS, State.REJECTED), FIRST], 1, []),
        ([closed(2, DAYS), FIRST], 1, [2]),
        ([closed(2, -HOUR), FIRST], 1, []),
        ([closed(3, DAYS), closed(2, DAYS), FIRST], 1, [3, 2]),
        ([sent(3, DAYS), closed(2, DAYS), FIRST], 3, []),
        ([agreed(3, MINUTES), closed(2, DAYS), FIRST], 3, []),
        ([closed(2, DAYS, counterparty="60001"), FIRST], 1, []),
        ([closed(2, DAYS, visma_status="Cancelled"), FIRST], 1, []),
        ([closed(2, DAYS, withdraws=1), FIRST], 1, []),
        ([closed(1, DAYS)], None, []),
        ([agreed(2, MINUTES), FIRST], 2, []),
        ([agreed(3, -HOUR), agreed(2, MINUTES), FIRST], 3, []),
        ([agreed(3, MINUTES), sent(2, HOUR), FIRST], 1, [3]),
        ([agreed(3, -MINUTES), sent(2, -HOUR), FIRST], 1, []),
        ([sent(3, HOUR), agreed(2, DAYS), FIRST], 2, [3]),
        ([agreed(1, DAYS)], 1, []),
        ([sent(2, DAYS, withdraws=1), FIRST], 1, []),
        ([sent(2, HOUR), sent(1, DAYS, receiver_id="BERG")], 2, []),
        ([sent(1, DAYS, receiver_id="FORMER", counterparty="50012")], 1, []),
        ([sent(1, DAYS, receiver_id="BERG", counterparty="60001")], None, []),
        ([], None, []),
    ],
)
def test_what_the_partner_had_when_orderful_received_its_change(newest_first, base, doubtful):
    read = states_read(newest_first, sender_id="ACME", supplier=SUPPLIER, filed_at=FILED, recorded_at=FILED + MINUTES)
    assert (read.base and read.base.sequence) == base
    assert [one.sequence for one in read.doubtful] == doubtful


@pytest.mark.parametrize(
    ("second", "base", "doubtful"),
    [
        (sent(2, timedelta(days=8)), 2, []),
        (sent(2, DAYS), 1, [2]),
        (acknowledged(sent(2, DAYS), MINUTES), 1, [2]),
        (sent(2, MINUTES), 1, [2]),
        (sent(2, -HOUR), 1, []),
    ],
)
def test_without_the_time_of_orderful_more_is_in_doubt(second, base, doubtful):
    """It was received at any time before it was recorded."""
    read = states_read([second, FIRST], sender_id="ACME", supplier=SUPPLIER, filed_at=None, recorded_at=FILED)
    assert (read.base.sequence, [one.sequence for one in read.doubtful]) == (base, doubtful)
