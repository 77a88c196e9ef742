"""What people give to commands: no empty text, no spaces around one, none that no key can hold, no option twice."""

from __future__ import annotations

from collections import Counter
from types import MethodType
from typing import TYPE_CHECKING, Any

import click

from connector.cli.output import WrongInput

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_MAX_KEY_BYTES = 1_000
"""Bytes. DynamoDB: a sort key has at most 1,024."""


class _Text(click.ParamType[str]):
    """A text that says something.

    An empty one is a variable of a script that was not set. Taken for no filter at all, it would select everything.
    """

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> str:
        """The text without spaces around it; raises `WrongInput` where nothing is left, or too much."""
        text = str(value).strip()
        if not text:
            named = param.opts[0] if isinstance(param, click.Option) else (param and param.human_readable_name)
            raise WrongInput(f"{named} is empty.")
        if len(text.encode(errors="surrogatepass")) > _MAX_KEY_BYTES:
            raise WrongInput(f"'{text[:40]}...' is longer than {_MAX_KEY_BYTES:,} bytes; nothing has so long a name.")
        return text


class _FileName(_Text):
    """The name of a file, which a shell completes."""

    def shell_complete(self, _context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Leave it to the shell."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


def refuse_empty_texts(group: click.Group) -> None:
    """Have every option and argument of every command that is a text refuse an empty one."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            refuse_empty_texts(command)
        for param in command.params:
            if param.type is click.STRING:
                param.type = _FILE if "FILE" in (param.metavar or "") else _TEXT


def refuse_repeated_options(group: click.Group) -> None:
    """Have every command refuse an option that is given twice and has one value.

    click takes the last one, so `pause --partner acme --partner fisk` would pause one of them in silence.
    """
    for command in group.commands.values():
        if isinstance(command, click.Group):
            refuse_repeated_options(command)
        command.parse_args = MethodType(_parse_args, command)  # type: ignore[method-assign]


def _parse_args(command: click.Command, context: click.Context, args: list[str]) -> list[str]:
    """As `click.Command.parse_args`; raises `WrongInput` where an option with one value has two."""
    _, _, order = command.make_parser(context).parse_args(args=list(args))
    for param, times in Counter(order).items():
        takes_one = isinstance(param, click.Option) and not (param.multiple or param.is_flag)
        if takes_one and times > 1 and not context.resilient_parsing:
            raise WrongInput(f"{param.opts[0]} is given {times} times, and takes one value. Nothing was done.")
    return type(command).parse_args(command, context, args)


_TEXT, _FILE = _Text(), _FileName()
