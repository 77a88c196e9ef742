"""`connector changes show`: everything that is known of a change."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from connector.cli.changes.comparison import all_reasons, comparison, comparison_data, lines_data, unwritten
from connector.cli.changes.find import beside_later, changes_of, orders_beside
from connector.cli.changes.meanings import meaning
from connector.cli.changes.summary import change_summary, commands, later, remarks
from connector.cli.output import json_option, page, show, table, timestamp
from connector.cli.reasons import with_labels
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.documents import PurchaseOrder
from connector.domain.layout import counted
from connector.domain.order_change.record import Change


@click.command("show", short_help="Show a change, or those of an order.")
@click.argument("name", metavar="ID_OR_ORDER")
@stack_option
@json_option
def show_change(*, name: str, stack: Stack, as_json: bool) -> int:
    """Show a change, or all that came in about a document. ID_OR_ORDER is a transaction id, a number or a key."""
    found = [beside_later(stack, change) for change in changes_of(stack, name)]
    orders = orders_beside(stack, found)
    show(
        {"changes": [_details(change, orders.get(change.key)) for change in found]},
        lambda: "\n\n".join(_readable(change, orders.get(change.key)) for change in found),
        as_json=as_json,
    )
    return 0


def _details(change: Change, order: PurchaseOrder | None) -> dict[str, Any]:
    names = (
        *("named", "transaction_type", "stream", "sender_id", "receiver_id", "changed_on", "filed_at", "validation"),
        *("aliases", "attempts", "not_before", "predecessor_id", "unacknowledged"),
        *("claim_until", "known_sequence", "decided_on", "approved_for", "on_hold", "reading", "confirmed"),
    )
    return {
        **change_summary(change),
        **{name: getattr(change, name) for name in names},
        "commands": commands(change),
        "told": change.settled_deliveries,
        "to_tell": [delivery.delivery_id for delivery in change.deliveries],
        "differences": comparison_data(change.differences),
        "lines": lines_data(change.differences, order),
        "remarks": change.remarks,
        "reasons": change.reasons,
        "unwritten": change.unwritten,
        "says": change.says,
        "later": change.later if change.is_open else (),
        "repeats": change.repeats,
        "added": [msgspec.structs.asdict(line) for line in change.added],
        "history": [{"at": event.at, "state": event.state, "note": event.note} for event in change.history],
    }


def _readable(change: Change, order: PurchaseOrder | None) -> str:
    dated = f", dated {change.changed_on}" if change.changed_on else ""
    lines = {
        "order": change.key,
        "it names": f"order {change.named}" if change.named else None,
        "number": f"{change.change_sequence}{dated}" if change.change_sequence else None,
        "partner": change.partner,
        "sent from": f"{change.sender_id or '?'} to {change.receiver_id or '?'}, {change.stream or 'no stream'}",
        "document": change.transaction_type,
        "at Orderful": _filed(change),
        "other ids": ", ".join(change.aliases) or None,
        "says": change.says,
        "why": change.reason,
        "codes": with_labels(change.reason_codes),
        "next step": change.next_step,
        "commands": ", ".join(commands(change)) or None,
        "waits for": "Visma" if change.awaits_visma else change.waits_for,
        "not before": timestamp(change.not_before) if change.not_before else None,
        "in work": f"by a function until {timestamp(change.claim_until)}" if change.claim_until else None,
        "decided by": change.decided_by,
        "approved by": change.approved_by,
        "at AWS": change.caller,
        "quantities": f"POC03 and POC04 are read as {change.reading}" if change.reading else None,
        "on hold": "the order is on hold for it and has yet to be released" if change.on_hold else None,
        "told Orderful": _confirmation(change),
        "attempts": change.attempts or None,
    }
    head = [
        f"{change.transaction_id}: {change.state}, {meaning(change.state)}",
        page().fields((name, value) for name, value in lines.items() if value),
    ]
    history = table(("at", "state", "note"), [(one.at, one.state, one.note) for one in change.history], indent="  ")
    remark_text = remarks(change)
    parts = [
        "\n".join(head),
        all_reasons(change.reasons, change.reason),
        later(change),
        comparison(change.differences, order),
        unwritten(change.unwritten),
        remark_text and f"Also told:\n{remark_text}",
        history,
    ]
    return "\n\n".join(filter(None, parts))


def _filed(change: Change) -> str | None:
    """When Orderful received it, and what its check of the message said."""
    if change.filed_at is None:
        return None
    checked = f"its check says {change.validation}" if change.validation else "no check is known"
    return f"since {timestamp(change.filed_at)}; {checked}"


def _confirmation(change: Change) -> str:
    """What Orderful knows of our decision."""
    shown = str(change.confirmed or "not told yet")
    if change.unacknowledged:
        shown += f"; without effect, {counted(change.unacknowledged, 'time')}"
    waiting = ", ".join(delivery.delivery_id for delivery in change.deliveries)
    return f"{shown}; still to be told by {waiting}" if waiting else shown
