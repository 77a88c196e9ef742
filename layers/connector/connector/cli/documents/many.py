"""The same decision about many documents: which ones, what they come to, and what would be done with each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click

from connector.cli.documents import preview
from connector.cli.documents.filters import READS_EVERYTHING, say_what_is_unknown
from connector.cli.documents.find import Record, revisions_of
from connector.cli.documents.partner_has import PartnerHas, partner_has
from connector.cli.documents.preview import Preview, previews_of
from connector.cli.documents.steps import Step
from connector.cli.many import SHOWN, DecisionOptions, LeftOut, Planned, last_line
from connector.cli.output import minute, say
from connector.cli.stack.stack import Stack
from connector.cli.sums import Sums, as_data, in_words, sums_of
from connector.domain.documents import DocumentKey
from connector.domain.layout import counted
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection, find

_FIRST_DIFFERENCES = 3
"""So many differences of each document are shown."""

_Compared = Mapping[DocumentKey, PartnerHas | None]


def decide_documents(
    decision: DecisionOptions,
    wanted: Selection,
    routing: Routing,
    plan: Callable[[Record], Step],
    *,
    all_differences: bool,
) -> int:
    """Do with each document that is wanted what `plan` says.

    One that cannot be decided about is left out and named; one that fails stops no other. What the partner has is read
    for the documents that are shown, unless there is nothing to decide any more (--yes).

    Args:
        decision: Where, by whom and how.
        wanted: Which ones.
        routing: The routing in force.
        plan: What is done with one; raises a `ClickException` where nothing is.
        all_differences: Show every difference from what the partner has, not the first ones.

    Returns:
        The exit code: 1 when one failed.
    """
    stack = decision.stack
    if wanted.reads_everything:
        say(READS_EVERYTHING)
    found = find(stack.ledger, routing, wanted, limit=None, bounded=False)
    say_what_is_unknown(found, wanted)
    planned, left_out = _planned(stack, {(one.key, one.sequence) for one in found.rows}, plan)
    previews = previews_of(stack, [step for _, step in planned], routing)
    is_asked = decision.dry_run or not decision.yes
    compared = {
        record.key: partner_has(stack, record)
        for record, step in (planned[:SHOWN] if is_asked else ())
        if step.request is not None
    }
    sums = sums_of((one.amount.currency, one.amount.total) for one in previews)
    unknown = sum(one.amount.total is None for one in previews)
    return decision.about_many(
        [
            Planned(
                name=str(one.step.key),
                data=preview.as_data(one) | _data(one, compared),
                carry_out=partial(one.step.carry_out, stack),
            )
            for one in previews
        ],
        left_out,
        what="document",
        preview="\n".join(
            [
                *_beside(previews, compared, None if all_differences else _FIRST_DIFFERENCES),
                _summary(previews, left_out, sums, unknown),
            ]
        ),
        sums={"sums": as_data(sums), "of_unknown_amount": unknown},
    )


def _planned(
    stack: Stack, wanted: set[tuple[DocumentKey, int]], plan: Callable[[Record], Step]
) -> tuple[list[tuple[Record, Step]], list[LeftOut]]:
    planned, left_out = [], []
    for key in sorted({key for key, _ in wanted}):
        try:
            record = revisions_of(stack, key)
            step = plan(record)
        except click.ClickException as problem:
            left_out.append((str(key), problem.format_message()))
            continue
        if (key, step.revision.sequence) in wanted:
            planned.append((record, step))
        else:
            why = f"What waits is revision {step.revision.sequence}, which the filters do not select."
            left_out.append((str(key), why))
    return planned, left_out


def _beside(previews: Sequence[Preview], compared: _Compared, most: int | None) -> Iterator[str]:
    """What would be sent of each beside what the partner has, and Orderful's state of that."""
    for one in previews:
        if (has := compared.get(one.step.key)) is not None:
            yield f"{one.step.key}: {has.text(most) if one.leaves else has.at_orderful}\n"


def _data(one: Preview, compared: _Compared) -> dict[str, Any]:
    """The same as JSON data; nothing of a document that was not compared."""
    if one.step.key not in compared:
        return {}
    has = compared[one.step.key]
    return {"partner_has": has and has.data}


def _summary(previews: Sequence[Preview], left_out: Sequence[LeftOut], sums: Sums, unknown: int) -> str:
    parts = [preview.as_text(previews)] if previews else []
    if len(previews) > SHOWN:
        parts.append(f"{len(previews) - SHOWN} more")
    oldest = min((one.step.revision.created_at for one in previews), default=None)
    kept = sum(not one.leaves for one in previews)
    counts = [
        counted(len(previews), "document"),
        f"{kept} of them would not leave" if kept else "",
        f"the oldest on record since {minute(oldest)}" if oldest else "",
        in_words(sums) and f"payable {in_words(sums)}",
        f"{unknown} of unknown amount" if unknown else "",
    ]
    parts.append(last_line(counts, len(left_out)))
    return "\n".join(parts)
