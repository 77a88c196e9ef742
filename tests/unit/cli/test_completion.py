"""What a shell completes: `complete` asks click as the scripts of bash and zsh do."""

from __future__ import annotations

import pytest
from click.shell_completion import ShellComplete

from connector.cli.commands import cli


def complete(*words: str) -> list[tuple[str, str]]:
    *before, begun = words
    found = ShellComplete(cli, {}, "connector", "_CONNECTOR_COMPLETE").get_completions(list(before), begun)
    return [(one.type, one.value) for one in found]


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("documents", "li"), ["list"]),
        (("documents", "list", "--state", "PAR"), ["PARKED"]),
        (("documents", "list", "--state", "parked,rej"), ["parked,rejected"]),
        (("changes", "list", "--code", "date-in"), ["date-in-past"]),
        (("documents", "list", "--kind", "cust"), ["customer_invoice"]),
    ],
)
def test_known_words_are_completed(words, completed):
    assert [value for _, value in complete(*words)] == completed


@pytest.mark.parametrize(
    "words", [("config", "apply", "conn"), ("doctor", "conn"), ("translate", "order.json", "--config", "conn")]
)
def test_the_name_of_a_file_is_left_to_the_shell(words):
    assert complete(*words) == [("file", words[-1])]


def test_stacks_are_completed_by_the_names_of_the_file(tmp_path, monkeypatch):
    (tmp_path / "connector").mkdir()
    (tmp_path / "connector" / "stacks.yaml").write_text("live: {stack: connector}\ntest: {stack: connector-dev}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert complete("status", "--stack", "") == [("plain", "live"), ("plain", "test")]
    assert complete("status", "--stack", "l") == [("plain", "live")]
