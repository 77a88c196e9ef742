"""`connector changes list`."""

from __future__ import annotations

from itertools import islice

import click

from connector.cli.changes.filters import ChangeSelection, change_filters, found_changes
from connector.cli.changes.summary import COLUMNS, change_summary, commands, why
from connector.cli.documents.columns import as_csv
from connector.cli.documents.filters import READS_EVERYTHING
from connector.cli.output import WrongInput, json_option, say, show, table
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.order_change.record import Change
from connector.domain.text import in_a_row
from connector.services.listing import partners_of_change


@click.command("list", short_help="List changes, those that need a person first.")
@change_filters("--reason", with_ended=True)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--csv", "as_csv_file", is_flag=True, help="As CSV.")
@stack_option
@json_option
def list_changes(*, wanted: ChangeSelection, limit: int, as_csv_file: bool, stack: Stack, as_json: bool) -> int:
    """List open changes, those that need a person first, the one that has waited longest on top.

    What is over (applied, rejected, recorded, closed) is listed by its --state or with --ended, the newest first; the
    ledger keeps no list of it and is read as a whole. `approved_by` in --json is empty where the rules decided.
    """
    if as_csv_file and as_json:
        raise WrongInput("--csv and --json cannot be combined.")
    if wanted.reads_everything:
        say(READS_EVERYTHING)
    changes = found_changes(stack, wanted)
    found = list(islice(changes, limit))
    if next(changes, None) is not None:
        say(f"Only the first {limit}; there are more: --limit, or narrow it.")
    rows = [{**change_summary(change), "partner": _partner(change, wanted)} for change in found]
    if as_csv_file:
        click.echo(as_csv(rows, COLUMNS), nl=False)
        return 0
    show(
        rows,
        lambda: (
            table(
                ("transaction", "order", "state", "partner", "no", "changed", "code", "why"),
                [
                    (
                        *(c.transaction_id, c.key, c.state, _partner(c, wanted), c.change_sequence, c.updated_at),
                        *(", ".join(c.reason_codes), why(c)),
                    )
                    for c in found
                ],
                steps=[_step(c) for c in found],
            )
            if found
            else "The ledger has no such change."
            if wanted.reads_everything
            else "No such change is open. What is over is shown with --ended."
        ),
        as_json=as_json,
    )
    return 0


def _step(change: Change) -> str | None:
    """What a person does about it; what it is compared with is shown by a command of its own."""
    if change.next_step is None or not commands(change):
        return change.next_step
    return in_a_row([change.next_step, f"connector changes show {change.transaction_id}"])


def _partner(change: Change, wanted: ChangeSelection) -> str | None:
    """Its sender, by the routing in force."""
    return " or ".join(partners_of_change(change, wanted.routing)) or None
