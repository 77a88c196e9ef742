"""A change in a few fields and words, alike in every command."""

from __future__ import annotations

from typing import Any

from connector.domain.order_change.record import CHANGE, Change


def change_summary(change: Change) -> dict[str, Any]:
    """A change in a few fields, as JSON data."""
    return {
        "transaction_id": change.transaction_id,
        "order": str(change.key),
        "document": change.document,
        "state": change.state,
        "partner": change.partner,
        "sequence": change.change_sequence,
        "received": change.created_at,
        "changed": change.updated_at,
        "reason": change.reason,
        "reason_codes": change.reason_codes,
        "next_step": change.next_step,
        "waits_for": change.waits_for,
        "decided_by": change.decided_by,
        "approved_by": change.approved_by,
        "caller": change.caller,
        "last_event": change.history[-1].note if change.history else None,
    }


def why(change: Change) -> str | None:
    """Why it is where it is: the reason of what is decided, what happened last to what is on its way."""
    return change.reason or (change.history[-1].note if change.history else None)


def title(change: Change) -> str:
    """What it is and which: `Change 802210971 (number 2)`."""
    what = "Change" if change.document == CHANGE else "Document"
    number = f" (number {change.change_sequence})" if change.change_sequence else ""
    return f"{what} {change.transaction_id}{number}"


def later(change: Change) -> str:
    """What the partner said later; empty without that."""
    if not change.later or not change.is_open:
        return ""
    return "\n".join(["The partner said later:", *(f"  {sentence}" for sentence in change.later)])


def remarks(change: Change) -> str:
    """What it told besides, a line each."""
    return "\n".join(f"  {remark}" for remark in change.remarks)
