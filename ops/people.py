"""Who gives a command: the name that a person types, and beside it who AWS says that the caller is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ops.output import WrongInput

_Command = TypeVar("_Command", bound=Callable[..., Any])


def by_option(command: _Command) -> _Command:
    """Add `--by NAME`; the command gets a name that is not empty."""
    return click.option(
        "--by",
        required=True,
        envvar=["USER", "LOGNAME"],
        show_envvar=True,
        metavar="NAME",
        help="Who decides; it is kept, with the identity that AWS names for your credentials.",
        callback=_filled,
    )(command)


def _filled(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if not name.strip():
        raise WrongInput("--by is empty.")
    return name.strip()
