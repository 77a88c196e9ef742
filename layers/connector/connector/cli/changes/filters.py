"""Which changes a person means: the filters that `list` and the commands for many changes have in common."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from connector.cli.documents.filters import Where, routing_in_force, state_option, where, where_options
from connector.cli.reasons import code_filter, taken_code
from connector.cli.stack.stack import Stack
from connector.domain.order_change.record import FOR_A_PERSON, OPEN_CHANGES, Change, ChangeState, apply_order
from connector.domain.routing.resolve import Routing
from connector.services.listing import is_partners, partners_of_change

_Command = TypeVar("_Command", bound=Callable[..., Any])

OPEN = (*FOR_A_PERSON, *(state for state in OPEN_CHANGES if state not in FOR_A_PERSON))
"""The states of open changes; those that wait for a person come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSelection:
    """Which changes are wanted.

    Attributes:
        states: In one of these; empty: those that the command is usually about.
        ended: Those that are over as well.
        reason: A reason code.
        routing: The routing in force, which names partners.
    """

    states: frozenset[ChangeState]
    where: Where
    reason: str | None
    routing: Routing
    ended: bool = False

    @property
    def reads_everything(self) -> bool:
        """Whether it needs changes that are in no list, so that the whole table is read."""
        return self.ended or not self.states <= frozenset(OPEN)

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
            and is_partners(where.partner, partners_of_change(change, self.routing), change.partner, self.routing)
            and change.number.startswith(where.number)
            and (self.reason is None or self.reason in change.reason_codes)
            and (where.since is None or change.updated_at >= where.since)
            and (where.until is None or change.updated_at < where.until)
        )


def found_changes(stack: Stack, wanted: ChangeSelection, *, usual: Iterable[ChangeState] = OPEN) -> Iterator[Change]:
    """The changes that are wanted, state by state, those that wait for a person first.

    Read are the lists of the states that are asked for, and nothing else. Where one of them has no list, the whole
    table is read, and the newest come first.
    """
    if wanted.reads_everything:
        pages = stack.changes.everything(wanted.states or frozenset(ChangeState))
        found = [one for page in pages for one in page if wanted.suits(one)]
        return iter(sorted(found, key=lambda change: change.updated_at, reverse=True))
    states = wanted.states or usual
    return (one for state in OPEN if state in states for one in stack.changes.in_state(state) if wanted.suits(one))


def wanted_changes(stack: Stack, wanted: ChangeSelection, *, usual: frozenset[ChangeState]) -> list[Change]:
    """The changes that are wanted, by their orders, those of an order as they apply."""
    return sorted(apply_order(found_changes(stack, wanted, usual=usual)), key=lambda change: change.key)


def change_filters(*former_code: str, with_ended: bool = False) -> Callable[[_Command], _Command]:
    """Give a command the filters; it gets what they say as `wanted`.

    Args:
        former_code: Former names of the option `--code`.
        with_ended: Changes that are over may be meant as well.
    """
    return lambda command: _filtered(command, former_code, with_ended=with_ended)


_ENDED = click.option("--ended", is_flag=True, help="Also what is over; this reads the whole ledger.")


def _filtered(command: _Command, former_code: tuple[str, ...], *, with_ended: bool) -> _Command:
    @functools.wraps(command)
    def filtered(*, stack: Stack, **given: Any) -> Any:
        routing = routing_in_force(stack)
        states, ended = given.pop("states"), given.pop("ended", False)
        wanted = ChangeSelection(
            states=states,
            where=where(stack, routing, given, any_name=ended or not states <= frozenset(OPEN)),
            reason=taken_code(given),
            routing=routing,
            ended=ended,
        )
        return command(stack=stack, wanted=wanted, **given)

    states = state_option(ChangeState if with_ended else OPEN, "Only in these states.")
    ended = (_ENDED,) if with_ended else ()
    for option in reversed((states, *ended, *where_options("changes"), code_filter(*former_code))):
        filtered = option(filtered)
    return filtered  # type: ignore[return-value]
