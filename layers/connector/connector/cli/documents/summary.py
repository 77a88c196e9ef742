"""A revision in a few fields."""

from __future__ import annotations

from typing import Any

from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.record import Revision, State

_OVER = frozenset({State.CLOSED, State.SUPERSEDED})


def next_step_of(revision: Revision) -> str | None:
    """What a person should do; nothing about a revision that is over."""
    return None if revision.state in _OVER else revision.next_step


def summary(revision: Revision) -> dict[str, Any]:
    return {
        "document": str(revision.key),
        "revision": revision.sequence,
        "state": revision.state,
        "partner": revision.partner,
        "changed": revision.updated_at,
        "reason": revision.reason,
        "reason_codes": reason_codes(revision),
        "field": revision.field,
        "next_step": next_step_of(revision),
        "waits_for": revision.waits_for,
        "attention": revision.attention,
        "transaction_id": revision.orderful_id,
        "asked_by": revision.change_id,
    }


def asked(revision: Revision) -> str | None:
    return revision.change_id and f"change {revision.change_id}"
