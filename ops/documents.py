"""`connector documents`: what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import click

from connector.domain.documents import DocumentKey, Kind, number_in_key
from connector.domain.ledger import NEEDS_PERSON, OPEN, Revision, State
from connector.edi.visma.invoice import INVOICE_TYPES
from ops.output import Failed, WrongInput, json_option, moment, say, show, table
from ops.stack import Stack, stack_option

# The states that the ledger keeps a list of, those that need a person first.
_OPEN = sorted(OPEN, key=lambda state: (state not in NEEDS_PERSON, list(State).index(state)))
_ALL_REVISIONS = 1000


@click.group()
def documents() -> None:
    """The ledger: what happened to every revision of every document."""


@documents.command("list")
@click.option("--state", type=click.Choice([state.value for state in _OPEN], case_sensitive=False), help="Only these.")
@click.option("--company", metavar="NAME", help="Only documents of this company.")
@click.option("--partner", metavar="NAME", help="Only documents for this partner.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@stack_option
@json_option
def list_documents(
    *, state: str | None, company: str | None, partner: str | None, limit: int, stack: Stack, as_json: bool
) -> int:
    """List open documents, those that need a person first; finished ones are found by `show`."""
    states = (State(state),) if state else _OPEN
    wanted = (
        revision
        for one in states
        for revision in stack.ledger.in_state(one)
        if company in (None, revision.key.company) and partner in (None, revision.partner)
    )
    found = list(islice(wanted, limit))
    show(
        [_summary(revision) for revision in found],
        lambda: (
            table(
                ("document", "rev", "state", "partner", "changed", "why"),
                [
                    (r.key, r.sequence, r.state, r.partner, r.updated_at, r.attention or r.reason or r.transaction_id)
                    for r in found
                ],
            )
            if found
            else "No such document is open."
        ),
        as_json=as_json,
    )
    return 0


@documents.command("show")
@click.argument("key", metavar="KEY")
@stack_option
@json_option
def show_document(*, key: str, stack: Stack, as_json: bool) -> int:
    """Show all revisions of a document. KEY is company/kind/number, or the number alone."""
    revisions = _revisions(stack, key)
    show(
        {"document": str(revisions[0].key), "revisions": [_details(revision) for revision in revisions]},
        lambda: "\n\n".join([str(revisions[0].key), *map(_readable, revisions)]),
        as_json=as_json,
    )
    return 0


@documents.command("trace")
@click.argument("key", metavar="KEY")
@stack_option
@json_option
def trace_document(*, key: str, stack: Stack, as_json: bool) -> int:
    """Show what happened to a document, in order of time. KEY is company/kind/number, or the number alone."""
    revisions = _revisions(stack, key)
    events = sorted(
        ((event, revision) for revision in revisions for event in revision.history),
        key=lambda pair: (pair[0].at, pair[1].sequence),
    )
    show(
        {
            "document": str(revisions[0].key),
            "timeline": [
                {
                    "at": event.at,
                    "revision": revision.sequence,
                    "state": event.state,
                    "note": event.note,
                    "transaction_id": revision.transaction_id,
                }
                for event, revision in events
            ],
        },
        lambda: (
            f"{revisions[0].key}\n\n"
            + table(
                ("at", "rev", "state", "orderful", "note"),
                [(e.at, r.sequence, e.state, r.transaction_id, e.note) for e, r in events],
            )
        ),
        as_json=as_json,
    )
    return 0


@documents.command("replay")
@click.argument("key", metavar="KEY")
@stack_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def replay_document(*, key: str, stack: Stack, yes: bool, as_json: bool) -> int:
    """Send a rejected or parked document again, once its cause is gone. KEY as in `show`."""
    newest = _revisions(stack, key)[0]
    if newest.state not in NEEDS_PERSON:
        raise Failed(f"{newest.key} is {newest.state}: only a rejected or parked revision can be replayed.")
    say(f"This queues revision {newest.sequence} of {newest.key} ({newest.state}) to be translated and sent again.")
    if not yes:
        click.confirm("Go on?", abort=True, err=True)

    from connector.services.release import message_for
    from connector.services.translate import REPLAY

    now = stack.clock.now()
    source = stack.ledger.source_of(newest)
    stack.outbox.documents([message_for(newest, source, stack.payloads, now=now, cause=REPLAY)])
    show(
        {"document": str(newest.key), "sequence": newest.sequence},
        lambda: f"Queued; `connector documents show {newest.key}` tells how it ends.",
        as_json=as_json,
    )
    return 0


def _revisions(stack: Stack, text: str) -> Sequence[Revision]:
    """All revisions of the document that `text` names, newest first.

    Raises:
        WrongInput: the text is no key, or several documents have the number.
        Failed: the ledger knows no such document.
    """
    found = {key: revisions for key in _keys(stack, text) if (revisions := _of(stack, key))}
    if not found:
        raise Failed(f"The ledger knows no document {text}.")
    if len(found) > 1:
        raise WrongInput(f"Several documents have the number {text}: {', '.join(map(str, found))}; name one of them.")
    return next(iter(found.values()))


def _of(stack: Stack, key: DocumentKey) -> Sequence[Revision]:
    return stack.ledger.revisions(key, limit=_ALL_REVISIONS)


def _keys(stack: Stack, text: str) -> Iterator[DocumentKey]:
    if "/" in text or "#" in text:
        try:
            yield DocumentKey.parse(text)
        except ValueError:
            kinds = ", ".join(Kind)
            raise WrongInput(f"'{text}' is no key; write company/kind/number with one of {kinds}.") from None
        return
    for company in stack.routing.load().companies:
        for kind in Kind:
            # The number on paper has no type in front; the key of everything but a plain invoice has.
            types = INVOICE_TYPES if kind.is_invoice and ":" not in text else ()
            for number in dict.fromkeys([text, *(number_in_key(kind, word, text) for word in types)]):
                yield DocumentKey(company, kind, number)


def _summary(revision: Revision) -> dict[str, Any]:
    return {
        "document": str(revision.key),
        "revision": revision.sequence,
        "state": revision.state,
        "partner": revision.partner,
        "changed": revision.updated_at,
        "reason": revision.reason,
        "next_step": revision.next_step,
        "waits_for": revision.waits_for,
        "attention": revision.attention,
        "transaction_id": revision.transaction_id,
    }


def _details(revision: Revision) -> dict[str, Any]:
    names = (
        *("revision_id", "visma_status", "modified_at", "field", "transaction_type", "dialect", "purpose", "stream"),
        *("sender_id", "receiver_id", "business_number", "attempts", "first_attempt_at", "sent_at"),
        *("validation_status", "delivery_status", "acknowledgment_status"),
    )
    return {
        **_summary(revision),
        **{name: getattr(revision, name) for name in names},
        "history": [{"at": event.at, "state": event.state, "note": event.note} for event in revision.history],
    }


def _readable(revision: Revision) -> str:
    statuses = (revision.validation_status, revision.delivery_status, revision.acknowledgment_status)
    lines = {
        "partner": revision.partner,
        "sent as": " ".join(
            word for word in (revision.transaction_type, revision.dialect, revision.purpose, revision.stream) if word
        ),
        "orderful": revision.transaction_id,
        "statuses": " / ".join(status or "-" for status in statuses) if any(statuses) else None,
        "visma": revision.visma_status,
        "attempts": revision.attempts or None,
        "why": revision.reason,
        "field": revision.field,
        "next step": revision.next_step,
        "waits for": revision.waits_for,
        "attention": revision.attention,
    }
    told = "\n".join(f"  {name:<10}{value}" for name, value in lines.items() if value)
    history = "\n".join(f"  {moment(event.at)}  {event.state:<13}{event.note}" for event in revision.history)
    return f"revision {revision.sequence}: {revision.state}\n{told}\n{history}"
