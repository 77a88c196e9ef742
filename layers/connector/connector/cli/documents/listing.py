"""`connector documents list`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import click

from connector.cli.documents.summary import asked, summary
from connector.cli.output import WrongInput, json_option, show, table
from connector.cli.reasons import reason_option
from connector.cli.stack import Stack, stack_option
from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.record import NEEDS_PERSON, OPEN, Revision, State

# The states that the ledger keeps a list of, those that need a person first.
_OPEN = sorted(OPEN, key=lambda state: (state not in NEEDS_PERSON, list(State).index(state)))


@click.command("list", short_help="List documents that are open.")
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
        [summary(revision) for revision in found],
        lambda: (
            table(
                ("document", "rev", "state", "partner", "changed", "field", "code", "why"),
                [
                    (
                        *(r.key, r.sequence, r.state, r.partner, r.updated_at, r.field),
                        ", ".join(reason_codes(r)),
                        r.attention or r.reason or asked(r) or r.transaction_id,
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
