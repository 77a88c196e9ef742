"""`connector holds`: what waits because a vendor asked for a pause or refused us, and how to go on at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import NamedTuple

import click

from connector.cli.output import go_on, json_option, moment, say, show, table
from connector.cli.people import by_option, decider
from connector.cli.stack import Stack, stack_option
from connector.domain.errors import ConnectorError
from connector.domain.pause import Act, Stop
from connector.services.outbound.poll import LONGEST_PAUSE

EVERY_CALL = "sending: every call was refused"
_WHAT = {
    "all": EVERY_CALL,
    "create": "sending: new transactions",
    "read": "reading lists and messages",
    "confirm": "accepting deliveries",
    "visma": "every call for this company",
}

_QUEUED_AGAIN = (
    "Documents that were held back meanwhile are queued again by themselves, about a quarter of an hour later."
)
"""What the tracker does (`ResendAfterSeconds`)."""


class Hold(NamedTuple):
    """Something that waits.

    Attributes:
        system: Orderful, or Visma and the company.
        what: The calls that are held.
        left: How long; never more than an hour at a time.
    """

    system: str
    what: str
    left: timedelta
    lift: Callable[[], None]


@click.group(short_help="What waits because a vendor asked for it.")
def holds() -> None:
    """What the stack waits with, because Orderful or Visma asked for a pause or refused us."""


@holds.command("list", short_help="List what is held, and for how long.")
@stack_option
@json_option
def list_holds(*, stack: Stack, as_json: bool) -> int:
    """List what is held, and for how long. Nothing is held longer than an hour at a time."""
    found = list(holds_of(stack))
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

    Who did so is kept; `connector status` shows it.
    """
    found = list(holds_of(stack))
    for one in found:
        say(f"Goes on: {one.system}, {one.what} (held for {int(one.left.total_seconds())} s more).")
    if found:
        go_on(stack.title, yes=yes)
        by, caller = decider(stack, by)
        for one in found:
            one.lift()
        held = ", ".join(dict.fromkeys(one.system for one in found))
        stack.breaker.note(Act(stack.clock.now(), by, caller, f"lifted the holds of {held}"))
    lifted = f"Lifted. {_QUEUED_AGAIN}" if any(one.what == EVERY_CALL for one in found) else "Lifted."
    show({"lifted": len(found)}, lambda: lifted if found else "Nothing is held.", as_json=as_json)
    return 0


def stopped(stop: Stop) -> tuple[str, tuple[str, ...]]:
    """Why nothing is sent, and what a person does about it."""
    since = f"since {moment(stop.since)}" if stop.since else "now"
    why = f"Sending is stopped {since}; it is tried again at {moment(stop.until)}: {stop.reason}"
    return why, ("Remove the cause, then: connector holds lift",)


def holds_of(stack: Stack) -> Iterator[Hold]:
    """What is held now; what cannot be looked at is said and left out."""
    now = stack.clock.now()
    companies = stack.routing.load().companies if stack.routing.current_version() else {}
    breakers = [("Orderful", stack.breaker), *((f"Visma {name}", stack.visma_breaker(name)) for name in companies)]
    for system, breaker in breakers:
        try:
            left = breaker.holds(now=now)
        except ConnectorError as error:
            say(f"{system}: it is not known what is held. {error}")
            continue
        for name, wait in left.items():
            yield Hold(system, _WHAT[name], wait, breaker.lift)
    for view in stack.cursors.all_cursors():
        wait = view.not_before - now if view.not_before else timedelta(0)
        if timedelta(0) < wait <= LONGEST_PAUSE:
            yield Hold(
                f"Visma {view.company}",
                f"the list {view.resource}",
                wait,
                partial(stack.cursors.lift, view.company, view.resource),
            )
