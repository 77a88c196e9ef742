"""`connector changes list`."""

from __future__ import annotations

from itertools import islice

import click

from connector.cli.changes.summary import change_summary, why
from connector.cli.output import json_option, say, show, table
from connector.cli.reasons import reason_option
from connector.cli.stack import Stack, stack_option
from connector.domain.order_change.record import FOR_A_PERSON, OPEN_CHANGES, ChangeState

# Those that need a person first.
OPEN = (*FOR_A_PERSON, *(state for state in OPEN_CHANGES if state not in FOR_A_PERSON))


@click.command("list", short_help="List changes that are open.")
@click.option("--state", type=click.Choice([state.value for state in OPEN], case_sensitive=False), help="Only these.")
@click.option("--company", metavar="NAME", help="Only changes for this company.")
@click.option("--partner", metavar="NAME", help="Only changes by this partner.")
@reason_option
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@stack_option
@json_option
def list_changes(
    *,
    state: str | None,
    company: str | None,
    partner: str | None,
    reason: str | None,
    limit: int,
    stack: Stack,
    as_json: bool,
) -> int:
    """List open changes, those that need a person first, the one that has waited longest on top.

    What is over is found by `show`, under its transaction or its order.
    """
    states = (ChangeState(state),) if state else OPEN
    wanted = (
        change
        for one in states
        for change in stack.changes.in_state(one)
        if company in (None, change.company)
        and partner in (None, change.partner)
        and reason in (None, *change.reason_codes)
    )
    found = list(islice(wanted, limit))
    if next(wanted, None) is not None:
        say(f"Only the first {limit}; more are open: --limit, --state, --company, --partner or --reason.")
    show(
        [change_summary(change) for change in found],
        lambda: (
            table(
                ("transaction", "order", "state", "partner", "no", "changed", "code", "why"),
                [
                    (
                        *(c.transaction_id, c.key, c.state, c.partner, c.change_sequence, c.updated_at),
                        *(", ".join(c.reason_codes), why(c)),
                    )
                    for c in found
                ],
                steps=[c.next_step for c in found],
            )
            if found
            else "No such change is open."
        ),
        as_json=as_json,
    )
    return 0
