"""A change in a few fields and words, alike in every command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

from connector.domain.order_change.record import CHANGE, Change

_DECISIONS = re.compile(r"\b(approve|reject|close|retry)\b")
"""What a next step may name; each is a command of `connector changes`."""


def commands(change: Change) -> list[str]:
    """The commands that carry the next step of a change out, in its order; none where it names no decision."""
    named = dict.fromkeys(_DECISIONS.findall((change.next_step or "").casefold())) if change.is_open else ()
    return [f"connector changes {one} {shlex.quote(change.transaction_id)}" for one in named]


_FIELDS: dict[str, Callable[[Change], Any]] = {
    "transaction_id": lambda change: change.transaction_id,
    "order": lambda change: str(change.key),
    "document": lambda change: change.document,
    "state": lambda change: change.state,
    "partner": lambda change: change.partner,
    "sequence": lambda change: change.change_sequence,
    "received": lambda change: change.created_at,
    "changed": lambda change: change.updated_at,
    "reason": lambda change: change.reason,
    "reason_codes": lambda change: change.reason_codes,
    "next_step": lambda change: change.next_step,
    "waits_on": lambda change: change.waits_on,
    "waits_for": lambda change: change.waits_for,
    "decided_by": lambda change: change.decided_by,
    "approved_by": lambda change: change.approved_by,
    "caller": lambda change: change.caller,
    "last_event": lambda change: change.history[-1].note if change.history else None,
}

COLUMNS = tuple(_FIELDS)
"""The columns of `--csv`."""


def change_summary(change: Change) -> dict[str, Any]:
    """A change in a few fields, as JSON data."""
    return {name: field(change) for name, field in _FIELDS.items()}


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
