"""`connector documents list`."""

from __future__ import annotations

from dataclasses import replace

import click

from connector.cli.documents.columns import LISTED, SHOWN, as_csv, as_table, chosen, rows_of
from connector.cli.documents.filters import READS_EVERYTHING, filter_options, say_what_is_unknown
from connector.cli.output import FAILED, Failed, WrongInput, json_option, say, show
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.revision.record import Owner
from connector.domain.routing.resolve import Routing
from connector.services.listing import MAX_READ, MAX_SCANNED, Found, Selection, find

_SHOWN_AT_ONCE = 50


@click.command("list", short_help="List documents, those that need a person first.")
@filter_options("--reason")
@click.option("--transaction", metavar="ID", help="Only the document that was sent as this transaction of Orderful.")
@click.option("--limit", type=click.IntRange(min=1), help="How many are shown; 50 in a table, otherwise all.")
@click.option("--all", "everything", is_flag=True, help="All of them, however many have to be read.")
@click.option("--columns", metavar="NAME,...", callback=chosen, help="Which columns, by their names in --json.")
@click.option("--csv", "as_csv_file", is_flag=True, help="As CSV.")
@stack_option
@json_option
def list_documents(
    *,
    wanted: Selection,
    routing: Routing,
    transaction: str | None,
    limit: int | None,
    everything: bool,
    columns: tuple[str, ...] | None,
    as_csv_file: bool,
    stack: Stack,
    as_json: bool,
) -> int:
    """List documents: what waits for a person, what needs attention, then all others that are open.

    What is over (acknowledged, skipped, superseded, from before go-live, closed) is listed by its --state or with
    --ended, the newest first; the ledger keeps no list of it and is read as a whole. Amounts are worked out of the
    Visma documents as they were kept; --columns without `amount` and `currency` reads none of them.
    """
    if as_csv_file and as_json:
        raise WrongInput("--csv and --json cannot be combined.")
    is_table = not (as_csv_file or as_json)
    if limit is None and is_table and not everything:
        limit = _SHOWN_AT_ONCE
    if transaction is not None:
        wanted = replace(wanted, owner=_owner(stack, transaction))
    if wanted.reads_everything:
        say(READS_EVERYTHING)
    found = find(stack.ledger, routing, wanted, limit=limit, bounded=not everything)
    named = columns or (SHOWN if is_table else LISTED)
    rows = rows_of(found, named, stack.ledger, routing)
    rest = _rest(found, wanted)
    if as_csv_file:
        click.echo(as_csv(rows, named), nl=False)
    else:
        table = as_table(found, rows, named) if rows else _nothing(wanted)
        show(rows, lambda: "\n".join(filter(None, [table, rest])), as_json=as_json)
    if rest and not is_table:
        say(rest)
    say_what_is_unknown(found, wanted)
    return 0 if found.complete else FAILED


def _owner(stack: Stack, transaction: str) -> Owner:
    """The revision that was sent as a transaction.

    Raises:
        Failed: none was; a change has commands of its own.
    """
    owner = stack.ledger.owners([transaction]).get(transaction)
    if owner is not None:
        return owner
    order = stack.changes.known(transaction)
    came = f" It came in for {order}: connector changes show {transaction}" if order is not None else ""
    raise Failed(f"No document on record was sent as transaction {transaction}.{came}")


def _nothing(wanted: Selection) -> str:
    if wanted.owner is not None:
        return "It was sent, and the other filters leave it out."
    if wanted.reads_everything:
        return "The ledger has no such document."
    return "No such document is open. What is over is shown with --ended."


def _rest(found: Found, wanted: Selection) -> str:
    """What is not shown; nothing when all of it is."""
    if found.complete:
        return f"{found.more} more: --limit, --all, or narrow it." if found.more else ""
    read = f"{MAX_SCANNED} MB of the ledger" if wanted.reads_everything else f"{MAX_READ} entries"
    return f"At least {found.more} more; {read} were looked at, and there are others: --all, or narrow it."
