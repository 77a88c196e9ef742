"""The same decision about many: what would be done with each, a question, and then one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.cli.output import FAILED, counted, go_on, say, show
from connector.cli.people import Decider
from connector.cli.stack import Stack
from connector.domain.errors import ConnectorError

SHOWN = 50
"""How many are shown before the question; the others are counted."""

_PROGRESS = 100
"""After so many it is said how far it came."""

LeftOut = tuple[str, str]
"""One with which nothing is done, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One with which something would be done.

    Attributes:
        name: As a person reads it.
        data: What would be done, as JSON data.
        carry_out: Does it.
    """

    name: str
    data: Mapping[str, Any]
    carry_out: Callable[[Decider], object]


def decide_many(
    stack: Stack,
    planned: Sequence[Planned],
    left_out: Sequence[LeftOut],
    *,
    what: str,
    preview: str,
    sums: Mapping[str, Any],
    decider: Callable[[], Decider],
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Say what would be done, ask, and do it; one that fails stops no other.

    Args:
        stack: Where they are.
        planned: What would be done with each.
        left_out: With which nothing is done.
        what: The word for one of them: `document`.
        preview: What a person is told before.
        sums: What they come to, as JSON data.
        decider: Who says so.
        dry_run: Say it only.
        yes: Do not ask.
        as_json: The result as JSON.

    Returns:
        The exit code: 1 when one failed.
    """
    say("\n".join(filter(None, [preview, *_left_out(left_out)])))
    failed: list[LeftOut] = []
    if planned and not dry_run:
        go_on(stack.title, yes=yes)
        failed = _carried_out(planned, decider())
    done = 0 if dry_run else len(planned) - len(failed)
    show(
        {
            "planned": [one.data for one in planned],
            **sums,
            "done": done,
            "failed": _named(failed, what),
            "left_out": _named(left_out, what),
        },
        lambda: "\n".join(
            [
                f"{counted(len(planned), what)} would be decided; nothing was done."
                if dry_run
                else f"{counted(done, what)} done, {len(failed)} failed, {len(left_out)} left out.",
                *(f"  {name}: {why}" for name, why in failed),
            ]
        ),
        as_json=as_json,
    )
    return FAILED if failed else 0


def _carried_out(planned: Sequence[Planned], decider: Decider) -> list[LeftOut]:
    failed = []
    for number, one in enumerate(planned, start=1):
        try:
            one.carry_out(decider)
        except ConnectorError as problem:
            failed.append((one.name, str(problem)))
        if number % _PROGRESS == 0:
            say(f"{number} of {len(planned)} ...")
    return failed


def _left_out(left_out: Sequence[LeftOut]) -> list[str]:
    lines = [f"Left out: {name}: {why}" for name, why in left_out[:SHOWN]]
    return [*lines, f"Left out: {len(left_out) - SHOWN} more"] if len(left_out) > SHOWN else lines


def _named(some: Sequence[LeftOut], what: str) -> list[dict[str, str]]:
    return [{what: name, "why": why} for name, why in some]
