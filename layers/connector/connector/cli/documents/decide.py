"""`connector documents replay`, `release`, `resend` and `close`: what a person does with documents, one or many."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import click

from connector.cli.documents import steps
from connector.cli.documents.filters import filter_options
from connector.cli.documents.find import Record, record_named
from connector.cli.documents.many import decide_documents
from connector.cli.documents.steps import Step
from connector.cli.output import WrongInput, go_on, json_option, say, show
from connector.cli.people import Decider, by_option, decider
from connector.cli.stack import Stack, stack_option
from connector.domain.pause import Pause
from connector.domain.revision.record import NEEDS_PERSON, State
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Plan = Callable[[Record], Step]

_REVISION = click.option(
    "--revision", "sequence", type=click.IntRange(min=1), help="Which one, when several of the document wait."
)


class _Decision:
    """A command to be carried out: on which stack, about which documents, and who says so."""

    def __init__(
        self,
        stack: Stack,
        *,
        key: str | None,
        wanted: Selection,
        routing: Routing,
        by: str | None,
        why: str | None,
        dry_run: bool,
        yes: bool,
        as_json: bool,
    ) -> None:
        if (key is None) == (wanted == Selection()):
            raise WrongInput("Name one document, or say by filters (--partner, --state, --code ...) which ones.")
        self.key = key
        self._stack, self._wanted, self._routing = stack, wanted, routing
        self._by, self._why = by, why
        self._dry_run, self._yes, self._as_json = dry_run, yes, as_json

    def carry_out(self, plan: _Plan, *, usual: frozenset[State], done: Callable[[Step, State], str]) -> int:
        """Do what `plan` says of the document, or of each of them.

        Args:
            plan: What is done with one document; raises a `ClickException` where nothing is.
            usual: The states that filters without a state select.
            done: What is said when it was done.
        """
        stack = self._stack
        if self.key is None:
            wanted = self._wanted
            if not wanted.states and not wanted.attention:
                wanted = replace(wanted, states=usual)
            return decide_documents(
                stack,
                wanted,
                self._routing,
                plan,
                decider=self._decider,
                dry_run=self._dry_run,
                yes=self._yes,
                as_json=self._as_json,
            )
        step = plan(record_named(stack, self.key))
        say(step.sentence)
        if self._dry_run:
            return 0
        go_on(stack.title, yes=self._yes)
        state = step.carry_out(stack, self._decider())
        show(
            {"document": str(step.key), "sequence": step.revision.sequence, "state": state},
            lambda: done(step, state),
            as_json=self._as_json,
        )
        return 0

    def pauses(self) -> Sequence[Pause]:
        """What is paused."""
        return self._stack.breaker.pauses(now=self._stack.clock.now())

    def _decider(self) -> Decider:
        return Decider(*decider(self._stack, self._by), self._why)


def _deciding(command: _Command) -> _Command:
    """Options of every command that decides; it gets the `_Decision` as `decision`."""

    @functools.wraps(command)
    def deciding(*, stack: Stack, **given: Any) -> Any:
        names = ("key", "wanted", "routing", "by", "why", "dry_run", "yes", "as_json")
        decision = _Decision(stack, **{name: given.pop(name) for name in names})
        return command(decision=decision, **given)

    for option in (
        json_option,
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing."),
        stack_option,
        by_option,
        click.option("--reason", "why", metavar="TEXT", help="Why, kept in its history."),
        click.argument("key", metavar="[KEY]", required=False),
    ):
        deciding = option(deciding)
    return filter_options("--code")(deciding)  # type: ignore[return-value]


@click.command("replay", short_help="Send refused or parked ones again.")
@_REVISION
@_deciding
def replay_documents(*, decision: _Decision, sequence: int | None) -> int:
    """Send a rejected or parked document again, once its cause is gone. KEY as in `show`; or many, by filters.

    Orderful is asked first what it has: what arrived meanwhile is not sent a second time. Without --state, filters
    select what is parked or rejected.
    """
    return decision.carry_out(lambda record: steps.replay(record, sequence), usual=NEEDS_PERSON, done=_queued)


@click.command("release", short_help="Send as original or replacement.")
@click.option(
    "--as",
    "purpose",
    type=click.Choice(["original", "replacement"]),
    required=True,
    help="original: the partner does not have it. replacement: it has, from here or from elsewhere.",
)
@click.option("--force", is_flag=True, help="As original although the partner has it.")
@_deciding
def release_documents(*, decision: _Decision, purpose: str, force: bool) -> int:
    """Send a document that waits for a person's choice, was closed, or is from before go-live. KEY as in `show`.

    Or many, by filters: without --state those that are parked.
    """
    usual = frozenset({State.PARKED})
    return decision.carry_out(lambda record: steps.release(record, purpose, force=force), usual=usual, done=_queued)


@click.command("resend", short_help="Send what the partner has a second time.")
@click.option(
    "--as",
    "purpose",
    type=click.Choice(["original", "replacement"]),
    required=True,
    help="replacement: it takes the place of what the partner has. original: the partner is to forget what it has.",
)
@_deciding
def resend_documents(*, decision: _Decision, purpose: str) -> int:
    """Send a document that Orderful has, acknowledged ones too, a second time, because the partner asks for it.

    KEY as in `show`; or many, by filters: without --state those that are sent and not refused. It is the newest
    revision that is sent, translated by the routing in force. If the document changes before, or was sent again by
    somebody else, nothing is sent by this.
    """
    usual = frozenset({State.SENT, State.VALID, State.DELIVERED})
    pauses = decision.pauses()
    return decision.carry_out(lambda record: steps.resend(record, purpose, pauses), usual=usual, done=_queued)


@click.command("close", short_help="End questions, send nothing.")
@_REVISION
@_deciding
def close_documents(*, decision: _Decision, sequence: int | None) -> int:
    """Close a parked, rejected or unconfirmed revision that a person has dealt with; nothing is sent.

    KEY as in `show`. Of a sent revision that needs attention only the attention is closed: its state stays what it is.
    What a later change becomes: docs/guarantees.md, 3 and 10. Or many, by filters: without --state or --attention what
    is parked or rejected.
    """
    return decision.carry_out(lambda record: steps.close(record, sequence), usual=NEEDS_PERSON, done=_closed)


def _queued(step: Step, _: State) -> str:
    return f"Queued; `connector documents show {step.key}` tells how it ends."


def _closed(step: Step, state: State) -> str:
    one = f"evision {step.revision.sequence} of {step.key}"
    return f"R{one} is closed." if state is State.CLOSED else f"The attention of r{one} is closed; it stays {state}."
