"""`connector documents replay`, `release`, `resend` and `close`: what a person does with documents, one or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import click

from connector.cli.documents import preview, steps
from connector.cli.documents.filters import filter_options
from connector.cli.documents.find import Record, record_named
from connector.cli.documents.many import decide_documents
from connector.cli.documents.partner_has import partner_has
from connector.cli.documents.preview import previews_of
from connector.cli.documents.steps import Step
from connector.cli.many import SHOWN, DecisionOptions, deciding
from connector.cli.output import WrongInput, say
from connector.domain.pause import Pause
from connector.domain.revision.record import NEEDS_PERSON, State
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Plan = Callable[[Record], Step]

_REVISION = click.option(
    "--revision", "sequence", type=click.IntRange(min=1), help="Which one, when several of the document wait."
)

_DIFFERENCES = click.option(
    "--differences", "all_differences", is_flag=True, help="Show every difference from what the partner has."
)


def _purpose_option(help_text: str) -> Callable[[_Command], _Command]:
    choice = click.Choice(["original", "replacement"])
    return click.option("--as", "purpose", type=choice, required=True, help=help_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision(DecisionOptions):
    """About one document, or about those that filters select.

    Attributes:
        key: Which one; None with filters.
        wanted: What the filters select.
        routing: The routing in force.
    """

    key: str | None
    wanted: Selection
    routing: Routing

    def __post_init__(self) -> None:
        if (self.key is None) == (self.wanted == Selection()):
            raise WrongInput("Name one document, or say by filters (--partner, --state, --code ...) which ones.")

    def carry_out(
        self,
        plan: _Plan,
        *,
        usual: frozenset[State],
        able: frozenset[State],
        done: Callable[[Step, State], str],
        all_differences: bool = False,
    ) -> int:
        """Do what `plan` says of the document, or of each of them.

        Args:
            plan: What is done with one document; raises a `ClickException` where nothing is.
            usual: The states that filters without a state select.
            able: The states that filters with --ended select: all of which something is done.
            done: What is said when it was done.
            all_differences: Show every difference from what the partner has, not the first ones.
        """
        if self.key is None:
            wanted = self.wanted
            if not wanted.states and not wanted.attention:
                wanted = replace(wanted, states=able if wanted.ended else usual)
            return decide_documents(self, wanted, self.routing, plan, all_differences=all_differences)
        record = record_named(self.stack, self.key)
        step = plan(record)
        (previewed,) = previews_of(self.stack, [step], self.routing)
        has = partner_has(self.stack, record) if step.request is not None else None
        most = None if all_differences else SHOWN
        beside = [has.text(most) if previewed.leaves else has.at_orderful] if has else []
        say("\n".join([previewed.sentence, preview.as_text([previewed]), *beside]))
        planned = preview.as_data(previewed) | {"partner_has": has and has.data}
        return self.about_one(
            planned,
            lambda who: step.carry_out(self.stack, who),
            data=lambda state: {**planned, "state": state},
            done=lambda state: done(step, state),
        )

    def pauses(self) -> Sequence[Pause]:
        """What is paused."""
        return self.stack.breaker.pauses(now=self.stack.clock.now())


def _deciding(command: _Command) -> _Command:
    """Options of every command that decides; it gets the `_Decision` as `decision`."""
    options = deciding(_Decision, "wanted", "routing", argument="key", metavar="[KEY]")
    return filter_options()(options(command))


@click.command("replay", short_help="Send refused or parked ones again.")
@_REVISION
@_DIFFERENCES
@_deciding
def replay_documents(*, decision: _Decision, sequence: int | None, all_differences: bool) -> int:
    """Send a rejected or parked document again, once its cause is gone. KEY as in `show`; or many, by filters.

    Orderful is asked first what it has: what arrived meanwhile is not sent a second time. Without --state, filters
    select what is parked or rejected.
    """
    return decision.carry_out(
        lambda record: steps.replay(record, sequence),
        usual=NEEDS_PERSON,
        able=NEEDS_PERSON,
        done=_queued,
        all_differences=all_differences,
    )


@click.command("release", short_help="Send as original or replacement.")
@_purpose_option("original: the partner does not have it. replacement: it has, from here or from elsewhere.")
@click.option("--force", is_flag=True, help="As original although the partner has it.")
@_DIFFERENCES
@_deciding
def release_documents(*, decision: _Decision, purpose: str, force: bool, all_differences: bool) -> int:
    """Send a document that waits for a person's choice, was closed, or is from before go-live. KEY as in `show`.

    Or many, by filters: without --state those that are parked, with --ended skipped, closed and earlier ones too.
    """
    return decision.carry_out(
        lambda record: steps.release(record, purpose, force=force),
        usual=frozenset({State.PARKED}),
        able=steps.RELEASABLE,
        done=_queued,
        all_differences=all_differences,
    )


@click.command("resend", short_help="Send what the partner has a second time.")
@_purpose_option(
    "replacement: it takes the place of what the partner has. original: the partner is to forget what it has."
)
@click.option("--force", is_flag=True, help="As original although somebody has had it sent so before.")
@_DIFFERENCES
@_deciding
def resend_documents(*, decision: _Decision, purpose: str, force: bool, all_differences: bool) -> int:
    """Send a document that Orderful has, acknowledged ones too, a second time, because the partner asks for it.

    KEY as in `show`; or many, by filters: without --state those that are sent and not refused, so the whole ledger is
    read. It is the newest revision that is sent, translated by the routing in force. If the document changes before, or
    was sent again by somebody else, nothing is sent by this. Who had it sent so before is said, and one more original
    takes --force.
    """
    pauses = decision.pauses()
    return decision.carry_out(
        lambda record: steps.resend(record, purpose, pauses, force=force),
        usual=steps.RESENDABLE,
        able=steps.RESENDABLE,
        done=_queued,
        all_differences=all_differences,
    )


@click.command("close", short_help="End questions, send nothing.")
@_REVISION
@_deciding
def close_documents(*, decision: _Decision, sequence: int | None) -> int:
    """Close a parked, rejected or unconfirmed revision that a person has dealt with; nothing is sent.

    KEY as in `show`. Of a sent revision that needs attention only the attention is closed: its state stays what it is.
    What a later change becomes: docs/guarantees.md, 3 and 10. Or many, by filters: without --state or --attention what
    is parked or rejected.
    """
    return decision.with_reason().carry_out(
        lambda record: steps.close(record, sequence), usual=NEEDS_PERSON, able=steps.CLOSABLE, done=_closed
    )


def _queued(step: Step, _: State) -> str:
    return f"Queued; `connector documents show {step.key}` tells how it ends."


def _closed(step: Step, state: State) -> str:
    one = f"evision {step.revision.sequence} of {step.key}"
    return f"R{one} is closed." if state is State.CLOSED else f"The attention of r{one} is closed; it stays {state}."
