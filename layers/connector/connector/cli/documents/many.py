"""The same decision about many documents: which ones, what they come to, and what would be done with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from connector.cli.documents.filters import READS_EVERYTHING, say_what_is_unknown
from connector.cli.documents.find import Record, revisions_of
from connector.cli.documents.steps import Step
from connector.cli.many import SHOWN, LeftOut, Planned, decide_many
from connector.cli.output import counted, say, table
from connector.cli.people import Decider
from connector.cli.stack import Stack
from connector.cli.sums import Sums, as_data, in_words, sums_of
from connector.domain.documents import DocumentKey
from connector.domain.routing.resolve import Routing
from connector.services.listing import Amount, Selection, amounts_of, find


def decide_documents(
    stack: Stack,
    wanted: Selection,
    routing: Routing,
    plan: Callable[[Record], Step],
    *,
    decider: Callable[[], Decider],
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Do with each document that is wanted what `plan` says.

    One that cannot be decided about is left out and named; one that fails stops no other.

    Args:
        stack: Where they are.
        wanted: Which ones.
        routing: The routing in force.
        plan: What is done with one; raises a `ClickException` where nothing is.
        decider: Who says so.
        dry_run: Say it only.
        yes: Do not ask.
        as_json: The result as JSON.

    Returns:
        The exit code: 1 when one failed.
    """
    if wanted.reads_everything:
        say(READS_EVERYTHING)
    found = find(stack.ledger, routing, wanted, limit=None, bounded=False)
    say_what_is_unknown(found, wanted)
    steps, left_out = _planned(stack, {(one.key, one.sequence) for one in found.rows}, plan)
    amounts = amounts_of([one.revision for one in steps], stack.ledger, routing)
    known = [amounts.get((one.key, one.revision.sequence), _UNKNOWN) for one in steps]
    sums = sums_of((one.currency, one.total) for one in known)
    unknown = sum(one.total is None for one in known)
    return decide_many(
        stack,
        [Planned(name=str(one.key), data=_data(one), carry_out=partial(one.carry_out, stack)) for one in steps],
        left_out,
        what="document",
        preview=_preview(steps, left_out, sums, unknown),
        sums={"sums": as_data(sums), "of_unknown_amount": unknown},
        decider=decider,
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
    )


_UNKNOWN = Amount(None, None)


def _planned(
    stack: Stack, wanted: set[tuple[DocumentKey, int]], plan: Callable[[Record], Step]
) -> tuple[list[Step], list[LeftOut]]:
    steps, left_out = [], []
    for key in sorted({key for key, _ in wanted}):
        try:
            step = plan(revisions_of(stack, key))
        except click.ClickException as problem:
            left_out.append((str(key), problem.format_message()))
            continue
        if (key, step.revision.sequence) in wanted:
            steps.append(step)
        else:
            why = f"What waits is revision {step.revision.sequence}, which the filters do not select."
            left_out.append((str(key), why))
    return steps, left_out


def _preview(steps: Sequence[Step], left_out: Sequence[LeftOut], sums: Sums, unknown: int) -> str:
    rows = [(one.key, one.revision.sequence, one.revision.state, one.revision.partner, one.will) for one in steps]
    parts = []
    if steps:
        parts.append(table(("document", "rev", "state", "partner", "will be"), rows[:SHOWN]))
    if len(rows) > SHOWN:
        parts.append(f"{len(rows) - SHOWN} more")
    oldest = min((one.revision.created_at for one in steps), default=None)
    told = [
        counted(len(steps), "document"),
        f"the oldest on record since {oldest:%Y-%m-%d}" if oldest else "",
        in_words(sums) and f"payable {in_words(sums)}",
        f"{unknown} of unknown amount" if unknown else "",
    ]
    parts.append(f"{', '.join(filter(None, told))}; {len(left_out)} left out.")
    return "\n".join(parts)


def _data(step: Step) -> dict[str, Any]:
    revision = step.revision
    return {"document": str(step.key), "sequence": revision.sequence, "state": revision.state, "will_be": step.will}
