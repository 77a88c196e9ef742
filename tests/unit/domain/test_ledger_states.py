"""The life of a revision: which moves exist, and that none leads to a second sending."""

from __future__ import annotations

import pytest

from connector.domain.ledger import AT_ORDERFUL, AWAITING_NEWS, MOVES, NEEDS_PERSON, OPEN, State, may_move


def reachable(start: State) -> set[State]:
    found, todo = {start}, [start]
    while todo:
        for following in MOVES[todo.pop()] - found:
            found.add(following)
            todo.append(following)
    return found


def test_every_state_has_its_moves_and_can_be_reached_from_the_capture():
    assert set(MOVES) == set(State)
    assert reachable(State.CAPTURED) | reachable(State.CHANGING) == set(State)


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


def test_news_moves_forward_only():
    order = [State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED]
    for position, state in enumerate(order):
        assert not any(may_move(state, earlier) for earlier in order[:position])
        assert all(may_move(state, later) for later in order[position + 1 :])
        assert may_move(state, State.REJECTED)


def test_a_transaction_found_invalid_may_still_turn_out_well():
    assert all(may_move(State.REJECTED, good) for good in (State.VALID, State.DELIVERED, State.ACKNOWLEDGED))


def test_superseded_is_the_end():
    assert reachable(State.SUPERSEDED) == {State.SUPERSEDED}


def test_the_lists_of_states_agree_with_each_other():
    assert NEEDS_PERSON <= OPEN
    assert AWAITING_NEWS <= OPEN
    assert AWAITING_NEWS <= AT_ORDERFUL
    assert not AT_ORDERFUL & {State.CAPTURED, State.TRANSLATED, State.PARKED, State.SKIPPED, State.SUPERSEDED}
