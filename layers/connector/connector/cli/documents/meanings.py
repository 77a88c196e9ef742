"""What states and Orderful's statuses mean, in a few words."""

from __future__ import annotations

from connector.domain.revision.record import Revision, State

_STATES = {
    State.TRANSLATED: "ready to be sent",
    State.SENDING: "being sent",
    State.UNCONFIRMED: "posted without an answer; Orderful is asked whether it has it",
    State.SENT: "Orderful has it and checks it",
    State.VALID: "Orderful has checked it",
    State.DELIVERED: "the partner's channel has it",
    State.ACKNOWLEDGED: "the partner's system has read it",
    State.PARKED: "waits for a person",
    State.REJECTED: "refused by Orderful or the partner; waits for a person",
    State.SUPERSEDED: "a newer revision took its place",
    State.SKIPPED: "not sent",
    State.BASELINE: "from before go-live, not sent",
    State.CLOSED: "closed by a person",
    State.CHANGING: "a change of the partner is being written into Visma",
    State.AGREED: "the partner asked for it and knows it",
}

# Orderful: its page on the statuses of a transaction (docs/transaction-statuses).
STATUSES = {
    "validation": {
        "PROCESSING": "Orderful is still checking it",
        "VALID": "it fits the partner's guideline",
        "INVALID": "it does not fit the partner's guideline, and is held until somebody sends it by hand",
    },
    "delivery": {
        "PENDING": "not sent to the partner yet",
        "SENT": "on its way to the partner",
        "DELIVERED": "the partner's channel has it",
        "FAILED": "not delivered, and Orderful does not try again",
    },
    "acknowledgment": {
        "NOT_ACKNOWLEDGED": "no functional acknowledgment (997) yet",
        "ACCEPTED": "the partner's system has read it",
        "ACCEPTED_WITH_ERRORS": "the partner's system has read it, with errors",
        "REJECTED": "the partner's system refused it",
        "OVERDUE": "no functional acknowledgment (997) in the time that is set at Orderful",
    },
}
"""Orderful's words for each of its three statuses."""


def meaning(state: State) -> str:
    """What a state means."""
    return _STATES[state]


def statuses(revision: Revision) -> dict[str, str]:
    """Orderful's three statuses as last seen, each with what it means; a word that is not documented stands alone."""
    seen = {
        "validation": revision.validation_status,
        "delivery": revision.delivery_status,
        "acknowledgment": revision.acknowledgment_status,
    }
    found = {}
    for name, word in seen.items():
        if word:
            means = STATUSES[name].get(word)
            found[name] = f"{word}: {means}" if means else word
    return found
