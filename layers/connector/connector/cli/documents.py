"""`connector documents`: what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import click

from connector.cli.changes import change_summary
from connector.cli.output import Failed, WrongInput, go_on, json_option, moment, say, show, table
from connector.cli.people import by_option, decider
from connector.cli.reasons import reason_option, with_labels
from connector.cli.stack import Stack, stack_option
from connector.domain.advice import after_rejection
from connector.domain.documents import ORDER_TYPES, DocumentKey, Kind
from connector.domain.invoice_types import INVOICE_TYPES, PAID_TYPES
from connector.domain.order_change.record import Change, apply_order
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Concern, reason_codes
from connector.domain.revision.cause import Cause
from connector.domain.revision.receivers import is_same_party
from connector.domain.revision.record import (
    AT_ORDERFUL,
    KNOWN_TO_PARTNER,
    NEEDS_PERSON,
    OPEN,
    UNRESOLVED,
    Revision,
    State,
    current_revision,
)
from connector.domain.text import truncated
from connector.domain.transactions import Purpose

LONGEST_TEXT = 500
"""Characters of the note of a person."""

# The states that the ledger keeps a list of, those that need a person first.
_OPEN = sorted(OPEN, key=lambda state: (state not in NEEDS_PERSON, list(State).index(state)))
_ALL_REVISIONS = 1000

_REVISION = click.option(
    "--revision", "sequence", type=click.IntRange(min=1), help="Which one, when several wait for a person."
)


@click.group(short_help="What became of each document.")
def documents() -> None:
    """The ledger: what happened to every revision of every document."""


@documents.command("list", short_help="List documents that are open.")
@click.option("--state", type=click.Choice([state.value for state in State], case_sensitive=False), help="Only these.")
@click.option("--attention", is_flag=True, help="Only sent ones that have not arrived as expected.")
@click.option("--company", metavar="NAME", help="Only documents of this company.")
@click.option("--partner", metavar="NAME", help="Only documents for this partner.")
@reason_option
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@stack_option
@json_option
def list_documents(
    *,
    state: str | None,
    attention: bool,
    company: str | None,
    partner: str | None,
    reason: str | None,
    limit: int,
    stack: Stack,
    as_json: bool,
) -> int:
    """List open documents, those that need a person first; those of other states are listed with --state.

    What is not sent is listed with its reason by --state SKIPPED.
    """
    if state and attention:
        raise WrongInput("--state and --attention cannot be combined.")
    listed = stack.ledger.in_state(State(state)) if state else _open_revisions(stack, only_attention=attention)
    wanted = (
        revision
        for revision in listed
        if company in (None, revision.key.company)
        and partner in (None, revision.partner)
        and reason in (None, *reason_codes(revision))
    )
    found = list(islice(wanted, limit))
    show(
        [_summary(revision) for revision in found],
        lambda: (
            table(
                ("document", "rev", "state", "partner", "changed", "field", "code", "why"),
                [
                    (
                        *(r.key, r.sequence, r.state, r.partner, r.updated_at, r.field),
                        ", ".join(reason_codes(r)),
                        r.attention or r.reason or _asked(r) or r.transaction_id,
                    )
                    for r in found
                ],
                steps=[r.next_step if r.state in NEEDS_PERSON or r.needs_attention else None for r in found],
            )
            if found
            else "No such document is open."
        ),
        as_json=as_json,
    )
    return 0


def _open_revisions(stack: Stack, *, only_attention: bool) -> Iterator[Revision]:
    """What is parked or rejected, then what needs attention after it was sent, then the rest."""
    if not only_attention:
        yield from stack.ledger.in_state(*(state for state in _OPEN if state in NEEDS_PERSON))
    yield from stack.ledger.in_attention()
    if not only_attention:
        others = stack.ledger.in_state(*(state for state in _OPEN if state not in NEEDS_PERSON))
        yield from (one for one in others if not one.needs_attention)


@documents.command("show", short_help="Show all revisions of a document.")
@click.argument("key", metavar="KEY")
@stack_option
@json_option
def show_document(*, key: str, stack: Stack, as_json: bool) -> int:
    """Show all revisions of a document, and the changes that came in for it. KEY is company/kind/number, or the number.

    What a change asks for is told by `connector changes show`.
    """
    record = _record(stack, key)
    show(
        {
            "document": str(record.key),
            "revisions": [_details(revision) for revision in record.revisions],
            "changes": [change_summary(change) for change in record.changes],
        },
        lambda: "\n\n".join(
            filter(None, [str(record.key), *map(_readable, record.revisions), _changes_readable(record.changes)])
        ),
        as_json=as_json,
    )
    return 0


@documents.command("trace", short_help="Show what happened, in order of time.")
@click.argument("key", metavar="KEY")
@stack_option
@json_option
def trace_document(*, key: str, stack: Stack, as_json: bool) -> int:
    """Show what happened to a document, in order of time, changes that came in for it included. KEY as in `show`."""
    record = _record(stack, key)
    events = sorted(_events(record), key=lambda event: (event.at, event.revision or 0))
    waiting = [one for one in record.revisions if one.state in NEEDS_PERSON or one.needs_attention]
    show(
        {
            "document": str(record.key),
            "timeline": [event._asdict() for event in events],
            "next_steps": [
                {"revision": one.sequence, "why": one.attention or one.reason, "next_step": one.next_step}
                for one in waiting
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
                f"\n\nrevision {one.sequence}: {one.state}. {one.attention or one.reason or ''}\n"
                f"      -> {one.next_step or f'connector documents show {record.key}'}"
                for one in waiting
            )
        ),
        as_json=as_json,
    )
    return 0


@documents.command("replay", short_help="Send a refused or parked one again.")
@click.argument("key", metavar="KEY")
@_REVISION
@by_option
@stack_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def replay_document(*, key: str, sequence: int | None, by: str | None, stack: Stack, yes: bool, as_json: bool) -> int:
    """Send a rejected or parked document again, once its cause is gone. KEY as in `show`.

    Orderful is asked first what it has: what arrived meanwhile is not sent a second time.
    """
    record = _record(stack, key)
    waiting = _waiting_again(record, sequence)
    own = [one for one in record.revisions if one.withdraws is None]
    current = current_revision(own)
    if waiting.withdraws is None and waiting is not current:
        raise Failed(
            f"Revision {waiting.sequence} of {record.key} is no longer what it says in Visma: it can only be closed "
            f"(connector documents close {record.key} --revision {waiting.sequence})."
        )
    if waiting.needs_attention:
        say(f"Orderful has no transaction of revision {waiting.sequence} of {waiting.key} any more.")
        go_on(yes=yes)
        waiting, yes = _given_up(stack, waiting), True
    # The withdrawal is made anew; the message brings the document as it stands.
    wish = (current or own[0]) if waiting.withdraws is not None else waiting
    again = "sent again" if waiting.state is State.REJECTED else "sent"
    return _queue(stack, wish, Cause.again(waiting), waiting, again, by=by, yes=yes, as_json=as_json)


def _waiting_again(record: _Record, sequence: int | None) -> Revision:
    """The revision that is sent again: one that waits, or one whose transaction was deleted at Orderful."""
    waiting = _waiting(record, sequence, or_attention=True)
    if waiting.needs_attention and waiting.concern != Concern.DELETED:
        raise Failed(
            f"Revision {waiting.sequence} of {waiting.key} is {waiting.state}, and Orderful has it: it is not sent a "
            f"second time. {waiting.next_step}"
        )
    return waiting


def _given_up(stack: Stack, waiting: Revision) -> Revision:
    """Write down that a deleted transaction will not arrive: from now on the revision counts as refused."""
    reason = "Its transaction was deleted at Orderful."
    return stack.ledger.move(
        waiting,
        State.REJECTED,
        now=stack.clock.now(),
        note=reason,
        reason=reason,
        reason_code=Reason.TRANSACTION_DELETED.value,
        next_step=after_rejection(waiting.key),
        attention=None,
        attention_at=None,
        concern=None,
    )


@documents.command("release", short_help="Send it as original or replacement.")
@click.argument("key", metavar="KEY")
@click.option(
    "--as",
    "purpose",
    type=click.Choice(["original", "replacement"]),
    required=True,
    help="original: the partner does not have it. replacement: it has, from here or from elsewhere.",
)
@click.option("--force", is_flag=True, help="As original although the partner has it.")
@by_option
@stack_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def release_document(
    *, key: str, purpose: str, force: bool, by: str | None, stack: Stack, yes: bool, as_json: bool
) -> int:
    """Send a document that waits for a person's choice, was closed, or is from before go-live. KEY as in `show`."""
    record = _record(stack, key)
    newest = next((one for one in record.revisions if one.withdraws is None and one.state in _RELEASABLE), None)
    if newest is None or current_revision([one for one in record.revisions if one.withdraws is None]) is not newest:
        raise Failed(
            f"{record.key} waits for no choice: only a parked, skipped, closed or baseline revision is released."
        )
    if purpose == "original" and not force and (has := _had_by(record, newest)) is not None:
        raise Failed(
            f"{has.partner} has it already (revision {has.sequence}, Orderful {has.told_by}): write --as "
            "replacement. Only if it wants the document a second time, write --as original --force."
        )
    cause = Cause.AS_ORIGINAL if purpose == "original" else Cause.AS_REPLACEMENT
    return _queue(stack, newest, cause, newest, f"sent as {purpose}", by=by, yes=yes, as_json=as_json)


@documents.command("close", short_help="End a question, send nothing.")
@click.argument("key", metavar="KEY")
@_REVISION
@click.option("--reason", metavar="TEXT", help="Why, kept in its history.")
@by_option
@stack_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def close_document(
    *, key: str, sequence: int | None, reason: str | None, by: str | None, stack: Stack, yes: bool, as_json: bool
) -> int:
    """Close a parked, rejected or unconfirmed revision that a person has dealt with; nothing is sent. KEY as in `show`.

    Of a sent revision that needs attention only the attention is closed: its state stays what it is. What a later
    change becomes: docs/guarantees.md, 3 and 10.
    """
    record = _record(stack, key)
    revision = _waiting(record, sequence, or_attention=True)
    if revision.needs_attention:
        say(f"This closes the attention of revision {revision.sequence} of {revision.key}: {revision.attention}.")
    else:
        say(f"This closes revision {revision.sequence} of {record.key} ({revision.state}); it is not sent.")
    go_on(yes=yes)
    name, caller = decider(stack, by)
    note = f"closed by {name} ({caller})"
    if reason:
        note = f"{note}: {reason}"
    if revision.needs_attention:
        return _close_attention(stack, revision, note, as_json=as_json)
    stack.ledger.move(revision, State.CLOSED, now=stack.clock.now(), note=truncated(note, LONGEST_TEXT))
    show(
        {"document": str(record.key), "sequence": revision.sequence, "state": State.CLOSED},
        lambda: f"Revision {revision.sequence} of {record.key} is closed.",
        as_json=as_json,
    )
    return 0


def _close_attention(stack: Stack, revision: Revision, note: str, *, as_json: bool) -> int:
    """Take a sent revision off the list of those that need attention; the same concern is not raised again."""
    stack.ledger.move(
        revision,
        revision.state,
        now=stack.clock.now(),
        note=truncated(f"attention {note} ({revision.attention})", LONGEST_TEXT),
        attention=None,
        attention_at=None,
        concern=None,
        closed_concern=revision.concern,
        next_step=None,
    )
    show(
        {"document": str(revision.key), "sequence": revision.sequence, "state": revision.state},
        lambda: (
            f"The attention of revision {revision.sequence} of {revision.key} is closed; it stays {revision.state}."
        ),
        as_json=as_json,
    )
    return 0


def _had_by(record: _Record, newest: Revision) -> Revision | None:
    """What the partner has of the document; None when it has none or was told that it is withdrawn.

    Visma's internal id or number of the supplier or customer tells who the partner is: its name in the routing file may
    change.
    """

    def is_partners(one: Revision) -> bool:
        if None not in {one.counterparty, newest.counterparty}:
            return is_same_party(one, newest.counterparty, newest.counterparty_id)
        return newest.partner in {None, one.partner}

    has = next((one for one in record.revisions if one.state in KNOWN_TO_PARTNER and is_partners(one)), None)
    return None if has is None or has.purpose is Purpose.CANCELLATION else has


_CLOSABLE = NEEDS_PERSON | {State.UNCONFIRMED}
_RELEASABLE = frozenset({State.PARKED, State.SKIPPED, State.BASELINE, State.CLOSED})
_OVER = frozenset({State.CLOSED, State.SUPERSEDED})
_HAS_TRANSACTION = (AT_ORDERFUL - UNRESOLVED) | {State.CHANGING, State.AGREED}


def _waiting(record: _Record, sequence: int | None = None, *, or_attention: bool = False) -> Revision:
    """The revision that waits for a person, or the one that is named.

    Args:
        record: Of the document.
        sequence: The number of the revision, where a person gave it.
        or_attention: Without one, a sent revision that needs attention counts.

    Raises:
        WrongInput: several do, and none is named.
        Failed: none does.
    """
    if not record.revisions:
        raise Failed(f"The ledger has no revision of {record.key}: there is nothing to send.")
    current = current_revision([one for one in record.revisions if one.withdraws is None])
    found = [
        one
        for one in record.revisions
        if (sequence is None and one.state in NEEDS_PERSON and (one is current or one.withdraws is not None))
        or (sequence == one.sequence and one.state in _CLOSABLE)
    ]
    if not found and or_attention:
        found = [one for one in record.revisions if one.needs_attention and sequence in {None, one.sequence}]
    if not found:
        if sequence is not None:
            named = next((one for one in record.revisions if one.sequence == sequence), None)
            state = f"is {named.state}" if named is not None else "is not in the ledger"
            raise Failed(f"Revision {sequence} of {record.key} {state}: it does not wait for a person.")
        state = (current or record.revisions[0]).state
        raise Failed(f"{record.key} is {state}: only a rejected or parked revision waits for a person.")
    if len(found) > 1:
        numbers = ", ".join(str(one.sequence) for one in found)
        raise WrongInput(f"Revisions {numbers} of {record.key} wait for a person; name one with --revision.")
    return found[0]


def _queue(
    stack: Stack,
    revision: Revision,
    cause: Cause,
    waiting: Revision,
    what: str,
    *,
    by: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Queue `revision` again, so that `waiting`, which a person let go, is sent; its history says who did."""
    say(f"Revision {waiting.sequence} of {waiting.key} ({waiting.state}) will be {what}.")
    go_on(yes=yes)

    from connector.services.release import message_for

    source = stack.ledger.source_of(revision)
    name, caller = decider(stack, by)
    note = f"to be {what}, says {name} ({caller})"
    stack.ledger.move(waiting, waiting.state, now=stack.clock.now(), note=truncated(note, LONGEST_TEXT))
    stack.outbox.documents([message_for(revision, source, stack.payloads, now=stack.clock.now(), cause=cause)])
    show(
        {"document": str(waiting.key), "sequence": waiting.sequence},
        lambda: f"Queued; `connector documents show {revision.key}` tells how it ends.",
        as_json=as_json,
    )
    return 0


class _Record(NamedTuple):
    """Everything the ledger has under one key: revisions newest first, changes in the order in which they apply."""

    key: DocumentKey
    revisions: Sequence[Revision]
    changes: Sequence[Change]


class _Told(NamedTuple):
    """One line of a timeline: of a revision, or of a document that came in."""

    at: datetime
    revision: int | None
    document: str | None
    state: str
    note: str
    transaction_id: str | None


_NOT_YET = (
    "Whatever Visma's lists have shown is in the ledger, also what is not sent. So look whether the list was read "
    "since (connector cursors: lag, failing, not settled), whether the company and branch are in the routing in force "
    "(connector config show), and whether the document was changed since reading began: at go-live, or 14 days before "
    "the first poll."
)
"""Why a document that is in Visma may not be in the ledger."""


def _record(stack: Stack, text: str) -> _Record:
    """What the ledger has of the document that `text` names.

    Raises:
        WrongInput: the text is no key, or several documents have the number.
        Failed: the ledger knows no such document.
    """
    records = [_of(stack, key) for key in _keys(stack, text)]
    # What came in may speak of any number; it only counts where nothing of ours has it.
    found = [one for one in records if one.revisions] or [one for one in records if one.changes]
    if not found:
        if _is_key(text):
            raise Failed(f"The ledger knows no document {text}. {_NOT_YET}")
        raise Failed(
            f"The ledger knows no document {text} under the companies in force; give company/kind/number to find one "
            f"of another company. {_NOT_YET}"
        )
    if len(found) > 1:
        keys = ", ".join(str(record.key) for record in found)
        raise WrongInput(f"Several documents have the number {text}: {keys}; name one of them.")
    return found[0]


def _of(stack: Stack, key: DocumentKey) -> _Record:
    changes = apply_order(stack.changes.of_order(key))
    return _Record(key, stack.ledger.revisions(key, limit=_ALL_REVISIONS), changes)


def _events(record: _Record) -> Iterator[_Told]:
    for revision in record.revisions:
        # What was not sent yet has no transaction.
        transaction_id = None
        for event in revision.history:
            if event.state in _HAS_TRANSACTION:
                transaction_id = revision.told_by
            yield _Told(
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
            yield _Told(
                at=step.at,
                revision=None,
                document=document,
                state=step.state,
                note=step.note,
                transaction_id=change.transaction_id,
            )


def _keys(stack: Stack, text: str) -> Iterator[DocumentKey]:
    if _is_key(text):
        try:
            yield DocumentKey.parse(text)
        except ValueError:
            kinds = ", ".join(Kind)
            raise WrongInput(f"'{text}' is no key; write company/kind/number with one of {kinds}.") from None
        return
    for company in stack.routing.load().companies:
        for kind in Kind:
            # The number on paper has no type in front; the key of everything but a plain invoice has.
            types = (*INVOICE_TYPES, *PAID_TYPES) if kind.is_invoice else ORDER_TYPES
            typed = [f"{word}:{text}" for word in types if word != "Invoice"] if ":" not in text else []
            for number in (text, *typed):
                yield DocumentKey(company, kind, number)


def _is_key(text: str) -> bool:
    return "/" in text or "#" in text


def _next_step(revision: Revision) -> str | None:
    """What a person should do; nothing about a revision that is over."""
    return None if revision.state in _OVER else revision.next_step


def _summary(revision: Revision) -> dict[str, Any]:
    return {
        "document": str(revision.key),
        "revision": revision.sequence,
        "state": revision.state,
        "partner": revision.partner,
        "changed": revision.updated_at,
        "reason": revision.reason,
        "reason_codes": reason_codes(revision),
        "field": revision.field,
        "next_step": _next_step(revision),
        "waits_for": revision.waits_for,
        "attention": revision.attention,
        "transaction_id": revision.told_by,
        "asked_by": revision.change_id,
    }


def _asked(revision: Revision) -> str | None:
    return revision.change_id and f"change {revision.change_id}"


def _details(revision: Revision) -> dict[str, Any]:
    names = (
        *("revision_id", "visma_status", "modified_at", "transaction_type", "dialect", "purpose", "stream"),
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
        )
        if revision.transaction_type
        else None,
        "asked by": _asked(revision),
        "orderful": revision.transaction_id,
        "statuses": " / ".join(status or "-" for status in statuses) if any(statuses) else None,
        "visma": revision.visma_status,
        "attempts": revision.attempts or None,
        "why": revision.reason,
        "code": with_labels(reason_codes(revision)),
        "field": revision.field,
        "next step": _next_step(revision),
        "waits for": revision.waits_for,
        "attention": revision.attention,
    }
    told = "\n".join(f"  {name:<10}{value}" for name, value in lines.items() if value)
    history = "\n".join(f"  {moment(event.at)}  {event.state:<13}{event.note}" for event in revision.history)
    return f"revision {revision.sequence}: {revision.state}\n{told}\n{history}"


def _changes_readable(changes: Sequence[Change]) -> str:
    """The documents that came in for an order, one a line; empty without any."""
    if not changes:
        return ""
    rows = table(
        ("transaction", "document", "no", "state", "received", "why"),
        [(c.transaction_id, c.document, c.change_sequence, c.state, c.created_at, c.reason) for c in changes],
    )
    return "changes\n" + "\n".join(f"  {line}" for line in rows.splitlines())
