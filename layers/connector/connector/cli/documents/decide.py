"""`connector documents replay`, `release` and `close`: what a person does with a document that waits."""

from __future__ import annotations

import click

from connector.cli.documents.find import Record, record_named
from connector.cli.output import Failed, WrongInput, go_on, json_option, say, show
from connector.cli.people import by_option, decider
from connector.cli.stack import Stack, stack_option
from connector.domain.advice import after_rejection
from connector.domain.reasons import Reason
from connector.domain.revision.arrival import Concern
from connector.domain.revision.cause import Cause
from connector.domain.revision.receivers import is_same_party
from connector.domain.revision.record import KNOWN_TO_PARTNER, NEEDS_PERSON, Revision, State, current_revision
from connector.domain.text import truncated
from connector.domain.transactions import Purpose

LONGEST_TEXT = 500
"""Characters of the note of a person."""

_CLOSABLE = NEEDS_PERSON | {State.UNCONFIRMED}
_RELEASABLE = frozenset({State.PARKED, State.SKIPPED, State.BASELINE, State.CLOSED})

_REVISION = click.option(
    "--revision", "sequence", type=click.IntRange(min=1), help="Which one, when several wait for a person."
)


@click.command("replay", short_help="Send a refused or parked one again.")
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
    record = record_named(stack, key)
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
        go_on(stack.title, yes=yes)
        waiting, yes = _given_up(stack, waiting), True
    # The withdrawal is made anew; the message brings the document as it stands.
    wish = (current or own[0]) if waiting.withdraws is not None else waiting
    again = "sent again" if waiting.state is State.REJECTED else "sent"
    return _queue(stack, wish, Cause.again(waiting), waiting, again, by=by, yes=yes, as_json=as_json)


def _waiting_again(record: Record, sequence: int | None) -> Revision:
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


@click.command("release", short_help="Send it as original or replacement.")
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
    record = record_named(stack, key)
    newest = next((one for one in record.revisions if one.withdraws is None and one.state in _RELEASABLE), None)
    if newest is None or current_revision([one for one in record.revisions if one.withdraws is None]) is not newest:
        raise Failed(
            f"{record.key} waits for no choice: only a parked, skipped, closed or baseline revision is released."
        )
    if purpose == "original" and not force and (has := _had_by(record, newest)) is not None:
        raise Failed(
            f"{has.partner} has it already (revision {has.sequence}, Orderful {has.orderful_id}): write --as "
            "replacement. Only if it wants the document a second time, write --as original --force."
        )
    cause = Cause.AS_ORIGINAL if purpose == "original" else Cause.AS_REPLACEMENT
    return _queue(stack, newest, cause, newest, f"sent as {purpose}", by=by, yes=yes, as_json=as_json)


@click.command("close", short_help="End a question, send nothing.")
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
    record = record_named(stack, key)
    revision = _waiting(record, sequence, or_attention=True)
    if revision.needs_attention:
        say(f"This closes the attention of revision {revision.sequence} of {revision.key}: {revision.attention}.")
    else:
        say(f"This closes revision {revision.sequence} of {record.key} ({revision.state}); it is not sent.")
    go_on(stack.title, yes=yes)
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


def _had_by(record: Record, newest: Revision) -> Revision | None:
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


def _waiting(record: Record, sequence: int | None = None, *, or_attention: bool = False) -> Revision:
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
    go_on(stack.title, yes=yes)

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
