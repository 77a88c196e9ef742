"""The same decision about many documents: which ones, what they come to, and what would be done with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import click

from connector.cli.documents import preview
from connector.cli.documents.filters import READS_EVERYTHING, say_what_is_unknown
from connector.cli.documents.find import Record, revisions_of
from connector.cli.documents.preview import Preview, previews_of
from connector.cli.documents.steps import Step
from connector.cli.many import SHOWN, DecisionOptions, LeftOut, Planned, last_line
from connector.cli.output import say
from connector.cli.stack.stack import Stack
from connector.cli.sums import Sums, as_data, in_words, sums_of
from connector.domain.documents import DocumentKey
from connector.domain.layout import counted
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection, find


def decide_documents(
    decision: DecisionOptions, wanted: Selection, routing: Routing, plan: Callable[[Record], Step]
) -> int:
    """Do with each document that is wanted what `plan` says.

    One that cannot be decided about is left out and named; one that fails stops no other.

    Args:
        decision: Where, by whom and how.
        wanted: Which ones.
        routing: The routing in force.
        plan: What is done with one; raises a `ClickException` where nothing is.

    Returns:
        The exit code: 1 when one failed.
    """
    stack = decision.stack
    if wanted.reads_everything:
        say(READS_EVERYTHING)
    found = find(stack.ledger, routing, wanted, limit=None, bounded=False)
    say_what_is_unknown(found, wanted)
    steps, left_out = _planned(stack, {(one.key, one.sequence) for one in found.rows}, plan)
    previews = previews_of(stack, steps, routing)
    sums = sums_of((one.amount.currency, one.amount.total) for one in previews)
    unknown = sum(one.amount.total is None for one in previews)
    return decision.about_many(
        [
            Planned(name=str(one.step.key), data=preview.as_data(one), carry_out=partial(one.step.carry_out, stack))
            for one in previews
        ],
        left_out,
        what="document",
        preview=_summary(previews, left_out, sums, unknown),
        sums={"sums": as_data(sums), "of_unknown_amount": unknown},
    )


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


def _summary(previews: Sequence[Preview], left_out: Sequence[LeftOut], sums: Sums, unknown: int) -> str:
    parts = [preview.as_text(previews)] if previews else []
    if len(previews) > SHOWN:
        parts.append(f"{len(previews) - SHOWN} more")
    oldest = min((one.step.revision.created_at for one in previews), default=None)
    kept = sum(not one.leaves for one in previews)
    counts = [
        counted(len(previews), "document"),
        f"{kept} of them would not leave" if kept else "",
        f"the oldest on record since {oldest:%Y-%m-%d}" if oldest else "",
        in_words(sums) and f"payable {in_words(sums)}",
        f"{unknown} of unknown amount" if unknown else "",
    ]
    parts.append(last_line(counts, len(left_out)))
    return "\n".join(parts)
