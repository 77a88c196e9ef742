"""`connector alarms`: every alarm of the stack, and a rehearsal that shows whether its mail arrives."""

from __future__ import annotations

from collections.abc import Sequence

import click

from connector.adapters.aws.errors import translated
from connector.adapters.aws.monitor import alarms_of
from connector.cli.doctor.finding import Mark
from connector.cli.output import FAILED, WrongInput, go_on, json_option, say, show, table
from connector.cli.people import by_option, decider
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.layout import counted
from connector.services.status import Alarm

_RUNBOOK = "docs/runbook.md#"
_RETURNS = (
    "CloudWatch sets each back to its true state the next time it looks, within minutes; those that tell of their end "
    "send a second mail then."
)
"""CloudWatch, SetAlarmState: the state is temporary, and the actions of the alarm are performed."""


@click.group(short_help="The alarms, and whether mails arrive.")
def alarms() -> None:
    """Every alarm of the stack, and a rehearsal that shows whether its mail arrives."""


@alarms.command("list", short_help="List every alarm and its state.")
@stack_option
@json_option
def list_alarms(*, stack: Stack, as_json: bool) -> int:
    """List every alarm of the stack, those that are on first. Exit code 0, whatever their states are."""
    found = _found(stack)
    rows = [(one.name, one.state, one.since, f"{_RUNBOOK}{one.name}") for one in found]
    show(
        [{"alarm": one.name, "state": one.state, "since": one.since} for one in found],
        lambda: table(("alarm", "state", "since", "what to do"), rows),
        as_json=as_json,
    )
    return 0


@alarms.command(short_help="Set an alarm off, to see its mail.")
@click.argument("names", metavar="ALARM...", nargs=-1)
@click.option("--all", "whole", is_flag=True, help="Every alarm of the stack; each sends a mail.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by_option
@stack_option
@json_option
def rehearse(*, names: Sequence[str], whole: bool, yes: bool, by: str | None, stack: Stack, as_json: bool) -> int:
    """Set alarms off for a moment, to see that their mails arrive and lead to the runbook. Nothing else happens.

    The mail says that it is a rehearsal, and by whom. An alarm that is on already is left alone: it has sent its mail.
    Whether anybody is subscribed is said before.
    """
    if bool(names) is whole:
        raise WrongInput("Name the alarms to rehearse, or give --all. `connector alarms list` has their names.")
    found = {one.name: one for one in _found(stack)}
    if unknown := [name for name in names if name not in found]:
        raise WrongInput(f"The stack has no alarm {', '.join(unknown)}. `connector alarms list` has their names.")
    chosen = list(found.values()) if whole else [found[name] for name in dict.fromkeys(names)]
    left_alone = [one.name for one in chosen if one.is_on]
    rehearsed = [one.name for one in chosen if not one.is_on]
    for name in left_alone:
        say(f"{name} is on already and is left alone: see {_RUNBOOK}{name}.")
    unmailed = _unmailed(stack) if rehearsed else None
    if rehearsed:
        say(f"{counted(len(rehearsed), 'alarm')} of {stack.title} goes off: {', '.join(rehearsed)}.")
        if unmailed:
            say(f"warning: {unmailed}")
        go_on(stack.title, yes=yes)
        person, caller = decider(stack, by)
        _set_off(stack, rehearsed, f"Rehearsal by {person} ({caller}): nothing is wrong, this mail is only a test.")
    mail = f"Mails may be missing: {unmailed}" if unmailed else "Look for the mail of each."
    done = f"{counted(len(rehearsed), 'alarm')} set off. {mail} {_RETURNS}"
    show(
        {"rehearsed": rehearsed, "left_alone": left_alone, "unmailed": unmailed},
        lambda: done if rehearsed else "No alarm was set off: those that are on send no mail before they have ended.",
        as_json=as_json,
    )
    return 0 if rehearsed else FAILED


def _found(stack: Stack) -> Sequence[Alarm]:
    """All alarms of the stack, those that are on first.

    Raises:
        Misconfigured: AWS does not show them.
    """
    with translated("alarms"):
        found = alarms_of(stack.client("cloudwatch"), stack=stack.name, topic=stack.output("AlarmTopicArn"))
        return sorted(found, key=lambda one: (not one.is_on, one.name))


def _unmailed(stack: Stack) -> str | None:
    """Why the mails of alarms may reach nobody, and what to do; None when they reach everybody who is meant."""
    from connector.cli.doctor.stack import alarm_mail

    found = alarm_mail(stack)
    if found.mark is Mark.OK:
        return None
    return " ".join(filter(None, [found.sentence, found.next_step]))


def _set_off(stack: Stack, names: Sequence[str], reason: str) -> None:
    client = stack.client("cloudwatch")
    for name in names:
        with translated("alarms"):
            client.set_alarm_state(AlarmName=f"{stack.name}-{name}", StateValue="ALARM", StateReason=reason)
