"""The examples in the help: each command has some, and takes them as they stand."""

from __future__ import annotations

import shlex
from types import SimpleNamespace

import click
import pytest

from connector.cli.commands import cli
from connector.cli.examples import EXAMPLES


def commands(group: click.Group, path: str = ""):
    for name, command in group.commands.items():
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")


@pytest.mark.parametrize(("name", "command"), list(commands(cli)))
def test_the_help_of_each_command_ends_with_examples(name, command):
    shown = command.get_help(click.Context(command, info_name=f"connector {name}"))
    assert f"Examples:\n    connector {name}" in shown


@pytest.mark.parametrize(("name", "command"), list(commands(cli)))
def test_no_help_shows_a_sign_that_lays_it_out(name, command):
    assert "\\b" not in command.get_help(click.Context(command, info_name=f"connector {name}"))


@pytest.mark.parametrize("line", EXAMPLES)
def test_each_example_is_taken_by_its_command(line):
    words, command = shlex.split(line), cli
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    context = command.make_context("connector", words, obj=lambda name: SimpleNamespace(name=name))
    assert not context.args


def test_no_example_is_of_no_command():
    shown = "\n".join(str(command.epilog) for _, command in commands(cli))
    assert [line for line in EXAMPLES if f"  connector {line}" not in shown.splitlines()] == []
