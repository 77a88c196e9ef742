"""A revision in a few fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.services.listing import partners_of

_OVER = frozenset({State.CLOSED, State.SUPERSEDED})


def next_step_of(revision: Revision) -> str | None:
    """What a person should do; nothing about a revision that is over."""
    return None if revision.state in _OVER else revision.next_step


def asked(revision: Revision) -> str | None:
    """The change by which a partner asked for this content."""
    return revision.change_id and f"change {revision.change_id}"


def _transaction(revision: Revision) -> str | None:
    return f"Orderful {revision.orderful_id}" if revision.orderful_id else None


def _last_attempt(revision: Revision) -> str | None:
    """What happened last to a document that was tried to be sent and is not at Orderful yet."""
    return revision.history[-1].note if revision.attempts and revision.history else None


FIELDS: dict[str, Callable[[Revision, Routing], Any]] = {
    "document": lambda one, _: str(one.key),
    "company": lambda one, _: one.key.company,
    "kind": lambda one, _: one.key.kind,
    "number": lambda one, _: one.key.number,
    "revision": lambda one, _: one.sequence,
    "state": lambda one, _: one.state,
    "partner": lambda one, routing: " or ".join(partners_of(one, routing)) or None,
    "changed": lambda one, _: one.updated_at,
    "recorded": lambda one, _: one.created_at,
    "sent": lambda one, _: one.sent_at,
    "reason": lambda one, _: one.reason,
    "reason_codes": lambda one, _: reason_codes(one),
    "field": lambda one, _: one.field,
    "next_step": lambda one, _: next_step_of(one),
    "waits_for": lambda one, _: one.waits_for,
    "attention": lambda one, _: one.attention,
    "transaction_id": lambda one, _: one.orderful_id,
    "asked_by": lambda one, _: one.change_id,
    "visma_status": lambda one, _: one.visma_status,
    "purpose": lambda one, _: one.purpose,
    "dialect": lambda one, _: one.dialect,
    "receiver": lambda one, _: one.receiver_id,
    "business_number": lambda one, _: one.business_number,
    "why": lambda one, _: one.attention or one.reason or asked(one) or _transaction(one) or _last_attempt(one),
}
"""Every field of a revision by its name; the partner is named by the routing in force where the record has none."""

SUMMARY = (
    *("document", "company", "kind", "number", "revision", "state", "partner", "changed"),
    *("reason", "reason_codes", "field", "next_step", "waits_for", "attention", "transaction_id", "asked_by"),
)
"""The fields of a revision in `--json` and `--csv` where none are chosen."""


def summary(revision: Revision, routing: Routing) -> dict[str, Any]:
    """A revision in a few fields, as JSON data."""
    return {name: FIELDS[name](revision, routing) for name in SUMMARY}
