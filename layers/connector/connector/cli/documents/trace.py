"""`connector documents trace`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import click

from connector.cli.documents.find import Record, ask_option, of_each, record_named
from connector.cli.documents.next_steps import next_steps
from connector.cli.output import json_option, table
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.revision.record import AT_ORDERFUL, UNRESOLVED, State

_HAS_TRANSACTION = (AT_ORDERFUL - UNRESOLVED) | {State.CHANGING, State.AGREED}


class _Entry(NamedTuple):
    """One line of a timeline: of a revision, or of a document that came in."""

    at: datetime
    revision: int | None
    document: str | None
    state: str
    note: str
    transaction_id: str | None


@click.command("trace", short_help="Show what happened, in order of time.")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@ask_option
@stack_option
@json_option
def trace_document(*, keys: tuple[str, ...], ask_visma: bool, stack: Stack, as_json: bool) -> int:
    """Show what happened to a document, in order of time, changes that came in for it included. KEY as in `show`.

    Of several documents one is shown after the other.
    """
    return of_each(keys, lambda key: _shown(stack, record_named(stack, key, ask_visma=ask_visma)), as_json=as_json)


def _shown(stack: Stack, record: Record) -> tuple[Any, Callable[[], str]]:
    """The timeline of a document as JSON data, and for a person."""
    events = sorted(_events(record), key=lambda event: (event.at, event.revision or 0))
    following = next_steps(stack, record)
    return (
        {
            "document": str(record.key),
            "timeline": [event._asdict() for event in events],
            "next_steps": [
                {"revision": one.revision.sequence, "why": one.why, "next_step": one.steps[0], "then": one.steps[1:]}
                for one in following
            ],
        },
        lambda: (
            f"{record.key}\n\n"
            + table(
                ("at", "rev", "state", "orderful", "note"),
                [
                    (e.at, e.revision if e.document is None else e.document, e.state, e.transaction_id, e.note)
                    for e in events
                ],
            )
            + "".join(
                f"\n\nrevision {one.revision.sequence}: {one.revision.state}. {one.why}"
                + "".join(f"\n      -> {step}" for step in one.steps)
                for one in following
            )
        ),
    )


def _events(record: Record) -> Iterator[_Entry]:
    for revision in record.revisions:
        # What was not sent yet has no transaction.
        transaction_id = None
        for event in revision.history:
            if event.state in _HAS_TRANSACTION:
                transaction_id = revision.orderful_id
            yield _Entry(
                at=event.at,
                revision=revision.sequence,
                document=None,
                state=event.state,
                note=event.note,
                transaction_id=transaction_id,
            )
    for change in record.changes:
        for step in change.history:
            document = change.document or "in"
            yield _Entry(
                at=step.at,
                revision=None,
                document=document,
                state=step.state,
                note=step.note,
                transaction_id=change.transaction_id,
            )
