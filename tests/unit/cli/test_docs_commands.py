"""Every `connector` command on a page of the documentation, in a block or inside a sentence, is taken as it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from connector.cli.commands import cli
from connector.cli.output import WrongInput

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "contracts/README.md"])
NOT_OF_TODAY = {"CHANGELOG.md"}
STANDS_FOR = {
    "KEY": "nordic/purchase_order/500123",
    "NUMBER": "500123",
    "TRANSACTION": "802210971",
    "ID": "802210971",
    "N": "2",
    "TIME": "2026-11-28T06:00Z",
    "DATE": "2026-11-28",
    "CODE": "delivery-failed",
    "STATE": "PARKED",
    "KIND": "purchase_order",
    "TEXT": "because",
    "NAME": "acme",
    "COMPANY": "nordic",
    "PARTNER": "acme",
    "FILE": "connector.yaml",
}
"""What a page writes where a person puts in something of his own."""

LACKS_A_VALUE = "a value is missing"
"""What a sentence may leave out that speaks of a command."""


def in_blocks(text: str) -> Iterator[str]:
    for _, block in re.findall(r"^( *)```[a-z]*\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            for one in re.split(r"(?<!#)[;&|]+ ", line.partition(" #")[0]):
                if found := re.match(r"\s*(?:\S*/)?connector (.+)", one):
                    yield found[1].strip()


def in_sentences(text: str) -> Iterator[str]:
    prose = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`(?:\S*/)?connector (?!-)([^`]+)`", prose):
        yield " ".join(span.split())


def words_of(line: str) -> list[str]:
    """The words of a command, without what the shell does with it."""
    words = []
    for word in shlex.split(line, comments=True):
        if word in {">", "<"}:
            break
        words.append(STANDS_FOR.get(word.removeprefix("$"), word))
    return words


def taken(words: list[str]) -> str | None:
    """What is wrong with a command; None when it is taken as far as it goes."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    if isinstance(command, click.Group) and not command.invoke_without_command:
        return f"no such command: {' '.join(words)}" if words else LACKS_A_VALUE
    try:
        context = command.make_context("connector", list(words), obj=lambda name: SimpleNamespace(name=name))
    except click.MissingParameter:
        return LACKS_A_VALUE
    except click.BadOptionUsage as problem:
        return LACKS_A_VALUE if "requires an argument" in problem.message else str(problem)
    except (click.UsageError, WrongInput) as problem:
        return str(problem)
    return f"too much: {context.args}" if context.args else None


CASES_IN_BLOCKS = [
    pytest.param(line, id=f"{page.name}:{line}")
    for page in PAGES
    if page.name not in NOT_OF_TODAY
    for line in dict.fromkeys(in_blocks(page.read_text(encoding="utf-8")))
]
CASES_IN_SENTENCES = [
    pytest.param(line, id=f"{page.name}:{line}")
    for page in PAGES
    if page.name not in NOT_OF_TODAY
    for line in dict.fromkeys(in_sentences(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("line", CASES_IN_BLOCKS)
def test_a_command_in_a_block_is_taken_as_it_stands(line):
    assert taken(words_of(line)) is None


@pytest.mark.parametrize("line", CASES_IN_SENTENCES)
def test_a_command_in_a_sentence_is_one_that_there_is(line):
    assert taken(words_of(line)) in {None, LACKS_A_VALUE}


@pytest.mark.parametrize(
    "line",
    [
        "documents list --stat PARKED",
        "documents list --state PARKT",
        "documents list --code send-of",
        "documents replay KEY --revision first",
        "changes list --state APPLID",
        "document list",
        "documents",
        "changes show",
        "holds lift everything",
    ],
)
def test_a_command_that_would_be_refused_is_seen(line):
    assert taken(words_of(line)) is not None


def test_commands_are_found_in_any_place():
    block = "```\n   .venv/bin/connector cursors; connector status   # two\n   ```\n"
    page = f"Say `connector holds\nlist`.\n\n1. so\n   {block}"
    assert (list(in_blocks(page)), list(in_sentences(page))) == (["cursors", "status"], ["holds list"])
