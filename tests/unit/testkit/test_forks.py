"""A command in a fork behaves as the installed one: its own environment, streams and exit code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from testkit.laptop import forks
from testkit.laptop.observed import CONNECTOR

PATH = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
NOBODY = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_DEFAULT_REGION": "eu-north-1", "AWS_MAX_ATTEMPTS": "1"}


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["--version"], {}),
        (["documents", "--unknown"], {}),
        (["config", "check", "no-such-file", "--json"], {}),
        (["cursors", "--stack", "any"], NOBODY),
        (["secrets", "set", "orderful", "--stack", "any"], NOBODY),
    ],
)
def test_it_says_and_answers_what_the_installed_command_does(
    tmp_path: Path, arguments: list[str], more: dict[str, str]
) -> None:
    environment = {**PATH, **more, "AWS_CONFIG_FILE": str(tmp_path / "none"), "HOME": str(tmp_path)}
    installed = subprocess.run(
        [CONNECTOR, *arguments], env=environment, input="{}", capture_output=True, text=True, check=False
    )

    forked = forks.run(arguments, environment, given="{}")

    assert (forked.returncode, forked.stdout, forked.stderr) == (
        *(installed.returncode, installed.stdout, installed.stderr),
    )


def test_a_run_leaves_nothing_to_the_next() -> None:
    completes = {**PATH, "_CONNECTOR_COMPLETE": "zsh_source"}

    assert "#compdef connector" in forks.run([], completes).stdout
    assert "Usage: connector" in forks.run(["--help"], PATH).stdout
