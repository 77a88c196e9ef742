"""A decision about one or many: its options, what would be done, a question, and then one after the other."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import click

from connector.cli.output import FAILED, go_on, json_option, say, show
from connector.cli.people import by_option, can_have_reason, decider, reason, reason_option
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.errors import ConnectorError
from connector.domain.layout import counted
from connector.services.decider import Decider

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Done = TypeVar("_Done")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOptions:
    """What a person said on the command line of a decision.

    Attributes:
        stack: Where it is carried out.
        by: Who says so, as typed; None without a name.
        why: The reason, as typed; None without one.
        dry_run: Say what would be done only.
        yes: Do not ask.
        as_json: The result as JSON.
        has_reason: The decision has to have a reason.
    """

    stack: Stack
    by: str | None
    why: str | None
    dry_run: bool
    yes: bool
    as_json: bool
    has_reason: bool = False

    def with_reason(self) -> Self:
        """The same, asking for the reason where none was given, once it is shown what is decided; not in a dry run.

        Raises:
            WrongInput: there is nobody to ask.
        """
        if not self.dry_run:
            can_have_reason(self.why)
        return replace(self, has_reason=True)

    def _decider(self) -> Decider:
        """Who decides and why, once the person has said to go on."""
        why = reason(self.why) if self.has_reason else self.why
        go_on(self.stack.title, yes=self.yes)
        return Decider(*decider(self.stack, self.by), why)

    def about_one(
        self,
        planned: Mapping[str, Any],
        carry_out: Callable[[Decider], _Done],
        *,
        data: Callable[[_Done], Any],
        done: Callable[[_Done], str],
    ) -> int:
        """Ask about one, of which the person was told what would be done, and do it.

        Args:
            planned: What would be done, as JSON data.
            carry_out: Does it.
            data: What became of it, as JSON data.
            done: The same as a person reads it.

        Returns:
            The exit code.
        """
        if self.dry_run:
            show({"planned": [planned], "done": 0}, lambda: "Nothing was done (--dry-run).", as_json=self.as_json)
            return 0
        result = carry_out(self._decider())
        show(data(result), lambda: done(result), as_json=self.as_json)
        return 0

    def about_many(
        self,
        planned: Sequence[Planned],
        left_out: Sequence[LeftOut],
        *,
        what: str,
        preview: str,
        sums: Mapping[str, Any],
    ) -> int:
        """Say what would be done, ask, and do it; one that fails stops no other.

        Args:
            planned: What would be done with each.
            left_out: With which nothing is done.
            what: The word for one of them: `document`.
            preview: What a person is told before.
            sums: What they come to, as JSON data.

        Returns:
            The exit code: 1 when one failed.
        """
        say("\n".join(filter(None, [preview, *_left_out(left_out)])))
        failed: list[LeftOut] = []
        if planned and not self.dry_run:
            failed = _carried_out(planned, self._decider())
        done = 0 if self.dry_run else len(planned) - len(failed)
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
                    if self.dry_run
                    else f"{counted(done, what)} done, {len(failed)} failed, {len(left_out)} left out.",
                    *(f"  {name}: {why}" for name, why in failed),
                ]
            ),
            as_json=self.as_json,
        )
        return FAILED if failed else 0


def last_line(parts: Iterable[str], left_out: int) -> str:
    """The end of a preview: what those that are planned come to, without the parts that say nothing."""
    return f"{', '.join(filter(None, parts))}; {left_out} left out."


def deciding(
    make: Callable[..., DecisionOptions], *filters: str, argument: str, metavar: str
) -> Callable[[_Command], _Command]:
    """Give a command the options of a decision; it gets what `make` makes of them and of `filters` as `decision`.

    Args:
        make: Makes the decision.
        filters: Arguments of the command that belong to it.
        argument: The name of the argument for the one that is meant, which belongs to it as well.
        metavar: How that argument is shown.
    """
    names = ("stack", argument, *filters, "by", "why", "dry_run", "yes", "as_json")

    def decorated(command: _Command) -> _Command:
        @functools.wraps(command)
        def decide(**given: Any) -> Any:
            decision = make(**{name: given.pop(name) for name in names})
            return command(decision=decision, **given)

        for option in (
            json_option,
            click.option("--yes", is_flag=True, help="Do not ask."),
            click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing."),
            stack_option,
            by_option,
            reason_option("Why, kept in its history; what ends it takes one."),
            click.argument(argument, metavar=metavar, required=False),
        ):
            decide = option(decide)
        return decide  # type: ignore[return-value]

    return decorated


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
