"""The same decision about many documents: which, a question, and then one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from connector.cli.documents.filters import READS_EVERYTHING, say_what_is_unknown
from connector.cli.documents.find import Record, revisions_of
from connector.cli.documents.steps import Decider, Step
from connector.cli.output import FAILED, counted, go_on, say, show, table
from connector.cli.stack import Stack
from connector.domain.documents import DocumentKey
from connector.domain.errors import ConnectorError
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection, find

_SHOWN = 50
_PROGRESS = 100
"""After so many documents it is said how far it came."""

LeftOut = tuple[DocumentKey, str]
"""A document with which nothing is done, and why."""


def decide_many(
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
    say(_preview(steps, left_out))
    failed: list[LeftOut] = []
    if steps and not dry_run:
        go_on(stack.title, yes=yes)
        failed = _carried_out(stack, steps, decider())
    done = 0 if dry_run else len(steps) - len(failed)
    show(
        {
            "planned": [_planned_data(one) for one in steps],
            "done": done,
            "failed": _named(failed),
            "left_out": _named(left_out),
        },
        lambda: "\n".join(
            [
                f"{counted(len(steps), 'document')} would be decided; nothing was done."
                if dry_run
                else f"{counted(done, 'document')} done, {len(failed)} failed, {len(left_out)} left out.",
                *(f"  {key}: {why}" for key, why in failed),
            ]
        ),
        as_json=as_json,
    )
    return FAILED if failed else 0


def _planned(
    stack: Stack, wanted: set[tuple[DocumentKey, int]], plan: Callable[[Record], Step]
) -> tuple[list[Step], list[LeftOut]]:
    steps, left_out = [], []
    for key in sorted({key for key, _ in wanted}):
        try:
            step = plan(revisions_of(stack, key))
        except click.ClickException as problem:
            left_out.append((key, problem.format_message()))
            continue
        if (key, step.revision.sequence) in wanted:
            steps.append(step)
        else:
            left_out.append((key, f"What waits is revision {step.revision.sequence}, which the filters do not select."))
    return steps, left_out


def _carried_out(stack: Stack, steps: Sequence[Step], decider: Decider) -> list[LeftOut]:
    failed = []
    for number, step in enumerate(steps, start=1):
        try:
            step.carry_out(stack, decider)
        except ConnectorError as problem:
            failed.append((step.key, str(problem)))
        if number % _PROGRESS == 0:
            say(f"{number} of {len(steps)} ...")
    return failed


def _preview(steps: Sequence[Step], left_out: Sequence[LeftOut]) -> str:
    rows = [(one.key, one.revision.sequence, one.revision.state, one.revision.partner, one.will) for one in steps]
    parts = []
    if steps:
        parts.append(table(("document", "rev", "state", "partner", "will be"), rows[:_SHOWN]))
    if len(rows) > _SHOWN:
        parts.append(f"{len(rows) - _SHOWN} more")
    if left_out:
        parts += [f"Left out: {key}: {why}" for key, why in left_out[:_SHOWN]]
        if len(left_out) > _SHOWN:
            parts.append(f"Left out: {len(left_out) - _SHOWN} more")
    oldest = min((one.revision.created_at for one in steps), default=None)
    since = f", the oldest on record since {oldest:%Y-%m-%d}" if oldest else ""
    parts.append(f"{counted(len(steps), 'document')}{since}; {len(left_out)} left out.")
    return "\n".join(parts)


def _planned_data(step: Step) -> dict[str, Any]:
    revision = step.revision
    return {"document": str(step.key), "sequence": revision.sequence, "state": revision.state, "will_be": step.will}


def _named(some: Sequence[LeftOut]) -> list[dict[str, str]]:
    return [{"document": str(key), "why": why} for key, why in some]
