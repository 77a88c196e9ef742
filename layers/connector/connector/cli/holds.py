"""`connector holds`: what waits because a vendor asked for a pause or refused us, and how to go on at once."""

from __future__ import annotations

from collections.abc import Sequence

import click

from connector.cli.output import go_on, json_option, say, show, table
from connector.cli.people import by_option, decider
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.pause import Act
from connector.services.holds import Hold, holds_of

_LIFTED = (
    "Lifted. What is new goes on at once; a document or change that had to wait comes again by itself, within about a "
    "quarter of an hour."
)
"""A message stays invisible in its queue as long as was set when it failed, at most `MAX_DELAY`; the tracker queues
again what a stop has taken off the queue (`ResendAfterSeconds`)."""


@click.group(short_help="What waits because a vendor asked for it.")
def holds() -> None:
    """What the stack waits with, because Orderful or Visma asked for a pause or refused us."""


@holds.command("list", short_help="List what is held, and for how long.")
@stack_option
@json_option
def list_holds(*, stack: Stack, as_json: bool) -> int:
    """List what is held, and for how long. Nothing is held longer than an hour at a time."""
    found = _held(stack)
    show(
        [{"system": one.system, "what": one.what, "left": one.left} for one in found],
        lambda: (
            table(("system", "what waits", "for"), [(one.system, one.what, one.left) for one in found])
            if found
            else "Nothing is held."
        ),
        as_json=as_json,
    )
    return 0


@holds.command("lift", short_help="Go on at once.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by_option
@stack_option
@json_option
def lift_holds(*, yes: bool, by: str | None, stack: Stack, as_json: bool) -> int:
    """Go on at once with everything that is held. If the vendor still wants a pause, its next answer says so.

    What had to wait already comes again by itself, within about a quarter of an hour.
    Who did so is kept; `connector status` shows it.
    """
    found = _held(stack)
    for one in found:
        say(f"Goes on: {one.system}, {one.what} (held for {int(one.left.total_seconds())} s more).")
    if found:
        go_on(stack.title, yes=yes)
        by, caller = decider(stack, by)
        for one in found:
            one.lift()
        held = ", ".join(dict.fromkeys(one.system for one in found))
        stack.breaker.note(Act(stack.clock.now(), by, caller, f"lifted the holds of {held}"))
    show({"lifted": len(found)}, lambda: _LIFTED if found else "Nothing is held.", as_json=as_json)
    return 0


def _held(stack: Stack) -> Sequence[Hold]:
    """What is held now; what cannot be looked at is said and left out."""
    companies = stack.routing.load().companies if stack.routing.current_version() else {}
    found = holds_of(
        stack.breaker,
        [(name, stack.visma_breaker(name)) for name in companies],
        stack.cursors,
        stack.cursors.all_cursors(),
        now=stack.clock.now(),
    )
    for sentence in found.unknown:
        say(sentence)
    return found.held
