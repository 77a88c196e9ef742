"""Which changes a person means: the filters of the commands that decide about many."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from connector.cli.changes.listing import OPEN
from connector.cli.documents.filters import Where, routing_in_force, state_option, where, where_options
from connector.cli.reasons import reason_filter
from connector.cli.stack import Stack
from connector.domain.order_change.record import Change, ChangeState, apply_order

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSelection:
    """Which open changes are wanted.

    Attributes:
        states: In one of these; empty: those that the command is usually about.
        reason: A reason code.
    """

    states: frozenset[ChangeState]
    where: Where
    reason: str | None

    @property
    def selects_nothing_out(self) -> bool:
        """Whether no filter was given."""
        where = self.where
        return not any((self.states, self.reason, where.company, where.partner, where.number, where.since, where.until))

    def suits(self, change: Change) -> bool:
        """Whether a change is wanted, its state aside."""
        where = self.where
        return (
            where.company in {None, change.company}
            and where.partner in {None, change.partner}
            and change.number.startswith(where.number)
            and (self.reason is None or self.reason in change.reason_codes)
            and (where.since is None or change.updated_at >= where.since)
            and (where.until is None or change.updated_at < where.until)
        )


def wanted_changes(stack: Stack, wanted: ChangeSelection, *, usual: frozenset[ChangeState]) -> list[Change]:
    """The changes that are wanted, by their orders, those of an order as they apply.

    Read are the lists of the states that are asked for, and nothing else.
    """
    states = wanted.states or usual
    found = [one for state in OPEN if state in states for one in stack.changes.in_state(state) if wanted.suits(one)]
    return sorted(apply_order(found), key=lambda change: change.key)


def change_filters(command: _Command) -> _Command:
    """Give a command the filters; it gets what they say as `wanted`."""

    @functools.wraps(command)
    def filtered(*, stack: Stack, **given: Any) -> Any:
        place = where(stack, routing_in_force(stack), given)
        wanted = ChangeSelection(states=given.pop("states"), where=place, reason=given.pop("code"))
        return command(stack=stack, wanted=wanted, **given)

    for option in reversed(tuple(_options())):
        filtered = option(filtered)
    return filtered  # type: ignore[return-value]


def _options() -> Iterator[Callable[[Any], Any]]:
    yield state_option(OPEN, "Only in these states.")
    yield from where_options("changes")
    yield reason_filter("--code", "code")
