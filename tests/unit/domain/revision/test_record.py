"""The life of a revision: which moves exist, and that none leads to a second sending."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.record import (
    AT_ORDERFUL,
    AWAITING_STATUS,
    MOVES,
    NEEDS_PERSON,
    OPEN,
    ChangeResult,
    Revision,
    State,
    list_of,
    may_move,
    place_of,
    timestamp_at,
)

FIRST = (State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE)
"""States in which a document is recorded for the first time."""


def reachable(start: State) -> set[State]:
    found, todo = {start}, [start]
    while todo:
        for following in MOVES[todo.pop()] - found:
            found.add(following)
            todo.append(following)
    return found


def test_every_state_has_its_moves_and_can_be_reached():
    assert set(MOVES) == set(State)
    assert set().union(*map(reachable, (*FIRST, State.CHANGING))) == set(State)


def test_what_a_partner_asked_for_is_never_sent_to_it():
    assert MOVES[State.CHANGING] == {State.AGREED, State.SUPERSEDED}
    assert MOVES[State.AGREED] == {State.REJECTED}, "with the revision on top of which it was agreed"
    assert not reachable(State.CHANGING) & {State.TRANSLATED, State.SENDING, State.UNCONFIRMED}


@pytest.mark.parametrize("state", [State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED, State.REJECTED])
def test_what_orderful_has_for_certain_never_becomes_sendable_again(state):
    assert not reachable(state) & {State.TRANSLATED, State.SENDING, State.UNCONFIRMED}


def test_a_doubtful_sending_is_never_superseded_or_skipped():
    for doubtful in (State.SENDING, State.UNCONFIRMED):
        assert not may_move(doubtful, State.SUPERSEDED)
        assert not may_move(doubtful, State.SKIPPED)


def test_only_a_fresh_claim_goes_back_to_translated():
    assert may_move(State.SENDING, State.TRANSLATED)
    assert not may_move(State.UNCONFIRMED, State.TRANSLATED)


def test_a_status_moves_forward_only():
    order = [State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED]
    for position, state in enumerate(order):
        assert not any(may_move(state, earlier) for earlier in order[:position])
        assert all(may_move(state, later) for later in order[position + 1 :])
        assert may_move(state, State.REJECTED)


def test_a_transaction_found_invalid_may_still_turn_out_well():
    assert all(may_move(State.REJECTED, good) for good in (State.VALID, State.DELIVERED, State.ACKNOWLEDGED))


def test_superseded_is_the_end_unless_somebody_sends_its_refused_transaction_by_hand():
    assert MOVES[State.SUPERSEDED] == {State.VALID, State.DELIVERED, State.ACKNOWLEDGED}
    assert not reachable(State.SUPERSEDED) & {State.TRANSLATED, State.SENDING, State.UNCONFIRMED}


def test_the_lists_of_states_agree_with_each_other():
    assert NEEDS_PERSON <= OPEN
    assert AWAITING_STATUS <= OPEN
    assert AWAITING_STATUS <= AT_ORDERFUL
    assert not AT_ORDERFUL & {State.TRANSLATED, State.PARKED, State.SKIPPED, State.SUPERSEDED}


@pytest.mark.parametrize(
    "states",
    [(State.TRANSLATED, State.SENDING, State.UNCONFIRMED), (State.SENT, State.VALID, State.DELIVERED)],
)
@pytest.mark.parametrize("attention", [None, "late"])
def test_states_between_which_a_revision_moves_share_a_list_and_its_place_there_does_not_change(states, attention):
    """Each change of list or place is two write units of the index."""
    now = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    later = (now + timedelta(minutes=minutes) for minutes in range(9))
    revisions = [
        Revision(
            key=DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123"),
            sequence=1,
            revision_id="1",
            state=state,
            created_at=now,
            updated_at=next(later),
            attention=attention,
        )
        for state in states
    ]
    assert len({(list_of(one), place_of(one)) for one in revisions}) == 1
    assert timestamp_at(place_of(revisions[0])) == now


@pytest.mark.parametrize(
    ("state", "given", "has_content"),
    [
        (State.SENT, {}, True),
        (State.SUPERSEDED, {}, True),
        (State.AGREED, {"change_id": "802210971"}, True),
        (State.CHANGING, {"change_id": "802210971"}, False),
        (State.SUPERSEDED, {"change_id": "802210971", "change_result": ChangeResult.NOT_WRITTEN}, False),
        (State.SUPERSEDED, {"change_id": "802210971", "change_result": ChangeResult.FULL_RESEND}, False),
        (State.SENT, {"withdraws": 1}, False),
    ],
)
def test_a_reserved_number_and_a_withdrawal_have_no_content_of_the_document(state, given, has_content):
    now = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    key = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
    # The hash of a change that was written along with somebody's edit is known, and its document is not kept.
    revision = Revision(key=key, sequence=2, revision_id="1", state=state, created_at=now, updated_at=now, **given)
    assert revision.has_content is has_content
