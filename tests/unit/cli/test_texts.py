"""What every command refuses: an empty text, a variable of a script that was not set; an option with two values."""

from __future__ import annotations

import click
import pytest

from connector.cli.commands import cli
from connector.cli.main import command_line
from testkit.samples.routing_data import routing_data


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        yield (*path, name), command


def texts():
    """A command line for every text that a command takes: how it begins, and of how many parts the text is."""
    for path, command in commands(cli):
        for param in command.params:
            if param.type.name == "text":
                named = param.opts[-1] if isinstance(param, click.Option) else "--"
                yield pytest.param((*path, named), max(param.nargs, 1), id=f"{' '.join(path)} {param.opts[-1]}")


@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize(("line", "parts"), list(texts()))
def test_no_command_takes_an_empty_text(line, parts, blank, capsys):
    code = command_line([*line, *[blank] * parts], opener=lambda _: None)
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err.endswith(" is empty.\n")


@pytest.mark.parametrize(("line", "parts"), list(texts()))
def test_no_command_takes_a_text_that_no_key_can_hold(line, parts, capsys):
    code = command_line([*line, *["9" * 1_001] * parts], opener=lambda _: None)
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert "is longer than 1,000 bytes" in captured.err
    assert len(captured.err) < 200


def test_empty_times_close_nothing(connector, stack):
    for options in (("--since", ""), ("--until", " "), ("--number", " "), ("--code", "")):
        result = connector("documents", "close", *options, "--state", "parked", "--yes")
        assert (result.code, result.out, stack.ledger.moved) == (2, "", [])
        assert f"{options[0]} is empty." in result.err


@pytest.mark.parametrize("states", [",", "parked,", "parked, ,rejected"])
def test_a_state_that_is_empty_is_none(connector, stack, states):
    result = connector("documents", "close", "--state", states, "--reason", "done", "--yes")
    assert (result.code, result.out, stack.ledger.moved) == (2, "", [])
    assert "There is no state ''." in result.err


def test_spaces_around_a_text_are_no_part_of_it(connector, stack):
    stack.routing.data = {"companies": {"nordic": {}}}
    assert connector("documents", "list", "--company", " nordic ").code == 0


def options():
    """A command line that gives an option with one value twice, for every such option of every command."""
    for path, command in commands(cli):
        for param in command.params:
            if isinstance(param, click.Option) and not (param.multiple or param.is_flag):
                one = [param.opts[-1], *["1"] * param.nargs]
                yield pytest.param([*path, *one, *one], param.opts[0], id=f"{' '.join(path)} {param.opts[0]}")


@pytest.mark.parametrize(("line", "name"), list(options()))
def test_no_command_takes_the_last_of_two_values(line, name, capsys):
    code = command_line(line, opener=lambda _: None)
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err == f"{name} is given 2 times, and takes one value. Nothing was done.\n"


def test_of_two_partners_none_is_paused(connector, stack):
    stack.routing.data = routing_data()
    result = connector("pause", "--partner", "acme", "--partner", "bakeri", "--reason", "they move", "--yes")
    assert (result.code, result.out) == (2, "")
    assert list(stack.breaker.pauses(now=stack.clock.now())) == []


def test_what_takes_several_values_takes_them(connector, stack):
    assert connector("documents", "list", "--state", "parked", "--state", "rejected", "--ended", "--ended").code == 0
