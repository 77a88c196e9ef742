"""What the states of an inbound transaction mean, in a few words."""

from __future__ import annotations

from connector.domain.order_change.record import ChangeState

_STATES = {
    ChangeState.RECEIVED: "recorded, not decided yet",
    ChangeState.APPLYING: "being compared with its order and written",
    ChangeState.APPLIED: "the order in Visma says what it asks for",
    ChangeState.PARKED: "waits; nothing more of it is written meanwhile",
    ChangeState.REFUSED: "refused by the rules; the partner has yet to be told",
    ChangeState.REJECTED: "refused, and over",
    ChangeState.RECORDED: "kept beside its document; changes nothing",
    ChangeState.CLOSED: "settled, and not written",
    ChangeState.ATTENTION: "an answer that waits for a person",
}


def meaning(state: ChangeState) -> str:
    """What a state means."""
    return _STATES[state]
