"""Who gives a command: the name that a person types, beside it who AWS says that the caller is, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

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
