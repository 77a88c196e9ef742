"""`connector documents show`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from connector.cli.changes.summary import change_summary
from connector.cli.documents.content import Content, as_text, content_of
from connector.cli.documents.filters import routing_in_force
from connector.cli.documents.find import Record, ask_option, of_each, record_named, revision_of
from connector.cli.documents.meanings import meaning, statuses
from connector.cli.documents.next_steps import NextStep, next_steps
from connector.cli.documents.summary import FIELDS, asked, next_step_of, summary
from connector.cli.output import WrongInput, json_option, page, table
from connector.cli.reasons import with_labels
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.errors import Transient
from connector.domain.order_change.record import Change
from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.record import Revision
from connector.domain.routing.resolve import Routing


@click.command("show", short_help="Show all revisions of a document.")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@click.option(
    "--revision", "sequence", type=click.IntRange(min=1), help="Of which the content is shown; else the newest."
)
@ask_option
@stack_option
@json_option
def show_document(*, keys: tuple[str, ...], sequence: int | None, ask_visma: bool, stack: Stack, as_json: bool) -> int:
    """Show what a document says, all its revisions, and the changes that came in for it; or of several documents.

    KEY is company/kind/number, the number, or the id of a transaction of it at Orderful. Parties, lines and sums are
    those of the Visma document as it was read for the newest revision. What a change asks for is told by `connector
    changes show`.
    """
    if sequence is not None and len(keys) > 1:
        raise WrongInput("--revision is said of one document: name one.")
    routing = routing_in_force(stack)
    return of_each(
        keys,
        lambda key: _shown(stack, record_named(stack, key, ask_visma=ask_visma), sequence, routing),
        as_json=as_json,
    )


def _shown(stack: Stack, record: Record, sequence: int | None, routing: Routing) -> tuple[Any, Callable[[], str]]:
    """A document as JSON data, and for a person."""
    content = _content(stack, record, sequence, routing)
    following = {one.revision.sequence: one for one in next_steps(stack, record)}
    return (
        {
            "document": str(record.key),
            "content": content,
            "revisions": [_details(one, routing, following.get(one.sequence)) for one in record.revisions],
            "changes": [change_summary(change) for change in record.changes],
        },
        lambda: "\n\n".join(
            filter(
                None,
                [
                    str(record.key),
                    f"revision {content['revision']} says\n{as_text(content)}" if content else None,
                    *(_readable(one, routing, following.get(one.sequence)) for one in record.revisions),
                    _changes_readable(record.changes),
                ],
            )
        ),
    )


def _content(stack: Stack, record: Record, sequence: int | None, routing: Routing) -> Content | None:
    """What the document says; None when nothing of it was recorded."""
    if not record.revisions:
        return None

    from connector.services.outbound.facts import DocumentFacts

    revision = revision_of(record, sequence)
    try:
        content = content_of(DocumentFacts(stack.ledger, routing, stack.stream).stored(revision), routing)
    except Transient as problem:
        content = {"problem": problem.sentence}
    return {"revision": revision.sequence, **content}


def _details(revision: Revision, routing: Routing, following: NextStep | None) -> dict[str, Any]:
    names = (
        *("revision_id", "visma_status", "modified_at", "transaction_type", "dialect", "purpose", "stream"),
        *("sender_id", "receiver_id", "business_number", "attempts", "first_attempt_at", "sent_at"),
        *("validation_status", "delivery_status", "acknowledgment_status"),
    )
    step, *then = _steps(revision, following)
    return {
        **summary(revision, routing),
        **{name: getattr(revision, name) for name in names},
        "next_step": step,
        "then": then,
        "history": [{"at": event.at, "state": event.state, "note": event.note} for event in revision.history],
    }


def _steps(revision: Revision, following: NextStep | None) -> tuple[str | None, ...]:
    return following.steps if following else (next_step_of(revision),)


def _readable(revision: Revision, routing: Routing, following: NextStep | None) -> str:
    step, *then = _steps(revision, following)
    lines = {
        "partner": FIELDS["partner"](revision, routing),
        "sent as": " ".join(
            word for word in (revision.transaction_type, revision.dialect, revision.purpose, revision.stream) if word
        )
        if revision.transaction_type
        else None,
        "asked by": asked(revision),
        "orderful": revision.transaction_id,
        **statuses(revision),
        "visma": revision.visma_status,
        "attempts": revision.attempts or None,
        "why": revision.reason or (following and not revision.attention and following.why),
        "code": with_labels(reason_codes(revision)),
        "field": revision.field,
        "next step": step,
        "then": then[0] if then else None,
        "waits for": revision.waits_for,
        "attention": revision.attention,
    }
    rows = page().fields((name, value) for name, value in lines.items() if value)
    history = table(("at", "state", "note"), [(one.at, one.state, one.note) for one in revision.history], indent="  ")
    return f"revision {revision.sequence}: {revision.state}, {meaning(revision.state)}\n{rows}\n{history}"


def _changes_readable(changes: Sequence[Change]) -> str:
    """The documents that came in for an order, one a line; empty without any."""
    if not changes:
        return ""
    rows = table(
        ("transaction", "document", "no", "state", "received", "why"),
        [(c.transaction_id, c.document, c.change_sequence, c.state, c.created_at, c.reason) for c in changes],
        indent="  ",
    )
    return f"changes\n{rows}"
