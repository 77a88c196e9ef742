"""The lists of commands in README.md name every command that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from connector.cli.commands import cli

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
CHANGES_SOMETHING = {
    *("documents replay", "documents release", "documents resend", "documents close"),
    *("changes approve", "changes reject", "changes retry", "changes close", "changes fetch"),
    *("deadletters redrive", "deadletters drop"),
    *(
        "pause",
        "resume",
        "cursors rewind",
        "holds lift",
        "alarms rehearse",
        "baseline",
        "backfill",
        "reconcile close",
        "data delete",
        "secrets set",
    ),
}
OF_THE_OPERATOR = {"doctor", "reconcile", "deadletters list"}
"""They change nothing in the ledger, but ask vendors, or keep dead letters from others for a while."""


def tree(group: click.Group, path: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if not isinstance(command, click.Group):
            yield f"{path}{name}"
            continue
        if command.invoke_without_command:
            yield f"{path}{name}"
        yield from tree(command, f"{path}{name} ")


COMMANDS = set(tree(cli))


def section(heading: str) -> str:
    (text,) = re.findall(rf"^(#+) {heading}\n(.*?)^##", README, re.MULTILINE | re.DOTALL)
    return text[1]


def the_command(line: str) -> str:
    words = line.split("#", maxsplit=1)[0].split()[1:]
    return next(name for name in (" ".join(words[:2]), words[0]) if name in COMMANDS)


def spread(text: str) -> set[str]:
    """The commands of the spans in a sentence: `documents list|show` are two."""
    found = set()
    for span in re.findall(r"`([^`]+)`", text):
        group, _, verbs = " ".join(span.replace("--dry-run", "").split()).partition(" ")
        found |= {f"{group} {verb}".strip() for verb in verbs.split("|")}
    return found & COMMANDS


def test_the_section_about_operating_has_each_command():
    lines = re.findall(r"^connector .*", section("Operate it"), re.MULTILINE)
    assert {the_command(line) for line in lines} == COMMANDS


def test_the_section_about_rights_has_each_command_that_only_reads():
    text = section("Who may do what")
    assert spread(text) - OF_THE_OPERATOR == COMMANDS - CHANGES_SOMETHING - OF_THE_OPERATOR
