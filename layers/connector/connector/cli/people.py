"""Who gives a command: the name that a person types, beside it who AWS says that the caller is, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from connector.cli.output import WrongInput
from connector.cli.stack.stack import Stack

_Command = TypeVar("_Command", bound=Callable[..., Any])


def by_option(command: _Command) -> _Command:
    """Add `--by NAME`; the command gets a name that is not empty, or None."""
    return click.option(
        "--by",
        envvar=["USER", "LOGNAME"],
        show_envvar=True,
        metavar="NAME",
        help="Who decides; it is kept, with the identity that AWS names for your credentials.",
    )(command)


def decider(stack: Stack, by: str | None) -> tuple[str, str]:
    """The name of whoever decides, and who AWS says it is (ARN); without a name, the last part of that.

    Raises:
        Failed: AWS does not say.
    """
    caller = stack.caller
    return by or caller.rpartition(":")[2].rpartition("/")[2], caller


def reason_option(help_text: str) -> Callable[[_Command], _Command]:
    """Add `--reason TEXT`; the command gets `why`, as typed, or None. Where it has to have one: `reason`."""
    return click.option("--reason", "why", metavar="TEXT", help=help_text)


def can_have_reason(why: str | None) -> None:
    """Say before anything is read that a decision has to have a reason, where nobody can be asked for one.

    Raises:
        WrongInput: none was typed, and there is nobody to ask.
    """
    if why is None and not sys.stdin.isatty():
        raise WrongInput("There is no terminal to ask for the reason on; write --reason TEXT. Nothing was changed.")


def reason(why: str | None) -> str:
    """The reason of a decision that has to have one: what was typed, else it is asked for until there is one.

    To be called when the person was shown what is decided, and before it is asked whether to go on.

    Raises:
        WrongInput: there is nobody to ask.
        click.Abort: there is no answer.
    """
    can_have_reason(why)
    given = (why or "").strip()
    while not given:
        given = click.prompt("Why? The reason is kept", err=True).strip()
    return given
