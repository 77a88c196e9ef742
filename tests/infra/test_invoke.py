"""`make invoke` knows every function, and says what is wrong with a call."""

from __future__ import annotations

from pathlib import Path

import pytest

from testkit.laptop import invoke, stack
from testkit.laptop.deploy import SETTINGS
from testkit.laptop.ministack import ROOT


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_is_invoked_with_its_event_and_the_runtime_of_the_laptop_stack(function: str) -> None:
    command = invoke.command(function)
    given = dict(zip(command[4::2], command[5::2], strict=True))

    assert command[:4] == [".venv-sam/bin/sam", "local", "invoke", function]
    assert (ROOT / given["--event"]).is_file()
    assert given["--parameter-overrides"] == "file://.local/parameters.yaml"
    assert given["--env-vars"] == ".local/env.json"
    assert invoke.command(Path(given["--event"]).stem) == command


def test_an_event_of_ones_own_takes_the_place_of_the_usual_one() -> None:
    command = invoke.command("translate_document", "events/poll_visma.json")
    assert command[command.index("--event") + 1] == "events/poll_visma.json"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["", ""], "There is no function without a name. FUNCTION is one of poll_visma, "),
        (["poll", ""], "There is no function poll. FUNCTION is one of poll_visma, "),
        (["poll_visma", "events/none.json"], "There is no event events/none.json."),
    ],
)
def test_a_wrong_call_is_one_sentence(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke.main(arguments) == 2
    assert capsys.readouterr().err.startswith(sentence)


def test_without_the_laptop_stack_it_says_how_to_start_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stack, "find", lambda: None)
    assert invoke.main(["poll_visma"]) == 1
    assert "`make up`" in capsys.readouterr().err


@pytest.mark.parametrize(("docker", "code"), [("exit 1", 1), ("exit 0", 7)])
def test_where_docker_does_not_answer_the_command_is_printed_and_nothing_runs(
    docker: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, script in {"docker": docker, "sam": "echo ran; exit 7"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(stack, "find", object)
    monkeypatch.setattr(invoke, "command", lambda *_: ["sam", "local", "invoke"])

    assert invoke.main(["poll_visma"]) == code

    output = capfd.readouterr()
    assert output.out.startswith("sam local invoke\n")
    assert ("ran" in output.out, "Docker does not answer" in output.err) == (code == 7, code == 1)
