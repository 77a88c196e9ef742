"""The watch over a sent document: every state of a transaction, with its time, its sentence and its next step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.arrival import GONE_AFTER, Concern, Expected, OrderfulStatuses, as_text, watch
from connector.domain.revision.record import Revision, State

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

REVISION = Revision(
    key=DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123"),
    sequence=1,
    revision_id="1" * 64,
    state=State.SENT,
    created_at=START,
    updated_at=START,
    sent_at=START,
)

VALIDATION = [None, "PROCESSING", "VALID", "INVALID", "SHINY"]
DELIVERY = [None, "PENDING", "SENT", "DELIVERED", "FAILED", "SHINY"]
ACKNOWLEDGMENT = [None, "NOT_ACKNOWLEDGED", "ACCEPTED", "ACCEPTED_WITH_ERRORS", "REJECTED", "OVERDUE", "SHINY"]


def seen(*statuses, age=MINUTE, expected=None, revision=REVISION):
    """What the watch says of (validation, delivery, acknowledgment) at an age."""
    return watch(revision, OrderfulStatuses(*statuses), now=START + age, expected=expected or Expected())


@pytest.mark.parametrize(
    ("validation", "delivery", "acknowledgment"), list(product(VALIDATION, DELIVERY, ACKNOWLEDGMENT))
)
def test_the_furthest_stage_counts_and_unknown_words_are_none(validation, delivery, acknowledgment):
    """Every combination: the partner's word before Orderful's delivery, the delivery before the validation."""
    arrival = seen(validation, delivery, acknowledgment)
    if acknowledgment == "REJECTED":
        expected = State.REJECTED
    elif acknowledgment in {"ACCEPTED", "ACCEPTED_WITH_ERRORS"}:
        expected = State.ACKNOWLEDGED
    elif delivery == "FAILED":
        expected = State.REJECTED
    elif delivery == "DELIVERED":
        expected = State.DELIVERED
    elif validation == "INVALID":
        expected = State.VALID if delivery == "SENT" else State.REJECTED
    else:
        expected = State.VALID if validation == "VALID" else None
    assert arrival.state is expected
    assert arrival.over is (acknowledgment == "ACCEPTED")


@pytest.mark.parametrize("statuses", list(product(VALIDATION, DELIVERY, ACKNOWLEDGMENT)))
def test_nothing_stays_unseen_for_ever(statuses):
    """After the longest expected time every combination is over, refused or needs a person."""
    arrival = seen(*statuses, age=30 * DAY)
    assert arrival.over or arrival.state is State.REJECTED or arrival.concern is not None
    assert bool(arrival.sentence) is (arrival.concern is not None or arrival.state is State.REJECTED)
    assert ("connector documents" in (arrival.next_step or "")) is (arrival.concern is not None)


@pytest.mark.parametrize(
    ("statuses", "concern", "after"),
    [
        (("PROCESSING", "PENDING", None), Concern.PROCESSING, HOUR),
        ((None, None, None), Concern.PROCESSING, HOUR),
        (("VALID", "PENDING", None), Concern.NOT_SENT, 15 * MINUTE),
        (("VALID", "SENT", None), Concern.NOT_DELIVERED, DAY),
        (("VALID", "SHINY", None), Concern.NOT_DELIVERED, DAY),
        (("VALID", "DELIVERED", "NOT_ACKNOWLEDGED"), Concern.OVERDUE, DAY),
        (("VALID", "DELIVERED", None), Concern.OVERDUE, DAY),
    ],
)
def test_a_stage_that_takes_too_long_needs_attention_from_its_time_on(statuses, concern, after):
    assert seen(*statuses, age=after - SECOND).concern is None
    assert seen(*statuses, age=after).concern is concern


@pytest.mark.parametrize(
    ("statuses", "concern", "sentence"),
    [
        (("VALID", "DELIVERED", "ACCEPTED_WITH_ERRORS"), Concern.ACCEPTED_WITH_ERRORS, "with errors"),
        (("INVALID", "SENT", None), Concern.SENT_INVALID, "sent it by hand"),
        (("VALID", "DELIVERED", "OVERDUE"), Concern.OVERDUE, "overdue at Orderful"),
        (("VALID", "SENT", "OVERDUE"), Concern.OVERDUE, "overdue at Orderful"),
        (("VALID", "PENDING", "OVERDUE"), Concern.OVERDUE, "overdue at Orderful"),
        (("PROCESSING", "PENDING", "OVERDUE"), Concern.OVERDUE, "overdue at Orderful"),
    ],
)
def test_what_orderful_says_itself_needs_attention_at_once(statuses, concern, sentence):
    arrival = seen(*statuses)
    assert arrival.concern is concern
    assert sentence in arrival.sentence


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        (("VALID", "DELIVERED", "REJECTED"), "the partner rejected it"),
        (("VALID", "FAILED", None), "does not try again by itself"),
        (("VALID", "FAILED", "OVERDUE"), "does not try again by itself"),
        (("INVALID", "PENDING", None), "it is not valid for this partner"),
    ],
)
def test_a_refusal_says_who_refused(statuses, sentence):
    arrival = seen(*statuses)
    assert (arrival.state, arrival.concern) == (State.REJECTED, None)
    assert sentence in arrival.sentence


@pytest.mark.parametrize("known", [{"validation_status": "VALID"}, {"state": State.VALID}, {"state": State.DELIVERED}])
def test_what_becomes_invalid_after_it_was_valid_says_so(known):
    assert "no longer valid" in seen("INVALID", "PENDING", None, revision=replace(REVISION, **known)).sentence


@pytest.mark.parametrize("age", [DAY, 300 * DAY])
def test_a_partner_that_never_acknowledges_is_done_with_the_delivery(age):
    never = Expected(acknowledged=None)
    for acknowledgment in ("OVERDUE", "NOT_ACKNOWLEDGED", None):
        arrival = seen("VALID", "DELIVERED", acknowledgment, age=age, expected=never)
        assert (arrival.state, arrival.concern, arrival.over) == (State.DELIVERED, None, True)
    assert seen("VALID", "SENT", None, age=age, expected=never).concern is Concern.NOT_DELIVERED
    assert seen("VALID", "SENT", None, expected=never).over is False


def test_where_the_channel_reports_no_delivery_sent_is_enough():
    never = Expected(delivered=None, acknowledged=None)
    assert seen("VALID", "SENT", None, age=300 * DAY, expected=never).over is True
    assert seen("VALID", "PENDING", None, age=DAY, expected=never).concern is Concern.NOT_SENT
    late = seen("VALID", "SENT", None, age=DAY, expected=Expected(delivered=None))
    assert late.concern is Concern.OVERDUE


def test_a_time_of_its_own_counts():
    expected = Expected(valid=MINUTE, sent=2 * MINUTE, delivered=3 * DAY, acknowledged=4 * DAY)
    assert seen("PROCESSING", None, None, age=MINUTE, expected=expected).concern is Concern.PROCESSING
    assert seen("VALID", "SENT", None, age=2 * DAY, expected=expected).concern is None
    late = seen("VALID", "SENT", None, age=3 * DAY, expected=expected)
    assert "has not fetched it within 3 days" in late.sentence
    assert "none came within 4 days" in seen("VALID", "DELIVERED", None, age=4 * DAY, expected=expected).sentence


def test_a_transaction_that_orderful_shows_nowhere_is_missed_once_it_cannot_be_new():
    def missing(age):
        return watch(REVISION, None, now=START + age, expected=Expected())

    assert missing(GONE_AFTER - SECOND).concern is None
    arrival = missing(GONE_AFTER)
    assert (arrival.concern, arrival.state) == (Concern.DELETED, None)
    assert f"connector documents replay {REVISION.key}" in arrival.next_step


@pytest.mark.parametrize(
    ("length", "text"),
    [(HOUR, "1 hour"), (DAY, "24 hours"), (3 * DAY, "3 days"), (90 * MINUTE, "90 minutes"), (SECOND, "1 second")],
)
def test_a_length_of_time_is_told_in_its_largest_unit(length, text):
    assert as_text(length) == text
